// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMU notifiers: plain ones, which hear of a whole address space, and range
 * notifiers, which hear of one interval of it.
 */

#include <linux/err.h>
#include <linux/export.h>
#include <linux/interval_tree.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/wait.h>

#include "vma.h"

/**
 * DOC: How range notifiers count
 *
 * A driver reads PTEs of the CPU and writes shadow PTEs (SPTEs) of its device.
 * The core mm must never wait for that to be complete, so both sides run freely
 * and the driver finds out afterwards whether they collided, as with a seqcount
 * that may have many writers and whose read side may sleep.
 *
 * A "writer" is an invalidation, from its start to its end, of a part of the
 * address space that some range notifier watches. An invalidation that nobody
 * watches is "quiet" instead. There is one sequence for the mm:
 *
 *  - even: no writer. Range notifiers come and go at once, even while quiet
 *    invalidations are under way.
 *  - odd: there are writers. They walk the interval tree without a lock, so it
 *    is frozen; insertions and removals are queued.
 *
 * The first writer makes it odd, the end of the last one makes it even, applies
 * what is queued and wakes who waits. Each range notifier has a copy of the odd
 * value that last hit it, which is always odd and differs from that of the mm
 * unless the range is being invalidated right now::
 *
 *      driver                              core mm, another CPU
 *      ------                              --------------------
 *      seq = mmu_range_read_begin()
 *        mrn->seq is not mm->seq: go on
 *                                          start: mm->seq |= 1
 *      read the CPU's PTEs                   ops->invalidate(cur_seq)
 *                                              lock(user lock)
 *                                              mmu_range_set_seq(cur_seq)
 *                                              zap SPTEs
 *                                              unlock(user lock)
 *      lock(user lock)                     change the CPU's PTEs
 *      mmu_range_read_retry(seq): true,
 *        for mrn->seq has changed
 *      unlock(user lock), begin again
 *        mrn->seq is mm->seq: sleep
 *                                          end: mm->seq++, wake
 *      read the CPU's new PTEs
 *
 * If the driver takes the user lock first, it installs its SPTEs and the
 * callback zaps them, before the CPU's PTEs change. The user lock is what
 * orders the two; no other barrier is needed.
 *
 * Subtle: an invalidation is sorted into writer or quiet once, at its start. A
 * range that is inserted later and overlaps a quiet one has missed its
 * callback. So the insertion turns every quiet invalidation that it overlaps
 * into a writer and begins as a range that was hit: no SPTE before their end.
 * Hence: no quiet invalidation ever overlaps an interval of the tree.
 *
 * The sequence may wrap. A reader would have to sleep through 2^63 writers to
 * miss a collision, and no sleeper waits for a certain value, only for another
 * one than it saw.
 */

/**
 * DOC: Locking of range notifiers
 *
 * ``subscriptions->lock`` (spinlock, innermost)
 *	The sequence, the counts, the tree, both queues, the list of quiet
 *	invalidations and &mmu_notifier_range.state. Held for the look-up of a
 *	start and for an end; never over a callback.
 *
 * the user lock (of the driver; may sleep)
 *	The driver's SPTEs. Orders mmu_range_set_seq() with
 *	mmu_range_read_retry(); these are the only two that know of it.
 *	&mmu_range_notifier.invalidate_seq is stored by mmu_range_set_seq()
 *	under the user lock, and here under the spinlock only while the range is
 *	not in the tree, that is, while no callback of it can run.
 *
 * ``__mmu_notifier_invalidate_range_start_map`` (lockdep)
 *	Held around every start and end; taken by what may sleep until an end:
 *	mmu_range_read_begin() and mmu_range_notifier_remove(). So lockdep
 *	reports a caller that holds a lock which callbacks take, or that is one.
 *
 * mm_take_all_locks()
 *	Held for the first subscription of its kind in an mm: no invalidation is
 *	under way that did not see it. From then on the structure stays until
 *	the mm is freed.
 *
 * Who waits for whom:
 *
 * - The core mm waits for callbacks, and for nothing else.
 * - An insertion never waits, the first one in an mm aside.
 * - A removal waits only while the tree is frozen, until the last writer has
 *   ended: one of them may be about to look at the notifier. It does not wait
 *   for quiet invalidations. Writers that overlap each other without a pause
 *   prolong the wait; holding new ones up would make the core mm wait for a
 *   driver.
 * - mmu_range_read_begin() waits while its own range was hit in the current
 *   odd period, to the end of that period. The one sequence of the mm can't
 *   tell which writer is the last for this range; a sequence for each range
 *   would cost every invalidation a second pass over the tree at its end.
 */

/*
 * All that is subscribed to an mm. Published once under mm_take_all_locks(),
 * freed with the mm.
 */
