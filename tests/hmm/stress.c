// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many threads change the memory that a device mirrors while the device reads
 * and writes it. Each thread owns an arena and knows what every page of it
 * holds; the mirror covers the whole process, so each thread's changes collide
 * with what the device does for the others. Snapshots and further mirrors
 * insert and remove ranges all the while, and the processes end with theirs
 * still open.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "dmirror.h"

#define PAGES		96
#define PROCESSES	2
#define THREADS		3
#define ROUNDS		400
/* The driver gives up on a range that collides for a second. */
#define ATTEMPTS	600

struct arena {
	pthread_t thread;
	int mirror;
	uint64_t seed;
	char *memory;
	/* Which fill each page holds; 0 is a page of zeroes. */
	uint32_t expect[PAGES];
	/* What the device writes or has read, and one page to compare with. */
	char *copy;
	char *want;
	const char *wrong;
	int error;
};

static uint64_t next_random(struct arena *a)
{
	a->seed = a->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return a->seed >> 33;
}

static bool holds(struct arena *a, const char *page, uint32_t what)
{
	if (what)
		fill_page(a->want, what, 1);
	else
		memset(a->want, 0, page_size);
	return !memcmp(page, a->want, page_size);
}

static int command(struct arena *a, unsigned long request, unsigned int page,
		   unsigned int count, void *buffer)
{
	int i, ret = -EBUSY;

	for (i = 0; i < ATTEMPTS && ret == -EBUSY; i++)
		ret = dmirror_ioctl(a->mirror, request,
				    a->memory + page * page_size, buffer, count);
	return ret;
}

/* After the first mistake nothing the arena holds means anything. */
static void mistake(struct arena *a, const char *what, int error)
{
	if (!a->wrong) {
		a->wrong = what;
		a->error = -error;
	}
}

static void device_write(struct arena *a, unsigned int page, unsigned int count)
{
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		a->expect[page + i] = next_random(a) | 1;
		fill_page(a->copy + i * page_size, a->expect[page + i], 1);
	}
	ret = command(a, HMM_DMIRROR_WRITE, page, count, a->copy);
	if (ret)
		mistake(a, "the device cannot write", ret);
}

static void device_read(struct arena *a, unsigned int page, unsigned int count)
{
	unsigned int i;
	int ret;

	ret = command(a, HMM_DMIRROR_READ, page, count, a->copy);
	if (ret)
		mistake(a, "the device cannot read", ret);
	for (i = 0; i < count && !a->wrong; i++)
		if (!holds(a, a->copy + i * page_size, a->expect[page + i]))
			mistake(a, "the device reads something else", 0);
}

static void cpu_write(struct arena *a, unsigned int page, unsigned int count)
{
	unsigned int i;

	for (i = page; i < page + count; i++) {
		a->expect[i] = next_random(a) | 1;
		fill_page(a->memory + i * page_size, a->expect[i], 1);
	}
}

static void cpu_read(struct arena *a, unsigned int page, unsigned int count)
{
	unsigned int i;

	for (i = page; i < page + count; i++)
		if (!holds(a, a->memory + i * page_size, a->expect[i]))
			mistake(a, "the processor reads something else", 0);
}

static void forget(struct arena *a, unsigned int page, unsigned int count)
{
	memset(a->expect + page, 0, count * sizeof(*a->expect));
}

