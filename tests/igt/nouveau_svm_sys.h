/* SPDX-License-Identifier: MIT */
/*
 * What tests ask of the kernel around nouveau: swap, events, allocations that
 * fail.  What the kernel lacks skips the subtest.  Settings last until
 * svm_sys_restore(), which runs after each subtest.
 */
#ifndef NOUVEAU_SVM_SYS_H
#define NOUVEAU_SVM_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

void svm_sys_restore(void);

/* Until @cond holds, but not longer than @ms.  Does it? */
#define svm_wait_until(cond, ms) ({				\
	unsigned int left_ = (ms);				\
	bool holds_;						\
								\
	while (!(holds_ = (cond)) && left_--)			\
		usleep(1000);					\
	holds_;							\
})

/* Takes the driver from the card; svm_sys_restore() gives it back. */
void svm_driver_unbind(void);
void svm_driver_bind(void);

/* Writes @text; false with errno. */
bool svm_file_write(const char *path, const char *text);
/* The first number in a file; -1: there is none. */
long svm_file_number(const char *path);
/* As svm_file_write(); what the file said before is restored. */
bool svm_file_set(const char *path, const char *text);

/* Swap space in zram, some 64 MiB. */
void svm_require_swap(void);
/* Bytes of @name, as "MemAvailable", in /proc/meminfo. */
uint64_t svm_meminfo(const char *name);
/* Physical address of a page that the CPU has mapped. */
uint64_t svm_physical(const void *addr);

/*
 * Counts calls of a kernel function from now on, by a probe; @name is the
 * first that the kernel has of a list that ends with NULL.
 */
void svm_probe_start(const char * const *name);
unsigned long svm_probe_stop(void);

/* Records events, as "dma/dma_map_page", in order; svm_trace_next() reads. */
void svm_trace_start(const char * const *event);
void svm_trace_stop(void);
/* The next record; false: there is none. */
bool svm_trace_next(char *line, size_t size);

/*
 * The @n-th allocation of this thread from now fails.  svm_fail_stop() says
 * whether there were as many.
 */
void svm_require_fail_nth(void);
void svm_fail_nth(unsigned int n);
bool svm_fail_stop(void);
/* What is asked for by a function of the kernel, or below it, does not fail. */
void svm_fail_not_in(const char *function);
/* The memory that allocations ask for, and its unit. */
enum svm_alloc {
	SVM_ALLOC_SLAB,		/* bytes */
	SVM_ALLOC_PAGES,	/* pages */
};

/*
 * Of the allocations that nouveau's SVM asks for, the first that make up @skip
 * do not fail, and of the others @percent do, until @times have failed.
 */
void svm_require_fail_nouveau(enum svm_alloc what);
void svm_fail_nouveau(enum svm_alloc what, unsigned int skip,
		      unsigned int percent, unsigned int times);
/* How many are left to fail. */
unsigned int svm_fail_left(enum svm_alloc what);
/* One of the driver's own points of failure, @percent of the times, or skips. */
void svm_inject(const char *point, unsigned int percent);

#endif
