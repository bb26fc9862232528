// SPDX-License-Identifier: GPL-2.0
/*
 * Single pages in a GPU address space whose owner looks after its page tables.
 */
#include "vmm.h"

/**
 * DOC: page by page
 *
 * PFNMAP, PFNCLR and PFNGET write and read page table entries, and do nothing
 * else: they neither make nor free page tables, and know no mappings of memory
 * objects. The owner of the (RAW) address space takes the tables by
 * %NVIF_VMM_RAW_V0_GET before, and gives them back after.
 *
 * An MMU notifier calls PFNCLR. So nothing here allocates, and the only locks
 * are nvkm_vmm.mutex.map and nvkm_mmu.mutex, under which nobody waits for
 * memory, and spinlocks.
 *
 * A range lies within one block of 2 MiB, which the directory's last level
 * (PD0) maps by one entry: either by a leaf, or by a table of 512 small pages.
 * The owner promises that
 *
 * - it holds a reference, by GET, to the tables for pages of one of both sizes,
 *   while a method runs;
 * - there is no valid small page in a block with a leaf, and none comes;
 * - it neither GETs nor PUTs small pages in a block with a leaf. That writes
 *   the block's entry in PD0.
 *
 * The GPU reads an entry of 64 bits while it is written. So it is written in one
 * access, or else the half with %GP100_PTE_VALID comes last. When a page goes,
 * writing that half does.
 */

#define GP100_PFN_BLOCK_SHIFT	21
#define GP100_PFN_SMALL_SHIFT	12
#define GP100_PFN_SMALL_PAGES	BIT(GP100_PFN_BLOCK_SHIFT - GP100_PFN_SMALL_SHIFT)

#define GP100_PTE_VALID		BIT(0)
#define GP100_PTE_APERTURE	GENMASK(2, 1)
#define GP100_PTE_HOST		(2U << 1)
#define GP100_PTE_VOLATILE	BIT(3)
#define GP100_PTE_READ_ONLY	BIT(6)
#define GP100_PTE_NO_ATOMICS	BIT(7)
#define GP100_PTE_RIGHTS	(GP100_PTE_READ_ONLY | GP100_PTE_NO_ATOMICS)
#define GP100_PTE_ADDR		GENMASK_ULL(53, 8)
#define GP100_PTE_ADDR_SHIFT	4

/**
 * struct gp100_pfn_range - some entries of a page table
 * @vmm: the address space
 * @page: the size of the pages
 * @pgt: the table
 * @memory: what the GPU reads of it; NULL if there is none
 * @map: where the CPU sees @memory; NULL if only nvkm_ro32() and nvkm_wo32()
 *	reach it
 * @offset: of the first entry in @memory
 * @nr: how many entries
 */
struct gp100_pfn_range {
	struct nvkm_vmm *vmm;
	const struct nvkm_vmm_page *page;
	struct nvkm_vmm_pt *pgt;
	struct nvkm_memory *memory;
	void __iomem *map;
	u32 offset;
	u32 nr;
};

/**
 * gp100_pfn_find - find the page table entries of a range
 * @vmm: the address space
 * @shift: of the page size
 * @addr: first address
 * @size: in bytes
 * @range: filled in; &gp100_pfn_range.memory is NULL if there is no table
 *
 * Return: 0, or -EINVAL if the range isn't one.
 */
static int gp100_pfn_find(struct nvkm_vmm *vmm, u8 shift, u64 addr, u64 size,
			  struct gp100_pfn_range *range)
{
	/* Where a level's index begins in @addr, and its length. */
	static const struct {
		u8 shift;
		u16 mask;
	} levels[] = {
		{ 47, 0x3 }, { 38, 0x1ff }, { 29, 0x1ff },
		{ GP100_PFN_BLOCK_SHIFT, 0xff },
	};
	/* A leaf is in the last one, PD0, itself. */
	const unsigned int depth = ARRAY_SIZE(levels) -
				   (shift == GP100_PFN_BLOCK_SHIFT);
	const struct nvkm_vmm_page *page = vmm->func->page;
	struct nvkm_vmm_pt *pgt = vmm->pd;
	const struct nvkm_vmm_desc *desc;
	struct nvkm_mmu_pt *pt = NULL;
	unsigned int lvl;

