/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core: configuration, BAR0 and BAR5 decode, the debug block, switches. */
#include <glib.h>
#include <string.h>

#include "harness.h"

#define UNKNOWN_REG     0x6f0000        /* nobody has it */

static const char *config_error(const GpConfig *cfg)
{
    static const GpHost host;
    const char *error = NULL;
    Gp107 *gpu = gp107_new(&host, cfg, &error);

    g_assert_null(gpu);
    g_assert_nonnull(error);
    return error;
}

static void test_config(void)
{
    GpConfig good, cfg;

    gp107_config_init(&good);
    g_assert_cmphex(good.vram_size, ==, 256 << 20);
    g_assert_cmpuint(good.tpcs, ==, 1);
    g_assert_cmpuint(good.ces, ==, 4);
    g_assert_true(good.strict_tlb);

    cfg = good;
    cfg.vram_size = 3 << 20;
    g_assert_nonnull(strstr(config_error(&cfg), "VRAM"));
    cfg.vram_size = 96 << 20;
    g_assert_nonnull(strstr(config_error(&cfg), "VRAM"));
    cfg.vram_size = 1ull << 40;
    g_assert_nonnull(strstr(config_error(&cfg), "VRAM"));
    cfg = good;
    cfg.tpcs = 0;
    g_assert_nonnull(strstr(config_error(&cfg), "TPC"));
    cfg.tpcs = GP_MAX_TPCS + 1;
    g_assert_nonnull(strstr(config_error(&cfg), "TPC"));
    cfg = good;
    cfg.ces = GP_MAX_CES + 1;
    g_assert_nonnull(strstr(config_error(&cfg), "copy engine"));
    cfg = good;
    cfg.fault_entries = 1;
    g_assert_nonnull(strstr(config_error(&cfg), "fault buffer"));
    cfg = good;
    cfg.ptimer_denominator = 0;
    g_assert_nonnull(strstr(config_error(&cfg), "PTIMER"));
}

