/* SPDX-License-Identifier: MIT */
/*
 * What the driver says about its SVM in debugfs: its counters, and the audit
 * that compares the GPU's page tables with the process's.  A kernel without
 * these files (Linux 6.12) is no error: then nothing is ever found wrong.
 */
#ifndef NOUVEAU_SVM_AUDIT_H
#define NOUVEAU_SVM_AUDIT_H

#include <stdbool.h>
#include <stddef.h>

/* @fd: a DRM node of the card.  -ENOENT: the kernel has no such files. */
int svm_debugfs_open(int fd);
void svm_debugfs_close(void);
bool svm_debugfs_present(void);

/* A counter by its name, as "buffers_live"; -1: there is none. */
long svm_counter(const char *name);

/*
 * Runs the audit over every address space of the card.  Returns how many
 * violations it found, with the first in @line; 0 without the file; or a
 * negative errno: the audit itself failed.
 */
long svm_audit(char *line, size_t size);

/*
 * Once every client is closed: has anything of them stayed behind?  What the
 * driver gives back by itself gets @ms to do so.  What was said once is not
 * said again.
 */
bool svm_leaks(unsigned int ms, char *line, size_t size);

/*
 * Writes a file below the card's directory in debugfs, as "svm_control" or
 * "svm_inject/copy/probability".  -ENOENT: the kernel has no such file.
 */
int svm_debugfs_write(const char *file, const char *text);

#endif
