/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instance blocks, page walks and permissions.  The tables are computed by
 * hand from gp100-mmu-format.pdf and NV_MMU_VER2_* in hwref gp100 dev_mmu.h.
 */
#include <glib.h>
#include <string.h>

#include "harness.h"

/* PD3 2, PD2 155, PD1 0aa, PD0 77, big PTE 13, small PTE 135, byte 678. */
#define VA          0x155554ef35678ull
#define INST        0x010000
#define PD3         0x011000
#define PD3_ENTRY   (PD3 + 0x10)
#define PD2         0x012000
#define PD2_ENTRY   (PD2 + 0xaa8)
#define PD1         0x013000
#define PD1_ENTRY   (PD1 + 0x550)
#define PD0         0x014000
#define PD0_ENTRY   (PD0 + 0x770)
#define BIG         0x015300            /* 256-byte aligned only */
#define BIG_ENTRY   (BIG + 0x98)
#define SMALL       0x016000
#define SMALL_ENTRY (SMALL + 0x9a8)

#define PDE_VRAM    (1u << 1)
#define PDE_COH     (2u << 1)
#define PDE_NONCOH  (3u << 1)
#define PTE_VALID   (1u << 0)
#define PTE_PEER    (1u << 1)
#define PTE_COH     (2u << 1)
#define PTE_NONCOH  (3u << 1)
#define VOL         (1u << 3)
#define PRIV        (1u << 5)
#define RO          (1u << 6)
#define NO_ATOMIC   (1u << 7)

/* hwref gp100 dev_fault.h */
static const GpClient l1 = { .engine = 0, .client = 0x00, .gpc = 0 };
static const GpClient gpccs = { .engine = 0, .client = 0x0e, .gpc = 0 };
static const GpClient ce0 = { .engine = 21, .client = 0x01, .hub = true };
static const GpClient ce2 = { .engine = 27, .client = 0x18, .hub = true };
static const GpClient host = { .engine = 6, .client = 0x06, .hub = true };

static void set(TestGpu *t, uint64_t addr, uint64_t val)
{
    test_set64(t, GP_VRAM, addr, val);
}

/* A whole path in VRAM up to an empty PDE0. */
static TestGpu *start(GpSpace *space)
{
    TestGpu *t = test_gpu_new(NULL);

    set(t, INST + 0x200, PD3 | 1 << 10 | 1 << 11);
    set(t, INST + 0x208, (1ull << 49) - 1);
    set(t, PD3_ENTRY, PD2 >> 4 | PDE_VRAM);
    set(t, PD2_ENTRY, PD1 >> 4 | PDE_VRAM);
    set(t, PD1_ENTRY, PD0 >> 4 | PDE_VRAM);
    gp_mmu_bind(t->gpu, INST, GP_VRAM, space);
    g_assert_true(space->valid);
    return t;
}

static void flush(TestGpu *t)
{
    test_wr(t, 0x100cbc, 0x80000003);
}

/* The fault of an access; all of its fields are checked. */
static GpFaultType fault_of(TestGpu *t, const GpSpace *space,
                            const GpClient *client, uint64_t va,
                            GpAccess access)
{
    GpXlat xlat;
    GpFault fault;

    flush(t);
    memset(&fault, 0x55, sizeof(fault));
    g_assert_false(gp_mmu_translate(t->gpu, space, client, va, access, &xlat,
                                    &fault));
    g_assert_cmphex(fault.inst, ==, space->inst);
    g_assert_cmpuint(fault.inst_ap, ==, space->inst_ap);
    g_assert_cmphex(fault.va, ==, va);
    g_assert_cmpuint(fault.access, ==, access);
    g_assert_cmpint(memcmp(&fault.client, client, sizeof(*client)), ==, 0);
    return fault.type;
}

static GpXlat xlat_of(TestGpu *t, const GpSpace *space, uint64_t va)
{
    GpXlat xlat;
    GpFault fault;

    flush(t);
    g_assert_true(gp_mmu_translate(t->gpu, space, &l1, va, GP_ACCESS_READ,
                                   &xlat, &fault));
    return xlat;
}

