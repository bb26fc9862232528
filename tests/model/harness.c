/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See harness.h.  Formats: gp100-mmu-format.pdf (page tables), clc06f.h
 * (GPFIFO and methods), clc1c0qmd.h (QMD), dev_ram.ref (instance block,
 * RAMFC, runlist), hwref gp100 dev_fb.h and dev_fault.h (invalidate, faults).
 */
#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "gr/gr.h"

#define FIRST_ALLOC     0x100000
#define RUN_BUDGET      4096
#define RUN_SLICES      200000
#define POLL_NS         10000
#define SERVE_ROUNDS    100000
#define MAX_CHANNELS    128
#define CONTEXT_OFFSET  0x600000
#define PBDMAS          8
#define INTR_DEVICE     (1u << 23)          /* PBDMA, INTR_0 */
#define CODE_SIZE       0x80000
#define CB_SIZE         0x10000
#define QMD_SIZE        0x10000

void test_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fflush(stdout);
    fprintf(stderr, "harness: ");
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n");
    va_end(args);
    abort();
}

/* -------------------------------------------------- what the host offers */

static uint8_t *bus(TestGpu *t, uint64_t addr, uint64_t len)
{
    if (addr < TEST_SYS_SIZE && len <= TEST_SYS_SIZE - addr) {
        return t->sys + addr;
    }
    if (addr >= TEST_HIGH_BASE && addr - TEST_HIGH_BASE < TEST_HIGH_SIZE &&
        len <= TEST_HIGH_SIZE - (addr - TEST_HIGH_BASE)) {
        return t->high + (addr - TEST_HIGH_BASE);
    }
    return NULL;
}

static bool host_dma_read(void *opaque, uint64_t addr, void *buf, uint64_t len)
{
    TestGpu *t = opaque;
    uint8_t *mem = bus(t, addr, len);

    if (!mem) {
        return t->outer.dma_read &&
               t->outer.dma_read(t->outer.opaque, addr, buf, len);
    }
    memcpy(buf, mem, len);
    return true;
}

static bool host_dma_write(void *opaque, uint64_t addr, const void *buf,
                           uint64_t len)
{
    TestGpu *t = opaque;
    uint8_t *mem = bus(t, addr, len);

    if (!mem) {
        return t->outer.dma_write &&
               t->outer.dma_write(t->outer.opaque, addr, buf, len);
    }
    memcpy(mem, buf, len);
    if (t->record) {
        TestWrite *write;

        t->writes = realloc(t->writes, (t->n_writes + 1) * sizeof(*write));
        TEST_CHECK(t->writes);
        write = &t->writes[t->n_writes++];
        memset(write, 0, sizeof(*write));
        write->addr = addr;
        write->len = len;
        memcpy(write->data, buf,
               len < sizeof(write->data) ? len : sizeof(write->data));
    }
    return true;
}

static bool host_dma_cmpxchg(void *opaque, uint64_t addr, unsigned size,
                             uint64_t expected, uint64_t desired,
                             uint64_t *old)
{
    TestGpu *t = opaque;
    uint8_t *mem = bus(t, addr, size);

    TEST_CHECK(size == 4 || size == 8);
    TEST_CHECK(addr % size == 0);
    if (!mem) {
        return t->outer.dma_cmpxchg &&
               t->outer.dma_cmpxchg(t->outer.opaque, addr, size, expected,
                                    desired, old);
    }
    *old = 0;
    memcpy(old, mem, size);
    if (size == 4) {
        expected = (uint32_t)expected;
    }
    if (*old == expected) {
        memcpy(mem, &desired, size);
    }
    return true;
}

static void host_irq(void *opaque, bool level)
{
    TestGpu *t = opaque;

    t->irq_rises += level && !t->irq;
    t->irq = level;
}

static uint64_t host_time_ns(void *opaque)
{
    TestGpu *t = opaque;

    return t->outer.time_ns ? t->outer.time_ns(t->outer.opaque) : t->now;
}

static uint64_t host_instructions(void *opaque)
{
    return ((TestGpu *)opaque)->instructions;
}

static void host_kick(void *opaque)
{
    ((TestGpu *)opaque)->kicks++;
}

static void host_wake_at(void *opaque, uint64_t ns)
{
    TestGpu *t = opaque;

    if (!t->wake || ns < t->wake) {
        t->wake = ns;
    }
}

static void host_log(void *opaque, GpLogLevel level, const char *text)
{
    TestGpu *t = opaque;

    t->logs[level]++;
    if (level != GP_LOG_TRACE) {
        snprintf(t->last_log, sizeof(t->last_log), "%s", text);
    }
    if (t->outer.log) {
        t->outer.log(t->outer.opaque, level, text);
    } else if (t->print_log) {
        fprintf(stderr, "# gp107: %s\n", text);
    }
}