	if (shift != GP100_PFN_SMALL_SHIFT && shift != GP100_PFN_BLOCK_SHIFT)
		return -EINVAL;
	if (!size || !IS_ALIGNED(addr | size, BIT_ULL(shift)) ||
	    (addr ^ (addr + size - 1)) >> GP100_PFN_BLOCK_SHIFT ||
	    !nvkm_vmm_in_managed_range(vmm, addr, size))
		return -EINVAL;

	while (page->shift != shift)
		page++;
	desc = page->desc;

	for (lvl = 0; lvl < depth; lvl++) {
		pgt = pgt->pde[(addr >> levels[lvl].shift) & levels[lvl].mask];
		if (NVKM_VMM_PDE_INVALID(pgt))
			break;
	}
	if (lvl == depth)
		pt = pgt->pt[desc->type == SPT];

	range->vmm = vmm;
	range->page = page;
	range->pgt = pgt;
	range->memory = pt ? pt->memory : NULL;
	range->map = NULL;
	range->offset = (addr >> shift) & (BIT(desc->bits) - 1);
	range->offset *= desc->size;
	if (pt)
		range->offset += pt->base;
	range->nr = size >> shift;
	return 0;
}

/**
 * gp100_pfn_acquire - begin to read and write entries
 * @range: the range
 *
 * nvkm_done() ends it.
 */
static void gp100_pfn_acquire(struct gp100_pfn_range *range)
{
	const struct nvkm_memory_func *func = range->memory->func;

	/* SoCs keep their tables in system memory, and have only the one. */
	if (func->acquire_atomic)
		range->map = func->acquire_atomic(range->memory);
	else
		range->map = func->acquire(range->memory);
}

/* The accessors of @memory cost more than all the rest of a page does. */
static u32 gp100_pfn_read(const struct gp100_pfn_range *range, u32 offset)
{
	if (likely(range->map))
		return __raw_readl(range->map + offset);
	return nvkm_ro32(range->memory, offset);
}

static void gp100_pfn_write(const struct gp100_pfn_range *range, u32 offset,
			    u32 data)
{
	if (likely(range->map))
		__raw_writel(data, range->map + offset);
	else
		nvkm_wo32(range->memory, offset, data);
}

static u32 gp100_pfn_offset(const struct gp100_pfn_range *range, unsigned int i)
{
	return range->offset + i * range->page->desc->size;
}

static u32 gp100_pfn_read_low(const struct gp100_pfn_range *range, unsigned int i)
{
	return gp100_pfn_read(range, gp100_pfn_offset(range, i));
}

static void gp100_pfn_write_low(const struct gp100_pfn_range *range,
				unsigned int i, u32 low)
{
	gp100_pfn_write(range, gp100_pfn_offset(range, i), low);
}

static __always_inline void
gp100_pfn_write_both(const struct gp100_pfn_range *range, unsigned int i, u64 pte)
{
	const u32 offset = gp100_pfn_offset(range, i);

#if defined(CONFIG_64BIT) && defined(__LITTLE_ENDIAN)
	if (likely(range->map)) {
		__raw_writeq(pte, range->map + offset);
		return;
	}
#endif
	gp100_pfn_write(range, offset + 4, upper_32_bits(pte));
	/* Not combined in another order. Nobody else orders it, but the GPU. */
	wmb();
	gp100_pfn_write(range, offset, lower_32_bits(pte));
}

/* The address in an entry, given its low half. */
static u64 gp100_pfn_addr(const struct gp100_pfn_range *range, unsigned int i,
			  u32 low)
{
	u32 high = gp100_pfn_read(range, gp100_pfn_offset(range, i) + 4);
	u64 pte = (u64)high << 32 | low;

	return (pte & GP100_PTE_ADDR) << GP100_PTE_ADDR_SHIFT;
}

