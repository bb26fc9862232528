/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block-linear surfaces: blocks of 2^height by 2^depth GOBs, one GOB wide,
 * row by row and layer by layer.  A GOB holds 64 bytes by 8 rows as Maxwell
 * and Pascal order them (Tegra X1 TRM, block-linear surfaces).
 */
#ifndef GP107_MEM_BLOCKLINEAR_H
#define GP107_MEM_BLOCKLINEAR_H

#include <stdint.h>

#define GP_GOB_WIDTH    64                  /* bytes */
#define GP_GOB_ROWS     8
#define GP_GOB_SIZE     (GP_GOB_WIDTH * GP_GOB_ROWS)

typedef struct GpBlockLinear {
    unsigned block_height;                  /* log2 of GOBs */
    unsigned block_depth;
    uint64_t blocks_x, blocks_y;            /* of the surface */
    uint32_t layer;
} GpBlockLinear;

/* @width in bytes, @height in rows; logarithms up to 7. */
void gp_blocklinear_init(GpBlockLinear *surface, uint64_t width,
                         uint64_t height, unsigned block_height,
                         unsigned block_depth, uint32_t layer);

/* Offset of byte @x of row @y; *@run bytes from it lie together. */
uint64_t gp_blocklinear_offset(const GpBlockLinear *surface, uint64_t x,
                               uint64_t y, uint64_t *run);

#endif
