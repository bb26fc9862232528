/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PGRAPH as an engine of PFIFO: which context is loaded, methods to their
 * classes, replay and cancel.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "../host/fifo.h"
#include "../top/pmc.h"
#include "sked.h"

bool gp_gr_is_idle(GpGr *gr)
{
    return gp_sked_idle(gr->sked) &&
           (!gr->current || !gr->current->clear.active);
}

/* Drops the loaded context with all its work. */
static void drop(GpGr *gr)
{
    unsigned i;

    gp_sked_reset(gr->sked);
    if (gr->current) {
        gr->current->clear.active = false;
        for (i = 0; i < GP_GR_CLASSES; i++) {
            gr->current->upload[i].active = false;
        }
    }
    gr->current = NULL;
    gr->engine.current = NULL;
    gr->dead = false;
    gr->halted = false;
}

static bool acquire(GpEngine *engine, GpChannel *channel)
{
    GpGr *gr = engine->gpu->gr;
    GpGrContext *ctx;

    if (engine->current == channel && gr->current) {
        return true;
    }
    if (!gr->ready || !gr->switching || gr->dead || gr->halted ||
        !gp_gr_is_idle(gr)) {
        return false;
    }
    ctx = gp_gr_context_get(gr, channel);
    if (!ctx) {
        return false;
    }
    if (gr->current != ctx) {
        /* Another address space: what the SMs cached is of no use. */
        gp_sked_reset(gr->sked);
        gp_count(gr->gpu, GP_COUNTER_CONTEXT_SWITCHES, 1);
    }
    gr->current = ctx;
    engine->current = channel;
    return true;
}

static bool release(GpEngine *engine, GpChannel *channel)
{
    GpGr *gr = engine->gpu->gr;

    if (engine->current != channel) {
        return true;
    }
    if (!gr->switching || gr->dead || gr->halted || !gp_gr_is_idle(gr)) {
        return false;
    }
    gp_sked_reset(gr->sked);
    gr->current = NULL;
    engine->current = NULL;
    return true;
}

static GpMethodResult class_method(GpGr *gr, GpGrClass class,
                                   uint32_t method, uint32_t data)
{
    GpGrContext *ctx = gr->current;

    if (!ctx->state[class]) {
        ctx->state[class] = calloc(GP_GR_METHODS, sizeof(uint32_t));
        if (!ctx->state[class]) {
            return GP_METHOD_WAIT;
        }
    }
    ctx->state[class][method / 4] = data;
    switch (class) {
    case GP_GR_INLINE:
        return gp_inline_method(gr, class, method, data);
    case GP_GR_THREED:
        return gp_threed_method(gr, method, data);
    case GP_GR_COMPUTE:
        return gp_compute_method(gr, method, data);
    case GP_GR_TWOD:
    default:
        return GP_METHOD_DONE;
    }
}

static GpMethodResult method(GpEngine *engine, GpChannel *channel,
                             unsigned subchannel, uint32_t class_id,
                             uint32_t method, uint32_t data)
{
    GpGr *gr = engine->gpu->gr;
    GpGrClass class;

    if (!gr->current || engine->current != channel || gr->dead ||
        gr->halted || gr->current->clear.active || !gp_gr_regs_access(gr)) {
        return GP_METHOD_WAIT;
    }
    method &= 0x3ffc;
    gp_gr_regs_method(gr, subchannel, method, data);
    if (method == 0) {
        class_id = data;
    }
    if (!gp_gr_find_class(class_id, &class)) {
        gp_gr_raise_illegal_class(gr, subchannel, class_id);
        return GP_METHOD_ERROR;
    }
    if (!gp_gr_method_known(class, method)) {
        return GP_METHOD_UNKNOWN;
    }
    return class_method(gr, class, method, data);
}

static GpRun run(GpEngine *engine, unsigned budget)
{
    GpGr *gr = engine->gpu->gr;
    GpRun clear, grids;

    if (!gr->current || gr->dead) {
        return GP_RUN_IDLE;
    }
    clear = gp_threed_run(gr, &budget);
    grids = gp_sked_run(gr->sked, &budget);
    return clear == GP_RUN_MORE ? clear : grids;
}

