/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Class c1b5, PASCAL_DMA_COPY_B (clc1b5.h): what its methods say, and the
 * copy that LAUNCH_DMA starts, done in slices.
 *
 * A copy is of lines of elements.  An element is one byte, or with REMAP as
 * many components as SET_REMAP_COMPONENTS says.  A line starts PITCH bytes
 * behind the one before, or lies in a block-linear surface.
 */
#include <stdlib.h>
#include <string.h>

#include "../mem/blocklinear.h"
#include "../mem/fault.h"
#include "ce.h"
#include "semaphore.h"

/* clc1b5.h */
#define NOP                     0x0100
#define PM_TRIGGER              0x0140
#define SET_SEMAPHORE_A         0x0240
#define SET_SEMAPHORE_B         0x0244
#define SET_SEMAPHORE_PAYLOAD   0x0248
#define SET_RENDER_ENABLE_A     0x0254
#define SET_RENDER_ENABLE_B     0x0258
#define SET_RENDER_ENABLE_C     0x025c
#define SET_SRC_PHYS_MODE       0x0260
#define SET_DST_PHYS_MODE       0x0264
#define LAUNCH_DMA              0x0300
#define OFFSET_IN_UPPER         0x0400
#define OFFSET_IN_LOWER         0x0404
#define OFFSET_OUT_UPPER        0x0408
#define OFFSET_OUT_LOWER        0x040c
#define PITCH_IN                0x0410
#define PITCH_OUT               0x0414
#define LINE_LENGTH_IN          0x0418
#define LINE_COUNT              0x041c
#define SET_REMAP_CONST_A       0x0700
#define SET_REMAP_CONST_B       0x0704
#define SET_REMAP_COMPONENTS    0x0708
#define SET_DST_BLOCK_SIZE      0x070c
#define SET_DST_ORIGIN          0x0720
#define SET_SRC_BLOCK_SIZE      0x0728
#define SET_SRC_ORIGIN          0x073c
#define SRC_ORIGIN_X            0x0744
#define SRC_ORIGIN_Y            0x0748
#define DST_ORIGIN_X            0x074c
#define DST_ORIGIN_Y            0x0750
#define PM_TRIGGER_END          0x1114

/* Behind SET_{SRC,DST}_BLOCK_SIZE. */
#define BLOCK_WIDTH             0x04
#define BLOCK_HEIGHT            0x08
#define BLOCK_DEPTH             0x0c
#define BLOCK_LAYER             0x10

#define LAUNCH_TRANSFER(v)      ((v) & 3)
#define LAUNCH_TRANSFER_NONE    0
#define LAUNCH_TRANSFER_MAX     2
#define LAUNCH_SEMAPHORE(v)     ((v) >> 3 & 3)
#define LAUNCH_SEMAPHORE_NONE   0
#define LAUNCH_SEMAPHORE_FOUR   2
#define LAUNCH_INTERRUPT(v)     ((v) >> 5 & 3)
#define LAUNCH_SRC_PITCH        (1u << 7)
#define LAUNCH_DST_PITCH        (1u << 8)
#define LAUNCH_MULTI_LINE       (1u << 9)
#define LAUNCH_REMAP            (1u << 10)
#define LAUNCH_SRC_PHYSICAL     (1u << 12)
#define LAUNCH_DST_PHYSICAL     (1u << 13)
#define LAUNCH_REDUCTION(v)     ((v) >> 14 & 0xf)
#define LAUNCH_REDUCTION_UNSIGNED (1u << 18)
#define LAUNCH_REDUCTION_ENABLE (1u << 19)

#define RENDER_FALSE            0
#define RENDER_TRUE             1
#define RENDER_CONDITIONAL      2
#define RENDER_IF_EQUAL         3
#define RENDER_IF_NOT_EQUAL     4

#define REMAP_CONST_A           4
#define REMAP_CONST_B           5
#define REMAP_NO_WRITE          6

#define MAX_BLOCK_LOG2          5
#define GOB_HEIGHT_FERMI_8      1

#define CHUNK                   4096    /* bytes moved at a time */
#define BYTES_PER_STEP          64      /* of the budget of a slice */

