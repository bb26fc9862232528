// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of range notifiers: insertion and removal, the sequence, the end
 * of the mm. The invalidations are made here, by calling start and end; those
 * of the core mm are in mmu_range_events_kunit.c. A name like t18_* is that of
 * the trap which the test holds shut.
 */
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "mm_kunit.h"

/* Nothing need be mapped where a range notifier watches. */
#define WATCHED (16UL << PAGE_SHIFT)
#define ELSEWHERE (64UL << PAGE_SHIFT)

static void begin(struct mmu_notifier_range *range, struct mm_struct *mm,
		  unsigned long start, unsigned long end)
{
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, mm, start, end);
	mmu_notifier_invalidate_range_start(range);
}

static int begin_nonblock(struct mmu_notifier_range *range,
			  struct mm_struct *mm, unsigned long start,
			  unsigned long end)
{
	mmu_notifier_range_init(range, MMU_NOTIFY_CLEAR, 0, mm, start, end);
	return mmu_notifier_invalidate_range_start_nonblock(range);
}

static void invalidate(struct mm_struct *mm, unsigned long start,
		       unsigned long end)
{
	struct mmu_notifier_range range;

	begin(&range, mm, start, end);
	mmu_notifier_invalidate_range_end(&range);
}

/* Jobs: what may have to wait for the end of an invalidation. */
static void job_remove(void *arg)
{
	struct mm_kunit_watch *watch = arg;

	mmu_range_notifier_remove(&watch->mrn);
}

struct read_job {
	struct mm_kunit_watch *watch;
	unsigned long seq;
};

static void job_read_begin(void *arg)
{
	struct read_job *read = arg;

	read->seq = mmu_range_read_begin(&read->watch->mrn);
}

struct insert_job {
	struct mm_kunit_watch *watch;
	struct mm_struct *mm;
	int ret;
};

static void job_insert(void *arg)
{
	struct insert_job *insert = arg;

	insert->ret = mmu_range_notifier_insert(&insert->watch->mrn, WATCHED,
						PAGE_SIZE, insert->mm);
}

/* A plain notifier that counts, and refuses to start when it may not sleep. */
struct plain {
	struct mmu_notifier mn;
	unsigned int starts;
	unsigned int releases;
	unsigned int ranges_at_release;
	struct mm_kunit_watch *watch;
	bool refuses;
};

static int plain_start(struct mmu_notifier *mn,
		       const struct mmu_notifier_range *range)
{
	struct plain *plain = container_of(mn, struct plain, mn);

	plain->starts++;
	if (plain->refuses && !mmu_notifier_range_blockable(range))
		return -EAGAIN;
	return 0;
}

static void plain_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct plain *plain = container_of(mn, struct plain, mn);

	plain->releases++;
	if (plain->watch)
		plain->ranges_at_release = plain->watch->calls;
}

static const struct mmu_notifier_ops plain_ops = {
	.release = plain_release,
	.invalidate_range_start = plain_start,
};

static void plain_unregister(void *data)
{
	struct plain *plain = data;

	mmu_notifier_unregister(&plain->mn, plain->mn.mm);
}

static struct plain *plain_register(struct kunit *test, struct mm_struct *mm)
{
	struct plain *plain = kunit_kzalloc(test, sizeof(*plain), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, plain);
	plain->mn.ops = &plain_ops;
	KUNIT_ASSERT_EQ(test, 0, mmu_notifier_register(&plain->mn, mm));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, plain_unregister,
						  plain));
	return plain;
}

/* T22: a failed insert says by ->mm that there is nothing to remove. */
static void expect_failed(struct kunit *test, struct mm_kunit_watch *watch,
			  int want, int ret)
{
	/* Inserted a second time, it would tie the tree into a knot. */
	KUNIT_ASSERT_EQ(test, want, ret);
	KUNIT_EXPECT_NULL(test, mmu_range_notifier_mm(&watch->mrn));
	KUNIT_EXPECT_FALSE(test, mmu_range_notifier_inserted(&watch->mrn));
	/* If it says otherwise, the end of the test must not believe it. */
	watch->mrn.mm = NULL;
}

