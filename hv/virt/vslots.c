/* SPDX-License-Identifier: MIT */
/*
 * The registers of a virtio-mmio slot without a device (virtio 1.2, section 4.2.2): they say that
 * it is a slot, and of what version. All else reads as zero, and writes are ignored.
 */
#include "virt/vslots.h"

#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define MAGIC_VALUE 0x000
#define VERSION     0x004

#define MAGIC      0x74726976u /* "virt", little-endian */
#define NOT_LEGACY 2u

/* A piece of the map may have many slots, each with the same registers. */
static uint64_t vslots_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    if (bytes != 4)
        return 0;
    switch (offset % vcpu->vm->config.slot_bytes) {
    case MAGIC_VALUE:
        return MAGIC;
    case VERSION:
        return NOT_LEGACY;
    default:
        return 0;
    }
}

static void vslots_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    (void)vcpu;
    (void)offset;
    (void)bytes;
    (void)value;
}

static const struct mmio_ops vslots_ops = {vslots_read, vslots_write, EXIT_DEVICE};

void vslots_init(struct vm *vm)
{
    const struct ipa_range *slots = vm->config.slots;

    for (uint32_t i = 0; i < VM_NR_SLOTS && slots[i].bytes > 0; i++)
        mmio_add(&vm->mmio, slots[i].base, slots[i].bytes, &vslots_ops);
}
