/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runlists (dev_ram.ref, RAMRL).  Pascal's entries have 8 bytes: gm107_runl,
 * gk110_runl_insert_cgrp and gp100_runl_insert_chan of nouveau write
 *
 *   channel  0: 11:0 id, 14 runqueue; 1: instance block >> 12
 *   TSG      0: 11:0 id, 13 set, 17:14 and 25:18 time slice, 31:26 length
 *
 * Time slices are counted in steps, not in time: a run is then repeatable.
 */
#include <stdlib.h>
#include <string.h>

#include "runlist.h"

#define ENTRY_SIZE          8
#define ENTRY_ID(v)         ((v) & 0xfff)
#define ENTRY_TSG           (1u << 13)
#define ENTRY_RUNQUEUE(v)   ((v) >> 14 & 1)
#define ENTRY_LENGTH(v)     ((v) >> 26)

#define BASE_TARGET(v)      ((v) >> 28 & 3)
#define BASE_ADDRESS(v)     ((uint64_t)((v) & 0x0fffffff) << 12)

#define CHANNEL_SLICE       1024
#define GROUP_SLICE         4096

bool gp_runlist_init(GpRunlist *runlist)
{
    runlist->group = calloc(GP_CHANNELS, sizeof(*runlist->group));
    runlist->channel = calloc(GP_CHANNELS, sizeof(*runlist->channel));
    return runlist->group && runlist->channel;
}

void gp_runlist_fini(GpRunlist *runlist)
{
    free(runlist->group);
    free(runlist->channel);
}

void gp_runlist_reset(GpRunlist *runlist)
{
    runlist->base = 0;
    runlist->length = 0;
    runlist->submitted = false;
    runlist->n_groups = 0;
    runlist->n_channels = 0;
}

static GpGroup *add_group(GpRunlist *runlist)
{
    GpGroup *group = &runlist->group[runlist->n_groups++];

    *group = (GpGroup) { .first = runlist->n_channels };
    return group;
}

/*
 * Each channel is in it once, so neither table can overflow.  False: it is
 * there already.
 */
static bool add_channel(GpFifo *fifo, unsigned id, uint32_t entry,
                        uint32_t tsg)
{
    GpRunlist *runlist = &fifo->runlist[id];
    GpHostChannel *channel = &fifo->channel[ENTRY_ID(entry)];

    if (channel->scheduled) {
        return false;
    }
    if (!tsg) {
        add_group(runlist);
    }
    channel->scheduled = true;
    channel->pending = true;
    channel->runlist = id;
    channel->runqueue = id == 0 ? ENTRY_RUNQUEUE(entry) : 0;
    channel->tsg = tsg;
    channel->tsg_id = ENTRY_ID(tsg);
    channel->group = runlist->n_groups - 1;
    runlist->channel[runlist->n_channels++] = channel->pub.id;
    runlist->group[channel->group].count++;
    return true;
}

static void forget(GpFifo *fifo, GpRunlist *runlist)
{
    for (unsigned i = 0; i < runlist->n_channels; i++) {
        fifo->channel[runlist->channel[i]].scheduled = false;
    }
    runlist->n_groups = 0;
    runlist->n_channels = 0;
}

void gp_runlist_load(GpFifo *fifo, unsigned id)
{
    GpRunlist *runlist = &fifo->runlist[id];
    uint64_t addr = BASE_ADDRESS(runlist->base);
    uint32_t tsg = 0;
    unsigned left = 0;              /* entries that the TSG still wants */
    unsigned doubled = 0;

    forget(fifo, runlist);
    for (unsigned i = 0; i < runlist->length; i++, addr += ENTRY_SIZE) {
        uint32_t entry = gp_mem_read32(fifo->gpu, BASE_TARGET(runlist->base),
                                       addr);

        if (entry & ENTRY_TSG) {
            left = ENTRY_LENGTH(entry);
            if (tsg || !left || runlist->n_groups == GP_CHANNELS) {
                gp_fifo_sched_error(fifo, GP_SCHED_BAD_TSG);
                break;
            }
            tsg = entry;
            add_group(runlist);
            continue;
        }
        if (runlist->n_groups == GP_CHANNELS && !tsg) {
            break;
        }
        doubled += !add_channel(fifo, id, entry, tsg);
        if (tsg && --left == 0) {
            tsg = 0;
        }
    }
    if (doubled) {
        gp_log(fifo->gpu, GP_LOG_GUEST, "runlist %u: %u entries are for a "
               "channel that has one", id, doubled);
    }
    if (tsg && left) {
        gp_fifo_sched_error(fifo, GP_SCHED_BAD_TSG);
    }
    for (unsigned i = 0; i < fifo->n_pbdmas; i++) {
        if (fifo->pbdma[i]->runlist == id) {
            fifo->pbdma[i]->leave_channel = true;
            fifo->pbdma[i]->leave_group = true;
        }
    }
}

bool gp_channel_runnable(const GpFifo *fifo, const GpHostChannel *channel)
{
    return channel->enabled && channel->scheduled && !channel->faulted &&
           channel->inst >> 31 && !gp_fifo_preempts(fifo, channel);
}

static bool can_run(const GpFifo *fifo, const GpPbdma *pbdma,
                    const GpHostChannel *channel)
{
    return channel->pending && channel->runqueue == pbdma->runqueue &&
           channel->round != pbdma->round &&
           gp_channel_runnable(fifo, channel);
}

/* The first of group @index that can run, from @start on and around. */
static GpHostChannel *scan(GpFifo *fifo, GpPbdma *pbdma, unsigned index,
                           unsigned start)
{
    GpRunlist *runlist = &fifo->runlist[pbdma->runlist];
    const GpGroup *group = &runlist->group[index];

    for (unsigned i = 0; i < group->count; i++) {
        unsigned position = (start + i) % group->count;
        GpHostChannel *channel =
            &fifo->channel[runlist->channel[group->first + position]];

        if (can_run(fifo, pbdma, channel)) {
            pbdma->group = index;
            pbdma->position = position;
            pbdma->channel_slice = CHANNEL_SLICE;
            return channel;
        }
    }
    return NULL;
}

GpHostChannel *gp_runlist_next(GpFifo *fifo, GpPbdma *pbdma)
{
    GpRunlist *runlist = &fifo->runlist[pbdma->runlist];
    unsigned n = runlist->n_groups;
    GpHostChannel *channel;

    if (!n || (fifo->sched_disable | fifo->error_disable) >>
        pbdma->runlist & 1) {
        return NULL;
    }
    if (!pbdma->leave_group && pbdma->group < n) {
        channel = scan(fifo, pbdma, pbdma->group, pbdma->position + 1);
        if (channel) {
            return channel;
        }
    }
    for (unsigned i = 1; i <= n; i++) {
        unsigned index = (pbdma->group + i) % n;
        unsigned start = index == pbdma->group ? pbdma->position + 1 : 0;

        channel = scan(fifo, pbdma, index, start);
        if (channel) {
            pbdma->group_slice = GROUP_SLICE;
            return channel;
        }
    }
    return NULL;
}