static void insert_and_accessors(struct kunit *test)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mmu_range_notifier *mrn = &watch->mrn;

	KUNIT_EXPECT_FALSE(test, mmu_range_notifier_inserted(mrn));
	KUNIT_EXPECT_NULL(test, mmu_range_notifier_mm(mrn));

	/* Neither bound need be aligned, and the last address is inclusive. */
	KUNIT_ASSERT_EQ(test, 0, mmu_range_notifier_insert(mrn, WATCHED + 3, 10,
							   current->mm));
	KUNIT_EXPECT_TRUE(test, mmu_range_notifier_inserted(mrn));
	KUNIT_EXPECT_PTR_EQ(test, current->mm, mmu_range_notifier_mm(mrn));
	KUNIT_EXPECT_EQ(test, WATCHED + 3, mmu_range_notifier_start(mrn));
	KUNIT_EXPECT_EQ(test, WATCHED + 12, mmu_range_notifier_last(mrn));

	mmu_range_notifier_remove(mrn);
	KUNIT_EXPECT_FALSE(test, mmu_range_notifier_inserted(mrn));
	KUNIT_EXPECT_NULL(test, mmu_range_notifier_mm(mrn));

	/* A removed one may be inserted again, and the old place is free. */
	KUNIT_ASSERT_EQ(test, 0, mmu_range_notifier_insert(mrn, ELSEWHERE,
							   PAGE_SIZE,
							   current->mm));
	invalidate(current->mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	invalidate(current->mm, ELSEWHERE, ELSEWHERE + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, watch->calls);
}

static void insert_locked(struct kunit *test)
{
	struct mm_kunit_watch *first = mm_kunit_new_watch(test);
	struct mm_kunit_watch *second = mm_kunit_new_watch(test);
	struct mm_struct *mm = current->mm;
	int ret, ret2;

	/* The first of an mm makes what the others find. */
	mmap_write_lock(mm);
	ret = mmu_range_notifier_insert_locked(&first->mrn, WATCHED, PAGE_SIZE,
					       mm);
	ret2 = mmu_range_notifier_insert_locked(&second->mrn, WATCHED,
						2 * PAGE_SIZE, mm);
	mmap_write_unlock(mm);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_ASSERT_EQ(test, 0, ret2);

	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, first->calls);
	KUNIT_EXPECT_EQ(test, 1, second->calls);
	invalidate(mm, WATCHED + PAGE_SIZE, WATCHED + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, first->calls);
	KUNIT_EXPECT_EQ(test, 2, second->calls);
}

static void t4_insert_without_ops(struct kunit *test)
{
	static const struct mmu_range_notifier_ops empty;
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);

	watch->mrn.ops = NULL;
	expect_failed(test, watch, -EINVAL,
		      mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE,
						current->mm));

	watch->mrn.ops = &empty;
	expect_failed(test, watch, -EINVAL,
		      mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE,
						current->mm));

	/* Nothing was left behind that an invalidation could trip over. */
	invalidate(current->mm, 0, TASK_SIZE);
}

static void t9_foreign_mm_from_kthread(struct kunit *test)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mm_struct *mm = mm_kunit_new_mm(test);
	struct insert_job insert = { .watch = watch, .mm = mm };
	struct mm_kunit_job *job;

	/* The job's thread has no address space of its own. */
	job = mm_kunit_start(test, job_insert, &insert);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));
	KUNIT_ASSERT_EQ(test, 0, insert.ret);
	KUNIT_EXPECT_PTR_EQ(test, mm, mmu_range_notifier_mm(&watch->mrn));
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, watch->calls);
	/* The same addresses of another mm are nobody's. */
	invalidate(current->mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, watch->calls);

	mmu_range_notifier_remove(&watch->mrn);
	mmgrab(mm);
	mmput(mm);
	job = mm_kunit_start(test, job_insert, &insert);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));
	expect_failed(test, watch, -EINVAL, insert.ret);
	mmdrop(mm);
}

static void t10_insert_without_users(struct kunit *test)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mm_struct *mm = mm_kunit_new_mm(test);

	mmgrab(mm);
	mmput(mm);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&mm->mm_users));
	expect_failed(test, watch, -EINVAL,
		      mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE,
						mm));
	mmdrop(mm);
}

struct bad_insert {
	const char *name;
	unsigned long start, length;
	int ret;
};

