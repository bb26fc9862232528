/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PMGR: GPIO lines, and the ports of I2C and DPAUX. */
#ifndef GP107_TOP_PMGR_H
#define GP107_TOP_PMGR_H

#include "../core/gpu.h"

void gp_pmgr_map(Gp107 *gpu);

#endif
