/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golden/opencl-trace.txt: everything that Mesa 22.3.6 (clover on nouveau)
 * sent to the kernel in one run of small OpenCL kernels on shared virtual
 * memory.  It is played back through a channel: each buffer object is mapped
 * where the kernel had put it, each push buffer runs, each kernel really
 * executes on inputs that are made here, and C computes what must come out.
 */
#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* What the kernels of the run were given by clSVMAlloc. */
#define SVM_VA      0x5570cbe18000ull
#define SVM_SIZE    0x20000u
#define SVM_A       0x5570cbe18280ull
#define SVM_B       0x5570cbe28290ull
#define SVM_C       0x5570cbe29290ull
/* The cl_mem objects, and the page that fences are released to. */
#define BUF_A       0x1088a0000ull
#define BUF_B       0x1088b0000ull
#define BUF_HOST    0x108920000ull
#define FENCE_VA    0x100202000ull

#define THREADS     256
#define MAX_BOS     32

typedef struct Bo {
    uint64_t va, size, pa;
    GpAperture ap;
} Bo;

typedef struct Player {
    TestGpu *t;
    TestVm *vm;
    TestChannel *ch;
    uint64_t svm;                           /* its memory, in the system */
    bool prefault;
    Bo bos[MAX_BOS];
    uint32_t fence;                         /* the last one that was pushed */
    unsigned pushes, steps, qmds, software, faults;
    int32_t in[2 * THREADS];                /* inputs, kept for the check */
    int64_t in64[2 * THREADS];
} Player;

static void *svm(Player *p, uint64_t va)
{
    return test_mem(p->t, GP_SYS_COHERENT, p->svm + (va - SVM_VA), 0x1000);
}

static void *bo_mem(Player *p, uint64_t va, uint64_t len)
{
    for (unsigned i = 0; i < MAX_BOS; i++) {
        Bo *bo = &p->bos[i];

        if (va >= bo->va && va - bo->va < bo->size) {
            return test_mem(p->t, bo->ap, bo->pa + (va - bo->va), len);
        }
    }
    g_error("no buffer object at %#" G_GINT64_MODIFIER "x", va);
}

/* -------------------------------------------------------- kernels, in C */

static void fill(Player *p, void *a, void *b)
{
    int32_t *va = a, *vb = b;

    for (int i = 0; i < THREADS; i++) {
        va[i] = p->in[i] = (int32_t)(i * 1103515245u + 12345);
        vb[i] = p->in[THREADS + i] = i * 7 - 400;
    }
}

static void check_vadd(Player *p, const void *a, const void *b)
{
    const int32_t *va = a, *vb = b;

    for (int i = 0; i < THREADS; i++) {
        uint32_t sum = p->in[i];

        if (i < 200) {
            sum += (uint32_t)p->in[THREADS + i] * 3;
        }
        g_assert_cmpuint((uint32_t)va[i], ==, sum);
        g_assert_cmpint(vb[i], ==, p->in[THREADS + i]);
    }
}

static void vadd_setup(Player *p)
{
    fill(p, svm(p, SVM_A), svm(p, SVM_B));
}

static void vadd_check(Player *p)
{
    check_vadd(p, svm(p, SVM_A), svm(p, SVM_B));
}

/* A list of 7 nodes, out of order; out[i] is the sum for each thread. */
static void list_setup(Player *p)
{
    static const int order[] = { 3, 1, 6, 2, 5, 4, 7 };
    uint64_t *mem = svm(p, SVM_B), *link = mem;

    memset(mem, 0, 0x100);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        uint64_t *node = mem + 2 * order[i];

        *link = SVM_B + (uint8_t *)node - (uint8_t *)mem;
        node[1] = 100 * order[i];
        link = node;
    }
    *link = 0;
    memset(svm(p, SVM_C), 0xff, THREADS * 4);
}

static void list_check(Player *p)
{
    const int32_t *out = svm(p, SVM_C);

    for (int i = 0; i < THREADS; i++) {
        g_assert_cmpint(out[i], ==, 2800);
    }
}

static void fmath_setup(Player *p)
{
    float *x = svm(p, SVM_B), *y = svm(p, SVM_C);

    for (int i = 0; i < THREADS; i++) {
        x[i] = i * 0.25f - 8;
        y[i] = i * 0.0625f - 1.5f;
    }
    memcpy(p->in, x, sizeof(*x) * THREADS);
}

static void fmath_check(Player *p)
{
    const float *x = svm(p, SVM_B), *y = svm(p, SVM_C);

    for (int i = 0; i < THREADS; i++) {
        double want;
        float old;

        memcpy(&old, &p->in[i], sizeof(old));
        want = sqrt(fabs(y[i])) * 1.5 + old / (y[i] + 2.0) + sin(y[i]);
        g_assert_cmpfloat(fabs(x[i] - want), <, 0.0001 * (1 + fabs(want)));
    }
}

