/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: control flow, and what a warp or CTA does together.
 *
 * A warp has one pc, a mask of active lanes, and a stack of tokens.  SSY, PBK,
 * PCNT, PRET and CAL push the active lanes with the place where they shall
 * meet again; a branch that lanes take differently pushes those that have to
 * come later.  SYNC, BRK, CONT and RET set lanes aside.  When no lane is
 * active any more, the top token is popped: it wakes those of its lanes that
 * were set aside for a token of its kind; the others wait on for a deeper
 * one, which is how BRK leaves a loop across the SSY tokens within.
 */
#include "sass_insn.h"

/* Wakes the next lanes. False: lanes wait for a token that does not exist. */
static bool unwind(SassWarp *w)
{
    while (!w->active && w->tokens) {
        const SassToken *t = &w->token[--w->tokens];

        w->active = t->lanes & w->waiting[t->type];
        w->waiting[t->type] &= ~w->active;
        w->pc = t->pc;
    }
    if (w->active) {
        return true;
    }
    for (unsigned i = 0; i < SASS_TOKEN_TYPES; i++) {
        if (w->waiting[i]) {
            return false;
        }
    }
    return true;
}

static bool push(SassWarp *w, SassTokenType type, uint32_t pc, uint32_t lanes)
{
    if (w->tokens == SASS_TOKENS) {
        return false;
    }
    w->token[w->tokens++] = (SassToken) {
        .type = type, .pc = pc, .lanes = lanes,
    };
    return true;
}

/* @lanes leave the active ones, to wait for a token of @type. */
static SassStep set_aside(SassWarp *w, uint32_t lanes, SassTokenType type)
{
    w->active &= ~lanes;
    w->waiting[type] |= lanes;
    if (w->active) {
        return SASS_STEP_NEXT;
    }
    if (!unwind(w)) {
        return sass_trap(w, SASS_TRAP_STACK);
    }
    return SASS_STEP_BRANCH;
}

/* Splits @lanes off to run at @pc later, when the rest is done. */
static bool diverge(SassWarp *w, uint32_t lanes, uint32_t pc)
{
    if (!push(w, SASS_TOKEN_DIVERGE, pc, lanes)) {
        return false;
    }
    w->waiting[SASS_TOKEN_DIVERGE] |= lanes;
    w->active &= ~lanes;
    return true;
}

SASS_EXEC(exit)
{
    mask &= sass_cc_test(w, in->cond);
    w->active &= ~mask;
    w->exited |= mask;
    if (w->active) {
        return SASS_STEP_NEXT;
    }
    if (!unwind(w)) {
        return sass_trap(w, SASS_TRAP_STACK);
    }
    return SASS_STEP_BRANCH;
}

/* False: the constant that holds the target could not be read. */
static bool target(SassWarp *w, const SassInsn *in, uint32_t *pc)
{
    uint32_t value = in->imm;

    if (in->mods & SASS_M_CONST_TARGET &&
        !w->ops->constant(w->opaque, in->cb_bank, in->cb_offset, &value)) {
        return false;
    }
    *pc = in->op == SASS_OP_JMP || in->op == SASS_OP_JCAL
          ? value : w->pc + 8 + value;
    return true;
}

SASS_EXEC(branch)
{
    uint32_t pc;

    mask &= sass_cc_test(w, in->cond);
    if (!mask) {
        return SASS_STEP_NEXT;
    }
    if (!target(w, in, &pc)) {
        return SASS_STEP_FAULT;
    }
    if (mask != w->active && !diverge(w, w->active & ~mask, w->pc + 8)) {
        return sass_trap(w, SASS_TRAP_STACK);
    }
    w->pc = pc;
    return SASS_STEP_BRANCH;
}

SASS_EXEC(branch_indexed)
{
    const uint32_t *a = sass_row(w, in->ra, 0);
    uint32_t pc[SASS_WARP_LANES], next = w->pc + 8;

    mask &= sass_cc_test(w, in->cond);
    if (!mask) {
        return SASS_STEP_NEXT;
    }
    SASS_EACH(i, mask) {
        pc[i] = a[i] + in->imm;
        if (in->mods & SASS_M_CONST_TARGET) {
            uint32_t at = a[i] + in->cb_offset;

            if (at & 3) {
                return sass_trap(w, SASS_TRAP_MISALIGNED);
            }
            if (!w->ops->constant(w->opaque, in->cb_bank, at, &pc[i])) {
                return SASS_STEP_FAULT;
            }
        }
        if (in->op == SASS_OP_BRX) {
            pc[i] += next;
        }
    }
    if (mask != w->active && !diverge(w, w->active & ~mask, next)) {
        return sass_trap(w, SASS_TRAP_STACK);
    }
    for (;;) {
        uint32_t first = pc[__builtin_ctz(w->active)], same = 0;

        SASS_EACH(i, w->active) {
            same |= (uint32_t)(pc[i] == first) << i;
        }
        if (same == w->active) {
            w->pc = first;
            return SASS_STEP_BRANCH;
        }
        if (!diverge(w, same, first)) {
            return sass_trap(w, SASS_TRAP_STACK);
        }
    }
}