static void assert_xlat(TestGpu *t, const GpSpace *space, uint64_t va,
                        GpAperture ap, uint64_t addr, uint64_t len)
{
    GpXlat xlat = xlat_of(t, space, va);

    g_assert_false(xlat.sparse);
    g_assert_cmpuint(xlat.ap, ==, ap);
    g_assert_cmphex(xlat.addr, ==, addr);
    g_assert_cmphex(xlat.len, ==, len);
}

static void test_bind(void)
{
    TestGpu *t = test_gpu_new(NULL);
    GpSpace space;

    /* Nothing there. */
    gp_mmu_bind(t->gpu, INST, GP_VRAM, &space);
    g_assert_false(space.valid);
    g_assert_cmphex(space.inst, ==, INST);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_UNBOUND_INST);

    /* Bits of +200: target, volatile, replay, VER2, 64 KiB. */
    test_set64(t, GP_SYS_COHERENT, 0x3200,
               0x2123456000 | 3 | 1 << 4 | 1 << 10 | 1 << 11);
    test_set64(t, GP_SYS_COHERENT, 0x3208, 0xffffffff);
    gp_mmu_bind(t->gpu, 0x3000, GP_SYS_COHERENT, &space);
    g_assert_true(space.valid);
    g_assert_cmphex(space.inst, ==, 0x3000);
    g_assert_cmpuint(space.inst_ap, ==, GP_SYS_COHERENT);
    g_assert_cmphex(space.pdb, ==, 0x2123456000);
    g_assert_cmpuint(space.pdb_ap, ==, GP_SYS_NONCOHERENT);
    g_assert_cmphex(space.limit, ==, 0xffffffff);
    g_assert_true(space.replay_tex);
    g_assert_false(space.replay_gcc);

    /* The limit counts in pages, and no address has more than 49 bits. */
    set(t, INST + 0x200, PD3 | 1 << 5 | 1 << 10);
    set(t, INST + 0x208, 0xffff800012345000);
    gp_mmu_bind(t->gpu, INST, GP_VRAM, &space);
    g_assert_true(space.valid);
    g_assert_false(space.replay_tex);
    g_assert_true(space.replay_gcc);
    g_assert_cmphex(space.limit, ==, 0x1800012345fff);

    /* The format before GP100, and a target that there is not. */
    set(t, INST + 0x200, PD3);
    gp_mmu_bind(t->gpu, INST, GP_VRAM, &space);
    g_assert_false(space.valid);
    set(t, INST + 0x200, PD3 | 1 << 10 | 1);
    gp_mmu_bind(t->gpu, INST, GP_VRAM, &space);
    g_assert_false(space.valid);
    gp_mmu_bind(t->gpu, t->vram_size, GP_VRAM, &space);
    g_assert_false(space.valid);
    test_gpu_free(t);
}

static void test_small(void)
{
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    set(t, SMALL_ENTRY, 0x123000 >> 4 | PTE_VALID);
    assert_xlat(t, &space, VA, GP_VRAM, 0x123678, 0x988);
    assert_xlat(t, &space, VA & ~0xfffull, GP_VRAM, 0x123000, 0x1000);
    assert_xlat(t, &space, VA | 0xfff, GP_VRAM, 0x123fff, 1);
    /* The neighbours are not mapped. */
    g_assert_cmpuint(fault_of(t, &space, &l1, VA + 0x1000, GP_ACCESS_READ),
                     ==, GP_FAULT_PTE);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA - 0x1000, GP_ACCESS_READ),
                     ==, GP_FAULT_PTE);
    test_gpu_free(t);
}

static void test_big(void)
{
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY, BIG >> 4 | PDE_VRAM);
    set(t, BIG_ENTRY, 0x1230000 >> 4 | PTE_VALID);
    assert_xlat(t, &space, VA, GP_VRAM, 0x1235678, 0xa988);
    assert_xlat(t, &space, VA | 0xffff, GP_VRAM, 0x123ffff, 1);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA + 0x10000, GP_ACCESS_READ),
                     ==, GP_FAULT_PTE);
    test_gpu_free(t);
}

