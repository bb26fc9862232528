// SPDX-License-Identifier: GPL-2.0
/*
 * Device-private memory: anonymous pages of processes that lie in VRAM.
 */
#include "nouveau_dmem.h"

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/highmem.h>
#include <linux/ioport.h>
#include <linux/ktime.h>
#include <linux/memremap.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pm_runtime.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

#include "nouveau_bo.h"
#include "nouveau_dmem_copy.h"
#include "nouveau_drv.h"
#include "nouveau_svm.h"
#include "nouveau_svm_trace.h"

/**
 * DOC: device-private memory
 *
 * VRAM for pages of processes is had in chunks of 2 MiB. Each is a pinned
 * buffer object with a %MEMORY_DEVICE_PRIVATE pagemap of its own: a struct page
 * for each page of VRAM, that the CPU cannot touch. A bitmap in the chunk says
 * which pages are taken. Nothing else is remembered: not who owns a page, and
 * not at what address. The core of mm knows both, and tells whoever mirrors the
 * address by its notifiers. So pages outlive the address space of the GPU and
 * the file that asked for the migration.
 *
 * A chunk whose last page went is given back by a work item a little later,
 * except for one, which is kept a second longer for who comes next.
 */

/**
 * DOC: life of a page in VRAM
 *
 * free
 *	A clear bit in &nouveau_dmem_chunk.used; the page's reference count is 0.
 * reserved
 *	The bit is set by dmem_reserve(), for a migration that is about to begin.
 *	Nobody can find the page yet. What the migration has no use for goes back.
 * filling
 *	zone_device_page_init(): locked, one reference, being copied to.
 * in use
 *	migrate_vma_pages() gave it the identity of the page that it replaces;
 *	page tables of CPUs have device-private entries for it, GPUs may map it.
 * leaving
 *	A CPU fault, a prefetch to system memory or an eviction has replaced
 *	every such entry by a migration entry, which invalidated the mirrors;
 *	its contents go to a page of system memory, which takes its place.
 * free
 *	The last reference went: dmem_page_free().
 */

/**
 * DOC: copy before commit
 *
 * Every migration has the same steps. The order is what makes an error of the
 * copy engine harmless.
 *
 * 1. Have what the destination needs: pages of VRAM before the source is locked,
 *    so no buffer object is ever moved or evicted under folio locks.
 * 2. migrate_vma_setup() or migrate_device_range(): sources are locked and
 *    unmapped, from the CPUs and by the notifiers from the GPUs.
 * 3. Map system pages for DMA; push all copies (runs that are contiguous on both
 *    sides are one) and one fence; wait for the fence; look at its error; undo
 *    the DMA mappings, of those pages only that have one.
 * 4. Only if all that went well: migrate_vma_pages(), for the pages that were
 *    copied. Otherwise no page is committed.
 * 5. migrate_vma_finalize(): puts either the new page or, with its data as it
 *    was, the old one into the page tables.
 */

/**
 * DOC: eviction
 *
 * When there is no VRAM for another chunk, or what is left is to be had by buffer
 * objects (a quarter of it all, 256 MiB at most), the chunk that was a destination
 * longest ago is emptied by migrate_device_range(). That looks at physical pages
 * only: no address space and no VMA is involved. Pages that somebody else works
 * on at the time stay, and the next chunk is tried. Only if no chunk, each tried
 * once, gives anything, the migration ends with -ENOSPC. A migration does not
 * evict what it has just moved itself.
 *
 * Suspend empties all chunks in the same way. Those that could not be emptied are
 * unpinned, so that TTM saves them with all other buffer objects, and pinned
 * again by resume. Meanwhile nouveau_dmem_page_addr() is 0 and no copy is
 * attempted. If there is no VRAM to pin one, the CPU moves its pages to system
 * memory; any that it cannot move remain as they are, safe but out of reach: a
 * CPU fault on one is a SIGBUS.
 */

/**
 * DOC: locks of device-private memory
 *
 * Outermost first::
 *
 *	mmap lock (read)	held by callers of nouveau_dmem_migrate_vma(), and
 *				by CPU faults; never taken here
 *	nouveau_dmem.evict	one at a time evicts. Not taken by CPU faults
 *	folio locks		of the pages being migrated
 *	nouveau_dmem_copy.gone	read: the channel is there; only unload waits
 *	nouveau_dmem_copy.lock	the channel's push buffer. No allocation under it,
 *				so reclaim cannot come back to it
 *	nouveau_dmem.lock	spinlock: bitmaps, counts, the list of chunks. A
 *				page is freed under page table locks
 *
 * A buffer object is made or freed, which allocates and may wait for the GPU,
 * under none of these but the mmap lock. A CPU fault makes none. Chunks are freed
 * by one at a time: the work item, or suspend, resume or unload, which stop it.
 */

#define DMEM_CHUNK_SIZE		NOUVEAU_DMEM_CHUNK_SIZE
#define DMEM_CHUNK_PAGES	NOUVEAU_DMEM_CHUNK_PAGES

/* What a CPU fault takes back along with its page. */
#define DMEM_WINDOW		MAX(SZ_64K, PAGE_SIZE)
#define DMEM_WINDOW_PAGES	(DMEM_WINDOW >> PAGE_SHIFT)

#define DMEM_REAP_DELAY		(HZ / 10)
#define DMEM_SPARE_TIME		HZ

/*
 * Physical addresses for struct pages come by the section of memory, 128 MiB on
 * x86; that is room for many chunks.
 */
#define DMEM_REGION_SLOTS	512

/* Most that is left to buffer objects, which may have to be in VRAM. */
#define DMEM_RESERVE_MAX	SZ_256M

/* How often one migration makes room that others may take. */
#define DMEM_EVICT_ROUNDS	16

/*
 * System memory for what leaves VRAM: no process is killed for it, unless one
 * touches the page; and no trouble is taken for what comes along with that.
 */
#define DMEM_GFP		(GFP_HIGHUSER_MOVABLE | __GFP_RETRY_MAYFAIL | \
				 __GFP_NOWARN)
#define DMEM_GFP_WINDOW		(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | \
				 __GFP_NOWARN)

