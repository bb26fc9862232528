// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file under test, as it is, and the little of its inside that tests need.
 * SUBJECT is its path, SUBJECT_SEQ how it calls the sequence of the mm.
 */
#include SUBJECT

#include "harness.h"

unsigned long subject_seq(struct mm_struct *mm)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;
	unsigned long seq;

	spin_lock(&subscriptions->lock);
	seq = subscriptions->SUBJECT_SEQ;
	spin_unlock(&subscriptions->lock);
	return seq;
}

void subject_set_seq(struct mm_struct *mm, unsigned long seq)
{
	struct mmu_notifier_subscriptions *subscriptions =
		mm->notifier_subscriptions;

	spin_lock(&subscriptions->lock);
	subscriptions->SUBJECT_SEQ = seq;
	spin_unlock(&subscriptions->lock);
}
