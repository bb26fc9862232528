// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app.h"

#define LEFT	-2.2f
#define WIDE	3.2f

static uint32_t reference(float cx, float cy, uint32_t most)
{
	float x = 0, y = 0;
	uint32_t n;

	for (n = 0; n < most && fmaf(x, x, y * y) <= 4.0f; n++) {
		float next = fmaf(x, x, fmaf(y, -y, cx));

		y = fmaf(2.0f * x, y, cy);
		x = next;
	}
	return n;
}

/* As a PPM file. */
static void paint(const char *path, const uint32_t *steps, unsigned long width,
		  unsigned long height, uint32_t most)
{
	FILE *f = fopen(path, "w");
	unsigned long i;

	if (!f)
		app_fail("%s: %m", path);
	fprintf(f, "P6\n%lu %lu\n255\n", width, height);
	for (i = 0; i < width * height; i++) {
		const float t = sqrtf((float)steps[i] / most);
		const unsigned char rgb[3] = {
			steps[i] < most ? 255 * t : 0,
			steps[i] < most ? 255 * t * t : 0,
			steps[i] < most ? 80 + 175 * sqrtf(t) : 0,
		};

		fwrite(rgb, sizeof(rgb), 1, f);
	}
	if (fclose(f))
		app_fail("%s: %m", path);
}

/* As letters, for a terminal. */
static void print(const uint32_t *steps, unsigned long width,
		  unsigned long height, uint32_t most)
{
	static const char letters[] = " .,:;i1tfLCG08@";
	const unsigned long columns = 72, rows = 27;
	unsigned long column, row;

	for (row = 0; row < rows; row++) {
		char line[80] = "";

		for (column = 0; column < columns; column++) {
			uint32_t n = steps[row * height / rows * width +
					   column * width / columns];

			line[column] = n < most ? letters[n % 14] : '@';
		}
		printf("  %s\n", line);
	}
}

int main(int argc, char **argv)
{
	unsigned long width = 320, height = 240, most = 100, show = 0, i, good = 0;
	const char *ppm = NULL;
	const struct app_option options[] = {
		APP_NUMBER("width", &width, 16, 8192, "columns"),
		APP_NUMBER("height", &height, 16, 8192, "rows"),
		APP_NUMBER("steps", &most, 1, 65535, "steps at a point"),
		APP_NUMBER("show", &show, 0, 1, "1: print it as text"),
		APP_TEXT("ppm", &ppm, "write it to this file"),
		{}
	};
	const cl_float left = LEFT;
	cl_float pixel, top;
	uint32_t *steps;
	cl_uint limit;

	app_start(argc, argv, "The GPU paints the Mandelbrot set", options);
	limit = most;
	pixel = WIDE / width;
	top = pixel * height / 2;
	steps = app_alloc(width * height * sizeof(*steps));
	memset(steps, 0xff, width * height * sizeof(*steps));
	app_launch(app_kernel("mandelbrot"), APP_RANGE2(width, height, 0, 0),
		   APP_POINTER(steps), APP_VALUE(limit), APP_VALUE(left),
		   APP_VALUE(top), APP_VALUE(pixel));
	for (i = 0; i < width * height; i++)
		good += steps[i] ==
			reference(fmaf(i % width, pixel, left),
				  fmaf(i / width, -pixel, top), most);
	if (show)
		print(steps, width, height, most);
	if (ppm)
		paint(ppm, steps, width, height, most);
	app_check(good == width * height, "points", "%lu of %lu are right",
		  good, width * height);
	app_free(steps);
	return app_end();
}
