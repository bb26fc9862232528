/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PGRAPH: contexts, uploads, semaphores, clears, exceptions, registers. */
#include "gr_direct.h"

#define TWOD    0x902d
#define INLINE  0xa140
#define THREED  0xc197
#define COMPUTE 0xc1c0

#define BUFFER  0x100000ull
#define SIZE    0x10000

typedef struct Fixture {
    Gr gr;
    TestGpu *t;
    uint8_t *mem;                   /* behind BUFFER */
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->t = test_gpu_new(NULL);
    gr_init(&f->gr, f->t, 3, false);
    f->mem = test_mem(f->t, GP_SYS_COHERENT,
                      test_vm_fill(f->gr.vm, BUFFER, GP_SYS_COHERENT, SIZE),
                      SIZE);
    g_assert_true(gr_acquire(&f->gr));
}

static void teardown(Fixture *f, gconstpointer data)
{
    test_gpu_free(f->t);
}

static uint32_t word(Fixture *f, uint32_t offset)
{
    uint32_t val;

    memcpy(&val, f->mem + offset, sizeof(val));
    return val;
}

static void upload_start(Fixture *f, uint32_t class_id, uint64_t va,
                         uint32_t length, uint32_t lines, uint32_t pitch,
                         uint32_t launch)
{
    gr_mthd(&f->gr, class_id, 0x0180, length);
    gr_mthd(&f->gr, class_id, 0x0184, lines);
    gr_address(&f->gr, class_id, 0x0188, va);
    gr_mthd(&f->gr, class_id, 0x0190, pitch);
    gr_mthd(&f->gr, class_id, 0x01b0, launch);
}

static void test_upload_pitch(Fixture *f, gconstpointer data)
{
    static const uint32_t classes[] = { INLINE, COMPUTE, THREED };
    unsigned i, j;

    for (i = 0; i < G_N_ELEMENTS(classes); i++) {
        memset(f->mem, 0xee, SIZE);
        upload_start(f, classes[i], BUFFER + 0x100, 10, 3, 0x40, 0x1001);
        for (j = 0; j < 9; j++) {
            gr_mthd(&f->gr, classes[i], 0x01b4, 0x03020100 + j * 0x04040404);
        }
        for (j = 0; j < 3; j++) {
            const uint8_t *line = f->mem + 0x100 + j * 0x40;

            for (unsigned x = 0; x < 10; x++) {
                g_assert_cmphex(line[x], ==, j * 12 + x);
            }
            g_assert_cmphex(line[10], ==, 0xee);
        }
    }
}

static void test_upload_long(Fixture *f, gconstpointer data)
{
    unsigned i;

    upload_start(f, COMPUTE, BUFFER + 0xffd, 2046 * 4 - 1, 1, 0, 0x41);
    for (i = 0; i < 2046; i++) {
        gr_mthd(&f->gr, COMPUTE, 0x01b4, i * 0x9e3779b1);
    }
    for (i = 0; i < 2045; i++) {
        g_assert_cmphex(word(f, 0xffd + 4 * i), ==, i * 0x9e3779b1);
    }
    g_assert_cmphex(f->mem[0xffd + 2046 * 4 - 1], ==, 0);
}

static void test_upload_block(Fixture *f, gconstpointer data)
{
    enum { WIDTH = 200, HEIGHT = 40, X = 12, Y = 7, LENGTH = 120, LINES = 29 };
    unsigned x, y;

    memset(f->mem, 0xee, SIZE);
    /* Blocks of one GOB by two. */
    gr_mthd(&f->gr, INLINE, 0x0194, 0x010);
    gr_mthd(&f->gr, INLINE, 0x0198, WIDTH);
    gr_mthd(&f->gr, INLINE, 0x019c, HEIGHT);
    gr_mthd(&f->gr, INLINE, 0x01a0, 1);
    gr_mthd(&f->gr, INLINE, 0x01a4, 0);
    gr_mthd(&f->gr, INLINE, 0x01a8, X);
    gr_mthd(&f->gr, INLINE, 0x01ac, Y);
    upload_start(f, INLINE, BUFFER, LENGTH, LINES, 0, 0x1000);
    for (y = 0; y < LINES; y++) {
        for (x = 0; x < LENGTH; x += 4) {
            gr_mthd(&f->gr, INLINE, 0x01b4, y << 16 | x);
        }
    }
    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < 256; x += 4) {
            bool in = x >= X && x < X + LENGTH && y >= Y && y < Y + LINES;
            /* Four GOBs of 200 bytes across, 16 lines in a block. */
            uint32_t at = (y / 16 * 4 + x / 64) * 1024 + y % 16 / 8 * 512 +
                          (x & 32) * 8 + (y & 6) * 32 + (x & 16) * 2 +
                          (y & 1) * 16 + (x & 15);

            g_assert_cmphex(word(f, at), ==, in ? (y - Y) << 16 | (x - X)
                                                : 0xeeeeeeee);
        }
    }
}

