// SPDX-License-Identifier: GPL-2.0
/*
 * What can be seen of shared virtual memory, and how it is made to fail.
 */
#include "nouveau_svm.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"

#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/hmm.h>
#include <linux/iommu.h>
#include <linux/memremap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#define CREATE_TRACE_POINTS
#include "nouveau_svm_trace.h"

/**
 * DOC: counters
 *
 * The file ``svm_counters`` has a line "name value" for each of these. Those
 * that end in ``_live`` go up and down, and are 0 when no client is left and all
 * migrated memory is back or freed; the others only grow. Reading the file lets
 * empty buffers go first, so that ``buffers_live`` does not depend on when that
 * would happen by itself.
 *
 * Faults, as the hardware reported them:
 *
 * fault_read, fault_write, fault_atomic, fault_prefetch
 *	entries of the fault buffer, by kind of access
 * fault_duplicate
 *	entries for a page that another entry of the same batch asks for, with as
 *	strong an access or a stronger one
 * fault_late
 *	entries whose valid bit had to be waited for
 * fault_lost
 *	entries that did not become valid in time; the access faults again
 * fault_overflow
 *	times that the fault buffer was full and had to be emptied by a replay
 * fault_cancelled
 *	faults that could not be served; each killed its channel
 * fault_deferred
 *	faults whose block was just being served; they are left to its replay
 *
 * Their service:
 *
 * batches, groups, replays
 *	fault buffers drained, blocks of 2 MiB served from them, replays asked for
 * retries
 *	collisions with an invalidation; the address space was read again
 * fallbacks
 *	times that the notifier of exactly the faulting pages took over
 * waiters, waiters_live
 *	services that waited for a userfaultfd handler
 *
 * Address spaces and buffers:
 *
 * address_spaces_live
 *	clients that called DRM_NOUVEAU_SVM_INIT and are still open
 * buffers_created, buffers_retired, buffers_live
 *	mirrored blocks of 2 MiB
 * notifier_inserts
 *	range notifiers inserted, for buffers and for fallbacks
 *
 * Pages of 4 KiB, whatever the CPU's page size:
 *
 * pfnmaps
 *	calls that write page table entries, one TLB flush each at most
 * pages_system, pages_system_2m, pages_vram, pages_vram_2m
 *	pages mapped, by where the memory is and by the size of the GPU's entry
 * pages_atomic
 *	of these, pages mapped for atomic operations
 * pages_around
 *	pages mapped because they were there, not because they faulted
 * pages_upgraded
 *	pages that were mapped already and got more rights
 * pages_cleared, pages_live
 *	pages taken from the GPU, pages that it has
 *
 * Invalidations by the core mm, of blocks that have a buffer:
 *
 * invalidations
 *	callbacks
 * invalidations_cleared, invalidation_flushes
 *	callbacks that took pages from the GPU, and their TLB flushes
 * invalidations_refused
 *	callbacks that were not allowed to sleep and would have had to
 *
 * Migration:
 *
 * migrated_to_vram, migrated_to_system
 *	pages, of the CPU's size
 * migrated_by_cpu_fault
 *	of the latter, because the CPU touched one of them or a neighbour
 * migrate_failed
 *	pages that should have moved and did not
 * copy_jobs, copy_bytes
 *	what the copy engine did for it
 * evicted_pages
 *	pages that went back to system memory to make room
 * chunks_created, chunks_live, vram_pages_live
 *	blocks of VRAM taken for migrated memory, and pages in use in them
 *
 * Time, in nanoseconds, added up over all CPUs: ns_drain (reading the fault
 * buffer), ns_hmm (reading and faulting the process's pages), ns_map (writing page
 * table entries), ns_invalidate (callbacks that found something), ns_migrate.
 */

