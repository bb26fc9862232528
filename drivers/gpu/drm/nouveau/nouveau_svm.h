/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __NOUVEAU_SVM_H__
#define __NOUVEAU_SVM_H__

#include <linux/types.h>

struct dentry;
struct drm_device;
struct drm_file;
struct nouveau_drm;
struct nouveau_svmm;

#if IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM)

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/fault-inject.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <core/object.h>
#include <nvif/if000c.h>
#include <nvif/vmm.h>

/**
 * DOC: objects
 *
 * &struct nouveau_svm is the device's side: one for each card, with the
 * channels that fault, and the counters.
 *
 * &struct nouveau_svmm is an address space of a process that the GPU mirrors.
 * DRM_NOUVEAU_SVM_INIT makes it; the client's &struct nouveau_vmm owns it.
 *
 * &struct nouveau_svm_buffer mirrors one block of %NOUVEAU_SVM_BUFFER_SIZE
 * bytes, which is what one last-level page table of the GPU covers. Its bounds
 * are fixed: it follows no VMA, and is never split, merged or resized. It has
 * one persistent &struct mmu_range_notifier of exactly these bounds. It is made
 * by the first fault or prefetch in the block, and retired by a work item some
 * time after its last page is gone.
 *
 * Addresses are in bytes, and the same for CPU and GPU. Page numbers within a
 * buffer count GPU pages of %NOUVEAU_SVM_PAGE_SIZE bytes, from 0 to
 * %NOUVEAU_SVM_BUFFER_PAGES - 1, whatever the CPU's page size.
 */

/**
 * DOC: locking
 *
 * Outermost first::
 *
 *	nouveau_svm.mutex       channels and address spaces of the device
 *	the claim of a buffer   not a lock to lockdep; see below
 *	nouveau_svmm.tables     page tables come and go; allocates
 *	mmap lock (read)        not together with nouveau_svmm.tables
 *	folio lock
 *	nouveau_svm_buffer.mutex
 *	    GPU PTEs of the block. The callback takes it: nothing that holds it
 *	    may allocate with reclaim, take the mmap lock or a folio lock, or
 *	    wait for anyone who does.
 *	nouveau_svm_buffer.lock
 *	    spinlock; the "user lock" of the notifier: its sequence and the
 *	    state of the pages. Never sleeps, so a callback that may not block
 *	    can always say that nothing is mapped.
 *
 * A page's state says "mapped" before its PTE is written and until after the
 * PTE is cleared and the TLB flushed. So "nothing is mapped in the range", read
 * under the spinlock after the sequence was stored, is a final answer::
 *
 *	mapper                                  invalidation
 *	  mutex_lock(mutex)                       spin_lock(lock)
 *	  spin_lock(lock)                         mmu_range_set_seq()
 *	  mmu_range_read_retry()  -> again        nothing mapped? -> done
 *	  state = mapped                          spin_unlock(lock)
 *	  spin_unlock(lock)                       mutex_lock(mutex)
 *	  write PTEs                              clear PTEs, flush
 *	  mutex_unlock(mutex)                     state = not mapped
 *	                                          mutex_unlock(mutex)
 *
 * Whoever maps pages of a buffer, and the audit, first claims it
 * (nouveau_svm_buffer_claim()), so there is one reader of the sequence at a
 * time. An invalidation never waits for a claim. The claim is what lets an
 * atomic fault ignore the invalidation that it causes itself
 * (%MMU_NOTIFY_EXCLUSIVE with the &struct nouveau_svmm as owner).
 *
 * References: whoever found a buffer by nouveau_svm_buffer_find() or _get()
 * holds one. The xarray holds none: a buffer that is being retired has a count
 * of zero and cannot be found any more, even while its notifier is still there.
 */

