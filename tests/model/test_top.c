/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PMC and its interrupt tree, PTIMER, PTOP, fuses, straps, XVE.
 */
#include <glib.h>

#include "harness.h"
#include "top/pmc.h"
#include "top/ptimer.h"

#define PMC_INTR        0x000100
#define PMC_INTR_EN     0x000140
#define PMC_EN_SET      0x000160
#define PMC_EN_CLEAR    0x000180
#define PMC_INTR_SW     0x0001a0
#define PMC_ENABLE      0x000200
#define MSI_REARM       0x088704

#define REPLAYABLE      (1u << GP_INTR_REPLAYABLE_FAULT)

static void test_identity(void)
{
    TestGpu *t = test_gpu_new(NULL);

    g_assert_cmphex(test_rd(t, 0x000000), ==, 0x137000a1);
    g_assert_cmphex(test_rd(t, 0x000004), ==, 0);
    test_wr(t, 0x000000, 0);
    g_assert_cmphex(test_rd(t, 0x000000), ==, 0x137000a1);
    g_assert_cmphex(test_rd(t, 0x088000), ==, 0x1c8210de);
    g_assert_cmphex(test_rd(t, 0x088008) >> 16, ==, 0x0302);
    g_assert_cmphex(test_rd(t, 0x101000) & 0x00400040, ==, 0x00400000);
    g_assert_cmphex(test_rd(t, 0x02240c) & 2, ==, 2);
    g_assert_cmphex(test_rd(t, 0x021c04) & 1, ==, 1);
    g_assert_cmphex(test_rd(t, 0x020460) & 0x20000000, !=, 0);
    test_gpu_free(t);
}

static void test_interrupt_enables(void)
{
    TestGpu *t = test_gpu_new(NULL);

    test_wr(t, PMC_INTR_SW, 0x80000000);
    g_assert_cmphex(test_rd(t, PMC_INTR), ==, 0x80000000);
    g_assert_false(t->irq);
    test_wr(t, PMC_EN_SET, 0x80000000);
    g_assert_cmphex(test_rd(t, PMC_INTR_EN), ==, 0x80000000);
    g_assert_true(t->irq);
    g_assert_cmpuint(t->irq_rises, ==, 1);

    /* The pending register is read only; enables are set and cleared. */
    test_wr(t, PMC_INTR, ~0u);
    g_assert_cmphex(test_rd(t, PMC_INTR), ==, 0x80000000);
    test_wr(t, PMC_INTR_EN, 0);
    g_assert_true(t->irq);
    test_wr(t, PMC_EN_CLEAR, ~0u);
    g_assert_cmphex(test_rd(t, PMC_INTR_EN), ==, 0);
    g_assert_false(t->irq);

    /* What is still pending is told again. */
    test_wr(t, PMC_EN_SET, ~0u);
    g_assert_cmpuint(t->irq_rises, ==, 2);
    test_wr(t, MSI_REARM, 0);
    g_assert_cmpuint(t->irq_rises, ==, 3);
    test_wr(t, PMC_INTR_SW, 0);
    g_assert_false(t->irq);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_INTERRUPTS), ==, 3);
    test_gpu_free(t);
}

static void handler_returns(TestGpu *t)
{
    test_wr(t, PMC_EN_CLEAR, ~0u);
    test_wr(t, MSI_REARM, 0);
    test_wr(t, PMC_EN_SET, ~0u);
}

