/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: float and double arithmetic.
 *
 * Nothing here depends on the compiler's idea of the floating-point
 * environment, but that additions round to nearest: sums of floats are made
 * exact in double by rounding to odd, and then rounded as the instruction
 * says.  Doubles with directed rounding go through volatile variables
 * between two changes of the rounding mode.
 *
 * MUFU is as precise as libm (well within the 2^-20 or so of the hardware).
 * RRO hands its operand on, and MUFU.SIN, COS and EX2 take plain radians and
 * exponents: the fixed-point format in between is not documented, and no
 * program can tell but one that looks at it.
 */
#include <fenv.h>
#include <math.h>

#include "sass_insn.h"

#define F32_SIGN 0x80000000u
#define F64_SIGN 0x8000000000000000ull

static inline bool nan32(uint32_t bits)
{
    return (bits & ~F32_SIGN) > 0x7f800000;
}

static inline bool nan64(uint64_t bits)
{
    return (bits & ~F64_SIGN) > 0x7ff0000000000000ull;
}

/* To 0..1; NaN and -0 become 0. */
static inline uint32_t saturate(uint32_t bits)
{
    return nan32(bits) || bits >> 31 ? 0 : bits > 0x3f800000 ? 0x3f800000
                                                              : bits;
}

static void cc_float(SassWarp *w, uint32_t mask, const uint32_t *value)
{
    uint32_t z = 0, s = 0;

    SASS_LANES(i) {
        bool nan = nan32(value[i]);

        z |= (uint32_t)(nan || !(value[i] & ~F32_SIGN)) << i;
        s |= (nan ? 1u : value[i] >> 31) << i;
    }
    sass_cc_set(w, mask, z, s, 0, 0);
}

float sass_round_f32(double value, unsigned rnd)
{
    float near = (float)value;

    if (rnd == SASS_RN || near != near || (double)near == value) {
        return near;
    }
    if (rnd == SASS_RZ_MODE) {
        rnd = value < 0 ? SASS_RP : SASS_RM;
    }
    if (rnd == SASS_RM && (double)near > value) {
        return nextafterf(near, -INFINITY);
    }
    if (rnd == SASS_RP && (double)near < value) {
        return nextafterf(near, INFINITY);
    }
    return near;
}

/*
 * p + c, rounded to odd: a later rounding to float comes out as if it had
 * been the only one.
 */
static inline double sum_to_odd(double p, double c)
{
    double s = p + c, t = s - p, error = (p - (s - t)) + (c - t);
    uint64_t bits = sass_d2u(s);

    if (error != 0 && !(bits & 1) &&
        (bits & ~F64_SIGN) < 0x7ff0000000000000ull) {
        bits += (error > 0) == (s > 0) ? 1 : -1;
    }
    return sass_u2d(bits);
}

/* A sum that is 0 is -0 when rounded down. */
static float round_sum(double p, double c, unsigned rnd)
{
    double s = sum_to_odd(p, c);

    if (s == 0 && rnd == SASS_RM && !signbit(p) != !signbit(c)) {
        return -0.0f;
    }
    return sass_round_f32(s, rnd);
}

/* How the operands of a float instruction are taken, a bit mask each. */
typedef struct Modify {
    uint32_t keep_a, keep_b, flip_a, flip_b, flip_c;
} Modify;

static Modify modify(const SassInsn *in)
{
    return (Modify) {
        .keep_a = in->mods & SASS_M_ABS_A ? ~F32_SIGN : 0xffffffffu,
        .keep_b = in->mods & SASS_M_ABS_B ? ~F32_SIGN : 0xffffffffu,
        .flip_a = in->mods & SASS_M_NEG_A ? F32_SIGN : 0,
        .flip_b = in->mods & SASS_M_NEG_B ? F32_SIGN : 0,
        .flip_c = in->mods & SASS_M_NEG_C ? F32_SIGN : 0,
    };
}

static bool flushes(const SassInsn *in)
{
    return in->mods & (SASS_M_FTZ | SASS_M_FMZ);
}

/* Canonical NaN, flush, saturate, condition code, write. */
static void finish(SassWarp *w, const SassInsn *in, uint32_t mask,
                   uint32_t *out)
{
    SASS_LANES(i) {
        out[i] = nan32(out[i]) ? SASS_F32_NAN : out[i];
    }
    if (flushes(in)) {
        SASS_LANES(i) {
            out[i] = sass_flush_f32(out[i]);
        }
    }
    if (in->mods & SASS_M_SAT) {
        SASS_LANES(i) {
            out[i] = saturate(out[i]);
        }
    }
    if (in->mods & SASS_M_CC) {
        cc_float(w, mask, out);
    }
    sass_put(w, in->rd, 0, mask, out);
}

