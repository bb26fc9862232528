/* SPDX-License-Identifier: MIT */
#define BINS	256

__kernel void count(__global const uchar *text, uint size, __global uint *bins)
{
	__local uint mine[BINS];
	uint i;

	for (i = get_local_id(0); i < BINS; i += get_local_size(0))
		mine[i] = 0;
	barrier(CLK_LOCAL_MEM_FENCE);
	for (i = get_global_id(0); i < size; i += get_global_size(0))
		atomic_inc(&mine[text[i]]);
	barrier(CLK_LOCAL_MEM_FENCE);
	for (i = get_local_id(0); i < BINS; i += get_local_size(0))
		atomic_add(&bins[i], mine[i]);
}