/* NV_CE_LCE_LAUNCHERR_REPORT (dev_ce.ref) */
typedef enum LaunchErr {
    LAUNCH_OK = 0x0,
    LAUNCH_LAYER_EXCEEDS_DEPTH = 0x1,
    LAUNCH_INVALID_ALIGNMENT = 0x2,
    LAUNCH_RECT_OUT_OF_BOUNDS = 0x3,
    LAUNCH_SRC_LINE_EXCEEDS_PITCH = 0x4,
    LAUNCH_SRC_LINE_EXCEEDS_NEG_PITCH = 0x5,
    LAUNCH_DST_LINE_EXCEEDS_PITCH = 0x6,
    LAUNCH_DST_LINE_EXCEEDS_NEG_PITCH = 0x7,
    LAUNCH_BAD_SRC_COMPONENT = 0x8,
    LAUNCH_INVALID_VALUE = 0x9,
} LaunchErr;

/* One end of a copy. */
typedef struct Side {
    bool physical;
    GpAperture ap;                  /* when physical */
    uint64_t base;
    bool pitch_layout;
    int64_t pitch;
    unsigned element;               /* bytes */
    /* Block-linear; x in bytes. */
    GpBlockLinear surface;
    uint64_t x, y;
} Side;

struct GpCopy {
    Gp107 *gpu;
    GpClient client;
    void (*interrupt)(void *opaque, uint32_t status, uint32_t launcherr);
    void *opaque;
    GpChannel *channel;             /* of the copy under way; NULL none */
    uint32_t launch;
    Side src, dst;
    bool remap;
    unsigned component;             /* bytes */
    unsigned n_dst;
    uint8_t select[4];
    uint32_t constant[2];
    bool read_src, read_dst;
    uint64_t line_length;           /* elements; 0: nothing to copy */
    uint32_t lines;
    uint32_t line;                  /* where it is */
    uint64_t element;
    uint64_t semaphore;
    uint32_t payload;
};

/* Where a method's value is kept; -1: it is not kept. */
static int reg_index(uint32_t method)
{
    if (method >= SET_SEMAPHORE_A && method <= SET_DST_PHYS_MODE) {
        return (method - SET_SEMAPHORE_A) / 4;
    }
    if (method >= OFFSET_IN_UPPER && method <= LINE_COUNT) {
        return 10 + (method - OFFSET_IN_UPPER) / 4;
    }
    if (method >= SET_REMAP_CONST_A && method <= DST_ORIGIN_Y) {
        return 18 + (method - SET_REMAP_CONST_A) / 4;
    }
    return -1;
}

/* Only for methods that are kept. */
static uint32_t reg(const GpChannel *channel, uint32_t method)
{
    return channel->copy.reg[reg_index(method)];
}

static void set_reg(GpChannel *channel, uint32_t method, uint32_t data)
{
    channel->copy.reg[reg_index(method)] = data;
}

/* All addresses of the class are 49 bits, the upper word first. */
static uint64_t reg_address(const GpChannel *channel, uint32_t upper)
{
    return (uint64_t)(reg(channel, upper) & 0x1ffff) << 32 |
           reg(channel, upper + 4);
}

/* ------------------------------------------------------------- launching */

static LaunchErr setup_blocklinear(const GpChannel *channel, Side *side,
                                   uint32_t block, uint32_t origin_x,
                                   uint64_t length, uint32_t lines)
{
    uint32_t size = reg(channel, block);
    uint64_t width = (uint64_t)reg(channel, block + BLOCK_WIDTH) *
                     side->element;
    uint64_t height = reg(channel, block + BLOCK_HEIGHT);
    uint32_t depth = reg(channel, block + BLOCK_DEPTH);
    uint32_t layer = reg(channel, block + BLOCK_LAYER);

    if ((size & 0xf) != 0 || (size >> 12 & 0xf) != GOB_HEIGHT_FERMI_8 ||
        (size >> 4 & 0xf) > MAX_BLOCK_LOG2 ||
        (size >> 8 & 0xf) > MAX_BLOCK_LOG2) {
        return LAUNCH_INVALID_VALUE;
    }
    if (layer && layer >= depth) {
        return LAUNCH_LAYER_EXCEEDS_DEPTH;
    }
    if (side->base % GP_GOB_SIZE) {
        return LAUNCH_INVALID_ALIGNMENT;
    }
    side->x = (uint64_t)reg(channel, origin_x) * side->element;
    side->y = reg(channel, origin_x + 4);
    if (side->x + length > width || side->y + lines > height) {
        return LAUNCH_RECT_OUT_OF_BOUNDS;
    }
    gp_blocklinear_init(&side->surface, width, height, size >> 4 & 0xf,
                        size >> 8 & 0xf, layer);
    return LAUNCH_OK;
}

