/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the kernel that mm/mmu_notifier.c and its header use, on top of
 * pthreads. Every <linux/...> header of the build is one line that includes
 * this file.
 *
 * What the shim adds to the kernel's behaviour is that a broken rule is an
 * event a test can count: see enum shim_report. Plain accesses stay plain and
 * READ_ONCE() and its kin become C11 atomics, so that ThreadSanitizer judges
 * the subject by the kernel's memory model as far as it can.
 */
#ifndef TESTS_USER_SHIM_H
#define TESTS_USER_SHIM_H

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_LOCKDEP 1
#define CONFIG_MMU_NOTIFIER 1

typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned int gfp_t;

/* ---------------------------------------------------------------- reports */

enum shim_report {
	SHIM_WARN,	/* WARN_ON() and WARN_ON_ONCE() */
	SHIM_LOCKDEP,	/* recursion, inversion, a lock that is not held */
	SHIM_SLEEP,	/* might_sleep() where sleeping is forbidden */
	SHIM_TREE,	/* the interval tree misused or changed under an iterator */
	SHIM_REPORTS,
};

void shim_report(enum shim_report kind, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
unsigned int shim_reports(enum shim_report kind);
/* The number of reports of this kind since the last call, then zero. */
unsigned int shim_take_reports(enum shim_report kind);

#define WARN_ON(cond) ({						\
	bool __warn = !!(cond);						\
									\
	if (__warn)							\
		shim_report(SHIM_WARN, "%s:%d: WARN_ON(%s)", __FILE__,	\
			    __LINE__, #cond);				\
	__warn;								\
})
/* Tests count, so once is not enough. */
#define WARN_ON_ONCE(cond) WARN_ON(cond)
#define WARN(cond, ...) WARN_ON(cond)
#define WARN_ONCE(cond, ...) WARN_ON(cond)
#define VM_WARN_ON(cond) WARN_ON(cond)
#define VM_WARN_ON_ONCE(cond) WARN_ON(cond)
#define BUG_ON(cond) do {						\
	if (cond) {							\
		fprintf(stderr, "%s:%d: BUG_ON(%s)\n", __FILE__,	\
			__LINE__, #cond);				\
		abort();						\
	}								\
} while (0)
#define VM_BUG_ON(cond) BUG_ON(cond)

void shim_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The kernel's %pS does not exist in printf(): the text is enough. */
#define pr_info(fmt, ...) do {						\
	if (0)								\
		shim_use(__VA_ARGS__);					\
	shim_print("%s", fmt);						\
} while (0)
#define pr_info_ratelimited pr_info
#define pr_warn pr_info
static inline void shim_use(const void *first, ...)
{
	(void)first;
}

/* --------------------------------------------------------------- compiler */

#define BIT(n) (1UL << (n))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define __must_check __attribute__((warn_unused_result))
#define __maybe_unused __attribute__((unused))
#define noinline __attribute__((noinline))
#define __cold
#define __init
#define __exit
#define __read_mostly
#define __rcu
#define __acquires(x)
#define __releases(x)
#define __must_hold(x)
#define __acquire(x) do { } while (0)
#define __release(x) do { } while (0)
#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)
#define BUILD_BUG_ON(cond) _Static_assert(!(cond), #cond)
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define check_add_overflow(a, b, d) __builtin_add_overflow(a, b, d)
#define min(a, b) ({ typeof(a) __a = (a); typeof(b) __b = (b); \
	__a < __b ? __a : __b; })
#define max(a, b) ({ typeof(a) __a = (a); typeof(b) __b = (b); \
	__a > __b ? __a : __b; })
#define data_race(expr) (expr)
#define ASSERT_EXCLUSIVE_WRITER(x) do { } while (0)
#define ASSERT_EXCLUSIVE_ACCESS(x) do { } while (0)

#define MAX_ERRNO 4095
static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline long PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool IS_ERR(const void *ptr)
{
	return (unsigned long)ptr >= (unsigned long)-MAX_ERRNO;
}

static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

/* ---------------------------------------------------------------- atomics */

#define READ_ONCE(x) \
	__atomic_load_n((typeof(x) *)(uintptr_t)&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val) __atomic_store_n(&(x), (val), __ATOMIC_RELAXED)
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, val) __atomic_store_n(p, val, __ATOMIC_RELEASE)
#define smp_mb() shim_mb()
#define smp_rmb() shim_mb()
#define smp_wmb() shim_mb()
#define smp_mb__before_atomic() shim_mb()
#define smp_mb__after_atomic() shim_mb()
#define smp_mb__after_spinlock() shim_mb()
#define smp_acquire__after_ctrl_dep() shim_mb()
#define barrier() __asm__ __volatile__("" : : : "memory")
void shim_mb(void);

