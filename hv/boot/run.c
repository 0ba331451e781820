/* SPDX-License-Identifier: MIT */
/*
 * What the machine is for: the VMs of the bundle.
 */
#include "boot/start.h"
#include "config/bundle.h"
#include "console/console.h"
#include "dev/machine.h"
#include "lib/printk.h"
#include "life/vcpu_life.h"
#include "life/vm_life.h"
#include "sched/sched.h"
#include "vm/vm_files.h"

_Noreturn void start_run(void)
{
    static struct vm_files found[CONFIG_NR_VMS];
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
