// SPDX-License-Identifier: MIT
/*
 * Failures at each point where there can be one.  What is asked for works or
 * is refused in good order; nothing that was there is lost.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "nouveau_svm_audit.h"
#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

/* More allocations than any of these calls makes. */
#define MOST	400

/* For allocations as for all else, -ENOMEM is the one excuse. */
static void init(void)
{
	unsigned int n;

	svm_require_fail_nth();
	for (n = 1; n < MOST; n++) {
		struct svm_gpu *gpu = malloc(sizeof(*gpu));
		bool failed;
		int ret;

		igt_assert(gpu);
		igt_assert_eq(svm_open_device(gpu, svm_node), 0);
		igt_assert_eq(svm_reserve_hole(gpu), 0);
		svm_fail_nth(n);
		ret = svm_ioctl_init(gpu->fd, svm_addr(gpu->hole),
				     gpu->hole_size);
		failed = svm_fail_stop();
		if (ret) {
			igt_assert(failed);
			igt_assert_eq(ret, -ENOMEM);
			/* Nothing of it has stayed: now it works. */
			igt_assert_eq(svm_ioctl_init(gpu->fd,
						     svm_addr(gpu->hole),
						     gpu->hole_size), 0);
		}
		svm_close(gpu);
		free(gpu);
		if (!failed)
			break;
	}
	igt_info("%u allocations\n", n - 1);
	igt_assert(n > 1 && n < MOST);
	svm_next_client_works();
}

static void bind(void)
{
	const size_t pages = 8;
	struct svm_gpu *gpu;
	unsigned int n;

	svm_require_fail_nth();
	gpu = svm_client();
	for (n = 1; n < MOST; n++) {
		uint32_t *mem = svm_pages(pages);
		bool failed;
		int ret;

		svm_fill(mem, pages, n);
		svm_fail_nth(n);
		ret = svm_migrate(gpu, mem, pages * PAGE, NULL);
		failed = svm_fail_stop();
		if (ret) {
			igt_assert(failed);
			igt_assert(ret == -ENOMEM || ret == -ENOSPC);
		}
		svm_gpu_check_pages(gpu, mem, pages, n, WORDS);
		svm_gpu_write_pages(gpu, mem, pages, n + 1);
		svm_check_pages(mem, pages, n + 1);
		igt_assert_eq_u32(mem[pages * WORDS - 1],
				  n + pages * WORDS - 1);
		svm_unmap(mem, pages * PAGE);
		if (!failed)
			break;
	}
	igt_info("%u allocations\n", n - 1);
	igt_assert(n > 1 && n < MOST);
	svm_client_close(gpu);
}

/* To take a page away from the GPU must need no memory. */
static void invalidate(void)
{
	const size_t pages = 16;
	struct svm_gpu *gpu;
	unsigned int n;

	svm_require_fail_nth();
	gpu = svm_client();
	for (n = 1; n < MOST; n++) {
		uint32_t *mem = svm_pages(pages), *middle = mem + 7 * WORDS;
		bool failed;
		int ret;

		svm_gpu_write_pages(gpu, mem, pages, 100);
		svm_fail_nth(n);
		ret = madvise(middle, PAGE, MADV_DONTNEED);
		failed = svm_fail_stop();
		if (!ret)
			igt_assert_eq_u32(svm_gpu_read(gpu, middle), 0);
		igt_assert_eq_u32(svm_gpu_read(gpu, middle - WORDS), 106);
		igt_assert_eq_u32(svm_gpu_read(gpu, middle + WORDS), 108);
		svm_unmap(mem, pages * PAGE);
		if (!failed)
			break;
	}
	igt_info("%u allocations\n", n - 1);
	igt_assert(n < MOST);
	svm_client_close(gpu);
}

static sigjmp_buf no_page;

static void bus_error(int sig)
{
	(void)sig;
	siglongjmp(no_page, 1);
}

/* The CPU reads a word; false: it got SIGBUS. */
static bool cpu_read(const volatile uint32_t *addr, uint32_t *value)
{
	struct sigaction act = { .sa_handler = bus_error }, old;
	volatile bool ok = false;

	sigaction(SIGBUS, &act, &old);
	if (!sigsetjmp(no_page, 1)) {
		*value = *addr;
		ok = true;
	}
	sigaction(SIGBUS, &old, NULL);
	return ok;
}

/* The way home from VRAM.  A CPU that does not get its page tries again. */
static void cpu_touch(void)
{
	struct svm_gpu *gpu;
	unsigned int n;

	svm_require_fail_nth();
	gpu = svm_client();
	for (n = 1; n < MOST; n++) {
		uint32_t *mem = svm_pages(1), value = 0;
		bool failed, read;

		svm_fill(mem, 1, n);
		igt_assert_eq(svm_migrate(gpu, mem, PAGE, NULL), 0);
		igt_assert(svm_place(mem) == SVM_ELSEWHERE);
		svm_fail_nth(n);
		read = cpu_read(mem, &value);
		failed = svm_fail_stop();
		igt_assert(read);
		igt_assert_eq_u32(value, n);
		svm_check_filled(mem, 1, n);
		svm_unmap(mem, PAGE);
		if (!failed)
			break;
	}
	igt_info("%u allocations\n", n - 1);
	igt_assert(n > 1 && n < MOST);
	svm_client_close(gpu);
}

