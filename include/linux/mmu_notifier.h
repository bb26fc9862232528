/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MMU notifiers: how a secondary MMU follows a process's page tables.
 *
 * Two kinds of subscription share one set of calls from the core mm. A plain
 * notifier (struct mmu_notifier) hears of the whole address space, a range
 * notifier (struct mmu_range_notifier) of one interval of it, with a
 * collision-retry sequence for building shadow PTEs without a lock that the
 * core mm would have to wait for. Documentation/mm/mmu_range_notifier.rst is
 * the guide for drivers; mm/mmu_notifier.c has the locking rules.
 */
#ifndef _LINUX_MMU_NOTIFIER_H
#define _LINUX_MMU_NOTIFIER_H

#include <linux/bits.h>
#include <linux/interval_tree.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

struct mmu_notifier;
struct mmu_notifier_range;
struct mmu_notifier_subscriptions;
struct mmu_range_notifier;

/**
 * enum mmu_notifier_event - why the core mm invalidates a range
 * @MMU_NOTIFY_UNMAP: the mapping itself goes away or moves: munmap(), mremap(),
 *	the OOM reaper
 * @MMU_NOTIFY_CLEAR: page table entries are cleared or replaced while the
 *	mapping stays: reclaim, migration, copy-on-write, madvise()
 * @MMU_NOTIFY_PROTECTION_VMA: the access rights of the whole range change,
 *	as the VMA's new rights say: mprotect()
 * @MMU_NOTIFY_PROTECTION_PAGE: the access rights of single pages change; only
 *	the CPU's page tables tell which
 * @MMU_NOTIFY_SOFT_DIRTY: entries are write-protected for soft-dirty tracking;
 *	page and rights stay
 * @MMU_NOTIFY_RELEASE: the address space ends; no range of it may be used
 *	again. Only range notifiers see it as an event, a plain notifier has
 *	&mmu_notifier_ops.release
 * @MMU_NOTIFY_MIGRATE: migrate_vma_setup() collects pages; a driver may ignore
 *	it if @owner of the range is its own and if it invalidates by itself
 *	each address space of that owner
 * @MMU_NOTIFY_EXCLUSIVE: a device gains (@owner is the caller's of
 *	make_device_exclusive_range()) or loses (@owner is NULL) exclusive
 *	access to a page
 */
enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP = 0,
	MMU_NOTIFY_CLEAR,
	MMU_NOTIFY_PROTECTION_VMA,
	MMU_NOTIFY_PROTECTION_PAGE,
	MMU_NOTIFY_SOFT_DIRTY,
	MMU_NOTIFY_RELEASE,
	MMU_NOTIFY_MIGRATE,
	MMU_NOTIFY_EXCLUSIVE,
};

/* For &mmu_notifier_range.flags: the callbacks may sleep. */
#define MMU_NOTIFIER_RANGE_BLOCKABLE BIT(0)

/**
 * struct mmu_notifier_ops - what a plain notifier listens to
 *
 * Each member may be NULL. The callbacks run under SRCU, several at a time, and
 * with whatever the caller in the core mm holds: the mmap lock, a lock of the
 * reverse map, or neither.
 */
struct mmu_notifier_ops {
	/**
	 * @release: The address space ends, or mmu_notifier_unregister() was
	 * called. The secondary MMU must drop all of its mappings and take no
	 * new ones before this returns, since the pages are freed next. Runs
	 * beside other callbacks, and twice if both reasons meet. A user
	 * without it must be sure by other means that its device is quiet once
	 * the last thread of the process is gone; that covers speculative
	 * accesses of the device.
	 */
	void (*release)(struct mmu_notifier *subscription,
			struct mm_struct *mm);

