/* SPDX-License-Identifier: MIT */
/*
 * Group vm, 0xA0 to 0xAF: making VMs at run time. For VMs whose device tree has stile,privileged in
 * its root. stile,privileged = <MiB vCPUs KiB> is a quota: the VMs that such a one makes have
 * together at most so much memory, so many vCPUs and so much of the hypervisor's memory; no
 * privileges; at most their maker's weight, and physical CPUs that that may use, too; and names
 * that begin with their maker's and a dot, so that nobody takes one of them for a VM of the bundle.
 * To every other VM these calls do not exist (NOT_SUPPORTED). Devices of the machine's are for VMs
 * of the bundle alone.
 *
 * A VM is made in four steps:
 *
 *     1. vm_create, with its device tree (docs/vms.md) and what is to be known of its files
 *     2. wait until control_vm_info says STILE_VM_MADE: some time, whose end STILE_VIRQ_PEER tells.
 *        STILE_VM_ENDED: it could not be made, and control_crash_info says why
 *     3. write its kernel to kernel_ipa and its initrd to initrd_ipa by control_memory_write. Its
 *        device tree is there, and says where the initrd is
 *     4. vm_start
 *
 * When it starts anew it is as after step 2, and its maker goes on with step 3. Where no maker is
 * that could, it has ended: a VM waits for its start no longer than there is the VM that made it.
 * One that was started goes on without.
 *
 * Part of the call table: included by stile/calls.h, which says what holds for every line.
 */

/* clang-format off */

/*
 * Begin to make a VM.
 *
 * @image:  a struct stile_vm_image and, behind it, a flattened device tree; any alignment
 * @length: of both, in bytes: up to STILE_VM_IMAGE_MAX
 *
 * Returns its number in x1. What it is refused for, its device tree above all, is told as said
 * above, in the words that the log has for VMs of the bundle: no VM of this number ran, then.
 *
 * INVALID_ARGUMENT: 1: a name that is none, a kernel of no bytes, or reserved fields that are not 0;
 *     2: it is not more than a struct stile_vm_image, or too much, or makes the range wrap
 * NOT_MAPPED: not all of it is memory that the caller may read
 * NO_MEMORY: the hypervisor has no room to copy it
 * LIMIT: there are as many VMs as there can be
 * BUSY: another VM is being made at this moment
 *
 * Example:
 *     struct stile_result result = stile_vm_create(image, length);
 *     stile_vm_id_t vm = stile_vm_create_vm(result);
 */
STILE_CALL(0xA0, 14, vm, create, ARGS2(ipa, image, nr_bytes, length), RETS1(vm_id, vm),
           ERRS4(NOT_MAPPED, NO_MEMORY, LIMIT, BUSY))

/*
 * Start a VM whose files are there: STILE_VM_MADE. Its first vCPU begins with its kernel.
 *
 * @vm: which one
 *
 * If it is paused, it begins when it is resumed.
 *
 * NOT_FOUND: no such VM waits for its start
 *
 * Example:
 *     struct stile_result result = stile_vm_start(vm);
 *     bool has_begun = result.status == STILE_SUCCESS;
 */
STILE_CALL(0xA1, 14, vm, start, ARGS1(vm_id, vm), RETS0(), ERRS1(NOT_FOUND))

/* clang-format on */
