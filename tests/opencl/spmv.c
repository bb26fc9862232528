// SPDX-License-Identifier: MIT
#include <math.h>

#include "app.h"

static float some_float(void)
{
	return (float)app_random() / 0x1p31f - 1;
}

int main(int argc, char **argv)
{
	unsigned long n = 8192, most = 32, i, j, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("rows", &n, 1, 1 << 22, "rows and columns"),
		APP_NUMBER("row", &most, 1, 1024, "elements of a row, at most"),
		{}
	};
	uint32_t *rows, *columns;
	float *values, *x, *y;

	app_start(argc, argv,
		  "The GPU multiplies a sparse matrix (CSR) by a vector",
		  options);
	rows = app_alloc((n + 1) * sizeof(*rows));
	rows[0] = 0;
	/* Rows of different length, empty ones among them. */
	for (i = 0; i < n; i++)
		rows[i + 1] = rows[i] + app_random() % (most + 1);
	columns = app_alloc((rows[n] + 1) * sizeof(*columns));
	values = app_alloc((rows[n] + 1) * sizeof(*values));
	x = app_alloc(n * sizeof(*x));
	y = app_alloc(n * sizeof(*y));
	for (i = 0; i < rows[n]; i++) {
		columns[i] = app_random() % n;
		values[i] = some_float();
	}
	for (i = 0; i < n; i++)
		x[i] = some_float();
	app_launch(app_kernel("multiply"), APP_RANGE(n, 0), APP_POINTER(rows),
		   APP_POINTER(columns), APP_POINTER(values), APP_POINTER(x),
		   APP_POINTER(y));
	for (i = 0; i < n; i++) {
		float sum = 0;

		for (j = rows[i]; j < rows[i + 1]; j++)
			sum = fmaf(values[j], x[columns[j]], sum);
		good += y[i] == sum;
	}
	app_check(good == n, "rows", "%lu of %lu are right to the last bit",
		  good, n);
	app_free(rows);
	app_free(columns);
	app_free(values);
	app_free(x);
	app_free(y);
	return app_end();
}
