// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "app_figures.h"
#include "app_memory.h"
#include "app_stress.h"
#include "app_watch.h"

/* Between looks at a launch, and looks between questions to the kernel. */
#define LOOK_NS		1000000
#define LOOKS		100

cl_context app_context;
cl_command_queue app_queue;
cl_device_id app_device;

static cl_program program;
static unsigned int wrong;
static unsigned long limit = 60;
static unsigned long stress;

static const char *name(void)
{
	return program_invocation_short_name;
}

/* Of OpenCL nothing is left that could be closed in order. */
static void leave(enum app_status status)
{
	fflush(NULL);
	_exit(status);
}

void app_fail(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "%s: ", name());
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n");
	leave(APP_WRONG);
	__builtin_unreachable();
}

void app_check(bool good, const char *what, const char *format, ...)
{
	va_list arguments;

	printf("%s %s-%s", good ? "ok" : "not ok", name(), what);
	if (!good) {
		wrong++;
		printf(" (");
		va_start(arguments, format);
		vprintf(format, arguments);
		va_end(arguments);
		printf(")");
	}
	printf("\n");
	fflush(stdout);
}

void app_must(cl_int error, const char *call)
{
	static const struct {
		cl_int error;
		const char *name;
	} names[] = {
		{ CL_DEVICE_NOT_FOUND, "CL_DEVICE_NOT_FOUND" },
		{ CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES" },
		{ CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY" },
		{ CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE" },
		{ CL_INVALID_VALUE, "CL_INVALID_VALUE" },
		{ CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME" },
		{ CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS" },
		{ CL_INVALID_ARG_SIZE, "CL_INVALID_ARG_SIZE" },
		{ CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE" },
		{ CL_INVALID_OPERATION, "CL_INVALID_OPERATION" },
		{ -1001, "CL_PLATFORM_NOT_FOUND_KHR: no OpenCL driver" },
	};
	unsigned int i;

	if (!error)
		return;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].error == error)
			app_fail("%s: %s", call, names[i].name);
	}
	app_fail("%s: OpenCL error %d", call, error);
}

/* ------------------------------------------------------------ command line */

static const struct app_option common[] = {
	APP_NUMBER("limit", &limit, 1, 86400, "seconds that a kernel of the GPU may take"),
	APP_NUMBER("stress", &stress, 0, 1, "1: disturb the shared memory meanwhile"),
	{}
};

static void print_options(const struct app_option *option)
{
	for (; option && option->name; option++) {
		if (option->text)
			printf("  --%-9s TEXT  %s\n", option->name,
			       option->what);
		else
			printf("  --%-9s N     %s (%lu to %lu, default %lu)\n",
			       option->name, option->what, option->min,
			       option->max, *option->value);
	}
}

void app_usage_error(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", name());
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nTry '%s --help'.\n", name());
	exit(APP_USAGE);
}

static const struct app_option *find_option(const struct app_option *option,
					    const char *word)
{
	for (; option && option->name; option++) {
		if (!strcmp(option->name, word))
			return option;
	}
	return NULL;
}

static void take_option(const struct app_option *option, const char *text)
{
	unsigned long value;
	char *end;

	if (!text)
		app_usage_error("option '--%s' needs a value", option->name);
	if (option->text) {
		*option->text = text;
		return;
	}
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end ||
	    value < option->min || value > option->max)
		app_usage_error("option '--%s' needs a number from %lu to %lu, not '%s'",
				option->name, option->min, option->max, text);
	*option->value = value;
}

static void take_options(int argc, char **argv, const char *what,
			 const struct app_option *options)
{
	const struct app_option *option;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help")) {
			printf("Usage: %s [OPTIONS]\n%s.\n\n", name(), what);
			print_options(options);
			print_options(common);
			printf("  --help            this text\n");
			exit(APP_GOOD);
		}
		option = NULL;
		if (!strncmp(argv[i], "--", 2)) {
			option = find_option(options, argv[i] + 2);
			if (!option)
				option = find_option(common, argv[i] + 2);
		}
		if (!option)
			app_usage_error("unknown argument '%s'", argv[i]);
		take_option(option, argv[i + 1]);
		i++;
	}
}

/* -------------------------------------------------------------- start, end */

/* A GPU of any platform that takes the pointers of malloc(). */
static void find_device(void)
{
	cl_platform_id platforms[8];
	cl_device_id devices[8];
	cl_uint i, j, n, m;

	app_must(clGetPlatformIDs(8, platforms, &n), "clGetPlatformIDs");
	for (i = 0; i < n && i < 8; i++) {
		if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_GPU, 8,
				   devices, &m))
			continue;
		for (j = 0; j < m && j < 8; j++) {
			cl_device_svm_capabilities svm = 0;

			clGetDeviceInfo(devices[j], CL_DEVICE_SVM_CAPABILITIES,
					sizeof(svm), &svm, NULL);
			if (svm & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM) {
				app_device = devices[j];
				return;
			}
		}
	}
	app_fail("no GPU with fine-grain system SVM");
}

