// SPDX-License-Identifier: MIT
/*
 * How faults are served: in which batches, how often, how many at once, and
 * that the GPU gets on whatever the CPU does to the address space meanwhile.
 */
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nouveau_svm_test.h"
#include "nouveau_svm_sys.h"

#define WARP	32u

static void require_card(void)
{
	igt_require_f(svm_stats_present(&svm_stats), "not an emulated card\n");
}

/*
 * A table for SVM_KERNEL_SCATTER and a page of results, both mapped by the
 * GPU already: only the targets fault.
 */
struct batch {
	uint64_t *target;
	uint32_t *out;
	unsigned int threads;
};

static void batch_init(struct svm_gpu *gpu, struct batch *b)
{
	b->target = (uint64_t *)svm_pages(2);
	b->out = (uint32_t *)b->target + WORDS;
	b->threads = 0;
	memset(b->target, 0, 2 * PAGE);
	svm_gpu_read(gpu, b->target);
	svm_gpu_write(gpu, b->out, 0);
}

static void batch_add(struct batch *b, const void *addr,
		      enum svm_access access)
{
	igt_assert(b->threads < PAGE / sizeof(*b->target));
	b->target[b->threads++] = svm_target(addr, access);
}

/* The next access is a new warp's. */
static void batch_next_warp(struct batch *b)
{
	while (b->threads % WARP) {
		b->target[b->threads] = b->target[b->threads - 1];
		b->threads++;
	}
}

static int batch_run(struct svm_gpu *gpu, struct batch *b, uint32_t value)
{
	return svm_launch(gpu, SVM_KERNEL_SCATTER, 1, b->threads,
			  .base = svm_addr(b->target),
			  .stride = sizeof(*b->target),
			  .out = svm_addr(b->out), .value = value);
}

static void batch_fini(struct batch *b)
{
	svm_unmap(b->target, 2 * PAGE);
}

/* One atomic fault comes before a store to a page that is nobody's alone. */
static void batch_atomic_and_write(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t round, i;
	struct batch b;

	batch_init(gpu, &b);
	for (round = 0; round < 4; round++) {
		uint32_t *mem = svm_pages(2), *shared = mem + WORDS;

		igt_assert(mmap(shared, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
				0) == shared);
		b.threads = 0;
		for (i = 0; i < WARP; i++)
			batch_add(&b, mem, SVM_ATOMIC);
		for (i = 0; i < WARP; i++)
			batch_add(&b, shared + i, SVM_STORE);
		igt_assert_eq(batch_run(gpu, &b, 3), 0);
		igt_assert_eq_u32(*mem, 3 * WARP);
		for (i = 0; i < WARP; i++)
			igt_assert_eq_u32(shared[i], 3 + WARP + i);
		svm_unmap(mem, 2 * PAGE);
	}
	batch_fini(&b);
	svm_client_close(gpu);
}

/* Of a good access and a bad one in a batch, only the bad one is cancelled. */
static void batch_good_and_bad(void)
{
	struct svm_gpu *good = svm_client(), *bad = svm_client();
	uint32_t *mem = svm_pages(64);

	svm_gpu_write_dies(bad, NULL);
	svm_gpu_write_pages(good, mem, 64, 1);
	svm_check_pages(mem, 64, 1);
	svm_unmap(mem, 64 * PAGE);
	svm_client_close(bad);
	svm_client_close(good);
}

#define ROUNDS	8
#define SIDE	16u

/*
 * Runs the batch for fresh pages, several times: at least once no access may
 * have faulted twice.  (A replay in the middle can make one do so.)
 */
static void each_faults_once(struct svm_gpu *gpu, struct batch *b,
			     uint64_t faults, void *fresh, size_t len,
			     void *fresh2, size_t len2)
{
	uint64_t least = ~0ull;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		uint64_t before;

		igt_assert_eq(madvise(fresh, len, MADV_DONTNEED), 0);
		if (fresh2)
			igt_assert_eq(madvise(fresh2, len2, MADV_DONTNEED), 0);
		before = svm_stats_faults(&svm_stats);
		igt_assert_eq(batch_run(gpu, b, 7), 0);
		before = svm_stats_faults(&svm_stats) - before;
		if (before < least)
			least = before;
	}
	igt_info("%llu accesses, at least %llu faults\n",
		 (unsigned long long)faults, (unsigned long long)least);
	igt_assert(least <= faults);
}

#define FAR_APART	(3ull << 30)

