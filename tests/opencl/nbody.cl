/* SPDX-License-Identifier: MIT */
/* x, y, z and the mass. */
__kernel void step(__global const float4 *from, __global float4 *to,
		   __global float4 *velocity, uint n, float dt)
{
	uint i = get_global_id(0), j;
	float4 me = from[i], v = velocity[i];
	float3 pull = (float3)(0);

	for (j = 0; j < n; j++) {
		float4 other = from[j];
		float3 away = other.xyz - me.xyz;
		float r2 = dot(away, away) + 0.01f;
		float inverse = rsqrt(r2);

		pull += away * (other.w * inverse * inverse * inverse);
	}
	v.xyz += pull * dt;
	velocity[i] = v;
	me.xyz += v.xyz * dt;
	to[i] = me;
}
