/* SPDX-License-Identifier: MIT */
/*
 * What can be seen from outside the driver: the counters of an emulated GP107
 * (its debug block, hw/gp107/README.md) and the kernel's log.  A real card
 * has no such block; then svm_stats_open() says -ENODEV.
 */
#ifndef NOUVEAU_SVM_STATS_H
#define NOUVEAU_SVM_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the block's counters. */
enum svm_counter {
	SVM_FAULTS_READ,
	SVM_FAULTS_WRITE,
	SVM_FAULTS_ATOMIC,
	SVM_FAULTS_PREFETCH,
	SVM_FAULTS_FATAL,
	SVM_FAULTS_DROPPED,
	SVM_FAULTS_DUPLICATE,
	SVM_REPLAYS,
	SVM_REPLAYS_DROPPED,
	SVM_CANCELS_TARGETED,
	SVM_CANCELS_GLOBAL,
	SVM_FLUSHES_ALL,
	SVM_FLUSHES_PDB,
	SVM_FLUSHES_VA,
	SVM_FLUSHES_HUB,
	SVM_FLUSHES_IGNORED,
	SVM_WALKS,
	SVM_TLB_HITS,
	SVM_TLB_STALE_GRACE,
	SVM_TLB_STALE_LATE,
	SVM_PTE_READS_VRAM,
	SVM_PTE_READS_SYSTEM,
	SVM_COPY_BYTES,
	SVM_COUNTERS_USED
};

/* Ways in which the emulated card can misbehave. */
enum svm_switch {
	SVM_IGNORE_FLUSH = 0,	/* ignore the n-th TLB flush from now */
	SVM_DELAY_REPLAY = 2,	/* act on a replay n microseconds later */
	SVM_OVERFLOW,		/* no room for the n-th fault from now */
	SVM_DUPLICATE,		/* post each fault n times more */
	SVM_STORM,		/* raise n prefetch faults from nowhere */
	SVM_LATE_VALID,		/* valid bits come n microseconds late */
	SVM_SWITCHES
};

struct svm_stats {
	volatile uint32_t *regs;
	int kmsg;
};

/* @fd: the card's DRM node.  -ENODEV: no debug block there. */
int svm_stats_open(struct svm_stats *stats, int fd);
void svm_stats_close(struct svm_stats *stats);
bool svm_stats_present(const struct svm_stats *stats);
uint64_t svm_stats_read(const struct svm_stats *stats, enum svm_counter c);
/* Executed by the guest's processors; 0 when QEMU runs without -icount. */
uint64_t svm_stats_instructions(const struct svm_stats *stats);
/* All replayable faults posted. */
uint64_t svm_stats_faults(const struct svm_stats *stats);
/* Waits until no engine has work; false: @ms went by. */
bool svm_stats_quiet(const struct svm_stats *stats, unsigned int ms);
/* TLB entries that the page tables contradict, at a quiet point. */
uint32_t svm_stats_lingering(const struct svm_stats *stats);

/* @n is 0 for good behaviour. */
void svm_stats_switch(const struct svm_stats *stats, enum svm_switch sw,
		      uint32_t n);

/* From now on. */
int svm_kmsg_open(struct svm_stats *stats);
/*
 * The first line since the last call that a healthy kernel would not print;
 * false: there is none.  Nouveau's notes on killed channels are healthy.
 */
bool svm_kmsg_complaint(struct svm_stats *stats, char *line, size_t size);

#endif
