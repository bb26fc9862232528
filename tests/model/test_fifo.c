/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PFIFO: runlists and time slices, preemption, channels, engine status,
 * errors and recovery as nouveau does it (dev_fifo.ref; gk104.c, runl.c).
 */
#include <glib.h>

#include "gr/gr.h"
#include "harness.h"
#include "host/fifo.h"

#define RUNLIST_CE2     1
#define PBDMA0          0x040000
#define PBDMA2          0x044000        /* of runlist 1 */
#define ENGINE_CE2      3
#define RESET_CE2       21              /* bit of 000200 */

#define SET_REFERENCE   0x50
#define SEMAPHOREA      0x10
#define ACQUIRE         1u
#define YIELD           0x80

#define COPY            0x01000000ull   /* GPU address of a buffer */
#define COPY_SIZE       0x100000u

typedef struct Fixture {
    TestGpu *t;
    TestVm *vm;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->t = test_gpu_new(NULL);
    f->vm = test_vm_new(f->t, GP_VRAM);
    test_host_setup(f->t);
}

static void teardown(Fixture *f, gconstpointer data)
{
    test_gpu_free(f->t);
}

static uint32_t reference(TestChannel *ch)
{
    return test_mem32(ch->t, GP_VRAM, ch->userd + 0x48);
}

static void set_reference(TestChannel *ch, uint32_t val)
{
    test_mthd(ch, 0, SET_REFERENCE, 1, val);
}

/* Waits until word @index of the channel's semaphores is @payload. */
static void acquire(TestChannel *ch, unsigned index, uint32_t payload)
{
    uint64_t va = ch->va + TEST_SEM_OFFSET + 16 * index;

    test_mthd(ch, 0, SEMAPHOREA, 4, (uint32_t)(va >> 32), (uint32_t)va,
              payload, ACQUIRE);
}

static void release(TestChannel *ch, unsigned index, uint32_t payload)
{
    test_set32(ch->t, GP_VRAM, ch->sem + 16 * index, payload);
}

static uint32_t engine_status(Fixture *f, unsigned engine)
{
    return test_rd(f->t, 0x002640 + 8 * engine);
}

static uint32_t channel_status(TestChannel *ch)
{
    return test_rd(ch->t, 0x800004 + 8 * ch->id) >> 24 & 0xf;
}

static void disable(TestChannel *ch)
{
    uint32_t addr = 0x800004 + 8 * ch->id;

    test_wr(ch->t, addr, test_rd(ch->t, addr) | 0x800);
}

static void enable(TestChannel *ch)
{
    uint32_t addr = 0x800004 + 8 * ch->id;

    test_wr(ch->t, addr, test_rd(ch->t, addr) | 0x400);
}

static bool preempt(Fixture *f, uint32_t what)
{
    test_wr(f->t, 0x002634, what);
    g_assert_cmphex(test_rd(f->t, 0x002634) & 0x00100000, ==, 0x00100000);
    test_run(f->t);
    return !(test_rd(f->t, 0x002634) & 0x00100000);
}

/* A copy of a mebibyte from one place in @ch's address space to another. */
static void push_copy(Fixture *f, TestChannel *ch, uint64_t src)
{
    test_mthd(ch, 4, 0, 1, 0xc1b5u);
    test_mthd(ch, 4, 0x400, 8, (uint32_t)(src >> 32), (uint32_t)src, 0u,
              (uint32_t)COPY + COPY_SIZE, 0u, 0u, COPY_SIZE, 1u);
    test_mthd(ch, 4, 0x300, 1, 0x182u);
}

static void map_copy(Fixture *f)
{
    test_vm_fill(f->vm, COPY, GP_VRAM, 2 * COPY_SIZE);
}

/* ------------------------------------------------------------- registers */

