// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of hmm_range_fault() on memory of the system: every kind of page
 * table entry, what is requested and what is reported, and the errors. Those of
 * requests and encodings are in hmm_request_kunit.c.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/mempolicy.h>
#include <linux/migrate.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/sysctl.h>
#include <linux/swap.h>
#include <asm/unistd.h>

#include "hmm_kunit.h"

#define RW (PROT_READ | PROT_WRITE)

/* More than any sound kernel needs for one result. */
#define HMM_KUNIT_ROUNDS 16

static const u64 device_flags[HMM_PFN_FLAG_MAX] = {
	[HMM_PFN_FLAG_VALID] = 1,
	[HMM_PFN_FLAG_WRITE] = 2,
	[HMM_PFN_FLAG_DEVICE_PRIVATE] = 4,
};

struct hmm_kunit *hmm_kunit_new(struct kunit *test, unsigned long start,
				unsigned long npages)
{
	struct hmm_kunit *hk = kunit_kzalloc(test, sizeof(*hk), GFP_KERNEL);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, hk);
	hk->native = kunit_kcalloc(test, npages, sizeof(*hk->native),
				   GFP_KERNEL);
	hk->entries = kunit_kcalloc(test, npages, sizeof(*hk->entries),
				    GFP_KERNEL);
	hk->requests = kunit_kcalloc(test, npages, sizeof(*hk->requests),
				     GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, hk->native);
	KUNIT_ASSERT_NOT_NULL(test, hk->entries);
	KUNIT_ASSERT_NOT_NULL(test, hk->requests);
	hk->test = test;
	hk->npages = npages;
	hk->watch = mm_kunit_watch(test, start, npages << PAGE_SHIFT,
				   current->mm);
	hk->range.notifier = &hk->watch->mrn;
	hk->range.start = start;
	hk->range.end = start + (npages << PAGE_SHIFT);
	hk->range.hmm_pfns = hk->native;
	/* What no call returns, to see what is written. */
	for (i = 0; i < npages; i++)
		hk->native[i] = HMM_PFN_FLAGS;
	return hk;
}

void hmm_kunit_encode(struct hmm_kunit *hk, unsigned int shift)
{
	memcpy(hk->flags, device_flags, sizeof(hk->flags));
	hk->values[HMM_PFN_VALUE_NONE] = 0;
	hk->values[HMM_PFN_VALUE_ERROR] = ~0ULL << 8;
	hk->values[HMM_PFN_VALUE_SPECIAL] = ~0ULL << 9;
	hk->range.hmm_pfns = NULL;
	hk->range.pfns = hk->entries;
	hk->range.flags = hk->flags;
	hk->range.values = hk->values;
	hk->range.pfn_shift = shift;
}

long hmm_kunit_once(struct hmm_kunit *hk, unsigned int flags)
{
	struct mm_struct *mm = mmu_range_notifier_mm(&hk->watch->mrn);
	unsigned long i;
	long ret;

	for (i = 0; hk->range.pfn_flags_mask && i < hk->npages; i++) {
		if (hk->range.pfns)
			hk->entries[i] = hk->requests[i];
		else
			hk->native[i] = hk->requests[i];
	}
	hk->range.notifier_seq = mmu_range_read_begin(&hk->watch->mrn);
	mmap_read_lock(mm);
	ret = hmm_range_fault(&hk->range, flags);
	if (ret != -EAGAIN)
		mmap_read_unlock(mm);
	return ret;
}

static long hmm_kunit_rounds(struct hmm_kunit *hk, unsigned int flags)
{
	long ret = -EBUSY;

	for (hk->rounds = 1; hk->rounds <= HMM_KUNIT_ROUNDS; hk->rounds++) {
		ret = hmm_kunit_once(hk, flags);
		if (ret == -EBUSY || ret == -EAGAIN)
			continue;
		if (ret || !mm_kunit_read_retry(hk->watch,
						hk->range.notifier_seq))
			break;
	}
	return ret;
}

