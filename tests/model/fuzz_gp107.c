/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libFuzzer target: what a hostile guest can do, in the large and in the
 * small.  With FUZZ_CHANNEL the input starts behind a working channel, so that
 * it reaches PBDMA methods, copies, grids and SASS; without, it has registers
 * and memory only.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_ops.h"
#include "harness.h"
#include "host/fifo.h"

#define PLACES          256
#define REGIONS         9               /* of 2 MiB, for all places */
#define MAX_OPS         256
#define MAX_WORDS       2048
#define MAX_SLICES      8
#define MAX_BUDGET      2048

typedef struct Input {
    const uint8_t *data;
    size_t len;
} Input;

typedef struct Fuzz {
    Input in;
    TestGpu *t;
    TestVm *vm;
    TestChannel *ch[2];
    /* Entries and tables for each 2 MiB of the places. */
    uint64_t pde0[REGIONS], big[REGIONS], small[REGIONS];
} Fuzz;

/* BAR0 ranges where somebody answers; the rest is reached by raw accesses. */
static const struct {
    uint32_t base, size;
} ranges[] = {
    { 0x000000, 0x400 },        /* PMC */
    { 0x001000, 0x800 },        /* PBUS, PRAMIN and BAR bases */
    { 0x002000, 0x1000 },       /* PFIFO, fault units, fault buffer */
    { 0x003000, 0x100 },
    { 0x009000, 0x800 },        /* PTIMER */
    { 0x010000, 0x1000 },
    { 0x020000, 0x1000 },       /* therm, fuses, PTOP */
    { 0x022000, 0x1000 },
    { 0x040000, 0x8000 },       /* PBDMA */
    { 0x070000, 0x20 },         /* flushes */
    { 0x087000, 0x1000 },       /* SEC2 */
    { 0x088000, 0x1000 },       /* PCI mirror */
    { 0x100000, 0x1000 },       /* PFB, MMU */
    { 0x101000, 0x100 },
    { 0x104000, 0x4000 },       /* copy engines */
    { 0x10a000, 0x1000 },       /* PMU */
    { 0x120000, 0x1000 },
    { 0x17e000, 0x1000 },       /* LTC */
    { 0x300000, 0x1000 },       /* PROM */
    { 0x400000, 0x1000 },       /* PGRAPH */
    { 0x404000, 0x1000 },
    { 0x409000, 0x1000 },       /* FECS */
    { 0x41a000, 0x1000 },       /* GPCCS */
    { 0x418000, 0x1000 },
    { 0x419000, 0x1000 },
    { 0x500000, 0x4000 },
    { 0x502000, 0x1000 },
    { 0x700000, 0x1000 },       /* PRAMIN */
    { 0x800000, 0x100 },        /* channels */
    { 0x840000, 0x1000 },       /* SEC2 of GP102 and later */
    { GP_DEBUG_BASE, 0x400 },
    { 0x002a70, 0x20 },         /* the fault buffer alone */
    { 0x100c80, 0x80 },         /* invalidation alone */
    { 0x002270, 0x10 },         /* runlist submission alone */
    { 0x409500, 0x8 },          /* FECS methods alone */
};

static uint64_t number(Input *in, unsigned bytes)
{
    uint64_t val = 0;

    for (unsigned i = 0; i < bytes && in->len; i++) {
        val |= (uint64_t)*in->data++ << 8 * i;
        in->len--;
    }
    return val;
}

/* Up to @want bytes of the input as they are. */
static const uint8_t *bytes(Input *in, size_t want, size_t *len)
{
    const uint8_t *data = in->data;

    *len = want < in->len ? want : in->len;
    in->data += *len;
    in->len -= *len;
    return data;
}

static void raw_access(Fuzz *f, bool write)
{
    Gp107 *gpu = f->t->gpu;
    uint8_t how = number(&f->in, 1);
    uint32_t addr = number(&f->in, 4);
    unsigned size = 1u << (how >> 4 & 3);
    uint64_t val = write ? number(&f->in, 8) : 0;

    switch (how & 3) {
    case 0:
        addr &= GP_BAR0_SIZE - 1;
        if (write) {
            gp107_bar0_write(gpu, addr, val, size);
        } else {
            gp107_bar0_read(gpu, addr, size);
        }
        break;
    case 1:
        /* Either anywhere, or close to USERD. */
        addr &= how & 0x80 ? GP_BAR1_SIZE - 1 : 0x3ff;
        addr += how & 0x80 ? 0 : TEST_USERD_BAR1;
        if (write) {
            gp107_bar1_write(gpu, addr, val, size);
        } else {
            gp107_bar1_read(gpu, addr, size);
        }
        break;
    case 2:
        addr &= how & 0x80 ? GP_BAR3_SIZE - 1 : 0x3ff;
        addr += how & 0x80 ? 0 : TEST_FAULT_BAR2;
        if (write) {
            gp107_bar3_write(gpu, addr, val, size);
        } else {
            gp107_bar3_read(gpu, addr, size);
        }
        break;
    default:
        addr &= GP_BAR5_SIZE - 1;
        if (write) {
            gp107_bar5_write(gpu, addr, val, size);
        } else {
            gp107_bar5_read(gpu, addr, size);
        }
        break;
    }
}

