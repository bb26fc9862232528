// SPDX-License-Identifier: MIT
/*
 * What the kernel does to pages on its own: swap, merging, moving, and the
 * OOM killer, all beside a GPU that uses them.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

#ifndef SYS_process_mrelease
#define SYS_process_mrelease	448
#endif

#define N	64u

static void page_out(void *mem, size_t pages)
{
	igt_require(!madvise(mem, pages * PAGE, MADV_PAGEOUT));
}

static unsigned int elsewhere(const uint32_t *mem, size_t pages)
{
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < pages; i++)
		n += svm_place(mem + i * WORDS) == SVM_ELSEWHERE;
	return n;
}

/* Only the GPU touched it; it must find it again in swap. */
static void swap_gpu_written(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem, i;

	svm_require_swap();
	gpu = svm_client();
	mem = svm_pages(N);
	for (i = 0; i < 3; i++) {
		svm_gpu_write_pages(gpu, mem, N, 100 + i);
		page_out(mem, N);
		igt_assert(elsewhere(mem, N) > N / 2);
		if (i == 1)
			svm_check_pages(mem, N, 101);
		else
			svm_gpu_check_pages(gpu, mem, N, 100 + i, 1);
	}
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* The GPU is the first to want pages that the CPU wrote, out of swap. */
static void swap_cpu_written(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;

	svm_require_swap();
	gpu = svm_client();
	mem = svm_pages(N);
	svm_fill(mem, N, 1);
	page_out(mem, N);
	igt_assert(elsewhere(mem, N) > N / 2);
	svm_gpu_write_pages(gpu, mem, N, 500);
	svm_check_pages(mem, N, 500);
	igt_assert_eq_u32(mem[N * WORDS - 1], N * WORDS);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/*
 * The page is as in swap, and still has its place there: whoever writes it
 * must say so, or reclaim takes what is in swap for the truth.
 */
static void swap_cache_clean(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;
	size_t i;

	svm_require_swap();
	gpu = svm_client();
	mem = svm_pages(N);
	svm_fill(mem, N, 1);
	page_out(mem, N);
	igt_assert(elsewhere(mem, N) > N / 2);
	/* By way of the swap cache, which a plain fault goes round. */
	igt_assert_eq(madvise(mem, N * PAGE, MADV_WILLNEED), 0);
	for (i = 0; i < N; i++)
		igt_assert_eq_u32(((volatile uint32_t *)mem)[i * WORDS],
				  1 + i * WORDS);
	svm_gpu_write_pages(gpu, mem, N, 7000);
	page_out(mem, N);
	svm_check_pages(mem, N, 7000);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* What the GPU writes after MADV_FREE is there when it is swapped. */
static void lazily_freed(struct svm_gpu *gpu, uint32_t *mem)
{
	igt_assert_eq(madvise(mem, N * PAGE, MADV_FREE), 0);
	svm_gpu_write_pages(gpu, mem, N, 1000);
	page_out(mem, N);
	svm_check_pages(mem, N, 1000);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

/* The GPU has had them mapped read-only first. */
static void free_after_read(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(N);

	svm_fill(mem, N, 1);
	svm_gpu_check_pages(gpu, mem, N, 1, WORDS);
	lazily_freed(gpu, mem);
}

/* The GPU may write them already when MADV_FREE comes. */
static void free_while_mapped(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(N);

	svm_gpu_write_pages(gpu, mem, N, 1);
	lazily_freed(gpu, mem);
}

struct pager {
	void *mem;
	volatile bool stop;
	unsigned long calls;
};

static void *page_out_always(void *data)
{
	struct pager *p = data;

	while (!p->stop) {
		madvise(p->mem, N * PAGE, MADV_PAGEOUT);
		p->calls++;
	}
	return NULL;
}

/* Reclaim has the pages' locks all the time; counts are right all the same. */
static void swap_atomic(void)
{
	struct svm_gpu *gpu;
	struct pager p = {};
	pthread_t thread;
	uint32_t *mem, i;
	int ret = 0;

	svm_require_swap();
	gpu = svm_client();
	mem = svm_pages(N);
	p.mem = mem;
	memset(mem, 0, N * PAGE);
	igt_assert_eq(pthread_create(&thread, NULL, page_out_always, &p), 0);
	for (i = 0; i < 16 && !ret; i++)
		ret = svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, N,
				 .base = svm_addr(mem), .stride = PAGE,
				 .value = 1);
	p.stop = true;
	pthread_join(thread, NULL);
	igt_assert_eq(ret, 0);
	igt_assert(p.calls > 0);
	for (i = 0; i < N; i++)
		igt_assert_eq_u32(mem[i * WORDS], 16);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

#define KSM	"/sys/kernel/mm/ksm/"

/* Equal pages become one; each side then writes its own. */
static void ksm(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;
	size_t i;

	igt_require_f(svm_file_set(KSM "pages_to_scan", "2000") &&
		      svm_file_set(KSM "sleep_millisecs", "5"), "no KSM\n");
	gpu = svm_client();
	mem = svm_pages(N);
	for (i = 0; i < N; i++)
		mem[i * WORDS + 5] = 0x12345678;
	/* The GPU can write them when the merging begins. */
	for (i = 0; i < N; i++)
		svm_gpu_write(gpu, mem + i * WORDS, 99);
	igt_assert_eq(madvise(mem, N * PAGE, MADV_MERGEABLE), 0);
	igt_assert(svm_file_set(KSM "run", "1"));
	igt_assert(svm_wait_until(svm_file_number(KSM "pages_sharing") >=
				  N - 1, 8000));
	svm_gpu_check_pages(gpu, mem, N, 99, 0);
	svm_gpu_write(gpu, mem + 3 * WORDS, 1);
	mem[4 * WORDS] = 2;
	igt_assert_eq_u32(mem[3 * WORDS], 1);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 4 * WORDS), 2);
	for (i = 0; i < N; i++) {
		if (i != 3 && i != 4)
			igt_assert_eq_u32(mem[i * WORDS], 99);
		igt_assert_eq_u32(mem[i * WORDS + 5], 0x12345678);
	}
	/* Each gets its own again. */
	svm_file_write(KSM "run", "2");
	svm_gpu_write_pages(gpu, mem, N, 500);
	svm_check_pages(mem, N, 500);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

#define MOVED		256u
#define GAPS		(64u * MOVED)

/*
 * Of much memory, the piece that lies lowest: compaction takes pages from below,
 * and moves them to gaps from above.
 */
static uint32_t *lowest(uint32_t *mem)
{
	uint64_t least = ~0ull;
	uint32_t *found = mem;
	size_t i, page;

	for (i = 0; i < GAPS; i += MOVED) {
		uint64_t most = 0;

		for (page = i; page < i + MOVED; page++) {
			uint64_t addr = svm_physical(mem + page * WORDS);

			if (addr > most)
				most = addr;
		}
		if (most < least) {
			least = most;
			found = mem + i * WORDS;
		}
	}
	return found;
}

/* Pages move to other places in memory, behind everybody's back. */
static void compact(void)
{
	uint32_t *gaps, *mem;
	struct svm_gpu *gpu;
	uint64_t *before;
	size_t i, moved = 0, round;

	igt_require_f(!access("/proc/sys/vm/compact_memory", W_OK),
		      "no compaction\n");
	/* What is freed is free at once, and not kept by a processor. */
	svm_file_set("/proc/sys/vm/percpu_pagelist_high_fraction", "1000000");
	gpu = svm_client();
	gaps = svm_pages(GAPS);
	for (i = 0; i < GAPS; i++)
		gaps[i * WORDS] = i;
	mem = lowest(gaps);
	svm_fill(mem, MOVED, 1);
	before = calloc(MOVED, sizeof(*before));
	igt_assert(before);
	svm_gpu_write_pages(gpu, mem, MOVED, 1);
	for (i = 0; i < MOVED; i++)
		before[i] = svm_physical(mem + i * WORDS);
	/*
	 * Gaps of 1 MiB: in the 2 MiB blocks that compaction works by, one that
	 * is all free is none, and what is in large folios needs large ones.
	 */
	for (i = 0; i < GAPS; i += 2 * MOVED) {
		uint32_t *gap = gaps + i * WORDS;

		if (gap != mem)
			igt_assert_eq(madvise(gap, MOVED * PAGE,
					      MADV_DONTNEED), 0);
	}
	/* Each time it ends early where there is a folio larger than any gap. */
	svm_file_write("/proc/sys/vm/drop_caches", "1");
	for (round = 0; round < 8 && !moved; round++) {
		igt_assert(svm_file_write("/proc/sys/vm/compact_memory", "1"));
		for (i = 0; i < MOVED; i++)
			moved += svm_physical(mem + i * WORDS) != before[i];
	}
	free(before);
	igt_info("%zu of %u pages moved\n", moved, MOVED);
	svm_gpu_check_pages(gpu, mem, MOVED, 1, 1);
	svm_gpu_write_pages(gpu, mem, MOVED, 1000);
	svm_check_pages(mem, MOVED, 1000);
	for (i = 0; i < MOVED; i++)
		igt_assert_eq_u32(mem[i * WORDS + 1], 2 + i * WORDS);
	svm_unmap(gaps, GAPS * PAGE);
	svm_client_close(gpu);
	igt_require_f(moved, "nothing was moved\n");
}

/* One page moves for sure: its memory is said to be going bad. */
static void soft_offline(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(3);
	uint64_t before;

	svm_gpu_write_pages(gpu, mem, 3, 1);
	before = svm_physical(mem + WORDS);
	igt_require_f(!madvise(mem + WORDS, PAGE, MADV_SOFT_OFFLINE),
		      "no memory failure handling\n");
	igt_assert(svm_physical(mem + WORDS) != before);
	svm_gpu_check_pages(gpu, mem, 3, 1, 1);
	svm_gpu_write_pages(gpu, mem, 3, 50);
	svm_check_pages(mem, 3, 50);
	svm_unmap(mem, 3 * PAGE);
	svm_client_close(gpu);
}

static void bus_error(int sig)
{
	(void)sig;
}

/* A page whose memory is bad: the access is fatal, to the channel alone. */
static void hwpoison(void)
{
	struct sigaction act = { .sa_handler = bus_error }, old;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(3);

	svm_gpu_write_pages(gpu, mem, 3, 1);
	/* Who has the page is told. */
	sigaction(SIGBUS, &act, &old);
	igt_require_f(!madvise(mem + WORDS, PAGE, MADV_HWPOISON),
		      "no memory failure handling\n");
	sigaction(SIGBUS, &old, NULL);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 2 * WORDS), 3);
	svm_gpu_read_dies(gpu, mem + WORDS);
	svm_client_close(gpu);
	svm_next_client_works();
	svm_unmap(mem, 3 * PAGE);
}

#define NODES	"/sys/devices/system/node/"

static void require_nodes(void)
{
	igt_require_f(!access(NODES "node1", F_OK),
		      "one memory node: boot with numa=fake=2\n");
}

/* Pages move to the other memory node and back. */
static void numa_move(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem, round;
	void *page[N];
	int node[N], status[N];
	size_t i, moved = 0;

	require_nodes();
	gpu = svm_client();
	mem = svm_pages(N);
	svm_gpu_write_pages(gpu, mem, N, 0);
	for (round = 0; round < 4; round++) {
		for (i = 0; i < N; i++) {
			page[i] = mem + i * WORDS;
			node[i] = round & 1;
		}
		igt_assert(syscall(SYS_move_pages, 0, N, page, node, status,
				   2) >= 0);
		for (i = 0; i < N; i++)
			moved += status[i] == node[i];
		svm_gpu_check_pages(gpu, mem, N, round * 100, 1);
		svm_gpu_write_pages(gpu, mem, N, round * 100 + 100);
		svm_check_pages(mem, N, round * 100 + 100);
	}
	igt_assert(moved > 0);
	svm_unmap(mem, N * PAGE);
	svm_client_close(gpu);
}

static long vm_event(const char *name)
{
	FILE *file = fopen("/proc/vmstat", "r");
	char line[128];
	long value = -1;

	igt_assert(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ' ')
			value = atol(line + strlen(name));
	}
	fclose(file);
	return value;
}

