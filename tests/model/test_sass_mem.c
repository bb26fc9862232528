/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory instructions: values, windows, atomics, faults and traps. */
#include "sass_asm.h"

#define VA 0x00007f0012340000ull
#define LOCAL_WINDOW 0xff000000u
#define SHARED_WINDOW 0xfe000000u

/* Generic LD and ST with a 64-bit address, sizes as SASS_SIZE_*. */
#define LD_E(d, a, size) (OP(0x8000) | D(d) | A(a) | BIT(52) | \
                          FIELD(size, 53) | FIELD(PT, 58))
#define ST_E(d, a, size) (OP(0xa000) | D(d) | A(a) | BIT(52) | \
                          FIELD(size, 53) | FIELD(PT, 58))
#define OFFSET32(v) FIELD((uint32_t)(v), 20)
#define OFFSET24(v) FIELD((uint32_t)(v) & 0xffffff, 20)

static const unsigned size_bytes[7] = { 1, 1, 2, 2, 4, 8, 16 };

typedef struct Mem {
    Rig *rig;
    uint8_t data[4 * ENV_PAGE];
    EnvRegion *region;
} Mem;

static Mem *mem_new(unsigned threads)
{
    Mem *m = g_new0(Mem, 1);

    m->rig = rig_new(threads);
    for (unsigned i = 0; i < sizeof(m->data); i++) {
        m->data[i] = i * 29 + (i >> 8) + 0x80;
    }
    m->region = env_map(m->rig->env, VA, m->data, sizeof(m->data));
    return m;
}

static void mem_free(Mem *m)
{
    rig_free(m->rig);
    g_free(m);
}

/* R2:R3 of lane i = VA + @start + i * @stride. */
static void set_addresses(Rig *rig, uint64_t start, uint64_t stride)
{
    SASS_LANES(i) {
        uint64_t va = start + i * stride;

        rig->w->r[2][i] = (uint32_t)va;
        rig->w->r[3][i] = (uint32_t)(va >> 32);
    }
}

static uint32_t expected(const uint8_t *p, unsigned size, unsigned word)
{
    uint32_t value = 0;

    memcpy(&value, p + 4 * word, MIN(size_bytes[size], 4));
    return size == SASS_SIZE_S8 ? (uint32_t)(int8_t)value :
           size == SASS_SIZE_S16 ? (uint32_t)(int16_t)value : value;
}

static void check_load(Mem *m, uint64_t word, unsigned size,
                       const uint8_t *first, unsigned stride)
{
    unsigned words = MAX(size_bytes[size] / 4, 1);

    for (unsigned k = 0; k < 4; k++) {
        rig_set(m->rig, 8 + k, 0x55555555);
    }
    rig_do(m->rig, word);
    SASS_LANES(i) {
        for (unsigned k = 0; k < 4; k++) {
            g_assert_cmphex(m->rig->w->r[8 + k][i], ==, k < words
                            ? expected(first + i * stride, size, k)
                            : 0x55555555);
        }
    }
}

static void test_load(void)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;

    memcpy(rig->shared, m->data, sizeof(rig->shared));
    for (unsigned size = 0; size < 7; size++) {
        unsigned n = size_bytes[size];

        set_addresses(rig, VA + 256, 32);
        check_load(m, LD_E(8, 2, size), size, m->data + 256, 32);
        check_load(m, LD_E(8, 2, size) | OFFSET32(n), size,
                   m->data + 256 + n, 32);
        check_load(m, LD_E(8, 2, size) | OFFSET32(-n), size,
                   m->data + 256 - n, 32);
        /* LDG: the same with an offset of 24 bits. */
        check_load(m, OP(0xeed0) | D(8) | A(2) | BIT(45) | FIELD(size, 48) |
                   OFFSET24(-n), size, m->data + 256 - n, 32);
        /* Shared memory, by LDS and through the generic window. */
        set_addresses(rig, 512, 16);
        check_load(m, OP(0xef48) | D(8) | A(2) | FIELD(size, 48) |
                   OFFSET24(-n), size, m->data + 512 - n, 16);
        set_addresses(rig, SHARED_WINDOW + 512, 16);
        check_load(m, LD_E(8, 2, size), size, m->data + 512, 16);
        /* Without .E the address has 32 bits. */
        check_load(m, LD_E(8, 2, size) & ~BIT(52), size, m->data + 512, 16);
        check_load(m, (LD_E(8, 2, size) & ~BIT(52)) | OFFSET32(-n), size,
                   m->data + 512 - n, 16);
    }
    /* The last bytes of shared memory, and no more. */
    rig_set(rig, 2, 4088);
    rig_do(rig, OP(0xef48) | D(8) | A(2) | FIELD(5, 48));
    g_assert_cmpint(rig_step(rig, OP(0xef48) | D(8) | A(2) | FIELD(5, 48) |
                             OFFSET24(8)), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_OUT_OF_RANGE);
    mem_free(m);
}

