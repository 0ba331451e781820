/* SPDX-License-Identifier: MIT */
/*
 * The semihosting calls there is use for.
 */
#include "arch/semihosting.h"

/* Sections 3.2, 7.7 and 7.16. */
#define SYS_WRITEC                   0x03
#define SYS_EXIT_EXTENDED            0x20
#define ADP_STOPPED_APPLICATION_EXIT 0x20026

static void call(uint64_t number, const void *block)
{
    register uint64_t operation __asm__("x0") = number;
    register const void *argument __asm__("x1") = block;

    __asm__ volatile("hlt #0xF000" : "+r"(operation) : "r"(argument) : "memory");
}

void semihosting_write(char character)
{
    call(SYS_WRITEC, &character);
}

void semihosting_exit(uint32_t status)
{
    const uint64_t block[] = {ADP_STOPPED_APPLICATION_EXIT, status};

    call(SYS_EXIT_EXTENDED, block);
}