/* Each end of each range is accepted. */
static void test_config_limits(void)
{
    static const struct {
        uint64_t vram;
        unsigned tpcs, ces, entries;
    } limits[] = {
        { 64 << 20, 1, 1, 2 },
        { 512 << 20, GP_MAX_TPCS, GP_MAX_CES, 65536 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(limits); i++) {
        GpConfig cfg;
        TestGpu *t;

        gp107_config_init(&cfg);
        cfg.vram_size = limits[i].vram;
        cfg.tpcs = limits[i].tpcs;
        cfg.ces = limits[i].ces;
        cfg.fault_entries = limits[i].entries;
        t = test_gpu_new(&cfg);
        g_assert_cmphex(test_rd(t, 0x002a78), ==, limits[i].entries);
        test_run(t);
        test_gpu_free(t);
    }
}

/* Memory that the model makes itself when the host brings none. */
static void test_own_vram(void)
{
    TestGpu *t = test_gpu_new(NULL);
    GpHost host = t->gpu->host;
    const char *error;
    GpConfig cfg;
    Gp107 *gpu;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    gpu = gp107_new(&host, &cfg, &error);
    g_assert_nonnull(gpu);
    gp107_bar0_write(gpu, 0x001700, (64 << 20 >> 16) - 1, 4);
    gp107_bar0_write(gpu, 0x70fffc, 0xabad1dea, 4);
    g_assert_cmphex(gp107_bar0_read(gpu, 0x70fffc, 4), ==, 0xabad1dea);
    g_assert_cmphex(gp107_bar0_read(gpu, 0x710000, 4), ==, 0xffffffff);
    gp107_free(gpu);
    test_gpu_free(t);
}

static void test_access_sizes(void)
{
    TestGpu *t = test_gpu_new(NULL);
    Gp107 *gpu = t->gpu;

    g_assert_cmphex(gp107_bar0_read(gpu, 0, 4), ==, 0x137000a1);
    g_assert_cmphex(gp107_bar0_read(gpu, 0, 1), ==, 0xa1);
    g_assert_cmphex(gp107_bar0_read(gpu, 3, 1), ==, 0x13);
    g_assert_cmphex(gp107_bar0_read(gpu, 1, 2), ==, 0x7000);
    g_assert_cmphex(gp107_bar0_read(gpu, 2, 4), ==, 0x1370);
    g_assert_cmphex(gp107_bar0_read(gpu, 0, 8), ==, 0x137000a1);
    /* Parts of a register are merged into it; 001700 is one. */
    gp107_bar0_write(gpu, UNKNOWN_REG, 0x1122334455667788, 8);
    g_assert_cmphex(test_rd(t, UNKNOWN_REG), ==, 0x55667788);
    g_assert_cmphex(test_rd(t, UNKNOWN_REG + 4), ==, 0x11223344);
    gp107_bar0_write(gpu, UNKNOWN_REG + 3, 0xaabb, 2);
    g_assert_cmphex(gp107_bar0_read(gpu, UNKNOWN_REG, 8), ==,
                    0x112233aabb667788);
    test_gpu_free(t);
}

/* Any address of the 16 MiB may be read and written at any size. */
static void test_whole_bar0(void)
{
    TestGpu *t = test_gpu_new(NULL);

    for (uint32_t addr = 0; addr < GP_BAR0_SIZE; addr += 0x3fc) {
        gp107_bar0_read(t->gpu, addr, 4);
        if (addr < GP_DEBUG_BASE || addr >= GP_DEBUG_BASE + GP_DEBUG_SIZE) {
            gp107_bar0_write(t->gpu, addr, addr, 4);
        }
    }
    gp107_bar0_write(t->gpu, GP_BAR0_SIZE - 3, ~0ull, 8);
    gp107_bar0_read(t->gpu, GP_BAR0_SIZE - 3, 8);
    test_run(t);
    gp107_reset(t->gpu);
    g_assert_cmphex(test_rd(t, 0), ==, 0x137000a1);
    test_gpu_free(t);
}

/* Told once by address, with the name of the block; never again. */
static void test_unknown_registers(void)
{
    TestGpu *t = test_gpu_new(NULL);
    uint64_t before = test_counter(t, GP_COUNTER_UNKNOWN_REGISTERS);
    unsigned logs = t->logs[GP_LOG_UNKNOWN];

    g_assert_cmphex(test_rd(t, 0x10fff0), ==, 0);
    g_assert_cmpuint(t->logs[GP_LOG_UNKNOWN], ==, logs + 1);
    g_assert_nonnull(strstr(t->last_log, "10fff0"));
    test_wr(t, 0x10fff0, 5);
    g_assert_cmphex(test_rd(t, 0x10fff0), ==, 5);
    g_assert_cmpuint(t->logs[GP_LOG_UNKNOWN], ==, logs + 1);
    test_wr(t, 0x13fff0, 5);
    g_assert_cmpuint(t->logs[GP_LOG_UNKNOWN], ==, logs + 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_UNKNOWN_REGISTERS), ==,
                     before + 2);
    gp107_reset(t->gpu);
    g_assert_cmphex(test_rd(t, 0x10fff0), ==, 0);
    test_gpu_free(t);
}

static uint64_t debug_counter(TestGpu *t, GpCounter counter)
{
    uint32_t addr = GP_DEBUG_BASE + GP_DEBUG_COUNTERS + 8 * counter;
    uint32_t low = test_rd(t, addr);

    return (uint64_t)test_rd(t, addr + 4) << 32 | low;
}

