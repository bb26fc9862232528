/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PRI ring master and stations (dev_pri_ringmaster, dev_pri_ringstation_*).
 * No access of the model ends in a ring error, so no interrupt is pending;
 * a command is done when it is written.
 */
#include "privring.h"
#include "../core/mmio.h"

static uint32_t privring_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    switch (addr) {
    case 0x12004c:                      /* COMMAND: none in progress */
    case 0x120058:                      /* INTR_STATUS0, 1 */
    case 0x12005c:
        return 0;
    case 0x12006c:                      /* how many FBPs */
    case 0x120070:                      /* stations: system, */
    case 0x120074:                      /* FBP, */
    case 0x120078:                      /* GPC */
        return 1;
    default:
        return gp_mmio_unknown_read(gpu->mmio, addr);
    }
}

static void privring_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    if (addr != 0x12004c) {
        gp_mmio_unknown_write(gpu->mmio, addr, val);
    }
}

static const GpMmioOps privring_ops = {
    .read = privring_read,
    .write = privring_write,
};

void gp_privring_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PRIVRING", 0x120000, 0x010000, &privring_ops,
                gpu);
}