static void gp100_pfn_dma_unmap(const struct gp100_pfn_range *range, u64 addr)
{
	dma_unmap_page(range->vmm->mmu->subdev.device->dev, addr,
		       BIT(range->page->shift), DMA_BIDIRECTIONAL);
}

/**
 * gp100_pfn_dma_map - make a page's address in system memory the GPU's
 * @range: what it is mapped for
 * @addr: the address
 *
 * Return: the GPU's address, or %DMA_MAPPING_ERROR.
 */
static u64 gp100_pfn_dma_map(const struct gp100_pfn_range *range, u64 addr)
{
	struct device *dev = range->vmm->mmu->subdev.device->dev;
	const size_t size = BIT(range->page->shift);
	dma_addr_t dma;

	/* The CPU's page can be larger than the GPU's. */
	dma = dma_map_page(dev, pfn_to_page(PHYS_PFN(addr)), offset_in_page(addr),
			   size, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(dev, dma))
		return DMA_MAPPING_ERROR;
	if (!IS_ALIGNED(dma, size)) {
		gp100_pfn_dma_unmap(range, dma);
		return DMA_MAPPING_ERROR;
	}
	return dma;
}

/**
 * gp100_pfn_map_page - map a page, or change what the GPU may do with it
 * @range: the range
 * @i: which of its entries
 * @phys: the page and the rights; loses %NVKM_VMM_PFN_V if it can't be mapped.
 *	%NVKM_VMM_PFN_N promises that the entry is not valid
 *
 * The page of a valid entry stays, and so does its DMA mapping: pages only ever
 * change by way of gp100_vmm_pfn_clear().
 *
 * Return: true if the TLB may know the entry as it was. It knows no small page that
 * is not valid; and whoever found none waits for a replay, which begins with a
 * flush of all. Where a leaf is now there may have been a pointer to a table.
 */
static bool gp100_pfn_map_page(const struct gp100_pfn_range *range,
			       unsigned int i, u64 *phys)
{
	u32 low = 0, rights = 0;
	u64 addr, pte;

	/* To read takes the bus a microsecond. */
	if (!(*phys & NVKM_VMM_PFN_N))
		low = gp100_pfn_read_low(range, i);

	if (!(*phys & NVKM_VMM_PFN_W))
		rights |= GP100_PTE_READ_ONLY;
	if (!(*phys & NVKM_VMM_PFN_A))
		rights |= GP100_PTE_NO_ATOMICS;

	if (low & GP100_PTE_VALID) {
		if ((low & GP100_PTE_RIGHTS) == rights)
			return false;
		gp100_pfn_write_low(range, i, (low & ~GP100_PTE_RIGHTS) | rights);
		return true;
	}

	addr = *phys & NVKM_VMM_PFN_ADDR;
	pte = GP100_PTE_VALID | rights;
	if (!(*phys & NVKM_VMM_PFN_VRAM)) {
		addr = gp100_pfn_dma_map(range, addr);
		if (addr == DMA_MAPPING_ERROR) {
			*phys &= ~NVKM_VMM_PFN_V;
			return false;
		}
		pte |= GP100_PTE_HOST | GP100_PTE_VOLATILE;
	}
	pte |= addr >> GP100_PTE_ADDR_SHIFT;

	gp100_pfn_write_both(range, i, pte);
	return range->page->shift == GP100_PFN_BLOCK_SHIFT;
}

/**
 * gp100_vmm_pfn_map - map pages, or change what the GPU may do with them
 * @vmm: the address space
 * @shift: of the page size
 * @addr: first address
 * @size: in bytes
 * @phys: NVKM_VMM_PFN_*, one for each page. One without %NVKM_VMM_PFN_V leaves
 *	its page as it is; that bit is cleared where a page can't be mapped.
 *	%NVKM_VMM_PFN_N promises that no page is mapped there.
 *
 * Return: how many pages can't be mapped, -EINVAL if that is no range, or -ENOENT
 * if there is no table.
 */