#define BALANCING	"/sys/kernel/debug/sched/numa_balancing/"

static void *idle(void *data)
{
	for (;;)
		pause();
	return data;
}

/* Until it has been looked at what the GPU had mapped. */
static void until_looked_at(struct svm_gpu *gpu, long before)
{
	uint32_t *mem = svm_pages(N), i;
	long cleared;

	svm_fill(mem, N, 0);
	svm_gpu_write_pages(gpu, mem, N, 0);
	cleared = svm_counter("pages_cleared");
	for (i = 1; i < 20000; i++) {
		uint32_t k;

		/* Who does not run is not looked at. */
		for (k = 0; k < N; k++)
			igt_assert_eq_u32(mem[k * WORDS + 1], k * WORDS + 1);
		if (vm_event("numa_pte_updates") > before &&
		    (cleared < 0 || svm_counter("pages_cleared") > cleared))
			break;
	}
	igt_info("%u rounds\n", i);
	svm_gpu_check_pages(gpu, mem, N, 0, 1);
	svm_gpu_write_pages(gpu, mem, N, 5000);
	svm_check_pages(mem, N, 5000);
	svm_unmap(mem, N * PAGE);
}

/* The scheduler takes away rights to see who uses a page. */
static void numa_looks(void)
{
	long before;

	require_nodes();
	igt_require_f(svm_file_set("/proc/sys/kernel/numa_balancing", "1"),
		      "no NUMA balancing\n");
	/* Soon and often, where the kernel lets itself be told. */
	svm_file_set(BALANCING "scan_delay_ms", "10");
	svm_file_set(BALANCING "scan_period_min_ms", "10");
	before = vm_event("numa_pte_updates");
	igt_fork(child, 1) {
		struct svm_gpu *gpu;
		pthread_t thread;

		svm_child();
		/* A single thread's pages on its own node are left alone. */
		igt_assert_eq(pthread_create(&thread, NULL, idle, NULL), 0);
		gpu = svm_client();
		until_looked_at(gpu, before);
		svm_client_close(gpu);
	}
	igt_waitchildren();
	igt_require_f(vm_event("numa_pte_updates") > before,
		      "no page was looked at\n");
}

