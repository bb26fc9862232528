// SPDX-License-Identifier: GPL-2.0
/*
 * Shared virtual memory: a GPU that follows the pointers of a process.
 *
 * Here are the address spaces and the ioctls; nouveau_svm.h has the overview
 * and the locking rules.
 */
#include "nouveau_svm.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"

#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include <nvif/class.h>
#include <nvif/if000c.h>
#include <nvif/ifc00d.h>
#include <nvif/vmm.h>

/**
 * struct nouveau_svm_channel - a channel whose faults are served
 * @head: in &nouveau_svm.channels
 * @svmm: its address space
 * @inst: address of its instance block, by which a fault names it
 * @serial: not 0, and never used again: an instance block is
 */
struct nouveau_svm_channel {
	struct list_head head;
	struct nouveau_svmm *svmm;
	u64 inst;
	u64 serial;
};

static void nouveau_svmm_free(struct kref *kref)
{
	struct nouveau_svmm *svmm = container_of(kref, struct nouveau_svmm, kref);

	mmdrop(svmm->mm);
	mutex_destroy(&svmm->tables);
	kfree(svmm);
}

/**
 * nouveau_svmm_put - drop a reference to an address space
 * @svmm: the address space
 */
void nouveau_svmm_put(struct nouveau_svmm *svmm)
{
	kref_put(&svmm->kref, nouveau_svmm_free);
}

/**
 * nouveau_svmm_enter - begin to use the GPU side of an address space
 * @svmm: the address space, referenced
 *
 * Return: true if buffers may be made and pages mapped until
 * nouveau_svmm_leave(); false if the address space is going away.
 */
bool nouveau_svmm_enter(struct nouveau_svmm *svmm)
{
	bool alive;

	spin_lock(&svmm->idle.lock);
	alive = !svmm->dead;
	if (alive)
		svmm->busy++;
	spin_unlock(&svmm->idle.lock);
	return alive;
}

/**
 * nouveau_svmm_leave - end nouveau_svmm_enter()
 * @svmm: the address space, referenced
 */
void nouveau_svmm_leave(struct nouveau_svmm *svmm)
{
	spin_lock(&svmm->idle.lock);
	/* Whoever waits looks at @busy under the lock. */
	if (!--svmm->busy && waitqueue_active(&svmm->idle))
		wake_up_all_locked(&svmm->idle);
	spin_unlock(&svmm->idle.lock);
}

static struct nouveau_svm_channel *
nouveau_svm_channel_find(struct nouveau_svm *svm, u64 inst)
{
	struct nouveau_svm_channel *channel;

	lockdep_assert_held(&svm->mutex);

	list_for_each_entry(channel, &svm->channels, head)
		if (channel->inst == inst)
			return channel;
	return NULL;
}

/**
 * nouveau_svm_find - whose fault is it?
 * @svm: the device
 * @inst: address of the channel's instance block
 * @serial: out: tells the channel from others with the same address, before and
 *	after it; 0 if there is none
 *
 * Return: the address space with a reference, for nouveau_svmm_put(); or NULL if
 * the channel has none, or is gone.
 */
struct nouveau_svmm *nouveau_svm_find(struct nouveau_svm *svm, u64 inst,
				      u64 *serial)
{
	struct nouveau_svm_channel *channel;
	struct nouveau_svmm *svmm = NULL;

	*serial = 0;
	mutex_lock(&svm->mutex);
	channel = nouveau_svm_channel_find(svm, inst);
	if (channel) {
		*serial = channel->serial;
		svmm = channel->svmm;
		kref_get(&svmm->kref);
	}
	mutex_unlock(&svm->mutex);
	return svmm;
}

/**
 * nouveau_svm_is_reused - has another channel got the address meanwhile?
 * @svm: the device; the caller holds its mutex, and nobody gets the address
 *	until it is released
 * @inst: address of the instance block
 * @serial: from nouveau_svm_find()
 *
 * Return: true if what was known about the channel is about another one, which is
 * not to suffer for it.
 */
