// SPDX-License-Identifier: GPL-2.0
/*
 * A mirrored buffer: a fixed block of the address space with a notifier and a
 * page table of its own.
 */
#include "nouveau_svm.h"
#include "nouveau_drv.h"
#include "nouveau_svm_trace.h"

#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/mmu_notifier.h>
#include <linux/slab.h>

#include <nvif/object.h>
#include <nvif/vmm.h>

/**
 * DOC: buffers
 *
 * Why fixed blocks and not VMAs: a VMA changes under the driver, a block never
 * does. A look-up is one load from an xarray under RCU; nothing is searched
 * under the mmap lock, and a notifier callback neither makes nor changes a
 * notifier. The price is an invalidation of memory in the block that the GPU
 * never saw: it costs a spinlock and a look at the state bits.
 *
 * A look-up cannot return a buffer whose notifier is about to go away: the last
 * reference is dropped before the removal begins, and a buffer without
 * references is not found (refcount_inc_not_zero()).
 *
 * The block is also what one page table of 4 KiB pages covers. Page tables are
 * taken before the first page is mapped and given back at retirement, so that
 * neither mapping nor invalidating allocates anything.
 *
 * A buffer is retired from a work item, never from a callback, because the
 * removal of a notifier sleeps until the invalidations that see it are over.
 * It stays for %NOUVEAU_SVM_RETIRE_MS after its last page is gone: programs free
 * memory and allocate it again.
 */

#define NOUVEAU_SVM_RETIRE_MS	100

/* Bits of nouveau_svm_buffer.flags */
enum {
	/* somebody maps pages, or audits */
	BUFFER_CLAIMED,
	/* a fault found the buffer claimed */
	BUFFER_DEFERRED,
	/* in nouveau_svmm.retired */
	BUFFER_QUEUED,
	/* there is a page table for 4 KiB pages; under nouveau_svmm.tables */
	BUFFER_SMALL,
	/* there is a directory for a 2 MiB page; under nouveau_svmm.tables */
	BUFFER_LEAF,
};

/*
 * The parts of a range that are mirrored: what is in front of the unmanaged
 * hole (@part 0) and what is behind it (@part 1). Returns false if there is
 * nothing in that part.
 */
static bool nouveau_svm_managed_part(const struct nouveau_svmm *svmm, int part,
				     unsigned long *start, unsigned long *end)
{
	if (part == 0)
		*end = min(*end, svmm->unmanaged.start);
	else
		*start = max3(*start, svmm->unmanaged.start,
			      svmm->unmanaged.end);
	return *start < *end;
}

static bool nouveau_svm_managed(const struct nouveau_svmm *svmm,
				unsigned long start, unsigned long end)
{
	return end <= svmm->unmanaged.start || start >= svmm->unmanaged.end;
}

static bool nouveau_svm_managed_page(const struct nouveau_svm_buffer *buffer,
				     unsigned int page)
{
	unsigned long addr = nouveau_svm_buffer_start(buffer) +
			     ((unsigned long)page << NOUVEAU_SVM_PAGE_SHIFT);

	return nouveau_svm_managed(buffer->svmm, addr,
				   addr + NOUVEAU_SVM_PAGE_SIZE);
}

static enum nouveau_svm_state nouveau_svm_phys_state(u64 phys)
{
	if (!(phys & NVIF_VMM_PFNMAP_V0_V))
		return NOUVEAU_SVM_NONE;
	if (phys & NVIF_VMM_PFNMAP_V0_A)
		return NOUVEAU_SVM_ATOMIC;
	if (phys & NVIF_VMM_PFNMAP_V0_W)
		return NOUVEAU_SVM_WRITE;
	return NOUVEAU_SVM_READ;
}

static enum nouveau_svm_state
nouveau_svm_pages_state(const struct nouveau_svm_pages *pages, unsigned int page)
{
	return test_bit(page, pages->low) | test_bit(page, pages->high) << 1;
}

/**
 * nouveau_svm_buffer_state - what the GPU may do with a page
 * @buffer: the buffer, referenced
 * @page: page within the buffer
 *
 * Without a lock the answer is only good for skipping a fault: if it is out of
 * date, the GPU faults again.
 *
 * Return: the state.
 */
enum nouveau_svm_state
nouveau_svm_buffer_state(const struct nouveau_svm_buffer *buffer,
			 unsigned int page)
{
	const struct nouveau_svm_pages *pages;
	enum nouveau_svm_state leaf = READ_ONCE(buffer->leaf);

	if (leaf)
		return leaf;
	/* Pairs with the smp_store_release() in nouveau_svm_buffer_prepare(). */
	pages = smp_load_acquire(&buffer->pages);
	return pages ? nouveau_svm_pages_state(pages, page) : NOUVEAU_SVM_NONE;
}

/* First mapped small page at or behind @page; NOUVEAU_SVM_BUFFER_PAGES if none */
static unsigned int
nouveau_svm_buffer_next(const struct nouveau_svm_buffer *buffer,
			unsigned int page)
{
	if (!buffer->pages)
		return NOUVEAU_SVM_BUFFER_PAGES;
	return find_next_or_bit(buffer->pages->low, buffer->pages->high,
				NOUVEAU_SVM_BUFFER_PAGES, page);
}

/* How many small pages from @first to @end - 1 are mapped, and which is where */
static unsigned int
nouveau_svm_buffer_span(const struct nouveau_svm_buffer *buffer,
			unsigned int first, unsigned int end,
			unsigned int *lowest, unsigned int *highest)
{
	const struct nouveau_svm_pages *pages = buffer->pages;
	unsigned int word, n = 0;

	if (!pages)
		return 0;
	for (word = BIT_WORD(first); word <= BIT_WORD(end - 1); word++) {
		unsigned long bits = pages->low[word] | pages->high[word];

		if (word == BIT_WORD(first))
			bits &= BITMAP_FIRST_WORD_MASK(first);
		if (word == BIT_WORD(end - 1))
			bits &= BITMAP_LAST_WORD_MASK(end);
		if (!bits)
			continue;
		if (!n)
			*lowest = word * BITS_PER_LONG + __ffs(bits);
		*highest = word * BITS_PER_LONG + __fls(bits);
		n += hweight_long(bits);
	}
	return n;
}

static bool nouveau_svm_buffer_any(const struct nouveau_svm_buffer *buffer,
				   unsigned int first, unsigned int end)
{
	lockdep_assert_held(&buffer->lock);

	if (!buffer->live)
		return false;
	return buffer->leaf || nouveau_svm_buffer_next(buffer, first) < end;
}

