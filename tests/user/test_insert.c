// SPDX-License-Identifier: GPL-2.0-or-later
/* Insertion and removal: arguments, errors, the life of the mm. */
#include "harness.h"

/* Nothing is inserted, nothing is held, and the notifier says so. */
static void check_not_inserted(struct watch *watch)
{
	CHECK(!mmu_range_notifier_mm(&watch->mrn));
	CHECK(!mmu_range_notifier_inserted(&watch->mrn));
}

TEST(t04_insert_without_ops_fails)
{
	static const struct mmu_range_notifier_ops no_callback;
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_init(&watch);
	watch.mrn.ops = NULL;
	CHECK(mmu_range_notifier_insert(&watch.mrn, 0, KB4, mm) == -EINVAL);
	check_not_inserted(&watch);
	watch.mrn.ops = &no_callback;
	CHECK(mmu_range_notifier_insert(&watch.mrn, 0, KB4, mm) == -EINVAL);
	check_not_inserted(&watch);
	mmap_write_lock(mm);
	CHECK(mmu_range_notifier_insert_locked(&watch.mrn, 0, KB4, mm) ==
	      -EINVAL);
	mmap_write_unlock(mm);
	check_not_inserted(&watch);
	mmput(mm);
}

struct foreign {
	struct mm_struct *mm;
	struct watch watch;
	bool got;
	int ret;
};

/* A kthread: it has no mm of its own. */
static void foreign_insert(void *arg)
{
	struct foreign *foreign = arg;

	foreign->got = mmget_not_zero(foreign->mm);
	if (!foreign->got)
		return;
	foreign->ret = mmu_range_notifier_insert(&foreign->watch.mrn, KB4, KB4,
						 foreign->mm);
	mmput(foreign->mm);
}

TEST(t09_foreign_mm_needs_users)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct foreign foreign = { .mm = mm };
	struct shim_task task;

	watch_init(&foreign.watch);
	shim_task_start(&task, foreign_insert, &foreign);
	shim_task_join(&task);
	CHECK(foreign.got && !foreign.ret);
	inval(mm, 0, 2 * KB4);
	CHECK(watch_calls(&foreign.watch) == 1);
	mmu_range_notifier_remove(&foreign.watch.mrn);

	mmgrab(mm);
	mmput(mm);
	shim_task_start(&task, foreign_insert, &foreign);
	shim_task_join(&task);
	CHECK(!foreign.got);
	mmdrop(mm);
}

TEST(t10_insert_without_users_fails)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch, early;

	watch_insert(&early, mm, 0, KB4);
	watch_init(&watch);
	mmgrab(mm);
	mmput(mm);
	CHECK(mmu_range_notifier_insert(&watch.mrn, 0, KB4, mm) == -EINVAL);
	check_not_inserted(&watch);
	mmap_write_lock(mm);
	CHECK(mmu_range_notifier_insert_locked(&watch.mrn, 0, KB4, mm) ==
	      -EINVAL);
	mmap_write_unlock(mm);
	check_not_inserted(&watch);
	mmu_range_notifier_remove(&early.mrn);
	mmdrop(mm);
}

TEST(t10_first_insert_without_users_fails)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_init(&watch);
	mmgrab(mm);
	mmput(mm);
	CHECK(mmu_range_notifier_insert(&watch.mrn, 0, KB4, mm) == -EINVAL);
	check_not_inserted(&watch);
	mmdrop(mm);
}

TEST(t22_failed_insert_leaves_no_mm)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_init(&watch);
	watch.mrn.mm = mm;
	CHECK(mmu_range_notifier_insert(&watch.mrn, KB4, 0, mm) == -EOVERFLOW);
	check_not_inserted(&watch);
	CHECK(mmu_range_notifier_insert(&watch.mrn, KB4, -KB4 + 1, mm) ==
	      -EOVERFLOW);
	check_not_inserted(&watch);

	watch.mrn.mm = mm;
	shim_fail_next_alloc();
	CHECK(mmu_range_notifier_insert(&watch.mrn, KB4, KB4, mm) == -ENOMEM);
	check_not_inserted(&watch);

	watch.mrn.mm = mm;
	shim_fail_next_take_all_locks();
	CHECK(mmu_range_notifier_insert(&watch.mrn, KB4, KB4, mm) == -EINTR);
	check_not_inserted(&watch);
	CHECK(atomic_read(&mm->mm_count) == 1);

	CHECK(!mmu_range_notifier_insert(&watch.mrn, KB4, -KB4, mm));
	CHECK(mmu_range_notifier_mm(&watch.mrn) == mm);
	CHECK(mmu_range_notifier_start(&watch.mrn) == KB4);
	CHECK(mmu_range_notifier_last(&watch.mrn) == ULONG_MAX);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(t22_removal_leaves_no_mm)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, KB4, KB4);
	CHECK(mmu_range_notifier_inserted(&watch.mrn));
	mmu_range_notifier_remove(&watch.mrn);
	check_not_inserted(&watch);
	mmput(mm);
}

