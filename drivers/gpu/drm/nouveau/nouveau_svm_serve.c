// SPDX-License-Identifier: GPL-2.0
/*
 * The service of faults in one buffer: what the process has there, and what it
 * gets there for the asking, becomes mapped.
 */
#include "nouveau_svm_fault.h"
#include "nouveau_dmem.h"
#include "nouveau_drv.h"
#include "nouveau_svm_trace.h"

#include <linux/delay.h>
#include <linux/hmm.h>
#include <linux/hugetlb.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/memremap.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/userfaultfd_k.h>

/**
 * DOC: service
 *
 * A service reads the process's page tables around the pages that faulted, and
 * maps for the GPU all that is there, with the process's rights ("fault-around").
 * Nothing is brought in but the pages that faulted. A page that the GPU may use
 * already as it wants is left alone.
 *
 * How far around? One walk over the whole buffer costs as much as several faults.
 * So the window is at first what the faults span, in blocks of
 * %NOUVEAU_SVM_CHUNK_PAGES; where these had nothing more to give, seven times out
 * of eight only what the faults span. It becomes the buffer if at least half of
 * what the GPU lacks in it is there, and from time to time, to find out: the
 * second time and, while that finds nothing, half as often each time.
 *
 * A read of memory that was never touched asks for a page to write, if the
 * process may: otherwise it got the zero page, and the write that mostly follows
 * cost a second fault.
 *
 * A block that the process maps by one huge entry, or all of which is in one
 * piece of VRAM with the same rights, becomes a 2 MiB page of the GPU, unless
 * small pages are there already.
 *
 * Errors are a matter of single pages. If bringing in the pages that faulted
 * fails, each is brought in alone: the faults of those that fail again are
 * cancelled, or handed to a waiter if a userfaultfd handler is what it takes; and
 * the window is read again for the rest.
 *
 * Atomic operations need a page that the CPU does not use at the same time.
 * Device private memory is such; anonymous memory is made exclusive to the
 * device, page by page. Memory that is shared, or hugetlb's, is refused: nothing
 * keeps others from it.
 */

/* After so many collisions in a row without any page won, one page at a time. */
#define NOUVEAU_SVM_COLLISIONS	3

/* What NOUVEAU_SVM_CONTROL_SLOW_MAP waits. */
#define NOUVEAU_SVM_SLOW_MS	50

/* The CPU pages in 64 KiB: a window is a multiple of that. */
#define NOUVEAU_SVM_CHUNK_PAGES	max_t(unsigned int, SZ_64K >> PAGE_SHIFT, 1)

/* One in so many services looks around a fault where nothing is around. */
#define NOUVEAU_SVM_ALONE	8

/**
 * struct nouveau_svm_ask - a page that faulted
 * @page: CPU page within the buffer
 * @want: &enum nouveau_svm_state; %NOUVEAU_SVM_NONE once nothing is to be done
 */
struct nouveau_svm_ask {
	u16 page;
	u16 want;
};

/**
 * struct nouveau_svm_service - one service of one buffer
 * @svm: the device
 * @buffer: claimed
 * @mm: its address space, with mm_users
 * @owner: of the device private memory that the GPU can use in place
 * @deadline: jiffies
 * @first: first CPU page of the window
 * @end: end of the window, exclusive
 * @missing: pages whose access was not satisfied when they were last read
 * @mapped: GPU pages that were mapped
 * @replay: what is owed
 * @asks: number of @ask
 * @waiting: number of @waits; without any, these are not set up
 * @wait: it may be waited for the mmap lock and for pages to come
 * @atomic: an atomic operation is asked for
 * @waits: CPU pages that a waiter has to bring in
 * @ask: in the order of their pages
 * @want: what is wanted of each page, while @ask is put in order
 * @pfns: what the CPU's page tables say
 * @map: what the GPU's are to say
 */
struct nouveau_svm_service {
	struct nouveau_svm *svm;
	struct nouveau_svm_buffer *buffer;
	struct mm_struct *mm;
	void *owner;
	unsigned long deadline;
	unsigned int first;
	unsigned int end;
	unsigned int missing;
	unsigned int mapped;
	enum nouveau_svm_replay replay;
	unsigned int asks;
	unsigned int waiting;
	bool wait;
	bool atomic;
	DECLARE_BITMAP(waits, NOUVEAU_SVM_CPU_PAGES);
	struct nouveau_svm_ask ask[NOUVEAU_SVM_BATCH];
	u8 want[NOUVEAU_SVM_CPU_PAGES];
	unsigned long pfns[NOUVEAU_SVM_CPU_PAGES];
	struct nouveau_svm_map map;
};

/*
 * One round of reading the page of @ask, or the window if that is NULL, and
 * perhaps mapping it. Returns 0; -EBUSY for a collision, which asks for another
 * round; -EAGAIN if only a waiter can bring in the page of @ask; or an error.
 */
typedef int (*nouveau_svm_round_t)(struct nouveau_svm_service *s,
				   struct mmu_range_notifier *mrn,
				   const struct nouveau_svm_ask *ask);

/**
 * nouveau_svm_services_init - memory for services
 * @faults: where it is kept; as many as are active never wait for each other
 *
 * Return: 0 or -ENOMEM.
 */
int nouveau_svm_services_init(struct nouveau_svm_faults *faults)
{
	return mempool_init_kmalloc_pool(&faults->services, NOUVEAU_SVM_SERVICES,
					 sizeof(struct nouveau_svm_service));
}