static void register_access(Fuzz *f, bool write)
{
    unsigned range = number(&f->in, 1) % (sizeof(ranges) / sizeof(*ranges));
    uint32_t offset = number(&f->in, 2) % ranges[range].size & ~3u;
    uint32_t addr = ranges[range].base + offset;

    if (write) {
        test_wr(f->t, addr, number(&f->in, 4));
    } else {
        test_rd(f->t, addr);
    }
}

static void memory(Fuzz *f)
{
    unsigned ap = number(&f->in, 1);
    uint64_t addr = number(&f->in, 4);
    size_t len;
    const uint8_t *data = bytes(&f->in, number(&f->in, 1), &len);

    /* The low megabytes, where everything that the harness made lies. */
    if (ap & 1) {
        memcpy(test_mem(f->t, GP_VRAM, addr & 0x7fffff, len), data, len);
    } else {
        memcpy(test_mem(f->t, GP_SYS_COHERENT, addr & 0x7fffff, len), data,
               len);
    }
}

static void code(Fuzz *f)
{
    uint32_t offset = number(&f->in, 2) * 8u & 0xffff;
    size_t len;
    const uint8_t *data = bytes(&f->in, number(&f->in, 2), &len);

    if (f->ch[0]) {
        memcpy(test_mem(f->t, GP_VRAM, f->ch[0]->code + offset, len), data,
               len);
    }
}

static void constants(Fuzz *f)
{
    uint32_t bank = number(&f->in, 1) & 7;
    uint32_t offset = number(&f->in, 2) & 0xff00;
    size_t len;
    const uint8_t *data = bytes(&f->in, number(&f->in, 1), &len);

    if (f->ch[0]) {
        memcpy(test_mem(f->t, GP_VRAM,
                        f->ch[0]->cb + bank * 0x10000 + offset, len), data,
               len);
    }
}

/* NULL when there is none, or no room for @words in its push buffer. */
static TestChannel *channel(Fuzz *f, unsigned which, unsigned words)
{
    TestChannel *ch = f->ch[which & 1] ? f->ch[which & 1] : f->ch[0];

    if (!ch || ch->words + words + 64 > TEST_PUSH_WORDS) {
        return NULL;
    }
    return ch;
}

static void push(Fuzz *f)
{
    unsigned which = number(&f->in, 1);
    unsigned count = number(&f->in, 2) % MAX_WORDS;
    TestChannel *ch = channel(f, which, count);

    for (unsigned i = 0; i < count && f->in.len; i++) {
        uint32_t word = number(&f->in, 4);

        if (ch) {
            test_word(ch, word);
        }
    }
    if (ch) {
        test_submit(ch);
    }
}

static void method(Fuzz *f)
{
    unsigned how = number(&f->in, 1);
    unsigned mthd = number(&f->in, 2) & 0x3ffc;
    unsigned count = number(&f->in, 1) & 31;
    TestChannel *ch = channel(f, how, count + 1);

    if (ch) {
        test_header(ch, how & 8 ? TEST_NONINC : TEST_INC, how >> 4 & 7, mthd,
                    count);
    }
    while (count--) {
        uint32_t word = number(&f->in, 4);

        if (ch) {
            test_word(ch, word);
        }
    }
}

/* clc06f.h: GP_ENTRY1_PRIV says that the kernel wrote the methods. */
static void submit(TestChannel *ch, bool privileged)
{
    uint64_t va = ch->va + TEST_PUSH_OFFSET + 4 * ch->submitted;
    uint64_t count = ch->words - ch->submitted;

    ch->submitted = ch->words;
    test_gp_entry(ch, va | count << 42 | (uint64_t)privileged << 40);
}

