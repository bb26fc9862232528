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

/*
 * Fillers of VRAM: memory is moved there until what the driver has taken for
 * migrated memory is full, so that the next page needs more of it.
 */
struct filler {
	uint32_t *mem;
	size_t used;		/* pages */
};

#define FILLER_PAGES	(256u << 8)
#define CHUNK_PAGES	(HUGE / PAGE)
/* So few that there is always VRAM for one more. */
#define FILLER_CHUNKS	12

static void filler_init(struct filler *f)
{
	/* What others left goes first. */
	igt_assert(svm_wait_until(svm_counter("chunks_live") <= 0, 5000));
	f->mem = svm_pages(FILLER_PAGES);
	f->used = 0;
}

/* All is given back. */
static void filler_fini(struct filler *f)
{
	svm_unmap(f->mem, FILLER_PAGES * PAGE);
	igt_assert(svm_wait_until(svm_counter("chunks_live") <= 0, 5000));
}

static void filler_fill(struct filler *f, struct svm_gpu *gpu)
{
	long chunks = svm_counter("chunks_live");
	size_t room;

	if (chunks < 0)
		return;
	if (chunks > FILLER_CHUNKS || f->used > FILLER_PAGES / 2) {
		filler_fini(f);
		filler_init(f);
		chunks = 0;
	}
	room = chunks * CHUNK_PAGES - svm_counter("vram_pages_live");
	if (!room)
		return;
	igt_assert(f->used + room <= FILLER_PAGES);
	f->mem[f->used * WORDS] = f->used;
	igt_assert_eq(svm_migrate(gpu, f->mem + f->used * WORDS, room * PAGE,
				  NULL), 0);
	f->used += room;
}

