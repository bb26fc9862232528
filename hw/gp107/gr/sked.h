/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SKED, the grid scheduler: from QMDs to CTAs on SMs. */
#ifndef GP107_GR_SKED_H
#define GP107_GR_SKED_H

#include "sm.h"

#define GP_SKED_GRIDS   64          /* launched and not done */

GpSked *gp_sked_new(GpGr *gr);
void gp_sked_free(GpSked *sked);
/* Drops all grids. */
void gp_sked_reset(GpSked *sked);

bool gp_sked_idle(const GpSked *sked);
GpMethodResult gp_sked_launch(GpSked *sked, uint64_t qmd_va);
GpRun gp_sked_run(GpSked *sked, unsigned *budget);

/* Bits as in INVALIDATE_SHADER_CACHES: 0 instructions, 12 constants. */
void gp_sked_invalidate(GpSked *sked, uint32_t what);
void gp_sked_invalidate_constants(GpSked *sked);

/* A warp of @grid trapped on @tpc: the grid ends here. */
void gp_sked_trapped(GpSked *sked, GpGrid *grid, unsigned tpc, SassTrap trap,
                     uint32_t pc);

void gp_sked_replay(GpSked *sked);
void gp_sked_cancel(GpSked *sked, bool global, unsigned gpc,
                    unsigned client);

#endif
