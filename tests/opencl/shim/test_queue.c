/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Queues: kernels one after the other, events and their times, several queues,
 * kernels whose process works on the same data between them.
 */
#include <stdbool.h>
#include <string.h>

#include "cl_env.h"

#define ITEMS           256

static const char text[] =
    "__kernel void step(__global uint *v, uint by)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    v[i] = v[i] * 5 + by;\n"
    "}\n"
    "__kernel void spin(__global uint *v, uint rounds)\n"
    "{\n"
    "    size_t i = get_global_id(0);\n"
    "    uint x = v[i];\n"
    "    for (uint n = 0; n < rounds; n++) {\n"
    "        x = x * 1664525 + 1013904223;\n"
    "    }\n"
    "    v[i] = x;\n"
    "}\n"
    "__kernel void empty(void)\n"
    "{\n"
    "}\n";

static cl_kernel kernel(const char *name)
{
    static cl_program program;

    if (!program) {
        program = cl_build(text);
    }
    return cl_kernel_of(program, name);
}

static cl_command_queue queue(cl_command_queue_properties properties)
{
    const ClEnv *env = cl_env();
    cl_int err;
    cl_command_queue made = clCreateCommandQueue(env->context, env->device,
                                                 properties, &err);

    CL_CHECK(err);
    return made;
}

static void enqueue(cl_command_queue on, cl_kernel what, const cl_event *after,
                    cl_event *event)
{
    size_t global = ITEMS;

    CL_CHECK(clEnqueueNDRangeKernel(on, what, 1, NULL, &global, NULL,
                                    after ? 1 : 0, after, event));
}

static void start(unsigned *v, unsigned *want)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        v[i] = want[i] = i * 2654435761u;
    }
}

/* Far more than Mesa has room for in one push. */
static void test_many(void)
{
    cl_command_queue on = queue(0);
    cl_kernel step = kernel("step");
    unsigned v[ITEMS], want[ITEMS];

    start(v, want);
    cl_pointer(step, 0, v);
    for (cl_uint by = 0; by < 1000; by++) {
        CL_CHECK(clSetKernelArg(step, 1, sizeof(by), &by));
        enqueue(on, step, NULL, NULL);
        for (unsigned i = 0; i < ITEMS; i++) {
            want[i] = want[i] * 5 + by;
        }
    }
    CL_CHECK(clFinish(on));
    g_assert_cmpmem(v, sizeof(v), want, sizeof(want));
    CL_CHECK(clReleaseKernel(step));
    CL_CHECK(clReleaseCommandQueue(on));
}

static void test_turns(void)
{
    cl_command_queue on = queue(0);
    cl_kernel step = kernel("step");
    unsigned v[ITEMS], want[ITEMS];

    start(v, want);
    cl_pointer(step, 0, v);
    for (cl_uint by = 0; by < 100; by++) {
        CL_CHECK(clSetKernelArg(step, 1, sizeof(by), &by));
        enqueue(on, step, NULL, NULL);
        CL_CHECK(clFinish(on));
        for (unsigned i = 0; i < ITEMS; i++) {
            want[i] = want[i] * 5 + by;
            g_assert_cmpuint(v[i], ==, want[i]);
            want[i] = v[i] ^= by;
        }
    }
    CL_CHECK(clReleaseKernel(step));
    CL_CHECK(clReleaseCommandQueue(on));
}

static cl_ulong time_of(cl_event event, cl_profiling_info which)
{
    cl_ulong ns;

    CL_CHECK(clGetEventProfilingInfo(event, which, sizeof(ns), &ns, NULL));
    return ns;
}

/* One clock for all times, and one kernel after the other. */
static void test_profiling(void)
{
    cl_command_queue on = queue(CL_QUEUE_PROFILING_ENABLE);
    cl_kernel spin = kernel("spin");
    unsigned v[ITEMS] = { 0 };
    cl_ulong last = 0;

    cl_pointer(spin, 0, v);
    for (cl_uint rounds = 1; rounds < 100; rounds *= 3) {
        cl_event event;

        CL_CHECK(clSetKernelArg(spin, 1, sizeof(rounds), &rounds));
        enqueue(on, spin, NULL, &event);
        CL_CHECK(clWaitForEvents(1, &event));
        g_assert_cmpuint(time_of(event, CL_PROFILING_COMMAND_QUEUED), <=,
                         time_of(event, CL_PROFILING_COMMAND_SUBMIT));
        g_assert_cmpuint(last, <,
                         time_of(event, CL_PROFILING_COMMAND_START));
        g_assert_cmpuint(time_of(event, CL_PROFILING_COMMAND_START), <,
                         time_of(event, CL_PROFILING_COMMAND_END));
        last = time_of(event, CL_PROFILING_COMMAND_END);
        CL_CHECK(clReleaseEvent(event));
    }
    CL_CHECK(clReleaseKernel(spin));
    CL_CHECK(clReleaseCommandQueue(on));
}

/* Two queues take turns on one array, each waiting for the other's event. */
static void test_events(void)
{
    cl_command_queue on[2] = { queue(0), queue(0) };
    cl_kernel step = kernel("step");
    unsigned v[ITEMS], want[ITEMS];
    cl_event event[20];

    start(v, want);
    cl_pointer(step, 0, v);
    for (cl_uint by = 0; by < G_N_ELEMENTS(event); by++) {
        CL_CHECK(clSetKernelArg(step, 1, sizeof(by), &by));
        enqueue(on[by % 2], step, by ? &event[by - 1] : NULL, &event[by]);
        for (unsigned i = 0; i < ITEMS; i++) {
            want[i] = want[i] * 5 + by;
        }
    }
    CL_CHECK(clWaitForEvents(1, &event[G_N_ELEMENTS(event) - 1]));
    g_assert_cmpmem(v, sizeof(v), want, sizeof(want));
    for (unsigned i = 0; i < G_N_ELEMENTS(event); i++) {
        cl_int status;

        CL_CHECK(clGetEventInfo(event[i], CL_EVENT_COMMAND_EXECUTION_STATUS,
                                sizeof(status), &status, NULL));
        g_assert_cmpint(status, ==, CL_COMPLETE);
        CL_CHECK(clReleaseEvent(event[i]));
    }
    CL_CHECK(clReleaseKernel(step));
    CL_CHECK(clReleaseCommandQueue(on[0]));
    CL_CHECK(clReleaseCommandQueue(on[1]));
}

static void test_empty(void)
{
    cl_kernel empty = kernel("empty");

    cl_run(empty, 1, 0);
    cl_run(empty, 100000, 0);
    CL_CHECK(clReleaseKernel(empty));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/queue/many", test_many);
    g_test_add_func("/queue/turns", test_turns);
    g_test_add_func("/queue/profiling", test_profiling);
    g_test_add_func("/queue/events", test_events);
    g_test_add_func("/queue/empty", test_empty);
    return g_test_run();
}
