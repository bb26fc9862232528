// SPDX-License-Identifier: MIT
#include "app.h"

struct node {
	struct node *child[2];
	uint32_t key;
	uint32_t value;
};

struct query {
	uint32_t key;
	uint32_t depth;
	uint32_t value;
};

struct tree {
	struct node *root;
};

static void insert(struct tree *tree, uint32_t key)
{
	struct node **at = &tree->root, *node;

	while (*at && (*at)->key != key)
		at = &(*at)->child[(*at)->key < key];
	if (*at)
		return;
	node = app_alloc(sizeof(*node));
	*node = (struct node){ .key = key, .value = app_random() | 1 };
	*at = node;
}

static bool right(const struct tree *tree, const struct query *query)
{
	const struct node *node = tree->root;
	uint32_t depth = 0;

	while (node && node->key != query->key) {
		node = node->child[node->key < query->key];
		depth++;
	}
	return query->depth == depth &&
	       query->value == (node ? node->value : 0);
}

static void free_nodes(struct node *node)
{
	if (!node)
		return;
	free_nodes(node->child[0]);
	free_nodes(node->child[1]);
	app_free(node);
}

int main(int argc, char **argv)
{
	unsigned long nodes = 8192, queries = 4096, i, good = 0, found = 0;
	const struct app_option options[] = {
		APP_NUMBER("nodes", &nodes, 1, 1 << 22, "nodes"),
		APP_NUMBER("queries", &queries, 1, 1 << 22, "keys that are looked up"),
		{}
	};
	struct query *query;
	struct tree *tree;

	app_start(argc, argv,
		  "The GPU looks keys up in a binary tree of malloc()ed nodes",
		  options);
	tree = app_alloc(sizeof(*tree));
	tree->root = NULL;
	query = app_alloc(queries * sizeof(*query));
	/* Half of the keys are not there. */
	for (i = 0; i < nodes; i++)
		insert(tree, app_random() % (2 * nodes));
	for (i = 0; i < queries; i++)
		query[i] = (struct query){ .key = app_random() % (2 * nodes) };
	app_launch(app_kernel("find"), APP_RANGE(queries, 0),
		   APP_POINTER(tree), APP_POINTER(query));
	for (i = 0; i < queries; i++) {
		good += right(tree, &query[i]);
		found += !!query[i].value;
	}
	app_check(good == queries, "answers", "%lu of %lu are right", good,
		  queries);
	app_check(queries < 64 || (found && found < queries), "both",
		  "%lu of %lu keys were found", found, queries);
	free_nodes(tree->root);
	app_free(tree);
	app_free(query);
	return app_end();
}
