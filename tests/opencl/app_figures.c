// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "app_figures.h"
#include "nouveau_svm_audit.h"
#include "nouveau_svm_stats.h"

#define PAGE		4096

/* Between the end of a launch and that of all the card does. */
#define QUIET_MS	2000

static struct svm_stats stats;
static uint64_t before[SVM_COUNTERS_USED];
static uint64_t instructions, instructions_before;
static unsigned long launches;

/* The driver's own, printed under these names. */
static const char * const driver[] = {
	"batches", "pfnmaps", "notifier_inserts", "invalidations_cleared",
	"migrated_to_vram", "migrated_to_system", "evicted_pages",
};

#define DRIVER	(sizeof(driver) / sizeof(*driver))

static long driver_before[DRIVER];

void figures_open(int fd)
{
	unsigned int i;

	svm_stats_open(&stats, fd);
	svm_debugfs_open(fd);
	for (i = 0; i < DRIVER; i++)
		driver_before[i] = svm_counter(driver[i]);
	if (!svm_stats_present(&stats))
		return;
	for (i = 0; i < SVM_COUNTERS_USED; i++)
		before[i] = svm_stats_read(&stats, i);
}

void figures_begin(void)
{
	launches++;
	if (svm_stats_present(&stats))
		instructions_before = svm_stats_instructions(&stats);
}

void figures_finish(void)
{
	if (svm_stats_present(&stats))
		instructions += svm_stats_instructions(&stats) -
				instructions_before;
}

static uint64_t since(enum svm_counter c)
{
	return svm_stats_read(&stats, c) - before[c];
}

void figures_print(unsigned long pages)
{
	unsigned int i;

	printf("figures pages=%lu launches=%lu", pages, launches);
	if (svm_stats_present(&stats)) {
		printf(" faults=%" PRIu64 " reads=%" PRIu64 " writes=%" PRIu64
		       " atomics=%" PRIu64 " replays=%" PRIu64
		       " flushes=%" PRIu64 " copied=%" PRIu64,
		       since(SVM_FAULTS_READ) + since(SVM_FAULTS_WRITE) +
		       since(SVM_FAULTS_ATOMIC), since(SVM_FAULTS_READ),
		       since(SVM_FAULTS_WRITE), since(SVM_FAULTS_ATOMIC),
		       since(SVM_REPLAYS), since(SVM_FLUSHES_ALL) +
		       since(SVM_FLUSHES_PDB) + since(SVM_FLUSHES_VA),
		       since(SVM_COPY_BYTES) / PAGE);
		if (instructions)
			printf(" instructions=%" PRIu64, instructions);
	}
	for (i = 0; i < DRIVER; i++) {
		long now = svm_counter(driver[i]);

		if (now >= 0)
			printf(" %s=%ld", driver[i], now - driver_before[i]);
	}
	printf("\n");
}

bool figures_clean(char *line, size_t size)
{
	long violations;

	if (svm_stats_present(&stats)) {
		if (since(SVM_TLB_STALE_LATE)) {
			snprintf(line, size, "%" PRIu64 " stale TLB uses",
				 since(SVM_TLB_STALE_LATE));
			return false;
		}
		if (!svm_stats_quiet(&stats, QUIET_MS)) {
			snprintf(line, size, "the card is still at work");
			return false;
		}
		if (svm_stats_lingering(&stats)) {
			snprintf(line, size, "a TLB entry lies");
			return false;
		}
	}
	violations = svm_audit(line, size);
	if (violations < 0)
		snprintf(line, size, "the audit says %s",
			 strerror(-violations));
	return !violations;
}