bool nouveau_svm_is_reused(struct nouveau_svm *svm, u64 inst, u64 serial)
{
	const struct nouveau_svm_channel *channel =
		nouveau_svm_channel_find(svm, inst);

	return channel && channel->serial != serial;
}

/**
 * nouveau_svmm_join - serve the faults of a channel
 * @svmm: the address space that the channel uses; NULL if it is not mirrored
 * @inst: address of the channel's instance block
 *
 * Return: 0 or -ENOMEM.
 */
int nouveau_svmm_join(struct nouveau_svmm *svmm, u64 inst)
{
	struct nouveau_svm_channel *channel;
	struct nouveau_svm *svm;

	if (!svmm)
		return 0;
	svm = nouveau_svmm_svm(svmm);
	if (!svm)
		return 0;

	channel = kmalloc(sizeof(*channel), GFP_KERNEL);
	if (!channel)
		return -ENOMEM;
	channel->svmm = svmm;
	channel->inst = inst;

	/* What the buffer still has of this address is another channel's. */
	nouveau_svm_faults_flush(svm);

	mutex_lock(&svm->mutex);
	channel->serial = ++svm->serial;
	list_add(&channel->head, &svm->channels);
	mutex_unlock(&svm->mutex);
	return 0;
}

/**
 * nouveau_svmm_part - no longer serve the faults of a channel
 * @svmm: as for nouveau_svmm_join()
 * @inst: as for nouveau_svmm_join()
 *
 * Faults that were read from the hardware before may still be in service.
 */
void nouveau_svmm_part(struct nouveau_svmm *svmm, u64 inst)
{
	struct nouveau_svm_channel *channel;
	struct nouveau_svm *svm;

	if (!svmm)
		return;
	svm = nouveau_svmm_svm(svmm);
	if (!svm)
		return;

	mutex_lock(&svm->mutex);
	list_for_each_entry(channel, &svm->channels, head) {
		if (channel->svmm == svmm && channel->inst == inst) {
			list_del(&channel->head);
			kfree(channel);
			break;
		}
	}
	mutex_unlock(&svm->mutex);
}

static bool nouveau_svmm_idle(struct nouveau_svmm *svmm)
{
	bool idle;

	spin_lock(&svmm->idle.lock);
	idle = !svmm->busy;
	spin_unlock(&svmm->idle.lock);
	return idle;
}

/* No service and no callback of the address space runs after this. */
static void nouveau_svmm_stop(struct nouveau_svmm *svmm)
{
	spin_lock(&svmm->idle.lock);
	/* Pairs with the READ_ONCE() in nouveau_svm_wait(). */
	WRITE_ONCE(svmm->dead, true);
	spin_unlock(&svmm->idle.lock);

	if (nouveau_svmm_svm(svmm))
		nouveau_svm_faults_release(svmm);
	wait_event(svmm->idle, nouveau_svmm_idle(svmm));
	nouveau_svm_buffers_fini(svmm);
}

/**
 * nouveau_svmm_fini - end the mirror of an address space
 * @psvmm: the client's pointer to it; NULL afterwards
 *
 * The client's GPU address space has to live on until this returns. The process
 * may be gone already.
 */
void nouveau_svmm_fini(struct nouveau_svmm **psvmm)
{
	struct nouveau_svmm *svmm = *psvmm;
	struct nouveau_svm *svm;

	if (!svmm)
		return;
	*psvmm = NULL;

	svm = nouveau_svmm_svm(svmm);
	if (svm) {
		nouveau_svmm_stop(svmm);
		mutex_lock(&svm->mutex);
		list_del(&svmm->head);
		mutex_unlock(&svm->mutex);
		nouveau_svm_count(svm, NOUVEAU_SVM_ADDRESS_SPACES_LIVE, -1);
	}
	nouveau_svmm_put(svmm);
}

