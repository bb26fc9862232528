// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/mmu_notifier.h>
#include <linux/hmm.h>

struct object {
	struct mmu_interval_notifier notifier;
	struct mutex lock;
	unsigned long seq;
};

struct service {
	struct mmu_notifier notifier;
};

static bool object_invalidate(struct mmu_interval_notifier *mni,
			      const struct mmu_notifier_range *range,
			      unsigned long cur_seq)
{
	struct object *o = container_of(mni, struct object, notifier);

	if (!mmu_notifier_range_blockable(range))
		return false;
	mutex_lock(&o->lock);
	mmu_interval_set_seq(mni, cur_seq);
	object_zap(o, mni->mm, max(mni->interval_tree.start, range->start),
		   min(mni->interval_tree.last, range->end - 1));
	mutex_unlock(&o->lock);
	return true;
}

static const struct mmu_interval_notifier_ops object_ops = {
	.invalidate = object_invalidate,
};

int insert_assigned(struct object *o, struct mm_struct *mm)
{
	int ret;

	ret = mmu_interval_notifier_insert(&o->notifier, mm, 0, PAGE_SIZE,
					   &object_ops);
	if (ret)
		o->notifier.mm = NULL;
	return ret;
}

int insert_returned(struct mmu_interval_notifier *mni, struct mm_struct *mm)
{
	return mmu_interval_notifier_insert_locked(mni, mm, 0, PAGE_SIZE,
						   &object_ops);
}

int insert_declared(struct object *o)
{
	int ret = mmu_interval_notifier_insert(&o->notifier, current->mm, 0,
					       PAGE_SIZE, &object_ops);

	return ret;
}

int insert_in_condition(struct object *o)
{
	int ret;

	if ((ret = mmu_interval_notifier_insert(&o->notifier, current->mm, 0,
						PAGE_SIZE, &object_ops)))
		return ret;
	return 0;
}

int insert_in_branches(struct object *o, bool locked)
{
	int ret;

	if (locked)
		ret = mmu_interval_notifier_insert_locked(&o->notifier,
				current->mm, 0, PAGE_SIZE, &object_ops);
	else
		ret = mmu_interval_notifier_insert(&o->notifier,
				current->mm, 0, PAGE_SIZE, &object_ops);
	return ret;
}

int insert_with_its_own_ops(struct object *o)
{
	return mmu_interval_notifier_insert(&o->notifier, current->mm, 0,
					    PAGE_SIZE, o->notifier.ops);
}

void insert_unchecked(struct object *o)
{
	mmu_interval_notifier_insert(&o->notifier, current->mm, 0, PAGE_SIZE,
				     &object_ops);
}

void object_remove(struct object *o)
{
	if (!o->notifier.mm)
		return;
	mmu_interval_notifier_remove(&o->notifier);
	o->notifier.mm = NULL;
}

bool object_active(struct object *o)
{
	return o->notifier.mm;
}

bool object_active_by_bounds(struct object *o)
{
	return o->notifier.interval_tree.start != 0 &&
	       o->notifier.interval_tree.last != 0;
}

void object_bounds(struct object *o, unsigned long *start, unsigned long *end)
{
	*start = o->notifier.interval_tree.start;
	*end = o->notifier.interval_tree.last + 1;
}

struct mm_struct *service_mm(struct service *s)
{
	return s->notifier.mm;
}

/* Reads with mmu_interval_read_begin(), mmu_iterval_read_retry(). */
int object_fault(struct object *o, struct hmm_range *range)
{
	struct mm_struct *mm = o->notifier.mm;
	int ret;

again:
	if (mmu_interval_check_retry(&o->notifier, o->seq))
		cpu_relax();
	range->notifier_seq = mmu_interval_read_begin(&o->notifier);
	mmap_read_lock(mm);
	ret = hmm_range_fault(range);
	mmap_read_unlock(mm);
	if (ret)
		return ret;

	mutex_lock(&o->lock);
	if (mmu_interval_read_retry(&o->notifier,
				    range->notifier_seq)) {
		mutex_unlock(&o->lock);
		goto again;
	}
	object_map(o, range);
	mutex_unlock(&o->lock);
	return 0;
}
