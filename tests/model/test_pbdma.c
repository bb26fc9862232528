/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PBDMA: packets, GP entries, host methods, interrupts and faults
 * (clc06f.h; dev_pbdma.ref, dev_ram.ref).
 */
#include <glib.h>

#include "harness.h"

#define SET_OBJECT      0x00
#define ILLEGAL         0x04
#define NOP             0x08
#define SEMAPHOREA      0x10
#define SEMAPHORED      0x1c
#define NON_STALL       0x20
#define MEM_OP_A        0x28
#define SET_REFERENCE   0x50
#define SYNCPOINTA      0x70
#define WFI             0x78
#define CRC_CHECK       0x7c
#define YIELD           0x80

#define ACQUIRE         0x00000001u
#define RELEASE         0x00000002u
#define ACQ_GEQ         0x00000004u
#define ACQ_AND         0x00000008u
#define REDUCTION       0x00000010u
#define FOUR_BYTES      0x01000000u
#define UNSIGNED        0x80000000u

#define PBDMA0          0x040000
#define METHOD0         (PBDMA0 + 0x0c0)
#define DATA0           (PBDMA0 + 0x0c4)
#define INTR_0          (PBDMA0 + 0x108)
#define INTR_EN_0       (PBDMA0 + 0x10c)
#define CHANNEL         (PBDMA0 + 0x120)

#define INTR_GPPTR      (1u << 14)
#define INTR_GPENTRY    (1u << 15)
#define INTR_GPCRC      (1u << 16)
#define INTR_PBENTRY    (1u << 18)
#define INTR_PBCRC      (1u << 19)
#define INTR_METHOD     (1u << 21)
#define INTR_METHODCRC  (1u << 22)
#define INTR_DEVICE     (1u << 23)
#define INTR_SEMAPHORE  (1u << 25)
#define INTR_ACQUIRE    (1u << 26)

#define PUSH_OFFSET     0x100000        /* harness.h: at GPFIFO_VA */

typedef struct Fixture {
    TestGpu *t;
    TestVm *vm;
    TestChannel *ch;
    uint64_t sem;                       /* its GPU address */
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->t = test_gpu_new(NULL);
    f->vm = test_vm_new(f->t, GP_VRAM);
    f->ch = test_channel_new(f->vm, TEST_RUNLIST_GR);
    f->sem = f->ch->va + TEST_SEM_OFFSET;
}

static void teardown(Fixture *f, gconstpointer data)
{
    test_gpu_free(f->t);
}

/* The REF word of USERD: what SET_REFERENCE wrote last. */
static uint32_t reference(Fixture *f)
{
    return test_mem32(f->t, GP_VRAM, f->ch->userd + 0x48);
}

static uint32_t sem_word(Fixture *f, unsigned index)
{
    return test_mem32(f->t, GP_VRAM, f->ch->sem + 4 * index);
}

static void set_sem(Fixture *f, unsigned index, uint32_t val)
{
    test_set32(f->t, GP_VRAM, f->ch->sem + 4 * index, val);
}

static void semaphore(Fixture *f, unsigned offset, uint32_t payload,
                      uint32_t op)
{
    uint64_t va = f->sem + offset;

    test_mthd(f->ch, 0, SEMAPHOREA, 4, (uint32_t)(va >> 32), (uint32_t)va,
              payload, op);
}

static void run(Fixture *f)
{
    test_submit(f->ch);
    test_run(f->t);
}

/* As nouveau's gf100_runq_intr() does: a NOP in place, and clear. */
static void acknowledge(Fixture *f, uint32_t expected)
{
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, expected);
    g_assert_cmphex(test_rd(f->t, 0x0025a0), ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x20000000, ==, 0x20000000);
    g_assert_true(f->t->irq);
    test_wr(f->t, METHOD0, 0x80600008);
    test_wr(f->t, INTR_0, expected);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x20000000, ==, 0);
}

/* --------------------------------------------------------------- packets */

