/* SPDX-License-Identifier: MIT */
/*
 * See vcache.h.
 */
#include "virt/vcache.h"

#include "arch/clamp.h"
#include "arch/cpu.h"
#include "arch/id.h"
#include "vm/trap_control.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* CLIDR_EL1 (Arm ARM D17.2.27): three bits for each of seven levels, from level 1 on. */
#define NR_LEVELS          7
#define CLIDR_CTYPE(c, l)  ((uint32_t)((c) >> 3 * (l)) & 7)
#define CTYPE_HAS_CODE(t)  ((t) == 1 || (t) == 3)
#define CTYPE_HAS_DATA(t)  ((t) >= 2)
#define NR_SELECTIONS      16 /* CSSELR_EL1: InD, bit 0; Level, bits 3:1 */
#define CSSELR_INSTRUCTION 1

/* CCSIDR_EL1 (D17.2.26): beside LineSize it has the numbers of sets and ways, each less one. */
#define CCSIDR_LINE_SIZE UINT64_C(7)

#define MMFR2_CCIDX_SHIFT 20 /* ID_AA64MMFR2_EL1.CCIDX */

/*
 * How often a guest may read CTR_EL0 before it reads CCSIDR_EL1 and still be shown one set and one
 * way. Firmware that walks by set and way does so early, after a few operations by address.
 */
#define CTR_READS_MAX 256

static uint64_t ccsidr[NR_SELECTIONS];

static uint64_t read_ccsidr(uint32_t selection)
{
    write_sysreg(csselr_el1, selection);
    isb();
    return read_sysreg(ccsidr_el1);
}

void vcache_init(void)
{
    uint64_t clidr = read_sysreg(clidr_el1);

    for (uint32_t level = 0; level < NR_LEVELS; level++) {
        uint32_t type = CLIDR_CTYPE(clidr, level);
        if (CTYPE_HAS_DATA(type))
            ccsidr[2 * level] = read_ccsidr(2 * level);
        if (CTYPE_HAS_CODE(type))
            ccsidr[2 * level + CSSELR_INSTRUCTION] = read_ccsidr(2 * level + CSSELR_INSTRUCTION);
    }
}

void vcache_reset(struct vm *vm)
{
    vm->caches = (struct vcache){0};
    vm->hcr = trap_control_hcr(vm->config.mode);
}

/* Decides what the VM is shown, if nobody has. Returns whether it is @what. */
static bool decide(struct vm *vm, uint32_t what)
{
    uint32_t shown = VCACHE_UNDECIDED;

    return __atomic_compare_exchange_n(&vm->caches.shown, &shown, what, false, __ATOMIC_RELAXED,
                                       __ATOMIC_RELAXED) ||
           shown == what;
}

uint64_t vcache_ctr(struct vcpu *vcpu)
{
    struct vm *vm = vcpu->vm;

    if (vm->config.mode != VM_MODE_TRAP &&
        __atomic_add_fetch(&vm->caches.nr_ctr_read, 1, __ATOMIC_RELAXED) > CTR_READS_MAX &&
        decide(vm, VCACHE_HARDWARE))
        trap_control_release_caches(vm);
    return read_sysreg(ctr_el0);
}

uint64_t vcache_ccsidr(struct vm *vm, uint64_t csselr)
{
    uint64_t value = csselr < NR_SELECTIONS ? ccsidr[clamp(csselr, NR_SELECTIONS)] : 0;

    return decide(vm, VCACHE_FLAT) ? value & CCSIDR_LINE_SIZE : value;
}

bool vcache_has_ccsidr2(void)
{
    return id_field(read_sysreg(id_aa64mmfr2_el1), MMFR2_CCIDX_SHIFT) != 0;
}
