/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the integer, logic, move and predicate instructions. */
#include "sass_cases.h"

/* The condition code, Z S C O from bit 0 on. */
static unsigned flags(const Rig *rig)
{
    const SassWarp *w = rig->w;

    return (w->cc_z & 1) | (w->cc_s & 1) << 1 | (w->cc_c & 1) << 2 |
           (w->cc_o & 1) << 3;
}

static void put_lanes(Rig *rig, unsigned reg, const uint64_t *v)
{
    SASS_LANES(i) {
        rig->w->r[reg][i] = (uint32_t)v[i];
        rig->w->r[reg + 1][i] = (uint32_t)(v[i] >> 32);
    }
}

static void random_lanes(uint64_t *state, uint64_t *v)
{
    SASS_LANES(i) {
        uint64_t high = next_random(state);

        v[i] = high << 32 | next_random(state);
    }
}

static void test_iadd(void)
{
    const Case cases[] = {
        { OP(0x5c10) | DAB, 7, 0xfffffffe, 0, 5 },
        { OP(0x5c10) | DAB | BIT(49), 7, 9, 0, 2 },
        { OP(0x5c10) | DAB | BIT(48), 7, 9, 0, 0xfffffffe },
        /* Both negated is .PO, plus one. */
        { OP(0x5c10) | DAB | BIT(48) | BIT(49), 7, 9, 0, 17 },
        { OP(0x5c10) | DAB | BIT(50), 0x7fffffff, 1, 0, 0x7fffffff },
        { OP(0x5c10) | DAB | BIT(50), 0x80000000, 0xffffffff, 0, 0x80000000 },
        { OP(0x5c10) | DAB | BIT(50), 0x80000000, 0x7fffffff, 0, 0xffffffff },
        { OP(0x5c10) | DAB | BIT(50), 0x7fffffff, 0x80000000, 0, 0xffffffff },
        { OP(0x5c10) | DAB | BIT(50), 0x20000000, 0x30000000, 0, 0x50000000 },
        { OP(0x3810) | DA | IMM20(-5), 3, 0, 0, 0xfffffffe },
        { OP(0x3810) | DA | IMM20(0x7ffff), 1, 0, 0, 0x80000 },
        { OP(0x1c00) | DA | IMM32(0x89abcdef), 0x11111111, 0, 0, 0x9abcdf00 },
        { OP(0x1d00) | DA | IMM32(10), 3, 0, 0, 7 },
        { OP(0x1d80) | DA | IMM32(10), 3, 0, 0, 14 },
        { OP(0x1c00) | DA | IMM32(1) | BIT(54), 0x7fffffff, 0, 0,
          0x7fffffff },
        /* RZ is 0, and takes anything. */
        { OP(0x5c10) | D(1) | A(RZ) | B(3), 7, 9, 0, 9 },
        { OP(0x5c10) | D(RZ) | A(2) | B(3), 7, 9, 0, 0xdeadbeef },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    env_const32(rig->env, 3, 0x124, 1000);
    g_assert_cmpuint(rig_eval(rig, OP(0x4c10) | DA | CB(3, 0x124), 5, 0, 0),
                     ==, 1005);
    rig_do(rig, OP(0x5c10) | D(RZ) | A(2) | B(3));
    g_assert_cmpuint(rig_eval(rig, OP(0x5c10) | D(1) | A(RZ) | B(RZ), 1, 2, 3),
                     ==, 0);
    rig_free(rig);
}

static void test_iadd_flags(void)
{
    static const struct {
        uint32_t a, b;
        uint64_t mods;
        unsigned want;              /* Z 1, S 2, C 4, O 8 */
    } t[] = {
        { 1, 2, 0, 0 },
        { 0, 0, 0, 1 },
        { 0xffffffff, 1, 0, 1 | 4 },
        { 0x7fffffff, 1, 0, 2 | 8 },
        { 0x80000000, 0x80000000, 0, 1 | 4 | 8 },
        { 0xffffffff, 0xffffffff, 0, 2 | 4 },
        /* Differences: carry says that nothing was borrowed. */
        { 5, 5, BIT(48), 1 | 4 },
        { 5, 6, BIT(48), 2 },
        { 6, 5, BIT(48), 4 },
        { 0x80000000, 1, BIT(48), 4 | 8 },
        { 5, 6, BIT(49), 4 },
    };
    Rig *rig = rig_new(32);

    for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
        rig_eval(rig, OP(0x5c10) | DAB | BIT(47) | t[i].mods, t[i].a, t[i].b,
                 0);
        g_assert_cmphex(flags(rig), ==, t[i].want);
    }
    /* The forms with 32 bits keep .CC and .X elsewhere. */
    rig_eval(rig, OP(0x1c00) | DA | IMM32(1) | BIT(52), 0xffffffff, 0, 0);
    g_assert_cmphex(flags(rig), ==, 1 | 4);
    g_assert_cmpuint(rig_eval(rig, OP(0x1c00) | DA | IMM32(10) | BIT(53), 5,
                              0, 0), ==, 16);
    rig_eval(rig, OP(0x1000) | D(1) | A(RZ) | IMM32(1) | BIT(52), 0, 0, 0);
    g_assert_cmphex(flags(rig), ==, 2);
    rig_eval(rig, OP(0x1400) | DA | IMM32(0) | BIT(52), 0, 0, 0);
    g_assert_cmphex(flags(rig), ==, 1);
    rig_eval(rig, OP(0x5c18) | DAB | BIT(47), 0xffffffff, 2, 0);
    g_assert_cmphex(flags(rig), ==, 4);
    rig_eval(rig, OP(0x1f00) | DA | IMM32(0x80000000) | BIT(52), 1, 0, 0);
    g_assert_cmphex(flags(rig), ==, 2);
    rig_eval(rig, OP(0x0400) | DA | IMM32(6) | BIT(52), 1, 0, 0);
    g_assert_cmphex(flags(rig), ==, 1);
    rig_eval(rig, OP(0x5c38) | DAB | BIT(47), 0x80000000, 1, 0);
    g_assert_cmphex(flags(rig), ==, 2);
    /* Without .CC nothing of it changes. */
    rig_eval(rig, OP(0x5c10) | DAB | BIT(47) | BIT(49), 5, 6, 0);
    rig_eval(rig, OP(0x5c10) | DAB, 0, 0, 0);
    g_assert_cmphex(flags(rig), ==, t[G_N_ELEMENTS(t) - 1].want);
    rig_free(rig);
}

