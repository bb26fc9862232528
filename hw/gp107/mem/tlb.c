/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TLB as a set-associative store. */
#include <stdlib.h>
#include <string.h>

#include "tlb.h"

#define SETS            1024
#define WAYS            4
#define SIZES           3

static const uint8_t shifts[SIZES] = {
    GP_SHIFT_4K, GP_SHIFT_64K, GP_SHIFT_2M,
};

/*
 * A directory is aligned to 4 KiB, so that its address leaves room for the
 * rest of what tells entries apart.
 */
#define TAG_VALID       (1u << 0)
#define TAG_AP_SHIFT    1
#define TAG_AP          (3u << TAG_AP_SHIFT)
#define TAG_SIZE_SHIFT  3
#define TAG_SIZE        (3u << TAG_SIZE_SHIFT)
#define TAG_PDB         (~0xfffull)

typedef struct Tag {
    uint64_t space;                 /* PDB and TAG_* */
    uint64_t page;                  /* number, in pages of its size */
} Tag;

typedef struct Set {
    Tag tag[WAYS];
} Set;

struct GpTlb {
    Set set[SETS];
    GpTlbEntry entry[SETS][WAYS];
    uint8_t oldest[SETS];
    unsigned count[SIZES];          /* so that absent sizes cost no look-up */
};

GpTlb *gp_tlb_new(void)
{
    return calloc(1, sizeof(GpTlb));
}

void gp_tlb_free(GpTlb *tlb)
{
    free(tlb);
}

static uint64_t make_space(uint64_t pdb, GpAperture pdb_ap, unsigned size)
{
    return (pdb & TAG_PDB) | TAG_VALID | (uint64_t)pdb_ap << TAG_AP_SHIFT |
           size << TAG_SIZE_SHIFT;
}

static unsigned hash(uint64_t space, uint64_t page)
{
    uint64_t x = (page ^ space >> 12) * 0x9e3779b97f4a7c15ull;

    return x >> 54;
}
_Static_assert(SETS == 1 << (64 - 54), "hash() fits the number of sets");

static unsigned size_of(const Tag *tag)
{
    return (tag->space & TAG_SIZE) >> TAG_SIZE_SHIFT;
}

static void drop(GpTlb *tlb, Tag *tag)
{
    tlb->count[size_of(tag)]--;
    tag->space = 0;
}

GpTlbEntry *gp_tlb_find(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap,
                        uint64_t va)
{
    for (unsigned size = 0; size < SIZES; size++) {
        uint64_t space = make_space(pdb, pdb_ap, size);
        uint64_t page = va >> shifts[size];
        unsigned set = hash(space, page);

        if (!tlb->count[size]) {
            continue;
        }
        for (unsigned way = 0; way < WAYS; way++) {
            const Tag *tag = &tlb->set[set].tag[way];

            if (tag->page == page && tag->space == space) {
                return &tlb->entry[set][way];
            }
        }
    }
    return NULL;
}

GpTlbEntry *gp_tlb_insert(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap,
                          uint64_t va, unsigned shift)
{
    unsigned size = shift == GP_SHIFT_4K ? 0 : shift == GP_SHIFT_64K ? 1 : 2;
    uint64_t space = make_space(pdb, pdb_ap, size);
    uint64_t page = va >> shifts[size];
    unsigned set = hash(space, page);
    unsigned way = 0;
    Tag *tag;

    while (way < WAYS && (tlb->set[set].tag[way].space & TAG_VALID)) {
        way++;
    }
    if (way == WAYS) {
        way = tlb->oldest[set];
        tlb->oldest[set] = (way + 1) % WAYS;
        drop(tlb, &tlb->set[set].tag[way]);
    }
    tag = &tlb->set[set].tag[way];
    tag->space = space;
    tag->page = page;
    tlb->count[size]++;
    memset(&tlb->entry[set][way], 0, sizeof(GpTlbEntry));
    return &tlb->entry[set][way];
}

static bool empty(const GpTlb *tlb)
{
    return !tlb->count[0] && !tlb->count[1] && !tlb->count[2];
}

void gp_tlb_flush(GpTlb *tlb)
{
    if (empty(tlb)) {
        return;
    }
    memset(tlb->set, 0, sizeof(tlb->set));
    memset(tlb->oldest, 0, sizeof(tlb->oldest));
    memset(tlb->count, 0, sizeof(tlb->count));
}

/* @mask: the bits of a tag's space that must equal @space. */
static void flush_if(GpTlb *tlb, uint64_t mask, uint64_t space, bool all_va,
                     uint64_t va)
{
    mask |= TAG_VALID;
    space |= TAG_VALID;
    if (empty(tlb)) {
        return;
    }
    for (unsigned set = 0; set < SETS; set++) {
        for (unsigned way = 0; way < WAYS; way++) {
            Tag *tag = &tlb->set[set].tag[way];

            if ((tag->space & mask) == (space & mask) &&
                (all_va || tag->page == va >> shifts[size_of(tag)])) {
                drop(tlb, tag);
            }
        }
    }
}

void gp_tlb_flush_pdb(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap)
{
    flush_if(tlb, TAG_PDB | TAG_AP, make_space(pdb, pdb_ap, 0), true, 0);
}

void gp_tlb_flush_va(GpTlb *tlb, uint64_t va)
{
    flush_if(tlb, 0, 0, false, va);
}

void gp_tlb_flush_pdb_va(GpTlb *tlb, uint64_t pdb, GpAperture pdb_ap,
                         uint64_t va)
{
    flush_if(tlb, TAG_PDB | TAG_AP, make_space(pdb, pdb_ap, 0), false, va);
}

void gp_tlb_for_each(GpTlb *tlb, GpTlbVisit *visit, void *opaque)
{
    for (unsigned set = 0; set < SETS; set++) {
        for (unsigned way = 0; way < WAYS; way++) {
            const Tag *tag = &tlb->set[set].tag[way];

            if (tag->space & TAG_VALID) {
                visit(opaque, tag->space & TAG_PDB,
                      (GpAperture)((tag->space & TAG_AP) >> TAG_AP_SHIFT),
                      tag->page << shifts[size_of(tag)],
                      &tlb->entry[set][way]);
            }
        }
    }
}