/* ------------------------------------------------------------ the machine */

static void *map_zero(uint64_t size)
{
    void *mem = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    TEST_CHECK(mem != MAP_FAILED);
    return mem;
}

static void start_over(TestGpu *t)
{
    t->vram_next = FIRST_ALLOC;
    t->vram_end = t->vram_size;
    t->sys_next = FIRST_ALLOC;
    t->now = 1000000;
}

TestGpu *test_gpu_new(const GpConfig *cfg)
{
    return test_gpu_new_host(cfg, NULL);
}

TestGpu *test_gpu_new_host(const GpConfig *cfg, const GpHost *outer)
{
    TestGpu *t = calloc(1, sizeof(*t));
    GpHost host = {
        .opaque = t,
        .dma_read = host_dma_read,
        .dma_write = host_dma_write,
        .dma_cmpxchg = host_dma_cmpxchg,
        .irq = host_irq,
        .time_ns = host_time_ns,
        .instructions = host_instructions,
        .kick = host_kick,
        .wake_at = host_wake_at,
        .log = host_log,
    };
    const char *error = NULL;
    GpConfig config;

    TEST_CHECK(t);
    if (cfg) {
        config = *cfg;
    } else {
        gp107_config_init(&config);
        config.vram_size = 64 << 20;
    }
    if (outer) {
        t->outer = *outer;
    }
    t->print_log = getenv("TEST_LOG");
    t->vram_size = config.vram_size;
    t->own_vram = !config.vram;
    t->vram = t->own_vram ? map_zero(t->vram_size) : config.vram;
    t->sys = map_zero(TEST_SYS_SIZE);
    t->high = map_zero(TEST_HIGH_SIZE);
    start_over(t);
    config.vram = t->vram;
    t->gpu = gp107_new(&host, &config, &error);
    if (!t->gpu) {
        test_fail("gp107_new: %s", error ? error : "no reason given");
    }
    return t;
}

static void free_lists(TestGpu *t)
{
    TestChannel *ch;
    TestVm *vm;

    while ((ch = t->channels)) {
        t->channels = ch->next;
        free(ch);
    }
    while ((vm = t->vms)) {
        t->vms = vm->next;
        free(vm);
    }
    free(t->writes);
}

void test_gpu_free(TestGpu *t)
{
    gp107_free(t->gpu);
    free_lists(t);
    if (t->own_vram) {
        munmap(t->vram, t->vram_size);
    }
    munmap(t->sys, TEST_SYS_SIZE);
    munmap(t->high, TEST_HIGH_SIZE);
    free(t);
}

/* Pages that were given out stay; the rest goes back to the kernel. */
static void clear(uint8_t *mem, uint64_t size, uint64_t used)
{
    uint64_t whole = (used + 0xfff) & ~0xfffull;

    memset(mem, 0, whole);
    TEST_CHECK(!madvise(mem + whole, size - whole, MADV_DONTNEED));
}

void test_gpu_recycle(TestGpu *t, const GpConfig *cfg)
{
    TestGpu fresh = {
        .gpu = t->gpu,
        .outer = t->outer,
        .vram = t->vram,
        .own_vram = t->own_vram,
        .vram_size = t->vram_size,
        .sys = t->sys,
        .high = t->high,
        .print_log = t->print_log,
    };
    void *vram = t->gpu->cfg.vram;

    TEST_CHECK(cfg->vram_size == t->vram_size);
    free_lists(t);
    clear(t->vram, t->vram_size, t->vram_next);
    clear(t->sys, TEST_SYS_SIZE, t->sys_next);
    clear(t->high, TEST_HIGH_SIZE, 0);
    *t = fresh;
    start_over(t);
    t->gpu->cfg = *cfg;
    t->gpu->cfg.vram = vram;
    memset(&t->gpu->stats, 0, sizeof(t->gpu->stats));
    gp107_reset(t->gpu);
    t->kicks = 0;
    t->wake = 0;
}

uint32_t test_rd(TestGpu *t, uint32_t addr)
{
    return gp107_bar0_read(t->gpu, addr, 4);
}

void test_wr(TestGpu *t, uint32_t addr, uint32_t val)
{
    gp107_bar0_write(t->gpu, addr, val, 4);
}

uint64_t test_counter(TestGpu *t, GpCounter counter)
{
    return t->gpu->stats.counter[counter];
}

void *test_mem(TestGpu *t, GpAperture ap, uint64_t addr, uint64_t len)
{
    void *mem = NULL;

    if (ap == GP_VRAM) {
        if (addr < t->vram_size && len <= t->vram_size - addr) {
            mem = t->vram + addr;
        }
    } else if (ap != GP_PEER) {
        mem = bus(t, addr, len);
    }
    if (!mem) {
        test_fail("no memory at aperture %d, %#llx", ap,
                  (unsigned long long)addr);
    }
    return mem;
}

