// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of HMM with device private memory: what its owner is told of it,
 * and what others are.
 */
#include <linux/highmem.h>
#include <linux/ioport.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/rmap.h>

#include "hmm_kunit.h"

#define RW (PROT_READ | PROT_WRITE)

/* How many pages are used of the least that there can be. */
#define DEVICE_PAGES 16

int hmm_kunit_owner;
static int foreign_owner;

/*
 * A device whose memory keeps one word of each page, which is what the tests
 * write.
 */
static struct {
	struct dev_pagemap pgmap;
	spinlock_t lock; /* for all that follows */
	unsigned long used;
	unsigned int migrated_back;
	u64 word[DEVICE_PAGES];
} device;

static unsigned long device_index(struct page *page)
{
	return page_to_pfn(page) - PHYS_PFN(device.pgmap.range.start);
}

static void device_page_free(struct page *page)
{
	spin_lock(&device.lock);
	__clear_bit(device_index(page), &device.used);
	spin_unlock(&device.lock);
}

static vm_fault_t device_migrate_to_ram(struct vm_fault *vmf)
{
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = {
		.vma = vmf->vma,
		.src = &src,
		.dst = &dst,
		.start = vmf->address & PAGE_MASK,
		.end = (vmf->address & PAGE_MASK) + PAGE_SIZE,
		.pgmap_owner = &hmm_kunit_owner,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
		.fault_page = vmf->page,
	};
	struct page *page;

	page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	if (!page)
		return VM_FAULT_OOM;
	if (migrate_vma_setup(&args)) {
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	if (src & MIGRATE_PFN_MIGRATE) {
		u64 *to = kmap_local_page(page);

		*to = device.word[device_index(migrate_pfn_to_page(src))];
		kunmap_local(to);
		lock_page(page);
		dst = migrate_pfn(page_to_pfn(page));
		device.migrated_back++;
	} else {
		put_page(page);
	}
	migrate_vma_pages(&args);
	migrate_vma_finalize(&args);
	return 0;
}

static const struct dev_pagemap_ops device_pagemap_ops = {
	.page_free = device_page_free,
	.migrate_to_ram = device_migrate_to_ram,
};

int hmm_kunit_device_init(struct kunit_suite *suite)
{
	struct resource *res;
	void *ret;

	memset(&device, 0, sizeof(device));
	spin_lock_init(&device.lock);
	res = request_free_mem_region(&iomem_resource,
				      DEVICE_PAGES << PAGE_SHIFT, "hmm_kunit");
	if (IS_ERR(res))
		return PTR_ERR(res);
	device.pgmap.type = MEMORY_DEVICE_PRIVATE;
	device.pgmap.range.start = res->start;
	device.pgmap.range.end = res->end;
	device.pgmap.nr_range = 1;
	device.pgmap.ops = &device_pagemap_ops;
	device.pgmap.owner = &hmm_kunit_owner;
	ret = memremap_pages(&device.pgmap, numa_node_id());
	if (IS_ERR(ret)) {
		release_mem_region(res->start, resource_size(res));
		device.pgmap.nr_range = 0;
		return PTR_ERR(ret);
	}
	return 0;
}

void hmm_kunit_device_exit(struct kunit_suite *suite)
{
	if (!device.pgmap.nr_range)
		return;
	/* Waits for the pages, should an exiting mm still have one. */
	memunmap_pages(&device.pgmap);
	release_mem_region(device.pgmap.range.start,
			   range_len(&device.pgmap.range));
}

static struct page *device_alloc(struct kunit *test)
{
	unsigned long index;
	struct page *page;

	spin_lock(&device.lock);
	index = find_first_zero_bit(&device.used, DEVICE_PAGES);
	if (index < DEVICE_PAGES)
		__set_bit(index, &device.used);
	spin_unlock(&device.lock);
	KUNIT_ASSERT_LT(test, index, (unsigned long)DEVICE_PAGES);
	page = pfn_to_page(PHYS_PFN(device.pgmap.range.start) + index);
	zone_device_page_init(page);
	return page;
}

struct page *hmm_kunit_to_device(struct kunit *test, unsigned long addr)
{
	struct page *page = device_alloc(test);
	struct mm_struct *mm = current->mm;
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = {
		.src = &src,
		.dst = &dst,
		.start = addr,
		.end = addr + PAGE_SIZE,
		.pgmap_owner = &hmm_kunit_owner,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	int ret;

	mmap_read_lock(mm);
	args.vma = vma_lookup(mm, addr);
	ret = migrate_vma_setup(&args);
	if (!ret && src & MIGRATE_PFN_MIGRATE) {
		u64 *from = kmap_local_page(migrate_pfn_to_page(src));

		device.word[device_index(page)] = *from;
		kunmap_local(from);
		dst = migrate_pfn(page_to_pfn(page));
		if (src & MIGRATE_PFN_WRITE)
			dst |= MIGRATE_PFN_WRITE;
	}
	if (!ret) {
		migrate_vma_pages(&args);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(mm);
	KUNIT_ASSERT_EQ(test, 0, ret);
	KUNIT_ASSERT_TRUE(test, src & MIGRATE_PFN_MIGRATE);
	return page;
}

/* Two written pages, the first of them on the device. */
static struct hmm_kunit *map_on_device(struct kunit *test, struct page **page)
{
	unsigned long addr = mm_kunit_map(test, 2 * PAGE_SIZE, RW, 0);
	struct hmm_kunit *hk;

	mm_kunit_write(test, addr, 0x1234);
	mm_kunit_write(test, addr + PAGE_SIZE, 0x5678);
	lru_add_drain_all();
	*page = hmm_kunit_to_device(test, addr);
	device.migrated_back = 0;
	hk = hmm_kunit_new(test, addr, 2);
	hk->range.dev_private_owner = &hmm_kunit_owner;
	return hk;
}

static void expect_on_device(struct hmm_kunit *hk, struct page *page,
			     unsigned long flags)
{
	KUNIT_EXPECT_EQ(hk->test, page_to_pfn(page) | flags, hk->native[0]);
	KUNIT_EXPECT_EQ(hk->test, 0, device.migrated_back);
}

static void expect_came_back(struct hmm_kunit *hk, bool write)
{
	KUNIT_EXPECT_EQ(hk->test, 1, device.migrated_back);
	hmm_kunit_expect_page(hk, 0, write);
	KUNIT_EXPECT_EQ(hk->test, 0x1234ULL,
			mm_kunit_read(hk->test, hk->range.start));
}

static void owner_keeps_its_page(struct kunit *test)
{
	struct page *page;
	struct hmm_kunit *hk = map_on_device(test, &page);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	expect_on_device(hk, page, HMM_KUNIT_WRITE);
	hmm_kunit_expect_page(hk, 1, true);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	expect_on_device(hk, page, HMM_KUNIT_WRITE);
}

static void foreign_page_comes_back(struct kunit *test)
{
	struct page *page;
	struct hmm_kunit *hk = map_on_device(test, &page);

	hk->range.dev_private_owner = &foreign_owner;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, 0, device.migrated_back);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	KUNIT_EXPECT_EQ(test, 1, device.migrated_back);
	KUNIT_ASSERT_TRUE(test, hk->native[0] & HMM_PFN_VALID);
	KUNIT_EXPECT_PTR_EQ(test, mm_kunit_page(hk->range.start, NULL),
			    hmm_pfn_to_page(hk->native[0]));
	KUNIT_EXPECT_EQ(test, 0x1234ULL, mm_kunit_read(test, hk->range.start));
}

static void without_owner_the_page_comes_back(struct kunit *test)
{
	struct page *page;
	struct hmm_kunit *hk = map_on_device(test, &page);

	hk->range.dev_private_owner = NULL;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 1, 0);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	expect_came_back(hk, true);
}

static void read_only_page_on_the_device(struct kunit *test)
{
	struct page *page;
	struct hmm_kunit *hk = map_on_device(test, &page);

	mm_kunit_mprotect(test, hk->range.start, PAGE_SIZE, PROT_READ);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	expect_on_device(hk, page, HMM_KUNIT_READ);
	KUNIT_EXPECT_EQ(test, (long)-EPERM,
			hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_value(hk, 0, 2, 0);

	/* Writable again, but not where it is. */
	mm_kunit_mprotect(test, hk->range.start, PAGE_SIZE, RW);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	expect_came_back(hk, true);
}

/* Which of them follow each other on the device is not a matter of addresses. */
static void pages_in_a_row_and_others(struct kunit *test)
{
	unsigned long addr = mm_kunit_map(test, 8 * PAGE_SIZE, RW, 0);
	static const unsigned int order[] = { 0, 1, 2, 4, 5, 7, 6 };
	struct page *page[8] = {};
	struct hmm_kunit *hk;
	unsigned int i;

	for (i = 0; i < 8; i++)
		mm_kunit_write(test, addr + i * PAGE_SIZE, i);
	lru_add_drain_all();
	for (i = 0; i < ARRAY_SIZE(order); i++)
		page[order[i]] = hmm_kunit_to_device(test, addr +
						     order[i] * PAGE_SIZE);
	mm_kunit_mprotect(test, addr + 5 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	mm_kunit_mprotect(test, addr + 5 * PAGE_SIZE, PAGE_SIZE, RW);
	device.migrated_back = 0;

	hk = hmm_kunit_new(test, addr, 8);
	hk->range.dev_private_owner = &hmm_kunit_owner;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	for (i = 0; i < 8; i++)
		if (page[i])
			KUNIT_EXPECT_EQ(test, page_to_pfn(page[i]) |
					(i == 5 ? HMM_KUNIT_READ :
						  HMM_KUNIT_WRITE),
					hk->native[i]);
	hmm_kunit_expect_page(hk, 3, true);
	KUNIT_EXPECT_EQ(test, 0, device.migrated_back);
}

static void device_encoding_marks_the_page(struct kunit *test)
{
	struct page *page;
	struct hmm_kunit *hk = map_on_device(test, &page);
	const u64 rw = 3, private = 4;

	hmm_kunit_encode(hk, PAGE_SHIFT);
	KUNIT_ASSERT_EQ(test, rw, hk->flags[HMM_PFN_FLAG_VALID] |
				  hk->flags[HMM_PFN_FLAG_WRITE]);
	KUNIT_ASSERT_EQ(test, private, hk->flags[HMM_PFN_FLAG_DEVICE_PRIVATE]);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, rw));
	KUNIT_EXPECT_EQ(test, ((u64)page_to_pfn(page) << PAGE_SHIFT) | rw |
			private, hk->entries[0]);
	KUNIT_EXPECT_EQ(test, rw, hk->entries[1] & 0xfff);
	KUNIT_EXPECT_PTR_EQ(test, page,
			    hmm_device_entry_to_page(&hk->range,
						     hk->entries[0]));
	KUNIT_EXPECT_EQ(test, 0, device.migrated_back);

	/* The owner may ask for it to come back. */
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, rw | private));
	KUNIT_EXPECT_EQ(test, 1, device.migrated_back);
	KUNIT_EXPECT_EQ(test, rw, hk->entries[0] & 0xfff);
	KUNIT_EXPECT_PTR_EQ(test, mm_kunit_page(hk->range.start, NULL),
			    hmm_device_entry_to_page(&hk->range,
						     hk->entries[0]));
}

