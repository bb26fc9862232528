/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The QEMU device, over QEMU's qtest protocol: configuration space, BARs,
 * interrupts, properties, and what QMP shows.  No guest code runs.
 *
 * $QEMU is the binary, $QEMU_ARGS what it needs besides: -L DIR of its BIOS.
 */
#include <glib.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/gpu.h"
#include "mem/mem.h"

#define SLOT            4               /* of pcie.0 */
#define BAR0            0xe0000000u
#define BAR1            0xc0000000u
#define BAR3            0xe2000000u
#define ROM             0xe4000000u
#define IO              0xc000u
#define MSI_TARGET      0x00200000u     /* plain RAM: a message is a write */

#define PCI_COMMAND     0x04
#define PCI_STATUS      0x06
#define CAP_PM          0x01
#define CAP_MSI         0x05
#define CAP_EXPRESS     0x10

typedef struct Machine {
    pid_t pid;
    FILE *to, *from;                    /* qtest */
    FILE *qmp_to, *qmp_from;
    bool raised[24];                    /* pins of the I/O APIC */
} Machine;

/* ------------------------------------------------------------ the machine */

static void spawn_args(GPtrArray *argv, const char *device)
{
    const char *extra = g_getenv("QEMU_ARGS");
    const char *fixed[] = {
        g_getenv("QEMU"), "-machine", "q35", "-m", "64", "-nodefaults",
        "-display", "none", "-device", device,
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(fixed); i++) {
        g_ptr_array_add(argv, g_strdup(fixed[i]));
    }
    if (extra && *extra) {
        char **words = g_strsplit(extra, " ", -1);

        for (char **word = words; *word; word++) {
            if (**word) {
                g_ptr_array_add(argv, g_strdup(*word));
            }
        }
        g_strfreev(words);
    }
}

static FILE *open_fd(int fd, const char *mode)
{
    FILE *file = fdopen(fd, mode);

    g_assert_nonnull(file);
    setvbuf(file, NULL, _IOLBF, 0);
    return file;
}

static char *read_line(FILE *file)
{
    GString *line = g_string_new(NULL);
    int c;

    while ((c = fgetc(file)) != EOF && c != '\n') {
        g_string_append_c(line, c);
    }
    if (c == EOF) {
        g_error("QEMU is gone (last words: '%s')", line->str);
    }
    return g_string_free(line, FALSE);
}

/* The next line that is an answer; events and IRQ lines are noted. */
static char *answer(Machine *m)
{
    for (;;) {
        char *line = read_line(m->from);
        unsigned pin;

        if (sscanf(line, "IRQ raise %u", &pin) == 1) {
            g_assert_cmpuint(pin, <, G_N_ELEMENTS(m->raised));
            m->raised[pin] = true;
        } else if (sscanf(line, "IRQ lower %u", &pin) == 1) {
            g_assert_cmpuint(pin, <, G_N_ELEMENTS(m->raised));
            m->raised[pin] = false;
        } else {
            return line;
        }
        g_free(line);
    }
}

G_GNUC_PRINTF(2, 3)
static uint64_t command(Machine *m, const char *fmt, ...)
{
    va_list args;
    uint64_t val = 0;
    char *line;

    va_start(args, fmt);
    vfprintf(m->to, fmt, args);
    va_end(args);
    fputc('\n', m->to);
    fflush(m->to);
    line = answer(m);
    if (strncmp(line, "OK", 2)) {
        g_error("qtest: %s", line);
    }
    if (line[2] == ' ') {
        val = strtoull(line + 3, NULL, 0);
    }
    g_free(line);
    return val;
}

/* Sends @json and gives QEMU's return object as text. */
static char *qmp(Machine *m, const char *json)
{
    fprintf(m->qmp_to, "%s\n", json);
    fflush(m->qmp_to);
    for (;;) {
        char *line = read_line(m->qmp_from);

        if (strstr(line, "\"return\"") || strstr(line, "\"error\"")) {
            return line;
        }
        g_free(line);
    }
}