uint32_t test_mem32(TestGpu *t, GpAperture ap, uint64_t addr)
{
    uint32_t val;

    memcpy(&val, test_mem(t, ap, addr, 4), 4);
    return val;
}

uint64_t test_mem64(TestGpu *t, GpAperture ap, uint64_t addr)
{
    uint64_t val;

    memcpy(&val, test_mem(t, ap, addr, 8), 8);
    return val;
}

void test_set32(TestGpu *t, GpAperture ap, uint64_t addr, uint32_t val)
{
    memcpy(test_mem(t, ap, addr, 4), &val, 4);
}

void test_set64(TestGpu *t, GpAperture ap, uint64_t addr, uint64_t val)
{
    memcpy(test_mem(t, ap, addr, 8), &val, 8);
}

static uint64_t take(uint64_t *next, uint64_t end, uint64_t size,
                     uint64_t align)
{
    uint64_t addr = (*next + align - 1) / align * align;

    if (addr > end || size > end - addr) {
        test_fail("out of memory");
    }
    *next = addr + size;
    return addr;
}

uint64_t test_vram_alloc(TestGpu *t, uint64_t size, uint64_t align)
{
    return take(&t->vram_next, t->vram_end, size, align);
}

uint64_t test_sys_alloc(TestGpu *t, uint64_t size, uint64_t align)
{
    return take(&t->sys_next, TEST_SYS_SIZE, size, align);
}

uint64_t test_alloc(TestGpu *t, GpAperture ap, uint64_t size, uint64_t align)
{
    return ap == GP_VRAM ? test_vram_alloc(t, size, align)
                         : test_sys_alloc(t, size, align);
}

GpRun test_run(TestGpu *t)
{
    GpRun run = GP_RUN_MORE;
    unsigned polls = 0;

    for (unsigned slice = 0; slice < RUN_SLICES; slice++) {
        unsigned kicks = t->kicks;

        if (t->wake && t->wake <= t->now) {
            t->wake = 0;
        }
        run = gp107_run(t->gpu, RUN_BUDGET);
        switch (run) {
        case GP_RUN_IDLE:
            if (kicks == t->kicks) {
                return run;
            }
            break;
        case GP_RUN_POLL:
            if (++polls > TEST_POLLS) {
                return run;
            }
            t->now += POLL_NS;
            break;
        case GP_RUN_MORE:
            polls = 0;
            break;
        }
    }
    return run;
}

void test_advance(TestGpu *t, uint64_t ns)
{
    uint64_t end = t->now + ns;

    while (t->wake && t->wake <= end) {
        if (t->wake > t->now) {
            t->now = t->wake;
        }
        t->wake = 0;
        gp107_run(t->gpu, RUN_BUDGET);
        if (t->wake && t->wake <= t->now) {
            t->now++;
        }
    }
    if (t->now < end) {
        t->now = end;
    }
}

/* --------------------------------------------------------- address spaces */

#define PTE_VALID       1ull

/* gp100-mmu-format.pdf, "49 Bit VA breakdown": PD3, PD2, PD1, PD0. */
static const struct {
    unsigned shift, bits;
} levels[4] = {
    { 21, 8 }, { 29, 9 }, { 38, 9 }, { 47, 2 },
};

TestVm *test_vm_new(TestGpu *t, GpAperture tables)
{
    TestVm *vm = calloc(1, sizeof(*vm));

    TEST_CHECK(vm);
    vm->t = t;
    vm->ap = tables;
    vm->pdb = test_alloc(t, tables, 0x1000, 0x1000);
    vm->limit = (1ull << 49) - 1;
    vm->channels = TEST_GPFIFO_VA;
    vm->next = t->vms;
    t->vms = vm;
    return vm;
}

/* In a PDE 0 is invalid and 1 is video memory; the others are as in a PTE. */
static uint64_t pde_bits(TestVm *vm, uint64_t table)
{
    return (table >> 4) | (vm->ap == GP_VRAM ? 1 : vm->ap) << 1 |
           (vm->ap == GP_SYS_COHERENT ? TEST_MAP_VOLATILE : 0);
}

/* The table behind the PDE at @entry; made when there is none. */
static uint64_t table_of(TestVm *vm, uint64_t entry, uint64_t size)
{
    uint64_t pde = test_mem64(vm->t, vm->ap, entry);
    uint64_t table;

    if (!(pde & PTE_VALID) && (pde & 6)) {
        return (pde & ~0xfull) << 4;
    }
    table = test_alloc(vm->t, vm->ap, size, size);
    test_set64(vm->t, vm->ap, entry, pde_bits(vm, table));
    return table;
}