static void private_request_of_a_snapshot_is_none(struct kunit *test)
{
	struct page *page;
	struct hmm_kunit *hk = map_on_device(test, &page);

	hmm_kunit_encode(hk, PAGE_SHIFT);
	hk->range.default_flags = 7;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	KUNIT_EXPECT_EQ(test, 7ULL, hk->entries[0] & 0xfff);
	KUNIT_EXPECT_EQ(test, 0, device.migrated_back);
}

static void t25_freed_device_page_comes_back_dirty(struct kunit *test)
{
	unsigned long addr = mm_kunit_map(test, PAGE_SIZE, RW, 0);
	struct hmm_kunit *hk;
	struct page *page;

	mm_kunit_write(test, addr, 0x1234);
	lru_add_drain_all();
	mm_kunit_madvise(test, addr, PAGE_SIZE, MADV_FREE);
	lru_add_drain_all();
	KUNIT_ASSERT_NOT_NULL(test, mm_kunit_page(addr, NULL));
	if (folio_test_swapbacked(page_folio(mm_kunit_page(addr, NULL))))
		kunit_skip(test, "MADV_FREE did not reach the page");
	page = hmm_kunit_to_device(test, addr);
	device.migrated_back = 0;
	hk = hmm_kunit_new(test, addr, 1);
	hk->range.dev_private_owner = &hmm_kunit_owner;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	expect_on_device(hk, page, HMM_KUNIT_WRITE);
	hk->range.dev_private_owner = NULL;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	expect_came_back(hk, true);
	KUNIT_EXPECT_TRUE(test,
			  folio_test_dirty(page_folio(mm_kunit_page(addr, NULL))));
}

