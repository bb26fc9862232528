/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "range.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* Room for one extent more, so that giving back needs no memory. */
static bool reserve(Range *range)
{
    Extent *grown;

    if (range->count + 1 < range->room) {
        return true;
    }
    grown = realloc(range->free, 2 * range->room * sizeof(*grown));
    if (!grown) {
        return false;
    }
    range->free = grown;
    range->room *= 2;
    return true;
}

static void insert(Range *range, size_t at, Extent extent)
{
    TEST_CHECK(range->count < range->room);
    memmove(&range->free[at + 1], &range->free[at],
            (range->count - at) * sizeof(extent));
    range->free[at] = extent;
    range->count++;
}

static void delete(Range *range, size_t at)
{
    range->count--;
    memmove(&range->free[at], &range->free[at + 1],
            (range->count - at) * sizeof(Extent));
}

bool range_init(Range *range, uint64_t start, uint64_t end)
{
    range->room = 16;
    range->count = 0;
    range->free = calloc(range->room, sizeof(Extent));
    if (!range->free) {
        return false;
    }
    insert(range, 0, (Extent) { start, end });
    return true;
}

void range_fini(Range *range)
{
    free(range->free);
    range->free = NULL;
    range->count = range->room = 0;
}

bool range_take(Range *range, uint64_t size, uint64_t align, uint64_t *start)
{
    if (!reserve(range)) {
        return false;
    }
    for (size_t i = 0; i < range->count; i++) {
        Extent *extent = &range->free[i];
        uint64_t at = (extent->start + align - 1) & ~(align - 1);
        Extent rest = { at + size, extent->end };

        if (at < extent->start || at > extent->end ||
            size > extent->end - at) {
            continue;
        }
        extent->end = at;
        if (rest.start < rest.end) {
            insert(range, i + 1, rest);
        }
        if (range->free[i].start == range->free[i].end) {
            delete(range, i);
        }
        *start = at;
        return true;
    }
    return false;
}

void range_give(Range *range, uint64_t start, uint64_t size)
{
    uint64_t end = start + size;
    size_t i = 0;

    while (i < range->count && range->free[i].end < start) {
        i++;
    }
    if (i < range->count && range->free[i].end == start) {
        range->free[i].end = end;
        if (i + 1 < range->count && range->free[i + 1].start == end) {
            range->free[i].end = range->free[i + 1].end;
            delete(range, i + 1);
        }
    } else if (i < range->count && range->free[i].start == end) {
        range->free[i].start = start;
    } else {
        TEST_CHECK(i == range->count || range->free[i].start > end);
        insert(range, i, (Extent) { start, end });
    }
}

uint64_t range_left(const Range *range)
{
    uint64_t left = 0;

    for (size_t i = 0; i < range->count; i++) {
        left += range->free[i].end - range->free[i].start;
    }
    return left;
}
