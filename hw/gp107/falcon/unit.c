/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One falcon, as the host sees it.  Register names are those of the gp100
 * and gv100 falcon manuals and of envytools docs/hw/falcon.
 */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "../core/mmio.h"
#include "../top/pmc.h"

#define IRQSSET         0x000
#define IRQSCLR         0x004
#define IRQSTAT         0x008
#define IRQMSET         0x010
#define IRQMCLR         0x014
#define IRQMASK         0x018
#define IRQDEST         0x01c
#define MAILBOX0        0x040
#define MAILBOX1        0x044
#define ITFEN           0x048
#define IDLESTATE       0x04c
#define NXTCTX          0x054           /* instance block */
#define CTXACK          0x058
#define ENGINE_ID       0x084
#define BIND_DMA        0x090
#define BIND_CONFIG     0x0a4
#define BIND_STATUS     0x0dc           /* bits 14:12 */
#define CPUCTL          0x100
#define BOOTVEC         0x104
#define HWCFG           0x108
#define DMACTL          0x10c
#define DMATRFCMD       0x118
#define HWCFG1          0x12c
#define CPUCTL_ALIAS    0x130
#define IMEMC           0x180           /* + 0x10 * port: C, D, T */
#define DMEMC           0x1c0           /* + 0x8 * port: C, D */
#define ICD_CMD         0x200
#define ICD_RDATA       0x20c
#define SCTL            0x240
#define ENGINE_RESET    0x3c0
#define DEBUG_SEC2      0x408           /* bit 20: debug board */
#define PMU_NXTCTX      0x480
#define FBIF_FIRST      0x600           /* FBIF_TRANSCFG and friends */
#define FBIF_LAST       0x62c
#define EMEMC           0xac0           /* + 0x8 * port: C, D */
#define DEBUG_PMU       0xc08
#define PMU_TRANSCFG    0xe00           /* five words */
#define PMU_TRANSCFG_N  0xe10

#define CPUCTL_START    0x00000002
#define CPUCTL_HALTED   0x00000010
#define DMATRFCMD_IDLE  0x00000002
#define PORT_ADDRESS    0x00fffffc
#define PORT_INC_WRITE  0x01000000
#define PORT_INC_READ   0x02000000
#define INST_VALID      0x40000000

/* HWCFG1: version 5, heavy-secure capable, four ports each. */
#define HWCFG1_VALUE    0x00004435

#define BIND_DONE       5

static void update_irq(GpFalcon *f)
{
    uint32_t host = f->irq_dest & ~(f->irq_dest >> 16) & 0xffff;

    if (f->cfg->has_intr) {
        gp_pmc_set_line(f->gpu, f->cfg->intr,
                        f->irq_status & f->irq_mask & host);
    }
}

uint32_t gp_falcon_mem_get(const GpFalconMem *mem, uint32_t addr)
{
    const uint8_t *p;

    if (mem->size < 4 || addr > mem->size - 4) {
        return 0;
    }
    p = mem->data + addr;
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

void gp_falcon_mem_set(GpFalconMem *mem, uint32_t addr, uint32_t val)
{
    if (mem->size < 4 || addr > mem->size - 4) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        mem->data[addr + i] = val >> (8 * i);
    }
}

static uint32_t port_read(GpFalconMem *mem, unsigned port)
{
    uint32_t *ctl = &mem->port[port];
    uint32_t val = gp_falcon_mem_get(mem, *ctl & PORT_ADDRESS);

    if (*ctl & PORT_INC_READ) {
        *ctl = (*ctl & ~PORT_ADDRESS) | ((*ctl + 4) & PORT_ADDRESS);
    }
    return val;
}

static void port_write(GpFalcon *f, GpFalconMem *mem, unsigned port,
                       uint32_t val)
{
    uint32_t *ctl = &mem->port[port];
    uint32_t addr = *ctl & PORT_ADDRESS;

    if (addr >= mem->size) {
        gp_log(f->gpu, GP_LOG_GUEST, "%s: memory write at %06x of %06x",
               f->cfg->name, addr, mem->size);
        return;
    }
    gp_falcon_mem_set(mem, addr, val);
    if (*ctl & PORT_INC_WRITE) {
        *ctl = (*ctl & ~PORT_ADDRESS) | ((*ctl + 4) & PORT_ADDRESS);
    }
}

