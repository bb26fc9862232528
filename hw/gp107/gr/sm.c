/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streaming multiprocessors.
 *
 * A warp whose access faulted is parked until the replay, and then does the
 * instruction again.  Warps take short turns, so that the faults of many of
 * them are outstanding before the driver serves the first.
 */
#include "sm.h"

#include <stdlib.h>
#include <string.h>

#include "atomic.h"
#include "sked.h"

#define QUANTUM         64          /* warp instructions in a turn */
#define CACHE_LINES     64
#define CACHE_LINE      256         /* bytes of a constant cache line */

typedef enum GpWarpState {
    WARP_RUN,
    WARP_PARKED,                    /* on a replayable fault */
    WARP_BARRIER,
} GpWarpState;

typedef struct GpCta GpCta;

typedef struct GpWarp {
    SassWarp *sass;
    GpCta *cta;
    GpWarpState state;
    unsigned faults;
    GpFault fault[SASS_WARP_LANES];
} GpWarp;

typedef struct GpBarrier {
    unsigned warps;                 /* that arrived */
    unsigned lanes;
    unsigned votes;
    unsigned threads;               /* it waits for; 0: the CTA */
    SassBarrierRed red;
} GpBarrier;

struct GpCta {
    SassCta sass;
    GpGrid *grid;
    unsigned warps;                 /* not ended yet */
    GpBarrier barrier[GP_SM_BARRIERS];
};

/* Lanes of one instruction that meet in a page ask the MMU once. */
typedef struct GpCoalesced {
    bool valid;
    GpAccess access;
    uint64_t first;
    uint64_t last;
    GpXlat xlat;                    /* of the byte at first */
} GpCoalesced;

typedef struct GpLine {
    bool valid;
    uint64_t va;
    uint32_t word[CACHE_LINE / 4];
} GpLine;

struct GpSm {
    GpGr *gr;
    unsigned index;
    GpClient tex;
    GpClient gcc;
    GpWarp *warp[GP_SM_WARPS];
    GpCta *cta[GP_SM_CTAS];
    unsigned warps;
    unsigned ctas;
    unsigned turn;                  /* whose turn is next */
    uint32_t shared;
    uint32_t registers;
    uint64_t local;
    GpWarp *running;
    GpCoalesced coalesced;
    GpLine line[CACHE_LINES];
};

/* What the interpreter asks for. */

static void note_fault(GpSm *sm, const GpFault *fault)
{
    GpWarp *warp = sm->running;
    unsigned i;

    for (i = 0; i < warp->faults; i++) {
        if (warp->fault[i].va >> 12 == fault->va >> 12 &&
            warp->fault[i].access == fault->access) {
            return;
        }
    }
    if (warp->faults < SASS_WARP_LANES) {
        warp->fault[warp->faults++] = *fault;
    }
}

static bool sm_translate(void *opaque, uint64_t va, unsigned size,
                         SassAccess access, SassPhys *phys)
{
    static const GpAccess kinds[] = {
        [SASS_READ] = GP_ACCESS_READ,
        [SASS_WRITE] = GP_ACCESS_WRITE,
        [SASS_ATOMIC] = GP_ACCESS_ATOMIC,
    };
    GpSm *sm = opaque;
    GpCoalesced *same = &sm->coalesced;
    GpFault fault;
    GpXlat xlat;

    if (!same->valid || same->access != kinds[access] || va < same->first ||
        va > same->last) {
        same->valid = false;
        if (!gp_mmu_translate(sm->gr->gpu, &sm->gr->current->space, &sm->tex,
                              va, kinds[access], &xlat, &fault)) {
            note_fault(sm, &fault);
            return false;
        }
        same->valid = true;
        same->access = kinds[access];
        same->first = va & ~(uint64_t)0xfff;
        same->last = va + xlat.len - 1;
        same->xlat = xlat;
        same->xlat.addr -= va - same->first;
    }
    phys->addr = same->xlat.addr + (va - same->first);
    phys->aperture = same->xlat.ap;
    return true;
}

static void sm_read(void *opaque, const SassPhys *phys, void *buf,
                    unsigned size)
{
    GpSm *sm = opaque;

    sm->coalesced.valid = false;
    gp_mem_read(sm->gr->gpu, phys->aperture, phys->addr, buf, size);
}

static void sm_write(void *opaque, const SassPhys *phys, const void *buf,
                     unsigned size)
{
    GpSm *sm = opaque;

    sm->coalesced.valid = false;
    gp_mem_write(sm->gr->gpu, phys->aperture, phys->addr, buf, size);
}

