// SPDX-License-Identifier: MIT
/* The ways in which a GPU access can fault, and be served or refused. */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nouveau_svm_test.h"

static uint64_t counter(enum svm_counter c)
{
	return svm_stats_present(&svm_stats) ?
	       svm_stats_read(&svm_stats, c) : 0;
}

/* The emulated card saw it too. */
static void assert_rose(enum svm_counter c, uint64_t before)
{
	if (svm_stats_present(&svm_stats))
		igt_assert(svm_stats_read(&svm_stats, c) > before);
}

static void read_fault(void)
{
	struct svm_gpu *gpu = svm_client();
	uint64_t before = counter(SVM_FAULTS_READ);
	uint32_t *mem = svm_pages(1);

	mem[5] = 0x12345678;
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 5), 0x12345678);
	assert_rose(SVM_FAULTS_READ, before);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void write_fault(void)
{
	struct svm_gpu *gpu = svm_client();
	uint64_t before = counter(SVM_FAULTS_WRITE);
	uint32_t *mem = svm_pages(1);

	svm_gpu_write(gpu, mem + 7, 0x89abcdef);
	igt_assert_eq_u32(mem[7], 0x89abcdef);
	igt_assert_eq_u32(mem[6], 0);
	igt_assert_eq_u32(mem[8], 0);
	assert_rose(SVM_FAULTS_WRITE, before);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

/* First the zero page, read-only; then a page of its own. */
static void read_then_write(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1), *other = svm_pages(1);

	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 0);
	svm_gpu_write(gpu, mem, 1);
	igt_assert_eq_u32(*mem, 1);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 1);
	/* Nothing of it is in the zero page. */
	igt_assert_eq_u32(svm_gpu_read(gpu, other), 0);
	igt_assert_eq_u32(*other, 0);
	svm_unmap(mem, PAGE);
	svm_unmap(other, PAGE);
	svm_client_close(gpu);
}

static void write_then_read(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);
	uint32_t i;

	for (i = 1; i < 20; i++) {
		svm_gpu_write(gpu, mem, i);
		igt_assert_eq_u32(svm_gpu_read(gpu, mem), i);
		igt_assert_eq_u32(*(volatile uint32_t *)mem, i);
		*(volatile uint32_t *)mem = i + 1000;
		igt_assert_eq_u32(svm_gpu_read(gpu, mem), i + 1000);
	}
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void read_only_read(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_fill(mem, 1, 3);
	igt_assert_eq(mprotect(mem, PAGE, PROT_READ), 0);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 9), 12);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void read_only_write(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_fill(mem, 1, 3);
	igt_assert_eq(mprotect(mem, PAGE, PROT_READ), 0);
	svm_gpu_write_dies(gpu, mem);
	svm_check_filled(mem, 1, 3);
	svm_client_close(gpu);
	svm_next_client_works();
	svm_unmap(mem, PAGE);
}

/* The page is in the GPU's page table already when the write comes. */
static void read_only_write_after_read(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_fill(mem, 1, 3);
	igt_assert_eq(mprotect(mem, PAGE, PROT_READ), 0);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 3);
	svm_gpu_write_dies(gpu, mem);
	svm_check_filled(mem, 1, 3);
	svm_client_close(gpu);
	svm_next_client_works();
	svm_unmap(mem, PAGE);
}

static void read_only_atomic(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_fill(mem, 1, 3);
	igt_assert_eq(mprotect(mem, PAGE, PROT_READ), 0);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 1,
				 .base = svm_addr(mem), .value = 1), -ENODEV);
	svm_check_filled(mem, 1, 3);
	svm_client_close(gpu);
	svm_next_client_works();
	svm_unmap(mem, PAGE);
}