	/**
	 * @clear_flush_young: Test and clear the accessed bits of the secondary
	 * MMU in [start, end) and flush its TLB. Returns nonzero if any page
	 * was accessed. A secondary MMU without such a bit may unmap the pages
	 * and say whether they were mapped.
	 */
	int (*clear_flush_young)(struct mmu_notifier *subscription,
				 struct mm_struct *mm,
				 unsigned long start,
				 unsigned long end);

	/**
	 * @clear_young: As @clear_flush_young, but the flush may be left out.
	 */
	int (*clear_young)(struct mmu_notifier *subscription,
			   struct mm_struct *mm,
			   unsigned long start,
			   unsigned long end);

	/**
	 * @test_young: Was the page at this address accessed? Changes nothing.
	 */
	int (*test_young)(struct mmu_notifier *subscription,
			  struct mm_struct *mm,
			  unsigned long address);

	/**
	 * @invalidate_range_start: The core mm is about to change the page
	 * table entries of the range. From here until the paired
	 * @invalidate_range_end no mapping may be established in it; a driver
	 * that takes no reference on its pages has to drop their mappings here,
	 * since the pages may be freed before @invalidate_range_end.
	 *
	 * Returns 0; or -EAGAIN if the range is not blockable and the callback
	 * would have to sleep. Who returns -EAGAIN cannot implement
	 * @invalidate_range_end, for it would not learn whether its start
	 * counted.
	 */
	int (*invalidate_range_start)(struct mmu_notifier *subscription,
				      const struct mmu_notifier_range *range);

	/**
	 * @invalidate_range_end: The entries have changed. Must not fail and,
	 * if the range is not blockable, must not sleep.
	 */
	void (*invalidate_range_end)(struct mmu_notifier *subscription,
				     const struct mmu_notifier_range *range);

	/**
	 * @arch_invalidate_secondary_tlbs: The architecture flushes the CPU's
	 * TLB for [start, end). For a device that walks the CPU's own page
	 * tables; it excludes the two callbacks above. Runs under page table
	 * spinlocks and must not sleep.
	 */
	void (*arch_invalidate_secondary_tlbs)(struct mmu_notifier *subscription,
					       struct mm_struct *mm,
					       unsigned long start,
					       unsigned long end);

	/**
	 * @alloc_notifier: For mmu_notifier_get(): a new notifier for this mm,
	 * or an ERR_PTR(). Called with the mmap lock held for write.
	 */
	struct mmu_notifier *(*alloc_notifier)(struct mm_struct *mm);

	/**
	 * @free_notifier: Free what @alloc_notifier made. No callback runs or
	 * will run any more. Called from an SRCU callback, must not sleep.
	 */
	void (*free_notifier)(struct mmu_notifier *subscription);
};

/**
 * struct mmu_notifier - a subscription to all of an address space
 * @hlist: in the list of the mm; changed under its spinlock, read under SRCU
 * @ops: what to call; set by the user
 * @mm: the address space; holds an mm_count, so it outlives the process but
 *	needs mmget_not_zero() before use
 * @rcu: to free it after mmu_notifier_put()
 * @users: count of mmu_notifier_get()
 */
struct mmu_notifier {
	struct hlist_node hlist;
	const struct mmu_notifier_ops *ops;
	struct mm_struct *mm;
	struct rcu_head rcu;
	unsigned int users;
};

/**
 * struct mmu_range_notifier_ops - what a range notifier listens to
 */
struct mmu_range_notifier_ops {
	/**
	 * @invalidate: When it returns true, the device uses no shadow PTE of
	 * the part that the range and the notifier have in common.
	 *
	 * Takes the user lock and calls mmu_range_set_seq() with @cur_seq
	 * before anything else under it. It may sleep only if
	 * mmu_notifier_range_blockable(); must not allocate with GFP_KERNEL,
	 * must not insert or remove a notifier and must not wait for a task
	 * that does.
	 *
	 * Returns true when it is done; false only if it would have to sleep
	 * and the range is not blockable, and then it has not called
	 * mmu_range_set_seq() or has called it for nothing: both are safe.
	 */
	bool (*invalidate)(struct mmu_range_notifier *mrn,
			   const struct mmu_notifier_range *range,
			   unsigned long cur_seq);
};

