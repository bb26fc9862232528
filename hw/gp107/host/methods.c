/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PBDMA does with a method: the host's own (class c06f, clc06f.h), and
 * those of engines (dev_pbdma.ref, "HOST METHODS"; dev_ram.ref on
 * subchannels).
 */
#include <stddef.h>

#include "../top/ptimer.h"
#include "pbdma.h"
#include "semaphore.h"

/* clc06f.h */
#define SET_OBJECT              0x00
#define ILLEGAL                 0x04
#define NOP                     0x08
#define SEMAPHOREA              0x10
#define SEMAPHOREB              0x14
#define SEMAPHOREC              0x18
#define SEMAPHORED              0x1c
#define NON_STALL_INTERRUPT     0x20
#define FB_FLUSH                0x24
#define MEM_OP_A                0x28
#define MEM_OP_B                0x2c
#define MEM_OP_C                0x30
#define MEM_OP_D                0x34
#define SET_REFERENCE           0x50
#define WFI                     0x78
#define CRC_CHECK               0x7c
#define YIELD                   0x80
#define HOST_METHODS            0x100   /* above are the engines' */

#define SEMAPHORE_OPERATION(v)  ((v) & 0x1f)
#define OPERATION_ACQUIRE       0x01
#define OPERATION_RELEASE       0x02
#define OPERATION_ACQ_GEQ       0x04
#define OPERATION_ACQ_AND       0x08
#define OPERATION_REDUCTION     0x10
#define SEMAPHORE_NO_WFI        (1u << 20)
#define SEMAPHORE_4BYTE         (1u << 24)
#define SEMAPHORE_REDUCTION(v)  ((v) >> 27 & 0xf)
#define SEMAPHORE_UNSIGNED      (1u << 31)

#define MEM_OP_OPERATION(v)     ((v) >> 27)
#define OPERATION_MEMBAR        0x05
#define OPERATION_TLB           0x09
#define OPERATION_TLB_TARGETED  0x0a
#define OPERATION_L2_PEERMEM    0x0d
#define OPERATION_L2_SYSMEM     0x0e
#define OPERATION_L2_COMPTAGS   0x0f
#define OPERATION_L2_DIRTY      0x10
#define OPERATION_L2_SYS_READS  0x15

#define YIELD_OP(v)             ((v) & 3)
#define YIELD_PBDMA_TIMESLICE   1
#define YIELD_RUNLIST_TIMESLICE 2
#define YIELD_TSG               3

/* NV_PPBDMA_ACQUIRE: the period counts 1024 ns. */
#define ACQUIRE_TIMEOUT_EN      (1u << 31)
#define ACQUIRE_EXP(v)          ((v) >> 11 & 0xf)
#define ACQUIRE_MAN(v)          ((v) >> 15 & 0xffff)
#define ACQUIRE_PERIOD_MAX      0x7fff8000u

/* Subchannels: 0..3 the runlist's engine, 4 copy, 5..7 software. */
#define SUBCHANNEL_COPY         4

/* What each of 0..3 is for on GR (dev_ram.ref) before any SET_OBJECT. */
static const uint32_t gr_classes[SUBCHANNEL_COPY] = {
    0xc197, 0xc1c0, 0xa140, 0x902d,
};
#define CLASS_COPY_A            0xc0b5
#define CLASS_COPY_B            0xc1b5
#define COPY_LAUNCH_DMA         0x300
#define COPY_LAUNCH_PHYSICAL    (3u << 12)

static GpFifo *fifo_of(const GpPbdma *pbdma)
{
    return pbdma->gpu->fifo;
}

/* The method stays in METHOD0, for the driver to see and to replace. */
static GpStep illegal(GpPbdma *pbdma, uint32_t intr)
{
    gp_log(pbdma->gpu, GP_LOG_GUEST,
           "PBDMA%u: channel %u: interrupt %08x at method %08x, data %08x",
           pbdma->id, pbdma->channel->pub.id, intr,
           *gp_pbdma_reg(pbdma, GP_PB_METHOD0),
           *gp_pbdma_reg(pbdma, GP_PB_DATA0));
    gp_count(pbdma->gpu, GP_COUNTER_CHANNELS_KILLED, 1);
    gp_pbdma_raise(pbdma, 0, intr);
    return GP_STEP_STOP;
}

