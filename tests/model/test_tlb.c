/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the TLBs keep, what takes it away, and how a stale use is counted. */
#include <glib.h>

#include "harness.h"

#define VA      0x10000ull
#define GRACE   1000000ull              /* ns */

/* 100cbc, swref gp100 dev_fb.h */
#define ALL_VA      (1u << 0)
#define ALL_PDB     (1u << 1)
#define HUB_ONLY    (1u << 2)
#define START       (1u << 3)
#define ACK_ALL     (2u << 3)

static const GpClient gpc = { .engine = 0, .client = 0x00, .gpc = 0 };
static const GpClient hub = { .engine = 21, .client = 0x01, .hub = true };

static TestGpu *start(bool strict)
{
    GpConfig cfg;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.strict_tlb = strict;
    cfg.stale_grace_ns = GRACE;
    return test_gpu_new(&cfg);
}

/* Where an access ends, or UINT64_MAX for a fault. */
static uint64_t where(TestGpu *t, const GpSpace *space,
                      const GpClient *client, uint64_t va, GpAccess access)
{
    GpXlat xlat;
    GpFault fault;

    return gp_mmu_translate(t->gpu, space, client, va, access, &xlat,
                            &fault) ? xlat.addr : UINT64_MAX;
}

static uint64_t reads(TestGpu *t, const GpSpace *space,
                      const GpClient *client)
{
    return where(t, space, client, VA, GP_ACCESS_READ);
}

typedef struct Spaces {
    TestVm *vm[2];
    GpSpace space[2];
} Spaces;

/* VA of both spaces in both TLBs, and its PTEs changed behind them. */
static void fill_and_change(TestGpu *t, Spaces *s)
{
    for (unsigned i = 0; i < 2; i++) {
        test_vm_map(s->vm[i], VA, GP_VRAM, 0x800000 + i * 0x1000, 0x1000,
                    TEST_4K, 0);
    }
    test_wr(t, 0x100cbc, 0x80000000 | ALL_VA | ALL_PDB);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(reads(t, &s->space[i], &gpc), ==,
                        0x800000 + i * 0x1000);
        g_assert_cmphex(reads(t, &s->space[i], &hub), ==,
                        0x800000 + i * 0x1000);
        test_vm_map(s->vm[i], VA, GP_VRAM, 0x900000 + i * 0x1000, 0x1000,
                    TEST_4K, 0);
    }
}

/* Which of the four entries are fresh: bit 2 * space + hub. */
static unsigned fresh(TestGpu *t, Spaces *s)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < 2; i++) {
        bits |= (reads(t, &s->space[i], &gpc) == 0x900000 + i * 0x1000)
                << 2 * i;
        bits |= (reads(t, &s->space[i], &hub) == 0x900000 + i * 0x1000)
                << (2 * i + 1);
    }
    return bits;
}

static TestGpu *start_spaces(Spaces *s)
{
    TestGpu *t = start(false);

    for (unsigned i = 0; i < 2; i++) {
        /* The same address of the directory in two apertures is two. */
        s->vm[i] = test_vm_new(t, i ? GP_SYS_COHERENT : GP_VRAM);
        s->space[i] = test_vm_space(s->vm[i]);
    }
    g_assert_cmphex(s->vm[0]->pdb, ==, s->vm[1]->pdb);
    return t;
}

