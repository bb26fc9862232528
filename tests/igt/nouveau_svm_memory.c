// SPDX-License-Identifier: MIT
/* Kinds of memory, and what the process does to it under the GPU. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nouveau_svm_test.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif

static uint32_t global_data[2 * WORDS] = { 11, 12, 13 };
static uint32_t global_bss[2 * WORDS];
static const uint32_t global_const[4] = { 21, 22, 23, 24 };

/* Both sides write and read @mem. */
static void exercise(struct svm_gpu *gpu, volatile uint32_t *mem,
		     uint32_t words)
{
	uint32_t i;

	for (i = 0; i < words; i++)
		mem[i] = i * 2;
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_ADD, 1, words,
				 .base = svm_addr(mem), .stride = 4,
				 .value = 5), 0);
	for (i = 0; i < words; i++)
		igt_assert_eq_u32(mem[i], i * 2 + 5);
}

static void malloc_small(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = malloc(256);

	igt_assert(mem);
	exercise(gpu, mem, 64);
	free(mem);
	svm_client_close(gpu);
}

static void malloc_large(void)
{
	const size_t size = 3 << 20;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = malloc(size);
	size_t i;

	igt_assert(mem);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_STORE32, 1, 1024,
				 .base = svm_addr(mem), .stride = 4,
				 .step = 4096, .count = size / 4096,
				 .value = 1), 0);
	for (i = 0; i < size / 4; i++)
		igt_assert_eq_u32(mem[i], i + 1);
	free(mem);
	svm_client_close(gpu);
}

/* The allocator gives the same memory out again and again. */
static void malloc_reuse(void)
{
	struct svm_gpu *gpu = svm_client();
	int i;

	for (i = 0; i < 16; i++) {
		size_t size = (i % 4 + 1) * 200000;
		uint32_t *mem = malloc(size);

		igt_assert(mem);
		svm_gpu_write(gpu, mem, i);
		svm_gpu_write(gpu, mem + size / 4 - 1, i + 1);
		igt_assert_eq_u32(*(volatile uint32_t *)mem, i);
		igt_assert_eq_u32(mem[size / 4 - 1], i + 1);
		free(mem);
	}
	svm_client_close(gpu);
}

static void malloc_unaligned(void)
{
	struct svm_gpu *gpu = svm_client();
	char *mem = malloc(5 * PAGE);

	igt_assert(mem);
	exercise(gpu, (uint32_t *)(mem + PAGE - 20), 512);
	free(mem);
	svm_client_close(gpu);
}

static void stack(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t mem[300];

	exercise(gpu, mem, 300);
	svm_client_close(gpu);
}

/* The GPU is the first to touch a page below the stack pointer's own. */
static void stack_deep(void)
{
	struct svm_gpu *gpu = svm_client();
	volatile uint32_t mem[16 * WORDS];

	/* The stack grows only for the CPU. */
	mem[0] = 1;
	svm_gpu_write(gpu, (void *)(mem + 5 * WORDS), 99);
	igt_assert_eq_u32(mem[5 * WORDS], 99);
	igt_assert_eq_u32(mem[0], 1);
	svm_client_close(gpu);
}

static void globals(void)
{
	struct svm_gpu *gpu = svm_client();

	igt_assert_eq_u32(svm_gpu_read(gpu, &global_data[2]), 13);
	igt_assert_eq_u32(svm_gpu_read(gpu, &global_const[3]), 24);
	exercise(gpu, global_data + 100, 1000);
	exercise(gpu, global_bss, 1024);
	svm_client_close(gpu);
}

static void global_const_write(void)
{
	struct svm_gpu *gpu = svm_client();

	svm_gpu_write_dies(gpu, &global_const[1]);
	igt_assert_eq_u32(*(volatile const uint32_t *)&global_const[1], 22);
	svm_client_close(gpu);
	svm_next_client_works();
}

static int temp_file(size_t pages)
{
	char name[] = "/tmp/nouveau-svm-XXXXXX";
	uint32_t block[WORDS];
	int fd = mkstemp(name);
	size_t i, j;

	igt_assert(fd >= 0);
	unlink(name);
	for (i = 0; i < pages; i++) {
		for (j = 0; j < WORDS; j++)
			block[j] = i * WORDS + j;
		igt_assert_eq(write(fd, block, PAGE), PAGE);
	}
	return fd;
}