static void test_huge(void)
{
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY, 0x2000000 >> 4 | PTE_VALID);
    /* The other half means nothing then. */
    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    assert_xlat(t, &space, VA, GP_VRAM, 0x2135678, 0xca988);
    assert_xlat(t, &space, VA | 0x1fffff, GP_VRAM, 0x21fffff, 1);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA + 0x200000, GP_ACCESS_READ),
                     ==, GP_FAULT_PDE);
    test_gpu_free(t);
}

static void test_dual(void)
{
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY, BIG >> 4 | PDE_VRAM);
    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    set(t, SMALL_ENTRY, 0x123000 >> 4 | PTE_VALID);
    /* The big PTE is invalid: the small one counts. */
    assert_xlat(t, &space, VA, GP_VRAM, 0x123678, 0x988);
    /* ...but for "no small page PTEs in this range are valid". */
    set(t, BIG_ENTRY, PRIV);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PTE);
    set(t, BIG_ENTRY, VOL);
    g_assert_true(xlat_of(t, &space, VA).sparse);
    set(t, BIG_ENTRY, 0x1230000 >> 4 | PTE_VALID);
    assert_xlat(t, &space, VA, GP_VRAM, 0x1235678, 0xa988);
    test_gpu_free(t);
}

static void test_missing(void)
{
    static const uint64_t entries[] = { PD3_ENTRY, PD2_ENTRY, PD1_ENTRY };
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PTE);
    set(t, SMALL_ENTRY, 0x123000 >> 4 | PTE_VALID);
    xlat_of(t, &space, VA);
    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        uint64_t pde = test_mem64(t, GP_VRAM, entries[i]);

        /* Aperture 0 is invalid, whatever the address says. */
        set(t, entries[i], pde & ~6ull);
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                         GP_FAULT_PDE);
        /* A leaf where no page is that large. */
        set(t, entries[i], pde | 1);
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                         GP_FAULT_PDE_SIZE);
        /* A table where there is no memory. */
        set(t, entries[i], t->vram_size >> 4 | PDE_VRAM);
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                         GP_FAULT_PDE);
        set(t, entries[i], pde);
        xlat_of(t, &space, VA);
    }
    set(t, PD0_ENTRY + 8, 0);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PDE);
    set(t, PD0_ENTRY, BIG >> 4 | PDE_VRAM);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PTE);
    test_gpu_free(t);
}

static void assert_sparse(TestGpu *t, const GpSpace *space)
{
    GpXlat xlat = xlat_of(t, space, VA);
    uint64_t val = 0x1234, old = 5;
    GpFault fault;

    g_assert_true(xlat.sparse);
    g_assert_true(gp_mmu_read(t->gpu, space, &l1, VA, &val, 8, &fault));
    g_assert_cmphex(val, ==, 0);
    val = UINT64_MAX;
    g_assert_true(gp_mmu_write(t->gpu, space, &l1, VA, &val, 8, &fault));
    g_assert_true(gp_mmu_read(t->gpu, space, &l1, VA, &val, 8, &fault));
    g_assert_cmphex(val, ==, 0);
    g_assert_true(gp_xlat_cmpxchg(t->gpu, &xlat, 4, 0, 1, &old));
    g_assert_cmphex(old, ==, 0);
}

static void test_sparse(void)
{
    static const uint64_t entries[] = { PD3_ENTRY, PD2_ENTRY, PD1_ENTRY };
    GpSpace space;
    TestGpu *t = start(&space);
    uint8_t *before = g_memdup2(t->vram, t->vram_size);

    for (unsigned i = 0; i < G_N_ELEMENTS(entries); i++) {
        uint64_t pde = test_mem64(t, GP_VRAM, entries[i]);

        set(t, entries[i], VOL);
        assert_sparse(t, &space);
        set(t, entries[i], pde);
    }
    g_assert_cmpint(memcmp(before, t->vram, t->vram_size), ==, 0);
    g_free(before);

    set(t, PD0_ENTRY, VOL);
    assert_sparse(t, &space);
    /* "cannot be sparse if either or both pointers are valid" */
    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PTE);
    set(t, PD0_ENTRY, BIG >> 4 | PDE_VRAM | VOL);
    set(t, PD0_ENTRY + 8, 0);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PTE);
    set(t, PD0_ENTRY, 0);
    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    set(t, SMALL_ENTRY, VOL);
    assert_sparse(t, &space);
    g_assert_cmphex(xlat_of(t, &space, VA).len, ==, 0x988);
    set(t, PD0_ENTRY, BIG >> 4 | PDE_VRAM);
    set(t, BIG_ENTRY, VOL);
    assert_sparse(t, &space);
    g_assert_cmphex(xlat_of(t, &space, VA).len, ==, 0xa988);
    /* VOL_SMALL alone makes nothing sparse. */
    set(t, PD0_ENTRY, 0);
    set(t, PD0_ENTRY + 8, VOL);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_PDE);
    test_gpu_free(t);
}

