/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own messages, on its console, each line prefixed "[hv] ".
 */
#ifndef LIB_PRINTK_H
#define LIB_PRINTK_H

/* Levels, most important first. Messages above CONFIG_LOG_LEVEL are compiled out. */
#define LOG_LEVEL_ERROR 0
#define LOG_LEVEL_WARN  1
#define LOG_LEVEL_INFO  2
#define LOG_LEVEL_DEBUG 3

/**
 * printk() - print one message of the hypervisor's own, whatever the log level
 *
 * Ends the line itself; at most 240 characters. Waits for the UART, for a bounded time.
 */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * printk_guest() - the same for a message that a guest can cause
 *
 * Never waits: without room it is left out and counted. Messages that a guest can cause again and
 * again are limited as well: watch/complain.h.
 */
void printk_guest(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define log_at(level, ...)                                                                         \
    do {                                                                                           \
        if ((level) <= CONFIG_LOG_LEVEL)                                                           \
            printk(__VA_ARGS__);                                                                   \
    } while (0)

#define log_error(...) log_at(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_at(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)

/** Prints a message and a backtrace, and stops the machine. Any context, locks held or not. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
