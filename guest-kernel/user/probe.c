/* SPDX-License-Identifier: MIT */
/*
 * Tries the system calls' errors; exits with the number of the first that was wrong, or 0.
 */
#include "user/user.h"

static const char text[] = "probe";

static const struct {
    uint64_t number;
    uint64_t x0;
    uint64_t x1;
    int64_t result;
} cases[] = {
    {SYS_WRITE, (uint64_t)text, 0, 0},
    {SYS_WRITE, 0, 1, SYS_ERROR_ADDRESS},
    {SYS_WRITE, 0xFFFFFFC000000000, 1, SYS_ERROR_ADDRESS},
    {SYS_WRITE, UINT64_MAX, 2, SYS_ERROR_ADDRESS},
    {SYS_WRITE, (uint64_t)text, SYS_WRITE_MAX + 1, SYS_ERROR_RANGE},
    {SYS_WRITE, (uint64_t)text, UINT64_MAX, SYS_ERROR_RANGE},
    {SYS_SLEEP_MS, UINT64_MAX, 0, SYS_ERROR_RANGE},
    {SYS_SLEEP_MS, 0, 0, 0},
    {SYS_YIELD, 0, 0, 0},
    {NR_SYSCALLS, 0, 0, SYS_ERROR_NO_CALL},
    {UINT64_MAX, 0, 0, SYS_ERROR_NO_CALL},
};

int main(void)
{
    for (uint32_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (user_call(cases[i].number, cases[i].x0, cases[i].x1) != cases[i].result)
            return (int)i + 1;
    }
    return user_call(SYS_GETPID, 0, 0) > 0 ? 0 : 100;
}
