// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <nouveau_drm.h>
#include <nouveau/nouveau.h>

#include "nouveau_svm_test.h"

#ifndef NOUVEAU_GETPARAM_VRAM_USED
#define NOUVEAU_GETPARAM_VRAM_USED	19
#endif

/* Seconds that a child may last. */
#define CHILD_LIMIT	svm_patience(90)

#define HUGE_POOL	"/proc/sys/vm/nr_hugepages"

/* Within this time a bad access has killed its channel. */
#define DEATH_MS	svm_patience(8000)

struct svm_gpu *svm_client(void)
{
	struct svm_gpu *gpu = malloc(sizeof(*gpu));

	igt_assert(gpu);
	igt_assert_eq(svm_open(gpu, svm_node), 0);
	return gpu;
}

struct svm_gpu *svm_sibling(struct svm_gpu *gpu)
{
	struct svm_gpu *sibling = malloc(sizeof(*sibling));

	igt_assert(sibling);
	igt_assert_eq(svm_open_sibling(sibling, gpu), 0);
	return sibling;
}

void svm_check_mirror(void)
{
	char line[256];
	long n;

	if (svm_stats_present(&svm_stats)) {
		igt_assert_f(svm_stats_quiet(&svm_stats,
					     svm_patience(5000)),
			     "the GPU does not come to rest\n");
		igt_assert_eq_u32(svm_stats_lingering(&svm_stats), 0);
	}
	n = svm_audit(line, sizeof(line));
	igt_assert_f(n >= 0, "audit: %s\n", strerror(-n));
	igt_assert_f(!n, "audit: %ld violations, the first: %s\n", n, line);
}

void svm_client_close(struct svm_gpu *gpu)
{
	svm_check_mirror();
	svm_close(gpu);
	free(gpu);
}

void svm_child(void)
{
	svm_forget_all();
	/* A parent that failed will never open the gate for us. */
	alarm(CHILD_LIMIT);
}

void svm_next_client_works(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_gpu_write(gpu, mem, 0x600d);
	igt_assert_eq_u32(*mem, 0x600d);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

uint32_t *svm_pages(size_t pages)
{
	void *mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	igt_assert(mem != MAP_FAILED);
	/* Without THP in the kernel there is nothing to forbid. */
	madvise(mem, pages * PAGE, MADV_NOHUGEPAGE);
	return mem;
}

uint32_t *svm_huge(size_t len)
{
	char *mem = mmap(NULL, len + HUGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t head;

	igt_assert(mem != MAP_FAILED);
	head = -(uintptr_t)mem % HUGE;
	if (head)
		munmap(mem, head);
	munmap(mem + head + len, HUGE - head);
	igt_require_f(!madvise(mem + head, len, MADV_HUGEPAGE),
		      "no transparent huge pages\n");
	return (uint32_t *)(mem + head);
}

static unsigned long huge_pool_before;
static bool huge_pool_grown;

static unsigned long huge_pool(const unsigned long *set)
{
	unsigned long size = 0;
	FILE *file = fopen(HUGE_POOL, set ? "w" : "r");

	igt_require_f(file, "no hugetlbfs\n");
	if (set)
		fprintf(file, "%lu", *set);
	else if (fscanf(file, "%lu", &size) != 1)
		size = 0;
	fclose(file);
	return size;
}

void svm_huge_pool_grow(unsigned long n)
{
	unsigned long before = huge_pool(NULL), more = before + n;

	huge_pool_before = before;
	huge_pool_grown = true;
	huge_pool(&more);
	igt_require_f(huge_pool(NULL) >= more, "no %lu huge pages to be had\n",
		      n);
}

void svm_huge_pool_restore(void)
{
	if (huge_pool_grown)
		huge_pool(&huge_pool_before);
	huge_pool_grown = false;
}

void svm_unmap(void *addr, size_t len)
{
	igt_assert_eq(munmap(addr, len), 0);
}

void svm_fill(uint32_t *mem, size_t pages, uint32_t seed)
{
	size_t i;

	for (i = 0; i < pages * WORDS; i++)
		mem[i] = seed + i;
}

void svm_check_filled(const uint32_t *mem, size_t pages, uint32_t seed)
{
	size_t i;

	for (i = 0; i < pages * WORDS; i++)
		igt_assert_eq_u32(mem[i], seed + i);
}

void svm_gpu_write(struct svm_gpu *gpu, const void *addr, uint32_t value)
{
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE32, 1, 1,
				 .base = svm_addr(addr), .value = value), 0);
}

/*
 * Twice: a replay flushes the GPU's TLB, also the one for the results' page,
 * which is served after the load.  The second time nothing faults, and what
 * the TLB then holds shows whether the driver flushes it when it has to.
 */
