/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes the fuzzer's first corpus into a folder: the golden kernels with
 * launches, the pushes of the golden trace, copies, semaphores, faults.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_ops.h"
#include "sass/sass_insn.h"
#include "harness.h"

typedef struct Seed {
    uint8_t data[16384];
    size_t len;
    unsigned channel;                       /* that methods go to */
} Seed;

static void put(Seed *s, uint64_t val, unsigned bytes)
{
    TEST_CHECK(s->len + bytes <= sizeof(s->data));
    while (bytes--) {
        s->data[s->len++] = val;
        val >>= 8;
    }
}

static void put_bytes(Seed *s, const void *data, size_t len)
{
    TEST_CHECK(len <= sizeof(s->data) - s->len);
    memcpy(s->data + s->len, data, len);
    s->len += len;
}

static Seed begin(uint8_t flags)
{
    Seed s = { .len = 0 };

    put(&s, flags, 1);
    put(&s, 0, 1);
    return s;
}

static void end(const Seed *s, const char *dir, const char *name)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/seed-%s", dir, name);
    file = fopen(path, "wb");
    if (!file || fwrite(s->data, 1, s->len, file) != s->len ||
        fclose(file)) {
        test_fail("can't write %s", path);
    }
}

static void run(Seed *s)
{
    put(s, FUZZ_RUN, 1);
    put(s, 7, 1);
    put(s, 2047, 2);
}

/* n methods from @mthd on; a submit follows in time. */
static void method(Seed *s, unsigned subchannel, unsigned mthd,
                   unsigned count, const uint32_t *words)
{
    put(s, FUZZ_METHOD, 1);
    put(s, subchannel << 4 | s->channel, 1);
    put(s, mthd, 2);
    put(s, count, 1);
    for (unsigned i = 0; i < count; i++) {
        put(s, words[i], 4);
    }
}

static void submit(Seed *s, bool privileged)
{
    put(s, FUZZ_SUBMIT, 1);
    put(s, privileged << 1 | s->channel, 1);
}

static void launch(Seed *s, unsigned block, unsigned shared)
{
    put(s, FUZZ_LAUNCH, 1);
    put(s, 0, 2);
    put(s, 2, 1);
    put(s, 1, 1);
    put(s, 1, 1);
    put(s, block, 1);
    put(s, 1, 1);
    put(s, 1, 1);
    put(s, 48, 1);
    put(s, shared, 2);
    put(s, 1024, 2);
    put(s, 0, 1);
}

static void map(Seed *s, unsigned place, uint8_t flags)
{
    put(s, FUZZ_MAP, 1);
    put(s, 0, 1);
    put(s, place, 1);
    put(s, flags, 1);
}

/* Arguments: places for pointers, and numbers; zeros (the offset) behind. */
typedef struct Kernel {
    const char *name;
    struct {
        uint64_t val;
        unsigned bytes;
    } args[4];
} Kernel;

#define POINTER(n)  { FUZZ_PLACE(n), 8 }
#define NUMBER(n)   { n, 4 }

static const Kernel kernels[] = {
    { "vadd", { POINTER(0), POINTER(1), NUMBER(3), NUMBER(100) } },
    { "list_walk", { POINTER(0), POINTER(1) } },
    { "fmath", { POINTER(0), POINTER(1) } },
    { "atoms", { POINTER(0), POINTER(1) } },
    { "divmod", { POINTER(0), POINTER(1) } },
    { "reduce", { POINTER(0), POINTER(1), { 0, 8 } } },
    { "memset_k", { POINTER(0), { 9, 8 }, { 200, 8 } } },
    { "lib", { NUMBER(1) } },
};

static void arguments(Seed *s, const Kernel *kernel)
{
    size_t at;

    put(s, FUZZ_CONST, 1);
    put(s, 0, 1);
    put(s, 0, 2);
    put(s, 48, 1);
    at = s->len;
    for (int i = 0; i < 4; i++) {
        put(s, kernel->args[i].val, kernel->args[i].bytes);
    }
    while (s->len < at + 48) {
        put(s, 0, 1);
    }
}