static Machine *start(const char *device)
{
    Machine *m = g_new0(Machine, 1);
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    int test[2], mon[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, test), ==, 0);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, mon), ==, 0);
    spawn_args(argv, device);
    g_ptr_array_add(argv, g_strdup("-accel"));
    g_ptr_array_add(argv, g_strdup("qtest"));
    g_ptr_array_add(argv, g_strdup("-chardev"));
    g_ptr_array_add(argv, g_strdup_printf("socket,id=qtest,fd=%d", test[1]));
    g_ptr_array_add(argv, g_strdup("-qtest"));
    g_ptr_array_add(argv, g_strdup("chardev:qtest"));
    g_ptr_array_add(argv, g_strdup("-chardev"));
    g_ptr_array_add(argv, g_strdup_printf("socket,id=mon,fd=%d", mon[1]));
    g_ptr_array_add(argv, g_strdup("-mon"));
    g_ptr_array_add(argv, g_strdup("chardev=mon,mode=control"));
    g_ptr_array_add(argv, NULL);

    m->pid = fork();
    g_assert_cmpint(m->pid, >=, 0);
    if (!m->pid) {
        close(test[0]);
        close(mon[0]);
        /* A test that fails takes its machine with it. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(argv->pdata[0], (char **)argv->pdata);
        _exit(127);
    }
    close(test[1]);
    close(mon[1]);
    m->to = open_fd(test[0], "w");
    m->from = open_fd(dup(test[0]), "r");
    m->qmp_to = open_fd(mon[0], "w");
    m->qmp_from = open_fd(dup(mon[0]), "r");
    g_ptr_array_free(argv, TRUE);

    g_free(read_line(m->qmp_from));
    g_free(qmp(m, "{\"execute\": \"qmp_capabilities\"}"));
    return m;
}

static Machine *start_default(void)
{
    char *device = g_strdup_printf("gp107,id=gpu,addr=%d", SLOT);
    Machine *m = start(device);

    g_free(device);
    return m;
}

static void stop(Machine *m)
{
    int status;

    fputs("{\"execute\": \"quit\"}\n", m->qmp_to);
    fflush(m->qmp_to);
    g_assert_cmpint(waitpid(m->pid, &status, 0), ==, m->pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    fclose(m->to);
    fclose(m->from);
    fclose(m->qmp_to);
    fclose(m->qmp_from);
    g_free(m);
}

static uint32_t cfg_read(Machine *m, unsigned reg)
{
    command(m, "outl 0xcf8 %#x", 0x80000000u | SLOT << 11 | (reg & ~3u));
    return command(m, "inl 0xcfc") >> (reg & 3) * 8;
}

static void cfg_write(Machine *m, unsigned reg, uint32_t val)
{
    command(m, "outl 0xcf8 %#x", 0x80000000u | SLOT << 11 | reg);
    command(m, "outl 0xcfc %#x", val);
}

static void set_command(Machine *m, uint16_t bits)
{
    command(m, "outl 0xcf8 %#x", 0x80000000u | SLOT << 11 | PCI_COMMAND);
    command(m, "outw 0xcfc %#x", bits);
}

static uint32_t rd(Machine *m, uint32_t addr)
{
    return command(m, "readl %#x", BAR0 + addr);
}

static void wr(Machine *m, uint32_t addr, uint32_t val)
{
    command(m, "writel %#x %#x", BAR0 + addr, val);
}

/* BARs at their places; memory, I/O and bus mastering on. */
static void map_bars(Machine *m)
{
    cfg_write(m, 0x10, BAR0);
    cfg_write(m, 0x14, BAR1);
    cfg_write(m, 0x18, 0);
    cfg_write(m, 0x1c, BAR3);
    cfg_write(m, 0x20, 0);
    cfg_write(m, 0x24, IO);
    set_command(m, 7);
}

static unsigned find_cap(Machine *m, uint8_t id)
{
    unsigned reg = cfg_read(m, 0x34) & 0xfc;

    for (int i = 0; reg && i < 48; i++) {
        uint32_t head = cfg_read(m, reg);

        if ((head & 0xff) == id) {
            return reg;
        }
        reg = head >> 8 & 0xfc;
    }
    return 0;
}

/* ---------------------------------------------------- configuration space */

static void test_ids(void)
{
    Machine *m = start_default();

    g_assert_cmphex(cfg_read(m, 0x00), ==, 0x1c8210de);
    g_assert_cmphex(cfg_read(m, 0x08) >> 24, ==, 0x03);
    g_assert_cmphex(cfg_read(m, 0x0c) >> 16 & 0x7f, ==, 0);
    g_assert_cmphex(cfg_read(m, 0x3c) >> 8 & 0xff, ==, 1);      /* INTA */
    g_assert_cmphex(cfg_read(m, PCI_STATUS) & 0x10, ==, 0x10);
    stop(m);
}

/* The size that the standard way finds; 64-bit BARs take two registers. */
static uint64_t size_bar(Machine *m, unsigned reg, bool is_64)
{
    uint64_t val;

    cfg_write(m, reg, 0xffffffff);
    val = cfg_read(m, reg) & (cfg_read(m, reg) & 1 ? ~3u : ~15u);
    if (is_64) {
        cfg_write(m, reg + 4, 0xffffffff);
        val |= (uint64_t)cfg_read(m, reg + 4) << 32;
        return -val;
    }
    return (uint32_t)-(uint32_t)val;
}

static void test_bars(void)
{
    Machine *m = start_default();

    set_command(m, 0);
    g_assert_cmphex(cfg_read(m, 0x10) & 0xf, ==, 0x0);
    g_assert_cmphex(cfg_read(m, 0x14) & 0xf, ==, 0xc);
    g_assert_cmphex(cfg_read(m, 0x1c) & 0xf, ==, 0xc);
    g_assert_cmphex(cfg_read(m, 0x24) & 0x3, ==, 0x1);
    g_assert_cmphex(size_bar(m, 0x10, false), ==, 16 << 20);
    g_assert_cmphex(size_bar(m, 0x14, true), ==, 256 << 20);
    g_assert_cmphex(size_bar(m, 0x1c, true), ==, 32 << 20);
    g_assert_cmphex(size_bar(m, 0x24, false), ==, 128);
    stop(m);
}

static void test_caps(void)
{
    Machine *m = start_default();
    unsigned express;

    g_assert_cmphex(find_cap(m, CAP_PM), !=, 0);
    g_assert_cmphex(find_cap(m, CAP_MSI), !=, 0);
    express = find_cap(m, CAP_EXPRESS);
    g_assert_cmphex(express, !=, 0);
    g_assert_cmphex(cfg_read(m, express + 2) & 0xf, >=, 1);
    stop(m);
}

/* ------------------------------------------------------------------- BARs */

/* The expansion ROM is the image that PROM shows. */
static void test_rom(void)
{
    Machine *m = start_default();
    uint32_t size;

    map_bars(m);
    cfg_write(m, 0x30, 0xfffff800);
    size = -(cfg_read(m, 0x30) & 0xfffff800);
    g_assert_cmphex(size, >=, 0x800);
    cfg_write(m, 0x30, ROM | 1);
    for (uint32_t at = 0; at < 0x400; at += 4) {
        g_assert_cmphex(command(m, "readl %#x", ROM + at), ==,
                        rd(m, 0x300000 + at));
    }
    g_assert_cmphex(command(m, "readw %#x", ROM), ==, 0xaa55);
    stop(m);
}

static void test_boot0(void)
{
    Machine *m = start_default();

    map_bars(m);
    g_assert_cmphex(rd(m, 0), ==, 0x137000a1);
    g_assert_cmphex(rd(m, 4), ==, 0);
    g_assert_cmphex(rd(m, GP_DEBUG_BASE), ==, GP_DEBUG_MAGIC);
    g_assert_cmphex(rd(m, 0x300000) & 0xffff, ==, 0xaa55);
    /* Memory decode off: nobody answers. */
    set_command(m, 0);
    g_assert_cmphex(rd(m, 0), !=, 0x137000a1);
    stop(m);
}

/* Bytes and words of a register, and 64 bits at once. */
static void test_sizes(void)
{
    Machine *m = start_default();

    map_bars(m);
    g_assert_cmphex(command(m, "readb %#x", BAR0), ==,
                    0xa1);
    g_assert_cmphex(command(m, "readw %#x", BAR0 + 2),
                    ==, 0x1370);
    g_assert_cmphex(command(m, "readq %#x", BAR0), ==,
                    0x137000a1);
    stop(m);
}

/* 001700: the window's base in units of 64 KiB. */
static void pramin_write(Machine *m, uint64_t addr, uint32_t val)
{
    wr(m, 0x001700, addr >> 16);
    wr(m, 0x700000 + (addr & 0xffff), val);
}

static uint32_t pramin_read(Machine *m, uint64_t addr)
{
    wr(m, 0x001700, addr >> 16);
    return rd(m, 0x700000 + (addr & 0xffff));
}

static void pramin_write64(Machine *m, uint64_t addr, uint64_t val)
{
    pramin_write(m, addr, val);
    pramin_write(m, addr + 4, val >> 32);
}

static void test_pramin(void)
{
    Machine *m = start_default();

    map_bars(m);
    pramin_write(m, 0x123454, 0xdeadbeef);
    pramin_write(m, 0x1000000, 0x12345678);
    g_assert_cmphex(pramin_read(m, 0x123454), ==, 0xdeadbeef);
    g_assert_cmphex(pramin_read(m, 0x1000000), ==, 0x12345678);
    /* The window is 1 MiB: the same byte from another base. */
    wr(m, 0x001700, 0x100000 >> 16);
    g_assert_cmphex(rd(m, 0x700000 + 0x23454), ==, 0xdeadbeef);
    stop(m);
}

/* One 4 KiB page at @va of a BAR, with tables from @at on; see the core. */
static void map_page(Machine *m, uint64_t at, uint64_t va, uint64_t pa)
{
    static const unsigned shift[] = { 47, 38, 29, 21, 12 };
    static const unsigned mask[] = { 3, 511, 511, 255, 511 };
    uint64_t table = at + 0x1000;

    pramin_write64(m, at + 0x200, table | 0xc00);
    pramin_write64(m, at + 0x208, 0xffffffff);
    for (int i = 0; i < 5; i++) {
        uint64_t index = va >> shift[i] & mask[i];
        uint64_t entry = table + index * (i == 3 ? 16 : 8) + (i == 3 ? 8 : 0);

        if (i == 4) {
            pramin_write64(m, entry, pa >> 4 | 1);
        } else {
            table += 0x1000;
            pramin_write64(m, entry, table >> 4 | 2);
        }
    }
}

static void test_bar_windows(void)
{
    Machine *m = start_default();

    map_bars(m);
    map_page(m, 0x100000, 0x3000, 0x200000);
    map_page(m, 0x110000, 0x5000, 0x201000);
    wr(m, 0x001704, 0x80000000 | 0x100000 >> 12);
    wr(m, 0x001714, 0x80000000 | 0x110000 >> 12);
    command(m, "writel %#x 0xcafe0001", BAR1 + 0x3010);
    command(m, "writeq %#x 0xcafe00020000beef",
            BAR3 + 0x5018);
    g_assert_cmphex(pramin_read(m, 0x200010), ==, 0xcafe0001);
    g_assert_cmphex(pramin_read(m, 0x201018), ==, 0x0000beef);
    g_assert_cmphex(pramin_read(m, 0x20101c), ==, 0xcafe0002);
    pramin_write(m, 0x200ffc, 0x01020304);
    g_assert_cmphex(command(m, "readb %#x",
                            BAR1 + 0x3ffe), ==, 0x02);
    /* Nothing mapped: all ones, and the machine lives. */
    g_assert_cmphex(command(m, "readl %#x",
                            BAR1 + 0x9000), ==, 0xffffffff);
    stop(m);
}

static uint32_t unknown_registers(Machine *m)
{
    return rd(m, GP_DEBUG_BASE + GP_DEBUG_COUNTERS +
              8 * GP_COUNTER_UNKNOWN_REGISTERS);
}

/*
 * A runlist that lies in the card's own BAR0, where nobody knows the
 * registers: they are not read, since the card does not answer itself.
 */
static void test_own_dma(void)
{
    const uint32_t nowhere = 0x6f1000;
    Machine *m = start_default();
    uint32_t before;

    map_bars(m);
    before = unknown_registers(m);
    wr(m, 0x002270, GP_SYS_COHERENT << 28 | (BAR0 + nowhere) >> 12);
    wr(m, 0x002274, 1);
    command(m, "clock_step 1000000");
    g_assert_cmphex(rd(m, 0x002284) & 1u << 20, ==, 0);
    g_assert_cmpuint(unknown_registers(m), ==, before);
    rd(m, nowhere);
    g_assert_cmpuint(unknown_registers(m), ==, before + 1);
    stop(m);
}

/* BAR5: a signature, then the window on BAR0. */
static void test_io(void)
{
    Machine *m = start_default();

    map_bars(m);
    g_assert_cmphex(command(m, "inl %#x", IO), ==, 0x2469fdb9);
    command(m, "outl %#x 1", IO);
    command(m, "outl %#x 1", IO + 4);
    command(m, "outl %#x 0", IO + 8);
    g_assert_cmphex(command(m, "inl %#x", IO + 12), ==, 0x137000a1);
    stop(m);
}

/* ------------------------------------------------------------- interrupts */

/* PTIMER's alarm 1 ms from now, enabled up to PMC. */
static void set_alarm(Machine *m)
{
    wr(m, 0x009100, ~0u);
    wr(m, 0x009140, 1);
    wr(m, 0x009420, rd(m, 0x009400) + 1000000);
    wr(m, 0x000160, 1u << 20);
}

static bool any_raised(Machine *m)
{
    for (unsigned i = 16; i < G_N_ELEMENTS(m->raised); i++) {
        if (m->raised[i]) {
            return true;
        }
    }
    return false;
}

static void test_intx(void)
{
    Machine *m = start_default();

    command(m, "irq_intercept_in ioapic");
    map_bars(m);
    set_alarm(m);
    command(m, "clock_step 500000");
    g_assert_false(any_raised(m));
    command(m, "clock_step 600000");
    g_assert_true(any_raised(m));
    g_assert_cmphex(rd(m, 0x000100), ==, 1u << 20);
    g_assert_cmphex(cfg_read(m, PCI_STATUS) & 8, ==, 8);
    /* Masked at PMC it falls, unmasked it rises: it is a level. */
    wr(m, 0x000180, ~0u);
    g_assert_false(any_raised(m));
    wr(m, 0x000160, 1u << 20);
    g_assert_true(any_raised(m));
    wr(m, 0x009100, 1);
    g_assert_false(any_raised(m));
    g_assert_cmphex(rd(m, 0x000100), ==, 0);
    stop(m);
}

static void test_msi(void)
{
    Machine *m = start_default();
    unsigned cap, data;

    command(m, "irq_intercept_in ioapic");
    map_bars(m);
    cap = find_cap(m, CAP_MSI);
    g_assert_cmphex(cap, !=, 0);
    data = cfg_read(m, cap + 2) & 0x80 ? 12 : 8;
    cfg_write(m, cap + 4, MSI_TARGET);
    if (data == 12) {
        cfg_write(m, cap + 8, 0);
    }
    cfg_write(m, cap + data, 0x4123);
    cfg_write(m, cap, cfg_read(m, cap) | 1u << 16);
    set_alarm(m);
    command(m, "clock_step 1100000");
    g_assert_false(any_raised(m));
    g_assert_cmphex(command(m, "readl %#x", MSI_TARGET), ==, 0x4123);

    /* What an interrupt handler does: mask, rearm, look, unmask. */
    command(m, "writel %#x 0", MSI_TARGET);
    wr(m, 0x000180, ~0u);
    wr(m, 0x088704, 0);
    g_assert_cmphex(rd(m, 0x000100), ==, 1u << 20);
    g_assert_cmphex(command(m, "readl %#x", MSI_TARGET), ==, 0);
    /* Still pending when unmasked: a new message. */
    wr(m, 0x000160, 1u << 20);
    g_assert_cmphex(command(m, "readl %#x", MSI_TARGET), ==, 0x4123);
    command(m, "writel %#x 0", MSI_TARGET);
    wr(m, 0x009100, 1);
    command(m, "clock_step 1000000");
    g_assert_cmphex(command(m, "readl %#x", MSI_TARGET), ==, 0);
    stop(m);
}

/* A reset of the machine takes the line down and the registers back. */
static void test_reset(void)
{
    Machine *m = start_default();

    command(m, "irq_intercept_in ioapic");
    map_bars(m);
    set_alarm(m);
    command(m, "clock_step 1100000");
    g_assert_true(any_raised(m));
    g_free(qmp(m, "{\"execute\": \"system_reset\"}"));
    command(m, "clock_step 1000000");
    g_assert_false(any_raised(m));
    map_bars(m);
    g_assert_cmphex(rd(m, 0x000160), ==, 0);
    g_assert_cmphex(rd(m, 0x009140), ==, 0);
    g_assert_cmphex(rd(m, 0), ==, 0x137000a1);
    stop(m);
}

/* ------------------------------------------------------------- properties */

/* Runs QEMU to its end; gives its status, and what it said. */
static int run_qemu(const char *device, char **text)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    char *out = NULL, *err = NULL;
    GError *error = NULL;
    int status;

    spawn_args(argv, device);
    g_ptr_array_add(argv, g_strdup("-accel"));
    g_ptr_array_add(argv, g_strdup("qtest"));
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL,
                 NULL, &out, &err, &status, &error);
    g_assert_no_error(error);
    *text = g_strconcat(out, err, NULL);
    g_free(out);
    g_free(err);
    g_ptr_array_free(argv, TRUE);
    g_assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Every property of its own is listed with what it does. */