static void test_forms(void)
{
    static const struct {
        uint32_t bits;
        unsigned space;
        unsigned fresh;
        GpCounter counter;
    } forms[] = {
        { ALL_VA, 0, 0x3, GP_COUNTER_FLUSHES_PDB },
        { ALL_VA, 1, 0xc, GP_COUNTER_FLUSHES_PDB },
        { ALL_VA | HUB_ONLY, 0, 0x2, GP_COUNTER_FLUSHES_PDB },
        { ALL_VA | HUB_ONLY, 1, 0x8, GP_COUNTER_FLUSHES_PDB },
        { ALL_VA | ALL_PDB, 0, 0xf, GP_COUNTER_FLUSHES_ALL },
        { ALL_VA | ALL_PDB | HUB_ONLY, 0, 0xa, GP_COUNTER_FLUSHES_ALL },
        { ALL_VA | ALL_PDB | START, 0, 0xf, GP_COUNTER_FLUSHES_ALL },
        { ALL_VA | ACK_ALL, 0, 0x3, GP_COUNTER_FLUSHES_PDB },
    };
    Spaces s;
    TestGpu *t = start_spaces(&s);

    for (unsigned i = 0; i < G_N_ELEMENTS(forms); i++) {
        uint64_t count, hubs;

        fill_and_change(t, &s);
        g_assert_cmphex(fresh(t, &s), ==, 0);
        count = test_counter(t, forms[i].counter);
        hubs = test_counter(t, GP_COUNTER_FLUSHES_HUB);
        test_invalidate(s.vm[forms[i].space], forms[i].bits);
        g_assert_cmphex(fresh(t, &s), ==, forms[i].fresh);
        g_assert_cmpuint(test_counter(t, forms[i].counter) - count, ==, 1);
        g_assert_cmpuint(test_counter(t, GP_COUNTER_FLUSHES_HUB) - hubs, ==,
                         !!(forms[i].bits & HUB_ONLY));
    }
    /* Nothing happens without the trigger. */
    fill_and_change(t, &s);
    test_wr(t, 0x100cbc, ALL_VA | ALL_PDB);
    g_assert_cmphex(fresh(t, &s), ==, 0);
    /* nouveau waits for these before and after. */
    g_assert_cmphex(test_rd(t, 0x100c80) & 0x00ff0000, !=, 0);
    g_assert_cmphex(test_rd(t, 0x100c80) & 0x00008000, !=, 0);
    test_gpu_free(t);
}

/* The forms of MEM_OP that the registers do not have. */
static void test_one_address(void)
{
    Spaces s;
    TestGpu *t = start_spaces(&s);
    GpInvalidate inv = {
        .pdb = s.vm[0]->pdb,
        .pdb_ap = GP_VRAM,
        .va = VA + 0x1000,
    };

    fill_and_change(t, &s);
    gp_mmu_invalidate(t->gpu, &inv);
    g_assert_cmphex(fresh(t, &s), ==, 0);
    inv.va = VA;
    gp_mmu_invalidate(t->gpu, &inv);
    g_assert_cmphex(fresh(t, &s), ==, 0x3);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FLUSHES_VA), ==, 2);

    fill_and_change(t, &s);
    inv.all_pdb = true;
    inv.hub_only = true;
    gp_mmu_invalidate(t->gpu, &inv);
    g_assert_cmphex(fresh(t, &s), ==, 0xa);

    /* Any address in a large page takes all of the page. */
    test_vm_map(s.vm[0], 0x400000, GP_VRAM, 0x2000000, 0x200000, TEST_2M, 0);
    g_assert_cmphex(where(t, &s.space[0], &gpc, 0x400000, GP_ACCESS_READ),
                    ==, 0x2000000);
    test_vm_map(s.vm[0], 0x400000, GP_VRAM, 0x2200000, 0x200000, TEST_2M, 0);
    inv = (GpInvalidate) {
        .pdb = s.vm[0]->pdb,
        .va = 0x5ff000,
    };
    gp_mmu_invalidate(t->gpu, &inv);
    g_assert_cmphex(where(t, &s.space[0], &gpc, 0x400000, GP_ACCESS_READ),
                    ==, 0x2200000);
    test_gpu_free(t);
}

