/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory: the process's own by pointer, buffers, local and private memory,
 * barriers, atomics.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "cl_env.h"

#define ITEMS           1024
#define GROUP           64

static const char text[] =
    "__kernel void add(__global int *a, __global const int *b)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    a[i] += 3 * b[i];\n"
    "}\n"
    "struct node { __global struct node *next; long value; };\n"
    "__kernel void walk(__global struct node *at, __global long *sum)\n"
    "{\n"
    "    long n = 0;\n"
    "    for (; at; at = at->next) {\n"
    "        n += at->value;\n"
    "        if (get_global_id(0) == 0) {\n"
    "            at->value = -at->value;\n"
    "        }\n"
    "    }\n"
    "    sum[get_global_id(0)] = n;\n"
    "}\n"
    "__kernel void reverse(__global int *a, __local int *tile)\n"
    "{\n"
    "    size_t l = get_local_id(0), n = get_local_size(0);\n"
    "    uint x = a[get_global_id(0)];\n"
    "    for (uint k = 0; k < 4 * l; k++) {\n"
    "        x = x * 3 + 1;\n"
    "    }\n"
    "    tile[l] = x;\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    a[get_global_id(0)] = tile[n - 1 - l];\n"
    "}\n"
    "__kernel void scan(__global int *a)\n"
    "{\n"
    "    __local int sum[64];\n"
    "    size_t l = get_local_id(0);\n"
    "    sum[l] = a[get_global_id(0)];\n"
    "    for (size_t step = 1; step < get_local_size(0); step *= 2) {\n"
    "        int other;\n"
    "        barrier(CLK_LOCAL_MEM_FENCE);\n"
    "        other = l >= step ? sum[l - step] : 0;\n"
    "        barrier(CLK_LOCAL_MEM_FENCE);\n"
    "        sum[l] += other;\n"
    "    }\n"
    "    a[get_global_id(0)] = sum[l];\n"
    "}\n"
    "__kernel void histogram(__global const uchar *from, __global int *bin)\n"
    "{\n"
    "    __local int mine[16];\n"
    "    size_t l = get_local_id(0);\n"
    "    if (l < 16) {\n"
    "        mine[l] = 0;\n"
    "    }\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    atomic_inc(&mine[from[get_global_id(0)] / 16]);\n"
    "    barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    if (l < 16) {\n"
    "        atomic_add(&bin[l], mine[l]);\n"
    "    }\n"
    "}\n"
    "__kernel void atomics(__global uint *v, __global uint *seen)\n"
    "{\n"
    "    uint i = get_global_id(0);\n"
    "    seen[i] = atomic_inc(&v[0]);\n"
    "    atomic_sub(&v[1], i);\n"
    "    atomic_max(&v[2], i * 7919 % 1024);\n"
    "    atomic_min(&v[3], i * 7919 % 1024);\n"
    "    atomic_or(&v[4], 1u << i % 32);\n"
    "    atomic_and(&v[5], ~(1u << i % 31));\n"
    "    atomic_xor(&v[6], i);\n"
    "    atomic_xchg(&v[7], i);\n"
    "    for (uint old = v[8], next; ; old = next) {\n"
    "        next = atomic_cmpxchg(&v[8], old, old + i);\n"
    "        if (next == old) {\n"
    "            break;\n"
    "        }\n"
    "    }\n"
    "}\n"
    "__kernel void private_memory(__global int *a)\n"
    "{\n"
    "    int heap[32];\n"
    "    size_t i = get_global_id(0);\n"
    "    for (int k = 0; k < 32; k++) {\n"
    "        heap[(k * 7 + i) % 32] = a[i] + k;\n"
    "    }\n"
    "    int sum = 0;\n"
    "    for (int k = 0; k < 32; k++) {\n"
    "        sum = sum * 31 + heap[(k * (a[i] & 15)) % 32];\n"
    "    }\n"
    "    a[i] = sum;\n"
    "}\n"
    "__constant int primes[] = { 2, 3, 5, 7, 11, 13, 17, 19 };\n"
    "__kernel void constants(__global int *a, __constant int *b)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    a[i] = primes[a[i] & 7] * b[i & 3];\n"
    "}\n"
    "__kernel void vectors(__global const float *x, __global float *y)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    float4 v = vload4(i, x);\n"
    "    vstore4(v.wzyx * 2.0f + v.s0, i, y);\n"
    "}\n"
    "__kernel void ids(__global uint *out)\n"
    "{\n"
    "    size_t i = get_global_id(0) + get_global_size(0) *\n"
    "        (get_global_id(1) + get_global_size(1) * get_global_id(2));\n"
    "    out[i] = get_local_id(0) | get_local_id(1) << 4 |\n"
    "        get_local_id(2) << 8 | get_group_id(0) << 12 |\n"
    "        get_group_id(1) << 16 | get_group_id(2) << 20 |\n"
    "        get_work_dim() << 24;\n"
    "}\n";