/* Each time with new VRAM, where the driver says how much it has. */
static void bind(void)
{
	const size_t pages = 8;
	unsigned int n, without = 0;
	struct svm_gpu *gpu;
	struct filler f;
	uint64_t used;
	bool counts;

	svm_require_fail_nth();
	/* The core mm warns when there is no memory for struct pages. */
	svm_fail_not_in("add_pages");
	counts = svm_debugfs_present();
	gpu = svm_client();
	filler_init(&f);
	used = svm_vram_used(gpu);
	for (n = 1; n < MOST; n++) {
		uint32_t *mem = svm_pages(pages);
		long created;
		bool failed;
		int ret;

		filler_fill(&f, gpu);
		svm_fill(mem, pages, n);
		created = svm_counter("chunks_created");
		svm_fail_nth(n);
		ret = svm_migrate(gpu, mem, pages * PAGE, NULL);
		failed = svm_fail_stop();
		without += svm_counter("chunks_created") == created;
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
	filler_fini(&f);
	igt_info("%u allocations, %u for more VRAM\n", n - 1, without);
	igt_assert(n > 1 && n < MOST);
	/* One that failed of another sort does not count. */
	igt_assert(!counts || without >= 4);
	/* Its page tables may stay. */
	igt_assert(svm_wait_until(svm_vram_used(gpu) < used + HUGE, 5000));
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

	svm_require_fail_nouveau(SVM_ALLOC_SLAB);
	svm_fail_nouveau(SVM_ALLOC_SLAB, 0, 30, times);
	for (round = 1; round <= 64 && left == times; round++) {
		igt_assert_eq(madvise(mem, pages * PAGE, MADV_DONTNEED), 0);
		svm_gpu_write_pages(gpu, mem, pages, round);
		svm_check_pages(mem, pages, round);
		left = svm_fail_left(SVM_ALLOC_SLAB);
	}
	igt_info("%u allocations failed\n", times - left);
	igt_assert(left < times);
	svm_unmap(mem, pages * PAGE);
	svm_client_close(gpu);
}

/* What one page directory of the GPU, and some nodes of any tree, cover. */
#define REACH	(512ull << 20)
#define REACHES	256u

/*
 * A fault where the client was never before, so that all that its service needs
 * has to be made; and all that the process needs, unless the CPU has been there.
 * @step is the least that an allocation asks for.
 */
static void each_of_a_service(enum svm_alloc what, unsigned int step, bool fill)
{
	const size_t len = (REACHES + 1) * REACH;
	unsigned int failed = 0, round;
	struct svm_gpu *gpu;
	bool last = false;
	uint32_t *mem;
	char *space;

	svm_require_fail_nouveau(what);
	gpu = svm_client();
	space = mmap(NULL, len, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	igt_assert(space != MAP_FAILED);
	madvise(space, len, MADV_NOHUGEPAGE);
	mem = (uint32_t *)(space + -(uintptr_t)space % REACH);
	for (round = 0; round < REACHES && !last; round++) {
		uint32_t *block = mem + round * (REACH / 4);

		if (fill)
			svm_fill(block, 3, round);
		svm_fail_nouveau(what, round * step, 100, 1);
		svm_gpu_write(gpu, block + WORDS, 5 * round);
		last = svm_fail_left(what);
		svm_fail_nouveau(what, 0, 0, 0);
		failed += !last;
		svm_check_mirror();
		svm_gpu_check_pages(gpu, block + 2 * WORDS, 1,
				    fill ? round + 2 * WORDS : 0, 0);
		igt_assert_eq_u32(block[WORDS], 5 * round);
		igt_assert_eq_u32(block[WORDS + 1],
				  fill ? round + WORDS + 1 : 0);
		igt_assert_eq(madvise(block, 3 * PAGE, MADV_DONTNEED), 0);
		igt_assert_eq_u32(svm_gpu_read(gpu, block + WORDS), 0);
	}
	igt_info("%u times an allocation failed\n", failed);
	igt_assert(failed && last);
	svm_unmap(space, len);
	svm_client_close(gpu);
}

static void service_slab(void)
{
	each_of_a_service(SVM_ALLOC_SLAB, 32, true);
}

static void service_pages(void)
{
	each_of_a_service(SVM_ALLOC_PAGES, 1, false);
}

/* What cannot be copied stays where it is, and is not lost. */
static void copy_fails(const char *point)
{
	const size_t n = 16;
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(n), value = 0;
	uint64_t migrated = ~0ull;

	svm_fill(mem, n, 1);
	svm_inject(point, 100);
	svm_migrate(gpu, mem, n * PAGE, &migrated);
	svm_inject(point, 0);
	svm_check_filled(mem, n, 1);

	igt_assert_eq(svm_migrate(gpu, mem, n * PAGE, NULL), 0);
	svm_gpu_write_pages(gpu, mem, n, 500);
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	svm_inject(point, 100);
	igt_assert(!cpu_read(mem, &value) || value == 500);
	svm_inject(point, 0);
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
	svm_inject("vram", 100);
	ret = svm_migrate(gpu, mem, n * PAGE, NULL);
	svm_inject("vram", 0);
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

	svm_inject("collide", 70);
	svm_gpu_write_pages(gpu, mem, n, 1);
	svm_gpu_check_pages(gpu, mem, n, 1, 1);
	igt_assert_eq(svm_launch(gpu, SVM_KERNEL_RED_ADD, 1, 64,
				 .base = svm_addr(mem), .stride = PAGE,
				 .value = 3), 0);
	svm_inject("collide", 0);
	svm_check_pages(mem, 64, 4);
	svm_unmap(mem, n * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_inject_tests[] = {
	{ "inject-init", "SVM_INIT, each allocation fails once", init },
	{ "inject-bind", "SVM_BIND to new VRAM, each allocation fails once",
	  bind },
	{ "inject-invalidate", "MADV_DONTNEED without memory", invalidate },
	{ "inject-cpu-touch", "The CPU's fault on VRAM without memory",
	  cpu_touch },
	{ "inject-service", "Faults are served without memory", service },
	{ "inject-service-slab", "A fault, each allocation of objects fails once",
	  service_slab },
	{ "inject-service-pages", "A fault, each allocation of pages fails once",
	  service_pages },
	{ "inject-copy", "Copies from and to VRAM are refused", copy },
	{ "inject-fence", "Copies from and to VRAM end badly", fence },
	{ "inject-vram", "There is no VRAM", vram },
	{ "inject-collide", "Mappers collide with nobody", collide },
	{}
};