static struct nouveau_svm_service *
nouveau_svm_service_get(struct nouveau_svm *svm,
			struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svm_service *s;

	/* The last one is kept: most of the time there is one at a time. */
	s = xchg(&svm->faults->spare_service, NULL);
	if (!s)
		s = mempool_alloc(&svm->faults->services, GFP_KERNEL);
	s->svm = svm;
	s->buffer = buffer;
	s->mm = buffer->svmm->mm;
	s->owner = nouveau_dmem_owner(svm->drm);
	s->deadline = jiffies + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	s->first = 0;
	s->end = NOUVEAU_SVM_CPU_PAGES;
	s->missing = 0;
	s->mapped = 0;
	s->replay = NOUVEAU_SVM_REPLAY_NONE;
	s->asks = 0;
	s->waiting = 0;
	s->wait = true;
	s->atomic = false;
	return s;
}

static void nouveau_svm_service_put(struct nouveau_svm_service *s)
{
	struct nouveau_svm_faults *faults = s->svm->faults;

	s = xchg(&faults->spare_service, s);
	if (s)
		mempool_free(s, &faults->services);
}

static void nouveau_svm_owe(struct nouveau_svm_service *s,
			    enum nouveau_svm_replay replay)
{
	s->replay = max(s->replay, replay);
}

static unsigned long nouveau_svm_page_addr(const struct nouveau_svm_service *s,
					   unsigned int page)
{
	return nouveau_svm_buffer_start(s->buffer) +
	       ((unsigned long)page << PAGE_SHIFT);
}

static enum nouveau_svm_state
nouveau_svm_page_state(const struct nouveau_svm_service *s, unsigned int page)
{
	if (!READ_ONCE(s->buffer->live))
		return NOUVEAU_SVM_NONE;
	return nouveau_svm_buffer_state(s->buffer, page * NOUVEAU_SVM_SPLIT);
}

/* What the CPU's page tables let the GPU do with a page. */
static enum nouveau_svm_state
nouveau_svm_page_grants(const struct nouveau_svm_service *s, unsigned int page)
{
	if (!(s->pfns[page] & HMM_PFN_VALID))
		return NOUVEAU_SVM_NONE;
	return s->pfns[page] & HMM_PFN_WRITE ? NOUVEAU_SVM_WRITE :
					       NOUVEAU_SVM_READ;
}

/* Has something to be brought in for this? */
static bool nouveau_svm_is_missing(const struct nouveau_svm_service *s,
				   const struct nouveau_svm_ask *ask)
{
	return min_t(unsigned int, ask->want, NOUVEAU_SVM_WRITE) >
	       nouveau_svm_page_grants(s, ask->page) &&
	       ask->want > nouveau_svm_page_state(s, ask->page);
}

/* How is it to be brought in? */
static unsigned long nouveau_svm_request(const struct nouveau_svm_service *s,
					 struct vm_area_struct **vma,
					 const struct nouveau_svm_ask *ask)
{
	const unsigned long addr = nouveau_svm_page_addr(s, ask->page);

	if (ask->want >= NOUVEAU_SVM_WRITE)
		return HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE;
	if (s->pfns[ask->page])
		return HMM_PFN_REQ_FAULT;

	if (!*vma || addr < (*vma)->vm_start || addr >= (*vma)->vm_end)
		*vma = vma_lookup(s->mm, addr);
	if (*vma && vma_is_anonymous(*vma) && (*vma)->vm_flags & VM_WRITE)
		return HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE;
	return HMM_PFN_REQ_FAULT;
}

/* Does the page wait for a userfaultfd handler? */
static bool nouveau_svm_page_is_guarded(const struct nouveau_svm_service *s,
					unsigned int page)
{
	struct vm_area_struct *vma;

	vma = vma_lookup(s->mm, nouveau_svm_page_addr(s, page));
	return vma && userfaultfd_armed(vma);
}

/* Is the whole buffer mapped by one entry, or part of a larger one? */
static bool nouveau_svm_is_huge(const struct nouveau_svm_service *s,
				unsigned int page)
{
	const unsigned long pfn = s->pfns[page];

	return pfn & HMM_PFN_VALID &&
	       PAGE_SHIFT + hmm_pfn_to_map_order(pfn) >= NOUVEAU_SVM_BUFFER_SHIFT;
}

/* Is it worth while to read the rest of the buffer too? */
static bool nouveau_svm_is_dense(const struct nouveau_svm_service *s)
{
	unsigned int page, lacking = 0, there = 0;

	if (nouveau_svm_is_huge(s, s->first))
		return false;
	if (s->buffer->narrow > s->buffer->patience)
		return true;
	for (page = s->first; page < s->end; page++) {
		if (nouveau_svm_page_state(s, page))
			continue;
		lacking++;
		there += !!(s->pfns[page] & HMM_PFN_VALID);
	}
	/* Not for single pages that went away and came back. */
	return there * 2 >= max(lacking, NOUVEAU_SVM_CHUNK_PAGES);
}

/* Read pages @first to @end - 1 as they are. */
static int nouveau_svm_look(struct nouveau_svm_service *s,
			    struct mmu_range_notifier *mrn, unsigned long seq,
			    unsigned int first, unsigned int end)
{
	struct hmm_range range = {
		.notifier = mrn,
		.notifier_seq = seq,
		.start = nouveau_svm_page_addr(s, first),
		.end = nouveau_svm_page_addr(s, end),
		.hmm_pfns = &s->pfns[first],
		.dev_private_owner = s->owner,
	};

	return first < end ? hmm_range_fault(&range, HMM_FAULT_SNAPSHOT) : 0;
}

