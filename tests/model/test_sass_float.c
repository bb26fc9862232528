/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the float, double and conversion instructions. */
#include <fenv.h>
#include <math.h>

#include "sass_cases.h"

/* 64 bits: R8 of R10, R12, R14. */
#define WDA (D(8) | A(10))
#define WDAB (WDA | B(12))
#define WDABC (WDAB | C(14))

#define NAN32 0x7fffffffu
#define INF32 0x7f800000u
#define SUBNORMAL 0x00012345u

#define F(value) float_bits(value)

static void test_fadd(void)
{
    const uint64_t op = OP(0x5c58) | DAB;
    const Case cases[] = {
        { op, F(1.5f), F(2.25f), 0, F(3.75f) },
        { op | BIT(48), F(1.5f), F(2.25f), 0, F(0.75f) },
        { op | BIT(45), F(1.5f), F(2.25f), 0, F(-0.75f) },
        { op | BIT(46), F(-1.5f), F(2.25f), 0, F(3.75f) },
        { op | BIT(46) | BIT(48), F(-1.5f), F(2.25f), 0, F(0.75f) },
        { op | BIT(49), F(1.5f), F(-2.25f), 0, F(3.75f) },
        { op | BIT(50), F(1.5f), F(2.25f), 0, F(1) },
        { op | BIT(50), F(-1.5f), F(0.25f), 0, 0 },
        { op | BIT(50), F(0.5f), F(0.25f), 0, F(0.75f) },
        { op | BIT(50), NAN32, F(0.25f), 0, 0 },
        { op, INF32, INF32 | 1u << 31, 0, NAN32 },
        { op, 0xffc12345, F(1), 0, NAN32 },
        /* Denormals stay, or with .FTZ go. */
        { op, SUBNORMAL, 0, 0, SUBNORMAL },
        { op | BIT(44), SUBNORMAL, 0, 0, 0 },
        { op | BIT(44), 0x80000001, 0x80000000, 0, 0x80000000 },
        { op | BIT(44), 0x00800001, 0x80800000, 0, 0 },
        { op, 0x00800001, 0x80800000, 0, 1 },
        /* 1 + 2^-25 to nearest, down, up, to zero; and negative. */
        { op, F(1), F(0x1p-25f), 0, F(1) },
        { op | FIELD(1, 39), F(1), F(0x1p-25f), 0, F(1) },
        { op | FIELD(2, 39), F(1), F(0x1p-25f), 0, 0x3f800001 },
        { op | FIELD(3, 39), F(1), F(0x1p-25f), 0, F(1) },
        { op | FIELD(1, 39), F(-1), F(-0x1p-60f), 0, 0xbf800001 },
        { op | FIELD(2, 39), F(-1), F(-0x1p-60f), 0, F(-1) },
        { op | FIELD(3, 39), F(-1), F(-0x1p-60f), 0, F(-1) },
        { op | FIELD(3, 39), F(1), F(-0x1p-149f), 0, 0x3f7fffff },
        { op | FIELD(3, 39), 0x7f7fffff, 0x7f7fffff, 0, 0x7f7fffff },
        { op | FIELD(2, 39), 0x7f7fffff, 0x7f7fffff, 0, INF32 },
        { op | FIELD(1, 39), F(1), F(-1), 0, 0x80000000 },
        { op | FIELD(2, 39), F(1), F(-1), 0, 0 },
        { OP(0x3858) | DA | imm_float(-2.5f), F(1), 0, 0, F(-1.5f) },
        { OP(0x0800) | DA | IMM32(0x3f9d70a4), F(1), 0, 0,
          F(1 + 1.23f) },
        { OP(0x0800) | DA | IMM32(0x3f9d70a4) | BIT(53), F(1), 0, 0,
          F(1 - 1.23f) },
        { OP(0x0800) | DA | IMM32(0xbf9d70a4) | BIT(57), F(1), 0, 0,
          F(1 + 1.23f) },
        { OP(0x0800) | DA | IMM32(0x3f9d70a4) | BIT(54) | BIT(56), F(-1), 0,
          0, F(-1 + 1.23f) },
        { OP(0x0800) | DA | IMM32(0) | BIT(55), SUBNORMAL, 0, 0, 0 },
    };

    CHECK(cases);
}

