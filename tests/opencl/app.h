/* SPDX-License-Identifier: MIT */
/*
 * What the OpenCL applications share.  Each is a program of one main function:
 * app_start(), memory of its own, app_launch()es of kernels with plain
 * pointers, app_check()s of what they left, app_end().
 *
 * The kernels of PROGRAM are in PROGRAM.cl, beside the binary.  What can't be
 * done ends the program: with a message, and one of these statuses.
 */
#ifndef OPENCL_APP_H
#define OPENCL_APP_H

#define CL_TARGET_OPENCL_VERSION 210
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum app_status {
	APP_GOOD,
	APP_WRONG,		/* a check failed, or OpenCL did */
	APP_USAGE,		/* the command line is wrong */
	APP_KILLED,		/* the kernel has killed the GPU's channel */
	APP_LATE,		/* a GPU kernel has not ended in time */
};

/* What the command line may set, as --NAME VALUE: a number, or else a text. */
struct app_option {
	const char *name;
	unsigned long *value, min, max;
	const char *what;
	const char **text;
};

#define APP_NUMBER(n, v, least, most, w) \
	{ .name = (n), .value = (v), .min = (least), .max = (most), .what = (w) }
#define APP_TEXT(n, t, w)	{ .name = (n), .text = (t), .what = (w) }

/* @options end with one without a name; NULL: there are none. */
void app_start(int argc, char **argv, const char *what,
	       const struct app_option *options);
/* Prints the figures; the last word on whether the card is clean. */
int app_end(void);

__attribute__((format(printf, 1, 2), noreturn))
void app_fail(const char *format, ...);
__attribute__((format(printf, 1, 2), noreturn))
void app_usage_error(const char *format, ...);
/* @format says what is wrong if it is not @good. */
__attribute__((format(printf, 3, 4)))
void app_check(bool good, const char *name, const char *format, ...);
void app_must(cl_int error, const char *call);

extern cl_context app_context;
extern cl_command_queue app_queue;
extern cl_device_id app_device;

/* ------------------------------------------------------------------ memory */

/* malloc() that does not fail, and free(). */
void *app_alloc(size_t size);
void app_free(void *memory);
/* Of memory from elsewhere: the GPU is going to use it; and no longer. */
void app_share(void *memory, size_t size);
void app_unshare(void *memory);
/* A number without pattern; the same ones in each run. */
uint32_t app_random(void);

/* ----------------------------------------------------------------- kernels */

struct app_argument {
	const void *pointer;	/* of shared memory, if there is no size */
	size_t size;
	const void *value;	/* NULL: that much local memory */
};

#define APP_POINTER(p)	{ .pointer = (p) }
#define APP_VALUE(v)	{ .size = sizeof(v), .value = &(v) }
#define APP_LOCAL(n)	{ .size = (n) }

struct app_range {
	size_t global[2], local[2];
};

/* @n work items, in groups of @group if that is not 0. */
#define APP_RANGE(n, group) \
	((struct app_range){ { (n), 1 }, { (group), 1 } })
#define APP_RANGE2(x, y, group_x, group_y) \
	((struct app_range){ { (x), (y) }, { (group_x), (group_y) } })

cl_kernel app_kernel(const char *name);
/* Starts a kernel and waits for its end. */
#define app_launch(kernel, range, ...) do {				\
	const struct app_argument app_arguments_[] = { __VA_ARGS__ };	\
	app_launch_with((kernel), (range), app_arguments_,		\
			sizeof(app_arguments_) /			\
			sizeof(app_arguments_[0]));			\
} while (0)
void app_launch_with(cl_kernel kernel, struct app_range range,
		     const struct app_argument *arguments, unsigned int n);

#endif
