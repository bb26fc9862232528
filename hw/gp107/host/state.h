/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of this folder share: channels, runlists, PBDMAs.  For the
 * rest of the GPU there is fifo.h.
 */
#ifndef GP107_HOST_STATE_H
#define GP107_HOST_STATE_H

#include "fifo.h"

#define GP_RUNLISTS         16      /* what RUNLIST_ID can name */
#define GP_GR_RUNQUEUES     2       /* gp100_runl: PBDMAs of runlist 0 */
#define GP_MAX_PBDMAS       (GP_GR_RUNQUEUES + GP_MAX_ENGINES)
#define GP_RAMFC_WORDS      64
#define GP_FETCH_WORDS      256

typedef struct GpHostChannel {
    GpChannel pub;                  /* first: engines hand it back */
    uint32_t inst;                  /* 800000 + 8 * id */
    uint32_t control;               /* 800004: NEXT, and the runlist field */
    bool enabled;
    bool scheduled;                 /* on a runlist */
    bool pending;                   /* may have work */
    bool acquiring;                 /* at a semaphore that is not there yet */
    bool faulted;                   /* stopped until the driver recovers */
    bool tsg;
    uint16_t tsg_id;
    uint16_t group;                 /* index in its runlist */
    uint8_t runlist;
    uint8_t runqueue;
    unsigned round;                 /* of its PBDMA, when it got nowhere */
} GpHostChannel;

/* A TSG, or a channel that is in none. */
typedef struct GpGroup {
    uint16_t first;                 /* index in GpRunlist.channel */
    uint16_t count;
} GpGroup;

typedef struct GpRunlist {
    uint32_t base;                  /* 2270 and 2274 as submitted */
    uint32_t length;
    bool submitted;                 /* not yet read */
    unsigned n_groups;
    unsigned n_channels;
    GpGroup *group;                 /* GP_CHANNELS */
    uint16_t *channel;              /* GP_CHANNELS */
} GpRunlist;

typedef struct GpPbdma {
    Gp107 *gpu;
    unsigned id;
    unsigned runlist;
    unsigned runqueue;
    GpEngine *engine;               /* behind subchannels 0..3 */
    GpEngine *copy;                 /* behind subchannel 4 */
    GpEngine *target;               /* the last one that got a method */
    GpHostChannel *channel;         /* whose state is in reg[]; NULL none */
    uint32_t reg[GP_RAMFC_WORDS];   /* 040000 + 2000 * id, and RAMFC */
    uint32_t intr[2], intr_en[2], intr_stall[2];
    uint32_t gp_shadow[2], hdr_shadow, hce_dbg[2], timeout;
    /* Words of the push buffer at fetch_va that were read ahead. */
    uint64_t fetch_va;
    unsigned fetch_words;
    uint32_t fetch[GP_FETCH_WORDS];
    uint32_t userd[8];              /* as last written back */
    bool userd_known;
    /* Scheduling. */
    bool leave_channel;             /* its turn is over */
    bool leave_group;
    unsigned round;
    unsigned group;                 /* index in the runlist */
    unsigned position;              /* in the group, of the last one run */
    unsigned channel_slice, group_slice;
} GpPbdma;

#define GP_SEEN_METHODS     1024    /* power of two */

struct GpFifo {
    Gp107 *gpu;
    GpHostChannel *channel;         /* GP_CHANNELS */
    GpRunlist runlist[GP_RUNLISTS];
    GpPbdma *pbdma[GP_MAX_PBDMAS];
    unsigned n_pbdmas;
    GpEngine *engine[GP_MAX_ENGINES];
    GpChannel *waiting[GP_MAX_ENGINES]; /* wants to be its context */
    unsigned n_engines;
    uint32_t engines_faulted;       /* by index */
    uint32_t intr, intr_en;
    uint32_t bind_error, sched_error;
    uint32_t userd_base;            /* 2254 */
    uint32_t runlist_base;          /* 2270 */
    uint32_t runlist_event;         /* 2a00 */
    uint32_t sched_disable;         /* 2630 */
    uint32_t error_disable;         /* 262c: after a fault */
    uint32_t preempt;               /* 2634 */
    bool preempting;
    uint32_t preempt_runlists;      /* 2638 */
    uint32_t eng_timeout;           /* 2a0c */
    uint64_t switch_since[GP_MAX_ENGINES]; /* ns; 0: none is wanted */
    uint32_t fault_trigger[GP_MAX_ENGINES]; /* 2a30 + 4 * engine id */
    uint32_t seen[GP_SEEN_METHODS]; /* unknown methods: class, method */
    unsigned n_seen;
};

/* Bits of NV_PFIFO_INTR_0. */
#define GP_FIFO_INTR_BIND       (1u << 0)
#define GP_FIFO_INTR_SCHED      (1u << 8)
#define GP_FIFO_INTR_MMU_FAULT  (1u << 28)
#define GP_FIFO_INTR_PBDMA      (1u << 29)
#define GP_FIFO_INTR_RUNLIST    (1u << 30)
#define GP_FIFO_INTR_CHANNEL    (1u << 31)

/* fifo.c */
void gp_fifo_update_irq(GpFifo *fifo);
void gp_fifo_sched_error(GpFifo *fifo, uint32_t code);
/* NV_PFIFO_INTR_SCHED_ERROR_CODE */
#define GP_SCHED_CTXSW_TIMEOUT  0x0a
#define GP_SCHED_BAD_TSG        0x20
/* Whether @channel is to be taken off now. */
bool gp_fifo_preempts(const GpFifo *fifo, const GpHostChannel *channel);
bool gp_fifo_engine_faulted(const GpFifo *fifo, const GpEngine *engine);
/* False: somebody else is at work there. */
bool gp_fifo_acquire(GpFifo *fifo, GpEngine *engine, GpHostChannel *channel);
void gp_fifo_unknown_method(GpFifo *fifo, const GpHostChannel *channel,
                            uint32_t class_id, uint32_t method,
                            uint32_t data);

/* timeout.c */
/* Somebody wants another context on that engine. */
bool gp_fifo_switching(const GpFifo *fifo, unsigned index);
/* @working: engines that got on with something just now. */
void gp_fifo_check_timeouts(GpFifo *fifo, uint32_t working);
void gp_fifo_trigger_fault(GpFifo *fifo, unsigned id, uint32_t val);

#endif