static void test_upload_semaphore(Fixture *f, gconstpointer data)
{
    f->t->now = 0x123456789;
    gr_address(&f->gr, INLINE, 0x01dc, BUFFER + 0x200);
    gr_mthd(&f->gr, INLINE, 0x01e4, 0xcafe0001);
    upload_start(f, INLINE, BUFFER, 8, 1, 0, 0x0021);
    gr_mthd(&f->gr, INLINE, 0x01b4, 1);
    g_assert_cmphex(word(f, 0x200), ==, 0);
    gr_mthd(&f->gr, INLINE, 0x01b4, 2);
    g_assert_cmphex(word(f, 0x200), ==, 0xcafe0001);
    g_assert_cmphex(word(f, 0x204), ==, 0);
    g_assert_cmphex(word(f, 0x208), ==, 0x23456789);
    g_assert_cmphex(word(f, 0x20c), ==, 0x1);

    /* A reduction: OR into what is there. */
    gr_mthd(&f->gr, INLINE, 0x01e4, 0x00000f00);
    upload_start(f, INLINE, BUFFER, 0, 1, 0, 0x1023 | 6 << 13);
    g_assert_cmphex(word(f, 0x200), ==, 0xcafe0f01);
}

static void test_upload_errors(Fixture *f, gconstpointer data)
{
    /* A word too many: M2MF's exception. */
    g_assert_cmpint(gr_try(&f->gr, 2, INLINE, 0x01b4, 0), ==,
                    GP_METHOD_ERROR);
    g_assert_cmphex(test_rd(f->t, 0x400100), ==, 1u << 21);
    g_assert_cmphex(test_rd(f->t, 0x400108), ==, 1u << 1);
    g_assert_cmphex(test_rd(f->t, 0x404600), ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x400704), ==, 2 << 16 | 0x01b4);
    g_assert_true(f->t->irq);
    g_assert_cmphex(test_rd(f->t, 0x000100) & 1u << 12, ==, 1u << 12);

    /* Nothing is done until the driver lets PGRAPH go on. */
    g_assert_cmpint(gr_try(&f->gr, 2, INLINE, 0x0100, 0), ==,
                    GP_METHOD_WAIT);
    test_wr(f->t, 0x404600, 0xc0000000);
    test_wr(f->t, 0x400108, 0x2);
    test_wr(f->t, 0x400100, 1u << 21);
    g_assert_cmphex(test_rd(f->t, 0x400100), ==, 0);
    g_assert_cmphex(test_rd(f->t, 0x000100) & 1u << 12, ==, 0);
    test_wr(f->t, 0x400500, 0x00010001);
    g_assert_cmpint(gr_try(&f->gr, 2, INLINE, 0x0100, 0), ==,
                    GP_METHOD_DONE);

    /* A launch before the last one has all its data. */
    upload_start(f, INLINE, BUFFER, 8, 1, 0, 1);
    g_assert_cmpint(gr_try(&f->gr, 2, INLINE, 0x01b0, 1), ==,
                    GP_METHOD_ERROR);
    g_assert_cmphex(test_rd(f->t, 0x404600) & 3, ==, 2);
}

static void test_upload_fault(Fixture *f, gconstpointer data)
{
    upload_start(f, COMPUTE, 0x7000000, 4, 1, 0, 1);
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x01b4, 0), ==,
                    GP_METHOD_FAULT);
    /* Unit 0, PTE or PDE missing, hub client FE, a write. */
    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x002804), ==, 0x7000000);
    g_assert_cmphex(test_rd(f->t, 0x00280c) & 0x00117f00, ==, 0x00110400);
    g_assert_false(gr_release(&f->gr));
    g_assert_cmphex(test_rd(f->t, 0x40060c) & 1, ==, 1);
    gr_engine_reset(f->t);
    g_assert_cmphex(test_rd(f->t, 0x40060c) & 1, ==, 0);
    g_assert_null(f->gr.engine->current);
    g_assert_true(gr_acquire(&f->gr));
}

