// SPDX-License-Identifier: MIT
/* Memory whose pages a thread of user space provides. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

/* Milliseconds for what does not depend on a user-space pager. */
#define SOON	10000

/* A pager of one range of memory, and the thread that serves it. */
struct pager {
	int fd;
	uint32_t *mem;
	size_t pages;
	pthread_t thread;
	volatile bool hold;	/* does not answer */
	volatile bool stop;
	volatile unsigned int asked;
	volatile unsigned int served;
	volatile unsigned int write_protected;
};

/* Each page comes filled with its number. */
static void give(struct pager *p, uint64_t addr)
{
	uint32_t page[WORDS];
	struct uffdio_copy copy = {
		.dst = addr, .src = svm_addr(page), .len = PAGE,
	};
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		page[i] = (addr - svm_addr(p->mem)) / PAGE;
	if (!ioctl(p->fd, UFFDIO_COPY, &copy))
		p->served++;
}

static void release(struct pager *p, uint64_t addr)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = addr, .len = PAGE },
	};

	if (!ioctl(p->fd, UFFDIO_WRITEPROTECT, &wp))
		p->write_protected++;
}

static void *serve(void *data)
{
	struct pager *p = data;

	while (!p->stop) {
		struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
		struct uffd_msg msg;
		uint64_t addr;

		if (poll(&pfd, 1, 20) <= 0 ||
		    read(p->fd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		p->asked++;
		addr = msg.arg.pagefault.address & ~(PAGE - 1ull);
		while (p->hold && !p->stop)
			sched_yield();
		if (msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
			release(p, addr);
		else
			give(p, addr);
	}
	return NULL;
}

static void pager_open(struct pager *p, size_t pages, uint64_t mode)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = mode };

	memset(p, 0, sizeof(*p));
	p->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	igt_require_f(p->fd >= 0, "no userfaultfd\n");
	igt_require(!ioctl(p->fd, UFFDIO_API, &api));
	p->pages = pages;
	p->mem = svm_pages(pages);
	reg.range.start = svm_addr(p->mem);
	reg.range.len = pages * PAGE;
	igt_require_f(!ioctl(p->fd, UFFDIO_REGISTER, &reg),
		      "no such userfaultfd\n");
}

static void pager_start(struct pager *p)
{
	igt_assert_eq(pthread_create(&p->thread, NULL, serve, p), 0);
}

static void pager_stop(struct pager *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
}

static void pager_close(struct pager *p)
{
	close(p->fd);
	svm_unmap(p->mem, p->pages * PAGE);
}

static void missing_write(void)
{
	const size_t n = 16;
	struct svm_gpu *gpu = svm_client();
	struct pager p;
	size_t i;
	int ret;

	pager_open(&p, n, UFFDIO_REGISTER_MODE_MISSING);
	pager_start(&p);
	ret = svm_launch(gpu, SVM_KERNEL_STORE32, 1, n,
			 .base = svm_addr(p.mem), .stride = PAGE,
			 .value = 100);
	pager_stop(&p);
	igt_assert_eq(ret, 0);
	svm_check_pages(p.mem, n, 100);
	for (i = 0; i < n; i++)
		igt_assert_eq_u32(p.mem[i * WORDS + 1], i);
	igt_assert_eq_u32(p.served, n);
	pager_close(&p);
	svm_client_close(gpu);
}

/* Nobody asked for the other pages: they stay away. */
static void missing_sparse(void)
{
	const size_t n = 64;
	struct svm_gpu *gpu = svm_client();
	uint32_t value = 0;
	struct pager p;
	size_t i;
	int ret = 0;

	pager_open(&p, n, UFFDIO_REGISTER_MODE_MISSING);
	pager_start(&p);
	for (i = 0; i < n && !ret; i += 16) {
		ret = svm_launch(gpu, SVM_KERNEL_LOAD32, 1, 1,
				 .base = svm_addr(p.mem + i * WORDS),
				 .out = svm_addr(&value));
		if (!ret && *(volatile uint32_t *)&value != i)
			ret = -EIO;
	}
	pager_stop(&p);
	igt_assert_eq(ret, 0);
	igt_assert_eq_u32(p.served, n / 16);
	pager_close(&p);
	svm_client_close(gpu);
}

static void write_protect(struct pager *p)
{
	struct uffdio_writeprotect wp = {
		.range = {
			.start = svm_addr(p->mem), .len = p->pages * PAGE,
		},
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	igt_assert_eq(ioctl(p->fd, UFFDIO_WRITEPROTECT, &wp), 0);
}

/* What the GPU could write is write-protected: the pager hears of it. */
static void wp(void)
{
	const size_t n = 16;
	struct svm_gpu *gpu = svm_client();
	uint32_t value = 0;
	struct pager p;
	int ret;

	pager_open(&p, n, UFFDIO_REGISTER_MODE_WP);
	svm_gpu_write_pages(gpu, p.mem, n, 1);
	write_protect(&p);
	pager_start(&p);
	/* Reads are no business of the pager's. */
	ret = svm_launch(gpu, SVM_KERNEL_LOAD32, 1, 1,
			 .base = svm_addr(p.mem), .out = svm_addr(&value));
	igt_assert(ret || !p.asked);
	if (!ret)
		ret = svm_launch(gpu, SVM_KERNEL_STORE32, 1, n / 2,
				 .base = svm_addr(p.mem), .stride = PAGE,
				 .value = 50);
	pager_stop(&p);
	igt_assert_eq(ret, 0);
	igt_assert_eq_u32(*(volatile uint32_t *)&value, 1);
	igt_assert_eq_u32(p.write_protected, n / 2);
	svm_check_pages(p.mem, n / 2, 50);
	svm_check_pages(p.mem + n / 2 * WORDS, n / 2, 1 + n / 2);
	pager_close(&p);
	svm_client_close(gpu);
}

/* Other memory of the process is served while one page's pager thinks. */
static void others_go_on(void)
{
	const unsigned int n = 32;
	struct svm_gpu *gpu = svm_client();
	uint64_t *target = (uint64_t *)svm_pages(1);
	uint32_t *mem = svm_pages(n), job;
	struct svm_args args = {
		.base = svm_addr(target), .stride = sizeof(*target),
		.value = 1,
	};
	struct pager p;
	unsigned int i;
	bool done;
	int ret;

	pager_open(&p, 1, UFFDIO_REGISTER_MODE_MISSING);
	p.hold = true;
	/* The first warp waits for the pager, the second has plain memory. */
	for (i = 0; i < n; i++) {
		target[i] = svm_target(p.mem + i, SVM_STORE);
		target[n + i] = svm_target(mem + i * WORDS, SVM_STORE);
	}
	pager_start(&p);
	ret = svm_submit(gpu, SVM_KERNEL_SCATTER, 1, 2 * n, &args, &job);
	done = !ret && svm_wait_until(p.asked &&
				      mem[(n - 1) * WORDS] == 2 * n, SOON);
	/* Nothing has been given yet. */
	done = done && !p.served;
	p.hold = false;
	if (!ret)
		ret = svm_wait(gpu, job, SVM_JOB_MS);
	pager_stop(&p);
	igt_assert_eq(ret, 0);
	igt_assert(done);
	for (i = 0; i < n; i++) {
		igt_assert_eq_u32(p.mem[i], 1 + i);
		igt_assert_eq_u32(mem[i * WORDS], 1 + n + i);
	}
	pager_close(&p);
	svm_unmap(mem, n * PAGE);
	svm_unmap(target, PAGE);
	svm_client_close(gpu);
}

/*
 * A write of the GPU that its pager hears of, and does not answer before @hold is
 * false.  Returns how the submission went.
 */
static int held_begin(struct pager *p, struct svm_gpu *gpu, uint32_t value,
		      uint32_t *job, bool *asked)
{
	struct svm_args args = { .value = value };
	int ret;

	pager_open(p, 1, UFFDIO_REGISTER_MODE_MISSING);
	args.base = svm_addr(p->mem);
	p->hold = true;
	pager_start(p);
	ret = svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1, &args, job);
	*asked = !ret && svm_wait_until(p->asked, SOON);
	return ret;
}

/* Now it is answered; returns how the job ends, 0 if well. */
static int held_end(struct pager *p, struct svm_gpu *gpu, int ret, uint32_t job)
{
	p->hold = false;
	if (!ret)
		ret = svm_wait(gpu, job, SVM_JOB_MS);
	pager_stop(p);
	return ret;
}

/* While one page is waited for, the CPU may change the rest as it likes. */
static void memory_changes(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16), job, i;
	struct pager p;
	bool asked;
	int ret;

	svm_gpu_write_pages(gpu, mem, 16, 1);
	ret = held_begin(&p, gpu, 9, &job, &asked);
	/* Each of these wants the address space for itself. */
	for (i = 0; i < 16; i++) {
		void *more = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		madvise(mem, 16 * PAGE, MADV_DONTNEED);
		munmap(more, PAGE);
	}
	ret = held_end(&p, gpu, ret, job);
	igt_assert(asked);
	igt_assert_eq(ret, 0);
	igt_assert_eq_u32(p.mem[0], 9);
	igt_assert_eq_u32(mem[0], 0);
	pager_close(&p);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void send_fds(int socket, const int fd[2])
{
	char control[CMSG_SPACE(2 * sizeof(int))] = {};
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), fd, 2 * sizeof(int));
	if (sendmsg(socket, &msg, 0) != 1)
		_exit(4);
}

