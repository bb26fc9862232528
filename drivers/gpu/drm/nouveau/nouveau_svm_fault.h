/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __NOUVEAU_SVM_FAULT_H__
#define __NOUVEAU_SVM_FAULT_H__

/*
 * Between nouveau_svm_fault.c, nouveau_svm_serve.c and nouveau_svm_wait.c; for
 * nobody else.
 */

#include "nouveau_svm.h"

#include <linux/mempool.h>
#include <linux/mm.h>

#include <nvif/event.h>
#include <nvif/object.h>

struct nouveau_svm_batch;
struct nouveau_svm_service;

/* Entries read at a time. With fewer, a burst takes more replays. */
#define NOUVEAU_SVM_BATCH	400

/* Groups that are served at a time, whosoever they are. */
#define NOUVEAU_SVM_SERVICES	8

/* The CPU's pages in a buffer, and the GPU's pages in one of them. */
#define NOUVEAU_SVM_CPU_PAGES	(NOUVEAU_SVM_BUFFER_SIZE >> PAGE_SHIFT)
#define NOUVEAU_SVM_SPLIT	(PAGE_SIZE >> NOUVEAU_SVM_PAGE_SHIFT)

/**
 * struct nouveau_svm_fault - an entry of the fault buffer
 * @svmm: the address space of the channel; NULL if it has none
 * @inst: the channel, in the form that a cancel wants
 * @serial: which of the channels with that address
 * @addr: first address of the GPU page
 * @want: what the access needs; %NOUVEAU_SVM_NONE for a prefetch
 * @hub: the client is one of the hub
 * @gpc: the client's GPC
 * @client: the client
 * @owner: holds the reference to @svmm, for itself and others; only until the
 *	batch has been grouped
 */
struct nouveau_svm_fault {
	struct nouveau_svmm *svmm;
	u64 inst;
	u64 serial;
	u64 addr;
	u8 want;
	u8 hub;
	u8 gpc;
	u8 client;
	bool owner;
};

/**
 * struct nouveau_svm_faults - the replayable fault buffer and who serves it
 * @svm: the device
 * @object: the buffer, mapped
 * @event: tells that it is not empty
 * @entries: its length
 * @getaddr: register with the index of the entry that is read next
 * @putaddr: register with the index of the entry that is written next
 * @get: what was last written to @getaddr; only @drain uses it
 * @drain: reads the buffer
 * @kick: replays for those who have no batch
 * @urgent: runs @drain, @kick and &nouveau_svm_batch.patience. Unbound: a client
 *	that closes spins on its processor until its faults are over
 * @queue: &struct nouveau_svm_group
 * @batches: &struct nouveau_svm_batch
 * @groups: &struct nouveau_svm_group
 * @services: &struct nouveau_svm_service
 * @spare_service: one that is not in use, or NULL
 * @spare_batch: the same for a &struct nouveau_svm_batch; only @drain takes it
 * @live: number of batches
 * @blocked: number of services that wait for an mmap lock
 * @idle: woken when @live becomes zero
 * @mutex: protects @running and @cancelled, and one method at a time
 * @running: the hardware may be touched
 * @cancelled: the channel that was last cancelled since the last replay, or 0
 */
struct nouveau_svm_faults {
	struct nouveau_svm *svm;
	struct nvif_object object;
	struct nvif_event event;
	u32 entries;
	u32 getaddr;
	u32 putaddr;
	u32 get;
	struct work_struct drain;
	struct delayed_work kick;
	struct workqueue_struct *urgent;
	struct workqueue_struct *queue;
	mempool_t batches;
	mempool_t groups;
	mempool_t services;
	struct nouveau_svm_service *spare_service;
	struct nouveau_svm_batch *spare_batch;
	atomic_t live;
	atomic_t blocked;
	wait_queue_head_t idle;
	struct mutex mutex;	/* see above */
	bool running;
	u64 cancelled;
};

/**
 * enum nouveau_svm_replay - what is owed to the GPU after a service
 * @NOUVEAU_SVM_REPLAY_NONE: nothing; or somebody else owes it
 * @NOUVEAU_SVM_REPLAY_LATER: a replay, but nothing is lost by waiting: what was
 *	missing is memory or time
 * @NOUVEAU_SVM_REPLAY_NOW: a replay
 * @NOUVEAU_SVM_REPLAY_UNKNOWN: nothing was done, because the service would have
 *	to wait
 */
enum nouveau_svm_replay {
	NOUVEAU_SVM_REPLAY_NONE,
	NOUVEAU_SVM_REPLAY_LATER,
	NOUVEAU_SVM_REPLAY_NOW,
	NOUVEAU_SVM_REPLAY_UNKNOWN,
};

/* nouveau_svm_fault.c */
void nouveau_svm_faults_later(struct nouveau_svm *svm);
void nouveau_svm_faults_cancel(struct nouveau_svm *svm,
			       const struct nouveau_svm_fault *fault,
			       unsigned int nr, int error);

/* nouveau_svm_serve.c */
int nouveau_svm_services_init(struct nouveau_svm_faults *faults);
enum nouveau_svm_replay nouveau_svm_serve(struct nouveau_svm *svm,
					  const struct nouveau_svm_fault *fault,
					  unsigned int nr, bool wait);

/* nouveau_svm_wait.c */
int nouveau_svm_wait(struct nouveau_svm *svm, struct nouveau_svm_buffer *buffer,
		     const struct nouveau_svm_fault *fault, unsigned int nr,
		     const unsigned long *pages);
void nouveau_svm_wait_end(struct nouveau_svm *svm, struct nouveau_svmm *svmm);

/**
 * nouveau_svm_fault_page - which of the CPU's pages in its buffer is it?
 * @fault: the fault
 *
 * Return: 0 to %NOUVEAU_SVM_CPU_PAGES - 1.
 */
static inline unsigned int
nouveau_svm_fault_page(const struct nouveau_svm_fault *fault)
{
	return (fault->addr & ~NOUVEAU_SVM_BUFFER_MASK) >> PAGE_SHIFT;
}

#endif
