/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PMGR (nouveau's gk104_gpio and gm200_i2c).  Nothing is connected to the
 * GPIO lines and ports of this board, so none of their interrupts is ever
 * pending.
 */
#include "pmgr.h"
#include "../core/mmio.h"

#define PMGR            0x00d000
#define PMGR_SIZE       0x001000
#define GPIO_FIRST      0x00d610        /* a word for each line */
#define GPIO_LAST       0x00d68c

static uint32_t pmgr_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case 0x00dc00:                      /* pending: lines 0-15, 16-31, AUX */
    case 0x00dc80:
    case 0x00dc60:
        return 0;
    case 0x00dc08:                      /* and their enables */
    case 0x00dc88:
    case 0x00dc68:
        return gp_mmio_get(gpu->mmio, addr);
    default:
        return addr >= GPIO_FIRST && addr <= GPIO_LAST ?
               gp_mmio_get(gpu->mmio, addr) :
               gp_mmio_unknown_read(gpu->mmio, addr);
    }
}

static void pmgr_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case 0x00dc00:
    case 0x00dc80:
    case 0x00dc60:
        break;
    case 0x00dc08:
    case 0x00dc88:
    case 0x00dc68:
        gp_mmio_set(gpu->mmio, addr, val);
        break;
    default:
        if (addr >= GPIO_FIRST && addr <= GPIO_LAST) {
            gp_mmio_set(gpu->mmio, addr, val);
        } else {
            gp_mmio_unknown_write(gpu->mmio, addr, val);
        }
        break;
    }
}

static const GpMmioOps pmgr_ops = {
    .read = pmgr_read,
    .write = pmgr_write,
};

void gp_pmgr_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PMGR", PMGR, PMGR_SIZE, &pmgr_ops, gpu);
}
