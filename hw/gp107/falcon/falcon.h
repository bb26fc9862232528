/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The falcon microcontrollers.  No code is executed on them: what their
 * firmware would do is done by acr.c, sec2.c and ctxsw.c.
 */
#ifndef GP107_FALCON_FALCON_H
#define GP107_FALCON_FALCON_H

#include "../mem/mmu.h"

GpFalcons *gp_falcons_new(Gp107 *gpu);
void gp_falcons_free(GpFalcons *falcons);
void gp_falcons_reset(GpFalcons *falcons);
/* What firmware does by the clock; called from gp107_run(). */
void gp_falcons_poll(Gp107 *gpu);

#endif
