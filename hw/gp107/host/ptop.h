/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PTOP, the table of devices. */
#ifndef GP107_HOST_PTOP_H
#define GP107_HOST_PTOP_H

#include "../core/gpu.h"

void gp_ptop_map(Gp107 *gpu);

#endif
