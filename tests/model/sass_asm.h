/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small encoder for SM 5.x/6.x instructions, field by field (positions from
 * envydis/gm107.c), and a rig that runs them in one warp whose registers a
 * test can set and read.
 */
#ifndef TESTS_MODEL_SASS_ASM_H
#define TESTS_MODEL_SASS_ASM_H

#include "../../hw/gp107/sass/sass_insn.h"
#include "sass_env.h"

#define RZ 255u
#define PT 7u

#define BIT(n) (1ull << (n))
/* The opcode, with the predicate PT that most instructions carry. */
#define OP(top) ((uint64_t)(top) << 48 | 7ull << 16)
/* For SSY and its like, which have no predicate. */
#define OP_BARE(top) ((uint64_t)(top) << 48)
#define FIELD(value, pos) ((uint64_t)(value) << (pos))
#define D(reg) FIELD(reg, 0)
#define A(reg) FIELD(reg, 8)
#define B(reg) FIELD(reg, 20)
#define C(reg) FIELD(reg, 39)
#define CB(bank, offset) (FIELD((offset) / 4, 20) | FIELD(bank, 34))
#define IMM20(v) (FIELD((uint32_t)(v) & 0x7ffff, 20) | \
                  FIELD((uint32_t)(v) >> 19 & 1, 56))
#define IMM32(v) FIELD((uint32_t)(v), 20)
/* Predicate destinations of *SETP, and the predicate source. */
#define PD(p, q) (FIELD(p, 3) | FIELD(q, 0))
#define PS(p) FIELD(p, 39)
#define PS_NOT(p) (FIELD(p, 39) | BIT(42))

#define EXIT_WORD (OP(0xe300) | 0xf)

static inline uint64_t guarded(uint64_t word, unsigned pred, bool not)
{
    return (word & ~FIELD(0xf, 16)) | FIELD(pred, 16) | FIELD(not, 19);
}

/* A float or double whose top 20 bits are all of it. */
static inline uint64_t imm_float(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    g_assert_cmphex(bits & 0xfff, ==, 0);
    return IMM20(bits >> 12);
}

static inline uint64_t imm_double(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    g_assert_cmphex(bits & 0xfffffffffffull, ==, 0);
    return IMM20(bits >> 44);
}