long hmm_kunit_fault(struct hmm_kunit *hk, unsigned long request)
{
	hk->range.default_flags = request;
	return hmm_kunit_rounds(hk, 0);
}

long hmm_kunit_snapshot(struct hmm_kunit *hk)
{
	return hmm_kunit_rounds(hk, HMM_FAULT_SNAPSHOT);
}

void hmm_kunit_expect_page(struct hmm_kunit *hk, unsigned long i, bool write)
{
	struct page *page = mm_kunit_page(hk->range.start + (i << PAGE_SHIFT),
					  NULL);
	unsigned long flags = write ? HMM_KUNIT_WRITE : HMM_KUNIT_READ;
	unsigned long entry = hk->native[i];

	KUNIT_ASSERT_NOT_NULL(hk->test, page);
	KUNIT_ASSERT_EQ_MSG(hk->test, flags,
			    entry & (HMM_KUNIT_WRITE | HMM_PFN_ERROR),
			    "page %lu", i);
	KUNIT_EXPECT_PTR_EQ_MSG(hk->test, page, hmm_pfn_to_page(entry),
				"page %lu", i);
}

void hmm_kunit_expect_value(struct hmm_kunit *hk, unsigned long i,
			    unsigned long end, unsigned long value)
{
	for (; i < end; i++)
		KUNIT_EXPECT_EQ_MSG(hk->test, value, hk->native[i], "page %lu",
				    i);
}

/* Memory that nothing has touched, and a device over it. */
static struct hmm_kunit *map_untouched(struct kunit *test, unsigned long npages)
{
	return hmm_kunit_new(test, mm_kunit_map(test, npages << PAGE_SHIFT, RW,
						0), npages);
}

static struct hmm_kunit *map_written(struct kunit *test, unsigned long npages)
{
	unsigned long addr = mm_kunit_map(test, npages << PAGE_SHIFT, RW, 0), i;

	for (i = 0; i < npages; i++)
		mm_kunit_write(test, addr + (i << PAGE_SHIFT), i + 1);
	return hmm_kunit_new(test, addr, npages);
}

static void snapshot_faults_nothing(struct kunit *test)
{
	struct hmm_kunit *hk = map_untouched(test, 3);

	mm_kunit_write(test, hk->range.start + PAGE_SIZE, 1);
	/* Whatever the requests say. */
	hk->range.default_flags = HMM_KUNIT_WRITE;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 1, 0);
	hmm_kunit_expect_page(hk, 1, true);
	hmm_kunit_expect_value(hk, 2, 3, 0);
	KUNIT_EXPECT_NULL(test, mm_kunit_page(hk->range.start, NULL));
	KUNIT_EXPECT_EQ(test, 0, hmm_pfn_to_map_order(hk->native[1]));
}

static void read_fault_gets_the_zero_page(struct kunit *test)
{
	struct hmm_kunit *hk = map_untouched(test, 3);
	unsigned long i;

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	for (i = 0; i < 3; i++) {
		hmm_kunit_expect_page(hk, i, false);
		KUNIT_EXPECT_TRUE(test, is_zero_pfn(hk->native[i] &
						    ~HMM_PFN_FLAGS));
	}
}

static void write_fault_gets_pages(struct kunit *test)
{
	struct hmm_kunit *hk = map_untouched(test, 3);
	unsigned long i;

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	for (i = 0; i < 3; i++) {
		hmm_kunit_expect_page(hk, i, true);
		KUNIT_EXPECT_FALSE(test, is_zero_pfn(hk->native[i] &
						     ~HMM_PFN_FLAGS));
	}
}

