/* SPDX-License-Identifier: MIT */
/*
 * Checking what a VM's device tree asks for, once all of it has been read: everything against
 * everything.
 */
#include "config/vm_check.h"

#include <string.h>

#include "arch/mpidr.h"
#include "mm/page.h"
#include "mm/stage2.h"
#include "vm/vgic_state.h"

/* IHI 0048, IHI 0069: how much the registers of each part take. */
#define GICV2_GICD_BYTES UINT64_C(0x1000)
#define GICV2_GICC_BYTES UINT64_C(0x1000) /* GICC_DIR, behind that, only where there is room */
#define GICV3_GICD_BYTES UINT64_C(0x10000)

#define FIRST_SPI 32u

static const char *check_memory(const struct vm_config *config)
{
    if (config->nr_memory == 0)
        return "vm.dtb: no /memory";
    for (uint32_t i = 0; i < config->nr_memory; i++) {
        const struct ipa_range *range = &config->memory[i];

        if (!is_aligned(range->base.ipa | range->bytes, PAGE_SIZE))
            return "vm.dtb: /memory is not in whole pages of 4 KiB";
        if (range->base.ipa >= STAGE2_IPA_END || range->bytes > STAGE2_IPA_END - range->base.ipa)
            return "vm.dtb: /memory exceeds the 512 GiB of a VM's address space";
    }
    return NULL;
}

/* So that an SGI reaches every vCPU: ICC_SGI1R_EL1 without a range selector (IHI 0069, 12.2.20). */
static const char *check_affinities(const struct vm_config *config)
{
    for (uint32_t i = 0; i < config->nr_vcpus; i++)
        if (MPIDR_AFF0(config->mpidr[i]) > 15)
            return "vm.dtb: the lowest byte of a CPU's reg is above 15, where a GICv3's SGIs end";
    return NULL;
}

static const char *check_gicv3(const struct vm_config *config)
{
    uint64_t nr = 0;

    for (uint32_t i = 0; i < VM_NR_GICR; i++)
        nr += config->gicr[i].bytes / VM_GICR_BYTES;
    if (config->gicd.bytes < GICV3_GICD_BYTES || nr < config->nr_vcpus)
        return "vm.dtb: the GICv3's registers are missing or too small for its CPUs";
    return check_affinities(config);
}

static const char *check_gic(const struct vm_config *config, uint32_t nr_gics)
{
    if (nr_gics == 0)
        return config->mode == VM_MODE_PARAVIRTUAL
                   ? NULL
                   : "vm.dtb: no interrupt controller (arm,cortex-a15-gic, arm,gic-v3), and "
                     "stile,mode is not \"paravirtual\"";
    if (nr_gics > 1)
        return "vm.dtb: more than one interrupt controller";
    if (config->gic_version == 3)
        return check_gicv3(config);
    if (config->gicd.bytes < GICV2_GICD_BYTES || config->gicc.bytes < GICV2_GICC_BYTES)
        return "vm.dtb: the GICv2's registers are missing or too small";
    return NULL;
}

static const char *check_places(const struct vm_config *config)
{
    if (config->dtb_address != VM_ANYWHERE && !is_aligned(config->dtb_address, 8))
        return "vm.dtb: stile,dtb-address is not a multiple of 8";
    if (config->kernel_entry == VM_ANYWHERE || vm_config_is_entry(config, config->kernel_entry))
        return NULL;
    return "vm.dtb: the kernel's stile,kernel-address or -entry is not in memory, or not aligned";
}

static const char *check_uart(const struct vm_config *config, uint32_t nr_uarts)
{
    bool may_lack = config->uart.bytes == 0 || !vm_config_has_gic(config);

    if (nr_uarts > 1)
        return "vm.dtb: more than one UART";
    if (config->uart_intid == 0 && may_lack)
        return NULL;
    if (config->uart_intid < FIRST_SPI || config->uart_intid >= VGIC_NR_INTIDS)
        return "vm.dtb: the UART has no SPI that the GIC has";
    return NULL;
}

