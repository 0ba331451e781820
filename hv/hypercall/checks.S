/* SPDX-License-Identifier: MIT */
/*
 * The checks of argument registers: hypercall_check_<widths>(vcpu, x1, ..., x6, handler), one for
 * each list in widths.h, goes on to the handler if what is no argument is zero. Calls of the same
 * widths share it; each has a section, so that the linker leaves out what no call needs. In assembly, because a compiler does not leave the registers where they are.
 */
#include "hypercall/widths.h"

/* Adds to x8 what must be zero of register \i. The first one, x6, is not in x8 yet. */
    .macro  gather width, i
    .ifc    \width, n
    .if     \i == 5
    orr     x8, x5, x6
    .elseif \i != 6
    orr     x8, x8, x\i
    .endif
    .endif
    .ifc    \width, w
    orr     x8, x8, x\i, lsr #32
    .endif
    .endm

    .macro  check a, b, c, d, e, f, name, widths
    .section .text.\name, "ax"
    .global \name
\name:
    .ifc    \e, n
    .else
    mov     x8, x6
    .endif
    gather  \f, 6
    gather  \e, 5
    gather  \d, 4
    gather  \c, 3
    gather  \b, 2
    gather  \a, 1
    cbnz    x8, 1f
    br      x7
1:  mov     w7, #\widths
    b       hypercall_bad_register
    .endm

#define CHECK(a, b, c, d, e, f)                                                                    \
    check a, b, c, d, e, f, hypercall_check_##a##b##c##d##e##f, WIDTHS(a, b, c, d, e, f);

HYPERCALL_WIDTHS(CHECK)