#define NOUVEAU_SVM_PAGE_SHIFT		12
#define NOUVEAU_SVM_PAGE_SIZE		BIT(NOUVEAU_SVM_PAGE_SHIFT)
#define NOUVEAU_SVM_BUFFER_SHIFT	21
#define NOUVEAU_SVM_BUFFER_SIZE		BIT(NOUVEAU_SVM_BUFFER_SHIFT)
#define NOUVEAU_SVM_BUFFER_MASK		(~(NOUVEAU_SVM_BUFFER_SIZE - 1))
#define NOUVEAU_SVM_BUFFER_PAGES	(NOUVEAU_SVM_BUFFER_SIZE >> NOUVEAU_SVM_PAGE_SHIFT)

/*
 * What debugfs counts for each device. Names and meaning stand in
 * nouveau_svm_debugfs.c, in the same order. They only ever grow, except for the
 * _LIVE ones.
 */
enum nouveau_svm_counter {
	NOUVEAU_SVM_FAULT_READ,
	NOUVEAU_SVM_FAULT_WRITE,
	NOUVEAU_SVM_FAULT_ATOMIC,
	NOUVEAU_SVM_FAULT_PREFETCH,
	NOUVEAU_SVM_FAULT_DUPLICATE,
	NOUVEAU_SVM_FAULT_LATE,
	NOUVEAU_SVM_FAULT_LOST,
	NOUVEAU_SVM_FAULT_OVERFLOW,
	NOUVEAU_SVM_FAULT_CANCELLED,
	NOUVEAU_SVM_FAULT_DEFERRED,
	NOUVEAU_SVM_BATCHES,
	NOUVEAU_SVM_GROUPS,
	NOUVEAU_SVM_REPLAYS,
	NOUVEAU_SVM_RETRIES,
	NOUVEAU_SVM_FALLBACKS,
	NOUVEAU_SVM_WAITERS,
	NOUVEAU_SVM_WAITERS_LIVE,
	NOUVEAU_SVM_ADDRESS_SPACES_LIVE,
	NOUVEAU_SVM_BUFFERS_CREATED,
	NOUVEAU_SVM_BUFFERS_RETIRED,
	NOUVEAU_SVM_BUFFERS_LIVE,
	NOUVEAU_SVM_NOTIFIER_INSERTS,
	NOUVEAU_SVM_PFNMAPS,
	NOUVEAU_SVM_PAGES_SYSTEM,
	NOUVEAU_SVM_PAGES_SYSTEM_2M,
	NOUVEAU_SVM_PAGES_VRAM,
	NOUVEAU_SVM_PAGES_VRAM_2M,
	NOUVEAU_SVM_PAGES_ATOMIC,
	NOUVEAU_SVM_PAGES_AROUND,
	NOUVEAU_SVM_PAGES_UPGRADED,
	NOUVEAU_SVM_PAGES_CLEARED,
	NOUVEAU_SVM_PAGES_LIVE,
	NOUVEAU_SVM_INVALIDATIONS,
	NOUVEAU_SVM_INVALIDATIONS_CLEARED,
	NOUVEAU_SVM_INVALIDATIONS_REFUSED,
	NOUVEAU_SVM_INVALIDATION_FLUSHES,
	NOUVEAU_SVM_MIGRATED_TO_VRAM,
	NOUVEAU_SVM_MIGRATED_TO_SYSTEM,
	NOUVEAU_SVM_MIGRATED_BY_CPU_FAULT,
	NOUVEAU_SVM_MIGRATE_FAILED,
	NOUVEAU_SVM_COPY_JOBS,
	NOUVEAU_SVM_COPY_BYTES,
	NOUVEAU_SVM_EVICTED_PAGES,
	NOUVEAU_SVM_CHUNKS_CREATED,
	NOUVEAU_SVM_CHUNKS_LIVE,
	NOUVEAU_SVM_VRAM_PAGES_LIVE,
	NOUVEAU_SVM_NS_DRAIN,
	NOUVEAU_SVM_NS_HMM,
	NOUVEAU_SVM_NS_MAP,
	NOUVEAU_SVM_NS_INVALIDATE,
	NOUVEAU_SVM_NS_MIGRATE,
	NOUVEAU_SVM_COUNTERS
};

