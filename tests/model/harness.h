/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for the model's core: memory, a clock, an interrupt pin, and a
 * small driver that sets things up through registers as a real one would.
 *
 * A test is one program, test_<block>.c, with GLib's g_test_init(),
 * g_test_add_func() and g_test_run(); tests/model/Makefile finds it, builds it
 * with sanitizers and runs it.  Each case takes a machine of its own:
 *
 *     TestGpu *t = test_gpu_new(NULL);
 *     TestVm *vm = test_vm_new(t, GP_VRAM);
 *     uint64_t page = test_sys_alloc(t, 0x1000, 0x1000);
 *
 *     test_vm_map(vm, 0x10000, GP_SYS_COHERENT, page, 0x1000, TEST_4K, 0);
 *     TestChannel *ch = test_channel_new(vm, TEST_RUNLIST_GR);
 *     test_mthd(ch, 0, 0x10, 4, 0, 0x10000, 42, 0x01000002);
 *     test_submit(ch);
 *     test_run(t);
 *     g_assert_cmphex(test_mem32(t, GP_SYS_COHERENT, page), ==, 42);
 *     test_gpu_free(t);
 *
 * Everything that hangs on a machine is freed with it.  The harness uses no
 * GLib, so that the fuzzer can use it; its own failures abort with a message.
 * It knows the GPU's formats from the documents and shares nothing with the
 * model but the headers: it is the second opinion.
 */
#ifndef TESTS_MODEL_HARNESS_H
#define TESTS_MODEL_HARNESS_H

#include <stddef.h>

#include "gp107.h"
#include "core/gpu.h"
#include "mem/fault.h"
#include "mem/mmu.h"

#define TEST_SYS_SIZE   0x04000000u         /* system memory at bus address 0 */
#define TEST_HIGH_BASE  0x240000000ull      /* and some above 4 GiB */
#define TEST_HIGH_SIZE  0x00100000u

typedef struct TestGpu TestGpu;
typedef struct TestVm TestVm;
typedef struct TestChannel TestChannel;

/* One write by DMA, when recording is on. */
typedef struct TestWrite {
    uint64_t addr;
    uint64_t len;
    uint8_t data[32];                       /* the first bytes of it */
} TestWrite;

struct TestGpu {
    Gp107 *gpu;
    GpHost outer;                           /* test_gpu_new_host() */
    uint8_t *vram;
    uint64_t vram_size;
    uint64_t vram_end;                      /* of what is allocated from it */
    uint8_t *sys;                           /* bus address 0 */
    uint8_t *high;                          /* TEST_HIGH_BASE */

    uint64_t now;                           /* ns; test_advance() moves it */
    uint64_t instructions;                  /* what the CPUs executed */
    bool irq;                               /* the pin */
    unsigned irq_rises;
    unsigned kicks;
    uint64_t wake;                          /* earliest wake_at; 0 none */

    bool own_vram;                          /* mapped here */
    bool print_log;                         /* $TEST_LOG is set */
    unsigned logs[GP_LOG_TRACE + 1];        /* messages by level */
    char last_log[256];                     /* of level UNKNOWN or GUEST */

    bool record;                            /* keep DMA writes in order */
    TestWrite *writes;
    size_t n_writes;

    uint64_t vram_next, sys_next;           /* allocators */
    TestVm *bar1, *bar2;                    /* set up by test_host_setup() */
    uint64_t fault_buffer;                  /* in VRAM */
    uint32_t fault_entries;
    uint32_t fault_get;
    uint64_t userd;                         /* of channel 0, in VRAM */
    unsigned n_channels;
    TestVm *vms;
    TestChannel *channels;
};

/* NULL: gp107_config_init()'s configuration, with 64 MiB of VRAM. */
TestGpu *test_gpu_new(const GpConfig *cfg);
/*
 * In a larger machine: @outer, if not NULL, has the memory at bus addresses
 * that the harness has none at, and may have the time and want the logs (its
 * other members are not used).  With cfg->vram VRAM is the caller's memory.
 */
TestGpu *test_gpu_new_host(const GpConfig *cfg, const GpHost *outer);
void test_gpu_free(TestGpu *t);
/*
 * As if freed and made anew with @cfg, which may differ in what a running GPU
 * can change; cheap.  gp107_reset() must leave nothing behind.
 */
void test_gpu_recycle(TestGpu *t, const GpConfig *cfg);

/* Aborts with a message; TEST_CHECK for what the harness itself relies on. */
void test_fail(const char *fmt, ...)
    __attribute__((noreturn, format(printf, 1, 2)));
