/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grids: QMDs, CTAs on SMs, barriers; faults of many warps with replay and
 * cancel; traps.  The test is the driver.
 */
#include "gr_direct.h"

/* The assembler of the GPU tests, as it is. */
#include "../igt/gp10x_asm.c"

#define COMPUTE 0xc1c0

#define CODE    0x01000000ull           /* places in the address space */
#define QMD     0x02000000ull
#define BANK0   0x03000000ull
#define OUT     0x04000000ull           /* always mapped */
#define FAR     0x7f0012340000ull       /* never mapped at first */
#define PAGE    0x1000ull

#define GLOBAL_THREAD 2                 /* registers of every kernel here */
#define OUT_ADDR 4                      /* and 5: where its element lies */

typedef struct Fixture {
    Gr gr;
    TestGpu *t;
    uint8_t *code, *qmd, *bank0;
    uint32_t *out;
    struct gp10x_asm a;
    uint32_t qmds;
} Fixture;

/* Constant bank 0. */
typedef struct Args {
    uint64_t base;                      /* c[0][0] */
    uint32_t stride_log2;               /* c[0][8]; the kernel has it too */
    uint32_t value;                     /* c[0][c] */
    uint32_t block;                     /* c[0][10] */
} Args;

static void init(Fixture *f, const GpConfig *cfg, bool replay)
{
    memset(f, 0, sizeof(*f));
    f->t = test_gpu_new(cfg);
    gr_init(&f->gr, f->t, 1, replay);
    f->code = test_mem(f->t, GP_VRAM,
                       test_vm_fill(f->gr.vm, CODE, GP_VRAM, PAGE), PAGE);
    f->qmd = test_mem(f->t, GP_SYS_COHERENT,
                      test_vm_fill(f->gr.vm, QMD, GP_SYS_COHERENT,
                                   8 * PAGE), 8 * PAGE);
    f->bank0 = test_mem(f->t, GP_VRAM,
                        test_vm_fill(f->gr.vm, BANK0, GP_VRAM, PAGE), PAGE);
    f->out = test_mem(f->t, GP_SYS_COHERENT,
                      test_vm_fill(f->gr.vm, OUT, GP_SYS_COHERENT,
                                   16 * PAGE), 16 * PAGE);
    g_assert_true(gr_acquire(&f->gr));
    gr_address(&f->gr, COMPUTE, 0x1608, CODE);
    gr_mthd(&f->gr, COMPUTE, 0x077c, 0xff000000);
    gr_mthd(&f->gr, COMPUTE, 0x0214, 0xfe000000);
}

static void setup(Fixture *f, gconstpointer data)
{
    init(f, NULL, true);
}

static void teardown(Fixture *f, gconstpointer data)
{
    test_gpu_free(f->t);
}

/*
 * Begins a kernel: R2 the thread's number in the grid (x only), R4:R5 the
 * address base + (R2 << stride).
 */
static void kernel_begin(Fixture *f, unsigned stride_log2)
{
    struct gp10x_asm *a = &f->a;

    gp10x_asm_init(a);
    gp10x_s2r(a, 2, GP10X_CTAID_X);
    gp10x_mov_c(a, 3, 0x10);
    gp10x_s2r(a, 6, GP10X_TID_X);
    gp10x_xmad(a, GLOBAL_THREAD, 2, 3, 6);
    gp10x_shl_i(a, 3, GLOBAL_THREAD, stride_log2);
    gp10x_iadd_c(a, OUT_ADDR, 3, 0, GP10X_CC);
    gp10x_iadd_c(a, OUT_ADDR + 1, RZ, 4, GP10X_X);
}

static void kernel_end(Fixture *f)
{
    gp10x_exit(&f->a);
    g_assert_cmpuint(gp10x_asm_finish(&f->a, f->code, PAGE), >, 0);
}

/* *(base + (thread << stride)) = thread + value */
static void kernel_store(Fixture *f, unsigned stride_log2)
{
    kernel_begin(f, stride_log2);
    gp10x_iadd_c(&f->a, 7, GLOBAL_THREAD, 0xc, 0);
    gp10x_st(&f->a, GP10X_B32, GP10X_CA, OUT_ADDR, 0, 7);
    kernel_end(f);
}

static void args(Fixture *f, uint64_t base, uint32_t value, uint32_t block)
{
    Args a = { .base = base, .value = value, .block = block };

    memcpy(f->bank0, &a, sizeof(a));
}

static void set_field(uint32_t *words, unsigned low, unsigned bits,
                      uint64_t val)
{
    unsigned i;

    for (i = 0; i < bits; i++) {
        words[(low + i) / 32] &= ~(1u << (low + i) % 32);
        words[(low + i) / 32] |= (uint32_t)(val >> i & 1) << (low + i) % 32;
    }
}

/* A QMD in its own 256 bytes; gives its words. */
static uint32_t *qmd_new(Fixture *f, uint32_t ctas, uint32_t threads)
{
    uint32_t *q = (uint32_t *)(f->qmd + 256 * f->qmds++);

    g_assert_cmpuint(f->qmds, <=, 128);
    memset(q, 0, 256);
    set_field(q, 384, 32, ctas);
    set_field(q, 416, 16, 1);
    set_field(q, 448, 16, 1);
    set_field(q, 592, 16, threads);
    set_field(q, 608, 16, 1);
    set_field(q, 624, 16, 1);
    set_field(q, 984, 8, 16);
    set_field(q, 640, 1, 1);
    set_field(q, 1024, 32, BANK0);
    set_field(q, 1024 + 51, 13, PAGE >> 4);
    set_field(q, 190, 1, 1);
    return q;
}

