// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory, and the life of an mm. */
#include <linux/mmu_notifier.h>

#include "shim.h"

static int live_mms;
static unsigned int allocs;
static bool fail_alloc;
static bool interrupt_take_all_locks;

static struct lockdep_map fs_reclaim_map = { .name = "fs_reclaim" };

void *kmalloc(size_t size, gfp_t gfp)
{
	/* Reclaim runs in the allocation, and invalidates. */
	if (gfp & __GFP_DIRECT_RECLAIM) {
		might_sleep();
		lock_map_acquire(&fs_reclaim_map);
		lock_map_acquire(&__mmu_notifier_invalidate_range_start_map);
		lock_map_release(&__mmu_notifier_invalidate_range_start_map);
		lock_map_release(&fs_reclaim_map);
	}
	__atomic_fetch_add(&allocs, 1, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&fail_alloc, false, __ATOMIC_RELAXED))
		return NULL;
	return gfp & __GFP_ZERO ? calloc(1, size) : malloc(size);
}

void kfree(const void *ptr)
{
	free((void *)ptr);
}

void shim_fail_next_alloc(void)
{
	WRITE_ONCE(fail_alloc, true);
}

unsigned int shim_allocs(void)
{
	return READ_ONCE(allocs);
}

struct mm_struct *shim_mm_alloc(void)
{
	struct mm_struct *mm = calloc(1, sizeof(*mm));

	BUG_ON(!mm);
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	init_rwsem(&mm->mmap_lock);
	init_rwsem(&mm->rmap_lock);
	mmu_notifier_subscriptions_init(mm);
	__atomic_fetch_add(&live_mms, 1, __ATOMIC_RELAXED);

	/* Teach lockdep once what reclaim does. */
	lock_map_acquire(&fs_reclaim_map);
	might_lock(&mm->rmap_lock);
	lock_map_release(&fs_reclaim_map);
	return mm;
}

int shim_mm_live(void)
{
	return READ_ONCE(live_mms);
}

void shim_fail_next_take_all_locks(void)
{
	WRITE_ONCE(interrupt_take_all_locks, true);
}

int mm_take_all_locks(struct mm_struct *mm)
{
	mmap_assert_write_locked(mm);
	if (__atomic_exchange_n(&interrupt_take_all_locks, false,
				__ATOMIC_RELAXED))
		return -EINTR;
	down_write(&mm->rmap_lock);
	return 0;
}

void mm_drop_all_locks(struct mm_struct *mm)
{
	up_write(&mm->rmap_lock);
}

void mmdrop(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_count))
		return;
	mmu_notifier_subscriptions_destroy(mm);
	pthread_rwlock_destroy(&mm->mmap_lock.lock);
	pthread_rwlock_destroy(&mm->rmap_lock.lock);
	free(mm);
	__atomic_fetch_sub(&live_mms, 1, __ATOMIC_RELAXED);
}

void mmput(struct mm_struct *mm)
{
	might_sleep();
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	/* What exit_mmap() does, in its order. */
	mmu_notifier_release(mm);
	if (mm->exit)
		mm->exit(mm);
	mmdrop(mm);
}
