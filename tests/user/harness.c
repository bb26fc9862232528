// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#define EXIT_CHECK 3
/* Nothing is measured by this: it ends what would hang for ever. */
static unsigned int hang_seconds = 120;

static struct test *tests;
atomic_t callback_count;

void test_add(struct test *test)
{
	struct test **link = &tests;

	while (*link && strcmp((*link)->name, test->name) < 0)
		link = &(*link)->next;
	test->next = *link;
	*link = test;
}

void check_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, what);
	_exit(EXIT_CHECK);
}

/* ------------------------------------------------------------------- gates */

void gate_pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	if (!gate->open) {
		BUG_ON(gate->waiting == 8);
		gate->waiters[gate->waiting++] = shim_task_current();
		shim_task_set_state(shim_task_current(), SHIM_TASK_BLOCKED);
	}
	while (!gate->open)
		pthread_cond_wait(&gate->cond, &gate->mutex);
	pthread_mutex_unlock(&gate->mutex);
}

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->open = true;
	/* From here on they are not asleep, whenever they come to run. */
	while (gate->waiting)
		shim_task_set_state(gate->waiters[--gate->waiting],
				    SHIM_TASK_RUNNING);
	pthread_cond_broadcast(&gate->cond);
	pthread_mutex_unlock(&gate->mutex);
}

/* ----------------------------------------------------------------- watches */

static bool watch_invalidate(struct mmu_range_notifier *mrn,
			     const struct mmu_notifier_range *range,
			     unsigned long cur_seq)
{
	struct watch *watch = container_of(mrn, struct watch, mrn);

	if (mmu_notifier_range_blockable(range))
		mutex_lock(&watch->lock);
	else if (!mutex_trylock(&watch->lock))
		return false;

	mmu_range_set_seq(mrn, cur_seq);
	watch->calls++;
	watch->last = *range;
	watch->last_seq = cur_seq;
	watch->order = atomic_inc_return(&callback_count);
	mutex_unlock(&watch->lock);

	if (watch->gate)
		gate_pass(watch->gate);
	if (watch->hook)
		watch->hook(watch);
	return !watch->refuse;
}

const struct mmu_range_notifier_ops watch_ops = {
	.invalidate = watch_invalidate,
};

void watch_init(struct watch *watch)
{
	memset(watch, 0, sizeof(*watch));
	mutex_init(&watch->lock);
	watch->mrn.ops = &watch_ops;
}

void watch_insert(struct watch *watch, struct mm_struct *mm,
		  unsigned long start, unsigned long length)
{
	watch_init(watch);
	CHECK(!mmu_range_notifier_insert(&watch->mrn, start, length, mm));
	mmu_range_notifier_set_lock(&watch->mrn, &watch->lock);
}

unsigned int watch_calls(struct watch *watch)
{
	unsigned int calls;

	mutex_lock(&watch->lock);
	calls = watch->calls;
	mutex_unlock(&watch->lock);
	return calls;
}

bool watch_retry(struct watch *watch, unsigned long seq)
{
	bool retry;

	mutex_lock(&watch->lock);
	retry = mmu_range_read_retry(&watch->mrn, seq);
	mutex_unlock(&watch->lock);
	return retry;
}

static void sleeper_read_fn(void *arg)
{
	struct sleeper *sleeper = arg;

	sleeper->seq = mmu_range_read_begin(&sleeper->watch->mrn);
}

static void sleeper_remove_fn(void *arg)
{
	struct sleeper *sleeper = arg;

	mmu_range_notifier_remove(&sleeper->watch->mrn);
}

void sleeper_read(struct sleeper *sleeper, struct watch *watch)
{
	sleeper->watch = watch;
	shim_task_start(&sleeper->task, sleeper_read_fn, sleeper);
}

void sleeper_remove(struct sleeper *sleeper, struct watch *watch)
{
	sleeper->watch = watch;
	shim_task_start(&sleeper->task, sleeper_remove_fn, sleeper);
}

bool sleeper_sleeps(struct sleeper *sleeper)
{
	return shim_task_settle(&sleeper->task) == SHIM_TASK_BLOCKED;
}

