/* SPDX-License-Identifier: MIT */
/*
 * What a VM may give to those that it makes: all that there is, or, with a quota, nothing that it
 * has not itself (stile/calls/vm.h).
 */
#ifndef LIFE_VM_RIGHTS_H
#define LIFE_VM_RIGHTS_H

struct vm;

/**
 * vm_rights_check() - whether a VM may be what its tree asks for
 * @maker: who makes it
 * @vm:    its tree was read, and nothing done about it; which CPUs it may use, if its tree does not
 *         say, is set
 *
 * Returns NULL, or a text, as long-lived as a refusal()'s, that says what it may not be.
 */
const char *vm_rights_check(const struct vm *maker, struct vm *vm);

/**
 * vm_rights_check_quota() - whether a maker's VMs are within its quota when there is one more
 * @vm: with all that budget_nr_pages() needs. No other VM is being made
 *
 * Returns as vm_rights_check().
 */
const char *vm_rights_check_quota(const struct vm *maker, const struct vm *vm);

#endif
