/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Straps, and whether devinit has run. */
#ifndef GP107_TOP_STRAP_H
#define GP107_TOP_STRAP_H

#include "../core/gpu.h"

void gp_strap_map(Gp107 *gpu);

#endif