/* Copy engines' errors are found by Host; it drops the method. */
static GpStep illegal_copy(GpPbdma *pbdma, uint32_t intr, uint32_t method,
                           uint32_t data)
{
    gp_log(pbdma->gpu, GP_LOG_GUEST,
           "PBDMA%u: channel %u: copy engine interrupt %02x, method %04x, "
           "data %08x", pbdma->id, pbdma->channel->pub.id, intr, method, data);
    pbdma->hce_dbg[0] = method;
    pbdma->hce_dbg[1] = data;
    *gp_pbdma_reg(pbdma, GP_PB_METHOD0) = 0;
    gp_pbdma_raise(pbdma, 1, intr);
    return GP_STEP_STOP;
}

/*
 * The engine that the channel last sent methods to has done them all.  If
 * another channel's context is there, it was done before that came.
 */
static bool target_idle(const GpPbdma *pbdma)
{
    GpEngine *target = pbdma->target;

    return !target || target->current != &pbdma->channel->pub ||
           target->ops->idle(target);
}

/* ------------------------------------------------------------ semaphores */

static uint64_t semaphore_address(GpPbdma *pbdma)
{
    return (uint64_t)(*gp_pbdma_reg(pbdma, GP_PB_SEMAPHOREA) & 0xff) << 32 |
           (*gp_pbdma_reg(pbdma, GP_PB_SEMAPHOREB) & ~3u);
}

/* True: it waited longer than the channel's ACQUIRE register allows. */
static bool acquire_timeout(GpPbdma *pbdma)
{
    uint32_t val = *gp_pbdma_reg(pbdma, GP_PB_ACQUIRE);
    uint32_t *deadline = gp_pbdma_reg(pbdma, GP_PB_ACQUIRE_DEADLINE);
    uint32_t now = gp_ptimer_ns(pbdma->gpu) >> 10;
    uint64_t period = (uint64_t)ACQUIRE_MAN(val) << ACQUIRE_EXP(val);

    if (!(val & ACQUIRE_TIMEOUT_EN)) {
        return false;
    }
    if (!*deadline) {
        period = period < ACQUIRE_PERIOD_MAX ? period : ACQUIRE_PERIOD_MAX;
        *deadline = (now + (uint32_t)period) | 1;
        return false;
    }
    return (int32_t)(now - *deadline) >= 0;
}

static GpStep acquire(GpPbdma *pbdma, unsigned operation)
{
    GpClient client = gp_pbdma_client(pbdma);
    uint32_t payload = *gp_pbdma_reg(pbdma, GP_PB_SEMAPHOREC);
    uint32_t val;
    GpFault fault;
    bool there;

    if (!gp_mmu_read32(pbdma->gpu, &pbdma->channel->pub.space, &client,
                       semaphore_address(pbdma), &val, &fault)) {
        return gp_pbdma_fault(pbdma, &fault);
    }
    switch (operation) {
    case OPERATION_ACQUIRE:
        there = val == payload;
        break;
    case OPERATION_ACQ_GEQ:
        there = (int32_t)(val - payload) >= 0;
        break;
    default:
        there = val & payload;
        break;
    }
    if (there) {
        *gp_pbdma_reg(pbdma, GP_PB_ACQUIRE_DEADLINE) = 0;
        return GP_STEP_DONE;
    }
    if (acquire_timeout(pbdma)) {
        *gp_pbdma_reg(pbdma, GP_PB_ACQUIRE_DEADLINE) = 0;
        return illegal(pbdma, GP_PB_INTR_ACQUIRE);
    }
    return GP_STEP_POLL;
}

