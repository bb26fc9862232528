// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of how hmm_range_fault() is asked: requests for all pages and for
 * each, both encodings, the helpers for entries, and bad arguments.
 */
#include <linux/mman.h>
#include <linux/mm.h>

#include "hmm_kunit.h"

#define RW (PROT_READ | PROT_WRITE)

/* A written page, one that the CPU can't write, and two that are not there. */
static struct hmm_kunit *map_mixed(struct kunit *test)
{
	unsigned long addr = mm_kunit_map(test, 4 * PAGE_SIZE, RW, 0);

	mm_kunit_write(test, addr, 1);
	KUNIT_EXPECT_EQ(test, 0ULL, mm_kunit_read(test, addr + PAGE_SIZE));
	return hmm_kunit_new(test, addr, 4);
}

static void expect_absent(struct hmm_kunit *hk, unsigned long i)
{
	unsigned long addr = hk->range.start + (i << PAGE_SHIFT);

	hmm_kunit_expect_value(hk, i, i + 1, 0);
	KUNIT_EXPECT_NULL(hk->test, mm_kunit_page(addr, NULL));
}

static void no_request_no_fault(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);

	/* What stands in the entries counts only where the mask says so. */
	hk->native[2] = HMM_KUNIT_WRITE;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, 0));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, 1, false);
	expect_absent(hk, 2);
	expect_absent(hk, 3);
}

static void write_without_fault_is_no_request(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);

	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_PFN_REQ_WRITE));
	hmm_kunit_expect_page(hk, 1, false);
	expect_absent(hk, 2);
}

static void requests_page_by_page(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);

	hk->range.pfn_flags_mask = ~0ULL;
	hk->requests[0] = HMM_KUNIT_READ;
	hk->requests[1] = HMM_KUNIT_WRITE;
	hk->requests[2] = HMM_KUNIT_READ;
	hk->requests[3] = 0;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, 0));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, 1, true);
	hmm_kunit_expect_page(hk, 2, false);
	expect_absent(hk, 3);
}

static void mask_and_default_together(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);

	/* All are to be read; to be written is what the entries ask for. */
	hk->range.pfn_flags_mask = HMM_PFN_REQ_WRITE;
	hk->requests[1] = HMM_PFN_REQ_WRITE;
	hk->requests[2] = HMM_PFN_REQ_WRITE;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, HMM_KUNIT_READ));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, 1, true);
	hmm_kunit_expect_page(hk, 2, true);
	hmm_kunit_expect_page(hk, 3, false);
}

static void mask_hides_the_write(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);

	hk->range.pfn_flags_mask = HMM_PFN_REQ_FAULT;
	hk->requests[1] = HMM_KUNIT_WRITE;
	hk->requests[2] = HMM_KUNIT_WRITE;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, 0));
	hmm_kunit_expect_page(hk, 1, false);
	hmm_kunit_expect_page(hk, 2, false);
	expect_absent(hk, 3);
}

static void permission_is_needed_only_where_asked(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);
	unsigned long addr = hk->range.start;

	mm_kunit_write(test, addr + 2 * PAGE_SIZE, 1);
	mm_kunit_write(test, addr + 3 * PAGE_SIZE, 1);
	mm_kunit_mprotect(test, addr + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ);
	hk->range.pfn_flags_mask = ~0ULL;
	hk->requests[0] = HMM_KUNIT_WRITE;
	hk->requests[1] = HMM_KUNIT_READ;
	hk->requests[2] = HMM_KUNIT_READ;
	hk->requests[3] = HMM_KUNIT_WRITE;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, 0));
	hmm_kunit_expect_page(hk, 2, false);
	hmm_kunit_expect_page(hk, 3, true);

	/* What follows the failing page is none, also where it was fine. */
	hk->requests[2] = HMM_KUNIT_WRITE;
	KUNIT_ASSERT_EQ(test, (long)-EPERM, hmm_kunit_fault(hk, 0));
	hmm_kunit_expect_page(hk, 0, true);
	hmm_kunit_expect_page(hk, 1, false);
	hmm_kunit_expect_value(hk, 2, 4, 0);
}

static const unsigned int shifts[] = { 3, 8, PAGE_SHIFT };

static void shift_desc(const unsigned int *shift, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "pfn_shift_%u", *shift);
}

KUNIT_ARRAY_PARAM(shift, shifts, shift_desc);

