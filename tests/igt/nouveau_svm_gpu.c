// SPDX-License-Identifier: MIT
/*
 * Method and QMD layouts: NVIDIA open-gpu-doc, classes/compute/clc1c0.h and
 * clc1c0qmd.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#include <nouveau_drm.h>
#include <nouveau/nouveau.h>
#include <nouveau/nvif/class.h>
#include <nouveau/nvif/cl0080.h>

#include "nouveau_svm_gpu.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE	0x100000
#endif

#define PASCAL_COMPUTE_A	0xc0c0	/* GP100, GP10B */
#define PASCAL_COMPUTE_B	0xc1c0

/* Of the GART buffer: slots, then programs. */
#define SLOT_SIZE		0x400
#define SLOT_QMD		0x000	/* 256 bytes, 256-aligned */
#define SLOT_ARGS		0x100	/* constant bank 0, 256-aligned */
#define SLOT_PUSH		0x200
#define SLOT_SEMAPHORE		0x3f0
#define ARGS_SIZE		0x100
#define INIT_PUSH		(SVM_SLOTS * SLOT_SIZE)
#define INIT_PUSH_SIZE		0x1000
#define CODE_OFFSET		0x8000
#define KERNEL_SIZE		0x800
#define BO_SIZE			(CODE_OFFSET + SVM_KERNEL_COUNT * KERNEL_SIZE + \
				 0x1000)	/* the fetch runs ahead */

/* Local memory: bytes a TPC, as Mesa sizes it for all warps of one. */
#define TLS_PER_TPC		0x408000
#define TLS_ALIGN		0x20000

/* Windows of shared and local memory in 64-bit addresses' first 4 GiB. */
#define SHARED_WINDOW		0xfe000000
#define LOCAL_WINDOW		0xff000000

#define SUBC_COMPUTE		1

enum {
	SET_OBJECT = 0x0000,
	WAIT_FOR_IDLE = 0x0110,
	SET_SHADER_SHARED_MEMORY_WINDOW = 0x0214,
	INVALIDATE_SHADER_CACHES = 0x021c,
	SET_CWD_REF_COUNTER = 0x0248,
	SEND_PCAS_A = 0x02b4,
	SEND_SIGNALING_PCAS_B = 0x02bc,
	SET_SHADER_LOCAL_MEMORY_NON_THROTTLED_A = 0x02e4,
	SET_SHADER_LOCAL_MEMORY_THROTTLED_A = 0x02f0,
	SET_SPA_VERSION = 0x0310,
	SET_SHADER_LOCAL_MEMORY_WINDOW = 0x077c,
	SET_SHADER_LOCAL_MEMORY_A = 0x0790,
	SET_PROGRAM_REGION_A = 0x1608,
	SET_REPORT_SEMAPHORE_A = 0x1b00,
};

#define INVALIDATE_ALL		0x1011	/* instructions, data, constants */
#define PCAS_INVALIDATE_SCHEDULE 0x3
#define SEMAPHORE_RELEASE_WORD	0x10000000
#define SPA_VERSION		0x400	/* what Mesa sets for all since GK110 */

static struct svm_gpu *open_list;

struct push {
	uint32_t *cur;
	uint32_t *end;
};

static void push_data(struct push *push, uint32_t data)
{
	if (push->cur < push->end)
		*push->cur++ = data;
}

/* Incrementing methods; clc06f.h, DMA_INCR. */
static void push_method(struct push *push, uint32_t method, uint32_t count)
{
	push_data(push, 0x20000000 | count << 16 | SUBC_COMPUTE << 13 |
		  method >> 2);
}

static void push_1(struct push *push, uint32_t method, uint32_t data)
{
	push_method(push, method, 1);
	push_data(push, data);
}

static void push_address(struct push *push, uint32_t method, uint64_t addr)
{
	push_method(push, method, 2);
	push_data(push, addr >> 32);
	push_data(push, addr);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ull + ts.tv_nsec / 1000000;
}

int svm_find_node(char node[SVM_NODE_LEN])
{
	int minor;

	for (minor = 128; minor < 128 + 16; minor++) {
		drmVersionPtr version;
		bool found;
		int fd;

		snprintf(node, SVM_NODE_LEN, "/dev/dri/renderD%d", minor);
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, "nouveau");
		drmFreeVersion(version);
		close(fd);
		if (found)
			return 0;
	}
	return -ENODEV;
}