/* Read the window; if that is not all, perhaps the rest as well. */
static int nouveau_svm_look_around(struct nouveau_svm_service *s,
				   struct mmu_range_notifier *mrn,
				   unsigned long seq)
{
	int ret;

	ret = nouveau_svm_look(s, mrn, seq, s->first, s->end);
	if (ret || s->end - s->first == NOUVEAU_SVM_CPU_PAGES ||
	    !nouveau_svm_is_dense(s))
		return ret;

	ret = nouveau_svm_look(s, mrn, seq, 0, s->first);
	if (!ret)
		ret = nouveau_svm_look(s, mrn, seq, s->end,
				       NOUVEAU_SVM_CPU_PAGES);
	s->first = 0;
	s->end = NOUVEAU_SVM_CPU_PAGES;
	return ret;
}

/* Bring in what is missing of @asks pages from @ask on, and read it. */
static int nouveau_svm_bring_in(struct nouveau_svm_service *s,
				struct mmu_range_notifier *mrn,
				unsigned long seq,
				const struct nouveau_svm_ask *ask,
				unsigned int asks)
{
	const struct nouveau_svm_ask *low = NULL, *high = NULL;
	struct vm_area_struct *vma = NULL;
	struct hmm_range range = {
		.notifier = mrn,
		.notifier_seq = seq,
		.pfn_flags_mask = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE,
		.dev_private_owner = s->owner,
	};

	s->missing = 0;
	for (; asks--; ask++) {
		if (!nouveau_svm_is_missing(s, ask))
			continue;
		if (!s->wait)
			return -EWOULDBLOCK;
		/* What lies between them is read again, as it is. */
		if (low && ask->page > high->page + 1)
			memset(&s->pfns[high->page + 1], 0,
			       (ask->page - high->page - 1) *
			       sizeof(s->pfns[0]));
		s->pfns[ask->page] = nouveau_svm_request(s, &vma, ask);
		low = low ?: ask;
		high = ask;
		s->missing++;
	}
	if (!s->missing)
		return 0;

	range.start = nouveau_svm_page_addr(s, low->page);
	range.end = nouveau_svm_page_addr(s, high->page + 1);
	range.hmm_pfns = &s->pfns[low->page];
	return hmm_range_fault(&range, 0);
}

/* Read the page of @ask, or the window, with what is missing there. */
static int nouveau_svm_read(struct nouveau_svm_service *s,
			    struct mmu_range_notifier *mrn, unsigned long seq,
			    const struct nouveau_svm_ask *ask)
{
	int ret;

	mmap_assert_locked(s->mm);

	if (!ask)
		return nouveau_svm_look_around(s, mrn, seq) ?:
		       nouveau_svm_bring_in(s, mrn, seq, s->ask, s->asks);

	ret = nouveau_svm_look(s, mrn, seq, ask->page, ask->page + 1) ?:
	      nouveau_svm_bring_in(s, mrn, seq, ask, 1);
	if (ret == -EFAULT && nouveau_svm_page_is_guarded(s, ask->page))
		return -EAGAIN;
	return ret;
}

/*
 * May what was read still be used? Until the buffer's lock is dropped an
 * invalidation can't end, so until then the pages are there.
 */
static bool nouveau_svm_is_current(const struct nouveau_svm_service *s,
				   struct mmu_range_notifier *mrn,
				   unsigned long seq)
{
	return !mmu_range_read_retry(mrn, seq) ||
	       nouveau_svm_control(s->svm, NOUVEAU_SVM_CONTROL_SKIP_RETRY);
}

/*
 * One entry of PFNMAP for a page that the GPU may use as the CPU does; 0 if it is
 * not in VRAM at the moment.
 */
static u64 nouveau_svm_page_phys(const struct nouveau_svm_service *s,
				 unsigned int page)
{
	const unsigned long pfn = s->pfns[page];
	struct page *cpu_page = hmm_pfn_to_page(pfn);
	u64 phys;

	lockdep_assert_held(&s->buffer->lock);

	if (is_device_private_page(cpu_page)) {
		phys = nouveau_dmem_page_addr(cpu_page);
		if (!phys)
			return NVIF_VMM_PFNMAP_V0_NONE;
		phys |= NVIF_VMM_PFNMAP_V0_VRAM;
		/* The CPU has no access to it at all. */
		if (pfn & HMM_PFN_WRITE)
			phys |= NVIF_VMM_PFNMAP_V0_A;
	} else {
		phys = (u64)(pfn & ~HMM_PFN_FLAGS) << PAGE_SHIFT |
		       NVIF_VMM_PFNMAP_V0_HOST;
	}
	if (pfn & HMM_PFN_WRITE)
		phys |= NVIF_VMM_PFNMAP_V0_W;
	return phys | NVIF_VMM_PFNMAP_V0_V;
}

/* The entry of one 2 MiB page for the whole block; 0 if it can't be one. */
static u64 nouveau_svm_leaf_phys(const struct nouveau_svm_service *s)
{
	/* Of a window that was empty, only what was asked for has been read anew. */
	unsigned int page = s->asks ? s->ask[0].page : s->first;
	u64 phys;

	/* To replace small pages would take away what the GPU is working with. */
	if (READ_ONCE(s->buffer->live) && !READ_ONCE(s->buffer->leaf))
		return 0;
	if (!(s->pfns[page] & HMM_PFN_VALID))
		return 0;

	phys = nouveau_svm_page_phys(s, page);
	if (!phys)
		return 0;
	phys -= (u64)page << PAGE_SHIFT;
	if (phys & NVIF_VMM_PFNMAP_V0_ADDR & ~NOUVEAU_SVM_BUFFER_MASK)
		return 0;
	if (nouveau_svm_is_huge(s, page))
		return phys;
	if (!(phys & NVIF_VMM_PFNMAP_V0_VRAM) ||
	    s->end - s->first < NOUVEAU_SVM_CPU_PAGES)
		return 0;

	/* So it is where a chunk begins: the rest of that chunk, and alike? */
	for (page = 1; page < NOUVEAU_SVM_CPU_PAGES; page++)
		if (s->pfns[page] != s->pfns[0] + page)
			return 0;
	return phys;
}

