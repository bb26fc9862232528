// SPDX-License-Identifier: GPL-2.0
/*
 * Range notifiers and hmm_range_fault() for a user program that measures them.
 * Compiled for the base and for the branch, which name the same things
 * differently.
 */

#include <linux/fs.h>
#include <linux/hmm.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "mm_bench_uapi.h"

#ifdef MM_BENCH_STOCK
#define range_notifier mmu_interval_notifier
#define range_notifier_ops mmu_interval_notifier_ops
#define range_remove mmu_interval_notifier_remove
#define read_begin mmu_interval_read_begin
#define read_retry mmu_interval_read_retry
#define set_seq mmu_interval_set_seq
#define range_fault(range) hmm_range_fault(range)
#else
#define range_notifier mmu_range_notifier
#define range_notifier_ops mmu_range_notifier_ops
#define range_remove mmu_range_notifier_remove
#define read_begin mmu_range_read_begin
#define read_retry mmu_range_read_retry
#define set_seq mmu_range_set_seq
#define range_fault(range) hmm_range_fault(range, 0)
#endif

/* No more than a program of good will asks for. */
#define MAX_WATCHED	65536
#define MAX_LENGTH	SZ_1G

/* One open file: the ranges that its user watches. */
struct bench_file {
	/* Serialises the requests. */
	struct mutex lock;
	struct range_notifier *watched;
	unsigned long count;
	struct mmu_notifier bystander;
};

/* The user lock of all ranges. */
static DEFINE_SPINLOCK(bench_lock);

static bool bench_invalidate(struct range_notifier *mrn,
			     const struct mmu_notifier_range *range,
			     unsigned long cur_seq)
{
	spin_lock(&bench_lock);
	set_seq(mrn, cur_seq);
	spin_unlock(&bench_lock);
	return true;
}

static const struct range_notifier_ops bench_ops = {
	.invalidate = bench_invalidate,
};

static int bench_insert(struct range_notifier *mrn, unsigned long start,
			unsigned long length)
{
#ifdef MM_BENCH_STOCK
	return mmu_interval_notifier_insert(mrn, current->mm, start, length,
					    &bench_ops);
#else
	mrn->ops = &bench_ops;
	return mmu_range_notifier_insert(mrn, start, length, current->mm);
#endif
}

static void bench_unwatch(struct bench_file *file)
{
	while (file->count)
		range_remove(&file->watched[--file->count]);
	kvfree(file->watched);
	file->watched = NULL;
}

static int bench_watch(struct bench_file *file, struct mm_bench_args *args)
{
	int ret = 0;

	if (file->watched)
		return -EBUSY;
	if (!args->count || args->count > MAX_WATCHED)
		return -EINVAL;

	file->watched = kvcalloc(args->count, sizeof(*file->watched),
				 GFP_KERNEL);
	if (!file->watched)
		return -ENOMEM;

	while (!ret && file->count < args->count) {
		ret = bench_insert(&file->watched[file->count],
				   args->addr + file->count * args->length,
				   PAGE_SIZE);
		if (!ret)
			file->count++;
	}
	if (ret)
		bench_unwatch(file);
	return ret;
}

/*
 * QEMU with -icount runs one processor after the other, and a pause ends the
 * turn of one. So every invalidation is still open when the others have theirs.
 */
static int bystander_start(struct mmu_notifier *bystander,
			   const struct mmu_notifier_range *range)
{
	cpu_relax();
	return 0;
}

static const struct mmu_notifier_ops bystander_ops = {
	.invalidate_range_start = bystander_start,
};

static int bench_hold(struct bench_file *file)
{
	int ret;

	if (file->bystander.ops)
		return -EBUSY;
	file->bystander.ops = &bystander_ops;
	ret = mmu_notifier_register(&file->bystander, current->mm);
	if (ret)
		file->bystander.ops = NULL;
	return ret;
}

static int bench_pairs(struct mm_bench_args *args)
{
	struct range_notifier mrn = {};
	cycles_t begin;
	u64 n;
	int ret;

	args->cycles = 0;
	for (n = 0; n < args->count; n++) {
		begin = get_cycles();
		ret = bench_insert(&mrn, args->addr, args->length);
		if (ret)
			return ret;
		range_remove(&mrn);
		args->cycles += get_cycles() - begin;

		/* The turn of the other processors, which does not count. */
		cpu_relax();
		cond_resched();
	}
	return 0;
}

