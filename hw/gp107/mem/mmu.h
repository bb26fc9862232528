/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPU's MMU: instance blocks, page walks in the GP100 format, the TLBs,
 * and invalidation (which also carries replay and cancel).
 *
 * The MMU posts no fault by itself: it says what is wrong, and the client
 * decides which kind of fault that is.
 */
#ifndef GP107_MEM_MMU_H
#define GP107_MEM_MMU_H

#include "mem.h"

typedef enum GpAccess {
    GP_ACCESS_READ = 0,
    GP_ACCESS_WRITE = 1,
    GP_ACCESS_ATOMIC = 2,
    GP_ACCESS_PREFETCH = 3,
} GpAccess;

/* hwref gp100 dev_fault.h, NV_PFAULT_FAULT_TYPE_* */
typedef enum GpFaultType {
    GP_FAULT_PDE = 0x0,
    GP_FAULT_PDE_SIZE = 0x1,
    GP_FAULT_PTE = 0x2,
    GP_FAULT_VA_LIMIT = 0x3,
    GP_FAULT_UNBOUND_INST = 0x4,
    GP_FAULT_PRIV = 0x5,
    GP_FAULT_RO = 0x6,
    GP_FAULT_PITCH_MASK = 0x8,
    GP_FAULT_WORK_CREATION = 0x9,
    GP_FAULT_UNSUPPORTED_APERTURE = 0xa,
    GP_FAULT_UNSUPPORTED_KIND = 0xc,
    GP_FAULT_REGION = 0xd,
    GP_FAULT_POISONED = 0xe,
    GP_FAULT_ATOMIC = 0xf,
} GpFaultType;

/* Who asks.  Values: hwref gp100 dev_fault.h, NV_PFAULT_CLIENT_*. */
typedef struct GpClient {
    uint8_t engine;                 /* MMU engine id, NV_PFAULT_MMU_ENG_ID */
    uint8_t client;
    uint8_t gpc;
    bool hub;
} GpClient;

/* An address space as an instance block names it. */
typedef struct GpSpace {
    bool valid;
    uint64_t inst;                  /* address of the instance block */
    GpAperture inst_ap;
    uint64_t pdb;                   /* page directory base */
    GpAperture pdb_ap;
    uint64_t limit;                 /* last valid address */
    bool replay_tex;                /* L1/T1 faults are replayable */
    bool replay_gcc;
} GpSpace;

typedef struct GpXlat {
    GpAperture ap;
    uint64_t addr;                  /* of the byte asked for */
    uint64_t len;                   /* bytes from it to the end of the leaf */
    bool is_volatile;
    bool sparse;                    /* as ap says: GP_SPARSE */
} GpXlat;

typedef struct GpFault {
    uint64_t inst;
    GpAperture inst_ap;
    uint64_t va;
    uint64_t time;                  /* PTIMER ns; set when it is posted */
    GpAccess access;
    GpFaultType type;
    GpClient client;
} GpFault;

GpMmu *gp_mmu_new(Gp107 *gpu);
void gp_mmu_free(GpMmu *mmu);
void gp_mmu_reset(GpMmu *mmu);

/* Reads the instance block; @space->valid tells whether it names a PDB. */
void gp_mmu_bind(Gp107 *gpu, uint64_t inst, GpAperture ap, GpSpace *space);

/*
 * Through the client's TLB (GPC or hub).  True: @xlat is filled in.
 * False: @fault is (inst, va, access, type, client).
 */
bool gp_mmu_translate(Gp107 *gpu, const GpSpace *space,
                      const GpClient *client, uint64_t va, GpAccess access,
                      GpXlat *xlat, GpFault *fault);

/*
 * The memory behind a translation; @len is at most @xlat->len.  As
 * gp_mem_read() and the others; that nothing answers is no MMU fault.
 */
bool gp_xlat_read(Gp107 *gpu, const GpXlat *xlat, void *buf, uint64_t len);
bool gp_xlat_write(Gp107 *gpu, const GpXlat *xlat, const void *buf,
                   uint64_t len);
/* @size 4 or 8, @xlat->addr naturally aligned. */
bool gp_xlat_cmpxchg(Gp107 *gpu, const GpXlat *xlat, unsigned size,
                     uint64_t expected, uint64_t desired, uint64_t *old);

/*
 * Any length, across pages.  On a fault what came before it is done; the rest
 * of what is read is all ones.
 */
bool gp_mmu_read(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                 uint64_t va, void *buf, uint64_t len, GpFault *fault);
bool gp_mmu_write(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                  uint64_t va, const void *buf, uint64_t len, GpFault *fault);
bool gp_mmu_read32(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                   uint64_t va, uint32_t *val, GpFault *fault);
bool gp_mmu_write32(Gp107 *gpu, const GpSpace *space, const GpClient *client,
                    uint64_t va, uint32_t val, GpFault *fault);

/* dev_fb.h, NV_PFB_PRI_MMU_INVALIDATE_REPLAY */
typedef enum GpReplay {
    GP_REPLAY_NONE = 0,
    GP_REPLAY_START = 1,
    GP_REPLAY_START_ACK_ALL = 2,
    GP_REPLAY_CANCEL_TARGETED = 3,
    GP_REPLAY_CANCEL_GLOBAL = 4,
} GpReplay;

/* One invalidate, from the PRI registers or from MEM_OP. */
typedef struct GpInvalidate {
    bool all_pdb;
    uint64_t pdb;                   /* when !all_pdb */
    GpAperture pdb_ap;
    bool all_va;
    uint64_t va;                    /* when !all_va: its 4 KiB page */
    bool hub_only;
    GpReplay replay;
    uint8_t cancel_gpc;
    uint8_t cancel_client;
    bool cancel_hub;
} GpInvalidate;

void gp_mmu_invalidate(Gp107 *gpu, const GpInvalidate *inv);

/* Who parks accesses until a replay (GR) says so here. */
typedef struct GpReplayOps {
    void (*replay)(void *opaque);
    /* @global, or else those of one client. */
    void (*cancel)(void *opaque, bool global, uint8_t gpc, uint8_t client);
} GpReplayOps;

void gp_mmu_set_replay_ops(Gp107 *gpu, const GpReplayOps *ops, void *opaque);

/* A delayed replay that is due; called from gp107_run(). */
void gp_mmu_poll(Gp107 *gpu);

/* Walks the tables behind every TLB entry; gives how many contradict them. */
unsigned gp_mmu_compare_tlb(Gp107 *gpu);

#endif
