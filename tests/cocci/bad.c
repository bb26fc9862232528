// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/mmu_notifier.h>

static bool returns_errno(struct mmu_range_notifier *mrn,
			  const struct mmu_notifier_range *range,
			  unsigned long cur_seq)
{
	if (!mmu_notifier_range_blockable(range))
		return -EAGAIN; /* t8-errno */
	return true;
}

static const struct mmu_range_notifier_ops returns_errno_ops = {
	.invalidate = returns_errno,
};

static bool returns_variable(struct mmu_range_notifier *mrn,
			     const struct mmu_notifier_range *range,
			     unsigned long cur_seq)
{
	int ret = object_zap(mrn);

	return ret; /* t8-errno */
}

static const struct mmu_range_notifier_ops returns_variable_ops = {
	.invalidate = returns_variable,
};

static bool locks_first(struct mmu_range_notifier *mrn,
			const struct mmu_notifier_range *range,
			unsigned long cur_seq)
{
	struct object *o = container_of(mrn, struct object, notifier);

	mutex_lock(&o->lock); /* t8-unasked */
	if (!mmu_notifier_range_blockable(range)) {
		mutex_unlock(&o->lock);
		return false;
	}
	mmu_range_set_seq(mrn, cur_seq);
	mutex_unlock(&o->lock);
	return true;
}

static const struct mmu_range_notifier_ops locks_first_ops = {
	.invalidate = locks_first,
};

static bool never_asks(struct mmu_range_notifier *mrn,
		       const struct mmu_notifier_range *range,
		       unsigned long cur_seq)
{
	struct object *o = container_of(mrn, struct object, notifier);

	down_write(&o->sem); /* t8-unasked */
	mmu_range_set_seq(mrn, cur_seq);
	up_write(&o->sem);
	return true;
}

static const struct mmu_range_notifier_ops never_asks_ops = {
	.invalidate = never_asks,
};

static bool keeps_lock(struct mmu_range_notifier *mrn,
		       const struct mmu_notifier_range *range,
		       unsigned long cur_seq)
{
	struct object *o = container_of(mrn, struct object, notifier);

	if (!mmu_notifier_range_blockable(range))
		return false;
	mutex_lock(&o->lock);
	mmu_range_set_seq(mrn, cur_seq);
	if (!o->mapped)
		return true; /* t8-held */
	object_zap(o);
	mutex_unlock(&o->lock);
	return true;
}

static const struct mmu_range_notifier_ops keeps_lock_ops = {
	.invalidate = keeps_lock,
};

void goes_on(struct object *o, unsigned long seq)
{
	if (mmu_range_read_retry(&o->notifier, seq)) /* t5-not-retried */
		o->collisions++;
	object_map(o);
}

int inverted(struct object *o, unsigned long seq)
{
	if (!mmu_range_read_retry(&o->notifier, seq)) /* t5-inverted */
		return -EAGAIN;
	object_map(o);
	return 0;
}

int inverted_goto(struct object *o, unsigned long seq)
{
	int ret;

	mutex_lock(&o->lock);
	if (!mmu_range_read_retry(&o->notifier, seq)) { /* t5-inverted */
		ret = -EAGAIN;
		goto out;
	}
	ret = object_map(o);
out:
	mutex_unlock(&o->lock);
	return ret;
}

void inverted_loop(struct object *o)
{
	unsigned long seq;

again:
	seq = mmu_range_read_begin(&o->notifier);
	object_read(o);
	mutex_lock(&o->lock);
	if (!mmu_range_read_retry(&o->notifier, seq)) { /* t5-inverted */
		mutex_unlock(&o->lock);
		goto again;
	}
	object_map(o);
	mutex_unlock(&o->lock);
}

void drops(struct object *o, unsigned long seq)
{
	mmu_range_read_retry(&o->notifier, seq); /* t5-dropped */
	object_map(o);
}

void reads_mm_late(struct object *o)
{
	mmu_range_notifier_remove(&o->notifier);
	object_unpin(o, mmu_range_notifier_mm(&o->notifier)); /* removed-mm */
}

int old_names(struct mmu_interval_notifier *mni, struct hmm_range *range) /* old */
{
	if (mmu_interval_read_retry(mni, range->notifier_seq)) /* old */
		return -EBUSY;
	return hmm_range_fault(range); /* old */
}
