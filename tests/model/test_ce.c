/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copy engines, class c1b5 (clc1b5.h), through channels of their own runlist:
 * results against a plain reference.
 */
#include <glib.h>
#include <string.h>

#include "harness.h"

#define RUNLIST_CE2     1
#define CE2             0x104500
#define CE2_INTR_EN     (CE2 + 0x0c)
#define CE2_INTR        (CE2 + 0x10)
#define CE2_LAUNCHERR   (CE2 + 0x18)
#define PBDMA2          0x044000        /* of runlist 1 */
#define PBDMA2_INTR_0   (PBDMA2 + 0x108)
#define PBDMA2_INTR_1   (PBDMA2 + 0x148)

#define SEMAPHORE       0x240
#define RENDER_ENABLE   0x254
#define SRC_PHYS_MODE   0x260
#define DST_PHYS_MODE   0x264
#define LAUNCH          0x300
#define OFFSETS         0x400
#define LINE_LENGTH     0x418
#define REMAP_CONST_A   0x700
#define REMAP           0x708
#define DST_BLOCK       0x70c
#define DST_ORIGIN      0x720
#define SRC_BLOCK       0x728
#define SRC_ORIGIN      0x73c

#define NON_PIPELINED   2u
#define SEM_ONE         (1u << 3)
#define SEM_FOUR        (2u << 3)
#define INTR_BLOCKING   (1u << 5)
#define INTR_NONBLOCK   (2u << 5)
#define SRC_PITCH       (1u << 7)
#define DST_PITCH       (1u << 8)
#define MULTI_LINE      (1u << 9)
#define REMAP_ENABLE    (1u << 10)
#define SRC_PHYSICAL    (1u << 12)
#define DST_PHYSICAL    (1u << 13)
#define REDUCE_ADD      (5u << 14 | 1u << 19)
#define PITCH           (SRC_PITCH | DST_PITCH)

#define SRC             0x01000000ull   /* GPU addresses; in VRAM */
#define DST             0x02000000ull   /* in system memory */
#define SIZE            0x40000u

typedef struct Fixture {
    TestGpu *t;
    TestVm *vm;
    TestChannel *ch;
    uint64_t src_pa, dst_pa;
    uint8_t *src, *dst;
    uint8_t expect[SIZE];
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->t = test_gpu_new(NULL);
    f->vm = test_vm_new(f->t, GP_VRAM);
    f->ch = test_channel_new(f->vm, RUNLIST_CE2);
    f->src_pa = test_vm_fill(f->vm, SRC, GP_VRAM, SIZE);
    f->dst_pa = test_vm_fill(f->vm, DST, GP_SYS_COHERENT, SIZE);
    f->src = test_mem(f->t, GP_VRAM, f->src_pa, SIZE);
    f->dst = test_mem(f->t, GP_SYS_COHERENT, f->dst_pa, SIZE);
    for (unsigned i = 0; i < SIZE; i++) {
        f->src[i] = i * 7 + i / 256 * 13 + 1;
    }
    memset(f->dst, 0xee, SIZE);
    memset(f->expect, 0xee, SIZE);
    test_mthd(f->ch, 4, 0, 1, 0xc1b5u);
}

static void teardown(Fixture *f, gconstpointer data)
{
    test_gpu_free(f->t);
}

static void offsets(Fixture *f, uint64_t src, uint64_t dst, uint32_t pitch_in,
                    uint32_t pitch_out, uint32_t length, uint32_t lines)
{
    test_mthd(f->ch, 4, OFFSETS, 8, (uint32_t)(src >> 32), (uint32_t)src,
              (uint32_t)(dst >> 32), (uint32_t)dst, pitch_in, pitch_out,
              length, lines);
}

static void launch(Fixture *f, uint32_t bits)
{
    test_mthd(f->ch, 4, LAUNCH, 1, bits);
}

