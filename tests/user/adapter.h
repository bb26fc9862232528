/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the tests over the API of the base, to run them against it. */
#ifndef TESTS_USER_ADAPTER_H
#define TESTS_USER_ADAPTER_H

#include <linux/mmu_notifier.h>

#define mmu_range_notifier mmu_interval_notifier
#define mmu_range_notifier_ops mmu_interval_notifier_ops
#define mmu_range_set_seq mmu_interval_set_seq
#define mmu_range_read_begin mmu_interval_read_begin
#define mmu_range_read_retry mmu_interval_read_retry
#define mmu_range_check_retry mmu_interval_check_retry
#define mmu_range_notifier_remove mmu_interval_notifier_remove
#define mmu_range_notifier_insert(mrn, start, length, mm) \
	mmu_interval_notifier_insert(mrn, mm, start, length, (mrn)->ops)
#define mmu_range_notifier_insert_locked(mrn, start, length, mm) \
	mmu_interval_notifier_insert_locked(mrn, mm, start, length, (mrn)->ops)
#define mmu_range_notifier_start(mrn) ((mrn)->interval_tree.start)
#define mmu_range_notifier_last(mrn) ((mrn)->interval_tree.last)
#define mmu_range_notifier_mm(mrn) ((mrn)->mm)
#define mmu_range_notifier_inserted(mrn) (!!(mrn)->mm)
#define mmu_range_notifier_set_lock(mrn, lock) ((void)(mrn), (void)(lock))

#endif
