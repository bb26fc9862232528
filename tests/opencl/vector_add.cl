/* SPDX-License-Identifier: MIT */
__kernel void add(__global const int *a, __global const int *b,
		  __global int *sum)
{
	size_t i = get_global_id(0);

	sum[i] = a[i] + b[i];
}
