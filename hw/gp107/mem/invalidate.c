/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invalidation of the TLBs, and what comes with it: replay and cancel of
 * faults (swref and hwref gp100 dev_fb.h, NV_PFB_PRI_MMU_INVALIDATE_*).
 *
 * The PRI registers and the MEM_OP methods end in gp_mmu_invalidate().  An
 * invalidate is done when the write returns, so the queue is never full and
 * acknowledgements and memory barriers ask for nothing more.
 *
 * Counting: an ignored invalidate is counted as ignored only, a dropped
 * replay as dropped only.
 */
#include "../core/mmio.h"
#include "mmu_state.h"

#define CONTROL         0x100c80
#define CONTROL_STORED  0xff007fff
#define CONTROL_FREE    0x00200000      /* bits 23:16: room in the queue */
#define CONTROL_EMPTY   0x00008000      /* all that was asked for is done */

#define PDB_LOW         0x100cb8        /* PDB >> 12 in 31:4, target in 1:0 */
#define INVALIDATE      0x100cbc
#define PDB_HIGH        0x100cec

#define ALL_VA          (1u << 0)
#define ALL_PDB         (1u << 1)
#define HUB_ONLY        (1u << 2)
#define REPLAY_SHIFT    3
#define REPLAY_MASK     7
#define CLIENT_SHIFT    9
#define CLIENT_MASK     0x3f
#define GPC_SHIFT       15
#define GPC_MASK        0x1f
#define CANCEL_HUB      (1u << 20)
#define TRIGGER         (1u << 31)

static void do_replay(GpMmu *mmu)
{
    gp_count(mmu->gpu, GP_COUNTER_REPLAYS, 1);
    if (mmu->replay_ops) {
        mmu->replay_ops->replay(mmu->replay_opaque);
    }
    gp_kick(mmu->gpu);
}

/* Two times are enough: a replay between them is done by the last, later. */
static void delay_replay(GpMmu *mmu, uint64_t ns)
{
    mmu->replay_last = gp_now(mmu->gpu) + ns;
    if (!mmu->replay_waits) {
        mmu->replay_waits = true;
        mmu->replay_first = mmu->replay_last;
    }
    gp_wake_at(mmu->gpu, mmu->replay_first);
}

void gp_mmu_poll(Gp107 *gpu)
{
    GpMmu *mmu = gpu->mmu;

    if (!mmu->replay_waits) {
        return;
    }
    if (gp_now(gpu) >= mmu->replay_first) {
        mmu->replay_waits = mmu->replay_last > mmu->replay_first;
        mmu->replay_first = mmu->replay_last;
        do_replay(mmu);
    }
    if (mmu->replay_waits) {
        gp_wake_at(gpu, mmu->replay_first);
    }
}

static void replay(GpMmu *mmu)
{
    uint32_t us = mmu->gpu->cfg.switches[GP_SWITCH_DELAY_REPLAY];

    if (gp_switch_strikes(mmu->gpu, GP_SWITCH_DROP_REPLAY)) {
        gp_count(mmu->gpu, GP_COUNTER_REPLAYS_DROPPED, 1);
    } else if (us) {
        delay_replay(mmu, us * 1000ull);
    } else {
        do_replay(mmu);
    }
}

static void cancel(GpMmu *mmu, const GpInvalidate *inv)
{
    bool global = inv->replay == GP_REPLAY_CANCEL_GLOBAL;

    gp_count(mmu->gpu, global ? GP_COUNTER_CANCELS_GLOBAL :
                                GP_COUNTER_CANCELS_TARGETED, 1);
    if (!global && inv->cancel_hub) {
        gp_log(mmu->gpu, GP_LOG_GUEST,
               "MMU: cancel of hub client %02x, which has no replayable fault",
               inv->cancel_client);
        return;
    }
    if (mmu->replay_ops) {
        mmu->replay_ops->cancel(mmu->replay_opaque, global, inv->cancel_gpc,
                                inv->cancel_client);
    }
    gp_kick(mmu->gpu);
}

static void flush(GpTlb *tlb, const GpInvalidate *inv)
{
    if (inv->all_pdb && inv->all_va) {
        gp_tlb_flush(tlb);
    } else if (inv->all_pdb) {
        gp_tlb_flush_va(tlb, inv->va);
    } else if (inv->all_va) {
        gp_tlb_flush_pdb(tlb, inv->pdb, inv->pdb_ap);
    } else {
        gp_tlb_flush_pdb_va(tlb, inv->pdb, inv->pdb_ap, inv->va);
    }
}

