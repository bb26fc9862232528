// SPDX-License-Identifier: MIT
#include <math.h>

#include "app.h"

#define DT	0.01f

struct vec {
	float x, y, z, w;
};

static float some_float(void)
{
	return (float)app_random() / 0x1p31f - 1;
}

/* The same in double precision. */
static void reference(const struct vec *from, struct vec *to, struct vec *v,
		      unsigned long n)
{
	unsigned long i, j;

	for (i = 0; i < n; i++) {
		double x = 0, y = 0, z = 0;

		for (j = 0; j < n; j++) {
			double dx = (double)from[j].x - from[i].x;
			double dy = (double)from[j].y - from[i].y;
			double dz = (double)from[j].z - from[i].z;
			double r2 = dx * dx + dy * dy + dz * dz + 0.01f;
			double pull = from[j].w / (r2 * sqrt(r2));

			x += dx * pull;
			y += dy * pull;
			z += dz * pull;
		}
		v[i].x += x * DT;
		v[i].y += y * DT;
		v[i].z += z * DT;
		to[i].x = from[i].x + v[i].x * DT;
		to[i].y = from[i].y + v[i].y * DT;
		to[i].z = from[i].z + v[i].z * DT;
		to[i].w = from[i].w;
	}
}

static void swap(struct vec **a, struct vec **b)
{
	struct vec *c = *a;

	*a = *b;
	*b = c;
}

static bool near(float a, float b)
{
	return fabsf(a - b) <= 0.0001f * (1 + fabsf(b));
}

static struct vec *alloc(unsigned long n)
{
	/* OpenCL wants a float4 where 16 divides its address; so does malloc(). */
	return app_alloc(n * sizeof(struct vec));
}

int main(int argc, char **argv)
{
	unsigned long n = 256, steps = 4, i, good = 0, moved = 0;
	const struct app_option options[] = {
		APP_NUMBER("bodies", &n, 2, 1 << 16, "bodies"),
		APP_NUMBER("steps", &steps, 1, 1000000, "steps in time"),
		{}
	};
	struct vec *from, *to, *v, *ref_from, *ref_to, *ref_v;
	const cl_float dt = DT;
	cl_uint count;
	cl_kernel step;

	app_start(argc, argv, "The GPU moves bodies that attract each other",
		  options);
	count = n;
	from = alloc(n);
	to = alloc(n);
	v = alloc(n);
	ref_from = alloc(n);
	ref_to = alloc(n);
	ref_v = alloc(n);
	for (i = 0; i < n; i++) {
		from[i] = (struct vec){ some_float(), some_float(),
					some_float(), 1.0f / n };
		ref_from[i] = from[i];
		v[i] = (struct vec){};
		ref_v[i] = v[i];
	}
	step = app_kernel("step");
	for (i = 0; i < steps; i++) {
		app_launch(step, APP_RANGE(n, 0), APP_POINTER(from),
			   APP_POINTER(to), APP_POINTER(v), APP_VALUE(count),
			   APP_VALUE(dt));
		swap(&from, &to);
		reference(ref_from, ref_to, ref_v, n);
		swap(&ref_from, &ref_to);
	}
	for (i = 0; i < n; i++) {
		good += near(from[i].x, ref_from[i].x) &&
			near(from[i].y, ref_from[i].y) &&
			near(from[i].z, ref_from[i].z) &&
			near(v[i].x, ref_v[i].x) && near(v[i].y, ref_v[i].y) &&
			near(v[i].z, ref_v[i].z);
		moved += v[i].x != 0 || v[i].y != 0 || v[i].z != 0;
	}
	app_check(good == n, "bodies", "%lu of %lu are where they should be",
		  good, n);
	app_check(moved == n, "moved", "%lu of %lu have moved", moved, n);
	app_free(from);
	app_free(to);
	app_free(v);
	app_free(ref_from);
	app_free(ref_to);
	app_free(ref_v);
	return app_end();
}