static void atoms_setup(Player *p)
{
    int32_t *v = svm(p, SVM_B);
    uint8_t *c = svm(p, SVM_C);

    memset(v, 0, 32);
    v[0] = 1000;
    v[4] = -1;
    v[5] = 77;
    for (int i = 0; i < THREADS; i++) {
        c[i] = i;
    }
}

static void atoms_check(Player *p)
{
    const int32_t *v = svm(p, SVM_B);
    const uint8_t *c = svm(p, SVM_C);

    g_assert_cmpint(v[0], ==, 1000 + THREADS);
    g_assert_cmpint(v[1], >, 0);            /* some thread's, the first's */
    g_assert_cmpint(v[1], <, THREADS);
    g_assert_cmpint(v[2], ==, THREADS - 1);
    g_assert_cmpint(v[3], >=, 0);
    g_assert_cmpint(v[3], <, THREADS);
    g_assert_cmpint(v[4], ==, 0);
    g_assert_cmpint(v[5], ==, 77);
    for (int i = 0; i < THREADS; i++) {
        g_assert_cmphex(c[i], ==, i ^ 0x5a);
    }
}

static void divmod_setup(Player *p)
{
    uint32_t *v = svm(p, SVM_B);
    int64_t *q = svm(p, SVM_C);

    for (int i = 0; i <= THREADS; i++) {
        p->in[i] = v[i] = i * 2654435761u >> (i % 23);
        p->in64[i] = q[i] = (i % 3 ? 1 : -1) *
                            (int64_t)(i * 0x123456789abull >> (i % 31));
    }
}

/*
 * Thread i reads element i + 1 while thread i + 1 writes it: within a warp
 * the reads come first, for the last lane either order is right.
 */
static void divmod_check(Player *p)
{
    const uint32_t *v = svm(p, SVM_B);
    const int64_t *q = svm(p, SVM_C);

    for (int i = 0; i < THREADS; i++) {
        uint32_t old = p->in[i];
        int64_t old64 = p->in64[i];
        uint32_t want = old / ((uint32_t)p->in[i + 1] | 1) + old % 7;
        uint32_t late = old / (v[i + 1] | 1) + old % 7;
        int64_t want64 = old64 / (p->in64[i + 1] | 1) * 3;
        int64_t late64 = old64 / (q[i + 1] | 1) * 3;

        if (v[i] != late || i % 32 != 31) {
            g_assert_cmpuint(v[i], ==, want);
        }
        if (q[i] != late64 || i % 32 != 31) {
            g_assert_cmpint(q[i], ==, want64);
        }
    }
}

static void reduce_setup(Player *p)
{
    fill(p, svm(p, SVM_B), p->in64);
    *(int32_t *)svm(p, SVM_C) = 5;
}

static void reduce_check(Player *p)
{
    uint32_t sum = 5;

    for (int i = 0; i < THREADS; i++) {
        sum += p->in[i];
    }
    g_assert_cmpuint(*(uint32_t *)svm(p, SVM_C), ==, sum);
}

static void memset_setup(Player *p)
{
    memset(svm(p, SVM_B), 0xee, 1008);
}

static void memset_check(Player *p)
{
    const uint8_t *v = svm(p, SVM_B);

    for (int i = 0; i < 1008; i++) {
        g_assert_cmphex(v[i], ==, i < 1000 ? 9 : 0xee);
    }
}

/* clEnqueueWriteBuffer of 64 KiB: from the staging buffer, and a copy on. */
static void write_setup(Player *p)
{
    uint32_t *host = bo_mem(p, BUF_HOST, 0x20000);

    for (unsigned i = 0; i < 0x8000; i++) {
        host[i] = i * 2654435761u;
    }
}

static void write_check(Player *p)
{
    const uint32_t *host = bo_mem(p, BUF_HOST, 0x20000);

    g_assert_cmpmem(bo_mem(p, BUF_A, 0x10000), 0x10000, host, 0x10000);
    g_assert_cmpmem(host + 0x4000, 0x10000, host, 0x10000);
}

/* 64 bytes inline (zeros), then the whole buffer is copied. */
static void write64_check(Player *p)
{
    const uint32_t *host = bo_mem(p, BUF_HOST, 0x10000);
    const uint32_t *a = bo_mem(p, BUF_A, 0x10000);
    static const uint8_t zero[64];

    g_assert_cmpmem(a, 64, zero, 64);
    g_assert_cmpmem(a + 16, 0x10000 - 64, host + 16, 0x10000 - 64);
    g_assert_cmpmem(bo_mem(p, BUF_B, 0x10000), 0x10000, a, 0x10000);
}

