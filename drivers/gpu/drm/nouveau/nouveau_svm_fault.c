// SPDX-License-Identifier: GPL-2.0
/*
 * The replayable fault buffer: read it, sort what is in it, have it served, and
 * tell the GPU to try again or to give up.
 */
#include "nouveau_svm_fault.h"
#include "nouveau_drv.h"
#include "nouveau_svm_trace.h"

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <nvif/class.h>
#include <nvif/clb069.h>
#include <nvif/ifc00d.h>
#include <nvif/vmm.h>

/**
 * DOC: life of a fault
 *
 * An access of the GPU finds no PTE that allows it. The MMU writes an entry to
 * the fault buffer, a ring, moves PUT and raises an interrupt. The access waits.
 * A replay makes all waiting accesses of all channels try again; those that
 * still can't go on fault anew. A cancel ends the accesses of one client with an
 * error that kills its channel.
 *
 * So there are no acknowledgments: a fault may be forgotten, served twice or
 * served by somebody else, as long as a replay comes after the page was mapped.
 * "To owe a replay" is the one debt that must not be lost.
 *
 * 1. The event queues the drain. It reads entries until the ring is empty, at
 *    most %NOUVEAU_SVM_BATCH at a time: that is a batch. The MMU writes the valid
 *    bit of an entry last, so a missing one is waited for, bounded; if it does
 *    not come the entry is skipped, and a replay brings the fault again.
 *    Valid bits are cleared before GET is moved.
 *
 * 2. The batch is sorted by address space, address and strength of the access,
 *    strongest first, unless all of it is in one buffer. What no mapping can help
 *    is cancelled here: channels without an address space, and addresses that no
 *    process has or that were promised to the driver.
 *
 * 3. Neighbours that are in the same buffer make a group. Groups are work items,
 *    so those of different buffers and processes don't wait for each other's
 *    memory. See nouveau_svm_serve() for what is done with them.
 *
 * 4. The batch ends with its last group, and then there is one replay for all of
 *    it. If some groups take long, the others are replayed after
 *    %NOUVEAU_SVM_PATIENCE_MS; from then on each replays for itself.
 *
 * A full ring drops faults, without a trace on Pascal. A ring that was seen full
 * therefore owes a replay even if nothing that was in it does.
 *
 * Memory for batches, groups and services comes from pools, whose reserves
 * return when the work on them is done, so the drain never fails.
 */

/**
 * DOC: forward progress
 *
 * What is to be shown: an access that the CPU's page tables can satisfy gets
 * satisfied, whatever the process does meanwhile.
 *
 * - Each fault that is read ends in one of: mapped; cancelled for an error that
 *   its own page has; handed to a waiter; left to a service that is under way
 *   in the same buffer; left for later. All but the first two end in a replay
 *   which raises it again: by the batch, by the waiter when it ends, by the
 *   release of the claim (nouveau_svm_buffer_release()), by the delayed replay.
 *   The MMU loses faults only when the ring is full, which owes a replay.
 *
 * - No service waits for another one of its buffer, nor for the drain. The drain
 *   waits for a pool only while that many batches or groups are being served.
 *
 * - A service is bounded: its loop by time, all else by the mm's own progress.
 *   What may wait for user space without a bound (userfaultfd) is done by a
 *   waiter, a thread that holds no claim and dies with its process.
 *
 * - Invalidations of neighbouring pages can't starve it: after
 *   %NOUVEAU_SVM_COLLISIONS collisions, or at the time bound, the page is watched
 *   by a notifier of exactly this page. What collides then is work on the page
 *   itself: the CPU's own progress, one step for each collision. A second bound
 *   lets the worker go; the fault comes again.
 *
 * - Once mapped and replayed, the access is done unless the page was taken away
 *   before, which again is an invalidation of the page itself.
 *
 * - Lack of memory only delays. Reclaim waits for no service: invalidations take
 *   no claim, and nothing that holds a buffer's mutex allocates.
 */

