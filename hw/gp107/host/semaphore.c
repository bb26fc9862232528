/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Semaphores in memory (dev_pbdma.ref, "Host Semaphore Methods"): in the
 * four-word form the timestamp is there before the payload is.
 */
#include <string.h>

#include "../top/ptimer.h"
#include "semaphore.h"

/* Against a CPU that changes the word all the time. */
#define MAX_RETRIES 64

static void put32(uint8_t *p, uint32_t val)
{
    for (unsigned i = 0; i < 4; i++) {
        p[i] = val >> 8 * i;
    }
}

bool gp_semaphore_stamp(Gp107 *gpu, const GpSpace *space,
                        const GpClient *client, uint64_t va, GpFault *fault)
{
    uint64_t now = gp_ptimer_ns(gpu);
    uint8_t words[12] = { 0 };

    put32(words + 4, now);
    put32(words + 8, now >> 32);
    return gp_mmu_write(gpu, space, client, va + 4, words, sizeof(words),
                        fault);
}

bool gp_semaphore_release(Gp107 *gpu, const GpSpace *space,
                          const GpClient *client, uint64_t va,
                          uint32_t payload, bool four_words, GpFault *fault)
{
    if (four_words && !gp_semaphore_stamp(gpu, space, client, va, fault)) {
        return false;
    }
    return gp_mmu_write32(gpu, space, client, va, payload, fault);
}

static uint32_t float_add(uint32_t a, uint32_t b)
{
    float fa, fb;

    memcpy(&fa, &a, sizeof(fa));
    memcpy(&fb, &b, sizeof(fb));
    fa += fb;
    memcpy(&a, &fa, sizeof(a));
    return a;
}

static uint32_t reduce(GpReduction op, bool is_signed, uint32_t v, uint32_t p)
{
    bool less = is_signed ? (int32_t)v < (int32_t)p : v < p;

    switch (op) {
    case GP_REDUCE_MIN:
        return less ? v : p;
    case GP_REDUCE_MAX:
        return less ? p : v;
    case GP_REDUCE_XOR:
        return v ^ p;
    case GP_REDUCE_AND:
        return v & p;
    case GP_REDUCE_OR:
        return v | p;
    case GP_REDUCE_ADD:
        return v + p;
    case GP_REDUCE_INC:
        return v >= p ? 0 : v + 1;
    case GP_REDUCE_DEC:
        return v == 0 || v > p ? p : v - 1;
    case GP_REDUCE_FADD:
        return float_add(v, p);
    }
    return v;
}

bool gp_semaphore_reduce(Gp107 *gpu, const GpSpace *space,
                         const GpClient *client, uint64_t va,
                         GpReduction op, bool is_signed, uint32_t payload,
                         GpFault *fault)
{
    GpXlat xlat;
    uint64_t old, seen;

    if (!gp_mmu_translate(gpu, space, client, va, GP_ACCESS_ATOMIC, &xlat,
                          fault)) {
        return false;
    }
    old = gp_mem_read32(gpu, xlat.ap, xlat.addr);
    for (unsigned i = 0; i < MAX_RETRIES; i++) {
        if (!gp_mem_cmpxchg(gpu, xlat.ap, xlat.addr, 4, old,
                            reduce(op, is_signed, old, payload), &seen)) {
            *fault = (GpFault) {
                .inst = space->inst,
                .inst_ap = space->inst_ap,
                .va = va,
                .access = GP_ACCESS_ATOMIC,
                .type = GP_FAULT_UNSUPPORTED_APERTURE,
                .client = *client,
            };
            return false;
        }
        if ((uint32_t)seen == (uint32_t)old) {
            return true;
        }
        old = seen;
    }
    gp_log(gpu, GP_LOG_GUEST, "semaphore at %llx never holds still",
           (unsigned long long)va);
    return true;
}