uint64_t test_vm_pde(TestVm *vm, uint64_t va, unsigned level)
{
    uint64_t table = vm->pdb;

    TEST_CHECK(level < 4 && va <= vm->limit);
    for (unsigned i = 3; ; i--) {
        uint64_t index = va >> levels[i].shift &
                         ((1u << levels[i].bits) - 1);
        uint64_t entry = table + index * (i ? 8 : 16);

        if (i == level) {
            return entry;
        }
        table = table_of(vm, entry, 0x1000);
    }
}

uint64_t test_vm_pte(TestVm *vm, uint64_t va, TestPage page)
{
    uint64_t pde0 = test_vm_pde(vm, va, 0);

    switch (page) {
    case TEST_2M:
        return pde0;
    case TEST_64K:
        return table_of(vm, pde0, 0x100) + (va >> 16 & 31) * 8;
    case TEST_4K:
        if (test_mem64(vm->t, vm->ap, pde0) & PTE_VALID) {
            test_set64(vm->t, vm->ap, pde0, 0);
        }
        return table_of(vm, pde0 + 8, 0x1000) + (va >> 12 & 511) * 8;
    }
    test_fail("page size %d", page);
}

static uint64_t page_size(TestPage page)
{
    return page == TEST_4K ? 0x1000 : page == TEST_64K ? 0x10000 : 0x200000;
}

static void set_pte(TestVm *vm, uint64_t va, TestPage page, uint64_t pte)
{
    uint64_t entry = test_vm_pte(vm, va, page);

    test_set64(vm->t, vm->ap, entry, pte);
    if (page == TEST_2M) {
        test_set64(vm->t, vm->ap, entry + 8, 0);
    }
}

void test_vm_map(TestVm *vm, uint64_t va, GpAperture ap, uint64_t pa,
                 uint64_t len, TestPage page, uint32_t flags)
{
    uint64_t size = page_size(page);

    TEST_CHECK((va | pa | len) % size == 0);
    for (uint64_t off = 0; off < len; off += size) {
        set_pte(vm, va + off, page,
                (pa + off) >> 4 | flags | (uint64_t)ap << 1 | PTE_VALID);
    }
}

void test_vm_unmap(TestVm *vm, uint64_t va, uint64_t len, TestPage page)
{
    uint64_t size = page_size(page);

    TEST_CHECK((va | len) % size == 0);
    for (uint64_t off = 0; off < len; off += size) {
        set_pte(vm, va + off, page, 0);
    }
}

uint64_t test_vm_fill(TestVm *vm, uint64_t va, GpAperture ap, uint64_t len)
{
    uint64_t pa = test_alloc(vm->t, ap, len, 0x1000);

    test_vm_map(vm, va, ap, pa, len, TEST_4K,
                ap == GP_VRAM ? 0 : TEST_MAP_DEFAULT);
    return pa;
}

void test_vm_instance(TestVm *vm, GpAperture ap, uint64_t inst)
{
    /* dev_ram.ref, NV_RAMIN_PAGE_DIR_BASE: VER2 and 64 KiB big pages. */
    uint64_t base = vm->pdb | 1u << 10 | 1u << 11 | vm->ap |
                    (vm->ap == GP_SYS_COHERENT ? 1u << 2 : 0) |
                    (vm->replay ? 3u << 4 : 0);

    test_set64(vm->t, ap, inst + 0x200, base);
    test_set64(vm->t, ap, inst + 0x208, vm->limit);
}

GpSpace test_vm_space(TestVm *vm)
{
    uint64_t inst = test_vram_alloc(vm->t, 0x1000, 0x1000);
    GpSpace space;

    test_vm_instance(vm, GP_VRAM, inst);
    memset(&space, 0, sizeof(space));
    gp_mmu_bind(vm->t->gpu, inst, GP_VRAM, &space);
    TEST_CHECK(space.valid);
    return space;
}

void test_invalidate(TestVm *vm, uint32_t bits)
{
    uint64_t pdb = vm->pdb >> 12 << 4 | vm->ap;

    test_wr(vm->t, 0x100cb8, pdb);
    test_wr(vm->t, 0x100cec, pdb >> 32);
    test_wr(vm->t, 0x100cbc, 0x80000000 | bits);
}

void test_vm_flush(TestVm *vm)
{
    test_invalidate(vm, 1);
}

void test_replay(TestVm *vm)
{
    test_invalidate(vm, 0xb);
}

/* ----------------------------------------------------------------- driver */

