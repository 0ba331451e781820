/* SPDX-License-Identifier: MIT */
/*
 * The one semihosting call there is use for.
 */
#include "arch/semihosting.h"

/* Sections 3.2 and 7.7. */
#define SYS_EXIT_EXTENDED            0x20
#define ADP_STOPPED_APPLICATION_EXIT 0x20026

void semihosting_exit(uint32_t status)
{
    const uint64_t block[] = {ADP_STOPPED_APPLICATION_EXIT, status};
    register uint64_t operation __asm__("x0") = SYS_EXIT_EXTENDED;
    register const uint64_t *argument __asm__("x1") = block;

    __asm__ volatile("hlt #0xF000" : "+r"(operation) : "r"(argument) : "memory");
}
