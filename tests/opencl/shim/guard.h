/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process's own memory by address, which may not be there: what a GPU may
 * ask for and must not fall over.  False: the process itself could not have
 * done it.
 */
#ifndef SHIM_GUARD_H
#define SHIM_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Between these two SIGSEGV and SIGBUS are the guard's; one that is not due to
 * a guarded access goes where it would have gone.  They don't nest.
 */
void guard_begin(void);
void guard_end(void);

bool guard_read(uint64_t addr, void *buf, uint64_t len);
bool guard_write(uint64_t addr, const void *buf, uint64_t len);
/* @size 4 or 8, @addr aligned to it; indivisible against other threads. */
bool guard_cmpxchg(uint64_t addr, unsigned size, uint64_t expected,
                   uint64_t desired, uint64_t *old);
/* Touches a byte as the process would, changes nothing. */
bool guard_touch(uint64_t addr, bool write);

#endif