typedef struct {
	int counter;
} atomic_t;

#define ATOMIC_INIT(i) { (i) }

static inline int atomic_read(const atomic_t *v)
{
	return READ_ONCE(v->counter);
}

static inline void atomic_set(atomic_t *v, int i)
{
	WRITE_ONCE(v->counter, i);
}

static inline void atomic_inc(atomic_t *v)
{
	__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline void atomic_dec(atomic_t *v)
{
	__atomic_fetch_sub(&v->counter, 1, __ATOMIC_RELAXED);
}

static inline int atomic_inc_return(atomic_t *v)
{
	return __atomic_add_fetch(&v->counter, 1, __ATOMIC_SEQ_CST);
}

static inline bool atomic_dec_and_test(atomic_t *v)
{
	return __atomic_sub_fetch(&v->counter, 1, __ATOMIC_ACQ_REL) == 0;
}

static inline bool atomic_inc_not_zero(atomic_t *v)
{
	int old = atomic_read(v);

	while (old)
		if (__atomic_compare_exchange_n(&v->counter, &old, old + 1,
						false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

/* ---------------------------------------------------------------- lockdep */

/* One class for all locks that are initialised at one place. */
struct lock_class_key {
	int id;
};

struct lockdep_map {
	const char *name;
	struct lock_class_key *key;
	struct lock_class_key self;	/* the class of a map without a key */
};

#define STATIC_LOCKDEP_MAP_INIT(_name, _key) \
	{ .name = (_name), .key = (void *)(_key) }
#define lockdep_init_map(map, _name, _key, subclass) \
	(*(map) = (struct lockdep_map){ .name = (_name), .key = (_key) })

enum {
	LOCK_STATE_UNKNOWN = -1,
	LOCK_STATE_NOT_HELD = 0,
	LOCK_STATE_HELD = 1,
};

void lock_map_acquire(struct lockdep_map *map);
void lock_map_release(struct lockdep_map *map);
int lock_is_held(const struct lockdep_map *map);
/* A successful trylock: held, but it could not have waited. */
void shim_lock_tried(struct lockdep_map *map);
#define lock_map_acquire_read(map) lock_map_acquire(map)
#define lock_map_acquire_try(map) shim_lock_tried(map)
#define might_lock(lock) do {						\
	lock_map_acquire(&(lock)->dep_map);				\
	lock_map_release(&(lock)->dep_map);				\
} while (0)
#define might_lock_read(lock) might_lock(lock)

#define lockdep_is_held(lock) lock_is_held(&(lock)->dep_map)
#define lockdep_assert(cond) ({						\
	if (!(cond))							\
		shim_report(SHIM_LOCKDEP, "%s:%d: lockdep_assert(%s)",	\
			    __FILE__, __LINE__, #cond);			\
	(void)0;							\
})
#define lockdep_assert_held(lock) lockdep_assert(lockdep_is_held(lock))
#define lockdep_assert_held_write(lock) lockdep_assert_held(lock)
#define lockdep_assert_not_held(lock) lockdep_assert(!lockdep_is_held(lock))

/* Where may a thread sleep? */
void non_block_start(void);
void non_block_end(void);
void might_sleep(void);
bool shim_spinlocks_held(void);
#define cant_sleep() do { } while (0)
#define might_sleep_if(cond) do {					\
	if (cond)							\
		might_sleep();						\
} while (0)

/* ------------------------------------------------------------------ locks */

typedef struct {
	pthread_mutex_t mutex;
	struct lockdep_map dep_map;
} spinlock_t;

struct mutex {
	pthread_mutex_t mutex;
	struct lockdep_map dep_map;
};

struct rw_semaphore {
	pthread_rwlock_t lock;
	struct lockdep_map dep_map;
};

#define DEFINE_SPINLOCK(x) spinlock_t x = {				\
	.mutex = PTHREAD_MUTEX_INITIALIZER, .dep_map = { .name = #x } }

#define shim_lock_init(x, init) do {					\
	static struct lock_class_key __key;				\
									\
	init;								\
	lockdep_init_map(&(x)->dep_map, #x, &__key, 0);			\
} while (0)
#define spin_lock_init(x) \
	shim_lock_init(x, pthread_mutex_init(&(x)->mutex, NULL))
#define mutex_init(x) \
	shim_lock_init(x, pthread_mutex_init(&(x)->mutex, NULL))
#define init_rwsem(x) \
	shim_lock_init(x, pthread_rwlock_init(&(x)->lock, NULL))

void spin_lock(spinlock_t *lock);
bool spin_trylock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
void mutex_lock(struct mutex *lock);
bool mutex_trylock(struct mutex *lock);
void mutex_unlock(struct mutex *lock);
void down_read(struct rw_semaphore *sem);
void up_read(struct rw_semaphore *sem);
void down_write(struct rw_semaphore *sem);
void up_write(struct rw_semaphore *sem);

/* ------------------------------------------------------------------ lists */

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_POISON1 ((void *)0x100)
#define LIST_POISON2 ((void *)0x122)
#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	WRITE_ONCE(list->prev, list);
}

static inline void shim_list_link(struct list_head *item,
				  struct list_head *prev,
				  struct list_head *next)
{
	next->prev = item;
	item->next = next;
	item->prev = prev;
	WRITE_ONCE(prev->next, item);
}

static inline void list_add(struct list_head *item, struct list_head *head)
{
	shim_list_link(item, head, head->next);
}

static inline void list_add_tail(struct list_head *item,
				 struct list_head *head)
{
	shim_list_link(item, head->prev, head);
}

static inline void shim_list_unlink(struct list_head *item)
{
	item->next->prev = item->prev;
	WRITE_ONCE(item->prev->next, item->next);
}

static inline void list_del(struct list_head *item)
{
	shim_list_unlink(item);
	item->next = LIST_POISON1;
	item->prev = LIST_POISON2;
}

static inline void list_del_init(struct list_head *item)
{
	shim_list_unlink(item);
	INIT_LIST_HEAD(item);
}

static inline void list_move(struct list_head *item, struct list_head *head)
{
	shim_list_unlink(item);
	list_add(item, head);
}

static inline void list_move_tail(struct list_head *item,
				  struct list_head *head)
{
	shim_list_unlink(item);
	list_add_tail(item, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

static inline void list_splice_init(struct list_head *from,
				    struct list_head *head)
{
	if (list_empty(from))
		return;
	from->prev->next = head->next;
	head->next->prev = from->prev;
	from->next->prev = head;
	WRITE_ONCE(head->next, from->next);
	INIT_LIST_HEAD(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_first_entry_or_null(head, type, member) \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, typeof(*(pos)), member)
#define list_for_each_entry(pos, head, member)				\
	for (pos = list_first_entry(head, typeof(*pos), member);	\
	     &pos->member != (head); pos = list_next_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member)			\
	for (pos = list_first_entry(head, typeof(*pos), member),	\
	     n = list_next_entry(pos, member); &pos->member != (head);	\
	     pos = n, n = list_next_entry(n, member))

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

#define HLIST_HEAD_INIT { .first = NULL }
#define HLIST_HEAD(name) struct hlist_head name = HLIST_HEAD_INIT
#define INIT_HLIST_HEAD(head) ((head)->first = NULL)

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	node->next = NULL;
	node->pprev = NULL;
}

static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return !node->pprev;
}

static inline bool hlist_unhashed_lockless(const struct hlist_node *node)
{
	return !READ_ONCE(node->pprev);
}

static inline bool hlist_empty(const struct hlist_head *head)
{
	return !READ_ONCE(head->first);
}

static inline void shim_hlist_link(struct hlist_node *node,
				   struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	node->next = first;
	WRITE_ONCE(node->pprev, &head->first);
	if (first)
		WRITE_ONCE(first->pprev, &node->next);
}

static inline void hlist_add_head(struct hlist_node *node,
				  struct hlist_head *head)
{
	shim_hlist_link(node, head);
	WRITE_ONCE(head->first, node);
}

static inline void hlist_add_head_rcu(struct hlist_node *node,
				      struct hlist_head *head)
{
	shim_hlist_link(node, head);
	smp_store_release(&head->first, node);
}

static inline void shim_hlist_unlink(struct hlist_node *node)
{
	struct hlist_node *next = node->next;

	WRITE_ONCE(*node->pprev, next);
	if (next)
		WRITE_ONCE(next->pprev, node->pprev);
}

static inline void hlist_del(struct hlist_node *node)
{
	shim_hlist_unlink(node);
	node->next = LIST_POISON1;
	node->pprev = LIST_POISON2;
}

static inline void hlist_del_init(struct hlist_node *node)
{
	if (node->pprev) {
		shim_hlist_unlink(node);
		INIT_HLIST_NODE(node);
	}
}

/* Readers on the node go on from it, so ->next stays. */
static inline void hlist_del_init_rcu(struct hlist_node *node)
{
	if (node->pprev) {
		shim_hlist_unlink(node);
		WRITE_ONCE(node->pprev, NULL);
	}
}

#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member) ({				\
	typeof(ptr) __ptr = (ptr);					\
	__ptr ? hlist_entry(__ptr, type, member) : NULL;		\
})
#define hlist_for_each_entry(pos, head, member)				\
	for (pos = hlist_entry_safe((head)->first, typeof(*pos), member); \
	     pos;							\
	     pos = hlist_entry_safe(pos->member.next, typeof(*pos), member))