static GpStep release(GpPbdma *pbdma, uint32_t data)
{
    GpClient client = gp_pbdma_client(pbdma);
    const GpSpace *space = &pbdma->channel->pub.space;
    uint64_t va = semaphore_address(pbdma);
    uint32_t payload = *gp_pbdma_reg(pbdma, GP_PB_SEMAPHOREC);
    bool four_words = !(data & SEMAPHORE_4BYTE);
    GpFault fault;
    bool ok;

    if (four_words && va % 16) {
        return illegal(pbdma, GP_PB_INTR_SEMAPHORE);
    }
    if (!(data & SEMAPHORE_NO_WFI) && !target_idle(pbdma)) {
        return GP_STEP_WAIT;
    }
    if (SEMAPHORE_OPERATION(data) == OPERATION_RELEASE) {
        ok = gp_semaphore_release(pbdma->gpu, space, &client, va, payload,
                                  four_words, &fault);
    } else {
        ok = (!four_words || gp_semaphore_stamp(pbdma->gpu, space, &client,
                                                va, &fault)) &&
             gp_semaphore_reduce(pbdma->gpu, space, &client, va,
                                 SEMAPHORE_REDUCTION(data),
                                 !(data & SEMAPHORE_UNSIGNED), payload,
                                 &fault);
    }
    return ok ? GP_STEP_DONE : gp_pbdma_fault(pbdma, &fault);
}

static GpStep semaphore(GpPbdma *pbdma, uint32_t data)
{
    *gp_pbdma_reg(pbdma, GP_PB_SEMAPHORED) = data;
    switch (SEMAPHORE_OPERATION(data)) {
    case OPERATION_ACQUIRE:
    case OPERATION_ACQ_GEQ:
    case OPERATION_ACQ_AND:
        return acquire(pbdma, SEMAPHORE_OPERATION(data));
    case OPERATION_REDUCTION:
        if (SEMAPHORE_REDUCTION(data) > GP_REDUCE_DEC) {
            return illegal(pbdma, GP_PB_INTR_SEMAPHORE);
        }
        return release(pbdma, data);
    case OPERATION_RELEASE:
        return release(pbdma, data);
    default:
        return illegal(pbdma, GP_PB_INTR_SEMAPHORE);
    }
}

/* ---------------------------------------------------------------- MEM_OP */

/*
 * Invalidates are privileged (dev_pbdma.ref); in class c06f it is the GP
 * entry that says who is (GP_ENTRY1_PRIV).
 */
static GpStep tlb_invalidate(GpPbdma *pbdma, uint32_t d)
{
    uint32_t a = *gp_pbdma_reg(pbdma, GP_PB_MEM_OP_A);
    uint32_t b = *gp_pbdma_reg(pbdma, GP_PB_MEM_OP_B);
    uint32_t c = *gp_pbdma_reg(pbdma, GP_PB_MEM_OP_C);
    GpInvalidate inv = {
        .all_pdb = c & 1,
        .pdb = (uint64_t)(d & 0x07ffffff) << 32 | (c & 0xfffff000),
        .pdb_ap = c >> 10 & 3,
        .all_va = MEM_OP_OPERATION(d) == OPERATION_TLB,
        .va = (uint64_t)b << 32 | (a & 0xfffff000),
        .hub_only = c >> 1 & 1,
        .replay = c >> 1 & 1 ? GP_REPLAY_NONE : c >> 2 & 7,
        .cancel_gpc = a >> 6 & 0x1f,
        .cancel_client = a & 0x3f,
    };

    if (!(*gp_pbdma_reg(pbdma, GP_PB_HEADER) & GP_PB_HEADER_PRIV) ||
        inv.replay > GP_REPLAY_CANCEL_GLOBAL) {
        return illegal(pbdma, GP_PB_INTR_METHOD);
    }
    gp_mmu_invalidate(pbdma->gpu, &inv);
    return GP_STEP_DONE;
}

static GpStep mem_op(GpPbdma *pbdma, uint32_t d)
{
    switch (MEM_OP_OPERATION(d)) {
    case OPERATION_TLB:
    case OPERATION_TLB_TARGETED:
        return tlb_invalidate(pbdma, d);
    case OPERATION_MEMBAR:
    case OPERATION_L2_PEERMEM:
    case OPERATION_L2_SYSMEM:
    case OPERATION_L2_COMPTAGS:
    case OPERATION_L2_DIRTY:
    case OPERATION_L2_SYS_READS:
        /* Memory is always in order here, and there is no L2. */
        return GP_STEP_DONE;
    default:
        return illegal(pbdma, GP_PB_INTR_METHOD);
    }
}

