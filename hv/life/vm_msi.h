/* SPDX-License-Identifier: MIT */
/*
 * A VM's ITS while it is made and taken down; part of life/vm_devices.h. Without CONFIG_ITS nobody
 * calls these.
 */
#ifndef LIFE_VM_MSI_H
#define LIFE_VM_MSI_H

#include <stdbool.h>

#include "vm/vm_config.h"

struct vm;

/**
 * vm_msi_check() - take over the machine's ITS, if the VM is to have it
 *
 * Before any VM runs. Returns NULL, or why it cannot be, as long-lived as a refusal()'s.
 */
const char *vm_msi_check(const struct vm_config *config);

/** vm_msi_alloc() - of its budget; vm_msi_free() gives back what there is */
bool vm_msi_alloc(struct vm *vm);
void vm_msi_free(struct vm *vm);

/** vm_msi_map() - show the doorbell to its devices */
bool vm_msi_map(struct vm *vm);

/** vm_msi_stop() - nothing of it interrupts any more. None of its vCPUs is loaded. */
void vm_msi_stop(struct vm *vm);

#endif
