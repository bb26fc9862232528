/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address spaces, page walks, and accesses by virtual address.
 *
 * The format is that of gp100-mmu-format.pdf; bit positions are those of
 * NV_MMU_VER2_* in hwref gp100 dev_mmu.h.  A PTE's kind says how a surface is
 * swizzled and compressed in DRAM, which no client sees: L2 undoes it, and an
 * address is the same byte with every kind.  So kinds and comptags are
 * accepted and mean nothing here.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmu_state.h"

#define BITS(hi, lo)    (((2ull << ((hi) - (lo))) - 1) << (lo))

#define VA_BITS         49

/* dev_ram.h, NV_RAMIN_* */
#define RAMIN_PDB       0x200
#define RAMIN_LIMIT     0x208
#define PDB_TARGET      BITS(1, 0)
#define PDB_REPLAY_TEX  BITS(4, 4)
#define PDB_REPLAY_GCC  BITS(5, 5)
#define PDB_VER2        BITS(10, 10)
#define PDB_ADDR        BITS(63, 12)

/* NV_MMU_VER2_PDE_*, _DUAL_PDE_*: an address field is PA >> 4. */
#define PDE_IS_PTE      BITS(0, 0)
#define PDE_AP_SHIFT    1
#define PDE_AP          3
#define PDE_VOL         BITS(3, 3)
#define PDE_ADDR_VID    BITS(32, 8)
#define PDE_ADDR_SYS    BITS(53, 8)
#define PDE_BIG_VID     BITS(32, 4)
#define PDE_BIG_SYS     BITS(53, 4)

/* NV_MMU_VER2_PTE_* */
#define PTE_VALID       BITS(0, 0)
#define PTE_AP_SHIFT    1
#define PTE_AP          3
#define PTE_VOL         BITS(3, 3)
#define PTE_PRIV        BITS(5, 5)
#define PTE_RO          BITS(6, 6)
#define PTE_NO_ATOMIC   BITS(7, 7)
#define PTE_ADDR_VID    BITS(32, 8)
#define PTE_ADDR_SYS    BITS(53, 8)

/* dev_fault.h, NV_PFAULT_CLIENT_*: who asks for a program's sake. */
enum {
    CLIENT_GPC_RAST = 0x0c,
    CLIENT_GPC_GPCCS = 0x0e,
    CLIENT_GPC_GPM = 0x13,
    CLIENT_GPC_TPCCS_0 = 0x30,
    CLIENT_HUB_CE0 = 0x01,
    CLIENT_HUB_CE1 = 0x02,
    CLIENT_HUB_GRCOPY = 0x18,
    CLIENT_HUB_HSCE0 = 0x20,
    CLIENT_HUB_HSCE9 = 0x29,
};

GpMmu *gp_mmu_new(Gp107 *gpu)
{
    GpMmu *mmu = calloc(1, sizeof(*mmu));

    if (!mmu) {
        return NULL;
    }
    mmu->gpu = gpu;
    mmu->gpc_tlb = gp_tlb_new();
    mmu->hub_tlb = gp_tlb_new();
    if (!mmu->gpc_tlb || !mmu->hub_tlb) {
        gp_mmu_free(mmu);
        return NULL;
    }
    gp_invalidate_map(mmu);
    return mmu;
}

void gp_mmu_free(GpMmu *mmu)
{
    if (!mmu) {
        return;
    }
    gp_tlb_free(mmu->gpc_tlb);
    gp_tlb_free(mmu->hub_tlb);
    free(mmu);
}

void gp_mmu_reset(GpMmu *mmu)
{
    gp_tlb_flush(mmu->gpc_tlb);
    gp_tlb_flush(mmu->hub_tlb);
    gp_invalidate_reset(mmu);
}

void gp_mmu_bind(Gp107 *gpu, uint64_t inst, GpAperture ap, GpSpace *space)
{
    uint64_t ramin[2] = { 0 };
    uint64_t pdb, limit;
    bool ok;

    ok = gp_mem_read(gpu, ap, inst + RAMIN_PDB, ramin, sizeof(ramin));
    pdb = ramin[0];
    limit = ramin[1];
    *space = (GpSpace) {
        .inst = inst,
        .inst_ap = ap,
        .pdb = pdb & PDB_ADDR,
        .pdb_ap = (GpAperture)(pdb & PDB_TARGET),
        .limit = (limit | BITS(11, 0)) & BITS(VA_BITS - 1, 0),
        .replay_tex = pdb & PDB_REPLAY_TEX,
        .replay_gcc = pdb & PDB_REPLAY_GCC,
    };
    space->valid = ok && space->pdb_ap != GP_PEER && (pdb & PDB_VER2);
    if (ok && pdb && !space->valid) {
        gp_log(gpu, GP_LOG_GUEST, "MMU: instance %012" PRIx64
               " names no page directory of the GP100 format: %016" PRIx64,
               inst, pdb);
    }
}

