/* SPDX-License-Identifier: MIT */
/*
 * What comes after the hypervisor's data: see edge.h.
 */
#include "edge.h"

char edge_data_end[32] = {1};
char edge_bss_end[32];
