// SPDX-License-Identifier: MIT
#include "app.h"
#include "app_vram.h"

#define PAGE_WORDS	1024
#define PAGE_SIZE	4096ul
#define MIB_PAGES	256

int main(int argc, char **argv)
{
	unsigned long percent = 125, step = 16, rounds = 2, round, i, j;
	const struct app_option options[] = {
		APP_NUMBER("percent", &percent, 1, 1000, "of the VRAM's size"),
		APP_NUMBER("step", &step, 1, 128, "MiB that migrate at once"),
		APP_NUMBER("rounds", &rounds, 1, 1000, "times over all of it"),
		{}
	};
	unsigned long pages, parts, most = 0, good = 0;
	const cl_uint one = 1;
	uint32_t **part;
	cl_ulong vram;
	cl_kernel add;

	app_start(argc, argv,
		  "More memory migrates to VRAM than there is, in steps",
		  options);
	app_must(clGetDeviceInfo(app_device, CL_DEVICE_GLOBAL_MEM_SIZE,
				 sizeof(vram), &vram, NULL), "clGetDeviceInfo");
	pages = step * MIB_PAGES;
	parts = vram / PAGE_SIZE * percent / 100 / pages + 1;
	part = app_alloc(parts * sizeof(*part));
	/* Mesa gives no more at once than VRAM has. */
	for (i = 0; i < parts; i++) {
		part[i] = vram_alloc(pages * PAGE_SIZE);
		for (j = 0; j < pages; j++)
			part[i][j * PAGE_WORDS] = i + j;
	}
	add = app_kernel("add");
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < parts; i++) {
			vram_enqueue(part[i], pages * PAGE_SIZE);
			app_launch(add, APP_RANGE(pages, 0),
				   APP_POINTER(part[i]), APP_VALUE(one));
		}
	}
	for (i = 0; i < parts; i++)
		most += vram_pages(part[i], pages * PAGE_SIZE);
	app_check(most > vram / PAGE_SIZE / 2, "vram-used",
		  "%lu of %lu pages in the end", most,
		  (unsigned long)(vram / PAGE_SIZE));
	for (i = 0; i < parts; i++) {
		for (j = 0; j < pages; j++)
			good += part[i][j * PAGE_WORDS] == i + j + rounds;
	}
	app_check(good == parts * pages, "words", "%lu of %lu are right", good,
		  parts * pages);
	app_free(part);
	return app_end();
}
