/* SPDX-License-Identifier: MIT */
/*
 * See serror.h.
 */
#include "life/serror.h"

#include "arch/cpu.h"
#include "dev/pcpu.h"
#include "life/vm_life.h"
#include "vm/baseline.h"

#define ISR_A  (UINT64_C(1) << 8)  /* ISR_EL1: an SError is pending */
#define DISR_A (UINT64_C(1) << 31) /* DISR_EL1: one was, and ESB has taken it */

/* Takes the SError that is pending, if there is one. Whether there is FEAT_RAS is known. */
static bool take_deferred(void)
{
    error_barrier();
    if (!(read_sysreg(s3_0_c12_c1_1) & DISR_A)) /* DISR_EL1 */
        return false;
    write_sysreg(s3_0_c12_c1_1, 0);
    return true;
}

static bool is_pending(void)
{
    dsb_sy();
    isb();
    return (read_sysreg(isr_el1) & ISR_A) != 0;
}

void serror_blame(struct pcpu *self, struct vcpu *leaving)
{
    bool has_ras = self->switched & 1u << BASELINE_SWITCHED_vdisr;

    if (!(has_ras ? take_deferred() : is_pending()))
        return;
    if (!has_ras && self->serror_blamed)
        return; /* the one that has been waiting since another vCPU left */
    self->serror_blamed = !has_ras;
    vm_crash(leaving, "SError interrupt");
}

bool serror_was_blamed(void)
{
    struct pcpu *self = pcpu_self();
    bool blamed = self->serror_blamed;

    self->serror_blamed = false;
    return blamed;
}
