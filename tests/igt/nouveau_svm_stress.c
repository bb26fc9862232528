// SPDX-License-Identifier: MIT
/*
 * Threads that do what can be done to memory while the GPU works on it.
 *
 * Each thread has pages of its own, and knows what the first word of each
 * must be.  The pages of all lie side by side: what one does to its own meets
 * the others in their page tables, blocks and notifiers.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "nouveau_svm_audit.h"
#include "nouveau_svm_gpu.h"
#include "nouveau_svm_stats.h"
#include "nouveau_svm_swap.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

#define PAGE		4096u
#define WORDS		(PAGE / 4)
#define HUGE_SIZE	(2u << 20)
/* Of a thread; no multiple of a block of the GPU's page tables. */
#define SLOTS		384u
#define MAX_THREADS	16u
#define MAX_RANGE	64u
/* A job of a machine that checks itself. */
#define JOB_MS		svm_patience(90000)
#define TELL_SECONDS	10
#define PROGRAM		"nouveau_svm_stress: "

struct worker {
	pthread_t thread;
	struct svm_gpu gpu;
	unsigned int index;
	uint64_t random;
	uint32_t *mem;			/* SLOTS pages */
	uint32_t *elsewhere;		/* room for MAX_RANGE pages */
	uint32_t *out;			/* a page of results */
	uint32_t expected[SLOTS];
	uint32_t next_value;
	unsigned long done;
};

struct range {
	unsigned int first;
	unsigned int count;
};

static struct {
	unsigned long seconds;
	unsigned long count;
	unsigned long threads;
	unsigned long seed;
} option = { .threads = 4, .seed = 1 };

static volatile bool stop, failed;
static pthread_mutex_t talk = PTHREAD_MUTEX_INITIALIZER;

/* fork() copies the address space of all: one at a time will do. */
static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;

static const char usage[] =
	"Usage: nouveau_svm_stress [--time SECONDS | --count N] [OPTIONS]\n"
	"\n"
	"Threads do random things to memory that the GPU works on, and compare\n"
	"it with what it must be. In the end the driver's audit, its counters,\n"
	"the kernel's log and the card's TLB are looked at.\n"
	"\n"
	"  --time SECONDS  go on for so long (default: 10)\n"
	"  --count N       or until each thread has done N things\n"
	"  --threads N     1 to 16 (default: 4)\n"
	"  --seed S        of the random numbers (default: 1)\n"
	"  --help          this text\n"
	"\n"
	"Exit status: 0 when all is well, 1 when not, 2 for a bad argument, 77\n"
	"without a card.\n";

static void __attribute__((format(printf, 2, 3)))
fail(const struct worker *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	pthread_mutex_lock(&talk);
	printf("FAIL: thread %u, action %lu, seed %lu: ", w->index, w->done,
	       option.seed);
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
	pthread_mutex_unlock(&talk);
	va_end(args);
	failed = true;
	stop = true;
}

/* xorshift64* */
static uint32_t dice(struct worker *w, uint32_t sides)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (w->random * 0x2545f4914f6cdd1dull >> 33) % sides;
}

static struct range pick(struct worker *w)
{
	struct range r;

	r.count = 1 + dice(w, dice(w, 2) ? 4 : MAX_RANGE);
	r.first = dice(w, SLOTS - r.count + 1);
	return r;
}

static uint32_t *at(const struct worker *w, unsigned int slot)
{
	return w->mem + slot * WORDS;
}

static size_t bytes(struct range r)
{
	return (size_t)r.count * PAGE;
}

static void expect(struct worker *w, struct range r, uint32_t value,
		   uint32_t step)
{
	unsigned int i;

	for (i = 0; i < r.count; i++)
		w->expected[r.first + i] = value + i * step;
}

static uint32_t new_values(struct worker *w)
{
	w->next_value += MAX_RANGE;
	return w->index << 28 | (w->next_value & 0xfffffff);
}

static void cpu_check(struct worker *w, struct range r, const char *when)
{
	unsigned int i;

	for (i = r.first; i < r.first + r.count; i++) {
		uint32_t value = *(volatile uint32_t *)at(w, i);

		if (value == w->expected[i])
			continue;
		fail(w, "%s: slot %u is %#x, not %#x", when, i, value,
		     w->expected[i]);
		return;
	}
}