/* How long the first groups of a batch wait for the last. */
#define NOUVEAU_SVM_PATIENCE_MS	2

/* How long a fault is left that could not be served for lack of memory or time */
#define NOUVEAU_SVM_LATER_MS	5

/* How long to wait for valid bits, in one go. */
#define NOUVEAU_SVM_LATE_US	1000

/* clb069: an entry, in bytes. */
#define ENTRY_SIZE		0x20
#define ENTRY_INST		0x00	/* low half first */
#define ENTRY_ADDR		0x08
#define ENTRY_INFO		0x1c
#define ENTRY_INFO_VALID	BIT(31)
#define ENTRY_INFO_GPC		GENMASK(28, 24)
#define ENTRY_INFO_HUB		BIT(20)
#define ENTRY_INFO_ACCESS	GENMASK(19, 16)
#define ENTRY_INFO_CLIENT	GENMASK(14, 8)

enum {
	ACCESS_READ = 0,
	ACCESS_WRITE = 1,
	ACCESS_ATOMIC = 2,
	ACCESS_PREFETCH = 3,
};

/**
 * struct nouveau_svm_batch - faults that were read together
 * @faults: where from
 * @refs: one for each group, one for the drain, one for @patience if it is queued
 * @lock: protects the members below, but not @fault
 * @pending: groups that have not ended; and the drain
 * @owed: groups that have ended and whose replay is still owed
 * @impatient: each group replays for itself
 * @waited: @patience has been queued
 * @patience: sets @impatient
 * @nr: number of faults
 * @fault: sorted, or all in one buffer
 */
struct nouveau_svm_batch {
	struct nouveau_svm_faults *faults;
	refcount_t refs;
	spinlock_t lock;	/* see above */
	unsigned int pending;
	unsigned int owed;
	bool impatient;
	bool waited;
	struct delayed_work patience;
	unsigned int nr;
	struct nouveau_svm_fault fault[NOUVEAU_SVM_BATCH];
};

/**
 * struct nouveau_svm_group - faults of a batch in the same buffer
 * @work: serves it
 * @batch: the batch
 * @first: its first fault
 * @nr: number of faults, from @first
 */
struct nouveau_svm_group {
	struct work_struct work;
	struct nouveau_svm_batch *batch;
	unsigned int first;
	unsigned int nr;
};

/* Make all waiting accesses try again. @groups is for the trace. */
static void nouveau_svm_replay(struct nouveau_svm_faults *faults,
			       unsigned int groups)
{
	struct nouveau_svm *svm = faults->svm;
	struct gp100_vmm_fault_replay_vn args = {};
	int ret;

	mutex_lock(&faults->mutex);
	/* If not, the resume replays anyway. */
	if (faults->running) {
		faults->cancelled = 0;
		ret = nouveau_svm_mthd(&svm->drm->client.vmm.vmm,
				       GP100_VMM_VN_FAULT_REPLAY, &args,
				       sizeof(args));
		if (ret)
			NV_ERROR(svm->drm, "svm: replay failed: %d\n", ret);
		nouveau_svm_count(svm, NOUVEAU_SVM_REPLAYS, 1);
		trace_nouveau_svm_replay(groups);
	}
	mutex_unlock(&faults->mutex);
}

static void nouveau_svm_kick_work(struct work_struct *work)
{
	nouveau_svm_replay(container_of(to_delayed_work(work),
					struct nouveau_svm_faults, kick), 0);
}

/**
 * nouveau_svm_faults_kick - have the GPU try again
 * @svm: the device
 *
 * For whoever owes a replay and is no service: because nouveau_svm_buffer_release()
 * said so. Any context; the replay comes soon.
 */
void nouveau_svm_faults_kick(struct nouveau_svm *svm)
{
	mod_delayed_work(svm->faults->urgent, &svm->faults->kick, 0);
}

/**
 * nouveau_svm_faults_later - have the GPU try again after a while
 * @svm: the device
 *
 * For faults that could not be served for lack of memory or time.
 */
