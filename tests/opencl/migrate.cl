/* SPDX-License-Identifier: MIT */
__kernel void add(__global uint *data, uint value)
{
	data[get_global_id(0)] += value;
}
