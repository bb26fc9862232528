/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The golden kernels on the SASS interpreter alone, against C.
 *
 * Arguments and sizes are where Mesa puts them: c0 holds the arguments, each
 * at its natural alignment, and the global offset behind them; c7 holds block
 * and grid from 0x100 on.  Registers, code offset, shared and local memory
 * come from the QMD in the trace (clc1c0qmd.h).
 */
#include <math.h>
#include <stdlib.h>

#include "sass_asm.h"

#define VA_A 0x00007f1234560000ull
#define VA_B 0x0000560000000000ull
#define VA_OUT 0x00007fffff000000ull

typedef struct Shape {
    uint32_t grid, block;
} Shape;

typedef struct Kernel {
    SassEnv *env;
    EnvLaunch launch;
    uint8_t *code;
    unsigned items;
} Kernel;

static char *golden_file(const char *name, size_t *len)
{
    char *path = g_build_filename(TEST_GOLDEN_DIR, name, NULL);
    char *data;
    GError *error = NULL;

    g_file_get_contents(path, &data, len, &error);
    g_assert_no_error(error);
    g_free(path);
    return data;
}

/* The QMD that the trace shows before "MARK @mark launch". */
static void read_qmd(const char *mark, uint32_t *qmd)
{
    size_t len;
    char *text = golden_file("opencl-trace.txt", &len);
    char *end = g_strdup_printf("\nMARK %s launch", mark);
    char *stop = strstr(text, end), *p;

    g_assert_nonnull(stop);
    *stop = 0;
    p = g_strrstr(text, " QMD @");
    g_assert_nonnull(p);
    p = strchr(p, ':') + 1;
    for (unsigned i = 0; i < 64; i++) {
        qmd[i] = strtoul(p, &p, 16);
    }
    g_free(end);
    g_free(text);
}

static Kernel *kernel_new(const char *name, const char *mark, Shape shape,
                          bool faults)
{
    Kernel *k = g_new0(Kernel, 1);
    char *file = g_strconcat(name, ".bin", NULL);
    uint32_t qmd[64];
    size_t len;

    read_qmd(mark, qmd);
    k->env = env_new();
    k->env->fault_first = faults;
    k->code = (uint8_t *)golden_file(file, &len);
    g_free(file);
    env_code(k->env, qmd[8], k->code, len);
    k->launch = (EnvLaunch) {
        .entry = qmd[8],
        .regs = qmd[30] >> 24,
        .local_size = qmd[29] & 0xffffff,
        .shared_size = qmd[17] & 0x3ffff,
        .grid = { shape.grid, 1, 1 },
        .block = { shape.block, 1, 1 },
    };
    if (!shape.grid) {
        k->launch.grid[0] = qmd[12];
        k->launch.block[0] = qmd[18] >> 16;
    }
    for (unsigned i = 0; i < 3; i++) {
        env_const32(k->env, 7, 0x100 + 4 * i, k->launch.block[i]);
        env_const32(k->env, 7, 0x10c + 4 * i, k->launch.grid[i]);
    }
    env_const32(k->env, 7, 0x11c, 1);
    k->items = k->launch.grid[0] * k->launch.block[0];
    return k;
}

static void kernel_run(Kernel *k)
{
    g_assert_cmpint(env_run_grid(k->env, &k->launch), ==, SASS_EXITED);
    if (k->env->translated) {
        g_assert_cmpuint(k->env->faults > 0, ==, k->env->fault_first);
    }
}

static void kernel_free(Kernel *k)
{
    env_free(k->env);
    g_free(k->code);
    g_free(k);
}

static uint64_t random_state = 1;

static uint32_t random32(void)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407;
    return (uint32_t)(random_state >> 32);
}

