/* SPDX-License-Identifier: MIT */
/* Sums up to and with each word of a group; and all of the group's. */
__kernel void scan(__global uint *data, __global uint *totals,
		   __local uint *sums)
{
	uint i = get_local_id(0), size = get_local_size(0), step;

	sums[i] = data[get_global_id(0)];
	for (step = 1; step < size; step *= 2) {
		uint before = 0;

		barrier(CLK_LOCAL_MEM_FENCE);
		if (i >= step)
			before = sums[i - step];
		barrier(CLK_LOCAL_MEM_FENCE);
		sums[i] += before;
	}
	data[get_global_id(0)] = sums[i];
	if (i == size - 1)
		totals[get_group_id(0)] = sums[i];
}

__kernel void add(__global uint *data, __global const uint *totals)
{
	if (get_group_id(0))
		data[get_global_id(0)] += totals[get_group_id(0) - 1];
}
