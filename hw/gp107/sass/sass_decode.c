/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: from a code word to a SassInsn, and the cache of decoded code.
 *
 * Everything that a word can get wrong by itself is found here once: unknown
 * opcodes, reserved modes, registers out of range or out of alignment.
 */
#include <stdlib.h>
#include <string.h>

#include "sass_insn.h"

typedef struct OpRow {
    uint16_t value;                 /* of bits 63:48 */
    uint16_t mask;
    uint8_t op;
    uint8_t form;
} OpRow;

/* The register, constant and immediate encodings of one operation. */
#define R_C_I(op, r, c, i, form) \
    { r, 0xfff8, SASS_OP_##op, SASS_FORM_R }, \
    { c, 0xfff8, SASS_OP_##op, SASS_FORM_C }, \
    { i, 0xfef8, SASS_OP_##op, SASS_FORM_##form }

/* The same with a mode in bits 51:48. */
#define R_C_I_WIDE(op, r, c, i, form) \
    { r, 0xfff0, SASS_OP_##op, SASS_FORM_R }, \
    { c, 0xfff0, SASS_OP_##op, SASS_FORM_C }, \
    { i, 0xfef0, SASS_OP_##op, SASS_FORM_##form }

#define ROW(op, value, mask, form) \
    { value, mask, SASS_OP_##op, SASS_FORM_##form }

/* The first row that matches counts. */
static const OpRow op_rows[] = {
    R_C_I(IADD, 0x5c10, 0x4c10, 0x3810, I),
    ROW(IADD32I, 0x1d80, 0xff80, L),
    ROW(IADD32I, 0x1c00, 0xfe80, L),
    R_C_I_WIDE(IADD3, 0x5cc0, 0x4cc0, 0x38c0, I),
    R_C_I(IMUL, 0x5c38, 0x4c38, 0x3838, I),
    ROW(IMUL32I, 0x1f00, 0xff00, L),
    ROW(IMAD, 0x5a00, 0xff80, R),
    ROW(IMAD, 0x4a00, 0xff80, C),
    ROW(IMAD, 0x3400, 0xfe80, I),
    ROW(IMAD, 0x5200, 0xff80, RC),
    ROW(IMAD32I, 0x1000, 0xfc00, L),
    R_C_I(ISCADD, 0x5c18, 0x4c18, 0x3818, I),
    ROW(ISCADD32I, 0x1400, 0xfc00, L),
    ROW(XMAD, 0x5b00, 0xffc0, R),
    ROW(XMAD, 0x4e00, 0xfe00, C),
    ROW(XMAD, 0x3600, 0xfec0, L),
    ROW(XMAD, 0x5100, 0xff80, RC),
    R_C_I(IMNMX, 0x5c20, 0x4c20, 0x3820, I),
    R_C_I_WIDE(ICMP, 0x5b40, 0x4b40, 0x3640, I),
    ROW(ICMP, 0x5340, 0xfff0, RC),
    R_C_I_WIDE(ISET, 0x5b50, 0x4b50, 0x3650, I),
    R_C_I_WIDE(ISETP, 0x5b60, 0x4b60, 0x3660, I),
    R_C_I(SHL, 0x5c48, 0x4c48, 0x3848, I),
    R_C_I(SHR, 0x5c28, 0x4c28, 0x3828, I),
    ROW(SHF_L, 0x5bf8, 0xfff8, R),
    ROW(SHF_L, 0x36f8, 0xfef8, I),
    ROW(SHF_R, 0x5cf8, 0xfff8, R),
    ROW(SHF_R, 0x38f8, 0xfef8, I),
    R_C_I(POPC, 0x5c08, 0x4c08, 0x3808, I),
    R_C_I(BFI, 0x5bf0, 0x4bf0, 0x36f0, I),
    ROW(BFI, 0x53f0, 0xfff8, RC),
    R_C_I(BFE, 0x5c00, 0x4c00, 0x3800, I),
    R_C_I(FLO, 0x5c30, 0x4c30, 0x3830, I),
    R_C_I_WIDE(PRMT, 0x5bc0, 0x4bc0, 0x36c0, I),
    ROW(PRMT, 0x53c0, 0xfff0, RC),
    R_C_I(LOP, 0x5c40, 0x4c40, 0x3840, I),
    ROW(LOP32I, 0x0400, 0xfc00, L),
    ROW(LOP3, 0x5be0, 0xfff8, R),
    ROW(LOP3, 0x0200, 0xfe00, C),
    ROW(LOP3, 0x3c00, 0xfc00, I),
    ROW(LEA, 0x5bd0, 0xfff8, R),
    ROW(LEA, 0x4bd0, 0xfff0, C),
    ROW(LEA, 0x36d0, 0xfef0, I),
    ROW(LEA_HI, 0x5bd8, 0xfff8, R),
    ROW(LEA_HI, 0x1800, 0xfc00, C),
    R_C_I(MOV, 0x5c98, 0x4c98, 0x3898, I),
    ROW(MOV32I, 0x0100, 0xfff0, L),
    R_C_I(SEL, 0x5ca0, 0x4ca0, 0x38a0, I),
    ROW(S2R, 0xf0c8, 0xfff8, N),
    ROW(CS2R, 0x50c8, 0xfff8, N),
    R_C_I(P2R, 0x5ce8, 0x4ce8, 0x38e8, I),
    R_C_I(R2P, 0x5cf0, 0x4cf0, 0x38f0, I),
    ROW(PSETP, 0x5090, 0xfff8, N),
    ROW(PSET, 0x5088, 0xfff8, N),
    ROW(CSETP, 0x50a0, 0xfff8, N),
    ROW(CSET, 0x5098, 0xfff8, N),
    R_C_I(I2I, 0x5ce0, 0x4ce0, 0x38e0, I),
    R_C_I(I2F, 0x5cb8, 0x4cb8, 0x38b8, I),
    R_C_I(F2I, 0x5cb0, 0x4cb0, 0x38b0, F),
    R_C_I(F2F, 0x5ca8, 0x4ca8, 0x38a8, F),
    R_C_I(FADD, 0x5c58, 0x4c58, 0x3858, F),
    ROW(FADD32I, 0x0800, 0xfc00, L),
    R_C_I(FMUL, 0x5c68, 0x4c68, 0x3868, F),
    ROW(FMUL32I, 0x1e00, 0xff00, L),
    ROW(FFMA, 0x5980, 0xff80, R),
    ROW(FFMA, 0x4980, 0xff80, C),
    ROW(FFMA, 0x3280, 0xfe80, F),
    ROW(FFMA, 0x5180, 0xff80, RC),
    ROW(FFMA32I, 0x0c00, 0xfc00, L),
    ROW(MUFU, 0x5080, 0xfff8, N),
    R_C_I(FMNMX, 0x5c60, 0x4c60, 0x3860, F),
    R_C_I(RRO, 0x5c90, 0x4c90, 0x3890, F),
    R_C_I_WIDE(FCMP, 0x5ba0, 0x4ba0, 0x36a0, F),
    ROW(FCMP, 0x53a0, 0xfff0, RC),
    R_C_I(DADD, 0x5c70, 0x4c70, 0x3870, D),
    R_C_I(DMUL, 0x5c80, 0x4c80, 0x3880, D),
    R_C_I_WIDE(DFMA, 0x5b70, 0x4b70, 0x3670, D),
    ROW(DFMA, 0x5370, 0xfff0, RC),
    R_C_I(DMNMX, 0x5c50, 0x4c50, 0x3850, D),
    ROW(DSET, 0x5900, 0xff80, R),
    ROW(DSET, 0x4900, 0xff80, C),
    ROW(DSET, 0x3200, 0xfe80, D),
    R_C_I_WIDE(DSETP, 0x5b80, 0x4b80, 0x3680, D),
    ROW(FSET, 0x5800, 0xff00, R),
    ROW(FSET, 0x4800, 0xff00, C),
    ROW(FSET, 0x3000, 0xfe00, F),
    R_C_I_WIDE(FSETP, 0x5bb0, 0x4bb0, 0x36b0, F),
    ROW(LD, 0x8000, 0xe000, N),
    ROW(ST, 0xa000, 0xe000, N),
    ROW(LDG, 0xeed0, 0xfff8, N),
    ROW(STG, 0xeed8, 0xfff8, N),
    ROW(LDL, 0xef40, 0xfff8, N),
    ROW(STL, 0xef50, 0xfff8, N),
    ROW(LDS, 0xef48, 0xfff8, N),
    ROW(STS, 0xef58, 0xfff8, N),
    ROW(LDC, 0xef90, 0xfff8, N),
    ROW(ATOM, 0xed00, 0xff00, N),
    ROW(ATOM_CAS, 0xeef0, 0xfff0, N),
    ROW(RED, 0xebf8, 0xfff8, N),
    ROW(ATOMS, 0xec00, 0xff00, N),
    ROW(ATOMS_CAS, 0xee00, 0xff80, N),
    ROW(CCTL, 0xef60, 0xffe0, N),
    ROW(CCTLL, 0xef80, 0xfff0, N),
    ROW(MEMBAR, 0xef98, 0xfff8, N),
    ROW(DEPBAR, 0xf0f0, 0xfff8, N),
    ROW(NOP, 0x50b0, 0xfff8, N),
    ROW(EXIT, 0xe300, 0xfff0, N),
    ROW(BRA, 0xe240, 0xfff0, N),
    ROW(BRX, 0xe250, 0xfff0, N),
    ROW(JMP, 0xe210, 0xfff0, N),
    ROW(JMX, 0xe200, 0xfff0, N),
    ROW(CAL, 0xe260, 0xfff0, N),
    ROW(JCAL, 0xe220, 0xfff0, N),
    ROW(PCNT, 0xe2b0, 0xfff0, N),
    ROW(CONT, 0xe350, 0xfff0, N),
    ROW(PBK, 0xe2a0, 0xfff0, N),
    ROW(BRK, 0xe340, 0xfff0, N),
    ROW(PRET, 0xe270, 0xfff0, N),
    ROW(RET, 0xe320, 0xfff0, N),
    ROW(SSY, 0xe290, 0xfff0, N),
    ROW(SYNC, 0xf0f8, 0xfff8, N),
    ROW(BAR, 0xf0a8, 0xfff8, N),
    ROW(B2R, 0xf0b8, 0xfff8, N),
    ROW(SHFL, 0xef10, 0xfff8, N),
    ROW(VOTE, 0x50d8, 0xfff8, N),
};

#define OP_ROWS (sizeof(op_rows) / sizeof(op_rows[0]))

static const SassExec op_exec[SASS_OP_COUNT] = {
    [SASS_OP_IADD] = sass_exec_iadd,
    [SASS_OP_IADD32I] = sass_exec_iadd,
    [SASS_OP_IADD3] = sass_exec_iadd3,
    [SASS_OP_IMUL] = sass_exec_imad,
    [SASS_OP_IMUL32I] = sass_exec_imad,
    [SASS_OP_IMAD] = sass_exec_imad,
    [SASS_OP_IMAD32I] = sass_exec_imad,
    [SASS_OP_ISCADD] = sass_exec_iscadd,
    [SASS_OP_ISCADD32I] = sass_exec_iscadd,
    [SASS_OP_XMAD] = sass_exec_xmad,
    [SASS_OP_IMNMX] = sass_exec_imnmx,
    [SASS_OP_ICMP] = sass_exec_icmp,
    [SASS_OP_ISET] = sass_exec_iset,
    [SASS_OP_ISETP] = sass_exec_iset,
    [SASS_OP_SHL] = sass_exec_shift,
    [SASS_OP_SHR] = sass_exec_shift,
    [SASS_OP_SHF_L] = sass_exec_shf,
    [SASS_OP_SHF_R] = sass_exec_shf,
    [SASS_OP_POPC] = sass_exec_popc,
    [SASS_OP_BFI] = sass_exec_bfi,
    [SASS_OP_BFE] = sass_exec_bfe,
    [SASS_OP_FLO] = sass_exec_flo,
    [SASS_OP_PRMT] = sass_exec_prmt,
    [SASS_OP_LOP] = sass_exec_lop,
    [SASS_OP_LOP32I] = sass_exec_lop,
    [SASS_OP_LOP3] = sass_exec_lop3,
    [SASS_OP_LEA] = sass_exec_lea,
    [SASS_OP_LEA_HI] = sass_exec_lea,
    [SASS_OP_MOV] = sass_exec_mov,
    [SASS_OP_MOV32I] = sass_exec_mov,
    [SASS_OP_SEL] = sass_exec_sel,
    [SASS_OP_S2R] = sass_exec_s2r,
    [SASS_OP_CS2R] = sass_exec_s2r,
    [SASS_OP_P2R] = sass_exec_p2r,
    [SASS_OP_R2P] = sass_exec_r2p,
    [SASS_OP_PSETP] = sass_exec_pset,
    [SASS_OP_PSET] = sass_exec_pset,
    [SASS_OP_CSETP] = sass_exec_cset,
    [SASS_OP_CSET] = sass_exec_cset,
    [SASS_OP_I2I] = sass_exec_i2i,
    [SASS_OP_I2F] = sass_exec_i2f,
    [SASS_OP_F2I] = sass_exec_f2i,
    [SASS_OP_F2F] = sass_exec_f2f,
    [SASS_OP_FADD] = sass_exec_fadd,
    [SASS_OP_FADD32I] = sass_exec_fadd,
    [SASS_OP_FMUL] = sass_exec_fmul,
    [SASS_OP_FMUL32I] = sass_exec_fmul,
    [SASS_OP_FFMA] = sass_exec_ffma,
    [SASS_OP_FFMA32I] = sass_exec_ffma,
    [SASS_OP_MUFU] = sass_exec_mufu,
    [SASS_OP_FMNMX] = sass_exec_fmnmx,
    [SASS_OP_RRO] = sass_exec_rro,
    [SASS_OP_FCMP] = sass_exec_fcmp,
    [SASS_OP_FSET] = sass_exec_fset,
    [SASS_OP_FSETP] = sass_exec_fset,
    [SASS_OP_DADD] = sass_exec_darith,
    [SASS_OP_DMUL] = sass_exec_darith,
    [SASS_OP_DFMA] = sass_exec_darith,
    [SASS_OP_DMNMX] = sass_exec_dmnmx,
    [SASS_OP_DSET] = sass_exec_dset,
    [SASS_OP_DSETP] = sass_exec_dset,
    [SASS_OP_LD] = sass_exec_ld,
    [SASS_OP_ST] = sass_exec_st,
    [SASS_OP_LDG] = sass_exec_ld,
    [SASS_OP_STG] = sass_exec_st,
    [SASS_OP_LDL] = sass_exec_ldst_local,
    [SASS_OP_STL] = sass_exec_ldst_local,
    [SASS_OP_LDS] = sass_exec_ldst_shared,
    [SASS_OP_STS] = sass_exec_ldst_shared,
    [SASS_OP_LDC] = sass_exec_ldc,
    [SASS_OP_ATOM] = sass_exec_atom,
    [SASS_OP_ATOM_CAS] = sass_exec_atom,
    [SASS_OP_RED] = sass_exec_atom,
    [SASS_OP_ATOMS] = sass_exec_atoms,
    [SASS_OP_ATOMS_CAS] = sass_exec_atoms,
    /* One SM without data caches: nothing to order or to invalidate. */
    [SASS_OP_CCTL] = sass_exec_nop,
    [SASS_OP_CCTLL] = sass_exec_nop,
    [SASS_OP_MEMBAR] = sass_exec_nop,
    [SASS_OP_DEPBAR] = sass_exec_nop,
    [SASS_OP_NOP] = sass_exec_nop,
    [SASS_OP_EXIT] = sass_exec_exit,
    [SASS_OP_BRA] = sass_exec_branch,
    [SASS_OP_BRX] = sass_exec_branch_indexed,
    [SASS_OP_JMP] = sass_exec_branch,
    [SASS_OP_JMX] = sass_exec_branch_indexed,
    [SASS_OP_CAL] = sass_exec_call,
    [SASS_OP_JCAL] = sass_exec_call,
    [SASS_OP_PCNT] = sass_exec_push,
    [SASS_OP_CONT] = sass_exec_pop,
    [SASS_OP_PBK] = sass_exec_push,
    [SASS_OP_BRK] = sass_exec_pop,
    [SASS_OP_PRET] = sass_exec_push,
    [SASS_OP_RET] = sass_exec_pop,
    [SASS_OP_SSY] = sass_exec_push,
    [SASS_OP_SYNC] = sass_exec_pop,
    [SASS_OP_BAR] = sass_exec_bar,
    [SASS_OP_B2R] = sass_exec_b2r,
    [SASS_OP_SHFL] = sass_exec_shfl,
    [SASS_OP_VOTE] = sass_exec_vote,
};

static void bad(SassInsn *in)
{
    in->trap = SASS_TRAP_ILLEGAL_ENCODING;
}

static void bad_if(SassInsn *in, bool wrong)
{
    if (wrong) {
        bad(in);
    }
}

/* The instruction uses @words registers from @reg on. */
static uint8_t use(SassInsn *in, unsigned reg, unsigned words)
{
    if (reg != SASS_RZ) {
        if (reg % words || reg + words > SASS_REGS) {
            bad(in);
        } else if (reg + words > in->top) {
            in->top = reg + words;
        }
    }
    return reg;
}

static void rd(SassInsn *in, unsigned words)
{
    in->rd = use(in, sass_bits(in->word, 0, 8), words);
}

static void ra(SassInsn *in, unsigned words)
{
    in->ra = use(in, sass_bits(in->word, 8, 8), words);
}

static void rb(SassInsn *in, unsigned words)
{
    in->rb = use(in, sass_bits(in->word, 20, 8), words);
}

static void flag(SassInsn *in, unsigned bit, uint32_t mod)
{
    if (in->word >> bit & 1) {
        in->mods |= mod;
    }
}

/* A predicate source: register at @pos, negation at @not. */
static uint8_t pred(const SassInsn *in, unsigned pos, unsigned not)
{
    return sass_bits(in->word, pos, 3) |
           (sass_bits(in->word, not, 1) ? SASS_P_NOT : 0);
}

static uint32_t imm20(const SassInsn *in)
{
    return sass_bits(in->word, 20, 19) | sass_bits(in->word, 56, 1) << 19;
}

static void cbuf(SassInsn *in)
{
    in->cb_offset = sass_bits(in->word, 20, 14) * 4;
    in->cb_bank = sass_bits(in->word, 34, 5);
}

/* The b operand, of @words words. */
static void src_b(SassInsn *in, unsigned words)
{
    switch (in->form) {
    case SASS_FORM_R:
        rb(in, words);
        break;
    case SASS_FORM_C:
        cbuf(in);
        break;
    case SASS_FORM_I:
        in->imm = sass_sext(imm20(in), 20);
        break;
    case SASS_FORM_F:
    case SASS_FORM_D:
        in->imm = imm20(in) << 12;
        break;
    case SASS_FORM_RC:
        in->rb = use(in, sass_bits(in->word, 39, 8), words);
        cbuf(in);
        break;
    case SASS_FORM_L:
        in->imm = sass_bits(in->word, 20, 32);
        break;
    default:
        break;
    }
}

/* The c operand; src_b() has seen to a constant. */
static void src_c(SassInsn *in, unsigned words)
{
    if (in->form != SASS_FORM_RC) {
        in->rc = use(in, sass_bits(in->word, 39, 8), words);
    }
}

/* d, a, b of 32 bits each: the commonest shape. */
static void d_a_b(SassInsn *in)
{
    rd(in, 1);
    ra(in, 1);
    src_b(in, 1);
}

static void set_preds(SassInsn *in)
{
    in->pd0 = sass_bits(in->word, 3, 3);
    in->pd1 = sass_bits(in->word, 0, 3);
    in->ps = pred(in, 39, 42);
    in->bop = sass_bits(in->word, 45, 2);
    bad_if(in, in->bop == 3);
}

static void decode_add(SassInsn *in)
{
    d_a_b(in);
    switch (in->op) {
    case SASS_OP_IADD:
        flag(in, 50, SASS_M_SAT);
        flag(in, 49, SASS_M_NEG_A);
        flag(in, 48, SASS_M_NEG_B);
        flag(in, 47, SASS_M_CC);
        flag(in, 43, SASS_M_X);
        break;
    case SASS_OP_IADD32I:
        flag(in, 56, SASS_M_NEG_A);
        flag(in, 55, SASS_M_NEG_B);
        flag(in, 54, SASS_M_SAT);
        flag(in, 53, SASS_M_X);
        flag(in, 52, SASS_M_CC);
        break;
    case SASS_OP_ISCADD:
        in->shift = sass_bits(in->word, 39, 5);
        flag(in, 49, SASS_M_NEG_A);
        flag(in, 48, SASS_M_NEG_B);
        flag(in, 47, SASS_M_CC);
        break;
    case SASS_OP_ISCADD32I:
        in->shift = sass_bits(in->word, 53, 5);
        flag(in, 52, SASS_M_CC);
        break;
    case SASS_OP_IADD3:
        src_c(in, 1);
        flag(in, 51, SASS_M_NEG_A);
        flag(in, 50, SASS_M_NEG_B);
        flag(in, 49, SASS_M_NEG_C);
        flag(in, 48, SASS_M_X);
        flag(in, 47, SASS_M_CC);
        if (in->form == SASS_FORM_R) {
            in->sub = sass_bits(in->word, 37, 2);
            in->dtype = sass_bits(in->word, 35, 2);
            in->stype = sass_bits(in->word, 33, 2);
            in->shift = sass_bits(in->word, 31, 2);
            bad_if(in, in->sub == 3 || in->dtype == 3 || in->stype == 3 ||
                   in->shift == 3);
        }
        break;
    }
    /* Both negated asks for one more, which .X has no room for. */
    bad_if(in, (in->mods & SASS_M_X) && (in->mods & SASS_M_NEG_A) &&
           (in->mods & SASS_M_NEG_B));
}

static void decode_mul(SassInsn *in)
{
    d_a_b(in);
    in->rc = SASS_RZ;
    switch (in->op) {
    case SASS_OP_IMUL:
        flag(in, 39, SASS_M_HI);
        flag(in, 40, SASS_M_SIGN_A);
        flag(in, 41, SASS_M_SIGN_B);
        flag(in, 47, SASS_M_CC);
        break;
    case SASS_OP_IMUL32I:
        flag(in, 52, SASS_M_CC);
        flag(in, 53, SASS_M_HI);
        flag(in, 54, SASS_M_SIGN_A);
        flag(in, 55, SASS_M_SIGN_B);
        break;
    case SASS_OP_IMAD:
        src_c(in, 1);
        flag(in, 47, SASS_M_CC);
        flag(in, 48, SASS_M_SIGN_A);
        flag(in, 49, SASS_M_X);
        flag(in, 50, SASS_M_SAT);
        flag(in, 51, SASS_M_NEG_A);
        flag(in, 52, SASS_M_NEG_C);
        flag(in, 53, SASS_M_SIGN_B);
        flag(in, 54, SASS_M_HI);
        break;
    case SASS_OP_IMAD32I:
        in->rc = in->rd;
        flag(in, 52, SASS_M_CC);
        flag(in, 53, SASS_M_HI);
        flag(in, 54, SASS_M_SIGN_A);
        flag(in, 55, SASS_M_NEG_C);
        flag(in, 56, SASS_M_NEG_A);
        flag(in, 57, SASS_M_SIGN_B);
        break;
    case SASS_OP_XMAD:
        src_c(in, 1);
        flag(in, 47, SASS_M_CC);
        flag(in, 48, SASS_M_SIGN_A);
        flag(in, 49, SASS_M_SIGN_B);
        flag(in, 53, SASS_M_H1_A);
        if (in->form == SASS_FORM_C || in->form == SASS_FORM_RC) {
            in->sub = sass_bits(in->word, 50, 2);
            flag(in, 52, SASS_M_H1_B);
            flag(in, 54, SASS_M_X);
            if (in->form == SASS_FORM_C) {
                flag(in, 55, SASS_M_PSL);
                flag(in, 56, SASS_M_MRG);
            }
        } else {
            in->sub = sass_bits(in->word, 50, 3);
            flag(in, 36, SASS_M_PSL);
            flag(in, 37, SASS_M_MRG);
            flag(in, 38, SASS_M_X);
            if (in->form == SASS_FORM_R) {
                flag(in, 35, SASS_M_H1_B);
            } else {
                in->imm = sass_bits(in->word, 20, 16);
            }
        }
        bad_if(in, in->sub > 4);
        break;
    }
}

static void decode_compare_int(SassInsn *in)
{
    if (in->op == SASS_OP_ISETP) {
        ra(in, 1);
        src_b(in, 1);
    } else {
        d_a_b(in);
    }
    in->cond = sass_bits(in->word, 49, 3);
    flag(in, 48, SASS_M_SIGN_A);
    if (in->op == SASS_OP_ICMP) {
        src_c(in, 1);
        return;
    }
    set_preds(in);
    flag(in, 43, SASS_M_X);
    if (in->op == SASS_OP_ISET) {
        flag(in, 44, SASS_M_BF);
        flag(in, 47, SASS_M_CC);
    }
}

static void decode_bits(SassInsn *in)
{
    rd(in, 1);
    src_b(in, 1);
    if (in->op != SASS_OP_POPC && in->op != SASS_OP_FLO) {
        ra(in, 1);
    }
    if (in->op != SASS_OP_POPC && in->op != SASS_OP_PRMT) {
        flag(in, 47, SASS_M_CC);
    }
    switch (in->op) {
    case SASS_OP_POPC:
        flag(in, 40, SASS_M_INV_B);
        break;
    case SASS_OP_FLO:
        flag(in, 40, SASS_M_INV_B);
        flag(in, 41, SASS_M_SH);
        flag(in, 48, SASS_M_SIGN_A);
        break;
    case SASS_OP_BFE:
        flag(in, 40, SASS_M_BREV);
        flag(in, 48, SASS_M_SIGN_A);
        break;
    case SASS_OP_SHL:
        flag(in, 39, SASS_M_WRAP);
        bad_if(in, sass_bits(in->word, 43, 1));
        break;
    case SASS_OP_SHR:
        flag(in, 39, SASS_M_WRAP);
        flag(in, 40, SASS_M_BREV);
        flag(in, 48, SASS_M_SIGN_A);
        bad_if(in, sass_bits(in->word, 44, 1));
        break;
    case SASS_OP_SHF_L:
    case SASS_OP_SHF_R:
        src_c(in, 1);
        in->stype = sass_bits(in->word, 37, 2);
        flag(in, 48, SASS_M_HI);
        flag(in, 50, SASS_M_WRAP);
        bad_if(in, in->stype == 1 || sass_bits(in->word, 49, 1));
        if (in->op == SASS_OP_SHF_R && in->form == SASS_FORM_I) {
            in->imm = sass_bits(in->word, 20, 6);
        }
        break;
    case SASS_OP_IMNMX:
        in->ps = pred(in, 39, 42);
        flag(in, 48, SASS_M_SIGN_A);
        in->sub = sass_bits(in->word, 43, 2);
        break;
    case SASS_OP_BFI:
        src_c(in, 1);
        break;
    case SASS_OP_PRMT:
        src_c(in, 1);
        in->sub = sass_bits(in->word, 48, 4);
        bad_if(in, in->sub > 6);
        break;
    }
}

static void decode_logic(SassInsn *in)
{
    d_a_b(in);
    in->pd0 = SASS_PT;
    switch (in->op) {
    case SASS_OP_LOP:
        flag(in, 39, SASS_M_INV_A);
        flag(in, 40, SASS_M_INV_B);
        in->sub = sass_bits(in->word, 41, 2);
        flag(in, 43, SASS_M_X);
        in->bop = sass_bits(in->word, 44, 2);
        in->pd0 = sass_bits(in->word, 48, 3);
        flag(in, 47, SASS_M_CC);
        break;
    case SASS_OP_LOP32I:
        flag(in, 52, SASS_M_CC);
        in->sub = sass_bits(in->word, 53, 2);
        flag(in, 55, SASS_M_INV_A);
        flag(in, 56, SASS_M_INV_B);
        flag(in, 57, SASS_M_X);
        break;
    case SASS_OP_LOP3:
        src_c(in, 1);
        flag(in, 47, SASS_M_CC);
        if (in->form == SASS_FORM_R) {
            in->sub = sass_bits(in->word, 28, 8);
            in->bop = sass_bits(in->word, 36, 2);
            flag(in, 38, SASS_M_X);
            in->pd0 = sass_bits(in->word, 48, 3);
        } else {
            in->sub = sass_bits(in->word, 48, 8);
            if (in->form == SASS_FORM_C) {
                flag(in, 56, SASS_M_X);
            } else {
                bad_if(in, sass_bits(in->word, 57, 1));
            }
        }
        break;
    case SASS_OP_LEA:
        in->shift = sass_bits(in->word, 39, 5);
        flag(in, 45, SASS_M_NEG_A);
        flag(in, 46, SASS_M_X);
        flag(in, 47, SASS_M_CC);
        bad_if(in, sass_bits(in->word, 48, 3) != SASS_PT);
        break;
    case SASS_OP_LEA_HI:
        src_c(in, 1);
        in->mods |= SASS_M_HI;
        flag(in, 47, SASS_M_CC);
        if (in->form == SASS_FORM_R) {
            in->shift = sass_bits(in->word, 28, 5);
            flag(in, 37, SASS_M_NEG_A);
            flag(in, 38, SASS_M_X);
        } else {
            in->shift = sass_bits(in->word, 51, 5);
            flag(in, 56, SASS_M_NEG_A);
            flag(in, 57, SASS_M_X);
        }
        bad_if(in, sass_bits(in->word, 48, 3) != SASS_PT);
        break;
    }
}

static void decode_move(SassInsn *in)
{
    switch (in->op) {
    case SASS_OP_MOV:
        rd(in, 1);
        src_b(in, 1);
        in->sub = sass_bits(in->word, 39, 4);
        break;
    case SASS_OP_MOV32I:
        rd(in, 1);
        src_b(in, 1);
        in->sub = sass_bits(in->word, 12, 4);
        break;
    case SASS_OP_SEL:
        d_a_b(in);
        in->ps = pred(in, 39, 42);
        break;
    case SASS_OP_S2R:
    case SASS_OP_CS2R:
        rd(in, 1);
        in->sub = sass_bits(in->word, 20, 8);
        break;
    case SASS_OP_P2R:
    case SASS_OP_R2P:
        ra(in, 1);
        src_b(in, 1);
        if (in->op == SASS_OP_P2R) {
            rd(in, 1);
        }
        in->sub = sass_bits(in->word, 40, 1);
        in->shift = sass_bits(in->word, 41, 2) * 8;
        break;
    case SASS_OP_PSETP:
    case SASS_OP_PSET:
        set_preds(in);
        in->bop2 = sass_bits(in->word, 24, 2);
        in->pa = pred(in, 12, 15);
        in->pb = pred(in, 29, 32);
        bad_if(in, in->bop2 == 3);
        break;
    case SASS_OP_CSETP:
    case SASS_OP_CSET:
        set_preds(in);
        in->cond = sass_bits(in->word, 8, 5);
        bad_if(in, !sass_cc_known(in->cond));
        break;
    }
    if (in->op == SASS_OP_PSET || in->op == SASS_OP_CSET) {
        rd(in, 1);
        flag(in, 44, SASS_M_BF);
        flag(in, 47, SASS_M_CC);
    }
}

static void decode_convert(SassInsn *in)
{
    bool from_float = in->op == SASS_OP_F2I || in->op == SASS_OP_F2F;
    bool to_float = in->op == SASS_OP_I2F || in->op == SASS_OP_F2F;

    in->dtype = sass_bits(in->word, 8, 2);
    in->stype = sass_bits(in->word, 10, 2);
    in->rnd = sass_bits(in->word, 39, 2);
    in->sub = sass_bits(in->word, 41, 2);
    flag(in, 45, SASS_M_NEG_B);
    flag(in, 47, SASS_M_CC);
    flag(in, 49, SASS_M_ABS_B);
    if (from_float) {
        in->sub &= 1;               /* half of an f16 pair */
        flag(in, 42, SASS_M_ROUND_INT);
        flag(in, 44, SASS_M_FTZ);
        bad_if(in, in->stype == 0);
        if (in->form == SASS_FORM_F && in->stype == 3) {
            in->form = SASS_FORM_D;
        }
    } else {
        flag(in, 13, SASS_M_SIGN_B);
    }
    if (to_float) {
        bad_if(in, in->dtype == 0);
    } else {
        flag(in, 12, SASS_M_SIGN_A);
    }
    if (in->op == SASS_OP_F2F || in->op == SASS_OP_I2I) {
        flag(in, 50, SASS_M_SAT);
    }
    if (in->op == SASS_OP_I2I) {
        bad_if(in, in->dtype == 3 || in->stype == 3);
    }
    rd(in, in->dtype == 3 ? 2 : 1);
    src_b(in, in->stype == 3 ? 2 : 1);
}

static void decode_float(SassInsn *in)
{
    if (in->op != SASS_OP_MUFU && in->op != SASS_OP_RRO) {
        ra(in, 1);
        src_b(in, 1);
    }
    if (in->op != SASS_OP_FSETP) {
        rd(in, 1);
    }
    switch (in->op) {
    case SASS_OP_FADD:
        flag(in, 50, SASS_M_SAT);
        in->rnd = sass_bits(in->word, 39, 2);
        /* fall through */
    case SASS_OP_FMNMX:
        flag(in, 49, SASS_M_ABS_B);
        flag(in, 48, SASS_M_NEG_A);
        flag(in, 47, SASS_M_CC);
        flag(in, 46, SASS_M_ABS_A);
        flag(in, 45, SASS_M_NEG_B);
        flag(in, 44, SASS_M_FTZ);
        if (in->op == SASS_OP_FMNMX) {
            in->ps = pred(in, 39, 42);
        }
        break;
    case SASS_OP_FADD32I:
        flag(in, 57, SASS_M_ABS_B);
        flag(in, 56, SASS_M_NEG_A);
        flag(in, 55, SASS_M_FTZ);
        flag(in, 54, SASS_M_ABS_A);
        flag(in, 53, SASS_M_NEG_B);
        flag(in, 52, SASS_M_CC);
        break;
    case SASS_OP_FMUL:
        flag(in, 50, SASS_M_SAT);
        flag(in, 48, SASS_M_NEG_B);
        flag(in, 47, SASS_M_CC);
        flag(in, 44, SASS_M_FTZ);
        flag(in, 45, SASS_M_FMZ);
        in->sub = sass_bits(in->word, 41, 3);
        in->rnd = sass_bits(in->word, 39, 2);
        bad_if(in, in->sub == 7);
        break;
    case SASS_OP_FMUL32I:
        flag(in, 55, SASS_M_SAT);
        flag(in, 53, SASS_M_FTZ);
        flag(in, 54, SASS_M_FMZ);
        flag(in, 52, SASS_M_CC);
        break;
    case SASS_OP_FFMA:
        src_c(in, 1);
        flag(in, 53, SASS_M_FTZ);
        flag(in, 54, SASS_M_FMZ);
        in->rnd = sass_bits(in->word, 51, 2);
        flag(in, 50, SASS_M_SAT);
        flag(in, 49, SASS_M_NEG_C);
        flag(in, 48, SASS_M_NEG_B);
        flag(in, 47, SASS_M_CC);
        break;
    case SASS_OP_FFMA32I:
        in->rc = in->rd;
        flag(in, 57, SASS_M_NEG_C);
        flag(in, 56, SASS_M_NEG_B);
        flag(in, 55, SASS_M_SAT);
        flag(in, 53, SASS_M_FTZ);
        flag(in, 54, SASS_M_FMZ);
        flag(in, 52, SASS_M_CC);
        break;
    case SASS_OP_MUFU:
        ra(in, 1);
        in->sub = sass_bits(in->word, 20, 4);
        flag(in, 50, SASS_M_SAT);
        flag(in, 48, SASS_M_NEG_A);
        flag(in, 46, SASS_M_ABS_A);
        bad_if(in, in->sub > 8);
        break;
    case SASS_OP_RRO:
        src_b(in, 1);
        in->sub = sass_bits(in->word, 39, 1);
        flag(in, 49, SASS_M_ABS_B);
        flag(in, 45, SASS_M_NEG_B);
        break;
    case SASS_OP_FCMP:
        src_c(in, 1);
        in->cond = sass_bits(in->word, 48, 4);
        flag(in, 47, SASS_M_FTZ);
        break;
    case SASS_OP_FSET:
        set_preds(in);
        flag(in, 55, SASS_M_FTZ);
        flag(in, 54, SASS_M_ABS_A);
        flag(in, 53, SASS_M_NEG_B);
        flag(in, 52, SASS_M_BF);
        in->cond = sass_bits(in->word, 48, 4);
        flag(in, 47, SASS_M_CC);
        flag(in, 44, SASS_M_ABS_B);
        flag(in, 43, SASS_M_NEG_A);
        break;
    case SASS_OP_FSETP:
        set_preds(in);
        in->cond = sass_bits(in->word, 48, 4);
        flag(in, 47, SASS_M_FTZ);
        flag(in, 44, SASS_M_ABS_B);
        flag(in, 43, SASS_M_NEG_A);
        flag(in, 7, SASS_M_ABS_A);
        flag(in, 6, SASS_M_NEG_B);
        break;
    }
    bad_if(in, (in->mods & SASS_M_FTZ) && (in->mods & SASS_M_FMZ));
}

static void decode_double(SassInsn *in)
{
    ra(in, 2);
    src_b(in, 2);
    if (in->op == SASS_OP_DSET) {
        rd(in, 1);
    } else if (in->op != SASS_OP_DSETP) {
        rd(in, 2);
    }
    switch (in->op) {
    case SASS_OP_DADD:
    case SASS_OP_DMNMX:
        flag(in, 49, SASS_M_ABS_B);
        flag(in, 48, SASS_M_NEG_A);
        flag(in, 47, SASS_M_CC);
        flag(in, 46, SASS_M_ABS_A);
        flag(in, 45, SASS_M_NEG_B);
        if (in->op == SASS_OP_DADD) {
            in->rnd = sass_bits(in->word, 39, 2);
        } else {
            in->ps = pred(in, 39, 42);
        }
        break;
    case SASS_OP_DMUL:
        flag(in, 48, SASS_M_NEG_B);
        flag(in, 47, SASS_M_CC);
        in->rnd = sass_bits(in->word, 39, 2);
        break;
    case SASS_OP_DFMA:
        src_c(in, 2);
        flag(in, 49, SASS_M_NEG_C);
        flag(in, 48, SASS_M_NEG_B);
        flag(in, 47, SASS_M_CC);
        in->rnd = sass_bits(in->word, 50, 2);
        break;
    case SASS_OP_DSET:
        set_preds(in);
        flag(in, 54, SASS_M_ABS_A);
        flag(in, 53, SASS_M_NEG_B);
        flag(in, 52, SASS_M_BF);
        in->cond = sass_bits(in->word, 48, 4);
        flag(in, 47, SASS_M_CC);
        flag(in, 44, SASS_M_ABS_B);
        flag(in, 43, SASS_M_NEG_A);
        break;
    case SASS_OP_DSETP:
        set_preds(in);
        in->cond = sass_bits(in->word, 48, 4);
        flag(in, 44, SASS_M_ABS_B);
        flag(in, 43, SASS_M_NEG_A);
        flag(in, 7, SASS_M_ABS_A);
        flag(in, 6, SASS_M_NEG_B);
        break;
    }
}

static unsigned size_words(unsigned size)
{
    return size == SASS_SIZE_64 ? 2 : size == SASS_SIZE_128 ? 4 : 1;
}

static void decode_ldst(SassInsn *in)
{
    switch (in->op) {
    case SASS_OP_LD:
    case SASS_OP_ST:
        in->imm = sass_bits(in->word, 20, 32);
        in->sub = sass_bits(in->word, 53, 3);
        flag(in, 52, SASS_M_E);
        bad_if(in, sass_bits(in->word, 58, 3) != SASS_PT);
        break;
    case SASS_OP_LDG:
    case SASS_OP_STG:
        in->imm = sass_sext(sass_bits(in->word, 20, 24), 24);
        in->sub = sass_bits(in->word, 48, 3);
        flag(in, 45, SASS_M_E);
        break;
    case SASS_OP_LDC:
        in->imm = sass_bits(in->word, 20, 16);
        in->cb_bank = sass_bits(in->word, 36, 5);
        in->sub = sass_bits(in->word, 48, 3);
        in->bop = sass_bits(in->word, 44, 2);
        /* Of the index modes only IS, segment above offset, is known. */
        bad_if(in, in->bop & 1 || in->sub > SASS_SIZE_64);
        break;
    default:
        in->imm = sass_sext(sass_bits(in->word, 20, 24), 24);
        in->sub = sass_bits(in->word, 48, 3);
        break;
    }
    bad_if(in, in->sub > SASS_SIZE_128);
    rd(in, size_words(in->sub));
    ra(in, in->mods & SASS_M_E ? 2 : 1);
}

static bool atom_pair_ok(unsigned op, unsigned type)
{
    switch (op) {
    case SASS_ATOM_ADD:
        return true;
    case SASS_ATOM_MIN:
    case SASS_ATOM_MAX:
    case SASS_ATOM_AND:
    case SASS_ATOM_OR:
    case SASS_ATOM_XOR:
    case SASS_ATOM_EXCH:
    case SASS_ATOM_CAS:
        return type <= SASS_TYPE_S64;
    case SASS_ATOM_INC:
    case SASS_ATOM_DEC:
    case SASS_ATOM_SAFEADD:
        return type == SASS_TYPE_U32 || type == SASS_TYPE_U64;
    default:
        return false;
    }
}

static void decode_atom(SassInsn *in)
{
    /* ATOM and RED; 4 and 6 as on SM 5.3 and 6.0. */
    static const uint8_t global_type[8] = {
        SASS_TYPE_U32, SASS_TYPE_S32, SASS_TYPE_U64, SASS_TYPE_F32,
        SASS_TYPE_F16X2, SASS_TYPE_S64, SASS_TYPE_F64, 0xff,
    };
    static const uint8_t shared_type[4] = {
        SASS_TYPE_U32, SASS_TYPE_S32, SASS_TYPE_U64, SASS_TYPE_S64,
    };
    static const uint8_t code_op[16] = {
        SASS_ATOM_ADD, SASS_ATOM_MIN, SASS_ATOM_MAX, SASS_ATOM_INC,
        SASS_ATOM_DEC, SASS_ATOM_AND, SASS_ATOM_OR, SASS_ATOM_XOR,
        SASS_ATOM_EXCH, 0xff, SASS_ATOM_SAFEADD, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    unsigned words;

    switch (in->op) {
    case SASS_OP_ATOM:
        in->sub = code_op[sass_bits(in->word, 52, 4)];
        in->dtype = global_type[sass_bits(in->word, 49, 3)];
        break;
    case SASS_OP_RED:
        in->sub = code_op[sass_bits(in->word, 23, 3)];
        in->dtype = global_type[sass_bits(in->word, 20, 3)];
        break;
    case SASS_OP_ATOM_CAS:
        in->sub = SASS_ATOM_CAS;
        in->dtype = sass_bits(in->word, 49, 1) ? SASS_TYPE_U64
                                               : SASS_TYPE_U32;
        break;
    case SASS_OP_ATOMS:
        in->sub = code_op[sass_bits(in->word, 52, 4)];
        in->dtype = shared_type[sass_bits(in->word, 28, 2)];
        bad_if(in, in->sub == SASS_ATOM_SAFEADD);
        break;
    case SASS_OP_ATOMS_CAS:
        in->sub = SASS_ATOM_CAS;
        in->dtype = sass_bits(in->word, 52, 1) ? SASS_TYPE_U64
                                               : SASS_TYPE_U32;
        /* CAST is a lock protocol of its own. */
        bad_if(in, sass_bits(in->word, 53, 2) != 2);
        break;
    }
    if (in->sub == 0xff || in->dtype == 0xff ||
        !atom_pair_ok(in->sub, in->dtype)) {
        bad(in);
        return;
    }
    if (in->op == SASS_OP_ATOMS || in->op == SASS_OP_ATOMS_CAS) {
        in->imm = sass_sext(sass_bits(in->word, 30, 22), 22) << 2;
    } else {
        in->imm = sass_sext(sass_bits(in->word, 28, 20), 20);
        flag(in, 48, SASS_M_E);
    }
    words = in->dtype == SASS_TYPE_U64 || in->dtype == SASS_TYPE_S64 ||
            in->dtype == SASS_TYPE_F64 ? 2 : 1;
    ra(in, in->mods & SASS_M_E ? 2 : 1);
    if (in->op == SASS_OP_RED) {
        in->rb = use(in, sass_bits(in->word, 0, 8), words);
        in->rd = SASS_RZ;
        return;
    }
    rd(in, words);
    rb(in, in->sub == SASS_ATOM_CAS ? 2 * words : words);
}

static void decode_flow(SassInsn *in)
{
    bool push = in->op == SASS_OP_SSY || in->op == SASS_OP_PBK ||
                in->op == SASS_OP_PCNT || in->op == SASS_OP_PRET ||
                in->op == SASS_OP_CAL || in->op == SASS_OP_JCAL;
    bool absolute = in->op == SASS_OP_JMP || in->op == SASS_OP_JMX ||
                    in->op == SASS_OP_JCAL;
    bool indexed = in->op == SASS_OP_BRX || in->op == SASS_OP_JMX;
    bool target = push || absolute || indexed || in->op == SASS_OP_BRA;

    in->cond = 0xf;
    if (push) {
        in->guard = SASS_PT;        /* these have no predicate */
    } else {
        in->cond = sass_bits(in->word, 0, 5);
        bad_if(in, !sass_cc_known(in->cond));
    }
    if (indexed) {
        ra(in, 1);
    }
    if (!target) {
        return;
    }
    if (sass_bits(in->word, 5, 1)) {
        in->mods |= SASS_M_CONST_TARGET;
        in->cb_bank = sass_bits(in->word, 36, 5);
        in->cb_offset = sass_bits(in->word, 20, 16);
        bad_if(in, in->cb_offset & 3);
    } else if (absolute) {
        in->imm = sass_bits(in->word, 20, 32);
    } else {
        in->imm = sass_sext(sass_bits(in->word, 20, 24), 24);
    }
}

static void decode_warp(SassInsn *in)
{
    switch (in->op) {
    case SASS_OP_BAR:
        in->sub = sass_bits(in->word, 32, 5) & 0x1b;
        flag(in, 43, SASS_M_IMM_B);
        flag(in, 44, SASS_M_IMM_C);
        if (in->mods & SASS_M_IMM_B) {
            in->shift = sass_bits(in->word, 8, 8);
        } else {
            ra(in, 1);
        }
        if (in->mods & SASS_M_IMM_C) {
            in->imm = sass_bits(in->word, 20, 12);
        } else {
            rb(in, 1);
        }
        in->ps = pred(in, 39, 42);
        bad_if(in, in->sub != 0x00 && in->sub != 0x01 && in->sub != 0x02 &&
               in->sub != 0x0a && in->sub != 0x12);
        break;
    case SASS_OP_B2R:
        rd(in, 1);
        in->pd0 = sass_bits(in->word, 45, 3);
        bad_if(in, sass_bits(in->word, 32, 2) != 1);
        break;
    case SASS_OP_SHFL:
        rd(in, 1);
        ra(in, 1);
        in->sub = sass_bits(in->word, 30, 2);
        in->pd0 = sass_bits(in->word, 48, 3);
        flag(in, 28, SASS_M_IMM_B);
        flag(in, 29, SASS_M_IMM_C);
        if (in->mods & SASS_M_IMM_B) {
            in->shift = sass_bits(in->word, 20, 5);
        } else {
            rb(in, 1);
        }
        if (in->mods & SASS_M_IMM_C) {
            in->imm = sass_bits(in->word, 34, 13);
        } else {
            in->rc = use(in, sass_bits(in->word, 39, 8), 1);
        }
        break;
    case SASS_OP_VOTE:
        rd(in, 1);
        in->sub = sass_bits(in->word, 48, 2);
        in->pd0 = sass_bits(in->word, 45, 3);
        in->ps = pred(in, 39, 42);
        bad_if(in, in->sub == 3);
        break;
    }
}

static void decode_operands(SassInsn *in)
{
    switch (in->op) {
    case SASS_OP_IADD:
    case SASS_OP_IADD32I:
    case SASS_OP_IADD3:
    case SASS_OP_ISCADD:
    case SASS_OP_ISCADD32I:
        decode_add(in);
        break;
    case SASS_OP_IMUL:
    case SASS_OP_IMUL32I:
    case SASS_OP_IMAD:
    case SASS_OP_IMAD32I:
    case SASS_OP_XMAD:
        decode_mul(in);
        break;
    case SASS_OP_ICMP:
    case SASS_OP_ISET:
    case SASS_OP_ISETP:
        decode_compare_int(in);
        break;
    case SASS_OP_IMNMX:
    case SASS_OP_SHL:
    case SASS_OP_SHR:
    case SASS_OP_SHF_L:
    case SASS_OP_SHF_R:
    case SASS_OP_POPC:
    case SASS_OP_BFI:
    case SASS_OP_BFE:
    case SASS_OP_FLO:
    case SASS_OP_PRMT:
        decode_bits(in);
        break;
    case SASS_OP_LOP:
    case SASS_OP_LOP32I:
    case SASS_OP_LOP3:
    case SASS_OP_LEA:
    case SASS_OP_LEA_HI:
        decode_logic(in);
        break;
    case SASS_OP_MOV:
    case SASS_OP_MOV32I:
    case SASS_OP_SEL:
    case SASS_OP_S2R:
    case SASS_OP_CS2R:
    case SASS_OP_P2R:
    case SASS_OP_R2P:
    case SASS_OP_PSETP:
    case SASS_OP_PSET:
    case SASS_OP_CSETP:
    case SASS_OP_CSET:
        decode_move(in);
        break;
    case SASS_OP_I2I:
    case SASS_OP_I2F:
    case SASS_OP_F2I:
    case SASS_OP_F2F:
        decode_convert(in);
        break;
    case SASS_OP_DADD:
    case SASS_OP_DMUL:
    case SASS_OP_DFMA:
    case SASS_OP_DMNMX:
    case SASS_OP_DSET:
    case SASS_OP_DSETP:
        decode_double(in);
        break;
    case SASS_OP_LD:
    case SASS_OP_ST:
    case SASS_OP_LDG:
    case SASS_OP_STG:
    case SASS_OP_LDL:
    case SASS_OP_STL:
    case SASS_OP_LDS:
    case SASS_OP_STS:
    case SASS_OP_LDC:
        decode_ldst(in);
        break;
    case SASS_OP_ATOM:
    case SASS_OP_ATOM_CAS:
    case SASS_OP_RED:
    case SASS_OP_ATOMS:
    case SASS_OP_ATOMS_CAS:
        decode_atom(in);
        break;
    case SASS_OP_CCTL:
    case SASS_OP_CCTLL:
    case SASS_OP_MEMBAR:
    case SASS_OP_DEPBAR:
    case SASS_OP_NOP:
        break;
    case SASS_OP_BAR:
    case SASS_OP_B2R:
    case SASS_OP_SHFL:
    case SASS_OP_VOTE:
        decode_warp(in);
        break;
    default:
        if (in->op >= SASS_OP_FADD && in->op <= SASS_OP_FSETP) {
            decode_float(in);
        } else {
            decode_flow(in);
        }
        break;
    }
}

void sass_decode(uint64_t word, SassInsn *in)
{
    memset(in, 0, sizeof(*in));
    in->word = word;
    in->guard = sass_bits(word, 16, 4);
    in->pd0 = SASS_PT;
    in->pd1 = SASS_PT;
    in->ps = SASS_PT;
    in->trap = SASS_TRAP_ILLEGAL_INSTRUCTION;
    for (unsigned i = 0; i < OP_ROWS; i++) {
        if ((word >> 48 & op_rows[i].mask) == op_rows[i].value) {
            in->op = op_rows[i].op;
            in->form = op_rows[i].form;
            in->exec = op_exec[in->op];
            in->trap = SASS_TRAP_NONE;
            decode_operands(in);
            break;
        }
    }
}

/*
 * The cache: pages of decoded instructions, made when code is first run, for
 * the first CACHE_BYTES of the code segment.  Code beyond runs uncached.
 */
#define CACHE_BYTES (512 * 1024)
#define PAGE_INSNS 512
#define CACHE_PAGES (CACHE_BYTES / 8 / PAGE_INSNS)

typedef struct InsnPage {
    SassInsn insn[PAGE_INSNS];
    bool valid[PAGE_INSNS];
} InsnPage;

struct SassProgram {
    InsnPage *page[CACHE_PAGES];
};

SassProgram *sass_program_new(void)
{
    return calloc(1, sizeof(SassProgram));
}

void sass_program_flush(SassProgram *prog)
{
    for (unsigned i = 0; i < CACHE_PAGES; i++) {
        free(prog->page[i]);
        prog->page[i] = NULL;
    }
}

void sass_program_free(SassProgram *prog)
{
    if (prog) {
        sass_program_flush(prog);
        free(prog);
    }
}

const SassInsn *sass_program_insn(SassProgram *prog, SassWarp *w, uint32_t pc,
                                  SassInsn *scratch)
{
    unsigned index = pc / 8 % PAGE_INSNS;
    InsnPage *page = NULL;
    uint64_t word;

    if (pc < CACHE_BYTES) {
        InsnPage **slot = &prog->page[pc / 8 / PAGE_INSNS];

        if (!*slot) {
            *slot = calloc(1, sizeof(**slot));
        }
        page = *slot;
        if (page && page->valid[index]) {
            return &page->insn[index];
        }
    }
    if (!w->ops->fetch(w->opaque, pc, &word)) {
        return NULL;
    }
    if (!page) {
        sass_decode(word, scratch);
        return scratch;
    }
    sass_decode(word, &page->insn[index]);
    page->valid[index] = true;
    return &page->insn[index];
}
