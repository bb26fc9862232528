// SPDX-License-Identifier: GPL-2.0-or-later
/* Plain notifiers. */
#include "harness.h"

struct plain {
	struct mmu_notifier notifier;
	unsigned int releases, starts, ends, tlbs;
	unsigned int flush_youngs, youngs, tests, frees;
	int young;
	int start_error;
	struct mmu_notifier_range last;
	struct gate *gate;
	bool put_in_release;
};

static struct plain *plain_of(struct mmu_notifier *notifier)
{
	return container_of(notifier, struct plain, notifier);
}

static void on_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct plain *plain = plain_of(notifier);

	(void)mm;
	__atomic_fetch_add(&plain->releases, 1, __ATOMIC_RELAXED);
	if (plain->gate)
		gate_pass(plain->gate);
	if (plain->put_in_release)
		mmu_notifier_put(notifier);
}

static int on_start(struct mmu_notifier *notifier,
		    const struct mmu_notifier_range *range)
{
	struct plain *plain = plain_of(notifier);

	plain->starts++;
	plain->last = *range;
	if (plain->gate)
		gate_pass(plain->gate);
	return plain->start_error;
}

static void on_end(struct mmu_notifier *notifier,
		   const struct mmu_notifier_range *range)
{
	(void)range;
	plain_of(notifier)->ends++;
}

static int on_flush_young(struct mmu_notifier *notifier, struct mm_struct *mm,
			  unsigned long start, unsigned long end)
{
	(void)mm;
	CHECK(start == KB4 && end == 2 * KB4);
	plain_of(notifier)->flush_youngs++;
	return plain_of(notifier)->young;
}

static int on_young(struct mmu_notifier *notifier, struct mm_struct *mm,
		    unsigned long start, unsigned long end)
{
	(void)mm;
	CHECK(start == KB4 && end == 2 * KB4);
	plain_of(notifier)->youngs++;
	return plain_of(notifier)->young;
}

static int on_test_young(struct mmu_notifier *notifier, struct mm_struct *mm,
			 unsigned long address)
{
	(void)mm;
	CHECK(address == KB4);
	plain_of(notifier)->tests++;
	return plain_of(notifier)->young;
}

static void on_tlb(struct mmu_notifier *notifier, struct mm_struct *mm,
		   unsigned long start, unsigned long end)
{
	(void)mm;
	CHECK(start == KB4 && end == 2 * KB4);
	plain_of(notifier)->tlbs++;
}

static struct plain *allocated;

static struct mmu_notifier *on_alloc(struct mm_struct *mm)
{
	(void)mm;
	allocated = calloc(1, sizeof(*allocated));
	return &allocated->notifier;
}

static struct mmu_notifier *on_alloc_fails(struct mm_struct *mm)
{
	(void)mm;
	return ERR_PTR(-ENXIO);
}

static unsigned int freed;

static void on_free(struct mmu_notifier *notifier)
{
	/* Its mm is there still. */
	CHECK(atomic_read(&notifier->mm->mm_count) > 0);
	freed++;
	free(plain_of(notifier));
}

static const struct mmu_notifier_ops full_ops = {
	.release = on_release,
	.clear_flush_young = on_flush_young,
	.clear_young = on_young,
	.test_young = on_test_young,
	.invalidate_range_start = on_start,
	.invalidate_range_end = on_end,
};

static const struct mmu_notifier_ops no_end_ops = {
	.release = on_release,
	.invalidate_range_start = on_start,
};

static const struct mmu_notifier_ops tlb_ops = {
	.arch_invalidate_secondary_tlbs = on_tlb,
};

static const struct mmu_notifier_ops empty_ops;

static const struct mmu_notifier_ops get_ops = {
	.alloc_notifier = on_alloc,
	.free_notifier = on_free,
	.release = on_release,
};