#define TEST_CHECK(x) \
    do { \
        if (!(x)) { \
            test_fail("%s:%d: %s", __FILE__, __LINE__, #x); \
        } \
    } while (0)

/* Registers. */
uint32_t test_rd(TestGpu *t, uint32_t addr);
void test_wr(TestGpu *t, uint32_t addr, uint32_t val);
uint64_t test_counter(TestGpu *t, GpCounter counter);

/*
 * Memory, directly (not through the model).  test_mem() gives the host's
 * pointer to @len bytes, and aborts when there is no such memory.
 */
void *test_mem(TestGpu *t, GpAperture ap, uint64_t addr, uint64_t len);
uint32_t test_mem32(TestGpu *t, GpAperture ap, uint64_t addr);
uint64_t test_mem64(TestGpu *t, GpAperture ap, uint64_t addr);
void test_set32(TestGpu *t, GpAperture ap, uint64_t addr, uint32_t val);
void test_set64(TestGpu *t, GpAperture ap, uint64_t addr, uint64_t val);
/* Zeroed memory; never given back. */
uint64_t test_vram_alloc(TestGpu *t, uint64_t size, uint64_t align);
uint64_t test_sys_alloc(TestGpu *t, uint64_t size, uint64_t align);
uint64_t test_alloc(TestGpu *t, GpAperture ap, uint64_t size, uint64_t align);

/* Time.  test_advance() stops at each wake_at on its way and runs. */
void test_advance(TestGpu *t, uint64_t ns);
/*
 * Runs while there is work.  While the model only polls, the clock goes on
 * 10 us a round, and after TEST_POLLS rounds that changed nothing GP_RUN_POLL
 * is the answer: something waits for ever (or for the test).
 */
#define TEST_POLLS 200
GpRun test_run(TestGpu *t);

/* ------------------------------------------------------ address spaces */

typedef enum TestPage {
    TEST_4K,
    TEST_64K,
    TEST_2M,
} TestPage;

/* gp100-mmu-format.pdf: bits of a PTE; bit positions of uvm_pascal_mmu.c. */
#define TEST_MAP_VOLATILE   (1u << 3)
#define TEST_MAP_PRIV       (1u << 5)
#define TEST_MAP_RO         (1u << 6)
#define TEST_MAP_NO_ATOMIC  (1u << 7)
#define TEST_MAP_DEFAULT    TEST_MAP_VOLATILE

struct TestVm {
    TestGpu *t;
    GpAperture ap;                          /* where its tables lie */
    uint64_t pdb;
    uint64_t limit;
    uint64_t channels;                      /* where its channels' own lie */
    bool replay;                            /* instance blocks say so */
    TestVm *next;
};

TestVm *test_vm_new(TestGpu *t, GpAperture tables);
/* Writes PTEs, and tables as needed.  Does not flush. */
void test_vm_map(TestVm *vm, uint64_t va, GpAperture ap, uint64_t pa,
                 uint64_t len, TestPage page, uint32_t flags);
void test_vm_unmap(TestVm *vm, uint64_t va, uint64_t len, TestPage page);
/* Address of the entry that maps @va (tables are made), in vm->ap. */
uint64_t test_vm_pte(TestVm *vm, uint64_t va, TestPage page);
/* Address of PDE level 3..0 on the way to @va; level 0 has 16 bytes. */
uint64_t test_vm_pde(TestVm *vm, uint64_t va, unsigned level);
/* Allocates memory in @ap and maps it at @va with 4K pages; gives its pa. */
uint64_t test_vm_fill(TestVm *vm, uint64_t va, GpAperture ap, uint64_t len);
/* PDB and limit words of an instance block (dev_ram.ref, RAMIN). */
void test_vm_instance(TestVm *vm, GpAperture ap, uint64_t inst);
/* A new instance block for @vm, bound; for tests of the MMU by itself. */
GpSpace test_vm_space(TestVm *vm);

/* 100cb8/100cec/100cbc as nouveau writes them; @bits go into 100cbc. */
void test_invalidate(TestVm *vm, uint32_t bits);
void test_vm_flush(TestVm *vm);             /* all addresses of this PDB */
void test_replay(TestVm *vm);               /* 8000000b: flush and replay */

/* -------------------------------------------------------------- driver */

/*
 * BAR1 and BAR2 with page tables, USERD, the fault buffer, interrupts on, GR
 * made ready (in place of its firmware).  test_channel_new() calls it.
 */
void test_host_setup(TestGpu *t);

#define TEST_RUNLIST_GR 0
#define TEST_GPFIFO_VA  0x8000000000ull     /* TestVm.channels; 40 bits */
#define TEST_CHANNEL_SIZE 0x1000000         /* of a channel's own */
#define TEST_GP_ENTRIES 512
#define TEST_PUSH_OFFSET 0x100000           /* from a channel's own va */
#define TEST_PUSH_WORDS 0x8000
#define TEST_SEM_OFFSET 0x200000            /* a page of semaphores */
#define TEST_CODE_OFFSET 0x300000           /* compute: 512 KiB of code */
#define TEST_CB_OFFSET  0x400000            /* compute: 8 x 64 KiB */
#define TEST_QMD_OFFSET 0x500000            /* compute: 64 KiB */
#define TEST_USERD_BAR1 0x00100000          /* USERD of channel 0, in BAR1 */
#define TEST_FAULT_BAR2 0x00100000          /* fault buffer, in BAR2 */

struct TestChannel {
    TestGpu *t;
    TestVm *vm;
    unsigned id;
    unsigned runlist;
    uint64_t inst;                          /* in VRAM */
    uint64_t userd;                         /* in VRAM */
    uint64_t va;                            /* of its own things, see above */
    uint64_t gpfifo, push, sem, code, cb, qmd;  /* their VRAM addresses */
    uint32_t gp_put;
    uint32_t words, submitted;              /* in the push buffer */
    uint32_t code_used, qmd_used;
    uint32_t sequence;                      /* of the last fence */
    bool compute;
    TestChannel *next;
};

/* RAMFC, GPFIFO, bind, enable, and a new runlist with it. */
TestChannel *test_channel_new(TestVm *vm, unsigned runlist);
/* Submits the runlist of all its channels again. */
void test_runlist_commit(TestGpu *t, unsigned runlist);
/* 800004: what the driver sees; true while enabled. */
bool test_channel_enabled(TestChannel *ch);

/* clc06f.h, DMA method formats: words into the push buffer. */
typedef enum TestOp {
    TEST_INC = 1,
    TEST_NONINC = 3,
    TEST_IMMD = 4,
    TEST_ONEINC = 5,
} TestOp;

void test_word(TestChannel *ch, uint32_t word);
void test_header(TestChannel *ch, TestOp op, unsigned subchannel,
                 unsigned method, unsigned count_or_data);
/* Incrementing; @count uint32_t values follow. */
void test_mthd(TestChannel *ch, unsigned subchannel, unsigned method,
               unsigned count, ...);
void test_words(TestChannel *ch, const uint32_t *words, size_t count);
/* A GPFIFO entry for the words since the last one, and the kick. */
void test_submit(TestChannel *ch);
/*
 * A method of a software class stops its PBDMA with interrupt DEVICE; a driver
 * acts on it, puts a NOP in its place and goes on.  So does this, for every
 * PBDMA; gives how many there were, and the last one's class or data.
 */
unsigned test_software_methods(TestGpu *t, uint32_t *data);
/* A raw GPFIFO entry, and the kick. */
void test_gp_entry(TestChannel *ch, uint64_t entry);
void test_kick(TestChannel *ch);
uint32_t test_gp_get(TestChannel *ch);      /* USERD 88, as written back */

/*
 * Host semaphore release (clc06f.h SEMAPHOREA..D) of the next sequence
 * number at TEST_SEM_OFFSET; test_fence_done() looks.
 */
void test_fence(TestChannel *ch);
bool test_fence_done(TestChannel *ch);
/* submit, run; true: the fence came. */
bool test_finish(TestChannel *ch);

/* ------------------------------------------------------------- compute */

typedef struct TestGrid {
    uint32_t program;                       /* offset from CODE_ADDRESS */
    uint32_t grid[3];
    uint32_t block[3];
    uint32_t regs;
    uint32_t shared;
    uint32_t local;
    uint32_t barriers;
} TestGrid;

/* Binds c1c0 on subchannel 1 and c197 on 0, sets code and windows. */
void test_compute_setup(TestChannel *ch);
/* Copies code into the code segment; gives its offset. */
uint32_t test_compute_code(TestChannel *ch, const void *code, size_t len);
/* 256 bytes; constant buffers 0 and 7 as Mesa uses them (TEST_CB_OFFSET). */
void test_qmd(TestChannel *ch, const TestGrid *grid, uint32_t qmd[64]);
/* cb0 = @args with three zero words of global offset behind, cb7 = sizes. */
void test_compute_args(TestChannel *ch, const TestGrid *grid,
                       const void *args, size_t len);
/* Places a QMD and pushes its launch and a WFI; test_finish() comes next. */
void test_launch(TestChannel *ch, const TestGrid *grid);

/* -------------------------------------------------------------- faults */

/* clb069 fault buffer entry, as nouveau_svm and uvm_pascal_fault_buffer.c. */
typedef struct TestFault {
    uint64_t inst;
    uint64_t va;
    uint64_t time;
    uint32_t engine;
    bool valid;
    uint8_t gpc, client, access, type;
    bool hub;
} TestFault;

/* Entries between GET and PUT. */
unsigned test_faults_pending(TestGpu *t);
/* Takes the next entry: clears its valid bit, moves GET. */
bool test_fault_get(TestGpu *t, TestFault *fault);
/*
 * Drains, calls @serve for each fault, replays, runs, until nothing is left;
 * gives the number of faults.  @serve false: gives up (no replay).
 */
typedef bool (*TestServe)(TestVm *vm, const TestFault *fault, void *opaque);
unsigned test_serve_faults(TestVm *vm, TestServe serve, void *opaque);
/* A TestServe: fresh zeroed system memory, read-write, at the page. */
bool test_serve_zero(TestVm *vm, const TestFault *fault, void *opaque);

/* A file of tests/model/golden; free() it. */
void *test_golden(const char *name, size_t *len);

#endif
