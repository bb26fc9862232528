// SPDX-License-Identifier: GPL-2.0
/*
 * The example of Documentation/mm/hmm.rst, and a test that runs it.
 *
 * The document shows the parts between the lines "hmm.rst: NAME", so change
 * both together. The device is a table of entries that only device_read() and
 * device_write() look into.
 */
#include <kunit/test.h>
#include <linux/highmem.h>
#include <linux/hmm.h>
#include <linux/jiffies.h>
#include <linux/mman.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* hmm.rst: mirror */
struct mirror {
	struct mmu_range_notifier mrn;
	struct mutex update;		/* the user lock */
	unsigned long shadow[];		/* the device's page table */
};

/* hmm.rst: invalidate */
static bool mirror_invalidate(struct mmu_range_notifier *mrn,
			      const struct mmu_notifier_range *range,
			      unsigned long cur_seq)
{
	struct mirror *mirror = container_of(mrn, struct mirror, mrn);
	unsigned long start = mmu_range_notifier_start(mrn);
	unsigned long first, last;

	/* First of all: may this wait for the lock? */
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&mirror->update);
	else if (!mutex_trylock(&mirror->update))
		return false;

	mmu_range_set_seq(mrn, cur_seq);

	/* The range may reach beyond the mirror on both sides. */
	first = max(range->start, start);
	last = min(range->end - 1, mmu_range_notifier_last(mrn));
	first = (first - start) >> PAGE_SHIFT;
	last = (last - start) >> PAGE_SHIFT;

	/* Here a real device drops its TLB entries too, and waits for that. */
	memset(&mirror->shadow[first], 0,
	       (last - first + 1) * sizeof(mirror->shadow[0]));

	mutex_unlock(&mirror->update);
	return true;
}

static const struct mmu_range_notifier_ops mirror_ops = {
	.invalidate = mirror_invalidate,
};

/* hmm.rst: bind */
static struct mirror *mirror_bind(struct mm_struct *mm, unsigned long start,
				  unsigned long npages)
{
	struct mirror *mirror;
	int ret;

	mirror = kvzalloc(struct_size(mirror, shadow, npages), GFP_KERNEL);
	if (!mirror)
		return ERR_PTR(-ENOMEM);
	mutex_init(&mirror->update);
	mirror->mrn.ops = &mirror_ops;

	/* From here on callbacks may come. */
	ret = mmu_range_notifier_insert(&mirror->mrn, start,
					npages << PAGE_SHIFT, mm);
	if (ret) {
		kvfree(mirror);
		return ERR_PTR(ret);
	}
	mmu_range_notifier_set_lock(&mirror->mrn, &mirror->update);
	return mirror;
}

static void mirror_unbind(struct mirror *mirror)
{
	/* Sleeps; after it no callback runs or will run. */
	mmu_range_notifier_remove(&mirror->mrn);
	kvfree(mirror);
}

/* hmm.rst: populate */
static int mirror_install(struct mirror *mirror, unsigned long first,
			  const struct hmm_range *range)
{
	unsigned long npages = (range->end - range->start) >> PAGE_SHIFT;

	mutex_lock(&mirror->update);
	if (mmu_range_read_retry(&mirror->mrn, range->notifier_seq)) {
		mutex_unlock(&mirror->update);
		return -EBUSY;
	}

	/* Until the lock is dropped these pages cannot go away. */
	memcpy(&mirror->shadow[first], range->hmm_pfns,
	       npages * sizeof(mirror->shadow[0]));
	mutex_unlock(&mirror->update);
	return 0;
}

static int mirror_populate(struct mirror *mirror, unsigned long first,
			   unsigned long npages, bool write)
{
	struct mm_struct *mm = mmu_range_notifier_mm(&mirror->mrn);
	struct hmm_range range = {
		.notifier = &mirror->mrn,
		.default_flags = HMM_PFN_REQ_FAULT,
	};
	unsigned long timeout;
	long ret;

	if (write)
		range.default_flags |= HMM_PFN_REQ_WRITE;
	range.start = mmu_range_notifier_start(&mirror->mrn) +
		      (first << PAGE_SHIFT);
	range.end = range.start + (npages << PAGE_SHIFT);

	/* Nothing is allocated under the lock that the callback takes. */
	range.hmm_pfns = kvcalloc(npages, sizeof(*range.hmm_pfns), GFP_KERNEL);
	if (!range.hmm_pfns)
		return -ENOMEM;

	/* The process may have ended, and its page tables with it. */
	if (!mmget_not_zero(mm)) {
		kvfree(range.hmm_pfns);
		return -EFAULT;
	}

	timeout = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	do {
		range.notifier_seq = mmu_range_read_begin(&mirror->mrn);

		mmap_read_lock(mm);
		ret = hmm_range_fault(&range, HMM_FAULT_ALLOW_RETRY);
		/* With -EAGAIN the lock is gone: the fault had to wait. */
		if (ret != -EAGAIN)
			mmap_read_unlock(mm);

		if (!ret)
			ret = mirror_install(mirror, first, &range);
	} while ((ret == -EBUSY || ret == -EAGAIN) &&
		 time_before(jiffies, timeout));

	/* Perhaps the last one: it then runs the callback, so no locks here. */
	mmput(mm);
	kvfree(range.hmm_pfns);
	return ret;
}

