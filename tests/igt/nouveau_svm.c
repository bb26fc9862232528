// SPDX-License-Identifier: MIT
/*
 * Shared virtual memory of nouveau: the GPU uses the process's own addresses.
 * Results are checked by the CPU; on an emulated GP107 the GPU's TLB is
 * checked too, and after every subtest the kernel's log is.
 */
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "nouveau_svm_matrix.h"
#include "nouveau_svm_sys.h"
#include "nouveau_svm_test.h"

/* Seconds that one subtest may last. */
#define SUBTEST_LIMIT	svm_patience(100)

char svm_node[SVM_NODE_LEN];
struct svm_stats svm_stats;

static uint64_t stale_before;

static void before(const char *name)
{
	char line[256];

	igt_set_timeout(SUBTEST_LIMIT, name);
	svm_kmsg_complaint(&svm_stats, line, sizeof(line));
	if (svm_stats_present(&svm_stats))
		stale_before = svm_stats_read(&svm_stats, SVM_TLB_STALE_LATE);
}

static void after(void)
{
	char line[256];

	svm_check_mirror();
	if (svm_stats_present(&svm_stats))
		igt_assert_eq_u64(svm_stats_read(&svm_stats,
						 SVM_TLB_STALE_LATE),
				  stale_before);
	svm_close_all();
	igt_assert_f(!svm_leaks(svm_patience(5000), line, sizeof(line)),
		     "left behind: %s\n", line);
	igt_assert_f(!svm_kmsg_complaint(&svm_stats, line, sizeof(line)),
		     "kernel log: %s\n", line);
	igt_reset_timeout();
}

/*
 * Nouveau waits for a channel's end without giving up the CPU, and serves
 * faults on the CPU that took the interrupt, which is the first one.  On the
 * same CPU it would wait for itself, 15 s at a time; so we leave it that one.
 */
static void leave_first_cpu(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) < 2)
		return;
	CPU_CLR(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* What a subtest that failed has left is undone. */
static void restore(void)
{
	igt_reset_timeout();
	svm_card_behave();
	svm_close_all();
	svm_huge_pool_restore();
	svm_sys_restore();
}

static void run(const struct svm_test *test)
{
	for (; test->name; test++) {
		igt_describe(test->describe);
		igt_subtest(test->name) {
			before(test->name);
			test->run();
			after();
		}
		igt_fixture
			restore();
	}
}

static void run_matrix(const struct svm_cell *cell)
{
	for (; cell->name; cell++) {
		igt_describe(cell->describe);
		igt_subtest(cell->name) {
			before(cell->name);
			svm_cell_run(cell);
			after();
		}
		igt_fixture
			restore();
	}
}

igt_main
{
	igt_fixture {
		int fd, ret;

		leave_first_cpu();
		igt_require_f(!svm_find_node(svm_node),
			      "no render node of nouveau\n");
		fd = open(svm_node, O_RDWR | O_CLOEXEC);
		igt_require(fd >= 0);
		ret = svm_stats_open(&svm_stats, fd);
		igt_info("debug block of an emulated card: %s\n",
			 ret ? "absent, TLB checks skipped" : "present");
		ret = svm_debugfs_open(fd);
		igt_info("the driver's own counters and audit: %s\n",
			 ret ? "absent, not asked" : "present");
		close(fd);
		igt_require_f(!svm_kmsg_open(&svm_stats), "no /dev/kmsg\n");
	}

	run(svm_ioctl_tests);
	run(svm_fault_tests);
	run(svm_memory_tests);
	run(svm_fork_tests);
	run(svm_migrate_tests);
	run(svm_client_tests);
	run(svm_card_tests);
	run(svm_control_tests);
	run(svm_progress_tests);
	run(svm_inject_tests);
	run(svm_lifetime_tests);
	run(svm_uffd_tests);
	run(svm_reclaim_tests);
	run(svm_bind_tests);
	run(svm_cost_tests);
	run_matrix(svm_matrix());
	run(svm_suspend_tests);
	run(svm_unbind_tests);

	igt_fixture {
		svm_debugfs_close();
		svm_stats_close(&svm_stats);
	}
}
