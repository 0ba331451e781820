/* SPDX-License-Identifier: MIT */
/*
 * What comes before the hypervisor's data: see edge.h.
 */
#include "edge.h"

char edge_data_begin[32] = {1};
char edge_bss_begin[32];
