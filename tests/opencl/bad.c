// SPDX-License-Identifier: MIT
/*
 * What a program must not do: a pointer to nowhere, a store to read-only
 * memory, a kernel that never ends.  Each ends the program with a message and a
 * status of its own, see app.h.
 */
#include <string.h>
#include <sys/mman.h>

#include "app.h"

#define PAGE	4096

static void *map(int protection)
{
	void *memory = mmap(NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED)
		app_fail("mmap: %m");
	return memory;
}

int main(int argc, char **argv)
{
	const char *what = "";
	const struct app_option options[] = {
		APP_TEXT("do", &what, "wild, read-only, endless or spin"),
		{}
	};
	const cl_uint value = 0xbad;
	const char *function = "store";
	void *at;

	app_start(argc, argv, "A bad OpenCL program", options);
	if (!strcmp(what, "wild")) {
		at = map(PROT_READ | PROT_WRITE);
		munmap(at, PAGE);
	} else if (!strcmp(what, "read-only")) {
		at = map(PROT_READ);
	} else if (!strcmp(what, "endless")) {
		at = map(PROT_READ | PROT_WRITE);
		function = "wait";
	} else if (!strcmp(what, "spin")) {
		at = map(PROT_READ | PROT_WRITE);
		function = "spin";
	} else {
		app_usage_error("--do wants wild, read-only, endless or spin");
	}
	app_launch(app_kernel(function), APP_RANGE(1, 0), APP_POINTER(at),
		   APP_VALUE(value));
	app_check(false, what, "the GPU has done it");
	return APP_WRONG;
}
