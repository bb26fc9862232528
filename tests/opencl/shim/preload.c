/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dynamic linker puts in the place of libc's: opening the node, and
 * ioctls on it.  Everything else is a file's, for the node is one.  Of libdrm
 * it is the one function that would look in sysfs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <xf86drm.h>

#include "node.h"

#define EXPORT          __attribute__((visibility("default")))

/* The next function of this name. */
#define NEXT(name)                                                      \
    ({                                                                  \
        static __typeof__(&name) next;                                  \
        if (!next) {                                                    \
            next = (__typeof__(&name))dlsym(RTLD_NEXT, #name);          \
        }                                                               \
        next;                                                           \
    })

static int result(int ret)
{
    if (ret < 0) {
        errno = -ret;
        return -1;
    }
    return ret;
}

#define MODE(flags, mode)                                               \
    do {                                                                \
        if ((flags) & (O_CREAT | __O_TMPFILE)) {                        \
            va_list args;                                               \
            va_start(args, flags);                                      \
            mode = va_arg(args, mode_t);                                \
            va_end(args);                                               \
        }                                                               \
    } while (0)

#define OPEN(name)                                                      \
EXPORT int name(const char *path, int flags, ...)                       \
{                                                                       \
    mode_t mode = 0;                                                    \
    MODE(flags, mode);                                                  \
    return !strcmp(path, NODE_PATH) ? result(node_open(flags))          \
                                    : NEXT(name)(path, flags, mode);    \
}

#define OPENAT(name)                                                    \
EXPORT int name(int dir, const char *path, int flags, ...)              \
{                                                                       \
    mode_t mode = 0;                                                    \
    MODE(flags, mode);                                                  \
    return !strcmp(path, NODE_PATH)                                     \
        ? result(node_open(flags))                                      \
        : NEXT(name)(dir, path, flags, mode);                           \
}

/* As _FORTIFY_SOURCE has it. */
#define OPEN_2(name)                                                    \
EXPORT int name(const char *path, int flags);                           \
EXPORT int name(const char *path, int flags)                            \
{                                                                       \
    return !strcmp(path, NODE_PATH) ? result(node_open(flags))          \
                                    : NEXT(name)(path, flags);          \
}

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
OPEN_2(__open_2)
OPEN_2(__open64_2)

EXPORT int ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    void *arg;

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);
    return node_is(fd) ? result(node_ioctl(request, arg))
                       : NEXT(ioctl)(fd, request, arg);
}

EXPORT int drmGetDevice2(int fd, uint32_t flags, drmDevicePtr *device)
{
    if (node_is(fd)) {
        return node_device(device);
    }
    return NEXT(drmGetDevice2) ? NEXT(drmGetDevice2)(fd, flags, device)
                               : -ENODEV;
}