static void run_vadd(const char *name, const char *mark, Shape shape,
                     bool faults, unsigned guard)
{
    Kernel *k = kernel_new(name, mark, shape, faults);
    unsigned n = k->items > guard ? k->items - guard : 0;
    int32_t *a = g_new(int32_t, k->items), *b = g_new(int32_t, k->items);
    int32_t *want = g_new(int32_t, k->items);
    int32_t factor = -1234567;

    for (unsigned i = 0; i < k->items; i++) {
        a[i] = random32();
        b[i] = random32();
        want[i] = i >= n ? a[i] : (int32_t)((uint32_t)a[i] +
                                            (uint32_t)b[i] * factor);
    }
    env_map(k->env, VA_A, a, k->items * 4);
    env_map(k->env, VA_B, b, k->items * 4)->read_only = true;
    env_const64(k->env, 0, 0, VA_A);
    env_const64(k->env, 0, 8, VA_B);
    env_const32(k->env, 0, 16, factor);
    env_const32(k->env, 0, 20, n);
    kernel_run(k);
    for (unsigned i = 0; i < k->items; i++) {
        g_assert_cmpint(a[i], ==, want[i]);
    }
    g_free(a);
    g_free(b);
    g_free(want);
    kernel_free(k);
}

static void vadd(Shape shape, bool faults)
{
    run_vadd("vadd", "vadd", shape, faults, 0);
    run_vadd("vadd", "vadd", shape, faults, shape.block / 2 + 1);
}

static void vadd_clmem(Shape shape, bool faults)
{
    run_vadd("vadd_clmem", "vadd cl_mem", shape, faults, 5);
}

static void list_walk(Shape shape, bool faults)
{
    Kernel *k = kernel_new("list_walk", "list_walk", shape, faults);
    enum { NODES = 300, STRIDE = 6 };
    uint64_t *nodes = g_new0(uint64_t, NODES * STRIDE + 1);
    int32_t *out = g_new0(int32_t, k->items);
    uint32_t sum = 0;

    /* From the first to the last node in steps of 7, 300 being no multiple. */
    for (unsigned i = 0, at = 0; i < NODES; i++) {
        unsigned next = (at + 7) % NODES;
        uint64_t *node = nodes + 1 + at * STRIDE;

        node[0] = i == NODES - 1 ? 0 : VA_A + 8 * (1 + next * STRIDE);
        node[1] = random32() | 0xdead00000000ull;
        sum += (uint32_t)node[1];
        at = next;
    }
    nodes[0] = VA_A + 8;
    env_map(k->env, VA_A, nodes, 8 * (NODES * STRIDE + 1))->read_only = true;
    env_map(k->env, VA_OUT, out, k->items * 4);
    env_const64(k->env, 0, 0, VA_A);
    env_const64(k->env, 0, 8, VA_OUT);
    kernel_run(k);
    for (unsigned i = 0; i < k->items; i++) {
        g_assert_cmpint(out[i], ==, (int32_t)sum);
    }
    g_free(nodes);
    g_free(out);
    kernel_free(k);
}

static void reduce(Shape shape, bool faults)
{
    Kernel *k;
    int32_t *data, out = 1000;
    uint32_t want = 1000;

    /* The kernel halves the group: it must be a power of two. */
    while (shape.block & (shape.block - 1)) {
        shape.block &= shape.block - 1;
    }
    k = kernel_new("reduce", "reduce", shape, faults);
    if (k->launch.shared_size < 4 * k->launch.block[0]) {
        k->launch.shared_size = 4 * k->launch.block[0];
    }
    data = g_new(int32_t, k->items);
    for (unsigned i = 0; i < k->items; i++) {
        data[i] = random32();
        want += (uint32_t)data[i];
    }
    env_map(k->env, VA_A, data, k->items * 4)->read_only = true;
    env_map(k->env, VA_OUT, &out, 4);
    env_const64(k->env, 0, 0, VA_A);
    env_const64(k->env, 0, 8, VA_OUT);
    env_const64(k->env, 0, 16, 0);
    kernel_run(k);
    g_assert_cmpint(out, ==, (int32_t)want);
    g_assert_cmpuint(k->env->atomics, ==, k->launch.grid[0]);
    g_free(data);
    kernel_free(k);
}

/*
 * Mesa divides by MUFU.RCP and a multiplication, and takes its sine from a
 * polynomial: some units in the last place of each term are lost.
 */
#define FMATH_TOLERANCE 0.000004