static void unmapped_read(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_unmap(mem, PAGE);
	svm_gpu_read_dies(gpu, mem);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void unmapped_write(void)
{
	struct svm_gpu *gpu = svm_client();
	uint64_t before = counter(SVM_CANCELS_TARGETED) +
			  counter(SVM_CANCELS_GLOBAL);
	uint32_t *mem = svm_pages(1);

	svm_unmap(mem, PAGE);
	svm_gpu_write_dies(gpu, mem);
	if (svm_stats_present(&svm_stats))
		igt_assert(counter(SVM_CANCELS_TARGETED) +
			   counter(SVM_CANCELS_GLOBAL) > before);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void null_pointer(void)
{
	struct svm_gpu *gpu = svm_client();

	svm_gpu_read_dies(gpu, NULL);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* The first address that no process has; the GPU's own VA goes further. */
static void kernel_address(void)
{
	struct svm_gpu *gpu = svm_client();

	svm_gpu_write_dies(gpu, (void *)(1ull << 47));
	svm_client_close(gpu);
	svm_next_client_works();
}

static void killed_stays_dead(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);
	int i;

	svm_gpu_read_dies(gpu, NULL);
	for (i = 0; i < 3; i++)
		svm_gpu_write_dies(gpu, mem);
	igt_assert_eq_u32(*mem, 0);
	svm_client_close(gpu);
	svm_next_client_works();
	svm_unmap(mem, PAGE);
}

static void many_bad_clients(void)
{
	int i;

	for (i = 0; i < 8; i++) {
		struct svm_gpu *gpu = svm_client();

		svm_gpu_write_dies(gpu, NULL);
		svm_client_close(gpu);
	}
	svm_next_client_works();
}

/* All threads hit memory but the last one. */
static void partly_unmapped(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(64);

	svm_unmap(mem + 63 * WORDS, PAGE);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE32, 1, 64,
				 .base = svm_addr(mem), .stride = PAGE,
				 .value = 1), -ENODEV);
	svm_client_close(gpu);
	svm_next_client_works();
	svm_unmap(mem, 63 * PAGE);
}

