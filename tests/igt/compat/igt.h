/* SPDX-License-Identifier: MIT */
/*
 * What these tests use of IGT, declared for Debian's libigt.so.0 (package
 * intel-gpu-tools), which comes without headers.  In IGT's own tree its
 * igt.h is found instead of this file.
 */
#ifndef IGT_COMPAT_H
#define IGT_COMPAT_H

#include <getopt.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>

#define IGT_EXIT_SUCCESS	0

enum igt_log_level {
	IGT_LOG_DEBUG,
	IGT_LOG_INFO,
	IGT_LOG_WARN,
	IGT_LOG_CRITICAL,
};

typedef int (*igt_opt_handler_t)(int opt, int opt_index, void *data);

extern sigjmp_buf igt_subtest_jmpbuf;

int igt_subtest_init_parse_opts(int *argc, char **argv,
				const char *extra_short_opts,
				const struct option *extra_long_opts,
				const char *help_str,
				igt_opt_handler_t handler, void *data);
bool __igt_run_subtest(const char *name, const char *file, const int line);
bool __igt_fixture(void);
void __igt_fixture_complete(void);
void igt_describe_f(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void igt_success(void);
void igt_exit(void) __attribute__((noreturn));
void __igt_fail_assert(const char *domain, const char *file, const int line,
		       const char *func, const char *assertion,
		       const char *format, ...)
	__attribute__((noreturn, format(printf, 6, 7)));
void __igt_skip_check(const char *file, const int line, const char *func,
		      const char *check, const char *format, ...)
	__attribute__((noreturn, format(printf, 5, 6)));
void igt_log(const char *domain, enum igt_log_level level,
	     const char *format, ...) __attribute__((format(printf, 3, 4)));
bool __igt_fork(void);
void igt_waitchildren(void);
void igt_set_timeout(unsigned int seconds, const char *operation);
void igt_reset_timeout(void);

#define IGT_CAT_(a, b)	a ## b
#define IGT_CAT(a, b)	IGT_CAT_(a, b)

#define igt_main							\
	static void IGT_CAT(igt_body, __LINE__)(void);			\
	int main(int argc, char **argv)					\
	{								\
		igt_subtest_init_parse_opts(&argc, argv, NULL, NULL,	\
					    NULL, NULL, NULL);		\
		IGT_CAT(igt_body, __LINE__)();				\
		igt_exit();						\
	}								\
	static void IGT_CAT(igt_body, __LINE__)(void)

/* A body runs once, and returns through igt_success() or a long jump. */
#define igt_subtest(name)						\
	for (; __igt_run_subtest(name, __FILE__, __LINE__) &&		\
	       !sigsetjmp(igt_subtest_jmpbuf, 1);			\
	     igt_success())

#define igt_fixture							\
	for (volatile int IGT_CAT(igt_once, __LINE__) = 0;		\
	     IGT_CAT(igt_once, __LINE__) < 1 && __igt_fixture() &&	\
	     !sigsetjmp(igt_subtest_jmpbuf, 1);				\
	     IGT_CAT(igt_once, __LINE__)++, __igt_fixture_complete())

#define igt_describe(text)	igt_describe_f("%s", text)

#define igt_fork(child, num)						\
	for (int child = 0; child < (num); child++)			\
		for (; __igt_fork(); exit(IGT_EXIT_SUCCESS))

#define igt_assert_f(expr, ...)						\
	do {								\
		if (!(expr))						\
			__igt_fail_assert(NULL, __FILE__, __LINE__,	\
					  __func__, #expr, __VA_ARGS__);\
	} while (0)
#define igt_assert(expr)						\
	do {								\
		if (!(expr))						\
			__igt_fail_assert(NULL, __FILE__, __LINE__,	\
					  __func__, #expr, NULL);	\
	} while (0)
#define IGT_ASSERT_CMP(a, op, b, type, format)				\
	do {								\
		type igt_a_ = (a), igt_b_ = (b);			\
		if (!(igt_a_ op igt_b_))				\
			__igt_fail_assert(NULL, __FILE__, __LINE__,	\
					  __func__, #a " " #op " " #b,	\
					  "error: " format " !" #op " "	\
					  format "\n", igt_a_, igt_b_);	\
	} while (0)
#define igt_assert_eq(a, b)	IGT_ASSERT_CMP(a, ==, b, int, "%d")
#define igt_assert_eq_u32(a, b)	IGT_ASSERT_CMP(a, ==, b, uint32_t, "%#x")
#define igt_assert_eq_u64(a, b)						\
	IGT_ASSERT_CMP(a, ==, b, unsigned long long, "%#llx")

#define igt_require_f(expr, ...)					\
	do {								\
		if (!(expr))						\
			__igt_skip_check(__FILE__, __LINE__, __func__,	\
					 #expr, __VA_ARGS__);		\
	} while (0)
#define igt_require(expr)						\
	do {								\
		if (!(expr))						\
			__igt_skip_check(__FILE__, __LINE__, __func__,	\
					 #expr, NULL);			\
	} while (0)

#define igt_info(...)	igt_log(NULL, IGT_LOG_INFO, __VA_ARGS__)

#endif