static void test_store(void)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;

    for (unsigned size = 0; size < 7; size++) {
        unsigned n = size_bytes[size];

        for (unsigned way = 0; way < 3; way++) {
            uint8_t *base = way == 2 ? rig->shared : m->data;
            uint64_t word = way == 0 ? ST_E(8, 2, size) :
                            way == 1 ? OP(0xeed8) | D(8) | A(2) | BIT(45) |
                                       FIELD(size, 48) :
                                       OP(0xef58) | D(8) | A(2) |
                                       FIELD(size, 48);

            memset(base, 0xee, 1024);
            for (unsigned k = 0; k < 4; k++) {
                SASS_LANES(i) {
                    rig->w->r[8 + k][i] = 0x10203040 + (k << 16) + i;
                }
            }
            set_addresses(rig, way == 2 ? 0 : VA, 32);
            rig_do(rig, word);
            SASS_LANES(i) {
                uint8_t want[32];

                memset(want, 0xee, sizeof(want));
                for (unsigned k = 0; k < 4; k++) {
                    uint32_t v = 0x10203040 + (k << 16) + i;

                    if (4 * k < n) {
                        memcpy(want + 4 * k, &v, MIN(n, 4));
                    }
                }
                g_assert_cmpmem(base + 32 * i, 32, want, 32);
            }
        }
    }
    /* RZ stores zeros. */
    memset(m->data, 0xee, 64);
    set_addresses(rig, VA, 0);
    rig_do(rig, ST_E(RZ, 2, SASS_SIZE_128));
    g_assert_cmphex(m->data[0] | m->data[15], ==, 0);
    g_assert_cmphex(m->data[16], ==, 0xee);
    mem_free(m);
}

/* Each lane has local memory of its own, zero at first. */
static void test_local(void)
{
    Rig *rig = rig_new(32);

    rig_set(rig, 2, 16);
    rig_set(rig, 3, 0);
    SASS_LANES(i) {
        rig->w->r[4][i] = 100 + i;
        rig->w->r[5][i] = 200 + i;
    }
    rig_do(rig, OP(0xef40) | D(8) | A(2) | FIELD(SASS_SIZE_64, 48));
    g_assert_cmphex(rig_get64(rig, 8), ==, 0);
    rig_do(rig, OP(0xef50) | D(4) | A(2) | FIELD(SASS_SIZE_64, 48) |
           OFFSET24(-8));
    rig_do(rig, OP(0xef40) | D(6) | A(RZ) | FIELD(SASS_SIZE_64, 48) |
           OFFSET24(8));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[6][i], ==, 100 + i);
        g_assert_cmpuint(rig->w->r[7][i], ==, 200 + i);
    }
    /* The same through the generic window. */
    rig_set64(rig, 2, LOCAL_WINDOW + 12);
    rig_do(rig, LD_E(6, 2, SASS_SIZE_32));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[6][i], ==, 200 + i);
    }
    rig_do(rig, ST_E(4, 2, SASS_SIZE_32));
    rig_do(rig, OP(0xef40) | D(6) | A(RZ) | FIELD(SASS_SIZE_U8, 48) |
           OFFSET24(12));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[6][i], ==, 100 + i);
    }
    g_assert_cmpuint(rig->env->translated, ==, 0);
    /* 256 bytes a lane, and the window goes no further either. */
    rig_do(rig, OP(0xef40) | D(6) | A(RZ) | FIELD(SASS_SIZE_32, 48) |
           OFFSET24(252));
    rig_set64(rig, 2, LOCAL_WINDOW + 256);
    g_assert_cmpint(rig_step(rig, LD_E(6, 2, SASS_SIZE_32)), ==,
                    SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_OUT_OF_RANGE);
    rig_free(rig);
    rig = rig_new(32);
    g_assert_cmpint(rig_step(rig, OP(0xef50) | D(4) | A(RZ) |
                             FIELD(SASS_SIZE_32, 48) | OFFSET24(-4)), ==,
                    SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_OUT_OF_RANGE);
    rig_free(rig);
}

