/* SPDX-License-Identifier: MIT */
/*
 * Trapped system registers: SGI generation, cache geometry, and, for VMs that trap everything, the
 * memory registers and TLB maintenance of EL1. Identification registers are read in entry.S.
 *
 * Adding a register is one line in one of the lists below. What is in none of them is undefined.
 */
#include "exits/sysreg.h"

#include <stdbool.h>

#include "arch/cpu.h"
#include "arch/iss.h"
#include "arch/timer.h"
#include "memory/set_way.h"
#include "vgic/vgic.h"
#include "virt/vcache.h"
#include "virt/vdebug.h"
#include "virt/vpmu.h"
#include "virt/vtimer.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* Op0 = 2: debug and trace. */
#define OP0_DEBUG 2

/* Op0 = 1: instructions, which have no result. */
#define OP0_INSTRUCTION 1

/* HCR_EL2.TVM and TRVM: registers of the EL1 translation regime. R(name, encoding). */
#define MEMORY_REGISTERS(R)                                                                        \
    R(sctlr_el1, NAME(3, 0, 1, 0, 0))                                                              \
    R(ttbr0_el1, NAME(3, 0, 2, 0, 0))                                                              \
    R(ttbr1_el1, NAME(3, 0, 2, 0, 1))                                                              \
    R(tcr_el1, NAME(3, 0, 2, 0, 2))                                                                \
    R(afsr0_el1, NAME(3, 0, 5, 1, 0))                                                              \
    R(afsr1_el1, NAME(3, 0, 5, 1, 1))                                                              \
    R(esr_el1, NAME(3, 0, 5, 2, 0))                                                                \
    R(far_el1, NAME(3, 0, 6, 0, 0))                                                                \
    R(mair_el1, NAME(3, 0, 10, 2, 0))                                                              \
    R(amair_el1, NAME(3, 0, 10, 3, 0))                                                             \
    R(contextidr_el1, NAME(3, 0, 13, 0, 1))

#define NAME_CSSELR  NAME(3, 2, 0, 0, 0)
#define NAME_CCSIDR  NAME(3, 1, 0, 0, 0)
#define NAME_CCSIDR2 NAME(3, 1, 0, 0, 2)
#define NAME_CTR     NAME(3, 3, 0, 0, 1)

/* HCR_EL2.TID2: the cache geometry, with CTR, CCSIDR and CCSIDR2. Only CSSELR can be written. */
#define CACHE_REGISTERS(R)                                                                         \
    R(clidr_el1, NAME(3, 1, 0, 0, 1))                                                              \
    R(csselr_el1, NAME_CSSELR)

/*
 * HCR_EL2.TTLB: TLB maintenance of the EL1 regime, for the VMID in VTTBR_EL2. The vCPU may have
 * run on another CPU before, so all are broadcast. R(name, Op2).
 */
#define TLB_OPERATIONS(R)                                                                          \
    R(vae1is, 1)                                                                                   \
    R(aside1is, 2)                                                                                 \
    R(vaae1is, 3)                                                                                  \
    R(vale1is, 5)                                                                                  \
    R(vaale1is, 7)

#define NAME_TLBI(crm, op2) NAME(1, 0, 8, crm, op2)
#define TLBI_LOCAL          7
#define TLBI_SHAREABLE      3

/* Data cache maintenance by set and way: DC ISW, CSW, CISW. */
#define NAME_DC_ISW  NAME(1, 0, 7, 6, 2)
#define NAME_DC_CSW  NAME(1, 0, 7, 10, 2)
#define NAME_DC_CISW NAME(1, 0, 7, 14, 2)

