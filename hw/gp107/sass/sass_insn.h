/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the SASS interpreter: the decoded instruction, the warp, and what the
 * files sass_*.c share.
 *
 * Encodings: envytools, envydis/gm107.c; Mesa, nv50_ir_emit_gm107.cpp.
 * Meanings: the PTX ISA, and envytools, docs/hw/graph/maxwell/cuda.
 */
#ifndef GP107_SASS_INSN_H
#define GP107_SASS_INSN_H

#include <string.h>

#include "sass.h"

#define SASS_ALL_LANES 0xffffffffu
#define SASS_RZ 255
#define SASS_PT 7
/* Results for RZ land here: up to four words. */
#define SASS_ROW_SINK 256
#define SASS_ROWS 260

#define SASS_LANES(i) for (unsigned i = 0; i < SASS_WARP_LANES; i++)

/* Lane @i of those in @mask, from 0 up. */
#define SASS_EACH(i, mask) \
    for (uint32_t each_ = (mask), i; \
         each_ && (i = __builtin_ctz(each_), true); each_ &= each_ - 1)

typedef enum SassOp {
    SASS_OP_ILLEGAL,
    /* integer */
    SASS_OP_IADD, SASS_OP_IADD32I, SASS_OP_IADD3, SASS_OP_IMUL,
    SASS_OP_IMUL32I, SASS_OP_IMAD, SASS_OP_IMAD32I, SASS_OP_ISCADD,
    SASS_OP_ISCADD32I, SASS_OP_XMAD, SASS_OP_IMNMX, SASS_OP_ICMP,
    SASS_OP_ISET, SASS_OP_ISETP, SASS_OP_SHL, SASS_OP_SHR, SASS_OP_SHF_L,
    SASS_OP_SHF_R, SASS_OP_POPC, SASS_OP_BFI, SASS_OP_BFE, SASS_OP_FLO,
    SASS_OP_PRMT, SASS_OP_LOP, SASS_OP_LOP32I, SASS_OP_LOP3, SASS_OP_LEA,
    SASS_OP_LEA_HI,
    /* moves, predicates and condition code */
    SASS_OP_MOV, SASS_OP_MOV32I, SASS_OP_SEL, SASS_OP_S2R, SASS_OP_CS2R,
    SASS_OP_P2R, SASS_OP_R2P, SASS_OP_PSETP, SASS_OP_PSET, SASS_OP_CSETP,
    SASS_OP_CSET,
    /* conversions */
    SASS_OP_I2I, SASS_OP_I2F, SASS_OP_F2I, SASS_OP_F2F,
    /* float */
    SASS_OP_FADD, SASS_OP_FADD32I, SASS_OP_FMUL, SASS_OP_FMUL32I,
    SASS_OP_FFMA, SASS_OP_FFMA32I, SASS_OP_MUFU, SASS_OP_FMNMX, SASS_OP_RRO,
    SASS_OP_FCMP, SASS_OP_FSET, SASS_OP_FSETP,
    /* double */
    SASS_OP_DADD, SASS_OP_DMUL, SASS_OP_DFMA, SASS_OP_DMNMX, SASS_OP_DSET,
    SASS_OP_DSETP,
    /* memory */
    SASS_OP_LD, SASS_OP_ST, SASS_OP_LDG, SASS_OP_STG, SASS_OP_LDL,
    SASS_OP_STL, SASS_OP_LDS, SASS_OP_STS, SASS_OP_LDC, SASS_OP_ATOM,
    SASS_OP_ATOM_CAS, SASS_OP_RED, SASS_OP_ATOMS, SASS_OP_ATOMS_CAS,
    SASS_OP_CCTL, SASS_OP_CCTLL, SASS_OP_MEMBAR, SASS_OP_DEPBAR,
    /* flow */
    SASS_OP_NOP, SASS_OP_EXIT, SASS_OP_BRA, SASS_OP_BRX, SASS_OP_JMP,
    SASS_OP_JMX, SASS_OP_CAL, SASS_OP_JCAL, SASS_OP_PCNT, SASS_OP_CONT,
    SASS_OP_PBK, SASS_OP_BRK, SASS_OP_PRET, SASS_OP_RET, SASS_OP_SSY,
    SASS_OP_SYNC,
    /* warp and CTA */
    SASS_OP_BAR, SASS_OP_B2R, SASS_OP_SHFL, SASS_OP_VOTE,
    SASS_OP_COUNT,
} SassOp;