/**
 * DOC: audit
 *
 * Reading ``svm_audit`` compares every page that the GPU has, in each mirrored
 * address space, with what the process's page tables say at the same moment, and
 * with the driver's own idea of it. The pages of a buffer are compared under its
 * mutex after a successful mmu_range_read_retry(), so none of the three sides
 * moves meanwhile and there are no false alarms, also beside a busy GPU and CPU.
 *
 * Each page that is wrong makes a line::
 *
 *	violation KIND ADDRESS: gpu SIDE, cpu SIDE, driver SIDE
 *
 * where SIDE is "none", "error" (no access is possible) or rights, place and
 * address of the memory. The CPU's side is looked at only where both others have
 * a page. The kinds:
 *
 * stale
 *	the GPU has a page and the process has none there. Not a page for atomic
 *	operations in system memory, which is the GPU's alone for the time being
 * page
 *	the two have different pages. Of system memory only if addresses on the
 *	bus are those of the memory: not behind an IOMMU that translates
 * rights
 *	the GPU may write or do atomic operations and the process's page table
 *	does not allow for it
 * place
 *	one says VRAM and the other system memory
 * state
 *	the driver believes something else than what the GPU's page table says
 * bounds
 *	the GPU has a page where there is no mapping, or none with pages, or the
 *	driver has one in the unmanaged hole
 *
 * After %NOUVEAU_SVM_AUDIT_LINES such lines violations are only counted. A buffer
 * that is invalidated faster than it can be read gets a line "busy ADDRESS" and
 * does not count. The last line is "pages P buffers B violations V": pages that
 * the GPU has, buffers that were compared, and what was wrong. The time it takes
 * is some tens of microseconds a buffer; a signal ends it.
 */

#ifdef CONFIG_DEBUG_FS

static const char * const nouveau_svm_counter_names[] = {
	[NOUVEAU_SVM_FAULT_READ]		= "fault_read",
	[NOUVEAU_SVM_FAULT_WRITE]		= "fault_write",
	[NOUVEAU_SVM_FAULT_ATOMIC]		= "fault_atomic",
	[NOUVEAU_SVM_FAULT_PREFETCH]		= "fault_prefetch",
	[NOUVEAU_SVM_FAULT_DUPLICATE]		= "fault_duplicate",
	[NOUVEAU_SVM_FAULT_LATE]		= "fault_late",
	[NOUVEAU_SVM_FAULT_LOST]		= "fault_lost",
	[NOUVEAU_SVM_FAULT_OVERFLOW]		= "fault_overflow",
	[NOUVEAU_SVM_FAULT_CANCELLED]		= "fault_cancelled",
	[NOUVEAU_SVM_FAULT_DEFERRED]		= "fault_deferred",
	[NOUVEAU_SVM_BATCHES]			= "batches",
	[NOUVEAU_SVM_GROUPS]			= "groups",
	[NOUVEAU_SVM_REPLAYS]			= "replays",
	[NOUVEAU_SVM_RETRIES]			= "retries",
	[NOUVEAU_SVM_FALLBACKS]			= "fallbacks",
	[NOUVEAU_SVM_WAITERS]			= "waiters",
	[NOUVEAU_SVM_WAITERS_LIVE]		= "waiters_live",
	[NOUVEAU_SVM_ADDRESS_SPACES_LIVE]	= "address_spaces_live",
	[NOUVEAU_SVM_BUFFERS_CREATED]		= "buffers_created",
	[NOUVEAU_SVM_BUFFERS_RETIRED]		= "buffers_retired",
	[NOUVEAU_SVM_BUFFERS_LIVE]		= "buffers_live",
	[NOUVEAU_SVM_NOTIFIER_INSERTS]		= "notifier_inserts",
	[NOUVEAU_SVM_PFNMAPS]			= "pfnmaps",
	[NOUVEAU_SVM_PAGES_SYSTEM]		= "pages_system",
	[NOUVEAU_SVM_PAGES_SYSTEM_2M]		= "pages_system_2m",
	[NOUVEAU_SVM_PAGES_VRAM]		= "pages_vram",
	[NOUVEAU_SVM_PAGES_VRAM_2M]		= "pages_vram_2m",
	[NOUVEAU_SVM_PAGES_ATOMIC]		= "pages_atomic",
	[NOUVEAU_SVM_PAGES_AROUND]		= "pages_around",
	[NOUVEAU_SVM_PAGES_UPGRADED]		= "pages_upgraded",
	[NOUVEAU_SVM_PAGES_CLEARED]		= "pages_cleared",
	[NOUVEAU_SVM_PAGES_LIVE]		= "pages_live",
	[NOUVEAU_SVM_INVALIDATIONS]		= "invalidations",
	[NOUVEAU_SVM_INVALIDATIONS_CLEARED]	= "invalidations_cleared",
	[NOUVEAU_SVM_INVALIDATIONS_REFUSED]	= "invalidations_refused",
	[NOUVEAU_SVM_INVALIDATION_FLUSHES]	= "invalidation_flushes",
	[NOUVEAU_SVM_MIGRATED_TO_VRAM]		= "migrated_to_vram",
	[NOUVEAU_SVM_MIGRATED_TO_SYSTEM]	= "migrated_to_system",
	[NOUVEAU_SVM_MIGRATED_BY_CPU_FAULT]	= "migrated_by_cpu_fault",
	[NOUVEAU_SVM_MIGRATE_FAILED]		= "migrate_failed",
	[NOUVEAU_SVM_COPY_JOBS]			= "copy_jobs",
	[NOUVEAU_SVM_COPY_BYTES]		= "copy_bytes",
	[NOUVEAU_SVM_EVICTED_PAGES]		= "evicted_pages",
	[NOUVEAU_SVM_CHUNKS_CREATED]		= "chunks_created",
	[NOUVEAU_SVM_CHUNKS_LIVE]		= "chunks_live",
	[NOUVEAU_SVM_VRAM_PAGES_LIVE]		= "vram_pages_live",
	[NOUVEAU_SVM_NS_DRAIN]			= "ns_drain",
	[NOUVEAU_SVM_NS_HMM]			= "ns_hmm",
	[NOUVEAU_SVM_NS_MAP]			= "ns_map",
	[NOUVEAU_SVM_NS_INVALIDATE]		= "ns_invalidate",
	[NOUVEAU_SVM_NS_MIGRATE]		= "ns_migrate",
};

