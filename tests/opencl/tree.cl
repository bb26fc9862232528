/* SPDX-License-Identifier: MIT */
struct node {
	__global struct node *child[2];
	uint key;
	uint value;
};

struct query {
	uint key;
	uint depth;	/* of the node; or of the leaf where there is none */
	uint value;	/* 0: there is none */
};

/* The root comes in memory: kernels take no pointer to memory of pointers. */
struct tree {
	__global struct node *root;
};

__kernel void find(__global const struct tree *tree,
		   __global struct query *queries)
{
	__global struct query *query = &queries[get_global_id(0)];
	__global struct node *node = tree->root;
	uint key = query->key, depth = 0;

	while (node && node->key != key) {
		node = node->child[node->key < key];
		depth++;
	}
	query->depth = depth;
	query->value = node ? node->value : 0;
}
