/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The four falcons of this card, and whose firmware runs on which. */
#include <stdlib.h>

#include "acr.h"
#include "ctxsw.h"
#include "falcon.h"
#include "sec2.h"
#include "../top/pmc.h"

/* hwref gp100 dev_fault.h: NV_PFAULT_MMU_ENG_ID_*, NV_PFAULT_CLIENT_HUB_* */
#define ENG_GRAPHICS    0
#define ENG_SEC         18
#define ENG_PHYSICAL    31
#define HUB_FECS        0x05
#define HUB_PMU         0x12
#define HUB_SEC         0x16

/* Bits of NV_PMC_ENABLE. */
#define RESET_GR        12
#define RESET_PMU       13
#define RESET_SEC2      14

/* The VBIOS's devinit application, by its arguments in MAILBOX0. */
#define DEVINIT_ARGS    0x00005000
#define DEVINIT_DONE    0x00002000

struct GpFalcons {
    GpFalcon pmu;
    GpFalcon sec2;
    GpFalcon fecs;
    GpFalcon gpccs;
    GpAcr acr;
    GpSec2 rtos;
    GpCtxsw ctxsw;
};

static const GpFalconConfig pmu_config = {
    .name = "PMU", .base = 0x10a000,
    .imem_size = 0x10000, .dmem_size = 0x10000,
    .intr = GP_INTR_PMU, .has_intr = true,
    .engine = ENG_PHYSICAL, .hub_client = HUB_PMU,
};

static const GpFalconConfig sec2_config = {
    .name = "SEC2", .base = 0x087000,
    .imem_size = 0x10000, .dmem_size = 0x10000, .emem_size = 0x2000,
    .intr = GP_INTR_SEC2, .has_intr = true,
    .engine = ENG_SEC, .hub_client = HUB_SEC,
};

static const GpFalconConfig fecs_config = {
    .name = "FECS", .base = 0x409000,
    .imem_size = 0x8000, .dmem_size = 0x2000,
    .engine = ENG_GRAPHICS, .hub_client = HUB_FECS,
};

static const GpFalconConfig gpccs_config = {
    .name = "GPCCS", .base = 0x41a000,
    .imem_size = 0x4000, .dmem_size = 0x1000,
    .engine = ENG_GRAPHICS,
};

/*
 * Two programs are known for PMU: the VBIOS's devinit, whose work the
 * machine's firmware has done already, and ACR's unload.
 */
static void pmu_start(GpFalcon *falcon)
{
    GpFalcons *falcons = falcon->opaque;

    if (falcon->mailbox[0] == DEVINIT_ARGS) {
        falcon->mailbox[0] |= DEVINIT_DONE;
    } else if (falcon->bound) {
        gp_acr_unload(&falcons->acr, falcon);
    }
}

static const GpFalconOps pmu_ops = {
    .start = pmu_start,
};

/*
 * SEC2 runs the ACR first; that leaves the light-secure firmware ready for
 * the next start.
 */
static void sec2_start(GpFalcon *falcon)
{
    GpFalcons *falcons = falcon->opaque;

    if (falcon->ls_ready) {
        gp_sec2_start(&falcons->rtos, falcon);
        return;
    }
    gp_acr_load(&falcons->acr, falcon);
    falcon->ls_ready = gp_acr_has(&falcons->acr, falcon->gpu, GP_LSF_SEC2);
}

static void sec2_reset(GpFalcon *falcon)
{
    GpFalcons *falcons = falcon->opaque;

    gp_sec2_reset(&falcons->rtos);
}

static void sec2_acknowledged(GpFalcon *falcon, uint32_t irq)
{
    GpFalcons *falcons = falcon->opaque;

    if (irq & GP_FALCON_IRQ_SWGEN0) {
        gp_sec2_acknowledged(&falcons->rtos, falcon);
    }
}

static bool sec2_read(GpFalcon *falcon, uint32_t reg, uint32_t *val)
{
    GpFalcons *falcons = falcon->opaque;

    return gp_sec2_read(&falcons->rtos, reg, val);
}

static bool sec2_write(GpFalcon *falcon, uint32_t reg, uint32_t val)
{
    GpFalcons *falcons = falcon->opaque;

    return gp_sec2_write(&falcons->rtos, falcon, reg, val);
}