/* Sums, differences, comparisons and products of 64 bits in two words. */
static void test_carry_chain(void)
{
    Rig *rig = rig_new(32);
    uint64_t seed = 42;

    for (unsigned n = 0; n < 200; n++) {
        uint64_t a[32], b[32];
        bool sub = n & 1;
        uint64_t neg = sub ? BIT(48) : 0;

        random_lanes(&seed, a);
        random_lanes(&seed, b);
        SASS_LANES(i) {
            b[i] = (n + i) % 5 == 0 ? a[i] :
                   (n + i) % 5 == 1 ? (a[i] & ~0xffffffffull) |
                                      (uint32_t)b[i] : b[i];
        }
        put_lanes(rig, 10, a);
        put_lanes(rig, 12, b);
        rig_do(rig, OP(0x5c10) | D(14) | A(10) | B(12) | BIT(47) | neg);
        rig_do(rig, OP(0x5c10) | D(15) | A(11) | B(13) | BIT(43) | BIT(47) |
               neg);
        SASS_LANES(i) {
            uint64_t want = sub ? a[i] - b[i] : a[i] + b[i];

            g_assert_cmphex(rig->w->r[14][i], ==, (uint32_t)want);
            g_assert_cmphex(rig->w->r[15][i], ==, want >> 32);
            g_assert_cmphex(rig->w->cc_z >> i & 1, ==, want == 0);
            g_assert_cmphex(rig->w->cc_s >> i & 1, ==, want >> 63);
            g_assert_cmphex(rig->w->cc_c >> i & 1, ==,
                            sub ? a[i] >= b[i] : want < a[i]);
        }
        /* ISETP.X of every condition, unsigned and signed, and ISET.X. */
        for (unsigned cond = 0; cond < 16; cond++) {
            bool sign = cond & 8;
            uint64_t mods = FIELD(cond & 7, 49) | FIELD(sign, 48) | BIT(43);

            rig_do(rig, OP(0x5c10) | D(RZ) | A(10) | B(12) | BIT(48) |
                   BIT(47));
            rig_do(rig, OP(0x5b60) | PD(2, 3) | A(11) | B(13) | PS(PT) |
                   mods);
            rig_do(rig, OP(0x5b50) | D(1) | A(11) | B(13) | PS(PT) | mods);
            SASS_LANES(i) {
                bool lt = sign ? (int64_t)a[i] < (int64_t)b[i] : a[i] < b[i];
                bool want = cond >> (lt ? 0 : a[i] == b[i] ? 1 : 2) & 1;

                g_assert_cmpint(rig->w->pred[2] >> i & 1, ==, want);
                g_assert_cmpint(rig->w->pred[3] >> i & 1, ==, !want);
                g_assert_cmphex(rig->w->r[1][i], ==,
                                want ? 0xffffffffu : 0);
            }
        }
        /* IMAD.CC and IMAD.HI.X: a 64-bit sum of product and addend. */
        rig_do(rig, OP(0x5a00) | D(16) | A(10) | B(12) | C(11) | BIT(47));
        rig_do(rig, OP(0x5a00) | D(17) | A(10) | B(12) | C(13) | BIT(54) |
               BIT(49));
        SASS_LANES(i) {
            uint64_t want = (uint64_t)(uint32_t)a[i] * (uint32_t)b[i] +
                            (a[i] >> 32 | b[i] >> 32 << 32);

            g_assert_cmphex(rig->w->r[16][i], ==, (uint32_t)want);
            g_assert_cmphex(rig->w->r[17][i], ==, want >> 32);
        }
    }
    rig_free(rig);
}

static void test_iadd3(void)
{
    const uint64_t op = OP(0x5cc0) | DABC;
    const Case cases[] = {
        { op, 1, 20, 300, 321 },
        { op | BIT(51), 1, 20, 300, 319 },
        { op | BIT(50), 1, 20, 300, 281 },
        { op | BIT(49), 1, 20, 300, 21u - 300 },
        { op | FIELD(1, 35), 0x50001, 0, 0, 1 },
        { op | FIELD(2, 35), 0x50001, 0, 0, 5 },
        { op | FIELD(2, 33), 0, 0x60001, 0, 6 },
        { op | FIELD(2, 31), 0, 0, 0x70001, 7 },
        /* .RS keeps the 33rd bit of the first sum; .LS does not. */
        { op | FIELD(1, 37), 0xffffffff, 0xffffffff, 5, 0x20004 },
        { op | FIELD(2, 37), 0x10001, 0x2, 5, 0x30005 },
        { OP(0x38c0) | DA | C(4) | IMM20(-1), 10, 0, 5, 14 },
    };

    CHECK(cases);
}

