/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control flow, divergence, barriers, warp-wide instructions, decoding. */
#include "sass_asm.h"

/* BRA and its like test the condition code against "true". */
#define FLOW(top) (OP(top) | 0xf)
#define BRA FLOW(0xe240)
#define SYNC FLOW(0xf0f8)
#define BRK FLOW(0xe340)
#define CONT FLOW(0xe350)
#define RET FLOW(0xe320)
#define SSY OP_BARE(0xe290)
#define PBK OP_BARE(0xe2a0)
#define PCNT OP_BARE(0xe2b0)
#define PRET OP_BARE(0xe270)
#define CAL OP_BARE(0xe260)
#define JCAL OP_BARE(0xe220)

/* R(d) = R(a) + imm. */
#define ADD(d, a, imm) (OP(0x3810) | D(d) | A(a) | IMM20(imm))
#define ADD_R(d, a, b) (OP(0x5c10) | D(d) | A(a) | B(b))
#define MOV(d, imm) (OP(0x0100) | D(d) | IMM32(imm) | FIELD(0xf, 12))
#define LANEID(d) (OP(0xf0c8) | D(d))
/* P(p) = R(a) COND imm, signed. */
enum { LT = 1, EQ, LE, GT, NE, GE };
#define SETP(p, a, cond, imm) (OP(0x3660) | PD(p, PT) | A(a) | IMM20(imm) | \
                               PS(PT) | FIELD(cond, 49) | BIT(48))
#define VOTE_ALL(d, p) (OP(0x50d8) | D(d) | FIELD(PT, 45) | PS(p))

static void run_to_exit(Rig *rig)
{
    g_assert_cmpint(rig_run(rig, 100000), ==, SASS_EXITED);
}

/* Lanes that were together when a mark was passed, by VOTE. */
static void mark(Rig *rig, unsigned reg)
{
    rig_emit(rig, VOTE_ALL(reg, PT));
}

static void test_branch(void)
{
    Rig *rig = rig_new(32);
    uint32_t bra, back;

    /* A loop: R1 = 10 + 9 + .. + 1; its target may be the control word. */
    rig_emit(rig, MOV(1, 0));
    rig_emit(rig, MOV(2, 10));
    back = rig_emit(rig, ADD_R(1, 1, 2));
    rig_emit(rig, ADD(2, 2, -1));
    rig_emit(rig, SETP(0, 2, GT, 0));
    bra = rig_emit(rig, guarded(BRA, 0, false));
    rig_aim(rig, bra, back);
    rig_emit(rig, EXIT_WORD);
    run_to_exit(rig);
    g_assert_cmpuint(rig_get(rig, 1), ==, 55);
    /* The last BRA is not taken, and not counted. */
    g_assert_cmpuint(rig->lanes, ==, 32 * (2 + 4 * 10 - 1 + 1));
    rig_free(rig);

    rig = rig_new(32);
    rig_emit(rig, MOV(1, 5));
    bra = rig_emit(rig, BRA);
    rig_emit(rig, MOV(1, 6));
    rig_emit(rig, EXIT_WORD);
    g_assert_cmphex(rig_here(rig), ==, 0x30);
    rig_emit(rig, EXIT_WORD);
    rig_emit(rig, EXIT_WORD);
    rig_emit(rig, MOV(2, 7));
    rig_emit(rig, EXIT_WORD);
    rig_aim(rig, bra, 0x40);        /* a control word: what follows it runs */
    run_to_exit(rig);
    g_assert_cmpuint(rig_get(rig, 1), ==, 5);
    g_assert_cmpuint(rig_get(rig, 2), ==, 7);
    rig_free(rig);
}

/* if (lane < 10) A; else B; with the warp whole again behind. */
static void test_if_else(void)
{
    Rig *rig = rig_new(30);
    uint32_t ssy, bra;

    rig_emit(rig, LANEID(1));
    rig_emit(rig, SETP(0, 1, LT, 10));
    ssy = rig_emit(rig, SSY);
    bra = rig_emit(rig, guarded(BRA, 0, false));
    rig_emit(rig, ADD(2, 1, 1000));
    mark(rig, 3);
    rig_emit(rig, SYNC);
    rig_aim(rig, bra, rig_here(rig));
    rig_emit(rig, ADD(2, 1, 2000));
    mark(rig, 4);
    rig_emit(rig, SYNC);
    rig_aim(rig, ssy, rig_here(rig));
    mark(rig, 5);
    rig_emit(rig, EXIT_WORD);
    run_to_exit(rig);
    for (unsigned i = 0; i < 30; i++) {
        g_assert_cmpuint(rig->w->r[2][i], ==, i + (i < 10 ? 2000 : 1000));
        g_assert_cmphex(rig->w->r[3][i], ==, i < 10 ? 0 : 0x3ffffc00);
        g_assert_cmphex(rig->w->r[4][i], ==, i < 10 ? 0x3ff : 0);
        g_assert_cmphex(rig->w->r[5][i], ==, 0x3fffffff);
    }
    g_assert_cmpuint(rig->w->tokens, ==, 0);
    rig_free(rig);
}

