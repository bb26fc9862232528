/* SPDX-License-Identifier: MIT */
__kernel void store(__global uint *data, uint value)
{
	data[get_global_id(0)] = value;
}

/* Until somebody else writes the value, which nobody does. */
__kernel void wait(__global volatile uint *data, uint value)
{
	while (data[0] != value)
		data[1]++;
}

/* The same, without a look at memory: what is odd stays so. */
__kernel void spin(__global uint *data, uint value)
{
	uint odd = data[0] | 1;

	while (odd)
		odd *= value;
	data[0] = odd;
}
