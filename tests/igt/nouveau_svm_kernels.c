// SPDX-License-Identifier: MIT
#include "gp10x_asm.h"
#include "nouveau_svm_kernels.h"

#define ARG(field)	offsetof(struct svm_args, field)
#define ARG_HIGH(field)	(offsetof(struct svm_args, field) + 4)

/* Registers of the array programs; pairs start at an even one. */
enum {
	R_GID = 0,
	R_TID = 1,
	R_TMP = 2,
	R_OFFSET = 3,
	R_ADDR = 4,		/* and 5 */
	R_OUT = 6,		/* and 7 */
	R_INDEXED = 8,		/* value + index */
	R_VALUE2 = 9,		/* high word of a 64-bit store */
	R_COUNT = 10,
	R_STEP = 11,
	R_THREADS = 12,
	R_OUT_STEP = 13,
	R_DATA = 14,
	R_VALUE = 15,
	R_EXPECTED = 16,	/* and 17: what is to be stored */
	R_TARGET = 18,		/* and 19 */
};

enum { P_LOOP = 0, P_ODD = 1, P_ACCESS = 2 };

static void advance(struct gp10x_asm *a, unsigned int pair, unsigned int by)
{
	gp10x_iadd(a, pair, pair, by, GP10X_CC);
	gp10x_iadd(a, pair + 1, pair + 1, RZ, GP10X_X);
}

/* pair = @offset + the 64-bit argument at @arg */
static void address(struct gp10x_asm *a, unsigned int pair,
		    unsigned int offset, unsigned int arg)
{
	gp10x_iadd_c(a, pair, offset, arg, GP10X_CC);
	gp10x_iadd_c(a, pair + 1, RZ, arg + 4, GP10X_X);
}

/* Each thread skips the accesses that are not its own. */
static void scatter(struct gp10x_asm *a)
{
	enum { WHICH = R_DATA, CONSTANT = R_TMP };
	int access;

	gp10x_ld(a, GP10X_B64, GP10X_CG, R_TARGET, R_ADDR, 0);
	gp10x_mov32i(a, CONSTANT, 3);
	gp10x_lop(a, GP10X_AND, WHICH, R_TARGET, CONSTANT);
	for (access = SVM_STORE; access <= SVM_ATOMIC; access++) {
		gp10x_mov32i(a, CONSTANT, access);
		gp10x_isetp(a, P_ACCESS + access, GP10X_EQ, WHICH, CONSTANT);
	}
	gp10x_mov32i(a, CONSTANT, ~3u);
	gp10x_lop(a, GP10X_AND, R_TARGET, R_TARGET, CONSTANT);

	gp10x_if(a, P_ACCESS + SVM_STORE);
	gp10x_st(a, GP10X_B32, GP10X_CA, R_TARGET, 0, R_INDEXED);
	gp10x_if(a, P_ACCESS + SVM_ATOMIC);
	gp10x_red(a, GP10X_ADD, GP10X_ATOM_U32, R_TARGET, R_VALUE);
	gp10x_if(a, P_ACCESS + SVM_LOAD);
	gp10x_ld(a, GP10X_B32, GP10X_CG, R_DATA, R_TARGET, 0);
	gp10x_if(a, P_ACCESS + SVM_LOAD);
	gp10x_st(a, GP10X_B32, GP10X_CA, R_OUT, 0, R_DATA);
}

