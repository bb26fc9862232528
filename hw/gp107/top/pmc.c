/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PMC.  Registers of the interrupt tree: gp100-msi-intr.txt; NV_PMC_BOOT_0
 * and NV_PMC_ENABLE: dev_boot and dev_master of the published manuals.
 *
 * The host's pin follows "some enabled interrupt is pending".  A driver
 * clears all enables at the head of its handler and sets them at the end, so
 * the pin falls and rises and a level that is still there is a new message.
 *
 * A replayable fault is such a level, and it stays until the buffer is
 * emptied, long after the handler.  Told again at once, a slow guest does
 * nothing else; silicon is as slow as its bus, and irq_rearm_ns stands for
 * that time.
 */
#include <stdlib.h>

#include "pmc.h"
#include "../core/mmio.h"

#define PMC_BOOT_0          0x137000a1  /* GP107, revision a1 */
#define PMC_ENABLE_RESET    0xffffffff  /* as devinit leaves it */
#define LEAVES              2
#define MAX_HOOKS           4           /* for one bit */

#define REPLAYABLE          (1u << GP_INTR_REPLAYABLE_FAULT)

typedef struct Hook {
    void (*reset)(void *opaque);
    void *opaque;
} Hook;

struct GpPmc {
    Gp107 *gpu;
    uint32_t lines;                     /* as the blocks drive them */
    uint32_t sw[LEAVES];                /* NV_PMC_INTR_SW */
    uint32_t enabled[LEAVES];           /* NV_PMC_INTR_EN */
    uint32_t enable;                    /* NV_PMC_ENABLE */
    bool pin;
    bool fault_told;                    /* the replayable level is no news */
    uint64_t rearm_ns;                  /* when it is told again; 0 never */
    Hook hook[32][MAX_HOOKS];
};

static uint32_t pending(const GpPmc *pmc, unsigned leaf)
{
    return (leaf ? 0 : pmc->lines) | pmc->sw[leaf];
}

static void set_pin(GpPmc *pmc, bool level)
{
    GpHost *host = &pmc->gpu->host;

    if (pmc->pin == level) {
        return;
    }
    pmc->pin = level;
    if (level) {
        gp_count(pmc->gpu, GP_COUNTER_INTERRUPTS, 1);
    }
    host->irq(host->opaque, level);
}

static void update(GpPmc *pmc)
{
    uint32_t leaf0 = pending(pmc, 0) & pmc->enabled[0];
    uint32_t leaf1 = pending(pmc, 1) & pmc->enabled[1];

    if (!leaf0 && !leaf1) {
        pmc->rearm_ns = 0;
        set_pin(pmc, false);
        return;
    }
    if (!pmc->pin && leaf0 == REPLAYABLE && !leaf1 && pmc->fault_told) {
        if (!pmc->rearm_ns) {
            pmc->rearm_ns = gp_now(pmc->gpu) + pmc->gpu->cfg.irq_rearm_ns;
            gp_wake_at(pmc->gpu, pmc->rearm_ns);
        }
        return;
    }
    pmc->rearm_ns = 0;
    if (leaf0 & REPLAYABLE) {
        pmc->fault_told = true;
    }
    set_pin(pmc, true);
}

static void write_enable(GpPmc *pmc, uint32_t val)
{
    uint32_t fell = pmc->enable & ~val;

    pmc->enable = val;
    for (unsigned bit = 0; bit < 32; bit++) {
        if (!(fell & (1u << bit))) {
            continue;
        }
        for (unsigned i = 0; i < MAX_HOOKS; i++) {
            Hook *hook = &pmc->hook[bit][i];

            if (hook->reset) {
                hook->reset(hook->opaque);
            }
        }
    }
}

static uint32_t pmc_read(void *opaque, uint32_t addr)
{
    GpPmc *pmc = opaque;
    unsigned leaf = (addr >> 2) % LEAVES;

    switch (addr) {
    case 0x000000:
        return PMC_BOOT_0;
    case 0x000004:                      /* BOOT_1: little endian */
        return 0;
    case 0x000100:
    case 0x000104:
        return pending(pmc, leaf);
    case 0x000120:                      /* INTR_MODE: all are levels */
    case 0x000124:
        return 0;
    case 0x000140:
    case 0x000144:
        return pmc->enabled[leaf];
    case 0x000160:                      /* write only */
    case 0x000164:
    case 0x000180:
    case 0x000184:
        return 0;
    case 0x0001a0:
    case 0x0001a4:
        return pmc->sw[leaf];
    case 0x0001c0:                      /* INTR_LTC, INTR_FBPA */
    case 0x0001d0:
        return 0;
    case 0x000200:
        return pmc->enable;
    case 0x000204:                      /* ENABLE_PB, PBDMAs: stored */
        return gp_mmio_get(pmc->gpu->mmio, addr);
    default:
        return gp_mmio_unknown_read(pmc->gpu->mmio, addr);
    }
}

