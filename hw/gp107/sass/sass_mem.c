/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: memory.
 *
 * An access finds the place of every lane first, and touches memory and
 * registers only when all of them were found; that makes it restartable.
 */
#include <stdlib.h>
#include <string.h>

#include "sass_insn.h"

/* SetShaderLocalMemoryWindow and its sister span 16 MiB (clc1c0.h). */
#define WINDOW_SIZE (1u << 24)

/* Where the access of each lane goes: @host, or else @phys. */
typedef struct Place {
    uint8_t *host[SASS_WARP_LANES];
    SassPhys phys[SASS_WARP_LANES];
} Place;

static uint32_t load_word(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

static void store_word(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)(value >> 16);
    p[3] = (uint8_t)(value >> 24);
}

/* NULL: out of range. */
static uint8_t *local_at(SassWarp *w, unsigned lane, uint32_t addr,
                         unsigned size)
{
    uint32_t limit = w->cfg.local_size;

    if (size > limit || addr > limit - size) {
        return NULL;
    }
    if (!w->local) {
        w->local = calloc(SASS_WARP_LANES, limit);
        if (!w->local) {
            return NULL;
        }
    }
    return w->local + (size_t)lane * limit + addr;
}

static uint8_t *shared_at(SassWarp *w, uint32_t addr, unsigned size)
{
    uint32_t limit = w->cfg.cta->shared_size;

    if (!w->cfg.cta->shared || size > limit || addr > limit - size) {
        return NULL;
    }
    return w->cfg.cta->shared + addr;
}

/* A window at 0 was never set: everything there is global. */
static bool in_window(uint64_t window, uint64_t va)
{
    return window && va - window < WINDOW_SIZE;
}

/* Places for generic addresses; FAULT leaves everything as it was. */
static SassStep place_generic(SassWarp *w, const SassInsn *in, uint32_t mask,
                              unsigned size, SassAccess access, Place *place)
{
    const uint32_t *low = sass_row(w, in->ra, 0);
    const uint32_t *high = sass_row(w, in->ra, 1);
    uint64_t offset = (uint64_t)(int64_t)(int32_t)in->imm;
    uint64_t va[SASS_WARP_LANES];
    uint32_t global = 0;
    bool fault = false;

    SASS_EACH(i, mask) {
        if (in->mods & SASS_M_E) {
            va[i] = (low[i] | (uint64_t)high[i] << 32) + offset;
        } else {
            va[i] = low[i] + in->imm;
        }
        if (va[i] & (size - 1)) {
            return sass_trap(w, SASS_TRAP_MISALIGNED);
        }
        if (in_window(w->cfg.local_window, va[i])) {
            /* Atomics work on memory that lanes have in common. */
            place->host[i] = access == SASS_ATOMIC ? NULL :
                local_at(w, i, (uint32_t)(va[i] - w->cfg.local_window), size);
        } else if (in_window(w->cfg.shared_window, va[i])) {
            place->host[i] =
                shared_at(w, (uint32_t)(va[i] - w->cfg.shared_window), size);
        } else {
            place->host[i] = NULL;
            global |= 1u << i;
            continue;
        }
        if (!place->host[i]) {
            return sass_trap(w, SASS_TRAP_OUT_OF_RANGE);
        }
    }
    SASS_EACH(i, global) {
        if (!w->ops->translate(w->opaque, va[i], size, access,
                               &place->phys[i])) {
            fault = true;
        }
    }
    return fault ? SASS_STEP_FAULT : SASS_STEP_NEXT;
}

static SassStep place_own(SassWarp *w, const SassInsn *in, uint32_t mask,
                          unsigned size, bool shared, Place *place)
{
    const uint32_t *a = sass_row(w, in->ra, 0);

    for (; mask; mask &= mask - 1) {
        unsigned i = __builtin_ctz(mask);
        uint32_t addr = a[i] + in->imm;

        if (addr & (size - 1)) {
            return sass_trap(w, SASS_TRAP_MISALIGNED);
        }
        place->host[i] = shared ? shared_at(w, addr, size)
                                : local_at(w, i, addr, size);
        if (!place->host[i]) {
            return sass_trap(w, SASS_TRAP_OUT_OF_RANGE);
        }
    }
    return SASS_STEP_NEXT;
}

static unsigned size_bytes(unsigned size)
{
    static const uint8_t bytes[7] = { 1, 1, 2, 2, 4, 8, 16 };

    return bytes[size];
}

static uint32_t extend(uint32_t value, unsigned size)
{
    switch (size) {
    case SASS_SIZE_U8:
        return value & 0xff;
    case SASS_SIZE_S8:
        return sass_sext(value & 0xff, 8);
    case SASS_SIZE_U16:
        return value & 0xffff;
    case SASS_SIZE_S16:
        return sass_sext(value & 0xffff, 16);
    default:
        return value;
    }
}

