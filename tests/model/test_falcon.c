/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Falcons as nouveau drives them: memories through their ports, ACR on SEC2,
 * the queue of SEC2's firmware, and the methods of FECS's.
 */
#include <glib.h>

#include "harness.h"
#include "gr/gr.h"
#include "top/pmc.h"

#define SEC2        0x087000
#define PMU         0x10a000
#define FECS        0x409000
#define GPCCS       0x41a000

#define WPR         0x00800000u
#define SHADOW      0x00840000u
#define WPR_SIZE    0x00040000u
#define DESC_VA     0x00100000ull

#define LSF_FECS    2
#define LSF_GPCCS   3
#define LSF_SEC2    7

static void test_ports(void)
{
    TestGpu *t = test_gpu_new(NULL);

    test_wr(t, FECS + 0x1c0, 0x01000010);
    test_wr(t, FECS + 0x1c4, 0x11111111);
    test_wr(t, FECS + 0x1c4, 0x22222222);
    g_assert_cmphex(test_rd(t, FECS + 0x1c0), ==, 0x01000018);
    test_wr(t, FECS + 0x1c8, 0x02000010);
    g_assert_cmphex(test_rd(t, FECS + 0x1cc), ==, 0x11111111);
    g_assert_cmphex(test_rd(t, FECS + 0x1cc), ==, 0x22222222);
    g_assert_cmphex(test_rd(t, FECS + 0x1cc), ==, 0);

    test_wr(t, FECS + 0x180, 0x01000100);
    test_wr(t, FECS + 0x188, 1);
    test_wr(t, FECS + 0x184, 0x33333333);
    test_wr(t, FECS + 0x180, 0x02000100);
    g_assert_cmphex(test_rd(t, FECS + 0x184), ==, 0x33333333);

    /* Beyond the end: nothing is there, and nothing is hurt. */
    test_wr(t, FECS + 0x1c0, 0x01fffffc);
    test_wr(t, FECS + 0x1c4, 0x44444444);
    test_wr(t, FECS + 0x1c0, 0x02fffffc);
    g_assert_cmphex(test_rd(t, FECS + 0x1c4), ==, 0);
    g_assert_cmphex(test_rd(t, FECS + 0x108) & 0x1ff, !=, 0);

    /* EMEM is SEC2's alone. */
    test_wr(t, SEC2 + 0xac0, 0x01000000);
    test_wr(t, SEC2 + 0xac4, 0x55555555);
    test_wr(t, SEC2 + 0xac0, 0x02000000);
    g_assert_cmphex(test_rd(t, SEC2 + 0xac4), ==, 0x55555555);

    /* A reset scrubs. */
    test_wr(t, SEC2 + 0x3c0, 1);
    test_wr(t, SEC2 + 0x3c0, 0);
    test_wr(t, SEC2 + 0xac0, 0x02000000);
    g_assert_cmphex(test_rd(t, SEC2 + 0xac4), ==, 0);
    test_gpu_free(t);
}

static void test_interrupts(void)
{
    TestGpu *t = test_gpu_new(NULL);

    test_wr(t, SEC2 + 0x01c, 0x40);
    test_wr(t, SEC2 + 0x000, 0x40);
    g_assert_cmphex(test_rd(t, SEC2 + 0x008), ==, 0x40);
    g_assert_cmphex(test_rd(t, 0x100) & (1u << GP_INTR_SEC2), ==, 0);
    test_wr(t, SEC2 + 0x010, 0x40);
    g_assert_cmphex(test_rd(t, 0x100) & (1u << GP_INTR_SEC2), !=, 0);
    test_wr(t, SEC2 + 0x004, 0x40);
    g_assert_cmphex(test_rd(t, 0x100) & (1u << GP_INTR_SEC2), ==, 0);
    test_gpu_free(t);
}

