// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports, and the part of lockdep that the subject's rules need: recursion,
 * inversion, what is held, and where a thread may not sleep.
 *
 * The graph of the lock order is made of relaxed atomics only: a lock in here
 * would order threads that the subject leaves unordered, and hide races.
 */
#include <stdarg.h>

#include "shim.h"

#define MAX_CLASSES 64
#define MAX_HELD 16

static unsigned int reports[SHIM_REPORTS];
static const char *const report_names[SHIM_REPORTS] = {
	"warning", "lockdep", "sleep", "tree",
};

static int classes;
/* follows[a][b]: b was taken while a was held. */
static bool follows[MAX_CLASSES][MAX_CLASSES];

static __thread struct lockdep_map *held[MAX_HELD];
static __thread unsigned int held_count;
static __thread unsigned int non_block_depth;

void shim_print(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void shim_report(enum shim_report kind, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	__atomic_fetch_add(&reports[kind], 1, __ATOMIC_RELAXED);
	fprintf(stderr, "shim: %s: %s\n", report_names[kind], text);
}

unsigned int shim_reports(enum shim_report kind)
{
	return READ_ONCE(reports[kind]);
}

unsigned int shim_take_reports(enum shim_report kind)
{
	return __atomic_exchange_n(&reports[kind], 0, __ATOMIC_RELAXED);
}

static int class_of(const struct lockdep_map *map)
{
	struct lock_class_key *key = (struct lock_class_key *)
		(map->key ? map->key : &map->self);
	int id = READ_ONCE(key->id);
	int new;

	if (id)
		return id;
	new = __atomic_add_fetch(&classes, 1, __ATOMIC_RELAXED);
	BUG_ON(new >= MAX_CLASSES);
	if (__atomic_compare_exchange_n(&key->id, &id, new, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return new;
	return id;
}

/* Is there a path of "was taken while held" from one class to the other? */
static bool reaches(int from, int to, bool *seen)
{
	int next;

	if (from == to)
		return true;
	seen[from] = true;
	for (next = 1; next < MAX_CLASSES; next++)
		if (READ_ONCE(follows[from][next]) && !seen[next] &&
		    reaches(next, to, seen))
			return true;
	return false;
}

static void push(struct lockdep_map *map)
{
	BUG_ON(held_count == MAX_HELD);
	held[held_count++] = map;
}

void lock_map_acquire(struct lockdep_map *map)
{
	int new = class_of(map);
	unsigned int i;

	for (i = 0; i < held_count; i++) {
		int old = class_of(held[i]);
		bool seen[MAX_CLASSES] = { false };

		if (old == new) {
			shim_report(SHIM_LOCKDEP, "%s taken within %s",
				    map->name, held[i]->name);
			continue;
		}
		if (READ_ONCE(follows[old][new]))
			continue;
		if (reaches(new, old, seen))
			shim_report(SHIM_LOCKDEP,
				    "%s taken under %s, the order was another",
				    map->name, held[i]->name);
		else
			WRITE_ONCE(follows[old][new], true);
	}
	push(map);
}

void shim_lock_tried(struct lockdep_map *map)
{
	push(map);
}

void lock_map_release(struct lockdep_map *map)
{
	unsigned int i;

	for (i = held_count; i-- > 0;) {
		if (held[i] != map)
			continue;
		held_count--;
		memmove(&held[i], &held[i + 1],
			(held_count - i) * sizeof(held[0]));
		return;
	}
	shim_report(SHIM_LOCKDEP, "%s released but not held", map->name);
}

int lock_is_held(const struct lockdep_map *map)
{
	unsigned int i;

	for (i = 0; i < held_count; i++)
		if (held[i] == map)
			return LOCK_STATE_HELD;
	return LOCK_STATE_NOT_HELD;
}

void non_block_start(void)
{
	non_block_depth++;
}

void non_block_end(void)
{
	BUG_ON(!non_block_depth);
	non_block_depth--;
}

void might_sleep(void)
{
	if (non_block_depth)
		shim_report(SHIM_SLEEP, "sleep in a non-blocking section");
	if (shim_spinlocks_held())
		shim_report(SHIM_SLEEP, "sleep under a spinlock");
}
