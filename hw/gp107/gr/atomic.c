/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Atomic operations of shaders on memory. */
#include "atomic.h"

uint64_t gp_gr_atomic(Gp107 *gpu, GpAperture ap, uint64_t addr, SassAtomOp op,
                      SassAtomType type, uint64_t operand, uint64_t compare)
{
    unsigned size = sass_atomic_size(type);
    uint64_t old = size == 8 ? gp_mem_read64(gpu, ap, addr)
                             : gp_mem_read32(gpu, ap, addr);
    uint64_t seen, val;

    for (;;) {
        val = sass_atomic_result(op, type, old, operand, compare);
        if (!gp_mem_cmpxchg(gpu, ap, addr, size, old, val, &seen) ||
            seen == old) {
            return old;
        }
        /* Somebody else's exchange won, so memory got on: try again. */
        old = seen;
    }
}
