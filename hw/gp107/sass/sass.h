/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SASS interpreter for SM 6.1 (the instruction set of SM 5.x and 6.x).
 *
 * The interpreter knows warps, registers and instructions, and nothing of
 * the GPU around it: memory, code and constants come through SassOps.
 *
 * A memory instruction is restartable.  Every active lane is translated
 * first; only when all of them did is anything read, written or modified.
 * When one did not, the warp stays at the instruction with no change to its
 * registers, so that it can be run again after a replay.
 */
#ifndef GP107_SASS_H
#define GP107_SASS_H

#include <stdbool.h>
#include <stdint.h>

#define SASS_WARP_LANES 32
#define SASS_REGS 255               /* R0..R254; R255 is RZ */
#define SASS_PREDS 7                /* P0..P6; P7 is PT */

typedef enum SassAccess {
    SASS_READ,
    SASS_WRITE,
    SASS_ATOMIC,
} SassAccess;

typedef enum SassAtomOp {
    SASS_ATOM_ADD,
    SASS_ATOM_MIN,
    SASS_ATOM_MAX,
    SASS_ATOM_INC,
    SASS_ATOM_DEC,
    SASS_ATOM_AND,
    SASS_ATOM_OR,
    SASS_ATOM_XOR,
    SASS_ATOM_EXCH,
    SASS_ATOM_CAS,
    SASS_ATOM_SAFEADD,
} SassAtomOp;

typedef enum SassAtomType {
    SASS_TYPE_U32,
    SASS_TYPE_S32,
    SASS_TYPE_U64,
    SASS_TYPE_S64,
    SASS_TYPE_F32,
    SASS_TYPE_F16X2,
    SASS_TYPE_F64,
} SassAtomType;

/* Where one lane's access landed; filled by translate, opaque to SASS. */
typedef struct SassPhys {
    uint64_t addr;
    uint32_t aperture;
} SassPhys;

/*
 * Services of the SM around the interpreter.  None may call back into it.
 * Sizes are 1, 2, 4, 8 or 16 bytes; addresses are naturally aligned (the
 * interpreter traps a misaligned access before it asks).
 */
typedef struct SassOps {
    /*
     * Translates @va in the context's address space.  False: the access
     * faulted and the service has taken note of it; the interpreter goes on
     * with the other lanes, so that one instruction can raise many faults,
     * and then parks the warp.
     */
    bool (*translate)(void *opaque, uint64_t va, unsigned size,
                      SassAccess access, SassPhys *phys);
    void (*read)(void *opaque, const SassPhys *phys, void *buf,
                 unsigned size);
    void (*write)(void *opaque, const SassPhys *phys, const void *buf,
                  unsigned size);
    /*
     * One indivisible read-modify-write of 4 or 8 bytes. @operand is the new
     * value or operand; @compare is used by CAS alone.  Gives the old value.
     */
    uint64_t (*atomic)(void *opaque, const SassPhys *phys, SassAtomOp op,
                       SassAtomType type, uint64_t operand,
                       uint64_t compare);
    /* Constant bank @bank at byte @offset (a multiple of 4).  False: fault. */
    bool (*constant)(void *opaque, unsigned bank, uint32_t offset,
                     uint32_t *value);
    /* Code word at @pc (a byte offset from CODE_ADDRESS).  False: fault. */
    bool (*fetch)(void *opaque, uint32_t pc, uint64_t *word);
    /* The SM's clock, for CS2R/S2R CLOCKLO and CLOCKHI. */
    uint64_t (*clock)(void *opaque);
} SassOps;

typedef enum SassState {
    SASS_READY,                     /* may be run */
    SASS_BARRIER,                   /* waits at BAR; see barrier_* */
    SASS_FAULTED,                   /* a translate or fetch failed; re-run */
    SASS_EXITED,                    /* every lane has exited */
    SASS_TRAPPED,                   /* see trap; the context is broken */
} SassState;