/* Three GiB lie between the pages; the lower ones are not forgotten. */
static void batch_far_apart(void)
{
	struct svm_gpu *gpu;
	struct batch b;
	uint32_t i;
	char *mem;

	require_card();
	gpu = svm_client();
	mem = mmap(NULL, FAR_APART + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		   MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	igt_assert(mem != MAP_FAILED);
	madvise(mem, FAR_APART + PAGE, MADV_NOHUGEPAGE);
	batch_init(gpu, &b);
	for (i = 0; i < SIDE; i++)
		batch_add(&b, mem + i * PAGE, SVM_STORE);
	batch_add(&b, mem + FAR_APART, SVM_STORE);
	each_faults_once(gpu, &b, SIDE + 1, mem, SIDE * PAGE, mem + FAR_APART,
			 PAGE);
	for (i = 0; i < SIDE; i++)
		igt_assert_eq_u32(*(uint32_t *)(mem + i * PAGE), 7 + i);
	igt_assert_eq_u32(*(uint32_t *)(mem + FAR_APART), 7 + SIDE);
	svm_unmap(mem, FAR_APART + PAGE);
	batch_fini(&b);
	svm_client_close(gpu);
}

/* One warp reads what another writes: a page is served once, for both. */
static void batch_read_and_write(void)
{
	struct svm_gpu *gpu;
	struct batch b;
	uint32_t *mem, i;

	require_card();
	gpu = svm_client();
	mem = svm_pages(SIDE);
	batch_init(gpu, &b);
	for (i = 0; i < SIDE; i++)
		batch_add(&b, mem + i * WORDS, SVM_LOAD);
	batch_next_warp(&b);
	for (i = 0; i < SIDE; i++)
		batch_add(&b, mem + i * WORDS + 1, SVM_STORE);
	each_faults_once(gpu, &b, 2 * SIDE, mem, SIDE * PAGE, NULL, 0);
	for (i = 0; i < SIDE; i++) {
		igt_assert_eq_u32(mem[i * WORDS], 0);
		igt_assert_eq_u32(mem[i * WORDS + 1], 7 + WARP + i);
		igt_assert_eq_u32(b.out[i], 0);
	}
	svm_unmap(mem, SIDE * PAGE);
	batch_fini(&b);
	svm_client_close(gpu);
}

/* A page that the GPU read first takes no second fault to be written. */
static void write_after_read(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;
	uint64_t before;

	require_card();
	gpu = svm_client();
	mem = svm_pages(SIDE);
	svm_gpu_check_pages(gpu, mem, SIDE, 0, 0);
	before = svm_stats_read(&svm_stats, SVM_FAULTS_WRITE);
	svm_gpu_write_pages(gpu, mem, SIDE, 5);
	igt_assert_eq_u64(svm_stats_read(&svm_stats, SVM_FAULTS_WRITE),
			  before);
	svm_check_pages(mem, SIDE, 5);
	svm_unmap(mem, SIDE * PAGE);
	svm_client_close(gpu);
}

/* Memory of small pages that begins a block of the GPU's page tables. */
static uint32_t *small_block(size_t len)
{
	uint32_t *mem = svm_huge(len);

	igt_assert_eq(madvise(mem, len, MADV_NOHUGEPAGE), 0);
	return mem;
}

/*
 * With the page that faults come those that the CPU has already, and none
 * that it has not.
 */
static void fault_around(void)
{
	const size_t n = HUGE / PAGE, hole = n / 4;
	struct svm_gpu *gpu;
	uint32_t *mem;
	uint64_t faults;
	size_t i;

	require_card();
	gpu = svm_client();
	mem = small_block(HUGE);
	svm_fill(mem, n, 1);
	igt_assert_eq(madvise(mem + hole * WORDS, PAGE, MADV_DONTNEED), 0);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 1);
	igt_assert(svm_place(mem + hole * WORDS) == SVM_NOWHERE);
	faults = svm_stats_faults(&svm_stats);
	svm_gpu_check_pages(gpu, mem + 2 * hole * WORDS, 2 * hole,
			    1 + 2 * hole * WORDS, WORDS);
	/* The page of results is new, to each warp. */
	igt_assert(svm_stats_faults(&svm_stats) - faults <= 2 * hole / WARP);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + hole * WORDS), 0);
	for (i = 0; i < n; i++) {
		if (i != hole)
			igt_assert_eq_u32(mem[i * WORDS], 1 + i * WORDS);
	}
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* Rights as the CPU's: what it may only read does not come writable. */
static void fault_around_rights(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = small_block(HUGE);

	svm_fill(mem, 4, 1);
	igt_assert_eq(mprotect(mem + WORDS, PAGE, PROT_READ), 0);
	svm_gpu_write(gpu, mem, 2);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + WORDS), 1 + WORDS);
	svm_gpu_write_dies(gpu, mem + WORDS);
	igt_assert_eq_u32(mem[WORDS], 1 + WORDS);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static const char * const notifier_insert[] = {
	"mmu_range_notifier_insert", "mmu_interval_notifier_insert", NULL
};

