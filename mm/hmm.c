// SPDX-License-Identifier: GPL-2.0
/*
 * Heterogeneous memory management: what a process's page tables hold, for a
 * device that mirrors them. See Documentation/mm/hmm.rst.
 */
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/hmm.h>
#include <linux/huge_mm.h>
#include <linux/hugetlb.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pagewalk.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/swapops.h>

#include "internal.h"

/**
 * DOC: How hmm_range_fault() works
 *
 * It walks the page tables without their spinlocks and writes an entry a page.
 * Where an entry of the page table grants less than the request for the page,
 * the walk ends. The fault is taken outside of it, with nothing held but the
 * mmap lock, and a new walk goes on from there. So a fault handler meets no
 * lock of the walk's, and a fault that drops the mmap lock leaves nothing
 * behind that would have to be looked up again. handle_mm_fault() also waits
 * for the end of a migration, at each level.
 *
 * What was read may be stale at once. The sequence of the range notifier
 * decides, under the user lock; here it is only looked at between walk and
 * fault, so as not to go on in vain.
 *
 * A page is reported writable only if its page table entry is writable and the
 * entry or the page is dirty. Reclaim trusts these bits: it drops a clean page of
 * the swap cache, or one that MADV_FREE left, and a device sets no bit when it
 * writes. A request to write a clean page therefore takes the write fault, which
 * marks the entry. Whoever clears the entry's bit later calls the notifiers
 * before: MADV_FREE, KSM, writeback (folio_mkclean(), pfn_mkclean_range()),
 * migration, each unmap of a page, and drivers with
 * clean_record_shared_mapping_range(). Nor is the page's bit cleared without:
 * MADV_FREE does it in its invalidation, writeback after folio_mkclean(), which
 * takes the right to write as well, and reclaim once the page is unmapped. Then
 * the device asks anew.
 *
 * That a page is anonymous and swap backed would not do: MADV_FREE clears that
 * mark later, from a queue, after its invalidation. A device private page needs
 * no mark: migration marks the page that is filled from it.
 *
 * A fault makes an entry dirty at each level: handle_pte_fault(),
 * huge_pmd_set_accessed(), huge_pud_set_accessed() and hugetlb_fault() set the
 * bit for FAULT_FLAG_WRITE if the entry is writable, and otherwise make it so.
 * Should one not get further, %HMM_FRUITLESS_MAX ends the rounds.
 */

/* Ends a walk: a fault was recorded. Positive, to differ from all errors. */
#define HMM_WALK_FAULT 1

/*
 * Faults on one address without progress before the caller gets -EBUSY, to try
 * within its own time limit. A few are normal: NUMA's protection fault before
 * the write fault, or a migration that follows another.
 */
#define HMM_FRUITLESS_MAX 16

/* What the CPU's page table grants, and what a request wants. Ordered. */
enum hmm_access {
	HMM_ACCESS_NONE,
	HMM_ACCESS_READ,
	HMM_ACCESS_WRITE,
};

/**
 * struct hmm_encoding - how entries look
 * @readable: flags of a page that may be read; in a request: fault it
 * @writable: flags of a page that may be read and written
 * @write: the part of @writable that makes the difference; in a request: to
 *	be written
 * @private: flag of the owner's device private memory, or 0
 * @none: entry of a page that is not there
 * @error: entry of an address that can't be accessed
 * @special: entry of a mapping without a page
 * @order: what is added for each order of the CPU's mapping
 * @shift: where the page frame number begins
 */
struct hmm_encoding {
	u64 readable;
	u64 writable;
	u64 write;
	u64 private;
	u64 none;
	u64 error;
	u64 special;
	u64 order;
	unsigned int shift;
};

/* The encoding of &hmm_range.hmm_pfns. */
static const struct hmm_encoding hmm_native = {
	.readable = HMM_PFN_VALID,
	.writable = HMM_PFN_VALID | HMM_PFN_WRITE,
	.write = HMM_PFN_WRITE,
	.error = HMM_PFN_ERROR,
	.special = HMM_PFN_ERROR,
	.order = 1UL << HMM_PFN_ORDER_SHIFT,
};

/**
 * struct hmm_walk - state of one hmm_range_fault()
 * @range: the argument
 * @enc: the encoding of its entries
 * @want: what each page must grant, if @per_page is false
 * @per_page: the requests stand in the entries
 * @pos: everything before has its result, from here on stand the requests
 * @vma: where to fault
 * @fault_start: first address to fault; not before @pos
 * @fault_end: end of the addresses to fault
 * @fault_write: what fault to take
 */
struct hmm_walk {
	struct hmm_range *range;
	const struct hmm_encoding *enc;
	enum hmm_access want;
	bool per_page;
	unsigned long pos;
	struct vm_area_struct *vma;
	unsigned long fault_start;
	unsigned long fault_end;
	bool fault_write;
};