static void test_packets(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 0, SET_REFERENCE, 1, 1u);
    run(f);
    g_assert_cmpuint(reference(f), ==, 1);

    test_header(f->ch, TEST_NONINC, 3, SET_REFERENCE, 3);
    test_word(f->ch, 2);
    test_word(f->ch, 3);
    test_word(f->ch, 4);
    run(f);
    g_assert_cmpuint(reference(f), ==, 4);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_METHODS), ==, 4);

    test_header(f->ch, TEST_IMMD, 5, SET_REFERENCE, 0x1fff);
    run(f);
    g_assert_cmphex(reference(f), ==, 0x1fff);

    /* SEMAPHOREA, and twice SEMAPHOREB: the last stays. */
    test_header(f->ch, TEST_ONEINC, 0, SEMAPHOREA, 3);
    test_word(f->ch, (uint32_t)(f->sem >> 32));
    test_word(f->ch, 0xdeadbeef);
    test_word(f->ch, (uint32_t)f->sem);
    test_mthd(f->ch, 0, SEMAPHOREA + 8, 2, 77u, RELEASE | FOUR_BYTES);
    run(f);
    g_assert_cmpuint(sem_word(f, 0), ==, 77);
}

static void test_old_packets(Fixture *f, gconstpointer data)
{
    uint64_t va = f->sem;

    test_word(f->ch, 4u << 18 | SEMAPHOREA);
    test_word(f->ch, (uint32_t)(va >> 32));
    test_word(f->ch, (uint32_t)va);
    test_word(f->ch, 5);
    test_word(f->ch, RELEASE | FOUR_BYTES);
    test_word(f->ch, 2u << 29 | 2u << 18 | SET_REFERENCE);
    test_word(f->ch, 8);
    test_word(f->ch, 9);
    run(f);
    g_assert_cmpuint(sem_word(f, 0), ==, 5);
    g_assert_cmpuint(reference(f), ==, 9);
}

/* A header in one segment, its data in the next. */
static void test_split(Fixture *f, gconstpointer data)
{
    test_header(f->ch, TEST_INC, 0, SEMAPHOREA, 4);
    run(f);
    g_assert_cmpuint(test_gp_get(f->ch), ==, 1);
    test_word(f->ch, (uint32_t)(f->sem >> 32));
    run(f);
    test_word(f->ch, (uint32_t)f->sem);
    test_word(f->ch, 6);
    test_word(f->ch, RELEASE | FOUR_BYTES);
    run(f);
    g_assert_cmpuint(sem_word(f, 0), ==, 6);
}

static void test_no_data(Fixture *f, gconstpointer data)
{
    test_word(f->ch, 0);
    test_header(f->ch, TEST_INC, 0, 0xffc, 0);
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 3);
    test_word(f->ch, 7u << 29);                 /* end of segment */
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 4);
    run(f);
    g_assert_cmpuint(reference(f), ==, 3);
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 5);
    run(f);
    g_assert_cmpuint(reference(f), ==, 5);
}

/* SET, STORE and USE_SUB_DEV_MASK; RAMFC's id is fff. */
static void test_subdevice(Fixture *f, gconstpointer data)
{
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 1);
    test_word(f->ch, 1u << 16 | 0);
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 2);
    test_mthd(f->ch, 0, SET_REFERENCE, 1, 3u);
    run(f);
    g_assert_cmpuint(reference(f), ==, 1);
    test_word(f->ch, 2u << 16 | 0x800 << 4);
    test_word(f->ch, 3u << 16);
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 4);
    run(f);
    g_assert_cmpuint(reference(f), ==, 4);
}

static void test_bad_packets(Fixture *f, gconstpointer data)
{
    static const uint32_t bad[] = {
        6u << 29,                               /* reserved */
        2u << 29 | 1u << 16,
        1u << 16 | 1u << 18,                    /* SET_SUB_DEV_MASK + count */
        1u << 29 | 2u << 16 | 0xfff,            /* wraps */
        5u << 29 | 2u << 16 | 0xfff,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        test_word(f->ch, bad[i]);
        test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 1 + i);
        run(f);
        g_assert_cmpuint(reference(f), ==, i);
        acknowledge(f, INTR_PBENTRY);
        test_run(f->t);
        g_assert_cmpuint(reference(f), ==, 1 + i);
    }
}

/* ------------------------------------------------------------ GP entries */

static void test_wrap(Fixture *f, gconstpointer data)
{
    unsigned words = f->ch->words;

    for (unsigned i = 0; i < TEST_GP_ENTRIES + 40; i++) {
        f->ch->words = f->ch->submitted = words;
        test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, i);
        test_submit(f->ch);
        if (i % 100 == 99) {
            test_run(f->t);
            g_assert_cmpuint(reference(f), ==, i);
        }
        if (i % 7 == 0) {
            test_run(f->t);
        }
    }
    test_run(f->t);
    g_assert_cmpuint(reference(f), ==, TEST_GP_ENTRIES + 39);
    g_assert_cmpuint(test_gp_get(f->ch), ==, 40);
}