/* A child with a client, stopped by us at its end, with its memory still. */
struct victim {
	pid_t pid;
	volatile uint32_t *ready;	/* shared */
};

static void victim_start(struct victim *v, void (*work)(struct victim *v))
{
	v->ready = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	igt_assert(v->ready != MAP_FAILED);
	v->pid = fork();
	igt_assert(v->pid >= 0);
	if (!v->pid) {
		svm_child();
		work(v);
		_exit(1);
	}
}

static void victim_fini(struct victim *v)
{
	munmap((void *)v->ready, PAGE);
}

static void victim_maps(struct victim *v)
{
	struct svm_gpu gpu;
	uint32_t *mem = mmap(NULL, N * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct svm_args args = {
		.base = svm_addr(mem), .stride = PAGE, .value = 1,
	};

	if (mem == MAP_FAILED || svm_open(&gpu, svm_node) ||
	    svm_run(&gpu, SVM_KERNEL_STORE32, 1, N, &args))
		_exit(2);
	*v->ready = 1;
	for (;;)
		pause();
}

static long rss_anon(pid_t pid)
{
	char path[64], line[128];
	long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "RssAnon: %ld", &kib);
	if (file)
		fclose(file);
	return kib;
}

/* A process that ends, and has its memory still. */
struct dying {
	struct victim v;
	int fd;
	long kib;
};