static void test_report(Fixture *f, gconstpointer data)
{
    static const uint32_t classes[] = { THREED, COMPUTE };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(classes); i++) {
        memset(f->mem, 0xee, 0x100);
        f->t->now = 0x500000040;
        gr_address(&f->gr, classes[i], 0x1b00, BUFFER + 0x40);
        gr_mthd(&f->gr, classes[i], 0x1b08, 7);
        gr_mthd(&f->gr, classes[i], 0x1b0c, 0x1000f010);
        g_assert_cmphex(word(f, 0x40), ==, 7);
        g_assert_cmphex(word(f, 0x44), ==, 0xeeeeeeee);

        gr_mthd(&f->gr, classes[i], 0x1b08, 8);
        gr_mthd(&f->gr, classes[i], 0x1b0c, 0x0000f010);
        g_assert_cmphex(word(f, 0x40), ==, 8);
        g_assert_cmphex(word(f, 0x44), ==, 0);
        g_assert_cmphex(word(f, 0x48), ==, 0x40);
        g_assert_cmphex(word(f, 0x4c), ==, 0x5);

        /* Reductions: the numbers of clc1c0.h. */
        gr_mthd(&f->gr, classes[i], 0x1b08, 0xfffffff0);
        gr_mthd(&f->gr, classes[i], 0x1b0c, 0x10000008 | 1 << 9 | 1 << 17);
        g_assert_cmphex(word(f, 0x40), ==, 0xfffffff0);
        gr_mthd(&f->gr, classes[i], 0x1b08, 5);
        gr_mthd(&f->gr, classes[i], 0x1b0c, 0x10000008 | 0 << 9);
        g_assert_cmphex(word(f, 0x40), ==, 0xfffffff5);
        gr_mthd(&f->gr, classes[i], 0x1b0c, 0x10000008 | 3 << 9);
        g_assert_cmphex(word(f, 0x40), ==, 0);
    }

    /* Mesa's queries: of the time, of samples, of primitives. */
    gr_mthd(&f->gr, THREED, 0x1b08, 9);
    gr_mthd(&f->gr, THREED, 0x1b0c, 0x00005002);
    g_assert_cmphex(word(f, 0x40), ==, 9);
    g_assert_cmphex(word(f, 0x44), ==, 0);
    g_assert_cmphex(word(f, 0x48), ==, 0x40);
    g_assert_cmphex(word(f, 0x4c), ==, 0x5);
    gr_mthd(&f->gr, THREED, 0x1b08, 10);
    gr_mthd(&f->gr, THREED, 0x1b0c, 0x0100f002);
    g_assert_cmphex(word(f, 0x40), ==, 10);
    gr_mthd(&f->gr, THREED, 0x1b0c, 0x09005002);
    g_assert_cmphex(word(f, 0x40), ==, 0);

    /* Acquire: waits for the value. */
    gr_mthd(&f->gr, THREED, 0x1b08, 3);
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1b0c, 0x10000001), ==,
                    GP_METHOD_WAIT);
    f->mem[0x40] = 3;
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1b0c, 0x10000001), ==,
                    GP_METHOD_DONE);
    f->mem[0x40] = 4;
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1b0c, 0x10000001), ==,
                    GP_METHOD_WAIT);
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1b0c, 0x10010001), ==,
                    GP_METHOD_DONE);

    /* Compute has no acquire; nor may an address be crooked. */
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x1b0c, 0x10000001), ==,
                    GP_METHOD_ERROR);
    g_assert_cmphex(test_rd(f->t, 0x400100), ==, 1u << 20);
    test_wr(f->t, 0x400100, 1u << 20);
    test_wr(f->t, 0x400500, 0x00010001);
    gr_address(&f->gr, THREED, 0x1b00, BUFFER + 0x44);
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1b0c, 0), ==,
                    GP_METHOD_ERROR);
}

