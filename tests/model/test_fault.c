/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The replayable fault buffer, and the fault units. */
#include <glib.h>
#include <string.h>

#include "harness.h"

#define BUFFER_VA   0x40000ull          /* in BAR2 */
#define BUFFER_PA   0x200000ull         /* in system memory */
#define ENTRIES     16u

#define BASE_LOW    0x002a70
#define BASE_HIGH   0x002a74
#define SIZE        0x002a78
#define GET         0x002a7c
#define PUT         0x002a80
#define PENDING     0x00259c

static const GpClient t1 = { .engine = 0, .client = 0x01, .gpc = 0 };

/* The buffer in system memory, where the order of the writes is seen. */
static TestGpu *start(void)
{
    GpConfig cfg;
    TestGpu *t;
    TestVm *vm;
    uint64_t inst;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.fault_entries = ENTRIES;
    t = test_gpu_new(&cfg);
    vm = test_vm_new(t, GP_VRAM);
    inst = test_vram_alloc(t, 0x1000, 0x1000);
    test_vm_map(vm, BUFFER_VA, GP_SYS_COHERENT, BUFFER_PA, 0x1000, TEST_4K,
                0);
    test_vm_instance(vm, GP_VRAM, inst);
    test_wr(t, 0x001714, 0x80000000 | inst >> 12);
    test_wr(t, BASE_HIGH, 0);
    test_wr(t, BASE_LOW, BUFFER_VA);
    test_wr(t, BASE_LOW, test_rd(t, BASE_LOW) | 1);
    return t;
}

static GpFault fault_at(uint64_t va, GpAccess access)
{
    return (GpFault) {
        .inst = 0x123000,
        .inst_ap = GP_VRAM,
        .va = va,
        .access = access,
        .type = GP_FAULT_PTE,
        .client = t1,
    };
}

static bool post(TestGpu *t, uint64_t va, GpAccess access)
{
    GpFault fault = fault_at(va, access);

    return gp_fault_buffer_post(t->gpu, &fault);
}

static uint32_t entry_word(TestGpu *t, unsigned entry, unsigned word)
{
    return test_mem32(t, GP_SYS_COHERENT, BUFFER_PA + entry * 32 + word * 4);
}

static bool line(TestGpu *t)
{
    return test_rd(t, 0x000100) >> 9 & 1;
}

static void test_entry(void)
{
    TestGpu *t = start();
    GpFault fault = {
        .inst = 0x712345678000,
        .inst_ap = GP_SYS_NONCOHERENT,
        .va = 0x1fedcba987654,
        .access = GP_ACCESS_ATOMIC,
        .type = GP_FAULT_ATOMIC,
        .client = { .engine = 0, .client = 0x2a, .gpc = 0x15 },
    };
    uint64_t time;

    t->now = 0x1234567890;
    g_assert_true(gp_fault_buffer_post(t->gpu, &fault));
    /* clb069.h, word by word; the address is that of the 4 KiB page. */
    g_assert_cmphex(entry_word(t, 0, 0), ==, 0x45678300);
    g_assert_cmphex(entry_word(t, 0, 1), ==, 0x7123);
    g_assert_cmphex(entry_word(t, 0, 2), ==, 0xba987000);
    g_assert_cmphex(entry_word(t, 0, 3), ==, 0x1fedc);
    time = entry_word(t, 0, 4) | (uint64_t)entry_word(t, 0, 5) << 32;
    g_assert_cmphex(time & ~0x3full, ==, 0x1234567890 & ~0x3full);
    g_assert_cmphex(entry_word(t, 0, 6), ==, 0);
    g_assert_cmphex(entry_word(t, 0, 7), ==, 0x95022a0f);
    g_assert_cmphex(test_rd(t, PUT), ==, 1);
    g_assert_cmphex(test_rd(t, GET), ==, 0);
    g_assert_true(line(t));
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_ATOMIC), ==, 1);
    test_gpu_free(t);
}

