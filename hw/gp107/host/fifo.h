/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PFIFO: channels, runlists, preemption, engine status, PBDMA units.
 */
#ifndef GP107_HOST_FIFO_H
#define GP107_HOST_FIFO_H

#include "engine.h"

#define GP_CHANNELS     4096
#define GP_MAX_ENGINES  8

GpFifo *gp_fifo_new(Gp107 *gpu);
void gp_fifo_free(GpFifo *fifo);
void gp_fifo_reset(GpFifo *fifo);

/* Engines sign in at creation; their order is that of PTOP's table. */
void gp_fifo_add_engine(Gp107 *gpu, GpEngine *engine);
unsigned gp_fifo_engines(Gp107 *gpu);
const GpEngine *gp_fifo_engine(Gp107 *gpu, unsigned index);

/* The CPU wrote 4 bytes at @addr of BAR1: a doorbell if in USERD. */
void gp_fifo_bar1_written(Gp107 *gpu, uint64_t addr);

/* Software methods and engine events. */
void gp_fifo_nonstall(Gp107 *gpu, unsigned runlist);

GpRun gp_fifo_run(Gp107 *gpu, unsigned budget);
bool gp_fifo_idle(Gp107 *gpu);

#endif
