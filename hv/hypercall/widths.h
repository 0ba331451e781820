/* SPDX-License-Identifier: MIT */
/*
 * The lists of widths that a line of the call table may have, and so, what checks there are; those
 * that no line has are left out of the image. For C and assembly.
 */
#ifndef HYPERCALL_WIDTHS_H
#define HYPERCALL_WIDTHS_H

/*
 * C(x1, ..., x6) for each list there can be: a letter for each register, STILE_WIDTH_* or n, which
 * is no argument.
 */
#define HYPERCALL_WIDTHS(C) C(n, n, n, n, n, n) WIDTHS_1(C, w) WIDTHS_1(C, x)

#define WIDTHS_1(C, a)       C(a, n, n, n, n, n) WIDTHS_2(C, a, w) WIDTHS_2(C, a, x)
#define WIDTHS_2(C, a, b)    C(a, b, n, n, n, n) WIDTHS_3(C, a, b, w) WIDTHS_3(C, a, b, x)
#define WIDTHS_3(C, a, b, c) C(a, b, c, n, n, n) WIDTHS_4(C, a, b, c, w) WIDTHS_4(C, a, b, c, x)
#define WIDTHS_4(C, a, b, c, d)                                                                    \
    C(a, b, c, d, n, n) WIDTHS_5(C, a, b, c, d, w) WIDTHS_5(C, a, b, c, d, x)
#define WIDTHS_5(C, a, b, c, d, e) C(a, b, c, d, e, n) C(a, b, c, d, e, w) C(a, b, c, d, e, x)

/* A list as a number, of two bits a register: how many halves of it are the argument. */
#define WIDTH_n    0
#define WIDTH_w    1
#define WIDTH_x    2
#define WIDTH_BITS 2
#define WIDTHS(a, b, c, d, e, f)                                                                   \
    (WIDTH_##a | WIDTH_##b << 2 | WIDTH_##c << 4 | WIDTH_##d << 6 | WIDTH_##e << 8 |               \
     WIDTH_##f << 10)

#endif
