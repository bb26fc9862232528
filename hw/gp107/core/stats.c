/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the counters. */
#include <stddef.h>

#include "stats.h"

const char *gp_counter_name(GpCounter counter)
{
    static const char *const names[GP_COUNTER_COUNT] = {
#define GP_COUNTER_NAME(name, text) [GP_COUNTER_##name] = text,
        GP_COUNTERS(GP_COUNTER_NAME)
#undef GP_COUNTER_NAME
    };

    return (unsigned)counter < GP_COUNTER_COUNT ? names[counter] : NULL;
}