static bool can(TestGpu *t, const GpSpace *space, const GpClient *client,
                GpAccess access)
{
    GpXlat xlat;
    GpFault fault;

    flush(t);
    return gp_mmu_translate(t->gpu, space, client, VA, access, &xlat, &fault);
}

/* The same bits do the same in a PTE of each size. */
static void test_permissions(void)
{
    for (unsigned page = TEST_4K; page <= TEST_2M; page++) {
        GpSpace space;
        TestGpu *t = start(&space);
        uint64_t entry = page == TEST_4K ? SMALL_ENTRY :
                         page == TEST_64K ? BIG_ENTRY : PD0_ENTRY;

        if (page == TEST_4K) {
            set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
        } else if (page == TEST_64K) {
            set(t, PD0_ENTRY, BIG >> 4 | PDE_VRAM);
        }
        set(t, entry, 0x2000000 >> 4 | PTE_VALID);
        for (GpAccess a = GP_ACCESS_READ; a <= GP_ACCESS_PREFETCH; a++) {
            g_assert_true(can(t, &space, &l1, a));
        }
        g_assert_false(xlat_of(t, &space, VA).is_volatile);

        set(t, entry, 0x2000000 >> 4 | PTE_VALID | VOL);
        g_assert_true(xlat_of(t, &space, VA).is_volatile);

        set(t, entry, 0x2000000 >> 4 | PTE_VALID | RO);
        g_assert_true(can(t, &space, &l1, GP_ACCESS_READ));
        g_assert_true(can(t, &space, &l1, GP_ACCESS_PREFETCH));
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_WRITE), ==,
                         GP_FAULT_RO);
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_ATOMIC), ==,
                         GP_FAULT_RO);

        set(t, entry, 0x2000000 >> 4 | PTE_VALID | NO_ATOMIC);
        g_assert_true(can(t, &space, &l1, GP_ACCESS_READ));
        g_assert_true(can(t, &space, &l1, GP_ACCESS_WRITE));
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_ATOMIC), ==,
                         GP_FAULT_ATOMIC);

        set(t, entry, 0x2000000 >> 4 | PTE_VALID | PRIV);
        g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                         GP_FAULT_PRIV);
        g_assert_cmpuint(fault_of(t, &space, &ce0, VA, GP_ACCESS_READ), ==,
                         GP_FAULT_PRIV);
        g_assert_cmpuint(fault_of(t, &space, &ce2, VA, GP_ACCESS_READ), ==,
                         GP_FAULT_PRIV);
        g_assert_true(can(t, &space, &gpccs, GP_ACCESS_WRITE));
        g_assert_true(can(t, &space, &host, GP_ACCESS_WRITE));

        /* Kinds and comptags change no address. */
        set(t, entry, 0xfe0ffff000000000 | 0x2000000 >> 4 | PTE_VALID);
        g_assert_cmphex(xlat_of(t, &space, VA).addr & ~0x1fffffull, ==,
                        0x2000000);
        test_gpu_free(t);
    }
}

static void test_apertures(void)
{
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_VRAM);
    /* System addresses are longer than VRAM's: 47 bits, PTE bits 53:8. */
    set(t, SMALL_ENTRY, 0x712345678000 >> 4 | PTE_VALID | PTE_COH);
    assert_xlat(t, &space, VA, GP_SYS_COHERENT, 0x712345678678, 0x988);
    set(t, SMALL_ENTRY, TEST_HIGH_BASE >> 4 | PTE_VALID | PTE_NONCOH);
    assert_xlat(t, &space, VA, GP_SYS_NONCOHERENT, TEST_HIGH_BASE + 0x678,
                0x988);
    set(t, SMALL_ENTRY, 0x123000 >> 4 | PTE_VALID | PTE_PEER);
    g_assert_cmpuint(fault_of(t, &space, &l1, VA, GP_ACCESS_READ), ==,
                     GP_FAULT_UNSUPPORTED_APERTURE);
    test_gpu_free(t);
}

