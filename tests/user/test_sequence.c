// SPDX-License-Identifier: GPL-2.0-or-later
/* The sequence, its readers, and the changes that wait for its end. */
#include <sched.h>

#include "harness.h"

TEST(seq_starts_at_two)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	CHECK(subject_seq(mm) == 2);
	CHECK(mmu_range_read_begin(&watch.mrn) == 1);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(seq_is_odd_while_a_writer_exists)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range, quiet;
	struct watch watch;

	watch_insert(&watch, mm, 4 * KB4, KB4);
	inval_start(&range, mm, 0, 8 * KB4);
	CHECK(subject_seq(mm) == 3);
	CHECK(watch.last_seq == 3);
	inval_end(&range);
	CHECK(subject_seq(mm) == 4);

	/* Nobody watches it, so it is no writer. */
	inval_start(&quiet, mm, 0, 4 * KB4);
	CHECK(subject_seq(mm) == 4);
	inval_end(&quiet);
	CHECK(subject_seq(mm) == 4);
	CHECK(watch.calls == 1);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(seq_of_several_writers)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range first, second, quiet;
	struct watch a, b;

	watch_insert(&a, mm, 0, KB4);
	watch_insert(&b, mm, 2 * KB4, KB4);
	inval_start(&first, mm, 0, KB4);
	inval_start(&quiet, mm, 8 * KB4, 9 * KB4);
	inval_start(&second, mm, 0, 4 * KB4);
	CHECK(a.calls == 2 && b.calls == 1);
	CHECK(a.last_seq == 3 && b.last_seq == 3);
	inval_end(&first);
	CHECK(subject_seq(mm) == 3);
	inval_end(&second);
	CHECK(subject_seq(mm) == 4);
	inval_end(&quiet);
	CHECK(subject_seq(mm) == 4);
	mmu_range_notifier_remove(&a.mrn);
	mmu_range_notifier_remove(&b.mrn);
	mmput(mm);
}

TEST(t06_collision_makes_the_reader_retry)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch, other;
	unsigned long seq, other_seq;

	watch_insert(&watch, mm, 0, KB4);
	watch_insert(&other, mm, KB4, KB4);
	seq = mmu_range_read_begin(&watch.mrn);
	other_seq = mmu_range_read_begin(&other.mrn);
	CHECK(!mmu_range_check_retry(&watch.mrn, seq));
	CHECK(!watch_retry(&watch, seq));

	/* A whole pair between fault and check: what hmm_mirror missed. */
	inval(mm, 0, KB4);
	CHECK(mmu_range_check_retry(&watch.mrn, seq));
	CHECK(watch_retry(&watch, seq));
	CHECK(!watch_retry(&other, other_seq));

	seq = mmu_range_read_begin(&watch.mrn);
	CHECK(!watch_retry(&watch, seq));
	inval_start(&range, mm, 0, KB4);
	CHECK(mmu_range_check_retry(&watch.mrn, seq));
	CHECK(watch_retry(&watch, seq));
	inval_end(&range);
	CHECK(watch_retry(&watch, seq));
	mmu_range_notifier_remove(&watch.mrn);
	mmu_range_notifier_remove(&other.mrn);
	mmput(mm);
}

TEST(read_begin_sleeps_until_the_last_end)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range first, second;
	struct sleeper reader;
	struct watch watch, other;
	unsigned long seq;

	watch_insert(&watch, mm, 0, KB4);
	watch_insert(&other, mm, KB4, KB4);
	inval_start(&first, mm, 0, KB4);
	sleeper_read(&reader, &watch);
	CHECK(sleeper_sleeps(&reader));
	/* Who was not hit does not sleep. */
	seq = mmu_range_read_begin(&other.mrn);
	CHECK(!watch_retry(&other, seq));

	inval_start(&second, mm, KB4, 2 * KB4);
	inval_end(&first);
	CHECK(sleeper_sleeps(&reader));
	inval_end(&second);
	seq = sleeper_join(&reader);
	CHECK(!watch_retry(&watch, seq));
	mmu_range_notifier_remove(&watch.mrn);
	mmu_range_notifier_remove(&other.mrn);
	mmput(mm);
}

