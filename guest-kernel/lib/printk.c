/* SPDX-License-Identifier: MIT */
/*
 * The console's output, under one lock. How characters leave the machine is a sensitive operation.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/printk.h"
#include "lib/spinlock.h"
#include "machine/sensitive_ops.h"

static struct spinlock lock;
static bool lock_broken; /* the only writer left is a panic */

void printk_break_lock(void)
{
    lock_broken = true;
}

void printk_write(const char *text, size_t length)
{
    if (lock_broken) {
        sensitive->console_write(text, length);
        return;
    }
    uint64_t flags = spin_lock_irqsave(&lock);
    sensitive->console_write(text, length);
    spin_unlock_irqrestore(&lock, flags);
}

void printk(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length > 0)
        printk_write(text, (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1);
}