/* The memory behind a port register; NULL: not one.  @sub: 0 C, 4 D, 8 T. */
static GpFalconMem *find_port(GpFalcon *f, uint32_t reg, unsigned *port,
                              unsigned *sub)
{
    if (reg >= IMEMC && reg < IMEMC + 0x40) {
        *port = (reg - IMEMC) / 0x10;
        *sub = (reg - IMEMC) % 0x10;
        return *sub < 0xc ? &f->imem : NULL;
    }
    if (reg >= DMEMC && reg < DMEMC + 8 * GP_FALCON_PORTS) {
        *port = (reg - DMEMC) / 8;
        *sub = (reg - DMEMC) % 8;
        return &f->dmem;
    }
    if (f->emem.size && reg >= EMEMC && reg < EMEMC + 0x20) {
        *port = (reg - EMEMC) / 8;
        *sub = (reg - EMEMC) % 8;
        return &f->emem;
    }
    return NULL;
}

static uint32_t hwcfg(const GpFalcon *f)
{
    return f->imem.size >> 8 | f->dmem.size >> 8 << 9;
}

static bool is_stored(uint32_t reg)
{
    switch (reg) {
    case ITFEN:
    case ENGINE_ID:
    case BIND_DMA:
    case BIND_CONFIG:
    case DMACTL:
    case ICD_CMD:
    case ENGINE_RESET:
        return true;
    default:
        return (reg >= FBIF_FIRST && reg <= FBIF_LAST) ||
               (reg >= PMU_TRANSCFG && reg <= PMU_TRANSCFG_N);
    }
}

static uint32_t falcon_read(void *opaque, uint32_t addr)
{
    GpFalcon *f = opaque;
    uint32_t reg = addr - f->cfg->base;
    unsigned port, sub;
    GpFalconMem *mem;
    uint32_t val;

    if (f->ops->read && f->ops->read(f, reg, &val)) {
        return val;
    }
    mem = find_port(f, reg, &port, &sub);
    if (mem) {
        return sub == 0 ? mem->port[port] :
               sub == 4 ? port_read(mem, port) : 0;
    }
    switch (reg) {
    case IRQSSET:
    case IRQSCLR:
    case IRQMSET:
    case IRQMCLR:
    case CTXACK:
        return 0;
    case IRQSTAT:
        return f->irq_status;
    case IRQMASK:
        return f->irq_mask;
    case IRQDEST:
        return f->irq_dest;
    case MAILBOX0:
    case MAILBOX1:
        return f->mailbox[(reg - MAILBOX0) / 4];
    case IDLESTATE:
    case SCTL:
    case DEBUG_SEC2:
    case DEBUG_PMU:
        return 0;
    case NXTCTX:
    case PMU_NXTCTX:
        return f->bound ? INST_VALID | (uint32_t)f->inst_ap << 28 |
                          (uint32_t)(f->inst >> 12) : 0;
    case BIND_STATUS:
    case ICD_RDATA:
        return f->bind_status << 12;
    case CPUCTL:
        return f->halted ? CPUCTL_HALTED : 0;
    case BOOTVEC:
        return f->bootvec;
    case HWCFG:
        return hwcfg(f);
    case DMATRFCMD:
        return DMATRFCMD_IDLE;
    case HWCFG1:
        return HWCFG1_VALUE;
    default:
        return is_stored(reg) ? gp_mmio_get(f->gpu->mmio, addr) :
                                gp_mmio_unknown_read(f->gpu->mmio, addr);
    }
}

static void bind(GpFalcon *f, uint32_t val)
{
    f->bound = val & INST_VALID;
    f->inst_ap = val >> 28 & 3;
    f->inst = (uint64_t)(val & 0x0fffffff) << 12;
    f->bind_status = BIND_DONE;
    gp_falcon_raise(f, GP_FALCON_IRQ_CTXSW);
}