/* The entries of one of the CPU's pages. */
static void nouveau_svm_map_page(struct nouveau_svm_service *s,
				 unsigned int page, u64 phys)
{
	u64 *entry = &s->map.phys[page * NOUVEAU_SVM_SPLIT];
	unsigned int i;

	for (i = 0; i < NOUVEAU_SVM_SPLIT; i++)
		entry[i] = phys ? phys + ((u64)i << NOUVEAU_SVM_PAGE_SHIFT) :
				  NVIF_VMM_PFNMAP_V0_NONE;
}

/* What a test looks for: a page that the process does not have. */
static void nouveau_svm_map_beyond(struct nouveau_svm_service *s,
				   unsigned int first, unsigned int end)
{
	unsigned int page;

	for (page = first + 1; page < end; page++) {
		if (s->pfns[page] & HMM_PFN_VALID ||
		    !(s->pfns[page - 1] & HMM_PFN_VALID) ||
		    nouveau_svm_page_state(s, page))
			continue;
		nouveau_svm_map_page(s, page, nouveau_svm_page_phys(s, page - 1));
		return;
	}
}

/* The same for what is there, but the first page, and is mapped wrongly. */
static void nouveau_svm_map_wrong(struct nouveau_svm_service *s,
				  unsigned int first, unsigned int end)
{
	struct nouveau_svm *svm = s->svm;
	unsigned int page;

	for (page = first + 1; page < end; page++) {
		bool before;
		u64 phys;

		if (!(s->pfns[page] & HMM_PFN_VALID) ||
		    !(s->pfns[page - 1] & HMM_PFN_VALID))
			continue;
		before = nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_WRONG_PAGE);
		phys = nouveau_svm_page_phys(s, page - before);
		if (nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_WRONG_RIGHTS))
			phys |= NVIF_VMM_PFNMAP_V0_W;
		if (nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_WRONG_PLACE))
			phys |= NVIF_VMM_PFNMAP_V0_VRAM;
		nouveau_svm_map_page(s, page, phys);
	}
}

static bool nouveau_svm_is_wrong(const struct nouveau_svm_service *s)
{
	return nouveau_svm_control(s->svm, NOUVEAU_SVM_CONTROL_WRONG_PAGE) ||
	       nouveau_svm_control(s->svm, NOUVEAU_SVM_CONTROL_WRONG_RIGHTS) ||
	       nouveau_svm_control(s->svm, NOUVEAU_SVM_CONTROL_WRONG_PLACE);
}

/*
 * All that is there, the buffer sorts out what the GPU has already; as one 2 MiB
 * page if @leaf and if that can be. Returns 0 or -EBUSY.
 */
static int nouveau_svm_map_build(struct nouveau_svm_service *s,
				 struct mmu_range_notifier *mrn,
				 unsigned long seq, unsigned int first,
				 unsigned int end, bool leaf)
{
	struct nouveau_svm_map *map = &s->map;
	unsigned int page;
	u64 phys = 0;

	spin_lock(&s->buffer->lock);
	if (!nouveau_svm_is_current(s, mrn, seq)) {
		spin_unlock(&s->buffer->lock);
		return -EBUSY;
	}
	if (leaf)
		phys = nouveau_svm_leaf_phys(s);
	map->leaf = phys;
	if (map->leaf) {
		map->phys[0] = phys;
		first = 0;
		end = NOUVEAU_SVM_CPU_PAGES;
	} else {
		for (page = first; page < end; page++)
			nouveau_svm_map_page(s, page,
					     s->pfns[page] & HMM_PFN_VALID ?
					     nouveau_svm_page_phys(s, page) : 0);
		if (nouveau_svm_control(s->svm, NOUVEAU_SVM_CONTROL_MAP_BEYOND))
			nouveau_svm_map_beyond(s, first, end);
		if (nouveau_svm_is_wrong(s))
			nouveau_svm_map_wrong(s, first, end);
	}
	spin_unlock(&s->buffer->lock);

	map->first = first * NOUVEAU_SVM_SPLIT;
	map->nr = (end - first) * NOUVEAU_SVM_SPLIT;
	return 0;
}

/* Map what was read: the page of @ask, or the window. */
static int nouveau_svm_map(struct nouveau_svm_service *s,
			   struct mmu_range_notifier *mrn, unsigned long seq,
			   const struct nouveau_svm_ask *ask)
{
	const unsigned int first = ask ? ask->page : s->first;
	const unsigned int end = ask ? ask->page + 1 : s->end;
	bool leaf = !ask;
	int ret;

	if (nouveau_svm_control(s->svm, NOUVEAU_SVM_CONTROL_SLOW_MAP))
		msleep(NOUVEAU_SVM_SLOW_MS);

	for (;;) {
		ret = nouveau_svm_map_build(s, mrn, seq, first, end, leaf);
		if (ret)
			return ret;

		leaf = s->map.leaf;
		ret = nouveau_svm_buffer_prepare(s->buffer, leaf);
		if (!ret)
			ret = nouveau_svm_buffer_map(s->buffer, mrn, seq,
						     &s->map);
		if (!ret || ret == -EBUSY || !leaf)
			break;
		/* No table, cut by the hole, or no DMA address: small pages. */
		leaf = false;
	}
	if (!ret)
		s->mapped += s->map.mapped;
	return ret;
}

