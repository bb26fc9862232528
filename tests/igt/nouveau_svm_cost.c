// SPDX-License-Identifier: MIT
/*
 * What the driver's work costs the GPU, by the counters of the emulated card:
 * faults, and flushes of the TLB.
 */
#include <string.h>
#include <sys/mman.h>

#include "nouveau_svm_test.h"

#define BLOCK		(HUGE / PAGE)	/* pages of one page table */

/* A replay flushes too, and may come late; it is not counted. */
static uint64_t flushes(void)
{
	return svm_stats_read(&svm_stats, SVM_FLUSHES_ALL) +
	       svm_stats_read(&svm_stats, SVM_FLUSHES_PDB) +
	       svm_stats_read(&svm_stats, SVM_FLUSHES_VA) -
	       svm_stats_read(&svm_stats, SVM_REPLAYS);
}

static void require_counters(void)
{
	igt_require_f(svm_stats_present(&svm_stats), "not an emulated card\n");
}

/* One page table's worth of small pages. */
static uint32_t *block(void)
{
	uint32_t *mem = svm_huge(HUGE);

	igt_assert_eq(madvise(mem, HUGE, MADV_NOHUGEPAGE), 0);
	return mem;
}

/* One thread, one page after the other: no two faults at once. */
static void walk(struct svm_gpu *gpu, enum svm_kernel kernel, const void *mem,
		 size_t pages, uint32_t value)
{
	igt_assert_eq(svm_launch(gpu, kernel, 1, 1, .base = svm_addr(mem),
				 .step = PAGE, .count = pages,
				 .value = value), 0);
}