static void write_header(TestGpu *t, unsigned index, uint32_t id,
                         uint32_t lsb)
{
    uint32_t at = SHADOW + index * 0x18;

    test_set32(t, GP_VRAM, at + 0x00, id);
    test_set32(t, GP_VRAM, at + 0x04, lsb);
    test_set32(t, GP_VRAM, at + 0x14, 1);
    test_set32(t, GP_VRAM, SHADOW + lsb + 192 + 0x00, 0x1000);
    test_set32(t, GP_VRAM, SHADOW + lsb + 192 + 0x04, 0x200);
    test_set32(t, GP_VRAM, SHADOW + lsb + 192 + 0x08, 0x100);
}

/* Images for three falcons, and an ACR descriptor at DESC_VA of @vm. */
static void build_wpr(TestGpu *t, TestVm *vm)
{
    uint64_t desc = test_vm_fill(vm, DESC_VA, GP_SYS_COHERENT, 0x1000);

    write_header(t, 0, LSF_SEC2, 0x200);
    write_header(t, 1, LSF_FECS, 0x400);
    write_header(t, 2, LSF_GPCCS, 0x600);
    test_set32(t, GP_VRAM, SHADOW + 3 * 0x18, 0xffffffff);
    test_set32(t, GP_VRAM, SHADOW + 0x1000, 0xc0de0001);

    test_set32(t, GP_SYS_COHERENT, desc + 0x210, 1);
    test_set32(t, GP_SYS_COHERENT, desc + 0x21c, 2);
    test_set32(t, GP_SYS_COHERENT, desc + 0x220, WPR >> 8);
    test_set32(t, GP_SYS_COHERENT, desc + 0x224, (WPR + WPR_SIZE) >> 8);
    test_set32(t, GP_SYS_COHERENT, desc + 0x238, SHADOW >> 8);
}

/* Binds @vm, puts the boot loader's descriptor in DMEM, and starts. */
static void boot_hs(TestGpu *t, TestVm *vm, uint32_t falcon, uint32_t bind)
{
    uint64_t inst = test_vram_alloc(t, 0x1000, 0x1000);

    test_vm_instance(vm, GP_VRAM, inst);
    test_wr(t, falcon + 0x3c0, 1);
    test_wr(t, falcon + 0x3c0, 0);
    test_wr(t, falcon + bind, 0x40000000 | inst >> 12);
    g_assert_cmphex(test_rd(t, falcon + 0x0dc) >> 12 & 7, ==, 5);
    g_assert_cmphex(test_rd(t, falcon + 0x008) & 8, ==, 8);
    test_wr(t, falcon + 0x004, 8);
    test_wr(t, falcon + 0x058, 2);
    g_assert_cmphex(test_rd(t, falcon + 0x0dc) >> 12 & 7, ==, 0);

    test_wr(t, falcon + 0x1c0, 0x01000000);
    for (unsigned at = 0; at < 0x4c; at += 4) {
        test_wr(t, falcon + 0x1c4, at == 0x40 ? (uint32_t)DESC_VA :
                                   at == 0x48 ? 0x300 : 0);
    }
    test_wr(t, falcon + 0x040, 0xcafebeef);
    test_wr(t, falcon + 0x104, 0xfd00);
    test_wr(t, falcon + 0x100, 2);
    g_assert_cmphex(test_rd(t, falcon + 0x100) & 0x10, ==, 0x10);
    g_assert_cmphex(test_rd(t, falcon + 0x008) & 0x10, ==, 0x10);
    test_wr(t, falcon + 0x004, 0x10);
}

static uint64_t wpr_register(TestGpu *t, uint32_t index)
{
    test_wr(t, 0x100cd4, index);
    return (uint64_t)(test_rd(t, 0x100cd4) & 0xffffff00) << 8;
}

static void load_acr(TestGpu *t)
{
    TestVm *vm = test_vm_new(t, GP_VRAM);

    build_wpr(t, vm);
    boot_hs(t, vm, SEC2, 0x054);
    g_assert_cmphex(test_rd(t, SEC2 + 0x040), ==, 0);
}

