/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TLB: translations by address space and page, kept until the driver
 * invalidates them.  It knows nothing of page tables or of the rest.
 *
 * 4096 entries, 4 ways.  A set that is full loses its oldest entry, as in
 * hardware; the size is far above a working set, so that an entry which the
 * driver forgot to invalidate stays long enough to be noticed.
 */
#ifndef GP107_MEM_TLB_H
#define GP107_MEM_TLB_H

#include "mem.h"

/* gp100-mmu-format.pdf, Page Table Format. */
enum {
    GP_LEAF_VOLATILE = 1 << 0,
    GP_LEAF_PRIV = 1 << 1,
    GP_LEAF_RO = 1 << 2,
    GP_LEAF_NO_ATOMIC = 1 << 3,
};

/* log2 of the page sizes */
#define GP_SHIFT_4K     12
#define GP_SHIFT_64K    16
#define GP_SHIFT_2M     21

typedef struct GpLeaf {
    uint64_t addr;                  /* of the page; 0 when sparse */
    GpAperture ap;
    uint8_t shift;                  /* GP_SHIFT_* */
    uint8_t flags;                  /* GP_LEAF_* */
} GpLeaf;

/* The words of the page tables that a walk read. */
#define GP_WALK_WORDS   7           /* PDE3..1, PDE0 twice, both PTEs */

typedef struct GpWalkWord {
    uint64_t addr;
    uint64_t val;
    GpAperture ap;
} GpWalkWord;

typedef struct GpWalk {
    unsigned count;
    GpWalkWord word[GP_WALK_WORDS];
} GpWalk;

typedef struct GpTlbEntry {
    GpLeaf leaf;
    GpWalk walk;                    /* that made it, or confirmed it last */
    bool lies;                      /* the tables say otherwise... */
    uint64_t since;                 /* ...at the latest since then (ns) */
    bool told;                      /* the log knows of its late use */
} GpTlbEntry;

typedef struct GpTlb GpTlb;

GpTlb *gp_tlb_new(void);
void gp_tlb_free(GpTlb *tlb);

GpTlbEntry *gp_tlb_find(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap,
                        uint64_t va);
/* For the page of @shift around @va; the caller fills the entry in. */
GpTlbEntry *gp_tlb_insert(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap,
                          uint64_t va, unsigned shift);

void gp_tlb_flush(GpTlb *tlb);
void gp_tlb_flush_pdb(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap);
/* Whatever maps @va, in all address spaces or in one. */
void gp_tlb_flush_va(GpTlb *tlb, uint64_t va);
void gp_tlb_flush_pdb_va(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap,
                         uint64_t va);

typedef void GpTlbVisit(void *opaque, uint64_t pdb, GpAperture pdb_ap,
                        uint64_t va, const GpTlbEntry *entry);
void gp_tlb_for_each(GpTlb *tlb, GpTlbVisit *visit, void *opaque);

#endif
