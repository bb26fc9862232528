/* SPDX-License-Identifier: MIT */
#define TILE	16

__kernel void multiply(__global const float *a, __global const float *b,
		       __global float *c, uint n)
{
	__local float tile_a[TILE][TILE], tile_b[TILE][TILE];
	uint x = get_local_id(0), y = get_local_id(1), at, i;
	uint column = get_global_id(0), row = get_global_id(1);
	float sum = 0;

	for (at = 0; at < n; at += TILE) {
		tile_a[y][x] = a[row * n + at + x];
		tile_b[y][x] = b[(at + y) * n + column];
		barrier(CLK_LOCAL_MEM_FENCE);
		for (i = 0; i < TILE; i++)
			sum = fma(tile_a[y][i], tile_b[i][x], sum);
		barrier(CLK_LOCAL_MEM_FENCE);
	}
	c[row * n + column] = sum;
}
