/* SPDX-License-Identifier: MIT */
/*
 * PSCI: the same calls on a machine of one's own and in a VM, where the hypervisor answers them.
 */
#include "machine/machine.h"
#include "sensitive/psci.h"
#include "stile/hvc.h"

static int64_t call_smc(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    register uint64_t r0 __asm__("x0") = function;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = x2;
    register uint64_t r3 __asm__("x3") = x3;

    /* Firmware of SMCCC 1.0 may change x4 to x17 (DEN 0028, section 2.6). */
    __asm__ volatile("smc #0"
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                       "x16", "x17", "memory");
    return (int64_t)r0;
}

int64_t psci_call(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    switch (machine.psci) {
    case PSCI_METHOD_HVC:
        return stile_hvc(function, x1, x2, x3, 0, 0, 0).status;
    case PSCI_METHOD_SMC:
        return call_smc(function, x1, x2, x3);
    case PSCI_METHOD_NONE:
        break;
    }
    return STILE_PSCI_NOT_SUPPORTED;
}