/* SYNC with a predicate: some go ahead to the join, the others follow. */
static void test_predicated_sync(void)
{
    Rig *rig = rig_new(32);
    uint32_t ssy;

    rig_emit(rig, LANEID(1));
    rig_emit(rig, SETP(0, 1, GE, 7));
    ssy = rig_emit(rig, SSY);
    rig_emit(rig, guarded(SYNC, 0, false));
    mark(rig, 2);
    rig_emit(rig, SYNC);
    rig_aim(rig, ssy, rig_here(rig));
    mark(rig, 3);
    rig_emit(rig, EXIT_WORD);
    run_to_exit(rig);
    SASS_LANES(i) {
        g_assert_cmphex(rig->w->r[2][i], ==, i < 7 ? 0x7f : 0);
    }
    g_assert_cmphex(rig_get(rig, 3), ==, SASS_ALL_LANES);
    rig_free(rig);
}

/*
 * Loops in loops: lane i does i % 5 rounds of i % 3 rounds, each left by BRK
 * out of an if that has its own SSY.
 */
static void test_nested_loops(void)
{
    Rig *rig = rig_new(32);
    uint32_t pbk, pbk_in, ssy, outer, inner, bra;

    rig_emit(rig, LANEID(1));
    rig_emit(rig, MOV(10, 0));      /* rounds of the inner loop */
    rig_emit(rig, MOV(11, 0));      /* rounds of the outer loop */
    pbk = rig_emit(rig, PBK);
    outer = rig_here(rig);
    /* if (R11 >= R20) break; within an SSY */
    ssy = rig_emit(rig, SSY);
    rig_emit(rig, OP(0x5b60) | PD(0, PT) | A(11) | B(20) | PS(PT) |
             FIELD(GE, 49) | BIT(48));
    rig_emit(rig, guarded(BRK, 0, false));
    rig_emit(rig, SYNC);
    rig_aim(rig, ssy, rig_here(rig));
    rig_emit(rig, MOV(12, 0));
    pbk_in = rig_emit(rig, PBK);
    inner = rig_here(rig);
    rig_emit(rig, OP(0x5b60) | PD(0, PT) | A(12) | B(21) | PS(PT) |
             FIELD(GE, 49) | BIT(48));
    rig_emit(rig, guarded(BRK, 0, false));
    rig_emit(rig, ADD(12, 12, 1));
    rig_emit(rig, ADD(10, 10, 1));
    bra = rig_emit(rig, BRA);
    rig_aim(rig, bra, inner);
    rig_aim(rig, pbk_in, rig_here(rig));
    mark(rig, 13);
    rig_emit(rig, ADD(11, 11, 1));
    bra = rig_emit(rig, BRA);
    rig_aim(rig, bra, outer);
    rig_aim(rig, pbk, rig_here(rig));
    mark(rig, 14);
    rig_emit(rig, EXIT_WORD);
    SASS_LANES(i) {
        rig->w->r[20][i] = i % 5;
        rig->w->r[21][i] = i % 3;
    }
    run_to_exit(rig);
    SASS_LANES(i) {
        uint32_t rounds = 0;

        g_assert_cmpuint(rig->w->r[10][i], ==, i % 5 * (i % 3));
        g_assert_cmpuint(rig->w->r[11][i], ==, i % 5);
        /* After the inner loop all lanes in that round are together. */
        for (unsigned k = 0; k < 32; k++) {
            rounds |= (uint32_t)(k % 5 >= i % 5) << k;
        }
        g_assert_cmphex(rig->w->r[13][i], ==, i % 5 ? rounds : 0);
    }
    g_assert_cmphex(rig_get(rig, 14), ==, SASS_ALL_LANES);
    g_assert_cmpuint(rig->w->tokens, ==, 0);
    rig_free(rig);
}

/* for (n = 0; n < R20; n++) { if (n % 2) continue; R10 += n; } */
static void test_continue(void)
{
    Rig *rig = rig_new(32);
    uint32_t pbk, pcnt, head, next;

    rig_emit(rig, MOV(10, 0));
    rig_emit(rig, MOV(11, 0));
    pbk = rig_emit(rig, PBK);
    head = rig_here(rig);
    pcnt = rig_emit(rig, PCNT);
    rig_emit(rig, OP(0x5b60) | PD(0, PT) | A(11) | B(20) | PS(PT) |
             FIELD(GE, 49) | BIT(48));
    rig_emit(rig, guarded(BRK, 0, false));
    rig_emit(rig, OP(0x3840) | D(12) | A(11) | IMM20(1) | FIELD(PT, 48));
    rig_emit(rig, SETP(1, 12, NE, 0));
    rig_emit(rig, guarded(CONT, 1, false));
    rig_emit(rig, ADD_R(10, 10, 11));
    rig_emit(rig, CONT);
    rig_aim(rig, pcnt, rig_here(rig));
    rig_emit(rig, ADD(11, 11, 1));
    next = rig_emit(rig, BRA);
    rig_aim(rig, next, head);
    rig_aim(rig, pbk, rig_here(rig));
    mark(rig, 13);
    rig_emit(rig, EXIT_WORD);
    SASS_LANES(i) {
        rig->w->r[20][i] = i;
    }
    run_to_exit(rig);
    SASS_LANES(i) {
        uint32_t sum = 0;

        for (unsigned n = 0; n < i; n += 2) {
            sum += n;
        }
        g_assert_cmpuint(rig->w->r[10][i], ==, sum);
    }
    g_assert_cmphex(rig_get(rig, 13), ==, SASS_ALL_LANES);
    rig_free(rig);
}

