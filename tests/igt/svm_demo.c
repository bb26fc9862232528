// SPDX-License-Identifier: MIT
/*
 * Shows a process mirrored on the GPU, in a few lines.  Exit status 0: all
 * that was checked held.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <nouveau/nouveau.h>

#include "nouveau_svm_gpu.h"
#include "nouveau_svm_stats.h"

#define NODES		2000
#define MARK		0x10000
#define PAGE		4096u
#define VRAM_PAGES	256
#define VRAM_WORDS	(VRAM_PAGES * PAGE / 4)

static int failures;

static bool check(bool ok, const char *what)
{
	printf("  %s %s\n", ok ? "ok:    " : "FAILED:", what);
	failures += !ok;
	return ok;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static void free_list(struct svm_node *node)
{
	while (node) {
		struct svm_node *next = (void *)(uintptr_t)node->next;

		free(node);
		node = next;
	}
}

/* Nodes of malloc, between blocks of other sizes, linked in random order. */
static struct svm_node *build_list(uint32_t *sum)
{
	static struct svm_node *nodes[NODES];
	struct svm_node *head = NULL;
	uint64_t seed = 1;
	int i;

	*sum = 0;
	for (i = 0; i < NODES; i++) {
		nodes[i] = malloc(sizeof(**nodes) + next_random(&seed) % 3000);
		if (!nodes[i])
			return NULL;
	}
	for (i = NODES - 1; i > 0; i--) {
		int j = next_random(&seed) % (i + 1);
		struct svm_node *node = nodes[i];

		nodes[i] = nodes[j];
		nodes[j] = node;
	}
	for (i = 0; i < NODES; i++) {
		nodes[i]->next = (uintptr_t)head;
		nodes[i]->value = next_random(&seed);
		nodes[i]->mark = 0;
		*sum += nodes[i]->value;
		head = nodes[i];
	}
	return head;
}

static void walk_list(struct svm_gpu *gpu)
{
	uint32_t sum, result[2] = {}, marked = 0;
	struct svm_node *head = build_list(&sum), *node;
	struct svm_args args = {
		.base = (uintptr_t)head,
		.out = (uintptr_t)result,
		.value = MARK,
	};
	int ret;

	printf("A list of %d nodes, built by the CPU with malloc, head %p\n",
	       NODES, (void *)head);
	if (!check(head, "memory for the list"))
		return;
	ret = svm_run(gpu, SVM_KERNEL_LIST, 1, 1, &args);
	if (!check(!ret, "the GPU walked it by the CPU's own pointers")) {
		printf("          %s\n", strerror(-ret));
		return;
	}
	for (node = head; node; node = (void *)(uintptr_t)node->next)
		marked += node->mark == node->value + MARK;
	printf("  GPU: %u nodes, sum %#x; CPU: %d nodes, sum %#x\n",
	       ((volatile uint32_t *)result)[1],
	       ((volatile uint32_t *)result)[0], NODES, sum);
	check(((volatile uint32_t *)result)[0] == sum &&
	      ((volatile uint32_t *)result)[1] == NODES, "same sum and length");
	check(marked == NODES, "each node carries the GPU's mark");
	free_list(head);
}

static uint32_t pages_in_vram(uint32_t *mem)
{
	FILE *map = fopen("/proc/self/pagemap", "rb");
	uint64_t entry;
	uint32_t count = 0;
	int i;

	/* Bit 62: neither absent nor in the CPU's memory. */
	if (!map)
		return 0;
	if (!fseeko(map, (uintptr_t)mem / PAGE * 8, SEEK_SET)) {
		for (i = 0; i < VRAM_PAGES; i++) {
			if (fread(&entry, 8, 1, map) == 1)
				count += entry >> 62 & 1;
		}
	}
	fclose(map);
	return count;
}

