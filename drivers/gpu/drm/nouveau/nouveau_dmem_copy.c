// SPDX-License-Identifier: GPL-2.0
/*
 * The copy engine, for pages that move to VRAM and back.
 */
#include "nouveau_dmem_copy.h"

#include <linux/dma-mapping.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include <nvif/class.h>
#include <nvif/fifo.h>
#include <nvif/push906f.h>

#include <nvhw/class/cla0b5.h>

#include "nouveau_chan.h"
#include "nouveau_dma.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"
#include "nouveau_fence.h"
#include "nouveau_svm.h"

/**
 * DOC: copies of device-private memory
 *
 * A job is a set of pages, each with the page that it is to be copied to; a
 * destination in VRAM without a source is cleared. All go to the engine together,
 * with one fence at the end. Entries that lie one behind the other on both sides
 * are one mapping for DMA and one copy: a run.
 *
 * The channel is our own. TTM's may stand at a semaphore for a job of user space,
 * and that job may wait for a page fault of the GPU, whose service waits for the
 * mmap lock that the migration is under.
 *
 * A copy whose fence does not come within the time that nouveau grants any fence
 * may still be going on. What it writes to, and its DMA mappings, are then kept
 * until the channel is gone, and the channel is not used again.
 */

/* Most words that one run takes. */
#define COPY_RUN_WORDS	11

/* For so many runs at once room is asked for in the push buffer. */
#define COPY_RUNS		16

/*
 * Jobs
 */

/**
 * nouveau_dmem_job_new - make a job
 * @nr: number of entries
 * @to_vram: the direction
 *
 * Return: the job, all of its entries empty, or NULL.
 */
struct nouveau_dmem_job *nouveau_dmem_job_new(unsigned int nr, bool to_vram)
{
	size_t zeroed = nr * (sizeof(struct page *) + 2 * sizeof(unsigned long));
	struct nouveau_dmem_job *job;

	job = kvmalloc(struct_size(job, runs, nr) + zeroed, GFP_KERNEL);
	if (!job)
		return NULL;

	*job = (struct nouveau_dmem_job) {
		.nr = nr,
		.to_vram = to_vram,
	};
	refcount_set(&job->refs, 1);
	job->pages = (struct page **)(job->runs + nr);
	job->src = (unsigned long *)(job->pages + nr);
	job->dst = job->src + nr;
	memset(job->pages, 0, zeroed);
	return job;
}

/**
 * nouveau_dmem_job_free - the caller is done with a job
 * @job: the job
 */
void nouveau_dmem_job_free(struct nouveau_dmem_job *job)
{
	if (!refcount_dec_and_test(&job->refs))
		return;
	nouveau_fence_unref(&job->fence);
	kvfree(job);
}

