/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VBIOS image, and PROM, through which a driver reads it. */
#ifndef GP107_TOP_VBIOS_H
#define GP107_TOP_VBIOS_H

#include "../core/gpu.h"

#define GP_VBIOS_SIZE   0x2000u

GpVbios *gp_vbios_new(Gp107 *gpu);
void gp_vbios_free(GpVbios *vbios);

/* GP_VBIOS_SIZE bytes, for the PCI expansion ROM. */
const uint8_t *gp_vbios_image(const GpVbios *vbios);

#endif
