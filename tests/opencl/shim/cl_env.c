/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cl_env.h"

const ClEnv *cl_env(void)
{
    static ClEnv env;
    cl_platform_id platform;
    cl_int err;

    if (env.context) {
        return &env;
    }
    CL_CHECK(clGetPlatformIDs(1, &platform, NULL));
    CL_CHECK(clGetDeviceIDs(platform, CL_DEVICE_TYPE_GPU, 1, &env.device,
                            NULL));
    env.context = clCreateContext(NULL, 1, &env.device, NULL, NULL, &err);
    CL_CHECK(err);
    env.queue = clCreateCommandQueue(env.context, env.device, 0, &err);
    CL_CHECK(err);
    return &env;
}

cl_program cl_build(const char *text)
{
    const ClEnv *env = cl_env();
    cl_program program;
    char *log;
    cl_int err;

    program = clCreateProgramWithSource(env->context, 1, &text, NULL, &err);
    CL_CHECK(err);
    err = clBuildProgram(program, 1, &env->device, "", NULL, NULL);
    if (err) {
        log = g_malloc0(0x10000);
        clGetProgramBuildInfo(program, env->device, CL_PROGRAM_BUILD_LOG,
                              0xffff, log, NULL);
        g_error("clBuildProgram: %d\n%s\n%s", err, text, log);
    }
    return program;
}

cl_kernel cl_kernel_of(cl_program program, const char *name)
{
    cl_int err;
    cl_kernel kernel = clCreateKernel(program, name, &err);

    CL_CHECK(err);
    return kernel;
}

void cl_pointer(cl_kernel kernel, cl_uint index, const void *argument)
{
    CL_CHECK(clSetKernelArgSVMPointer(kernel, index, argument));
}

void cl_run(cl_kernel kernel, size_t global, size_t local)
{
    const ClEnv *env = cl_env();

    CL_CHECK(clEnqueueNDRangeKernel(env->queue, kernel, 1, NULL, &global,
                                    local ? &local : NULL, 0, NULL, NULL));
    CL_CHECK(clFinish(env->queue));
}

void cl_call(cl_program program, const char *name, size_t global,
             size_t local, ...)
{
    cl_kernel kernel = cl_kernel_of(program, name);
    const void *argument;
    va_list args;

    va_start(args, local);
    for (cl_uint i = 0; (argument = va_arg(args, const void *)); i++) {
        cl_pointer(kernel, i, argument);
    }
    va_end(args);
    cl_run(kernel, global, local);
    CL_CHECK(clReleaseKernel(kernel));
}

int cl_test_each(int argc, char **argv, const char *suite, const void *cases,
                 unsigned n, size_t size, GTestDataFunc test)
{
    const char *one = cases;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions();
    for (unsigned i = 0; i < n; i++, one += size) {
        char *path = g_strdup_printf("/%s/%s", suite,
                                     *(const char *const *)one);

        g_test_add_data_func(path, one, test);
        g_free(path);
    }
    return g_test_run();
}
