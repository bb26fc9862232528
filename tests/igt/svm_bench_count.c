// SPDX-License-Identifier: MIT
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "svm_bench_count.h"

#define TRACING		"/sys/kernel/debug/tracing/"
#define GROUP		"svm_bench"

/* Bigger than what any row allocates. */
#define TRACE_KB	"65536"

/*
 * The functions whose calls count, in both kernels; each kernel has some of
 * them. No function calls another of its kind.
 */
static const struct {
	const char *symbol;
	enum bench_figure figure;
} probes[] = {
	{ "mmu_interval_notifier_insert", BENCH_INSERTS },
	{ "mmu_interval_notifier_insert_locked", BENCH_INSERTS },
	{ "mmu_range_notifier_insert", BENCH_INSERTS },
	{ "mmu_range_notifier_insert_locked", BENCH_INSERTS },
	{ "nvkm_vmm_pfn_map", BENCH_PFNMAPS },
	{ "gp100_vmm_pfn_map", BENCH_PFNMAPS },
	{ "nouveau_svm_fault", BENCH_BATCHES },
};

#define PROBES	(sizeof(probes) / sizeof(*probes))

static const char * const events[] = {
	"kmem/kmalloc", "kmem/kmem_cache_alloc", "kmem/kfree",
	"kmem/kmem_cache_free",
};

const char *bench_figure_name(enum bench_figure figure)
{
	static const char * const names[BENCH_FIGURES] = {
		[BENCH_INSTRUCTIONS] = "instructions",
		[BENCH_FAULTS] = "faults",
		[BENCH_DROPPED] = "dropped",
		[BENCH_REPLAYS] = "replays",
		[BENCH_FLUSHES] = "flushes",
		[BENCH_BATCHES] = "batches",
		[BENCH_PFNMAPS] = "pfnmaps",
		[BENCH_INSERTS] = "inserts",
		[BENCH_MEMORY] = "memory",
		[BENCH_MEMORY_SVM] = "memory_svm",
	};

	return names[figure];
}

/* @mode: O_APPEND, or O_TRUNC for what is emptied by being opened. */
static int try_write(const char *file, const char *text, int mode)
{
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC | mode);
	if (fd < 0)
		err(1, "%s", path);
	len = write(fd, text, strlen(text));
	close(fd);
	return len < 0 ? -errno : 0;
}

static void must_write(const char *file, const char *text)
{
	if (try_write(file, text, O_APPEND))
		err(1, TRACING "%s: '%s'", file, text);
}

static FILE *must_read(const char *file)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), TRACING "%s", file);
	f = fopen(path, "re");
	if (!f)
		err(1, "%s", path);
	return f;
}

/* What the driver itself counts; false: it has no such counter. */
static bool read_counter(const char *name, uint64_t *value)
{
	char line[128], format[64];
	bool found = false;
	glob_t files;
	FILE *f;

	if (glob("/sys/kernel/debug/dri/*/svm_counters", 0, NULL, &files))
		return false;
	f = fopen(files.gl_pathv[0], "re");
	globfree(&files);
	if (!f)
		return false;
	snprintf(format, sizeof(format), "%s %%" SCNu64, name);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, format, value) == 1;
	fclose(f);
	return found;
}

void bench_probes_init(void)
{
	bool found[BENCH_FIGURES] = {};
	uint64_t batches;
	unsigned int i;

	must_write("tracing_on", "0");
	for (i = 0; i < PROBES; i++) {
		char line[128];

		snprintf(line, sizeof(line), "p:" GROUP "/p%u %s", i,
			 probes[i].symbol);
		if (!try_write("kprobe_events", line, O_APPEND))
			found[probes[i].figure] = true;
	}
	found[BENCH_BATCHES] |= read_counter("batches", &batches);
	for (i = BENCH_BATCHES; i <= BENCH_INSERTS; i++) {
		if (!found[i])
			errx(1, "this kernel has no function to count %s by",
			     bench_figure_name(i));
	}
}

/* The hits so far of each probe, added up by figure. */
static void read_hits(uint64_t value[BENCH_FIGURES])
{
	FILE *f = must_read("kprobe_profile");
	uint64_t hits, missed;
	unsigned int probe;

	while (fscanf(f, " p%u %" SCNu64 " %" SCNu64, &probe, &hits,
		      &missed) == 3) {
		if (probe >= PROBES || missed)
			errx(1, "kprobe_profile: a probe was missed");
		value[probes[probe].figure] += hits;
	}
	fclose(f);
}

static void read_figures(struct bench_count *count,
			 uint64_t value[BENCH_FIGURES])
{
	const struct svm_stats *stats = &count->stats;

	memset(value, 0, BENCH_FIGURES * sizeof(*value));
	if (count->probed) {
		read_hits(value);
		read_counter("batches", &value[BENCH_BATCHES]);
	}
	value[BENCH_FAULTS] = svm_stats_faults(stats);
	value[BENCH_DROPPED] = svm_stats_read(stats, SVM_FAULTS_DROPPED);
	value[BENCH_REPLAYS] = svm_stats_read(stats, SVM_REPLAYS);
	value[BENCH_FLUSHES] = svm_stats_read(stats, SVM_FLUSHES_ALL) +
			       svm_stats_read(stats, SVM_FLUSHES_PDB) +
			       svm_stats_read(stats, SVM_FLUSHES_VA);
	value[BENCH_INSTRUCTIONS] = svm_stats_instructions(stats);
}

static void set_probes(bool on)
{
	const char *value = on ? "1" : "0";
	char path[64];
	unsigned int i;

	must_write("events/" GROUP "/enable", value);
	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		snprintf(path, sizeof(path), "events/%s/enable", events[i]);
		must_write(path, value);
	}
}

