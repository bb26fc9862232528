/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PFIFO: its registers, channels, preemption, and the turn that everything in
 * this folder takes.
 *
 * Registers: dev_fifo.ref (NV_PFIFO_*, NV_PCCSR_*) where Pascal agrees with
 * the published Volta; for the rest nouveau's nvkm/engine/fifo/gk104.c and
 * gp100.c.  Handlers only note what is wanted; gp_fifo_run() does it.
 */
#include <stdlib.h>
#include <string.h>

#include "../core/mmio.h"
#include "../mem/fault.h"
#include "../top/pmc.h"
#include "pbdma.h"
#include "runlist.h"

#define PFIFO               0x002000
#define CFG0                0x002004
#define CFG1                0x002008
#define CFG2                0x00200c
#define INTR_0              0x002100
#define INTR_EN_0           0x002140
#define CONFIG              0x002200
#define ACQ_PRETEST         0x002250
#define USERD_BASE          0x002254
#define USERD_WRITEBACK     0x00225c
#define RUNLIST_BASE        0x002270
#define RUNLIST             0x002274
#define ENG_RUNLIST         0x002280    /* base, length: 8 bytes each */
#define PBDMA_MAP           0x002390
#define INTR_EN_1           0x002528
#define BIND_ERROR          0x00252c
#define INTR_STALL          0x002530
#define SCHED_ERROR         0x00254c
#define CHSW_ERROR          0x00256c
#define LB_ERROR            0x00258c
#define FAULT_PENDING       0x00259c    /* fault_unit.c */
#define INTR_PBDMA_ID       0x0025a0
#define ERROR_DISABLE       0x00262c
#define SCHED_DISABLE       0x002630
#define PREEMPT             0x002634
#define RUNLIST_PREEMPT     0x002638
#define SCHED_STATUS        0x00263c
#define ENGINE_STATUS       0x002640
#define FAULT_UNITS         0x002800    /* fault_unit.c */
#define INTR_RUNLIST        0x002a00
#define INTR_RUNLIST_EN     0x002a04
#define ENG_TIMEOUT         0x002a0c
#define ENG_TIMEOUT_INIT    0x803fffff  /* 4.2 s, enabled */
#define FAULT_TRIGGER       0x002a30    /* by engine; timeout.c */
#define FAULT_BUFFER        0x002a70    /* fault_buffer.c */
#define PBDMA_STATUS        0x003080
#define PFIFO_MORE          0x003000
#define PFIFO_END           0x004000
#define PBDMA_SIZE          0x020000
#define PCCSR               0x800000

#define CFG0_FAULT_ID_HOST0 (6u << 16)
#define HOST_CLASS          0xc06f

#define USERD_BASE_ENABLE   (1u << 28)
#define USERD_SIZE          0x200
#define USERD_GP_PUT        0x8c

#define RUNLIST_ID(v)       ((v) >> 20 & 0xf)
#define RUNLIST_LENGTH(v)   ((v) & 0xffff)
#define RUNLIST_PENDING     (1u << 20)

#define PREEMPT_ID(v)       ((v) & 0xfff)
#define PREEMPT_TYPE(v)     ((v) >> 24 & 3)
#define PREEMPT_TYPE_TSG    1
#define PREEMPT_PENDING     (1u << 20)

/* Of ENGINE_STATUS and PBDMA_STATUS alike. */
#define STATUS_TSG          (1u << 12)
#define STATUS_VALID        (1u << 13)
#define STATUS_LOAD         (5u << 13)
#define STATUS_SAVE         (6u << 13)
#define STATUS_SWITCH       (7u << 13)
#define STATUS_NEXT_TSG     (1u << 28)
#define STATUS_FAULTED      (1u << 30)
#define STATUS_BUSY         (1u << 31)

#define INST_ADDRESS(v)     ((uint64_t)((v) & 0x0fffffff) << 12)
#define INST_TARGET(v)      ((v) >> 28 & 3)
#define INST_BIND           (1u << 31)

#define CONTROL_NEXT        (1u << 1)
#define CONTROL_ENABLE_SET  (1u << 10)
#define CONTROL_ENABLE_CLR  (1u << 11)
#define CONTROL_RUNLIST     0x000f0000u
#define CONTROL_BUSY        (1u << 28)

/* NV_PFIFO_INTR_BIND_ERROR_CODE */
#define BIND_NOT_UNBOUND    0x01
#define UNBIND_RUNNING      0x03
#define INVALID_CTX_TGT     0x06

