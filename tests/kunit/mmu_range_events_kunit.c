// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what range notifiers hear from the core mm: for each way to
 * change page tables the right event, with bounds that cover what changes.
 */
#include <linux/kthread.h>
#include <linux/memcontrol.h>
#include <linux/mempolicy.h>
#include <linux/migrate.h>
#include <linux/mman.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/sysctl.h>
#include <linux/sched/task.h>
#include <asm/unistd.h>

#include "mm_kunit.h"

#define RW (PROT_READ | PROT_WRITE)

/* Three written pages, and a watch on the middle one. */
struct middle {
	unsigned long map;
	unsigned long addr;
	struct mm_kunit_watch *watch;
};

static struct middle map_and_watch(struct kunit *test)
{
	struct middle m = { .map = mm_kunit_map(test, 3 * PAGE_SIZE, RW, 0) };
	unsigned long addr;

	for (addr = m.map; addr < m.map + 3 * PAGE_SIZE; addr += PAGE_SIZE)
		mm_kunit_write(test, addr, addr);
	m.addr = m.map + PAGE_SIZE;
	m.watch = mm_kunit_watch(test, m.addr, PAGE_SIZE, current->mm);
	return m;
}

static void expect_page(struct kunit *test, const struct middle *m,
			enum mmu_notifier_event event)
{
	mm_kunit_expect_one(test, m->watch, event, m->addr,
			    m->addr + PAGE_SIZE);
}

static void munmap_is_unmap(struct kunit *test)
{
	struct middle m = map_and_watch(test);

	/* Neighbours are nobody's business. */
	mm_kunit_munmap(test, m.map, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, m.watch->calls);
	mm_kunit_munmap(test, m.addr, PAGE_SIZE);
	expect_page(test, &m, MMU_NOTIFY_UNMAP);
}

/* The VMA falls apart; the notifier and its bounds do not. */
static void t11_split_vma_keeps_the_range(struct kunit *test)
{
	unsigned long map = mm_kunit_map(test, 5 * PAGE_SIZE, RW, 0);
	unsigned long addr = map + PAGE_SIZE, len = 3 * PAGE_SIZE;
	struct mm_kunit_watch *watch;

	watch = mm_kunit_watch(test, addr, len, current->mm);
	/* A hole in the middle: two VMAs remain under the one range. */
	mm_kunit_munmap(test, addr + PAGE_SIZE, PAGE_SIZE);
	mm_kunit_expect_one(test, watch, MMU_NOTIFY_UNMAP, addr + PAGE_SIZE,
			    addr + 2 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, addr, mmu_range_notifier_start(&watch->mrn));
	KUNIT_EXPECT_EQ(test, addr + len - 1,
			mmu_range_notifier_last(&watch->mrn));

	/* Wider than the range on one side: it is for the driver to clamp. */
	mm_kunit_forget(watch);
	mm_kunit_munmap(test, map, 2 * PAGE_SIZE);
	mm_kunit_expect_one(test, watch, MMU_NOTIFY_UNMAP, map,
			    map + 2 * PAGE_SIZE);
	mm_kunit_forget(watch);
	mm_kunit_munmap(test, addr + 2 * PAGE_SIZE, 2 * PAGE_SIZE);
	mm_kunit_expect_one(test, watch, MMU_NOTIFY_UNMAP, addr + 2 * PAGE_SIZE,
			    addr + 4 * PAGE_SIZE);
}

static void mprotect_is_protection_vma(struct kunit *test)
{
	struct middle m = map_and_watch(test);
	unsigned long seq = mmu_range_read_begin(&m.watch->mrn);

	mm_kunit_mprotect(test, m.addr, PAGE_SIZE, PROT_READ);
	expect_page(test, &m, MMU_NOTIFY_PROTECTION_VMA);
	KUNIT_EXPECT_TRUE(test, mm_kunit_read_retry(m.watch, seq));
}

