/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR0 decode.
 *
 * Look-up is by 4 KiB page; a page holds few ranges, kept in a list.  The
 * store is allocated by page on first write, so that 16 MiB of mostly
 * untouched registers cost nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "mmio.h"

#define PAGE_SHIFT      12
#define PAGE_SIZE       (1u << PAGE_SHIFT)
#define PAGES           (GP_BAR0_SIZE >> PAGE_SHIFT)
#define PAGE_WORDS      (PAGE_SIZE / 4)

typedef struct Range {
    struct Range *next;             /* in the same page */
    const char *name;
    uint32_t base;
    uint32_t last;                  /* address of the last word */
    const GpMmioOps *ops;           /* NULL: stored only */
    void *opaque;
} Range;

typedef struct Page {
    Range *ranges;
    uint32_t *words;
    uint32_t logged[PAGE_WORDS / 32];
} Page;

struct GpMmio {
    Gp107 *gpu;
    Page page[PAGES];
};

/*
 * Where a register lies when no block claims it, so that the log names a
 * block: the units' base addresses, from the dev_*.h headers of the gp100
 * swref and the manuals.
 */
static const struct {
    uint32_t base;
    const char *name;
} units[] = {
    { 0x000000, "PMC" }, { 0x001000, "PBUS" }, { 0x002000, "PFIFO" },
    { 0x004000, "PCLK" }, { 0x009000, "PTIMER" }, { 0x00a000, "unit" },
    { 0x00c000, "PCOUNTER" }, { 0x00d000, "PMGR" }, { 0x00e000, "PNVIO" },
    { 0x010000, "unit" }, { 0x020000, "PTHERM" }, { 0x021000, "PFUSE" },
    { 0x022000, "PTOP" }, { 0x023000, "unit" }, { 0x040000, "PBDMA" },
    { 0x060000, "unit" }, { 0x070000, "PFLUSH" }, { 0x071000, "unit" },
    { 0x080000, "unit" }, { 0x084000, "NVDEC" }, { 0x087000, "SEC2" },
    { 0x088000, "XVE" }, { 0x089000, "unit" }, { 0x100000, "PFB" },
    { 0x101000, "PSTRAPS" }, { 0x104000, "PCE" }, { 0x105000, "unit" },
    { 0x10a000, "PPMU" }, { 0x10b000, "unit" }, { 0x110000, "PFFB" },
    { 0x120000, "PRIVRING" }, { 0x130000, "PCLOCK" }, { 0x140000, "PLTC" },
    { 0x180000, "PCOUNTER" }, { 0x1c0000, "unit" }, { 0x300000, "PROM" },
    { 0x400000, "PGRAPH" }, { 0x610000, "PDISP" }, { 0x6f0000, "unit" },
    { 0x700000, "PRAMIN" }, { 0x800000, "PFIFO" }, { 0x820000, "unit" },
    { 0x840000, "SEC2" }, { 0x850000, "unit" }, { 0x900000, "PFBPA" },
    { 0xa00000, "unit" }, { 0xf00000, "debug" }, { 0xf01000, "unit" },
};

static const char *unit_name(uint32_t addr)
{
    const char *name = "unit";

    for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (units[i].base > addr) {
            break;
        }
        name = units[i].name;
    }
    return name;
}

static Range *find(GpMmio *mmio, uint32_t addr)
{
    Range *range = mmio->page[addr >> PAGE_SHIFT].ranges;

    while (range && (addr < range->base || addr > range->last)) {
        range = range->next;
    }
    return range;
}

GpMmio *gp_mmio_new(Gp107 *gpu)
{
    GpMmio *mmio = calloc(1, sizeof(*mmio));

    if (mmio) {
        mmio->gpu = gpu;
    }
    return mmio;
}

void gp_mmio_free(GpMmio *mmio)
{
    if (!mmio) {
        return;
    }
    for (unsigned i = 0; i < PAGES; i++) {
        Range *range = mmio->page[i].ranges;

        while (range) {
            Range *next = range->next;

            free(range);
            range = next;
        }
        free(mmio->page[i].words);
    }
    free(mmio);
}

