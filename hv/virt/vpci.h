/* SPDX-License-Identifier: MIT */
/*
 * The configuration spaces of PCI that EL2 shows: that of a bridge whose virtual functions are
 * others', to its owner, and one in which there are virtual functions alone, to who has those.
 */
#ifndef VIRT_VPCI_H
#define VIRT_VPCI_H

#include <stdint.h>

struct vm;

/**
 * vpci_init() - show a VM the configuration spaces that its tree asks for
 *
 * It is being made, and what is behind its bridges is quiet. Returns NULL, or a text that says why
 * it cannot have them.
 */
const char *vpci_init(struct vm *vm);

/**
 * vpci_quiet() - have a VM's virtual functions begin no transactions any more
 *
 * No vCPU of it runs. What they have begun is not waited for. Returns how many did until now.
 */
uint32_t vpci_quiet(const struct vm *vm);

/** vpci_attach() - let a VM's virtual functions reach its memory: it is about to run
 * @context: for the SMMU: smmu_attach_stream()
 */
void vpci_attach(const struct vm *vm, void *context);

#endif