static void test_notify(Fixture *f, gconstpointer data)
{
    memset(f->mem, 0xee, 0x100);
    f->t->now = 0x700000020;
    gr_address(&f->gr, COMPUTE, 0x0104, BUFFER + 0x10);
    gr_mthd(&f->gr, COMPUTE, 0x010c, 0);
    g_assert_cmphex(word(f, 0x10), ==, 0x20);
    g_assert_cmphex(word(f, 0x14), ==, 0x7);
    g_assert_cmphex(word(f, 0x18), ==, 0);
    g_assert_cmphex(word(f, 0x1c), ==, 0);
    g_assert_cmphex(word(f, 0x20), ==, 0xeeeeeeee);
}

static void clear_target(Fixture *f, uint64_t va, uint32_t pitch,
                         uint32_t height, uint32_t format, uint32_t across,
                         uint32_t down)
{
    gr_address(&f->gr, THREED, 0x0800, va);
    gr_mthd(&f->gr, THREED, 0x0808, pitch);
    gr_mthd(&f->gr, THREED, 0x080c, height);
    gr_mthd(&f->gr, THREED, 0x0810, format);
    gr_mthd(&f->gr, THREED, 0x0814, 0x1000);
    gr_mthd(&f->gr, THREED, 0x0ff4, across << 16);
    gr_mthd(&f->gr, THREED, 0x0ff8, down << 16);
}

static void test_clear(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t format;
        unsigned texel;
        uint8_t pattern[16];
    } cases[] = {
        { 0xf6, 1, { 0x11 } },
        { 0xf1, 2, { 0x11, 0x12 } },
        { 0xe4, 4, { 0x11, 0x12, 0x13, 0x14 } },
        { 0xcd, 8, { 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24 } },
        { 0xc2, 16, { 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24,
                      0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44 } },
        { 0xd9, 4, { 0x11, 0x21, 0x31, 0x41 } },
    };
    unsigned i, x, y;

    for (i = 0; i < 4; i++) {
        gr_mthd(&f->gr, THREED, 0x0d80 + 4 * i,
                0x14131211 + i * 0x10101010);
    }
    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned pitch = 0x600, across = 0x500 / cases[i].texel;

        memset(f->mem, 0xee, SIZE);
        clear_target(f, BUFFER + 0x100, pitch, 9, cases[i].format, across,
                     20);
        gr_mthd(&f->gr, THREED, 0x19d0, 0x3c);
        gr_mthd(&f->gr, THREED, 0x0110, 0);
        for (y = 0; y < 12; y++) {
            for (x = 0; x < pitch; x++) {
                bool in = y < 9 && x < across * cases[i].texel;

                g_assert_cmphex(f->mem[0x100 + y * pitch + x], ==,
                                in ? cases[i].pattern[x % cases[i].texel]
                                   : 0xee);
            }
        }
    }

    /* Something that is not modelled is refused, not skipped. */
    gr_mthd(&f->gr, THREED, 0x0810, 0xcf);
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x19d0, 0x3c), ==,
                    GP_METHOD_ERROR);
    g_assert_cmphex(test_rd(f->t, 0x400100), ==, 1u << 20);
}

static void test_constants(Fixture *f, gconstpointer data)
{
    gr_mthd(&f->gr, THREED, 0x2380, 0x100);
    gr_address(&f->gr, THREED, 0x2384, BUFFER + 0x400);
    gr_mthd(&f->gr, THREED, 0x238c, 0x10);
    gr_mthd(&f->gr, THREED, 0x2390, 1);
    gr_mthd(&f->gr, THREED, 0x2394, 2);
    gr_mthd(&f->gr, THREED, 0x2390, 3);
    g_assert_cmphex(word(f, 0x410), ==, 1);
    g_assert_cmphex(word(f, 0x414), ==, 2);
    g_assert_cmphex(word(f, 0x418), ==, 3);
}