static void device_encoding(struct kunit *test)
{
	unsigned int shift = *(const unsigned int *)test->param_value;
	struct hmm_kunit *hk = map_mixed(test);
	unsigned long addr = hk->range.start, i;

	mm_kunit_munmap(test, addr + 3 * PAGE_SIZE, PAGE_SIZE);
	hmm_kunit_encode(hk, shift);
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	for (i = 0; i < 2; i++) {
		struct page *page = mm_kunit_page(addr + (i << PAGE_SHIFT),
						  NULL);
		u64 want = (u64)page_to_pfn(page) << shift;

		want |= hk->flags[HMM_PFN_FLAG_VALID];
		if (!i)
			want |= hk->flags[HMM_PFN_FLAG_WRITE];
		KUNIT_EXPECT_EQ(test, want, hk->entries[i]);
		KUNIT_EXPECT_PTR_EQ(test, page,
				    hmm_device_entry_to_page(&hk->range,
							     hk->entries[i]));
	}
	KUNIT_EXPECT_EQ(test, hk->values[HMM_PFN_VALUE_NONE], hk->entries[2]);
	KUNIT_EXPECT_EQ(test, hk->values[HMM_PFN_VALUE_ERROR], hk->entries[3]);

	/* The requests are in the same encoding. */
	hk->range.end -= PAGE_SIZE;
	hk->range.pfn_flags_mask = ~0ULL;
	hk->requests[1] = hk->flags[HMM_PFN_FLAG_VALID] |
			  hk->flags[HMM_PFN_FLAG_WRITE];
	hk->requests[2] = hk->flags[HMM_PFN_FLAG_VALID];
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_fault(hk, 0));
	KUNIT_EXPECT_TRUE(test,
			  hk->entries[1] & hk->flags[HMM_PFN_FLAG_WRITE]);
	KUNIT_EXPECT_TRUE(test,
			  hk->entries[2] & hk->flags[HMM_PFN_FLAG_VALID]);
	KUNIT_EXPECT_FALSE(test,
			   hk->entries[2] & hk->flags[HMM_PFN_FLAG_WRITE]);
}

/* None need not be zero, and error and special may be the same. */
static void device_values_are_the_drivers(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);
	unsigned long addr = hk->range.start;

	mm_kunit_munmap(test, addr + 3 * PAGE_SIZE, PAGE_SIZE);
	hmm_kunit_encode(hk, PAGE_SHIFT);
	hk->values[HMM_PFN_VALUE_NONE] = 0x800;
	hk->values[HMM_PFN_VALUE_ERROR] = 0x400;
	hk->values[HMM_PFN_VALUE_SPECIAL] = 0x400;
	KUNIT_ASSERT_EQ(test, 0L, hmm_kunit_snapshot(hk));
	KUNIT_EXPECT_EQ(test, 0x800ULL, hk->entries[2]);
	KUNIT_EXPECT_EQ(test, 0x400ULL, hk->entries[3]);

	KUNIT_ASSERT_EQ(test, (long)-EFAULT,
			hmm_kunit_fault(hk, hk->flags[HMM_PFN_FLAG_VALID]));
	KUNIT_EXPECT_EQ(test, 0x800ULL, hk->entries[3]);
}

static void entry_helpers(struct kunit *test)
{
	struct hmm_kunit *hk = map_mixed(test);
	const struct hmm_range *range = &hk->range;
	struct page *page = mm_kunit_page(hk->range.start, NULL);
	unsigned long pfn = page_to_pfn(page);
	unsigned int i;
	u64 entry;

	hmm_kunit_encode(hk, 8);
	entry = hmm_device_entry_from_page(range, page);
	KUNIT_EXPECT_EQ(test, ((u64)pfn << 8) | hk->flags[HMM_PFN_FLAG_VALID],
			entry);
	KUNIT_EXPECT_EQ(test, entry, hmm_device_entry_from_pfn(range, pfn));
	KUNIT_EXPECT_EQ(test, pfn, hmm_device_entry_to_pfn(range, entry));
	KUNIT_EXPECT_PTR_EQ(test, page, hmm_device_entry_to_page(range, entry));

	for (i = 0; i < HMM_PFN_VALUE_MAX; i++) {
		/* Also where the value has the bit of the valid flag. */
		hk->values[i] |= hk->flags[HMM_PFN_FLAG_VALID];
		KUNIT_EXPECT_NULL(test, hmm_device_entry_to_page(range,
								 hk->values[i]));
		KUNIT_EXPECT_EQ(test, -1UL,
				hmm_device_entry_to_pfn(range, hk->values[i]));
	}
	entry &= ~hk->flags[HMM_PFN_FLAG_VALID];
	KUNIT_EXPECT_NULL(test, hmm_device_entry_to_page(range, entry));
	KUNIT_EXPECT_EQ(test, -1UL, hmm_device_entry_to_pfn(range, entry));
}

struct bad_range {
	const char *name;
	void (*spoil)(struct hmm_kunit *hk);
	unsigned int flags;
};

static void no_notifier(struct hmm_kunit *hk)
{
	hk->range.notifier = NULL;
}

static void not_inserted(struct hmm_kunit *hk)
{
	mmu_range_notifier_remove(&hk->watch->mrn);
}