static void nouveau_svm_buffer_queue(struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svmm *svmm = buffer->svmm;

	if (test_and_set_bit(BUFFER_QUEUED, &buffer->flags))
		return;

	spin_lock(&svmm->retire_lock);
	list_add_tail(&buffer->retire, &svmm->retired);
	spin_unlock(&svmm->retire_lock);
	queue_delayed_work(system_unbound_wq, &svmm->retire,
			   msecs_to_jiffies(NOUVEAU_SVM_RETIRE_MS));
}

static void nouveau_svm_buffer_unqueue(struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svmm *svmm = buffer->svmm;

	spin_lock(&svmm->retire_lock);
	if (test_and_clear_bit(BUFFER_QUEUED, &buffer->flags))
		list_del(&buffer->retire);
	spin_unlock(&svmm->retire_lock);
}

static int nouveau_svm_buffer_pfnclr(struct nouveau_svm_buffer *buffer,
				     unsigned long start, unsigned long end,
				     u8 shift, bool nonblock)
{
	struct nvif_vmm_pfnclr_v0 args = {
		.page = shift,
		.nonblock = nonblock,
		.addr = start,
		.size = end - start,
	};

	return nouveau_svm_mthd(&buffer->svmm->vmm->vmm, NVIF_VMM_V0_PFNCLR,
				&args, sizeof(args));
}

static void nouveau_svm_buffer_cleared(struct nouveau_svm_buffer *buffer,
				       unsigned int n)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(buffer->svmm);

	nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_CLEARED, n);
	nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_LIVE, -(s64)n);
	if (!buffer->live)
		nouveau_svm_buffer_queue(buffer);
}

static int nouveau_svm_buffer_clear_leaf(struct nouveau_svm_buffer *buffer,
					 bool nonblock)
{
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	int ret;

	ret = nouveau_svm_buffer_pfnclr(buffer, base,
					base + NOUVEAU_SVM_BUFFER_SIZE,
					NOUVEAU_SVM_BUFFER_SHIFT, nonblock);
	if (ret)
		return ret;
	spin_lock(&buffer->lock);
	WRITE_ONCE(buffer->leaf, NOUVEAU_SVM_NONE);
	WRITE_ONCE(buffer->live, 0);
	spin_unlock(&buffer->lock);
	nouveau_svm_buffer_cleared(buffer, NOUVEAU_SVM_BUFFER_PAGES);
	return NOUVEAU_SVM_BUFFER_PAGES;
}

/*
 * Pages of one word are not mapped any more. Pairs with the reads without a lock
 * in nouveau_svm_pages_state(), like all that writes @low and @high.
 */
static void nouveau_svm_pages_clear(struct nouveau_svm_pages *pages,
				    unsigned int i, unsigned long bits)
{
	WRITE_ONCE(pages->low[i], pages->low[i] & ~bits);
	WRITE_ONCE(pages->high[i], pages->high[i] & ~bits);
	pages->vram[i] &= ~bits;
}

/* Clears the small pages from @start to @end, on one side of the hole */
static int nouveau_svm_buffer_clear_small(struct nouveau_svm_buffer *buffer,
					  unsigned long start,
					  unsigned long end, bool nonblock)
{
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	unsigned int first, last, i, n;
	int ret;

	/* Not a PTE more than necessary is read back. */
	n = nouveau_svm_buffer_span(buffer,
				    (start - base) >> NOUVEAU_SVM_PAGE_SHIFT,
				    (end - base) >> NOUVEAU_SVM_PAGE_SHIFT,
				    &first, &last);
	if (!n)
		return 0;

	ret = nouveau_svm_buffer_pfnclr(buffer,
					base + ((unsigned long)first << NOUVEAU_SVM_PAGE_SHIFT),
					base + ((last + 1UL) << NOUVEAU_SVM_PAGE_SHIFT),
					NOUVEAU_SVM_PAGE_SHIFT, nonblock);
	if (ret)
		return ret;

	spin_lock(&buffer->lock);
	for (i = BIT_WORD(first); i <= BIT_WORD(last); i++) {
		unsigned long bits = ~0UL;

		if (i == BIT_WORD(first))
			bits &= BITMAP_FIRST_WORD_MASK(first);
		if (i == BIT_WORD(last))
			bits &= BITMAP_LAST_WORD_MASK(last + 1);
		nouveau_svm_pages_clear(buffer->pages, i, bits);
	}
	WRITE_ONCE(buffer->live, buffer->live - n);
	spin_unlock(&buffer->lock);
	nouveau_svm_buffer_cleared(buffer, n);
	return n;
}

/*
 * Clears what is mapped of pages @first to @end - 1; all of a 2 MiB page. Only the
 * holder of the mutex changes the state, so looking at it needs no lock. Returns
 * the number of pages, or an error.
 */
static int nouveau_svm_buffer_clear_range(struct nouveau_svm_buffer *buffer,
					  unsigned int first, unsigned int end,
					  bool nonblock)
{
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	int part, ret, cleared = 0;

	lockdep_assert_held(&buffer->mutex);

	if (buffer->leaf)
		return nouveau_svm_buffer_clear_leaf(buffer, nonblock);

	for (part = 0; part < 2; part++) {
		unsigned long a = base + ((unsigned long)first << NOUVEAU_SVM_PAGE_SHIFT);
		unsigned long b = base + ((unsigned long)end << NOUVEAU_SVM_PAGE_SHIFT);

		if (!nouveau_svm_managed_part(buffer->svmm, part, &a, &b))
			continue;
		ret = nouveau_svm_buffer_clear_small(buffer, a, b, nonblock);
		if (ret < 0)
			return ret;
		cleared += ret;
	}
	return cleared;
}

/**
 * nouveau_svm_buffer_clear - take all pages of a buffer from the GPU
 * @buffer: the buffer, referenced
 *
 * For suspend and for the end of the address space. Sleeps.
 */
void nouveau_svm_buffer_clear(struct nouveau_svm_buffer *buffer)
{
	mutex_lock(&buffer->mutex);
	nouveau_svm_buffer_clear_range(buffer, 0, NOUVEAU_SVM_BUFFER_PAGES, false);
	mutex_unlock(&buffer->mutex);
}

/*
 * What every notifier of a buffer does, its own or an exact one: see "locking"
 * in nouveau_svm.h for the two columns.
 */
