/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS: instructions as text, for traces and tests.  The names are those of
 * NVIDIA's tools as far as they are known; every modifier that changes the
 * result is shown.
 */
#include <stdarg.h>
#include <stdio.h>

#include "sass_insn.h"

/*
 * Operands: d destination, a b c sources, p q predicate destinations, s x y
 * predicate sources, m memory, o data of a store or atomic, t branch target,
 * i indexed target, r special register.
 */
static const struct {
    const char *name, *operands;
} ops[SASS_OP_COUNT] = {
    [SASS_OP_ILLEGAL] = { "ILLEGAL", "" },
    [SASS_OP_IADD] = { "IADD", "dab" },
    [SASS_OP_IADD32I] = { "IADD32I", "dab" },
    [SASS_OP_IADD3] = { "IADD3", "dabc" },
    [SASS_OP_IMUL] = { "IMUL", "dab" },
    [SASS_OP_IMUL32I] = { "IMUL32I", "dab" },
    [SASS_OP_IMAD] = { "IMAD", "dabc" },
    [SASS_OP_IMAD32I] = { "IMAD32I", "dabc" },
    [SASS_OP_ISCADD] = { "ISCADD", "dabn" },
    [SASS_OP_ISCADD32I] = { "ISCADD32I", "dabn" },
    [SASS_OP_XMAD] = { "XMAD", "dabc" },
    [SASS_OP_IMNMX] = { "IMNMX", "dabs" },
    [SASS_OP_ICMP] = { "ICMP", "dabc" },
    [SASS_OP_ISET] = { "ISET", "dabs" },
    [SASS_OP_ISETP] = { "ISETP", "pqabs" },
    [SASS_OP_SHL] = { "SHL", "dab" },
    [SASS_OP_SHR] = { "SHR", "dab" },
    [SASS_OP_SHF_L] = { "SHF.L", "dabc" },
    [SASS_OP_SHF_R] = { "SHF.R", "dabc" },
    [SASS_OP_POPC] = { "POPC", "db" },
    [SASS_OP_BFI] = { "BFI", "dabc" },
    [SASS_OP_BFE] = { "BFE", "dab" },
    [SASS_OP_FLO] = { "FLO", "db" },
    [SASS_OP_PRMT] = { "PRMT", "dabc" },
    [SASS_OP_LOP] = { "LOP", "pdab" },
    [SASS_OP_LOP32I] = { "LOP32I", "dab" },
    [SASS_OP_LOP3] = { "LOP3", "pdabcl" },
    [SASS_OP_LEA] = { "LEA", "dabn" },
    [SASS_OP_LEA_HI] = { "LEA", "dabcn" },
    [SASS_OP_MOV] = { "MOV", "dbl" },
    [SASS_OP_MOV32I] = { "MOV32I", "dbl" },
    [SASS_OP_SEL] = { "SEL", "dabs" },
    [SASS_OP_S2R] = { "S2R", "dr" },
    [SASS_OP_CS2R] = { "CS2R", "dr" },
    [SASS_OP_P2R] = { "P2R", "dab" },
    [SASS_OP_R2P] = { "R2P", "ab" },
    [SASS_OP_PSETP] = { "PSETP", "pqxys" },
    [SASS_OP_PSET] = { "PSET", "dxys" },
    [SASS_OP_CSETP] = { "CSETP", "pqs" },
    [SASS_OP_CSET] = { "CSET", "ds" },
    [SASS_OP_I2I] = { "I2I", "db" },
    [SASS_OP_I2F] = { "I2F", "db" },
    [SASS_OP_F2I] = { "F2I", "db" },
    [SASS_OP_F2F] = { "F2F", "db" },
    [SASS_OP_FADD] = { "FADD", "dab" },
    [SASS_OP_FADD32I] = { "FADD32I", "dab" },
    [SASS_OP_FMUL] = { "FMUL", "dab" },
    [SASS_OP_FMUL32I] = { "FMUL32I", "dab" },
    [SASS_OP_FFMA] = { "FFMA", "dabc" },
    [SASS_OP_FFMA32I] = { "FFMA32I", "dabc" },
    [SASS_OP_MUFU] = { "MUFU", "da" },
    [SASS_OP_FMNMX] = { "FMNMX", "dabs" },
    [SASS_OP_RRO] = { "RRO", "db" },
    [SASS_OP_FCMP] = { "FCMP", "dabc" },
    [SASS_OP_FSET] = { "FSET", "dabs" },
    [SASS_OP_FSETP] = { "FSETP", "pqabs" },
    [SASS_OP_DADD] = { "DADD", "dab" },
    [SASS_OP_DMUL] = { "DMUL", "dab" },
    [SASS_OP_DFMA] = { "DFMA", "dabc" },
    [SASS_OP_DMNMX] = { "DMNMX", "dabs" },
    [SASS_OP_DSET] = { "DSET", "dabs" },
    [SASS_OP_DSETP] = { "DSETP", "pqabs" },
    [SASS_OP_LD] = { "LD", "dm" },
    [SASS_OP_ST] = { "ST", "md" },
    [SASS_OP_LDG] = { "LDG", "dm" },
    [SASS_OP_STG] = { "STG", "md" },
    [SASS_OP_LDL] = { "LDL", "dm" },
    [SASS_OP_STL] = { "STL", "md" },
    [SASS_OP_LDS] = { "LDS", "dm" },
    [SASS_OP_STS] = { "STS", "md" },
    [SASS_OP_LDC] = { "LDC", "dk" },
    [SASS_OP_ATOM] = { "ATOM", "dmo" },
    [SASS_OP_ATOM_CAS] = { "ATOM", "dmo" },
    [SASS_OP_RED] = { "RED", "mo" },
    [SASS_OP_ATOMS] = { "ATOMS", "dmo" },
    [SASS_OP_ATOMS_CAS] = { "ATOMS", "dmo" },
    [SASS_OP_CCTL] = { "CCTL", "" },
    [SASS_OP_CCTLL] = { "CCTLL", "" },
    [SASS_OP_MEMBAR] = { "MEMBAR", "" },
    [SASS_OP_DEPBAR] = { "DEPBAR", "" },
    [SASS_OP_NOP] = { "NOP", "" },
    [SASS_OP_EXIT] = { "EXIT", "" },
    [SASS_OP_BRA] = { "BRA", "t" },
    [SASS_OP_BRX] = { "BRX", "i" },
    [SASS_OP_JMP] = { "JMP", "t" },
    [SASS_OP_JMX] = { "JMX", "i" },
    [SASS_OP_CAL] = { "CAL", "t" },
    [SASS_OP_JCAL] = { "JCAL", "t" },
    [SASS_OP_PCNT] = { "PCNT", "t" },
    [SASS_OP_CONT] = { "CONT", "" },
    [SASS_OP_PBK] = { "PBK", "t" },
    [SASS_OP_BRK] = { "BRK", "" },
    [SASS_OP_PRET] = { "PRET", "t" },
    [SASS_OP_RET] = { "RET", "" },
    [SASS_OP_SSY] = { "SSY", "t" },
    [SASS_OP_SYNC] = { "SYNC", "" },
    [SASS_OP_BAR] = { "BAR", "B" },
    [SASS_OP_B2R] = { "B2R.RESULT", "dp" },
    [SASS_OP_SHFL] = { "SHFL", "pdaS" },
    [SASS_OP_VOTE] = { "VOTE", "dps" },
};

