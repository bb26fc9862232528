/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "operands.h"

#include <math.h>
#include <string.h>

#define MAX_EDGES       40
#define TIES            128                 /* of a product, for fma() */

static uint64_t next_random(uint64_t *state)
{
    /* SplitMix64. */
    uint64_t z = *state += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
}

/* Pairs of edges first; the rest is @random. */
static void fill(unsigned size, const uint64_t *edge, unsigned edges,
                 uint64_t (*random)(uint64_t *, unsigned), void *x, void *y,
                 void *z)
{
    uint64_t state = size;
    uint8_t *to[3] = { x, y, z };

    for (unsigned i = 0; i < OPERANDS; i++) {
        uint64_t val[3] = {
            edge[i % edges], edge[i / edges % edges],
            edge[next_random(&state) % edges],
        };

        for (unsigned k = 0; k < 3; k++) {
            if (i >= edges * edges || (k == 2 && i % 2)) {
                val[k] = random(&state, size);
            }
            memcpy(to[k] + i * size, &val[k], size);
        }
    }
}

/* Of any number of bits. */
static uint64_t random_int(uint64_t *state, unsigned size)
{
    uint64_t val = next_random(state);

    val >>= next_random(state) % (8 * size);
    return next_random(state) & 1 ? -val : val;
}

void operands_int(unsigned size, void *a, void *b, void *c)
{
    uint64_t top = 1ull << (8 * size - 1), edge[MAX_EDGES];
    unsigned edges = 0;

    for (uint64_t small = 0; small < 4; small++) {
        edge[edges++] = small;
        edge[edges++] = -small;
        edge[edges++] = top + small;
        edge[edges++] = top - small;
    }
    for (unsigned bits = 7; bits < 8 * size; bits += 8) {
        edge[edges++] = (1ull << bits) + 1;
        edge[edges++] = (2ull << bits) - 1;
        edge[edges++] = 0x5555555555555555ull >> (63 - bits);
    }
    g_assert_cmpuint(edges, <=, MAX_EDGES);
    fill(size, edge, edges, random_int, a, b, c);
}

/* No signalling NaN, of which the C library makes another. */
static uint64_t quiet(uint64_t bits, unsigned size)
{
    uint64_t exponent = size == 4 ? 0xff : 0x7ff;
    unsigned mantissa = size == 4 ? 23 : 52;

    return (bits >> mantissa & exponent) == exponent
        ? bits | 1ull << (mantissa - 1) : bits;
}

/* Any bits, or a number near 1 of either sign, or a small whole one. */
static uint64_t random_float(uint64_t *state, unsigned size)
{
    uint64_t val = next_random(state);
    double near = ldexp((double)(int64_t)next_random(state),
                        -60 - (int)(val % 8));
    float single;

    switch (val >> 61) {
    case 0:
    case 1:
        return quiet(next_random(state), size);
    case 2:
        near = (double)(int)(next_random(state) % 2049) - 1024;
        break;
    case 3:
        near = ldexp(near, (int)(next_random(state) % 100) - 50);
        break;
    default:
        break;
    }
    if (size == 4) {
        single = near;
        memcpy(&val, &single, 4);
    } else {
        memcpy(&val, &near, 8);
    }
    return val;
}

static void put(unsigned size, void *to, unsigned i, double x)
{
    if (size == 4) {
        ((float *)to)[i] = x;
    } else {
        ((double *)to)[i] = x;
    }
}

/* The product lies between two numbers, and the sum a little to one side. */
static void near_tie(unsigned size, unsigned i, void *a, void *b, void *c)
{
    int half = size == 4 ? 24 : 53, low = half / 2, odd = 2 * (i % 200) + 1;

    put(size, a, i, 1 + ldexp(odd, -low));
    put(size, b, i, 1 + ldexp(odd / 3 | 1, low - half));
    put(size, c, i, ldexp(i % 2 ? 1 : -1, -half - 6 - (int)(i % 37)));
}

void operands_float(unsigned size, void *a, void *b, void *c)
{
    static const double number[] = {
        0, 1, 1.5, 2, 2.5, 3, 0.5, 10, 1.0 / 3, 8388607.5, 16777217,
        2147483648.0, 4294967296.0, 9223372036854775808.0,
    };
    unsigned mantissa = size == 4 ? 23 : 52, edges = 0;
    uint64_t infinity = size == 4 ? 0x7f800000 : 0x7ffull << 52;
    uint64_t sign = 1ull << (8 * size - 1), edge[MAX_EDGES];

    for (unsigned i = 0; i < G_N_ELEMENTS(number); i++) {
        float single = number[i];

        edge[edges] = 0;
        if (size == 4) {
            memcpy(&edge[edges], &single, 4);
        } else {
            memcpy(&edge[edges], &number[i], 8);
        }
        edges++;
    }
    edge[edges++] = 1;                              /* smallest of all */
    edge[edges++] = (1ull << mantissa) - 1;         /* largest subnormal */
    edge[edges++] = 1ull << mantissa;               /* smallest normal */
    edge[edges++] = infinity - 1;                   /* largest */
    edge[edges++] = infinity;
    for (unsigned i = 0, n = edges; i < n; i++) {
        edge[edges++] = edge[i] | sign;
    }
    edge[edges++] = infinity | 1ull << (mantissa - 1);  /* a NaN */
    g_assert_cmpuint(edges, <=, MAX_EDGES);
    fill(size, edge, edges, random_float, a, b, c);
    for (unsigned i = OPERANDS - TIES; i < OPERANDS; i++) {
        near_tie(size, i, a, b, c);
    }
}

/* Numbers in order, as integers in order; both zeros are 0. */
static int64_t order(int64_t bits, int64_t sign)
{
    return bits & sign ? -(bits & ~sign) : bits;
}

static uint64_t apart(int64_t x, int64_t y)
{
    return x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x;
}

uint64_t ulps_float(float x, float y)
{
    uint32_t bits[2];

    if (isnan(x) || isnan(y)) {
        return isnan(x) && isnan(y) ? 0 : UINT64_MAX;
    }
    memcpy(&bits[0], &x, 4);
    memcpy(&bits[1], &y, 4);
    return apart(order(bits[0], 0x80000000), order(bits[1], 0x80000000));
}

uint64_t ulps_double(double x, double y)
{
    int64_t bits[2];

    if (isnan(x) || isnan(y)) {
        return isnan(x) && isnan(y) ? 0 : UINT64_MAX;
    }
    memcpy(&bits[0], &x, 8);
    memcpy(&bits[1], &y, 8);
    return apart(order(bits[0], INT64_MIN), order(bits[1], INT64_MIN));
}
