/* SPDX-License-Identifier: MIT */
/*
 * An erased ROM: every bit reads as one, and writes are ignored.
 */
#include "virt/vflash.h"

#include "vm/mmio_map.h"
#include "vm/vm.h"

#define ERASED UINT64_MAX

static uint64_t vflash_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    (void)vcpu;
    (void)offset;
    (void)bytes;
    return ERASED;
}

static void vflash_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    (void)vcpu;
    (void)offset;
    (void)bytes;
    (void)value;
}

static const struct mmio_ops vflash_ops = {vflash_read, vflash_write, EXIT_DEVICE};

void vflash_init(struct vm *vm)
{
    const struct ipa_range *flash = vm->config.flash;

    for (uint32_t i = 0; i < VM_NR_FLASH && flash[i].bytes > 0; i++)
        mmio_add(&vm->mmio, flash[i].base, flash[i].bytes, &vflash_ops);
}
