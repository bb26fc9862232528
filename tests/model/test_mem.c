/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory, and the registers of FB, LTC and the flushes. */
#include <glib.h>
#include <string.h>

#include "harness.h"

static void test_vram(void)
{
    TestGpu *t = test_gpu_new(NULL);
    uint64_t end = t->vram_size;
    uint8_t buf[16];

    g_assert_true(gp_mem_write(t->gpu, GP_VRAM, 0x1233, "0123456789", 10));
    g_assert_cmpint(memcmp(t->vram + 0x1233, "0123456789", 10), ==, 0);
    g_assert_true(gp_mem_read(t->gpu, GP_VRAM, 0x1235, buf, 3));
    g_assert_cmpint(memcmp(buf, "234", 3), ==, 0);

    gp_mem_write64(t->gpu, GP_VRAM, end - 8, 0x1122334455667788);
    g_assert_cmphex(gp_mem_read64(t->gpu, GP_VRAM, end - 8), ==,
                    0x1122334455667788);
    g_assert_cmphex(gp_mem_read32(t->gpu, GP_VRAM, end - 4), ==, 0x11223344);

    /* The end is the end, and no sum of address and length wraps. */
    g_assert_false(gp_mem_write(t->gpu, GP_VRAM, end - 4, buf, 8));
    g_assert_cmphex(gp_mem_read64(t->gpu, GP_VRAM, end - 4), ==, UINT64_MAX);
    g_assert_cmphex(gp_mem_read32(t->gpu, GP_VRAM, end), ==, UINT32_MAX);
    g_assert_false(gp_mem_read(t->gpu, GP_VRAM, UINT64_MAX - 3, buf, 8));
    g_assert_false(gp_mem_write(t->gpu, GP_VRAM, UINT64_MAX - 3, buf, 8));
    g_assert_false(gp_mem_write(t->gpu, GP_VRAM, 8, buf, UINT64_MAX - 3));
    g_assert_cmphex(gp_mem_read32(t->gpu, GP_VRAM, end - 4), ==, 0x11223344);
    test_gpu_free(t);
}

static void test_system(void)
{
    TestGpu *t = test_gpu_new(NULL);
    uint8_t buf[4];

    for (GpAperture ap = GP_SYS_COHERENT; ap <= GP_SYS_NONCOHERENT; ap++) {
        gp_mem_write32(t->gpu, ap, TEST_HIGH_BASE + 4, 0xcafe0000 + ap);
        g_assert_cmphex(test_mem32(t, ap, TEST_HIGH_BASE + 4), ==,
                        0xcafe0000 + ap);
        g_assert_cmphex(gp_mem_read32(t->gpu, ap, TEST_HIGH_BASE + 4), ==,
                        0xcafe0000 + ap);
    }
    /* Nothing answers: no such memory, and no peer at all. */
    g_assert_false(gp_mem_write(t->gpu, GP_SYS_COHERENT, 1ull << 46, buf, 4));
    g_assert_cmphex(gp_mem_read32(t->gpu, GP_SYS_COHERENT, 1ull << 46), ==,
                    UINT32_MAX);
    g_assert_false(gp_mem_write(t->gpu, GP_PEER, 0, buf, 4));
    memset(buf, 0, sizeof(buf));
    g_assert_false(gp_mem_read(t->gpu, GP_PEER, 0, buf, 4));
    g_assert_cmphex(buf[3], ==, 0xff);
    test_gpu_free(t);
}

