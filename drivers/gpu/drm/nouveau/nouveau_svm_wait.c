// SPDX-License-Identifier: GPL-2.0
/*
 * Waiters: threads that bring in pages for which user space has to do something
 * first, which may take for ever.
 */
#include "nouveau_svm_fault.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"

#include <linux/hmm.h>
#include <linux/kthread.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/wait.h>

/**
 * DOC: waiters
 *
 * A page of a userfaultfd area comes when a handler in user space likes. A
 * worker that waited for it would be missed by other processes, so each group of
 * such faults gets a thread. It maps nothing and holds no claim: it brings the
 * pages into the process one after another, and ends with a replay; the faults
 * then come again and find the pages.
 *
 * The replays of others raise the same faults meanwhile. What a waiter of the
 * address space waits for already needs no second one, and beyond
 * %NOUVEAU_SVM_WAITERS_MAX the faults are left to the replay with which one of
 * these ends.
 *
 * A waiter has to end with its process, but it holds mm_users, which keeps the
 * process's address space. Closing the DRM file ends it
 * (nouveau_svm_faults_release()), and so does the monitor, which looks ten times
 * a second whether anybody but waiters uses the address space. SIGKILL gets a
 * thread out of the wait for a handler; only the kernel can send it.
 *
 * All waiters of all devices are in one list, since those of two devices may be
 * the last two users of an address space.
 */

/* For each address space. */
#define NOUVEAU_SVM_WAITERS_MAX		16

#define NOUVEAU_SVM_MONITOR_MS		100

/**
 * struct nouveau_svm_waiter - a thread that waits for user space
 * @head: in @nouveau_svm_waiters
 * @task: the thread, referenced
 * @svm: the device
 * @svmm: the address space, referenced
 * @buffer: of the faults, referenced until @done; only its notifier is used
 * @killed: the thread is to end; set before it gets its signal
 * @done: the thread touches nothing of this any more
 * @nr: number of faults
 * @fault: what it waits for; without references
 */
struct nouveau_svm_waiter {
	struct list_head head;
	struct task_struct *task;
	struct nouveau_svm *svm;
	struct nouveau_svmm *svmm;
	struct nouveau_svm_buffer *buffer;
	bool killed;
	bool done;
	unsigned int nr;
	struct nouveau_svm_fault fault[] __counted_by(nr);
};

static void nouveau_svm_monitor_work(struct work_struct *work);

static LIST_HEAD(nouveau_svm_waiters);
/* Protects the list, and @killed and @done of what is in it. */
static DEFINE_MUTEX(nouveau_svm_waiters_mutex);
static DECLARE_WAIT_QUEUE_HEAD(nouveau_svm_waiters_ended);
static DECLARE_DELAYED_WORK(nouveau_svm_monitor, nouveau_svm_monitor_work);

/* Bring in the page of one fault. */
static int nouveau_svm_waiter_page(struct nouveau_svm_waiter *waiter,
				   const struct nouveau_svm_fault *fault)
{
	struct mm_struct *mm = waiter->svmm->mm;
	unsigned long pfn;
	struct hmm_range range = {
		.notifier = &waiter->buffer->notifier,
		.start = fault->addr & PAGE_MASK,
		.end = (fault->addr & PAGE_MASK) + PAGE_SIZE,
		.hmm_pfns = &pfn,
		.default_flags = HMM_PFN_REQ_FAULT,
		.dev_private_owner = nouveau_dmem_owner(waiter->svm->drm),
	};
	int ret;

	if (fault->want >= NOUVEAU_SVM_WRITE)
		range.default_flags |= HMM_PFN_REQ_WRITE;

	do {
		if (READ_ONCE(waiter->killed))
			return -EINTR;
		cond_resched();
		range.notifier_seq = mmu_range_read_begin(range.notifier);
		ret = mmap_read_lock_killable(mm);
		if (ret)
			return ret;
		ret = hmm_range_fault(&range, HMM_FAULT_ALLOW_RETRY);
		if (ret != -EAGAIN)
			mmap_read_unlock(mm);
	} while (ret == -EAGAIN || ret == -EBUSY);
	return ret;
}