void nouveau_svm_faults_later(struct nouveau_svm *svm)
{
	queue_delayed_work(svm->faults->urgent, &svm->faults->kick,
			   msecs_to_jiffies(NOUVEAU_SVM_LATER_MS));
}

/**
 * nouveau_svm_faults_cancel - let accesses fail
 * @svm: the device
 * @fault: the faults
 * @nr: how many
 * @error: why, for the trace
 *
 * A cancel hits only a channel whose context is current, and ends it. So the
 * caller owes a replay too: if the access is still there, it faults and is
 * cancelled again. Until that replay a second cancel for the channel has no use;
 * but it takes a pause of the context switch, and may find the channel's recovery
 * at work.
 */
void nouveau_svm_faults_cancel(struct nouveau_svm *svm,
			       const struct nouveau_svm_fault *fault,
			       unsigned int nr, int error)
{
	struct nouveau_svm_faults *faults = svm->faults;
	unsigned int i;
	int ret;

	nouveau_svm_count(svm, NOUVEAU_SVM_FAULT_CANCELLED, nr);
	for (i = 0; i < nr; i++) {
		struct gp100_vmm_fault_cancel_v0 args = {
			.hub = fault[i].hub,
			.gpc = fault[i].gpc,
			.client = fault[i].client,
			.inst = fault[i].inst,
		};

		trace_nouveau_svm_cancel(fault[i].inst, fault[i].addr, error);

		mutex_lock(&svm->mutex);
		mutex_lock(&faults->mutex);
		if (faults->running && faults->cancelled != fault[i].inst &&
		    !nouveau_svm_is_reused(svm, fault[i].inst,
					   fault[i].serial)) {
			ret = nvif_object_mthd(&svm->drm->client.vmm.vmm.object,
					       GP100_VMM_VN_FAULT_CANCEL,
					       &args, sizeof(args));
			if (ret)
				NV_ERROR(svm->drm, "svm: cancel failed: %d\n",
					 ret);
			faults->cancelled = fault[i].inst;
		}
		mutex_unlock(&faults->mutex);
		mutex_unlock(&svm->mutex);
	}
}

static void nouveau_svm_batch_put(struct nouveau_svm_batch *batch)
{
	struct nouveau_svm_faults *faults = batch->faults;

	if (!refcount_dec_and_test(&batch->refs))
		return;
	batch = xchg(&faults->spare_batch, batch);
	if (batch)
		mempool_free(batch, &faults->batches);
	/* A full barrier, so either we see the sleeper or it sees the zero. */
	if (atomic_dec_and_test(&faults->live) && waitqueue_active(&faults->idle))
		wake_up_all(&faults->idle);
}

static void nouveau_svm_batch_patience(struct work_struct *work)
{
	struct nouveau_svm_batch *batch =
		container_of(to_delayed_work(work), struct nouveau_svm_batch,
			     patience);
	unsigned int owed;

	spin_lock(&batch->lock);
	batch->impatient = true;
	owed = batch->owed;
	batch->owed = 0;
	spin_unlock(&batch->lock);

	if (owed)
		nouveau_svm_replay(batch->faults, owed);
	nouveau_svm_batch_put(batch);
}

/*
 * A group has ended, or the drain is done with the batch; @owed if there is to be
 * a replay. Drops the reference of either.
 */
static void nouveau_svm_batch_end(struct nouveau_svm_batch *batch, bool owed)
{
	unsigned int groups = 0;
	bool last, waited;

	spin_lock(&batch->lock);
	batch->owed += owed;
	last = !--batch->pending;
	waited = batch->waited;
	if (last || batch->impatient) {
		groups = batch->owed;
		batch->owed = 0;
	} else if (batch->owed && !waited) {
		batch->waited = true;
		refcount_inc(&batch->refs);
		queue_delayed_work(batch->faults->urgent, &batch->patience,
				   msecs_to_jiffies(NOUVEAU_SVM_PATIENCE_MS));
	}
	spin_unlock(&batch->lock);

	if (last && waited && cancel_delayed_work(&batch->patience))
		nouveau_svm_batch_put(batch);
	if (groups)
		nouveau_svm_replay(batch->faults, groups);
	nouveau_svm_batch_put(batch);
}