static const GpFalconOps sec2_ops = {
    .start = sec2_start,
    .reset = sec2_reset,
    .acknowledged = sec2_acknowledged,
    .read = sec2_read,
    .write = sec2_write,
};

/* GP107 runs nothing on FECS and GPCCS that ACR has not put there. */
static bool is_signed(GpFalcon *falcon)
{
    if (!falcon->ls_ready) {
        gp_log(falcon->gpu, GP_LOG_GUEST,
               "%s: started without secure firmware", falcon->cfg->name);
        falcon->halted = true;
    }
    return falcon->ls_ready;
}

static void fecs_start(GpFalcon *falcon)
{
    GpFalcons *falcons = falcon->opaque;

    if (is_signed(falcon)) {
        gp_ctxsw_start(&falcons->ctxsw, falcon);
    }
}

static void fecs_reset(GpFalcon *falcon)
{
    GpFalcons *falcons = falcon->opaque;

    gp_ctxsw_reset(&falcons->ctxsw, falcon);
}

static bool fecs_read(GpFalcon *falcon, uint32_t reg, uint32_t *val)
{
    GpFalcons *falcons = falcon->opaque;

    return gp_ctxsw_read(&falcons->ctxsw, falcon, reg, val);
}

static bool fecs_write(GpFalcon *falcon, uint32_t reg, uint32_t val)
{
    GpFalcons *falcons = falcon->opaque;

    return gp_ctxsw_write(&falcons->ctxsw, falcon, reg, val);
}

static const GpFalconOps fecs_ops = {
    .start = fecs_start,
    .reset = fecs_reset,
    .read = fecs_read,
    .write = fecs_write,
};

static void gpccs_start(GpFalcon *falcon)
{
    is_signed(falcon);
}

static const GpFalconOps gpccs_ops = {
    .start = gpccs_start,
};

static GpFalcon *find_lsf(void *opaque, uint32_t id)
{
    GpFalcons *falcons = opaque;

    switch (id) {
    case GP_LSF_FECS:
        return &falcons->fecs;
    case GP_LSF_GPCCS:
        return &falcons->gpccs;
    default:
        return NULL;
    }
}

static void reset_unit(void *opaque)
{
    gp_falcon_reset(opaque);
}

GpFalcons *gp_falcons_new(Gp107 *gpu)
{
    GpFalcons *f = calloc(1, sizeof(*f));

    if (!f) {
        return NULL;
    }
    f->rtos.acr = &f->acr;
    f->rtos.find = find_lsf;
    f->rtos.opaque = f;
    gp_sec2_reset(&f->rtos);
    if (!gp_falcon_init(&f->pmu, gpu, &pmu_config, &pmu_ops, f) ||
        !gp_falcon_init(&f->sec2, gpu, &sec2_config, &sec2_ops, f) ||
        !gp_falcon_init(&f->fecs, gpu, &fecs_config, &fecs_ops, f) ||
        !gp_falcon_init(&f->gpccs, gpu, &gpccs_config, &gpccs_ops, f)) {
        gp_falcons_free(f);
        return NULL;
    }
    gp_pmc_on_disable(gpu, RESET_PMU, reset_unit, &f->pmu);
    gp_pmc_on_disable(gpu, RESET_SEC2, reset_unit, &f->sec2);
    gp_pmc_on_disable(gpu, RESET_GR, reset_unit, &f->fecs);
    gp_pmc_on_disable(gpu, RESET_GR, reset_unit, &f->gpccs);
    return f;
}

void gp_falcons_free(GpFalcons *falcons)
{
    if (falcons) {
        gp_falcon_fini(&falcons->pmu);
        gp_falcon_fini(&falcons->sec2);
        gp_falcon_fini(&falcons->fecs);
        gp_falcon_fini(&falcons->gpccs);
        free(falcons);
    }
}

void gp_falcons_reset(GpFalcons *falcons)
{
    falcons->acr = (GpAcr) { 0 };
    falcons->ctxsw = (GpCtxsw) { 0 };
    gp_falcon_reset(&falcons->pmu);
    gp_falcon_reset(&falcons->sec2);
    gp_falcon_reset(&falcons->fecs);
    gp_falcon_reset(&falcons->gpccs);
}

void gp_falcons_poll(Gp107 *gpu)
{
    gp_sec2_poll(&gpu->falcons->rtos, &gpu->falcons->sec2);
}