/*
 * The mmap lock. One process may keep it for long: it gets no more than half of
 * the workers to wait for it, the others have to come again.
 */
static int nouveau_svm_lock(struct nouveau_svm_service *s)
{
	struct nouveau_svm_faults *faults = s->svm->faults;
	int ret = 0;

	if (mmap_read_trylock(s->mm))
		return 0;
	if (!s->wait)
		return -EWOULDBLOCK;
	if (atomic_inc_return(&faults->blocked) > NOUVEAU_SVM_SERVICES / 2)
		ret = -EINTR;
	else
		mmap_read_lock(s->mm);
	atomic_dec(&faults->blocked);
	return ret;
}

/* The first half of a round of reading and mapping; @seq is for the second. */
static int nouveau_svm_round_begin(struct nouveau_svm_service *s,
				   struct mmu_range_notifier *mrn,
				   unsigned long *seq,
				   const struct nouveau_svm_ask *ask)
{
	u64 time = ktime_get_ns();
	int ret;

	*seq = mmu_range_read_begin(mrn);
	ret = nouveau_svm_lock(s);
	if (!ret) {
		ret = nouveau_svm_read(s, mrn, *seq, ask);
		mmap_read_unlock(s->mm);
	}
	s->map.time = ktime_get_ns();
	nouveau_svm_count(s->svm, NOUVEAU_SVM_NS_HMM, s->map.time - time);
	return ret;
}

/* A round of reading alone. The pages are mapped with all others, later. */
static int nouveau_svm_round_read(struct nouveau_svm_service *s,
				  struct mmu_range_notifier *mrn,
				  const struct nouveau_svm_ask *ask)
{
	unsigned long seq;

	return nouveau_svm_round_begin(s, mrn, &seq, ask);
}

/* A round of reading and mapping. */
static int nouveau_svm_round_map(struct nouveau_svm_service *s,
				 struct mmu_range_notifier *mrn,
				 const struct nouveau_svm_ask *ask)
{
	unsigned long seq;

	return nouveau_svm_round_begin(s, mrn, &seq, ask) ?:
	       nouveau_svm_map(s, mrn, seq, ask);
}

/*
 * Have the CPU let go of a page that was read: *@exclusive is the page, locked;
 * or NULL, if it is in VRAM, where the GPU alone has it. Returns -EBUSY to be
 * called again after another reading.
 */
static int nouveau_svm_make_exclusive(struct nouveau_svm_service *s,
				      struct mmu_range_notifier *mrn,
				      unsigned long seq, unsigned int page,
				      struct page **exclusive)
{
	const unsigned long addr = nouveau_svm_page_addr(s, page);
	struct vm_area_struct *vma;
	bool valid, private;
	int ret;

	mmap_assert_locked(s->mm);

	*exclusive = NULL;
	spin_lock(&s->buffer->lock);
	valid = nouveau_svm_is_current(s, mrn, seq) &&
		nouveau_svm_page_grants(s, page);
	private = valid &&
		  is_device_private_page(hmm_pfn_to_page(s->pfns[page]));
	spin_unlock(&s->buffer->lock);
	if (!valid)
		return -EBUSY;
	if (private)
		return 0;

	vma = vma_lookup(s->mm, addr);
	if (!vma)
		return -EFAULT;
	/* Others may reach it in other ways. What is private is anonymous now. */
	if (vma->vm_flags & VM_SHARED || is_vm_hugetlb_page(vma))
		return -EOPNOTSUPP;

	ret = make_device_exclusive_range(s->mm, addr, addr + PAGE_SIZE,
					  exclusive, s->buffer->svmm);
	if (ret < 0)
		return ret;
	return ret && *exclusive ? 0 : -EBUSY;
}

/* A round for an atomic access. */
static int nouveau_svm_round_atomic(struct nouveau_svm_service *s,
				    struct mmu_range_notifier *mrn,
				    const struct nouveau_svm_ask *ask)
{
	unsigned long seq = mmu_range_read_begin(mrn);
	u64 time = ktime_get_ns();
	struct page *page = NULL;
	struct folio *folio;
	int ret;

	ret = nouveau_svm_lock(s);
	if (ret)
		return ret;
	ret = nouveau_svm_read(s, mrn, seq, ask);
	if (!ret && nouveau_svm_page_state(s, ask->page) < NOUVEAU_SVM_ATOMIC)
		ret = nouveau_svm_make_exclusive(s, mrn, seq, ask->page, &page);
	mmap_read_unlock(s->mm);
	s->map.time = ktime_get_ns();
	nouveau_svm_count(s->svm, NOUVEAU_SVM_NS_HMM, s->map.time - time);
	if (ret)
		return ret;
	if (!page)
		return nouveau_svm_map(s, mrn, seq, ask);

	folio = page_folio(page);
	ret = nouveau_svm_buffer_prepare(s->buffer, false);
	if (!ret) {
		nouveau_svm_map_page(s, ask->page, page_to_phys(page) |
				     NVIF_VMM_PFNMAP_V0_HOST |
				     NVIF_VMM_PFNMAP_V0_A |
				     NVIF_VMM_PFNMAP_V0_W |
				     NVIF_VMM_PFNMAP_V0_V);
		s->map.leaf = false;
		s->map.first = ask->page * NOUVEAU_SVM_SPLIT;
		s->map.nr = NOUVEAU_SVM_SPLIT;
		ret = nouveau_svm_buffer_map(s->buffer, mrn, seq, &s->map);
	}
	if (!ret)
		s->mapped += s->map.mapped;
	folio_unlock(folio);
	folio_put(folio);
	return ret;
}

