// SPDX-License-Identifier: MIT
#include "app.h"

#define GROUP	128
#define GROUPS	16

struct result {
	uint32_t sum;
	uint32_t least;
	uint32_t most;
};

static void join(struct result *to, const struct result *from)
{
	to->sum += from->sum;
	if (from->least < to->least)
		to->least = from->least;
	if (from->most > to->most)
		to->most = from->most;
}

int main(int argc, char **argv)
{
	unsigned long size = 1 << 18, i;
	const struct app_option options[] = {
		APP_NUMBER("size", &size, 1, 1 << 26, "words"),
		{}
	};
	struct result *parts, all = { .least = ~0u }, is = all;
	const size_t local = GROUP * sizeof(uint32_t);
	uint32_t *data;
	cl_uint n;

	app_start(argc, argv, "The GPU finds the sum, the least and the most",
		  options);
	n = size;
	data = app_alloc(size * sizeof(*data));
	parts = app_alloc(GROUPS * sizeof(*parts));
	for (i = 0; i < size; i++) {
		struct result one;

		data[i] = app_random();
		one = (struct result){ data[i], data[i], data[i] };
		join(&is, &one);
	}
	app_launch(app_kernel("reduce"), APP_RANGE(GROUP * GROUPS, GROUP),
		   APP_POINTER(data), APP_VALUE(n), APP_POINTER(parts),
		   APP_LOCAL(local), APP_LOCAL(local), APP_LOCAL(local));
	for (i = 0; i < GROUPS; i++)
		join(&all, &parts[i]);
	app_check(all.sum == is.sum, "sum", "%#x and not %#x", all.sum, is.sum);
	app_check(all.least == is.least, "least", "%#x and not %#x", all.least,
		  is.least);
	app_check(all.most == is.most, "most", "%#x and not %#x", all.most,
		  is.most);
	app_free(data);
	app_free(parts);
	return app_end();
}