void test_host_setup(TestGpu *t)
{
    uint64_t inst;

    if (t->bar1) {
        return;
    }
    test_wr(t, 0x000200, 0xffffffff);

    t->bar1 = test_vm_new(t, GP_VRAM);
    t->bar1->limit = GP_BAR1_SIZE - 1;
    t->userd = test_vm_fill(t->bar1, TEST_USERD_BAR1, GP_VRAM,
                            MAX_CHANNELS * 0x200);
    inst = test_vram_alloc(t, 0x1000, 0x1000);
    test_vm_instance(t->bar1, GP_VRAM, inst);
    test_wr(t, 0x001704, 0x80000000 | inst >> 12);

    t->bar2 = test_vm_new(t, GP_VRAM);
    t->bar2->limit = GP_BAR3_SIZE - 1;
    t->fault_entries = test_rd(t, 0x002a78);
    TEST_CHECK(t->fault_entries);
    t->fault_buffer = test_vm_fill(t->bar2, TEST_FAULT_BAR2, GP_VRAM,
                                   (t->fault_entries * 32 + 0xfff) & ~0xfffu);
    inst = test_vram_alloc(t, 0x1000, 0x1000);
    test_vm_instance(t->bar2, GP_VRAM, inst);
    test_wr(t, 0x001714, 0x80000000 | inst >> 12);

    test_wr(t, 0x002a74, 0);
    test_wr(t, 0x002a70, TEST_FAULT_BAR2);
    test_wr(t, 0x002a70, TEST_FAULT_BAR2 | 1);
    t->fault_get = test_rd(t, 0x002a7c);

    /* Every PBDMA on, its interrupts too; USERD's place; PFIFO's lines. */
    test_wr(t, 0x000204, 0xffffffff);
    for (unsigned i = 0; i < PBDMAS; i++) {
        if (test_rd(t, 0x002390 + 4 * i)) {
            test_wr(t, 0x040108 + 0x2000 * i, 0xffffffff);
            test_wr(t, 0x04010c + 0x2000 * i, 0xfffffeff);
        }
    }
    test_wr(t, 0x002254, 0x10000000 | TEST_USERD_BAR1 >> 12);
    test_wr(t, 0x002100, 0xffffffff);
    test_wr(t, 0x002140, 0x7fffffff);
    test_wr(t, 0x000160, 0xffffffff);

    /* PGRAPH: its interrupts, and Host may feed it. */
    test_wr(t, 0x40013c, 0xffffffff);
    test_wr(t, 0x400500, 0x00010001);
    gp_gr_set_ready(t->gpu, true);
}

TestChannel *test_channel_new(TestVm *vm, unsigned runlist)
{
    TestGpu *t = vm->t;
    TestChannel *ch = calloc(1, sizeof(*ch));
    uint64_t gpfifo_va;

    TEST_CHECK(ch);
    test_host_setup(t);
    TEST_CHECK(t->n_channels < MAX_CHANNELS);
    ch->t = t;
    ch->vm = vm;
    ch->id = t->n_channels++;
    ch->runlist = runlist;
    ch->inst = test_vram_alloc(t, 0x1000, 0x1000);
    ch->userd = t->userd + ch->id * 0x200;
    ch->va = vm->channels + (uint64_t)ch->id * TEST_CHANNEL_SIZE;
    ch->gpfifo = test_vm_fill(vm, ch->va, GP_VRAM, TEST_GP_ENTRIES * 8);
    ch->push = test_vm_fill(vm, ch->va + TEST_PUSH_OFFSET, GP_VRAM,
                            TEST_PUSH_WORDS * 4);
    ch->sem = test_vm_fill(vm, ch->va + TEST_SEM_OFFSET, GP_VRAM, 0x1000);
    test_vm_fill(vm, ch->va + CONTEXT_OFFSET, GP_VRAM, 0x1000);

    /* dev_ram.ref, RAMFC, with the values that nouveau gives. */
    gpfifo_va = ch->va;
    test_set64(t, GP_VRAM, ch->inst + 0x08, ch->userd);
    test_set32(t, GP_VRAM, ch->inst + 0x10, 0x0000face);
    test_set32(t, GP_VRAM, ch->inst + 0x30, 0xfffff902);
    test_set32(t, GP_VRAM, ch->inst + 0x48, gpfifo_va);
    test_set32(t, GP_VRAM, ch->inst + 0x4c, gpfifo_va >> 32 | 9 << 16);
    test_set32(t, GP_VRAM, ch->inst + 0x84, 0x20400000);
    test_set32(t, GP_VRAM, ch->inst + 0x94, 0x30000fff);
    test_set32(t, GP_VRAM, ch->inst + 0x9c, 0x00000100);
    test_set32(t, GP_VRAM, ch->inst + 0xac, 0x0000001f);
    test_set32(t, GP_VRAM, ch->inst + 0xb8, 0xf8000000);
    test_set32(t, GP_VRAM, ch->inst + 0xe4, 0x00000020);
    test_set32(t, GP_VRAM, ch->inst + 0xe8, ch->id);
    test_set32(t, GP_VRAM, ch->inst + 0xf8, 0x10003080);
    test_set32(t, GP_VRAM, ch->inst + 0xfc, 0x10000010);
    test_set64(t, GP_VRAM, ch->inst + 0x210, (ch->va + CONTEXT_OFFSET) | 4);
    test_vm_instance(vm, GP_VRAM, ch->inst);

    ch->next = t->channels;
    t->channels = ch;

    test_wr(t, 0x800000 + ch->id * 8, 0x80000000 | ch->inst >> 12);
    test_wr(t, 0x800004 + ch->id * 8,
            test_rd(t, 0x800004 + ch->id * 8) | 0x400);
    test_runlist_commit(t, runlist);
    return ch;
}

