// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

#include "nouveau_svm_gpu.h"
#include "nouveau_svm_stats.h"

#define DEBUG_BASE	0xf00000
#define DEBUG_SIZE	0x1000
#define DEBUG_MAGIC	0x44375047

/* NV_PFIFO_ENG_TIMEOUT: us, and whether it is enabled */
#define PFIFO_PAGE	0x002000
#define PFIFO_SIZE	0x1000
#define PFIFO_TIMEOUT	0xa0c
#define PFIFO_ENABLED	(1u << 31)
#define PFIFO_US	0x3fffff	/* after reset */

enum {
	REG_MAGIC = 0x000,
	REG_NUMBER = 0x004,
	REG_COMMAND = 0x008,
	REG_RESULT = 0x00c,
	REG_SWITCH = 0x010,
	REG_VALUE = 0x014,
	REG_INSTRUCTIONS = 0x018,
	REG_COUNTERS = 0x100,
};

enum {
	COMMAND_COMPARE_TLB = 2,
	COMMAND_IDLE = 3,
};

static uint32_t rd(const struct svm_stats *stats, unsigned int reg)
{
	return stats->regs[reg / 4];
}

static uint32_t command(const struct svm_stats *stats, uint32_t cmd)
{
	stats->regs[REG_COMMAND / 4] = cmd;
	return rd(stats, REG_RESULT);
}

/*
 * While an engine has nothing to do but wait for the service of a fault, and
 * another context waits for the engine, the card kills the channel after 4 s.
 * A kernel that checks itself may be busy for longer.
 */
static void be_patient(int bar)
{
	volatile uint32_t *pfifo;

	pfifo = mmap(NULL, PFIFO_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, bar,
		     PFIFO_PAGE);
	if (pfifo == MAP_FAILED)
		return;
	pfifo[PFIFO_TIMEOUT / 4] = PFIFO_ENABLED | svm_patience(PFIFO_US);
	munmap((void *)pfifo, PFIFO_SIZE);
}

int svm_stats_open(struct svm_stats *stats, int fd)
{
	drmDevicePtr device;
	char path[128];
	void *map;
	int ret, bar;

	stats->regs = NULL;
	ret = drmGetDevice2(fd, 0, &device);
	if (ret)
		return ret;
	if (device->bustype != DRM_BUS_PCI) {
		drmFreeDevice(&device);
		return -ENODEV;
	}
	snprintf(path, sizeof(path),
		 "/sys/bus/pci/devices/%04x:%02x:%02x.%x/resource0",
		 device->businfo.pci->domain, device->businfo.pci->bus,
		 device->businfo.pci->dev, device->businfo.pci->func);
	drmFreeDevice(&device);

	bar = open(path, O_RDWR | O_SYNC | O_CLOEXEC);
	if (bar < 0)
		return -errno;
	map = mmap(NULL, DEBUG_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, bar,
		   DEBUG_BASE);
	ret = -errno;
	if (map == MAP_FAILED) {
		close(bar);
		return ret;
	}

	stats->regs = map;
	if (rd(stats, REG_MAGIC) != DEBUG_MAGIC ||
	    rd(stats, REG_NUMBER) < SVM_COUNTERS_USED) {
		svm_stats_close(stats);
		ret = -ENODEV;
	} else {
		if (svm_patience(1) > 1)
			be_patient(bar);
		ret = 0;
	}
	close(bar);
	return ret;
}

void svm_stats_close(struct svm_stats *stats)
{
	if (stats->regs)
		munmap((void *)stats->regs, DEBUG_SIZE);
	stats->regs = NULL;
}

bool svm_stats_present(const struct svm_stats *stats)
{
	return stats->regs;
}

/* The low word latches the high one. */
static uint64_t rd64(const struct svm_stats *stats, unsigned int reg)
{
	uint32_t low = rd(stats, reg);

	return (uint64_t)rd(stats, reg + 4) << 32 | low;
}

uint64_t svm_stats_read(const struct svm_stats *stats, enum svm_counter c)
{
	return rd64(stats, REG_COUNTERS + 8 * c);
}

uint64_t svm_stats_instructions(const struct svm_stats *stats)
{
	return rd64(stats, REG_INSTRUCTIONS);
}

uint64_t svm_stats_faults(const struct svm_stats *stats)
{
	return svm_stats_read(stats, SVM_FAULTS_READ) +
	       svm_stats_read(stats, SVM_FAULTS_WRITE) +
	       svm_stats_read(stats, SVM_FAULTS_ATOMIC) +
	       svm_stats_read(stats, SVM_FAULTS_PREFETCH);
}

bool svm_stats_quiet(const struct svm_stats *stats, unsigned int ms)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	unsigned int i;

	for (i = 0; i < ms; i++) {
		if (command(stats, COMMAND_IDLE) == 1)
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

uint32_t svm_stats_lingering(const struct svm_stats *stats)
{
	return command(stats, COMMAND_COMPARE_TLB);
}

void svm_stats_switch(const struct svm_stats *stats, enum svm_switch sw,
		      uint32_t n)
{
	stats->regs[REG_SWITCH / 4] = sw;
	stats->regs[REG_VALUE / 4] = n;
}

int svm_kmsg_open(struct svm_stats *stats)
{
	stats->kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (stats->kmsg < 0)
		return -errno;
	lseek(stats->kmsg, 0, SEEK_END);
	return 0;
}

bool svm_kmsg_complaint(struct svm_stats *stats, char *line, size_t size)
{
	static const char * const bad[] = {
		"WARNING: ", "BUG: ", "KASAN: ", "UBSAN: ", "Oops: ",
		"general protection fault", "possible circular locking",
		"inconsistent lock state", "invalid wait context",
		"blocked for more than", "rcu_sched detected",
		"rcu_preempt detected", "self-detected stall",
		"suspicious RCU usage", "kernel BUG at", "refcount_t: ",
		"list_add corruption", "list_del corruption",
		"Bad page state", "Bad rss-counter",
	};
	char record[1024];
	bool found = false;
	ssize_t len;

	while ((len = read(stats->kmsg, record, sizeof(record) - 1)) > 0 ||
	       (len < 0 && errno == EPIPE)) {
		char *text;
		unsigned int i;

		/* EPIPE: records were overwritten before we read them. */
		if (len < 0)
			continue;
		record[len] = '\0';
		text = strchr(record, ';');
		text = text ? text + 1 : record;
		text[strcspn(text, "\n")] = '\0';
		/*
		 * What the test says about itself; and data races, of which
		 * most are others': whoever runs us on such a kernel judges.
		 */
		if (strstr(text, "[IGT]") || strstr(text, "BUG: KCSAN: "))
			continue;
		for (i = 0; i < sizeof(bad) / sizeof(*bad) && !found; i++) {
			if (strstr(text, bad[i])) {
				snprintf(line, size, "%s", text);
				found = true;
			}
		}
	}
	return found;
}
