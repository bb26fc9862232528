// SPDX-License-Identifier: GPL-2.0
/*
 * What the KUnit tests of range notifiers and HMM share.
 */
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/migrate.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
#include <linux/uaccess.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "internal.h"
#include "mm_kunit.h"

/* How long a failure takes to be one; a sound kernel never waits so long. */
#define MM_KUNIT_TIMEOUT (30 * HZ)

struct mm_struct *mm_kunit_new_mm(struct kunit *test)
{
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(mm, &current->signal->rlim[RLIMIT_STACK]);
	return mm;
}

int mm_kunit_init(struct kunit *test)
{
	struct mm_struct *mm = mm_kunit_new_mm(test);

	/*
	 * The thread that runs the test gives up mm_users when it exits, also
	 * when an assertion ends it early, but not the count taken here.
	 */
	kthread_use_mm(mm);
	test->priv = mm;
	return 0;
}

void mm_kunit_exit(struct kunit *test)
{
	struct mm_struct *mm = test->priv;

	if (mm)
		mmdrop(mm);
}

long mm_kunit_syscall(unsigned int nr, unsigned long a, unsigned long b,
		      unsigned long c, unsigned long d, unsigned long e)
{
	struct pt_regs regs = {
		.di = a, .si = b, .dx = c, .r10 = d, .r8 = e,
	};

	return x64_sys_call(&regs, nr);
}

unsigned long mm_kunit_map(struct kunit *test, unsigned long len,
			   unsigned long prot, unsigned long flags)
{
	return mm_kunit_map_file(test, NULL, len, prot,
				 MAP_PRIVATE | MAP_ANONYMOUS | flags);
}

unsigned long mm_kunit_map_file(struct kunit *test, struct file *file,
				unsigned long len, unsigned long prot,
				unsigned long flags)
{
	unsigned long addr = vm_mmap(file, 0, len, prot, flags, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return addr;
}

KUNIT_DEFINE_ACTION_WRAPPER(mm_kunit_fput, fput, struct file *);

struct file *mm_kunit_shmem(struct kunit *test, unsigned long len)
{
	struct file *file = shmem_kernel_file_setup("mm_kunit", len, 0);

	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, mm_kunit_fput, file));
	return file;
}

void mm_kunit_write(struct kunit *test, unsigned long addr, u64 value)
{
	KUNIT_ASSERT_EQ(test, 0, put_user(value, (u64 __user *)addr));
}

u64 mm_kunit_read(struct kunit *test, unsigned long addr)
{
	u64 value = 0;

	KUNIT_ASSERT_EQ(test, 0, get_user(value, (u64 __user *)addr));
	return value;
}

void mm_kunit_munmap(struct kunit *test, unsigned long addr, unsigned long len)
{
	KUNIT_ASSERT_EQ(test, 0, vm_munmap(addr, len));
}

void mm_kunit_mprotect(struct kunit *test, unsigned long addr,
		       unsigned long len, unsigned long prot)
{
	KUNIT_ASSERT_EQ(test, 0L, mm_kunit_syscall(__NR_mprotect, addr, len,
						   prot, 0, 0));
}

void mm_kunit_madvise(struct kunit *test, unsigned long addr,
		      unsigned long len, int advice)
{
	KUNIT_ASSERT_EQ(test, 0, do_madvise(current->mm, addr, len, advice));
}

struct page *mm_kunit_page(unsigned long addr, struct folio_walk *walk)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	struct page *page = NULL;
	struct folio_walk unused;
	struct folio *folio;

	if (!walk)
		walk = &unused;
	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	folio = vma ? folio_walk_start(walk, vma, addr, FW_ZEROPAGE) : NULL;
	if (folio) {
		/* The walk keeps the zero page to itself. */
		page = walk->page ?: folio_page(folio, 0);
		folio_walk_end(walk, vma);
	}
	mmap_read_unlock(mm);
	return page;
}

void mm_kunit_migrate(struct kunit *test, unsigned long addr)
{
	struct migration_target_control target = {
		.nid = NUMA_NO_NODE,
		.gfp_mask = GFP_HIGHUSER_MOVABLE,
		.reason = MR_SYSCALL,
	};
	struct page *page, *moved;
	LIST_HEAD(folios);

	/* What sits in a CPU's batch is not on the LRU and can't be isolated. */
	lru_add_drain_all();
	page = mm_kunit_page(addr, NULL);
	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_TRUE(test, folio_isolate_lru(page_folio(page)));
	list_add(&page_folio(page)->lru, &folios);
	KUNIT_ASSERT_EQ(test, 0,
			migrate_pages(&folios, alloc_migration_target, NULL,
				      (unsigned long)&target, MIGRATE_SYNC,
				      MR_SYSCALL, NULL));
	moved = mm_kunit_page(addr, NULL);
	KUNIT_ASSERT_NOT_NULL(test, moved);
	KUNIT_ASSERT_PTR_NE(test, page, moved);
}

bool mm_kunit_has_swap(struct kunit *test)
{
	if (get_nr_swap_pages())
		return true;
	/* A case that is skipped once would never run again. */
	if (system_state >= SYSTEM_RUNNING)
		kunit_skip(test, "no swap space");
	kunit_info(test, "no swap space yet");
	return false;
}

