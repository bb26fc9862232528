/* SPDX-License-Identifier: MIT */
/* What the parts of the nouveau_svm test share. */
#ifndef NOUVEAU_SVM_TEST_H
#define NOUVEAU_SVM_TEST_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "igt.h"

#include "nouveau_svm_audit.h"
#include "nouveau_svm_gpu.h"
#include "nouveau_svm_stats.h"

struct svm_test {
	const char *name;
	const char *describe;
	void (*run)(void);
};

/* Each ends with an entry without a name. */
extern const struct svm_test svm_ioctl_tests[];
extern const struct svm_test svm_fault_tests[];
extern const struct svm_test svm_memory_tests[];
extern const struct svm_test svm_fork_tests[];
extern const struct svm_test svm_migrate_tests[];
extern const struct svm_test svm_client_tests[];
extern const struct svm_test svm_card_tests[];
extern const struct svm_test svm_control_tests[];
extern const struct svm_test svm_progress_tests[];
extern const struct svm_test svm_inject_tests[];
extern const struct svm_test svm_lifetime_tests[];
extern const struct svm_test svm_suspend_tests[];
extern const struct svm_test svm_unbind_tests[];
extern const struct svm_test svm_uffd_tests[];
extern const struct svm_test svm_reclaim_tests[];
extern const struct svm_test svm_bind_tests[];
extern const struct svm_test svm_cost_tests[];
/* Until svm_card_behave(), which runs after each subtest. */
void svm_card_misbehave(enum svm_switch sw, uint32_t n);
void svm_card_behave(void);

extern char svm_node[SVM_NODE_LEN];
extern struct svm_stats svm_stats;

#define PAGE		4096u
#define WORDS		(PAGE / 4)
#define HUGE		(2u << 20)

/* A client, ready to launch. */
struct svm_gpu *svm_client(void);
/* Another channel of that client, which must be closed after it. */
struct svm_gpu *svm_sibling(struct svm_gpu *gpu);
/* Also checks what svm_check_mirror() does. */
void svm_client_close(struct svm_gpu *gpu);
/*
 * Asserts that the GPU's TLB agrees with its page tables, and these with the
 * process's; as far as the card and the kernel can tell.
 */
void svm_check_mirror(void);
/* First in a forked child: the clients are the parent's; a time limit. */
void svm_child(void);
/* Asserts that a client that starts now works. */
void svm_next_client_works(void);

/* Private anonymous memory, never huge. */
uint32_t *svm_pages(size_t pages);
/* The same, aligned to HUGE and allowed to be huge. */
uint32_t *svm_huge(size_t len);
void svm_unmap(void *addr, size_t len);
/* Makes @n pages more for hugetlbfs, or skips; and gives all of them back. */
void svm_huge_pool_grow(unsigned long n);
void svm_huge_pool_restore(void);
/* CPU: word w of each page p is seed + p * WORDS + w. */
void svm_fill(uint32_t *mem, size_t pages, uint32_t seed);
void svm_check_filled(const uint32_t *mem, size_t pages, uint32_t seed);

/* A launch; what is named in ... are fields of struct svm_args. */
#define svm_launch(gpu, kernel, blocks, block, ...)			\
	svm_run(gpu, kernel, blocks, block,				\
		&(const struct svm_args){ __VA_ARGS__ })
#define svm_addr(p)	((uint64_t)(uintptr_t)(p))

/* One word by one thread; these assert that the job ends well. */
void svm_gpu_write(struct svm_gpu *gpu, const void *addr, uint32_t value);
uint32_t svm_gpu_read(struct svm_gpu *gpu, const void *addr);
/* A launch that is to kill its channel: -ENODEV, and rather soon. */
int svm_run_dying(struct svm_gpu *gpu, enum svm_kernel kernel,
		  unsigned int blocks, unsigned int block,
		  const struct svm_args *args);
/* These assert that the access is fatal to the channel. */
void svm_gpu_write_dies(struct svm_gpu *gpu, const void *addr);
void svm_gpu_read_dies(struct svm_gpu *gpu, const void *addr);
/* The first word of each page: seed + page number; and its start alone. */
void svm_gpu_write_pages(struct svm_gpu *gpu, const void *mem, size_t pages,
			 uint32_t seed);
int svm_submit_pages(struct svm_gpu *gpu, const void *mem, size_t pages,
		     uint32_t seed, uint32_t *job);
void svm_check_pages(const uint32_t *mem, size_t pages, uint32_t seed);
/* The GPU reads the first word of each page; the CPU compares. */
void svm_gpu_check_pages(struct svm_gpu *gpu, const void *mem, size_t pages,
			 uint32_t seed, uint32_t step);

/* Bytes of VRAM that are somebody's, or skips. */
uint64_t svm_vram_used(struct svm_gpu *gpu);

/* Is the page at @addr in the CPU's page table, or kept elsewhere? */
enum svm_place { SVM_NOWHERE, SVM_PRESENT, SVM_ELSEWHERE };
uint64_t svm_pagemap(const void *addr);
enum svm_place svm_place(const void *addr);

#endif
