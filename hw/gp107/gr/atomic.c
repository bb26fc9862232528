/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atomic operations of shaders on memory (PTX ISA, atom). */
#include "atomic.h"

#include <string.h>

static float as_f32(uint64_t bits)
{
    uint32_t word = bits;
    float val;

    memcpy(&val, &word, sizeof(val));
    return val;
}

static uint64_t f32_bits(float val)
{
    uint32_t word;

    memcpy(&word, &val, sizeof(word));
    return word;
}

static double as_f64(uint64_t bits)
{
    double val;

    memcpy(&val, &bits, sizeof(val));
    return val;
}

static uint64_t f64_bits(double val)
{
    uint64_t bits;

    memcpy(&bits, &val, sizeof(bits));
    return bits;
}

static float half_value(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f;
    uint32_t mantissa = half & 0x3ff;

    if (exponent == 0x1f) {
        return as_f32(sign | 0x7f800000 | mantissa << 13);
    }
    if (exponent == 0) {
        float tiny = mantissa * (1.0f / 16777216.0f);

        return sign ? -tiny : tiny;
    }
    return as_f32(sign | (exponent + 112) << 23 | mantissa << 13);
}

/* Rounds to nearest, ties to even. */
static uint32_t half_bits(float val)
{
    uint32_t bits = f32_bits(val);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    uint32_t shift, mantissa, half, rest, tie;

    if (magnitude >= 0x7f800000) {
        return sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0);
    }
    if (magnitude >= 0x477ff000) {
        return sign | 0x7c00;
    }
    if (magnitude < 0x33000000) {
        return sign;
    }
    if (magnitude < 0x38800000) {
        shift = 126 - (magnitude >> 23);
        mantissa = (magnitude & 0x7fffff) | 0x800000;
        half = mantissa >> shift;
    } else {
        shift = 13;
        mantissa = magnitude - 0x38000000;
        half = mantissa >> shift;
    }
    rest = mantissa & ((1u << shift) - 1);
    tie = 1u << (shift - 1);
    if (rest > tie || (rest == tie && (half & 1))) {
        half++;
    }
    return sign | half;
}

static uint64_t add(SassAtomType type, uint64_t old, uint64_t val)
{
    switch (type) {
    case SASS_TYPE_F32:
        return f32_bits(as_f32(old) + as_f32(val));
    case SASS_TYPE_F64:
        return f64_bits(as_f64(old) + as_f64(val));
    case SASS_TYPE_F16X2:
        return half_bits(half_value(old & 0xffff) +
                         half_value(val & 0xffff)) |
               half_bits(half_value(old >> 16 & 0xffff) +
                         half_value(val >> 16 & 0xffff)) << 16;
    default:
        return old + val;
    }
}

static bool less(SassAtomType type, uint64_t a, uint64_t b)
{
    switch (type) {
    case SASS_TYPE_S32:
        return (int32_t)a < (int32_t)b;
    case SASS_TYPE_S64:
        return (int64_t)a < (int64_t)b;
    case SASS_TYPE_F32:
        return as_f32(a) < as_f32(b);
    case SASS_TYPE_F64:
        return as_f64(a) < as_f64(b);
    default:
        return a < b;
    }
}

static uint64_t apply(SassAtomOp op, SassAtomType type, uint64_t old,
                      uint64_t val, uint64_t compare)
{
    switch (op) {
    case SASS_ATOM_ADD:
    case SASS_ATOM_SAFEADD:
        return add(type, old, val);
    case SASS_ATOM_MIN:
        return less(type, val, old) ? val : old;
    case SASS_ATOM_MAX:
        return less(type, old, val) ? val : old;
    case SASS_ATOM_INC:
        return old >= val ? 0 : old + 1;
    case SASS_ATOM_DEC:
        return old == 0 || old > val ? val : old - 1;
    case SASS_ATOM_AND:
        return old & val;
    case SASS_ATOM_OR:
        return old | val;
    case SASS_ATOM_XOR:
        return old ^ val;
    case SASS_ATOM_CAS:
        return old == compare ? val : old;
    case SASS_ATOM_EXCH:
    default:
        return val;
    }
}

static unsigned type_size(SassAtomType type)
{
    switch (type) {
    case SASS_TYPE_U64:
    case SASS_TYPE_S64:
    case SASS_TYPE_F64:
        return 8;
    default:
        return 4;
    }
}

uint64_t gp_gr_atomic(Gp107 *gpu, GpAperture ap, uint64_t addr, SassAtomOp op,
                      SassAtomType type, uint64_t operand, uint64_t compare)
{
    unsigned size = type_size(type);
    uint64_t mask = size == 8 ? ~(uint64_t)0 : 0xffffffff;
    uint64_t old = size == 8 ? gp_mem_read64(gpu, ap, addr)
                             : gp_mem_read32(gpu, ap, addr);
    uint64_t seen, val;

    for (;;) {
        val = apply(op, type, old, operand & mask, compare & mask) & mask;
        if (!gp_mem_cmpxchg(gpu, ap, addr, size, old, val, &seen) ||
            seen == old) {
            return old;
        }
        /* Somebody else's exchange won, so memory got on: try again. */
        old = seen;
    }
}
