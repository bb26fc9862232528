// SPDX-License-Identifier: MIT
/*
 * The assembler against words that Mesa 22.3's gm107 back end produced for
 * OpenCL kernels.  Needs no GPU.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gp10x_asm.h"
#include "nouveau_svm_kernels.h"

static int failures;

static void result(const char *name, bool ok)
{
	printf("%s asm-%s\n", ok ? "ok" : "not ok", name);
	failures += !ok;
}

/* One instruction alone: the word behind the control word. */
static void word(const char *name, struct gp10x_asm *a, uint64_t expected)
{
	uint64_t code[8] = {};
	bool ok = gp10x_asm_finish(a, code, sizeof(code)) == 32 &&
		  code[1] == expected;

	if (!ok)
		printf("# %s: %016" PRIx64 ", expected %016" PRIx64 "\n",
		       name, code[1], expected);
	result(name, ok);
}

#define WORD(name, expected, ...) do {			\
		struct gp10x_asm a;			\
		gp10x_asm_init(&a);			\
		__VA_ARGS__;				\
		word(name, &a, expected);		\
	} while (0)

static void test_words(void)
{
	WORD("mov", 0x5c98078000270000, gp10x_mov(&a, 0, 2));
	WORD("mov-const", 0x4c98078000670000, gp10x_mov_c(&a, 0, 0x18));
	WORD("mov32i", 0x010000000027f003, gp10x_mov32i(&a, 3, 2));
	WORD("s2r-tid", 0xf0c8000002170004, gp10x_s2r(&a, 4, GP10X_TID_X));
	WORD("s2r-ctaid", 0xf0c8000002570002, gp10x_s2r(&a, 2, GP10X_CTAID_X));
	WORD("iadd", 0x5c10000000270808, gp10x_iadd(&a, 8, 8, 2, 0));
	WORD("iadd-cc", 0x5c10800000070200,
	     gp10x_iadd(&a, 0, 2, 0, GP10X_CC));
	WORD("iadd-x", 0x5c10080000170301, gp10x_iadd(&a, 1, 3, 1, GP10X_X));
	WORD("iadd-const-cc", 0x4c10800000270200,
	     gp10x_iadd_c(&a, 0, 2, 8, GP10X_CC));
	WORD("iadd-const-x", 0x4c10080000370301,
	     gp10x_iadd_c(&a, 1, 3, 12, GP10X_X));
	WORD("shl", 0x3848008000270c05, gp10x_shl_i(&a, 5, 12, 2));
	WORD("xmad", 0x5b00028000370603, gp10x_xmad(&a, 3, 6, 3, 5));
	WORD("ld-32", 0x9c90000000470003,
	     gp10x_ld(&a, GP10X_B32, GP10X_CA, 3, 0, 4));
	WORD("st-32", 0xbc90000000070008,
	     gp10x_st(&a, GP10X_B32, GP10X_CA, 0, 0, 8));
	WORD("st-8", 0xbc10000000070008,
	     gp10x_st(&a, GP10X_U8, GP10X_CA, 0, 0, 8));
	WORD("red-add", 0xebf9000000070003,
	     gp10x_red(&a, GP10X_ADD, GP10X_ATOM_U32, 0, 3));
	WORD("bar", 0xf0a803800ff7ff00, gp10x_bar_sync(&a));
	WORD("membar", 0xef98000000070000,
	     gp10x_membar(&a, GP10X_MEMBAR_CTA));
	WORD("exit", 0xe30000000007000f, gp10x_exit(&a));
}