#define NAME_ACTLR      NAME(3, 0, 1, 0, 1)
#define NAME_REVIDR     NAME(3, 0, 0, 0, 6)
#define NAME_AIDR       NAME(3, 1, 0, 0, 7)
#define NAME_ICC_DIR    NAME(3, 0, 12, 11, 1)
#define NAME_ICC_SGI1R  NAME(3, 0, 12, 11, 5)
#define NAME_ICC_ASGI1R NAME(3, 0, 12, 11, 6)
#define NAME_ICC_SGI0R  NAME(3, 0, 12, 11, 7)

/* CNTHCTL_EL2.EL1PCEN is 0: the physical timer. R(which, Op2). */
#define TIMER_REGISTERS(R)                                                                         \
    R(VTIMER_TVAL, 0)                                                                              \
    R(VTIMER_CTL, 1)                                                                               \
    R(VTIMER_CVAL, 2)

#define NAME_CNTP(op2) NAME(3, 3, 14, 2, op2)
#define NAME_CNTPCT    NAME(3, 3, 14, 0, 1) /* QEMU: from EL0 it traps by EL1PCEN too */

static bool read_register(struct vcpu *vcpu, uint64_t name, uint64_t *value)
{
    switch (name) {
#define READ(reg, encoding)                                                                        \
    case encoding:                                                                                 \
        *value = read_sysreg(reg);                                                                 \
        return true;
        MEMORY_REGISTERS(READ)
        CACHE_REGISTERS(READ)
#undef READ
#define READ_TIMER(which, op2)                                                                     \
    case NAME_CNTP(op2):                                                                           \
        *value = vtimer_read(vcpu, which);                                                         \
        return true;
        TIMER_REGISTERS(READ_TIMER)
#undef READ_TIMER
    case NAME_CNTPCT:
        *value = timer_now();
        return true;
    case NAME_CTR:
        *value = vcache_ctr(vcpu);
        return true;
    case NAME_CCSIDR:
        *value = vcache_ccsidr(vcpu->vm, read_sysreg(csselr_el1));
        return true;
    case NAME_CCSIDR2:
        *value = 0;
        return vcache_has_ccsidr2();
    case NAME_ACTLR:
    case NAME_REVIDR:
    case NAME_AIDR:
        *value = 0;
        return true;
    default:
        *value = 0;
        if (ISS_OP0(name) == OP0_DEBUG)
            return vdebug_read(vcpu, name, value);
        return vcpu->vm->has_pmu && vpmu_read(vcpu, name, value);
    }
}

static bool write_register(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    switch (name) {
#define WRITE(reg, encoding)                                                                       \
    case encoding:                                                                                 \
        write_sysreg(reg, value);                                                                  \
        return true;
        MEMORY_REGISTERS(WRITE)
#undef WRITE
#define WRITE_TIMER(which, op2)                                                                    \
    case NAME_CNTP(op2):                                                                           \
        vtimer_write(vcpu, which, value);                                                          \
        return true;
        TIMER_REGISTERS(WRITE_TIMER)
#undef WRITE_TIMER
    case NAME_CSSELR:
        write_sysreg(csselr_el1, value);
        return true;
    case NAME_ICC_SGI0R:
        vgic_write_sgi0r(vcpu, value);
        return true;
    case NAME_ICC_DIR:
        vgic_deactivate(vcpu, value);
        return true;
    case NAME_ICC_ASGI1R: /* the other security state, which there is not (IHI 0069, 4.6) */
    case NAME_ACTLR:
        return true;
    default:
        if (ISS_OP0(name) == OP0_DEBUG)
            return vdebug_write(vcpu, name, value);
        return vcpu->vm->has_pmu && vpmu_write(vcpu, name, value);
    }
}

