/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: integer arithmetic, logic, moves and predicates.
 *
 * Each function computes all 32 lanes in plain loops, which compilers turn
 * into vector code, and commits those of its mask.
 */
#include "sass_insn.h"

/* All ones for a set modifier, to negate with x ^ m (and a carry of m & 1). */
static uint32_t ones(const SassInsn *in, uint32_t mod)
{
    return in->mods & mod ? 0xffffffffu : 0;
}

/* The carry flag as 0 or 1 a lane, or @otherwise without .X. */
static void carry_in(const SassWarp *w, const SassInsn *in,
                     uint32_t otherwise, uint32_t *k)
{
    SASS_LANES(i) {
        k[i] = in->mods & SASS_M_X ? w->cc_c >> i & 1 : otherwise;
    }
}

/*
 * d = x + y + k with the condition code of the addition.  With .X the zero
 * flag speaks of all words added so far.
 */
static void add_with_carry(SassWarp *w, const SassInsn *in, uint32_t mask,
                           const uint32_t *x, const uint32_t *y,
                           const uint32_t *k)
{
    uint32_t out[SASS_WARP_LANES];

    SASS_LANES(i) {
        out[i] = x[i] + y[i] + k[i];
    }
    if (in->mods & SASS_M_SAT) {
        SASS_LANES(i) {
            uint32_t over = ((x[i] ^ out[i]) & (y[i] ^ out[i])) >> 31;

            out[i] = over ? 0x7fffffffu + (x[i] >> 31) : out[i];
        }
    }
    if (in->mods & SASS_M_CC) {
        uint32_t z = 0, s = 0, c = 0, o = 0;

        SASS_LANES(i) {
            uint64_t sum = (uint64_t)x[i] + y[i] + k[i];
            uint32_t low = (uint32_t)sum;

            z |= (uint32_t)(out[i] == 0) << i;
            s |= (out[i] >> 31) << i;
            c |= ((uint32_t)(sum >> 32) & 1) << i;
            o |= (((x[i] ^ low) & (y[i] ^ low)) >> 31) << i;
        }
        if (in->mods & SASS_M_X) {
            z &= w->cc_z;
        }
        sass_cc_set(w, mask, z, s, c, o);
    }
    sass_put(w, in->rd, 0, mask, out);
}

SASS_EXEC(iadd)
{
    uint32_t na = ones(in, SASS_M_NEG_A), nb = ones(in, SASS_M_NEG_B);
    uint32_t buf[SASS_WARP_LANES], k[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES], one = (na | nb) & 1;
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    if (na & nb) {
        na = nb = 0;                /* .PO: a + b + 1 */
    }
    SASS_LANES(i) {
        x[i] = a[i] ^ na;
        y[i] = b[i] ^ nb;
    }
    carry_in(w, in, one, k);
    add_with_carry(w, in, mask, x, y, k);
    return SASS_STEP_NEXT;
}

/* Half selector of IADD3: 0 all, 1 low half, 2 high half. */
static uint32_t half(uint32_t value, unsigned which)
{
    return which == 1 ? value & 0xffff : which == 2 ? value >> 16 : value;
}

SASS_EXEC(iadd3)
{
    uint32_t na = ones(in, SASS_M_NEG_A), nb = ones(in, SASS_M_NEG_B);
    uint32_t nc = ones(in, SASS_M_NEG_C);
    uint32_t buf[SASS_WARP_LANES], k[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b;
    const uint32_t *c = sass_row(w, in->rc, 0);

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint32_t p = (half(a[i], in->dtype) ^ na) - na;
        uint32_t q = (half(b[i], in->stype) ^ nb) - nb;

        x[i] = in->sub == 1 ? (uint32_t)(((uint64_t)p + q) >> 16) :
               in->sub == 2 ? (p + q) << 16 : p + q;
        y[i] = (half(c[i], in->shift) ^ nc) - nc;
    }
    carry_in(w, in, 0, k);
    add_with_carry(w, in, mask, x, y, k);
    return SASS_STEP_NEXT;
}