static GpMethodResult try_launch(Fixture *f, const uint32_t *q)
{
    uint64_t va = QMD + ((const uint8_t *)q - f->qmd);

    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x02b4, va >> 8), ==,
                    GP_METHOD_DONE);
    return gr_try(&f->gr, 1, COMPUTE, 0x02bc, 3);
}

static void launch(Fixture *f, uint32_t ctas, uint32_t threads)
{
    g_assert_cmpint(try_launch(f, qmd_new(f, ctas, threads)), ==,
                    GP_METHOD_DONE);
}

static bool idle(Fixture *f)
{
    return gr_try(&f->gr, 1, COMPUTE, 0x0110, 0) == GP_METHOD_DONE;
}

/* Serves what is in the buffer with fresh pages; gives the number. */
static unsigned serve(Fixture *f)
{
    TestFault fault;
    unsigned count = 0;

    while (test_fault_get(f->t, &fault)) {
        g_assert_true(fault.valid);
        g_assert_true(test_serve_zero(f->gr.vm, &fault, NULL));
        count++;
    }
    return count;
}

static uint32_t *far_word(Fixture *f, uint64_t va)
{
    uint64_t pte = test_mem64(f->t, GP_VRAM,
                              test_vm_pte(f->gr.vm, va, TEST_4K));

    g_assert_true(pte & 1);
    /* Address in bits 53:8, as 4 KiB frames. */
    return test_mem(f->t, GP_SYS_COHERENT,
                    ((pte >> 8 & 0x3ffffffffffull) << 12) + va % PAGE, 4);
}

/* ----------------------------------------------------------------- grids */

static void test_store(Fixture *f, gconstpointer data)
{
    unsigned i;

    kernel_store(f, 2);
    args(f, OUT, 1000, 96);
    launch(f, 40, 96);
    g_assert_false(idle(f));
    g_assert_cmpint(gr_run(&f->gr), ==, GP_RUN_IDLE);
    g_assert_true(idle(f));
    for (i = 0; i < 40 * 96; i++) {
        g_assert_cmpuint(f->out[i], ==, i + 1000);
    }
    g_assert_cmpuint(f->out[i], ==, 0);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_GRIDS), ==, 1);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_WARPS), ==, 40 * 3);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_INSTRUCTIONS), ==,
                     (uint64_t)40 * 96 * 10);
}

/* CTA and thread numbers in three dimensions, and a warp that is not full. */
static void test_dimensions(Fixture *f, gconstpointer data)
{
    static const enum gp10x_sysreg regs[] = {
        GP10X_CTAID_X, GP10X_CTAID_Y, GP10X_CTAID_Z, GP10X_TID_X,
        GP10X_TID_Y, GP10X_TID_Z,
    };
    static const unsigned size[] = { 3, 2, 2, 5, 3, 3 };
    struct gp10x_asm *a = &f->a;
    uint32_t *q;
    unsigned i, n;

    /* The index is made up of all six, the first the fastest. */
    gp10x_asm_init(a);
    gp10x_mov32i(a, 2, 0);
    for (i = 6; i-- > 0;) {
        gp10x_mov32i(a, 3, size[i]);
        gp10x_s2r(a, 6, regs[i]);
        gp10x_xmad(a, 2, 2, 3, 6);
    }
    gp10x_shl_i(a, 3, 2, 2);
    gp10x_iadd_c(a, 4, 3, 0, GP10X_CC);
    gp10x_iadd_c(a, 5, RZ, 4, GP10X_X);
    gp10x_mov32i(a, 7, 1);
    gp10x_red(a, GP10X_ADD, GP10X_ATOM_U32, 4, 7);
    kernel_end(f);
    args(f, OUT, 0, 0);
    q = qmd_new(f, 3, 5);
    set_field(q, 416, 16, 2);
    set_field(q, 448, 16, 2);
    set_field(q, 608, 16, 3);
    set_field(q, 624, 16, 3);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    gr_run(&f->gr);
    n = 3 * 2 * 2 * 5 * 3 * 3;
    for (i = 0; i < n; i++) {
        g_assert_cmpuint(f->out[i], ==, 1);
    }
    g_assert_cmpuint(f->out[n], ==, 0);
}

