/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of FB, LTC and the flushes.
 *
 * Memory here has no caches, so a flush is over as soon as it is asked for.
 */
#include <stdlib.h>

#include "../core/mmio.h"
#include "fb.h"

#define FLUSH           0x070000    /* dev_flush: one word per operation */
#define FLUSH_SIZE      0x000020

#define VPR             0x100cd0    /* index in bits 1:0, locked in bit 4 */
#define VPR_LOCKED      (1u << 4)
#define WPR             0x100cd4    /* index in bits 3:0, addr >> 8 in 31:8 */
#define WPR_START       2
#define WPR_LIMIT       3
#define VIDMEM_SIZE     0x100ce0    /* MiB: bits 9:4 << bits 3:0 */

#define RAMAMOUNT       0x90020c    /* FBPA_0_CSTATUS: MiB of the one FBPA */

#define LTC             0x17e000    /* all LTCs and slices */
#define LTC_SIZE        0x002000
#define LTC_SLICES      0x17e280    /* slices of one LTC in bits 31:28 */
#define SLICES          2u

/* What the driver configures and nothing here depends on. */
static const struct {
    const char *name;
    uint32_t base;
    uint32_t size;
} stored[] = {
    { "PFB", 0x100800, 0x08 },      /* number of LTCs, for PGRAPH's copy */
    { "PFB", 0x100c10, 0x08 },      /* sysmem flush page, remapper */
    { "PFB", 0x100cc4, 0x0c },      /* MMU debug: control, write, read page */
    { "PFFB", 0x10ecc0, 0x04 },     /* FBPA interrupts */
    { "PFBPA", 0x9a0000, 0x1000 },  /* all FBPAs */
};

struct GpFb {
    Gp107 *gpu;
    uint64_t wpr_start;
    uint64_t wpr_limit;
};

static uint32_t vidmem_size(const GpFb *fb)
{
    uint64_t mib = fb->gpu->cfg.vram_size >> 20;
    uint32_t scale = 0;

    while (mib > 0x3f) {
        mib >>= 1;
        scale++;
    }
    return mib << 4 | scale;
}

static uint32_t fb_read(void *opaque, uint32_t addr)
{
    GpFb *fb = opaque;
    uint32_t val = gp_mmio_get(fb->gpu->mmio, addr);

    switch (addr) {
    case VPR:
        return val & ~VPR_LOCKED;
    case WPR:
        switch (val & 0xf) {
        case WPR_START:
            return (uint32_t)(fb->wpr_start >> 8 & 0xffffff00) | WPR_START;
        case WPR_LIMIT:
            return (uint32_t)(fb->wpr_limit >> 8 & 0xffffff00) | WPR_LIMIT;
        default:
            return val & 0xf;
        }
    case RAMAMOUNT:
        return fb->gpu->cfg.vram_size >> 20;
    default:
        return vidmem_size(fb);
    }
}

static void fb_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFb *fb = opaque;

    if (addr == VIDMEM_SIZE || addr == RAMAMOUNT) {
        gp_log(fb->gpu, GP_LOG_GUEST, "PFB: memory size is read-only");
        return;
    }
    gp_mmio_set(fb->gpu->mmio, addr, val);
}

static const GpMmioOps fb_ops = {
    .read = fb_read,
    .write = fb_write,
};

/* Pending and outstanding, bits 0 and 1, are never seen. */
static uint32_t flush_read(void *opaque, uint32_t addr)
{
    return 0;
}

static void flush_write(void *opaque, uint32_t addr, uint32_t val)
{
}

static const GpMmioOps flush_ops = {
    .read = flush_read,
    .write = flush_write,
};

static uint32_t ltc_read(void *opaque, uint32_t addr)
{
    GpFb *fb = opaque;

    return addr == LTC_SLICES ? SLICES << 28 :
                                gp_mmio_get(fb->gpu->mmio, addr);
}

static void ltc_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFb *fb = opaque;

    gp_mmio_set(fb->gpu->mmio, addr, val);
}

static const GpMmioOps ltc_ops = {
    .read = ltc_read,
    .write = ltc_write,
};

GpFb *gp_fb_new(Gp107 *gpu)
{
    GpFb *fb = calloc(1, sizeof(*fb));

    if (!fb) {
        return NULL;
    }
    fb->gpu = gpu;
    gp_mmio_map(gpu->mmio, "PFLUSH", FLUSH, FLUSH_SIZE, &flush_ops, fb);
    gp_mmio_map(gpu->mmio, "PFB", VPR, 8, &fb_ops, fb);
    gp_mmio_map(gpu->mmio, "PFB", VIDMEM_SIZE, 4, &fb_ops, fb);
    gp_mmio_map(gpu->mmio, "PFBPA", RAMAMOUNT, 4, &fb_ops, fb);
    gp_mmio_map(gpu->mmio, "PLTC", LTC, LTC_SIZE, &ltc_ops, fb);
    for (unsigned i = 0; i < sizeof(stored) / sizeof(stored[0]); i++) {
        gp_mmio_map_stored(gpu->mmio, stored[i].name, stored[i].base,
                           stored[i].size);
    }
    return fb;
}

void gp_fb_free(GpFb *fb)
{
    free(fb);
}

void gp_fb_reset(GpFb *fb)
{
    fb->wpr_start = 0;
    fb->wpr_limit = 0;
}

void gp_fb_set_wpr(GpFb *fb, uint64_t start, uint64_t limit)
{
    fb->wpr_start = start;
    fb->wpr_limit = limit;
}