/* Rounds under the buffer's own notifier, while there is hope. */
static int nouveau_svm_rounds(struct nouveau_svm_service *s,
			      nouveau_svm_round_t round,
			      const struct nouveau_svm_ask *ask)
{
	unsigned int collisions = 0, missing = UINT_MAX;
	int ret;

	for (;;) {
		ret = round(s, &s->buffer->notifier, ask);
		if (ret != -EBUSY)
			return ret;

		nouveau_svm_count(s->svm, NOUVEAU_SVM_RETRIES, 1);
		/* A page that we bring in may collide with us: no harm done. */
		collisions = s->missing < missing ? 1 : collisions + 1;
		missing = min(missing, s->missing);
		if (collisions == NOUVEAU_SVM_COLLISIONS ||
		    time_after(jiffies, s->deadline))
			return ret;
		cond_resched();
	}
}

/* Rounds for one page under a notifier of its own. */
static int nouveau_svm_rounds_exact(struct nouveau_svm_service *s,
				    nouveau_svm_round_t round,
				    const struct nouveau_svm_ask *ask)
{
	const unsigned long deadline =
		s->deadline + msecs_to_jiffies(HMM_RANGE_DEFAULT_TIMEOUT);
	struct nouveau_svm_exact exact;
	int ret;

	nouveau_svm_count(s->svm, NOUVEAU_SVM_FALLBACKS, 1);
	ret = nouveau_svm_exact_init(&exact, s->buffer,
				     nouveau_svm_page_addr(s, ask->page),
				     PAGE_SIZE);
	if (ret)
		return ret;

	for (;;) {
		ret = round(s, &exact.notifier, ask);
		if (ret != -EBUSY)
			break;
		nouveau_svm_count(s->svm, NOUVEAU_SVM_RETRIES, 1);
		if (time_after(jiffies, deadline))
			break;
		/* Whoever has the page locked may want this processor. */
		usleep_range(10, 50);
	}
	nouveau_svm_exact_fini(&exact);
	return ret;
}

/*
 * The faults of a page that want most could not be served. What is to become of
 * them? The weaker ones are still to be served.
 */
static void nouveau_svm_ask_failed(struct nouveau_svm_service *s,
				   const struct nouveau_svm_fault *fault,
				   unsigned int nr, struct nouveau_svm_ask *ask,
				   int error)
{
	const u16 failed = ask->want;
	unsigned int i, end;

	ask->want = NOUVEAU_SVM_NONE;
	switch (error) {
	case -EAGAIN:
		if (!s->waiting++)
			bitmap_zero(s->waits, NOUVEAU_SVM_CPU_PAGES);
		__set_bit(ask->page, s->waits);
		return;
	case -EBUSY:
	case -EINTR:
	case -ENOMEM:
		nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_LATER);
		return;
	}

	for (i = 0; i < nr; i = end) {
		for (end = i; end < nr; end++)
			if (nouveau_svm_fault_page(&fault[end]) != ask->page ||
			    fault[end].want < failed)
				break;
		if (end > i) {
			nouveau_svm_faults_cancel(s->svm, &fault[i], end - i,
						  error);
			continue;
		}
		if (nouveau_svm_fault_page(&fault[i]) == ask->page)
			ask->want = max_t(u16, ask->want, fault[i].want);
		end++;
	}
	nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_NOW);
}

/* Each page that faulted, alone: by @round, until it is done or has failed. */
static void nouveau_svm_serve_pages(struct nouveau_svm_service *s,
				    nouveau_svm_round_t round,
				    enum nouveau_svm_state least,
				    const struct nouveau_svm_fault *fault,
				    unsigned int nr)
{
	struct nouveau_svm_ask *ask;
	int ret;

	for (ask = s->ask; ask < s->ask + s->asks; ask++)
		while (ask->want >= least &&
		       ask->want > nouveau_svm_page_state(s, ask->page)) {
			ret = nouveau_svm_rounds(s, round, ask);
			if (ret == -EBUSY)
				ret = nouveau_svm_rounds_exact(s, round, ask);
			if (!ret)
				break;
			nouveau_svm_ask_failed(s, fault, nr, ask, ret);
		}
}

/* Serve what is asked for. */
static int nouveau_svm_serve_window(struct nouveau_svm_service *s,
				    const struct nouveau_svm_fault *fault,
				    unsigned int nr)
{
	struct nouveau_svm_ask *ask;
	int ret;

	s->first = s->ask[0].page;
	s->end = s->ask[s->asks - 1].page + 1U;
	if (s->buffer->alone % NOUVEAU_SVM_ALONE == 0) {
		s->first = round_down(s->first, NOUVEAU_SVM_CHUNK_PAGES);
		s->end = round_up(s->end, NOUVEAU_SVM_CHUNK_PAGES);
	}
	for (;;) {
		ret = nouveau_svm_rounds(s, nouveau_svm_round_map, NULL);
		if (!s->wait && ret)
			return -EWOULDBLOCK;
		if (!ret || ret == -EBUSY || ret == -EINTR || ret == -ENOMEM)
			break;
		/* Not all of the window: whose error is it? */
		nouveau_svm_serve_pages(s, nouveau_svm_round_read,
					NOUVEAU_SVM_READ, fault, nr);
		if (time_after(jiffies, s->deadline)) {
			ret = -EBUSY;
			break;
		}
	}

	if (ret == -EINTR || ret == -ENOMEM) {
		nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_LATER);
		return ret;
	}
	if (ret == -EBUSY)
		nouveau_svm_serve_pages(s, nouveau_svm_round_map,
					NOUVEAU_SVM_READ, fault, nr);
	if (s->atomic)
		nouveau_svm_serve_pages(s, nouveau_svm_round_atomic,
					NOUVEAU_SVM_ATOMIC, fault, nr);

	/* If something was mapped, there is a replay anyway. */
	if (s->mapped)
		return ret;
	for (ask = s->ask; ask < s->ask + s->asks; ask++)
		if (ask->want)
			nouveau_svm_owe(s, ask->want <=
					   nouveau_svm_page_state(s, ask->page) ?
					   NOUVEAU_SVM_REPLAY_NOW :
					   NOUVEAU_SVM_REPLAY_LATER);
	return ret;
}

