/* SPDX-License-Identifier: MIT */
/*
 * A small assembler for the shader cores of GP10x (sm_61).
 *
 * Control codes are the most conservative ones: each instruction stalls 15
 * cycles and waits for every scoreboard; each instruction of variable latency
 * raises a scoreboard for its result and one for its sources.  Slow, and
 * right without knowing a latency.
 */
#ifndef GP10X_ASM_H
#define GP10X_ASM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GP10X_MAX_INSNS		192
#define GP10X_MAX_LABELS	16

#define RZ	255	/* reads 0, swallows writes */
#define PT	7	/* always true */

enum gp10x_size {
	GP10X_U8 = 0,
	GP10X_S8 = 1,
	GP10X_U16 = 2,
	GP10X_S16 = 3,
	GP10X_B32 = 4,
	GP10X_B64 = 5,
};

enum gp10x_cache {
	GP10X_CA = 0,	/* all levels; WB for a store */
	GP10X_CG = 1,	/* L2 only */
	GP10X_CS = 2,
	GP10X_CV = 3,	/* fetch again each time; WT for a store */
};

enum gp10x_cmp {
	GP10X_LT = 1,
	GP10X_EQ = 2,
	GP10X_LE = 3,
	GP10X_GT = 4,
	GP10X_NE = 5,
	GP10X_GE = 6,
};

enum gp10x_lop {
	GP10X_AND = 0,
	GP10X_OR = 1,
	GP10X_XOR = 2,
};

enum gp10x_atom {
	GP10X_ADD = 0,
	GP10X_MIN = 1,
	GP10X_MAX = 2,
	GP10X_INC = 3,
	GP10X_DEC = 4,
	GP10X_ATOM_AND = 5,
	GP10X_ATOM_OR = 6,
	GP10X_ATOM_XOR = 7,
	GP10X_EXCH = 8,
};

enum gp10x_atom_type {
	GP10X_ATOM_U32 = 0,
	GP10X_ATOM_S32 = 1,
	GP10X_ATOM_U64 = 2,
};

enum gp10x_sysreg {
	GP10X_LANEID = 0x00,
	GP10X_TID_X = 0x21,
	GP10X_TID_Y = 0x22,
	GP10X_TID_Z = 0x23,
	GP10X_CTAID_X = 0x25,
	GP10X_CTAID_Y = 0x26,
	GP10X_CTAID_Z = 0x27,
};

enum gp10x_flags {
	GP10X_CC = 1,	/* sets the carry */
	GP10X_X = 2,	/* uses the carry */
};

enum gp10x_membar {
	GP10X_MEMBAR_CTA = 0,
	GP10X_MEMBAR_GL = 1,
	GP10X_MEMBAR_SYS = 2,
};

struct gp10x_asm {
	uint64_t insn[GP10X_MAX_INSNS];
	uint32_t ctrl[GP10X_MAX_INSNS];
	unsigned int count;
	/* Label n is before instruction label[n]; -1 until placed. */
	int label[GP10X_MAX_LABELS];
	int target[GP10X_MAX_INSNS];	/* label that a branch goes to, or -1 */
	unsigned int labels;
	unsigned int pred;		/* of the next instruction */
	bool pred_not;
	unsigned int max_reg;
	bool failed;
};

void gp10x_asm_init(struct gp10x_asm *a);
/*
 * Places control words and branch offsets.  The number of bytes, a multiple
 * of 32, or 0: an operand was out of range, a label is missing, or @size is
 * too small.
 */
size_t gp10x_asm_finish(struct gp10x_asm *a, void *code, size_t size);
/* Registers a kernel needs, for the launch descriptor. */
unsigned int gp10x_asm_regs(const struct gp10x_asm *a);

int gp10x_label(struct gp10x_asm *a);
void gp10x_place(struct gp10x_asm *a, int label);
/* The next instruction alone runs under predicate @p (or its inverse). */
void gp10x_if(struct gp10x_asm *a, unsigned int p);
void gp10x_ifnot(struct gp10x_asm *a, unsigned int p);

void gp10x_mov(struct gp10x_asm *a, unsigned int d, unsigned int s);
/* From constant bank 0, byte offset @off. */
void gp10x_mov_c(struct gp10x_asm *a, unsigned int d, unsigned int off);
void gp10x_mov32i(struct gp10x_asm *a, unsigned int d, uint32_t imm);
void gp10x_s2r(struct gp10x_asm *a, unsigned int d, enum gp10x_sysreg reg);
void gp10x_iadd(struct gp10x_asm *a, unsigned int d, unsigned int x,
		unsigned int y, unsigned int flags);
void gp10x_iadd_c(struct gp10x_asm *a, unsigned int d, unsigned int x,
		  unsigned int off, unsigned int flags);
void gp10x_iadd_i(struct gp10x_asm *a, unsigned int d, unsigned int x,
		  int imm);
void gp10x_iscadd(struct gp10x_asm *a, unsigned int d, unsigned int x,
		  unsigned int shift, unsigned int y);
void gp10x_shl_i(struct gp10x_asm *a, unsigned int d, unsigned int x,
		 unsigned int shift);
void gp10x_shr_i(struct gp10x_asm *a, unsigned int d, unsigned int x,
		 unsigned int shift);
void gp10x_lop(struct gp10x_asm *a, enum gp10x_lop op, unsigned int d,
	       unsigned int x, unsigned int y);
/* d = low 16 bits of x times low 16 bits of y, plus z. */
void gp10x_xmad(struct gp10x_asm *a, unsigned int d, unsigned int x,
		unsigned int y, unsigned int z);
void gp10x_isetp(struct gp10x_asm *a, unsigned int p, enum gp10x_cmp cmp,
		 unsigned int x, unsigned int y);
void gp10x_ld(struct gp10x_asm *a, enum gp10x_size size,
	      enum gp10x_cache cache, unsigned int d, unsigned int addr,
	      int off);
void gp10x_st(struct gp10x_asm *a, enum gp10x_size size,
	      enum gp10x_cache cache, unsigned int addr, int off,
	      unsigned int s);
void gp10x_atom(struct gp10x_asm *a, enum gp10x_atom op,
		enum gp10x_atom_type type, unsigned int d, unsigned int addr,
		unsigned int s);
/* 32 bits; @s holds what is expected, @s + 1 what is to be stored. */
void gp10x_cas(struct gp10x_asm *a, unsigned int d, unsigned int addr,
	       unsigned int s);
void gp10x_red(struct gp10x_asm *a, enum gp10x_atom op,
	       enum gp10x_atom_type type, unsigned int addr, unsigned int s);
void gp10x_bra(struct gp10x_asm *a, int label);
void gp10x_bar_sync(struct gp10x_asm *a);
void gp10x_membar(struct gp10x_asm *a, enum gp10x_membar level);
void gp10x_nop(struct gp10x_asm *a);
void gp10x_exit(struct gp10x_asm *a);

#endif