/* The copy invalidates the very range: the first round can't be the last. */
static void t7_cow_of_the_zero_page_is_retried(struct kunit *test)
{
	struct hmm_kunit *hk = map_untouched(test, 1);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	KUNIT_ASSERT_EQ(test, 0, hk->watch->calls);
	hk->range.default_flags = HMM_KUNIT_WRITE;
	KUNIT_ASSERT_EQ(test, (long)-EBUSY, hmm_kunit_once(hk, 0));
	KUNIT_EXPECT_EQ(test, 1, hk->watch->calls);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	KUNIT_EXPECT_FALSE(test, is_zero_pfn(hk->native[0] & ~HMM_PFN_FLAGS));
}

static void t7_cow_of_a_file_page_is_retried(struct kunit *test)
{
	struct file *file = mm_kunit_shmem(test, PAGE_SIZE);
	unsigned long addr = mm_kunit_map_file(test, file, PAGE_SIZE, RW,
					       MAP_PRIVATE);
	struct hmm_kunit *hk = hmm_kunit_new(test, addr, 1);
	unsigned long pfn;

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_page(hk, 0, false);
	pfn = hk->native[0] & ~HMM_PFN_FLAGS;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	KUNIT_EXPECT_GT(test, hk->rounds, 1);
	hmm_kunit_expect_page(hk, 0, true);
	KUNIT_EXPECT_NE(test, pfn, hk->native[0] & ~HMM_PFN_FLAGS);
}

static void shared_file_page(struct kunit *test)
{
	struct file *file = mm_kunit_shmem(test, PAGE_SIZE);
	unsigned long addr = mm_kunit_map_file(test, file, PAGE_SIZE, RW,
					       MAP_SHARED);
	struct hmm_kunit *hk = hmm_kunit_new(test, addr, 1);
	unsigned long pfn;

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	pfn = hk->native[0] & ~HMM_PFN_FLAGS;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	KUNIT_EXPECT_EQ(test, pfn, hk->native[0] & ~HMM_PFN_FLAGS);
}

static void mprotected_memory_is_read_only(struct kunit *test)
{
	struct hmm_kunit *hk = map_written(test, 2);

	mm_kunit_mprotect(test, hk->range.start, 2 * PAGE_SIZE, PROT_READ);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_page(hk, 0, false);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_page(hk, 1, false);
	KUNIT_EXPECT_EQ(test, (long)-EPERM,
			hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_value(hk, 0, 2, 0);
}

static void prot_none_memory_is_out_of_reach(struct kunit *test)
{
	struct hmm_kunit *hk = map_written(test, 1);

	mm_kunit_mprotect(test, hk->range.start, PAGE_SIZE, PROT_NONE);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 1, HMM_PFN_ERROR);
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_value(hk, 0, 1, 0);
}

static void hole_is_an_error(struct kunit *test)
{
	struct hmm_kunit *hk = map_written(test, 4);

	mm_kunit_munmap(test, hk->range.start + PAGE_SIZE, 2 * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_value(hk, 1, 3, HMM_PFN_ERROR);
	hmm_kunit_expect_page(hk, 3, true);

	/* From the failing page on there is nothing, and before it a result. */
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_value(hk, 1, 4, 0);
}

/* Would reclaim drop what the device writes to page @i? */
static void expect_device_write_survives(struct hmm_kunit *hk, unsigned long i)
{
	unsigned long addr = hk->range.start + (i << PAGE_SHIFT);
	u64 *device;

	device = kmap_local_page(hmm_pfn_to_page(hk->native[i]));
	*device = 0x5a5a;
	kunmap_local(device);
	lru_add_drain_all();
	mm_kunit_madvise(hk->test, addr, PAGE_SIZE, MADV_PAGEOUT);
	KUNIT_EXPECT_EQ(hk->test, 0x5a5aULL, mm_kunit_read(hk->test, addr));
}

static void t25_clean_pte_is_not_writable(struct kunit *test)
{
	struct hmm_kunit *hk = map_written(test, 2);
	struct folio_walk walk;

	mm_kunit_madvise(test, hk->range.start, 2 * PAGE_SIZE, MADV_FREE);
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(hk->range.start, &walk));
	KUNIT_ASSERT_TRUE(test, pte_write(walk.pte));
	KUNIT_ASSERT_FALSE(test, pte_dirty(walk.pte));

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_page(hk, 0, false);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_page(hk, 0, false);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, 1, true);
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(hk->range.start, &walk));
	KUNIT_EXPECT_TRUE(test, pte_dirty(walk.pte));
	expect_device_write_survives(hk, 0);
}

