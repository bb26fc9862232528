// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * T25: what a device writes outlives reclaim.
 *
 * Each case brings pages into a state where the CPU may write them, but where
 * they are clean and have a copy elsewhere or need none. The device of
 * lib/test_hmm writes them and MADV_PAGEOUT reclaims them. Unless the kernel
 * marked them dirty for the device, its data are gone. Needs swap.
 */
#include <signal.h>
#include <sys/wait.h>

#include "dmirror.h"

#define SMALL_PAGES 64
#define HUGE_SIZE (2UL << 20)

enum writer { CPU = 1, DEVICE = 2 };

/* Bits of /proc/kpageflags. */
#define KPF_DIRTY (1ULL << 4)
#define KPF_SWAPCACHE (1ULL << 13)

static void device_writes(int fd, char *memory, size_t npages,
			  struct outcome *outcome)
{
	char *data = get_memory(npages * page_size, MAP_PRIVATE);
	int ret;

	fill_pages(data, npages, DEVICE);
	ret = dmirror_ioctl(fd, HMM_DMIRROR_WRITE, memory, data, npages);
	if (ret)
		failed(outcome, "the device's write: %s", strerror(-ret));
	munmap(data, npages * page_size);
}

static void advise(void *memory, size_t npages, int advice)
{
	if (madvise(memory, npages * page_size, advice))
		give_up("madvise %d: %s", advice, strerror(errno));
}

static void expect_kept(char *memory, size_t npages, struct outcome *outcome)
{
	size_t kept;

	advise(memory, npages, MADV_PAGEOUT);
	kept = count_pages(memory, npages, DEVICE);
	if (!outcome->why[0] && kept != npages)
		failed(outcome, "%zu of %zu pages kept", kept, npages);
}

static char *small_pages(size_t npages, int flags)
{
	char *memory = get_memory(npages * page_size, flags);

	advise(memory, npages, MADV_NOHUGEPAGE);
	return memory;
}

static void read_pages(const char *memory, size_t npages)
{
	size_t i;

	for (i = 0; i < npages; i++)
		*(volatile const char *)(memory + i * page_size);
}

static void madv_free_pte(int fd, struct outcome *outcome)
{
	char *memory = small_pages(SMALL_PAGES, MAP_PRIVATE);

	fill_pages(memory, SMALL_PAGES, CPU);
	advise(memory, SMALL_PAGES, MADV_FREE);
	device_writes(fd, memory, SMALL_PAGES, outcome);
	expect_kept(memory, SMALL_PAGES, outcome);
	munmap(memory, SMALL_PAGES * page_size);
}

static void madv_free_pmd(int fd, struct outcome *outcome)
{
	size_t npages = HUGE_SIZE / page_size;
	char *area = get_memory(2 * HUGE_SIZE, MAP_PRIVATE);
	uintptr_t aligned = (uintptr_t)area + HUGE_SIZE - 1;
	char *memory = (char *)(aligned & ~(HUGE_SIZE - 1));
	unsigned char *seen = get_memory(npages, MAP_PRIVATE);
	int ret;

	if (madvise(memory, HUGE_SIZE, MADV_HUGEPAGE)) {
		outcome->skipped = true;
		failed(outcome, "no transparent huge pages");
		goto out;
	}
	fill_pages(memory, npages, CPU);
	ret = dmirror_ioctl(fd, HMM_DMIRROR_SNAPSHOT, memory, seen, npages);
	if (ret || !(seen[0] & HMM_DMIRROR_PROT_PMD)) {
		outcome->skipped = true;
		failed(outcome, "no huge page");
		goto out;
	}
	advise(memory, npages, MADV_FREE);
	device_writes(fd, memory, npages, outcome);
	expect_kept(memory, npages, outcome);
out:
	munmap(seen, npages);
	munmap(area, 2 * HUGE_SIZE);
}

/* A page of shared memory that was only read: nothing else has its data. */
static void shmem(int fd, struct outcome *outcome)
{
	char *memory = small_pages(SMALL_PAGES, MAP_SHARED);

	read_pages(memory, SMALL_PAGES);
	device_writes(fd, memory, SMALL_PAGES, outcome);
	expect_kept(memory, SMALL_PAGES, outcome);
	munmap(memory, SMALL_PAGES * page_size);
}

static uint64_t read_u64(const char *file, uint64_t index)
{
	int fd = open(file, O_RDONLY);
	uint64_t value;

	if (fd < 0 ||
	    pread(fd, &value, sizeof(value), index * sizeof(value)) !=
		    sizeof(value))
		give_up("%s: %s", file, strerror(errno));
	close(fd);
	return value;
}

static bool is_clean_swap_cache(const char *page)
{
	uint64_t entry, flags;

	entry = read_u64("/proc/self/pagemap", (uintptr_t)page / page_size);
	if (!(entry >> 63))
		return false;
	flags = read_u64("/proc/kpageflags", entry & ((1ULL << 55) - 1));
	return (flags & (KPF_SWAPCACHE | KPF_DIRTY)) == KPF_SWAPCACHE;
}

