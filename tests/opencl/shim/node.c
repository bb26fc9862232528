/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node.h"

#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nouveau/nvif/cl0080.h>
#include <nouveau/nvif/ioctl.h>
#include <nouveau_drm.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card.h"
#include "push.h"

#define MAX_OBJECTS     65536
#define CLASS_DEVICE    0x80
#define CHIPSET         0x137
#define REVISION        0xa1
#define PCI_VENDOR      0x10de
#define PCI_DEVICE      0x1c82
#define PUSH_LENGTH     0x7fffffu           /* above it are flags */

typedef struct Object {
    bool used;
    CardMemory mem;
    uint64_t size;                          /* that was asked for */
    uint32_t tile_mode, tile_flags;
} Object;

static struct Node {
    pthread_mutex_t lock;
    pid_t owner;
    bool tried;
    Card *card;
    struct stat id;
    Object *object;                         /* by handle; 0 is none */
    uint32_t objects;
} node = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* With the lock held.  A child of fork() has no card. */
static bool have_card(void)
{
    if (!node.tried) {
        node.tried = true;
        node.owner = getpid();
        node.card = card_new();
        if (node.card && fstat(card_file(node.card), &node.id)) {
            node.card = NULL;
        }
    }
    return node.card && node.owner == getpid();
}

