/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit tests of range notifiers and HMM share: a test runs in a
 * kernel thread with an address space of its own, makes system calls in it, and
 * watches it with notifiers that write down what they hear.
 */
#ifndef _MM_KUNIT_H
#define _MM_KUNIT_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/mmu_notifier.h>
#include <linux/spinlock.h>

struct file;
struct folio_walk;
struct task_struct;

/* For the .init and .exit of a suite: current->mm is new for each test. */
int mm_kunit_init(struct kunit *test);
void mm_kunit_exit(struct kunit *test);

/* Another address space, empty; the caller ends it with mmput(). */
struct mm_struct *mm_kunit_new_mm(struct kunit *test);

long mm_kunit_syscall(unsigned int nr, unsigned long a, unsigned long b,
		      unsigned long c, unsigned long d, unsigned long e);

/* Each of these fails the test at once if it can't do its work. */
unsigned long mm_kunit_map(struct kunit *test, unsigned long len,
			   unsigned long prot, unsigned long flags);
unsigned long mm_kunit_map_file(struct kunit *test, struct file *file,
				unsigned long len, unsigned long prot,
				unsigned long flags);
struct file *mm_kunit_shmem(struct kunit *test, unsigned long len);
void mm_kunit_write(struct kunit *test, unsigned long addr, u64 value);
u64 mm_kunit_read(struct kunit *test, unsigned long addr);
void mm_kunit_munmap(struct kunit *test, unsigned long addr, unsigned long len);
void mm_kunit_mprotect(struct kunit *test, unsigned long addr,
		       unsigned long len, unsigned long prot);
void mm_kunit_madvise(struct kunit *test, unsigned long addr,
		      unsigned long len, int advice);

/*
 * The page that the CPU's page table has at @addr, or NULL; without a reference.
 * @walk gets the level and the entry, and may be NULL.
 */
struct page *mm_kunit_page(unsigned long addr, struct folio_walk *walk);

/* The folio at @addr moves to another place; its physical page changes. */
void mm_kunit_migrate(struct kunit *test, unsigned long addr);

/*
 * Is there swap space? If there could be and is not, the test is skipped; at
 * boot it is too early, and the answer is no.
 */
bool mm_kunit_has_swap(struct kunit *test);

/* HPAGE_PMD_SIZE of written memory; skips the test if it is no huge page. */
unsigned long mm_kunit_map_thp(struct kunit *test);

/**
 * struct mm_kunit_heard - one call of a watch's invalidate()
 * @range: a copy of the invalidation
 * @seq: the cur_seq of the call
 */
struct mm_kunit_heard {
	struct mmu_notifier_range range;
	unsigned long seq;
};

#define MM_KUNIT_HEARD 16

/**
 * struct mm_kunit_watch - a range notifier that writes down what it hears
 * @mrn: the notifier
 * @lock: orders set_seq and read_retry
 * @hook: called first, without the lock, if set; what it returns is returned
 * @ignores: if set, tells of what the sequence is not recorded
 * @calls: number of calls so far
 * @heard: the first MM_KUNIT_HEARD of them
 */
struct mm_kunit_watch {
	struct mmu_range_notifier mrn;
	spinlock_t lock; /* the user lock */
	bool (*hook)(struct mm_kunit_watch *watch,
		     const struct mmu_notifier_range *range);
	bool (*ignores)(const struct mmu_notifier_range *range);
	unsigned int calls;
	struct mm_kunit_heard heard[MM_KUNIT_HEARD];
};

/* Not inserted yet; removed at the end of the test if it is inserted then. */
struct mm_kunit_watch *mm_kunit_new_watch(struct kunit *test);
struct mm_kunit_watch *mm_kunit_watch(struct kunit *test, unsigned long start,
				      unsigned long len, struct mm_struct *mm);
bool mm_kunit_read_retry(struct mm_kunit_watch *watch, unsigned long seq);
void mm_kunit_forget(struct mm_kunit_watch *watch);

/* Did @watch hear exactly one call, an @event of [@start, @end)? */
void mm_kunit_expect_one(struct kunit *test, struct mm_kunit_watch *watch,
			 enum mmu_notifier_event event, unsigned long start,
			 unsigned long end);

/**
 * struct mm_kunit_job - a function that runs in a thread of its own
 * @fn: the function
 * @arg: its argument
 * @task: the thread
 * @done: completed when @fn has returned
 */
struct mm_kunit_job {
	void (*fn)(void *arg);
	void *arg;
	struct task_struct *task;
	struct completion done;
};

struct mm_kunit_job *mm_kunit_start(struct kunit *test, void (*fn)(void *arg),
				    void *arg);
/* Does the job end? False only after a time that no sound kernel needs. */
bool mm_kunit_ends(struct mm_kunit_job *job);
/* Does the job sleep before it has ended? */
bool mm_kunit_sleeps(struct mm_kunit_job *job);

#endif /* _MM_KUNIT_H */
