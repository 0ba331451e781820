/* SPDX-License-Identifier: MIT */
/*
 * System calls; their numbers and errors are in user/syscalls.h.
 */
#ifndef PROCESS_SYSCALL_H
#define PROCESS_SYSCALL_H

#include "arch/context.h"

/** syscall_handle() - do what a process's SVC asks for, with interrupts on */
void syscall_handle(struct exception_frame *frame);

#endif