static void pmc_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpPmc *pmc = opaque;
    unsigned leaf = (addr >> 2) % LEAVES;

    switch (addr) {
    case 0x000000:
    case 0x000004:
    case 0x000100:                      /* read only since Pascal */
    case 0x000104:
    case 0x000120:
    case 0x000124:
    case 0x000140:
    case 0x000144:
    case 0x0001c0:
    case 0x0001d0:
        break;
    case 0x000160:
    case 0x000164:
        pmc->enabled[leaf] |= val;
        update(pmc);
        break;
    case 0x000180:
    case 0x000184:
        pmc->enabled[leaf] &= ~val;
        update(pmc);
        break;
    case 0x0001a0:
    case 0x0001a4:
        pmc->sw[leaf] = val;
        update(pmc);
        break;
    case 0x000200:
        write_enable(pmc, val);
        break;
    case 0x000204:
        gp_mmio_set(pmc->gpu->mmio, addr, val);
        break;
    default:
        gp_mmio_unknown_write(pmc->gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps pmc_ops = {
    .read = pmc_read,
    .write = pmc_write,
};

GpPmc *gp_pmc_new(Gp107 *gpu)
{
    GpPmc *pmc = calloc(1, sizeof(*pmc));

    if (pmc) {
        pmc->gpu = gpu;
        pmc->enable = PMC_ENABLE_RESET;
        gp_mmio_map(gpu->mmio, "PMC", 0x000000, 0x001000, &pmc_ops, pmc);
    }
    return pmc;
}

void gp_pmc_free(GpPmc *pmc)
{
    free(pmc);
}

void gp_pmc_reset(GpPmc *pmc)
{
    pmc->lines = 0;
    pmc->enable = PMC_ENABLE_RESET;
    for (unsigned i = 0; i < LEAVES; i++) {
        pmc->sw[i] = 0;
        pmc->enabled[i] = 0;
    }
    pmc->fault_told = false;
    update(pmc);
}

void gp_pmc_set_line(Gp107 *gpu, unsigned bit, bool level)
{
    GpPmc *pmc = gpu->pmc;
    uint32_t mask = 1u << (bit % 32);

    pmc->lines = level ? pmc->lines | mask : pmc->lines & ~mask;
    if (mask == REPLAYABLE) {
        /* A block raises it again when there is one more fault: news. */
        pmc->fault_told = false;
    }
    update(pmc);
}

bool gp_pmc_enabled(Gp107 *gpu, unsigned bit)
{
    return gpu->pmc->enable & (1u << (bit % 32));
}

void gp_pmc_on_disable(Gp107 *gpu, unsigned bit, void (*reset)(void *opaque),
                       void *opaque)
{
    Hook *hooks = gpu->pmc->hook[bit % 32];

    for (unsigned i = 0; i < MAX_HOOKS; i++) {
        if (!hooks[i].reset) {
            hooks[i].reset = reset;
            hooks[i].opaque = opaque;
            return;
        }
    }
    /* Blocks register when the model is built: too many is a bug in it. */
    abort();
}

void gp_pmc_poll(Gp107 *gpu)
{
    GpPmc *pmc = gpu->pmc;

    if (!pmc->rearm_ns) {
        return;
    }
    if (gp_now(gpu) < pmc->rearm_ns) {
        gp_wake_at(gpu, pmc->rearm_ns);
        return;
    }
    pmc->rearm_ns = 0;
    pmc->fault_told = false;
    update(pmc);
}

void gp_pmc_msi_rearm(Gp107 *gpu)
{
    GpPmc *pmc = gpu->pmc;

    /* A driver that leaves its enables set gets its next message here. */
    if (pmc->pin) {
        set_pin(pmc, false);
        update(pmc);
    }
}
