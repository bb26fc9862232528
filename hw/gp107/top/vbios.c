/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VBIOS made from nothing: the tables in which a driver looks for the
 * facts of a board, for a board without display outputs.
 *
 * PCI data structure: PCI Firmware Specification.  BIT and its tokens: "BIOS
 * Information Table Specification"; DCB, connector, GPIO and communications
 * control tables: "DCB 4.x Specification" (both open-gpu-doc).  Tables that
 * those leave out (p, P, M 0203) are as nouveau's nvkm/subdev/bios reads
 * them.
 */
#include <stdlib.h>
#include <string.h>

#include "pbus.h"
#include "vbios.h"
#include "../core/mmio.h"

#define PROM            0x300000
#define PROM_SIZE       0x100000

#define PCIR            0x040
#define BIT             0x080
#define BIT_HEADER      12
#define BIT_ENTRY       6
#define BIT_MAX         16
#define TABLES          0x200           /* everything else, in order */

#define DCB_SIGNATURE   0x4edcbdcb
#define DCB_ENTRY_EOL   0x0000000e
#define UNUSED          0xff

/* nvkm/subdev/bios/M0203.h */
#define M0203_GDDR5     3

/* Application ids of the PMU table. */
#define PMU_PRE_OS      0x01
#define PMU_DEVINIT     0x04

struct GpVbios {
    Gp107 *gpu;
    uint8_t image[GP_VBIOS_SIZE];
    unsigned tokens;
    uint32_t end;                       /* of what is laid out */
};

static void put8(GpVbios *v, uint32_t at, uint8_t val)
{
    v->image[at] = val;
}

static void put16(GpVbios *v, uint32_t at, uint16_t val)
{
    put8(v, at, val);
    put8(v, at + 1, val >> 8);
}

static void put32(GpVbios *v, uint32_t at, uint32_t val)
{
    put16(v, at, val);
    put16(v, at + 2, val >> 16);
}

static void put_text(GpVbios *v, uint32_t at, const char *text)
{
    memcpy(&v->image[at], text, strlen(text));
}

/* Room for a table of @size zero bytes. */
static uint32_t reserve(GpVbios *v, uint32_t size)
{
    uint32_t at = v->end;

    /* The layout is the same on each run: an image too small is a bug. */
    if (size > GP_VBIOS_SIZE - at) {
        abort();
    }
    v->end = (at + size + 3) & ~3u;
    return at;
}

static uint32_t reserve_text(GpVbios *v, const char *text)
{
    uint32_t at = reserve(v, strlen(text) + 1);

    put_text(v, at, text);
    return at;
}

/* A BIT token, with @size bytes of data; gives where they are. */
static uint32_t add_token(GpVbios *v, char id, uint8_t version, uint16_t size)
{
    uint32_t entry = BIT + BIT_HEADER + v->tokens * BIT_ENTRY;
    uint32_t data = reserve(v, size);

    if (v->tokens++ == BIT_MAX) {
        abort();
    }
    put8(v, entry, id);
    put8(v, entry + 1, version);
    put16(v, entry + 2, size);
    put16(v, entry + 4, data);
    return data;
}

static void finish_checksum(GpVbios *v, uint32_t start, uint32_t size,
                            uint32_t at)
{
    uint8_t sum = 0;

    for (uint32_t i = 0; i < size; i++) {
        sum += v->image[start + i];
    }
    v->image[at] -= sum;
}

static void make_headers(GpVbios *v)
{
    put16(v, 0x00, 0xaa55);
    put8(v, 0x02, GP_VBIOS_SIZE / 512);
    put8(v, 0x03, 0xcb);                /* entry point: x86 far return */
    put16(v, 0x18, PCIR);

    put_text(v, PCIR, "PCIR");
    put16(v, PCIR + 0x04, GP_PCI_VENDOR);
    put16(v, PCIR + 0x06, GP_PCI_DEVICE);
    put16(v, PCIR + 0x0a, 0x18);        /* length */
    put8(v, PCIR + 0x0d, GP_PCI_CLASS & 0xff);
    put8(v, PCIR + 0x0e, GP_PCI_CLASS >> 8 & 0xff);
    put8(v, PCIR + 0x0f, GP_PCI_CLASS >> 16);
    put16(v, PCIR + 0x10, GP_VBIOS_SIZE / 512);
    put8(v, PCIR + 0x14, 0x00);         /* x86 code */
    put8(v, PCIR + 0x15, 0x80);         /* the last image */
}

/* BIT_INTERNAL_USE_ONLY: the version, 86.07.xx as GP107 boards have. */
static void make_version(GpVbios *v)
{
    uint32_t at = add_token(v, 'i', 2, 0x20);

    put8(v, at + 0, 0x00);
    put8(v, at + 1, 0x01);
    put8(v, at + 2, 0x07);
    put8(v, at + 3, 0x86);
}

