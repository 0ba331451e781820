/* SPDX-License-Identifier: MIT */
/*
 * The other CPUs.
 */
#ifndef ENTRY_SECONDARY_H
#define ENTRY_SECONDARY_H

/** secondary_start_all() - start every other CPU of the device tree, and wait until each runs */
void secondary_start_all(void);

#endif