/**
 * enum nouveau_svm_inject - points where a failure can be injected
 * @NOUVEAU_SVM_INJECT_COLLIDE: a mapper collides once more with nobody
 * @NOUVEAU_SVM_INJECT_TRYLOCK: an invalidation that may not block finds the
 *	mutex taken
 * @NOUVEAU_SVM_INJECT_COPY: a copy job cannot be submitted
 * @NOUVEAU_SVM_INJECT_FENCE: a copy job was submitted, its fence reports an error
 * @NOUVEAU_SVM_INJECT_VRAM: no VRAM for a chunk
 * @NOUVEAU_SVM_INJECTS: how many there are
 *
 * Allocations have failslab and fail_page_alloc.
 */
enum nouveau_svm_inject {
	NOUVEAU_SVM_INJECT_COLLIDE,
	NOUVEAU_SVM_INJECT_TRYLOCK,
	NOUVEAU_SVM_INJECT_COPY,
	NOUVEAU_SVM_INJECT_FENCE,
	NOUVEAU_SVM_INJECT_VRAM,
	NOUVEAU_SVM_INJECTS
};

/**
 * enum nouveau_svm_control - ways to be wrong on purpose
 * @NOUVEAU_SVM_CONTROL_SKIP_INVALIDATE: a callback clears no PTE
 * @NOUVEAU_SVM_CONTROL_SKIP_RETRY: a mapper ignores a collision
 * @NOUVEAU_SVM_CONTROL_DROP_SEQ: a callback does not store the sequence
 * @NOUVEAU_SVM_CONTROL_MAP_BEYOND: a mapper maps one page too many
 * @NOUVEAU_SVM_CONTROL_LEAK_BUFFER: a reference to a buffer is not dropped
 * @NOUVEAU_SVM_CONTROL_SLOW_MAP: a mapper takes a long time between reading and
 *	mapping; right, but it meets every collision
 * @NOUVEAU_SVM_CONTROL_WRONG_PAGE: a mapper maps around a fault the page before
 * @NOUVEAU_SVM_CONTROL_WRONG_RIGHTS: it lets the GPU write around a fault
 * @NOUVEAU_SVM_CONTROL_WRONG_PLACE: around a fault it takes memory for VRAM
 * @NOUVEAU_SVM_CONTROL_WRONG_STATE: the last page of several is noted with more
 *	rights than it gets
 * @NOUVEAU_SVM_CONTROLS: how many there are
 *
 * Only with CONFIG_DRM_NOUVEAU_SVM_CONTROLS, which is for the test suite: it
 * must notice each of them.
 */
enum nouveau_svm_control {
	NOUVEAU_SVM_CONTROL_SKIP_INVALIDATE,
	NOUVEAU_SVM_CONTROL_SKIP_RETRY,
	NOUVEAU_SVM_CONTROL_DROP_SEQ,
	NOUVEAU_SVM_CONTROL_MAP_BEYOND,
	NOUVEAU_SVM_CONTROL_LEAK_BUFFER,
	NOUVEAU_SVM_CONTROL_SLOW_MAP,
	NOUVEAU_SVM_CONTROL_WRONG_PAGE,
	NOUVEAU_SVM_CONTROL_WRONG_RIGHTS,
	NOUVEAU_SVM_CONTROL_WRONG_PLACE,
	NOUVEAU_SVM_CONTROL_WRONG_STATE,
	NOUVEAU_SVM_CONTROLS
};

struct nouveau_svm_faults;

