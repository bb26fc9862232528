/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PBDMA: fetches a channel's push buffer, makes methods of it, executes
 * the host's and hands the others to engines (dev_pbdma.ref).
 */
#ifndef GP107_HOST_PBDMA_H
#define GP107_HOST_PBDMA_H

#include "state.h"

#define GP_PBDMA_BASE       0x040000
#define GP_PBDMA_STRIDE     0x2000

/* Offsets of registers; those below 0x100 are words of RAMFC too. */
enum {
    GP_PB_GP_PUT = 0x00,
    GP_PB_MEM_OP_A = 0x04,
    GP_PB_USERD = 0x08,
    GP_PB_USERD_HI = 0x0c,
    GP_PB_SIGNATURE = 0x10,
    GP_PB_GP_GET = 0x14,
    GP_PB_GET = 0x18,
    GP_PB_GET_HI = 0x1c,
    GP_PB_TOP_LEVEL_GET = 0x20,
    GP_PB_TOP_LEVEL_GET_HI = 0x24,
    GP_PB_REF = 0x28,
    GP_PB_ACQUIRE = 0x30,
    GP_PB_ACQUIRE_DEADLINE = 0x34,
    GP_PB_SEMAPHOREA = 0x38,
    GP_PB_SEMAPHOREB = 0x3c,
    GP_PB_SEMAPHOREC = 0x40,
    GP_PB_SEMAPHORED = 0x44,
    GP_PB_GP_BASE = 0x48,
    GP_PB_GP_BASE_HI = 0x4c,
    GP_PB_GP_FETCH = 0x50,
    GP_PB_PB_FETCH = 0x54,
    GP_PB_PB_FETCH_HI = 0x58,
    GP_PB_PUT = 0x5c,
    GP_PB_PUT_HI = 0x60,
    GP_PB_MEM_OP_B = 0x64,
    GP_PB_GP_CRC = 0x74,
    GP_PB_HEADER = 0x84,
    GP_PB_COUNT = 0x88,
    GP_PB_SUBDEVICE = 0x94,
    GP_PB_PB_CRC = 0x98,
    GP_PB_MEM_OP_C = 0xa0,
    GP_PB_TARGET = 0xac,
    GP_PB_METHOD_CRC = 0xb0,
    GP_PB_METHOD0 = 0xc0,
    GP_PB_DATA0 = 0xc4,
    GP_PB_HCE_CTRL = 0xe4,
    GP_PB_STATUS = 0x100,
    GP_PB_INTR_0 = 0x108,
    GP_PB_INTR_EN_0 = 0x10c,
    GP_PB_GP_SHADOW_0 = 0x110,
    GP_PB_GP_SHADOW_1 = 0x114,
    GP_PB_HDR_SHADOW = 0x118,
    GP_PB_CHANNEL = 0x120,
    GP_PB_TIMEOUT = 0x12c,
    GP_PB_INTR_STALL = 0x13c,
    GP_PB_INTR_STALL_1 = 0x140,
    GP_PB_INTR_1 = 0x148,
    GP_PB_INTR_EN_1 = 0x14c,
    GP_PB_HCE_DBG0 = 0x150,
    GP_PB_HCE_DBG1 = 0x154,
};

/* Fields of those. */
#define GP_PB_METHOD_VALID      (1u << 31)
#define GP_PB_METHOD_ADDR(v)    ((v) & 0x3ffc)
#define GP_PB_METHOD_SUBCH(v)   ((v) >> 16 & 7)
#define GP_PB_HEADER_PRIV       (1u << 21)      /* of GP_ENTRY1_PRIV */
#define GP_PB_SUBDEVICE_ACTIVE  (1u << 28)
#define GP_PB_HCE_PRIV_MODE     (1u << 5)
#define GP_PB_TARGET_NONE       0x1f

/* NV_PPBDMA_INTR_0_* */
#define GP_PB_INTR_GPFIFO       (1u << 13)
#define GP_PB_INTR_GPPTR        (1u << 14)
#define GP_PB_INTR_GPENTRY      (1u << 15)
#define GP_PB_INTR_GPCRC        (1u << 16)
#define GP_PB_INTR_PBPTR        (1u << 17)
#define GP_PB_INTR_PBENTRY      (1u << 18)
#define GP_PB_INTR_PBCRC        (1u << 19)
#define GP_PB_INTR_METHOD       (1u << 21)
#define GP_PB_INTR_METHODCRC    (1u << 22)
#define GP_PB_INTR_DEVICE       (1u << 23)
#define GP_PB_INTR_SEMAPHORE    (1u << 25)
#define GP_PB_INTR_ACQUIRE      (1u << 26)
#define GP_PB_INTR_PBSEG        (1u << 30)
/* NV_PPBDMA_INTR_1_* */
#define GP_PB_INTR_HCE_PRIV     (1u << 2)
#define GP_PB_INTR_HCE_METHOD   (1u << 3)
#define GP_PB_INTR_HCE_CLASS    (1u << 4)

typedef enum GpStep {
    GP_STEP_DONE,                   /* got on */
    GP_STEP_IDLE,                   /* nothing more in the GPFIFO */
    GP_STEP_POLL,                   /* waits on memory */
    GP_STEP_WAIT,                   /* waits for an engine */
    GP_STEP_STOP,                   /* an interrupt or a fault */
} GpStep;

GpPbdma *gp_pbdma_new(Gp107 *gpu, unsigned id);
void gp_pbdma_free(GpPbdma *pbdma);
void gp_pbdma_reset(GpPbdma *pbdma);

/* Whether there is a register; the others are not for read and write. */
bool gp_pbdma_has(uint32_t offset);
uint32_t gp_pbdma_read(GpPbdma *pbdma, uint32_t offset);
void gp_pbdma_write(GpPbdma *pbdma, uint32_t offset, uint32_t val);
/* Interrupts that are pending and enabled. */
bool gp_pbdma_line(const GpPbdma *pbdma);
/* An interrupt is pending: nothing goes on, and nobody is switched out. */
bool gp_pbdma_frozen(const GpPbdma *pbdma);
void gp_pbdma_raise(GpPbdma *pbdma, unsigned which, uint32_t bits);

/* Saves the channel's state to RAMFC and USERD, and lets go of it. */
void gp_pbdma_unload(GpPbdma *pbdma);
/* Lets go of it as it is. */
void gp_pbdma_drop(GpPbdma *pbdma);
GpRun gp_pbdma_run(GpPbdma *pbdma, unsigned budget);

/* As a client of the MMU; a fault is posted, and stops the channel. */
GpClient gp_pbdma_client(const GpPbdma *pbdma);
GpStep gp_pbdma_fault(GpPbdma *pbdma, const GpFault *fault);

static inline uint32_t *gp_pbdma_reg(GpPbdma *pbdma, uint32_t offset)
{
    return &pbdma->reg[offset / 4];
}

/* methods.c: executes METHOD0 and DATA0. */
GpStep gp_pbdma_method(GpPbdma *pbdma);

/* crc.c: CRC-32 of IEEE 802.3, highest bit first. */
uint32_t gp_crc32(uint32_t crc, uint64_t value, unsigned bytes);

#endif
