/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer operators and functions of OpenCL C, of all integer types: each
 * expression here is compiled by clover for the GPU and by the C compiler for
 * the reference, and all results must be equal.
 */
#include <stdbool.h>
#include <string.h>

#include "cl_env.h"
#include "operands.h"

/* ------------------------------------------ OpenCL's functions, in C */

#define TYPES(X)                                                        \
    X(char, uchar, 8, 1) X(uchar, uchar, 8, 0)                          \
    X(short, ushort, 16, 1) X(ushort, ushort, 16, 0)                    \
    X(int, uint, 32, 1) X(uint, uint, 32, 0)                            \
    X(long, ulong, 64, 1) X(ulong, ulong, 64, 0)

#define MIN_OF(U, bits, is_signed) \
    (is_signed ? -((__int128)1 << (bits - 1)) : 0)
#define MAX_OF(U, bits, is_signed) \
    (((__int128)1 << (bits - is_signed)) - 1)

#define DEFINE(T, U, bits, is_signed)                                   \
static T saturate_##T(__int128 x)                                       \
{                                                                       \
    __int128 low = MIN_OF(U, bits, is_signed);                          \
    __int128 high = MAX_OF(U, bits, is_signed);                         \
    return x < low ? low : x > high ? high : x;                         \
}                                                                       \
static T mul_hi_##T(T x, T y)                                           \
{                                                                       \
    unsigned __int128 product = is_signed                               \
        ? (unsigned __int128)((__int128)x * y)                          \
        : (unsigned __int128)(U)x * (U)y;                               \
    return (T)(product >> bits);                                        \
}                                                                       \
static T rotate_##T(T x, T n)                                           \
{                                                                       \
    unsigned by = (U)n % bits;                                          \
    return by ? (T)((U)x << by | (U)x >> (bits - by)) : x;              \
}                                                                       \
static T clz_##T(T x)                                                   \
{                                                                       \
    return (U)x ? __builtin_clzll((U)x) - (64 - bits) : bits;           \
}                                                                       \
static T min_##T(T x, T y)                                              \
{                                                                       \
    return x < y ? x : y;                                               \
}                                                                       \
static T max_##T(T x, T y)                                              \
{                                                                       \
    return x > y ? x : y;                                               \
}                                                                       \
static U abs_##T(T x)                                                   \
{                                                                       \
    return is_signed && (U)x >> (bits - 1) ? -(U)x : (U)x;              \
}                                                                       \
static U abs_diff_##T(T x, T y)                                         \
{                                                                       \
    return x > y ? (U)x - (U)y : (U)y - (U)x;                           \
}
TYPES(DEFINE)

#define OF_TYPE(function, x) _Generic((x),                              \
    char : function##_char, uchar : function##_uchar,                   \
    short : function##_short, ushort : function##_ushort,               \
    int : function##_int, uint : function##_uint,                       \
    long : function##_long, ulong : function##_ulong)

#define saturate(like, x)   OF_TYPE(saturate, like)(x)
#define mul_hi(x, y)        OF_TYPE(mul_hi, x)(x, y)
#define rotate(x, y)        OF_TYPE(rotate, x)(x, y)
#define clz(x)              OF_TYPE(clz, x)(x)
#define min(x, y)           OF_TYPE(min, x)(x, y)
#define max(x, y)           OF_TYPE(max, x)(x, y)
#define abs(x)              OF_TYPE(abs, x)(x)
#define abs_diff(x, y)      OF_TYPE(abs_diff, x)(x, y)
#define clamp(x, low, high) min(max(x, low), high)
#define mad_hi(x, y, z)     (mul_hi(x, y) + (z))
#define add_sat(x, y)       saturate(x, (__int128)(x) + (y))
#define sub_sat(x, y)       saturate(x, (__int128)(x) - (y))
#define mad_sat(x, y, z)    saturate(x, (__int128)(x) * (y) + (z))
#define hadd(x, y)          (((__int128)(x) + (y)) >> 1)
#define rhadd(x, y)         (((__int128)(x) + (y) + 1) >> 1)
#define bitselect(x, y, z)  (((x) & ~(z)) | ((y) & (z)))

/* -------------------------------------------------------- what is tested */

/* BITS is that of the type.  No division overflows, and none is by 0. */
#define OPERATIONS(X, T)                                                \
    X(T, add, a + b)                                                    \
    X(T, sub, a - b)                                                    \
    X(T, mul, a * b)                                                    \
    X(T, mad, a * b + c)                                                \
    X(T, div, a / (b > 0 ? b : 7))                                      \
    X(T, rem, a % (b > 0 ? b : 7))                                      \
    X(T, div_const, a / 10 + b % 1000)                                  \
    X(T, neg, -a)                                                       \
    X(T, logic, (a & b) ^ (c | ~a))                                     \
    X(T, shl, a << (b & (BITS - 1)))                                    \
    X(T, shr, a >> (b & (BITS - 1)))                                    \
    X(T, shl_const, (a << 5) + (b << (BITS - 1)))                       \
    X(T, shr_const, (a >> 5) + (b >> (BITS - 1)))                       \
    X(T, compare, (a < b) | (a <= c) << 1 | (a == b) << 2 |             \
                  (b > c) << 3 | (b >= a) << 4 | (a != c) << 5)         \
    X(T, choose, a < b ? b - c : a > c ? a : c + 1)                     \
    X(T, min, min(a, b))                                                \
    X(T, max, max(a, b))                                                \
    X(T, clamp, clamp(a, min(b, c), max(b, c)))                         \
    X(T, abs, abs(a))                                                   \
    X(T, abs_diff, abs_diff(a, b))                                      \
    X(T, add_sat, add_sat(a, b))                                        \
    X(T, sub_sat, sub_sat(a, b))                                        \
    X(T, mad_sat, mad_sat(a, b, c))                                     \
    X(T, hadd, hadd(a, b))                                              \
    X(T, rhadd, rhadd(a, b))                                            \
    X(T, mul_hi, mul_hi(a, b))                                          \
    X(T, mad_hi, mad_hi(a, b, c))                                       \
    X(T, rotate, rotate(a, b))                                          \
    X(T, clz, clz(a))                                                   \
    X(T, bitselect, bitselect(a, b, c))

