/* SPDX-License-Identifier: MIT */
/*
 * The system calls' numbers: what a process and the kernel agree on. SVC #0 with the number in x8,
 * arguments in x0 to x5, the result in x0. Usable from assembly.
 */
#ifndef USER_SYSCALLS_H
#define USER_SYSCALLS_H

#define SYS_EXIT      0 /* (code): does not return */
#define SYS_WRITE     1 /* (text, length): how many were written */
#define SYS_GETPID    2 /* (): the process's number, from 1 */
#define SYS_YIELD     3 /* (): 0, after the others had their turn */
#define SYS_SLEEP_MS  4 /* (ms): 0, after that time */
#define SYS_UPTIME_MS 5 /* (): since the kernel started */
#define NR_SYSCALLS   6

/* Errors, negative in x0. */
#define SYS_ERROR_NO_CALL (-1) /* no such system call */
#define SYS_ERROR_ADDRESS (-2) /* memory that the process may not use so */
#define SYS_ERROR_RANGE   (-3) /* an argument out of range */

/* The most that SYS_WRITE takes at once. */
#define SYS_WRITE_MAX 4096

#endif