static void test_valid_last(void)
{
    TestGpu *t = start();
    uint32_t words[8];

    /* What the driver left there does not matter. */
    memset(test_mem(t, GP_SYS_COHERENT, BUFFER_PA, 0x1000), 0xff, 0x1000);
    t->record = true;
    g_assert_true(post(t, 0x5000, GP_ACCESS_WRITE));
    t->record = false;
    g_assert_cmpuint(t->n_writes, ==, 2);
    g_assert_cmphex(t->writes[0].addr, ==, BUFFER_PA);
    g_assert_cmpuint(t->writes[0].len, ==, 32);
    memcpy(words, t->writes[0].data, sizeof(words));
    g_assert_cmphex(words[2], ==, 0x5000);
    g_assert_cmphex(words[7], ==, 0x00010102);
    g_assert_cmphex(t->writes[1].addr, ==, BUFFER_PA + 28);
    g_assert_cmpuint(t->writes[1].len, ==, 4);
    memcpy(words, t->writes[1].data, 4);
    g_assert_cmphex(words[0], ==, 0x80010102);
    test_gpu_free(t);
}

static void test_wrap(void)
{
    TestGpu *t = start();
    unsigned get = 0, posted = 0;

    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 7; i++) {
            g_assert_true(post(t, ++posted * 0x1000, GP_ACCESS_READ));
        }
        g_assert_true(line(t));
        g_assert_cmphex(test_rd(t, PUT), ==, (get + 7) % ENTRIES);
        for (unsigned i = 0; i < 7; i++) {
            g_assert_cmphex(entry_word(t, get, 2), ==,
                            (posted - 6 + i) * 0x1000);
            get = (get + 1) % ENTRIES;
        }
        test_wr(t, GET, get);
        g_assert_cmphex(test_rd(t, GET), ==, get);
        g_assert_false(line(t));
    }
    /* No index beyond the end is taken. */
    test_wr(t, GET, ENTRIES);
    g_assert_cmphex(test_rd(t, GET), ==, get);
    /* Size and PUT are the hardware's. */
    test_wr(t, SIZE, 1);
    test_wr(t, PUT, 1);
    g_assert_cmphex(test_rd(t, SIZE), ==, ENTRIES);
    g_assert_cmphex(test_rd(t, PUT), ==, get);
    /* Nothing lies outside of the buffer. */
    g_assert_cmphex(entry_word(t, ENTRIES, 2), ==, 0);
    test_gpu_free(t);
}

static void test_full(void)
{
    TestGpu *t = start();

    for (unsigned i = 0; i < ENTRIES - 1; i++) {
        g_assert_true(post(t, i * 0x1000, GP_ACCESS_READ));
    }
    g_assert_false(post(t, 0x100000, GP_ACCESS_READ));
    g_assert_false(post(t, 0x101000, GP_ACCESS_READ));
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DROPPED), ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_READ), ==,
                     ENTRIES - 1);
    g_assert_cmphex(test_rd(t, PUT), ==, ENTRIES - 1);
    g_assert_cmphex(entry_word(t, ENTRIES - 1, 7), ==, 0);
    g_assert_cmphex(entry_word(t, 0, 2), ==, 0);
    test_wr(t, GET, 1);
    g_assert_true(post(t, 0x100000, GP_ACCESS_READ));
    g_assert_cmphex(test_rd(t, PUT), ==, 0);
    g_assert_false(post(t, 0x101000, GP_ACCESS_READ));
    test_gpu_free(t);
}

static void test_disabled(void)
{
    TestGpu *t = start();

    g_assert_true(post(t, 0x1000, GP_ACCESS_READ));
    g_assert_true(line(t));
    test_wr(t, BASE_LOW, test_rd(t, BASE_LOW) & ~1u);
    g_assert_false(line(t));
    g_assert_false(post(t, 0x2000, GP_ACCESS_READ));
    g_assert_cmphex(test_rd(t, PUT), ==, 1);
    test_wr(t, BASE_LOW, BUFFER_VA | 1);
    g_assert_true(line(t));
    g_assert_cmphex(test_rd(t, BASE_LOW), ==, BUFFER_VA | 1);
    gp107_reset(t->gpu);
    g_assert_cmphex(test_rd(t, PUT), ==, 0);
    g_assert_cmphex(test_rd(t, BASE_LOW), ==, 0);
    g_assert_false(line(t));
    test_gpu_free(t);
}

