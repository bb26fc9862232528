// SPDX-License-Identifier: MIT
/*
 * What tools/check-controls.sh runs while the driver is wrong on purpose: tests
 * that are quick, and certain to see it.  A driver that is right passes them.
 */
#include <sys/mman.h>

#include "nouveau_svm_test.h"

#define ROUNDS	8
#define PAGES	(HUGE / PAGE)

/* Until the card has posted a fault, where that can be seen. */
static void wait_for_fault(uint64_t before)
{
	unsigned int i;

	if (!svm_stats_present(&svm_stats))
		return;
	for (i = 0; i < 1000000 && svm_stats_faults(&svm_stats) == before; i++)
		;
	igt_assert(svm_stats_faults(&svm_stats) > before);
}

/*
 * The GPU touches one page; its service maps what else is there.  Meanwhile the
 * CPU frees all of that, page by page, and never touches it again: what is
 * mapped after it was freed stays mapped.  A fresh block each time, because the
 * service then takes its time for the page table after it read the pages.
 */
static void free_during_service(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(ROUNDS * HUGE);
	uint32_t round, page, job;

	igt_assert_eq(madvise(mem, ROUNDS * HUGE, MADV_NOHUGEPAGE), 0);
	for (round = 0; round < ROUNDS; round++) {
		uint32_t *block = mem + round * (HUGE / 4);
		const struct svm_args args = {
			.base = svm_addr(block),
			.value = 0xf00d,
		};
		uint64_t before = 0;

		for (page = 0; page < PAGES; page++)
			block[page * WORDS] = 0xbad;
		if (svm_stats_present(&svm_stats))
			before = svm_stats_faults(&svm_stats);
		igt_assert_eq(svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1, &args,
					 &job), 0);
		wait_for_fault(before);
		for (page = 1; page < PAGES; page++)
			igt_assert_eq(madvise(block + page * WORDS, PAGE,
					      MADV_DONTNEED), 0);
		igt_assert_eq(svm_wait(gpu, job, SVM_JOB_MS), 0);
		igt_assert_eq_u32(*block, 0xf00d);
		svm_check_mirror();
		svm_gpu_check_pages(gpu, block + PAGES / 2 * WORDS, PAGES / 2,
				    0, 0);
	}
	svm_unmap(mem, ROUNDS * HUGE);
	svm_client_close(gpu);
}

/* The pages around it are not there: nothing but this one is to be mapped. */
static void one_page_alone(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(3);

	svm_gpu_write(gpu, mem + WORDS, 7);
	igt_assert_eq_u32(mem[WORDS], 7);
	svm_check_mirror();
	igt_assert_eq(svm_place(mem), SVM_NOWHERE);
	igt_assert_eq(svm_place(mem + 2 * WORDS), SVM_NOWHERE);
	svm_unmap(mem, 3 * PAGE);
	svm_client_close(gpu);
}

/*
 * The GPU touches one page; what lies around it, one page that the CPU may only
 * read and one that it may write, is mapped as well, and is never used.
 */
static void pages_around(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE);

	igt_assert_eq(madvise(mem, HUGE, MADV_NOHUGEPAGE), 0);
	svm_fill(mem, 3, 1);
	igt_assert_eq(mprotect(mem + WORDS, PAGE, PROT_READ), 0);
	svm_gpu_write(gpu, mem, 7);
	igt_assert_eq_u32(*mem, 7);
	svm_check_mirror();
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

const struct svm_test svm_control_tests[] = {
	{ "control-free-during-service",
	  "the CPU frees the pages around a fault while it is served",
	  free_during_service },
	{ "control-one-page-alone",
	  "a fault among absent pages gets the GPU one page and no other",
	  one_page_alone },
	{ "control-pages-around",
	  "a fault among other pages gets the GPU these as the CPU has them",
	  pages_around },
	{ }
};