static void unmanaged_hole(void)
{
	struct svm_gpu *gpu = svm_client();

	svm_gpu_read_dies(gpu, (char *)gpu->hole + gpu->hole_size - PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* Memory of ours put into the area that was promised to the driver. */
static void unmanaged_hole_mapped(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = mmap((char *)gpu->hole + gpu->hole_size - PAGE, PAGE,
			     PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	igt_assert(mem != MAP_FAILED);
	svm_fill(mem, 1, 3);
	svm_gpu_write_dies(gpu, mem);
	svm_check_filled(mem, 1, 3);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* Neighbours of the hole on both sides belong to us. */
static void unmanaged_hole_edges(void)
{
	struct svm_gpu *gpu = svm_client();
	char *end = (char *)gpu->hole + gpu->hole_size;
	uint32_t *above = mmap(end, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint32_t *below = mmap((char *)gpu->hole - PAGE, PAGE,
			       PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	igt_assert(above != MAP_FAILED && below != MAP_FAILED);
	svm_gpu_write(gpu, above, 1);
	svm_gpu_write(gpu, below + WORDS - 1, 2);
	igt_assert_eq_u32(*above, 1);
	igt_assert_eq_u32(below[WORDS - 1], 2);
	/* Taken away, they are as gone as any other page. */
	svm_unmap(above, PAGE);
	igt_assert_eq_u32(svm_gpu_read(gpu, below + WORDS - 1), 2);
	svm_gpu_read_dies(gpu, above);
	svm_unmap(below, PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* One munmap() that begins before the hole and ends in it. */
static void unmap_into_hole(void)
{
	struct svm_gpu *gpu = svm_client();
	char *hole = gpu->hole;
	uint32_t *below = mmap(hole - PAGE, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint32_t *mem = svm_pages(1);

	igt_assert(below != MAP_FAILED);
	svm_gpu_write(gpu, below, 1);
	igt_assert_eq(munmap(hole - PAGE, 2 * PAGE), 0);
	/* The driver's buffers in the hole are still mapped. */
	svm_gpu_write(gpu, mem, 2);
	igt_assert_eq_u32(*mem, 2);
	svm_gpu_read_dies(gpu, below);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void pages(size_t n)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);

	svm_gpu_write_pages(gpu, mem, n, 100);
	svm_check_pages(mem, n, 100);
	svm_fill(mem, n, 5);
	svm_gpu_check_pages(gpu, mem, n, 5, WORDS);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

static void many_pages(void)
{
	pages(512);
}

#define MANY_FAULTS	10240

/* Each page faults once at least: for the write. */
static void many_faults(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(MANY_FAULTS);
	uint64_t before = 0;

	if (svm_stats_present(&svm_stats))
		before = svm_stats_faults(&svm_stats);
	svm_gpu_write_pages(gpu, mem, MANY_FAULTS, 100);
	svm_check_pages(mem, MANY_FAULTS, 100);
	if (svm_stats_present(&svm_stats)) {
		uint64_t faults = svm_stats_faults(&svm_stats) - before;

		igt_info("%llu replayable faults\n",
			 (unsigned long long)faults);
		igt_assert(faults >= 10000);
	}
	svm_unmap(mem, MANY_FAULTS * PAGE);
	svm_client_close(gpu);
}

/* Far more faults at once than one page each of one warp. */
static void fault_burst(void)
{
	const size_t n = 4096;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);

	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE_SYNC, n / 256, 256,
				 .base = svm_addr(mem), .stride = PAGE,
				 .value = 9), 0);
	svm_check_pages(mem, n, 9);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

/* A stride that is no divisor of a page. */
static void stride(void)
{
	const size_t n = 300, step = PAGE + 52;
	struct svm_gpu *gpu = svm_client();
	char *mem = (char *)svm_pages(n + 8);
	size_t i;

	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE32, 3, 100,
				 .base = svm_addr(mem), .stride = step,
				 .value = 100), 0);
	for (i = 0; i < n; i++)
		igt_assert_eq_u32(*(uint32_t *)(mem + i * step), 100 + i);
	svm_unmap(mem, (n + 8) * PAGE);
	svm_client_close(gpu);
}

/* One launch a page, from the last to the first. */
static void stride_down(void)
{
	const size_t n = 64;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);
	size_t i;

	for (i = 0; i < n; i++)
		svm_gpu_write(gpu, mem + (n - 1 - i) * WORDS, i);
	for (i = 0; i < n; i++)
		igt_assert_eq_u32(mem[(n - 1 - i) * WORDS], i);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

static void many_warps_one_page(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);
	uint32_t i;

	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE_SYNC, 1, 1024,
				 .base = svm_addr(mem), .stride = 4,
				 .value = 55), 0);
	for (i = 0; i < WORDS; i++)
		igt_assert_eq_u32(mem[i], 55 + i);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void many_blocks_one_word(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 16, 64,
				 .base = svm_addr(mem), .value = 3), 0);
	igt_assert_eq_u32(*mem, 3 * 16 * 64);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

/* Lanes of one warp read and write the same untouched page. */
static void read_write_mix(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4), *out = svm_pages(1);
	uint32_t i;

	for (i = 0; i < 256; i += 2)
		mem[2 * WORDS + i] = i + 1;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_MIX, 1, 256,
				 .base = svm_addr(mem + 2 * WORDS),
				 .stride = 4, .out = svm_addr(out),
				 .value = 1000), 0);
	for (i = 0; i < 256; i++) {
		if (i % 2)
			igt_assert_eq_u32(mem[2 * WORDS + i], 1000 + i);
		else
			igt_assert_eq_u32(out[i], i + 1);
	}
	svm_unmap(mem, 4 * PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

/* The same over pages: some are read only, some written only. */
static void read_write_pages(void)
{
	const size_t n = 256;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n), *out = svm_pages(1);
	size_t i;

	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_MIX, 1, n,
				 .base = svm_addr(mem), .stride = PAGE,
				 .out = svm_addr(out), .value = 1000), 0);
	for (i = 0; i < n; i++) {
		igt_assert_eq_u32(mem[i * WORDS], i % 2 ? 1000 + i : 0);
		igt_assert_eq_u32(out[i], 0);
	}
	svm_unmap(mem, n * PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

static void add(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(3);
	uint32_t i;

	svm_fill(mem, 3, 0);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_ADD, 3, 1024,
				 .base = svm_addr(mem), .stride = 4,
				 .value = 17), 0);
	for (i = 0; i < 3 * WORDS; i++)
		igt_assert_eq_u32(mem[i], i + 17);
	svm_unmap(mem, 3 * PAGE);
	svm_client_close(gpu);
}

