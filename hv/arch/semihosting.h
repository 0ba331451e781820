/* SPDX-License-Identifier: MIT */
/*
 * What a debugger or an emulator does for the program it runs (Arm's semihosting specification).
 */
#ifndef ARCH_SEMIHOSTING_H
#define ARCH_SEMIHOSTING_H

#include <stdint.h>

/** semihosting_write() - put a character on the emulator's console, SYS_WRITEC (section 7.16) */
void semihosting_write(char character);

/**
 * semihosting_exit() - end the emulator, SYS_EXIT_EXTENDED (section 7.7)
 * @status: what it is to return to who started it; QEMU keeps the low 8 bits
 *
 * Where nobody listens for them, the instruction of both is undefined: an exception at EL2.
 */
void semihosting_exit(uint32_t status);

#endif