typedef struct Operation {
    const char *name;
    const char *text;
    void (*reference)(const void *a, const void *b, const void *c, void *r);
} Operation;

#define BITS ((int)sizeof(a) * 8)
#define REFERENCE(T, name, expression)                                  \
static void T##_##name(const void *x, const void *y, const void *z,     \
                       void *r)                                         \
{                                                                       \
    for (unsigned i = 0; i < OPERANDS; i++) {                           \
        T a = ((const T *)x)[i], b = ((const T *)y)[i];                 \
        T c = ((const T *)z)[i];                                        \
        (void)b;                                                        \
        (void)c;                                                        \
        ((T *)r)[i] = expression;                                       \
    }                                                                   \
}
#define ENTRY(T, name, expression) { #name, #expression, T##_##name },
#define TABLE(T, U, bits, is_signed)                                    \
OPERATIONS(REFERENCE, T)                                                \
static const Operation operations_##T[] = { OPERATIONS(ENTRY, T) };
TYPES(TABLE)

typedef struct Type {
    const char *name;
    unsigned size;
    const Operation *operation;
    unsigned operations;
} Type;

#define TYPE(T, U, bits, is_signed) \
    { #T, bits / 8, operations_##T, G_N_ELEMENTS(operations_##T) },
static const Type types[] = { TYPES(TYPE) };

/*
 * What Mesa 22.3.6 compiles to other code than it should: it knows no signed
 * operand of 8 or 16 bits where the operation is one of 32, nor the upper half
 * of a product that is not one of 32.
 */
static bool mesa_wrong(const Type *type, const char *name)
{
    static const char *const list[] = {
        "char min", "char max", "char clamp", "char mad_sat", "char hadd",
        "char rhadd", "char mul_hi", "char mad_hi",
        "uchar add_sat", "uchar mul_hi", "uchar mad_hi",
        "short min", "short max", "short clamp", "short hadd", "short rhadd",
        "short mul_hi", "short mad_hi",
        "ushort add_sat", "ushort mul_hi", "ushort mad_hi",
        "long mad_sat", "long mul_hi", "long mad_hi",
        "ulong mad_sat", "ulong mul_hi", "ulong mad_hi",
    };
    char *both = g_strdup_printf("%s %s", type->name, name);
    bool found = false;

    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) {
        found |= !strcmp(both, list[i]);
    }
    g_free(both);
    return found;
}

static long element(const Type *type, const void *at, unsigned i)
{
    int64_t val = 0;

    memcpy(&val, (const uint8_t *)at + i * type->size, type->size);
    return val;
}

static void check(const Type *type, const Operation *op, cl_program program,
                  uint8_t *mem[5])
{
    op->reference(mem[0], mem[1], mem[2], mem[4]);
    memset(mem[3], 0xee, OPERANDS * type->size);
    cl_call(program, op->name, OPERANDS, 0, mem[0], mem[1], mem[2], mem[3],
            NULL);
    if (mesa_wrong(type, op->name)) {
        /* Where it is right after all, it is no longer for this list. */
        g_assert_true(memcmp(mem[3], mem[4], OPERANDS * type->size));
        return;
    }
    for (unsigned i = 0; i < OPERANDS; i++) {
        if (element(type, mem[3], i) != element(type, mem[4], i)) {
            g_test_message("%s %s(%#lx, %#lx, %#lx) = %#lx, not %#lx",
                           type->name, op->name, element(type, mem[0], i),
                           element(type, mem[1], i), element(type, mem[2], i),
                           element(type, mem[3], i),
                           element(type, mem[4], i));
            g_test_fail();
            return;
        }
    }
}

static void test_type(gconstpointer data)
{
    const Type *type = data;
    GString *text = g_string_new(NULL);
    uint8_t *mem[5];
    cl_program program;

    g_string_printf(text, "#define BITS %u\n", type->size * 8);
    for (unsigned i = 0; i < type->operations; i++) {
        g_string_append_printf(text,
            "__kernel void %s(__global const %s *x, __global const %s *y,\n"
            "    __global const %s *z, __global %s *r)\n"
            "{\n"
            "    size_t i = get_global_id(0);\n"
            "    %s a = x[i], b = y[i], c = z[i];\n"
            "    r[i] = %s;\n"
            "}\n", type->operation[i].name, type->name, type->name,
            type->name, type->name, type->name, type->operation[i].text);
    }
    program = cl_build(text->str);
    for (unsigned i = 0; i < 5; i++) {
        mem[i] = g_malloc(OPERANDS * type->size);
    }
    operands_int(type->size, mem[0], mem[1], mem[2]);
    for (unsigned i = 0; i < type->operations; i++) {
        check(type, &type->operation[i], program, mem);
    }
    for (unsigned i = 0; i < 5; i++) {
        g_free(mem[i]);
    }
    CL_CHECK(clReleaseProgram(program));
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    return cl_test_each(argc, argv, "int", types, G_N_ELEMENTS(types),
                        sizeof(types[0]), test_type);
}
