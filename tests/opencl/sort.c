// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "app.h"

#define GROUP	64
#define INSIDE	(2 * GROUP)

static cl_kernel merge, merge_local;

static void local(uint32_t *data, cl_uint n, cl_uint run, cl_uint last)
{
	app_launch(merge_local, APP_RANGE(n / 2, GROUP), APP_POINTER(data),
		   APP_VALUE(run), APP_VALUE(last),
		   APP_LOCAL(INSIDE * sizeof(*data)));
}

static void sort(uint32_t *data, cl_uint n)
{
	cl_uint run, distance;

	local(data, n, 2, INSIDE);
	for (run = 2 * INSIDE; run <= n; run *= 2) {
		for (distance = run / 2; distance >= INSIDE; distance /= 2)
			app_launch(merge, APP_RANGE(n / 2, GROUP),
				   APP_POINTER(data), APP_VALUE(run),
				   APP_VALUE(distance));
		local(data, n, run, run);
	}
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	unsigned long bits = 14, rounds = 1, round, n, i, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("bits", &bits, 7, 24, "2^N words"),
		APP_NUMBER("rounds", &rounds, 1, 1000000, "times, each with new words"),
		{}
	};
	uint32_t *data, *reference;

	app_start(argc, argv, "The GPU sorts words", options);
	n = 1ul << bits;
	data = app_alloc(n * sizeof(*data));
	reference = app_alloc(n * sizeof(*data));
	merge = app_kernel("merge");
	merge_local = app_kernel("merge_local");
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < n; i++)
			data[i] = app_random();
		memcpy(reference, data, n * sizeof(*data));
		sort(data, n);
		qsort(reference, n, sizeof(*reference), by_value);
		good += !memcmp(reference, data, n * sizeof(*data));
	}
	app_check(good == rounds, "order", "%lu of %lu times right", good,
		  rounds);
	app_free(data);
	app_free(reference);
	return app_end();
}