/* A function called twice, once nested and left early by some lanes. */
static void test_call(void)
{
    Rig *rig = rig_new(32);
    uint32_t cal, second, jcal, pret, leaf, f;

    rig_emit(rig, LANEID(1));
    rig_emit(rig, MOV(10, 0));
    cal = rig_emit(rig, CAL);
    second = rig_emit(rig, CAL);
    mark(rig, 13);
    pret = rig_emit(rig, PRET);     /* return there from a jump */
    jcal = rig_emit(rig, FLOW(0xe210));
    rig_emit(rig, MOV(12, 99));
    rig_aim(rig, pret, rig_here(rig));
    mark(rig, 14);
    rig_emit(rig, EXIT_WORD);
    /* f: R10 += 1; odd lanes return; leaf(); return */
    f = rig_here(rig);
    rig_aim(rig, cal, f);
    rig_aim(rig, second, f);
    rig_emit(rig, ADD(10, 10, 1));
    rig_emit(rig, OP(0x3840) | D(2) | A(1) | IMM20(1) | FIELD(PT, 48));
    rig_emit(rig, SETP(0, 2, NE, 0));
    rig_emit(rig, guarded(RET, 0, false));
    leaf = rig_emit(rig, JCAL);
    rig_emit(rig, ADD(10, 10, 10));
    rig_emit(rig, RET);
    rig->code[leaf / 8] |= IMM32(rig_here(rig));
    rig_emit(rig, ADD(10, 10, 100));
    rig_emit(rig, RET);
    rig->code[jcal / 8] |= IMM32(f);
    run_to_exit(rig);
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[10][i], ==, 3 * (i % 2 ? 1 : 111));
    }
    g_assert_cmphex(rig_get(rig, 13), ==, SASS_ALL_LANES);
    g_assert_cmphex(rig_get(rig, 14), ==, SASS_ALL_LANES);
    g_assert_cmpuint(rig->w->r[12][0], ==, 0);
    rig_free(rig);
}

/* Lanes exit at different places; those left go on and join. */
static void test_exit(void)
{
    Rig *rig = rig_new(32);
    uint32_t ssy;

    rig_emit(rig, LANEID(1));
    ssy = rig_emit(rig, SSY);
    rig_emit(rig, SETP(0, 1, LT, 4));
    rig_emit(rig, guarded(EXIT_WORD, 0, false));
    rig_emit(rig, SETP(1, 1, GE, 30));
    rig_emit(rig, guarded(SYNC, 1, false));
    rig_emit(rig, SETP(2, 1, GE, 20));
    rig_emit(rig, guarded(EXIT_WORD, 2, false));
    rig_emit(rig, SYNC);
    rig_aim(rig, ssy, rig_here(rig));
    mark(rig, 2);
    rig_emit(rig, EXIT_WORD);
    run_to_exit(rig);
    SASS_LANES(i) {
        bool left = i >= 30 || (i >= 4 && i < 20);

        g_assert_cmphex(rig->w->r[2][i], ==, left ? 0xc00ffff0 : 0);
    }
    rig_free(rig);
}

/* BRX and JMX: a switch over the lane. */
static void test_indirect(void)
{
    for (unsigned way = 0; way < 4; way++) {
        Rig *rig = rig_new(32);
        bool jmx = way & 1, table = way & 2;
        uint32_t ssy, at, place[4];

        ssy = rig_emit(rig, SSY);
        at = rig_emit(rig, OP(jmx ? 0xe200 : 0xe250) | 0xf | A(5) |
                      (table ? BIT(5) | FIELD(2, 36) | FIELD(0x40, 20) : 0));
        for (unsigned k = 0; k < 4; k++) {
            place[k] = rig_here(rig);
            mark(rig, 2);
            rig_emit(rig, ADD(3, RZ, 100 + k));
            rig_emit(rig, SYNC);
        }
        rig_aim(rig, ssy, rig_here(rig));
        mark(rig, 4);
        rig_emit(rig, EXIT_WORD);
        for (unsigned k = 0; k < 4; k++) {
            env_const32(rig->env, 2, 0x40 + 4 * k,
                        jmx ? place[k] : place[k] - (at + 8));
        }
        SASS_LANES(i) {
            rig->w->r[5][i] = table ? 4 * (i % 4) :
                              jmx ? place[i % 4] : place[i % 4] - (at + 8);
        }
        run_to_exit(rig);
        SASS_LANES(i) {
            g_assert_cmpuint(rig->w->r[3][i], ==, 100 + i % 4);
            g_assert_cmphex(rig->w->r[2][i], ==, 0x11111111u << i % 4);
        }
        g_assert_cmphex(rig_get(rig, 4), ==, SASS_ALL_LANES);
        rig_free(rig);
    }
}

