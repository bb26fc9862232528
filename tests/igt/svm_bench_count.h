/* SPDX-License-Identifier: MIT */
/*
 * What a stretch of work costs: instructions and the card's counters; and, in a
 * probed pass, how often the kernel called some functions and what it allocated.
 * Any function exits with a message when it can't do its work.
 */
#ifndef SVM_BENCH_COUNT_H
#define SVM_BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "nouveau_svm_stats.h"

enum bench_figure {
	BENCH_INSTRUCTIONS,	/* executed by all processors */
	BENCH_FAULTS,		/* replayable ones that the card posted */
	BENCH_DROPPED,		/* that found no room in the fault buffer */
	BENCH_REPLAYS,
	BENCH_FLUSHES,		/* TLB invalidates, those of replays too */
	BENCH_FROM_KERNEL,	/* those below only in a probed pass */
	BENCH_BATCHES = BENCH_FROM_KERNEL,	/* drains of the fault buffer */
	BENCH_PFNMAPS,
	BENCH_INSERTS,		/* of notifiers */
	BENCH_MEMORY,		/* bytes of slabs that the kernel kept */
	BENCH_MEMORY_SVM,	/* of these, of functions named nouveau_svm_* */
	BENCH_FIGURES
};

struct bench_count {
	struct svm_stats stats;
	bool probed;
	bool running;
	uint64_t from[BENCH_FIGURES];
	int64_t sum[BENCH_FIGURES];
};

/* Once in a guest, before any count: puts the probes into the kernel. */
void bench_probes_init(void);
const char *bench_figure_name(enum bench_figure figure);

/* @fd: the card's. */
void bench_count_open(struct bench_count *count, int fd, bool probed);
/*
 * What happens between the two is added up. The second returns the instructions
 * of this stretch alone.
 */
void bench_begin(struct bench_count *count);
int64_t bench_end(struct bench_count *count);
/* After the last end, before the memory is read: looks at the allocations. */
void bench_count_close(struct bench_count *count);

#endif
