/* SPDX-License-Identifier: MIT */
/*
 * The order in which the hypervisor comes up.
 */
#include "boot/start.h"

#include "boot/cpus.h"
#include "config/machine_tree.h"
#include "console/console.h"
#include "console/serial.h"
#include "dev/gic.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "dev/smmu.h"
#include "lib/is_enabled.h"
#include "lib/printk.h"
#include "lib/random.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "stile/version.h"
#include "virt/vcache.h"
#include "virt/vid.h"
#include "vm/clock.h"

/* Device registers are where the machine has them: EL2's map is one to one there. */
static void map_devices(void)
{
    const struct pa_range devices[] = {
        machine.gicd, machine.gicc, machine.gich, machine.rtc, machine.smmu,
    };

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        if (devices[i].bytes > 0)
            el2map_device(devices[i]);
    for (uint32_t i = 0; i < machine.nr_gicr; i++)
        el2map_device(machine.gicr[i]);
}

/* From here on nothing reaches memory by itself through it. */
static void start_smmu(void)
{
    const uint32_t intids[] = {machine.smmu_event_intid, machine.smmu_error_intid};
    void *tables = page_alloc(PAGE_OWNER_HV, SMMU_INIT_ORDER);
    const char *fault = tables ? smmu_init(tables) : "the hypervisor has no memory for it";

    if (fault) {
        log_warn("the SMMU at %lx is not used: %s", machine.smmu.base.pa, fault);
        if (tables)
            page_free(tables, SMMU_INIT_ORDER);
        return;
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (intids[i] == 0)
            continue;
        gic_set_edge(intids[i], machine.smmu_edge);
        gic_enable(intids[i]);
    }
    log_info("SMMUv3 at %lx: %u streams", machine.smmu.base.pa, smmu_nr_streams());
}

/* On this CPU's own stack, between guard pages. */
_Noreturn static void start_mapped(void)
{
    serial_early(machine.uart.base.pa);
    map_devices();
    gic_init();
    console_init();
    clock_init();
    vid_init();
    vcache_init();
    random_init(machine.rng_seed, machine.rng_seed_bytes);
    log_info("Stile %d.%d: %u CPUs, GICv%u, %zu MiB for guests", STILE_VERSION_MAJOR,
             STILE_VERSION_MINOR, nr_pcpus, machine.gic_version,
             page_nr_free_guest() >> (20 - PAGE_SHIFT));
    if (IS_ENABLED(CONFIG_DEVICES) && machine.smmu.bytes > 0)
        start_smmu();
    cpus_init_self();
    cpus_start_others();
    start_run();
}

_Noreturn void start(uint64_t dtb, uint64_t image)
{
    const char *fault = machine_tree_parse((const void *)(uintptr_t)dtb, pa_make(image));

    /* What fails from here on says so where the tree names a UART, if that can be reached yet. */
    if (machine.uart.bytes > 0 && el2map_early_device(machine.uart.base))
        serial_early(machine.uart.base.pa);
    if (fault)
        panic("%s", fault);
    cpus_init_boot();
    page_init();
    el2map_init();
    start_on_stack(pcpus[0].stack_top, start_mapped);
}
