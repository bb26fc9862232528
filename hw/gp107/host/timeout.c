/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine that does not get from one context to another in time: PFIFO
 * says CTXSW_TIMEOUT (dev_fifo.ref, NV_PFIFO_ENG_TIMEOUT,
 * INTR_SCHED_ERROR_CODE), and the driver has it fault on that engine by
 * 2a30 + 4 * engine (gf100_engn_mmu_fault_trigger() of nouveau).
 *
 * Only the time that the engine spends without doing anything counts:
 * emulated work takes many times longer than real work.
 */
#include "../mem/fault.h"
#include "state.h"

#define PERIOD(v)           ((uint64_t)((v) & 0x7fffffff) * 1000)   /* ns */
#define DETECTION_ENABLED   (1u << 31)

#define TRIGGER             (1u << 8)
#define TRIGGER_FAULT_ID(v) ((v) & 0xff)

bool gp_fifo_switching(const GpFifo *fifo, unsigned index)
{
    const GpChannel *current = fifo->engine[index]->current;

    return fifo->waiting[index] ||
           (current && !(fifo->engines_faulted >> index & 1) &&
            gp_fifo_preempts(fifo, (const GpHostChannel *)current));
}

void gp_fifo_check_timeouts(GpFifo *fifo, uint32_t working)
{
    uint64_t now = gp_now(fifo->gpu);
    uint64_t period = PERIOD(fifo->eng_timeout);

    for (unsigned i = 0; i < fifo->n_engines; i++) {
        uint64_t *since = &fifo->switch_since[i];

        if (!(fifo->eng_timeout & DETECTION_ENABLED) ||
            !gp_fifo_switching(fifo, i)) {
            *since = 0;
            continue;
        }
        if (!*since || working >> i & 1) {
            *since = now ? now : 1;
        }
        if (now - *since >= period && now > *since) {
            gp_fifo_sched_error(fifo, GP_SCHED_CTXSW_TIMEOUT);
            *since = now;
        }
        gp_wake_at(fifo->gpu, *since + (period ? period : 1));
    }
}

void gp_fifo_trigger_fault(GpFifo *fifo, unsigned id, uint32_t val)
{
    fifo->fault_trigger[id] = val;
    for (unsigned i = 0; i < fifo->n_engines && val & TRIGGER; i++) {
        GpEngine *engine = fifo->engine[i];
        GpFault fault = {
            .access = GP_ACCESS_READ,
            .type = GP_FAULT_PDE,
            .client = { .engine = engine->fault_id, .hub = true },
        };

        if (engine->engine_id != id ||
            engine->fault_id != TRIGGER_FAULT_ID(val)) {
            continue;
        }
        if (engine->current) {
            fault.inst = engine->current->space.inst;
            fault.inst_ap = engine->current->space.inst_ap;
        }
        gp_fault_unit_post(fifo->gpu, &fault);
    }
}
