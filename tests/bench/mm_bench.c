// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What range notifiers and hmm_range_fault() cost, in cycles of the TSC. Under
 * QEMU's -icount a cycle is an instruction. Prints lines "row NAME VALUE"; each
 * row is measured in a process of its own, which has an address space of its
 * own.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#include "mm_bench_uapi.h"

#define PAGE		4096UL
#define PMD		(2UL << 20)
#define PMD_ORDER	9

/* Samples of a row, whose median counts. */
#define SAMPLES		15
#define LARGE_SAMPLES	3
/* Rounds in one request, to be divided by. */
#define ROUNDS		1000


static int device;

static void *reserve(size_t length, size_t alignment)
{
	char *p = mmap(NULL, length + alignment, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap of %zu bytes", length);
	return (void *)(((uintptr_t)p + alignment - 1) & -alignment);
}

static void populate(void *at, size_t length, int flags, int fd)
{
	if (mmap(at, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd,
		 0) == MAP_FAILED)
		err(1, "mmap at %p", at);
}

static void request(unsigned long cmd, struct mm_bench_args *args)
{
	if (ioctl(device, cmd, args))
		err(1, "/dev/mm_bench: request %lu", cmd & 0xff);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double median(uint64_t *samples, int n)
{
	qsort(samples, n, sizeof(*samples), by_value);
	return samples[n / 2];
}

/* ------------------------------------------------------------------- munmap */

/* The address space never had a range notifier. */
#define NEVER	-1L

/*
 * The page lies amid the ranges, which are one page each with one page between
 * them, and does not merge with its neighbours.
 */
static double row_munmap(long ranges)
{
	size_t index = ranges > 0 ? ranges | 1 : 1;
	char *area = reserve((index + ranges + 3) * PAGE, PAGE);
	char *page = area + index * PAGE;
	struct mm_bench_args args = {
		.addr = (uintptr_t)area,
		.length = 2 * PAGE,
		.count = ranges > 0 ? ranges : 1,
	};
	uint64_t samples[SAMPLES];

	if (ranges != NEVER) {
		request(MM_BENCH_WATCH, &args);
		if (!ranges)
			request(MM_BENCH_UNWATCH, NULL);
	}

	for (int i = 0; i < SAMPLES; i++) {
		uint64_t begin;

		populate(page, PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		*(volatile char *)page = 1;
		begin = __rdtsc();
		munmap(page, PAGE);
		samples[i] = __rdtsc() - begin;
	}
	return median(samples, SAMPLES);
}

/* ------------------------------------------------- insert, remove, read side */

static double row_rounds(unsigned long cmd)
{
	uint64_t samples[SAMPLES];

	for (int i = 0; i < SAMPLES; i++) {
		struct mm_bench_args args = {
			.addr = (uintptr_t)reserve(PAGE, PAGE),
			.length = PAGE,
			.count = ROUNDS,
		};

		request(cmd, &args);
		samples[i] = args.cycles;
	}
	return median(samples, SAMPLES) / ROUNDS;
}

static double row_pair(long unused)
{
	(void)unused;
	return row_rounds(MM_BENCH_PAIRS);
}

static double row_read(long unused)
{
	(void)unused;
	return row_rounds(MM_BENCH_READS);
}

/* -------------------------------------------------------------------- storm */

static atomic_bool storm_over;
static atomic_ulong storms;

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "processor %d", cpu);
}

/* A pause ends the turn of a processor; see the module's bystander. */
static void *storm(void *page)
{
	run_on(1);
	while (!atomic_load(&storm_over)) {
		populate(page, PAGE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		*(volatile char *)page = 1;
		munmap(page, PAGE);
		atomic_fetch_add(&storms, 1);
		__builtin_ia32_pause();
	}
	return NULL;
}

static double row_pair_storm(long watched)
{
	char *area = reserve(5 * PAGE, PAGE);
	struct mm_bench_args watch = {
		.addr = (uintptr_t)area + (watched ? PAGE : 0),
		.length = PAGE,
		.count = 1,
	};
	struct mm_bench_args args = {
		.addr = (uintptr_t)area + 3 * PAGE,
		.length = PAGE,
		.count = ROUNDS,
	};
	pthread_t thread;

	/* The first range ever inserted in an mm costs more; it may stay. */
	request(MM_BENCH_WATCH, &watch);
	request(MM_BENCH_HOLD, NULL);

	run_on(0);
	if (pthread_create(&thread, NULL, storm, area + PAGE))
		errx(1, "pthread_create");
	while (atomic_load(&storms) < SAMPLES)
		__builtin_ia32_pause();

	atomic_store(&storms, 0);
	request(MM_BENCH_PAIRS, &args);
	fprintf(stderr, "%s: %lu munmaps during %d pairs\n",
		watched ? "watched" : "not watched", atomic_load(&storms),
		ROUNDS);

	atomic_store(&storm_over, true);
	pthread_join(thread, NULL);
	return (double)args.cycles / ROUNDS;
}

/* ---------------------------------------------------------- hmm_range_fault */

#define FAULT_PMD	(1L << 62)
#define FAULT_ABSENT	(1L << 61)

static double row_fault(long what)
{
	bool huge = what & FAULT_PMD, absent = what & FAULT_ABSENT;
	size_t length = what & ~(FAULT_PMD | FAULT_ABSENT);
	size_t mapped = length > PMD ? length : PMD;
	int samples = length > PMD ? LARGE_SAMPLES : SAMPLES;
	char *area = reserve(mapped, PMD);
	uint64_t sample[SAMPLES];

	populate(area, mapped, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (madvise(area, mapped, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		err(1, "madvise");
	memset(area, 1, mapped);

	for (int i = 0; i < samples; i++) {
		struct mm_bench_args args = {
			.addr = (uintptr_t)area,
			.length = length,
		};

		if (absent && madvise(area, mapped, MADV_DONTNEED))
			err(1, "MADV_DONTNEED");
		request(MM_BENCH_FAULT, &args);
		if (args.count != (huge ? PMD_ORDER : 0))
			errx(1, "pages are mapped with order %lu",
			     (unsigned long)args.count);
		sample[i] = args.cycles;
	}
	return median(sample, samples);
}

/* --------------------------------------------------------------------- rows */

struct row {
	const char *name;
	double (*measure)(long argument);
	long argument;
};

static const struct row count_rows[] = {
	{ "munmap-never", row_munmap, NEVER },
	{ "munmap-0", row_munmap, 0 },
	{ "munmap-1", row_munmap, 1 },
	{ "munmap-64", row_munmap, 64 },
	{ "munmap-4096", row_munmap, 4096 },
	{ "pair-idle", row_pair, 0 },
	{ "read", row_read, 0 },
	{ "fault-4K-present-pte", row_fault, PAGE },
	{ "fault-4K-present-pmd", row_fault, PAGE | FAULT_PMD },
	{ "fault-4K-absent-pte", row_fault, PAGE | FAULT_ABSENT },
	{ "fault-4K-absent-pmd", row_fault, PAGE | FAULT_ABSENT | FAULT_PMD },
	{ "fault-64K-present-pte", row_fault, 16 * PAGE },
	{ "fault-64K-present-pmd", row_fault, 16 * PAGE | FAULT_PMD },
	{ "fault-64K-absent-pte", row_fault, 16 * PAGE | FAULT_ABSENT },
	{ "fault-64K-absent-pmd", row_fault,
	  16 * PAGE | FAULT_ABSENT | FAULT_PMD },
	{ "fault-2M-present-pte", row_fault, PMD },
	{ "fault-2M-present-pmd", row_fault, PMD | FAULT_PMD },
	{ "fault-2M-absent-pte", row_fault, PMD | FAULT_ABSENT },
	{ "fault-2M-absent-pmd", row_fault, PMD | FAULT_ABSENT | FAULT_PMD },
	{ "fault-64M-present-pte", row_fault, 32 * PMD },
	{ "fault-64M-present-pmd", row_fault, 32 * PMD | FAULT_PMD },
	{ "fault-64M-absent-pte", row_fault, 32 * PMD | FAULT_ABSENT },
	{ "fault-64M-absent-pmd", row_fault,
	  32 * PMD | FAULT_ABSENT | FAULT_PMD },
	{}
};

static const struct row storm_rows[] = {
	{ "pair-storm", row_pair_storm, false },
	{ "pair-storm-watched", row_pair_storm, true },
	{}
};

static void run(const struct row *row)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		device = open("/dev/mm_bench", O_RDWR | O_CLOEXEC);
		if (device < 0)
			err(1, "/dev/mm_bench");
		printf("row %s %.3f\n", row->name, row->measure(row->argument));
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "row %s failed", row->name);
}

int main(int argc, char **argv)
{
	const struct row *rows;

	if (argc == 2 && !strcmp(argv[1], "counts"))
		rows = count_rows;
	else if (argc == 2 && !strcmp(argv[1], "storm"))
		rows = storm_rows;
	else
		errx(2, "usage: mm_bench counts | storm");

	/* Each row twice, to show how far a figure repeats. */
	for (int pass = 0; pass < 2; pass++)
		for (const struct row *row = rows; row->name; row++)
			run(row);
	return 0;
}