static const struct bad_insert bad_inserts[] = {
	{ "no_length", WATCHED, 0, -EOVERFLOW },
	{ "no_length_at_the_end", ULONG_MAX, 0, -EOVERFLOW },
	{ "wraps_by_one", ULONG_MAX, 2, -EOVERFLOW },
	{ "wraps_by_a_page", PAGE_MASK, PAGE_SIZE + 1, -EOVERFLOW },
	{ "wraps_by_all", WATCHED, ULONG_MAX, -EOVERFLOW },
};

KUNIT_ARRAY_PARAM_DESC(bad_insert, bad_inserts, name);

static void t22_failed_insert_clears_mm(struct kunit *test)
{
	const struct bad_insert *bad = test->param_value;
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);

	expect_failed(test, watch, bad->ret,
		      mmu_range_notifier_insert(&watch->mrn, bad->start,
						bad->length, current->mm));
}

static void t22_interrupted_insert_clears_mm(struct kunit *test)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	int ret;

	/*
	 * Only the first of an mm takes all locks, and may be interrupted before
	 * it has those of a VMA.
	 */
	mm_kunit_map(test, PAGE_SIZE, PROT_READ, 0);
	set_tsk_thread_flag(current, TIF_SIGPENDING);
	ret = mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE,
					current->mm);
	clear_tsk_thread_flag(current, TIF_SIGPENDING);
	expect_failed(test, watch, -EINTR, ret);

	KUNIT_EXPECT_EQ(test, 0, mmu_range_notifier_insert(&watch->mrn, WATCHED,
							   PAGE_SIZE,
							   current->mm));
}

static void collision_is_seen(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *hit = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						    mm);
	struct mm_kunit_watch *other = mm_kunit_watch(test, ELSEWHERE,
						      PAGE_SIZE, mm);
	unsigned long seq, other_seq;

	seq = mmu_range_read_begin(&hit->mrn);
	other_seq = mmu_range_read_begin(&other->mrn);
	KUNIT_EXPECT_FALSE(test, mmu_range_check_retry(&hit->mrn, seq));
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(hit, seq));

	/* Over before anyone looks: it must be seen all the same. */
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	mm_kunit_expect_one(test, hit, MMU_NOTIFY_CLEAR, WATCHED,
			    WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, mmu_range_check_retry(&hit->mrn, seq));
	KUNIT_EXPECT_TRUE(test, mm_kunit_read_retry(hit, seq));
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(other, other_seq));
	KUNIT_EXPECT_EQ(test, 0, other->calls);

	seq = mmu_range_read_begin(&hit->mrn);
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(hit, seq));
}

static void read_begin_waits_for_the_end(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct read_job read = { .watch = watch };
	struct mmu_notifier_range first, second;
	struct mm_kunit_job *job;
	bool slept;

	begin(&first, mm, WATCHED, WATCHED + PAGE_SIZE);
	begin(&second, mm, WATCHED, WATCHED + PAGE_SIZE);
	job = mm_kunit_start(test, job_read_begin, &read);
	slept = mm_kunit_sleeps(job);
	mmu_notifier_invalidate_range_end(&first);
	/* There is another writer yet. */
	slept = slept && mm_kunit_sleeps(job);
	mmu_notifier_invalidate_range_end(&second);
	KUNIT_EXPECT_TRUE(test, slept);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(watch, read.seq));
}

static void remove_waits_for_callbacks(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct mmu_notifier_range range;
	struct mm_kunit_job *job;
	bool slept;

	begin(&range, mm, WATCHED, WATCHED + PAGE_SIZE);
	job = mm_kunit_start(test, job_remove, watch);
	slept = mm_kunit_sleeps(job);
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_EXPECT_TRUE(test, slept);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));

	mm_kunit_forget(watch);
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
}

static void unwatched_invalidation_delays_nobody(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *stays = mm_kunit_watch(test, ELSEWHERE,
						      PAGE_SIZE, mm);
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct read_job read = { .watch = watch };
	struct mmu_notifier_range range;
	struct mm_kunit_job *job;
	bool read_ends, remove_ends;
	int ret;

	begin(&range, mm, WATCHED + PAGE_SIZE, WATCHED + 2 * PAGE_SIZE);
	ret = mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE, mm);
	job = mm_kunit_start(test, job_read_begin, &read);
	read_ends = mm_kunit_ends(job);
	job = mm_kunit_start(test, job_remove, watch);
	remove_ends = mm_kunit_ends(job);
	mmu_notifier_invalidate_range_end(&range);

	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_TRUE(test, read_ends);
	KUNIT_EXPECT_TRUE(test, remove_ends);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	KUNIT_EXPECT_EQ(test, 0, stays->calls);
}