/* SET_{SRC,DST}_PHYS_MODE_TARGET: 0 LOCAL_FB, 1 coherent, 2 non-coherent. */
static bool setup_physical(Side *side, uint32_t mode)
{
    static const GpAperture target[] = {
        GP_VRAM, GP_SYS_COHERENT, GP_SYS_NONCOHERENT,
    };

    side->physical = true;
    if ((mode & 3) == 3) {
        return false;
    }
    side->ap = target[mode & 3];
    return true;
}

static LaunchErr setup_remap(GpCopy *copy, uint32_t launch)
{
    uint32_t val = reg(copy->channel, SET_REMAP_COMPONENTS);
    unsigned n_src = (val >> 20 & 3) + 1;

    copy->remap = launch & LAUNCH_REMAP;
    copy->read_src = !copy->remap;
    copy->read_dst = false;
    copy->component = 1;
    copy->src.element = copy->dst.element = 1;
    if (!copy->remap) {
        return LAUNCH_OK;
    }
    copy->component = (val >> 16 & 3) + 1;
    copy->n_dst = (val >> 24 & 3) + 1;
    copy->src.element = copy->component * n_src;
    copy->dst.element = copy->component * copy->n_dst;
    copy->constant[0] = reg(copy->channel, SET_REMAP_CONST_A);
    copy->constant[1] = reg(copy->channel, SET_REMAP_CONST_B);
    for (unsigned i = 0; i < copy->n_dst; i++) {
        copy->select[i] = val >> 4 * i & 7;
        if (copy->select[i] > REMAP_NO_WRITE) {
            return LAUNCH_INVALID_VALUE;
        }
        if (copy->select[i] == REMAP_NO_WRITE) {
            copy->read_dst = true;
        } else if (copy->select[i] < REMAP_CONST_A) {
            if (copy->select[i] >= n_src) {
                return LAUNCH_BAD_SRC_COMPONENT;
            }
            copy->read_src = true;
        }
    }
    return LAUNCH_OK;
}

static LaunchErr check_pitch(const Side *side, uint64_t length, bool src)
{
    if (side->pitch >= 0 && length > (uint64_t)side->pitch) {
        return src ? LAUNCH_SRC_LINE_EXCEEDS_PITCH :
                     LAUNCH_DST_LINE_EXCEEDS_PITCH;
    }
    if (side->pitch < 0 && length > (uint64_t)-side->pitch) {
        return src ? LAUNCH_SRC_LINE_EXCEEDS_NEG_PITCH :
                     LAUNCH_DST_LINE_EXCEEDS_NEG_PITCH;
    }
    return LAUNCH_OK;
}

static LaunchErr setup_side(GpCopy *copy, Side *side, bool src)
{
    GpChannel *channel = copy->channel;
    uint64_t length = copy->line_length * side->element;

    side->physical = false;
    side->base = reg_address(channel, src ? OFFSET_IN_UPPER :
                                            OFFSET_OUT_UPPER);
    if (copy->launch & (src ? LAUNCH_SRC_PHYSICAL : LAUNCH_DST_PHYSICAL) &&
        !setup_physical(side, reg(channel, src ? SET_SRC_PHYS_MODE :
                                                 SET_DST_PHYS_MODE))) {
        return LAUNCH_INVALID_VALUE;
    }
    side->pitch_layout = copy->launch &
                         (src ? LAUNCH_SRC_PITCH : LAUNCH_DST_PITCH);
    if (!side->pitch_layout) {
        return setup_blocklinear(channel, side,
                                 src ? SET_SRC_BLOCK_SIZE :
                                       SET_DST_BLOCK_SIZE,
                                 src ? SRC_ORIGIN_X : DST_ORIGIN_X,
                                 length, copy->lines);
    }
    side->pitch = (int32_t)reg(channel, src ? PITCH_IN : PITCH_OUT);
    return copy->lines > 1 ? check_pitch(side, length, src) : LAUNCH_OK;
}