static void test_registers(Fixture *f, gconstpointer data)
{
    static const uint32_t runlists[] = { 0, 0, 1, 2 };

    g_assert_cmpuint(test_rd(f->t, 0x002004) & 0xff, ==, 4);
    g_assert_cmpuint(test_rd(f->t, 0x002004) >> 16 & 0xff, ==, 6);
    g_assert_cmpuint(test_rd(f->t, 0x002008), ==, 4096);
    for (unsigned i = 0; i < G_N_ELEMENTS(runlists); i++) {
        g_assert_cmphex(test_rd(f->t, 0x002390 + 4 * i), ==,
                        1u << runlists[i]);
    }
    g_assert_cmphex(test_rd(f->t, 0x002390 + 16), ==, 0);
    test_wr(f->t, 0x002250, 0x1008);
    g_assert_cmphex(test_rd(f->t, 0x002250), ==, 0x1008);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_UNKNOWN_REGISTERS), ==, 0);
}

static void test_one_runlist(void)
{
    GpConfig cfg;
    TestGpu *t;
    TestVm *vm;
    TestChannel *ch;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.one_runlist = true;
    t = test_gpu_new(&cfg);
    vm = test_vm_new(t, GP_VRAM);
    ch = test_channel_new(vm, TEST_RUNLIST_GR);
    g_assert_cmpuint(test_rd(t, 0x002004) & 0xff, ==, 2);
    /* Copies need no GR, whose firmware may not be there. */
    gp_gr_set_ready(t->gpu, false);
    test_mthd(ch, 4, 0, 1, 0xc1b5u);
    test_mthd(ch, 4, 0x300, 1, 0u);
    g_assert_true(test_finish(ch));
    test_gpu_free(t);
}

/* -------------------------------------------------------------- runlists */

static void test_runlist_event(Fixture *f, gconstpointer data)
{
    test_channel_new(f->vm, RUNLIST_CE2);
    g_assert_cmphex(test_rd(f->t, 0x002a00), ==, 1u << RUNLIST_CE2);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x40000000, ==, 0x40000000);
    g_assert_true(f->t->irq);
    test_wr(f->t, 0x002100, 0x40000000);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x40000000, ==, 0x40000000);
    test_wr(f->t, 0x002a00, 1u << RUNLIST_CE2);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x40000000, ==, 0);
}

/* Pending until it is read, which is not in the write itself. */
static void test_runlist_pending(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);

    test_wr(f->t, 0x002274, 0);
    g_assert_cmphex(test_rd(f->t, 0x002284), ==, 0x00100000);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, 0x002284), ==, 0);
    g_assert_cmpuint(channel_status(ch), ==, 0);
    g_assert_false(test_finish(ch));
    test_runlist_commit(f->t, TEST_RUNLIST_GR);
    g_assert_true(test_fence_done(ch));
}

static void commit(Fixture *f, unsigned runlist, const uint64_t *entries,
                   unsigned count)
{
    uint64_t list = test_vram_alloc(f->t, 0x1000, 0x1000);

    for (unsigned i = 0; i < count; i++) {
        test_set64(f->t, GP_VRAM, list + 8 * i, entries[i]);
    }
    test_wr(f->t, 0x002270, list >> 12);
    test_wr(f->t, 0x002274, runlist << 20 | count);
    test_run(f->t);
}

#define TSG(id, length) ((uint32_t)(length) << 26 | 128 << 18 | 3 << 14 | \
                         0x2000 | (id))

static void test_bad_tsg(Fixture *f, gconstpointer data)
{
    static const struct {
        uint64_t entries[4];
        unsigned count;
    } bad[] = {
        { { TSG(5, 2), 0 }, 2 },
        { { TSG(5, 2), 0, TSG(6, 1), 1 }, 4 },
        { { TSG(5, 0), 0 }, 2 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        commit(f, 0, bad[i].entries, bad[i].count);
        g_assert_cmphex(test_rd(f->t, 0x002100) & 0x100, ==, 0x100);
        g_assert_cmphex(test_rd(f->t, 0x00254c), ==, 0x20);
        test_wr(f->t, 0x002100, 0x100);
        g_assert_cmphex(test_rd(f->t, 0x002100) & 0x100, ==, 0);
    }
}

/* Channels by themselves are groups of one; nobody is in it twice. */
static void test_bare(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint64_t entries[] = { a->id, b->id, a->id };

    commit(f, 0, entries, 3);
    g_assert_true(test_finish(a));
    g_assert_true(test_finish(b));
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x100, ==, 0);
}

