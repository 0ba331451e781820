/* SPDX-License-Identifier: MIT */
/*
 * The programs, as the linker made them, and the table of them: struct program of process/process.h.
 */
    .macro program name
    .section .rodata.program_data, "a"
    .balign 16
    .Lelf_\name :
    .incbin "\name\().elf"
    .Lelf_end_\name :
    .Lname_\name :
    .asciz "\name"
    .section .rodata.programs, "a"
    .balign 8
    .quad .Lname_\name, .Lelf_\name, .Lelf_end_\name
    .endm

    .section .rodata.programs, "a"
    .balign 8
    .globl programs
programs:
    program fault
    program hello
    program probe
    program spin
    .section .rodata.programs, "a"
    .globl programs_end
programs_end:
