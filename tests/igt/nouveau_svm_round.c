// SPDX-License-Identifier: MIT
/* One piece of memory, a model of what it holds, and the steps on both. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nouveau_svm_matrix.h"

#ifndef MADV_COLD
#define MADV_COLD		20
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP	4
#endif

#define CHILD_LIMIT	svm_patience(60)	/* seconds */
#define SIDE		(4 * PAGE)	/* memory of races beside ours */
#define LAUNCH_THREADS	256u

/*
 * The element, and the word behind it, which the GPU never writes: it shows
 * that the rest of the page came along.
 */
struct want {
	uint32_t word;
	uint32_t next;
	bool any_next;		/* of the heap, not written yet */
	bool gone;
};

/* A part of the memory that is not like the rest; offsets. */
struct part {
	size_t start;
	size_t end;
	char *moved;		/* to here */
};

struct helper {
	pthread_t thread;
	struct round *round;
	void (*pass)(struct round *round);
	unsigned long passes;
	bool stop;
};

struct round {
	struct svm_worker *worker;
	const struct svm_family *family;
	char *mem;
	size_t size;
	size_t align;
	int fd;			/* of a file, or -1 */
	void *heap;		/* to be freed */
	char *side;		/* memory of races: SIDE, ours, SIDE */
	char *old;		/* where ours was */
	bool old_stays;
	struct part part;
	uint32_t value;		/* no two writes have the same */
	uint32_t *out;
	struct want want[SVM_ELEMENTS];
	struct want held[SVM_ELEMENTS];
	pid_t child;
	int gate;
	struct round *kept;	/* the round before, still there */
};

