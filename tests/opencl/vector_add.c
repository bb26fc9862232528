// SPDX-License-Identifier: MIT
#include "app.h"

int main(int argc, char **argv)
{
	unsigned long n = 1 << 18, i, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("size", &n, 1, 1 << 26, "words in a vector"),
		{}
	};
	int32_t *a, *b, *sum;

	app_start(argc, argv, "The GPU adds two vectors of malloc()",
		  options);
	a = app_alloc(n * sizeof(*a));
	b = app_alloc(n * sizeof(*b));
	sum = app_alloc(n * sizeof(*sum));
	for (i = 0; i < n; i++) {
		a[i] = app_random() >> 2;
		b[i] = app_random() >> 2;
	}
	app_launch(app_kernel("add"), APP_RANGE(n, 0), APP_POINTER(a),
		   APP_POINTER(b), APP_POINTER(sum));
	for (i = 0; i < n; i++)
		good += sum[i] == a[i] + b[i];
	app_check(good == n, "sums", "%lu of %lu are right", good, n);
	app_free(a);
	app_free(b);
	app_free(sum);
	return app_end();
}