static bool nouveau_svm_buffer_zap(struct nouveau_svm_buffer *buffer,
				   struct mmu_range_notifier *mrn,
				   const struct mmu_notifier_range *range,
				   unsigned long cur_seq)
{
	struct nouveau_svmm *svmm = buffer->svmm;
	struct nouveau_svm *svm = nouveau_svmm_svm(svmm);
	const bool nonblock = !mmu_notifier_range_blockable(range);
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	unsigned long start = max(range->start, mmu_range_notifier_start(mrn));
	unsigned long last = min(range->end - 1, mmu_range_notifier_last(mrn));
	unsigned int first = (start - base) >> NOUVEAU_SVM_PAGE_SHIFT;
	unsigned int end = ((last - base) >> NOUVEAU_SVM_PAGE_SHIFT) + 1;
	int cleared;
	bool any;
	u64 time;

	/*
	 * Our own doing, and whoever does it has claimed the buffer: there is no
	 * other reader whose sequence would have to change.
	 */
	if (range->event == MMU_NOTIFY_EXCLUSIVE && range->owner == svmm)
		return true;

	spin_lock(&buffer->lock);
	if (!nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_DROP_SEQ))
		mmu_range_set_seq(mrn, cur_seq);
	any = nouveau_svm_buffer_any(buffer, first, end);
	spin_unlock(&buffer->lock);

	nouveau_svm_count(svm, NOUVEAU_SVM_INVALIDATIONS, 1);
	if (!any || nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_SKIP_INVALIDATE))
		return true;

	time = ktime_get_ns();
	if (!nonblock) {
		mutex_lock(&buffer->mutex);
	} else if (nouveau_svm_should_fail(svm, NOUVEAU_SVM_INJECT_TRYLOCK) ||
		   !mutex_trylock(&buffer->mutex)) {
		nouveau_svm_count(svm, NOUVEAU_SVM_INVALIDATIONS_REFUSED, 1);
		return false;
	}
	cleared = nouveau_svm_buffer_clear_range(buffer, first, end, nonblock);
	mutex_unlock(&buffer->mutex);

	if (cleared < 0) {
		/* With leave to sleep it can't fail. */
		if (WARN_ON_ONCE(!nonblock))
			return true;
		nouveau_svm_count(svm, NOUVEAU_SVM_INVALIDATIONS_REFUSED, 1);
		return false;
	}
	trace_nouveau_svm_invalidate(svmm, start, last + 1, range->event, cleared);
	if (cleared) {
		nouveau_svm_count(svm, NOUVEAU_SVM_INVALIDATIONS_CLEARED, 1);
		nouveau_svm_count(svm, NOUVEAU_SVM_INVALIDATION_FLUSHES, 1);
		nouveau_svm_count(svm, NOUVEAU_SVM_NS_INVALIDATE,
				  ktime_get_ns() - time);
	}
	return true;
}

static bool nouveau_svm_buffer_invalidate(struct mmu_range_notifier *mrn,
					  const struct mmu_notifier_range *range,
					  unsigned long cur_seq)
{
	return nouveau_svm_buffer_zap(container_of(mrn, struct nouveau_svm_buffer,
						   notifier),
				      mrn, range, cur_seq);
}

static const struct mmu_range_notifier_ops nouveau_svm_buffer_ops = {
	.invalidate = nouveau_svm_buffer_invalidate,
};

static bool nouveau_svm_exact_invalidate(struct mmu_range_notifier *mrn,
					 const struct mmu_notifier_range *range,
					 unsigned long cur_seq)
{
	struct nouveau_svm_exact *exact =
		container_of(mrn, struct nouveau_svm_exact, notifier);

	return nouveau_svm_buffer_zap(exact->buffer, mrn, range, cur_seq);
}

static const struct mmu_range_notifier_ops nouveau_svm_exact_ops = {
	.invalidate = nouveau_svm_exact_invalidate,
};

/**
 * nouveau_svm_exact_init - watch a part of a buffer on its own
 * @exact: the notifier; memory of the caller
 * @buffer: the buffer, referenced and claimed by the caller
 * @start: first address, within the buffer
 * @length: in bytes, within the buffer
 *
 * The mapper passes &exact->notifier to mmu_range_read_begin() and to
 * nouveau_svm_buffer_map(). Sleeps; the caller holds mm_users of the address
 * space and no lock.
 *
 * Return: 0, or an error of mmu_range_notifier_insert(); then there is nothing
 * to undo.
 */
int nouveau_svm_exact_init(struct nouveau_svm_exact *exact,
			   struct nouveau_svm_buffer *buffer,
			   unsigned long start, unsigned long length)
{
	int ret;

	*exact = (struct nouveau_svm_exact) {
		.notifier.ops = &nouveau_svm_exact_ops,
		.buffer = buffer,
	};
	ret = mmu_range_notifier_insert(&exact->notifier, start, length,
					buffer->svmm->mm);
	if (ret)
		return ret;
	mmu_range_notifier_set_lock(&exact->notifier, &buffer->lock);
	nouveau_svm_count(nouveau_svmm_svm(buffer->svmm),
			  NOUVEAU_SVM_NOTIFIER_INSERTS, 1);
	return 0;
}

/**
 * nouveau_svm_exact_fini - end nouveau_svm_exact_init()
 * @exact: the notifier
 *
 * From now on the buffer's own notifier alone watches the pages, as it did all
 * the time. Sleeps.
 */
void nouveau_svm_exact_fini(struct nouveau_svm_exact *exact)
{
	mmu_range_notifier_remove(&exact->notifier);
}

/*
 * One PFNMAP, or PFNGET, which has its layout, for each part of the window
 * outside of the unmanaged hole. Returns the sum of what they say, or an error.
 */
static int nouveau_svm_buffer_ptes(struct nouveau_svm_buffer *buffer,
				   struct nouveau_svm_map *map, u8 method)
{
	const u8 shift = map->leaf ? NOUVEAU_SVM_BUFFER_SHIFT :
				     NOUVEAU_SVM_PAGE_SHIFT;
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	struct nouveau_svm *svm = nouveau_svmm_svm(buffer->svmm);
	int part, ret, sum = 0;