/* Lines of INTR_0 that follow other registers. */
#define INTR_LEVELS         (GP_FIFO_INTR_MMU_FAULT | GP_FIFO_INTR_PBDMA | \
                             GP_FIFO_INTR_RUNLIST)

#define PMC_ENABLE_FIFO     8

static GpHostChannel *host_channel(const GpChannel *channel)
{
    return (GpHostChannel *)channel;
}

/* ------------------------------------------------------------ interrupts */

static uint32_t pbdmas_pending(const GpFifo *fifo)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        mask |= (uint32_t)gp_pbdma_line(fifo->pbdma[i]) << i;
    }
    return mask;
}

static uint32_t intr_status(const GpFifo *fifo)
{
    uint32_t status = fifo->intr;

    status |= gp_fault_unit_pending(fifo->gpu) ? GP_FIFO_INTR_MMU_FAULT : 0;
    status |= pbdmas_pending(fifo) ? GP_FIFO_INTR_PBDMA : 0;
    status |= fifo->runlist_event ? GP_FIFO_INTR_RUNLIST : 0;
    return status;
}

void gp_fifo_update_irq(GpFifo *fifo)
{
    gp_pmc_set_line(fifo->gpu, GP_INTR_FIFO,
                    intr_status(fifo) & fifo->intr_en);
}

static void raise(GpFifo *fifo, uint32_t bits)
{
    fifo->intr |= bits;
    gp_fifo_update_irq(fifo);
}

void gp_fifo_sched_error(GpFifo *fifo, uint32_t code)
{
    gp_log(fifo->gpu, GP_LOG_GUEST, "PFIFO: scheduling error %02x", code);
    fifo->sched_error = code;
    raise(fifo, GP_FIFO_INTR_SCHED);
}

static void bind_error(GpFifo *fifo, unsigned id, uint32_t code)
{
    gp_log(fifo->gpu, GP_LOG_GUEST, "PFIFO: channel %u: bind error %02x", id,
           code);
    fifo->bind_error = code;
    raise(fifo, GP_FIFO_INTR_BIND);
}

void gp_fifo_nonstall(Gp107 *gpu, unsigned runlist)
{
    raise(gpu->fifo, GP_FIFO_INTR_CHANNEL);
}

void gp_fifo_unknown_method(GpFifo *fifo, const GpHostChannel *channel,
                            uint32_t class_id, uint32_t method, uint32_t data)
{
    uint32_t key = class_id << 16 | method;
    unsigned slot = (key * 0x9e3779b1u) % GP_SEEN_METHODS;

    gp_count(fifo->gpu, GP_COUNTER_UNKNOWN_METHODS, 1);
    while (fifo->seen[slot]) {
        if (fifo->seen[slot] == key) {
            return;
        }
        slot = (slot + 1) % GP_SEEN_METHODS;
    }
    /* One slot stays free, so that the search ends. */
    if (fifo->n_seen == GP_SEEN_METHODS - 1) {
        return;
    }
    fifo->seen[slot] = key;
    fifo->n_seen++;
    gp_log(fifo->gpu, GP_LOG_UNKNOWN,
           "class %04x: method %04x, data %08x, of channel %u", class_id,
           method, data, channel->pub.id);
}

/* --------------------------------------------------------------- engines */

static unsigned engine_index(const GpFifo *fifo, const GpEngine *engine)
{
    unsigned i = 0;

    while (fifo->engine[i] != engine) {
        i++;
    }
    return i;
}

bool gp_fifo_engine_faulted(const GpFifo *fifo, const GpEngine *engine)
{
    return fifo->engines_faulted >> engine_index(fifo, engine) & 1;
}

bool gp_fifo_acquire(GpFifo *fifo, GpEngine *engine, GpHostChannel *channel)
{
    unsigned index = engine_index(fifo, engine);

    if (engine->current == &channel->pub) {
        return true;
    }
    /* A blocked runlist lets nobody new in: no switch is under way then. */
    if (fifo->sched_disable >> engine->runlist & 1) {
        return false;
    }
    if (!engine->ops->acquire(engine, &channel->pub)) {
        fifo->waiting[index] = &channel->pub;
        return false;
    }
    engine->current = &channel->pub;
    fifo->waiting[index] = NULL;
    return true;
}

