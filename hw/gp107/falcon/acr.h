/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACR: what NVIDIA's heavy-secure firmware does for a driver.  "Load" copies
 * the images of the light-secure falcons into the write-protected region
 * (WPR) and closes it; "unload" opens it again.  Nothing is executed and no
 * signature is checked: any firmware with sound headers does.
 */
#ifndef GP107_FALCON_ACR_H
#define GP107_FALCON_ACR_H

#include "unit.h"

/* LSF_FALCON_ID_* of the images in the WPR. */
typedef enum GpLsfId {
    GP_LSF_PMU = 0,
    GP_LSF_FECS = 2,
    GP_LSF_GPCCS = 3,
    GP_LSF_SEC2 = 7,
} GpLsfId;

typedef struct GpAcr {
    uint64_t wpr;                   /* its start in VRAM */
    uint64_t size;                  /* 0: none is set up */
} GpAcr;

/*
 * The HS boot loader was started on @falcon with its descriptor in DMEM.
 * Ends in a halt, with the result in MAILBOX0: 0, or an error.
 */
void gp_acr_load(GpAcr *acr, GpFalcon *falcon);
void gp_acr_unload(GpAcr *acr, GpFalcon *falcon);
/* Whether the WPR holds an image for @id with sound bounds. */
bool gp_acr_has(GpAcr *acr, Gp107 *gpu, uint32_t id);

#endif