static LaunchErr setup_copy(GpCopy *copy)
{
    GpChannel *channel = copy->channel;
    LaunchErr err;

    copy->lines = copy->launch & LAUNCH_MULTI_LINE ?
                  reg(channel, LINE_COUNT) : 1;
    copy->line_length = copy->lines ? reg(channel, LINE_LENGTH_IN) : 0;
    copy->line = 0;
    copy->element = 0;
    err = setup_remap(copy, copy->launch);
    if (!err && copy->read_src) {
        err = setup_side(copy, &copy->src, true);
    }
    if (!err) {
        err = setup_side(copy, &copy->dst, false);
    }
    return err;
}

static LaunchErr setup_semaphore(GpCopy *copy)
{
    unsigned type = LAUNCH_SEMAPHORE(copy->launch);

    if (type == LAUNCH_SEMAPHORE_NONE) {
        return LAUNCH_OK;
    }
    if (type > LAUNCH_SEMAPHORE_FOUR) {
        return LAUNCH_INVALID_VALUE;
    }
    copy->semaphore = reg_address(copy->channel, SET_SEMAPHORE_A);
    copy->payload = reg(copy->channel, SET_SEMAPHORE_PAYLOAD);
    if (copy->semaphore % (type == LAUNCH_SEMAPHORE_FOUR ? 16 : 4)) {
        return LAUNCH_INVALID_ALIGNMENT;
    }
    if (copy->launch & LAUNCH_REDUCTION_ENABLE &&
        LAUNCH_REDUCTION(copy->launch) > GP_REDUCE_DEC &&
        LAUNCH_REDUCTION(copy->launch) != GP_REDUCE_FADD) {
        return LAUNCH_INVALID_VALUE;
    }
    return LAUNCH_OK;
}

static void raise(GpCopy *copy, uint32_t status, LaunchErr err)
{
    if (copy->interrupt) {
        copy->interrupt(copy->opaque, status, err);
    }
}

static GpMethodResult launch(GpCopy *copy, GpChannel *channel, uint32_t data)
{
    LaunchErr err = LAUNCH_OK;

    copy->channel = channel;
    copy->launch = data;
    copy->line_length = 0;
    if (LAUNCH_TRANSFER(data) > LAUNCH_TRANSFER_MAX) {
        err = LAUNCH_INVALID_VALUE;
    } else if (LAUNCH_TRANSFER(data) != LAUNCH_TRANSFER_NONE &&
               !channel->copy.render_off) {
        err = setup_copy(copy);
    }
    if (!err) {
        err = setup_semaphore(copy);
    }
    if (err) {
        gp_log(copy->gpu, GP_LOG_GUEST,
               "CE: channel %u: launch %08x: error %x", channel->id, data,
               err);
        copy->channel = NULL;
        raise(copy, GP_COPY_LAUNCHERR, err);
        return GP_METHOD_ERROR;
    }
    return GP_METHOD_DONE;
}

/* ---------------------------------------------------------------- moving */

static bool move(GpCopy *copy, const Side *side, uint64_t addr, void *buf,
                 uint64_t len, bool write, GpFault *fault)
{
    const GpSpace *space = &copy->channel->space;

    if (side->physical) {
        if (write ? gp_mem_write(copy->gpu, side->ap, addr, buf, len) :
                    gp_mem_read(copy->gpu, side->ap, addr, buf, len)) {
            return true;
        }
        *fault = (GpFault) {
            .inst = space->inst,
            .inst_ap = space->inst_ap,
            .va = addr,
            .access = write ? GP_ACCESS_WRITE : GP_ACCESS_READ,
            .type = GP_FAULT_REGION,
            .client = copy->client,
        };
        return false;
    }
    return write ? gp_mmu_write(copy->gpu, space, &copy->client, addr, buf,
                                len, fault) :
                   gp_mmu_read(copy->gpu, space, &copy->client, addr, buf,
                               len, fault);
}

