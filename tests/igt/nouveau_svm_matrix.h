/* SPDX-License-Identifier: MIT */
/*
 * The matrix of subtests: each family (how much memory, touched how, by whom)
 * with each section (what happens to the memory between the touches).
 *
 * A section is a program of steps, run over one piece of memory beside a model
 * of what it must hold.  Steps may run in threads, so they do not assert: the
 * first one that fails leaves a text.
 */
#ifndef NOUVEAU_SVM_MATRIX_H
#define NOUVEAU_SVM_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nouveau_svm_test.h"

enum svm_family_id {
	SVM_ONCE,
	SVM_TWICE,
	SVM_MANY,
	SVM_MANY_STRIDE,
	SVM_MANY_64K,
	SVM_LARGE,
	SVM_LARGE_2M,
	SVM_THREADS,
	SVM_THREADS_SHARED_VM,
	SVM_PROCESS,
	SVM_FAMILIES
};

enum svm_crew {
	SVM_CREW_ONE,
	SVM_CREW_CLIENTS,	/* threads, each with its client */
	SVM_CREW_CHANNELS,	/* threads, one client, a channel each */
	SVM_CREW_PROCESSES,
};

struct svm_family {
	const char *name;
	const char *describe;
	size_t size;
	size_t align;
	unsigned int elements;		/* words that are touched ... */
	unsigned int stride;		/* ... and bytes between two */
	unsigned int rounds;
	unsigned int workers;
	enum svm_crew crew;
};

#define SVM_ELEMENTS	1024		/* no family has more */

enum svm_kind {
	SVM_MALLOC,
	SVM_PRIVATE,		/* mmap, private and anonymous */
	SVM_SHARED,
	SVM_FILE_SHARED,
	SVM_FILE_PRIVATE,
	SVM_HUGE,		/* as SVM_PRIVATE, in huge pages */
	SVM_HUGETLB,
	SVM_HUGETLB_SHARED,
};

enum svm_step {
	SVM_END,
	SVM_CPU_WRITE,		/* new values */
	SVM_CPU_CHECK,
	SVM_GPU_WRITE,
	SVM_GPU_ADD,		/* reads, then writes */
	SVM_GPU_ATOMIC,		/* adds atomically */
	SVM_GPU_CHECK,		/* reads */
	SVM_TO_VRAM,		/* SVM_BIND */
	SVM_TO_SYSTEM,
	SVM_EVICT,		/* the CPU touches one page */
	SVM_MOVE,		/* mremap() */
	SVM_MOVE_KEEP,		/* the old place stays mapped */
	SVM_OLD_REUSE,		/* other memory is mapped at the old place */
	SVM_OLD_CHECK,		/* what the place that stayed must show */
	SVM_READ_ONLY,
	SVM_READ_WRITE,
	SVM_LOCK,
	SVM_UNLOCK,
	SVM_DONTNEED,
	SVM_LAZY_FREE,		/* MADV_FREE, and the CPU writes anew */
	SVM_COLD,
	SVM_POPULATE,
	SVM_COLLAPSE,		/* into huge pages */
	SVM_SPLIT,		/* no huge pages any more */
	SVM_CUT_TAIL,		/* munmap() of a part */
	SVM_CUT_MIDDLE,
	SVM_MOVE_TAIL,
	SVM_MOVE_MIDDLE,
	SVM_PROTECT_TAIL,	/* read-only */
	SVM_PROTECT_MIDDLE,
	SVM_MEND,		/* undoes any of these */
	SVM_FORK_READ,		/* a child checks, and ends */
	SVM_FORK_WRITE,		/* a child writes, and ends */
	SVM_FORK_HOLD,		/* a child lives ... */
	SVM_FORK_JOIN,		/* ... to here, and checks the old values */
	SVM_RACE_TOUCH,		/* GPU adds beside a CPU that writes */
	SVM_RACE_FREE,		/* beside a CPU that unmaps neighbours */
	SVM_RACE_NEW,		/* beside a CPU that maps new memory */
	SVM_RACE_ZAP,		/* beside one that throws away other pages */
	SVM_STEPS
};

#define SVM_SECTION_STEPS	14

struct svm_section {
	const char *name;
	const char *describe;
	enum svm_kind kind;
	bool keep;		/* freed after the last round only */
	unsigned int families;	/* a bit each */
	uint8_t step[SVM_SECTION_STEPS];
};

/* Ends with an entry without a name. */
extern const struct svm_section svm_sections[];

struct svm_worker {
	const struct svm_family *family;
	const struct svm_section *section;
	struct svm_gpu *gpu;
	uint32_t seed;
	char error[256];	/* empty: all is well */
};

struct svm_cell {
	char *name;
	char *describe;
	const struct svm_family *family;
	const struct svm_section *section;
};

/* Each family with each of its sections; ends with a cell without a name. */
const struct svm_cell *svm_matrix(void);
void svm_cell_run(const struct svm_cell *cell);

/* All rounds of the section. */
void svm_work(struct svm_worker *worker);
/* Bytes that one round has mapped. */
size_t svm_round_size(const struct svm_family *family, enum svm_kind kind);

#endif