/**
 * nouveau_svmm_init - DRM_NOUVEAU_SVM_INIT: mirror the caller's address space
 * @dev: the device
 * @data: &struct drm_nouveau_svm_init
 * @file: the client
 *
 * From now on channels and buffer objects of the client live in the mirrored
 * GPU address space: the objects in the unmanaged hole, which the program must
 * keep free of other memory.
 *
 * Return: 0; -ENOSYS without SVM; -EINVAL if the hole does not consist of whole
 * pages of the GPU's address space; -EBUSY if the client has one already; -ENOMEM.
 */
int nouveau_svmm_init(struct drm_device *dev, void *data, struct drm_file *file)
{
	struct nouveau_cli *cli = nouveau_cli(file);
	struct drm_nouveau_svm_init *args = data;
	struct nouveau_svm *svm = cli->drm->svm;
	struct nouveau_svmm *svmm;
	u64 end;
	int ret;

	if (!svm)
		return -ENOSYS;
	if (check_add_overflow(args->unmanaged_addr, args->unmanaged_size, &end) ||
	    end > cli->vmm.vmm.limit ||
	    !PAGE_ALIGNED(args->unmanaged_addr | args->unmanaged_size))
		return -EINVAL;

	svmm = kzalloc(sizeof(*svmm), GFP_KERNEL);
	if (!svmm)
		return -ENOMEM;
	kref_init(&svmm->kref);
	svmm->svm = svm;
	svmm->vmm = &cli->svm;
	svmm->unmanaged.start = args->unmanaged_addr;
	svmm->unmanaged.end = end;
	init_waitqueue_head(&svmm->idle);
	nouveau_svm_buffers_init(svmm);
	svmm->mm = current->mm;
	mmgrab(svmm->mm);

	mutex_lock(&cli->mutex);
	if (cli->svm.cli) {
		ret = -EBUSY;
		goto fail;
	}

	/*
	 * RAW: the page tables outside of the hole are ours, to take and to give
	 * back, so that mapping and clearing allocate nothing.
	 */
	ret = nvif_vmm_ctor(&cli->mmu, "svmVmm", cli->vmm.vmm.object.oclass, RAW,
			    args->unmanaged_addr, args->unmanaged_size,
			    &(struct gp100_vmm_v0) { .fault_replay = true },
			    sizeof(struct gp100_vmm_v0), &cli->svm.vmm);
	if (ret)
		goto fail;

	mutex_lock(&svm->mutex);
	list_add_tail(&svmm->head, &svm->svmms);
	mutex_unlock(&svm->mutex);
	nouveau_svm_count(svm, NOUVEAU_SVM_ADDRESS_SPACES_LIVE, 1);

	cli->svm.svmm = svmm;
	cli->svm.cli = cli;
	mutex_unlock(&cli->mutex);
	return 0;

fail:
	mutex_unlock(&cli->mutex);
	nouveau_svmm_put(svmm);
	return ret;
}

/*
 * Migrates what is mapped of one block. Returns 0; -EFAULT if there is a hole;
 * or an error that ends the whole operation.
 */
static int nouveau_svmm_bind_block(struct nouveau_svmm *svmm,
				   struct nouveau_drm *drm,
				   unsigned long start, unsigned long end,
				   enum nouveau_dmem_target target,
				   unsigned long *migrated)
{
	struct mm_struct *mm = svmm->mm;
	unsigned long addr = start;
	bool hole = false;
	int ret = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	while (addr < end) {
		struct vm_area_struct *vma = find_vma_intersection(mm, addr, end);
		unsigned long next;

		if (!vma) {
			hole = true;
			break;
		}
		if (vma->vm_start > addr) {
			hole = true;
			addr = vma->vm_start;
		}
		next = min(vma->vm_end, end);
		ret = nouveau_dmem_migrate_vma(drm, vma, addr, next, target,
					       migrated);
		if (ret)
			break;
		addr = next;
	}
	mmap_read_unlock(mm);

	if (!ret && hole)
		ret = -EFAULT;
	return ret;
}

/* The first mapped address at or behind @addr; @end if there is none before */
static unsigned long nouveau_svmm_next_vma(struct mm_struct *mm,
					   unsigned long addr, unsigned long end)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = find_vma_intersection(mm, addr, end);
	if (vma)
		end = max(addr, vma->vm_start);
	mmap_read_unlock(mm);
	return end;
}

