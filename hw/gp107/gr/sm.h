/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Streaming multiprocessors: CTAs and warps that are resident, their
 * barriers, and their ways to memory.
 */
#ifndef GP107_GR_SM_H
#define GP107_GR_SM_H

#include "internal.h"
#include "qmd.h"
#include "../sass/sass.h"

/* Limits of SM 6.1 (CUDA C Programming Guide, compute capability 6.1). */
#define GP_SM_WARPS         64
#define GP_SM_CTAS          32
#define GP_SM_SHARED        (96 * 1024)
#define GP_SM_REGISTERS     65536
/* The model's own: bytes of local memory that resident warps may take. */
#define GP_SM_LOCAL         (64 * 1024 * 1024)
#define GP_SM_BARRIERS      16

/* Decoded instructions of one program region. */
typedef struct GpCode {
    SassProgram *program;
    uint64_t va;
    unsigned users;
} GpCode;

typedef struct GpGrid {
    GpQmd qmd;
    GpCode *code;
    uint64_t id;
    uint64_t local_window;
    uint64_t shared_window;
    uint32_t next[3];               /* the CTA to be issued next */
    bool issued;                    /* all of them were */
    unsigned live;                  /* CTAs on the SMs */
    struct GpGrid *link;            /* in order of launch */
} GpGrid;

typedef struct GpSm GpSm;

GpSm *gp_sm_new(GpGr *gr, unsigned index);
void gp_sm_free(GpSm *sm);

/* Registers that a warp takes with @regs a thread: units of 8 threads' 8. */
static inline uint32_t gp_sm_registers(uint32_t regs)
{
    return (regs + 7) / 8 * 8 * 32;
}

/* Whether a CTA of @grid fits now. */
bool gp_sm_fits(const GpSm *sm, const GpGrid *grid);
/* False: no memory for it. */
bool gp_sm_launch(GpSm *sm, GpGrid *grid, const uint32_t ctaid[3]);

/*
 * One turn for each warp that can run.  False: none could.  Warps that end
 * are seen in @grid->live of their grids.
 */
bool gp_sm_run(GpSm *sm, unsigned *budget);
bool gp_sm_runnable(const GpSm *sm);

/* Ends the CTAs of @grid (NULL: of all grids). */
void gp_sm_drop(GpSm *sm, const GpGrid *grid);
void gp_sm_invalidate_constants(GpSm *sm);
/* Parked warps try again. */
void gp_sm_replay(GpSm *sm);
/* The first parked fault of @client (or of any), or NULL. */
const GpFault *gp_sm_parked(const GpSm *sm, bool any, unsigned client);

#endif