/* Everything done, and the whole destination is as expected. */
static void check(Fixture *f)
{
    g_assert_true(test_finish(f->ch));
    g_assert_cmpmem(f->dst, SIZE, f->expect, SIZE);
}

/* ----------------------------------------------------------------- lines */

static void test_linear(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t src, dst, length;
    } cases[] = {
        { 0, 0, 1 }, { 3, 5, 0x1000 }, { 0xfff, 0x2001, 0x5003 },
        { 0, 0x10000, 0x20000 },
    };
    uint64_t bytes = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        offsets(f, SRC + cases[i].src, DST + cases[i].dst, 0, 0,
                cases[i].length, 77);
        launch(f, NON_PIPELINED | PITCH);
        memcpy(f->expect + cases[i].dst, f->src + cases[i].src,
               cases[i].length);
        bytes += cases[i].length;
        check(f);
        g_assert_cmpuint(test_counter(f->t, GP_COUNTER_COPY_BYTES), ==,
                         bytes);
    }
}

static void test_pitch(Fixture *f, gconstpointer data)
{
    static const struct {
        int32_t in, out;
        uint32_t src, dst, length, lines;
    } cases[] = {
        { 4096, 4096, 0, 0, 4096, 16 },         /* as nouveau moves pages */
        { 100, 300, 7, 11, 99, 50 },
        { -64, 64, 64 * 9, 0x8000, 64, 10 },
        { 64, -128, 0, 0x9000 + 128 * 9, 50, 10 },
        { 10, 10, 0, 0, 0, 5 },
        { 10, 10, 0, 0, 5, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        offsets(f, SRC + cases[i].src, DST + cases[i].dst, cases[i].in,
                cases[i].out, cases[i].length, cases[i].lines);
        launch(f, NON_PIPELINED | PITCH | MULTI_LINE);
        for (unsigned line = 0; line < cases[i].lines; line++) {
            memcpy(f->expect + cases[i].dst + (int)line * cases[i].out,
                   f->src + cases[i].src + (int)line * cases[i].in,
                   cases[i].length);
        }
        check(f);
    }
}

/* ---------------------------------------------------------- block-linear */

typedef struct Surface {
    unsigned height, depth;             /* blocks, log2 of GOBs */
    unsigned width, rows, layers;       /* bytes, rows, layers */
} Surface;

/*
 * Bits of the place in a GOB, from the lowest: x0 x1 x2 x3 y0 x4 y1 y2 x5
 * (Tegra X1 TRM, block-linear); then rows of GOBs, layers of a block, and
 * blocks.
 */
static unsigned place(const Surface *s, unsigned x, unsigned y, unsigned z)
{
    static const struct {
        uint8_t y, bit;
    } gob[9] = {
        { 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 3 }, { 1, 0 }, { 0, 4 }, { 1, 1 },
        { 1, 2 }, { 0, 5 },
    };
    unsigned block_rows = 8u << s->height;
    unsigned across = (s->width + 63) / 64;
    unsigned down = (s->rows + block_rows - 1) / block_rows;
    unsigned block = (z >> s->depth) * down * across +
                     y / block_rows * across + x / 64;
    unsigned in_block = (z & ((1u << s->depth) - 1)) * (1u << s->height) +
                        y % block_rows / 8;
    unsigned offset = 0;

    for (unsigned i = 0; i < 9; i++) {
        offset |= ((gob[i].y ? y : x) >> gob[i].bit & 1) << i;
    }
    return (block << (s->height + s->depth)) * 512 + in_block * 512 + offset;
}

static void block(Fixture *f, uint32_t method, const Surface *s,
                  unsigned element, unsigned layer, unsigned x, unsigned y)
{
    test_mthd(f->ch, 4, method, 6,
              1u << 12 | s->depth << 8 | s->height << 4, s->width / element,
              s->rows, s->layers, layer, y << 16 | x);
}

static const Surface surfaces[] = {
    { 0, 0, 64, 8, 1 },
    { 1, 0, 200, 50, 1 },
    { 4, 0, 512, 100, 1 },
    { 2, 1, 130, 40, 4 },
    { 5, 0, 64, 300, 1 },
};

static void test_to_block(Fixture *f, gconstpointer data)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(surfaces); i++) {
        const Surface *s = &surfaces[i];
        unsigned z = s->layers - 1, x = 3, y = 2;
        unsigned width = s->width - 5, rows = s->rows - 3;

        block(f, DST_BLOCK, s, 1, z, x, y);
        offsets(f, SRC + 1, DST, 600, 0, width, rows);
        launch(f, NON_PIPELINED | SRC_PITCH | MULTI_LINE);
        for (unsigned row = 0; row < rows; row++) {
            for (unsigned col = 0; col < width; col++) {
                f->expect[place(s, x + col, y + row, z)] =
                    f->src[1 + row * 600 + col];
            }
        }
        check(f);
    }
}

