/* SPDX-License-Identifier: MIT */
/* One work item for each place where the word may begin. */
__kernel void search(__global const uchar *text, __global const uchar *word,
		     uint length, __global uint *found, __global uint *count,
		     uint room)
{
	uint at = get_global_id(0), i = 0, n;

	while (i < length && text[at + i] == word[i])
		i++;
	if (i < length)
		return;
	n = atomic_inc(count);
	if (n < room)
		found[n] = at;
}
