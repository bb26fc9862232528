/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU's windows on the GPU's memory: BAR1 and BAR2 (PCI BAR3) through
 * page tables of their own, and PRAMIN, a physical window in BAR0.
 */
#ifndef GP107_MEM_BAR_H
#define GP107_MEM_BAR_H

#include "mmu.h"

GpBar *gp_bar_new(Gp107 *gpu);
void gp_bar_free(GpBar *bar);
void gp_bar_reset(GpBar *bar);

/* @len 1..8 bytes at any alignment.  A miss reads all ones. */
void gp_bar1_read(Gp107 *gpu, uint64_t addr, void *buf, unsigned len);
void gp_bar1_write(Gp107 *gpu, uint64_t addr, const void *buf, unsigned len);
void gp_bar2_read(Gp107 *gpu, uint64_t addr, void *buf, unsigned len);
void gp_bar2_write(Gp107 *gpu, uint64_t addr, const void *buf, unsigned len);

/* The fault buffer is written through BAR2's address space. */
bool gp_bar2_gpu_write(Gp107 *gpu, uint64_t va, const void *buf,
                       uint64_t len);
bool gp_bar2_gpu_read(Gp107 *gpu, uint64_t va, void *buf, uint64_t len);

#endif