	for (part = 0; part < 2; part++) {
		unsigned long start = base +
			((unsigned long)map->first << NOUVEAU_SVM_PAGE_SHIFT);
		unsigned long end = start +
			((unsigned long)map->nr << NOUVEAU_SVM_PAGE_SHIFT);
		u64 under[NOUVEAU_SVM_MAP_HEAD];
		struct nvif_vmm_pfnmap_v0 *args;
		unsigned int first;

		if (!nouveau_svm_managed_part(buffer->svmm, part, &start, &end))
			continue;

		first = (start - base) >> NOUVEAU_SVM_PAGE_SHIFT;
		args = (void *)&map->words[first];
		/* Behind a small hole these are entries of the first part. */
		memcpy(under, args, sizeof(under));
		*args = (struct nvif_vmm_pfnmap_v0) {
			.page = shift,
			.addr = start,
			.size = end - start,
		};
		ret = nouveau_svm_mthd(&buffer->svmm->vmm->vmm, method, args,
				       struct_size(args, phys,
						   (end - start) >> shift));
		memcpy(args, under, sizeof(under));
		if (ret < 0)
			return ret;
		sum += ret;
		if (method == NVIF_VMM_V0_PFNMAP)
			nouveau_svm_count(svm, NOUVEAU_SVM_PFNMAPS, 1);
	}
	return sum;
}

/* Returns how many pages could not be mapped, or an error. */
static int nouveau_svm_buffer_pfnmap(struct nouveau_svm_buffer *buffer,
				     struct nouveau_svm_map *map)
{
	return nouveau_svm_buffer_ptes(buffer, map, NVIF_VMM_V0_PFNMAP);
}

/**
 * nouveau_svm_buffer_read - what do the GPU's page tables say?
 * @buffer: the buffer, referenced; the caller holds its mutex, and something is
 *	mapped or the buffer has @pages
 * @map: &nouveau_svm_map.first, @nr and @leaf are as for a mapping; @phys is
 *	filled in with what the page table of that page size has, 0 where it has
 *	nothing and in the unmanaged hole
 *
 * Return: 0 or an error of the page tables.
 */
int nouveau_svm_buffer_read(struct nouveau_svm_buffer *buffer,
			    struct nouveau_svm_map *map)
{
	lockdep_assert_held(&buffer->mutex);

	memset(map->phys, 0, sizeof(map->phys));
	return nouveau_svm_buffer_ptes(buffer, map, NVIF_VMM_V0_PFNGET);
}

/* What a mapping did, for the counters; by place and by whether it was new. */
struct nouveau_svm_mapped {
	unsigned int system;
	unsigned int vram;
	unsigned int upgraded;
	unsigned int atomic;
};

/* The states that entries ask for, in the form of &struct nouveau_svm_pages */
struct nouveau_svm_word {
	unsigned long low;
	unsigned long high;
	unsigned long vram;
};

#define NOUVEAU_SVM_PHYS_STATE						\
	(NVIF_VMM_PFNMAP_V0_V | NVIF_VMM_PFNMAP_V0_W |			\
	 NVIF_VMM_PFNMAP_V0_A | NVIF_VMM_PFNMAP_V0_VRAM)

/* The entries @phys[@bit] to @phys[@end - 1], to each of which @more is added */
static struct nouveau_svm_word nouveau_svm_phys_word(u64 *phys, u64 more,
						     unsigned int bit,
						     unsigned int end)
{
	const unsigned long mask = GENMASK(end - 1, bit);
	struct nouveau_svm_word word = {};
	const u64 one = phys[bit];
	u64 differ = 0;
	unsigned int i;

	for (i = bit; i < end; i++) {
		differ |= phys[i] ^ one;
		phys[i] |= more;
	}
	/* Mostly they are alike. */
	if (!(differ & NOUVEAU_SVM_PHYS_STATE)) {
		enum nouveau_svm_state state = nouveau_svm_phys_state(one);

		word.low = state & 1 ? mask : 0;
		word.high = state & 2 ? mask : 0;
		word.vram = one & NVIF_VMM_PFNMAP_V0_VRAM ? mask : 0;
		return word;
	}

	for (; bit < end; bit++) {
		unsigned long state = nouveau_svm_phys_state(phys[bit]);

		word.low |= (state & 1) << bit;
		word.high |= (state >> 1) << bit;
		if (phys[bit] & NVIF_VMM_PFNMAP_V0_VRAM)
			word.vram |= BIT(bit);
	}
	return word;
}

/*
 * One word of a mapping: raises the states of the pages that gain by it, and
 * takes the entries of all others out. Returns the pages that gain; *@fresh are
 * those of them that were not mapped.
 */
static unsigned long nouveau_svm_buffer_raise(struct nouveau_svm_pages *pages,
					      unsigned int i, u64 *phys,
					      unsigned int bit, unsigned int end,
					      unsigned long *fresh,
					      struct nouveau_svm_mapped *mapped)
{
	unsigned long low = pages->low[i], high = pages->high[i];
	unsigned long gain, none, bits;
	struct nouveau_svm_word new;

	/* Reading a PTE back costs more than writing it. */
	new = nouveau_svm_phys_word(phys, low | high ? 0 : NVIF_VMM_PFNMAP_V0_N,
				    bit, end);

	gain = (new.high & ~high) | (~(new.high ^ high) & new.low & ~low);
	none = (new.low | new.high) & ~gain;
	for_each_set_bit(bit, &none, BITS_PER_LONG)
		phys[bit] = NVIF_VMM_PFNMAP_V0_NONE;

	*fresh = gain & ~(low | high);
	if (low | high)
		for (bits = *fresh; bits; bits &= bits - 1)
			phys[__ffs(bits)] |= NVIF_VMM_PFNMAP_V0_N;
	new.vram &= *fresh;
	WRITE_ONCE(pages->low[i], (low & ~gain) | (new.low & gain));
	WRITE_ONCE(pages->high[i], (high & ~gain) | (new.high & gain));
	pages->vram[i] |= new.vram;

	mapped->upgraded += hweight_long(gain & ~*fresh);
	mapped->vram += hweight_long(new.vram);
	mapped->system += hweight_long(*fresh & ~new.vram);
	mapped->atomic += hweight_long(gain & new.low & new.high);
	return gain;
}