static void falcon_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFalcon *f = opaque;
    uint32_t reg = addr - f->cfg->base;
    unsigned port, sub;
    GpFalconMem *mem;

    if (f->ops->write && f->ops->write(f, reg, val)) {
        return;
    }
    mem = find_port(f, reg, &port, &sub);
    if (mem) {
        if (sub == 0) {
            mem->port[port] = val;
        } else if (sub == 4) {
            port_write(f, mem, port, val);
        }
        return;
    }
    switch (reg) {
    case IRQSSET:
        gp_falcon_raise(f, val);
        break;
    case IRQSCLR:
        f->irq_status &= ~val;
        update_irq(f);
        if (f->ops->acknowledged) {
            f->ops->acknowledged(f, val);
        }
        break;
    case IRQMSET:
        f->irq_mask |= val;
        update_irq(f);
        break;
    case IRQMCLR:
        f->irq_mask &= ~val;
        update_irq(f);
        break;
    case IRQDEST:
        f->irq_dest = val;
        update_irq(f);
        break;
    case MAILBOX0:
    case MAILBOX1:
        f->mailbox[(reg - MAILBOX0) / 4] = val;
        break;
    case NXTCTX:
    case PMU_NXTCTX:
        bind(f, val);
        break;
    case CTXACK:
        if (val & 2) {
            f->bind_status = 0;
        }
        break;
    case CPUCTL:
    case CPUCTL_ALIAS:
        if (val & CPUCTL_START) {
            f->halted = false;
            f->ops->start(f);
        }
        break;
    case BOOTVEC:
        f->bootvec = val;
        break;
    case ENGINE_RESET:
        gp_mmio_set(f->gpu->mmio, addr, val);
        if (val & 1) {
            gp_falcon_reset(f);
        }
        break;
    default:
        if (is_stored(reg)) {
            gp_mmio_set(f->gpu->mmio, addr, val);
        } else {
            gp_mmio_unknown_write(f->gpu->mmio, addr, val);
        }
        break;
    }
}

static const GpMmioOps falcon_ops = {
    .read = falcon_read,
    .write = falcon_write,
};

static bool alloc_mem(GpFalconMem *mem, uint32_t size)
{
    mem->size = size;
    mem->data = size ? calloc(1, size) : NULL;
    return mem->data || !size;
}

bool gp_falcon_init(GpFalcon *f, Gp107 *gpu, const GpFalconConfig *cfg,
                    const GpFalconOps *ops, void *opaque)
{
    f->gpu = gpu;
    f->cfg = cfg;
    f->ops = ops;
    f->opaque = opaque;
    f->halted = true;
    if (!alloc_mem(&f->imem, cfg->imem_size) ||
        !alloc_mem(&f->dmem, cfg->dmem_size) ||
        !alloc_mem(&f->emem, cfg->emem_size)) {
        return false;
    }
    gp_mmio_map(gpu->mmio, cfg->name, cfg->base, 0x1000, &falcon_ops, f);
    return true;
}

void gp_falcon_fini(GpFalcon *f)
{
    free(f->imem.data);
    free(f->dmem.data);
    free(f->emem.data);
}

/* The memories are scrubbed by a reset (DMACTL bits 2:1: done at once). */
static void scrub(GpFalconMem *mem)
{
    if (mem->size) {
        memset(mem->data, 0, mem->size);
    }
    memset(mem->port, 0, sizeof(mem->port));
}

void gp_falcon_reset(GpFalcon *f)
{
    scrub(&f->imem);
    scrub(&f->dmem);
    scrub(&f->emem);
    f->irq_status = 0;
    f->irq_mask = 0;
    f->irq_dest = 0;
    f->mailbox[0] = 0;
    f->mailbox[1] = 0;
    f->bootvec = 0;
    f->halted = true;
    f->ls_ready = false;
    f->bind_status = 0;
    f->bound = false;
    update_irq(f);
    if (f->ops->reset) {
        f->ops->reset(f);
    }
}

void gp_falcon_halt(GpFalcon *f)
{
    f->halted = true;
    gp_falcon_raise(f, GP_FALCON_IRQ_HALT);
}

void gp_falcon_raise(GpFalcon *f, uint32_t irq)
{
    f->irq_status |= irq;
    update_irq(f);
}

void gp_falcon_enable(GpFalcon *f, uint32_t irq)
{
    f->irq_mask |= irq;
    f->irq_dest |= irq;
    update_irq(f);
}

bool gp_falcon_dma_read(GpFalcon *f, uint64_t va, void *buf, uint64_t len)
{
    const GpClient client = {
        .engine = f->cfg->engine,
        .client = f->cfg->hub_client,
        .hub = true,
    };
    GpSpace space;
    GpFault fault;

    if (!f->bound) {
        return false;
    }
    gp_mmu_bind(f->gpu, f->inst, f->inst_ap, &space);
    return space.valid &&
           gp_mmu_read(f->gpu, &space, &client, va, buf, len, &fault);
}