static bool release(GpEngine *engine, GpChannel *channel)
{
    if (!engine->ops->release(engine, channel)) {
        return false;
    }
    if (engine->current == channel) {
        engine->current = NULL;
    }
    return true;
}

/* Its bit in NV_PMC_ENABLE fell. */
static void engine_disabled(void *opaque)
{
    GpEngine *engine = opaque;
    GpFifo *fifo = engine->gpu->fifo;

    engine->ops->reset(engine);
    engine->current = NULL;
    fifo->engines_faulted &= ~(1u << engine_index(fifo, engine));
    gp_kick(engine->gpu);
}

/*
 * Subchannels have their engines by the runlist: 0..3 the primary one, 4 the
 * copy engine of the channel's runqueue (dev_ram.ref).
 */
static void connect(GpFifo *fifo, GpPbdma *pbdma)
{
    unsigned copies = 0;

    pbdma->engine = NULL;
    pbdma->copy = NULL;
    for (unsigned i = 0; i < fifo->n_engines; i++) {
        GpEngine *engine = fifo->engine[i];

        if (engine->runlist != pbdma->runlist) {
            continue;
        }
        if (engine->type != GP_ENGINE_CE) {
            pbdma->engine = engine;
        } else if (copies++ == 0 || copies == pbdma->runqueue + 1) {
            pbdma->copy = engine;
        }
    }
    if (!pbdma->engine) {
        pbdma->engine = pbdma->copy;
    }
}

static bool runlist_served(const GpFifo *fifo, unsigned runlist)
{
    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        if (fifo->pbdma[i]->runlist == runlist) {
            return true;
        }
    }
    return false;
}

void gp_fifo_add_engine(Gp107 *gpu, GpEngine *engine)
{
    GpFifo *fifo = gpu->fifo;

    if (fifo->n_engines == GP_MAX_ENGINES) {
        /* They sign in when the model is built: too many is a bug in it. */
        abort();
    }
    if (!runlist_served(fifo, engine->runlist)) {
        unsigned n = engine->runlist == 0 ? GP_GR_RUNQUEUES : 1;

        for (unsigned i = 0; i < n; i++) {
            GpPbdma *pbdma = fifo->pbdma[fifo->n_pbdmas++];

            pbdma->runlist = engine->runlist;
            pbdma->runqueue = i;
        }
    }
    fifo->engine[fifo->n_engines++] = engine;
    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        connect(fifo, fifo->pbdma[i]);
    }
    gp_pmc_on_disable(gpu, engine->reset_bit, engine_disabled, engine);
}

unsigned gp_fifo_engines(Gp107 *gpu)
{
    return gpu->fifo->n_engines;
}

const GpEngine *gp_fifo_engine(Gp107 *gpu, unsigned index)
{
    return gpu->fifo->engine[index];
}

static uint32_t status_id(const GpChannel *channel)
{
    const GpHostChannel *host = host_channel(channel);

    return host->tsg ? STATUS_TSG | host->tsg_id : channel->id;
}

/* CTX_STATUS, with who is there and who comes. */
static uint32_t context_status(const GpChannel *current,
                               const GpChannel *waiting, bool switching)
{
    uint32_t status = current ? status_id(current) : 0;

    if (waiting) {
        uint32_t next = status_id(waiting);

        return status | (current ? STATUS_SWITCH : STATUS_LOAD) |
               (next & 0xfff) << 16 |
               (next & STATUS_TSG ? STATUS_NEXT_TSG : 0);
    }
    return !current ? 0 : status | (switching ? STATUS_SAVE : STATUS_VALID);
}

static uint32_t engine_status(const GpFifo *fifo, unsigned id)
{
    uint32_t status = 0;

    for (unsigned i = 0; i < fifo->n_engines; i++) {
        GpEngine *engine = fifo->engine[i];
        const GpChannel *waiting = fifo->waiting[i];

        if (engine->engine_id != id) {
            continue;
        }
        status = context_status(engine->current, waiting,
                                gp_fifo_switching(fifo, i));
        if (gp_fifo_switching(fifo, i) || !engine->ops->idle(engine)) {
            status |= STATUS_BUSY;
        }
        status |= fifo->engines_faulted >> i & 1 ? STATUS_FAULTED : 0;
    }
    return status;
}

/* -------------------------------------------------------------- channels */

