/* SPDX-License-Identifier: GPL-2.0 */
#ifndef __NOUVEAU_DMEM_H__
#define __NOUVEAU_DMEM_H__

#include <linux/sizes.h>

struct nouveau_drm;
struct page;
struct vm_area_struct;

#if IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM)
/* VRAM for pages is had in chunks, of pages that follow each other. */
#define NOUVEAU_DMEM_CHUNK_SIZE		SZ_2M
#define NOUVEAU_DMEM_CHUNK_PAGES	(NOUVEAU_DMEM_CHUNK_SIZE >> PAGE_SHIFT)

void nouveau_dmem_init(struct nouveau_drm *drm);
void nouveau_dmem_fini(struct nouveau_drm *drm);
void nouveau_dmem_suspend(struct nouveau_drm *drm);
void nouveau_dmem_resume(struct nouveau_drm *drm);

/**
 * enum nouveau_dmem_target - where pages are to go
 * @NOUVEAU_DMEM_VRAM: to the card
 * @NOUVEAU_DMEM_SYSTEM: back to system memory
 */
enum nouveau_dmem_target {
	NOUVEAU_DMEM_VRAM,
	NOUVEAU_DMEM_SYSTEM,
};

int nouveau_dmem_migrate_vma(struct nouveau_drm *drm,
			     struct vm_area_struct *vma,
			     unsigned long start, unsigned long end,
			     enum nouveau_dmem_target target,
			     unsigned long *migrated);
void *nouveau_dmem_owner(struct nouveau_drm *drm);
unsigned long nouveau_dmem_page_addr(struct page *page);
#else /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
static inline void nouveau_dmem_init(struct nouveau_drm *drm) {}
static inline void nouveau_dmem_fini(struct nouveau_drm *drm) {}
static inline void nouveau_dmem_suspend(struct nouveau_drm *drm) {}
static inline void nouveau_dmem_resume(struct nouveau_drm *drm) {}
#endif /* IS_ENABLED(CONFIG_DRM_NOUVEAU_SVM) */
#endif
