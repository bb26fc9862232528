/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenCL for tests: one device, one queue in order, programs from text.  What
 * fails that should not, fails the test.
 */
#ifndef SHIM_CL_ENV_H
#define SHIM_CL_ENV_H

#define CL_TARGET_OPENCL_VERSION 210
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <glib.h>

typedef struct ClEnv {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
} ClEnv;

#define CL_CHECK(call) \
    g_assert_cmpint((call), ==, CL_SUCCESS)

/* Made at the first call. */
const ClEnv *cl_env(void);

cl_program cl_build(const char *text);
cl_kernel cl_kernel_of(cl_program program, const char *name);
/* @argument is what clSetKernelArgSVMPointer() takes. */
void cl_pointer(cl_kernel kernel, cl_uint index, const void *argument);
/* @local 0: as the device likes.  Returns when it is done. */
void cl_run(cl_kernel kernel, size_t global, size_t local);
/* A kernel by name with pointers, up to a NULL; run over @global items. */
void cl_call(cl_program program, const char *name, size_t global,
             size_t local, ...) G_GNUC_NULL_TERMINATED;

/*
 * The tests /SUITE/NAME, one for each of @n cases of @size bytes, which begin
 * with a pointer to their name.  Returns the program's exit status.
 */
int cl_test_each(int argc, char **argv, const char *suite, const void *cases,
                 unsigned n, size_t size, GTestDataFunc test);

#endif
