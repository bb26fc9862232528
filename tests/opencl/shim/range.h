/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which parts of a range of numbers are free: first fit, merged when given. */
#ifndef SHIM_RANGE_H
#define SHIM_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Extent {
    uint64_t start, end;
} Extent;

typedef struct Range {
    Extent *free;                           /* in order, never touching */
    size_t count, room;
} Range;

/* False: out of memory. */
bool range_init(Range *range, uint64_t start, uint64_t end);
void range_fini(Range *range);
/* @align is a power of two.  False: no such place is left. */
bool range_take(Range *range, uint64_t size, uint64_t align, uint64_t *start);
/* What range_take() gave; aborts when it is free already. */
void range_give(Range *range, uint64_t start, uint64_t size);
uint64_t range_left(const Range *range);

#endif
