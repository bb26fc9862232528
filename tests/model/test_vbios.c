/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VBIOS as a driver reads it through PROM: each table that nouveau needs
 * is found by its pointer and has the fields that it looks at.
 */
#include <glib.h>
#include <string.h>

#include "harness.h"
#include "top/vbios.h"

#define PROM    0x300000

typedef struct Bios {
    TestGpu *t;
    uint8_t *data;
    uint32_t size;
} Bios;

static uint32_t rd8(const Bios *b, uint32_t at)
{
    g_assert_cmphex(at, <, b->size);
    return b->data[at];
}

static uint32_t rd16(const Bios *b, uint32_t at)
{
    return rd8(b, at) | rd8(b, at + 1) << 8;
}

static uint32_t rd32(const Bios *b, uint32_t at)
{
    return rd16(b, at) | rd16(b, at + 2) << 16;
}

static Bios *bios_new(void)
{
    Bios *b = g_new0(Bios, 1);

    b->t = test_gpu_new(NULL);
    b->size = (test_rd(b->t, PROM) >> 16 & 0xff) * 512;
    g_assert_cmpuint(b->size, >=, 0x1000);
    b->data = g_malloc(b->size);
    for (uint32_t i = 0; i < b->size; i += 4) {
        uint32_t word = test_rd(b->t, PROM + i);

        for (unsigned k = 0; k < 4; k++) {
            b->data[i + k] = word >> (8 * k);
        }
    }
    return b;
}

static void bios_free(Bios *b)
{
    test_gpu_free(b->t);
    g_free(b->data);
    g_free(b);
}

static uint32_t find_bit(const Bios *b)
{
    static const uint8_t magic[] = { 0xff, 0xb8, 'B', 'I', 'T', 0 };

    for (uint32_t i = 0; i + sizeof(magic) <= b->size; i++) {
        if (!memcmp(b->data + i, magic, sizeof(magic))) {
            return i;
        }
    }
    g_assert_not_reached();
}

/* Data of a token; its length and version. */
static uint32_t token(const Bios *b, char id, unsigned version,
                      unsigned *length)
{
    uint32_t bit = find_bit(b);
    uint32_t entry = bit + rd8(b, bit + 8);

    for (unsigned n = rd8(b, bit + 10); n; n--) {
        if (rd8(b, entry) == (uint8_t)id) {
            g_assert_cmpuint(rd8(b, entry + 1), ==, version);
            *length = rd16(b, entry + 2);
            g_assert_cmphex(rd16(b, entry + 4) + *length, <=, b->size);
            return rd16(b, entry + 4);
        }
        entry += rd8(b, bit + 9);
    }
    g_test_message("no token '%c'", id);
    g_test_fail();
    *length = 0;
    return 0;
}

static uint8_t sum(const Bios *b, uint32_t at, uint32_t size)
{
    uint8_t total = 0;

    while (size--) {
        total += rd8(b, at++);
    }
    return total;
}

static void test_headers(void)
{
    Bios *b = bios_new();
    uint32_t pcir = rd16(b, 0x18);
    uint32_t bit = find_bit(b);

    g_assert_cmphex(rd16(b, 0), ==, 0xaa55);
    g_assert_cmpuint(sum(b, 0, b->size), ==, 0);
    g_assert_true(!memcmp(b->data + pcir, "PCIR", 4));
    g_assert_cmphex(rd16(b, pcir + 4), ==, 0x10de);
    g_assert_cmphex(rd16(b, pcir + 6), ==, 0x1c82);
    g_assert_cmpuint(rd16(b, pcir + 0x10) * 512, ==, b->size);
    g_assert_cmphex(rd8(b, pcir + 0x15) & 0x80, ==, 0x80);
    g_assert_cmpuint(sum(b, bit, rd8(b, bit + 8)), ==, 0);

    /* Behind the image the flash is erased; writes do nothing. */
    g_assert_cmphex(test_rd(b->t, PROM + b->size), ==, 0xffffffff);
    g_assert_cmphex(test_rd(b->t, 0x3ffffc), ==, 0xffffffff);
    test_wr(b->t, PROM, 0);
    g_assert_cmphex(test_rd(b->t, PROM) & 0xffff, ==, 0xaa55);
    g_assert_true(!memcmp(gp_vbios_image(b->t->gpu->vbios), b->data,
                          b->size));
    bios_free(b);
}

static void test_tokens(void)
{
    Bios *b = bios_new();
    uint32_t at, table;
    unsigned length;

    at = token(b, 'i', 2, &length);
    g_assert_cmpuint(length, >=, 15);
    g_assert_cmphex(rd8(b, at + 3), ==, 0x86);
    token(b, 'I', 1, &length);
    g_assert_cmpuint(length, >=, 0x1c);

    at = token(b, 'p', 2, &length);
    table = rd32(b, at);
    g_assert_cmpuint(rd8(b, table + 3), ==, 2);
    at = table + rd8(b, table + 1) + rd8(b, table + 2);
    g_assert_cmphex(rd8(b, at), ==, 0x04);
    g_assert_cmphex(rd32(b, at + 2) + 0x30, <=, b->size);
    g_assert_cmphex(rd32(b, at + 2), !=, 0);

    at = token(b, 'P', 2, &length);
    table = rd32(b, at + 4);
    g_assert_cmphex(rd8(b, table), ==, 0x11);
    g_assert_cmphex(rd8(b, table + 1), >=, 0x15);
    table = rd32(b, at + 0x10);
    g_assert_cmpuint(rd8(b, table + 3), ==, 4);
    g_assert_cmphex(rd8(b, table + 4), ==, 0x04);
    g_assert_cmphex(rd16(b, table + 5) >> 4, ==, 105);

    at = token(b, 'M', 2, &length);
    g_assert_cmpuint(length, >=, 7);
    table = rd16(b, at + 3);
    g_assert_cmphex(rd8(b, table), ==, 0x10);
    g_assert_cmphex(rd8(b, table + rd8(b, table + 1)), ==, 0x03);
    bios_free(b);
}

static void test_dcb(void)
{
    Bios *b = bios_new();
    uint32_t dcb = rd16(b, 0x36);
    uint32_t table;

    g_assert_cmphex(rd8(b, dcb), ==, 0x41);
    g_assert_cmphex(rd32(b, dcb + 6), ==, 0x4edcbdcb);
    g_assert_cmphex(rd8(b, dcb + 1), >=, 0x16);
    /* The first entry ends the list. */
    g_assert_cmphex(rd32(b, dcb + rd8(b, dcb + 1)) & 0xf, ==, 0xe);
    table = rd16(b, dcb + 0x14);
    g_assert_cmphex(rd8(b, table), ==, 0x40);
    g_assert_cmphex(rd8(b, table + rd8(b, table + 1)), ==, 0xff);
    table = rd16(b, dcb + 0x04);
    g_assert_cmphex(rd32(b, table + rd8(b, table + 1)) & 0x3ff, ==, 0x3ff);
    table = rd16(b, dcb + 0x0a);
    g_assert_cmphex(rd8(b, table + rd8(b, table + 1) + 1), ==, 0xff);
    bios_free(b);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vbios/headers", test_headers);
    g_test_add_func("/vbios/tokens", test_tokens);
    g_test_add_func("/vbios/dcb", test_dcb);
    return g_test_run();
}