static int nouveau_svm_waiter_thread(void *data)
{
	struct nouveau_svm_waiter *waiter = data;
	unsigned int i;
	int ret = 0;

	/*
	 * Pairs with the signal in nouveau_svm_waiter_kill(): both take the lock
	 * of the signal handlers. If it came before, @killed is seen.
	 */
	allow_kernel_signal(SIGKILL);

	for (i = 0; i < waiter->nr && ret != -EINTR; i++) {
		ret = nouveau_svm_waiter_page(waiter, &waiter->fault[i]);
		/* The next fault may get there. This one never will. */
		if (ret && ret != -EINTR && ret != -ENOMEM)
			nouveau_svm_faults_cancel(waiter->svm,
						  &waiter->fault[i], 1, ret);
	}

	nouveau_svm_buffer_put(waiter->buffer);
	mmput_async(waiter->svmm->mm);

	mutex_lock(&nouveau_svm_waiters_mutex);
	waiter->done = true;
	mutex_unlock(&nouveau_svm_waiters_mutex);
	/*
	 * After @done: whoever left a fault to this waiter did it before. And the
	 * device is there until the thread has been stopped.
	 */
	if (ret == -ENOMEM)
		nouveau_svm_faults_later(waiter->svm);
	else
		nouveau_svm_faults_kick(waiter->svm);
	mod_delayed_work(system_unbound_wq, &nouveau_svm_monitor, 0);
	return 0;
}

static void nouveau_svm_waiter_kill(struct nouveau_svm_waiter *waiter)
{
	lockdep_assert_held(&nouveau_svm_waiters_mutex);

	if (waiter->killed || waiter->done)
		return;
	WRITE_ONCE(waiter->killed, true);
	send_sig(SIGKILL, waiter->task, 1);
}

/* Free a waiter whose thread is done, or about to return. */
static void nouveau_svm_waiter_reap(struct nouveau_svm_waiter *waiter)
{
	lockdep_assert_held(&nouveau_svm_waiters_mutex);

	list_del(&waiter->head);
	kthread_stop_put(waiter->task);
	nouveau_svm_count(waiter->svm, NOUVEAU_SVM_WAITERS_LIVE, -1);
	nouveau_svmm_put(waiter->svmm);
	kfree(waiter);
}

/* Does nobody but waiters use the address space? */
static bool nouveau_svm_waiter_is_alone(const struct nouveau_svm_waiter *waiter)
{
	const struct mm_struct *mm = waiter->svmm->mm;
	struct nouveau_svm_waiter *other;
	int users = 0;

	list_for_each_entry(other, &nouveau_svm_waiters, head)
		users += !other->done && other->svmm->mm == mm;
	return atomic_read(&mm->mm_users) <= users;
}

static void nouveau_svm_monitor_work(struct work_struct *work)
{
	struct nouveau_svm_waiter *waiter, *next;

	mutex_lock(&nouveau_svm_waiters_mutex);
	list_for_each_entry_safe(waiter, next, &nouveau_svm_waiters, head) {
		if (waiter->done)
			nouveau_svm_waiter_reap(waiter);
		else if (nouveau_svm_waiter_is_alone(waiter))
			nouveau_svm_waiter_kill(waiter);
	}
	if (!list_empty(&nouveau_svm_waiters))
		queue_delayed_work(system_unbound_wq, &nouveau_svm_monitor,
				   msecs_to_jiffies(NOUVEAU_SVM_MONITOR_MS));
	mutex_unlock(&nouveau_svm_waiters_mutex);
	wake_up_all(&nouveau_svm_waiters_ended);
}

/* Is there a waiter for this already? */
static bool nouveau_svm_is_awaited(const struct nouveau_svm_fault *fault)
{
	struct nouveau_svm_waiter *waiter;
	unsigned int i;

	list_for_each_entry(waiter, &nouveau_svm_waiters, head) {
		if (waiter->done || waiter->svmm != fault->svmm)
			continue;
		for (i = 0; i < waiter->nr; i++)
			if (!((waiter->fault[i].addr ^ fault->addr) & PAGE_MASK) &&
			    waiter->fault[i].want >= fault->want)
				return true;
	}
	return false;
}

/* May the address space have one more? */
static bool nouveau_svm_may_wait(const struct nouveau_svmm *svmm)
{
	struct nouveau_svm_waiter *waiter;
	unsigned int n = 0;

	list_for_each_entry(waiter, &nouveau_svm_waiters, head)
		n += !waiter->done && waiter->svmm == svmm;
	return n < NOUVEAU_SVM_WAITERS_MAX;
}