static void kernel(const char *dir, const Kernel *kernel, bool faults)
{
    Seed s = begin(FUZZ_CHANNEL | (faults ? FUZZ_REPLAY : 0));
    char path[64];
    size_t len;
    void *code;

    snprintf(path, sizeof(path), "%s.bin", kernel->name);
    code = test_golden(path, &len);
    put(&s, FUZZ_CODE, 1);
    put(&s, 0, 2);
    put(&s, len, 2);
    put_bytes(&s, code, len);
    free(code);
    arguments(&s, kernel);
    /* Block and grid, where Mesa's kernels look for them. */
    put(&s, FUZZ_CONST, 1);
    put(&s, 7, 1);
    put(&s, 0x100, 2);
    put(&s, 24, 1);
    for (int i = 0; i < 6; i++) {
        put(&s, i == 0 ? 64 : i == 3 ? 2 : 1, 4);
    }
    if (!faults) {
        for (int i = 0; i < 4; i++) {
            map(&s, i, TEST_MAP_DEFAULT);
        }
    }
    launch(&s, 64, 256);
    run(&s);
    if (faults) {
        for (int i = 0; i < 3; i++) {
            put(&s, FUZZ_SERVE, 1);
            put(&s, 1, 1);
            run(&s);
        }
        put(&s, FUZZ_SERVE, 1);
        put(&s, 0x1a, 1);
    }
    for (int i = 0; i < 4; i++) {
        run(&s);
    }
    snprintf(path, sizeof(path), "%s%s", kernel->name,
             faults ? "-faults" : "");
    end(&s, dir, path);
}

/*
 * One launch of @word alone: R2:R3 is the first pointer, R4 the thread, R1
 * the result; groups of three words behind a control word.
 */
static void instruction(const char *dir, const char *name, uint64_t word)
{
    const uint64_t code[] = {
        0x001f8400fc2007e1, 0x4c98078000070002, 0x4c98078000170003,
        0xf0c8000002170004,
        0x001f8400fc2007e1, word, 0xe30000000007000f, 0xe30000000007000f,
    };
    Seed s = begin(FUZZ_CHANNEL);

    map(&s, 0, TEST_MAP_DEFAULT);
    put(&s, FUZZ_CODE, 1);
    put(&s, 0, 2);
    put(&s, sizeof(code), 2);
    put_bytes(&s, code, sizeof(code));
    launch(&s, 33, 256);
    run(&s);
    end(&s, dir, name);
}

/*
 * @word with the small fields that tell variants of it apart set to @i; its
 * operands are R2, R3 and R4, and addresses have no offset.
 */
static uint64_t variant(uint64_t word, unsigned i)
{
    SassInsn in;

    sass_decode(word, &in);
    if (in.op >= SASS_OP_I2I && in.op <= SASS_OP_F2F) {
        return (word & ~(0x3full << 8)) | (uint64_t)i << 8;
    }
    if (in.op >= SASS_OP_LD && in.op <= SASS_OP_LDC) {
        return word & ~(0xfffffffull << 20);
    }
    if (in.op == SASS_OP_RED) {
        return (word & ~(0xfffffffull << 20)) | (uint64_t)i << 20;
    }
    if (in.op >= SASS_OP_ATOM && in.op <= SASS_OP_ATOMS_CAS) {
        return (word & ~(0xfffffull << 28)) | (uint64_t)(i & 3) << 28;
    }
    return word;
}

/* Every instruction in every form and of every type. */
static void instructions(const char *dir)
{
    static bool seen[SASS_OP_COUNT][SASS_FORM_N + 1][16][16][32];

    for (uint64_t i = 0; i < 0x400000; i++) {
        uint64_t word = variant((i >> 6) << 48 | 4ull << 39 | 3u << 20 |
                                7u << 16 | 2u << 8 | 1, i & 63);
        bool *known, wide;
        SassInsn in;
        char name[32];

        sass_decode(word, &in);
        wide = in.mods & SASS_M_E;
        known = &seen[in.op][in.form][in.sub & 15][in.dtype & 15]
                     [(in.stype & 15) | (wide ? 16 : 0)];
        if (in.op != SASS_OP_ILLEGAL && !in.trap && !*known) {
            *known = true;
            snprintf(name, sizeof(name), "sass-%02x-%x-%x%x%x%s", in.op,
                     in.form, in.sub & 15, in.dtype & 15, in.stype & 15,
                     wide ? "-e" : "");
            instruction(dir, name, word);
        }
    }
}

