// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <xf86drm.h>

#include <nouveau_drm.h>

#include "app_watch.h"

static atomic_int node = -1;
static atomic_uint channel;

typedef int call(int fd, unsigned long index, void *data, unsigned long size);

/* The libdrm that would have been called without us. */
static call *next_call(void)
{
	static call *_Atomic next;
	call *found = next;

	if (!found) {
		found = (call *)dlsym(RTLD_NEXT, "drmCommandWriteRead");
		if (!found) {
			fprintf(stderr, "no libdrm: %s\n", dlerror());
			abort();
		}
		next = found;
	}
	return found;
}

int drmCommandWriteRead(int fd, unsigned long index, void *data,
			unsigned long size)
{
	if (index == DRM_NOUVEAU_GEM_PUSHBUF) {
		channel = ((struct drm_nouveau_gem_pushbuf *)data)->channel;
		node = fd;
	}
	return next_call()(fd, index, data, size);
}

int watch_node(void)
{
	return node;
}

int watch_channel(void)
{
	struct drm_nouveau_gem_pushbuf nothing = { .channel = channel };

	if (node < 0)
		return 0;
	return next_call()(node, DRM_NOUVEAU_GEM_PUSHBUF, &nothing,
			sizeof(nothing));
}
