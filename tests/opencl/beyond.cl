/* SPDX-License-Identifier: MIT */
/* A word in each page. */
__kernel void add(__global uint *data, uint value)
{
	data[get_global_id(0) * 1024] += value;
}
