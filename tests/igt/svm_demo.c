// SPDX-License-Identifier: MIT
/*
 * A process mirrored on the GPU, to be read by people: the GPU walks a linked
 * list that the CPU built with malloc, through the pointers in it, and writes
 * into each node; then once more with the nodes in VRAM.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nouveau/nouveau.h>

#include "nouveau_svm_gpu.h"
#include "nouveau_svm_stats.h"

#define NODES		4096u
#define PAGE		4096u
/* Between two nodes: most lie on pages of their own, as in a real heap. */
#define GAP		3000u

struct result {
	uint32_t sum;
	uint32_t count;
};

static struct svm_gpu gpu;
static struct svm_stats stats;
static struct svm_node *nodes[NODES];

static int fail(const char *what, int ret)
{
	fprintf(stderr, "svm_demo: %s: %s\n", what, strerror(-ret));
	return ret;
}

/* The list visits the nodes in an order that no prefetcher would guess. */
static int build_list(uint32_t *sum)
{
	unsigned int i;

	*sum = 0;
	for (i = 0; i < NODES; i++) {
		nodes[i] = malloc(sizeof(*nodes[i]) + GAP);
		if (!nodes[i])
			return -ENOMEM;
		nodes[i]->value = 3 * i + 1;
		nodes[i]->mark = 0;
		*sum += nodes[i]->value;
	}
	/* An odd stride modulo a power of two meets every node. */
	for (i = 0; i < NODES; i++) {
		unsigned int here = i * 1237 % NODES;
		unsigned int next = (i + 1) * 1237 % NODES;

		nodes[here]->next = i + 1 < NODES ?
				    (uintptr_t)nodes[next] : 0;
	}
	return 0;
}

/* The GPU walks the list; the CPU checks the sum and every node's mark. */
static int walk(const char *where, uint32_t sum, uint32_t add)
{
	struct result *result = calloc(1, sizeof(*result));
	struct svm_args args = {
		.base = (uintptr_t)nodes[0],
		.out = (uintptr_t)result,
		.value = add,
	};
	unsigned int wrong = 0, i;
	int ret;

	if (!result)
		return -ENOMEM;
	ret = svm_run(&gpu, SVM_KERNEL_LIST, 1, 1, &args);
	if (ret) {
		free(result);
		return fail("the GPU did not get to the end of the list", ret);
	}

	for (i = 0; i < NODES; i++)
		if (nodes[i]->mark != nodes[i]->value + add)
			wrong++;
	printf("  %s: the GPU met %" PRIu32 " nodes, sum %" PRIu32 "; "
	       "the CPU finds %u of its marks wrong\n",
	       where, result->count, result->sum, wrong);
	if (result->count != NODES || result->sum != sum || wrong) {
		fprintf(stderr, "svm_demo: %u nodes with sum %" PRIu32 " were built\n",
			NODES, sum);
		free(result);
		return -EIO;
	}
	free(result);
	return 0;
}

/* Pages that are neither present nor empty are in device memory: no swap. */
static unsigned int pages_in_vram(uintptr_t start, uintptr_t end)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	unsigned int count = 0;
	uintptr_t page;

	for (page = start; fd >= 0 && page < end; page += PAGE) {
		uint64_t entry;

		if (pread(fd, &entry, sizeof(entry), page / PAGE * sizeof(entry)) !=
		    sizeof(entry))
			break;
		if (!(entry >> 63) && entry >> 62 & 1)
			count++;
	}
	if (fd >= 0)
		close(fd);
	return count;
}

static int move_to_vram(void)
{
	uintptr_t start = UINTPTR_MAX, end = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < NODES; i++) {
		uintptr_t node = (uintptr_t)nodes[i];

		if (node < start)
			start = node;
		if (node + sizeof(*nodes[i]) > end)
			end = node + sizeof(*nodes[i]);
	}
	start &= ~(uintptr_t)(PAGE - 1);
	end = (end + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	ret = svm_migrate(&gpu, (void *)start, end - start, NULL);
	if (ret)
		return fail("moving the nodes to VRAM", ret);
	printf("  moved to VRAM: %u of the heap's %zu pages\n",
	       pages_in_vram(start, end), (size_t)(end - start) / PAGE);
	return 0;
}

static void print_figures(void)
{
	if (!svm_stats_present(&stats))
		return;
	printf("  replayable faults: %" PRIu64 " (%" PRIu64 " reads, %" PRIu64
	       " writes), replays: %" PRIu64 "\n",
	       svm_stats_faults(&stats),
	       svm_stats_read(&stats, SVM_FAULTS_READ),
	       svm_stats_read(&stats, SVM_FAULTS_WRITE),
	       svm_stats_read(&stats, SVM_REPLAYS));
	printf("  GPU TLB: %" PRIu64 " flushes, %" PRIu64 " hits, %" PRIu64
	       " walks; uses of stale entries: %" PRIu64 "\n",
	       svm_stats_read(&stats, SVM_FLUSHES_ALL) +
	       svm_stats_read(&stats, SVM_FLUSHES_PDB) +
	       svm_stats_read(&stats, SVM_FLUSHES_VA),
	       svm_stats_read(&stats, SVM_TLB_HITS),
	       svm_stats_read(&stats, SVM_WALKS),
	       svm_stats_read(&stats, SVM_TLB_STALE_LATE));
}

static int demo(void)
{
	char node[SVM_NODE_LEN];
	uint32_t sum;
	int ret;

	ret = svm_find_node(node);
	if (ret)
		return fail("no GPU of nouveau", ret);
	ret = svm_open(&gpu, node);
	if (ret)
		return fail("SVM with a compute channel", ret);
	svm_stats_open(&stats, gpu.fd);
	printf("  GPU: %s, chipset %x, %u TPC; its firmware is up\n", node,
	       gpu.device->chipset, gpu.tpcs);
	printf("  SVM: on; the driver keeps %zu MiB at %p for itself\n",
	       gpu.hole_size >> 20, gpu.hole);

	ret = build_list(&sum);
	if (ret)
		return fail("the list", ret);
	printf("  list: %u nodes from malloc, %p to %p, sum %" PRIu32 "\n",
	       NODES, (void *)nodes[0], (void *)nodes[NODES - 1], sum);
	ret = walk("in system memory", sum, 1000);
	if (!ret)
		ret = move_to_vram();
	if (!ret)
		ret = walk("in VRAM", sum, 2000);
	print_figures();
	return ret;
}

int main(void)
{
	int ret;

	printf("nouveau SVM: a process mirrored on the GPU\n");
	ret = demo();
	svm_close_all();
	printf(ret ? "FAILED\n" : "done: every result is right\n");
	return ret != 0;
}
