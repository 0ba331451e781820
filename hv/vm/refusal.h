/* SPDX-License-Identifier: MIT */
/*
 * Why a VM is refused, with numbers in it.
 */
#ifndef VM_REFUSAL_H
#define VM_REFUSAL_H

/**
 * refusal() - a text as printf() makes it, at most 160 characters
 *
 * It is valid until the next refusal on this physical CPU: EL2 does not move to another meanwhile.
 */
const char *refusal(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));

#endif
