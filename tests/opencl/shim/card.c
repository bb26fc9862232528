/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "card.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"

#define NS              1000000000ull
#define PAGE            0x1000ull
#define BIG_PAGE        0x10000ull
#define BUDGET          4096                /* steps between two looks */
#define LOOKS           64                  /* between two at the clock */
#define CANCEL          (3 << 3 | 3)        /* of 100cbc: one client's */
#define CLIENT_SHIFT    9
#define GPC_SHIFT       15
#define GR_INTR         0x400100
#define PBDMA_INTR      0x040108
#define PBDMA_STRIDE    0x2000
#define PBDMA_MAP       0x002390
#define PBDMAS          8
#define INTR_DEVICE     (1u << 23)
#define PTIMER_LOW      0x009400
#define PTIMER_HIGH     0x009410
#define PTE_VALID       1
/* Without SVM nothing says where objects may lie. */
#define PLAIN_START     (1ull << 32)
#define PLAIN_SIZE      (1ull << 32)

struct Card {
    TestGpu *t;
    TestVm *vm;
    int file;
    uint8_t *mem;                           /* all of the file */
    uint64_t began;                         /* ns, CLOCK_MONOTONIC */
    uint64_t timeout;                       /* s for one call's pushes */
    uint64_t deadline;
    bool verbose;
    Range vram, gart, va;

    TestChannel *channel[CARD_CHANNELS];
    unsigned channels;
    bool dead;

    bool svm;
    uint64_t svm_start, svm_end;            /* what is not the process's */
    uint64_t *page;                         /* of the process, mapped now */
    size_t pages, page_room;
    bool dma_failed;
    uint64_t dma_addr;
};

void shim_say(const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    fprintf(stderr, "gp107-shim: %s\n", text);
}

/* ------------------------------------------------- what the host offers */

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS + ts.tv_nsec;
}

/* The card's own part of the process needs no guard. */
static uint8_t *own(Card *card, uint64_t addr, uint64_t len)
{
    uint64_t at = addr - CARD_BUS - (uintptr_t)card->mem;
    uint64_t size = CARD_VRAM + CARD_GART;

    return at < size && len <= size - at ? card->mem + at : NULL;
}

static bool failed(Card *card, uint64_t addr)
{
    if (!card->dma_failed) {
        card->dma_failed = true;
        card->dma_addr = addr - CARD_BUS;
    }
    return false;
}

static bool dma_read(void *opaque, uint64_t addr, void *buf, uint64_t len)
{
    Card *card = opaque;
    const uint8_t *mem = own(card, addr, len);

    if (mem) {
        memcpy(buf, mem, len);
        return true;
    }
    return (addr & CARD_BUS && guard_read(addr - CARD_BUS, buf, len)) ||
           failed(card, addr);
}

static bool dma_write(void *opaque, uint64_t addr, const void *buf,
                      uint64_t len)
{
    Card *card = opaque;
    uint8_t *mem = own(card, addr, len);

    if (mem) {
        memcpy(mem, buf, len);
        return true;
    }
    return (addr & CARD_BUS && guard_write(addr - CARD_BUS, buf, len)) ||
           failed(card, addr);
}

static bool dma_cmpxchg(void *opaque, uint64_t addr, unsigned size,
                        uint64_t expected, uint64_t desired, uint64_t *old)
{
    Card *card = opaque;

    return (addr & CARD_BUS && guard_cmpxchg(addr - CARD_BUS, size, expected,
                                             desired, old)) ||
           failed(card, addr);
}

static uint64_t host_time(void *opaque)
{
    return now_ns() - ((Card *)opaque)->began;
}

static void host_log(void *opaque, GpLogLevel level, const char *text)
{
    Card *card = opaque;

    if (level != GP_LOG_TRACE || card->verbose) {
        shim_say("model: %s", text);
    }
}

/* --------------------------------------------------------------- creation */

