/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The check sums of GP entries, push buffers and methods (dev_pbdma.ref). */
#include "pbdma.h"

/* CRC-32 of IEEE 802.3 (polynomial 04c11db7) of four bits at the top. */
static const uint32_t nibble[16] = {
    0x00000000, 0x04c11db7, 0x09823b6e, 0x0d4326d9,
    0x130476dc, 0x17c56b6b, 0x1a864db2, 0x1e475005,
    0x2608edb8, 0x22c9f00f, 0x2f8ad6d6, 0x2b4bcb61,
    0x350c9b64, 0x31cd86d3, 0x3c8ea00a, 0x384fbdbd,
};

/* The lowest byte of @value comes first. */
uint32_t gp_crc32(uint32_t crc, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        crc ^= (uint32_t)(value >> 8 * i & 0xff) << 24;
        crc = crc << 4 ^ nibble[crc >> 28];
        crc = crc << 4 ^ nibble[crc >> 28];
    }
    return crc;
}