void bench_count_open(struct bench_count *count, int fd, bool probed)
{
	int ret;

	memset(count, 0, sizeof(*count));
	count->probed = probed;
	ret = svm_stats_open(&count->stats, fd);
	if (ret)
		errx(1, "no emulated GP107: %s", strerror(-ret));
	if (!svm_stats_instructions(&count->stats))
		errx(1, "QEMU counts no instructions: it wants -icount");
	if (probed) {
		must_write("tracing_on", "0");
		must_write("buffer_size_kb", TRACE_KB);
		try_write("trace", "", O_TRUNC);
		set_probes(true);
	}
}

static void start(struct bench_count *count)
{
	if (count->running)
		errx(1, "a count within a count");
	count->running = true;
	read_figures(count, count->from);
}

void bench_begin(struct bench_count *count)
{
	if (count->probed)
		must_write("tracing_on", "1");
	start(count);
}

int64_t bench_end(struct bench_count *count)
{
	uint64_t now[BENCH_FIGURES];
	unsigned int i;

	read_figures(count, now);
	if (count->probed)
		must_write("tracing_on", "0");
	count->running = false;
	for (i = 0; i < BENCH_FIGURES; i++)
		count->sum[i] += now[i] - count->from[i];
	return now[BENCH_INSTRUCTIONS] - count->from[BENCH_INSTRUCTIONS];
}

/* ------------------------------------------------------------- allocations */

struct object {
	uint64_t ptr;		/* 0: none */
	uint64_t size;		/* 0: freed again */
	unsigned int site;
};

struct site {
	char name[64];
	uint64_t bytes;
	uint64_t count;
};

#define SITES	512

static struct object *objects;
static size_t objects_room;
static size_t objects_used;
static struct site sites[SITES];
static unsigned int sites_used;

static struct object *find_object(uint64_t ptr)
{
	size_t i = ptr * 0x9e3779b97f4a7c15ull % objects_room;

	while (objects[i].ptr && objects[i].ptr != ptr)
		i = (i + 1) % objects_room;
	return &objects[i];
}

static void grow(void)
{
	struct object *old = objects;
	size_t i, old_room = objects_room;

	objects_room = old_room ? old_room * 2 : 4096;
	objects = calloc(objects_room, sizeof(*objects));
	if (!objects)
		err(1, "calloc");
	for (i = 0; i < old_room; i++) {
		if (old[i].ptr)
			*find_object(old[i].ptr) = old[i];
	}
	free(old);
}

static unsigned int find_site(const char *name)
{
	unsigned int i;

	for (i = 0; i < sites_used; i++) {
		if (!strcmp(sites[i].name, name))
			return i;
	}
	if (sites_used == SITES)
		return SITES - 1;
	snprintf(sites[i].name, sizeof(sites[i].name), "%s", name);
	return sites_used++;
}

/* One line of the trace; the site loses its offset. */
static void take_event(char *line)
{
	char *at = strstr(line, "call_site="), *ptr = strstr(line, "ptr=");
	char *size = strstr(line, "bytes_alloc=");
	struct object *object;

	if (!at || !ptr)
		return;
	at += strlen("call_site=");
	at[strcspn(at, "+ ")] = '\0';
	if (objects_used * 2 >= objects_room)
		grow();
	object = find_object(strtoull(ptr + 4, NULL, 16));
	if (!size) {
		object->size = 0;
		return;
	}
	if (!object->ptr) {
		object->ptr = strtoull(ptr + 4, NULL, 16);
		objects_used++;
	}
	object->size = strtoull(size + strlen("bytes_alloc="), NULL, 10);
	object->site = find_site(at);
}

static int by_bytes(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* What is a launch's, a worker thread's or a file's, and not the mirror's. */
static bool passing(const struct site *site)
{
	static const char * const names[] = {
		"nouveau_fence_new", "alloc_empty_file", "__d_alloc",
		"create_worker", "copy_process", "__kthread_create_on_node",
		"set_kthread_struct", "prepare_creds", "alloc_pid",
	};
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(site->name, names[i]))
			return true;
	}
	return false;
}

/* What was allocated while the trace ran and not freed; sites to stderr. */
static void read_allocations(int64_t sum[BENCH_FIGURES])
{
	FILE *f = must_read("trace");
	char *line = NULL;
	size_t i, size = 0;

	while (getline(&line, &size, f) > 0) {
		if (strstr(line, "LOST"))
			errx(1, "the trace lost events");
		if (line[0] != '#')
			take_event(line);
	}
	free(line);
	fclose(f);

	for (i = 0; i < objects_room; i++) {
		struct site *site = &sites[objects[i].site];

		if (!objects[i].ptr || !objects[i].size || passing(site))
			continue;
		site->bytes += objects[i].size;
		site->count++;
	}
	qsort(sites, sites_used, sizeof(*sites), by_bytes);
	for (i = 0; i < sites_used && sites[i].bytes; i++) {
		sum[BENCH_MEMORY] += sites[i].bytes;
		if (!strncmp(sites[i].name, "nouveau_svm", 11))
			sum[BENCH_MEMORY_SVM] += sites[i].bytes;
		fprintf(stderr, "  kept: %8" PRIu64 " bytes, %6" PRIu64
			" objects of %s\n", sites[i].bytes, sites[i].count,
			sites[i].name);
	}
}

void bench_count_close(struct bench_count *count)
{
	if (count->probed) {
		set_probes(false);
		read_allocations(count->sum);
	}
	svm_stats_close(&count->stats);
}