static void map_anew(struct arena *a, unsigned int page, unsigned int count)
{
	char *start = a->memory + page * page_size;

	if (mmap(start, count * page_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != start)
		mistake(a, "mmap", -errno);
	forget(a, page, count);
}

static void drop(struct arena *a, unsigned int page, unsigned int count)
{
	if (madvise(a->memory + page * page_size, count * page_size, MADV_DONTNEED))
		mistake(a, "madvise", -errno);
	forget(a, page, count);
}

/* A write of the device must fail while the memory is read-only. */
static void protect(struct arena *a, unsigned int page, unsigned int count)
{
	char *start = a->memory + page * page_size;
	int ret;

	if (mprotect(start, count * page_size, PROT_READ))
		mistake(a, "mprotect", -errno);
	memset(a->copy, 0x55, count * page_size);
	ret = command(a, HMM_DMIRROR_WRITE, page, count, a->copy);
	if (ret != -EPERM)
		mistake(a, "the device writes what is read-only", ret);
	if (mprotect(start, count * page_size, PROT_READ | PROT_WRITE))
		mistake(a, "mprotect", -errno);
}

static void snapshot(struct arena *a, unsigned int page, unsigned int count)
{
	int ret = command(a, HMM_DMIRROR_SNAPSHOT, page, count, a->copy);

	if (ret)
		mistake(a, "no snapshot", ret);
}

/* A mirror more: inserted on the whole address space and removed again. */
static void open_close(struct arena *a, unsigned int page, unsigned int count)
{
	int mirror = a->mirror;

	a->mirror = dmirror_open();
	device_read(a, page, count);
	close(a->mirror);
	a->mirror = mirror;
}

/* A fork write-protects everything: the next write of either side copies. */
static void fork_exit(struct arena *a, unsigned int page, unsigned int count)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0) {
		mistake(a, "fork", -errno);
		return;
	}
	device_write(a, page, count);
	if (waitpid(pid, NULL, 0) != pid)
		mistake(a, "waitpid", -errno);
	cpu_read(a, page, count);
}

static void (* const steps[])(struct arena *, unsigned int, unsigned int) = {
	device_write, device_read, cpu_write, cpu_read, map_anew, drop, protect,
	snapshot, open_close, device_write, device_read, fork_exit,
};

static void *work(void *data)
{
	struct arena *a = data;
	unsigned int i, page, count, step;

	for (i = 0; i < ROUNDS && !a->wrong; i++) {
		page = next_random(a) % PAGES;
		count = 1 + next_random(a) % (PAGES - page);
		step = next_random(a) % (sizeof(steps) / sizeof(steps[0]));
		steps[step](a, page, count);
	}
	if (!a->wrong)
		device_read(a, 0, PAGES);
	if (!a->wrong)
		cpu_read(a, 0, PAGES);
	return NULL;
}

/* The exit status is the number of arenas that went wrong. */
static int process(unsigned int number)
{
	static struct arena arenas[THREADS];
	int mirror = dmirror_open(), wrong = 0;
	size_t size = PAGES * page_size;
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		struct arena *a = &arenas[i];

		a->mirror = mirror;
		a->seed = number * THREADS + i + 1;
		a->memory = get_memory(size, MAP_PRIVATE);
		a->copy = get_memory(size, MAP_PRIVATE);
		a->want = get_memory(page_size, MAP_PRIVATE);
		if (pthread_create(&a->thread, NULL, work, a))
			give_up("no thread");
	}
	for (i = 0; i < THREADS; i++) {
		struct arena *a = &arenas[i];

		pthread_join(a->thread, NULL);
		if (!a->wrong)
			continue;
		fprintf(stderr, "process %u, thread %u: %s%s%s\n", number, i,
			a->wrong, a->error ? ": " : "",
			a->error ? strerror(a->error) : "");
		wrong++;
	}
	return wrong;
}

static void stress(int fd, struct outcome *outcome)
{
	unsigned int i, wrong = 0;
	int status;

	(void)fd;
	for (i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(process(i));
		if (pid < 0)
			give_up("fork: %s", strerror(errno));
	}
	while (wait(&status) > 0)
		wrong += !WIFEXITED(status) || WEXITSTATUS(status);
	if (wrong)
		failed(outcome, "%u of %u processes", wrong, PROCESSES);
}

int main(void)
{
	static const struct test_case cases[] = {
		{ "stress", stress },
	};

	return run_cases(cases, sizeof(cases) / sizeof(*cases));
}
