/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PTIMER (dev_timer of the published manuals).  TIME_1:TIME_0 count
 * nanoseconds in steps of 32.  The configured rate bends that clock against
 * the machine's, as a real crystal does.
 */
#include <stdlib.h>

#include "pmc.h"
#include "ptimer.h"
#include "../core/mmio.h"

#define TIME_STEP       32
#define INTR_ALARM      1u

struct GpPtimer {
    Gp107 *gpu;
    uint64_t base;                      /* added to the running count */
    uint32_t intr;
    uint32_t intr_en;
    uint32_t numerator;
    uint32_t denominator;
    uint32_t alarm;
    bool armed;
    uint64_t deadline;                  /* of the alarm, in PTIMER's time */
};

static uint64_t scale(uint64_t val, uint32_t num, uint32_t den)
{
    return val / den * num + val % den * num / den;
}

static uint64_t ptimer_count(GpPtimer *ptimer)
{
    const GpConfig *cfg = &ptimer->gpu->cfg;

    return scale(gp_now(ptimer->gpu), cfg->ptimer_numerator,
                 cfg->ptimer_denominator);
}

static uint64_t now(GpPtimer *ptimer)
{
    return ptimer_count(ptimer) + ptimer->base;
}

/* The alarm strikes when TIME_0 comes to equal it. */
static void arm(GpPtimer *ptimer)
{
    uint64_t time = now(ptimer) & ~(uint64_t)(TIME_STEP - 1);

    ptimer->deadline = time + (uint32_t)(ptimer->alarm - (uint32_t)time);
    ptimer->armed = true;
}

static void update(GpPtimer *ptimer)
{
    const GpConfig *cfg = &ptimer->gpu->cfg;
    uint64_t time = now(ptimer);

    if (ptimer->armed && time >= ptimer->deadline) {
        ptimer->intr |= INTR_ALARM;
        ptimer->deadline += ((time - ptimer->deadline) >> 32 << 32) +
                            ((uint64_t)1 << 32);
    }
    if (ptimer->armed && (ptimer->intr_en & INTR_ALARM)) {
        uint64_t left = scale(ptimer->deadline - time,
                              cfg->ptimer_denominator,
                              cfg->ptimer_numerator);

        gp_wake_at(ptimer->gpu, gp_now(ptimer->gpu) + left + 1);
    }
    gp_pmc_set_line(ptimer->gpu, GP_INTR_PTIMER,
                    ptimer->intr & ptimer->intr_en);
}

static void set_time(GpPtimer *ptimer, uint64_t time)
{
    ptimer->base = time - ptimer_count(ptimer);
    if (ptimer->armed) {
        arm(ptimer);
    }
    update(ptimer);
}

static uint32_t ptimer_read(void *opaque, uint32_t addr)
{
    GpPtimer *ptimer = opaque;

    switch (addr) {
    case 0x009080:                      /* PRI_TIMEOUT and its SAVE_0, 1 */
    case 0x009084:
    case 0x009088:
        return gp_mmio_get(ptimer->gpu->mmio, addr);
    case 0x009100:
        update(ptimer);
        return ptimer->intr;
    case 0x009140:
        return ptimer->intr_en;
    case 0x009200:
        return ptimer->numerator;
    case 0x009210:
        return ptimer->denominator;
    case 0x009400:
        return (uint32_t)now(ptimer) & ~(uint32_t)(TIME_STEP - 1);
    case 0x009410:
        return now(ptimer) >> 32;
    case 0x009420:
        return ptimer->alarm;
    default:
        return gp_mmio_unknown_read(ptimer->gpu->mmio, addr);
    }
}

static void ptimer_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpPtimer *ptimer = opaque;
    uint64_t time;

    switch (addr) {
    case 0x009080:
    case 0x009084:
    case 0x009088:
        gp_mmio_set(ptimer->gpu->mmio, addr, val);
        break;
    case 0x009100:
        update(ptimer);
        ptimer->intr &= ~val;
        update(ptimer);
        break;
    case 0x009140:
        ptimer->intr_en = val & INTR_ALARM;
        update(ptimer);
        break;
    case 0x009200:
        ptimer->numerator = val & 0xffff;
        break;
    case 0x009210:
        ptimer->denominator = val & 0xffff;
        break;
    case 0x009400:
        time = now(ptimer);
        set_time(ptimer, (time >> 32 << 32) | (val & ~(TIME_STEP - 1u)));
        break;
    case 0x009410:
        time = now(ptimer);
        set_time(ptimer, (uint64_t)val << 32 | (uint32_t)time);
        break;
    case 0x009420:
        ptimer->alarm = val & ~(TIME_STEP - 1u);
        arm(ptimer);
        update(ptimer);
        break;
    default:
        gp_mmio_unknown_write(ptimer->gpu->mmio, addr, val);
        break;
    }
}

static const GpMmioOps ptimer_ops = {
    .read = ptimer_read,
    .write = ptimer_write,
};

GpPtimer *gp_ptimer_new(Gp107 *gpu)
{
    GpPtimer *ptimer = calloc(1, sizeof(*ptimer));

    if (ptimer) {
        ptimer->gpu = gpu;
        ptimer->numerator = 1;
        ptimer->denominator = 1;
        gp_mmio_map(gpu->mmio, "PTIMER", 0x009000, 0x001000, &ptimer_ops,
                    ptimer);
    }
    return ptimer;
}

void gp_ptimer_free(GpPtimer *ptimer)
{
    free(ptimer);
}

void gp_ptimer_reset(GpPtimer *ptimer)
{
    *ptimer = (GpPtimer) {
        .gpu = ptimer->gpu,
        .numerator = 1,
        .denominator = 1,
    };
}

void gp_ptimer_poll(Gp107 *gpu)
{
    update(gpu->ptimer);
}

uint64_t gp_ptimer_ns(Gp107 *gpu)
{
    return now(gpu->ptimer);
}
