/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug register block: counters, switches and commands for a guest that
 * has no driver for them.
 */
#include <stdlib.h>
#include <string.h>

#include "debug.h"

struct GpDebug {
    Gp107 *gpu;
    const GpDebugOps *ops;
    uint32_t command;
    uint32_t result;
    uint32_t selected;              /* switch */
    uint32_t high;                  /* of what was read last */
};

static uint32_t read_low(GpDebug *debug, uint64_t val)
{
    debug->high = val >> 32;
    return val;
}

static uint32_t read_counter(GpDebug *debug, uint32_t offset)
{
    uint32_t index = offset / 8;

    if (index >= GP_COUNTER_COUNT) {
        return 0;
    }
    if (offset % 8) {
        return debug->high;
    }
    return read_low(debug, debug->gpu->stats.counter[index]);
}

static uint32_t debug_read(void *opaque, uint32_t addr)
{
    GpDebug *debug = opaque;
    uint32_t offset = addr - GP_DEBUG_BASE;

    if (offset >= GP_DEBUG_COUNTERS) {
        return read_counter(debug, offset - GP_DEBUG_COUNTERS);
    }
    switch (offset) {
    case 0x000:
        return GP_DEBUG_MAGIC;
    case 0x004:
        return GP_COUNTER_COUNT;
    case GP_DEBUG_COMMAND:
        return debug->command;
    case GP_DEBUG_RESULT:
        return debug->result;
    case GP_DEBUG_SWITCH:
        return debug->selected;
    case GP_DEBUG_VALUE:
        return debug->selected < GP_SWITCH_COUNT ?
               debug->gpu->cfg.switches[debug->selected] : 0;
    case GP_DEBUG_INSTRUCTIONS:
        return read_low(debug, debug->gpu->host.instructions(
                                   debug->gpu->host.opaque));
    case GP_DEBUG_INSTRUCTIONS + 4:
        return debug->high;
    default:
        return gp_mmio_unknown_read(debug->gpu->mmio, addr);
    }
}

static void run_command(GpDebug *debug, uint32_t command)
{
    debug->command = command;
    switch (command) {
    case GP_DEBUG_NOP:
        debug->result = 0;
        break;
    case GP_DEBUG_RESET:
        memset(&debug->gpu->stats, 0, sizeof(debug->gpu->stats));
        debug->result = 0;
        break;
    case GP_DEBUG_COMPARE_TLB:
        debug->result = debug->ops->compare_tlb(debug->gpu);
        break;
    case GP_DEBUG_IDLE:
        debug->result = debug->ops->idle(debug->gpu);
        break;
    default:
        debug->result = ~0u;
        gp_log(debug->gpu, GP_LOG_GUEST, "debug: no command %u", command);
        break;
    }
}

static void debug_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpDebug *debug = opaque;

    switch (addr - GP_DEBUG_BASE) {
    case GP_DEBUG_COMMAND:
        run_command(debug, val);
        break;
    case GP_DEBUG_SWITCH:
        debug->selected = val;
        break;
    case GP_DEBUG_VALUE:
        if (debug->selected < GP_SWITCH_COUNT) {
            debug->gpu->cfg.switches[debug->selected] = val;
            gp_kick(debug->gpu);
        } else {
            gp_log(debug->gpu, GP_LOG_GUEST, "debug: no switch %u",
                   debug->selected);
        }
        break;
    default:
        gp_mmio_unknown_write(debug->gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps debug_mmio_ops = {
    .read = debug_read,
    .write = debug_write,
};

GpDebug *gp_debug_new(Gp107 *gpu, const GpDebugOps *ops)
{
    GpDebug *debug = calloc(1, sizeof(*debug));

    if (debug) {
        debug->gpu = gpu;
        debug->ops = ops;
        gp_mmio_map(gpu->mmio, "debug", GP_DEBUG_BASE, GP_DEBUG_SIZE,
                    &debug_mmio_ops, debug);
    }
    return debug;
}

void gp_debug_free(GpDebug *debug)
{
    free(debug);
}

void gp_debug_reset(GpDebug *debug)
{
    debug->command = 0;
    debug->result = 0;
    debug->selected = 0;
    debug->high = 0;
}