/* A buffer that BAR2 does not map: dropped, and said so. */
static void test_unmapped(void)
{
    TestGpu *t = start();
    unsigned logs = t->logs[GP_LOG_GUEST];

    test_wr(t, BASE_LOW, 0x80000 | 1);
    g_assert_false(post(t, 0x1000, GP_ACCESS_READ));
    g_assert_cmphex(test_rd(t, PUT), ==, 0);
    g_assert_false(line(t));
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DROPPED), ==, 1);
    g_assert_cmpuint(t->logs[GP_LOG_GUEST], ==, logs + 1);
    test_gpu_free(t);
}

static void test_counters(void)
{
    TestGpu *t = start();

    post(t, 0x1000, GP_ACCESS_READ);
    post(t, 0x2000, GP_ACCESS_WRITE);
    post(t, 0x3000, GP_ACCESS_WRITE);
    post(t, 0x4000, GP_ACCESS_ATOMIC);
    post(t, 0x5000, GP_ACCESS_PREFETCH);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_READ), ==, 1);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_WRITE), ==, 2);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_ATOMIC), ==, 1);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_PREFETCH), ==, 1);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_FATAL), ==, 0);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DUPLICATE), ==, 0);
    test_gpu_free(t);
}

static void test_duplicates(void)
{
    TestGpu *t = start();

    /* Again, while the driver has it still to read. */
    post(t, 0x1000, GP_ACCESS_READ);
    post(t, 0x1ff8, GP_ACCESS_READ);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DUPLICATE), ==, 1);
    post(t, 0x1000, GP_ACCESS_WRITE);
    post(t, 0x2000, GP_ACCESS_READ);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DUPLICATE), ==, 1);
    test_wr(t, GET, 4);
    post(t, 0x1000, GP_ACCESS_READ);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DUPLICATE), ==, 1);
    test_wr(t, GET, 5);

    /* By the switch: each fault twice more. */
    t->gpu->cfg.switches[GP_SWITCH_DUPLICATE] = 2;
    post(t, 0x8000, GP_ACCESS_WRITE);
    g_assert_cmphex(test_rd(t, PUT), ==, 8);
    for (unsigned i = 5; i < 8; i++) {
        g_assert_cmphex(entry_word(t, i, 2), ==, 0x8000);
        g_assert_cmphex(entry_word(t, i, 7), ==, 0x80010102);
    }
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DUPLICATE), ==, 3);
    /* As many as there is room for; none of them is missed. */
    t->gpu->cfg.switches[GP_SWITCH_DUPLICATE] = 100;
    g_assert_true(post(t, 0x9000, GP_ACCESS_WRITE));
    g_assert_cmphex(test_rd(t, PUT), ==, 4);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DROPPED), ==, 0);
    test_gpu_free(t);
}

static void test_overflow(void)
{
    TestGpu *t = start();

    t->gpu->cfg.switches[GP_SWITCH_OVERFLOW] = 2;
    g_assert_true(post(t, 0x1000, GP_ACCESS_READ));
    g_assert_false(post(t, 0x2000, GP_ACCESS_READ));
    g_assert_true(post(t, 0x3000, GP_ACCESS_READ));
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_DROPPED), ==, 1);
    g_assert_cmphex(entry_word(t, 1, 2), ==, 0x3000);
    test_gpu_free(t);
}