/* Pages that PFNMAP could not map for DMA; their faults are to come again. */
static unsigned int nouveau_svm_buffer_lower(struct nouveau_svm_buffer *buffer,
					     const u64 *phys,
					     const unsigned long *fresh,
					     unsigned int first,
					     unsigned int last)
{
	unsigned int i, bit, lost = 0;

	for (i = BIT_WORD(first); i <= BIT_WORD(last); i++) {
		unsigned long bits = fresh[i], valid = 0;

		for (bit = 0; bits; bit++, bits >>= 1)
			valid |= (phys[i * BITS_PER_LONG + bit] & bits &
				  NVIF_VMM_PFNMAP_V0_V) << bit;
		valid ^= fresh[i];
		if (!valid)
			continue;
		spin_lock(&buffer->lock);
		nouveau_svm_pages_clear(buffer->pages, i, valid);
		WRITE_ONCE(buffer->live, buffer->live - hweight_long(valid));
		spin_unlock(&buffer->lock);
		lost += hweight_long(valid);
	}
	return lost;
}

static int nouveau_svm_buffer_map_small(struct nouveau_svm_buffer *buffer,
					struct nouveau_svm_map *map,
					struct nouveau_svm_mapped *mapped)
	__releases(&buffer->lock)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(buffer->svmm);
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	const unsigned int end = map->first + map->nr;
	unsigned long fresh[BITS_TO_LONGS(NOUVEAU_SVM_BUFFER_PAGES)];
	unsigned int page, i, lost, first = end, last = 0;
	int ret;

	/* The hole is the driver's, even if the process maps it. */
	if (!nouveau_svm_managed(buffer->svmm, base,
				 base + NOUVEAU_SVM_BUFFER_SIZE))
		for (page = map->first; page < end; page++)
			if (!nouveau_svm_managed_page(buffer, page))
				map->phys[page] = NVIF_VMM_PFNMAP_V0_NONE;

	for (page = map->first; page < end; page = (i + 1) * BITS_PER_LONG) {
		unsigned int stop;
		unsigned long gain;

		i = BIT_WORD(page);
		stop = min(end - i * BITS_PER_LONG, (unsigned int)BITS_PER_LONG);
		gain = nouveau_svm_buffer_raise(buffer->pages, i,
						&map->phys[i * BITS_PER_LONG],
						page % BITS_PER_LONG, stop,
						&fresh[i], mapped);
		if (!gain)
			continue;
		first = min_t(unsigned int, first,
			      i * BITS_PER_LONG + __ffs(gain));
		last = i * BITS_PER_LONG + __fls(gain);
	}
	WRITE_ONCE(buffer->live, buffer->live + mapped->vram + mapped->system);
	spin_unlock(&buffer->lock);
	nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_LIVE,
			  mapped->vram + mapped->system);
	if (first > last)
		return 0;

	if (first < last &&
	    nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_WRONG_STATE))
		map->phys[last] &= ~NVIF_VMM_PFNMAP_V0_W;

	map->first = first;
	map->nr = last - first + 1;
	ret = nouveau_svm_buffer_pfnmap(buffer, map);
	if (ret < 0)
		nouveau_svm_buffer_clear_range(buffer, first, last + 1, false);
	if (ret <= 0)
		return ret;

	lost = nouveau_svm_buffer_lower(buffer, map->phys, fresh, first, last);
	nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_LIVE, -(s64)lost);
	return -ENOMEM;
}

static int nouveau_svm_buffer_map_leaf(struct nouveau_svm_buffer *buffer,
				       struct nouveau_svm_map *map,
				       struct nouveau_svm_mapped *mapped)
	__releases(&buffer->lock)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(buffer->svmm);
	enum nouveau_svm_state new = nouveau_svm_phys_state(map->phys[0]);
	enum nouveau_svm_state old = buffer->leaf;
	const bool vram = map->phys[0] & NVIF_VMM_PFNMAP_V0_VRAM;
	int ret;

	if (old >= new) {
		spin_unlock(&buffer->lock);
		return 0;
	}
	WRITE_ONCE(buffer->leaf, new);
	buffer->leaf_vram = vram;
	WRITE_ONCE(buffer->live, NOUVEAU_SVM_BUFFER_PAGES);
	spin_unlock(&buffer->lock);

	if (!old) {
		map->phys[0] |= NVIF_VMM_PFNMAP_V0_N;
		nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_LIVE,
				  NOUVEAU_SVM_BUFFER_PAGES);
	}

	map->first = 0;
	map->nr = NOUVEAU_SVM_BUFFER_PAGES;
	ret = nouveau_svm_buffer_pfnmap(buffer, map);
	if (ret) {
		nouveau_svm_buffer_clear_leaf(buffer, false);
		return ret < 0 ? ret : -ENOMEM;
	}
	if (old)
		mapped->upgraded = NOUVEAU_SVM_BUFFER_PAGES;
	else if (vram)
		mapped->vram = NOUVEAU_SVM_BUFFER_PAGES;
	else
		mapped->system = NOUVEAU_SVM_BUFFER_PAGES;
	return 0;
}

static void nouveau_svm_mapped_count(struct nouveau_svm *svm, bool leaf,
				     const struct nouveau_svm_mapped *mapped)
{
	nouveau_svm_count(svm, leaf ? NOUVEAU_SVM_PAGES_SYSTEM_2M :
				      NOUVEAU_SVM_PAGES_SYSTEM, mapped->system);
	nouveau_svm_count(svm, leaf ? NOUVEAU_SVM_PAGES_VRAM_2M :
				      NOUVEAU_SVM_PAGES_VRAM, mapped->vram);
	nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_UPGRADED, mapped->upgraded);
	nouveau_svm_count(svm, NOUVEAU_SVM_PAGES_ATOMIC, mapped->atomic);
}

/**
 * nouveau_svm_buffer_map - map pages, unless the address space has changed
 * @buffer: the buffer, referenced and claimed by the caller
 * @mrn: the notifier that mmu_range_read_begin() was called for: the buffer's
 *	own, or an exact one of this buffer that covers the pages
 * @seq: what it returned
 * @map: what to map; &nouveau_svm_map.mapped is set. Its other members change
 *
 * A page that is mapped already is never taken rights from. A window of small
 * pages replaces a 2 MiB page and the other way round, so both page tables have
 * to be there as needed: nouveau_svm_buffer_prepare().
 *
 * Sleeps. The caller holds neither the mmap lock nor a lock of the buffer; it may
 * hold a folio lock.
 *
 * Return: 0; -EBUSY after a collision, nothing was mapped then and the caller
 * reads the address space again; -ENOMEM if some pages could not be mapped for
 * DMA; or another error of the page tables.
 */