static void fmath(Shape shape, bool faults)
{
    Kernel *k = kernel_new("fmath", "fmath", shape, faults);
    float *x = g_new(float, k->items), *y = g_new(float, k->items);
    double *want = g_new(double, k->items), *scale = g_new(double, k->items);

    for (unsigned i = 0; i < k->items; i++) {
        double root, ratio, d;

        x[i] = (float)((int32_t)random32() / 10000000.0);
        /* Small and large angles, for both range reductions of the sine. */
        d = (int32_t)random32() / 2147483648.0;
        y[i] = (float)(i % 3 == 0 ? d * 2 : i % 3 == 1 ? d * 1000 : d * 1e9);
        if (fabsf(y[i] + 2) < 0.01f) {
            y[i] = 1;
        }
        root = sqrt(fabs((double)y[i])) * 1.5;
        ratio = x[i] / (double)(y[i] + 2.0f);
        want[i] = root + ratio + sin(y[i]);
        scale[i] = root + fabs(ratio) + 1;
    }
    env_map(k->env, VA_A, x, k->items * 4);
    env_map(k->env, VA_B, y, k->items * 4)->read_only = true;
    env_const64(k->env, 0, 0, VA_A);
    env_const64(k->env, 0, 8, VA_B);
    kernel_run(k);
    for (unsigned i = 0; i < k->items; i++) {
        g_assert_cmpfloat_with_epsilon(x[i], want[i],
                                       scale[i] * FMATH_TOLERANCE);
    }
    g_free(x);
    g_free(y);
    g_free(want);
    g_free(scale);
    kernel_free(k);
}

static void atoms(Shape shape, bool faults)
{
    Kernel *k = kernel_new("atoms", "atoms", shape, faults);
    int32_t p[5] = { 100, 0, 3, -7, -1 };
    uint8_t *c = g_new(uint8_t, k->items), *want = g_new(uint8_t, k->items);
    int32_t last = (int32_t)k->items - 1, and = -1;

    for (unsigned i = 0; i < k->items; i++) {
        c[i] = random32();
        want[i] = c[i] ^ 0x5a;
        and &= i;
    }
    env_map(k->env, VA_A, p, sizeof(p));
    env_map(k->env, VA_B, c, k->items);
    env_const64(k->env, 0, 0, VA_A);
    env_const64(k->env, 0, 8, VA_B);
    kernel_run(k);
    g_assert_cmpint(p[0], ==, 100 + last + 1);
    /* Item 0 swaps 0 for 0; the next one that comes stays. */
    g_assert_cmpint(p[1], >=, last > 0);
    g_assert_cmpint(p[1], <=, last);
    g_assert_cmpint(p[2], ==, MAX(last, 3));
    g_assert_cmpint(p[3], >=, 0);
    g_assert_cmpint(p[3], <=, last);
    g_assert_cmpint(p[4], ==, and);
    g_assert_cmpint(memcmp(c, want, k->items), ==, 0);
    /* Increment, compare-and-swap, maximum and AND; the exchange is ST.WT. */
    g_assert_cmpuint(k->env->atomics, ==, 4 * k->items);
    g_free(c);
    g_free(want);
    kernel_free(k);
}

static void memset_k(Shape shape, bool faults)
{
    Kernel *k = kernel_new("memset_k", "memset_k", shape, faults);
    size_t n = 3 * k->items + 17;
    uint8_t *p = g_malloc0(n + 8);

    env_map(k->env, VA_A, p, n + 8);
    env_const64(k->env, 0, 0, VA_A);
    env_const32(k->env, 0, 8, 0xa5);
    env_const64(k->env, 0, 16, n);
    kernel_run(k);
    for (size_t i = 0; i < n + 8; i++) {
        g_assert_cmpuint(p[i], ==, i < n ? 0xa5 : 0);
    }
    g_free(p);
    kernel_free(k);
}

/*
 * Item i reads what item i + 1 writes.  Warps run in order here and lanes in
 * step, so that all of it is read before.
 */