/* hmm.rst: end */

/* One access of the device: -ENOENT is its page fault. */
static int device_access(struct mirror *mirror, unsigned long page,
			 unsigned long need, u32 *from, u32 *to)
{
	int ret = -ENOENT;
	u32 *mem;

	mutex_lock(&mirror->update);
	if ((mirror->shadow[page] & need) == need) {
		mem = kmap_local_page(hmm_pfn_to_page(mirror->shadow[page]));
		*(to ?: mem) = *(from ?: mem);
		kunmap_local(mem);
		ret = 0;
	}
	mutex_unlock(&mirror->update);
	return ret;
}

static int device_read(struct mirror *mirror, unsigned long page, u32 *value)
{
	return device_access(mirror, page, HMM_PFN_VALID, NULL, value);
}

static int device_write(struct mirror *mirror, unsigned long page, u32 value)
{
	return device_access(mirror, page, HMM_PFN_VALID | HMM_PFN_WRITE,
			     &value, NULL);
}

#define TEST_PAGES 4UL

KUNIT_DEFINE_ACTION_WRAPPER(unbind_action, mirror_unbind, struct mirror *);

static struct mirror *bind_for_test(struct kunit *test, struct mm_struct *mm,
				    unsigned long start)
{
	struct mirror *mirror = mirror_bind(mm, start, TEST_PAGES);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, mirror);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, unbind_action,
							   mirror));
	return mirror;
}

/* Memory of the test's own address space, and a mirror of it. */
static struct mirror *mirror_for_test(struct kunit *test, unsigned long prot)
{
	unsigned long start = kunit_vm_mmap(test, NULL, 0,
					    TEST_PAGES * PAGE_SIZE, prot,
					    MAP_ANONYMOUS | MAP_PRIVATE, 0);

	KUNIT_ASSERT_NE(test, 0, start);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(start));
	return bind_for_test(test, current->mm, start);
}

static u32 __user *cpu_word(struct mirror *mirror, unsigned long page)
{
	return (u32 __user *)(mmu_range_notifier_start(&mirror->mrn) +
			      page * PAGE_SIZE);
}

static void hmm_example_read(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ | PROT_WRITE);
	u32 i, value;

	for (i = 0; i < TEST_PAGES; i++)
		KUNIT_ASSERT_EQ(test, 0, put_user(100 + i, cpu_word(mirror, i)));

	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 0, &value));
	KUNIT_ASSERT_EQ(test, 0, mirror_populate(mirror, 0, TEST_PAGES, false));
	for (i = 0; i < TEST_PAGES; i++) {
		KUNIT_ASSERT_EQ(test, 0, device_read(mirror, i, &value));
		KUNIT_EXPECT_EQ(test, 100 + i, value);
	}
}

static void hmm_example_write(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ | PROT_WRITE);
	u32 value;

	KUNIT_ASSERT_EQ(test, 0, mirror_populate(mirror, 1, 2, true));
	KUNIT_EXPECT_EQ(test, 0, device_write(mirror, 1, 11));
	KUNIT_EXPECT_EQ(test, 0, device_write(mirror, 2, 22));

	/* What was not asked for was not touched. */
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 0, &value));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 3, &value));

	KUNIT_ASSERT_EQ(test, 0, get_user(value, cpu_word(mirror, 1)));
	KUNIT_EXPECT_EQ(test, 11, value);
	KUNIT_ASSERT_EQ(test, 0, get_user(value, cpu_word(mirror, 2)));
	KUNIT_EXPECT_EQ(test, 22, value);
}

/* The write fault replaces the zero page and so invalidates its own range. */
static void hmm_example_own_collision(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ | PROT_WRITE);
	u32 value;

	KUNIT_ASSERT_EQ(test, 0, mirror_populate(mirror, 0, 1, false));
	KUNIT_ASSERT_EQ(test, 0, device_read(mirror, 0, &value));
	KUNIT_EXPECT_EQ(test, 0, value);
	KUNIT_EXPECT_EQ(test, -ENOENT, device_write(mirror, 0, 33));

	KUNIT_ASSERT_EQ(test, 0, mirror_populate(mirror, 0, 1, true));
	KUNIT_ASSERT_EQ(test, 0, device_write(mirror, 0, 33));
	KUNIT_ASSERT_EQ(test, 0, get_user(value, cpu_word(mirror, 0)));
	KUNIT_EXPECT_EQ(test, 33, value);
}