/* clEnqueueFillBuffer: 1024 pixels of R32 by CLEAR_SURFACE. */
static void fill_check(Player *p)
{
    const uint32_t *b = bo_mem(p, BUF_B, 0x10000);

    for (int i = 0; i < 1024; i++) {
        g_assert_cmphex(b[i], ==, 7);
    }
    g_assert_cmpmem(b + 1024, 0xf000,
                    (uint8_t *)bo_mem(p, BUF_A, 0x10000) + 0x1000, 0xf000);
}

static void clmem_setup(Player *p)
{
    fill(p, bo_mem(p, BUF_A, 0x1000), bo_mem(p, BUF_B, 0x1000));
}

static void clmem_check(Player *p)
{
    check_vadd(p, bo_mem(p, BUF_A, 0x1000), bo_mem(p, BUF_B, 0x1000));
}

static void read_check(Player *p)
{
    g_assert_cmpmem(bo_mem(p, BUF_HOST, 0x10000), 0x10000,
                    bo_mem(p, BUF_B, 0x10000), 0x10000);
}

/* By the push's place in the ring; a push without a step only must pass. */
static const struct {
    unsigned handle, off;
    void (*setup)(Player *p);
    void (*check)(Player *p);
    bool faults;
} steps[] = {
    { 11, 0x0000, vadd_setup, vadd_check, true },
    { 11, 0x0a0c, list_setup, list_check, true },
    { 11, 0x0ce8, fmath_setup, fmath_check, true },
    { 11, 0x1c5c, atoms_setup, atoms_check, true },
    { 11, 0x1f80, divmod_setup, divmod_check, true },
    { 11, 0x415c, reduce_setup, reduce_check, true },
    { 11, 0x4498, memset_setup, memset_check, true },
    { 11, 0x478c, write_setup, write_check, false },
    { 11, 0x47e8, NULL, write64_check, false },
    { 11, 0x4880, NULL, fill_check, false },
    { 11, 0x48f4, clmem_setup, clmem_check, false },
    { 11, 0x4bac, NULL, read_check, false },
};

/* -------------------------------------------------------------- playback */

static void gem_new(Player *p, const char *line)
{
    unsigned handle, size, domain;
    unsigned long long off;
    TestPage page;
    Bo *bo;

    g_assert_cmpint(sscanf(line, "IOCTL GEM_NEW handle=%u size=%x domain=%x",
                           &handle, &size, &domain), ==, 3);
    g_assert_cmpint(sscanf(strstr(line, "off="), "off=%llx", &off), ==, 1);
    g_assert_cmpuint(handle, <, MAX_BOS);
    bo = &p->bos[handle];
    bo->va = off;
    bo->size = size;
    bo->ap = domain & 2 ? GP_VRAM : GP_SYS_COHERENT;
    bo->pa = test_alloc(p->t, bo->ap, size, 0x10000);
    page = bo->ap == GP_VRAM && !((off | size) & 0xffff) ? TEST_64K : TEST_4K;
    test_vm_map(p->vm, off, bo->ap, bo->pa, size, page,
                bo->ap == GP_VRAM ? 0 : TEST_MAP_DEFAULT);
    test_vm_flush(p->vm);
}

static void qmd(Player *p, const char *line)
{
    unsigned long long va;
    const char *word = strchr(line, ':');
    uint32_t *mem;

    g_assert_cmpint(sscanf(line, " QMD @%llx", &va), ==, 1);
    mem = bo_mem(p, va, 256);
    for (int i = 0; i < 64; i++) {
        mem[i] = strtoul(word + 1, (char **)&word, 16);
    }
    p->qmds++;
}

static bool serve_svm(TestVm *vm, const TestFault *fault, void *opaque)
{
    Player *p = opaque;
    uint64_t page = fault->va & ~0xfffull;

    g_assert_cmphex(fault->va, >=, SVM_VA);
    g_assert_cmphex(fault->va, <, SVM_VA + SVM_SIZE);
    g_assert_cmphex(fault->inst, ==, p->ch->inst);
    test_vm_map(vm, page, GP_SYS_COHERENT, p->svm + (page - SVM_VA), 0x1000,
                TEST_4K, TEST_MAP_DEFAULT);
    return true;
}