/* A branch on the condition code. */
static void test_condition(void)
{
    Rig *rig = rig_new(32);
    uint32_t bra;

    rig_emit(rig, LANEID(1));
    rig_emit(rig, OP(0x3810) | D(RZ) | A(1) | IMM20(-16) | BIT(47));
    bra = rig_emit(rig, OP(0xe240) | 0x2);  /* EQ */
    rig_emit(rig, MOV(2, 1));
    rig_aim(rig, bra, rig_here(rig));
    rig_emit(rig, ADD(3, 3, 1));
    rig_emit(rig, EXIT_WORD);
    run_to_exit(rig);
    SASS_LANES(i) {
        g_assert_cmpuint(rig->w->r[2][i], ==, i != 16);
        g_assert_cmpuint(rig->w->r[3][i], ==, 1);
    }
    rig_free(rig);
}

static void test_stack(void)
{
    static const uint64_t lonely[] = { SYNC, BRK, CONT, RET };
    Rig *rig;
    uint32_t back, bra;

    for (unsigned i = 0; i < G_N_ELEMENTS(lonely); i++) {
        rig = rig_new(32);
        g_assert_cmpint(rig_step(rig, lonely[i]), ==, SASS_TRAPPED);
        g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_STACK);
        rig_free(rig);
    }
    /* An SSY token is no good for BRK. */
    rig = rig_new(32);
    rig_emit(rig, SSY);
    rig_emit(rig, BRK);
    g_assert_cmpint(rig_run(rig, 100), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_STACK);
    rig_free(rig);
    /* Endless pushing ends. */
    rig = rig_new(32);
    back = rig_emit(rig, SSY);
    bra = rig_emit(rig, BRA);
    rig_aim(rig, bra, back);
    g_assert_cmpint(rig_run(rig, 100000), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_STACK);
    rig_free(rig);
    rig = rig_new(32);
    bra = rig_emit(rig, CAL);
    rig_aim(rig, bra, bra);
    g_assert_cmpint(rig_run(rig, 100000), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_STACK);
    rig_free(rig);
    /* Lanes that wait for a token that never was, when all others exit. */
    rig = rig_new(32);
    rig_pred(rig, 0, 0xff);
    rig_emit(rig, guarded(SYNC, 0, false));
    rig_emit(rig, EXIT_WORD);
    g_assert_cmpint(rig_run(rig, 10), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_STACK);
    rig_free(rig);
}

/* Divergence on a stack that is full up to @room. */
static void check_full(uint64_t word, unsigned room, SassState want)
{
    Rig *rig = rig_new(32);
    unsigned pushed = 0;

    for (; pushed < SASS_TOKENS - room; pushed++) {
        rig_emit(rig, SSY);
    }
    rig_emit(rig, word);
    SASS_LANES(i) {
        rig->w->r[5][i] = 8 * (i % 3);
    }
    rig_pred(rig, 0, 0xffff);
    g_assert_cmpint(rig_run(rig, pushed + 1), ==, want);
    if (want == SASS_TRAPPED) {
        g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_STACK);
    }
    rig_free(rig);
}

static void test_full_stack(void)
{
    uint64_t brx = FLOW(0xe250) | A(5);

    check_full(guarded(BRA, 0, false), 0, SASS_TRAPPED);
    check_full(guarded(BRA, 0, false), 1, SASS_READY);
    check_full(brx, 1, SASS_TRAPPED);
    check_full(brx, 2, SASS_READY);
    check_full(guarded(brx, 0, false), 0, SASS_TRAPPED);
    check_full(guarded(brx, 0, false), 3, SASS_READY);
    check_full(CAL, 0, SASS_TRAPPED);
    check_full(CAL, 1, SASS_READY);
}

/* Targets in constants, also those that can't be read. */
static void test_constant_target(void)
{
    static const uint64_t words[] = {
        BRA, FLOW(0xe210), SSY, CAL, FLOW(0xe250) | A(5), FLOW(0xe200) | A(5),
    };
    Rig *rig = rig_new(32);
    uint32_t at;

    at = rig_emit(rig, BRA | BIT(5) | FIELD(3, 36) | FIELD(0x20, 20));
    rig_emit(rig, MOV(1, 1));
    env_const32(rig->env, 3, 0x20, rig_here(rig) - (at + 8));
    at = rig_emit(rig, FLOW(0xe210) | BIT(5) | FIELD(3, 36) |
                  FIELD(0x24, 20));
    rig_emit(rig, MOV(2, 1));
    env_const32(rig->env, 3, 0x24, rig_here(rig));
    rig_emit(rig, EXIT_WORD);
    run_to_exit(rig);
    g_assert_cmpuint(rig_get(rig, 1) + rig_get(rig, 2), ==, 0);
    rig_free(rig);
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        rig = rig_new(32);
        g_assert_cmpint(rig_step(rig, words[i] | BIT(5) | FIELD(20, 36)), ==,
                        SASS_FAULTED);
        g_assert_cmpuint(rig->w->tokens, ==, 0);
        rig_free(rig);
    }
    rig = rig_new(32);
    rig_set(rig, 5, 2);
    g_assert_cmpint(rig_step(rig, FLOW(0xe250) | A(5) | BIT(5)), ==,
                    SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_MISALIGNED);
    rig_free(rig);
}

