/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What host methods and copy engines do to a semaphore in memory. */
#ifndef GP107_HOST_SEMAPHORE_H
#define GP107_HOST_SEMAPHORE_H

#include "../mem/mmu.h"

/* clc06f.h SEMAPHORED_REDUCTION, clc1b5.h LAUNCH_DMA_SEMAPHORE_REDUCTION */
typedef enum GpReduction {
    GP_REDUCE_MIN = 0x0,
    GP_REDUCE_MAX = 0x1,
    GP_REDUCE_XOR = 0x2,
    GP_REDUCE_AND = 0x3,
    GP_REDUCE_OR = 0x4,
    GP_REDUCE_ADD = 0x5,
    GP_REDUCE_INC = 0x6,
    GP_REDUCE_DEC = 0x7,
    GP_REDUCE_FADD = 0xa,           /* copy engines only */
} GpReduction;

/* @four_words: payload, 0, and PTIMER's nanoseconds; else the payload. */
bool gp_semaphore_release(Gp107 *gpu, const GpSpace *space,
                          const GpClient *client, uint64_t va,
                          uint32_t payload, bool four_words, GpFault *fault);

/* One atomic operation on the word at @va, a multiple of 4. */
bool gp_semaphore_reduce(Gp107 *gpu, const GpSpace *space,
                         const GpClient *client, uint64_t va,
                         GpReduction op, bool is_signed, uint32_t payload,
                         GpFault *fault);

/* The timestamp of a four-word release, alone (a reduction has it too). */
bool gp_semaphore_stamp(Gp107 *gpu, const GpSpace *space,
                        const GpClient *client, uint64_t va, GpFault *fault);

#endif