static void mremap_is_unmap(struct kunit *test)
{
	struct middle m = map_and_watch(test);
	unsigned long to = mm_kunit_map(test, PAGE_SIZE, RW, 0);
	unsigned int i;
	long ret;

	ret = mm_kunit_syscall(__NR_mremap, m.addr, PAGE_SIZE, PAGE_SIZE,
			       MREMAP_MAYMOVE | MREMAP_FIXED, to);
	KUNIT_ASSERT_EQ(test, to, (unsigned long)ret);
	KUNIT_EXPECT_EQ(test, (u64)m.addr, mm_kunit_read(test, to));
	/* The page moves, then what is left of the old mapping goes. */
	KUNIT_ASSERT_GE(test, m.watch->calls, 1);
	for (i = 0; i < min(m.watch->calls, MM_KUNIT_HEARD); i++)
		KUNIT_EXPECT_EQ(test, MMU_NOTIFY_UNMAP,
				m.watch->heard[i].range.event);
	KUNIT_EXPECT_LE(test, m.watch->heard[0].range.start, m.addr);
	KUNIT_EXPECT_GE(test, m.watch->heard[0].range.end, m.addr + PAGE_SIZE);
}

static void madvise_dontneed_is_clear(struct kunit *test)
{
	struct middle m = map_and_watch(test);

	mm_kunit_madvise(test, m.addr, PAGE_SIZE, MADV_DONTNEED);
	expect_page(test, &m, MMU_NOTIFY_CLEAR);
	KUNIT_EXPECT_EQ(test, 0ULL, mm_kunit_read(test, m.addr));
}

static void madvise_free_is_clear(struct kunit *test)
{
	struct middle m = map_and_watch(test);

	mm_kunit_madvise(test, m.addr, PAGE_SIZE, MADV_FREE);
	expect_page(test, &m, MMU_NOTIFY_CLEAR);
}

static void pageout_is_clear(struct kunit *test)
{
	struct middle m;

	if (!mm_kunit_has_swap(test))
		return;
	m = map_and_watch(test);
	lru_add_drain_all();
	mm_kunit_madvise(test, m.addr, PAGE_SIZE, MADV_PAGEOUT);
	expect_page(test, &m, MMU_NOTIFY_CLEAR);
	KUNIT_EXPECT_NULL(test, mm_kunit_page(m.addr, NULL));
	KUNIT_EXPECT_EQ(test, (u64)m.addr, mm_kunit_read(test, m.addr));
}

static void migration_is_clear(struct kunit *test)
{
	struct middle m = map_and_watch(test);

	mm_kunit_migrate(test, m.addr);
	expect_page(test, &m, MMU_NOTIFY_CLEAR);
	KUNIT_EXPECT_EQ(test, (u64)m.addr, mm_kunit_read(test, m.addr));
}

/* A write to the zero page and to a private file page: both are copied. */
static void cow_is_clear(struct kunit *test)
{
	struct file *file = mm_kunit_shmem(test, PAGE_SIZE);
	struct middle m;

	m.addr = mm_kunit_map(test, PAGE_SIZE, RW, 0);
	KUNIT_EXPECT_EQ(test, 0ULL, mm_kunit_read(test, m.addr));
	m.watch = mm_kunit_watch(test, m.addr, PAGE_SIZE, current->mm);
	mm_kunit_write(test, m.addr, 1);
	expect_page(test, &m, MMU_NOTIFY_CLEAR);

	m.addr = mm_kunit_map_file(test, file, PAGE_SIZE, RW, MAP_PRIVATE);
	KUNIT_EXPECT_EQ(test, 0ULL, mm_kunit_read(test, m.addr));
	m.watch = mm_kunit_watch(test, m.addr, PAGE_SIZE, current->mm);
	mm_kunit_write(test, m.addr, 1);
	expect_page(test, &m, MMU_NOTIFY_CLEAR);
}

struct child {
	struct completion parent_has_written;
	struct completion ended;
	unsigned long addr;
	u64 saw;
};

static int child_main(void *data)
{
	struct child *child = data;

	wait_for_completion(&child->parent_has_written);
	if (get_user(child->saw, (u64 __user *)child->addr))
		child->saw = 0;
	complete(&child->ended);
	do_exit(0);
}