static uint64_t userd64(Fixture *f, unsigned low, unsigned high)
{
    return (uint64_t)test_mem32(f->t, GP_VRAM, f->ch->userd + high) << 32 |
           test_mem32(f->t, GP_VRAM, f->ch->userd + low);
}

static void test_get(Fixture *f, gconstpointer data)
{
    uint64_t va = f->ch->va + PUSH_OFFSET;

    for (unsigned i = 0; i < 8; i++) {
        test_word(f->ch, 0);
    }
    test_gp_entry(f->ch, va | 3ull << 42);
    test_run(f->t);
    g_assert_cmphex(userd64(f, 0x44, 0x60), ==, va + 12);
    g_assert_cmphex(userd64(f, 0x58, 0x5c), ==, va + 12);
    g_assert_cmphex(userd64(f, 0x40, 0x4c), ==, va + 12);
    test_gp_entry(f->ch, (va + 12) | 2ull << 42 | 1ull << 41);
    test_run(f->t);
    g_assert_cmphex(userd64(f, 0x44, 0x60), ==, va + 20);
    g_assert_cmphex(userd64(f, 0x58, 0x5c), ==, va + 12);
}

/* The bytes of @words: CRC-32, highest bit first, no inversion. */
static uint32_t crc32(const uint32_t *words, unsigned count)
{
    uint32_t crc = 0;

    for (unsigned i = 0; i < 4 * count; i++) {
        uint8_t byte = words[i / 4] >> 8 * (i % 4);

        for (unsigned bit = 0; bit < 8; bit++) {
            bool top = (crc >> 31) ^ (byte >> (7 - bit) & 1);

            crc = crc << 1 ^ (top ? 0x04c11db7 : 0);
        }
    }
    return crc;
}

static void test_control(Fixture *f, gconstpointer data)
{
    uint64_t va = f->ch->va + PUSH_OFFSET;
    uint32_t words[2] = { 0x80010014, 0x20000000 };     /* SET_REFERENCE 1 */
    uint32_t entry[2] = { (uint32_t)va, (uint32_t)(va >> 32) | 2 << 10 };

    test_words(f->ch, words, 2);
    test_submit(f->ch);
    test_gp_entry(f->ch, 0);                            /* NOP */
    test_gp_entry(f->ch, 3ull << 32 | crc32(words, 2));
    test_gp_entry(f->ch, 2ull << 32 | crc32(entry, 2));
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, 0);
    g_assert_cmpuint(reference(f), ==, 1);

    test_gp_entry(f->ch, 3ull << 32 | (crc32(words, 2) ^ 1));
    test_run(f->t);
    acknowledge(f, INTR_PBCRC);
    test_gp_entry(f->ch, 2ull << 32 | 1);
    test_run(f->t);
    acknowledge(f, INTR_GPCRC);
    test_gp_entry(f->ch, 1ull << 32);                   /* ILLEGAL */
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, PBDMA0 + 0x114), ==, 1);
    acknowledge(f, INTR_GPENTRY);
    test_gp_entry(f->ch, 0xfffffffffcull | 1ull << 42); /* to the very end */
    test_run(f->t);
    acknowledge(f, INTR_GPENTRY);
    g_assert_true(test_finish(f->ch));
}

static void test_bad_put(Fixture *f, gconstpointer data)
{
    f->ch->gp_put = TEST_GP_ENTRIES;
    test_kick(f->ch);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, INTR_GPPTR);
}

/* Nothing conditional runs while the mask says no. */
static void test_conditional(Fixture *f, gconstpointer data)
{
    uint64_t va = f->ch->va + PUSH_OFFSET;

    test_word(f->ch, 1u << 16);
    test_submit(f->ch);
    test_header(f->ch, TEST_INC, 0, SET_REFERENCE, 1);
    f->ch->submitted = f->ch->words;
    test_gp_entry(f->ch, (va + 4) | 1ull << 42 | 1);
    test_word(f->ch, 1u << 16 | 1 << 4);
    test_header(f->ch, TEST_IMMD, 0, SET_REFERENCE, 6);
    run(f);
    g_assert_cmpuint(reference(f), ==, 6);
}