static enum dma_data_direction copy_dir(const struct nouveau_dmem_job *job)
{
	return job->to_vram ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

/* Give an entry up: its source will stay. */
static void copy_drop(struct nouveau_dmem_job *job, unsigned int i)
{
	struct page *page = migrate_pfn_to_page(job->dst[i]);

	unlock_page(page);
	put_page(page);
	job->dst[i] = 0;
	job->failed++;
}

/* The entries of the pages in system memory. */
static const unsigned long *copy_system(const struct nouveau_dmem_job *job)
{
	return job->to_vram ? job->src : job->dst;
}

static const unsigned long *copy_vram(const struct nouveau_dmem_job *job)
{
	return job->to_vram ? job->dst : job->src;
}

/* 0 for an entry without a page. */
static unsigned long copy_pfn(unsigned long entry)
{
	return entry >> MIGRATE_PFN_SHIFT;
}

/* How many entries from @i on, which has a destination, make a run? */
static unsigned int copy_extent(const struct nouveau_dmem_job *job,
				unsigned int i, unsigned int most)
{
	const unsigned long *system = copy_system(job) + i;
	const unsigned long *vram = copy_vram(job) + i;
	const unsigned long at = copy_pfn(*vram);
	const unsigned long from = copy_pfn(*system), step = !!from;
	unsigned int n;

	/* Chunks that follow each other here do not in VRAM. */
	most = min3(most, job->nr - i, (unsigned int)
		    (NOUVEAU_DMEM_CHUNK_PAGES - at % NOUVEAU_DMEM_CHUNK_PAGES));
	for (n = 1; n < most; n++)
		if (copy_pfn(vram[n]) != at + n ||
		    copy_pfn(system[n]) != from + n * step)
			break;
	return n;
}

/* Sets the runs up. Returns how many pages there are to copy, or -EIO. */
static int copy_map(struct device *dev, struct nouveau_dmem_job *job)
{
	size_t most = min_t(size_t, dma_max_mapping_size(dev) >> PAGE_SHIFT,
			    NOUVEAU_DMEM_CHUNK_PAGES);
	unsigned int i, pages = 0;

	most = max_t(size_t, most, 1);
	for (i = 0; i < job->nr; ) {
		struct nouveau_dmem_run *run = &job->runs[job->nr_runs];
		unsigned long system, vram;

		if (!job->dst[i]) {
			i++;
			continue;
		}
		system = copy_pfn(copy_system(job)[i]);
		vram = copy_pfn(copy_vram(job)[i]);
		run->nr = copy_extent(job, i, most);
		run->vram = nouveau_dmem_page_addr(pfn_to_page(vram));
		if (!run->vram)
			return -EIO;
		run->dma = DMA_MAPPING_ERROR;
		if (system) {
			run->dma = dma_map_page(dev, pfn_to_page(system), 0,
						(size_t)run->nr << PAGE_SHIFT,
						copy_dir(job));
			if (dma_mapping_error(dev, run->dma)) {
				/* Perhaps there is room for single pages. */
				if (run->nr > 1)
					most = 1;
				else
					copy_drop(job, i++);
				continue;
			}
		}
		pages += run->nr;
		i += run->nr;
		job->nr_runs++;
	}
	return pages;
}

static void copy_unmap(struct device *dev, struct nouveau_dmem_job *job)
{
	unsigned int i;

	for (i = 0; i < job->nr_runs; i++) {
		const struct nouveau_dmem_run *run = &job->runs[i];

		if (run->dma != DMA_MAPPING_ERROR)
			dma_unmap_page(dev, run->dma,
				       (size_t)run->nr << PAGE_SHIFT,
				       copy_dir(job));
	}
	job->nr_runs = 0;
}

/*
 * The push buffer
 */

/* One line, of bytes or of elements, in order behind what was pushed before. */
#define COPY_LAUNCH							\
	(NVDEF(NVA0B5, LAUNCH_DMA, DATA_TRANSFER_TYPE, NON_PIPELINED) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, FLUSH_ENABLE, TRUE) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, SEMAPHORE_TYPE, NONE) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, INTERRUPT_TYPE, NONE) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, SRC_MEMORY_LAYOUT, PITCH) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, DST_MEMORY_LAYOUT, PITCH) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, MULTI_LINE_ENABLE, FALSE) | \
	 NVDEF(NVA0B5, LAUNCH_DMA, BYPASS_L2, USE_PTE_SETTING))

static void copy_push_copy(struct nvif_push *push,
			   const struct nouveau_dmem_run *run, bool to_vram)
{
	const u64 src = to_vram ? run->dma : run->vram;
	const u64 dst = to_vram ? run->vram : run->dma;

	/* No NVVAL(): it would cut to what the class's first generation has. */
	PUSH_MTHD(push, NVA0B5, OFFSET_IN_UPPER, upper_32_bits(src),
		  OFFSET_IN_LOWER, lower_32_bits(src),
		  OFFSET_OUT_UPPER, upper_32_bits(dst),
		  OFFSET_OUT_LOWER, lower_32_bits(dst));
	PUSH_MTHD(push, NVA0B5, LINE_LENGTH_IN, run->nr << PAGE_SHIFT);
	PUSH_MTHD(push, NVA0B5, LAUNCH_DMA, COPY_LAUNCH |
		  NVDEF(NVA0B5, LAUNCH_DMA, REMAP_ENABLE, FALSE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, SRC_TYPE, PHYSICAL) |
		  NVDEF(NVA0B5, LAUNCH_DMA, DST_TYPE, PHYSICAL));
}

/* With remapping a line counts elements: two components of four bytes each. */
static void copy_push_clear(struct nvif_push *push,
			    const struct nouveau_dmem_run *run)
{
	PUSH_MTHD(push, NVA0B5, SET_REMAP_CONST_A, 0,
		  SET_REMAP_CONST_B, 0,
		  SET_REMAP_COMPONENTS,
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, DST_X, CONST_A) |
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, DST_Y, CONST_B) |
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, COMPONENT_SIZE, FOUR) |
		  NVDEF(NVA0B5, SET_REMAP_COMPONENTS, NUM_DST_COMPONENTS, TWO));
	PUSH_MTHD(push, NVA0B5, OFFSET_OUT_UPPER, upper_32_bits(run->vram),
		  OFFSET_OUT_LOWER, lower_32_bits(run->vram));
	PUSH_MTHD(push, NVA0B5, LINE_LENGTH_IN, (run->nr << PAGE_SHIFT) / 8);
	PUSH_MTHD(push, NVA0B5, LAUNCH_DMA, COPY_LAUNCH |
		  NVDEF(NVA0B5, LAUNCH_DMA, REMAP_ENABLE, TRUE) |
		  NVDEF(NVA0B5, LAUNCH_DMA, DST_TYPE, PHYSICAL));
}