TEST(remove_of_not_inserted_warns)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_init(&watch);
	mmu_range_notifier_remove(&watch.mrn);
	CHECK_REPORTS(SHIM_WARN, 1);
	CHECK(!mmu_range_notifier_insert(&watch.mrn, 0, KB4, mm));
	mmu_range_notifier_remove(&watch.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	CHECK_REPORTS(SHIM_WARN, 1);
	mmput(mm);
}

TEST(insert_holds_the_mm)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	CHECK(atomic_read(&mm->mm_count) == 2);
	mmput(mm);
	CHECK(shim_mm_live() == 1);
	mmu_range_notifier_remove(&watch.mrn);
	CHECK(shim_mm_live() == 0);
}

TEST(insert_again_after_removal)
{
	struct mm_struct *mm = shim_mm_alloc(), *other = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	mmu_range_notifier_remove(&watch.mrn);
	CHECK(!mmu_range_notifier_insert(&watch.mrn, 4 * KB4, KB4, other));
	CHECK(mmu_range_notifier_mm(&watch.mrn) == other);
	inval(mm, 0, ULONG_MAX);
	inval(other, 0, KB4);
	CHECK(watch_calls(&watch) == 0);
	inval(other, 4 * KB4, 5 * KB4);
	CHECK(watch_calls(&watch) == 1);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(other);
	mmput(mm);
}

TEST(insert_locked_wants_the_mmap_lock)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_init(&watch);
	mmap_write_lock(mm);
	CHECK(!mmu_range_notifier_insert_locked(&watch.mrn, 0, KB4, mm));
	mmap_write_unlock(mm);
	mmu_range_notifier_remove(&watch.mrn);

	CHECK(!mmu_range_notifier_insert_locked(&watch.mrn, 0, KB4, mm));
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* Also when the structure of the mm exists and the lock is not taken. */
TEST(insert_under_the_mmap_lock_is_reported)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch first, second;

	watch_insert(&first, mm, 0, KB4);
	watch_init(&second);
	mmap_read_lock(mm);
	CHECK(!mmu_range_notifier_insert(&second.mrn, 0, KB4, mm));
	mmap_read_unlock(mm);
	CHECK_REPORTS(SHIM_LOCKDEP, 1);
	mmu_range_notifier_remove(&first.mrn);
	mmu_range_notifier_remove(&second.mrn);
	mmput(mm);
}

/* Only plain notifiers so far: the structure is there, the flag is not. */
TEST(insert_after_a_plain_notifier)
{
	static const struct mmu_notifier_ops ops;
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier plain = { .ops = &ops };
	struct mmu_notifier_range range;
	struct watch watch;

	CHECK(!mmu_notifier_register(&plain, mm));
	inval(mm, 0, KB4);
	inval_start(&range, mm, 0, KB4);
	inval_end(&range);
	watch_insert(&watch, mm, 0, KB4);
	inval(mm, 0, KB4);
	CHECK(watch_calls(&watch) == 1);
	mmu_range_notifier_remove(&watch.mrn);
	mmu_notifier_unregister(&plain, mm);
	mmput(mm);
}

/*
 * An invalidation that began when nobody was there ends when somebody is: a
 * count that it takes back without having given it makes all later ones wrong.
 */
