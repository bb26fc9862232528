/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PFUSE: the fuses that a driver asks for (nouveau's gm107 devinit and fuse
 * code names them).  All others read 0: nothing else is disabled.
 */
#include "fuse.h"
#include "../core/mmio.h"

#define FUSE_DISPLAY_DISABLE    0x021c04    /* bit 0 */

static uint32_t fuse_read(void *opaque, uint32_t addr)
{
    return addr == FUSE_DISPLAY_DISABLE ? 1 : 0;
}

static void fuse_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    gp_log(gpu, GP_LOG_GUEST, "PFUSE: write of %08x to %06x, which is fixed",
           val, addr);
}

static const GpMmioOps fuse_ops = {
    .read = fuse_read,
    .write = fuse_write,
};

void gp_fuse_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PFUSE", 0x021000, 0x001000, &fuse_ops, gpu);
}
