/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FECS's firmware: the methods by which a driver asks about contexts and
 * stops and starts switching between them.  GPCCS has none of its own.
 */
#ifndef GP107_FALCON_CTXSW_H
#define GP107_FALCON_CTXSW_H

#include "unit.h"

#define GP_CTXSW_MAILBOXES  8

typedef struct GpCtxsw {
    bool running;
    uint32_t data;                      /* for the next method */
    uint32_t method;                    /* the last one */
    uint32_t mailbox[GP_CTXSW_MAILBOXES];
    uint32_t bound;                     /* by method 03, as in 409b00 */
    uint32_t new_ctx;                   /* 409b04 */
} GpCtxsw;

void gp_ctxsw_start(GpCtxsw *ctxsw, GpFalcon *falcon);
void gp_ctxsw_reset(GpCtxsw *ctxsw, GpFalcon *falcon);
bool gp_ctxsw_read(GpCtxsw *ctxsw, GpFalcon *falcon, uint32_t reg,
                   uint32_t *val);
bool gp_ctxsw_write(GpCtxsw *ctxsw, GpFalcon *falcon, uint32_t reg,
                    uint32_t val);

#endif
