/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPU put together: creation in the order of dependence, the CPU's
 * accesses by BAR, and the time slice.
 */
#include <stdlib.h>
#include <string.h>

#include "gp107.h"
#include "core/debug.h"
#include "core/mmio.h"
#include "falcon/falcon.h"
#include "gr/gr.h"
#include "host/ce.h"
#include "host/fifo.h"
#include "host/ptop.h"
#include "mem/bar.h"
#include "mem/fault.h"
#include "mem/mmu.h"
#include "top/fuse.h"
#include "top/pbus.h"
#include "top/pmc.h"
#include "top/pmgr.h"
#include "top/privring.h"
#include "top/ptimer.h"
#include "top/strap.h"
#include "top/therm.h"
#include "top/vbios.h"

#define MIB             (1024ull * 1024)
#define MAX_NS          (60ull * 1000 * 1000 * 1000)

void gp107_config_init(GpConfig *cfg)
{
    *cfg = (GpConfig) {
        .vram_size = 256 * MIB,
        .tpcs = 1,
        .ces = GP_MAX_CES,
        .fault_entries = 1024,
        .ptimer_numerator = 1,
        .ptimer_denominator = 1,
        .strict_tlb = true,
        .stale_grace_ns = 1000 * 1000 * 1000,
        .irq_rearm_ns = 10 * 1000,
    };
}

static const char *check_config(const GpConfig *cfg)
{
    if (cfg->vram_size < 64 * MIB || cfg->vram_size > 16384 * MIB ||
        (cfg->vram_size & (cfg->vram_size - 1))) {
        return "VRAM size must be a power of two from 64 MiB to 16 GiB";
    }
    if (cfg->tpcs < 1 || cfg->tpcs > GP_MAX_TPCS) {
        return "TPC count must be 1 to 3";
    }
    if (cfg->ces < 1 || cfg->ces > GP_MAX_CES) {
        return "copy engine count must be 1 to 4";
    }
    if (cfg->fault_entries < 2 || cfg->fault_entries > 65536) {
        return "fault buffer must have 2 to 65536 entries";
    }
    if (!cfg->ptimer_numerator || !cfg->ptimer_denominator) {
        return "PTIMER numerator and denominator must not be 0";
    }
    if (cfg->stale_grace_ns > MAX_NS || cfg->irq_rearm_ns > MAX_NS ||
        cfg->fault_report_ns > MAX_NS) {
        return "times must not exceed a minute";
    }
    if (cfg->switches[GP_SWITCH_DUPLICATE] > cfg->fault_entries) {
        return "duplicates must not exceed the fault buffer's entries";
    }
    return NULL;
}

static uint32_t compare_tlb(Gp107 *gpu)
{
    return gp_mmu_compare_tlb(gpu);
}

static bool idle(Gp107 *gpu)
{
    return gp_fifo_idle(gpu) && !gp_gr_busy(gpu);
}

static const GpDebugOps debug_ops = {
    .compare_tlb = compare_tlb,
    .idle = idle,
};

static bool create_single_blocks(Gp107 *gpu)
{
    return (gpu->mmio = gp_mmio_new(gpu)) &&
           (gpu->debug = gp_debug_new(gpu, &debug_ops)) &&
           (gpu->pmc = gp_pmc_new(gpu)) &&
           (gpu->ptimer = gp_ptimer_new(gpu)) &&
           (gpu->vbios = gp_vbios_new(gpu)) &&
           (gpu->mem = gp_mem_new(gpu)) &&
           (gpu->mmu = gp_mmu_new(gpu)) &&
           (gpu->bar = gp_bar_new(gpu)) &&
           (gpu->fault_buffer = gp_fault_buffer_new(gpu)) &&
           (gpu->fault_unit = gp_fault_unit_new(gpu)) &&
           (gpu->fifo = gp_fifo_new(gpu)) &&
           (gpu->gr = gp_gr_new(gpu));
}

