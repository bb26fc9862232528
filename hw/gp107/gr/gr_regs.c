/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PGRAPH's registers: interrupts and traps, idle status, and the GPC with its
 * TPCs.  What configures graphics hardware that is not here is stored only.
 * Register numbers: envytools rnndb/graph/gf100_pgraph.
 */
#include "internal.h"
#include "../core/mmio.h"
#include "../top/pmc.h"

enum {
    GR_INTR = 0x400100,
    GR_TRAP = 0x400108,
    GR_DATA_ERROR = 0x400110,
    GR_TRAP_GPCS = 0x400118,
    GR_INTR_EN = 0x40013c,
    GR_FIFO_ACCESS = 0x400500,
    GR_STATUS = 0x40060c,
    GR_ENGINE_STATUS = 0x400700,
    GR_TRAPPED_ADDR = 0x400704,
    GR_TRAPPED_DATA = 0x400708,
    GR_SUBCHANNEL_CLASS = 0x404200,     /* + 4 a subchannel */
    GR_TRAP_M2MF = 0x404600,
    GR_CONTEXT_LOAD = 0x404170,
    GR_TRAP_SKED = 0x407020,
};

enum {
    INTR_ILLEGAL_CLASS = 1u << 5,
    INTR_DATA_ERROR = 1u << 20,
    INTR_TRAP = 1u << 21,
};

/* A GPC's space, and the copy of it at 418000 that reaches all GPCs. */
enum {
    GPC_UNIT = 0x500000,
    GPC_BCAST = 0x418000,
    GPC_SIZE = 0x8000,
    GPC_TPC_BCAST = 0x1800,             /* reaches all TPCs of the GPC */
    GPC_TPC_SIZE = 0x0800,
    GPC_TPC_UNIT = 0x4000,              /* + 800 a TPC */
    GPC_PPC_BCAST = 0x3e00,
    GPC_PPC_SIZE = 0x0200,
    GPC_PPC_UNIT = 0x3000,
    GPC_GPCCS_BCAST = 0x2000,           /* the falcons have this */
    GPC_GPCCS_SIZE = 0x1000,
    GPC_PPC_MASK = 0x0c30,
    GPC_TPC_COUNT = 0x2608,
    GPC_TRAP = 0x2c90,
    TPC_TRAP = 0x0508,
    TPC_WARP_ERROR = 0x0648,
    TPC_GLOBAL_ERROR = 0x0650,
};

static uint32_t reg(GpGr *gr, uint32_t addr)
{
    return gp_mmio_get(gr->gpu->mmio, addr);
}

static void set_reg(GpGr *gr, uint32_t addr, uint32_t val)
{
    gp_mmio_set(gr->gpu->mmio, addr, val);
}

static void update_line(GpGr *gr)
{
    gp_pmc_set_line(gr->gpu, GP_INTR_GR,
                    reg(gr, GR_INTR) & reg(gr, GR_INTR_EN));
}

static uint32_t hub_read(void *opaque, uint32_t addr)
{
    GpGr *gr = opaque;

    switch (addr) {
    case GR_STATUS:
        return gp_gr_busy(gr->gpu);
    case GR_ENGINE_STATUS:
        /* Bundles of 400200 take effect at once: bit 2 is never seen. */
        return gp_gr_busy(gr->gpu);
    case GR_CONTEXT_LOAD:
        /* Bit 4 falls when the request is done. */
        return reg(gr, addr) & ~0x10u;
    default:
        return reg(gr, addr);
    }
}

static void hub_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpGr *gr = opaque;

    switch (addr) {
    case GR_INTR:
    case GR_TRAP:
    case GR_TRAP_GPCS:
        set_reg(gr, addr, reg(gr, addr) & ~val);
        update_line(gr);
        break;
    case GR_INTR_EN:
        set_reg(gr, addr, val);
        update_line(gr);
        break;
    case GR_TRAP_M2MF:
    case GR_TRAP_SKED:
        /* Bit 30 resets the exception, bit 31 enables it. */
        if (val & 0x40000000) {
            val &= 0x80000000;
        }
        set_reg(gr, addr, val);
        break;
    case GR_FIFO_ACCESS:
        set_reg(gr, addr, val);
        if ((val & 0x00010001) == 0x00010001) {
            gr->halted = false;
            gp_kick(gr->gpu);
        }
        break;
    case GR_STATUS:
    case GR_ENGINE_STATUS:
    case GR_TRAPPED_ADDR:
    case GR_TRAPPED_DATA:
        gp_log(gr->gpu, GP_LOG_GUEST, "gr: write to read-only %06x = %08x",
               addr, val);
        break;
    default:
        set_reg(gr, addr, val);
        break;
    }
}

