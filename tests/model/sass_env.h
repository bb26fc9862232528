/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a SASS test needs of an SM: flat memory in regions, constant banks,
 * code, faults on demand, and a scheduler that runs a grid one warp after the
 * other.
 */
#ifndef TESTS_MODEL_SASS_ENV_H
#define TESTS_MODEL_SASS_ENV_H

#include <glib.h>
#include <string.h>

#include "../../hw/gp107/sass/sass.h"

#define ENV_REGIONS 8
#define ENV_BANKS 8
#define ENV_BANK_BYTES 0x10000
#define ENV_PAGE 4096
#define ENV_BLOCK_MAX 1024

typedef struct EnvRegion {
    uint64_t va;
    uint8_t *data;
    size_t size;
    bool read_only;
    uint8_t *seen;                  /* a byte a page: touched before */
} EnvRegion;

typedef struct SassEnv {
    const uint8_t *code;
    uint32_t code_base;             /* pc of the first byte */
    size_t code_size;
    uint8_t bank[ENV_BANKS][ENV_BANK_BYTES];
    EnvRegion region[ENV_REGIONS];
    unsigned regions;
    bool fault_first;               /* the first touch of a page faults */
    unsigned faults;                /* translations refused */
    unsigned translated, reads, writes, atomics, fetches;
    uint64_t clock;
    uint64_t lane_instructions;
    SassProgram *prog;
} SassEnv;

/* One kernel launch. */
typedef struct EnvLaunch {
    uint32_t entry, regs, local_size, shared_size;
    uint32_t grid[3], block[3];
    unsigned budget;                /* instructions in all; 0: 100 million */
} EnvLaunch;

static inline SassEnv *env_new(void)
{
    SassEnv *env = g_new0(SassEnv, 1);

    env->prog = sass_program_new();
    return env;
}

static inline void env_free(SassEnv *env)
{
    for (unsigned i = 0; i < env->regions; i++) {
        g_free(env->region[i].seen);
    }
    sass_program_free(env->prog);
    g_free(env);
}

static inline EnvRegion *env_map(SassEnv *env, uint64_t va, void *data,
                                 size_t size)
{
    EnvRegion *r = &env->region[env->regions++];

    g_assert_cmpuint(env->regions, <=, ENV_REGIONS);
    *r = (EnvRegion) {
        .va = va, .data = data, .size = size,
        .seen = g_malloc0(size / ENV_PAGE + 2),
    };
    return r;
}

static inline void env_code(SassEnv *env, uint32_t base, const void *code,
                            size_t size)
{
    env->code_base = base;
    env->code = code;
    env->code_size = size;
    sass_program_flush(env->prog);
}

static inline void env_const32(SassEnv *env, unsigned bank, uint32_t offset,
                               uint32_t value)
{
    memcpy(env->bank[bank] + offset, &value, sizeof(value));
}

static inline void env_const64(SassEnv *env, unsigned bank, uint32_t offset,
                               uint64_t value)
{
    memcpy(env->bank[bank] + offset, &value, sizeof(value));
}

static inline bool env_translate(void *opaque, uint64_t va, unsigned size,
                                 SassAccess access, SassPhys *phys)
{
    SassEnv *env = opaque;

    env->translated++;
    g_assert_cmpuint(va & (size - 1), ==, 0);
    for (unsigned i = 0; i < env->regions; i++) {
        EnvRegion *r = &env->region[i];
        uint8_t *seen;

        if (va - r->va >= r->size || va - r->va > r->size - size) {
            continue;
        }
        seen = &r->seen[(va - r->va) / ENV_PAGE];
        if (env->fault_first && !*seen) {
            *seen = 1;
            break;
        }
        if (r->read_only && access != SASS_READ) {
            break;
        }
        phys->addr = va - r->va;
        phys->aperture = i;
        return true;
    }
    env->faults++;
    return false;
}

static inline void env_read(void *opaque, const SassPhys *phys, void *buf,
                            unsigned size)
{
    SassEnv *env = opaque;

    env->reads++;
    memcpy(buf, env->region[phys->aperture].data + phys->addr, size);
}

static inline void env_write(void *opaque, const SassPhys *phys,
                             const void *buf, unsigned size)
{
    SassEnv *env = opaque;

    env->writes++;
    memcpy(env->region[phys->aperture].data + phys->addr, buf, size);
}

