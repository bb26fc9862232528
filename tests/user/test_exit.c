// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of the process. */
#include "harness.h"

struct released {
	struct mmu_notifier plain;
	unsigned int releases, order;
};

static void count_release(struct mmu_notifier *subscription,
			  struct mm_struct *mm)
{
	struct released *released = container_of(subscription, struct released,
						 plain);

	(void)mm;
	released->releases++;
	released->order = atomic_inc_return(&callback_count);
}

static const struct mmu_notifier_ops released_ops = {
	.release = count_release,
};

TEST(t01_reader_before_the_exit_retries)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;
	unsigned long seq;

	watch_insert(&watch, mm, 0, KB4);
	seq = mmu_range_read_begin(&watch.mrn);
	CHECK(!watch_retry(&watch, seq));
	mmput(mm);
	CHECK_REPORTS(SHIM_WARN, 0);
	CHECK(watch.calls == 1);
	CHECK(mmu_range_check_retry(&watch.mrn, seq));
	CHECK(watch_retry(&watch, seq));
	mmu_range_notifier_remove(&watch.mrn);
}

TEST(t02_one_release_for_each)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct released plain = { .plain.ops = &released_ops };
	struct watch watch[3];
	int i;

	CHECK(!mmu_notifier_register(&plain.plain, mm));
	for (i = 0; i < 3; i++)
		watch_insert(&watch[i], mm, i * KB4, 8 * KB4);
	mmput(mm);
	CHECK(plain.releases == 1);
	for (i = 0; i < 3; i++) {
		CHECK(watch[i].calls == 1);
		CHECK(watch[i].last.event == MMU_NOTIFY_RELEASE);
		CHECK(mmu_notifier_range_blockable(&watch[i].last));
		CHECK(watch[i].last.start == 0);
		CHECK(watch[i].last.end == ULONG_MAX);
		CHECK(watch[i].last_seq & 1);
		/* Ranges first: the plain ones may free what they use. */
		CHECK(watch[i].order < plain.order);
		CHECK(mmu_range_notifier_inserted(&watch[i].mrn));
		mmu_range_notifier_remove(&watch[i].mrn);
	}
	mmu_notifier_unregister(&plain.plain, mm);
	CHECK(plain.releases == 1);
}

TEST(t23_release_reaches_the_last_byte)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch page, byte;

	watch_insert(&page, mm, -KB4, KB4);
	watch_insert(&byte, mm, ULONG_MAX, 1);
	mmput(mm);
	CHECK(page.calls == 1 && page.last.event == MMU_NOTIFY_RELEASE);
	CHECK(byte.calls == 1 && byte.last.event == MMU_NOTIFY_RELEASE);
	mmu_range_notifier_remove(&page.mrn);
	mmu_range_notifier_remove(&byte.mrn);
}

/* The reverse map may still find the mm, and a late reader must not hang. */
TEST(invalidations_and_readers_after_the_exit)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct sleeper reader;
	struct watch watch;
	unsigned long seq;

	watch_insert(&watch, mm, 0, KB4);
	mmgrab(mm);
	mmput(mm);
	sleeper_read(&reader, &watch);
	seq = sleeper_join(&reader);
	inval(mm, 0, KB4);
	CHECK(watch.calls == 2);
	CHECK(watch_retry(&watch, seq));
	CHECK(!subject_has_writers(mm));
	mmu_range_notifier_remove(&watch.mrn);
	mmdrop(mm);
}

static void put_mm(void *arg)
{
	mmput(arg);
}

TEST(removal_waits_for_a_release_callback)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct gate gate = GATE_INIT;
	struct sleeper remover;
	struct shim_task exit;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	watch.gate = &gate;
	shim_task_start(&exit, put_mm, mm);
	CHECK(shim_task_settle(&exit) == SHIM_TASK_BLOCKED);
	sleeper_remove(&remover, &watch);
	CHECK(sleeper_sleeps(&remover));
	gate_open(&gate);
	shim_task_join(&exit);
	sleeper_join(&remover);
}

/* A reader asleep over the exit wakes up, and must not use what it reads. */
TEST(reader_asleep_over_the_exit)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper reader;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	mmgrab(mm);
	inval_start(&range, mm, 0, KB4);
	sleeper_read(&reader, &watch);
	CHECK(sleeper_sleeps(&reader));
	mmput(mm);
	CHECK(watch.calls == 2);
	CHECK(sleeper_sleeps(&reader));
	inval_end(&range);
	sleeper_join(&reader);
	CHECK(!mmget_not_zero(mm));
	mmu_range_notifier_remove(&watch.mrn);
	mmdrop(mm);
}

TEST(exit_without_subscriptions)
{
	struct mm_struct *mm = shim_mm_alloc();

	inval(mm, 0, KB4);
	mmput(mm);
}