static const GpMmioOps hub_ops = {
    .read = hub_read,
    .write = hub_write,
};

static uint32_t gpc_offset_read(GpGr *gr, uint32_t offset)
{
    uint32_t tpc;

    if (offset >= GPC_TPC_BCAST && offset < GPC_TPC_BCAST + GPC_TPC_SIZE) {
        offset += GPC_TPC_UNIT - GPC_TPC_BCAST;
    } else if (offset >= GPC_PPC_BCAST &&
               offset < GPC_PPC_BCAST + GPC_PPC_SIZE) {
        offset += GPC_PPC_UNIT - GPC_PPC_BCAST;
    }

    switch (offset) {
    case GPC_PPC_MASK:
        return (1u << gr->gpu->cfg.tpcs) - 1;
    case GPC_TPC_COUNT:
        return gr->gpu->cfg.tpcs;
    default:
        break;
    }
    if (offset >= GPC_TPC_UNIT && offset % GPC_TPC_SIZE == TPC_TRAP) {
        tpc = GPC_UNIT + offset - TPC_TRAP;
        return reg(gr, tpc + TPC_WARP_ERROR) ||
               reg(gr, tpc + TPC_GLOBAL_ERROR) ? 0x2 : 0;
    }
    return reg(gr, GPC_UNIT + offset);
}

static void gpc_unit_write(GpGr *gr, uint32_t offset, uint32_t val)
{
    uint32_t addr = GPC_UNIT + offset;

    if (offset == GPC_TRAP ||
        (offset >= GPC_TPC_UNIT &&
         offset % GPC_TPC_SIZE == TPC_GLOBAL_ERROR)) {
        val = reg(gr, addr) & ~val;
    }
    set_reg(gr, addr, val);
}

static void gpc_offset_write(GpGr *gr, uint32_t offset, uint32_t val)
{
    unsigned tpc;

    if (offset >= GPC_TPC_BCAST && offset < GPC_TPC_BCAST + GPC_TPC_SIZE) {
        for (tpc = 0; tpc < gr->gpu->cfg.tpcs; tpc++) {
            gpc_unit_write(gr, offset - GPC_TPC_BCAST + GPC_TPC_UNIT +
                           tpc * GPC_TPC_SIZE, val);
        }
    } else if (offset >= GPC_PPC_BCAST &&
               offset < GPC_PPC_BCAST + GPC_PPC_SIZE) {
        gpc_unit_write(gr, offset - GPC_PPC_BCAST + GPC_PPC_UNIT, val);
    } else {
        gpc_unit_write(gr, offset, val);
    }
}

static uint32_t gpc_read(void *opaque, uint32_t addr)
{
    return gpc_offset_read(opaque, addr - GPC_UNIT);
}

static void gpc_write(void *opaque, uint32_t addr, uint32_t val)
{
    gpc_offset_write(opaque, addr - GPC_UNIT, val);
}

static const GpMmioOps gpc_ops = {
    .read = gpc_read,
    .write = gpc_write,
};

static uint32_t gpcs_read(void *opaque, uint32_t addr)
{
    return gpc_offset_read(opaque, addr - GPC_BCAST);
}

static void gpcs_write(void *opaque, uint32_t addr, uint32_t val)
{
    gpc_offset_write(opaque, addr - GPC_BCAST, val);
}

static const GpMmioOps gpcs_ops = {
    .read = gpcs_read,
    .write = gpcs_write,
};

void gp_gr_regs_init(GpGr *gr)
{
    GpMmio *mmio = gr->gpu->mmio;
    uint32_t falcons = GPC_BCAST + GPC_GPCCS_BCAST;

    /* 409000 is FECS, 41a000 GPCCS: the falcons answer there. */
    gp_mmio_map(mmio, "gr", 0x400000, 0x9000, &hub_ops, gr);
    gp_mmio_map_stored(mmio, "gr", 0x40a000, GPC_BCAST - 0x40a000);
    gp_mmio_map(mmio, "gpcs", GPC_BCAST, GPC_GPCCS_BCAST, &gpcs_ops, gr);
    gp_mmio_map(mmio, "gpcs", falcons + GPC_GPCCS_SIZE,
                GPC_SIZE - GPC_GPCCS_BCAST - GPC_GPCCS_SIZE, &gpcs_ops, gr);
    gp_mmio_map(mmio, "gpc0", GPC_UNIT, GPC_SIZE, &gpc_ops, gr);
}