/* The sequence moved while the reader slept, and is odd again when it looks. */
TEST(read_begin_sleeps_only_once)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper reader;
	struct watch watch;
	unsigned long seq;
	int i;

	watch_insert(&watch, mm, 0, KB4);
	for (i = 0; i < ROUNDS(100); i++) {
		inval_start(&range, mm, 0, KB4);
		sleeper_read(&reader, &watch);
		CHECK(sleeper_sleeps(&reader));
		inval_end(&range);
		inval_start(&range, mm, 0, KB4);
		seq = sleeper_join(&reader);
		CHECK(watch_retry(&watch, seq));
		inval_end(&range);
	}
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* ------------------------------------------------------- deferred insertion */

TEST(insert_amid_a_writer_is_deferred)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper reader;
	struct watch watch, late;
	unsigned long seq;

	watch_insert(&watch, mm, 0, KB4);
	inval_start(&range, mm, 0, KB4);
	watch_insert(&late, mm, 0, KB4);
	CHECK(mmu_range_notifier_inserted(&late.mrn));
	/* Frozen: a second writer does not find it. */
	inval(mm, 0, KB4);
	CHECK(watch_calls(&watch) == 2 && watch_calls(&late) == 0);
	sleeper_read(&reader, &late);
	CHECK(sleeper_sleeps(&reader));

	inval_end(&range);
	seq = sleeper_join(&reader);
	CHECK(!watch_retry(&late, seq));
	inval(mm, 0, KB4);
	CHECK(watch_calls(&watch) == 3 && watch_calls(&late) == 1);
	CHECK(watch_retry(&late, seq));
	mmu_range_notifier_remove(&watch.mrn);
	mmu_range_notifier_remove(&late.mrn);
	mmput(mm);
}

TEST(removal_of_a_queued_insert)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper remover;
	struct watch watch, late[3];
	int i;

	watch_insert(&watch, mm, 0, KB4);
	inval_start(&range, mm, 0, KB4);
	for (i = 0; i < 3; i++)
		watch_insert(&late[i], mm, 0, KB4);
	/* It was never in the tree, so nothing is waited for. */
	sleeper_remove(&remover, &late[1]);
	CHECK(!sleeper_sleeps(&remover));
	sleeper_join(&remover);
	/* The next end must not use it. */
	memset(&late[1], 0xa5, sizeof(late[1]));
	inval_end(&range);

	inval(mm, 0, KB4);
	CHECK(late[0].calls == 1 && late[2].calls == 1);
	mmu_range_notifier_remove(&late[0].mrn);
	mmu_range_notifier_remove(&late[2].mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* --------------------------------------------------------- deferred removal */

TEST(removal_waits_for_the_last_writer)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range first, second;
	struct sleeper remover;
	struct watch watch, gone;

	watch_insert(&watch, mm, 0, KB4);
	watch_insert(&gone, mm, KB4, KB4);
	inval_start(&first, mm, 0, KB4);
	sleeper_remove(&remover, &gone);
	CHECK(sleeper_sleeps(&remover));
	inval_start(&second, mm, 0, KB4);
	inval_end(&first);
	CHECK(sleeper_sleeps(&remover));
	inval_end(&second);
	sleeper_join(&remover);
	memset(&gone, 0xa5, sizeof(gone));
	inval(mm, 0, 2 * KB4);
	CHECK(watch.calls == 3);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* The callback runs while the removal waits, and not afterwards. */
TEST(removal_amid_its_own_callback)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper remover;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	inval_start(&range, mm, 0, KB4);
	sleeper_remove(&remover, &watch);
	CHECK(sleeper_sleeps(&remover));
	/* Queued only: it is in the tree until the last end. */
	inval(mm, 0, KB4);
	CHECK(watch.calls == 2);
	inval_end(&range);
	sleeper_join(&remover);
	inval(mm, 0, KB4);
	CHECK(watch.calls == 2);
	mmput(mm);
}

