/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One falcon: its memories behind their ports, interrupts, mailboxes, and
 * starting and halting (open-gpu-doc Falcon-Security; envytools
 * docs/hw/falcon).  What it does once started is up to its owner.
 */
#ifndef GP107_FALCON_UNIT_H
#define GP107_FALCON_UNIT_H

#include "../mem/mmu.h"

#define GP_FALCON_PORTS     8

/* FALCON_IRQSTAT */
#define GP_FALCON_IRQ_CTXSW     0x00000008
#define GP_FALCON_IRQ_HALT      0x00000010
#define GP_FALCON_IRQ_SWGEN0    0x00000040

typedef struct GpFalcon GpFalcon;

typedef struct GpFalconOps {
    /* The CPU was started; the handler does what the firmware would. */
    void (*start)(GpFalcon *falcon);
    /* It was reset: what it did is forgotten. */
    void (*reset)(GpFalcon *falcon);
    /* The host has cleared these bits of its interrupt status. */
    void (*acknowledged)(GpFalcon *falcon, uint32_t irq);
    /* Registers of its own, by offset.  False: not one of them. */
    bool (*read)(GpFalcon *falcon, uint32_t reg, uint32_t *val);
    bool (*write)(GpFalcon *falcon, uint32_t reg, uint32_t val);
} GpFalconOps;

typedef struct GpFalconMem {
    uint8_t *data;
    uint32_t size;                  /* bytes, a multiple of 0x100 */
    uint32_t port[GP_FALCON_PORTS]; /* as written to its control register */
} GpFalconMem;

typedef struct GpFalconConfig {
    const char *name;
    uint32_t base;                  /* in BAR0 */
    uint32_t imem_size;
    uint32_t dmem_size;
    uint32_t emem_size;             /* 0: it has none */
    unsigned intr;                  /* bit of NV_PMC_INTR */
    bool has_intr;
    uint8_t hub_client;             /* of its DMA, dev_fault.h */
    uint8_t engine;                 /* MMU engine id */
} GpFalconConfig;

struct GpFalcon {
    Gp107 *gpu;
    const GpFalconConfig *cfg;
    const GpFalconOps *ops;
    void *opaque;                   /* the owner's */
    GpFalconMem imem;
    GpFalconMem dmem;
    GpFalconMem emem;
    uint32_t irq_status;
    uint32_t irq_mask;
    uint32_t irq_dest;
    uint32_t mailbox[2];
    uint32_t bootvec;
    bool halted;
    bool ls_ready;                  /* ACR has put its firmware in place */
    uint32_t bind_status;           /* of binding the instance block */
    bool bound;
    GpAperture inst_ap;
    uint64_t inst;
};

/* False: out of memory. */
bool gp_falcon_init(GpFalcon *falcon, Gp107 *gpu, const GpFalconConfig *cfg,
                    const GpFalconOps *ops, void *opaque);
void gp_falcon_fini(GpFalcon *falcon);
void gp_falcon_reset(GpFalcon *falcon);

/* From the firmware's side. */
void gp_falcon_halt(GpFalcon *falcon);
void gp_falcon_raise(GpFalcon *falcon, uint32_t irq);
/* Enables @irq and routes it to the host, as firmware does at its start. */
void gp_falcon_enable(GpFalcon *falcon, uint32_t irq);
/* DMA through the bound instance block; false: it faulted, or none is. */
bool gp_falcon_dma_read(GpFalcon *falcon, uint64_t va, void *buf,
                        uint64_t len);

/* Little-endian words of a memory; beyond its end they read 0. */
uint32_t gp_falcon_mem_get(const GpFalconMem *mem, uint32_t addr);
void gp_falcon_mem_set(GpFalconMem *mem, uint32_t addr, uint32_t val);

#endif
