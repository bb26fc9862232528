// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of hmm_range_dma_map() and hmm_range_dma_unmap(). mm/hmm.c is
 * compiled here a second time, unchanged, above a DMA layer that writes down
 * what it is asked for and fails when told to.
 */
#define __DISABLE_EXPORTS
#define hmm_range_fault hmm_dma_kunit_fault
#define hmm_range_dma_map hmm_dma_kunit_map
#define hmm_range_dma_unmap hmm_dma_kunit_unmap

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/mman.h>

#include "hmm_kunit.h"

#define RW (PROT_READ | PROT_WRITE)
#define DMA_PAGES 6

static dma_addr_t dma_kunit_map(struct device *dev, struct page *page,
				size_t offset, size_t size,
				enum dma_data_direction dir,
				unsigned long attrs);
static void dma_kunit_unmap(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir, unsigned long attrs);

#define dma_map_page_attrs dma_kunit_map
#define dma_unmap_page_attrs dma_kunit_unmap

#include "hmm.c"

/**
 * struct dma_layer - the DMA layer's side of one test
 * @test: the test
 * @hk: the range
 * @dev: the device
 * @daddrs: the argument of the functions under test
 * @maps: calls so far; also the next DMA address, in pages, so that 0 is one
 * @unmaps: calls so far
 * @fail_at: the call to fail, or -1
 * @collide_at: the call during which the range is invalidated, or -1
 * @mapped: the page at each DMA address, or NULL
 * @dir: its direction
 */
static struct dma_layer {
	struct kunit *test;
	struct hmm_kunit *hk;
	struct device *dev;
	dma_addr_t daddrs[DMA_PAGES];
	int maps, unmaps;
	int fail_at, collide_at;
	struct page *mapped[DMA_PAGES];
	enum dma_data_direction dir[DMA_PAGES];
} dma;

static dma_addr_t dma_kunit_map(struct device *dev, struct page *page,
				size_t offset, size_t size,
				enum dma_data_direction dir,
				unsigned long attrs)
{
	struct mmu_notifier_range range;
	int i = dma.maps++;

	KUNIT_EXPECT_PTR_EQ(dma.test, dma.dev, dev);
	KUNIT_EXPECT_EQ(dma.test, 0, offset);
	KUNIT_EXPECT_EQ(dma.test, PAGE_SIZE, size);
	KUNIT_EXPECT_FALSE(dma.test, is_device_private_page(page));
	if (i == dma.collide_at) {
		mmu_notifier_range_init(&range, MMU_NOTIFY_CLEAR, 0,
					current->mm, dma.hk->range.start,
					dma.hk->range.end);
		mmu_notifier_invalidate_range_start(&range);
		mmu_notifier_invalidate_range_end(&range);
	}
	if (i == dma.fail_at || i >= DMA_PAGES)
		return DMA_MAPPING_ERROR;
	dma.mapped[i] = page;
	dma.dir[i] = dir;
	return (dma_addr_t)i << PAGE_SHIFT;
}

static void dma_kunit_unmap(struct device *dev, dma_addr_t addr, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	unsigned long i = addr >> PAGE_SHIFT;

	dma.unmaps++;
	KUNIT_EXPECT_PTR_EQ(dma.test, dma.dev, dev);
	KUNIT_EXPECT_EQ(dma.test, PAGE_SIZE, size);
	KUNIT_ASSERT_LT(dma.test, i, (unsigned long)DMA_PAGES);
	/* What is not mapped, or was unmapped before, must not come here. */
	KUNIT_EXPECT_NOT_NULL(dma.test, dma.mapped[i]);
	KUNIT_EXPECT_EQ(dma.test, dma.dir[i], dir);
	dma.mapped[i] = NULL;
}

/* Pages 0 to 5: written, not there, written, read only, not there, written. */
static const bool is_page[DMA_PAGES] = { 1, 0, 1, 1, 0, 1 };
#define READ_ONLY 3
#define DMA_MAPPED 4

