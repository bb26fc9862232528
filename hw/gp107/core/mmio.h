/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR0 decode: which block answers at an address.
 *
 * A block maps ranges.  Under them lies a plain store of 16 MiB (sparse),
 * which reads 0 until written: a block keeps registers there that are
 * stored only, and an address that nobody mapped is served from it and
 * logged once.
 */
#ifndef GP107_CORE_MMIO_H
#define GP107_CORE_MMIO_H

#include "gpu.h"

typedef struct GpMmioOps {
    /* @addr is the BAR0 address, a multiple of 4. */
    uint32_t (*read)(void *opaque, uint32_t addr);
    void (*write)(void *opaque, uint32_t addr, uint32_t val);
} GpMmioOps;

GpMmio *gp_mmio_new(Gp107 *gpu);
void gp_mmio_free(GpMmio *mmio);
void gp_mmio_reset(GpMmio *mmio);

/* @name is the block's; @base and @size are multiples of 4.  No overlap. */
void gp_mmio_map(GpMmio *mmio, const char *name, uint32_t base, uint32_t size,
                 const GpMmioOps *ops, void *opaque);
/* A range whose registers are known and are stored only. */
void gp_mmio_map_stored(GpMmio *mmio, const char *name, uint32_t base,
                        uint32_t size);

/* The store, without dispatch or logging. */
uint32_t gp_mmio_get(GpMmio *mmio, uint32_t addr);
void gp_mmio_set(GpMmio *mmio, uint32_t addr, uint32_t val);

/* For a block's default case: log once, then serve from the store. */
uint32_t gp_mmio_unknown_read(GpMmio *mmio, uint32_t addr);
void gp_mmio_unknown_write(GpMmio *mmio, uint32_t addr, uint32_t val);

/* Dispatch of one aligned word. */
uint32_t gp_mmio_read(GpMmio *mmio, uint32_t addr);
void gp_mmio_write(GpMmio *mmio, uint32_t addr, uint32_t val);

#endif
