// SPDX-License-Identifier: MIT
/* Pages moved to VRAM by SVM_BIND, and back by a touch of the CPU. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nouveau_svm_test.h"

static void to_vram(struct svm_gpu *gpu, uint32_t *mem, size_t pages)
{
	size_t i;

	igt_assert_eq(svm_migrate(gpu, mem, pages * PAGE, NULL), 0);
	for (i = 0; i < pages; i++)
		igt_assert(svm_place(mem + i * WORDS) == SVM_ELSEWHERE);
}

static void gpu_read(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_fill(mem, 16, 1);
	to_vram(gpu, mem, 16);
	svm_gpu_check_pages(gpu, mem, 16, 1, WORDS);
	/* Reading did not bring them home. */
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	svm_check_filled(mem, 16, 1);
	igt_assert(svm_place(mem) == SVM_PRESENT);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void gpu_write(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_fill(mem, 16, 1);
	to_vram(gpu, mem, 16);
	svm_gpu_write_pages(gpu, mem, 16, 1000);
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	svm_check_pages(mem, 16, 1000);
	igt_assert_eq_u32(mem[15 * WORDS + 9], 1 + 15 * WORDS + 9);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

/* The GPU has the pages mapped in system memory when they move. */
static void after_gpu_access(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_gpu_write_pages(gpu, mem, 16, 50);
	to_vram(gpu, mem, 16);
	svm_gpu_check_pages(gpu, mem, 16, 50, 1);
	svm_gpu_write_pages(gpu, mem, 16, 60);
	svm_check_pages(mem, 16, 60);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void cpu_touch(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_fill(mem, 16, 1);
	to_vram(gpu, mem, 16);
	svm_check_filled(mem, 16, 1);
	igt_assert(svm_place(mem) == SVM_PRESENT);
	/* What the CPU writes now is what the GPU sees. */
	svm_fill(mem, 16, 5000);
	svm_gpu_check_pages(gpu, mem, 16, 5000, WORDS);
	svm_gpu_write_pages(gpu, mem, 16, 3);
	svm_check_pages(mem, 16, 3);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void ping_pong(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8), i;

	memset(mem, 0, 8 * PAGE);
	for (i = 0; i < 10; i++) {
		to_vram(gpu, mem, 8);
		igt_assert_eq(svm_launch(gpu, SVM_KERNEL_ADD, 1, 1024,
					 .base = svm_addr(mem), .stride = 4,
					 .step = PAGE, .count = 8,
					 .value = 1), 0);
		mem[7 * WORDS] += 1;
		mem[1] += 1;
	}
	igt_assert_eq_u32(mem[0], 10);
	igt_assert_eq_u32(mem[1], 20);
	igt_assert_eq_u32(mem[7 * WORDS], 20);
	igt_assert_eq_u32(mem[8 * WORDS - 1], 10);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void many(void)
{
	const size_t n = 1024;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);

	svm_fill(mem, n, 1);
	to_vram(gpu, mem, n);
	svm_gpu_check_pages(gpu, mem, n, 1, WORDS);
	svm_gpu_write_pages(gpu, mem, n, 1000);
	svm_check_pages(mem, n, 1000);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

/* No page is there yet; zeroes are to be. */
static void untouched(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	igt_assert_eq(svm_migrate(gpu, mem, 16 * PAGE, NULL), 0);
	svm_gpu_check_pages(gpu, mem, 16, 0, 0);
	svm_gpu_write_pages(gpu, mem, 16, 5);
	svm_check_pages(mem, 16, 5);
	igt_assert_eq_u32(mem[WORDS - 1], 0);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

/* Old VRAM content must not show through. */
static void untouched_after_use(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_fill(mem, 16, 0xdead0000);
	to_vram(gpu, mem, 16);
	svm_unmap(mem, 16 * PAGE);
	mem = svm_pages(16);
	igt_assert_eq(svm_migrate(gpu, mem, 16 * PAGE, NULL), 0);
	svm_gpu_check_pages(gpu, mem, 16, 0, 0);
	svm_gpu_check_pages(gpu, mem + 77, 16, 0, 0);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void unaligned(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	/* From the second page's last byte to the third one's first. */
	igt_assert_eq(svm_migrate(gpu, (char *)mem + 2 * PAGE - 1, 2, NULL),
		      0);
	igt_assert(svm_place(mem) == SVM_PRESENT);
	igt_assert(svm_place(mem + WORDS) == SVM_ELSEWHERE);
	igt_assert(svm_place(mem + 2 * WORDS) == SVM_ELSEWHERE);
	igt_assert(svm_place(mem + 3 * WORDS) == SVM_PRESENT);
	svm_gpu_check_pages(gpu, mem, 4, 1, WORDS);
	svm_check_filled(mem, 4, 1);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

static void over_hole(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(12);

	svm_fill(mem, 12, 1);
	svm_unmap(mem + 4 * WORDS, 4 * PAGE);
	svm_migrate(gpu, mem, 12 * PAGE, NULL);
	svm_gpu_check_pages(gpu, mem, 4, 1, WORDS);
	svm_gpu_check_pages(gpu, mem + 8 * WORDS, 4, 1 + 8 * WORDS, WORDS);
	svm_check_filled(mem, 4, 1);
	svm_check_filled(mem + 8 * WORDS, 4, 1 + 8 * WORDS);
	svm_unmap(mem, 12 * PAGE);
	svm_client_close(gpu);
}

static void free_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	int i;

	for (i = 0; i < 12; i++) {
		uint32_t *mem = svm_pages(64);

		svm_fill(mem, 64, i);
		to_vram(gpu, mem, 64);
		svm_gpu_write_pages(gpu, mem, 64, i);
		svm_unmap(mem, 64 * PAGE);
	}
	svm_client_close(gpu);
	svm_next_client_works();
}

static void free_in_vram_then_access(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	to_vram(gpu, mem, 4);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 1);
	svm_unmap(mem, 4 * PAGE);
	svm_gpu_read_dies(gpu, mem);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void dontneed_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_fill(mem, 8, 1);
	to_vram(gpu, mem, 8);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 1);
	igt_assert_eq(madvise(mem, 8 * PAGE, MADV_DONTNEED), 0);
	svm_gpu_check_pages(gpu, mem, 8, 0, 0);
	igt_assert_eq_u32(mem[0], 0);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void munmap_middle(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(12);

	svm_fill(mem, 12, 1);
	to_vram(gpu, mem, 12);
	svm_unmap(mem + 4 * WORDS, 4 * PAGE);
	svm_gpu_check_pages(gpu, mem, 4, 1, WORDS);
	svm_gpu_check_pages(gpu, mem + 8 * WORDS, 4, 1 + 8 * WORDS, WORDS);
	svm_gpu_write_dies(gpu, mem + 4 * WORDS);
	svm_check_filled(mem, 4, 1);
	svm_check_filled(mem + 8 * WORDS, 4, 1 + 8 * WORDS);
	svm_unmap(mem, 12 * PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void mremap_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *old = svm_pages(4), *mem = svm_pages(4);

	svm_fill(old, 4, 1);
	to_vram(gpu, old, 4);
	igt_assert(mremap(old, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE |
			  MREMAP_FIXED, mem) == mem);
	svm_gpu_check_pages(gpu, mem, 4, 1, WORDS);
	svm_gpu_write_pages(gpu, mem, 4, 9);
	svm_check_pages(mem, 4, 9);
	svm_gpu_read_dies(gpu, old);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void mprotect_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);
	const struct svm_args args = { .base = svm_addr(mem), .value = 1 };
	int ret;

	svm_fill(mem, 4, 1);
	to_vram(gpu, mem, 4);
	svm_gpu_write(gpu, mem, 77);
	igt_assert_eq(mprotect(mem, 4 * PAGE, PROT_READ), 0);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 77);
	ret = svm_run_dying(gpu, SVM_KERNEL_STORE32, 1, 1, &args);
	/* Lets a write that hangs come to its end: the page goes home. */
	if (ret == -ETIMEDOUT) {
		mprotect(mem, 4 * PAGE, PROT_READ | PROT_WRITE);
		*(volatile uint32_t *)mem = 77;
	}
	igt_assert_eq(ret, -ENODEV);
	igt_assert_eq_u32(mem[0], 77);
	igt_assert_eq_u32(mem[1], 2);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void read_only(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	igt_assert_eq(mprotect(mem, 4 * PAGE, PROT_READ), 0);
	svm_migrate(gpu, mem, 4 * PAGE, NULL);
	svm_gpu_check_pages(gpu, mem, 4, 1, WORDS);
	svm_check_filled(mem, 4, 1);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

static void atomic(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_fill(mem, 4, 1);
	to_vram(gpu, mem, 4);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 64,
				 .base = svm_addr(mem), .value = 2), 0);
	igt_assert_eq_u32(mem[0], 129);
	igt_assert_eq_u32(mem[1], 2);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

static void fork_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_fill(mem, 8, 1);
	to_vram(gpu, mem, 8);
	igt_fork(child, 1) {
		svm_child();
		svm_check_filled(mem, 8, 1);
		svm_fill(mem, 8, 3333);
		svm_check_filled(mem, 8, 3333);
	}
	svm_gpu_write_pages(gpu, mem, 8, 100);
	igt_waitchildren();
	svm_check_pages(mem, 8, 100);
	igt_assert_eq_u32(mem[1], 2);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

/* A process that ends with its pages in VRAM. */
static void exit_in_vram(void)
{
	igt_fork(child, 1) {
		struct svm_gpu *gpu;
		uint32_t *mem;

		svm_child();
		gpu = svm_client();
		mem = svm_pages(64);
		svm_fill(mem, 64, 1);
		to_vram(gpu, mem, 64);
		svm_gpu_write_pages(gpu, mem, 64, 100);
		/* No close, no munmap. */
	}
	igt_waitchildren();
	svm_next_client_works();
}

static void thp(void)
{
	const size_t n = HUGE / PAGE;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE);

	svm_fill(mem, n, 1);
	igt_assert_eq(svm_migrate(gpu, mem, HUGE, NULL), 0);
	svm_gpu_check_pages(gpu, mem, n, 1, WORDS);
	svm_gpu_write_pages(gpu, mem, n, 1000);
	svm_check_pages(mem, n, 1000);
	igt_assert_eq_u32(mem[1], 2);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* Shared memory need not move; it must stay right. */
static void shared(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	igt_assert(mem != MAP_FAILED);
	svm_fill(mem, 8, 1);
	svm_migrate(gpu, mem, 8 * PAGE, NULL);
	svm_gpu_check_pages(gpu, mem, 8, 1, WORDS);
	svm_gpu_write_pages(gpu, mem, 8, 100);
	svm_check_pages(mem, 8, 100);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void file_private(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = memfd_create("nouveau-svm", MFD_CLOEXEC);
	uint32_t *mem, word = 5;

	igt_assert(fd >= 0);
	igt_assert_eq(ftruncate(fd, 4 * PAGE), 0);
	igt_assert_eq(pwrite(fd, &word, 4, PAGE), 4);
	mem = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd,
		   0);
	igt_assert(mem != MAP_FAILED);
	mem[0] = 6;
	svm_migrate(gpu, mem, 4 * PAGE, NULL);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 6);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + WORDS), 5);
	svm_gpu_write_pages(gpu, mem, 4, 100);
	svm_check_pages(mem, 4, 100);
	igt_assert_eq(pread(fd, &word, 4, PAGE), 4);
	igt_assert_eq_u32(word, 5);
	svm_unmap(mem, 4 * PAGE);
	close(fd);
	svm_client_close(gpu);
}

static void linked_list(void)
{
	const uint32_t n = 128;
	struct svm_gpu *gpu = svm_client();
	struct svm_node *node = (struct svm_node *)svm_pages(n);
	const size_t apart = PAGE / sizeof(*node);
	uint32_t *out = svm_pages(1), i;

	for (i = 0; i < n; i++) {
		node[i * apart].next =
			i + 1 < n ? svm_addr(&node[(i + 1) * apart]) : 0;
		node[i * apart].value = i;
	}
	/* Every other half of the pages is in VRAM. */
	for (i = 0; i < n; i += 32)
		to_vram(gpu, (uint32_t *)&node[i * apart], 16);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_LIST, 1, 1,
				 .base = svm_addr(node), .out = svm_addr(out),
				 .value = 9), 0);
	igt_assert_eq_u32(out[0], n * (n - 1) / 2);
	igt_assert_eq_u32(out[1], n);
	for (i = 0; i < n; i++)
		igt_assert_eq_u32(node[i * apart].mark, i + 9);
	svm_unmap(node, n * PAGE);
	svm_unmap(out, PAGE);
	svm_client_close(gpu);
}