static cl_program program(void)
{
    static cl_program built;

    if (!built) {
        built = cl_build(text);
    }
    return built;
}

/* ------------------------------------------------------------------- SVM */

static void fill(int *a, int *b)
{
    for (int i = 0; i < ITEMS; i++) {
        a[i] = i * 1103515245u;
        b[i] = i * 7 - 400;
    }
}

static void check_sum(const int *a, const int *b)
{
    for (int i = 0; i < ITEMS; i++) {
        g_assert_cmpint(a[i], ==, (int)(i * 1103515245u + 3u * b[i]));
        g_assert_cmpint(b[i], ==, i * 7 - 400);
    }
}

static void test_heap(void)
{
    int *a = g_new(int, ITEMS), *b = g_new(int, ITEMS);

    fill(a, b);
    cl_call(program(), "add", ITEMS, 0, a, b, NULL);
    check_sum(a, b);
    g_free(a);
    g_free(b);
}

static void test_stack(void)
{
    int a[ITEMS], b[ITEMS];

    fill(a, b);
    cl_call(program(), "add", ITEMS, 0, a, b, NULL);
    check_sum(a, b);
}

/* The first touch of the pages is the GPU's; then they are others. */
static void test_fresh(void)
{
    size_t size = ITEMS * sizeof(int);

    for (int round = 0; round < 3; round++) {
        int *a = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int *b = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        b[round] = 5;
        g_assert_cmpint(mprotect(b, size, PROT_READ), ==, 0);
        cl_call(program(), "add", ITEMS, 0, a, b, NULL);
        for (int i = 0; i < ITEMS; i++) {
            g_assert_cmpint(a[i], ==, i == round ? 15 : 0);
        }
        munmap(a, size);
        munmap(b, size);
    }
}

typedef struct Node {
    struct Node *next;
    long value;
} Node;

static void test_list(void)
{
    Node *head = NULL, *next;
    long *sum = g_new0(long, GROUP), want = 0;

    for (int i = 1; i <= 1000; i++) {
        Node *node = g_malloc(sizeof(*node) + i % 97 * 16);

        *node = (Node) { head, i };
        head = node;
        want += i;
    }
    cl_call(program(), "walk", 1, 0, head, sum, NULL);
    g_assert_cmpint(sum[0], ==, want);
    cl_call(program(), "walk", GROUP, 0, head, sum, NULL);
    /* In lock step all lanes of a warp have read what the first changes. */
    for (int i = 0; i < 32; i++) {
        g_assert_cmpint(sum[i], ==, -want);
    }
    for (; head; head = next) {
        next = head->next;
        g_assert_cmpint(head->value, >, 0);
        g_free(head);
    }
    g_free(sum);
}