/**
 * struct nouveau_dmem_region - physical addresses that no memory has
 * @head: in &nouveau_dmem.regions
 * @start: first address
 * @size: length
 * @nr: number of slots, each with room for a chunk
 * @nr_used: how many are used
 * @used: which
 */
struct nouveau_dmem_region {
	struct list_head head;
	resource_size_t start;
	resource_size_t size;
	unsigned int nr;
	unsigned int nr_used;
	DECLARE_BITMAP(used, DMEM_REGION_SLOTS);
};

/**
 * struct nouveau_dmem - device-private memory of a card
 * @drm: the device
 * @users: one for each caller from outside, and one until fini
 * @idle: completed when @users becomes 0
 * @lock: protects @regions, @chunks, @nr_chunks, @live, and all of the chunks but
 *	@bo, @pinned and @region
 * @regions: &nouveau_dmem_region.head
 * @chunks: &nouveau_dmem_chunk.head, the coldest first
 * @nr_chunks: how many there are, or are being made
 * @live: pages reserved or in use; read without @lock where it is only a hint
 * @clock: counts migrations to VRAM
 * @evict: one at a time makes room
 * @reap: gives empty chunks back
 * @copy: what copies
 * @rcu: to free it
 */
struct nouveau_dmem {
	struct nouveau_drm *drm;
	refcount_t users;
	struct completion idle;
	spinlock_t lock;	/* see above */
	struct list_head regions;
	struct list_head chunks;
	unsigned int nr_chunks;
	unsigned long live;
	atomic64_t clock;
	struct mutex evict;	/* see above */
	struct delayed_work reap;
	struct nouveau_dmem_copy copy;
	struct rcu_head rcu;
};

/**
 * struct nouveau_dmem_chunk - 2 MiB of VRAM
 * @head: in &nouveau_dmem.chunks
 * @dmem: whose
 * @bo: the VRAM
 * @pinned: @bo stays where it is; false only while suspended, or if resume failed
 * @evicting: somebody empties it: not for new pages, not to be given back
 * @used: which pages are reserved or in use
 * @touched: which pages a CPU fault is about to take back; atomic bits
 * @nr_used: how many of @used
 * @used_at: &nouveau_dmem.clock when it was last a destination
 * @tried_at: &nouveau_dmem.clock of who last tried to evict it
 * @empty_at: jiffies when its last page went
 * @region: where its struct pages are
 * @pagemap: its pages
 */
struct nouveau_dmem_chunk {
	struct list_head head;
	struct nouveau_dmem *dmem;
	struct nouveau_bo *bo;
	bool pinned;
	bool evicting;
	DECLARE_BITMAP(used, DMEM_CHUNK_PAGES);
	DECLARE_BITMAP(touched, DMEM_CHUNK_PAGES);
	unsigned int nr_used;
	u64 used_at;
	u64 tried_at;
	unsigned long empty_at;
	struct nouveau_dmem_region *region;
	struct dev_pagemap pagemap;
};

static void dmem_count(struct nouveau_dmem *dmem,
		       enum nouveau_svm_counter counter, s64 n)
{
	nouveau_svm_count(dmem->drm->svm, counter, n);
}

/* A user holds off fini: the device and the structure stay. */
static struct nouveau_dmem *dmem_enter(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem;

	rcu_read_lock();
	dmem = READ_ONCE(drm->dmem);
	if (dmem && !refcount_inc_not_zero(&dmem->users))
		dmem = NULL;
	rcu_read_unlock();
	return dmem;
}

static void dmem_leave(struct nouveau_dmem *dmem)
{
	if (refcount_dec_and_test(&dmem->users))
		complete(&dmem->idle);
}

static int dmem_wake(struct nouveau_dmem *dmem)
{
	struct device *dev = dmem->drm->dev->dev;
	int ret = pm_runtime_get_sync(dev);

	if (ret < 0 && ret != -EACCES) {
		pm_runtime_put_autosuspend(dev);
		return -EIO;
	}
	return 0;
}