static void divmod(Shape shape, bool faults)
{
    Kernel *k = kernel_new("divmod", "divmod", shape, faults);
    uint32_t *p = g_new(uint32_t, k->items + 1);
    int64_t *q = g_new(int64_t, k->items + 1);
    uint32_t *want_p = g_new(uint32_t, k->items);
    int64_t *want_q = g_new(int64_t, k->items);

    for (unsigned i = 0; i <= k->items; i++) {
        p[i] = random32() >> random32() % 32;
        q[i] = (int64_t)((uint64_t)random32() << 32 | random32());
        q[i] >>= random32() % 64;
    }
    for (unsigned i = 0; i < k->items; i++) {
        want_p[i] = p[i] / (p[i + 1] | 1) + p[i] % 7;
        want_q[i] = (int64_t)((uint64_t)(q[i] / (q[i + 1] | 1)) * 3);
    }
    env_map(k->env, VA_A, p, (k->items + 1) * 4);
    env_map(k->env, VA_B, q, (k->items + 1) * 8);
    env_const64(k->env, 0, 0, VA_A);
    env_const64(k->env, 0, 8, VA_B);
    kernel_run(k);
    for (unsigned i = 0; i < k->items; i++) {
        g_assert_cmpuint(p[i], ==, want_p[i]);
        g_assert_cmpint(q[i], ==, want_q[i]);
    }
    g_free(p);
    g_free(q);
    g_free(want_p);
    g_free(want_q);
    kernel_free(k);
}

/*
 * Mesa's library, at the end of the code segment where kernels call it by
 * absolute address.  Arguments are in R0..R3, results in R0 and R1.
 */
#define LIB_BASE 0x7f800
#define LIB_DIV_U32 0x000
#define LIB_DIV_S32 0x120
#define LIB_RCP_F64 0x280
#define LIB_RSQ_F64 0x560

typedef struct Library {
    Rig *rig;
    uint64_t *code;
} Library;

static Library library_new(uint32_t function)
{
    Library l = { .rig = rig_new(32) };
    size_t len;
    char *text = golden_file("lib.bin", &len);

    l.code = g_malloc0(len + 32);
    l.code[1] = OP_BARE(0xe220) | IMM32(LIB_BASE + function);   /* JCAL */
    l.code[2] = EXIT_WORD;
    memcpy(l.code + 4, text, len);
    env_code(l.rig->env, LIB_BASE - 32, l.code, len + 32);
    g_free(text);
    return l;
}

static void library_free(Library l)
{
    rig_free(l.rig);
    g_free(l.code);
}

/* Calls the function with the pair of each lane; results replace it. */
static void library_call(Library l, uint32_t (*pair)[2])
{
    SassWarpConfig cfg = l.rig->cfg;
    SassWarp *w;
    uint64_t lanes = 0;

    cfg.entry = LIB_BASE - 32;
    cfg.regs = 16;
    w = sass_warp_new(&cfg);
    SASS_LANES(i) {
        w->r[0][i] = pair[i][0];
        w->r[1][i] = pair[i][1];
    }
    g_assert_cmpint(sass_warp_run(w, l.rig->env->prog, &env_ops, l.rig->env,
                                  1000, &lanes), ==, SASS_EXITED);
    SASS_LANES(i) {
        pair[i][0] = w->r[0][i];
        pair[i][1] = w->r[1][i];
    }
    sass_warp_free(w);
}

static void test_library_division(void)
{
    Library u = library_new(LIB_DIV_U32), s = library_new(LIB_DIV_S32);
    uint64_t seed = 11;

    for (unsigned n = 0; n < 300; n++) {
        uint32_t in[32][2], out[32][2];

        SASS_LANES(i) {
            in[i][0] = next_random(&seed);
            in[i][1] = next_random(&seed) >> next_random(&seed) % 32;
            in[i][1] += !in[i][1];
        }
        memcpy(out, in, sizeof(out));
        library_call(u, out);
        SASS_LANES(i) {
            g_assert_cmpuint(out[i][0], ==, in[i][0] / in[i][1]);
            g_assert_cmpuint(out[i][1], ==, in[i][0] % in[i][1]);
        }
        memcpy(out, in, sizeof(out));
        library_call(s, out);
        SASS_LANES(i) {
            int64_t a = (int32_t)in[i][0], b = (int32_t)in[i][1];

            g_assert_cmphex(out[i][0], ==, (uint32_t)(a / b));
            g_assert_cmphex(out[i][1], ==, (uint32_t)(a % b));
        }
    }
    library_free(u);
    library_free(s);
}

