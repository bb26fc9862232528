/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inline-to-memory: data that comes with the methods is written to memory.
 * Class a140 is only this; c197 and c1c0 have the same methods (cla140.h).
 */
#include <string.h>

#include "internal.h"
#include "../host/fifo.h"
#include "../mem/blocklinear.h"

enum {
    LINE_LENGTH_IN = 0x0180,
    LINE_COUNT = 0x0184,
    OFFSET_OUT = 0x0188,
    PITCH_OUT = 0x0190,
    DST_BLOCK_SIZE = 0x0194,
    DST_WIDTH = 0x0198,
    DST_HEIGHT = 0x019c,
    DST_LAYER = 0x01a4,
    DST_ORIGIN_X = 0x01a8,
    DST_ORIGIN_Y = 0x01ac,
    LAUNCH_DMA = 0x01b0,
    LOAD_INLINE_DATA = 0x01b4,
    I2M_SEMAPHORE = 0x01dc,
    I2M_PAYLOAD = 0x01e4,
};

/* LAUNCH_DMA */
enum {
    LAUNCH_PITCH = 1u << 0,
    LAUNCH_REDUCE = 1u << 1,
    LAUNCH_ONE_WORD = 1u << 12,
};

/* 404600, as nouveau's gf100_m2mf_error names its bits. */
enum {
    PUSH_TOO_MUCH_DATA = 1,
    PUSH_NOT_ENOUGH_DATA = 2,
};

static void surface_of(const GpGrContext *ctx, GpGrClass class,
                       GpBlockLinear *surface)
{
    uint32_t size = gp_gr_state(ctx, class, DST_BLOCK_SIZE);

    gp_blocklinear_init(surface, gp_gr_state(ctx, class, DST_WIDTH),
                        gp_gr_state(ctx, class, DST_HEIGHT), size >> 4 & 7,
                        size >> 8 & 7, gp_gr_state(ctx, class, DST_LAYER));
}

/* Writes what has gathered, at line @line from column @column. */
static bool flush(GpGr *gr, GpGrClass class)
{
    GpGrContext *ctx = gr->current;
    GpInline *up = &ctx->upload[class];
    uint64_t base = gp_gr_address(ctx, class, OFFSET_OUT);
    uint32_t column = up->column - up->fill;
    uint64_t done = 0;
    GpBlockLinear surface;

    if (up->launch & LAUNCH_PITCH) {
        base += (uint64_t)gp_gr_state(ctx, class, PITCH_OUT) * up->line +
                column;
        done = up->fill;
        up->fill = 0;
        return gp_gr_fe_write(gr, base, up->chunk, done);
    }
    surface_of(ctx, class, &surface);
    while (done < up->fill) {
        uint32_t x = gp_gr_state(ctx, class, DST_ORIGIN_X) + column + done;
        uint32_t y = gp_gr_state(ctx, class, DST_ORIGIN_Y) + up->line;
        uint64_t part, offset;

        offset = gp_blocklinear_offset(&surface, x, y, &part);
        if (part > up->fill - done) {
            part = up->fill - done;
        }
        if (!gp_gr_fe_write(gr, base + offset, up->chunk + done, part)) {
            return false;
        }
        done += part;
    }
    up->fill = 0;
    return true;
}

static GpMethodResult complete(GpGr *gr, GpGrClass class)
{
    GpGrContext *ctx = gr->current;
    uint32_t launch = ctx->upload[class].launch;
    GpRelease release = {
        .va = gp_gr_address(ctx, class, I2M_SEMAPHORE),
        .payload = gp_gr_state(ctx, class, I2M_PAYLOAD),
        .one_word = launch & LAUNCH_ONE_WORD,
        .reduce = launch & LAUNCH_REDUCE,
        .is_signed = (launch >> 2 & 3) == 1,
        .op = launch >> 13 & 7,
    };

    ctx->upload[class].active = false;
    if ((launch >> 4 & 3) == 2 && !gp_release(gr, &release)) {
        return GP_METHOD_FAULT;
    }
    if ((launch >> 8 & 3) == 1) {
        gp_fifo_nonstall(gr->gpu, gr->engine.runlist);
    }
    return GP_METHOD_DONE;
}

static GpMethodResult launch(GpGr *gr, GpGrClass class, uint32_t data)
{
    GpGrContext *ctx = gr->current;
    GpInline *up = &ctx->upload[class];

    if (up->active) {
        up->active = false;
        gp_gr_raise_m2mf(gr, PUSH_NOT_ENOUGH_DATA);
        return GP_METHOD_ERROR;
    }
    if ((data >> 4 & 3) == 3) {
        gp_gr_raise_data_error(gr, GP_GR_INVALID_ENUM);
        return GP_METHOD_ERROR;
    }
    memset(up, 0, sizeof(*up));
    up->active = true;
    up->launch = data;
    if (gp_gr_state(ctx, class, LINE_LENGTH_IN) == 0 ||
        gp_gr_state(ctx, class, LINE_COUNT) == 0) {
        return complete(gr, class);
    }
    return GP_METHOD_DONE;
}

static GpMethodResult load(GpGr *gr, GpGrClass class, uint32_t data)
{
    GpGrContext *ctx = gr->current;
    GpInline *up = &ctx->upload[class];
    uint32_t length = gp_gr_state(ctx, class, LINE_LENGTH_IN);
    uint32_t part = 4;

    if (!up->active) {
        gp_gr_raise_m2mf(gr, PUSH_TOO_MUCH_DATA);
        return GP_METHOD_ERROR;
    }
    /* A line ends within its last word; the next begins with a new one. */
    if (part > length - up->column) {
        part = length - up->column;
    }
    memcpy(up->chunk + up->fill, &data, part);
    up->fill += part;
    up->column += part;
    if (up->column >= length || up->fill > GP_INLINE_CHUNK - 4) {
        if (!flush(gr, class)) {
            up->active = false;
            return GP_METHOD_FAULT;
        }
    }
    if (up->column >= length) {
        up->column = 0;
        up->line++;
        if (up->line >= gp_gr_state(ctx, class, LINE_COUNT)) {
            return complete(gr, class);
        }
    }
    return GP_METHOD_DONE;
}

GpMethodResult gp_inline_method(GpGr *gr, GpGrClass class, uint32_t method,
                                uint32_t data)
{
    switch (method) {
    case LAUNCH_DMA:
        return launch(gr, class, data);
    case LOAD_INLINE_DATA:
        return load(gr, class, data);
    default:
        return GP_METHOD_DONE;
    }
}