struct mmu_notifier_subscriptions {
	/* Plain notifiers: changed under the lock, walked under SRCU. */
	struct hlist_head list;
	/* Some range was inserted once; until then, starts and ends need no lock. */
	bool has_ranges;

	/* Protects what follows, and changes of the list. */
	spinlock_t lock;
	/* Odd while and only while there are writers. */
	unsigned long seq;
	unsigned long writers;
	struct list_head quiet;
	struct rb_root_cached ranges;
	struct hlist_head pending_insert;
	struct hlist_head pending_remove;
	/* Sleepers until the sequence moves. */
	wait_queue_head_t wq;
};

/* One for all mms: it is idle most of the time, and one a mm would be large. */
DEFINE_STATIC_SRCU(notifier_srcu);

#ifdef CONFIG_LOCKDEP
struct lockdep_map __mmu_notifier_invalidate_range_start_map = {
	.name = "mmu_notifier_invalidate_range_start"
};
#endif

/* Walk the plain notifiers; the caller is in a read section of notifier_srcu. */
#define for_each_notifier(subscription, subscriptions)			\
	hlist_for_each_entry_srcu(subscription, &(subscriptions)->list,	\
				  hlist, srcu_read_lock_held(&notifier_srcu))

static bool has_writers(const struct mmu_notifier_subscriptions *subscriptions)
{
	lockdep_assert_held(&subscriptions->lock);
	return subscriptions->seq & 1;
}

/* Under the lock for all stores; the WRITE_ONCE() is for tools that watch. */
static void set_seq(struct mmu_notifier_subscriptions *subscriptions,
		    unsigned long seq)
{
	lockdep_assert_held(&subscriptions->lock);
	WRITE_ONCE(subscriptions->seq, seq);
}

static void begin_writer(struct mmu_notifier_subscriptions *subscriptions,
			 struct mmu_notifier_range *range)
{
	subscriptions->writers++;
	set_seq(subscriptions, subscriptions->seq | 1);
	range->state = MMU_NOTIFIER_RANGE_WRITER;
}

/*
 * Turn the quiet invalidations that an interval overlaps into writers. Out of
 * line: most often there is none.
 */
static noinline bool
promote_quiet(struct mmu_notifier_subscriptions *subscriptions,
	      unsigned long start, unsigned long last)
{
	struct mmu_notifier_range *range, *next;
	bool promoted = false;

	list_for_each_entry_safe(range, next, &subscriptions->quiet,
				 quiet_item) {
		if (range->start > last || range->end - 1 < start)
			continue;
		list_del(&range->quiet_item);
		begin_writer(subscriptions, range);
		promoted = true;
	}
	return promoted;
}

/* Nobody walks the tree. True if the range is being invalidated already. */
static bool link_range(struct mmu_notifier_subscriptions *subscriptions,
		       struct mmu_range_notifier *mrn)
{
	interval_tree_insert(&mrn->interval_tree, &subscriptions->ranges);
	return !list_empty(&subscriptions->quiet) &&
	       promote_quiet(subscriptions, mrn->interval_tree.start,
			     mrn->interval_tree.last);
}

static void unlink_range(struct mmu_notifier_subscriptions *subscriptions,
			 struct mmu_range_notifier *mrn)
{
	interval_tree_remove(&mrn->interval_tree, &subscriptions->ranges);
}

/*
 * The last writer has ended: do what had to wait for that. Removals first, so
 * that their owners, who wait, are not kept for the sake of a promotion.
 */
static void apply_pending(struct mmu_notifier_subscriptions *subscriptions)
{
	struct mmu_range_notifier *mrn;
	struct hlist_node *next;

	hlist_for_each_entry_safe(mrn, next, &subscriptions->pending_remove,
				  deferred_item) {
		hlist_del_init(&mrn->deferred_item);
		unlink_range(subscriptions, mrn);
	}

	hlist_for_each_entry_safe(mrn, next, &subscriptions->pending_insert,
				  deferred_item) {
		hlist_del_init(&mrn->deferred_item);
		link_range(subscriptions, mrn);
		/*
		 * It has the sequence of the period that just ended, which lets
		 * its readers go. If the range is being invalidated still, they
		 * must collide. That invalidation may have been promoted for
		 * the sake of an earlier one in the queue, so any writer will
		 * do. Pairs with the lock in seq_has_moved(): a reader that saw
		 * the sequence move sees this store.
		 */
		if (has_writers(subscriptions))
			WRITE_ONCE(mrn->invalidate_seq, subscriptions->seq);
	}
}

