/* SPDX-License-Identifier: MIT */
/*
 * The lists of widths that lines of the call table have: what checks there are. For C and assembly.
 */
#ifndef HYPERCALL_WIDTHS_H
#define HYPERCALL_WIDTHS_H

/*
 * C(x1, ..., x6) for each list: a letter for each register, STILE_WIDTH_* or n, which is no
 * argument. A call with a new list adds it here.
 */
#define HYPERCALL_WIDTHS(C)                                                                        \
    C(n, n, n, n, n, n)                                                                            \
    C(w, n, n, n, n, n)                                                                            \
    C(w, w, n, n, n, n)                                                                            \
    C(w, w, w, n, n, n)                                                                            \
    C(w, x, n, n, n, n)                                                                            \
    C(w, x, x, n, n, n)                                                                            \
    C(w, x, x, x, n, n)                                                                            \
    C(x, n, n, n, n, n)                                                                            \
    C(x, w, n, n, n, n)                                                                            \
    C(x, x, n, n, n, n)                                                                            \
    C(x, x, w, n, n, n)                                                                            \
    C(x, x, w, w, n, n)                                                                            \
    C(x, x, x, n, n, n)                                                                            \
    C(x, x, x, x, n, n)                                                                            \
    C(x, x, x, x, x, n)

/* A list as a number, of two bits a register: how many halves of it are the argument. */
#define WIDTH_n    0
#define WIDTH_w    1
#define WIDTH_x    2
#define WIDTH_BITS 2
#define WIDTHS(a, b, c, d, e, f)                                                                   \
    (WIDTH_##a | WIDTH_##b << 2 | WIDTH_##c << 4 | WIDTH_##d << 6 | WIDTH_##e << 8 |               \
     WIDTH_##f << 10)

#endif
