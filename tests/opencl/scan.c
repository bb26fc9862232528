// SPDX-License-Identifier: MIT
#include "app.h"

#define GROUP	256

int main(int argc, char **argv)
{
	unsigned long groups = GROUP, n, i, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("groups", &groups, 1, GROUP, "groups of 256 words"),
		{}
	};
	uint32_t *data, *copy, *totals, *total, sum = 0;
	cl_kernel scan;

	app_start(argc, argv, "The GPU adds prefixes up, in local memory",
		  options);
	n = groups * GROUP;
	data = app_alloc(n * sizeof(*data));
	copy = app_alloc(n * sizeof(*copy));
	totals = app_alloc(GROUP * sizeof(*totals));
	total = app_alloc(sizeof(*total));
	for (i = 0; i < GROUP; i++)
		totals[i] = 0;
	for (i = 0; i < n; i++) {
		data[i] = app_random();
		copy[i] = data[i];
	}
	scan = app_kernel("scan");
	app_launch(scan, APP_RANGE(n, GROUP), APP_POINTER(data),
		   APP_POINTER(totals), APP_LOCAL(GROUP * sizeof(uint32_t)));
	app_launch(scan, APP_RANGE(GROUP, GROUP), APP_POINTER(totals),
		   APP_POINTER(total), APP_LOCAL(GROUP * sizeof(uint32_t)));
	app_launch(app_kernel("add"), APP_RANGE(n, GROUP), APP_POINTER(data),
		   APP_POINTER(totals));
	for (i = 0; i < n; i++) {
		sum += copy[i];
		good += data[i] == sum;
	}
	app_check(good == n, "sums", "%lu of %lu are right", good, n);
	app_check(*total == sum, "total", "%#x and not %#x", *total, sum);
	app_free(data);
	app_free(copy);
	app_free(totals);
	app_free(total);
	return app_end();
}