/* Count an invalidation in and find the first range that it hits. */
static struct mmu_range_notifier *
ranges_begin(struct mmu_notifier_subscriptions *subscriptions,
	     struct mmu_notifier_range *range, unsigned long last,
	     unsigned long *cur_seq)
{
	struct interval_tree_node *node;

	spin_lock(&subscriptions->lock);
	node = interval_tree_iter_first(&subscriptions->ranges, range->start,
					last);
	if (node) {
		begin_writer(subscriptions, range);
	} else {
		list_add(&range->quiet_item, &subscriptions->quiet);
		range->state = MMU_NOTIFIER_RANGE_QUIET;
	}
	*cur_seq = subscriptions->seq;
	spin_unlock(&subscriptions->lock);

	return node ? container_of(node, struct mmu_range_notifier,
				   interval_tree) : NULL;
}

/* The tree is frozen by the writer that walks it, so no lock is needed. */
static struct mmu_range_notifier *
ranges_next(struct mmu_range_notifier *mrn,
	    const struct mmu_notifier_range *range, unsigned long last)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_next(&mrn->interval_tree, range->start, last);
	return node ? container_of(node, struct mmu_range_notifier,
				   interval_tree) : NULL;
}

/* Count an invalidation out, whichever way it was counted in, if it was. */
static void ranges_end(struct mmu_notifier_subscriptions *subscriptions,
		       struct mmu_notifier_range *range)
{
	bool moved = false;

	spin_lock(&subscriptions->lock);
	if (range->state == MMU_NOTIFIER_RANGE_QUIET) {
		list_del(&range->quiet_item);
	} else if (range->state == MMU_NOTIFIER_RANGE_WRITER &&
		   !--subscriptions->writers) {
		set_seq(subscriptions, subscriptions->seq + 1);
		apply_pending(subscriptions);
		moved = true;
	}
	range->state = MMU_NOTIFIER_RANGE_IDLE;
	spin_unlock(&subscriptions->lock);

	/* Outside the lock, which every woken one takes first. */
	if (moved)
		wake_up_all(&subscriptions->wq);
}

static bool call_invalidate(struct mmu_range_notifier *mrn,
			    const struct mmu_notifier_range *range,
			    unsigned long cur_seq)
{
	bool done;

	if (mmu_notifier_range_blockable(range))
		return mrn->ops->invalidate(mrn, range, cur_seq);

	non_block_start();
	done = mrn->ops->invalidate(mrn, range, cur_seq);
	non_block_end();
	return done;
}

/*
 * The start of an invalidation, for range notifiers. After -EAGAIN it is as if
 * it never began, apart from SPTEs that were zapped for nothing.
 */
static int ranges_start(struct mmu_notifier_subscriptions *subscriptions,
			struct mmu_notifier_range *range, unsigned long last)
{
	struct mmu_range_notifier *mrn;
	unsigned long cur_seq;

	for (mrn = ranges_begin(subscriptions, range, last, &cur_seq); mrn;
	     mrn = ranges_next(mrn, range, last)) {
		if (call_invalidate(mrn, range, cur_seq))
			continue;
		/* A callback that may sleep has no excuse; the rest still count. */
		if (WARN_ON(mmu_notifier_range_blockable(range)))
			continue;
		ranges_end(subscriptions, range);
		return -EAGAIN;
	}
	return 0;
}

/* An end-exclusive range can't say "to the last byte", a release means it. */
static void ranges_release(struct mmu_notifier_subscriptions *subscriptions,
			   struct mm_struct *mm)
{
	struct mmu_notifier_range range;

	mmu_notifier_range_init(&range, MMU_NOTIFY_RELEASE,
				MMU_NOTIFIER_RANGE_BLOCKABLE, mm, 0, ULONG_MAX);
	ranges_start(subscriptions, &range, ULONG_MAX);
	ranges_end(subscriptions, &range);
}

static int call_start(struct mmu_notifier *subscription,
		      const struct mmu_notifier_range *range)
{
	const struct mmu_notifier_ops *ops = subscription->ops;
	int ret;

	if (mmu_notifier_range_blockable(range)) {
		/* It had no reason to fail, and the core mm can't stop now. */
		ret = ops->invalidate_range_start(subscription, range);
		WARN(ret, "%pS failed with %d though it may block\n",
		     ops->invalidate_range_start, ret);
		return 0;
	}

	non_block_start();
	ret = ops->invalidate_range_start(subscription, range);
	non_block_end();
	if (!ret)
		return 0;

	WARN(ret != -EAGAIN, "%pS failed with %d, not -EAGAIN\n",
	     ops->invalidate_range_start, ret);
	WARN(ops->invalidate_range_end, "%pS failed, but it has an end\n",
	     ops->invalidate_range_start);
	return -EAGAIN;
}