void test_runlist_commit(TestGpu *t, unsigned runlist)
{
    uint64_t list = test_vram_alloc(t, 0x1000, 0x1000);
    unsigned count = 0;

    for (TestChannel *ch = t->channels; ch; ch = ch->next) {
        if (ch->runlist != runlist) {
            continue;
        }
        /* dev_ram.ref, runlist: a group of one, then its channel. */
        test_set64(t, GP_VRAM, list + 8 * count++,
                   1u << 26 | 128 << 18 | 3 << 14 | 0x2000 | ch->id);
        test_set64(t, GP_VRAM, list + 8 * count++,
                   ch->inst >> 12 << 32 | ch->id);
    }
    test_wr(t, 0x002270, list >> 12);
    test_wr(t, 0x002274, runlist << 20 | count);
    test_run(t);
    TEST_CHECK(!(test_rd(t, 0x002284 + 8 * runlist) & 0x00100000));
}

bool test_channel_enabled(TestChannel *ch)
{
    return test_rd(ch->t, 0x800004 + ch->id * 8) & 1;
}

void test_word(TestChannel *ch, uint32_t word)
{
    TEST_CHECK(ch->words < TEST_PUSH_WORDS);
    test_set32(ch->t, GP_VRAM, ch->push + 4 * ch->words++, word);
}

void test_header(TestChannel *ch, TestOp op, unsigned subchannel,
                 unsigned method, unsigned count_or_data)
{
    TEST_CHECK(method < 0x4000 && count_or_data < 0x2000);
    test_word(ch, (uint32_t)op << 29 | count_or_data << 16 |
                  subchannel << 13 | method >> 2);
}

void test_mthd(TestChannel *ch, unsigned subchannel, unsigned method,
               unsigned count, ...)
{
    va_list args;

    test_header(ch, TEST_INC, subchannel, method, count);
    va_start(args, count);
    while (count--) {
        test_word(ch, va_arg(args, uint32_t));
    }
    va_end(args);
}

void test_words(TestChannel *ch, const uint32_t *words, size_t count)
{
    while (count--) {
        test_word(ch, *words++);
    }
}

void test_kick(TestChannel *ch)
{
    gp107_bar1_write(ch->t->gpu, TEST_USERD_BAR1 + ch->id * 0x200 + 0x8c,
                     ch->gp_put, 4);
}

void test_gp_entry(TestChannel *ch, uint64_t entry)
{
    test_set64(ch->t, GP_VRAM, ch->gpfifo + 8 * ch->gp_put, entry);
    ch->gp_put = (ch->gp_put + 1) % TEST_GP_ENTRIES;
    test_kick(ch);
}

void test_submit(TestChannel *ch)
{
    uint64_t va = ch->va + TEST_PUSH_OFFSET + 4 * ch->submitted;
    uint64_t count = ch->words - ch->submitted;

    if (!count) {
        return;
    }
    ch->submitted = ch->words;
    test_gp_entry(ch, va | count << 42);
}

/* As nouveau's gf100_runq_intr(): method 0 at 0400c0, its data behind it. */
unsigned test_software_methods(TestGpu *t, uint32_t *data)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PBDMAS; i++) {
        uint32_t base = 0x040000 + 0x2000 * i;

        if (test_rd(t, 0x002390 + 4 * i) &&
            (test_rd(t, base + 0x108) & INTR_DEVICE)) {
            *data = test_rd(t, base + 0xc4);
            test_wr(t, base + 0xc0, 0x80600008);
            test_wr(t, base + 0x108, INTR_DEVICE);
            count++;
        }
    }
    return count;
}

uint32_t test_gp_get(TestChannel *ch)
{
    return test_mem32(ch->t, GP_VRAM, ch->userd + 0x88);
}

