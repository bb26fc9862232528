/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runlists: who may run, and who is next. */
#ifndef GP107_HOST_RUNLIST_H
#define GP107_HOST_RUNLIST_H

#include "state.h"

bool gp_runlist_init(GpRunlist *runlist);
void gp_runlist_fini(GpRunlist *runlist);
void gp_runlist_reset(GpRunlist *runlist);
/* Reads what was submitted, in place of what was there. */
void gp_runlist_load(GpFifo *fifo, unsigned id);
/*
 * Who runs on @pbdma next: another of the same TSG, or with leave_group (or
 * when there is none) one of the next.  NULL: nobody else can.
 */
GpHostChannel *gp_runlist_next(GpFifo *fifo, GpPbdma *pbdma);
/* Whether @channel may run at all, wherever. */
bool gp_channel_runnable(const GpFifo *fifo, const GpHostChannel *channel);

#endif