/* Each thread reads what a thread of another warp wrote before the barrier. */
static void test_barrier(Fixture *f, gconstpointer data)
{
    struct gp10x_asm *a = &f->a;
    unsigned i;

    kernel_begin(f, 2);
    gp10x_st(a, GP10X_B32, GP10X_CG, OUT_ADDR, 0, GLOBAL_THREAD);
    gp10x_membar(a, GP10X_MEMBAR_GL);
    gp10x_bar_sync(a);
    /* The element of thread ^ 96: another warp's. */
    gp10x_mov32i(a, 7, 96);
    gp10x_lop(a, GP10X_XOR, 7, GLOBAL_THREAD, 7);
    gp10x_shl_i(a, 7, 7, 2);
    gp10x_iadd_c(a, 8, 7, 0, GP10X_CC);
    gp10x_iadd_c(a, 9, RZ, 4, GP10X_X);
    gp10x_ld(a, GP10X_B32, GP10X_CG, 10, 8, 0);
    gp10x_bar_sync(a);
    gp10x_st(a, GP10X_B32, GP10X_CG, OUT_ADDR, 0x4000, 10);
    kernel_end(f);
    args(f, OUT, 0, 1024);
    launch(f, 3, 1024);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    for (i = 0; i < 3 * 1024; i++) {
        g_assert_cmpuint(f->out[0x1000 + i], ==, i ^ 96);
    }
}

/* LDS and STS, 32 bits: the GPU tests have no use for them. */
static void shared_load(struct gp10x_asm *a, unsigned d, unsigned addr)
{
    emit(a, 0xef4c000000000000 | reg(a, 0, d) | reg(a, 8, addr), BOTH);
}

static void shared_store(struct gp10x_asm *a, unsigned addr, unsigned s)
{
    emit(a, 0xef5c000000000000 | reg(a, 0, s) | reg(a, 8, addr), BOTH);
}

/* Shared memory is a CTA's own, and one for all its warps. */
static void test_shared(Fixture *f, gconstpointer data)
{
    struct gp10x_asm *a = &f->a;
    uint32_t *q;
    unsigned i;

    kernel_begin(f, 2);
    gp10x_s2r(a, 6, GP10X_TID_X);
    gp10x_shl_i(a, 7, 6, 2);
    shared_store(a, 7, GLOBAL_THREAD);
    gp10x_bar_sync(a);
    gp10x_mov32i(a, 8, 255 * 4);
    gp10x_lop(a, GP10X_XOR, 8, 7, 8);
    shared_load(a, 9, 8);
    gp10x_st(a, GP10X_B32, GP10X_CA, OUT_ADDR, 0, 9);
    kernel_end(f);
    args(f, OUT, 0, 256);
    q = qmd_new(f, 6, 256);
    set_field(q, 544, 18, 0x8000);      /* three CTAs fill an SM */
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    for (i = 0; i < 6 * 256; i++) {
        g_assert_cmpuint(f->out[i], ==, i ^ 255);
    }
}

/* Warps of a CTA that have ended are not waited for. */
static void test_barrier_exit(Fixture *f, gconstpointer data)
{
    struct gp10x_asm *a = &f->a;

    kernel_begin(f, 2);
    gp10x_mov32i(a, 7, 64);
    gp10x_isetp(a, 0, GP10X_GE, GLOBAL_THREAD, 7);
    gp10x_if(a, 0);
    gp10x_exit(a);
    gp10x_bar_sync(a);
    gp10x_mov32i(a, 7, 5);
    gp10x_st(a, GP10X_B32, GP10X_CG, OUT_ADDR, 0, 7);
    kernel_end(f);
    args(f, OUT, 0, 128);
    launch(f, 1, 128);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(f->out[0], ==, 5);
    g_assert_cmpuint(f->out[63], ==, 5);
    g_assert_cmpuint(f->out[64], ==, 0);
}

static void test_queue(Fixture *f, gconstpointer data)
{
    const uint32_t *q;
    unsigned i;

    /* Each adds 1 to the same word. */
    kernel_begin(f, 0);
    gp10x_mov_c(&f->a, 4, 0);
    gp10x_mov_c(&f->a, 5, 4);
    gp10x_mov32i(&f->a, 7, 1);
    gp10x_red(&f->a, GP10X_ADD, GP10X_ATOM_U32, 4, 7);
    kernel_end(f);
    args(f, OUT, 0, 1);
    for (i = 0; i < 64; i++) {
        launch(f, 1, 1);
    }
    q = qmd_new(f, 1, 1);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_WAIT);
    gr_run(&f->gr);
    g_assert_cmpuint(f->out[0], ==, 64);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    gr_run(&f->gr);
    g_assert_cmpuint(f->out[0], ==, 65);

    /* No CTA at all: nothing to do, and done. */
    launch(f, 0, 1);
    g_assert_false(idle(f));
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(f->out[0], ==, 65);
}

/* A semaphore waits for what was launched before it. */
static void test_order(Fixture *f, gconstpointer data)
{
    kernel_store(f, 2);
    args(f, OUT, 1, 256);
    launch(f, 4, 256);
    gr_address(&f->gr, COMPUTE, 0x1b00, OUT + 0x8000);
    gr_mthd(&f->gr, COMPUTE, 0x1b08, 77);
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x1b0c, 0x10000000), ==,
                    GP_METHOD_WAIT);
    g_assert_cmpuint(f->out[0x2000], ==, 0);
    /* A slice of one step does little, but gets on. */
    while (gr_try(&f->gr, 1, COMPUTE, 0x1b0c, 0x10000000) ==
           GP_METHOD_WAIT) {
        g_assert_cmpuint(f->out[0x2000], ==, 0);
        f->gr.engine->ops->run(f->gr.engine, 1);
    }
    g_assert_cmpuint(f->out[1023], ==, 1024);
    g_assert_cmpuint(f->out[0x2000], ==, 77);
}

