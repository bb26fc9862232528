/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MMU against a shadow of flat arrays: thousands of random maps and unmaps
 * in three page sizes, with translations in between that fill the TLBs, and
 * after each flush the model must agree with the shadow.
 */
#include <glib.h>
#include <string.h>

#include "harness.h"

#define REGIONS         6                   /* of 2 MiB */
#define PAGES           512                 /* of 4 KiB in each */
#define ROUNDS          400
#define LOOKS           24                  /* translations in a round */
#define HOT             32                  /* pages that most of it is about */

typedef struct Shadow {
    bool valid;
    GpAperture ap;
    uint64_t pa;
    uint32_t flags;
} Shadow;

typedef struct State {
    TestGpu *t;
    TestVm *vm;
    GpSpace space;
    Shadow page[REGIONS][PAGES];
    bool big[REGIONS];                      /* mapped by one 2 MiB entry */
    uint64_t hits;
} State;

/* Regions side by side, at both ends of a directory, and far away. */
static const uint64_t bases[REGIONS] = {
    0x0000000000000, 0x0000000200000, 0x000001fe00000, 0x0003fffe00000,
    0x05570cbe00000, 0x1fffffffe0000 & ~0x1fffffull,
};

static const GpClient clients[] = {
    { .engine = 0, .client = 1, .gpc = 0, .hub = false },
    { .engine = 21, .client = 1, .gpc = 0, .hub = true },
};

/* The same in every run. */
static GRand *dice;

static int random_range(int from, int to)
{
    return g_rand_int_range(dice, from, to);
}

static unsigned random_page(void)
{
    return random_range(0, 8) ? random_range(0, HOT) : random_range(0, PAGES);
}

static GpAperture random_aperture(void)
{
    static const GpAperture apertures[] = {
        GP_VRAM, GP_SYS_COHERENT, GP_SYS_NONCOHERENT,
    };

    return apertures[random_range(0, 3)];
}

/* Clears entries of every size, so that no two ever claim one address. */
static void unmap(State *s, unsigned region, unsigned first, unsigned count)
{
    uint64_t va = bases[region] + first * 0x1000ull;

    if (s->big[region]) {
        test_vm_unmap(s->vm, bases[region], 0x200000, TEST_2M);
        memset(s->page[region], 0, sizeof(s->page[region]));
        s->big[region] = false;
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        test_vm_unmap(s->vm, va + i * 0x1000, 0x1000, TEST_4K);
    }
    if (first % 16 == 0 && count % 16 == 0) {
        test_vm_unmap(s->vm, va, count * 0x1000, TEST_64K);
    }
    memset(&s->page[region][first], 0, count * sizeof(Shadow));
}

/* An invalid big entry lets small ones show; with PRIV set it does not. */
static void map(State *s, unsigned region, unsigned first, TestPage page)
{
    static const uint32_t all_flags[] = {
        0, TEST_MAP_VOLATILE, TEST_MAP_RO, TEST_MAP_NO_ATOMIC,
        TEST_MAP_RO | TEST_MAP_NO_ATOMIC,
    };
    unsigned count = page == TEST_4K ? 1 : page == TEST_64K ? 16 : PAGES;
    GpAperture ap = random_aperture();
    uint64_t size = count * 0x1000ull;
    /* All within 32 MiB, which both kinds of memory have. */
    uint64_t pa = random_range(0, (32 << 20) / size) * size;
    uint32_t flags = all_flags[random_range(0, G_N_ELEMENTS(all_flags))];

    first -= first % count;
    unmap(s, region, first, count);
    test_vm_map(s->vm, bases[region] + first * 0x1000ull, ap, pa, size, page,
                flags);
    /* A 2 MiB entry takes the place of both tables: they are gone. */
    if (page == TEST_2M) {
        s->big[region] = true;
    }
    for (unsigned i = 0; i < count; i++) {
        s->page[region][first + i] = (Shadow) {
            .valid = true, .ap = ap, .pa = pa + i * 0x1000, .flags = flags,
        };
    }
}