/* gp100_runl: bit 14 chooses the PBDMA. */
static void test_runqueue(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint64_t entries[] = { TSG(7, 2), a->id, b->id | 1 << 14 };

    commit(f, 0, entries, 3);
    acquire(a, 1, 1);
    test_submit(a);
    acquire(b, 1, 1);
    test_submit(b);
    test_run(f->t);
    g_assert_cmpuint(test_rd(f->t, PBDMA0 + 0x120), ==, a->id);
    g_assert_cmpuint(test_rd(f->t, PBDMA0 + 0x2120), ==, b->id);
    g_assert_cmphex(test_rd(f->t, 0x003080), ==, 0x3000 | 7);
    g_assert_cmphex(test_rd(f->t, 0x003084), ==, 0x3000 | 7);
}

/* Somebody in the group waits: the other goes on and lets it go on. */
static void test_group(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint64_t entries[] = { TSG(9, 2), a->id, b->id };
    uint64_t va = a->va + TEST_SEM_OFFSET + 16;

    commit(f, 0, entries, 3);
    acquire(a, 1, 5);
    set_reference(a, 1);
    test_submit(a);
    test_mthd(b, 0, SEMAPHOREA, 4, (uint32_t)(va >> 32), (uint32_t)va, 5u,
              0x01000002u);
    set_reference(b, 2);
    test_submit(b);
    g_assert_cmpint(test_run(f->t), ==, GP_RUN_IDLE);
    g_assert_cmpuint(reference(a), ==, 1);
    g_assert_cmpuint(reference(b), ==, 2);
}

/* Long streams: after some slices each got about as far as the other. */
static void test_slices(Fixture *f, gconstpointer data)
{
    TestChannel *ch[4];
    uint32_t least = UINT32_MAX, most = 0;

    for (unsigned i = 0; i < 4; i++) {
        ch[i] = test_channel_new(f->vm, TEST_RUNLIST_GR);
        for (unsigned n = 0; n < 15000; n++) {
            test_header(ch[i], TEST_IMMD, 0, SET_REFERENCE, n & 0x1fff);
        }
    }
    test_set32(f->t, GP_VRAM, ch[0]->userd + 0x48, 0);
    for (unsigned i = 0; i < 4; i++) {
        test_submit(ch[i]);
    }
    for (unsigned i = 0; i < 50; i++) {
        g_assert_cmpint(gp107_run(f->t->gpu, 997), ==, GP_RUN_MORE);
    }
    for (unsigned i = 0; i < 4; i++) {
        uint32_t n = reference(ch[i]);

        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    g_assert_cmpuint(least, >, 4000);
    g_assert_cmpuint(most - least, <=, 4096);
    test_run(f->t);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpuint(reference(ch[i]), ==, 14999 & 0x1fff);
    }
}

/* Who waits is asked once a turn, not all the time. */
static void test_polls(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint64_t hits;

    acquire(a, 1, 1);
    test_submit(a);
    acquire(b, 1, 1);
    test_submit(b);
    test_run(f->t);
    hits = test_counter(f->t, GP_COUNTER_TLB_HITS);
    g_assert_cmpint(gp107_run(f->t->gpu, 10000), ==, GP_RUN_POLL);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_TLB_HITS) - hits, ==, 2);
}