static void dma_setup(struct kunit *test)
{
	unsigned long addr = mm_kunit_map(test, DMA_PAGES << PAGE_SHIFT, RW, 0);
	unsigned long i;

	memset(&dma, 0, sizeof(dma));
	dma.test = test;
	dma.fail_at = -1;
	dma.collide_at = -1;
	dma.dev = kunit_kzalloc(test, sizeof(*dma.dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, dma.dev);
	for (i = 0; i < DMA_PAGES; i++) {
		/* What nobody asked for, to see what is written. */
		dma.daddrs[i] = ~0ULL >> 1;
		if (is_page[i])
			mm_kunit_write(test, addr + (i << PAGE_SHIFT), i);
	}
	mm_kunit_mprotect(test, addr + (READ_ONLY << PAGE_SHIFT), PAGE_SIZE,
			  PROT_READ);
	dma.hk = hmm_kunit_new(test, addr, DMA_PAGES);
}

static long dma_map(void)
{
	struct hmm_kunit *hk = dma.hk;
	struct mm_struct *mm = current->mm;
	long ret;

	hk->range.notifier_seq = mmu_range_read_begin(&hk->watch->mrn);
	mmap_read_lock(mm);
	ret = hmm_range_dma_map(&hk->range, dma.dev, dma.daddrs, 0);
	mmap_read_unlock(mm);
	return ret;
}

static void expect_nothing_mapped(void)
{
	unsigned long i;

	for (i = 0; i < DMA_PAGES; i++) {
		KUNIT_EXPECT_NULL(dma.test, dma.mapped[i]);
		KUNIT_EXPECT_EQ(dma.test, 0ULL, dma.daddrs[i]);
	}
}

static void expect_mapped(void)
{
	unsigned long i, next = 0;

	for (i = 0; i < DMA_PAGES; i++) {
		unsigned long addr = dma.hk->range.start + (i << PAGE_SHIFT);

		if (!is_page[i]) {
			KUNIT_EXPECT_EQ(dma.test, 0ULL, dma.daddrs[i]);
			continue;
		}
		KUNIT_EXPECT_EQ(dma.test, (u64)next << PAGE_SHIFT,
				dma.daddrs[i]);
		KUNIT_EXPECT_PTR_EQ(dma.test, mm_kunit_page(addr, NULL),
				    dma.mapped[next]);
		KUNIT_EXPECT_EQ(dma.test, i == READ_ONLY ? DMA_TO_DEVICE :
							    DMA_BIDIRECTIONAL,
				dma.dir[next]);
		next++;
	}
	KUNIT_EXPECT_EQ(dma.test, (unsigned long)dma.maps, next);
}

static void map_and_unmap(struct kunit *test)
{
	unsigned long i;

	dma_setup(test);
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
	expect_mapped();
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    false));
	KUNIT_EXPECT_EQ(test, DMA_MAPPED, dma.unmaps);
	expect_nothing_mapped();
	for (i = 0; i < DMA_PAGES; i++)
		KUNIT_EXPECT_EQ(test, 0UL, dma.hk->native[i]);

	/* Once more: there is nothing left to do. */
	KUNIT_EXPECT_EQ(test, 0L,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    false));
	KUNIT_EXPECT_EQ(test, DMA_MAPPED, dma.unmaps);
}

static void device_encoding_map_and_unmap(struct kunit *test)
{
	unsigned long i;

	dma_setup(test);
	hmm_kunit_encode(dma.hk, PAGE_SHIFT);
	/* None is not always 0. */
	dma.hk->values[HMM_PFN_VALUE_NONE] = 0x800;
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
	expect_mapped();
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    false));
	expect_nothing_mapped();
	for (i = 0; i < DMA_PAGES; i++)
		KUNIT_EXPECT_EQ(test, 0x800ULL, dma.hk->entries[i]);
}

static void unmap_leaves_errors_alone(struct kunit *test)
{
	dma_setup(test);
	/* A hole in the address space: an error, not a page. */
	mm_kunit_munmap(test, dma.hk->range.start + PAGE_SIZE, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
	expect_mapped();
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    false));
	hmm_kunit_expect_value(dma.hk, 1, 2, HMM_PFN_ERROR);
	hmm_kunit_expect_value(dma.hk, 2, DMA_PAGES, 0);
}

static void map_faults_as_requested(struct kunit *test)
{
	long ret;

	dma_setup(test);
	dma.hk->range.default_flags = HMM_KUNIT_READ;
	KUNIT_EXPECT_EQ(test, (long)DMA_PAGES, dma_map());
	KUNIT_EXPECT_EQ(test, DMA_TO_DEVICE, dma.dir[1]);
	KUNIT_EXPECT_EQ(test, DMA_BIDIRECTIONAL, dma.dir[0]);
	KUNIT_EXPECT_EQ(test, (long)DMA_PAGES,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    false));

	/* The error of the fault, and nothing is mapped. */
	dma.maps = 0;
	dma.hk->range.default_flags = HMM_KUNIT_WRITE;
	do {
		ret = dma_map();
	} while (ret == -EBUSY && !dma.maps);
	KUNIT_EXPECT_EQ(test, (long)-EPERM, ret);
	KUNIT_EXPECT_EQ(test, 0, dma.maps);
}

static const int kth_pages[] = { 0, 1, 2, 3 };

static void kth_desc(const int *k, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "at_page_%d", *k);
}

KUNIT_ARRAY_PARAM(kth, kth_pages, kth_desc);

static void failed_map_is_unwound(struct kunit *test)
{
	int k = *(const int *)test->param_value;

	dma_setup(test);
	dma.fail_at = k;
	KUNIT_ASSERT_EQ(test, (long)-EFAULT, dma_map());
	KUNIT_EXPECT_EQ(test, k + 1, dma.maps);
	KUNIT_EXPECT_EQ(test, k, dma.unmaps);
	expect_nothing_mapped();
	hmm_kunit_expect_value(dma.hk, 0, DMA_PAGES, 0);
}

