/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters, and the debug register block through which a guest reads them
 * without a driver.  No real board has this block; README.md documents it.
 */
#ifndef GP107_CORE_STATS_H
#define GP107_CORE_STATS_H

#include <stdint.h>

/* Order is ABI: a test in the guest reads counter n at 0x100 + 8 * n. */
#define GP_COUNTERS(X)                                                  \
    X(FAULTS_READ, "faults-read")                                       \
    X(FAULTS_WRITE, "faults-write")                                     \
    X(FAULTS_ATOMIC, "faults-atomic")                                   \
    X(FAULTS_PREFETCH, "faults-prefetch")                               \
    X(FAULTS_FATAL, "faults-fatal")                                     \
    X(FAULTS_DROPPED, "faults-dropped")     /* the buffer was full */   \
    X(FAULTS_DUPLICATE, "faults-duplicate") /* by a switch, or again */ \
    X(REPLAYS, "replays")                                               \
    X(REPLAYS_DROPPED, "replays-dropped")   /* by a switch */           \
    X(CANCELS_TARGETED, "cancels-targeted")                             \
    X(CANCELS_GLOBAL, "cancels-global")                                 \
    X(FLUSHES_ALL, "flushes-all")           /* all address spaces */    \
    X(FLUSHES_PDB, "flushes-pdb")           /* one address space */     \
    X(FLUSHES_VA, "flushes-va")             /* one address */           \
    X(FLUSHES_HUB, "flushes-hub")           /* of those: hub only */    \
    X(FLUSHES_IGNORED, "flushes-ignored")   /* by a switch */           \
    X(WALKS, "walks")                                                   \
    X(TLB_HITS, "tlb-hits")                                             \
    X(TLB_STALE_GRACE, "tlb-stale-grace")   /* within the grace time */ \
    X(TLB_STALE_LATE, "tlb-stale-late")     /* after it */              \
    X(PTE_READS_VRAM, "pte-reads-vram")                                 \
    X(PTE_READS_SYSTEM, "pte-reads-system")                             \
    X(COPY_BYTES, "copy-bytes")                                         \
    X(METHODS, "methods")                                               \
    X(INSTRUCTIONS, "instructions")         /* lane instructions */     \
    X(WARPS, "warps")                                                   \
    X(GRIDS, "grids")                                                   \
    X(CONTEXT_SWITCHES, "context-switches")                             \
    X(CHANNELS_KILLED, "channels-killed")                               \
    X(INTERRUPTS, "interrupts")                                         \
    X(UNKNOWN_REGISTERS, "unknown-registers")                           \
    X(UNKNOWN_METHODS, "unknown-methods")

typedef enum GpCounter {
#define GP_COUNTER_ENUM(name, text) GP_COUNTER_##name,
    GP_COUNTERS(GP_COUNTER_ENUM)
#undef GP_COUNTER_ENUM
    GP_COUNTER_COUNT
} GpCounter;

typedef struct GpStats {
    uint64_t counter[GP_COUNTER_COUNT];
} GpStats;

const char *gp_counter_name(GpCounter counter);

/*
 * The debug block, in BAR0.
 *   +000 R  GP_DEBUG_MAGIC
 *   +004 R  number of counters
 *   +008 W  command; R: the last one
 *   +00c R  result of the last command
 *   +010 RW control of the misbehaviour switches: index, see GpSwitch
 *   +014 RW the value of the switch selected at +010
 *   +018 R  instructions the CPUs have executed: low word (latches the high
 *           one), high; 0 if the host does not count them
 *   +100 R  counter n at +100 + 8 * n: low word (latches the high one), high
 */
#define GP_DEBUG_BASE       0xf00000
#define GP_DEBUG_SIZE       0x001000
#define GP_DEBUG_MAGIC      0x44375047      /* "GP7D" */
#define GP_DEBUG_COMMAND    0x008
#define GP_DEBUG_RESULT     0x00c
#define GP_DEBUG_SWITCH     0x010
#define GP_DEBUG_VALUE      0x014
#define GP_DEBUG_INSTRUCTIONS 0x018
#define GP_DEBUG_COUNTERS   0x100

typedef enum GpDebugCommand {
    GP_DEBUG_NOP,
    GP_DEBUG_RESET,                 /* all counters to 0; result 0 */
    GP_DEBUG_COMPARE_TLB,           /* result: entries that lie */
    GP_DEBUG_IDLE,                  /* result: 1 when no engine has work */
} GpDebugCommand;

#endif