static unsigned long hmm_index(const struct hmm_range *range,
			       unsigned long addr)
{
	return (addr - range->start) >> PAGE_SHIFT;
}

/* Where both kinds of entry have the same size, no code tells them apart. */
static __always_inline bool hmm_entries_are_u64(const struct hmm_range *range)
{
	return BITS_PER_LONG == 64 || range->pfns;
}

static __always_inline u64 *hmm_entries(const struct hmm_range *range)
{
	return range->pfns ?: (u64 *)range->hmm_pfns;
}

static u64 hmm_get_entry(const struct hmm_range *range, unsigned long index)
{
	return hmm_entries_are_u64(range) ? hmm_entries(range)[index] :
					    range->hmm_pfns[index];
}

/* Write @count entries that begin with @entry and grow by @step. */
static void hmm_put_entries(const struct hmm_range *range, unsigned long index,
			    unsigned long count, u64 entry, u64 step)
{
	unsigned long i;

	if (hmm_entries_are_u64(range)) {
		u64 *out = hmm_entries(range) + index;

		if (!step) {
			memset64(out, entry, count);
			return;
		}
		for (u64 *end = out + count; out != end; entry += step)
			*out++ = entry;
		return;
	}

	for (i = 0; i < count; i++, entry += step)
		range->hmm_pfns[index + i] = entry;
}

static void hmm_put_value(const struct hmm_range *range, unsigned long start,
			  unsigned long end, u64 value)
{
	hmm_put_entries(range, hmm_index(range, start),
			(end - start) >> PAGE_SHIFT, value, 0);
}

/* The request for one page, in the encoding of the entries. */
static u64 hmm_request(const struct hmm_range *range, unsigned long index)
{
	u64 request = range->default_flags;

	if (range->pfn_flags_mask)
		request |= hmm_get_entry(range, index) & range->pfn_flags_mask;
	return request;
}

static enum hmm_access hmm_wanted(const struct hmm_encoding *enc, u64 request)
{
	if (!(request & enc->readable))
		return HMM_ACCESS_NONE;
	return request & enc->write ? HMM_ACCESS_WRITE : HMM_ACCESS_READ;
}

/* The first address whose request exceeds @granted, or @end. */
static unsigned long hmm_first_wanting(const struct hmm_walk *w,
				       unsigned long addr, unsigned long end,
				       enum hmm_access granted)
{
	if (!w->per_page)
		return w->want > granted ? addr : end;

	for (; addr < end; addr += PAGE_SIZE) {
		u64 request = hmm_request(w->range, hmm_index(w->range, addr));

		if (hmm_wanted(w->enc, request) > granted)
			break;
	}
	return addr;
}

/* The access that the request for one address wants. */
static enum hmm_access hmm_wanted_at(const struct hmm_walk *w,
				     unsigned long addr)
{
	u64 request;

	if (!w->per_page)
		return w->want;
	request = hmm_request(w->range, hmm_index(w->range, addr));
	return hmm_wanted(w->enc, request);
}

/*
 * Record that [start, end) needs faults, and end the walk. The next one begins
 * at @pos.
 */
static int hmm_need_fault(struct hmm_walk *w, struct vm_area_struct *vma,
			  unsigned long pos, unsigned long start,
			  unsigned long end, enum hmm_access wanted)
{
	w->pos = pos;
	if (wanted == HMM_ACCESS_WRITE && !(vma->vm_flags & VM_WRITE))
		return -EPERM;

	w->vma = vma;
	w->fault_start = start;
	w->fault_end = end;
	w->fault_write = wanted == HMM_ACCESS_WRITE;
	return HMM_WALK_FAULT;
}

/* [addr, end) has no page at all, and a fault might change that. */
static int hmm_walk_absent(struct hmm_walk *w, struct vm_area_struct *vma,
			   unsigned long addr, unsigned long end)
{
	unsigned long start = hmm_first_wanting(w, addr, end, HMM_ACCESS_NONE);

	/*
	 * One page alone, since the fault may map a huge one; if it doesn't,
	 * the next walk finds the rest at the lowest level, together.
	 */
	if (start < end)
		return hmm_need_fault(w, vma, addr, start, start + PAGE_SIZE,
				      hmm_wanted_at(w, start));

	hmm_put_value(w->range, addr, end, w->enc->none);
	return 0;
}

/* [addr, end) is out of reach, and no fault will change that. */
static int hmm_walk_hopeless(struct hmm_walk *w, unsigned long addr,
			     unsigned long end, u64 value)
{
	if (hmm_first_wanting(w, addr, end, HMM_ACCESS_NONE) < end) {
		w->pos = addr;
		return -EFAULT;
	}

	hmm_put_value(w->range, addr, end, value);
	return 0;
}