static void test_misses(void)
{
    TestGpu *t = start(true);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    GpSpace space = test_vm_space(vm);
    uint64_t walks, hits;

    /* What is not valid is not kept: no flush between fault and map. */
    g_assert_cmphex(reads(t, &space, &gpc), ==, UINT64_MAX);
    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, TEST_MAP_RO);
    walks = test_counter(t, GP_COUNTER_WALKS);
    hits = test_counter(t, GP_COUNTER_TLB_HITS);
    g_assert_cmphex(reads(t, &space, &gpc), ==, 0x800000);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_WALKS) - walks, ==, 1);
    g_assert_cmphex(reads(t, &space, &gpc), ==, 0x800000);
    g_assert_cmphex(reads(t, &space, &gpc), ==, 0x800000);
    /* The strict comparison is no walk of the hardware's. */
    g_assert_cmpuint(test_counter(t, GP_COUNTER_WALKS) - walks, ==, 1);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_TLB_HITS) - hits, ==, 2);

    /* A valid PTE is kept with its bits: an upgrade needs a flush. */
    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    g_assert_cmphex(where(t, &space, &gpc, VA, GP_ACCESS_WRITE), ==,
                    UINT64_MAX);
    test_vm_flush(vm);
    g_assert_cmphex(where(t, &space, &gpc, VA, GP_ACCESS_WRITE), ==,
                    0x800000);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_TLB_STALE_GRACE), ==, 0);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_TLB_STALE_LATE), ==, 0);
    test_gpu_free(t);
}

static void assert_stale(TestGpu *t, uint64_t grace, uint64_t late)
{
    g_assert_cmpuint(test_counter(t, GP_COUNTER_TLB_STALE_GRACE), ==, grace);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_TLB_STALE_LATE), ==, late);
}

static void test_grace(void)
{
    TestGpu *t = start(true);
    TestVm *vm = test_vm_new(t, GP_SYS_COHERENT);
    GpSpace space = test_vm_space(vm);

    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    reads(t, &space, &gpc);
    t->now += 10 * GRACE;
    g_assert_cmphex(reads(t, &space, &gpc), ==, 0x800000);
    assert_stale(t, 0, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);

    test_vm_unmap(vm, VA, 0x1000, TEST_4K);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 1);
    /* In system memory nobody saw the write: the first use dates it. */
    t->now += 10 * GRACE;
    g_assert_cmphex(reads(t, &space, &gpc), ==, 0x800000);
    assert_stale(t, 1, 0);
    t->now += GRACE - 1;
    reads(t, &space, &gpc);
    assert_stale(t, 2, 0);
    t->now += 1;
    reads(t, &space, &gpc);
    assert_stale(t, 2, 1);

    /* The tables agree again, and lie again: a new grace time. */
    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    reads(t, &space, &gpc);
    assert_stale(t, 2, 1);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);
    test_vm_unmap(vm, VA, 0x1000, TEST_4K);
    reads(t, &space, &gpc);
    assert_stale(t, 3, 1);

    test_vm_flush(vm);
    g_assert_cmphex(reads(t, &space, &gpc), ==, UINT64_MAX);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);
    assert_stale(t, 3, 1);
    test_gpu_free(t);
}