int node_open(int flags)
{
    int fd = -ENODEV;

    pthread_mutex_lock(&node.lock);
    if (have_card()) {
        fd = fcntl(card_file(node.card),
                   flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
        if (fd < 0) {
            fd = -errno;
        }
    }
    pthread_mutex_unlock(&node.lock);
    return fd;
}

bool node_is(int fd)
{
    struct stat st;

    return node.card && !fstat(fd, &st) && st.st_ino == node.id.st_ino &&
           st.st_dev == node.id.st_dev;
}

/* libdrm frees a PCI device by one call of free(). */
int node_device(drmDevicePtr *device)
{
    struct {
        drmDevice device;
        drmPciBusInfo bus;
        drmPciDeviceInfo info;
        char *nodes[DRM_NODE_MAX];
        char path[sizeof(NODE_PATH)];
    } *all = calloc(1, sizeof(*all));

    if (!all) {
        return -ENOMEM;
    }
    strcpy(all->path, NODE_PATH);
    all->nodes[DRM_NODE_RENDER] = all->path;
    all->bus.bus = 1;
    all->info = (drmPciDeviceInfo) {
        .vendor_id = PCI_VENDOR,
        .device_id = PCI_DEVICE,
        .subvendor_id = PCI_VENDOR,
        .subdevice_id = PCI_DEVICE,
        .revision_id = REVISION,
    };
    all->device = (drmDevice) {
        .nodes = all->nodes,
        .available_nodes = 1 << DRM_NODE_RENDER,
        .bustype = DRM_BUS_PCI,
        .businfo.pci = &all->bus,
        .deviceinfo.pci = &all->info,
    };
    *device = &all->device;
    return 0;
}

/* ------------------------------------------------------------ of any DRM */

static void text(char *to, __kernel_size_t *len, const char *from)
{
    size_t size = strlen(from);

    if (to) {
        memcpy(to, from, *len < size ? *len : size);
    }
    *len = size;
}

static int get_version(struct drm_version *arg)
{
    arg->version_major = 1;
    arg->version_minor = 4;
    arg->version_patchlevel = 0;
    text(arg->name, &arg->name_len, "nouveau");
    text(arg->date, &arg->date_len, "20120801");
    text(arg->desc, &arg->desc_len, "the GP107's model");
    return 0;
}

static Object *find(uint32_t handle)
{
    return handle && handle < node.objects && node.object[handle].used ?
           &node.object[handle] : NULL;
}

static int gem_close(struct drm_gem_close *arg)
{
    Object *object = find(arg->handle);

    if (!object) {
        return -EINVAL;
    }
    card_free(node.card, &object->mem);
    object->used = false;
    return 0;
}

/* ----------------------------------------------------------------- objects */

static void tell(uint32_t handle, struct drm_nouveau_gem_info *info)
{
    const Object *object = &node.object[handle];

    info->handle = handle;
    info->domain = object->mem.vram ? NOUVEAU_GEM_DOMAIN_VRAM :
                                      NOUVEAU_GEM_DOMAIN_GART;
    info->size = object->size;
    info->offset = object->mem.va;
    info->map_handle = object->mem.offset;
    info->tile_mode = object->tile_mode;
    info->tile_flags = object->tile_flags;
}

/* A handle that is free, in a table that has it; 0: none. */
static uint32_t new_handle(void)
{
    uint32_t handle = 1, room;
    Object *grown;

    while (handle < node.objects && node.object[handle].used) {
        handle++;
    }
    if (handle < node.objects) {
        return handle;
    }
    room = node.objects ? 2 * node.objects : 64;
    if (room > MAX_OBJECTS) {
        return 0;
    }
    grown = realloc(node.object, room * sizeof(*grown));
    if (!grown) {
        return 0;
    }
    memset(grown + node.objects, 0, (room - node.objects) * sizeof(*grown));
    node.object = grown;
    node.objects = room;
    return handle;
}

static int gem_new(struct drm_nouveau_gem_new *arg)
{
    struct drm_nouveau_gem_info *info = &arg->info;
    Object object = {
        .used = true,
        .mem = {
            .vram = info->domain & NOUVEAU_GEM_DOMAIN_VRAM,
            .size = info->size,
        },
        .size = (info->size + 0xfff) & ~0xfffull,
        .tile_mode = info->tile_mode,
        .tile_flags = info->tile_flags,
    };
    uint32_t handle = new_handle();
    int err;

    if (!handle) {
        return -ENOMEM;
    }
    if (!(info->domain & (NOUVEAU_GEM_DOMAIN_VRAM |
                          NOUVEAU_GEM_DOMAIN_GART))) {
        return -EINVAL;
    }
    err = card_alloc(node.card, &object.mem, arg->align);
    if (err) {
        return err;
    }
    node.object[handle] = object;
    tell(handle, info);
    return 0;
}

static int gem_info(struct drm_nouveau_gem_info *arg)
{
    if (!find(arg->handle)) {
        return -ENOENT;
    }
    tell(arg->handle, arg);
    return 0;
}

/* What was pushed is done: there is nothing to wait for. */
static int cpu_access(const uint32_t *handle)
{
    return find(*handle) ? 0 : -ENOENT;
}

/* ------------------------------------------------------------------ pushes */

/* @len bytes of the card's memory as the GPU sees it. */
static void *memory_at(uint64_t va, uint64_t len)
{
    for (uint32_t i = 1; i < node.objects; i++) {
        const CardMemory *mem = &node.object[i].mem;

        if (node.object[i].used && va >= mem->va && va - mem->va < mem->size &&
            len <= mem->size - (va - mem->va)) {
            return (uint8_t *)card_mem(node.card, mem) + (va - mem->va);
        }
    }
    return NULL;
}

static int push_one(const struct drm_nouveau_gem_pushbuf *arg,
                    const struct drm_nouveau_gem_pushbuf_push *push, bool run)
{
    const struct drm_nouveau_gem_pushbuf_bo *bos =
        (const void *)(uintptr_t)arg->buffers;
    uint64_t len = push->length & PUSH_LENGTH, va;
    Object *object;

    if (push->bo_index >= arg->nr_buffers) {
        return -EINVAL;
    }
    object = find(bos[push->bo_index].handle);
    if (!object) {
        return -ENOENT;
    }
    if (push->offset % 4 || len % 4 || push->offset > object->mem.size ||
        len > object->mem.size - push->offset) {
        return -EINVAL;
    }
    va = object->mem.va + push->offset;
    if (run && len) {
        card_push(node.card, arg->channel, va, len);
        if (getenv("GP107_SHIM_CODE")) {
            push_code(memory_at(va, len), len / 4, memory_at);
        }
    }
    if (card_channel_check(node.card, arg->channel) == -ENODEV) {
        push_fences(memory_at(va, len), len / 4, memory_at);
    }
    return 0;
}

static int gem_pushbuf(struct drm_nouveau_gem_pushbuf *arg)
{
    const struct drm_nouveau_gem_pushbuf_push *push =
        (const void *)(uintptr_t)arg->push;
    int alive = card_channel_check(node.card, arg->channel), err = 0;

    if (alive == -ENOENT) {
        return alive;
    }
    if (arg->nr_push > NOUVEAU_GEM_MAX_PUSH || arg->nr_relocs ||
        arg->nr_buffers > NOUVEAU_GEM_MAX_BUFFERS) {
        return -EINVAL;
    }
    card_begin(node.card);
    for (uint32_t i = 0; i < arg->nr_push && !err; i++) {
        err = push_one(arg, &push[i], !alive);
    }
    card_end(node.card);
    arg->vram_available = card_left(node.card, true);
    arg->gart_available = card_left(node.card, false);
    arg->suffix0 = 0;
    arg->suffix1 = 0;
    /* Also of the push that it died of: nothing else would tell Mesa. */
    return err ? err : card_channel_check(node.card, arg->channel);
}

/* ------------------------------------------------------------------- NVIF */

static void device_info(struct nv_device_info_v0 *info)
{
    memset(info, 0, sizeof(*info));
    info->platform = NV_DEVICE_INFO_V0_PCIE;
    info->chipset = CHIPSET;
    info->revision = REVISION;
    info->family = NV_DEVICE_INFO_V0_MAXWELL + 1;
    info->ram_size = CARD_VRAM;
    info->ram_user = CARD_VRAM - CARD_TABLES;
    snprintf(info->chip, sizeof(info->chip), "GP107");
    snprintf(info->name, sizeof(info->name), "NVIDIA GP107 (model)");
}

static int nvif_mthd(struct nvif_ioctl_mthd_v0 *arg, uint64_t len)
{
    struct nv_device_info_v0 info;

    if (len < sizeof(*arg) + sizeof(info) ||
        arg->method != NV_DEVICE_V0_INFO) {
        return -EINVAL;
    }
    device_info(&info);
    memcpy(arg->data, &info, sizeof(info));
    return 0;
}

/* Of objects it is enough that they can be had: the model knows its classes. */
static int nvif_new(const struct nvif_ioctl_new_v0 *arg, uint64_t len)
{
    static const int32_t classes[] = {
        CLASS_DEVICE, -7, 0x906e, 0x902d, 0xa140, 0xc197, 0xc1c0, 0xc1b5,
    };

    if (len < sizeof(*arg)) {
        return -EINVAL;
    }
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (arg->oclass == classes[i]) {
            return 0;
        }
    }
    shim_say("no class %#x", arg->oclass);
    return -EINVAL;
}

