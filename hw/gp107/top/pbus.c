/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PBUS (dev_bus) and XVE (dev_nv_xve) of the published manuals.  The model
 * has no bus errors to tell of: nothing is ever pending here.  The window
 * and block registers at 001700 belong to mem/bar.c.
 */
#include "pbus.h"
#include "pmc.h"
#include "../core/mmio.h"

#define XVE             0x088000
#define XVE_ROM         (XVE + 0x050)   /* bit 0: shadow the ROM */
#define XVE_MSI_REARM   (XVE + 0x704)   /* Pascal; 068 before it */

static uint32_t pbus_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case 0x001100:                      /* INTR_0 */
        return 0;
    case 0x001140:                      /* INTR_EN_0 */
    case 0x001144:
        return gp_mmio_get(gpu->mmio, addr);
    default:
        return gp_mmio_unknown_read(gpu->mmio, addr);
    }
}

static void pbus_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case 0x001100:
        break;
    case 0x001140:
    case 0x001144:
        gp_mmio_set(gpu->mmio, addr, val);
        break;
    default:
        gp_mmio_unknown_write(gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps pbus_ops = {
    .read = pbus_read,
    .write = pbus_write,
};

static uint32_t xve_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case XVE + 0x000:
        return GP_PCI_DEVICE << 16 | GP_PCI_VENDOR;
    case XVE + 0x008:
        return (uint32_t)GP_PCI_CLASS << 8 | GP_PCI_REVISION;
    case XVE + 0x02c:
        return (uint32_t)GP_PCI_SUBDEVICE << 16 | GP_PCI_SUBVENDOR;
    case XVE_ROM:
        return gp_mmio_get(gpu->mmio, addr);
    case XVE_MSI_REARM:
        return 0;
    default:
        return gp_mmio_unknown_read(gpu->mmio, addr);
    }
}

static void xve_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case XVE + 0x000:
    case XVE + 0x008:
    case XVE + 0x02c:
        break;
    case XVE_ROM:
        gp_mmio_set(gpu->mmio, addr, val);
        break;
    case XVE_MSI_REARM:
        gp_pmc_msi_rearm(gpu);
        break;
    default:
        gp_mmio_unknown_write(gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps xve_ops = {
    .read = xve_read,
    .write = xve_write,
};

void gp_pbus_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PBUS", 0x001000, 0x000700, &pbus_ops, gpu);
    gp_mmio_map(gpu->mmio, "XVE", XVE, 0x001000, &xve_ops, gpu);
}
