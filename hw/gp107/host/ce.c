/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The logical copy engines as engines of PFIFO, and their registers at
 * 104400 + 80 * n (dev_ce.ref, NV_CE_LCE_*).
 *
 * Which runlist each is on is not published for GP107.  dev_ram.ref has two
 * GRCOPY engines on the graphics runlist, one for each of its runqueues, and
 * nouveau's gp100_runl agrees: CE0 and CE1.  The others have runlists of
 * their own here.  Numbers of reset bits are this model's choice; drivers
 * take them from PTOP.
 */
#include <stdlib.h>

#include "../core/mmio.h"
#include "../top/pmc.h"
#include "ce.h"
#include "fifo.h"

#define LCE_BASE            0x104400
#define LCE_STRIDE          0x80
#define LCE_STATUS          0x00
#define LCE_BIND_STATUS     0x04
#define LCE_INTR_EN         0x0c
#define LCE_INTR_STATUS     0x10
#define LCE_LAUNCHERR       0x18

#define LCE_INTR_EN_INIT    (GP_COPY_BLOCKPIPE | GP_COPY_NONBLOCKPIPE | \
                             GP_COPY_LAUNCHERR)

#define GR_RUNLIST          0
#define GRCOPIES            2

struct GpCe {
    GpEngine engine;                /* first: PFIFO hands it back */
    Gp107 *gpu;
    GpCopy *copy;
    uint32_t base;
    uint32_t intr_en;
    uint32_t intr;
    uint32_t launcherr;
};

static GpCe *to_ce(GpEngine *engine)
{
    return (GpCe *)engine;
}

static void update_line(GpCe *ce)
{
    gp_pmc_set_line(ce->gpu, ce->engine.intr, ce->intr & ce->intr_en);
}

static void ce_interrupt(void *opaque, uint32_t status, uint32_t launcherr)
{
    GpCe *ce = opaque;

    ce->intr |= status;
    if (status & GP_COPY_LAUNCHERR) {
        ce->launcherr = launcherr;
    }
    if (status & GP_COPY_NONBLOCKPIPE) {
        gp_fifo_nonstall(ce->gpu, ce->engine.runlist);
    }
    update_line(ce);
}

/* ---------------------------------------------------------------- engine */

static bool ce_acquire(GpEngine *engine, GpChannel *channel)
{
    const GpChannel *busy = gp_copy_channel(to_ce(engine)->copy);

    if (busy && busy != channel) {
        return false;
    }
    engine->current = channel;
    return true;
}

static GpMethodResult ce_method(GpEngine *engine, GpChannel *channel,
                                unsigned subchannel, uint32_t class_id,
                                uint32_t method, uint32_t data)
{
    return gp_copy_method(to_ce(engine)->copy, channel, method, data);
}

static GpRun ce_run(GpEngine *engine, unsigned budget)
{
    return gp_copy_run(to_ce(engine)->copy, budget);
}

static bool ce_idle(GpEngine *engine)
{
    return gp_copy_idle(to_ce(engine)->copy);
}

static bool ce_release(GpEngine *engine, GpChannel *channel)
{
    if (gp_copy_channel(to_ce(engine)->copy) == channel) {
        return false;
    }
    if (engine->current == channel) {
        engine->current = NULL;
    }
    return true;
}

static void ce_reset(GpEngine *engine)
{
    gp_ce_reset(to_ce(engine));
}

static const GpEngineOps ce_ops = {
    .acquire = ce_acquire,
    .method = ce_method,
    .run = ce_run,
    .idle = ce_idle,
    .release = ce_release,
    .reset = ce_reset,
};

/* ------------------------------------------------------------- registers */

static uint32_t ce_read(void *opaque, uint32_t addr)
{
    GpCe *ce = opaque;

    switch (addr - ce->base) {
    case LCE_STATUS:
        return gp_copy_idle(ce->copy) ? 0 : 1;
    case LCE_BIND_STATUS:
        return ce->engine.current ?
               1 | (uint32_t)(ce->engine.current->space.inst >> 12) << 1 : 0;
    case LCE_INTR_EN:
        return ce->intr_en;
    case LCE_INTR_STATUS:
        return ce->intr;
    case LCE_LAUNCHERR:
        return ce->launcherr;
    default:
        return gp_mmio_unknown_read(ce->gpu->mmio, addr);
    }
}

static void ce_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpCe *ce = opaque;

    switch (addr - ce->base) {
    case LCE_INTR_EN:
        ce->intr_en = val & LCE_INTR_EN_INIT;
        update_line(ce);
        break;
    case LCE_INTR_STATUS:
        ce->intr &= ~val;
        update_line(ce);
        break;
    case LCE_LAUNCHERR:
        ce->launcherr = val & 0xf;
        break;
    default:
        gp_mmio_unknown_write(ce->gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps ce_mmio_ops = {
    .read = ce_read,
    .write = ce_write,
};

/* ------------------------------------------------------------------ life */

/* hwref gp100 dev_fault.h: NV_PFAULT_MMU_ENG_ID_CEn, CLIENT_HUB_CEn. */
static const struct {
    const char *name;
    unsigned intr, reset_bit, fault_id, client;
} ces[GP_MAX_CES] = {
    { "CE0", GP_INTR_CE0, 6, 21, 0x01 },
    { "CE1", GP_INTR_CE1, 7, 22, 0x02 },
    { "CE2", GP_INTR_CE2, 21, 27, 0x18 },
    { "CE3", GP_INTR_CE3, 22, 28, 0x20 },
};

GpCe *gp_ce_new(Gp107 *gpu, unsigned index)
{
    GpCe *ce = calloc(1, sizeof(*ce));
    GpClient client = {
        .engine = ces[index].fault_id,
        .client = ces[index].client,
        .hub = true,
    };

    if (!ce) {
        return NULL;
    }
    ce->gpu = gpu;
    ce->copy = gp_copy_new(gpu, &client);
    if (!ce->copy) {
        free(ce);
        return NULL;
    }
    gp_copy_set_interrupt(ce->copy, ce_interrupt, ce);
    ce->base = LCE_BASE + index * LCE_STRIDE;
    ce->engine = (GpEngine) {
        .ops = &ce_ops,
        .gpu = gpu,
        .name = ces[index].name,
        .type = GP_ENGINE_CE,
        .instance = index,
        .engine_id = 1 + index,
        .runlist = gpu->cfg.one_runlist || index < GRCOPIES ?
                   GR_RUNLIST : index - GRCOPIES + 1,
        .intr = ces[index].intr,
        .reset_bit = ces[index].reset_bit,
        .fault_id = ces[index].fault_id,
    };
    ce->intr_en = LCE_INTR_EN_INIT;
    gp_mmio_map(gpu->mmio, ce->engine.name, ce->base, LCE_STRIDE,
                &ce_mmio_ops, ce);
    return ce;
}

void gp_ce_free(GpCe *ce)
{
    if (ce) {
        gp_copy_free(ce->copy);
        free(ce);
    }
}

void gp_ce_reset(GpCe *ce)
{
    gp_copy_reset(ce->copy);
    ce->engine.current = NULL;
    ce->intr_en = LCE_INTR_EN_INIT;
    ce->intr = 0;
    ce->launcherr = 0;
    update_line(ce);
}

GpEngine *gp_ce_engine(GpCe *ce)
{
    return &ce->engine;
}
