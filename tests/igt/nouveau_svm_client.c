// SPDX-License-Identifier: MIT
/* More than one client in one process, and clients that go early. */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nouveau_svm_test.h"

static void two_clients(void)
{
	struct svm_gpu *a = svm_client(), *b = svm_client();
	uint32_t *one = svm_pages(32), *two = svm_pages(32);

	svm_gpu_write_pages(a, one, 32, 10);
	svm_gpu_write_pages(b, two, 32, 20);
	svm_check_pages(one, 32, 10);
	svm_check_pages(two, 32, 20);
	svm_gpu_check_pages(b, one, 32, 10, 1);
	svm_gpu_check_pages(a, two, 32, 20, 1);
	svm_unmap(one, 32 * PAGE);
	svm_unmap(two, 32 * PAGE);
	svm_client_close(a);
	svm_client_close(b);
}

/* Both have the page mapped; it changes under both. */
static void two_clients_one_page(void)
{
	struct svm_gpu *a = svm_client(), *b = svm_client();
	uint32_t *mem = svm_pages(1), i;

	for (i = 0; i < 8; i++) {
		svm_gpu_write(a, mem, i);
		igt_assert_eq_u32(svm_gpu_read(b, mem), i);
		svm_gpu_write(b, mem, i + 100);
		igt_assert_eq_u32(svm_gpu_read(a, mem), i + 100);
		igt_assert_eq(madvise(mem, PAGE, MADV_DONTNEED), 0);
		igt_assert_eq_u32(svm_gpu_read(a, mem), 0);
		igt_assert_eq_u32(svm_gpu_read(b, mem), 0);
	}
	svm_unmap(mem, PAGE);
	svm_client_close(a);
	svm_client_close(b);
}

/* One moves the page to VRAM; the other must not use the old one. */
static void two_clients_migrate(void)
{
	struct svm_gpu *a = svm_client(), *b = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	svm_gpu_check_pages(b, mem, 4, 1, WORDS);
	igt_assert_eq(svm_migrate(a, mem, 4 * PAGE, NULL), 0);
	svm_gpu_write_pages(a, mem, 4, 500);
	svm_gpu_check_pages(b, mem, 4, 500, 1);
	svm_check_pages(mem, 4, 500);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(a);
	svm_client_close(b);
}

/* And the way back: what both have mapped in VRAM comes home. */
static void two_clients_migrate_back(void)
{
	struct svm_gpu *a = svm_client(), *b = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	igt_assert_eq(svm_migrate(a, mem, 4 * PAGE, NULL), 0);
	svm_gpu_check_pages(b, mem, 4, 1, WORDS);
	svm_gpu_check_pages(a, mem, 4, 1, WORDS);
	svm_fill(mem, 4, 7000);
	svm_gpu_check_pages(b, mem, 4, 7000, WORDS);
	svm_gpu_check_pages(a, mem, 4, 7000, WORDS);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(a);
	svm_client_close(b);
}

static void two_clients_atomic(void)
{
	struct svm_gpu *a = svm_client(), *b = svm_client();
	uint32_t *mem = svm_pages(1);
	int i;

	for (i = 0; i < 4; i++) {
		igt_assert_eq(svm_launch(a, SVM_KERNEL_RED_ADD, 1, 32,
					 .base = svm_addr(mem), .value = 1),
			      0);
		igt_assert_eq(svm_launch(b, SVM_KERNEL_RED_ADD, 1, 32,
					 .base = svm_addr(mem), .value = 1),
			      0);
	}
	igt_assert_eq_u32(*mem, 4 * 64);
	svm_unmap(mem, PAGE);
	svm_client_close(a);
	svm_client_close(b);
}

static void one_killed(void)
{
	struct svm_gpu *a = svm_client(), *b = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_gpu_write_pages(a, mem, 8, 1);
	svm_gpu_read_dies(b, NULL);
	svm_gpu_check_pages(a, mem, 8, 1, 1);
	svm_client_close(b);
	svm_gpu_write_pages(a, mem, 8, 50);
	svm_check_pages(mem, 8, 50);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(a);
}

/* Jobs of both are in the queue at once, both with faults to come. */
static void interleaved(void)
{
	struct svm_gpu *gpu[2] = { svm_client(), svm_client() };
	uint32_t *mem = svm_pages(2 * 8 * 64), job[2][8];
	int i, c;

	for (i = 0; i < 8; i++) {
		for (c = 0; c < 2; c++) {
			struct svm_args args = {
				.base = svm_addr(mem + (i * 2 + c) * 64 *
						 WORDS),
				.stride = PAGE,
				.value = i * 1000 + c * 100,
			};

			igt_assert_eq(svm_submit(gpu[c], SVM_KERNEL_STORE32,
						 1, 64, &args, &job[c][i]),
				      0);
		}
	}
	for (c = 0; c < 2; c++)
		igt_assert_eq(svm_wait(gpu[c], job[c][7], SVM_JOB_MS), 0);
	for (i = 0; i < 8; i++) {
		for (c = 0; c < 2; c++)
			svm_check_pages(mem + (i * 2 + c) * 64 * WORDS, 64,
					i * 1000 + c * 100);
	}
	svm_unmap(mem, 2 * 8 * 64 * PAGE);
	svm_client_close(gpu[0]);
	svm_client_close(gpu[1]);
}