typedef enum SassTrap {
    SASS_TRAP_NONE,
    SASS_TRAP_ILLEGAL_INSTRUCTION,
    SASS_TRAP_ILLEGAL_ENCODING,     /* known opcode, operand out of range */
    SASS_TRAP_MISALIGNED,
    SASS_TRAP_OUT_OF_RANGE,         /* shared or local address, register */
    SASS_TRAP_STACK,                /* token stack over- or underflow */
    SASS_TRAP_BARRIER,              /* barrier index or divergent use */
} SassTrap;

typedef struct SassProgram SassProgram;
typedef struct SassWarp SassWarp;

/* What one CTA shares.  The SM owns it. */
typedef struct SassCta {
    uint32_t ctaid[3];
    uint8_t *shared;
    uint32_t shared_size;           /* bytes */
    uint32_t block[3];              /* threads in each dimension */
    uint32_t virtual_sm;            /* SR_VIRTID */
} SassCta;

/* Set up by the SM at launch. */
typedef struct SassWarpConfig {
    SassCta *cta;
    uint32_t warp;                  /* index in the CTA */
    uint32_t threads;               /* lanes in use, 1..32 */
    uint32_t entry;                 /* first pc, offset from CODE_ADDRESS */
    uint32_t regs;                  /* registers a lane, 1..255 */
    uint32_t local_size;            /* bytes a lane */
    /* Generic windows (SetShaderLocal/SharedMemoryWindow), 24-bit sized. */
    uint64_t local_window;
    uint64_t shared_window;
    uint64_t grid_id;
} SassWarpConfig;

/*
 * A program caches decoded instructions of one code segment, by pc.  The SM
 * throws it away (sass_program_flush) when the code may have changed.
 */
SassProgram *sass_program_new(void);
void sass_program_free(SassProgram *prog);
void sass_program_flush(SassProgram *prog);

SassWarp *sass_warp_new(const SassWarpConfig *cfg);
void sass_warp_free(SassWarp *warp);

SassState sass_warp_state(const SassWarp *warp);
SassTrap sass_warp_trap(const SassWarp *warp);
uint32_t sass_warp_pc(const SassWarp *warp);
const char *sass_trap_name(SassTrap trap);

/*
 * Runs at most @budget warp instructions, or until the warp can't go on.
 * A FAULTED warp tries its instruction again.  @lane_instructions is raised
 * by the number of lanes of each instruction that was completed.
 */
SassState sass_warp_run(SassWarp *warp, SassProgram *prog, const SassOps *ops,
                        void *opaque, unsigned budget,
                        uint64_t *lane_instructions);

/*
 * BAR bookkeeping: a warp in SASS_BARRIER waits at barrier index
 * sass_warp_barrier(), for sass_warp_barrier_threads() threads (0: all of the
 * CTA), or only arrives (sass_warp_barrier_arrive, BAR.ARV; the state is then
 * SASS_BARRIER too, and the SM releases it at once after counting it).
 * The SM calls sass_warp_release when the count is complete; @reduction is the
 * result for BAR.RED (0 otherwise).
 */
typedef enum SassBarrierRed {
    SASS_BAR_NONE,
    SASS_BAR_POPC,
    SASS_BAR_AND,
    SASS_BAR_OR,
} SassBarrierRed;

unsigned sass_warp_barrier(const SassWarp *warp);
unsigned sass_warp_barrier_threads(const SassWarp *warp);
bool sass_warp_barrier_arrive(const SassWarp *warp);
SassBarrierRed sass_warp_barrier_red(const SassWarp *warp);
/* Lanes at the barrier, and those of them whose predicate is true. */
unsigned sass_warp_barrier_lanes(const SassWarp *warp);
unsigned sass_warp_barrier_votes(const SassWarp *warp);
void sass_warp_release(SassWarp *warp, uint32_t reduction);

/*
 * What an atomic operation stores where @old was: for SassOps.atomic, and for
 * shared memory here.
 */
uint64_t sass_atomic_result(SassAtomOp op, SassAtomType type, uint64_t old,
                            uint64_t operand, uint64_t compare);
/* Bytes that an atomic operation of @type works on. */
unsigned sass_atomic_size(SassAtomType type);

/* One line of text for @word at @pc, for traces and tests. */
void sass_disassemble(uint64_t word, uint32_t pc, char *buf, unsigned size);

#endif