/* [addr, end) is part of one large entry; @pfn is the page at @addr. */
static int hmm_walk_leaf(struct hmm_walk *w, struct vm_area_struct *vma,
			 unsigned long addr, unsigned long end,
			 unsigned long pfn, unsigned int order,
			 enum hmm_access granted)
{
	const struct hmm_encoding *enc = w->enc;
	unsigned long start = hmm_first_wanting(w, addr, end, granted);
	u64 entry;

	/* From the start again: the entries of one mapping are all alike. */
	if (start < end)
		return hmm_need_fault(w, vma, addr, start, start + PAGE_SIZE,
				      hmm_wanted_at(w, start));

	entry = (u64)pfn << enc->shift;
	entry |= granted == HMM_ACCESS_WRITE ? enc->writable : enc->readable;
	entry += order * enc->order;
	hmm_put_entries(w->range, hmm_index(w->range, addr),
			(end - addr) >> PAGE_SHIFT, entry, 1ULL << enc->shift);
	return 0;
}

/* What does an entry grant whose bits are known? */
static enum hmm_access hmm_granted(bool write, bool dirty)
{
	return write && dirty ? HMM_ACCESS_WRITE : HMM_ACCESS_READ;
}

/*
 * Is the page dirty whose entry is clean? Nothing holds it in place. Should it
 * be another page by now, its entry was invalidated, and the answer is void.
 */
static bool hmm_page_is_dirty(unsigned long pfn)
{
	return READ_ONCE(page_folio(pfn_to_page(pfn))->flags) & BIT(PG_dirty);
}

static int hmm_pte_hole(unsigned long addr, unsigned long end,
			__always_unused int depth, struct mm_walk *walk)
{
	struct hmm_walk *w = walk->private;

	if (!walk->vma)
		return hmm_walk_hopeless(w, addr, end, w->enc->error);
	return hmm_walk_absent(w, walk->vma, addr, end);
}

/* Architectures without huge entries lack what it takes to look at them. */
#if defined(CONFIG_ARCH_HAS_PTE_DEVMAP) && \
	defined(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD)
static int hmm_pud_entry(pud_t *pudp, unsigned long addr, unsigned long end,
			 struct mm_walk *walk)
{
	struct hmm_walk *w = walk->private;
	pud_t pud = pudp_get(pudp);

	if (!pud_trans_huge(pud) && !pud_devmap(pud))
		return 0;

	/* Don't let the walk split it. */
	walk->action = ACTION_CONTINUE;
	if (pud_special(pud))
		return hmm_walk_hopeless(w, addr, end, w->enc->special);

	return hmm_walk_leaf(w, walk->vma, addr, end,
			     pud_pfn(pud) + ((addr & ~PUD_MASK) >> PAGE_SHIFT),
			     PUD_SHIFT - PAGE_SHIFT,
			     hmm_granted(pud_write(pud), pud_dirty(pud)));
}
#else
#define hmm_pud_entry NULL
#endif

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static int hmm_walk_huge_pmd(struct hmm_walk *w, struct vm_area_struct *vma,
			     unsigned long addr, unsigned long end, pmd_t pmd)
{
	/* NUMA wants to hear of the next access. */
	if (pmd_protnone(pmd))
		return hmm_walk_absent(w, vma, addr, end);
	if (pmd_special(pmd))
		return hmm_walk_hopeless(w, addr, end, w->enc->special);

	return hmm_walk_leaf(w, vma, addr, end,
			     pmd_pfn(pmd) + ((addr & ~PMD_MASK) >> PAGE_SHIFT),
			     PMD_SHIFT - PAGE_SHIFT,
			     hmm_granted(pmd_write(pmd),
					 pmd_dirty(pmd) ||
					 hmm_page_is_dirty(pmd_pfn(pmd))));
}
#else
static int hmm_walk_huge_pmd(struct hmm_walk *w, struct vm_area_struct *vma,
			     unsigned long addr, unsigned long end, pmd_t pmd)
{
	return hmm_walk_hopeless(w, addr, end, w->enc->error);
}
#endif

/**
 * struct hmm_pte - what a page table entry means
 * @entry: how it is reported
 * @granted: what it grants; a request for more takes a fault
 * @hopeless: there is no page; a request for no more than @granted fails
 */
struct hmm_pte {
	u64 entry;
	enum hmm_access granted;
	bool hopeless;
};