TEST(plain_start_and_end)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain a = { .notifier.ops = &full_ops };
	struct plain b = { .notifier.ops = &full_ops };
	struct plain nothing = { .notifier.ops = &empty_ops };
	struct mmu_notifier_range range;

	CHECK(!mmu_notifier_register(&a.notifier, mm));
	CHECK(!mmu_notifier_register(&nothing.notifier, mm));
	CHECK(!mmu_notifier_register(&b.notifier, mm));
	CHECK(a.notifier.mm == mm);
	inval_start(&range, mm, KB4, 3 * KB4);
	CHECK(a.starts == 1 && b.starts == 1 && !a.ends && !b.ends);
	CHECK(a.last.start == KB4 && a.last.end == 3 * KB4);
	inval_end(&range);
	CHECK(a.ends == 1 && b.ends == 1);
	CHECK(!inval_try_start(&range, mm, KB4, 2 * KB4));
	CHECK(!mmu_notifier_range_blockable(&b.last));
	inval_end(&range);
	CHECK(a.starts == 2 && a.ends == 2);

	mmu_notifier_unregister(&a.notifier, mm);
	CHECK(a.releases == 1);
	inval(mm, 0, KB4);
	CHECK(a.starts == 2 && b.starts == 3);
	mmu_notifier_unregister(&nothing.notifier, mm);
	mmu_notifier_unregister(&b.notifier, mm);
	mmput(mm);
	CHECK(a.releases == 1 && b.releases == 1);
}

TEST(plain_young)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain a = { .notifier.ops = &full_ops, .young = 1 };
	struct plain b = { .notifier.ops = &full_ops, .young = 1 };
	struct plain nothing = { .notifier.ops = &empty_ops };

	CHECK(!mmu_notifier_clear_flush_young(mm, KB4, 2 * KB4));
	CHECK(!mmu_notifier_clear_young(mm, KB4, 2 * KB4));
	CHECK(!mmu_notifier_test_young(mm, KB4));
	CHECK(!mmu_notifier_register(&a.notifier, mm));
	CHECK(!mmu_notifier_register(&nothing.notifier, mm));
	CHECK(!mmu_notifier_register(&b.notifier, mm));

	/* Clearing goes to all of them, the test may stop at the first. */
	CHECK(mmu_notifier_clear_flush_young(mm, KB4, 2 * KB4) == 1);
	CHECK(a.flush_youngs == 1 && b.flush_youngs == 1);
	CHECK(mmu_notifier_clear_young(mm, KB4, 2 * KB4) == 1);
	CHECK(a.youngs == 1 && b.youngs == 1);
	CHECK(mmu_notifier_test_young(mm, KB4) == 1);
	CHECK(a.tests + b.tests == 1);
	/* Whoever of them says so, and whoever is asked last. */
	for (a.young = 0; a.young < 2; a.young++) {
		b.young = !a.young;
		CHECK(mmu_notifier_test_young(mm, KB4) == 1);
		CHECK(mmu_notifier_clear_young(mm, KB4, 2 * KB4) == 1);
		CHECK(mmu_notifier_clear_flush_young(mm, KB4, 2 * KB4) == 1);
	}
	a.young = 0;
	b.young = 0;
	CHECK(!mmu_notifier_test_young(mm, KB4));
	CHECK(!mmu_notifier_clear_young(mm, KB4, 2 * KB4));
	CHECK(!mmu_notifier_clear_flush_young(mm, KB4, 2 * KB4));
	mmu_notifier_unregister(&a.notifier, mm);
	mmu_notifier_unregister(&nothing.notifier, mm);
	mmu_notifier_unregister(&b.notifier, mm);
	mmput(mm);
}

TEST(plain_secondary_tlbs)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain a = { .notifier.ops = &tlb_ops };
	struct plain b = { .notifier.ops = &full_ops };

	mmu_notifier_arch_invalidate_secondary_tlbs(mm, KB4, 2 * KB4);
	CHECK(!mmu_notifier_register(&a.notifier, mm));
	CHECK(!mmu_notifier_register(&b.notifier, mm));
	mmu_notifier_arch_invalidate_secondary_tlbs(mm, KB4, 2 * KB4);
	CHECK(a.tlbs == 1 && b.starts == 0);
	inval(mm, 0, KB4);
	CHECK(a.tlbs == 1 && b.starts == 1);
	mmu_notifier_unregister(&a.notifier, mm);
	mmu_notifier_unregister(&b.notifier, mm);
	mmput(mm);
}

