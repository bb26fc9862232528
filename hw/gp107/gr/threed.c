/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class c197.  There is no graphics pipeline here: its methods are stored, as
 * are the macros of the MME, which only set more of that state.  Those that
 * act are the ones that compute and buffers are in need of.
 */
#include <string.h>

#include "internal.h"
#include "sked.h"

enum {
    NOTIFY = 0x010c,
    WAIT_FOR_IDLE = 0x0110,
    LAUNCH_DMA = 0x01b0,
    LOAD_INLINE_DATA = 0x01b4,
    INVALIDATE_SHADER_CACHES = 0x021c,
    COLOR_TARGET = 0x0800,              /* + 40 a target */
    COLOR_TARGET_WIDTH = 0x08,
    COLOR_TARGET_HEIGHT = 0x0c,
    COLOR_TARGET_FORMAT = 0x10,
    COLOR_TARGET_MEMORY = 0x14,
    COLOR_CLEAR_VALUE = 0x0d80,
    INVALIDATE_SHADER_CACHES_NO_WFI = 0x0da4,
    SURFACE_CLIP_HORIZONTAL = 0x0ff4,
    SURFACE_CLIP_VERTICAL = 0x0ff8,
    CLEAR_SURFACE = 0x19d0,
    REPORT_SEMAPHORE_D = 0x1b0c,
    CONSTANT_BUFFER_ADDRESS = 0x2384,
    LOAD_CONSTANT_BUFFER_OFFSET = 0x238c,
    LOAD_CONSTANT_BUFFER = 0x2390,
    LOAD_CONSTANT_BUFFER_LAST = 0x23cc,
};

#define CLEAR_COLOR         0x3c        /* CLEAR_SURFACE: R, G, B and A */
#define MEMORY_PITCH        (1u << 12)
#define CLEAR_PIECE         4096u       /* bytes written in one step */

/*
 * Formats whose channels are 8, 16 or 32 bits of the clear value as they
 * stand: the integers, and 32-bit floats.
 */
static const struct {
    uint8_t format;
    uint8_t channels;
    uint8_t bytes;
} formats[] = {
    { 0xc0, 4, 4 }, { 0xc1, 4, 4 }, { 0xc2, 4, 4 },
    { 0xc8, 4, 2 }, { 0xc9, 4, 2 },
    { 0xcb, 2, 4 }, { 0xcc, 2, 4 }, { 0xcd, 2, 4 },
    { 0xd8, 4, 1 }, { 0xd9, 4, 1 },
    { 0xdc, 2, 2 }, { 0xdd, 2, 2 },
    { 0xe3, 1, 4 }, { 0xe4, 1, 4 }, { 0xe5, 1, 4 },
    { 0xec, 2, 1 }, { 0xed, 2, 1 },
    { 0xf0, 1, 2 }, { 0xf1, 1, 2 },
    { 0xf5, 1, 1 }, { 0xf6, 1, 1 },
};

static bool clear_pattern(GpGrContext *ctx, uint32_t format)
{
    GpClear *clear = &ctx->clear;
    unsigned i, channel;

    for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (formats[i].format == format) {
            break;
        }
    }
    if (i == sizeof(formats) / sizeof(formats[0])) {
        return false;
    }
    clear->texel = formats[i].channels * formats[i].bytes;
    for (channel = 0; channel < formats[i].channels; channel++) {
        uint32_t val = gp_gr_state(ctx, GP_GR_THREED,
                                   COLOR_CLEAR_VALUE + 4 * channel);

        memcpy(clear->pattern + channel * formats[i].bytes, &val,
               formats[i].bytes);
    }
    return true;
}