static void copy(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *from = svm_pages(16), *to = svm_pages(16);

	svm_fill(from, 16, 77);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_COPY, 1, 1024,
				 .base = svm_addr(from), .out = svm_addr(to),
				 .stride = 4, .step = PAGE, .count = 16), 0);
	svm_check_filled(to, 16, 77);
	svm_unmap(from, 16 * PAGE);
	svm_unmap(to, 16 * PAGE);
	svm_client_close(gpu);
}

static void widths(void)
{
	struct svm_gpu *gpu = svm_client();
	uint8_t *b = (uint8_t *)svm_pages(2);
	uint16_t *h = (uint16_t *)svm_pages(2);
	uint64_t *d = (uint64_t *)svm_pages(2);
	uint32_t *out = svm_pages(1);
	uint32_t i;

	/* Each array lies across the border of two pages. */
	b += PAGE - 50;
	h += PAGE / 2 - 50;
	d += PAGE / 8 - 50;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE8, 1, 100,
				 .base = svm_addr(b), .stride = 1,
				 .value = 200), 0);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE16, 1, 100,
				 .base = svm_addr(h), .stride = 2,
				 .value = 65500), 0);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE64, 1, 100,
				 .base = svm_addr(d), .stride = 8,
				 .value = 5, .value2 = 0xabcd), 0);
	for (i = 0; i < 100; i++) {
		igt_assert_eq_u32(b[i], (uint8_t)(200 + i));
		igt_assert_eq_u32(h[i], (uint16_t)(65500 + i));
		igt_assert_eq_u64(d[i], 0xabcdull << 32 | (5 + i));
	}
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_LOAD8, 1, 100,
				 .base = svm_addr(b), .stride = 1,
				 .out = svm_addr(out)), 0);
	for (i = 0; i < 100; i++)
		igt_assert_eq_u32(out[i], (uint8_t)(200 + i));
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_LOAD16, 1, 100,
				 .base = svm_addr(h), .stride = 2,
				 .out = svm_addr(out)), 0);
	for (i = 0; i < 100; i++)
		igt_assert_eq_u32(out[i], (uint16_t)(65500 + i));
	svm_unmap((void *)(svm_addr(b) & ~(PAGE - 1ull)), 2 * PAGE);
	svm_unmap((void *)(svm_addr(h) & ~(PAGE - 1ull)), 2 * PAGE);
	svm_unmap((void *)(svm_addr(d) & ~(PAGE - 1ull)), 2 * PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

static void atomic(void)
{
	struct svm_gpu *gpu = svm_client();
	uint64_t before = counter(SVM_FAULTS_ATOMIC);
	uint32_t *mem = svm_pages(1), *out = svm_pages(1);
	bool seen[256] = {};
	uint32_t i;

	*mem = 1000;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_ATOMIC_ADD, 2, 128,
				 .base = svm_addr(mem), .out = svm_addr(out),
				 .value = 1), 0);
	igt_assert_eq_u32(*mem, 1256);
	/* Each thread saw another value: none was done twice. */
	for (i = 0; i < 256; i++) {
		igt_assert(out[i] >= 1000 && out[i] < 1256);
		igt_assert(!seen[out[i] - 1000]);
		seen[out[i] - 1000] = true;
	}
	assert_rose(SVM_FAULTS_ATOMIC, before);
	svm_unmap(mem, PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

static void atomic_exchange(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1), *out = svm_pages(1);

	*mem = 5;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_EXCH, 1, 1,
				 .base = svm_addr(mem), .out = svm_addr(out),
				 .value = 6), 0);
	igt_assert_eq_u32(*out, 5);
	igt_assert_eq_u32(*mem, 6);
	svm_unmap(mem, PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

static void atomic_compare(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1), *out = svm_pages(1);
	uint32_t i, winners = 0;

	*mem = 5;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_CAS, 1, 64,
				 .base = svm_addr(mem), .out = svm_addr(out),
				 .value = 5, .value2 = 6), 0);
	igt_assert_eq_u32(*mem, 6);
	for (i = 0; i < 64; i++) {
		igt_assert(out[i] == 5 || out[i] == 6);
		winners += out[i] == 5;
	}
	igt_assert_eq_u32(winners, 1);
	svm_unmap(mem, PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

/* Mapped for reading, then for writing, then for atomics. */
static void atomic_after_access(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 0);
	svm_gpu_write(gpu, mem, 10);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 32,
				 .base = svm_addr(mem), .value = 2), 0);
	igt_assert_eq_u32(*mem, 74);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 74);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