/* -------------------------------------------------------------- the walk */

typedef struct Walker {
    Gp107 *gpu;
    bool count;                     /* a walk of the hardware's, not a check */
    GpWalk *walk;
} Walker;

static bool fetch(Walker *w, GpAperture ap, uint64_t addr, uint64_t *val)
{
    if (!gp_mem_read(w->gpu, ap, addr, val, sizeof(*val))) {
        return false;
    }
    if (ap == GP_VRAM) {
        gp_mem_watch(w->gpu, addr);
    }
    w->walk->word[w->walk->count++] = (GpWalkWord) {
        .addr = addr,
        .val = *val,
        .ap = ap,
    };
    return true;
}

/* One PTE, or one PDE of whatever size. */
static bool fetch_entry(Walker *w, GpAperture ap, uint64_t addr,
                        uint64_t *val)
{
    if (w->count) {
        gp_count(w->gpu, ap == GP_VRAM ? GP_COUNTER_PTE_READS_VRAM :
                                         GP_COUNTER_PTE_READS_SYSTEM, 1);
    }
    return fetch(w, ap, addr, val);
}

static void set_sparse(GpLeaf *leaf, unsigned shift)
{
    *leaf = (GpLeaf) { .ap = GP_SPARSE, .shift = shift };
}

static void set_leaf(GpLeaf *leaf, uint64_t pte, unsigned shift)
{
    GpAperture ap = (GpAperture)(pte >> PTE_AP_SHIFT & PTE_AP);
    uint64_t field = ap == GP_VRAM || ap == GP_PEER ? PTE_ADDR_VID :
                                                      PTE_ADDR_SYS;

    *leaf = (GpLeaf) {
        .addr = (pte & field) << 4 & ~BITS(shift - 1, 0),
        .ap = ap,
        .shift = shift,
        .flags = (pte & PTE_VOL ? GP_LEAF_VOLATILE : 0) |
                 (pte & PTE_PRIV ? GP_LEAF_PRIV : 0) |
                 (pte & PTE_RO ? GP_LEAF_RO : 0) |
                 (pte & PTE_NO_ATOMIC ? GP_LEAF_NO_ATOMIC : 0),
    };
}

/* The next table that a PDE names: false when it names none. */
static bool next_table(uint64_t pde, uint64_t vid, uint64_t sys,
                       GpAperture *ap, uint64_t *addr)
{
    unsigned code = pde >> PDE_AP_SHIFT & PDE_AP;

    if (!code) {
        return false;
    }
    /* Unlike in a PTE, 1 is VRAM and there is no peer. */
    *ap = code == 1 ? GP_VRAM : (GpAperture)code;
    *addr = (pde & (code == 1 ? vid : sys)) << 4;
    return true;
}

/* The two tables behind a dual PDE. */
static bool walk_pde0(Walker *w, GpAperture ap, uint64_t entry, uint64_t va,
                      GpLeaf *leaf, GpFaultType *type)
{
    uint64_t big_pde, small_pde, pte, table;
    GpAperture table_ap;
    bool big;

    *type = GP_FAULT_PDE;
    if (!fetch_entry(w, ap, entry, &big_pde)) {
        return false;
    }
    if (big_pde & PDE_IS_PTE) {
        set_leaf(leaf, big_pde, GP_SHIFT_2M);
        return true;
    }
    big = next_table(big_pde, PDE_BIG_VID, PDE_BIG_SYS, &table_ap, &table);
    if (big) {
        *type = GP_FAULT_PTE;
        if (!fetch_entry(w, table_ap, table + (va >> 16 & 31) * 8, &pte)) {
            return false;
        }
        if (pte & PTE_VALID) {
            set_leaf(leaf, pte, GP_SHIFT_64K);
            return true;
        }
        if (pte & PTE_VOL) {
            set_sparse(leaf, GP_SHIFT_64K);
            return true;
        }
        /* "indicates that no small page PTEs in this range are valid" */
        if (pte & PTE_PRIV) {
            return false;
        }
    }
    /* The other half of the entry that was read already. */
    if (!fetch(w, ap, entry + 8, &small_pde)) {
        return false;
    }
    if (!next_table(small_pde, PDE_ADDR_VID, PDE_ADDR_SYS, &table_ap,
                    &table)) {
        if (!big && (big_pde & PDE_VOL)) {
            set_sparse(leaf, GP_SHIFT_2M);
            return true;
        }
        return false;
    }
    *type = GP_FAULT_PTE;
    if (!fetch_entry(w, table_ap, table + (va >> 12 & 511) * 8, &pte)) {
        return false;
    }
    if (pte & PTE_VALID) {
        set_leaf(leaf, pte, GP_SHIFT_4K);
        return true;
    }
    if (pte & PTE_VOL) {
        set_sparse(leaf, GP_SHIFT_4K);
        return true;
    }
    return false;
}