static GpPbdma *loaded_on(const GpFifo *fifo, const GpHostChannel *channel)
{
    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        if (fifo->pbdma[i]->channel == channel) {
            return fifo->pbdma[i];
        }
    }
    return NULL;
}

static GpEngine *context_on(const GpFifo *fifo, const GpHostChannel *channel)
{
    for (unsigned i = 0; i < fifo->n_engines; i++) {
        if (fifo->engine[i]->current == &channel->pub) {
            return fifo->engine[i];
        }
    }
    return NULL;
}

/* NV_PCCSR_CHANNEL_STATUS_* */
static uint32_t channel_status(const GpFifo *fifo,
                               const GpHostChannel *channel)
{
    bool pending = channel->scheduled && channel->enabled && channel->pending;
    bool on_engine = context_on(fifo, channel);

    if (loaded_on(fifo, channel)) {
        return on_engine ? 6 : 5;
    }
    if (pending && channel->acquiring) {
        return on_engine ? 8 : 3;
    }
    if (on_engine) {
        return pending ? 9 : 7;
    }
    return pending ? 1 : 0;
}

static uint32_t control_read(const GpFifo *fifo, const GpHostChannel *channel)
{
    GpEngine *engine = context_on(fifo, channel);
    bool busy = (loaded_on(fifo, channel) && channel->pending) ||
                (engine && !engine->ops->idle(engine));

    return channel->control | channel->enabled |
           channel_status(fifo, channel) << 24 | (busy ? CONTROL_BUSY : 0);
}

static void control_write(GpFifo *fifo, GpHostChannel *channel, uint32_t val)
{
    channel->control = val & (CONTROL_NEXT | CONTROL_RUNLIST);
    if (val & CONTROL_ENABLE_SET) {
        channel->enabled = true;
        channel->pending = true;
    }
    if (val & CONTROL_ENABLE_CLR) {
        channel->enabled = false;
        channel->faulted = false;
    }
    gp_kick(fifo->gpu);
}

/* The instance block goes away: nobody may hold it any longer. */
static void detach(GpFifo *fifo, GpHostChannel *channel)
{
    GpPbdma *pbdma = loaded_on(fifo, channel);
    GpEngine *engine;
    bool running = pbdma;

    if (pbdma) {
        gp_pbdma_drop(pbdma);
    }
    while ((engine = context_on(fifo, channel))) {
        if (!release(engine, &channel->pub)) {
            running = true;
            engine->ops->reset(engine);
            engine->current = NULL;
        }
    }
    for (unsigned i = 0; i < fifo->n_engines; i++) {
        GpEngine *each = fifo->engine[i];

        if (fifo->waiting[i] == &channel->pub) {
            fifo->waiting[i] = NULL;
        }
        if (each->ops->forget) {
            each->ops->forget(each, &channel->pub);
        }
    }
    if (running) {
        bind_error(fifo, channel->pub.id, UNBIND_RUNNING);
    }
}

static void bind(GpFifo *fifo, GpHostChannel *channel, uint32_t val)
{
    GpSpace *space = &channel->pub.space;

    if (channel->inst & INST_BIND) {
        detach(fifo, channel);
        if (val & INST_BIND) {
            bind_error(fifo, channel->pub.id, BIND_NOT_UNBOUND);
        }
    }
    if (val & INST_BIND && INST_TARGET(val) == GP_PEER) {
        bind_error(fifo, channel->pub.id, INVALID_CTX_TGT);
        val &= ~INST_BIND;
    }
    channel->inst = val;
    channel->faulted = false;
    channel->acquiring = false;
    if (!(val & INST_BIND)) {
        space->valid = false;
        return;
    }
    memset(channel->pub.object, 0, sizeof(channel->pub.object));
    memset(&channel->pub.copy, 0, sizeof(channel->pub.copy));
    gp_mmu_bind(fifo->gpu, INST_ADDRESS(val), INST_TARGET(val), space);
    space->inst = INST_ADDRESS(val);
    space->inst_ap = INST_TARGET(val);
    channel->pending = true;
    gp_kick(fifo->gpu);
}

void gp_fifo_bar1_written(Gp107 *gpu, uint64_t addr)
{
    GpFifo *fifo = gpu->fifo;
    uint64_t base = INST_ADDRESS(fifo->userd_base & ~USERD_BASE_ENABLE);
    uint64_t id = (addr - base) / USERD_SIZE;

    if (!(fifo->userd_base & USERD_BASE_ENABLE) || addr < base ||
        id >= GP_CHANNELS ||
        ((addr - base) % USERD_SIZE & ~3ull) != USERD_GP_PUT) {
        return;
    }
    fifo->channel[id].pending = true;
    gp_kick(gpu);
}

