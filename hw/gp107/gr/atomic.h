/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read-modify-write of memory, indivisible against CPUs and other engines. */
#ifndef GP107_GR_ATOMIC_H
#define GP107_GR_ATOMIC_H

#include "../mem/mem.h"
#include "../sass/sass.h"

/* Gives the old value. */
uint64_t gp_gr_atomic(Gp107 *gpu, GpAperture ap, uint64_t addr, SassAtomOp op,
                      SassAtomType type, uint64_t operand, uint64_t compare);

#endif