static uint64_t seconds(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    char *end;
    unsigned long val;

    if (!text || !*text) {
        return otherwise;
    }
    val = strtoul(text, &end, 10);
    if (*end || !val) {
        shim_say("%s=%s is no number of seconds", name, text);
        return otherwise;
    }
    return val;
}

static bool map_file(Card *card)
{
    uint64_t size = CARD_VRAM + CARD_GART;
    void *mem;

    card->file = memfd_create("gp107", MFD_CLOEXEC);
    if (card->file < 0 || ftruncate(card->file, size)) {
        shim_say("no file for the card's memory: %s", strerror(errno));
        return false;
    }
    mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
               card->file, 0);
    if (mem == MAP_FAILED) {
        shim_say("can't map the card's memory: %s", strerror(errno));
        return false;
    }
    card->mem = mem;
    return true;
}

static Card *give_up(Card *card)
{
    range_fini(&card->vram);
    range_fini(&card->gart);
    range_fini(&card->va);
    if (card->mem) {
        munmap(card->mem, CARD_VRAM + CARD_GART);
    }
    if (card->file >= 0) {
        close(card->file);
    }
    free(card);
    return NULL;
}

Card *card_new(void)
{
    Card *card = calloc(1, sizeof(*card));
    GpHost host = {
        .opaque = card,
        .dma_read = dma_read,
        .dma_write = dma_write,
        .dma_cmpxchg = dma_cmpxchg,
        .time_ns = host_time,
        .log = host_log,
    };
    GpConfig cfg;

    if (!card) {
        return NULL;
    }
    card->began = now_ns();
    card->timeout = seconds("GP107_SHIM_TIMEOUT", 600);
    card->verbose = getenv("GP107_SHIM_LOG");
    if (!map_file(card) ||
        !range_init(&card->vram, CARD_TABLES, CARD_VRAM) ||
        !range_init(&card->gart, CARD_VRAM, CARD_VRAM + CARD_GART) ||
        !range_init(&card->va, PLAIN_START, PLAIN_START + PLAIN_SIZE)) {
        return give_up(card);
    }
    gp107_config_init(&cfg);
    cfg.vram_size = CARD_VRAM;
    cfg.vram = card->mem;
    /* Nobody changes a table behind the card's back here. */
    cfg.strict_tlb = false;
    card->t = test_gpu_new_host(&cfg, &host);
    card->t->vram_end = CARD_TABLES;
    card->vm = test_vm_new(card->t, GP_VRAM);
    test_host_setup(card->t);
    return card;
}

int card_file(const Card *card)
{
    return card->file;
}

uint64_t card_time(Card *card)
{
    uint32_t low = test_rd(card->t, PTIMER_LOW);

    return (uint64_t)test_rd(card->t, PTIMER_HIGH) << 32 | low;
}

unsigned card_tpcs(const Card *card)
{
    return card->t->gpu->cfg.tpcs;
}

uint64_t card_left(const Card *card, bool vram)
{
    return range_left(vram ? &card->vram : &card->gart);
}

int card_set_svm(Card *card, uint64_t start, uint64_t size)
{
    uint64_t channels = CARD_CHANNELS * TEST_CHANNEL_SIZE;

    if (card->svm || card->channels) {
        return -EBUSY;
    }
    if ((start | size) % BIG_PAGE || size <= channels ||
        start + size < start || start + size > card->vm->limit) {
        return -EINVAL;
    }
    range_fini(&card->va);
    if (!range_init(&card->va, start, start + size - channels)) {
        return -ENOMEM;
    }
    card->vm->channels = start + size - channels;
    card->vm->replay = true;
    card->svm_start = start;
    card->svm_end = start + size;
    card->svm = true;
    return 0;
}

/* ---------------------------------------------------------------- objects */