static void cpu_write(struct worker *w, struct range r)
{
	uint32_t value = new_values(w);
	unsigned int i;

	expect(w, r, value, 1);
	for (i = r.first; i < r.first + r.count; i++)
		*(volatile uint32_t *)at(w, i) = w->expected[i];
}

static int gpu_start(struct worker *w, enum svm_kernel kernel, struct range r,
		     uint32_t value, uint32_t *job)
{
	const struct svm_args args = {
		.base = (uintptr_t)at(w, r.first),
		.out = (uintptr_t)w->out,
		.stride = PAGE,
		.value = value,
	};
	int ret = svm_submit(&w->gpu, kernel, 1, r.count, &args, job);

	if (ret)
		fail(w, "submit: %s", strerror(-ret));
	return ret;
}

static int gpu_wait(struct worker *w, uint32_t job, const char *what)
{
	int ret = svm_wait(&w->gpu, job, JOB_MS);

	if (ret)
		fail(w, "%s: %s", what, strerror(-ret));
	return ret;
}

static int gpu_run(struct worker *w, enum svm_kernel kernel, struct range r,
		   uint32_t value, const char *what)
{
	uint32_t job;
	int ret = gpu_start(w, kernel, r, value, &job);

	return ret ? ret : gpu_wait(w, job, what);
}

static void gpu_check(struct worker *w, struct range r)
{
	unsigned int i;

	if (gpu_run(w, SVM_KERNEL_LOAD32, r, 0, "GPU reads"))
		return;
	for (i = 0; i < r.count; i++) {
		uint32_t value = ((volatile uint32_t *)w->out)[i];

		if (value == w->expected[r.first + i])
			continue;
		fail(w, "the GPU reads slot %u as %#x, not %#x", r.first + i,
		     value, w->expected[r.first + i]);
		return;
	}
}

static void gpu_write(struct worker *w, struct range r)
{
	uint32_t value = new_values(w);

	expect(w, r, value, 1);
	gpu_run(w, SVM_KERNEL_STORE32, r, value, "GPU writes");
}

static void gpu_add(struct worker *w, struct range r, enum svm_kernel kernel)
{
	unsigned int i;

	if (gpu_run(w, kernel, r, 3, "GPU adds"))
		return;
	for (i = 0; i < r.count; i++)
		w->expected[r.first + i] += 3;
}

static void must(struct worker *w, int ret, const char *what)
{
	if (ret)
		fail(w, "%s: %s", what, strerror(errno));
}

static void throw_away(struct worker *w, struct range r)
{
	must(w, madvise(at(w, r.first), bytes(r), MADV_DONTNEED),
	     "MADV_DONTNEED");
	expect(w, r, 0, 0);
}

static void map_anew(struct worker *w, struct range r)
{
	void *at_first = at(w, r.first);

	if (mmap(at_first, bytes(r), PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED, -1, 0) != at_first)
		fail(w, "mmap: %s", strerror(errno));
	expect(w, r, 0, 0);
}

/* What is free may go or stay until it is written. */
static void free_and_write(struct worker *w, struct range r)
{
	must(w, madvise(at(w, r.first), bytes(r), MADV_FREE), "MADV_FREE");
	if (dice(w, 2))
		gpu_write(w, r);
	else
		cpu_write(w, r);
	madvise(at(w, r.first), bytes(r), MADV_PAGEOUT);
}

/* To another place and back; nobody else gets the hole in between. */
static void move(struct worker *w, struct range r)
{
	uint32_t *home = at(w, r.first), value = new_values(w);
	const struct svm_args args = {
		.base = (uintptr_t)w->elsewhere, .stride = PAGE,
		.value = value,
	};
	uint32_t job;

	if (mremap(home, bytes(r), bytes(r), MREMAP_MAYMOVE | MREMAP_FIXED |
		   MREMAP_DONTUNMAP, w->elsewhere) != w->elsewhere) {
		/* Not for pages that are of several mappings by now. */
		if (errno != EFAULT)
			fail(w, "mremap: %s", strerror(errno));
		return;
	}
	if (dice(w, 2)) {
		int ret = svm_submit(&w->gpu, SVM_KERNEL_STORE32, 1, r.count,
				     &args, &job);

		if (ret || gpu_wait(w, job, "GPU writes elsewhere"))
			return;
		expect(w, r, value, 1);
	}
	if (mremap(w->elsewhere, bytes(r), bytes(r), MREMAP_MAYMOVE |
		   MREMAP_FIXED | MREMAP_DONTUNMAP, home) != home)
		fail(w, "mremap back: %s", strerror(errno));
}