static bool idle(GpEngine *engine)
{
    return gp_gr_is_idle(engine->gpu->gr);
}

static void reset(GpEngine *engine)
{
    drop(engine->gpu->gr);
}

static void forget(GpEngine *engine, GpChannel *channel)
{
    GpGr *gr = engine->gpu->gr;

    if (channel->id < GP_CHANNELS &&
        gr->contexts[channel->id] != gr->current) {
        gp_gr_context_free(gr->contexts[channel->id]);
        gr->contexts[channel->id] = NULL;
    }
}

static const GpEngineOps engine_ops = {
    .acquire = acquire,
    .method = method,
    .run = run,
    .idle = idle,
    .release = release,
    .reset = reset,
    .forget = forget,
};

static void replay(void *opaque)
{
    GpGr *gr = opaque;

    if (!gr->dead) {
        gp_sked_replay(gr->sked);
        gp_kick(gr->gpu);
    }
}

/* Only what the loaded context has parked can be cancelled. */
static void cancel(void *opaque, bool global, uint8_t gpc, uint8_t client)
{
    GpGr *gr = opaque;

    if (!gr->dead) {
        gp_sked_cancel(gr->sked, global, gpc, client);
    }
}

static const GpReplayOps replay_ops = {
    .replay = replay,
    .cancel = cancel,
};

/* Bit 12 of 000200 fell. */
static void engine_disabled(void *opaque)
{
    GpGr *gr = opaque;

    drop(gr);
    gp_gr_regs_reset(gr);
    gr->ready = false;
    gr->switching = true;
}

GpGr *gp_gr_new(Gp107 *gpu)
{
    GpGr *gr = calloc(1, sizeof(*gr));

    if (!gr) {
        return NULL;
    }
    gr->gpu = gpu;
    gr->switching = true;
    gr->contexts = calloc(GP_CHANNELS, sizeof(*gr->contexts));
    gr->sked = gp_sked_new(gr);
    if (!gr->contexts || !gr->sked) {
        gp_gr_free(gr);
        return NULL;
    }
    gr->engine.ops = &engine_ops;
    gr->engine.gpu = gpu;
    gr->engine.name = "gr";
    gr->engine.type = 0;
    gr->engine.instance = 0;
    gr->engine.runlist = 0;
    gr->engine.intr = GP_INTR_GR;
    gr->engine.reset_bit = 12;
    gr->engine.fault_id = GP_GR_FAULT_ID;
    gp_gr_regs_init(gr);
    gp_mmu_set_replay_ops(gpu, &replay_ops, gr);
    gp_pmc_on_disable(gpu, gr->engine.reset_bit, engine_disabled, gr);
    return gr;
}

void gp_gr_free(GpGr *gr)
{
    unsigned i;

    if (!gr) {
        return;
    }
    gp_sked_free(gr->sked);
    if (gr->contexts) {
        for (i = 0; i < GP_CHANNELS; i++) {
            gp_gr_context_free(gr->contexts[i]);
        }
    }
    free(gr->contexts);
    free(gr);
}

void gp_gr_reset(GpGr *gr)
{
    unsigned i;

    engine_disabled(gr);
    for (i = 0; i < GP_CHANNELS; i++) {
        gp_gr_context_free(gr->contexts[i]);
        gr->contexts[i] = NULL;
    }
}

GpEngine *gp_gr_engine(Gp107 *gpu)
{
    return &gpu->gr->engine;
}

void gp_gr_set_ready(Gp107 *gpu, bool ready)
{
    gpu->gr->ready = ready;
    gp_kick(gpu);
}

void gp_gr_set_switching(Gp107 *gpu, bool on)
{
    gpu->gr->switching = on;
    gp_kick(gpu);
}

bool gp_gr_busy(Gp107 *gpu)
{
    GpGr *gr = gpu->gr;

    return gr && (gr->dead || gr->halted || !gp_gr_is_idle(gr));
}

uint32_t gp_gr_current_context(Gp107 *gpu)
{
    const GpGr *gr = gpu->gr;

    if (!gr->current) {
        return 0;
    }
    return 0x80000000 | gr->current->space.inst_ap << 28 |
           (uint32_t)(gr->current->space.inst >> 12);
}