static_assert(ARRAY_SIZE(nouveau_svm_counter_names) == NOUVEAU_SVM_COUNTERS);

/*
 * Calls @visit for each address space until it returns an error, which is then
 * returned. @visit runs without a lock; in the meantime nouveau_svmm_fini() waits
 * for nouveau_svmm_leave(), so the address space stays in the list and alive.
 */
static int nouveau_svm_for_each(struct nouveau_svm *svm,
				int (*visit)(struct nouveau_svmm *svmm, void *data),
				void *data)
{
	struct nouveau_svmm *svmm;
	int ret = 0;

	mutex_lock(&svm->mutex);
	list_for_each_entry(svmm, &svm->svmms, head) {
		if (!nouveau_svmm_enter(svmm))
			continue;
		mutex_unlock(&svm->mutex);
		ret = visit(svmm, data);
		mutex_lock(&svm->mutex);
		nouveau_svmm_leave(svmm);
		if (ret)
			break;
	}
	mutex_unlock(&svm->mutex);
	return ret;
}

static int nouveau_svm_retire(struct nouveau_svmm *svmm, void *data)
{
	nouveau_svm_buffers_retire(svmm);
	return 0;
}

static int nouveau_svm_counters_show(struct seq_file *m, void *unused)
{
	struct nouveau_svm *svm = m->private;
	int i;

	nouveau_svm_for_each(svm, nouveau_svm_retire, NULL);
	for (i = 0; i < NOUVEAU_SVM_COUNTERS; i++)
		seq_printf(m, "%s %lld\n", nouveau_svm_counter_names[i],
			   (s64)atomic64_read(&svm->counter[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(nouveau_svm_counters);

/* So many violations are described. */
#define NOUVEAU_SVM_AUDIT_LINES	256

/* More than any line of the audit has. */
#define NOUVEAU_SVM_AUDIT_LINE	192

/* Readings of a buffer before it counts as busy. */
#define NOUVEAU_SVM_AUDIT_TRIES	100

#define NOUVEAU_SVM_AUDIT_PFNS	(NOUVEAU_SVM_BUFFER_SIZE >> PAGE_SHIFT)

/**
 * struct nouveau_svm_audit - an audit in progress
 * @m: where to report
 * @svm: the device
 * @mm: of the current address space; NULL if its process is gone
 * @direct: addresses on the bus are those of the memory
 * @pages: pages compared that the GPU has
 * @buffers: buffers compared
 * @violations: what was wrong
 * @lines: how many lines were printed
 * @leaf: the current buffer's entry for a 2 MiB page
 * @pfns: what the CPU has in the current buffer
 * @small: the current buffer's entries for small pages
 */
struct nouveau_svm_audit {
	struct seq_file *m;
	struct nouveau_svm *svm;
	struct mm_struct *mm;
	bool direct;
	unsigned long pages;
	unsigned long buffers;
	unsigned long violations;
	unsigned int lines;
	u64 leaf;
	unsigned long pfns[NOUVEAU_SVM_AUDIT_PFNS];
	struct nouveau_svm_map small;
};

/**
 * struct nouveau_svm_side - a page as one of the three sees it
 * @state: what may be done with it
 * @error: nothing may ever be done with it
 * @vram: where it is
 * @addr: where it is there; the driver does not remember
 */
struct nouveau_svm_side {
	enum nouveau_svm_state state;
	bool error;
	bool vram;
	u64 addr;
};

static void nouveau_svm_side_print(struct seq_file *m, const char *name,
				   const struct nouveau_svm_side *side)
{
	static const char * const states[] = {
		[NOUVEAU_SVM_NONE] = "none",
		[NOUVEAU_SVM_READ] = "read",
		[NOUVEAU_SVM_WRITE] = "write",
		[NOUVEAU_SVM_ATOMIC] = "atomic",
	};

	seq_printf(m, "%s %s", name, side->error ? "error" : states[side->state]);
	if (side->state == NOUVEAU_SVM_NONE)
		return;
	seq_puts(m, side->vram ? " vram" : " system");
	if (side->addr)
		seq_printf(m, " %#llx", side->addr);
}

static void nouveau_svm_audit_report(struct nouveau_svm_audit *audit,
				     const char *kind, unsigned long addr,
				     const struct nouveau_svm_side *gpu,
				     const struct nouveau_svm_side *cpu,
				     const struct nouveau_svm_side *driver)
{
	struct seq_file *m = audit->m;

	audit->violations++;
	if (audit->lines == NOUVEAU_SVM_AUDIT_LINES)
		return;
	audit->lines++;
	seq_printf(m, "violation %s %#lx: ", kind, addr);
	nouveau_svm_side_print(m, "gpu", gpu);
	nouveau_svm_side_print(m, ", cpu", cpu);
	nouveau_svm_side_print(m, ", driver", driver);
	seq_putc(m, '\n');
}

static struct nouveau_svm_side nouveau_svm_gpu_side(u64 phys)
{
	struct nouveau_svm_side side = {};

	if (!(phys & NVIF_VMM_PFNMAP_V0_V))
		return side;
	side.state = NOUVEAU_SVM_READ;
	if (phys & NVIF_VMM_PFNMAP_V0_W)
		side.state = phys & NVIF_VMM_PFNMAP_V0_A ? NOUVEAU_SVM_ATOMIC :
							   NOUVEAU_SVM_WRITE;
	side.vram = phys & NVIF_VMM_PFNMAP_V0_VRAM;
	side.addr = phys & NVIF_VMM_PFNMAP_V0_ADDR;
	return side;
}

/* @offset is that of the GPU's page within the CPU's. */
static struct nouveau_svm_side nouveau_svm_cpu_side(unsigned long pfn,
						    unsigned long offset)
{
	struct nouveau_svm_side side = {
		.error = pfn & HMM_PFN_ERROR,
	};
	struct page *page;

	if (side.error || !(pfn & HMM_PFN_VALID))
		return side;
	side.state = pfn & HMM_PFN_WRITE ? NOUVEAU_SVM_WRITE : NOUVEAU_SVM_READ;
	page = hmm_pfn_to_page(pfn);
	side.vram = is_device_private_page(page);
	side.addr = side.vram ? nouveau_dmem_page_addr(page) :
				page_to_phys(page);
	side.addr += offset;
	return side;
}

static struct nouveau_svm_side
nouveau_svm_driver_side(const struct nouveau_svm_buffer *buffer,
			unsigned int page)
{
	struct nouveau_svm_side side = {
		.state = nouveau_svm_buffer_state(buffer, page),
	};

	if (buffer->leaf)
		side.vram = buffer->leaf_vram;
	else if (side.state != NOUVEAU_SVM_NONE)
		side.vram = test_bit(page, buffer->pages->vram);
	return side;
}

/* What is wrong with what the GPU has, or NULL. */
static const char *nouveau_svm_audit_mirror(const struct nouveau_svm_audit *audit,
					    const struct nouveau_svm_side *gpu,
					    const struct nouveau_svm_side *cpu)
{
	const bool exclusive = gpu->state == NOUVEAU_SVM_ATOMIC && !gpu->vram;

	if (cpu->error)
		return "bounds";
	if (cpu->state == NOUVEAU_SVM_NONE)
		return exclusive ? NULL : "stale";
	if (gpu->vram != cpu->vram)
		return "place";
	if (gpu->addr != cpu->addr && (gpu->vram || audit->direct))
		return "page";
	if (exclusive ||
	    (gpu->state >= NOUVEAU_SVM_WRITE && cpu->state < NOUVEAU_SVM_WRITE))
		return "rights";
	return NULL;
}

static void nouveau_svm_audit_page(struct nouveau_svm_audit *audit,
				   const struct nouveau_svm_buffer *buffer,
				   unsigned int page)
{
	const struct nouveau_svmm *svmm = buffer->svmm;
	const unsigned long offset = (unsigned long)page << NOUVEAU_SVM_PAGE_SHIFT;
	const unsigned long addr = nouveau_svm_buffer_start(buffer) + offset;
	struct nouveau_svm_side gpu, small, cpu = {}, driver;
	const char *kind = NULL;
	bool mapped;

	driver = nouveau_svm_driver_side(buffer, page);
	gpu = nouveau_svm_gpu_side(audit->leaf);
	small = nouveau_svm_gpu_side(audit->small.phys[page]);
	if (gpu.state == NOUVEAU_SVM_NONE) {
		gpu = small;
	} else if (small.state != NOUVEAU_SVM_NONE) {
		/* Hidden by the 2 MiB page, until that goes. */
		gpu = small;
		kind = "state";
	} else {
		gpu.addr += offset;
	}
	/* An invalidation of other pages does not wait: they may be gone. */
	mapped = gpu.state != NOUVEAU_SVM_NONE && driver.state != NOUVEAU_SVM_NONE;
	if (audit->mm && mapped)
		cpu = nouveau_svm_cpu_side(audit->pfns[offset >> PAGE_SHIFT],
					   offset_in_page(addr));

	if (addr >= svmm->unmanaged.start && addr < svmm->unmanaged.end) {
		if (driver.state != NOUVEAU_SVM_NONE)
			kind = "bounds";
	} else if (gpu.state != driver.state || gpu.vram != driver.vram) {
		kind = "state";
	} else if (!kind && mapped && audit->mm) {
		kind = nouveau_svm_audit_mirror(audit, &gpu, &cpu);
	}
	audit->pages += gpu.state != NOUVEAU_SVM_NONE;
	if (kind)
		nouveau_svm_audit_report(audit, kind, addr, &gpu, &cpu, &driver);
}

static bool nouveau_svm_audit_cut(const struct nouveau_svm_buffer *buffer)
{
	const unsigned long start = nouveau_svm_buffer_start(buffer);

	return start < buffer->svmm->unmanaged.end &&
	       start + NOUVEAU_SVM_BUFFER_SIZE > buffer->svmm->unmanaged.start;
}

/* The GPU's side of a buffer. */
static int nouveau_svm_audit_read(struct nouveau_svm_audit *audit,
				  struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svm_map *map = &audit->small;
	int ret;

	lockdep_assert_held(&buffer->mutex);

	audit->leaf = 0;
	map->first = 0;
	map->nr = NOUVEAU_SVM_BUFFER_PAGES;
	/* Without them there need not be a page table at all. */
	if (!buffer->pages && !buffer->live) {
		memset(map->phys, 0, sizeof(map->phys));
		return 0;
	}
	if (!nouveau_svm_audit_cut(buffer)) {
		map->leaf = true;
		ret = nouveau_svm_buffer_read(buffer, map);
		if (ret)
			return ret;
		audit->leaf = map->phys[0];
	}
	map->leaf = false;
	return nouveau_svm_buffer_read(buffer, map);
}

/*
 * The CPU's side of a buffer. Takes the buffer's mutex if it returns 0: until it is
 * given back, the CPU's pages that the GPU has do not change, for their
 * invalidation waits for it.
 */
static int nouveau_svm_audit_snapshot(struct nouveau_svm_audit *audit,
				      struct nouveau_svm_buffer *buffer)
{
	struct hmm_range range = {
		.notifier = &buffer->notifier,
		.start = nouveau_svm_buffer_start(buffer),
		.end = nouveau_svm_buffer_start(buffer) + NOUVEAU_SVM_BUFFER_SIZE,
		.hmm_pfns = audit->pfns,
		.dev_private_owner = nouveau_dmem_owner(audit->svm->drm),
	};
	unsigned int tries;

	if (!audit->mm) {
		mutex_lock(&buffer->mutex);
		return 0;
	}

	for (tries = 0; tries < NOUVEAU_SVM_AUDIT_TRIES; tries++) {
		bool retry;
		long ret;

		cond_resched();
		range.notifier_seq = mmu_range_read_begin(&buffer->notifier);
		/*
		 * For write: under a lock for read, munmap() has taken away the
		 * VMA already and is about to announce that it unmaps the pages.
		 */
		if (mmap_write_lock_killable(audit->mm))
			return -EINTR;
		ret = hmm_range_fault(&range, HMM_FAULT_SNAPSHOT);
		mmap_write_unlock(audit->mm);
		if (ret == -EBUSY)
			continue;
		if (ret < 0)
			return ret;

		mutex_lock(&buffer->mutex);
		spin_lock(&buffer->lock);
		retry = mmu_range_read_retry(&buffer->notifier,
					     range.notifier_seq);
		spin_unlock(&buffer->lock);
		if (!retry)
			return 0;
		mutex_unlock(&buffer->mutex);
	}
	return -EBUSY;
}

/* The caller has claimed the buffer. */
static int nouveau_svm_audit_buffer(struct nouveau_svm_audit *audit,
				    struct nouveau_svm_buffer *buffer)
{
	unsigned int page;
	int ret;

	ret = nouveau_svm_audit_snapshot(audit, buffer);
	if (ret == -EBUSY && audit->lines < NOUVEAU_SVM_AUDIT_LINES) {
		audit->lines++;
		seq_printf(audit->m, "busy %#lx\n",
			   nouveau_svm_buffer_start(buffer));
	}
	if (ret)
		return ret == -EBUSY ? 0 : ret;

	ret = nouveau_svm_audit_read(audit, buffer);
	if (!ret) {
		for (page = 0; page < NOUVEAU_SVM_BUFFER_PAGES; page++)
			nouveau_svm_audit_page(audit, buffer, page);
		audit->buffers++;
	}
	mutex_unlock(&buffer->mutex);
	return ret;
}

static int nouveau_svm_audit_space(struct nouveau_svmm *svmm, void *data)
{
	struct nouveau_svm_audit *audit = data;
	struct nouveau_svm_buffer *buffer;
	unsigned long index;
	int ret = 0;

	audit->mm = mmget_not_zero(svmm->mm) ? svmm->mm : NULL;
	xa_for_each(&svmm->buffers, index, buffer) {
		buffer = nouveau_svm_buffer_find(svmm,
						 index << NOUVEAU_SVM_BUFFER_SHIFT);
		if (!buffer)
			continue;
		/* Whoever has it may be waiting for the process. */
		ret = wait_event_interruptible(svmm->idle,
					       nouveau_svm_buffer_try_claim(buffer));
		if (!ret) {
			ret = nouveau_svm_audit_buffer(audit, buffer);
			if (nouveau_svm_buffer_release(buffer))
				nouveau_svm_faults_kick(audit->svm);
		}
		nouveau_svm_buffer_put(buffer);
		if (!ret && signal_pending(current))
			ret = -EINTR;
		if (ret)
			break;
	}
	if (audit->mm)
		mmput(audit->mm);
	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/* Are the addresses that the device is given those of the memory? */
static bool nouveau_svm_dma_is_direct(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	if (domain && domain->type != IOMMU_DOMAIN_IDENTITY)
		return false;
	return !dma_addressing_limited(dev);
}

static int nouveau_svm_audit_show(struct seq_file *m, void *unused)
{
	struct nouveau_svm *svm = m->private;
	struct nouveau_svm_audit *audit;
	int ret;

	audit = kvzalloc(sizeof(*audit), GFP_KERNEL);
	if (!audit)
		return -ENOMEM;
	audit->m = m;
	audit->svm = svm;
	audit->direct = nouveau_svm_dma_is_direct(svm->drm->dev->dev);

	ret = nouveau_svm_for_each(svm, nouveau_svm_audit_space, audit);
	if (!ret)
		seq_printf(m, "pages %lu buffers %lu violations %lu\n",
			   audit->pages, audit->buffers, audit->violations);
	kvfree(audit);
	return ret;
}

/* With room for all of it, so that it runs once. */
static int nouveau_svm_audit_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, nouveau_svm_audit_show, inode->i_private,
				(NOUVEAU_SVM_AUDIT_LINES + 1) *
				NOUVEAU_SVM_AUDIT_LINE);
}

static const struct file_operations nouveau_svm_audit_fops = {
	.owner = THIS_MODULE,
	.open = nouveau_svm_audit_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

#ifdef CONFIG_DRM_NOUVEAU_SVM_CONTROLS
static const char * const nouveau_svm_control_names[] = {
	[NOUVEAU_SVM_CONTROL_SKIP_INVALIDATE]	= "skip_invalidate",
	[NOUVEAU_SVM_CONTROL_SKIP_RETRY]	= "skip_retry",
	[NOUVEAU_SVM_CONTROL_DROP_SEQ]		= "drop_seq",
	[NOUVEAU_SVM_CONTROL_MAP_BEYOND]	= "map_beyond",
	[NOUVEAU_SVM_CONTROL_LEAK_BUFFER]	= "leak_buffer",
	[NOUVEAU_SVM_CONTROL_SLOW_MAP]		= "slow_map",
	[NOUVEAU_SVM_CONTROL_WRONG_PAGE]	= "wrong_page",
	[NOUVEAU_SVM_CONTROL_WRONG_RIGHTS]	= "wrong_rights",
	[NOUVEAU_SVM_CONTROL_WRONG_PLACE]	= "wrong_place",
	[NOUVEAU_SVM_CONTROL_WRONG_STATE]	= "wrong_state",
};

static_assert(ARRAY_SIZE(nouveau_svm_control_names) == NOUVEAU_SVM_CONTROLS);

static int nouveau_svm_control_show(struct seq_file *m, void *unused)
{
	struct nouveau_svm *svm = m->private;
	const unsigned long control = READ_ONCE(svm->control);
	unsigned int i;

	for_each_set_bit(i, &control, NOUVEAU_SVM_CONTROLS)
		seq_printf(m, "%s\n", nouveau_svm_control_names[i]);
	if (!control)
		seq_puts(m, "none\n");
	return 0;
}

static ssize_t nouveau_svm_control_write(struct file *file,
					 const char __user *text, size_t count,
					 loff_t *pos)
{
	struct nouveau_svm *svm = file_inode(file)->i_private;
	char words[128], *rest = words, *word;
	unsigned long control = 0;
	bool any = false;
	int i;

	if (count >= sizeof(words))
		return -EINVAL;
	if (copy_from_user(words, text, count))
		return -EFAULT;
	words[count] = '\0';

	while ((word = strsep(&rest, " \t\n"))) {
		if (!*word)
			continue;
		any = true;
		if (!strcmp(word, "none"))
			continue;
		i = match_string(nouveau_svm_control_names,
				 NOUVEAU_SVM_CONTROLS, word);
		if (i < 0)
			return -EINVAL;
		control |= BIT(i);
	}
	if (!any)
		return -EINVAL;
	WRITE_ONCE(svm->control, control);
	return count;
}
DEFINE_SHOW_STORE_ATTRIBUTE(nouveau_svm_control);

static void nouveau_svm_control_init(struct nouveau_svm *svm,
				     struct dentry *root)
{
	debugfs_create_file("svm_control", 0600, root, svm,
			    &nouveau_svm_control_fops);
}
#else
static void nouveau_svm_control_init(struct nouveau_svm *svm,
				     struct dentry *root)
{
}
#endif

#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
static void nouveau_svm_inject_debugfs(struct nouveau_svm *svm,
				       struct dentry *root)
{
	static const char * const names[] = {
		[NOUVEAU_SVM_INJECT_COLLIDE] = "collide",
		[NOUVEAU_SVM_INJECT_TRYLOCK] = "trylock",
		[NOUVEAU_SVM_INJECT_COPY] = "copy",
		[NOUVEAU_SVM_INJECT_FENCE] = "fence",
		[NOUVEAU_SVM_INJECT_VRAM] = "vram",
	};
	struct dentry *dir = debugfs_create_dir("svm_inject", root);
	int i;

	static_assert(ARRAY_SIZE(names) == NOUVEAU_SVM_INJECTS);
	for (i = 0; i < NOUVEAU_SVM_INJECTS; i++)
		fault_create_debugfs_attr(names[i], dir, &svm->inject[i]);
}
#else
static void nouveau_svm_inject_debugfs(struct nouveau_svm *svm,
				       struct dentry *root)
{
}
#endif

/**
 * nouveau_svm_debugfs_init - the files of a device's SVM in debugfs
 * @drm: the device
 * @root: its directory, which goes away before the device does
 */
void nouveau_svm_debugfs_init(struct nouveau_drm *drm, struct dentry *root)
{
	struct nouveau_svm *svm = drm->svm;

	if (!svm)
		return;
	debugfs_create_file("svm_counters", 0400, root, svm,
			    &nouveau_svm_counters_fops);
	debugfs_create_file("svm_audit", 0400, root, svm,
			    &nouveau_svm_audit_fops);
	nouveau_svm_control_init(svm, root);
	nouveau_svm_inject_debugfs(svm, root);
}
#endif /* CONFIG_DEBUG_FS */

/**
 * nouveau_svm_inject_init - no failure is injected until somebody asks for it
 * @svm: the device
 */
void nouveau_svm_inject_init(struct nouveau_svm *svm)
{
#ifdef CONFIG_FAULT_INJECTION
	int i;

	for (i = 0; i < NOUVEAU_SVM_INJECTS; i++) {
		svm->inject[i] = (struct fault_attr)FAULT_ATTR_INITIALIZER;
		svm->inject[i].verbose = 0;
	}
#endif
}