static int nvif(struct nvif_ioctl_v0 *arg, uint64_t len)
{
    if (len < sizeof(*arg)) {
        return -EINVAL;
    }
    len -= sizeof(*arg);
    switch (arg->type) {
    case NVIF_IOCTL_V0_NEW:
        return nvif_new((void *)arg->data, len);
    case NVIF_IOCTL_V0_MTHD:
        return nvif_mthd((void *)arg->data, len);
    case NVIF_IOCTL_V0_NOP:
    case NVIF_IOCTL_V0_DEL:
        return 0;
    default:
        shim_say("no NVIF ioctl %u", arg->type);
        return -EINVAL;
    }
}

/* --------------------------------------------------------------- the rest */

static int getparam(struct drm_nouveau_getparam *arg)
{
    switch (arg->param) {
    case NOUVEAU_GETPARAM_PCI_VENDOR:
        arg->value = PCI_VENDOR;
        return 0;
    case NOUVEAU_GETPARAM_PCI_DEVICE:
        arg->value = PCI_DEVICE;
        return 0;
    case NOUVEAU_GETPARAM_BUS_TYPE:
        arg->value = 2;                     /* PCI Express */
        return 0;
    case NOUVEAU_GETPARAM_FB_SIZE:
        arg->value = CARD_VRAM - CARD_TABLES;
        return 0;
    case NOUVEAU_GETPARAM_AGP_SIZE:
        arg->value = CARD_GART;
        return 0;
    case NOUVEAU_GETPARAM_CHIPSET_ID:
        arg->value = CHIPSET;
        return 0;
    case NOUVEAU_GETPARAM_GRAPH_UNITS:
        arg->value = 1 | card_tpcs(node.card) << 8 | 1ull << 32;
        return 0;
    case NOUVEAU_GETPARAM_PTIMER_TIME:
        arg->value = card_time(node.card);
        return 0;
    case NOUVEAU_GETPARAM_HAS_BO_USAGE:
        arg->value = 1;
        return 0;
    default:
        return -EINVAL;
    }
}

