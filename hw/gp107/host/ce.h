/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copy engine, class c1b5 (clc1b5.h): linear, pitch, block-linear, remap. */
#ifndef GP107_HOST_CE_H
#define GP107_HOST_CE_H

#include "engine.h"

GpCe *gp_ce_new(Gp107 *gpu, unsigned index);
void gp_ce_free(GpCe *ce);
void gp_ce_reset(GpCe *ce);
GpEngine *gp_ce_engine(GpCe *ce);

/*
 * The methods of class c1b5 for whoever embeds a copy engine: subchannel 4 of
 * a GR channel goes to GRCE, a copy engine that shares GR's context.
 */
typedef struct GpCopy GpCopy;
GpCopy *gp_copy_new(Gp107 *gpu, const GpClient *client);
void gp_copy_free(GpCopy *copy);
void gp_copy_reset(GpCopy *copy);
GpMethodResult gp_copy_method(GpCopy *copy, GpChannel *channel,
                              uint32_t method, uint32_t data);
/* Work under way: a launched copy goes on in slices. */
GpRun gp_copy_run(GpCopy *copy, unsigned budget);
bool gp_copy_idle(GpCopy *copy);

#endif
