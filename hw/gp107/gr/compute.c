/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Class c1c0: launches grids (clc1c0.h). */
#include "internal.h"
#include "sked.h"

enum {
    NOTIFY = 0x010c,
    WAIT_FOR_IDLE = 0x0110,
    LAUNCH_DMA = 0x01b0,
    LOAD_INLINE_DATA = 0x01b4,
    SHARED_MEMORY_WINDOW = 0x0214,
    INVALIDATE_SHADER_CACHES = 0x021c,
    INVALIDATE_CONSTANT_BUFFER_CACHE_C = 0x027c,
    SHARED_MEMORY_WINDOW_A = 0x02a0,
    SHARED_MEMORY_WINDOW_B = 0x02a4,
    SEND_PCAS_A = 0x02b4,
    SEND_PCAS_B = 0x02b8,
    SEND_SIGNALING_PCAS_B = 0x02bc,
    INLINE_QMD_ADDRESS = 0x0318,
    LOAD_INLINE_QMD_DATA = 0x0320,
    LOAD_INLINE_QMD_DATA_LAST = 0x041c,
    LOCAL_MEMORY_WINDOW = 0x077c,
    LOCAL_MEMORY_WINDOW_A = 0x07b0,
    LOCAL_MEMORY_WINDOW_B = 0x07b4,
    INVALIDATE_SHADER_CACHES_NO_WFI = 0x1698,
    REPORT_SEMAPHORE_D = 0x1b0c,
};

#define PCAS_SCHEDULE       (1u << 1)

static GpMethodResult load_qmd(GpGr *gr, uint32_t method, uint32_t data)
{
    uint64_t va = gp_gr_address(gr->current, GP_GR_COMPUTE,
                                INLINE_QMD_ADDRESS) << 8;

    return gp_gr_fe_write(gr, va + method - LOAD_INLINE_QMD_DATA, &data, 4) ?
           GP_METHOD_DONE : GP_METHOD_FAULT;
}

GpMethodResult gp_compute_method(GpGr *gr, uint32_t method, uint32_t data)
{
    GpGrContext *ctx = gr->current;

    switch (method) {
    case NOTIFY:
        return gp_notify_method(gr, GP_GR_COMPUTE, data);
    case WAIT_FOR_IDLE:
        return gp_gr_is_idle(gr) ? GP_METHOD_DONE : GP_METHOD_WAIT;
    case LAUNCH_DMA:
    case LOAD_INLINE_DATA:
        return gp_inline_method(gr, GP_GR_COMPUTE, method, data);
    case SHARED_MEMORY_WINDOW:
        ctx->shared_window = data;
        return GP_METHOD_DONE;
    case SHARED_MEMORY_WINDOW_A:
    case SHARED_MEMORY_WINDOW_B:
        ctx->shared_window = gp_gr_address(ctx, GP_GR_COMPUTE,
                                           SHARED_MEMORY_WINDOW_A);
        return GP_METHOD_DONE;
    case LOCAL_MEMORY_WINDOW:
        ctx->local_window = data;
        return GP_METHOD_DONE;
    case LOCAL_MEMORY_WINDOW_A:
    case LOCAL_MEMORY_WINDOW_B:
        ctx->local_window = gp_gr_address(ctx, GP_GR_COMPUTE,
                                          LOCAL_MEMORY_WINDOW_A);
        return GP_METHOD_DONE;
    case INVALIDATE_SHADER_CACHES:
        if (!gp_gr_is_idle(gr)) {
            return GP_METHOD_WAIT;
        }
        /* fall through */
    case INVALIDATE_SHADER_CACHES_NO_WFI:
        gp_sked_invalidate(gr->sked, data);
        return GP_METHOD_DONE;
    case INVALIDATE_CONSTANT_BUFFER_CACHE_C:
        gp_sked_invalidate_constants(gr->sked);
        return GP_METHOD_DONE;
    case SEND_PCAS_B:
        /* Appends to a queue QMD; there are only grids here. */
        return GP_METHOD_UNKNOWN;
    case SEND_SIGNALING_PCAS_B:
        if (!(data & PCAS_SCHEDULE)) {
            return GP_METHOD_DONE;
        }
        return gp_sked_launch(gr->sked,
                              (uint64_t)gp_gr_state(ctx, GP_GR_COMPUTE,
                                                    SEND_PCAS_A) << 8);
    case REPORT_SEMAPHORE_D:
        return gp_report_method(gr, GP_GR_COMPUTE, data);
    default:
        if (method >= LOAD_INLINE_QMD_DATA &&
            method <= LOAD_INLINE_QMD_DATA_LAST) {
            return load_qmd(gr, method, data);
        }
        return GP_METHOD_DONE;
    }
}