static void t25_clean_pmd_is_not_writable(struct kunit *test)
{
	unsigned long addr = mm_kunit_map_thp(test);
	struct hmm_kunit *hk = hmm_kunit_new(test, addr, HPAGE_PMD_NR);
	struct folio_walk walk;

	mm_kunit_madvise(test, addr, HPAGE_PMD_SIZE, MADV_FREE);
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(addr, &walk));
	KUNIT_ASSERT_EQ(test, FW_LEVEL_PMD, walk.level);
	KUNIT_ASSERT_TRUE(test, pmd_write(walk.pmd));
	KUNIT_ASSERT_FALSE(test, pmd_dirty(walk.pmd));

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_page(hk, 0, false);
	hmm_kunit_expect_page(hk, HPAGE_PMD_NR - 1, false);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, HPAGE_PMD_NR - 1, true);
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(addr, &walk));
	KUNIT_ASSERT_EQ(test, FW_LEVEL_PMD, walk.level);
	KUNIT_EXPECT_TRUE(test, pmd_dirty(walk.pmd));
	expect_device_write_survives(hk, 0);
}

static void swap_entry(struct kunit *test)
{
	struct hmm_kunit *hk;
	unsigned long i;

	if (!mm_kunit_has_swap(test))
		return;
	hk = map_written(test, 4);
	lru_add_drain_all();
	mm_kunit_madvise(test, hk->range.start, 4 * PAGE_SIZE, MADV_PAGEOUT);
	KUNIT_ASSERT_NULL(test, mm_kunit_page(hk->range.start, NULL));

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 4, 0);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	for (i = 0; i < 4; i++) {
		u64 *data;

		KUNIT_ASSERT_TRUE(test, hk->native[i] & HMM_PFN_VALID);
		data = kmap_local_page(hmm_pfn_to_page(hk->native[i]));
		KUNIT_EXPECT_EQ(test, i + 1, *data);
		kunmap_local(data);
	}
}

/* Read back from swap, a page is writable and equals its copy there. */
static void t25_clean_swap_cache_is_not_writable(struct kunit *test)
{
	struct folio_walk walk;
	struct hmm_kunit *hk;

	if (!mm_kunit_has_swap(test))
		return;
	hk = map_written(test, 1);
	lru_add_drain_all();
	mm_kunit_madvise(test, hk->range.start, PAGE_SIZE, MADV_PAGEOUT);
	KUNIT_ASSERT_NULL(test, mm_kunit_page(hk->range.start, NULL));
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(hk->range.start, &walk));
	if (!pte_dirty(walk.pte))
		hmm_kunit_expect_page(hk, 0, false);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(hk->range.start, &walk));
	KUNIT_EXPECT_TRUE(test, pte_dirty(walk.pte));
	expect_device_write_survives(hk, 0);
}

static void numa_hint(struct kunit *test)
{
#ifdef CONFIG_NUMA_BALANCING
	struct hmm_kunit *hk = map_written(test, 2);
	struct mm_struct *mm = current->mm;
	int mode = sysctl_numa_balancing_mode;
	unsigned long changed;

	/* With one user, pages of this node would be left alone. */
	mmget(mm);
	sysctl_numa_balancing_mode = NUMA_BALANCING_NORMAL;
	mmap_read_lock(mm);
	changed = change_prot_numa(vma_lookup(mm, hk->range.start),
				   hk->range.start,
				   hk->range.start + 2 * PAGE_SIZE);
	mmap_read_unlock(mm);
	sysctl_numa_balancing_mode = mode;
	mmput(mm);
	KUNIT_ASSERT_EQ(test, 2UL, changed);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 2, 0);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, 1, true);
