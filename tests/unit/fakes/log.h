/* SPDX-License-Identifier: MIT */
/*
 * For tests that look at the log: what was printed since log_clear(), a line for each message.
 */
#ifndef FAKES_LOG_H
#define FAKES_LOG_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/printk.h"

static char log_text[4096];
static unsigned log_lines;

static inline void log_add(const char *format, va_list arguments)
{
    size_t length = strlen(log_text);

    vsnprintf(log_text + length, sizeof(log_text) - length - 1, format, arguments);
    strcat(log_text, "\n");
    log_lines++;
}

void printk(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_add(format, arguments);
    va_end(arguments);
}

void printk_guest(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_add(format, arguments);
    va_end(arguments);
}

static inline void log_clear(void)
{
    log_text[0] = '\0';
    log_lines = 0;
}

#endif