static void test_counters(void)
{
    TestGpu *t = test_gpu_new(NULL);
    uint32_t addr = GP_DEBUG_BASE + GP_DEBUG_COUNTERS + 8 * GP_COUNTER_WALKS;

    g_assert_cmphex(test_rd(t, GP_DEBUG_BASE), ==, GP_DEBUG_MAGIC);
    g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + 4), ==, GP_COUNTER_COUNT);
    for (int i = 0; i < GP_COUNTER_COUNT; i++) {
        g_assert_cmpuint(strlen(gp_counter_name(i)), >, 2);
        t->gpu->stats.counter[i] = (uint64_t)i << 32 | (1000 + i);
    }
    for (int i = 0; i < GP_COUNTER_COUNT; i++) {
        g_assert_cmphex(debug_counter(t, i), ==,
                        (uint64_t)i << 32 | (1000 + i));
    }
    /* The high word belongs to the low one that was read. */
    g_assert_cmphex(test_rd(t, addr), ==, 1000 + GP_COUNTER_WALKS);
    t->gpu->stats.counter[GP_COUNTER_WALKS] = ~0ull;
    g_assert_cmphex(test_rd(t, addr + 4), ==, GP_COUNTER_WALKS);

    addr = GP_DEBUG_BASE + GP_DEBUG_INSTRUCTIONS;
    t->instructions = 0x123456789aull;
    g_assert_cmphex(test_rd(t, addr), ==, 0x3456789a);
    t->instructions = 0;
    g_assert_cmphex(test_rd(t, addr + 4), ==, 0x12);

    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_COMMAND, GP_DEBUG_RESET);
    g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_RESULT), ==, 0);
    for (int i = 0; i < GP_COUNTER_COUNT; i++) {
        g_assert_cmpuint(debug_counter(t, i), ==, 0);
    }
    /* Beyond the last one, and a command that is none. */
    g_assert_cmphex(debug_counter(t, GP_COUNTER_COUNT), ==, 0);
    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_COMMAND, 99);
    g_assert_cmphex(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_RESULT), ==, ~0u);
    test_gpu_free(t);
}

static void test_debug_idle(void)
{
    TestGpu *t = test_gpu_new(NULL);

    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_COMMAND, GP_DEBUG_IDLE);
    g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_RESULT), ==, 1);
    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_COMMAND, GP_DEBUG_COMPARE_TLB);
    g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_RESULT), ==, 0);
    test_gpu_free(t);
}

static void test_switches(void)
{
    TestGpu *t = test_gpu_new(NULL);

    for (int i = 0; i < GP_SWITCH_COUNT; i++) {
        test_wr(t, GP_DEBUG_BASE + GP_DEBUG_SWITCH, i);
        g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_VALUE), ==, 0);
        test_wr(t, GP_DEBUG_BASE + GP_DEBUG_VALUE, i + 3);
        g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_VALUE), ==,
                         i + 3);
        g_assert_cmpuint(t->gpu->cfg.switches[i], ==, i + 3);
    }
    /* A switch that is none changes nothing. */
    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_SWITCH, GP_SWITCH_COUNT);
    test_wr(t, GP_DEBUG_BASE + GP_DEBUG_VALUE, 1);
    g_assert_cmpuint(test_rd(t, GP_DEBUG_BASE + GP_DEBUG_VALUE), ==, 0);

    /* The third time of asking, and then never; all ones: each time. */
    t->gpu->cfg.switches[GP_SWITCH_DROP_REPLAY] = 3;
    g_assert_false(gp_switch_strikes(t->gpu, GP_SWITCH_DROP_REPLAY));
    g_assert_false(gp_switch_strikes(t->gpu, GP_SWITCH_DROP_REPLAY));
    g_assert_true(gp_switch_strikes(t->gpu, GP_SWITCH_DROP_REPLAY));
    g_assert_false(gp_switch_strikes(t->gpu, GP_SWITCH_DROP_REPLAY));
    t->gpu->cfg.switches[GP_SWITCH_DROP_REPLAY] = ~0u;
    for (int i = 0; i < 4; i++) {
        g_assert_true(gp_switch_strikes(t->gpu, GP_SWITCH_DROP_REPLAY));
    }
    test_gpu_free(t);
}