void gp_mmio_reset(GpMmio *mmio)
{
    for (unsigned i = 0; i < PAGES; i++) {
        free(mmio->page[i].words);
        mmio->page[i].words = NULL;
    }
}

void gp_mmio_map(GpMmio *mmio, const char *name, uint32_t base, uint32_t size,
                 const GpMmioOps *ops, void *opaque)
{
    uint32_t first = base >> PAGE_SHIFT;
    uint32_t last = (base + size - 1) >> PAGE_SHIFT;

    /* Blocks map constant ranges at start-up: an error here is a bug. */
    if (!size || base % 4 || size % 4 || base >= GP_BAR0_SIZE ||
        size > GP_BAR0_SIZE - base) {
        abort();
    }
    for (uint32_t i = first; i <= last; i++) {
        Range *range = malloc(sizeof(*range));
        uint32_t start = i << PAGE_SHIFT;

        if (!range) {
            abort();
        }
        range->name = name;
        range->base = base > start ? base : start;
        range->last = (base + size < start + PAGE_SIZE ? base + size :
                       start + PAGE_SIZE) - 4;
        for (Range *o = mmio->page[i].ranges; o; o = o->next) {
            if (range->base <= o->last && o->base <= range->last) {
                abort();
            }
        }
        range->ops = ops;
        range->opaque = opaque;
        range->next = mmio->page[i].ranges;
        mmio->page[i].ranges = range;
    }
}

void gp_mmio_map_stored(GpMmio *mmio, const char *name, uint32_t base,
                        uint32_t size)
{
    gp_mmio_map(mmio, name, base, size, NULL, NULL);
}

uint32_t gp_mmio_get(GpMmio *mmio, uint32_t addr)
{
    const uint32_t *words = mmio->page[addr >> PAGE_SHIFT].words;

    return words ? words[(addr % PAGE_SIZE) / 4] : 0;
}

void gp_mmio_set(GpMmio *mmio, uint32_t addr, uint32_t val)
{
    Page *page = &mmio->page[addr >> PAGE_SHIFT];

    if (!page->words) {
        if (!val) {
            return;
        }
        page->words = calloc(PAGE_WORDS, sizeof(uint32_t));
        if (!page->words) {
            return;
        }
    }
    page->words[(addr % PAGE_SIZE) / 4] = val;
}

static void log_unknown(GpMmio *mmio, uint32_t addr, const char *what,
                        uint32_t val)
{
    uint32_t *logged = mmio->page[addr >> PAGE_SHIFT].logged;
    uint32_t word = (addr % PAGE_SIZE) / 4;
    Range *range;

    if (logged[word / 32] & (1u << (word % 32))) {
        return;
    }
    logged[word / 32] |= 1u << (word % 32);
    gp_count(mmio->gpu, GP_COUNTER_UNKNOWN_REGISTERS, 1);
    range = find(mmio, addr);
    gp_log(mmio->gpu, GP_LOG_UNKNOWN, "%s: %s of unknown register %06x: %08x",
           range ? range->name : unit_name(addr), what, addr, val);
}

uint32_t gp_mmio_unknown_read(GpMmio *mmio, uint32_t addr)
{
    uint32_t val = gp_mmio_get(mmio, addr);

    log_unknown(mmio, addr, "read", val);
    return val;
}

void gp_mmio_unknown_write(GpMmio *mmio, uint32_t addr, uint32_t val)
{
    log_unknown(mmio, addr, "write", val);
    gp_mmio_set(mmio, addr, val);
}

uint32_t gp_mmio_read(GpMmio *mmio, uint32_t addr)
{
    Range *range = find(mmio, addr);

    if (!range) {
        return gp_mmio_unknown_read(mmio, addr);
    }
    return range->ops ? range->ops->read(range->opaque, addr) :
                        gp_mmio_get(mmio, addr);
}

void gp_mmio_write(GpMmio *mmio, uint32_t addr, uint32_t val)
{
    Range *range = find(mmio, addr);

    if (!range) {
        gp_mmio_unknown_write(mmio, addr, val);
    } else if (range->ops) {
        range->ops->write(range->opaque, addr, val);
    } else {
        gp_mmio_set(mmio, addr, val);
    }
}
