// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/mmu_notifier.h>

static bool checks_first(struct mmu_range_notifier *mrn,
			 const struct mmu_notifier_range *range,
			 unsigned long cur_seq)
{
	struct object *o = container_of(mrn, struct object, notifier);

	if (!mmu_notifier_range_blockable(range))
		return false;
	mutex_lock(&o->lock);
	mmu_range_set_seq(mrn, cur_seq);
	if (!o->mapped) {
		mutex_unlock(&o->lock);
		return true;
	}
	object_zap(o);
	mutex_unlock(&o->lock);
	return true;
}

static const struct mmu_range_notifier_ops checks_first_ops = {
	.invalidate = checks_first,
};

static bool tries(struct mmu_range_notifier *mrn,
		  const struct mmu_notifier_range *range,
		  unsigned long cur_seq)
{
	struct object *o = container_of(mrn, struct object, notifier);

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&o->lock);
	else if (!mutex_trylock(&o->lock))
		return false;
	mmu_range_set_seq(mrn, cur_seq);
	mutex_unlock(&o->lock);
	return true;
}

static const struct mmu_range_notifier_ops tries_ops = {
	.invalidate = tries,
};

static bool spins(struct mmu_range_notifier *mrn,
		  const struct mmu_notifier_range *range,
		  unsigned long cur_seq)
{
	struct object *o = container_of(mrn, struct object, notifier);

	spin_lock(&o->spinlock);
	mmu_range_set_seq(mrn, cur_seq);
	spin_unlock(&o->spinlock);
	return true;
}

static const struct mmu_range_notifier_ops spins_ops = {
	.invalidate = spins,
};

int loops(struct object *o)
{
	unsigned long seq;

	while (true) {
		seq = mmu_range_read_begin(&o->notifier);
		object_read(o);
		mutex_lock(&o->lock);
		if (!mmu_range_read_retry(&o->notifier, seq))
			break;
		mutex_unlock(&o->lock);
	}
	object_map(o);
	mutex_unlock(&o->lock);
	return 0;
}

int jumps(struct object *o)
{
	unsigned long seq;

again:
	seq = mmu_range_read_begin(&o->notifier);
	object_read(o);
	mutex_lock(&o->lock);
	if (unlikely(mmu_range_read_retry(&o->notifier, seq))) {
		mutex_unlock(&o->lock);
		if (object_dead(o))
			return -ESRCH;
		goto again;
	}
	object_map(o);
	mutex_unlock(&o->lock);
	return 0;
}

int leaves_it_to_the_caller(struct object *o)
{
	if (mmu_range_read_retry(&o->notifier, o->seq))
		return -EAGAIN;
	return 0;
}

void object_move(struct object *o, unsigned long start)
{
	mmu_range_notifier_remove(&o->notifier);
	if (mmu_range_notifier_insert(&o->notifier, start, PAGE_SIZE, o->mm))
		return;
	mmput(mmu_range_notifier_mm(&o->notifier));
}