/* ------------------------------------------------------------ semaphores */

static void test_acquire(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t op, payload, no, yes;
    } cases[] = {
        { ACQUIRE, 5, 6, 5 },
        { ACQ_GEQ, 5, 4, 5 },
        { ACQ_GEQ, 5, 0x80000006, 0x7fffffff },
        { ACQ_GEQ, 0xfffffff0, 0xffffffef, 0x10 },
        { ACQ_AND, 6, 9, 2 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_sem(f, 4, cases[i].no);
        semaphore(f, 16, cases[i].payload, cases[i].op);
        test_mthd(f->ch, 0, SET_REFERENCE, 1, i + 1);
        test_submit(f->ch);
        g_assert_cmpint(test_run(f->t), ==, GP_RUN_POLL);
        g_assert_cmpuint(reference(f), ==, i);
        set_sem(f, 4, cases[i].yes);
        g_assert_cmpint(test_run(f->t), ==, GP_RUN_IDLE);
        g_assert_cmpuint(reference(f), ==, i + 1);
    }
}

/* 1024 ns periods: MAN 15, EXP 2. */
static void test_acquire_timeout(Fixture *f, gconstpointer data)
{
    g_assert_true(test_finish(f->ch));
    g_assert_cmphex(test_rd(f->t, PBDMA0 + 0x030), ==, 0xfffff902);
    test_wr(f->t, PBDMA0 + 0x030, 1u << 31 | 15 << 15 | 2 << 11);
    semaphore(f, 0, 77, ACQUIRE);
    test_submit(f->ch);
    gp107_run(f->t->gpu, 1000);
    gp107_run(f->t->gpu, 1000);
    f->t->now += 50 * 1024;
    gp107_run(f->t->gpu, 1000);
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, 0);
    f->t->now += 14 * 1024;
    test_run(f->t);
    g_assert_cmpuint(test_rd(f->t, CHANNEL), ==, f->ch->id);
    acknowledge(f, INTR_ACQUIRE);
}

static void test_release(Fixture *f, gconstpointer data)
{
    uint64_t time;

    f->t->now = 0x123456789abcull;
    for (unsigned i = 0; i < 8; i++) {
        set_sem(f, i, 0xffffffff);
    }
    semaphore(f, 0, 42, RELEASE);
    semaphore(f, 20, 43, RELEASE | FOUR_BYTES);
    run(f);
    g_assert_cmpuint(sem_word(f, 0), ==, 42);
    g_assert_cmpuint(sem_word(f, 1), ==, 0);
    time = (uint64_t)sem_word(f, 3) << 32 | sem_word(f, 2);
    g_assert_cmphex(time, >=, 0x123456789abcull & ~0x1full);
    g_assert_cmphex(time, <=, f->t->now);
    g_assert_cmphex(sem_word(f, 4), ==, 0xffffffff);
    g_assert_cmpuint(sem_word(f, 5), ==, 43);
    g_assert_cmphex(sem_word(f, 6), ==, 0xffffffff);
}

/* The timestamp is there before the payload. */
static void test_release_order(Fixture *f, gconstpointer data)
{
    uint64_t pa = test_vm_fill(f->vm, 0x200000, GP_SYS_COHERENT, 0x1000);

    test_mthd(f->ch, 0, SEMAPHOREA, 4, 0u, 0x200000u, 7u, RELEASE);
    f->t->record = true;
    run(f);
    f->t->record = false;
    g_assert_cmpuint(f->t->n_writes, ==, 2);
    g_assert_cmphex(f->t->writes[0].addr, ==, pa + 4);
    g_assert_cmpuint(f->t->writes[0].len, ==, 12);
    g_assert_cmphex(f->t->writes[1].addr, ==, pa);
    g_assert_cmpuint(f->t->writes[1].data[0], ==, 7);
}

