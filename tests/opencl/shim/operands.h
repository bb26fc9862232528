/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operands for value tests: all pairs of a type's edges, then random ones; and
 * OpenCL's names of types in C.
 */
#ifndef SHIM_OPERANDS_H
#define SHIM_OPERANDS_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Some of these the C library has already, as the same types. */
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;

#define OPERANDS        2048

/*
 * Fills a, b and c with OPERANDS integers of @size bytes, resp. floating-point
 * numbers of 4 or 8; the same for each run.
 */
void operands_int(unsigned size, void *a, void *b, void *c);
void operands_float(unsigned size, void *a, void *b, void *c);

/*
 * How many steps of the type apart they are; 0 for two NaNs, UINT64_MAX if
 * only one is one.
 */
uint64_t ulps_float(float x, float y);
uint64_t ulps_double(double x, double y);

#endif