static struct hmm_pte hmm_decode_pte(const struct hmm_walk *w,
				     struct vm_area_struct *vma,
				     unsigned long addr, pte_t pte)
{
	const struct hmm_encoding *enc = w->enc;
	struct hmm_pte d = { .entry = enc->none };
	struct page *page;
	swp_entry_t swp;

	if (pte_none(pte))
		return d;

	if (pte_present(pte)) {
		/* NUMA wants to hear of the next access. */
		if (pte_protnone(pte))
			return d;

		page = vm_normal_page(vma, addr, pte);
		d.granted = hmm_granted(pte_write(pte),
					pte_dirty(pte) ||
					(page && hmm_page_is_dirty(pte_pfn(pte))));
		if (!page && !pte_devmap(pte) && !is_zero_pfn(pte_pfn(pte))) {
			d.entry = enc->special;
			d.hopeless = true;
			return d;
		}
		d.entry = (u64)pte_pfn(pte) << enc->shift;
		d.entry |= d.granted == HMM_ACCESS_WRITE ? enc->writable :
							    enc->readable;
		return d;
	}

	swp = pte_to_swp_entry(pte);
	if (is_hwpoison_entry(swp) || is_poisoned_swp_entry(swp)) {
		/* No fault would help: say that it grants all. */
		d.entry = enc->error;
		d.granted = HMM_ACCESS_WRITE;
		d.hopeless = true;
		return d;
	}

	if (!is_device_private_entry(swp))
		return d;

	page = pfn_swap_entry_to_page(swp);
	if (!w->range->dev_private_owner ||
	    page->pgmap->owner != w->range->dev_private_owner)
		return d;

	d.granted = is_writable_device_private_entry(swp) ? HMM_ACCESS_WRITE :
							     HMM_ACCESS_READ;
	d.entry = (u64)swp_offset_pfn(swp) << enc->shift;
	d.entry |= enc->private;
	d.entry |= d.granted == HMM_ACCESS_WRITE ? enc->writable :
						    enc->readable;
	if (enc->private &&
	    hmm_request(w->range, hmm_index(w->range, addr)) & enc->private)
		d.granted = HMM_ACCESS_NONE;
	return d;
}

/* The common kind: present, with a struct page, nothing to be looked up. */
static __always_inline bool hmm_pte_is_plain(pte_t pte)
{
	return IS_ENABLED(CONFIG_ARCH_HAS_PTE_SPECIAL) && pte_present(pte) &&
	       !pte_protnone(pte) && !pte_special(pte) &&
	       pte_pfn(pte) <= highest_memmap_pfn;
}

/*
 * The entry at @addr is unusual, or grants less than wanted. Store what it is,
 * or record that it and those after it with the same need must be faulted.
 */
static noinline int hmm_walk_other_pte(struct hmm_walk *w,
				       struct vm_area_struct *vma, pte_t *ptep,
				       unsigned long addr, unsigned long end)
{
	enum hmm_access wanted = hmm_wanted_at(w, addr);
	unsigned long pos = addr;
	struct hmm_pte d;

	d = hmm_decode_pte(w, vma, addr, ptep_get_lockless(ptep));
	if (d.hopeless && d.granted >= wanted)
		return hmm_walk_hopeless(w, addr, addr + PAGE_SIZE, d.entry);
	if (d.granted >= wanted) {
		hmm_put_entries(w->range, hmm_index(w->range, addr), 1, d.entry,
				0);
		return 0;
	}

	do {
		addr += PAGE_SIZE;
		ptep++;
		if (addr == end || hmm_wanted_at(w, addr) != wanted)
			break;
		d = hmm_decode_pte(w, vma, addr, ptep_get_lockless(ptep));
	} while (d.granted < wanted);
	return hmm_need_fault(w, vma, pos, pos, addr, wanted);
}

/*
 * The entry at @ptep, which is not present, is done. If it is of device private
 * memory, take those behind it as well that are of the pages behind its page, and
 * alike. Returns how many. With @w->per_page they may want something else.
 */
static noinline unsigned long hmm_walk_private_ptes(struct hmm_walk *w,
						    pte_t *ptep, pte_t pte,
						    unsigned long addr,
						    unsigned long end)
{
	const unsigned long index = hmm_index(w->range, addr);
	const unsigned long most = (end - addr) >> PAGE_SHIFT;
	const struct hmm_encoding *enc = w->enc;
	u64 entry = hmm_get_entry(w->range, index);
	struct dev_pagemap *pgmap;
	struct page *page;
	unsigned long n;
	swp_entry_t swp;

	if (pte_none(pte) || entry == enc->none)
		return 0;
	swp = pte_to_swp_entry(pte);
	if (!is_device_private_entry(swp))
		return 0;
	/* Was it still the same when it was done? */
	if ((entry ^ (u64)swp_offset_pfn(swp) << enc->shift) &
	    ~(enc->writable | enc->private))
		return 0;

	page = pfn_swap_entry_to_page(swp);
	pgmap = page->pgmap;
	for (n = 1; n < most; n++) {
		pte = ptep_get_lockless(ptep + n);
		if (pte_present(pte) ||
		    pte_to_swp_entry(pte).val != swp.val + n ||
		    nth_page(page, n)->pgmap != pgmap)
			break;
		entry += 1ULL << enc->shift;
		hmm_put_entries(w->range, index + n, 1, entry, 0);
	}
	return n - 1;
}