/**
 * struct nouveau_svm - shared virtual memory of one device
 * @drm: the device
 * @mutex: protects @channels and @svmms
 * @channels: &struct nouveau_svm_channel, the channels whose faults are served
 * @serial: of the newest channel; protected by @mutex
 * @svmms: &nouveau_svmm.head, every live address space
 * @faults: the replayable fault buffer and who serves it; private to
 *	nouveau_svm_fault.c
 * @counter: see &enum nouveau_svm_counter
 * @inject: see &enum nouveau_svm_inject
 * @control: bit mask of &enum nouveau_svm_control; 0 unless a test set it
 */
struct nouveau_svm {
	struct nouveau_drm *drm;
	struct mutex mutex;		/* see "locking" */
	struct list_head channels;
	u64 serial;
	struct list_head svmms;
	struct nouveau_svm_faults *faults;
	atomic64_t counter[NOUVEAU_SVM_COUNTERS];
#ifdef CONFIG_FAULT_INJECTION
	struct fault_attr inject[NOUVEAU_SVM_INJECTS];
#endif
#ifdef CONFIG_DRM_NOUVEAU_SVM_CONTROLS
	unsigned long control;
#endif
};

/**
 * struct nouveau_svmm - an address space that the GPU mirrors
 * @svm: the device; NULL once the device is going away, read by
 *	nouveau_svmm_svm()
 * @vmm: the client's GPU address space; it outlives the buffers
 * @mm: the process's; held by mmgrab(), so needs mmget_not_zero() before use
 * @kref: one for the client, one for each fault group in service
 * @head: in &nouveau_svm.svmms
 * @unmanaged: start and end, exclusive, of the hole that nouveau allocates from;
 *	nothing in it is mirrored
 * @unmanaged.start: first address
 * @unmanaged.end: end address, exclusive
 * @last: what was found last in @buffers, or NULL
 * @buffers: &struct nouveau_svm_buffer by address >> %NOUVEAU_SVM_BUFFER_SHIFT
 * @tables: serialises taking and giving back GPU page tables
 * @retire_lock: protects @retired
 * @retired: &nouveau_svm_buffer.retire, buffers that were seen empty
 * @retire: looks at @retired
 * @dead: no new service may begin; set under @idle's lock
 * @busy: services that use the GPU address space
 * @idle: woken when @busy becomes zero, and on release of a claim
 */
struct nouveau_svmm {
	struct nouveau_svm *svm;
	struct nouveau_vmm *vmm;
	struct mm_struct *mm;
	struct kref kref;
	struct list_head head;
	struct {
		unsigned long start;
		unsigned long end;
	} unmanaged;
	struct nouveau_svm_buffer *last;
	struct xarray buffers;
	struct mutex tables;		/* see "locking" */
	spinlock_t retire_lock;		/* innermost; callbacks take it */
	struct list_head retired;
	struct delayed_work retire;
	bool dead;
	unsigned int busy;
	wait_queue_head_t idle;
};

/**
 * enum nouveau_svm_state - what the GPU may do with a page
 * @NOUVEAU_SVM_NONE: nothing, it faults
 * @NOUVEAU_SVM_READ: read
 * @NOUVEAU_SVM_WRITE: read and write
 * @NOUVEAU_SVM_ATOMIC: read, write and atomic operations
 *
 * In this order: each includes the ones before.
 */
enum nouveau_svm_state {
	NOUVEAU_SVM_NONE = 0,
	NOUVEAU_SVM_READ,
	NOUVEAU_SVM_WRITE,
	NOUVEAU_SVM_ATOMIC,
};

/**
 * struct nouveau_svm_pages - state of a buffer's small pages
 * @low: low bit of &enum nouveau_svm_state of each page
 * @high: high bit of it
 * @vram: the page is in VRAM
 *
 * Apart from the buffer, because a buffer that only ever had a 2 MiB page has
 * no use for it.
 */
struct nouveau_svm_pages {
	DECLARE_BITMAP(low, NOUVEAU_SVM_BUFFER_PAGES);
	DECLARE_BITMAP(high, NOUVEAU_SVM_BUFFER_PAGES);
	DECLARE_BITMAP(vram, NOUVEAU_SVM_BUFFER_PAGES);
};