int svm_open_device(struct svm_gpu *gpu, const char *node)
{
	struct nv_device_v0 args = { .device = ~0ull };
	int ret;

	memset(gpu, 0, sizeof(*gpu));
	gpu->fd = open(node, O_RDWR | O_CLOEXEC);
	if (gpu->fd < 0)
		return -errno;
	gpu->next_open = open_list;
	open_list = gpu;

	ret = nouveau_drm_new(gpu->fd, &gpu->drm);
	if (!ret)
		ret = nouveau_device_new(&gpu->drm->client, NV_DEVICE, &args,
					 sizeof(args), &gpu->device);
	if (ret)
		svm_close(gpu);
	return ret;
}

/* As Mesa does: the first free spot at a multiple of the VRAM's size. */
int svm_reserve_hole(struct svm_gpu *gpu)
{
	uint64_t size = 1ull << 27, addr;

	while (size < gpu->device->vram_size && size < 1ull << 38)
		size <<= 1;
	for (addr = size; addr < 1ull << 40; addr += size) {
		void *hole = mmap((void *)addr, size, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				  MAP_FIXED_NOREPLACE, -1, 0);

		if (hole == MAP_FAILED)
			continue;
		if (hole != (void *)addr) {
			munmap(hole, size);
			continue;
		}
		/* The windows hide what lies below them. */
		if (addr <= LOCAL_WINDOW && addr + size > SHARED_WINDOW) {
			munmap(hole, size);
			continue;
		}
		gpu->hole = hole;
		gpu->hole_size = size;
		return 0;
	}
	return -ENOMEM;
}

int svm_ioctl_init(int fd, uint64_t addr, uint64_t size)
{
	struct drm_nouveau_svm_init args = {
		.unmanaged_addr = addr,
		.unmanaged_size = size,
	};

	return drmCommandWrite(fd, DRM_NOUVEAU_SVM_INIT, &args, sizeof(args));
}

/* GEM_PUSHBUF of @len bytes at @offset of our buffer; none: asks for life. */
static int submit(struct svm_gpu *gpu, uint32_t offset, uint32_t len)
{
	struct nvc0_fifo *fifo = gpu->channel->data;
	struct drm_nouveau_gem_pushbuf_bo bos[2] = {
		{
			.handle = gpu->bo->handle,
			.read_domains = NOUVEAU_GEM_DOMAIN_GART,
			.write_domains = NOUVEAU_GEM_DOMAIN_GART,
			.valid_domains = NOUVEAU_GEM_DOMAIN_GART,
		}, {
			.handle = gpu->tls->handle,
			.read_domains = NOUVEAU_GEM_DOMAIN_VRAM,
			.write_domains = NOUVEAU_GEM_DOMAIN_VRAM,
			.valid_domains = NOUVEAU_GEM_DOMAIN_VRAM,
		},
	};
	struct drm_nouveau_gem_pushbuf_push push = {
		.bo_index = 0,
		.offset = offset,
		.length = len,
	};
	struct drm_nouveau_gem_pushbuf req = {
		.channel = fifo->base.channel,
		.nr_buffers = len ? 2 : 0,
		.buffers = (uintptr_t)bos,
		.nr_push = len ? 1 : 0,
		.push = (uintptr_t)&push,
	};

	/* What is in the buffers is visible before the doorbell rings. */
	__sync_synchronize();
	return drmCommandWriteRead(gpu->fd, DRM_NOUVEAU_GEM_PUSHBUF, &req,
				   sizeof(req));
}

static volatile uint32_t *semaphore(struct svm_gpu *gpu, unsigned int slot)
{
	return (uint32_t *)((char *)gpu->bo->map + slot * SLOT_SIZE +
			    SLOT_SEMAPHORE);
}

static int init_compute(struct svm_gpu *gpu)
{
	uint32_t *start = (uint32_t *)((char *)gpu->bo->map + INIT_PUSH);
	struct push push = { start, start + INIT_PUSH_SIZE / 4 };
	unsigned int i;

	push_1(&push, SET_OBJECT, gpu->compute->oclass);
	push_address(&push, SET_SHADER_LOCAL_MEMORY_A, gpu->tls->offset);
	for (i = 0; i < 2; i++) {
		push_method(&push,
			    i ? SET_SHADER_LOCAL_MEMORY_THROTTLED_A :
			    SET_SHADER_LOCAL_MEMORY_NON_THROTTLED_A, 3);
		push_data(&push, 0);
		push_data(&push, TLS_PER_TPC);
		push_data(&push, 0xff);
	}
	push_1(&push, SET_SHADER_LOCAL_MEMORY_WINDOW, LOCAL_WINDOW);
	push_1(&push, SET_SHADER_SHARED_MEMORY_WINDOW, SHARED_WINDOW);
	push_address(&push, SET_PROGRAM_REGION_A,
		     gpu->bo->offset + CODE_OFFSET);
	push_1(&push, SET_SPA_VERSION, SPA_VERSION);
	for (i = 0; i < 64; i++)
		push_1(&push, SET_CWD_REF_COUNTER, 0x38000 | i);
	push_1(&push, WAIT_FOR_IDLE, 0);
	return submit(gpu, INIT_PUSH, (push.cur - start) * 4);
}

