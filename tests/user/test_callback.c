// SPDX-License-Identifier: GPL-2.0-or-later
/* Callbacks: what they are told, what they may do, and how they fail. */
#include "harness.h"

/* A plain notifier that fails when it may not block, as nouveau's does. */
static int refuse_start(struct mmu_notifier *subscription,
			const struct mmu_notifier_range *range)
{
	(void)subscription;
	return mmu_notifier_range_blockable(range) ? 0 : -EAGAIN;
}

static const struct mmu_notifier_ops refuse_ops = {
	.invalidate_range_start = refuse_start,
};

struct counter {
	struct mmu_notifier plain;
	unsigned int starts, ends;
};

static int count_start(struct mmu_notifier *subscription,
		       const struct mmu_notifier_range *range)
{
	(void)range;
	container_of(subscription, struct counter, plain)->starts++;
	return 0;
}

static void count_end(struct mmu_notifier *subscription,
		      const struct mmu_notifier_range *range)
{
	(void)range;
	container_of(subscription, struct counter, plain)->ends++;
}

static const struct mmu_notifier_ops counter_ops = {
	.invalidate_range_start = count_start,
	.invalidate_range_end = count_end,
};

/* Nothing is under way: who waits for an end has nothing to wait for. */
static void check_idle(struct mm_struct *mm, struct watch *watch)
{
	struct sleeper reader;
	struct watch late;

	CHECK(!subject_has_writers(mm));
	sleeper_read(&reader, watch);
	CHECK(!sleeper_sleeps(&reader));
	CHECK(!watch_retry(watch, sleeper_join(&reader)));
	watch_insert(&late, mm, 0, ULONG_MAX);
	sleeper_read(&reader, &late);
	CHECK(!sleeper_sleeps(&reader));
	CHECK(!watch_retry(&late, sleeper_join(&reader)));
	sleeper_remove(&reader, &late);
	CHECK(!sleeper_sleeps(&reader));
	sleeper_join(&reader);
	CHECK(!subject_has_writers(mm));
}

/* ------------------------------------------------------------- the user lock */

