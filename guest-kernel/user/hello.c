/* SPDX-License-Identifier: MIT */
/*
 * Says who it is, sleeps, and says what time it is.
 */
#include "user/user.h"

int main(void)
{
    user_print("hello from process ");
    user_print_number((uint64_t)user_call(SYS_GETPID, 0, 0));
    user_print("\n");
    (void)user_call(SYS_SLEEP_MS, 20, 0);
    user_print("goodbye at ");
    user_print_number((uint64_t)user_call(SYS_UPTIME_MS, 0, 0));
    user_print(" ms\n");
    return 0;
}
