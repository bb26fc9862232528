/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SEC2's light-secure firmware: a command and a message queue in EMEM, on
 * which the driver asks for FECS and GPCCS to be booted.
 */
#ifndef GP107_FALCON_SEC2_H
#define GP107_FALCON_SEC2_H

#include "acr.h"

typedef struct GpSec2 {
    GpAcr *acr;
    /* Gives the falcon with this LSF_FALCON_ID_*, or NULL. */
    GpFalcon *(*find)(void *opaque, uint32_t id);
    void *opaque;
    bool running;
    uint32_t cmd_head, cmd_tail;    /* addresses in EMEM, as registers */
    uint32_t msg_head, msg_tail;
    uint64_t remind_ns;             /* when to tell of messages again; 0 no */
} GpSec2;

void gp_sec2_start(GpSec2 *sec2, GpFalcon *falcon);
void gp_sec2_reset(GpSec2 *sec2);
/* The host has cleared the interrupt that tells of messages. */
void gp_sec2_acknowledged(GpSec2 *sec2, GpFalcon *falcon);
void gp_sec2_poll(GpSec2 *sec2, GpFalcon *falcon);
bool gp_sec2_read(GpSec2 *sec2, uint32_t reg, uint32_t *val);
bool gp_sec2_write(GpSec2 *sec2, GpFalcon *falcon, uint32_t reg,
                   uint32_t val);

#endif