TEST(t19_first_insert_amid_an_invalidation)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range early, range;
	struct watch watch, later;
	struct sleeper reader;
	unsigned long seq;

	inval_start(&early, mm, 0, 8 * KB4);
	watch_insert(&watch, mm, 0, KB4);
	inval_end(&early);
	CHECK(!subject_has_writers(mm));

	inval_start(&range, mm, 0, KB4);
	CHECK(subject_has_writers(mm));
	sleeper_read(&reader, &watch);
	CHECK(sleeper_sleeps(&reader));
	inval_end(&range);
	seq = sleeper_join(&reader);
	CHECK(!subject_has_writers(mm));
	CHECK(!watch_retry(&watch, seq));

	watch_insert(&later, mm, 0, KB4);
	CHECK(!subject_has_writers(mm));
	mmu_range_notifier_remove(&later.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* --------------------------------------------------------------- two threads */

struct first {
	struct mm_struct *mm;
	pthread_barrier_t *barrier;
	struct watch watch;
};

static void first_insert(void *arg)
{
	struct first *first = arg;

	watch_init(&first->watch);
	pthread_barrier_wait(first->barrier);
	CHECK(!mmu_range_notifier_insert(&first->watch.mrn, 0, KB4, first->mm));
	CHECK(!watch_retry(&first->watch,
			   mmu_range_read_begin(&first->watch.mrn)));
}

/* For ThreadSanitizer: whoever comes second finds a structure that is ready. */
TEST(t12_two_threads_insert_first)
{
	int round, i;

	for (round = 0; round < ROUNDS(200); round++) {
		struct mm_struct *mm = shim_mm_alloc();
		pthread_barrier_t barrier;
		struct shim_task task[2];
		struct first first[2];

		pthread_barrier_init(&barrier, NULL, 2);
		for (i = 0; i < 2; i++) {
			first[i].mm = mm;
			first[i].barrier = &barrier;
			shim_task_start(&task[i], first_insert, &first[i]);
		}
		for (i = 0; i < 2; i++)
			shim_task_join(&task[i]);
		inval(mm, 0, KB4);
		for (i = 0; i < 2; i++) {
			CHECK(watch_calls(&first[i].watch) == 1);
			mmu_range_notifier_remove(&first[i].watch.mrn);
		}
		pthread_barrier_destroy(&barrier);
		mmput(mm);
	}
}

struct churn {
	struct mm_struct *mm;
	bool stop;
};

static void churn_inserts(void *arg)
{
	struct churn *churn = arg;
	int round;

	for (round = 0; round < ROUNDS(2000); round++) {
		struct watch *watch = malloc(sizeof(*watch));

		/* The next last end must not touch it once it is freed. */
		watch_insert(watch, churn->mm, 0, KB4);
		mmu_range_notifier_remove(&watch->mrn);
		free(watch);
	}
	__atomic_store_n(&churn->stop, true, __ATOMIC_RELAXED);
}

static void churn_invals(void *arg)
{
	struct churn *churn = arg;
	unsigned long page = 0;

	while (!__atomic_load_n(&churn->stop, __ATOMIC_RELAXED)) {
		inval(churn->mm, page * KB4, (page + 1) * KB4);
		page = !page;
	}
}

static void remove_and_free(void *arg)
{
	struct watch *watch = arg;

	mmu_range_notifier_remove(&watch->mrn);
	free(watch);
}

TEST(t16_remove_and_free_against_the_last_end)
{
	struct watch fixed, *watch = malloc(sizeof(*watch));
	struct mm_struct *mm = shim_mm_alloc();
	struct churn churn = { .mm = mm };
	struct shim_task inserter, invals[2];
	struct mmu_notifier_range range;
	int i;

	/* In step: the one may not be freed that a writer may still look at. */
	watch_insert(&fixed, mm, 0, KB4);
	watch_insert(watch, mm, 0, KB4);
	inval_start(&range, mm, 0, KB4);
	shim_task_start(&inserter, remove_and_free, watch);
	CHECK(shim_task_settle(&inserter) == SHIM_TASK_BLOCKED);
	inval(mm, 0, KB4);
	inval_end(&range);
	shim_task_join(&inserter);
	inval(mm, 0, KB4);

	/* And as it comes. */
	for (i = 0; i < 2; i++)
		shim_task_start(&invals[i], churn_invals, &churn);
	shim_task_start(&inserter, churn_inserts, &churn);
	shim_task_join(&inserter);
	for (i = 0; i < 2; i++)
		shim_task_join(&invals[i]);
	CHECK(!subject_has_writers(mm));
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}