/* ------------------------------------------------------------ host class */

static GpStep yield(GpPbdma *pbdma, uint32_t data)
{
    switch (YIELD_OP(data)) {
    case YIELD_RUNLIST_TIMESLICE:
        pbdma->leave_group = true;
        pbdma->leave_channel = true;
        break;
    case YIELD_PBDMA_TIMESLICE:
    case YIELD_TSG:
        pbdma->leave_channel = true;
        break;
    }
    return GP_STEP_DONE;
}

static GpStep set_reference(GpPbdma *pbdma, uint32_t data)
{
    if (!target_idle(pbdma)) {
        return GP_STEP_WAIT;
    }
    *gp_pbdma_reg(pbdma, GP_PB_REF) = data;
    return GP_STEP_DONE;
}

static GpStep crc_check(GpPbdma *pbdma, uint32_t data)
{
    if (*gp_pbdma_reg(pbdma, GP_PB_METHOD_CRC) != data) {
        return illegal(pbdma, GP_PB_INTR_METHODCRC);
    }
    *gp_pbdma_reg(pbdma, GP_PB_METHOD_CRC) = 0;
    return GP_STEP_DONE;
}

static GpStep host_method(GpPbdma *pbdma, uint32_t method, uint32_t data)
{
    switch (method) {
    case NOP:
    case FB_FLUSH:
        return GP_STEP_DONE;
    case SEMAPHOREA:
    case SEMAPHOREB:
    case SEMAPHOREC:
        *gp_pbdma_reg(pbdma, GP_PB_SEMAPHOREA + method - SEMAPHOREA) = data;
        return GP_STEP_DONE;
    case SEMAPHORED:
        return semaphore(pbdma, data);
    case NON_STALL_INTERRUPT:
        gp_fifo_nonstall(pbdma->gpu, pbdma->runlist);
        return GP_STEP_DONE;
    case MEM_OP_A:
        *gp_pbdma_reg(pbdma, GP_PB_MEM_OP_A) = data;
        return GP_STEP_DONE;
    case MEM_OP_B:
        *gp_pbdma_reg(pbdma, GP_PB_MEM_OP_B) = data;
        return GP_STEP_DONE;
    case MEM_OP_C:
        *gp_pbdma_reg(pbdma, GP_PB_MEM_OP_C) = data;
        return GP_STEP_DONE;
    case MEM_OP_D:
        return mem_op(pbdma, data);
    case SET_REFERENCE:
        return set_reference(pbdma, data);
    case WFI:
        return target_idle(pbdma) ? GP_STEP_DONE : GP_STEP_WAIT;
    case CRC_CHECK:
        return crc_check(pbdma, data);
    case YIELD:
        return yield(pbdma, data);
    case ILLEGAL:
    default:                            /* with SYNCPOINT: Tegra only */
        return illegal(pbdma, GP_PB_INTR_METHOD);
    }
}

/* --------------------------------------------------------------- engines */

static GpEngine *route(const GpPbdma *pbdma, unsigned subchannel)
{
    return subchannel < SUBCHANNEL_COPY ? pbdma->engine :
           subchannel == SUBCHANNEL_COPY ? pbdma->copy : NULL;
}

static uint32_t class_of(const GpPbdma *pbdma, const GpEngine *engine,
                         unsigned subchannel)
{
    uint32_t class_id = pbdma->channel->pub.object[subchannel];

    if (class_id) {
        return class_id;
    }
    return engine->type == GP_ENGINE_CE ? CLASS_COPY_B :
                                          gr_classes[subchannel & 3];
}

/* A CE's SET_OBJECT is checked by Host and goes no further. */
static GpStep copy_object(GpPbdma *pbdma, unsigned subchannel, uint32_t data)
{
    uint32_t class_id = data & 0xffff;

    if (class_id != CLASS_COPY_A && class_id != CLASS_COPY_B) {
        return illegal_copy(pbdma, GP_PB_INTR_HCE_CLASS, SET_OBJECT, data);
    }
    pbdma->channel->pub.object[subchannel] = class_id;
    return GP_STEP_DONE;
}