static void list_end(struct mmu_notifier_subscriptions *subscriptions,
		     const struct mmu_notifier_range *range)
{
	struct mmu_notifier *subscription;
	int idx = srcu_read_lock(&notifier_srcu);

	for_each_notifier(subscription, subscriptions) {
		if (!subscription->ops->invalidate_range_end)
			continue;
		if (!mmu_notifier_range_blockable(range))
			non_block_start();
		subscription->ops->invalidate_range_end(subscription, range);
		if (!mmu_notifier_range_blockable(range))
			non_block_end();
	}
	srcu_read_unlock(&notifier_srcu, idx);
}

/*
 * The start of an invalidation, for plain notifiers. All of them hear of it
 * even if one fails, so that all who have an end can be called for it: none
 * that has one may fail.
 */
static int list_start(struct mmu_notifier_subscriptions *subscriptions,
		      const struct mmu_notifier_range *range)
{
	struct mmu_notifier *subscription;
	int ret = 0, idx;

	idx = srcu_read_lock(&notifier_srcu);
	for_each_notifier(subscription, subscriptions) {
		if (subscription->ops->invalidate_range_start &&
		    call_start(subscription, range))
			ret = -EAGAIN;
	}
	if (ret)
		list_end(subscriptions, range);
	srcu_read_unlock(&notifier_srcu, idx);
	return ret;
}

/*
 * The process is gone, the notifiers are not. Each leaves the list after its
 * release, since until then it must hear of invalidations; so if it is being
 * unregistered at the same time, its release may run twice.
 */
static void list_release(struct mmu_notifier_subscriptions *subscriptions,
			 struct mm_struct *mm)
{
	struct mmu_notifier *subscription;
	struct hlist_node *next;
	int idx;

	idx = srcu_read_lock(&notifier_srcu);
	for_each_notifier(subscription, subscriptions)
		if (subscription->ops->release)
			subscription->ops->release(subscription, mm);

	spin_lock(&subscriptions->lock);
	hlist_for_each_entry_safe(subscription, next, &subscriptions->list,
				  hlist)
		hlist_del_init_rcu(&subscription->hlist);
	spin_unlock(&subscriptions->lock);
	srcu_read_unlock(&notifier_srcu, idx);

	/*
	 * The pages are freed next: wait for a release that
	 * mmu_notifier_unregister() began.
	 */
	synchronize_srcu(&notifier_srcu);
}

/* Called once, by exit_mmap(), without locks: nobody can subscribe any more. */
void __mmu_notifier_release(struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;

	if (subscriptions->has_ranges)
		ranges_release(subscriptions, mm);
	if (!hlist_empty(&subscriptions->list))
		list_release(subscriptions, mm);
}

/* Called when the mm is freed; each subscription held a reference to it. */
void __mmu_notifier_subscriptions_destroy(struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;

	WARN_ON(!hlist_empty(&subscriptions->list));
	WARN_ON(!RB_EMPTY_ROOT(&subscriptions->ranges.rb_root));
	kfree(subscriptions);
	mm->notifier_subscriptions = LIST_POISON1;
}

static bool range_is_empty(const struct mmu_notifier_range *range)
{
	return range->start >= range->end;
}

int __mmu_notifier_invalidate_range_start(struct mmu_notifier_range *range)
{
	struct mmu_notifier_subscriptions *subscriptions =
		range->mm->notifier_subscriptions;
	int ret;

	if (range_is_empty(range))
		return 0;

	if (subscriptions->has_ranges) {
		ret = ranges_start(subscriptions, range, range->end - 1);
		if (ret)
			return ret;
	}
	if (hlist_empty(&subscriptions->list))
		return 0;

	ret = list_start(subscriptions, range);
	/* The caller won't call the end of what has not started. */
	if (ret && subscriptions->has_ranges)
		ranges_end(subscriptions, range);
	return ret;
}

void __mmu_notifier_invalidate_range_end(struct mmu_notifier_range *range)
{
	struct mmu_notifier_subscriptions *subscriptions =
		range->mm->notifier_subscriptions;

	if (range_is_empty(range))
		return;

	lock_map_acquire(&__mmu_notifier_invalidate_range_start_map);
	if (subscriptions->has_ranges)
		ranges_end(subscriptions, range);
	if (!hlist_empty(&subscriptions->list))
		list_end(subscriptions, range);
	lock_map_release(&__mmu_notifier_invalidate_range_start_map);
}

int __mmu_notifier_clear_flush_young(struct mm_struct *mm, unsigned long start,
				     unsigned long end)
{
	struct mmu_notifier *subscription;
	int young = 0, idx;

	idx = srcu_read_lock(&notifier_srcu);
	for_each_notifier(subscription, mm->notifier_subscriptions) {
		const struct mmu_notifier_ops *ops = subscription->ops;

		if (ops->clear_flush_young)
			young |= ops->clear_flush_young(subscription, mm,
							start, end);
	}
	srcu_read_unlock(&notifier_srcu, idx);
	return young;
}

