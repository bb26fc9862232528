/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read the counters of an emulated GP107 and set its switches, from inside
 * the guest and without a driver: the debug block of BAR0, see
 * hw/gp107/core/stats.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../hw/gp107/core/gpu.h"
#include "../hw/gp107/core/stats.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

static const char *const counters[] = {
#define COUNTER_NAME(name, text) text,
    GP_COUNTERS(COUNTER_NAME)
#undef COUNTER_NAME
};

static const char *const switches[GP_SWITCH_COUNT] = {
    [GP_SWITCH_IGNORE_FLUSH] = "ignore-flush",
    [GP_SWITCH_DROP_REPLAY] = "drop-replay",
    [GP_SWITCH_DELAY_REPLAY] = "delay-replay-us",
    [GP_SWITCH_OVERFLOW] = "overflow",
    [GP_SWITCH_DUPLICATE] = "duplicate",
    [GP_SWITCH_STORM] = "storm",
    [GP_SWITCH_LATE_VALID] = "late-valid-us",
};

static const char usage[] =
    "Usage: gp107-debug counters\n"
    "       gp107-debug reset\n"
    "       gp107-debug compare-tlb\n"
    "       gp107-debug switch NAME VALUE\n"
    "\n"
    "Run in the guest, as root. 'counters' prints each counter of the emulated\n"
    "card, 'reset' sets them to 0, 'compare-tlb' prints how many entries of the\n"
    "GPU's TLB the page tables contradict (status 1 if there are any), 'switch'\n"
    "makes the card misbehave, see 'gp107,help' of QEMU. Names of switches:\n";

static volatile uint32_t *debug;

static uint32_t get(unsigned reg)
{
    return debug[reg / 4];
}

static void put(unsigned reg, uint32_t val)
{
    debug[reg / 4] = val;
}

/* The debug block of the first device that has one. */
static bool open_block(void)
{
    DIR *dir = opendir(PCI_DEVICES);
    struct dirent *entry;

    while (dir && !debug && (entry = readdir(dir))) {
        char path[512];
        void *map;
        int fd;

        snprintf(path, sizeof(path), PCI_DEVICES "/%s/resource0",
                 entry->d_name);
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        map = mmap(NULL, GP_DEBUG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                   fd, GP_DEBUG_BASE);
        close(fd);
        if (map == MAP_FAILED) {
            continue;
        }
        debug = map;
        if (get(0) != GP_DEBUG_MAGIC) {
            munmap(map, GP_DEBUG_SIZE);
            debug = NULL;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return debug;
}

static uint32_t command(GpDebugCommand cmd)
{
    put(GP_DEBUG_COMMAND, cmd);
    return get(GP_DEBUG_RESULT);
}

static void print_counters(void)
{
    for (unsigned i = 0; i < GP_COUNTER_COUNT; i++) {
        uint64_t low = get(GP_DEBUG_COUNTERS + 8 * i);
        uint64_t high = get(GP_DEBUG_COUNTERS + 8 * i + 4);

        printf("%s %" PRIu64 "\n", counters[i], high << 32 | low);
    }
}

static int bad_usage(const char *what)
{
    fprintf(stderr, "gp107-debug: %s\nTry 'gp107-debug --help'.\n", what);
    return 2;
}

static int set_switch(const char *name, const char *text)
{
    unsigned i = 0;
    char *end;
    unsigned long val;

    while (i < GP_SWITCH_COUNT && strcmp(switches[i], name) != 0) {
        i++;
    }
    if (i == GP_SWITCH_COUNT) {
        return bad_usage("there is no such switch");
    }
    errno = 0;
    val = strtoul(text, &end, 0);
    if (errno || end == text || *end || *text == '-' || val > UINT32_MAX) {
        return bad_usage("a switch takes a number of 32 bits");
    }
    if (!open_block()) {
        return 3;
    }
    put(GP_DEBUG_SWITCH, i);
    put(GP_DEBUG_VALUE, val);
    return 0;
}

static void help(void)
{
    fputs(usage, stdout);
    for (unsigned i = 0; i < GP_SWITCH_COUNT; i++) {
        printf("  %s\n", switches[i]);
    }
}

static int run(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "--help")) {
        help();
        return 0;
    }
    if (argc == 4 && !strcmp(argv[1], "switch")) {
        return set_switch(argv[2], argv[3]);
    }
    if (argc != 2) {
        return bad_usage("what shall be done?");
    }
    if (!strcmp(argv[1], "counters")) {
        if (!open_block()) {
            return 3;
        }
        print_counters();
        return 0;
    }
    if (!strcmp(argv[1], "reset")) {
        if (!open_block()) {
            return 3;
        }
        command(GP_DEBUG_RESET);
        return 0;
    }
    if (!strcmp(argv[1], "compare-tlb")) {
        uint32_t stale;

        if (!open_block()) {
            return 3;
        }
        stale = command(GP_DEBUG_COMPARE_TLB);
        printf("%" PRIu32 "\n", stale);
        return stale != 0;
    }
    return bad_usage("unknown command");
}

int main(int argc, char **argv)
{
    int status = run(argc, argv);

    if (status == 3) {
        fputs("gp107-debug: no emulated GP107 here, or no right to it\n",
              stderr);
    }
    return status;
}
