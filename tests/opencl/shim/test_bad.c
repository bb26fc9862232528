/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that do what they must not: each loses its channel with a message,
 * and hangs in no call.  And what a device says of itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cl_env.h"

#define PAGE            4096

static const char text[] =
    "__kernel void get(__global const int *from, __global int *to)\n"
    "{\n"
    "    to[get_global_id(0)] = *from;\n"
    "}\n"
    "__kernel void count(__global int *n)\n"
    "{\n"
    "    atomic_inc(n);\n"
    "}\n"
    "__kernel void increment(__global int *n)\n"
    "{\n"
    "    ++*n;\n"
    "}\n"
    "__kernel void wait(__global volatile int *flag)\n"
    "{\n"
    "    while (!*flag) {\n"
    "    }\n"
    "}\n";

/* The kernel dies; later ones do nothing, and the process goes on. */
static void get(const int *from, int *to)
{
    static int good = 42, into;
    cl_program program = cl_build(text);

    cl_call(program, "get", 1, 0, from, to, NULL);
    cl_call(program, "get", 1, 0, &good, &into, NULL);
    g_assert_cmpint(into, ==, 0);
    g_print("went on\n");
}

static int *page(int rights)
{
    int *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(mem != MAP_FAILED);
    *mem = 7;
    g_assert_cmpint(mprotect(mem, PAGE, rights), ==, 0);
    return mem;
}

static void bad_read(void)
{
    int to;

    get((const int *)0x123450, &to);
}

static void bad_write(void)
{
    int from = 5;

    get(&from, (int *)0x123450);
}

static void bad_high(void)
{
    int to;

    get((const int *)0xdead000000000000, &to);
}

static void bad_no_rights(void)
{
    int to;

    get(page(PROT_NONE), &to);
}

static void bad_read_only(void)
{
    int from = 5, *mem = page(PROT_READ);

    get(&from, mem);
    g_assert_cmpint(*mem, ==, 7);
}

/* Reading it first gives no right to write it. */
static void bad_read_write(void)
{
    int *mem = page(PROT_READ);

    cl_call(cl_build(text), "increment", 1, 0, mem, NULL);
    g_assert_cmpint(*mem, ==, 7);
    g_print("went on\n");
}

static void bad_atomic(void)
{
    int *mem = page(PROT_READ);

    cl_call(cl_build(text), "count", 1, 0, mem, NULL);
    g_assert_cmpint(*mem, ==, 7);
    g_print("went on\n");
}

/* What an earlier kernel could use is gone. */
static void bad_stale(void)
{
    cl_program program = cl_build(text);
    int to = 0, *mem = page(PROT_READ);

    cl_call(program, "get", 1, 0, mem, &to, NULL);
    g_assert_cmpint(to, ==, 7);
    munmap(mem, PAGE);
    get(mem, &to);
    g_assert_cmpint(to, ==, 7);
}

static void bad_misaligned(void)
{
    int from[2] = { 0 }, to;

    get((const int *)((const char *)from + 1), &to);
}

/* The buffer objects' own part of the address space. */
static void bad_object(void)
{
    int to;

    get((const int *)0x7ff00000, &to);
}

static void bad_endless(void)
{
    int flag = 0;

    g_setenv("GP107_SHIM_TIMEOUT", "1", TRUE);
    cl_call(cl_build(text), "wait", 32, 0, &flag, NULL);
    g_print("went on\n");
}

static const struct Bad {
    const char *name;
    void (*function)(void);
    const char *message;
} bad[] = {
    { "read", bad_read, "*a kernel reads memory at 0x123000,*" },
    { "write", bad_write, "*a kernel writes memory at 0x123000,*" },
    { "high", bad_high, "*channel killed:*" },
    { "no-rights", bad_no_rights, "*a kernel reads memory at 0x*" },
    { "read-only", bad_read_only, "*a kernel writes memory at 0x*" },
    { "read-write", bad_read_write, "*a kernel writes memory at 0x*" },
    { "atomic", bad_atomic, "*a kernel changes memory at 0x*" },
    { "stale", bad_stale, "*a kernel reads memory at 0x*" },
    { "misaligned", bad_misaligned, "*channel killed: *misaligned*" },
    { "object", bad_object, "*a kernel reads memory at 0x7ff00000,*" },
    { "endless", bad_endless, "*channel killed: no end after 1 s*" },
};

static void test_bad(gconstpointer data)
{
    const struct Bad *what = data;

    if (g_test_subprocess()) {
        what->function();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(what->message);
    g_test_trap_assert_stdout("*went on*");
}

/* A program behind it finds a card that works. */
static void test_next(void)
{
    int good = 42, into = 0;

    cl_call(cl_build(text), "get", 1, 0, &good, &into, NULL);
    g_assert_cmpint(into, ==, 42);
}

/* A child has no card, and its parent keeps it. */
static void test_fork(void)
{
    int status;
    pid_t child;

    test_next();
    child = fork();
    g_assert_cmpint(child, >=, 0);
    if (!child) {
        _exit(open("/dev/dri/renderD128", O_RDWR) < 0 && errno == ENODEV);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    test_next();
}

static void test_clinfo(void)
{
    static const char *const line[] = {
        "*Number of devices  * 1\n*",
        "*Device Name  * NV137\n*",
        "*Device Version  * OpenCL 1.1 Mesa 22.3.6\n*",
        "*Coarse-grained buffer sharing  * Yes\n*",
        "*Fine-grained buffer sharing  * Yes\n*",
        "*Fine-grained system sharing  * Yes\n*",
    };
    char *argv[] = { (char *)"clinfo", NULL }, *out, *err;
    GError *error = NULL;
    int status;

    g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                 &err, &status, &error);
    g_assert_no_error(error);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpstr(err, ==, "");
    for (unsigned i = 0; i < G_N_ELEMENTS(line); i++) {
        if (!g_pattern_match_simple(line[i], out)) {
            g_error("no %s in\n%s", line[i], out);
        }
    }
    g_free(out);
    g_free(err);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clinfo", test_clinfo);
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *path = g_strdup_printf("/bad/%s", bad[i].name);

        g_test_add_data_func(path, &bad[i], test_bad);
        g_free(path);
    }
    g_test_add_func("/bad/next", test_next);
    g_test_add_func("/bad/fork", test_fork);
    return g_test_run();
}
