/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FECS.  Register names: dev_graphics_nobundle, NV_PGRAPH_PRI_FECS_*, as
 * nvgpu publishes them; methods and their answers: nouveau's gf100_gr.
 */
#include "ctxsw.h"
#include "../core/mmio.h"
#include "../gr/gr.h"

#define IRQSSET         0x000
#define IRQ_CTXSW       0x00000100      /* Host's request for a switch */
#define METHOD_DATA     0x500
#define METHOD_PUSH     0x504
#define FS              0x604           /* 4:0 GPCs, 20:16 FBPs */
#define CTXSW_RESET     0x614           /* of the switch unit, not of FECS */
#define MAILBOX         0x800           /* + 4 * n */
#define MAILBOX_SET     0x820
#define MAILBOX_CLEAR   0x840
#define CURRENT_CTX     0xb00
#define NEW_CTX         0xb04
#define HOST_INT_STATUS 0xc18
#define HOST_INT_CLEAR  0xc20
#define HOST_INT_ENABLE 0xc24

#define METHOD_BIND         0x03
#define METHOD_HALT         0x04
#define METHOD_SAVE_GOLDEN  0x09
#define METHOD_IMAGE_SIZE   0x10
#define METHOD_ZCULL_SIZE   0x16
#define METHOD_WATCHDOG     0x21
#define METHOD_PM_SIZE      0x25
#define METHOD_REGLIST_SIZE 0x30
#define METHOD_REGLIST_BIND 0x31
#define METHOD_REGLIST_ADDR 0x32
#define METHOD_STOP         0x38
#define METHOD_START        0x39

/* MAILBOX 0 */
#define READY           0x00000001
#define SAVE_DONE       0x00000001
#define SAVE_FAILED     0x00000002
#define BIND_DONE       0x00000010
#define BIND_FAILED     0x00000020
/* MAILBOX 1 */
#define SWITCH_DONE     0x00000001
#define SWITCH_FAILED   0x00000002

/*
 * A context image holds nothing that this model needs, and the driver
 * copies all of it word by word for each channel: it is small.
 */
#define IMAGE_SIZE      0x10000
#define OTHER_SIZE      0x100           /* of the lesser images */

#define INST_CTX_VA     0x210           /* dev_ram.h, NV_RAMIN_GR_WFI_PTR */
#define CTX_VALID       0x80000000u

static uint64_t inst_address(uint32_t data)
{
    return (uint64_t)(data & 0x0fffffff) << 12;
}

static bool bind(GpCtxsw *ctxsw, Gp107 *gpu, uint32_t data)
{
    GpSpace space;

    gp_mmu_bind(gpu, inst_address(data), data >> 28 & 3, &space);
    if (!(data & CTX_VALID) || !space.valid) {
        gp_log(gpu, GP_LOG_GUEST, "FECS: bind of %08x: no address space",
               data);
        return false;
    }
    ctxsw->bound = data;
    return true;
}

/* The image goes where the instance block says; that must be mapped. */
static bool save_golden(GpCtxsw *ctxsw, GpFalcon *falcon, uint32_t data)
{
    const GpClient client = {
        .engine = falcon->cfg->engine,
        .client = falcon->cfg->hub_client,
        .hub = true,
    };
    GpAperture ap = data >> 28 & 3;
    GpSpace space;
    GpFault fault;
    uint64_t va;
    uint32_t word;

    gp_mmu_bind(falcon->gpu, inst_address(data), ap, &space);
    if (!(data & CTX_VALID) || !space.valid) {
        return false;
    }
    va = gp_mem_read64(falcon->gpu, ap, inst_address(data) + INST_CTX_VA);
    va &= ~(uint64_t)0xfff;
    return gp_mmu_read32(falcon->gpu, &space, &client, va, &word, &fault) &&
           gp_mmu_write32(falcon->gpu, &space, &client,
                          va + IMAGE_SIZE - 4, 0, &fault);
}

static void run_method(GpCtxsw *ctxsw, GpFalcon *falcon, uint32_t method)
{
    Gp107 *gpu = falcon->gpu;
    uint32_t *box = ctxsw->mailbox;

    ctxsw->method = method;
    if (!ctxsw->running) {
        gp_log(gpu, GP_LOG_GUEST, "FECS: method %02x, and it is not running",
               method);
        return;
    }
    switch (method) {
    case METHOD_BIND:
        box[0] |= bind(ctxsw, gpu, ctxsw->data) ? BIND_DONE : BIND_FAILED;
        break;
    case METHOD_SAVE_GOLDEN:
        box[0] |= save_golden(ctxsw, falcon, ctxsw->data) ? SAVE_DONE :
                                                           SAVE_FAILED;
        break;
    case METHOD_IMAGE_SIZE:
        box[0] = IMAGE_SIZE;
        break;
    case METHOD_ZCULL_SIZE:
    case METHOD_PM_SIZE:
    case METHOD_REGLIST_SIZE:
        box[0] = OTHER_SIZE;
        break;
    case METHOD_REGLIST_BIND:
    case METHOD_REGLIST_ADDR:
        box[0] = 1;
        break;
    case METHOD_WATCHDOG:
        break;
    case METHOD_HALT:
        box[1] = SWITCH_DONE;
        break;
    case METHOD_STOP:
    case METHOD_START:
        box[1] = SWITCH_DONE;
        gp_gr_set_switching(gpu, method == METHOD_START);
        break;
    default:
        gp_count(gpu, GP_COUNTER_UNKNOWN_METHODS, 1);
        gp_log(gpu, GP_LOG_UNKNOWN, "FECS: unknown method %02x (%08x)",
               method, ctxsw->data);
        box[1] = SWITCH_FAILED;
        break;
    }
}

