/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR5: ports through which real-mode code reaches BAR0, BAR1 and BAR3
 * (envytools docs/hw/bus/bars.rst, "BAR5: G80 indirect memory access").
 */
#ifndef GP107_CORE_RMA_H
#define GP107_CORE_RMA_H

#include <stdbool.h>
#include <stdint.h>

typedef struct GpRma {
    bool master;                    /* port 00, bit 0 */
    bool data;                      /* port 04, bit 0 */
    uint32_t address[3];            /* ports 08, 10, 18: BAR0, BAR1, BAR3 */
    uint32_t stored[3];             /* ports 0c, 14, 1c while data is off */
} GpRma;

/* How the ports reach the BARs. */
typedef struct GpRmaOps {
    uint32_t (*read)(void *opaque, unsigned window, uint32_t addr);
    void (*write)(void *opaque, unsigned window, uint32_t addr, uint32_t val);
} GpRmaOps;

/* @port is the byte offset of the port, a multiple of 4. */
uint32_t gp_rma_read(GpRma *rma, uint32_t port, const GpRmaOps *ops,
                     void *opaque);
void gp_rma_write(GpRma *rma, uint32_t port, uint32_t val,
                  const GpRmaOps *ops, void *opaque);

#endif