void app_start(int argc, char **argv, const char *what,
	       const struct app_option *options)
{
	cl_int error;

	take_options(argc, argv, what, options);
	setlinebuf(stdout);

	/* What Mesa wants to be told, and what its compiler stumbles over. */
	setenv("NOUVEAU_ENABLE_CL", "1", 0);
	setenv("NOUVEAU_SVM", "1", 0);
	setenv("CLOVER_EXTRA_BUILD_OPTIONS", "-no-opaque-pointers", 0);
	find_device();
	app_context = clCreateContext(NULL, 1, &app_device, NULL, NULL, &error);
	app_must(error, "clCreateContext");
	app_queue = clCreateCommandQueue(app_context, app_device, 0, &error);
	app_must(error, "clCreateCommandQueue");
	if (watch_node() >= 0)
		figures_open(watch_node());
	if (stress)
		stress_start();
}

int app_end(void)
{
	char line[200];
	bool clean;

	if (stress)
		stress_end();
	app_must(clFinish(app_queue), "clFinish");
	figures_print(memory_pages());
	clean = figures_clean(line, sizeof(line));
	app_check(clean, "clean", "%s", line);
	if (program)
		clReleaseProgram(program);
	clReleaseCommandQueue(app_queue);
	clReleaseContext(app_context);
	return wrong ? APP_WRONG : APP_GOOD;
}

/* ----------------------------------------------------------------- kernels */

/* The file beside the binary, for free(). */
static char *read_source(void)
{
	char file[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", file, sizeof(file) - 4);
	char *text;
	FILE *f;

	if (len < 0)
		app_fail("/proc/self/exe: %m");
	snprintf(file + len, sizeof(file) - len, ".cl");
	f = fopen(file, "re");
	if (!f || fseek(f, 0, SEEK_END))
		app_fail("%s: %m", file);
	len = ftell(f);
	rewind(f);
	text = calloc(1, len + 1);
	if (!text || fread(text, 1, len, f) != (size_t)len)
		app_fail("%s can't be read", file);
	fclose(f);
	return text;
}

static void build(void)
{
	char *source = read_source(), log[16384] = "";
	const char *text = source;
	cl_int error;

	program = clCreateProgramWithSource(app_context, 1, &text, NULL, &error);
	app_must(error, "clCreateProgramWithSource");
	error = clBuildProgram(program, 1, &app_device, "", NULL, NULL);
	if (error) {
		clGetProgramBuildInfo(program, app_device, CL_PROGRAM_BUILD_LOG,
				      sizeof(log), log, NULL);
		fprintf(stderr, "%s\n", log);
	}
	app_must(error, "clBuildProgram");
	free(source);
}

cl_kernel app_kernel(const char *function)
{
	cl_bool all = CL_TRUE;
	cl_kernel kernel;
	cl_int error;

	if (!program)
		build();
	kernel = clCreateKernel(program, function, &error);
	if (error)
		fprintf(stderr, "kernel %s\n", function);
	app_must(error, "clCreateKernel");
	app_must(clSetKernelExecInfo(kernel,
				     CL_KERNEL_EXEC_INFO_SVM_FINE_GRAIN_SYSTEM,
				     sizeof(all), &all), "clSetKernelExecInfo");
	return kernel;
}

static void function_name(cl_kernel kernel, char *text, size_t size)
{
	if (clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, size, text, NULL))
		snprintf(text, size, "a kernel");
}

/* What Mesa would do for half an hour, and then say nothing. */
static void wait_for(cl_event event, cl_kernel kernel)
{
	const struct timespec nap = { .tv_nsec = LOOK_NS };
	unsigned int looks = 0;
	struct timespec from, now;
	char function[64];
	cl_int status;
	int ret;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (;;) {
		app_must(clGetEventInfo(event,
					CL_EVENT_COMMAND_EXECUTION_STATUS,
					sizeof(status), &status, NULL),
			 "clGetEventInfo");
		if (status > CL_COMPLETE) {
			nanosleep(&nap, NULL);
			if (++looks % LOOKS)
				continue;
		}
		function_name(kernel, function, sizeof(function));
		ret = watch_channel();
		if (ret) {
			fflush(stdout);
			fprintf(stderr, "%s: the GPU's channel was killed while it ran %s(): %s\n",
				name(), function, strerror(-ret));
			leave(APP_KILLED);
		}
		if (status <= CL_COMPLETE)
			break;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((unsigned long)(now.tv_sec - from.tv_sec) < limit)
			continue;
		fflush(stdout);
		fprintf(stderr, "%s: %s() has not ended in %lu s, the GPU is given up\n",
			name(), function, limit);
		leave(APP_LATE);
	}
	app_must(status, "a kernel of the GPU");
}

void app_launch_with(cl_kernel kernel, struct app_range range,
		     const struct app_argument *arguments, unsigned int n)
{
	cl_uint dimensions = range.global[1] > 1 ? 2 : 1;
	cl_event event;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct app_argument *a = &arguments[i];

		if (a->size)
			app_must(clSetKernelArg(kernel, i, a->size, a->value),
				 "clSetKernelArg");
		else
			app_must(clSetKernelArgSVMPointer(kernel, i,
							  a->pointer),
				 "clSetKernelArgSVMPointer");
	}
	figures_begin();
	app_must(clEnqueueNDRangeKernel(app_queue, kernel, dimensions, NULL,
					range.global,
					range.local[0] ? range.local : NULL,
					0, NULL, &event),
		 "clEnqueueNDRangeKernel");
	app_must(clFlush(app_queue), "clFlush");
	wait_for(event, kernel);
	figures_finish();
	clReleaseEvent(event);
}