static void test_help(void)
{
    static const char *const names[] = {
        "vram-size", "tpcs", "ces", "fault-entries", "ptimer-num",
        "ptimer-den", "one-runlist", "strict-tlb", "stale-grace-ns",
        "irq-rearm-ns", "fault-report-ns", "ignore-flush", "drop-replay",
        "delay-replay-us", "overflow", "duplicate", "storm",
    };
    char *text;

    g_assert_cmpint(run_qemu("gp107,help", &text), ==, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        char *start = g_strdup_printf("  %s=<", names[i]);
        char *line = strstr(text, start);

        g_assert_nonnull(line);
        g_assert_nonnull(strstr(line, " - "));
        g_assert_true(strchr(line, '\n') > strstr(line, " - "));
        g_free(start);
    }
    g_free(text);
}

static void bad_property(gconstpointer data)
{
    char *device = g_strconcat("gp107,", data, NULL);
    char *text;

    g_assert_cmpint(run_qemu(device, &text), ==, 1);
    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, "gp107"));
    g_free(text);
    g_free(device);
}

/* Every counter is a property of the device, under its name. */
static void test_counters(void)
{
    Machine *m = start_default();

    map_bars(m);
    for (unsigned i = 0; i < rd(m, GP_DEBUG_BASE + 4); i++) {
        rd(m, GP_DEBUG_BASE + GP_DEBUG_COUNTERS + 8 * i);
    }
    set_alarm(m);
    command(m, "clock_step 1100000");
    for (int i = 0; i < GP_COUNTER_COUNT; i++) {
        char *json, *text;
        uint64_t want;

        want = rd(m, GP_DEBUG_BASE + GP_DEBUG_COUNTERS + 8 * i);
        json = g_strdup_printf("{\"execute\": \"qom-get\", \"arguments\": "
                               "{\"path\": \"/machine/peripheral/gpu\", "
                               "\"property\": \"counter-%s\"}}",
                               gp_counter_name(i));
        text = qmp(m, json);
        g_assert_null(strstr(text, "\"error\""));
        g_assert_cmpuint(strtoull(strstr(text, "\"return\":") + 9, NULL, 10),
                         ==, want);
        if (i == GP_COUNTER_INTERRUPTS) {
            g_assert_cmpuint(want, ==, 1);
        }
        g_free(text);
        g_free(json);
    }
    stop(m);
}