void gp_ctxsw_start(GpCtxsw *ctxsw, GpFalcon *falcon)
{
    ctxsw->running = true;
    ctxsw->mailbox[0] |= READY;
    gp_gr_set_switching(falcon->gpu, true);
    gp_gr_set_ready(falcon->gpu, true);
}

/* The mailboxes are no part of FECS: an answer outlives it. */
void gp_ctxsw_reset(GpCtxsw *ctxsw, GpFalcon *falcon)
{
    ctxsw->running = false;
    ctxsw->data = 0;
    ctxsw->method = 0;
    ctxsw->bound = 0;
    ctxsw->new_ctx = 0;
    gp_gr_set_ready(falcon->gpu, false);
}

bool gp_ctxsw_read(GpCtxsw *ctxsw, GpFalcon *falcon, uint32_t reg,
                   uint32_t *val)
{
    uint32_t current;

    if (reg >= MAILBOX && reg < MAILBOX + 4 * GP_CTXSW_MAILBOXES) {
        *val = ctxsw->mailbox[(reg - MAILBOX) / 4];
        return true;
    }
    switch (reg) {
    case METHOD_DATA:
        *val = ctxsw->data;
        return true;
    case METHOD_PUSH:
        *val = ctxsw->method;
        return true;
    case FS:
        *val = 1 | 1 << 16;
        return true;
    case CTXSW_RESET:
    case HOST_INT_ENABLE:
        *val = gp_mmio_get(falcon->gpu->mmio, falcon->cfg->base + reg);
        return true;
    case CURRENT_CTX:
        current = gp_gr_current_context(falcon->gpu);
        *val = current ? current : ctxsw->bound;
        return true;
    case NEW_CTX:
        *val = ctxsw->new_ctx;
        return true;
    case HOST_INT_STATUS:
    case HOST_INT_CLEAR:
        *val = 0;
        return true;
    default:
        return false;
    }
}

/*
 * A driver that bound a context by itself has it unloaded by asking, in
 * Host's place, for a switch to none (nouveau's grctx_generate of Linux 6.1).
 */
static bool switch_by_hand(GpCtxsw *ctxsw, uint32_t irq)
{
    if (!(irq & IRQ_CTXSW) || !ctxsw->running) {
        return false;
    }
    ctxsw->bound = ctxsw->new_ctx & CTX_VALID ? ctxsw->new_ctx : 0;
    return true;
}

bool gp_ctxsw_write(GpCtxsw *ctxsw, GpFalcon *falcon, uint32_t reg,
                    uint32_t val)
{
    if (reg >= MAILBOX && reg < MAILBOX + 4 * GP_CTXSW_MAILBOXES) {
        ctxsw->mailbox[(reg - MAILBOX) / 4] = val;
        return true;
    }
    if (reg >= MAILBOX_SET && reg < MAILBOX_SET + 4 * GP_CTXSW_MAILBOXES) {
        ctxsw->mailbox[(reg - MAILBOX_SET) / 4] |= val;
        return true;
    }
    if (reg >= MAILBOX_CLEAR &&
        reg < MAILBOX_CLEAR + 4 * GP_CTXSW_MAILBOXES) {
        ctxsw->mailbox[(reg - MAILBOX_CLEAR) / 4] &= ~val;
        return true;
    }
    switch (reg) {
    case IRQSSET:
        return switch_by_hand(ctxsw, val);
    case METHOD_DATA:
        ctxsw->data = val;
        return true;
    case METHOD_PUSH:
        run_method(ctxsw, falcon, val);
        return true;
    case CTXSW_RESET:
    case HOST_INT_ENABLE:
        gp_mmio_set(falcon->gpu->mmio, falcon->cfg->base + reg, val);
        return true;
    case CURRENT_CTX:
        if (!(val & CTX_VALID)) {
            ctxsw->bound = 0;
        }
        return true;
    case NEW_CTX:
        ctxsw->new_ctx = val;
        return true;
    case FS:
    case HOST_INT_STATUS:
    case HOST_INT_CLEAR:
        return true;
    default:
        return false;
    }
}