/* A PTE in VRAM, written through the model: the write dates the lie. */
static void test_dated(void)
{
    TestGpu *t = start(true);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    GpSpace space = test_vm_space(vm);
    uint64_t pte;

    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    pte = test_vm_pte(vm, VA, TEST_4K);
    reads(t, &space, &gpc);
    gp_mem_write64(t->gpu, GP_VRAM, pte, 0);
    t->now += GRACE;
    reads(t, &space, &gpc);
    assert_stale(t, 0, 1);
    test_wr(t, 0x100cbc, 0x80000003);

    /* A table that was walked, but never seen being written. */
    test_vm_map(vm, 0x40000000, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    where(t, &space, &gpc, 0x40000000, GP_ACCESS_READ);
    t->now += 2 * GRACE;
    test_vm_unmap(vm, 0x40000000, 0x1000, TEST_4K);
    where(t, &space, &gpc, 0x40000000, GP_ACCESS_READ);
    assert_stale(t, 1, 1);

    /* Another PTE of the table says nothing worse about this one. */
    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    reads(t, &space, &gpc);
    t->now += GRACE;
    gp_mem_write64(t->gpu, GP_VRAM, pte + 8, 0);
    test_vm_unmap(vm, VA, 0x1000, TEST_4K);
    t->now += GRACE - 1;
    reads(t, &space, &gpc);
    assert_stale(t, 2, 1);
    test_gpu_free(t);
}

static void change(TestGpu *t, TestVm *vm, uint64_t pa, uint32_t flags)
{
    test_vm_map(vm, VA, GP_VRAM, pa, 0x1000, TEST_4K, flags);
    t->gpu->stats.counter[GP_COUNTER_TLB_STALE_GRACE] = 0;
}

/* What contradicts an access, and what contradicts an entry. */
static void test_contradictions(void)
{
    TestGpu *t = start(true);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    GpSpace space = test_vm_space(vm);

    change(t, vm, 0x800000, 0);
    where(t, &space, &gpc, VA, GP_ACCESS_WRITE);

    change(t, vm, 0x800000, TEST_MAP_RO);
    where(t, &space, &gpc, VA, GP_ACCESS_READ);
    assert_stale(t, 0, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 1);
    where(t, &space, &gpc, VA, GP_ACCESS_WRITE);
    where(t, &space, &gpc, VA, GP_ACCESS_ATOMIC);
    assert_stale(t, 2, 0);

    change(t, vm, 0x800000, TEST_MAP_NO_ATOMIC);
    where(t, &space, &gpc, VA, GP_ACCESS_WRITE);
    assert_stale(t, 0, 0);
    where(t, &space, &gpc, VA, GP_ACCESS_ATOMIC);
    assert_stale(t, 1, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 1);

    change(t, vm, 0x801000, 0);
    where(t, &space, &gpc, VA, GP_ACCESS_READ);
    assert_stale(t, 1, 0);

    /* More than the entry permits is no lie. */
    change(t, vm, 0x800000, TEST_MAP_RO);
    test_vm_flush(vm);
    where(t, &space, &gpc, VA, GP_ACCESS_READ);
    change(t, vm, 0x800000, 0);
    where(t, &space, &gpc, VA, GP_ACCESS_READ);
    assert_stale(t, 0, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);

    /* Nor is the same memory by other words, but a torn 2 MiB page is. */
    test_vm_map(vm, 0x400000, GP_VRAM, 0x2000000, 0x200000, TEST_2M, 0);
    where(t, &space, &gpc, 0x400000, GP_ACCESS_READ);
    test_vm_map(vm, 0x400000, GP_VRAM, 0x2000000, 0x200000, TEST_4K, 0);
    where(t, &space, &gpc, 0x512000, GP_ACCESS_READ);
    assert_stale(t, 0, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);
    test_vm_unmap(vm, 0x5ff000, 0x1000, TEST_4K);
    where(t, &space, &gpc, 0x512000, GP_ACCESS_READ);
    assert_stale(t, 0, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 1);
    where(t, &space, &gpc, 0x5ff123, GP_ACCESS_READ);
    assert_stale(t, 1, 0);
    test_gpu_free(t);
}

/* Without strict mode nothing is compared, but at the command. */
static void test_lenient(void)
{
    TestGpu *t = start(false);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    GpSpace space = test_vm_space(vm);

    test_vm_map(vm, VA, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    reads(t, &space, &gpc);
    reads(t, &space, &hub);
    test_vm_unmap(vm, VA, 0x1000, TEST_4K);
    t->now += 10 * GRACE;
    g_assert_cmphex(reads(t, &space, &gpc), ==, 0x800000);
    assert_stale(t, 0, 0);
    /* Through the debug block: command 2, result behind it. */
    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_COMMAND, GP_DEBUG_COMPARE_TLB);
    g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_RESULT), ==, 2);
    test_invalidate(vm, ALL_VA | HUB_ONLY);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 1);
    gp107_reset(t->gpu);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);
    g_assert_cmphex(reads(t, &space, &gpc), ==, UINT64_MAX);
    test_gpu_free(t);
}

