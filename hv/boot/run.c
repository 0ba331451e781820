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
#include "life/vm_make.h"
#include "sched/sched.h"
#include "vm/vm_files.h"
#include "watch/power.h"

/* Nothing is wrong with the hypervisor, and there is nothing for it to do. */
_Noreturn static void end_without(size_t nr_refused)
{
    uint32_t status = nr_refused > 0 ? (uint32_t)nr_refused : 1;

    printk("no VM to run: %s: powering off, status %u",
           machine.bundle.bytes == 0 ? "give a bundle as the initrd"
           : nr_refused == 0         ? "the bundle has none"
                                     : "every one was refused",
           status);
    power_off(status);
    panic("the firmware cannot power the machine off");
}

_Noreturn void start_run(void)
{
    static struct vm_files found[CONFIG_NR_VMS];
    struct vm *made[CONFIG_NR_VMS];
    size_t nr_made = 0;
    const void *archive = (const void *)(uintptr_t)machine.bundle.base.pa;
    size_t nr_found = bundle_read(archive, machine.bundle.bytes, found, CONFIG_NR_VMS);

    if (nr_found > 1)
        console_name_lines();
    for (size_t i = 0; i < nr_found; i++) {
        struct vm *vm = vm_make_at_boot(&found[i]);
        if (vm)
            made[nr_made++] = vm;
    }
    if (nr_made == 0)
        end_without(nr_found);
    for (size_t i = 0; i < nr_made; i++)
        vm_start_at_boot(made[i]);
    vcpu_enter(sched_enter());
}
