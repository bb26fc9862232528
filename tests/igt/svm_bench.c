// SPDX-License-Identifier: MIT
/*
 * What shared virtual memory costs, row by row, on an emulated GP107 under
 * -icount. Each row runs in a process and a client of its own. Prints lines
 * "row NAME PASS FIGURE=VALUE..."; tests/bench/README.md says what they mean.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <nouveau/nouveau.h>

#include "nouveau_svm_gpu.h"
#include "svm_bench_count.h"

#define KIB		1024ul
#define MIB		(1024 * KIB)
#define GIB		(1024 * MIB)
#define PAGE		(4 * KIB)
#define BLOCK		(2 * MIB)
#define BLOCK_PAGES	(BLOCK / PAGE)

/* The warps of one launch, and so the faults that wait at once. */
#define THREADS		256u

/* Between looks at a job: a look costs instructions too. */
#define LOOK_NS		1000000
#define LOOKS		120000

/* Passes without probes, whose instructions count; then one with probes. */
#define PLAIN_PASSES	2

struct bench {
	struct svm_gpu gpu;
	struct bench_count count;
	uint64_t units;		/* what a row's figures are divided by */
	uint64_t mirrored;	/* bytes that the row made the GPU see; or 0 */
};

static void check(int ret, const char *what)
{
	if (ret)
		errx(1, "%s: %s", what, strerror(-ret));
}

/* A timer's interrupt in one of many samples does not show. */
static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int64_t median(int64_t *samples, unsigned int n)
{
	qsort(samples, n, sizeof(*samples), by_value);
	return samples[n / 2];
}

/* ------------------------------------------------------------------ memory */