int __mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start,
			       unsigned long end)
{
	struct mmu_notifier *subscription;
	int young = 0, idx;

	idx = srcu_read_lock(&notifier_srcu);
	for_each_notifier(subscription, mm->notifier_subscriptions) {
		const struct mmu_notifier_ops *ops = subscription->ops;

		if (ops->clear_young)
			young |= ops->clear_young(subscription, mm, start, end);
	}
	srcu_read_unlock(&notifier_srcu, idx);
	return young;
}

int __mmu_notifier_test_young(struct mm_struct *mm, unsigned long address)
{
	struct mmu_notifier *subscription;
	int young = 0, idx;

	idx = srcu_read_lock(&notifier_srcu);
	for_each_notifier(subscription, mm->notifier_subscriptions) {
		const struct mmu_notifier_ops *ops = subscription->ops;

		if (!ops->test_young)
			continue;
		young = ops->test_young(subscription, mm, address);
		if (young)
			break;
	}
	srcu_read_unlock(&notifier_srcu, idx);
	return young;
}

void __mmu_notifier_arch_invalidate_secondary_tlbs(struct mm_struct *mm,
						   unsigned long start,
						   unsigned long end)
{
	struct mmu_notifier *subscription;
	int idx;

	idx = srcu_read_lock(&notifier_srcu);
	for_each_notifier(subscription, mm->notifier_subscriptions) {
		const struct mmu_notifier_ops *ops = subscription->ops;

		if (ops->arch_invalidate_secondary_tlbs)
			ops->arch_invalidate_secondary_tlbs(subscription, mm,
							    start, end);
	}
	srcu_read_unlock(&notifier_srcu, idx);
}

static struct mmu_notifier_subscriptions *alloc_subscriptions(void)
{
	struct mmu_notifier_subscriptions *subscriptions;

	subscriptions = kzalloc(sizeof(*subscriptions), GFP_KERNEL);
	if (!subscriptions)
		return NULL;

	INIT_HLIST_HEAD(&subscriptions->list);
	spin_lock_init(&subscriptions->lock);
	subscriptions->seq = 2;
	INIT_LIST_HEAD(&subscriptions->quiet);
	subscriptions->ranges = RB_ROOT_CACHED;
	INIT_HLIST_HEAD(&subscriptions->pending_insert);
	INIT_HLIST_HEAD(&subscriptions->pending_remove);
	init_waitqueue_head(&subscriptions->wq);
	return subscriptions;
}

/*
 * Subscribe while no invalidation is under way: a plain notifier, or with NULL
 * the first range notifier.
 */
static int subscribe(struct mmu_notifier *subscription, struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *new = NULL;
	int ret;

	mmap_assert_write_locked(mm);
	/* Else the release may be past. */
	if (WARN_ON_ONCE(atomic_read(&mm->mm_users) <= 0))
		return -EINVAL;

	/* No allocation under mm_take_all_locks(): reclaim wants those locks. */
	if (!mm->notifier_subscriptions) {
		new = alloc_subscriptions();
		if (!new)
			return -ENOMEM;
	}

	ret = mm_take_all_locks(mm);
	if (ret) {
		kfree(new);
		return ret;
	}

	if (new)
		/* Pairs with the smp_load_acquire() in mm_has_ranges(). */
		smp_store_release(&mm->notifier_subscriptions, new);

	if (subscription) {
		/* Dropped by mmu_notifier_unregister() or the last put. */
		mmgrab(mm);
		subscription->mm = mm;
		subscription->users = 1;

		spin_lock(&mm->notifier_subscriptions->lock);
		hlist_add_head_rcu(&subscription->hlist,
				   &mm->notifier_subscriptions->list);
		spin_unlock(&mm->notifier_subscriptions->lock);
	} else {
		/* Pairs with the smp_load_acquire() in mm_has_ranges(). */
		smp_store_release(&mm->notifier_subscriptions->has_ranges, true);
	}

	mm_drop_all_locks(mm);
	return 0;
}

/**
 * __mmu_notifier_register - mmu_notifier_register() with the mmap lock held
 * @subscription: the notifier, its ops set
 * @mm: the address space; the caller holds mm_users, and the mmap lock for
 *	write
 *
 * Return: as mmu_notifier_register().
 */
int __mmu_notifier_register(struct mmu_notifier *subscription,
			    struct mm_struct *mm)
{
	const struct mmu_notifier_ops *ops = subscription->ops;

	/* Either the CPU's page tables are shared, or they are shadowed. */
	if (WARN_ON_ONCE(ops->arch_invalidate_secondary_tlbs &&
			 (ops->invalidate_range_start ||
			  ops->invalidate_range_end)))
		return -EINVAL;
	return subscribe(subscription, mm);
}
EXPORT_SYMBOL_GPL(__mmu_notifier_register);