static void test_fmul(void)
{
    const uint64_t op = OP(0x5c68) | DAB;
    const Case cases[] = {
        { op, F(1.5f), F(-3), 0, F(-4.5f) },
        { op | BIT(48), F(1.5f), F(-3), 0, F(4.5f) },
        { op | BIT(50), F(1.5f), F(3), 0, F(1) },
        { op, 0, INF32, 0, NAN32 },
        { op | BIT(45), 0, INF32, 0, 0 }, { op | BIT(45), NAN32, 0, 0, 0 },
        { op | BIT(45), F(2), F(3), 0, F(6) },
        { op | BIT(44), SUBNORMAL, F(4), 0, 0 },
        { op, SUBNORMAL, F(4), 0, 4 * SUBNORMAL },
        { op | BIT(44), 0x00800000, F(0.5f), 0, 0 },
        /* D2, D4, D8, M8, M4, M2 */
        { op | FIELD(1, 41), F(3), F(5), 0, F(7.5f) },
        { op | FIELD(2, 41), F(3), F(5), 0, F(3.75f) },
        { op | FIELD(3, 41), F(3), F(5), 0, F(1.875f) },
        { op | FIELD(4, 41), F(3), F(5), 0, F(120) },
        { op | FIELD(5, 41), F(3), F(5), 0, F(60) },
        { op | FIELD(6, 41), F(3), F(5), 0, F(30) },
        /* (1 + 2^-23)^2 is a little more than 1 + 2^-22. */
        { op, 0x3f800001, 0x3f800001, 0, 0x3f800002 },
        { op | FIELD(1, 39), 0x3f800001, 0x3f800001, 0, 0x3f800002 },
        { op | FIELD(2, 39), 0x3f800001, 0x3f800001, 0, 0x3f800003 },
        { op | FIELD(3, 39), 0xbf800001, 0x3f800001, 0, 0xbf800002 },
        { op | FIELD(1, 39), 0xbf800001, 0x3f800001, 0, 0xbf800003 },
        { op | FIELD(2, 39), 1, 1, 0, 1 }, { op, 1, 1, 0, 0 },
        { OP(0x3868) | DA | imm_float(0.5f), F(7), 0, 0, F(3.5f) },
        { OP(0x1e00) | DA | IMM32(0x40490fdb), F(2), 0, 0, 0x40c90fdb },
        { OP(0x1e00) | DA | IMM32(0x40490fdb) | BIT(55), F(2), 0, 0, F(1) },
        { OP(0x1e00) | DA | IMM32(INF32) | BIT(54), 0, 0, 0, 0 },
    };

    CHECK(cases);
}

static void test_ffma(void)
{
    const uint64_t op = OP(0x5980) | DABC;
    const Case cases[] = {
        { op, F(2), F(3), F(4), F(10) },
        { op | BIT(48), F(2), F(3), F(4), F(-2) },
        { op | BIT(49), F(2), F(3), F(4), F(2) },
        { op | BIT(50), F(2), F(3), F(4), F(1) },
        /* One rounding only: the product's tail counts. */
        { op, 0x3f800001, 0x3f800001, 0xbf800002, F(0x1p-46f) },
        { op, 0, INF32, F(1), NAN32 },
        { op | FIELD(2, 53), 0, INF32, F(1), F(1) },
        { op | FIELD(1, 53), SUBNORMAL, F(1), F(1), F(1) },
        { op | FIELD(1, 53), 0, F(1), SUBNORMAL, 0 },
        { op, 0, F(1), SUBNORMAL, SUBNORMAL },
        { op | FIELD(2, 51), 0x3f800001, F(1), 1, 0x3f800002 },
        { op | FIELD(1, 51), 0x3f800001, F(1), 0x80000001, F(1) },
        { op | FIELD(3, 51), 0xbf800001, F(1), 1, F(-1) },
        { OP(0x3280) | DA | C(4) | imm_float(0.25f), F(8), 0, F(1), F(3) },
        { OP(0x0c00) | DA | IMM32(0x3f9d70a4), F(0), 0, 0, 0xdeadbeef },
        { OP(0x0c00) | DA | IMM32(0x3f9d70a4) | BIT(57), F(0), 0, 0,
          0x5eadbeef },
        { OP(0x0c00) | D(4) | A(2) | IMM32(F(10)) | BIT(56), F(2), 0, F(1),
          0xdeadbeef },
    };
    Rig *rig = rig_new(32);
    uint64_t seed = 99;

    CHECK(cases);
    env_const32(rig->env, 0, 64, F(7));
    g_assert_cmphex(rig_eval(rig, OP(0x5180) | DA | C(4) | CB(0, 64), F(2), 0,
                             F(3)), ==, F(13));
    g_assert_cmphex(rig_eval(rig, OP(0x4980) | DA | C(4) | CB(0, 64), F(2), 0,
                             F(3)), ==, F(17));
    /* Against libm, over all exponents, where double rounding would show. */
    for (unsigned n = 0; n < 20000; n++) {
        uint32_t bits[3];
        float x[3], want;

        for (unsigned k = 0; k < 3; k++) {
            bits[k] = next_random(&seed);
            if (n % 2) {
                /* Near enough for the sum to need all bits. */
                bits[k] = (bits[k] & 0x83ffffff) | 0x38000000;
            }
            memcpy(&x[k], &bits[k], 4);
        }
        want = fmaf(x[0], x[1], x[2]);
        g_assert_cmphex(rig_eval(rig, op, bits[0], bits[1], bits[2]), ==,
                        isnan(want) ? NAN32 : F(want));
    }
    rig_free(rig);
}

/* FADD, FMUL and FFMA rounded as the host rounds. */
static void test_rounding(void)
{
    static const int modes[4] = {
        FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO,
    };
    Rig *rig = rig_new(32);
    uint64_t seed = 5;

    for (unsigned n = 0; n < 8000; n++) {
        unsigned mode = n % 4;
        uint32_t a = next_random(&seed), b = next_random(&seed);
        uint32_t c = next_random(&seed);
        volatile float x, y, z, sum, product, fused;

        if (n & 4) {
            a = (a & 0x83ffffff) | 0x38000000;
            b = (b & 0x83ffffff) | 0x38000000;
            c = (c & 0x83ffffff) | 0x38000000;
        }
        memcpy((void *)&x, &a, 4);
        memcpy((void *)&y, &b, 4);
        memcpy((void *)&z, &c, 4);
        fesetround(modes[mode]);
        sum = x + y;
        product = x * y;
        fused = fmaf(x, y, z);
        fesetround(FE_TONEAREST);
        g_assert_cmphex(rig_eval(rig, OP(0x5c58) | DAB | FIELD(mode, 39), a,
                                 b, 0), ==, isnan(sum) ? NAN32 : F(sum));
        g_assert_cmphex(rig_eval(rig, OP(0x5c68) | DAB | FIELD(mode, 39), a,
                                 b, 0), ==,
                        isnan(product) ? NAN32 : F(product));
        g_assert_cmphex(rig_eval(rig, OP(0x5980) | DABC | FIELD(mode, 51), a,
                                 b, c), ==, isnan(fused) ? NAN32 : F(fused));
    }
    rig_free(rig);
}