static void array_body(struct gp10x_asm *a, enum svm_kernel kernel)
{
	switch (kernel) {
	case SVM_KERNEL_STORE8:
		gp10x_st(a, GP10X_U8, GP10X_CA, R_ADDR, 0, R_INDEXED);
		break;
	case SVM_KERNEL_STORE16:
		gp10x_st(a, GP10X_U16, GP10X_CA, R_ADDR, 0, R_INDEXED);
		break;
	case SVM_KERNEL_STORE64:
		gp10x_st(a, GP10X_B64, GP10X_CA, R_ADDR, 0, R_INDEXED);
		break;
	case SVM_KERNEL_STORE_SYNC:
		gp10x_bar_sync(a);
		/* fall through */
	case SVM_KERNEL_STORE32:
		gp10x_st(a, GP10X_B32, GP10X_CA, R_ADDR, 0, R_INDEXED);
		break;
	case SVM_KERNEL_LOAD8:
	case SVM_KERNEL_LOAD16:
	case SVM_KERNEL_LOAD32:
	case SVM_KERNEL_COPY:
		gp10x_ld(a, kernel == SVM_KERNEL_LOAD8 ? GP10X_U8 :
			 kernel == SVM_KERNEL_LOAD16 ? GP10X_U16 : GP10X_B32,
			 GP10X_CG, R_DATA, R_ADDR, 0);
		gp10x_st(a, GP10X_B32, GP10X_CA, R_OUT, 0, R_DATA);
		break;
	case SVM_KERNEL_ADD:
		gp10x_ld(a, GP10X_B32, GP10X_CG, R_DATA, R_ADDR, 0);
		gp10x_iadd(a, R_DATA, R_DATA, R_VALUE, 0);
		gp10x_st(a, GP10X_B32, GP10X_CA, R_ADDR, 0, R_DATA);
		break;
	case SVM_KERNEL_ATOMIC_ADD:
	case SVM_KERNEL_EXCH:
		gp10x_atom(a, kernel == SVM_KERNEL_EXCH ? GP10X_EXCH :
			   GP10X_ADD, GP10X_ATOM_U32, R_DATA, R_ADDR, R_VALUE);
		gp10x_st(a, GP10X_B32, GP10X_CA, R_OUT, 0, R_DATA);
		break;
	case SVM_KERNEL_CAS:
		gp10x_cas(a, R_DATA, R_ADDR, R_EXPECTED);
		gp10x_st(a, GP10X_B32, GP10X_CA, R_OUT, 0, R_DATA);
		break;
	case SVM_KERNEL_RED_ADD:
		gp10x_red(a, GP10X_ADD, GP10X_ATOM_U32, R_ADDR, R_VALUE);
		break;
	case SVM_KERNEL_MIX:
		gp10x_if(a, P_ODD);
		gp10x_st(a, GP10X_B32, GP10X_CA, R_ADDR, 0, R_INDEXED);
		gp10x_ifnot(a, P_ODD);
		gp10x_ld(a, GP10X_B32, GP10X_CG, R_DATA, R_ADDR, 0);
		gp10x_ifnot(a, P_ODD);
		gp10x_st(a, GP10X_B32, GP10X_CA, R_OUT, 0, R_DATA);
		break;
	case SVM_KERNEL_SCATTER:
		scatter(a);
		break;
	default:
		a->failed = true;
		break;
	}
}

static void build_array(struct gp10x_asm *a, enum svm_kernel kernel)
{
	int top = gp10x_label(a);

	gp10x_s2r(a, R_TID, GP10X_TID_X);
	gp10x_s2r(a, R_GID, GP10X_CTAID_X);
	gp10x_mov_c(a, R_TMP, ARG(block));
	gp10x_xmad(a, R_GID, R_GID, R_TMP, R_TID);
	gp10x_mov_c(a, R_TMP, ARG(stride));
	gp10x_xmad(a, R_OFFSET, R_GID, R_TMP, RZ);
	address(a, R_ADDR, R_OFFSET, ARG(base));

	gp10x_mov_c(a, R_STEP, ARG(step));
	gp10x_mov_c(a, R_THREADS, ARG(threads));
	if (kernel == SVM_KERNEL_COPY) {
		address(a, R_OUT, R_OFFSET, ARG(out));
		gp10x_mov(a, R_OUT_STEP, R_STEP);
	} else {
		gp10x_shl_i(a, R_TMP, R_GID, 2);
		address(a, R_OUT, R_TMP, ARG(out));
		gp10x_shl_i(a, R_OUT_STEP, R_THREADS, 2);
	}
	gp10x_mov_c(a, R_VALUE, ARG(value));
	gp10x_mov(a, R_EXPECTED, R_VALUE);
	gp10x_mov_c(a, R_EXPECTED + 1, ARG(value2));
	gp10x_iadd(a, R_INDEXED, R_GID, R_VALUE, 0);
	gp10x_mov_c(a, R_VALUE2, ARG(value2));
	gp10x_mov_c(a, R_COUNT, ARG(count));
	gp10x_mov32i(a, R_TMP, 1);
	gp10x_lop(a, GP10X_AND, R_TMP, R_TMP, R_TID);
	gp10x_isetp(a, P_ODD, GP10X_NE, R_TMP, RZ);

	gp10x_place(a, top);
	array_body(a, kernel);
	advance(a, R_ADDR, R_STEP);
	advance(a, R_OUT, R_OUT_STEP);
	gp10x_iadd(a, R_INDEXED, R_INDEXED, R_THREADS, 0);
	gp10x_iadd_i(a, R_COUNT, R_COUNT, -1);
	gp10x_isetp(a, P_LOOP, GP10X_NE, R_COUNT, RZ);
	gp10x_if(a, P_LOOP);
	gp10x_bra(a, top);
	gp10x_exit(a);
}