/* Not inline: a huge page would pay for the registers that this loop saves. */
static noinline int hmm_walk_ptes(struct hmm_walk *w, pmd_t *pmdp,
				  unsigned long addr, unsigned long end,
				  struct mm_walk *walk)
{
	const struct hmm_encoding *enc = w->enc;
	const u64 readable = enc->readable, writable = enc->writable;
	const unsigned int shift = enc->shift;
	struct hmm_range *range = w->range;
	unsigned long index = hmm_index(range, addr);
	const bool per_page = w->per_page;
	enum hmm_access want = w->want;
	pte_t *table, *ptep;
	int ret = 0;

	table = pte_offset_map(pmdp, addr);
	if (!table) {
		/* The table went away, or a huge page came. */
		walk->action = ACTION_AGAIN;
		return 0;
	}
	/* For sparse: pte_unmap() is annotated, pte_offset_map() is not. */
	__acquire(RCU);

	for (ptep = table; addr < end; addr += PAGE_SIZE, index++, ptep++) {
		pte_t pte = ptep_get_lockless(ptep);
		u64 entry;

		if (per_page)
			want = hmm_wanted(enc, hmm_request(range, index));

		if (likely(hmm_pte_is_plain(pte))) {
			entry = (u64)pte_pfn(pte) << shift;
			if (!pte_write(pte) && want != HMM_ACCESS_WRITE)
				entry |= readable;
			else if (likely(pte_write(pte) && pte_dirty(pte)))
				entry |= writable;
			else
				goto other;
		} else if (pte_none(pte) && want == HMM_ACCESS_NONE) {
			entry = enc->none;
		} else {
other:
			ret = hmm_walk_other_pte(w, walk->vma, ptep, addr, end);
			if (ret)
				break;
			if (!per_page && !pte_present(pte)) {
				unsigned long more;

				more = hmm_walk_private_ptes(w, ptep, pte, addr,
							     end);
				addr += more << PAGE_SHIFT;
				index += more;
				ptep += more;
			}
			continue;
		}

		if (hmm_entries_are_u64(range))
			hmm_entries(range)[index] = entry;
		else
			range->hmm_pfns[index] = entry;
	}
	pte_unmap(table);
	return ret;
}

static int hmm_pmd_entry(pmd_t *pmdp, unsigned long addr, unsigned long end,
			 struct mm_walk *walk)
{
	struct hmm_walk *w = walk->private;
	pmd_t pmd = pmdp_get_lockless(pmdp);

	if (pmd_present(pmd)) {
		if (pmd_trans_huge(pmd) || pmd_devmap(pmd))
			return hmm_walk_huge_pmd(w, walk->vma, addr, end, pmd);
		/* pte_offset_map() would clear a bad one. */
		if (likely(!pmd_bad(pmd)))
			return hmm_walk_ptes(w, pmdp, addr, end, walk);
	}

	if (pmd_none(pmd) || is_pmd_migration_entry(pmd))
		return hmm_walk_absent(w, walk->vma, addr, end);
	return hmm_walk_hopeless(w, addr, end, w->enc->error);
}

#ifdef CONFIG_HUGETLB_PAGE
static int hmm_hugetlb_entry(pte_t *ptep, unsigned long hmask,
			     unsigned long addr, unsigned long end,
			     struct mm_walk *walk)
{
	struct hmm_walk *w = walk->private;
	struct hstate *h = hstate_vma(walk->vma);
	pte_t pte = huge_ptep_get(walk->mm, addr & hmask, ptep);

	if (huge_pte_none(pte))
		return hmm_walk_absent(w, walk->vma, addr, end);

	if (!pte_present(pte)) {
		swp_entry_t swp = pte_to_swp_entry(pte);

		if (is_hwpoison_entry(swp) || is_poisoned_swp_entry(swp))
			return hmm_walk_hopeless(w, addr, end, w->enc->error);
		return hmm_walk_absent(w, walk->vma, addr, end);
	}

	if (pte_protnone(pte))
		return hmm_walk_absent(w, walk->vma, addr, end);

	return hmm_walk_leaf(w, walk->vma, addr, end,
			     pte_pfn(pte) + ((addr & ~hmask) >> PAGE_SHIFT),
			     huge_page_order(h),
			     hmm_granted(huge_pte_write(pte),
					 huge_pte_dirty(pte)));
}
#else
#define hmm_hugetlb_entry NULL
#endif

