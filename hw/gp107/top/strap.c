/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PSTRAPS, and the scratch register in which devinit notes that it has run
 * (nouveau's nv50_devinit and gm200_devinit).  The card is like one whose
 * VBIOS was run by the machine's firmware.
 */
#include "strap.h"
#include "../core/mmio.h"

#define STRAPS          0x101000
#define STRAP_CRYSTAL   0x00400000      /* bits 22, 6: 27 MHz */
                                        /* bits 5:2: RAM configuration 0 */
#define DEVINIT         0x02240c
#define DEVINIT_DONE    0x00000002

static uint32_t strap_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case STRAPS:
        return STRAP_CRYSTAL;
    case DEVINIT:
        return DEVINIT_DONE;
    default:
        return gp_mmio_unknown_read(gpu->mmio, addr);
    }
}

static void strap_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    gp_mmio_unknown_write(gpu->mmio, addr, val);
}

static const GpMmioOps strap_ops = {
    .read = strap_read,
    .write = strap_write,
};

void gp_strap_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PSTRAPS", STRAPS, 0x001000, &strap_ops, gpu);
    gp_mmio_map(gpu->mmio, "devinit", 0x022400, 0x000020, &strap_ops, gpu);
}
