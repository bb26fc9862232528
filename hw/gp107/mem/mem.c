/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory: VRAM, and the system's through the host. */
#include <stdlib.h>
#include <string.h>

#include "fb.h"
#include "mem.h"

#define PAGE_SHIFT      12

struct GpMem {
    uint8_t *vram;
    uint64_t size;
    bool own;                       /* allocated here */
    /*
     * By page of VRAM: 0, or the time of its last write (of its naming, until
     * there is one) in bits 63:1, and whether it was written in bit 0.
     */
    uint64_t *watch;
    GpFb *fb;
};

GpMem *gp_mem_new(Gp107 *gpu)
{
    GpMem *mem = calloc(1, sizeof(*mem));

    if (!mem) {
        return NULL;
    }
    mem->size = gpu->cfg.vram_size;
    mem->vram = gpu->cfg.vram;
    if (!mem->vram) {
        mem->vram = calloc(1, mem->size);
        mem->own = true;
    }
    mem->watch = calloc(mem->size >> PAGE_SHIFT, sizeof(*mem->watch));
    mem->fb = gp_fb_new(gpu);
    if (!mem->vram || !mem->watch || !mem->fb) {
        gp_mem_free(mem);
        return NULL;
    }
    return mem;
}

void gp_mem_free(GpMem *mem)
{
    if (!mem) {
        return;
    }
    if (mem->own) {
        free(mem->vram);
    }
    free(mem->watch);
    gp_fb_free(mem->fb);
    free(mem);
}

void gp_mem_reset(GpMem *mem)
{
    memset(mem->watch, 0, (mem->size >> PAGE_SHIFT) * sizeof(*mem->watch));
    gp_fb_reset(mem->fb);
}

void gp_mem_set_wpr(Gp107 *gpu, uint64_t start, uint64_t limit)
{
    gp_fb_set_wpr(gpu->mem->fb, start, limit);
}

static bool vram_has(const GpMem *mem, uint64_t addr, uint64_t len)
{
    return addr <= mem->size && len <= mem->size - addr;
}

/* Times start at 1, so that 0 stays "not watched". */
static uint64_t watch_time(Gp107 *gpu)
{
    return (gp_now(gpu) + 1) << 1;
}

static void vram_written(Gp107 *gpu, uint64_t addr, uint64_t len)
{
    GpMem *mem = gpu->mem;
    uint64_t last = (addr + len - 1) >> PAGE_SHIFT;

    for (uint64_t page = addr >> PAGE_SHIFT; page <= last; page++) {
        if (mem->watch[page]) {
            mem->watch[page] = watch_time(gpu) | 1;
        }
    }
}

void gp_mem_watch(Gp107 *gpu, uint64_t addr)
{
    GpMem *mem = gpu->mem;

    if (vram_has(mem, addr, 1) && !mem->watch[addr >> PAGE_SHIFT]) {
        mem->watch[addr >> PAGE_SHIFT] = watch_time(gpu);
    }
}

bool gp_mem_watch_written(Gp107 *gpu, uint64_t addr, uint64_t *when)
{
    GpMem *mem = gpu->mem;
    uint64_t word = vram_has(mem, addr, 1) ? mem->watch[addr >> PAGE_SHIFT] :
                                             0;

    *when = word ? (word >> 1) - 1 : 0;
    return word & 1;
}

bool gp_mem_read(Gp107 *gpu, GpAperture ap, uint64_t addr, void *buf,
                 uint64_t len)
{
    GpMem *mem = gpu->mem;
    bool ok;

    switch (ap) {
    case GP_VRAM:
        ok = vram_has(mem, addr, len);
        if (ok) {
            memcpy(buf, mem->vram + addr, len);
        }
        break;
    case GP_SYS_COHERENT:
    case GP_SYS_NONCOHERENT:
        ok = gpu->host.dma_read(gpu->host.opaque, addr, buf, len);
        break;
    case GP_SPARSE:
        memset(buf, 0, len);
        return true;
    default:
        ok = false;
        break;
    }
    if (!ok) {
        memset(buf, 0xff, len);
    }
    return ok;
}

bool gp_mem_write(Gp107 *gpu, GpAperture ap, uint64_t addr, const void *buf,
                  uint64_t len)
{
    GpMem *mem = gpu->mem;

    switch (ap) {
    case GP_VRAM:
        if (!vram_has(mem, addr, len)) {
            return false;
        }
        if (len) {
            memcpy(mem->vram + addr, buf, len);
            vram_written(gpu, addr, len);
        }
        return true;
    case GP_SYS_COHERENT:
    case GP_SYS_NONCOHERENT:
        return gpu->host.dma_write(gpu->host.opaque, addr, buf, len);
    case GP_SPARSE:
        return true;
    default:
        return false;
    }
}

/* VRAM belongs to the model's one thread, so a plain exchange is atomic. */
static bool vram_cmpxchg(Gp107 *gpu, uint64_t addr, unsigned size,
                         uint64_t expected, uint64_t desired, uint64_t *old)
{
    uint64_t found = 0;

    if (!vram_has(gpu->mem, addr, size)) {
        return false;
    }
    memcpy(&found, gpu->mem->vram + addr, size);
    if (found == expected) {
        memcpy(gpu->mem->vram + addr, &desired, size);
        vram_written(gpu, addr, size);
    }
    *old = found;
    return true;
}

bool gp_mem_cmpxchg(Gp107 *gpu, GpAperture ap, uint64_t addr, unsigned size,
                    uint64_t expected, uint64_t desired, uint64_t *old)
{
    bool ok = false;

    *old = UINT64_MAX;
    if ((size == 4 || size == 8) && addr % size == 0) {
        if (size == 4) {
            expected = (uint32_t)expected;
            desired = (uint32_t)desired;
        }
        switch (ap) {
        case GP_VRAM:
            ok = vram_cmpxchg(gpu, addr, size, expected, desired, old);
            break;
        case GP_SYS_COHERENT:
        case GP_SYS_NONCOHERENT:
            ok = gpu->host.dma_cmpxchg(gpu->host.opaque, addr, size, expected,
                                       desired, old);
            break;
        case GP_SPARSE:
            *old = 0;
            return true;
        default:
            break;
        }
    }
    if (!ok) {
        *old = UINT64_MAX;
    }
    if (size == 4) {
        *old = (uint32_t)*old;
    }
    return ok;
}

uint32_t gp_mem_read32(Gp107 *gpu, GpAperture ap, uint64_t addr)
{
    uint32_t val;

    gp_mem_read(gpu, ap, addr, &val, sizeof(val));
    return val;
}

uint64_t gp_mem_read64(Gp107 *gpu, GpAperture ap, uint64_t addr)
{
    uint64_t val;

    gp_mem_read(gpu, ap, addr, &val, sizeof(val));
    return val;
}

void gp_mem_write32(Gp107 *gpu, GpAperture ap, uint64_t addr, uint32_t val)
{
    gp_mem_write(gpu, ap, addr, &val, sizeof(val));
}

void gp_mem_write64(Gp107 *gpu, GpAperture ap, uint64_t addr, uint64_t val)
{
    gp_mem_write(gpu, ap, addr, &val, sizeof(val));
}
