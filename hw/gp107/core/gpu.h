/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPU as its blocks see it: configuration, the other blocks, services.
 *
 * Each block is created by gp107.c in order and keeps its state to itself; a
 * block that needs another includes that block's header and reaches it
 * through this structure.  See README.md for which needs which.
 */
#ifndef GP107_CORE_GPU_H
#define GP107_CORE_GPU_H

#include "host.h"
#include "rma.h"
#include "stats.h"

#define GP_MAX_TPCS     3           /* GP107: one GPC here, 3 TPCs in it */
#define GP_MAX_CES      4
#define GP_BAR0_SIZE    0x01000000u
#define GP_BAR1_SIZE    0x10000000u
#define GP_BAR3_SIZE    0x02000000u
#define GP_BAR5_SIZE    0x80u

/* Ways to misbehave.  0 is off; "n-th" counts from 1 after it is set. */
typedef enum GpSwitch {
    GP_SWITCH_IGNORE_FLUSH,         /* ignore the n-th TLB invalidate */
    GP_SWITCH_DROP_REPLAY,          /* drop the n-th replay; ~0: every one */
    GP_SWITCH_DELAY_REPLAY,         /* act on a replay after n microseconds */
    GP_SWITCH_OVERFLOW,             /* the n-th fault finds no room */
    GP_SWITCH_DUPLICATE,            /* post every fault n times more */
    GP_SWITCH_STORM,                /* raise n spurious prefetch faults */
    GP_SWITCH_LATE_VALID,           /* set valid bits after n microseconds */
    GP_SWITCH_COUNT
} GpSwitch;

typedef struct GpConfig {
    uint64_t vram_size;             /* bytes, 64 MiB..16 GiB, power of two */
    void *vram;                     /* memory for it, or NULL: allocate */
    unsigned tpcs;                  /* 1..GP_MAX_TPCS */
    unsigned ces;                   /* 1..GP_MAX_CES */
    unsigned fault_entries;         /* replayable fault buffer, 2..65536 */
    uint32_t ptimer_numerator;      /* PTIMER rate = ns * num / den */
    uint32_t ptimer_denominator;
    bool one_runlist;               /* copy engines share runlist 0 with GR */
    bool strict_tlb;                /* compare each TLB hit with a walk */
    uint64_t stale_grace_ns;        /* legal time between PTE and flush */
    uint64_t irq_rearm_ns;          /* level line seen again after rearm */
    uint64_t fault_report_ns;       /* from a fatal fault to its interrupt */
    uint32_t switches[GP_SWITCH_COUNT];
} GpConfig;

typedef struct GpMmio GpMmio;
typedef struct GpDebug GpDebug;
typedef struct GpPmc GpPmc;
typedef struct GpPtimer GpPtimer;
typedef struct GpVbios GpVbios;
typedef struct GpMem GpMem;
typedef struct GpMmu GpMmu;
typedef struct GpBar GpBar;
typedef struct GpFaultBuffer GpFaultBuffer;
typedef struct GpFaultUnit GpFaultUnit;
typedef struct GpFifo GpFifo;
typedef struct GpCe GpCe;
typedef struct GpGr GpGr;
typedef struct GpFalcons GpFalcons;

typedef struct Gp107 {
    GpHost host;
    GpConfig cfg;
    GpStats stats;
    GpMmio *mmio;
    GpDebug *debug;
    GpPmc *pmc;
    GpPtimer *ptimer;
    GpVbios *vbios;
    GpMem *mem;
    GpMmu *mmu;
    GpBar *bar;
    GpFaultBuffer *fault_buffer;
    GpFaultUnit *fault_unit;
    GpFifo *fifo;
    GpGr *gr;
    GpCe *ce[GP_MAX_CES];
    GpFalcons *falcons;
    GpRma rma;
    uint64_t wake_ns;               /* what the host was last asked; 0 none */
} Gp107;

/* What an engine, or the whole GPU, has left to do. */
typedef enum GpRun {
    GP_RUN_IDLE,                    /* nothing to do until the next access */
    GP_RUN_POLL,                    /* waits on memory: call again shortly */
    GP_RUN_MORE,                    /* has work: call again at once */
} GpRun;

/* For the blocks. */
void gp_kick(Gp107 *gpu);
/*
 * Asks for a time slice at @ns.  Only the earliest wish is kept: a block that
 * still waits asks again from its poll.
 */
void gp_wake_at(Gp107 *gpu, uint64_t ns);
uint64_t gp_now(Gp107 *gpu);
void gp_log(Gp107 *gpu, GpLogLevel level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static inline void gp_count(Gp107 *gpu, GpCounter counter, uint64_t n)
{
    gpu->stats.counter[counter] += n;
}

/*
 * True when the misbehaviour @sw strikes now: the n-th time of asking after
 * it was set to n (it is then off again), or each time when it is ~0.
 */
bool gp_switch_strikes(Gp107 *gpu, GpSwitch sw);

#endif