#define hlist_for_each_entry_safe(pos, n, head, member)			\
	for (pos = hlist_entry_safe((head)->first, typeof(*pos), member); \
	     pos && ({ n = pos->member.next; 1; });			\
	     pos = hlist_entry_safe(n, typeof(*pos), member))
#define hlist_for_each_entry_rcu(pos, head, member, cond...)		\
	for (lockdep_assert(cond),					\
	     pos = hlist_entry_safe(smp_load_acquire(&(head)->first),	\
				    typeof(*pos), member);		\
	     pos;							\
	     pos = hlist_entry_safe(smp_load_acquire(&pos->member.next), \
				    typeof(*pos), member))
#define hlist_for_each_entry_srcu hlist_for_each_entry_rcu

/* ------------------------------------------------------------ RCU and SRCU */

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

/*
 * Counters of the readers of two periods, as in the kernel. Callbacks of
 * call_srcu() wait until srcu_barrier() or a test's shim_srcu_run(): a grace
 * period that nobody waits for ends when the test says so.
 */
struct srcu_struct {
	pthread_mutex_t gp;
	int index;
	int readers[2];
	pthread_mutex_t queue_lock;
	struct rcu_head *queue;
	struct lockdep_map dep_map;
};

#define DEFINE_STATIC_SRCU(x) static struct srcu_struct x = {		\
	.gp = PTHREAD_MUTEX_INITIALIZER,				\
	.queue_lock = PTHREAD_MUTEX_INITIALIZER,			\
	.dep_map = { .name = #x } }
#define DEFINE_SRCU(x) DEFINE_STATIC_SRCU(x)

int srcu_read_lock(struct srcu_struct *ssp);
void srcu_read_unlock(struct srcu_struct *ssp, int index);
bool srcu_read_lock_held(const struct srcu_struct *ssp);
void synchronize_srcu(struct srcu_struct *ssp);
void call_srcu(struct srcu_struct *ssp, struct rcu_head *head,
	       void (*func)(struct rcu_head *head));
void srcu_barrier(struct srcu_struct *ssp);
/* Ends the grace period of every callback queued up to now. */
void shim_srcu_run(void);

#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)
#define rcu_dereference(p) smp_load_acquire(&(p))

/* ------------------------------------------------------------ wait queues */

struct shim_wait {
	struct list_head item;
	pthread_cond_t cond;
	bool woken;
	struct shim_task *task;
};

typedef struct wait_queue_head {
	pthread_mutex_t mutex;
	struct list_head waits;
} wait_queue_head_t;

void init_waitqueue_head(wait_queue_head_t *wq);
void wake_up_all(wait_queue_head_t *wq);
bool waitqueue_active(wait_queue_head_t *wq);
bool wq_has_sleeper(wait_queue_head_t *wq);
void shim_wait_start(wait_queue_head_t *wq, struct shim_wait *wait);
void shim_wait_arm(wait_queue_head_t *wq, struct shim_wait *wait);
void shim_wait_sleep(wait_queue_head_t *wq, struct shim_wait *wait);
void shim_wait_finish(wait_queue_head_t *wq, struct shim_wait *wait);
#define wake_up(wq) wake_up_all(wq)

/*
 * As in the kernel: queued first, then looks, then sleeps. A wake-up that comes
 * before the queueing is lost if the condition was not true by then.
 */
#define wait_event(wq, condition) do {					\
	struct shim_wait __wait;					\
									\
	might_sleep();							\
	if (condition)							\
		break;							\
	shim_wait_start(&(wq), &__wait);				\
	for (;;) {							\
		shim_wait_arm(&(wq), &__wait);				\
		if (condition)						\
			break;						\
		shim_wait_sleep(&(wq), &__wait);			\
	}								\
	shim_wait_finish(&(wq), &__wait);				\
} while (0)