static void invalidate(GpMmu *mmu, const GpInvalidate *inv)
{
    Gp107 *gpu = mmu->gpu;

    if (gp_switch_strikes(gpu, GP_SWITCH_IGNORE_FLUSH)) {
        gp_count(gpu, GP_COUNTER_FLUSHES_IGNORED, 1);
        return;
    }
    gp_count(gpu, !inv->all_va ? GP_COUNTER_FLUSHES_VA :
                  inv->all_pdb ? GP_COUNTER_FLUSHES_ALL :
                                 GP_COUNTER_FLUSHES_PDB, 1);
    flush(mmu->hub_tlb, inv);
    if (inv->hub_only) {
        gp_count(gpu, GP_COUNTER_FLUSHES_HUB, 1);
    } else {
        flush(mmu->gpc_tlb, inv);
    }
}

void gp_mmu_invalidate(Gp107 *gpu, const GpInvalidate *inv)
{
    invalidate(gpu->mmu, inv);
    switch (inv->replay) {
    case GP_REPLAY_NONE:
        break;
    case GP_REPLAY_START:
    case GP_REPLAY_START_ACK_ALL:
        replay(gpu->mmu);
        break;
    case GP_REPLAY_CANCEL_TARGETED:
    case GP_REPLAY_CANCEL_GLOBAL:
        cancel(gpu->mmu, inv);
        break;
    default:
        gp_log(gpu, GP_LOG_GUEST, "MMU: replay command %u is none",
               inv->replay);
        break;
    }
}

void gp_mmu_set_replay_ops(Gp107 *gpu, const GpReplayOps *ops, void *opaque)
{
    gpu->mmu->replay_ops = ops;
    gpu->mmu->replay_opaque = opaque;
}

/* ------------------------------------------------------------- registers */

static void trigger(GpMmu *mmu, uint32_t val)
{
    uint64_t low = mmu->pdb_low;
    GpInvalidate inv = {
        .all_pdb = val & ALL_PDB,
        .pdb = ((uint64_t)mmu->pdb_high << 32 | (low & ~0xfull)) << 8,
        .pdb_ap = (GpAperture)(low & 3),
        .all_va = true,
        .hub_only = val & HUB_ONLY,
        .replay = (GpReplay)(val >> REPLAY_SHIFT & REPLAY_MASK),
        .cancel_gpc = val >> GPC_SHIFT & GPC_MASK,
        .cancel_client = val >> CLIENT_SHIFT & CLIENT_MASK,
        .cancel_hub = val & CANCEL_HUB,
    };

    if (!(val & ALL_VA)) {
        /* No public document says where the address would stand. */
        gp_log(mmu->gpu, GP_LOG_GUEST,
               "MMU: PRI invalidate of one address taken as of all");
    }
    gp_mmu_invalidate(mmu->gpu, &inv);
}

static uint32_t mmu_read(void *opaque, uint32_t addr)
{
    GpMmu *mmu = opaque;

    switch (addr) {
    case CONTROL:
        return mmu->control | CONTROL_FREE | CONTROL_EMPTY;
    case PDB_LOW:
        return mmu->pdb_low;
    case PDB_HIGH:
        return mmu->pdb_high;
    default:                        /* INVALIDATE */
        return gp_mmio_get(mmu->gpu->mmio, addr);
    }
}

static void mmu_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpMmu *mmu = opaque;

    switch (addr) {
    case CONTROL:
        mmu->control = val & CONTROL_STORED;
        break;
    case PDB_LOW:
        mmu->pdb_low = val;
        break;
    case PDB_HIGH:
        mmu->pdb_high = val;
        break;
    case INVALIDATE:
        gp_mmio_set(mmu->gpu->mmio, addr, val & ~TRIGGER);
        if (val & TRIGGER) {
            trigger(mmu, val);
        }
        break;
    }
}

static const GpMmioOps mmu_ops = {
    .read = mmu_read,
    .write = mmu_write,
};

void gp_invalidate_map(GpMmu *mmu)
{
    GpMmio *mmio = mmu->gpu->mmio;

    gp_mmio_map(mmio, "PFB MMU", CONTROL, 4, &mmu_ops, mmu);
    gp_mmio_map(mmio, "PFB MMU", PDB_LOW, 8, &mmu_ops, mmu);
    gp_mmio_map(mmio, "PFB MMU", PDB_HIGH, 4, &mmu_ops, mmu);
}

void gp_invalidate_reset(GpMmu *mmu)
{
    mmu->control = 0;
    mmu->pdb_low = 0;
    mmu->pdb_high = 0;
    mmu->replay_waits = false;
}