static void test_imul(void)
{
    const uint64_t r = OP(0x5c38) | DAB;
    const uint64_t mad = OP(0x5a00) | DABC;
    const Case cases[] = {
        { r, 0xfffffffd, 5, 0, 0xfffffff1 },
        { r | BIT(39), 0xfffffffd, 5, 0, 4 },
        { r | BIT(39) | BIT(40) | BIT(41), 0xfffffffd, 5, 0, 0xffffffff },
        { r | BIT(39) | BIT(40), 0xfffffffd, 0xffffffff, 0, 0xfffffffd },
        { r | BIT(39) | BIT(41), 0xfffffffd, 0xffffffff, 0, 0xffffffff },
        { OP(0x3838) | DA | IMM20(-7), 6, 0, 0, 0u - 42 },
        { OP(0x1f00) | DA | IMM32(0x12345678), 0x10, 0, 0, 0x23456780 },
        { OP(0x1f00) | DA | IMM32(0x12345678) | BIT(53), 0x10, 0, 0, 1 },
        { OP(0x1f00) | DA | IMM32(0xffffffff) | BIT(53) | BIT(54) | BIT(55),
          0xfffffffe, 0, 0, 0 },
        { OP(0x1f00) | DA | IMM32(0xffffffff) | BIT(53) | BIT(54),
          0xfffffffe, 0, 0, 0xfffffffe },
        { OP(0x1f00) | DA | IMM32(0xffffffff) | BIT(53) | BIT(55),
          0xfffffffe, 0, 0, 0xffffffff },
        { mad, 7, 9, 100, 163 },
        { mad | BIT(51), 7, 9, 100, 37 },
        { mad | BIT(52), 7, 9, 100, 0u - 37 },
        { mad | BIT(54), 0x80000000, 6, 100, 103 },
        { mad | BIT(54) | BIT(48) | BIT(53), 0x80000000, 6, 100, 97 },
        { mad | BIT(54) | BIT(48), 0xffffffff, 0xffffffff, 0, 0xffffffff },
        { mad | BIT(54) | BIT(48) | BIT(50), 0x7fffffff, 0x7fffffff,
          0x7fffffff, 0x7fffffff },
        { OP(0x3400) | DA | C(4) | IMM20(-2), 10, 0, 5, 0u - 15 },
        /* IMAD32I adds to its own destination. */
        { OP(0x1000) | DA | IMM32(3), 5, 0, 0, 0xdeadbeef + 15 },
        { OP(0x1000) | DA | IMM32(3) | BIT(56), 5, 0, 0, 0xdeadbeef - 15 },
        { OP(0x1000) | DA | IMM32(3) | BIT(55), 5, 0, 0, 15 - 0xdeadbeef },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    /* b from a register, c from a constant, and the other way round. */
    env_const32(rig->env, 1, 8, 1000);
    g_assert_cmpuint(rig_eval(rig, OP(0x5200) | DA | C(4) | CB(1, 8), 3, 0,
                              7), ==, 1021);
    g_assert_cmpuint(rig_eval(rig, OP(0x4a00) | DA | C(4) | CB(1, 8), 3, 0,
                              7), ==, 3007);
    rig_free(rig);
}

static void test_iscadd(void)
{
    const uint64_t op = OP(0x5c18) | DAB | FIELD(4, 39);
    const Case cases[] = {
        { op, 3, 5, 0, 53 },
        { op | BIT(49), 3, 5, 0, 5u - 48 },
        { op | BIT(48), 3, 5, 0, 43 },
        { op | BIT(48) | BIT(49), 3, 5, 0, 54 },
        { OP(0x1400) | DA | IMM32(0x1000) | FIELD(31, 53), 3, 0, 0,
          0x80001000 },
    };

    CHECK(cases);
}

static void test_xmad(void)
{
    const uint64_t op = OP(0x5b00) | DABC;
    const uint32_t a = 0x8003ffff, b = 0xfffe0007, c = 0x12345678;
    const Case cases[] = {
        { op, a, b, c, 0xffffu * 7 + c },
        { op | BIT(53), a, b, c, 0x8003u * 7 + c },
        { op | BIT(35), a, b, c, 0xffffu * 0xfffe + c },
        { op | BIT(53) | BIT(35), a, b, c, 0x8003u * 0xfffe + c },
        { op | BIT(48), a, b, c, c - 7 },
        { op | BIT(49) | BIT(35), a, b, c, c - 0x1fffeu },
        { op | BIT(48) | BIT(49) | BIT(35), a, b, c, c + 2 },
        { op | BIT(36), a, b, c, ((0xffffu * 7) << 16) + c },
        { op | BIT(37), a, b, c, ((0xffffu * 7 + c) & 0xffff) | 0x70000 },
        /* MRG takes the low half of b even with .H1. */
        { op | BIT(37) | BIT(35), a, b, 0,
          ((0xffffu * 0xfffe) & 0xffff) | 0x70000 },
        { op | FIELD(1, 50), a, b, c, 0xffffu * 7 + 0x5678 },
        { op | FIELD(2, 50), a, b, c, 0xffffu * 7 + 0x1234 },
        { op | FIELD(4, 50), a, b, c, 0xffffu * 7 + c + (b << 16) },
        { op | FIELD(4, 50) | BIT(36) | BIT(53) | BIT(35), a, b, c,
          ((0x8003u * 0xfffe) << 16) + c + (b << 16) },
        /* CSFU takes 65536 off for each negative factor, but for 0. */
        { op | FIELD(3, 50) | BIT(48), a, b, c, c - 7 - 0x10000 },
        { op | FIELD(3, 50) | BIT(48), a, 0, c, c },
        { op | FIELD(3, 50) | BIT(49) | BIT(35), a, b, c,
          c - 0x1fffe - 0x10000 },
        { OP(0x3600) | DA | C(4) | FIELD(0xfedc, 20), 3, 0, 1, 0x2fc95 },
        { OP(0x3600) | DA | C(4) | FIELD(0xfedc, 20) | BIT(36), 3, 0, 1,
          0xfc940001 },
    };
    Rig *rig = rig_new(32);
    uint64_t seed = 7;

    CHECK(cases);
    env_const32(rig->env, 2, 4, b);
    g_assert_cmphex(rig_eval(rig, OP(0x4e00) | DA | C(4) | CB(2, 4) | BIT(52),
                             a, 0, c), ==, 0xffffu * 0xfffe + c);
    g_assert_cmphex(rig_eval(rig, OP(0x4e00) | DA | C(4) | CB(2, 4) | BIT(55),
                             a, 0, c), ==, ((0xffffu * 7) << 16) + c);
    g_assert_cmphex(rig_eval(rig, OP(0x4e00) | DA | C(4) | CB(2, 4) | BIT(56),
                             a, 0, c), ==,
                    ((0xffffu * 7 + c) & 0xffff) | 0x70000);
    g_assert_cmphex(rig_eval(rig, OP(0x5100) | DA | C(4) | CB(2, 4) |
                             FIELD(2, 50), a, 0, 7), ==,
                    0xffffu * 7 + 0xfffe);
    rig_carry(rig, true);
    g_assert_cmphex(rig_eval(rig, op | BIT(38), 2, 3, 4), ==, 11);
    /* How compilers multiply words: three XMADs. */
    for (unsigned n = 0; n < 500; n++) {
        uint32_t x = next_random(&seed), y = next_random(&seed);
        uint32_t z = next_random(&seed);

        rig_set(rig, 2, x);
        rig_set(rig, 3, y);
        rig_set(rig, 4, z);
        rig_do(rig, OP(0x5b00) | D(5) | A(2) | B(3) | C(4));
        rig_do(rig, OP(0x5b00) | D(6) | A(2) | B(3) | C(RZ) | BIT(37) |
               BIT(35));
        rig_do(rig, OP(0x5b00) | D(1) | A(2) | B(6) | C(5) | BIT(36) |
               BIT(53) | BIT(35) | FIELD(4, 50));
        g_assert_cmphex(rig_get(rig, 1), ==, x * y + z);
    }
    rig_free(rig);
}

static void test_minmax(void)
{
    const uint64_t op = OP(0x5c20) | DAB;
    const Case cases[] = {
        { op | PS(PT), 5, 0xfffffffe, 0, 5 },
        { op | PS_NOT(PT), 5, 0xfffffffe, 0, 0xfffffffe },
        { op | PS(PT) | BIT(48), 5, 0xfffffffe, 0, 0xfffffffe },
        { op | PS_NOT(PT) | BIT(48), 5, 0xfffffffe, 0, 5 },
        { OP(0x3820) | DA | PS(PT) | BIT(48) | IMM20(-3), 4, 0, 0,
          0xfffffffd },
    };
    Rig *rig = rig_new(32);
    uint64_t seed = 8;

    CHECK(cases);
    /* 64 bits as Mesa does: .XHI.CC of the high words, .XLO of the low. */
    for (unsigned n = 0; n < 400; n++) {
        bool sign = n & 1, max = n & 2;
        uint64_t mods = FIELD(sign, 48) | (max ? PS_NOT(PT) : PS(PT));
        uint64_t a[32], b[32];

        random_lanes(&seed, a);
        random_lanes(&seed, b);
        SASS_LANES(i) {
            b[i] = (n + i) % 3 ? b[i] : (a[i] & ~0xffffffffull) |
                                        (uint32_t)b[i];
        }
        put_lanes(rig, 10, a);
        put_lanes(rig, 12, b);
        rig_do(rig, OP(0x5c20) | D(15) | A(11) | B(13) | mods |
               FIELD(3, 43) | BIT(47));
        rig_do(rig, OP(0x5c20) | D(14) | A(10) | B(12) | mods |
               FIELD(1, 43));
        SASS_LANES(i) {
            bool less = sign ? (int64_t)a[i] < (int64_t)b[i] : a[i] < b[i];
            uint64_t want = less != max ? a[i] : b[i];

            g_assert_cmphex(rig->w->r[14][i], ==, (uint32_t)want);
            g_assert_cmphex(rig->w->r[15][i], ==, want >> 32);
        }
    }
    /* Three words, the middle one deciding, and then the lowest. */
    for (unsigned n = 0; n < 4; n++) {
        bool middle = n & 1, a_less = n & 2;

        rig_set(rig, 10, a_less ? 5 : 9);
        rig_set(rig, 12, 7);
        rig_set(rig, 11, middle ? (a_less ? 1 : 3) : 2);
        rig_set(rig, 13, 2);
        if (middle) {
            rig_set(rig, 10, 20 - rig_get(rig, 10));
        }
        rig_do(rig, OP(0x5c20) | D(1) | A(3) | B(3) | PS(PT) |
               FIELD(3, 43) | BIT(47));
        rig_do(rig, OP(0x5c20) | D(1) | A(11) | B(13) | PS(PT) |
               FIELD(2, 43) | BIT(47));
        g_assert_cmpuint(rig_get(rig, 1), ==,
                         rig_get(rig, a_less ? 11 : 13));
        rig_do(rig, OP(0x5c20) | D(1) | A(10) | B(12) | PS(PT) |
               FIELD(1, 43));
        g_assert_cmpuint(rig_get(rig, 1), ==,
                         rig_get(rig, a_less ? 10 : 12));
    }
    rig_free(rig);
}

/* ICMP and ISET, ISETP without carry, for every condition. */
static void test_compare(void)
{
    Rig *rig = rig_new(32);
    static const uint32_t value[] = { 0, 1, 7, 0x7fffffff, 0x80000000,
                                      0xffffffff };

    for (unsigned n = 0; n < 16 * 36; n++) {
        unsigned cond = n & 7, x = n / 16 % 6, y = n / 96;
        bool sign = n & 8;
        uint32_t a = value[x], b = value[y];
        uint64_t mods = FIELD(cond, 49) | FIELD(sign, 48);
        bool lt = sign ? (int32_t)a < (int32_t)b : a < b;
        bool want = cond >> (lt ? 0 : a == b ? 1 : 2) & 1;
        bool against_0 = sign ? (int32_t)b < 0 : false;

        g_assert_cmphex(rig_eval(rig, OP(0x5b50) | DAB | PS(PT) | mods, a, b,
                                 0), ==, want ? 0xffffffffu : 0);
        g_assert_cmphex(rig_eval(rig, OP(0x5b50) | DAB | PS(PT) | mods |
                                 BIT(44), a, b, 0), ==,
                        want ? 0x3f800000 : 0);
        rig_do(rig, OP(0x5b60) | PD(0, 1) | A(2) | B(3) | PS(PT) | mods);
        g_assert_cmphex(rig->w->pred[0], ==, want ? 0xffffffffu : 0);
        g_assert_cmphex(rig->w->pred[1], ==, want ? 0 : 0xffffffffu);
        /* ICMP sets its third operand against 0. */
        want = cond >> (against_0 ? 0 : b == 0 ? 1 : 2) & 1;
        g_assert_cmphex(rig_eval(rig, OP(0x5b40) | DABC | mods, 11, 22, b),
                        ==, want ? 11 : 22);
    }
    /* The second predicate is the negated comparison, combined alike. */
    for (unsigned n = 0; n < 12; n++) {
        bool p = n & 1, cmp = n & 2;
        unsigned bop = n / 4;
        bool both[2];

        for (unsigned k = 0; k < 2; k++) {
            bool x = k ? !cmp : cmp;

            both[k] = bop == 0 ? x && p : bop == 1 ? x || p : x != p;
        }
        rig_pred(rig, 4, p ? SASS_ALL_LANES : 0);
        rig_set(rig, 2, cmp ? 1 : 2);
        rig_do(rig, OP(0x3660) | PD(0, 1) | A(2) | IMM20(1) | PS(4) |
               FIELD(2, 49) | FIELD(bop, 45));
        g_assert_cmphex(rig->w->pred[0] & 1, ==, both[0]);
        g_assert_cmphex(rig->w->pred[1] & 1, ==, both[1]);
    }
    g_assert_cmphex(rig->w->pred[PT], ==, SASS_ALL_LANES);
    rig_free(rig);
}

static void test_shift(void)
{
    const uint64_t shl = OP(0x5c48) | DAB, shr = OP(0x5c28) | DAB;
    const Case cases[] = {
        { shl, 0x81, 4, 0, 0x810 }, { shl, 1, 31, 0, 0x80000000 },
        { shl, 1, 32, 0, 0 }, { shl, 1, 0xffffffff, 0, 0 },
        { shl | BIT(39), 1, 33, 0, 2 },
        { shr, 0x80000000, 4, 0, 0x08000000 }, { shr, 0xff, 32, 0, 0 },
        { shr | BIT(48), 0x80000000, 4, 0, 0xf8000000 },
        { shr | BIT(48), 0x80000000, 0, 0, 0x80000000 },
        { shr | BIT(48), 0x80000000, 99, 0, 0xffffffff },
        { shr | BIT(48), 0x7fffffff, 99, 0, 0 },
        { shr | BIT(48) | BIT(39), 0x80000000, 33, 0, 0xc0000000 },
        { shr | BIT(40), 0x00000003, 30, 0, 3 },
        { shr | BIT(40), 0x12345678, 0, 0, 0x1e6a2c48 },
        { OP(0x3848) | DA | IMM20(3), 5, 0, 0, 40 },
    };

    CHECK(cases);
}

static void test_shf(void)
{
    const uint64_t l = OP(0x5bf8) | DABC, r = OP(0x5cf8) | DABC;
    const Case cases[] = {
        /* 32 bits: the amount is clamped to 32 or taken modulo 32. */
        { l, 0x89abcdef, 8, 0x01234567, 0x23456789 },
        { l, 0x89abcdef, 32, 0x01234567, 0x89abcdef },
        { l, 0x89abcdef, 99, 0x01234567, 0x89abcdef },
        { l | BIT(50), 0x89abcdef, 36, 0x01234567, 0x12345678 },
        { r, 0x89abcdef, 8, 0x01234567, 0x6789abcd },
        { r, 0x89abcdef, 32, 0x01234567, 0x01234567 },
        { r | BIT(50), 0x89abcdef, 36, 0x01234567, 0x789abcde },
        { OP(0x38f8) | DA | C(4) | FIELD(12, 20), 0x89abcdef, 0, 0x01234567,
          0x56789abc },
        { OP(0x36f8) | DA | C(4) | IMM20(12), 0x89abcdef, 0, 0x01234567,
          0x3456789a },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    for (unsigned n = 0; n < 64; n++) {
        uint64_t v = 0x9123456789abcdefull, left = v << n, right = v >> n;
        uint64_t sign = (uint64_t)((int64_t)v >> n);
        uint32_t low = (uint32_t)v, high = (uint32_t)(v >> 32);

        /* As Mesa shifts 64 bits: low and high word. */
        g_assert_cmphex(rig_eval(rig, OP(0x5bf8) | D(1) | A(RZ) | B(3) |
                                 C(4) | FIELD(3, 37) | BIT(50), 0, n + 64,
                                 low), ==, (uint32_t)left);
        g_assert_cmphex(rig_eval(rig, l | FIELD(3, 37), low, n, high), ==,
                        left >> 32);
        g_assert_cmphex(rig_eval(rig, r | FIELD(2, 37) | BIT(50), low, n + 64,
                                 high), ==, (uint32_t)right);
        g_assert_cmphex(rig_eval(rig, r | FIELD(2, 37) | BIT(48), low, n,
                                 high), ==, right >> 32);
        g_assert_cmphex(rig_eval(rig, r | FIELD(3, 37), low, n, high), ==,
                        (uint32_t)sign);
        g_assert_cmphex(rig_eval(rig, r | FIELD(3, 37) | BIT(48), low, n,
                                 high), ==, sign >> 32);
    }
    g_assert_cmphex(rig_eval(rig, r | FIELD(3, 37), 0, 64, 0x80000000), ==,
                    0xffffffff);
    g_assert_cmphex(rig_eval(rig, r | FIELD(2, 37), 0, 64, 0x80000000), ==,
                    0);
    g_assert_cmphex(rig_eval(rig, l | FIELD(2, 37), 1, 64, 1), ==, 0);
    rig_free(rig);
}

static void test_bits(void)
{
    const uint64_t popc = OP(0x5c08) | D(1) | B(3);
    const uint64_t flo = OP(0x5c30) | D(1) | B(3);
    const uint64_t bfe = OP(0x5c00) | DAB, bfi = OP(0x5bf0) | DABC;
    const Case cases[] = {
        { popc, 0, 0xf0f0f001, 0, 13 }, { popc, 0, 0, 0, 0 },
        { popc | BIT(40), 0, 0xf0f0f001, 0, 19 },
        { OP(0x3808) | D(1) | IMM20(-1), 0, 0, 0, 32 },
        { flo, 0, 0x00010000, 0, 16 }, { flo, 0, 0, 0, 0xffffffff },
        { flo, 0, 0x80000000, 0, 31 }, { flo | BIT(41), 0, 1, 0, 31 },
        { flo | BIT(48), 0, 0xffff7fff, 0, 15 },
        { flo | BIT(48), 0, 0xffffffff, 0, 0xffffffff },
        { flo | BIT(40), 0, 0xfffffffe, 0, 0 },
        { bfe, 0x12345678, 0x0808, 0, 0x56 },
        { bfe, 0x12345778, 0x0808, 0, 0x57 },
        { bfe, 0x12345678, 0x2000, 0, 0x12345678 },
        { bfe, 0x12345678, 0xff1c, 0, 1 },
        { bfe, 0xffffffff, 0x1f00, 0, 0x7fffffff },
        { bfi, 0xffffffff, 0x1f00, 0, 0x7fffffff },
        { bfe, 0x12345678, 0x0008, 0, 0 }, { bfe, 0xffffffff, 0x0820, 0, 0 },
        { bfe | BIT(48), 0x0000f600, 0x0808, 0, 0xfffffff6 },
        { bfe | BIT(48), 0x00007700, 0x0808, 0, 0x77 },
        { bfe | BIT(48), 0x80000000, 0x0820, 0, 0xffffffff },
        { bfe | BIT(48), 0xc0000000, 0xff1e, 0, 0xffffffff },
        { bfe | BIT(48), 0xffffffff, 0x0004, 0, 0 },
        { bfe | BIT(48), 0x89abcdef, 0x2000, 0, 0x89abcdef },
        { bfe | BIT(40), 0x00000001, 0x041c, 0, 8 },
        { bfi, 0xab, 0x0808, 0x11223344, 0x1122ab44 },
        { bfi, 0xffffffff, 0x2000, 0x11223344, 0xffffffff },
        { bfi, 0xffffffff, 0x0800, 0x11223344, 0x112233ff },
        { bfi, 0xff, 0x081c, 0x01223344, 0xf1223344 },
        { bfi, 0xff, 0x0820, 0x01223344, 0x01223344 },
        { bfi, 0xff, 0x0004, 0x01223344, 0x01223344 },
    };

    CHECK(cases);
}

static void test_prmt(void)
{
    /* a is the low half of the eight bytes, c the high one. */
    const uint32_t a = 0x83828180, c = 0x07060504;
    const uint64_t op = OP(0x5bc0) | DABC;
    const Case cases[] = {
        { op, a, 0x3210, c, a }, { op, a, 0x7654, c, c },
        { op, a, 0x5140, c, 0x05810480 },
        /* Bit 3 of a selector spreads the sign. */
        { op, a, 0xc8b4, c, 0x00ffff04 },
        { op | FIELD(1, 48), a, 0, c, 0x83828180 },
        { op | FIELD(1, 48), a, 3, c, 0x06050483 },
        { op | FIELD(2, 48), a, 0, c, 0x05060780 },
        { op | FIELD(2, 48), a, 2, c, 0x07808182 },
        { op | FIELD(3, 48), a, 2, c, 0x82828282 },
        { op | FIELD(4, 48), a, 0, c, 0x83828180 },
        { op | FIELD(4, 48), a, 2, c, 0x83828282 },
        { op | FIELD(5, 48), a, 0, c, 0x80808080 },
        { op | FIELD(5, 48), a, 2, c, 0x82828180 },
        { op | FIELD(6, 48), a, 0, c, 0x81808180 },
        { op | FIELD(6, 48), a, 1, c, 0x83828382 },
    };

    CHECK(cases);
}

static void test_logic(void)
{
    const uint64_t op = OP(0x5c40) | DAB | FIELD(PT, 48);
    const uint32_t a = 0xff00ff00, b = 0xf0f0f0f0, c = 0xcccccccc;
    const Case cases[] = {
        { op, a, b, 0, 0xf000f000 }, { op | FIELD(1, 41), a, b, 0,
                                       0xfff0fff0 },
        { op | FIELD(2, 41), a, b, 0, 0x0ff00ff0 },
        { op | FIELD(3, 41), a, b, 0, b },
        { op | FIELD(3, 41) | BIT(40), a, b, 0, ~b },
        { op | BIT(39), a, b, 0, 0x00f000f0 },
        { op | BIT(40), a, b, 0, 0x0f000f00 },
        { OP(0x0400) | DA | IMM32(0x12345678), 0xffff0000, 0, 0, 0x12340000 },
        { OP(0x0420) | DA | IMM32(0x12345678), 0xffff0000, 0, 0, 0xffff5678 },
        { OP(0x0440) | DA | IMM32(0x12345678), 0xffff0000, 0, 0, 0xedcb5678 },
        { OP(0x0460) | DA | IMM32(0x12345678) | BIT(56), 0, 0, 0,
          0xedcba987 },
        { OP(0x0400) | DA | IMM32(0x12345678) | BIT(55), 0xffff0000, 0, 0,
          0x5678 },
        { OP(0x3840) | DA | FIELD(PT, 48) | IMM20(-16), 0x123, 0, 0, 0x120 },
        { OP(0x5be0) | DABC | FIELD(PT, 48) | FIELD(0x96, 28), a, b, c,
          a ^ b ^ c },
        { OP(0x5be0) | DABC | FIELD(PT, 48) | FIELD(0xca, 28), a, b, c,
          (a & b) | (~a & c) },
        { OP(0x5be0) | DABC | FIELD(PT, 48) | FIELD(0x10, 28), a, b, c,
          a & ~b & ~c },
        { OP(0x3c00) | DA | C(4) | IMM20(0x0f0f0) | FIELD(0xe8, 48), a, 0, c,
          (a & 0xf0f0) | (a & c) | (0xf0f0 & c) },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    /* The predicates of LOP: false, true, zero, not zero. */
    for (unsigned mode = 0; mode < 4; mode++) {
        for (unsigned zero = 0; zero < 2; zero++) {
            bool want = mode == 1 || (mode == 2 && zero) ||
                        (mode == 3 && !zero);

            rig_pred(rig, 5, want ? 0 : SASS_ALL_LANES);
            rig_eval(rig, OP(0x5c40) | DAB | FIELD(5, 48) | FIELD(mode, 44),
                     0xf0, zero ? 0x0f : 0x1f, 0);
            g_assert_cmphex(rig->w->pred[5], ==, want ? 0xffffffffu : 0);
        }
    }
    for (unsigned zero = 0; zero < 2; zero++) {
        rig_pred(rig, 5, 0);
        rig_eval(rig, OP(0x5be0) | DABC | FIELD(5, 48) | FIELD(2, 36) |
                 FIELD(0x80, 28), 6, zero ? 1 : 3, 2);
        g_assert_cmphex(rig->w->pred[5], ==, zero ? 0xffffffffu : 0);
    }
    rig_eval(rig, op | BIT(47), 0x80000000, 0x80000000, 0);
    g_assert_cmphex(flags(rig), ==, 2);
    rig_eval(rig, op | BIT(47), 1, 2, 0);
    g_assert_cmphex(flags(rig), ==, 1);
    rig_free(rig);
}

static void test_lea(void)
{
    const uint64_t op = OP(0x5bd0) | DAB | FIELD(PT, 48);
    const uint64_t hi = OP(0x5bd8) | DABC | FIELD(PT, 48);
    const Case cases[] = {
        { op | FIELD(3, 39), 5, 100, 0, 140 },
        { op | FIELD(3, 39) | BIT(45), 5, 100, 0, 60 },
        { hi | FIELD(4, 28), 0xa0000000, 100, 0x7, 100 + 0x7a },
        { OP(0x36d0) | DA | FIELD(PT, 48) | FIELD(2, 39) | IMM20(-1), 5, 0,
          0, 19 },
    };
    Rig *rig = rig_new(32);
    uint64_t sum;

    CHECK(cases);
    /* LEA.CC and LEA.HI.X: base + (index << 4) over 64 bits. */
    rig_set64(rig, 2, 0x0000000ff2345678);
    rig_set64(rig, 4, 0x0000001234567890);
    rig_do(rig, OP(0x5bd0) | D(6) | A(2) | B(4) | FIELD(4, 39) | BIT(47) |
           FIELD(PT, 48));
    rig_do(rig, OP(0x5bd8) | D(7) | A(2) | B(5) | C(3) | FIELD(4, 28) |
           BIT(38) | FIELD(PT, 48));
    sum = 0x0000001234567890 + (0x0000000ff2345678ull << 4);
    g_assert_cmphex(rig_get64(rig, 6), ==, sum);
    rig_free(rig);
}

static void test_move(void)
{
    const Case cases[] = {
        { OP(0x5c98) | D(1) | B(3) | FIELD(0xf, 39), 0, 77, 0, 77 },
        { OP(0x3898) | D(1) | IMM20(-2) | FIELD(0xf, 39), 0, 0, 0,
          0xfffffffe },
        { OP(0x0100) | D(1) | IMM32(0xcafebabe) | FIELD(0xf, 12), 0, 0, 0,
          0xcafebabe },
        { OP(0x5ca0) | DAB | PS(PT), 1, 2, 0, 1 },
        { OP(0x5ca0) | DAB | PS_NOT(PT), 1, 2, 0, 2 },
    };
    Rig *rig = rig_new(32);

    CHECK(cases);
    env_const32(rig->env, 7, 0xfffc, 99);
    g_assert_cmpuint(rig_eval(rig, OP(0x4c98) | D(1) | CB(7, 0xfffc) |
                              FIELD(0xf, 39), 0, 0, 0), ==, 99);
    /* Some lanes of each quad only. */
    rig_set(rig, 1, 5);
    rig_do(rig, OP(0x0100) | D(1) | IMM32(9) | FIELD(0x6, 12));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[1][i], ==, 0x6 >> i % 4 & 1 ? 9 : 5);
    }
    rig_pred(rig, 3, 0x0000ffff);
    rig_set(rig, 2, 10);
    rig_set(rig, 3, 20);
    rig_do(rig, OP(0x5ca0) | DAB | PS(3));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[1][i], ==, i < 16 ? 10 : 20);
    }
    rig_free(rig);
}

