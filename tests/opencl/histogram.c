// SPDX-License-Identifier: MIT
#include "app.h"

#define BINS	256
#define GROUP	128
#define GROUPS	16

int main(int argc, char **argv)
{
	unsigned long size = 1 << 18, i, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("size", &size, 1, 1 << 28, "bytes to count"),
		{}
	};
	uint32_t *bins, is[BINS] = {};
	uint8_t *text;
	cl_uint n;

	app_start(argc, argv, "The GPU counts bytes by their value, atomically",
		  options);
	n = size;
	text = app_alloc(size);
	bins = app_alloc(BINS * sizeof(*bins));
	for (i = 0; i < BINS; i++)
		bins[i] = 0;
	/* Some values are more frequent than others. */
	for (i = 0; i < size; i++) {
		text[i] = app_random() % (1 + app_random() % BINS);
		is[text[i]]++;
	}
	app_launch(app_kernel("count"), APP_RANGE(GROUP * GROUPS, GROUP),
		   APP_POINTER(text), APP_VALUE(n), APP_POINTER(bins));
	for (i = 0; i < BINS; i++)
		good += bins[i] == is[i];
	app_check(good == BINS, "bins", "%lu of %d are right", good, BINS);
	app_free(text);
	app_free(bins);
	return app_end();
}
