/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/human.h: numbers as people read them. No system calls. */
#ifndef LIB_HUMAN_H
#define LIB_HUMAN_H

#include <stdint.h>

#define HUMAN_STRLEN 32

/* "512 B", "1.2 KiB", "340 MiB": units of 1024 (IEC 80000-13). Into BUF, which is returned. */
const char *human_bytes(uint64_t bytes, char buf[static HUMAN_STRLEN]);

/* "12 s", "3 min", "2 h", "5 d": whole units, rounded down; a negative number is 0. The same. */
const char *human_seconds(int64_t seconds, char buf[static HUMAN_STRLEN]);

#endif