SASS_EXEC(call)
{
    uint32_t pc;

    if (!target(w, in, &pc)) {
        return SASS_STEP_FAULT;
    }
    if (!push(w, SASS_TOKEN_RET, w->pc + 8, w->active)) {
        return sass_trap(w, SASS_TRAP_STACK);
    }
    w->pc = pc;
    return SASS_STEP_BRANCH;
}

SASS_EXEC(push)
{
    SassTokenType type = in->op == SASS_OP_SSY ? SASS_TOKEN_SSY :
                         in->op == SASS_OP_PBK ? SASS_TOKEN_PBK :
                         in->op == SASS_OP_PCNT ? SASS_TOKEN_PCNT :
                         SASS_TOKEN_RET;
    uint32_t pc;

    if (!target(w, in, &pc)) {
        return SASS_STEP_FAULT;
    }
    if (!push(w, type, pc, w->active)) {
        return sass_trap(w, SASS_TRAP_STACK);
    }
    return SASS_STEP_NEXT;
}

SASS_EXEC(pop)
{
    SassTokenType type = in->op == SASS_OP_SYNC ? SASS_TOKEN_SSY :
                         in->op == SASS_OP_BRK ? SASS_TOKEN_PBK :
                         in->op == SASS_OP_CONT ? SASS_TOKEN_PCNT :
                         SASS_TOKEN_RET;

    mask &= sass_cc_test(w, in->cond);
    if (!mask) {
        return SASS_STEP_NEXT;
    }
    return set_aside(w, mask, type);
}

SASS_EXEC(nop)
{
    return SASS_STEP_NEXT;
}

/* Values of S2R and CS2R: envydis/gm107.c, sys_sr. */
static uint32_t special(SassWarp *w, unsigned sr, unsigned lane, uint64_t time)
{
    const SassCta *cta = w->cfg.cta;
    uint32_t thread = w->cfg.warp * SASS_WARP_LANES + lane;
    uint32_t x = cta->block[0] ? cta->block[0] : 1;
    uint32_t y = cta->block[1] ? cta->block[1] : 1;
    uint32_t tid[3] = { thread % x, thread / x % y, thread / x / y };
    uint32_t bit = 1u << lane;

    switch (sr) {
    case 0x00:
        return lane;
    case 0x01:
    case 0x50:
    case 0x52:
        return (uint32_t)time;
    case 0x03:
        return (cta->virtual_sm & 0x1ff) << 20 | (w->cfg.warp & 0x3f) << 8;
    case 0x20:
        return (tid[0] & 0xffff) | (tid[1] & 0x3ff) << 16 | tid[2] << 26;
    case 0x21:
    case 0x22:
    case 0x23:
        return tid[sr - 0x21];
    case 0x25:
    case 0x26:
    case 0x27:
        return cta->ctaid[sr - 0x25];
    case 0x2e:
        return (uint32_t)(w->cfg.local_window >> 32);
    case 0x2f:
        return (uint32_t)(w->cfg.shared_window >> 32);
    case 0x30:
        return (uint32_t)w->cfg.shared_window;
    case 0x31:
    case 0x35:
        return 1u << 24;
    case 0x32:
        return cta->shared_size;
    case 0x34:
        return (uint32_t)w->cfg.local_window;
    case 0x36:
        return w->cfg.local_size;
    case 0x38:
        return bit;
    case 0x39:
        return bit - 1;
    case 0x3a:
        return (bit - 1) | bit;
    case 0x3b:
        return ~((bit - 1) | bit);
    case 0x3c:
        return ~(bit - 1);
    case 0x3d:
        return w->regs;
    case 0x51:
    case 0x53:
        return (uint32_t)(time >> 32);
    default:
        return 0;                   /* counters and state that we lack */
    }
}