#else
	kunit_skip(test, "needs CONFIG_NUMA_BALANCING");
#endif
}

struct fault_job {
	struct hmm_kunit *hk;
	long ret;
};

static void job_fault(void *arg)
{
	struct fault_job *job = arg;

	job->ret = hmm_kunit_fault(job->hk, HMM_KUNIT_WRITE);
}

static void migration_entry_is_waited_for(struct kunit *test)
{
	struct hmm_kunit *hk = map_written(test, 1);
	struct fault_job fault = { .hk = hk };
	struct mm_struct *mm = current->mm;
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = {
		.src = &src,
		.dst = &dst,
		.start = hk->range.start,
		.end = hk->range.end,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	struct mm_kunit_job *job;
	bool slept = false;
	long snapshot = 0;
	int ret;

	mmap_read_lock(mm);
	args.vma = vma_lookup(mm, hk->range.start);
	ret = migrate_vma_setup(&args);
	if (!ret) {
		/* From here to the end there is a migration entry. */
		hk->range.notifier_seq = mmu_range_read_begin(&hk->watch->mrn);
		snapshot = hmm_range_fault(&hk->range, HMM_FAULT_SNAPSHOT);
		hmm_kunit_expect_value(hk, 0, 1, 0);
		job = mm_kunit_start(test, job_fault, &fault);
		slept = mm_kunit_sleeps(job);
		migrate_vma_pages(&args);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(mm);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_EXPECT_EQ(test, 1UL, args.cpages);
	KUNIT_EXPECT_EQ(test, 0L, snapshot);
	KUNIT_EXPECT_TRUE(test, slept);
	KUNIT_ASSERT_TRUE(test, mm_kunit_ends(job));
	KUNIT_ASSERT_EQ(test, 0L, fault.ret);
	hmm_kunit_expect_page(hk, 0, true);
}

static void poison_is_an_error(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	struct hmm_kunit *hk = map_written(test, 3);
	unsigned long bad = hk->range.start + PAGE_SIZE;

	mm_kunit_madvise(test, bad, PAGE_SIZE, MADV_HWPOISON);
	/* It means to kill who uses the page, which is this thread. */
	flush_signals(current);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_value(hk, 1, 2, HMM_PFN_ERROR);
	hmm_kunit_expect_page(hk, 2, true);
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_value(hk, 1, 3, 0);
#else
	kunit_skip(test, "needs CONFIG_MEMORY_FAILURE");
#endif
}

static void expect_huge(struct hmm_kunit *hk, unsigned long npages, bool write)
{
	unsigned long i;

	for (i = 0; i < npages; i++) {
		hmm_kunit_expect_page(hk, i, write);
		KUNIT_ASSERT_EQ(hk->test, HPAGE_PMD_ORDER,
				hmm_pfn_to_map_order(hk->native[i]));
	}
}

static void thp_is_one_mapping(struct kunit *test)
{
	unsigned long addr = mm_kunit_map_thp(test);
	struct hmm_kunit *hk = hmm_kunit_new(test, addr, HPAGE_PMD_NR);
	struct hmm_kunit *part = hmm_kunit_new(test, addr + 7 * PAGE_SIZE, 5);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	expect_huge(hk, HPAGE_PMD_NR, true);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(part, HMM_KUNIT_WRITE));
	expect_huge(part, 5, true);

	mm_kunit_mprotect(test, addr, HPAGE_PMD_SIZE, PROT_READ);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(part));
	expect_huge(part, 5, false);
	KUNIT_EXPECT_EQ(test, (long)-EPERM,
			hmm_kunit_fault(part, HMM_KUNIT_WRITE));

	/* Rights that differ within it split it. */
	mm_kunit_mprotect(test, addr, 8 * PAGE_SIZE, RW);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(part));
	KUNIT_EXPECT_EQ(test, 0, hmm_pfn_to_map_order(part->native[0]));
	hmm_kunit_expect_page(part, 1, false);
}