static bool receive_fds(int socket, int fd[2])
{
	char control[CMSG_SPACE(2 * sizeof(int))], byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) != 1)
		return false;
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return false;
	memcpy(fd, CMSG_DATA(c), 2 * sizeof(int));
	return true;
}

/* A process whose GPU waits for a pager that never comes. */
static void victim(int socket, bool pass)
{
	struct svm_args args = { .value = 1 };
	struct svm_gpu gpu;
	struct pager p;
	uint32_t job;
	int fd[2];

	svm_child();
	pager_open(&p, 1, UFFDIO_REGISTER_MODE_MISSING);
	args.base = svm_addr(p.mem);
	if (svm_open(&gpu, svm_node))
		_exit(2);
	fd[0] = p.fd;
	fd[1] = pass ? gpu.fd : p.fd;
	send_fds(socket, fd);
	if (svm_submit(&gpu, SVM_KERNEL_STORE32, 1, 1, &args, &job))
		_exit(3);
	for (;;)
		pause();
}

/*
 * The process is killed while its GPU waits; with @pass, pager and DRM file
 * live on in ours.
 */
static void killed(bool pass)
{
	struct pollfd pfd = { .events = POLLIN };
	int socket[2], fd[2] = { -1, -1 }, status = 0;
	struct uffd_msg msg;
	bool asked = false, gone;
	pid_t pid;

	igt_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, socket), 0);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		close(socket[0]);
		victim(socket[1], pass);
	}
	close(socket[1]);
	if (receive_fds(socket[0], fd)) {
		pfd.fd = fd[0];
		asked = poll(&pfd, 1, SOON) == 1 &&
			read(fd[0], &msg, sizeof(msg)) == sizeof(msg);
	}
	if (!pass) {
		close(fd[0]);
		close(fd[1]);
	}
	kill(pid, SIGKILL);
	gone = svm_wait_until(waitpid(pid, &status, WNOHANG) == pid, 40000);
	if (pass) {
		close(fd[1]);
		close(fd[0]);
	}
	close(socket[0]);
	igt_assert(gone);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	igt_assert(asked);
	svm_next_client_works();
}