/**
 * struct mmu_range_notifier - a subscription to an interval of an address space
 * @ops: what to call; the user sets it before the insert, nothing else
 *
 * All other members are private to mm/mmu_notifier.c; there are accessors for
 * what a driver may want to know. The user's lock that serialises
 * mmu_range_set_seq() with mmu_range_read_retry() is called the "user lock".
 */
struct mmu_range_notifier {
	const struct mmu_range_notifier_ops *ops;
	/* private: */
	struct interval_tree_node interval_tree;
	struct mm_struct *mm;
	struct hlist_node deferred_item;
	unsigned long invalidate_seq;
#ifdef CONFIG_LOCKDEP
	const struct lockdep_map *user_lock;
#endif
};

#ifdef CONFIG_MMU_NOTIFIER

#ifdef CONFIG_LOCKDEP
extern struct lockdep_map __mmu_notifier_invalidate_range_start_map;
#endif

/**
 * struct mmu_notifier_range - one invalidation, from its start to its end
 * @mm: the address space
 * @start: first address
 * @end: end address, exclusive; an empty range is announced to nobody
 * @flags: MMU_NOTIFIER_RANGE_BLOCKABLE or 0; the start sets it
 * @event: the reason
 * @owner: for MMU_NOTIFY_MIGRATE and MMU_NOTIFY_EXCLUSIVE
 *
 * Made by mmu_notifier_range_init(). The same object goes to the start and to
 * the end; @start and @end must not change in between.
 */
struct mmu_notifier_range {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	unsigned int flags;
	enum mmu_notifier_event event;
	void *owner;
	/* private: how mm/mmu_notifier.c counts it, under its spinlock */
	enum {
		MMU_NOTIFIER_RANGE_IDLE = 0,
		MMU_NOTIFIER_RANGE_QUIET,
		MMU_NOTIFIER_RANGE_WRITER,
	} state;
	struct list_head quiet_item;
};

static inline int mm_has_notifiers(struct mm_struct *mm)
{
	return unlikely(mm->notifier_subscriptions);
}

int mmu_notifier_register(struct mmu_notifier *subscription,
			  struct mm_struct *mm);
int __mmu_notifier_register(struct mmu_notifier *subscription,
			    struct mm_struct *mm);
void mmu_notifier_unregister(struct mmu_notifier *subscription,
			     struct mm_struct *mm);

struct mmu_notifier *mmu_notifier_get_locked(const struct mmu_notifier_ops *ops,
					     struct mm_struct *mm);
void mmu_notifier_put(struct mmu_notifier *subscription);
void mmu_notifier_synchronize(void);

/**
 * mmu_notifier_get - find or make the one notifier of an mm with these ops
 * @ops: has alloc_notifier and free_notifier; identifies the notifier
 * @mm: the address space; the caller holds mm_users
 *
 * Takes the mmap lock for write; mmu_notifier_get_locked() is for a caller that
 * holds it.
 *
 * Return: the notifier, to be given back with mmu_notifier_put(); or an
 * ERR_PTR() as from mmu_notifier_get_locked().
 */
static inline struct mmu_notifier *
mmu_notifier_get(const struct mmu_notifier_ops *ops, struct mm_struct *mm)
{
	struct mmu_notifier *subscription;

	mmap_write_lock(mm);
	subscription = mmu_notifier_get_locked(ops, mm);
	mmap_write_unlock(mm);
	return subscription;
}

int mmu_range_notifier_insert(struct mmu_range_notifier *mrn,
			      unsigned long start, unsigned long length,
			      struct mm_struct *mm);
int mmu_range_notifier_insert_locked(struct mmu_range_notifier *mrn,
				     unsigned long start, unsigned long length,
				     struct mm_struct *mm);
