/* SPDX-License-Identifier: MIT */
struct node {
	__global struct node *next;
	uint value;
	uint mark;
};

struct list {
	__global struct node *head;
	uint sum;
	uint length;
};

/* One work item for each list; each node gets a mark. */
__kernel void walk(__global struct list *lists, uint mark)
{
	__global struct list *list = &lists[get_global_id(0)];
	__global struct node *node;
	uint sum = 0, length = 0;

	for (node = list->head; node; node = node->next) {
		sum += node->value;
		node->mark = node->value ^ mark;
		length++;
	}
	list->sum = sum;
	list->length = length;
}