/* What the second operand is, and for *_RC that the third is a constant. */
typedef enum SassForm {
    SASS_FORM_R,                    /* register, bits 27:20 */
    SASS_FORM_C,                    /* constant bank */
    SASS_FORM_I,                    /* 20 bits, sign-extended */
    SASS_FORM_F,                    /* top 20 bits of a float */
    SASS_FORM_D,                    /* top 20 bits of a double */
    SASS_FORM_RC,                   /* register 46:39, then a constant */
    SASS_FORM_L,                    /* 32 bits */
    SASS_FORM_N,                    /* none of these */
} SassForm;

enum {
    SASS_M_NEG_A = 1u << 0,
    SASS_M_ABS_A = 1u << 1,
    SASS_M_NEG_B = 1u << 2,
    SASS_M_ABS_B = 1u << 3,
    SASS_M_NEG_C = 1u << 4,
    SASS_M_INV_A = 1u << 5,
    SASS_M_INV_B = 1u << 6,
    SASS_M_CC = 1u << 7,            /* writes the condition code */
    SASS_M_X = 1u << 8,             /* takes the carry */
    SASS_M_SAT = 1u << 9,
    SASS_M_FTZ = 1u << 10,
    SASS_M_FMZ = 1u << 11,          /* 0 times anything is 0 */
    SASS_M_SIGN_A = 1u << 12,
    SASS_M_SIGN_B = 1u << 13,
    SASS_M_HI = 1u << 14,
    SASS_M_WRAP = 1u << 15,
    SASS_M_BF = 1u << 16,           /* true is 1.0f, not -1 */
    SASS_M_BREV = 1u << 17,
    SASS_M_SH = 1u << 18,
    SASS_M_PSL = 1u << 19,
    SASS_M_MRG = 1u << 20,
    SASS_M_H1_A = 1u << 21,
    SASS_M_H1_B = 1u << 22,
    SASS_M_E = 1u << 23,            /* 64-bit address */
    SASS_M_ROUND_INT = 1u << 24,
    SASS_M_IMM_B = 1u << 25,
    SASS_M_IMM_C = 1u << 26,
    SASS_M_CONST_TARGET = 1u << 27,
};

/* Rounding, as encoded in every instruction that rounds. */
enum { SASS_RN, SASS_RM, SASS_RP, SASS_RZ_MODE };

/* Sizes of LD, ST, LDS, STS, LDL, STL and LDC. */
enum {
    SASS_SIZE_U8, SASS_SIZE_S8, SASS_SIZE_U16, SASS_SIZE_S16, SASS_SIZE_32,
    SASS_SIZE_64, SASS_SIZE_128,
};

/* Predicate reference: register in bits 2:0, negation in bit 3. */
#define SASS_P_NOT 8u

typedef struct SassInsn SassInsn;

typedef enum SassStep {
    SASS_STEP_NEXT,                 /* done; on to the next instruction */
    SASS_STEP_BRANCH,               /* done; pc is set */
    SASS_STEP_FAULT,                /* nothing was changed */
    SASS_STEP_WAIT,                 /* done when released */
    SASS_STEP_TRAP,                 /* the trap is noted in the warp */
} SassStep;

typedef SassStep (*SassExec)(SassWarp *w, const SassInsn *in, uint32_t mask);

