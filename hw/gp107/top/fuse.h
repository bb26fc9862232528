/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PFUSE: what the board has. */
#ifndef GP107_TOP_FUSE_H
#define GP107_TOP_FUSE_H

#include "../core/gpu.h"

void gp_fuse_map(Gp107 *gpu);

#endif
