/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PRI ring: how many stations, and no errors. */
#ifndef GP107_TOP_PRIVRING_H
#define GP107_TOP_PRIVRING_H

#include "../core/gpu.h"

void gp_privring_map(Gp107 *gpu);

#endif
