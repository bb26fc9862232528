// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "nouveau_svm_swap.h"

#define ZRAM		"/sys/block/zram0/"
#define ZRAM_NODE	"/dev/zram0"
#define SWAP_PAGE	4096
#define SWAP_PAGES	16384

static bool sized, swapping;

static int file_write(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, data, len) != (ssize_t)len)
		ret = -EIO;
	/* What a block device could not keep is said here. */
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/* mkswap: include/linux/swap.h, union swap_header. */
int svm_swap_on(void)
{
	const uint32_t info[3] = { 1, SWAP_PAGES - 1, 0 };
	static char page[SWAP_PAGE];
	char size[32];
	int ret;

	snprintf(size, sizeof(size), "%u", SWAP_PAGES * SWAP_PAGE);
	ret = file_write(ZRAM "disksize", size, strlen(size));
	if (ret)
		return ret;
	sized = true;
	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + SWAP_PAGE - 10, "SWAPSPACE2", 10);
	ret = file_write(ZRAM_NODE, page, sizeof(page));
	if (!ret && swapon(ZRAM_NODE, 0))
		ret = -errno;
	swapping = !ret;
	if (ret)
		svm_swap_off();
	return ret;
}

void svm_swap_off(void)
{
	if (swapping)
		swapoff(ZRAM_NODE);
	if (sized)
		file_write(ZRAM "reset", "1", 1);
	sized = false;
	swapping = false;
}