static void fork_is_protection_page(struct kunit *test)
{
	struct middle m = map_and_watch(test);
	struct child *child = kunit_kzalloc(test, sizeof(*child), GFP_KERNEL);
	struct kernel_clone_args args = {
		.exit_signal = SIGCHLD,
		.fn = child_main,
		.fn_arg = child,
	};
	unsigned int calls;
	pid_t pid;

	KUNIT_ASSERT_NOT_NULL(test, child);
	child->addr = m.addr;
	init_completion(&child->parent_has_written);
	init_completion(&child->ended);
	/* Without CLONE_VM the child gets a copy of the address space. */
	pid = kernel_clone(&args);
	KUNIT_ASSERT_GT(test, pid, 0);
	calls = m.watch->calls;
	if (calls == 1) {
		const struct mmu_notifier_range *range =
			&m.watch->heard[0].range;

		KUNIT_EXPECT_EQ(test, MMU_NOTIFY_PROTECTION_PAGE, range->event);
		KUNIT_EXPECT_LE(test, range->start, m.addr);
		KUNIT_EXPECT_GE(test, range->end, m.addr + PAGE_SIZE);
	}
	mm_kunit_forget(m.watch);
	KUNIT_EXPECT_EQ(test, 0, put_user(1ULL, (u64 __user *)m.addr));
	complete(&child->parent_has_written);
	wait_for_completion(&child->ended);

	KUNIT_EXPECT_EQ(test, 1, calls);
	KUNIT_EXPECT_EQ(test, (u64)m.addr, child->saw);
	/* The page was shared: the write has copied it. */
	expect_page(test, &m, MMU_NOTIFY_CLEAR);
}

static void numa_hint_is_protection_vma(struct kunit *test)
{
#ifdef CONFIG_NUMA_BALANCING
	struct middle m = map_and_watch(test);
	struct mm_struct *mm = current->mm;
	int mode = sysctl_numa_balancing_mode;
	unsigned long changed;

	/* With one user, pages of this node would be left alone. */
	mmget(mm);
	sysctl_numa_balancing_mode = NUMA_BALANCING_NORMAL;
	mmap_read_lock(mm);
	changed = change_prot_numa(vma_lookup(mm, m.addr), m.addr,
				   m.addr + PAGE_SIZE);
	mmap_read_unlock(mm);
	sysctl_numa_balancing_mode = mode;
	mmput(mm);
	KUNIT_EXPECT_EQ(test, 1UL, changed);
	expect_page(test, &m, MMU_NOTIFY_PROTECTION_VMA);
#else
	kunit_skip(test, "needs CONFIG_NUMA_BALANCING");
#endif
}

static void thp_events_cover_the_huge_page(struct kunit *test)
{
	unsigned long addr = mm_kunit_map_thp(test);
	struct mm_kunit_watch *watch;
	const struct mmu_notifier_range *range;

	/* One small page in the middle is watched, the whole is cleared. */
	watch = mm_kunit_watch(test, addr + HPAGE_PMD_SIZE / 2, PAGE_SIZE,
			       current->mm);
	mm_kunit_madvise(test, addr, HPAGE_PMD_SIZE, MADV_DONTNEED);
	mm_kunit_expect_one(test, watch, MMU_NOTIFY_CLEAR, addr,
			    addr + HPAGE_PMD_SIZE);

	/* A part of it elsewhere splits it, and that hits all of it. */
	mm_kunit_forget(watch);
	mm_kunit_write(test, addr, 1);
	mm_kunit_madvise(test, addr, PAGE_SIZE, MADV_DONTNEED);
	KUNIT_ASSERT_EQ(test, 1, watch->calls);
	range = &watch->heard[0].range;
	KUNIT_EXPECT_EQ(test, MMU_NOTIFY_CLEAR, range->event);
	KUNIT_EXPECT_EQ(test, addr, range->start);
	KUNIT_EXPECT_EQ(test, addr + HPAGE_PMD_SIZE, range->end);
}

static void exclusive_has_an_owner(struct kunit *test)
{
#ifdef CONFIG_DEVICE_PRIVATE
	struct middle m = map_and_watch(test);
	struct page *page = NULL;
	static int me;
	int ret;

	mmap_read_lock(current->mm);
	ret = make_device_exclusive_range(current->mm, m.addr,
					  m.addr + PAGE_SIZE, &page, &me);
	mmap_read_unlock(current->mm);
	KUNIT_ASSERT_EQ(test, 1, ret);
	KUNIT_ASSERT_NOT_NULL(test, page);
	unlock_page(page);
	put_page(page);
	KUNIT_ASSERT_GE(test, m.watch->calls, 1);
	KUNIT_EXPECT_EQ(test, MMU_NOTIFY_EXCLUSIVE,
			m.watch->heard[m.watch->calls - 1].range.event);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&me,
			    m.watch->heard[m.watch->calls - 1].range.owner);

	/* The CPU takes it back. */
	mm_kunit_forget(m.watch);
	KUNIT_EXPECT_EQ(test, (u64)m.addr, mm_kunit_read(test, m.addr));
	expect_page(test, &m, MMU_NOTIFY_EXCLUSIVE);
	KUNIT_EXPECT_NULL(test, m.watch->heard[0].range.owner);
