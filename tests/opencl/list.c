// SPDX-License-Identifier: MIT
#include "app.h"

#define MARK	0x5a5a5a5a

struct node {
	struct node *next;
	uint32_t value;
	uint32_t mark;
};

struct list {
	struct node *head;
	uint32_t sum;
	uint32_t length;
};

static unsigned long lists = 64, nodes = 4096, rounds = 1;

/* Each node from malloc(), and put at the head of a list by chance. */
static void build(struct list *list)
{
	unsigned long i;

	for (i = 0; i < lists; i++)
		list[i] = (struct list){};
	for (i = 0; i < nodes; i++) {
		struct list *to = &list[app_random() % lists];
		struct node *node = app_alloc(sizeof(*node));

		node->value = app_random();
		node->mark = 0;
		node->next = to->head;
		to->head = node;
	}
}

/* What the GPU has found, and what it has left in the nodes, which go. */
static unsigned long check_and_free(struct list *list)
{
	unsigned long i, good = 0;

	for (i = 0; i < lists; i++) {
		struct node *node = list[i].head, *next;
		uint32_t sum = 0, length = 0, marked = 0;

		for (; node; node = next) {
			sum += node->value;
			length++;
			marked += node->mark == (node->value ^ MARK);
			next = node->next;
			app_free(node);
		}
		good += list[i].sum == sum && list[i].length == length &&
			marked == length;
	}
	return good;
}

int main(int argc, char **argv)
{
	const struct app_option options[] = {
		APP_NUMBER("lists", &lists, 1, 1 << 16, "lists"),
		APP_NUMBER("nodes", &nodes, 1, 1 << 22, "nodes in all of them"),
		APP_NUMBER("rounds", &rounds, 1, 1000000, "times, each with new lists"),
		{}
	};
	const cl_uint mark = MARK;
	unsigned long round, good = 0;
	struct list *list;
	cl_kernel walk;

	app_start(argc, argv, "The GPU walks linked lists of malloc()ed nodes",
		  options);
	list = app_alloc(lists * sizeof(*list));
	walk = app_kernel("walk");
	for (round = 0; round < rounds; round++) {
		build(list);
		app_launch(walk, APP_RANGE(lists, 0), APP_POINTER(list),
			   APP_VALUE(mark));
		good += check_and_free(list);
	}
	app_check(good == lists * rounds, "lists", "%lu of %lu are right",
		  good, lists * rounds);
	app_free(list);
	return app_end();
}
