/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which classes PGRAPH has, and which methods each of them knows
 * (open-gpu-doc, classes/: the ranges that the class headers define).
 */
#include <stddef.h>

#include "internal.h"

typedef struct GpMethodRange {
    uint16_t first;
    uint16_t last;
} GpMethodRange;

/* cl902d.h */
static const GpMethodRange twod_methods[] = {
    { 0x0000, 0x0000 }, { 0x0100, 0x0124 }, { 0x0130, 0x0140 },
    { 0x0150, 0x0154 }, { 0x01ec, 0x01ec }, { 0x0200, 0x0574 },
    { 0x0580, 0x058c }, { 0x05e0, 0x05e0 }, { 0x0600, 0x081c },
    { 0x0838, 0x0860 }, { 0x0870, 0x0870 }, { 0x0880, 0x088c },
    { 0x08b0, 0x095c }, { 0x0dec, 0x0dec }, { 0x3400, 0x3ffc },
};

/* cla140.h */
static const GpMethodRange inline_methods[] = {
    { 0x0000, 0x0000 }, { 0x0100, 0x0110 }, { 0x0130, 0x0144 },
    { 0x0150, 0x0154 }, { 0x0180, 0x01b4 }, { 0x01dc, 0x01e4 },
    { 0x01f0, 0x027c }, { 0x1550, 0x1558 }, { 0x1944, 0x1944 },
    { 0x3400, 0x3ffc },
};

/* clc197.h */
static const GpMethodRange threed_methods[] = {
    { 0x0000, 0x0000 }, { 0x0100, 0x0154 }, { 0x0180, 0x01b4 },
    { 0x01dc, 0x022c }, { 0x02c8, 0x0754 }, { 0x077c, 0x0f1c },
    { 0x0f40, 0x0f5c }, { 0x0f84, 0x107c }, { 0x10b0, 0x12a4 },
    { 0x12c8, 0x13b4 }, { 0x1418, 0x16b4 }, { 0x1700, 0x179c },
    { 0x17c8, 0x17f8 }, { 0x187c, 0x1984 }, { 0x19bc, 0x1a3c },
    { 0x1b00, 0x1b0c }, { 0x1c00, 0x260c }, { 0x2800, 0x3ffc },
};

/* clc1c0.h */
static const GpMethodRange compute_methods[] = {
    { 0x0000, 0x0000 }, { 0x0100, 0x0110 }, { 0x0130, 0x0154 },
    { 0x0180, 0x01b4 }, { 0x01dc, 0x01e4 }, { 0x01f0, 0x02a8 },
    { 0x02b0, 0x02bc }, { 0x02e4, 0x02f8 }, { 0x0310, 0x0310 },
    { 0x0318, 0x057c }, { 0x077c, 0x077c }, { 0x0790, 0x0794 },
    { 0x07b0, 0x07b4 }, { 0x0d94, 0x0d94 }, { 0x0de4, 0x0de4 },
    { 0x0f44, 0x0f50 }, { 0x1040, 0x106c }, { 0x120c, 0x1210 },
    { 0x1288, 0x1288 }, { 0x12a8, 0x12a8 }, { 0x1330, 0x1338 },
    { 0x1424, 0x1424 }, { 0x1528, 0x1528 }, { 0x1550, 0x1564 },
    { 0x1574, 0x157c }, { 0x1608, 0x160c }, { 0x1698, 0x1698 },
    { 0x1944, 0x1944 }, { 0x1a2c, 0x1a3c }, { 0x1b00, 0x1b0c },
    { 0x2608, 0x260c }, { 0x333c, 0x33ec }, { 0x3400, 0x3ffc },
};
/*
 * What would write pixels, if there were pipelines: refused, so that it is
 * seen.  cl902d.h: RENDER_SOLID_PRIM_POINT_*, PIXELS_FROM_CPU_DATA and
 * PIXELS_FROM_MEMORY_SRC_Y0_INT; clc197.h: DRAW_*, BEGIN and
 * CLEAR_CLIP_ID_SURFACE.
 */
static const GpMethodRange twod_drawing[] = {
    { 0x05e0, 0x05e0 }, { 0x0600, 0x081c }, { 0x0860, 0x0860 },
    { 0x08dc, 0x08dc },
};

static const GpMethodRange threed_drawing[] = {
    { 0x0304, 0x0304 }, { 0x0d78, 0x0d78 }, { 0x1214, 0x1218 },
    { 0x123c, 0x123c }, { 0x15e8, 0x15e8 }, { 0x1618, 0x1618 },
    { 0x17e0, 0x17e0 }, { 0x19d4, 0x19d4 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    uint32_t id;
    const GpMethodRange *range;
    unsigned ranges;
    const GpMethodRange *drawing;
    unsigned drawings;
} classes[GP_GR_CLASSES] = {
    [GP_GR_TWOD] = {
        0x902d, twod_methods, COUNT(twod_methods),
        twod_drawing, COUNT(twod_drawing),
    },
    [GP_GR_INLINE] = {
        0xa140, inline_methods, COUNT(inline_methods), NULL, 0,
    },
    [GP_GR_THREED] = {
        0xc197, threed_methods, COUNT(threed_methods),
        threed_drawing, COUNT(threed_drawing),
    },
    [GP_GR_COMPUTE] = {
        0xc1c0, compute_methods, COUNT(compute_methods), NULL, 0,
    },
};

bool gp_gr_find_class(uint32_t class_id, GpGrClass *class)
{
    unsigned i;

    for (i = 0; i < GP_GR_CLASSES; i++) {
        if (classes[i].id == (class_id & 0xffff)) {
            *class = i;
            return true;
        }
    }
    return false;
}

static bool within(const GpMethodRange *range, unsigned ranges,
                   uint32_t method)
{
    unsigned i;

    for (i = 0; i < ranges; i++) {
        if (method >= range[i].first && method <= range[i].last) {
            return true;
        }
    }
    return false;
}

bool gp_gr_method_known(GpGrClass class, uint32_t method)
{
    return within(classes[class].range, classes[class].ranges, method) &&
           !within(classes[class].drawing, classes[class].drawings, method);
}