static void make_strings(GpVbios *v)
{
    static const char *const strings[] = {
        "Emulated GP107, no display outputs\r\n",
        "Version 86.07.01.00.00\r\n",
        "Emulated",
        "GP107 Board",
        "GP107",
        "Chip Rev A1",
    };
    const unsigned count = sizeof(strings) / sizeof(strings[0]);
    uint32_t at = add_token(v, 'S', 2, count * 3);

    for (unsigned i = 0; i < count; i++) {
        put16(v, at + i * 3, reserve_text(v, strings[i]));
        put8(v, at + i * 3 + 2, strlen(strings[i]) + 1);
    }
}

/* BIT_NVINIT_PTRS: scripts, of which there is an empty list. */
static void make_init(GpVbios *v)
{
    uint32_t at = add_token(v, 'I', 1, 0x1c);
    uint32_t scripts = reserve(v, 4);

    put16(v, at + 0x00, scripts);
    put16(v, at + 0x14, scripts);       /* tables for opcodes, length 0 */
    put16(v, at + 0x18, scripts);       /* boot scripts, length 0 */
}

/*
 * Applications for the PMU: a header of 0x30 bytes each, and no code.  The
 * model does devinit's work when the PMU is started (falcon.c).
 */
static void make_pmu(GpVbios *v)
{
    static const uint8_t types[] = { PMU_PRE_OS, PMU_DEVINIT };
    const unsigned count = sizeof(types) / sizeof(types[0]);
    uint32_t token = add_token(v, 'p', 2, 4);
    uint32_t table = reserve(v, 4 + 6 * count);

    put32(v, token, table);
    put8(v, table + 0, 0x01);           /* version */
    put8(v, table + 1, 4);              /* header */
    put8(v, table + 2, 6);              /* entry */
    put8(v, table + 3, count);
    for (unsigned i = 0; i < count; i++) {
        put8(v, table + 4 + 6 * i, types[i]);
        put32(v, table + 4 + 6 * i + 2, reserve(v, 0x30));
    }
}

/* Memory: one RAM configuration, strap 0, GDDR5. */
static void make_memory(GpVbios *v)
{
    uint32_t token = add_token(v, 'M', 2, 0x08);
    uint32_t xlat = reserve(v, 16);
    uint32_t table = reserve(v, 7 + 2);

    put8(v, token + 0, 1);              /* configurations */
    put16(v, token + 1, xlat);
    put16(v, token + 3, table);

    put8(v, table + 0, 0x10);           /* version */
    put8(v, table + 1, 7);              /* header */
    put8(v, table + 2, 2);              /* entry */
    put8(v, table + 3, 1);              /* entries */
    put8(v, table + 7, M0203_GDDR5);
}

static uint32_t make_thermal(GpVbios *v)
{
    /* Kind, and degrees << 4 | hysteresis. */
    static const struct {
        uint8_t kind;
        uint8_t celsius;
        uint8_t hysteresis;
    } limits[] = {
        { 0x04, 105, 5 },               /* critical */
        { 0x05, 110, 5 },               /* shut down */
        { 0x07, 95, 3 },                /* clock down */
        { 0x08, 90, 3 },                /* fan boost */
    };
    const unsigned count = sizeof(limits) / sizeof(limits[0]);
    uint32_t at = reserve(v, 4 + 3 * count);

    put8(v, at + 0, 0x30);              /* version */
    put8(v, at + 1, 4);                 /* header */
    put8(v, at + 2, 3);                 /* entry */
    put8(v, at + 3, count);
    for (unsigned i = 0; i < count; i++) {
        put8(v, at + 4 + 3 * i, limits[i].kind);
        put16(v, at + 4 + 3 * i + 1,
              limits[i].celsius << 4 | limits[i].hysteresis);
    }
    return at;
}

static uint32_t make_voltage(GpVbios *v)
{
    uint32_t at = reserve(v, 0x1a);

    put8(v, at + 0, 0x50);              /* version */
    put8(v, at + 1, 0x1a);              /* header; no entries */
    put32(v, at + 0x0a, 600000);        /* microvolts: least, most, base */
    put32(v, at + 0x0e, 1100000);
    put32(v, at + 0x12, 600000);
    return at;
}

/* The memory clock table, without clocks: nothing reclocks this board. */
static uint32_t make_rammap(GpVbios *v)
{
    uint32_t at = reserve(v, 0x18);

    put8(v, at + 0, 0x11);              /* version */
    put8(v, at + 1, 0x18);              /* header */
    return at;
}