static int copy_push_direction(struct nvif_push *push, bool to_vram)
{
	int ret = PUSH_WAIT(push, 2);

	if (ret)
		return ret;

	if (to_vram) {
		PUSH_IMMD(push, NVA0B5, SET_SRC_PHYS_MODE,
			  NVDEF(NVA0B5, SET_SRC_PHYS_MODE, TARGET, COHERENT_SYSMEM));
		PUSH_IMMD(push, NVA0B5, SET_DST_PHYS_MODE,
			  NVDEF(NVA0B5, SET_DST_PHYS_MODE, TARGET, LOCAL_FB));
	} else {
		PUSH_IMMD(push, NVA0B5, SET_SRC_PHYS_MODE,
			  NVDEF(NVA0B5, SET_SRC_PHYS_MODE, TARGET, LOCAL_FB));
		PUSH_IMMD(push, NVA0B5, SET_DST_PHYS_MODE,
			  NVDEF(NVA0B5, SET_DST_PHYS_MODE, TARGET, COHERENT_SYSMEM));
	}
	return 0;
}

static int copy_push(struct nvif_push *push, const struct nouveau_dmem_job *job)
{
	unsigned int i;
	int ret;

	ret = copy_push_direction(push, job->to_vram);
	if (ret)
		return ret;

	for (i = 0; i < job->nr_runs; i++) {
		const struct nouveau_dmem_run *run = &job->runs[i];

		if (i % COPY_RUNS == 0) {
			ret = PUSH_WAIT(push, COPY_RUN_WORDS *
					min(job->nr_runs - i, COPY_RUNS));
			if (ret)
				return ret;
		}
		if (run->dma == DMA_MAPPING_ERROR)
			copy_push_clear(push, run);
		else
			copy_push_copy(push, run, job->to_vram);
	}
	return 0;
}

/*
 * Whatever was pushed since the engine was last told is for nobody: if it were
 * left there, the next job would execute it.
 */
static void copy_rewind(struct nouveau_channel *chan)
{
	struct nvif_push *push = &chan->chan.push;

	WIND_RING(chan);
	push->bgn = (u32 __force *)push->mem.object.map.ptr + chan->dma.cur;
	push->cur = push->bgn;
	push->end = push->bgn;
}

/*
 * The engine
 */

/* Keep what the engine may still write to, and use it no more. */
static void copy_park(struct nouveau_dmem_copy *copy,
		      struct nouveau_dmem_job *job)
{
	unsigned int i;

	lockdep_assert_held(&copy->lock);
	for (i = 0; i < job->nr; i++)
		if (job->dst[i])
			get_page(migrate_pfn_to_page(job->dst[i]));
	job->parked = true;
	refcount_inc(&job->refs);
	list_add(&job->head, &copy->stuck);
	copy->hung = true;
	NV_ERROR(copy->drm, "dmem: the copy engine does not answer\n");
}

static int copy_submit(struct nouveau_dmem_copy *copy,
		       struct nouveau_dmem_job *job)
{
	struct nouveau_channel *chan = copy->chan;
	struct nouveau_fence *fence;
	int put, ret;

	ret = nouveau_fence_create(&fence, chan);
	if (ret)
		return ret;

	mutex_lock(&copy->lock);
	put = chan->dma.put;
	if (copy->hung || atomic_read(&chan->killed))
		ret = -ENODEV;
	else
		ret = copy_push(&chan->chan.push, job);
	if (ret) {
		kfree(fence);
	} else {
		ret = nouveau_fence_emit(fence);
		if (ret)
			nouveau_fence_unref(&fence);
		else
			job->fence = fence;
	}

	if (ret) {
		copy_rewind(chan);
		/* Part of it is on its way; a killed channel is off the engine. */
		if (put != chan->dma.put && !atomic_read(&chan->killed))
			copy_park(copy, job);
	}
	mutex_unlock(&copy->lock);
	return ret;
}

static int copy_wait(struct nouveau_dmem_copy *copy,
		     struct nouveau_dmem_job *job)
{
	nouveau_fence_wait(job->fence, true, false);
	if (!nouveau_fence_done(job->fence)) {
		mutex_lock(&copy->lock);
		copy_park(copy, job);
		mutex_unlock(&copy->lock);
		return -ETIMEDOUT;
	}
	return min(dma_fence_get_status(&job->fence->base), 0);
}