int nouveau_svm_buffer_map(struct nouveau_svm_buffer *buffer,
			   struct mmu_range_notifier *mrn, unsigned long seq,
			   struct nouveau_svm_map *map)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(buffer->svmm);
	struct nouveau_svm_mapped mapped = {};
	const bool leaf = map->leaf;
	bool retry;
	int ret;

	map->mapped = 0;
	if (WARN_ON_ONCE(map->nr > NOUVEAU_SVM_BUFFER_PAGES ||
			 map->first > NOUVEAU_SVM_BUFFER_PAGES - map->nr))
		return -EINVAL;

	mutex_lock(&buffer->mutex);
	if (buffer->live && leaf != !!buffer->leaf)
		nouveau_svm_buffer_clear_range(buffer, 0,
					       NOUVEAU_SVM_BUFFER_PAGES, false);

	spin_lock(&buffer->lock);
	retry = mmu_range_read_retry(mrn, seq);
	if (nouveau_svm_control(svm, NOUVEAU_SVM_CONTROL_SKIP_RETRY))
		retry = false;
	if (retry || nouveau_svm_should_fail(svm, NOUVEAU_SVM_INJECT_COLLIDE)) {
		spin_unlock(&buffer->lock);
		ret = -EBUSY;
	} else if (leaf) {
		ret = nouveau_svm_buffer_map_leaf(buffer, map, &mapped);
	} else {
		ret = nouveau_svm_buffer_map_small(buffer, map, &mapped);
	}
	if (!buffer->live)
		nouveau_svm_buffer_queue(buffer);
	mutex_unlock(&buffer->mutex);

	if (ret)
		return ret;

	nouveau_svm_mapped_count(svm, leaf, &mapped);
	map->mapped = mapped.system + mapped.vram + mapped.upgraded;
	if (map->mapped) {
		trace_nouveau_svm_map(buffer->svmm,
				      nouveau_svm_buffer_start(buffer) +
				      ((unsigned long)map->first << NOUVEAU_SVM_PAGE_SHIFT),
				      map->mapped, leaf);
		nouveau_svm_count(svm, NOUVEAU_SVM_NS_MAP,
				  ktime_get_ns() - map->time);
	}
	return 0;
}

static void nouveau_svm_buffer_put_tables(struct nouveau_svm_buffer *buffer)
{
	struct nvif_vmm *vmm = &buffer->svmm->vmm->vmm;
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	int part;

	lockdep_assert_held(&buffer->svmm->tables);

	if (test_and_clear_bit(BUFFER_LEAF, &buffer->flags))
		nvif_vmm_raw_put(vmm, base, NOUVEAU_SVM_BUFFER_SIZE,
				 NOUVEAU_SVM_BUFFER_SHIFT);

	if (!test_and_clear_bit(BUFFER_SMALL, &buffer->flags))
		return;
	for (part = 0; part < 2; part++) {
		unsigned long start = base;
		unsigned long end = base + NOUVEAU_SVM_BUFFER_SIZE;

		if (nouveau_svm_managed_part(buffer->svmm, part, &start, &end))
			nvif_vmm_raw_put(vmm, start, end - start,
					 NOUVEAU_SVM_PAGE_SHIFT);
	}
}

static int nouveau_svm_buffer_get_small(struct nouveau_svm_buffer *buffer)
{
	struct nvif_vmm *vmm = &buffer->svmm->vmm->vmm;
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	struct nouveau_svm_pages *pages = NULL;
	unsigned long got = 0;
	int part, ret;

	if (!buffer->pages) {
		pages = kzalloc(sizeof(*pages), GFP_KERNEL);
		if (!pages)
			return -ENOMEM;
	}

	/* The new table's directory entry would go where the 2 MiB page's is. */
	nouveau_svm_buffer_clear(buffer);

	for (part = 0; part < 2; part++) {
		unsigned long start = base;
		unsigned long end = base + NOUVEAU_SVM_BUFFER_SIZE;

		if (!nouveau_svm_managed_part(buffer->svmm, part, &start, &end))
			continue;
		ret = nvif_vmm_raw_get(vmm, start, end - start,
				       NOUVEAU_SVM_PAGE_SHIFT);
		if (ret) {
			if (got)
				nvif_vmm_raw_put(vmm, base, got,
						 NOUVEAU_SVM_PAGE_SHIFT);
			kfree(pages);
			return ret;
		}
		if (start == base)
			got = end - start;
	}

	if (pages) {
		/* A callback that came for the 2 MiB page may look at it. */
		mutex_lock(&buffer->mutex);
		spin_lock(&buffer->lock);
		/* Pairs with smp_load_acquire() in nouveau_svm_buffer_state(). */
		smp_store_release(&buffer->pages, pages);
		spin_unlock(&buffer->lock);
		mutex_unlock(&buffer->mutex);
	}
	set_bit(BUFFER_SMALL, &buffer->flags);
	return 0;
}

/**
 * nouveau_svm_buffer_prepare - have the page tables that a mapping needs
 * @buffer: the buffer, referenced and claimed by the caller
 * @leaf: for a 2 MiB page; otherwise for small ones
 *
 * Allocates and sleeps, so the caller holds no lock. Costs a bit test if they
 * are there already.
 *
 * Return: 0; -ENOMEM; or -EINVAL for a 2 MiB page that the unmanaged hole cuts,
 * which is then to be mapped by small pages.
 */
int nouveau_svm_buffer_prepare(struct nouveau_svm_buffer *buffer, bool leaf)
{
	const unsigned int bit = leaf ? BUFFER_LEAF : BUFFER_SMALL;
	struct nouveau_svmm *svmm = buffer->svmm;
	const unsigned long base = nouveau_svm_buffer_start(buffer);
	int ret = 0;

	if (test_bit(bit, &buffer->flags))
		return 0;
	if (leaf && !nouveau_svm_managed(svmm, base,
					 base + NOUVEAU_SVM_BUFFER_SIZE))
		return -EINVAL;

	mutex_lock(&svmm->tables);
	if (leaf) {
		ret = nvif_vmm_raw_get(&svmm->vmm->vmm, base,
				       NOUVEAU_SVM_BUFFER_SIZE,
				       NOUVEAU_SVM_BUFFER_SHIFT);
		if (!ret)
			set_bit(BUFFER_LEAF, &buffer->flags);
	} else {
		ret = nouveau_svm_buffer_get_small(buffer);
	}
	mutex_unlock(&svmm->tables);
	return ret;
}

/**
 * nouveau_svm_buffer_find - look up a buffer
 * @svmm: the address space
 * @addr: any address in the block
 *
 * Any context that can take RCU; no other lock.
 *
 * Return: the buffer with a reference, for nouveau_svm_buffer_put(); or NULL if
 * there is none or it is being retired.
 */