static void test_cmpxchg(void)
{
    TestGpu *t = test_gpu_new(NULL);
    uint64_t old;

    for (GpAperture ap = GP_VRAM; ap <= GP_SYS_NONCOHERENT; ap++) {
        if (ap == GP_PEER) {
            continue;
        }
        test_set64(t, ap, 0x100, 0xaaaaaaaa00000005);
        g_assert_true(gp_mem_cmpxchg(t->gpu, ap, 0x100, 4, 4, 9, &old));
        g_assert_cmphex(old, ==, 5);
        g_assert_cmphex(test_mem64(t, ap, 0x100), ==, 0xaaaaaaaa00000005);
        /* Only 4 bytes count, whatever stands above them. */
        g_assert_true(gp_mem_cmpxchg(t->gpu, ap, 0x100, 4, 0x700000005ull,
                                     0x700000009ull, &old));
        g_assert_cmphex(old, ==, 5);
        g_assert_cmphex(test_mem64(t, ap, 0x100), ==, 0xaaaaaaaa00000009);
        g_assert_true(gp_mem_cmpxchg(t->gpu, ap, 0x100, 8,
                                     0xaaaaaaaa00000009, 1, &old));
        g_assert_cmphex(old, ==, 0xaaaaaaaa00000009);
        g_assert_cmphex(test_mem64(t, ap, 0x100), ==, 1);

        g_assert_false(gp_mem_cmpxchg(t->gpu, ap, 0x104, 8, 0, 1, &old));
        g_assert_cmphex(old, ==, UINT64_MAX);
        g_assert_false(gp_mem_cmpxchg(t->gpu, ap, 0x100, 2, 1, 2, &old));
        g_assert_false(gp_mem_cmpxchg(t->gpu, ap, 1ull << 46, 4, 0, 1, &old));
        g_assert_cmphex(old, ==, UINT32_MAX);
    }
    g_assert_false(gp_mem_cmpxchg(t->gpu, GP_PEER, 0, 4, 0, 1, &old));
    g_assert_true(gp_mem_cmpxchg(t->gpu, GP_SPARSE, 0, 4, 5, 1, &old));
    g_assert_cmphex(old, ==, 0);
    test_gpu_free(t);
}

/* gp102_fb_vidmem_size reads bits 9:4 << (bits 3:0 + 20). */
static void test_vidmem_size(void)
{
    for (unsigned shift = 26; shift <= 34; shift++) {
        GpConfig cfg;
        TestGpu *t;
        uint32_t val;

        gp107_config_init(&cfg);
        cfg.vram_size = 1ull << shift;
        t = test_gpu_new(&cfg);
        val = test_rd(t, 0x100ce0);
        g_assert_cmphex(val & 0x40000000, ==, 0);
        g_assert_cmphex((uint64_t)(val >> 4 & 0x3f) << ((val & 15) + 20), ==,
                        cfg.vram_size);
        test_wr(t, 0x100ce0, 0);
        g_assert_cmphex(test_rd(t, 0x100ce0), ==, val);
        test_gpu_free(t);
    }
}

static void test_registers(void)
{
    static const uint32_t flushes[] = { 0x070000, 0x070004, 0x070010 };
    TestGpu *t = test_gpu_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(flushes); i++) {
        test_wr(t, flushes[i], 1);
        g_assert_cmphex(test_rd(t, flushes[i]) & 3, ==, 0);
    }

    test_wr(t, 0x100cd0, 0x12);
    g_assert_cmphex(test_rd(t, 0x100cd0), ==, 2);

    gp_mem_set_wpr(t->gpu, 0x3e00000, 0x3ee0000);
    test_wr(t, 0x100cd4, 2);
    g_assert_cmphex((uint64_t)(test_rd(t, 0x100cd4) & 0xffffff00) << 8, ==,
                    0x3e00000);
    test_wr(t, 0x100cd4, 3);
    g_assert_cmphex((uint64_t)(test_rd(t, 0x100cd4) & 0xffffff00) << 8, ==,
                    0x3ee0000);
    test_wr(t, 0x100cd4, 0);
    g_assert_cmphex(test_rd(t, 0x100cd4), ==, 0);

    g_assert_cmpuint(test_rd(t, 0x17e280) >> 28, >, 0);
    test_wr(t, 0x17e27c, 4);
    g_assert_cmphex(test_rd(t, 0x17e27c), ==, 4);
    g_assert_cmpuint(t->logs[GP_LOG_UNKNOWN], ==, 0);

    gp107_reset(t->gpu);
    test_wr(t, 0x100cd4, 2);
    g_assert_cmphex(test_rd(t, 0x100cd4), ==, 2);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mem/vram", test_vram);
    g_test_add_func("/mem/system", test_system);
    g_test_add_func("/mem/cmpxchg", test_cmpxchg);
    g_test_add_func("/mem/vidmem-size", test_vidmem_size);
    g_test_add_func("/mem/registers", test_registers);
    return g_test_run();
}
