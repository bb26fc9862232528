/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit tests of HMM share: an hmm_range over memory of the test, and
 * the loop that a driver has around hmm_range_fault().
 */
#ifndef _HMM_KUNIT_H
#define _HMM_KUNIT_H

#include <linux/hmm.h>

#include "mm_kunit.h"

/**
 * struct hmm_kunit - a device that mirrors a part of the test's memory
 * @test: the test
 * @watch: its range notifier
 * @range: the argument of hmm_range_fault(); native encoding at first
 * @npages: length of the range
 * @native: entries, native encoding
 * @entries: entries, device's encoding
 * @requests: if the range has a mask, what the entries are set to before each
 *	round
 * @flags: of the device's encoding
 * @values: of the device's encoding
 * @rounds: how many the last hmm_kunit_fault() took
 */
struct hmm_kunit {
	struct kunit *test;
	struct mm_kunit_watch *watch;
	struct hmm_range range;
	unsigned long npages;
	unsigned long *native;
	u64 *entries;
	u64 *requests;
	u64 flags[HMM_PFN_FLAG_MAX];
	u64 values[HMM_PFN_VALUE_MAX];
	unsigned int rounds;
};

#define HMM_KUNIT_READ	HMM_PFN_REQ_FAULT
#define HMM_KUNIT_WRITE	(HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE)

struct hmm_kunit *hmm_kunit_new(struct kunit *test, unsigned long start,
				unsigned long npages);
/* From now on entries are in the device's encoding. */
void hmm_kunit_encode(struct hmm_kunit *hk, unsigned int shift);
/* One call of hmm_range_fault(). The mmap lock is not held afterwards. */
long hmm_kunit_once(struct hmm_kunit *hk, unsigned int flags);
/* Rounds of it until there is a result that no invalidation has hit. */
long hmm_kunit_fault(struct hmm_kunit *hk, unsigned long request);
long hmm_kunit_snapshot(struct hmm_kunit *hk);
/* Is entry @i the CPU's page there, with these rights and nothing else? */
void hmm_kunit_expect_page(struct hmm_kunit *hk, unsigned long i, bool write);
/* Are the entries from @i on, and up to @end, this value? */
void hmm_kunit_expect_value(struct hmm_kunit *hk, unsigned long i,
			    unsigned long end, unsigned long value);

/*
 * Device private memory. A suite that uses it calls the first two as its
 * suite_init and suite_exit.
 */
struct kunit_suite;

extern int hmm_kunit_owner;
int hmm_kunit_device_init(struct kunit_suite *suite);
void hmm_kunit_device_exit(struct kunit_suite *suite);
/* The page at @addr moves to the device; the CPU's next access brings it back. */
struct page *hmm_kunit_to_device(struct kunit *test, unsigned long addr);

#endif /* _HMM_KUNIT_H */
