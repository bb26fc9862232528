// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything at once, against a model that knows which SPTEs may exist.
 *
 * A space is an mm with a page table of the model: each entry points to a page
 * on the heap, which is freed when it is unmapped, before the range_end, as the
 * core mm does. A device mirrors an interval of it: its SPTEs are copies of
 * those pointers, installed by the documented read side only. Then:
 *
 *  - from an invalidation's start to its end no device has an SPTE in it;
 *  - an SPTE that is installed is what the page table says at that moment;
 *  - after the exit there is no SPTE;
 *  - using an SPTE touches no freed page (the sanitizers see to that).
 *
 * STRESS_SEED and STRESS_ROUNDS in the environment change the run.
 */
#include <sched.h>

#include "harness.h"

#define PAGES 32
#define SLOTS 6
#define SPACES 3
#define PAGE_MAGIC 0x9e3779b97f4a7c15ul

struct page {
	unsigned long magic;
};

/* A mirror of [first, first + count), as long as its notifier is inserted. */
struct device {
	struct mmu_range_notifier mrn;
	struct mutex lock;	/* the user lock: the SPTEs */
	unsigned int first, count;
	struct page *spte[PAGES];
};

struct slot {
	/* For write by who inserts and removes, for read by who mirrors. */
	struct rw_semaphore life;
	/* So that an invalidation can look at a device that is being removed. */
	struct mutex look;
	struct device *device;
};

struct space {
	struct mm_struct *mm;
	atomic_t refs;
	spinlock_t ptl;		/* the page table, and its end */
	bool dead;
	struct page *pte[PAGES];
	struct slot slots[SLOTS];
	struct mmu_notifier counter, refuser;
};

enum op {
	OP_INVAL,
	OP_READ,
	OP_USE,
	OP_CHANGE,
	OP_PLAIN,
	OP_EXIT,
	OPS,
};

struct mix {
	unsigned int percent[OPS];
	unsigned int threads, rounds;
};

static struct space *world[SPACES];
static pthread_rwlock_t world_lock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_t installs, collisions, refusals, removals, exits;

static __thread unsigned long random_state;
/* Starts less ends that the counting notifier saw in this thread. */
static __thread int unended;

static unsigned int random_below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 11) % limit;
}

static struct page *page_alloc(void)
{
	struct page *page = malloc(sizeof(*page));

	page->magic = PAGE_MAGIC;
	return page;
}

static void page_free(struct page *page)
{
	if (!page)
		return;
	page->magic = 0;
	free(page);
}

/* ------------------------------------------------------------------ the device */

static bool device_invalidate(struct mmu_range_notifier *mrn,
			      const struct mmu_notifier_range *range,
			      unsigned long cur_seq)
{
	struct device *device = container_of(mrn, struct device, mrn);
	unsigned long page;

	CHECK(cur_seq & 1);
	if (mmu_notifier_range_blockable(range))
		mutex_lock(&device->lock);
	else if (!random_below(4) || !mutex_trylock(&device->lock))
		return false;

	mmu_range_set_seq(mrn, cur_seq);
	for (page = device->first; page < device->first + device->count; page++)
		if (page * KB4 < range->end && (page + 1) * KB4 > range->start)
			device->spte[page] = NULL;
	mutex_unlock(&device->lock);
	return true;
}

static const struct mmu_range_notifier_ops device_ops = {
	.invalidate = device_invalidate,
};

static struct device *device_create(struct mm_struct *mm)
{
	struct device *device = calloc(1, sizeof(*device));

	device->mrn.ops = &device_ops;
	device->first = random_below(PAGES);
	device->count = 1 + random_below(PAGES - device->first);
	mutex_init(&device->lock);
	CHECK(!mmu_range_notifier_insert(&device->mrn, device->first * KB4,
					 device->count * KB4, mm));
	mmu_range_notifier_set_lock(&device->mrn, &device->lock);
	return device;
}

/* The slot's life is held for write, or nobody else is there. */
static void slot_remove(struct slot *slot)
{
	struct device *device = slot->device;

	mutex_lock(&device->lock);
	memset(device->spte, 0, sizeof(device->spte));
	mutex_unlock(&device->lock);
	mmu_range_notifier_remove(&device->mrn);
	mutex_lock(&slot->look);
	slot->device = NULL;
	mutex_unlock(&slot->look);
	free(device);
	atomic_inc(&removals);
}

