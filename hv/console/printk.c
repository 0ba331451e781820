/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's messages: formatted here, put on the screen by console/console_write.c.
 */
#include <stdarg.h>
#include <stdio.h>

#include "console/console_write.h"
#include "lib/printk.h"

#define LINE_CHARACTERS 240

static void print(void (*write)(const char *text, size_t length), const char *format,
                  va_list arguments)
{
    char line[LINE_CHARACTERS + 1];
    int length = vsnprintf(line, sizeof(line), format, arguments);

    write(line, (size_t)(length < LINE_CHARACTERS ? length : LINE_CHARACTERS));
}

void printk(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(console_write_hv, format, arguments);
    va_end(arguments);
}

void printk_guest(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(console_try_hv, format, arguments);
    va_end(arguments);
}