static void load(SassWarp *w, const SassInsn *in, uint32_t mask,
                 const Place *place)
{
    unsigned size = size_bytes(in->sub), words = (size + 3) / 4;
    uint32_t out[4][SASS_WARP_LANES];

    SASS_EACH(i, mask) {
        uint8_t buf[16] = { 0 };

        if (place->host[i]) {
            memcpy(buf, place->host[i], size);
        } else {
            w->ops->read(w->opaque, &place->phys[i], buf, size);
        }
        for (unsigned k = 0; k < words; k++) {
            out[k][i] = load_word(buf + 4 * k);
        }
        out[0][i] = extend(out[0][i], in->sub);
    }
    for (unsigned k = 0; k < words; k++) {
        sass_put(w, in->rd, k, mask, out[k]);
    }
}

static void store(SassWarp *w, const SassInsn *in, uint32_t mask,
                  const Place *place)
{
    unsigned size = size_bytes(in->sub), words = (size + 3) / 4;

    for (; mask; mask &= mask - 1) {
        unsigned i = __builtin_ctz(mask);
        uint8_t buf[16];

        for (unsigned k = 0; k < words; k++) {
            store_word(buf + 4 * k, sass_row(w, in->rd, k)[i]);
        }
        if (place->host[i]) {
            memcpy(place->host[i], buf, size);
        } else {
            w->ops->write(w->opaque, &place->phys[i], buf, size);
        }
    }
}

SASS_EXEC(ld)
{
    Place place;
    SassStep result = place_generic(w, in, mask, size_bytes(in->sub),
                                    SASS_READ, &place);

    if (result == SASS_STEP_NEXT) {
        load(w, in, mask, &place);
    }
    return result;
}

SASS_EXEC(st)
{
    Place place;
    SassStep result = place_generic(w, in, mask, size_bytes(in->sub),
                                    SASS_WRITE, &place);

    if (result == SASS_STEP_NEXT) {
        store(w, in, mask, &place);
    }
    return result;
}

SASS_EXEC(ldst_local)
{
    Place place;
    SassStep result = place_own(w, in, mask, size_bytes(in->sub), false,
                                &place);

    if (result != SASS_STEP_NEXT) {
        return result;
    }
    if (in->op == SASS_OP_LDL) {
        load(w, in, mask, &place);
    } else {
        store(w, in, mask, &place);
    }
    return result;
}

SASS_EXEC(ldst_shared)
{
    Place place;
    SassStep result = place_own(w, in, mask, size_bytes(in->sub), true,
                                &place);

    if (result != SASS_STEP_NEXT) {
        return result;
    }
    if (in->op == SASS_OP_LDS) {
        load(w, in, mask, &place);
    } else {
        store(w, in, mask, &place);
    }
    return result;
}

/* A constant, of which @bank and @offset are those of one lane. */
static bool constant(SassWarp *w, const SassInsn *in, unsigned bank,
                     uint32_t offset, uint32_t *value)
{
    unsigned words = in->sub == SASS_SIZE_64 ? 2 : 1;

    for (unsigned k = 0; k < words; k++) {
        if (!w->ops->constant(w->opaque, bank, (offset & ~3u) + 4 * k,
                              &value[k])) {
            return false;
        }
    }
    value[0] = extend(value[0] >> (offset & 3) * 8, in->sub);
    return true;
}

SASS_EXEC(ldc)
{
    const uint32_t *a = sass_row(w, in->ra, 0);
    unsigned size = size_bytes(in->sub);
    uint32_t out[2][SASS_WARP_LANES];

    SASS_EACH(i, mask) {
        uint32_t value[2] = { 0 }, offset = in->imm + a[i];
        unsigned bank = in->cb_bank;

        if (in->bop == 2) {         /* IS: the upper half counts banks */
            bank += a[i] >> 16;
            offset = in->imm + (a[i] & 0xffff);
        } else if (in->ra != SASS_RZ) {
            offset = sass_sext(in->imm, 16) + a[i];
        }
        if (offset & (size - 1)) {
            return sass_trap(w, SASS_TRAP_MISALIGNED);
        }
        if (bank > 31) {
            return sass_trap(w, SASS_TRAP_OUT_OF_RANGE);
        }
        if (!constant(w, in, bank, offset, value)) {
            return SASS_STEP_FAULT;
        }
        out[0][i] = value[0];
        out[1][i] = value[1];
    }
    sass_put(w, in->rd, 0, mask, out[0]);
    if (in->sub == SASS_SIZE_64) {
        sass_put(w, in->rd, 1, mask, out[1]);
    }
    return SASS_STEP_NEXT;
}

unsigned sass_atomic_size(SassAtomType type)
{
    return type == SASS_TYPE_U64 || type == SASS_TYPE_S64 ||
           type == SASS_TYPE_F64 ? 8 : 4;
}

