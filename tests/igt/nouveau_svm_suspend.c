// SPDX-License-Identifier: MIT
/*
 * Suspend and resume with memory in VRAM.  The kernel's own test of suspend
 * stops all tasks and all devices, and starts them again; it cuts no power.
 */
#include <glob.h>
#include <string.h>
#include <sys/mman.h>

#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

#define N	256u

#define PM_TEST		"/sys/power/pm_test"
#define PM_DELAY	"/sys/module/suspend/parameters/pm_test_delay"

/* A virtio device forgets its queues, and 9p has no way to make new ones. */
static bool root_survives(void)
{
	glob_t found = {};
	bool any;

	any = !glob("/sys/bus/virtio/drivers/9pnet_virtio/virtio*", 0, NULL,
		    &found);
	globfree(&found);
	return !any;
}

static void require_suspend(void)
{
	igt_require_f(root_survives(),
		      "9p over virtio, perhaps the root's, does not survive\n");
	igt_require_f(svm_file_write(PM_TEST, "devices"),
		      "no test of suspend\n");
	svm_file_write(PM_TEST, "none");
	igt_require(svm_file_set(PM_DELAY, "0"));
}

static void suspend(void)
{
	bool ok;

	igt_assert(svm_file_write(PM_TEST, "devices"));
	ok = svm_file_write("/sys/power/state", "freeze");
	svm_file_write(PM_TEST, "none");
	igt_assert(ok);
	/* The emulated VRAM would have kept it; one without power would not. */
	igt_assert(svm_counter("vram_pages_live") <= 0);
}

/* Memory of which a part is in VRAM, one of small pages and one that is huge. */
struct memory {
	uint32_t *mem;		/* 2 * N pages, the first N in VRAM */
	uint32_t *huge;
};

/* In VRAM, so that it is nowhere else; by a channel of the moment. */
static void gpu_writes(struct memory *m, struct svm_gpu *gpu, uint32_t more)
{
	struct svm_gpu *fresh = svm_sibling(gpu);

	svm_gpu_write_pages(fresh, m->mem, 2 * N, 100 + more);
	svm_gpu_write_pages(fresh, m->huge, HUGE / PAGE, 5000 + more);
	svm_client_close(fresh);
}

static void memory_init(struct memory *m, struct svm_gpu *gpu)
{
	m->mem = svm_pages(2 * N);
	svm_fill(m->mem, 2 * N, 1);
	m->huge = svm_huge(HUGE);
	svm_fill(m->huge, HUGE / PAGE, 7);
	igt_assert_eq(svm_migrate(gpu, m->mem, N * PAGE, NULL), 0);
	igt_assert_eq(svm_migrate(gpu, m->huge, HUGE, NULL), 0);
	gpu_writes(m, gpu, 0);
	igt_assert(svm_place(m->mem) == SVM_ELSEWHERE);
	igt_assert(svm_place(m->huge) == SVM_ELSEWHERE);
}

static void memory_fini(struct memory *m)
{
	svm_unmap(m->mem, 2 * N * PAGE);
	svm_unmap(m->huge, HUGE);
}

/*
 * In the same address space, by a new channel: the emulated card keeps what a
 * channel's context says in itself, and forgets it when the channel is taken
 * from its table, as a suspend does.
 */
static void gpu_checks(struct memory *m, struct svm_gpu *gpu, uint32_t more)
{
	struct svm_gpu *fresh = svm_sibling(gpu);

	svm_gpu_check_pages(fresh, m->mem, 2 * N, 100 + more, 1);
	svm_gpu_check_pages(fresh, m->huge, HUGE / PAGE, 5000 + more, 1);
	svm_client_close(fresh);
}

/* Also the words that only the CPU wrote, before they went to VRAM. */
static void cpu_checks(struct memory *m, uint32_t more)
{
	size_t i;

	svm_check_pages(m->mem, 2 * N, 100 + more);
	for (i = 0; i < 2 * N; i++)
		igt_assert_eq_u32(m->mem[i * WORDS + 1], 2 + i * WORDS);
	svm_check_pages(m->huge, HUGE / PAGE, 5000 + more);
	for (i = 0; i < HUGE / PAGE; i++)
		igt_assert_eq_u32(m->huge[i * WORDS + 1], 8 + i * WORDS);
}

/* The client goes on where it was, and a new one can begin. */
static void one_is_first(bool cpu)
{
	struct svm_gpu *gpu;
	struct memory m;

	require_suspend();
	gpu = svm_client();
	memory_init(&m, gpu);
	suspend();
	svm_check_mirror();
	if (cpu)
		cpu_checks(&m, 0);
	gpu_checks(&m, gpu, 0);
	cpu_checks(&m, 0);
	svm_next_client_works();
	memory_fini(&m);
	svm_client_close(gpu);
}

static void gpu_first(void)
{
	one_is_first(false);
}

static void cpu_first(void)
{
	one_is_first(true);
}

/* To VRAM and down, time and again; each time it says something else. */
static void again(void)
{
	struct svm_gpu *gpu;
	struct memory m;
	uint32_t round;

	require_suspend();
	gpu = svm_client();
	memory_init(&m, gpu);
	for (round = 1; round <= 3; round++) {
		suspend();
		gpu_checks(&m, gpu, (round - 1) * 10000);
		igt_assert_eq(svm_migrate(gpu, m.mem, N * PAGE, NULL), 0);
		igt_assert_eq(svm_migrate(gpu, m.huge, HUGE, NULL), 0);
		gpu_writes(&m, gpu, round * 10000);
	}
	cpu_checks(&m, 3 * 10000);
	memory_fini(&m);
	svm_client_close(gpu);
}

/* Whoever put it there has gone. */
static void client_gone(void)
{
	struct svm_gpu *gpu;
	struct memory m;

	require_suspend();
	gpu = svm_client();
	memory_init(&m, gpu);
	svm_client_close(gpu);
	suspend();
	cpu_checks(&m, 0);
	svm_next_client_works();
	memory_fini(&m);
}

const struct svm_test svm_suspend_tests[] = {
	{ "suspend-gpu-first", "Memory in VRAM, the GPU is first to use it",
	  gpu_first },
	{ "suspend-cpu-first", "Memory in VRAM, the CPU is first to use it",
	  cpu_first },
	{ "suspend-again", "Three times, with migrations between", again },
	{ "suspend-client-gone", "Memory in VRAM of a client that has gone",
	  client_gone },
	{}
};
