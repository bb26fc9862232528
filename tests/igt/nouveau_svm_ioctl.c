// SPDX-License-Identifier: MIT
/* DRM_NOUVEAU_SVM_INIT and DRM_NOUVEAU_SVM_BIND: arguments and results. */
#include <sys/mman.h>
#include <xf86drm.h>

#include <nouveau_drm.h>
#include <nouveau/nouveau.h>

#include "nouveau_svm_test.h"

#define VA_BITS		49	/* of GP100's page tables */
#define MIGRATE_TO_VRAM							\
	((uint64_t)NOUVEAU_SVM_BIND_COMMAND__MIGRATE <<			\
	 NOUVEAU_SVM_BIND_COMMAND_SHIFT |				\
	 (uint64_t)NOUVEAU_SVM_BIND_TARGET__GPU_VRAM <<			\
	 NOUVEAU_SVM_BIND_TARGET_SHIFT)

static struct svm_gpu *device_only(void)
{
	struct svm_gpu *gpu = malloc(sizeof(*gpu));

	igt_assert(gpu);
	igt_assert_eq(svm_open_device(gpu, svm_node), 0);
	igt_assert_eq(svm_reserve_hole(gpu), 0);
	return gpu;
}

static int init_good(struct svm_gpu *gpu)
{
	return svm_ioctl_init(gpu->fd, svm_addr(gpu->hole), gpu->hole_size);
}

static void init(void)
{
	struct svm_gpu *gpu = device_only();

	igt_assert_eq(init_good(gpu), 0);
	svm_client_close(gpu);
}

static void init_and_work(void)
{
	svm_next_client_works();
}