struct nouveau_svm_buffer *nouveau_svm_buffer_find(struct nouveau_svmm *svmm,
						   unsigned long addr)
{
	struct nouveau_svm_buffer *buffer, *last;

	rcu_read_lock();
	/* Mostly it is the one of the last time. */
	last = READ_ONCE(svmm->last);
	if (last && !((nouveau_svm_buffer_start(last) ^ addr) & NOUVEAU_SVM_BUFFER_MASK))
		buffer = last;
	else
		buffer = xa_load(&svmm->buffers, addr >> NOUVEAU_SVM_BUFFER_SHIFT);
	if (buffer && !refcount_inc_not_zero(&buffer->refs))
		buffer = NULL;
	/* Pairs with the cmpxchg() in nouveau_svm_buffer_forget(). */
	if (buffer && buffer != last)
		WRITE_ONCE(svmm->last, buffer);
	rcu_read_unlock();
	return buffer;
}

/*
 * Nobody is to find a buffer whose last reference is gone. Who has found it put
 * it into @last before that reference was dropped.
 */
static void nouveau_svm_buffer_forget(struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svmm *svmm = buffer->svmm;

	lockdep_assert_held(&svmm->tables);

	xa_erase(&svmm->buffers,
		 nouveau_svm_buffer_start(buffer) >> NOUVEAU_SVM_BUFFER_SHIFT);
	cmpxchg(&svmm->last, buffer, NULL);
}

static struct nouveau_svm_buffer *
nouveau_svm_buffer_new(struct nouveau_svmm *svmm, unsigned long start)
{
	struct nouveau_svm_buffer *buffer;
	int ret;

	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return ERR_PTR(-ENOMEM);

	buffer->svmm = svmm;
	/* One for being live, one for the caller. */
	refcount_set(&buffer->refs, 2);
	spin_lock_init(&buffer->lock);
	mutex_init(&buffer->mutex);
	buffer->notifier.ops = &nouveau_svm_buffer_ops;

	ret = mmu_range_notifier_insert(&buffer->notifier, start,
					NOUVEAU_SVM_BUFFER_SIZE, svmm->mm);
	if (ret) {
		kfree(buffer);
		return ERR_PTR(ret);
	}
	mmu_range_notifier_set_lock(&buffer->notifier, &buffer->lock);
	nouveau_svm_count(nouveau_svmm_svm(svmm), NOUVEAU_SVM_NOTIFIER_INSERTS, 1);
	return buffer;
}

static void nouveau_svm_buffer_free(struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(buffer->svmm);

	trace_nouveau_svm_buffer(buffer->svmm, nouveau_svm_buffer_start(buffer),
				 false);
	mmu_range_notifier_remove(&buffer->notifier);
	/* A callback that was under way may have queued it again. */
	nouveau_svm_buffer_unqueue(buffer);
	nouveau_svm_count(svm, NOUVEAU_SVM_BUFFERS_RETIRED, 1);
	nouveau_svm_count(svm, NOUVEAU_SVM_BUFFERS_LIVE, -1);
	kfree(buffer->pages);
	kfree_rcu(buffer, rcu);
}

/**
 * nouveau_svm_buffer_get - look up a buffer, make it if there is none
 * @svmm: the address space, between nouveau_svmm_enter() and
 *	nouveau_svmm_leave()
 * @addr: any address in the block
 *
 * Sleeps; the caller holds mm_users of the address space and no lock.
 *
 * Return: the buffer with a reference, for nouveau_svm_buffer_put(); or an
 * ERR_PTR(): -ENOMEM, or an error of mmu_range_notifier_insert().
 */
struct nouveau_svm_buffer *nouveau_svm_buffer_get(struct nouveau_svmm *svmm,
						  unsigned long addr)
{
	const unsigned long start = addr & NOUVEAU_SVM_BUFFER_MASK;
	struct nouveau_svm_buffer *buffer, *other;
	int ret = 0;

	buffer = nouveau_svm_buffer_find(svmm, addr);
	if (buffer)
		return buffer;

	/* The insert may take the mmap lock: not under @tables. */
	buffer = nouveau_svm_buffer_new(svmm, start);
	if (IS_ERR(buffer))
		return buffer;

	/* A buffer that is in the xarray under @tables is not being retired. */
	mutex_lock(&svmm->tables);
	other = nouveau_svm_buffer_find(svmm, addr);
	if (!other)
		ret = xa_err(xa_store(&svmm->buffers,
				      start >> NOUVEAU_SVM_BUFFER_SHIFT, buffer,
				      GFP_KERNEL));
	mutex_unlock(&svmm->tables);

	if (other || ret) {
		mmu_range_notifier_remove(&buffer->notifier);
		kfree(buffer);
		return ret ? ERR_PTR(ret) : other;
	}
	nouveau_svm_count(nouveau_svmm_svm(svmm), NOUVEAU_SVM_BUFFERS_CREATED, 1);
	nouveau_svm_count(nouveau_svmm_svm(svmm), NOUVEAU_SVM_BUFFERS_LIVE, 1);
	trace_nouveau_svm_buffer(svmm, start, true);
	return buffer;
}

/**
 * nouveau_svm_buffer_put - drop a reference
 * @buffer: the buffer
 *
 * If nothing is mapped, the buffer is retired some time later. Any context.
 */
void nouveau_svm_buffer_put(struct nouveau_svm_buffer *buffer)
{
	struct nouveau_svmm *svmm = buffer->svmm;

	if (nouveau_svm_control(nouveau_svmm_svm(svmm),
				NOUVEAU_SVM_CONTROL_LEAK_BUFFER))
		return;
	/* While we have our reference: afterwards it may be freed. */
	if (!READ_ONCE(buffer->live))
		nouveau_svm_buffer_queue(buffer);
	/* The one for being live is left. */
	refcount_dec(&buffer->refs);
}

/* A claim pairs with the clear_bit_unlock() in nouveau_svm_buffer_release(). */
static bool nouveau_svm_buffer_take(struct nouveau_svm_buffer *buffer)
{
	return !test_and_set_bit_lock(BUFFER_CLAIMED, &buffer->flags);
}

/**
 * nouveau_svm_buffer_try_claim - become the one who maps, or leave a note
 * @buffer: the buffer, referenced
 *
 * Return: true if the buffer is claimed now; false if somebody else has it, whose
 * nouveau_svm_buffer_release() will return true.
 */