static void nouveau_svm_group_work(struct work_struct *work)
{
	struct nouveau_svm_group *group =
		container_of(work, struct nouveau_svm_group, work);
	struct nouveau_svm_batch *batch = group->batch;
	struct nouveau_svm_fault *fault = &batch->fault[group->first];
	struct nouveau_svm_faults *faults = batch->faults;
	struct nouveau_svmm *svmm = fault->svmm;
	enum nouveau_svm_replay replay;

	replay = nouveau_svm_serve(faults->svm, fault, group->nr, true);
	nouveau_svmm_put(svmm);
	mempool_free(group, &faults->groups);

	if (replay == NOUVEAU_SVM_REPLAY_LATER)
		nouveau_svm_faults_later(faults->svm);
	nouveau_svm_batch_end(batch, replay == NOUVEAU_SVM_REPLAY_NOW);
}

/* The order of a batch: by address space, address, strength. */
static int nouveau_svm_fault_cmp(const void *pa, const void *pb)
{
	const struct nouveau_svm_fault *a = pa, *b = pb;

	if (a->svmm != b->svmm)
		return a->svmm < b->svmm ? -1 : 1;
	if (a->addr != b->addr)
		return a->addr < b->addr ? -1 : 1;
	return (int)b->want - a->want;
}

/* Can a mapping help? If not, the address is none that a process has. */
static bool nouveau_svm_fault_is_servable(const struct nouveau_svm_fault *fault)
{
	const struct nouveau_svmm *svmm = fault->svmm;

	return svmm && fault->addr < svmm->mm->task_size &&
	       (fault->addr < svmm->unmanaged.start ||
		fault->addr >= svmm->unmanaged.end);
}

/*
 * Hand the faults to the workers, group by group; but the only group is served
 * here, if that is done without waiting. Returns true if a replay is owed.
 */
static bool nouveau_svm_batch_group(struct nouveau_svm_batch *batch)
{
	struct nouveau_svm_faults *faults = batch->faults;
	enum nouveau_svm_replay replay;
	unsigned int first, next;
	bool owed = false;

	for (first = 0; first < batch->nr; first = next) {
		struct nouveau_svm_fault *fault = &batch->fault[first];
		struct nouveau_svmm *svmm = fault->svmm;
		struct nouveau_svm_group *group;

		next = first + 1;
		if (!nouveau_svm_fault_is_servable(fault)) {
			if (fault->want) {
				nouveau_svm_faults_cancel(faults->svm, fault, 1,
							  -EFAULT);
				owed = true;
			}
			continue;
		}

		while (next < batch->nr && batch->fault[next].svmm == svmm &&
		       !((batch->fault[next].addr ^ fault->addr) &
			 NOUVEAU_SVM_BUFFER_MASK) &&
		       nouveau_svm_fault_is_servable(&batch->fault[next]))
			next++;

		if (next - first == batch->nr) {
			/* Nobody else would wait meanwhile. */
			replay = nouveau_svm_serve(faults->svm, fault,
						   batch->nr, false);
			if (replay == NOUVEAU_SVM_REPLAY_LATER)
				nouveau_svm_faults_later(faults->svm);
			if (replay != NOUVEAU_SVM_REPLAY_UNKNOWN)
				return replay == NOUVEAU_SVM_REPLAY_NOW;
		}

		kref_get(&svmm->kref);
		group = mempool_alloc(&faults->groups, GFP_KERNEL);
		INIT_WORK(&group->work, nouveau_svm_group_work);
		group->batch = batch;
		group->first = first;
		group->nr = next - first;
		refcount_inc(&batch->refs);
		spin_lock(&batch->lock);
		batch->pending++;
		spin_unlock(&batch->lock);
		nouveau_svm_count(faults->svm, NOUVEAU_SVM_GROUPS, 1);
		queue_work(faults->queue, &group->work);
	}
	return owed;
}