static void dying_begin(struct dying *d)
{
	int status;

	victim_start(&d->v, victim_maps);
	igt_assert(svm_wait_until(*d->v.ready, 20000));
	d->fd = syscall(SYS_pidfd_open, d->v.pid, 0);
	igt_require_f(d->fd >= 0, "no pidfd\n");
	igt_assert_eq(ptrace(PTRACE_SEIZE, d->v.pid, 0, PTRACE_O_TRACEEXIT),
		      0);
	igt_assert_eq(kill(d->v.pid, SIGKILL), 0);
	igt_assert_eq(waitpid(d->v.pid, &status, __WALL), d->v.pid);
	igt_assert(WIFSTOPPED(status) &&
		   status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8));
	d->kib = rss_anon(d->v.pid);
}

/* The OOM reaper's work, asked for by a system call: it may not sleep. */
static int dying_reap(struct dying *d)
{
	return syscall(SYS_process_mrelease, d->fd, 0) ? -errno : 0;
}

static void dying_end(struct dying *d)
{
	int status;

	ptrace(PTRACE_DETACH, d->v.pid, 0, 0);
	waitpid(d->v.pid, &status, __WALL);
	close(d->fd);
	victim_fini(&d->v);
}

/* It must not be refused where nothing, or nothing that is busy, is mapped. */
static void oom_reaper(void)
{
	struct dying d;
	int i, ret;
	long after;

	dying_begin(&d);
	for (i = 0; i < 20; i++) {
		ret = dying_reap(&d);
		if (ret != -EAGAIN)
			break;
		usleep(1000);
	}
	after = rss_anon(d.v.pid);
	dying_end(&d);
	igt_assert_eq(ret, 0);
	igt_info("%ld KiB, %ld KiB after the reaper\n", d.kib, after);
	igt_assert(d.kib >= (long)(N * PAGE / 1024));
	igt_assert_eq(after, 0);
	svm_next_client_works();
}

/*
 * The reaper meets a block that is busy: it is refused, what the GPU has there
 * stays, and it can come again.
 */
