// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "nouveau_svm_audit.h"

/* The card's directory in debugfs; -1: none, or without SVM. */
static int root = -1;

int svm_debugfs_open(int fd)
{
	char path[64];
	struct stat st;
	int dir;

	svm_debugfs_close();
	if (fstat(fd, &st))
		return -errno;
	snprintf(path, sizeof(path), "/sys/kernel/debug/dri/%u",
		 minor(st.st_rdev));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -ENOENT;
	if (faccessat(dir, "svm_counters", R_OK, 0)) {
		close(dir);
		return -ENOENT;
	}
	root = dir;
	return 0;
}

void svm_debugfs_close(void)
{
	if (root >= 0)
		close(root);
	root = -1;
}

bool svm_debugfs_present(void)
{
	return root >= 0;
}

/* A whole file as a string, for free(); NULL with errno. */
static char *slurp(const char *file)
{
	size_t used = 0, room = 4096;
	char *text = malloc(room);
	int fd = openat(root, file, O_RDONLY | O_CLOEXEC);
	ssize_t len = -1;

	while (text && fd >= 0) {
		char *more;

		len = read(fd, text + used, room - used - 1);
		if (len <= 0)
			break;
		used += len;
		if (used < room - 1)
			continue;
		room *= 2;
		more = realloc(text, room);
		if (!more) {
			len = -1;
			break;
		}
		text = more;
	}
	if (fd >= 0) {
		int saved = errno;

		close(fd);
		errno = saved;
	}
	if (!text || len < 0) {
		free(text);
		return NULL;
	}
	text[used] = '\0';
	return text;
}

/* The value in the line "@name value". */
static long value_of(const char *text, const char *name)
{
	const size_t len = strlen(name);

	while (text) {
		if (!strncmp(text, name, len) && text[len] == ' ')
			return strtol(text + len + 1, NULL, 10);
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return -1;
}

long svm_counter(const char *name)
{
	char *text = svm_debugfs_present() ? slurp("svm_counters") : NULL;
	long value = value_of(text, name);

	free(text);
	return value;
}

long svm_audit(char *line, size_t size)
{
	static const char word[] = "violation ";
	const char *found, *total;
	char *text;
	long n;

	if (!svm_debugfs_present())
		return 0;
	text = slurp("svm_audit");
	if (!text)
		return -errno;

	total = strstr(text, " violations ");
	n = total ? strtol(total + sizeof(" violations ") - 1, NULL, 10) : -EIO;
	found = strstr(text, word);
	if (found)
		snprintf(line, size, "%.*s", (int)strcspn(found, "\n"), found);
	else
		snprintf(line, size, "no line names one");
	free(text);
	return n;
}

#define LIVE	5

/* Values of what lives; false: there are none to be had. */
static bool living(long value[LIVE], const char * const name[LIVE])
{
	char *text = slurp("svm_counters");
	unsigned int i;

	if (!text)
		return false;
	for (i = 0; i < LIVE; i++)
		value[i] = value_of(text, name[i]);
	free(text);
	return true;
}

bool svm_leaks(unsigned int ms, char *line, size_t size)
{
	static const char * const name[LIVE] = {
		"address_spaces_live", "waiters_live", "buffers_live",
		"pages_live", "vram_pages_live",
	};
	static long known[LIVE];
	const struct timespec nap = { .tv_nsec = 1000000 };
	unsigned int i, rounds;

	if (!svm_debugfs_present())
		return false;
	for (rounds = 0; ; rounds++) {
		long value[LIVE];

		if (!living(value, name)) {
			snprintf(line, size, "svm_counters: %m");
			return true;
		}
		for (i = 0; i < LIVE; i++) {
			if (value[i] < 0 || value[i] > known[i])
				break;
		}
		if (i == LIVE || rounds == ms) {
			memcpy(known, value, sizeof(known));
			if (i == LIVE)
				return false;
			snprintf(line, size, "%s %ld", name[i], value[i]);
			return true;
		}
		nanosleep(&nap, NULL);
	}
}

int svm_debugfs_write(const char *file, const char *text)
{
	const ssize_t len = strlen(text);
	ssize_t written;
	int fd, ret;

	if (!svm_debugfs_present())
		return -ENOENT;
	fd = openat(root, file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	written = write(fd, text, len);
	ret = written == len ? 0 : written < 0 ? -errno : -EIO;
	close(fd);
	return ret;
}
