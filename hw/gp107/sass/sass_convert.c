/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: conversions between integers and floats of all sizes.
 *
 * Sizes are encoded as the logarithm of their bytes.  Floats of 16 and 32
 * bits are exact as doubles, so there is one path for all.
 */
#include <math.h>

#include "sass_insn.h"

static int64_t clamp_s(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* The integer operand: a byte or half at @select, or a word, or a pair. */
static uint64_t integer(uint64_t raw, unsigned size, unsigned select,
                        bool sign)
{
    uint32_t low = (uint32_t)raw;

    switch (size) {
    case 0:
        low = low >> (8 * select) & 0xff;
        return sign ? (uint64_t)(int64_t)(int8_t)low : low;
    case 1:
        low = low >> (8 * select) & 0xffff;
        return sign ? (uint64_t)(int64_t)(int16_t)low : low;
    case 2:
        return sign ? (uint64_t)(int64_t)(int32_t)low : low;
    default:
        return raw;
    }
}

static bool source(SassWarp *w, const SassInsn *in, uint64_t *v)
{
    uint32_t buf[SASS_WARP_LANES];
    const uint32_t *b;

    if (in->stype == 3) {
        return sass_src_b64(w, in, v);
    }
    if (!sass_src_b(w, in, buf, &b)) {
        return false;
    }
    SASS_LANES(i) {
        v[i] = b[i];
    }
    return true;
}

SASS_EXEC(i2i)
{
    uint64_t v[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    unsigned bits = 8u << in->dtype;
    bool sign = in->mods & SASS_M_SIGN_A;
    int64_t low = sign ? -((int64_t)1 << (bits - 1)) : 0;
    int64_t high = ((int64_t)1 << (sign ? bits - 1 : bits)) - 1;

    if (!source(w, in, v)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        int64_t value = (int64_t)integer(v[i], in->stype, in->sub,
                                         in->mods & SASS_M_SIGN_B);

        value = in->mods & SASS_M_ABS_B && value < 0 ? -value : value;
        value = in->mods & SASS_M_NEG_B ? -value : value;
        if (in->mods & SASS_M_SAT) {
            value = clamp_s(value, low, high);
        }
        out[i] = (uint32_t)integer((uint64_t)value, in->dtype, 0, sign);
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

double sass_from_f16(uint32_t half)
{
    unsigned exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    double value;

    if (exponent == 31) {
        value = fraction ? NAN : INFINITY;
    } else if (exponent == 0) {
        value = ldexp(fraction, -24);
    } else {
        value = ldexp(fraction + 1024, (int)exponent - 25);
    }
    return half & 0x8000 ? -value : value;
}

static double round_integer(double v, unsigned rnd)
{
    switch (rnd) {
    case SASS_RM:
        return floor(v);
    case SASS_RP:
        return ceil(v);
    case SASS_RZ_MODE:
        return trunc(v);
    default:
        return nearbyint(v);
    }
}

uint32_t sass_to_f16(double v, unsigned rnd)
{
    uint32_t sign = signbit(v) ? 0x8000 : 0;
    double magnitude = fabs(v), units;
    int exponent;

    if (v != v) {
        return 0x7fff;
    }
    if (isinf(v)) {
        return sign | 0x7c00;
    }
    /* Towards zero or away from it, as the sign has it. */
    if (sign && (rnd == SASS_RM || rnd == SASS_RP)) {
        rnd = rnd == SASS_RM ? SASS_RP : SASS_RM;
    }
    if (magnitude >= 65536) {
        return sign | (rnd == SASS_RM || rnd == SASS_RZ_MODE ? 0x7bff
                                                             : 0x7c00);
    }
    exponent = magnitude < 0x1p-14 ? -14 : ilogb(magnitude);
    units = round_integer(ldexp(magnitude, 10 - exponent), rnd);
    if (units < 1024) {
        return sign | (uint32_t)units;
    }
    /* A carry out of the fraction counts the exponent up by itself. */
    return sign | (((uint32_t)(exponent + 15) << 10) + (uint32_t)units - 1024);
}

/* Writes doubles as floats of the destination's size. */
static void put_float(SassWarp *w, const SassInsn *in, uint32_t mask,
                      const double *v)
{
    uint64_t wide[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];

    SASS_LANES(i) {
        double value = v[i];

        if (in->mods & SASS_M_SAT) {
            value = value > 1 ? 1 : value > 0 ? value : 0;
        }
        wide[i] = value == value ? sass_d2u(value) : SASS_F64_NAN;
        out[i] = in->dtype == 1 ? sass_to_f16(value, in->rnd) :
                 value == value ? sass_f2u(sass_round_f32(value, in->rnd)) :
                 SASS_F32_NAN;
        if (in->mods & SASS_M_FTZ && in->dtype == 2) {
            out[i] = sass_flush_f32(out[i]);
        }
    }
    if (in->dtype == 3) {
        sass_put64(w, in->rd, mask, wide);
    } else {
        sass_put(w, in->rd, 0, mask, out);
    }
    if (in->mods & SASS_M_CC) {
        SASS_LANES(i) {
            wide[i] = in->dtype == 1 ? sass_d2u(sass_from_f16(out[i])) :
                      in->dtype == 2 ? sass_d2u(sass_u2f(out[i])) : wide[i];
        }
        sass_cc_double(w, mask, wide);
    }
}

/* The float operand as a double; false: a constant could not be read. */
static bool float_source(SassWarp *w, const SassInsn *in, double *v)
{
    uint64_t raw[SASS_WARP_LANES];

    if (!source(w, in, raw)) {
        return false;
    }
    SASS_LANES(i) {
        uint32_t low = (uint32_t)raw[i];

        if (in->stype == 1) {
            v[i] = sass_from_f16(low >> (16 * in->sub) & 0xffff);
        } else if (in->stype == 2) {
            v[i] = sass_u2f(in->mods & SASS_M_FTZ ? sass_flush_f32(low)
                                                  : low);
        } else {
            v[i] = sass_u2d(raw[i]);
        }
        v[i] = in->mods & SASS_M_ABS_B ? fabs(v[i]) : v[i];
        v[i] = in->mods & SASS_M_NEG_B ? -v[i] : v[i];
    }
    return true;
}

SASS_EXEC(f2f)
{
    double v[SASS_WARP_LANES];

    if (!float_source(w, in, v)) {
        return SASS_STEP_FAULT;
    }
    if (in->mods & SASS_M_ROUND_INT) {
        SASS_LANES(i) {
            v[i] = round_integer(v[i], in->rnd);
        }
    }
    put_float(w, in, mask, v);
    return SASS_STEP_NEXT;
}

/* Out of range saturates; NaN is 0: PTX ISA, cvt. */
static uint64_t to_integer(double v, unsigned bits, bool sign)
{
    double limit = ldexp(1, sign ? bits - 1 : bits);

    if (v != v) {
        return 0;
    }
    if (v >= limit) {
        return sign ? (1ull << (bits - 1)) - 1 : ~0ull >> (64 - bits);
    }
    if (!sign) {
        return v <= 0 ? 0 : (uint64_t)v;
    }
    if (v <= -limit) {
        return 0 - (1ull << (bits - 1));
    }
    return (uint64_t)(int64_t)v;
}

SASS_EXEC(f2i)
{
    double v[SASS_WARP_LANES];
    uint64_t wide[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    unsigned bits = 8u << in->dtype;

    if (!float_source(w, in, v)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        wide[i] = to_integer(round_integer(v[i], in->rnd), bits,
                             in->mods & SASS_M_SIGN_A);
        out[i] = (uint32_t)wide[i];
    }
    if (in->dtype == 3) {
        sass_put64(w, in->rd, mask, wide);
        /* Zero and sign of all 64 bits. */
        SASS_LANES(i) {
            out[i] = (uint32_t)(wide[i] >> 32) | (out[i] != 0);
        }
    } else {
        sass_put(w, in->rd, 0, mask, out);
    }
    sass_cc_logic(w, in, mask, out);
    return SASS_STEP_NEXT;
}

/*
 * An integer rounded to @precision bits, as a double, which has room for it.
 */
static double round_magnitude(uint64_t v, bool negative, unsigned precision,
                              unsigned rnd)
{
    unsigned length = v ? 64 - __builtin_clzll(v) : 0, drop;
    uint64_t rest, half, kept;
    bool up;

    if (length <= precision) {
        return negative ? -(double)v : (double)v;
    }
    drop = length - precision;
    rest = v & ((1ull << drop) - 1);
    half = 1ull << (drop - 1);
    kept = v >> drop;
    switch (rnd) {
    case SASS_RM:
        up = negative && rest;
        break;
    case SASS_RP:
        up = !negative && rest;
        break;
    case SASS_RZ_MODE:
        up = false;
        break;
    default:
        up = rest > half || (rest == half && kept & 1);
        break;
    }
    return ldexp((double)(kept + up), drop) * (negative ? -1 : 1);
}

SASS_EXEC(i2f)
{
    uint64_t raw[SASS_WARP_LANES];
    double v[SASS_WARP_LANES];
    bool sign = in->mods & SASS_M_SIGN_B;
    /* sass_to_f16() rounds by itself, and what it can hold is exact here. */
    unsigned precision = in->dtype == 2 ? 24 : 53;

    if (!source(w, in, raw)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint64_t value = integer(raw[i], in->stype, in->sub, sign);
        bool negative = sign && value >> 63;

        value = negative ? 0 - value : value;
        negative = negative && !(in->mods & SASS_M_ABS_B);
        negative ^= value && in->mods & SASS_M_NEG_B;
        v[i] = round_magnitude(value, negative, precision, in->rnd);
        v[i] = value ? v[i] : 0;
    }
    put_float(w, in, mask, v);
    return SASS_STEP_NEXT;
}
