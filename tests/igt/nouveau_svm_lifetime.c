// SPDX-License-Identifier: MIT
/*
 * What stays when something goes: clients, processes, file descriptors, the
 * driver; and what VRAM and DMA mappings are given back.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nouveau/nouveau.h>

#include "nouveau_svm_audit.h"
#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

#define N	64u

/* Milliseconds for a killed process to be gone; see killed-in-fault. */
#define GONE_MS		svm_patience(40000)

/* Memory of which the GPU has a part in VRAM, and a part where it was. */
static uint32_t *half_in_vram(struct svm_gpu *gpu)
{
	uint32_t *mem = svm_pages(N);

	svm_fill(mem, N, 1);
	igt_assert_eq(svm_migrate(gpu, mem, N / 2 * PAGE, NULL), 0);
	svm_gpu_write_pages(gpu, mem, N, 100);
	return mem;
}

static void exec_in_vram(void)
{
	igt_fork(child, 1) {
		svm_child();
		half_in_vram(svm_client());
		execl("/proc/self/exe", "nouveau_svm", "--help", NULL);
		_exit(1);
	}
	igt_waitchildren();
	svm_next_client_works();
}

/* @go_on runs in the child until it is killed, soon after the first round. */
static void killed_child(void (*go_on)(struct svm_gpu *gpu, uint32_t *mem))
{
	volatile uint32_t *ready = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0;
	pid_t pid;

	igt_assert(ready != MAP_FAILED);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		struct svm_gpu gpu;
		uint32_t *mem;

		svm_child();
		mem = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (mem == MAP_FAILED || svm_open(&gpu, svm_node))
			_exit(2);
		for (;;) {
			go_on(&gpu, mem);
			*ready = 1;
		}
	}
	if (svm_wait_until(*ready, 20000))
		kill(pid, SIGKILL);
	igt_assert(svm_wait_until(waitpid(pid, &status, WNOHANG) == pid,
				  GONE_MS));
	munmap((void *)ready, PAGE);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void stay_in_vram(struct svm_gpu *gpu, uint32_t *mem)
{
	memset(mem, 1, N * PAGE);
	svm_migrate(gpu, mem, N * PAGE, NULL);
	usleep(1000);
}

static void to_and_fro(struct svm_gpu *gpu, uint32_t *mem)
{
	struct svm_args args = {
		.base = svm_addr(mem), .stride = PAGE, .value = 1,
	};
	size_t i;

	svm_migrate(gpu, mem, N * PAGE, NULL);
	svm_run(gpu, SVM_KERNEL_ADD, 1, N, &args);
	for (i = 0; i < N; i += 3)
		mem[i * WORDS]++;
}

static void killed_in_vram(void)
{
	killed_child(stay_in_vram);
	svm_next_client_works();
}

static void killed_in_migration(void)
{
	int i;

	for (i = 0; i < 3; i++)
		killed_child(to_and_fro);
	svm_next_client_works();
}

/* The client goes first, then its memory; then the other way round. */
static void close_orders(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;

	gpu = svm_client();
	mem = svm_pages(N);
	svm_gpu_write_pages(gpu, mem, N, 1);
	svm_close(gpu);
	free(gpu);
	svm_check_pages(mem, N, 1);
	gpu = svm_client();
	svm_gpu_write_pages(gpu, mem, N, 2);
	svm_unmap(mem, N * PAGE);
	svm_close(gpu);
	free(gpu);
	svm_next_client_works();
}

/*
 * The process that the client belongs to has ended; another has the file.
 * Nothing of that one's memory may get into the GPU's hands.
 */
static void fd_outlives_process(void)
{
	volatile uint32_t *gone = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);
	int status = 0, ret = 0;
	pid_t pid;

	/* Ours is the owner: a child goes on, and we, a child too, end. */
	igt_assert(gone != MAP_FAILED);
	svm_client_close(gpu);
	pid = fork();
	igt_assert(pid >= 0);
	if (!pid) {
		struct svm_gpu own;
		pid_t owner = getpid();

		svm_child();
		if (svm_open(&own, svm_node))
			_exit(2);
		svm_fill(mem, 4, 7);
		if (!fork()) {
			int i;

			svm_child();
			for (i = 0; i < 10000 && getppid() == owner; i++)
				usleep(1000);
			ret = svm_migrate(&own, mem, 4 * PAGE, NULL);
			*gone = 0x80000000u | (ret == -EPERM) << 1 |
				(svm_place(mem) == SVM_PRESENT);
			_exit(0);
		}
		_exit(0);
	}
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFEXITED(status) && !WEXITSTATUS(status));
	igt_assert(svm_wait_until(*gone, 20000));
	igt_assert_eq_u32(*gone, 0x80000003u);
	svm_unmap((void *)gone, PAGE);
	svm_unmap(mem, 4 * PAGE);
	svm_next_client_works();
}

