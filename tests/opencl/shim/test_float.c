/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point of OpenCL C, single and double: each expression here is
 * compiled by clover for the GPU and by the C compiler for the reference.  To
 * the last bit where OpenCL demands it; elsewhere the reference is computed
 * in the next wider type, and the error is what the OpenCL specification (1.1,
 * 7.4) permits.  The device has no single-precision subnormals: where one
 * goes in or comes out, zero of its sign may be in its place.
 */
#include <stdbool.h>
#include <string.h>
#include <tgmath.h>

#include "cl_env.h"
#include "operands.h"

#define rsqrt(x)            (1 / sqrt(x))

/* Operands of the size where Mesa's double precision is right, see below. */
#define WITHIN(x, low, high, otherwise)                                 \
    (((x) >= (low) && (x) <= (high)) || ((x) <= -(low) && (x) >= -(high)) \
     ? (x) : (otherwise))
#define NORMAL(x)   WITHIN(x, 0x1p-500, 0x1p500, 1.5)
#define NEAR(x)     WITHIN(x, 0, 1, 0.75)

static const char head[] =
    "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
    "#define WITHIN(x, low, high, otherwise)                            \\\n"
    "    (((x) >= (low) && (x) <= (high)) ||                            \\\n"
    "     ((x) <= -(low) && (x) >= -(high)) ? (x) : (otherwise))\n"
    "#define NORMAL(x)   WITHIN(x, 0x1p-500, 0x1p500, 1.5)\n"
    "#define NEAR(x)     WITHIN(x, 0, 1, 0.75)\n";

/* Name, permitted error, expression of a, b, c. */
#define OPERATIONS(X, T)                                                \
    X(T, add, 0, a + b)                                                 \
    X(T, sub, 0, a - b)                                                 \
    X(T, mul, 0, a * b)                                                 \
    X(T, fma, 0, fma(a, b, c))                                          \
    X(T, neg, 0, -a)                                                    \
    X(T, compare, 0, (a < b) + 2 * (a <= c) + 4 * (a == b) +            \
                     8 * (b > c) + 16 * (b >= a) + 32 * (a != c))       \
    X(T, choose, 0, a < b ? a : c)                                      \
    X(T, not_less, 0, !(a < b) ? a : c)                                 \
    X(T, fabs, 0, fabs(a))                                              \
    X(T, fmin, 0, fmin(a, b))                                           \
    X(T, fmax, 0, fmax(a, b))                                           \
    X(T, floor, 0, floor(a))                                            \
    X(T, ceil, 0, ceil(a))                                              \
    X(T, trunc, 0, trunc(a))                                            \
    X(T, rint, 0, rint(a))                                              \
    X(T, round, 0, round(a))                                            \
    X(T, copysign, 0, copysign(a, b))                                   \
    X(T, classes, 0, !!isnan(a) + 2 * !!isinf(b))                       \
    X(T, rsqrt, 2, rsqrt(a))                                            \
    X(T, exp2, 3, exp2(a))                                              \
    X(T, log, 3, log(a))                                                \
    X(T, log2, 3, log2(a))                                              \
    X(T, asin, 4, asin(a))                                              \
    X(T, atan, 5, atan(a))                                              \
    X(T, atan2, 6, atan2(a, b))                                         \
    X(T, tanh, 5, tanh(a))                                              \
    X(T, hypot, 4, hypot(a, b))

#define SINGLE_OPERATIONS(X, T)                                         \
    OPERATIONS(X, T)                                                    \
    X(T, fmod, 0, fmod(a, b))                                           \
    X(T, ldexp, 0, ldexp(a, (int)(b > -300 && b < 300 ? b : 3)))        \
    X(T, div, 2.5, a / b)                                               \
    X(T, sqrt, 3, sqrt(a))                                              \
    X(T, exp, 3, exp(a))                                                \
    X(T, sin, 4, sin(a))                                                \
    X(T, cos, 4, cos(a))                                                \
    X(T, tan, 5, tan(a))                                                \
    X(T, pow, 16, pow(a, b))

