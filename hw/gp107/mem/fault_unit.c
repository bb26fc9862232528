/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fault units, one for each MMU engine id (hwref gp100 dev_fault.h).
 *
 * A unit keeps the first fault until the driver acknowledges it; PFIFO hears
 * of every one, since each stops its channel.
 *
 * The channel stops at once; the report takes its way to the host, which is
 * fault_report_ns.  Without it a driver that cancels the faults of a batch, on
 * a processor that is slow, would meet the recovery from the first of them on
 * another processor before it is done, which silicon is too fast for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../core/mmio.h"
#include "fault.h"

#define PENDING         0x00259c    /* a bit per unit, write 1 to clear */
#define UNIT            0x002800
#define UNIT_STRIDE     0x10
#define UNITS           32

/* Words of a unit. */
enum {
    UNIT_INST,                      /* addr >> 12 in 27:0, target in 29:28 */
    UNIT_VA_LOW,
    UNIT_VA_HIGH,
    UNIT_INFO,                      /* NV_PFAULT_* */
    UNIT_WORDS,
};

#define INFO_CLIENT_SHIFT   8
#define INFO_ACCESS_SHIFT   16
#define INFO_HUB            (1u << 20)
#define INFO_GPC_SHIFT      24

struct GpFaultUnit {
    Gp107 *gpu;
    uint32_t pending;
    uint32_t under_way;             /* not pending yet, until due */
    uint64_t due[UNITS];
    uint32_t unit[UNITS][UNIT_WORDS];
    void (*notify)(void *opaque, const GpFault *fault);
    void *opaque;
};

static uint32_t unit_read(void *opaque, uint32_t addr)
{
    GpFaultUnit *fu = opaque;

    if (addr == PENDING) {
        return fu->pending;
    }
    return fu->unit[(addr - UNIT) / UNIT_STRIDE][addr % UNIT_STRIDE / 4];
}

static void unit_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFaultUnit *fu = opaque;

    if (addr != PENDING || !(fu->pending & val)) {
        return;                     /* the units are read-only */
    }
    fu->pending &= ~val;
    if (fu->notify) {
        fu->notify(fu->opaque, NULL);
    }
}

static const GpMmioOps unit_ops = {
    .read = unit_read,
    .write = unit_write,
};

GpFaultUnit *gp_fault_unit_new(Gp107 *gpu)
{
    GpFaultUnit *fu = calloc(1, sizeof(*fu));

    if (!fu) {
        return NULL;
    }
    fu->gpu = gpu;
    gp_mmio_map(gpu->mmio, "fault units", PENDING, 4, &unit_ops, fu);
    gp_mmio_map(gpu->mmio, "fault units", UNIT, UNITS * UNIT_STRIDE,
                &unit_ops, fu);
    return fu;
}

void gp_fault_unit_free(GpFaultUnit *fu)
{
    free(fu);
}

void gp_fault_unit_reset(GpFaultUnit *fu)
{
    fu->pending = 0;
    fu->under_way = 0;
    memset(fu->unit, 0, sizeof(fu->unit));
}

void gp_fault_unit_post(Gp107 *gpu, const GpFault *fault)
{
    GpFaultUnit *fu = gpu->fault_unit;
    unsigned unit = fault->client.engine % UNITS;
    uint32_t bit = 1u << unit;

    gp_count(gpu, GP_COUNTER_FAULTS_FATAL, 1);
    if (!((fu->pending | fu->under_way) & bit)) {
        uint64_t va = fault->va & ~0xfffull;

        gp_log(gpu, GP_LOG_GUEST, "fault unit %u: type %x at %013" PRIx64
               ", access %u, %s %u client %02x, instance %010" PRIx64, unit,
               fault->type, fault->va, fault->access,
               fault->client.hub ? "hub" : "GPC", fault->client.gpc,
               fault->client.client, fault->inst);
        fu->unit[unit][UNIT_INST] = (fault->inst >> 12 & 0x0fffffff) |
                                    (uint32_t)fault->inst_ap << 28;
        fu->unit[unit][UNIT_VA_LOW] = va;
        fu->unit[unit][UNIT_VA_HIGH] = va >> 32;
        fu->unit[unit][UNIT_INFO] =
            (uint32_t)fault->type |
            (uint32_t)fault->client.client << INFO_CLIENT_SHIFT |
            (uint32_t)fault->access << INFO_ACCESS_SHIFT |
            (fault->client.hub ? INFO_HUB : 0) |
            (uint32_t)fault->client.gpc << INFO_GPC_SHIFT;
        if (gpu->cfg.fault_report_ns) {
            fu->under_way |= bit;
            fu->due[unit] = gp_now(gpu) + gpu->cfg.fault_report_ns;
            gp_wake_at(gpu, fu->due[unit]);
        } else {
            fu->pending |= bit;
        }
    }
    if (fu->notify) {
        fu->notify(fu->opaque, fault);
    }
}

void gp_fault_unit_poll(Gp107 *gpu)
{
    GpFaultUnit *fu = gpu->fault_unit;
    uint32_t arrived = 0;

    for (unsigned unit = 0; fu->under_way && unit < UNITS; unit++) {
        uint32_t bit = 1u << unit;

        if (!(fu->under_way & bit)) {
            continue;
        }
        if (gp_now(gpu) >= fu->due[unit]) {
            arrived |= bit;
        } else {
            gp_wake_at(gpu, fu->due[unit]);
        }
    }
    fu->under_way &= ~arrived;
    fu->pending |= arrived;
    if (arrived && fu->notify) {
        fu->notify(fu->opaque, NULL);
    }
}

uint32_t gp_fault_unit_pending(Gp107 *gpu)
{
    return gpu->fault_unit->pending;
}

void gp_fault_unit_set_notify(Gp107 *gpu,
                              void (*notify)(void *opaque,
                                             const GpFault *fault),
                              void *opaque)
{
    gpu->fault_unit->notify = notify;
    gpu->fault_unit->opaque = opaque;
}