static void test_io_ports(void)
{
    TestGpu *t = test_gpu_new(NULL);
    Gp107 *gpu = t->gpu;

    g_assert_cmphex(gp107_bar5_read(gpu, 0, 4), ==, 0x2469fdb9);
    /* Closed until the master bit is set. */
    gp107_bar5_write(gpu, 0x08, 0, 4);
    g_assert_cmphex(gp107_bar5_read(gpu, 0x0c, 4), ==, 0xffffffff);
    gp107_bar5_write(gpu, 0x00, 1, 4);
    gp107_bar5_write(gpu, 0x04, 1, 4);
    gp107_bar5_write(gpu, 0x08, 0, 4);
    g_assert_cmphex(gp107_bar5_read(gpu, 0x0c, 4), ==, 0x137000a1);
    g_assert_cmphex(gp107_bar5_read(gpu, 0x0d, 1), ==, 0x00);
    g_assert_cmphex(gp107_bar5_read(gpu, 0x0f, 1), ==, 0x13);
    gp107_bar5_write(gpu, 0x08, UNKNOWN_REG, 4);
    gp107_bar5_write(gpu, 0x0c, 77, 4);
    g_assert_cmpuint(test_rd(t, UNKNOWN_REG), ==, 77);
    for (unsigned port = 0; port < GP_BAR5_SIZE; port++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            gp107_bar5_read(gpu, port, size);
        }
    }
    test_gpu_free(t);
}

static bool has_state(uint32_t addr)
{
    /* PROM and the holes behind it are constant; PRAMIN is memory. */
    return !(addr >= 0x180000 && addr < 0x400000) &&
           !(addr >= 0x600000 && addr < 0x800000) && addr < 0xa00000;
}

/* Reset is power-on: after all that can be done, no register tells. */
static void test_reset(void)
{
    TestGpu *t = test_gpu_new(NULL), *fresh = test_gpu_new(NULL);
    GpConfig cfg = t->gpu->cfg;
    TestVm *vm = test_vm_new(t, GP_VRAM);
    TestChannel *ch = test_channel_new(vm, TEST_RUNLIST_GR);

    test_compute_setup(ch);
    g_assert_true(test_finish(ch));
    for (uint32_t addr = 0; addr < GP_BAR0_SIZE; addr += 4) {
        if (has_state(addr)) {
            test_wr(t, addr, addr * 2654435761u);
        }
        if (addr % 0x10000 == 0) {
            test_run(t);
        }
    }
    test_gpu_recycle(t, &cfg);
    g_assert_false(t->irq);
    for (uint32_t addr = 0; addr < GP_BAR0_SIZE; addr += 4) {
        if (has_state(addr) && test_rd(t, addr) != test_rd(fresh, addr)) {
            g_test_message("register %06x", addr);
            g_test_fail();
        }
    }
    /* And it works as it did. */
    vm = test_vm_new(t, GP_VRAM);
    ch = test_channel_new(vm, TEST_RUNLIST_GR);
    test_compute_setup(ch);
    g_assert_true(test_finish(ch));
    test_gpu_free(t);
    test_gpu_free(fresh);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/config", test_config);
    g_test_add_func("/core/config-limits", test_config_limits);
    g_test_add_func("/core/own-vram", test_own_vram);
    g_test_add_func("/core/access-sizes", test_access_sizes);
    g_test_add_func("/core/whole-bar0", test_whole_bar0);
    g_test_add_func("/core/unknown-registers", test_unknown_registers);
    g_test_add_func("/core/counters", test_counters);
    g_test_add_func("/core/debug-idle", test_debug_idle);
    g_test_add_func("/core/switches", test_switches);
    g_test_add_func("/core/io-ports", test_io_ports);
    g_test_add_func("/core/reset", test_reset);
    return g_test_run();
}
