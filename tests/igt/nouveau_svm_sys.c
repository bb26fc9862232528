// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nouveau_svm_audit.h"
#include "nouveau_svm_swap.h"
#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

#define TRACING		"/sys/kernel/debug/tracing/"
#define DRIVER		"/sys/bus/pci/drivers/nouveau/"
#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define FAIL_PAGES	"/sys/kernel/debug/fail_page_alloc/"
#define PROBE		"nouveau_svm_test"
/* Below the card's directory. */
#define INJECT		"svm_inject/"

/* What svm_file_set() changed, the last first. */
static struct setting {
	struct setting *next;
	char *path;
	char text[256];
} *settings;

/* The card without its driver, as "0000:00:02.0". */
static char unbound[64];

static FILE *trace;
static bool probing;

bool svm_file_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = write(fd, text, strlen(text));
	close(fd);
	return len == (ssize_t)strlen(text);
}

static bool file_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	if (len < 0)
		return false;
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

long svm_file_number(const char *path)
{
	char text[64], *end;
	long number;

	if (!file_read(path, text, sizeof(text)))
		return -1;
	number = strtol(text, &end, 0);
	return end == text ? -1 : number;
}

bool svm_file_set(const char *path, const char *text)
{
	struct setting *old = calloc(1, sizeof(*old));

	igt_assert(old);
	old->path = strdup(path);
	igt_assert(old->path);
	if (!file_read(path, old->text, sizeof(old->text)) ||
	    !svm_file_write(path, text)) {
		free(old->path);
		free(old);
		return false;
	}
	old->next = settings;
	settings = old;
	return true;
}

static void set_or_skip(const char *path, const char *text)
{
	igt_require_f(svm_file_set(path, text), "no %s\n", path);
}

void svm_driver_unbind(void)
{
	char link[128], *target;

	snprintf(link, sizeof(link), "/sys/class/drm/%s/device",
		 strrchr(svm_node, '/') + 1);
	target = realpath(link, NULL);
	igt_require_f(target, "no %s\n", link);
	snprintf(unbound, sizeof(unbound), "%s", strrchr(target, '/') + 1);
	free(target);
	svm_debugfs_close();
	igt_assert(svm_file_write(DRIVER "unbind", unbound));
}

void svm_driver_bind(void)
{
	char card[sizeof(unbound)];
	int fd;

	memcpy(card, unbound, sizeof(card));
	*unbound = '\0';
	igt_assert(svm_file_write(DRIVER "bind", card));
	igt_assert_eq(svm_find_node(svm_node), 0);
	fd = open(svm_node, O_RDWR | O_CLOEXEC);
	igt_assert(fd >= 0);
	svm_debugfs_open(fd);
	close(fd);
}

/* One of the driver's own points of failure. */
static int inject_write(const char *point, const char *name, int value)
{
	char file[64], text[16];

	snprintf(file, sizeof(file), INJECT "%s/%s", point, name);
	snprintf(text, sizeof(text), "%d", value);
	return svm_debugfs_write(file, text);
}

void svm_inject(const char *point, unsigned int percent)
{
	igt_require_f(!inject_write(point, "verbose", 0),
		      "the driver injects no failures\n");
	/* As often as you like. */
	igt_assert_eq(inject_write(point, "times", -1), 0);
	igt_assert_eq(inject_write(point, "probability", percent), 0);
}

static void inject_stop(void)
{
	static const char * const points[] = {
		"collide", "trylock", "copy", "fence", "vram",
	};
	unsigned int i;

	for (i = 0; i < sizeof(points) / sizeof(*points); i++)
		inject_write(points[i], "probability", 0);
}

void svm_sys_restore(void)
{
	if (*unbound)
		svm_driver_bind();
	svm_fail_stop();
	inject_stop();
	if (probing)
		svm_probe_stop();
	svm_trace_stop();
	while (settings) {
		struct setting *old = settings;

		settings = old->next;
		svm_file_write(old->path, old->text);
		free(old->path);
		free(old);
	}
	svm_swap_off();
}

void svm_require_swap(void)
{
	igt_require_f(!svm_swap_on(), "no zram to swap to\n");
}

uint64_t svm_meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "r");
	uint64_t kib = 0;
	char line[128];

	igt_assert(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ':')
			sscanf(line + strlen(name) + 1, "%" SCNu64, &kib);
	}
	fclose(file);
	return kib * 1024;
}

/* Bits 54:0 of an entry of /proc/PID/pagemap. */
uint64_t svm_physical(const void *addr)
{
	uint64_t entry = svm_pagemap(addr);

	igt_assert(entry >> 63);
	return (entry & ((1ull << 55) - 1)) * PAGE;
}

void svm_probe_start(const char * const *name)
{
	igt_assert(!probing);
	for (; *name && !probing; name++) {
		char text[128];

		snprintf(text, sizeof(text), "p:" PROBE "/called %s", *name);
		probing = svm_file_write(TRACING "kprobe_events", text);
	}
	igt_require_f(probing, "no kernel probes\n");
	igt_assert(svm_file_write(TRACING "events/" PROBE "/called/enable",
				  "1"));
}

/* The last number of a line of the profile is of hits that were missed. */
unsigned long svm_probe_stop(void)
{
	FILE *file = fopen(TRACING "kprobe_profile", "r");
	unsigned long hits = 0, missed;
	char line[256], event[64];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %lu %lu", event, &hits, &missed) == 3 &&
		    !strcmp(event, "called"))
			break;
		hits = 0;
	}
	if (file)
		fclose(file);
	svm_file_write(TRACING "events/" PROBE "/called/enable", "0");
	svm_file_write(TRACING "kprobe_events", "-:" PROBE "/called");
	probing = false;
	return hits;
}