#define THREADS	4

struct worker {
	struct svm_gpu *gpu;
	uint32_t *mem;
	uint32_t seed;
	int ret;
};

static void *work(void *data)
{
	struct worker *w = data;
	uint32_t round, i;

	for (round = 0; round < 8; round++) {
		w->ret = svm_launch(w->gpu, SVM_KERNEL_STORE32, 1, 64,
				    .base = svm_addr(w->mem), .stride = PAGE,
				    .value = w->seed + round);
		for (i = 0; i < 64 && !w->ret; i++) {
			if (w->mem[i * WORDS] != w->seed + round + i)
				w->ret = -EIO;
		}
		if (!w->ret && madvise(w->mem, 64 * PAGE, MADV_DONTNEED))
			w->ret = -errno;
		if (w->ret)
			break;
	}
	return NULL;
}

/* Clients are opened and closed by one thread, and used by one each. */
static void threads(void)
{
	struct worker worker[THREADS];
	pthread_t thread[THREADS];
	int i;

	for (i = 0; i < THREADS; i++) {
		worker[i].gpu = svm_client();
		worker[i].mem = svm_pages(64);
		worker[i].seed = i * 10000;
	}
	for (i = 0; i < THREADS; i++)
		igt_assert_eq(pthread_create(&thread[i], NULL, work,
					     &worker[i]), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < THREADS; i++) {
		igt_assert_eq(worker[i].ret, 0);
		svm_unmap(worker[i].mem, 64 * PAGE);
		svm_client_close(worker[i].gpu);
	}
}

/* The last client is gone, the driver sleeps, and starts again. */
static void reopen(void)
{
	int i;

	for (i = 0; i < 10; i++)
		svm_next_client_works();
}

/* The channel goes while its kernel still has hundreds of faults to make. */
static void destroyed_in_fault(void)
{
	const size_t n = 2048;
	int round;

	for (round = 0; round < 4; round++) {
		struct svm_gpu *gpu = svm_client();
		uint32_t *mem = svm_pages(n), job;

		igt_assert_eq(svm_submit_pages(gpu, mem, n, 1, &job), 0);
		while (svm_place(mem) != SVM_PRESENT)
			usleep(100);
		svm_close(gpu);
		free(gpu);
		svm_unmap(mem, n * PAGE);
	}
	svm_next_client_works();
}

/* Its memory goes while a thread is at work on it. */
static void unmapped_in_fault(void)
{
	const size_t n = 4096;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n), job;
	struct svm_args args = {
		.base = svm_addr(mem),
		.step = PAGE,
		.count = n,
		.value = 1,
	};
	int ret;

	igt_assert_eq(svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1, &args,
				 &job), 0);
	while (svm_place(mem) != SVM_PRESENT)
		usleep(100);
	svm_unmap(mem, n * PAGE);
	/* It may have been done just before. */
	ret = svm_wait(gpu, job, SVM_JOB_MS);
	igt_assert(ret == -ENODEV || ret == 0);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* The mapping goes while faults come, and comes back: none may be lost. */
static void zapped_in_fault(void)
{
	const size_t n = 1024;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n), job;
	int i;

	igt_assert_eq(svm_submit_pages(gpu, mem, n, 1, &job), 0);
	for (i = 0; i < 50; i++)
		igt_assert_eq(madvise(mem, n * PAGE, MADV_DONTNEED), 0);
	igt_assert_eq(svm_wait(gpu, job, SVM_JOB_MS), 0);
	/* Each word is as written, or thrown away after that. */
	for (i = 0; i < (int)n; i++)
		igt_assert(mem[i * WORDS] == 0 ||
			   mem[i * WORDS] == 1u + i);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_client_tests[] = {
	{ "two-clients", "Two clients in one process", two_clients },
	{ "two-clients-one-page", "Both have one page mapped",
	  two_clients_one_page },
	{ "two-clients-migrate", "One moves what the other has mapped",
	  two_clients_migrate },
	{ "two-clients-migrate-back", "What both have in VRAM comes home",
	  two_clients_migrate_back },
	{ "two-clients-atomic", "Both count in one word",
	  two_clients_atomic },
	{ "one-client-killed", "One is killed, the other goes on",
	  one_killed },
	{ "interleaved", "Faulting jobs of both wait at once", interleaved },
	{ "threads", "Four threads with a client each", threads },
	{ "reopen", "Clients come and go", reopen },
	{ "destroyed-in-fault", "The channel goes in mid-fault",
	  destroyed_in_fault },
	{ "unmapped-in-fault", "The memory goes in mid-fault",
	  unmapped_in_fault },
	{ "zapped-in-fault", "The pages go again and again in mid-fault",
	  zapped_in_fault },
	{}
};
