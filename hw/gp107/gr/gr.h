/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PGRAPH: the engine with its context, its classes (902d, a140, c197, c1c0),
 * and idle status.  Subchannel 4 is not its own: Host sends it to a CE.
 */
#ifndef GP107_GR_GR_H
#define GP107_GR_GR_H

#include "../host/engine.h"

GpGr *gp_gr_new(Gp107 *gpu);
void gp_gr_free(GpGr *gr);
void gp_gr_reset(GpGr *gr);
GpEngine *gp_gr_engine(Gp107 *gpu);

/* FECS runs: contexts may be switched (methods 38 stop, 39 start). */
void gp_gr_set_ready(Gp107 *gpu, bool ready);
void gp_gr_set_switching(Gp107 *gpu, bool on);
bool gp_gr_busy(Gp107 *gpu);
/* 409b00: 80000000 | aperture << 28 | instance >> 12, or 0. */
uint32_t gp_gr_current_context(Gp107 *gpu);

#endif
