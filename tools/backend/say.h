/* SPDX-License-Identifier: MIT */
/*
 * Lines for whoever looks after the back end.
 */
#ifndef BACKEND_SAY_H
#define BACKEND_SAY_H

#include <stdlib.h>

/**
 * say() - a line, as printf() would have it; for any thread
 *
 * What makes the back end say something is mostly what drivers do. So that none of them fills the
 * log, after SAY_BURST lines there is one a second, and how many were left out is told with the
 * next one.
 */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#define SAY_BURST 64u

/** say_last() - one in any case */
__attribute__((format(printf, 1, 2))) void say_last(const char *format, ...);

/** die() - that, and the end */
#define die(...)                                                                                   \
    do {                                                                                           \
        say_last(__VA_ARGS__);                                                                     \
        exit(1);                                                                                   \
    } while (0)

#endif