SASS_EXEC(s2r)
{
    uint32_t out[SASS_WARP_LANES];
    uint64_t time = w->ops->clock(w->opaque);

    SASS_LANES(i) {
        out[i] = special(w, in->sub, i, time);
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(shfl)
{
    const uint32_t *a = sass_row(w, in->ra, 0);
    const uint32_t *rb = sass_row(w, in->rb, 0);
    const uint32_t *rc = sass_row(w, in->rc, 0);
    uint32_t out[SASS_WARP_LANES], found = 0;

    SASS_LANES(i) {
        uint32_t b = (in->mods & SASS_M_IMM_B ? in->shift : rb[i]) & 0x1f;
        uint32_t c = in->mods & SASS_M_IMM_C ? in->imm : rc[i];
        uint32_t segment = c >> 8 & 0x1f;
        uint32_t low = i & segment;
        uint32_t high = low | (c & 0x1f & ~segment);
        uint32_t from = i;
        bool ok;

        switch (in->sub) {
        case 0:                     /* IDX */
            from = low | (b & ~segment);
            ok = from <= high;
            break;
        case 1:                     /* UP: the clamp is a lower bound */
            from = i - b;
            ok = (int32_t)from >= (int32_t)high;
            break;
        case 2:                     /* DOWN */
            from = i + b;
            ok = from <= high;
            break;
        default:                    /* BFLY */
            from = i ^ b;
            ok = from <= high;
            break;
        }
        out[i] = a[ok ? from & 0x1f : i];
        found |= (uint32_t)ok << i;
    }
    sass_put(w, in->rd, 0, mask, out);
    sass_set_pred(w, in->pd0, mask, found);
    return SASS_STEP_NEXT;
}

SASS_EXEC(vote)
{
    uint32_t out[SASS_WARP_LANES];
    uint32_t vote = sass_get_pred(w, in->ps) & mask;
    bool all = vote == mask, any = vote != 0;
    bool result = in->sub == 0 ? all : in->sub == 1 ? any : all || !any;

    SASS_LANES(i) {
        out[i] = vote;
    }
    sass_put(w, in->rd, 0, mask, out);
    sass_set_pred(w, in->pd0, mask, result ? SASS_ALL_LANES : 0);
    return SASS_STEP_NEXT;
}

SASS_EXEC(bar)
{
    unsigned lane = __builtin_ctz(mask);
    uint32_t index = in->mods & SASS_M_IMM_B ? in->shift
                                             : sass_row(w, in->ra, 0)[lane];
    uint32_t threads = in->mods & SASS_M_IMM_C ? in->imm
                                               : sass_row(w, in->rb, 0)[lane];

    if (mask != (w->launched & ~w->exited) || index > 15 ||
        threads % SASS_WARP_LANES || threads > 1024) {
        return sass_trap(w, SASS_TRAP_BARRIER);
    }
    w->bar_index = index;
    w->bar_threads = threads;
    w->bar_arrive = in->sub == 0x01;
    w->bar_red = in->sub == 0x02 ? SASS_BAR_POPC :
                 in->sub == 0x0a ? SASS_BAR_AND :
                 in->sub == 0x12 ? SASS_BAR_OR : SASS_BAR_NONE;
    w->bar_votes = sass_get_pred(w, in->ps) & mask;
    return SASS_STEP_WAIT;
}

SASS_EXEC(b2r)
{
    uint32_t out[SASS_WARP_LANES];

    SASS_LANES(i) {
        out[i] = w->bar_result;
    }
    sass_put(w, in->rd, 0, mask, out);
    sass_set_pred(w, in->pd0, mask, w->bar_result ? SASS_ALL_LANES : 0);
    return SASS_STEP_NEXT;
}

unsigned sass_warp_barrier(const SassWarp *w)
{
    return w->bar_index;
}

unsigned sass_warp_barrier_threads(const SassWarp *w)
{
    return w->bar_threads;
}

bool sass_warp_barrier_arrive(const SassWarp *w)
{
    return w->bar_arrive;
}

SassBarrierRed sass_warp_barrier_red(const SassWarp *w)
{
    return w->bar_red;
}

unsigned sass_warp_barrier_lanes(const SassWarp *w)
{
    return __builtin_popcount(w->active);
}

unsigned sass_warp_barrier_votes(const SassWarp *w)
{
    return __builtin_popcount(w->bar_votes);
}

void sass_warp_release(SassWarp *w, uint32_t reduction)
{
    if (w->state == SASS_BARRIER) {
        if (w->bar_red != SASS_BAR_NONE) {
            w->bar_result = reduction;
        }
        w->pc += 8;
        w->state = SASS_READY;
    }
}