static int fail(struct round *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int fail(struct round *r, const char *format, ...)
{
	va_list args;

	if (r->worker->error[0])
		return -1;
	va_start(args, format);
	vsnprintf(r->worker->error, sizeof(r->worker->error), format, args);
	va_end(args);
	return -1;
}

/* A call that answers with 0 or an errno. */
#define MUST(r, call)							\
	do {								\
		if ((call) != 0)					\
			return fail(r, "%s: %m", #call);		\
	} while (0)
#define TRY(call)							\
	do {								\
		if ((call) != 0)					\
			return -1;					\
	} while (0)

/* A free area; it is mapped without rights. */
static void *reserve(size_t size, size_t align)
{
	char *mem = mmap(NULL, size + align, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t head;

	if (mem == MAP_FAILED)
		return NULL;
	head = -(uintptr_t)mem % align;
	if (head)
		munmap(mem, head);
	if (align - head)
		munmap(mem + head + size, align - head);
	return mem + head;
}

size_t svm_round_size(const struct svm_family *family, enum svm_kind kind)
{
	bool huge = kind == SVM_HUGE || kind == SVM_HUGETLB ||
		    kind == SVM_HUGETLB_SHARED;

	return huge ? (family->size + HUGE - 1) & ~(size_t)(HUGE - 1) :
	       family->size;
}

static size_t offset_of(const struct round *r, unsigned int element)
{
	return (size_t)element * r->family->stride;
}

static bool in_part(const struct round *r, unsigned int element)
{
	size_t start = offset_of(r, element);

	return start + 8 > r->part.start && start < r->part.end;
}

static char *place(const struct round *r, unsigned int element)
{
	size_t offset = offset_of(r, element);

	if (r->part.moved && in_part(r, element))
		return r->part.moved + (offset - r->part.start);
	return r->mem + offset;
}

static volatile uint32_t *word(const struct round *r, unsigned int element)
{
	return (volatile uint32_t *)place(r, element);
}

/* What a page of a file holds before anybody writes. */
static uint32_t file_word(size_t offset)
{
	return 0x46000000 + offset;
}

/* -1, or the first element that the CPU sees wrong. */
static int compare(const struct round *r, const struct want *want)
{
	unsigned int i;

	for (i = 0; i < r->family->elements; i++) {
		if (!want[i].gone &&
		    (word(r, i)[0] != want[i].word ||
		     (!want[i].any_next && word(r, i)[1] != want[i].next)))
			return i;
	}
	return -1;
}

static int cpu_check(struct round *r)
{
	int i = compare(r, r->want);

	if (i < 0)
		return 0;
	return fail(r, "the CPU sees element %d as %#x %#x, not %#x %#x", i,
		    word(r, i)[0], word(r, i)[1], r->want[i].word,
		    r->want[i].next);
}

/* Each element gets a value of its own. */
static uint32_t values(struct round *r)
{
	r->value += 2 * SVM_ELEMENTS;
	return r->value;
}

static int cpu_write(struct round *r)
{
	uint32_t value = values(r);
	unsigned int i;

	for (i = 0; i < r->family->elements; i++) {
		struct want *want = &r->want[i];

		if (want->gone)
			continue;
		want->word = value + i;
		want->next = ~want->word;
		want->any_next = false;
		word(r, i)[0] = want->word;
		word(r, i)[1] = want->next;
	}
	return 0;
}

/* Elements from *@first on that lie in a row and are there; their number. */
static unsigned int segment(const struct round *r, unsigned int *first)
{
	unsigned int i = *first, n = r->family->elements;

	while (i < n && r->want[i].gone)
		i++;
	*first = i;
	while (i < n && !r->want[i].gone &&
	       place(r, i) == place(r, *first) +
			      (size_t)(i - *first) * r->family->stride)
		i++;
	return i - *first;
}

/* On each element that is there; element i of a store gets value + i. */
static int launch(struct round *r, enum svm_kernel kernel, uint32_t value)
{
	unsigned int first = 0, count;

	while ((count = segment(r, &first)) != 0) {
		unsigned int threads = count < LAUNCH_THREADS ? count :
				       LAUNCH_THREADS;
		struct svm_args args = {
			.base = svm_addr(place(r, first)),
			.out = svm_addr(r->out + first),
			.stride = r->family->stride,
			.step = threads * r->family->stride,
			.count = count / threads,
			.value = kernel == SVM_KERNEL_STORE32 ? value + first :
				 value,
		};
		int ret = svm_run(r->worker->gpu, kernel, 1, threads, &args);

		if (ret)
			return fail(r, "kernel %d on elements %u to %u: %d",
				    kernel, first, first + count - 1, ret);
		first += args.count * threads;
	}
	return 0;
}

static int gpu_write(struct round *r)
{
	uint32_t value = values(r);
	unsigned int i;

	for (i = 0; i < r->family->elements; i++)
		r->want[i].word = r->want[i].gone ? 0 : value + i;
	return launch(r, SVM_KERNEL_STORE32, value);
}

static int gpu_add_by(struct round *r, enum svm_kernel kernel)
{
	uint32_t value = values(r);
	unsigned int i;

	for (i = 0; i < r->family->elements; i++)
		r->want[i].word += value;
	return launch(r, kernel, value);
}

static int gpu_add(struct round *r)
{
	return gpu_add_by(r, SVM_KERNEL_ADD);
}

static int gpu_atomic(struct round *r)
{
	return gpu_add_by(r, SVM_KERNEL_RED_ADD);
}

/* Twice, as in svm_gpu_read(): the second time from the TLB. */
static int gpu_check(struct round *r)
{
	unsigned int pass, i;

	for (pass = 0; pass < 2; pass++) {
		memset(r->out, 0xff, SVM_ELEMENTS * 4);
		TRY(launch(r, SVM_KERNEL_LOAD32, 0));
		for (i = 0; i < r->family->elements; i++) {
			if (!r->want[i].gone && r->out[i] != r->want[i].word)
				return fail(r, "the GPU sees element %u as %#x, not %#x",
					    i, r->out[i], r->want[i].word);
		}
	}
	return 0;
}

static int bind(struct round *r, enum svm_side side)
{
	int ret = svm_bind(r->worker->gpu, side, r->mem, r->size, NULL);

	return ret ? fail(r, "SVM_BIND: %d", ret) : 0;
}

static int to_vram(struct round *r)
{
	return bind(r, SVM_IN_VRAM);
}

static int to_system(struct round *r)
{
	unsigned int i;

	TRY(bind(r, SVM_IN_SYSTEM));
	for (i = 0; i < r->family->elements; i++) {
		if (svm_place(place(r, i)) != SVM_PRESENT)
			return fail(r, "element %u is not in system memory",
				    i);
	}
	return 0;
}

static int evict(struct round *r)
{
	unsigned int i = r->family->elements / 2;

	if (*word(r, i) != r->want[i].word)
		return fail(r, "element %u came home as %#x, not %#x", i,
			    *word(r, i), r->want[i].word);
	return 0;
}

static int move_by(struct round *r, int flags)
{
	char *to = reserve(r->size, r->align);

	if (!to)
		return fail(r, "no room to move to");
	if (mremap(r->mem, r->size, r->size,
		   MREMAP_MAYMOVE | MREMAP_FIXED | flags, to) != to) {
		munmap(to, r->size);
		return fail(r, "mremap: %m");
	}
	/* The sides stay with the place. */
	if (r->side) {
		munmap(r->side, SIDE);
		munmap(r->side + SIDE + r->size, SIDE);
		r->side = NULL;
	}
	r->old = r->mem;
	r->old_stays = flags & MREMAP_DONTUNMAP;
	r->mem = to;
	return 0;
}

static int move(struct round *r)
{
	return move_by(r, 0);
}

static int move_keep(struct round *r)
{
	return move_by(r, MREMAP_DONTUNMAP);
}

static int old_reuse(struct round *r)
{
	char *old = mmap(r->old, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	unsigned int i, bad = 0;
	char *mem = r->mem;
	struct want *want = r->held;

	if (old == MAP_FAILED)
		return fail(r, "the old place: %m");
	/* The other memory has a life of its own. */
	memcpy(want, r->want, sizeof(r->want));
	memset(r->want, 0, sizeof(r->want));
	r->mem = old;
	if (gpu_check(r) || gpu_write(r) || cpu_check(r))
		bad = 1;
	r->mem = mem;
	for (i = 0; i < SVM_ELEMENTS; i++)
		r->want[i] = want[i];
	munmap(old, r->size);
	return bad ? -1 : 0;
}

/* Private memory left zeroes; what is shared is there twice. */
static int old_check(struct round *r)
{
	char *mem = r->mem;
	int ret;

	if (r->worker->section->kind == SVM_SHARED) {
		r->mem = r->old;
		ret = gpu_check(r);
	} else {
		memcpy(r->held, r->want, sizeof(r->want));
		memset(r->want, 0, sizeof(r->want));
		r->mem = r->old;
		ret = gpu_check(r) || cpu_check(r) ? -1 : 0;
		memcpy(r->want, r->held, sizeof(r->want));
	}
	r->mem = mem;
	return ret;
}

static int read_only(struct round *r)
{
	MUST(r, mprotect(r->mem, r->size, PROT_READ));
	return 0;
}

static int read_write(struct round *r)
{
	MUST(r, mprotect(r->mem, r->size, PROT_READ | PROT_WRITE));
	return 0;
}

static int lock(struct round *r)
{
	MUST(r, mlock(r->mem, r->size));
	return 0;
}

static int unlock(struct round *r)
{
	MUST(r, munlock(r->mem, r->size));
	return 0;
}

static int dontneed(struct round *r)
{
	enum svm_kind kind = r->worker->section->kind;
	unsigned int i;

	MUST(r, madvise(r->mem, r->size, MADV_DONTNEED));
	if (kind == SVM_SHARED || kind == SVM_FILE_SHARED)
		return 0;
	for (i = 0; i < r->family->elements; i++) {
		bool file = kind == SVM_FILE_PRIVATE;

		r->want[i].word = file ? file_word(offset_of(r, i)) : 0;
		r->want[i].next = file ? file_word(offset_of(r, i) + 4) : 0;
	}
	return 0;
}

/* Until it is written a page may become zero at any time. */
static int lazy_free(struct round *r)
{
	MUST(r, madvise(r->mem, r->size, MADV_FREE));
	return cpu_write(r);
}

static int cold(struct round *r)
{
	MUST(r, madvise(r->mem, r->size, MADV_COLD));
	return 0;
}

static int populate(struct round *r)
{
	MUST(r, madvise(r->mem, r->size, MADV_POPULATE_WRITE));
	return 0;
}

static int collapse(struct round *r)
{
	MUST(r, madvise(r->mem, r->size, MADV_HUGEPAGE));
	/* It may fail for want of a free huge page, and says so. */
	if (madvise(r->mem, r->size, MADV_COLLAPSE) && errno != EAGAIN &&
	    errno != ENOMEM && errno != EBUSY)
		return fail(r, "MADV_COLLAPSE: %m");
	return 0;
}

/* A page of each huge one is thrown away and filled as it was. */
static int split(struct round *r)
{
	unsigned int i;
	size_t offset;

	MUST(r, madvise(r->mem, r->size, MADV_NOHUGEPAGE));
	for (offset = 0; offset < r->size; offset += HUGE)
		MUST(r, madvise(r->mem + offset, PAGE, MADV_DONTNEED));
	for (i = 0; i < r->family->elements; i++) {
		size_t start = offset_of(r, i) % HUGE;

		if (start < PAGE) {
			word(r, i)[0] = r->want[i].word;
			word(r, i)[1] = r->want[i].next;
		}
	}
	return 0;
}

/* The second quarter, or the second half, in whole pages. */
static void choose_part(struct round *r, bool middle)
{
	size_t quarter = r->size / 4 & ~(size_t)(PAGE - 1);

	r->part.start = middle ? quarter : 2 * quarter;
	r->part.end = middle ? 2 * quarter : r->size;
	r->part.moved = NULL;
}

static size_t part_size(const struct round *r)
{
	return r->part.end - r->part.start;
}

static int cut(struct round *r, bool middle)
{
	unsigned int i;

	choose_part(r, middle);
	MUST(r, munmap(r->mem + r->part.start, part_size(r)));
	for (i = 0; i < r->family->elements; i++)
		r->want[i].gone = in_part(r, i);
	return 0;
}

static int cut_tail(struct round *r)
{
	return cut(r, false);
}

static int cut_middle(struct round *r)
{
	return cut(r, true);
}

/* An element that lies across the border is left out. */
static int move_part(struct round *r, bool middle)
{
	unsigned int i;
	char *to;

	choose_part(r, middle);
	to = reserve(part_size(r), PAGE);
	if (!to)
		return fail(r, "no room to move to");
	if (mremap(r->mem + r->part.start, part_size(r), part_size(r),
		   MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		return fail(r, "mremap: %m");
	r->part.moved = to;
	for (i = 0; i < r->family->elements; i++) {
		size_t start = offset_of(r, i), end = start + 8;

		r->want[i].gone = (start < r->part.start &&
				   end > r->part.start) ||
				  (start < r->part.end && end > r->part.end);
	}
	return 0;
}

static int move_tail(struct round *r)
{
	return move_part(r, false);
}

static int move_middle(struct round *r)
{
	return move_part(r, true);
}

static int protect_part(struct round *r, bool middle)
{
	choose_part(r, middle);
	MUST(r, mprotect(r->mem + r->part.start, part_size(r), PROT_READ));
	return 0;
}

static int protect_tail(struct round *r)
{
	return protect_part(r, false);
}

static int protect_middle(struct round *r)
{
	return protect_part(r, true);
}

/*
 * The part is again where it was; as new memory if it had gone.  When another
 * thread was given the place, the part stays away.
 */
static int mend(struct round *r)
{
	char *at = r->mem + r->part.start;
	unsigned int i;
	bool gone = r->part.moved;

	for (i = 0; i < r->family->elements; i++)
		gone |= r->want[i].gone;
	if (!gone) {
		MUST(r, mprotect(at, part_size(r), PROT_READ | PROT_WRITE));
		return 0;
	}
	if (mmap(at, part_size(r), PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at)
		return errno == EEXIST ? 0 : fail(r, "mmap: %m");
	if (r->part.moved &&
	    mremap(r->part.moved, part_size(r), part_size(r),
		   MREMAP_MAYMOVE | MREMAP_FIXED, at) != at)
		return fail(r, "mremap back: %m");
	r->part = (struct part) {};
	for (i = 0; i < r->family->elements; i++) {
		struct want *want = &r->want[i];

		if (!want->gone)
			continue;
		/* Half of it may be old. */
		*want = (struct want) {};
		word(r, i)[0] = word(r, i)[1] = 0;
	}
	return 0;
}

static int reap(struct round *r, pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		return fail(r, "waitpid: %m");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return fail(r, "a child ended with status %#x: it saw other data",
			    status);
	return 0;
}

/* Other threads' pipes are open in a child too: it counts on no end of file. */
static void limit_child(void)
{
	signal(SIGALRM, SIG_DFL);
	alarm(CHILD_LIMIT);
}

static int fork_read(struct round *r)
{
	pid_t child = fork();

	if (child < 0)
		return fail(r, "fork: %m");
	if (!child) {
		limit_child();
		_exit(compare(r, r->want) >= 0);
	}
	return reap(r, child);
}

/* Only what is shared is then changed for us. */
static int fork_write(struct round *r)
{
	enum svm_kind kind = r->worker->section->kind;
	pid_t child = fork();

	if (child < 0)
		return fail(r, "fork: %m");
	if (!child) {
		limit_child();
		cpu_write(r);
		_exit(compare(r, r->want) >= 0);
	}
	TRY(reap(r, child));
	if (kind == SVM_SHARED || kind == SVM_HUGETLB_SHARED) {
		uint32_t value = values(r);
		unsigned int i;

		for (i = 0; i < r->family->elements; i++) {
			r->want[i].word = value + i;
			r->want[i].next = ~r->want[i].word;
		}
	}
	return 0;
}

static int fork_hold(struct round *r)
{
	int gate[2];

	MUST(r, pipe2(gate, O_CLOEXEC));
	r->child = fork();
	if (r->child < 0)
		return fail(r, "fork: %m");
	if (!r->child) {
		char c;

		limit_child();
		if (read(gate[0], &c, 1) != 1)
			_exit(2);
		_exit(compare(r, r->want) >= 0);
	}
	close(gate[0]);
	r->gate = gate[1];
	return 0;
}

static int fork_join(struct round *r)
{
	pid_t child = r->child;

	if (write(r->gate, "", 1) != 1)
		return fail(r, "write to a pipe: %m");
	close(r->gate);
	r->child = 0;
	return reap(r, child);
}

static void *help(void *data)
{
	struct helper *h = data;

	while (!__atomic_load_n(&h->stop, __ATOMIC_ACQUIRE)) {
		h->pass(h->round);
		__atomic_add_fetch(&h->passes, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

#define RACES	3

/* The GPU adds while another thread is at it all the time. */
static int race(struct round *r, void (*pass)(struct round *r))
{
	struct helper h = { .round = r, .pass = pass };
	int i, ret = 0;

	MUST(r, pthread_create(&h.thread, NULL, help, &h));
	for (i = 0; i < RACES && !ret; i++) {
		unsigned long passes =
			__atomic_load_n(&h.passes, __ATOMIC_ACQUIRE);

		while (__atomic_load_n(&h.passes, __ATOMIC_ACQUIRE) == passes)
			sched_yield();
		ret = gpu_add(r);
	}
	__atomic_store_n(&h.stop, true, __ATOMIC_RELEASE);
	pthread_join(h.thread, NULL);
	return ret;
}

/* The words behind the elements. */
static void touch(struct round *r)
{
	unsigned int i;

	for (i = 0; i < r->family->elements; i++)
		word(r, i)[1] = 0x70000000 + i;
}

static int race_touch(struct round *r)
{
	unsigned int i;

	TRY(race(r, touch));
	for (i = 0; i < r->family->elements; i++) {
		r->want[i].next = 0x70000000 + i;
		r->want[i].any_next = false;
	}
	return 0;
}

static void use(char *mem, size_t size)
{
	size_t offset;

	for (offset = 0; offset < size; offset += PAGE)
		*(volatile char *)(mem + offset) = 1;
}

/* What was there is unmapped. */
static void renew(char *side)
{
	if (mmap(side, SIDE, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		 MAP_ANONYMOUS | MAP_FIXED, -1, 0) == side)
		use(side, SIDE);
}

/* Of the heap, or the pages on both sides of ours. */
static void come_and_go(struct round *r)
{
	char *after;

	if (!r->side) {
		char *block = malloc(200000);

		if (block)
			use(block, 200000);
		free(block);
		return;
	}
	/* Never free, or another thread might be given the place. */
	after = r->side + SIDE + r->size;
	renew(r->side);
	renew(after);
}

static int race_free(struct round *r)
{
	return race(r, come_and_go);
}

static void come(struct round *r)
{
	char *mem = mmap(NULL, SIDE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)r;
	if (mem == MAP_FAILED)
		return;
	use(mem, SIDE);
	munmap(mem, SIDE);
}

static int race_new(struct round *r)
{
	return race(r, come);
}

/* Of the sides; of huge pages the last page, where no element is. */
static void zap(struct round *r)
{
	char *mem = r->side ? r->side + SIDE + r->size :
		    r->mem + r->size - PAGE;

	use(mem, PAGE);
	madvise(mem, PAGE, MADV_DONTNEED);
	if (r->side) {
		use(r->side + SIDE - PAGE, PAGE);
		madvise(r->side + SIDE - PAGE, PAGE, MADV_DONTNEED);
	}
}

static int race_zap(struct round *r)
{
	return race(r, zap);
}

static const struct {
	const char *name;
	int (*run)(struct round *r);
} steps[SVM_STEPS] = {
	[SVM_CPU_WRITE] = { "CPU write", cpu_write },
	[SVM_CPU_CHECK] = { "CPU check", cpu_check },
	[SVM_GPU_WRITE] = { "GPU write", gpu_write },
	[SVM_GPU_ADD] = { "GPU add", gpu_add },
	[SVM_GPU_ATOMIC] = { "GPU atomic", gpu_atomic },
	[SVM_GPU_CHECK] = { "GPU check", gpu_check },
	[SVM_TO_VRAM] = { "to VRAM", to_vram },
	[SVM_TO_SYSTEM] = { "to system memory", to_system },
	[SVM_EVICT] = { "CPU touch", evict },
	[SVM_MOVE] = { "move", move },
	[SVM_MOVE_KEEP] = { "move, keep the place", move_keep },
	[SVM_OLD_REUSE] = { "reuse of the old place", old_reuse },
	[SVM_OLD_CHECK] = { "check of the old place", old_check },
	[SVM_READ_ONLY] = { "read-only", read_only },
	[SVM_READ_WRITE] = { "read and write", read_write },
	[SVM_LOCK] = { "mlock", lock },
	[SVM_UNLOCK] = { "munlock", unlock },
	[SVM_DONTNEED] = { "MADV_DONTNEED", dontneed },
	[SVM_LAZY_FREE] = { "MADV_FREE", lazy_free },
	[SVM_COLD] = { "MADV_COLD", cold },
	[SVM_POPULATE] = { "MADV_POPULATE_WRITE", populate },
	[SVM_COLLAPSE] = { "MADV_COLLAPSE", collapse },
	[SVM_SPLIT] = { "split", split },
	[SVM_CUT_TAIL] = { "munmap of the tail", cut_tail },
	[SVM_CUT_MIDDLE] = { "munmap of the middle", cut_middle },
	[SVM_MOVE_TAIL] = { "mremap of the tail", move_tail },
	[SVM_MOVE_MIDDLE] = { "mremap of the middle", move_middle },
	[SVM_PROTECT_TAIL] = { "mprotect of the tail", protect_tail },
	[SVM_PROTECT_MIDDLE] = { "mprotect of the middle", protect_middle },
	[SVM_MEND] = { "mend", mend },
	[SVM_FORK_READ] = { "a child reads", fork_read },
	[SVM_FORK_WRITE] = { "a child writes", fork_write },
	[SVM_FORK_HOLD] = { "a child begins", fork_hold },
	[SVM_FORK_JOIN] = { "a child ends", fork_join },
	[SVM_RACE_TOUCH] = { "race with CPU writes", race_touch },
	[SVM_RACE_FREE] = { "race with munmap", race_free },
	[SVM_RACE_NEW] = { "race with mmap", race_new },
	[SVM_RACE_ZAP] = { "race with MADV_DONTNEED", race_zap },
};

/* Behind each program. */
static const uint8_t end_steps[] = {
	SVM_GPU_ADD, SVM_CPU_CHECK, SVM_CPU_WRITE, SVM_GPU_CHECK, SVM_END,
};

static int make_file(struct round *r)
{
	char name[] = "/tmp/nouveau-svm-XXXXXX";
	uint32_t page[WORDS];
	size_t offset, i;

	r->fd = mkostemp(name, O_CLOEXEC);
	if (r->fd < 0)
		return fail(r, "%s: %m", name);
	unlink(name);
	for (offset = 0; offset < r->size; offset += PAGE) {
		for (i = 0; i < WORDS; i++)
			page[i] = file_word(offset + i * 4);
		if (pwrite(r->fd, page, PAGE, offset) != PAGE)
			return fail(r, "write to a file: %m");
	}
	for (i = 0; i < r->family->elements; i++) {
		r->want[i].word = file_word(offset_of(r, i));
		r->want[i].next = file_word(offset_of(r, i) + 4);
	}
	return 0;
}

/* A shared mapping has written it, a private one has not. */
static int check_file(struct round *r)
{
	bool shared = r->worker->section->kind == SVM_FILE_SHARED;
	unsigned int i;

	for (i = 0; i < r->family->elements; i++) {
		size_t offset = offset_of(r, i);
		uint32_t want = shared ? r->want[i].word : file_word(offset);
		uint32_t is;

		if (pread(r->fd, &is, 4, offset) != 4)
			return fail(r, "read of a file: %m");
		if (is != want)
			return fail(r, "the file has %#x for element %u, not %#x",
				    is, i, want);
	}
	return 0;
}

/* Ours is aligned; private memory has sides. */
static int map(struct round *r, int flags)
{
	size_t side = r->worker->section->kind == SVM_PRIVATE ? SIDE : 0;
	size_t lead = side && r->align > side ? r->align : side;
	char *area = reserve(lead + r->size + side, r->align);

	if (!area)
		return fail(r, "mmap: %m");
	if (lead != side)
		munmap(area, lead - side);
	area += lead - side;
	if (mmap(area, r->size + 2 * side, PROT_READ | PROT_WRITE,
		 flags | MAP_FIXED, r->fd, 0) != area) {
		munmap(area, r->size + 2 * side);
		return fail(r, "mmap: %m");
	}
	r->mem = area + side;
	r->side = side ? area : NULL;
	return 0;
}

/* Only the family that is about huge pages gets them by itself. */
static int advise(struct round *r)
{
	bool huge = r->worker->section->kind == SVM_HUGE ||
		    r->family->align >= HUGE;

	MUST(r, madvise(r->mem, r->size,
			huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE));
	return 0;
}

static int allocate(struct round *r)
{
	unsigned int i;

	switch (r->worker->section->kind) {
	case SVM_MALLOC:
		r->heap = r->align > PAGE ?
			  aligned_alloc(r->align, r->size) : malloc(r->size);
		r->mem = r->heap;
		if (!r->heap)
			return fail(r, "malloc: %m");
		for (i = 0; i < r->family->elements; i++)
			r->want[i].any_next = true;
		return r->align >= HUGE ? advise(r) : 0;
	case SVM_PRIVATE:
	case SVM_HUGE:
		TRY(map(r, MAP_PRIVATE | MAP_ANONYMOUS));
		return advise(r);
	case SVM_SHARED:
		return map(r, MAP_SHARED | MAP_ANONYMOUS);
	case SVM_FILE_SHARED:
		TRY(make_file(r));
		return map(r, MAP_SHARED);
	case SVM_FILE_PRIVATE:
		TRY(make_file(r));
		return map(r, MAP_PRIVATE);
	case SVM_HUGETLB:
		return map(r, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
	case SVM_HUGETLB_SHARED:
		return map(r, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB);
	}
	return fail(r, "no such kind of memory");
}

/* No page of the heap is left in VRAM for those who come later. */
static void home(struct round *r)
{
	size_t offset;

	for (offset = 0; offset < r->size; offset += PAGE)
		*(volatile char *)(r->mem + offset);
	*(volatile char *)(r->mem + r->size - 1);
}

/* What is not there any more may be another thread's by now. */
static void release(struct round *r)
{
	bool hole = r->part.moved;
	unsigned int i;

	if (r->child) {
		kill(r->child, SIGKILL);
		close(r->gate);
		waitpid(r->child, NULL, 0);
	}
	for (i = 0; i < r->family->elements; i++)
		hole |= r->want[i].gone;
	if (r->heap) {
		home(r);
		free(r->heap);
	} else if (r->mem) {
		munmap(r->mem, hole ? r->part.start : r->size);
		if (hole && r->part.end < r->size)
			munmap(r->mem + r->part.end, r->size - r->part.end);
	}
	if (r->part.moved)
		munmap(r->part.moved, part_size(r));
	if (r->side) {
		munmap(r->side, SIDE);
		munmap(r->side + SIDE + r->size, SIDE);
	}
	if (r->old_stays)
		munmap(r->old, r->size);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

static int run(struct round *r, const uint8_t *step)
{
	for (; *step != SVM_END; step++) {
		if (steps[*step].run(r)) {
			size_t len = strlen(r->worker->error);

			snprintf(r->worker->error + len,
				 sizeof(r->worker->error) - len, " (step '%s')",
				 steps[*step].name);
			return -1;
		}
	}
	return 0;
}

static struct round *new_round(struct svm_worker *worker, uint32_t *out,
			       unsigned int n)
{
	struct round *r = calloc(1, sizeof(*r));

	if (!r) {
		snprintf(worker->error, sizeof(worker->error), "no memory");
		return NULL;
	}
	r->worker = worker;
	r->family = worker->family;
	r->size = svm_round_size(worker->family, worker->section->kind);
	r->align = r->size % HUGE ? worker->family->align : HUGE;
	r->fd = -1;
	r->value = worker->seed + (n << 24);
	r->out = out;
	return r;
}

void svm_work(struct svm_worker *worker)
{
	struct round *kept = NULL;
	uint32_t *out = mmap(NULL, SVM_ELEMENTS * 4, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int n;

	if (out == MAP_FAILED) {
		snprintf(worker->error, sizeof(worker->error), "mmap: %m");
		return;
	}
	for (n = 0; n < worker->family->rounds && !worker->error[0]; n++) {
		struct round *r = new_round(worker, out, n);

		if (!r)
			break;
		if (!allocate(r) && !run(r, worker->section->step) &&
		    !run(r, end_steps) && r->fd >= 0)
			check_file(r);
		if (worker->section->keep) {
			r->kept = kept;
			kept = r;
		} else {
			release(r);
		}
	}
	while (kept) {
		struct round *r = kept;

		/* What came later has changed nothing here. */
		if (!worker->error[0])
			cpu_check(r);
		kept = r->kept;
		release(r);
	}
	munmap(out, SVM_ELEMENTS * 4);
}
