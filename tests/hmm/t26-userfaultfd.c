// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * T26: a device reaches memory that a userfaultfd handler serves, for missing
 * pages and for write protection, as the CPU does.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/userfaultfd.h>

#include "dmirror.h"

#define PAGES 4

enum writer { HANDLER = 1, DEVICE = 2 };

/**
 * struct served - memory with a handler
 * @memory: PAGES pages
 * @uffd: the userfaultfd
 * @stop: a pipe that tells the handler to end
 * @thread: the handler
 * @asked: how often it was asked
 */
struct served {
	char *memory;
	int uffd;
	int stop[2];
	pthread_t thread;
	unsigned int asked;
};

static void uffd_ioctl(const struct served *served, unsigned long request,
		       void *arg)
{
	if (ioctl(served->uffd, request, arg) && errno != EEXIST)
		give_up("userfaultfd %#lx: %s", request, strerror(errno));
}

static void set_protection(const struct served *served, void *page,
			   size_t npages, bool protect)
{
	struct uffdio_writeprotect change = {
		.range = {
			.start = (uintptr_t)page,
			.len = npages * page_size,
		},
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	uffd_ioctl(served, UFFDIO_WRITEPROTECT, &change);
}

static void fill_in(const struct served *served, char *page)
{
	char *data = get_memory(page_size, MAP_PRIVATE);
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page,
		.src = (uintptr_t)data,
		.len = page_size,
	};

	fill_page(data, (page - served->memory) / page_size, HANDLER);
	uffd_ioctl(served, UFFDIO_COPY, &copy);
	munmap(data, page_size);
}

static bool next_message(struct served *served, struct uffd_msg *message)
{
	struct pollfd fds[] = {
		{ .fd = served->uffd, .events = POLLIN },
		{ .fd = served->stop[0], .events = POLLIN },
	};

	do {
		if (poll(fds, 2, -1) < 0)
			give_up("poll: %s", strerror(errno));
		if (fds[1].revents)
			return false;
	} while (read(served->uffd, message, sizeof(*message)) !=
		 sizeof(*message));
	return message->event == UFFD_EVENT_PAGEFAULT;
}

static void *handle(void *arg)
{
	struct served *served = arg;
	struct uffd_msg message;

	while (next_message(served, &message)) {
		uintptr_t address = message.arg.pagefault.address;
		char *page = (char *)(address & -page_size);

		served->asked++;
		if (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			set_protection(served, page, 1, false);
		else
			fill_in(served, page);
	}
	return NULL;
}

static void serve(struct served *served, uint64_t mode)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = mode };

	*served = (struct served){ 0 };
	served->memory = get_memory(PAGES * page_size, MAP_PRIVATE);
	if (madvise(served->memory, PAGES * page_size, MADV_NOHUGEPAGE))
		give_up("madvise: %s", strerror(errno));
	served->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (served->uffd < 0 || pipe(served->stop))
		give_up("userfaultfd: %s", strerror(errno));
	uffd_ioctl(served, UFFDIO_API, &api);
	range.range.start = (uintptr_t)served->memory;
	range.range.len = PAGES * page_size;
	uffd_ioctl(served, UFFDIO_REGISTER, &range);
	if (mode == UFFDIO_REGISTER_MODE_WP) {
		fill_pages(served->memory, PAGES, HANDLER);
		set_protection(served, served->memory, PAGES, true);
	}
}

static void start_handler(struct served *served)
{
	if (pthread_create(&served->thread, NULL, handle, served))
		give_up("no thread");
}

/* Ends the handler, and with it the registration. */
static void end_handler(struct served *served)
{
	close(served->stop[1]);
	pthread_join(served->thread, NULL);
	close(served->stop[0]);
	close(served->uffd);
}

/*
 * Let the device read or write memory that is served in @mode, and look at what
 * has arrived there and how often the handler was asked.
 */