/**
 * nouveau_dmem_copy - copy all entries of a job that have a destination
 * @copy: the copy engine
 * @job: the job; entries without a DMA mapping lose their destination
 *
 * Waits until it is done, or has failed. On an error the caller gives all
 * destinations up; those that may yet be written to are not reused.
 *
 * Context: Sleeps, for what a fence may take. Allocates. Not with a lock that a
 * CPU fault or a notifier takes.
 * Return: 0; -ENOMEM or -EIO: what the destinations hold is not known.
 */
int nouveau_dmem_copy(struct nouveau_dmem_copy *copy,
		      struct nouveau_dmem_job *job)
{
	struct nouveau_drm *drm = copy->drm;
	struct device *dev = drm->dev->dev;
	int n, ret = -EIO;

	down_read(&copy->gone);
	if (!copy->chan ||
	    nouveau_svm_should_fail(drm->svm, NOUVEAU_SVM_INJECT_COPY))
		goto out;

	n = copy_map(dev, job);
	if (n > 0)
		ret = copy_submit(copy, job);
	else
		ret = n ?: -ENOMEM;
	if (!ret) {
		nouveau_svm_count(drm->svm, NOUVEAU_SVM_COPY_JOBS, 1);
		nouveau_svm_count(drm->svm, NOUVEAU_SVM_COPY_BYTES,
				  (s64)n << PAGE_SHIFT);
		ret = copy_wait(copy, job);
	}
	if (!ret && nouveau_svm_should_fail(drm->svm, NOUVEAU_SVM_INJECT_FENCE))
		ret = -EIO;
	if (!job->parked)
		copy_unmap(dev, job);
out:
	up_read(&copy->gone);
	return !ret || ret == -ENOMEM ? ret : -EIO;
}

/**
 * nouveau_dmem_copy_hung - may a copy be going on that nobody waits for?
 * @copy: the copy engine
 *
 * Return: true if pages are kept until nouveau_dmem_copy_fini().
 */
bool nouveau_dmem_copy_hung(struct nouveau_dmem_copy *copy)
{
	bool hung;

	mutex_lock(&copy->lock);
	hung = copy->hung;
	mutex_unlock(&copy->lock);
	return hung;
}

/**
 * nouveau_dmem_copy_init - get a channel for copies
 * @copy: the copy engine, zeroed
 * @drm: the device
 *
 * Return: 0, or a negative errno: there is no engine that copies by physical
 * addresses, or no channel.
 */
int nouveau_dmem_copy_init(struct nouveau_dmem_copy *copy,
			   struct nouveau_drm *drm)
{
	u32 oclass = drm->ttm.copy.oclass;
	struct nvif_push *push;
	u64 runm;
	int ret;

	copy->drm = drm;
	init_rwsem(&copy->gone);
	mutex_init(&copy->lock);
	INIT_LIST_HEAD(&copy->stuck);

	switch (oclass) {
	case PASCAL_DMA_COPY_A:
	case PASCAL_DMA_COPY_B:
	case VOLTA_DMA_COPY_A:
	case TURING_DMA_COPY_A:
		break;
	default:
		return -ENODEV;
	}

	runm = nvif_fifo_runlist_ce(&drm->client.device);
	if (!runm)
		return -ENODEV;

	ret = nouveau_channel_new(&drm->client, true, runm, 0, 0, &copy->chan);
	if (ret)
		return ret;

	ret = nvif_object_ctor(&copy->chan->user, "dmemCopy", oclass, oclass,
			       NULL, 0, &copy->object);
	if (ret)
		goto err_chan;

	push = &copy->chan->chan.push;
	ret = PUSH_WAIT(push, 2);
	if (ret)
		goto err_object;
	PUSH_NVSQ(push, NVA0B5, 0x0000, copy->object.handle & 0x0000ffff);
	return 0;

err_object:
	nvif_object_dtor(&copy->object);
err_chan:
	nouveau_channel_del(&copy->chan);
	return ret;
}

/**
 * nouveau_dmem_copy_fini - give the channel back
 * @copy: the copy engine; after an earlier call nothing happens
 *
 * Nothing is copied any more when this returns, and what was kept because it
 * might be is free.
 */
void nouveau_dmem_copy_fini(struct nouveau_dmem_copy *copy)
{
	struct nouveau_dmem_job *job, *next;
	struct nouveau_channel *chan;
	unsigned int i;

	down_write(&copy->gone);
	chan = copy->chan;
	copy->chan = NULL;
	up_write(&copy->gone);
	if (!chan)
		return;

	nvif_object_dtor(&copy->object);
	nouveau_channel_del(&chan);

	list_for_each_entry_safe(job, next, &copy->stuck, head) {
		list_del(&job->head);
		copy_unmap(copy->drm->dev->dev, job);
		for (i = 0; i < job->nr; i++)
			if (job->dst[i])
				put_page(migrate_pfn_to_page(job->dst[i]));
		nouveau_dmem_job_free(job);
	}
}