void svm_trace_start(const char * const *event)
{
	int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	igt_require_f(fd >= 0, "no tracefs\n");
	close(fd);
	for (; *event; event++) {
		char path[128];

		snprintf(path, sizeof(path), TRACING "events/%s/enable",
			 *event);
		set_or_skip(path, "1");
	}
}

void svm_trace_stop(void)
{
	if (trace)
		fclose(trace);
	trace = NULL;
}

bool svm_trace_next(char *line, size_t size)
{
	if (!trace) {
		trace = fopen(TRACING "trace", "r");
		igt_assert(trace);
	}
	while (fgets(line, size, trace)) {
		if (*line != '#')
			return true;
	}
	return false;
}

static void prepare_failures(const char *dir, bool pages)
{
	char path[128];

	snprintf(path, sizeof(path), "%signore-gfp-wait", dir);
	igt_require_f(svm_file_set(path, "N"), "no fault injection\n");
	snprintf(path, sizeof(path), "%sverbose", dir);
	set_or_skip(path, "0");
	if (pages) {
		snprintf(path, sizeof(path), "%smin-order", dir);
		set_or_skip(path, "0");
		snprintf(path, sizeof(path), "%signore-gfp-highmem", dir);
		set_or_skip(path, "N");
	}
}

void svm_require_fail_nth(void)
{
	igt_require_f(!access("/proc/thread-self/fail-nth", W_OK),
		      "no fault injection\n");
	prepare_failures(FAILSLAB, false);
	prepare_failures(FAIL_PAGES, true);
}

void svm_fail_nth(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	igt_assert(svm_file_write("/proc/thread-self/fail-nth", text));
}

bool svm_fail_stop(void)
{
	/* 0: the allocation has failed, nothing is left to do. */
	bool failed = !svm_file_number("/proc/thread-self/fail-nth");

	svm_file_write("/proc/thread-self/fail-nth", "0");
	return failed;
}

/* The part of the kernel that holds the functions of nouveau's SVM. */
static void find_nouveau(uint64_t *start, uint64_t *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[256], name[128], type;
	uint64_t addr;

	*start = ~0ull;
	*end = 0;
	igt_require(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 " %c %127s", &addr, &type,
			   name) != 3 || (type != 't' && type != 'T'))
			continue;
		if (strstr(name, ".cold") || strncmp(name, "nouveau_svm", 11))
			continue;
		if (addr < *start)
			*start = addr;
		if (addr > *end)
			*end = addr;
	}
	fclose(file);
	igt_require_f(*end > *start, "kernel symbols are hidden\n");
}

/* Where a function of the kernel lies. */
static bool find_function(const char *wanted, uint64_t *start, uint64_t *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[256], name[128], type;
	uint64_t addr;

	*start = 0;
	*end = ~0ull;
	while (file && !*start && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64 " %c %127s", &addr, &type,
			   name) == 3 && !strcmp(name, wanted))
			*start = addr;
	}
	if (file)
		rewind(file);
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%" SCNx64, &addr) == 1 && addr > *start &&
		    addr < *end)
			*end = addr;
	}
	if (file)
		fclose(file);
	return *start;
}

void svm_fail_not_in(const char *function)
{
	static const char * const dir[] = { FAILSLAB, FAIL_PAGES };
	uint64_t start, end;
	unsigned int i;

	if (!find_function(function, &start, &end))
		return;
	for (i = 0; i < 2; i++) {
		char path[128], text[32];

		snprintf(path, sizeof(path), "%sreject-end", dir[i]);
		snprintf(text, sizeof(text), "%#" PRIx64, end);
		set_or_skip(path, text);
		snprintf(path, sizeof(path), "%sreject-start", dir[i]);
		snprintf(text, sizeof(text), "%#" PRIx64, start);
		set_or_skip(path, text);
	}
}

static const char *failing(enum svm_alloc what)
{
	return what == SVM_ALLOC_SLAB ? FAILSLAB : FAIL_PAGES;
}

void svm_require_fail_nouveau(enum svm_alloc what)
{
	const char *dir = failing(what);
	uint64_t start, end;
	char path[128], text[32];

	prepare_failures(dir, what == SVM_ALLOC_PAGES);
	find_nouveau(&start, &end);
	snprintf(path, sizeof(path), "%srequire-start", dir);
	snprintf(text, sizeof(text), "%#" PRIx64, start);
	set_or_skip(path, text);
	snprintf(path, sizeof(path), "%srequire-end", dir);
	snprintf(text, sizeof(text), "%#" PRIx64, end);
	set_or_skip(path, text);
	snprintf(path, sizeof(path), "%sspace", dir);
	set_or_skip(path, "0");
	snprintf(path, sizeof(path), "%stimes", dir);
	set_or_skip(path, "0");
	snprintf(path, sizeof(path), "%sprobability", dir);
	set_or_skip(path, "0");
}

static void failing_write(enum svm_alloc what, const char *name,
			  unsigned int value)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s%s", failing(what), name);
	snprintf(text, sizeof(text), "%u", value);
	igt_assert(svm_file_write(path, text));
}

void svm_fail_nouveau(enum svm_alloc what, unsigned int skip,
		      unsigned int percent, unsigned int times)
{
	failing_write(what, "space", skip);
	failing_write(what, "times", times);
	failing_write(what, "probability", percent);
}

unsigned int svm_fail_left(enum svm_alloc what)
{
	char path[128];
	long left;

	snprintf(path, sizeof(path), "%stimes", failing(what));
	left = svm_file_number(path);
	return left < 0 ? 0 : left;
}
