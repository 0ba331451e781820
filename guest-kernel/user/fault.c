/* SPDX-License-Identifier: MIT */
/*
 * Does what a process must not: reads the kernel's memory.
 */
#include "user/user.h"

int main(void)
{
    const volatile uint64_t *kernel = (const volatile uint64_t *)0xFFFFFFC000000000;

    user_print("reading the kernel\n");
    return (int)*kernel;
}
