// SPDX-License-Identifier: MIT
/*
 * Encodings: envytools, envydis/gm107.c, and the words that Mesa's gm107
 * back end emits (test_asm.c compares with those).
 */
#include <string.h>

#include "gp10x_asm.h"

/*
 * Control word, 21 bits an instruction: stall 3:0, no-yield 4, scoreboard for
 * the result 7:5, for the sources 10:8 (7: none), wait mask 16:11.  Bit 4
 * stays 0: a stall above 11 cycles needs it so.
 */
#define CTRL_STALL		15u
#define CTRL_RESULT(n)		((n) << 5)
#define CTRL_SOURCE(n)		((n) << 8)
#define CTRL_NONE		7u
#define CTRL_WAIT_ALL		(0x3fu << 11)

enum latency {
	FIXED,
	RESULT,			/* raises scoreboard 0 when it is there */
	SOURCE,			/* raises scoreboard 1 when sources are read */
	BOTH,
};

static uint64_t f(struct gp10x_asm *a, unsigned int pos, unsigned int len,
		  uint64_t val)
{
	if (val >> len)
		a->failed = true;
	return val << pos;
}

static uint64_t reg(struct gp10x_asm *a, unsigned int pos, unsigned int r)
{
	if (r != RZ && r + 1 > a->max_reg)
		a->max_reg = r + 1;
	return f(a, pos, 8, r);
}

/* Registers of an operand wider than 32 bits. */
static uint64_t wide(struct gp10x_asm *a, unsigned int pos, unsigned int r)
{
	if (r != RZ && r % 2)
		a->failed = true;
	if (r != RZ)
		reg(a, 0, r + 1);
	return reg(a, pos, r);
}

/* A signed offset; two's complement within @len bits. */
static uint64_t soff(struct gp10x_asm *a, unsigned int pos, unsigned int len,
		     int64_t val)
{
	if (val < -(1ll << (len - 1)) || val >= 1ll << (len - 1))
		a->failed = true;
	return ((uint64_t)val & ((1ull << len) - 1)) << pos;
}

/* Offset into constant bank 0, in words. */
static uint64_t cbank0(struct gp10x_asm *a, unsigned int off)
{
	if (off % 4)
		a->failed = true;
	return f(a, 20, 14, off / 4);
}

/* 20-bit signed immediate: 19 bits at 20, the sign at 56. */
static uint64_t imm20(struct gp10x_asm *a, int imm)
{
	uint32_t val = (uint32_t)imm;

	if (imm < -(1 << 19) || imm >= 1 << 19)
		a->failed = true;
	return (uint64_t)(val & 0x7ffff) << 20 |
	       (uint64_t)(val >> 19 & 1) << 56;
}

static void emit(struct gp10x_asm *a, uint64_t word, enum latency latency)
{
	uint32_t ctrl = CTRL_STALL | CTRL_WAIT_ALL;

	if (a->count == GP10X_MAX_INSNS) {
		a->failed = true;
		return;
	}
	ctrl |= CTRL_RESULT(latency == RESULT || latency == BOTH ?
			    0 : CTRL_NONE);
	ctrl |= CTRL_SOURCE(latency == SOURCE || latency == BOTH ?
			    1 : CTRL_NONE);
	word |= f(a, 16, 3, a->pred) | (uint64_t)a->pred_not << 19;
	a->pred = PT;
	a->pred_not = false;
	a->target[a->count] = -1;
	a->ctrl[a->count] = ctrl;
	a->insn[a->count++] = word;
}

void gp10x_asm_init(struct gp10x_asm *a)
{
	memset(a, 0, sizeof(*a));
	a->pred = PT;
}

/* Each group of 32 bytes: a control word, then three instructions. */
static unsigned int byte_offset(unsigned int index)
{
	return index / 3 * 32 + 8 + index % 3 * 8;
}

size_t gp10x_asm_finish(struct gp10x_asm *a, void *code, size_t size)
{
	uint64_t *out = code;
	unsigned int i, groups;

	while (a->count % 3 && !a->failed)
		gp10x_nop(a);
	groups = a->count / 3;
	if (!groups || groups * 32 > size)
		a->failed = true;

	for (i = 0; i < a->count && !a->failed; i++) {
		unsigned int at = byte_offset(i);
		int label = a->target[i];
		uint64_t word = a->insn[i];

		if (label >= 0) {
			if (a->label[label] < 0 ||
			    (unsigned int)a->label[label] >= a->count) {
				a->failed = true;
				break;
			}
			word |= soff(a, 20, 24,
				     (int64_t)byte_offset(a->label[label]) -
				     (at + 8));
		}
		if (i % 3 == 0)
			out[at / 8 - 1] = 0;
		out[at / 8 - 1 - i % 3] |= (uint64_t)a->ctrl[i] << i % 3 * 21;
		out[at / 8] = word;
	}
	return a->failed ? 0 : groups * 32;
}