/*
 * A fatal fault: who uses that instance block stops, and its runlist with it
 * until the driver writes ERROR_DISABLE.
 */
static void fault_notify(void *opaque, const GpFault *fault)
{
    GpFifo *fifo = opaque;

    for (unsigned i = 0; fault && i < GP_CHANNELS; i++) {
        GpHostChannel *channel = &fifo->channel[i];

        if (channel->inst & INST_BIND && !channel->faulted &&
            channel->pub.space.inst == fault->inst &&
            channel->pub.space.inst_ap == fault->inst_ap) {
            channel->faulted = true;
            gp_count(fifo->gpu, GP_COUNTER_CHANNELS_KILLED, 1);
            if (channel->scheduled) {
                fifo->error_disable |= 1u << channel->runlist;
            }
        }
    }
    for (unsigned i = 0; fault && i < fifo->n_engines; i++) {
        if (fifo->engine[i]->fault_id == fault->client.engine) {
            fifo->engines_faulted |= 1u << i;
        }
    }
    gp_fifo_update_irq(fifo);
    gp_kick(fifo->gpu);
}

/* ------------------------------------------------------------ preemption */

bool gp_fifo_preempts(const GpFifo *fifo, const GpHostChannel *channel)
{
    if (channel->scheduled &&
        fifo->preempt_runlists >> channel->runlist & 1) {
        return true;
    }
    if (!fifo->preempting) {
        return false;
    }
    return PREEMPT_TYPE(fifo->preempt) == PREEMPT_TYPE_TSG ?
           channel->tsg && channel->tsg_id == PREEMPT_ID(fifo->preempt) :
           channel->pub.id == PREEMPT_ID(fifo->preempt);
}

/* False: somebody is not off yet. */
static bool preempt(GpFifo *fifo)
{
    bool done = true;

    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        GpPbdma *pbdma = fifo->pbdma[i];

        if (!pbdma->channel || !gp_fifo_preempts(fifo, pbdma->channel)) {
            continue;
        }
        if (gp_pbdma_frozen(pbdma)) {
            done = false;
        } else {
            gp_pbdma_unload(pbdma);
        }
    }
    for (unsigned i = 0; i < fifo->n_engines; i++) {
        GpEngine *engine = fifo->engine[i];

        if (!engine->current ||
            !gp_fifo_preempts(fifo, host_channel(engine->current))) {
            continue;
        }
        /* A faulted engine saves nothing: only its reset ends that. */
        if (fifo->engines_faulted >> i & 1 ||
            !release(engine, engine->current)) {
            done = false;
        }
    }
    return done;
}

/* ------------------------------------------------------------------- run */

static void load_runlists(GpFifo *fifo)
{
    for (unsigned i = 0; i < GP_RUNLISTS; i++) {
        if (fifo->runlist[i].submitted) {
            gp_runlist_load(fifo, i);
            fifo->runlist[i].submitted = false;
            fifo->runlist_event |= 1u << i;
            gp_fifo_update_irq(fifo);
        }
    }
}

static GpRun more_of(GpRun a, GpRun b)
{
    return a > b ? a : b;
}

GpRun gp_fifo_run(Gp107 *gpu, unsigned budget)
{
    GpFifo *fifo = gpu->fifo;
    GpRun run = GP_RUN_IDLE;
    uint32_t working = 0;

    for (unsigned i = 0; i < fifo->n_engines; i++) {
        GpRun engine = fifo->engine[i]->ops->run(fifo->engine[i], budget);

        run = more_of(run, engine);
        working |= (uint32_t)(engine == GP_RUN_MORE) << i;
        fifo->waiting[i] = NULL;
    }
    load_runlists(fifo);
    if (fifo->preempting || fifo->preempt_runlists) {
        if (preempt(fifo)) {
            fifo->preempting = false;
            fifo->preempt_runlists = 0;
        } else {
            run = more_of(run, GP_RUN_POLL);
        }
    }
    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        run = more_of(run, gp_pbdma_run(fifo->pbdma[i], budget));
    }
    gp_fifo_check_timeouts(fifo, working);
    return run;
}