/* It missed the callback, so its readers must not begin before the end. */
static void insert_into_an_invalidation(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *stays = mm_kunit_watch(test, ELSEWHERE,
						      PAGE_SIZE, mm);
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct read_job read = { .watch = watch };
	struct mmu_notifier_range range;
	struct mm_kunit_job *job;
	bool slept;
	int ret;

	begin(&range, mm, WATCHED, WATCHED + PAGE_SIZE);
	ret = mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE, mm);
	job = mm_kunit_start(test, job_read_begin, &read);
	slept = mm_kunit_sleeps(job);
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_TRUE(test, slept);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(watch, read.seq));
	KUNIT_EXPECT_EQ(test, 0, stays->calls);
}

/* While some range is being invalidated the tree stands still. */
static void deferred_insert_lands(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *frozen = mm_kunit_watch(test, ELSEWHERE,
						       PAGE_SIZE, mm);
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mmu_notifier_range range;
	unsigned long seq;
	int ret;

	begin(&range, mm, ELSEWHERE, ELSEWHERE + PAGE_SIZE);
	ret = mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE, mm);
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, 1, frozen->calls);

	seq = mmu_range_read_begin(&watch->mrn);
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(watch, seq));
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 1, watch->calls);
	KUNIT_EXPECT_TRUE(test, mm_kunit_read_retry(watch, seq));
}

static void deferred_insert_is_removed(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *frozen = mm_kunit_watch(test, ELSEWHERE,
						       PAGE_SIZE, mm);
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mmu_notifier_range range;
	struct mm_kunit_job *job;
	bool ends;
	int ret;

	begin(&range, mm, ELSEWHERE, ELSEWHERE + PAGE_SIZE);
	ret = mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE, mm);
	/* It is in nobody's way yet. */
	job = mm_kunit_start(test, job_remove, watch);
	ends = mm_kunit_ends(job);
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_TRUE(test, ends);

	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	KUNIT_EXPECT_EQ(test, 1, frozen->calls);
}

/* Is everything in order, that is, does nobody wait for an end that was? */
static void expect_usable(struct kunit *test, struct mm_kunit_watch *watch,
			  struct mmu_notifier_range *failed)
{
	struct mm_struct *mm = mmu_range_notifier_mm(&watch->mrn);
	struct read_job read = { .watch = watch };
	struct mm_kunit_job *reader, *remover;
	struct mm_kunit_watch *other;
	bool read_ends, remove_ends;

	reader = mm_kunit_start(test, job_read_begin, &read);
	read_ends = mm_kunit_ends(reader);
	if (read_ends)
		KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(watch, read.seq));
	remover = mm_kunit_start(test, job_remove, watch);
	remove_ends = mm_kunit_ends(remover);

	/* For who waits in vain: the end that nobody was obliged to call. */
	if (!read_ends || !remove_ends)
		mmu_notifier_invalidate_range_end(failed);
	KUNIT_EXPECT_TRUE(test, read_ends);
	KUNIT_EXPECT_TRUE(test, remove_ends);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(reader));
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(remover));

	other = mm_kunit_watch(test, WATCHED, PAGE_SIZE, mm);
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	mm_kunit_expect_one(test, other, MMU_NOTIFY_CLEAR, WATCHED,
			    WATCHED + PAGE_SIZE);
}

static void t18_plain_notifier_refuses(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct plain *plain = plain_register(test, mm);
	struct mmu_notifier_range range;

	plain->refuses = true;
	KUNIT_ASSERT_EQ(test, -EAGAIN, begin_nonblock(&range, mm, WATCHED,
						      WATCHED + PAGE_SIZE));
	/* Both were asked; the caller goes away without an end. */
	KUNIT_EXPECT_EQ(test, 1, watch->calls);
	KUNIT_EXPECT_EQ(test, 1, plain->starts);
	expect_usable(test, watch, &range);
}

