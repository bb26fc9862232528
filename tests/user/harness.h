/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests are made of. A test is
 *
 *	TEST(t42_what_it_holds_down)
 *	{
 *		...CHECK(condition)...
 *	}
 *
 * in any test_*.c, and is called user-t42-what-it-holds-down. It runs in a
 * process of its own and fails by a CHECK(), a crash, a sanitizer's finding, a
 * report of the shim that it did not take, an mm that was not freed, or if it
 * hangs. Threads meet by gates and shim_task_settle(), never by time.
 */
#ifndef TESTS_USER_HARNESS_H
#define TESTS_USER_HARNESS_H

#include <linux/mmu_notifier.h>

#include "shim.h"
#ifdef SUBJECT_BASE
#include "adapter.h"
#endif

struct test {
	const char *name;
	void (*fn)(void);
	struct test *next;
};

void test_add(struct test *test);

#define TEST(_name)							\
	static void test_##_name(void);					\
	__attribute__((constructor)) static void add_##_name(void)	\
	{								\
		static struct test test = {				\
			.name = #_name, .fn = test_##_name,		\
		};							\
									\
		test_add(&test);					\
	}								\
	static void test_##_name(void)

void check_failed(const char *file, int line, const char *what)
	__attribute__((noreturn));
#define CHECK(cond) do {						\
	if (!(cond))							\
		check_failed(__FILE__, __LINE__, #cond);		\
} while (0)
/* Exactly so many reports of this kind since the last one that was taken. */
#define CHECK_REPORTS(kind, n) CHECK(shim_take_reports(kind) == (n))

/* How often a race is run: less where each step costs more. */
#ifdef __SANITIZE_THREAD__
#define ROUNDS(n) ((n) / 4)
#else
#define ROUNDS(n) (n)
#endif

/* ------------------------------------------------------- inside the subject */

unsigned long subject_seq(struct mm_struct *mm);
void subject_set_seq(struct mm_struct *mm, unsigned long seq);
static inline bool subject_has_writers(struct mm_struct *mm)
{
	return subject_seq(mm) & 1;
}

/* ------------------------------------------------------------------- gates */

/* Holds threads up until a test opens it. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool open;
	unsigned int waiting;
	struct shim_task *waiters[8];
};

#define GATE_INIT { .mutex = PTHREAD_MUTEX_INITIALIZER, \
	.cond = PTHREAD_COND_INITIALIZER }

void gate_pass(struct gate *gate);
void gate_open(struct gate *gate);

/* ----------------------------------------------------------------- watches */

/* A range notifier with a user lock, that records what it hears. */
struct watch {
	struct mmu_range_notifier mrn;
	struct mutex lock;
	unsigned int calls;
	struct mmu_notifier_range last;	/* the last range it was called with */
	unsigned long last_seq;
	unsigned int order;		/* the count of all callbacks, its own in */
	/* What to do in the callback. */
	bool refuse;			/* return false */
	struct gate *gate;		/* stop there, the user lock released */
	void (*hook)(struct watch *watch);
};

extern const struct mmu_range_notifier_ops watch_ops;
extern atomic_t callback_count;

void watch_init(struct watch *watch);
/* Initialised and inserted; names its lock to lockdep. */
void watch_insert(struct watch *watch, struct mm_struct *mm,
		  unsigned long start, unsigned long length);
unsigned int watch_calls(struct watch *watch);
bool watch_retry(struct watch *watch, unsigned long seq);

/* A thread in mmu_range_read_begin(), or in the removal. */
struct sleeper {
	struct shim_task task;
	struct watch *watch;
	unsigned long seq;
};

void sleeper_read(struct sleeper *sleeper, struct watch *watch);
void sleeper_remove(struct sleeper *sleeper, struct watch *watch);
bool sleeper_sleeps(struct sleeper *sleeper);
/* Only for one that wakes by itself; returns what read_begin returned. */
unsigned long sleeper_join(struct sleeper *sleeper);

/* ----------------------------------------------------------- invalidations */

static inline void inval_start(struct mmu_notifier_range *range,
			       struct mm_struct *mm, unsigned long start,
			       unsigned long end)
{
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, mm, start, end);
	mmu_notifier_invalidate_range_start(range);
}

static inline int inval_try_start(struct mmu_notifier_range *range,
				  struct mm_struct *mm, unsigned long start,
				  unsigned long end)
{
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, mm, start, end);
	return mmu_notifier_invalidate_range_start_nonblock(range);
}

static inline void inval_end(struct mmu_notifier_range *range)
{
	mmu_notifier_invalidate_range_end(range);
}

/* A whole invalidation, PTEs and all. */
static inline void inval(struct mm_struct *mm, unsigned long start,
			 unsigned long end)
{
	struct mmu_notifier_range range;

	inval_start(&range, mm, start, end);
	inval_end(&range);
}

#define KB4 0x1000ul

#endif
