/* SPDX-License-Identifier: MIT */
/* Shared memory that goes to VRAM, and whether it is there. */
#ifndef OPENCL_APP_VRAM_H
#define OPENCL_APP_VRAM_H

#include <stddef.h>

/*
 * Whole pages of clSVMAlloc(), until the program ends: Mesa does not migrate
 * memory that it does not know.
 */
void *vram_alloc(size_t size);
/* clEnqueueSVMMigrateMem(), and what was enqueued before. */
void vram_enqueue(const void *at, size_t size);
/*
 * As clEnqueueSVMMigrateMem() does it in Mesa, but from any thread, and saying
 * what came of it: 0 or a negative errno.
 */
int vram_migrate(const void *at, size_t size);
/* Pages that are in the memory of a device; -1: pagemap can't be read. */
long vram_pages(const void *at, size_t size);

#endif