static void test_ldc(void)
{
    Rig *rig = rig_new(32);
    static const struct {
        unsigned size;
        uint32_t want;
    } t[] = {
        { SASS_SIZE_U8, 0xf3 }, { SASS_SIZE_S8, 0xfffffff3 },
        { SASS_SIZE_U16, 0xf2f3 }, { SASS_SIZE_S16, 0xfffff2f3 },
        { SASS_SIZE_32, 0xf0f1f2f3 }, { SASS_SIZE_64, 0xf0f1f2f3 },
    };

    env_const64(rig->env, 3, 0x128, 0x44444444f0f1f2f3);
    for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
        uint64_t op = OP(0xef90) | D(8) | FIELD(3, 36) |
                      FIELD(t[i].size, 48);

        rig_set64(rig, 8, 0);
        rig_do(rig, op | A(RZ) | FIELD(0x128, 20));
        g_assert_cmphex(rig_get(rig, 8), ==, t[i].want);
        g_assert_cmphex(rig_get(rig, 9), ==,
                        t[i].size == SASS_SIZE_64 ? 0x44444444 : 0);
        /* The offset is signed once a register is added. */
        rig_set(rig, 2, 0x130);
        rig_do(rig, op | A(2) | FIELD(0xfff8, 20));
        g_assert_cmphex(rig_get(rig, 8), ==, t[i].want);
    }
    /* The top byte of a word, and an offset of the upper half of 64 KiB. */
    rig_do(rig, OP(0xef90) | D(8) | A(RZ) | FIELD(3, 36) |
           FIELD(SASS_SIZE_U8, 48) | FIELD(0x12b, 20));
    g_assert_cmphex(rig_get(rig, 8), ==, 0xf0);
    env_const32(rig->env, 3, 0xfff8, 77);
    rig_do(rig, OP(0xef90) | D(8) | A(RZ) | FIELD(3, 36) |
           FIELD(SASS_SIZE_32, 48) | FIELD(0xfff8, 20));
    g_assert_cmphex(rig_get(rig, 8), ==, 77);
    /* .IS: the upper half of the register counts banks. */
    rig_set(rig, 2, 0x20128);
    rig_do(rig, OP(0xef90) | D(8) | A(2) | FIELD(1, 36) | FIELD(2, 44) |
           FIELD(SASS_SIZE_32, 48));
    g_assert_cmphex(rig_get(rig, 8), ==, 0xf0f1f2f3);
    /* Lanes differ. */
    SASS_LANES(i) {
        env_const32(rig->env, 0, 4 * i, 1000 + i);
        rig->w->r[2][i] = 4 * (31 - i);
    }
    rig_do(rig, OP(0xef90) | D(8) | A(2) | FIELD(SASS_SIZE_32, 48));
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[8][i], ==, 1031 - i);
    }
    rig_set(rig, 2, 2);
    g_assert_cmpint(rig_step(rig, OP(0xef90) | D(8) | A(2) |
                             FIELD(SASS_SIZE_32, 48)), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_MISALIGNED);
    rig_free(rig);
    /* No constant has 128 bits, and of the index modes only IS is known. */
    for (unsigned n = 0; n < 3; n++) {
        static const uint64_t bits[3] = {
            FIELD(SASS_SIZE_128, 48), FIELD(SASS_SIZE_32, 48) | FIELD(1, 44),
            FIELD(SASS_SIZE_32, 48) | FIELD(3, 44),
        };

        rig = rig_new(32);
        g_assert_cmpint(rig_step(rig, OP(0xef90) | D(8) | A(RZ) | bits[n]),
                        ==, SASS_TRAPPED);
        g_assert_cmpint(sass_warp_trap(rig->w), ==,
                        SASS_TRAP_ILLEGAL_ENCODING);
        rig_free(rig);
    }
    /* Banks end at 31. */
    rig = rig_new(32);
    rig_set(rig, 2, 0x200000);
    g_assert_cmpint(rig_step(rig, OP(0xef90) | D(8) | A(2) | FIELD(2, 44) |
                             FIELD(SASS_SIZE_32, 48)), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_OUT_OF_RANGE);
    rig_free(rig);
}