static void exclusive_entry_is_given_back(struct kunit *test)
{
	unsigned long addr = mm_kunit_map(test, PAGE_SIZE, RW, 0);
	struct hmm_kunit *hk;
	struct page *page = NULL;
	int ret;

	mm_kunit_write(test, addr, 0x1234);
	hk = hmm_kunit_new(test, addr, 1);
	mmap_read_lock(current->mm);
	ret = make_device_exclusive_range(current->mm, addr, addr + PAGE_SIZE,
					  &page, &hmm_kunit_owner);
	mmap_read_unlock(current->mm);
	KUNIT_ASSERT_EQ(test, 1, ret);
	KUNIT_ASSERT_NOT_NULL(test, page);
	unlock_page(page);
	put_page(page);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	hmm_kunit_expect_value(hk, 0, 1, 0);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_WRITE));
	hmm_kunit_expect_page(hk, 0, true);
	KUNIT_EXPECT_PTR_EQ(test, page, hmm_pfn_to_page(hk->native[0]));
}

static struct kunit_case hmm_device_cases[] = {
	KUNIT_CASE(owner_keeps_its_page),
	KUNIT_CASE(foreign_page_comes_back),
	KUNIT_CASE(without_owner_the_page_comes_back),
	KUNIT_CASE(read_only_page_on_the_device),
	KUNIT_CASE(pages_in_a_row_and_others),
	KUNIT_CASE(device_encoding_marks_the_page),
	KUNIT_CASE(private_request_of_a_snapshot_is_none),
	KUNIT_CASE(t25_freed_device_page_comes_back_dirty),
	KUNIT_CASE(exclusive_entry_is_given_back),
	{}
};

static struct kunit_suite hmm_device_suite = {
	.name = "hmm_device",
	.suite_init = hmm_kunit_device_init,
	.suite_exit = hmm_kunit_device_exit,
	.init = mm_kunit_init,
	.exit = mm_kunit_exit,
	.test_cases = hmm_device_cases,
};

kunit_test_suite(hmm_device_suite);