static u32 nouveau_svm_ring_next(const struct nouveau_svm_faults *faults,
				 u32 index)
{
	return index + 1 == faults->entries ? 0 : index + 1;
}

/*
 * Where the MMU writes next. One entry always stays free: if all others are in
 * use, faults may have been dropped.
 */
static u32 nouveau_svm_ring_put(struct nouveau_svm_faults *faults, u32 get,
				bool *full)
{
	struct nvif_object *device = &faults->svm->drm->client.device.object;
	u32 put = nvif_rd32(device, faults->putaddr);

	/* A card that has fallen off the bus reads as ones. */
	if (put >= faults->entries)
		return get;
	*full |= nouveau_svm_ring_next(faults, put) == get;
	return put;
}

/*
 * The info word of an entry, once it is valid. The time to wait is one for all
 * entries that are read together: @deadline is 0 until the first late one.
 */
static u32 nouveau_svm_entry_info(struct nouveau_svm_faults *faults, u32 entry,
				  ktime_t *deadline)
{
	u32 info = nvif_rd32(&faults->object, entry + ENTRY_INFO);

	if (likely(info & ENTRY_INFO_VALID))
		return info;

	nouveau_svm_count(faults->svm, NOUVEAU_SVM_FAULT_LATE, 1);
	if (!*deadline)
		*deadline = ktime_add_us(ktime_get(), NOUVEAU_SVM_LATE_US);
	do {
		udelay(1);
		info = nvif_rd32(&faults->object, entry + ENTRY_INFO);
	} while (!(info & ENTRY_INFO_VALID) && ktime_before(ktime_get(), *deadline));
	return info;
}

/* An address of an entry, in one access where there is one. */
static u64 nouveau_svm_entry_addr(struct nouveau_svm_faults *faults, u32 offset)
{
#if defined(CONFIG_64BIT) && defined(__LITTLE_ENDIAN)
	return __raw_readq(faults->object.map.ptr + offset);
#else
	return (u64)nvif_rd32(&faults->object, offset + 4) << 32 |
	       nvif_rd32(&faults->object, offset);
#endif
}

/* Read the entry at @index. Returns false if it never became valid. */
static bool nouveau_svm_entry_read(struct nouveau_svm_faults *faults, u32 index,
				   ktime_t *deadline,
				   struct nouveau_svm_fault *fault)
{
	struct nvif_object *ring = &faults->object;
	const u32 entry = index * ENTRY_SIZE;
	u32 info;

	info = nouveau_svm_entry_info(faults, entry, deadline);
	if (!(info & ENTRY_INFO_VALID)) {
		nouveau_svm_count(faults->svm, NOUVEAU_SVM_FAULT_LOST, 1);
		return false;
	}

	/* The accessors order these reads after the one of the valid bit. */
	*fault = (struct nouveau_svm_fault) {
		.inst = nouveau_svm_entry_addr(faults, entry + ENTRY_INST),
		.addr = nouveau_svm_entry_addr(faults, entry + ENTRY_ADDR),
		.hub = FIELD_GET(ENTRY_INFO_HUB, info),
		.gpc = FIELD_GET(ENTRY_INFO_GPC, info),
		.client = FIELD_GET(ENTRY_INFO_CLIENT, info),
	};
	nvif_wr32(ring, entry + ENTRY_INFO, info & ~ENTRY_INFO_VALID);

	switch (FIELD_GET(ENTRY_INFO_ACCESS, info)) {
	case ACCESS_READ:
		fault->want = NOUVEAU_SVM_READ;
		break;
	case ACCESS_ATOMIC:
		fault->want = NOUVEAU_SVM_ATOMIC;
		break;
	case ACCESS_PREFETCH:
		fault->want = NOUVEAU_SVM_NONE;
		break;
	default:
		fault->want = NOUVEAU_SVM_WRITE;
		break;
	}
	trace_nouveau_svm_fault(fault->inst, fault->addr,
				FIELD_GET(ENTRY_INFO_ACCESS, info),
				fault->client);
	return true;
}

