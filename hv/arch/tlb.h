/* SPDX-License-Identifier: MIT */
/*
 * TLB maintenance: EL2's own translations on this CPU, a VM's on all CPUs.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <stdint.h>

#include "arch/cpu.h"

/** Forgets what this CPU knows of EL2's translation of @va, whose descriptor was just cleared. */
static inline void tlb_flush_el2_local(const void *va)
{
    __asm__ volatile("dsb nshst\n\t"
                     "tlbi vae2, %0\n\t"
                     "dsb nsh\n\t"
                     "isb"
                     :
                     : "r"((uint64_t)(uintptr_t)va >> 12)
                     : "memory");
}

/** Lets this CPU's table walks see a descriptor that was invalid before. */
static inline void tlb_sync_el2_local(void)
{
    __asm__ volatile("dsb nshst\n\tisb" : : : "memory");
}

/*
 * Maintenance of stage 2 is for the VMID in VTTBR_EL2. Returns what was there, to be put back; a
 * VM's own vCPU usually is the one that causes it.
 */
static inline uint64_t tlb_enter_vm(uint64_t vttbr)
{
    uint64_t loaded = read_sysreg(vttbr_el2);

    dsb_ishst();
    if (loaded != vttbr) {
        write_sysreg(vttbr_el2, vttbr);
        isb();
    }
    return loaded;
}

static inline void tlb_leave_vm(uint64_t vttbr, uint64_t loaded)
{
    dsb_ish();
    isb();
    if (loaded != vttbr) {
        write_sysreg(vttbr_el2, loaded);
        isb();
    }
}

/**
 * Forgets, on every CPU, what the VM translates @ipa to. Arm ARM D5.10.2: entries that combine
 * both stages are by VA, which only the guest knows, so all of the VM's go in the second step.
 */
static inline void tlb_flush_stage2_ipa(uint64_t vttbr, uint64_t ipa)
{
    uint64_t loaded = tlb_enter_vm(vttbr);

    __asm__ volatile("tlbi ipas2e1is, %0\n\t"
                     "dsb ish\n\t"
                     "tlbi vmalle1is"
                     :
                     : "r"(ipa >> 12)
                     : "memory");
    tlb_leave_vm(vttbr, loaded);
}

/** Forgets, on this CPU, the stage-1 translations of the VM in VTTBR_EL2. */
static inline void tlb_flush_guest_local(void)
{
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh" : : : "memory");
}

/** Forgets, on every CPU, all translations of the VM. */
static inline void tlb_flush_stage2_all(uint64_t vttbr)
{
    uint64_t loaded = tlb_enter_vm(vttbr);

    __asm__ volatile("tlbi vmalls12e1is" : : : "memory");
    tlb_leave_vm(vttbr, loaded);
}

#endif
