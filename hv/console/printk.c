/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's messages: formatted here, put on the screen by console/console.c.
 */
#include <stdarg.h>
#include <stdio.h>

#include "console/console.h"
#include "lib/printk.h"

#define LINE_CHARACTERS 240

void printk(const char *format, ...)
{
    char line[LINE_CHARACTERS + 1];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (length > LINE_CHARACTERS)
        length = LINE_CHARACTERS;
    console_write_hv(line, (size_t)length);
}