static void t18_plain_notifier_refuses_unwatched(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct plain *plain = plain_register(test, mm);
	struct mmu_notifier_range range;

	plain->refuses = true;
	KUNIT_ASSERT_EQ(test, -EAGAIN, begin_nonblock(&range, mm, ELSEWHERE,
						      ELSEWHERE + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	expect_usable(test, watch, &range);
}

static bool refuse_nonblock(struct mm_kunit_watch *watch,
			    const struct mmu_notifier_range *range)
{
	return mmu_notifier_range_blockable(range);
}

static void nonblock_start_is_undone(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct mm_kunit_watch *refuses = mm_kunit_watch(test, WATCHED,
							PAGE_SIZE, mm);
	struct plain *plain = plain_register(test, mm);
	struct mmu_notifier_range range;

	refuses->hook = refuse_nonblock;
	KUNIT_ASSERT_EQ(test, -EAGAIN, begin_nonblock(&range, mm, WATCHED,
						      WATCHED + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 1, refuses->calls);
	KUNIT_EXPECT_EQ(test, 0, plain->starts);
	expect_usable(test, watch, &range);

	/* Who may block is never refused. */
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 2 + 1, refuses->calls);
}

static void nonblock_start_counts(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct read_job read = { .watch = watch };
	struct mmu_notifier_range range;
	struct mm_kunit_job *job;
	bool slept;

	KUNIT_ASSERT_EQ(test, 0, begin_nonblock(&range, mm, WATCHED,
						WATCHED + PAGE_SIZE));
	job = mm_kunit_start(test, job_read_begin, &read);
	slept = mm_kunit_sleeps(job);
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_EXPECT_TRUE(test, slept);
	KUNIT_EXPECT_TRUE(test, mm_kunit_ends(job));
	KUNIT_ASSERT_EQ(test, 1, watch->calls);
	KUNIT_EXPECT_FALSE(test,
			   mmu_notifier_range_blockable(&watch->heard[0].range));
}

static void expect_one_release(struct kunit *test, struct mm_kunit_watch *watch,
			       struct mm_struct *mm)
{
	mm_kunit_expect_one(test, watch, MMU_NOTIFY_RELEASE, 0, ULONG_MAX);
	KUNIT_EXPECT_PTR_EQ(test, mm, mmu_range_notifier_mm(&watch->mrn));
	KUNIT_EXPECT_TRUE(test, mmu_range_notifier_inserted(&watch->mrn));
}

static void t1_release_collides(struct kunit *test)
{
	struct mm_struct *mm = mm_kunit_new_mm(test);
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	unsigned long seq = mmu_range_read_begin(&watch->mrn);

	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(watch, seq));
	mmput(mm);
	expect_one_release(test, watch, mm);
	KUNIT_EXPECT_TRUE(test, mmu_range_check_retry(&watch->mrn, seq));
	KUNIT_EXPECT_TRUE(test, mm_kunit_read_retry(watch, seq));
	/* The notifier remains, and its user may not have heard yet. */
	seq = mmu_range_read_begin(&watch->mrn);
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(watch, seq));
	mmu_range_notifier_remove(&watch->mrn);
	KUNIT_EXPECT_FALSE(test, mmu_range_notifier_inserted(&watch->mrn));
}

static void t2_exit_releases_once(struct kunit *test)
{
	struct mm_struct *mm = mm_kunit_new_mm(test);
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);
	struct plain *plain = plain_register(test, mm);

	plain->watch = watch;
	mmput(mm);
	expect_one_release(test, watch, mm);
	KUNIT_EXPECT_EQ(test, 1, plain->releases);
	/* Range notifiers come first. */
	KUNIT_EXPECT_EQ(test, 1, plain->ranges_at_release);
	mmu_range_notifier_remove(&watch->mrn);
	KUNIT_EXPECT_EQ(test, 1, watch->calls);
}

static void job_touch(void *arg)
{
	const unsigned long len = 16 * PAGE_SIZE;
	struct insert_job *insert = arg;
	unsigned long addr, at;
	unsigned int round;
	char byte;

	kthread_use_mm(insert->mm);
	addr = vm_mmap(NULL, 0, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr)) {
		insert->ret = (int)addr;
		goto out;
	}
	/* The zero page first, then a copy of it: an invalidation a page. */
	for (round = 0; round < 8; round++) {
		for (at = addr; at < addr + len; at += PAGE_SIZE) {
			if (get_user(byte, (char __user *)at) || byte ||
			    put_user(1, (char __user *)at))
				insert->ret = -EFAULT;
		}
		do_madvise(insert->mm, addr, len, MADV_DONTNEED);
	}