/*
 * Every instruction without a carry: .CC gives zero and sign of the result,
 * and clears carry and overflow; without it all four stay.
 */
static void test_logic_flags(void)
{
    static const struct {
        uint64_t word;
        uint32_t a, b, c;
        unsigned want;
    } t[] = {
        { OP(0x5c48) | DAB, 1, 31, 0, 2 }, { OP(0x5c48) | DAB, 1, 32, 0, 1 },
        { OP(0x5c28) | DAB, 8, 4, 0, 1 },
        { OP(0x5c28) | DAB | BIT(48), 0x80000000, 4, 0, 2 },
        { OP(0x5bf8) | DABC, 0, 31, 1, 2 }, { OP(0x5cf8) | DABC, 1, 1, 0, 1 },
        { OP(0x5c00) | DAB | BIT(48), 0x80, 0x0800, 0, 2 },
        { OP(0x5c00) | DAB, 0x80, 0x0700, 0, 1 },
        { OP(0x5bf0) | DABC, 1, 0x011f, 0, 2 },
        { OP(0x5bf0) | DABC, 0, 0x0100, 1, 1 },
        { OP(0x5c30) | D(1) | B(3), 0, 1, 0, 1 },
        { OP(0x5c30) | D(1) | B(3), 0, 0, 0, 2 },
        { OP(0x5c20) | DAB | PS(PT) | BIT(48), 5, -1u, 0, 2 },
        { OP(0x5c40) | DAB | FIELD(PT, 48), 5, 3, 0, 0 },
        { OP(0x5be0) | DABC | FIELD(PT, 48) | FIELD(0xf0, 28), -5u, 0, 0, 2 },
        { OP(0x5be0) | DABC | FIELD(PT, 48), 1, 2, 3, 1 },
        { OP(0x5b50) | DAB | PS(PT) | FIELD(1, 49), 1, 2, 0, 2 },
        { OP(0x5b50) | DAB | PS(PT) | FIELD(1, 49) | BIT(44), 1, 2, 0, 0 },
        { OP(0x5b50) | DAB | PS(PT) | FIELD(1, 49), 2, 1, 0, 1 },
        { OP(0x5800) | DAB | PS(PT) | FIELD(1, 48), 0, 0x3f800000, 0, 2 },
        { OP(0x5800) | DAB | PS(PT) | FIELD(1, 48), 0, 0, 0, 1 },
        { OP(0x5088) | D(1) | FIELD(PT, 12) | FIELD(PT, 29) | PS(PT), 0, 0, 0,
          2 },
        { OP(0x5ce0) | D(1) | B(3) | FIELD(2, 8) | FIELD(2, 10) | BIT(45), 0,
          1, 0, 2 },
        { OP(0x5ce0) | D(1) | B(3) | FIELD(2, 8) | FIELD(2, 10), 0, 0, 0, 1 },
        { OP(0x5cb0) | D(1) | B(3) | FIELD(2, 8) | FIELD(2, 10) | BIT(12), 0,
          0xbf800000, 0, 2 },
        { OP(0x5cb0) | D(1) | B(3) | FIELD(2, 8) | FIELD(2, 10), 0, 0, 0, 1 },
        { OP(0x5cb8) | D(1) | B(3) | FIELD(2, 8) | FIELD(2, 10) | BIT(13), 0,
          -1u, 0, 2 },
        { OP(0x5ca8) | D(1) | B(3) | FIELD(2, 8) | FIELD(2, 10), 0,
          0x80000000, 0, 3 },
        { OP(0x5ca8) | D(1) | B(3) | FIELD(1, 8) | FIELD(2, 10), 0,
          0xbf800000, 0, 2 },
        { OP(0x5c60) | DAB | PS(PT), 0xbf800000, 0, 0, 2 },
    };
    Rig *rig = rig_new(32);

    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(t); i++) {
        bool set = i & 1;
        unsigned before = ~t[i / 2].want & 0xf;

        rig->w->cc_z = before & 1 ? SASS_ALL_LANES : 0;
        rig->w->cc_s = before & 2 ? SASS_ALL_LANES : 0;
        rig->w->cc_c = before & 4 ? SASS_ALL_LANES : 0;
        rig->w->cc_o = before & 8 ? SASS_ALL_LANES : 0;
        rig_eval(rig, t[i / 2].word | (set ? BIT(47) : 0), t[i / 2].a,
                 t[i / 2].b, t[i / 2].c);
        g_assert_cmphex(flags(rig), ==, set ? t[i / 2].want : before);
    }
    /* Each lane has its own. */
    SASS_LANES(i) {
        rig->w->r[2][i] = i % 3 ? i << 27 : 0;
    }
    rig_do(rig, OP(0x0420) | DA | IMM32(0) | BIT(52));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->cc_z >> i & 1, ==, i % 3 == 0);
        g_assert_cmpuint(rig->w->cc_s >> i & 1, ==, i % 3 && i >= 16);
    }
    /* Conversions to 64 bits: of the whole result. */
    rig_set64(rig, 12, 0x4130000000000000);             /* 2^20 */
    rig_do(rig, OP(0x5cb0) | D(8) | B(12) | FIELD(3, 8) | FIELD(3, 10) |
           BIT(47));
    g_assert_cmphex(flags(rig), ==, 0);
    rig_set64(rig, 12, 0x7ff0000000000000);
    rig_do(rig, OP(0x5ca8) | D(8) | B(12) | FIELD(3, 8) | FIELD(3, 10) |
           BIT(47));
    g_assert_cmphex(flags(rig), ==, 0);
    rig_set64(rig, 12, 1);
    rig_do(rig, OP(0x5ca8) | D(8) | B(12) | FIELD(3, 8) | FIELD(3, 10) |
           BIT(47));
    g_assert_cmphex(flags(rig), ==, 0);
    rig_free(rig);
}