TEST(plain_mixed_ops_are_refused)
{
	static const struct mmu_notifier_ops with_start = {
		.arch_invalidate_secondary_tlbs = on_tlb,
		.invalidate_range_start = on_start,
	};
	static const struct mmu_notifier_ops with_end = {
		.arch_invalidate_secondary_tlbs = on_tlb,
		.invalidate_range_end = on_end,
	};
	struct mm_struct *mm = shim_mm_alloc();
	struct plain plain = { .notifier.ops = &with_start };

	CHECK(mmu_notifier_register(&plain.notifier, mm) == -EINVAL);
	CHECK_REPORTS(SHIM_WARN, 1);
	plain.notifier.ops = &with_end;
	CHECK(mmu_notifier_register(&plain.notifier, mm) == -EINVAL);
	CHECK_REPORTS(SHIM_WARN, 1);
	CHECK(atomic_read(&mm->mm_count) == 1);
	mmput(mm);
}

TEST(plain_register_fails_cleanly)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain plain = { .notifier.ops = &full_ops };

	shim_fail_next_alloc();
	CHECK(mmu_notifier_register(&plain.notifier, mm) == -ENOMEM);
	shim_fail_next_take_all_locks();
	CHECK(mmu_notifier_register(&plain.notifier, mm) == -EINTR);
	CHECK(atomic_read(&mm->mm_count) == 1);
	CHECK(!mm_has_notifiers(mm));
	CHECK(!mmu_notifier_register(&plain.notifier, mm));
	CHECK(atomic_read(&mm->mm_count) == 2);
	mmu_notifier_unregister(&plain.notifier, mm);
	mmput(mm);
}

TEST(plain_register_wants_the_mmap_lock)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain plain = { .notifier.ops = &full_ops };

	mmap_write_lock(mm);
	CHECK(!__mmu_notifier_register(&plain.notifier, mm));
	mmap_write_unlock(mm);
	mmu_notifier_unregister(&plain.notifier, mm);
	CHECK_REPORTS(SHIM_LOCKDEP, 0);
	CHECK(!__mmu_notifier_register(&plain.notifier, mm));
	CHECK(shim_take_reports(SHIM_LOCKDEP) > 0);
	mmu_notifier_unregister(&plain.notifier, mm);
	mmput(mm);
}

/* It has no excuse, and the core mm can't stop now: everybody hears of it. */
TEST(plain_blockable_failure_warns)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain bad = { .notifier.ops = &no_end_ops, .start_error = -EAGAIN };
	struct plain good = { .notifier.ops = &full_ops };
	struct mmu_notifier_range range;
	struct watch watch;

	watch_insert(&watch, mm, 0, KB4);
	CHECK(!mmu_notifier_register(&good.notifier, mm));
	CHECK(!mmu_notifier_register(&bad.notifier, mm));
	inval_start(&range, mm, 0, KB4);
	CHECK_REPORTS(SHIM_WARN, 1);
	CHECK(subject_has_writers(mm));
	CHECK(good.starts == 1 && good.ends == 0);
	inval_end(&range);
	CHECK(good.ends == 1);
	CHECK(!subject_has_writers(mm));
	mmu_notifier_unregister(&good.notifier, mm);
	mmu_notifier_unregister(&bad.notifier, mm);
	mmu_range_notifier_remove(&watch.mrn);
	mmput(mm);
}

TEST(plain_failure_other_than_eagain_warns)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain bad = { .notifier.ops = &no_end_ops, .start_error = -EIO };
	struct mmu_notifier_range range;

	CHECK(!mmu_notifier_register(&bad.notifier, mm));
	CHECK(inval_try_start(&range, mm, 0, KB4));
	CHECK_REPORTS(SHIM_WARN, 1);
	/* And one that has an end can't know whether it will be called. */
	mmu_notifier_unregister(&bad.notifier, mm);
	bad.notifier.ops = &full_ops;
	bad.start_error = -EAGAIN;
	CHECK(!mmu_notifier_register(&bad.notifier, mm));
	CHECK(inval_try_start(&range, mm, 0, KB4) == -EAGAIN);
	CHECK_REPORTS(SHIM_WARN, 1);
	mmu_notifier_unregister(&bad.notifier, mm);
	mmput(mm);
}

