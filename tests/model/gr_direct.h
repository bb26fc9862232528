/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PGRAPH by itself: methods go straight to the engine, without PFIFO, so that
 * a test sees what each of them answers.
 */
#ifndef TESTS_MODEL_GR_DIRECT_H
#define TESTS_MODEL_GR_DIRECT_H

#include <glib.h>
#include <string.h>

#include "gr/gr.h"
#include "harness.h"

typedef struct Gr {
    TestGpu *t;
    TestVm *vm;
    GpEngine *engine;
    GpChannel channel;
} Gr;

static inline GpRun gr_run(Gr *gr)
{
    GpRun run;
    unsigned slices = 0;

    do {
        run = gr->engine->ops->run(gr->engine, 1000);
    } while (run == GP_RUN_MORE && ++slices < 10000);
    return run;
}

static inline GpMethodResult gr_try(Gr *gr, unsigned subchannel,
                                    uint32_t class_id, uint32_t method,
                                    uint32_t data)
{
    return gr->engine->ops->method(gr->engine, &gr->channel, subchannel,
                                   class_id, method, data);
}

/* Waits as PFIFO would, and expects success. */
static inline void gr_mthd(Gr *gr, uint32_t class_id, uint32_t method,
                           uint32_t data)
{
    GpMethodResult result = gr_try(gr, 0, class_id, method, data);

    if (result == GP_METHOD_WAIT) {
        gr_run(gr);
        result = gr_try(gr, 0, class_id, method, data);
    }
    g_assert_cmpint(result, ==, GP_METHOD_DONE);
}

static inline void gr_address(Gr *gr, uint32_t class_id, uint32_t method,
                              uint64_t va)
{
    gr_mthd(gr, class_id, method, va >> 32);
    gr_mthd(gr, class_id, method + 4, (uint32_t)va);
}

/* A channel with number @id in an address space of its own. */
static inline void gr_init(Gr *gr, TestGpu *t, unsigned id, bool replay)
{
    memset(gr, 0, sizeof(*gr));
    gr->t = t;
    test_host_setup(t);
    gr->vm = test_vm_new(t, GP_VRAM);
    gr->vm->replay = replay;
    gr->engine = gp_gr_engine(t->gpu);
    gr->channel.id = id;
    gr->channel.space = test_vm_space(gr->vm);
}

static inline bool gr_acquire(Gr *gr)
{
    return gr->engine->ops->acquire(gr->engine, &gr->channel);
}

static inline bool gr_release(Gr *gr)
{
    return gr->engine->ops->release(gr->engine, &gr->channel);
}

/* What nouveau does to an engine that faulted. */
static inline void gr_engine_reset(TestGpu *t)
{
    test_wr(t, 0x000200, 0xffffffff & ~(1u << 12));
    test_wr(t, 0x000200, 0xffffffff);
    test_wr(t, 0x40013c, 0xffffffff);
    test_wr(t, 0x400500, 0x00010001);
    gp_gr_set_ready(t->gpu, true);
}

#endif
