/* SPDX-License-Identifier: MIT */
/*
 * Text on the kernel's console. Input is in shell/console.h.
 */
#ifndef LIB_PRINTK_H
#define LIB_PRINTK_H

#include <stddef.h>

/** printk() - print; at most 255 characters. Any context */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * printk_write() - print @length characters as they are
 *
 * Nothing comes in between: neither a message of the kernel's nor another process's output. Any
 * context.
 */
void printk_write(const char *text, size_t length);

/** printk_break_lock() - let a panic print, even if the console's lock is held and stays so */
void printk_break_lock(void);

#endif