/**
 * mmu_notifier_register - subscribe to a whole address space
 * @subscription: the notifier, its ops set
 * @mm: the address space; the caller holds mm_users: it is current's, or it
 *	comes from get_task_mm() or mmget_not_zero()
 *
 * Takes the mmap lock for write and, for a moment, all locks of the mm: slow.
 * To be paired with mmu_notifier_unregister() or mmu_notifier_put(). Until then
 * ``subscription->mm`` stays valid, though not its users.
 *
 * Return: 0; -ENOMEM; -EINTR if a signal came first; -EINVAL if the ops mix
 * arch_invalidate_secondary_tlbs with the range callbacks, or if the mm has no
 * users.
 */
int mmu_notifier_register(struct mmu_notifier *subscription,
			  struct mm_struct *mm)
{
	int ret;

	mmap_write_lock(mm);
	ret = __mmu_notifier_register(subscription, mm);
	mmap_write_unlock(mm);
	return ret;
}
EXPORT_SYMBOL_GPL(mmu_notifier_register);

/**
 * mmu_notifier_unregister - end a subscription to a whole address space
 * @subscription: from mmu_notifier_register()
 * @mm: its address space
 *
 * Calls ops->release unless the end of the process did so before. Sleeps until
 * no callback runs; not to be called from a callback, or with a lock that
 * callbacks take. Afterwards @subscription may be freed, and @mm may be gone.
 */
void mmu_notifier_unregister(struct mmu_notifier *subscription,
			     struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;

	if (!hlist_unhashed_lockless(&subscription->hlist)) {
		/* list_release() waits for this with synchronize_srcu(). */
		int idx = srcu_read_lock(&notifier_srcu);

		if (subscription->ops->release)
			subscription->ops->release(subscription, mm);
		srcu_read_unlock(&notifier_srcu, idx);

		spin_lock(&subscriptions->lock);
		/* Does nothing if list_release() was here in the meantime. */
		hlist_del_init_rcu(&subscription->hlist);
		spin_unlock(&subscriptions->lock);
	}

	synchronize_srcu(&notifier_srcu);
	mmdrop(mm);
}
EXPORT_SYMBOL_GPL(mmu_notifier_unregister);

/* One more user for the notifier with these ops, if there is one. */
static struct mmu_notifier *find_get(struct mm_struct *mm,
				     const struct mmu_notifier_ops *ops)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;
	struct mmu_notifier *subscription, *found = NULL;

	if (!subscriptions)
		return NULL;

	spin_lock(&subscriptions->lock);
	hlist_for_each_entry(subscription, &subscriptions->list, hlist) {
		if (subscription->ops != ops)
			continue;
		if (subscription->users == UINT_MAX) {
			found = ERR_PTR(-EOVERFLOW);
		} else {
			subscription->users++;
			found = subscription;
		}
		break;
	}
	spin_unlock(&subscriptions->lock);
	return found;
}

/**
 * mmu_notifier_get_locked - mmu_notifier_get() with the mmap lock held
 * @ops: has alloc_notifier and free_notifier; identifies the notifier
 * @mm: the address space; the caller holds mm_users, and the mmap lock for
 *	write
 *
 * Return: the notifier, to be given back with mmu_notifier_put(); or an
 * ERR_PTR(): what alloc_notifier or mmu_notifier_register() failed with, or
 * -EOVERFLOW after UINT_MAX users.
 */
struct mmu_notifier *mmu_notifier_get_locked(const struct mmu_notifier_ops *ops,
					     struct mm_struct *mm)
{
	struct mmu_notifier *subscription;
	int ret;

	mmap_assert_write_locked(mm);

	subscription = find_get(mm, ops);
	if (subscription)
		return subscription;

	subscription = ops->alloc_notifier(mm);
	if (IS_ERR(subscription))
		return subscription;

	subscription->ops = ops;
	ret = __mmu_notifier_register(subscription, mm);
	if (ret) {
		ops->free_notifier(subscription);
		return ERR_PTR(ret);
	}
	return subscription;
}
EXPORT_SYMBOL_GPL(mmu_notifier_get_locked);

static void free_after_put(struct rcu_head *rcu)
{
	struct mmu_notifier *subscription =
		container_of(rcu, struct mmu_notifier, rcu);
	struct mm_struct *mm = subscription->mm;

	subscription->ops->free_notifier(subscription);
	mmdrop(mm);
}

/**
 * mmu_notifier_put - give back what mmu_notifier_get() returned
 * @subscription: the notifier
 *
 * The last put ends the subscription without a call of ops->release: the user
 * has dropped all its mappings before and makes no new ones. ops->free_notifier
 * follows later, from an SRCU callback; a module calls
 * mmu_notifier_synchronize() before it goes. Does not sleep; may be called from
 * ops->release.
 */
