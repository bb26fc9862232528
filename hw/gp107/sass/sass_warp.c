/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: the warp, its run loop, and the access to registers, predicates,
 * condition code and operands that all instructions share.
 */
#include <stdlib.h>
#include <string.h>

#include "sass_insn.h"

/* Registers are given to a warp in units of this many a lane. */
#define REG_UNIT 8

/* A lane's local memory is at most this large, as on the hardware. */
#define LOCAL_MAX (512 * 1024)

SassWarp *sass_warp_new(const SassWarpConfig *cfg)
{
    SassWarp *w = aligned_alloc(_Alignof(SassWarp), sizeof(*w));
    uint32_t threads = cfg->threads;

    if (!w) {
        return NULL;
    }
    memset(w, 0, sizeof(*w));
    w->cfg = *cfg;
    if (threads > SASS_WARP_LANES) {
        threads = SASS_WARP_LANES;
    }
    if (w->cfg.local_size > LOCAL_MAX) {
        w->cfg.local_size = LOCAL_MAX;
    }
    w->launched = (uint32_t)((1ull << threads) - 1);
    w->active = w->launched;
    w->pc = cfg->entry;
    w->regs = cfg->regs < SASS_REGS ? cfg->regs : SASS_REGS;
    w->regs = (w->regs + REG_UNIT - 1) / REG_UNIT * REG_UNIT;
    if (w->regs > SASS_REGS) {
        w->regs = SASS_REGS;
    }
    w->pred[SASS_PT] = SASS_ALL_LANES;
    w->state = w->active ? SASS_READY : SASS_EXITED;
    return w;
}

void sass_warp_free(SassWarp *w)
{
    if (w) {
        free(w->local);
        free(w);
    }
}

SassState sass_warp_state(const SassWarp *w)
{
    return w->state;
}

SassTrap sass_warp_trap(const SassWarp *w)
{
    return w->trap;
}

uint32_t sass_warp_pc(const SassWarp *w)
{
    return w->pc;
}

const char *sass_trap_name(SassTrap trap)
{
    switch (trap) {
    case SASS_TRAP_NONE:
        return "none";
    case SASS_TRAP_ILLEGAL_INSTRUCTION:
        return "illegal instruction";
    case SASS_TRAP_ILLEGAL_ENCODING:
        return "illegal encoding";
    case SASS_TRAP_MISALIGNED:
        return "misaligned";
    case SASS_TRAP_OUT_OF_RANGE:
        return "out of range";
    case SASS_TRAP_STACK:
        return "token stack";
    case SASS_TRAP_BARRIER:
        return "barrier";
    }
    return "unknown";
}

SassStep sass_trap(SassWarp *w, SassTrap trap)
{
    w->trap = trap;
    return SASS_STEP_TRAP;
}

void sass_put(SassWarp *w, unsigned reg, unsigned k, uint32_t mask,
              const uint32_t *value)
{
    uint32_t *row = sass_out(w, reg, k);

    if (mask == SASS_ALL_LANES) {
        memcpy(row, value, SASS_WARP_LANES * sizeof(*row));
        return;
    }
    for (; mask; mask &= mask - 1) {
        unsigned i = __builtin_ctz(mask);

        row[i] = value[i];
    }
}

void sass_get64(const SassWarp *w, unsigned reg, uint64_t *value)
{
    const uint32_t *lo = sass_row(w, reg, 0), *hi = sass_row(w, reg, 1);

    SASS_LANES(i) {
        value[i] = lo[i] | (uint64_t)hi[i] << 32;
    }
}

void sass_put64(SassWarp *w, unsigned reg, uint32_t mask,
                const uint64_t *value)
{
    uint32_t lo[SASS_WARP_LANES], hi[SASS_WARP_LANES];

    SASS_LANES(i) {
        lo[i] = (uint32_t)value[i];
        hi[i] = (uint32_t)(value[i] >> 32);
    }
    sass_put(w, reg, 0, mask, lo);
    sass_put(w, reg, 1, mask, hi);
}