static int build_kernels(struct svm_gpu *gpu)
{
	char *code = (char *)gpu->bo->map + CODE_OFFSET;
	int i;

	for (i = 0; i < SVM_KERNEL_COUNT; i++) {
		if (!svm_kernel_build(i, code + i * KERNEL_SIZE, KERNEL_SIZE,
				      &gpu->regs[i]))
			return -EILSEQ;
	}
	return 0;
}

int svm_open_channel(struct svm_gpu *gpu)
{
	struct nvc0_fifo fifo = {};
	uint32_t class = gpu->device->chipset == 0x130 ||
			 gpu->device->chipset == 0x13b ?
			 PASCAL_COMPUTE_A : PASCAL_COMPUTE_B;
	uint64_t units, tls_size;
	int ret;

	ret = nouveau_object_new(&gpu->device->object, 0,
				 NOUVEAU_FIFO_CHANNEL_CLASS, &fifo,
				 sizeof(fifo), &gpu->channel);
	if (!ret)
		ret = nouveau_object_new(gpu->channel, 0xbeef0000 | class,
					 class, NULL, 0, &gpu->compute);
	/* Known once there is an object of the graphics engine. */
	if (!ret)
		ret = nouveau_getparam(gpu->device,
				       NOUVEAU_GETPARAM_GRAPH_UNITS, &units);
	if (ret)
		return ret;
	/* GPCs in bits 7:0, TPCs above. */
	gpu->tpcs = units >> 8 & 0xffff;
	tls_size = (uint64_t)TLS_PER_TPC * (gpu->tpcs ? gpu->tpcs : 1);

	ret = nouveau_bo_new(gpu->device, NOUVEAU_BO_GART |
				     NOUVEAU_BO_MAP | NOUVEAU_BO_COHERENT,
				     0x1000, BO_SIZE, NULL, &gpu->bo);
	if (!ret)
		ret = nouveau_bo_map(gpu->bo, 0, NULL);
	if (!ret)
		ret = nouveau_bo_new(gpu->device, NOUVEAU_BO_VRAM, TLS_ALIGN,
				     (tls_size + TLS_ALIGN - 1) &
				     ~(uint64_t)(TLS_ALIGN - 1), NULL,
				     &gpu->tls);
	if (ret)
		return ret;

	memset(gpu->bo->map, 0, BO_SIZE);
	ret = build_kernels(gpu);
	return ret ? ret : init_compute(gpu);
}

int svm_open(struct svm_gpu *gpu, const char *node)
{
	int ret = svm_open_device(gpu, node);

	if (ret)
		return ret;
	ret = svm_reserve_hole(gpu);
	if (!ret)
		ret = svm_ioctl_init(gpu->fd, (uintptr_t)gpu->hole,
				     gpu->hole_size);
	if (!ret)
		ret = svm_open_channel(gpu);
	if (ret)
		svm_close(gpu);
	return ret;
}

int svm_open_sibling(struct svm_gpu *gpu, const struct svm_gpu *owner)
{
	int ret;

	memset(gpu, 0, sizeof(*gpu));
	gpu->sibling = true;
	gpu->fd = owner->fd;
	gpu->drm = owner->drm;
	gpu->device = owner->device;
	gpu->next_open = open_list;
	open_list = gpu;

	ret = svm_open_channel(gpu);
	if (ret)
		svm_close(gpu);
	return ret;
}

/*
 * The channel first: it ends its work, and its objects go with it.  Were the
 * compute object taken from it before, the work would never end.  libdrm can
 * forget objects only from the leaves up.
 */