/* From subchannel 4 to another on GR: Host waits for the copy first. */
static void test_switch(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint64_t va = ch->va + TEST_SEM_OFFSET + 0x40;

    map_copy(f);
    push_copy(f, ch, COPY);
    test_mthd(ch, 0, 0, 1, 0xc197u);
    test_mthd(ch, 0, 0x1b00, 4, (uint32_t)(va >> 32), (uint32_t)va, 5u,
              0x1000f010u);
    test_submit(ch);
    while (test_mem32(f->t, GP_VRAM, ch->sem + 0x40) != 5) {
        g_assert_cmpint(gp107_run(f->t->gpu, 16), ==, GP_RUN_MORE);
    }
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_COPY_BYTES), ==,
                     COPY_SIZE);
}

static void test_yield(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);

    for (unsigned i = 1; i <= 20; i++) {
        set_reference(a, i);
        test_header(a, TEST_IMMD, 0, YIELD, 2);
        set_reference(b, i);
        test_header(b, TEST_IMMD, 0, YIELD, 2);
    }
    test_submit(a);
    test_submit(b);
    for (unsigned i = 0; i < 20; i++) {
        gp107_run(f->t->gpu, 10);
        g_assert_cmpint(ABS((int)reference(a) - (int)reference(b)), <=, 2);
    }
    test_run(f->t);
    g_assert_cmpuint(reference(a), ==, 20);
    g_assert_cmpuint(reference(b), ==, 20);
}

/* Blocked: who is on goes on, but nobody new comes. */
static void test_block(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);

    g_assert_true(test_finish(a));
    test_wr(f->t, 0x002630, 1);
    g_assert_false(test_finish(b));
    g_assert_true(test_finish(a));
    test_wr(f->t, 0x002630, 0);
    test_run(f->t);
    g_assert_true(test_fence_done(b));
}

/* -------------------------------------------------------------- channels */

static void test_enable(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);

    disable(ch);
    g_assert_false(test_channel_enabled(ch));
    g_assert_false(test_finish(ch));
    enable(ch);
    g_assert_true(test_channel_enabled(ch));
    test_run(f->t);
    g_assert_true(test_fence_done(ch));
}

/* State goes to RAMFC between two methods, and comes from there again. */
static void test_ramfc(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);

    set_reference(ch, 0x77);
    acquire(ch, 1, 9);
    set_reference(ch, 0x88);
    test_submit(ch);
    test_run(f->t);
    g_assert_cmpuint(channel_status(ch), ==, 5);
    disable(ch);
    test_run(f->t);
    g_assert_cmpuint(channel_status(ch), ==, 0);
    g_assert_cmphex(test_rd(f->t, 0x003080), ==, 0);
    g_assert_cmpuint(test_mem32(f->t, GP_VRAM, ch->inst + 0x14), ==, 1);
    g_assert_cmphex(test_mem32(f->t, GP_VRAM, ch->inst + 0x28), ==, 0x77);
    g_assert_cmphex(test_mem32(f->t, GP_VRAM, ch->inst + 0xc0) & 0x80003ffc,
                    ==, 0x8000001c);
    g_assert_cmphex(test_mem32(f->t, GP_VRAM, ch->inst + 0xc4), ==, ACQUIRE);
    release(ch, 1, 9);
    enable(ch);
    test_run(f->t);
    g_assert_cmphex(reference(ch), ==, 0x88);
}

static void test_bind_errors(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint32_t addr = 0x800000 + 8 * ch->id;

    g_assert_true(test_finish(ch));
    test_wr(f->t, addr, 0);                     /* it is on the PBDMA */
    g_assert_cmphex(test_rd(f->t, 0x002100) & 1, ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x00252c), ==, 3);
    test_wr(f->t, 0x002100, 1);
    g_assert_false(test_finish(ch));
    test_wr(f->t, addr, 0x80000000 | ch->inst >> 12);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 1, ==, 0);
    test_wr(f->t, addr, 0x80000000 | ch->inst >> 12);
    g_assert_cmphex(test_rd(f->t, 0x00252c), ==, 1);
    test_wr(f->t, addr, 0x90000000 | ch->inst >> 12);
    g_assert_cmphex(test_rd(f->t, 0x00252c), ==, 6);
    g_assert_cmphex(test_rd(f->t, addr) >> 31, ==, 0);
}