static bool walk_tables(Gp107 *gpu, uint64_t pdb, GpAperture pdb_ap,
                        uint64_t va, bool count, GpWalk *walk, GpLeaf *leaf,
                        GpFaultType *type)
{
    Walker w = { .gpu = gpu, .count = count, .walk = walk };
    uint64_t table = pdb;
    GpAperture ap = pdb_ap;

    walk->count = 0;
    if (count) {
        gp_count(gpu, GP_COUNTER_WALKS, 1);
    }
    *type = GP_FAULT_PDE;
    for (unsigned level = 3; level >= 1; level--) {
        /* PDE3 takes VA bits 48:47, PDE2 46:38, PDE1 37:29. */
        unsigned index = va >> (20 + 9 * level) & 511;
        uint64_t pde;

        if (!fetch_entry(&w, ap, table + index * 8, &pde)) {
            return false;
        }
        if (pde & PDE_IS_PTE) {
            /* "Should be 0 for all levels": there is no page that large. */
            *type = GP_FAULT_PDE_SIZE;
            return false;
        }
        if (!next_table(pde, PDE_ADDR_VID, PDE_ADDR_SYS, &ap, &table)) {
            if (pde & PDE_VOL) {
                set_sparse(leaf, GP_SHIFT_2M);
                return true;
            }
            return false;
        }
    }
    return walk_pde0(&w, ap, table + (va >> 21 & 255) * 16, va, leaf, type);
}

/* ------------------------------------------------------------ permissions */

/* The PTE's privilege bit stops what runs for a program. */
static bool privileged(const GpClient *client)
{
    if (client->hub) {
        return client->client != CLIENT_HUB_CE0 &&
               client->client != CLIENT_HUB_CE1 &&
               client->client != CLIENT_HUB_GRCOPY &&
               (client->client < CLIENT_HUB_HSCE0 ||
                client->client > CLIENT_HUB_HSCE9);
    }
    return client->client == CLIENT_GPC_RAST ||
           client->client == CLIENT_GPC_GPCCS ||
           client->client == CLIENT_GPC_GPM ||
           client->client >= CLIENT_GPC_TPCCS_0;
}

static bool permits(const GpLeaf *leaf, const GpClient *client,
                    GpAccess access, GpFaultType *type)
{
    if (leaf->ap == GP_PEER) {
        *type = GP_FAULT_UNSUPPORTED_APERTURE;
        return false;
    }
    if ((leaf->flags & GP_LEAF_PRIV) && !privileged(client)) {
        *type = GP_FAULT_PRIV;
        return false;
    }
    if (access == GP_ACCESS_ATOMIC && (leaf->flags & GP_LEAF_NO_ATOMIC)) {
        *type = GP_FAULT_ATOMIC;
        return false;
    }
    if ((access == GP_ACCESS_WRITE || access == GP_ACCESS_ATOMIC) &&
        (leaf->flags & GP_LEAF_RO)) {
        *type = GP_FAULT_RO;
        return false;
    }
    return true;
}

/* ----------------------------------------------------------- stale entries */

/* Whether the tables still hold the words that @walk read. */
static bool walk_holds(Gp107 *gpu, const GpWalk *walk)
{
    for (unsigned i = 0; i < walk->count; i++) {
        const GpWalkWord *word = &walk->word[i];

        if (gp_mem_read64(gpu, word->ap, word->addr) != word->val) {
            return false;
        }
    }
    return true;
}

static bool same_target(const GpLeaf *a, const GpLeaf *b, uint64_t va)
{
    return a->ap == b->ap &&
           (a->ap == GP_SPARSE || a->addr + (va & BITS(a->shift - 1, 0)) ==
                                  b->addr + (va & BITS(b->shift - 1, 0)));
}