/* 1024 pages in two blocks of the page tables are no 1024 notifiers. */
static void notifier_count(void)
{
	const size_t n = 2 * HUGE / PAGE;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = small_block(2 * HUGE);
	unsigned long inserts, again;

	svm_probe_start(notifier_insert);
	svm_gpu_write_pages(gpu, mem, n, 1);
	inserts = svm_probe_stop();
	svm_check_pages(mem, n, 1);
	svm_probe_start(notifier_insert);
	igt_assert_eq(madvise(mem, PAGE * 2, MADV_DONTNEED), 0);
	svm_gpu_write_pages(gpu, mem, n, 7);
	again = svm_probe_stop();
	svm_check_pages(mem, n, 7);
	igt_info("%lu notifiers for %zu pages, %lu when touched again\n",
		 inserts, n, again);
	igt_assert(inserts > 0 && inserts <= 8);
	igt_assert_eq(again, 0);
	svm_unmap(mem, 2 * HUGE);
	svm_client_close(gpu);
}

/* An access that cannot be served is refused before a page is made for it. */
static void hole_untouched(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = mmap((char *)gpu->hole + gpu->hole_size - PAGE, PAGE,
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	igt_assert(mem != MAP_FAILED);
	svm_gpu_write_dies(gpu, mem);
	igt_assert(svm_place(mem) == SVM_NOWHERE);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* PUT runs ahead of the entries' last word, as on hardware. */
static void late_valid(void)
{
	const size_t n = 64;
	struct svm_args args = { .stride = PAGE };
	struct svm_gpu *gpu;
	uint32_t *mem, job;

	require_card();
	gpu = svm_client();
	mem = svm_pages(n);
	args.base = svm_addr(mem);
	for (args.value = 1; args.value <= ROUNDS; args.value++) {
		igt_assert_eq(madvise(mem, n * PAGE, MADV_DONTNEED), 0);
		svm_card_misbehave(SVM_LATE_VALID, 300);
		igt_assert_eq(svm_submit(gpu, SVM_KERNEL_STORE32, 1, n, &args,
					 &job), 0);
		/* A fault that was dropped never comes again. */
		igt_assert_eq(svm_wait(gpu, job, 4000), 0);
		svm_card_misbehave(SVM_LATE_VALID, 0);
		svm_check_pages(mem, n, args.value);
	}
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

/* Prefetches from nowhere: none makes a page, and real faults get through. */
static void prefetch_storm(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem, *other;
	uint64_t before;

	require_card();
	gpu = svm_client();
	mem = svm_pages(64);
	other = svm_pages(1);
	svm_gpu_write(gpu, other, 1);
	igt_assert_eq(madvise(other, PAGE, MADV_DONTNEED), 0);
	before = svm_stats_read(&svm_stats, SVM_FAULTS_PREFETCH);
	svm_card_misbehave(SVM_STORM, 2000);
	igt_assert(svm_wait_until(svm_stats_read(&svm_stats,
						 SVM_FAULTS_PREFETCH) >=
				  before + 500, 5000));
	igt_assert(svm_place(other) == SVM_NOWHERE);
	svm_gpu_write_pages(gpu, mem, 64, 1);
	svm_check_pages(mem, 64, 1);
	igt_assert(svm_wait_until(svm_stats_read(&svm_stats,
						 SVM_FAULTS_PREFETCH) >=
				  before + 2000, 5000));
	svm_unmap(mem, 64 * PAGE);
	svm_unmap(other, PAGE);
	svm_client_close(gpu);
}

#define HAMMERS	2

struct hammer {
	char *addr;
	size_t len;
	volatile bool *stop;
	volatile unsigned long calls;
	void (*strike)(struct hammer *h);
};

static void *hammer(void *data)
{
	struct hammer *h = data;

	while (!*h->stop) {
		h->strike(h);
		h->calls++;
	}
	return NULL;
}

static void strike_zap(struct hammer *h)
{
	*(volatile char *)h->addr = 1;
	madvise(h->addr, h->len, MADV_DONTNEED);
}

/*
 * The neighbours on both sides go all the time, and the GPU needs a bounded
 * number of their comings and goings to be served.
 */
static void hammer_bound(void)
{
	const unsigned long bound = 20000;
	struct svm_gpu *gpu = svm_client();
	volatile bool stop = false;
	uint32_t *mem = small_block(HUGE), round, done = 0;
	struct hammer h[HAMMERS];
	pthread_t thread[HAMMERS];
	unsigned long worst = 0;
	int i, ret = 0;

	for (i = 0; i < HAMMERS; i++) {
		h[i] = (struct hammer) {
			.addr = (char *)(mem + (100 + 2 * i) * WORDS),
			.len = PAGE,
			.stop = &stop,
			.strike = strike_zap,
		};
		igt_assert_eq(pthread_create(&thread[i], NULL, hammer, &h[i]),
			      0);
	}
	for (round = 0; round < 16 && !ret; round++) {
		volatile uint32_t *word = mem + 101 * WORDS;
		unsigned long calls;
		uint32_t job;
		const struct svm_args args = {
			.base = svm_addr(word), .value = round + 1,
		};

		madvise((void *)word, PAGE, MADV_DONTNEED);
		ret = svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1, &args, &job);
		calls = h[0].calls;
		if (!ret)
			ret = svm_wait(gpu, job, SVM_JOB_MS);
		calls = h[0].calls - calls;
		if (calls > worst)
			worst = calls;
		done += *word == round + 1;
	}
	stop = true;
	for (i = 0; i < HAMMERS; i++)
		pthread_join(thread[i], NULL);
	igt_info("a fault took up to %lu calls of its neighbour\n", worst);
	igt_assert_eq(ret, 0);
	igt_assert_eq_u32(done, round);
	igt_assert(h[0].calls > 0 && h[1].calls > 0);
	igt_assert(worst < bound);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

struct protector {
	char *mem;
	size_t len;
	volatile bool started;
	volatile bool done;
};

static void *protect(void *data)
{
	struct protector *p = data;

	p->started = true;
	mprotect(p->mem, p->len, PROT_READ | PROT_WRITE);
	p->done = true;
	return NULL;
}

/*
 * One call changes thousands of mappings, that of the GPU's page last, and
 * keeps the address space locked for seconds.  The GPU has to wait, but it is
 * not killed for that.
 */
static void contended(void)
{
	const size_t n = 57345;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = mmap(NULL, n * PAGE, PROT_READ, MAP_PRIVATE |
			     MAP_ANONYMOUS, -1, 0);
	uint32_t *last = mem + (n - 1) * WORDS, job;
	struct protector p = { .mem = (char *)mem, .len = n * PAGE };
	struct svm_args args = { .base = svm_addr(last), .value = 5 };
	pthread_t thread;
	size_t i;
	int ret;

	igt_assert(mem != MAP_FAILED);
	/* Neighbours differ, lest they be one. */
	for (i = 0; i < n; i += 2)
		igt_assert_eq(mprotect(mem + i * WORDS, PAGE,
				       PROT_READ | PROT_WRITE | PROT_EXEC),
			      0);
	*last = 1;
	igt_assert_eq(pthread_create(&thread, NULL, protect, &p), 0);
	while (!p.started)
		sched_yield();
	usleep(3000);
	ret = p.done ? -EAGAIN : svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1,
					    &args, &job);
	if (!ret)
		ret = svm_wait(gpu, job, SVM_JOB_MS);
	pthread_join(thread, NULL);
	igt_assert_eq(ret, 0);
	igt_assert_eq_u32(*last, 5);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

struct thrower {
	uint32_t *mem;
	size_t pages;
	volatile bool go;
	volatile bool done;
};

static void *throw(void *data)
{
	struct thrower *t = data;
	size_t i;

	while (!t->go)
		sched_yield();
	for (i = 0; i < t->pages; i += 2)
		madvise(t->mem + i * WORDS, PAGE, MADV_DONTNEED);
	t->done = true;
	return NULL;
}

/*
 * Pages are thrown away while SVM_BIND moves them: the GPU must not go on in
 * what is no page of the process any more.
 */
static void bind_race(void)
{
	const size_t n = 256;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n), *out = svm_pages(1);
	uint32_t round, i, gone = 0, stale = 0;

	for (round = 0; round < 16; round++) {
		struct thrower t = { .mem = mem, .pages = n };
		bool thrown[256];
		pthread_t thread;

		svm_fill(mem, n, 1);
		igt_assert_eq(pthread_create(&thread, NULL, throw, &t), 0);
		t.go = true;
		svm_migrate(gpu, mem, n * PAGE, NULL);
		while (!t.done)
			sched_yield();
		pthread_join(thread, NULL);
		for (i = 0; i < n; i++)
			thrown[i] = svm_place(mem + i * WORDS) == SVM_NOWHERE;
		igt_assert_eq(svm_launch(gpu, SVM_KERNEL_LOAD32, 1, n,
					 .base = svm_addr(mem), .stride = PAGE,
					 .out = svm_addr(out)), 0);
		for (i = 0; i < n; i++) {
			gone += thrown[i];
			stale += thrown[i] && out[i];
		}
	}
	igt_info("%u pages thrown away, %u still seen by the GPU\n", gone,
		 stale);
	igt_assert(gone > 0);
	igt_assert_eq_u32(stale, 0);
	svm_unmap(mem, n * PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

struct zapper {
	volatile unsigned int *go;
	volatile unsigned int done;
	char *addr;
	unsigned int rounds;
};

static void *zapper(void *data)
{
	struct zapper *z = data;
	unsigned int round;

	for (round = 1; round <= z->rounds; round++) {
		volatile unsigned int spin;

		while (*z->go < round)
			sched_yield();
		/* All over the time that a fault takes. */
		for (spin = 0; spin < round % 64 * 500; spin++)
			;
		madvise(z->addr, PAGE, MADV_DONTNEED);
		z->done = round;
	}
	return NULL;
}

/* One page leaves a huge one just when the GPU gets that for another page. */
static void thp_race(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE), *other = mem + 300 * WORDS;
	volatile unsigned int go = 0;
	struct zapper z = {
		.go = &go, .addr = (char *)other, .rounds = 128,
	};
	unsigned int round, stale = 0;
	pthread_t thread;

	igt_assert_eq(pthread_create(&thread, NULL, zapper, &z), 0);
	for (round = 1; round <= z.rounds; round++) {
		igt_assert_eq(madvise(mem, HUGE, MADV_DONTNEED), 0);
		*(volatile uint32_t *)other = 77;
		go = round;
		svm_gpu_write(gpu, mem, round);
		while (z.done < round)
			sched_yield();
		*(volatile uint32_t *)other = round + 1000;
		stale += svm_gpu_read(gpu, other) != round + 1000;
	}
	pthread_join(thread, NULL);
	igt_assert_eq_u32(stale, 0);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* The stress program, which lies beside this one, for a short while. */
static void stress(void)
{
	char path[PATH_MAX];
	char *self = realpath("/proc/self/exe", NULL);
	int status = 0;
	pid_t pid;

	igt_assert(self);
	snprintf(path, sizeof(path), "%s_stress", self);
	free(self);
	igt_require_f(!access(path, X_OK), "no %s\n", path);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		execl(path, path, "--count", "40", "--threads", "3", NULL);
		_exit(127);
	}
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFEXITED(status));
	igt_assert_eq(WEXITSTATUS(status), 0);
}

const struct svm_test svm_progress_tests[] = {
	{ "batch-atomic-and-write",
	  "An atomic fault makes no atomic of the store behind it",
	  batch_atomic_and_write },
	{ "batch-good-and-bad", "A bad client beside a good one",
	  batch_good_and_bad },
	{ "batch-far-apart", "Faults three GiB apart are served at once",
	  batch_far_apart },
	{ "batch-read-and-write", "A page read and written in one batch",
	  batch_read_and_write },
	{ "write-after-read", "No second fault for a write after a read",
	  write_after_read },
	{ "fault-around", "Pages that the CPU has come along",
	  fault_around },
	{ "fault-around-rights", "They come with the CPU's rights",
	  fault_around_rights },
	{ "notifier-count", "Dense memory takes few notifiers",
	  notifier_count },
	{ "hole-untouched", "A refused fault makes no page",
	  hole_untouched },
	{ "late-valid", "Faults whose valid bit is late", late_valid },
	{ "prefetch-storm", "2000 prefetches from nowhere", prefetch_storm },
	{ "hammer-bound", "A bound on what a busy neighbour costs",
	  hammer_bound },
	{ "contended", "The address space is locked for long",
	  contended },
	{ "bind-race", "MADV_DONTNEED during SVM_BIND", bind_race },
	{ "thp-race", "A huge page is split while the GPU gets it",
	  thp_race },
	{ "stress", "Random calls of three threads", stress },
	{}
};