/* System instructions: they have an operand and no result. */
static enum sysreg_result execute(struct vcpu *vcpu, uint64_t name, uint64_t operand)
{
    switch (name) {
#define TLBI(op, op2)                                                                              \
    case NAME_TLBI(TLBI_LOCAL, op2):                                                               \
    case NAME_TLBI(TLBI_SHAREABLE, op2):                                                           \
        __asm__ volatile("tlbi " #op ", %0" : : "r"(operand) : "memory");                          \
        return SYSREG_DONE;
        TLB_OPERATIONS(TLBI)
#undef TLBI
    case NAME_TLBI(TLBI_LOCAL, 0):
    case NAME_TLBI(TLBI_SHAREABLE, 0):
        __asm__ volatile("tlbi vmalle1is" : : : "memory");
        return SYSREG_DONE;
    case NAME_DC_ISW:
    case NAME_DC_CSW:
    case NAME_DC_CISW:
        return set_way_execute(vcpu, operand) ? SYSREG_DONE : SYSREG_AGAIN;
    default:
        return SYSREG_UNDEFINED;
    }
}

/* CRn = 14: the timers; from this CRm on the counters of events (Arm ARM D17.6). */
#define CRN_TIMER     14
#define CRM_PMU_FIRST 8

/* Counts an access by the group that CRn tells (Arm ARM C5.1). */
static void count(struct vcpu *vcpu, uint64_t name)
{
    static const uint8_t kinds[16] = {
        EXIT_CACHE_REGISTER, EXIT_VM_REGISTER, EXIT_TTBR,        EXIT_OTHER_REGISTER,
        EXIT_OTHER_REGISTER, EXIT_VM_REGISTER, EXIT_VM_REGISTER, EXIT_SET_WAY,
        EXIT_TLBI,           EXIT_PMU,         EXIT_VM_REGISTER, EXIT_OTHER_REGISTER,
        EXIT_OTHER_REGISTER, EXIT_VM_REGISTER, EXIT_TIMER,       EXIT_OTHER_REGISTER,
    };
    uint32_t kind = ISS_OP0(name) == OP0_DEBUG ? EXIT_DEBUG : kinds[ISS_CRN(name)];

    if (ISS_CRN(name) == CRN_TIMER && ISS_CRM(name) >= CRM_PMU_FIRST)
        kind = EXIT_PMU;
    vcpu->stats.exits[kind]++;
}

static void set_rt(struct vcpu *vcpu, uint32_t rt, uint64_t value)
{
    if (rt != RT_ZERO)
        vcpu->regs.x[rt] = value;
}

enum sysreg_result sysreg_read(struct vcpu *vcpu, uint64_t name, uint64_t *value)
{
    uint64_t read;

    count(vcpu, name);
    if (!read_register(vcpu, name, &read))
        return SYSREG_UNDEFINED;
    *value = read;
    return SYSREG_DONE;
}

/* What guests use seldom; kept out of line, so that the rest need not save registers for it. */
__attribute__((noinline)) static enum sysreg_result emulate_read(struct vcpu *vcpu, uint64_t name,
                                                                 uint32_t rt)
{
    uint64_t value = 0;
    enum sysreg_result result = sysreg_read(vcpu, name, &value);

    if (result == SYSREG_DONE)
        set_rt(vcpu, rt, value);
    return result;
}

enum sysreg_result sysreg_write(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    count(vcpu, name);
    if (ISS_OP0(name) == OP0_INSTRUCTION)
        return execute(vcpu, name, value);
    return write_register(vcpu, name, value) ? SYSREG_DONE : SYSREG_UNDEFINED;
}

enum sysreg_result sysreg_emulate(struct vcpu *vcpu, uint64_t esr)
{
    uint64_t name = esr & ISS_NAME_MASK;
    uint32_t rt = (uint32_t)ISS_RT(esr);

    if (esr & ISS_IS_READ)
        return emulate_read(vcpu, name, rt);
    uint64_t value = rt == RT_ZERO ? 0 : vcpu->regs.x[rt];
    if (name != NAME_ICC_SGI1R)
        return sysreg_write(vcpu, name, value);
    vcpu->stats.exits[EXIT_SGI1R]++;
    vgic_write_sgi1r(vcpu, value);
    return SYSREG_DONE;
}
