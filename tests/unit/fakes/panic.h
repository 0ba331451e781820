/* SPDX-License-Identifier: MIT */
/*
 * For tests in which the hypervisor is right to panic: EXPECT_PANIC(statement).
 */
#ifndef FAKES_PANIC_H
#define FAKES_PANIC_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "ktf.h"
#include "lib/printk.h"

static jmp_buf panic_return;
static volatile bool panic_wanted;
static char panic_text[256];

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(panic_text, sizeof(panic_text), format, arguments);
    va_end(arguments);
    if (panic_wanted)
        longjmp(panic_return, 1);
    printf("# panic: %s\n", panic_text);
    fflush(stdout);
    abort();
}

#define EXPECT_PANIC(statement)                                                                    \
    do {                                                                                           \
        panic_text[0] = '\0';                                                                      \
        panic_wanted = true;                                                                       \
        if (setjmp(panic_return) == 0) {                                                           \
            statement;                                                                             \
            EXPECT_FAIL("did not panic: %s", #statement);                                          \
        }                                                                                          \
        panic_wanted = false;                                                                      \
    } while (0)

#endif
