/* SPDX-License-Identifier: MIT */
/*
 * Where the hypervisor's data begins and ends in the fuzzer's image: begin.c is linked before its
 * objects, end.c after them.
 */
#ifndef FUZZ_EDGE_H
#define FUZZ_EDGE_H

/* In .data and in .bss. */
extern char edge_data_begin[32], edge_data_end[32];
extern char edge_bss_begin[32], edge_bss_end[32];

#endif