/* Put @ask in order, each page once. Returns how many were there again. */
static unsigned int nouveau_svm_order(struct nouveau_svm_service *s)
{
	DECLARE_BITMAP(pages, NOUVEAU_SVM_CPU_PAGES) = {};
	const unsigned int asks = s->asks;
	unsigned int i;

	for (i = 0; i < asks; i++) {
		const struct nouveau_svm_ask *ask = &s->ask[i];

		if (!__test_and_set_bit(ask->page, pages))
			s->want[ask->page] = ask->want;
		else
			s->want[ask->page] = max_t(u8, s->want[ask->page],
						   ask->want);
	}
	s->asks = 0;
	for_each_set_bit(i, pages, NOUVEAU_SVM_CPU_PAGES)
		s->ask[s->asks++] = (struct nouveau_svm_ask) {
			.page = i,
			.want = s->want[i],
		};
	return asks - s->asks;
}

/* Note which pages are asked for, and for what. */
static void nouveau_svm_collect(struct nouveau_svm_service *s,
				const struct nouveau_svm_fault *fault,
				unsigned int nr)
{
	const bool empty = !READ_ONCE(s->buffer->live);
	struct nouveau_svm_ask *last = NULL;
	unsigned int i, duplicates = 0;
	bool ordered = true;

	for (i = 0; i < nr; i++) {
		unsigned int page = nouveau_svm_fault_page(&fault[i]);
		u16 want = fault[i].want;

		if (last && last->page == page && want <= last->want) {
			duplicates++;
		} else if (!empty && max_t(u16, want, NOUVEAU_SVM_READ) <=
				     nouveau_svm_page_state(s, page)) {
			duplicates++;
			/* It may have come after the page's own replay. */
			if (want)
				nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_NOW);
		} else if (last && last->page == page) {
			last->want = want;
			s->atomic |= want == NOUVEAU_SVM_ATOMIC;
		} else {
			ordered = ordered && (!last || last->page < page);
			last = &s->ask[s->asks++];
			last->page = page;
			last->want = want;
			s->atomic |= want == NOUVEAU_SVM_ATOMIC;
		}
	}
	if (!ordered)
		duplicates += nouveau_svm_order(s);
	nouveau_svm_count(s->svm, NOUVEAU_SVM_FAULT_DUPLICATE, duplicates);
}

/* How soon is it good to look at all of the buffer? */
static void nouveau_svm_learn(const struct nouveau_svm_service *s, bool around)
{
	struct nouveau_svm_buffer *buffer = s->buffer;

	buffer->alone = around ? 0 : buffer->alone + 1;
	if (s->end - s->first < NOUVEAU_SVM_CPU_PAGES) {
		buffer->narrow = min(buffer->narrow + 1, U8_MAX);
		return;
	}
	if (around)
		buffer->patience = 0;
	else if (buffer->narrow)
		buffer->patience = min(2 * buffer->patience + 1, U8_MAX - 1);
	buffer->narrow = 0;
}

/* Serve the faults in a buffer that is claimed. */
static enum nouveau_svm_replay
nouveau_svm_serve_claimed(struct nouveau_svm *svm,
			  struct nouveau_svm_buffer *buffer,
			  const struct nouveau_svm_fault *fault,
			  unsigned int nr, bool wait)
{
	struct nouveau_svm_service *s = nouveau_svm_service_get(svm, buffer);
	enum nouveau_svm_replay replay;
	unsigned int asked;
	int ret = 0;

	s->wait = wait;
	nouveau_svm_collect(s, fault, nr);
	if (s->asks)
		ret = nouveau_svm_serve_window(s, fault, nr);
	if (s->mapped)
		nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_NOW);

	if (ret == -EWOULDBLOCK) {
		nouveau_svm_service_put(s);
		if (nouveau_svm_buffer_release(buffer))
			nouveau_svm_faults_kick(svm);
		return NOUVEAU_SVM_REPLAY_UNKNOWN;
	}

	asked = s->asks * NOUVEAU_SVM_SPLIT;
	if (s->asks && !ret)
		nouveau_svm_learn(s, s->mapped > asked);
	if (s->mapped > asked)
		nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_AROUND,
				  s->mapped - asked);
	trace_nouveau_svm_service(buffer->svmm, nouveau_svm_buffer_start(buffer),
				  nr, s->mapped, ret);

	/* A waiter waits for user space, which may need this buffer. */
	if (nouveau_svm_buffer_release(buffer))
		nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_NOW);
	if (s->waiting &&
	    nouveau_svm_wait(svm, buffer, fault, nr, s->waits))
		nouveau_svm_owe(s, NOUVEAU_SVM_REPLAY_LATER);

	replay = s->replay;
	nouveau_svm_service_put(s);
	return replay;
}