static void test_doorbell(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);
    unsigned kicks;

    test_fence(ch);
    test_run(f->t);
    /* Memory alone says nothing; a write through BAR1 does. */
    test_set64(f->t, GP_VRAM, ch->gpfifo, (ch->va + 0x100000) | 5ull << 42);
    test_set32(f->t, GP_VRAM, ch->userd + 0x8c, 1);
    kicks = f->t->kicks;
    test_run(f->t);
    g_assert_false(test_fence_done(ch));
    gp107_bar1_write(f->t->gpu, TEST_USERD_BAR1 + ch->id * 0x200 + 0x90, 0,
                     4);
    test_run(f->t);
    g_assert_false(test_fence_done(ch));
    g_assert_cmpuint(f->t->kicks, ==, kicks);
    gp107_bar1_write(f->t->gpu, TEST_USERD_BAR1 + ch->id * 0x200 + 0x8c, 1,
                     4);
    g_assert_cmpuint(f->t->kicks, >, kicks);
    test_run(f->t);
    g_assert_true(test_fence_done(ch));
}

/* ------------------------------------------------------------ preemption */

static void test_preempt_waiting(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);

    acquire(ch, 1, 3);
    test_submit(ch);
    test_run(f->t);
    test_wr(f->t, 0x002630, 1);
    g_assert_true(preempt(f, 0x01000000 | ch->id));
    g_assert_cmphex(test_rd(f->t, 0x003080), ==, 0);
    g_assert_cmpuint(channel_status(ch), ==, 3);
    release(ch, 1, 3);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, 0x003080), ==, 0);
    test_wr(f->t, 0x002630, 0);
    g_assert_true(test_finish(ch));
}

/* Engines let go of the context only when its work is done. */
static void test_preempt_engine(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, RUNLIST_CE2);

    map_copy(f);
    push_copy(f, ch, COPY);
    test_submit(ch);
    while (!(engine_status(f, ENGINE_CE2) & 0x80000000)) {
        g_assert_cmpint(gp107_run(f->t->gpu, 16), ==, GP_RUN_MORE);
    }
    g_assert_cmphex(engine_status(f, ENGINE_CE2), ==, 0x80003000 | ch->id);
    test_wr(f->t, 0x002634, ch->id);
    gp107_run(f->t->gpu, 16);
    g_assert_cmphex(test_rd(f->t, 0x002634) & 0x00100000, ==, 0x00100000);
    g_assert_cmphex(test_rd(f->t, 0x003088), ==, 0);
    g_assert_cmpuint(channel_status(ch), ==, 7);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, 0x002634) & 0x00100000, ==, 0);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_COPY_BYTES), ==,
                     COPY_SIZE);
    g_assert_true(test_finish(ch));
}

/* A PBDMA with an interrupt holds its channel until that is cleared. */
static void test_preempt_frozen(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);

    test_header(ch, TEST_IMMD, 0, 4, 0);
    test_submit(ch);
    test_run(f->t);
    disable(ch);
    g_assert_false(preempt(f, 0x01000000 | ch->id));
    test_wr(f->t, PBDMA0 + 0x0c0, 0x80600008);
    test_wr(f->t, PBDMA0 + 0x108, 1 << 21);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, 0x002634) & 0x00100000, ==, 0);
    g_assert_cmphex(test_rd(f->t, 0x003080), ==, 0);
}

static void test_preempt_runlist(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, RUNLIST_CE2);

    test_mthd(ch, 4, 0x100, 1, 0u);
    acquire(ch, 1, 1);
    test_submit(ch);
    test_run(f->t);
    g_assert_cmpuint(channel_status(ch), ==, 6);
    disable(ch);
    test_wr(f->t, 0x002638, 1u << RUNLIST_CE2);
    g_assert_cmphex(test_rd(f->t, 0x002638), ==, 1u << RUNLIST_CE2);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, 0x002638), ==, 0);
    g_assert_cmpuint(channel_status(ch), ==, 0);
    g_assert_cmphex(engine_status(f, ENGINE_CE2), ==, 0);
}

