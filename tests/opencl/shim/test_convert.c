/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversions of OpenCL C between all types, with each rounding and with
 * saturation.  The reference has the number exactly, as an integer or a long
 * double, and rounds it step by step.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "cl_env.h"
#include "operands.h"

typedef enum Kind {
    SIGNED,
    UNSIGNED,
    FLOATING,
} Kind;

typedef struct Type {
    const char *name;
    unsigned size;
    Kind kind;
} Type;

static const Type types[] = {
    { "char", 1, SIGNED }, { "uchar", 1, UNSIGNED },
    { "short", 2, SIGNED }, { "ushort", 2, UNSIGNED },
    { "int", 4, SIGNED }, { "uint", 4, UNSIGNED },
    { "long", 8, SIGNED }, { "ulong", 8, UNSIGNED },
    { "float", 4, FLOATING }, { "double", 8, FLOATING },
};

static const char *const roundings[] = { "", "_rte", "_rtz", "_rtp", "_rtn" };

/* 64 bits of mantissa: every value of every type. */
typedef long double Wide;

static Wide load(const Type *type, const void *at, unsigned i)
{
    const uint8_t *from = (const uint8_t *)at + i * type->size;
    uint64_t bits = 0;
    unsigned up = 64 - 8 * type->size;
    double wide;
    float single;

    memcpy(&bits, from, type->size);
    switch (type->kind) {
    case SIGNED:
        return (int64_t)(bits << up) >> up;
    case UNSIGNED:
        return bits;
    case FLOATING:
    default:
        if (type->size == 4) {
            memcpy(&single, from, 4);
            return single;
        }
        memcpy(&wide, from, 8);
        return wide;
    }
}

/* Of a number without a fraction too large for a Wide. */
static Wide round_whole(Wide x, const char *rounding)
{
    if (!strcmp(rounding, "_rte")) {
        return rintl(x);
    } else if (!strcmp(rounding, "_rtp")) {
        return ceill(x);
    } else if (!strcmp(rounding, "_rtn")) {
        return floorl(x);
    }
    return truncl(x);
}

/* To @digits of mantissa, the smallest power of two being 2^@low. */
static Wide round_float(Wide x, const char *rounding, int digits, int low,
                        Wide largest)
{
    Wide step, y;
    int power;

    if (x == 0 || isinf(x) || isnan(x)) {
        return x;
    }
    power = ilogbl(x) - (digits - 1);
    step = ldexpl(1, power > low ? power : low);
    y = round_whole(x / step, *rounding ? rounding : "_rte") * step;
    if (fabsl(y) > largest) {
        bool away = !*rounding || !strcmp(rounding, "_rte") ||
                    (!strcmp(rounding, "_rtp") && y > 0) ||
                    (!strcmp(rounding, "_rtn") && y < 0);

        y = copysignl(away ? INFINITY : largest, y);
    }
    return y;
}

/* False: the result is nobody's promise. */
static bool reference(const Type *to, const char *rounding, bool saturates,
                      Wide x, Wide *y)
{
    Wide low, high;

    if (to->kind == FLOATING) {
        *y = to->size == 4
            ? round_float(x, rounding, 24, -149, 0x1.fffffep127L)
            : round_float(x, rounding, 53, -1074, 0x1.fffffffffffffp1023L);
        return true;
    }
    if (isnan(x)) {
        *y = 0;
        return saturates;
    }
    high = ldexpl(1, 8 * to->size - (to->kind == SIGNED)) - 1;
    low = to->kind == SIGNED ? -high - 1 : 0;
    *y = round_whole(x, rounding);
    if (*y < low) {
        *y = low;
        return saturates;
    } else if (*y > high) {
        *y = high;
        return saturates;
    }
    return true;
}

static bool same(const Type *to, Wide got, Wide want)
{
    if (isnan(got) || isnan(want)) {
        return isnan(got) && isnan(want);
    }
    /* The device may have zero for a single-precision subnormal. */
    return got == want || (to->kind == FLOATING && to->size == 4 &&
                           got == 0 && fabsl(want) < 0x1p-126L);
}

/* An integer converts to another with its value alone. */
static bool exists(const Type *from, const Type *to, const char *rounding,
                   bool saturates)
{
    return (!*rounding || from->kind == FLOATING || to->kind == FLOATING) &&
           !(saturates && to->kind == FLOATING);
}

