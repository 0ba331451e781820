/* SPDX-License-Identifier: MIT */
/*
 * TLB maintenance: EL2's own translations on this CPU, a VM's on all CPUs.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <stdint.h>

#include "arch/cpu.h"
#include "arch/el1.h"
#include "arch/errata.h"

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

/** What tlb_enter_vm() found, to be put back. */
struct tlb_visit {
    uint64_t vttbr;
    uint64_t sctlr;
    uint64_t tcr;
};

/*
 * Maintenance of stage 2 is for the VMID in VTTBR_EL2. A VM's own vCPU usually is the one that
 * causes it.
 */
static inline struct tlb_visit tlb_enter_vm(uint64_t vttbr)
{
    struct tlb_visit visit = {.vttbr = read_sysreg(vttbr_el2)};

    dsb_ishst();
    if (visit.vttbr == vttbr)
        return visit;
    if (errata_have(ERRATUM_SPECULATIVE_AT)) {
        visit.sctlr = read_sysreg(sctlr_el1);
        visit.tcr = read_sysreg(tcr_el1);
        el1_forbid_walks();
    }
    write_sysreg(vttbr_el2, vttbr);
    isb();
    return visit;
}

static inline void tlb_leave_vm(uint64_t vttbr, struct tlb_visit visit)
{
    dsb_ish();
    isb();
    if (visit.vttbr == vttbr)
        return;
    write_sysreg(vttbr_el2, visit.vttbr);
    isb();
    if (errata_have(ERRATUM_SPECULATIVE_AT)) {
        write_sysreg(sctlr_el1, visit.sctlr);
        isb();
        write_sysreg(tcr_el1, visit.tcr);
    }
}

/* Assembly that ends with a broadcast TLBI; the DSB behind it is the caller's. */
#define TLB_BROADCAST(operation, ...)                                                              \
    do {                                                                                           \
        __asm__ volatile(operation : : __VA_ARGS__ : "memory");                                    \
        if (errata_have(ERRATUM_REPEAT_TLBI)) {                                                    \
            dsb_ish();                                                                             \
            __asm__ volatile(operation : : __VA_ARGS__ : "memory");                                \
        }                                                                                          \
    } while (0)

/**
 * Forgets, on every CPU, what the VM translates @ipa to. Arm ARM D5.10.2: entries that combine
 * both stages are by VA, which only the guest knows, so all of the VM's go in the second step.
 */
static inline void tlb_flush_stage2_ipa(uint64_t vttbr, uint64_t ipa)
{
    struct tlb_visit visit = tlb_enter_vm(vttbr);

    TLB_BROADCAST("tlbi ipas2e1is, %0\n\tdsb ish\n\ttlbi vmalle1is", "r"(ipa >> 12));
    tlb_leave_vm(vttbr, visit);
}

/** Forgets, on this CPU, the stage-1 translations of the VM in VTTBR_EL2. */
static inline void tlb_flush_guest_local(void)
{
    __asm__ volatile("tlbi vmalle1\n\tdsb nsh" : : : "memory");
}

/** Forgets, on every CPU, all translations of the VM. */
static inline void tlb_flush_stage2_all(uint64_t vttbr)
{
    struct tlb_visit visit = tlb_enter_vm(vttbr);

    TLB_BROADCAST("tlbi vmalls12e1is", );
    tlb_leave_vm(vttbr, visit);
}

#endif
