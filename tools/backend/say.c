/* SPDX-License-Identifier: MIT */
#include "say.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned nr_said;   /* less one for each second that has gone by */
static unsigned nr_unsaid; /* since the last line */
static time_t last_second;

/* Whether there may be a line now. The lock is held. */
static bool may_say(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - last_second >= (time_t)nr_said)
        nr_said = 0;
    else
        nr_said -= (unsigned)(now.tv_sec - last_second);
    last_second = now.tv_sec;
    if (nr_said >= SAY_BURST) {
        nr_unsaid++;
        return false;
    }
    nr_said++;
    return true;
}

/* The lock is held. */
static void print(const char *format, va_list arguments)
{
    char line[512];

    if (nr_unsaid > 0)
        (void)fprintf(stderr, "stile-backend: lines that were left out: %u\n", nr_unsaid);
    nr_unsaid = 0;
    (void)vsnprintf(line, sizeof(line), format, arguments);
    (void)fprintf(stderr, "stile-backend: %s\n", line);
}

void say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)pthread_mutex_lock(&lock);
    if (may_say())
        print(format, arguments);
    (void)pthread_mutex_unlock(&lock);
    va_end(arguments);
}

void say_last(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)pthread_mutex_lock(&lock);
    print(format, arguments);
    (void)pthread_mutex_unlock(&lock);
    va_end(arguments);
}