static void test_from_block(Fixture *f, gconstpointer data)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(surfaces); i++) {
        const Surface *s = &surfaces[i];
        unsigned x = 1, y = 4;
        unsigned width = s->width - 1, rows = s->rows - 4;

        block(f, SRC_BLOCK, s, 1, 0, x, y);
        offsets(f, SRC, DST + 2, 0, 512, width, rows);
        launch(f, NON_PIPELINED | DST_PITCH | MULTI_LINE);
        for (unsigned row = 0; row < rows; row++) {
            for (unsigned col = 0; col < width; col++) {
                f->expect[2 + row * 512 + col] =
                    f->src[place(s, x + col, y + row, 0)];
            }
        }
        check(f);
    }
}

/* Both sides, elements of 4 bytes, origins by the separate methods. */
static void test_block_to_block(Fixture *f, gconstpointer data)
{
    static const Surface src = { 1, 0, 400, 40, 1 };
    static const Surface dst = { 3, 0, 256, 70, 1 };

    block(f, SRC_BLOCK, &src, 4, 0, 9, 9);
    block(f, DST_BLOCK, &dst, 4, 0, 9, 9);
    test_mthd(f->ch, 4, 0x744, 4, 5u, 6u, 7u, 8u);
    test_mthd(f->ch, 4, REMAP, 1, 3u << 24 | 3u << 20 | 0x3210u);
    offsets(f, SRC, DST, 0, 0, 50, 30);
    launch(f, NON_PIPELINED | MULTI_LINE | REMAP_ENABLE);
    for (unsigned row = 0; row < 30; row++) {
        for (unsigned col = 0; col < 200; col++) {
            f->expect[place(&dst, 28 + col, 8 + row, 0)] =
                f->src[place(&src, 20 + col, 6 + row, 0)];
        }
    }
    check(f);
}

/* ----------------------------------------------------------------- remap */

/* nvc0b5_migrate_clear() of nouveau: two words of constants. */
static void test_clear(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 4, DST_PHYS_MODE, 1, 1u);
    test_mthd(f->ch, 4, REMAP_CONST_A, 3, 0x11223344u, 0x55667788u,
              1u << 24 | 3u << 16 | 5u << 4 | 4u);
    offsets(f, 0, f->dst_pa + 0x1000, 0, 0, 0x2000 >> 3, 9);
    launch(f, NON_PIPELINED | PITCH | REMAP_ENABLE | DST_PHYSICAL);
    for (unsigned i = 0; i < 0x2000; i += 8) {
        static const uint8_t pattern[8] = {
            0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55,
        };

        memcpy(f->expect + 0x1000 + i, pattern, 8);
    }
    check(f);
}

