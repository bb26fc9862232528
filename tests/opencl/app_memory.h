/* SPDX-License-Identifier: MIT */
/*
 * The memory that a program shares with the GPU, and what counts and disturbs
 * it wants to know of it: where it lies.
 */
#ifndef OPENCL_APP_MEMORY_H
#define OPENCL_APP_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE		4096ul

/* How many pages have been shared so far, at most at one time. */
unsigned long memory_pages(void);
/*
 * Some pages of what is shared now, at most @most, by a number without pattern;
 * false: nothing is.
 */
bool memory_some(unsigned long most, uintptr_t *first, uintptr_t *end);

#endif