static void busy_block(void)
{
	const long mapped = N * PAGE / 1024;
	long refused, kept, left;
	struct dying d;
	int ret, again;

	svm_inject("trylock", 0);
	dying_begin(&d);
	refused = svm_counter("invalidations_refused");
	svm_inject("trylock", 100);
	ret = dying_reap(&d);
	svm_inject("trylock", 0);
	refused = svm_counter("invalidations_refused") - refused;
	kept = rss_anon(d.v.pid);
	svm_check_mirror();
	again = dying_reap(&d);
	left = rss_anon(d.v.pid);
	dying_end(&d);
	igt_info("%ld KiB, %ld KiB kept, %ld invalidations refused\n", d.kib,
		 kept, refused);
	igt_assert(d.kib >= mapped);
	igt_assert_eq(ret, -EAGAIN);
	igt_assert(refused > 0);
	igt_assert(kept >= mapped);
	igt_assert_eq(again, 0);
	igt_assert_eq(left, 0);
	svm_next_client_works();
}

#define CGROUP		"/tmp/nouveau_svm_cgroup"
#define GROUP		CGROUP "/victim"
#define GROUP_LIMIT	"25165824"

static void victim_grows(struct victim *v)
{
	const size_t n = 16384;
	struct svm_gpu gpu;
	uint32_t *mem, job;

	mem = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED || !svm_file_write(GROUP "/cgroup.procs", "0") ||
	    svm_open(&gpu, svm_node))
		_exit(2);
	*v->ready = 1;
	if (svm_submit_pages(&gpu, mem, n, 1, &job))
		_exit(3);
	for (;;)
		pause();
}

/* The GPU's faults take a process beyond what it may have. */
static void oom_in_fault(void)
{
	struct svm_args args = { .value = 1 };
	struct svm_gpu *gpu;
	uint32_t *mem, job;
	struct victim v;
	int status = 0;

	mkdir(CGROUP, 0700);
	igt_require_f(!mount("none", CGROUP, "cgroup2", 0, NULL),
		      "no control groups\n");
	svm_file_write(CGROUP "/cgroup.subtree_control", "+memory");
	mkdir(GROUP, 0700);
	if (!svm_file_write(GROUP "/memory.max", GROUP_LIMIT)) {
		rmdir(GROUP);
		umount(CGROUP);
		igt_require_f(false, "no memory control group\n");
	}
	svm_file_write(GROUP "/memory.swap.max", "0");
	victim_start(&v, victim_grows);
	igt_assert(svm_wait_until(waitpid(v.pid, &status, WNOHANG) == v.pid,
				  40000));
	rmdir(GROUP);
	umount(CGROUP);
	igt_assert(*v.ready);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	victim_fini(&v);
	/* As after any kill in mid-fault; see killed-in-fault. */
	gpu = svm_client();
	args.base = svm_addr(mem = svm_pages(1));
	igt_assert_eq(svm_submit(gpu, SVM_KERNEL_STORE32, 1, 1, &args, &job),
		      0);
	igt_assert_eq(svm_wait(gpu, job, 40000), 0);
	igt_assert_eq_u32(*mem, 1);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_reclaim_tests[] = {
	{ "swap-gpu-written", "Pages that only the GPU wrote are swapped",
	  swap_gpu_written },
	{ "swap-cpu-written", "The GPU writes pages that are in swap",
	  swap_cpu_written },
	{ "swap-cache-clean", "The GPU writes a page that is as in swap",
	  swap_cache_clean },
	{ "swap-atomic", "Atomics on pages that are swapped all the time",
	  swap_atomic },
	{ "free-after-read", "MADV_FREE of pages that the GPU read",
	  free_after_read },
	{ "free-while-mapped", "MADV_FREE of pages that the GPU can write",
	  free_while_mapped },
	{ "ksm", "Equal pages are merged", ksm },
	{ "compaction", "Pages are moved by compaction", compact },
	{ "soft-offline", "A page moves as its memory goes bad",
	  soft_offline },
	{ "hwpoison", "A page whose memory is bad", hwpoison },
	{ "numa-move", "Pages move between memory nodes", numa_move },
	{ "numa-balancing", "The scheduler looks who uses a page",
	  numa_looks },
	{ "oom-reaper", "A dying process's memory is reaped", oom_reaper },
	{ "inject-trylock", "A block that is busy is not reaped, until it is free",
	  busy_block },
	{ "oom-in-fault", "A GPU fault sets off the OOM killer",
	  oom_in_fault },
	{}
};