static void protect(struct worker *w, struct range r)
{
	must(w, mprotect(at(w, r.first), bytes(r), PROT_READ), "mprotect");
	gpu_check(w, r);
	must(w, mprotect(at(w, r.first), bytes(r), PROT_READ | PROT_WRITE),
	     "mprotect back");
}

static void lock(struct worker *w, struct range r)
{
	/* Refused beyond the limit: then nothing is locked. */
	if (mlock(at(w, r.first), bytes(r)))
		return;
	gpu_write(w, r);
	must(w, munlock(at(w, r.first), bytes(r)), "munlock");
}

static void huge(struct worker *w)
{
	const uintptr_t start = ((uintptr_t)w->mem + HUGE_SIZE - 1) &
				~(uintptr_t)(HUGE_SIZE - 1);
	const uintptr_t end = (uintptr_t)w->mem + SLOTS * PAGE;

	madvise(w->mem, SLOTS * PAGE, dice(w, 3) ? MADV_HUGEPAGE :
		MADV_NOHUGEPAGE);
	/* The block that ends in our pages is in part a neighbour's. */
	if (start < end)
		madvise((void *)(start - (start == (uintptr_t)w->mem ? 0 :
					  HUGE_SIZE)),
			HUGE_SIZE, MADV_COLLAPSE);
}

/* The child sees what was there, and what it writes is its own. */
static void fork_and_write(struct worker *w, struct range r)
{
	uint32_t value = new_values(w), job;
	int status = 0;
	unsigned int i;
	pid_t pid;

	pthread_mutex_lock(&forking);
	pid = fork();
	if (!pid) {
		for (i = 0; i < r.count; i++) {
			volatile uint32_t *word = at(w, r.first + i);

			if (*word != w->expected[r.first + i])
				_exit(3);
			*word = ~0u;
		}
		_exit(0);
	}
	pthread_mutex_unlock(&forking);
	if (pid < 0) {
		/* Want of memory is not what we look for. */
		if (errno != ENOMEM && errno != EAGAIN)
			fail(w, "fork: %s", strerror(errno));
		return;
	}
	if (!gpu_start(w, SVM_KERNEL_STORE32, r, value, &job) &&
	    !gpu_wait(w, job, "GPU writes after fork()"))
		expect(w, r, value, 1);
	if (waitpid(pid, &status, 0) != pid || status)
		fail(w, "a child saw something else (status %#x)", status);
}

static void bind(struct worker *w, struct range r)
{
	int ret = svm_bind(&w->gpu, dice(w, 3) ? SVM_IN_VRAM : SVM_IN_SYSTEM,
			   at(w, r.first), bytes(r), NULL);

	/* Full is full. */
	if (ret && ret != -ENOSPC && ret != -ENOMEM)
		fail(w, "SVM_BIND: %s", strerror(-ret));
}

/* The GPU writes while all this happens, none of which changes a page. */
static void write_during(struct worker *w, struct range r)
{
	uint32_t value = new_values(w), job, i;

	if (gpu_start(w, SVM_KERNEL_STORE32, r, value, &job))
		return;
	expect(w, r, value, 1);
	for (i = dice(w, 4); i; i--) {
		void *mem = at(w, r.first);

		switch (dice(w, 6)) {
		case 0:
			madvise(mem, bytes(r), MADV_PAGEOUT);
			break;
		case 1:
			mprotect(mem, bytes(r), PROT_READ | PROT_WRITE |
				 PROT_EXEC);
			mprotect(mem, bytes(r), PROT_READ | PROT_WRITE);
			break;
		case 2:
			bind(w, r);
			break;
		case 3:
			huge(w);
			break;
		case 4:
			__sync_fetch_and_add(at(w, r.first) + 1, 1);
			break;
		default:
			madvise(mem, bytes(r), MADV_COLD);
			break;
		}
	}
	gpu_wait(w, job, "GPU writes meanwhile");
}

