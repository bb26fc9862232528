/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PMC: identity, enables, and the interrupt tree (gp100-msi-intr.txt).
 * Interrupt lines are levels; a block raises and lowers its own.
 */
#ifndef GP107_TOP_PMC_H
#define GP107_TOP_PMC_H

#include "../core/gpu.h"

/* Bits of NV_PMC_INTR(0). */
enum {
    GP_INTR_FIFO = 8,
    GP_INTR_REPLAYABLE_FAULT = 9,
    GP_INTR_GR = 12,
    GP_INTR_SEC2 = 15,
    GP_INTR_PMU = 24,
    GP_INTR_PBUS = 28,
    GP_INTR_LTC = 25,
    GP_INTR_THERM = 18,
    GP_INTR_PTIMER = 20,
    GP_INTR_CE0 = 5,
    GP_INTR_CE1 = 6,
    GP_INTR_CE2 = 7,
    GP_INTR_CE3 = 10,
};

GpPmc *gp_pmc_new(Gp107 *gpu);
void gp_pmc_free(GpPmc *pmc);
void gp_pmc_reset(GpPmc *pmc);

void gp_pmc_set_line(Gp107 *gpu, unsigned bit, bool level);
/* Whether the block is enabled in NV_PMC_ENABLE (000200). */
bool gp_pmc_enabled(Gp107 *gpu, unsigned bit);
/* A block hears when its bit of 000200 falls: engine reset. */
void gp_pmc_on_disable(Gp107 *gpu, unsigned bit,
                       void (*reset)(void *opaque), void *opaque);
/* Level lines seen again after a rearm; called from gp107_run(). */
void gp_pmc_poll(Gp107 *gpu);
/* 088704: the MSI is armed again (PCI configuration mirror). */
void gp_pmc_msi_rearm(Gp107 *gpu);

#endif