/* IMUL and IMAD: a product of 64 bits, of which one word is added to c. */
SASS_EXEC(imad)
{
    uint32_t nc = ones(in, SASS_M_NEG_C);
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES], k[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b, *c;
    bool sa = in->mods & SASS_M_SIGN_A, sb = in->mods & SASS_M_SIGN_B;
    bool neg = in->mods & SASS_M_NEG_A;
    unsigned shift = in->mods & SASS_M_HI ? 32 : 0;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    if (in->op == SASS_OP_IMUL || in->op == SASS_OP_IMUL32I) {
        c = sass_row(w, SASS_RZ, 0);
    } else if (!sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        /* Each factor modulo 2^64: sign-extended or zero-extended. */
        uint64_t p = sa ? (uint64_t)(int64_t)(int32_t)a[i] : a[i];
        uint64_t q = sb ? (uint64_t)(int64_t)(int32_t)b[i] : b[i];
        uint64_t product = p * q;

        product = neg ? 0 - product : product;
        x[i] = (uint32_t)(product >> shift);
        y[i] = c[i] ^ nc;
    }
    carry_in(w, in, nc & 1, k);
    add_with_carry(w, in, mask, x, y, k);
    return SASS_STEP_NEXT;
}

SASS_EXEC(iscadd)
{
    uint32_t na = ones(in, SASS_M_NEG_A), nb = ones(in, SASS_M_NEG_B);
    uint32_t buf[SASS_WARP_LANES], k[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES], one = (na | nb) & 1;
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    if (na & nb) {
        na = nb = 0;                /* .PO */
    }
    SASS_LANES(i) {
        x[i] = (a[i] << in->shift) ^ na;
        y[i] = b[i] ^ nb;
        k[i] = one;
    }
    add_with_carry(w, in, mask, x, y, k);
    return SASS_STEP_NEXT;
}

/* envytools, docs/hw/graph/maxwell/cuda/int, xmad. */
SASS_EXEC(xmad)
{
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES], y[SASS_WARP_LANES], k[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b, *c;
    unsigned ha = in->mods & SASS_M_H1_A ? 16 : 0;
    unsigned hb = in->mods & SASS_M_H1_B ? 16 : 0;
    unsigned psl = in->mods & SASS_M_PSL ? 16 : 0;
    uint32_t sa = in->mods & SASS_M_SIGN_A ? 0x8000 : 0;
    uint32_t sb = in->mods & SASS_M_SIGN_B ? 0x8000 : 0;

    if (!sass_src_b(w, in, buf, &b) || !sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint32_t p = ((a[i] >> ha & 0xffff) ^ sa) - sa;
        uint32_t q = ((b[i] >> hb & 0xffff) ^ sb) - sb;

        x[i] = (p * q) << psl;
        switch (in->sub) {
        case 1:                     /* CLO */
            y[i] = c[i] & 0xffff;
            break;
        case 2:                     /* CHI */
            y[i] = c[i] >> 16;
            break;
        case 3:                     /* CSFU */
            y[i] = c[i];
            if (p && q) {
                y[i] -= (p >> 31 << 16) + (q >> 31 << 16);
            }
            break;
        case 4:                     /* CBCC */
            y[i] = c[i] + (b[i] << 16);
            break;
        default:
            y[i] = c[i];
            break;
        }
    }
    carry_in(w, in, 0, k);
    if (in->mods & SASS_M_MRG) {
        uint32_t high[SASS_WARP_LANES], low[SASS_WARP_LANES];

        /* The destination may be b. */
        SASS_LANES(i) {
            high[i] = b[i] << 16;
        }
        add_with_carry(w, in, mask, x, y, k);
        SASS_LANES(i) {
            low[i] = ((x[i] + y[i] + k[i]) & 0xffff) | high[i];
        }
        sass_put(w, in->rd, 0, mask, low);
    } else {
        add_with_carry(w, in, mask, x, y, k);
    }
    return SASS_STEP_NEXT;
}

/*
 * IMNMX.  A minimum of several words goes from the highest down, by .XHI,
 * .XMED and .XLO: words below the highest are unsigned, and count only while
 * all above them were equal.  How the condition code says so in between is
 * not documented: here it is that of a comparison, zero for equal and no
 * carry for less.
 */