static void before_the_notifier(struct hmm_kunit *hk)
{
	hk->range.start -= PAGE_SIZE;
	hk->range.end -= PAGE_SIZE;
}

static void beyond_the_notifier(struct hmm_kunit *hk)
{
	hk->range.start += PAGE_SIZE;
	hk->range.end += PAGE_SIZE;
}

static void empty_range(struct hmm_kunit *hk)
{
	hk->range.end = hk->range.start;
}

static void reversed_range(struct hmm_kunit *hk)
{
	swap(hk->range.start, hk->range.end);
}

static void start_in_a_page(struct hmm_kunit *hk)
{
	hk->range.start++;
}

static void end_in_a_page(struct hmm_kunit *hk)
{
	hk->range.end--;
}

static void no_entries(struct hmm_kunit *hk)
{
	hk->range.hmm_pfns = NULL;
}

static void two_kinds_of_entries(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, PAGE_SHIFT);
	hk->range.hmm_pfns = hk->native;
}

static void no_flags(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, PAGE_SHIFT);
	hk->range.flags = NULL;
}

static void no_values(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, PAGE_SHIFT);
	hk->range.values = NULL;
}

static void shift_too_large(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, PAGE_SHIFT + 1);
}

static void flag_in_the_pfn(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, 8);
	hk->flags[HMM_PFN_FLAG_WRITE] = 1 << 8;
}

static void no_valid_flag(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, 8);
	hk->flags[HMM_PFN_FLAG_VALID] = 0;
}

static void none_is_error(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, 8);
	hk->values[HMM_PFN_VALUE_NONE] = hk->values[HMM_PFN_VALUE_ERROR];
}

static void none_is_special(struct hmm_kunit *hk)
{
	hmm_kunit_encode(hk, 8);
	hk->values[HMM_PFN_VALUE_NONE] = hk->values[HMM_PFN_VALUE_SPECIAL];
}

static void nothing_spoilt(struct hmm_kunit *hk)
{
}

static const struct bad_range bad_ranges[] = {
	{ "no_notifier", no_notifier },
	{ "not_inserted", not_inserted },
	{ "before_the_notifier", before_the_notifier },
	{ "beyond_the_notifier", beyond_the_notifier },
	{ "empty_range", empty_range },
	{ "reversed_range", reversed_range },
	{ "start_in_a_page", start_in_a_page },
	{ "end_in_a_page", end_in_a_page },
	{ "no_entries", no_entries },
	{ "two_kinds_of_entries", two_kinds_of_entries },
	{ "no_flags", no_flags },
	{ "no_values", no_values },
	{ "shift_too_large", shift_too_large },
	{ "flag_in_the_pfn", flag_in_the_pfn },
	{ "no_valid_flag", no_valid_flag },
	{ "none_is_error", none_is_error },
	{ "none_is_special", none_is_special },
	{ "unknown_flag", nothing_spoilt, BIT(2) },
};

KUNIT_ARRAY_PARAM_DESC(bad_range, bad_ranges, name);

static void bad_arguments(struct kunit *test)
{
	const struct bad_range *bad = test->param_value;
	struct hmm_kunit *hk = map_mixed(test);
	struct mm_struct *mm = current->mm;
	unsigned long i;
	long ret;

	hk->range.notifier_seq = mmu_range_read_begin(&hk->watch->mrn);
	hk->range.default_flags = HMM_KUNIT_READ;
	for (i = 0; i < 4; i++)
		hk->entries[i] = HMM_PFN_FLAGS;
	bad->spoil(hk);
	mmap_read_lock(mm);
	ret = hmm_range_fault(&hk->range, bad->flags);
	mmap_read_unlock(mm);
	KUNIT_EXPECT_EQ(test, (long)-EINVAL, ret);
	/* Nothing was done. */
	hmm_kunit_expect_value(hk, 0, 4, HMM_PFN_FLAGS);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, (u64)HMM_PFN_FLAGS, hk->entries[i]);
}

static struct kunit_case hmm_request_cases[] = {
	KUNIT_CASE(no_request_no_fault),
	KUNIT_CASE(write_without_fault_is_no_request),
	KUNIT_CASE(requests_page_by_page),
	KUNIT_CASE(mask_and_default_together),
	KUNIT_CASE(mask_hides_the_write),
	KUNIT_CASE(permission_is_needed_only_where_asked),
	KUNIT_CASE_PARAM(device_encoding, shift_gen_params),
	KUNIT_CASE(device_values_are_the_drivers),
	KUNIT_CASE(entry_helpers),
	KUNIT_CASE_PARAM(bad_arguments, bad_range_gen_params),
	{}
};

static struct kunit_suite hmm_request_suite = {
	.name = "hmm_request",
	.init = mm_kunit_init,
	.exit = mm_kunit_exit,
	.test_cases = hmm_request_cases,
};

kunit_test_suite(hmm_request_suite);
