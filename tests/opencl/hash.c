// SPDX-License-Identifier: MIT
#include "app.h"

struct entry {
	struct entry *next;
	uint64_t key;
	uint32_t value;
	uint32_t hits;
};

struct bucket {
	struct entry *first;
};

struct query {
	uint64_t key;
	uint32_t value;
	uint32_t steps;
};

static unsigned long entries = 4096, queries = 4096, rounds = 1;
static uint32_t mask;

static uint32_t slot(uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ull) >> 40 & mask;
}

/* One of twice as many keys as there are entries. */
static uint64_t some_key(void)
{
	return (app_random() % (2 * entries)) * 0x100000001b3ull;
}

static void build(struct bucket *buckets, struct query *query)
{
	unsigned long i;

	for (i = 0; i <= mask; i++)
		buckets[i].first = NULL;
	for (i = 0; i < entries; i++) {
		struct entry *entry = app_alloc(sizeof(*entry));
		struct bucket *bucket;

		*entry = (struct entry){ .key = some_key(),
					 .value = app_random() | 1 };
		bucket = &buckets[slot(entry->key)];
		entry->next = bucket->first;
		bucket->first = entry;
	}
	for (i = 0; i < queries; i++)
		query[i] = (struct query){ .key = some_key() };
}

/* As the GPU has done; takes its hit off the entry. */
static bool right(const struct bucket *buckets, const struct query *query)
{
	struct entry *entry = buckets[slot(query->key)].first;
	uint32_t steps = 0;

	while (entry && entry->key != query->key) {
		entry = entry->next;
		steps++;
	}
	if (entry)
		entry->hits--;
	return query->steps == steps &&
	       query->value == (entry ? entry->value : 0);
}

/* Entries whose hits are not all accounted for. */
static unsigned long free_entries(struct bucket *buckets)
{
	unsigned long i, odd = 0;

	for (i = 0; i <= mask; i++) {
		struct entry *entry = buckets[i].first, *next;

		for (; entry; entry = next) {
			next = entry->next;
			odd += !!entry->hits;
			app_free(entry);
		}
	}
	return odd;
}

int main(int argc, char **argv)
{
	const struct app_option options[] = {
		APP_NUMBER("entries", &entries, 1, 1 << 22, "entries"),
		APP_NUMBER("queries", &queries, 1, 1 << 22, "keys that are looked up"),
		APP_NUMBER("rounds", &rounds, 1, 1000000, "times, each a new table"),
		{}
	};
	unsigned long round, i, good = 0, odd = 0;
	struct bucket *buckets;
	struct query *query;
	cl_kernel probe;

	app_start(argc, argv, "The GPU probes a hash table that the CPU built",
		  options);
	while (mask + 1 < entries / 2)
		mask = 2 * mask + 1;
	buckets = app_alloc((mask + 1) * sizeof(*buckets));
	query = app_alloc(queries * sizeof(*query));
	probe = app_kernel("probe");
	for (round = 0; round < rounds; round++) {
		build(buckets, query);
		app_launch(probe, APP_RANGE(queries, 0), APP_POINTER(buckets),
			   APP_VALUE(mask), APP_POINTER(query));
		for (i = 0; i < queries; i++)
			good += right(buckets, &query[i]);
		odd += free_entries(buckets);
	}
	app_check(good == queries * rounds, "answers", "%lu of %lu are right",
		  good, queries * rounds);
	app_check(!odd, "hits", "%lu entries have lost or won some", odd);
	app_free(buckets);
	app_free(query);
	return app_end();
}