static void launch(Fuzz *f)
{
    Input *in = &f->in;
    TestChannel *ch = channel(f, 0, 16);
    TestGrid grid = { .program = number(in, 2) * 8 };
    uint64_t qmd = 0;
    unsigned patches;

    for (int i = 0; i < 3; i++) {
        grid.grid[i] = number(in, 1);
    }
    for (int i = 0; i < 3; i++) {
        grid.block[i] = number(in, 1);
    }
    grid.regs = number(in, 1);
    grid.shared = number(in, 2);
    grid.local = number(in, 2);
    grid.barriers = 1;
    patches = number(in, 1) & 7;
    if (ch && ch->compute) {
        qmd = ch->qmd + ch->qmd_used;
        test_launch(ch, &grid);
    }
    while (patches--) {
        unsigned word = number(in, 1) & 63;
        uint32_t val = number(in, 4);

        if (qmd) {
            test_set32(f->t, GP_VRAM, qmd + 4 * word, val);
        }
    }
    if (qmd) {
        test_submit(ch);
    }
}

/* By arithmetic alone: an input may have overwritten any table. */
static uint64_t entry_of(Fuzz *f, uint64_t va, TestPage page)
{
    unsigned region = (va - FUZZ_VA) >> 21;

    switch (page) {
    case TEST_2M:
        return f->pde0[region];
    case TEST_64K:
        return f->big[region] + (va >> 16 & 31) * 8;
    default:
        return f->small[region] + (va >> 12 & 511) * 8;
    }
}

static void set_entry(Fuzz *f, uint64_t va, TestPage page, uint64_t val)
{
    test_set64(f->t, f->vm->ap, entry_of(f, va, page), val);
}

static void entry(Fuzz *f, bool pde)
{
    unsigned how = number(&f->in, 1);
    uint64_t va = FUZZ_PLACE(number(&f->in, 1));
    uint64_t val = number(&f->in, 8);

    if (!f->vm) {
        return;
    }
    if (pde) {
        test_set64(f->t, f->vm->ap, entry_of(f, va, TEST_2M) + (how & 8),
                   val);
    } else {
        set_entry(f, va, how % 3, val);
    }
}

/* Always the same memory: an input may alias as it likes. */
static void map(Fuzz *f)
{
    unsigned how = number(&f->in, 1);
    uint64_t va = FUZZ_PLACE(number(&f->in, 1));
    uint32_t flags = number(&f->in, 1) & 0xe8;
    uint64_t ap = how & 0x10 ? GP_VRAM : GP_SYS_COHERENT;

    if (f->vm) {
        set_entry(f, va, (how & 0xf) % 3,
                  0x600000 >> 4 | ap << 1 | flags | 1);
    }
}

static void serve_one(Fuzz *f, const TestFault *fault)
{
    if (fault->va >= FUZZ_VA && fault->va < FUZZ_PLACE(PLACES)) {
        set_entry(f, fault->va, TEST_4K,
                  0x700000 >> 4 | GP_SYS_COHERENT << 1 | TEST_MAP_DEFAULT | 1);
    }
}

static void serve(Fuzz *f)
{
    static const uint32_t commands[] = { 0xb, 0x13, 0x1b, 0x23, 0x1 };
    unsigned how = number(&f->in, 1);
    TestFault fault = { 0 };

    if (!f->vm) {
        return;
    }
    for (int i = 0; i < 64 && test_fault_get(f->t, &fault); i++) {
        if (how & 1) {
            serve_one(f, &fault);
        }
    }
    test_invalidate(f->vm, commands[how >> 1 & 3 ? (how >> 3) % 5 : 0] |
                           fault.client << 9 | fault.gpc << 15);
}

static void run(Fuzz *f, unsigned slices, unsigned budget)
{
    for (unsigned i = 0; i < slices; i++) {
        if (f->t->wake && f->t->wake <= f->t->now) {
            f->t->wake = 0;
        }
        if (gp107_run(f->t->gpu, budget) == GP_RUN_IDLE) {
            return;
        }
        f->t->now += 1000;
    }
}

static void bind(Fuzz *f)
{
    /* SEC2's, PMU's; FECS method 3 and 9 take it as data. */
    static const uint32_t registers[] = {
        0x087054, 0x10a480, 0x409500, 0x409b00,
    };
    unsigned which = number(&f->in, 1) & 3;

    if (f->ch[0]) {
        test_wr(f->t, registers[which],
                (which < 2 ? 0x40000000 : 0x80000000) |
                f->ch[0]->inst >> 12);
    }
}

