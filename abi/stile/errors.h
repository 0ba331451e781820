/* SPDX-License-Identifier: MIT */
/*
 * Status codes a call leaves in x0. Zero is success; every error is negative.
 *
 * -1 is shared with SMCCC (DEN 0028) and PSCI (DEN 0022). Our own codes are below -4096: clear of
 * theirs, and of every errno, so that a kernel that passes a status on by mistake is found out.
 */
#ifndef STILE_ERRORS_H
#define STILE_ERRORS_H

/* STILE_ERRORS(E) expands E(name, code, text) once per code. */
#define STILE_ERRORS(E)                                                                            \
    E(SUCCESS, 0, "success")                                                                       \
    E(NOT_SUPPORTED, -1, "no such call, or newer than the version agreed on")                      \
    E(INVALID_ARGUMENT, -4097, "an argument is out of range; x1 says which, 1 to 6")               \
    E(DENIED, -4098, "the VM is not allowed to do this")                                           \
    E(NO_MEMORY, -4099, "the hypervisor or the VM's quota has no page left")                       \
    E(BUSY, -4100, "the resource is in use; try again later")                                      \
    E(NOT_MAPPED, -4101, "an address of the range has no page of the caller's")                    \
    E(ALREADY_MAPPED, -4102, "an address of the range has a page or a device already")             \
    E(BAD_VERSION, -4103, "the major version proposed is not spoken here")                         \
    E(NOT_FOUND, -4104, "the handle, port or name stands for nothing, or no longer does")          \
    E(NOT_BOUND, -4105, "nobody is at the other end of the port")                                  \
    E(LIMIT, -4106, "the VM has as many of these as it may have")

#ifdef __ASSEMBLER__
/* Symbols: for the assembler to calculate with, not for #if. */
#define STILE_ERROR_EQU(name, code, text) .equ STILE_##name, code;
STILE_ERRORS(STILE_ERROR_EQU)
#undef STILE_ERROR_EQU
#else
enum stile_error {
#define STILE_ERROR_ENUM(name, code, text) STILE_##name = (code),
    STILE_ERRORS(STILE_ERROR_ENUM)
#undef STILE_ERROR_ENUM
};
#endif

#endif