uint32_t sass_to_mask(const uint32_t *flag)
{
    uint32_t mask = 0;

    SASS_LANES(i) {
        mask |= flag[i] << i;
    }
    return mask;
}

void sass_set_pred(SassWarp *w, unsigned pred, uint32_t mask, uint32_t value)
{
    if (pred != SASS_PT) {
        w->pred[pred] = (w->pred[pred] & ~mask) | (value & mask);
    }
}

uint32_t sass_get_pred(const SassWarp *w, unsigned ref)
{
    uint32_t value = w->pred[ref & 7];

    return ref & SASS_P_NOT ? ~value : value;
}

uint32_t sass_bop(unsigned bop, uint32_t a, uint32_t b)
{
    return bop == 0 ? a & b : bop == 1 ? a | b : a ^ b;
}

void sass_cc_set(SassWarp *w, uint32_t mask, uint32_t z, uint32_t s,
                 uint32_t c, uint32_t o)
{
    w->cc_z = (w->cc_z & ~mask) | (z & mask);
    w->cc_s = (w->cc_s & ~mask) | (s & mask);
    w->cc_c = (w->cc_c & ~mask) | (c & mask);
    w->cc_o = (w->cc_o & ~mask) | (o & mask);
}

void sass_cc_logic(SassWarp *w, const SassInsn *in, uint32_t mask,
                   const uint32_t *value)
{
    uint32_t z = 0, s = 0;

    if (!(in->mods & SASS_M_CC)) {
        return;
    }
    SASS_LANES(i) {
        z |= (uint32_t)(value[i] == 0) << i;
        s |= (value[i] >> 31) << i;
    }
    if (in->mods & SASS_M_X) {
        z &= w->cc_z;
    }
    sass_cc_set(w, mask, z, s, 0, 0);
}

/* CSM_*, FCSM_* and the R* tests belong to clipping in vertex programs. */
bool sass_cc_known(unsigned cond)
{
    return cond < 0x18;
}

/* envytools, docs/hw/graph/tesla/cuda/isa, predicates. */
uint32_t sass_cc_test(const SassWarp *w, unsigned cond)
{
    uint32_t z = w->cc_z, s = w->cc_s, c = w->cc_c, o = w->cc_o;

    switch (cond) {
    case 0x0:
        return 0;
    case 0x1:
        return (s & ~z) ^ o;
    case 0x2:
        return z & ~s;
    case 0x3:
        return s ^ (z | o);
    case 0x4:
        return ~z & ~(s ^ o);
    case 0x5:
        return ~z;
    case 0x6:
        return ~(s ^ o);
    case 0x7:
        return ~z | ~s;
    case 0x8:
        return z & s;
    case 0x9:
        return s ^ o;
    case 0xa:
        return z;
    case 0xb:
        return z | (s ^ o);
    case 0xc:
        return ~s ^ (z | o);
    case 0xd:
        return ~z | s;
    case 0xe:
        return (~s | z) ^ o;
    case 0x10:
        return ~o;
    case 0x11:
        return ~c;
    case 0x12:
        return ~s;
    case 0x13:
        return ~c | z;
    case 0x14:
        return c & ~z;
    case 0x15:
        return s;
    case 0x16:
        return c;
    case 0x17:
        return o;
    default:
        return SASS_ALL_LANES;
    }
}

static void fill(uint32_t *buf, uint32_t value)
{
    SASS_LANES(i) {
        buf[i] = value;
    }
}

static bool constant(SassWarp *w, const SassInsn *in, unsigned k,
                     uint32_t *value)
{
    return w->ops->constant(w->opaque, in->cb_bank, in->cb_offset + 4 * k,
                            value);
}

bool sass_src_b(SassWarp *w, const SassInsn *in, uint32_t *buf,
                const uint32_t **b)
{
    uint32_t value = in->imm;

    switch (in->form) {
    case SASS_FORM_R:
    case SASS_FORM_RC:
        *b = sass_row(w, in->rb, 0);
        return true;
    case SASS_FORM_C:
        if (!constant(w, in, 0, &value)) {
            return false;
        }
        break;
    default:
        break;
    }
    fill(buf, value);
    *b = buf;
    return true;
}

