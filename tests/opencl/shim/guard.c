/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

/* Set while this thread is in a guarded access. */
static __thread sigjmp_buf *landing;

static struct sigaction old_segv, old_bus;

static void pass_on(int sig, siginfo_t *info, void *context)
{
    const struct sigaction *old = sig == SIGSEGV ? &old_segv : &old_bus;

    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(sig, info, context);
    } else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
        /* The instruction faults again, without us. */
        signal(sig, SIG_DFL);
    } else {
        old->sa_handler(sig);
    }
}

static void caught(int sig, siginfo_t *info, void *context)
{
    sigjmp_buf *to = landing;

    if (!to) {
        pass_on(sig, info, context);
        return;
    }
    landing = NULL;
    siglongjmp(*to, 1);
}

void guard_begin(void)
{
    /* Not blocked while it runs: it leaves by a jump that restores no mask. */
    struct sigaction mine = {
        .sa_sigaction = caught,
        .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK,
    };

    sigemptyset(&mine.sa_mask);
    sigaction(SIGSEGV, &mine, &old_segv);
    sigaction(SIGBUS, &mine, &old_bus);
}

void guard_end(void)
{
    sigaction(SIGSEGV, &old_segv, NULL);
    sigaction(SIGBUS, &old_bus, NULL);
}

/* The access stays between the two. */
#define GUARDED(access)                             \
    do {                                            \
        sigjmp_buf here;                            \
        if (sigsetjmp(here, 0)) {                   \
            return false;                           \
        }                                           \
        landing = &here;                            \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);    \
        access;                                     \
        __atomic_signal_fence(__ATOMIC_SEQ_CST);    \
        landing = NULL;                             \
    } while (0)

bool guard_read(uint64_t addr, void *buf, uint64_t len)
{
    GUARDED(memcpy(buf, (const void *)(uintptr_t)addr, len));
    return true;
}

bool guard_write(uint64_t addr, const void *buf, uint64_t len)
{
    GUARDED(memcpy((void *)(uintptr_t)addr, buf, len));
    return true;
}

bool guard_cmpxchg(uint64_t addr, unsigned size, uint64_t expected,
                   uint64_t desired, uint64_t *old)
{
    if (size == 4) {
        uint32_t found = expected;

        GUARDED(__atomic_compare_exchange_n((uint32_t *)(uintptr_t)addr,
                                            &found, (uint32_t)desired, false,
                                            __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST));
        *old = found;
    } else {
        uint64_t found = expected;

        GUARDED(__atomic_compare_exchange_n((uint64_t *)(uintptr_t)addr,
                                            &found, desired, false,
                                            __ATOMIC_SEQ_CST,
                                            __ATOMIC_SEQ_CST));
        *old = found;
    }
    return true;
}

bool guard_touch(uint64_t addr, bool write)
{
    uint8_t *byte = (uint8_t *)(uintptr_t)addr;

    if (write) {
        GUARDED((void)__atomic_fetch_or(byte, 0, __ATOMIC_SEQ_CST));
    } else {
        GUARDED((void)*(volatile uint8_t *)byte);
    }
    return true;
}