static void test_release(Fixture *f, gconstpointer data)
{
    uint32_t *q, *next;

    kernel_store(f, 2);
    args(f, OUT, 1, 32);
    f->t->now = 0x300000020;
    next = qmd_new(f, 2, 32);
    q = qmd_new(f, 1, 32);
    set_field(q, 138, 2, 3);            /* both semaphores */
    set_field(q, 736, 40, OUT + 0x8000);
    set_field(q, 800, 32, 0x1111);
    set_field(q, 832, 40, OUT + 0x8010);
    set_field(q, 891, 1, 0);
    set_field(q, 895, 1, 1);            /* one word */
    set_field(q, 890, 1, 1);            /* add */
    set_field(q, 896, 32, 5);
    f->out[0x2004] = 2;
    f->out[0x2005] = 0xee;
    set_field(q, 141, 1, 1);            /* a grid follows */
    set_field(q, 142, 1, 1);
    set_field(q, 480, 32, (QMD + ((uint8_t *)next - f->qmd)) >> 8);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmphex(f->out[0x2000], ==, 0x1111);
    g_assert_cmphex(f->out[0x2001], ==, 0);
    g_assert_cmphex(f->out[0x2002], ==, 0x20);
    g_assert_cmphex(f->out[0x2003], ==, 3);
    g_assert_cmpuint(f->out[0x2004], ==, 7);
    g_assert_cmphex(f->out[0x2005], ==, 0xee);
    g_assert_cmpuint(f->out[63], ==, 64);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_GRIDS), ==, 2);
}

/* QMDs that follow themselves and have nothing to do: each slice ends. */
static void test_circle(Fixture *f, gconstpointer data)
{
    uint32_t *q = qmd_new(f, 0, 32);
    unsigned i;

    set_field(q, 141, 2, 3);
    set_field(q, 480, 32, (QMD + ((uint8_t *)q - f->qmd)) >> 8);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    for (i = 0; i < 10; i++) {
        g_assert_cmpint(f->gr.engine->ops->run(f->gr.engine, 1000), ==,
                        GP_RUN_MORE);
    }
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_GRIDS), <, 1000);
    set_field(q, 141, 1, 0);
    gr_run(&f->gr);
    g_assert_true(idle(f));
}

/* It never ends: slices are bounded, and an engine reset does end it. */
static void test_endless(Fixture *f, gconstpointer data)
{
    int label;
    unsigned i;

    gp10x_asm_init(&f->a);
    label = gp10x_label(&f->a);
    gp10x_place(&f->a, label);
    gp10x_bra(&f->a, label);
    kernel_end(f);
    launch(f, 100000, 1024);
    for (i = 0; i < 50; i++) {
        g_assert_cmpint(f->gr.engine->ops->run(f->gr.engine, 1000), ==,
                        GP_RUN_MORE);
    }
    g_assert_false(idle(f));
    g_assert_false(gr_release(&f->gr));
    f->gr.engine->ops->reset(f->gr.engine);
    g_assert_true(gr_acquire(&f->gr));
    g_assert_true(idle(f));
}

/* Another channel gets PGRAPH when the first one's grids are done. */
static void test_switch(Fixture *f, gconstpointer data)
{
    Gr other;
    TestFault fault;

    gr_init(&other, f->t, 2, true);
    kernel_store(f, 12);
    args(f, FAR, 3, 1);
    launch(f, 1, 1);
    g_assert_false(gr_acquire(&other));
    gr_run(&f->gr);
    g_assert_false(gr_acquire(&other));
    g_assert_cmphex(gp_gr_current_context(f->t->gpu), ==,
                    0x80000000 | f->gr.channel.space.inst >> 12);
    g_assert_true(test_fault_get(f->t, &fault));
    g_assert_cmphex(fault.inst, ==, f->gr.channel.space.inst);
    test_serve_zero(f->gr.vm, &fault, NULL);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(gr_acquire(&other));
    g_assert_false(gr_acquire(&f->gr) &&
                   gr_try(&other, 1, COMPUTE, 0x0100, 0) == GP_METHOD_DONE);
    g_assert_cmpuint(*far_word(f, FAR), ==, 3);
}

/* --------------------------------------------------------------- replays */

/* 64 warps of which each touches a page of its own: one batch. */
static void test_batch(Fixture *f, gconstpointer data)
{
    uint64_t seen = 0;
    unsigned i;
    TestFault fault;

    kernel_store(f, 12);
    args(f, FAR, 9, 1);
    launch(f, 20, 1);
    g_assert_cmpint(gr_run(&f->gr), ==, GP_RUN_IDLE);
    g_assert_false(idle(f));
    g_assert_cmpuint(test_faults_pending(f->t), ==, 20);
    while (test_fault_get(f->t, &fault)) {
        g_assert_cmphex(fault.inst, ==, f->gr.channel.space.inst);
        g_assert_false(fault.hub);
        g_assert_cmphex(fault.gpc, ==, 0);
        g_assert_cmphex(fault.client, ==, 0x01);
        g_assert_cmphex(fault.engine, ==, 0);
        g_assert_cmphex(fault.access, ==, 1);
        seen |= 1ull << ((fault.va - FAR) / PAGE);
        test_serve_zero(f->gr.vm, &fault, NULL);
    }
    g_assert_cmphex(seen, ==, (1ull << 20) - 1);
    /* Without a replay nothing goes on. */
    g_assert_cmpint(gr_run(&f->gr), ==, GP_RUN_IDLE);
    g_assert_false(idle(f));
    test_replay(f->gr.vm);
    g_assert_cmpint(gr_run(&f->gr), ==, GP_RUN_IDLE);
    g_assert_true(idle(f));
    g_assert_cmpuint(test_faults_pending(f->t), ==, 0);
    for (i = 0; i < 20; i++) {
        g_assert_cmpuint(*far_word(f, FAR + i * PAGE), ==, i + 9);
    }
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_FAULTS_WRITE), ==, 20);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_TLB_STALE_LATE), ==, 0);
}

