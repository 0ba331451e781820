/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's messages: formatted here, put on the screen by console/console_write.c.
 */
#include <stdarg.h>
#include <stdio.h>

#include "console/console_write.h"
#include "lib/printk.h"

#define LINE_CHARACTERS 240

static size_t to_line(char line[LINE_CHARACTERS + 1], const char *format, va_list arguments)
{
    int length = vsnprintf(line, LINE_CHARACTERS + 1, format, arguments);

    if (length > LINE_CHARACTERS)
        length = LINE_CHARACTERS;
    return (size_t)length;
}

void printk(const char *format, ...)
{
    char line[LINE_CHARACTERS + 1];
    va_list arguments;

    va_start(arguments, format);
    size_t length = to_line(line, format, arguments);
    va_end(arguments);
    console_write_hv(line, length);
}

void printk_guest(const char *format, ...)
{
    char line[LINE_CHARACTERS + 1];
    va_list arguments;

    va_start(arguments, format);
    size_t length = to_line(line, format, arguments);
    va_end(arguments);
    console_try_hv(line, length);
}
