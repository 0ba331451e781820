/* SPDX-License-Identifier: MIT */
/*
 * Addresses of a VM: what is there, and copies between there and the hypervisor.
 */
#ifndef FAKE_SPACE_H
#define FAKE_SPACE_H

#include "fake.h"

/** What is at an IPA; NULL above the part of the address space that can be populated. */
struct fake_mapping *fake_space_at(struct fake_vm *vm, uint64_t ipa);

/** Whether a mapping is memory: the VM's own, or a peer's. NULL is none. */
bool fake_space_is_memory(const struct fake_mapping *mapping);

/** Reads what a VM has at an IPA; how many bytes could be read, from the first on. */
size_t fake_space_read(struct fake_vm *vm, void *out, stile_ipa_t ipa, size_t length);

/** Writes at an IPA what the VM itself could write; how many bytes, from the first on. */
size_t fake_space_write(struct fake_vm *vm, stile_ipa_t ipa, const void *in, size_t length);

/** The number of the first argument that is wrong in a range at registers x1 and x2, or 0. */
unsigned fake_space_bad_range(stile_ipa_t base, stile_nr_pages_t count);

/** The same for what is shared, which may be all there is. */
unsigned fake_space_bad_large(stile_ipa_t base, stile_nr_pages_t count);

#endif