/* Every table in another aperture; the reads of entries are counted so. */
static void test_tables(void)
{
    GpSpace space;
    TestGpu *t = start(&space);
    uint64_t walks, vram, sys;

    test_set64(t, GP_SYS_COHERENT, PD2_ENTRY, PD1 >> 4 | PDE_NONCOH);
    test_set64(t, GP_SYS_COHERENT, PD1_ENTRY, PD0 >> 4 | PDE_VRAM);
    test_set64(t, GP_SYS_COHERENT, BIG_ENTRY, 0);
    test_set64(t, GP_SYS_COHERENT, SMALL_ENTRY, 0x123000 >> 4 | PTE_VALID);
    set(t, PD3_ENTRY, PD2 >> 4 | PDE_COH | VOL);
    set(t, PD2_ENTRY, 0);
    set(t, PD1_ENTRY, 0);
    set(t, PD0_ENTRY, BIG >> 4 | PDE_COH);
    set(t, PD0_ENTRY + 8, SMALL >> 4 | PDE_NONCOH);
    walks = test_counter(t, GP_COUNTER_WALKS);
    vram = test_counter(t, GP_COUNTER_PTE_READS_VRAM);
    sys = test_counter(t, GP_COUNTER_PTE_READS_SYSTEM);
    assert_xlat(t, &space, VA, GP_VRAM, 0x123678, 0x988);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_WALKS) - walks, ==, 1);
    /* PD3 and the dual PDE; PD2, PD1 and both PTEs. */
    g_assert_cmpuint(test_counter(t, GP_COUNTER_PTE_READS_VRAM) - vram, ==,
                     2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_PTE_READS_SYSTEM) - sys, ==,
                     4);

    /* The directory itself. */
    test_set64(t, GP_SYS_NONCOHERENT, PD3_ENTRY, PD2 >> 4 | PDE_COH);
    set(t, PD3_ENTRY, 0);
    space.pdb_ap = GP_SYS_NONCOHERENT;
    assert_xlat(t, &space, VA, GP_VRAM, 0x123678, 0x988);
    test_gpu_free(t);
}

static void test_limit(void)
{
    GpSpace space;
    TestGpu *t = start(&space);

    set(t, PD0_ENTRY, 0x2000000 >> 4 | PTE_VALID);
    space.limit = VA | 0xfff;
    /* The leaf goes on, the address space does not. */
    assert_xlat(t, &space, VA, GP_VRAM, 0x2135678, 0x988);
    g_assert_cmpuint(fault_of(t, &space, &l1, (VA | 0xfff) + 1,
                              GP_ACCESS_READ), ==, GP_FAULT_VA_LIMIT);
    space.limit = (1ull << 49) - 1;
    g_assert_cmpuint(fault_of(t, &space, &l1, VA | 1ull << 49,
                              GP_ACCESS_READ), ==, GP_FAULT_VA_LIMIT);
    g_assert_cmpuint(fault_of(t, &space, &l1, UINT64_MAX, GP_ACCESS_WRITE),
                     ==, GP_FAULT_VA_LIMIT);
    test_gpu_free(t);
}

