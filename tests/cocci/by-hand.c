// SPDX-License-Identifier: GPL-2.0-or-later
#include <linux/mmu_notifier.h>

/* Setting the ops before the condition would follow a pointer too early. */
int insert_after_and(struct object *o)
{
	if (o && mmu_interval_notifier_insert(&o->notifier, current->mm, 0,
					      PAGE_SIZE, &object_ops))
		return -EINVAL;
	return 0;
}