/* What a launch can ask for too much of. */
static void test_limits(void)
{
    Rig *rig = rig_new(0);

    g_assert_cmpint(sass_warp_state(rig->w), ==, SASS_EXITED);
    g_assert_cmpint(rig_run(rig, 10), ==, SASS_EXITED);
    rig_free(rig);
    rig = rig_new(1000);
    g_assert_cmphex(rig->w->launched, ==, SASS_ALL_LANES);
    rig->cfg.local_size = 0xffffff;
    sass_warp_free(rig->w);
    rig->w = sass_warp_new(&rig->cfg);
    rig_do(rig, OP(0xef50) | D(1) | A(RZ) | FIELD(4, 48) |
           FIELD(0x7fffc, 20));
    g_assert_cmpint(rig_step(rig, OP(0xef50) | D(1) | A(RZ) | FIELD(4, 48) |
                             FIELD(0x80000, 20)), ==, SASS_TRAPPED);
    rig_free(rig);
    for (SassTrap a = SASS_TRAP_NONE; a <= SASS_TRAP_BARRIER; a++) {
        for (SassTrap b = SASS_TRAP_NONE; b < a; b++) {
            g_assert_cmpstr(sass_trap_name(a), !=, sass_trap_name(b));
        }
    }
}

/* An endless loop is legal; the budget ends each call. */
static void test_budget(void)
{
    Rig *rig = rig_new(32);
    uint32_t bra = rig_emit(rig, ADD(1, 1, 1));

    rig_aim(rig, rig_emit(rig, BRA), bra);
    g_assert_cmpint(rig_run(rig, 1001), ==, SASS_READY);
    g_assert_cmpuint(rig_get(rig, 1), ==, 501);
    g_assert_cmpint(rig_run(rig, 0), ==, SASS_READY);
    g_assert_cmpint(rig_run(rig, 999), ==, SASS_READY);
    g_assert_cmpuint(rig_get(rig, 1), ==, 1000);
    g_assert_cmpuint(rig->lanes, ==, 32 * 2000);
    rig_free(rig);
}

#define BAR_WORD(sub, index, threads) \
    (OP(0xf0a8) | FIELD(sub, 32) | FIELD(index, 8) | BIT(43) | \
     FIELD(threads, 20) | BIT(44) | PS(PT))

static void test_barrier(void)
{
    Rig *rig = rig_new(20);

    rig_emit(rig, BAR_WORD(0, 5, 64));
    rig_emit(rig, OP(0xf0b8) | D(3) | BIT(32) | FIELD(2, 45));
    rig_emit(rig, EXIT_WORD);
    g_assert_cmpint(rig_run(rig, 10), ==, SASS_BARRIER);
    g_assert_cmpint(rig_run(rig, 10), ==, SASS_BARRIER);
    g_assert_cmpuint(sass_warp_barrier(rig->w), ==, 5);
    g_assert_cmpuint(sass_warp_barrier_threads(rig->w), ==, 64);
    g_assert_false(sass_warp_barrier_arrive(rig->w));
    g_assert_cmpint(sass_warp_barrier_red(rig->w), ==, SASS_BAR_NONE);
    g_assert_cmpuint(sass_warp_barrier_lanes(rig->w), ==, 20);
    sass_warp_release(rig->w, 0);
    run_to_exit(rig);
    rig_free(rig);

    /* BAR.RED with registers for index and count; P1 votes. */
    for (unsigned n = 0; n < 3; n++) {
        static const unsigned sub[3] = { 0x02, 0x0a, 0x12 };

        rig = rig_new(32);
        rig_emit(rig, OP(0xf0a8) | FIELD(sub[n], 32) | A(1) | B(2) | PS(1));
        rig_emit(rig, OP(0xf0b8) | D(3) | BIT(32) | FIELD(2, 45));
        rig_emit(rig, EXIT_WORD);
        rig_set(rig, 1, 7);
        rig_set(rig, 2, 96);
        rig_pred(rig, 1, 0x70000001);
        g_assert_cmpint(rig_run(rig, 10), ==, SASS_BARRIER);
        g_assert_cmpuint(sass_warp_barrier(rig->w), ==, 7);
        g_assert_cmpuint(sass_warp_barrier_threads(rig->w), ==, 96);
        g_assert_cmpint(sass_warp_barrier_red(rig->w), ==,
                        SASS_BAR_POPC + n);
        g_assert_cmpuint(sass_warp_barrier_votes(rig->w), ==, 4);
        sass_warp_release(rig->w, 41);
        run_to_exit(rig);
        g_assert_cmpuint(rig_get(rig, 3), ==, 41);
        g_assert_cmphex(rig->w->pred[2], ==, SASS_ALL_LANES);
        rig_free(rig);
    }
    rig = rig_new(32);
    g_assert_cmpint(rig_step(rig, BAR_WORD(1, 0, 0)), ==, SASS_BARRIER);
    g_assert_true(sass_warp_barrier_arrive(rig->w));
    rig_free(rig);
}

