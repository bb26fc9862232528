/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU's windows: PRAMIN, BAR1 and BAR2. */
#include <glib.h>
#include <string.h>

#include "harness.h"
#include "mem/bar.h"

#define WINDOW      0x001700            /* dev_bus.ref, NV_PBUS_* */
#define BAR1_BLOCK  0x001704
#define BIND_STATUS 0x001710
#define BAR2_BLOCK  0x001714
#define PRAMIN      0x700000

typedef struct Bar {
    uint32_t block;
    unsigned engine;                    /* dev_fault.h, ENG_ID_BAR1, _BAR2 */
    uint64_t (*read)(Gp107 *gpu, uint64_t addr, unsigned size);
    void (*write)(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size);
} Bar;

static const Bar bars[] = {
    { BAR1_BLOCK, 4, gp107_bar1_read, gp107_bar1_write },
    { BAR2_BLOCK, 5, gp107_bar3_read, gp107_bar3_write },
};

static uint64_t instance(TestVm *vm, GpAperture ap)
{
    uint64_t inst = test_alloc(vm->t, ap, 0x1000, 0x1000);

    test_vm_instance(vm, ap, inst);
    return inst;
}

static void test_pramin(void)
{
    TestGpu *t = test_gpu_new(NULL);

    g_assert_cmphex(test_rd(t, WINDOW), ==, 0);
    test_wr(t, PRAMIN + 0x10, 0x11223344);
    g_assert_cmphex(test_mem32(t, GP_VRAM, 0x10), ==, 0x11223344);

    /* 1 MiB from any multiple of 64 KiB. */
    test_wr(t, WINDOW, 0x123);
    g_assert_cmphex(test_rd(t, WINDOW), ==, 0x123);
    test_wr(t, PRAMIN + 0xffffc, 0x55667788);
    g_assert_cmphex(test_mem32(t, GP_VRAM, 0x132fffc), ==, 0x55667788);
    g_assert_cmphex(test_rd(t, PRAMIN + 0xffffc), ==, 0x55667788);
    gp107_bar0_write(t->gpu, PRAMIN + 3, 0xee, 1);
    g_assert_cmphex(test_mem32(t, GP_VRAM, 0x1230000), ==, 0xee000000);

    /* Its target may be system memory. */
    test_wr(t, WINDOW, 2 << 24 | TEST_HIGH_BASE >> 16);
    test_wr(t, PRAMIN + 8, 0xabcdef01);
    g_assert_cmphex(test_mem32(t, GP_SYS_COHERENT, TEST_HIGH_BASE + 8), ==,
                    0xabcdef01);
    g_assert_cmphex(test_rd(t, PRAMIN + 8), ==, 0xabcdef01);

    /* Beyond VRAM. */
    test_wr(t, WINDOW, t->vram_size >> 16);
    test_wr(t, PRAMIN, 1);
    g_assert_cmphex(test_rd(t, PRAMIN), ==, UINT32_MAX);
    test_gpu_free(t);
}

static void test_physical(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bars); i++) {
        TestGpu *t = test_gpu_new(NULL);

        /* As at power-on. */
        g_assert_cmphex(test_rd(t, bars[i].block), ==, 0);
        bars[i].write(t->gpu, 0x4000, 0x1122334455667788, 8);
        g_assert_cmphex(test_mem64(t, GP_VRAM, 0x4000), ==,
                        0x1122334455667788);
        test_wr(t, bars[i].block, 0x123);
        g_assert_cmphex(bars[i].read(t->gpu, 0, 4), ==, 0);
        bars[i].write(t->gpu, 1, 0xaa, 1);
        g_assert_cmphex(test_mem32(t, GP_VRAM, 0x123000), ==, 0xaa00);
        test_wr(t, bars[i].block, 2 << 28 | 0x456);
        bars[i].write(t->gpu, 2, 0xbbcc, 2);
        g_assert_cmphex(test_mem32(t, GP_SYS_COHERENT, 0x456000), ==,
                        0xbbcc0000);
        test_wr(t, bars[i].block, t->vram_size >> 12);
        g_assert_cmphex(bars[i].read(t->gpu, 0, 4), ==, UINT32_MAX);
        test_gpu_free(t);
    }
}