static inline uint64_t env_atomic(void *opaque, const SassPhys *phys,
                                  SassAtomOp op, SassAtomType type,
                                  uint64_t operand, uint64_t compare)
{
    SassEnv *env = opaque;
    uint8_t *p = env->region[phys->aperture].data + phys->addr;
    unsigned size = sass_atomic_size(type);
    uint64_t old = 0, new;

    env->atomics++;
    memcpy(&old, p, size);
    new = sass_atomic_result(op, type, old, operand, compare);
    memcpy(p, &new, size);
    return old;
}

static inline bool env_constant(void *opaque, unsigned bank, uint32_t offset,
                                uint32_t *value)
{
    SassEnv *env = opaque;

    g_assert_cmpuint(offset & 3, ==, 0);
    if (bank >= ENV_BANKS || offset >= ENV_BANK_BYTES) {
        return false;
    }
    memcpy(value, env->bank[bank] + offset, sizeof(*value));
    return true;
}

static inline bool env_fetch(void *opaque, uint32_t pc, uint64_t *word)
{
    SassEnv *env = opaque;

    env->fetches++;
    if (pc - env->code_base >= env->code_size) {
        return false;
    }
    memcpy(word, env->code + (pc - env->code_base), sizeof(*word));
    return true;
}

static inline uint64_t env_clock(void *opaque)
{
    SassEnv *env = opaque;

    return env->clock;
}

static const SassOps env_ops = {
    .translate = env_translate,
    .read = env_read,
    .write = env_write,
    .atomic = env_atomic,
    .constant = env_constant,
    .fetch = env_fetch,
    .clock = env_clock,
};

/* Releases the CTA's warps when all that have not exited wait at BAR. */
static inline void env_barrier(SassWarp **warp, unsigned warps)
{
    for (unsigned i = 0; i < warps; i++) {
        SassState state = sass_warp_state(warp[i]);

        if (state != SASS_BARRIER && state != SASS_EXITED) {
            return;
        }
    }
    for (unsigned i = 0; i < warps; i++) {
        sass_warp_release(warp[i], 0);
    }
}

/* Runs one CTA; anything but EXITED is where it stopped. */
static inline SassState env_run_cta(SassEnv *env, const EnvLaunch *l,
                                    const uint32_t *ctaid)
{
    unsigned threads = l->block[0] * l->block[1] * l->block[2];
    unsigned warps = (threads + 31) / 32, left = warps;
    unsigned budget = l->budget ? l->budget : 100000000;
    SassCta cta = { .shared_size = l->shared_size };
    SassWarp *warp[ENV_BLOCK_MAX / 32];
    SassState state = SASS_EXITED;

    g_assert_cmpuint(threads, <=, ENV_BLOCK_MAX);
    cta.shared = g_malloc0(l->shared_size + 1);
    memcpy(cta.block, l->block, sizeof(cta.block));
    memcpy(cta.ctaid, ctaid, sizeof(cta.ctaid));
    for (unsigned i = 0; i < warps; i++) {
        SassWarpConfig cfg = {
            .cta = &cta,
            .warp = i,
            .threads = MIN(threads - 32 * i, 32),
            .entry = l->entry,
            .regs = l->regs,
            .local_size = l->local_size,
            .local_window = 0xff000000,
            .shared_window = 0xfe000000,
        };

        warp[i] = sass_warp_new(&cfg);
    }
    while (left && budget && state != SASS_TRAPPED) {
        left = 0;
        for (unsigned i = 0; i < warps && state != SASS_TRAPPED; i++) {
            state = sass_warp_state(warp[i]);
            while ((state == SASS_READY || state == SASS_FAULTED) && budget) {
                state = sass_warp_run(warp[i], env->prog, &env_ops, env, 1000,
                                      &env->lane_instructions);
                budget -= MIN(budget, 1000);
            }
            left += state != SASS_EXITED;
        }
        env_barrier(warp, warps);
    }
    if (state == SASS_TRAPPED) {
        g_test_message("trap: %s at %x",
                       sass_trap_name(sass_warp_trap(warp[0])),
                       sass_warp_pc(warp[0]));
    } else if (left) {
        state = SASS_READY;
    }
    for (unsigned i = 0; i < warps; i++) {
        sass_warp_free(warp[i]);
    }
    g_free(cta.shared);
    return state;
}

static inline SassState env_run_grid(SassEnv *env, const EnvLaunch *l)
{
    uint32_t id[3];

    for (id[2] = 0; id[2] < l->grid[2]; id[2]++) {
        for (id[1] = 0; id[1] < l->grid[1]; id[1]++) {
            for (id[0] = 0; id[0] < l->grid[0]; id[0]++) {
                SassState state = env_run_cta(env, l, id);

                if (state != SASS_EXITED) {
                    return state;
                }
            }
        }
    }
    return SASS_EXITED;
}

#endif