/* A warp's lanes in one page are one fault; other warps post their own. */
static void test_duplicates(Fixture *f, gconstpointer data)
{
    kernel_store(f, 2);
    args(f, FAR, 1, 256);
    launch(f, 1, 256);
    gr_run(&f->gr);
    g_assert_cmpuint(test_faults_pending(f->t), ==, 8);
    g_assert_cmpuint(serve(f), ==, 8);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(*far_word(f, FAR + 1020), ==, 256);
}

/* Lanes in 32 pages, of which some are there: none commits before all can. */
static void test_partial(Fixture *f, gconstpointer data)
{
    unsigned i;

    kernel_store(f, 12);
    args(f, FAR, 1, 32);
    for (i = 0; i < 32; i += 2) {
        test_vm_fill(f->gr.vm, FAR + i * PAGE, GP_SYS_COHERENT, PAGE);
    }
    test_vm_flush(f->gr.vm);
    launch(f, 1, 32);
    gr_run(&f->gr);
    g_assert_cmpuint(test_faults_pending(f->t), ==, 16);
    for (i = 0; i < 32; i += 2) {
        g_assert_cmpuint(*far_word(f, FAR + i * PAGE), ==, 0);
    }
    g_assert_cmpuint(serve(f), ==, 16);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    for (i = 0; i < 32; i++) {
        g_assert_cmpuint(*far_word(f, FAR + i * PAGE), ==, i + 1);
    }
}

/* An atomic that faulted is done once: also beside lanes that could. */
static void test_atomic(Fixture *f, gconstpointer data)
{
    TestFault fault;
    unsigned i;

    kernel_begin(f, 12);
    gp10x_mov32i(&f->a, 7, 5);
    gp10x_atom(&f->a, GP10X_ADD, GP10X_ATOM_U32, 8, OUT_ADDR, 7);
    kernel_end(f);
    args(f, FAR, 0, 32);
    for (i = 0; i < 16; i++) {
        test_vm_fill(f->gr.vm, FAR + i * PAGE, GP_SYS_COHERENT, PAGE);
    }
    launch(f, 1, 32);
    gr_run(&f->gr);
    g_assert_cmpuint(test_faults_pending(f->t), ==, 16);
    /* A replay that served nothing: the same faults again. */
    for (i = 0; i < 16; i++) {
        g_assert_true(test_fault_get(f->t, &fault));
        g_assert_cmphex(fault.access, ==, 2);
    }
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_cmpuint(serve(f), ==, 16);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    for (i = 0; i < 32; i++) {
        g_assert_cmpuint(*far_word(f, FAR + i * PAGE), ==, 5);
    }
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_FAULTS_ATOMIC), ==, 32);
}

/* Read, then write to what was mapped read-only: an upgrade. */
static void test_upgrade(Fixture *f, gconstpointer data)
{
    uint64_t pa = test_sys_alloc(f->t, PAGE, PAGE);
    TestFault fault;

    kernel_begin(f, 2);
    gp10x_ld(&f->a, GP10X_B32, GP10X_CA, 8, OUT_ADDR, 0);
    gp10x_iadd_c(&f->a, 8, 8, 0xc, 0);
    gp10x_st(&f->a, GP10X_B32, GP10X_CA, OUT_ADDR, 0, 8);
    kernel_end(f);
    args(f, FAR, 100, 32);
    test_set32(f->t, GP_SYS_COHERENT, pa + 4, 11);
    launch(f, 1, 32);
    gr_run(&f->gr);
    g_assert_true(test_fault_get(f->t, &fault));
    g_assert_cmphex(fault.access, ==, 0);
    g_assert_false(test_fault_get(f->t, &fault));
    test_vm_map(f->gr.vm, FAR, GP_SYS_COHERENT, pa, PAGE, TEST_4K,
                TEST_MAP_DEFAULT | TEST_MAP_RO);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(test_fault_get(f->t, &fault));
    g_assert_cmphex(fault.access, ==, 1);
    g_assert_cmphex(fault.type, ==, 6);
    test_vm_map(f->gr.vm, FAR, GP_SYS_COHERENT, pa, PAGE, TEST_4K,
                TEST_MAP_DEFAULT);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(test_mem32(f->t, GP_SYS_COHERENT, pa + 4), ==, 111);
}