static void double_init(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(1);

	igt_assert_eq(init_good(gpu), -EBUSY);
	/* The first one stands. */
	svm_gpu_write(gpu, mem, 7);
	igt_assert_eq_u32(*mem, 7);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

/* A refused SVM_INIT leaves the client as it was. */
static void init_refused(uint64_t addr, uint64_t size)
{
	struct svm_gpu *gpu = device_only();
	uint32_t *mem = svm_pages(1);

	igt_assert_eq(svm_ioctl_init(gpu->fd, addr, size), -EINVAL);
	igt_assert_eq(init_good(gpu), 0);
	igt_assert_eq(svm_open_channel(gpu), 0);
	svm_gpu_write(gpu, mem, 7);
	igt_assert_eq_u32(*mem, 7);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

static void init_unaligned_address(void)
{
	init_refused((1ull << 32) + 0x123, 1ull << 28);
}

static void init_unaligned_size(void)
{
	init_refused(1ull << 32, (1ull << 28) + 0x123);
}

static void init_overflow(void)
{
	init_refused(~0ull << 12, 1ull << 28);
}

static void init_beyond_va(void)
{
	init_refused(1ull << VA_BITS, 1ull << 28);
}

static void init_ends_beyond_va(void)
{
	init_refused((1ull << VA_BITS) - 0x1000, 0x2000);
}

/* There is then no room for a channel; all must fail in good order. */
static void init_zero_size(void)
{
	struct svm_gpu *gpu = device_only();
	int ret = svm_ioctl_init(gpu->fd, svm_addr(gpu->hole), 0);

	igt_assert(ret == 0 || ret == -EINVAL);
	if (!ret)
		igt_assert(svm_open_channel(gpu) < 0);
	svm_client_close(gpu);
	svm_next_client_works();
}

static int bind(struct svm_gpu *gpu, struct drm_nouveau_svm_bind *args)
{
	return drmCommandWriteRead(gpu->fd, DRM_NOUVEAU_SVM_BIND, args,
				   sizeof(*args));
}

static struct drm_nouveau_svm_bind good_args(const void *mem, size_t pages)
{
	return (struct drm_nouveau_svm_bind) {
		.header = MIGRATE_TO_VRAM,
		.va_start = svm_addr(mem),
		.va_end = svm_addr(mem) + pages * PAGE,
	};
}

static void bind_before_init(void)
{
	struct svm_gpu *gpu = device_only();
	uint32_t *mem = svm_pages(1);
	struct drm_nouveau_svm_bind args = good_args(mem, 1);

	igt_assert_eq(bind(gpu, &args), -EINVAL);
	svm_unmap(mem, PAGE);
	svm_client_close(gpu);
}

/* @spoil changes good arguments for the worse; nothing must have moved. */
static void bind_refused(void (*spoil)(struct drm_nouveau_svm_bind *args))
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(2);
	struct drm_nouveau_svm_bind args = good_args(mem, 2);

	svm_fill(mem, 2, 1);
	spoil(&args);
	igt_assert_eq(bind(gpu, &args), -EINVAL);
	igt_assert(svm_place(mem) == SVM_PRESENT);
	igt_assert(svm_place(mem + WORDS) == SVM_PRESENT);
	svm_check_filled(mem, 2, 1);
	svm_unmap(mem, 2 * PAGE);
	svm_client_close(gpu);
}

#define BIND_REFUSED(name, ...)						\
	static void spoil_##name(struct drm_nouveau_svm_bind *args)	\
	{								\
		__VA_ARGS__;						\
	}								\
	static void bind_##name(void)					\
	{								\
		bind_refused(spoil_##name);				\
	}

BIND_REFUSED(reserved0, args->reserved0 = 1)
BIND_REFUSED(reserved1, args->reserved1 = 1ull << 63)
BIND_REFUSED(unknown_command, args->header |= 1)
BIND_REFUSED(last_command, args->header |= NOUVEAU_SVM_BIND_COMMAND_MASK)
BIND_REFUSED(header_bit_48, args->header |= 1ull << 48)
BIND_REFUSED(header_bit_63, args->header |= 1ull << 63)
BIND_REFUSED(target_unknown, args->header |=
	     1ull << NOUVEAU_SVM_BIND_TARGET_SHIFT)
BIND_REFUSED(stride, args->stride = 1)
BIND_REFUSED(empty_range, args->va_end = args->va_start)
BIND_REFUSED(inverted_range, args->va_end = args->va_start - PAGE)
BIND_REFUSED(end_wraps, args->va_end = ~0ull)
BIND_REFUSED(end_zero, args->va_end = 0)

/* System memory; that is where the pages are. */
static void bind_target_zero(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(2);
	struct drm_nouveau_svm_bind args = good_args(mem, 2);

	svm_fill(mem, 2, 1);
	args.header = 0;
	args.result = 5;
	igt_assert_eq(bind(gpu, &args), 0);
	igt_assert_eq_u64(args.result, 0);
	igt_assert(svm_place(mem) == SVM_PRESENT);
	svm_check_filled(mem, 2, 1);
	svm_unmap(mem, 2 * PAGE);
	svm_client_close(gpu);
}

/* Fields without a meaning for this command are let through. */
static void bind_accepted(uint64_t header, uint64_t npages, uint64_t result)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(2);
	struct drm_nouveau_svm_bind args = good_args(mem, 2);

	svm_fill(mem, 2, 1);
	args.header |= header;
	args.npages = npages;
	args.result = result;
	igt_assert_eq(bind(gpu, &args), 0);
	/* An output: what was there before is gone. */
	igt_assert(args.result <= 2);
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	svm_check_filled(mem, 2, 1);
	svm_unmap(mem, 2 * PAGE);
	svm_client_close(gpu);
}

static void bind_priority(void)
{
	bind_accepted(0xffull << NOUVEAU_SVM_BIND_PRIORITY_SHIFT, 0, 0);
}

static void bind_npages(void)
{
	bind_accepted(0, 12345, 0);
}

static void bind_result_in(void)
{
	bind_accepted(0, 0, ~0ull);
}

/* The documented result: the number of pages that moved. */
static void bind_result(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(8);
	uint64_t migrated = 0;

	svm_fill(mem, 8, 1);
	igt_assert_eq(svm_migrate(gpu, mem, 8 * PAGE, &migrated), 0);
	igt_assert_eq_u64(migrated, 8);
	svm_unmap(mem, 8 * PAGE);
	svm_client_close(gpu);
}

/* Nothing is mapped there: an error, or at least no page counted. */
static void bind_unmapped(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);
	uint64_t migrated = ~0ull;
	int ret;

	svm_unmap(mem, 4 * PAGE);
	ret = svm_migrate(gpu, mem, 4 * PAGE, &migrated);
	igt_assert(ret < 0 || migrated == 0);
	svm_client_close(gpu);
	svm_next_client_works();
}

#define SPREAD	(1ull << 40)

