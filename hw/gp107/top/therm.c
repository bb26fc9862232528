/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PTHERM: a sensor at a constant temperature (nouveau's gp100_therm). */
#include "therm.h"
#include "../core/mmio.h"

#define SENSOR          0x020460
#define SENSOR_VALID    0x20000000
#define SENSOR_CELSIUS  45              /* bits 15:8, a fraction below */

static uint32_t therm_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    return addr == SENSOR ? SENSOR_VALID | SENSOR_CELSIUS << 8 :
                            gp_mmio_unknown_read(gpu->mmio, addr);
}

static void therm_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    gp_mmio_unknown_write(gpu->mmio, addr, val);
}

static const GpMmioOps therm_ops = {
    .read = therm_read,
    .write = therm_write,
};

void gp_therm_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PTHERM", 0x020000, 0x001000, &therm_ops, gpu);
}