/* No SPTE of any device in [first, end): what an invalidation relies on. */
static void check_no_spte(struct space *space, unsigned int first,
			  unsigned int end)
{
	unsigned int i, page;

	for (i = 0; i < SLOTS; i++) {
		struct slot *slot = &space->slots[i];

		mutex_lock(&slot->look);
		if (slot->device) {
			mutex_lock(&slot->device->lock);
			for (page = first; page < end; page++)
				CHECK(!slot->device->spte[page]);
			mutex_unlock(&slot->device->lock);
		}
		mutex_unlock(&slot->look);
	}
}

/* ------------------------------------------------------------ plain notifiers */

static int counter_start(struct mmu_notifier *notifier,
			 const struct mmu_notifier_range *range)
{
	unended++;
	return 0;
}

static void counter_end(struct mmu_notifier *notifier,
			const struct mmu_notifier_range *range)
{
	CHECK(unended-- > 0);
}

static int refuser_start(struct mmu_notifier *notifier,
			 const struct mmu_notifier_range *range)
{
#ifndef SUBJECT_BASE	/* T18: it would hang. */
	if (!mmu_notifier_range_blockable(range) && !random_below(4))
		return -EAGAIN;
#endif
	return 0;
}

static void tlb_flush(struct mmu_notifier *notifier, struct mm_struct *mm,
		      unsigned long start, unsigned long end)
{
	CHECK(notifier->mm == mm);
}

static const struct mmu_notifier_ops counter_ops = {
	.invalidate_range_start = counter_start,
	.invalidate_range_end = counter_end,
};

static const struct mmu_notifier_ops refuser_ops = {
	.invalidate_range_start = refuser_start,
};

static const struct mmu_notifier_ops tlb_ops = {
	.arch_invalidate_secondary_tlbs = tlb_flush,
};

/* ------------------------------------------------------------------ the space */

/* exit_mmap(): the pages go, and nobody may have one mapped. */
static void space_exit(struct mm_struct *mm)
{
	struct space *space = mm->private;
	struct page *pages[PAGES];
	unsigned int i;

	check_no_spte(space, 0, PAGES);
	spin_lock(&space->ptl);
	space->dead = true;
	memcpy(pages, space->pte, sizeof(pages));
	memset(space->pte, 0, sizeof(space->pte));
	spin_unlock(&space->ptl);
	for (i = 0; i < PAGES; i++)
		page_free(pages[i]);
	atomic_inc(&exits);
}

static struct space *space_create(void)
{
	struct space *space = calloc(1, sizeof(*space));
	unsigned int i;

	space->mm = shim_mm_alloc();
	mmgrab(space->mm);
	space->mm->private = space;
	space->mm->exit = space_exit;
	atomic_set(&space->refs, 1);
	spin_lock_init(&space->ptl);
	for (i = 0; i < SLOTS; i++) {
		init_rwsem(&space->slots[i].life);
		mutex_init(&space->slots[i].look);
	}
	if (random_below(2)) {
		space->counter.ops = &counter_ops;
		space->refuser.ops = &refuser_ops;
		CHECK(!mmu_notifier_register(&space->counter, space->mm));
		CHECK(!mmu_notifier_register(&space->refuser, space->mm));
	}
	return space;
}

static struct space *space_get(void)
{
	struct space *space;

	pthread_rwlock_rdlock(&world_lock);
	space = world[random_below(SPACES)];
	atomic_inc(&space->refs);
	pthread_rwlock_unlock(&world_lock);
	return space;
}

/* The last one finds the process gone; what is inserted still is removed. */
static void space_put(struct space *space)
{
	unsigned int i;

	if (!atomic_dec_and_test(&space->refs))
		return;
	CHECK(space->dead);
	check_no_spte(space, 0, PAGES);
	for (i = 0; i < SLOTS; i++)
		if (space->slots[i].device)
			slot_remove(&space->slots[i]);
	if (space->counter.ops) {
		mmu_notifier_unregister(&space->counter, space->mm);
		mmu_notifier_unregister(&space->refuser, space->mm);
	}
	mmdrop(space->mm);
	free(space);
}

/* -------------------------------------------------------------- the operations */

/* Unmap or replace what is mapped in [first, end), between start and end. */
static void change_ptes(struct space *space, unsigned int first,
			unsigned int end)
{
	struct page *old[PAGES] = { NULL };
	unsigned int page;

	check_no_spte(space, first, end);
	spin_lock(&space->ptl);
	for (page = first; page < end; page++) {
		old[page] = space->pte[page];
		space->pte[page] = old[page] && !space->dead && random_below(2) ?
			page_alloc() : NULL;
	}
	spin_unlock(&space->ptl);
	for (page = first; page < end; page++)
		page_free(old[page]);
	check_no_spte(space, first, end);
}

