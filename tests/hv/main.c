/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own suites: what stile-test.img does in place of running VMs.
 *
 * All physical CPUs are up; the others idle. The machine's command line, if there is one, is the
 * filter for the cases to run, or the name of a fault to cause (faults.c).
 */
#include "dev/psci.h"
#include "console/console_write.h"
#include "dev/machine.h"
#include "boot/start.h"
#include "faults.h"
#include "ktf.h"
#include "lib/printk.h"
#include "mm/page.h"

void ktf_write(const char *text, size_t length)
{
    console_panic_write(text, length);
}

size_t ktf_free_pages(void)
{
    return page_nr_free() + page_nr_free_guest();
}

_Noreturn void start_run(void)
{
    faults_cause(machine.bootargs);
    (void)ktf_run_all(machine.bootargs);
    psci_system_off();
    panic("the firmware cannot power the machine off");
}