/* ---------------------------------------------------------------- faults */

/* nvkm_runl_rc(): block, disable, reset, new runlist, clear, allow. */
static void test_recovery(Fixture *f, gconstpointer data)
{
    TestChannel *bad = test_channel_new(f->vm, RUNLIST_CE2);
    TestChannel *good = test_channel_new(f->vm, RUNLIST_CE2);
    TestChannel *gr = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint64_t rest[] = { TSG(good->id, 1), good->id };
    uint32_t enables = test_rd(f->t, 0x000200);

    map_copy(f);
    push_copy(f, bad, COPY + COPY_SIZE + 0x80000);
    g_assert_false(test_finish(bad));
    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 1u << 27);
    g_assert_cmphex(test_rd(f->t, 0x00262c), ==, 1u << RUNLIST_CE2);
    g_assert_cmphex(engine_status(f, ENGINE_CE2), ==, 0x40003000 | bad->id);
    g_assert_false(test_finish(good));
    g_assert_true(test_finish(gr));

    test_wr(f->t, 0x002630, 1u << RUNLIST_CE2);
    test_wr(f->t, 0x00259c, 1u << 27);
    disable(bad);
    g_assert_false(preempt(f, 0x01000000 | bad->id));
    g_assert_cmphex(engine_status(f, ENGINE_CE2), ==, 0x40003000 | bad->id);
    test_wr(f->t, 0x000200, enables & ~(1u << RESET_CE2));
    test_wr(f->t, 0x000200, enables);
    g_assert_cmphex(engine_status(f, ENGINE_CE2), ==, 0);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, 0x002634) & 0x00100000, ==, 0);
    commit(f, RUNLIST_CE2, rest, 2);
    test_wr(f->t, 0x00262c, 1u << RUNLIST_CE2);
    test_wr(f->t, 0x002630, 0);
    test_run(f->t);
    g_assert_true(test_fence_done(good));
    push_copy(f, good, COPY);
    g_assert_true(test_finish(good));
    g_assert_false(test_fence_done(bad));
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_CHANNELS_KILLED), ==, 1);

    disable(bad);
    g_assert_true(preempt(f, 0x01000000 | bad->id));
    test_wr(f->t, 0x800000 + 8 * bad->id, 0);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 1, ==, 0);
}

/*
 * GR does not let go (its firmware stopped switching): after a time the
 * driver hears, makes the engine fault, and goes on as after any fault
 * (gf100_fifo_intr_sched_ctxsw() of nouveau).
 */
static void test_timeout(Fixture *f, gconstpointer data)
{
    TestChannel *a = test_channel_new(f->vm, TEST_RUNLIST_GR);
    TestChannel *b = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint32_t enables = test_rd(f->t, 0x000200);

    g_assert_cmphex(test_rd(f->t, 0x002a0c), ==, 0x803fffff);
    test_mthd(a, 0, 0, 1, 0xc197u);
    g_assert_true(test_finish(a));
    gp_gr_set_switching(f->t->gpu, false);
    test_mthd(b, 0, 0, 1, 0xc197u);
    g_assert_false(test_finish(b));
    g_assert_cmphex(engine_status(f, 0), ==,
                    0x9000f000 | b->id << 16 | a->id);
    test_advance(f->t, 4100 * 1000 * 1000ull);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x100, ==, 0);
    test_advance(f->t, 100 * 1000 * 1000ull);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x100, ==, 0x100);
    g_assert_cmphex(test_rd(f->t, 0x00254c), ==, 0x0a);
    disable(b);
    g_assert_false(preempt(f, 0x01000000 | a->id));
    g_assert_cmphex(engine_status(f, 0), ==, 0x8000d000 | a->id);

    test_wr(f->t, 0x002630, 1);
    test_wr(f->t, 0x002100, 0x100);
    test_wr(f->t, 0x002a30, 0x100);
    g_assert_cmphex(test_rd(f->t, 0x002a30), ==, 0x100);
    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 1);
    g_assert_cmphex(engine_status(f, 0), ==, 0x40003000 | a->id);
    test_wr(f->t, 0x002a30, 0);
    test_wr(f->t, 0x00259c, 1);
    disable(a);
    test_wr(f->t, 0x000200, enables & ~(1u << 12));
    test_wr(f->t, 0x000200, enables);
    gp_gr_set_ready(f->t->gpu, true);
    test_wr(f->t, 0x400500, 0x00010001);
    test_wr(f->t, 0x00262c, 1);
    test_wr(f->t, 0x002630, 0);
    enable(b);
    test_run(f->t);
    g_assert_true(test_fence_done(b));
    g_assert_cmphex(test_rd(f->t, 0x002634) & 0x00100000, ==, 0);
    test_advance(f->t, 9000 * 1000 * 1000ull);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x100, ==, 0);
}