static void test_fmnmx(void)
{
    const uint64_t op = OP(0x5c60) | DAB;
    const Case cases[] = {
        { op | PS(PT), F(2), F(-3), 0, F(-3) },
        { op | PS_NOT(PT), F(2), F(-3), 0, F(2) },
        { op | PS(PT) | BIT(45), F(2), F(3), 0, F(-3) },
        { op | PS_NOT(PT) | BIT(46), F(-4), F(3), 0, F(4) },
        { op | PS(PT), 0, 0x80000000, 0, 0x80000000 },
        { op | PS(PT), 0x80000000, 0, 0, 0x80000000 },
        { op | PS_NOT(PT), 0x80000000, 0, 0, 0 },
        { op | PS(PT), NAN32, F(1), 0, F(1) },
        { op | PS_NOT(PT), F(1), 0x7fc00000, 0, F(1) },
        { op | PS(PT), 0x7fc00001, 0xffc00000, 0, NAN32 },
        { op | PS(PT) | BIT(44), SUBNORMAL, F(1), 0, 0 },
    };

    CHECK(cases);
}

/* Sixteen conditions on six kinds of numbers. */
static void test_compare(void)
{
    static const float v[] = { -INFINITY, -1, -0.0f, 0, 2.5f, NAN };
    Rig *rig = rig_new(32);

    for (unsigned n = 0; n < 16 * 36; n++) {
        unsigned cond = n % 16;
        float a = v[n / 16 % 6], b = v[n / 96];
        bool want = cond >> (a < b ? 0 : a == b ? 1 : a > b ? 2 : 3) & 1;
        bool to_0 = cond >> (b < 0 ? 0 : b == 0 ? 1 : b > 0 ? 2 : 3) & 1;
        uint64_t word = OP(0x5800) | DAB | PS(PT) | FIELD(cond, 48);

        g_assert_cmphex(rig_eval(rig, word, F(a), F(b), 0), ==,
                        want ? 0xffffffffu : 0);
        g_assert_cmphex(rig_eval(rig, word | BIT(52), F(a), F(b), 0), ==,
                        want ? 0x3f800000 : 0);
        rig_do(rig, OP(0x5bb0) | PD(1, 2) | A(2) | B(3) | PS(PT) |
               FIELD(cond, 48));
        g_assert_cmphex(rig->w->pred[1], ==, want ? SASS_ALL_LANES : 0);
        g_assert_cmphex(rig->w->pred[2], ==, want ? 0 : SASS_ALL_LANES);
        rig_set64(rig, 10, double_bits(a));
        rig_set64(rig, 12, double_bits(b));
        rig_do(rig, OP(0x5b80) | PD(1, 2) | A(10) | B(12) | PS(PT) |
               FIELD(cond, 48));
        g_assert_cmphex(rig->w->pred[1], ==, want ? SASS_ALL_LANES : 0);
        rig_do(rig, OP(0x5900) | D(1) | A(10) | B(12) | PS(PT) |
               FIELD(cond, 48));
        g_assert_cmphex(rig_get(rig, 1), ==, want ? 0xffffffffu : 0);
        g_assert_cmphex(rig_eval(rig, OP(0x5ba0) | DABC | FIELD(cond, 48), 7,
                                 8, F(b)), ==, to_0 ? 7 : 8);
    }
    /* Each of FSETP's and FSET's sign bits. */
    rig_set(rig, 2, F(-1));
    rig_set(rig, 3, F(1));
    rig_do(rig, OP(0x5bb0) | PD(1, PT) | A(2) | B(3) | PS(PT) |
           FIELD(2, 48) | BIT(7));
    g_assert_cmphex(rig->w->pred[1], ==, SASS_ALL_LANES);
    rig_do(rig, OP(0x5bb0) | PD(1, PT) | A(2) | B(3) | PS(PT) |
           FIELD(2, 48) | BIT(43));
    g_assert_cmphex(rig->w->pred[1], ==, SASS_ALL_LANES);
    rig_do(rig, OP(0x5bb0) | PD(1, PT) | A(2) | B(3) | PS(PT) |
           FIELD(2, 48) | BIT(6));
    g_assert_cmphex(rig->w->pred[1], ==, SASS_ALL_LANES);
    rig_do(rig, OP(0x5bb0) | PD(1, PT) | A(3) | B(2) | PS(PT) |
           FIELD(2, 48) | BIT(44));
    g_assert_cmphex(rig->w->pred[1], ==, SASS_ALL_LANES);
    rig_set(rig, 3, 1);
    rig_do(rig, OP(0x5bb0) | PD(1, PT) | A(RZ) | B(3) | PS(PT) |
           FIELD(2, 48) | BIT(47));
    g_assert_cmphex(rig->w->pred[1], ==, SASS_ALL_LANES);
    g_assert_cmphex(rig_eval(rig, OP(0x5ba0) | DABC | FIELD(2, 48), 7, 8, 1),
                    ==, 8);
    g_assert_cmphex(rig_eval(rig, OP(0x5ba0) | DABC | FIELD(2, 48) | BIT(47),
                             7, 8, 1), ==, 7);
    g_assert_cmphex(rig_eval(rig, OP(0x3000) | DA | PS(PT) | FIELD(1, 48) |
                             imm_float(1.5f) | BIT(53), F(-2), 0, 0), ==,
                    0xffffffff);
    rig_free(rig);
}

