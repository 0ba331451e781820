/* SPDX-License-Identifier: MIT */
/*
 * The calls of groups control and vm, by /dev/stile. What fails is told in one line, which says
 * what to do, and is the end.
 */
#ifndef STILECTL_CONTROL_H
#define STILECTL_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stile/abi.h"

/** die() - tell what is wrong, and end with status 1 */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

/**
 * number_of() - a decimal number that was typed
 * @end:  set behind it
 * @most: what is more, or no number, is the end
 */
uint64_t number_of(const char *text, char **end, uint64_t most);

/** The registers of a call; values is what it returns in x1 to x3. */
struct control {
    uint32_t call; /* STILE_DEV_CONTROL_* */
    uint32_t vm;
    uint64_t args[2];
    void *buffer;
    uint32_t bytes;
    uint64_t values[3];
};

/** control_call() - make a call. Returns 0, or an errno, whatever it is: nothing is told */
int control_call(struct control *control);

/**
 * control_try() - make a call
 *
 * Returns 0, or ENOENT: no such VM, or nothing of what is asked for; EINVAL: an argument is out of
 * range. Of vm_create, too, EBUSY: another VM is being made at this moment; ENOSPC: there are as
 * many VMs as there can be; ENOMEM: there is no memory for what is handed over. Other errors are
 * told, and are the end.
 */
int control_try(struct control *control);

/** control_counter() - what a vCPU's counter has, enum stile_counter; 0: its VM does not run */
uint64_t control_counter(uint32_t vm, uint32_t vcpu, uint32_t counter);

/** control_info() - look at a VM. Returns false if there is none of that number */
bool control_info(uint32_t number, struct stile_vm_info *info);

/** control_next() - the VM after @number, 0 to begin with; 0: there is none */
uint32_t control_next(uint32_t number);

/** control_find() - the VM that @word names, by its name or its number; the end if there is none */
struct stile_vm_info control_find(const char *word);

#endif
