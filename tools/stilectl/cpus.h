/* SPDX-License-Identifier: MIT */
/*
 * Physical CPUs as people write them.
 */
#ifndef STILECTL_CPUS_H
#define STILECTL_CPUS_H

#include <stdint.h>

/**
 * cpus_read() - a list of CPUs as Linux writes it: 0-2,5
 * @list: CPUs 0 to 63
 * @cpus: set to a bit for each of them
 *
 * Returns NULL, or what is wrong with it: a text that stays until the next call.
 */
const char *cpus_read(const char *list, uint64_t *cpus);

#endif
