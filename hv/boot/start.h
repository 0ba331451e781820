/* SPDX-License-Identifier: MIT */
/*
 * Where boot.S hands over to C, once on each physical CPU, with the MMU on.
 */
#ifndef BOOT_START_H
#define BOOT_START_H

#include <stdint.h>

/**
 * start() - the first physical CPU
 * @dtb: physical address of the machine's device tree, mapped one to one
 * @image: physical address at which the hypervisor was loaded
 */
_Noreturn void start(uint64_t dtb, uint64_t image);

/** start_on_stack() - in boot.S: go on in @function with SP at @stack_top */
_Noreturn void start_on_stack(uint64_t stack_top, void (*function)(void));

/** start_run() - what the machine is for; runs once everything is set up. Linked to choice. */
_Noreturn void start_run(void);

#endif