/*
 * Read entries up to @put, at most a batch, and give them back to the MMU. @full
 * is set if the ring was full meanwhile. Returns true if an entry was lost.
 */
static bool nouveau_svm_batch_read(struct nouveau_svm_batch *batch, u32 put,
				   bool *full)
{
	struct nouveau_svm_faults *faults = batch->faults;
	struct nvif_object *device = &faults->svm->drm->client.device.object;
	u32 old = faults->get, index = old, last = old;
	unsigned int count[NOUVEAU_SVM_ATOMIC + 1] = {};
	bool lost = false, sorted = true, one = true;
	ktime_t deadline = 0;

	for (; index != put && batch->nr < NOUVEAU_SVM_BATCH;
	     last = index, index = nouveau_svm_ring_next(faults, index)) {
		struct nouveau_svm_fault *fault = &batch->fault[batch->nr];

		if (!nouveau_svm_entry_read(faults, index, &deadline, fault)) {
			lost = true;
			continue;
		}
		count[fault->want]++;
		/* Mostly one channel faults many times, and in order. */
		if (batch->nr && fault->inst == fault[-1].inst) {
			fault->svmm = fault[-1].svmm;
			fault->serial = fault[-1].serial;
			sorted = sorted && (fault->addr > fault[-1].addr ||
					    nouveau_svm_fault_cmp(fault - 1, fault) <= 0);
			one = one && !((fault->addr ^ fault[-1].addr) &
				       NOUVEAU_SVM_BUFFER_MASK);
		} else {
			fault->svmm = nouveau_svm_find(faults->svm, fault->inst,
						       &fault->serial);
			fault->owner = true;
			sorted = !batch->nr;
			one = sorted;
		}
		batch->nr++;
	}

	/* Once it is read back, the clear valid bits are where the MMU sees them. */
	nvif_rd32(&faults->object, last * ENTRY_SIZE + ENTRY_INFO);
	/* It may have filled up since @put was read. */
	nouveau_svm_ring_put(faults, old, full);
	faults->get = index;
	nvif_wr32(device, faults->getaddr, index);

	nouveau_svm_count(faults->svm, NOUVEAU_SVM_FAULT_PREFETCH,
			  count[NOUVEAU_SVM_NONE]);
	nouveau_svm_count(faults->svm, NOUVEAU_SVM_FAULT_READ,
			  count[NOUVEAU_SVM_READ]);
	nouveau_svm_count(faults->svm, NOUVEAU_SVM_FAULT_WRITE,
			  count[NOUVEAU_SVM_WRITE]);
	nouveau_svm_count(faults->svm, NOUVEAU_SVM_FAULT_ATOMIC,
			  count[NOUVEAU_SVM_ATOMIC]);
	/* What is all in one buffer is a group as it is. */
	if (!sorted && !one)
		sort(batch->fault, batch->nr, sizeof(batch->fault[0]),
		     nouveau_svm_fault_cmp, NULL);
	return lost;
}

/* Drop the references that were taken while reading; groups have their own. */
static void nouveau_svm_batch_forget(struct nouveau_svm_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		if (batch->fault[i].owner && batch->fault[i].svmm)
			nouveau_svmm_put(batch->fault[i].svmm);
}