static uint32_t *map_file(int fd, size_t pages, int prot, int flags)
{
	uint32_t *mem = mmap(NULL, pages * PAGE, prot, flags, fd, 0);

	igt_assert(mem != MAP_FAILED);
	return mem;
}

static uint32_t file_word(int fd, off_t offset)
{
	uint32_t word;

	igt_assert_eq(pread(fd, &word, 4, offset), 4);
	return word;
}

static void file_read(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = temp_file(8);
	uint32_t *mem = map_file(fd, 8, PROT_READ, MAP_PRIVATE);

	svm_gpu_check_pages(gpu, mem, 8, 0, WORDS);
	svm_unmap(mem, 8 * PAGE);
	close(fd);
	svm_client_close(gpu);
}

static void file_private(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = temp_file(8);
	uint32_t *mem = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 2 * WORDS), 2 * WORDS);
	svm_gpu_write_pages(gpu, mem, 8, 500);
	svm_check_pages(mem, 8, 500);
	/* The rest of the page came along, the file did not change. */
	igt_assert_eq_u32(mem[3 * WORDS + 1], 3 * WORDS + 1);
	igt_assert_eq_u32(file_word(fd, 2 * PAGE), 2 * WORDS);
	svm_unmap(mem, 8 * PAGE);
	close(fd);
	svm_client_close(gpu);
}

static void file_shared(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = temp_file(8), i;
	uint32_t *mem = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	uint32_t word = 4321;

	svm_gpu_write_pages(gpu, mem, 8, 500);
	svm_check_pages(mem, 8, 500);
	for (i = 0; i < 8; i++)
		igt_assert_eq_u32(file_word(fd, i * PAGE), 500 + i);
	igt_assert_eq(pwrite(fd, &word, 4, 5 * PAGE + 8), 4);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 5 * WORDS + 2), 4321);
	svm_unmap(mem, 8 * PAGE);
	close(fd);
	svm_client_close(gpu);
}

static void file_read_only_shared(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = temp_file(1);
	uint32_t *mem = map_file(fd, 1, PROT_READ, MAP_SHARED);

	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 3), 3);
	svm_gpu_write_dies(gpu, mem + 3);
	igt_assert_eq_u32(file_word(fd, 12), 3);
	svm_unmap(mem, PAGE);
	close(fd);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* Where the CPU would get SIGBUS. */