/* CPU and GPU in turn. */
static void atomic_ping_pong(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);
	int i;

	for (i = 0; i < 16; i++) {
		__sync_fetch_and_add(mem, 1);
		igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 32,
					 .base = svm_addr(mem), .value = 1),
			      0);
	}
	igt_assert_eq_u32(*mem, 16 * 33);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void atomic_many_pages(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(64);
	uint32_t i;

	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 64,
				 .base = svm_addr(mem), .stride = PAGE,
				 .value = 4), 0);
	for (i = 0; i < 64; i++)
		igt_assert_eq_u32(mem[i * WORDS], 4);
	svm_unmap(mem, 64 * PAGE);
	svm_client_close(gpu);
}

/* GPU and CPU talk through one page while a kernel runs. */
static void handshake(void)
{
	struct svm_gpu *gpu = svm_client();
	volatile uint32_t *flag = svm_pages(1), *out = svm_pages(1);
	struct svm_args args = {
		.base = svm_addr(flag),
		.out = svm_addr(out),
		.value = 0xcafe,
	};
	uint32_t job;
	int i;

	igt_assert_eq(svm_submit(gpu, SVM_KERNEL_HANDSHAKE, 1, 1, &args,
				 &job), 0);
	/* It has started, and can't end before we say so. */
	for (i = 0; i < 10000 && out[0] != 0xcafe; i++)
		usleep(1000);
	igt_assert_eq_u32(out[0], 0xcafe);
	igt_assert_eq(svm_wait(gpu, job, 20), -ETIMEDOUT);
	*flag = 0xbeef;
	igt_assert_eq(svm_wait(gpu, job, SVM_JOB_MS), 0);
	igt_assert_eq_u32(out[1], 0xbeef);
	svm_unmap((void *)flag, PAGE);
	svm_unmap((void *)out, PAGE);
	svm_client_close(gpu);
}