unsigned long mm_kunit_map_thp(struct kunit *test)
{
	unsigned long addr, size = HPAGE_PMD_SIZE;
	struct folio_walk walk;

	addr = ALIGN(mm_kunit_map(test, 2 * size, PROT_READ | PROT_WRITE, 0),
		     size);
	if (do_madvise(current->mm, addr, size, MADV_HUGEPAGE))
		kunit_skip(test, "the kernel has no transparent huge pages");
	mm_kunit_write(test, addr, 1);
	if (!mm_kunit_page(addr, &walk) || walk.level != FW_LEVEL_PMD)
		kunit_skip(test, "no huge page to be had");
	return addr;
}

static bool mm_kunit_invalidate(struct mmu_range_notifier *mrn,
				const struct mmu_notifier_range *range,
				unsigned long cur_seq)
{
	struct mm_kunit_watch *watch =
		container_of(mrn, struct mm_kunit_watch, mrn);
	bool done = !watch->hook || watch->hook(watch, range);

	spin_lock(&watch->lock);
	if (done && !(watch->ignores && watch->ignores(range)))
		mmu_range_set_seq(mrn, cur_seq);
	if (watch->calls < MM_KUNIT_HEARD) {
		watch->heard[watch->calls].range = *range;
		watch->heard[watch->calls].seq = cur_seq;
	}
	watch->calls++;
	spin_unlock(&watch->lock);
	return done;
}

static const struct mmu_range_notifier_ops mm_kunit_watch_ops = {
	.invalidate = mm_kunit_invalidate,
};

static void mm_kunit_unwatch(void *data)
{
	struct mm_kunit_watch *watch = data;

	if (mmu_range_notifier_inserted(&watch->mrn))
		mmu_range_notifier_remove(&watch->mrn);
}

struct mm_kunit_watch *mm_kunit_new_watch(struct kunit *test)
{
	struct mm_kunit_watch *watch;

	watch = kunit_kzalloc(test, sizeof(*watch), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, watch);
	spin_lock_init(&watch->lock);
	watch->mrn.ops = &mm_kunit_watch_ops;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   mm_kunit_unwatch,
							   watch));
	return watch;
}

struct mm_kunit_watch *mm_kunit_watch(struct kunit *test, unsigned long start,
				      unsigned long len, struct mm_struct *mm)
{
	struct mm_kunit_watch *watch = mm_kunit_new_watch(test);

	KUNIT_ASSERT_EQ(test, 0, mmu_range_notifier_insert(&watch->mrn, start,
							   len, mm));
	mmu_range_notifier_set_lock(&watch->mrn, &watch->lock);
	return watch;
}

bool mm_kunit_read_retry(struct mm_kunit_watch *watch, unsigned long seq)
{
	bool retry;

	spin_lock(&watch->lock);
	retry = mmu_range_read_retry(&watch->mrn, seq);
	spin_unlock(&watch->lock);
	return retry;
}

void mm_kunit_forget(struct mm_kunit_watch *watch)
{
	spin_lock(&watch->lock);
	watch->calls = 0;
	spin_unlock(&watch->lock);
}

void mm_kunit_expect_one(struct kunit *test, struct mm_kunit_watch *watch,
			 enum mmu_notifier_event event, unsigned long start,
			 unsigned long end)
{
	const struct mmu_notifier_range *range = &watch->heard[0].range;

	KUNIT_ASSERT_EQ(test, 1, watch->calls);
	KUNIT_EXPECT_EQ(test, (int)event, (int)range->event);
	KUNIT_EXPECT_EQ(test, start, range->start);
	KUNIT_EXPECT_EQ(test, end, range->end);
	KUNIT_EXPECT_TRUE(test, mmu_notifier_range_blockable(range));
	KUNIT_EXPECT_PTR_EQ(test, mmu_range_notifier_mm(&watch->mrn),
			    range->mm);
	/* An even one would let a reader of that sequence sleep for ever. */
	KUNIT_EXPECT_EQ(test, 1UL, watch->heard[0].seq & 1);
}

static int mm_kunit_thread(void *data)
{
	struct mm_kunit_job *job = data;

	job->fn(job->arg);
	complete_all(&job->done);
	return 0;
}

static void mm_kunit_join(void *data)
{
	struct mm_kunit_job *job = data;

	wait_for_completion(&job->done);
	put_task_struct(job->task);
}

struct mm_kunit_job *mm_kunit_start(struct kunit *test, void (*fn)(void *arg),
				    void *arg)
{
	struct mm_kunit_job *job;

	job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, job);
	job->fn = fn;
	job->arg = arg;
	init_completion(&job->done);
	job->task = kthread_create(mm_kunit_thread, job, "mm_kunit_job");
	KUNIT_ASSERT_FALSE(test, IS_ERR(job->task));
	get_task_struct(job->task);
	wake_up_process(job->task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, mm_kunit_join,
							   job));
	return job;
}

bool mm_kunit_ends(struct mm_kunit_job *job)
{
	return wait_for_completion_timeout(&job->done, MM_KUNIT_TIMEOUT);
}

bool mm_kunit_sleeps(struct mm_kunit_job *job)
{
	while (!completion_done(&job->done)) {
		if (wait_task_inactive(job->task, TASK_UNINTERRUPTIBLE))
			return true;
		cond_resched();
	}
	return false;
}
