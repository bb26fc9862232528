// SPDX-License-Identifier: MIT
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "app_memory.h"
#include "app_vram.h"
#include "app_stress.h"

/* Pages that are disturbed at once. */
#define MOST		32

/* The most that the heap may take for one malloc(). */
#define HEAP_MAX	(32 << 20)
#define TOP_PAD		(1 << 20)

#ifndef MADV_COLLAPSE	/* younger than Debian's glibc */
#define MADV_COLLAPSE	25
#endif

static pthread_t thread;
static atomic_bool stop;

/* Both ways of writing it let the GPU do all it did. */
static void change_rights(void *at, size_t size)
{
	mprotect(at, size, PROT_READ | PROT_WRITE | PROT_EXEC);
	mprotect(at, size, PROT_READ | PROT_WRITE);
}

static void change_size(void *at, size_t size)
{
	static bool huge;

	huge = !huge;
	madvise(at, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static void collapse(void *at, size_t size)
{
	madvise(at, size, MADV_COLLAPSE);
}

static void age(void *at, size_t size)
{
	madvise(at, size, MADV_PAGEOUT);
}

/* Each page becomes read-only for its next writer. */
static void split(void *at, size_t size)
{
	pid_t child = fork();

	(void)at;
	(void)size;
	if (!child)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
}

static void to_vram(void *at, size_t size)
{
	vram_migrate(at, size);
}

/* A look at each page brings it home. */
static void to_system(void *at, size_t size)
{
	const volatile char *p = at;
	size_t i;

	for (i = 0; i < size; i += PAGE)
		(void)p[i];
}

static const struct {
	const char *name;
	void (*act)(void *at, size_t size);
} acts[] = {
	{ "mprotect", change_rights },
	{ "madvise", change_size },
	{ "to-vram", to_vram },
	{ "fork", split },
	{ "collapse", collapse },
	{ "to-system", to_system },
	{ "pageout", age },
};

#define ACTS	(sizeof(acts) / sizeof(*acts))

static unsigned long done[ACTS];

static void *disturb(void *nothing)
{
	uintptr_t first, end;
	unsigned int act;

	(void)nothing;
	for (act = 0; !stop; act = (act + 1) % ACTS) {
		if (!memory_some(MOST, &first, &end))
			continue;
		acts[act].act((void *)first, end - first);
		done[act]++;
	}
	return NULL;
}

/*
 * What is freed stays mapped, so that it may be disturbed still: it is the
 * heap's for good.
 */
void stress_start(void)
{
	mallopt(M_MMAP_THRESHOLD, HEAP_MAX);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_TOP_PAD, TOP_PAD);
	if (pthread_create(&thread, NULL, disturb, NULL))
		app_fail("no thread");
}

void stress_end(void)
{
	bool all = true;
	unsigned int i;

	stop = true;
	pthread_join(thread, NULL);
	printf("stress");
	for (i = 0; i < ACTS; i++) {
		printf(" %s=%lu", acts[i].name, done[i]);
		all = all && done[i];
	}
	printf("\n");
	app_check(all, "disturbed", "not in each way");
}