static void test_remap(Fixture *f, gconstpointer data)
{
    GRand *rand = g_rand_new_with_seed(1);
    static const uint32_t constant[2] = { 0xa1b2c3d4, 0x01020304 };

    for (unsigned i = 0; i < 200; i++) {
        unsigned size = g_rand_int_range(rand, 1, 5);
        unsigned n_src = g_rand_int_range(rand, 1, 5);
        unsigned n_dst = g_rand_int_range(rand, 1, 5);
        unsigned count = g_rand_int_range(rand, 1, 700);
        unsigned select[4];
        uint32_t val = (size - 1) << 16 | (n_src - 1) << 20 |
                       (n_dst - 1) << 24;

        for (unsigned c = 0; c < 4; c++) {
            /* Past the source's components come constants and NO_WRITE. */
            select[c] = g_rand_int_range(rand, 0, n_src + 3);
            if (select[c] >= n_src) {
                select[c] += 4 - n_src;
            }
            val |= select[c] << 4 * c;
        }
        test_mthd(f->ch, 4, REMAP_CONST_A, 3, constant[0], constant[1], val);
        offsets(f, SRC + i, DST + 3 * i, 0, 0, count, 0);
        launch(f, NON_PIPELINED | PITCH | REMAP_ENABLE);
        for (unsigned e = 0; e < count; e++) {
            for (unsigned c = 0; c < n_dst; c++) {
                uint8_t *out = f->expect + 3 * i + (e * n_dst + c) * size;

                for (unsigned b = 0; b < size && select[c] != 6; b++) {
                    out[b] = select[c] >= 4 ?
                             constant[select[c] - 4] >> 8 * b :
                             f->src[i + (e * n_src + select[c]) * size + b];
                }
            }
        }
        if (f->ch->words > TEST_PUSH_WORDS - 100) {
            f->ch->words = f->ch->submitted = 0;
        }
        check(f);
    }
    g_rand_free(rand);
}

/* -------------------------------------------------------------- physical */

static void test_physical(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 4, SRC_PHYS_MODE, 2, 0u, 1u);
    offsets(f, f->src_pa + 5, f->dst_pa + 9, 0, 0, 0x3000, 1);
    launch(f, NON_PIPELINED | PITCH | SRC_PHYSICAL | DST_PHYSICAL);
    memcpy(f->expect + 9, f->src + 5, 0x3000);
    check(f);

    /* Target 3 is no memory. */
    test_mthd(f->ch, 4, SRC_PHYS_MODE, 1, 3u);
    launch(f, NON_PIPELINED | PITCH | SRC_PHYSICAL);
    test_submit(f->ch);
    test_run(f->t);
    g_assert_cmpuint(test_rd(f->t, CE2_LAUNCHERR), ==, 9);
}

/* RAMFC's HCE_CTRL says who may: without the bit Host objects. */
static void test_privilege(Fixture *f, gconstpointer data)
{
    g_assert_true(test_finish(f->ch));
    test_wr(f->t, PBDMA2 + 0x0e4, 0);
    offsets(f, f->src_pa, f->dst_pa, 0, 0, 16, 1);
    launch(f, NON_PIPELINED | PITCH | SRC_PHYSICAL);
    test_submit(f->ch);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, PBDMA2_INTR_1), ==, 1 << 2);
    g_assert_cmphex(test_rd(f->t, PBDMA2 + 0x150), ==, LAUNCH);
    test_wr(f->t, PBDMA2_INTR_1, ~0u);
    check(f);
}

static void test_class(Fixture *f, gconstpointer data)
{
    test_mthd(f->ch, 4, 0, 1, 0xa0b5u);
    test_submit(f->ch);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, PBDMA2_INTR_1), ==, 1 << 4);
    g_assert_cmphex(test_rd(f->t, PBDMA2 + 0x154), ==, 0xa0b5);
    test_wr(f->t, PBDMA2_INTR_1, ~0u);
    test_mthd(f->ch, 4, 0x754, 1, 5u);
    test_submit(f->ch);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, PBDMA2_INTR_1), ==, 1 << 3);
    g_assert_cmphex(test_rd(f->t, PBDMA2 + 0x150), ==, 0x754);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_UNKNOWN_METHODS), ==, 1);
    test_wr(f->t, PBDMA2_INTR_1, ~0u);
    check(f);
}