static int bench_reads(struct mm_bench_args *args)
{
	struct range_notifier mrn = {};
	unsigned long seq;
	cycles_t begin;
	bool collided = false;
	u64 n;
	int ret;

	ret = bench_insert(&mrn, args->addr, args->length);
	if (ret)
		return ret;

	/* Nobody invalidates the range: the user lock would protect nothing. */
	begin = get_cycles();
	for (n = 0; n < args->count; n++) {
		seq = read_begin(&mrn);
		collided |= read_retry(&mrn, seq);
	}
	args->cycles = get_cycles() - begin;

	range_remove(&mrn);
	return collided ? -EBUSY : 0;
}

static int bench_fault(struct mm_bench_args *args)
{
	const unsigned long wanted = HMM_PFN_VALID | HMM_PFN_WRITE;
	struct range_notifier mrn = {};
	struct hmm_range range = {
		.notifier = &mrn,
		.start = args->addr,
		.end = args->addr + args->length,
		.default_flags = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE,
	};
	unsigned long pages = args->length >> PAGE_SHIFT, n;
	cycles_t begin;
	int ret;

	if (!pages || args->length > MAX_LENGTH ||
	    !PAGE_ALIGNED(args->addr | args->length))
		return -EINVAL;

	range.hmm_pfns = kvcalloc(pages, sizeof(*range.hmm_pfns), GFP_KERNEL);
	if (!range.hmm_pfns)
		return -ENOMEM;
	ret = bench_insert(&mrn, args->addr, args->length);
	if (ret)
		goto out;

	range.notifier_seq = read_begin(&mrn);
	mmap_read_lock(current->mm);
	begin = get_cycles();
	ret = range_fault(&range);
	args->cycles = get_cycles() - begin;
	mmap_read_unlock(current->mm);

	range_remove(&mrn);
	for (n = 0; n < pages && !ret; n++)
		if ((range.hmm_pfns[n] & wanted) != wanted)
			ret = -EIO;
	args->count = hmm_pfn_to_map_order(range.hmm_pfns[0]);
out:
	kvfree(range.hmm_pfns);
	return ret;
}

static long bench_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct bench_file *file = filp->private_data;
	struct mm_bench_args args = {};
	void __user *user = (void __user *)arg;
	int ret;

	if (_IOC_SIZE(cmd) == sizeof(args) &&
	    copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;

	mutex_lock(&file->lock);
	switch (cmd) {
	case MM_BENCH_WATCH:
		ret = bench_watch(file, &args);
		break;
	case MM_BENCH_UNWATCH:
		bench_unwatch(file);
		ret = 0;
		break;
	case MM_BENCH_HOLD:
		ret = bench_hold(file);
		break;
	case MM_BENCH_PAIRS:
		ret = bench_pairs(&args);
		break;
	case MM_BENCH_READS:
		ret = bench_reads(&args);
		break;
	case MM_BENCH_FAULT:
		ret = bench_fault(&args);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&file->lock);

	if (!ret && _IOC_SIZE(cmd) == sizeof(args) &&
	    copy_to_user(user, &args, sizeof(args)))
		return -EFAULT;
	return ret;
}

static int bench_open(struct inode *inode, struct file *filp)
{
	struct bench_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return -ENOMEM;
	mutex_init(&file->lock);
	filp->private_data = file;
	return 0;
}

static int bench_release(struct inode *inode, struct file *filp)
{
	struct bench_file *file = filp->private_data;

	bench_unwatch(file);
	if (file->bystander.ops)
		mmu_notifier_unregister(&file->bystander, file->bystander.mm);
	kfree(file);
	return 0;
}

static const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.release = bench_release,
	.unlocked_ioctl = bench_ioctl,
};

static struct miscdevice bench_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mm_bench",
	.fops = &bench_fops,
};
module_misc_device(bench_device);

MODULE_DESCRIPTION("Measures range notifiers and hmm_range_fault()");
MODULE_LICENSE("GPL");