/**
 * struct nouveau_svm_buffer - a mirrored block
 * @notifier: the block's range notifier
 * @svmm: the address space; it outlives the buffer
 * @refs: how many use the buffer; it is found only while this is not zero
 * @mutex: the GPU PTEs of the block; see "locking"
 * @lock: the user lock of @notifier; protects @live, @leaf, @pages' contents
 * @flags: bits private to nouveau_svm_buffer.c
 * @live: how many small pages are mapped; %NOUVEAU_SVM_BUFFER_PAGES with @leaf
 * @leaf: &enum nouveau_svm_state of the 2 MiB page, if the block has one
 * @leaf_vram: the 2 MiB page is in VRAM
 * @narrow: services since all of the block was looked at; the claimant's
 * @patience: after how many such the next one looks at all of it; the claimant's
 * @alone: services since one mapped more than it was asked for; the claimant's
 * @pages: state of the small pages; NULL until there is a page table for them
 * @retire: in &nouveau_svmm.retired
 * @rcu: to free it
 */
struct nouveau_svm_buffer {
	struct mmu_range_notifier notifier;
	struct nouveau_svmm *svmm;
	refcount_t refs;
	spinlock_t lock;		/* see "locking" */
	struct mutex mutex;		/* see "locking" */
	unsigned long flags;
	u16 live;
	u8 leaf;
	bool leaf_vram;
	u8 narrow;
	u8 patience;
	u8 alone;
	struct nouveau_svm_pages *pages;
	union {
		struct list_head retire;
		struct rcu_head rcu;
	};
};

#define NOUVEAU_SVM_MAP_HEAD	(sizeof(struct nvif_vmm_pfnmap_v0) / sizeof(u64))

/**
 * struct nouveau_svm_map - a request to map pages of a buffer
 * @first: first page, within the buffer
 * @nr: number of pages, from @first
 * @leaf: map the whole block by one 2 MiB page: @first is 0, @nr is
 *	%NOUVEAU_SVM_BUFFER_PAGES and only @phys[0] counts
 * @time: ktime_get_ns() when the mapper began, for the counter
 * @mapped: out: how many pages the GPU can use now and could not, or not with
 *	these rights, before
 * @head: room for the head of the PFNMAP method, private to
 *	nouveau_svm_buffer.c
 * @phys: one entry a page from the buffer's page 0 on, NVIF_VMM_PFNMAP_V0_*;
 *	an entry without V leaves its page as it is. Entries in front of @first
 *	are overwritten, and V is gone from those that needed nothing or failed
 * @words: @head and @phys as one, because the head goes right before
 *	@phys[@first]
 *
 * About 4 KiB: not for the stack.
 */
struct nouveau_svm_map {
	unsigned int first;
	unsigned int nr;
	bool leaf;
	u64 time;
	unsigned int mapped;
	union {
		struct {
			u64 head[NOUVEAU_SVM_MAP_HEAD];
			u64 phys[NOUVEAU_SVM_BUFFER_PAGES];
		};
		u64 words[NOUVEAU_SVM_MAP_HEAD + NOUVEAU_SVM_BUFFER_PAGES];
	};
};

/**
 * struct nouveau_svm_exact - a notifier of a part of a buffer
 * @notifier: its range notifier
 * @buffer: the buffer that its pages belong to; referenced
 *
 * For forward progress: invalidations elsewhere in the block do not collide
 * with it. Its callback does all that the buffer's does, for its part.
 */
struct nouveau_svm_exact {
	struct mmu_range_notifier notifier;
	struct nouveau_svm_buffer *buffer;
};