void test_fence(TestChannel *ch)
{
    uint64_t va = ch->va + TEST_SEM_OFFSET;

    test_mthd(ch, 0, 0x10, 4, (uint32_t)(va >> 32), (uint32_t)va,
              ++ch->sequence, 0x01000002);
}

bool test_fence_done(TestChannel *ch)
{
    return test_mem32(ch->t, GP_VRAM, ch->sem) == ch->sequence;
}

bool test_finish(TestChannel *ch)
{
    test_fence(ch);
    test_submit(ch);
    test_run(ch->t);
    if (test_fence_done(ch) && ch->words > TEST_PUSH_WORDS / 2) {
        ch->words = ch->submitted = 0;
    }
    return test_fence_done(ch);
}

/* ---------------------------------------------------------------- compute */

void test_compute_setup(TestChannel *ch)
{
    uint64_t code = ch->va + TEST_CODE_OFFSET;

    ch->compute = true;
    ch->code = test_vm_fill(ch->vm, code, GP_VRAM, CODE_SIZE);
    ch->cb = test_vm_fill(ch->vm, ch->va + TEST_CB_OFFSET, GP_VRAM,
                          8 * CB_SIZE);
    ch->qmd = test_vm_fill(ch->vm, ch->va + TEST_QMD_OFFSET, GP_VRAM,
                           QMD_SIZE);
    test_mthd(ch, 0, 0x0000, 1, 0xc197);
    test_mthd(ch, 1, 0x0000, 1, 0xc1c0);
    /* SET_PROGRAM_REGION, SET_SHADER_{LOCAL,SHARED}_MEMORY_WINDOW. */
    test_mthd(ch, 1, 0x1608, 2, (uint32_t)(code >> 32), (uint32_t)code);
    test_mthd(ch, 1, 0x077c, 1, 0xff000000);
    test_mthd(ch, 1, 0x0214, 1, 0xfe000000);
}

uint32_t test_compute_code(TestChannel *ch, const void *code, size_t len)
{
    uint32_t offset = (ch->code_used + 0x7f) & ~0x7fu;

    TEST_CHECK(ch->compute && offset <= CODE_SIZE &&
               len <= CODE_SIZE - offset);
    memcpy(test_mem(ch->t, GP_VRAM, ch->code + offset, len), code, len);
    ch->code_used = offset + len;
    return offset;
}

/* @hi..@lo are bit numbers in the 2048, as clc1c0qmd.h gives them. */
static void field(uint32_t qmd[64], unsigned hi, unsigned lo, uint32_t val)
{
    unsigned word = lo / 32, shift = lo % 32, bits = hi - lo + 1;
    uint32_t mask = (bits == 32 ? ~0u : (1u << bits) - 1) << shift;

    TEST_CHECK(hi / 32 == word);
    TEST_CHECK(!(val & ~(mask >> shift)));
    qmd[word] = (qmd[word] & ~mask) | val << shift;
}

void test_qmd(TestChannel *ch, const TestGrid *grid, uint32_t qmd[64])
{
    memset(qmd, 0, 256);
    field(qmd, 134, 134, 1);            /* SM_GLOBAL_CACHING_ENABLE */
    field(qmd, 287, 256, grid->program);
    field(qmd, 366, 366, 1);            /* RELEASE_MEMBAR_TYPE */
    field(qmd, 369, 368, 1);            /* CWD_MEMBAR_TYPE */
    field(qmd, 378, 378, 1);            /* API_VISIBLE_CALL_LIMIT */
    field(qmd, 415, 384, grid->grid[0]);
    field(qmd, 431, 416, grid->grid[1]);
    field(qmd, 463, 448, grid->grid[2]);
    field(qmd, 561, 544, (grid->shared + 255) & ~255u);
    for (unsigned i = 0; i < 3; i++) {
        field(qmd, 607 + 16 * i, 592 + 16 * i, grid->block[i]);
    }
    field(qmd, 951, 928, grid->local);
    field(qmd, 959, 955, grid->barriers);
    field(qmd, 991, 984, grid->regs);
    field(qmd, 1015, 992, 0x800);       /* CRS_SIZE */
    for (unsigned i = 0; i < 8; i += 7) {
        uint64_t va = ch->va + TEST_CB_OFFSET + i * CB_SIZE;

        field(qmd, 640 + i, 640 + i, 1);
        field(qmd, 1055 + 64 * i, 1024 + 64 * i, va);
        field(qmd, 1072 + 64 * i, 1056 + 64 * i, va >> 32);
        field(qmd, 1087 + 64 * i, 1075 + 64 * i, CB_SIZE >> 4);
    }
}

