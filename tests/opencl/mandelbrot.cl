/* SPDX-License-Identifier: MIT */
/* Sums of products are written as fma(): the CPU's are the same to the bit. */
__kernel void mandelbrot(__global uint *steps, uint most, float left, float top,
			 float pixel)
{
	uint column = get_global_id(0), row = get_global_id(1), n;
	float cx = fma((float)column, pixel, left);
	float cy = fma((float)row, -pixel, top);
	float x = 0, y = 0;

	for (n = 0; n < most && fma(x, x, y * y) <= 4.0f; n++) {
		float next = fma(x, x, fma(y, -y, cx));

		y = fma(2.0f * x, y, cy);
		x = next;
	}
	steps[row * get_global_size(0) + column] = n;
}