static void map(Card *card, const CardMemory *mem)
{
    uint64_t host = CARD_BUS + (uintptr_t)card->mem + mem->offset;

    if (mem->vram) {
        test_vm_map(card->vm, mem->va, GP_VRAM, mem->offset, mem->size,
                    TEST_64K, 0);
    } else {
        test_vm_map(card->vm, mem->va, GP_SYS_COHERENT, host, mem->size,
                    TEST_4K, TEST_MAP_DEFAULT);
    }
    test_vm_flush(card->vm);
}

int card_alloc(Card *card, CardMemory *mem, uint64_t align)
{
    Range *range = mem->vram ? &card->vram : &card->gart;

    if (align < BIG_PAGE) {
        align = BIG_PAGE;
    }
    if (!mem->size || mem->size > CARD_VRAM + CARD_GART ||
        (align & (align - 1))) {
        return -EINVAL;
    }
    mem->size = (mem->size + BIG_PAGE - 1) & ~(BIG_PAGE - 1);
    if (!range_take(range, mem->size, BIG_PAGE, &mem->offset)) {
        return -ENOMEM;
    }
    if (!range_take(&card->va, mem->size, align, &mem->va)) {
        range_give(range, mem->offset, mem->size);
        return -ENOMEM;
    }
    map(card, mem);
    return 0;
}

void card_free(Card *card, const CardMemory *mem)
{
    test_vm_unmap(card->vm, mem->va, mem->size,
                  mem->vram ? TEST_64K : TEST_4K);
    test_vm_flush(card->vm);
    range_give(&card->va, mem->va, mem->size);
    range_give(mem->vram ? &card->vram : &card->gart, mem->offset, mem->size);
    /* The next owner finds zeros. */
    if (fallocate(card->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  mem->offset, mem->size)) {
        memset(card->mem + mem->offset, 0, mem->size);
    }
}

void *card_mem(Card *card, const CardMemory *mem)
{
    return card->mem + mem->offset;
}

/* --------------------------------------------------------------- channels */

int card_channel_new(Card *card)
{
    unsigned id = card->channels;

    if (card->dead) {
        return -ENODEV;
    }
    if (id == CARD_CHANNELS) {
        return -ENOSPC;
    }
    if (!card->svm) {
        card->vm->channels = PLAIN_START + PLAIN_SIZE;
    }
    card->channel[id] = test_channel_new(card->vm, TEST_RUNLIST_GR);
    return card->channels++;
}

/* Its place is not given again. */
void card_channel_free(Card *card, unsigned id)
{
    card->channel[id] = NULL;
}

int card_channel_check(Card *card, unsigned id)
{
    if (id >= CARD_CHANNELS || !card->channel[id]) {
        return -ENOENT;
    }
    return card->dead ? -ENODEV : 0;
}

/* One engine computes: a channel that it stopped in stops them all. */
static void __attribute__((format(printf, 2, 3)))
die(Card *card, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    shim_say("channel killed: %s", text);
    card->dead = true;
}

/* ----------------------------------------------------------------- faults */

static bool remember(Card *card, uint64_t page)
{
    if (card->pages == card->page_room) {
        size_t room = card->page_room ? 2 * card->page_room : 256;
        uint64_t *grown = realloc(card->page, room * sizeof(*grown));

        if (!grown) {
            return false;
        }
        card->page = grown;
        card->page_room = room;
    }
    card->page[card->pages++] = page;
    return true;
}

/* The process could do what the kernel tried: then it may, too. */
static bool serve(Card *card, const TestFault *fault)
{
    uint64_t page = fault->va & ~(PAGE - 1), pte;
    bool write = fault->access != GP_ACCESS_READ;

    if (!card->svm || page >> 47 ||
        (page >= card->svm_start && page < card->svm_end)) {
        return false;
    }
    /* Other warps may have asked for it, or for more. */
    pte = test_mem64(card->t, GP_VRAM,
                     test_vm_pte(card->vm, page, TEST_4K));
    if (pte & PTE_VALID && !(write && pte & TEST_MAP_RO)) {
        return true;
    }
    if (!guard_touch(page, write) ||
        (!(pte & PTE_VALID) && !remember(card, page))) {
        return false;
    }
    test_vm_map(card->vm, page, GP_SYS_COHERENT, CARD_BUS + page, PAGE,
                TEST_4K, TEST_MAP_DEFAULT |
                (write ? 0 : TEST_MAP_RO | TEST_MAP_NO_ATOMIC));
    return true;
}