static void nouveau_svm_drain_work(struct work_struct *work)
{
	struct nouveau_svm_faults *faults =
		container_of(work, struct nouveau_svm_faults, drain);
	struct nouveau_svm *svm = faults->svm;

	for (;;) {
		struct nouveau_svm_batch *batch;
		bool owed, full = false;
		u64 time;
		u32 put;

		put = nouveau_svm_ring_put(faults, faults->get, &full);
		if (put == faults->get)
			break;

		/* The last one is kept: most of the time there is one. */
		batch = xchg(&faults->spare_batch, NULL);
		if (!batch)
			batch = mempool_alloc(&faults->batches, GFP_KERNEL);
		batch->faults = faults;
		refcount_set(&batch->refs, 1);
		spin_lock_init(&batch->lock);
		batch->pending = 1;
		batch->owed = 0;
		batch->impatient = false;
		batch->waited = false;
		INIT_DELAYED_WORK(&batch->patience, nouveau_svm_batch_patience);
		batch->nr = 0;
		atomic_inc(&faults->live);
		nouveau_svm_count(svm, NOUVEAU_SVM_BATCHES, 1);

		time = ktime_get_ns();
		owed = nouveau_svm_batch_read(batch, put, &full);
		owed |= full;
		nouveau_svm_count(svm, NOUVEAU_SVM_FAULT_OVERFLOW, full);
		nouveau_svm_count(svm, NOUVEAU_SVM_NS_DRAIN,
				  ktime_get_ns() - time);

		owed |= nouveau_svm_batch_group(batch);
		nouveau_svm_batch_forget(batch);
		nouveau_svm_batch_end(batch, owed);
		cond_resched();
	}
}

static int nouveau_svm_faults_event(struct nvif_event *event, void *argv,
				    u32 argc)
{
	struct nouveau_svm_faults *faults =
		container_of(event, struct nouveau_svm_faults, event);

	queue_work(faults->urgent, &faults->drain);
	return NVIF_EVENT_KEEP;
}

/**
 * nouveau_svm_faults_flush - wait until the buffer has been read
 * @svm: the device
 *
 * Whoever faulted before this is known by now, and looked up. Sleeps.
 */
void nouveau_svm_faults_flush(struct nouveau_svm *svm)
{
	queue_work(svm->faults->urgent, &svm->faults->drain);
	flush_work(&svm->faults->drain);
}

/**
 * nouveau_svm_faults_resume - begin to serve faults, again
 * @svm: the device
 *
 * Takes up whatever waits in the buffer, and replays: accesses may wait whose
 * faults were forgotten.
 *
 * Return: 0, or what the event said.
 */
int nouveau_svm_faults_resume(struct nouveau_svm *svm)
{
	struct nouveau_svm_faults *faults = svm->faults;
	struct nvif_object *device;
	int ret;

	if (!faults)
		return 0;

	device = &svm->drm->client.device.object;
	faults->get = nvif_rd32(device, faults->getaddr);
	if (faults->get >= faults->entries)
		return -EIO;

	mutex_lock(&faults->mutex);
	faults->running = true;
	mutex_unlock(&faults->mutex);

	ret = nvif_event_allow(&faults->event);
	queue_work(faults->urgent, &faults->drain);
	nouveau_svm_faults_kick(svm);
	return ret;
}

/**
 * nouveau_svm_faults_suspend - serve no more faults
 * @svm: the device
 *
 * When it returns, no service is under way and the hardware is not touched.
 * Waiters stay; what they owe is paid by nouveau_svm_faults_resume().
 */
void nouveau_svm_faults_suspend(struct nouveau_svm *svm)
{
	struct nouveau_svm_faults *faults = svm->faults;

	if (!faults)
		return;

	nvif_event_block(&faults->event);
	flush_work(&faults->drain);
	wait_event(faults->idle, !atomic_read(&faults->live));

	mutex_lock(&faults->mutex);
	faults->running = false;
	mutex_unlock(&faults->mutex);
	cancel_delayed_work_sync(&faults->kick);
}

/**
 * nouveau_svm_faults_release - an address space is going away
 * @svmm: the address space, dead already
 *
 * Ends what waits for user space on its behalf. Services may still be under way,
 * but none begins to wait any more.
 */
void nouveau_svm_faults_release(struct nouveau_svmm *svmm)
{
	nouveau_svm_wait_end(NULL, svmm);
}

/**
 * nouveau_svm_faults_fini - undo nouveau_svm_faults_init()
 * @svm: the device
 *
 * Can be called if that failed or was never called.
 */