/*
 * What Mesa 22.3.6 compiles wrongly: it saturates signed operands of 8 and 16
 * bits without their sign, and swaps operands of only one half of a minimum
 * of 64 bits.
 */
static bool mesa_wrong(const Type *from, const char *name)
{
    static const char *const list[] = {
        "char convert_uchar_sat", "char convert_ushort_sat",
        "char convert_uint_sat", "char convert_ulong_sat",
        "short convert_char_sat", "short convert_uchar_sat",
        "short convert_ushort_sat", "short convert_uint_sat",
        "short convert_ulong_sat",
        "long convert_float_rtn", "long convert_double_rtn",
    };
    char *both = g_strdup_printf("%s %s", from->name, name);
    bool found = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) {
        found |= !strcmp(both, list[i]);
    }
    g_free(both);
    return found;
}

static void check(const Type *from, const Type *to, const char *rounding,
                  bool saturates, cl_program program, const void *x, void *r)
{
    char *name = g_strdup_printf("convert_%s%s%s", to->name,
                                 saturates ? "_sat" : "", rounding);
    char *kernel = g_strdup_printf("to_%s", name + strlen("convert_"));
    bool wrong = mesa_wrong(from, name), differs = false;

    memset(r, 0xee, OPERANDS * to->size);
    cl_call(program, kernel, OPERANDS, 0, x, r, NULL);
    for (unsigned i = 0; i < OPERANDS; i++) {
        Wide val = load(from, x, i), got = load(to, r, i), want;

        /* It may go in as zero. */
        if (from->kind == FLOATING && from->size == 4 && val != 0 &&
            fabsl(val) < 0x1p-126L) {
            continue;
        }
        if (reference(to, rounding, saturates, val, &want) &&
            !same(to, got, want)) {
            differs = true;
            if (wrong) {
                break;
            }
            g_test_message("%s(%s %La) = %La, not %La", name, from->name, val,
                           got, want);
            g_test_fail();
            break;
        }
    }
    /* Where it is right after all, it is no longer for the list. */
    g_assert_true(differs || !wrong);
    g_free(kernel);
    g_free(name);
}

typedef void (*Each)(const Type *from, const Type *to, const char *rounding,
                     bool saturates, void *opaque);

static void for_each(const Type *from, Each each, void *opaque)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
        for (unsigned k = 0; k < G_N_ELEMENTS(roundings); k++) {
            for (int saturates = 0; saturates < 2; saturates++) {
                if (&types[i] != from &&
                    exists(from, &types[i], roundings[k], saturates)) {
                    each(from, &types[i], roundings[k], saturates, opaque);
                }
            }
        }
    }
}

static void add_kernel(const Type *from, const Type *to, const char *rounding,
                       bool saturates, void *opaque)
{
    g_string_append_printf(opaque,
        "__kernel void to_%s%s%s(__global const %s *x, __global %s *r)\n"
        "{\n"
        "    size_t i = get_global_id(0);\n"
        "    r[i] = convert_%s%s%s(x[i]);\n"
        "}\n", to->name, saturates ? "_sat" : "", rounding, from->name,
        to->name, to->name, saturates ? "_sat" : "", rounding);
}

typedef struct Run {
    cl_program program;
    void *x, *r;
} Run;

static void check_one(const Type *from, const Type *to, const char *rounding,
                      bool saturates, void *opaque)
{
    Run *run = opaque;

    check(from, to, rounding, saturates, run->program, run->x, run->r);
}

static void test_from(gconstpointer data)
{
    const Type *from = data;
    GString *text = g_string_new(NULL);
    size_t size = OPERANDS * from->size;
    void *unused = g_malloc(size);
    Run run = { .x = g_malloc(size), .r = g_malloc(OPERANDS * 8) };

    for_each(from, add_kernel, text);
    run.program = cl_build(text->str);
    if (from->kind == FLOATING) {
        operands_float(from->size, run.x, unused, unused);
    } else {
        operands_int(from->size, run.x, unused, unused);
    }
    for_each(from, check_one, &run);
    CL_CHECK(clReleaseProgram(run.program));
    g_free(run.x);
    g_free(run.r);
    g_free(unused);
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    return cl_test_each(argc, argv, "convert", types, G_N_ELEMENTS(types),
                        sizeof(types[0]), test_from);
}