/*
 * A thread of a test. The shim notes when it sleeps for an event, so that a
 * test can wait until it does instead of sleeping and hoping.
 */
struct shim_task {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	enum shim_task_state {
		SHIM_TASK_RUNNING,
		SHIM_TASK_BLOCKED,
		SHIM_TASK_DONE,
	} state;
	void (*fn)(void *arg);
	void *arg;
};

void shim_task_start(struct shim_task *task, void (*fn)(void *arg), void *arg);
/* Waits until the thread sleeps or has ended; says which. */
enum shim_task_state shim_task_settle(struct shim_task *task);
void shim_task_join(struct shim_task *task);
struct shim_task *shim_task_current(void);
void shim_task_set_state(struct shim_task *task, enum shim_task_state state);

/* ---------------------------------------------------------- interval tree */

/*
 * A list sorted by start that stands for the tree: same interface, same order
 * of the visits. It counts its changes, and interval_tree_iter_next() reports
 * one that happened since its thread called interval_tree_iter_first().
 */
struct rb_root_cached;

struct rb_node {
	struct rb_node *next, *prev;
	struct rb_root_cached *tree;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
	unsigned long changes;
};

struct interval_tree_node {
	struct rb_node rb;
	unsigned long start;	/* first address */
	unsigned long last;	/* last address, inclusive */
};

