// SPDX-License-Identifier: MIT
/*
 * What only an emulated card can be asked for: the odd but legal ways of real
 * ones, and a fault of the card that these tests have to see.
 */
#include <sys/mman.h>

#include "nouveau_svm_test.h"

/* Switches that a subtest has turned, a bit each. */
static unsigned int turned;

void svm_card_misbehave(enum svm_switch sw, uint32_t n)
{
	turned |= 1u << sw;
	svm_stats_switch(&svm_stats, sw, n);
}

/* What was set from outside the test stays. */
void svm_card_behave(void)
{
	int i;

	for (i = 0; i < SVM_SWITCHES; i++) {
		if (turned & 1u << i)
			svm_stats_switch(&svm_stats, i, 0);
	}
	turned = 0;
}

static void require_switches(void)
{
	igt_require_f(svm_stats_present(&svm_stats), "not an emulated card\n");
}

/* Real hardware posts a fault again when a replay comes before its cure. */
static void duplicate_faults(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;
	uint64_t before;

	require_switches();
	gpu = svm_client();
	mem = svm_pages(256);
	before = svm_stats_read(&svm_stats, SVM_FAULTS_DUPLICATE);
	svm_card_misbehave(SVM_DUPLICATE, 3);
	svm_gpu_write_pages(gpu, mem, 256, 1);
	svm_check_pages(mem, 256, 1);
	svm_card_misbehave(SVM_DUPLICATE, 0);
	igt_assert(svm_stats_read(&svm_stats, SVM_FAULTS_DUPLICATE) >=
		   before + 256);
	svm_unmap(mem, 256 * PAGE);
	svm_client_close(gpu);
}

/* A fault that finds no room is raised again by the replay for the others. */
static void fault_overflow(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem, i;

	require_switches();
	gpu = svm_client();
	mem = svm_pages(256);
	for (i = 2; i < 30; i += 9) {
		svm_card_misbehave(SVM_OVERFLOW, i);
		svm_gpu_write_pages(gpu, mem, 256, i);
		svm_check_pages(mem, 256, i);
		igt_assert_eq(madvise(mem, 256 * PAGE, MADV_DONTNEED), 0);
	}
	svm_card_misbehave(SVM_OVERFLOW, 0);
	svm_unmap(mem, 256 * PAGE);
	svm_client_close(gpu);
}

static void delayed_replay(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;

	require_switches();
	gpu = svm_client();
	mem = svm_pages(64);
	svm_card_misbehave(SVM_DELAY_REPLAY, 3000);
	svm_gpu_write_pages(gpu, mem, 64, 1);
	svm_check_pages(mem, 64, 1);
	svm_card_misbehave(SVM_DELAY_REPLAY, 0);
	svm_unmap(mem, 64 * PAGE);
	svm_client_close(gpu);
}

/*
 * Giving back pages in VRAM flushes once, on each kernel.  With that flush ignored,
 * the check that ends every subtest must say so.
 */
static void ignored_flush_is_seen(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem, lingering;
	uint64_t before;

	require_switches();
	gpu = svm_client();
	mem = svm_pages(17);
	/* No faults, whose replays flush, and a page that stays. */
	svm_fill(mem, 17, 1);
	igt_assert_eq(svm_migrate(gpu, mem, 17 * PAGE, NULL), 0);
	svm_gpu_write_pages(gpu, mem, 17, 1);
	igt_assert(svm_stats_quiet(&svm_stats, svm_patience(5000)));
	before = svm_stats_read(&svm_stats, SVM_FLUSHES_IGNORED);
	svm_card_misbehave(SVM_IGNORE_FLUSH, 1);
	igt_assert_eq(madvise(mem + WORDS, 16 * PAGE, MADV_DONTNEED), 0);
	svm_card_misbehave(SVM_IGNORE_FLUSH, 0);
	igt_assert_eq_u64(svm_stats_read(&svm_stats, SVM_FLUSHES_IGNORED),
			  before + 1);
	lingering = svm_stats_lingering(&svm_stats);
	/* The flush for the page that stayed is one for all. */
	svm_unmap(mem, 17 * PAGE);
	igt_assert_eq_u32(lingering, 16);
	svm_client_close(gpu);
}

const struct svm_test svm_card_tests[] = {
	{ "duplicate-faults", "Each fault is posted four times",
	  duplicate_faults },
	{ "fault-overflow", "A fault finds the fault buffer full",
	  fault_overflow },
	{ "delayed-replay", "The card takes its time to replay",
	  delayed_replay },
	{ "ignored-flush-is-seen", "One lost TLB flush shows",
	  ignored_flush_is_seen },
	{}
};
