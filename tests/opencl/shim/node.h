/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The render node: nouveau's ioctls, version 1.4.0, as Mesa uses them.  A
 * process has one node, however often it opens it.
 */
#ifndef SHIM_NODE_H
#define SHIM_NODE_H

#include <stdbool.h>
#include <stdint.h>
#include <xf86drm.h>

#define NODE_PATH       "/dev/dri/renderD128"

/* A new descriptor, or -errno. */
int node_open(int flags);
/* @fd is the node, whichever descriptor of it. */
bool node_is(int fd);
/* -errno, or what the ioctl gives. */
int node_ioctl(unsigned long request, void *arg);
/* As drmGetDevice2() gives it; for drmFreeDevice(). */
int node_device(drmDevicePtr *device);

#endif