static void test_barrier_traps(void)
{
    static const uint64_t wrong[] = {
        BAR_WORD(0, 16, 0), BAR_WORD(0, 0, 33), BAR_WORD(0, 0, 2048),
    };
    Rig *rig;

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        rig = rig_new(32);
        g_assert_cmpint(rig_step(rig, wrong[i]), ==, SASS_TRAPPED);
        g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_BARRIER);
        rig_free(rig);
    }
    /* All lanes that did not exit must come together. */
    for (unsigned exits = 0; exits < 2; exits++) {
        rig = rig_new(32);
        rig_pred(rig, 0, 0xff);
        rig_emit(rig, SSY);
        rig_emit(rig, guarded(exits ? EXIT_WORD : SYNC, 0, false));
        rig_emit(rig, BAR_WORD(0, 0, 0));
        g_assert_cmpint(rig_run(rig, 10), ==,
                        exits ? SASS_BARRIER : SASS_TRAPPED);
        if (exits) {
            g_assert_cmpuint(sass_warp_barrier_lanes(rig->w), ==, 24);
        }
        rig_free(rig);
    }
}

static void test_shfl(void)
{
    Rig *rig = rig_new(32);

    /* Modes by segments of 32 and 8, amounts from a register. */
    for (unsigned n = 0; n < 4 * 2 * 9; n++) {
        unsigned mode = n % 4, width = n & 4 ? 8 : 32, amount = n / 8;
        uint32_t mask = ~(width - 1) & 0x1f;
        uint32_t c = mask << 8 | (mode == 1 ? 0 : 0x1f);
        bool immediate = amount & 1;

        SASS_LANES(i) {
            rig->w->r[2][i] = 1000 + i;
        }
        rig_set(rig, 3, amount);
        rig_set(rig, 4, c);
        rig_do(rig, OP(0xef10) | D(1) | A(2) | FIELD(mode, 30) |
               FIELD(5, 48) | (immediate ? BIT(28) | FIELD(amount, 20) |
                                           BIT(29) | FIELD(c, 34)
                                         : B(3) | C(4)));
        for (int i = 0; i < 32; i++) {
            int base = i / width * width, from;
            bool ok;

            from = mode == 0 ? base + (int)(amount % width) :
                   mode == 1 ? i - (int)amount :
                   mode == 2 ? i + (int)amount : i ^ (int)amount;
            /* BFLY may look into an earlier segment: PTX ISA, shfl. */
            ok = (from >= base || mode == 3) && from < base + (int)width;
            g_assert_cmpuint(rig->w->pred[5] >> i & 1, ==, ok);
            g_assert_cmpuint(rig->w->r[1][i], ==, 1000 + (ok ? from : i));
        }
    }
    rig_free(rig);
}

static void test_vote(void)
{
    static const uint32_t value[] = { 0, 0x00ffffff, 0x10, 0x01fffffe };
    Rig *rig = rig_new(24);

    for (unsigned n = 0; n < 3 * 4; n++) {
        unsigned mode = n % 3;
        uint32_t v = value[n / 3], in = v & 0x00ffffff;
        bool all = in == 0x00ffffff, any = in != 0;
        bool want = mode == 0 ? all : mode == 1 ? any : all || !any;

        rig_pred(rig, 0, v);
        rig_pred(rig, 1, want ? 0 : SASS_ALL_LANES);
        rig_do(rig, OP(0x50d8) | D(2) | FIELD(mode, 48) | FIELD(1, 45) |
               PS(0));
        g_assert_cmphex(rig->w->pred[1] & 0xffffff, ==,
                        want ? 0xffffff : 0);
        g_assert_cmphex(rig->w->r[2][0], ==, in);
        g_assert_cmphex(rig->w->r[2][24], ==, 0);
    }
    rig_free(rig);
}

