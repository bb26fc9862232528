/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast the SASS interpreter runs by itself: lane-instructions a second of
 * processor time, for golden kernels (integer with long division, float,
 * loads and stores) on flat memory.  The last line is JSON.
 */
#include <stdio.h>
#include <time.h>

#include "sass_env.h"

#define VA_A 0x10000000ull
#define VA_B 0x20000000ull
#define BLOCK 256
#define GRID 4
#define ITEMS (BLOCK * GRID)
#define SECONDS 1.0

typedef struct Bench {
    const char *name, *what;
    uint32_t regs;
    size_t bytes_a, bytes_b;
    /* Third and fourth argument, at 16 and 24 of c0. */
    uint64_t third;
    bool is_memset;
} Bench;

static const Bench benches[] = {
    { "divmod", "integer", 64, (ITEMS + 1) * 4, (ITEMS + 1) * 8, 0, false },
    { "fmath", "float", 64, ITEMS * 4, ITEMS * 4, 0, false },
    { "memset_k", "loop of 64-bit integers and stores", 16, 64 * ITEMS, 4,
      64 * ITEMS, true },
    { "vadd", "loads and stores", 16, ITEMS * 4, ITEMS * 4,
      3 | (uint64_t)ITEMS << 32, false },
};

static double bench(const Bench *b)
{
    char *file = g_strconcat(TEST_GOLDEN_DIR "/", b->name, ".bin", NULL);
    uint8_t *a = g_malloc0(b->bytes_a), *c = g_malloc0(b->bytes_b);
    SassEnv *env = env_new();
    EnvLaunch launch = {
        .regs = b->regs, .local_size = 1024,
        .grid = { GRID, 1, 1 }, .block = { BLOCK, 1, 1 },
    };
    char *code;
    size_t len;
    double rate, elapsed;
    clock_t start;

    if (!g_file_get_contents(file, &code, &len, NULL)) {
        g_error("%s is missing", file);
    }
    env_code(env, 0, code, len);
    for (size_t i = 0; i < b->bytes_a; i++) {
        a[i] = i * 37;
    }
    for (size_t i = 0; i < b->bytes_b; i++) {
        c[i] = i * 101 >> 3;
    }
    env_map(env, VA_A, a, b->bytes_a);
    env_map(env, VA_B, c, b->bytes_b);
    env_const64(env, 0, 0, VA_A);
    env_const64(env, 0, 8, b->is_memset ? 0x5a : VA_B);
    env_const64(env, 0, 16, b->third);
    for (unsigned i = 0; i < 3; i++) {
        env_const32(env, 7, 0x100 + 4 * i, launch.block[i]);
        env_const32(env, 7, 0x10c + 4 * i, launch.grid[i]);
    }
    start = clock();
    do {
        g_assert_cmpint(env_run_grid(env, &launch), ==, SASS_EXITED);
        elapsed = (double)(clock() - start) / CLOCKS_PER_SEC;
    } while (elapsed < SECONDS);
    rate = env->lane_instructions / elapsed / 1e6;
    printf("%-10s %8.1f million lane-instructions/s  (%s)\n", b->name, rate,
           b->what);
    env_free(env);
    g_free(code);
    g_free(file);
    g_free(a);
    g_free(c);
    return rate;
}

int main(void)
{
    double rate[G_N_ELEMENTS(benches)], time = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(benches); i++) {
        rate[i] = bench(&benches[i]);
        time += 1 / rate[i];
    }
    printf("{\"bench\": \"sass\", \"unit\": \"million lane-instructions/s\"");
    for (unsigned i = 0; i < G_N_ELEMENTS(benches); i++) {
        printf(", \"%s\": %.1f", benches[i].name, rate[i]);
    }
    /* As many instructions of each. */
    printf(", \"mix\": %.1f}\n", G_N_ELEMENTS(benches) / time);
    return 0;
}
