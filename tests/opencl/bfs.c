// SPDX-License-Identifier: MIT
#include "app.h"

struct vertex {
	uint32_t *edges;
	uint32_t degree;
	uint32_t level;
};

/* The levels that the vertices should have; how many can be reached. */
static unsigned long reference(const struct vertex *v, unsigned long n,
			       uint32_t *levels)
{
	uint32_t *queue = app_alloc(n * sizeof(*queue));
	unsigned long head = 0, tail = 0, i;

	for (i = 0; i < n; i++)
		levels[i] = ~0u;
	levels[0] = 0;
	queue[tail++] = 0;
	while (head < tail) {
		uint32_t at = queue[head++];

		for (i = 0; i < v[at].degree; i++) {
			uint32_t to = v[at].edges[i];

			if (levels[to] != ~0u)
				continue;
			levels[to] = levels[at] + 1;
			queue[tail++] = to;
		}
	}
	app_free(queue);
	return tail;
}

int main(int argc, char **argv)
{
	unsigned long n = 8192, most = 3, i, j, good = 0, reached = 1, there;
	const struct app_option options[] = {
		APP_NUMBER("vertices", &n, 1, 1 << 22, "vertices"),
		APP_NUMBER("degree", &most, 1, 1024, "edges of a vertex, at most"),
		{}
	};
	uint32_t *levels, *found, level = 0;
	struct vertex *v;
	cl_kernel step;

	app_start(argc, argv,
		  "The GPU searches a graph breadth first, edges by malloc()",
		  options);
	v = app_alloc(n * sizeof(*v));
	levels = app_alloc(n * sizeof(*levels));
	found = app_alloc(sizeof(*found));
	for (i = 0; i < n; i++) {
		v[i].degree = 1 + app_random() % most;
		v[i].level = i ? ~0u : 0;
		v[i].edges = app_alloc(v[i].degree * sizeof(uint32_t));
		for (j = 0; j < v[i].degree; j++)
			v[i].edges[j] = app_random() % n;
	}
	there = reference(v, n, levels);
	step = app_kernel("step");
	do {
		*found = 0;
		app_launch(step, APP_RANGE(n, 0), APP_POINTER(v),
			   APP_VALUE(level), APP_POINTER(found));
		reached += *found;
		level++;
	} while (*found);
	for (i = 0; i < n; i++)
		good += v[i].level == levels[i];
	app_check(good == n, "levels", "%lu of %lu are right", good, n);
	app_check(reached == there, "reached", "%lu and not %lu", reached,
		  there);
	for (i = 0; i < n; i++)
		app_free(v[i].edges);
	app_free(v);
	app_free(levels);
	app_free(found);
	return app_end();
}