static void step(Fuzz *f)
{
    unsigned which, slices;

    switch ((FuzzOp)(number(&f->in, 1) % FUZZ_OPS)) {
    case FUZZ_REG_WRITE:
        register_access(f, true);
        break;
    case FUZZ_REG_READ:
        register_access(f, false);
        break;
    case FUZZ_RAW_WRITE:
        raw_access(f, true);
        break;
    case FUZZ_RAW_READ:
        raw_access(f, false);
        break;
    case FUZZ_MEMORY:
        memory(f);
        break;
    case FUZZ_CODE:
        code(f);
        break;
    case FUZZ_CONST:
        constants(f);
        break;
    case FUZZ_PUSH:
        push(f);
        break;
    case FUZZ_METHOD:
        method(f);
        break;
    case FUZZ_SUBMIT:
        which = number(&f->in, 1);
        if (channel(f, which, 0)) {
            submit(channel(f, which, 0), which & 2);
        }
        break;
    case FUZZ_GP_ENTRY:
        which = number(&f->in, 1);
        if (channel(f, which, 0)) {
            test_gp_entry(channel(f, which, 0), number(&f->in, 8));
        }
        break;
    case FUZZ_LAUNCH:
        launch(f);
        break;
    case FUZZ_PTE:
        entry(f, false);
        break;
    case FUZZ_PDE:
        entry(f, true);
        break;
    case FUZZ_MAP:
        map(f);
        break;
    case FUZZ_FLUSH:
        if (f->vm) {
            test_invalidate(f->vm, number(&f->in, 4));
        }
        break;
    case FUZZ_SERVE:
        serve(f);
        break;
    case FUZZ_RUN:
        slices = number(&f->in, 1) % MAX_SLICES;
        run(f, slices, number(&f->in, 2) % MAX_BUDGET + 1);
        break;
    case FUZZ_BIND:
        bind(f);
        break;
    case FUZZ_ADVANCE:
        f->t->now += number(&f->in, 4);
        break;
    case FUZZ_RESET:
        gp107_reset(f->t->gpu);
        break;
    case FUZZ_OPS:
        break;
    }
}

/* A runlist without GR, if there is one. */
static unsigned copy_runlist(Fuzz *f)
{
    unsigned last = gp_fifo_engines(f->t->gpu) - 1;

    return gp_fifo_engine(f->t->gpu, last)->runlist;
}

static void set_up(Fuzz *f, uint8_t flags)
{
    f->vm = test_vm_new(f->t, flags & FUZZ_SYS_TABLES ? GP_SYS_COHERENT
                                                      : GP_VRAM);
    f->vm->replay = flags & FUZZ_REPLAY;
    for (unsigned i = 0; i < REGIONS; i++) {
        uint64_t va = FUZZ_VA + ((uint64_t)i << 21);

        f->pde0[i] = test_vm_pte(f->vm, va, TEST_2M);
        f->big[i] = test_vm_pte(f->vm, va, TEST_64K);
        f->small[i] = test_vm_pte(f->vm, va, TEST_4K);
    }
    f->ch[0] = test_channel_new(f->vm, TEST_RUNLIST_GR);
    test_compute_setup(f->ch[0]);
    /* cb0's first pointers are places, so that a kernel finds memory. */
    for (int i = 0; i < 2; i++) {
        test_set64(f->t, GP_VRAM, f->ch[0]->cb + 8 * i, FUZZ_PLACE(i));
    }
    if (flags & FUZZ_CE) {
        f->ch[1] = test_channel_new(f->vm, copy_runlist(f));
    }
    test_submit(f->ch[0]);
    test_run(f->t);
}

/*
 * The last input's machine when it is built alike: a new one costs more than
 * most inputs do.
 */
static TestGpu *machine(const GpConfig *cfg)
{
    static TestGpu *last;
    static GpConfig built;

    if (last && built.tpcs == cfg->tpcs &&
        built.one_runlist == cfg->one_runlist &&
        built.fault_entries == cfg->fault_entries) {
        test_gpu_recycle(last, cfg);
        return last;
    }
    if (last) {
        test_gpu_free(last);
    }
    built = *cfg;
    last = test_gpu_new(cfg);
    return last;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Fuzz f = { .in = { data, size } };
    uint8_t flags = number(&f.in, 1);
    uint8_t choice = number(&f.in, 1);
    GpConfig cfg;

    gp107_config_init(&cfg);
    cfg.vram_size = 64 << 20;
    cfg.tpcs = choice % GP_MAX_TPCS + 1;
    cfg.one_runlist = flags & FUZZ_ONE_LIST;
    if (flags & FUZZ_SMALL_BUF) {
        cfg.fault_entries = 4;
    }
    if (flags & FUZZ_SWITCHES) {
        cfg.switches[(choice >> 2) % GP_SWITCH_COUNT] =
            1 + (choice >> 5 & 3);
    }
    cfg.fault_report_ns = choice & 0x80 ? 5000 : 0;
    f.t = machine(&cfg);
    if (flags & FUZZ_CHANNEL) {
        set_up(&f, flags);
    }
    for (int i = 0; i < MAX_OPS && f.in.len; i++) {
        step(&f);
    }
    run(&f, MAX_SLICES, MAX_BUDGET);
    return 0;
}