static void test_acr(void)
{
    TestGpu *t = test_gpu_new(NULL);

    load_acr(t);
    g_assert_cmphex(wpr_register(t, 2), ==, WPR);
    g_assert_cmphex(wpr_register(t, 3) + 0x20000, ==, WPR + WPR_SIZE);
    g_assert_cmphex(test_mem32(t, GP_VRAM, WPR + 0x1000), ==, 0xc0de0001);
    g_assert_cmphex(test_mem32(t, GP_VRAM, WPR + 0x18), ==, LSF_FECS);
    g_assert_cmphex(test_mem32(t, GP_VRAM, WPR + 0x18 + 0x14), ==, 6);
    boot_hs(t, test_vm_new(t, GP_VRAM), PMU, 0x480);
    g_assert_cmphex(test_rd(t, PMU + 0x040), ==, 0x1d);
    test_gpu_free(t);
}

static void acr_fails(uint32_t at, uint32_t val, bool in_desc)
{
    TestGpu *t = test_gpu_new(NULL);
    TestVm *vm = test_vm_new(t, GP_VRAM);

    build_wpr(t, vm);
    if (in_desc) {
        uint64_t pte = test_mem64(t, GP_VRAM,
                                  test_vm_pte(vm, DESC_VA, TEST_4K));

        test_set32(t, GP_SYS_COHERENT, (pte >> 8 << 12) + at, val);
    } else {
        test_set32(t, GP_VRAM, SHADOW + at, val);
    }
    boot_hs(t, vm, SEC2, 0x054);
    g_assert_cmphex(test_rd(t, SEC2 + 0x040), !=, 0);
    /* Nothing was made ready to run. */
    test_wr(t, SEC2 + 0x100, 2);
    g_assert_cmphex(test_rd(t, SEC2 + 0xa30), ==, test_rd(t, SEC2 + 0xa34));
    test_gpu_free(t);
}

static void test_acr_bad(void)
{
    acr_fails(0x210, 0, true);                      /* no region */
    acr_fails(0x224, WPR >> 8, true);               /* empty */
    acr_fails(0x224, 0xfffffe00, true);             /* huge */
    acr_fails(0x238, 0xfffffe00, true);             /* no such VRAM */
    acr_fails(0x04, WPR_SIZE - 4, false);           /* LSB header outside */
    acr_fails(0x200 + 192 + 4, 0xfffffff0, false);  /* image outside */
}

static uint32_t emem(TestGpu *t, uint32_t at)
{
    test_wr(t, SEC2 + 0xac0, 0x02000000 | (at & 0x00ffffff));
    return test_rd(t, SEC2 + 0xac4);
}

/* Where the queues are, from the init message; takes it. */
static uint32_t start_sec2(TestGpu *t)
{
    uint32_t at = test_rd(t, SEC2 + 0xa34);

    load_acr(t);
    test_wr(t, SEC2 + 0x014, ~0u);
    test_wr(t, SEC2 + 0x100, 2);
    g_assert_cmphex(test_rd(t, SEC2 + 0x100) & 0x10, ==, 0);
    g_assert_cmphex(test_rd(t, 0x100) & (1u << GP_INTR_SEC2), !=, 0);
    g_assert_cmphex(test_rd(t, SEC2 + 0x01c) & 0x40, ==, 0x40);
    g_assert_cmpuint(test_rd(t, SEC2 + 0xa30) - at, ==, 32);
    g_assert_cmphex(emem(t, at) & 0xffff, ==, 0x2001);
    g_assert_cmphex(emem(t, at + 4) & 0xffff, ==, 0x0200);
    g_assert_cmphex(emem(t, at + 12) >> 24, ==, 0);
    g_assert_cmphex(emem(t, at + 20) >> 24, ==, 1);
    test_wr(t, SEC2 + 0xa34, test_rd(t, SEC2 + 0xa30));
    test_wr(t, SEC2 + 0x004, 0x40);
    return emem(t, at + 8);
}

static void emem_write(TestGpu *t, uint32_t at, uint32_t val)
{
    test_wr(t, SEC2 + 0xac0, 0x01000000 | (at & 0x00ffffff));
    test_wr(t, SEC2 + 0xac4, val);
}

/*
 * Sends a command at the queue's head, or, when it would run over the end, at
 * @base behind a rewind; gives where the answer is.
 */