/* Is it memory, and may the process read it? */
static bool hmm_vma_is_readable(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_READ | VM_IO | VM_PFNMAP)) == VM_READ;
}

static int hmm_test_walk(unsigned long start, unsigned long end,
			 struct mm_walk *walk)
{
	struct hmm_walk *w = walk->private;
	unsigned long vm_flags = walk->vma->vm_flags;
	int ret;

	if (likely(hmm_vma_is_readable(walk->vma)))
		return 0;

	/*
	 * No struct page behind it, or not to be read; what can't be read
	 * isn't written either.
	 */
	ret = hmm_walk_hopeless(w, start, end,
				vm_flags & (VM_IO | VM_PFNMAP) ?
					w->enc->special : w->enc->error);
	return ret ?: 1;
}

static const struct mm_walk_ops hmm_walk_ops = {
	.pud_entry	= hmm_pud_entry,
	.pmd_entry	= hmm_pmd_entry,
	.pte_hole	= hmm_pte_hole,
	.hugetlb_entry	= hmm_hugetlb_entry,
	.test_walk	= hmm_test_walk,
	.walk_lock	= PGWALK_RDLOCK,
};

/* Walk what is left of the range. */
static int hmm_walk_range(struct mm_struct *mm, struct hmm_walk *w)
{
	const unsigned long end = w->range->end;
	struct vm_area_struct *vma = vma_lookup(mm, w->pos);

	/* Mostly it is one VMA's, and the next one need not be looked for. */
	if (vma && end <= vma->vm_end && hmm_vma_is_readable(vma))
		return walk_page_range_vma(vma, w->pos, end, &hmm_walk_ops, w);
	return walk_page_range(mm, w->pos, end, &hmm_walk_ops, w);
}

/* Take the faults that the walk has recorded. */
static int hmm_take_faults(const struct hmm_walk *w, unsigned int flags)
{
	unsigned int fault_flags = FAULT_FLAG_REMOTE;
	unsigned long addr;

	if (w->fault_write)
		fault_flags |= FAULT_FLAG_WRITE;
	if (flags & HMM_FAULT_ALLOW_RETRY)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;

	for (addr = w->fault_start; addr < w->fault_end; addr += PAGE_SIZE) {
		vm_fault_t fault;

		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();

		fault = handle_mm_fault(w->vma, addr, fault_flags, NULL);
		if (fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED))
			return -EAGAIN;
		if (fault & VM_FAULT_ERROR)
			return vm_fault_to_errno(fault, 0) ?: -EFAULT;
	}
	return 0;
}

/* Is the description of the device's encoding sound? */
static noinline bool hmm_encoding_is_sound(const struct hmm_range *range)
{
	const u64 *values = range->values;
	u64 flags = 0;
	int i;

	if (!range->flags || !values || range->pfn_shift > PAGE_SHIFT)
		return false;
	for (i = 0; i < HMM_PFN_FLAG_MAX; i++)
		flags |= range->flags[i];
	return range->flags[HMM_PFN_FLAG_VALID] && !(flags >> range->pfn_shift) &&
	       values[HMM_PFN_VALUE_NONE] != values[HMM_PFN_VALUE_ERROR] &&
	       values[HMM_PFN_VALUE_NONE] != values[HMM_PFN_VALUE_SPECIAL];
}

/* Is the part of @range that describes the array of entries sound? */
static bool hmm_range_is_sound(const struct hmm_range *range)
{
	if (!PAGE_ALIGNED(range->start | range->end) ||
	    range->start >= range->end)
		return false;
	if (!range->pfns)
		return range->hmm_pfns;
	return !range->hmm_pfns && hmm_encoding_is_sound(range);
}

/* Does the notifier watch all of @range? */
static bool hmm_range_is_watched(const struct hmm_range *range)
{
	const struct mmu_range_notifier *mrn = range->notifier;

	return mrn && mmu_range_notifier_inserted(mrn) &&
	       range->start >= mmu_range_notifier_start(mrn) &&
	       range->end - 1 <= mmu_range_notifier_last(mrn);
}