/* A reset of PFIFO forgets everything; a driver can start over. */
static void test_reset(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint32_t enables = test_rd(f->t, 0x000200);

    acquire(ch, 1, 1);
    test_submit(ch);
    test_run(f->t);
    test_wr(f->t, 0x000200, enables & ~0x100u);
    test_wr(f->t, 0x000200, enables);
    g_assert_cmphex(test_rd(f->t, 0x800000 + 8 * ch->id), ==, 0);
    g_assert_cmphex(test_rd(f->t, 0x003080), ==, 0);
    g_assert_cmphex(test_rd(f->t, 0x002140), ==, 0);
    g_assert_cmpint(test_run(f->t), ==, GP_RUN_IDLE);
    g_assert_true(gp_fifo_idle(f->t->gpu));
}

static void test_idle(Fixture *f, gconstpointer data)
{
    TestChannel *ch = test_channel_new(f->vm, RUNLIST_CE2);

    map_copy(f);
    test_run(f->t);
    g_assert_true(gp_fifo_idle(f->t->gpu));
    push_copy(f, ch, COPY);
    test_submit(ch);
    g_assert_false(gp_fifo_idle(f->t->gpu));
    gp107_run(f->t->gpu, 200);
    g_assert_false(gp_fifo_idle(f->t->gpu));
    test_run(f->t);
    g_assert_true(gp_fifo_idle(f->t->gpu));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } cases[] = {
        { "/fifo/registers", test_registers },
        { "/fifo/runlist/event", test_runlist_event },
        { "/fifo/runlist/pending", test_runlist_pending },
        { "/fifo/runlist/bad-tsg", test_bad_tsg },
        { "/fifo/runlist/bare", test_bare },
        { "/fifo/runlist/runqueue", test_runqueue },
        { "/fifo/runlist/group", test_group },
        { "/fifo/runlist/slices", test_slices },
        { "/fifo/runlist/polls", test_polls },
        { "/fifo/runlist/switch", test_switch },
        { "/fifo/runlist/yield", test_yield },
        { "/fifo/runlist/block", test_block },
        { "/fifo/channel/enable", test_enable },
        { "/fifo/channel/ramfc", test_ramfc },
        { "/fifo/channel/bind-errors", test_bind_errors },
        { "/fifo/channel/doorbell", test_doorbell },
        { "/fifo/preempt/waiting", test_preempt_waiting },
        { "/fifo/preempt/engine", test_preempt_engine },
        { "/fifo/preempt/frozen", test_preempt_frozen },
        { "/fifo/preempt/runlist", test_preempt_runlist },
        { "/fifo/recovery", test_recovery },
        { "/fifo/timeout", test_timeout },
        { "/fifo/reset", test_reset },
        { "/fifo/idle", test_idle },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_add(cases[i].name, Fixture, NULL, setup, cases[i].run,
                   teardown);
    }
    g_test_add_func("/fifo/one-runlist", test_one_runlist);
    return g_test_run();
}
