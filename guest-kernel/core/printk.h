/* SPDX-License-Identifier: MIT */
/*
 * Text on the kernel's console.
 */
#ifndef CORE_PRINTK_H
#define CORE_PRINTK_H

#include <stddef.h>

/** Prints; at most 255 characters. Any context but an NMI's. */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Writes @length characters; the kernel's messages and processes' output do not mix in a write. */
void console_write(const char *text, size_t length);

#endif