/* A switch set by QMP is the one that the guest sees, and back. */
static void test_switches(void)
{
    Machine *m = start_default();
    char *text;

    map_bars(m);
    text = qmp(m, "{\"execute\": \"qom-set\", \"arguments\": {\"path\": "
                  "\"/machine/peripheral/gpu\", \"property\": "
                  "\"drop-replay\", \"value\": 7}}");
    g_assert_null(strstr(text, "\"error\""));
    g_free(text);
    wr(m, GP_DEBUG_BASE + GP_DEBUG_SWITCH, GP_SWITCH_DROP_REPLAY);
    g_assert_cmpuint(rd(m, GP_DEBUG_BASE + GP_DEBUG_VALUE), ==, 7);
    wr(m, GP_DEBUG_BASE + GP_DEBUG_VALUE, 3);
    text = qmp(m, "{\"execute\": \"qom-get\", \"arguments\": {\"path\": "
                  "\"/machine/peripheral/gpu\", \"property\": "
                  "\"drop-replay\"}}");
    g_assert_nonnull(strstr(text, "\"return\": 3"));
    g_free(text);
    stop(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!g_getenv("QEMU") || !g_file_test(g_getenv("QEMU"),
                                          G_FILE_TEST_IS_EXECUTABLE)) {
        fprintf(stderr, "qtest_gp107: $QEMU is not an executable\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/qtest/ids", test_ids);
    g_test_add_func("/qtest/bars", test_bars);
    g_test_add_func("/qtest/capabilities", test_caps);
    g_test_add_func("/qtest/boot-0", test_boot0);
    g_test_add_func("/qtest/rom", test_rom);
    g_test_add_func("/qtest/access-sizes", test_sizes);
    g_test_add_func("/qtest/pramin", test_pramin);
    g_test_add_func("/qtest/bar-windows", test_bar_windows);
    g_test_add_func("/qtest/own-dma", test_own_dma);
    g_test_add_func("/qtest/io-ports", test_io);
    g_test_add_func("/qtest/intx", test_intx);
    g_test_add_func("/qtest/msi", test_msi);
    g_test_add_func("/qtest/reset", test_reset);
    g_test_add_func("/qtest/help", test_help);
    g_test_add_data_func("/qtest/bad-vram-size", "vram-size=3M",
                         bad_property);
    g_test_add_data_func("/qtest/bad-tpcs", "tpcs=9", bad_property);
    g_test_add_data_func("/qtest/bad-fault-entries", "fault-entries=1",
                         bad_property);
    g_test_add_data_func("/qtest/bad-ptimer", "ptimer-den=0", bad_property);
    g_test_add_data_func("/qtest/unknown-property", "colour=red",
                         bad_property);
    g_test_add_func("/qtest/counters", test_counters);
    g_test_add_func("/qtest/switches", test_switches);
    return g_test_run();
}