/* A predicated instruction writes its lanes and no others. */
static void test_guard(void)
{
    Rig *rig = rig_new(27);
    uint64_t op = OP(0x3810) | D(1) | A(RZ) | IMM20(5) | BIT(47);

    rig_pred(rig, 2, 0x55555555);
    rig_set(rig, 1, 1);
    rig->w->cc_z = SASS_ALL_LANES;
    rig_do(rig, guarded(op, 2, true));
    SASS_LANES(i) {
        bool run = i % 2 == 1 && i < 27;

        g_assert_cmpuint(rig->w->r[1][i], ==, run ? 5 : 1);
        g_assert_cmpuint(rig->w->cc_z >> i & 1, ==, !run);
    }
    g_assert_cmpuint(rig->lanes, ==, 13);
    rig_do(rig, guarded(OP(0x5b60) | PD(4, PT) | A(1) | B(RZ) | PS(PT) |
                        FIELD(7, 49), 2, false));
    g_assert_cmphex(rig->w->pred[4], ==, 0x55555555 & 0x07ffffff);
    rig_free(rig);
}

static void test_predicates(void)
{
    Rig *rig = rig_new(32);

    /* PSETP and PSET: (P0 op !P1) op2 P2, of all eight inputs. */
    for (unsigned n = 0; n < 72; n++) {
        unsigned first = n / 8 % 3, second = n / 24;
        bool a = n & 1, b = n & 2, c = n & 4, x, y, z;

        rig_pred(rig, 0, a ? SASS_ALL_LANES : 0);
        rig_pred(rig, 1, b ? SASS_ALL_LANES : 0);
        rig_pred(rig, 2, c ? SASS_ALL_LANES : 0);
        b = !b;
        x = first == 0 ? a && b : first == 1 ? a || b : a != b;
        y = second == 0 ? x && c : second == 1 ? x || c : x != c;
        x = !x;
        z = second == 0 ? x && c : second == 1 ? x || c : x != c;
        rig_do(rig, OP(0x5090) | PD(5, 6) | FIELD(0, 12) | FIELD(1, 29) |
               BIT(32) | FIELD(first, 24) | FIELD(second, 45) | PS(2));
        g_assert_cmphex(rig->w->pred[5], ==, y ? SASS_ALL_LANES : 0);
        g_assert_cmphex(rig->w->pred[6], ==, z ? SASS_ALL_LANES : 0);
        rig_do(rig, OP(0x5088) | D(1) | FIELD(0, 12) | FIELD(1, 29) |
               BIT(32) | FIELD(first, 24) | FIELD(second, 45) | PS(2));
        g_assert_cmphex(rig_get(rig, 1), ==, y ? 0xffffffffu : 0);
    }
    /* P2R and R2P, through a byte and a mask. */
    for (unsigned p = 0; p < SASS_PREDS; p++) {
        rig_pred(rig, p, p % 2 ? SASS_ALL_LANES : 0);
    }
    g_assert_cmphex(rig_eval(rig, OP(0x38e8) | DA | FIELD(2, 41) |
                             IMM20(0x3f), 0x11ff1111, 0, 0), ==, 0x11ea1111);
    rig_set(rig, 2, 0x00550000);
    rig_do(rig, OP(0x38f0) | A(2) | FIELD(2, 41) | IMM20(0x0f));
    for (unsigned p = 0; p < SASS_PREDS; p++) {
        bool want = p < 4 ? p % 2 == 0 : p % 2;

        g_assert_cmphex(rig->w->pred[p], ==, want ? SASS_ALL_LANES : 0);
    }
    /* And the condition code the same way. */
    for (unsigned n = 0; n < 16; n++) {
        rig_set(rig, 2, n << 8);
        rig_do(rig, OP(0x38f0) | A(2) | FIELD(1, 41) | BIT(40) | IMM20(0xf));
        g_assert_cmphex(flags(rig), ==, n);
        rig_set(rig, 2, (n ^ 0xf) << 8);
        rig_do(rig, OP(0x38f0) | A(2) | FIELD(1, 41) | BIT(40) | IMM20(0xa));
        g_assert_cmphex(flags(rig), ==, n ^ 0xa);
        g_assert_cmphex(rig_eval(rig, OP(0x38e8) | DA | FIELD(3, 41) |
                                 BIT(40) | IMM20(0xf), 0x00123456, 0, 0), ==,
                        0x00123456 | (n ^ 0xa) << 24);
    }
    rig_free(rig);
}