/* One fault brings all of it, also for a range that ends within. */
static void thp_comes_by_a_fault(struct kunit *test)
{
	unsigned long addr = mm_kunit_map_thp(test);
	struct hmm_kunit *hk = hmm_kunit_new(test, addr, 8);

	mm_kunit_madvise(test, addr, HPAGE_PMD_SIZE, MADV_DONTNEED);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 8, 0);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	expect_huge(hk, 8, true);
}

static void hugetlb(struct kunit *test)
{
#ifdef CONFIG_HUGETLB_PAGE
	struct hmm_kunit *hk;
	long addr;

	addr = mm_kunit_syscall(__NR_mmap, 0, PMD_SIZE, RW,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1);
	if (IS_ERR_VALUE(addr))
		kunit_skip(test, "no huge pages are reserved");
	hk = hmm_kunit_new(test, addr, PMD_SIZE >> PAGE_SHIFT);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, hk->npages, 0);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	expect_huge(hk, hk->npages, true);

	mm_kunit_mprotect(test, addr, PMD_SIZE, PROT_READ);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	expect_huge(hk, hk->npages, false);
	KUNIT_EXPECT_EQ(test, (long)-EPERM,
			hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_value(hk, 0, hk->npages, 0);
#else
	kunit_skip(test, "needs CONFIG_HUGETLB_PAGE");
#endif
}

/* A file whose mappings are made by the test. */
struct special {
	struct page *page;
	int (*mmap)(struct special *special, struct vm_area_struct *vma);
	vm_fault_t (*fault)(struct special *special, struct vm_fault *vmf);
	struct hmm_kunit *hk;
	unsigned int faults;
};

static vm_fault_t special_fault(struct vm_fault *vmf)
{
	struct special *special = vmf->vma->vm_private_data;

	special->faults++;
	return special->fault(special, vmf);
}

static const struct vm_operations_struct special_vm_ops = {
	.fault = special_fault,
};

static int special_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct special *special = file->private_data;

	vma->vm_private_data = special;
	vma->vm_ops = &special_vm_ops;
	return special->mmap ? special->mmap(special, vma) : 0;
}

static const struct file_operations special_fops = {
	.mmap = special_mmap,
};

KUNIT_DEFINE_ACTION_WRAPPER(special_fput, fput, struct file *);

static void special_put_page(void *data)
{
	put_page(data);
}

static struct special *special_new(struct kunit *test)
{
	struct special *special = kunit_kzalloc(test, sizeof(*special),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, special);
	special->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, special->page);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, special_put_page,
						  special->page));
	return special;
}

static struct hmm_kunit *special_map(struct kunit *test,
				     struct special *special,
				     unsigned long npages)
{
	struct file *file = anon_inode_getfile("hmm_kunit", &special_fops,
					       special, O_RDWR);
	unsigned long addr;

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, special_fput, file));
	addr = mm_kunit_map_file(test, file, npages << PAGE_SHIFT, RW,
				 MAP_SHARED);
	special->hk = hmm_kunit_new(test, addr, npages);
	return special->hk;
}

static int mmap_pfn(struct special *special, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, page_to_pfn(special->page),
			       PAGE_SIZE, vma->vm_page_prot);
}

static void pfnmap_is_special(struct kunit *test)
{
	struct special *special = special_new(test);
	struct hmm_kunit *hk;

	special->mmap = mmap_pfn;
	hk = special_map(test, special, 1);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 1, HMM_PFN_ERROR);
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_value(hk, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, 0, special->faults);

	/* The device's encoding tells it from an error. */
	hmm_kunit_encode(hk, PAGE_SHIFT);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	KUNIT_EXPECT_EQ(test, hk->values[HMM_PFN_VALUE_SPECIAL],
			hk->entries[0]);
}

