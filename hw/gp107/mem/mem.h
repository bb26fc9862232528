/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory as the GPU sees it: VRAM and the system's, by aperture;
 * FB and LTC registers, cache flushes.
 */
#ifndef GP107_MEM_MEM_H
#define GP107_MEM_MEM_H

#include "../core/gpu.h"

/*
 * gp100-mmu-format.pdf: the aperture field of a PTE.  A sparse page is
 * memory without memory: it reads 0, and drops what is written.
 */
typedef enum GpAperture {
    GP_VRAM = 0,
    GP_PEER = 1,
    GP_SYS_COHERENT = 2,
    GP_SYS_NONCOHERENT = 3,
    GP_SPARSE = 4,                  /* in no register and no PTE */
} GpAperture;

GpMem *gp_mem_new(Gp107 *gpu);
void gp_mem_free(GpMem *mem);
void gp_mem_reset(GpMem *mem);

/*
 * False: nothing answers (beyond VRAM, peer, no such system memory); a read
 * then gives all ones.
 */
bool gp_mem_read(Gp107 *gpu, GpAperture ap, uint64_t addr, void *buf,
                 uint64_t len);
bool gp_mem_write(Gp107 *gpu, GpAperture ap, uint64_t addr, const void *buf,
                  uint64_t len);
bool gp_mem_cmpxchg(Gp107 *gpu, GpAperture ap, uint64_t addr, unsigned size,
                    uint64_t expected, uint64_t desired, uint64_t *old);

uint32_t gp_mem_read32(Gp107 *gpu, GpAperture ap, uint64_t addr);
uint64_t gp_mem_read64(Gp107 *gpu, GpAperture ap, uint64_t addr);
void gp_mem_write32(Gp107 *gpu, GpAperture ap, uint64_t addr, uint32_t val);
void gp_mem_write64(Gp107 *gpu, GpAperture ap, uint64_t addr, uint64_t val);

/*
 * When a page table was last written is what dates a stale TLB entry: the MMU
 * names the 4 KiB pages of VRAM that it walks.  True: *when is the time (ns)
 * of the last write since; false: there was none, and it is the time when the
 * page was named.
 */
void gp_mem_watch(Gp107 *gpu, uint64_t addr);
bool gp_mem_watch_written(Gp107 *gpu, uint64_t addr, uint64_t *when);

/*
 * The write-protected region that the ACR set up, for PFB's register of it:
 * @start a multiple of 128 KiB, @limit the address of its last 128 KiB.
 */
void gp_mem_set_wpr(Gp107 *gpu, uint64_t start, uint64_t limit);

#endif
