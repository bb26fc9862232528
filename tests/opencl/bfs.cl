/* SPDX-License-Identifier: MIT */
struct vertex {
	__global const uint *edges;
	uint degree;
	uint level;	/* ~0: not reached yet */
};

__kernel void step(__global struct vertex *vertices, uint level,
		   __global uint *reached)
{
	__global struct vertex *vertex = &vertices[get_global_id(0)];
	uint i, n = 0;

	if (vertex->level != level)
		return;
	for (i = 0; i < vertex->degree; i++) {
		__global uint *there = &vertices[vertex->edges[i]].level;

		if (atomic_cmpxchg(there, ~0u, level + 1) == ~0u)
			n++;
	}
	if (n)
		atomic_add(reached, n);
}