/* A terabyte, with a page of ours at each end and nothing between. */
static void bind_terabyte(void)
{
	struct svm_gpu *gpu = svm_client();
	char *start = mmap(NULL, SPREAD, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint32_t *first = (uint32_t *)start;
	uint32_t *last = (uint32_t *)(start + SPREAD - PAGE);

	igt_assert(start != MAP_FAILED);
	svm_unmap(start + PAGE, SPREAD - 2 * PAGE);
	svm_fill(first, 1, 1);
	svm_fill(last, 1, 9);
	svm_migrate(gpu, start, SPREAD, NULL);
	igt_assert_eq_u32(svm_gpu_read(gpu, first), 1);
	igt_assert_eq_u32(svm_gpu_read(gpu, last), 9);
	svm_check_filled(first, 1, 1);
	svm_check_filled(last, 1, 9);
	svm_unmap(start, SPREAD);
	svm_client_close(gpu);
}

static void bind_repeated(void)
{
	struct svm_gpu *gpu = svm_client();
	uint32_t *mem = svm_pages(4);
	int i;

	svm_fill(mem, 4, 1);
	for (i = 0; i < 8; i++)
		igt_assert_eq(svm_migrate(gpu, mem, 4 * PAGE, NULL), 0);
	igt_assert(svm_place(mem) == SVM_ELSEWHERE);
	svm_check_filled(mem, 4, 1);
	svm_unmap(mem, 4 * PAGE);
	svm_client_close(gpu);
}

const struct svm_test svm_ioctl_tests[] = {
	{ "init", "SVM_INIT succeeds on a fresh client", init },
	{ "init-and-work", "A client with SVM can use plain memory",
	  init_and_work },
	{ "double-init", "A second SVM_INIT is refused with EBUSY",
	  double_init },
	{ "init-unaligned-address", "Unmanaged area off page alignment",
	  init_unaligned_address },
	{ "init-unaligned-size", "Unmanaged area of half a page more",
	  init_unaligned_size },
	{ "init-overflow", "Unmanaged area wraps around 2^64",
	  init_overflow },
	{ "init-beyond-va", "Unmanaged area starts where the GPU's VA ends",
	  init_beyond_va },
	{ "init-ends-beyond-va", "Unmanaged area ends behind the GPU's VA",
	  init_ends_beyond_va },
	{ "init-zero-size", "Empty unmanaged area", init_zero_size },
	{ "bind-before-init", "SVM_BIND without SVM_INIT",
	  bind_before_init },
	{ "bind-reserved0", "SVM_BIND: reserved0 set", bind_reserved0 },
	{ "bind-reserved1", "SVM_BIND: reserved1 set", bind_reserved1 },
	{ "bind-unknown-command", "SVM_BIND: command 1",
	  bind_unknown_command },
	{ "bind-last-command", "SVM_BIND: command 255", bind_last_command },
	{ "bind-header-bit-48", "SVM_BIND: first unknown header bit",
	  bind_header_bit_48 },
	{ "bind-header-bit-63", "SVM_BIND: last unknown header bit",
	  bind_header_bit_63 },
	{ "bind-target-zero", "SVM_BIND: system memory", bind_target_zero },
	{ "bind-target-unknown", "SVM_BIND: VRAM and something else",
	  bind_target_unknown },
	{ "bind-stride", "SVM_BIND: stride set", bind_stride },
	{ "bind-empty-range", "SVM_BIND: start equals end",
	  bind_empty_range },
	{ "bind-inverted-range", "SVM_BIND: end before start",
	  bind_inverted_range },
	{ "bind-end-wraps", "SVM_BIND: end wraps when rounded up",
	  bind_end_wraps },
	{ "bind-end-zero", "SVM_BIND: end is 0", bind_end_zero },
	{ "bind-priority", "SVM_BIND: any priority is accepted",
	  bind_priority },
	{ "bind-npages", "SVM_BIND: npages is not looked at", bind_npages },
	{ "bind-result-in", "SVM_BIND: result is only an output",
	  bind_result_in },
	{ "bind-result", "SVM_BIND: result counts the pages that moved",
	  bind_result },
	{ "bind-unmapped", "SVM_BIND of a range without mappings",
	  bind_unmapped },
	{ "bind-terabyte", "SVM_BIND of a terabyte that is all but empty",
	  bind_terabyte },
	{ "bind-repeated", "SVM_BIND of pages already in VRAM",
	  bind_repeated },
	{}
};
