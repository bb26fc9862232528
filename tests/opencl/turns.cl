/* SPDX-License-Identifier: MIT */
struct node {
	__global struct node *next;
	uint value;
	uint turn;
};

struct queue {
	__global struct node *head;
	__global struct node *spare;
	uint length;
};

/*
 * One work item: each node that the CPU has put in since gets a turn; each other
 * one is taken out, and goes to the spare ones.
 */
__kernel void turn(__global struct queue *queue, uint turn)
{
	__global struct node *node = queue->head, *next, *keep = 0;
	uint length = 0;

	for (; node; node = next) {
		next = node->next;
		if (node->value & 1) {
			node->next = queue->spare;
			queue->spare = node;
		} else {
			node->value /= 2;
			node->turn = turn;
			node->next = keep;
			keep = node;
			length++;
		}
	}
	queue->head = keep;
	queue->length = length;
}