void mmu_range_notifier_remove(struct mmu_range_notifier *mrn);
unsigned long mmu_range_read_begin(struct mmu_range_notifier *mrn);

/**
 * mmu_range_notifier_start - first address of the interval
 * @mrn: a range notifier that was inserted
 *
 * Return: the address, in bytes; fixed while inserted.
 */
static inline unsigned long
mmu_range_notifier_start(const struct mmu_range_notifier *mrn)
{
	return mrn->interval_tree.start;
}

/**
 * mmu_range_notifier_last - last address of the interval, inclusive
 * @mrn: a range notifier that was inserted
 *
 * Return: the address, in bytes; fixed while inserted.
 */
static inline unsigned long
mmu_range_notifier_last(const struct mmu_range_notifier *mrn)
{
	return mrn->interval_tree.last;
}

/**
 * mmu_range_notifier_mm - the address space that a range notifier watches
 * @mrn: a range notifier; zeroed, or given to an insert before
 *
 * The mm lives as long as the notifier is inserted, but its process may be
 * gone: use mmget_not_zero() before touching the address space.
 *
 * Return: the mm, or NULL if the notifier is not inserted.
 */
static inline struct mm_struct *
mmu_range_notifier_mm(const struct mmu_range_notifier *mrn)
{
	return mrn->mm;
}

/**
 * mmu_range_notifier_inserted - must this range notifier be removed?
 * @mrn: a range notifier; zeroed, or given to an insert before
 *
 * False before the insert, after a failed insert and after the removal. The
 * caller serialises it with its own insert and remove.
 *
 * Return: true between a successful insert and the removal, also after the end
 * of the process.
 */
static inline bool
mmu_range_notifier_inserted(const struct mmu_range_notifier *mrn)
{
	return mrn->mm;
}

/**
 * mmu_range_notifier_set_lock - name the user lock to lockdep
 * @mrn: an inserted range notifier
 * @lock: pointer to the mutex, rwsem or spinlock that the callback takes
 *
 * Optional. From then on mmu_range_set_seq() and mmu_range_read_retry() report
 * a caller that does not hold it. The lock must live until the removal. An
 * insert forgets the name. Without CONFIG_LOCKDEP it does nothing.
 */
#ifdef CONFIG_LOCKDEP
#define mmu_range_notifier_set_lock(mrn, lock)				\
	WRITE_ONCE((mrn)->user_lock, &(lock)->dep_map)

static inline void
mmu_range_assert_user_lock(const struct mmu_range_notifier *mrn)
{
	const struct lockdep_map *map = READ_ONCE(mrn->user_lock);

	lockdep_assert(!map || lock_is_held(map) != LOCK_STATE_NOT_HELD);
}
#else
#define mmu_range_notifier_set_lock(mrn, lock)				\
	do { (void)(mrn); (void)(lock); } while (0)

static inline void
mmu_range_assert_user_lock(const struct mmu_range_notifier *mrn)
{
}
#endif

/**
 * mmu_range_set_seq - record an invalidation for the readers
 * @mrn: the range notifier passed to the invalidate callback
 * @cur_seq: the sequence passed to the callback; always odd
 *
 * The first thing under the user lock in every invalidate callback, on every
 * path of it that returns true. Only a driver that uses neither
 * mmu_range_read_begin() nor mmu_range_read_retry() may leave it out.
 */
static inline void mmu_range_set_seq(struct mmu_range_notifier *mrn,
				     unsigned long cur_seq)
{
	mmu_range_assert_user_lock(mrn);
	/* Pairs with the READ_ONCE() of the lockless mmu_range_check_retry() */
	WRITE_ONCE(mrn->invalidate_seq, cur_seq);
}

