/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PTOP (dev_top of the published manuals): counts of units, and the device
 * table, up to 64 words of which each engine takes three.
 *
 *  31     chain: the entry goes on in the next word
 *  1:0    1 DATA, 2 ENUM, 3 ENGINE_TYPE
 *  DATA   29:26 instance, 23:12 PRI base, 9:3 fault id, 2 fault id valid
 *  ENUM   29:26 engine, 24:21 runlist, 19:15 intr, 13:9 reset;
 *         5, 4, 3, 2 say which of them are valid
 *  TYPE   30:2 the type
 */
#include "../core/mmio.h"
#include "../top/pmc.h"
#include "fifo.h"
#include "ptop.h"

#define DEVICE_INFO         0x022700
#define DEVICE_INFO_WORDS   64
#define ENGINE_WORDS        3

#define CHAIN               0x80000000u
#define DATA                1u
#define ENUM                2u
#define TYPE                3u

#define TYPE_GRAPHICS       0
#define TYPE_SEC            13
#define SEC2_BASE           0x087000
#define SEC2_RESET          14

static uint32_t engine_base(const GpEngine *engine)
{
    if (engine->type == TYPE_GRAPHICS) {
        return 0x400000;
    }
    return 0x104000 + (engine->engine_id - 1) * 0x1000;
}

static uint32_t engine_word(const GpEngine *engine, unsigned word)
{
    switch (word) {
    case 0:
        return CHAIN | ENUM |
               engine->engine_id << 26 | 1u << 5 |
               engine->runlist << 21 | 1u << 4 |
               engine->intr << 15 | 1u << 3 |
               engine->reset_bit << 9 | 1u << 2;
    case 1:
        return CHAIN | DATA | engine->instance << 26 |
               (engine_base(engine) & 0x00fff000) |
               engine->fault_id << 3 | 1u << 2;
    default:
        return TYPE | engine->type << 2;
    }
}

/* SEC2 runs no channels: it has no engine number and no runlist. */
static uint32_t sec2_word(unsigned word)
{
    switch (word) {
    case 0:
        return CHAIN | ENUM | GP_INTR_SEC2 << 15 | 1u << 3 |
               SEC2_RESET << 9 | 1u << 2;
    case 1:
        return CHAIN | DATA | SEC2_BASE;
    default:
        return TYPE | TYPE_SEC << 2;
    }
}

static uint32_t device_info(Gp107 *gpu, unsigned index)
{
    unsigned engine = index / ENGINE_WORDS;
    unsigned engines = gp_fifo_engines(gpu);

    if (engine < engines) {
        return engine_word(gp_fifo_engine(gpu, engine), index % ENGINE_WORDS);
    }
    if (engine == engines) {
        return sec2_word(index % ENGINE_WORDS);
    }
    return 0;
}

static uint32_t ptop_read(void *opaque, uint32_t addr)
{
    Gp107 *gpu = opaque;

    if (addr >= DEVICE_INFO && addr < DEVICE_INFO + 4 * DEVICE_INFO_WORDS) {
        return device_info(gpu, (addr - DEVICE_INFO) / 4);
    }
    switch (addr) {
    case 0x022430:                      /* SCAL_NUM_GPCS */
    case 0x022438:                      /* SCAL_NUM_FBPS */
    case 0x022450:                      /* SCAL_NUM_LTC_PER_FBP */
    case 0x022458:                      /* SCAL_NUM_FBPA_PER_FBP */
        return 1;
    case 0x022434:                      /* SCAL_NUM_TPC_PER_GPC */
        return gpu->cfg.tpcs;
    case 0x022444:                      /* SCAL_NUM_CES */
        return gpu->cfg.ces;
    default:
        return gp_mmio_unknown_read(gpu->mmio, addr);
    }
}

static void ptop_write(void *opaque, uint32_t addr, uint32_t val)
{
    Gp107 *gpu = opaque;

    gp_log(gpu, GP_LOG_GUEST, "PTOP: write of %08x to %06x, which is fixed",
           val, addr);
}

static const GpMmioOps ptop_ops = {
    .read = ptop_read,
    .write = ptop_write,
};

void gp_ptop_map(Gp107 *gpu)
{
    gp_mmio_map(gpu->mmio, "PTOP", 0x022420, 0x000be0, &ptop_ops, gpu);
}