static int channel_alloc(struct drm_nouveau_channel_alloc *arg)
{
    int id = card_channel_new(node.card);

    if (id < 0) {
        return id;
    }
    arg->channel = id;
    arg->pushbuf_domains = NOUVEAU_GEM_DOMAIN_VRAM | NOUVEAU_GEM_DOMAIN_GART;
    arg->notifier_handle = 0;
    arg->nr_subchan = 0;
    return 0;
}

static int channel_free(const struct drm_nouveau_channel_free *arg)
{
    if (card_channel_check(node.card, arg->channel) == -ENOENT) {
        return -ENOENT;
    }
    card_channel_free(node.card, arg->channel);
    return 0;
}

/* Memory stays where it is: no page of it was migrated. */
static int svm_bind(struct drm_nouveau_svm_bind *arg)
{
    uint64_t command = arg->header & NOUVEAU_SVM_BIND_COMMAND_MASK;
    uint64_t target = arg->header >> NOUVEAU_SVM_BIND_TARGET_SHIFT &
                      NOUVEAU_SVM_BIND_TARGET_MASK;

    if (command != NOUVEAU_SVM_BIND_COMMAND__MIGRATE ||
        target != NOUVEAU_SVM_BIND_TARGET__GPU_VRAM || arg->stride ||
        arg->reserved0 || arg->reserved1 || arg->va_end <= arg->va_start) {
        return -EINVAL;
    }
    arg->result = 0;
    return 0;
}

static int svm_init(const struct drm_nouveau_svm_init *arg)
{
    return card_set_svm(node.card, arg->unmanaged_addr, arg->unmanaged_size);
}

static int answer(unsigned nr, void *arg, size_t size)
{
#define ANSWER(number, type, function)                                  \
    case number:                                                        \
        return size < sizeof(type) ? -EINVAL : function((type *)arg)

    switch (nr) {
    ANSWER(_IOC_NR(DRM_IOCTL_VERSION), struct drm_version, get_version);
    ANSWER(_IOC_NR(DRM_IOCTL_GEM_CLOSE), struct drm_gem_close, gem_close);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_GETPARAM,
           struct drm_nouveau_getparam, getparam);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_CHANNEL_ALLOC,
           struct drm_nouveau_channel_alloc, channel_alloc);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_CHANNEL_FREE,
           struct drm_nouveau_channel_free, channel_free);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_SVM_INIT,
           struct drm_nouveau_svm_init, svm_init);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_SVM_BIND,
           struct drm_nouveau_svm_bind, svm_bind);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_GEM_NEW,
           struct drm_nouveau_gem_new, gem_new);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_GEM_PUSHBUF,
           struct drm_nouveau_gem_pushbuf, gem_pushbuf);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_GEM_CPU_PREP, uint32_t, cpu_access);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_GEM_CPU_FINI, uint32_t, cpu_access);
    ANSWER(DRM_COMMAND_BASE + DRM_NOUVEAU_GEM_INFO,
           struct drm_nouveau_gem_info, gem_info);
    case DRM_COMMAND_BASE + DRM_NOUVEAU_NVIF:
        return nvif(arg, size);
    default:
        shim_say("no ioctl %#x", nr);
        return -EINVAL;
    }
#undef ANSWER
}

int node_ioctl(unsigned long request, void *arg)
{
    int ret = -ENODEV;

    if (_IOC_TYPE(request) != DRM_IOCTL_BASE) {
        return -ENOTTY;
    }
    pthread_mutex_lock(&node.lock);
    if (have_card()) {
        ret = answer(_IOC_NR(request), arg, _IOC_SIZE(request));
    }
    pthread_mutex_unlock(&node.lock);
    return ret;
}
