/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SKED, the grid scheduler.  Grids are issued in the order of their launch,
 * CTAs in raster order (x fastest), each to the next SM that has room; the
 * end of one grid and the begin of the next share the SMs.
 */
#include "sked.h"

#include <stdlib.h>

#define LAUNCH_COST     16          /* of a warp or grid, in steps of budget */

struct GpSked {
    GpGr *gr;
    GpSm *sm[GP_MAX_TPCS];
    unsigned sms;
    unsigned next_sm;               /* gets the next CTA */
    GpGrid *first;
    unsigned grids;
    GpCode *code;                   /* of the last launch */
    uint64_t next_id;
};

GpSked *gp_sked_new(GpGr *gr)
{
    GpSked *sked = calloc(1, sizeof(*sked));

    if (!sked) {
        return NULL;
    }
    sked->gr = gr;
    for (; sked->sms < gr->gpu->cfg.tpcs; sked->sms++) {
        sked->sm[sked->sms] = gp_sm_new(gr, sked->sms);
        if (!sked->sm[sked->sms]) {
            gp_sked_free(sked);
            return NULL;
        }
    }
    return sked;
}

static void put_code(GpCode *code)
{
    if (code && --code->users == 0) {
        sass_program_free(code->program);
        free(code);
    }
}

static GpCode *get_code(GpSked *sked, uint64_t va)
{
    GpCode *code = sked->code;

    if (!code || code->va != va) {
        code = calloc(1, sizeof(*code));
        if (!code) {
            return NULL;
        }
        code->program = sass_program_new();
        if (!code->program) {
            free(code);
            return NULL;
        }
        code->va = va;
        code->users = 1;
        put_code(sked->code);
        sked->code = code;
    }
    code->users++;
    return code;
}

/* Takes @grid off the list; its CTAs are gone already. */
static void unlink_grid(GpSked *sked, GpGrid *grid)
{
    GpGrid **link = &sked->first;

    while (*link != grid) {
        link = &(*link)->link;
    }
    *link = grid->link;
    sked->grids--;
    put_code(grid->code);
}

void gp_sked_reset(GpSked *sked)
{
    unsigned i;

    for (i = 0; i < sked->sms; i++) {
        gp_sm_drop(sked->sm[i], NULL);
        gp_sm_invalidate_constants(sked->sm[i]);
    }
    while (sked->first) {
        GpGrid *grid = sked->first;

        unlink_grid(sked, grid);
        free(grid);
    }
    put_code(sked->code);
    sked->code = NULL;
    sked->next_sm = 0;
}

void gp_sked_free(GpSked *sked)
{
    unsigned i;

    if (!sked) {
        return;
    }
    gp_sked_reset(sked);
    for (i = 0; i < sked->sms; i++) {
        gp_sm_free(sked->sm[i]);
    }
    free(sked);
}

bool gp_sked_idle(const GpSked *sked)
{
    return !sked->first;
}

void gp_sked_invalidate_constants(GpSked *sked)
{
    unsigned i;

    for (i = 0; i < sked->sms; i++) {
        gp_sm_invalidate_constants(sked->sm[i]);
    }
}

void gp_sked_invalidate(GpSked *sked, uint32_t what)
{
    GpGrid *grid;

    if (what & 1) {
        if (sked->code) {
            sass_program_flush(sked->code->program);
        }
        for (grid = sked->first; grid; grid = grid->link) {
            if (grid->code != sked->code) {
                sass_program_flush(grid->code->program);
            }
        }
    }
    if (what & 1u << 12) {
        gp_sked_invalidate_constants(sked);
    }
}