/* The loop of list_walk: its back branch at 0xd0 goes to 0x50. */
static void test_branch(void)
{
	struct gp10x_asm a;
	uint64_t code[32] = {};
	int top, i;

	gp10x_asm_init(&a);
	top = gp10x_label(&a);
	for (i = 0; i < 7; i++)
		gp10x_nop(&a);
	gp10x_place(&a, top);
	for (; i < 19; i++)
		gp10x_nop(&a);
	gp10x_bra(&a, top);
	result("branch-back",
	       gp10x_asm_finish(&a, code, sizeof(code)) == 7 * 32 &&
	       code[0xd0 / 8] == 0xe2400ffff787000f);

	/* Its exit branch at 0x78, under P0 inverted, goes to 0xd8. */
	memset(code, 0, sizeof(code));
	gp10x_asm_init(&a);
	top = gp10x_label(&a);
	for (i = 0; i < 11; i++)
		gp10x_nop(&a);
	gp10x_ifnot(&a, 0);
	gp10x_bra(&a, top);
	for (i++; i < 20; i++)
		gp10x_nop(&a);
	gp10x_place(&a, top);
	gp10x_nop(&a);
	result("branch-forward",
	       gp10x_asm_finish(&a, code, sizeof(code)) == 7 * 32 &&
	       code[0x78 / 8] == 0xe24000000588000f);
}

static void test_control(void)
{
	const uint32_t plain = 15 | 7 << 5 | 7 << 8 | 0x3f << 11;
	const uint32_t load = 15 | 0 << 5 | 1 << 8 | 0x3f << 11;
	const uint32_t store = 15 | 7 << 5 | 1 << 8 | 0x3f << 11;
	struct gp10x_asm a;
	uint64_t code[4] = {};

	gp10x_asm_init(&a);
	gp10x_mov(&a, 0, 1);
	gp10x_ld(&a, GP10X_B32, GP10X_CA, 4, 2, 0);
	gp10x_st(&a, GP10X_B32, GP10X_CA, 2, 0, 4);
	result("control-word",
	       gp10x_asm_finish(&a, code, sizeof(code)) == 32 &&
	       code[0] == ((uint64_t)plain | (uint64_t)load << 21 |
			   (uint64_t)store << 42));
	result("register-count", gp10x_asm_regs(&a) == 5);
}

/* What can't be encoded is refused, never truncated. */
static void test_refusals(void)
{
	struct gp10x_asm a;
	uint64_t code[4 * GP10X_MAX_INSNS];
	int i;

	gp10x_asm_init(&a);
	gp10x_ld(&a, GP10X_B32, GP10X_CA, 4, 3, 0);
	result("refuse-odd-address-pair",
	       !gp10x_asm_finish(&a, code, sizeof(code)));

	gp10x_asm_init(&a);
	gp10x_mov_c(&a, 0, 2);
	result("refuse-unaligned-constant",
	       !gp10x_asm_finish(&a, code, sizeof(code)));

	gp10x_asm_init(&a);
	gp10x_iadd_i(&a, 0, 0, 1 << 19);
	result("refuse-wide-immediate",
	       !gp10x_asm_finish(&a, code, sizeof(code)));

	gp10x_asm_init(&a);
	gp10x_bra(&a, gp10x_label(&a));
	result("refuse-missing-label",
	       !gp10x_asm_finish(&a, code, sizeof(code)));

	gp10x_asm_init(&a);
	for (i = 0; i <= GP10X_MAX_INSNS; i++)
		gp10x_nop(&a);
	result("refuse-too-long", !gp10x_asm_finish(&a, code, sizeof(code)));

	gp10x_asm_init(&a);
	gp10x_exit(&a);
	result("refuse-small-buffer", !gp10x_asm_finish(&a, code, 31));
}

static void test_kernels(void)
{
	char name[32];
	int i;

	for (i = 0; i < SVM_KERNEL_COUNT; i++) {
		uint64_t code[256];
		unsigned int regs = 0;
		size_t size = svm_kernel_build(i, code, sizeof(code), &regs);

		snprintf(name, sizeof(name), "kernel-%d", i);
		result(name, size && regs && regs <= 32);
	}
}

int main(void)
{
	test_words();
	test_branch();
	test_control();
	test_refusals();
	test_kernels();
	return failures ? 1 : 0;
}