unsigned int gp10x_asm_regs(const struct gp10x_asm *a)
{
	return a->max_reg;
}

int gp10x_label(struct gp10x_asm *a)
{
	if (a->labels == GP10X_MAX_LABELS) {
		a->failed = true;
		return 0;
	}
	a->label[a->labels] = -1;
	return a->labels++;
}

void gp10x_place(struct gp10x_asm *a, int label)
{
	a->label[label] = a->count;
}

void gp10x_if(struct gp10x_asm *a, unsigned int p)
{
	a->pred = p;
	a->pred_not = false;
}

void gp10x_ifnot(struct gp10x_asm *a, unsigned int p)
{
	a->pred = p;
	a->pred_not = true;
}

void gp10x_mov(struct gp10x_asm *a, unsigned int d, unsigned int s)
{
	emit(a, 0x5c98078000000000 | reg(a, 20, s) | reg(a, 0, d), FIXED);
}

void gp10x_mov_c(struct gp10x_asm *a, unsigned int d, unsigned int off)
{
	emit(a, 0x4c98078000000000 | cbank0(a, off) | reg(a, 0, d), FIXED);
}

void gp10x_mov32i(struct gp10x_asm *a, unsigned int d, uint32_t imm)
{
	emit(a, 0x010000000000f000 | f(a, 20, 32, imm) | reg(a, 0, d), FIXED);
}

void gp10x_s2r(struct gp10x_asm *a, unsigned int d, enum gp10x_sysreg r)
{
	emit(a, 0xf0c8000000000000 | f(a, 20, 8, r) | reg(a, 0, d), RESULT);
}

static uint64_t carry(unsigned int flags)
{
	return (uint64_t)!!(flags & GP10X_CC) << 47 |
	       (uint64_t)!!(flags & GP10X_X) << 43;
}

void gp10x_iadd(struct gp10x_asm *a, unsigned int d, unsigned int x,
		unsigned int y, unsigned int flags)
{
	emit(a, 0x5c10000000000000 | carry(flags) | reg(a, 20, y) |
	     reg(a, 8, x) | reg(a, 0, d), FIXED);
}

void gp10x_iadd_c(struct gp10x_asm *a, unsigned int d, unsigned int x,
		  unsigned int off, unsigned int flags)
{
	emit(a, 0x4c10000000000000 | carry(flags) | cbank0(a, off) |
	     reg(a, 8, x) | reg(a, 0, d), FIXED);
}

void gp10x_iadd_i(struct gp10x_asm *a, unsigned int d, unsigned int x, int imm)
{
	emit(a, 0x3810000000000000 | imm20(a, imm) | reg(a, 8, x) |
	     reg(a, 0, d), FIXED);
}

void gp10x_iscadd(struct gp10x_asm *a, unsigned int d, unsigned int x,
		  unsigned int shift, unsigned int y)
{
	emit(a, 0x5c18000000000000 | f(a, 39, 5, shift) | reg(a, 20, y) |
	     reg(a, 8, x) | reg(a, 0, d), FIXED);
}

/* Bit 39: take the shift modulo 32. */
void gp10x_shl_i(struct gp10x_asm *a, unsigned int d, unsigned int x,
		 unsigned int shift)
{
	emit(a, 0x3848008000000000 | f(a, 20, 5, shift) | reg(a, 8, x) |
	     reg(a, 0, d), FIXED);
}

void gp10x_shr_i(struct gp10x_asm *a, unsigned int d, unsigned int x,
		 unsigned int shift)
{
	emit(a, 0x3828008000000000 | f(a, 20, 5, shift) | reg(a, 8, x) |
	     reg(a, 0, d), FIXED);
}

void gp10x_lop(struct gp10x_asm *a, enum gp10x_lop op, unsigned int d,
	       unsigned int x, unsigned int y)
{
	emit(a, 0x5c40000000000000 | f(a, 48, 3, PT) | f(a, 41, 2, op) |
	     reg(a, 20, y) | reg(a, 8, x) | reg(a, 0, d), FIXED);
}