/* Read a sound range, whose entries look like @enc says. */
static long hmm_read_range(struct hmm_range *range,
			   const struct hmm_encoding *enc, unsigned int flags)
{
	struct mm_struct *mm = mmu_range_notifier_mm(range->notifier);
	unsigned long last_fault = 0;
	unsigned int fruitless = 0;
	struct hmm_walk w = {
		.range = range,
		.enc = enc,
		.want = HMM_ACCESS_NONE,
		.per_page = false,
		.pos = range->start,
		.vma = NULL,
		.fault_start = 0,
		.fault_end = 0,
		.fault_write = false,
	};
	long ret;

	/* Whether and where there are requests is decided once. */
	if (!(flags & HMM_FAULT_SNAPSHOT) &&
	    (range->default_flags | range->pfn_flags_mask) & enc->readable) {
		w.want = hmm_wanted(enc, range->default_flags);
		w.per_page = range->pfn_flags_mask & enc->writable;
	}

	for (;;) {
		if (mmu_range_check_retry(range->notifier, range->notifier_seq))
			return -EBUSY;

		ret = hmm_walk_range(mm, &w);
		if (ret != HMM_WALK_FAULT)
			break;

		if (w.fault_start != last_fault)
			fruitless = 0;
		else if (++fruitless == HMM_FRUITLESS_MAX)
			return -EBUSY;
		last_fault = w.fault_start;

		ret = hmm_take_faults(&w, flags);
		if (ret)
			break;
	}

	if (ret && ret != -EAGAIN)
		hmm_put_value(range, w.pos, range->end, enc->none);
	return ret;
}

static noinline long hmm_read_device_range(struct hmm_range *range,
					   unsigned int flags)
{
	const struct hmm_encoding device = {
		.readable = range->flags[HMM_PFN_FLAG_VALID],
		.writable = range->flags[HMM_PFN_FLAG_VALID] |
			    range->flags[HMM_PFN_FLAG_WRITE],
		.write = range->flags[HMM_PFN_FLAG_WRITE],
		.private = range->flags[HMM_PFN_FLAG_DEVICE_PRIVATE],
		.none = range->values[HMM_PFN_VALUE_NONE],
		.error = range->values[HMM_PFN_VALUE_ERROR],
		.special = range->values[HMM_PFN_VALUE_SPECIAL],
		.shift = range->pfn_shift,
	};

	return hmm_read_range(range, &device, flags);
}

/**
 * hmm_range_fault - read the page table entries of a range, fault where asked
 * @range: what to read and where to put it
 * @flags: HMM_FAULT_ALLOW_RETRY, HMM_FAULT_SNAPSHOT or 0
 *
 * The caller holds mm_users of the mm and the mmap lock, for read if @flags has
 * HMM_FAULT_ALLOW_RETRY. Each page's entry is replaced by what its page table
 * entry says, which is at least what was requested for it. The result may be
 * used only under the user lock once mmu_range_read_retry() returned false for
 * &hmm_range.notifier_seq. A fault may itself cause an invalidation of the
 * range, so -EBUSY is to be expected; the caller limits the time that it spends
 * in all of its rounds.
 *
 * After -EBUSY and -EAGAIN the array begins with results and ends with the
 * requests of the pages that weren't reached. That is enough to repeat the call
 * if the requests stand in &hmm_range.default_flags; who makes them page by page
 * writes them again. After another error the failing page, all that follow and
 * perhaps some before it have the value none. -EINVAL changes nothing.
 *
 * Return: 0, or
 *
 * * -EINVAL: @range or @flags contradict themselves, or the notifier isn't
 *   inserted or doesn't cover the range
 * * -EBUSY: the range was invalidated; repeat from mmu_range_read_begin()
 * * -EAGAIN: a fault dropped the mmap lock, which is **not** held any more; take
 *   it again and repeat from mmu_range_read_begin(). Only with
 *   HMM_FAULT_ALLOW_RETRY
 * * -EINTR: a page must be faulted, and the current task is being killed
 * * -ENOMEM: no memory for a page
 * * -EPERM: a page is to be written and its VMA is not writable
 * * -EFAULT: a page is to be faulted and can't be: there is no VMA, or one that
 *   is not readable or has no pages (VM_IO, VM_PFNMAP), a special page, poison;
 *   or userfaultfd memory without HMM_FAULT_ALLOW_RETRY
 */
long hmm_range_fault(struct hmm_range *range, unsigned int flags)
{
	if (unlikely(!hmm_range_is_sound(range) ||
		     !hmm_range_is_watched(range) ||
		     flags & ~(HMM_FAULT_ALLOW_RETRY | HMM_FAULT_SNAPSHOT)))
		return -EINVAL;

	if (flags & HMM_FAULT_ALLOW_RETRY)
		lockdep_assert_held_read(&mmu_range_notifier_mm(range->notifier)->mmap_lock);

	if (range->pfns)
		return hmm_read_device_range(range, flags);
	return hmm_read_range(range, &hmm_native, flags);
}
EXPORT_SYMBOL(hmm_range_fault);

/*
 * The page of an entry that stands for memory of the system, and whether it may
 * be written. The same answer tells the mapping and the unmapping side which
 * pages have a DMA address; an address of 0 may be a valid one.
 */