/* Faults that found no room come again with a replay, and none is lost. */
static void test_overflow(void)
{
    Fixture f;
    GpConfig cfg;
    unsigned i, rounds = 0, served = 0;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.fault_entries = 4;
    init(&f, &cfg, true);
    kernel_store(&f, 12);
    args(&f, FAR, 2, 1);
    launch(&f, 30, 1);
    while (gr_run(&f.gr), !idle(&f)) {
        g_assert_cmpuint(++rounds, <, 40);
        served += serve(&f);
        test_replay(f.gr.vm);
    }
    g_assert_cmpuint(served, ==, 30);
    for (i = 0; i < 30; i++) {
        g_assert_cmpuint(*far_word(&f, FAR + i * PAGE), ==, i + 2);
    }
    g_assert_cmpuint(test_counter(f.t, GP_COUNTER_FAULTS_DROPPED), >, 0);
    test_gpu_free(f.t);
}

/* Each SM is a client of its own. */
static void test_clients(void)
{
    Fixture f;
    GpConfig cfg;
    TestFault fault;
    unsigned count[8] = { 0 };

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.tpcs = 3;
    init(&f, &cfg, true);
    kernel_store(&f, 12);
    args(&f, FAR, 2, 1);
    launch(&f, 30, 1);
    gr_run(&f.gr);
    while (test_fault_get(f.t, &fault)) {
        g_assert_cmpuint(fault.client, <, 8);
        count[fault.client]++;
        test_serve_zero(f.gr.vm, &fault, NULL);
    }
    g_assert_cmpuint(count[1], ==, 10);
    g_assert_cmpuint(count[4], ==, 10);
    g_assert_cmpuint(count[7], ==, 10);
    test_replay(f.gr.vm);
    gr_run(&f.gr);
    g_assert_true(idle(&f));
    test_gpu_free(f.t);
}

/* Constants and instructions: client GCC. */
static void test_gcc(Fixture *f, gconstpointer data)
{
    uint32_t *q;
    TestFault fault;

    kernel_store(f, 2);
    q = qmd_new(f, 1, 32);
    set_field(q, 1024, 49, FAR);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    gr_run(&f->gr);
    g_assert_true(test_fault_get(f->t, &fault));
    g_assert_cmphex(fault.client, ==, 0x0d);
    g_assert_cmphex(fault.access, ==, 0);
    g_assert_cmphex(fault.va, ==, FAR);
    args(f, OUT, 4, 32);
    test_vm_fill(f->gr.vm, FAR, GP_SYS_COHERENT, PAGE);
    memcpy(far_word(f, FAR), f->bank0, sizeof(Args));
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(f->out[31], ==, 35);

    /* Code. */
    gr_address(&f->gr, COMPUTE, 0x1608, FAR + PAGE);
    q = qmd_new(f, 1, 32);
    g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_DONE);
    gr_run(&f->gr);
    g_assert_true(test_fault_get(f->t, &fault));
    g_assert_cmphex(fault.client, ==, 0x0d);
    g_assert_cmphex(fault.va & ~0xfffull, ==, FAR + PAGE);
    test_vm_fill(f->gr.vm, FAR + PAGE, GP_SYS_COHERENT, PAGE);
    memcpy(far_word(f, FAR + PAGE), f->code, 1024);
    args(f, OUT + 0x200, 4, 32);
    test_replay(f->gr.vm);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(f->out[0x80 + 31], ==, 35);
}

/* ----------------------------------------------------------------- fatal */

static void check_fatal(Fixture *f, uint64_t va, uint32_t info)
{
    uint32_t inst = f->gr.channel.space.inst >> 12;

    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x002800) & 0x0fffffff, ==, inst);
    g_assert_cmphex(test_rd(f->t, 0x002804) & ~0xfffu, ==, (uint32_t)va);
    g_assert_cmphex(test_rd(f->t, 0x002808), ==, va >> 32);
    g_assert_cmphex(test_rd(f->t, 0x00280c) & 0x1f177f00, ==, info);
    /* It holds its context, and does nothing, until the engine is reset. */
    g_assert_false(gr_release(&f->gr));
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x0100, 0), ==,
                    GP_METHOD_WAIT);
    g_assert_cmphex(gp_gr_current_context(f->t->gpu), ==, 0x80000000 | inst);
    g_assert_cmpint(gr_run(&f->gr), ==, GP_RUN_IDLE);
    test_wr(f->t, 0x00259c, 1);
    gr_engine_reset(f->t);
    g_assert_cmphex(gp_gr_current_context(f->t->gpu), ==, 0);
    g_assert_true(gr_acquire(&f->gr));
    g_assert_true(idle(f));
}

static void check_alive(Fixture *f)
{
    kernel_store(f, 2);
    args(f, OUT, 500, 32);
    gr_address(&f->gr, COMPUTE, 0x1608, CODE);
    launch(f, 1, 32);
    gr_run(&f->gr);
    g_assert_true(idle(f));
    g_assert_cmpuint(f->out[31], ==, 531);
}