/*
 * In double precision Mesa 22.3.6 divides by multiplying with a reciprocal,
 * which a subnormal has not, and multiplies with one for a root, too, that
 * knows neither infinity nor signs; its ldexp() knows no NaN.  It takes
 * (a + b) - b for a, so that libclc's reductions in two parts have one, and
 * lose bits where the result or the angle is large.
 */
#define DOUBLE_OPERATIONS(X, T)                                         \
    OPERATIONS(X, T)                                                    \
    X(T, fmod, 0, fmod(NEAR(a) * 100, NEAR(b) + 1.5))                   \
    X(T, ldexp, 0, ldexp(NORMAL(a), (int)(fabs(b) < 300 ? b : 3)))      \
    X(T, div, 2, NORMAL(a) / NORMAL(b))                                 \
    X(T, sqrt, 2, sqrt(NORMAL(a) < 0 ? 2.5 : NORMAL(a)))                \
    X(T, exp, 3, exp(NEAR(a)))                                          \
    X(T, sin, 4, sin(NEAR(a) * 0.75))                                   \
    X(T, cos, 4, cos(NEAR(a) * 0.75))                                   \
    X(T, tan, 5, tan(NEAR(a) * 0.75))                                   \
    X(T, pow, 16, pow(NEAR(a) + 1.25, NEAR(b)))

typedef long double Wide;

typedef struct Operation {
    const char *name;
    const char *text;
    double bound;
    /* The reference into r; into wide the same, computed more precisely. */
    void (*reference)(const void *a, const void *b, const void *c, void *r,
                      Wide *wide);
} Operation;

#define REFERENCE(T, W, name, expression)                               \
static void T##_##name(const void *x, const void *y, const void *z,     \
                       void *r, Wide *wide)                             \
{                                                                       \
    for (unsigned i = 0; i < OPERANDS; i++) {                           \
        {                                                               \
            T a = ((const T *)x)[i], b = ((const T *)y)[i];             \
            T c = ((const T *)z)[i];                                    \
            (void)b;                                                    \
            (void)c;                                                    \
            ((T *)r)[i] = expression;                                   \
        }                                                               \
        {                                                               \
            W a = ((const T *)x)[i], b = ((const T *)y)[i];             \
            W c = ((const T *)z)[i];                                    \
            (void)b;                                                    \
            (void)c;                                                    \
            wide[i] = expression;                                       \
        }                                                               \
    }                                                                   \
}
#define SINGLE(T, name, bound, expression) \
    REFERENCE(T, double, name, expression)
#define DOUBLE(T, name, bound, expression) \
    REFERENCE(T, Wide, name, expression)