static void test_reduction(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t op, format, value, payload, result;
    } cases[] = {
        { 0, 0, 0xffffffff, 3, 0xffffffff },
        { 0, UNSIGNED, 0xffffffff, 3, 3 },
        { 1, 0, 0xffffffff, 3, 3 },
        { 1, UNSIGNED, 0xffffffff, 3, 0xffffffff },
        { 2, 0, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0 },
        { 3, 0, 0xff00ff00, 0x0ff00ff0, 0x0f000f00 },
        { 4, 0, 0xff00ff00, 0x0ff00ff0, 0xfff0fff0 },
        { 5, 0, 0xfffffffe, 5, 3 },
        { 6, UNSIGNED, 4, 5, 5 },
        { 6, UNSIGNED, 5, 5, 0 },
        { 7, UNSIGNED, 5, 5, 4 },
        { 7, UNSIGNED, 0, 5, 5 },
        { 7, UNSIGNED, 6, 5, 5 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        set_sem(f, 0, cases[i].value);
        semaphore(f, 0, cases[i].payload, REDUCTION | FOUR_BYTES |
                  cases[i].op << 27 | cases[i].format);
        run(f);
        g_assert_cmphex(sem_word(f, 0), ==, cases[i].result);
    }
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, 0);
}

static void test_bad_semaphore(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t offset, op;
    } bad[] = {
        { 4, RELEASE },                 /* 16 bytes, not aligned */
        { 0, 0 },
        { 0, ACQUIRE | RELEASE },
        { 0, REDUCTION | FOUR_BYTES | 8u << 27 },
    };

    set_sem(f, 0, 0x55);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        semaphore(f, bad[i].offset, 1, bad[i].op);
        run(f);
        acknowledge(f, INTR_SEMAPHORE);
        test_run(f->t);
    }
    g_assert_cmphex(sem_word(f, 0), ==, 0x55);
}

/* --------------------------------------------------------- other methods */

static void test_nonstall(Fixture *f, gconstpointer data)
{
    test_wr(f->t, 0x002140, 0xffffffff);
    test_mthd(f->ch, 0, NON_STALL, 1, 0u);
    run(f);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x80000000, ==, 0x80000000);
    g_assert_true(f->t->irq);
    test_wr(f->t, 0x002100, 0x80000000);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x80000000, ==, 0);
}

/* The driver's part, then the stream goes on behind the method. */
static void test_software(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 7, SET_OBJECT, 1, 0x906eu);
    test_mthd(f->ch, 7, 0x500, 1, 0x12345678u);
    test_mthd(f->ch, 0, SET_REFERENCE, 1, 9u);
    run(f);
    g_assert_cmphex(test_rd(f->t, METHOD0) & 0x80073ffc, ==, 0x80070000);
    g_assert_cmphex(test_rd(f->t, DATA0), ==, 0x906e);
    g_assert_cmpuint(test_rd(f->t, CHANNEL), ==, f->ch->id);
    acknowledge(f, INTR_DEVICE);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, METHOD0) & 0x80073ffc, ==, 0x80070500);
    g_assert_cmphex(test_rd(f->t, DATA0), ==, 0x12345678);
    g_assert_cmpuint(reference(f), ==, 0);
    acknowledge(f, INTR_DEVICE);
    test_run(f->t);
    g_assert_cmpuint(reference(f), ==, 9);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_CHANNELS_KILLED), ==, 0);
}

static void test_illegal(Fixture *f, gconstpointer data)
{
    static const uint32_t bad[] = { ILLEGAL, SYNCPOINTA, 0x0c, 0xfc };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        test_mthd(f->ch, 3, bad[i], 1, 0xabcdu);
        run(f);
        g_assert_cmphex(test_rd(f->t, METHOD0), ==,
                        0x80000000 | 3 << 16 | bad[i]);
        g_assert_cmphex(test_rd(f->t, DATA0), ==, 0xabcd);
        acknowledge(f, INTR_METHOD);
        g_assert_true(test_finish(f->ch));
    }
    test_header(f->ch, TEST_IMMD, 0, NOP, 1);
    test_header(f->ch, TEST_IMMD, 0, 0x24, 1);
    test_header(f->ch, TEST_IMMD, 0, WFI, 1);
    for (unsigned i = 0; i < 4; i++) {
        test_header(f->ch, TEST_IMMD, 0, YIELD, i);
    }
    g_assert_true(test_finish(f->ch));
}

/* A masked interrupt stops it all the same. */
static void test_intr_enable(Fixture *f, gconstpointer data)
{
    test_wr(f->t, INTR_EN_0, 0);
    test_header(f->ch, TEST_IMMD, 0, ILLEGAL, 0);
    run(f);
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, INTR_METHOD);
    g_assert_cmphex(test_rd(f->t, 0x0025a0), ==, 0);
    g_assert_false(test_finish(f->ch));
    test_wr(f->t, INTR_EN_0, 0xffffffff);
    acknowledge(f, INTR_METHOD);
    test_run(f->t);
    g_assert_true(test_fence_done(f->ch));
}