/**
 * mmu_range_read_retry - did an invalidation hit the range since read_begin?
 * @mrn: the range notifier
 * @seq: what the paired mmu_range_read_begin() returned
 *
 * Ends the read side. Called under the user lock, which is held on until the
 * shadow PTEs are installed: only then does false mean that they are right.
 * Each mmu_range_read_begin() has one mmu_range_read_retry().
 *
 * Return: true if there was a collision. What was read in between is stale, the
 * caller drops the user lock and starts again with mmu_range_read_begin().
 */
static inline bool mmu_range_read_retry(const struct mmu_range_notifier *mrn,
					unsigned long seq)
{
	mmu_range_assert_user_lock(mrn);
	/* Pairs with the WRITE_ONCE() in apply_pending(), which has no user lock */
	return READ_ONCE(mrn->invalidate_seq) != seq;
}

/**
 * mmu_range_check_retry - is it already certain that the read side collided?
 * @mrn: the range notifier
 * @seq: what mmu_range_read_begin() returned
 *
 * Needs no lock and may be called any number of times, to leave expensive work
 * early.
 *
 * Return: true if mmu_range_read_retry() will return true. False promises
 * nothing.
 */
static inline bool mmu_range_check_retry(const struct mmu_range_notifier *mrn,
					 unsigned long seq)
{
	/* Pairs with the WRITE_ONCE() in mmu_range_set_seq() */
	return READ_ONCE(mrn->invalidate_seq) != seq;
}

void __mmu_notifier_subscriptions_destroy(struct mm_struct *mm);
void __mmu_notifier_release(struct mm_struct *mm);
int __mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start,
				     unsigned long end);
int __mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start,
			       unsigned long end);
int __mmu_notifier_test_young(struct mm_struct *mm, unsigned long address);
int __mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range);
void __mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range);
void __mmu_notifier_arch_invalidate_secondary_tlbs(struct mm_struct *mm,
						   unsigned long start,
						   unsigned long end);

static inline void mmu_notifier_subscriptions_init(struct mm_struct *mm)
{
	mm->notifier_subscriptions = NULL;
}

static inline void mmu_notifier_subscriptions_destroy(struct mm_struct *mm)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_subscriptions_destroy(mm);
}

static inline void mmu_notifier_release(struct mm_struct *mm)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_release(mm);
}

static inline int mmu_notifier_clear_flush_young(struct mm_struct *mm,
						 unsigned long start,
						 unsigned long end)
{
	return mm_has_notifiers(mm) ?
		__mmu_notifier_clear_flush_young(mm, start, end) : 0;
}

static inline int mmu_notifier_clear_young(struct mm_struct *mm,
					   unsigned long start,
					   unsigned long end)
{
	return mm_has_notifiers(mm) ?
		__mmu_notifier_clear_young(mm, start, end) : 0;
}

static inline int mmu_notifier_test_young(struct mm_struct *mm,
					  unsigned long address)
{
	return mm_has_notifiers(mm) ?
		__mmu_notifier_test_young(mm, address) : 0;
}

/**
 * mmu_notifier_range_init_owner - prepare an invalidation that has an owner
 * @range: the object, usually on the stack
 * @event: the reason
 * @flags: 0; the start decides whether callbacks may sleep
 * @mm: the address space
 * @start: first address
 * @end: end address, exclusive
 * @owner: lets a driver recognise its own MMU_NOTIFY_MIGRATE or
 *	MMU_NOTIFY_EXCLUSIVE
 */
static inline void
mmu_notifier_range_init_owner(struct mmu_notifier_range *range,
			      enum mmu_notifier_event event, unsigned int flags,
			      struct mm_struct *mm, unsigned long start,
			      unsigned long end, void *owner)
{
	range->mm = mm;
	range->start = start;
	range->end = end;
	range->flags = flags;
	range->event = event;
	range->owner = owner;
	range->state = MMU_NOTIFIER_RANGE_IDLE;
}

/**
 * mmu_notifier_range_init - prepare an invalidation
 * @range: the object, usually on the stack
 * @event: the reason
 * @flags: 0; the start decides whether callbacks may sleep
 * @mm: the address space
 * @start: first address
 * @end: end address, exclusive
 */
