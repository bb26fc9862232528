/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The replayable fault buffer: a ring of 32-byte entries (clb069.h) in BAR2's
 * address space, and its registers in PFIFO.
 *
 * The MMU writes at PUT, the driver reads at GET; one entry stays free.  PUT
 * carries no overflow flag: uvm_pascal_fault_buffer.c takes the register as
 * the index that it is.  A fault without room is dropped, and comes again
 * with the next replay, since the client is still parked.
 */
#include <stdlib.h>
#include <string.h>

#include "../core/mmio.h"
#include "../top/pmc.h"
#include "../top/ptimer.h"
#include "bar.h"
#include "fault.h"

#define BASE_LOW        0x002a70    /* bit 0: enable */
#define BASE_HIGH       0x002a74
#define SIZE            0x002a78    /* in entries */
#define GET             0x002a7c
#define PUT             0x002a80
#define ENABLE          (1u << 0)

/* clb069.h: words of an entry. */
enum {
    ENTRY_INST_LOW,                 /* aperture in 9:8 */
    ENTRY_INST_HIGH,
    ENTRY_ADDR_LOW,
    ENTRY_ADDR_HIGH,
    ENTRY_TIME_LOW,
    ENTRY_TIME_HIGH,
    ENTRY_RESERVED,
    ENTRY_INFO,
    ENTRY_WORDS,
};

#define ENTRY_SIZE          (ENTRY_WORDS * 4)
#define INST_AP_SHIFT       8
#define INFO_CLIENT_SHIFT   8
#define INFO_ACCESS_SHIFT   16
#define INFO_HUB            (1u << 20)
#define INFO_GPC_SHIFT      24
#define INFO_VALID          (1u << 31)

/* How far back a repeated fault is recognised. */
#define RECENT          256u

struct GpFaultBuffer {
    Gp107 *gpu;
    uint64_t base;
    bool enabled;
    uint32_t entries;
    uint32_t get;
    uint32_t put;
    uint32_t late;                  /* from here to PUT none is valid yet... */
    uint64_t late_ns;               /* ...and then they will be */
    GpFault recent[RECENT];         /* by the count of posts % RECENT */
    uint64_t posts;
};

static uint32_t next(const GpFaultBuffer *fb, uint32_t index)
{
    return index + 1 == fb->entries ? 0 : index + 1;
}

static void update_line(GpFaultBuffer *fb)
{
    gp_pmc_set_line(fb->gpu, GP_INTR_REPLAYABLE_FAULT,
                    fb->enabled && fb->get != fb->put);
}

static bool same_fault(const GpFault *a, const GpFault *b)
{
    return a->inst == b->inst && a->inst_ap == b->inst_ap &&
           a->va >> 12 == b->va >> 12 && a->access == b->access &&
           a->client.engine == b->client.engine &&
           a->client.client == b->client.client &&
           a->client.gpc == b->client.gpc && a->client.hub == b->client.hub;
}

/* Whether the driver has the same still to read. */
static bool is_duplicate(const GpFaultBuffer *fb, const GpFault *fault)
{
    uint32_t unread = fb->put >= fb->get ? fb->put - fb->get :
                                           fb->put + fb->entries - fb->get;

    for (uint32_t i = 1; i <= unread && i <= RECENT && i <= fb->posts; i++) {
        if (same_fault(&fb->recent[(fb->posts - i) % RECENT], fault)) {
            return true;
        }
    }
    return false;
}

static uint64_t entry_va(const GpFaultBuffer *fb, uint32_t index)
{
    return fb->base + (uint64_t)index * ENTRY_SIZE;
}

static bool set_valid(GpFaultBuffer *fb, uint32_t index)
{
    uint64_t va = entry_va(fb, index) + ENTRY_INFO * 4;
    uint32_t info;

    if (!gp_bar2_gpu_read(fb->gpu, va, &info, 4)) {
        return false;
    }
    info |= INFO_VALID;
    return gp_bar2_gpu_write(fb->gpu, va, &info, 4);
}

/* Entries that the switch keeps from being valid, once their time has come. */
static void settle_late(GpFaultBuffer *fb)
{
    if (fb->late == fb->put) {
        return;
    }
    if (gp_now(fb->gpu) < fb->late_ns) {
        gp_wake_at(fb->gpu, fb->late_ns);
        return;
    }
    for (; fb->late != fb->put; fb->late = next(fb, fb->late)) {
        if (!set_valid(fb, fb->late)) {
            gp_log(fb->gpu, GP_LOG_GUEST,
                   "fault buffer: BAR2 no longer maps its entry %u", fb->late);
        }
    }
}

/*
 * The entry without its valid bit first, then the word that holds it: who
 * polls for the bit finds the rest in place.
 */
static bool write_entry(GpFaultBuffer *fb, const GpFault *fault, bool late)
{
    uint64_t va = entry_va(fb, fb->put);
    uint64_t time = gp_ptimer_ns(fb->gpu);
    uint64_t page = fault->va & ~0xfffull;
    uint32_t entry[ENTRY_WORDS] = {
        [ENTRY_INST_LOW] = (uint32_t)(fault->inst & ~0xfffull) |
                           (uint32_t)fault->inst_ap << INST_AP_SHIFT,
        [ENTRY_INST_HIGH] = fault->inst >> 32,
        [ENTRY_ADDR_LOW] = page,
        [ENTRY_ADDR_HIGH] = page >> 32,
        [ENTRY_TIME_LOW] = time,
        [ENTRY_TIME_HIGH] = time >> 32,
        [ENTRY_INFO] = (uint32_t)fault->type |
                       (uint32_t)fault->client.client << INFO_CLIENT_SHIFT |
                       (uint32_t)fault->access << INFO_ACCESS_SHIFT |
                       (fault->client.hub ? INFO_HUB : 0) |
                       (uint32_t)fault->client.gpc << INFO_GPC_SHIFT,
    };

    if (!gp_bar2_gpu_write(fb->gpu, va, entry, sizeof(entry))) {
        return false;
    }
    return late || set_valid(fb, fb->put);
}

