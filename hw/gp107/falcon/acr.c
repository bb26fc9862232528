/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACR.  The structures are those that nouveau shares with the firmware:
 * include/nvfw/flcn.h (flcn_bl_dmem_desc_v1) and include/nvfw/acr.h
 * (flcn_acr_desc_v1, wpr_header_v1, lsb_header_v1).
 */
#include <stdlib.h>

#include "acr.h"

/* flcn_bl_dmem_desc_v1, at the start of DMEM. */
#define BL_DATA_DMA_BASE    0x40
#define BL_DATA_SIZE        0x48

/* flcn_acr_desc_v1. */
#define DESC_REGION_ID      0x210
#define DESC_REGIONS        0x21c
#define DESC_REGION_START   0x220       /* all three >> 8 */
#define DESC_REGION_END     0x224
#define DESC_SHADOW_START   0x238
#define DESC_READ           0x240       /* how much of it is needed */

/* wpr_header_v1 */
#define WPR_FALCON_ID       0x00
#define WPR_LSB_OFFSET      0x04
#define WPR_STATUS          0x14
#define WPR_HEADER_SIZE     0x18
#define WPR_MAX_HEADERS     11
#define WPR_ID_NONE         0xffffffffu
#define WPR_STATUS_READY    6

/* lsb_header_v1: a signature, and the tail. */
#define LSB_TAIL            192
#define LSB_UCODE_OFF       (LSB_TAIL + 0x00)
#define LSB_UCODE_SIZE      (LSB_TAIL + 0x04)
#define LSB_DATA_SIZE       (LSB_TAIL + 0x08)
#define LSB_SIZE            (LSB_TAIL + 0x30)

#define WPR_ALIGN           0x20000u
#define WPR_MAX             0x04000000u
#define COPY_CHUNK          0x10000u

/* MAILBOX0 */
#define ACR_OK              0x00
#define ACR_UNLOADED        0x1d
#define ACR_BAD_DESCRIPTOR  0x02
#define ACR_BAD_REGION      0x03
#define ACR_BAD_IMAGE       0x04

static uint32_t get32(const uint8_t *buf, uint32_t at)
{
    return buf[at] | buf[at + 1] << 8 | buf[at + 2] << 16 |
           (uint32_t)buf[at + 3] << 24;
}

static uint32_t wpr_get(const GpAcr *acr, Gp107 *gpu, uint32_t at)
{
    return gp_mem_read32(gpu, GP_VRAM, acr->wpr + at);
}

static bool image_is_sound(const GpAcr *acr, Gp107 *gpu, uint32_t lsb)
{
    uint64_t off, size;

    if (lsb % 4 || lsb > acr->size - LSB_SIZE) {
        return false;
    }
    off = wpr_get(acr, gpu, lsb + LSB_UCODE_OFF);
    size = (uint64_t)wpr_get(acr, gpu, lsb + LSB_UCODE_SIZE) +
           wpr_get(acr, gpu, lsb + LSB_DATA_SIZE);
    return size && off <= acr->size && size <= acr->size - off;
}

/* Copies the images into the WPR and says so in their headers. */
static uint32_t install(GpAcr *acr, Gp107 *gpu, uint64_t shadow)
{
    uint8_t *buf = malloc(COPY_CHUNK);
    bool ok = buf;

    for (uint64_t at = 0; ok && at < acr->size; at += COPY_CHUNK) {
        ok = gp_mem_read(gpu, GP_VRAM, shadow + at, buf, COPY_CHUNK) &&
             gp_mem_write(gpu, GP_VRAM, acr->wpr + at, buf, COPY_CHUNK);
    }
    free(buf);
    if (!ok) {
        return ACR_BAD_REGION;
    }
    for (unsigned i = 0; i < WPR_MAX_HEADERS; i++) {
        uint32_t header = i * WPR_HEADER_SIZE;

        if (wpr_get(acr, gpu, header + WPR_FALCON_ID) == WPR_ID_NONE) {
            break;
        }
        if (!image_is_sound(acr, gpu,
                            wpr_get(acr, gpu, header + WPR_LSB_OFFSET))) {
            return ACR_BAD_IMAGE;
        }
        gp_mem_write32(gpu, GP_VRAM, acr->wpr + header + WPR_STATUS,
                       WPR_STATUS_READY);
    }
    return ACR_OK;
}

static uint32_t load(GpAcr *acr, GpFalcon *falcon)
{
    uint8_t desc[DESC_READ];
    uint64_t data, start, end, shadow;
    uint32_t result;

    data = gp_falcon_mem_get(&falcon->dmem, BL_DATA_DMA_BASE) |
           (uint64_t)gp_falcon_mem_get(&falcon->dmem,
                                       BL_DATA_DMA_BASE + 4) << 32;
    if (gp_falcon_mem_get(&falcon->dmem, BL_DATA_SIZE) < DESC_READ ||
        !gp_falcon_dma_read(falcon, data, desc, sizeof(desc))) {
        return ACR_BAD_DESCRIPTOR;
    }
    start = (uint64_t)get32(desc, DESC_REGION_START) << 8;
    end = (uint64_t)get32(desc, DESC_REGION_END) << 8;
    shadow = (uint64_t)get32(desc, DESC_SHADOW_START) << 8;
    if (!get32(desc, DESC_REGION_ID) || !get32(desc, DESC_REGIONS)) {
        return ACR_BAD_DESCRIPTOR;
    }
    if (start % WPR_ALIGN || end % WPR_ALIGN || end <= start ||
        end - start > WPR_MAX) {
        return ACR_BAD_REGION;
    }
    acr->wpr = start;
    acr->size = end - start;
    result = install(acr, falcon->gpu, shadow);
    if (result != ACR_OK) {
        acr->size = 0;
        return result;
    }
    gp_mem_set_wpr(falcon->gpu, start, end - WPR_ALIGN);
    return ACR_OK;
}

void gp_acr_load(GpAcr *acr, GpFalcon *falcon)
{
    uint32_t result = load(acr, falcon);

    if (result != ACR_OK) {
        gp_log(falcon->gpu, GP_LOG_GUEST, "%s: ACR load failed: %u",
               falcon->cfg->name, result);
    } else {
        gp_log(falcon->gpu, GP_LOG_TRACE, "%s: ACR loaded, WPR %llx+%llx",
               falcon->cfg->name, (unsigned long long)acr->wpr,
               (unsigned long long)acr->size);
    }
    falcon->mailbox[0] = result;
    gp_falcon_halt(falcon);
}

void gp_acr_unload(GpAcr *acr, GpFalcon *falcon)
{
    acr->size = 0;
    gp_mem_set_wpr(falcon->gpu, 0, 0);
    falcon->mailbox[0] = ACR_UNLOADED;
    gp_falcon_halt(falcon);
}

bool gp_acr_has(GpAcr *acr, Gp107 *gpu, uint32_t id)
{
    for (unsigned i = 0; acr->size && i < WPR_MAX_HEADERS; i++) {
        uint32_t header = i * WPR_HEADER_SIZE;
        uint32_t found = wpr_get(acr, gpu, header + WPR_FALCON_ID);

        if (found == WPR_ID_NONE) {
            break;
        }
        if (found == id) {
            return image_is_sound(acr, gpu, wpr_get(acr, gpu, header +
                                                    WPR_LSB_OFFSET));
        }
    }
    return false;
}
