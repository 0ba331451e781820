/* SPDX-License-Identifier: MIT */
/*
 * Lines for whoever looks after the back end.
 */
#ifndef BACKEND_SAY_H
#define BACKEND_SAY_H

/**
 * say() - a line, as printf() would have it; for any thread
 *
 * What makes the back end say something is mostly what drivers do. So that none of them fills the
 * log, after SAY_BURST lines there is one a second, and how many were left out is told with the
 * next one.
 */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#define SAY_BURST 64u

/** die() - a line, in any case, and the end */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

#endif