/* MUFU: one unit in the last place of float, or 20 bits for 64H. */
static void test_mufu(void)
{
    static const float v[] = {
        0.5f, 1, 2, 3.25f, 10, 0.001f, 0x1p-100f, 1e30f, 100.5f,
    };
    const uint64_t op = OP(0x5080) | DA;
    const Case cases[] = {
        { op | FIELD(4, 20), 0, 0, 0, INF32 },
        { op | FIELD(4, 20), 0x80000000, 0, 0, 0xff800000 },
        { op | FIELD(4, 20), SUBNORMAL, 0, 0, INF32 },
        { op | FIELD(4, 20), INF32, 0, 0, 0 },
        { op | FIELD(4, 20) | BIT(48), F(4), 0, 0, F(-0.25f) },
        { op | FIELD(4, 20) | BIT(46), F(-4), 0, 0, F(0.25f) },
        { op | FIELD(5, 20), 0, 0, 0, INF32 },
        { op | FIELD(5, 20), F(-1), 0, 0, NAN32 },
        { op | FIELD(5, 20), F(16), 0, 0, F(0.25f) },
        { op | FIELD(8, 20), F(16), 0, 0, F(4) },
        { op | FIELD(8, 20), 0, 0, 0, 0 },
        { op | FIELD(8, 20), SUBNORMAL, 0, 0, 0 },
        { op | FIELD(5, 20), 0x80000000, 0, 0, 0xff800000 },
        { op | FIELD(8, 20), F(-16), 0, 0, NAN32 },
        { op | FIELD(3, 20), 0, 0, 0, 0xff800000 },
        { op | FIELD(3, 20), F(-1), 0, 0, NAN32 },
        { op | FIELD(3, 20), F(8), 0, 0, F(3) },
        { op | FIELD(2, 20), F(-3), 0, 0, F(0.125f) },
        { op | FIELD(2, 20), F(-140), 0, 0, 0 },
        { op | FIELD(2, 20) | BIT(50), F(3), 0, 0, F(1) },
        { op | FIELD(0, 20), 0, 0, 0, F(1) },
        { op | FIELD(1, 20), INF32, 0, 0, NAN32 },
        /* RRO passes its operand on, but for its sign. */
        { OP(0x5c90) | D(1) | B(3), 0, F(1.25f), 0, F(1.25f) },
        { OP(0x5c90) | D(1) | B(3) | BIT(45) | BIT(49), 0, F(-1.25f), 0,
          F(-1.25f) },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    for (unsigned i = 0; i < G_N_ELEMENTS(v); i++) {
        double x = v[i];
        const double want[9] = {
            cos(x), sin(x), exp2(x > 127 ? 10 : x), log2(x), 1 / x,
            1 / sqrt(x), 0, 0, sqrt(x),
        };

        for (unsigned f = 0; f < 9; f++) {
            uint32_t in = F(f == 2 && x > 127 ? 10 : v[i]), bits;
            float got;

            if (f == 6 || f == 7) {
                continue;
            }
            bits = rig_eval(rig, op | FIELD(f, 20), in, 0, 0);
            memcpy(&got, &bits, 4);
            g_assert_cmpfloat_with_epsilon(got, want[f],
                                           fabs(want[f]) * 0x1p-22 + 1e-40);
        }
        for (unsigned f = 6; f < 8; f++) {
            uint64_t bits = rig_eval(rig, op | FIELD(f, 20),
                                     double_bits(x) >> 32, 0, 0);
            double got, exact = f == 6 ? 1 / x : 1 / sqrt(x);

            bits <<= 32;
            memcpy(&got, &bits, 8);
            g_assert_cmpfloat_with_epsilon(got, exact, exact * 0x1p-18);
        }
    }
    g_assert_cmphex(rig_eval(rig, op | FIELD(7, 20), 0, 0, 0), ==,
                    0x7ff00000);
    g_assert_cmphex(rig_eval(rig, op | FIELD(7, 20), 0x7ff00000, 0, 0), ==,
                    0);
    rig_free(rig);
}

static uint64_t nan_or(double value, uint64_t nan)
{
    return isnan(value) ? nan : double_bits(value);
}

static void test_double(void)
{
    static const int modes[4] = {
        FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO,
    };
    const uint64_t inf = 0x7ff0000000000000, nan = 0xfff8000000000000;
    Rig *rig = rig_new(32);
    uint64_t seed = 3;

    for (unsigned n = 0; n < 4000; n++) {
        unsigned mode = n % 4;
        uint64_t bits[3];
        volatile double x, y, z, sum, product, fused;

        for (unsigned k = 0; k < 3; k++) {
            bits[k] = (uint64_t)next_random(&seed) << 32 | next_random(&seed);
            bits[k] = (bits[k] & 0x807fffffffffffff) | 0x3f80000000000000;
        }
        memcpy((void *)&x, &bits[0], 8);
        memcpy((void *)&y, &bits[1], 8);
        memcpy((void *)&z, &bits[2], 8);
        fesetround(modes[mode]);
        sum = x + y;
        product = x * y;
        fused = fma(x, y, z);
        fesetround(FE_TONEAREST);
        g_assert_cmphex(rig_eval64(rig, OP(0x5c70) | WDAB | FIELD(mode, 39),
                                   bits[0], bits[1], 0), ==,
                        nan_or(sum, nan));
        g_assert_cmphex(rig_eval64(rig, OP(0x5c80) | WDAB | FIELD(mode, 39),
                                   bits[0], bits[1], 0), ==,
                        nan_or(product, nan));
        g_assert_cmphex(rig_eval64(rig, OP(0x5b70) | WDABC | FIELD(mode, 50),
                                   bits[0], bits[1], bits[2]), ==,
                        nan_or(fused, nan));
        g_assert_cmpint(fegetround(), ==, FE_TONEAREST);
    }
#define DBL(v) double_bits(v)
    g_assert_cmphex(rig_eval64(rig, OP(0x5c70) | WDAB | BIT(48) | BIT(49),
                               DBL(1), DBL(-5), 0), ==, DBL(4));
    g_assert_cmphex(rig_eval64(rig, OP(0x5c70) | WDAB | BIT(46) | BIT(45),
                               DBL(-1), DBL(5), 0), ==, DBL(-4));
    g_assert_cmphex(rig_eval64(rig, OP(0x5c80) | WDAB | BIT(48), DBL(2),
                               DBL(5), 0), ==, DBL(-10));
    g_assert_cmphex(rig_eval64(rig, OP(0x5b70) | WDABC | BIT(48) | BIT(49),
                               DBL(2), DBL(5), DBL(1)), ==, DBL(-11));
    g_assert_cmphex(rig_eval64(rig, OP(0x3870) | WDA | imm_double(0.5),
                               DBL(1), 0, 0), ==, DBL(1.5));
    env_const64(rig->env, 2, 16, DBL(100));
    g_assert_cmphex(rig_eval64(rig, OP(0x4c80) | WDA | CB(2, 16), DBL(3), 0,
                               0), ==, DBL(300));
    g_assert_cmphex(rig_eval64(rig, OP(0x5370) | WDA | C(14) | CB(2, 16),
                               DBL(3), 0, DBL(7)), ==, DBL(121));
    /* Nothing of nothing; and NaNs are handed on, quiet. */
    g_assert_cmphex(rig_eval64(rig, OP(0x5c80) | WDAB, 0, inf, 0), ==, nan);
    g_assert_cmphex(rig_eval64(rig, OP(0x5c70) | WDAB, DBL(1),
                               0x7ff0000000000001, 0), ==,
                    0x7ff8000000000001);
    g_assert_cmphex(rig_eval64(rig, OP(0x5b70) | WDABC, DBL(1), DBL(1),
                               0xfff0000000000005), ==, 0xfff8000000000005);
    g_assert_cmphex(rig_eval64(rig, OP(0x5b70) | WDABC, DBL(1),
                               0x7ff0000000000007, nan), ==,
                    0x7ff8000000000007);
    g_assert_cmphex(rig_eval64(rig, OP(0x5c50) | WDAB | PS(PT), DBL(1),
                               DBL(-2), 0), ==, DBL(-2));
    g_assert_cmphex(rig_eval64(rig, OP(0x5c50) | WDAB | PS_NOT(PT), DBL(1),
                               DBL(-2), 0), ==, DBL(1));
    g_assert_cmphex(rig_eval64(rig, OP(0x5c50) | WDAB | PS(PT), DBL(0),
                               DBL(-0.0), 0), ==, DBL(-0.0));
    g_assert_cmphex(rig_eval64(rig, OP(0x5c50) | WDAB | PS(PT), nan, DBL(3),
                               0), ==, DBL(3));
    rig_free(rig);
}

static void test_i2i(void)
{
    const uint64_t op = OP(0x5ce0) | D(1) | B(3);
    const uint64_t u8 = 0, u16 = 1, u32 = 2;
    const uint64_t signs = BIT(12) | BIT(13);
#define SIZES(d, s) (FIELD(d, 8) | FIELD(s, 10))
    const Case cases[] = {
        { op | SIZES(u32, u8), 0, 0x1234fe, 0, 0xfe },
        { op | SIZES(u32, u8) | BIT(13), 0, 0x1234fe, 0, 0xfffffffe },
        { op | SIZES(u32, u8) | FIELD(2, 41), 0, 0x123456, 0, 0x12 },
        { op | SIZES(u32, u8) | FIELD(3, 41) | signs, 0, 0x80000000, 0,
          0xffffff80 },
        { op | SIZES(u32, u16) | FIELD(2, 41), 0, 0xabcd1234, 0, 0xabcd },
        { op | SIZES(u8, u32), 0, 0x1234567, 0, 0x67 },
        { op | SIZES(u8, u32) | BIT(50), 0, 0x123, 0, 0xff },
        { op | SIZES(u8, u32) | BIT(50) | BIT(13), 0, 0xfffffff0, 0, 0 },
        { op | SIZES(u8, u32) | BIT(50) | signs, 0, 0xffffff00, 0,
          0xffffff80 },
        { op | SIZES(u8, u32) | signs, 0, 0x80, 0, 0xffffff80 },
        { op | SIZES(u16, u32) | BIT(50) | signs, 0, 0x12345, 0, 0x7fff },
        { op | SIZES(u32, u32) | BIT(45), 0, 5, 0, 0xfffffffb },
        { op | SIZES(u32, u32) | signs | BIT(49), 0, 0xfffffffb, 0, 5 },
        { op | SIZES(u32, u32) | signs | BIT(49) | BIT(45), 0, 5, 0,
          0xfffffffb },
        { op | SIZES(u32, u32) | signs | BIT(49), 0, 0x80000000, 0,
          0x80000000 },
        { op | SIZES(u32, u32) | signs | BIT(49) | BIT(50), 0, 0x80000000, 0,
          0x7fffffff },
        { op | SIZES(u32, u32) | BIT(13) | BIT(50), 0, 0xffffffff, 0, 0 },
        { op | SIZES(u32, u32) | BIT(12) | BIT(50), 0, 0xffffffff, 0,
          0x7fffffff },
    };

    CHECK(cases);
}

static void test_f2i(void)
{
    const uint64_t op = OP(0x5cb0) | D(1) | B(3) | FIELD(2, 10);
    const uint64_t s32 = op | FIELD(2, 8) | BIT(12), u32 = op | FIELD(2, 8);
    const Case cases[] = {
        { s32, 0, F(2.5f), 0, 2 }, { s32, 0, F(3.5f), 0, 4 },
        { s32, 0, F(-2.5f), 0, 0xfffffffe },
        { s32 | FIELD(1, 39), 0, F(2.9f), 0, 2 },
        { s32 | FIELD(1, 39), 0, F(-2.1f), 0, 0xfffffffd },
        { s32 | FIELD(2, 39), 0, F(2.1f), 0, 3 },
        { s32 | FIELD(2, 39), 0, F(-2.9f), 0, 0xfffffffe },
        { s32 | FIELD(3, 39), 0, F(2.9f), 0, 2 },
        { s32 | FIELD(3, 39), 0, F(-2.9f), 0, 0xfffffffe },
        { s32, 0, F(3e9f), 0, 0x7fffffff },
        { s32, 0, F(-3e9f), 0, 0x80000000 },
        { s32, 0, F(-0x1p31f), 0, 0x80000000 },
        { s32, 0, NAN32, 0, 0 }, { u32, 0, NAN32, 0, 0 },
        { s32, 0, INF32, 0, 0x7fffffff },
        { u32, 0, F(3e9f), 0, 3000000000u }, { u32, 0, F(-1), 0, 0 },
        { u32, 0, F(-0.4f), 0, 0 }, { u32, 0, F(5e9f), 0, 0xffffffff },
        { u32 | BIT(45), 0, F(-7), 0, 7 }, { u32 | BIT(49), 0, F(-7), 0, 7 },
        { s32 | BIT(49) | BIT(45), 0, F(7), 0, 0xfffffff9 },
        { op, 0, F(300), 0, 255 }, { op | BIT(12), 0, F(300), 0, 127 },
        { op | BIT(12), 0, F(-300), 0, 0xffffff80 },
        { op | FIELD(1, 8) | BIT(12), 0, F(-40000), 0, 0xffff8000 },
        { u32 | FIELD(2, 39), 0, SUBNORMAL, 0, 1 },
        { u32 | FIELD(2, 39) | BIT(44), 0, SUBNORMAL, 0, 0 },
        /* A half, low and high. */
        { (u32 ^ FIELD(3, 10)), 0, 0x4a003e00, 0, 2 },
        { (u32 ^ FIELD(3, 10)) | BIT(41), 0, 0x4a003e00, 0, 12 },
        { OP(0x38b0) | D(1) | FIELD(2, 10) | FIELD(2, 8) | imm_float(2.75f),
          0, 0, 0, 3 },
    };
    const uint64_t wide = OP(0x5cb0) | D(8) | B(12) | FIELD(3, 8) |
                          FIELD(3, 10) | FIELD(3, 39);
    Rig *rig = rig_new(32);

    CHECK(cases);
    g_assert_cmphex(rig_eval64(rig, wide, 0, DBL(1e15 + 0.5), 0), ==,
                    1000000000000000);
    g_assert_cmphex(rig_eval64(rig, wide | BIT(12), 0, DBL(-1e15 - 0.5), 0),
                    ==, (uint64_t)-1000000000000000);
    g_assert_cmphex(rig_eval64(rig, wide, 0, DBL(0x1p64), 0), ==,
                    UINT64_MAX);
    g_assert_cmphex(rig_eval64(rig, wide | BIT(12), 0, DBL(0x1p63), 0), ==,
                    INT64_MAX);
    g_assert_cmphex(rig_eval64(rig, wide | BIT(12), 0, DBL(-INFINITY), 0),
                    ==, 1ull << 63);
    g_assert_cmphex(rig_eval64(rig, wide, 0, DBL(0x1.fffffffffffffp63), 0),
                    ==, 0xfffffffffffff800);
    rig_free(rig);
}

static void test_i2f(void)
{
    const uint64_t op = OP(0x5cb8) | D(1) | B(3) | FIELD(2, 8);
    const uint64_t u32 = op | FIELD(2, 10), s32 = u32 | BIT(13);
    const Case cases[] = {
        { u32, 0, 0xffffffff, 0, F(0x1p32f) },
        { s32, 0, 0xffffffff, 0, F(-1) },
        { u32 | FIELD(3, 39), 0, 0xffffffff, 0, 0x4f7fffff },
        { u32 | FIELD(1, 39), 0, 0x01000001, 0, 0x4b800000 },
        { u32 | FIELD(2, 39), 0, 0x01000001, 0, 0x4b800001 },
        { s32 | FIELD(1, 39), 0, 0xfeffffff, 0, 0xcb800001 },
        { s32 | FIELD(2, 39), 0, 0xfeffffff, 0, 0xcb800000 },
        /* Ties go to even. */
        { u32, 0, 0x01000001, 0, 0x4b800000 },
        { u32, 0, 0x01000003, 0, 0x4b800002 },
        { u32, 0, 0, 0, 0 }, { s32 | BIT(45), 0, 0, 0, 0 },
        { s32 | BIT(45), 0, 7, 0, F(-7) },
        { s32 | BIT(49), 0, 0xfffffff9, 0, F(7) },
        { s32 | BIT(49), 0, 0x80000000, 0, F(0x1p31f) },
        { op, 0, 0x123480, 0, F(128) }, { op | BIT(13), 0, 0x80, 0, F(-128) },
        { op | FIELD(3, 41), 0, 0x12345678, 0, F(0x12) },
        { op | FIELD(1, 10) | FIELD(2, 41) | BIT(13), 0, 0xfffe1234, 0,
          F(-2) },
        /* Halves. */
        { (s32 ^ FIELD(3, 8)), 0, 3, 0, 0x4200 },
        { (s32 ^ FIELD(3, 8)), 0, 0xffffffff, 0, 0xbc00 },
        { (u32 ^ FIELD(3, 8)), 0, 70000, 0, 0x7c00 },
        { (u32 ^ FIELD(3, 8)) | FIELD(3, 39), 0, 70000, 0, 0x7bff },
        { (u32 ^ FIELD(3, 8)), 0, 2049, 0, 0x6800 },
        { OP(0x38b8) | D(1) | FIELD(2, 8) | FIELD(2, 10) | BIT(13) |
          IMM20(-9), 0, 0, 0, F(-9) },
    };
    const uint64_t wide = OP(0x5cb8) | D(8) | B(12) | FIELD(3, 8) |
                          FIELD(3, 10);
    Rig *rig = rig_new(32);

    CHECK(cases);
    g_assert_cmphex(rig_eval64(rig, wide, 0, UINT64_MAX, 0), ==,
                    DBL(0x1p64));
    g_assert_cmphex(rig_eval64(rig, wide | FIELD(3, 39), 0, UINT64_MAX, 0),
                    ==, DBL(0x1.fffffffffffffp63));
    g_assert_cmphex(rig_eval64(rig, wide | BIT(13), 0, INT64_MIN, 0), ==,
                    DBL(-0x1p63));
    /* One rounding from 64 bits to float. */
    rig_set64(rig, 12, 0x8000008000000001);
    rig_do(rig, OP(0x5cb8) | D(1) | B(12) | FIELD(2, 8) | FIELD(3, 10));
    g_assert_cmphex(rig_get(rig, 1), ==, 0x5f000001);
    rig_free(rig);
}

static void test_f2f(void)
{
    const uint64_t op = OP(0x5ca8) | D(1) | B(3);
    const uint64_t f32 = op | FIELD(2, 8) | FIELD(2, 10);
    const uint64_t to_half = op | FIELD(1, 8) | FIELD(2, 10);
    const uint64_t from_half = op | FIELD(2, 8) | FIELD(1, 10);
    const Case cases[] = {
        { f32, 0, F(-1.75f), 0, F(-1.75f) },
        { f32 | BIT(42), 0, F(2.5f), 0, F(2) },
        { f32 | BIT(42) | FIELD(1, 39), 0, F(-2.5f), 0, F(-3) },
        { f32 | BIT(42) | FIELD(2, 39), 0, F(2.25f), 0, F(3) },
        { f32 | BIT(42) | FIELD(3, 39), 0, F(-2.75f), 0, F(-2) },
        { f32 | BIT(49), 0, F(-2.75f), 0, F(2.75f) },
        { f32 | BIT(45), 0, F(2.75f), 0, F(-2.75f) },
        { f32 | BIT(50), 0, F(2.75f), 0, F(1) },
        { f32 | BIT(50), 0, NAN32, 0, 0 },
        { f32 | BIT(50), 0, F(0.625f), 0, F(0.625f) },
        { f32 | BIT(50), 0, 0x80000000, 0, 0 },
        { f32 | BIT(44), 0, SUBNORMAL, 0, 0 },
        { f32, 0, SUBNORMAL, 0, SUBNORMAL },
        { f32, 0, 0x7fc00000, 0, NAN32 },
        { to_half, 0, F(1.5f), 0, 0x3e00 }, { to_half, 0, F(65504), 0,
                                              0x7bff },
        { to_half, 0, F(65519), 0, 0x7bff }, { to_half, 0, F(65520), 0,
                                               0x7c00 },
        { to_half | FIELD(3, 39), 0, F(1e9f), 0, 0x7bff },
        { to_half | FIELD(1, 39), 0, F(-1e9f), 0, 0xfc00 },
        { to_half | FIELD(1, 39), 0, F(1e9f), 0, 0x7bff },
        { to_half, 0, F(0x1p-24f), 0, 1 }, { to_half, 0, F(0x1p-25f), 0, 0 },
        { to_half, 0, F(0x1.8p-25f), 0, 1 },
        { to_half | FIELD(2, 39), 0, F(0x1p-66f), 0, 1 },
        { to_half | FIELD(1, 39), 0, F(-0x1p-66f), 0, 0x8001 },
        { to_half, 0, F(0x1.ff8p-15f), 0, 0x03ff },
        { to_half, 0, F(0x1.ffcp-15f), 0, 0x0400 },
        { to_half, 0, F(1.00048828125f), 0, 0x3c00 },
        { to_half, 0, NAN32, 0, 0x7fff }, { to_half, 0, 0xff800000, 0,
                                            0xfc00 },
        { from_half, 0, 0x12343e00, 0, F(1.5f) },
        { from_half | BIT(41), 0, 0xc5001234, 0, F(-5) },
        { from_half, 0, 1, 0, F(0x1p-24f) }, { from_half, 0, 0x7c00, 0,
                                               INF32 },
        { from_half, 0, 0xfe00, 0, NAN32 },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    /* f32 to f64 and back. */
    rig_set(rig, 3, F(-1.1f));
    rig_set64(rig, 8, 0);
    rig_do(rig, OP(0x5ca8) | D(8) | B(3) | FIELD(3, 8) | FIELD(2, 10));
    g_assert_cmphex(rig_get64(rig, 8), ==, DBL((double)-1.1f));
    rig_do(rig, OP(0x38a8) | D(8) | FIELD(3, 8) | FIELD(2, 10) |
           imm_float(1.5f));
    g_assert_cmphex(rig_get64(rig, 8), ==, DBL(1.5));
    rig_set64(rig, 12, DBL(1 + 0x1p-24));
    for (unsigned mode = 0; mode < 4; mode++) {
        rig_do(rig, OP(0x5ca8) | D(1) | B(12) | FIELD(2, 8) | FIELD(3, 10) |
               FIELD(mode, 39));
        g_assert_cmphex(rig_get(rig, 1), ==,
                        mode == 2 ? 0x3f800001 : 0x3f800000);
    }
    rig_do(rig, OP(0x38a8) | D(1) | FIELD(2, 8) | FIELD(3, 10) |
           imm_double(-0.375));
    g_assert_cmphex(rig_get(rig, 1), ==, F(-0.375f));
    rig_free(rig);
}

static void test_float_flags(void)
{
    static const struct {
        float a, b;
        unsigned z, s;
    } t[] = {
        { 1, 2, 0, 0 }, { 1, -1, 1, 0 }, { -1, -2, 0, 1 },
        { NAN, 1, 1, 1 }, { -0.0f, -0.0f, 1, 1 },
    };
    Rig *rig = rig_new(32);

    for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
        rig_eval(rig, OP(0x5c58) | DAB | BIT(47), F(t[i].a), F(t[i].b), 0);
        g_assert_cmphex(rig->w->cc_z & 1, ==, t[i].z);
        g_assert_cmphex(rig->w->cc_s & 1, ==, t[i].s);
        rig->w->cc_z = rig->w->cc_s = 0x55555555;
        rig_eval(rig, OP(0x0800) | DA | IMM32(F(t[i].b)) | BIT(52),
                 F(t[i].a), 0, 0);
        g_assert_cmphex(rig->w->cc_z & 3, ==, t[i].z * 3);
        g_assert_cmphex(rig->w->cc_s & 3, ==, t[i].s * 3);
        rig->w->cc_c = rig->w->cc_o = 1;
        rig_eval64(rig, OP(0x5c70) | WDAB | BIT(47), DBL(t[i].a),
                   DBL(t[i].b), 0);
        g_assert_cmphex(rig->w->cc_c | rig->w->cc_o, ==, 0);
        g_assert_cmphex(rig->w->cc_z & 1, ==, t[i].z);
        g_assert_cmphex(rig->w->cc_s & 1, ==, t[i].s);
    }
    rig_eval(rig, OP(0x1e00) | DA | IMM32(F(-2)) | BIT(52), F(3), 0, 0);
    g_assert_cmphex(rig->w->cc_s, ==, SASS_ALL_LANES);
    rig_eval(rig, OP(0x5c68) | DAB | BIT(47), F(3), F(2), 0);
    g_assert_cmphex(rig->w->cc_s, ==, 0);
    rig_eval(rig, OP(0x0c00) | D(4) | A(2) | IMM32(F(2)) | BIT(52), F(-3), 0,
             F(1));
    g_assert_cmphex(rig->w->cc_s, ==, SASS_ALL_LANES);
    rig_eval64(rig, OP(0x5c80) | WDAB | BIT(47), DBL(0), DBL(2), 0);
    g_assert_cmphex(rig->w->cc_z, ==, SASS_ALL_LANES);
    g_assert_cmphex(rig->w->cc_s, ==, 0);
    rig_eval64(rig, OP(0x5b70) | WDABC | BIT(47), DBL(-1), DBL(2), DBL(1));
    g_assert_cmphex(rig->w->cc_s, ==, SASS_ALL_LANES);
    rig_eval64(rig, OP(0x5c50) | WDAB | PS(PT) | BIT(47), DBL(7), DBL(0), 0);
    g_assert_cmphex(rig->w->cc_z, ==, SASS_ALL_LANES);
    g_assert_cmphex(rig->w->cc_s, ==, 0);
    rig_eval(rig, OP(0x5980) | DABC | BIT(47), F(3), F(2), F(-6));
    g_assert_cmphex(rig->w->cc_z, ==, SASS_ALL_LANES);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sass/float/fadd", test_fadd);
    g_test_add_func("/sass/float/fmul", test_fmul);
    g_test_add_func("/sass/float/ffma", test_ffma);
    g_test_add_func("/sass/float/rounding", test_rounding);
    g_test_add_func("/sass/float/fmnmx", test_fmnmx);
    g_test_add_func("/sass/float/compare", test_compare);
    g_test_add_func("/sass/float/mufu-rro", test_mufu);
    g_test_add_func("/sass/float/double", test_double);
    g_test_add_func("/sass/float/flags", test_float_flags);
    g_test_add_func("/sass/convert/i2i", test_i2i);
    g_test_add_func("/sass/convert/f2i", test_f2i);
    g_test_add_func("/sass/convert/i2f", test_i2f);
    g_test_add_func("/sass/convert/f2f", test_f2f);
    return g_test_run();
}