/* The push of @line goes through the channel, until nothing is left of it. */
static void submit(Player *p, unsigned handle, unsigned off, unsigned len,
                   const char *word)
{
    uint64_t va = p->bos[handle].va + off;
    uint32_t *mem = bo_mem(p, va, len);
    unsigned count, more;
    uint32_t object;

    for (count = 0; count < len / 4; count++) {
        char *end;

        mem[count] = strtoul(word, &end, 16);
        g_assert_true(end > word);
        word = end;
        /* SET_REPORT_SEMAPHORE of one word: address, sequence, operation. */
        if (count >= 3 && mem[count - 3] == (uint32_t)(FENCE_VA >> 32) &&
            mem[count - 2] == (uint32_t)FENCE_VA &&
            mem[count] == 0x1000f010) {
            p->fence = mem[count - 1];
        }
    }
    p->faults = 0;
    test_gp_entry(p->ch, va | (uint64_t)count << 42);
    do {
        p->faults += test_serve_faults(p->vm, serve_svm, p);
        more = test_software_methods(p->t, &object);
        p->software += more;
    } while (more);
    p->pushes++;

    g_assert_cmpuint(test_gp_get(p->ch), ==, p->ch->gp_put);
    g_assert_true(test_channel_enabled(p->ch));
    g_assert_cmpuint(test_counter(p->t, GP_COUNTER_CHANNELS_KILLED), ==, 0);
    g_assert_cmpuint(test_counter(p->t, GP_COUNTER_UNKNOWN_METHODS), ==, 0);
    g_assert_cmpuint(*(uint32_t *)bo_mem(p, FENCE_VA, 4), ==, p->fence);
}

static void push(Player *p, const char *line)
{
    unsigned handle, off, len, i;

    g_assert_cmpint(sscanf(line, " PUSH handle=%u off=%x len=%x", &handle,
                           &off, &len), ==, 3);
    g_assert_cmpuint(handle, <, MAX_BOS);
    g_assert_cmpuint(off + len, <=, p->bos[handle].size);
    g_test_message("push at %#x of %u", off, handle);
    for (i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (steps[i].handle == handle && steps[i].off == off) {
            break;
        }
    }
    if (i < G_N_ELEMENTS(steps) && steps[i].setup) {
        steps[i].setup(p);
    }
    submit(p, handle, off, len, strchr(strstr(line, "r="), ':') + 1);
    if (i == G_N_ELEMENTS(steps)) {
        return;
    }
    steps[i].check(p);
    p->steps++;
    if (p->prefault || !steps[i].faults) {
        g_assert_cmpuint(p->faults, ==, 0);
    } else {
        g_assert_cmpuint(p->faults, >, 0);
        test_vm_unmap(p->vm, SVM_VA, SVM_SIZE, TEST_4K);
        test_vm_flush(p->vm);
    }
}

static void play(unsigned tpcs, bool prefault)
{
    Player p = { .prefault = prefault };
    size_t len;
    char *text = test_golden("opencl-trace.txt", &len);
    char **lines = g_strsplit(text, "\n", -1);
    GpConfig cfg;

    gp107_config_init(&cfg);
    cfg.tpcs = tpcs;
    p.t = test_gpu_new(&cfg);
    p.vm = test_vm_new(p.t, GP_VRAM);
    p.vm->replay = true;
    p.ch = test_channel_new(p.vm, TEST_RUNLIST_GR);
    p.svm = test_sys_alloc(p.t, SVM_SIZE, 0x1000);
    if (prefault) {
        test_vm_map(p.vm, SVM_VA, GP_SYS_COHERENT, p.svm, SVM_SIZE, TEST_4K,
                    TEST_MAP_DEFAULT);
    }

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "IOCTL GEM_NEW")) {
            gem_new(&p, *line);
        } else if (g_str_has_prefix(*line, " PUSH")) {
            /* The QMDs that it launches stand behind it. */
            for (char **next = line + 1; g_str_has_prefix(*next, " QMD");
                 next++) {
                qmd(&p, *next);
            }
            push(&p, *line);
        }
    }

    g_assert_cmpuint(p.pushes, ==, 23);
    g_assert_cmpuint(p.steps, ==, G_N_ELEMENTS(steps));
    g_assert_cmpuint(p.qmds, ==, 8);
    /* Class 906e on subchannel 7: the driver's own. */
    g_assert_cmpuint(p.software, ==, 1);
    g_assert_cmpuint(test_counter(p.t, GP_COUNTER_GRIDS), ==, 8);
    g_assert_cmpuint(test_counter(p.t, GP_COUNTER_FAULTS_FATAL), ==, 0);
    g_assert_cmpuint(test_counter(p.t, GP_COUNTER_TLB_STALE_LATE), ==, 0);
    g_strfreev(lines);
    free(text);
    test_gpu_free(p.t);
}

static void test_faults(void)
{
    play(1, false);
}

static void test_faults_3tpc(void)
{
    play(3, false);
}

static void test_mapped(void)
{
    play(1, true);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/opencl-faults", test_faults);
    g_test_add_func("/trace/opencl-faults-3-tpcs", test_faults_3tpc);
    g_test_add_func("/trace/opencl-mapped", test_mapped);
    return g_test_run();
}
