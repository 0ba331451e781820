/* SPDX-License-Identifier: MIT */
/*
 * Physical functions of PCI devices whose virtual functions (PCI Express Base 9, SR-IOV) are other
 * VMs'. Who has the physical function, its owner, enables and disables them. Where their registers
 * are, and which routing IDs they have, is EL2's to say: the owner reaches neither the registers
 * nor the configuration space of a virtual function, by which it could have it write to the memory
 * of the VM that has it.
 *
 * What has been taken stays so: a VM may have virtual functions for longer than there is the owner.
 *
 * Takes and checks are made while a VM is; all else is for any vCPU. One lock inside.
 */
#ifndef VIRT_SRIOV_H
#define VIRT_SRIOV_H

#include <stdbool.h>
#include <stdint.h>

#include "dev/pci_config.h"
#include "lib/addr.h"
#include "vm/vm_config.h"

struct sriov;

/** A virtual function. */
struct sriov_virtual {
    const struct sriov *physical;
    uint32_t index; /* among its */
};

/** One of its BARs. */
struct sriov_bar {
    uint32_t type; /* the lowest bits of the register */
    bool is_upper; /* the upper half of the one before */
    uint64_t
        bytes; /* a power of two, of whole pages, 2 MiB at most; 0: there is none, or no more */
    pa_t pa;   /* where it is */
};

/**
 * sriov_check() - whether a VM can have its PCI functions, by what was taken before
 *
 * Returns NULL, or a text that says why not.
 */
const char *sriov_check(const struct vm_config *config);

/**
 * sriov_take() - take the virtual functions of a VM's physical functions out of its hands
 * @config: the VM's, which is being made: its bus is quiet
 *
 * Their streams are lent (dev/smmu.h). Returns NULL, or a text that says why it cannot be.
 */
const char *sriov_take(const struct vm_config *config);

/**
 * sriov_find() - find a virtual function that was taken
 * @bridge: the configuration space of its bridge
 * @id: its routing ID
 */
bool sriov_find(pa_t bridge, uint32_t id, struct sriov_virtual *found);

/** sriov_find_physical() - find a physical function whose virtual ones were taken, or NULL */
struct sriov *sriov_find_physical(pa_t bridge, uint32_t id);

/** sriov_is_enabled() - whether its owner has enabled a virtual function */
bool sriov_is_enabled(const struct sriov_virtual *function);

/** sriov_ids() - its Vendor ID and Device ID, which it does not tell itself */
uint32_t sriov_ids(const struct sriov_virtual *function);

/** sriov_bar() - one of its BARs, @index below PCI_NR_BARS */
struct sriov_bar sriov_bar(const struct sriov_virtual *function, uint32_t index);

/** sriov_bar_value() - what a BAR of a virtual function holds once a value is written to it */
uint32_t sriov_bar_value(const struct sriov *physical, uint32_t index, uint32_t value);

/** sriov_shows() - whether a register, a multiple of 4, is of the SR-IOV capability */
bool sriov_shows(const struct sriov *physical, uint32_t at);

/** sriov_read() - read such a register as the owner sees it */
uint32_t sriov_read(const struct sriov *physical, uint32_t at);

/** sriov_write() - do what is allowed of what the owner writes to it */
void sriov_write(struct sriov *physical, uint32_t at, uint32_t value);

#endif