static void hmm_example_munmap(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ | PROT_WRITE);
	unsigned long hole = (unsigned long)cpu_word(mirror, 1);
	u32 value;

	KUNIT_ASSERT_EQ(test, 0, mirror_populate(mirror, 0, TEST_PAGES, true));
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(hole, 2 * PAGE_SIZE));

	KUNIT_EXPECT_EQ(test, 0, device_read(mirror, 0, &value));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 1, &value));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 2, &value));
	KUNIT_EXPECT_EQ(test, 0, device_read(mirror, 3, &value));

	KUNIT_EXPECT_EQ(test, -EFAULT, mirror_populate(mirror, 1, 1, false));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 1, &value));
}

static void hmm_example_read_only(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ);
	u32 value;

	KUNIT_EXPECT_EQ(test, -EPERM, mirror_populate(mirror, 0, 1, true));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 0, &value));
	KUNIT_EXPECT_EQ(test, 0, mirror_populate(mirror, 0, 1, false));
	KUNIT_EXPECT_EQ(test, 0, device_read(mirror, 0, &value));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_write(mirror, 0, 44));
}

/* Pages that were unmapped after they were looked up are not installed. */
static void hmm_example_stale(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ | PROT_WRITE);
	unsigned long start = mmu_range_notifier_start(&mirror->mrn);
	unsigned long pfn = 0;
	struct hmm_range range = {
		.notifier = &mirror->mrn,
		.start = start,
		.end = start + PAGE_SIZE,
		.hmm_pfns = &pfn,
		.default_flags = HMM_PFN_REQ_FAULT,
	};
	u32 value;

	range.notifier_seq = mmu_range_read_begin(&mirror->mrn);
	mmap_read_lock(current->mm);
	KUNIT_EXPECT_EQ(test, 0, hmm_range_fault(&range, 0));
	mmap_read_unlock(current->mm);
	KUNIT_EXPECT_TRUE(test, pfn & HMM_PFN_VALID);

	KUNIT_ASSERT_EQ(test, 0, vm_munmap(start, PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, -EBUSY, mirror_install(mirror, 0, &range));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 0, &value));
}

/* Calls the callback as the OOM reaper would while someone has the lock. */
static void hmm_example_nonblock(struct kunit *test)
{
	struct mirror *mirror = mirror_for_test(test, PROT_READ | PROT_WRITE);
	unsigned long start = mmu_range_notifier_start(&mirror->mrn);
	struct mmu_notifier_range range;
	unsigned long seq;
	u32 value;

	KUNIT_ASSERT_EQ(test, 0, mirror_populate(mirror, 0, 1, true));
	mmu_notifier_range_init(&range, MMU_NOTIFY_UNMAP, 0, current->mm, start,
				start + PAGE_SIZE);

	seq = mmu_range_read_begin(&mirror->mrn);
	mutex_lock(&mirror->update);
	KUNIT_EXPECT_FALSE(test, mirror_invalidate(&mirror->mrn, &range,
						   seq + 2));
	KUNIT_EXPECT_FALSE(test, mmu_range_read_retry(&mirror->mrn, seq));
	mutex_unlock(&mirror->update);
	KUNIT_EXPECT_EQ(test, 0, device_read(mirror, 0, &value));

	KUNIT_ASSERT_EQ(test, 0,
			mmu_notifier_invalidate_range_start_nonblock(&range));
	mmu_notifier_invalidate_range_end(&range);
	KUNIT_EXPECT_TRUE(test, mmu_range_check_retry(&mirror->mrn, seq));
	KUNIT_EXPECT_EQ(test, -ENOENT, device_read(mirror, 0, &value));
}

static void hmm_example_exit(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();
	struct mirror *mirror;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mirror = bind_for_test(test, mm, PAGE_SIZE);

	/* Stands for a page that is still mirrored when the process ends. */
	mirror->shadow[TEST_PAGES - 1] = HMM_PFN_VALID;
	mmput(mm);

	KUNIT_EXPECT_EQ(test, 0, mirror->shadow[TEST_PAGES - 1]);
	KUNIT_EXPECT_EQ(test, -EFAULT, mirror_populate(mirror, 0, 1, false));
}

static struct kunit_case hmm_example_cases[] = {
	KUNIT_CASE(hmm_example_read),
	KUNIT_CASE(hmm_example_write),
	KUNIT_CASE(hmm_example_own_collision),
	KUNIT_CASE(hmm_example_munmap),
	KUNIT_CASE(hmm_example_read_only),
	KUNIT_CASE(hmm_example_stale),
	KUNIT_CASE(hmm_example_nonblock),
	KUNIT_CASE(hmm_example_exit),
	{}
};

static struct kunit_suite hmm_example_suite = {
	.name = "hmm_example",
	.test_cases = hmm_example_cases,
};

kunit_test_suite(hmm_example_suite);

MODULE_DESCRIPTION("Example of a mirrored address space");
MODULE_LICENSE("GPL");
