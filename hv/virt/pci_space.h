/* SPDX-License-Identifier: MIT */
/*
 * Configuration space of the machine's PCI functions, which EL2 maps for each access alone.
 */
#ifndef VIRT_PCI_SPACE_H
#define VIRT_PCI_SPACE_H

#include <stdint.h>

#include "lib/addr.h"

/**
 * pci_read() - read a register
 * @function: its function's configuration space
 * @at: its offset, a multiple of @bytes, which are 1, 2 or 4
 *
 * All ones if there is no such function.
 */
uint32_t pci_read(pa_t function, uint32_t at, uint32_t bytes);

/** pci_write() - write one */
void pci_write(pa_t function, uint32_t at, uint32_t bytes, uint32_t value);

/** pci_find() - the offset of an extended capability, or 0: pci_find_extended() */
uint32_t pci_find(pa_t function, uint32_t id);

#endif