/* Sixteen MiB go to VRAM and are freed there: it is free for others again. */
static void vram_given_back(void)
{
	const size_t len = 16u << 20;
	struct svm_gpu *gpu = svm_client();
	uint64_t before = svm_vram_used(gpu), most;
	uint32_t *mem = svm_pages(len / PAGE);

	/* Untouched pages are zeroes made in VRAM. */
	svm_migrate(gpu, mem, len, NULL);
	most = svm_vram_used(gpu);
	svm_unmap(mem, len);
	igt_info("%llu KiB, %llu KiB with pages, %llu KiB\n",
		 (unsigned long long)before >> 10,
		 (unsigned long long)most >> 10,
		 (unsigned long long)svm_vram_used(gpu) >> 10);
	igt_assert(most >= before + len / 2);
	igt_assert(svm_wait_until(svm_vram_used(gpu) <= before + (4u << 20),
				  5000));
	svm_client_close(gpu);
}

/* What the CPU touches brings its neighbours home. */
static void cpu_fault_window(void)
{
	const size_t n = 256;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);
	size_t i, home = 0;

	svm_fill(mem, n, 1);
	igt_assert_eq(svm_migrate(gpu, mem, n * PAGE, NULL), 0);
	igt_assert_eq_u32(*(volatile uint32_t *)(mem + n / 2 * WORDS),
			  1 + n / 2 * WORDS);
	for (i = 0; i < n; i++)
		home += svm_place(mem + i * WORDS) == SVM_PRESENT;
	igt_info("%zu of %zu pages came home\n", home, n);
	svm_check_filled(mem, n, 1);
	igt_assert(home >= 8);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

/* Four times as much memory as there is VRAM goes there and works there. */
static void oversubscribed(void)
{
	const size_t block = 4u << 20, pages = block / PAGE;
	struct svm_gpu *gpu = svm_client();
	size_t blocks = 4 * gpu->device->vram_size / block, i;
	uint32_t **mem = calloc(blocks, sizeof(*mem));
	uint64_t moved;

	igt_assert(mem);
	igt_require_f(gpu->device->vram_size <= 64u << 20,
		      "more than 64 MiB of VRAM: this would take long\n");
	igt_require_f(svm_meminfo("MemAvailable") >
		      2 * 4 * gpu->device->vram_size, "not enough memory\n");
	for (i = 0; i < blocks; i++) {
		mem[i] = svm_huge(block);
		mem[i][1] = i;
		mem[i][block / 4 - 1] = ~i;
		moved = 0;
		igt_assert_eq(svm_migrate(gpu, mem[i], block, &moved), 0);
		igt_assert_eq_u64(moved, pages);
		svm_gpu_write(gpu, mem[i], 1000 + i);
	}
	for (i = 0; i < blocks; i++)
		igt_assert_eq_u32(svm_gpu_read(gpu, mem[i]), 1000 + i);
	for (i = 0; i < blocks; i++) {
		igt_assert_eq_u32(mem[i][0], 1000 + i);
		igt_assert_eq_u32(mem[i][1], i);
		igt_assert_eq_u32(mem[i][block / 4 - 1], (uint32_t)~i);
		svm_unmap(mem[i], block);
	}
	free(mem);
	svm_client_close(gpu);
}

static const char * const dma_events[] = {
	"dma/dma_map_page", "dma/dma_unmap_page", NULL
};

/* Mappings of @addr, those minus unmappings, and that one's least value. */
static void dma_balance_of(uint64_t addr, int *maps, int *balance, int *least)
{
	char line[512], map[64], unmap[64];

	*maps = *balance = *least = 0;
	snprintf(map, sizeof(map), "phys_addr=%llx ",
		 (unsigned long long)addr);
	snprintf(unmap, sizeof(unmap), " dma_addr=%llx ",
		 (unsigned long long)addr);
	while (svm_trace_next(line, sizeof(line))) {
		if (strstr(line, "dma_map_page:") && strstr(line, map))
			++*balance, ++*maps;
		if (strstr(line, "dma_unmap_page:") && strstr(line, unmap))
			--*balance;
		if (*balance < *least)
			*least = *balance;
	}
	svm_trace_stop();
}

/*
 * A page is mapped for reading, then for writing without having been away,
 * then not at all.
 */