static void test_classes(Fixture *f, gconstpointer data)
{
    static const uint32_t classes[] = { TWOD, INLINE, THREED, COMPUTE };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_assert_cmpint(gr_try(&f->gr, i, 0, 0, classes[i]), ==,
                        GP_METHOD_DONE);
        g_assert_cmphex(test_rd(f->t, 0x404200 + 4 * i), ==, classes[i]);
        g_assert_cmpint(gr_try(&f->gr, i, classes[i], 0x0100, 0), ==,
                        GP_METHOD_DONE);
    }
    g_assert_cmpint(gr_try(&f->gr, 3, TWOD, 0x0180, 0), ==,
                    GP_METHOD_UNKNOWN);
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x0800, 0), ==,
                    GP_METHOD_UNKNOWN);
    /* Nothing draws: BEGIN is refused, what it needs is stored. */
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1618, 0), ==,
                    GP_METHOD_UNKNOWN);
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1974, 0), ==,
                    GP_METHOD_DONE);

    g_assert_cmpint(gr_try(&f->gr, 1, 0, 0, 0x9097), ==, GP_METHOD_ERROR);
    g_assert_cmphex(test_rd(f->t, 0x400100), ==, 1u << 5);
    g_assert_cmphex(test_rd(f->t, 0x404204), ==, 0x9097);
    test_wr(f->t, 0x400100, 1u << 5);
    test_wr(f->t, 0x400500, 0x00010001);
    g_assert_cmpint(gr_try(&f->gr, 1, 0x1234, 0x100, 0), ==,
                    GP_METHOD_ERROR);
}

static void test_contexts(Fixture *f, gconstpointer data)
{
    Gr other;
    uint8_t *mem;

    gr_init(&other, f->t, 4, false);
    mem = test_mem(f->t, GP_VRAM,
                   test_vm_fill(other.vm, BUFFER, GP_VRAM, 0x1000), 0x1000);

    g_assert_cmphex(gp_gr_current_context(f->t->gpu), ==,
                    0x80000000 | f->gr.channel.space.inst >> 12);
    gr_address(&f->gr, THREED, 0x1b00, BUFFER + 0x40);
    gr_mthd(&f->gr, THREED, 0x1b08, 1);

    /* Not while FECS holds contexts where they are. */
    gp_gr_set_switching(f->t->gpu, false);
    g_assert_false(gr_acquire(&other));
    g_assert_false(gr_release(&f->gr));
    g_assert_true(gr_acquire(&f->gr));
    gp_gr_set_switching(f->t->gpu, true);
    g_assert_true(gr_acquire(&other));
    g_assert_cmphex(gp_gr_current_context(f->t->gpu), ==,
                    0x80000000 | other.channel.space.inst >> 12);
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x0100, 0), ==,
                    GP_METHOD_WAIT);

    /* State and memory are each channel's own. */
    gr_address(&other, THREED, 0x1b00, BUFFER + 0x80);
    gr_mthd(&other, THREED, 0x1b08, 2);
    gr_mthd(&other, THREED, 0x1b0c, 0x10000000);
    g_assert_cmphex(mem[0x80], ==, 2);
    g_assert_true(gr_release(&other));
    g_assert_cmphex(gp_gr_current_context(f->t->gpu), ==, 0);
    g_assert_true(gr_acquire(&f->gr));
    gr_mthd(&f->gr, THREED, 0x1b0c, 0x10000000);
    g_assert_cmphex(word(f, 0x40), ==, 1);
    g_assert_cmphex(word(f, 0x80), ==, 0);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_CONTEXT_SWITCHES), ==, 3);

    /* The number goes to another channel: nothing is left of the first. */
    g_assert_true(gr_release(&f->gr));
    f->gr.engine->ops->forget(f->gr.engine, &f->gr.channel);
    g_assert_true(gr_acquire(&f->gr));
    g_assert_cmpint(gr_try(&f->gr, 0, THREED, 0x1b0c, 0x10000000), ==,
                    GP_METHOD_FAULT);
}

static void test_not_ready(void)
{
    TestGpu *t = test_gpu_new(NULL);
    Gr gr;

    gr_init(&gr, t, 0, false);
    gp_gr_set_ready(t->gpu, false);
    g_assert_false(gr_acquire(&gr));
    gp_gr_set_ready(t->gpu, true);
    g_assert_true(gr_acquire(&gr));
    /* 400500 bit 0: Host's access. */
    test_wr(t, 0x400500, 0);
    g_assert_cmpint(gr_try(&gr, 0, THREED, 0x0100, 0), ==, GP_METHOD_WAIT);
    test_wr(t, 0x400500, 0x00010001);
    g_assert_cmpint(gr_try(&gr, 0, THREED, 0x0100, 0), ==, GP_METHOD_DONE);
    test_gpu_free(t);
}

