/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel's context on PGRAPH, and memory as the units of the loaded one
 * see it.
 */
#include "internal.h"

#include <stdlib.h>

#include "../host/fifo.h"
#include "../mem/fault.h"

uint32_t gp_gr_state(const GpGrContext *ctx, GpGrClass class,
                     uint32_t method)
{
    return ctx->state[class] ? ctx->state[class][method / 4] : 0;
}

uint64_t gp_gr_address(const GpGrContext *ctx, GpGrClass class,
                       uint32_t method)
{
    return (uint64_t)gp_gr_state(ctx, class, method) << 32 |
           gp_gr_state(ctx, class, method + 4);
}

void gp_gr_context_free(GpGrContext *ctx)
{
    unsigned i;

    if (!ctx) {
        return;
    }
    for (i = 0; i < GP_GR_CLASSES; i++) {
        free(ctx->state[i]);
    }
    free(ctx);
}

GpGrContext *gp_gr_context_get(GpGr *gr, GpChannel *channel)
{
    GpGrContext **slot;

    if (channel->id >= GP_CHANNELS) {
        return NULL;
    }
    slot = &gr->contexts[channel->id];
    if (*slot && ((*slot)->space.inst != channel->space.inst ||
                  (*slot)->space.inst_ap != channel->space.inst_ap)) {
        gp_gr_context_free(*slot);
        *slot = NULL;
    }
    if (!*slot) {
        *slot = calloc(1, sizeof(**slot));
        if (!*slot) {
            return NULL;
        }
    }
    (*slot)->space = channel->space;
    return *slot;
}

GpClient gp_gr_hub_client(unsigned client)
{
    return (GpClient) {
        .engine = GP_GR_FAULT_ID,
        .client = client,
        .hub = true,
    };
}

void gp_gr_fatal(GpGr *gr, const GpFault *fault)
{
    if (!gr->dead) {
        gr->dead = true;
        gp_fault_unit_post(gr->gpu, fault);
    }
}

bool gp_gr_fe_read(GpGr *gr, uint64_t va, void *buf, uint32_t len)
{
    GpClient client = gp_gr_hub_client(GP_HUB_FE);
    GpFault fault;

    if (!gp_mmu_read(gr->gpu, &gr->current->space, &client, va, buf, len,
                     &fault)) {
        gp_gr_fatal(gr, &fault);
        return false;
    }
    return true;
}

bool gp_gr_fe_write(GpGr *gr, uint64_t va, const void *buf, uint32_t len)
{
    GpClient client = gp_gr_hub_client(GP_HUB_FE);
    GpFault fault;

    if (!gp_mmu_write(gr->gpu, &gr->current->space, &client, va, buf, len,
                      &fault)) {
        gp_gr_fatal(gr, &fault);
        return false;
    }
    return true;
}