TEST(several_removals_and_insertions_at_one_end)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper removers[4];
	struct watch old[4], new[4];
	int i;

	for (i = 0; i < 4; i++)
		watch_insert(&old[i], mm, i * KB4, 2 * KB4);
	inval_start(&range, mm, 0, KB4);
	for (i = 0; i < 4; i++) {
		watch_insert(&new[i], mm, i * KB4, 2 * KB4);
		sleeper_remove(&removers[i], &old[i]);
		CHECK(sleeper_sleeps(&removers[i]));
	}
	inval_end(&range);
	for (i = 0; i < 4; i++)
		sleeper_join(&removers[i]);
	memset(old, 0xa5, sizeof(old));
	inval(mm, 0, 8 * KB4);
	for (i = 0; i < 4; i++) {
		CHECK(new[i].calls == 1);
		mmu_range_notifier_remove(&new[i].mrn);
	}
	mmput(mm);
}

/* ----------------------------------------------------------- the frozen tree */

static void inval_all(void *arg)
{
	inval(arg, 0, 16 * KB4);
}

/* Nobody touches the tree while a writer stands in the middle of it. */
TEST(tree_is_frozen_under_a_walk)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct gate gate = GATE_INIT;
	struct watch first, last, late;
	struct sleeper remover;
	struct shim_task walker;

	watch_insert(&first, mm, 0, KB4);
	watch_insert(&last, mm, 2 * KB4, KB4);
	first.gate = &gate;
	shim_task_start(&walker, inval_all, mm);
	CHECK(shim_task_settle(&walker) == SHIM_TASK_BLOCKED);
	watch_insert(&late, mm, KB4, KB4);
	sleeper_remove(&remover, &last);
	CHECK(sleeper_sleeps(&remover));
	/* Ends while the walk goes on, and is not the last. */
	inval(mm, 2 * KB4, 3 * KB4);
	CHECK(sleeper_sleeps(&remover));
	gate_open(&gate);
	shim_task_join(&walker);
	sleeper_join(&remover);
	CHECK(last.calls == 2 && late.calls == 0);
	inval(mm, 0, 16 * KB4);
	CHECK(last.calls == 2 && late.calls == 1);
	mmu_range_notifier_remove(&first.mrn);
	mmu_range_notifier_remove(&late.mrn);
	mmput(mm);
}

/* -------------------------------------------------------- quiet invalidations */

TEST(quiet_elsewhere_holds_nobody_up)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range quiet[2];
	struct sleeper thread;
	struct watch watch, fixed;
	unsigned long seq;

	watch_insert(&fixed, mm, 0, KB4);
	inval_start(&quiet[0], mm, KB4, 2 * KB4);
	inval_start(&quiet[1], mm, 4 * KB4, 5 * KB4);
	watch_insert(&watch, mm, 2 * KB4, 2 * KB4);
	CHECK(!subject_has_writers(mm));
	sleeper_read(&thread, &watch);
	CHECK(!sleeper_sleeps(&thread));
	seq = sleeper_join(&thread);
	CHECK(!watch_retry(&watch, seq));
	sleeper_remove(&thread, &watch);
	CHECK(!sleeper_sleeps(&thread));
	sleeper_join(&thread);
	CHECK(!subject_has_writers(mm));
	inval_end(&quiet[0]);
	inval_end(&quiet[1]);
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}