static GpMethodResult clear_surface(GpGr *gr, uint32_t data)
{
    GpGrContext *ctx = gr->current;
    GpClear *clear = &ctx->clear;
    uint32_t target = COLOR_TARGET + 0x40 * (data >> 6 & 7);
    uint32_t pitch, height, x, y, across, down;

    if (!gp_gr_is_idle(gr)) {
        return GP_METHOD_WAIT;
    }
    if (!(data & CLEAR_COLOR)) {
        return GP_METHOD_DONE;
    }
    pitch = gp_gr_state(ctx, GP_GR_THREED, target + COLOR_TARGET_WIDTH);
    height = gp_gr_state(ctx, GP_GR_THREED, target + COLOR_TARGET_HEIGHT);
    if ((data & CLEAR_COLOR) != CLEAR_COLOR ||
        !(gp_gr_state(ctx, GP_GR_THREED, target + COLOR_TARGET_MEMORY) &
          MEMORY_PITCH) ||
        !clear_pattern(ctx, gp_gr_state(ctx, GP_GR_THREED,
                                        target + COLOR_TARGET_FORMAT))) {
        gp_log(gr->gpu, GP_LOG_UNKNOWN, "gr: this CLEAR_SURFACE is not "
               "modelled: %08x, format %02x", data,
               gp_gr_state(ctx, GP_GR_THREED, target + COLOR_TARGET_FORMAT));
        gp_gr_raise_data_error(gr, GP_GR_INVALID_OPERATION);
        return GP_METHOD_ERROR;
    }
    x = gp_gr_state(ctx, GP_GR_THREED, SURFACE_CLIP_HORIZONTAL) & 0xffff;
    across = gp_gr_state(ctx, GP_GR_THREED, SURFACE_CLIP_HORIZONTAL) >> 16;
    y = gp_gr_state(ctx, GP_GR_THREED, SURFACE_CLIP_VERTICAL) & 0xffff;
    down = gp_gr_state(ctx, GP_GR_THREED, SURFACE_CLIP_VERTICAL) >> 16;
    if (y >= height || x >= pitch / clear->texel) {
        return GP_METHOD_DONE;
    }
    if (down > height - y) {
        down = height - y;
    }
    if (across > pitch / clear->texel - x) {
        across = pitch / clear->texel - x;
    }
    if (!across || !down) {
        return GP_METHOD_DONE;
    }
    clear->va = gp_gr_address(ctx, GP_GR_THREED, target) +
                (uint64_t)y * pitch + (uint64_t)x * clear->texel;
    clear->pitch = pitch;
    clear->lines = down;
    clear->length = across * clear->texel;
    clear->done = 0;
    clear->active = true;
    gp_kick(gr->gpu);
    return GP_METHOD_DONE;
}

GpRun gp_threed_run(GpGr *gr, unsigned *budget)
{
    GpClear *clear = &gr->current->clear;
    uint8_t piece[CLEAR_PIECE];
    uint32_t i, part;

    if (!clear->active) {
        return GP_RUN_IDLE;
    }
    for (i = 0; i < CLEAR_PIECE; i += clear->texel) {
        memcpy(piece + i, clear->pattern, clear->texel);
    }
    while (clear->active && *budget) {
        (*budget)--;
        part = clear->length - clear->done;
        if (part > CLEAR_PIECE) {
            part = CLEAR_PIECE;
        }
        if (!gp_gr_fe_write(gr, clear->va + clear->done, piece, part)) {
            clear->active = false;
            return GP_RUN_IDLE;
        }
        clear->done += part;
        if (clear->done == clear->length) {
            clear->done = 0;
            clear->va += clear->pitch;
            clear->active = --clear->lines;
        }
    }
    return clear->active ? GP_RUN_MORE : GP_RUN_IDLE;
}

static GpMethodResult load_constants(GpGr *gr, uint32_t data)
{
    GpGrContext *ctx = gr->current;
    uint32_t *offset = &ctx->state[GP_GR_THREED]
                                  [LOAD_CONSTANT_BUFFER_OFFSET / 4];
    uint64_t va = gp_gr_address(ctx, GP_GR_THREED, CONSTANT_BUFFER_ADDRESS);

    if (!gp_gr_fe_write(gr, va + (*offset & 0xfffc), &data, 4)) {
        return GP_METHOD_FAULT;
    }
    *offset += 4;
    gp_sked_invalidate_constants(gr->sked);
    return GP_METHOD_DONE;
}

GpMethodResult gp_threed_method(GpGr *gr, uint32_t method, uint32_t data)
{
    switch (method) {
    case NOTIFY:
        return gp_notify_method(gr, GP_GR_THREED, data);
    case WAIT_FOR_IDLE:
        return gp_gr_is_idle(gr) ? GP_METHOD_DONE : GP_METHOD_WAIT;
    case LAUNCH_DMA:
    case LOAD_INLINE_DATA:
        return gp_inline_method(gr, GP_GR_THREED, method, data);
    case INVALIDATE_SHADER_CACHES:
        if (!gp_gr_is_idle(gr)) {
            return GP_METHOD_WAIT;
        }
        /* fall through */
    case INVALIDATE_SHADER_CACHES_NO_WFI:
        gp_sked_invalidate(gr->sked, data);
        return GP_METHOD_DONE;
    case CLEAR_SURFACE:
        return clear_surface(gr, data);
    case REPORT_SEMAPHORE_D:
        return gp_report_method(gr, GP_GR_THREED, data);
    default:
        if (method >= LOAD_CONSTANT_BUFFER &&
            method <= LOAD_CONSTANT_BUFFER_LAST) {
            return load_constants(gr, data);
        }
        return GP_METHOD_DONE;
    }
}