static uint64_t add_float(SassAtomType type, uint64_t old, uint64_t operand)
{
    uint32_t a = (uint32_t)old, b = (uint32_t)operand, r;
    double d;

    switch (type) {
    case SASS_TYPE_F32:             /* always .FTZ.RN */
        r = sass_f2u(sass_u2f(sass_flush_f32(a)) +
                     sass_u2f(sass_flush_f32(b)));
        return (r & 0x7fffffff) > 0x7f800000 ? SASS_F32_NAN
                                             : sass_flush_f32(r);
    case SASS_TYPE_F16X2:
        return sass_to_f16(sass_from_f16(a & 0xffff) +
                           sass_from_f16(b & 0xffff), SASS_RN) |
               sass_to_f16(sass_from_f16(a >> 16) + sass_from_f16(b >> 16),
                           SASS_RN) << 16;
    default:
        d = sass_u2d(old) + sass_u2d(operand);
        return d == d ? sass_d2u(d) : SASS_F64_NAN;
    }
}

uint64_t sass_atomic_result(SassAtomOp op, SassAtomType type, uint64_t old,
                            uint64_t operand, uint64_t compare)
{
    uint64_t all = sass_atomic_size(type) == 8 ? ~0ull : 0xffffffffu;
    uint64_t sign = type == SASS_TYPE_S64 ? 1ull << 63 :
                    type == SASS_TYPE_S32 ? 1u << 31 : 0;
    uint64_t result = old;

    old &= all;
    operand &= all;
    switch (op) {
    case SASS_ATOM_ADD:
        result = type == SASS_TYPE_F32 || type == SASS_TYPE_F16X2 ||
                 type == SASS_TYPE_F64 ? add_float(type, old, operand)
                                       : old + operand;
        break;
    case SASS_ATOM_SAFEADD:
        result = old + operand;
        break;
    case SASS_ATOM_MIN:
        result = (operand ^ sign) < (old ^ sign) ? operand : old;
        break;
    case SASS_ATOM_MAX:
        result = (operand ^ sign) > (old ^ sign) ? operand : old;
        break;
    case SASS_ATOM_INC:
        result = old >= operand ? 0 : old + 1;
        break;
    case SASS_ATOM_DEC:
        result = old == 0 || old > operand ? operand : old - 1;
        break;
    case SASS_ATOM_AND:
        result = old & operand;
        break;
    case SASS_ATOM_OR:
        result = old | operand;
        break;
    case SASS_ATOM_XOR:
        result = old ^ operand;
        break;
    case SASS_ATOM_EXCH:
        result = operand;
        break;
    case SASS_ATOM_CAS:
        result = old == (compare & all) ? operand : old;
        break;
    }
    return result & all;
}

/* One lane's read-modify-write on shared memory. */
static uint64_t atomic_host(const SassInsn *in, uint8_t *p, uint64_t operand,
                            uint64_t compare)
{
    bool wide = sass_atomic_size(in->dtype) == 8;
    uint64_t old = load_word(p), result;

    if (wide) {
        old |= (uint64_t)load_word(p + 4) << 32;
    }
    result = sass_atomic_result(in->sub, in->dtype, old, operand, compare);
    store_word(p, (uint32_t)result);
    if (wide) {
        store_word(p + 4, (uint32_t)(result >> 32));
    }
    return old;
}

/* Lanes in order, each once; the old values go to rd. */
static void atomic_lanes(SassWarp *w, const SassInsn *in, uint32_t mask,
                         const Place *place)
{
    unsigned words = sass_atomic_size(in->dtype) / 4;
    uint64_t first[SASS_WARP_LANES], second[SASS_WARP_LANES] = { 0 };
    uint32_t out[2][SASS_WARP_LANES];

    /* CAS: the value to compare with comes before the new one. */
    SASS_LANES(i) {
        first[i] = sass_row(w, in->rb, 0)[i];
        if (words == 2) {
            first[i] |= (uint64_t)sass_row(w, in->rb, 1)[i] << 32;
        }
        if (in->sub == SASS_ATOM_CAS) {
            second[i] = sass_row(w, in->rb, words)[i];
            if (words == 2) {
                second[i] |= (uint64_t)sass_row(w, in->rb, 3)[i] << 32;
            }
        }
    }
    SASS_EACH(i, mask) {
        bool cas = in->sub == SASS_ATOM_CAS;
        uint64_t operand = cas ? second[i] : first[i];
        uint64_t compare = cas ? first[i] : 0;
        uint64_t old;

        if (place->host[i]) {
            old = atomic_host(in, place->host[i], operand, compare);
        } else {
            old = w->ops->atomic(w->opaque, &place->phys[i], in->sub,
                                 in->dtype, operand, compare);
        }
        out[0][i] = (uint32_t)old;
        out[1][i] = (uint32_t)(old >> 32);
    }
    for (unsigned k = 0; k < words; k++) {
        sass_put(w, in->rd, k, mask, out[k]);
    }
}

SASS_EXEC(atom)
{
    Place place;
    SassStep result = place_generic(w, in, mask, sass_atomic_size(in->dtype),
                                    SASS_ATOMIC, &place);

    if (result == SASS_STEP_NEXT) {
        atomic_lanes(w, in, mask, &place);
    }
    return result;
}

SASS_EXEC(atoms)
{
    Place place;
    SassStep result = place_own(w, in, mask, sass_atomic_size(in->dtype),
                                true, &place);

    if (result == SASS_STEP_NEXT) {
        atomic_lanes(w, in, mask, &place);
    }
    return result;
}