unsigned long sleeper_join(struct sleeper *sleeper)
{
	/* One that nothing wakes any more is a failure, not a hang. */
	CHECK(!sleeper_sleeps(sleeper));
	shim_task_join(&sleeper->task);
	return sleeper->seq;
}

/* ------------------------------------------------------------------ runner */

static void run_child(const struct test *test)
{
	enum shim_report kind;

	alarm(hang_seconds);
	test->fn();
	shim_srcu_run();
	for (kind = 0; kind < SHIM_REPORTS; kind++)
		CHECK(!shim_reports(kind));
	CHECK(!shim_mm_live());
	exit(0);
}

static const char *describe(int status)
{
	static char text[64];

	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return "it hangs";
	if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXIT_CHECK)
		return "a check failed";
	else
		snprintf(text, sizeof(text), "exit status %d",
			 WEXITSTATUS(status));
	return text;
}

static void show_log(const char *path)
{
	char line[512];
	FILE *file = fopen(path, "r");
	int lines = 0;

	if (!file)
		return;
	while (lines++ < 40 && fgets(line, sizeof(line), file))
		fprintf(stderr, "  %s", line);
	fclose(file);
}

/* Runs a test in a child; its stderr goes to a file of the log directory. */
static int run(const struct test *test, const char *name, const char *log_dir)
{
	char log[512];
	int status;
	pid_t pid;

	snprintf(log, sizeof(log), "%s/%s.log", log_dir, name);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(EXIT_FAILURE);
		run_child(test);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		perror(name);
		return -1;
	}
	if (status) {
		fprintf(stderr, "%s: %s\n", name, describe(status));
		show_log(log);
	}
	return status;
}

static int usage(const char *me, FILE *to)
{
	fprintf(to,
		"Usage: %s [--log DIR] [--suffix TEXT] [--hang SECONDS] [--list] [TEST...]\n"
		"Run all tests, or these; 'ok' or 'not ok' and user-TEST[-TEXT] for each.\n"
		"  --log DIR      what each test writes (default: .)\n"
		"  --suffix TEXT  how this build is called\n"
		"  --hang SECONDS when to give a test up (default: 120)\n"
		"  --list         the names, nothing is run\n"
		"Exit status: 0, or 1 if a test failed, or 2 for wrong arguments.\n",
		me);
	return to == stderr ? 2 : 0;
}

static bool is_wanted(const char *name, int count, char **wanted, bool *found)
{
	int i;

	for (i = 0; i < count; i++) {
		if (strcmp(name, wanted[i]))
			continue;
		found[i] = true;
		return true;
	}
	return !count;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "log", required_argument, NULL, 'l' },
		{ "suffix", required_argument, NULL, 's' },
		{ "hang", required_argument, NULL, 't' },
		{ "list", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	const char *log_dir = ".", *suffix = NULL;
	bool list = false, found[argc];
	const struct test *test;
	int i, opt, failed = 0;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'l':
			log_dir = optarg;
			break;
		case 's':
			suffix = optarg;
			break;
		case 't':
			hang_seconds = strtoul(optarg, NULL, 10);
			if (!hang_seconds)
				return usage(argv[0], stderr);
			break;
		case 'n':
			list = true;
			break;
		case 'h':
			return usage(argv[0], stdout);
		default:
			return usage(argv[0], stderr);
		}
	}
	memset(found, 0, sizeof(found));

	for (test = tests; test; test = test->next) {
		char plain[128], name[160];

		snprintf(plain, sizeof(plain), "%s", test->name);
		for (i = 0; plain[i]; i++)
			if (plain[i] == '_')
				plain[i] = '-';
		if (!is_wanted(plain, argc - optind, argv + optind, found))
			continue;
		if (list) {
			puts(plain);
			continue;
		}
		snprintf(name, sizeof(name), "user-%s%s%s", plain,
			 suffix ? "-" : "", suffix ? suffix : "");
		if (run(test, name, log_dir)) {
			failed = 1;
			printf("not ok %s\n", name);
		} else {
			printf("ok %s\n", name);
		}
	}

	for (i = 0; i < argc - optind; i++) {
		if (found[i])
			continue;
		fprintf(stderr, "%s: no test '%s'\n", argv[0], argv[optind + i]);
		return 2;
	}
	return failed;
}