/* Whether the entry leads elsewhere, or permits more, than @fresh. */
static bool contradicts(const GpLeaf *entry, const GpLeaf *fresh, uint64_t va)
{
    return !same_target(entry, fresh, va) ||
           (fresh->flags & ~entry->flags &
            (GP_LEAF_PRIV | GP_LEAF_RO | GP_LEAF_NO_ATOMIC));
}

/*
 * The latest time at which the tables can have become what @walk saw: that of
 * the last write to one of them.  Where a table was not seen being written
 * (in system memory) it is now.
 */
static uint64_t changed_at(Gp107 *gpu, const GpWalk *walk)
{
    uint64_t latest = 0;
    bool known = false;

    for (unsigned i = 0; i < walk->count; i++) {
        uint64_t when;
        bool written;

        if (walk->word[i].ap != GP_VRAM) {
            return gp_now(gpu);
        }
        written = gp_mem_watch_written(gpu, walk->word[i].addr, &when);
        if (when >= latest) {
            latest = when;
            known = written;
        }
    }
    return known ? latest : gp_now(gpu);
}

/* A hit was served: would a walk at this moment have served the same? */
static void check_hit(GpMmu *mmu, const GpSpace *space, GpTlbEntry *entry,
                      const GpClient *client, uint64_t va, GpAccess access)
{
    Gp107 *gpu = mmu->gpu;
    GpWalk walk;
    GpLeaf fresh;
    GpFaultType type;
    uint64_t since;
    bool ok, late;

    if (walk_holds(gpu, &entry->walk)) {
        entry->lies = false;
        return;
    }
    ok = walk_tables(gpu, space->pdb, space->pdb_ap, va, false, &walk, &fresh,
                     &type);
    if (ok && !contradicts(&entry->leaf, &fresh, va)) {
        entry->lies = false;
        /* A smaller page would vouch for a part of the entry only. */
        if (fresh.shift >= entry->leaf.shift) {
            entry->walk = walk;
        }
        return;
    }
    since = changed_at(gpu, &walk);
    if (!entry->lies || since < entry->since) {
        entry->lies = true;
        entry->since = since;
    }
    if (ok && same_target(&entry->leaf, &fresh, va) &&
        permits(&fresh, client, access, &type)) {
        return;                     /* what it lies about was not used */
    }
    late = gp_now(gpu) - entry->since >= gpu->cfg.stale_grace_ns;
    gp_count(gpu, late ? GP_COUNTER_TLB_STALE_LATE :
                         GP_COUNTER_TLB_STALE_GRACE, 1);
    if (late && !entry->told) {
        entry->told = true;
        gp_log(gpu, GP_LOG_GUEST, "MMU: stale TLB entry used: PDB %012" PRIx64
               ", address %013" PRIx64 ", access %u", space->pdb, va,
               access);
    }
}

/* So many of them go to the log. */
#define LIES_TOLD       16

typedef struct Comparison {
    Gp107 *gpu;
    unsigned lies;
} Comparison;

static void compare_entry(void *opaque, uint64_t pdb, GpAperture pdb_ap,
                          uint64_t va, const GpTlbEntry *entry)
{
    Comparison *c = opaque;
    uint64_t end = va + (1ull << entry->leaf.shift);

    if (walk_holds(c->gpu, &entry->walk)) {
        return;
    }
    while (va < end) {
        GpWalk walk;
        GpLeaf fresh;
        GpFaultType type;

        if (!walk_tables(c->gpu, pdb, pdb_ap, va, false, &walk, &fresh,
                         &type) || contradicts(&entry->leaf, &fresh, va)) {
            if (++c->lies <= LIES_TOLD) {
                gp_log(c->gpu, GP_LOG_GUEST, "MMU: stale TLB entry: PDB %012"
                       PRIx64 ", address %013" PRIx64, pdb, va);
            }
            return;
        }
        va = (va | BITS(fresh.shift - 1, 0)) + 1;
    }
}

unsigned gp_mmu_compare_tlb(Gp107 *gpu)
{
    Comparison c = { .gpu = gpu };

    gp_tlb_for_each(gpu->mmu->gpc_tlb, compare_entry, &c);
    gp_tlb_for_each(gpu->mmu->hub_tlb, compare_entry, &c);
    return c.lies;
}

/* ------------------------------------------------------------- translation */