static int nouveau_svmm_migrate(struct nouveau_svmm *svmm,
				struct nouveau_drm *drm,
				unsigned long start, unsigned long end,
				enum nouveau_dmem_target target,
				unsigned long *migrated)
{
	unsigned long addr, next;
	bool hole = false;
	int ret;

	for (addr = start; addr < end; addr = next) {
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();

		/* Address space is large and mostly empty. */
		next = nouveau_svmm_next_vma(svmm->mm, addr, end);
		if (next > addr) {
			hole = true;
			continue;
		}

		/* TASK_SIZE is far from the end of the type. */
		next = min(end, (addr & NOUVEAU_SVM_BUFFER_MASK) +
				NOUVEAU_SVM_BUFFER_SIZE);
		ret = nouveau_svmm_bind_block(svmm, drm, addr, next, target,
					      migrated);
		if (ret == -EFAULT)
			hole = true;
		else if (ret)
			return ret;

		/* Only to save faults: without it the GPU maps what it touches. */
		if (target == NOUVEAU_DMEM_VRAM &&
		    nouveau_svm_populate(svmm, addr, next) == -EINTR)
			return -EINTR;
	}
	return hole ? -EFAULT : 0;
}

/**
 * nouveau_svmm_bind - DRM_NOUVEAU_SVM_BIND: migrate a range
 * @dev: the device
 * @data: &struct drm_nouveau_svm_bind
 * @file: the client
 *
 * The range is extended to whole pages. Pages that are where they are to go, and
 * kinds of memory that do not migrate (files, shared memory, hugetlb), are left
 * alone and not counted. &drm_nouveau_svm_bind.npages is not looked at, as ever,
 * nor is the priority.
 *
 * Return: 0; -EINVAL for a bad field, a range that is empty, or not of user
 * space, or a client without SVM; -EPERM if the address space is another
 * process's; -EFAULT if part of the range is not mapped, the rest was migrated;
 * -EINTR when the process is being killed; -ENOSPC if no VRAM can be had, not
 * even by eviction; -EIO if a copy failed, its pages stay where they are;
 * -ENODEV without a copy engine; -ENOMEM. &drm_nouveau_svm_bind.result is the
 * number of pages that were migrated, with an error as well.
 */
int nouveau_svmm_bind(struct drm_device *dev, void *data, struct drm_file *file)
{
	struct nouveau_cli *cli = nouveau_cli(file);
	struct drm_nouveau_svm_bind *args = data;
	enum nouveau_dmem_target target;
	unsigned long migrated = 0;
	struct nouveau_svmm *svmm;
	u64 start, end;
	u32 command;
	int ret;

	args->result = 0;
	if (args->reserved0 || args->reserved1 || args->stride ||
	    (args->header & ~NOUVEAU_SVM_BIND_VALID_MASK))
		return -EINVAL;

	command = (args->header >> NOUVEAU_SVM_BIND_COMMAND_SHIFT) &
		  NOUVEAU_SVM_BIND_COMMAND_MASK;
	if (command != NOUVEAU_SVM_BIND_COMMAND__MIGRATE)
		return -EINVAL;

	switch ((args->header >> NOUVEAU_SVM_BIND_TARGET_SHIFT) &
		NOUVEAU_SVM_BIND_TARGET_MASK) {
	case NOUVEAU_SVM_BIND_TARGET__GPU_VRAM:
		target = NOUVEAU_DMEM_VRAM;
		break;
	case 0:
		target = NOUVEAU_DMEM_SYSTEM;
		break;
	default:
		return -EINVAL;
	}

	if (args->va_start >= args->va_end || args->va_end > TASK_SIZE)
		return -EINVAL;
	start = args->va_start & PAGE_MASK;
	end = PAGE_ALIGN(args->va_end);

	mutex_lock(&cli->mutex);
	svmm = cli->svm.svmm;
	mutex_unlock(&cli->mutex);
	if (!svmm)
		return -EINVAL;
	/* The file may have come by fork() or by a socket. */
	if (svmm->mm != current->mm)
		return -EPERM;
	if (!nouveau_svmm_enter(svmm))
		return -ENODEV;

	ret = nouveau_svmm_migrate(svmm, cli->drm, start, end, target, &migrated);
	nouveau_svmm_leave(svmm);
	args->result = migrated;
	return ret;
}

