/* SPDX-License-Identifier: MIT */
/*
 * What a program's work on the GPU has cost: from the emulated card's counters
 * and from the driver's, where there are such; and whether they show a fault of
 * driver or card.
 */
#ifndef OPENCL_APP_FIGURES_H
#define OPENCL_APP_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

/* From now on. @fd: the card's node. */
void figures_open(int fd);
/* The GPU's work is what lies between the two. */
void figures_begin(void);
void figures_finish(void);
/* The line of figures; @pages: as many the GPU was given. */
void figures_print(unsigned long pages);
/* False: something is wrong, said in @line. */
bool figures_clean(char *line, size_t size);

#endif