/* Nodes in scattered order, several pages apart. */
static void linked_list(void)
{
	const uint32_t n = 512;
	struct svm_gpu *gpu = svm_client();
	char *mem = (char *)svm_pages(n);
	uint32_t *out = svm_pages(1), i, sum = 0;
	struct svm_node *node = NULL;

	for (i = 0; i < n; i++) {
		/* 197 is prime to 512: each page comes once. */
		struct svm_node *next = (struct svm_node *)
			(mem + i * 197 % n * PAGE + i % 250 * 16);

		next->next = svm_addr(node);
		next->value = i * 3;
		sum += i * 3;
		node = next;
	}
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_LIST, 1, 1,
				 .base = svm_addr(node), .out = svm_addr(out),
				 .value = 0x5000), 0);
	igt_assert_eq_u32(out[0], sum);
	igt_assert_eq_u32(out[1], n);
	for (i = n; node; node = (struct svm_node *)node->next) {
		i--;
		igt_assert_eq_u32(node->value, i * 3);
		igt_assert_eq_u32(node->mark, i * 3 + 0x5000);
	}
	svm_unmap(mem, n * PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_fault_tests[] = {
	{ "read-fault", "The GPU reads a page that only the CPU touched",
	  read_fault },
	{ "write-fault", "The GPU writes an untouched page", write_fault },
	{ "read-then-write", "The zero page is read, then written",
	  read_then_write },
	{ "write-then-read", "CPU and GPU write one word in turn",
	  write_then_read },
	{ "read-only-read", "A read-only mapping can be read",
	  read_only_read },
	{ "read-only-write", "A write to a read-only mapping is fatal",
	  read_only_write },
	{ "read-only-write-after-read", "The same with the page in the TLB",
	  read_only_write_after_read },
	{ "read-only-atomic", "An atomic on a read-only mapping is fatal",
	  read_only_atomic },
	{ "unmapped-read", "A read of nothing kills the channel only",
	  unmapped_read },
	{ "unmapped-write", "A write to nothing kills the channel only",
	  unmapped_write },
	{ "null-pointer", "Address 0 is fatal", null_pointer },
	{ "kernel-address", "An address that no process has is fatal",
	  kernel_address },
	{ "killed-stays-dead", "A killed channel refuses work",
	  killed_stays_dead },
	{ "many-bad-clients", "Eight clients are killed one by one",
	  many_bad_clients },
	{ "partly-unmapped", "One thread of 64 has no memory",
	  partly_unmapped },
	{ "unmanaged-hole", "A fault in the unmanaged area is fatal",
	  unmanaged_hole },
	{ "unmanaged-hole-mapped", "The same with memory mapped there",
	  unmanaged_hole_mapped },
	{ "unmanaged-hole-edges", "Pages beside the unmanaged area work",
	  unmanaged_hole_edges },
	{ "unmap-into-hole", "munmap() across the border of the hole",
	  unmap_into_hole },
	{ "many-pages", "512 pages written and read", many_pages },
	{ "many-faults", "10240 faulting pages in one launch", many_faults },
	{ "fault-burst", "4096 threads, each with its page, at once",
	  fault_burst },
	{ "stride", "A stride that is no divisor of a page", stride },
	{ "stride-down", "Pages touched from the last to the first",
	  stride_down },
	{ "many-warps-one-page", "32 warps fault on one page together",
	  many_warps_one_page },
	{ "many-blocks-one-word", "1024 threads add to one word",
	  many_blocks_one_word },
	{ "read-write-mix", "One warp reads and writes one page",
	  read_write_mix },
	{ "read-write-pages", "One warp reads some pages, writes others",
	  read_write_pages },
	{ "add", "Load, add, store over three pages", add },
	{ "copy", "The GPU copies 64 KiB", copy },
	{ "widths", "8, 16 and 64-bit accesses across a page border",
	  widths },
	{ "atomic", "256 threads count, none twice", atomic },
	{ "atomic-exchange", "Atomic exchange", atomic_exchange },
	{ "atomic-compare", "Compare and swap has one winner",
	  atomic_compare },
	{ "atomic-after-access", "Read, write, then atomic on one page",
	  atomic_after_access },
	{ "atomic-ping-pong", "CPU and GPU count in turn",
	  atomic_ping_pong },
	{ "atomic-many-pages", "Atomics on 64 pages at once",
	  atomic_many_pages },
	{ "handshake", "A running kernel talks with the CPU", handshake },
	{ "linked-list", "The GPU walks and marks a list of the CPU's",
	  linked_list },
	{}
};