/* @len bytes at byte @offset of the current line. */
static bool move_line(GpCopy *copy, const Side *side, uint64_t offset,
                      uint8_t *buf, uint64_t len, bool write, GpFault *fault)
{
    if (side->pitch_layout) {
        return move(copy, side,
                    side->base + (uint64_t)(side->pitch * copy->line) +
                    offset, buf, len, write, fault);
    }
    while (len) {
        uint64_t run;
        uint64_t addr = side->base +
                        gp_blocklinear_offset(&side->surface, side->x + offset,
                                              side->y + copy->line, &run);

        run = run < len ? run : len;
        if (!move(copy, side, addr, buf, run, write, fault)) {
            return false;
        }
        buf += run;
        offset += run;
        len -= run;
    }
    return true;
}

static void remap(const GpCopy *copy, const uint8_t *in, uint8_t *out,
                  unsigned count)
{
    unsigned size = copy->component;

    for (unsigned i = 0; i < count; i++) {
        for (unsigned c = 0; c < copy->n_dst; c++) {
            unsigned select = copy->select[c];

            if (select < REMAP_CONST_A) {
                memcpy(out, in + select * size, size);
            } else if (select != REMAP_NO_WRITE) {
                uint32_t val = copy->constant[select - REMAP_CONST_A];

                for (unsigned b = 0; b < size; b++) {
                    out[b] = val >> 8 * b;
                }
            }
            out += size;
        }
        in += copy->src.element;
    }
}

/* False: a fault.  Else *moved bytes of the destination are done. */
static bool move_chunk(GpCopy *copy, unsigned *moved, GpFault *fault)
{
    uint8_t in[CHUNK], out[CHUNK];
    unsigned larger = copy->src.element > copy->dst.element ?
                      copy->src.element : copy->dst.element;
    uint64_t count = copy->line_length - copy->element;

    count = count < CHUNK / larger ? count : CHUNK / larger;
    *moved = count * copy->dst.element;
    if (copy->read_src &&
        !move_line(copy, &copy->src, copy->element * copy->src.element, in,
                   count * copy->src.element, false, fault)) {
        return false;
    }
    if (copy->read_dst &&
        !move_line(copy, &copy->dst, copy->element * copy->dst.element, out,
                   *moved, false, fault)) {
        return false;
    }
    if (copy->remap) {
        remap(copy, in, out, count);
    }
    if (!move_line(copy, &copy->dst, copy->element * copy->dst.element,
                   copy->remap ? out : in, *moved, true, fault)) {
        return false;
    }
    copy->element += count;
    if (copy->element == copy->line_length) {
        copy->element = 0;
        copy->line++;
    }
    return true;
}

static bool release(GpCopy *copy, GpFault *fault)
{
    const GpSpace *space = &copy->channel->space;
    unsigned type = LAUNCH_SEMAPHORE(copy->launch);
    bool four_words = type == LAUNCH_SEMAPHORE_FOUR;

    if (type == LAUNCH_SEMAPHORE_NONE) {
        return true;
    }
    if (!(copy->launch & LAUNCH_REDUCTION_ENABLE)) {
        return gp_semaphore_release(copy->gpu, space, &copy->client,
                                    copy->semaphore, copy->payload,
                                    four_words, fault);
    }
    return (!four_words ||
            gp_semaphore_stamp(copy->gpu, space, &copy->client,
                               copy->semaphore, fault)) &&
           gp_semaphore_reduce(copy->gpu, space, &copy->client,
                               copy->semaphore,
                               LAUNCH_REDUCTION(copy->launch),
                               !(copy->launch & LAUNCH_REDUCTION_UNSIGNED),
                               copy->payload, fault);
}

static void finish(GpCopy *copy)
{
    unsigned type = LAUNCH_INTERRUPT(copy->launch);

    copy->channel = NULL;
    if (type == 1) {
        raise(copy, GP_COPY_BLOCKPIPE, LAUNCH_OK);
    } else if (type == 2) {
        raise(copy, GP_COPY_NONBLOCKPIPE, LAUNCH_OK);
    }
}

GpRun gp_copy_run(GpCopy *copy, unsigned budget)
{
    uint64_t bytes = (uint64_t)budget * BYTES_PER_STEP;
    GpFault fault;
    bool ok = true;

    if (!copy->channel) {
        return GP_RUN_IDLE;
    }
    while (ok && copy->line_length && copy->line < copy->lines) {
        unsigned moved;

        ok = move_chunk(copy, &moved, &fault);
        if (ok) {
            gp_count(copy->gpu, GP_COUNTER_COPY_BYTES, moved);
            if (bytes <= moved) {
                return GP_RUN_MORE;
            }
            bytes -= moved;
        }
    }
    if (ok && release(copy, &fault)) {
        finish(copy);
        return GP_RUN_IDLE;
    }
    copy->channel = NULL;
    gp_fault_unit_post(copy->gpu, &fault);
    return GP_RUN_IDLE;
}