static uint64_t sm_atomic(void *opaque, const SassPhys *phys, SassAtomOp op,
                          SassAtomType type, uint64_t operand,
                          uint64_t compare)
{
    GpSm *sm = opaque;

    sm->coalesced.valid = false;
    return gp_gr_atomic(sm->gr->gpu, phys->aperture, phys->addr, op, type,
                        operand, compare);
}

static bool sm_constant(void *opaque, unsigned bank, uint32_t offset,
                        uint32_t *value)
{
    GpSm *sm = opaque;
    const GpQmd *qmd = &sm->running->cta->grid->qmd;
    GpFault fault;
    GpLine *line;
    uint64_t va;

    sm->coalesced.valid = false;
    *value = 0;
    if (bank >= GP_QMD_BANKS || !qmd->bank[bank].valid ||
        offset > qmd->bank[bank].size || qmd->bank[bank].size - offset < 4) {
        return true;
    }
    va = qmd->bank[bank].va + offset;
    line = &sm->line[va / CACHE_LINE % CACHE_LINES];
    if (!line->valid || line->va != va / CACHE_LINE) {
        line->valid = false;
        if (!gp_mmu_read(sm->gr->gpu, &sm->gr->current->space, &sm->gcc,
                         va & ~(uint64_t)(CACHE_LINE - 1), line->word,
                         CACHE_LINE, &fault)) {
            note_fault(sm, &fault);
            return false;
        }
        line->va = va / CACHE_LINE;
        line->valid = true;
    }
    *value = line->word[va % CACHE_LINE / 4];
    return true;
}

static bool sm_fetch(void *opaque, uint32_t pc, uint64_t *word)
{
    GpSm *sm = opaque;
    GpFault fault;

    sm->coalesced.valid = false;
    if (!gp_mmu_read(sm->gr->gpu, &sm->gr->current->space, &sm->gcc,
                     sm->running->cta->grid->code->va + pc, word,
                     sizeof(*word), &fault)) {
        note_fault(sm, &fault);
        return false;
    }
    return true;
}

static uint64_t sm_clock(void *opaque)
{
    GpSm *sm = opaque;

    return gp_now(sm->gr->gpu);
}

static const SassOps sm_ops = {
    .translate = sm_translate,
    .read = sm_read,
    .write = sm_write,
    .atomic = sm_atomic,
    .constant = sm_constant,
    .fetch = sm_fetch,
    .clock = sm_clock,
};

/* Residency. */

GpSm *gp_sm_new(GpGr *gr, unsigned index)
{
    GpSm *sm = calloc(1, sizeof(*sm));

    if (!sm) {
        return NULL;
    }
    sm->gr = gr;
    sm->index = index;
    sm->tex.engine = GP_GR_FAULT_ID;
    sm->tex.client = GP_GPC_T1_0 + 3 * index;
    sm->gcc.engine = GP_GR_FAULT_ID;
    sm->gcc.client = GP_GPC_GCC;
    return sm;
}

void gp_sm_free(GpSm *sm)
{
    if (sm) {
        gp_sm_drop(sm, NULL);
        free(sm);
    }
}

static unsigned cta_warps(const GpGrid *grid)
{
    return (grid->qmd.threads + SASS_WARP_LANES - 1) / SASS_WARP_LANES;
}

static uint64_t cta_local(const GpGrid *grid)
{
    return (uint64_t)grid->qmd.local_size * SASS_WARP_LANES *
           cta_warps(grid);
}

bool gp_sm_fits(const GpSm *sm, const GpGrid *grid)
{
    unsigned warps = cta_warps(grid);

    return sm->ctas < GP_SM_CTAS && sm->warps + warps <= GP_SM_WARPS &&
           sm->shared + grid->qmd.shared_size <= GP_SM_SHARED &&
           sm->registers + warps * gp_sm_registers(grid->qmd.registers) <=
           GP_SM_REGISTERS && sm->local + cta_local(grid) <= GP_SM_LOCAL;
}

static void free_warp(GpSm *sm, unsigned slot)
{
    sass_warp_free(sm->warp[slot]->sass);
    free(sm->warp[slot]);
    sm->warp[slot] = NULL;
    sm->warps--;
}

static void free_cta(GpSm *sm, unsigned slot)
{
    GpCta *cta = sm->cta[slot];
    GpGrid *grid = cta->grid;
    unsigned i;

    for (i = 0; i < GP_SM_WARPS; i++) {
        if (sm->warp[i] && sm->warp[i]->cta == cta) {
            free_warp(sm, i);
        }
    }
    sm->shared -= grid->qmd.shared_size;
    sm->registers -= cta_warps(grid) * gp_sm_registers(grid->qmd.registers);
    sm->local -= cta_local(grid);
    sm->ctas--;
    grid->live--;
    free(cta->sass.shared);
    free(cta);
    sm->cta[slot] = NULL;
}

