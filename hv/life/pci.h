/* SPDX-License-Identifier: MIT */
/*
 * PCI, as far as EL2 has to do with it: configuration space in memory (PCI Express Base 7.2.2), by
 * which the functions are kept from memory.
 */
#ifndef LIFE_PCI_H
#define LIFE_PCI_H

#include <stdint.h>

#include "lib/addr.h"

/**
 * pci_quiet_bus() - have no function of a bus begin transactions any more
 * @config: the bus's configuration space
 *
 * Bus masters are told not to be, and physical functions to have no virtual ones. Returns how many
 * functions that were. What such a function has begun is not waited for. Looks at 32 to 256 of
 * them.
 */
uint32_t pci_quiet_bus(pa_t config);

#endif