static void file_beyond_end(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = temp_file(1);
	uint32_t *mem = map_file(fd, 2, PROT_READ | PROT_WRITE, MAP_SHARED);

	igt_assert_eq_u32(svm_gpu_read(gpu, mem + 7), 7);
	svm_gpu_read_dies(gpu, mem + WORDS);
	svm_unmap(mem, 2 * PAGE);
	close(fd);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void file_truncate(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = temp_file(2);
	uint32_t *mem = map_file(fd, 2, PROT_READ | PROT_WRITE, MAP_SHARED);

	svm_gpu_write(gpu, mem + WORDS, 77);
	igt_assert_eq_u32(mem[WORDS], 77);
	igt_assert_eq(ftruncate(fd, PAGE), 0);
	svm_gpu_write(gpu, mem, 78);
	igt_assert_eq_u32(mem[0], 78);
	svm_gpu_write_dies(gpu, mem + WORDS);
	svm_unmap(mem, 2 * PAGE);
	close(fd);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* Two mappings of one memory. */
static void shared_mapping(void)
{
	struct svm_gpu *gpu = svm_client();
	int fd = memfd_create("nouveau-svm", MFD_CLOEXEC);
	uint32_t *one, *two;

	igt_assert(fd >= 0);
	igt_assert_eq(ftruncate(fd, 8 * PAGE), 0);
	one = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	two = map_file(fd, 8, PROT_READ | PROT_WRITE, MAP_SHARED);
	svm_gpu_write_pages(gpu, one, 8, 40);
	svm_check_pages(two, 8, 40);
	svm_gpu_check_pages(gpu, two, 8, 40, 1);
	svm_fill(two, 8, 9);
	svm_gpu_check_pages(gpu, one, 8, 9, WORDS);
	/* One goes, the other stays. */
	svm_unmap(one, 8 * PAGE);
	svm_gpu_write_pages(gpu, two, 8, 60);
	svm_check_pages(two, 8, 60);
	svm_unmap(two, 8 * PAGE);
	close(fd);
	svm_client_close(gpu);
}

/*
 * The GPU's atomics are made in its own memory, or on pages that no CPU has
 * mapped.  Pages of a file or of shared memory can be neither: such an access
 * is refused as one to nothing would be, and nobody else notices.
 */
static void atomic_refused(uint32_t *mem)
{
	struct svm_gpu *gpu = svm_client(), *other = svm_client();
	const struct svm_args args = { .base = svm_addr(mem), .value = 2 };

	*mem = 1;
	svm_gpu_write(gpu, mem + 1, 7);
	igt_assert_eq(svm_run_dying(gpu, SVM_KERNEL_RED_ADD, 1, 32, &args),
		      -ENODEV);
	igt_assert_eq_u32(*mem, 1);
	igt_assert_eq_u32(svm_gpu_read(other, mem + 1), 7);
	svm_gpu_write(other, mem, 9);
	igt_assert_eq_u32(*mem, 9);
	svm_client_close(other);
	svm_client_close(gpu);
}

static void atomic_shared(void)
{
	uint32_t *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	igt_assert(mem != MAP_FAILED);
	atomic_refused(mem);
	svm_unmap(mem, PAGE);
}

static void atomic_file(void)
{
	int fd = temp_file(1);
	uint32_t *mem = map_file(fd, 1, PROT_READ | PROT_WRITE, MAP_SHARED);

	atomic_refused(mem);
	igt_assert_eq_u32(file_word(fd, 0), 9);
	igt_assert_eq_u32(file_word(fd, 8), 2);
	svm_unmap(mem, PAGE);
	close(fd);
}

/* A huge page's second half too: its pages are tail pages. */
static void atomic_thp(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE), *tail = mem + HUGE / 8;

	memset(mem, 0, HUGE);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 32,
				 .base = svm_addr(tail), .value = 2), 0);
	igt_assert_eq_u32(*tail, 64);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

static void thp(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(2 * HUGE);

	svm_fill(mem, 2 * HUGE / PAGE, 3);
	svm_gpu_check_pages(gpu, mem, 2 * HUGE / PAGE, 3, WORDS);
	svm_gpu_write_pages(gpu, mem, 2 * HUGE / PAGE, 1000);
	svm_check_pages(mem, 2 * HUGE / PAGE, 1000);
	igt_assert_eq_u32(mem[1], 4);
	svm_unmap(mem, 2 * HUGE);
	svm_client_close(gpu);
}

/* The GPU is the first to touch it. */
static void thp_untouched(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE);

	svm_gpu_write_pages(gpu, mem, HUGE / PAGE, 1000);
	svm_check_pages(mem, HUGE / PAGE, 1000);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
}