static bool launch_warp(GpSm *sm, GpCta *cta, unsigned index)
{
    const GpGrid *grid = cta->grid;
    unsigned left = grid->qmd.threads - index * SASS_WARP_LANES;
    SassWarpConfig config = {
        .cta = &cta->sass,
        .warp = index,
        .threads = left < SASS_WARP_LANES ? left : SASS_WARP_LANES,
        .entry = grid->qmd.program,
        .regs = grid->qmd.registers,
        .local_size = grid->qmd.local_size,
        .local_window = grid->local_window,
        .shared_window = grid->shared_window,
        .grid_id = grid->id,
    };
    GpWarp *warp = calloc(1, sizeof(*warp));
    unsigned slot = 0;

    if (!warp) {
        return false;
    }
    warp->sass = sass_warp_new(&config);
    if (!warp->sass) {
        free(warp);
        return false;
    }
    while (sm->warp[slot]) {
        slot++;
    }
    warp->cta = cta;
    sm->warp[slot] = warp;
    sm->warps++;
    cta->warps++;
    return true;
}

bool gp_sm_launch(GpSm *sm, GpGrid *grid, const uint32_t ctaid[3])
{
    GpCta *cta = calloc(1, sizeof(*cta));
    unsigned i, slot = 0;

    if (!cta) {
        return false;
    }
    cta->grid = grid;
    cta->sass.shared_size = grid->qmd.shared_size;
    if (cta->sass.shared_size) {
        cta->sass.shared = calloc(1, cta->sass.shared_size);
        if (!cta->sass.shared) {
            free(cta);
            return false;
        }
    }
    memcpy(cta->sass.ctaid, ctaid, sizeof(cta->sass.ctaid));
    memcpy(cta->sass.block, grid->qmd.block, sizeof(cta->sass.block));
    cta->sass.virtual_sm = sm->index;

    while (sm->cta[slot]) {
        slot++;
    }
    sm->cta[slot] = cta;
    sm->ctas++;
    sm->shared += grid->qmd.shared_size;
    sm->registers += cta_warps(grid) * gp_sm_registers(grid->qmd.registers);
    sm->local += cta_local(grid);
    grid->live++;
    for (i = 0; i < cta_warps(grid); i++) {
        if (!launch_warp(sm, cta, i)) {
            free_cta(sm, slot);
            return false;
        }
    }
    gp_count(sm->gr->gpu, GP_COUNTER_WARPS, cta_warps(grid));
    return true;
}

void gp_sm_drop(GpSm *sm, const GpGrid *grid)
{
    unsigned i;

    for (i = 0; i < GP_SM_CTAS; i++) {
        if (sm->cta[i] && (!grid || sm->cta[i]->grid == grid)) {
            free_cta(sm, i);
        }
    }
}

void gp_sm_invalidate_constants(GpSm *sm)
{
    unsigned i;

    for (i = 0; i < CACHE_LINES; i++) {
        sm->line[i].valid = false;
    }
}

/* Barriers.  They count warps: an exited lane is no longer waited for. */

static uint32_t reduction(const GpBarrier *barrier)
{
    switch (barrier->red) {
    case SASS_BAR_POPC:
        return barrier->votes;
    case SASS_BAR_AND:
        return barrier->votes == barrier->lanes;
    case SASS_BAR_OR:
        return barrier->votes != 0;
    case SASS_BAR_NONE:
    default:
        return 0;
    }
}

static void open_barrier(GpSm *sm, GpCta *cta, unsigned index)
{
    GpBarrier *barrier = &cta->barrier[index];
    uint32_t result = reduction(barrier);
    unsigned i;

    memset(barrier, 0, sizeof(*barrier));
    for (i = 0; i < GP_SM_WARPS; i++) {
        GpWarp *warp = sm->warp[i];

        if (warp && warp->cta == cta && warp->state == WARP_BARRIER &&
            sass_warp_barrier(warp->sass) == index) {
            sass_warp_release(warp->sass, result);
            warp->state = WARP_RUN;
        }
    }
}

static void check_barriers(GpSm *sm, GpCta *cta)
{
    unsigned i;

    for (i = 0; i < GP_SM_BARRIERS; i++) {
        const GpBarrier *barrier = &cta->barrier[i];
        unsigned needed = barrier->threads ?
            (barrier->threads + SASS_WARP_LANES - 1) / SASS_WARP_LANES :
            cta->warps;

        if (barrier->warps && barrier->warps >= needed) {
            open_barrier(sm, cta, i);
        }
    }
}