static void close_channel(struct svm_gpu *gpu)
{
	if (gpu->channel) {
		struct nvc0_fifo *fifo = gpu->channel->data;
		struct drm_nouveau_channel_free args = {
			.channel = fifo->base.channel,
		};

		drmCommandWrite(gpu->fd, DRM_NOUVEAU_CHANNEL_FREE, &args,
				sizeof(args));
	}
	nouveau_object_del(&gpu->compute);
	nouveau_object_del(&gpu->channel);
}

void svm_close(struct svm_gpu *gpu)
{
	struct svm_gpu **link;

	for (link = &open_list; *link && *link != gpu;)
		link = &(*link)->next_open;
	if (!*link)
		return;
	*link = gpu->next_open;

	close_channel(gpu);
	nouveau_bo_ref(NULL, &gpu->bo);
	nouveau_bo_ref(NULL, &gpu->tls);
	if (!gpu->sibling) {
		nouveau_device_del(&gpu->device);
		nouveau_drm_del(&gpu->drm);
		close(gpu->fd);
	}
	if (gpu->hole)
		munmap(gpu->hole, gpu->hole_size);
	memset(gpu, 0, sizeof(*gpu));
}

void svm_close_all(void)
{
	while (open_list)
		svm_close(open_list);
}

void svm_forget_all(void)
{
	open_list = NULL;
}

/* Sets bits @hi:@lo of a QMD. */
static void qmd_set(uint32_t *qmd, unsigned int hi, unsigned int lo,
		    uint32_t val)
{
	unsigned int width = hi - lo + 1, shift = lo % 32;
	uint32_t mask = width == 32 ? ~0u : (1u << width) - 1;

	qmd[lo / 32] &= ~(mask << shift);
	qmd[lo / 32] |= (val & mask) << shift;
}

/* The version fields stay 0, as in Mesa. */
static void fill_qmd(struct svm_gpu *gpu, uint32_t *qmd,
		     enum svm_kernel kernel, unsigned int blocks,
		     unsigned int block, uint64_t args)
{
	memset(qmd, 0, 256);
	qmd_set(qmd, 134, 134, 1);	/* SM_GLOBAL_CACHING_ENABLE */
	qmd_set(qmd, 287, 256, kernel * KERNEL_SIZE);	/* PROGRAM_OFFSET */
	qmd_set(qmd, 366, 366, 1);	/* RELEASE_MEMBAR_TYPE: FE_SYSMEMBAR */
	qmd_set(qmd, 369, 368, 1);	/* CWD_MEMBAR_TYPE: L1_SYSMEMBAR */
	qmd_set(qmd, 378, 378, 1);	/* API_VISIBLE_CALL_LIMIT: NO_CHECK */
	qmd_set(qmd, 415, 384, blocks);	/* CTA_RASTER_WIDTH */
	qmd_set(qmd, 431, 416, 1);	/* CTA_RASTER_HEIGHT */
	qmd_set(qmd, 463, 448, 1);	/* CTA_RASTER_DEPTH */
	qmd_set(qmd, 607, 592, block);	/* CTA_THREAD_DIMENSION0 */
	qmd_set(qmd, 623, 608, 1);
	qmd_set(qmd, 639, 624, 1);
	qmd_set(qmd, 640, 640, 1);	/* CONSTANT_BUFFER_VALID(0) */
	qmd_set(qmd, 959, 955, 1);	/* BARRIER_COUNT */
	qmd_set(qmd, 991, 984, gpu->regs[kernel]);	/* REGISTER_COUNT */
	qmd_set(qmd, 1015, 992, 0x800);	/* SHADER_LOCAL_MEMORY_CRS_SIZE */
	qmd_set(qmd, 1055, 1024, args);	/* CONSTANT_BUFFER_ADDR(0) */
	qmd_set(qmd, 1072, 1056, args >> 32);
	qmd_set(qmd, 1087, 1075, ARGS_SIZE >> 4);
}

