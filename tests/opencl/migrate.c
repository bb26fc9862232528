// SPDX-License-Identifier: MIT
#include "app.h"
#include "app_vram.h"

int main(int argc, char **argv)
{
	unsigned long n = 1 << 18, i, good = 0, all;
	const struct app_option options[] = {
		APP_NUMBER("size", &n, 1024, 1 << 24, "words"),
		{}
	};
	const cl_uint seven = 7;
	size_t size;
	uint32_t *data;
	cl_kernel add;

	app_start(argc, argv, "Memory migrates to the GPU and comes home again",
		  options);
	/* Whole pages: parts of one would not go. */
	size = (n * sizeof(*data) + 4095) & -4096ul;
	all = size / 4096;
	data = vram_alloc(size);
	for (i = 0; i < n; i++)
		data[i] = i;
	add = app_kernel("add");

	/* Mesa reports nothing of what nouveau says; pagemap tells. */
	vram_enqueue(data, size);
	app_check(vram_pages(data, size) == (long)all, "in-vram",
		  "%ld of %lu pages are there", vram_pages(data, size), all);
	app_launch(add, APP_RANGE(n, 0), APP_POINTER(data), APP_VALUE(seven));
	app_check(vram_pages(data, size) == (long)all, "still-there",
		  "%ld of %lu pages are", vram_pages(data, size), all);
	for (i = 0; i < n; i++)
		good += data[i] == i + 7;
	app_check(good == n, "words", "%lu of %lu are right", good, n);
	app_check(!vram_pages(data, size), "home-again",
		  "%ld of %lu pages are not", vram_pages(data, size), all);
	app_launch(add, APP_RANGE(n, 0), APP_POINTER(data), APP_VALUE(seven));
	for (i = 0, good = 0; i < n; i++)
		good += data[i] == i + 14;
	app_check(good == n, "words-at-home", "%lu of %lu are right", good, n);
	return app_end();
}