bool gp_fifo_idle(Gp107 *gpu)
{
    GpFifo *fifo = gpu->fifo;

    for (unsigned i = 0; i < fifo->n_engines; i++) {
        if (!fifo->engine[i]->ops->idle(fifo->engine[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < GP_RUNLISTS; i++) {
        if (fifo->runlist[i].submitted) {
            return false;
        }
    }
    for (unsigned i = 0; i < GP_CHANNELS; i++) {
        if (fifo->channel[i].pending &&
            gp_channel_runnable(fifo, &fifo->channel[i])) {
            return false;
        }
    }
    return !fifo->preempting && !fifo->preempt_runlists;
}

/* ------------------------------------------------------------- registers */

static uint32_t pbdma_status(const GpFifo *fifo, unsigned id)
{
    const GpHostChannel *channel =
        id < fifo->n_pbdmas ? fifo->pbdma[id]->channel : NULL;

    return channel ? STATUS_VALID | status_id(&channel->pub) : 0;
}

static uint32_t runlist_read(const GpFifo *fifo, uint32_t offset)
{
    const GpRunlist *runlist = &fifo->runlist[offset / 8];

    if (offset & 4) {
        return runlist->length | (runlist->submitted ? RUNLIST_PENDING : 0);
    }
    return runlist->base;
}

static uint32_t fifo_read(void *opaque, uint32_t addr)
{
    GpFifo *fifo = opaque;

    switch (addr) {
    case CFG0:
        return fifo->n_pbdmas | CFG0_FAULT_ID_HOST0;
    case CFG1:
        return GP_CHANNELS;
    case CFG2:
        return HOST_CLASS;
    case INTR_0:
        return intr_status(fifo);
    case INTR_EN_0:
        return fifo->intr_en;
    case USERD_BASE:
        return fifo->userd_base;
    case RUNLIST_BASE:
        return fifo->runlist_base;
    case ENG_RUNLIST ... ENG_RUNLIST + 8 * GP_RUNLISTS - 1:
        return runlist_read(fifo, addr - ENG_RUNLIST);
    case PBDMA_MAP ... PBDMA_MAP + 4 * GP_MAX_PBDMAS - 1: {
        unsigned id = (addr - PBDMA_MAP) / 4;

        return id < fifo->n_pbdmas ? 1u << fifo->pbdma[id]->runlist : 0;
    }
    case BIND_ERROR:
        return fifo->bind_error;
    case SCHED_ERROR:
        return fifo->sched_error;
    case INTR_PBDMA_ID:
        return pbdmas_pending(fifo);
    case ERROR_DISABLE:
        return fifo->error_disable;
    case SCHED_DISABLE:
        return fifo->sched_disable;
    case PREEMPT:
        return fifo->preempt | (fifo->preempting ? PREEMPT_PENDING : 0);
    case RUNLIST_PREEMPT:
        return fifo->preempt_runlists;
    case SCHED_STATUS:
        return 0;
    case ENGINE_STATUS ... ENGINE_STATUS + 8 * GP_MAX_ENGINES - 1:
        return addr & 4 ? 0 : engine_status(fifo, (addr - ENGINE_STATUS) / 8);
    case INTR_RUNLIST:
        return fifo->runlist_event;
    case ENG_TIMEOUT:
        return fifo->eng_timeout;
    case FAULT_TRIGGER ... FAULT_TRIGGER + 4 * GP_MAX_ENGINES - 1:
        return fifo->fault_trigger[(addr - FAULT_TRIGGER) / 4];
    case PBDMA_STATUS ... PBDMA_STATUS + 4 * GP_MAX_PBDMAS - 1:
        return pbdma_status(fifo, (addr - PBDMA_STATUS) / 4);
    case CONFIG:
    case ACQ_PRETEST:
    case USERD_WRITEBACK:
    case INTR_EN_1:
    case INTR_STALL:
    case CHSW_ERROR:
    case LB_ERROR:
    case INTR_RUNLIST_EN:
        return gp_mmio_get(fifo->gpu->mmio, addr);
    default:
        return gp_mmio_unknown_read(fifo->gpu->mmio, addr);
    }
}

static void submit_runlist(GpFifo *fifo, uint32_t val)
{
    GpRunlist *runlist = &fifo->runlist[RUNLIST_ID(val)];

    runlist->base = fifo->runlist_base;
    runlist->length = RUNLIST_LENGTH(val);
    runlist->submitted = true;
    gp_kick(fifo->gpu);
}

static void fifo_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFifo *fifo = opaque;

    switch (addr) {
    case INTR_0:
        fifo->intr &= ~(val & ~INTR_LEVELS);
        gp_fifo_update_irq(fifo);
        break;
    case INTR_EN_0:
        fifo->intr_en = val;
        gp_fifo_update_irq(fifo);
        break;
    case USERD_BASE:
        fifo->userd_base = val & 0x1fffffff;
        break;
    case RUNLIST_BASE:
        fifo->runlist_base = val & 0x3fffffff;
        break;
    case RUNLIST:
        submit_runlist(fifo, val);
        break;
    case ERROR_DISABLE:
        fifo->error_disable &= ~val;
        gp_kick(fifo->gpu);
        break;
    case SCHED_DISABLE:
        fifo->sched_disable = val & ((1u << GP_RUNLISTS) - 1);
        gp_kick(fifo->gpu);
        break;
    case PREEMPT:
        fifo->preempt = val & 0x03000fff;
        fifo->preempting = true;
        gp_kick(fifo->gpu);
        break;
    case RUNLIST_PREEMPT:
        fifo->preempt_runlists |= val & ((1u << GP_RUNLISTS) - 1);
        gp_kick(fifo->gpu);
        break;
    case INTR_RUNLIST:
        fifo->runlist_event &= ~val;
        gp_fifo_update_irq(fifo);
        break;
    case ENG_TIMEOUT:
        fifo->eng_timeout = val;
        gp_kick(fifo->gpu);
        break;
    case FAULT_TRIGGER ... FAULT_TRIGGER + 4 * GP_MAX_ENGINES - 1:
        gp_fifo_trigger_fault(fifo, (addr - FAULT_TRIGGER) / 4, val);
        break;
    case INTR_PBDMA_ID:                 /* follows the PBDMAs' own */
        break;
    case CONFIG:
    case ACQ_PRETEST:
    case USERD_WRITEBACK:
    case INTR_EN_1:
    case INTR_STALL:
    case CHSW_ERROR:
    case LB_ERROR:
    case INTR_RUNLIST_EN:
        gp_mmio_set(fifo->gpu->mmio, addr, val);
        break;
    default:
        gp_mmio_unknown_write(fifo->gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps fifo_ops = {
    .read = fifo_read,
    .write = fifo_write,
};

static GpPbdma *pbdma_at(const GpFifo *fifo, uint32_t addr)
{
    unsigned id = (addr - GP_PBDMA_BASE) / GP_PBDMA_STRIDE;

    return id < fifo->n_pbdmas ? fifo->pbdma[id] : NULL;
}

static uint32_t pbdma_read(void *opaque, uint32_t addr)
{
    GpFifo *fifo = opaque;
    GpPbdma *pbdma = pbdma_at(fifo, addr);
    uint32_t offset = (addr - GP_PBDMA_BASE) % GP_PBDMA_STRIDE;

    return pbdma && gp_pbdma_has(offset) ?
           gp_pbdma_read(pbdma, offset) :
           gp_mmio_unknown_read(fifo->gpu->mmio, addr);
}

static void pbdma_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFifo *fifo = opaque;
    GpPbdma *pbdma = pbdma_at(fifo, addr);
    uint32_t offset = (addr - GP_PBDMA_BASE) % GP_PBDMA_STRIDE;

    if (!pbdma || !gp_pbdma_has(offset)) {
        gp_mmio_unknown_write(fifo->gpu->mmio, addr, val);
        return;
    }
    gp_pbdma_write(pbdma, offset, val);
    gp_kick(fifo->gpu);
}

static const GpMmioOps pbdma_ops = {
    .read = pbdma_read,
    .write = pbdma_write,
};

static uint32_t pccsr_read(void *opaque, uint32_t addr)
{
    GpFifo *fifo = opaque;
    const GpHostChannel *channel = &fifo->channel[(addr - PCCSR) / 8];

    return addr & 4 ? control_read(fifo, channel) : channel->inst;
}

static void pccsr_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFifo *fifo = opaque;
    GpHostChannel *channel = &fifo->channel[(addr - PCCSR) / 8];

    if (addr & 4) {
        control_write(fifo, channel, val);
    } else {
        bind(fifo, channel, val);
    }
}

static const GpMmioOps pccsr_ops = {
    .read = pccsr_read,
    .write = pccsr_write,
};

/* ------------------------------------------------------------------ life */

static void fifo_disabled(void *opaque)
{
    gp_fifo_reset(opaque);
}

static void map_registers(GpFifo *fifo)
{
    GpMmio *mmio = fifo->gpu->mmio;

    gp_mmio_map(mmio, "PFIFO", PFIFO, FAULT_PENDING - PFIFO, &fifo_ops, fifo);
    gp_mmio_map(mmio, "PFIFO", INTR_PBDMA_ID, FAULT_UNITS - INTR_PBDMA_ID,
                &fifo_ops, fifo);
    gp_mmio_map(mmio, "PFIFO", INTR_RUNLIST, FAULT_BUFFER - INTR_RUNLIST,
                &fifo_ops, fifo);
    gp_mmio_map(mmio, "PFIFO", PFIFO_MORE, PFIFO_END - PFIFO_MORE, &fifo_ops,
                fifo);
    gp_mmio_map(mmio, "PPBDMA", GP_PBDMA_BASE, PBDMA_SIZE, &pbdma_ops, fifo);
    gp_mmio_map(mmio, "PCCSR", PCCSR, 8 * GP_CHANNELS, &pccsr_ops, fifo);
}

GpFifo *gp_fifo_new(Gp107 *gpu)
{
    GpFifo *fifo = calloc(1, sizeof(*fifo));
    bool ok;

    if (!fifo) {
        return NULL;
    }
    fifo->gpu = gpu;
    fifo->channel = calloc(GP_CHANNELS, sizeof(*fifo->channel));
    ok = fifo->channel;
    for (unsigned i = 0; i < GP_RUNLISTS; i++) {
        ok = gp_runlist_init(&fifo->runlist[i]) && ok;
    }
    for (unsigned i = 0; i < GP_MAX_PBDMAS; i++) {
        fifo->pbdma[i] = gp_pbdma_new(gpu, i);
        ok = fifo->pbdma[i] && ok;
    }
    if (!ok) {
        gp_fifo_free(fifo);
        return NULL;
    }
    for (unsigned i = 0; i < GP_CHANNELS; i++) {
        fifo->channel[i].pub.id = i;
    }
    map_registers(fifo);
    gp_fault_unit_set_notify(gpu, fault_notify, fifo);
    gp_pmc_on_disable(gpu, PMC_ENABLE_FIFO, fifo_disabled, fifo);
    return fifo;
}

void gp_fifo_free(GpFifo *fifo)
{
    if (!fifo) {
        return;
    }
    for (unsigned i = 0; i < GP_RUNLISTS; i++) {
        gp_runlist_fini(&fifo->runlist[i]);
    }
    for (unsigned i = 0; i < GP_MAX_PBDMAS; i++) {
        gp_pbdma_free(fifo->pbdma[i]);
    }
    free(fifo->channel);
    free(fifo);
}

void gp_fifo_reset(GpFifo *fifo)
{
    for (unsigned i = 0; i < fifo->n_engines; i++) {
        fifo->engine[i]->ops->reset(fifo->engine[i]);
        fifo->engine[i]->current = NULL;
        fifo->waiting[i] = NULL;
    }
    for (unsigned i = 0; i < GP_CHANNELS; i++) {
        fifo->channel[i] = (GpHostChannel) { .pub.id = i };
    }
    for (unsigned i = 0; i < GP_RUNLISTS; i++) {
        gp_runlist_reset(&fifo->runlist[i]);
    }
    for (unsigned i = 0; i < GP_MAX_PBDMAS; i++) {
        gp_pbdma_reset(fifo->pbdma[i]);
    }
    fifo->engines_faulted = 0;
    fifo->intr = 0;
    fifo->intr_en = 0;
    fifo->bind_error = 0;
    fifo->sched_error = 0;
    fifo->userd_base = 0;
    fifo->runlist_base = 0;
    fifo->runlist_event = 0;
    fifo->sched_disable = 0;
    fifo->error_disable = 0;
    fifo->preempt = 0;
    fifo->preempting = false;
    fifo->preempt_runlists = 0;
    fifo->eng_timeout = ENG_TIMEOUT_INIT;
    memset(fifo->switch_since, 0, sizeof(fifo->switch_since));
    memset(fifo->fault_trigger, 0, sizeof(fifo->fault_trigger));
    gp_fifo_update_irq(fifo);
}
