/* SPDX-License-Identifier: MIT */
struct entry {
	__global struct entry *next;
	ulong key;
	uint value;
	uint hits;
};

struct bucket {
	__global struct entry *first;
};

struct query {
	ulong key;
	uint value;	/* 0: there is none */
	uint steps;
};

__kernel void probe(__global const struct bucket *buckets, uint mask,
		    __global struct query *queries)
{
	__global struct query *query = &queries[get_global_id(0)];
	ulong key = query->key;
	uint slot = (uint)((key * 0x9e3779b97f4a7c15ul) >> 40) & mask;
	__global struct entry *entry = buckets[slot].first;
	uint steps = 0;

	while (entry && entry->key != key) {
		entry = entry->next;
		steps++;
	}
	query->steps = steps;
	query->value = 0;
	if (entry) {
		query->value = entry->value;
		atomic_inc(&entry->hits);
	}
}
