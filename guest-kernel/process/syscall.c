/* SPDX-License-Identifier: MIT */
/*
 * What processes may ask for.
 */
#include <stddef.h>

#include "lib/printk.h"
#include "lib/time.h"
#include "process/process.h"
#include "process/syscall.h"
#include "threads/thread.h"
#include "user/syscalls.h"

#define SLEEP_MAX_MS (UINT64_C(24) * 3600 * 1000)

typedef int64_t syscall(const uint64_t *arguments);

static int64_t sys_exit(const uint64_t *arguments)
{
    process_exit((int64_t)arguments[0]);
}

static int64_t sys_write(const uint64_t *arguments)
{
    char chunk[128];
    uint64_t text = arguments[0];
    uint64_t length = arguments[1];

    if (length > SYS_WRITE_MAX)
        return SYS_ERROR_RANGE;
    for (uint64_t done = 0; done < length;) {
        size_t count = length - done < sizeof(chunk) ? length - done : sizeof(chunk);
        if (!process_copy_in(chunk, text + done, count))
            return done ? (int64_t)done : SYS_ERROR_ADDRESS;
        printk_write(chunk, count);
        done += count;
    }
    return (int64_t)length;
}

static int64_t sys_getpid(const uint64_t *arguments)
{
    (void)arguments;
    return process_id(process_current());
}

static int64_t sys_yield(const uint64_t *arguments)
{
    (void)arguments;
    thread_yield();
    return 0;
}

static int64_t sys_sleep_ms(const uint64_t *arguments)
{
    if (arguments[0] > SLEEP_MAX_MS)
        return SYS_ERROR_RANGE;
    thread_sleep_ms(arguments[0]);
    return 0;
}

static int64_t sys_uptime_ms(const uint64_t *arguments)
{
    (void)arguments;
    return (int64_t)(time_uptime_us() / 1000);
}

static syscall *const syscalls[NR_SYSCALLS] = {
    [SYS_EXIT] = sys_exit,   [SYS_WRITE] = sys_write,       [SYS_GETPID] = sys_getpid,
    [SYS_YIELD] = sys_yield, [SYS_SLEEP_MS] = sys_sleep_ms, [SYS_UPTIME_MS] = sys_uptime_ms,
};

void syscall_handle(struct exception_frame *frame)
{
    uint64_t number = frame->x[8];

    frame->x[0] = (uint64_t)(number < NR_SYSCALLS ? syscalls[number](frame->x) : SYS_ERROR_NO_CALL);
}