static void do_inval(struct space *space, unsigned int depth)
{
	unsigned int first = random_below(PAGES);
	unsigned int end = first + random_below(PAGES - first + 1);
	struct mmu_notifier_range range;

	if (random_below(2)) {
		inval_start(&range, space->mm, first * KB4, end * KB4);
	} else if (inval_try_start(&range, space->mm, first * KB4, end * KB4)) {
		atomic_inc(&refusals);
		return;
	}
	change_ptes(space, first, end);
	/* The core mm nests them. */
	if (depth && !random_below(4))
		do_inval(space, depth - 1);
	if (!random_below(4))
		sched_yield();
	check_no_spte(space, first, end);
	inval_end(&range);
}

static void op_inval(struct space *space)
{
	struct rw_semaphore *lock = random_below(2) ? &space->mm->mmap_lock :
						      &space->mm->rmap_lock;

	down_read(lock);
	do_inval(space, 1);
	/* The exit takes the notifiers away, maybe between start and end. */
	CHECK(!unended || atomic_read(&space->mm->mm_users) <= 0);
	unended = 0;
	up_read(lock);
}

/* A page fault of the device: fills a hole, or breaks COW and so collides. */
static struct page *fault(struct space *space, unsigned int page)
{
	struct page *found;

	if (!random_below(32)) {
		struct mmu_notifier_range range;

		inval_start(&range, space->mm, page * KB4, (page + 1) * KB4);
		change_ptes(space, page, page + 1);
		inval_end(&range);
	}
	spin_lock(&space->ptl);
	if (!space->pte[page])
		space->pte[page] = page_alloc();
	found = space->pte[page];
	spin_unlock(&space->ptl);
	return found;
}

/* The usage pattern of the document. True if it must begin anew. */
static bool mirror_once(struct space *space, struct device *device,
			unsigned int first, unsigned int end)
{
	struct page *pages[PAGES];
	unsigned long seq;
	unsigned int page;

	seq = mmu_range_read_begin(&device->mrn);
	mmap_read_lock(space->mm);
	for (page = first; page < end; page++)
		pages[page] = fault(space, page);
	mmap_read_unlock(space->mm);
	if (random_below(2) && mmu_range_check_retry(&device->mrn, seq)) {
		mutex_lock(&device->lock);
		CHECK(mmu_range_read_retry(&device->mrn, seq));
		mutex_unlock(&device->lock);
		return true;
	}

	mutex_lock(&device->lock);
	if (mmu_range_read_retry(&device->mrn, seq)) {
		mutex_unlock(&device->lock);
		return true;
	}
	spin_lock(&space->ptl);
	for (page = first; page < end; page++)
		CHECK(space->pte[page] == pages[page]);
	spin_unlock(&space->ptl);
	for (page = first; page < end; page++)
		device->spte[page] = pages[page];
	mutex_unlock(&device->lock);
	atomic_inc(&installs);
	return false;
}

static void op_read(struct space *space, struct slot *slot)
{
	unsigned int tries = 4;

	if (!mmget_not_zero(space->mm))
		return;
	down_read(&slot->life);
	if (slot->device) {
		struct device *device = slot->device;
		unsigned int first = device->first + random_below(device->count);
		unsigned int end = first + 1 +
			random_below(device->first + device->count - first);

		while (tries-- && mirror_once(space, device, first, end))
			atomic_inc(&collisions);
	}
	up_read(&slot->life);
	mmput(space->mm);
}

static void op_use(struct slot *slot)
{
	unsigned int page;

	down_read(&slot->life);
	if (slot->device) {
		mutex_lock(&slot->device->lock);
		for (page = 0; page < PAGES; page++)
			if (slot->device->spte[page])
				CHECK(slot->device->spte[page]->magic ==
				      PAGE_MAGIC);
		mutex_unlock(&slot->device->lock);
	}
	up_read(&slot->life);
}

static void op_change(struct space *space, struct slot *slot)
{
	down_write(&slot->life);
	if (slot->device) {
		slot_remove(slot);
	} else if (mmget_not_zero(space->mm)) {
		struct device *device = device_create(space->mm);

		mutex_lock(&slot->look);
		slot->device = device;
		mutex_unlock(&slot->look);
		up_write(&slot->life);
		/* It may be the last user, and the exit looks at the slots. */
		mmput(space->mm);
		return;
	}
	up_write(&slot->life);
}

