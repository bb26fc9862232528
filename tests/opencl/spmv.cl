/* SPDX-License-Identifier: MIT */
__kernel void multiply(__global const uint *rows, __global const uint *columns,
		       __global const float *values, __global const float *x,
		       __global float *y)
{
	uint row = get_global_id(0), i;
	float sum = 0;

	for (i = rows[row]; i < rows[row + 1]; i++)
		sum = fma(values[i], x[columns[i]], sum);
	y[row] = sum;
}