/* True: @engine has the channel's context, and may be given a method. */
static bool engine_ready(GpPbdma *pbdma, GpEngine *engine)
{
    GpFifo *fifo = fifo_of(pbdma);

    if (gp_fifo_engine_faulted(fifo, engine)) {
        return false;
    }
    /* A switch between engines waits for the one before (dev_ram.ref). */
    if (pbdma->target != engine && !target_idle(pbdma)) {
        return false;
    }
    if (!gp_fifo_acquire(fifo, engine, pbdma->channel)) {
        return false;
    }
    pbdma->target = engine;
    *gp_pbdma_reg(pbdma, GP_PB_TARGET) =
        (*gp_pbdma_reg(pbdma, GP_PB_TARGET) & ~0x1fu) | engine->engine_id;
    return true;
}

static GpStep engine_method(GpPbdma *pbdma, unsigned subchannel,
                            uint32_t method, uint32_t data)
{
    GpEngine *engine = route(pbdma, subchannel);
    GpChannel *channel = &pbdma->channel->pub;
    bool is_copy = engine && engine->type == GP_ENGINE_CE;
    uint32_t *crc = gp_pbdma_reg(pbdma, GP_PB_METHOD_CRC);
    uint32_t class_id;

    if (!engine) {
        /* Software's: the driver does it, and then clears the interrupt. */
        gp_pbdma_raise(pbdma, 0, GP_PB_INTR_DEVICE);
        return GP_STEP_STOP;
    }
    if (is_copy && method == SET_OBJECT) {
        return copy_object(pbdma, subchannel, data);
    }
    if (is_copy && method == COPY_LAUNCH_DMA &&
        data & COPY_LAUNCH_PHYSICAL &&
        !(*gp_pbdma_reg(pbdma, GP_PB_HCE_CTRL) & GP_PB_HCE_PRIV_MODE)) {
        return illegal_copy(pbdma, GP_PB_INTR_HCE_PRIV, method, data);
    }
    if (!engine_ready(pbdma, engine)) {
        return GP_STEP_WAIT;
    }
    if (method == SET_OBJECT) {
        channel->object[subchannel] = data & 0xffff;
    }
    class_id = class_of(pbdma, engine, subchannel);
    switch (engine->ops->method(engine, channel, subchannel, class_id, method,
                                data)) {
    case GP_METHOD_DONE:
    case GP_METHOD_ERROR:
        break;
    case GP_METHOD_WAIT:
        return GP_STEP_WAIT;
    case GP_METHOD_UNKNOWN:
        gp_fifo_unknown_method(fifo_of(pbdma), pbdma->channel, class_id,
                               method, data);
        if (is_copy) {
            return illegal_copy(pbdma, GP_PB_INTR_HCE_METHOD, method, data);
        }
        break;
    case GP_METHOD_FAULT:
        return GP_STEP_STOP;
    }
    *crc = gp_crc32(*crc, (uint64_t)subchannel << 44 |
                    (uint64_t)(method >> 2) << 32 | data, 6);
    return GP_STEP_DONE;
}

GpStep gp_pbdma_method(GpPbdma *pbdma)
{
    uint32_t *method0 = gp_pbdma_reg(pbdma, GP_PB_METHOD0);
    uint32_t method = GP_PB_METHOD_ADDR(*method0);
    uint32_t data = *gp_pbdma_reg(pbdma, GP_PB_DATA0);
    GpStep step;

    if (method >= HOST_METHODS || method == SET_OBJECT) {
        step = engine_method(pbdma, GP_PB_METHOD_SUBCH(*method0), method,
                             data);
    } else {
        step = host_method(pbdma, method, data);
    }
    if (step == GP_STEP_DONE) {
        *method0 &= ~GP_PB_METHOD_VALID;
        gp_count(pbdma->gpu, GP_COUNTER_METHODS, 1);
    }
    return step;
}