static void test_ignore_flush(void)
{
    Spaces s;
    TestGpu *t = start_spaces(&s);

    fill_and_change(t, &s);
    t->gpu->cfg.switches[GP_SWITCH_IGNORE_FLUSH] = 2;
    test_invalidate(s.vm[0], ALL_VA);
    g_assert_cmphex(fresh(t, &s), ==, 0x3);
    test_invalidate(s.vm[1], ALL_VA | START);
    g_assert_cmphex(fresh(t, &s), ==, 0x3);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FLUSHES_IGNORED), ==, 1);
    /* What came with it was not ignored. */
    g_assert_cmpuint(test_counter(t, GP_COUNTER_REPLAYS), ==, 1);
    test_invalidate(s.vm[1], ALL_VA);
    g_assert_cmphex(fresh(t, &s), ==, 0xf);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FLUSHES_IGNORED), ==, 1);
    test_gpu_free(t);
}

/* More pages than entries: old ones go, none is ever wrong. */
static void test_capacity(void)
{
    TestGpu *t = start(true);
    TestVm *vm = test_vm_new(t, GP_SYS_COHERENT);
    GpSpace space = test_vm_space(vm);
    unsigned pages = 10000;
    uint64_t walks;

    test_vm_map(vm, 0x10000000, GP_VRAM, 0, pages * 0x1000ull, TEST_4K, 0);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < pages; i++) {
            g_assert_cmphex(where(t, &space, &gpc, 0x10000000 + i * 0x1000,
                                  GP_ACCESS_READ), ==, i * 0x1000);
        }
    }
    /* The last 1000 are a working set that stays. */
    walks = test_counter(t, GP_COUNTER_WALKS);
    for (unsigned i = pages - 1000; i < pages; i++) {
        where(t, &space, &gpc, 0x10000000 + i * 0x1000, GP_ACCESS_READ);
    }
    g_assert_cmpuint(test_counter(t, GP_COUNTER_WALKS) - walks, <, 100);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);
    test_vm_unmap(vm, 0x10000000, pages * 0x1000ull, TEST_4K);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), >, 3000);
    test_vm_flush(vm);
    g_assert_cmpuint(gp_mmu_compare_tlb(t->gpu), ==, 0);
    test_gpu_free(t);
}

/* ---------------------------------------------------------------- replays */

typedef struct Heard {
    unsigned replays, cancels;
    bool global;
    unsigned gpc, client;
} Heard;

static void hear_replay(void *opaque)
{
    ((Heard *)opaque)->replays++;
}

static void hear_cancel(void *opaque, bool global, uint8_t gpc_id,
                        uint8_t client)
{
    Heard *heard = opaque;

    heard->cancels++;
    heard->global = global;
    heard->gpc = gpc_id;
    heard->client = client;
}

static const GpReplayOps hear_ops = {
    .replay = hear_replay,
    .cancel = hear_cancel,
};

