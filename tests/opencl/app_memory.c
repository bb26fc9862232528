// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "app_memory.h"

struct area {
	void *memory;
	size_t size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct area *areas;
static size_t used, room;
static bool sorted, grown;
static unsigned long most;

uint32_t app_random(void)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return state >> 32;
}

static int by_address(const void *a, const void *b)
{
	const struct area *x = a, *y = b;

	return x->memory < y->memory ? -1 : x->memory > y->memory;
}

static uintptr_t first_page(const struct area *area)
{
	return (uintptr_t)area->memory & -PAGE;
}

static uintptr_t end_page(const struct area *area)
{
	return ((uintptr_t)area->memory + area->size + PAGE - 1) & -PAGE;
}

static void sort(void)
{
	if (!sorted)
		qsort(areas, used, sizeof(*areas), by_address);
	sorted = true;
}

/* Under the lock: the next area that is not within the last; false: no more. */
static bool next_run(size_t *i, uintptr_t *first, uintptr_t *end)
{
	sort();
	if (*i >= used)
		return false;
	*first = first_page(&areas[*i]);
	*end = end_page(&areas[(*i)++]);
	while (*i < used && first_page(&areas[*i]) <= *end) {
		uintptr_t more = end_page(&areas[(*i)++]);

		if (more > *end)
			*end = more;
	}
	return true;
}

static unsigned long count_pages(void)
{
	unsigned long pages = 0;
	uintptr_t first, end;
	size_t i = 0;

	while (next_run(&i, &first, &end))
		pages += (end - first) / PAGE;
	return pages;
}

/* Under the lock, before there is less. */
static void note_most(void)
{
	unsigned long pages;

	if (!grown)
		return;
	grown = false;
	pages = count_pages();
	if (pages > most)
		most = pages;
}

unsigned long memory_pages(void)
{
	pthread_mutex_lock(&lock);
	note_most();
	pthread_mutex_unlock(&lock);
	return most;
}

bool memory_some(unsigned long most, uintptr_t *first, uintptr_t *end)
{
	static uint64_t state = 1;
	unsigned long skip;
	bool any;

	state = state * 6364136223846793005ull + 1442695040888963407ull;
	pthread_mutex_lock(&lock);
	any = used;
	if (any) {
		const struct area *area = &areas[(state >> 33) % used];

		*first = first_page(area);
		*end = end_page(area);
	}
	pthread_mutex_unlock(&lock);
	if (!any)
		return false;
	if (*end - *first > most * PAGE) {
		skip = (state >> 17) % ((*end - *first) / PAGE - most + 1);
		*first += skip * PAGE;
		*end = *first + most * PAGE;
	}
	return true;
}

void app_share(void *memory, size_t size)
{
	pthread_mutex_lock(&lock);
	if (used == room) {
		room = room ? 2 * room : 64;
		areas = realloc(areas, room * sizeof(*areas));
		if (!areas)
			app_fail("no memory for %zu areas", room);
	}
	areas[used].memory = memory;
	areas[used++].size = size;
	sorted = false;
	grown = true;
	pthread_mutex_unlock(&lock);
}

void app_unshare(void *memory)
{
	const struct area key = { .memory = memory };
	struct area *area;

	pthread_mutex_lock(&lock);
	note_most();
	sort();
	area = bsearch(&key, areas, used, sizeof(*areas), by_address);
	if (!area)
		app_fail("%p is not shared", memory);
	memmove(area, area + 1, (char *)(areas + used) - (char *)(area + 1));
	used--;
	pthread_mutex_unlock(&lock);
}

void *app_alloc(size_t size)
{
	void *memory = malloc(size);

	if (!memory)
		app_fail("no memory: %zu bytes", size);
	app_share(memory, size);
	return memory;
}

void app_free(void *memory)
{
	app_unshare(memory);
	free(memory);
}