typedef struct AtomCase {
    unsigned op, type;
    uint64_t old, operand, want;
} AtomCase;

/* Codes of ATOM and RED: operations, and types. */
enum { ADD, MIN, MAX, INC, DEC, AND, OR, XOR, EXCH };
enum { U32, S32, U64, F32, F16X2, S64, F64 };

static const AtomCase atom_cases[] = {
    { ADD, U32, 0xffffffff, 3, 2 }, { ADD, S32, 5, -7u, -2u },
    { ADD, U64, 0xffffffff, 1, 0x100000000 },
    { ADD, S64, 5, -7ull, -2ull },
    { MIN, U32, 5, 0xffffffff, 5 }, { MIN, U32, 5, 4, 4 },
    { MIN, S32, 5, 0xffffffff, 0xffffffff }, { MIN, S32, -9u, 3, -9u },
    { MIN, U64, 1ull << 40, 1ull << 41, 1ull << 40 },
    { MIN, S64, 5, -1ull, -1ull },
    { MAX, U32, 5, 0xffffffff, 0xffffffff }, { MAX, S32, 5, -1u, 5 },
    { MAX, U64, 1ull << 40, 1ull << 41, 1ull << 41 },
    { MAX, S64, -5ull, -1ull, -1ull },
    { INC, U32, 5, 5, 0 }, { INC, U32, 4, 5, 5 }, { INC, U32, 9, 5, 0 },
    { DEC, U32, 5, 9, 4 }, { DEC, U32, 0, 9, 9 }, { DEC, U32, 10, 9, 9 },
    { AND, U32, 0xff00ff00, 0x0ff00ff0, 0x0f000f00 },
    { OR, U32, 0xff00ff00, 0x0ff00ff0, 0xfff0fff0 },
    { XOR, U32, 0xff00ff00, 0x0ff00ff0, 0xf0f0f0f0 },
    { AND, U64, 0xff00ff0000ff00ff, 0x0ff00ff00ff00ff0,
      0x0f000f0000f000f0 },
    { OR, U64, 0x8000000000000000, 1, 0x8000000000000001 },
    { XOR, U64, 0xffffffffffffffff, 1, 0xfffffffffffffffe },
    { EXCH, U32, 77, 88, 88 }, { EXCH, U64, 77, 1ull << 50, 1ull << 50 },
    { ADD, F32, 0x3fc00000, 0x40100000, 0x40700000 },   /* 1.5 + 2.25 */
    { ADD, F32, 0x00000001, 0x00000001, 0 },            /* flushed */
    { ADD, F16X2, 0x3c003e00, 0x40003800, 0x42004000 }, /* 1+2, 1.5+.5 */
    { ADD, F64, 0x3ff8000000000000, 0x4002000000000000, 0x400e000000000000 },
};

static bool is_wide(unsigned type)
{
    return type == U64 || type == S64 || type == F64;
}

static void check_atom(Rig *rig, const AtomCase *t, uint64_t word,
                       uint8_t *at, bool result)
{
    unsigned n = is_wide(t->type) ? 8 : 4;
    uint64_t mask = n == 8 ? ~0ull : 0xffffffffu, got = 0;

    memset(at, 0xaa, 16);
    memcpy(at, &t->old, n);
    rig_set64(rig, 6, t->operand);
    rig_set64(rig, 8, 0x5555555555555555);
    rig->w->active = 1;             /* one lane, so that it is done once */
    rig_do(rig, word);
    rig->w->active = rig->w->launched;
    memcpy(&got, at, n);
    g_assert_cmphex(got, ==, t->want & mask);
    g_assert_cmphex(at[n], ==, 0xaa);
    got = rig->w->r[8][0] | (uint64_t)rig->w->r[9][0] << 32;
    if (result) {
        g_assert_cmphex(got & mask, ==, t->old & mask);
    } else {
        g_assert_cmphex(got, ==, 0x5555555555555555);
    }
}

