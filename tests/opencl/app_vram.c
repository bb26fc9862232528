// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <xf86drm.h>

#include <nouveau_drm.h>

#include "app.h"
#include "app_memory.h"
#include "app_vram.h"
#include "app_watch.h"

/* Neither absent nor in the CPU's memory. */
#define PAGEMAP_ELSEWHERE	(1ull << 62)

void *vram_alloc(size_t size)
{
	uintptr_t memory = (uintptr_t)clSVMAlloc(app_context,
			CL_MEM_READ_WRITE | CL_MEM_SVM_FINE_GRAIN_BUFFER,
			size + PAGE, 0);

	if (!memory)
		app_fail("clSVMAlloc: %zu bytes", size);
	memory = (memory + PAGE - 1) & -PAGE;
	app_share((void *)memory, size);
	return (void *)memory;
}

void vram_enqueue(const void *at, size_t size)
{
	app_must(clEnqueueSVMMigrateMem(app_queue, 1, &at, &size, 0, 0, NULL,
					NULL), "clEnqueueSVMMigrateMem");
	app_must(clFinish(app_queue), "clFinish");
}

int vram_migrate(const void *at, size_t size)
{
	struct drm_nouveau_svm_bind args = {
		.header = (uint64_t)NOUVEAU_SVM_BIND_TARGET__GPU_VRAM <<
			  NOUVEAU_SVM_BIND_TARGET_SHIFT,
		.va_start = (uintptr_t)at & -PAGE,
		.va_end = ((uintptr_t)at + size + PAGE - 1) & -PAGE,
	};

	return drmCommandWriteRead(watch_node(), DRM_NOUVEAU_SVM_BIND, &args,
				   sizeof(args));
}

long vram_pages(const void *at, size_t size)
{
	const uintptr_t end = (uintptr_t)at + size;
	uintptr_t page = (uintptr_t)at & -PAGE;
	uint64_t entry;
	long pages = 0;
	int fd;

	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	for (; page < end; page += PAGE) {
		if (pread(fd, &entry, 8, page / PAGE * 8) != 8) {
			pages = -1;
			break;
		}
		pages += !!(entry & PAGEMAP_ELSEWHERE);
	}
	close(fd);
	return pages;
}