static void check_double(uint64_t got_bits, double want)
{
    double got;

    memcpy(&got, &got_bits, sizeof(got));
    if (isnan(want)) {
        g_assert_true(isnan(got));
    } else if (want == 0 || isinf(want)) {
        g_assert_cmphex(got_bits, ==, double_bits(want));
    } else {
        g_assert_cmpfloat(fabs(got - want), <=, fabs(want) * 0x1p-50 +
                          0x1p-1074);
    }
}

/* 1 / x and 1 / sqrt(x) over all exponents, denormals and special values. */
static void test_library_double(void)
{
    static const double special[] = {
        0.0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 0x1p-1074, 0x1p-1022,
        0x1.fffffffffffffp1023, 0x1p1023, -0x1p-1030, 2, 4, 3,
    };
    Library rcp = library_new(LIB_RCP_F64), rsq = library_new(LIB_RSQ_F64);
    uint64_t seed = 12;

    for (unsigned n = 0; n < 200; n++) {
        double x[32];
        uint32_t a[32][2], b[32][2];

        SASS_LANES(i) {
            uint64_t bits = (uint64_t)next_random(&seed) << 32 |
                            next_random(&seed);

            memcpy(&x[i], &bits, sizeof(bits));
            if (n == 0 && i < G_N_ELEMENTS(special)) {
                x[i] = special[i];
                bits = double_bits(x[i]);
            }
            a[i][0] = b[i][0] = (uint32_t)bits;
            a[i][1] = bits >> 32;
            b[i][1] = a[i][1] & 0x7fffffff;
        }
        library_call(rcp, a);
        library_call(rsq, b);
        SASS_LANES(i) {
            check_double(a[i][0] | (uint64_t)a[i][1] << 32, 1 / x[i]);
            check_double(b[i][0] | (uint64_t)b[i][1] << 32,
                         1 / sqrt(fabs(x[i])));
        }
    }
    library_free(rcp);
    library_free(rsq);
}

typedef void (*KernelTest)(Shape shape, bool faults);

/* As traced, a full warp, partial warps, several CTAs. */
static const Shape shapes[] = {
    { 0, 0 }, { 1, 1 }, { 1, 32 }, { 1, 33 }, { 3, 64 }, { 5, 100 },
    { 2, 512 },
};

static void test_shapes(gconstpointer data)
{
    KernelTest test = *(const KernelTest *)data;

    for (unsigned i = 0; i < G_N_ELEMENTS(shapes); i++) {
        test(shapes[i], false);
    }
}

static void test_faults(gconstpointer data)
{
    KernelTest test = *(const KernelTest *)data;

    for (unsigned i = 0; i < G_N_ELEMENTS(shapes); i++) {
        test(shapes[i], true);
    }
}

static const struct {
    const char *name;
    KernelTest test;
} kernels[] = {
    { "vadd", vadd }, { "vadd_clmem", vadd_clmem },
    { "list_walk", list_walk }, { "reduce", reduce }, { "fmath", fmath },
    { "atoms", atoms }, { "memset_k", memset_k }, { "divmod", divmod },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(kernels); i++) {
        char *path = g_strconcat("/golden/", kernels[i].name, NULL);
        char *faults = g_strconcat(path, "/faults", NULL);
        char *plain = g_strconcat(path, "/shapes", NULL);

        g_test_add_data_func(plain, &kernels[i].test, test_shapes);
        g_test_add_data_func(faults, &kernels[i].test, test_faults);
        g_free(path);
        g_free(faults);
        g_free(plain);
    }
    g_test_add_func("/golden/lib/division", test_library_division);
    g_test_add_func("/golden/lib/double", test_library_double);
    return g_test_run();
}