void gp_gr_regs_reset(GpGr *gr)
{
    static const uint32_t cleared[] = {
        GR_INTR, GR_TRAP, GR_DATA_ERROR, GR_TRAP_GPCS, GR_INTR_EN,
        GR_FIFO_ACCESS, GR_TRAPPED_ADDR, GR_TRAPPED_DATA, GR_TRAP_M2MF,
        GR_TRAP_SKED, GPC_UNIT + GPC_TRAP,
    };
    unsigned i;

    for (i = 0; i < sizeof(cleared) / sizeof(cleared[0]); i++) {
        set_reg(gr, cleared[i], 0);
    }
    for (i = 0; i < gr->gpu->cfg.tpcs; i++) {
        uint32_t tpc = GPC_UNIT + GPC_TPC_UNIT + i * GPC_TPC_SIZE;

        set_reg(gr, tpc + TPC_WARP_ERROR, 0);
        set_reg(gr, tpc + TPC_GLOBAL_ERROR, 0);
    }
    update_line(gr);
}

bool gp_gr_regs_access(GpGr *gr)
{
    return reg(gr, GR_FIFO_ACCESS) & 1;
}

void gp_gr_regs_method(GpGr *gr, unsigned subchannel, uint32_t method,
                       uint32_t data)
{
    set_reg(gr, GR_TRAPPED_ADDR, subchannel << 16 | method);
    set_reg(gr, GR_TRAPPED_DATA, data);
    if (method == 0 && subchannel < 4) {
        set_reg(gr, GR_SUBCHANNEL_CLASS + 4 * subchannel, data & 0xffff);
    }
}

static void raise_intr(GpGr *gr, uint32_t intr)
{
    set_reg(gr, GR_INTR, reg(gr, GR_INTR) | intr);
    gr->halted = true;
    update_line(gr);
}

static void raise_trap(GpGr *gr, GpGrTrap trap)
{
    set_reg(gr, GR_TRAP, reg(gr, GR_TRAP) | 1u << trap);
    raise_intr(gr, INTR_TRAP);
}

void gp_gr_raise_data_error(GpGr *gr, GpGrDataError code)
{
    set_reg(gr, GR_DATA_ERROR, code);
    raise_intr(gr, INTR_DATA_ERROR);
}

void gp_gr_raise_illegal_class(GpGr *gr, unsigned subchannel,
                               uint32_t class_id)
{
    if (subchannel < 4) {
        set_reg(gr, GR_SUBCHANNEL_CLASS + 4 * subchannel, class_id & 0xffff);
    }
    raise_intr(gr, INTR_ILLEGAL_CLASS);
}

void gp_gr_raise_m2mf(GpGr *gr, uint32_t error)
{
    set_reg(gr, GR_TRAP_M2MF, reg(gr, GR_TRAP_M2MF) | error);
    raise_trap(gr, GP_GR_TRAP_M2MF);
}

void gp_gr_raise_sked(GpGr *gr, uint32_t error)
{
    set_reg(gr, GR_TRAP_SKED, reg(gr, GR_TRAP_SKED) | error);
    raise_trap(gr, GP_GR_TRAP_SKED);
}

void gp_gr_raise_sm(GpGr *gr, unsigned tpc, uint32_t warp_error)
{
    uint32_t unit = GPC_UNIT + GPC_TPC_UNIT + tpc * GPC_TPC_SIZE;

    if (reg(gr, unit + TPC_WARP_ERROR)) {
        /* Only the first is kept; the rest are MULTIPLE_WARP_ERRORS. */
        set_reg(gr, unit + TPC_GLOBAL_ERROR,
                reg(gr, unit + TPC_GLOBAL_ERROR) | 0x4);
    } else {
        set_reg(gr, unit + TPC_WARP_ERROR, warp_error);
    }
    set_reg(gr, GPC_UNIT + GPC_TRAP,
            reg(gr, GPC_UNIT + GPC_TRAP) | 0x00010000u << tpc);
    set_reg(gr, GR_TRAP_GPCS, reg(gr, GR_TRAP_GPCS) | 1);
    raise_trap(gr, GP_GR_TRAP_GPC);
}