static void test_cancel(Fixture *f, gconstpointer data)
{
    kernel_store(f, 12);
    args(f, FAR, 0, 1);
    launch(f, 5, 1);
    gr_run(&f->gr);
    /* Not of another client, nor of another GPC. */
    test_invalidate(f->gr.vm, 3 << 3 | 0x04 << 9 | 0x3);
    test_invalidate(f->gr.vm, 3 << 3 | 1 << 15 | 0x01 << 9 | 0x3);
    g_assert_cmphex(test_rd(f->t, 0x00259c), ==, 0);
    test_invalidate(f->gr.vm, 3 << 3 | 0x01 << 9 | 0x3);
    g_assert_cmpuint(test_counter(f->t, GP_COUNTER_FAULTS_FATAL), ==, 1);
    check_fatal(f, FAR, 0x00010100);
    test_replay(f->gr.vm);
    g_assert_true(idle(f));
    check_alive(f);
}

static void test_cancel_global(Fixture *f, gconstpointer data)
{
    kernel_store(f, 12);
    args(f, FAR, 0, 1);
    launch(f, 5, 1);
    gr_run(&f->gr);
    test_invalidate(f->gr.vm, 4 << 3 | 0x3);
    check_fatal(f, FAR, 0x00010100);
    check_alive(f);
}

/* An address space whose instance block does not ask for replay. */
static void test_no_replay(void)
{
    Fixture f;

    init(&f, NULL, false);
    kernel_store(&f, 12);
    args(&f, FAR, 0, 1);
    launch(&f, 5, 1);
    gr_run(&f.gr);
    g_assert_cmpuint(test_faults_pending(f.t), ==, 0);
    check_fatal(&f, FAR, 0x00010100);
    check_alive(&f);
    test_gpu_free(f.t);
}

/* The QMD itself is fetched by SKED, which can't replay. */
static void test_qmd_fault(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x02b4, (uint32_t)(FAR >> 8)),
                    ==, GP_METHOD_DONE);
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x02bc, 3), ==,
                    GP_METHOD_FAULT);
    g_assert_cmphex(test_rd(f->t, 0x00280c) & 0x1f177f00, ==, 0x00101d00);
    gr_engine_reset(f->t);
    g_assert_true(gr_acquire(&f->gr));
    check_alive(f);
}

static void test_qmd_errors(Fixture *f, gconstpointer data)
{
    static const struct {
        unsigned low, bits;
        uint32_t val;
        uint32_t error;
    } cases[] = {
        { 592, 16, 0, 0x00800000 },
        { 592, 16, 1025, 0x00040000 },
        { 624, 16, 65, 0x00040000 },
        { 984, 8, 0, 0x00002000 },
        { 544, 18, 0xc100, 0x00200000 },
        { 544, 18, 0x80, 0x00200000 },
        { 928, 24, 0xffffff, 0x00001000 },
        { 256, 32, 4, 0x00100000 },
        { 1075, 13, 0x1fff, 0x00000080 },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint32_t *q = qmd_new(f, 1, 32);

        set_field(q, cases[i].low, cases[i].bits, cases[i].val);
        g_assert_cmpint(try_launch(f, q), ==, GP_METHOD_ERROR);
        g_assert_cmphex(test_rd(f->t, 0x400100), ==, 1u << 21);
        g_assert_cmphex(test_rd(f->t, 0x400108), ==, 1u << 8);
        g_assert_cmphex(test_rd(f->t, 0x407020), ==, cases[i].error);
        test_wr(f->t, 0x407020, 0x40000000);
        test_wr(f->t, 0x400108, 1u << 8);
        test_wr(f->t, 0x400100, 1u << 21);
        test_wr(f->t, 0x400500, 0x00010001);
        g_assert_true(idle(f));
    }
    check_alive(f);
}

static void test_trap(Fixture *f, gconstpointer data)
{
    static const uint32_t misaligned = 0x0f;

    /* One thread of two CTAs stores across a word. */
    kernel_begin(f, 2);
    gp10x_st(&f->a, GP10X_B32, GP10X_CA, OUT_ADDR, 2, 2);
    kernel_end(f);
    args(f, OUT, 0, 1);
    launch(f, 2, 1);
    gr_run(&f->gr);

    /* As nouveau's gf100_gr_intr() finds its way to the SM. */
    g_assert_true(f->t->irq);
    g_assert_cmphex(test_rd(f->t, 0x400100), ==, 1u << 21);
    g_assert_cmphex(test_rd(f->t, 0x400108), ==, 1u << 24);
    g_assert_cmphex(test_rd(f->t, 0x400118), ==, 1);
    g_assert_cmphex(test_rd(f->t, 0x502c90), ==, 1u << 16);
    g_assert_cmphex(test_rd(f->t, 0x504508), ==, 2);
    g_assert_cmphex(test_rd(f->t, 0x504648) & 0xffff, ==, misaligned);
    g_assert_cmpint(gr_try(&f->gr, 1, COMPUTE, 0x0100, 0), ==,
                    GP_METHOD_WAIT);
    test_wr(f->t, 0x504648, 0);
    test_wr(f->t, 0x504650, test_rd(f->t, 0x504650));
    g_assert_cmphex(test_rd(f->t, 0x504508), ==, 0);
    test_wr(f->t, 0x502c90, 1u << 16);
    test_wr(f->t, 0x400118, 1);
    test_wr(f->t, 0x400108, 1u << 24);
    test_wr(f->t, 0x400100, 1u << 21);
    test_wr(f->t, 0x400500, 0x00010001);

    /* The grid has ended there; the context lives. */
    g_assert_true(idle(f));
    g_assert_cmpuint(f->out[0], ==, 0);
    check_alive(f);
}