bool nouveau_svm_buffer_try_claim(struct nouveau_svm_buffer *buffer)
{
	if (nouveau_svm_buffer_take(buffer))
		return true;
	set_bit(BUFFER_DEFERRED, &buffer->flags);
	/*
	 * Pairs with the smp_mb__after_atomic() in
	 * nouveau_svm_buffer_release(): either it sees the note or we see the
	 * claim gone.
	 */
	smp_mb__after_atomic();
	return nouveau_svm_buffer_take(buffer);
}

/**
 * nouveau_svm_buffer_claim - become the one who maps; sleeps
 * @buffer: the buffer, referenced
 */
void nouveau_svm_buffer_claim(struct nouveau_svm_buffer *buffer)
{
	wait_event(buffer->svmm->idle, nouveau_svm_buffer_take(buffer));
}

/**
 * nouveau_svm_buffer_release - end a claim
 * @buffer: the buffer, claimed by the caller
 *
 * Return: true if a fault was deferred meanwhile: the caller owes a replay.
 */
bool nouveau_svm_buffer_release(struct nouveau_svm_buffer *buffer)
{
	bool deferred;

	clear_bit_unlock(BUFFER_CLAIMED, &buffer->flags);
	/* Pairs with the one in nouveau_svm_buffer_try_claim(). */
	smp_mb__after_atomic();
	deferred = test_and_clear_bit(BUFFER_DEFERRED, &buffer->flags);
	/* The barrier pairs with the one of wait_event(), too. */
	if (waitqueue_active(&buffer->svmm->idle))
		wake_up_all(&buffer->svmm->idle);
	return deferred;
}

/* The last reference, if nobody uses the buffer and nothing is mapped */
static bool nouveau_svm_buffer_kill(struct nouveau_svm_buffer *buffer)
{
	bool empty;

	if (READ_ONCE(buffer->live) || !refcount_dec_if_one(&buffer->refs))
		return false;

	/* Nobody can map any more. But somebody may have, just before. */
	spin_lock(&buffer->lock);
	empty = !buffer->live;
	spin_unlock(&buffer->lock);
	if (!empty)
		refcount_set(&buffer->refs, 1);
	return empty;
}

/**
 * nouveau_svm_buffers_retire - let empty buffers go now
 * @svmm: the address space
 *
 * Sleeps; the caller holds no lock but perhaps &nouveau_svm.mutex.
 */
void nouveau_svm_buffers_retire(struct nouveau_svmm *svmm)
{
	struct nouveau_svm_buffer *buffer, *next;
	LIST_HEAD(retired);

	mutex_lock(&svmm->tables);
	spin_lock(&svmm->retire_lock);
	list_splice_init(&svmm->retired, &retired);
	spin_unlock(&svmm->retire_lock);

	list_for_each_entry_safe(buffer, next, &retired, retire) {
		list_del_init(&buffer->retire);
		/* From here on it can be queued again, so that none is missed. */
		clear_bit_unlock(BUFFER_QUEUED, &buffer->flags);
		if (!nouveau_svm_buffer_kill(buffer)) {
			/* Somebody puts it later, and then need not tell us. */
			if (!READ_ONCE(buffer->live))
				nouveau_svm_buffer_queue(buffer);
			continue;
		}
		nouveau_svm_buffer_forget(buffer);
		nouveau_svm_buffer_put_tables(buffer);
		nouveau_svm_buffer_free(buffer);
	}
	mutex_unlock(&svmm->tables);
}

static void nouveau_svm_buffers_retire_work(struct work_struct *work)
{
	nouveau_svm_buffers_retire(container_of(to_delayed_work(work),
						struct nouveau_svmm, retire));
}

/**
 * nouveau_svm_buffers_init - an address space without buffers
 * @svmm: the address space
 */
void nouveau_svm_buffers_init(struct nouveau_svmm *svmm)
{
	xa_init(&svmm->buffers);
	mutex_init(&svmm->tables);
	spin_lock_init(&svmm->retire_lock);
	INIT_LIST_HEAD(&svmm->retired);
	INIT_DELAYED_WORK(&svmm->retire, nouveau_svm_buffers_retire_work);
}

/**
 * nouveau_svm_buffers_clear - take all pages from the GPU
 * @svmm: the address space
 *
 * They come back by faults. Sleeps.
 */
void nouveau_svm_buffers_clear(struct nouveau_svmm *svmm)
{
	struct nouveau_svm_buffer *buffer;
	unsigned long index;

	xa_for_each(&svmm->buffers, index, buffer) {
		buffer = nouveau_svm_buffer_find(svmm,
						 index << NOUVEAU_SVM_BUFFER_SHIFT);
		if (!buffer)
			continue;
		nouveau_svm_buffer_clear(buffer);
		nouveau_svm_buffer_put(buffer);
	}
}

/**
 * nouveau_svm_buffers_fini - give back all buffers
 * @svmm: the address space; dead, and nobody is between nouveau_svmm_enter() and
 *	nouveau_svmm_leave()
 *
 * After it no callback for this address space runs or will run. Sleeps. Can be
 * called again.
 */
void nouveau_svm_buffers_fini(struct nouveau_svmm *svmm)
{
	struct nouveau_svm *svm = nouveau_svmm_svm(svmm);
	struct nouveau_svm_buffer *buffer;
	unsigned long index;

	/* Keeps the retire pass off, and it finds nothing left to do. */
	mutex_lock(&svmm->tables);
	xa_for_each(&svmm->buffers, index, buffer) {
		nouveau_svm_buffer_clear(buffer);
		mmu_range_notifier_remove(&buffer->notifier);
		/* No callback is left that could queue it again. */
		nouveau_svm_buffer_unqueue(buffer);
		nouveau_svm_buffer_forget(buffer);
		nouveau_svm_buffer_put_tables(buffer);
		/* A lost reference is no reason to free what may be in use. */
		if (!refcount_dec_if_one(&buffer->refs)) {
			pr_err("nouveau: svm: a reference to a buffer was lost\n");
			continue;
		}
		nouveau_svm_count(svm, NOUVEAU_SVM_BUFFERS_RETIRED, 1);
		nouveau_svm_count(svm, NOUVEAU_SVM_BUFFERS_LIVE, -1);
		kfree(buffer->pages);
		kfree_rcu(buffer, rcu);
	}
	mutex_unlock(&svmm->tables);
	cancel_delayed_work_sync(&svmm->retire);
	xa_destroy(&svmm->buffers);
}