static inline void
mmu_notifier_range_init(struct mmu_notifier_range *range,
			enum mmu_notifier_event event, unsigned int flags,
			struct mm_struct *mm, unsigned long start,
			unsigned long end)
{
	mmu_notifier_range_init_owner(range, event, flags, mm, start, end,
				      NULL);
}

/**
 * mmu_notifier_range_blockable - may the callbacks of an invalidation sleep?
 * @range: the invalidation
 *
 * Return: true if they may.
 */
static inline bool
mmu_notifier_range_blockable(const struct mmu_notifier_range *range)
{
	return range->flags & MMU_NOTIFIER_RANGE_BLOCKABLE;
}

/**
 * mmu_notifier_invalidate_range_start - before page table entries change
 * @range: from mmu_notifier_range_init(); stays in place until the end
 *
 * The core mm calls it with the mmap lock or a lock of the reverse map held and
 * without page table spinlocks. Sleeps until every secondary MMU has let go of
 * the range. To be paired with mmu_notifier_invalidate_range_end().
 */
static inline void
mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	might_sleep();

	lock_map_acquire(&__mmu_notifier_invalidate_range_start_map);
	if (mm_has_notifiers(range->mm)) {
		range->flags |= MMU_NOTIFIER_RANGE_BLOCKABLE;
		__mmu_notifier_invalidate_range_start(range);
	}
	lock_map_release(&__mmu_notifier_invalidate_range_start_map);
}

/**
 * mmu_notifier_invalidate_range_start_nonblock - the same, but never sleep
 * @range: from mmu_notifier_range_init(); stays in place until the end
 *
 * For the OOM reaper, which must not wait for a driver.
 *
 * Return: 0, to be paired with mmu_notifier_invalidate_range_end(); or -EAGAIN
 * if some notifier would have to sleep. Then nothing has started: no page table
 * entry may be changed and the end must not be called.
 */
static inline int __must_check
mmu_notifier_invalidate_range_start_nonblock(struct mmu_notifier_range *range)
{
	int ret = 0;

	lock_map_acquire(&__mmu_notifier_invalidate_range_start_map);
	if (mm_has_notifiers(range->mm)) {
		range->flags &= ~MMU_NOTIFIER_RANGE_BLOCKABLE;
		ret = __mmu_notifier_invalidate_range_start(range);
	}
	lock_map_release(&__mmu_notifier_invalidate_range_start_map);
	return ret;
}

/**
 * mmu_notifier_invalidate_range_end - page table entries have changed
 * @range: the object that the start was called with
 *
 * Same locks as for the start. Does not sleep if the start was the
 * non-blocking one.
 */
static inline void
mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	if (mmu_notifier_range_blockable(range))
		might_sleep();

	if (mm_has_notifiers(range->mm))
		__mmu_notifier_invalidate_range_end(range);
}

/**
 * mmu_notifier_arch_invalidate_secondary_tlbs - the CPU's TLB is being flushed
 * @mm: the address space
 * @start: first address
 * @end: end address, exclusive
 *
 * For architecture code, wherever it flushes the CPU's TLB. Any context.
 */
static inline void
mmu_notifier_arch_invalidate_secondary_tlbs(struct mm_struct *mm,
					    unsigned long start,
					    unsigned long end)
{
	if (mm_has_notifiers(mm))
		__mmu_notifier_arch_invalidate_secondary_tlbs(mm, start, end);
}

/*
 * Age an entry of the CPU's page table together with its shadows. Macros, since
 * the architecture may define what they call as macros.
 */
#define ptep_clear_flush_young_notify(vma, address, ptep)		\
({									\
	struct vm_area_struct *__vma = (vma);				\
	unsigned long __addr = (address);				\
	int __young = ptep_clear_flush_young(__vma, __addr, ptep);	\
									\
	__young | mmu_notifier_clear_flush_young(__vma->vm_mm, __addr,	\
						 __addr + PAGE_SIZE);	\
})