GpMethodResult gp_sked_launch(GpSked *sked, uint64_t qmd_va)
{
    enum { PROGRAM_REGION = 0x1608 };
    GpGr *gr = sked->gr;
    GpClient client = gp_gr_hub_client(GP_HUB_SKED);
    uint32_t words[GP_QMD_WORDS];
    GpGrid *grid, **link;
    GpFault fault;
    uint32_t error;

    if (sked->grids == GP_SKED_GRIDS) {
        return GP_METHOD_WAIT;
    }
    /* The QMD is fetched physically checked: such a fault can't replay. */
    if (!gp_mmu_read(gr->gpu, &gr->current->space, &client, qmd_va, words,
                     sizeof(words), &fault)) {
        gp_gr_fatal(gr, &fault);
        return GP_METHOD_FAULT;
    }
    grid = calloc(1, sizeof(*grid));
    if (!grid) {
        return GP_METHOD_WAIT;
    }
    error = gp_qmd_decode(words, &grid->qmd);
    if (error || grid->qmd.is_queue) {
        gp_log(gr->gpu, GP_LOG_GUEST, "gr: bad QMD at %010llx: %08x%s",
               (unsigned long long)qmd_va, error,
               grid->qmd.is_queue ? " (queues are not modelled)" : "");
        free(grid);
        gp_gr_raise_sked(gr, error);
        return GP_METHOD_ERROR;
    }
    if (grid->qmd.invalidate_code) {
        gp_sked_invalidate(sked, 1);
    }
    /* Banks may be at other addresses from one grid to the next. */
    gp_sked_invalidate_constants(sked);
    grid->code = get_code(sked, gp_gr_address(gr->current, GP_GR_COMPUTE,
                                              PROGRAM_REGION));
    if (!grid->code) {
        free(grid);
        return GP_METHOD_WAIT;
    }
    grid->id = sked->next_id++;
    grid->local_window = gr->current->local_window;
    grid->shared_window = gr->current->shared_window;
    grid->issued = !grid->qmd.grid[0] || !grid->qmd.grid[1] ||
                   !grid->qmd.grid[2];
    link = &sked->first;
    while (*link) {
        link = &(*link)->link;
    }
    *link = grid;
    sked->grids++;
    gp_count(gr->gpu, GP_COUNTER_GRIDS, 1);
    gp_kick(gr->gpu);
    return GP_METHOD_DONE;
}

static void spend(unsigned *budget, unsigned cost)
{
    *budget -= *budget < cost ? *budget : cost;
}

static void next_cta(GpGrid *grid)
{
    unsigned i;

    for (i = 0; i < 3; i++) {
        if (++grid->next[i] < grid->qmd.grid[i]) {
            return;
        }
        grid->next[i] = 0;
    }
    grid->issued = true;
}

static GpSm *find_sm(GpSked *sked, const GpGrid *grid)
{
    unsigned i;

    for (i = 0; i < sked->sms; i++) {
        GpSm *sm = sked->sm[(sked->next_sm + i) % sked->sms];

        if (gp_sm_fits(sm, grid)) {
            sked->next_sm = (sked->next_sm + i + 1) % sked->sms;
            return sm;
        }
    }
    return NULL;
}

static void issue(GpSked *sked, unsigned *budget)
{
    GpGrid *grid;

    for (grid = sked->first; grid; grid = grid->link) {
        unsigned cost = LAUNCH_COST * ((grid->qmd.threads + 31) / 32);

        while (!grid->issued) {
            GpSm *sm;

            if (!*budget || (grid->qmd.one_by_one && grid->live)) {
                return;
            }
            sm = find_sm(sked, grid);
            if (!sm || !gp_sm_launch(sm, grid, grid->next)) {
                return;
            }
            spend(budget, cost);
            next_cta(grid);
        }
    }
}

