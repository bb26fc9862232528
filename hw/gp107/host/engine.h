/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What PFIFO sees of an engine, and an engine of a channel.
 *
 * PFIFO owns channels and runlists, feeds methods, and decides who may run;
 * an engine holds one context at a time and executes.
 */
#ifndef GP107_HOST_ENGINE_H
#define GP107_HOST_ENGINE_H

#include "../mem/mmu.h"

/*
 * Host keeps what a channel told the copy engine (dev_pbdma.ref, HCE_CTRL),
 * so that channels can take turns on it: methods 240..264, 400..41c and
 * 700..750 of the class, see copy.c.
 */
#define GP_COPY_REGS    39

typedef struct GpCopyState {
    uint32_t reg[GP_COPY_REGS];
    bool render_off;                /* SET_RENDER_ENABLE says: copy nothing */
} GpCopyState;

typedef struct GpChannel {
    unsigned id;
    GpSpace space;                  /* from the instance block, at bind */
    /* Engine classes bound to the 8 subchannels by SET_OBJECT; 0 none. */
    uint32_t object[8];
    GpCopyState copy;
} GpChannel;

typedef enum GpMethodResult {
    GP_METHOD_DONE,
    GP_METHOD_WAIT,                 /* not now: offer it again */
    GP_METHOD_UNKNOWN,              /* no such method in the class */
    GP_METHOD_ERROR,                /* illegal: the engine's interrupt says */
    GP_METHOD_FAULT,                /* a fatal MMU fault was posted */
} GpMethodResult;

typedef struct GpEngine GpEngine;

typedef struct GpEngineOps {
    /*
     * Makes @channel the engine's context.  False: another one is still at
     * work (or switching is stopped): ask again.
     */
    bool (*acquire)(GpEngine *engine, GpChannel *channel);
    /* One method; @channel is the current context. */
    GpMethodResult (*method)(GpEngine *engine, GpChannel *channel,
                             unsigned subchannel, uint32_t class_id,
                             uint32_t method, uint32_t data);
    /* Bounded work of its own. */
    GpRun (*run)(GpEngine *engine, unsigned budget);
    /* All that @channel asked for is done (WAIT_FOR_IDLE, fences). */
    bool (*idle)(GpEngine *engine);
    /* Takes @channel off.  False: still at work, ask again. */
    bool (*release)(GpEngine *engine, GpChannel *channel);
    /* Drops the context and all work, at once (engine reset, dead channel). */
    void (*reset)(GpEngine *engine);
    /* @channel is gone: its number may come again.  NULL: keeps nothing. */
    void (*forget)(GpEngine *engine, GpChannel *channel);
} GpEngineOps;

/* NV_PTOP_DEVICE_INFO_TYPE_ENUM: GRAPHICS, LCE. */
#define GP_ENGINE_GR    0x00
#define GP_ENGINE_CE    0x13

/* One row of PTOP's device table, and the engine behind it. */
struct GpEngine {
    const GpEngineOps *ops;
    Gp107 *gpu;
    const char *name;
    GpChannel *current;             /* whose context it holds; NULL none */
    uint32_t type;                  /* NV_PTOP_DEVICE_INFO_TYPE: 0 GR, ... */
    uint32_t instance;
    unsigned engine_id;             /* PFIFO engine number: 2640 + 8 * id */
    unsigned runlist;
    unsigned intr;                  /* bit of NV_PMC_INTR */
    unsigned reset_bit;             /* bit of NV_PMC_ENABLE */
    unsigned fault_id;              /* MMU engine id, and fault unit */
};

#endif
