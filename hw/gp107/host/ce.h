/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copy engine, class c1b5 (clc1b5.h): linear, pitch, block-linear, remap. */
#ifndef GP107_HOST_CE_H
#define GP107_HOST_CE_H

#include "engine.h"

GpCe *gp_ce_new(Gp107 *gpu, unsigned index);
void gp_ce_free(GpCe *ce);
void gp_ce_reset(GpCe *ce);
GpEngine *gp_ce_engine(GpCe *ce);

/* The class itself, without the engine around it. */
typedef struct GpCopy GpCopy;
GpCopy *gp_copy_new(Gp107 *gpu, const GpClient *client);
void gp_copy_free(GpCopy *copy);
void gp_copy_reset(GpCopy *copy);
GpMethodResult gp_copy_method(GpCopy *copy, GpChannel *channel,
                              uint32_t method, uint32_t data);
/* Work under way: a launched copy goes on in slices. */
GpRun gp_copy_run(GpCopy *copy, unsigned budget);
bool gp_copy_idle(GpCopy *copy);
/* Whose copy is under way; NULL none. */
const GpChannel *gp_copy_channel(const GpCopy *copy);

/* Bits of NV_CE_LCE_INTR_STATUS (dev_ce.ref). */
#define GP_COPY_BLOCKPIPE       (1u << 0)
#define GP_COPY_NONBLOCKPIPE    (1u << 1)
#define GP_COPY_LAUNCHERR       (1u << 2)

/*
 * Whoever embeds it hears its interrupts: one of the bits above, and with
 * LAUNCHERR what is wrong (NV_CE_LCE_LAUNCHERR_REPORT).
 */
void gp_copy_set_interrupt(GpCopy *copy,
                           void (*interrupt)(void *opaque, uint32_t status,
                                             uint32_t launcherr),
                           void *opaque);

#endif