/* False: out of memory; gp107_free() takes a half-made GPU. */
static bool create_blocks(Gp107 *gpu)
{
    if (!create_single_blocks(gpu)) {
        return false;
    }
    gp_fifo_add_engine(gpu, gp_gr_engine(gpu));
    for (unsigned i = 0; i < gpu->cfg.ces; i++) {
        gpu->ce[i] = gp_ce_new(gpu, i);
        if (!gpu->ce[i]) {
            return false;
        }
        gp_fifo_add_engine(gpu, gp_ce_engine(gpu->ce[i]));
    }
    gpu->falcons = gp_falcons_new(gpu);
    return gpu->falcons != NULL;
}

Gp107 *gp107_new(const GpHost *host, const GpConfig *cfg, const char **error)
{
    Gp107 *gpu;

    *error = check_config(cfg);
    if (*error) {
        return NULL;
    }
    gpu = calloc(1, sizeof(*gpu));
    if (!gpu) {
        *error = "out of memory";
        return NULL;
    }
    gpu->host = *host;
    gpu->cfg = *cfg;
    if (!create_blocks(gpu)) {
        gp107_free(gpu);
        *error = "out of memory";
        return NULL;
    }
    gp_pbus_map(gpu);
    gp_ptop_map(gpu);
    gp_fuse_map(gpu);
    gp_therm_map(gpu);
    gp_strap_map(gpu);
    gp_privring_map(gpu);
    gp_pmgr_map(gpu);
    gp107_reset(gpu);
    return gpu;
}

void gp107_free(Gp107 *gpu)
{
    if (!gpu) {
        return;
    }
    gp_falcons_free(gpu->falcons);
    for (unsigned i = 0; i < GP_MAX_CES; i++) {
        gp_ce_free(gpu->ce[i]);
    }
    gp_gr_free(gpu->gr);
    gp_fifo_free(gpu->fifo);
    gp_fault_unit_free(gpu->fault_unit);
    gp_fault_buffer_free(gpu->fault_buffer);
    gp_bar_free(gpu->bar);
    gp_mmu_free(gpu->mmu);
    gp_mem_free(gpu->mem);
    gp_vbios_free(gpu->vbios);
    gp_ptimer_free(gpu->ptimer);
    gp_pmc_free(gpu->pmc);
    gp_debug_free(gpu->debug);
    gp_mmio_free(gpu->mmio);
    free(gpu);
}

void gp107_reset(Gp107 *gpu)
{
    gpu->wake_ns = 0;
    gpu->rma = (GpRma) { 0 };
    gp_mmio_reset(gpu->mmio);
    gp_debug_reset(gpu->debug);
    gp_pmc_reset(gpu->pmc);
    gp_ptimer_reset(gpu->ptimer);
    gp_mem_reset(gpu->mem);
    gp_mmu_reset(gpu->mmu);
    gp_bar_reset(gpu->bar);
    gp_fault_buffer_reset(gpu->fault_buffer);
    gp_fault_unit_reset(gpu->fault_unit);
    gp_gr_reset(gpu->gr);
    for (unsigned i = 0; i < gpu->cfg.ces; i++) {
        gp_ce_reset(gpu->ce[i]);
    }
    gp_fifo_reset(gpu->fifo);
    gp_falcons_reset(gpu->falcons);
}

/* Registers are words: a part of one is read and written through the whole. */
uint64_t gp107_bar0_read(Gp107 *gpu, uint64_t addr, unsigned size)
{
    uint64_t val = 0;
    unsigned done = 0;

    while (done < size) {
        uint32_t at = (addr + done) % GP_BAR0_SIZE;
        unsigned skip = at % 4;
        unsigned n = 4 - skip < size - done ? 4 - skip : size - done;
        uint64_t word = gp_mmio_read(gpu->mmio, at - skip) >> (8 * skip);

        if (n < 4) {
            word &= (1ull << (8 * n)) - 1;
        }
        val |= word << (8 * done);
        done += n;
    }
    return val;
}

void gp107_bar0_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size)
{
    unsigned done = 0;

    while (done < size) {
        uint32_t at = (addr + done) % GP_BAR0_SIZE;
        unsigned skip = at % 4;
        unsigned n = 4 - skip < size - done ? 4 - skip : size - done;
        uint32_t word = val >> (8 * done);

        if (n < 4) {
            uint32_t mask = ((1u << (8 * n)) - 1) << (8 * skip);

            word = (gp_mmio_read(gpu->mmio, at - skip) & ~mask) |
                   ((word << (8 * skip)) & mask);
        }
        gp_mmio_write(gpu->mmio, at - skip, word);
        done += n;
    }
}