/* --------------------------------------------------------------- methods */

/* clc1b5.h SET_RENDER_ENABLE_C_MODE; reports are compared by 64 bits. */
static GpMethodResult set_render_enable(GpCopy *copy, GpChannel *channel,
                                        uint32_t mode)
{
    uint64_t va = (uint64_t)(reg(channel, SET_RENDER_ENABLE_A) & 0xff) << 32 |
                  reg(channel, SET_RENDER_ENABLE_B);
    uint64_t report[3] = { 0 };
    GpFault fault;

    if (mode > RENDER_IF_NOT_EQUAL) {
        raise(copy, GP_COPY_LAUNCHERR, LAUNCH_INVALID_VALUE);
        return GP_METHOD_ERROR;
    }
    if (mode >= RENDER_CONDITIONAL) {
        if (va % 16) {
            raise(copy, GP_COPY_LAUNCHERR, LAUNCH_INVALID_ALIGNMENT);
            return GP_METHOD_ERROR;
        }
        if (!gp_mmu_read(copy->gpu, &channel->space, &copy->client, va,
                         report, mode == RENDER_CONDITIONAL ? 8 : 24,
                         &fault)) {
            gp_fault_unit_post(copy->gpu, &fault);
            return GP_METHOD_FAULT;
        }
    }
    switch (mode) {
    case RENDER_FALSE:
        channel->copy.render_off = true;
        break;
    case RENDER_TRUE:
        channel->copy.render_off = false;
        break;
    case RENDER_CONDITIONAL:
        channel->copy.render_off = report[0] == 0;
        break;
    case RENDER_IF_EQUAL:
        channel->copy.render_off = report[0] != report[2];
        break;
    default:
        channel->copy.render_off = report[0] == report[2];
        break;
    }
    return GP_METHOD_DONE;
}

GpMethodResult gp_copy_method(GpCopy *copy, GpChannel *channel,
                              uint32_t method, uint32_t data)
{
    switch (method) {
    case NOP:
    case PM_TRIGGER:
    case PM_TRIGGER_END:
        return GP_METHOD_DONE;
    case LAUNCH_DMA:
        return copy->channel ? GP_METHOD_WAIT : launch(copy, channel, data);
    case SET_RENDER_ENABLE_C:
        return set_render_enable(copy, channel, data & 7);
    case SET_SRC_ORIGIN:
        set_reg(channel, SRC_ORIGIN_X, data & 0xffff);
        set_reg(channel, SRC_ORIGIN_Y, data >> 16);
        return GP_METHOD_DONE;
    case SET_DST_ORIGIN:
        set_reg(channel, DST_ORIGIN_X, data & 0xffff);
        set_reg(channel, DST_ORIGIN_Y, data >> 16);
        return GP_METHOD_DONE;
    default:
        if (method % 4 || reg_index(method) < 0) {
            return GP_METHOD_UNKNOWN;
        }
        set_reg(channel, method, data);
        return GP_METHOD_DONE;
    }
}

bool gp_copy_idle(GpCopy *copy)
{
    return !copy->channel;
}

const GpChannel *gp_copy_channel(const GpCopy *copy)
{
    return copy->channel;
}

void gp_copy_set_interrupt(GpCopy *copy,
                           void (*interrupt)(void *opaque, uint32_t status,
                                             uint32_t launcherr),
                           void *opaque)
{
    copy->interrupt = interrupt;
    copy->opaque = opaque;
}

GpCopy *gp_copy_new(Gp107 *gpu, const GpClient *client)
{
    GpCopy *copy = calloc(1, sizeof(*copy));

    if (copy) {
        copy->gpu = gpu;
        copy->client = *client;
    }
    return copy;
}

void gp_copy_free(GpCopy *copy)
{
    free(copy);
}

void gp_copy_reset(GpCopy *copy)
{
    copy->channel = NULL;
}