static void test_registers(void)
{
    GpConfig cfg;
    TestGpu *t;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.tpcs = 2;
    t = test_gpu_new(&cfg);
    test_wr(t, 0x000200, 0xffffffff);
    g_assert_cmphex(test_rd(t, 0x502608), ==, 2);
    g_assert_cmphex(test_rd(t, 0x500c30), ==, 3);
    g_assert_cmphex(test_rd(t, 0x40060c), ==, 0);
    g_assert_cmphex(test_rd(t, 0x400700), ==, 0);
    test_wr(t, 0x404170, 0x12);
    g_assert_cmphex(test_rd(t, 0x404170) & 0x10, ==, 0);

    /* The windows that reach all GPCs, and all TPCs of them. */
    test_wr(t, 0x418980, 0x1234);
    g_assert_cmphex(test_rd(t, 0x500980), ==, 0x1234);
    test_wr(t, 0x419cc0, 0x8);
    g_assert_cmphex(test_rd(t, 0x5044c0), ==, 0x8);
    g_assert_cmphex(test_rd(t, 0x504cc0), ==, 0x8);
    test_wr(t, 0x504cc0, 0x9);
    g_assert_cmphex(test_rd(t, 0x5044c0), ==, 0x8);
    test_wr(t, 0x41be08, 0x77);
    g_assert_cmphex(test_rd(t, 0x503008), ==, 0x77);
    g_assert_cmpuint(t->logs[GP_LOG_UNKNOWN], ==, 0);
    test_gpu_free(t);
}

/* A GR channel through PFIFO, as Mesa's fence goes. */
static void test_channel(void)
{
    TestGpu *t = test_gpu_new(NULL);
    TestVm *vm = test_vm_new(t, GP_VRAM);
    uint8_t *mem = test_mem(t, GP_SYS_COHERENT,
                            test_vm_fill(vm, BUFFER, GP_SYS_COHERENT, 0x1000),
                            0x1000);
    TestChannel *ch = test_channel_new(vm, TEST_RUNLIST_GR);

    test_mthd(ch, 0, 0, 1, THREED);
    test_mthd(ch, 2, 0, 1, INLINE);
    test_mthd(ch, 2, 0x0180, 4, 8, 1, 0, (uint32_t)BUFFER);
    test_header(ch, TEST_ONEINC, 2, 0x01b0, 3);
    test_word(ch, 0x1001);
    test_word(ch, 0x11111111);
    test_word(ch, 0x22222222);
    test_mthd(ch, 4, 0x0400, 4, 0, (uint32_t)BUFFER, 0,
              (uint32_t)BUFFER + 0x100);
    test_mthd(ch, 4, 0x0418, 1, 8);
    test_mthd(ch, 4, 0x0300, 1, 0x186);
    test_mthd(ch, 0, 0x0110, 1, 0);
    test_mthd(ch, 0, 0x1b00, 4, 0, (uint32_t)BUFFER + 0x10, 5, 0x1000f010);
    g_assert_true(test_finish(ch));
    g_assert_cmphex(mem[0x10], ==, 5);
    g_assert_cmphex(mem[0x107], ==, 0x22);
    test_gpu_free(t);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } cases[] = {
        { "/gr/upload/pitch", test_upload_pitch },
        { "/gr/upload/long", test_upload_long },
        { "/gr/upload/block-linear", test_upload_block },
        { "/gr/upload/semaphore", test_upload_semaphore },
        { "/gr/upload/errors", test_upload_errors },
        { "/gr/upload/fault", test_upload_fault },
        { "/gr/report", test_report },
        { "/gr/notify", test_notify },
        { "/gr/clear", test_clear },
        { "/gr/constants", test_constants },
        { "/gr/classes", test_classes },
        { "/gr/contexts", test_contexts },
    };
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_add(cases[i].name, Fixture, NULL, setup, cases[i].run,
                   teardown);
    }
    g_test_add_func("/gr/not-ready", test_not_ready);
    g_test_add_func("/gr/registers", test_registers);
    g_test_add_func("/gr/channel", test_channel);
    return g_test_run();
}
