/* SPDX-License-Identifier: MIT */
#include "config/vm_range.h"

#include "vm/refusal.h"

/* Whether the VM has the same pages, at the same place, for a device that has others' beside it. */
static bool has_range(const struct vm_config *config, const struct vm_device_range *range)
{
    for (uint32_t i = 0; i < config->nr_device_ranges; i++) {
        const struct vm_device_range *had = &config->device_ranges[i];

        if (had->pa.pa == range->pa.pa && had->at.base.ipa == range->at.base.ipa &&
            had->at.bytes == range->at.bytes)
            return true;
    }
    return false;
}

const char *vm_range_add(struct vm_config *config, const struct vm_device_range *range,
                         const char *name)
{
    if (has_range(config, range))
        return NULL;
    if (config->nr_device_ranges == VM_NR_DEVICE_RANGES)
        return refusal("vm.dtb: %s: more than %d ranges of devices", name, VM_NR_DEVICE_RANGES);
    config->device_ranges[config->nr_device_ranges++] = *range;
    return NULL;
}
