// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kselftest_harness.h lets every test run for half a minute at most, the other
 * programs end themselves after some minutes. A kernel full of checks, on a
 * processor that is emulated, needs more: linked with --wrap=alarm, this
 * stretches the time and leaves the tests as they are.
 */
#include <unistd.h>

#define STRETCH 10

unsigned int __real_alarm(unsigned int seconds);
unsigned int __wrap_alarm(unsigned int seconds);

unsigned int __wrap_alarm(unsigned int seconds)
{
	return __real_alarm(seconds * STRETCH);
}