#else
	kunit_skip(test, "needs CONFIG_DEVICE_PRIVATE");
#endif
}

static int driver, other_driver;

static bool is_own_migration(const struct mmu_notifier_range *range)
{
	return range->event == MMU_NOTIFY_MIGRATE && range->owner == &driver;
}

/* A page that migrate_vma takes hold of, finds no place for and gives back. */
static int try_to_migrate_page(unsigned long addr, void *owner)
{
	struct mm_struct *mm = current->mm;
	unsigned long src = 0, dst = 0;
	struct migrate_vma args = {
		.src = &src,
		.dst = &dst,
		.start = addr,
		.end = addr + PAGE_SIZE,
		.pgmap_owner = owner,
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	int ret;

	mmap_read_lock(mm);
	args.vma = vma_lookup(mm, addr);
	ret = migrate_vma_setup(&args);
	if (!ret) {
		migrate_vma_pages(&args);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(mm);
	return ret;
}

/* A driver that ignores its own migrations has to see to each mm by itself. */
static void t24_owner_of_a_migration(struct kunit *test)
{
	struct middle m = map_and_watch(test);
	struct mm_struct *mm = mm_kunit_new_mm(test);
	struct mm_kunit_watch *foreign;
	unsigned long seq;

	/* Another address space of the same driver, at the same address. */
	foreign = mm_kunit_watch(test, m.addr, PAGE_SIZE, mm);
	m.watch->ignores = is_own_migration;
	seq = mmu_range_read_begin(&m.watch->mrn);

	KUNIT_ASSERT_EQ(test, 0, try_to_migrate_page(m.addr, &driver));
	KUNIT_ASSERT_GE(test, m.watch->calls, 1);
	KUNIT_EXPECT_EQ(test, MMU_NOTIFY_MIGRATE,
			m.watch->heard[0].range.event);
	KUNIT_EXPECT_PTR_EQ(test, (void *)&driver,
			    m.watch->heard[0].range.owner);
	KUNIT_EXPECT_FALSE(test, mm_kunit_read_retry(m.watch, seq));
	KUNIT_EXPECT_EQ(test, 0, foreign->calls);

	KUNIT_ASSERT_EQ(test, 0, try_to_migrate_page(m.addr, &other_driver));
	KUNIT_EXPECT_TRUE(test, mm_kunit_read_retry(m.watch, seq));
	KUNIT_EXPECT_EQ(test, 0, foreign->calls);
	KUNIT_EXPECT_EQ(test, (u64)m.addr, mm_kunit_read(test, m.addr));
	mmput(mm);
}

static struct kunit_case mmu_range_events_cases[] = {
	KUNIT_CASE(munmap_is_unmap),
	KUNIT_CASE(t11_split_vma_keeps_the_range),
	KUNIT_CASE(mprotect_is_protection_vma),
	KUNIT_CASE(mremap_is_unmap),
	KUNIT_CASE(madvise_dontneed_is_clear),
	KUNIT_CASE(madvise_free_is_clear),
	KUNIT_CASE(pageout_is_clear),
	KUNIT_CASE(migration_is_clear),
	KUNIT_CASE(cow_is_clear),
	KUNIT_CASE(fork_is_protection_page),
	KUNIT_CASE(numa_hint_is_protection_vma),
	KUNIT_CASE(thp_events_cover_the_huge_page),
	KUNIT_CASE(exclusive_has_an_owner),
	KUNIT_CASE(t24_owner_of_a_migration),
	{}
};

static struct kunit_suite mmu_range_events_suite = {
	.name = "mmu_range_events",
	.init = mm_kunit_init,
	.exit = mm_kunit_exit,
	.test_cases = mmu_range_events_cases,
};

kunit_test_suite(mmu_range_events_suite);
