/* SPDX-License-Identifier: MIT */
struct result {
	uint sum;
	uint least;
	uint most;
};

__kernel void reduce(__global const uint *data, uint size,
		     __global struct result *results, __local uint *sums,
		     __local uint *leasts, __local uint *mosts)
{
	uint me = get_local_id(0), i, other;
	uint sum = 0, least = ~0u, most = 0;

	for (i = get_global_id(0); i < size; i += get_global_size(0)) {
		sum += data[i];
		least = min(least, data[i]);
		most = max(most, data[i]);
	}
	sums[me] = sum;
	leasts[me] = least;
	mosts[me] = most;
	for (other = get_local_size(0) / 2; other; other /= 2) {
		barrier(CLK_LOCAL_MEM_FENCE);
		if (me < other) {
			sums[me] += sums[me + other];
			leasts[me] = min(leasts[me], leasts[me + other]);
			mosts[me] = max(mosts[me], mosts[me + other]);
		}
	}
	if (!me) {
		__global struct result *result = &results[get_group_id(0)];

		result->sum = sums[0];
		result->least = leasts[0];
		result->most = mosts[0];
	}
}