/* It missed the callback, so no SPTE before the end of what goes on there. */
TEST(insert_over_a_quiet_invalidation_collides)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range quiet[3];
	struct sleeper reader, remover;
	struct watch watch, fixed;
	unsigned long seq;

	watch_insert(&fixed, mm, 64 * KB4, KB4);
	inval_start(&quiet[0], mm, 0, KB4);
	inval_start(&quiet[1], mm, 2 * KB4 - 1, 2 * KB4);
	inval_start(&quiet[2], mm, 8 * KB4, 9 * KB4);
	watch_insert(&watch, mm, KB4, KB4);
	CHECK(subject_has_writers(mm));
	sleeper_read(&reader, &watch);
	CHECK(sleeper_sleeps(&reader));
	sleeper_remove(&remover, &fixed);
	CHECK(sleeper_sleeps(&remover));
	inval_end(&quiet[0]);
	CHECK(sleeper_sleeps(&reader));
	/* The only one that it overlaps, by the last byte. */
	inval_end(&quiet[1]);
	seq = sleeper_join(&reader);
	sleeper_join(&remover);
	CHECK(!watch_retry(&watch, seq));
	CHECK(!subject_has_writers(mm));
	inval_end(&quiet[2]);
	CHECK(watch.calls == 0);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(applied_insert_over_a_quiet_invalidation_collides)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range writer, quiet;
	struct sleeper reader, early, remover;
	struct watch fixed, late;
	unsigned long seq;

	watch_insert(&fixed, mm, 0, KB4);
	inval_start(&writer, mm, 0, KB4);
	inval_start(&quiet, mm, 4 * KB4, 5 * KB4);
	watch_insert(&late, mm, 4 * KB4, KB4);
	sleeper_read(&early, &late);
	CHECK(sleeper_sleeps(&early));
	sleeper_remove(&remover, &fixed);
	CHECK(sleeper_sleeps(&remover));
	inval_end(&writer);

	/* Everybody is woken, but this range must not be read yet. */
	sleeper_join(&remover);
	CHECK(subject_has_writers(mm));
	seq = sleeper_join(&early);
	CHECK(watch_retry(&late, seq));
	sleeper_read(&reader, &late);
	CHECK(sleeper_sleeps(&reader));
	inval_end(&quiet);
	seq = sleeper_join(&reader);
	CHECK(!watch_retry(&late, seq));
	CHECK(!subject_has_writers(mm));
	mmu_range_notifier_remove(&late.mrn);
	mmput(mm);
}

/* What turns the quiet one into a writer is the first of them only. */
TEST(two_applied_inserts_over_one_quiet_invalidation)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range writer, quiet;
	struct sleeper readers[2];
	struct watch fixed, late[2];
	unsigned long seq;
	int i;

	watch_insert(&fixed, mm, 0, KB4);
	inval_start(&writer, mm, 0, KB4);
	inval_start(&quiet, mm, 4 * KB4, 6 * KB4);
	for (i = 0; i < 2; i++)
		watch_insert(&late[i], mm, (4 + i) * KB4, KB4);
	inval_end(&writer);
	CHECK(subject_has_writers(mm));
	for (i = 0; i < 2; i++) {
		sleeper_read(&readers[i], &late[i]);
		CHECK(sleeper_sleeps(&readers[i]));
	}
	inval_end(&quiet);
	for (i = 0; i < 2; i++) {
		seq = sleeper_join(&readers[i]);
		CHECK(!watch_retry(&late[i], seq));
		mmu_range_notifier_remove(&late[i].mrn);
	}
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}

/* A second insert finds a writer where it was quiet before: as if hit. */
TEST(insert_after_a_promotion_is_deferred)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range quiet;
	struct sleeper reader;
	struct watch fixed, late[2];
	unsigned long seq;
	int i;

	watch_insert(&fixed, mm, 0, KB4);
	inval_start(&quiet, mm, 4 * KB4, 5 * KB4);
	for (i = 0; i < 2; i++)
		watch_insert(&late[i], mm, 4 * KB4, KB4);
	sleeper_read(&reader, &late[1]);
	CHECK(sleeper_sleeps(&reader));
	inval_end(&quiet);
	seq = sleeper_join(&reader);
	CHECK(!watch_retry(&late[1], seq));
	inval(mm, 4 * KB4, 5 * KB4);
	for (i = 0; i < 2; i++) {
		CHECK(late[i].calls == 1);
		mmu_range_notifier_remove(&late[i].mrn);
	}
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}