/* Addresses only, at a multiple of 1 GiB. */
static char *reserve(size_t len)
{
	char *p = mmap(NULL, len + GIB, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap of %zu bytes", len);
	return (char *)(((uintptr_t)p + GIB - 1) & -GIB);
}

static void map(char *at, size_t len, bool huge)
{
	if (mmap(at, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		err(1, "mmap at %p", at);
	if (madvise(at, len, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		err(1, "madvise");
}

/* The CPU writes one word each @step bytes. */
static void write_each(char *at, size_t len, size_t step)
{
	size_t i;

	for (i = 0; i < len; i += step)
		*(volatile uint32_t *)(at + i) = ~0u;
}

/* -------------------------------------------------------------------- jobs */

static void finish(struct bench *b, uint32_t job, const char *what)
{
	const struct timespec nap = { .tv_nsec = LOOK_NS };
	unsigned int i;
	int ret;

	for (i = 0; i < LOOKS; i++) {
		nanosleep(&nap, NULL);
		ret = svm_wait(&b->gpu, job, 0);
		if (ret != -ETIMEDOUT)
			break;
	}
	check(ret, what);
}

static void launch(struct bench *b, enum svm_kernel kernel,
		   unsigned int threads, const struct svm_args *args)
{
	uint32_t job;

	check(svm_submit(&b->gpu, kernel, 1, threads, args, &job), "submit");
	finish(b, job, "a job of the GPU");
}

/* One thread stores to @n words, @step bytes apart, one after the other. */
static void store_serial(struct bench *b, char *at, unsigned int n,
			 size_t step, uint32_t value)
{
	const struct svm_args args = {
		.base = (uintptr_t)at, .step = step, .count = n, .value = value,
	};

	launch(b, SVM_KERNEL_STORE32, 1, &args);
}

/* Some warps store to the first word of each page. */
static void store_pages(struct bench *b, char *at, size_t len, uint32_t value)
{
	const struct svm_args args = {
		.base = (uintptr_t)at, .stride = PAGE, .step = THREADS * PAGE,
		.count = len / (THREADS * PAGE), .value = value,
	};

	launch(b, SVM_KERNEL_STORE32, THREADS, &args);
}

static void expect(const char *at, size_t n, size_t step, uint32_t value)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint32_t is = *(const volatile uint32_t *)(at + i * step);

		if (is != value + i)
			errx(1, "word %zu is %#x and not %#zx", i, is,
			     (size_t)value + i);
	}
}

#define WARM		(GIB - BLOCK)

/*
 * Room for a row, and at WARM a page that the GPU has touched: so the page
 * directories, each of 512 MiB, are there, and what a client's first launch
 * sets up.
 */
static char *reserve_warm(struct bench *b)
{
	char *at = reserve(GIB);
	unsigned int i;

	for (i = 1; i <= 2; i++) {
		char *page = at + i * (GIB / 2) - BLOCK;

		map(page, BLOCK, false);
		write_each(page, PAGE, PAGE);
		store_serial(b, page, 1, PAGE, 1);
	}
	return at;
}

/* -------------------------------------------------------------- first touch */

#define DENSE		(64 * MIB)

/* All pages of @len bytes, from several warps. */
static void dense(struct bench *b, size_t len, bool huge, bool cpu_first)
{
	char *at = reserve_warm(b);

	map(at, len, huge);
	if (cpu_first)
		write_each(at, len, PAGE);
	bench_begin(&b->count);
	store_pages(b, at, len, 100);
	bench_end(&b->count);
	expect(at, len / PAGE, PAGE, 100);
	b->units = len / PAGE;
	b->mirrored = len;
}

static void dense_small(struct bench *b)
{
	dense(b, DENSE, false, true);
}

static void dense_thp(struct bench *b)
{
	dense(b, DENSE, true, true);
}

static void gpu_first(struct bench *b)
{
	dense(b, DENSE, false, false);
}

static void gpu_first_thp(struct bench *b)
{
	dense(b, DENSE, true, false);
}

#define SPARSE_BLOCKS	240u

static void sparse(struct bench *b)
{
	char *at = reserve_warm(b);

	map(at, SPARSE_BLOCKS * BLOCK, false);
	write_each(at, SPARSE_BLOCKS * BLOCK, BLOCK);
	bench_begin(&b->count);
	store_serial(b, at, SPARSE_BLOCKS, BLOCK, 100);
	bench_end(&b->count);
	expect(at, SPARSE_BLOCKS, BLOCK, 100);
	b->units = SPARSE_BLOCKS;
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

#define RANDOM_BLOCKS	64u
#define RANDOM_PAGES	8u
#define RANDOM_NODES	(RANDOM_BLOCKS * RANDOM_PAGES)

/* A list whose nodes lie in random pages, a few in each block. */
static void sparse_random(struct bench *b)
{
	char *at = reserve_warm(b);
	volatile uint32_t *result = (uint32_t *)(at + WARM);
	struct svm_args args = { .out = (uintptr_t)result, .value = 5 };
	struct svm_node *nodes[RANDOM_NODES];
	uint64_t seed = 1;
	unsigned int i;

	map(at, RANDOM_BLOCKS * BLOCK, false);
	for (i = 0; i < RANDOM_NODES; i++) {
		do {
			nodes[i] = (void *)(at + i / RANDOM_PAGES * BLOCK +
				    next_random(&seed) % BLOCK_PAGES * PAGE);
		} while (nodes[i]->value);
		nodes[i]->value = i + 1;
	}
	for (i = RANDOM_NODES - 1; i; i--) {
		unsigned int j = next_random(&seed) % (i + 1);
		struct svm_node *node = nodes[i];

		nodes[i] = nodes[j];
		nodes[j] = node;
	}
	for (i = 0; i < RANDOM_NODES - 1; i++)
		nodes[i]->next = (uintptr_t)nodes[i + 1];
	args.base = (uintptr_t)nodes[0];

	bench_begin(&b->count);
	launch(b, SVM_KERNEL_LIST, 1, &args);
	bench_end(&b->count);
	for (i = 0; i < RANDOM_NODES; i++) {
		if (nodes[i]->mark != nodes[i]->value + 5)
			errx(1, "node %u is not marked", i);
	}
	if (result[1] != RANDOM_NODES)
		errx(1, "the list has %u nodes", result[1]);
	b->units = RANDOM_NODES;
}

/* The GPU reads what nobody wrote, and then writes it. */
static void read_then_write(struct bench *b)
{
	size_t len = 16 * MIB;
	char *at = reserve_warm(b), *out = at + WARM;
	const struct svm_args args = {
		.base = (uintptr_t)at, .out = (uintptr_t)out, .stride = PAGE,
		.step = THREADS * PAGE, .count = len / (THREADS * PAGE),
	};

	write_each(out, BLOCK, PAGE);
	store_pages(b, out, BLOCK, 1);
	map(at, len, false);
	bench_begin(&b->count);
	launch(b, SVM_KERNEL_LOAD32, THREADS, &args);
	store_pages(b, at, len, 100);
	bench_end(&b->count);
	expect(at, len / PAGE, PAGE, 100);
	if (*(volatile uint32_t *)out)
		errx(1, "the GPU read %#x", *(volatile uint32_t *)out);
	b->units = len / PAGE;
	b->mirrored = len;
}

/* ----------------------------------------------------------------- re-touch */

#define RETOUCH		(30 * MIB)	/* an odd number of blocks */

/*
 * Mirrors @len bytes. The upper half of each block is a VMA of its own: were it
 * to be split from the lower half, the kernel would invalidate all of the block.
 */
static char *mirror_blocks(struct bench *b, size_t len)
{
	char *at = reserve_warm(b);
	size_t i;

	map(at, len, false);
	for (i = 0; i < len; i += BLOCK) {
		if (madvise(at + i + BLOCK / 2, BLOCK / 2, MADV_DONTFORK))
			err(1, "madvise");
	}
	write_each(at, len, PAGE);
	store_pages(b, at, len, 100);
	return at;
}

/* The lower half of each block, after munmap of the upper one. */
static void retouch_neighbour(struct bench *b)
{
	char *at = mirror_blocks(b, RETOUCH);
	int64_t samples[RETOUCH / BLOCK];
	size_t i;

	for (i = 0; i < RETOUCH; i += BLOCK) {
		if (munmap(at + i + BLOCK / 2, BLOCK / 2))
			err(1, "munmap");
	}
	for (i = 0; i < RETOUCH / BLOCK; i++) {
		bench_begin(&b->count);
		store_pages(b, at + i * BLOCK, BLOCK / 2, 200);
		samples[i] = bench_end(&b->count);
	}
	b->count.sum[BENCH_INSTRUCTIONS] = RETOUCH / BLOCK *
					   median(samples, RETOUCH / BLOCK);
	for (i = 0; i < RETOUCH; i += BLOCK)
		expect(at + i, BLOCK_PAGES / 2, PAGE, 200);
	b->units = RETOUCH / 2 / PAGE;
}

/* The upper half of each block, unmapped and mapped anew, the lower one kept. */
static void retouch_live(struct bench *b)
{
	char *at = mirror_blocks(b, RETOUCH);
	size_t i;

	for (i = 0; i < RETOUCH; i += BLOCK) {
		if (munmap(at + i + BLOCK / 2, BLOCK / 2))
			err(1, "munmap");
		map(at + i + BLOCK / 2, BLOCK / 2, false);
		write_each(at + i + BLOCK / 2, BLOCK / 2, PAGE);
	}
	bench_begin(&b->count);
	store_pages(b, at, RETOUCH, 200);
	bench_end(&b->count);
	expect(at, RETOUCH / PAGE, PAGE, 200);
	b->units = RETOUCH / 2 / PAGE;
}

/* ------------------------------------------------------------------- munmap */

#define STORM		1001u

/*
 * munmap of a written page that the GPU never saw, while a kernel of the GPU
 * works in @at.
 */
static void storm(struct bench *b, char *at, char *page)
{
	volatile uint32_t *stop = (uint32_t *)at, *started = stop + PAGE / 4;
	const struct svm_args args = {
		.base = (uintptr_t)stop, .out = (uintptr_t)started, .value = 77,
	};
	const struct timespec nap = { .tv_nsec = LOOK_NS };
	int64_t samples[STORM];
	uint32_t job;
	unsigned int i;

	map(at, 2 * PAGE, false);
	*stop = 0;
	*started = 0;
	check(svm_submit(&b->gpu, SVM_KERNEL_HANDSHAKE, 1, 1, &args, &job),
	      "submit");
	for (i = 0; i < LOOKS && *started != 77; i++)
		nanosleep(&nap, NULL);
	if (*started != 77)
		errx(1, "the GPU's kernel does not start");
	for (i = 0; i < STORM; i++) {
		map(page, PAGE, false);
		*(volatile uint32_t *)page = 1;
		bench_begin(&b->count);
		munmap(page, PAGE);
		samples[i] = bench_end(&b->count);
	}
	b->count.sum[BENCH_INSTRUCTIONS] = STORM * median(samples, STORM);
	*stop = 9;
	finish(b, job, "the kernel beside the munmaps");
	if (started[1] != 9)
		errx(1, "the GPU read %u", started[1]);
	b->units = STORM;
}

static void storm_elsewhere(struct bench *b)
{
	char *at = reserve(2 * GIB);

	storm(b, at, at + GIB);
}

static void storm_same_block(struct bench *b)
{
	char *at = reserve(GIB);

	storm(b, at, at + BLOCK / 2);
}

/* ------------------------------------------------------------- live buffers */

#define LIVE_FAULTS	65u

/*
 * The cost of one fault on one page that the CPU wrote, in a block that the GPU
 * knows, amid @blocks blocks that it knows: a launch that faults less the same
 * launch when it does not, each the median of several.
 */
static void fault_live(struct bench *b, unsigned int blocks)
{
	char *at = reserve(blocks * BLOCK);
	char *page = at + blocks / 2 * BLOCK;
	struct bench_count spare = { .stats = b->count.stats };
	int64_t with[LIVE_FAULTS], without[LIVE_FAULTS];
	unsigned int i;

	map(at, blocks * BLOCK, false);
	write_each(at, blocks * BLOCK, BLOCK);
	store_serial(b, at, blocks, BLOCK, 100);
	for (i = 0; i < LIVE_FAULTS; i++) {
		page += PAGE;
		write_each(page, PAGE, PAGE);
		bench_begin(&b->count);
		store_serial(b, page, 1, PAGE, 200 + i);
		with[i] = bench_end(&b->count);
		bench_begin(&spare);
		store_serial(b, page, 1, PAGE, 200 + i);
		without[i] = bench_end(&spare);
		expect(page, 1, PAGE, 200 + i);
	}
	expect(at, blocks, BLOCK, 100);
	b->count.sum[BENCH_INSTRUCTIONS] = LIVE_FAULTS *
		(median(with, LIVE_FAULTS) - median(without, LIVE_FAULTS));
	b->units = LIVE_FAULTS;
}

static void fault_live_1(struct bench *b)
{
	fault_live(b, 1);
}

static void fault_live_64(struct bench *b)
{
	fault_live(b, 64);
}

static void fault_live_512(struct bench *b)
{
	fault_live(b, 512);
}

static void fault_live_4096(struct bench *b)
{
	fault_live(b, 4096);
}

/* ---------------------------------------------------------------- migration */

enum direction { THERE, BACK };

/*
 * The second time that the memory goes: the first brings what stays, such as
 * the kernel's structures for the VRAM's pages.
 */
static void migrate(struct bench *b, bool huge, enum direction direction)
{
	char *at = reserve_warm(b);
	unsigned int round;

	map(at, DENSE, huge);
	write_each(at, DENSE, PAGE);
	for (round = 0; round < 2; round++) {
		if (round && direction == THERE)
			bench_begin(&b->count);
		check(svm_migrate(&b->gpu, at, DENSE, NULL), "SVM_BIND");
		store_pages(b, at, DENSE, 300 + round);
		if (round && direction == THERE)
			bench_end(&b->count);
		if (round && direction == BACK)
			bench_begin(&b->count);
		expect(at, DENSE / PAGE, PAGE, 300 + round);
		if (round && direction == BACK)
			bench_end(&b->count);
	}
	b->units = DENSE / PAGE;
}

static void migrate_to_vram(struct bench *b)
{
	migrate(b, false, THERE);
}

static void migrate_to_vram_thp(struct bench *b)
{
	migrate(b, true, THERE);
}

static void migrate_back(struct bench *b)
{
	migrate(b, false, BACK);
}

#define OVERSUBSCRIBED	(128 * MIB)

/* Twice the VRAM, moved and then written 2 MiB at a time, in two rounds. */
static void oversubscribe(struct bench *b)
{
	size_t i, len = OVERSUBSCRIBED;
	char *at = reserve_warm(b);
	unsigned int round;

	map(at, len, false);
	write_each(at, len, PAGE);
	bench_begin(&b->count);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < len; i += BLOCK) {
			int ret = svm_migrate(&b->gpu, at + i, BLOCK, NULL);

			if (ret && ret != -ENOSPC)
				check(ret, "SVM_BIND");
			store_pages(b, at + i, BLOCK, round + i);
		}
	}
	bench_end(&b->count);
	for (i = 0; i < len; i += BLOCK)
		expect(at + i, BLOCK_PAGES, PAGE, 1 + i);
	b->units = 2 * len / PAGE;
}

/* --------------------------------------------------------------------- rows */

struct row {
	const char *name;
	const char *unit;	/* what &bench.units counts */
	void (*measure)(struct bench *b);
};

static const struct row usual_rows[] = {
	{ "dense-cpu-written-4K", "page", dense_small },
	{ "dense-cpu-written-thp", "page", dense_thp },
	{ "sparse-page-per-2M", "page", sparse },
	{ "sparse-8-pages-per-2M", "page", sparse_random },
	{ "gpu-first-4K", "page", gpu_first },
	{ "gpu-first-thp", "page", gpu_first_thp },
	{ "read-then-write", "page", read_then_write },
	{ "retouch-after-munmap", "page", retouch_neighbour },
	{ "retouch-live-buffers", "page", retouch_live },
	{ "munmap-elsewhere", "munmap", storm_elsewhere },
	{ "munmap-same-2M", "munmap", storm_same_block },
	{ "fault-live-1", "fault", fault_live_1 },
	{ "fault-live-64", "fault", fault_live_64 },
	{ "fault-live-512", "fault", fault_live_512 },
	{ "fault-live-4096", "fault", fault_live_4096 },
	{ "migrate-to-vram", "page", migrate_to_vram },
	{ "migrate-to-vram-thp", "page", migrate_to_vram_thp },
	{ "migrate-back", "page", migrate_back },
	{}
};

/* On a card with little VRAM. */
static const struct row vram_rows[] = {
	{ "oversubscribe-2x", "page", oversubscribe },
	{}
};

static void measure(const struct row *row, int pass)
{
	bool probed = pass == PLAIN_PASSES;
	struct bench b = {};
	char node[SVM_NODE_LEN];
	unsigned int i;

	check(svm_find_node(node), "no render node of nouveau");
	check(svm_open(&b.gpu, node), "opening the card");
	bench_count_open(&b.count, b.gpu.fd, probed);
	row->measure(&b);
	bench_count_close(&b.count);
	svm_close(&b.gpu);

	printf("row %s %d unit=%s units=%" PRIu64 " mirrored=%" PRIu64,
	       row->name, pass, row->unit, b.units, b.mirrored);
	for (i = 0; i < (probed ? BENCH_FIGURES : BENCH_FROM_KERNEL); i++)
		printf(" %s=%" PRId64, bench_figure_name(i), b.count.sum[i]);
	printf("\n");
}

static void run(const struct row *row, int pass)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		measure(row, pass);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status)
		printf("row %s %d failed\n", row->name, pass);
}

static bool wanted(const struct row *row, int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++) {
		if (!strcmp(argv[i], row->name))
			return true;
	}
	return argc <= 2;
}

int main(int argc, char **argv)
{
	const struct row *rows, *row;
	unsigned int n = 0;
	int pass;

	if (argc >= 2 && !strcmp(argv[1], "usual"))
		rows = usual_rows;
	else if (argc >= 2 && !strcmp(argv[1], "vram"))
		rows = vram_rows;
	else
		errx(2, "usage: svm_bench usual | vram [ROW...]");

	bench_probes_init();
	for (row = rows; row->name; row++) {
		if (!wanted(row, argc, argv))
			continue;
		n++;
		for (pass = 0; pass <= PLAIN_PASSES; pass++)
			run(row, pass);
	}
	if (!n)
		errx(2, "there is no such row");
	return 0;
}