int svm_submit(struct svm_gpu *gpu, enum svm_kernel kernel,
	       unsigned int blocks, unsigned int block,
	       const struct svm_args *args, uint32_t *job)
{
	unsigned int slot = gpu->slot, offset = slot * SLOT_SIZE;
	uint64_t addr = gpu->bo->offset + offset;
	char *map = (char *)gpu->bo->map + offset;
	uint32_t *start = (uint32_t *)(map + SLOT_PUSH);
	struct push push = { start, (uint32_t *)(map + SLOT_SEMAPHORE) };
	struct svm_args filled = *args;
	int ret;

	if (args->stride > 0xffff || !blocks || !block ||
	    block > 1024 || (uint64_t)blocks * block > 0x10000)
		return -EINVAL;

	/* The slot's last job still reads its QMD and arguments. */
	if (gpu->slot_sequence[slot]) {
		ret = svm_wait(gpu, gpu->slot_sequence[slot], SVM_JOB_MS);
		if (ret)
			return ret;
	}

	if (!filled.count)
		filled.count = 1;
	filled.block = block;
	filled.threads = blocks * block;
	memcpy(map + SLOT_ARGS, &filled, sizeof(filled));
	fill_qmd(gpu, (uint32_t *)(map + SLOT_QMD), kernel, blocks, block,
		 addr + SLOT_ARGS);

	/* 0 is "never used". */
	if (!++gpu->sequence)
		gpu->sequence = SVM_SLOTS;
	push_1(&push, INVALIDATE_SHADER_CACHES, INVALIDATE_ALL);
	push_1(&push, SEND_PCAS_A, (addr + SLOT_QMD) >> 8);
	push_1(&push, SEND_SIGNALING_PCAS_B, PCAS_INVALIDATE_SCHEDULE);
	push_1(&push, WAIT_FOR_IDLE, 0);
	push_method(&push, SET_REPORT_SEMAPHORE_A, 4);
	push_data(&push, (addr + SLOT_SEMAPHORE) >> 32);
	push_data(&push, addr + SLOT_SEMAPHORE);
	push_data(&push, gpu->sequence);
	push_data(&push, SEMAPHORE_RELEASE_WORD);

	ret = submit(gpu, offset + SLOT_PUSH, (push.cur - start) * 4);
	if (ret)
		return ret;
	gpu->slot_sequence[slot] = gpu->sequence;
	gpu->slot = (slot + 1) % SVM_SLOTS;
	*job = gpu->sequence;
	return 0;
}

int svm_wait(struct svm_gpu *gpu, uint32_t job, unsigned int ms)
{
	uint64_t end = now_ms() + ms, next_look = 0;
	unsigned int slot, spins = 0;

	for (slot = 0; slot < SVM_SLOTS; slot++) {
		if (gpu->slot_sequence[slot] == job)
			break;
	}
	if (slot == SVM_SLOTS)
		return -EINVAL;

	while (*semaphore(gpu, slot) != job) {
		struct timespec nap = { .tv_nsec = 50000 };
		uint64_t now = now_ms();

		if (now >= next_look) {
			int ret = submit(gpu, 0, 0);

			/* The end may have come just before the kill. */
			if (ret)
				return *semaphore(gpu, slot) == job ? 0 : ret;
			next_look = now + 50;
		}
		if (now >= end)
			return -ETIMEDOUT;
		if (spins++ < 16)
			sched_yield();
		else
			nanosleep(&nap, NULL);
	}
	__sync_synchronize();
	return 0;
}

int svm_run(struct svm_gpu *gpu, enum svm_kernel kernel, unsigned int blocks,
	    unsigned int block, const struct svm_args *args)
{
	uint32_t job;
	int ret = svm_submit(gpu, kernel, blocks, block, args, &job);

	return ret ? ret : svm_wait(gpu, job, SVM_JOB_MS);
}

int svm_bind(struct svm_gpu *gpu, enum svm_side side, const void *addr,
	     size_t len, uint64_t *moved)
{
	/* No target at all is system memory. */
	static const uint64_t targets[] = {
		[SVM_IN_VRAM] = NOUVEAU_SVM_BIND_TARGET__GPU_VRAM,
		[SVM_IN_SYSTEM] = 0,
	};
	struct drm_nouveau_svm_bind args = {
		.header = (uint64_t)NOUVEAU_SVM_BIND_COMMAND__MIGRATE <<
			  NOUVEAU_SVM_BIND_COMMAND_SHIFT |
			  targets[side] << NOUVEAU_SVM_BIND_TARGET_SHIFT,
		.va_start = (uintptr_t)addr,
		.va_end = (uintptr_t)addr + len,
	};
	int ret = drmCommandWriteRead(gpu->fd, DRM_NOUVEAU_SVM_BIND, &args,
				      sizeof(args));

	if (moved)
		*moved = args.result;
	return ret;
}

int svm_migrate(struct svm_gpu *gpu, const void *addr, size_t len,
		uint64_t *migrated)
{
	uint64_t moved;
	int ret = svm_bind(gpu, SVM_IN_VRAM, addr, len, &moved);

	if (!ret && migrated)
		*migrated = moved;
	return ret;
}
