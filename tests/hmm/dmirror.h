/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the programs for lib/test_hmm's device share: its ioctls, and one line
 * of result for each case.
 */
#ifndef DMIRROR_H
#define DMIRROR_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <lib/test_hmm_uapi.h>

/* Seconds that a program may take on a busy machine without KVM. */
#define DMIRROR_PATIENCE 240

static size_t page_size;

/* No program can go on without its device. */
__attribute__((format(printf, 1, 2), noreturn))
static void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static int dmirror_open(void)
{
	int fd = open("/dev/hmm_dmirror0", O_RDWR);

	if (fd < 0)
		give_up("/dev/hmm_dmirror0: %s", strerror(errno));
	return fd;
}

/* A request to the device. Returns 0 or a negative errno. */
static int dmirror_ioctl(int fd, unsigned long request, const void *addr,
			 void *data, size_t npages)
{
	struct hmm_dmirror_cmd cmd = {
		.addr = (uintptr_t)addr,
		.ptr = (uintptr_t)data,
		.npages = npages,
	};

	while (ioctl(fd, request, &cmd)) {
		if (errno != EINTR)
			return -errno;
	}
	return cmd.cpages == npages ? 0 : -EIO;
}

/* Fresh private memory; ends the program if there is none. */
static void *get_memory(size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    flags | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		give_up("mmap: %s", strerror(errno));
	return memory;
}

/* What stands in page @index after writer @who. Never zero. */
static void fill_page(char *page, size_t index, unsigned int who)
{
	uint64_t *word = (uint64_t *)page;
	size_t i;

	for (i = 0; i < page_size / sizeof(*word); i++)
		word[i] = ((uint64_t)who << 56) + (index << 32) + i;
}

/* How many pages have what @who wrote? */
static size_t count_pages(const char *memory, size_t npages, unsigned int who)
{
	char *want = get_memory(page_size, MAP_PRIVATE);
	size_t i, count = 0;

	for (i = 0; i < npages; i++) {
		fill_page(want, i, who);
		if (!memcmp(memory + i * page_size, want, page_size))
			count++;
	}
	munmap(want, page_size);
	return count;
}

static void fill_pages(char *memory, size_t npages, unsigned int who)
{
	size_t i;

	for (i = 0; i < npages; i++)
		fill_page(memory + i * page_size, i, who);
}

/* The outcome of a case. An empty @why stands for success. */
struct outcome {
	bool skipped;
	char why[160];
};

__attribute__((format(printf, 2, 3)))
static void failed(struct outcome *outcome, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(outcome->why, sizeof(outcome->why), format, args);
	va_end(args);
}

struct test_case {
	const char *name;
	void (*run)(int fd, struct outcome *outcome);
};

/* Run the cases, each with a device of its own. Returns the exit status. */
static int run_cases(const struct test_case *cases, size_t count)
{
	bool bad = false;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	page_size = sysconf(_SC_PAGESIZE);
	alarm(DMIRROR_PATIENCE);
	for (i = 0; i < count; i++) {
		struct outcome outcome = {};
		int fd = dmirror_open();

		cases[i].run(fd, &outcome);
		close(fd);
		if (outcome.skipped)
			printf("skip %s %s\n", cases[i].name, outcome.why);
		else if (outcome.why[0])
			printf("not ok %s: %s\n", cases[i].name, outcome.why);
		else
			printf("ok %s\n", cases[i].name);
		bad |= !outcome.skipped && outcome.why[0];
	}
	return bad;
}

#endif