static void test_illegal(Fixture *f, gconstpointer data)
{
    memset(f->code, 0, PAGE);
    launch(f, 1, 32);
    gr_run(&f->gr);
    g_assert_cmphex(test_rd(f->t, 0x504648) & 0xffff, ==, 0x09);
}

/* ------------------------------------------------------ through a channel */

/* A channel in an address space of its own, with 512 stores to come. */
static TestChannel *channel_store(Fixture *f, uint32_t value)
{
    TestGrid grid = {
        .grid = { 8, 1, 1 }, .block = { 64, 1, 1 }, .regs = 16,
    };
    Args a = { .base = FAR, .value = value, .block = 64 };
    TestVm *vm = test_vm_new(f->t, GP_VRAM);
    TestChannel *ch;
    uint8_t code[4096];

    vm->replay = true;
    f->gr.vm = vm;
    f->code = code;
    kernel_store(f, 9);
    ch = test_channel_new(vm, TEST_RUNLIST_GR);
    test_compute_setup(ch);
    grid.program = test_compute_code(ch, code, sizeof(code));
    test_compute_args(ch, &grid, &a, sizeof(a));
    test_launch(ch, &grid);
    test_fence(ch);
    test_submit(ch);
    return ch;
}

static void channel_check(Fixture *f, const TestChannel *ch, uint32_t value)
{
    unsigned i;

    f->gr.vm = ch->vm;
    for (i = 0; i < 512; i++) {
        g_assert_cmpuint(*far_word(f, FAR + i * 512), ==, i + value);
    }
}

static void test_channel(void)
{
    Fixture f = { .t = test_gpu_new(NULL) };
    TestChannel *ch = channel_store(&f, 6);

    test_run(f.t);
    g_assert_false(test_fence_done(ch));
    g_assert_cmpuint(test_serve_faults(ch->vm, test_serve_zero, NULL), >=,
                     64);
    g_assert_true(test_fence_done(ch));
    channel_check(&f, ch, 6);
    test_gpu_free(f.t);
}

/* Three channels take turns on PGRAPH; each has faults of its own. */
static void test_channels(void)
{
    Fixture f = { .t = test_gpu_new(NULL) };
    TestChannel *ch[3];
    uint64_t before;
    unsigned i, served = 0;
    TestFault fault;

    for (i = 0; i < 3; i++) {
        ch[i] = channel_store(&f, 100 * i);
    }
    before = test_counter(f.t, GP_COUNTER_CONTEXT_SWITCHES);
    while (served < 3) {
        const TestChannel *who = NULL;
        TestVm *vm;

        test_run(f.t);
        g_assert_true(test_fault_get(f.t, &fault));
        for (i = 0; i < 3; i++) {
            if (ch[i]->inst == fault.inst) {
                who = ch[i];
            }
        }
        g_assert_nonnull(who);
        g_assert_cmphex(gp_gr_current_context(f.t->gpu), ==,
                        0x80000000 | who->inst >> 12);
        vm = who->vm;
        do {
            /* Only who has PGRAPH can fault. */
            g_assert_cmphex(fault.inst, ==, who->inst);
            test_serve_zero(vm, &fault, NULL);
        } while (test_fault_get(f.t, &fault));
        test_replay(vm);
        served++;
    }
    test_run(f.t);
    for (i = 0; i < 3; i++) {
        g_assert_true(test_fence_done(ch[i]));
        channel_check(&f, ch[i], 100 * i);
    }
    g_assert_cmpuint(test_counter(f.t, GP_COUNTER_CONTEXT_SWITCHES) - before,
                     >=, 2);
    test_gpu_free(f.t);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *f, gconstpointer data);
    } cases[] = {
        { "/compute/store", test_store },
        { "/compute/dimensions", test_dimensions },
        { "/compute/barrier", test_barrier },
        { "/compute/barrier-exit", test_barrier_exit },
        { "/compute/shared", test_shared },
        { "/compute/queue", test_queue },
        { "/compute/order", test_order },
        { "/compute/release", test_release },
        { "/compute/circle", test_circle },
        { "/compute/endless", test_endless },
        { "/compute/switch", test_switch },
        { "/compute/replay/batch", test_batch },
        { "/compute/replay/duplicates", test_duplicates },
        { "/compute/replay/partial", test_partial },
        { "/compute/replay/atomic", test_atomic },
        { "/compute/replay/upgrade", test_upgrade },
        { "/compute/replay/gcc", test_gcc },
        { "/compute/fatal/cancel", test_cancel },
        { "/compute/fatal/cancel-global", test_cancel_global },
        { "/compute/fatal/qmd", test_qmd_fault },
        { "/compute/error/qmd", test_qmd_errors },
        { "/compute/error/misaligned", test_trap },
        { "/compute/error/illegal", test_illegal },
    };
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_add(cases[i].name, Fixture, NULL, setup, cases[i].run,
                   teardown);
    }
    g_test_add_func("/compute/replay/overflow", test_overflow);
    g_test_add_func("/compute/replay/clients", test_clients);
    g_test_add_func("/compute/fatal/no-replay", test_no_replay);
    g_test_add_func("/compute/channel", test_channel);
    g_test_add_func("/compute/channels", test_channels);
    return g_test_run();
}