static bool allowed(const Shadow *page, GpAccess access, GpFaultType *type)
{
    if (access == GP_ACCESS_ATOMIC && (page->flags & TEST_MAP_NO_ATOMIC)) {
        *type = GP_FAULT_ATOMIC;
        return false;
    }
    if ((access == GP_ACCESS_WRITE || access == GP_ACCESS_ATOMIC) &&
        (page->flags & TEST_MAP_RO)) {
        *type = GP_FAULT_RO;
        return false;
    }
    return true;
}

static void look(State *s, bool judge)
{
    unsigned region = random_range(0, REGIONS);
    unsigned index = random_page();
    unsigned offset = random_range(0, 0x1000);
    const GpClient *client = &clients[random_range(0, 2)];
    GpAccess access = random_range(0, 3);
    const Shadow *page = &s->page[region][index];
    uint64_t va = bases[region] + index * 0x1000ull + offset;
    GpFaultType type;
    GpFault fault;
    GpXlat xlat;
    bool ok;

    memset(&fault, 0, sizeof(fault));
    ok = gp_mmu_translate(s->t->gpu, &s->space, client, va, access, &xlat,
                          &fault);
    if (!judge) {
        return;
    }
    if (!page->valid) {
        g_assert_false(ok);
        g_assert_true(fault.type == GP_FAULT_PDE ||
                      fault.type == GP_FAULT_PTE);
    } else if (!allowed(page, access, &type)) {
        g_assert_false(ok);
        g_assert_cmpuint(fault.type, ==, type);
    } else {
        g_assert_true(ok);
        g_assert_cmpuint(xlat.ap, ==, page->ap);
        g_assert_cmphex(xlat.addr, ==, page->pa + offset);
        g_assert_cmphex(xlat.len, >=, 0x1000 - offset);
        s->hits++;
    }
    if (!ok) {
        g_assert_cmphex(fault.va >> 12, ==, va >> 12);
        g_assert_cmpuint(fault.access, ==, access);
        g_assert_cmphex(fault.inst, ==, s->space.inst);
    }
}

static void run(GpAperture tables)
{
    State s = { .t = test_gpu_new(NULL) };

    dice = g_rand_new_with_seed(tables + 1);
    s.vm = test_vm_new(s.t, tables);
    s.space = test_vm_space(s.vm);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned changes = random_range(1, 6);

        while (changes--) {
            unsigned region = random_range(0, REGIONS);
            unsigned first = random_page();
            unsigned how = random_range(0, 16);

            if (how == 0) {
                map(&s, region, 0, TEST_2M);
            } else if (how < 5) {
                unmap(&s, region, first & ~15u, 16);
                map(&s, region, first, TEST_64K);
            } else if (how < 13) {
                unmap(&s, region, first & ~15u, 16);
                map(&s, region, first, TEST_4K);
            } else {
                unmap(&s, region, first & ~15u, 16);
            }
            /* What an access meets before the flush is not judged. */
            look(&s, false);
        }
        test_vm_flush(s.vm);
        for (unsigned i = 0; i < LOOKS; i++) {
            look(&s, true);
        }
        s.t->now += 1000;
    }
    /* It was not all faults, and no entry outlived a flush. */
    g_assert_cmpuint(s.hits, >, ROUNDS);
    g_assert_cmpuint(test_counter(s.t, GP_COUNTER_TLB_HITS), >, 0);
    g_assert_cmpuint(test_counter(s.t, GP_COUNTER_TLB_STALE_LATE), ==, 0);
    g_assert_cmpuint(gp_mmu_compare_tlb(s.t->gpu), ==, 0);
    g_rand_free(dice);
    test_gpu_free(s.t);
}

static void test_vram(void)
{
    run(GP_VRAM);
}

static void test_system(void)
{
    run(GP_SYS_COHERENT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mmu-random/tables-in-vram", test_vram);
    g_test_add_func("/mmu-random/tables-in-system-memory", test_system);
    return g_test_run();
}
