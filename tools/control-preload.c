/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into a test by check-controls.sh: the command CONTROL_BEFORE runs
 * just before the test unmaps CONTROL_BYTES bytes, CONTROL_AFTER just after.
 * They tell the card to ignore the TLB flush of that munmap() and no other.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not fork(): that has the kernel flush the GPU's TLB for the copied pages. */
static void run_command(char *command)
{
    char *argv[] = { "sh", "-c", command, NULL };
    char *envp[] = { NULL };
    pid_t pid;
    int status;

    if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, envp) ||
        waitpid(pid, &status, 0) != pid || status) {
        static const char text[] = "control-preload: the command failed\n";

        write(STDERR_FILENO, text, sizeof(text) - 1);
        _exit(99);
    }
}

int munmap(void *addr, size_t len)
{
    const char *bytes = getenv("CONTROL_BYTES");
    bool chosen = bytes && len == strtoul(bytes, NULL, 10);
    int ret;

    if (chosen) {
        run_command(getenv("CONTROL_BEFORE"));
    }
    ret = syscall(SYS_munmap, addr, len);
    if (chosen) {
        run_command(getenv("CONTROL_AFTER"));
    }
    return ret;
}
