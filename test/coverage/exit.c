/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test/coverage/exit.c: linked with what is built by COV=1 alone, where the linker hands it each
 * call of _exit(2). The compiler has counts written before an exec and at exit(3); a child that
 * ends by _exit would lose its own.
 */
#include <unistd.h>

void __gcov_dump(void);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

_Noreturn void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
