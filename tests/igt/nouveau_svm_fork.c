// SPDX-License-Identifier: MIT
/* Copy on write, and clients in more than one process. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nouveau_svm_test.h"

#define N	16

/* One process waits for another. */
struct gate {
	int fd[2];
};

static void gate_init(struct gate *gate)
{
	igt_assert_eq(pipe(gate->fd), 0);
}

static void gate_open(struct gate *gate)
{
	igt_assert_eq(write(gate->fd[1], "", 1), 1);
}

static void gate_wait(struct gate *gate)
{
	char c;

	igt_assert_eq(read(gate->fd[0], &c, 1), 1);
}

static void gate_fini(struct gate *gate)
{
	close(gate->fd[0]);
	close(gate->fd[1]);
}

/* The parent's GPU writes; the child keeps what was there. */
static void cow_parent(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(N);
	struct gate written;

	gate_init(&written);
	svm_gpu_write_pages(gpu, mem, N, 1);
	igt_fork(child, 1) {
		svm_child();
		svm_check_pages(mem, N, 1);
		gate_wait(&written);
		svm_check_pages(mem, N, 1);
	}
	svm_gpu_write_pages(gpu, mem, N, 100);
	svm_check_pages(mem, N, 100);
	gate_open(&written);
	igt_waitchildren();
	svm_check_pages(mem, N, 100);
	gate_fini(&written);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* The child's CPU writes; the parent's GPU sees nothing of it. */
static void cow_child(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(N);
	struct gate written, checked;

	gate_init(&written);
	gate_init(&checked);
	svm_gpu_write_pages(gpu, mem, N, 1);
	igt_fork(child, 1) {
		int i;

		svm_child();
		for (i = 0; i < N; i++)
			mem[i * WORDS] = 500 + i;
		gate_open(&written);
		gate_wait(&checked);
		svm_check_pages(mem, N, 500);
	}
	gate_wait(&written);
	svm_gpu_check_pages(gpu, mem, N, 1, 1);
	svm_gpu_write_pages(gpu, mem, N, 200);
	svm_check_pages(mem, N, 200);
	gate_open(&checked);
	igt_waitchildren();
	gate_fini(&written);
	gate_fini(&checked);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* After the child is gone the pages are the parent's alone again. */
static void child_exits(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(N), i;

	for (i = 0; i < 6; i++) {
		svm_gpu_write_pages(gpu, mem, N, i * 100);
		igt_fork(child, 1) {
			svm_child();
			svm_check_pages(mem, N, i * 100);
			mem[0] = 12345;
		}
		igt_waitchildren();
		svm_check_pages(mem, N, i * 100);
	}
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

static void shared(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct gate one, two;

	igt_assert(mem != MAP_FAILED);
	gate_init(&one);
	gate_init(&two);
	svm_gpu_write_pages(gpu, mem, N, 1);
	igt_fork(child, 1) {
		int i;

		svm_child();
		svm_check_pages(mem, N, 1);
		for (i = 0; i < N; i++)
			mem[i * WORDS] = 50 + i;
		gate_open(&one);
		gate_wait(&two);
		svm_check_pages(mem, N, 300);
	}
	gate_wait(&one);
	svm_gpu_check_pages(gpu, mem, N, 50, 1);
	svm_gpu_write_pages(gpu, mem, N, 300);
	gate_open(&two);
	igt_waitchildren();
	gate_fini(&one);
	gate_fini(&two);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* The same addresses, two processes, two clients: two memories. */
static void child_client(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(N);
	struct gate done;

	gate_init(&done);
	svm_gpu_write_pages(gpu, mem, N, 1);
	igt_fork(child, 1) {
		struct svm_gpu *own;

		svm_child();
		own = svm_client();
		svm_gpu_check_pages(own, mem, N, 1, 1);
		svm_gpu_write_pages(own, mem, N, 700);
		svm_check_pages(mem, N, 700);
		gate_open(&done);
		svm_close(own);
	}
	gate_wait(&done);
	svm_gpu_check_pages(gpu, mem, N, 1, 1);
	svm_check_pages(mem, N, 1);
	igt_waitchildren();
	svm_gpu_write_pages(gpu, mem, N, 30);
	svm_check_pages(mem, N, 30);
	gate_fini(&done);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* A page that is the GPU's for atomics when the process forks. */
static void atomic(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);
	struct gate seen, counted;

	gate_init(&seen);
	gate_init(&counted);
	*mem = 3;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 32,
				 .base = svm_addr(mem), .value = 1), 0);
	igt_fork(child, 1) {
		svm_child();
		igt_assert_eq_u32(*mem, 35);
		gate_open(&seen);
		gate_wait(&counted);
		igt_assert_eq_u32(*mem, 35);
	}
	gate_wait(&seen);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 32,
				 .base = svm_addr(mem), .value = 1), 0);
	gate_open(&counted);
	igt_waitchildren();
	igt_assert_eq_u32(*mem, 67);
	gate_fini(&seen);
	gate_fini(&counted);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

/* The child migrates its own page through the parent's file descriptor. */
static void foreign_bind(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1), seen;
	struct gate bound, checked;

	gate_init(&bound);
	gate_init(&checked);
	svm_fill(mem, 1, 10);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 10);
	igt_fork(child, 1) {
		svm_child();
		svm_fill(mem, 1, 666);
		/* An error, or a migration of the parent's page. */
		svm_migrate(gpu, mem, PAGE, NULL);
		gate_open(&bound);
		gate_wait(&checked);
		svm_check_filled(mem, 1, 666);
	}
	gate_wait(&bound);
	seen = svm_gpu_read(gpu, mem);
	gate_open(&checked);
	igt_waitchildren();
	igt_assert_eq_u32(seen, 10);
	svm_check_filled(mem, 1, 10);
	gate_fini(&bound);
	gate_fini(&checked);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void processes(int n)
{
	igt_fork(child, n) {
		struct svm_gpu *gpu;
		uint32_t *mem;
		int i;

		svm_child();
		gpu = svm_client();
		mem = svm_pages(64);
		for (i = 0; i < 4; i++) {
			svm_gpu_write_pages(gpu, mem, 64,
					    child * 1000 + i * 100);
			svm_check_pages(mem, 64, child * 1000 + i * 100);
			igt_assert_eq(madvise(mem, 64 * PAGE,
					      MADV_DONTNEED), 0);
		}
		svm_close(gpu);
	}
	igt_waitchildren();
}

