/* SPDX-License-Identifier: MIT */
/*
 * See vsve.h.
 */
#include "vm/vsve.h"

#include <stddef.h>

#include "arch/cpu.h"
#include "arch/id.h"
#include "arch/sve.h"
#include "dev/pcpu.h"
#include "mm/page.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define PFR0_SVE_SHIFT 32 /* ID_AA64PFR0_EL1.SVE */

_Static_assert(SVE_UNIT *SVE_UNIT_MAX * 8 == VM_SVE_BITS_MAX, "the longest there can be");

void vsve_init_pcpu(void)
{
    struct pcpu *pcpu = pcpu_self();

    pcpu->sve_bytes = 0;
    if (id_field(read_sysreg(id_aa64pfr0_el1), PFR0_SVE_SHIFT) == 0)
        return;
    write_sysreg(s3_4_c1_c2_0, ZCR_LEN_MAX); /* ZCR_EL2 */
    isb();
    pcpu->sve_bytes = (uint32_t)sve_vector_bytes();
}

uint32_t vsve_bytes(const struct vm_config *config)
{
    uint32_t bytes = config->sve_bits / 8;

    for (uint32_t i = 0; i < nr_pcpus; i++)
        if (pcpus[i].online && pcpus[i].sve_bytes < bytes)
            bytes = pcpus[i].sve_bytes;
    return bytes;
}

unsigned vsve_order(uint32_t bytes)
{
    return page_order(SVE_STATE_BYTES(bytes));
}

void vsve_load(const struct vcpu *vcpu)
{
    write_sysreg(s3_4_c1_c2_0, vcpu->vm->sve_bytes / SVE_UNIT - 1); /* ZCR_EL2 */
    isb();
    sve_restore(vcpu->sve, &vcpu->fp);
    write_sysreg(s3_0_c1_c2_0, vcpu->zcr); /* ZCR_EL1 */
}

void vsve_put(struct vcpu *vcpu)
{
    sve_save(vcpu->sve, &vcpu->fp);
    vcpu->zcr = read_sysreg(s3_0_c1_c2_0);
}

void *vsve_vector(struct vcpu *vcpu, uint32_t n, uint32_t *bytes)
{
    *bytes = vcpu->sve ? vcpu->vm->sve_bytes : sizeof(vcpu->fp.v[n]);
    return vcpu->sve ? (char *)vcpu->sve + (size_t)n * *bytes : (char *)&vcpu->fp.v[n];
}
