/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Semaphores and notifications that PGRAPH writes
 * (clc197.h and clc1c0.h, SET_REPORT_SEMAPHORE_D and NOTIFY).
 */
#include "internal.h"
#include "../host/fifo.h"

enum {
    NOTIFY_ADDRESS = 0x0104,
    REPORT_ADDRESS = 0x1b00,
    REPORT_PAYLOAD = 0x1b08,
};

/* SET_REPORT_SEMAPHORE_D */
enum {
    OPERATION_RELEASE = 0,
    OPERATION_ACQUIRE = 1,
    OPERATION_REPORT_ONLY = 2,
    REPORT_REDUCE = 1u << 3,
    REPORT_COMPARE_GE = 1u << 16,
    REPORT_AWAKEN = 1u << 20,
    REPORT_ONE_WORD = 1u << 28,
};

/* LAUNCH_DMA_REDUCTION_OP; the same numbers everywhere. */
enum {
    RED_ADD,
    RED_MIN,
    RED_MAX,
    RED_INC,
    RED_DEC,
    RED_AND,
    RED_OR,
    RED_XOR,
};

static uint32_t reduce(const GpRelease *release, uint32_t old)
{
    uint32_t val = release->payload;
    bool less = release->is_signed ? (int32_t)val < (int32_t)old : val < old;

    switch (release->op) {
    case RED_ADD:
        return old + val;
    case RED_MIN:
        return less ? val : old;
    case RED_MAX:
        return less ? old : val;
    case RED_INC:
        return old >= val ? 0 : old + 1;
    case RED_DEC:
        return old == 0 || old > val ? val : old - 1;
    case RED_AND:
        return old & val;
    case RED_OR:
        return old | val;
    case RED_XOR:
    default:
        return old ^ val;
    }
}

static bool release_reduced(GpGr *gr, const GpRelease *release)
{
    GpClient client = gp_gr_hub_client(GP_HUB_FE);
    GpXlat xlat;
    GpFault fault;
    uint64_t old, seen;

    if (!gp_mmu_translate(gr->gpu, &gr->current->space, &client,
                          release->va, GP_ACCESS_ATOMIC, &xlat, &fault)) {
        gp_gr_fatal(gr, &fault);
        return false;
    }
    old = gp_mem_read32(gr->gpu, xlat.ap, xlat.addr);
    for (;;) {
        if (!gp_mem_cmpxchg(gr->gpu, xlat.ap, xlat.addr, 4, old,
                            reduce(release, old), &seen) || seen == old) {
            return true;
        }
        /* Somebody else's exchange won, so memory got on: try again. */
        old = seen;
    }
}

bool gp_release(GpGr *gr, const GpRelease *release)
{
    uint64_t time;

    if (!release->one_word) {
        /* The payload comes last: who polls it then sees the time too. */
        time = gp_now(gr->gpu);
        if (!gp_gr_fe_write(gr, release->va + 8, &time, 8)) {
            return false;
        }
    }
    if (release->reduce) {
        return release_reduced(gr, release);
    }
    if (!release->one_word) {
        uint64_t words = release->payload;

        return gp_gr_fe_write(gr, release->va, &words, 8);
    }
    return gp_gr_fe_write(gr, release->va, &release->payload, 4);
}

static GpMethodResult acquire(GpGr *gr, uint64_t va, uint32_t payload,
                              uint32_t data)
{
    uint32_t val;

    if (!gp_gr_fe_read(gr, va, &val, 4)) {
        return GP_METHOD_FAULT;
    }
    if (data & REPORT_COMPARE_GE) {
        return (int32_t)(val - payload) >= 0 ? GP_METHOD_DONE
                                             : GP_METHOD_WAIT;
    }
    return val == payload ? GP_METHOD_DONE : GP_METHOD_WAIT;
}

GpMethodResult gp_report_method(GpGr *gr, GpGrClass class, uint32_t data)
{
    GpRelease release = {
        .va = gp_gr_address(gr->current, class, REPORT_ADDRESS),
        .payload = gp_gr_state(gr->current, class, REPORT_PAYLOAD),
        .one_word = data & REPORT_ONE_WORD,
        .reduce = data & REPORT_REDUCE,
        .is_signed = (data >> 17 & 3) == 1,
        .op = data >> 9 & 7,
    };

    if (!gp_gr_is_idle(gr)) {
        return GP_METHOD_WAIT;
    }
    if (release.va & (release.one_word ? 3 : 15)) {
        gp_gr_raise_data_error(gr, GP_GR_INVALID_VALUE);
        return GP_METHOD_ERROR;
    }
    switch (data & 3) {
    case OPERATION_RELEASE:
        break;
    case OPERATION_ACQUIRE:
        if (class == GP_GR_THREED) {
            return acquire(gr, release.va, release.payload, data);
        }
        gp_gr_raise_data_error(gr, GP_GR_INVALID_ENUM);
        return GP_METHOD_ERROR;
    case OPERATION_REPORT_ONLY:
        if (class == GP_GR_THREED) {
            /* No graphics unit counts anything here: the report is 0. */
            release.payload = 0;
            release.reduce = false;
            break;
        }
        /* fall through */
    default:
        gp_gr_raise_data_error(gr, GP_GR_INVALID_ENUM);
        return GP_METHOD_ERROR;
    }
    if (!gp_release(gr, &release)) {
        return GP_METHOD_FAULT;
    }
    if (data & REPORT_AWAKEN) {
        gp_fifo_nonstall(gr->gpu, gr->engine.runlist);
    }
    return GP_METHOD_DONE;
}

GpMethodResult gp_notify_method(GpGr *gr, GpGrClass class, uint32_t data)
{
    uint64_t va = gp_gr_address(gr->current, class, NOTIFY_ADDRESS);
    /* NvNotification: time, information, and status 0 (done). */
    uint64_t notification[2] = { gp_now(gr->gpu), 0 };

    if (!gp_gr_is_idle(gr)) {
        return GP_METHOD_WAIT;
    }
    if (!gp_gr_fe_write(gr, va, notification, sizeof(notification))) {
        return GP_METHOD_FAULT;
    }
    if (data & 1) {
        gp_fifo_nonstall(gr->gpu, gr->engine.runlist);
    }
    return GP_METHOD_DONE;
}
