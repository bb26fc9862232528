// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app.h"

/* Far more than there are hits. */
#define BYTES_A_HIT	32

static const char word[] = "the needle";

/* A file of words, that of interest among them; and gone once it is closed. */
static char *map_text(size_t size)
{
	static const char * const words[] = {
		"a", "the", "needle", "haystack", "thread", "the needle", "eye",
	};
	char path[] = "/tmp/search-XXXXXX", *text;
	int fd = mkstemp(path);
	size_t used = 0;
	FILE *f;

	if (fd < 0)
		app_fail("%s: %m", path);
	unlink(path);
	f = fdopen(dup(fd), "w");
	if (!f)
		app_fail("%s: %m", path);
	while (used < size) {
		const char *next = words[app_random() % 40 ? app_random() % 5 :
					 app_random() % 7];

		used += fprintf(f, "%s ", next);
	}
	if (fclose(f) || ftruncate(fd, size))
		app_fail("%s: %m", path);
	text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (text == MAP_FAILED)
		app_fail("%s: %m", path);
	app_share(text, size);
	return text;
}

static int by_value(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	unsigned long size = 1 << 20, good = 0;
	const struct app_option options[] = {
		APP_NUMBER("size", &size, 4096, 1 << 28, "bytes of text"),
		{}
	};
	const char *text, *at, *needle;
	cl_uint length = strlen(word), room;
	uint32_t *found, *count, n = 0;

	app_start(argc, argv, "The GPU searches for a word in an mmap()ed file",
		  options);
	text = map_text(size);
	room = size / BYTES_A_HIT;
	found = app_alloc(room * sizeof(*found));
	count = app_alloc(sizeof(*count));
	*count = 0;
	needle = memcpy(app_alloc(sizeof(word)), word, sizeof(word));
	app_launch(app_kernel("search"), APP_RANGE(size - length + 1, 0),
		   APP_POINTER(text), APP_POINTER(needle), APP_VALUE(length),
		   APP_POINTER(found), APP_POINTER(count), APP_VALUE(room));
	qsort(found, *count < room ? *count : room, sizeof(*found), by_value);
	for (at = text; (at = memmem(at, text + size - at, word, length));
	     at++) {
		good += n < room && n < *count && found[n] == at - text;
		n++;
	}
	app_check(n && n == *count, "count", "%u, and it is %u", *count, n);
	app_check(good == n, "places", "%lu of %u are right", good, n);
	app_unshare((void *)text);
	munmap((void *)text, size);
	app_free(found);
	app_free(count);
	app_free((void *)needle);
	return app_end();
}