/* PUT tells of a fault that is not valid yet; those after it wait as well. */
static void test_late_valid(void)
{
    TestGpu *t = start();

    t->gpu->cfg.switches[GP_SWITCH_LATE_VALID] = 5;
    g_assert_true(post(t, 0x1000, GP_ACCESS_READ));
    t->gpu->cfg.switches[GP_SWITCH_LATE_VALID] = 0;
    g_assert_true(post(t, 0x2000, GP_ACCESS_READ));
    g_assert_cmphex(test_rd(t, PUT), ==, 2);
    g_assert_true(line(t));
    gp107_run(t->gpu, 1);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(entry_word(t, i, 2), ==, (i + 1) * 0x1000);
        g_assert_cmphex(entry_word(t, i, 7), ==, 0x00000102);
    }
    test_advance(t, 5000);
    gp107_run(t->gpu, 1);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmphex(entry_word(t, i, 7), ==, 0x80000102);
    }
    g_assert_true(post(t, 0x3000, GP_ACCESS_READ));
    g_assert_cmphex(entry_word(t, 2, 7), ==, 0x80000102);
    test_gpu_free(t);
}

static void test_storm(void)
{
    TestGpu *t = start();
    unsigned seen = 0, rounds = 0;

    t->gpu->cfg.switches[GP_SWITCH_STORM] = 40;
    gp107_run(t->gpu, 1);
    g_assert_cmphex(test_rd(t, PUT), ==, 0);
    post(t, 0x1000, GP_ACCESS_READ);
    do {
        uint32_t put, get = test_rd(t, GET);

        gp107_run(t->gpu, 1);
        put = test_rd(t, PUT);
        for (; get != put; get = (get + 1) % ENTRIES, seen++) {
            g_assert_cmphex(entry_word(t, get, 2), ==, 0x1000);
            g_assert_cmphex(entry_word(t, get, 7), ==,
                            seen ? 0x80030102 : 0x80000102);
        }
        test_wr(t, GET, get);
        g_assert_cmpuint(++rounds, <, 10);
    } while (seen < 41);
    gp107_run(t->gpu, 1);
    g_assert_false(line(t));
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_PREFETCH), ==, 40);
    g_assert_cmpuint(t->gpu->cfg.switches[GP_SWITCH_STORM], ==, 0);
    test_gpu_free(t);
}

/* ------------------------------------------------------------ fault units */

typedef struct Heard {
    unsigned faults, acks;
    uint64_t inst;
} Heard;

static void hear(void *opaque, const GpFault *fault)
{
    Heard *heard = opaque;

    if (fault) {
        heard->faults++;
        heard->inst = fault->inst;
    } else {
        heard->acks++;
    }
}

