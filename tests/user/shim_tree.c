// SPDX-License-Identifier: GPL-2.0-or-later
/* The interval tree: a sorted list that knows when it is misused. */
#include "shim.h"

/* The tree this thread walks, and its changes when the walk began. */
static __thread struct rb_root_cached *walked;
static __thread unsigned long walked_changes;

static struct interval_tree_node *node_of(struct rb_node *rb)
{
	return rb ? container_of(rb, struct interval_tree_node, rb) : NULL;
}

/* Counted with atomics: the walk must not seem to be ordered after it. */
static void count_change(struct rb_root_cached *root)
{
	WRITE_ONCE(root->changes, READ_ONCE(root->changes) + 1);
}

void interval_tree_insert(struct interval_tree_node *node,
			  struct rb_root_cached *root)
{
	struct rb_node *prev = NULL, *next = root->rb_leftmost;

	while (next && node_of(next)->start <= node->start) {
		if (next == &node->rb)
			shim_report(SHIM_TREE, "inserted twice");
		prev = next;
		next = next->next;
	}
	node->rb.prev = prev;
	node->rb.next = next;
	node->rb.tree = root;
	if (next)
		next->prev = &node->rb;
	if (prev)
		prev->next = &node->rb;
	else
		root->rb_leftmost = &node->rb;
	WRITE_ONCE(root->rb_root.rb_node, root->rb_leftmost);
	count_change(root);
}

void interval_tree_remove(struct interval_tree_node *node,
			  struct rb_root_cached *root)
{
	struct rb_node *rb;

	for (rb = root->rb_leftmost; rb && rb != &node->rb; rb = rb->next)
		;
	if (!rb) {
		shim_report(SHIM_TREE, "removed but not inserted");
		return;
	}
	if (rb->next)
		rb->next->prev = rb->prev;
	if (rb->prev)
		rb->prev->next = rb->next;
	else
		root->rb_leftmost = rb->next;
	WRITE_ONCE(root->rb_root.rb_node, root->rb_leftmost);
	rb->next = LIST_POISON1;
	rb->prev = LIST_POISON2;
	count_change(root);
}

static struct interval_tree_node *
first_overlap(struct rb_node *rb, unsigned long start, unsigned long last)
{
	struct interval_tree_node *node;

	for (node = node_of(rb); node && node->start <= last;
	     node = node_of(node->rb.next))
		if (node->last >= start)
			return node;
	return NULL;
}

struct interval_tree_node *
interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
			 unsigned long last)
{
	walked = root;
	walked_changes = READ_ONCE(root->changes);
	return first_overlap(root->rb_leftmost, start, last);
}

struct interval_tree_node *
interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
			unsigned long last)
{
	if (walked != node->rb.tree ||
	    walked_changes != READ_ONCE(walked->changes))
		shim_report(SHIM_TREE, "changed under an iterator");
	return first_overlap(node->rb.next, start, last);
}