/* Registers beyond those of the launch, and misaligned ones. */
static void test_registers(void)
{
    static const struct {
        uint64_t word;
        SassTrap want;
    } t[] = {
        { ADD(39, 0, 0), SASS_TRAP_NONE },
        { ADD(40, 0, 0), SASS_TRAP_OUT_OF_RANGE },
        { ADD(0, 40, 0), SASS_TRAP_OUT_OF_RANGE },
        { ADD_R(0, 0, 254), SASS_TRAP_OUT_OF_RANGE },
        { ADD_R(RZ, RZ, RZ), SASS_TRAP_NONE },
        { OP(0x5c70) | D(38) | A(0) | B(0), SASS_TRAP_NONE },
        { OP(0x5c70) | D(1) | A(0) | B(0), SASS_TRAP_ILLEGAL_ENCODING },
        { OP(0x5c70) | D(0) | A(254) | B(0), SASS_TRAP_ILLEGAL_ENCODING },
        { OP(0x5c70) | D(0) | A(0) | B(40), SASS_TRAP_OUT_OF_RANGE },
        { OP(0xef48) | D(36) | A(RZ) | FIELD(6, 48), SASS_TRAP_NONE },
        { OP(0xef48) | D(38) | A(RZ) | FIELD(6, 48),
          SASS_TRAP_ILLEGAL_ENCODING },
        { OP(0xef48) | D(252) | A(RZ) | FIELD(6, 48),
          SASS_TRAP_ILLEGAL_ENCODING },
        { OP(0xef48) | D(40) | A(RZ) | FIELD(6, 48), SASS_TRAP_OUT_OF_RANGE },
        { OP(0xef48) | D(RZ) | A(RZ) | FIELD(6, 48), SASS_TRAP_NONE },
        { OP(0xeef0) | D(RZ) | A(0) | B(39) | BIT(48),
          SASS_TRAP_ILLEGAL_ENCODING },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
        Rig *rig = rig_new(32);

        rig->cfg.regs = 33;         /* counted in units of 8 */
        sass_warp_free(rig->w);
        rig->w = sass_warp_new(&rig->cfg);
        g_assert_cmpint(rig_step(rig, t[i].word), ==,
                        t[i].want ? SASS_TRAPPED : SASS_READY);
        g_assert_cmpint(sass_warp_trap(rig->w), ==, t[i].want);
        rig_free(rig);
    }
}

static void test_illegal(void)
{
    static const uint64_t words[] = {
        0, ~0ull,
        OP(0xc038),                 /* TEX */
        OP(0xeb20),                 /* SUST */
        OP(0xe000),                 /* IPA */
        OP(0xefd8),                 /* ALD */
        OP(0xe3a0),                 /* BPT */
        OP(0xe330),                 /* KIL */
        OP(0x5d10),                 /* HADD2 */
        OP(0x5f00),                 /* VMAD */
        OP(0x5c88),                 /* FCHK */
    };
    Rig *rig;

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        rig = rig_new(32);
        g_assert_cmpint(rig_step(rig, words[i]), ==, SASS_TRAPPED);
        g_assert_cmpint(sass_warp_trap(rig->w), ==,
                        SASS_TRAP_ILLEGAL_INSTRUCTION);
        g_assert_cmpuint(sass_warp_pc(rig->w), ==, 8);
        rig_free(rig);
    }
    /* A branch to where no instruction begins. */
    rig = rig_new(32);
    rig_emit(rig, BRA | FIELD(4, 20));
    g_assert_cmpint(rig_run(rig, 5), ==, SASS_TRAPPED);
    g_assert_cmpint(sass_warp_trap(rig->w), ==, SASS_TRAP_MISALIGNED);
    rig_free(rig);
    /* Code that can't be read parks the warp. */
    rig = rig_new(32);
    rig_emit(rig, BRA | FIELD(0x700000, 20));
    g_assert_cmpint(rig_run(rig, 5), ==, SASS_FAULTED);
    g_assert_cmpint(rig_run(rig, 5), ==, SASS_FAULTED);
    rig_free(rig);
}

/* Random words never do worse than trap or fault: for the sanitizers. */
static void test_random_words(void)
{
    Rig *rig = rig_new(32);
    uint64_t seed = 2024;

    for (unsigned n = 0; n < 100000; n++) {
        uint64_t word = (uint64_t)next_random(&seed) << 32 |
                        next_random(&seed);
        char text[40];

        /* Half of them with registers and a predicate that exist. */
        if (n % 2) {
            word = (word & ~0xfffffull) | (next_random(&seed) & 0x1e3e) |
                   7 << 16;
        }
        sass_disassemble(word, 8, text, 1 + n % sizeof(text));
        g_assert_cmpuint(strlen(text), <=, n % sizeof(text));
        if (n % 1000 == 0) {
            sass_warp_free(rig->w);
            rig->w = sass_warp_new(&rig->cfg);
            for (unsigned r = 0; r < SASS_REGS; r++) {
                SASS_LANES(i) {
                    rig->w->r[r][i] = next_random(&seed);
                }
            }
        }
        rig->w->state = SASS_READY;
        rig->w->active = rig->w->launched;
        rig->w->exited = 0;
        rig->w->tokens = 0;
        memset(rig->w->waiting, 0, sizeof(rig->w->waiting));
        rig_step(rig, word);
        SASS_LANES(i) {
            g_assert_cmpuint(rig->w->r[RZ][i], ==, 0);
        }
        g_assert_cmphex(rig->w->pred[PT], ==, SASS_ALL_LANES);
        g_assert_cmphex(rig->w->active & ~rig->w->launched, ==, 0);
    }
    rig_free(rig);
}