void mmu_notifier_put(struct mmu_notifier *subscription)
{
	spinlock_t *lock = &subscription->mm->notifier_subscriptions->lock;
	bool last = false;

	spin_lock(lock);
	if (!WARN_ON(!subscription->users))
		last = !--subscription->users;
	if (last)
		hlist_del_init_rcu(&subscription->hlist);
	spin_unlock(lock);

	if (last)
		call_srcu(&notifier_srcu, &subscription->rcu, free_after_put);
}
EXPORT_SYMBOL_GPL(mmu_notifier_put);

/**
 * mmu_notifier_synchronize - wait for what mmu_notifier_put() left behind
 *
 * For the exit function of a module, after its last put: when it returns, no
 * callback of the module runs, and every ops->free_notifier has been called.
 * Sleeps.
 */
void mmu_notifier_synchronize(void)
{
	/* Callbacks of call_srcu() outlast a mere synchronize_srcu(). */
	srcu_barrier(&notifier_srcu);
}
EXPORT_SYMBOL_GPL(mmu_notifier_synchronize);

/* Is the mm ready for range notifiers? Needs no lock, only the mm. */
static bool mm_has_ranges(struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subscriptions;

	/* Pairs with the smp_store_release() of the pointer in subscribe(). */
	subscriptions = smp_load_acquire(&mm->notifier_subscriptions);
	if (!subscriptions)
		return false;
	/* Pairs with the smp_store_release() of the flag in subscribe(). */
	return smp_load_acquire(&subscriptions->has_ranges);
}

static int check_range(struct mmu_range_notifier *mrn, unsigned long start,
		       unsigned long length, struct mm_struct *mm)
{
	/* The user may ask later whether the insert worked. */
	mrn->mm = NULL;

	if (!mrn->ops || !mrn->ops->invalidate)
		return -EINVAL;
	if (!length || check_add_overflow(start, length - 1,
					  &mrn->interval_tree.last))
		return -EOVERFLOW;
	mrn->interval_tree.start = start;
	if (atomic_read(&mm->mm_users) <= 0)
		return -EINVAL;
	return 0;
}

static void insert_range(struct mmu_range_notifier *mrn, struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;
	unsigned long seq;

	/* Dropped by the removal. */
	mmgrab(mm);
	mrn->mm = mm;
	INIT_HLIST_NODE(&mrn->deferred_item);
#ifdef CONFIG_LOCKDEP
	mrn->user_lock = NULL;
#endif

	spin_lock(&subscriptions->lock);
	if (has_writers(subscriptions)) {
		/* One of them may be here already: as if hit. */
		hlist_add_head(&mrn->deferred_item,
			       &subscriptions->pending_insert);
		seq = subscriptions->seq;
	} else if (link_range(subscriptions, mrn)) {
		seq = subscriptions->seq;
	} else {
		/* As odd as any other, and the longest way from the next one. */
		seq = subscriptions->seq - 1;
	}
	WRITE_ONCE(mrn->invalidate_seq, seq);
	spin_unlock(&subscriptions->lock);
}

/**
 * mmu_range_notifier_insert - subscribe to an interval of an address space
 * @mrn: the notifier; @mrn->ops and its invalidate callback are set, the rest
 *	is overwritten. Not inserted now
 * @start: first address, in bytes; need not be aligned
 * @length: in bytes, at least 1; nothing need be mapped there
 * @mm: the address space; the caller holds mm_users (current's, or mmget)
 *
 * Process context, without the mmap lock: the first use in an mm takes it for
 * write. Not from a callback of a notifier. Intervals may overlap.
 *
 * On return the callback may run at once, or may not run yet although the
 * address space changes, when an invalidation was under way. So SPTEs are set
 * up only after mmu_range_read_begin(). To be paired with
 * mmu_range_notifier_remove(), also after the end of the process.
 *
 * Return: 0; or, with nothing to remove, -EINVAL without ops or without users
 * of the mm, -EOVERFLOW for an interval that is empty or wraps around, -ENOMEM,
 * or -EINTR if a signal came first.
 */
int mmu_range_notifier_insert(struct mmu_range_notifier *mrn,
			      unsigned long start, unsigned long length,
			      struct mm_struct *mm)
{
	int ret;

	might_lock(&mm->mmap_lock);

	ret = check_range(mrn, start, length, mm);
	if (ret)
		return ret;
	if (!mm_has_ranges(mm)) {
		mmap_write_lock(mm);
		ret = subscribe(NULL, mm);
		mmap_write_unlock(mm);
		if (ret)
			return ret;
	}
	insert_range(mrn, mm);
	return 0;
}
EXPORT_SYMBOL_GPL(mmu_range_notifier_insert);