static uint32_t command(TestGpu *t, uint32_t base, const uint32_t *words,
                        unsigned count)
{
    uint32_t head = test_rd(t, SEC2 + 0xa00);
    uint32_t tail = test_rd(t, SEC2 + 0xa34);

    if (base + 0x80 - head - 4 < 4 * count) {
        emem_write(t, head, 0x00000400);
        head = base;
    }
    for (unsigned i = 0; i < count; i++) {
        emem_write(t, head + 4 * i, words[i]);
    }
    test_wr(t, SEC2 + 0xa00, head + 4 * count);
    return tail;
}

static void bootstrap(TestGpu *t, uint32_t base, uint32_t id, uint32_t error)
{
    const uint32_t words[] = { 0x05031008, 0, 0, id };
    uint32_t answer = command(t, base, words, 4);

    if (test_rd(t, SEC2 + 0xa30) < answer) {
        answer = 0x01000080;
    }
    g_assert_cmphex(emem(t, answer), ==, 0x05031008);
    g_assert_cmphex(emem(t, answer + 8), ==, error);
    g_assert_cmphex(emem(t, answer + 12), ==, id);
    g_assert_cmphex(test_rd(t, SEC2 + 0x008) & 0x40, ==, 0x40);
    test_wr(t, SEC2 + 0x004, 0x40);
    test_wr(t, SEC2 + 0xa34, test_rd(t, SEC2 + 0xa30));
}

static void test_sec2(void)
{
    TestGpu *t = test_gpu_new(NULL);
    const uint32_t unload[] = { 0x07030406 };
    uint32_t base = start_sec2(t);
    uint32_t answer;

    /* Round both rings, a few times. */
    for (unsigned i = 0; i < 40; i++) {
        bootstrap(t, base, i % 3 ? LSF_FECS : LSF_GPCCS, 0);
        g_assert_cmphex(test_rd(t, SEC2 + 0xa04), ==,
                        test_rd(t, SEC2 + 0xa00));
    }
    bootstrap(t, base, 5, 1);

    /* Addresses and sizes that lead nowhere. */
    test_wr(t, SEC2 + 0xa00, 0xfffffffc);
    test_wr(t, SEC2 + 0xa04, 0);
    test_wr(t, SEC2 + 0xa00, 0x10);
    test_wr(t, SEC2 + 0xa00, base);
    test_wr(t, SEC2 + 0xa04, base);
    test_wr(t, SEC2 + 0xa34, test_rd(t, SEC2 + 0xa30));

    answer = command(t, base, unload, 1);
    g_assert_cmphex(emem(t, answer), ==, 0x07030406);
    g_assert_cmphex(test_rd(t, SEC2 + 0x100) & 0x10, ==, 0x10);
    test_gpu_free(t);
}

/* A message that comes before the interrupt is cleared is told of again. */
static void test_sec2_reminder(void)
{
    TestGpu *t = test_gpu_new(NULL);
    const uint32_t words[] = { 0x05031008, 0, 0, LSF_FECS };
    uint32_t base = start_sec2(t);

    command(t, base, words, 4);
    test_wr(t, SEC2 + 0x004, 0x40);
    g_assert_cmphex(test_rd(t, SEC2 + 0x008) & 0x40, ==, 0);
    test_advance(t, 1000000);
    g_assert_cmphex(test_rd(t, SEC2 + 0x008) & 0x40, ==, 0x40);
    test_wr(t, SEC2 + 0xa34, test_rd(t, SEC2 + 0xa30));
    test_wr(t, SEC2 + 0x004, 0x40);
    test_advance(t, 1000000);
    g_assert_cmphex(test_rd(t, SEC2 + 0x008) & 0x40, ==, 0);
    test_gpu_free(t);
}

static uint32_t fecs_method(TestGpu *t, uint32_t data, uint32_t method)
{
    test_wr(t, FECS + 0x800, 0);
    test_wr(t, FECS + 0x804, 0xffffffff);
    test_wr(t, FECS + 0x500, data);
    test_wr(t, FECS + 0x504, method);
    return test_rd(t, FECS + 0x800);
}