/* ------------------------------------------------- semaphores, interrupts */

static void semaphore(Fixture *f, uint64_t va, uint32_t payload)
{
    test_mthd(f->ch, 4, SEMAPHORE, 3, (uint32_t)(va >> 32), (uint32_t)va,
              payload);
}

static uint32_t word(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void test_semaphore(Fixture *f, gconstpointer data)
{
    f->t->now = 0x1000000000ull;
    semaphore(f, DST + 0x104, 0x12345678);
    launch(f, SEM_ONE);
    g_assert_true(test_finish(f->ch));
    g_assert_cmphex(word(f->dst + 0x104), ==, 0x12345678);
    g_assert_cmphex(word(f->dst + 0x108), ==, 0xeeeeeeee);

    offsets(f, SRC, DST, 0, 0, 16, 1);
    semaphore(f, DST + 0x200, 5);
    launch(f, NON_PIPELINED | PITCH | SEM_FOUR);
    g_assert_true(test_finish(f->ch));
    g_assert_cmpmem(f->dst, 16, f->src, 16);
    g_assert_cmphex(word(f->dst + 0x200), ==, 5);
    g_assert_cmphex(word(f->dst + 0x204), ==, 0);
    g_assert_cmphex(word(f->dst + 0x20c), ==, 0x10);

    semaphore(f, DST + 0x200, 7);
    launch(f, SEM_ONE | REDUCE_ADD);
    launch(f, SEM_ONE | REDUCE_ADD);
    g_assert_true(test_finish(f->ch));
    g_assert_cmphex(word(f->dst + 0x200), ==, 19);
}

static void test_interrupts(Fixture *f, gconstpointer data)
{
    g_assert_cmphex(test_rd(f->t, CE2_INTR_EN), ==, 7);
    launch(f, INTR_BLOCKING);
    g_assert_true(test_finish(f->ch));
    g_assert_cmphex(test_rd(f->t, CE2_INTR), ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x000100) & 1 << 7, ==, 1 << 7);
    test_wr(f->t, CE2_INTR, 1);
    g_assert_cmphex(test_rd(f->t, 0x000100) & 1 << 7, ==, 0);
    test_wr(f->t, CE2_INTR_EN, 0);
    launch(f, INTR_NONBLOCK);
    g_assert_true(test_finish(f->ch));
    g_assert_cmphex(test_rd(f->t, CE2_INTR), ==, 2);
    g_assert_cmphex(test_rd(f->t, 0x000100) & 1 << 7, ==, 0);
    g_assert_cmphex(test_rd(f->t, 0x002100) >> 31, ==, 1);
}