static void migrate(struct svm_gpu *gpu)
{
	uint32_t *mem = mmap(NULL, VRAM_WORDS * 4, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct svm_args args = {
		.stride = 4, .step = PAGE, .count = VRAM_PAGES, .value = 7,
	};
	uint32_t i, there, good = 0;
	int ret;

	printf("A buffer of %d pages, migrated to the GPU's memory\n",
	       VRAM_PAGES);
	if (!check(mem != MAP_FAILED, "memory for the buffer"))
		return;
	madvise(mem, VRAM_WORDS * 4, MADV_NOHUGEPAGE);
	for (i = 0; i < VRAM_WORDS; i++)
		mem[i] = i;
	ret = svm_migrate(gpu, mem, VRAM_WORDS * 4, NULL);
	there = pages_in_vram(mem);
	printf("  migrated: %u of %d pages\n", there, VRAM_PAGES);
	check(!ret && there == VRAM_PAGES, "all pages are in VRAM");

	args.base = (uintptr_t)mem;
	ret = svm_run(gpu, SVM_KERNEL_ADD, 1, PAGE / 4, &args);
	check(!ret, "the GPU added 7 to each word there");
	check(pages_in_vram(mem) == VRAM_PAGES, "they stayed there");
	for (i = 0; i < VRAM_WORDS; i++)
		good += mem[i] == i + 7;
	check(good == VRAM_WORDS, "the CPU reads them back, all right");
	check(pages_in_vram(mem) == 0, "which brought them home");
	munmap(mem, VRAM_WORDS * 4);
}

static void print_figures(struct svm_stats *stats)
{
	static const struct {
		enum svm_counter counter;
		const char *name;
	} shown[] = {
		{ SVM_FAULTS_READ, "read faults" },
		{ SVM_FAULTS_WRITE, "write faults" },
		{ SVM_FAULTS_ATOMIC, "atomic faults" },
		{ SVM_FAULTS_FATAL, "fatal faults" },
		{ SVM_REPLAYS, "replays" },
		{ SVM_FLUSHES_ALL, "TLB flushes, all address spaces" },
		{ SVM_FLUSHES_PDB, "TLB flushes, one address space" },
		{ SVM_FLUSHES_VA, "TLB flushes, one address" },
		{ SVM_WALKS, "page walks" },
		{ SVM_TLB_HITS, "TLB hits" },
		{ SVM_TLB_STALE_LATE, "stale TLB uses" },
	};
	unsigned int i;

	if (!svm_stats_present(stats)) {
		printf("No figures: this card has no debug block\n");
		return;
	}
	printf("The card's own figures\n");
	for (i = 0; i < sizeof(shown) / sizeof(*shown); i++)
		printf("  %10" PRIu64 " %s\n",
		       svm_stats_read(stats, shown[i].counter), shown[i].name);
	check(svm_stats_read(stats, SVM_TLB_STALE_LATE) == 0,
	      "no stale TLB entry was used");
	check(svm_stats_quiet(stats, 5000) && !svm_stats_lingering(stats),
	      "the TLB agrees with the page tables");
}

int main(void)
{
	struct svm_stats stats = {};
	struct svm_gpu gpu;
	char node[SVM_NODE_LEN];
	int ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("The GPU\n");
	if (!check(!svm_find_node(node), "a render node of nouveau"))
		return 1;
	ret = svm_open_device(&gpu, node);
	if (!check(!ret, "the device opens")) {
		printf("          %s: %s\n", node, strerror(-ret));
		return 1;
	}
	printf("  %s: chipset %#x, %" PRIu64 " MiB VRAM\n", node,
	       gpu.device->chipset, gpu.device->vram_size >> 20);
	ret = svm_reserve_hole(&gpu);
	if (!ret)
		ret = svm_ioctl_init(gpu.fd, (uintptr_t)gpu.hole,
				     gpu.hole_size);
	if (!check(!ret, "shared virtual memory is on")) {
		printf("          %s\n", strerror(-ret));
		return 1;
	}
	ret = svm_open_channel(&gpu);
	if (!check(!ret, "firmware is up: a compute channel")) {
		printf("          %s\n", strerror(-ret));
		return 1;
	}
	printf("  graphics engine with %u TPC\n", gpu.tpcs);
	svm_stats_open(&stats, gpu.fd);

	walk_list(&gpu);
	migrate(&gpu);
	print_figures(&stats);

	svm_stats_close(&stats);
	svm_close(&gpu);
	if (failures)
		printf("%d checks FAILED\n", failures);
	else
		printf("All checks held\n");
	return failures ? 1 : 0;
}
