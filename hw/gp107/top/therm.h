/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PTHERM: the temperature. */
#ifndef GP107_TOP_THERM_H
#define GP107_TOP_THERM_H

#include "../core/gpu.h"

void gp_therm_map(Gp107 *gpu);

#endif