static void dmem_unwake(struct nouveau_dmem *dmem)
{
	struct device *dev = dmem->drm->dev->dev;

	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

/*
 * Chunks
 */

static struct nouveau_dmem_chunk *dmem_page_chunk(struct page *page)
{
	return container_of(page->pgmap, struct nouveau_dmem_chunk, pagemap);
}

static unsigned long dmem_chunk_pfn(const struct nouveau_dmem_chunk *chunk)
{
	return PHYS_PFN(chunk->pagemap.range.start);
}

/**
 * nouveau_dmem_page_addr - where in VRAM a page is
 * @page: a device-private page of this driver, in use
 *
 * Return: its address; 0, which is no page's, if it is not in VRAM now: the
 * device is suspended, or was and could not be given its VRAM back.
 */
unsigned long nouveau_dmem_page_addr(struct page *page)
{
	struct nouveau_dmem_chunk *chunk = dmem_page_chunk(page);

	if (!READ_ONCE(chunk->pinned))
		return 0;
	return chunk->bo->offset +
	       ((page_to_pfn(page) - dmem_chunk_pfn(chunk)) << PAGE_SHIFT);
}

static void dmem_reap_later(struct nouveau_dmem *dmem, unsigned long delay)
{
	queue_delayed_work(system_unbound_wq, &dmem->reap, delay);
}

static void dmem_chunk_untake(struct nouveau_dmem_chunk *chunk, unsigned int n)
{
	struct nouveau_dmem *dmem = chunk->dmem;

	lockdep_assert_held(&dmem->lock);
	chunk->nr_used -= n;
	WRITE_ONCE(dmem->live, dmem->live - n);
	dmem_count(dmem, NOUVEAU_SVM_VRAM_PAGES_LIVE, -(s64)n);
	if (chunk->nr_used)
		return;

	chunk->empty_at = jiffies;
	dmem_reap_later(dmem, DMEM_REAP_DELAY);
}

/* The last reference to a page in VRAM went; may be under page table locks. */
static void dmem_page_free(struct page *page)
{
	struct nouveau_dmem_chunk *chunk = dmem_page_chunk(page);
	struct nouveau_dmem *dmem = chunk->dmem;

	spin_lock(&dmem->lock);
	__clear_bit(page_to_pfn(page) - dmem_chunk_pfn(chunk), chunk->used);
	dmem_chunk_untake(chunk, 1);
	spin_unlock(&dmem->lock);
}

static vm_fault_t dmem_migrate_to_ram(struct vm_fault *vmf);

static const struct dev_pagemap_ops dmem_pagemap_ops = {
	.page_free = dmem_page_free,
	.migrate_to_ram = dmem_migrate_to_ram,
};

static void dmem_chunk_take(struct nouveau_dmem_chunk *chunk, u64 clock,
			    unsigned int first, unsigned int n,
			    struct page **pages)
{
	struct nouveau_dmem *dmem = chunk->dmem;
	struct page *page = pfn_to_page(dmem_chunk_pfn(chunk) + first);
	unsigned int i;

	lockdep_assert_held(&dmem->lock);
	bitmap_set(chunk->used, first, n);
	/* A chunk's pages are in one section. */
	for (i = 0; i < n; i++)
		pages[i] = page + i;
	chunk->nr_used += n;
	chunk->used_at = clock;
	WRITE_ONCE(dmem->live, dmem->live + n);
	dmem_count(dmem, NOUVEAU_SVM_VRAM_PAGES_LIVE, n);
	list_move_tail(&chunk->head, &dmem->chunks);
}

/*
 * Chunks are pinned, so TTM cannot have their VRAM back for a client's buffers: a
 * quarter, but no more than is useful, is not for chunks.
 */
static bool dmem_grow(struct nouveau_dmem *dmem)
{
	u64 vram = dmem->drm->client.device.info.ram_user;
	u64 most = vram - min_t(u64, vram / 4, DMEM_RESERVE_MAX);
	bool may;

	spin_lock(&dmem->lock);
	may = (u64)(dmem->nr_chunks + 1) * DMEM_CHUNK_SIZE <= most;
	if (may)
		dmem->nr_chunks++;
	spin_unlock(&dmem->lock);
	return may;
}

static void dmem_shrink(struct nouveau_dmem *dmem)
{
	spin_lock(&dmem->lock);
	dmem->nr_chunks--;
	spin_unlock(&dmem->lock);
}

static resource_size_t dmem_slot_size(void)
{
	return max(DMEM_CHUNK_SIZE, memremap_compat_align());
}

static struct nouveau_dmem_region *dmem_region_new(void)
{
	struct nouveau_dmem_region *region;
	struct resource *res;

	region = kzalloc(sizeof(*region), GFP_KERNEL);
	if (!region)
		return NULL;

	res = request_free_mem_region(&iomem_resource, dmem_slot_size(),
				      "nouveau_dmem");
	if (IS_ERR(res)) {
		kfree(region);
		return NULL;
	}
	region->start = res->start;
	region->size = resource_size(res);
	region->nr = min_t(u64, region->size / dmem_slot_size(),
			   DMEM_REGION_SLOTS);
	return region;
}

static void dmem_region_free(struct nouveau_dmem_region *region)
{
	release_mem_region(region->start, region->size);
	kfree(region);
}

/* Addresses for the struct pages of a chunk. */
static int dmem_slot_get(struct nouveau_dmem *dmem,
			 struct nouveau_dmem_chunk *chunk)
{
	struct nouveau_dmem_region *region, *new = NULL;
	struct range *range = &chunk->pagemap.range;
	unsigned int slot;

again:
	spin_lock(&dmem->lock);
	list_for_each_entry(region, &dmem->regions, head)
		if (region->nr_used < region->nr)
			goto found;
	if (!new) {
		spin_unlock(&dmem->lock);
		new = dmem_region_new();
		if (!new)
			return -ENOMEM;
		goto again;
	}
	region = new;
	new = NULL;
	list_add(&region->head, &dmem->regions);
found:
	slot = find_first_zero_bit(region->used, region->nr);
	__set_bit(slot, region->used);
	region->nr_used++;
	spin_unlock(&dmem->lock);
	if (new)
		dmem_region_free(new);

	chunk->region = region;
	range->start = region->start + slot * dmem_slot_size();
	range->end = range->start + dmem_slot_size() - 1;
	return 0;
}

static void dmem_slot_put(struct nouveau_dmem *dmem,
			  struct nouveau_dmem_chunk *chunk)
{
	struct nouveau_dmem_region *region = chunk->region;
	bool last;

	spin_lock(&dmem->lock);
	__clear_bit((chunk->pagemap.range.start - region->start) /
		    dmem_slot_size(), region->used);
	last = !--region->nr_used;
	if (last)
		list_del(&region->head);
	spin_unlock(&dmem->lock);
	if (last)
		dmem_region_free(region);
}

/*
 * Make a chunk, and reserve pages @first to @first + @n - 1 of it. Returns @n, or
 * 0 if there is no VRAM for it.
 */
static unsigned int dmem_chunk_new(struct nouveau_dmem *dmem, u64 clock,
				   unsigned int first, unsigned int n,
				   struct page **pages)
{
	struct nouveau_drm *drm = dmem->drm;
	struct nouveau_dmem_chunk *chunk;
	void *ptr;

	if (nouveau_svm_should_fail(drm->svm, NOUVEAU_SVM_INJECT_VRAM) ||
	    !dmem_grow(dmem))
		return 0;

	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		goto err_shrink;

	if (nouveau_bo_new(&drm->client, DMEM_CHUNK_SIZE, DMEM_CHUNK_SIZE,
			   NOUVEAU_GEM_DOMAIN_VRAM, 0, 0, NULL, NULL,
			   &chunk->bo))
		goto err_free;
	if (nouveau_bo_pin(chunk->bo, NOUVEAU_GEM_DOMAIN_VRAM, false))
		goto err_bo;

	if (dmem_slot_get(dmem, chunk))
		goto err_unpin;

	chunk->dmem = dmem;
	chunk->pinned = true;
	chunk->pagemap.type = MEMORY_DEVICE_PRIVATE;
	chunk->pagemap.nr_range = 1;
	chunk->pagemap.ops = &dmem_pagemap_ops;
	chunk->pagemap.owner = nouveau_dmem_owner(drm);

	ptr = memremap_pages(&chunk->pagemap, dev_to_node(drm->dev->dev));
	if (IS_ERR(ptr))
		goto err_slot;

	dmem_count(dmem, NOUVEAU_SVM_CHUNKS_CREATED, 1);
	dmem_count(dmem, NOUVEAU_SVM_CHUNKS_LIVE, 1);
	spin_lock(&dmem->lock);
	list_add_tail(&chunk->head, &dmem->chunks);
	dmem_chunk_take(chunk, clock, first, n, pages);
	spin_unlock(&dmem->lock);
	return n;

err_slot:
	dmem_slot_put(dmem, chunk);
err_unpin:
	nouveau_bo_unpin(chunk->bo);
err_bo:
	nouveau_bo_fini(chunk->bo);
err_free:
	kfree(chunk);
err_shrink:
	dmem_shrink(dmem);
	return 0;
}

/* The chunk is empty and on no list. Waits for who still looks at its pages. */
static void dmem_chunk_free(struct nouveau_dmem_chunk *chunk)
{
	struct nouveau_dmem *dmem = chunk->dmem;

	memunmap_pages(&chunk->pagemap);
	dmem_slot_put(dmem, chunk);
	if (chunk->pinned)
		nouveau_bo_unpin(chunk->bo);
	nouveau_bo_fini(chunk->bo);
	kfree(chunk);
	dmem_shrink(dmem);
	dmem_count(dmem, NOUVEAU_SVM_CHUNKS_LIVE, -1);
}

static void dmem_reap_work(struct work_struct *work)
{
	struct nouveau_dmem *dmem = container_of(to_delayed_work(work),
						 struct nouveau_dmem, reap);
	struct nouveau_dmem_chunk *chunk, *next, *spare = NULL;
	LIST_HEAD(empty);
	bool young = false;

	spin_lock(&dmem->lock);
	list_for_each_entry_safe_reverse(chunk, next, &dmem->chunks, head) {
		unsigned long age = jiffies - chunk->empty_at;

		if (chunk->nr_used || chunk->evicting)
			continue;
		if (age < DMEM_REAP_DELAY)
			young = true;
		else if (!spare && age < DMEM_SPARE_TIME)
			spare = chunk;
		else
			list_move(&chunk->head, &empty);
	}
	if (young || spare)
		dmem_reap_later(dmem, young ? DMEM_REAP_DELAY : DMEM_SPARE_TIME);
	spin_unlock(&dmem->lock);

	list_for_each_entry_safe(chunk, next, &empty, head)
		dmem_chunk_free(chunk);
}

/*
 * Reserving pages
 */

static bool dmem_chunk_usable(const struct nouveau_dmem_chunk *chunk)
{
	return !chunk->evicting && chunk->pinned &&
	       chunk->nr_used < DMEM_CHUNK_PAGES;
}

/*
 * Contiguous pages: best at the place in their chunk that they have in their
 * block of the address space, where a block that is migrated piece by piece comes
 * together, else anywhere.
 */
static unsigned int dmem_take_run(struct nouveau_dmem *dmem, u64 clock,
				  unsigned int first, unsigned int want,
				  struct page **pages)
{
	struct nouveau_dmem_chunk *chunk;
	unsigned long at;

	lockdep_assert_held(&dmem->lock);
	list_for_each_entry_reverse(chunk, &dmem->chunks, head) {
		if (!dmem_chunk_usable(chunk))
			continue;
		at = find_next_bit(chunk->used, first + want, first);
		if (at < first + want)
			continue;
		dmem_chunk_take(chunk, clock, first, want, pages);
		return want;
	}
	list_for_each_entry_reverse(chunk, &dmem->chunks, head) {
		if (!dmem_chunk_usable(chunk))
			continue;
		at = bitmap_find_next_zero_area(chunk->used, DMEM_CHUNK_PAGES,
						0, want, 0);
		if (at >= DMEM_CHUNK_PAGES)
			continue;
		dmem_chunk_take(chunk, clock, at, want, pages);
		return want;
	}
	return 0;
}

/* Whatever there is, in any order. Returns how many. */
static unsigned int dmem_reserve_any(struct nouveau_dmem *dmem, u64 clock,
				     unsigned int want, struct page **pages)
{
	struct nouveau_dmem_chunk *chunk, *next;
	unsigned int got = 0, first, end;

	spin_lock(&dmem->lock);
	/* A chunk that is taken from goes to the end, and has no room there. */
	list_for_each_entry_safe(chunk, next, &dmem->chunks, head) {
		while (got < want && dmem_chunk_usable(chunk)) {
			first = find_first_zero_bit(chunk->used,
						    DMEM_CHUNK_PAGES);
			end = find_next_bit(chunk->used,
					    min(first + want - got,
						DMEM_CHUNK_PAGES), first);
			dmem_chunk_take(chunk, clock, first, end - first,
					pages + got);
			got += end - first;
		}
		if (got == want)
			break;
	}
	spin_unlock(&dmem->lock);
	return got;
}

/*
 * Reserve up to @want pages, without evicting any. All of them, in order, if the
 * result is @want; else as many as the result says.
 */
static unsigned int dmem_reserve(struct nouveau_dmem *dmem, u64 clock,
				 unsigned int first, unsigned int want,
				 struct page **pages)
{
	unsigned int got;

	spin_lock(&dmem->lock);
	got = dmem_take_run(dmem, clock, first, want, pages);
	spin_unlock(&dmem->lock);
	if (!got)
		got = dmem_chunk_new(dmem, clock, first, want, pages);
	if (!got)
		got = dmem_reserve_any(dmem, clock, want, pages);
	return got;
}

static void dmem_unreserve(struct nouveau_dmem *dmem, struct page **pages,
			   unsigned int n)
{
	struct nouveau_dmem_chunk *chunk;
	unsigned int i;

	spin_lock(&dmem->lock);
	for (i = 0; i < n; i++) {
		if (!pages[i])
			continue;
		chunk = dmem_page_chunk(pages[i]);
		__clear_bit(page_to_pfn(pages[i]) - dmem_chunk_pfn(chunk),
			    chunk->used);
		dmem_chunk_untake(chunk, 1);
		pages[i] = NULL;
	}
	spin_unlock(&dmem->lock);
}

/*
 * Commit what was copied, if @ret says that it was, and end the migration. @args
 * is NULL for one by physical pages. Returns how many pages moved.
 */
static unsigned int dmem_job_finish(struct nouveau_dmem *dmem,
				    struct nouveau_dmem_job *job,
				    struct migrate_vma *args, int ret)
{
	unsigned int i, wanted = job->failed, moved = 0;

	if (ret)
		for (i = 0; i < job->nr; i++)
			job->src[i] &= ~MIGRATE_PFN_MIGRATE;
	else if (args)
		migrate_vma_pages(args);
	else
		migrate_device_pages(job->src, job->dst, job->nr);

	for (i = 0; i < job->nr; i++) {
		if (!job->dst[i])
			continue;
		wanted++;
		moved += !!(job->src[i] & MIGRATE_PFN_MIGRATE);
	}

	if (args)
		migrate_vma_finalize(args);
	else
		migrate_device_finalize(job->src, job->dst, job->nr);

	dmem_count(dmem, NOUVEAU_SVM_MIGRATE_FAILED, wanted - moved);
	return moved;
}

/* Does an entry lack a page of system memory? */
static bool dmem_job_lacks(const struct nouveau_dmem_job *job, unsigned int i)
{
	return job->src[i] & MIGRATE_PFN_MIGRATE && !job->dst[i] &&
	       migrate_pfn_to_page(job->src[i]);
}

/*
 * Into rising order, in which neighbours are one copy, now and when they go to
 * VRAM again. What was freed page by page comes back in falling order.
 */
static void dmem_sort(struct page **pages, unsigned int n)
{
	unsigned int i, at;

	if (n && pages[0] > pages[n - 1])
		for (i = 0; i < n / 2; i++)
			swap(pages[i], pages[n - 1 - i]);
	for (i = 1; i < n; i++) {
		struct page *page = pages[i];

		for (at = i; at && pages[at - 1] > page; at--)
			pages[at] = pages[at - 1];
		pages[at] = page;
	}
}

/* Entries @first to @end - 1, no more than a window. */
static int dmem_job_alloc_window(struct nouveau_dmem_job *job,
				 struct vm_area_struct *vma,
				 unsigned long start, unsigned int first,
				 unsigned int end, gfp_t gfp)
{
	struct page *pages[DMEM_WINDOW_PAGES];
	unsigned int entries[DMEM_WINDOW_PAGES];
	unsigned int i, n = 0;
	int ret = 0;

	for (i = first; i < end; i++) {
		struct page *page = job->pages[i];

		if (!dmem_job_lacks(job, i))
			continue;
		if (page)
			job->pages[i] = NULL;
		else if (vma)
			page = alloc_page_vma(gfp, vma, start + i * PAGE_SIZE);
		else
			page = alloc_page(gfp);
		if (!page) {
			ret = -ENOMEM;
			continue;
		}
		pages[n] = page;
		entries[n++] = i;
	}

	dmem_sort(pages, n);
	for (i = 0; i < n; i++) {
		lock_page(pages[i]);
		job->dst[entries[i]] = migrate_pfn(page_to_pfn(pages[i]));
	}
	return ret;
}

/*
 * A page of system memory for each entry that lacks one: that in @job->pages, or
 * a new one. @vma is NULL for eviction. 0, or -ENOMEM if some got none.
 */
static int dmem_job_alloc_system(struct nouveau_dmem_job *job,
				 struct vm_area_struct *vma,
				 unsigned long start, gfp_t gfp)
{
	unsigned int i, end;
	int ret = 0;

	for (i = 0; i < job->nr; i = end) {
		end = min_t(unsigned int, i + DMEM_WINDOW_PAGES, job->nr);
		if (dmem_job_alloc_window(job, vma, start, i, end, gfp))
			ret = -ENOMEM;
	}
	return ret;
}

/*
 * Eviction
 */

/* Where the engine cannot reach a chunk, or fails, and the pages must go. */
static void dmem_job_copy_by_cpu(struct nouveau_dmem_chunk *chunk,
				 struct nouveau_dmem_job *job,
				 struct ttm_bo_kmap_obj *kmap)
{
	unsigned long first = dmem_chunk_pfn(chunk);
	bool is_iomem;
	char *base = ttm_kmap_obj_virtual(kmap, &is_iomem);
	unsigned int i;

	for (i = 0; i < job->nr; i++) {
		unsigned long offset;
		struct page *src;
		void *dst;

		if (!job->dst[i])
			continue;
		src = migrate_pfn_to_page(job->src[i]);
		offset = (page_to_pfn(src) - first) << PAGE_SHIFT;
		dst = kmap_local_page(migrate_pfn_to_page(job->dst[i]));
		if (is_iomem)
			memcpy_fromio(dst, (void __iomem __force *)base + offset,
				      PAGE_SIZE);
		else
			memcpy(dst, base + offset, PAGE_SIZE);
		kunmap_local(dst);
	}
}

/* The caller set @chunk->evicting. Returns how many pages went. */
static unsigned int dmem_chunk_evict(struct nouveau_dmem_chunk *chunk,
				     struct ttm_bo_kmap_obj *kmap)
{
	struct nouveau_dmem *dmem = chunk->dmem;
	struct nouveau_dmem_job *job;
	unsigned int moved = 0;
	int ret = 0;

	job = nouveau_dmem_job_new(DMEM_CHUNK_PAGES, false);
	if (!job)
		return 0;

	migrate_device_range(job->src, dmem_chunk_pfn(chunk), DMEM_CHUNK_PAGES);
	dmem_job_alloc_system(job, NULL, 0, DMEM_GFP);
	if (kmap)
		dmem_job_copy_by_cpu(chunk, job, kmap);
	else
		ret = nouveau_dmem_copy(&dmem->copy, job);
	moved = dmem_job_finish(dmem, job, NULL, ret);
	nouveau_dmem_job_free(job);

	dmem_count(dmem, NOUVEAU_SVM_EVICTED_PAGES, moved);
	if (moved)
		trace_nouveau_svm_migrate(0, moved, false);
	return moved;
}

static unsigned int dmem_chunk_evict_by_cpu(struct nouveau_dmem_chunk *chunk)
{
	struct ttm_buffer_object *bo = &chunk->bo->bo;
	struct ttm_bo_kmap_obj kmap;
	unsigned int moved = 0;

	if (ttm_bo_reserve(bo, false, false, NULL))
		return 0;
	if (!ttm_bo_kmap(bo, 0, PFN_UP(DMEM_CHUNK_SIZE), &kmap)) {
		moved = dmem_chunk_evict(chunk, &kmap);
		ttm_bo_kunmap(&kmap);
	}
	ttm_bo_unreserve(bo);
	return moved;
}

static void dmem_chunk_set_evicting(struct nouveau_dmem_chunk *chunk, bool on)
{
	struct nouveau_dmem *dmem = chunk->dmem;

	spin_lock(&dmem->lock);
	chunk->evicting = on;
	/* The work item leaves it alone as long as it is set. */
	if (!on && !chunk->nr_used)
		dmem_reap_later(dmem, DMEM_REAP_DELAY);
	spin_unlock(&dmem->lock);
}

static bool dmem_chunk_empty(struct nouveau_dmem_chunk *chunk)
{
	bool empty;

	spin_lock(&chunk->dmem->lock);
	empty = !chunk->nr_used;
	spin_unlock(&chunk->dmem->lock);
	return empty;
}

static struct nouveau_dmem_chunk *dmem_coldest(struct nouveau_dmem *dmem,
					       u64 clock)
{
	struct nouveau_dmem_chunk *chunk;

	lockdep_assert_held(&dmem->evict);
	spin_lock(&dmem->lock);
	list_for_each_entry(chunk, &dmem->chunks, head) {
		if (!chunk->nr_used || chunk->used_at == clock ||
		    chunk->tried_at == clock)
			continue;
		chunk->evicting = true;
		chunk->tried_at = clock;
		spin_unlock(&dmem->lock);
		return chunk;
	}
	spin_unlock(&dmem->lock);
	return NULL;
}

/*
 * Evict until there is room for @want pages, and reserve them, or what could be
 * had, before anybody else makes room.
 */
static unsigned int dmem_reserve_evict(struct nouveau_dmem *dmem, u64 clock,
				       unsigned int first, unsigned int want,
				       struct page **pages)
{
	struct nouveau_dmem_chunk *chunk;
	unsigned int got = 0;

	mutex_lock(&dmem->evict);
	while (got < want) {
		chunk = dmem_coldest(dmem, clock);
		if (!chunk)
			break;
		got += dmem_chunk_evict(chunk, NULL);
		dmem_chunk_set_evicting(chunk, false);
	}
	spin_lock(&dmem->lock);
	got = dmem_take_run(dmem, clock, first, want, pages);
	spin_unlock(&dmem->lock);
	if (!got)
		got = dmem_reserve_any(dmem, clock, want, pages);
	mutex_unlock(&dmem->evict);
	return got;
}

/*
 * Migration
 */

/*
 * One attempt, with the @reserved pages in @job->pages. *@lack says how many more
 * there could have been.
 */
static int dmem_move_to_vram(struct nouveau_dmem *dmem,
			     struct nouveau_dmem_job *job,
			     struct vm_area_struct *vma, unsigned long start,
			     unsigned int reserved, unsigned int *lack,
			     unsigned long *migrated)
{
	struct migrate_vma args = {
		.vma = vma,
		.src = job->src,
		.dst = job->dst,
		.start = start,
		.end = start + job->nr * PAGE_SIZE,
		.pgmap_owner = nouveau_dmem_owner(dmem->drm),
		.flags = MIGRATE_VMA_SELECT_SYSTEM,
	};
	/* With enough for all, each at its own place. */
	const bool all = reserved == job->nr;
	unsigned int i, used = 0, moved;
	int ret;

	*lack = 0;
	ret = migrate_vma_setup(&args);
	if (ret)
		return ret;

	for (i = 0; i < job->nr; i++) {
		unsigned int slot = all ? i : used;
		struct page *page;

		if (!(job->src[i] & MIGRATE_PFN_MIGRATE))
			continue;
		if (slot >= reserved) {
			++*lack;
			continue;
		}
		page = job->pages[slot];
		job->pages[slot] = NULL;
		zone_device_page_init(page);
		job->dst[i] = migrate_pfn(page_to_pfn(page));
		used++;
	}

	if (used)
		ret = nouveau_dmem_copy(&dmem->copy, job);
	moved = dmem_job_finish(dmem, job, &args, ret);
	if (!ret && job->failed)
		ret = -ENOMEM;

	*migrated += moved;
	dmem_count(dmem, NOUVEAU_SVM_MIGRATED_TO_VRAM, moved);
	if (moved)
		trace_nouveau_svm_migrate(start, moved, true);
	return ret;
}

static int dmem_to_vram(struct nouveau_dmem *dmem, struct vm_area_struct *vma,
			unsigned long start, unsigned int nr,
			unsigned long *migrated)
{
	unsigned int first = (start & (DMEM_CHUNK_SIZE - 1)) >> PAGE_SHIFT;
	u64 clock = atomic64_inc_return(&dmem->clock);
	unsigned int lack = 0, reserved, round;
	int ret;

	for (round = 0; round < DMEM_EVICT_ROUNDS; round++) {
		struct nouveau_dmem_job *job = nouveau_dmem_job_new(nr, true);

		if (!job)
			return -ENOMEM;

		/*
		 * With nothing reserved the first round finds out whether
		 * anything is wanted, before something is evicted for it.
		 */
		if (!round)
			reserved = dmem_reserve(dmem, clock, first, nr,
						job->pages);
		else
			reserved = dmem_reserve_evict(dmem, clock, first, lack,
						      job->pages);
		if (round && !reserved) {
			nouveau_dmem_job_free(job);
			break;
		}
		ret = dmem_move_to_vram(dmem, job, vma, start, reserved, &lack,
					migrated);
		dmem_unreserve(dmem, job->pages, reserved);
		nouveau_dmem_job_free(job);
		if (ret || !lack)
			return ret;
	}
	return -ENOSPC;
}

static int dmem_to_system(struct nouveau_dmem *dmem, struct vm_area_struct *vma,
			  unsigned long start, unsigned int nr,
			  unsigned long *migrated)
{
	struct migrate_vma args = {
		.vma = vma,
		.start = start,
		.end = start + nr * PAGE_SIZE,
		.pgmap_owner = nouveau_dmem_owner(dmem->drm),
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	struct nouveau_dmem_job *job;
	unsigned int i, n = 0, moved;
	int ret, err = 0;

	/* A look at the page tables would split a huge page for nothing. */
	if (!READ_ONCE(dmem->live))
		return 0;

	job = nouveau_dmem_job_new(nr, false);
	if (!job)
		return -ENOMEM;
	args.src = job->src;
	args.dst = job->dst;

	ret = migrate_vma_setup(&args);
	if (ret)
		goto out;

	err = dmem_job_alloc_system(job, vma, start, DMEM_GFP);
	for (i = 0; i < nr; i++)
		n += !!job->dst[i];
	if (n)
		ret = nouveau_dmem_copy(&dmem->copy, job);
	moved = dmem_job_finish(dmem, job, &args, ret);
	if (!ret && job->failed)
		ret = -ENOMEM;

	*migrated += moved;
	dmem_count(dmem, NOUVEAU_SVM_MIGRATED_TO_SYSTEM, moved);
	if (moved)
		trace_nouveau_svm_migrate(start, moved, false);
out:
	nouveau_dmem_job_free(job);
	return ret ?: err;
}

/**
 * nouveau_dmem_migrate_vma - move pages to VRAM or back
 * @drm: the device
 * @vma: what they belong to; the mmap lock is held at least for reading
 * @start: first address
 * @end: end address, exclusive; within @vma, and within the aligned 2 MiB of
 *	@start
 * @target: where to
 * @migrated: the number of pages, of %PAGE_SIZE, that really moved is added
 *
 * Pages that are there already, that cannot be migrated or that somebody else
 * works on stay where they are; so do all of a mapping that is not private and
 * anonymous. That is no error. An address without a page gets a cleared one, if
 * @target is VRAM.
 *
 * Context: Sleeps. Allocates. No folio lock and no lock of a notifier is held.
 * Return: 0; -ENODEV: there is no device memory (any more); -ENOMEM;
 * -ENOSPC: no VRAM, and nothing that could be evicted; -EIO: the copy failed, and
 * the data stays where it was. Pages that moved before an error stay moved.
 */
int nouveau_dmem_migrate_vma(struct nouveau_drm *drm,
			     struct vm_area_struct *vma,
			     unsigned long start, unsigned long end,
			     enum nouveau_dmem_target target,
			     unsigned long *migrated)
{
	struct nouveau_dmem *dmem;
	unsigned int nr = (end - start) >> PAGE_SHIFT;
	u64 began = ktime_get_ns();
	int ret;

	mmap_assert_locked(vma->vm_mm);
	if (WARN_ON_ONCE(!PAGE_ALIGNED(start | end) || start >= end ||
			 ((start ^ (end - 1)) & NOUVEAU_SVM_BUFFER_MASK)))
		return -EINVAL;

	dmem = dmem_enter(drm);
	if (!dmem)
		return -ENODEV;

	ret = 0;
	if (!vma_is_anonymous(vma) || (vma->vm_flags & VM_SPECIAL))
		goto out;

	ret = dmem_wake(dmem);
	if (ret)
		goto out;
	if (target == NOUVEAU_DMEM_VRAM)
		ret = dmem_to_vram(dmem, vma, start, nr, migrated);
	else
		ret = dmem_to_system(dmem, vma, start, nr, migrated);
	dmem_unwake(dmem);
	dmem_count(dmem, NOUVEAU_SVM_NS_MIGRATE, ktime_get_ns() - began);
out:
	dmem_leave(dmem);
	return ret;
}

/*
 * A CPU touched a page in VRAM. The caller's reference to it keeps the chunk, so
 * also the device, until this returns. The other pages of the window come along
 * if it costs nothing.
 *
 * Of several CPUs one takes the page back. A page that the others have references
 * to can't be moved, so they go, and come again, until it is; once it is locked
 * they sleep.
 */
static vm_fault_t dmem_migrate_to_ram(struct vm_fault *vmf)
{
	struct nouveau_dmem_chunk *chunk = dmem_page_chunk(vmf->page);
	unsigned long slot = page_to_pfn(vmf->page) - dmem_chunk_pfn(chunk);
	struct nouveau_dmem *dmem = chunk->dmem;
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address & PAGE_MASK;
	struct migrate_vma args = {
		.vma = vma,
		.start = max(ALIGN_DOWN(addr, DMEM_WINDOW), vma->vm_start),
		.end = min(ALIGN_DOWN(addr, DMEM_WINDOW) + DMEM_WINDOW,
			   vma->vm_end),
		.pgmap_owner = nouveau_dmem_owner(dmem->drm),
		.fault_page = vmf->page,
		.flags = MIGRATE_VMA_SELECT_DEVICE_PRIVATE,
	};
	unsigned int here = (addr - args.start) >> PAGE_SHIFT;
	unsigned long start = args.start;
	u64 began = ktime_get_ns();
	struct nouveau_dmem_job *job;
	struct page *page;
	unsigned int moved;
	vm_fault_t fault = 0;
	int ret;

	if (test_bit(slot, chunk->touched))
		return 0;

	/* It is too late for that under folio locks. */
	page = alloc_page_vma(GFP_HIGHUSER_MOVABLE, vma, addr);
	if (!page)
		return VM_FAULT_OOM;
	job = nouveau_dmem_job_new((args.end - args.start) >> PAGE_SHIFT, false);
	if (!job) {
		put_page(page);
		return VM_FAULT_OOM;
	}
	job->pages[here] = page;
	args.src = job->src;
	args.dst = job->dst;

	if (dmem_wake(dmem)) {
		fault = VM_FAULT_SIGBUS;
		goto out;
	}
	if (test_and_set_bit_lock(slot, chunk->touched))
		goto out_unwake;
	if (migrate_vma_setup(&args)) {
		fault = VM_FAULT_SIGBUS;
		goto out_untouch;
	}

	/* Somebody else's hands on it: let them finish, and fault again. */
	if (!(job->src[here] & MIGRATE_PFN_MIGRATE) ||
	    !migrate_pfn_to_page(job->src[here])) {
		dmem_job_finish(dmem, job, &args, -EAGAIN);
		goto out_untouch;
	}

	dmem_job_alloc_system(job, vma, start, DMEM_GFP_WINDOW);
	ret = nouveau_dmem_copy(&dmem->copy, job);
	/* Without a mapping for DMA now, there may be one later. */
	if (ret == -ENOMEM || (!ret && !job->dst[here]))
		fault = VM_FAULT_OOM;
	else if (ret)
		fault = VM_FAULT_SIGBUS;
	moved = dmem_job_finish(dmem, job, &args, ret);

	dmem_count(dmem, NOUVEAU_SVM_MIGRATED_BY_CPU_FAULT, moved);
	dmem_count(dmem, NOUVEAU_SVM_NS_MIGRATE, ktime_get_ns() - began);
	if (moved)
		trace_nouveau_svm_migrate(start, moved, false);
out_untouch:
	clear_bit_unlock(slot, chunk->touched);
out_unwake:
	dmem_unwake(dmem);
out:
	if (job->pages[here])
		put_page(job->pages[here]);
	nouveau_dmem_job_free(job);
	return fault;
}

/*
 * Power and life
 */

/**
 * nouveau_dmem_owner - who owns the device-private pages of a card
 * @drm: the device
 *
 * Return: what &hmm_range.dev_private_owner has to be for hmm_range_fault() to
 * leave pages in this card's VRAM where they are.
 */
void *nouveau_dmem_owner(struct nouveau_drm *drm)
{
	return drm->dev;
}

static void dmem_chunk_remove(struct nouveau_dmem_chunk *chunk)
{
	spin_lock(&chunk->dmem->lock);
	list_del(&chunk->head);
	spin_unlock(&chunk->dmem->lock);
	dmem_chunk_free(chunk);
}

/**
 * nouveau_dmem_suspend - move everything out of VRAM
 * @drm: the device
 *
 * GPUs map nothing any more, and no migration to VRAM can begin: the callers of
 * nouveau_dmem_migrate_vma() have stopped, or wait for the device to wake up.
 */
void nouveau_dmem_suspend(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct nouveau_dmem_chunk *chunk, *next;

	if (!dmem)
		return;

	disable_delayed_work_sync(&dmem->reap);
	list_for_each_entry_safe(chunk, next, &dmem->chunks, head) {
		dmem_chunk_set_evicting(chunk, true);
		dmem_chunk_evict(chunk, NULL);
		if (dmem_chunk_empty(chunk)) {
			dmem_chunk_remove(chunk);
			continue;
		}
		WRITE_ONCE(chunk->pinned, false);
		nouveau_bo_unpin(chunk->bo);
	}
}

/**
 * nouveau_dmem_resume - make what stayed in VRAM accessible again
 * @drm: the device
 *
 * The addresses of pages are not what they were before.
 */
void nouveau_dmem_resume(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct nouveau_dmem_chunk *chunk;

	if (!dmem)
		return;

	list_for_each_entry(chunk, &dmem->chunks, head) {
		if (!nouveau_bo_pin(chunk->bo, NOUVEAU_GEM_DOMAIN_VRAM, false))
			WRITE_ONCE(chunk->pinned, true);
		else
			dmem_chunk_evict_by_cpu(chunk);
		dmem_chunk_set_evicting(chunk, false);
		if (!dmem_chunk_empty(chunk) && !chunk->pinned)
			NV_ERROR(drm, "dmem: no VRAM for what was saved\n");
	}

	enable_delayed_work(&dmem->reap);
	dmem_reap_later(dmem, DMEM_REAP_DELAY);
}

/**
 * nouveau_dmem_init - set device-private memory up
 * @drm: the device
 *
 * Without it, because of an error or a card that has no use for it, everything
 * works but migration.
 */
void nouveau_dmem_init(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem;
	int ret;

	if (drm->client.device.info.family < NV_DEVICE_INFO_V0_PASCAL)
		return;

	dmem = kzalloc(sizeof(*dmem), GFP_KERNEL);
	if (!dmem)
		return;

	dmem->drm = drm;
	refcount_set(&dmem->users, 1);
	init_completion(&dmem->idle);
	spin_lock_init(&dmem->lock);
	INIT_LIST_HEAD(&dmem->regions);
	INIT_LIST_HEAD(&dmem->chunks);
	mutex_init(&dmem->evict);
	INIT_DELAYED_WORK(&dmem->reap, dmem_reap_work);

	ret = nouveau_dmem_copy_init(&dmem->copy, drm);
	if (ret) {
		NV_WARN(drm, "dmem: no copy engine, %d\n", ret);
		kfree(dmem);
		return;
	}

	/* Pairs with the READ_ONCE() in dmem_enter(). */
	smp_store_release(&drm->dmem, dmem);
}

/* What stays must be moved by whatever means, or processes lose it. */
static void dmem_chunk_drain(struct nouveau_dmem_chunk *chunk)
{
	unsigned int tries = 0;

	dmem_chunk_set_evicting(chunk, true);
	while (!dmem_chunk_empty(chunk)) {
		if (!dmem_chunk_evict(chunk, NULL) &&
		    !dmem_chunk_evict_by_cpu(chunk))
			schedule_timeout_uninterruptible(1);
		if (++tries == 10 * HZ)
			NV_WARN(chunk->dmem->drm,
				"dmem: waiting for pages in VRAM\n");
	}
}

/**
 * nouveau_dmem_fini - move everything out of VRAM and give all of it back
 * @drm: the device
 *
 * Waits for callers of nouveau_dmem_migrate_vma(), and for pages that somebody
 * holds. Notifiers must still work: GPUs may map pages that go.
 */
void nouveau_dmem_fini(struct nouveau_drm *drm)
{
	struct nouveau_dmem *dmem = drm->dmem;
	struct nouveau_dmem_chunk *chunk, *next;

	if (!dmem)
		return;

	WRITE_ONCE(drm->dmem, NULL);
	dmem_leave(dmem);
	wait_for_completion(&dmem->idle);
	disable_delayed_work_sync(&dmem->reap);

	/* Else pages that it may write to would be waited for in vain. */
	if (nouveau_dmem_copy_hung(&dmem->copy))
		nouveau_dmem_copy_fini(&dmem->copy);

	list_for_each_entry_safe(chunk, next, &dmem->chunks, head) {
		dmem_chunk_drain(chunk);
		dmem_chunk_remove(chunk);
	}

	nouveau_dmem_copy_fini(&dmem->copy);
	kfree_rcu(dmem, rcu);
}