/* Code is decoded once until it is flushed, also above the cached part. */
static void test_cache(void)
{
    Rig *rig = rig_new(32);
    unsigned before;

    rig_emit(rig, ADD(1, 1, 1));
    rig_aim(rig, rig_emit(rig, BRA), 8);
    rig_run(rig, 2);
    before = rig->env->fetches;
    rig_run(rig, 1000);
    g_assert_cmpuint(rig->env->fetches, ==, before);
    /* New code is seen after a flush. */
    rig->code[1] = ADD(1, 1, 100);
    rig_set(rig, 1, 0);
    rig_run(rig, 2);
    g_assert_cmpuint(rig_get(rig, 1), ==, 1);
    sass_program_flush(rig->env->prog);
    rig_run(rig, 2);
    g_assert_cmpuint(rig_get(rig, 1), ==, 101);
    /* The same program, 16 MiB up. */
    env_code(rig->env, 0x1000000, rig->code, sizeof(rig->code));
    rig->w->pc = 0x1000000;
    before = rig->env->fetches;
    rig_run(rig, 100);
    g_assert_cmpuint(rig_get(rig, 1), ==, 101 + 50 * 100);
    g_assert_cmpuint(rig->env->fetches, ==, before + 100);
    rig_free(rig);
}

static void test_disassemble(void)
{
    static const struct {
        uint64_t word;
        uint32_t pc;
        const char *want;
    } t[] = {
        /* From the golden kernels. */
        { 0xef9500000007ff00, 0x08, "LDC.64 R0, c[0x0][RZ]" },
        { 0x4c98079c04070006, 0x28, "MOV R6, c[0x7][0x100], 0xf" },
        { 0x5b30019800970603, 0x48, "XMAD.CBCC.PSL R3, R6.H1, R9.H1, R3" },
        { 0x5a42018000670203, 0x88, "IMAD.U32.U32.HI.X R3, R2, R6, R3" },
        { 0x5c118000008700ff, 0xf8, "IADD.CC RZ, R0, -R8" },
        { 0x5b620b8000970107, 0x08,
          "ISETP.LT.U32.X P0, PT, R1, R9, PT" },
        { 0xe29000000b800000, 0xf0, "SSY 0x1b0" },
        { 0xf0f800000008000f, 0x10, "@!P0 SYNC" },
        { 0xe2400ffff287000f, 0x1c8, "BRA 0xf8" },
        { 0xeef10000004700ff, 0x30, "ATOM.E.CAS RZ, [R0], R4" },
        { 0xebf9000001070002, 0x68, "RED.E.MAX [R0], R2" },
        { 0x9c90000000c70003, 0x98, "LD.E.32 R3, [R0+0xc]" },
        { 0xf0a803800ff7ff00, 0x50, "BAR.SYNC RZ, RZ, PT" },
        { 0x5cf905c00057ff05, 0x70, "SHF.R.U64.HI R5, RZ, R5, R11" },
        { 0x5080000000872004, 0x08, "MUFU.SQRT R4, R32" },
        { 0xffffffffffffffff, 0x08,
          "(illegal instruction) ILLEGAL 0xffffffffffffffff" },
        { 0x0000000000000000, 0x20, "(sched)" },
    };
    char text[128];

    for (unsigned i = 0; i < G_N_ELEMENTS(t); i++) {
        sass_disassemble(t[i].word, t[i].pc, text, sizeof(text));
        g_assert_cmpstr(text, ==, t[i].want);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sass/flow/branch", test_branch);
    g_test_add_func("/sass/flow/if-else", test_if_else);
    g_test_add_func("/sass/flow/predicated-sync", test_predicated_sync);
    g_test_add_func("/sass/flow/nested-loops", test_nested_loops);
    g_test_add_func("/sass/flow/continue", test_continue);
    g_test_add_func("/sass/flow/call", test_call);
    g_test_add_func("/sass/flow/exit", test_exit);
    g_test_add_func("/sass/flow/indirect", test_indirect);
    g_test_add_func("/sass/flow/condition", test_condition);
    g_test_add_func("/sass/flow/stack", test_stack);
    g_test_add_func("/sass/flow/full-stack", test_full_stack);
    g_test_add_func("/sass/flow/constant-target", test_constant_target);
    g_test_add_func("/sass/flow/limits", test_limits);
    g_test_add_func("/sass/flow/budget", test_budget);
    g_test_add_func("/sass/warp/barrier", test_barrier);
    g_test_add_func("/sass/warp/barrier-traps", test_barrier_traps);
    g_test_add_func("/sass/warp/shfl", test_shfl);
    g_test_add_func("/sass/warp/vote", test_vote);
    g_test_add_func("/sass/decode/registers", test_registers);
    g_test_add_func("/sass/decode/illegal", test_illegal);
    g_test_add_func("/sass/decode/random-words", test_random_words);
    g_test_add_func("/sass/decode/cache", test_cache);
    g_test_add_func("/sass/decode/disassemble", test_disassemble);
    return g_test_run();
}