static void act(struct worker *w)
{
	struct range r = pick(w);

	switch (dice(w, 20)) {
	case 0:
	case 1:
		cpu_write(w, r);
		break;
	case 2:
	case 3:
		gpu_write(w, r);
		break;
	case 4:
	case 5:
		gpu_check(w, r);
		break;
	case 6:
		cpu_check(w, r, "CPU reads");
		break;
	case 7:
		gpu_add(w, r, SVM_KERNEL_ADD);
		break;
	case 8:
		gpu_add(w, r, SVM_KERNEL_RED_ADD);
		break;
	case 9:
		throw_away(w, r);
		break;
	case 10:
		map_anew(w, r);
		break;
	case 11:
		free_and_write(w, r);
		break;
	case 12:
		move(w, r);
		break;
	case 13:
		protect(w, r);
		break;
	case 14:
		lock(w, r);
		break;
	case 15:
		huge(w);
		break;
	case 16:
		fork_and_write(w, r);
		break;
	case 17:
		bind(w, r);
		break;
	case 18:
		madvise(at(w, r.first), bytes(r), MADV_PAGEOUT);
		break;
	default:
		write_during(w, r);
		break;
	}
}

static void *work(void *data)
{
	struct worker *w = data;

	while (!stop && (!option.count || w->done < option.count)) {
		act(w);
		w->done++;
	}
	return NULL;
}

static void check_all(struct worker *w)
{
	struct range r = { .count = MAX_RANGE };

	for (r.first = 0; r.first < SLOTS && !failed; r.first += MAX_RANGE) {
		gpu_check(w, r);
		cpu_check(w, r, "in the end");
	}
}

static bool number(const char *text, unsigned long min, unsigned long max,
		   unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno &&
	       *value >= min && *value <= max;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "time", required_argument, NULL, 't' },
		{ "count", required_argument, NULL, 'c' },
		{ "threads", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	bool good = true;
	int c;

	while (good && (c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 't':
			good = number(optarg, 1, 1000000, &option.seconds);
			break;
		case 'c':
			good = number(optarg, 1, 1000000000, &option.count);
			break;
		case 'n':
			good = number(optarg, 1, MAX_THREADS, &option.threads);
			break;
		case 's':
			good = number(optarg, 0, ~0ul, &option.seed);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			good = false;
			break;
		}
		if (!good && c != '?')
			fprintf(stderr, PROGRAM "'%s' is no number in range\n",
				optarg);
	}
	if (good && optind < argc) {
		fprintf(stderr, PROGRAM "unknown argument '%s'\n",
			argv[optind]);
		good = false;
	}
	if (good && option.seconds && option.count) {
		fprintf(stderr, PROGRAM "--time or --count, not both\n");
		good = false;
	}
	if (!good) {
		fputs("Try 'nouveau_svm_stress --help'.\n", stderr);
		exit(2);
	}
	if (!option.count && !option.seconds)
		option.seconds = 10;
}

/* Until the time is over or all have done their number. */
static void watch(struct worker *w)
{
	time_t start = time(NULL), told = start;

	for (;;) {
		const struct timespec nap = { .tv_nsec = 20000000 };
		unsigned long done = 0, most = 0;
		time_t now = time(NULL);
		unsigned int i;

		for (i = 0; i < option.threads; i++) {
			done += *(volatile unsigned long *)&w[i].done;
			most += option.count;
		}
		if (stop || (option.count && done >= most) ||
		    (option.seconds &&
		     now - start >= (time_t)option.seconds))
			break;
		if (now - told >= TELL_SECONDS) {
			pthread_mutex_lock(&talk);
			printf("%lu s: %lu actions\n",
			       (unsigned long)(now - start), done);
			fflush(stdout);
			pthread_mutex_unlock(&talk);
			told = now;
		}
		nanosleep(&nap, NULL);
	}
	stop = true;
}