/* The object may be used again, whichever way it was counted before. */
TEST(range_object_is_reused)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch fixed, watch;

	watch_insert(&fixed, mm, 0, KB4);
	mmu_notifier_range_init(&range, MMU_NOTIFY_CLEAR, 0, mm, 4 * KB4,
				5 * KB4);
	mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
	watch_insert(&watch, mm, 4 * KB4, KB4);
	CHECK(!subject_has_writers(mm));
	mmu_notifier_invalidate_range_start(&range);
	CHECK(subject_has_writers(mm));
	mmu_notifier_invalidate_range_end(&range);
	CHECK(!subject_has_writers(mm));
	mmu_range_notifier_remove(&watch.mrn);
	mmu_notifier_invalidate_range_start(&range);
	mmu_notifier_invalidate_range_end(&range);
	CHECK(!subject_has_writers(mm));
	CHECK(watch.calls == 1);
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}

/* ---------------------------------------------------------------------- wrap */

TEST(t14_wrap_loses_no_collision)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct watch watch, calm;
	unsigned long seq, calm_seq, before = 0;
	bool wrapped = false;
	int i;

	watch_insert(&calm, mm, 8 * KB4, KB4);
	subject_set_seq(mm, ULONG_MAX - 9);
	watch_insert(&watch, mm, 0, KB4);
	calm_seq = mmu_range_read_begin(&calm.mrn);
	for (i = 0; i < 20; i++) {
		struct sleeper reader, remover, late_reader;
		struct watch gone, late;

		watch_insert(&gone, mm, 0, KB4);
		seq = mmu_range_read_begin(&watch.mrn);
		CHECK(!watch_retry(&watch, seq));
		CHECK(!(subject_seq(mm) & 1));
		inval_start(&range, mm, 0, KB4);
		CHECK(watch.last_seq & 1);
		CHECK(mmu_range_check_retry(&watch.mrn, seq));
		CHECK(watch_retry(&watch, seq));
		sleeper_read(&reader, &watch);
		CHECK(sleeper_sleeps(&reader));
		sleeper_remove(&remover, &gone);
		CHECK(sleeper_sleeps(&remover));
		watch_insert(&late, mm, 0, KB4);
		sleeper_read(&late_reader, &late);
		CHECK(sleeper_sleeps(&late_reader));
		inval_end(&range);
		sleeper_join(&remover);
		CHECK(!watch_retry(&watch, sleeper_join(&reader)));
		CHECK(!watch_retry(&late, sleeper_join(&late_reader)));
		mmu_range_notifier_remove(&late.mrn);
		if (i && subject_seq(mm) < before)
			wrapped = true;
		before = subject_seq(mm);
	}
	CHECK(wrapped);
	CHECK(!watch_retry(&calm, calm_seq));
	mmu_range_notifier_remove(&watch.mrn);
	mmu_range_notifier_remove(&calm.mrn);
	mmput(mm);
}

/* Insertions and promotions at every value about the wrap. */
TEST(t14_wrap_with_quiet_invalidations)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range quiet, writer;
	struct sleeper reader;
	struct watch fixed, watch;
	unsigned long seq;
	int i;

	watch_insert(&fixed, mm, 8 * KB4, KB4);
	for (i = 0; i < 8; i++) {
		/* Even while idle, and the insertion takes one less. */
		subject_set_seq(mm, 2 * i - 8ul);
		watch_insert(&watch, mm, 0, KB4);
		seq = mmu_range_read_begin(&watch.mrn);
		CHECK(seq & 1);
		CHECK(!watch_retry(&watch, seq));
		mmu_range_notifier_remove(&watch.mrn);

		inval_start(&quiet, mm, 0, KB4);
		watch_insert(&watch, mm, 0, KB4);
		sleeper_read(&reader, &watch);
		CHECK(sleeper_sleeps(&reader));
		inval_end(&quiet);
		CHECK(!watch_retry(&watch, sleeper_join(&reader)));
		mmu_range_notifier_remove(&watch.mrn);

		inval_start(&writer, mm, 8 * KB4, 9 * KB4);
		inval_start(&quiet, mm, 0, KB4);
		watch_insert(&watch, mm, 0, KB4);
		inval_end(&writer);
		sleeper_read(&reader, &watch);
		CHECK(sleeper_sleeps(&reader));
		inval_end(&quiet);
		CHECK(!watch_retry(&watch, sleeper_join(&reader)));
		mmu_range_notifier_remove(&watch.mrn);
	}
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}