static void test_unit(void)
{
    TestGpu *t = test_gpu_new(NULL);
    Heard heard = { 0 };
    GpFault fault = {
        .inst = 0x712345678000,
        .inst_ap = GP_SYS_COHERENT,
        .va = 0x1fedcba987654,
        .access = GP_ACCESS_WRITE,
        .type = GP_FAULT_VA_LIMIT,
        .client = { .engine = 21, .client = 0x01, .hub = true },
    };
    GpFault second = {
        .inst = 0x1000,
        .va = 0x2000,
        .type = GP_FAULT_PDE,
        .client = { .engine = 21, .client = 0x02, .hub = true },
    };
    GpFault shader = {
        .inst = 0x5000,
        .va = 0x6000,
        .access = GP_ACCESS_ATOMIC,
        .type = GP_FAULT_RO,
        .client = { .engine = 0, .client = 0x04, .gpc = 0x1f },
    };

    gp_fault_unit_set_notify(t->gpu, hear, &heard);
    gp_fault_unit_post(t->gpu, &fault);
    g_assert_cmphex(test_rd(t, PENDING), ==, 1u << 21);
    g_assert_cmphex(gp_fault_unit_pending(t->gpu), ==, 1u << 21);
    g_assert_cmpuint(heard.faults, ==, 1);
    g_assert_cmphex(test_rd(t, 0x002950), ==, 0x22345678);
    g_assert_cmphex(test_rd(t, 0x002954), ==, 0xba987000);
    g_assert_cmphex(test_rd(t, 0x002958), ==, 0x1fedc);
    g_assert_cmphex(test_rd(t, 0x00295c), ==, 0x00110103);

    /* The first stays, the second is heard of: it has a channel too. */
    gp_fault_unit_post(t->gpu, &second);
    g_assert_cmpuint(heard.faults, ==, 2);
    g_assert_cmphex(heard.inst, ==, 0x1000);
    g_assert_cmphex(test_rd(t, 0x002954), ==, 0xba987000);

    gp_fault_unit_post(t->gpu, &shader);
    g_assert_cmphex(test_rd(t, PENDING), ==, 1u << 21 | 1);
    g_assert_cmphex(test_rd(t, 0x002800), ==, 0x5);
    g_assert_cmphex(test_rd(t, 0x00280c), ==, 0x1f020406);
    g_assert_cmpuint(test_counter(t, GP_COUNTER_FAULTS_FATAL), ==, 3);

    /* Each bit is acknowledged by itself; what is not set is not heard. */
    test_wr(t, PENDING, 1u << 3);
    g_assert_cmpuint(heard.acks, ==, 0);
    test_wr(t, PENDING, 1u << 21);
    g_assert_cmpuint(heard.acks, ==, 1);
    g_assert_cmphex(test_rd(t, PENDING), ==, 1);
    gp_fault_unit_post(t->gpu, &second);
    g_assert_cmphex(test_rd(t, 0x002954), ==, 0x2000);
    test_wr(t, 0x002954, 0);
    g_assert_cmphex(test_rd(t, 0x002954), ==, 0x2000);

    gp107_reset(t->gpu);
    g_assert_cmphex(test_rd(t, PENDING), ==, 0);
    test_gpu_free(t);
}

/* The channel stops at once, the interrupt comes after a time. */
static void test_report_time(void)
{
    GpFault fault = { .inst = 0x1000, .client = { .engine = 0 } };
    Heard heard = { 0 };
    GpConfig cfg;
    TestGpu *t;

    gp107_config_init(&cfg);
    cfg.fault_report_ns = 5000;
    t = test_gpu_new(&cfg);
    gp_fault_unit_set_notify(t->gpu, hear, &heard);
    gp_fault_unit_post(t->gpu, &fault);
    g_assert_cmpuint(heard.faults, ==, 1);
    fault.inst = 0x2000;
    gp_fault_unit_post(t->gpu, &fault);
    g_assert_cmpuint(heard.faults, ==, 2);
    test_advance(t, 4000);
    test_run(t);
    g_assert_cmphex(test_rd(t, PENDING), ==, 0);
    g_assert_cmpuint(heard.acks, ==, 0);
    test_advance(t, 2000);
    test_run(t);
    g_assert_cmphex(test_rd(t, PENDING), ==, 1);
    g_assert_cmpuint(heard.acks, ==, 1);
    g_assert_cmphex(test_rd(t, 0x002800), ==, 1);
    gp107_reset(t->gpu);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fault/buffer/entry", test_entry);
    g_test_add_func("/fault/buffer/valid-last", test_valid_last);
    g_test_add_func("/fault/buffer/wrap", test_wrap);
    g_test_add_func("/fault/buffer/full", test_full);
    g_test_add_func("/fault/buffer/disabled", test_disabled);
    g_test_add_func("/fault/buffer/unmapped", test_unmapped);
    g_test_add_func("/fault/buffer/counters", test_counters);
    g_test_add_func("/fault/switch/duplicate", test_duplicates);
    g_test_add_func("/fault/switch/overflow", test_overflow);
    g_test_add_func("/fault/switch/late-valid", test_late_valid);
    g_test_add_func("/fault/switch/storm", test_storm);
    g_test_add_func("/fault/unit/registers", test_unit);
    g_test_add_func("/fault/unit/report-time", test_report_time);
    return g_test_run();
}