/* What the driver and the card say; the clients are still there. */
static void check_driver(struct svm_stats *stats, uint64_t stale)
{
	char line[256];
	long violations = svm_audit(line, sizeof(line));

	if (violations) {
		printf("FAIL: audit: %ld violations, the first: %s\n",
		       violations, line);
		failed = true;
	}
	if (!svm_stats_present(stats))
		return;
	if (!svm_stats_quiet(stats, svm_patience(5000))) {
		printf("FAIL: the GPU does not come to rest\n");
		failed = true;
	}
	if (svm_stats_read(stats, SVM_TLB_STALE_LATE) != stale) {
		printf("FAIL: stale TLB entries were used\n");
		failed = true;
	}
	if (svm_stats_lingering(stats)) {
		printf("FAIL: the TLB holds what the page tables do not\n");
		failed = true;
	}
}

/* And when they are gone. */
static void check_rest(struct svm_stats *stats)
{
	char line[256];

	if (svm_leaks(svm_patience(5000), line, sizeof(line))) {
		printf("FAIL: left behind: %s\n", line);
		failed = true;
	}
	if (svm_kmsg_complaint(stats, line, sizeof(line))) {
		printf("FAIL: kernel log: %s\n", line);
		failed = true;
	}
}

static int prepare(struct worker *w, char *arena, const char *node)
{
	const size_t size = SLOTS * PAGE;
	char *room = mmap(NULL, (MAX_RANGE + 1) * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return -errno;
	w->random = option.seed * 0x9e3779b97f4a7c15ull + w->index + 1;
	w->mem = (uint32_t *)(arena + w->index * size);
	w->elsewhere = (uint32_t *)room;
	w->out = (uint32_t *)(room + MAX_RANGE * PAGE);
	return svm_open(&w->gpu, node);
}

int main(int argc, char **argv)
{
	static struct worker worker[MAX_THREADS];
	struct svm_stats stats = {};
	char node[SVM_NODE_LEN], *arena;
	unsigned long actions = 0;
	uint64_t stale = 0;
	unsigned int i;
	int fd, ret;

	parse(argc, argv);
	if (svm_find_node(node)) {
		fprintf(stderr, PROGRAM "no card of nouveau\n");
		return 77;
	}
	fd = open(node, O_RDWR | O_CLOEXEC);
	svm_stats_open(&stats, fd);
	svm_debugfs_open(fd);
	close(fd);
	if (svm_kmsg_open(&stats)) {
		fprintf(stderr, PROGRAM "no /dev/kmsg\n");
		return 77;
	}
	if (svm_stats_present(&stats))
		stale = svm_stats_read(&stats, SVM_TLB_STALE_LATE);
	ret = svm_swap_on();
	printf("swap space: %s\n", ret ? strerror(-ret) : "in zram");

	arena = mmap(NULL, option.threads * SLOTS * PAGE, PROT_READ |
		     PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (arena == MAP_FAILED)
		return 1;
	for (i = 0; i < option.threads; i++) {
		worker[i].index = i;
		ret = prepare(&worker[i], arena, node);
		if (ret) {
			fprintf(stderr, PROGRAM "client %u: %s\n",
				i, strerror(-ret));
			return 1;
		}
	}
	fflush(stdout);
	for (i = 0; i < option.threads; i++) {
		if (pthread_create(&worker[i].thread, NULL, work, &worker[i]))
			abort();
	}
	watch(worker);
	for (i = 0; i < option.threads; i++) {
		pthread_join(worker[i].thread, NULL);
		actions += worker[i].done;
	}
	for (i = 0; i < option.threads && !failed; i++)
		check_all(&worker[i]);
	check_driver(&stats, stale);
	svm_close_all();
	munmap(arena, option.threads * SLOTS * PAGE);
	check_rest(&stats);
	svm_swap_off();
	svm_debugfs_close();
	svm_stats_close(&stats);
	printf("%s: %lu actions, %lu threads, seed %lu\n",
	       failed ? "FAIL" : "ok", actions, option.threads, option.seed);
	return failed;
}