/* The client goes, its pages are still in VRAM, and the CPU wants them. */
static void close_in_vram(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_fill(mem, 16, 1);
	to_vram(gpu, mem, 16);
	svm_client_close(gpu);
	svm_check_filled(mem, 16, 1);
	svm_unmap(mem, 16 * PAGE);
	svm_next_client_works();
}

const struct svm_test svm_migrate_tests[] = {
	{ "migrate-gpu-read", "The GPU reads pages in VRAM", gpu_read },
	{ "migrate-gpu-write", "The GPU writes pages in VRAM", gpu_write },
	{ "migrate-after-gpu-access", "Pages move that the GPU has mapped",
	  after_gpu_access },
	{ "migrate-cpu-touch", "The CPU touches pages in VRAM", cpu_touch },
	{ "migrate-ping-pong", "To VRAM and back ten times", ping_pong },
	{ "migrate-many", "1024 pages", many },
	{ "migrate-untouched", "Pages that nobody touched yet", untouched },
	{ "migrate-no-leak", "Old VRAM content does not show through",
	  untouched_after_use },
	{ "migrate-unaligned", "A range of two bytes on two pages",
	  unaligned },
	{ "migrate-over-hole", "A range with a hole in it", over_hole },
	{ "migrate-free-in-vram", "munmap() of pages in VRAM",
	  free_in_vram },
	{ "migrate-free-then-access", "An access to pages freed in VRAM",
	  free_in_vram_then_access },
	{ "migrate-dontneed", "MADV_DONTNEED of pages in VRAM",
	  dontneed_in_vram },
	{ "migrate-munmap-middle", "munmap() of some pages in VRAM",
	  munmap_middle },
	{ "migrate-mremap", "mremap() of pages in VRAM", mremap_in_vram },
	{ "migrate-mprotect", "mprotect() of pages in VRAM",
	  mprotect_in_vram },
	{ "migrate-read-only", "A read-only mapping", read_only },
	{ "migrate-atomic", "Atomics on a page in VRAM", atomic },
	{ "migrate-fork", "fork() with pages in VRAM", fork_in_vram },
	{ "migrate-exit", "exit() with pages in VRAM", exit_in_vram },
	{ "migrate-thp", "A huge page", thp },
	{ "migrate-shared", "Shared anonymous memory", shared },
	{ "migrate-file-private", "A private mapping of a file",
	  file_private },
	{ "migrate-linked-list", "A list partly in VRAM", linked_list },
	{ "migrate-close", "The client closes with pages in VRAM",
	  close_in_vram },
	{}
};