static inline uint32_t float_bits(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static inline uint64_t double_bits(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

#define RIG_WORDS 4096

typedef struct Rig {
    SassEnv *env;
    SassCta cta;
    SassWarpConfig cfg;
    SassWarp *w;
    uint8_t shared[4096];
    uint64_t code[RIG_WORDS];
    unsigned words;
    uint64_t lanes;
} Rig;

static inline Rig *rig_new(unsigned threads)
{
    Rig *rig = g_new0(Rig, 1);

    rig->env = env_new();
    rig->cta = (SassCta) {
        .shared = rig->shared, .shared_size = sizeof(rig->shared),
        .block = { 8, 4, 2 }, .ctaid = { 5, 6, 7 }, .virtual_sm = 3,
    };
    rig->cfg = (SassWarpConfig) {
        .cta = &rig->cta, .threads = threads, .regs = 255,
        .local_size = 256, .local_window = 0xff000000,
        .shared_window = 0xfe000000,
    };
    rig->w = sass_warp_new(&rig->cfg);
    return rig;
}

static inline void rig_free(Rig *rig)
{
    sass_warp_free(rig->w);
    env_free(rig->env);
    g_free(rig);
}

/* Appends a word behind the control words; gives its address. */
static inline uint32_t rig_emit(Rig *rig, uint64_t word)
{
    if (rig->words % 4 == 0) {
        rig->code[rig->words++] = 0x001f8000fc0007e0;
    }
    g_assert_cmpuint(rig->words, <, RIG_WORDS);
    rig->code[rig->words] = word;
    env_code(rig->env, 0, rig->code, sizeof(rig->code));
    return 8 * rig->words++;
}

/* Sets the 24-bit target of the branch or push at @from. */
static inline void rig_aim(Rig *rig, uint32_t from, uint32_t to)
{
    rig->code[from / 8] |= FIELD((to - from - 8) & 0xffffff, 20);
    env_code(rig->env, 0, rig->code, sizeof(rig->code));
}

/* The address of the next word. */
static inline uint32_t rig_here(const Rig *rig)
{
    return 8 * (rig->words % 4 == 0 ? rig->words + 1 : rig->words);
}

static inline SassState rig_run(Rig *rig, unsigned budget)
{
    return sass_warp_run(rig->w, rig->env->prog, &env_ops, rig->env, budget,
                         &rig->lanes);
}

static inline void rig_program(Rig *rig)
{
    rig->words = 0;
    memset(rig->code, 0, sizeof(rig->code));
}

/* Runs @word alone and returns the state it left. */
static inline SassState rig_step(Rig *rig, uint64_t word)
{
    rig_program(rig);
    rig_emit(rig, word);
    rig_emit(rig, EXIT_WORD);
    rig->w->pc = 0;
    return rig_run(rig, 1);
}

static inline void rig_do(Rig *rig, uint64_t word)
{
    g_assert_cmpint(rig_step(rig, word), ==, SASS_READY);
}

static inline void rig_set(Rig *rig, unsigned reg, uint32_t value)
{
    SASS_LANES(i) {
        rig->w->r[reg][i] = value;
    }
}

static inline void rig_set64(Rig *rig, unsigned reg, uint64_t value)
{
    rig_set(rig, reg, (uint32_t)value);
    rig_set(rig, reg + 1, (uint32_t)(value >> 32));
}

/* The value of a register that is the same in all lanes. */
static inline uint32_t rig_get(const Rig *rig, unsigned reg)
{
    SASS_LANES(i) {
        g_assert_cmphex(rig->w->r[reg][i], ==, rig->w->r[reg][0]);
    }
    return rig->w->r[reg][0];
}

static inline uint64_t rig_get64(const Rig *rig, unsigned reg)
{
    return rig_get(rig, reg) | (uint64_t)rig_get(rig, reg + 1) << 32;
}

/* R1 = @word of R2 = a, R3 = b and R4 = c. */
static inline uint32_t rig_eval(Rig *rig, uint64_t word, uint32_t a,
                                uint32_t b, uint32_t c)
{
    rig_set(rig, 1, 0xdeadbeef);
    rig_set(rig, 2, a);
    rig_set(rig, 3, b);
    rig_set(rig, 4, c);
    rig_do(rig, word);
    return rig_get(rig, 1);
}

/* R8:R9 = @word of the pairs R10 = a, R12 = b and R14 = c. */
static inline uint64_t rig_eval64(Rig *rig, uint64_t word, uint64_t a,
                                  uint64_t b, uint64_t c)
{
    rig_set64(rig, 8, 0xdeadbeefdeadbeef);
    rig_set64(rig, 10, a);
    rig_set64(rig, 12, b);
    rig_set64(rig, 14, c);
    rig_do(rig, word);
    return rig_get64(rig, 8);
}

static inline void rig_carry(Rig *rig, bool carry)
{
    rig->w->cc_c = carry ? SASS_ALL_LANES : 0;
}

static inline void rig_pred(Rig *rig, unsigned pred, uint32_t lanes)
{
    rig->w->pred[pred] = lanes;
}

/* Deterministic numbers, many of them at the edges. */
static inline uint32_t next_random(uint64_t *state)
{
    static const uint32_t edge[] = {
        0, 1, 0xffffffff, 0x80000000, 0x7fffffff, 0xffff, 0x10000, 0x8000,
        0x7fff, 31, 32, 33,
    };

    *state = *state * 6364136223846793005ull + 1442695040888963407;
    if (*state >> 60 < 5) {
        return edge[(*state >> 32) % G_N_ELEMENTS(edge)];
    }
    return (uint32_t)(*state >> 29);
}

#endif