static void test_fecs(void)
{
    TestGpu *t = test_gpu_new(NULL);
    TestVm *vm;
    uint64_t inst, ctx;
    uint32_t base;

    /* Without secure firmware it does not start. */
    test_wr(t, FECS + 0x100, 2);
    g_assert_cmphex(test_rd(t, FECS + 0x800) & 1, ==, 0);

    base = start_sec2(t);
    bootstrap(t, base, LSF_FECS, 0);
    bootstrap(t, base, LSF_GPCCS, 0);
    test_wr(t, FECS + 0x800, 0);
    test_wr(t, GPCCS + 0x100, 2);
    test_wr(t, FECS + 0x100, 2);
    g_assert_cmphex(test_rd(t, FECS + 0x800) & 1, ==, 1);
    g_assert_cmphex(test_rd(t, FECS + 0x604), ==, 0x00010001);
    g_assert_cmphex(fecs_method(t, 0, 0x10), ==, 0x10000);
    g_assert_cmphex(fecs_method(t, 0, 0x16), !=, 0);
    g_assert_cmphex(fecs_method(t, 0, 0x25), !=, 0);

    vm = test_vm_new(t, GP_VRAM);
    inst = test_vram_alloc(t, 0x1000, 0x1000);
    test_vm_instance(vm, GP_VRAM, inst);
    g_assert_cmphex(fecs_method(t, inst >> 12, 0x03), ==, 0x20);
    g_assert_cmphex(fecs_method(t, 0x80000000 | inst >> 12, 0x03), ==, 0x10);
    g_assert_cmphex(test_rd(t, FECS + 0xb00), ==, 0x80000000 | inst >> 12);

    /* The golden image wants a context that is mapped. */
    g_assert_cmphex(fecs_method(t, 0x80000000 | inst >> 12, 0x09), ==, 2);
    ctx = 0x00400000;
    test_vm_fill(vm, ctx, GP_VRAM, 0x10000);
    test_vm_flush(vm);
    test_set64(t, GP_VRAM, inst + 0x210, ctx | 4);
    g_assert_cmphex(fecs_method(t, 0x80000000 | inst >> 12, 0x09), ==, 1);
    test_wr(t, FECS + 0xb00, inst >> 12);
    g_assert_cmphex(test_rd(t, FECS + 0xb00), ==, 0);
    /* Or it is unloaded by a switch to none. */
    fecs_method(t, 0x80000000 | inst >> 12, 0x03);
    test_wr(t, FECS + 0xb04, 0);
    test_wr(t, FECS + 0x000, 0x100);
    g_assert_cmphex(test_rd(t, FECS + 0xb00), ==, 0);

    fecs_method(t, ~0u, 0x38);
    g_assert_cmphex(test_rd(t, FECS + 0x804), ==, 1);
    fecs_method(t, ~0u, 0x39);
    g_assert_cmphex(test_rd(t, FECS + 0x804), ==, 1);
    fecs_method(t, 0, 0x7f);
    g_assert_cmphex(test_rd(t, FECS + 0x804), ==, 2);

    /* GR's reset takes the firmware with it. */
    test_wr(t, 0x000200, ~(1u << 12));
    test_wr(t, 0x000200, ~0u);
    test_wr(t, FECS + 0x100, 2);
    g_assert_cmphex(test_rd(t, FECS + 0x800) & 1, ==, 0);
    test_gpu_free(t);
}

static void test_devinit(void)
{
    TestGpu *t = test_gpu_new(NULL);

    test_wr(t, PMU + 0x040, 0x00005000);
    test_wr(t, PMU + 0x100, 2);
    g_assert_cmphex(test_rd(t, PMU + 0x040) & 0x2000, ==, 0x2000);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/falcon/ports", test_ports);
    g_test_add_func("/falcon/interrupts", test_interrupts);
    g_test_add_func("/falcon/acr", test_acr);
    g_test_add_func("/falcon/acr-bad", test_acr_bad);
    g_test_add_func("/falcon/sec2", test_sec2);
    g_test_add_func("/falcon/sec2-reminder", test_sec2_reminder);
    g_test_add_func("/falcon/fecs", test_fecs);
    g_test_add_func("/falcon/devinit", test_devinit);
    return g_test_run();
}
