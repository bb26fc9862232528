/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Semaphores and notifications that PGRAPH writes
 * (clc197.h and clc1c0.h, SET_REPORT_SEMAPHORE_D and NOTIFY).
 */
#include "internal.h"
#include "../host/fifo.h"
#include "../host/semaphore.h"
#include "../top/ptimer.h"

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
    REPORT_SHIFT = 23,
    REPORT_MASK = 0x1f,
    REPORT_ONE_WORD = 1u << 28,
};

/* SET_REPORT_SEMAPHORE_D_REPORT: of 32 bits; the others' counts have 64. */
enum {
    REPORT_NONE = 0,
    REPORT_ZPASS_PIXEL_CNT = 2,
};

bool gp_release(GpGr *gr, const GpRelease *release)
{
    /* LAUNCH_DMA_REDUCTION_OP of clc1c0.h; Host numbers them otherwise. */
    static const GpReduction ops[] = {
        GP_REDUCE_ADD, GP_REDUCE_MIN, GP_REDUCE_MAX, GP_REDUCE_INC,
        GP_REDUCE_DEC, GP_REDUCE_AND, GP_REDUCE_OR, GP_REDUCE_XOR,
    };
    const GpSpace *space = &gr->current->space;
    GpClient client = gp_gr_hub_client(GP_HUB_FE);
    uint64_t va = release->va & ~(release->one_word ? 3ull : 15ull);
    GpFault fault;
    bool done;

    if (release->reduce) {
        done = (release->one_word ||
                gp_semaphore_stamp(gr->gpu, space, &client, va, &fault)) &&
               gp_semaphore_reduce(gr->gpu, space, &client, va,
                                   ops[release->op & 7], release->is_signed,
                                   release->payload, &fault);
    } else {
        done = gp_semaphore_release(gr->gpu, space, &client, va,
                                    release->payload, !release->one_word,
                                    &fault);
    }
    if (!done) {
        gp_gr_fatal(gr, &fault);
    }
    return done;
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
    unsigned report = data >> REPORT_SHIFT & REPORT_MASK;

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
            /*
             * No graphics unit counts anything here.  Before a count of 32
             * bits stands the payload, by which Mesa knows that it came.
             */
            if (report != REPORT_NONE && report != REPORT_ZPASS_PIXEL_CNT) {
                release.payload = 0;
            }
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
    uint64_t notification[2] = { gp_ptimer_ns(gr->gpu), 0 };

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