/* Gives the leaf for @va from the TLB, or walks and fills the TLB. */
static bool look_up(GpMmu *mmu, const GpSpace *space, const GpClient *client,
                    uint64_t va, GpAccess access, GpLeaf *leaf,
                    GpFaultType *type)
{
    GpTlb *tlb = client->hub ? mmu->hub_tlb : mmu->gpc_tlb;
    GpTlbEntry *entry = gp_tlb_find(tlb, space->pdb, space->pdb_ap, va);
    GpWalk walk;

    if (entry) {
        gp_count(mmu->gpu, GP_COUNTER_TLB_HITS, 1);
        *leaf = entry->leaf;
        if (!permits(leaf, client, access, type)) {
            return false;
        }
        if (mmu->gpu->cfg.strict_tlb) {
            check_hit(mmu, space, entry, client, va, access);
        }
        return true;
    }
    if (!walk_tables(mmu->gpu, space->pdb, space->pdb_ap, va, true, &walk,
                     leaf, type)) {
        return false;
    }
    /* A valid PTE is cached even if it forbids this access. */
    entry = gp_tlb_insert(tlb, space->pdb, space->pdb_ap, va, leaf->shift);
    entry->leaf = *leaf;
    entry->walk = walk;
    return permits(leaf, client, access, type);
}

bool gp_mmu_translate(Gp107 *gpu, const GpSpace *space,
                      const GpClient *client, uint64_t va, GpAccess access,
                      GpXlat *xlat, GpFault *fault)
{
    GpFaultType type = GP_FAULT_UNBOUND_INST;
    GpLeaf leaf;

    if (space->valid && va > space->limit) {
        type = GP_FAULT_VA_LIMIT;
    } else if (space->valid &&
               look_up(gpu->mmu, space, client, va, access, &leaf, &type)) {
        uint64_t offset = va & BITS(leaf.shift - 1, 0);
        uint64_t len = (1ull << leaf.shift) - offset;

        *xlat = (GpXlat) {
            .ap = leaf.ap,
            .addr = leaf.addr + offset,
            .len = len - 1 <= space->limit - va ? len :
                                                  space->limit - va + 1,
            .is_volatile = leaf.flags & GP_LEAF_VOLATILE,
            .sparse = leaf.ap == GP_SPARSE,
        };
        return true;
    }
    *fault = (GpFault) {
        .inst = space->inst,
        .inst_ap = space->inst_ap,
        .va = va,
        .access = access,
        .type = type,
        .client = *client,
    };
    return false;
}

bool gp_xlat_read(Gp107 *gpu, const GpXlat *xlat, void *buf, uint64_t len)
{
    return gp_mem_read(gpu, xlat->ap, xlat->addr, buf, len);
}

bool gp_xlat_write(Gp107 *gpu, const GpXlat *xlat, const void *buf,
                   uint64_t len)
{
    return gp_mem_write(gpu, xlat->ap, xlat->addr, buf, len);
}

bool gp_xlat_cmpxchg(Gp107 *gpu, const GpXlat *xlat, unsigned size,
                     uint64_t expected, uint64_t desired, uint64_t *old)
{
    return gp_mem_cmpxchg(gpu, xlat->ap, xlat->addr, size, expected, desired,
                          old);
}

bool gp_mmu_read(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                 uint64_t va, void *buf, uint64_t len, GpFault *fault)
{
    uint8_t *to = buf;

    while (len) {
        GpXlat xlat;
        uint64_t n;

        if (!gp_mmu_translate(gpu, space, client, va, GP_ACCESS_READ, &xlat,
                              fault)) {
            memset(to, 0xff, len);
            return false;
        }
        n = len < xlat.len ? len : xlat.len;
        gp_xlat_read(gpu, &xlat, to, n);
        to += n;
        va += n;
        len -= n;
    }
    return true;
}

bool gp_mmu_write(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                  uint64_t va, const void *buf, uint64_t len, GpFault *fault)
{
    const uint8_t *from = buf;

    while (len) {
        GpXlat xlat;
        uint64_t n;

        if (!gp_mmu_translate(gpu, space, client, va, GP_ACCESS_WRITE, &xlat,
                              fault)) {
            return false;
        }
        n = len < xlat.len ? len : xlat.len;
        gp_xlat_write(gpu, &xlat, from, n);
        from += n;
        va += n;
        len -= n;
    }
    return true;
}

bool gp_mmu_read32(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                   uint64_t va, uint32_t *val, GpFault *fault)
{
    return gp_mmu_read(gpu, space, client, va, val, sizeof(*val), fault);
}

bool gp_mmu_write32(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                    uint64_t va, uint32_t val, GpFault *fault)
{
    return gp_mmu_write(gpu, space, client, va, &val, sizeof(val), fault);
}
