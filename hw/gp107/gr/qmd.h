/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue meta data block: the descriptor of a grid (clc1c0qmd.h, V02_01). */
#ifndef GP107_GR_QMD_H
#define GP107_GR_QMD_H

#include <stdbool.h>
#include <stdint.h>

#define GP_QMD_WORDS    64
#define GP_QMD_BANKS    8

typedef struct GpQmdBank {
    bool valid;
    uint64_t va;
    uint32_t size;                  /* bytes */
} GpQmdBank;

typedef struct GpQmdRelease {
    bool enable;
    uint64_t va;
    uint32_t payload;
    bool one_word;
    bool reduce;
    bool is_signed;
    uint8_t op;
} GpQmdRelease;

typedef struct GpQmd {
    uint32_t grid[3];               /* CTAs in each dimension */
    uint32_t block[3];              /* threads */
    uint32_t threads;               /* ... of a CTA */
    uint32_t program;               /* offset from the program region */
    uint32_t shared_size;
    uint32_t local_size;            /* bytes a thread */
    uint32_t registers;
    bool one_by_one;                /* SEQUENTIALLY_RUN_CTAS */
    bool invalidate_code;
    bool invalidate_constants;
    GpQmdBank bank[GP_QMD_BANKS];
    GpQmdRelease release[2];
    bool dependent;                 /* another QMD is to follow */
    bool dependent_is_queue;
    uint64_t dependent_va;
    bool is_queue;
} GpQmd;

/* Gives SKED's exception bits (407020), or 0. */
uint32_t gp_qmd_decode(const uint32_t words[GP_QMD_WORDS], GpQmd *qmd);

#endif