static void killed_in_wait(void)
{
	killed(false);
}

static void killed_fds_live(void)
{
	killed(true);
}

/* The client goes by its own doing, or just its file does. */
static void close_client(struct svm_gpu *gpu, bool file)
{
	int none;

	if (file) {
		none = open("/dev/null", O_RDWR | O_CLOEXEC);
		igt_assert(none >= 0);
		/* The end of the mappings is then that of the file. */
		igt_assert(dup2(none, gpu->fd) >= 0);
		close(none);
	}
	svm_close(gpu);
	free(gpu);
}

/*
 * The client's end is that of the wait: nobody answers.  A job of another client
 * that waits for the GPU gets it then.
 */
static void closed(bool file)
{
	const size_t n = 16;
	struct svm_gpu *gpu = svm_client(), *other = svm_client();
	uint32_t *mem = svm_pages(n), job, next;
	const struct svm_args next_args = {
		.base = svm_addr(mem), .stride = PAGE, .value = 70,
	};
	bool asked, answered;
	struct pager p;
	long waiters;
	int ret;

	held_begin(&p, gpu, 1, &job, &asked);
	ret = svm_submit(other, SVM_KERNEL_STORE32, 1, n, &next_args, &next);
	close_client(gpu, file);
	waiters = svm_counter("waiters_live");
	if (!ret)
		ret = svm_wait(other, next, 40000);
	answered = p.served;
	p.hold = false;
	pager_stop(&p);
	igt_assert(asked);
	igt_assert(!answered);
	igt_assert(waiters <= 0);
	igt_assert_eq(ret, 0);
	svm_check_pages(mem, n, 70);
	/* The page is the pager's. */
	igt_assert_eq_u32(p.mem[0], 0);
	pager_close(&p);
	svm_unmap(mem, n * PAGE);
	svm_client_close(other);
}

static void closed_in_wait(void)
{
	closed(false);
}

static void closed_file_in_wait(void)
{
	closed(true);
}

