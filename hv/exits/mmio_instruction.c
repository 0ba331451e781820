/* SPDX-License-Identifier: MIT */
/*
 * Accesses to emulated devices by instructions that write back their base, or move two registers,
 * or SIMD ones. The instruction is read through the guest's own translation; another vCPU may have
 * changed it since it trapped, so it is believed only if it accesses what was trapped on.
 */
#include <string.h>

#include "arch/cpu.h"
#include "arch/esr.h"
#include "exits/mmio.h"
#include "exits/transfer.h"
#include "exits/walk.h"
#include "memory/guest.h"
#include "vm/mmio_map.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "vm/vsve.h"

/* Virtual addresses may carry a tag in their top byte. */
#define VA_WITHOUT_TAG (UINT64_MAX >> 8)

#define BYTES_MOST  16
#define DEVICE_MOST 8 /* bytes at once */

/* An access under way. */
struct access {
    struct vcpu *vcpu;
    struct transfer transfer;
    uint64_t va;        /* of the first register's */
    uint64_t fault_va;  /* what trapped, */
    uint64_t fault_ipa; /* and where that leads */
};

/* --- registers ----------------------------------------------------------------------------- */

static uint64_t get_x(const struct vcpu *vcpu, uint32_t n)
{
    return n == TRANSFER_SP ? 0 : vcpu->regs.x[n];
}

static bool has_own_sp(void)
{
    return (read_sysreg(spsr_el2) & SPSR_M_MASK) == SPSR_M_EL1H;
}

static uint64_t get_base(const struct vcpu *vcpu, const struct transfer *transfer)
{
    if (transfer->from_pc)
        return read_sysreg(elr_el2);
    if (transfer->rn != TRANSFER_SP)
        return vcpu->regs.x[transfer->rn];
    return has_own_sp() ? read_sysreg(sp_el1) : read_sysreg(sp_el0);
}

static void set_base(struct vcpu *vcpu, const struct transfer *transfer, uint64_t value)
{
    if (transfer->rn != TRANSFER_SP)
        vcpu->regs.x[transfer->rn] = value;
    else if (has_own_sp())
        write_sysreg(sp_el1, value);
    else
        write_sysreg(sp_el0, value);
}

/* A register as it lies in memory. */
static void register_to_bytes(const struct access *access, uint32_t n, uint8_t bytes[BYTES_MOST])
{
    uint64_t x = get_x(access->vcpu, n);
    uint32_t length;

    if (access->transfer.is_simd)
        memcpy(bytes, vsve_vector(access->vcpu, n, &length), BYTES_MOST);
    else
        memcpy(bytes, &x, sizeof(x));
}

static void bytes_to_register(const struct access *access, uint32_t n,
                              const uint8_t bytes[BYTES_MOST])
{
    const struct transfer *transfer = &access->transfer;
    uint64_t x = 0;

    if (transfer->is_simd) {
        uint32_t length;
        void *vector = vsve_vector(access->vcpu, n, &length);

        memset(vector, 0, length);
        memcpy(vector, bytes, transfer->bytes);
    } else if (n != TRANSFER_SP) {
        memcpy(&x, bytes, transfer->bytes);
        access->vcpu->regs.x[n] =
            transfer_extend(x, transfer->bytes, transfer->is_signed, transfer->is_wide);
    }
}

static void order(uint8_t *bytes, uint32_t nr)
{
    for (uint32_t i = 0; walk_data_is_big_endian() && i < nr / 2; i++) {
        uint8_t byte = bytes[i];

        bytes[i] = bytes[nr - 1 - i];
        bytes[nr - 1 - i] = byte;
    }
}

/* --- what they are moved to or from -------------------------------------------------------- */

static void move_device(const struct access *access, const struct mmio_region *region, uint64_t ipa,
                        uint8_t *bytes)
{
    uint32_t piece = access->transfer.bytes < DEVICE_MOST ? access->transfer.bytes : DEVICE_MOST;

    for (uint32_t i = 0; i < access->transfer.bytes; i += piece) {
        uint32_t offset = (uint32_t)(ipa - region->base) + i;
        uint64_t value = 0;

        if (access->transfer.is_load) {
            value = region->ops->read(access->vcpu, offset, piece);
            memcpy(bytes + i, &value, piece);
        } else {
            memcpy(&value, bytes + i, piece);
            region->ops->write(access->vcpu, offset, piece, value);
        }
    }
}

/* Where a register of the access is; false: not known. A second one may be in the next page. */
static bool find_ipa(const struct access *access, uint64_t va, ipa_t *ipa)
{
    if (((va ^ access->fault_va) & VA_WITHOUT_TAG) >> PAGE_SHIFT != 0)
        return walk_translate(va, !access->transfer.is_load, spsr_is_el0(read_sysreg(spsr_el2)),
                              ipa);
    *ipa = ipa_make(align_down(access->fault_ipa, PAGE_SIZE) | (va & PAGE_MASK));
    return true;
}

