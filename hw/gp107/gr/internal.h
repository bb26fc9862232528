/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of PGRAPH share: the engine, a channel's context, errors.
 */
#ifndef GP107_GR_INTERNAL_H
#define GP107_GR_INTERNAL_H

#include "../mem/fault.h"
#include "gr.h"

/* Object classes; the index of each in a context. */
typedef enum GpGrClass {
    GP_GR_TWOD,                     /* 902d */
    GP_GR_INLINE,                   /* a140 */
    GP_GR_THREED,                   /* c197 */
    GP_GR_COMPUTE,                  /* c1c0 */
    GP_GR_CLASSES,
} GpGrClass;

#define GP_GR_METHODS   0x1000      /* words of state a class can have */

/* hwref gp100 dev_fault.h, NV_PFAULT_CLIENT_{GPC,HUB}_* */
enum {
    GP_GPC_T1_0 = 0x01,             /* + 3 a TPC */
    GP_GPC_GCC = 0x0d,
    GP_HUB_FE = 0x04,
    GP_HUB_SKED = 0x1d,
};

/* hwref gp100 dev_fault.h, NV_PFAULT_MMU_ENG_ID_GRAPHICS */
#define GP_GR_FAULT_ID  0

/* nv50_data_error_names of nouveau: what 400110 tells after DATA_ERROR. */
typedef enum GpGrDataError {
    GP_GR_INVALID_OPERATION = 0x03,
    GP_GR_INVALID_VALUE = 0x04,
    GP_GR_INVALID_ENUM = 0x05,
} GpGrDataError;

/* Bits of 400108, the trap summary. */
typedef enum GpGrTrap {
    GP_GR_TRAP_M2MF = 1,
    GP_GR_TRAP_SKED = 8,
    GP_GR_TRAP_GPC = 24,
} GpGrTrap;

typedef struct GpSked GpSked;

/* inline.c: an upload under way, in any of the classes that can. */
#define GP_INLINE_CHUNK 256

typedef struct GpInline {
    bool active;
    uint32_t launch;                /* LAUNCH_DMA as it was written */
    uint32_t line;                  /* line being filled */
    uint32_t column;                /* bytes of it that have come */
    uint32_t fill;                  /* bytes waiting in chunk */
    uint8_t chunk[GP_INLINE_CHUNK];
} GpInline;

/* threed.c: CLEAR_SURFACE under way. */
typedef struct GpClear {
    bool active;
    uint64_t va;                    /* of the line being written */
    uint32_t pitch;
    uint32_t lines;                 /* left */
    uint32_t length;                /* bytes of a line */
    uint32_t done;                  /* of them, in this line */
    uint32_t texel;                 /* bytes of one pixel */
    uint8_t pattern[16];
} GpClear;

/* A channel's share of PGRAPH: what a context image would hold. */
typedef struct GpGrContext {
    GpSpace space;
    uint32_t *state[GP_GR_CLASSES]; /* methods as last written */
    GpInline upload[GP_GR_CLASSES];
    GpClear clear;
    uint64_t local_window;          /* of generic addresses, compute */
    uint64_t shared_window;
} GpGrContext;

struct GpGr {
    GpEngine engine;
    Gp107 *gpu;
    GpGrContext **contexts;         /* by channel id */
    GpGrContext *current;
    bool ready;                     /* FECS runs */
    bool switching;                 /* ... and may switch contexts */
    bool halted;                    /* an exception waits for 400500 */
    bool dead;                      /* a fatal fault: until engine reset */
    GpSked *sked;
};

/* context.c */
/* That of @channel; NULL: out of memory.  A new instance block, a new one. */
GpGrContext *gp_gr_context_get(GpGr *gr, GpChannel *channel);
void gp_gr_context_free(GpGrContext *ctx);
/* The value last written to @method of @class. */
uint32_t gp_gr_state(const GpGrContext *ctx, GpGrClass class,
                     uint32_t method);
/* Two methods as the halves of an address, upper one first. */
uint64_t gp_gr_address(const GpGrContext *ctx, GpGrClass class,
                       uint32_t method);
/* @client of the engine; for the hub's units. */
GpClient gp_gr_hub_client(unsigned client);
/* @fault is fatal: the channel's context stays as it is until a reset. */
void gp_gr_fatal(GpGr *gr, const GpFault *fault);
/* Memory as FE sees it; false: the fault was posted. */
bool gp_gr_fe_read(GpGr *gr, uint64_t va, void *buf, uint32_t len);
bool gp_gr_fe_write(GpGr *gr, uint64_t va, const void *buf, uint32_t len);

/* gr.c */
/* All that the current channel asked for is done. */
bool gp_gr_is_idle(GpGr *gr);

/* gr_regs.c */
void gp_gr_regs_init(GpGr *gr);
void gp_gr_regs_reset(GpGr *gr);
bool gp_gr_regs_access(GpGr *gr);
/* Which method is being done, for 400704 and 400708. */
void gp_gr_regs_method(GpGr *gr, unsigned subchannel, uint32_t method,
                       uint32_t data);
/* Exceptions: each raises PGRAPH's interrupt and halts it. */
void gp_gr_raise_data_error(GpGr *gr, GpGrDataError code);
void gp_gr_raise_illegal_class(GpGr *gr, unsigned subchannel,
                               uint32_t class_id);
void gp_gr_raise_m2mf(GpGr *gr, uint32_t error);
void gp_gr_raise_sked(GpGr *gr, uint32_t error);
void gp_gr_raise_sm(GpGr *gr, unsigned tpc, uint32_t warp_error);

/* classes.c */
bool gp_gr_find_class(uint32_t class_id, GpGrClass *class);
bool gp_gr_method_known(GpGrClass class, uint32_t method);

/* The classes; each is told after its state took @data. */
GpMethodResult gp_inline_method(GpGr *gr, GpGrClass class, uint32_t method,
                                uint32_t data);
GpMethodResult gp_threed_method(GpGr *gr, uint32_t method, uint32_t data);
GpRun gp_threed_run(GpGr *gr, unsigned *budget);
GpMethodResult gp_compute_method(GpGr *gr, uint32_t method, uint32_t data);

/* report.c: SET_REPORT_SEMAPHORE and NOTIFY, alike in all classes. */
GpMethodResult gp_report_method(GpGr *gr, GpGrClass class, uint32_t data);
GpMethodResult gp_notify_method(GpGr *gr, GpGrClass class, uint32_t data);
/* One release: @payload alone, or with zero and the time in four words. */
typedef struct GpRelease {
    uint64_t va;
    uint32_t payload;
    bool one_word;
    bool reduce;
    bool is_signed;
    uint8_t op;                     /* LAUNCH_DMA_REDUCTION_OP of clc1c0.h */
} GpRelease;
bool gp_release(GpGr *gr, const GpRelease *release);

#endif