static void test_atomics(void)
{
    static const uint8_t shared_type[7] = { 0, 1, 2, 9, 9, 3, 9 };
    Mem *m = mem_new(32);
    Rig *rig = m->rig;

    for (unsigned i = 0; i < G_N_ELEMENTS(atom_cases); i++) {
        const AtomCase *t = &atom_cases[i];

        set_addresses(rig, VA + 64, 0);
        check_atom(rig, t, OP(0xed00) | D(8) | A(2) | B(6) | BIT(48) |
                   FIELD(t->type, 49) | FIELD(t->op, 52) | FIELD(16, 28),
                   m->data + 80, true);
        if (t->op != EXCH) {
            check_atom(rig, t, OP(0xebf8) | D(6) | A(2) | BIT(48) |
                       FIELD(t->type, 20) | FIELD(t->op, 23) |
                       FIELD(0xffff8, 28), m->data + 56, false);
        }
        if (shared_type[t->type] != 9) {
            rig_set(rig, 2, 64);
            check_atom(rig, t, OP(0xec00) | D(8) | A(2) | B(6) |
                       FIELD(shared_type[t->type], 28) | FIELD(t->op, 52) |
                       FIELD(32 / 4, 30), rig->shared + 96, true);
            /* And shared memory through the generic window. */
            set_addresses(rig, SHARED_WINDOW + 64, 0);
            check_atom(rig, t, OP(0xed00) | D(8) | A(2) | B(6) | BIT(48) |
                       FIELD(t->type, 49) | FIELD(t->op, 52) |
                       FIELD(16, 28), rig->shared + 80, true);
        }
    }
    mem_free(m);
}

static void test_cas(void)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;

    /* The pair (quad) at rb: what to compare with, and the new value. */
    for (unsigned n = 0; n < 8; n++) {
        bool wide = n & 1, shared = n & 2, equal = n & 4;
        uint64_t old = 0x1122334455667788, new = 0x99aabbccddeeff00, got = 0;
        uint64_t mask = wide ? ~0ull : 0xffffffffu;
        uint8_t *at = (shared ? rig->shared : m->data) + 64;
        uint64_t word = shared ? OP(0xee40) | FIELD(wide, 52)
                               : OP(0xeef0) | FIELD(wide, 49) | BIT(48);

        memcpy(at, &old, 8);
        set_addresses(rig, shared ? 64 : VA + 64, 0);
        rig_set64(rig, 12, equal ? old : old + 1);
        if (wide) {
            rig_set64(rig, 14, new);
        } else {
            rig_set(rig, 13, (uint32_t)new);
        }
        rig->w->active = 1;
        rig_do(rig, word | D(8) | A(2) | B(12));
        rig->w->active = rig->w->launched;
        memcpy(&got, at, 8);
        g_assert_cmphex(got & mask, ==, (equal ? new : old) & mask);
        g_assert_cmphex(got & ~mask, ==, old & ~mask);
        g_assert_cmphex(rig->w->r[8][0], ==, (uint32_t)old);
        if (wide) {
            g_assert_cmphex(rig->w->r[9][0], ==, old >> 32);
        }
    }
    mem_free(m);
}

/* 32 lanes on one address: each sees what the ones before it left. */
static void test_atomic_order(void)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;
    uint32_t sum = 1000, seen = 0;

    memcpy(m->data, &sum, 4);
    set_addresses(rig, VA, 0);
    rig_set(rig, 6, 3);
    rig_do(rig, OP(0xed00) | D(8) | A(2) | B(6) | BIT(48));
    memcpy(&sum, m->data, 4);
    g_assert_cmpuint(sum, ==, 1000 + 32 * 3);
    g_assert_cmpuint(rig->env->atomics, ==, 32);
    SASS_LANES(i) {
        uint32_t turn = (rig->w->r[8][i] - 1000) / 3;

        g_assert_cmpuint(turn, <, 32);
        seen |= 1u << turn;
    }
    g_assert_cmphex(seen, ==, SASS_ALL_LANES);
    mem_free(m);
}

/*
 * Lanes 0..15 are on a mapped page, the rest is not mapped: all lanes are
 * asked for, nothing is changed, and after the page came it all happens, once.
 */