static bool post(GpFaultBuffer *fb, const GpFault *fault)
{
    uint32_t us = fb->gpu->cfg.switches[GP_SWITCH_LATE_VALID];
    bool late;

    settle_late(fb);
    late = us || fb->late != fb->put;
    if (!fb->enabled || next(fb, fb->put) == fb->get) {
        return false;
    }
    if (!write_entry(fb, fault, late)) {
        gp_log(fb->gpu, GP_LOG_GUEST,
               "fault buffer: BAR2 does not map its entry %u", fb->put);
        return false;
    }
    fb->recent[fb->posts++ % RECENT] = *fault;
    if (!late) {
        fb->late = next(fb, fb->put);
    } else if (fb->late == fb->put) {
        fb->late_ns = gp_now(fb->gpu) + us * 1000ull;
        gp_wake_at(fb->gpu, fb->late_ns);
    }
    fb->put = next(fb, fb->put);
    gp_count(fb->gpu, GP_COUNTER_FAULTS_READ + fault->access, 1);
    return true;
}

bool gp_fault_buffer_post(Gp107 *gpu, const GpFault *fault)
{
    GpFaultBuffer *fb = gpu->fault_buffer;
    bool duplicate = is_duplicate(fb, fault);

    if (gp_switch_strikes(gpu, GP_SWITCH_OVERFLOW) || !post(fb, fault)) {
        gp_count(gpu, GP_COUNTER_FAULTS_DROPPED, 1);
        return false;
    }
    gp_count(gpu, GP_COUNTER_FAULTS_DUPLICATE, duplicate);
    for (uint32_t i = gpu->cfg.switches[GP_SWITCH_DUPLICATE]; i; i--) {
        if (!post(fb, fault)) {
            break;
        }
        gp_count(gpu, GP_COUNTER_FAULTS_DUPLICATE, 1);
    }
    update_line(fb);
    return true;
}

/*
 * A storm: prefetches of the page that faulted last, as fast as the driver
 * makes room.  Before the first fault there is no instance to name.
 */
void gp_fault_buffer_poll(Gp107 *gpu)
{
    GpFaultBuffer *fb = gpu->fault_buffer;
    uint32_t *left = &gpu->cfg.switches[GP_SWITCH_STORM];
    GpFault fault;

    settle_late(fb);
    if (!*left || !fb->posts) {
        return;
    }
    fault = fb->recent[(fb->posts - 1) % RECENT];
    fault.access = GP_ACCESS_PREFETCH;
    while (*left && post(fb, &fault)) {
        --*left;
    }
    update_line(fb);
}

/* -------------------------------------------------------------- registers */

static uint32_t buffer_read(void *opaque, uint32_t addr)
{
    GpFaultBuffer *fb = opaque;

    switch (addr) {
    case BASE_LOW:
        return (uint32_t)fb->base | (fb->enabled ? ENABLE : 0);
    case BASE_HIGH:
        return fb->base >> 32;
    case SIZE:
        return fb->entries;
    case GET:
        return fb->get;
    default:                        /* PUT */
        return fb->put;
    }
}

static void buffer_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpFaultBuffer *fb = opaque;

    switch (addr) {
    case BASE_LOW:
        fb->base = (fb->base & ~0xffffffffull) | (val & ~0xfffu);
        fb->enabled = val & ENABLE;
        break;
    case BASE_HIGH:
        fb->base = (uint64_t)val << 32 | (uint32_t)fb->base;
        break;
    case GET:
        if (val >= fb->entries) {
            gp_log(fb->gpu, GP_LOG_GUEST,
                   "fault buffer: GET %u of %u entries", val, fb->entries);
            return;
        }
        fb->get = val;
        gp_kick(fb->gpu);           /* a storm may go on */
        break;
    default:                        /* SIZE and PUT are read-only */
        return;
    }
    update_line(fb);
}

static const GpMmioOps buffer_ops = {
    .read = buffer_read,
    .write = buffer_write,
};

GpFaultBuffer *gp_fault_buffer_new(Gp107 *gpu)
{
    GpFaultBuffer *fb = calloc(1, sizeof(*fb));

    if (!fb) {
        return NULL;
    }
    fb->gpu = gpu;
    fb->entries = gpu->cfg.fault_entries;
    gp_mmio_map(gpu->mmio, "fault buffer", BASE_LOW, PUT + 4 - BASE_LOW,
                &buffer_ops, fb);
    return fb;
}

void gp_fault_buffer_free(GpFaultBuffer *fb)
{
    free(fb);
}

void gp_fault_buffer_reset(GpFaultBuffer *fb)
{
    fb->base = 0;
    fb->enabled = false;
    fb->get = 0;
    fb->put = 0;
    fb->late = 0;
    fb->posts = 0;
}