typedef struct Text {
    char *buf;
    unsigned size, len;
} Text;

static void say(Text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(Text *t, const char *fmt, ...)
{
    unsigned room = t->len < t->size ? t->size - t->len : 0;
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(room ? t->buf + t->len : NULL, room, fmt, ap);
    va_end(ap);
    t->len += n > 0 ? (unsigned)n : 0;
}

static void reg(Text *t, unsigned number)
{
    if (number == SASS_RZ) {
        say(t, "RZ");
    } else {
        say(t, "R%u", number);
    }
}

static void pred(Text *t, unsigned ref)
{
    const char *not = ref & SASS_P_NOT ? "!" : "";

    if ((ref & 7) == SASS_PT) {
        say(t, "%sPT", not);
    } else {
        say(t, "%sP%u", not, ref & 7);
    }
}

static void constant(Text *t, const SassInsn *in)
{
    say(t, "c[0x%x][0x%x]", in->cb_bank, in->cb_offset);
}

/* The modifiers around source @which (0 a, 1 b, 2 c), and the source. */
static void source(Text *t, const SassInsn *in, unsigned which)
{
    static const uint32_t neg[3] = {
        SASS_M_NEG_A, SASS_M_NEG_B, SASS_M_NEG_C,
    };
    static const uint32_t absolute[3] = { SASS_M_ABS_A, SASS_M_ABS_B, 0 };
    static const uint32_t inv[3] = { SASS_M_INV_A, SASS_M_INV_B, 0 };
    static const uint32_t high[3] = { SASS_M_H1_A, SASS_M_H1_B, 0 };
    bool bars = in->mods & absolute[which];

    say(t, "%s%s%s", in->mods & neg[which] ? "-" : "",
        in->mods & inv[which] ? "~" : "", bars ? "|" : "");
    if (which == 0) {
        reg(t, in->ra);
    } else if (which == 2 && in->form != SASS_FORM_RC) {
        reg(t, in->rc);
    } else if (which == 2 || in->form == SASS_FORM_C) {
        constant(t, in);
    } else if (in->form == SASS_FORM_R || in->form == SASS_FORM_RC) {
        reg(t, in->rb);
    } else {
        say(t, "0x%x", in->imm);
    }
    say(t, "%s%s", bars ? "|" : "", in->mods & high[which] ? ".H1" : "");
}

static void memory(Text *t, const SassInsn *in)
{
    int32_t offset = (int32_t)in->imm;

    say(t, "[");
    if (in->ra != SASS_RZ || !offset) {
        reg(t, in->ra);
    }
    if (offset) {
        say(t, "%s0x%x", offset < 0 ? "-" : in->ra != SASS_RZ ? "+" : "",
            offset < 0 ? 0u - in->imm : in->imm);
    }
    say(t, "]");
}

static void operand(Text *t, const SassInsn *in, uint32_t pc, char what)
{
    switch (what) {
    case 'd':
        reg(t, in->rd);
        break;
    case 'a':
        source(t, in, 0);
        break;
    case 'b':
        source(t, in, 1);
        break;
    case 'c':
        source(t, in, 2);
        break;
    case 'p':
        pred(t, in->pd0);
        break;
    case 'q':
        pred(t, in->pd1);
        break;
    case 's':
        pred(t, in->ps);
        break;
    case 'x':
        pred(t, in->pa);
        break;
    case 'y':
        pred(t, in->pb);
        break;
    case 'n':
        say(t, "0x%x", in->shift);
        break;
    case 'l':
        say(t, "0x%x", in->sub);
        break;
    case 'r':
        say(t, "SR_%02X", in->sub);
        break;
    case 'm':
        memory(t, in);
        break;
    case 'o':
        reg(t, in->rb);
        break;
    case 'k':
        say(t, "c[0x%x]", in->cb_bank);
        memory(t, in);
        break;
    case 't':
        if (in->mods & SASS_M_CONST_TARGET) {
            constant(t, in);
        } else if (in->op == SASS_OP_JMP || in->op == SASS_OP_JCAL) {
            say(t, "0x%x", in->imm);
        } else {
            say(t, "0x%x", pc + 8 + in->imm);
        }
        break;
    case 'i':
        reg(t, in->ra);
        if (in->mods & SASS_M_CONST_TARGET) {
            say(t, " ");
            constant(t, in);
        } else {
            say(t, " 0x%x", in->imm);
        }
        break;
    case 'B':
        if (in->mods & SASS_M_IMM_B) {
            say(t, "0x%x", in->shift);
        } else {
            reg(t, in->ra);
        }
        say(t, ", ");
        if (in->mods & SASS_M_IMM_C) {
            say(t, "0x%x", in->imm);
        } else {
            reg(t, in->rb);
        }
        say(t, ", ");
        pred(t, in->ps);
        break;
    case 'S':
        if (in->mods & SASS_M_IMM_B) {
            say(t, "0x%x", in->shift);
        } else {
            reg(t, in->rb);
        }
        say(t, ", ");
        if (in->mods & SASS_M_IMM_C) {
            say(t, "0x%x", in->imm);
        } else {
            reg(t, in->rc);
        }
        break;
    }
}

static const char *const condition[16] = {
    "F", "LT", "EQ", "LE", "GT", "NE", "GE", "NUM", "NAN", "LTU", "EQU",
    "LEU", "GTU", "NEU", "GEU", "T",
};
static const char *const bop_name[3] = { "AND", "OR", "XOR" };

/* Modes that belong to single operations. */
static void modes(Text *t, const SassInsn *in)
{
    static const char *const logic[4] = { "AND", "OR", "XOR", "PASS_B" };
    static const char *const mufu[9] = {
        "COS", "SIN", "EX2", "LG2", "RCP", "RSQ", "RCP64H", "RSQ64H", "SQRT",
    };
    static const char *const cmode[5] = { "", ".CLO", ".CHI", ".CSFU",
                                          ".CBCC" };
    static const char *const permute[7] = { "", ".F4E", ".B4E", ".RC8",
                                            ".ECL", ".ECR", ".RC16" };
    static const char *const size[7] = { "U8", "S8", "U16", "S16", "32",
                                         "64", "128" };
    static const char *const atom[] = { "ADD", "MIN", "MAX", "INC", "DEC",
                                        "AND", "OR", "XOR", "EXCH", "CAS",
                                        "SAFEADD" };
    static const char *const type[] = { "", ".S32", ".64", ".S64", ".F32",
                                        ".F16x2", ".F64" };
    static const char *const shfl[4] = { "IDX", "UP", "DOWN", "BFLY" };
    static const char *const minmax[4] = { "", ".XLO", ".XMED", ".XHI" };
    static const char *const vote[3] = { "ALL", "ANY", "EQ" };
    static const char *const scale[7] = { "", ".D2", ".D4", ".D8", ".M8",
                                          ".M4", ".M2" };
    bool is_unsigned = !(in->mods & SASS_M_SIGN_A);

    switch (in->op) {
    case SASS_OP_ISET:
    case SASS_OP_ISETP:
    case SASS_OP_ICMP:
        say(t, ".%s%s", in->cond == 7 ? "T" : condition[in->cond],
            is_unsigned ? ".U32" : "");
        break;
    case SASS_OP_FCMP:
    case SASS_OP_FSET:
    case SASS_OP_FSETP:
    case SASS_OP_DSET:
    case SASS_OP_DSETP:
        say(t, ".%s", condition[in->cond]);
        break;
    case SASS_OP_CSET:
    case SASS_OP_CSETP:
        say(t, ".%02x", in->cond);
        break;
    case SASS_OP_PSET:
    case SASS_OP_PSETP:
        say(t, ".%s", bop_name[in->bop2]);
        break;
    case SASS_OP_IMUL:
    case SASS_OP_IMUL32I:
    case SASS_OP_IMAD:
    case SASS_OP_IMAD32I:
        say(t, "%s%s", is_unsigned ? ".U32" : ".S32",
            in->mods & SASS_M_SIGN_B ? ".S32" : ".U32");
        break;
    case SASS_OP_XMAD:
        if (in->mods & (SASS_M_SIGN_A | SASS_M_SIGN_B)) {
            say(t, "%s%s", is_unsigned ? ".U16" : ".S16",
                in->mods & SASS_M_SIGN_B ? ".S16" : ".U16");
        }
        say(t, "%s", cmode[in->sub]);
        break;
    case SASS_OP_IMNMX:
        say(t, "%s%s", is_unsigned ? ".U32" : "", minmax[in->sub]);
        break;
    case SASS_OP_SHR:
    case SASS_OP_BFE:
    case SASS_OP_FLO:
        say(t, "%s", is_unsigned ? ".U32" : "");
        break;
    case SASS_OP_SHF_L:
    case SASS_OP_SHF_R:
        say(t, "%s", in->stype == 2 ? ".U64" : in->stype == 3 ? ".S64" : "");
        break;
    case SASS_OP_PRMT:
        say(t, "%s", permute[in->sub]);
        break;
    case SASS_OP_LOP:
    case SASS_OP_LOP32I:
        say(t, ".%s", logic[in->sub]);
        break;
    case SASS_OP_IADD3:
        say(t, "%s", in->sub == 1 ? ".RS" : in->sub == 2 ? ".LS" : "");
        break;
    case SASS_OP_MUFU:
        say(t, ".%s", mufu[in->sub]);
        break;
    case SASS_OP_FMUL:
        say(t, "%s", scale[in->sub]);
        break;
    case SASS_OP_RRO:
        say(t, "%s", in->sub ? ".EX2" : ".SINCOS");
        break;
    case SASS_OP_I2I:
        say(t, ".%c%u.%c%u", is_unsigned ? 'U' : 'S', 8u << in->dtype,
            in->mods & SASS_M_SIGN_B ? 'S' : 'U', 8u << in->stype);
        break;
    case SASS_OP_I2F:
        say(t, ".F%u.%c%u", 8u << in->dtype,
            in->mods & SASS_M_SIGN_B ? 'S' : 'U', 8u << in->stype);
        break;
    case SASS_OP_F2I:
        say(t, ".%c%u.F%u", is_unsigned ? 'U' : 'S', 8u << in->dtype,
            8u << in->stype);
        break;
    case SASS_OP_F2F:
        say(t, ".F%u.F%u", 8u << in->dtype, 8u << in->stype);
        break;
    case SASS_OP_ATOM:
    case SASS_OP_ATOM_CAS:
    case SASS_OP_RED:
    case SASS_OP_ATOMS:
    case SASS_OP_ATOMS_CAS:
        say(t, "%s.%s%s", in->mods & SASS_M_E ? ".E" : "", atom[in->sub],
            type[in->dtype]);
        break;
    case SASS_OP_BAR:
        say(t, ".%s", in->sub == 0x00 ? "SYNC" : in->sub == 0x01 ? "ARV" :
            in->sub == 0x02 ? "RED.POPC" : in->sub == 0x0a ? "RED.AND"
                                                           : "RED.OR");
        break;
    case SASS_OP_SHFL:
        say(t, ".%s", shfl[in->sub]);
        break;
    case SASS_OP_VOTE:
        say(t, ".%s", vote[in->sub]);
        break;
    default:
        if (in->op >= SASS_OP_LD && in->op <= SASS_OP_LDC) {
            say(t, "%s.%s", in->mods & SASS_M_E ? ".E" : "", size[in->sub]);
        }
        break;
    }
}

/* Modes that mean the same wherever they are. */
static void common_modes(Text *t, const SassInsn *in)
{
    static const struct {
        uint32_t mod;
        const char *text;
    } flags[] = {
        { SASS_M_HI, ".HI" }, { SASS_M_PSL, ".PSL" }, { SASS_M_MRG, ".MRG" },
        { SASS_M_BF, ".BF" }, { SASS_M_BREV, ".BREV" }, { SASS_M_SH, ".SH" },
        { SASS_M_WRAP, ".W" }, { SASS_M_FTZ, ".FTZ" },
        { SASS_M_FMZ, ".FMZ" }, { SASS_M_ROUND_INT, ".ROUND" },
    };
    static const char *const rounding[4] = { "", ".RM", ".RP", ".RZ" };

    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (in->mods & flags[i].mod) {
            say(t, "%s", flags[i].text);
        }
    }
    say(t, "%s", rounding[in->rnd]);
    if (in->mods & SASS_M_SAT) {
        say(t, ".SAT");
    }
    if (in->mods & SASS_M_X) {
        say(t, ".X");
    }
    if (in->mods & SASS_M_CC) {
        say(t, ".CC");
    }
}

void sass_disassemble(uint64_t word, uint32_t pc, char *buf, unsigned size)
{
    Text t = { .buf = buf, .size = size };
    bool first = true;
    SassInsn in;

    if (!size) {
        return;
    }
    buf[0] = 0;
    if (!(pc & 0x1f)) {
        say(&t, "(sched)");
        return;
    }
    sass_decode(word, &in);
    if (in.trap) {
        say(&t, "(%s) %s 0x%016llx", sass_trap_name(in.trap),
            ops[in.op].name, (unsigned long long)word);
        return;
    }
    if (in.guard != SASS_PT) {
        say(&t, "@");
        pred(&t, in.guard);
        say(&t, " ");
    }
    say(&t, "%s", ops[in.op].name);
    modes(&t, &in);
    common_modes(&t, &in);
    for (const char *o = ops[in.op].operands; *o; o++) {
        if (*o == 'p' && in.pd0 == SASS_PT && in.op != SASS_OP_ISETP &&
            in.op != SASS_OP_FSETP && in.op != SASS_OP_DSETP) {
            continue;
        }
        say(&t, "%s", first ? " " : ", ");
        first = false;
        operand(&t, &in, pc, *o);
    }
}