static void device_accesses(int fd, uint64_t mode, bool write,
			    unsigned int asked, struct outcome *outcome)
{
	char *data = get_memory(PAGES * page_size, MAP_PRIVATE);
	struct served served;
	int ret;

	serve(&served, mode);
	start_handler(&served);
	if (write)
		fill_pages(data, PAGES, DEVICE);
	ret = dmirror_ioctl(fd, write ? HMM_DMIRROR_WRITE : HMM_DMIRROR_READ,
			    served.memory, data, PAGES);
	end_handler(&served);
	if (ret)
		failed(outcome, "%s, the handler was asked %u times",
		       strerror(-ret), served.asked);
	else if (served.asked != asked)
		failed(outcome, "the handler was asked %u times, not %u",
		       served.asked, asked);
	else if (count_pages(write ? served.memory : data, PAGES,
			     write ? DEVICE : HANDLER) != PAGES)
		failed(outcome, "other data");
	munmap(served.memory, PAGES * page_size);
	munmap(data, PAGES * page_size);
}

static void missing_read(int fd, struct outcome *outcome)
{
	device_accesses(fd, UFFDIO_REGISTER_MODE_MISSING, false, PAGES,
			outcome);
}

static void missing_write(int fd, struct outcome *outcome)
{
	device_accesses(fd, UFFDIO_REGISTER_MODE_MISSING, true, PAGES, outcome);
}

static void protect_write(int fd, struct outcome *outcome)
{
	device_accesses(fd, UFFDIO_REGISTER_MODE_WP, true, PAGES, outcome);
}

/* Protected pages may be read, and nobody is asked. */
static void protect_read(int fd, struct outcome *outcome)
{
	device_accesses(fd, UFFDIO_REGISTER_MODE_WP, false, 0, outcome);
}

static void cpu_read(int fd, struct outcome *outcome)
{
	struct served served;
	size_t pages;

	(void)fd;
	serve(&served, UFFDIO_REGISTER_MODE_MISSING);
	start_handler(&served);
	pages = count_pages(served.memory, PAGES, HANDLER);
	end_handler(&served);
	if (pages != PAGES || served.asked != PAGES)
		failed(outcome, "%zu pages, asked %u times", pages,
		       served.asked);
	munmap(served.memory, PAGES * page_size);
}

/* A device access in a thread; the pipe ends with it. */
struct access {
	void *memory;
	int end[2];
};

static void *read_one(void *arg)
{
	static char data[1 << 16];
	struct access *access = arg;

	dmirror_ioctl(dmirror_open(), HMM_DMIRROR_READ, access->memory, data,
		      1);
	close(access->end[1]);
	return NULL;
}

/* Tell the parent once a device access waits; never answer it. */
static void wait_unanswered(int tell)
{
	struct served served;
	struct access access;
	struct pollfd fds[2] = {};
	pthread_t reader;

	serve(&served, UFFDIO_REGISTER_MODE_MISSING);
	access.memory = served.memory;
	if (pipe(access.end) ||
	    pthread_create(&reader, NULL, read_one, &access))
		give_up("no thread");
	fds[0] = (struct pollfd){ .fd = served.uffd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = access.end[0], .events = POLLIN };
	if (poll(fds, 2, -1) > 0 && fds[0].revents && write(tell, "", 1) == 1)
		pthread_join(reader, NULL);
	_exit(1);
}

/* A process whose handler never answers can be killed. */
static void killed(int fd, struct outcome *outcome)
{
	int tell[2], status;
	pid_t child;
	char byte;

	(void)fd;
	if (pipe(tell))
		give_up("pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (!child) {
		close(tell[0]);
		wait_unanswered(tell[1]);
	}
	close(tell[1]);
	if (read(tell[0], &byte, 1) == 1)
		kill(child, SIGKILL);
	else
		failed(outcome, "the handler was not asked");
	/* A child that can't be killed stays here until the alarm. */
	waitpid(child, &status, 0);
	if (!outcome->why[0] &&
	    !(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
		failed(outcome, "the child ended by itself");
	close(tell[0]);
}

int main(void)
{
	static const struct test_case cases[] = {
		{ "t26-missing-read", missing_read },
		{ "t26-missing-write", missing_write },
		{ "t26-write-protect", protect_write },
		{ "t26-killed", killed },
		{ "t26-write-protect-read-control", protect_read },
		{ "t26-cpu-read-control", cpu_read },
	};

	return run_cases(cases, sizeof(cases) / sizeof(*cases));
}