static int mmap_page(struct special *special, struct vm_area_struct *vma)
{
	return vm_insert_page(vma, vma->vm_start, special->page);
}

static void mixedmap_is_allowed(struct kunit *test)
{
	struct special *special = special_new(test);
	struct hmm_kunit *hk;

	special->mmap = mmap_page;
	hk = special_map(test, special, 1);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	KUNIT_ASSERT_TRUE(test, hk->native[0] & HMM_PFN_VALID);
	KUNIT_EXPECT_PTR_EQ(test, special->page,
			    hmm_pfn_to_page(hk->native[0]));
}

static vm_fault_t serve(struct special *special, struct vm_fault *vmf)
{
	get_page(special->page);
	vmf->page = special->page;
	return 0;
}

static vm_fault_t serve_later(struct special *special, struct vm_fault *vmf)
{
	if (special->faults > 1 || !(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return serve(special, vmf);
	/* As who waits for I/O does. */
	mmap_read_unlock(vmf->vma->vm_mm);
	return VM_FAULT_RETRY;
}

static void allow_retry_drops_the_lock(struct kunit *test)
{
	struct special *special = special_new(test);
	struct mm_struct *mm = current->mm;
	struct hmm_kunit *hk;

	special->fault = serve_later;
	hk = special_map(test, special, 2);
	hk->range.default_flags = HMM_KUNIT_READ;
	KUNIT_ASSERT_EQ(test, (long)-EAGAIN,
			hmm_kunit_once(hk, HMM_FAULT_ALLOW_RETRY));
	KUNIT_EXPECT_FALSE(test, rwsem_is_locked(&mm->mmap_lock));
	/* What was not reached is as it was. */
	hmm_kunit_expect_value(hk, 0, 2, HMM_PFN_FLAGS);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_once(hk, HMM_FAULT_ALLOW_RETRY));
	KUNIT_EXPECT_PTR_EQ(test, special->page,
			    hmm_pfn_to_page(hk->native[0]));
	KUNIT_EXPECT_PTR_EQ(test, special->page,
			    hmm_pfn_to_page(hk->native[1]));
}

static void without_allow_retry_the_lock_stays(struct kunit *test)
{
	struct special *special = special_new(test);
	struct hmm_kunit *hk;

	special->fault = serve_later;
	hk = special_map(test, special, 1);
	hk->range.default_flags = HMM_KUNIT_READ;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_once(hk, 0));
	KUNIT_EXPECT_EQ(test, 1, special->faults);
}

static vm_fault_t serve_sigbus(struct special *special, struct vm_fault *vmf)
{
	if (vmf->pgoff == 1)
		return VM_FAULT_SIGBUS;
	return serve(special, vmf);
}

static void sigbus_is_efault(struct kunit *test)
{
	struct special *special = special_new(test);
	struct hmm_kunit *hk;

	special->fault = serve_sigbus;
	hk = special_map(test, special, 3);
	KUNIT_EXPECT_EQ(test, (long)-EFAULT,
			hmm_kunit_fault(hk, HMM_KUNIT_READ));
	KUNIT_EXPECT_TRUE(test, hk->native[0] & HMM_PFN_VALID);
	hmm_kunit_expect_value(hk, 1, 3, 0);
}

static vm_fault_t serve_colliding(struct special *special,
				  struct vm_fault *vmf)
{
	struct mmu_notifier_range range;

	if (vmf->pgoff == 2) {
		mmu_notifier_range_init(&range, MMU_NOTIFY_CLEAR, 0,
					vmf->vma->vm_mm,
					special->hk->range.start,
					special->hk->range.end);
		mmu_notifier_invalidate_range_start(&range);
		mmu_notifier_invalidate_range_end(&range);
	}
	return serve(special, vmf);
}