#define ENTRY(T, name, bound, expression) \
    { #name, #expression, bound, T##_##name },

SINGLE_OPERATIONS(SINGLE, float)
DOUBLE_OPERATIONS(DOUBLE, double)

static const Operation singles[] = { SINGLE_OPERATIONS(ENTRY, float) };
static const Operation doubles[] = { DOUBLE_OPERATIONS(ENTRY, double) };

typedef struct Type {
    const char *name;
    unsigned size;
    const Operation *operation;
    unsigned operations;
} Type;

static const Type types[] = {
    { "float", 4, singles, G_N_ELEMENTS(singles) },
    { "double", 8, doubles, G_N_ELEMENTS(doubles) },
};

static double element(const Type *type, const void *at, unsigned i)
{
    return type->size == 4 ? ((const float *)at)[i] : ((const double *)at)[i];
}

static double flushed(double x)
{
    return fabs(x) < 0x1p-126 ? copysign(0.0, x) : x;
}

/* How far @got is from the reference, in the last place of that. */
static double error(const Type *type, double got, double want, Wide wide)
{
    bool single = type->size == 4;
    int power;

    if (isnan(got) || isnan(want)) {
        return isnan(got) && isnan(want) ? 0 : INFINITY;
    }
    if (got == want) {
        return 0;
    }
    if (isinf(got) || isinf(want)) {
        return INFINITY;
    }
    power = fmax(want ? ilogb(want) : -10000, single ? -126 : -1022);
    return fabs(got - wide) / ldexp((Wide)1, power - (single ? 23 : 52));
}

/* Of two references the nearer: with subnormals, and with zeros for them. */
static double nearest(const Type *type, const Operation *op, double got,
                      double want, Wide wide)
{
    double err;

    if (op->bound) {
        want = type->size == 4 ? (float)wide : (double)wide;
    } else {
        wide = want;
    }
    err = error(type, got, want, wide);
    if (err > op->bound && type->size == 4 && flushed(want) == 0) {
        err = error(type, got, flushed(want), flushed(want));
    }
    return err;
}

typedef struct Memory {
    void *operand[3], *plain[3];            /* plain: no subnormals */
    void *got, *want, *want_plain;
    Wide wide[OPERANDS], wide_plain[OPERANDS];
} Memory;

/* What comes of a flush half-way is nobody's promise. */
static bool any_subnormal(const Type *type, const Memory *mem, unsigned i)
{
    for (unsigned k = 0; k < 3; k++) {
        if (element(type, mem->operand[k], i) !=
            element(type, mem->plain[k], i)) {
            return true;
        }
    }
    return false;
}

static void check(const Type *type, const Operation *op, cl_program program,
                  Memory *mem)
{
    double worst = 0;
    unsigned at = 0;

    op->reference(mem->operand[0], mem->operand[1], mem->operand[2],
                  mem->want, mem->wide);
    op->reference(mem->plain[0], mem->plain[1], mem->plain[2],
                  mem->want_plain, mem->wide_plain);
    memset(mem->got, 0xee, OPERANDS * type->size);
    cl_call(program, op->name, OPERANDS, 0, mem->operand[0], mem->operand[1],
            mem->operand[2], mem->got, NULL);
    for (unsigned i = 0; i < OPERANDS; i++) {
        double got = element(type, mem->got, i);
        double err = nearest(type, op, got, element(type, mem->want, i),
                             mem->wide[i]);

        if (err > op->bound) {
            err = fmin(err, nearest(type, op, got,
                                    element(type, mem->want_plain, i),
                                    mem->wide_plain[i]));
        }
        if (op->bound && any_subnormal(type, mem, i)) {
            continue;
        }
        if (err > worst) {
            worst = err;
            at = i;
        }
    }
    if (worst > op->bound) {
        g_test_message("%s %s(%a, %a, %a) = %a, not %a (%g ulp)", type->name,
                       op->name, element(type, mem->operand[0], at),
                       element(type, mem->operand[1], at),
                       element(type, mem->operand[2], at),
                       element(type, mem->got, at),
                       element(type, mem->want, at), worst);
        g_test_fail();
    }
}

static void test_type(gconstpointer data)
{
    const Type *type = data;
    GString *text = g_string_new(head);
    Memory *mem = g_new0(Memory, 1);
    size_t size = OPERANDS * type->size;
    cl_program program;

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
    for (unsigned i = 0; i < 3; i++) {
        mem->operand[i] = g_malloc(size);
    }
    operands_float(type->size, mem->operand[0], mem->operand[1],
                   mem->operand[2]);
    for (unsigned i = 0; i < 3; i++) {
        mem->plain[i] = g_memdup2(mem->operand[i], size);
        for (unsigned k = 0; type->size == 4 && k < OPERANDS; k++) {
            ((float *)mem->plain[i])[k] = flushed(((float *)
                                                   mem->plain[i])[k]);
        }
    }
    mem->got = g_malloc(size);
    mem->want = g_malloc(size);
    mem->want_plain = g_malloc(size);
    for (unsigned i = 0; i < type->operations; i++) {
        check(type, &type->operation[i], program, mem);
    }
    for (unsigned i = 0; i < 3; i++) {
        g_free(mem->operand[i]);
        g_free(mem->plain[i]);
    }
    g_free(mem->got);
    g_free(mem->want);
    g_free(mem->want_plain);
    g_free(mem);
    CL_CHECK(clReleaseProgram(program));
    g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    return cl_test_each(argc, argv, "float", types, G_N_ELEMENTS(types),
                        sizeof(types[0]), test_type);
}