/* --------------------------------------------------------------- get and put */

TEST(plain_get_and_put)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier *first, *second;

	first = mmu_notifier_get(&get_ops, mm);
	CHECK(!IS_ERR(first) && first == &allocated->notifier);
	second = mmu_notifier_get(&get_ops, mm);
	CHECK(second == first);
	CHECK(atomic_read(&mm->mm_count) == 2);
	mmu_notifier_put(first);
	CHECK(!freed);
	mmu_notifier_put(second);
	/* Gone from the list, but somebody may be in a callback still. */
	CHECK(!freed);
	first = mmu_notifier_get(&get_ops, mm);
	CHECK(first != second);
	mmu_notifier_put(first);
	mmput(mm);
	CHECK(shim_mm_live() == 1);
	mmu_notifier_synchronize();
	CHECK(freed == 2);
	CHECK(shim_mm_live() == 0);
}

TEST(plain_put_does_not_call_release)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier *notifier = mmu_notifier_get(&get_ops, mm);
	struct plain *plain = plain_of(notifier);

	mmu_notifier_put(notifier);
	CHECK(!plain->releases);
	mmu_notifier_synchronize();
	mmput(mm);
}

TEST(plain_put_in_the_release)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier *notifier = mmu_notifier_get(&get_ops, mm);
	struct plain *plain = plain_of(notifier);

	plain->put_in_release = true;
	mmput(mm);
	CHECK(plain->releases == 1);
	CHECK(!freed);
	mmu_notifier_synchronize();
	CHECK(freed == 1);
}

TEST(plain_put_too_often_warns)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier *notifier = mmu_notifier_get(&get_ops, mm);

	mmu_notifier_put(notifier);
	mmu_notifier_put(notifier);
	CHECK_REPORTS(SHIM_WARN, 1);
	mmu_notifier_synchronize();
	CHECK(freed == 1);
	mmput(mm);
}

TEST(plain_get_overflow)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier *notifier = mmu_notifier_get(&get_ops, mm);

	notifier->users = UINT_MAX - 1;
	CHECK(mmu_notifier_get(&get_ops, mm) == notifier);
	CHECK(PTR_ERR(mmu_notifier_get(&get_ops, mm)) == -EOVERFLOW);
	CHECK(notifier->users == UINT_MAX);
	notifier->users = 1;
	mmu_notifier_put(notifier);
	mmu_notifier_synchronize();
	mmput(mm);
}

TEST(plain_get_fails_cleanly)
{
	static const struct mmu_notifier_ops failing = {
		.alloc_notifier = on_alloc_fails,
		.free_notifier = on_free,
	};
	static const struct mmu_notifier_ops other = {
		.alloc_notifier = on_alloc,
		.free_notifier = on_free,
	};
	struct mm_struct *mm = shim_mm_alloc();
	struct mmu_notifier *notifier, *second;

	CHECK(PTR_ERR(mmu_notifier_get(&failing, mm)) == -ENXIO);
	CHECK(atomic_read(&mm->mm_count) == 1);
	CHECK(!freed);

	/* Two with different ops are two. */
	notifier = mmu_notifier_get(&get_ops, mm);
	second = mmu_notifier_get(&other, mm);
	CHECK(notifier != second);
	mmu_notifier_put(notifier);
	mmu_notifier_put(second);
	mmu_notifier_synchronize();
	CHECK(freed == 2);
	mmput(mm);
}

static void free_unregistered(struct mmu_notifier *notifier)
{
	freed++;
	free(plain_of(notifier));
}

TEST(plain_get_frees_what_it_cannot_register)
{
	static const struct mmu_notifier_ops ops = {
		.alloc_notifier = on_alloc,
		.free_notifier = free_unregistered,
	};
	struct mm_struct *mm = shim_mm_alloc();

	shim_fail_next_alloc();
	CHECK(PTR_ERR(mmu_notifier_get(&ops, mm)) == -ENOMEM);
	CHECK(freed == 1);
	shim_fail_next_take_all_locks();
	CHECK(PTR_ERR(mmu_notifier_get(&ops, mm)) == -EINTR);
	CHECK(freed == 2);
	CHECK(atomic_read(&mm->mm_count) == 1);
	mmput(mm);
}