static void two_processes(void)
{
	processes(2);
}

static void many_processes(void)
{
	processes(6);
}

/* One process dies by its own fault; the other runs all the while. */
static void bad_neighbour(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(256), i;

	igt_fork(child, 1) {
		struct svm_gpu *own;

		svm_child();
		own = svm_client();
		svm_gpu_write_dies(own, NULL);
		svm_close(own);
	}
	for (i = 0; i < 10; i++) {
		svm_gpu_write_pages(gpu, mem, 256, i);
		svm_check_pages(mem, 256, i);
		igt_assert_eq(madvise(mem, 256 * PAGE, MADV_DONTNEED), 0);
	}
	igt_waitchildren();
	svm_unmap(mem, 256 * PAGE);
	svm_client_close(gpu);
}

/* SIGKILL while the GPU faults on the victim's memory. */
/*
 * When Linux 6.12 still serves a fault of the dead process, the worker that
 * does is the last to let go of its memory, and closes its client: it spins
 * for 15 s on the CPU whose other workers are to recover the channel (N37).
 * That is slow, but the survivors go on.
 */
#define AFTER_KILL_MS	svm_patience(40000)

static void killed_in_fault(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1), job;
	const struct svm_args write_one = {
		.base = svm_addr(mem), .value = 1,
	};
	struct gate running;
	int status = 0;
	pid_t pid;

	gate_init(&running);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		struct svm_args args = {
			.step = PAGE, .count = 4096, .value = 1,
		};
		struct svm_gpu own;
		uint32_t job;

		svm_child();
		args.base = svm_addr(mmap(NULL, 4096 * PAGE,
					  PROT_READ | PROT_WRITE, MAP_PRIVATE |
					  MAP_ANONYMOUS, -1, 0));
		if (svm_open(&own, svm_node) ||
		    svm_submit(&own, SVM_KERNEL_STORE32, 1, 1, &args, &job))
			_exit(1);
		while (!*(volatile uint32_t *)(uintptr_t)args.base)
			;
		if (write(running.fd[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(running.fd[1]);
	/* Without the word the read ends as the child does. */
	if (read(running.fd[0], &(char){ 0 }, 1) == 1)
		kill(pid, SIGKILL);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(running.fd[0]);
	igt_assert_eq(svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1, &write_one,
				 &job), 0);
	igt_assert_eq(svm_wait(gpu, job, AFTER_KILL_MS), 0);
	igt_assert_eq_u32(*(volatile uint32_t *)mem, 1);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_fork_tests[] = {
	{ "fork-cow-parent", "The parent's GPU writes after fork()",
	  cow_parent },
	{ "fork-cow-child", "The child's CPU writes after fork()",
	  cow_child },
	{ "fork-child-exits", "Pages become the parent's own again",
	  child_exits },
	{ "fork-shared", "Shared memory, the child on the CPU", shared },
	{ "fork-child-client", "Parent and child have a client each",
	  child_client },
	{ "fork-atomic", "fork() with a page that is the GPU's for atomics",
	  atomic },
	{ "foreign-bind", "SVM_BIND by a child through the parent's fd",
	  foreign_bind },
	{ "two-processes", "Two processes work at once", two_processes },
	{ "many-processes", "Six processes work at once", many_processes },
	{ "bad-neighbour", "One process faults fatally, one works",
	  bad_neighbour },
	{ "killed-in-fault", "SIGKILL while the GPU faults",
	  killed_in_fault },
	{}
};
