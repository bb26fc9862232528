/* SPDX-License-Identifier: MIT */
#ifndef NOUVEAU_SVM_KERNELS_H
#define NOUVEAU_SVM_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/*
 * GPU programs.  Those before SVM_KERNEL_LIST walk an array: element i, for i
 * below threads * count, is thread i % threads in its iteration i / threads,
 * and lies at base + (i % threads) * stride + (i / threads) * step.
 */
enum svm_kernel {
	SVM_KERNEL_STORE8,	/* element i = value + i */
	SVM_KERNEL_STORE16,
	SVM_KERNEL_STORE32,
	SVM_KERNEL_STORE64,	/* the high word is value2 */
	SVM_KERNEL_STORE_SYNC,	/* 32 bits; all warps start together */
	SVM_KERNEL_LOAD8,	/* out[i] = element i; out is 32 bits wide */
	SVM_KERNEL_LOAD16,
	SVM_KERNEL_LOAD32,
	SVM_KERNEL_ADD,		/* load, add value, store; 32 bits */
	SVM_KERNEL_ATOMIC_ADD,	/* out[i] = old; element += value */
	SVM_KERNEL_RED_ADD,	/* element += value */
	SVM_KERNEL_CAS,		/* out[i] = old; value -> value2 */
	SVM_KERNEL_EXCH,	/* out[i] = old; element = value */
	SVM_KERNEL_COPY,	/* the same element of out = element; 32 bits */
	SVM_KERNEL_MIX,		/* odd threads store as STORE32, even load */
	/* Element i is svm_target(): there value + i, out[i], or += value. */
	SVM_KERNEL_SCATTER,
	/* base: first node; adds up values, marks each node value + arg. */
	SVM_KERNEL_LIST,
	/* *out = value; then spins until *base is not 0; out[1] = *base. */
	SVM_KERNEL_HANDSHAKE,
	SVM_KERNEL_COUNT
};

/* A 64-bit element of SCATTER; @addr is a multiple of 4. */
enum svm_access { SVM_STORE = 0, SVM_LOAD = 1, SVM_ATOMIC = 2 };

static inline uint64_t svm_target(const void *addr, enum svm_access access)
{
	return (uint64_t)(uintptr_t)addr | access;
}

/* Constant bank 0 of a launch. */
struct svm_args {
	uint64_t base;
	uint64_t out;
	uint32_t stride;	/* bytes, below 64 KiB */
	uint32_t step;
	uint32_t count;		/* iterations; 0 is taken for 1 */
	uint32_t block;		/* threads in a block; filled in at launch */
	uint32_t threads;	/* in all, below 64 Ki; filled in at launch */
	uint32_t value;
	uint32_t value2;
};

struct svm_node {
	uint64_t next;
	uint32_t value;
	uint32_t mark;
};

/* Bytes of code written to @code, or 0; @regs: registers it needs. */
size_t svm_kernel_build(enum svm_kernel kernel, void *code, size_t size,
			unsigned int *regs);

#endif