/* What another process does meanwhile; in shared memory. */
struct neighbour {
	volatile bool go;
	volatile bool moved;		/* all but the GPU's own work */
	volatile bool queued;
};

static int neighbour_moves(struct svm_gpu *gpu, uint32_t *mem, size_t n)
{
	uint64_t moved = 0;
	size_t i;

	svm_fill(mem, n, 1);
	if (svm_migrate(gpu, mem, n * PAGE, &moved) || moved != n)
		return 3;
	/* Half of it comes home, some of that goes, the rest stays there. */
	for (i = 0; i < n / 2; i++) {
		if (mem[i * WORDS] != 1 + i * WORDS)
			return 4;
	}
	if (madvise(mem, n / 4 * PAGE, MADV_DONTNEED) ||
	    mprotect(mem, n * PAGE, PROT_READ) ||
	    mprotect(mem, n * PAGE, PROT_READ | PROT_WRITE))
		return 5;
	return 0;
}

static int neighbour(struct neighbour *shared)
{
	const size_t n = 512;
	struct svm_args args = {
		.stride = PAGE, .step = 256 * PAGE, .count = n / 256,
		.value = 1000,
	};
	struct svm_gpu gpu;
	uint32_t *mem, job, want;
	size_t i;
	int ret;

	mem = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || !svm_wait_until(shared->go, 20000))
		return 1;
	if (svm_open(&gpu, svm_node))
		return 2;
	ret = neighbour_moves(&gpu, mem, n);
	if (ret)
		return ret;
	shared->moved = true;
	args.base = svm_addr(mem);
	if (svm_submit(&gpu, SVM_KERNEL_ADD, 1, 256, &args, &job))
		return 6;
	shared->queued = true;
	if (svm_wait(&gpu, job, 40000))
		return 7;
	for (i = 0; i < n; i++) {
		want = (i < n / 4 ? 0 : 1 + i * WORDS) + 1000;
		if (mem[i * WORDS] != want)
			return 8;
	}
	svm_close(&gpu);
	return 0;
}

/*
 * A client of another process comes, moves memory to VRAM and back and changes
 * its mappings, and the audit looks at both, all without the pager.  Only its
 * GPU's faults wait: GR has one context at a time, does not switch while a warp
 * waits, and is the one engine of a GP10x whose faults are replayed; so no two
 * contexts have such faults pending.
 */
static void other_process(void)
{
	struct neighbour *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool asked, moved, answered;
	struct svm_gpu *gpu;
	char line[256] = "";
	struct pager p;
	long wrong = 0;
	int ret, status = 0;
	uint32_t job;
	pid_t pid;

	igt_assert(shared != MAP_FAILED);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		svm_child();
		_exit(neighbour(shared));
	}
	gpu = svm_client();
	ret = held_begin(&p, gpu, 9, &job, &asked);
	shared->go = true;
	moved = svm_wait_until(shared->moved, SOON);
	if (moved)
		wrong = svm_audit(line, sizeof(line));
	moved = moved && svm_wait_until(shared->queued, SOON);
	answered = p.served;
	ret = held_end(&p, gpu, ret, job);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(asked);
	igt_assert(!answered);
	igt_assert_eq(ret, 0);
	igt_assert_f(!status, "the other process ends with %#x\n", status);
	igt_assert(moved);
	igt_assert_f(!wrong, "audit: %ld, %s\n", wrong, line);
	igt_assert_eq_u32(p.mem[0], 9);
	pager_close(&p);
	svm_unmap(shared, PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_uffd_tests[] = {
	{ "userfaultfd-missing-write", "The GPU writes missing pages",
	  missing_write },
	{ "userfaultfd-missing-sparse", "Only pages that fault are asked for",
	  missing_sparse },
	{ "userfaultfd-wp", "The GPU writes write-protected pages", wp },
	{ "userfaultfd-others-go-on", "Other faults do not wait for a pager",
	  others_go_on },
	{ "userfaultfd-memory-changes", "mmap() does not wait for a pager",
	  memory_changes },
	{ "userfaultfd-other-process", "Another process does not wait for it",
	  other_process },
	{ "userfaultfd-closed", "The client is closed while its GPU waits",
	  closed_in_wait },
	{ "userfaultfd-closed-file", "Its DRM file is closed",
	  closed_file_in_wait },
	{ "userfaultfd-killed", "SIGKILL while the GPU waits",
	  killed_in_wait },
	{ "userfaultfd-killed-fds-live",
	  "The same, pager and DRM file live in another process",
	  killed_fds_live },
	{}
};