static void check_fault(uint64_t word, bool atomic)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;
    SassEnv *env = rig->env;
    uint8_t before[sizeof(m->data)];
    SassWarp *saved = g_malloc(sizeof(*saved));
    uint32_t guard = 0xfffffffb;    /* lane 2 does not take part */

    m->region->size = ENV_PAGE;
    memcpy(before, m->data, sizeof(before));
    set_addresses(rig, VA, 256);
    rig_set(rig, 6, 1);
    rig_set(rig, 8, 0x55555555);
    rig_pred(rig, 1, guard);
    for (unsigned again = 0; again < 3; again++) {
        env->translated = env->reads = env->writes = env->atomics = 0;
        memcpy(saved, rig->w, sizeof(*saved));
        g_assert_cmpint(rig_step(rig, guarded(word, 1, false)), ==,
                        SASS_FAULTED);
        g_assert_cmpuint(env->translated, ==, 31);
        g_assert_cmpuint(env->reads + env->writes + env->atomics, ==, 0);
        g_assert_cmpuint(sass_warp_pc(rig->w), ==, 8);
        g_assert_cmpmem(before, sizeof(before), m->data, sizeof(m->data));
        g_assert_cmpmem(saved->r, sizeof(saved->r), rig->w->r,
                        sizeof(rig->w->r));
        g_assert_cmpuint(rig->lanes, ==, 0);
    }
    /* Asking again without a new page changes nothing. */
    g_assert_cmpint(rig_run(rig, 5), ==, SASS_FAULTED);
    m->region->size = sizeof(m->data);
    g_assert_cmpint(rig_run(rig, 1), ==, SASS_READY);
    g_assert_cmpuint(env->reads + env->writes + env->atomics, ==, 31);
    g_assert_cmpuint(rig->lanes, ==, 31);
    g_assert_cmpint(rig_run(rig, 10), ==, SASS_EXITED);
    SASS_LANES(i) {
        uint32_t old, now;

        memcpy(&old, before + 256 * i, 4);
        memcpy(&now, m->data + 256 * i, 4);
        if (atomic) {
            g_assert_cmphex(now, ==, i == 2 ? old : old + 1);
            g_assert_cmpuint(env->atomics, ==, 31);
        }
    }
    g_free(saved);
    mem_free(m);
}

static void test_fault_load(void)
{
    check_fault(LD_E(8, 2, SASS_SIZE_32), false);
    /* The address register itself is the destination. */
    check_fault(LD_E(2, 2, SASS_SIZE_64), false);
}

static void test_fault_store(void)
{
    check_fault(ST_E(8, 2, SASS_SIZE_32), false);
}

static void test_fault_atomic(void)
{
    check_fault(OP(0xed00) | D(8) | A(2) | B(6) | BIT(48), true);
    check_fault(OP(0xebf8) | D(6) | A(2) | BIT(48), true);
}

static SassAccess last_access;

static bool note_access(void *opaque, uint64_t va, unsigned size,
                        SassAccess access, SassPhys *phys)
{
    last_access = access;
    return false;
}

static void test_access_types(void)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;
    SassOps ops = env_ops;
    static const struct {
        uint64_t word;
        SassAccess want;
    } t[] = {
        { LD_E(8, 2, SASS_SIZE_32), SASS_READ },
        { ST_E(8, 2, SASS_SIZE_32), SASS_WRITE },
        { OP(0xed00) | D(8) | A(2) | B(6) | BIT(48), SASS_ATOMIC },
        { OP(0xebf8) | D(6) | A(2) | BIT(48), SASS_ATOMIC },
        { OP(0xeef0) | D(8) | A(2) | B(6) | BIT(48), SASS_ATOMIC },
    };

    ops.translate = note_access;
    for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
        uint64_t lanes = 0;

        rig_program(rig);
        rig_emit(rig, t[i].word);
        set_addresses(rig, VA, 0);
        last_access = -1;
        rig->w->pc = 0;
        g_assert_cmpint(sass_warp_run(rig->w, rig->env->prog, &ops, rig->env,
                                      1, &lanes), ==, SASS_FAULTED);
        g_assert_cmpint(last_access, ==, t[i].want);
    }
    mem_free(m);
}

static void check_trap(uint64_t word, uint64_t va, SassTrap want)
{
    Mem *m = mem_new(32);

    /* One lane alone is enough. */
    set_addresses(m->rig, VA, 0);
    m->rig->w->r[2][31] = (uint32_t)va;
    m->rig->w->r[3][31] = (uint32_t)(va >> 32);
    g_assert_cmpint(rig_step(m->rig, word), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(m->rig->w), ==, want);
    g_assert_cmpuint(m->rig->env->translated, ==, 0);
    g_assert_cmpint(rig_run(m->rig, 10), ==, SASS_TRAPPED);
    mem_free(m);
}