TEST(t03_set_seq_without_the_lock_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;
	struct mutex other;
	unsigned long seq;

	mutex_init(&other);
	watch_insert(&watch, mm, 0, KB4);
	seq = mmu_range_read_begin(&watch.mrn);
	CHECK(!watch_retry(&watch, seq));
	CHECK_REPORTS(SHIM_LOCKDEP, 0);

	mmu_range_read_retry(&watch.mrn, seq);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mutex_lock(&other);
	mmu_range_set_seq(&watch.mrn, 3);
	mutex_unlock(&other);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mmu_range_check_retry(&watch.mrn, seq);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	mmu_range_notifier_remove(&watch.mrn);

	/* The insert forgets the name, and then nothing is claimed. */
	CHECK(!mmu_range_notifier_insert(&watch.mrn, 0, KB4, mm));
	seq = mmu_range_read_begin(&watch.mrn);
	mmu_range_read_retry(&watch.mrn, seq);
	mmu_range_set_seq(&watch.mrn, 5);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(removal_under_the_user_lock_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	/* It does not deadlock this time; lockdep knows that it could. */
	mutex_lock(&watch.lock);
	mmu_range_notifier_remove(&watch.mrn);
	mutex_unlock(&watch.lock);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mmput(mm);
}

TEST(read_begin_under_the_user_lock_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	inval(mm, 0, KB4);
	mutex_lock(&watch.lock);
	mmu_range_read_begin(&watch.mrn);
	mutex_unlock(&watch.lock);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

static struct watch hook_watch;

static void hook_insert(struct watch *watch)
{
	CHECK(!mmu_range_notifier_insert(&hook_watch.mrn, 64 * KB4, KB4,
					 mmu_range_notifier_mm(&watch->mrn)));
}

static void hook_remove(struct watch *watch)
{
	(void)watch;
	/* Queued a moment ago, so that it does not wait for this callback. */
	mmu_range_notifier_remove(&hook_watch.mrn);
}

static void hook_read_begin(struct watch *watch)
{
	(void)watch;
	mmu_range_read_begin(&hook_watch.mrn);
}

TEST(insert_in_a_callback_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	mmap_read_lock(mm);
	inval(mm, 0, KB4);
	mmap_read_unlock(mm);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	watch_init(&hook_watch);
	watch.hook = hook_insert;
	inval(mm, 0, KB4);
	CHECK(shim_take_reports(SHIM_LOCKDEP) > 0);
	watch.hook = NULL;
	mmu_range_notifier_remove(&hook_watch.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(removal_in_a_callback_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	inval_start(&range, mm, 0, KB4);
	watch_insert(&hook_watch, mm, 64 * KB4, KB4);
	watch.hook = hook_remove;
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	watch.hook = NULL;
	inval_end(&range);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(read_begin_in_a_callback_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	watch_insert(&hook_watch, mm, 64 * KB4, KB4);
	watch.hook = hook_read_begin;
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mmu_range_notifier_remove(&hook_watch.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* ------------------------------------------------------------------- failure */

TEST(t08_false_though_blockable_warns_and_goes_on)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch bad, good;
	unsigned long seq;

	watch_insert(&bad, mm, 0, KB4);
	watch_insert(&good, mm, KB4, KB4);
	seq = mmu_range_read_begin(&good.mrn);
	bad.refuse = true;
	inval_start(&range, mm, 0, 2 * KB4);
	CHECK_REPORTS(SHIM_WARN, 1);
	CHECK(good.calls == 1);
	CHECK(watch_retry(&good, seq));
	CHECK(subject_has_writers(mm));
	inval_end(&range);
	check_idle(mm, &good);
	mmu_range_notifier_remove(&bad.mrn);
	mmu_range_notifier_remove(&good.mrn);
	mmput(mm);
}

TEST(t08_true_in_a_release_does_not_warn)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	mmput(mm);
	CHECK_REPORTS(SHIM_WARN, 0);
	CHECK(watch.calls == 1);
	mmu_range_notifier_remove(&watch.mrn);
}

/* The callback finds its lock taken; whatever is queued then still happens. */
TEST(nonblocking_start_that_fails_is_undone)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch first, busy;
	int i;

	watch_insert(&first, mm, 0, KB4);
	watch_insert(&busy, mm, KB4, KB4);
	for (i = 0; i < 3; i++) {
		mutex_lock(&busy.lock);
		CHECK(inval_try_start(&range, mm, 0, 4 * KB4) == -EAGAIN);
		mutex_unlock(&busy.lock);
		check_idle(mm, &first);
		check_idle(mm, &busy);
	}
	CHECK(!inval_try_start(&range, mm, 0, 4 * KB4));
	CHECK(subject_has_writers(mm));
	inval_end(&range);
	check_idle(mm, &busy);
	mmu_range_notifier_remove(&first.mrn);
	mmu_range_notifier_remove(&busy.mrn);
	mmput(mm);
}

/*
 * The start that fails is the last writer by then: a thread that it holds up
 * sees to that, and what was queued in between is due at its undoing.
 */
static struct mmu_notifier_range first_writer;

static void hook_end_first(struct watch *watch)
{
	(void)watch;
	inval_end(&first_writer);
}

TEST(nonblocking_start_that_fails_applies_what_is_queued)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper remover;
	struct watch watch, gone, late;

	watch_insert(&watch, mm, 0, KB4);
	watch_insert(&gone, mm, 4 * KB4, KB4);
	inval_start(&first_writer, mm, 0, KB4);
	watch_insert(&late, mm, 8 * KB4, KB4);
	sleeper_remove(&remover, &gone);
	CHECK(sleeper_sleeps(&remover));
	watch.hook = hook_end_first;
	watch.refuse = true;
	CHECK(inval_try_start(&range, mm, 0, KB4) == -EAGAIN);
	watch.hook = NULL;
	watch.refuse = false;
	/* The end within a callback is this test's; the kernel has none. */
	shim_take_reports(SHIM_LOCKDEP);
	shim_take_reports(SHIM_SLEEP);
	sleeper_join(&remover);
	CHECK(!subject_has_writers(mm));
	inval(mm, 8 * KB4, 9 * KB4);
	CHECK(late.calls == 1);
	mmu_range_notifier_remove(&late.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(t17_failed_start_ends_the_other_notifiers)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct counter before = { .plain.ops = &counter_ops };
	struct counter after = { .plain.ops = &counter_ops };
	struct mmu_notifier refuse = { .ops = &refuse_ops };
	struct mmu_notifier_range range;

	CHECK(!mmu_notifier_register(&before.plain, mm));
	CHECK(!mmu_notifier_register(&refuse, mm));
	CHECK(!mmu_notifier_register(&after.plain, mm));
	CHECK(inval_try_start(&range, mm, 0, KB4) == -EAGAIN);
	CHECK(before.starts == 1 && before.ends == 1);
	CHECK(after.starts == 1 && after.ends == 1);
	inval(mm, 0, KB4);
	CHECK(before.starts == 2 && before.ends == 2);
	CHECK_REPORTS(SHIM_WARN, 0);
	mmu_notifier_unregister(&before.plain, mm);
	mmu_notifier_unregister(&refuse, mm);
	mmu_notifier_unregister(&after.plain, mm);
	mmput(mm);
}

TEST(t18_plain_failure_ends_the_range_side)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier refuse = { .ops = &refuse_ops };
	struct mmu_notifier_range range;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	CHECK(!mmu_notifier_register(&refuse, mm));
	CHECK(inval_try_start(&range, mm, 0, KB4) == -EAGAIN);
	CHECK(watch.calls == 1);
	check_idle(mm, &watch);
	mmu_notifier_unregister(&refuse, mm);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* The same when no range is hit: a quiet one must not stay behind either. */
TEST(t18_plain_failure_of_a_quiet_invalidation)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier refuse = { .ops = &refuse_ops };
	struct mmu_notifier_range range;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	CHECK(!mmu_notifier_register(&refuse, mm));
	CHECK(inval_try_start(&range, mm, 4 * KB4, 5 * KB4) == -EAGAIN);
	memset(&range, 0xa5, sizeof(range));
	check_idle(mm, &watch);
	mmu_notifier_unregister(&refuse, mm);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

static void hook_sleep(struct watch *watch)
{
	(void)watch;
	might_sleep();
}

static int sleepy_start(struct mmu_notifier *subscription,
			const struct mmu_notifier_range *range)
{
	(void)subscription;
	(void)range;
	might_sleep();
	return 0;
}

static void sleepy_end(struct mmu_notifier *subscription,
		       const struct mmu_notifier_range *range)
{
	(void)subscription;
	(void)range;
	might_sleep();
}

TEST(t21_sleep_in_a_nonblocking_range_callback_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	watch.hook = hook_sleep;
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_SLEEP, 0);
	CHECK(!inval_try_start(&range, mm, 0, KB4));
	CHECK_REPORTS(SHIM_SLEEP, 1);
	inval_end(&range);
	CHECK_REPORTS(SHIM_SLEEP, 0);
	/* And the section is left, also after a failure. */
	watch.hook = NULL;
	watch.refuse = true;
	CHECK(inval_try_start(&range, mm, 0, KB4) == -EAGAIN);
	might_sleep();
	CHECK_REPORTS(SHIM_SLEEP, 0);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(t21_sleep_in_a_nonblocking_plain_callback_is_reported)
{
	static const struct mmu_notifier_ops ops = {
		.invalidate_range_start = sleepy_start,
		.invalidate_range_end = sleepy_end,
	};
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier plain = { .ops = &ops };
	struct mmu_notifier_range range;

	CHECK(!mmu_notifier_register(&plain, mm));
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_SLEEP, 0);
	CHECK(!inval_try_start(&range, mm, 0, KB4));
	CHECK_REPORTS(SHIM_SLEEP, 1);
	inval_end(&range);
	CHECK_REPORTS(SHIM_SLEEP, 1);
	mmu_notifier_unregister(&plain, mm);
	mmput(mm);
}

/* ----------------------------------------------------------------- allocation */

TEST(t20_start_and_end_allocate_nothing)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct counter plain = { .plain.ops = &counter_ops };
	struct mmu_notifier_range range;
	struct watch watch;
	unsigned int allocs;

	watch_insert(&watch, mm, 0, KB4);
	CHECK(!mmu_notifier_register(&plain.plain, mm));
	allocs = shim_allocs();
	CHECK(allocs);
	inval(mm, 0, KB4);
	inval(mm, KB4, 2 * KB4);
	watch.refuse = true;
	CHECK(inval_try_start(&range, mm, 0, KB4) == -EAGAIN);
	watch.refuse = false;
	CHECK(!inval_try_start(&range, mm, 0, KB4));
	inval_end(&range);
	CHECK(shim_allocs() == allocs);
	mmu_notifier_unregister(&plain.plain, mm);
	mmu_range_notifier_remove(&watch.mrn);
	CHECK(shim_allocs() == allocs);
	mmput(mm);
}

static void hook_alloc(struct watch *watch)
{
	(void)watch;
	kfree(kmalloc(8, GFP_KERNEL));
}

static void hook_alloc_atomic(struct watch *watch)
{
	(void)watch;
	kfree(kmalloc(8, GFP_ATOMIC));
}

TEST(t20_reclaim_in_a_callback_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	watch.hook = hook_alloc_atomic;
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	watch.hook = hook_alloc;
	inval(mm, 0, KB4);
	CHECK(shim_take_reports(SHIM_LOCKDEP) > 0);
	watch.hook = NULL;
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* And a lock that callbacks take may not be held over an allocation. */
TEST(t20_reclaim_under_the_user_lock_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	inval(mm, 0, KB4);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	mutex_lock(&watch.lock);
	kfree(kmalloc(8, GFP_KERNEL));
	mutex_unlock(&watch.lock);
	CHECK(shim_take_reports(SHIM_LOCKDEP) > 0);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* --------------------------------------------------- what a callback is told */

TEST(t11_callback_sees_the_range_as_it_is)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch;
	unsigned long first, last;

	/* After a split the interval is wider than the VMA, or the other way. */
	watch_insert(&watch, mm, 4 * KB4, 4 * KB4);
	inval_start(&range, mm, 2 * KB4, 6 * KB4);
	inval_end(&range);
	CHECK(watch.last.start == 2 * KB4 && watch.last.end == 6 * KB4);
	CHECK(watch.last.mm == mm);
	CHECK(watch.last.event == MMU_NOTIFY_CLEAR);
	CHECK(watch.last.flags == MMU_NOTIFIER_RANGE_BLOCKABLE);
	CHECK(mmu_range_notifier_start(&watch.mrn) == 4 * KB4);
	CHECK(mmu_range_notifier_last(&watch.mrn) == 8 * KB4 - 1);
	/* How a driver clamps: both ends inclusive, so that nothing wraps. */
	first = max(watch.last.start, mmu_range_notifier_start(&watch.mrn));
	last = min(watch.last.end - 1, mmu_range_notifier_last(&watch.mrn));
	CHECK(first == 4 * KB4 && last == 6 * KB4 - 1);
	/* The caller's object keeps its bounds, for the end. */
	CHECK(range.start == 2 * KB4 && range.end == 6 * KB4);
	inval(mm, 5 * KB4, 32 * KB4);
	CHECK(watch.last.start == 5 * KB4 && watch.last.end == 32 * KB4);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(t24_owner_and_event_pass_through)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch;
	int owner;

	watch_insert(&watch, mm, 0, KB4);
	mmu_notifier_range_init_owner(&range, MMU_NOTIFY_MIGRATE, 0, mm, 0, KB4,
				      &owner);
	mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
	CHECK(watch.last.owner == &owner);
	CHECK(watch.last.event == MMU_NOTIFY_MIGRATE);
	mmu_notifier_range_init_owner(&range, MMU_NOTIFY_EXCLUSIVE, 0, mm, 0,
				      KB4, &owner);
	CHECK(!mmu_notifier_invalidate_range_start_nonblock(&range));
	mmu_notifier_invalidate_range_end(&range);
	CHECK(watch.last.owner == &owner);
	CHECK(watch.last.event == MMU_NOTIFY_EXCLUSIVE);
	CHECK(!watch.last.flags);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* All who overlap, nobody else, and each once. */
TEST(invalidation_calls_who_overlaps)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch[8];
	int i, j, k;

	for (i = 0; i < 8; i++)
		watch_insert(&watch[i], mm, i * KB4, (i % 3 + 1) * KB4);
	for (i = 0; i < 12; i++) {
		for (j = i + 1; j <= 12; j++) {
			for (k = 0; k < 8; k++)
				watch[k].calls = 0;
			inval_start(&range, mm, i * KB4, j * KB4);
			for (k = 0; k < 8; k++)
				CHECK(watch[k].calls ==
				      (k < j && k + k % 3 + 1 > i));
			inval_end(&range);
		}
	}
	for (i = 0; i < 8; i++)
		mmu_range_notifier_remove(&watch[i].mrn);
	mmput(mm);
}

TEST(t23_last_byte_of_an_interval_and_of_a_range)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, KB4, KB4);
	inval(mm, 0, KB4);
	inval(mm, 2 * KB4, 3 * KB4);
	CHECK(watch.calls == 0);
	inval(mm, 0, KB4 + 1);
	CHECK(watch.calls == 1);
	inval(mm, 2 * KB4 - 1, 2 * KB4);
	CHECK(watch.calls == 2);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(t23_empty_range_calls_nobody)
{
	static const unsigned long at[] = { 0, KB4, KB4 + 1, ULONG_MAX };
	struct mm_struct *mm = shim_mm_alloc();
	struct counter plain = { .plain.ops = &counter_ops };
	struct mmu_notifier_range range;
	struct watch all, watch;
	unsigned int i;

	watch_insert(&all, mm, 0, ULONG_MAX);
	watch_insert(&watch, mm, KB4 - 1, KB4);
	CHECK(!mmu_notifier_register(&plain.plain, mm));
	for (i = 0; i < ARRAY_SIZE(at); i++) {
		inval_start(&range, mm, at[i], at[i]);
		CHECK(!subject_has_writers(mm));
		inval_end(&range);
		CHECK(!inval_try_start(&range, mm, at[i], at[i]));
		inval_end(&range);
	}
	CHECK(all.calls == 0 && watch.calls == 0);
	CHECK(plain.starts == 0 && plain.ends == 0);
	check_idle(mm, &watch);
	mmu_notifier_unregister(&plain.plain, mm);
	mmu_range_notifier_remove(&all.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}
