/* SPDX-License-Identifier: MIT */
/*
 * Each register has a twin among the system registers of AArch64 (Arm ARM G8.1), which for those
 * that EL0 may reach differs in little but how it is named.
 */
#include "exits/coprocessor.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/esr.h"
#include "arch/iss.h"
#include "virt/vdebug.h"
#include "vm/vcpu.h"

/* ISS of MCRR and MRRC: the second register, and an Opc1 of four bits. */
#define ISS_RT2(iss)  ((iss) >> 10 & 0x1F)
#define ISS_OPC1(iss) ((uint32_t)(iss) >> 16 & 0xF)

/* Those of 32 bits: what is there for EL0 differs from its twin by Op0 and Op1 alone. */
static uint64_t twin_of_32(uint64_t esr)
{
    uint64_t name = esr & NAME(0, 0, 0xF, 0xF, 7);

    if (ISS_OP1(esr) != 0)
        return 0;
    return name | (esr_class(esr) == EC_CP15_32 ? NAME(3, 3, 0, 0, 0) : NAME(2, 3, 0, 0, 0));
}

/*
 * DBGDIDR, DBGDRAR and DBGDSAR say what the others are, in either width, and have no twin that EL0
 * reaches. To EL1 they are of the debug channel's group, whose first name is theirs.
 */
#define NAME_DBGDIDR NAME(2, 3, 0, 0, 0)

static bool is_about_debug(uint64_t esr)
{
    if (!(esr & ISS_IS_READ))
        return false;
    if (esr_class(esr) == EC_CP14_64) /* DBGDRAR, DBGDSAR */
        return ISS_OPC1(esr) == 0 && (ISS_CRM(esr) == 1 || ISS_CRM(esr) == 2);
    return esr_class(esr) == EC_CP14_32 && ISS_CRN(esr) <= 2 && (esr & NAME(0, 7, 0, 0xF, 7)) == 0;
}

static bool is_didr(uint64_t esr)
{
    return esr_class(esr) == EC_CP14_32 && ISS_CRN(esr) == 0;
}

/* Those of 64 bits, which are few. */
static const struct {
    uint8_t class;
    uint8_t crm;
    uint8_t opc1;
    uint32_t twin;
} twins_of_64[] = {
    {EC_CP15_64, 14, 2, NAME(3, 3, 14, 2, 2)}, /* CNTP_CVAL */
    {EC_CP15_64, 14, 0, NAME(3, 3, 14, 0, 1)}, /* CNTPCT */
    {EC_CP15_64, 9, 0, NAME(3, 3, 9, 13, 0)},  /* PMCCNTR */
};

static uint64_t twin_of_64(uint64_t esr)
{
    for (size_t i = 0; i < sizeof(twins_of_64) / sizeof(twins_of_64[0]); i++) {
        if (twins_of_64[i].class == esr_class(esr) && twins_of_64[i].crm == ISS_CRM(esr) &&
            twins_of_64[i].opc1 == ISS_OPC1(esr))
            return twins_of_64[i].twin;
    }
    return 0;
}

/* A register of R0 to R14; MRC to R15, which the syndrome shows as 31, sets the flags. */
static void set_rt(struct vcpu *vcpu, uint32_t rt, uint32_t value)
{
    if (rt != RT_ZERO)
        vcpu->regs.x[rt] = value;
    else
        write_sysreg(spsr_el2, (read_sysreg(spsr_el2) & ~SPSR_NZCV) | (value & SPSR_NZCV));
}

static uint32_t get_rt(const struct vcpu *vcpu, uint32_t rt)
{
    return rt == RT_ZERO ? 0 : (uint32_t)vcpu->regs.x[rt];
}

static enum sysreg_result read(struct vcpu *vcpu, uint64_t esr, uint64_t name, uint64_t *value)
{
    if (!is_about_debug(esr))
        return sysreg_read(vcpu, name, value);
    if (vdebug_is_denied(vcpu, name))
        return SYSREG_UNDEFINED;
    vcpu->stats.exits[EXIT_DEBUG]++;
    *value = is_didr(esr) ? vdebug_didr(vcpu->vm) : 0; /* no registers in memory */
    return SYSREG_DONE;
}

enum sysreg_result coprocessor_emulate(struct vcpu *vcpu, uint64_t esr, uint64_t *name)
{
    bool is_64 = esr_class(esr) == EC_CP15_64 || esr_class(esr) == EC_CP14_64;
    uint32_t rt = (uint32_t)ISS_RT(esr), rt2 = (uint32_t)ISS_RT2(esr);
    uint64_t value = get_rt(vcpu, rt);

    *name = is_about_debug(esr) ? NAME_DBGDIDR : is_64 ? twin_of_64(esr) : twin_of_32(esr);
    if (*name == 0)
        return SYSREG_UNDEFINED;
    if (!(esr & ISS_IS_READ))
        return sysreg_write(vcpu, *name, is_64 ? value | (uint64_t)get_rt(vcpu, rt2) << 32 : value);
    enum sysreg_result result = read(vcpu, esr, *name, &value);
    if (result == SYSREG_DONE) {
        set_rt(vcpu, rt, (uint32_t)value);
        if (is_64)
            set_rt(vcpu, rt2, (uint32_t)(value >> 32));
    }
    return result;
}
