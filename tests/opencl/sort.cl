/* SPDX-License-Identifier: MIT */
/* Batcher's bitonic sort: runs of @run words, each other one downwards. */
__kernel void merge(__global uint *data, uint run, uint distance)
{
	uint i = get_global_id(0);
	uint at = 2 * i - (i & (distance - 1));
	uint x = data[at], y = data[at + distance];

	if ((x > y) == !(at & run)) {
		data[at] = y;
		data[at + distance] = x;
	}
}

/* The steps within 2 * get_local_size(0) words, from @run to @last, at once. */
__kernel void merge_local(__global uint *data, uint run, uint last,
			  __local uint *mine)
{
	uint me = get_local_id(0), size = 2 * get_local_size(0), i;
	uint from = get_group_id(0) * size;

	mine[me] = data[from + me];
	mine[me + size / 2] = data[from + me + size / 2];
	for (; run <= last; run *= 2) {
		uint distance = min(run, size) / 2;

		for (; distance; distance /= 2) {
			uint at = 2 * me - (me & (distance - 1)), x, y;
			bool up = !((from + at) & run);

			barrier(CLK_LOCAL_MEM_FENCE);
			x = mine[at];
			y = mine[at + distance];
			if ((x > y) == up) {
				mine[at] = y;
				mine[at + distance] = x;
			}
		}
	}
	barrier(CLK_LOCAL_MEM_FENCE);
	data[from + me] = mine[me];
	data[from + me + size / 2] = mine[me + size / 2];
}