/* A range not hit for 2^63 writers may sleep for nothing, but not for ever. */
TEST(t14_old_sequence_sleeps_no_longer_than_one_writer)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier_range range;
	struct sleeper reader;
	struct watch old, watch;
	unsigned long seq;

	watch_insert(&old, mm, 0, KB4);
	watch_insert(&watch, mm, KB4, KB4);
	seq = mmu_range_read_begin(&old.mrn);
	/* All the way round: the next odd value is the one that it has. */
	subject_set_seq(mm, seq - 1);
	inval_start(&range, mm, KB4, 2 * KB4);
	CHECK(subject_seq(mm) == seq);
	sleeper_read(&reader, &old);
	CHECK(sleeper_sleeps(&reader));
	inval_end(&range);
	CHECK(!watch_retry(&old, sleeper_join(&reader)));
	mmu_range_notifier_remove(&old.mrn);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

/* ------------------------------------------------------------------ no races */

struct looker {
	struct shim_task task;
	struct watch *watch;
	unsigned long seq;
	bool looked, stop;
};

/*
 * Looks without any lock, and tells of it by a relaxed store: nothing orders
 * this thread with the callback but what the API itself does.
 */
static void look(void *arg)
{
	struct looker *looker = arg;

	while (!mmu_range_check_retry(&looker->watch->mrn, looker->seq))
		__atomic_store_n(&looker->looked, true, __ATOMIC_RELAXED);
}

/* The whole read side, again and again. */
static void read_on(void *arg)
{
	struct looker *looker = arg;

	while (!__atomic_load_n(&looker->stop, __ATOMIC_RELAXED)) {
		unsigned long seq = mmu_range_read_begin(&looker->watch->mrn);

		CHECK(seq & 1);
		mmu_range_check_retry(&looker->watch->mrn, seq);
		watch_retry(looker->watch, seq);
	}
}

/* For ThreadSanitizer. */
TEST(t13_no_plain_store_to_a_sequence)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct watch fixed;
	int round, i;

	watch_insert(&fixed, mm, 0, KB4);
	for (round = 0; round < ROUNDS(80); round++) {
		struct mmu_notifier_range writer, quiet;
		struct watch late;
		struct looker reader = { .watch = &late };
		struct looker looker = { .watch = &late };

		/* Stored by the last end, for an insertion that was queued. */
		inval_start(&writer, mm, 0, KB4);
		inval_start(&quiet, mm, 4 * KB4, 5 * KB4);
		watch_insert(&late, mm, 4 * KB4, KB4);
		shim_task_start(&reader.task, read_on, &reader);
		inval_end(&writer);
		inval_end(&quiet);

		/* And by a callback. */
		looker.seq = mmu_range_read_begin(&late.mrn);
		shim_task_start(&looker.task, look, &looker);
		while (!__atomic_load_n(&looker.looked, __ATOMIC_RELAXED))
			sched_yield();
		for (i = 0; i < 20; i++)
			inval(mm, 4 * KB4, 5 * KB4);
		__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
		shim_task_join(&looker.task);
		shim_task_join(&reader.task);
		mmu_range_notifier_remove(&late.mrn);
	}
	mmu_range_notifier_remove(&fixed.mrn);
	mmput(mm);
}
