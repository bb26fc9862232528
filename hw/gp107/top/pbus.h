/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PBUS, and XVE, the mirror of the PCI configuration space. */
#ifndef GP107_TOP_PBUS_H
#define GP107_TOP_PBUS_H

#include "../core/gpu.h"

/* A GeForce GTX 1050 Ti without display outputs. */
#define GP_PCI_VENDOR           0x10de
#define GP_PCI_DEVICE           0x1c82
#define GP_PCI_REVISION         0xa1
#define GP_PCI_CLASS            0x030200    /* 3D controller */
#define GP_PCI_SUBVENDOR        0x10de
#define GP_PCI_SUBDEVICE        0x11bf

void gp_pbus_map(Gp107 *gpu);

#endif
