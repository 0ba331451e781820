/* SPDX-License-Identifier: MIT */
/*
 * Lines for whoever looks after the back end.
 */
#ifndef BACKEND_SAY_H
#define BACKEND_SAY_H

#include <stdio.h>
#include <stdlib.h>

/** say() - a line */
#define say(...)                                                                                   \
    do {                                                                                           \
        char line_[512];                                                                           \
        (void)snprintf(line_, sizeof(line_), __VA_ARGS__);                                         \
        (void)fprintf(stderr, "stile-backend: %s\n", line_);                                       \
    } while (0)

/** die() - a line, and the end */
#define die(...)                                                                                   \
    do {                                                                                           \
        say(__VA_ARGS__);                                                                          \
        exit(1);                                                                                   \
    } while (0)

#endif