struct SassInsn {
    uint64_t word;
    SassExec exec;
    uint32_t imm;
    uint32_t mods;
    uint16_t top;                   /* registers it needs */
    uint16_t cb_offset;
    uint8_t cb_bank;
    uint8_t op;
    uint8_t form;
    uint8_t trap;                   /* SassTrap, when it can't be run */
    uint8_t guard;
    uint8_t rd, ra, rb, rc;
    uint8_t pd0, pd1;
    uint8_t pa, pb, ps;             /* predicate sources */
    uint8_t rnd;
    uint8_t cond;
    uint8_t bop, bop2;
    uint8_t sub;                    /* meaning depends on op */
    uint8_t shift;
    uint8_t dtype, stype;
};

typedef enum SassTokenType {
    SASS_TOKEN_DIVERGE,
    SASS_TOKEN_SSY,
    SASS_TOKEN_PBK,
    SASS_TOKEN_PCNT,
    SASS_TOKEN_RET,
    SASS_TOKEN_TYPES,
} SassTokenType;

typedef struct SassToken {
    uint32_t type;
    uint32_t pc;
    uint32_t lanes;
} SassToken;

/* 2 KiB of call-return stack is what drivers ask for (QMD, CRS_SIZE). */
#define SASS_TOKENS 170

struct SassWarp {
    _Alignas(64) uint32_t r[SASS_ROWS][SASS_WARP_LANES];
    uint32_t pred[SASS_PREDS + 1];  /* a bit a lane; the last is true */
    uint32_t cc_z, cc_s, cc_c, cc_o;

    SassWarpConfig cfg;
    unsigned regs;                  /* usable, allocation unit included */
    SassState state;
    SassTrap trap;
    uint32_t pc;
    uint32_t launched;              /* lanes */
    uint32_t active;
    uint32_t exited;
    /* Lanes that left by SYNC, BRK, CONT or RET and wait for their token. */
    uint32_t waiting[SASS_TOKEN_TYPES];
    SassToken token[SASS_TOKENS];
    unsigned tokens;

    unsigned bar_index;
    unsigned bar_threads;
    bool bar_arrive;
    SassBarrierRed bar_red;
    uint32_t bar_votes;
    uint32_t bar_result;

    uint8_t *local;                 /* local_size bytes a lane, on first use */

    /* For the time of one sass_warp_run(). */
    const SassOps *ops;
    void *opaque;
};

static inline uint32_t sass_bits(uint64_t word, unsigned pos, unsigned len)
{
    return (uint32_t)(word >> pos) & (uint32_t)((1ull << len) - 1);
}

static inline uint32_t sass_sext(uint32_t value, unsigned bits)
{
    uint32_t sign = 1u << (bits - 1);

    return (value ^ sign) - sign;
}

/* Row of word @k of the register (pair, quad) @reg as a source. */
static inline const uint32_t *sass_row(const SassWarp *w, unsigned reg,
                                       unsigned k)
{
    return w->r[reg == SASS_RZ ? SASS_RZ : reg + k];
}

/* The same as a destination. */
static inline uint32_t *sass_out(SassWarp *w, unsigned reg, unsigned k)
{
    return w->r[(reg == SASS_RZ ? SASS_ROW_SINK : reg) + k];
}

void sass_put(SassWarp *w, unsigned reg, unsigned k, uint32_t mask,
              const uint32_t *value);
void sass_set_pred(SassWarp *w, unsigned pred, uint32_t mask, uint32_t value);
uint32_t sass_get_pred(const SassWarp *w, unsigned ref);
/* Lanes for which the condition code passes test @cond. */
uint32_t sass_cc_test(const SassWarp *w, unsigned cond);
bool sass_cc_known(unsigned cond);
void sass_cc_set(SassWarp *w, uint32_t mask, uint32_t z, uint32_t s,
                 uint32_t c, uint32_t o);
/* Sets the condition code for a result that has no carry. */
void sass_cc_logic(SassWarp *w, const SassInsn *in, uint32_t mask,
                   const uint32_t *value);
/* @a BOP @b for bop 0 AND, 1 OR, 2 XOR. */
uint32_t sass_bop(unsigned bop, uint32_t a, uint32_t b);
uint32_t sass_to_mask(const uint32_t *flag);
/* The result of ISET, FSET, DSET, PSET and CSET. */
void sass_put_truth(SassWarp *w, const SassInsn *in, uint32_t mask,
                    uint32_t truth);
