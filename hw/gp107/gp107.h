/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way in for whoever hosts the GPU: QEMU, a unit test, the fuzzer. */
#ifndef GP107_H
#define GP107_H

#include "core/gpu.h"

/* Fills in a working configuration: 256 MiB, 1 TPC, 4 CEs, strict TLB. */
void gp107_config_init(GpConfig *cfg);

/* NULL: @cfg is out of range, and *error says how (static text). */
Gp107 *gp107_new(const GpHost *host, const GpConfig *cfg, const char **error);
void gp107_free(Gp107 *gpu);
/* As at power-on.  VRAM keeps what it holds. */
void gp107_reset(Gp107 *gpu);

/* Accesses of the CPU; @size 1, 2, 4 or 8, any alignment, any address. */
uint64_t gp107_bar0_read(Gp107 *gpu, uint64_t addr, unsigned size);
void gp107_bar0_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size);
uint64_t gp107_bar1_read(Gp107 *gpu, uint64_t addr, unsigned size);
void gp107_bar1_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size);
uint64_t gp107_bar3_read(Gp107 *gpu, uint64_t addr, unsigned size);
void gp107_bar3_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size);
uint64_t gp107_bar5_read(Gp107 *gpu, uint64_t addr, unsigned size);
void gp107_bar5_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size);

/* One time slice of all engines; bounded by @budget steps. */
GpRun gp107_run(Gp107 *gpu, unsigned budget);

#endif
