// SPDX-License-Identifier: MIT
/* SVM_BIND: what moves, how much is said to have moved, and the errors. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nouveau_svm_test.h"

#define NOBODY	(~0ull)

/* Asserts on the answer, and on the number. */
static void expect(struct svm_gpu *gpu, enum svm_side side, const void *mem,
		   size_t pages, int ret, uint64_t moved)
{
	uint64_t result = NOBODY;

	igt_assert_eq(svm_bind(gpu, side, mem, pages * PAGE, &result), ret);
	igt_assert_eq_u64(result, moved);
}

static void all_are(const uint32_t *mem, size_t pages, enum svm_place place)
{
	size_t i;

	for (i = 0; i < pages; i++)
		igt_assert_eq(svm_place(mem + i * WORDS), place);
}

/* Both sides still see, and can change, what is there. */
static void both_work(struct svm_gpu *gpu, uint32_t *mem, size_t pages,
		      uint32_t seed)
{
	svm_gpu_check_pages(gpu, mem, pages, seed, WORDS);
	svm_check_filled(mem, pages, seed);
	svm_gpu_write_pages(gpu, mem, pages, 7000);
	svm_check_pages(mem, pages, 7000);
}

/* Sixteen pages that the CPU wrote. */
static uint32_t *in_vram(struct svm_gpu *gpu)
{
	uint32_t *mem = svm_pages(16);

	svm_fill(mem, 16, 1);
	expect(gpu, SVM_IN_VRAM, mem, 16, 0, 16);
	return mem;
}