static void dense_flushes(void)
{
	uint64_t flushed, faults;
	struct svm_gpu *gpu;
	uint32_t *mem;

	require_counters();
	gpu = svm_client();
	mem = block();
	svm_fill(mem, BLOCK, 1);
	faults = svm_stats_faults(&svm_stats);
	flushed = flushes();
	walk(gpu, SVM_KERNEL_STORE32, mem, BLOCK, 50);
	faults = svm_stats_faults(&svm_stats) - faults;
	flushed = flushes() - flushed;
	svm_check_pages(mem, BLOCK, 50);
	igt_assert_eq_u32(mem[1], 2);
	igt_info("%llu faults, %llu flushes\n", (unsigned long long)faults,
		 (unsigned long long)flushed);
	igt_assert(faults >= 1 && faults <= 4);
	igt_assert(flushed <= 8);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* A huge page is one entry of the GPU's page directory. */
static void huge_faults(void)
{
	struct svm_gpu *gpu;
	uint64_t faults;
	uint32_t *mem;

	require_counters();
	gpu = svm_client();
	mem = svm_huge(HUGE);
	svm_fill(mem, BLOCK, 1);
	faults = svm_stats_faults(&svm_stats);
	walk(gpu, SVM_KERNEL_STORE32, mem, BLOCK, 50);
	faults = svm_stats_faults(&svm_stats) - faults;
	svm_check_pages(mem, BLOCK, 50);
	igt_assert(faults >= 1 && faults <= 2);
	/* One page goes: what is left of the huge one is still there. */
	igt_assert_eq(madvise(mem + 100 * WORDS, PAGE, MADV_DONTNEED), 0);
	faults = svm_stats_faults(&svm_stats);
	walk(gpu, SVM_KERNEL_STORE32, mem, BLOCK, 900);
	faults = svm_stats_faults(&svm_stats) - faults;
	svm_check_pages(mem, BLOCK, 900);
	igt_assert_eq_u32(mem[101 * WORDS + 1], 2 + 101 * WORDS);
	igt_assert_eq_u32(mem[100 * WORDS + 1], 0);
	igt_info("%llu faults after the split\n", (unsigned long long)faults);
	igt_assert(faults <= 4);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* The GPU touches some pages; nobody asked for those between. */
static void nobody_asked(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = block(), i;

	for (i = 0; i < BLOCK; i += 64)
		svm_gpu_write(gpu, mem + i * WORDS, i + 1);
	for (i = 0; i < BLOCK; i++)
		igt_assert_eq(svm_place(mem + i * WORDS),
			      i % 64 ? SVM_NOWHERE : SVM_PRESENT);
	for (i = 0; i < BLOCK; i += 64)
		igt_assert_eq_u32(mem[i * WORDS], i + 1);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* What the GPU has in its tables goes with one flush. */
static void munmap_flushes(void)
{
	struct svm_gpu *gpu;
	uint64_t flushed;
	uint32_t *mem;

	require_counters();
	gpu = svm_client();
	mem = block();
	svm_fill(mem, BLOCK, 1);
	svm_gpu_write_pages(gpu, mem, BLOCK, 50);
	igt_assert(svm_stats_quiet(&svm_stats, svm_patience(5000)));
	svm_check_pages(mem, BLOCK, 50);
	flushed = flushes();
	svm_unmap(mem + 128 * WORDS, 256 * PAGE);
	flushed = flushes() - flushed;
	igt_assert_eq_u64(flushed, 1);
	svm_gpu_check_pages(gpu, mem, 128, 50, 1);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/*
 * Pages of the same block that the GPU never saw go without one.  The first
 * munmap() in an area that a huge page could fill is one of all that, as Linux
 * says it, so it comes before.
 */
static void munmap_unmirrored(void)
{
	struct svm_gpu *gpu;
	uint64_t flushed;
	uint32_t *mem, i;

	require_counters();
	gpu = svm_client();
	mem = block();
	svm_unmap(mem + (BLOCK - 1) * WORDS, PAGE);
	svm_gpu_write_pages(gpu, mem, 8, 50);
	igt_assert(svm_stats_quiet(&svm_stats, svm_patience(5000)));
	svm_fill(mem + 64 * WORDS, 64, 1);
	flushed = flushes();
	for (i = 64; i < 128; i += 2)
		svm_unmap(mem + i * WORDS, PAGE);
	igt_assert_eq_u64(flushes(), flushed);
	svm_gpu_check_pages(gpu, mem, 8, 50, 1);
	svm_unmap(mem, HUGE);
	igt_assert(flushes() > flushed);
	svm_client_close(gpu);
}

/* SVM_BIND leaves the pages mapped where they are now. */
static void bind_maps(bool huge)
{
	struct svm_gpu *gpu;
	uint64_t faults;
	uint32_t *mem;

	require_counters();
	gpu = svm_client();
	mem = huge ? svm_huge(HUGE) : block();
	svm_fill(mem, BLOCK, 1);
	igt_assert_eq(svm_migrate(gpu, mem, HUGE, NULL), 0);
	faults = svm_stats_faults(&svm_stats);
	walk(gpu, SVM_KERNEL_ADD, mem, BLOCK, 7);
	igt_assert_eq_u64(svm_stats_faults(&svm_stats), faults);
	igt_assert_eq(svm_place(mem), SVM_ELSEWHERE);
	igt_assert_eq_u32(mem[0], 8);
	igt_assert_eq_u32(mem[511 * WORDS], 8 + 511 * WORDS);
	igt_assert_eq_u32(mem[511 * WORDS + 1], 2 + 511 * WORDS);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

static void bind_maps_small(void)
{
	bind_maps(false);
}

static void bind_maps_huge(void)
{
	bind_maps(true);
}

/* One CPU touch brings a window home, not one page. */
static void home_window(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = block(), i, home = 0;

	svm_fill(mem, BLOCK, 1);
	igt_assert_eq(svm_migrate(gpu, mem, HUGE, NULL), 0);
	igt_assert_eq_u32(*(volatile uint32_t *)(mem + 200 * WORDS),
			  1 + 200 * WORDS);
	for (i = 0; i < BLOCK; i++)
		home += svm_place(mem + i * WORDS) == SVM_PRESENT;
	igt_info("%u pages came home\n", home);
	igt_assert(home >= 16);
	svm_gpu_check_pages(gpu, mem, BLOCK, 1, WORDS);
	svm_check_filled(mem, BLOCK, 1);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

const struct svm_test svm_cost_tests[] = {
	{ "dense-flushes", "A block of pages takes few faults and flushes",
	  dense_flushes },
	{ "huge-faults", "A huge page takes one fault, its rest few",
	  huge_faults },
	{ "nobody-asked", "No page appears that the GPU did not touch",
	  nobody_asked },
	{ "munmap-flushes", "munmap() of mirrored pages is one flush",
	  munmap_flushes },
	{ "munmap-unmirrored", "munmap() of others is none",
	  munmap_unmirrored },
	{ "bind-maps", "After SVM_BIND the GPU does not fault",
	  bind_maps_small },
	{ "bind-maps-huge", "The same with a huge page", bind_maps_huge },
	{ "home-window", "One CPU touch brings home more than its page",
	  home_window },
	{}
};