static void trace(const char *dir)
{
    size_t len;
    char *text = test_golden("opencl-trace.txt", &len);
    unsigned n = 0;

    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *word = strstr(line, " PUSH") == line ? strstr(line, "r=") : NULL;
        Seed s = begin(FUZZ_CHANNEL | FUZZ_REPLAY);
        size_t at, count = 0;
        char name[32];

        if (!word) {
            continue;
        }
        word = strchr(word, ':') + 1;
        put(&s, FUZZ_PUSH, 1);
        put(&s, 0, 1);
        at = s.len;
        put(&s, 0, 2);
        for (char *end_ptr; count < 2000; word = end_ptr, count++) {
            uint32_t val = strtoul(word, &end_ptr, 16);

            if (end_ptr == word) {
                break;
            }
            put(&s, val, 4);
        }
        s.data[at] = count;
        s.data[at + 1] = count >> 8;
        run(&s);
        put(&s, FUZZ_SERVE, 1);
        put(&s, 1, 1);
        run(&s);
        snprintf(name, sizeof(name), "push-%02u", n++);
        end(&s, dir, name);
    }
    free(text);
}

#define HI(va) ((uint32_t)((va) >> 32))
#define LO(va) ((uint32_t)(va))

static void copies(const char *dir, unsigned channel)
{
    static const uint32_t launches[] = {
        0x00000186, 0x00000182, 0x00000006, 0x00000206, 0x0000078a,
        0x00000406, 0x00000386, 0x000001ce, 0x000001f6,
    };
    const uint32_t places[] = {
        HI(FUZZ_PLACE(0)), LO(FUZZ_PLACE(0)), HI(FUZZ_PLACE(1)),
        LO(FUZZ_PLACE(1)), 64, 64, 32, 8,
    };
    /* clc1b5.h SET_DST_BLOCK_SIZE .. SET_DST_ORIGIN, and the source's. */
    const uint32_t blocks[] = { 0x1010, 64, 16, 1, 0, 0 };
    const uint32_t remap[] = { 0x11223344, 0x55667788, 0x03210 };
    const uint32_t object = 0xc1b5;
    Seed s = begin(FUZZ_CHANNEL | FUZZ_CE);

    s.channel = channel;
    map(&s, 0, TEST_MAP_DEFAULT);
    map(&s, 1, TEST_MAP_DEFAULT);
    map(&s, 2, TEST_MAP_DEFAULT);
    for (unsigned i = 0; i < sizeof(launches) / sizeof(*launches); i++) {
        method(&s, 4, 0x0000, i & 1, &object);
        method(&s, 4, 0x0240, 3, (const uint32_t[]) {
                   HI(FUZZ_PLACE(2)), LO(FUZZ_PLACE(2)), i });
        method(&s, 4, 0x0700, 3, remap);
        method(&s, 4, 0x070c, 6, blocks);
        method(&s, 4, 0x0728, 6, blocks);
        method(&s, 4, 0x0400, 8, places);
        method(&s, 4, 0x0300, 1, &launches[i]);
        submit(&s, false);
        run(&s);
    }
    end(&s, dir, channel ? "copies-ce" : "copies-grce");
}