/* The CPU's values are little-endian in memory. */
static uint64_t from_bytes(const uint8_t buf[8])
{
    uint64_t val = 0;

    for (unsigned i = 0; i < 8; i++) {
        val |= (uint64_t)buf[i] << (8 * i);
    }
    return val;
}

static void to_bytes(uint8_t buf[8], uint64_t val)
{
    for (unsigned i = 0; i < 8; i++) {
        buf[i] = val >> (8 * i);
    }
}

uint64_t gp107_bar1_read(Gp107 *gpu, uint64_t addr, unsigned size)
{
    uint8_t buf[8] = { 0 };

    gp_bar1_read(gpu, addr % GP_BAR1_SIZE, buf, size);
    return from_bytes(buf);
}

void gp107_bar1_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size)
{
    uint8_t buf[8];

    to_bytes(buf, val);
    gp_bar1_write(gpu, addr % GP_BAR1_SIZE, buf, size);
    /* GP_PUT may be in either half of an 8-byte write. */
    for (unsigned i = 0; i < size; i += 4) {
        gp_fifo_bar1_written(gpu, (addr + i) % GP_BAR1_SIZE);
    }
}

uint64_t gp107_bar3_read(Gp107 *gpu, uint64_t addr, unsigned size)
{
    uint8_t buf[8] = { 0 };

    gp_bar2_read(gpu, addr % GP_BAR3_SIZE, buf, size);
    return from_bytes(buf);
}

void gp107_bar3_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size)
{
    uint8_t buf[8];

    to_bytes(buf, val);
    gp_bar2_write(gpu, addr % GP_BAR3_SIZE, buf, size);
}

static uint32_t rma_read(void *opaque, unsigned window, uint32_t addr)
{
    switch (window) {
    case 0:
        return gp107_bar0_read(opaque, addr, 4);
    case 1:
        return gp107_bar1_read(opaque, addr, 4);
    default:
        return gp107_bar3_read(opaque, addr, 4);
    }
}

static void rma_write(void *opaque, unsigned window, uint32_t addr,
                      uint32_t val)
{
    switch (window) {
    case 0:
        gp107_bar0_write(opaque, addr, val, 4);
        break;
    case 1:
        gp107_bar1_write(opaque, addr, val, 4);
        break;
    default:
        gp107_bar3_write(opaque, addr, val, 4);
        break;
    }
}

static const GpRmaOps rma_ops = {
    .read = rma_read,
    .write = rma_write,
};

/* All ports are words; a smaller access sees the part that it names. */
uint64_t gp107_bar5_read(Gp107 *gpu, uint64_t addr, unsigned size)
{
    uint32_t port = addr % GP_BAR5_SIZE;
    unsigned shift = 8 * (port % 4);
    uint64_t val;

    val = gp_rma_read(&gpu->rma, port & ~3u, &rma_ops, gpu) >> shift;
    return size < 4 ? val & ((1ull << (8 * size)) - 1) : val;
}

void gp107_bar5_write(Gp107 *gpu, uint64_t addr, uint64_t val, unsigned size)
{
    uint32_t port = addr % GP_BAR5_SIZE;

    if (size != 4 || port % 4) {
        gp_log(gpu, GP_LOG_GUEST, "BAR5: %u-byte write at %02x dropped",
               size, port);
        return;
    }
    gp_rma_write(&gpu->rma, port, val, &rma_ops, gpu);
}

GpRun gp107_run(Gp107 *gpu, unsigned budget)
{
    if (gpu->wake_ns && gp_now(gpu) >= gpu->wake_ns) {
        gpu->wake_ns = 0;
    }
    gp_ptimer_poll(gpu);
    gp_pmc_poll(gpu);
    gp_mmu_poll(gpu);
    gp_fault_buffer_poll(gpu);
    gp_fault_unit_poll(gpu);
    gp_falcons_poll(gpu);
    return gp_fifo_run(gpu, budget);
}
