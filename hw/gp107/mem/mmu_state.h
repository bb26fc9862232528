/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MMU's own state, for mmu.c and invalidate.c. */
#ifndef GP107_MEM_MMU_STATE_H
#define GP107_MEM_MMU_STATE_H

#include "mmu.h"
#include "tlb.h"

struct GpMmu {
    Gp107 *gpu;
    GpTlb *gpc_tlb;
    GpTlb *hub_tlb;

    /* invalidate.c */
    uint32_t control;               /* 100c80 */
    uint32_t pdb_low;               /* 100cb8 */
    uint32_t pdb_high;              /* 100cec */
    const GpReplayOps *replay_ops;
    void *replay_opaque;
    bool replay_waits;              /* the switch delays one... */
    uint64_t replay_first;          /* ...the first of them until then (ns) */
    uint64_t replay_last;           /* and the last until then */
};

void gp_invalidate_map(GpMmu *mmu);
void gp_invalidate_reset(GpMmu *mmu);

#endif