static int gp100_vmm_pfn_map(struct nvkm_vmm *vmm, u8 shift, u64 addr, u64 size,
			     u64 *phys)
{
	struct gp100_pfn_range range;
	bool stale = false;
	unsigned int i;
	int ret, failed = 0;

	ret = gp100_pfn_find(vmm, shift, addr, size, &range);
	if (ret)
		return ret;
	if (!range.memory)
		return -ENOENT;

	mutex_lock(&vmm->mutex.map);
	gp100_pfn_acquire(&range);
	for (i = 0; i < range.nr; i++) {
		if (!(phys[i] & NVKM_VMM_PFN_V))
			continue;
		stale |= gp100_pfn_map_page(&range, i, &phys[i]);
		failed += !(phys[i] & NVKM_VMM_PFN_V);
	}
	nvkm_done(range.memory);
	if (stale)
		vmm->func->flush(vmm, 0);
	mutex_unlock(&vmm->mutex.map);
	return failed;
}

/**
 * gp100_pfn_hide - make entries of small pages invalid
 * @range: the range
 * @host: cleared and filled in: which of them were pages of system memory. They
 *	keep their address.
 *
 * Return: true if an entry was valid.
 */
static bool gp100_pfn_hide(const struct gp100_pfn_range *range,
			   unsigned long *host)
{
	bool any = false;
	unsigned int i;
	u32 low;

	bitmap_zero(host, GP100_PFN_SMALL_PAGES);
	for (i = 0; i < range->nr; i++) {
		low = gp100_pfn_read_low(range, i);
		if (!(low & GP100_PTE_VALID))
			continue;

		/* An entry that is volatile and not valid swallows accesses. */
		low &= ~(GP100_PTE_VALID | GP100_PTE_VOLATILE);
		gp100_pfn_write_low(range, i, low);
		if (low & GP100_PTE_APERTURE)
			__set_bit(i, host);
		any = true;
	}
	return any;
}

/**
 * gp100_pfn_hide_leaf - put the pointers to tables back where a leaf is
 * @range: one leaf
 * @dma: its address, if it is in system memory
 *
 * A PD0 entry that isn't valid as a leaf points to tables, so nothing of the
 * leaf may stay in it.
 *
 * Return: true if there was a leaf.
 */
static bool gp100_pfn_hide_leaf(const struct gp100_pfn_range *range, u64 *dma)
{
	const struct nvkm_vmm_desc *desc = range->page->desc;
	u32 low = gp100_pfn_read_low(range, 0);
	u32 pdei;

	if (!(low & GP100_PTE_VALID))
		return false;

	if (low & GP100_PTE_APERTURE)
		*dma = gp100_pfn_addr(range, 0, low);
	gp100_pfn_write_both(range, 0, 0);

	pdei = (range->offset - range->pgt->pt[0]->base) / desc->size;
	if (!NVKM_VMM_PDE_INVALID(range->pgt->pde[pdei]))
		desc->func->pde(range->vmm, range->pgt, pdei);
	return true;
}

/**
 * gp100_vmm_pfn_clear - take pages away from the GPU
 * @vmm: the address space
 * @shift: of the page size
 * @addr: first address
 * @size: in bytes
 * @nonblock: the caller may not sleep
 *
 * The GPU makes no access to the pages any more when this returns. Without a
 * valid entry in the range, the TLB isn't flushed.
 *
 * Return: 0, -EINVAL if that is no range, or -EAGAIN if @nonblock and it would
 * have to sleep; then nothing has changed.
 */