static void collision_is_unwound(struct kunit *test)
{
	int k = *(const int *)test->param_value;

	dma_setup(test);
	dma.collide_at = k;
	if (k == DMA_MAPPED - 1) {
		/* None follows that would look: read_retry is the caller's. */
		KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
		KUNIT_EXPECT_TRUE(test,
				  mm_kunit_read_retry(dma.hk->watch,
						      dma.hk->range.notifier_seq));
		KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED,
				hmm_range_dma_unmap(&dma.hk->range, dma.dev,
						    dma.daddrs, false));
	} else {
		KUNIT_ASSERT_EQ(test, (long)-EBUSY, dma_map());
		KUNIT_EXPECT_EQ(test, k + 1, dma.maps);
		KUNIT_EXPECT_EQ(test, k + 1, dma.unmaps);
	}
	expect_nothing_mapped();

	/* And it works the next time. */
	dma.maps = 0;
	dma.collide_at = -1;
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
	expect_mapped();
}

static void unmap_marks_dirty_what_was_written(struct kunit *test)
{
	struct page *page[DMA_PAGES];
	unsigned long i;

	dma_setup(test);
	for (i = 0; i < DMA_PAGES; i++) {
		page[i] = mm_kunit_page(dma.hk->range.start + (i << PAGE_SHIFT),
					NULL);
		if (page[i])
			ClearPageDirty(page[i]);
	}
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    false));
	for (i = 0; i < DMA_PAGES; i++)
		if (page[i])
			KUNIT_EXPECT_FALSE(test, PageDirty(page[i]));

	dma.maps = 0;
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED, dma_map());
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    true));
	for (i = 0; i < DMA_PAGES; i++)
		if (page[i])
			KUNIT_EXPECT_EQ(test, i != READ_ONLY,
					PageDirty(page[i]));
}

static void device_private_is_not_mapped(struct kunit *test)
{
	dma_setup(test);
	dma.hk->range.dev_private_owner = &hmm_kunit_owner;
	lru_add_drain_all();
	hmm_kunit_to_device(test, dma.hk->range.start);
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED - 1, dma_map());
	KUNIT_EXPECT_EQ(test, DMA_MAPPED - 1, dma.maps);
	KUNIT_EXPECT_EQ(test, 0ULL, dma.daddrs[0]);
	KUNIT_EXPECT_TRUE(test, dma.hk->native[0] & HMM_PFN_VALID);
	/* Nor unmapped, although its address looks like one that is. */
	KUNIT_ASSERT_EQ(test, (long)DMA_MAPPED - 1,
			hmm_range_dma_unmap(&dma.hk->range, dma.dev, dma.daddrs,
					    true));
	KUNIT_EXPECT_EQ(test, DMA_MAPPED - 1, dma.unmaps);
	KUNIT_EXPECT_TRUE(test, dma.hk->native[0] & HMM_PFN_VALID);
}

static void dma_bad_arguments(struct kunit *test)
{
	struct hmm_range *range;

	dma_setup(test);
	range = &dma.hk->range;
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			hmm_range_dma_map(range, NULL, dma.daddrs, 0));
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			hmm_range_dma_map(range, dma.dev, NULL, 0));
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			hmm_range_dma_unmap(range, NULL, dma.daddrs, false));
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			hmm_range_dma_unmap(range, dma.dev, NULL, false));
	swap(range->start, range->end);
	KUNIT_EXPECT_EQ(test, (long)-EINVAL, dma_map());
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			hmm_range_dma_unmap(range, dma.dev, dma.daddrs, false));
	swap(range->start, range->end);
	range->hmm_pfns = NULL;
	KUNIT_EXPECT_EQ(test, (long)-EINVAL, dma_map());
	KUNIT_EXPECT_EQ(test, (long)-EINVAL,
			hmm_range_dma_unmap(range, dma.dev, dma.daddrs, false));
	KUNIT_EXPECT_EQ(test, 0, dma.maps);
	KUNIT_EXPECT_EQ(test, 0, dma.unmaps);
}

static struct kunit_case hmm_dma_cases[] = {
	KUNIT_CASE(map_and_unmap),
	KUNIT_CASE(device_encoding_map_and_unmap),
	KUNIT_CASE(unmap_leaves_errors_alone),
	KUNIT_CASE(map_faults_as_requested),
	KUNIT_CASE_PARAM(failed_map_is_unwound, kth_gen_params),
	KUNIT_CASE_PARAM(collision_is_unwound, kth_gen_params),
	KUNIT_CASE(unmap_marks_dirty_what_was_written),
	KUNIT_CASE(device_private_is_not_mapped),
	KUNIT_CASE(dma_bad_arguments),
	{}
};

static struct kunit_suite hmm_dma_suite = {
	.name = "hmm_dma",
	.suite_init = hmm_kunit_device_init,
	.suite_exit = hmm_kunit_device_exit,
	.init = mm_kunit_init,
	.exit = mm_kunit_exit,
	.test_cases = hmm_dma_cases,
};

kunit_test_suite(hmm_dma_suite);