static void host(const char *dir)
{
    static const uint32_t operations[] = {
        0x01000002, 0x00000002, 0x00000001, 0x00001004, 0x00000008,
        0x00000010, 0x08000010, 0x10000010, 0x18000010, 0x20000010,
        0x28000010, 0x30000010, 0x38000010, 0x80000010,
    };
    Seed s = begin(FUZZ_CHANNEL | FUZZ_REPLAY);

    map(&s, 0, TEST_MAP_DEFAULT);
    for (unsigned i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
        method(&s, 0, 0x10, 4, (const uint32_t[]) {
                   HI(FUZZ_PLACE(0)), LO(FUZZ_PLACE(0)), 1, operations[i] });
        submit(&s, false);
        run(&s);
    }
    /* MEM_OP: membar, invalidate all, one page, with replay; yield; WFI. */
    method(&s, 0, 0x28, 4, (const uint32_t[]) { 0, 0, 0, 5u << 27 });
    method(&s, 0, 0x28, 4, (const uint32_t[]) { 0, 0, 5, 9u << 27 });
    method(&s, 0, 0x28, 4, (const uint32_t[]) {
               LO(FUZZ_VA), HI(FUZZ_VA), 1, 10u << 27 });
    method(&s, 0, 0x78, 1, (const uint32_t[]) { 0 });
    method(&s, 0, 0x80, 1, (const uint32_t[]) { 3 });
    method(&s, 0, 0x50, 1, (const uint32_t[]) { 7 });
    submit(&s, true);
    run(&s);
    /* An entry with no words, one far away, one with all bits. */
    for (int i = 0; i < 3; i++) {
        put(&s, FUZZ_GP_ENTRY, 1);
        put(&s, 0, 1);
        put(&s, i == 0 ? 0 : i == 1 ? FUZZ_PLACE(9) | 4ull << 42 : ~0ull, 8);
        run(&s);
    }
    put(&s, FUZZ_RESET, 1);
    run(&s);
    end(&s, dir, "host");
}

static void registers(const char *dir)
{
    Seed s = begin(0);

    for (unsigned range = 0; range < 35; range++) {
        for (unsigned i = 0; i < 3; i++) {
            put(&s, i & 1 ? FUZZ_REG_READ : FUZZ_REG_WRITE, 1);
            put(&s, range, 1);
            put(&s, range * 36 + i * 4, 2);
            if (!(i & 1)) {
                put(&s, 0x80000001u + range, 4);
            }
        }
    }
    end(&s, dir, "registers");
}

/* ---------------------------------------------------------------- falcons */

#define SEC2            0x087000
#define FECS            0x409000
#define GPCCS           0x41a000
#define SHADOW          0x500000
#define WPR             0x540000
#define WPR_SIZE        0x40000
#define DESC            0x600000            /* what FUZZ_MAP maps */

/* A machine to see what the answers are, and the input that grows by it. */
typedef struct Recorder {
    TestGpu *t;
    TestVm *vm;
    uint64_t inst;
    Seed s;
} Recorder;

static void reg(Recorder *r, uint32_t addr, uint32_t val)
{
    test_wr(r->t, addr, val);
    put(&r->s, FUZZ_RAW_WRITE, 1);
    put(&r->s, 0x20, 1);
    put(&r->s, addr, 4);
    put(&r->s, val, 8);
}

static void memory(Recorder *r, GpAperture ap, uint32_t addr, uint32_t val)
{
    test_set32(r->t, ap, addr, val);
    put(&r->s, FUZZ_MEMORY, 1);
    put(&r->s, ap == GP_VRAM, 1);
    put(&r->s, addr, 4);
    put(&r->s, 4, 1);
    put(&r->s, val, 4);
}

static void bind(Recorder *r, unsigned which, uint32_t addr, uint32_t bits)
{
    test_wr(r->t, addr, bits | r->inst >> 12);
    put(&r->s, FUZZ_BIND, 1);
    put(&r->s, which, 1);
}

/* What ACR finds: headers of images in the shadow, and its descriptor. */
static void write_wpr(Recorder *r)
{
    static const uint32_t falcons[] = { 7, 2, 3 };

    for (unsigned i = 0; i < 3; i++) {
        uint32_t header = SHADOW + 0x18 * i, image = 0x200 * (i + 1);

        memory(r, GP_VRAM, header, falcons[i]);
        memory(r, GP_VRAM, header + 0x04, image);
        memory(r, GP_VRAM, header + 0x14, 1);
        memory(r, GP_VRAM, SHADOW + image + 192, 0x1000);
        memory(r, GP_VRAM, SHADOW + image + 196, 0x200);
        memory(r, GP_VRAM, SHADOW + image + 200, 0x100);
    }
    memory(r, GP_VRAM, SHADOW + 3 * 0x18, 0xffffffff);
    memory(r, GP_SYS_COHERENT, DESC + 0x210, 1);
    memory(r, GP_SYS_COHERENT, DESC + 0x21c, 2);
    memory(r, GP_SYS_COHERENT, DESC + 0x220, WPR >> 8);
    memory(r, GP_SYS_COHERENT, DESC + 0x224, (WPR + WPR_SIZE) >> 8);
    memory(r, GP_SYS_COHERENT, DESC + 0x238, SHADOW >> 8);
}