static void count_again(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = in_vram(gpu);

	expect(gpu, SVM_IN_VRAM, mem, 16, 0, 0);
	/* Four come home, and go again. */
	svm_check_filled(mem, 16, 1);
	all_are(mem, 16, SVM_PRESENT);
	expect(gpu, SVM_IN_VRAM, mem + 4 * WORDS, 4, 0, 4);
	expect(gpu, SVM_IN_VRAM, mem, 16, 0, 12);
	both_work(gpu, mem, 16, 1);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void count_untouched(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	expect(gpu, SVM_IN_VRAM, mem, 8, 0, 8);
	svm_gpu_check_pages(gpu, mem, 8, 0, 0);
	svm_gpu_write_pages(gpu, mem, 8, 9);
	svm_check_pages(mem, 8, 9);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

/* The zero page is there, and is nobody's. */
static void count_zero_page(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_check_pages(mem, 1, 0);
	igt_assert_eq_u32(*(volatile uint32_t *)(mem + 5 * WORDS), 0);
	expect(gpu, SVM_IN_VRAM, mem, 8, 0, 8);
	svm_gpu_check_pages(gpu, mem, 8, 0, 0);
	svm_gpu_write_pages(gpu, mem, 8, 9);
	svm_check_pages(mem, 8, 9);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

/* More than one block of the GPU's page tables. */
static void count_blocks(void)
{
	const size_t n = 3 * HUGE / PAGE;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);
	size_t i;

	for (i = 0; i < n; i++)
		mem[i * WORDS] = i + 5;
	expect(gpu, SVM_IN_VRAM, mem, n, 0, n);
	svm_gpu_check_pages(gpu, mem, n, 5, 1);
	svm_check_pages(mem, n, 5);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

static void count_huge(void)
{
	const size_t n = HUGE / PAGE;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE);

	svm_fill(mem, n, 1);
	expect(gpu, SVM_IN_VRAM, mem, n, 0, n);
	all_are(mem, n, SVM_ELSEWHERE);
	both_work(gpu, mem, n, 1);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* A pinned page stays; here pinned by a pipe that vmsplice() filled. */
static void count_pinned(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);
	struct iovec vec = { mem + 2 * WORDS, PAGE };
	int fd[2];

	svm_fill(mem, 8, 1);
	igt_assert_eq(pipe(fd), 0);
	igt_require(vmsplice(fd[1], &vec, 1, 0) == (ssize_t)PAGE);
	expect(gpu, SVM_IN_VRAM, mem, 8, 0, 7);
	igt_assert_eq(svm_place(mem + 2 * WORDS), SVM_PRESENT);
	both_work(gpu, mem, 8, 1);
	close(fd[0]);
	close(fd[1]);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

/* Memory that does not move is no error, and not counted. */
static void stays(int flags, int fd, const char *what)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, flags, fd,
			     0);

	igt_assert_f(mem != MAP_FAILED, "%s\n", what);
	svm_fill(mem, 8, 1);
	expect(gpu, SVM_IN_VRAM, mem, 8, 0, 0);
	all_are(mem, 8, SVM_PRESENT);
	both_work(gpu, mem, 8, 1);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void count_shared(void)
{
	stays(MAP_SHARED | MAP_ANONYMOUS, -1, "shared memory");
}

static void count_file(void)
{
	char name[] = "/tmp/nouveau-svm-XXXXXX";
	int fd = mkstemp(name);

	igt_assert(fd >= 0);
	unlink(name);
	igt_assert_eq(ftruncate(fd, 8 * PAGE), 0);
	stays(MAP_SHARED, fd, "a file");
	close(fd);
}

static void system_back(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = in_vram(gpu);

	expect(gpu, SVM_IN_SYSTEM, mem, 16, 0, 16);
	all_are(mem, 16, SVM_PRESENT);
	both_work(gpu, mem, 16, 1);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

/* What the GPU wrote in VRAM comes along. */
static void system_dirty(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = in_vram(gpu);

	svm_gpu_write_pages(gpu, mem, 16, 900);
	expect(gpu, SVM_IN_SYSTEM, mem, 16, 0, 16);
	all_are(mem, 16, SVM_PRESENT);
	svm_check_pages(mem, 16, 900);
	igt_assert_eq_u32(mem[WORDS + 1], 1 + WORDS + 1);
	svm_gpu_check_pages(gpu, mem, 16, 900, 1);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void system_partial(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = in_vram(gpu);

	expect(gpu, SVM_IN_SYSTEM, mem + 4 * WORDS, 8, 0, 8);
	all_are(mem, 4, SVM_ELSEWHERE);
	all_are(mem + 4 * WORDS, 8, SVM_PRESENT);
	all_are(mem + 12 * WORDS, 4, SVM_ELSEWHERE);
	expect(gpu, SVM_IN_SYSTEM, mem, 16, 0, 8);
	both_work(gpu, mem, 16, 1);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void system_nothing(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_fill(mem, 4, 1);
	expect(gpu, SVM_IN_SYSTEM, mem, 8, 0, 0);
	/* What was not there is not there now. */
	all_are(mem, 4, SVM_PRESENT);
	all_are(mem + 4 * WORDS, 4, SVM_NOWHERE);
	both_work(gpu, mem, 4, 1);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void hole_middle(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(12);

	svm_fill(mem, 12, 1);
	svm_unmap(mem + 4 * WORDS, 4 * PAGE);
	expect(gpu, SVM_IN_VRAM, mem, 12, -EFAULT, 8);
	all_are(mem, 4, SVM_ELSEWHERE);
	all_are(mem + 8 * WORDS, 4, SVM_ELSEWHERE);
	both_work(gpu, mem, 4, 1);
	both_work(gpu, mem + 8 * WORDS, 4, 1 + 8 * WORDS);
	svm_unmap(mem, 12 * PAGE);
	svm_client_close(gpu);
}

static void hole_start(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_fill(mem, 8, 1);
	svm_unmap(mem, 2 * PAGE);
	expect(gpu, SVM_IN_VRAM, mem, 8, -EFAULT, 6);
	both_work(gpu, mem + 2 * WORDS, 2, 1 + 2 * WORDS);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void hole_end(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_fill(mem, 8, 1);
	svm_unmap(mem + 6 * WORDS, 2 * PAGE);
	expect(gpu, SVM_IN_VRAM, mem, 8, -EFAULT, 6);
	both_work(gpu, mem, 4, 1);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void hole_only(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_unmap(mem, 8 * PAGE);
	expect(gpu, SVM_IN_VRAM, mem, 8, -EFAULT, 0);
	expect(gpu, SVM_IN_SYSTEM, mem, 8, -EFAULT, 0);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void kernel_range(void)
{
	struct svm_gpu *gpu = svm_client();

	expect(gpu, SVM_IN_VRAM, (void *)(1ull << 47), 4, -EINVAL, 0);
	expect(gpu, SVM_IN_VRAM, (void *)0xffff888000000000, 4, -EINVAL, 0);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* Through the parent's file descriptor; nothing of the child's moves. */
static void foreign(enum svm_side side)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	svm_gpu_check_pages(gpu, mem, 4, 1, WORDS);
	igt_fork(child, 1) {
		svm_child();
		svm_fill(mem, 4, 666);
		expect(gpu, side, mem, 4, -EPERM, 0);
		all_are(mem, 4, SVM_PRESENT);
		svm_check_filled(mem, 4, 666);
	}
	igt_waitchildren();
	both_work(gpu, mem, 4, 1);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

static void foreign_vram(void)
{
	foreign(SVM_IN_VRAM);
}

static void foreign_system(void)
{
	foreign(SVM_IN_SYSTEM);
}

/* PROT_NONE is mapped memory; its pages come along or stay, and are kept. */
static void no_rights(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);
	uint64_t moved = NOBODY;

	svm_fill(mem, 4, 1);
	igt_assert_eq(mprotect(mem, 4 * PAGE, PROT_NONE), 0);
	igt_assert_eq(svm_bind(gpu, SVM_IN_VRAM, mem, 4 * PAGE, &moved), 0);
	igt_assert(moved <= 4);
	igt_assert_eq(mprotect(mem, 4 * PAGE, PROT_READ | PROT_WRITE), 0);
	both_work(gpu, mem, 4, 1);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

/* All 16 TiB of it: the process is killed before the kernel is through. */
static void killed(void)
{
	int status = 0;
	pid_t pid = fork();

	igt_assert(pid >= 0);
	if (!pid) {
		struct svm_gpu gpu;

		svm_child();
		if (svm_open(&gpu, svm_node))
			_exit(1);
		svm_bind(&gpu, SVM_IN_VRAM, (void *)(1ull << 42),
			 1ull << 44, NULL);
		/* Through already: nothing was left to kill. */
		pause();
		_exit(0);
	}
	while (kill(pid, SIGKILL) && errno == EINTR)
		;
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	svm_next_client_works();
}

/* The GPU works on the pages all the while. */
static void under_load(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16), i, rounds = 0;
	struct svm_args args = {
		.base = svm_addr(mem), .stride = PAGE, .value = 1,
		.count = 4000,
	};
	uint32_t job;

	svm_fill(mem, 16, 1);
	igt_assert_eq(svm_submit(gpu, SVM_KERNEL_ADD, 1, 16, &args, &job), 0);
	for (i = 0; i < 8 || rounds < 2; i++) {
		igt_assert_eq(svm_bind(gpu, i % 2 ? SVM_IN_SYSTEM :
				       SVM_IN_VRAM, mem, 16 * PAGE, NULL), 0);
		rounds++;
	}
	igt_assert_eq(svm_wait(gpu, job, SVM_JOB_MS), 0);
	for (i = 0; i < 16; i++) {
		igt_assert_eq_u32(mem[i * WORDS], 1 + i * WORDS + 4000);
		igt_assert_eq_u32(mem[i * WORDS + 1], 2 + i * WORDS);
	}
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_bind_tests[] = {
	{ "bind-count-again", "Pages in VRAM already do not count",
	  count_again },
	{ "bind-count-untouched", "Pages that nobody touched count",
	  count_untouched },
	{ "bind-count-zero-page", "Where the CPU read only",
	  count_zero_page },
	{ "bind-count-blocks", "6 MiB of small pages", count_blocks },
	{ "bind-count-huge", "A huge page counts as 512", count_huge },
	{ "bind-count-pinned", "A pinned page stays", count_pinned },
	{ "bind-count-shared", "Shared memory stays", count_shared },
	{ "bind-count-file", "A file's pages stay", count_file },
	{ "bind-system", "To VRAM, and back to system memory",
	  system_back },
	{ "bind-system-dirty", "Back with what the GPU wrote",
	  system_dirty },
	{ "bind-system-partial", "Half of it back", system_partial },
	{ "bind-system-nothing", "Back from where it is",
	  system_nothing },
	{ "bind-hole-middle", "A hole is EFAULT, the rest moves",
	  hole_middle },
	{ "bind-hole-start", "The same, the hole first", hole_start },
	{ "bind-hole-end", "The same, the hole last", hole_end },
	{ "bind-hole-only", "Nothing but a hole", hole_only },
	{ "bind-kernel-range", "Not of user space: EINVAL", kernel_range },
	{ "bind-foreign", "By another process: EPERM", foreign_vram },
	{ "bind-foreign-system", "The same, back to system memory",
	  foreign_system },
	{ "bind-no-rights", "Memory without rights is not lost",
	  no_rights },
	{ "bind-killed", "SIGKILL in a long SVM_BIND", killed },
	{ "bind-under-load", "To and fro while the GPU counts",
	  under_load },
	{}
};