static void test_svm_calls(void)
{
    const ClEnv *env = cl_env();
    size_t size = ITEMS * sizeof(int);
    int *a = clSVMAlloc(env->context, CL_MEM_READ_WRITE, size, 0);
    int *b = clSVMAlloc(env->context, CL_MEM_READ_WRITE, size, 0);
    int *from = g_new(int, ITEMS), seven = 7;
    const void *both[] = { a, b };
    size_t sizes[] = { size, size };

    g_assert_nonnull(a);
    g_assert_nonnull(b);
    for (int i = 0; i < ITEMS; i++) {
        from[i] = i;
    }
    CL_CHECK(clEnqueueSVMMemcpy(env->queue, CL_TRUE, a, from, size, 0, NULL,
                                NULL));
    CL_CHECK(clEnqueueSVMMemFill(env->queue, b, &seven, sizeof(seven), size,
                                 0, NULL, NULL));
    CL_CHECK(clEnqueueSVMMigrateMem(env->queue, 2, both, sizes, 0, 0, NULL,
                                    NULL));
    cl_call(program(), "add", ITEMS, 0, a, b, NULL);
    CL_CHECK(clEnqueueSVMMap(env->queue, CL_TRUE, CL_MAP_READ, a, size, 0,
                             NULL, NULL));
    for (int i = 0; i < ITEMS; i++) {
        g_assert_cmpint(a[i], ==, i + 21);
    }
    CL_CHECK(clEnqueueSVMUnmap(env->queue, a, 0, NULL, NULL));
    CL_CHECK(clFinish(env->queue));
    clSVMFree(env->context, a);
    clSVMFree(env->context, b);
    g_free(from);
}

/* --------------------------------------------------------------- buffers */

static cl_mem buffer(size_t size)
{
    cl_int err;
    cl_mem mem = clCreateBuffer(cl_env()->context, CL_MEM_READ_WRITE, size,
                                NULL, &err);

    CL_CHECK(err);
    return mem;
}

/* Small and large, for Mesa has a way for each. */
static void test_buffers(gconstpointer data)
{
    size_t items = GPOINTER_TO_SIZE(data), size = items * sizeof(int);
    const ClEnv *env = cl_env();
    int *a = g_new(int, items), *b = g_new(int, items), *c;
    cl_mem mem[2] = { buffer(size), buffer(size) };
    cl_kernel kernel = cl_kernel_of(program(), "add");
    cl_int err, pattern = -5;

    for (size_t i = 0; i < items; i++) {
        a[i] = i * 31;
        b[i] = i;
    }
    CL_CHECK(clEnqueueWriteBuffer(env->queue, mem[0], CL_FALSE, 0, size, a, 0,
                                  NULL, NULL));
    CL_CHECK(clEnqueueWriteBuffer(env->queue, mem[1], CL_FALSE, 0, size, b, 0,
                                  NULL, NULL));
    for (int i = 0; i < 2; i++) {
        CL_CHECK(clSetKernelArg(kernel, i, sizeof(mem[i]), &mem[i]));
    }
    cl_run(kernel, items, 0);
    CL_CHECK(clEnqueueCopyBuffer(env->queue, mem[0], mem[1], 0, 0,
                                 items / 2 * sizeof(int), 0, NULL, NULL));
    CL_CHECK(clEnqueueFillBuffer(env->queue, mem[0], &pattern,
                                 sizeof(pattern), 0, size, 0, NULL, NULL));
    CL_CHECK(clEnqueueReadBuffer(env->queue, mem[1], CL_TRUE, 0, size, b, 0,
                                 NULL, NULL));
    for (size_t i = 0; i < items; i++) {
        g_assert_cmpint(b[i], ==, i < items / 2 ? i * 34 : i);
    }
    c = clEnqueueMapBuffer(env->queue, mem[0], CL_TRUE, CL_MAP_READ, 0, size,
                           0, NULL, NULL, &err);
    CL_CHECK(err);
    for (size_t i = 0; i < items; i++) {
        g_assert_cmpint(c[i], ==, pattern);
    }
    CL_CHECK(clEnqueueUnmapMemObject(env->queue, mem[0], c, 0, NULL, NULL));
    CL_CHECK(clFinish(env->queue));
    CL_CHECK(clReleaseKernel(kernel));
    CL_CHECK(clReleaseMemObject(mem[0]));
    CL_CHECK(clReleaseMemObject(mem[1]));
    g_free(a);
    g_free(b);
}