static void load(struct svm_gpu *gpu, unsigned int threads,
		 const struct svm_args *args)
{
	int i;

	for (i = 0; i < 2; i++) {
		igt_assert_eq(svm_run(gpu, SVM_KERNEL_LOAD32, 1, threads,
				      args), 0);
	}
}

uint32_t svm_gpu_read(struct svm_gpu *gpu, const void *addr)
{
	uint32_t out = ~0u;
	const struct svm_args args = {
		.base = svm_addr(addr),
		.out = svm_addr(&out),
	};

	load(gpu, 1, &args);
	return *(volatile uint32_t *)&out;
}

int svm_run_dying(struct svm_gpu *gpu, enum svm_kernel kernel,
		  unsigned int blocks, unsigned int block,
		  const struct svm_args *args)
{
	uint32_t job;
	int ret = svm_submit(gpu, kernel, blocks, block, args, &job);

	return ret ? ret : svm_wait(gpu, job, DEATH_MS);
}

void svm_gpu_write_dies(struct svm_gpu *gpu, const void *addr)
{
	const struct svm_args args = {
		.base = svm_addr(addr),
		.value = 0xbad,
	};

	igt_assert_eq(svm_run_dying(gpu, SVM_KERNEL_STORE32, 1, 1, &args),
		      -ENODEV);
}

void svm_gpu_read_dies(struct svm_gpu *gpu, const void *addr)
{
	uint32_t out = 0;
	const struct svm_args args = {
		.base = svm_addr(addr),
		.out = svm_addr(&out),
	};

	igt_assert_eq(svm_run_dying(gpu, SVM_KERNEL_LOAD32, 1, 1, &args),
		      -ENODEV);
}

/* Threads for @pages pages, and iterations, so that all are covered. */
static void divide(size_t pages, unsigned int *threads, unsigned int *count)
{
	*threads = pages < 256 ? pages : 256;
	*count = pages / *threads;
	igt_assert(*threads * *count == pages);
}

int svm_submit_pages(struct svm_gpu *gpu, const void *mem, size_t pages,
		     uint32_t seed, uint32_t *job)
{
	struct svm_args args = {
		.base = svm_addr(mem), .stride = PAGE, .value = seed,
	};
	unsigned int threads, count;

	divide(pages, &threads, &count);
	args.step = threads * PAGE;
	args.count = count;
	return svm_submit(gpu, SVM_KERNEL_STORE32, 1, threads, &args, job);
}

void svm_gpu_write_pages(struct svm_gpu *gpu, const void *mem, size_t pages,
			 uint32_t seed)
{
	uint32_t job;

	igt_assert_eq(svm_submit_pages(gpu, mem, pages, seed, &job), 0);
	igt_assert_eq(svm_wait(gpu, job, SVM_JOB_MS), 0);
}

void svm_check_pages(const uint32_t *mem, size_t pages, uint32_t seed)
{
	size_t i;

	for (i = 0; i < pages; i++)
		igt_assert_eq_u32(mem[i * WORDS], seed + i);
}

void svm_gpu_check_pages(struct svm_gpu *gpu, const void *mem, size_t pages,
			 uint32_t seed, uint32_t step)
{
	uint32_t *out = svm_pages((pages + WORDS - 1) / WORDS);
	struct svm_args args = {
		.base = svm_addr(mem),
		.stride = PAGE,
		.out = svm_addr(out),
	};
	unsigned int threads, count;
	size_t i;

	divide(pages, &threads, &count);
	args.step = threads * PAGE;
	args.count = count;
	load(gpu, threads, &args);
	for (i = 0; i < pages; i++)
		igt_assert_eq_u32(out[i], seed + i * step);
	svm_unmap(out, (pages + WORDS - 1) / WORDS * PAGE);
}

uint64_t svm_vram_used(struct svm_gpu *gpu)
{
	uint64_t used = 0;

	igt_require_f(!nouveau_getparam(gpu->device,
					NOUVEAU_GETPARAM_VRAM_USED, &used),
		      "the kernel does not tell how much VRAM is used\n");
	return used;
}

/* An entry; Documentation/admin-guide/mm/pagemap.rst has its bits. */
uint64_t svm_pagemap(const void *addr)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;
	ssize_t len;

	igt_require_f(fd >= 0, "no /proc/self/pagemap\n");
	len = pread(fd, &entry, sizeof(entry),
		    (uintptr_t)addr / PAGE * sizeof(entry));
	close(fd);
	igt_assert_eq(len, sizeof(entry));
	return entry;
}

enum svm_place svm_place(const void *addr)
{
	uint64_t entry = svm_pagemap(addr);

	if (entry >> 63)
		return SVM_PRESENT;
	return entry >> 62 & 1 ? SVM_ELSEWHERE : SVM_NOWHERE;
}