static void take(uint32_t *to, const uint32_t *from, uint32_t keep,
                 uint32_t flip, bool flushing)
{
    SASS_LANES(i) {
        to[i] = (from[i] & keep) ^ flip;
    }
    if (flushing) {
        SASS_LANES(i) {
            to[i] = sass_flush_f32(to[i]);
        }
    }
}

SASS_EXEC(fadd)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES];
    Modify m = modify(in);
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    take(x, sass_row(w, in->ra, 0), m.keep_a, m.flip_a, flushes(in));
    take(y, b, m.keep_b, m.flip_b, flushes(in));
    if (in->rnd == SASS_RN) {
        SASS_LANES(i) {
            out[i] = sass_f2u(sass_u2f(x[i]) + sass_u2f(y[i]));
        }
    } else {
        SASS_LANES(i) {
            out[i] = sass_f2u(round_sum(sass_u2f(x[i]), sass_u2f(y[i]),
                                        in->rnd));
        }
    }
    finish(w, in, mask, out);
    return SASS_STEP_NEXT;
}

/* .FMZ: a product with 0 is 0, whatever the other factor. */
static void fix_products(const SassInsn *in, const uint32_t *x, uint32_t *y)
{
    if (in->mods & SASS_M_FMZ) {
        SASS_LANES(i) {
            y[i] = x[i] & ~F32_SIGN ? y[i] : 0;
        }
    }
}

SASS_EXEC(fmul)
{
    /* none, D2, D4, D8, M8, M4, M2 */
    static const double factor[8] = { 1, 0.5, 0.25, 0.125, 8, 4, 2, 1 };
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES];
    Modify m = modify(in);
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    take(x, sass_row(w, in->ra, 0), m.keep_a, 0, flushes(in));
    take(y, b, m.keep_b, m.flip_b, flushes(in));
    fix_products(in, x, y);
    fix_products(in, y, x);
    if (in->rnd == SASS_RN && in->sub == 0) {
        SASS_LANES(i) {
            out[i] = sass_f2u(sass_u2f(x[i]) * sass_u2f(y[i]));
        }
    } else {
        SASS_LANES(i) {
            double p = (double)sass_u2f(x[i]) * sass_u2f(y[i]);

            p *= factor[in->sub];
            out[i] = sass_f2u(sass_round_f32(p, in->rnd));
        }
    }
    finish(w, in, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(ffma)
{
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES], z[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    Modify m = modify(in);
    const uint32_t *b, *c;

    if (!sass_src_b(w, in, buf, &b) || !sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    take(x, sass_row(w, in->ra, 0), m.keep_a, 0, flushes(in));
    take(y, b, m.keep_b, m.flip_b, flushes(in));
    take(z, c, 0xffffffffu, m.flip_c, flushes(in));
    fix_products(in, x, y);
    fix_products(in, y, x);
    if (in->rnd == SASS_RN) {
        SASS_LANES(i) {
            double p = (double)sass_u2f(x[i]) * sass_u2f(y[i]);

            out[i] = sass_f2u((float)sum_to_odd(p, sass_u2f(z[i])));
        }
    } else {
        SASS_LANES(i) {
            double p = (double)sass_u2f(x[i]) * sass_u2f(y[i]);

            out[i] = sass_f2u(round_sum(p, sass_u2f(z[i]), in->rnd));
        }
    }
    finish(w, in, mask, out);
    return SASS_STEP_NEXT;
}

/* RCP64H and RSQ64H: upper word in, upper word out. */
static uint32_t mufu_double(unsigned op, uint32_t high)
{
    double v = sass_u2d((uint64_t)high << 32), r;

    if (!(high & 0x7ff00000)) {
        v = copysign(0, v);
    }
    r = op == 6 ? 1.0 / v : v < 0 ? NAN : 1.0 / sqrt(v);
    return r != r ? SASS_F32_NAN : (uint32_t)(sass_d2u(r) >> 32);
}

/* Denormals count as 0, except as results of RCP. */
static uint32_t mufu_float(unsigned op, uint32_t bits)
{
    float v = sass_u2f(bits), r;

    if (op == 3 || op == 4 || op == 5 || op == 8) {
        v = sass_u2f(sass_flush_f32(bits));
    }
    switch (op) {
    case 0:
        r = cosf(v);
        break;
    case 1:
        r = sinf(v);
        break;
    case 2:
        r = sass_u2f(sass_flush_f32(sass_f2u(exp2f(v))));
        break;
    case 3:
        r = log2f(v);
        break;
    case 4:
        r = 1.0f / v;
        break;
    case 5:
        r = v < 0 ? NAN : (float)(1.0 / sqrt(v));
        break;
    default:
        r = v < 0 ? NAN : sqrtf(v);
        break;
    }
    return sass_f2u(r);
}

SASS_EXEC(mufu)
{
    const uint32_t *a = sass_row(w, in->ra, 0);
    uint32_t x[SASS_WARP_LANES], out[SASS_WARP_LANES];
    Modify m = modify(in);
    bool wide = in->sub == 6 || in->sub == 7;

    take(x, a, m.keep_a, m.flip_a, false);
    SASS_LANES(i) {
        out[i] = wide ? mufu_double(in->sub, x[i])
                      : mufu_float(in->sub, x[i]);
    }
    if (wide) {
        sass_put(w, in->rd, 0, mask, out);
    } else {
        finish(w, in, mask, out);
    }
    return SASS_STEP_NEXT;
}

SASS_EXEC(rro)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    Modify m = modify(in);
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    take(out, b, m.keep_b, m.flip_b, false);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* Order of two floats as signed integers, -0 below +0. */
static inline int32_t rank32(uint32_t bits)
{
    uint32_t flip = bits >> 31 ? 0x7fffffffu : 0;

    return (int32_t)(bits ^ flip);
}

SASS_EXEC(fmnmx)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES];
    uint32_t min = sass_get_pred(w, in->ps);
    Modify m = modify(in);
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    take(x, sass_row(w, in->ra, 0), m.keep_a, m.flip_a, flushes(in));
    take(y, b, m.keep_b, m.flip_b, flushes(in));
    SASS_LANES(i) {
        bool less = rank32(x[i]) < rank32(y[i]);
        bool first = nan32(y[i]) || (less == (bool)(min >> i & 1) &&
                                     !nan32(x[i]));

        out[i] = first ? x[i] : y[i];
    }
    finish(w, in, mask, out);
    return SASS_STEP_NEXT;
}