/**
 * mmu_range_notifier_insert_locked - the same with the mmap lock held for write
 * @mrn: as in mmu_range_notifier_insert()
 * @start: first address, in bytes; need not be aligned
 * @length: in bytes, at least 1; nothing need be mapped there
 * @mm: the address space, its mmap lock held for write by the caller
 *
 * Return: as mmu_range_notifier_insert().
 */
int mmu_range_notifier_insert_locked(struct mmu_range_notifier *mrn,
				     unsigned long start, unsigned long length,
				     struct mm_struct *mm)
{
	int ret;

	mmap_assert_write_locked(mm);

	ret = check_range(mrn, start, length, mm);
	if (ret)
		return ret;
	if (!mm_has_ranges(mm)) {
		ret = subscribe(NULL, mm);
		if (ret)
			return ret;
	}
	insert_range(mrn, mm);
	return 0;
}
EXPORT_SYMBOL_GPL(mmu_range_notifier_insert_locked);

/*
 * Has the odd period ended in which the sequence had this value? With the lock,
 * so that everything the end of the period does is done: pairs with
 * apply_pending().
 */
static bool seq_has_moved(struct mmu_notifier_subscriptions *subscriptions,
			  unsigned long seq)
{
	bool moved;

	spin_lock(&subscriptions->lock);
	moved = subscriptions->seq != seq;
	spin_unlock(&subscriptions->lock);
	return moved;
}

/* Out of line: who has not to wait needs no wait queue entry on the stack. */
static noinline void
wait_for_end(struct mmu_notifier_subscriptions *subscriptions,
	     unsigned long seq)
{
	wait_event(subscriptions->wq, seq_has_moved(subscriptions, seq));
}

/* Tell lockdep that the caller may sleep until an invalidation ends. */
static void might_wait_for_end(void)
{
	lock_map_acquire(&__mmu_notifier_invalidate_range_start_map);
	lock_map_release(&__mmu_notifier_invalidate_range_start_map);
}

/**
 * mmu_range_notifier_remove - end a subscription to an interval
 * @mrn: an inserted notifier, or one whose insertion is pending
 *
 * Sleeps until no callback of it runs or will run. Process context; not from a
 * callback of any notifier, and not with a lock that callbacks take. Mandatory
 * also after the process has ended. Afterwards @mrn may be freed or inserted
 * again; its mm may be gone.
 */
void mmu_range_notifier_remove(struct mmu_range_notifier *mrn)
{
	struct mm_struct *mm = mrn->mm;
	struct mmu_notifier_subscriptions *subscriptions;
	unsigned long seq;
	bool wait = false;

	might_sleep();
	if (WARN_ON_ONCE(!mm))
		return;
	subscriptions = mm->notifier_subscriptions;

	spin_lock(&subscriptions->lock);
	seq = subscriptions->seq;
	if (!hlist_unhashed(&mrn->deferred_item)) {
		/* It never came to be in the tree. */
		hlist_del_init(&mrn->deferred_item);
	} else if (has_writers(subscriptions)) {
		hlist_add_head(&mrn->deferred_item,
			       &subscriptions->pending_remove);
		wait = true;
	} else {
		unlink_range(subscriptions, mrn);
	}
	spin_unlock(&subscriptions->lock);

	might_wait_for_end();
	if (wait)
		wait_for_end(subscriptions, seq);

	mrn->mm = NULL;
	mmdrop(mm);
}
EXPORT_SYMBOL_GPL(mmu_range_notifier_remove);

/**
 * mmu_range_read_begin - begin to read page table entries of an interval
 * @mrn: an inserted notifier
 *
 * Sleeps, uninterruptibly, while the interval is being invalidated. It sleeps
 * once at most, so that the caller can bound the time it spends on retries; the
 * result may be outdated when it returns. Process context; not from a callback,
 * and not with a lock that callbacks take, the user lock above all.
 *
 * Return: the sequence for the one mmu_range_read_retry() that ends the read
 * side.
 */
unsigned long mmu_range_read_begin(struct mmu_range_notifier *mrn)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mrn->mm->notifier_subscriptions;
	bool invalidating;
	unsigned long seq;

	spin_lock(&subscriptions->lock);
	/* Pairs with the WRITE_ONCE() in mmu_range_set_seq(). */
	seq = READ_ONCE(mrn->invalidate_seq);
	invalidating = seq == subscriptions->seq;
	spin_unlock(&subscriptions->lock);

	might_wait_for_end();
	if (invalidating)
		wait_for_end(subscriptions, seq);
	return seq;
}
EXPORT_SYMBOL_GPL(mmu_range_read_begin);