void gp10x_xmad(struct gp10x_asm *a, unsigned int d, unsigned int x,
		unsigned int y, unsigned int z)
{
	emit(a, 0x5b00000000000000 | reg(a, 39, z) | reg(a, 20, y) |
	     reg(a, 8, x) | reg(a, 0, d), FIXED);
}

void gp10x_isetp(struct gp10x_asm *a, unsigned int p, enum gp10x_cmp cmp,
		 unsigned int x, unsigned int y)
{
	emit(a, 0x5b60000000000000 | f(a, 49, 3, cmp) | f(a, 39, 3, PT) |
	     reg(a, 20, y) | reg(a, 8, x) | f(a, 3, 3, p) | f(a, 0, 3, PT),
	     FIXED);
}

static uint64_t data_reg(struct gp10x_asm *a, enum gp10x_size size,
			 unsigned int r)
{
	return size == GP10X_B64 ? wide(a, 0, r) : reg(a, 0, r);
}

/* Bits 60:58: PT; bit 52: the address is a pair of registers. */
static uint64_t mem(struct gp10x_asm *a, enum gp10x_size size,
		    enum gp10x_cache cache, unsigned int addr, int off)
{
	return f(a, 58, 3, PT) | f(a, 56, 2, cache) | f(a, 53, 3, size) |
	       1ull << 52 | soff(a, 20, 32, off) | wide(a, 8, addr);
}

void gp10x_ld(struct gp10x_asm *a, enum gp10x_size size,
	      enum gp10x_cache cache, unsigned int d, unsigned int addr,
	      int off)
{
	emit(a, 0x8000000000000000 | mem(a, size, cache, addr, off) |
	     data_reg(a, size, d), BOTH);
}

void gp10x_st(struct gp10x_asm *a, enum gp10x_size size,
	      enum gp10x_cache cache, unsigned int addr, int off,
	      unsigned int s)
{
	emit(a, 0xa000000000000000 | mem(a, size, cache, addr, off) |
	     data_reg(a, size, s), SOURCE);
}

void gp10x_atom(struct gp10x_asm *a, enum gp10x_atom op,
		enum gp10x_atom_type type, unsigned int d, unsigned int addr,
		unsigned int s)
{
	bool pair = type == GP10X_ATOM_U64;

	emit(a, 0xed00000000000000 | f(a, 52, 4, op) | f(a, 49, 3, type) |
	     1ull << 48 | (pair ? wide(a, 20, s) : reg(a, 20, s)) |
	     wide(a, 8, addr) | (pair ? wide(a, 0, d) : reg(a, 0, d)), BOTH);
}

void gp10x_cas(struct gp10x_asm *a, unsigned int d, unsigned int addr,
	       unsigned int s)
{
	emit(a, 0xeef0000000000000 | 1ull << 48 | wide(a, 20, s) |
	     wide(a, 8, addr) | reg(a, 0, d), BOTH);
}

void gp10x_red(struct gp10x_asm *a, enum gp10x_atom op,
	       enum gp10x_atom_type type, unsigned int addr, unsigned int s)
{
	bool pair = type == GP10X_ATOM_U64;

	emit(a, 0xebf8000000000000 | 1ull << 48 | f(a, 23, 3, op) |
	     f(a, 20, 3, type) | wide(a, 8, addr) |
	     (pair ? wide(a, 0, s) : reg(a, 0, s)), SOURCE);
}

void gp10x_bra(struct gp10x_asm *a, int label)
{
	emit(a, 0xe24000000000000f, FIXED);
	if (!a->failed)
		a->target[a->count - 1] = label;
}

/* Barrier 0, all threads of the block. */
void gp10x_bar_sync(struct gp10x_asm *a)
{
	emit(a, 0xf0a803800ff0ff00, FIXED);
}

void gp10x_membar(struct gp10x_asm *a, enum gp10x_membar level)
{
	emit(a, 0xef98000000000000 | f(a, 8, 2, level), FIXED);
}

/* Bits 12:8: condition code test "true". */
void gp10x_nop(struct gp10x_asm *a)
{
	emit(a, 0x50b0000000000f00, FIXED);
}

void gp10x_exit(struct gp10x_asm *a)
{
	emit(a, 0xe30000000000000f, FIXED);
}
