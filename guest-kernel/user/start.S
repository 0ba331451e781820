/* SPDX-License-Identifier: MIT */
/*
 * Where a program starts, and how it makes a system call.
 */
#include "user/syscalls.h"

    .text
    .globl user_start
user_start:
    bl main
    mov x8, #SYS_EXIT
    svc #0
    brk #0

    .globl user_call
user_call:
    mov x8, x0
    mov x0, x1
    mov x1, x2
    svc #0
    ret
