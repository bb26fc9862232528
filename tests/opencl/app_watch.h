/* SPDX-License-Identifier: MIT */
/*
 * Mesa waits for a GPU kernel by looking at a word in memory, which the channel
 * of a fatal access never writes, and it asks the kernel nothing.  So what it
 * submits is watched on its way through libdrm: that tells the node and the
 * channel, of which the kernel says whether it is still there.
 */
#ifndef OPENCL_APP_WATCH_H
#define OPENCL_APP_WATCH_H

/* The node that Mesa works on; -1: none yet. */
int watch_node(void);
/* 0, or why Mesa's channel takes no more work: -ENODEV, it was killed. */
int watch_channel(void);

#endif
