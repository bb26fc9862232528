// SPDX-License-Identifier: MIT
#include <math.h>

#include "app.h"

#define TILE	16

static float some_float(void)
{
	return (float)app_random() / 0x1p31f - 1;
}

int main(int argc, char **argv)
{
	unsigned long tiles = 6, n, i, j, k, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("tiles", &tiles, 1, 256, "rows and columns of 16 elements"),
		{}
	};
	float *a, *b, *c;
	cl_uint size;

	app_start(argc, argv, "The GPU multiplies matrices, in tiles", options);
	n = tiles * TILE;
	size = n;
	a = app_alloc(n * n * sizeof(*a));
	b = app_alloc(n * n * sizeof(*b));
	c = app_alloc(n * n * sizeof(*c));
	for (i = 0; i < n * n; i++) {
		a[i] = some_float();
		b[i] = some_float();
	}
	app_launch(app_kernel("multiply"), APP_RANGE2(n, n, TILE, TILE),
		   APP_POINTER(a), APP_POINTER(b), APP_POINTER(c),
		   APP_VALUE(size));
	for (i = 0; i < n; i++) {
		for (j = 0; j < n; j++) {
			float sum = 0;

			for (k = 0; k < n; k++)
				sum = fmaf(a[i * n + k], b[k * n + j], sum);
			good += c[i * n + j] == sum;
		}
	}
	app_check(good == n * n, "elements",
		  "%lu of %lu are right to the last bit", good, n * n);
	app_free(a);
	app_free(b);
	app_free(c);
	return app_end();
}