static void test_replayable_level(void)
{
    GpConfig cfg;
    TestGpu *t;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.irq_rearm_ns = 10000;
    t = test_gpu_new(&cfg);
    test_wr(t, PMC_EN_SET, ~0u);
    gp_pmc_set_line(t->gpu, GP_INTR_REPLAYABLE_FAULT, true);
    g_assert_cmpuint(t->irq_rises, ==, 1);

    /* The level alone is told again only after a time. */
    handler_returns(t);
    g_assert_cmpuint(t->irq_rises, ==, 1);
    test_advance(t, 9000);
    g_assert_cmpuint(t->irq_rises, ==, 1);
    test_advance(t, 2000);
    g_assert_cmpuint(t->irq_rises, ==, 2);

    /* One more fault is news, and so is another block. */
    handler_returns(t);
    gp_pmc_set_line(t->gpu, GP_INTR_REPLAYABLE_FAULT, true);
    g_assert_cmpuint(t->irq_rises, ==, 3);
    handler_returns(t);
    g_assert_cmpuint(t->irq_rises, ==, 3);
    gp_pmc_set_line(t->gpu, GP_INTR_GR, true);
    g_assert_cmpuint(t->irq_rises, ==, 4);
    gp_pmc_set_line(t->gpu, GP_INTR_GR, false);

    /* Nothing is told of a line that has gone. */
    handler_returns(t);
    gp_pmc_set_line(t->gpu, GP_INTR_REPLAYABLE_FAULT, false);
    test_advance(t, 100000);
    g_assert_cmpuint(t->irq_rises, ==, 4);
    g_assert_cmphex(test_rd(t, PMC_INTR) & REPLAYABLE, ==, 0);
    test_gpu_free(t);
}

static void count_up(void *opaque)
{
    ++*(unsigned *)opaque;
}

static void test_engine_reset(void)
{
    TestGpu *t = test_gpu_new(NULL);
    unsigned first = 0, second = 0, other = 0;

    gp_pmc_on_disable(t->gpu, 20, count_up, &first);
    gp_pmc_on_disable(t->gpu, 20, count_up, &second);
    gp_pmc_on_disable(t->gpu, 21, count_up, &other);
    test_wr(t, PMC_ENABLE, ~(1u << 20));
    g_assert_cmpuint(first, ==, 1);
    g_assert_cmpuint(second, ==, 1);
    g_assert_false(gp_pmc_enabled(t->gpu, 20));
    test_wr(t, PMC_ENABLE, ~(1u << 20));
    test_wr(t, PMC_ENABLE, ~0u);
    g_assert_cmpuint(first, ==, 1);
    g_assert_cmpuint(other, ==, 0);
    g_assert_true(gp_pmc_enabled(t->gpu, 20));
    test_gpu_free(t);
}

static uint64_t ptimer_time(TestGpu *t)
{
    return (uint64_t)test_rd(t, 0x009410) << 32 | test_rd(t, 0x009400);
}

static void test_ptimer_time(void)
{
    GpConfig cfg;
    TestGpu *t;
    uint64_t before;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.ptimer_numerator = 3;
    cfg.ptimer_denominator = 2;
    t = test_gpu_new(&cfg);
    before = ptimer_time(t);
    test_advance(t, 0x200000000ull);
    g_assert_cmphex(ptimer_time(t) - before, ==, 0x300000000ull);

    test_wr(t, 0x009410, 0x12345678);
    test_wr(t, 0x009400, 0x9abcdef0);
    g_assert_cmphex(ptimer_time(t), ==, 0x123456789abcdee0ull);
    g_assert_cmphex(gp_ptimer_ns(t->gpu), ==, 0x123456789abcdee0ull);
    test_advance(t, 64);
    g_assert_cmphex(ptimer_time(t), ==, 0x123456789abcdf40ull);
    test_gpu_free(t);
}

static void test_ptimer_alarm(void)
{
    TestGpu *t = test_gpu_new(NULL);

    test_wr(t, PMC_EN_SET, ~0u);
    test_wr(t, 0x009420, test_rd(t, 0x009400) + 0x10000);
    test_wr(t, 0x009140, 1);
    test_advance(t, 0xff00);
    g_assert_cmphex(test_rd(t, 0x009100), ==, 0);
    g_assert_false(t->irq);
    test_advance(t, 0x200);
    g_assert_true(t->irq);
    g_assert_cmphex(test_rd(t, PMC_INTR), ==, 1u << GP_INTR_PTIMER);
    g_assert_cmphex(test_rd(t, 0x009100), ==, 1);
    test_wr(t, 0x009100, 1);
    g_assert_cmphex(test_rd(t, 0x009100), ==, 0);
    g_assert_false(t->irq);

    /* It compares for equality: the next time is after 2^32 ns. */
    test_advance(t, 0xfffe0000ull);
    g_assert_false(t->irq);
    test_advance(t, 0x00020000ull);
    g_assert_true(t->irq);

    /* Disabled, it is pending but not told. */
    test_wr(t, 0x009100, 1);
    test_wr(t, 0x009140, 0);
    test_wr(t, 0x009420, test_rd(t, 0x009400) + 0x100);
    test_advance(t, 0x1000);
    g_assert_cmphex(test_rd(t, 0x009100), ==, 1);
    g_assert_false(t->irq);
    test_gpu_free(t);
}