static void arrive(GpSm *sm, GpWarp *warp)
{
    unsigned index = sass_warp_barrier(warp->sass) % GP_SM_BARRIERS;
    GpBarrier *barrier = &warp->cta->barrier[index];

    barrier->warps++;
    barrier->lanes += sass_warp_barrier_lanes(warp->sass);
    barrier->votes += sass_warp_barrier_votes(warp->sass);
    barrier->threads = sass_warp_barrier_threads(warp->sass);
    barrier->red = sass_warp_barrier_red(warp->sass);
    if (sass_warp_barrier_arrive(warp->sass)) {
        sass_warp_release(warp->sass, 0);
    } else {
        warp->state = WARP_BARRIER;
    }
    check_barriers(sm, warp->cta);
}

/* Faults. */

static bool replayable(const GpSm *sm, const GpFault *fault)
{
    const GpSpace *space = &sm->gr->current->space;

    return fault->client.client == GP_GPC_GCC ? space->replay_gcc
                                              : space->replay_tex;
}

static void park(GpSm *sm, GpWarp *warp)
{
    unsigned i;

    warp->state = WARP_PARKED;
    for (i = 0; i < warp->faults; i++) {
        if (!replayable(sm, &warp->fault[i])) {
            gp_gr_fatal(sm->gr, &warp->fault[i]);
            return;
        }
    }
    for (i = 0; i < warp->faults; i++) {
        /* One that finds no room is raised again at the next replay. */
        gp_fault_buffer_post(sm->gr->gpu, &warp->fault[i]);
    }
}

void gp_sm_replay(GpSm *sm)
{
    unsigned i;

    for (i = 0; i < GP_SM_WARPS; i++) {
        if (sm->warp[i] && sm->warp[i]->state == WARP_PARKED) {
            sm->warp[i]->state = WARP_RUN;
        }
    }
}

const GpFault *gp_sm_parked(const GpSm *sm, bool any, unsigned client)
{
    unsigned i, j;

    for (i = 0; i < GP_SM_WARPS; i++) {
        const GpWarp *warp = sm->warp[i];

        if (!warp || warp->state != WARP_PARKED) {
            continue;
        }
        for (j = 0; j < warp->faults; j++) {
            if (any || warp->fault[j].client.client == client) {
                return &warp->fault[j];
            }
        }
    }
    return NULL;
}

/* Running. */

static void end_warp(GpSm *sm, unsigned slot)
{
    GpCta *cta = sm->warp[slot]->cta;
    unsigned i;

    free_warp(sm, slot);
    if (--cta->warps) {
        check_barriers(sm, cta);
        return;
    }
    for (i = 0; i < GP_SM_CTAS; i++) {
        if (sm->cta[i] == cta) {
            free_cta(sm, i);
            return;
        }
    }
}

static void run_warp(GpSm *sm, unsigned slot, unsigned quantum)
{
    GpWarp *warp = sm->warp[slot];
    GpGrid *grid = warp->cta->grid;
    uint64_t lanes = 0;
    SassState state;

    sm->running = warp;
    sm->coalesced.valid = false;
    warp->faults = 0;
    state = sass_warp_run(warp->sass, grid->code->program, &sm_ops, sm,
                          quantum, &lanes);
    sm->running = NULL;
    gp_count(sm->gr->gpu, GP_COUNTER_INSTRUCTIONS, lanes);

    switch (state) {
    case SASS_READY:
        break;
    case SASS_BARRIER:
        arrive(sm, warp);
        break;
    case SASS_FAULTED:
        park(sm, warp);
        break;
    case SASS_EXITED:
        end_warp(sm, slot);
        break;
    case SASS_TRAPPED:
    default:
        gp_sked_trapped(sm->gr->sked, grid, sm->index,
                        sass_warp_trap(warp->sass),
                        sass_warp_pc(warp->sass));
        break;
    }
}

bool gp_sm_run(GpSm *sm, unsigned *budget)
{
    bool ran = false;
    unsigned i, quantum;

    for (i = 0; i < GP_SM_WARPS && *budget; i++) {
        unsigned slot = sm->turn;

        sm->turn = (sm->turn + 1) % GP_SM_WARPS;
        if (!sm->warp[slot] || sm->warp[slot]->state != WARP_RUN) {
            continue;
        }
        quantum = *budget < QUANTUM ? *budget : QUANTUM;
        *budget -= quantum;
        ran = true;
        run_warp(sm, slot, quantum);
        if (sm->gr->dead || sm->gr->halted) {
            break;
        }
    }
    return ran;
}

bool gp_sm_runnable(const GpSm *sm)
{
    unsigned i;

    for (i = 0; i < GP_SM_WARPS; i++) {
        if (sm->warp[i] && sm->warp[i]->state == WARP_RUN) {
            return true;
        }
    }
    return false;
}
