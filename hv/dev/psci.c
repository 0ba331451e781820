/* SPDX-License-Identifier: MIT */
/*
 * PSCI calls of the hypervisor's own.
 */
#include "dev/psci.h"

#include "stile/smccc.h"

static int32_t smc(uint64_t fid, uint64_t x1, uint64_t x2, uint64_t x3)
{
    register uint64_t r0 __asm__("x0") = fid;
    register uint64_t r1 __asm__("x1") = x1;
    register uint64_t r2 __asm__("x2") = x2;
    register uint64_t r3 __asm__("x3") = x3;

    /*
     * SMCCC 1.0 firmware may change x4 to x17 too (DEN 0028, section 2.6). Of these, x11 to x15
     * are not C's (hv/build.mk) but a guest's: such firmware is called only before the first guest
     * runs and after the last. What dev/predictor.c calls meanwhile is of 1.1, which keeps them.
     */
    __asm__ volatile("smc #0"
                     : "+r"(r0), "+r"(r1), "+r"(r2), "+r"(r3)
                     :
                     : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x16", "x17", "memory");
    return (int32_t)r0;
}

int32_t psci_firmware(uint32_t fid, uint64_t x1)
{
    return smc(fid, x1, 0, 0);
}

int32_t psci_cpu_on(uint64_t mpidr, pa_t entry, uint64_t context)
{
    return smc(STILE_PSCI_CPU_ON_64, mpidr, entry.pa, context);
}

void psci_system_off(void)
{
    (void)smc(STILE_PSCI_SYSTEM_OFF, 0, 0, 0);
}