/* More than VRAM has, but never at once; each is zero when it is made. */
static void test_many_buffers(void)
{
    const ClEnv *env = cl_env();
    cl_kernel kernel = cl_kernel_of(program(), "add");
    cl_mem small = buffer(4);
    int got;

    for (int i = 1; i <= 24; i++) {
        cl_mem mem = buffer(96 << 20);

        CL_CHECK(clEnqueueWriteBuffer(env->queue, small, CL_TRUE, 0, 4, &i, 0,
                                      NULL, NULL));
        CL_CHECK(clSetKernelArg(kernel, 0, sizeof(mem), &mem));
        CL_CHECK(clSetKernelArg(kernel, 1, sizeof(small), &small));
        cl_run(kernel, 1, 0);
        CL_CHECK(clEnqueueCopyBuffer(env->queue, mem, small, 0, 0, 4, 0, NULL,
                                     NULL));
        CL_CHECK(clEnqueueReadBuffer(env->queue, small, CL_TRUE, 0, 4, &got,
                                     0, NULL, NULL));
        g_assert_cmpint(got, ==, 3 * i);
        CL_CHECK(clReleaseMemObject(mem));
    }
    CL_CHECK(clReleaseMemObject(small));
    CL_CHECK(clReleaseKernel(kernel));
}

/* --------------------------------------------- local, private, constant */

/* The last warps come late to the barrier, where the first wait for them. */
static void test_local(void)
{
    cl_kernel kernel = cl_kernel_of(program(), "reverse");
    unsigned *a = g_new(unsigned, ITEMS);

    for (int i = 0; i < ITEMS; i++) {
        a[i] = i;
    }
    cl_pointer(kernel, 0, a);
    CL_CHECK(clSetKernelArg(kernel, 1, 256 * sizeof(int), NULL));
    cl_run(kernel, ITEMS, 256);
    for (int i = 0; i < ITEMS; i++) {
        unsigned x = i / 256 * 256 + 255 - i % 256;

        for (int k = 0; k < 4 * (255 - i % 256); k++) {
            x = x * 3 + 1;
        }
        g_assert_cmpuint(a[i], ==, x);
    }
    CL_CHECK(clReleaseKernel(kernel));
    g_free(a);
}

static void test_barriers(void)
{
    int *a = g_new(int, ITEMS), sum = 0;

    for (int i = 0; i < ITEMS; i++) {
        a[i] = i * 2654435761u >> 20;
    }
    cl_call(program(), "scan", ITEMS, GROUP, a, NULL);
    for (int i = 0; i < ITEMS; i++) {
        sum = (i % GROUP ? sum : 0) + (int)(i * 2654435761u >> 20);
        g_assert_cmpint(a[i], ==, sum);
    }
    g_free(a);
}

static void test_histogram(void)
{
    unsigned char *from = g_new(unsigned char, ITEMS);
    int *bin = g_new0(int, 16), want[16] = { 0 };

    for (int i = 0; i < ITEMS; i++) {
        from[i] = i * 2654435761u >> 24;
        want[from[i] / 16]++;
    }
    cl_call(program(), "histogram", ITEMS, GROUP, from, bin, NULL);
    g_assert_cmpmem(bin, sizeof(want), want, sizeof(want));
    g_free(from);
    g_free(bin);
}

static void test_atomics(void)
{
    unsigned *v = g_new0(unsigned, 16), *seen = g_new0(unsigned, ITEMS);
    unsigned sum = ITEMS * (ITEMS - 1) / 2, exclusive = 0;
    bool was[ITEMS] = { false };

    v[3] = ~0u;
    v[5] = ~0u;
    cl_call(program(), "atomics", ITEMS, GROUP, v, seen, NULL);
    for (unsigned i = 0; i < ITEMS; i++) {
        g_assert_cmpuint(seen[i], <, ITEMS);
        g_assert_false(was[seen[i]]);
        was[seen[i]] = true;
        exclusive ^= i;
    }
    g_assert_cmpuint(v[0], ==, ITEMS);
    g_assert_cmpuint(v[1], ==, -sum);
    g_assert_cmpuint(v[2], ==, 1023);
    g_assert_cmpuint(v[3], ==, 0);
    g_assert_cmphex(v[4], ==, ~0u);
    g_assert_cmphex(v[5], ==, 0x80000000);
    g_assert_cmphex(v[6], ==, exclusive);
    g_assert_cmpuint(v[7], <, ITEMS);
    g_assert_cmpuint(v[8], ==, sum);
    g_free(v);
    g_free(seen);
}