static void op_plain(struct space *space)
{
	struct mmu_notifier *notifier;

	if (!mmget_not_zero(space->mm))
		return;
	notifier = calloc(1, sizeof(*notifier));
	notifier->ops = &tlb_ops;
	CHECK(!mmu_notifier_register(notifier, space->mm));
	mmu_notifier_arch_invalidate_secondary_tlbs(space->mm, 0, KB4);
	mmu_notifier_unregister(notifier, space->mm);
	free(notifier);
	mmput(space->mm);
}

static void op_exit(void)
{
	struct space *new = space_create(), *old;
	unsigned int i = random_below(SPACES);

	pthread_rwlock_wrlock(&world_lock);
	old = world[i];
	world[i] = new;
	pthread_rwlock_unlock(&world_lock);
	mmput(old->mm);
	space_put(old);
}

/* ------------------------------------------------------------------ the threads */

struct worker {
	struct shim_task task;
	const struct mix *mix;
	unsigned long seed;
	unsigned int rounds;
};

static enum op pick(const struct mix *mix)
{
	unsigned int what = random_below(100);
	enum op op = 0;

	while (what >= mix->percent[op])
		what -= mix->percent[op++];
	return op;
}

static void work(void *arg)
{
	struct worker *worker = arg;
	const struct mix *mix = worker->mix;
	unsigned int round;

	random_state = worker->seed;
	for (round = 0; round < worker->rounds; round++) {
		struct space *space = space_get();
		struct slot *slot = &space->slots[random_below(SLOTS)];

		switch (pick(mix)) {
		case OP_INVAL:
			op_inval(space);
			break;
		case OP_READ:
			op_read(space, slot);
			break;
		case OP_USE:
			op_use(slot);
			break;
		case OP_CHANGE:
			op_change(space, slot);
			break;
		case OP_PLAIN:
			op_plain(space);
			break;
		case OP_EXIT:
			op_exit();
			break;
		case OPS:
			abort();
		}
		space_put(space);
	}
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void stress(const struct mix *mix)
{
	unsigned long seed = from_environment("STRESS_SEED", 1);
	struct worker workers[mix->threads];
	unsigned int i;

	random_state = (seed + 1) * PAGE_MAGIC;
	for (i = 0; i < SPACES; i++)
		world[i] = space_create();
	for (i = 0; i < mix->threads; i++) {
		workers[i].mix = mix;
		workers[i].seed = (seed + 1) * PAGE_MAGIC + i + 1;
		workers[i].rounds = from_environment("STRESS_ROUNDS",
						     ROUNDS(mix->rounds));
		shim_task_start(&workers[i].task, work, &workers[i]);
	}
	for (i = 0; i < mix->threads; i++)
		shim_task_join(&workers[i].task);
	for (i = 0; i < SPACES; i++) {
		mmput(world[i]->mm);
		space_put(world[i]);
	}
	fprintf(stderr, "seed %lu: %d installs, %d collisions, %d exits, ",
		seed, atomic_read(&installs), atomic_read(&collisions),
		atomic_read(&exits));
	fprintf(stderr, "%d refusals, %d removals\n", atomic_read(&refusals),
		atomic_read(&removals));
	/* It did what it is for. */
	CHECK(atomic_read(&installs) && atomic_read(&collisions));
	CHECK(atomic_read(&refusals) && atomic_read(&removals));
	CHECK(atomic_read(&exits) >= SPACES);
}

TEST(stress_everything)
{
	static const struct mix mix = {
		.percent = {
			[OP_INVAL] = 30, [OP_READ] = 35, [OP_USE] = 10,
			[OP_CHANGE] = 20, [OP_PLAIN] = 2, [OP_EXIT] = 3,
		},
		.threads = 8, .rounds = 30000,
	};

	stress(&mix);
}

/* Long-lived mms: collisions and retries. */
TEST(stress_readers_and_invalidations)
{
	static const struct mix mix = {
		.percent = {
			[OP_INVAL] = 40, [OP_READ] = 50, [OP_USE] = 5,
			[OP_CHANGE] = 5,
		},
		.threads = 8, .rounds = 30000,
	};

	stress(&mix);
}

/* Ranges come and go: deferred changes and promotions. */
TEST(stress_insert_and_remove)
{
	static const struct mix mix = {
		.percent = {
			[OP_INVAL] = 40, [OP_READ] = 15, [OP_USE] = 5,
			[OP_CHANGE] = 40,
		},
		.threads = 8, .rounds = 30000,
	};

	stress(&mix);
}