static void dma_balance(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);
	int maps, balance, least;
	uint64_t addr;

	*mem = 1;
	/* A page that was shared is read-only until someone writes it. */
	igt_fork(child, 1) {
		svm_child();
	}
	igt_waitchildren();
	addr = svm_physical(mem);
	svm_trace_start(dma_events);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 1);
	svm_gpu_write(gpu, mem, 2);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 2);
	igt_assert(svm_physical(mem) == addr);
	igt_assert_eq_u32(*mem, 2);
	svm_unmap(mem, PAGE);
	dma_balance_of(addr, &maps, &balance, &least);
	igt_info("%d DMA mappings, %d left, %d at least\n", maps, balance,
		 least);
	svm_client_close(gpu);
	igt_assert(maps > 0);
	igt_assert_eq(balance, 0);
	igt_assert_eq(least, 0);
}

#define LIVE	256

/* How often something is unmapped that was not mapped since the start. */
static unsigned int dma_strays(unsigned int *maps)
{
	unsigned long long live[LIVE], addr;
	unsigned int n = 0, strays = 0, i;
	char line[512];

	*maps = 0;
	while (svm_trace_next(line, sizeof(line))) {
		const char *at = strstr(line, " dma_addr=");

		if (!at || sscanf(at, " dma_addr=%llx", &addr) != 1)
			continue;
		if (strstr(line, "dma_map_page:")) {
			++*maps;
			igt_assert(n < LIVE);
			live[n++] = addr;
			continue;
		}
		for (i = 0; i < n && live[i] != addr; i++)
			;
		if (i < n)
			live[i] = live[--n];
		else
			strays++;
	}
	svm_trace_stop();
	return strays;
}

/*
 * SVM_BIND of a range of which half the pages cannot move; the GPU has none
 * of them mapped before.
 */
static void dma_bind(void)
{
	const size_t n = 32;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);
	unsigned int maps, strays;
	int pipes[2];
	size_t i;

	svm_fill(mem, n, 1);
	/* A pipe holds pages that it was given. */
	igt_assert_eq(pipe(pipes), 0);
	for (i = 0; i < 16; i++) {
		struct iovec iov = {
			.iov_base = mem + 2 * i * WORDS, .iov_len = PAGE,
		};

		if (vmsplice(pipes[1], &iov, 1, SPLICE_F_NONBLOCK) != PAGE)
			break;
	}
	igt_assert(i >= 8);
	svm_trace_start(dma_events);
	svm_migrate(gpu, mem, n * PAGE, NULL);
	strays = dma_strays(&maps);
	close(pipes[0]);
	close(pipes[1]);
	igt_info("%u pages mapped for DMA, %u others unmapped\n", maps,
		 strays);
	svm_check_filled(mem, n, 1);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
	igt_assert(maps > 0);
	igt_assert_eq_u32(strays, 0);
}

/* The driver leaves the card, and comes back. */
static void unbind_idle(void)
{
	svm_driver_unbind();
	svm_driver_bind();
	svm_next_client_works();
}

/* The same with memory in VRAM, of a client that has gone: it comes home. */
static void unbind_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = half_in_vram(gpu);

	svm_client_close(gpu);
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	svm_driver_unbind();
	svm_check_pages(mem, N, 100);
	igt_assert_eq_u32(mem[1], 2);
	svm_driver_bind();
	gpu = svm_client();
	svm_gpu_write_pages(gpu, mem, N, 200);
	svm_check_pages(mem, N, 200);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_lifetime_tests[] = {
	{ "exec-in-vram", "execve() with pages in VRAM", exec_in_vram },
	{ "killed-in-vram", "SIGKILL with pages in VRAM", killed_in_vram },
	{ "killed-in-migration", "SIGKILL while pages move to and fro",
	  killed_in_migration },
	{ "close-orders", "Client and memory go, in either order",
	  close_orders },
	{ "fd-outlives-process", "The client's process ends before its file",
	  fd_outlives_process },
	{ "vram-given-back", "Free pages in VRAM are free for others",
	  vram_given_back },
	{ "cpu-fault-window", "One touch brings several pages home",
	  cpu_fault_window },
	{ "oversubscribed", "Four times as much memory as VRAM",
	  oversubscribed },
	{ "dma-balance", "No DMA mapping of a page stays", dma_balance },
	{ "dma-bind", "SVM_BIND unmaps what it has mapped", dma_bind },
	{}
};

/* After all others: a card without its driver is no card to test. */
const struct svm_test svm_unbind_tests[] = {
	{ "unbind-idle", "The driver is unbound and bound again",
	  unbind_idle },
	{ "unbind-in-vram", "The same with a client's pages in VRAM",
	  unbind_in_vram },
	{}
};