/* Cancel all, but for prefetches, which wait for nothing. */
static enum nouveau_svm_replay
nouveau_svm_refuse(struct nouveau_svm *svm, const struct nouveau_svm_fault *fault,
		   unsigned int nr, int error)
{
	enum nouveau_svm_replay replay = NOUVEAU_SVM_REPLAY_NONE;
	unsigned int i, end;

	for (i = 0; i < nr; i = end + 1) {
		for (end = i; end < nr && fault[end].want; end++)
			;
		if (end == i)
			continue;
		nouveau_svm_faults_cancel(svm, &fault[i], end - i, error);
		replay = NOUVEAU_SVM_REPLAY_NOW;
	}
	return replay;
}

/**
 * nouveau_svm_serve - serve the faults in one buffer
 * @svm: the device
 * @fault: the faults, all of one address space and in one buffer
 * @nr: how many, at least one, at most %NOUVEAU_SVM_BATCH
 * @wait: it may take its time
 *
 * If the buffer is being served already, nothing is done: that service ends with
 * a replay, and what it leaves faults again.
 *
 * Sleeps; the caller holds no lock, and a reference to the address space.
 *
 * Return: what the caller owes; %NOUVEAU_SVM_REPLAY_UNKNOWN only without @wait.
 */
enum nouveau_svm_replay nouveau_svm_serve(struct nouveau_svm *svm,
					  const struct nouveau_svm_fault *fault,
					  unsigned int nr, bool wait)
{
	enum nouveau_svm_replay replay = NOUVEAU_SVM_REPLAY_NONE;
	struct nouveau_svmm *svmm = fault->svmm;
	struct nouveau_svm_buffer *buffer;

	/*
	 * A retire pass has @tables while it waits for invalidations to end, and
	 * the first notifier of all takes the mmap lock.
	 */
	if (!wait) {
		/* A look without a lock: at worst it has to wait after all. */
		if (!data_race(mm_has_notifiers(svmm->mm)) ||
		    mutex_is_locked(&svmm->tables))
			return NOUVEAU_SVM_REPLAY_UNKNOWN;
	}
	if (!nouveau_svmm_enter(svmm))
		return nouveau_svm_refuse(svm, fault, nr, -ENODEV);
	if (!mmget_not_zero(svmm->mm)) {
		nouveau_svmm_leave(svmm);
		return nouveau_svm_refuse(svm, fault, nr, -ESRCH);
	}

	buffer = nouveau_svm_buffer_get(svmm, fault->addr);
	if (IS_ERR(buffer)) {
		if (PTR_ERR(buffer) == -EINVAL)
			replay = nouveau_svm_refuse(svm, fault, nr, -EINVAL);
		else
			replay = NOUVEAU_SVM_REPLAY_LATER;
	} else {
		if (nouveau_svm_buffer_try_claim(buffer))
			replay = nouveau_svm_serve_claimed(svm, buffer, fault,
							   nr, wait);
		else
			nouveau_svm_count(svm, NOUVEAU_SVM_FAULT_DEFERRED, nr);
		nouveau_svm_buffer_put(buffer);
	}

	/* Not here: the last one takes down the address space. */
	mmput_async(svmm->mm);
	nouveau_svmm_leave(svmm);
	return replay;
}

static int nouveau_svm_populate_buffer(struct nouveau_svm *svm,
				       struct nouveau_svmm *svmm,
				       unsigned long addr)
{
	struct nouveau_svm_buffer *buffer;
	struct nouveau_svm_service *s;
	int ret;

	buffer = nouveau_svm_buffer_get(svmm, addr);
	if (IS_ERR(buffer))
		return PTR_ERR(buffer);

	nouveau_svm_buffer_claim(buffer);
	s = nouveau_svm_service_get(svm, buffer);
	ret = nouveau_svm_rounds(s, nouveau_svm_round_map, NULL);
	nouveau_svm_service_put(s);
	if (nouveau_svm_buffer_release(buffer))
		nouveau_svm_faults_kick(svm);
	nouveau_svm_buffer_put(buffer);

	/* The process is at work there: its faults will tell what is needed. */
	return ret == -EBUSY || ret == -EINTR ? 0 : ret;
}

/**
 * nouveau_svm_populate - map what the process has, before the GPU asks for it
 * @svmm: the address space, of the current process
 * @start: first address
 * @end: end address, exclusive
 *
 * Maps all that is there in the buffers of the range, as a service does, but
 * brings nothing in. Sleeps; the caller holds no lock.
 *
 * Return: 0; -EINTR if the process is being killed; -ENODEV if the address space
 * or the device is going away; -ENOMEM, or another error of the page tables.
 */
int nouveau_svm_populate(struct nouveau_svmm *svmm, unsigned long start,
			 unsigned long end)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(svmm);
	unsigned long addr;
	int ret = 0;

	if (!svm || !nouveau_svmm_enter(svmm))
		return -ENODEV;

	for (addr = start & NOUVEAU_SVM_BUFFER_MASK; !ret && addr < end;
	     addr += NOUVEAU_SVM_BUFFER_SIZE) {
		if (fatal_signal_pending(current))
			ret = -EINTR;
		/* Nothing in the unmanaged hole is mirrored. */
		else if (addr < svmm->unmanaged.start ||
			 addr + NOUVEAU_SVM_BUFFER_SIZE > svmm->unmanaged.end)
			ret = nouveau_svm_populate_buffer(svm, svmm, addr);
		cond_resched();
	}

	nouveau_svmm_leave(svmm);
	return ret;
}
