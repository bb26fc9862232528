// SPDX-License-Identifier: MIT
/* Families and crews, and the subtests made of them and the sections. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "nouveau_svm_matrix.h"

#define WORKERS		3

/*
 * Strides are no divisors of a page, but for pages of 64 KiB: elements lie at
 * all places in a page.
 */
static const struct svm_family families[SVM_FAMILIES] = {
	[SVM_ONCE] = { "once", "Once",
		4 * PAGE, PAGE, 64, 252, 1, 1, SVM_CREW_ONE },
	[SVM_TWICE] = { "twice", "Twice",
		4 * PAGE, PAGE, 64, 252, 2, 1, SVM_CREW_ONE },
	[SVM_MANY] = { "many", "Six times",
		4 * PAGE, PAGE, 64, 252, 6, 1, SVM_CREW_ONE },
	[SVM_MANY_STRIDE] = { "many-stride", "Four times, far apart",
		32 * PAGE, PAGE, 25, 5204, 4, 1, SVM_CREW_ONE },
	[SVM_MANY_64K] = { "many-64k", "Four times, 64 KiB pages",
		2 << 16, 1 << 16, 32, PAGE, 4, 1, SVM_CREW_ONE },
	[SVM_LARGE] = { "large", "3 MiB",
		3 << 20, PAGE, 768, 4092, 1, 1, SVM_CREW_ONE },
	[SVM_LARGE_2M] = { "large-2m", "4 MiB, huge where that can be",
		2 * HUGE, HUGE, 256, 16376, 1, 1, SVM_CREW_ONE },
	[SVM_THREADS] = { "threads", "Three threads, a client each",
		4 * PAGE, PAGE, 64, 252, 2, WORKERS, SVM_CREW_CLIENTS },
	[SVM_THREADS_SHARED_VM] = { "threads-shared-vm",
		"Three threads, a channel each of one client",
		4 * PAGE, PAGE, 64, 252, 2, WORKERS, SVM_CREW_CHANNELS },
	[SVM_PROCESS] = { "process", "Three processes",
		4 * PAGE, PAGE, 64, 252, 2, WORKERS, SVM_CREW_PROCESSES },
};

static void *worker_thread(void *data)
{
	svm_work(data);
	return NULL;
}

static void check(const struct svm_worker *worker)
{
	igt_assert_f(!worker->error[0], "worker %x: %s\n", worker->seed >> 28,
		     worker->error);
}

static void run_threads(struct svm_worker *worker, unsigned int n)
{
	pthread_t thread[WORKERS];
	unsigned int i;

	for (i = 0; i < n; i++)
		igt_assert_eq(pthread_create(&thread[i], NULL, worker_thread,
					     &worker[i]), 0);
	for (i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < n; i++)
		check(&worker[i]);
}

/* The clients are opened and closed by one thread: libdrm wants it so. */
static void run_cell(const struct svm_cell *cell)
{
	const struct svm_family *family = cell->family;
	struct svm_worker worker[WORKERS] = {};
	unsigned int i;

	for (i = 0; i < family->workers; i++) {
		worker[i].family = family;
		worker[i].section = cell->section;
		worker[i].seed = (i + 1) << 28;
	}

	switch (family->crew) {
	case SVM_CREW_ONE:
		worker[0].gpu = svm_client();
		svm_work(&worker[0]);
		check(&worker[0]);
		break;
	case SVM_CREW_CLIENTS:
		for (i = 0; i < family->workers; i++)
			worker[i].gpu = svm_client();
		run_threads(worker, family->workers);
		break;
	case SVM_CREW_CHANNELS:
		worker[0].gpu = svm_client();
		for (i = 1; i < family->workers; i++)
			worker[i].gpu = svm_sibling(worker[0].gpu);
		run_threads(worker, family->workers);
		break;
	case SVM_CREW_PROCESSES:
		igt_fork(child, (int)family->workers) {
			svm_child();
			worker[child].gpu = svm_client();
			svm_work(&worker[child]);
			check(&worker[child]);
			/* The others are still at work: no look at the TLB. */
			svm_close(worker[child].gpu);
		}
		igt_waitchildren();
		return;
	}
	for (i = family->workers; i-- > 0;)
		svm_client_close(worker[i].gpu);
}

/*
 * Huge pages for all that is mapped at one time, and again for those that are
 * still on their way back.
 */
static unsigned long huge_pages(const struct svm_cell *cell)
{
	const struct svm_family *family = cell->family;
	enum svm_kind kind = cell->section->kind;

	if (kind != SVM_HUGETLB && kind != SVM_HUGETLB_SHARED)
		return 0;
	return svm_round_size(family, kind) / HUGE * family->workers * 2;
}

void svm_cell_run(const struct svm_cell *cell)
{
	unsigned long pages = huge_pages(cell);

	if (pages)
		svm_huge_pool_grow(pages);
	run_cell(cell);
	if (pages)
		svm_huge_pool_restore();
}

/* They live as long as the program. */
const struct svm_cell *svm_matrix(void)
{
	const struct svm_section *section;
	struct svm_cell *cell;
	unsigned int i, n = 0;

	for (section = svm_sections; section->name; section++)
		n += __builtin_popcount(section->families);
	cell = calloc(n + 1, sizeof(*cell));
	igt_require_f(cell, "no memory\n");

	n = 0;
	for (i = 0; i < SVM_FAMILIES; i++) {
		const struct svm_family *family = &families[i];

		for (section = svm_sections; section->name; section++) {
			if (!(section->families & 1u << i))
				continue;
			cell[n].family = family;
			cell[n].section = section;
			igt_require_f(asprintf(&cell[n].name, "%s-%s",
					       family->name,
					       section->name) > 0 &&
				      asprintf(&cell[n].describe, "%s: %s",
					       family->describe,
					       section->describe) > 0,
				      "no memory\n");
			n++;
		}
	}
	return cell;
}