/* What a grid owes at its end: semaphores, and the QMD that follows. */
static void finish(GpSked *sked, GpGrid *grid)
{
    GpGr *gr = sked->gr;
    unsigned i;

    for (i = 0; i < 2; i++) {
        const GpQmdRelease *qmd = &grid->qmd.release[i];
        GpRelease release = {
            .va = qmd->va,
            .payload = qmd->payload,
            .one_word = qmd->one_word,
            .reduce = qmd->reduce,
            .is_signed = qmd->is_signed,
            .op = qmd->op,
        };

        if (qmd->enable && !gp_release(gr, &release)) {
            return;
        }
    }
    if (!grid->qmd.dependent) {
        return;
    }
    if (grid->qmd.dependent_is_queue) {
        gp_log(gr->gpu, GP_LOG_UNKNOWN, "gr: a dependent QMD that is a queue "
               "is not modelled");
        return;
    }
    gp_sked_launch(sked, grid->qmd.dependent_va);
}

static void finish_grids(GpSked *sked, unsigned *budget)
{
    GpGrid *grid = sked->first;

    while (grid && !sked->gr->dead) {
        GpGrid *link = grid->link;

        if (grid->issued && !grid->live) {
            unlink_grid(sked, grid);
            finish(sked, grid);
            free(grid);
            /* QMDs without a CTA may follow each other in a circle. */
            spend(budget, LAUNCH_COST);
        }
        grid = link;
    }
}

GpRun gp_sked_run(GpSked *sked, unsigned *budget)
{
    GpGr *gr = sked->gr;
    bool ran = true;
    unsigned i;

    while (ran && *budget && !gr->dead && !gr->halted) {
        issue(sked, budget);
        ran = false;
        for (i = 0; i < sked->sms; i++) {
            ran |= gp_sm_run(sked->sm[i], budget);
            if (gr->dead || gr->halted) {
                return GP_RUN_IDLE;
            }
        }
        if (sked->first && sked->first->issued && !sked->first->live) {
            ran = true;
        }
        finish_grids(sked, budget);
    }
    if (gr->dead || gr->halted || !sked->first) {
        return GP_RUN_IDLE;
    }
    for (i = 0; i < sked->sms; i++) {
        if (gp_sm_runnable(sked->sm[i])) {
            return GP_RUN_MORE;
        }
    }
    return *budget ? GP_RUN_IDLE : GP_RUN_MORE;
}

/* TPC's warp error register, as nouveau's gf100_mp_warp_error names it. */
static uint32_t warp_error(SassTrap trap)
{
    switch (trap) {
    case SASS_TRAP_ILLEGAL_INSTRUCTION:
        return 0x09;
    case SASS_TRAP_MISALIGNED:
        return 0x0f;
    case SASS_TRAP_OUT_OF_RANGE:
        return 0x0e;
    case SASS_TRAP_STACK:
        return 0x02;
    case SASS_TRAP_BARRIER:
        return 0x14;
    case SASS_TRAP_ILLEGAL_ENCODING:
    default:
        return 0x0b;
    }
}

void gp_sked_trapped(GpSked *sked, GpGrid *grid, unsigned tpc, SassTrap trap,
                     uint32_t pc)
{
    unsigned i;

    gp_log(sked->gr->gpu, GP_LOG_GUEST, "gr: %s at %08x of grid %llu",
           sass_trap_name(trap), pc, (unsigned long long)grid->id);
    for (i = 0; i < sked->sms; i++) {
        gp_sm_drop(sked->sm[i], grid);
    }
    unlink_grid(sked, grid);
    free(grid);
    gp_gr_raise_sm(sked->gr, tpc, warp_error(trap));
}

void gp_sked_replay(GpSked *sked)
{
    unsigned i;

    for (i = 0; i < sked->sms; i++) {
        gp_sm_replay(sked->sm[i]);
    }
}

void gp_sked_cancel(GpSked *sked, bool global, unsigned gpc, unsigned client)
{
    unsigned i;

    if (!global && gpc != 0) {
        return;
    }
    for (i = 0; i < sked->sms; i++) {
        const GpFault *fault = gp_sm_parked(sked->sm[i], global, client);

        if (fault) {
            gp_gr_fatal(sked->gr, fault);
            return;
        }
    }
}