static void test_access(void)
{
    TestGpu *t = test_gpu_new(NULL);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    GpSpace space = test_vm_space(vm);
    uint8_t data[0x3000], back[0x3000];
    GpFault fault;
    uint32_t word;

    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = i * 7 + (i >> 8);
    }
    /* Three pages in a row, in three places. */
    test_vm_map(vm, 0x10000, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
    test_vm_map(vm, 0x11000, GP_SYS_COHERENT, 0x5000, 0x1000, TEST_4K, 0);
    test_vm_map(vm, 0x12000, GP_VRAM, 0x700000, 0x1000, TEST_4K, 0);
    g_assert_true(gp_mmu_write(t->gpu, &space, &ce0, 0x10800, data, 0x2000,
                               &fault));
    g_assert_cmpint(memcmp(t->vram + 0x800800, data, 0x800), ==, 0);
    g_assert_cmpint(memcmp(t->sys + 0x5000, data + 0x800, 0x1000), ==, 0);
    g_assert_cmpint(memcmp(t->vram + 0x700000, data + 0x1800, 0x800), ==, 0);
    g_assert_true(gp_mmu_read(t->gpu, &space, &ce0, 0x10800, back, 0x2000,
                              &fault));
    g_assert_cmpint(memcmp(back, data, 0x2000), ==, 0);

    /* Across the end: what was mapped is done, the rest is all ones. */
    g_assert_false(gp_mmu_write(t->gpu, &space, &ce0, 0x12ff0, data, 0x20,
                                &fault));
    g_assert_cmphex(fault.va, ==, 0x13000);
    g_assert_cmpuint(fault.access, ==, GP_ACCESS_WRITE);
    g_assert_cmpint(memcmp(t->vram + 0x700ff0, data, 0x10), ==, 0);
    g_assert_false(gp_mmu_read(t->gpu, &space, &ce0, 0x12ff0, back, 0x20,
                               &fault));
    g_assert_cmpuint(fault.access, ==, GP_ACCESS_READ);
    g_assert_cmpint(memcmp(back, data, 0x10), ==, 0);
    g_assert_cmphex(back[0x10], ==, 0xff);
    g_assert_cmphex(back[0x1f], ==, 0xff);

    g_assert_true(gp_mmu_write32(t->gpu, &space, &ce0, 0x10ffe, 0x44332211,
                                 &fault));
    g_assert_cmphex(t->vram[0x800fff], ==, 0x22);
    g_assert_cmphex(t->sys[0x5000], ==, 0x33);
    g_assert_true(gp_mmu_read32(t->gpu, &space, &ce0, 0x10ffe, &word,
                                &fault));
    g_assert_cmphex(word, ==, 0x44332211);

    /* Mapped, but nothing answers: no MMU fault. */
    test_vm_map(vm, 0x20000, GP_SYS_COHERENT, 1ull << 40, 0x1000, TEST_4K, 0);
    g_assert_true(gp_mmu_read32(t->gpu, &space, &ce0, 0x20000, &word,
                                &fault));
    g_assert_cmphex(word, ==, UINT32_MAX);
    g_assert_true(gp_mmu_write32(t->gpu, &space, &ce0, 0x20000, 1, &fault));
    test_gpu_free(t);
}

static void test_cmpxchg(void)
{
    TestGpu *t = test_gpu_new(NULL);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    GpSpace space = test_vm_space(vm);
    GpFault fault;
    GpXlat xlat;
    uint64_t old;

    test_vm_map(vm, 0x10000, GP_SYS_COHERENT, 0x5000, 0x1000, TEST_4K, 0);
    test_set32(t, GP_SYS_COHERENT, 0x5010, 41);
    g_assert_true(gp_mmu_translate(t->gpu, &space, &l1, 0x10010,
                                   GP_ACCESS_ATOMIC, &xlat, &fault));
    g_assert_true(gp_xlat_cmpxchg(t->gpu, &xlat, 4, 41, 42, &old));
    g_assert_cmpuint(old, ==, 41);
    g_assert_cmpuint(test_mem32(t, GP_SYS_COHERENT, 0x5010), ==, 42);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mmu/bind", test_bind);
    g_test_add_func("/mmu/walk/4k", test_small);
    g_test_add_func("/mmu/walk/64k", test_big);
    g_test_add_func("/mmu/walk/2m", test_huge);
    g_test_add_func("/mmu/walk/dual", test_dual);
    g_test_add_func("/mmu/walk/missing", test_missing);
    g_test_add_func("/mmu/walk/sparse", test_sparse);
    g_test_add_func("/mmu/walk/tables", test_tables);
    g_test_add_func("/mmu/permissions", test_permissions);
    g_test_add_func("/mmu/apertures", test_apertures);
    g_test_add_func("/mmu/limit", test_limit);
    g_test_add_func("/mmu/access", test_access);
    g_test_add_func("/mmu/cmpxchg", test_cmpxchg);
    return g_test_run();
}