#define pmdp_clear_flush_young_notify(vma, address, pmdp)		\
({									\
	struct vm_area_struct *__vma = (vma);				\
	unsigned long __addr = (address);				\
	int __young = pmdp_clear_flush_young(__vma, __addr, pmdp);	\
									\
	__young | mmu_notifier_clear_flush_young(__vma->vm_mm, __addr,	\
						 __addr + PMD_SIZE);	\
})

#define ptep_clear_young_notify(vma, address, ptep)			\
({									\
	struct vm_area_struct *__vma = (vma);				\
	unsigned long __addr = (address);				\
	int __young = ptep_test_and_clear_young(__vma, __addr, ptep);	\
									\
	__young | mmu_notifier_clear_young(__vma->vm_mm, __addr,	\
					   __addr + PAGE_SIZE);		\
})

#define pmdp_clear_young_notify(vma, address, pmdp)			\
({									\
	struct vm_area_struct *__vma = (vma);				\
	unsigned long __addr = (address);				\
	int __young = pmdp_test_and_clear_young(__vma, __addr, pmdp);	\
									\
	__young | mmu_notifier_clear_young(__vma->vm_mm, __addr,	\
					   __addr + PMD_SIZE);		\
})

#else /* CONFIG_MMU_NOTIFIER */

/* Callers keep the object and its bounds, and nobody listens. */
struct mmu_notifier_range {
	unsigned long start;
	unsigned long end;
};

static inline void
mmu_notifier_range_init_owner(struct mmu_notifier_range *range,
			      enum mmu_notifier_event event, unsigned int flags,
			      struct mm_struct *mm, unsigned long start,
			      unsigned long end, void *owner)
{
	range->start = start;
	range->end = end;
}

static inline void
mmu_notifier_range_init(struct mmu_notifier_range *range,
			enum mmu_notifier_event event, unsigned int flags,
			struct mm_struct *mm, unsigned long start,
			unsigned long end)
{
	mmu_notifier_range_init_owner(range, event, flags, mm, start, end,
				      NULL);
}

static inline bool
mmu_notifier_range_blockable(const struct mmu_notifier_range *range)
{
	return true;
}

static inline int mm_has_notifiers(struct mm_struct *mm)
{
	return 0;
}

static inline void mmu_notifier_subscriptions_init(struct mm_struct *mm)
{
}

static inline void mmu_notifier_subscriptions_destroy(struct mm_struct *mm)
{
}

static inline void mmu_notifier_release(struct mm_struct *mm)
{
}

static inline void mmu_notifier_synchronize(void)
{
}

static inline int mmu_notifier_clear_flush_young(struct mm_struct *mm,
						 unsigned long start,
						 unsigned long end)
{
	return 0;
}

static inline int mmu_notifier_clear_young(struct mm_struct *mm,
					   unsigned long start,
					   unsigned long end)
{
	return 0;
}

static inline int mmu_notifier_test_young(struct mm_struct *mm,
					  unsigned long address)
{
	return 0;
}

static inline void
mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
}

static inline int
mmu_notifier_invalidate_range_start_nonblock(struct mmu_notifier_range *range)
{
	return 0;
}

static inline void
mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
}

static inline void
mmu_notifier_arch_invalidate_secondary_tlbs(struct mm_struct *mm,
					    unsigned long start,
					    unsigned long end)
{
}

#define ptep_clear_flush_young_notify ptep_clear_flush_young
#define pmdp_clear_flush_young_notify pmdp_clear_flush_young
#define ptep_clear_young_notify ptep_test_and_clear_young
#define pmdp_clear_young_notify pmdp_test_and_clear_young

#endif /* CONFIG_MMU_NOTIFIER */

#endif /* _LINUX_MMU_NOTIFIER_H */