/* ------------------------------------------------------------------- two threads */

struct unregister {
	struct plain *plain;
	struct mm_struct *mm;
};

static void unregister_fn(void *arg)
{
	struct unregister *unregister = arg;

	mmu_notifier_unregister(&unregister->plain->notifier, unregister->mm);
}

static void inval_fn(void *arg)
{
	inval(arg, 0, KB4);
}

static void put_fn(void *arg)
{
	mmput(arg);
}

TEST(plain_unregister_waits_for_a_callback)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct gate gate = GATE_INIT;
	struct plain *plain = calloc(1, sizeof(*plain));
	struct unregister unregister = { plain, mm };
	struct shim_task invalidator, remover;

	plain->notifier.ops = &no_end_ops;
	CHECK(!mmu_notifier_register(&plain->notifier, mm));
	plain->gate = &gate;
	shim_task_start(&invalidator, inval_fn, mm);
	CHECK(shim_task_settle(&invalidator) == SHIM_TASK_BLOCKED);
	plain->gate = NULL;
	shim_task_start(&remover, unregister_fn, &unregister);
	CHECK(shim_task_settle(&remover) == SHIM_TASK_BLOCKED);
	gate_open(&gate);
	shim_task_join(&invalidator);
	shim_task_join(&remover);
	CHECK(plain->releases == 1);
	free(plain);
	mmput(mm);
}

/* The pages must not be freed before a release that unregister began is over. */
TEST(plain_exit_waits_for_the_release_of_an_unregister)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct gate gate = GATE_INIT;
	struct plain plain = { .notifier.ops = &full_ops, .gate = &gate };
	struct unregister unregister = { &plain, mm };
	struct shim_task exit, remover;

	CHECK(!mmu_notifier_register(&plain.notifier, mm));
	shim_task_start(&remover, unregister_fn, &unregister);
	CHECK(shim_task_settle(&remover) == SHIM_TASK_BLOCKED);
	/* The exit's own call returns at once. */
	plain.gate = NULL;
	shim_task_start(&exit, put_fn, mm);
	CHECK(shim_task_settle(&exit) == SHIM_TASK_BLOCKED);
	gate_open(&gate);
	shim_task_join(&exit);
	shim_task_join(&remover);
	CHECK(plain.releases >= 1);
	CHECK(shim_mm_live() == 0);
}

TEST(plain_unregister_after_the_exit)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct plain plain = { .notifier.ops = &full_ops };

	CHECK(!mmu_notifier_register(&plain.notifier, mm));
	mmput(mm);
	CHECK(plain.releases == 1);
	CHECK(shim_mm_live() == 1);
	mmu_notifier_unregister(&plain.notifier, mm);
	CHECK(plain.releases == 1);
	CHECK(shim_mm_live() == 0);
}

static void churn_fn(void *arg)
{
	struct mm_struct *mm = arg;
	int round;

	for (round = 0; round < ROUNDS(400); round++) {
		struct plain *plain = calloc(1, sizeof(*plain));

		plain->notifier.ops = &tlb_ops;
		CHECK(!mmu_notifier_register(&plain->notifier, mm));
		mmu_notifier_unregister(&plain->notifier, mm);
		free(plain);
	}
}

static void tlb_fn(void *arg)
{
	struct mm_struct *mm = arg;
	int round;

	for (round = 0; round < ROUNDS(4000); round++) {
		mmap_read_lock(mm);
		mmu_notifier_arch_invalidate_secondary_tlbs(mm, KB4, 2 * KB4);
		inval(mm, 0, KB4);
		mmap_read_unlock(mm);
	}
}

/* For the sanitizers: the list is walked while it changes. */
TEST(plain_register_and_unregister_against_callbacks)
{
	struct mm_struct *mm = shim_mm_alloc();
	struct shim_task churners[2], walkers[2];
	int i;

	for (i = 0; i < 2; i++) {
		shim_task_start(&churners[i], churn_fn, mm);
		shim_task_start(&walkers[i], tlb_fn, mm);
	}
	for (i = 0; i < 2; i++) {
		shim_task_join(&churners[i]);
		shim_task_join(&walkers[i]);
	}
	mmput(mm);
}