out:
	kthread_unuse_mm(insert->mm);
}

static void t19_first_insert_under_faults(struct kunit *test)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mm_struct *mm = current->mm;
	struct insert_job touch[2] = { { .mm = mm }, { .mm = mm } };
	struct mmu_notifier_range none;
	struct mm_kunit_job *job[2];
	int ret;

	job[0] = mm_kunit_start(test, job_touch, &touch[0]);
	job[1] = mm_kunit_start(test, job_touch, &touch[1]);
	ret = mmu_range_notifier_insert(&watch->mrn, WATCHED, PAGE_SIZE, mm);
	KUNIT_EXPECT_TRUE(test, mm_kunit_ends(job[0]));
	KUNIT_EXPECT_TRUE(test, mm_kunit_ends(job[1]));
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, 0, touch[0].ret);
	KUNIT_EXPECT_EQ(test, 0, touch[1].ret);
	begin(&none, mm, ELSEWHERE, ELSEWHERE + PAGE_SIZE);
	mmu_notifier_invalidate_range_end(&none);
	expect_usable(test, watch, &none);
}

/* A start that nobody was there to count, and an end that finds somebody. */
static void first_insert_inside(struct kunit *test)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);
	struct mm_struct *mm = current->mm;
	struct insert_job insert = { .watch = watch, .mm = mm };
	struct mmu_notifier_range range, none;
	struct mm_kunit_job *job;
	bool slept;

	mmap_read_lock(mm);
	begin(&range, mm, WATCHED, WATCHED + PAGE_SIZE);
	job = mm_kunit_start(test, job_insert, &insert);
	slept = mm_kunit_sleeps(job);
	mmu_notifier_invalidate_range_end(&range);
	mmap_read_unlock(mm);
	/* The mmap lock is what keeps the first one out. */
	KUNIT_EXPECT_TRUE(test, slept);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));
	KUNIT_ASSERT_EQ(test, 0, insert.ret);

	begin(&none, mm, ELSEWHERE, ELSEWHERE + PAGE_SIZE);
	mmu_notifier_invalidate_range_end(&none);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	expect_usable(test, watch, &none);
}

static void t19_first_insert_inside_an_invalidation(struct kunit *test)
{
	first_insert_inside(test);
}

static void t19_first_insert_beside_a_plain_notifier(struct kunit *test)
{
	plain_register(test, current->mm);
	first_insert_inside(test);
}

static bool saw_map;
static int saw_non_block;

static bool look_at_context(struct mm_kunit_watch *watch,
			    const struct mmu_notifier_range *range)
{
#ifdef CONFIG_LOCKDEP
	saw_map = lock_is_held(&__mmu_notifier_invalidate_range_start_map) ==
		  LOCK_STATE_HELD;
#endif
#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
	saw_non_block = current->non_block_count;
#endif
	return true;
}

/*
 * Reclaim takes the same map before it invalidates, so with the map held every
 * allocation that may reclaim is reported.
 */
static void t20_callback_is_under_the_reclaim_map(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch;
	struct mmu_notifier_range range;

	if (!IS_ENABLED(CONFIG_LOCKDEP))
		kunit_skip(test, "needs CONFIG_LOCKDEP");

	watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE, mm);
	watch->hook = look_at_context;
	saw_map = false;
	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_TRUE(test, saw_map);

	saw_map = false;
	KUNIT_ASSERT_EQ(test, 0, begin_nonblock(&range, mm, WATCHED,
						WATCHED + PAGE_SIZE));
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_EXPECT_TRUE(test, saw_map);
}

