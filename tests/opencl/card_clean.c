// SPDX-License-Identifier: MIT
/*
 * After the applications: is anything of them left on the card or in the
 * driver?  Prints a line for each question.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nouveau_svm_audit.h"
#include "nouveau_svm_stats.h"

/* What the driver gives back by itself gets this long. */
#define PATIENCE_MS	10000

static unsigned int wrong;

static void answer(bool good, const char *question, const char *line)
{
	if (good)
		printf("ok %s\n", question);
	else
		printf("not ok %s (%s)\n", question, line);
	wrong += !good;
}

int main(int argc, char **argv)
{
	struct svm_stats stats;
	char line[200] = "";
	int fd;

	if (argc != 2) {
		fprintf(stderr, "Usage: %s /dev/dri/NODE\n", argv[0]);
		return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "%s: %s: %m\n", argv[0], argv[1]);
		return 2;
	}
	svm_debugfs_open(fd);
	if (!svm_stats_open(&stats, fd)) {
		answer(svm_stats_quiet(&stats, PATIENCE_MS), "card-idle",
		       "it is still at work");
		snprintf(line, sizeof(line), "%" PRIu64 " times",
			 svm_stats_read(&stats, SVM_TLB_STALE_LATE));
		answer(!svm_stats_read(&stats, SVM_TLB_STALE_LATE),
		       "card-no-stale-tlb-use", line);
		answer(!svm_stats_lingering(&stats), "card-tlb-agrees",
		       "an entry lies");
		svm_stats_close(&stats);
	}
	if (svm_debugfs_present()) {
		answer(!svm_leaks(PATIENCE_MS, line, sizeof(line)),
		       "driver-nothing-left", line);
		answer(!svm_audit(line, sizeof(line)), "driver-audit", line);
	}
	svm_debugfs_close();
	close(fd);
	return !!wrong;
}