/* Requests page by page are lost where a result stands, and nowhere else. */
static void busy_keeps_the_requests_of_the_tail(struct kunit *test)
{
	struct special *special = special_new(test);
	struct hmm_kunit *hk;
	unsigned long i, k;

	special->fault = serve_colliding;
	hk = special_map(test, special, 4);
	hk->range.pfn_flags_mask = ~0ULL;
	for (i = 0; i < 4; i++)
		hk->requests[i] = HMM_KUNIT_READ;
	KUNIT_ASSERT_EQ(test, (long)-EBUSY, hmm_kunit_once(hk, 0));
	for (k = 0; k < 4 && hk->native[k] != HMM_KUNIT_READ; k++)
		KUNIT_EXPECT_PTR_EQ(test, special->page,
				    hmm_pfn_to_page(hk->native[k]));
	/* The page that collided can't have a result. */
	KUNIT_EXPECT_LE(test, k, 2UL);
	hmm_kunit_expect_value(hk, k, 4, HMM_KUNIT_READ);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, 0));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_PTR_EQ(test, special->page,
				    hmm_pfn_to_page(hk->native[i]));
}

static void stale_sequence_is_busy(struct kunit *test)
{
	struct hmm_kunit *hk = map_written(test, 1);
	struct mm_struct *mm = current->mm;
	long ret;

	hk->range.notifier_seq = mmu_range_read_begin(&hk->watch->mrn);
	mm_kunit_madvise(test, hk->range.start, PAGE_SIZE, MADV_DONTNEED);
	hk->range.default_flags = HMM_KUNIT_READ;
	mmap_read_lock(mm);
	ret = hmm_range_fault(&hk->range, 0);
	mmap_read_unlock(mm);
	KUNIT_EXPECT_EQ(test, (long)-EBUSY, ret);
	/* It wasn't even begun. */
	hmm_kunit_expect_value(hk, 0, 1, HMM_PFN_FLAGS);
	KUNIT_EXPECT_NULL(test, mm_kunit_page(hk->range.start, NULL));
}

static struct kunit_case hmm_cases[] = {
	KUNIT_CASE(snapshot_faults_nothing),
	KUNIT_CASE(read_fault_gets_the_zero_page),
	KUNIT_CASE(write_fault_gets_pages),
	KUNIT_CASE(t7_cow_of_the_zero_page_is_retried),
	KUNIT_CASE(t7_cow_of_a_file_page_is_retried),
	KUNIT_CASE(shared_file_page),
	KUNIT_CASE(mprotected_memory_is_read_only),
	KUNIT_CASE(prot_none_memory_is_out_of_reach),
	KUNIT_CASE(hole_is_an_error),
	KUNIT_CASE(t25_clean_pte_is_not_writable),
	KUNIT_CASE(t25_clean_pmd_is_not_writable),
	KUNIT_CASE(t25_clean_swap_cache_is_not_writable),
	KUNIT_CASE(swap_entry),
	KUNIT_CASE(numa_hint),
	KUNIT_CASE(migration_entry_is_waited_for),
	KUNIT_CASE(poison_is_an_error),
	KUNIT_CASE(thp_is_one_mapping),
	KUNIT_CASE(thp_comes_by_a_fault),
	KUNIT_CASE(hugetlb),
	KUNIT_CASE(pfnmap_is_special),
	KUNIT_CASE(mixedmap_is_allowed),
	KUNIT_CASE(allow_retry_drops_the_lock),
	KUNIT_CASE(without_allow_retry_the_lock_stays),
	KUNIT_CASE(sigbus_is_efault),
	KUNIT_CASE(busy_keeps_the_requests_of_the_tail),
	KUNIT_CASE(stale_sequence_is_busy),
	{}
};

static struct kunit_suite hmm_suite = {
	.name = "hmm",
	.init = mm_kunit_init,
	.exit = mm_kunit_exit,
	.test_cases = hmm_cases,
};

kunit_test_suite(hmm_suite);