SassStep sass_trap(SassWarp *w, SassTrap trap);

/* Operands b and c; false: a constant could not be read. */
bool sass_src_b(SassWarp *w, const SassInsn *in, uint32_t *buf,
                const uint32_t **b);
bool sass_src_c(SassWarp *w, const SassInsn *in, uint32_t *buf,
                const uint32_t **c);
bool sass_src_b64(SassWarp *w, const SassInsn *in, uint64_t *b);
bool sass_src_c64(SassWarp *w, const SassInsn *in, uint64_t *c);
void sass_get64(const SassWarp *w, unsigned reg, uint64_t *value);
void sass_put64(SassWarp *w, unsigned reg, uint32_t mask,
                const uint64_t *value);

/* Float helpers. */
#define SASS_F32_NAN 0x7fffffffu
#define SASS_F64_NAN 0xfff8000000000000ull

float sass_round_f32(double value, unsigned rnd);
static inline float sass_u2f(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint32_t sass_f2u(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static inline double sass_u2d(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint64_t sass_d2u(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* A denormal becomes a 0 of its sign. */
static inline uint32_t sass_flush_f32(uint32_t bits)
{
    return bits & 0x7f800000 ? bits : bits & 0x80000000u;
}

double sass_from_f16(uint32_t half);
uint32_t sass_to_f16(double v, unsigned rnd);
void sass_cc_double(SassWarp *w, uint32_t mask, const uint64_t *value);

void sass_decode(uint64_t word, SassInsn *in);

/* The program cache; NULL: the word at @pc could not be fetched. */
const SassInsn *sass_program_insn(SassProgram *prog, SassWarp *w, uint32_t pc,
                                  SassInsn *scratch);

#define SASS_EXEC(name) \
    SassStep sass_exec_##name(SassWarp *w, const SassInsn *in, uint32_t mask)

SASS_EXEC(iadd);
SASS_EXEC(iadd3);
SASS_EXEC(imad);
SASS_EXEC(iscadd);
SASS_EXEC(xmad);
SASS_EXEC(imnmx);
SASS_EXEC(icmp);
SASS_EXEC(iset);
SASS_EXEC(shift);
SASS_EXEC(shf);
SASS_EXEC(popc);
SASS_EXEC(bfi);
SASS_EXEC(bfe);
SASS_EXEC(flo);
SASS_EXEC(prmt);
SASS_EXEC(lop);
SASS_EXEC(lop3);
SASS_EXEC(lea);
SASS_EXEC(mov);
SASS_EXEC(sel);
SASS_EXEC(s2r);
SASS_EXEC(p2r);
SASS_EXEC(r2p);
SASS_EXEC(pset);
SASS_EXEC(cset);
SASS_EXEC(i2i);
SASS_EXEC(i2f);
SASS_EXEC(f2i);
SASS_EXEC(f2f);
SASS_EXEC(fadd);
SASS_EXEC(fmul);
SASS_EXEC(ffma);
SASS_EXEC(mufu);
SASS_EXEC(fmnmx);
SASS_EXEC(rro);
SASS_EXEC(fcmp);
SASS_EXEC(fset);
SASS_EXEC(darith);
SASS_EXEC(dmnmx);
SASS_EXEC(dset);
SASS_EXEC(ld);
SASS_EXEC(st);
SASS_EXEC(ldst_local);
SASS_EXEC(ldst_shared);
SASS_EXEC(ldc);
SASS_EXEC(atom);
SASS_EXEC(atoms);
SASS_EXEC(nop);
SASS_EXEC(exit);
SASS_EXEC(branch);
SASS_EXEC(branch_indexed);
SASS_EXEC(call);
SASS_EXEC(push);
SASS_EXEC(pop);
SASS_EXEC(bar);
SASS_EXEC(b2r);
SASS_EXEC(shfl);
SASS_EXEC(vote);

#endif