static void test_launch_errors(Fixture *f, gconstpointer data)
{
    static const Surface s = { 1, 0, 64, 16, 2 };
    static const struct {
        uint32_t launch, layer, length, lines, pitch, remap, error;
        uint64_t sem, dst;
    } cases[] = {
        { 3 | PITCH, 0, 1, 1, 0, 0, 9, 0, 0 },
        { NON_PIPELINED | SRC_PITCH, 2, 1, 1, 0, 0, 1, 0, 0 },
        { NON_PIPELINED | SRC_PITCH, 0, 1, 1, 0, 0, 2, 0, 16 },
        { NON_PIPELINED | SRC_PITCH, 0, 65, 1, 0, 0, 3, 0, 0 },
        { NON_PIPELINED | SRC_PITCH | MULTI_LINE, 0, 1, 17, 8, 0, 3, 0, 0 },
        { NON_PIPELINED | PITCH | MULTI_LINE, 0, 9, 2, 8, 0, 4, 0, 0 },
        { NON_PIPELINED | PITCH | MULTI_LINE, 0, 9, 2, -8u, 0, 5, 0, 0 },
        { NON_PIPELINED | PITCH | REMAP_ENABLE, 0, 1, 1, 0, 1, 8, 0, 0 },
        { NON_PIPELINED | PITCH | REMAP_ENABLE, 0, 1, 1, 0, 7, 9, 0, 0 },
        { NON_PIPELINED | PITCH | SEM_FOUR, 0, 1, 1, 0, 0, 2, 4, 0 },
        { NON_PIPELINED | PITCH | SEM_ONE, 0, 1, 1, 0, 0, 2, 2, 0 },
        { NON_PIPELINED | PITCH | 3 << 3, 0, 1, 1, 0, 0, 9, 0, 0 },
        { NON_PIPELINED | PITCH | SEM_ONE | 8 << 14 | 1 << 19, 0, 1, 1, 0, 0,
          9, 0, 0 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        block(f, DST_BLOCK, &s, 1, cases[i].layer, 0, 0);
        offsets(f, SRC, DST + cases[i].dst, cases[i].pitch, 64,
                cases[i].length, cases[i].lines);
        semaphore(f, DST + cases[i].sem, 1);
        test_mthd(f->ch, 4, REMAP, 1, cases[i].remap);
        launch(f, cases[i].launch);
        test_submit(f->ch);
        test_run(f->t);
        g_assert_cmphex(test_rd(f->t, CE2_INTR), ==, 4);
        g_assert_cmpuint(test_rd(f->t, CE2_LAUNCHERR), ==, cases[i].error);
        test_wr(f->t, CE2_INTR, 4);
        /* It is the engine's error, not Host's: the channel goes on. */
        g_assert_cmphex(test_rd(f->t, PBDMA2_INTR_0), ==, 0);
        check(f);
    }
}

static void test_render_enable(Fixture *f, gconstpointer data)
{
    static const struct {
        uint32_t mode;
        uint64_t first, second;
        bool copies;
    } cases[] = {
        { 0, 0, 0, false },
        { 1, 0, 0, true },
        { 2, 0, 5, false },
        { 2, 1, 0, true },
        { 3, 6, 6, true },
        { 3, 6, 7, false },
        { 4, 6, 6, false },
        { 4, 6, 7, true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        test_set64(f->t, GP_VRAM, f->src_pa + 0x1000, cases[i].first);
        test_set64(f->t, GP_VRAM, f->src_pa + 0x1010, cases[i].second);
        test_mthd(f->ch, 4, RENDER_ENABLE, 3, 0u, (uint32_t)SRC + 0x1000,
                  cases[i].mode);
        offsets(f, SRC, DST + 64 * i, 0, 0, 32, 1);
        launch(f, NON_PIPELINED | PITCH);
        if (cases[i].copies) {
            memcpy(f->expect + 64 * i, f->src, 32);
        }
        check(f);
    }

    /* Modes end at 4; reports are aligned. */
    test_mthd(f->ch, 4, RENDER_ENABLE, 3, 0u, (uint32_t)SRC, 5u);
    test_submit(f->ch);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, CE2_INTR), ==, 4);
    g_assert_cmpuint(test_rd(f->t, CE2_LAUNCHERR), ==, 9);
    test_wr(f->t, CE2_INTR, 4);
    test_mthd(f->ch, 4, RENDER_ENABLE, 3, 0u, (uint32_t)SRC + 8, 2u);
    test_submit(f->ch);
    test_run(f->t);
    g_assert_cmphex(test_rd(f->t, CE2_INTR), ==, 4);
    g_assert_cmpuint(test_rd(f->t, CE2_LAUNCHERR), ==, 2);
}

/* ---------------------------------------------------------------- faults */

