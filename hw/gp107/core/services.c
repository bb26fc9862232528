/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every block uses: time, waking up, the log, the switches. */
#include <stdarg.h>
#include <stdio.h>

#include "gpu.h"

void gp_kick(Gp107 *gpu)
{
    gpu->host.kick(gpu->host.opaque);
}

uint64_t gp_now(Gp107 *gpu)
{
    return gpu->host.time_ns(gpu->host.opaque);
}

/* Only an earlier time than the one asked for is worth a call. */
void gp_wake_at(Gp107 *gpu, uint64_t ns)
{
    if (!gpu->wake_ns || ns < gpu->wake_ns) {
        gpu->wake_ns = ns ? ns : 1;
        gpu->host.wake_at(gpu->host.opaque, gpu->wake_ns);
    }
}

void gp_log(Gp107 *gpu, GpLogLevel level, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    if (!gpu->host.log) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    gpu->host.log(gpu->host.opaque, level, text);
}

bool gp_switch_strikes(Gp107 *gpu, GpSwitch sw)
{
    uint32_t *value = &gpu->cfg.switches[sw];

    if (*value == 0 || *value == UINT32_MAX) {
        return *value != 0;
    }
    return --*value == 0;
}