static void test_traps(void)
{
    static const uint8_t align[7] = { 0, 0, 1, 1, 2, 4, 8 };

    for (unsigned size = SASS_SIZE_U16; size < 7; size++) {
        check_trap(LD_E(8, 2, size), VA + align[size], SASS_TRAP_MISALIGNED);
        check_trap(ST_E(8, 2, size), VA + align[size], SASS_TRAP_MISALIGNED);
    }
    check_trap(OP(0xed00) | D(8) | A(2) | B(6) | BIT(48), VA + 2,
               SASS_TRAP_MISALIGNED);
    check_trap(OP(0xed00) | D(8) | A(2) | B(6) | BIT(48) | FIELD(U64, 49),
               VA + 4, SASS_TRAP_MISALIGNED);
    check_trap(LD_E(8, 2, SASS_SIZE_32), SHARED_WINDOW + 4096,
               SASS_TRAP_OUT_OF_RANGE);
    check_trap(LD_E(8, 2, SASS_SIZE_32), SHARED_WINDOW + 0xfffffc,
               SASS_TRAP_OUT_OF_RANGE);
    /* Atomics on local memory make no sense. */
    check_trap(OP(0xed00) | D(8) | A(2) | B(6) | BIT(48), LOCAL_WINDOW,
               SASS_TRAP_OUT_OF_RANGE);
}

/* A window that was never set hides nothing. */
static void test_no_window(void)
{
    Mem *m = mem_new(32);
    Rig *rig = m->rig;

    rig->w->cfg.local_window = 0;
    rig->w->cfg.shared_window = 0;
    rig_set64(rig, 2, 0);
    g_assert_cmpint(rig_step(rig, LD_E(8, 2, SASS_SIZE_32)), ==,
                    SASS_FAULTED);
    g_assert_cmpuint(rig->env->translated, ==, 32);
    mem_free(m);
    /* And one that was set spans 16 MiB. */
    m = mem_new(32);
    rig_set64(m->rig, 2, SHARED_WINDOW - 4);
    g_assert_cmpint(rig_step(m->rig, LD_E(8, 2, SASS_SIZE_32)), ==,
                    SASS_FAULTED);
    rig_set64(m->rig, 2, LOCAL_WINDOW + 0x1000000ull);
    g_assert_cmpint(rig_step(m->rig, LD_E(8, 2, SASS_SIZE_32)), ==,
                    SASS_FAULTED);
    mem_free(m);
}

/* A constant that can't be read parks the warp as well. */
static void test_fault_constant(void)
{
    Rig *rig = rig_new(32);

    rig_set(rig, 1, 9);
    g_assert_cmpint(rig_step(rig, OP(0x4c10) | D(1) | A(1) | CB(20, 0) |
                             BIT(47)), ==, SASS_FAULTED);
    g_assert_cmpuint(rig_get(rig, 1), ==, 9);
    g_assert_cmphex(rig->w->cc_z, ==, 0);
    g_assert_cmpint(rig_step(rig, OP(0xef90) | D(1) | A(RZ) | FIELD(20, 36) |
                             FIELD(4, 48)), ==, SASS_FAULTED);
    g_assert_cmpuint(rig_get(rig, 1), ==, 9);
    g_assert_cmpint(rig_step(rig, OP(0x4b70) | D(4) | A(2) | C(6) |
                             CB(20, 0)), ==, SASS_FAULTED);
    rig_free(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sass/mem/load", test_load);
    g_test_add_func("/sass/mem/store", test_store);
    g_test_add_func("/sass/mem/local", test_local);
    g_test_add_func("/sass/mem/ldc", test_ldc);
    g_test_add_func("/sass/mem/atomics", test_atomics);
    g_test_add_func("/sass/mem/cas", test_cas);
    g_test_add_func("/sass/mem/atomic-order", test_atomic_order);
    g_test_add_func("/sass/mem/fault-load", test_fault_load);
    g_test_add_func("/sass/mem/fault-store", test_fault_store);
    g_test_add_func("/sass/mem/fault-atomic", test_fault_atomic);
    g_test_add_func("/sass/mem/fault-constant", test_fault_constant);
    g_test_add_func("/sass/mem/access-types", test_access_types);
    g_test_add_func("/sass/mem/traps", test_traps);
    g_test_add_func("/sass/mem/no-window", test_no_window);
    return g_test_run();
}
