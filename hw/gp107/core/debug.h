/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug register block; its layout is in stats.h. */
#ifndef GP107_CORE_DEBUG_H
#define GP107_CORE_DEBUG_H

#include "mmio.h"

/*
 * What the commands do: gpu.c knows the blocks, the debug block does not.
 */
typedef struct GpDebugOps {
    uint32_t (*compare_tlb)(Gp107 *gpu);
    bool (*idle)(Gp107 *gpu);
} GpDebugOps;

GpDebug *gp_debug_new(Gp107 *gpu, const GpDebugOps *ops);
void gp_debug_free(GpDebug *debug);
void gp_debug_reset(GpDebug *debug);

#endif