/* nouveau_svm.c */
void nouveau_svm_init(struct nouveau_drm *drm);
void nouveau_svm_fini(struct nouveau_drm *drm);
void nouveau_svm_suspend(struct nouveau_drm *drm);
void nouveau_svm_resume(struct nouveau_drm *drm);
int nouveau_svmm_init(struct drm_device *dev, void *data, struct drm_file *file);
void nouveau_svmm_fini(struct nouveau_svmm **psvmm);
int nouveau_svmm_join(struct nouveau_svmm *svmm, u64 inst);
void nouveau_svmm_part(struct nouveau_svmm *svmm, u64 inst);
int nouveau_svmm_bind(struct drm_device *dev, void *data, struct drm_file *file);
struct nouveau_svmm *nouveau_svm_find(struct nouveau_svm *svm, u64 inst,
				      u64 *serial);
bool nouveau_svm_is_reused(struct nouveau_svm *svm, u64 inst, u64 serial);
void nouveau_svmm_put(struct nouveau_svmm *svmm);
bool nouveau_svmm_enter(struct nouveau_svmm *svmm);
void nouveau_svmm_leave(struct nouveau_svmm *svmm);

/* nouveau_svm_buffer.c */
struct nouveau_svm_buffer *nouveau_svm_buffer_find(struct nouveau_svmm *svmm,
						   unsigned long addr);
struct nouveau_svm_buffer *nouveau_svm_buffer_get(struct nouveau_svmm *svmm,
						  unsigned long addr);
void nouveau_svm_buffer_put(struct nouveau_svm_buffer *buffer);
bool nouveau_svm_buffer_try_claim(struct nouveau_svm_buffer *buffer);
void nouveau_svm_buffer_claim(struct nouveau_svm_buffer *buffer);
bool nouveau_svm_buffer_release(struct nouveau_svm_buffer *buffer);
int nouveau_svm_buffer_prepare(struct nouveau_svm_buffer *buffer, bool leaf);
int nouveau_svm_buffer_map(struct nouveau_svm_buffer *buffer,
			   struct mmu_range_notifier *mrn, unsigned long seq,
			   struct nouveau_svm_map *map);
int nouveau_svm_buffer_read(struct nouveau_svm_buffer *buffer,
			    struct nouveau_svm_map *map);
enum nouveau_svm_state
nouveau_svm_buffer_state(const struct nouveau_svm_buffer *buffer,
			 unsigned int page);
void nouveau_svm_buffer_clear(struct nouveau_svm_buffer *buffer);
int nouveau_svm_exact_init(struct nouveau_svm_exact *exact,
			   struct nouveau_svm_buffer *buffer,
			   unsigned long start, unsigned long length);
void nouveau_svm_exact_fini(struct nouveau_svm_exact *exact);
void nouveau_svm_buffers_init(struct nouveau_svmm *svmm);
void nouveau_svm_buffers_clear(struct nouveau_svmm *svmm);
void nouveau_svm_buffers_retire(struct nouveau_svmm *svmm);
void nouveau_svm_buffers_fini(struct nouveau_svmm *svmm);

/**
 * nouveau_svm_buffer_start - first address of a buffer
 * @buffer: the buffer
 *
 * Return: the address, in bytes, a multiple of %NOUVEAU_SVM_BUFFER_SIZE.
 */
static inline unsigned long
nouveau_svm_buffer_start(const struct nouveau_svm_buffer *buffer)
{
	return mmu_range_notifier_start(&buffer->notifier);
}

/* nouveau_svm_fault.c */
int nouveau_svm_faults_init(struct nouveau_svm *svm);
void nouveau_svm_faults_fini(struct nouveau_svm *svm);
int nouveau_svm_faults_resume(struct nouveau_svm *svm);
void nouveau_svm_faults_suspend(struct nouveau_svm *svm);
void nouveau_svm_faults_release(struct nouveau_svmm *svmm);
void nouveau_svm_faults_flush(struct nouveau_svm *svm);
void nouveau_svm_faults_kick(struct nouveau_svm *svm);
int nouveau_svm_populate(struct nouveau_svmm *svmm, unsigned long start,
			 unsigned long end);