static uint32_t counter(Fixture *f, GpCounter which)
{
    return test_counter(f->t, which);
}

static void mem_op(Fixture *f, bool privileged, uint32_t a, uint32_t b,
                   uint32_t c, uint32_t d)
{
    uint64_t va = f->ch->va + PUSH_OFFSET + 4 * f->ch->words;

    test_mthd(f->ch, 0, MEM_OP_A, 4, a, b, c, d);
    f->ch->submitted = f->ch->words;
    test_gp_entry(f->ch, va | 5ull << 42 | (privileged ? 1ull << 40 : 0));
    test_run(f->t);
}

static void test_mem_op(Fixture *f, gconstpointer data)
{
    uint32_t pdb = f->vm->pdb;
    uint32_t pdb_hi = f->vm->pdb >> 32;
    uint32_t all = counter(f, GP_COUNTER_FLUSHES_ALL);
    uint32_t one = counter(f, GP_COUNTER_FLUSHES_PDB);
    uint32_t va = counter(f, GP_COUNTER_FLUSHES_VA);
    uint32_t replays = counter(f, GP_COUNTER_REPLAYS);

    mem_op(f, true, 0, 0, 1, 9u << 27);
    g_assert_cmpuint(counter(f, GP_COUNTER_FLUSHES_ALL), ==, all + 1);
    mem_op(f, true, 0, 0, pdb, 9u << 27 | pdb_hi);
    g_assert_cmpuint(counter(f, GP_COUNTER_FLUSHES_PDB), ==, one + 1);
    mem_op(f, true, 0x5000, 1, pdb, 10u << 27 | pdb_hi);
    g_assert_cmpuint(counter(f, GP_COUNTER_FLUSHES_VA), ==, va + 1);
    mem_op(f, true, 0, 0, pdb | 1 << 2, 9u << 27 | pdb_hi);
    g_assert_cmpuint(counter(f, GP_COUNTER_REPLAYS), ==, replays + 1);
    /* Without GPCs there is no replay. */
    mem_op(f, true, 0, 0, pdb | 1 << 2 | 1 << 1, 9u << 27 | pdb_hi);
    g_assert_cmpuint(counter(f, GP_COUNTER_REPLAYS), ==, replays + 1);
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, 0);

    mem_op(f, false, 0, 0, 0, 5u << 27);                /* membar */
    mem_op(f, false, 0, 0, 0, 0x10u << 27);             /* L2 */
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, 0);
    mem_op(f, false, 0, 0, 1, 9u << 27);
    acknowledge(f, INTR_METHOD);
    mem_op(f, true, 0, 0, 5 << 2, 9u << 27);
    acknowledge(f, INTR_METHOD);
    mem_op(f, true, 0, 0, 0, 1u << 27);
    acknowledge(f, INTR_METHOD);
}

/* What the MMU forgot is walked again: the new page is used. */
static void test_invalidate_works(Fixture *f, gconstpointer data)
{
    uint64_t old = test_vm_fill(f->vm, 0x200000, GP_SYS_COHERENT, 0x1000);
    uint64_t new = test_sys_alloc(f->t, 0x1000, 0x1000);

    test_mthd(f->ch, 0, SEMAPHOREA, 4, 0u, 0x200000u, 1u,
              RELEASE | FOUR_BYTES);
    run(f);
    g_assert_cmpuint(test_mem32(f->t, GP_SYS_COHERENT, old), ==, 1);
    test_vm_map(f->vm, 0x200000, GP_SYS_COHERENT, new, 0x1000, TEST_4K,
                TEST_MAP_DEFAULT);
    mem_op(f, true, 0x200000, 0, f->vm->pdb,
           10u << 27 | (uint32_t)(f->vm->pdb >> 32));
    test_mthd(f->ch, 0, SEMAPHOREA, 4, 0u, 0x200000u, 2u,
              RELEASE | FOUR_BYTES);
    run(f);
    g_assert_cmpuint(test_mem32(f->t, GP_SYS_COHERENT, old), ==, 1);
    g_assert_cmpuint(test_mem32(f->t, GP_SYS_COHERENT, new), ==, 2);
}