static bool overlap(const struct ipa_range *a, const struct ipa_range *b)
{
    return a->bytes > 0 && b->bytes > 0 && a->base.ipa < b->base.ipa + b->bytes &&
           b->base.ipa < a->base.ipa + a->bytes;
}

/* Emulated registers; those of a GICv2's CPU interface are mapped. */
static const char *check_device(const struct ipa_range *range, uint64_t alignment)
{
    if (!is_aligned(range->base.ipa | range->bytes, alignment))
        return alignment == PAGE_SIZE
                   ? "vm.dtb: the interrupt controller is not in whole pages"
                   : "vm.dtb: a device's registers are not in whole words of 8 bytes";
    if (range->base.ipa >= STAGE2_IPA_END || range->bytes > STAGE2_IPA_END - range->base.ipa)
        return "vm.dtb: a device exceeds the VM's address space";
    if (range->bytes > UINT32_MAX)
        return "vm.dtb: a device takes 4 GiB or more";
    return NULL;
}

#define NR_GIC_RANGES    (2 + VM_NR_GICR)
#define NR_DEVICE_RANGES (NR_GIC_RANGES + 4 + VM_NR_SLOTS + VM_NR_FLASH + VM_NR_DEVICE_RANGES)
#define NR_RANGES        (NR_DEVICE_RANGES + STILE_VM_NR_REGIONS)

/* All that has an address: the interrupt controller, other devices, memory. Returns how many. */
static uint32_t gather(const struct vm_config *config, struct ipa_range ranges[NR_RANGES])
{
    const struct ipa_range single[] = {
        config->gicd, config->gicc, config->gicr[0],   config->gicr[1],
        config->uart, config->rtc,  config->virtio_at, {ipa_make(VM_SHARED_IPA), VM_SHARED_BYTES},
    };

    _Static_assert(sizeof(single) == (NR_GIC_RANGES + 4) * sizeof(single[0]), "no more, no less");
    memcpy(ranges, single, sizeof(single));
    ranges += NR_GIC_RANGES + 4;
    memcpy(ranges, config->slots, sizeof(config->slots));
    ranges += VM_NR_SLOTS;
    memcpy(ranges, config->flash, sizeof(config->flash));
    ranges += VM_NR_FLASH;
    for (uint32_t i = 0; i < VM_NR_DEVICE_RANGES; i++)
        ranges[i] = config->device_ranges[i].at;
    ranges += VM_NR_DEVICE_RANGES;
    memcpy(ranges, config->memory, config->nr_memory * sizeof(config->memory[0]));
    return NR_DEVICE_RANGES + config->nr_memory;
}

/* That no address means two things. */
static const char *check_ranges(const struct vm_config *config)
{
    struct ipa_range ranges[NR_RANGES];
    uint32_t nr = gather(config, ranges);
    const char *fault = NULL;

    for (uint32_t i = 0; i < NR_DEVICE_RANGES && !fault; i++)
        fault = check_device(&ranges[i], i < NR_GIC_RANGES ? PAGE_SIZE : 8);
    for (uint32_t i = 0; i < nr && !fault; i++) {
        for (uint32_t j = 0; j < i && ranges[i].bytes > 0; j++) {
            if (overlap(&ranges[i], &ranges[j]))
                fault = i < NR_DEVICE_RANGES
                            ? "vm.dtb: devices overlap, or the pages shared at 0xB000000"
                            : "vm.dtb: /memory overlaps itself, a device or the pages shared at "
                              "0xB000000";
        }
    }
    return fault;
}

const char *vm_check(const struct vm_config *config, const struct vm_found *found)
{
    const char *fault = check_memory(config);

    if (!fault && found->nr_cpus == 0)
        fault = "vm.dtb: no CPUs";
    if (!fault)
        fault = check_gic(config, found->nr_gics);
    if (!fault)
        fault = check_uart(config, found->nr_uarts);
    if (!fault)
        fault = check_places(config);
    return fault ? fault : check_ranges(config);
}
