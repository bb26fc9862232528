/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints the rate of this machine's time-stamp counter in kHz, for the guest's
 * tsc_early_khz=: under TCG the guest has the host's counter, and when the
 * host is busy a guest that measures it can be wrong by far.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

#define SPAN_NS 20000000u

static uint64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Both clocks at one moment: the pair read in the shortest time. */
static void sample(uint64_t *ns, uint64_t *tsc)
{
    uint64_t best = UINT64_MAX;

    for (int i = 0; i < 100; i++) {
        uint64_t before = now_ns();
        uint64_t count = __rdtsc();
        uint64_t took = now_ns() - before;

        if (took < best) {
            best = took;
            *ns = before + took / 2;
            *tsc = count;
        }
    }
}

int main(int argc, char **argv)
{
    uint64_t ns0, tsc0, ns1, tsc1;

    if (argc == 2 && !strcmp(argv[1], "--help")) {
        printf("Usage: tsc-khz\n\n"
               "Print the rate of this machine's time-stamp counter, in kHz."
               "\n");
        return 0;
    }
    if (argc != 1) {
        fprintf(stderr, "tsc-khz: it takes no argument but --help\n");
        return 2;
    }
    sample(&ns0, &tsc0);
    do {
        sample(&ns1, &tsc1);
    } while (ns1 - ns0 < SPAN_NS);
    if (tsc1 <= tsc0) {
        fprintf(stderr, "tsc-khz: the counter does not count\n");
        return 1;
    }
    printf("%.0f\n", (double)(tsc1 - tsc0) * 1e6 / (double)(ns1 - ns0));
    return 0;
}
