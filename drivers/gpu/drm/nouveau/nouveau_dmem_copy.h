/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __NOUVEAU_DMEM_COPY_H__
#define __NOUVEAU_DMEM_COPY_H__

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/types.h>

#include <nvif/object.h>

struct nouveau_channel;
struct nouveau_drm;
struct nouveau_fence;
struct page;

/**
 * struct nouveau_dmem_copy - the copy engine, for device-private memory
 * @drm: the device
 * @gone: for read: @chan stays
 * @lock: protects the push buffer of @chan, @hung and @stuck
 * @chan: the channel for copies; NULL before init and after fini
 * @object: the copy class on it
 * @hung: a fence of @chan did not come
 * @stuck: &nouveau_dmem_job.head, jobs whose end is not known
 */
struct nouveau_dmem_copy {
	struct nouveau_drm *drm;
	struct rw_semaphore gone;
	struct mutex lock;	/* see above */
	struct nouveau_channel *chan;
	struct nvif_object object;
	bool hung;
	struct list_head stuck;
};

/**
 * struct nouveau_dmem_run - entries that are contiguous on both sides
 * @dma: DMA address of the pages of system memory; %DMA_MAPPING_ERROR if there are
 *	none, and the pages in VRAM are cleared
 * @vram: address of the pages in VRAM
 * @nr: number of pages
 */
struct nouveau_dmem_run {
	dma_addr_t dma;
	u64 vram;
	unsigned int nr;
};

/**
 * struct nouveau_dmem_job - pages to move in one go
 * @head: in &nouveau_dmem_copy.stuck, if it is there
 * @refs: who made it, and that list
 * @fence: signalled when all is copied
 * @nr: number of entries
 * @to_vram: the direction
 * @parked: its end is not known: what it has is kept until the channel is gone
 * @failed: entries given up since no DMA mapping could be had
 * @src: migrate pfns of the sources; for migrate_vma_setup() and friends
 * @dst: migrate pfns of the destinations; an entry without is not moved
 * @pages: room for @nr pages, for who makes the job
 * @nr_runs: number of @runs that have, or had, a DMA mapping
 * @runs: what the engine copies, or did; room for @nr, and behind it for the
 *	arrays above
 */
struct nouveau_dmem_job {
	struct list_head head;
	refcount_t refs;
	struct nouveau_fence *fence;
	unsigned int nr;
	bool to_vram;
	bool parked;
	unsigned int failed;
	unsigned long *src;
	unsigned long *dst;
	struct page **pages;
	unsigned int nr_runs;
	struct nouveau_dmem_run runs[] __counted_by(nr);
};

struct nouveau_dmem_job *nouveau_dmem_job_new(unsigned int nr, bool to_vram);
void nouveau_dmem_job_free(struct nouveau_dmem_job *job);
int nouveau_dmem_copy(struct nouveau_dmem_copy *copy,
		      struct nouveau_dmem_job *job);
bool nouveau_dmem_copy_hung(struct nouveau_dmem_copy *copy);
int nouveau_dmem_copy_init(struct nouveau_dmem_copy *copy,
			   struct nouveau_drm *drm);
void nouveau_dmem_copy_fini(struct nouveau_dmem_copy *copy);

#endif
