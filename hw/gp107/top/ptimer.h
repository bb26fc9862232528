/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PTIMER: the GPU's clock, and its alarm. */
#ifndef GP107_TOP_PTIMER_H
#define GP107_TOP_PTIMER_H

#include "../core/gpu.h"

GpPtimer *gp_ptimer_new(Gp107 *gpu);
void gp_ptimer_free(GpPtimer *ptimer);
void gp_ptimer_reset(GpPtimer *ptimer);
/* The alarm; called from gp107_run(). */
void gp_ptimer_poll(Gp107 *gpu);

/* What the timestamps of semaphores and faults are in. */
uint64_t gp_ptimer_ns(Gp107 *gpu);

#endif