static int gp100_vmm_pfn_clear(struct nvkm_vmm *vmm, u8 shift, u64 addr, u64 size,
			       bool nonblock)
{
	DECLARE_BITMAP(host, GP100_PFN_SMALL_PAGES);
	const bool leaf = shift == GP100_PFN_BLOCK_SHIFT;
	u64 leaf_dma = DMA_MAPPING_ERROR;
	struct gp100_pfn_range range;
	unsigned int i;
	bool any;
	int ret;

	ret = gp100_pfn_find(vmm, shift, addr, size, &range);
	if (ret || !range.memory)
		return ret;

	if (!nonblock) {
		mutex_lock(&vmm->mutex.map);
	} else {
		if (!range.memory->func->acquire_atomic ||
		    !mutex_trylock(&vmm->mutex.map))
			return -EAGAIN;
		if (!mutex_trylock(&vmm->mmu->mutex)) {
			mutex_unlock(&vmm->mutex.map);
			return -EAGAIN;
		}
	}

	gp100_pfn_acquire(&range);
	if (leaf)
		any = gp100_pfn_hide_leaf(&range, &leaf_dma);
	else
		any = gp100_pfn_hide(&range, host);
	nvkm_done(range.memory);

	if (any) {
		if (!nonblock)
			mutex_lock(&vmm->mmu->mutex);
		gp100_vmm_flush_locked(vmm);
		if (!nonblock)
			mutex_unlock(&vmm->mmu->mutex);
	}
	if (nonblock)
		mutex_unlock(&vmm->mmu->mutex);

	/* The GPU has forgotten the addresses: now they can go. */
	if (leaf) {
		if (leaf_dma != DMA_MAPPING_ERROR)
			gp100_pfn_dma_unmap(&range, leaf_dma);
	} else if (!bitmap_empty(host, range.nr)) {
		gp100_pfn_acquire(&range);
		for_each_set_bit(i, host, range.nr) {
			u32 low = gp100_pfn_read_low(&range, i);

			gp100_pfn_dma_unmap(&range, gp100_pfn_addr(&range, i, low));
		}
		nvkm_done(range.memory);
	}
	mutex_unlock(&vmm->mutex.map);
	return 0;
}

/**
 * gp100_vmm_pfn_get - read page table entries
 * @vmm: the address space
 * @shift: of the page size
 * @addr: first address
 * @size: in bytes
 * @phys: filled in: NVKM_VMM_PFN_*, one for each page, with the address that
 *	the GPU uses; 0 where no page is mapped
 *
 * Return: 0, or -EINVAL if that is no range.
 */
static int gp100_vmm_pfn_get(struct nvkm_vmm *vmm, u8 shift, u64 addr, u64 size,
			     u64 *phys)
{
	struct gp100_pfn_range range;
	unsigned int i;
	int ret;

	ret = gp100_pfn_find(vmm, shift, addr, size, &range);
	if (ret)
		return ret;

	memset64(phys, 0, range.nr);
	if (!range.memory)
		return 0;

	mutex_lock(&vmm->mutex.map);
	gp100_pfn_acquire(&range);
	for (i = 0; i < range.nr; i++) {
		u32 low = gp100_pfn_read_low(&range, i);

		if (!(low & GP100_PTE_VALID))
			continue;

		phys[i] = gp100_pfn_addr(&range, i, low) | NVKM_VMM_PFN_V;
		if (!(low & GP100_PTE_READ_ONLY))
			phys[i] |= NVKM_VMM_PFN_W;
		if (!(low & GP100_PTE_NO_ATOMICS))
			phys[i] |= NVKM_VMM_PFN_A;
		if (!(low & GP100_PTE_APERTURE))
			phys[i] |= NVKM_VMM_PFN_VRAM;
	}
	nvkm_done(range.memory);
	mutex_unlock(&vmm->mutex.map);
	return 0;
}

const struct nvkm_vmm_pfn_func gp100_vmm_pfn = {
	.map = gp100_vmm_pfn_map,
	.clear = gp100_vmm_pfn_clear,
	.get = gp100_vmm_pfn_get,
};
