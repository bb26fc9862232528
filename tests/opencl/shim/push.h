/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in a push, for the shim itself; the model runs it unseen. */
#ifndef SHIM_PUSH_H
#define SHIM_PUSH_H

#include <stdint.h>

/* Memory of the card's by the GPU's address; NULL: not there. */
typedef void *(*PushMemory)(uint64_t va, uint64_t len);

/*
 * Does what is left of the fences in the push: Mesa waits for them in memory,
 * nearly for ever, and would not hear that their channel is dead.
 */
void push_fences(const uint32_t *word, uint64_t words, PushMemory memory);

/* Prints the code of the kernels that it launches. */
void push_code(const uint32_t *word, uint64_t words, PushMemory memory);

#endif
