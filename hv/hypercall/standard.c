/* SPDX-License-Identifier: MIT */
/*
 * The services that are not Stile's: SMCCC's general queries (DEN 0028, sections 6 and 7), PSCI
 * (DEN 0022), TRNG (DEN 0098) and stolen time (DEN 0057). What nobody knows is -1 here.
 *
 * SMCCC_VERSION by HVC is answered in exits/entry.S already; it gets here by SMC.
 */
#include "dev/predictor.h"
#include "hypercall/hypercall.h"
#include "hypercall/vpsci.h"
#include "stile/smccc.h"
#include "virt/pvtime.h"
#include "virt/vid.h"
#include "virt/vtrng.h"
#include "vm/vcpu.h"

/* Owners of a function id: bits 31 (fast) and 29:24. */
#define FID_OWNER_MASK         0xBF000000u
#define FID_OWNER_STANDARD     0x84000000u
#define FID_OWNER_STANDARD_HYP 0x85000000u

/* Of the standard services, the numbers 0x50 to 0x5F are the TRNG's (DEN 0098, section 2). */
#define FID_TRNG_MASK 0xBFFFFFF0u
#define FID_TRNG      0x84000050u

/* ID_AA64PFR0_EL1.CSV2 (Arm ARM D17.2.67) as the guest sees it. */
#define PFR0_CSV2(pfr0) ((pfr0) >> 56 & 0xF)

/*
 * Whether a workaround for speculation has to be called, which a stock kernel would then do at each
 * switch of processes or entry from EL0.
 *
 * Branch predictors (1): not required where CSV2 says that one context cannot train another's.
 * Those and branch history (3) are the firmware's, if it has them; if not, to say so makes the
 * kernel report it. Store bypass (2): a guest that can has PSTATE.SSBS, which it sees and uses by
 * itself.
 */
static int64_t workaround(const struct vm *vm, uint32_t function)
{
    if (function == STILE_SMCCC_ARCH_WORKAROUND_1 && PFR0_CSV2(vid_read(vm, ID_INDEX(4, 0))) != 0)
        return STILE_SMCCC_WORKAROUND_NOT_REQUIRED;
    if (function != STILE_SMCCC_ARCH_WORKAROUND_1 && function != STILE_SMCCC_ARCH_WORKAROUND_3)
        return STILE_NOT_SUPPORTED;
    int32_t answer = predictor_features(function);
    return answer < 0 ? STILE_NOT_SUPPORTED : answer;
}

/* One may be called where it is not required, and does nothing then. */
static int64_t call_workaround(const struct vm *vm, uint32_t function)
{
    int64_t answer = workaround(vm, function);

    if (answer == 0)
        predictor_call(function);
    return answer < 0 ? STILE_NOT_SUPPORTED : STILE_SUCCESS;
}

/* What of the Arm architecture and the hypervisor services is there; there is no SOC_ID. */
static int64_t arch_features(const struct vm *vm, uint32_t function)
{
    switch (function) {
    case STILE_SMCCC_VERSION:
    case STILE_SMCCC_ARCH_FEATURES:
    case STILE_PV_TIME_FEATURES: /* DEN 0057, section 3.1: how a guest finds it */
        return STILE_SUCCESS;
    default:
        return workaround(vm, function);
    }
}

static void return_more(struct vcpu *vcpu, uint64_t x2, uint64_t x3)
{
    vcpu->regs.x[2] = x2;
    vcpu->regs.x[3] = x3;
}

/* TRNG is the one service that returns more than x0. */
static struct hcall_result call_trng(struct vcpu *vcpu, uint32_t function, uint64_t x1)
{
    struct vtrng_result result = vtrng_call(function, x1);

    return_more(vcpu, result.x2, result.x3);
    return (struct hcall_result){result.status, result.x1};
}

/* Services by their owner; those that return x0 alone. */
static int64_t call_owner(struct vcpu *vcpu, uint32_t function, struct vpsci_args args)
{
    switch (function & FID_OWNER_MASK) {
    case FID_OWNER_STANDARD:
        return vpsci_call(vcpu, function, args);
    case FID_OWNER_STANDARD_HYP:
        return pvtime_call(vcpu, function, args.x1);
    default:
        return STILE_NOT_SUPPORTED;
    }
}

struct hcall_result hypercall_standard(struct vcpu *vcpu, uint64_t x1, uint64_t x2, uint64_t x3,
                                       uint64_t x4, uint64_t x5, uint64_t x6, uint64_t fid)
{
    uint32_t function = (uint32_t)fid;

    (void)x4;
    (void)x5;
    (void)x6;
    vcpu->stats.standard_calls++;
    vcpu->trace.nr_others++;
    /* Results that are not documented keep their registers (DEN 0028, section 2.6). */
    return_more(vcpu, x2, x3);
    switch (function) {
    case STILE_SMCCC_VERSION:
        return (struct hcall_result){STILE_SMCCC_VERSION_1_2, x1};
    case STILE_SMCCC_ARCH_FEATURES:
        return (struct hcall_result){arch_features(vcpu->vm, (uint32_t)x1), x1};
    case STILE_SMCCC_ARCH_WORKAROUND_1:
    case STILE_SMCCC_ARCH_WORKAROUND_3:
        return (struct hcall_result){call_workaround(vcpu->vm, function), x1};
    case STILE_FID_UID:
        return_more(vcpu, STILE_UID_WORD2, STILE_UID_WORD3);
        return (struct hcall_result){STILE_UID_WORD0, STILE_UID_WORD1};
    case STILE_FID_REVISION:
        return (struct hcall_result){STILE_VERSION_MAJOR, STILE_VERSION_MINOR};
    default:
        if ((function & FID_TRNG_MASK) == FID_TRNG)
            return call_trng(vcpu, function, x1);
        return (struct hcall_result){call_owner(vcpu, function, (struct vpsci_args){x1, x2, x3}),
                                     x1};
    }
}
