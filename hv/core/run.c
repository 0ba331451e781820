/* SPDX-License-Identifier: MIT */
/*
 * What the machine is for: the VMs of the bundle.
 */
#include "core/bundle.h"
#include "core/console.h"
#include "core/machine.h"
#include "core/pcpu.h"
#include "core/sched.h"
#include "core/start.h"
#include "core/vcpu.h"
#include "core/vm.h"
#include "lib/printk.h"

_Noreturn void start_run(void)
{
    static struct bundle_vm found[CONFIG_NR_VMS];
    const void *archive = (const void *)(uintptr_t)machine.bundle.base.pa;
    size_t nr_found = bundle_read(archive, machine.bundle.bytes, found, CONFIG_NR_VMS);

    if (nr_found > 1)
        console_name_lines();
    for (size_t i = 0; i < nr_found; i++)
        vm_create(&found[i]);
    if (vm_nr_running() == 0)
        panic("no VM to run: give a bundle as the initrd");
    vcpu_enter(sched_enter());
}