/**
 * nouveau_svm_suspend - the device is about to lose power
 * @drm: the device
 *
 * Called before nouveau_dmem_suspend(): VRAM may come back elsewhere, so no PTE
 * stays. Processes are frozen or their channels idle.
 */
void nouveau_svm_suspend(struct nouveau_drm *drm)
{
	struct nouveau_svm *svm = drm->svm;
	struct nouveau_svmm *svmm;

	if (!svm)
		return;

	nouveau_svm_faults_suspend(svm);
	mutex_lock(&svm->mutex);
	list_for_each_entry(svmm, &svm->svmms, head) {
		nouveau_svm_buffers_clear(svmm);
		/* Their work item is not frozen, and would write page tables. */
		nouveau_svm_buffers_retire(svmm);
	}
	mutex_unlock(&svm->mutex);
}

/**
 * nouveau_svm_resume - the device is back
 * @drm: the device
 */
void nouveau_svm_resume(struct nouveau_drm *drm)
{
	if (drm->svm && nouveau_svm_faults_resume(drm->svm))
		NV_ERROR(drm, "svm: the GPU's page faults can't be served\n");
}

/**
 * nouveau_svm_fini - the device is going away
 * @drm: the device
 *
 * Called after nouveau_dmem_fini(). Files of clients may still be open: their
 * address spaces lose their buffers here and end later.
 */
void nouveau_svm_fini(struct nouveau_drm *drm)
{
	struct nouveau_svm *svm = drm->svm;
	struct nouveau_svm_channel *channel, *next_channel;
	struct nouveau_svmm *svmm, *next;

	if (!svm)
		return;

	/* No @mutex: services look for their address space until this is over. */
	list_for_each_entry(svmm, &svm->svmms, head)
		nouveau_svmm_stop(svmm);
	nouveau_svm_faults_fini(svm);

	mutex_lock(&svm->mutex);
	list_for_each_entry_safe(channel, next_channel, &svm->channels, head) {
		list_del(&channel->head);
		kfree(channel);
	}
	list_for_each_entry_safe(svmm, next, &svm->svmms, head) {
		list_del(&svmm->head);
		/* Pairs with the READ_ONCE() in nouveau_svmm_svm(). */
		WRITE_ONCE(svmm->svm, NULL);
	}
	mutex_unlock(&svm->mutex);

	mutex_destroy(&svm->mutex);
	kfree(svm);
	drm->svm = NULL;
}

/**
 * nouveau_svm_init - offer shared virtual memory on a device
 * @drm: the device
 *
 * Without a replayable fault buffer, or on an error, there is none and
 * DRM_NOUVEAU_SVM_INIT fails.
 */
void nouveau_svm_init(struct nouveau_drm *drm)
{
	struct nouveau_svm *svm;
	int ret;

	/*
	 * Volta and later report faults in another way, and their channels do
	 * not recover from a cancelled one yet.
	 */
	if (drm->client.device.info.family > NV_DEVICE_INFO_V0_PASCAL)
		return;

	svm = kzalloc(sizeof(*svm), GFP_KERNEL);
	if (!svm)
		return;
	svm->drm = drm;
	mutex_init(&svm->mutex);
	INIT_LIST_HEAD(&svm->channels);
	INIT_LIST_HEAD(&svm->svmms);
	nouveau_svm_inject_init(svm);

	drm->svm = svm;
	ret = nouveau_svm_faults_init(svm);
	if (ret) {
		if (ret != -ENODEV)
			NV_WARN(drm, "svm: no page faults: %d\n", ret);
		drm->svm = NULL;
		mutex_destroy(&svm->mutex);
		kfree(svm);
	}
}