static struct page *hmm_dma_page(const struct hmm_range *range,
				 unsigned long index, bool *write)
{
	struct page *page;

	if (range->pfns) {
		u64 entry = range->pfns[index];

		page = hmm_device_entry_to_page(range, entry);
		*write = entry & range->flags[HMM_PFN_FLAG_WRITE];
	} else {
		unsigned long entry = range->hmm_pfns[index];

		page = entry & HMM_PFN_VALID ? hmm_pfn_to_page(entry) : NULL;
		*write = entry & HMM_PFN_WRITE;
	}
	return page && !is_device_private_page(page) ? page : NULL;
}

static enum dma_data_direction hmm_dma_direction(bool write)
{
	return write ? DMA_BIDIRECTIONAL : DMA_TO_DEVICE;
}

/* Unmap page @index if it is one that is mapped. */
static bool hmm_dma_unmap_one(const struct hmm_range *range,
			      struct device *device, dma_addr_t *daddrs,
			      unsigned long index, bool dirty)
{
	struct page *page;
	bool write;

	page = hmm_dma_page(range, index, &write);
	if (!page)
		return false;

	dma_unmap_page(device, daddrs[index], PAGE_SIZE,
		       hmm_dma_direction(write));
	daddrs[index] = 0;
	if (write && dirty)
		set_page_dirty(page);
	return true;
}

static u64 hmm_none(const struct hmm_range *range)
{
	return range->pfns ? range->values[HMM_PFN_VALUE_NONE] :
			     hmm_native.none;
}

/**
 * hmm_range_dma_map - fault a range and map its pages for a device's DMA
 * @range: as for hmm_range_fault()
 * @device: the device
 * @daddrs: out: the DMA address of each page, or 0 for one that has none: what
 *	is not there, and device private memory
 * @flags: as for hmm_range_fault()
 *
 * Writable pages are mapped DMA_BIDIRECTIONAL, others DMA_TO_DEVICE. The caller
 * must still ask mmu_range_read_retry() under the user lock, and call
 * hmm_range_dma_unmap() if that returns true.
 *
 * On an error nothing is mapped.
 *
 * Return: how many pages were mapped; or a negative value as from
 * hmm_range_fault(), where -EBUSY may also mean that the range was invalidated
 * during the mapping, and -EFAULT that a page could not be mapped, and then all
 * entries have the value none.
 */
long hmm_range_dma_map(struct hmm_range *range, struct device *device,
		       dma_addr_t *daddrs, unsigned int flags)
{
	unsigned long npages, i;
	long count = 0;
	long ret;

	if (!device || !daddrs)
		return -EINVAL;

	ret = hmm_range_fault(range, flags);
	if (ret)
		return ret;

	npages = hmm_index(range, range->end);
	for (i = 0; i < npages; i++) {
		struct page *page;
		bool write;

		daddrs[i] = 0;
		page = hmm_dma_page(range, i, &write);
		if (!page)
			continue;

		if (mmu_range_check_retry(range->notifier,
					  range->notifier_seq)) {
			ret = -EBUSY;
			break;
		}

		daddrs[i] = dma_map_page(device, page, 0, PAGE_SIZE,
					 hmm_dma_direction(write));
		if (dma_mapping_error(device, daddrs[i])) {
			ret = -EFAULT;
			break;
		}
		count++;
	}
	if (!ret)
		return count;

	memset(daddrs + i, 0, (npages - i) * sizeof(*daddrs));
	while (i--)
		hmm_dma_unmap_one(range, device, daddrs, i, false);
	if (ret == -EFAULT)
		hmm_put_value(range, range->start, range->end, hmm_none(range));
	return ret;
}
EXPORT_SYMBOL(hmm_range_dma_map);

/**
 * hmm_range_dma_unmap - undo hmm_range_dma_map()
 * @range: as hmm_range_dma_map() left it
 * @device: the device
 * @daddrs: as hmm_range_dma_map() left it
 * @dirty: the device may have written: mark the writable pages dirty
 *
 * To be called while the pages can't go away: before the invalidate callback
 * that hits them returns, or under the user lock with a sequence that
 * mmu_range_read_retry() found valid. Entries and DMA addresses of the pages
 * that were mapped are set to none and 0, those of others stay as they are.
 *
 * Return: how many pages were unmapped, or -EINVAL.
 */
long hmm_range_dma_unmap(struct hmm_range *range, struct device *device,
			 dma_addr_t *daddrs, bool dirty)
{
	unsigned long npages, i;
	long count = 0;

	if (!device || !daddrs || !hmm_range_is_sound(range))
		return -EINVAL;

	npages = hmm_index(range, range->end);
	for (i = 0; i < npages; i++) {
		if (!hmm_dma_unmap_one(range, device, daddrs, i, dirty))
			continue;
		hmm_put_entries(range, i, 1, hmm_none(range), 0);
		count++;
	}
	return count;
}
EXPORT_SYMBOL(hmm_range_dma_unmap);
