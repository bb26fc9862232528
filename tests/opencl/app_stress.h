/* SPDX-License-Identifier: MIT */
/*
 * A thread that does to the shared memory what changes no byte of it, and all of
 * its mappings: rights, huge pages, fork, to VRAM and back.
 */
#ifndef OPENCL_APP_STRESS_H
#define OPENCL_APP_STRESS_H

void stress_start(void);
/* Prints how much was done. */
void stress_end(void);

#endif
