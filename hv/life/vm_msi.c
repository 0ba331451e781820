/* SPDX-License-Identifier: MIT */
/*
 * What there is of an ITS outside the virtual GIC: memory, the doorbell, the machine's ITS.
 */
#include "life/vm_msi.h"

#include "dev/gic.h"
#include "dev/its.h"
#include "dev/its_regs.h"
#include "dev/machine.h"
#include "dev/pcpu.h"
#include "lib/cold.h"
#include "lib/printk.h"
#include "memory/guest.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "vgic/vgic.h"
#include "vm/refusal.h"
#include "vm/vits_state.h"
#include "vm/vm.h"

static COLD bool alloc_tables(void *tables[ITS_NR_TABLES])
{
    for (uint32_t i = 0; i < ITS_NR_TABLES - CONFIG_NR_PCPUS + nr_pcpus; i++) {
        tables[i] = page_alloc(PAGE_OWNER_HV, ITS_TABLE_ORDER);
        if (!tables[i])
            return false;
    }
    return true;
}

/* What the ITS needs once some VM has one; nothing, if that cannot be. */
static COLD const char *start_its(pa_t base)
{
    void *tables[ITS_NR_TABLES] = {NULL};
    const char *fault = NULL;

    if (gic_limits.nr_lrs < 2)
        fault = "there is one list register only";
    else if (!alloc_tables(tables))
        fault = "the hypervisor has no memory for it";
    if (!fault) {
        el2map_device((struct pa_range){base, GITS_BYTES});
        fault = its_init(base, tables);
    }
    if (!fault) {
        gic_limits.lpi_lr = (uint8_t)--gic_limits.nr_lrs;
        log_info("ITS at %lx: %u DeviceIDs", base.pa, its_nr_devices());
    }
    for (uint32_t i = 0; i < ITS_NR_TABLES && fault; i++)
        if (tables[i])
            page_free(tables[i], ITS_TABLE_ORDER);
    return fault;
}

const char *vm_msi_check(const struct vm_config *config)
{
    const struct vm_device_range *range = vm_config_its(config);
    const char *fault = NULL;

    if (!range)
        return NULL;
    if (!its_is_there())
        fault = start_its(range->pa);
    else if (!its_is_at(range->pa))
        fault = "another one is in use";
    return fault
               ? refusal("vm.dtb: the machine's %s: %s", config->devices[range->device].name, fault)
               : NULL;
}

bool vm_msi_alloc(struct vm *vm)
{
    vits_by_vm[vm->id - 1] = NULL;
    if (!vm_config_its(&vm->config))
        return true;
    vits_by_vm[vm->id - 1] = page_alloc(vm->id, PAGE_ORDER_4K);
    if (!vits_of(vm))
        return false;
    vits_of(vm)->read = guest_read;
    vits_of(vm)->itts = page_alloc(vm->id, PAGE_ORDER_4K);
    return vits_of(vm)->itts;
}

void vm_msi_free(struct vm *vm)
{
    struct vits *its = vits_of(vm);

    if (!its)
        return;
    vlpi_forget(vm);
    if (its->itts)
        page_free(its->itts, PAGE_ORDER_4K);
    page_free(its, PAGE_ORDER_4K);
}

/* For devices alone: what a vCPU writes there traps. Devices that are trusted reach it anyway. */
bool vm_msi_map(struct vm *vm)
{
    const struct vm_device_range *range = vm_config_its(&vm->config);

    if (!range || vm->config.one_to_one)
        return true;
    return stage2_map_doorbell(&vm->stage2, ipa_make(range->at.base.ipa + GITS_DOORBELL),
                               pa_add(range->pa, GITS_DOORBELL), STAGE2_READ) == STILE_SUCCESS;
}

/* Before its memory is given to somebody else. */
void vm_msi_stop(struct vm *vm)
{
    if (!vits_of(vm))
        return;
    vits_unmap_all(vm);
    vlpi_show(vm, false);
}
