// SPDX-License-Identifier: GPL-2.0-or-later
/* Locks, SRCU, wait queues and threads. */
#include <sched.h>

#include "shim.h"

static __thread unsigned int spinlocks;
static __thread struct shim_task *current_task;

void shim_mb(void)
{
#ifdef __SANITIZE_THREAD__
	/* ThreadSanitizer knows no fences. */
	static int fenced;

	__atomic_fetch_add(&fenced, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* ------------------------------------------------------------------ locks */

bool shim_spinlocks_held(void)
{
	return spinlocks;
}

void spin_lock(spinlock_t *lock)
{
	lock_map_acquire(&lock->dep_map);
	spinlocks++;
	pthread_mutex_lock(&lock->mutex);
}

bool spin_trylock(spinlock_t *lock)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return false;
	spinlocks++;
	shim_lock_tried(&lock->dep_map);
	return true;
}

void spin_unlock(spinlock_t *lock)
{
	pthread_mutex_unlock(&lock->mutex);
	spinlocks--;
	lock_map_release(&lock->dep_map);
}

void mutex_lock(struct mutex *lock)
{
	might_sleep();
	lock_map_acquire(&lock->dep_map);
	pthread_mutex_lock(&lock->mutex);
}

bool mutex_trylock(struct mutex *lock)
{
	if (pthread_mutex_trylock(&lock->mutex))
		return false;
	shim_lock_tried(&lock->dep_map);
	return true;
}

void mutex_unlock(struct mutex *lock)
{
	pthread_mutex_unlock(&lock->mutex);
	lock_map_release(&lock->dep_map);
}

void down_read(struct rw_semaphore *sem)
{
	might_sleep();
	lock_map_acquire(&sem->dep_map);
	pthread_rwlock_rdlock(&sem->lock);
}

void up_read(struct rw_semaphore *sem)
{
	pthread_rwlock_unlock(&sem->lock);
	lock_map_release(&sem->dep_map);
}

void down_write(struct rw_semaphore *sem)
{
	might_sleep();
	lock_map_acquire(&sem->dep_map);
	pthread_rwlock_wrlock(&sem->lock);
}

void up_write(struct rw_semaphore *sem)
{
	pthread_rwlock_unlock(&sem->lock);
	lock_map_release(&sem->dep_map);
}

/* ------------------------------------------------------------------- SRCU */

/*
 * How many read sections this thread is in. One srcu_struct is enough for the
 * subject.
 */
static __thread unsigned int srcu_depth;
static struct srcu_struct *srcu_with_callbacks;

int srcu_read_lock(struct srcu_struct *ssp)
{
	int index = __atomic_load_n(&ssp->index, __ATOMIC_SEQ_CST);

	__atomic_fetch_add(&ssp->readers[index], 1, __ATOMIC_SEQ_CST);
	srcu_depth++;
	return index;
}

void srcu_read_unlock(struct srcu_struct *ssp, int index)
{
	srcu_depth--;
	__atomic_fetch_sub(&ssp->readers[index], 1, __ATOMIC_SEQ_CST);
}

bool srcu_read_lock_held(const struct srcu_struct *ssp)
{
	(void)ssp;
	return srcu_depth;
}

static void wait_for_readers(struct srcu_struct *ssp, int index)
{
	struct shim_task *task = shim_task_current();

	while (__atomic_load_n(&ssp->readers[index], __ATOMIC_SEQ_CST)) {
		shim_task_set_state(task, SHIM_TASK_BLOCKED);
		sched_yield();
	}
	shim_task_set_state(task, SHIM_TASK_RUNNING);
}

void synchronize_srcu(struct srcu_struct *ssp)
{
	int index;

	might_sleep();
	if (srcu_depth)
		shim_report(SHIM_LOCKDEP, "%s: waits for its own read section",
			    ssp->dep_map.name);
	pthread_mutex_lock(&ssp->gp);
	index = ssp->index;
	/* A reader that took the index long ago may have counted itself late. */
	wait_for_readers(ssp, !index);
	__atomic_store_n(&ssp->index, !index, __ATOMIC_SEQ_CST);
	wait_for_readers(ssp, index);
	pthread_mutex_unlock(&ssp->gp);
}

void call_srcu(struct srcu_struct *ssp, struct rcu_head *head,
	       void (*func)(struct rcu_head *head))
{
	head->func = func;
	pthread_mutex_lock(&ssp->queue_lock);
	head->next = ssp->queue;
	ssp->queue = head;
	WRITE_ONCE(srcu_with_callbacks, ssp);
	pthread_mutex_unlock(&ssp->queue_lock);
}

void srcu_barrier(struct srcu_struct *ssp)
{
	struct rcu_head *head;

	pthread_mutex_lock(&ssp->queue_lock);
	head = ssp->queue;
	ssp->queue = NULL;
	pthread_mutex_unlock(&ssp->queue_lock);

	synchronize_srcu(ssp);
	while (head) {
		struct rcu_head *next = head->next;

		/* In the kernel they may run in a softirq. */
		non_block_start();
		head->func(head);
		non_block_end();
		head = next;
	}
}

void shim_srcu_run(void)
{
	struct srcu_struct *ssp = READ_ONCE(srcu_with_callbacks);

	if (ssp)
		srcu_barrier(ssp);
}

/* ------------------------------------------------------------ wait queues */

void init_waitqueue_head(wait_queue_head_t *wq)
{
	pthread_mutex_init(&wq->mutex, NULL);
	INIT_LIST_HEAD(&wq->waits);
}

void wake_up_all(wait_queue_head_t *wq)
{
	struct shim_wait *wait;

	pthread_mutex_lock(&wq->mutex);
	list_for_each_entry(wait, &wq->waits, item) {
		wait->woken = true;
		shim_task_set_state(wait->task, SHIM_TASK_RUNNING);
		pthread_cond_signal(&wait->cond);
	}
	pthread_mutex_unlock(&wq->mutex);
}

bool waitqueue_active(wait_queue_head_t *wq)
{
	return !list_empty(&wq->waits);
}

bool wq_has_sleeper(wait_queue_head_t *wq)
{
	smp_mb();
	return waitqueue_active(wq);
}

void shim_wait_start(wait_queue_head_t *wq, struct shim_wait *wait)
{
	pthread_cond_init(&wait->cond, NULL);
	wait->task = shim_task_current();
	pthread_mutex_lock(&wq->mutex);
	list_add_tail(&wait->item, &wq->waits);
	pthread_mutex_unlock(&wq->mutex);
}

void shim_wait_arm(wait_queue_head_t *wq, struct shim_wait *wait)
{
	pthread_mutex_lock(&wq->mutex);
	wait->woken = false;
	pthread_mutex_unlock(&wq->mutex);
}

void shim_wait_sleep(wait_queue_head_t *wq, struct shim_wait *wait)
{
	pthread_mutex_lock(&wq->mutex);
	if (!wait->woken)
		shim_task_set_state(wait->task, SHIM_TASK_BLOCKED);
	while (!wait->woken)
		pthread_cond_wait(&wait->cond, &wq->mutex);
	pthread_mutex_unlock(&wq->mutex);
}

void shim_wait_finish(wait_queue_head_t *wq, struct shim_wait *wait)
{
	pthread_mutex_lock(&wq->mutex);
	list_del(&wait->item);
	pthread_mutex_unlock(&wq->mutex);
	pthread_cond_destroy(&wait->cond);
}

/* ---------------------------------------------------------------- threads */

struct shim_task *shim_task_current(void)
{
	return current_task;
}

void shim_task_set_state(struct shim_task *task, enum shim_task_state state)
{
	if (!task)
		return;
	pthread_mutex_lock(&task->mutex);
	task->state = state;
	pthread_cond_broadcast(&task->cond);
	pthread_mutex_unlock(&task->mutex);
}

static void *run_task(void *arg)
{
	struct shim_task *task = arg;

	current_task = task;
	task->fn(task->arg);
	shim_task_set_state(task, SHIM_TASK_DONE);
	return NULL;
}

void shim_task_start(struct shim_task *task, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_init(&task->mutex, NULL);
	pthread_cond_init(&task->cond, NULL);
	task->state = SHIM_TASK_RUNNING;
	task->fn = fn;
	task->arg = arg;
	BUG_ON(pthread_create(&task->thread, NULL, run_task, task));
}

enum shim_task_state shim_task_settle(struct shim_task *task)
{
	enum shim_task_state state;

	pthread_mutex_lock(&task->mutex);
	while (task->state == SHIM_TASK_RUNNING)
		pthread_cond_wait(&task->cond, &task->mutex);
	state = task->state;
	pthread_mutex_unlock(&task->mutex);
	return state;
}

void shim_task_join(struct shim_task *task)
{
	pthread_join(task->thread, NULL);
}