/* Those who serve faults get no memory, time and again: it takes longer. */
static void service(void)
{
	const size_t pages = 256;
	const unsigned int times = 60;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(pages), round, left = times;

	svm_fail_nouveau(30, times);
	for (round = 1; round <= 64 && left == times; round++) {
		igt_assert_eq(madvise(mem, pages * PAGE, MADV_DONTNEED), 0);
		svm_gpu_write_pages(gpu, mem, pages, round);
		svm_check_pages(mem, pages, round);
		left = svm_fail_left();
	}
	igt_info("%u allocations failed\n", times - left);
	igt_assert(left < times);
	svm_unmap(mem, pages * PAGE);
	svm_client_close(gpu);
}

/* One of the driver's own points, each time or @percent of the times. */
static void inject(const char *point, unsigned int percent)
{
	char file[64], text[16];

	snprintf(file, sizeof(file), "svm_inject/%s/verbose", point);
	igt_require_f(!svm_debugfs_write(file, "0"),
		      "the driver injects no failures\n");
	snprintf(file, sizeof(file), "svm_inject/%s/times", point);
	igt_assert_eq(svm_debugfs_write(file, "-1"), 0);
	snprintf(file, sizeof(file), "svm_inject/%s/probability", point);
	snprintf(text, sizeof(text), "%u", percent);
	igt_assert_eq(svm_debugfs_write(file, text), 0);
}

void svm_inject_stop(void)
{
	static const char * const point[] = {
		"collide", "trylock", "copy", "fence", "vram",
	};
	unsigned int i;

	for (i = 0; i < sizeof(point) / sizeof(*point); i++) {
		char file[64];

		snprintf(file, sizeof(file), "svm_inject/%s/probability",
			 point[i]);
		svm_debugfs_write(file, "0");
	}
}

/* What cannot be copied stays where it is, and is not lost. */
static void copy_fails(const char *point)
{
	const size_t n = 16;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n), value = 0;
	uint64_t migrated = ~0ull;

	svm_fill(mem, n, 1);
	inject(point, 100);
	svm_migrate(gpu, mem, n * PAGE, &migrated);
	inject(point, 0);
	svm_check_filled(mem, n, 1);

	igt_assert_eq(svm_migrate(gpu, mem, n * PAGE, NULL), 0);
	svm_gpu_write_pages(gpu, mem, n, 500);
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	inject(point, 100);
	igt_assert(!cpu_read(mem, &value) || value == 500);
	inject(point, 0);
	svm_check_pages(mem, n, 500);
	igt_assert_eq_u32(mem[n * WORDS - 1], n * WORDS);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

static void copy(void)
{
	copy_fails("copy");
}

static void fence(void)
{
	copy_fails("fence");
}

static void vram(void)
{
	const size_t n = 16;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);
	int ret;

	svm_fill(mem, n, 1);
	inject("vram", 100);
	ret = svm_migrate(gpu, mem, n * PAGE, NULL);
	inject("vram", 0);
	igt_assert(ret == 0 || ret == -ENOSPC);
	svm_gpu_check_pages(gpu, mem, n, 1, WORDS);
	igt_assert_eq(svm_migrate(gpu, mem, n * PAGE, NULL), 0);
	svm_check_filled(mem, n, 1);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

/* A mapper collides with nobody: it may take longer, nothing else. */
static void collide(void)
{
	const size_t n = 256;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n);

	inject("collide", 70);
	svm_gpu_write_pages(gpu, mem, n, 1);
	svm_gpu_check_pages(gpu, mem, n, 1, 1);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 64,
				 .base = svm_addr(mem), .stride = PAGE,
				 .value = 3), 0);
	inject("collide", 0);
	svm_check_pages(mem, 64, 4);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_inject_tests[] = {
	{ "inject-init", "SVM_INIT, each allocation fails once", init },
	{ "inject-bind", "SVM_BIND, each allocation fails once", bind },
	{ "inject-invalidate", "MADV_DONTNEED without memory", invalidate },
	{ "inject-cpu-touch", "The CPU's fault on VRAM without memory",
	  cpu_touch },
	{ "inject-service", "Faults are served without memory", service },
	{ "inject-copy", "Copies from and to VRAM are refused", copy },
	{ "inject-fence", "Copies from and to VRAM end badly", fence },
	{ "inject-vram", "There is no VRAM", vram },
	{ "inject-collide", "Mappers collide with nobody", collide },
	{}
};