static void t21_nonblock_callback_is_non_block(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch;
	struct mmu_notifier_range range;

	if (!IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		kunit_skip(test, "needs CONFIG_DEBUG_ATOMIC_SLEEP");

	watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE, mm);
	watch->hook = look_at_context;
	saw_non_block = -1;
	KUNIT_ASSERT_EQ(test, 0, begin_nonblock(&range, mm, WATCHED,
						WATCHED + PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, 1, saw_non_block);
	mmu_notifier_invalidate_range_end(&range);

	invalidate(mm, WATCHED, WATCHED + PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, saw_non_block);
#ifdef CONFIG_DEBUG_ATOMIC_SLEEP
	KUNIT_EXPECT_EQ(test, 0, current->non_block_count);
#endif
}

static void t23_last_page_gets_release(struct kunit *test)
{
	struct mm_struct *mm = mm_kunit_new_mm(test);
	struct mm_kunit_watch *page = mm_kunit_watch(test, PAGE_MASK, PAGE_SIZE,
						     mm);
	struct mm_kunit_watch *byte = mm_kunit_watch(test, ULONG_MAX, 1, mm);
	struct mm_kunit_watch *all = mm_kunit_watch(test, 0, ULONG_MAX, mm);

	KUNIT_EXPECT_EQ(test, ULONG_MAX, mmu_range_notifier_last(&page->mrn));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, mmu_range_notifier_last(&byte->mrn));
	mmput(mm);
	expect_one_release(test, page, mm);
	expect_one_release(test, byte, mm);
	expect_one_release(test, all, mm);
}

static void t23_empty_range_calls_nobody(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, 0, 2 * WATCHED, mm);
	struct plain *plain = plain_register(test, mm);
	struct mmu_notifier_range range;

	/* At 0, end - 1 would be the last address there is. */
	invalidate(mm, 0, 0);
	invalidate(mm, WATCHED, WATCHED);
	plain->refuses = true;
	KUNIT_EXPECT_EQ(test, 0, begin_nonblock(&range, mm, WATCHED, WATCHED));
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	KUNIT_EXPECT_EQ(test, 0, plain->starts);
	expect_usable(test, watch, &range);
}

static void t23_bounds_are_exact(struct kunit *test)
{
	struct mm_struct *mm = current->mm;
	struct mm_kunit_watch *watch = mm_kunit_watch(test, WATCHED, PAGE_SIZE,
						      mm);

	invalidate(mm, WATCHED - PAGE_SIZE, WATCHED);
	invalidate(mm, WATCHED + PAGE_SIZE, WATCHED + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, watch->calls);
	invalidate(mm, WATCHED - PAGE_SIZE, WATCHED + 1);
	KUNIT_EXPECT_EQ(test, 1, watch->calls);
	invalidate(mm, WATCHED + PAGE_SIZE - 1, WATCHED + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 2, watch->calls);
	invalidate(mm, 0, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, 3, watch->calls);
}

static struct kunit_case mmu_range_notifier_cases[] = {
	KUNIT_CASE(insert_and_accessors),
	KUNIT_CASE(insert_locked),
	KUNIT_CASE(collision_is_seen),
	KUNIT_CASE(read_begin_waits_for_the_end),
	KUNIT_CASE(remove_waits_for_callbacks),
	KUNIT_CASE(unwatched_invalidation_delays_nobody),
	KUNIT_CASE(insert_into_an_invalidation),
	KUNIT_CASE(deferred_insert_lands),
	KUNIT_CASE(deferred_insert_is_removed),
	KUNIT_CASE(nonblock_start_is_undone),
	KUNIT_CASE(nonblock_start_counts),
	KUNIT_CASE(t1_release_collides),
	KUNIT_CASE(t2_exit_releases_once),
	KUNIT_CASE(t4_insert_without_ops),
	KUNIT_CASE(t9_foreign_mm_from_kthread),
	KUNIT_CASE(t10_insert_without_users),
	KUNIT_CASE(t18_plain_notifier_refuses),
	KUNIT_CASE(t18_plain_notifier_refuses_unwatched),
	KUNIT_CASE(t19_first_insert_inside_an_invalidation),
	KUNIT_CASE(t19_first_insert_beside_a_plain_notifier),
	KUNIT_CASE(t19_first_insert_under_faults),
	KUNIT_CASE(t20_callback_is_under_the_reclaim_map),
	KUNIT_CASE(t21_nonblock_callback_is_non_block),
	KUNIT_CASE_PARAM(t22_failed_insert_clears_mm, bad_insert_gen_params),
	KUNIT_CASE(t22_interrupted_insert_clears_mm),
	KUNIT_CASE(t23_last_page_gets_release),
	KUNIT_CASE(t23_empty_range_calls_nobody),
	KUNIT_CASE(t23_bounds_are_exact),
	{}
};

static struct kunit_suite mmu_range_notifier_suite = {
	.name = "mmu_range_notifier",
	.init = mm_kunit_init,
	.exit = mm_kunit_exit,
	.test_cases = mmu_range_notifier_cases,
};

kunit_test_suite(mmu_range_notifier_suite);