/* The bits of a condition are: less 1, equal 2, greater 4, unordered 8. */
static inline bool compare(unsigned cond, double a, double b)
{
    return cond >> (a < b ? 0 : a == b ? 1 : a > b ? 2 : 3) & 1;
}

SASS_EXEC(fcmp)
{
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b, *c;

    if (!sass_src_b(w, in, buf, &b) || !sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        float v = sass_u2f(flushes(in) ? sass_flush_f32(c[i]) : c[i]);

        out[i] = compare(in->cond, v, 0) ? a[i] : b[i];
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(fset)
{
    uint32_t buf[SASS_WARP_LANES], x[SASS_WARP_LANES], y[SASS_WARP_LANES];
    uint32_t truth = 0, ps = sass_get_pred(w, in->ps);
    Modify m = modify(in);
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    take(x, sass_row(w, in->ra, 0), m.keep_a, m.flip_a, flushes(in));
    take(y, b, m.keep_b, m.flip_b, flushes(in));
    SASS_LANES(i) {
        truth |= (uint32_t)compare(in->cond, sass_u2f(x[i]),
                                   sass_u2f(y[i])) << i;
    }
    if (in->op == SASS_OP_FSETP) {
        sass_set_pred(w, in->pd0, mask, sass_bop(in->bop, truth, ps));
        sass_set_pred(w, in->pd1, mask, sass_bop(in->bop, ~truth, ps));
    } else {
        sass_put_truth(w, in, mask, sass_bop(in->bop, truth, ps));
    }
    return SASS_STEP_NEXT;
}

static void take64(uint64_t *v, bool absolute, bool negate)
{
    SASS_LANES(i) {
        v[i] = (absolute ? v[i] & ~F64_SIGN : v[i]) ^
               (negate ? F64_SIGN : 0);
    }
}

static double compute(unsigned op, double a, double b, double c)
{
    return op == SASS_OP_DADD ? a + b : op == SASS_OP_DMUL ? a * b
                                                           : fma(a, b, c);
}

static double compute_rounded(unsigned op, double a, double b, double c,
                              unsigned rnd)
{
    static const int mode[4] = {
        FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO,
    };
    /* volatile keeps the arithmetic between the changes of the mode. */
    volatile double x = a, y = b, z = c, result;
    int before = fegetround();

    fesetround(mode[rnd]);
    result = compute(op, x, y, z);
    fesetround(before);
    return result;
}

/* A NaN operand is handed on, quiet; otherwise there is one NaN. */
static uint64_t choose_nan(unsigned op, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t quiet = 0x0008000000000000ull;

    if (nan64(a)) {
        return a | quiet;
    }
    if (nan64(b)) {
        return b | quiet;
    }
    return op == SASS_OP_DFMA && nan64(c) ? c | quiet : SASS_F64_NAN;
}

void sass_cc_double(SassWarp *w, uint32_t mask, const uint64_t *value)
{
    uint32_t z = 0, s = 0;

    SASS_LANES(i) {
        bool nan = nan64(value[i]);

        z |= (uint32_t)(nan || !(value[i] & ~F64_SIGN)) << i;
        s |= (uint32_t)(nan || value[i] >> 63) << i;
    }
    sass_cc_set(w, mask, z, s, 0, 0);
}

SASS_EXEC(darith)
{
    uint64_t a[SASS_WARP_LANES], b[SASS_WARP_LANES];
    uint64_t c[SASS_WARP_LANES] = { 0 }, out[SASS_WARP_LANES];

    sass_get64(w, in->ra, a);
    if (!sass_src_b64(w, in, b) ||
        (in->op == SASS_OP_DFMA && !sass_src_c64(w, in, c))) {
        return SASS_STEP_FAULT;
    }
    take64(a, in->mods & SASS_M_ABS_A, in->mods & SASS_M_NEG_A);
    take64(b, in->mods & SASS_M_ABS_B, in->mods & SASS_M_NEG_B);
    take64(c, false, in->mods & SASS_M_NEG_C);
    SASS_LANES(i) {
        double x = sass_u2d(a[i]), y = sass_u2d(b[i]), z = sass_u2d(c[i]);
        double r = in->rnd == SASS_RN
                   ? compute(in->op, x, y, z)
                   : compute_rounded(in->op, x, y, z, in->rnd);

        out[i] = r == r ? sass_d2u(r) : choose_nan(in->op, a[i], b[i], c[i]);
    }
    if (in->mods & SASS_M_CC) {
        sass_cc_double(w, mask, out);
    }
    sass_put64(w, in->rd, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(dmnmx)
{
    uint64_t a[SASS_WARP_LANES], b[SASS_WARP_LANES], out[SASS_WARP_LANES];
    uint32_t min = sass_get_pred(w, in->ps);

    sass_get64(w, in->ra, a);
    if (!sass_src_b64(w, in, b)) {
        return SASS_STEP_FAULT;
    }
    take64(a, in->mods & SASS_M_ABS_A, in->mods & SASS_M_NEG_A);
    take64(b, in->mods & SASS_M_ABS_B, in->mods & SASS_M_NEG_B);
    SASS_LANES(i) {
        double x = sass_u2d(a[i]), y = sass_u2d(b[i]);
        bool less = x == y ? a[i] >> 63 > b[i] >> 63 : x < y;
        bool first = nan64(b[i]) || (less == (bool)(min >> i & 1) &&
                                     !nan64(a[i]));

        out[i] = nan64(a[i]) && nan64(b[i]) ? SASS_F64_NAN :
                 first ? a[i] : b[i];
    }
    if (in->mods & SASS_M_CC) {
        sass_cc_double(w, mask, out);
    }
    sass_put64(w, in->rd, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(dset)
{
    uint64_t a[SASS_WARP_LANES], b[SASS_WARP_LANES];
    uint32_t truth = 0, ps = sass_get_pred(w, in->ps);

    sass_get64(w, in->ra, a);
    if (!sass_src_b64(w, in, b)) {
        return SASS_STEP_FAULT;
    }
    take64(a, in->mods & SASS_M_ABS_A, in->mods & SASS_M_NEG_A);
    take64(b, in->mods & SASS_M_ABS_B, in->mods & SASS_M_NEG_B);
    SASS_LANES(i) {
        truth |= (uint32_t)compare(in->cond, sass_u2d(a[i]),
                                   sass_u2d(b[i])) << i;
    }
    if (in->op == SASS_OP_DSETP) {
        sass_set_pred(w, in->pd0, mask, sass_bop(in->bop, truth, ps));
        sass_set_pred(w, in->pd1, mask, sass_bop(in->bop, ~truth, ps));
    } else {
        sass_put_truth(w, in, mask, sass_bop(in->bop, truth, ps));
    }
    return SASS_STEP_NEXT;
}