static void serve_all(Card *card)
{
    static const char *const access[] = {
        [GP_ACCESS_READ] = "reads",
        [GP_ACCESS_WRITE] = "writes",
        [GP_ACCESS_ATOMIC] = "changes",
    };
    TestFault fault;

    if (!test_faults_pending(card->t)) {
        return;
    }
    while (test_fault_get(card->t, &fault)) {
        if (!serve(card, &fault)) {
            test_invalidate(card->vm, CANCEL |
                            (uint32_t)fault.client << CLIENT_SHIFT |
                            (uint32_t)fault.gpc << GPC_SHIFT);
            die(card, "a kernel %s memory at %#" PRIx64
                ", which the process itself may not",
                fault.access <= GP_ACCESS_ATOMIC ? access[fault.access] :
                "wants", fault.va);
            return;
        }
    }
    test_replay(card->vm);
}

static void forget_pages(Card *card)
{
    if (!card->pages) {
        return;
    }
    for (size_t i = 0; i < card->pages; i++) {
        test_vm_unmap(card->vm, card->page[i], PAGE, TEST_4K);
    }
    test_vm_flush(card->vm);
    card->pages = 0;
}

/* ---------------------------------------------------------------- running */

/* What an interrupt would tell a driver. */
static bool trouble(Card *card)
{
    TestGpu *t = card->t;
    bool pbdma = false;

    for (unsigned i = 0; i < PBDMAS; i++) {
        if (test_rd(t, PBDMA_MAP + 4 * i)) {
            pbdma |= test_rd(t, PBDMA_INTR + PBDMA_STRIDE * i) &
                     ~INTR_DEVICE;
        }
    }
    if (card->dma_failed) {
        die(card, "memory at %#" PRIx64
            " changed while a kernel was using it", card->dma_addr);
    } else if (test_counter(t, GP_COUNTER_FAULTS_FATAL) ||
               test_counter(t, GP_COUNTER_CHANNELS_KILLED) || pbdma ||
               test_rd(t, GR_INTR)) {
        die(card, "%s", t->last_log);
    }
    return card->dead;
}

/* Until there is nothing left to do, or the card is dead. */
static void run(Card *card)
{
    TestGpu *t = card->t;

    for (unsigned look = 1; ; look++) {
        unsigned kicks = t->kicks;
        uint32_t data;
        GpRun left = gp107_run(t->gpu, BUDGET);

        if (left != GP_RUN_MORE) {
            test_software_methods(t, &data);
        }
        if (card->dma_failed || left != GP_RUN_MORE) {
            if (trouble(card)) {
                return;
            }
        }
        serve_all(card);
        if (card->dead) {
            return;
        }
        if (left == GP_RUN_IDLE && kicks == t->kicks) {
            return;
        }
        if (look % LOOKS == 0 && now_ns() > card->deadline) {
            die(card, "no end after %" PRIu64 " s (GP107_SHIM_TIMEOUT)",
                card->timeout);
            return;
        }
    }
}

void card_push(Card *card, unsigned id, uint64_t va, uint64_t len)
{
    TestChannel *ch = card->channel[id];

    if (card->dead) {
        return;
    }
    test_gp_entry(ch, va | len / 4 << 42);
    run(card);
    if (!card->dead && test_gp_get(ch) != ch->gp_put) {
        die(card, "it stopped; the last the model said is: %s",
            card->t->last_log);
    }
}

void card_begin(Card *card)
{
    card->deadline = now_ns() + card->timeout * NS;
    card->dma_failed = false;
    guard_begin();
}

void card_end(Card *card)
{
    guard_end();
    forget_pages(card);
}
