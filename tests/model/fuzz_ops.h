/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An input of the fuzzer: one byte of FUZZ_* flags, one byte that chooses a
 * configuration, then operations.  Numbers are little endian; what is missing
 * at the end reads as 0.
 */
#ifndef TESTS_MODEL_FUZZ_OPS_H
#define TESTS_MODEL_FUZZ_OPS_H

#include <stddef.h>
#include <stdint.h>

#define FUZZ_CHANNEL    0x01    /* a channel with compute has been set up */
#define FUZZ_CE         0x02    /* and one on the copy engines' runlist */
#define FUZZ_REPLAY     0x04    /* faults are replayable */
#define FUZZ_SYS_TABLES 0x08    /* page tables lie in system memory */
#define FUZZ_SMALL_BUF  0x10    /* a fault buffer of 4 entries */
#define FUZZ_ONE_LIST   0x20    /* one runlist for all */
#define FUZZ_SWITCHES   0x40    /* the second byte sets a misbehaviour */

/* What follows each. */
typedef enum FuzzOp {
    /* u8 range, u16 offset; a write: u32 value */
    FUZZ_REG_WRITE,
    FUZZ_REG_READ,
    /* u8 bar|size << 4, u32 address; a write: u64 value */
    FUZZ_RAW_WRITE,
    FUZZ_RAW_READ,
    /* u8 aperture, u32 address, u8 n, n bytes */
    FUZZ_MEMORY,
    /* u16 offset / 8, u16 n, n bytes */
    FUZZ_CODE,
    /* u8 bank, u16 offset, u8 n, n bytes */
    FUZZ_CONST,
    /* u8 channel, u16 n, n words; submitted */
    FUZZ_PUSH,
    /* u8 channel|subchannel << 4, u16 method, u8 n, n words */
    FUZZ_METHOD,
    /* u8 channel|privileged << 1: what the methods before left */
    FUZZ_SUBMIT,
    /* u8 channel, u64 entry */
    FUZZ_GP_ENTRY,
    /*
     * u16 program / 8, 3 u8 grid, 3 u8 block, u8 registers, u16 shared,
     * u16 local, u8 n, n changes to the QMD: u8 word, u32 value
     */
    FUZZ_LAUNCH,
    /* u8 page size, u8 place, u64 entry */
    FUZZ_PTE,
    /* u8 which half, u8 place, u64 entry */
    FUZZ_PDE,
    /* u8 page size|aperture << 4, u8 place, u8 flags */
    FUZZ_MAP,
    /* u32 bits of 100cbc */
    FUZZ_FLUSH,
    /* u8 how: what becomes of the faults, what is written behind them */
    FUZZ_SERVE,
    /* u8 slices, u16 budget */
    FUZZ_RUN,
    /* u8 which: the channel's instance into a falcon's bind register */
    FUZZ_BIND,
    /* u32 ns */
    FUZZ_ADVANCE,
    FUZZ_RESET,
    FUZZ_OPS
} FuzzOp;

/*
 * "place" n is the page at FUZZ_VA + n * 64 KiB + n * 4 KiB.  Below 1 TiB,
 * where Host's semaphores reach.
 */
#define FUZZ_VA         0x70cbe00000ull
#define FUZZ_PLACE(n)   (FUZZ_VA + (n) * 0x11000ull)

/* What libFuzzer calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
