/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a byte of a block-linear surface is. */
#include "blocklinear.h"

#define RUN 16                              /* bytes that lie together */

void gp_blocklinear_init(GpBlockLinear *surface, uint64_t width,
                         uint64_t height, unsigned block_height,
                         unsigned block_depth, uint32_t layer)
{
    uint64_t rows = (uint64_t)GP_GOB_ROWS << block_height;

    *surface = (GpBlockLinear) {
        .block_height = block_height,
        .block_depth = block_depth,
        .blocks_x = (width + GP_GOB_WIDTH - 1) / GP_GOB_WIDTH,
        .blocks_y = (height + rows - 1) / rows,
        .layer = layer,
    };
}

uint64_t gp_blocklinear_offset(const GpBlockLinear *surface, uint64_t x,
                               uint64_t y, uint64_t *run)
{
    unsigned bh = surface->block_height;
    unsigned bd = surface->block_depth;
    uint64_t block = ((uint64_t)(surface->layer >> bd) * surface->blocks_y +
                      (y / GP_GOB_ROWS >> bh)) * surface->blocks_x +
                     x / GP_GOB_WIDTH;
    uint64_t gob = (uint64_t)(surface->layer & ((1u << bd) - 1)) << bh |
                   (y / GP_GOB_ROWS & ((1u << bh) - 1));
    unsigned gx = x % GP_GOB_WIDTH;
    unsigned gy = y % GP_GOB_ROWS;

    *run = RUN - gx % RUN;
    return ((block << (bh + bd)) + gob) * GP_GOB_SIZE +
           gx / 32 * 256 + gy / 2 * 64 + gx % 32 / 16 * 32 + gy % 2 * 16 +
           gx % 16;
}