static void boot_acr(Recorder *r)
{
    reg(r, SEC2 + 0x3c0, 1);
    reg(r, SEC2 + 0x3c0, 0);
    bind(r, 0, SEC2 + 0x054, 0x40000000);
    reg(r, SEC2 + 0x004, 8);
    reg(r, SEC2 + 0x058, 2);
    reg(r, SEC2 + 0x1c0, 0x01000000);
    for (unsigned at = 0; at < 0x4c; at += 4) {
        reg(r, SEC2 + 0x1c4, at == 0x40 ? (uint32_t)FUZZ_VA :
                             at == 0x44 ? (uint32_t)(FUZZ_VA >> 32) :
                             at == 0x48 ? 0x300 : 0);
    }
    reg(r, SEC2 + 0x104, 0xfd00);
    reg(r, SEC2 + 0x100, 2);
    reg(r, SEC2 + 0x004, 0x10);
    reg(r, SEC2 + 0x014, ~0u);
    reg(r, SEC2 + 0x100, 2);
}

static void command(Recorder *r, const uint32_t *words, unsigned count)
{
    uint32_t head = test_rd(r->t, SEC2 + 0xa00);

    for (unsigned i = 0; i < count; i++) {
        reg(r, SEC2 + 0xac0, 0x01000000 | ((head + 4 * i) & 0xffffff));
        reg(r, SEC2 + 0xac4, words[i]);
    }
    reg(r, SEC2 + 0xa00, head + 4 * count);
    reg(r, SEC2 + 0xa34, test_rd(r->t, SEC2 + 0xa30));
    reg(r, SEC2 + 0x004, 0x40);
}

static void fecs(Recorder *r, bool instance, uint32_t method)
{
    reg(r, FECS + 0x800, 0);
    if (instance) {
        bind(r, 2, FECS + 0x500, 0x80000000);
    } else {
        reg(r, FECS + 0x500, ~0u);
    }
    reg(r, FECS + 0x504, method);
}

static void falcons(const char *dir)
{
    static const uint32_t methods[] = {
        0x10, 0x16, 0x25, 0x21, 0x38, 0x39, 0x04, 0x7f,
    };
    Recorder r = { .t = test_gpu_new(NULL), .s = begin(FUZZ_CHANNEL) };

    r.vm = test_vm_new(r.t, GP_VRAM);
    r.inst = test_vram_alloc(r.t, 0x1000, 0x1000);
    test_vm_map(r.vm, FUZZ_VA, GP_SYS_COHERENT, DESC, 0x1000, TEST_4K, 0);
    test_vm_instance(r.vm, GP_VRAM, r.inst);
    map(&r.s, 0, TEST_MAP_DEFAULT);
    write_wpr(&r);
    boot_acr(&r);
    end(&r.s, dir, "falcon-acr");
    command(&r, (const uint32_t[]) { 0x05031008, 0, 0, 2 }, 4);
    command(&r, (const uint32_t[]) { 0x05031008, 0, 0, 3 }, 4);
    end(&r.s, dir, "falcon-sec2");
    reg(&r, GPCCS + 0x100, 2);
    reg(&r, FECS + 0x100, 2);
    for (unsigned i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
        fecs(&r, false, methods[i]);
    }
    fecs(&r, true, 0x03);
    fecs(&r, true, 0x09);
    command(&r, (const uint32_t[]) { 0x07030406 }, 1);
    end(&r.s, dir, "falcon-fecs");
    test_gpu_free(r.t);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    for (unsigned i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
        kernel(argv[1], &kernels[i], false);
        kernel(argv[1], &kernels[i], true);
    }
    instructions(argv[1]);
    trace(argv[1]);
    copies(argv[1], 0);
    copies(argv[1], 1);
    host(argv[1]);
    falcons(argv[1]);
    registers(argv[1]);
    return 0;
}