/* One page is taken out of a huge one that the GPU has mapped as such. */
static void thp_split(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE), *middle = mem + HUGE / 8;

	memset(mem, 0, HUGE);
	svm_gpu_write_pages(gpu, mem, HUGE / PAGE, 1000);
	svm_unmap(middle, PAGE);
	svm_gpu_write(gpu, middle - WORDS, 1);
	svm_gpu_write(gpu, middle + WORDS, 2);
	igt_assert_eq_u32(middle[-(int)WORDS], 1);
	igt_assert_eq_u32(middle[WORDS], 2);
	svm_gpu_write_dies(gpu, middle);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void thp_mprotect(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_huge(HUGE), *middle = mem + HUGE / 8;

	memset(mem, 0, HUGE);
	svm_gpu_write_pages(gpu, mem, HUGE / PAGE, 1000);
	igt_assert_eq(mprotect(middle, PAGE, PROT_READ), 0);
	svm_gpu_write(gpu, middle + WORDS, 2);
	igt_assert_eq_u32(middle[WORDS], 2);
	igt_assert_eq_u32(svm_gpu_read(gpu, middle), 1000 + HUGE / PAGE / 2);
	svm_gpu_write_dies(gpu, middle);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void hugetlb(void)
{
	struct svm_gpu *gpu;
	uint32_t *mem;

	svm_huge_pool_grow(1);
	mem = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		   MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	igt_assert(mem != MAP_FAILED);
	gpu = svm_client();
	svm_gpu_write_pages(gpu, mem, HUGE / PAGE, 1000);
	svm_check_pages(mem, HUGE / PAGE, 1000);
	svm_unmap(mem, HUGE);
	svm_client_close(gpu);
	svm_huge_pool_restore();
}

static void munmap_then_access(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_gpu_write(gpu, mem, 1);
	igt_assert_eq_u32(*mem, 1);
	svm_unmap(mem, PAGE);
	svm_gpu_write_dies(gpu, mem);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* New memory at an old address: the GPU must see the new one. */
static void munmap_then_map(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16), i;

	for (i = 0; i < 8; i++) {
		svm_gpu_write_pages(gpu, mem, 16, 1000 * i + 1);
		svm_check_pages(mem, 16, 1000 * i + 1);
		svm_unmap(mem, 16 * PAGE);
		igt_assert(mmap(mem, 16 * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
				0) == mem);
		svm_gpu_check_pages(gpu, mem, 16, 0, 0);
	}
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

static void munmap_middle(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16);

	svm_gpu_write_pages(gpu, mem, 16, 1);
	svm_unmap(mem + 6 * WORDS, 4 * PAGE);
	svm_gpu_write_pages(gpu, mem, 6, 20);
	svm_gpu_write_pages(gpu, mem + 10 * WORDS, 6, 30);
	svm_check_pages(mem, 6, 20);
	svm_check_pages(mem + 10 * WORDS, 6, 30);
	svm_gpu_write_dies(gpu, mem + 6 * WORDS);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void mprotect_read_only(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_gpu_write(gpu, mem, 1);
	igt_assert_eq(mprotect(mem, PAGE, PROT_READ), 0);
	igt_assert_eq_u32(svm_gpu_read(gpu, mem), 1);
	svm_gpu_write_dies(gpu, mem);
	igt_assert_eq_u32(*mem, 1);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void mprotect_none(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	svm_gpu_write(gpu, mem, 1);
	igt_assert_eq(mprotect(mem, PAGE, PROT_NONE), 0);
	svm_gpu_read_dies(gpu, mem);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

static void mprotect_and_back(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4), i;

	for (i = 0; i < 8; i++) {
		svm_gpu_write_pages(gpu, mem, 4, i * 10);
		igt_assert_eq(mprotect(mem, 4 * PAGE, PROT_READ), 0);
		svm_gpu_check_pages(gpu, mem, 4, i * 10, 1);
		igt_assert_eq(mprotect(mem, 4 * PAGE, PROT_NONE), 0);
		igt_assert_eq(mprotect(mem, 4 * PAGE,
				       PROT_READ | PROT_WRITE), 0);
		svm_check_pages(mem, 4, i * 10);
	}
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

static uint32_t *move(uint32_t *from, size_t pages)
{
	uint32_t *to = svm_pages(pages);

	igt_assert(mremap(from, pages * PAGE, pages * PAGE,
			  MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	return to;
}

static void mremap_move(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	svm_gpu_write_pages(gpu, mem, 8, 70);
	mem = move(mem, 8);
	svm_gpu_check_pages(gpu, mem, 8, 70, 1);
	svm_gpu_write_pages(gpu, mem, 8, 80);
	svm_check_pages(mem, 8, 80);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

static void mremap_old_address(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *old = svm_pages(8), *mem;

	svm_gpu_write_pages(gpu, old, 8, 70);
	mem = move(old, 8);
	svm_gpu_write_dies(gpu, old);
	svm_check_pages(mem, 8, 70);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
	svm_next_client_works();
}

/* Other memory takes the old place. */
static void mremap_replaced(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *old = svm_pages(8), *mem;

	svm_gpu_write_pages(gpu, old, 8, 70);
	mem = move(old, 8);
	igt_assert(mmap(old, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == old);
	svm_gpu_write_pages(gpu, old, 8, 90);
	svm_check_pages(mem, 8, 70);
	svm_check_pages(old, 8, 90);
	svm_unmap(mem, 8 * PAGE);
	svm_unmap(old, 8 * PAGE);
	svm_client_close(gpu);
}

static void mremap_grow(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);

	svm_gpu_write_pages(gpu, mem, 4, 70);
	mem = mremap(mem, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
	igt_assert(mem != MAP_FAILED);
	svm_gpu_check_pages(gpu, mem, 4, 70, 1);
	svm_gpu_write_pages(gpu, mem, 64, 80);
	svm_check_pages(mem, 64, 80);
	svm_unmap(mem, 64 * PAGE);
	svm_client_close(gpu);
}

static void madvise_dontneed(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(16), i;

	for (i = 0; i < 8; i++) {
		svm_gpu_write_pages(gpu, mem, 16, 70);
		igt_assert_eq(madvise(mem, 16 * PAGE, MADV_DONTNEED), 0);
		svm_gpu_check_pages(gpu, mem, 16, 0, 0);
	}
	svm_check_pages(mem, 1, 0);
	svm_unmap(mem, 16 * PAGE);
	svm_client_close(gpu);
}

/* What the GPU wrote after MADV_FREE is as good as what the CPU wrote. */
static void madvise_free_write(void)
{
	const size_t n = 64;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);

	svm_fill(mem, n, 1);
	igt_assert_eq(madvise(mem, n * PAGE, MADV_FREE), 0);
	svm_gpu_write_pages(gpu, mem, n, 1000);
	/* EINVAL: a kernel without it; then nothing reclaims. */
	igt_require(!madvise(mem, n * PAGE, MADV_PAGEOUT));
	svm_check_pages(mem, n, 1000);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

static void locked(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);

	igt_require(!mlock(mem, 8 * PAGE));
	svm_gpu_write_pages(gpu, mem, 8, 70);
	svm_check_pages(mem, 8, 70);
	igt_assert_eq(munlock(mem, 8 * PAGE), 0);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

struct hammer {
	char *page;
	volatile bool stop;
	unsigned long rounds;
};

static void *hammer(void *data)
{
	struct hammer *h = data;

	while (!h->stop) {
		*(volatile char *)h->page = 1;
		madvise(h->page, PAGE, MADV_DONTNEED);
		h->rounds++;
	}
	return NULL;
}

/* The CPU throws its page away without end; the GPU gets on beside it. */
static void neighbour_hammered(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(3), i;
	struct hammer h = { .page = (char *)(mem + WORDS) };
	pthread_t thread;

	igt_assert_eq(pthread_create(&thread, NULL, hammer, &h), 0);
	for (i = 0; i < 32; i++) {
		int ret = svm_launch(gpu, SVM_KERNEL_STORE32, 1, 2,
				     .base = svm_addr(mem),
				     .stride = 2 * PAGE, .value = i);

		if (!ret && mem[0] == i && mem[2 * WORDS] == i + 1) {
			madvise(mem, PAGE, MADV_DONTNEED);
			continue;
		}
		h.stop = true;
		pthread_join(thread, NULL);
		igt_assert_f(false, "round %u: %d\n", i, ret);
	}
	h.stop = true;
	pthread_join(thread, NULL);
	igt_assert(h.rounds > 0);
	svm_unmap(mem, 3 * PAGE);
	svm_client_close(gpu);
}

/* The hammered page itself is what the GPU writes. */
static void page_hammered(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1), i;
	struct hammer h = { .page = (char *)mem };
	pthread_t thread;
	int ret = 0;

	igt_assert_eq(pthread_create(&thread, NULL, hammer, &h), 0);
	for (i = 0; i < 32 && !ret; i++)
		ret = svm_launch(gpu, SVM_KERNEL_STORE32, 1, 32,
				 .base = svm_addr(mem), .stride = 4);
	h.stop = true;
	pthread_join(thread, NULL);
	igt_assert_eq(ret, 0);
	svm_gpu_write(gpu, mem, 5);
	igt_assert_eq_u32(*mem, 5);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

struct pager {
	int fd;
	int served;
	volatile bool stop;
};

/* Gives each missing page as one filled with 0x5a. */
static void *pager(void *data)
{
	static char page[PAGE];
	struct pager *p = data;

	memset(page, 0x5a, PAGE);
	while (!p->stop) {
		struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
		struct uffdio_copy fill = { .src = svm_addr(page),
					    .len = PAGE };
		struct uffd_msg msg;

		if (poll(&pfd, 1, 50) <= 0 ||
		    read(p->fd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		fill.dst = msg.arg.pagefault.address & ~(PAGE - 1ull);
		if (!ioctl(p->fd, UFFDIO_COPY, &fill))
			p->served++;
	}
	return NULL;
}

static void userfault(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	uint32_t *mem, value = 0;
	struct pager p = {};
	struct svm_gpu *gpu;
	pthread_t thread;
	int ret;

	p.fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	igt_require_f(p.fd >= 0, "no userfaultfd\n");
	igt_require(!ioctl(p.fd, UFFDIO_API, &api));
	gpu = svm_client();
	mem = svm_pages(4);
	reg.range.start = svm_addr(mem);
	reg.range.len = 4 * PAGE;
	igt_assert_eq(ioctl(p.fd, UFFDIO_REGISTER, &reg), 0);
	igt_assert_eq(pthread_create(&thread, NULL, pager, &p), 0);
	ret = svm_launch(gpu, SVM_KERNEL_LOAD32, 1, 1,
			 .base = svm_addr(mem + WORDS),
			 .out = svm_addr(&value));
	p.stop = true;
	pthread_join(thread, NULL);
	close(p.fd);
	igt_assert_eq(ret, 0);
	igt_assert_eq_u32(*(volatile uint32_t *)&value, 0x5a5a5a5a);
	igt_assert_eq(p.served, 1);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_memory_tests[] = {
	{ "malloc", "A small heap block", malloc_small },
	{ "malloc-large", "3 MiB of heap", malloc_large },
	{ "malloc-reuse", "Heap freed and allocated again", malloc_reuse },
	{ "malloc-unaligned", "Heap at an odd place, over page borders",
	  malloc_unaligned },
	{ "stack", "A local array", stack },
	{ "stack-deep", "Pages of the stack that the CPU never touched",
	  stack_deep },
	{ "globals", "Data, bss and constants of the program", globals },
	{ "global-const-write", "A write to a constant is fatal",
	  global_const_write },
	{ "file-mapping-read", "A private mapping of a file is read",
	  file_read },
	{ "file-mapping-private", "A private mapping of a file is written",
	  file_private },
	{ "file-mapping-shared", "A shared mapping of a file", file_shared },
	{ "file-mapping-read-only", "Shared, read-only: a write is fatal",
	  file_read_only_shared },
	{ "file-mapping-beyond-end", "Where a CPU gets SIGBUS",
	  file_beyond_end },
	{ "file-mapping-truncate", "The file loses the page",
	  file_truncate },
	{ "shared-mapping", "Two mappings of one memfd", shared_mapping },
	{ "atomic-shared", "Atomics on shared memory are refused",
	  atomic_shared },
	{ "atomic-file", "Atomics on a file are refused", atomic_file },
	{ "atomic-thp", "Atomics on a huge page", atomic_thp },
	{ "thp", "Two transparent huge pages", thp },
	{ "thp-untouched", "A huge page that the GPU touches first",
	  thp_untouched },
	{ "thp-split", "munmap() of one page of a huge one", thp_split },
	{ "thp-mprotect", "mprotect() of one page of a huge one",
	  thp_mprotect },
	{ "hugetlb", "A page of hugetlbfs", hugetlb },
	{ "munmap-then-access", "An access after munmap() is fatal",
	  munmap_then_access },
	{ "munmap-then-map", "New memory at the old address",
	  munmap_then_map },
	{ "munmap-middle", "munmap() of some pages in the middle",
	  munmap_middle },
	{ "mprotect-read-only", "A write after mprotect() is fatal",
	  mprotect_read_only },
	{ "mprotect-none", "A read after mprotect(PROT_NONE) is fatal",
	  mprotect_none },
	{ "mprotect-and-back", "Rights taken and given back",
	  mprotect_and_back },
	{ "mremap-move", "Memory moved elsewhere", mremap_move },
	{ "mremap-old-address", "The old place is fatal",
	  mremap_old_address },
	{ "mremap-replaced", "Other memory at the old place",
	  mremap_replaced },
	{ "mremap-grow", "Memory grows, and may move", mremap_grow },
	{ "madvise-dontneed", "Pages thrown away read as zero",
	  madvise_dontneed },
	{ "madvise-free-write", "GPU writes after MADV_FREE survive reclaim",
	  madvise_free_write },
	{ "mlock", "Locked memory", locked },
	{ "neighbour-hammered", "The CPU zaps the page beside the GPU's",
	  neighbour_hammered },
	{ "page-hammered", "The CPU zaps the page that the GPU writes",
	  page_hammered },
	{ "userfaultfd-missing", "A user-space pager serves the GPU",
	  userfault },
	{}
};