/* BIT_PERF_PTRS. */
static void make_performance(GpVbios *v)
{
    uint32_t token = add_token(v, 'P', 2, 0x40);

    put32(v, token + 0x04, make_rammap(v));
    put32(v, token + 0x0c, make_voltage(v));
    put32(v, token + 0x10, make_thermal(v));
}

/* BIT_DISPLAY_PTRS, BIT_TMDS_PTRS: what a board without outputs points to. */
static void make_display(GpVbios *v)
{
    uint32_t token = add_token(v, 'T', 1, 2);
    uint32_t tmds = reserve(v, 4);

    put16(v, token, tmds);
    put8(v, tmds, 0x20);                /* version */
    put8(v, tmds + 1, 4);               /* header; no entries */
    add_token(v, 'U', 1, 0x04);
    add_token(v, 'D', 1, 0x04);
}

/* One table of DCB: header, and one entry that says "not used". */
static uint32_t make_dcb_table(GpVbios *v, uint8_t version, uint8_t header,
                               const uint8_t *entry, uint8_t entry_size)
{
    uint32_t at = reserve(v, header + entry_size);

    put8(v, at + 0, version);
    put8(v, at + 1, header);
    put8(v, at + 2, 1);
    put8(v, at + 3, entry_size);
    memcpy(&v->image[at + header], entry, entry_size);
    return at;
}

static void make_dcb(GpVbios *v)
{
    /* I2C and DPAUX port 1f each: none. */
    static const uint8_t port[4] = { 0xff, 0x03, 0x00, 0x00 };
    static const uint8_t gpio[5] = { 0x3f, UNUSED, 0x00, 0x00, 0x00 };
    static const uint8_t connector[4] = { UNUSED, 0x00, 0x00, 0x00 };
    const uint32_t header = 0x1b;
    uint32_t dcb = reserve(v, header + 8);

    put16(v, 0x36, dcb);
    put8(v, dcb + 0x00, 0x41);          /* version */
    put8(v, dcb + 0x01, header);
    put8(v, dcb + 0x02, 1);             /* entries */
    put8(v, dcb + 0x03, 8);             /* entry */
    put16(v, dcb + 0x04, make_dcb_table(v, 0x41, 5, port, sizeof(port)));
    put32(v, dcb + 0x06, DCB_SIGNATURE);
    put16(v, dcb + 0x0a, make_dcb_table(v, 0x41, 6, gpio, sizeof(gpio)));
    put16(v, dcb + 0x14, make_dcb_table(v, 0x40, 5, connector,
                                        sizeof(connector)));
    put32(v, dcb + header, DCB_ENTRY_EOL);
}

static void make_image(GpVbios *v)
{
    v->end = TABLES;
    make_headers(v);
    make_version(v);
    make_strings(v);
    make_init(v);
    make_memory(v);
    make_performance(v);
    make_pmu(v);
    make_display(v);
    make_dcb(v);

    put16(v, BIT, 0xb8ff);
    put_text(v, BIT + 2, "BIT");
    put16(v, BIT + 6, 0x0100);          /* version */
    put8(v, BIT + 8, BIT_HEADER);
    put8(v, BIT + 9, BIT_ENTRY);
    put8(v, BIT + 10, v->tokens);
    finish_checksum(v, BIT, BIT_HEADER, BIT + 11);
    finish_checksum(v, 0, GP_VBIOS_SIZE, GP_VBIOS_SIZE - 1);
}

static uint32_t prom_read(void *opaque, uint32_t addr)
{
    GpVbios *v = opaque;
    uint32_t at = addr - PROM;

    if (at >= GP_VBIOS_SIZE) {
        return 0xffffffff;              /* erased flash */
    }
    return v->image[at] | v->image[at + 1] << 8 | v->image[at + 2] << 16 |
           (uint32_t)v->image[at + 3] << 24;
}

static void prom_write(void *opaque, uint32_t addr, uint32_t val)
{
    GpVbios *v = opaque;

    gp_log(v->gpu, GP_LOG_GUEST, "PROM: write of %08x to %06x", val, addr);
}

static const GpMmioOps prom_ops = {
    .read = prom_read,
    .write = prom_write,
};

GpVbios *gp_vbios_new(Gp107 *gpu)
{
    GpVbios *v = calloc(1, sizeof(*v));

    if (v) {
        v->gpu = gpu;
        make_image(v);
        gp_mmio_map(gpu->mmio, "PROM", PROM, PROM_SIZE, &prom_ops, v);
    }
    return v;
}

void gp_vbios_free(GpVbios *vbios)
{
    free(vbios);
}

const uint8_t *gp_vbios_image(const GpVbios *vbios)
{
    return vbios->image;
}