static void set_readahead(const char *order)
{
	int fd = open("/proc/sys/vm/page-cluster", O_WRONLY);

	if (fd < 0 || write(fd, order, strlen(order)) < 0)
		give_up("/proc/sys/vm/page-cluster: %s", strerror(errno));
	close(fd);
}

/*
 * Clean pages of the swap cache that only this process has. Swap in memory is
 * read past the cache, unless two processes share what is swapped out. So have
 * a child share one page; reading it reads ahead its neighbours, which are not
 * shared.
 */
static void swap_cache(int fd, struct outcome *outcome)
{
	enum { PAGES = 8, SHARED = 3, OTHERS = PAGES - SHARED - 1 };
	char *memory = small_pages(PAGES, MAP_PRIVATE);
	char *others = memory + (SHARED + 1) * page_size;
	size_t i, found = 0;
	pid_t child;

	set_readahead("0");
	fill_pages(memory, PAGES, CPU);
	advise(memory, PAGES, MADV_PAGEOUT);
	child = fork();
	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (!child) {
		for (;;)
			pause();
	}
	for (i = 0; i < PAGES; i++) {
		if (i != SHARED)
			fill_page(memory + i * page_size, i, CPU);
	}
	advise(memory, SHARED, MADV_PAGEOUT);
	advise(others, OTHERS, MADV_PAGEOUT);

	set_readahead("3");
	read_pages(memory + SHARED * page_size, 1);
	for (i = 0; i < OTHERS; i++) {
		char *page = others + i * page_size;

		read_pages(page, 1);
		if (!is_clean_swap_cache(page))
			break;
		found++;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);

	if (found) {
		device_writes(fd, others, found, outcome);
		expect_kept(others, found, outcome);
	} else {
		outcome->skipped = true;
		failed(outcome, "no clean page in the swap cache");
	}
	munmap(memory, PAGES * page_size);
}

/*
 * What MADV_FREE gave up is free to be dropped also after a stay on the device,
 * unless the device wrote there.
 */
static void device_private(int fd, struct outcome *outcome)
{
	char *memory = small_pages(SMALL_PAGES, MAP_PRIVATE);
	char *data = get_memory(SMALL_PAGES * page_size, MAP_PRIVATE);
	int ret;

	fill_pages(memory, SMALL_PAGES, CPU);
	advise(memory, SMALL_PAGES, MADV_FREE);
	ret = dmirror_ioctl(fd, HMM_DMIRROR_MIGRATE_TO_DEV, memory, data,
			    SMALL_PAGES);
	if (!ret) {
		device_writes(fd, memory, SMALL_PAGES, outcome);
		ret = dmirror_ioctl(fd, HMM_DMIRROR_MIGRATE_TO_SYS, memory, data,
				    SMALL_PAGES);
	}
	if (ret)
		failed(outcome, "the device: %s", strerror(-ret));
	else
		expect_kept(memory, SMALL_PAGES, outcome);
	munmap(data, SMALL_PAGES * page_size);
	munmap(memory, SMALL_PAGES * page_size);
}

/* The same with a write of the CPU: reclaim and swap work. */
static void cpu_write(int fd, struct outcome *outcome)
{
	char *memory = small_pages(SMALL_PAGES, MAP_PRIVATE);

	(void)fd;
	fill_pages(memory, SMALL_PAGES, CPU);
	advise(memory, SMALL_PAGES, MADV_FREE);
	fill_pages(memory, SMALL_PAGES, DEVICE);
	expect_kept(memory, SMALL_PAGES, outcome);
	munmap(memory, SMALL_PAGES * page_size);
}

/* What the device only reads stays clean, and reclaim drops it. */
static void device_read(int fd, struct outcome *outcome)
{
	char *memory = small_pages(SMALL_PAGES, MAP_PRIVATE);
	char *data = get_memory(SMALL_PAGES * page_size, MAP_PRIVATE);
	size_t kept;
	int ret;

	fill_pages(memory, SMALL_PAGES, CPU);
	advise(memory, SMALL_PAGES, MADV_FREE);
	ret = dmirror_ioctl(fd, HMM_DMIRROR_READ, memory, data, SMALL_PAGES);
	if (ret)
		failed(outcome, "the device's read: %s", strerror(-ret));
	else if (count_pages(data, SMALL_PAGES, CPU) != SMALL_PAGES)
		failed(outcome, "the device read something else");
	advise(memory, SMALL_PAGES, MADV_PAGEOUT);
	kept = count_pages(memory, SMALL_PAGES, CPU);
	if (!outcome->why[0] && kept)
		failed(outcome, "%zu pages kept that nobody wrote", kept);
	munmap(data, SMALL_PAGES * page_size);
	munmap(memory, SMALL_PAGES * page_size);
}

int main(void)
{
	static const struct test_case cases[] = {
		{ "t25-madv-free-pte", madv_free_pte },
		{ "t25-madv-free-pmd", madv_free_pmd },
		{ "t25-shmem", shmem },
		{ "t25-swap-cache", swap_cache },
		{ "t25-device-private", device_private },
		{ "t25-cpu-write-control", cpu_write },
		{ "t25-device-read-control", device_read },
	};

	return run_cases(cases, sizeof(cases) / sizeof(*cases));
}