SASS_EXEC(imnmx)
{
    enum { XLO = 1, XMED = 2 };
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    uint32_t lt[SASS_WARP_LANES], eq[SASS_WARP_LANES];
    bool lower = in->sub == XLO || in->sub == XMED;
    uint32_t sign = in->mods & SASS_M_SIGN_A && !lower ? 0x80000000u : 0;
    uint32_t min = sass_get_pred(w, in->ps), less, equal, first;
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        lt[i] = (a[i] ^ sign) < (b[i] ^ sign);
        eq[i] = a[i] == b[i];
    }
    less = sass_to_mask(lt);
    equal = sass_to_mask(eq);
    if (lower) {
        less = (w->cc_z & less) | (~w->cc_z & ~w->cc_c);
        equal &= w->cc_z;
    }
    first = ~(less ^ min);
    SASS_LANES(i) {
        out[i] = first >> i & 1 ? a[i] : b[i];
    }
    if (in->sub) {
        if (in->mods & SASS_M_CC) {
            sass_cc_set(w, mask, equal, less, ~less, 0);
        }
    } else {
        sass_cc_logic(w, in, mask, out);
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* The bits of a condition are: less 1, equal 2, greater 4. */
SASS_EXEC(icmp)
{
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    bool sign = in->mods & SASS_M_SIGN_A;
    const uint32_t *a = sass_row(w, in->ra, 0), *b, *c;

    if (!sass_src_b(w, in, buf, &b) || !sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        unsigned order = c[i] == 0 ? 1 : sign && c[i] >> 31 ? 0 : 2;

        out[i] = in->cond >> order & 1 ? a[i] : b[i];
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* Lanes whose a and b are in the order that the condition asks for. */
static uint32_t compare_int(SassWarp *w, const SassInsn *in,
                            const uint32_t *a, const uint32_t *b)
{
    uint32_t sign = in->mods & SASS_M_SIGN_A ? 0x80000000u : 0;
    uint32_t lt[SASS_WARP_LANES], eq[SASS_WARP_LANES];
    uint32_t less, equal;

    SASS_LANES(i) {
        lt[i] = (a[i] ^ sign) < (b[i] ^ sign);
        eq[i] = a[i] == b[i];
    }
    less = sass_to_mask(lt);
    equal = sass_to_mask(eq);
    if (in->mods & SASS_M_X) {
        /* The lower words' difference left a borrow (no carry) and zero. */
        less |= equal & ~w->cc_c;
        equal &= w->cc_z & w->cc_c;
    }
    return (in->cond & 1 ? less : 0) | (in->cond & 2 ? equal : 0) |
           (in->cond & 4 ? ~(less | equal) : 0);
}

/* The result of ISET, PSET and CSET. */
void sass_put_truth(SassWarp *w, const SassInsn *in, uint32_t mask,
                    uint32_t truth)
{
    uint32_t out[SASS_WARP_LANES];
    uint32_t yes = in->mods & SASS_M_BF ? 0x3f800000 : 0xffffffffu;

    SASS_LANES(i) {
        out[i] = truth >> i & 1 ? yes : 0;
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
}

SASS_EXEC(iset)
{
    uint32_t buf[SASS_WARP_LANES], truth;
    uint32_t ps = sass_get_pred(w, in->ps);
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    truth = compare_int(w, in, a, b);
    if (in->op == SASS_OP_ISETP) {
        sass_set_pred(w, in->pd0, mask, sass_bop(in->bop, truth, ps));
        sass_set_pred(w, in->pd1, mask, sass_bop(in->bop, ~truth, ps));
    } else {
        sass_put_truth(w, in, mask, sass_bop(in->bop, truth, ps));
    }
    return SASS_STEP_NEXT;
}

static uint32_t reverse(uint32_t v)
{
    v = (v >> 1 & 0x55555555) | (v & 0x55555555) << 1;
    v = (v >> 2 & 0x33333333) | (v & 0x33333333) << 2;
    v = (v >> 4 & 0x0f0f0f0f) | (v & 0x0f0f0f0f) << 4;
    return __builtin_bswap32(v);
}

/* Shift right with the sign coming in from the left; @n is below 32. */
static uint32_t shift_right_signed(uint32_t v, unsigned n)
{
    uint32_t fill = v >> 31 ? ~(0xffffffffu >> n) : 0;

    return v >> n | fill;
}

SASS_EXEC(shift)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    bool wrap = in->mods & SASS_M_WRAP, sign = in->mods & SASS_M_SIGN_A;
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint32_t v = in->mods & SASS_M_BREV ? reverse(a[i]) : a[i];
        unsigned n = b[i] & 31;
        bool far = !wrap && b[i] > 31;

        if (in->op == SASS_OP_SHL) {
            out[i] = far ? 0 : v << n;
        } else if (sign) {
            out[i] = shift_right_signed(v, far ? 31 : n);
        } else {
            out[i] = far ? 0 : v >> n;
        }
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/*
 * SHF shifts c:a.  With a 64-bit type the amount reaches 63, without it 31
 * (wrapping) or 32 (clamping): PTX ISA, shf.
 */
SASS_EXEC(shf)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    bool wrap = in->mods & SASS_M_WRAP, wide = in->stype >= 2;
    bool left = in->op == SASS_OP_SHF_L;
    bool high = left || in->mods & SASS_M_HI;
    uint32_t limit = wide ? 64 : 32;
    const uint32_t *a = sass_row(w, in->ra, 0), *b;
    const uint32_t *c = sass_row(w, in->rc, 0);

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint64_t v = a[i] | (uint64_t)c[i] << 32;
        uint64_t sign = in->stype == 3 && c[i] >> 31 ? ~0ull : 0;
        uint32_t n = wrap ? b[i] & (limit - 1) : b[i] < limit ? b[i] : limit;

        if (left) {
            v = n > 63 ? 0 : v << n;
        } else if (n > 63) {
            v = sign;
        } else {
            v = v >> n | (n ? sign << (64 - n) : 0);
        }
        out[i] = (uint32_t)(high ? v >> 32 : v);
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(popc)
{
    uint32_t inv = ones(in, SASS_M_INV_B);
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        out[i] = __builtin_popcount(b[i] ^ inv);
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* PTX ISA, bfi: the low bits of a into c. */
SASS_EXEC(bfi)
{
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b, *c;

    if (!sass_src_b(w, in, buf, &b) || !sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        unsigned pos = b[i] & 0xff, len = b[i] >> 8 & 0xff;
        uint32_t field = len > 31 ? 0xffffffffu : (1u << len) - 1;

        out[i] = pos > 31 ? c[i] : (c[i] & ~(field << pos)) |
                                   (a[i] & field) << pos;
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* PTX ISA, bfe. */
static uint32_t extract(uint32_t a, uint32_t b, bool sign)
{
    unsigned pos = b & 0xff, len = b >> 8 & 0xff;
    unsigned last = pos + len - 1 > 31 ? 31 : pos + len - 1;
    uint32_t field = len > 31 ? 0xffffffffu : (1u << len) - 1;
    uint32_t value = pos > 31 ? 0 : a >> pos & field;
    unsigned kept;

    if (len == 0 || !sign || !(a >> last & 1)) {
        return len == 0 ? 0 : value;
    }
    kept = pos > 31 ? 0 : last - pos + 1;
    return kept > 31 ? value : value | ~((1u << kept) - 1);
}

SASS_EXEC(bfe)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    bool sign = in->mods & SASS_M_SIGN_A;
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        out[i] = extract(in->mods & SASS_M_BREV ? reverse(a[i]) : a[i], b[i],
                         sign);
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* PTX ISA, bfind: the highest bit that differs from the sign. */
SASS_EXEC(flo)
{
    uint32_t inv = ones(in, SASS_M_INV_B);
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    bool sign = in->mods & SASS_M_SIGN_A, amount = in->mods & SASS_M_SH;
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint32_t v = b[i] ^ inv;

        v = sign && v >> 31 ? ~v : v;
        out[i] = !v ? 0xffffffffu : amount ? (unsigned)__builtin_clz(v)
                                           : 31u - __builtin_clz(v);
    }
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* PTX ISA, prmt: a selector nibble for each byte of the result. */
static uint32_t permute_selector(unsigned mode, uint32_t b)
{
    unsigned n = b & 3;

    switch (mode) {
    case 1:                         /* F4E: four bytes from n on */
        return (n | (n + 1) << 4 | (n + 2) << 8 | (n + 3) << 12) & 0x7777;
    case 2:                         /* B4E: from n downwards */
        return (n | ((n - 1) & 7) << 4 | ((n - 2) & 7) << 8 |
                ((n - 3) & 7) << 12) & 0x7777;
    case 3:                         /* RC8 */
        return n * 0x1111;
    case 4:                         /* ECL: at least n */
        return n | (n > 1 ? n : 1) << 4 | (n > 2 ? n : 2) << 8 | 3 << 12;
    case 5:                         /* ECR: at most n */
        return 0 | (n < 1 ? n : 1) << 4 | (n < 2 ? n : 2) << 8 | n << 12;
    case 6:                         /* RC16 */
        return n & 1 ? 0x3232 : 0x1010;
    default:
        return b & 0xffff;
    }
}

SASS_EXEC(prmt)
{
    uint32_t buf[SASS_WARP_LANES], buf_c[SASS_WARP_LANES];
    uint32_t out[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b, *c;

    if (!sass_src_b(w, in, buf, &b) || !sass_src_c(w, in, buf_c, &c)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint64_t bytes = a[i] | (uint64_t)c[i] << 32;
        uint32_t select = permute_selector(in->sub, b[i]);
        uint32_t result = 0;

        for (unsigned k = 0; k < 4; k++) {
            unsigned s = select >> (4 * k) & 0xf;
            uint32_t byte = (uint32_t)(bytes >> (s & 7) * 8) & 0xff;

            if (s & 8) {
                byte = byte & 0x80 ? 0xff : 0;
            }
            result |= byte << (8 * k);
        }
        out[i] = result;
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* The predicate of LOP and LOP3: never, always, zero, not zero. */
static void logic_pred(SassWarp *w, const SassInsn *in, uint32_t mask,
                       const uint32_t *out)
{
    uint32_t zero = 0, value;

    if (in->pd0 == SASS_PT) {
        return;
    }
    SASS_LANES(i) {
        zero |= (uint32_t)(out[i] == 0) << i;
    }
    value = in->bop == 0 ? 0 : in->bop == 1 ? SASS_ALL_LANES :
            in->bop == 2 ? zero : ~zero;
    sass_set_pred(w, in->pd0, mask, value);
}

SASS_EXEC(lop)
{
    uint32_t ia = ones(in, SASS_M_INV_A), ib = ones(in, SASS_M_INV_B);
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    switch (in->sub) {
    case 0:
        SASS_LANES(i) {
            out[i] = (a[i] ^ ia) & (b[i] ^ ib);
        }
        break;
    case 1:
        SASS_LANES(i) {
            out[i] = (a[i] ^ ia) | (b[i] ^ ib);
        }
        break;
    case 2:
        SASS_LANES(i) {
            out[i] = a[i] ^ ia ^ b[i] ^ ib;
        }
        break;
    default:                        /* PASS_B */
        SASS_LANES(i) {
            out[i] = b[i] ^ ib;
        }
        break;
    }
    logic_pred(w, in, mask, out);
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* PTX ISA, lop3: the table's bit 4a + 2b + c is the result. */
SASS_EXEC(lop3)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b;
    const uint32_t *c = sass_row(w, in->rc, 0);

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint32_t result = 0;

        for (unsigned k = 0; k < 8; k++) {
            uint32_t term = (k & 4 ? a[i] : ~a[i]) & (k & 2 ? b[i] : ~b[i]) &
                            (k & 1 ? c[i] : ~c[i]);

            result |= in->sub >> k & 1 ? term : 0;
        }
        out[i] = result;
    }
    logic_pred(w, in, mask, out);
    sass_cc_logic(w, in, mask, out);
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* LEA: b + (a << n).  LEA.HI: b + the upper word of c:a << n. */
SASS_EXEC(lea)
{
    uint32_t buf[SASS_WARP_LANES], k[SASS_WARP_LANES];
    uint32_t x[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b;
    const uint32_t *c = sass_row(w, in->rc, 0);
    bool high = in->mods & SASS_M_HI;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint64_t v = high ? a[i] | (uint64_t)c[i] << 32 : a[i];

        v <<= in->shift;
        if (in->mods & SASS_M_NEG_A) {
            v = 0 - v;
        }
        x[i] = (uint32_t)(high ? v >> 32 : v);
    }
    carry_in(w, in, 0, k);
    add_with_carry(w, in, mask, x, b, k);
    return SASS_STEP_NEXT;
}

/* The four mask bits enable the lanes of each quad. */
SASS_EXEC(mov)
{
    uint32_t buf[SASS_WARP_LANES];
    const uint32_t *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    if (b != sass_row(w, in->rd, 0)) {
        sass_put(w, in->rd, 0, mask & in->sub * 0x11111111u, b);
    }
    return SASS_STEP_NEXT;
}

SASS_EXEC(sel)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    uint32_t ps = sass_get_pred(w, in->ps);
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        out[i] = ps >> i & 1 ? a[i] : b[i];
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

/* Predicates, or with .CC the condition code, as the bits of a byte. */
static uint32_t flags_of(const SassWarp *w, const SassInsn *in, unsigned lane)
{
    uint32_t value = 0;

    if (in->sub) {
        return (w->cc_z >> lane & 1) | (w->cc_s >> lane & 1) << 1 |
               (w->cc_c >> lane & 1) << 2 | (w->cc_o >> lane & 1) << 3;
    }
    for (unsigned p = 0; p < SASS_PREDS; p++) {
        value |= (w->pred[p] >> lane & 1) << p;
    }
    return value;
}

SASS_EXEC(p2r)
{
    uint32_t buf[SASS_WARP_LANES], out[SASS_WARP_LANES];
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        uint32_t keep = ~((b[i] & 0xff) << in->shift);

        out[i] = (a[i] & keep) |
                 ((flags_of(w, in, i) & b[i] & 0xff) << in->shift);
    }
    sass_put(w, in->rd, 0, mask, out);
    return SASS_STEP_NEXT;
}

SASS_EXEC(r2p)
{
    uint32_t buf[SASS_WARP_LANES];
    uint32_t bits[8] = { 0 }, write[8] = { 0 };
    const uint32_t *a = sass_row(w, in->ra, 0), *b;

    if (!sass_src_b(w, in, buf, &b)) {
        return SASS_STEP_FAULT;
    }
    SASS_LANES(i) {
        for (unsigned p = 0; p < 8; p++) {
            bits[p] |= (a[i] >> (in->shift + p) & 1) << i;
            write[p] |= (b[i] >> p & 1) << i;
        }
    }
    if (in->sub) {
        uint32_t *cc[4] = { &w->cc_z, &w->cc_s, &w->cc_c, &w->cc_o };

        for (unsigned p = 0; p < 4; p++) {
            uint32_t m = mask & write[p];

            *cc[p] = (*cc[p] & ~m) | (bits[p] & m);
        }
        return SASS_STEP_NEXT;
    }
    for (unsigned p = 0; p < SASS_PREDS; p++) {
        sass_set_pred(w, p, mask & write[p], bits[p]);
    }
    return SASS_STEP_NEXT;
}

SASS_EXEC(pset)
{
    uint32_t truth = sass_bop(in->bop2, sass_get_pred(w, in->pa),
                              sass_get_pred(w, in->pb));
    uint32_t ps = sass_get_pred(w, in->ps);

    if (in->op == SASS_OP_PSETP) {
        sass_set_pred(w, in->pd0, mask, sass_bop(in->bop, truth, ps));
        sass_set_pred(w, in->pd1, mask, sass_bop(in->bop, ~truth, ps));
    } else {
        sass_put_truth(w, in, mask, sass_bop(in->bop, truth, ps));
    }
    return SASS_STEP_NEXT;
}

SASS_EXEC(cset)
{
    uint32_t truth = sass_cc_test(w, in->cond);
    uint32_t ps = sass_get_pred(w, in->ps);

    if (in->op == SASS_OP_CSETP) {
        sass_set_pred(w, in->pd0, mask, sass_bop(in->bop, truth, ps));
        sass_set_pred(w, in->pd1, mask, sass_bop(in->bop, ~truth, ps));
    } else {
        sass_put_truth(w, in, mask, sass_bop(in->bop, truth, ps));
    }
    return SASS_STEP_NEXT;
}
