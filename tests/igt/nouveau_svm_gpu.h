/* SPDX-License-Identifier: MIT */
/*
 * A client of nouveau: device, SVM address space, channel, compute launches.
 * No IGT in here.  All functions return 0 or a negative errno.
 */
#ifndef NOUVEAU_SVM_GPU_H
#define NOUVEAU_SVM_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "nouveau_svm_kernels.h"

#define SVM_SLOTS	16
#define SVM_NODE_LEN	64

/*
 * A limit, in whatever unit.  A kernel that checks itself is several times as
 * slow; the files are those of kmemleak and KCSAN.
 */
static inline unsigned int svm_patience(unsigned int limit)
{
	if (access("/sys/kernel/debug/kmemleak", F_OK) &&
	    access("/sys/kernel/debug/kcsan", F_OK))
		return limit;
	return 8 * limit;
}

/* A GPU job that is slower than this has hung. */
#define SVM_JOB_MS	svm_patience(15000)

struct svm_gpu {
	int fd;
	struct nouveau_drm *drm;
	struct nouveau_device *device;
	struct nouveau_object *channel;
	struct nouveau_object *compute;
	struct nouveau_bo *bo;		/* push buffers, QMDs, code; in GART */
	struct nouveau_bo *tls;		/* local memory of the threads */
	void *hole;			/* the part of our addresses kept free */
	size_t hole_size;		/* for the driver's own buffers */
	unsigned int tpcs;
	unsigned int slot;
	uint32_t sequence;
	uint32_t slot_sequence[SVM_SLOTS];
	unsigned int regs[SVM_KERNEL_COUNT];
	bool sibling;			/* device and hole are another's */
	struct svm_gpu *next_open;	/* see svm_close_all() */
};

/* The render node of the first nouveau card. */
int svm_find_node(char node[SVM_NODE_LEN]);

/* The parts of svm_open(), for tests of the ioctls alone. */
int svm_open_device(struct svm_gpu *gpu, const char *node);
int svm_reserve_hole(struct svm_gpu *gpu);
int svm_ioctl_init(int fd, uint64_t addr, uint64_t size);
int svm_open_channel(struct svm_gpu *gpu);

/* Device, hole, SVM_INIT, channel, compute object, programs. */
int svm_open(struct svm_gpu *gpu, const char *node);
/* One more channel of @owner's address space; to be closed before it. */
int svm_open_sibling(struct svm_gpu *gpu, const struct svm_gpu *owner);
void svm_close(struct svm_gpu *gpu);
/* Closes what a failed test left open. */
void svm_close_all(void);
/* In a forked child: forgets the parent's clients without touching them. */
void svm_forget_all(void);

/*
 * Starts @blocks blocks of @block threads.  *job names it.  -ENODEV: the
 * channel was killed.
 */
int svm_submit(struct svm_gpu *gpu, enum svm_kernel kernel,
	       unsigned int blocks, unsigned int block,
	       const struct svm_args *args, uint32_t *job);
/* -ETIMEDOUT, or -ENODEV when the channel was killed before the end. */
int svm_wait(struct svm_gpu *gpu, uint32_t job, unsigned int ms);
/* Both, within SVM_JOB_MS. */
int svm_run(struct svm_gpu *gpu, enum svm_kernel kernel, unsigned int blocks,
	    unsigned int block, const struct svm_args *args);

enum svm_side {
	SVM_IN_VRAM,
	SVM_IN_SYSTEM,
};

/*
 * SVM_BIND: moves the pages.  *moved, which may be NULL, says how many moved,
 * also when there is an error.
 */
int svm_bind(struct svm_gpu *gpu, enum svm_side side, const void *addr,
	     size_t len, uint64_t *moved);
/* To VRAM; *migrated is left alone when there is an error. */
int svm_migrate(struct svm_gpu *gpu, const void *addr, size_t len,
		uint64_t *migrated);

#endif