static void test_replays(void)
{
    TestGpu *t = start(true);
    Heard heard = { 0 };

    gp_mmu_set_replay_ops(t->gpu, &hear_ops, &heard);
    test_wr(t, 0x100cbc, 0x80000003);
    g_assert_cmpuint(heard.replays, ==, 0);
    /* As nouveau replays and cancels. */
    test_wr(t, 0x100cbc, 0x8000000b);
    g_assert_cmpuint(heard.replays, ==, 1);
    test_wr(t, 0x100cbc, 0x80000013);
    g_assert_cmpuint(heard.replays, ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_REPLAYS), ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FLUSHES_ALL), ==, 3);
    test_wr(t, 0x100cbc, 0x8000001b | 3 << 15 | 0x2a << 9);
    g_assert_cmpuint(heard.cancels, ==, 1);
    g_assert_false(heard.global);
    g_assert_cmpuint(heard.gpc, ==, 3);
    g_assert_cmpuint(heard.client, ==, 0x2a);
    test_wr(t, 0x100cbc, 0x80000023);
    g_assert_cmpuint(heard.cancels, ==, 2);
    g_assert_true(heard.global);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_CANCELS_TARGETED), ==, 1);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_CANCELS_GLOBAL), ==, 1);
    /* A hub client has nothing to cancel; 5 is no command. */
    test_wr(t, 0x100cbc, 0x8010001b);
    test_wr(t, 0x100cbc, 0x8000002b);
    g_assert_cmpuint(heard.cancels, ==, 2);
    g_assert_cmpuint(heard.replays, ==, 2);
    test_gpu_free(t);
}

static void test_drop_replay(void)
{
    TestGpu *t = start(true);
    Heard heard = { 0 };

    gp_mmu_set_replay_ops(t->gpu, &hear_ops, &heard);
    t->gpu->cfg.switches[GP_SWITCH_DROP_REPLAY] = 2;
    for (unsigned i = 0; i < 3; i++) {
        test_wr(t, 0x100cbc, 0x8000000b);
    }
    g_assert_cmpuint(heard.replays, ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_REPLAYS), ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_REPLAYS_DROPPED), ==, 1);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FLUSHES_ALL), ==, 3);
    t->gpu->cfg.switches[GP_SWITCH_DROP_REPLAY] = UINT32_MAX;
    for (unsigned i = 0; i < 3; i++) {
        test_wr(t, 0x100cbc, 0x8000000b);
    }
    g_assert_cmpuint(heard.replays, ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_REPLAYS_DROPPED), ==, 4);
    test_gpu_free(t);
}

static void test_delay_replay(void)
{
    TestGpu *t = start(true);
    Heard heard = { 0 };

    gp_mmu_set_replay_ops(t->gpu, &hear_ops, &heard);
    t->gpu->cfg.switches[GP_SWITCH_DELAY_REPLAY] = 100;
    test_wr(t, 0x100cbc, 0x8000000b);
    g_assert_cmpuint(heard.replays, ==, 0);
    test_advance(t, 99999);
    gp107_run(t->gpu, 1);
    g_assert_cmpuint(heard.replays, ==, 0);
    /* A second one meanwhile: the first at its time, the second at its. */
    test_wr(t, 0x100cbc, 0x8000000b);
    test_advance(t, 1);
    gp107_run(t->gpu, 1);
    g_assert_cmpuint(heard.replays, ==, 1);
    test_advance(t, 99998);
    gp107_run(t->gpu, 1);
    g_assert_cmpuint(heard.replays, ==, 1);
    test_advance(t, 1);
    gp107_run(t->gpu, 1);
    g_assert_cmpuint(heard.replays, ==, 2);
    test_advance(t, 1000000);
    g_assert_cmpuint(heard.replays, ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_REPLAYS), ==, 2);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tlb/forms", test_forms);
    g_test_add_func("/tlb/one-address", test_one_address);
    g_test_add_func("/tlb/misses", test_misses);
    g_test_add_func("/tlb/grace", test_grace);
    g_test_add_func("/tlb/dated", test_dated);
    g_test_add_func("/tlb/contradictions", test_contradictions);
    g_test_add_func("/tlb/lenient", test_lenient);
    g_test_add_func("/tlb/ignore-flush", test_ignore_flush);
    g_test_add_func("/tlb/capacity", test_capacity);
    g_test_add_func("/replay/commands", test_replays);
    g_test_add_func("/replay/drop", test_drop_replay);
    g_test_add_func("/replay/delay", test_delay_replay);
    return g_test_run();
}