/* What came before the page that is not there is copied. */
static void test_fault(Fixture *f, gconstpointer data)
{
    TestChannel *other = test_channel_new(f->vm, TEST_RUNLIST_GR);
    uint32_t info;

    offsets(f, SRC + SIZE - 0x1800, DST, 0, 0, 0x2000, 1);
    launch(f, NON_PIPELINED | PITCH);
    g_assert_false(test_finish(f->ch));
    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 1u << 27);
    info = test_rd(f->t, 0x002800 + 16 * 27 + 12);
    g_assert_cmphex(info >> 8 & 0x7f, ==, 0x18);
    g_assert_cmphex(info >> 16 & 7, ==, 0);
    g_assert_cmphex(info >> 20 & 1, ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x002804 + 16 * 27), ==,
                    (uint32_t)SRC + SIZE);
    /* Engine 3 is faulted, with the group's context, until it is reset. */
    g_assert_cmphex(test_rd(f->t, 0x002640 + 8 * 3), ==,
                    0x40003000 | f->ch->id);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_CHANNELS_KILLED), ==, 1);
    g_assert_true(test_finish(other));
}

/* As GRCE: subchannel 4 of the graphics runlist, and nothing bound. */
static void test_grce(Fixture *f, gconstpointer data)
{
    f->ch = test_channel_new(f->vm, TEST_RUNLIST_GR);
    offsets(f, SRC, DST, 0, 0, 0x100, 1);
    launch(f, 0x186);
    memcpy(f->expect, f->src, 0x100);
    check(f);
    g_assert_cmphex(test_rd(f->t, 0x002640 + 8 * 1), ==,
                    0x00003000 | f->ch->id);
}

/* Two channels take turns between their methods, and keep what they set. */
static void test_two_channels(Fixture *f, gconstpointer data)
{
    TestChannel *a = f->ch;
    TestChannel *b = test_channel_new(f->vm, RUNLIST_CE2);

    offsets(f, SRC, DST, 0, 0, 0x100, 1);
    test_submit(a);
    test_run(f->t);
    f->ch = b;
    offsets(f, SRC + 0x1000, DST + 0x1000, 0, 0, 0x80, 1);
    test_submit(b);
    test_run(f->t);
    f->ch = a;
    launch(f, NON_PIPELINED | PITCH);
    test_submit(a);
    f->ch = b;
    launch(f, NON_PIPELINED | PITCH);
    memcpy(f->expect, f->src, 0x100);
    memcpy(f->expect + 0x1000, f->src + 0x1000, 0x80);
    check(f);
}

/* A long copy goes in slices, and the channel waits for it where it must. */
static void test_slices(Fixture *f, gconstpointer data)
{
    unsigned slices = 0;

    offsets(f, SRC, DST, 0, 0, SIZE, 1);
    launch(f, NON_PIPELINED | PITCH);
    test_fence(f->ch);
    test_submit(f->ch);
    while (gp107_run(f->t->gpu, 64) == GP_RUN_MORE) {
        slices++;
        g_assert_true(!test_fence_done(f->ch) ||
                      memcmp(f->dst, f->src, SIZE) == 0);
        g_assert_cmpuint(slices, <, 1000);
    }
    g_assert_cmpuint(slices, >, SIZE / 4096);
    g_assert_true(test_fence_done(f->ch));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } cases[] = {
        { "/ce/linear", test_linear },
        { "/ce/pitch", test_pitch },
        { "/ce/block/to", test_to_block },
        { "/ce/block/from", test_from_block },
        { "/ce/block/both", test_block_to_block },
        { "/ce/clear", test_clear },
        { "/ce/remap", test_remap },
        { "/ce/physical", test_physical },
        { "/ce/privilege", test_privilege },
        { "/ce/class", test_class },
        { "/ce/semaphore", test_semaphore },
        { "/ce/interrupts", test_interrupts },
        { "/ce/launch-errors", test_launch_errors },
        { "/ce/render-enable", test_render_enable },
        { "/ce/fault", test_fault },
        { "/ce/grce", test_grce },
        { "/ce/two-channels", test_two_channels },
        { "/ce/slices", test_slices },
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_add(cases[i].name, Fixture, NULL, setup, cases[i].run,
                   teardown);
    }
    return g_test_run();
}