static void test_virtual(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bars); i++) {
        const Bar *bar = &bars[i];
        TestGpu *t = test_gpu_new(NULL);
        TestVm *vm = test_vm_new(t, GP_VRAM);
        uint32_t block;

        vm->limit = 0x1ffffff;
        test_vm_map(vm, 0x10000, GP_VRAM, 0x800000, 0x1000, TEST_4K, 0);
        test_vm_map(vm, 0x11000, GP_SYS_COHERENT, 0x5000, 0x1000, TEST_4K, 0);
        block = 0x80000000 | instance(vm, GP_VRAM) >> 12;
        test_wr(t, bar->block, block);
        g_assert_cmphex(test_rd(t, bar->block), ==, block);
        g_assert_cmphex(test_rd(t, BIND_STATUS) & 0xf, ==, 0);

        bar->write(t->gpu, 0x10ffc, 0x1122334455667788, 8);
        g_assert_cmphex(test_mem32(t, GP_VRAM, 0x800ffc), ==, 0x55667788);
        g_assert_cmphex(test_mem32(t, GP_SYS_COHERENT, 0x5000), ==,
                        0x11223344);
        g_assert_cmphex(bar->read(t->gpu, 0x10ffe, 4), ==, 0x33445566);
        g_assert_cmphex(gp_fault_unit_pending(t->gpu), ==, 0);

        /* It goes through the hub's TLB, and so keeps what it had. */
        test_vm_map(vm, 0x10000, GP_VRAM, 0x900000, 0x1000, TEST_4K, 0);
        bar->write(t->gpu, 0x10000, 0x1, 4);
        g_assert_cmphex(test_mem32(t, GP_VRAM, 0x800000), ==, 1);
        test_invalidate(vm, 5);             /* as nouveau: hub only */
        bar->write(t->gpu, 0x10000, 0x2, 4);
        g_assert_cmphex(test_mem32(t, GP_VRAM, 0x900000), ==, 2);

        /* An instance block in system memory. */
        test_wr(t, bar->block, 0xa0000000 |
                               instance(vm, GP_SYS_COHERENT) >> 12);
        g_assert_cmphex(bar->read(t->gpu, 0x10000, 4), ==, 2);
        test_gpu_free(t);
    }
}

static void test_miss(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(bars); i++) {
        const Bar *bar = &bars[i];
        uint32_t unit = 0x002800 + bar->engine * 0x10;
        TestGpu *t = test_gpu_new(NULL);
        TestVm *vm = test_vm_new(t, GP_VRAM);
        uint64_t inst = instance(vm, GP_VRAM);

        test_vm_map(vm, 0x10000, GP_VRAM, 0x800000, 0x1000, TEST_4K,
                    TEST_MAP_RO);
        test_wr(t, bar->block, 0x80000000 | inst >> 12);
        test_set32(t, GP_VRAM, 0x800ffc, 0x12345678);
        /* Half of it is there. */
        g_assert_cmphex(bar->read(t->gpu, 0x10ffc, 8), ==,
                        0xffffffff12345678);
        g_assert_cmphex(test_rd(t, 0x00259c), ==, 1u << bar->engine);
        g_assert_cmphex(test_rd(t, unit), ==, inst >> 12);
        g_assert_cmphex(test_rd(t, unit + 4), ==, 0x11000);
        g_assert_cmphex(test_rd(t, unit + 8), ==, 0);
        /* PTE, client HOST_CPU of the hub, read */
        g_assert_cmphex(test_rd(t, unit + 12), ==, 0x00100702);
        test_wr(t, 0x00259c, 1u << bar->engine);
        g_assert_cmphex(test_rd(t, 0x00259c), ==, 0);

        bar->write(t->gpu, 0x10ffc, 0, 4);
        g_assert_cmphex(test_mem32(t, GP_VRAM, 0x800ffc), ==, 0x12345678);
        /* RO, write */
        g_assert_cmphex(test_rd(t, unit + 12), ==, 0x00110706);
        test_wr(t, 0x00259c, UINT32_MAX);

        /* Bound to what is no instance block. */
        test_wr(t, bar->block, 0x80000000 | 0x700000 >> 12);
        g_assert_cmphex(bar->read(t->gpu, 0x10000, 4), ==, UINT32_MAX);
        g_assert_cmphex(test_rd(t, unit + 12) & 0x1f, ==,
                        GP_FAULT_UNBOUND_INST);
        test_gpu_free(t);
    }
}

static void test_gpu_side(void)
{
    TestGpu *t = test_gpu_new(NULL);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    uint32_t val = 0x12345678;

    /* Off, or physical: there is no address space to write through. */
    g_assert_false(gp_bar2_gpu_write(t->gpu, 0x10000, &val, 4));
    g_assert_false(gp_bar2_gpu_read(t->gpu, 0x10000, &val, 4));
    g_assert_cmphex(val, ==, UINT32_MAX);
    test_vm_map(vm, 0x10000, GP_SYS_COHERENT, 0x5000, 0x1000, TEST_4K, 0);
    test_wr(t, BAR2_BLOCK, 0x80000000 | instance(vm, GP_VRAM) >> 12);
    val = 0x12345678;
    g_assert_true(gp_bar2_gpu_write(t->gpu, 0x10010, &val, 4));
    g_assert_cmphex(test_mem32(t, GP_SYS_COHERENT, 0x5010), ==, 0x12345678);
    val = 0;
    g_assert_true(gp_bar2_gpu_read(t->gpu, 0x10010, &val, 4));
    g_assert_cmphex(val, ==, 0x12345678);
    g_assert_false(gp_bar2_gpu_write(t->gpu, 0x11000, &val, 4));
    g_assert_cmphex(gp_fault_unit_pending(t->gpu), ==, 0);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bar/pramin", test_pramin);
    g_test_add_func("/bar/physical", test_physical);
    g_test_add_func("/bar/virtual", test_virtual);
    g_test_add_func("/bar/miss", test_miss);
    g_test_add_func("/bar/gpu-side", test_gpu_side);
    return g_test_run();
}