#define RB_ROOT_CACHED ((struct rb_root_cached){ .changes = 0 })
#define RB_EMPTY_ROOT(root) (!READ_ONCE((root)->rb_node))
/* A removed node is not empty, as in the kernel: only a cleared one is. */
#define RB_CLEAR_NODE(node) ((node)->prev = (node))
#define RB_EMPTY_NODE(node) ((node)->prev == (node))

void interval_tree_insert(struct interval_tree_node *node,
			  struct rb_root_cached *root);
void interval_tree_remove(struct interval_tree_node *node,
			  struct rb_root_cached *root);
struct interval_tree_node *
interval_tree_iter_first(struct rb_root_cached *root, unsigned long start,
			 unsigned long last);
struct interval_tree_node *
interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
			unsigned long last);

/* ----------------------------------------------------------------- memory */

#define __GFP_DIRECT_RECLAIM 1u
#define __GFP_ZERO 2u
#define __GFP_NOWARN 4u
#define __GFP_ACCOUNT 8u
#define GFP_KERNEL __GFP_DIRECT_RECLAIM
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)
#define GFP_ATOMIC 0u
#define GFP_NOWAIT 0u

void *kmalloc(size_t size, gfp_t gfp);
void kfree(const void *ptr);
static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

/* The next allocation fails. */
void shim_fail_next_alloc(void);
/* How many allocations there were. */
unsigned int shim_allocs(void);

struct mmu_notifier_subscriptions;

struct mm_struct {
	atomic_t mm_users;
	atomic_t mm_count;
	struct rw_semaphore mmap_lock;
	/* All locks of the reverse map, which mm_take_all_locks() takes. */
	struct rw_semaphore rmap_lock;
	struct mmu_notifier_subscriptions *notifier_subscriptions;
	void (*exit)(struct mm_struct *mm);	/* frees the test's pages */
	void *private;
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
};

struct mm_struct *shim_mm_alloc(void);
/* How many are there? */
int shim_mm_live(void);
/* The next mm_take_all_locks() is interrupted by a signal. */
void shim_fail_next_take_all_locks(void);
int mm_take_all_locks(struct mm_struct *mm);
void mm_drop_all_locks(struct mm_struct *mm);
void mmput(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);

static inline void mmgrab(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_count);
}

static inline void mmget(struct mm_struct *mm)
{
	atomic_inc(&mm->mm_users);
}

static inline bool mmget_not_zero(struct mm_struct *mm)
{
	return atomic_inc_not_zero(&mm->mm_users);
}

static inline void mmap_read_lock(struct mm_struct *mm)
{
	down_read(&mm->mmap_lock);
}

static inline void mmap_read_unlock(struct mm_struct *mm)
{
	up_read(&mm->mmap_lock);
}

static inline void mmap_write_lock(struct mm_struct *mm)
{
	down_write(&mm->mmap_lock);
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	up_write(&mm->mmap_lock);
}

#define mmap_assert_locked(mm) lockdep_assert_held(&(mm)->mmap_lock)
#define mmap_assert_write_locked(mm) lockdep_assert_held(&(mm)->mmap_lock)

#endif
