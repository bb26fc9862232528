/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BAR1, BAR2 and PRAMIN (dev_bus.ref: NV_PBUS_BAR0_WINDOW, _BAR1_BLOCK,
 * _BIND_STATUS, _BAR2_BLOCK).
 *
 * A BAR in virtual mode is a hub client of the MMU like any other, so what
 * the driver forgets to invalidate shows here as well.
 */
#include <stdlib.h>
#include <string.h>

#include "../core/mmio.h"
#include "bar.h"
#include "fault.h"

#define WINDOW          0x001700    /* addr >> 16 in 23:0, target in 25:24 */
#define BAR1_BLOCK      0x001704
#define BIND_STATUS     0x001710    /* bits 3:0: a bind under way */
#define BAR2_BLOCK      0x001714
#define BLOCK_PTR       0x0fffffff  /* addr >> 12 */
#define BLOCK_TARGET    28
#define BLOCK_VIRTUAL   (1u << 31)

#define PRAMIN          0x700000
#define PRAMIN_SIZE     0x100000

/* dev_fault.h: NV_PFAULT_MMU_ENG_ID_*, NV_PFAULT_CLIENT_HUB_* */
#define ENGINE_BAR1     4
#define ENGINE_BAR2     5
#define CLIENT_HOST_CPU 0x07
#define CLIENT_MMU      0x0a

typedef struct Window {
    Gp107 *gpu;
    GpClient client;
    uint32_t block;                 /* the register */
    GpSpace space;                  /* in virtual mode */
} Window;

struct GpBar {
    Gp107 *gpu;
    uint32_t pramin;                /* 1700 */
    Window bar1;
    Window bar2;
};

static GpAperture target(uint32_t code)
{
    return (GpAperture)(code & 3);
}

static void window_init(Window *win, Gp107 *gpu, uint8_t engine)
{
    win->gpu = gpu;
    win->client = (GpClient) {
        .engine = engine,
        .client = CLIENT_HOST_CPU,
        .hub = true,
    };
}

static void window_bind(Window *win, uint32_t block)
{
    uint64_t ptr = (uint64_t)(block & BLOCK_PTR) << 12;

    win->block = block;
    if (block & BLOCK_VIRTUAL) {
        gp_mmu_bind(win->gpu, ptr, target(block >> BLOCK_TARGET),
                    &win->space);
    }
}

static void window_read(Window *win, uint64_t addr, void *buf, uint64_t len)
{
    GpFault fault;

    if (!(win->block & BLOCK_VIRTUAL)) {
        gp_mem_read(win->gpu, target(win->block >> BLOCK_TARGET),
                    ((uint64_t)(win->block & BLOCK_PTR) << 12) + addr, buf,
                    len);
    } else if (!gp_mmu_read(win->gpu, &win->space, &win->client, addr, buf,
                            len, &fault)) {
        gp_fault_unit_post(win->gpu, &fault);
    }
}

static void window_write(Window *win, uint64_t addr, const void *buf,
                         uint64_t len)
{
    GpFault fault;

    if (!(win->block & BLOCK_VIRTUAL)) {
        gp_mem_write(win->gpu, target(win->block >> BLOCK_TARGET),
                     ((uint64_t)(win->block & BLOCK_PTR) << 12) + addr, buf,
                     len);
    } else if (!gp_mmu_write(win->gpu, &win->space, &win->client, addr, buf,
                             len, &fault)) {
        gp_fault_unit_post(win->gpu, &fault);
    }
}

void gp_bar1_read(Gp107 *gpu, uint64_t addr, void *buf, unsigned len)
{
    window_read(&gpu->bar->bar1, addr, buf, len);
}

void gp_bar1_write(Gp107 *gpu, uint64_t addr, const void *buf, unsigned len)
{
    window_write(&gpu->bar->bar1, addr, buf, len);
}

