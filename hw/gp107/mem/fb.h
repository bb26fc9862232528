/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers of FB, LTC and the flushes; made and kept by mem.c. */
#ifndef GP107_MEM_FB_H
#define GP107_MEM_FB_H

#include "../core/gpu.h"

typedef struct GpFb GpFb;

GpFb *gp_fb_new(Gp107 *gpu);
void gp_fb_free(GpFb *fb);
void gp_fb_reset(GpFb *fb);
void gp_fb_set_wpr(GpFb *fb, uint64_t start, uint64_t limit);

#endif