/* A device, or memory of the VM's beside one. */
static bool move(const struct access *access, uint64_t va, uint8_t *bytes)
{
    const struct transfer *transfer = &access->transfer;
    const struct mmio_region *region;
    ipa_t ipa;

    if (!find_ipa(access, va, &ipa))
        return false;
    region = mmio_find(&access->vcpu->vm->mmio, ipa.ipa);
    /* Regions end at multiples of 8 only. */
    if (region && ipa.ipa + transfer->bytes - region->base > region->bytes)
        return false;
    if (region)
        move_device(access, region, ipa.ipa, bytes);
    else if (transfer->is_load)
        return guest_read(access->vcpu->vm, bytes, ipa, transfer->bytes) == transfer->bytes;
    else
        return guest_write(access->vcpu->vm, ipa, bytes, transfer->bytes) == transfer->bytes;
    return true;
}

static bool move_all(const struct access *access)
{
    const struct transfer *transfer = &access->transfer;

    for (uint32_t i = 0; i < transfer->nr; i++) {
        uint8_t bytes[BYTES_MOST] = {0};

        if (!transfer->is_load) {
            register_to_bytes(access, transfer->rt[i], bytes);
            order(bytes, transfer->bytes);
        }
        if (!move(access, access->va + i * transfer->bytes, bytes)) {
            write_sysreg(far_el2, access->va + i * transfer->bytes); /* what is to be told */
            return false;
        }
        if (transfer->is_load) {
            order(bytes, transfer->bytes);
            bytes_to_register(access, transfer->rt[i], bytes);
        }
    }
    return true;
}

/* --- the instruction ----------------------------------------------------------------------- */

static enum mmio_result carry_out(struct access *access)
{
    const struct transfer *transfer = &access->transfer;
    struct vcpu *vcpu = access->vcpu;
    uint64_t base = get_base(vcpu, transfer);
    uint64_t sum =
        transfer_sum(transfer, base, transfer->has_index ? get_x(vcpu, transfer->rm) : 0);

    access->va = transfer->is_post ? base : sum;
    if (((access->fault_va - access->va) & VA_WITHOUT_TAG) >= transfer->nr * transfer->bytes)
        return MMIO_AGAIN;
    if (!is_aligned(access->va, transfer->bytes))
        return MMIO_NONE;
    if (transfer->is_simd && (vcpu->has & VCPU_HAS_FP))
        trap_control_put_fp(vcpu); /* they come back when the guest next uses them */
    if (!move_all(access))
        return MMIO_NONE;
    if (transfer->writes_back)
        set_base(vcpu, transfer, sum);
    return MMIO_DONE;
}

/* What is at ELR_EL2: the instruction that trapped, or what has taken its place. */
static enum mmio_result fetch(struct vcpu *vcpu, uint32_t *instruction)
{
    ipa_t pc;

    if (read_sysreg(spsr_el2) & SPSR_AARCH32)
        return MMIO_NONE;
    /* EL1 may read what is executed, whoever executes it. */
    if (!walk_translate(read_sysreg(elr_el2), false, false, &pc))
        return MMIO_AGAIN;
    if (guest_read(vcpu->vm, instruction, pc, sizeof(*instruction)) != sizeof(*instruction))
        return MMIO_NONE;
    return MMIO_DONE;
}

bool mmio_is_maintenance(struct vcpu *vcpu, uint64_t esr)
{
    struct transfer transfer;
    uint32_t instruction;

    if (esr & (ABORT_CM | ABORT_ISV))
        return esr & ABORT_CM;
    return fetch(vcpu, &instruction) == MMIO_DONE &&
           transfer_decode(instruction, &transfer) == TRANSFER_MAINTENANCE;
}

enum mmio_result mmio_emulate_instruction(struct vcpu *vcpu, uint64_t ipa)
{
    struct access access = {.vcpu = vcpu, .fault_va = read_sysreg(far_el2), .fault_ipa = ipa};
    uint32_t instruction;
    enum mmio_result fetched = fetch(vcpu, &instruction);

    if (fetched != MMIO_DONE)
        return fetched;
    switch (transfer_decode(instruction, &access.transfer)) {
    case TRANSFER_PLAIN:
        return carry_out(&access);
    case TRANSFER_MAINTENANCE:
        return MMIO_DONE;
    case TRANSFER_UNSUPPORTED:
        return MMIO_UNSUPPORTED;
    default:
        return MMIO_NONE;
    }
}