/**
 * nouveau_svm_wait - have a thread wait for what faults need
 * @svm: the device
 * @buffer: the buffer that they are in, referenced
 * @fault: the faults
 * @nr: how many
 * @pages: bitmap of the CPU pages, within the buffer, that are to be waited for
 *
 * The caller holds mm_users of the address space, and no claim or lock.
 *
 * Return: 0 if a waiter owes the replay now, or one did already; or an error,
 * then the caller owes it: -ENOMEM, or -ENODEV if the address space is dead.
 */
int nouveau_svm_wait(struct nouveau_svm *svm, struct nouveau_svm_buffer *buffer,
		     const struct nouveau_svm_fault *fault, unsigned int nr,
		     const unsigned long *pages)
{
	struct nouveau_svmm *svmm = buffer->svmm;
	struct nouveau_svm_waiter *waiter;
	struct task_struct *task;
	unsigned int i;
	int ret = 0;

	waiter = kzalloc(struct_size(waiter, fault, nr), GFP_KERNEL);
	if (!waiter)
		return -ENOMEM;
	waiter->svm = svm;
	waiter->svmm = svmm;
	waiter->buffer = buffer;

	mutex_lock(&nouveau_svm_waiters_mutex);
	/*
	 * Whoever sets @dead then calls nouveau_svm_wait_end(), which takes the
	 * mutex: either we see it, or it sees our waiter. The next time such a
	 * fault comes it is cancelled.
	 */
	if (READ_ONCE(svmm->dead)) {
		ret = -ENODEV;
		goto out;
	}
	for (i = 0; i < nr; i++)
		if (fault[i].want &&
		    test_bit(nouveau_svm_fault_page(&fault[i]), pages) &&
		    !nouveau_svm_is_awaited(&fault[i])) {
			waiter->nr++;
			waiter->fault[waiter->nr - 1] = fault[i];
		}
	if (!waiter->nr || !nouveau_svm_may_wait(svmm))
		goto out;

	task = kthread_create(nouveau_svm_waiter_thread, waiter, "nouveau-svm-wait");
	if (IS_ERR(task)) {
		ret = PTR_ERR(task);
		goto out;
	}

	waiter->task = get_task_struct(task);
	kref_get(&svmm->kref);
	mmget(svmm->mm);
	/* The caller has one. */
	refcount_inc(&buffer->refs);
	list_add_tail(&waiter->head, &nouveau_svm_waiters);
	nouveau_svm_count(svm, NOUVEAU_SVM_WAITERS, 1);
	nouveau_svm_count(svm, NOUVEAU_SVM_WAITERS_LIVE, 1);
	wake_up_process(task);
	queue_delayed_work(system_unbound_wq, &nouveau_svm_monitor,
			   msecs_to_jiffies(NOUVEAU_SVM_MONITOR_MS));
	waiter = NULL;
out:
	mutex_unlock(&nouveau_svm_waiters_mutex);
	kfree(waiter);
	return ret;
}

/* Kill the waiters of @svm or @svmm. Returns true if there are none. */
static bool nouveau_svm_waiters_are_gone(const struct nouveau_svm *svm,
					 const struct nouveau_svmm *svmm)
{
	struct nouveau_svm_waiter *waiter;
	bool gone = true;

	mutex_lock(&nouveau_svm_waiters_mutex);
	list_for_each_entry(waiter, &nouveau_svm_waiters, head)
		if (waiter->svm == svm || waiter->svmm == svmm) {
			nouveau_svm_waiter_kill(waiter);
			gone = false;
		}
	mutex_unlock(&nouveau_svm_waiters_mutex);
	return gone;
}

/**
 * nouveau_svm_wait_end - end waiters
 * @svm: those of this device; or NULL
 * @svmm: those of this address space; or NULL
 *
 * When it returns, their threads have ended. Sleeps; the caller holds no lock
 * that a page fault takes.
 */
void nouveau_svm_wait_end(struct nouveau_svm *svm, struct nouveau_svmm *svmm)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	/* Not wait_event(): the condition sleeps. */
	add_wait_queue(&nouveau_svm_waiters_ended, &wait);
	while (!nouveau_svm_waiters_are_gone(svm, svmm))
		wait_woken(&wait, TASK_UNINTERRUPTIBLE, MAX_SCHEDULE_TIMEOUT);
	remove_wait_queue(&nouveau_svm_waiters_ended, &wait);

	/* The module may go next; without waiters it does not queue itself. */
	if (svm)
		flush_delayed_work(&nouveau_svm_monitor);
}