/* nouveau_svm_debugfs.c */
void nouveau_svm_debugfs_init(struct nouveau_drm *drm, struct dentry *root);
void nouveau_svm_inject_init(struct nouveau_svm *svm);

/**
 * nouveau_svm_mthd - call a method of a GPU address space
 * @vmm: the address space
 * @method: NVIF_VMM_V0_* or GP100_VMM_*
 * @args: its arguments
 * @size: of these, in bytes
 *
 * What nvif_object_mthd() does, without a copy and without looking for the object
 * by its handle: a fault makes two such calls.
 *
 * Return: what the method says.
 */
static inline int nouveau_svm_mthd(const struct nvif_vmm *vmm, u32 method,
				   void *args, u32 size)
{
	return nvkm_object_mthd(vmm->object.priv, method, args, size);
}

/**
 * nouveau_svm_count - add to a counter
 * @svm: the device; may be NULL, when it is going away
 * @counter: which
 * @n: how much; negative only for the _LIVE ones
 */
static inline void nouveau_svm_count(struct nouveau_svm *svm,
				     enum nouveau_svm_counter counter, s64 n)
{
	if (svm && n)
		atomic64_add(n, &svm->counter[counter]);
}

/**
 * nouveau_svm_should_fail - is a failure to be injected here?
 * @svm: the device; may be NULL
 * @point: where
 *
 * Return: true if the caller is to behave as if it had failed.
 */
static inline bool nouveau_svm_should_fail(struct nouveau_svm *svm,
					   enum nouveau_svm_inject point)
{
#ifdef CONFIG_FAULT_INJECTION
	/* A task's fail-nth, which counts allocations, would not look at it. */
	return svm && READ_ONCE(svm->inject[point].probability) &&
	       should_fail(&svm->inject[point], 1);
#else
	return false;
#endif
}

/**
 * nouveau_svm_control - is the driver to be wrong here?
 * @svm: the device; may be NULL
 * @control: in which way
 *
 * Return: true only if the test suite asked for it.
 */
static inline bool nouveau_svm_control(struct nouveau_svm *svm,
				       enum nouveau_svm_control control)
{
#ifdef CONFIG_DRM_NOUVEAU_SVM_CONTROLS
	return svm && test_bit(control, &svm->control);
#else
	return false;
#endif
}

/**
 * nouveau_svmm_svm - the device of an address space
 * @svmm: the address space
 *
 * Return: the device, or NULL if it is going away.
 */
static inline struct nouveau_svm *nouveau_svmm_svm(const struct nouveau_svmm *svmm)
{
	/* Pairs with the WRITE_ONCE() in nouveau_svm_fini(). */
	return READ_ONCE(svmm->svm);
}

#else /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
static inline void nouveau_svm_init(struct nouveau_drm *drm) {}
static inline void nouveau_svm_fini(struct nouveau_drm *drm) {}
static inline void nouveau_svm_suspend(struct nouveau_drm *drm) {}
static inline void nouveau_svm_resume(struct nouveau_drm *drm) {}
static inline void nouveau_svmm_fini(struct nouveau_svmm **psvmm) {}
static inline void nouveau_svmm_part(struct nouveau_svmm *svmm, u64 inst) {}

static inline int nouveau_svmm_init(struct drm_device *dev, void *data,
				    struct drm_file *file)
{
	return -ENOSYS;
}

static inline int nouveau_svmm_join(struct nouveau_svmm *svmm, u64 inst)
{
	return 0;
}

static inline int nouveau_svmm_bind(struct drm_device *dev, void *data,
				    struct drm_file *file)
{
	return -ENOSYS;
}

static inline void nouveau_svm_debugfs_init(struct nouveau_drm *drm,
					    struct dentry *root)
{
}
#endif /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
#endif
