/* SPDX-License-Identifier: MIT */
/*
 * Processes: a program at EL0 in an address space of its own, with one thread.
 */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NR_PROCESSES 16

/* What process_wait() returns for a process that a fault ended. */
#define PROCESS_FAULTED (-1)

struct process;
struct thread;

/** A program linked into the image. */
struct program {
    const char *name;
    const char *elf;
    const char *elf_end;
};

/** process_find_program() - by name, or NULL */
const struct program *process_find_program(const char *name);

/** process_program_at() - the programs in order, NULL past the last; for help */
const struct program *process_program_at(uint32_t index);

/**
 * process_start() - run a program
 *
 * Returns the process, which process_wait() must free, or NULL without memory or a free slot, or
 * if the program is no ELF file for this machine.
 */
struct process *process_start(const struct program *program);

/** process_wait() - wait for a process's end, free it, and return what it gave exit() */
int64_t process_wait(struct process *process);

/** process_id() - the process's number, as getpid() tells it */
uint32_t process_id(const struct process *process);

/** process_of() - the process whose thread this is; NULL for the kernel's own threads */
struct process *process_of(const struct thread *thread);

/** process_current() - the process whose thread calls, or NULL */
struct process *process_current(void);

/** process_exit() - end the calling process */
_Noreturn void process_exit(int64_t code);

/** process_fault() - end the calling process because of an exception, and say so */
_Noreturn void process_fault(uint64_t esr, uint64_t elr, uint64_t far);

/** process_copy_in() - copy from the calling process's memory; false if it is not all readable */
bool process_copy_in(void *to, uint64_t user_va, size_t bytes);

#endif