/* Every test of the condition code, by CSET, over all 16 codes. */
static void test_condition(void)
{
    Rig *rig = rig_new(32);

    for (unsigned n = 0; n < 16 * 24; n++) {
        unsigned cond = n / 16;
        bool z = n & 1, s = n & 2, c = n & 4, o = n & 8;
        const bool want[24] = {
            false, (s && !z) != o, z && !s, s != (z || o),
            !z && s == o, !z, s == o, !z || !s, z && s, s != o, z,
            z || s != o, !s != (z || o), !z || s, (!s || z) != o, true,
            !o, !c, !s, !c || z, c && !z, s, c, o,
        };

        rig->w->cc_z = z ? SASS_ALL_LANES : 0;
        rig->w->cc_s = s ? SASS_ALL_LANES : 0;
        rig->w->cc_c = c ? SASS_ALL_LANES : 0;
        rig->w->cc_o = o ? SASS_ALL_LANES : 0;
        rig_do(rig, OP(0x5098) | D(1) | FIELD(cond, 8) | PS(PT));
        g_assert_cmphex(rig_get(rig, 1), ==,
                        want[cond] ? 0xffffffffu : 0);
    }
    /* After a comparison by subtraction they mean what they are called. */
    for (unsigned n = 0; n < 36; n++) {
        static const int32_t v[] = { INT32_MIN, -5, 0, 1, 7, INT32_MAX };
        int32_t a = v[n % 6], b = v[n / 6];
        const struct { unsigned cond; bool want; } t[] = {
            { 1, a < b }, { 2, a == b }, { 3, a <= b }, { 4, a > b },
            { 5, a != b }, { 6, a >= b },
            { 0x11, (uint32_t)a < (uint32_t)b },
            { 0x14, (uint32_t)a > (uint32_t)b },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
            rig_eval(rig, OP(0x5c10) | DAB | BIT(48) | BIT(47), a, b, 0);
            rig_do(rig, OP(0x5098) | D(1) | FIELD(t[i].cond, 8) | PS(PT));
            g_assert_cmphex(rig_get(rig, 1), ==,
                            t[i].want ? 0xffffffffu : 0);
        }
    }
    rig_free(rig);
}