void test_compute_args(TestChannel *ch, const TestGrid *grid,
                       const void *args, size_t len)
{
    uint8_t *cb0 = test_mem(ch->t, GP_VRAM, ch->cb, CB_SIZE);
    uint64_t cb7 = ch->cb + 7 * CB_SIZE;

    TEST_CHECK(len <= CB_SIZE - 12);
    memcpy(cb0, args, len);
    memset(cb0 + len, 0, 12);
    /* Mesa's grid info: block at 100, grid at 10c, 0, dimensions. */
    for (unsigned i = 0; i < 3; i++) {
        test_set32(ch->t, GP_VRAM, cb7 + 0x100 + 4 * i, grid->block[i]);
        test_set32(ch->t, GP_VRAM, cb7 + 0x10c + 4 * i, grid->grid[i]);
    }
    test_set32(ch->t, GP_VRAM, cb7 + 0x118, 0);
    test_set32(ch->t, GP_VRAM, cb7 + 0x11c, 3);
}

void test_launch(TestChannel *ch, const TestGrid *grid)
{
    uint64_t va = ch->va + TEST_QMD_OFFSET + ch->qmd_used;
    uint32_t qmd[64];

    TEST_CHECK(ch->compute);
    test_qmd(ch, grid, qmd);
    memcpy(test_mem(ch->t, GP_VRAM, ch->qmd + ch->qmd_used, 256), qmd, 256);
    ch->qmd_used = (ch->qmd_used + 256) % QMD_SIZE;
    test_mthd(ch, 1, 0x1698, 1, 0x1001);    /* INVALIDATE_SHADER_CACHES */
    test_mthd(ch, 1, 0x02b4, 1, (uint32_t)(va >> 8));
    test_mthd(ch, 1, 0x02bc, 1, 3);
    test_mthd(ch, 1, 0x0110, 1, 0);
}

/* ----------------------------------------------------------------- faults */

unsigned test_faults_pending(TestGpu *t)
{
    uint32_t put = test_rd(t, 0x002a80);

    TEST_CHECK(put < t->fault_entries);
    return (put + t->fault_entries - t->fault_get) % t->fault_entries;
}

bool test_fault_get(TestGpu *t, TestFault *fault)
{
    uint64_t addr = t->fault_buffer + 32 * t->fault_get;
    uint32_t info;

    if (!test_faults_pending(t)) {
        return false;
    }
    info = test_mem32(t, GP_VRAM, addr + 0x1c);
    fault->inst = test_mem64(t, GP_VRAM, addr);
    fault->va = test_mem64(t, GP_VRAM, addr + 8);
    fault->time = test_mem64(t, GP_VRAM, addr + 0x10);
    fault->engine = test_mem32(t, GP_VRAM, addr + 0x18);
    fault->valid = info >> 31;
    fault->gpc = info >> 24 & 0x1f;
    fault->hub = info >> 20 & 1;
    fault->access = info >> 16 & 0xf;
    fault->client = info >> 8 & 0x7f;
    fault->type = info & 0x1f;
    test_set32(t, GP_VRAM, addr + 0x1c, info & 0x7fffffff);
    t->fault_get = (t->fault_get + 1) % t->fault_entries;
    test_wr(t, 0x002a7c, t->fault_get);
    return true;
}

unsigned test_serve_faults(TestVm *vm, TestServe serve, void *opaque)
{
    unsigned count = 0;

    for (unsigned round = 0; round < SERVE_ROUNDS; round++) {
        TestFault fault;

        test_run(vm->t);
        if (!test_faults_pending(vm->t)) {
            return count;
        }
        while (test_fault_get(vm->t, &fault)) {
            TEST_CHECK(fault.valid);
            count++;
            if (!serve(vm, &fault, opaque)) {
                return count;
            }
        }
        test_replay(vm);
    }
    test_fail("faults without end");
}

bool test_serve_zero(TestVm *vm, const TestFault *fault, void *opaque)
{
    uint64_t va = fault->va & ~0xfffull;

    if (!(test_mem64(vm->t, vm->ap, test_vm_pte(vm, va, TEST_4K)) &
          PTE_VALID)) {
        test_vm_fill(vm, va, GP_SYS_COHERENT, 0x1000);
    }
    return true;
}

void *test_golden(const char *name, size_t *len)
{
    char path[512];
    uint8_t *data;
    FILE *file;
    long size;

    snprintf(path, sizeof(path), "%s/%s", TEST_GOLDEN_DIR, name);
    file = fopen(path, "rb");
    if (!file) {
        test_fail("can't open %s", path);
    }
    TEST_CHECK(!fseek(file, 0, SEEK_END));
    size = ftell(file);
    TEST_CHECK(size >= 0);
    rewind(file);
    data = malloc(size + 1);
    TEST_CHECK(data);
    TEST_CHECK(fread(data, 1, size, file) == (size_t)size);
    fclose(file);
    data[size] = 0;
    *len = size;
    return data;
}
