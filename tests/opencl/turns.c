// SPDX-License-Identifier: MIT
#include "app.h"

struct node {
	struct node *next;
	uint32_t value;
	uint32_t turn;
};

struct queue {
	struct node *head;
	struct node *spare;
	uint32_t length;
};

/* The CPU's turn: it frees what the GPU took out, and puts new nodes in. */
static void cpu_turn(struct queue *queue, unsigned long nodes)
{
	struct node *node = queue->spare, *next;
	unsigned long i;

	for (; node; node = next) {
		next = node->next;
		app_free(node);
	}
	queue->spare = NULL;
	for (i = 0; i < nodes; i++) {
		node = app_alloc(sizeof(*node));
		*node = (struct node){ queue->head, app_random(), 0 };
		queue->head = node;
		queue->length++;
	}
}

/* What the GPU's turn makes of the values, in the same order. */
static unsigned long expect(const struct queue *queue, uint32_t *values)
{
	const struct node *node = queue->head;
	unsigned long n = 0, i;

	for (; node; node = node->next) {
		if (!(node->value & 1))
			values[n++] = node->value / 2;
	}
	for (i = 0; i < n / 2; i++) {
		uint32_t value = values[i];

		values[i] = values[n - 1 - i];
		values[n - 1 - i] = value;
	}
	return n;
}

static bool as_expected(const struct queue *queue, const uint32_t *values,
			unsigned long n, uint32_t turn)
{
	const struct node *node = queue->head;
	unsigned long i = 0;

	for (; node && i < n; node = node->next, i++) {
		if (node->value != values[i] || node->turn != turn)
			return false;
	}
	return !node && i == n && queue->length == n;
}

int main(int argc, char **argv)
{
	unsigned long turns = 12, nodes = 500, i, good = 0, most = 0;
	const struct app_option options[] = {
		APP_NUMBER("turns", &turns, 1, 1000000, "turns of CPU and GPU"),
		APP_NUMBER("nodes", &nodes, 1, 1 << 20, "new nodes a turn"),
		{}
	};
	struct queue *queue;
	uint32_t *values;
	cl_kernel turn;

	app_start(argc, argv, "CPU and GPU work on one queue, in turns",
		  options);
	queue = app_alloc(sizeof(*queue));
	*queue = (struct queue){};
	turn = app_kernel("turn");
	for (i = 0; i < turns; i++) {
		const cl_uint now = i + 1;
		unsigned long n;

		cpu_turn(queue, nodes);
		values = app_alloc(queue->length * sizeof(*values));
		n = expect(queue, values);
		app_launch(turn, APP_RANGE(1, 0), APP_POINTER(queue),
			   APP_VALUE(now));
		good += as_expected(queue, values, n, now);
		most = n > most ? n : most;
		app_free(values);
	}
	app_check(good == turns, "turns", "%lu of %lu are right", good, turns);
	app_check(most, "kept", "no node was kept");
	return app_end();
}