/* Host-only methods are not in it; those of engines are. */
static void test_method_crc(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 0, CRC_CHECK, 1, 0u);
    run(f);
    g_assert_cmphex(test_rd(f->t, INTR_0), ==, 0);
    test_mthd(f->ch, 4, 0x100, 1, 1u);
    test_mthd(f->ch, 0, CRC_CHECK, 1, 0u);
    run(f);
    acknowledge(f, INTR_METHODCRC);
}

/* ---------------------------------------------------------------- faults */

static void check_host_fault(Fixture *f, uint64_t va, uint32_t access)
{
    uint32_t info = test_rd(f->t, 0x002800 + 16 * 6 + 12);

    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 1u << 6);      /* HOST0 */
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x10000000, ==, 0x10000000);
    g_assert_true(f->t->irq);
    g_assert_cmphex(test_rd(f->t, 0x002804 + 16 * 6), ==,
                    (uint32_t)va & ~0xfffu);
    g_assert_cmphex(info >> 8 & 0x7f, ==, 6);                   /* HOST */
    g_assert_cmphex(info >> 16 & 7, ==, access);
    g_assert_cmphex(info >> 20 & 1, ==, 1);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_CHANNELS_KILLED), ==, 1);
    test_wr(f->t, 0x00259c, 1u << 6);
    g_assert_cmphex(test_rd(f->t, 0x002100) & 0x10000000, ==, 0);
}

/* What was fetched before the page that is not there is still done. */
static void test_fault_push(Fixture *f, gconstpointer data)
{
    uint64_t page = 0x300000;
    uint64_t pa = test_vm_fill(f->vm, page, GP_VRAM, 0x1000);

    test_set32(f->t, GP_VRAM, pa + 0xffc,
               4u << 29 | 11 << 16 | SET_REFERENCE >> 2);
    test_gp_entry(f->ch, (page + 0xffc) | 2ull << 42);
    test_run(f->t);
    g_assert_cmpuint(reference(f), ==, 11);
    check_host_fault(f, page + 0x1000, 0);
    g_assert_false(test_finish(f->ch));
}

static void test_fault_gpfifo(Fixture *f, gconstpointer data)
{
    test_vm_unmap(f->vm, f->ch->va, 0x1000, TEST_4K);
    test_vm_flush(f->vm);
    test_kick(f->ch);
    f->ch->gp_put = 1;
    test_kick(f->ch);
    test_run(f->t);
    check_host_fault(f, f->ch->va, 0);
}

static void test_fault_semaphore(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 0, SEMAPHOREA, 4, 0u, 0x400010u, 1u, RELEASE);
    run(f);
    check_host_fault(f, 0x400000, 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } cases[] = {
        { "/pbdma/packets", test_packets },
        { "/pbdma/packets/old", test_old_packets },
        { "/pbdma/packets/split", test_split },
        { "/pbdma/packets/no-data", test_no_data },
        { "/pbdma/packets/subdevice", test_subdevice },
        { "/pbdma/packets/bad", test_bad_packets },
        { "/pbdma/gp/wrap", test_wrap },
        { "/pbdma/gp/get", test_get },
        { "/pbdma/gp/control", test_control },
        { "/pbdma/gp/bad-put", test_bad_put },
        { "/pbdma/gp/conditional", test_conditional },
        { "/pbdma/semaphore/acquire", test_acquire },
        { "/pbdma/semaphore/timeout", test_acquire_timeout },
        { "/pbdma/semaphore/release", test_release },
        { "/pbdma/semaphore/order", test_release_order },
        { "/pbdma/semaphore/reduction", test_reduction },
        { "/pbdma/semaphore/bad", test_bad_semaphore },
        { "/pbdma/method/nonstall", test_nonstall },
        { "/pbdma/method/software", test_software },
        { "/pbdma/method/illegal", test_illegal },
        { "/pbdma/method/intr-enable", test_intr_enable },
        { "/pbdma/method/mem-op", test_mem_op },
        { "/pbdma/method/invalidate", test_invalidate_works },
        { "/pbdma/method/crc", test_method_crc },
        { "/pbdma/fault/push", test_fault_push },
        { "/pbdma/fault/gpfifo", test_fault_gpfifo },
        { "/pbdma/fault/semaphore", test_fault_semaphore },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_add(cases[i].name, Fixture, NULL, setup, cases[i].run,
                   teardown);
    }
    return g_test_run();
}