static void build_list(struct gp10x_asm *a)
{
	enum { NODE = 0, NEXT = 2, SUM = 4, COUNT = 5, OUT = 6, ARG_VALUE = 8,
	       VALUE = 9, MARK = 10, TEST = 11 };
	int top = gp10x_label(a), done = gp10x_label(a);

	gp10x_mov_c(a, NODE, ARG(base));
	gp10x_mov_c(a, NODE + 1, ARG_HIGH(base));
	gp10x_mov_c(a, OUT, ARG(out));
	gp10x_mov_c(a, OUT + 1, ARG_HIGH(out));
	gp10x_mov_c(a, ARG_VALUE, ARG(value));
	gp10x_mov32i(a, SUM, 0);
	gp10x_mov32i(a, COUNT, 0);

	gp10x_place(a, top);
	gp10x_lop(a, GP10X_OR, TEST, NODE, NODE + 1);
	gp10x_isetp(a, P_LOOP, GP10X_EQ, TEST, RZ);
	gp10x_if(a, P_LOOP);
	gp10x_bra(a, done);
	gp10x_ld(a, GP10X_B32, GP10X_CG, VALUE, NODE,
		 offsetof(struct svm_node, value));
	gp10x_iadd(a, SUM, SUM, VALUE, 0);
	gp10x_iadd(a, MARK, VALUE, ARG_VALUE, 0);
	gp10x_st(a, GP10X_B32, GP10X_CA, NODE,
		 offsetof(struct svm_node, mark), MARK);
	gp10x_iadd_i(a, COUNT, COUNT, 1);
	gp10x_ld(a, GP10X_B64, GP10X_CG, NEXT, NODE,
		 offsetof(struct svm_node, next));
	gp10x_mov(a, NODE, NEXT);
	gp10x_mov(a, NODE + 1, NEXT + 1);
	gp10x_bra(a, top);

	gp10x_place(a, done);
	gp10x_st(a, GP10X_B32, GP10X_CA, OUT, 0, SUM);
	gp10x_st(a, GP10X_B32, GP10X_CA, OUT, 4, COUNT);
	gp10x_exit(a);
}

static void build_handshake(struct gp10x_asm *a)
{
	enum { FLAG = 0, OUT = 2, VALUE = 4, SEEN = 5 };
	int top = gp10x_label(a);

	gp10x_mov_c(a, FLAG, ARG(base));
	gp10x_mov_c(a, FLAG + 1, ARG_HIGH(base));
	gp10x_mov_c(a, OUT, ARG(out));
	gp10x_mov_c(a, OUT + 1, ARG_HIGH(out));
	gp10x_mov_c(a, VALUE, ARG(value));
	gp10x_st(a, GP10X_B32, GP10X_CV, OUT, 0, VALUE);
	gp10x_membar(a, GP10X_MEMBAR_SYS);

	gp10x_place(a, top);
	gp10x_ld(a, GP10X_B32, GP10X_CV, SEEN, FLAG, 0);
	gp10x_isetp(a, P_LOOP, GP10X_EQ, SEEN, RZ);
	gp10x_if(a, P_LOOP);
	gp10x_bra(a, top);
	gp10x_st(a, GP10X_B32, GP10X_CV, OUT, 4, SEEN);
	gp10x_exit(a);
}

size_t svm_kernel_build(enum svm_kernel kernel, void *code, size_t size,
			unsigned int *regs)
{
	struct gp10x_asm a;

	gp10x_asm_init(&a);
	if (kernel == SVM_KERNEL_LIST)
		build_list(&a);
	else if (kernel == SVM_KERNEL_HANDSHAKE)
		build_handshake(&a);
	else
		build_array(&a, kernel);
	*regs = gp10x_asm_regs(&a);
	return gp10x_asm_finish(&a, code, size);
}
