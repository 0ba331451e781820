/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people know them: calls, exception classes, system registers, interrupts.
 */
#ifndef WATCH_NAMES_H
#define WATCH_NAMES_H

#include <stddef.h>
#include <stdint.h>

/** Room for any register's name and the zero after it. */
#define NAMES_REGISTER_BYTES 24

/** A call's or a standard service's name by its function id, or NULL. */
const char *names_call(uint64_t fid);

/** The name of a call's argument, 0 for the one in x1; NULL if it takes none there. */
const char *names_argument(uint64_t fid, uint32_t index);

/** An exception class, by the ESR's bits 31:26. */
const char *names_class(uint64_t esr);

/**
 * names_register() - the system register or instruction that trapped
 * @iss: syndrome of a trapped MSR, MRS or system instruction (Arm ARM D13.2.37)
 * @text: where the name goes; S<op0>_<op1>_C<CRn>_C<CRm>_<op2> if it is not known here
 */
void names_register(uint64_t iss, char text[NAMES_REGISTER_BYTES]);

/** What raises a physical interrupt; "" if it is not the hypervisor's to know. */
const char *names_intid(uint32_t intid);

#endif
