/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * What mm_bench.c asks of mm_bench_module.c through /dev/mm_bench.
 */
#ifndef MM_BENCH_UAPI_H
#define MM_BENCH_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct mm_bench_args - argument of every request
 * @addr: first address in the caller's address space
 * @length: in bytes; for MM_BENCH_WATCH the distance between two ranges
 * @count: how many; out: how many there were; of MM_BENCH_FAULT, out: the order
 *	of the CPU's mapping of the first page
 * @cycles: out: time spent, in cycles of the TSC
 */
struct mm_bench_args {
	__u64 addr;
	__u64 length;
	__u64 count;
	__u64 cycles;
};

/* Insert that many ranges of one page each; they stay. */
#define MM_BENCH_WATCH		_IOWR('b', 1, struct mm_bench_args)
/* Remove them. */
#define MM_BENCH_UNWATCH	_IO('b', 2)
/* Let other processors run in the midst of each invalidation of the caller. */
#define MM_BENCH_HOLD		_IO('b', 6)
/* Insert and remove one range, again and again. */
#define MM_BENCH_PAIRS		_IOWR('b', 3, struct mm_bench_args)
/* The read side of one range without a collision, again and again. */
#define MM_BENCH_READS		_IOWR('b', 4, struct mm_bench_args)
/* One hmm_range_fault() that asks to write; the range is watched. */
#define MM_BENCH_FAULT		_IOWR('b', 5, struct mm_bench_args)

#endif
