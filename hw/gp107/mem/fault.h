/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where faults go: the replayable fault buffer (uvm_pascal_fault_buffer.c,
 * hwref gp100 dev_fault.h), and the fault units for the rest.
 */
#ifndef GP107_MEM_FAULT_H
#define GP107_MEM_FAULT_H

#include "mmu.h"

/* fault_buffer.c */
GpFaultBuffer *gp_fault_buffer_new(Gp107 *gpu);
void gp_fault_buffer_free(GpFaultBuffer *fb);
void gp_fault_buffer_reset(GpFaultBuffer *fb);
/*
 * Posts a replayable fault.  False: the buffer is off, or full (counted as
 * dropped; the client stays parked, and raises it again at the replay).
 */
bool gp_fault_buffer_post(Gp107 *gpu, const GpFault *fault);
/* Work left from a switch (storm); called from gp107_run(). */
void gp_fault_buffer_poll(Gp107 *gpu);

/* fault_unit.c: 2800 + 16 * unit, bit set in 259c; PFIFO's line 28. */
GpFaultUnit *gp_fault_unit_new(Gp107 *gpu);
void gp_fault_unit_free(GpFaultUnit *fu);
void gp_fault_unit_reset(GpFaultUnit *fu);
/* A fault that is not replayable; the unit is @fault->client.engine. */
void gp_fault_unit_post(Gp107 *gpu, const GpFault *fault);
/* Reports that arrive; called from gp107_run(). */
void gp_fault_unit_poll(Gp107 *gpu);
/* Units with a fault, for PFIFO's interrupt status (259c). */
uint32_t gp_fault_unit_pending(Gp107 *gpu);
/*
 * PFIFO hears when the set of pending units changes, and stops the channels
 * of @inst (fault 0: only the line changed).
 */
void gp_fault_unit_set_notify(Gp107 *gpu,
                              void (*notify)(void *opaque,
                                             const GpFault *fault),
                              void *opaque);

#endif
