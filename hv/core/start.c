/* SPDX-License-Identifier: MIT */
/*
 * The order in which the hypervisor comes up.
 */
#include "core/start.h"

#include "core/clock.h"
#include "core/console.h"
#include "core/machine.h"
#include "core/pcpu.h"
#include "core/vm.h"
#include "dev/gic.h"
#include "lib/printk.h"
#include "lib/random.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "virt/vid.h"

/* On this CPU's own stack, between guard pages. */
_Noreturn static void start_mapped(void)
{
    gic_init();
    console_init();
    clock_init();
    vid_init();
    random_init(machine.rng_seed, machine.rng_seed_bytes);
    log_info("Stile %d.%d: %u CPUs, GICv%u, %zu MiB for guests", STILE_VERSION_MAJOR,
             STILE_VERSION_MINOR, nr_pcpus, machine.gic_version,
             page_nr_free_guest() >> (20 - PAGE_SHIFT));
    pcpu_init_self();
    pcpu_start_others();
    start_run();
}

_Noreturn void start(uint64_t dtb, uint64_t image)
{
    machine_parse((const void *)(uintptr_t)dtb, pa_make(image));
    pcpu_init_boot();
    page_init();
    el2map_init();
    start_on_stack(pcpus[0].stack_top, start_mapped);
}
