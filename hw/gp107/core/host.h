/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the model asks of the machine that it sits in.  QEMU's PCI layer is
 * one implementation; the unit tests and the fuzzer have their own.
 *
 * Everything runs in one thread: the host never calls into the model from
 * inside one of these calls.
 */
#ifndef GP107_CORE_HOST_H
#define GP107_CORE_HOST_H

#include <stdbool.h>
#include <stdint.h>

typedef enum GpLogLevel {
    GP_LOG_UNKNOWN,                 /* a register or method nobody modelled */
    GP_LOG_GUEST,                   /* the guest's driver did wrong */
    GP_LOG_TRACE,                   /* what the model does */
} GpLogLevel;

typedef struct GpHost {
    void *opaque;

    /* System memory by bus address.  False: nothing answers there. */
    bool (*dma_read)(void *opaque, uint64_t addr, void *buf, uint64_t len);
    bool (*dma_write)(void *opaque, uint64_t addr, const void *buf,
                      uint64_t len);
    /*
     * One indivisible compare-and-exchange of @size (4 or 8) bytes, naturally
     * aligned, against the CPUs too; gives the value found in @old.
     */
    bool (*dma_cmpxchg)(void *opaque, uint64_t addr, unsigned size,
                        uint64_t expected, uint64_t desired, uint64_t *old);

    /* The interrupt pin.  With MSI each rise of it is one message. */
    void (*irq)(void *opaque, bool level);

    /* Nanoseconds since the card was powered. */
    uint64_t (*time_ns)(void *opaque);
    /* Instructions that the CPUs have executed; 0 if nobody counts them. */
    uint64_t (*instructions)(void *opaque);

    /* Asks for gp107_run() soon, or at @ns at the latest. */
    void (*kick)(void *opaque);
    void (*wake_at)(void *opaque, uint64_t ns);

    void (*log)(void *opaque, GpLogLevel level, const char *text);
} GpHost;

#endif