static void test_special(void)
{
    Rig *rig = rig_new(32);

    rig->env->clock = 0x123456789abcdef0;
    rig->w->cfg.warp = 1;
    rig->w->cfg.local_window = 0x12ff000000;
    rig->w->cfg.shared_window = 0x34fe000000;
    for (unsigned sr = 0; sr < 0x54; sr++) {
        rig_do(rig, OP(0xf0c8) | D(1) | FIELD(sr, 20));
        SASS_LANES(i) {
            unsigned thread = 32 + i;
            uint32_t x = thread % 8, y = thread / 8 % 4, z = thread / 32;
            uint32_t got = rig->w->r[1][i], bit = 1u << i;

            switch (sr) {
            case 0x00:
                g_assert_cmpuint(got, ==, i);
                break;
            case 0x03:
                g_assert_cmphex(got, ==, 0x300100);
                break;
            case 0x20:
                g_assert_cmphex(got, ==, x | y << 16 | z << 26);
                break;
            case 0x21:
                g_assert_cmpuint(got, ==, x);
                break;
            case 0x22:
                g_assert_cmpuint(got, ==, y);
                break;
            case 0x23:
                g_assert_cmpuint(got, ==, z);
                break;
            case 0x25:
            case 0x26:
            case 0x27:
                g_assert_cmpuint(got, ==, 5 + sr - 0x25);
                break;
            case 0x38:
                g_assert_cmphex(got, ==, bit);
                break;
            case 0x39:
                g_assert_cmphex(got, ==, bit - 1);
                break;
            case 0x3a:
                g_assert_cmphex(got, ==, bit | (bit - 1));
                break;
            case 0x3b:
                g_assert_cmphex(got, ==, ~(bit | (bit - 1)));
                break;
            case 0x3c:
                g_assert_cmphex(got, ==, ~(bit - 1));
                break;
            case 0x01:
            case 0x50:
            case 0x52:
                g_assert_cmphex(got, ==, 0x9abcdef0);
                break;
            case 0x51:
            case 0x53:
                g_assert_cmphex(got, ==, 0x12345678);
                break;
            case 0x2e:
                g_assert_cmphex(got, ==, 0x12);
                break;
            case 0x2f:
                g_assert_cmphex(got, ==, 0x34);
                break;
            case 0x30:
                g_assert_cmphex(got, ==, 0xfe000000);
                break;
            case 0x31:
            case 0x35:
                g_assert_cmphex(got, ==, 0x01000000);
                break;
            case 0x32:
                g_assert_cmphex(got, ==, 4096);
                break;
            case 0x34:
                g_assert_cmphex(got, ==, 0xff000000);
                break;
            case 0x36:
                g_assert_cmphex(got, ==, 256);
                break;
            case 0x3d:
                g_assert_cmphex(got, ==, 255);
                break;
            default:
                g_assert_cmphex(got, ==, 0);
                break;
            }
        }
    }
    rig_do(rig, OP(0x50c8) | D(1) | FIELD(0x51, 20));
    g_assert_cmphex(rig_get(rig, 1), ==, 0x12345678);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sass/int/iadd", test_iadd);
    g_test_add_func("/sass/int/iadd-flags", test_iadd_flags);
    g_test_add_func("/sass/int/carry-chain", test_carry_chain);
    g_test_add_func("/sass/int/iadd3", test_iadd3);
    g_test_add_func("/sass/int/imul-imad", test_imul);
    g_test_add_func("/sass/int/iscadd", test_iscadd);
    g_test_add_func("/sass/int/xmad", test_xmad);
    g_test_add_func("/sass/int/imnmx", test_minmax);
    g_test_add_func("/sass/int/compare", test_compare);
    g_test_add_func("/sass/int/shift", test_shift);
    g_test_add_func("/sass/int/shf", test_shf);
    g_test_add_func("/sass/int/bits", test_bits);
    g_test_add_func("/sass/int/prmt", test_prmt);
    g_test_add_func("/sass/int/logic", test_logic);
    g_test_add_func("/sass/int/lea", test_lea);
    g_test_add_func("/sass/int/move", test_move);
    g_test_add_func("/sass/int/logic-flags", test_logic_flags);
    g_test_add_func("/sass/int/guard", test_guard);
    g_test_add_func("/sass/int/predicates", test_predicates);
    g_test_add_func("/sass/int/condition", test_condition);
    g_test_add_func("/sass/int/special", test_special);
    return g_test_run();
}
