/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decode of a QMD and the checks that SKED makes (clc1c0qmd.h, V02_01).  The
 * version fields are not looked at: Mesa leaves them 0.
 */
#include "qmd.h"

#include <string.h>

#include "sm.h"

/* 407020, as nouveau's gk104_sked_error names its bits. */
enum {
    SKED_CONSTANT_BUFFER_SIZE = 0x00000080,
    SKED_TOTAL_TEMP_SIZE = 0x00001000,
    SKED_REGISTER_COUNT = 0x00002000,
    SKED_TOTAL_THREADS = 0x00040000,
    SKED_PROGRAM_OFFSET = 0x00100000,
    SKED_SHARED_MEMORY_SIZE = 0x00200000,
    SKED_THREAD_DIMENSION_ZERO = 0x00800000,
    SKED_TOTAL_REGISTER_COUNT = 0x04000000,
};

#define MAX_THREADS         1024
#define MAX_BLOCK_DEPTH     64
#define MAX_SHARED          (48 * 1024)
#define MAX_BANK            (64 * 1024)

static uint32_t field(const uint32_t *words, unsigned high, unsigned low)
{
    uint64_t pair = words[low / 32];
    unsigned bits = high - low + 1;

    if (high / 32 != low / 32) {
        pair |= (uint64_t)words[high / 32] << 32;
    }
    return pair >> (low % 32) & (((uint64_t)1 << bits) - 1);
}

static void decode_bank(const uint32_t *words, unsigned i, GpQmdBank *bank)
{
    unsigned base = 1024 + 64 * i;

    bank->valid = field(words, 640 + i, 640 + i);
    bank->va = (uint64_t)field(words, base + 48, base + 32) << 32 |
               field(words, base + 31, base);
    bank->size = field(words, base + 63, base + 51) << 4;
}

static void decode_release(const uint32_t *words, unsigned i,
                           GpQmdRelease *release)
{
    unsigned base = 736 + 96 * i;

    release->enable = field(words, 138 + i, 138 + i);
    release->va = (uint64_t)field(words, base + 39, base + 32) << 32 |
                  field(words, base + 31, base);
    release->op = field(words, base + 54, base + 52);
    release->is_signed = field(words, base + 57, base + 56) == 1;
    release->reduce = field(words, base + 58, base + 58);
    release->one_word = field(words, base + 63, base + 63);
    release->payload = field(words, base + 95, base + 64);
}

static uint32_t check(const GpQmd *qmd)
{
    uint32_t error = 0;
    uint64_t threads = (uint64_t)qmd->block[0] * qmd->block[1] *
                       qmd->block[2];
    uint32_t warps = (qmd->threads + 31) / 32;
    unsigned i;

    if (!qmd->block[0] || !qmd->block[1] || !qmd->block[2]) {
        return SKED_THREAD_DIMENSION_ZERO;
    }
    if (threads > MAX_THREADS || qmd->block[2] > MAX_BLOCK_DEPTH) {
        return SKED_TOTAL_THREADS;
    }
    if (qmd->registers == 0 || qmd->registers > 255) {
        error |= SKED_REGISTER_COUNT;
    }
    if (gp_sm_registers(qmd->registers) * warps > GP_SM_REGISTERS) {
        error |= SKED_TOTAL_REGISTER_COUNT;
    }
    if (qmd->shared_size > MAX_SHARED || qmd->shared_size % 256) {
        error |= SKED_SHARED_MEMORY_SIZE;
    }
    if ((uint64_t)qmd->local_size * 32 * warps > GP_SM_LOCAL) {
        error |= SKED_TOTAL_TEMP_SIZE;
    }
    if (qmd->program % 8) {
        error |= SKED_PROGRAM_OFFSET;
    }
    for (i = 0; i < GP_QMD_BANKS; i++) {
        if (qmd->bank[i].valid && qmd->bank[i].size > MAX_BANK) {
            error |= SKED_CONSTANT_BUFFER_SIZE;
        }
    }
    return error;
}

uint32_t gp_qmd_decode(const uint32_t words[GP_QMD_WORDS], GpQmd *qmd)
{
    unsigned i;

    memset(qmd, 0, sizeof(*qmd));
    qmd->is_queue = field(words, 136, 136);
    qmd->dependent = field(words, 141, 141);
    qmd->dependent_is_queue = !field(words, 142, 142);
    qmd->invalidate_code = field(words, 190, 190);
    qmd->invalidate_constants = field(words, 191, 191);
    qmd->program = field(words, 287, 256);
    qmd->one_by_one = field(words, 370, 370);
    qmd->grid[0] = field(words, 415, 384);
    qmd->grid[1] = field(words, 431, 416);
    qmd->grid[2] = field(words, 463, 448);
    qmd->dependent_va = (uint64_t)field(words, 511, 480) << 8;
    qmd->shared_size = field(words, 561, 544);
    for (i = 0; i < 3; i++) {
        qmd->block[i] = field(words, 607 + 16 * i, 592 + 16 * i);
    }
    qmd->threads = qmd->block[0] * qmd->block[1] * qmd->block[2];
    qmd->local_size = field(words, 951, 928) + field(words, 983, 960);
    qmd->registers = field(words, 991, 984);
    for (i = 0; i < GP_QMD_BANKS; i++) {
        decode_bank(words, i, &qmd->bank[i]);
    }
    for (i = 0; i < 2; i++) {
        decode_release(words, i, &qmd->release[i]);
    }
    return check(qmd);
}