void gp_bar2_read(Gp107 *gpu, uint64_t addr, void *buf, unsigned len)
{
    window_read(&gpu->bar->bar2, addr, buf, len);
}

void gp_bar2_write(Gp107 *gpu, uint64_t addr, const void *buf, unsigned len)
{
    window_write(&gpu->bar->bar2, addr, buf, len);
}

static const GpClient mmu_client = {
    .engine = ENGINE_BAR2,
    .client = CLIENT_MMU,
    .hub = true,
};

bool gp_bar2_gpu_write(Gp107 *gpu, uint64_t va, const void *buf, uint64_t len)
{
    const Window *win = &gpu->bar->bar2;
    GpFault fault;

    return (win->block & BLOCK_VIRTUAL) &&
           gp_mmu_write(gpu, &win->space, &mmu_client, va, buf, len, &fault);
}

bool gp_bar2_gpu_read(Gp107 *gpu, uint64_t va, void *buf, uint64_t len)
{
    const Window *win = &gpu->bar->bar2;
    GpFault fault;

    if (!(win->block & BLOCK_VIRTUAL)) {
        memset(buf, 0xff, len);
        return false;
    }
    return gp_mmu_read(gpu, &win->space, &mmu_client, va, buf, len, &fault);
}

/* -------------------------------------------------------------- registers */

static uint32_t pbus_read(void *opaque, uint32_t addr)
{
    GpBar *bar = opaque;

    switch (addr) {
    case WINDOW:
        return bar->pramin;
    case BAR1_BLOCK:
        return bar->bar1.block;
    case BAR2_BLOCK:
        return bar->bar2.block;
    case BIND_STATUS:
        return 0;                   /* a bind is over at once */
    default:
        return gp_mmio_unknown_read(bar->gpu->mmio, addr);
    }
}

static void pbus_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpBar *bar = opaque;

    switch (addr) {
    case WINDOW:
        bar->pramin = val;
        break;
    case BAR1_BLOCK:
        window_bind(&bar->bar1, val);
        break;
    case BAR2_BLOCK:
        window_bind(&bar->bar2, val);
        break;
    case BIND_STATUS:
        break;                      /* read-only */
    default:
        gp_mmio_unknown_write(bar->gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps pbus_ops = {
    .read = pbus_read,
    .write = pbus_write,
};

static uint64_t pramin_addr(const GpBar *bar, uint32_t addr)
{
    return ((uint64_t)(bar->pramin & 0xffffff) << 16) + (addr - PRAMIN);
}

static uint32_t pramin_read(void *opaque, uint32_t addr)
{
    GpBar *bar = opaque;

    return gp_mem_read32(bar->gpu, target(bar->pramin >> 24),
                         pramin_addr(bar, addr));
}

static void pramin_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpBar *bar = opaque;

    gp_mem_write32(bar->gpu, target(bar->pramin >> 24),
                   pramin_addr(bar, addr), val);
}

static const GpMmioOps pramin_ops = {
    .read = pramin_read,
    .write = pramin_write,
};

GpBar *gp_bar_new(Gp107 *gpu)
{
    GpBar *bar = calloc(1, sizeof(*bar));

    if (!bar) {
        return NULL;
    }
    bar->gpu = gpu;
    window_init(&bar->bar1, gpu, ENGINE_BAR1);
    window_init(&bar->bar2, gpu, ENGINE_BAR2);
    gp_mmio_map(gpu->mmio, "PBUS", WINDOW, BAR2_BLOCK + 4 - WINDOW, &pbus_ops,
                bar);
    gp_mmio_map(gpu->mmio, "PRAMIN", PRAMIN, PRAMIN_SIZE, &pramin_ops, bar);
    return bar;
}

void gp_bar_free(GpBar *bar)
{
    free(bar);
}

void gp_bar_reset(GpBar *bar)
{
    bar->pramin = 0;
    bar->bar1.block = 0;
    bar->bar2.block = 0;
}