void nouveau_svm_faults_fini(struct nouveau_svm *svm)
{
	struct nouveau_svm_faults *faults = svm->faults;

	if (!faults)
		return;

	if (nvif_event_constructed(&faults->event)) {
		nouveau_svm_faults_suspend(svm);
		nvif_event_dtor(&faults->event);
	}
	/* No service can add to them any more; and each kicks once at its end. */
	nouveau_svm_wait_end(svm, NULL);
	cancel_delayed_work_sync(&faults->kick);
	if (faults->urgent)
		destroy_workqueue(faults->urgent);
	if (faults->queue)
		destroy_workqueue(faults->queue);
	if (faults->spare_service)
		mempool_free(faults->spare_service, &faults->services);
	if (faults->spare_batch)
		mempool_free(faults->spare_batch, &faults->batches);
	mempool_exit(&faults->services);
	mempool_exit(&faults->groups);
	mempool_exit(&faults->batches);
	nvif_object_dtor(&faults->object);
	mutex_destroy(&faults->mutex);
	svm->faults = NULL;
	kfree(faults);
}

/* The buffer, its registers, and the event. */
static int nouveau_svm_faults_open(struct nouveau_svm_faults *faults)
{
	static const struct nvif_mclass classes[] = {
		{ MAXWELL_FAULT_BUFFER_A, 0 },
		{}
	};
	struct nvif_object *device = &faults->svm->drm->client.device.object;
	struct nvif_clb069_v0 args = {};
	int ret;

	ret = nvif_mclass(device, classes);
	if (ret < 0)
		return ret;
	ret = nvif_object_ctor(device, "svmFaults", 0, classes[ret].oclass,
			       &args, sizeof(args), &faults->object);
	if (ret)
		return ret;
	ret = nvif_object_map(&faults->object, NULL, 0);
	if (ret)
		return ret;

	faults->entries = args.entries;
	faults->getaddr = args.get;
	faults->putaddr = args.put;
	if (faults->entries < 2)
		return -EIO;

	return nvif_event_ctor(&faults->object, "svmFault", 0,
			       nouveau_svm_faults_event, true, NULL, 0,
			       &faults->event);
}

/**
 * nouveau_svm_faults_init - find the fault buffer and begin to serve it
 * @svm: the device
 *
 * Return: 0; -ENODEV if the device has no replayable faults; or another error.
 * Then there is nothing to undo.
 */
int nouveau_svm_faults_init(struct nouveau_svm *svm)
{
	struct nouveau_svm_faults *faults;
	int ret;

	faults = kzalloc(sizeof(*faults), GFP_KERNEL);
	if (!faults)
		return -ENOMEM;

	svm->faults = faults;
	faults->svm = svm;
	mutex_init(&faults->mutex);
	init_waitqueue_head(&faults->idle);
	INIT_WORK(&faults->drain, nouveau_svm_drain_work);
	INIT_DELAYED_WORK(&faults->kick, nouveau_svm_kick_work);

	faults->urgent = alloc_workqueue("nouveau-svm-urgent", WQ_UNBOUND, 0);
	faults->queue = alloc_workqueue("nouveau-svm", WQ_UNBOUND,
					NOUVEAU_SVM_SERVICES);
	ret = faults->urgent && faults->queue ? 0 : -ENOMEM;
	if (!ret)
		ret = mempool_init_kmalloc_pool(&faults->batches, 2,
						sizeof(struct nouveau_svm_batch));
	if (!ret)
		ret = mempool_init_kmalloc_pool(&faults->groups,
						2 * NOUVEAU_SVM_SERVICES,
						sizeof(struct nouveau_svm_group));
	if (!ret)
		ret = nouveau_svm_services_init(faults);
	if (!ret)
		ret = nouveau_svm_faults_open(faults);
	if (!ret)
		ret = nouveau_svm_faults_resume(svm);
	if (ret)
		nouveau_svm_faults_fini(svm);
	return ret;
}