/* What a driver makes of the device table. */
typedef struct Device {
    uint32_t type;
    uint32_t inst;
    uint32_t base;
    int engine, runlist, intr, reset, fault;
} Device;

static unsigned parse_ptop(TestGpu *t, Device *devices, unsigned max)
{
    Device d = { .engine = -1, .runlist = -1, .fault = -1 };
    unsigned count = 0;

    for (unsigned i = 0; i < 64 && count < max; i++) {
        uint32_t word = test_rd(t, 0x022700 + 4 * i);

        switch (word & 3) {
        case 0:
            continue;
        case 1:
            d.inst = word >> 26 & 0xf;
            d.base = word & 0x00fff000;
            if (word & 0x4) {
                d.fault = word >> 3 & 0x7f;
            }
            break;
        case 2:
            d.engine = word & 0x20 ? (int)(word >> 26 & 0xf) : -1;
            d.runlist = word & 0x10 ? (int)(word >> 21 & 0xf) : -1;
            d.intr = word & 0x8 ? (int)(word >> 15 & 0x1f) : -1;
            d.reset = word & 0x4 ? (int)(word >> 9 & 0x1f) : -1;
            break;
        case 3:
            d.type = word >> 2 & 0x1fffffff;
            break;
        }
        if (!(word & 0x80000000)) {
            devices[count++] = d;
            d = (Device) { .engine = -1, .runlist = -1, .fault = -1 };
        }
    }
    return count;
}

static void test_ptop(void)
{
    Device devices[16];
    GpConfig cfg;
    TestGpu *t;
    unsigned count, ces = 0;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.ces = 3;
    cfg.tpcs = 2;
    t = test_gpu_new(&cfg);
    count = parse_ptop(t, devices, G_N_ELEMENTS(devices));
    g_assert_cmpuint(count, ==, 1 + 3 + 1);
    g_assert_cmpuint(devices[0].type, ==, 0);
    g_assert_cmphex(devices[0].base, ==, 0x400000);
    g_assert_cmpint(devices[0].engine, ==, 0);
    g_assert_cmpint(devices[0].runlist, ==, 0);
    g_assert_cmpint(devices[0].intr, ==, GP_INTR_GR);
    g_assert_cmpint(devices[0].reset, ==, 12);
    for (unsigned i = 1; i < 4; i++) {
        g_assert_cmpint(devices[i].engine, ==, i);
        g_assert_cmpint(devices[i].fault, >=, 0);
        g_assert_cmpint(devices[i].runlist, >=, 0);
        ces++;
    }
    g_assert_cmpuint(ces, ==, 3);
    g_assert_cmpuint(devices[4].type, ==, 13);
    g_assert_cmphex(devices[4].base, ==, 0x087000);
    g_assert_cmpint(devices[4].runlist, ==, -1);
    g_assert_cmpint(devices[4].intr, ==, GP_INTR_SEC2);
    g_assert_cmpuint(test_rd(t, 0x022434), ==, 2);
    g_assert_cmpuint(test_rd(t, 0x022444), ==, 3);
    test_gpu_free(t);
}

static void test_privring(void)
{
    TestGpu *t = test_gpu_new(NULL);

    g_assert_cmpuint(test_rd(t, 0x12006c), ==, 1);
    g_assert_cmpuint(test_rd(t, 0x120078), ==, 1);
    test_wr(t, 0x12004c, 2);
    g_assert_cmphex(test_rd(t, 0x12004c), ==, 0);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/top/identity", test_identity);
    g_test_add_func("/top/pmc/enables", test_interrupt_enables);
    g_test_add_func("/top/pmc/replayable-level", test_replayable_level);
    g_test_add_func("/top/pmc/engine-reset", test_engine_reset);
    g_test_add_func("/top/ptimer/time", test_ptimer_time);
    g_test_add_func("/top/ptimer/alarm", test_ptimer_alarm);
    g_test_add_func("/top/ptop", test_ptop);
    g_test_add_func("/top/privring", test_privring);
    return g_test_run();
}