static void test_private(void)
{
    int *a = g_new(int, ITEMS);

    for (int i = 0; i < ITEMS; i++) {
        a[i] = i * 77;
    }
    cl_call(program(), "private_memory", ITEMS, 0, a, NULL);
    for (int i = 0; i < ITEMS; i++) {
        unsigned sum = 0;
        int heap[32];

        for (int k = 0; k < 32; k++) {
            heap[(k * 7 + i) % 32] = i * 77 + k;
        }
        for (int k = 0; k < 32; k++) {
            sum = sum * 31 + heap[k * (i * 77 & 15) % 32];
        }
        g_assert_cmpuint((unsigned)a[i], ==, sum);
    }
    g_free(a);
}

static void test_constants(void)
{
    static const int primes[] = { 2, 3, 5, 7, 11, 13, 17, 19 };
    int *a = g_new(int, ITEMS), *b = g_new(int, 4);

    for (int i = 0; i < ITEMS; i++) {
        a[i] = i * 5;
        b[i % 4] = 1000 + i % 4;
    }
    cl_call(program(), "constants", ITEMS, 0, a, b, NULL);
    for (int i = 0; i < ITEMS; i++) {
        g_assert_cmpint(a[i], ==, primes[i * 5 & 7] * (1000 + i % 4));
    }
    g_free(a);
    g_free(b);
}

static void test_vectors(void)
{
    float *x = g_new(float, 4 * ITEMS), *y = g_new(float, 4 * ITEMS);

    for (int i = 0; i < 4 * ITEMS; i++) {
        x[i] = i * 0.25f;
    }
    cl_call(program(), "vectors", ITEMS, 0, x, y, NULL);
    for (int i = 0; i < 4 * ITEMS; i++) {
        g_assert_cmpfloat(y[i], ==, x[i ^ 3] * 2 + x[i & ~3]);
    }
    g_free(x);
    g_free(y);
}

static void test_ids(void)
{
    const size_t global[3] = { 24, 10, 6 }, local[3] = { 8, 5, 2 };
    const ClEnv *env = cl_env();
    cl_kernel kernel = cl_kernel_of(program(), "ids");
    unsigned *out = g_new0(unsigned, 24 * 10 * 6);

    cl_pointer(kernel, 0, out);
    CL_CHECK(clEnqueueNDRangeKernel(env->queue, kernel, 3, NULL, global,
                                    local, 0, NULL, NULL));
    CL_CHECK(clFinish(env->queue));
    for (unsigned i = 0; i < 24 * 10 * 6; i++) {
        unsigned x = i % 24, y = i / 24 % 10, z = i / 240;

        g_assert_cmphex(out[i], ==, x % 8 | y % 5 << 4 | z % 2 << 8 |
                        x / 8 << 12 | y / 5 << 16 | z / 2 << 20 | 3 << 24);
    }
    CL_CHECK(clReleaseKernel(kernel));
    g_free(out);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/svm/heap", test_heap);
    g_test_add_func("/svm/stack", test_stack);
    g_test_add_func("/svm/fresh", test_fresh);
    g_test_add_func("/svm/list", test_list);
    g_test_add_func("/svm/calls", test_svm_calls);
    g_test_add_data_func("/buffer/small", GSIZE_TO_POINTER(16), test_buffers);
    g_test_add_data_func("/buffer/1k", GSIZE_TO_POINTER(256), test_buffers);
    g_test_add_data_func("/buffer/odd", GSIZE_TO_POINTER(4099), test_buffers);
    g_test_add_data_func("/buffer/large", GSIZE_TO_POINTER(0x40000),
                         test_buffers);
    g_test_add_func("/buffer/many", test_many_buffers);
    g_test_add_func("/memory/local", test_local);
    g_test_add_func("/memory/barriers", test_barriers);
    g_test_add_func("/memory/histogram", test_histogram);
    g_test_add_func("/memory/atomics", test_atomics);
    g_test_add_func("/memory/private", test_private);
    g_test_add_func("/memory/constants", test_constants);
    g_test_add_func("/memory/vectors", test_vectors);
    g_test_add_func("/memory/ids", test_ids);
    return g_test_run();
}
