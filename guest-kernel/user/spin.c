/* SPDX-License-Identifier: MIT */
/*
 * Keeps a CPU busy for 100 ms, never giving it away, and exits with 7.
 */
#include "user/user.h"

static uint64_t laps;

int main(void)
{
    int64_t end = user_call(SYS_UPTIME_MS, 0, 0) + 100;

    do {
        for (volatile int i = 0; i < 10000; i++)
            ;
        laps++;
    } while (user_call(SYS_UPTIME_MS, 0, 0) < end);
    return laps > 0 ? 7 : 1;
}