bool sass_src_c(SassWarp *w, const SassInsn *in, uint32_t *buf,
                const uint32_t **c)
{
    uint32_t value;

    if (in->form != SASS_FORM_RC) {
        *c = sass_row(w, in->rc, 0);
        return true;
    }
    if (!constant(w, in, 0, &value)) {
        return false;
    }
    fill(buf, value);
    *c = buf;
    return true;
}

static bool constant64(SassWarp *w, const SassInsn *in, uint64_t *value)
{
    uint32_t lo, hi;

    if (!constant(w, in, 0, &lo) || !constant(w, in, 1, &hi)) {
        return false;
    }
    SASS_LANES(i) {
        value[i] = lo | (uint64_t)hi << 32;
    }
    return true;
}

bool sass_src_b64(SassWarp *w, const SassInsn *in, uint64_t *b)
{
    uint64_t value;

    switch (in->form) {
    case SASS_FORM_R:
    case SASS_FORM_RC:
        sass_get64(w, in->rb, b);
        return true;
    case SASS_FORM_C:
        return constant64(w, in, b);
    case SASS_FORM_D:
        value = (uint64_t)in->imm << 32;
        break;
    default:
        value = (uint64_t)(int64_t)(int32_t)in->imm;
        break;
    }
    SASS_LANES(i) {
        b[i] = value;
    }
    return true;
}

bool sass_src_c64(SassWarp *w, const SassInsn *in, uint64_t *c)
{
    if (in->form == SASS_FORM_RC) {
        return constant64(w, in, c);
    }
    sass_get64(w, in->rc, c);
    return true;
}

static SassStep step(SassWarp *w, SassProgram *prog, uint64_t *lanes)
{
    SassInsn scratch;
    const SassInsn *in;
    uint32_t mask;
    SassStep result;

    if (w->pc & 7) {
        return sass_trap(w, SASS_TRAP_MISALIGNED);
    }
    /* Every fourth word carries the scheduling hints of the next three. */
    if (!(w->pc & 0x1f)) {
        w->pc += 8;
    }
    in = sass_program_insn(prog, w, w->pc, &scratch);
    if (!in) {
        return SASS_STEP_FAULT;
    }
    if (in->trap) {
        return sass_trap(w, in->trap);
    }
    if (in->top > w->regs) {
        return sass_trap(w, SASS_TRAP_OUT_OF_RANGE);
    }
    mask = w->active & sass_get_pred(w, in->guard);
    result = mask ? in->exec(w, in, mask) : SASS_STEP_NEXT;
    if (result == SASS_STEP_NEXT) {
        w->pc += 8;
    }
    if (result == SASS_STEP_NEXT || result == SASS_STEP_BRANCH) {
        *lanes += __builtin_popcount(mask);
    }
    return result;
}

SassState sass_warp_run(SassWarp *w, SassProgram *prog, const SassOps *ops,
                        void *opaque, unsigned budget,
                        uint64_t *lane_instructions)
{
    uint64_t lanes = 0;

    if (w->state == SASS_FAULTED) {
        w->state = SASS_READY;
    }
    w->ops = ops;
    w->opaque = opaque;
    while (budget-- && w->state == SASS_READY) {
        switch (step(w, prog, &lanes)) {
        case SASS_STEP_FAULT:
            w->state = SASS_FAULTED;
            break;
        case SASS_STEP_TRAP:
            w->state = SASS_TRAPPED;
            break;
        case SASS_STEP_WAIT:
            w->state = SASS_BARRIER;
            break;
        default:
            if (!w->active) {
                w->state = SASS_EXITED;
            }
            break;
        }
    }
    w->ops = NULL;
    w->opaque = NULL;
    *lane_instructions += lanes;
    return w->state;
}
