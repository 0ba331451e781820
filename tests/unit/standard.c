/* SPDX-License-Identifier: MIT */
/*
 * hypercall/standard.c: which service a function id belongs to, which registers an answer takes,
 * and what is said of workarounds.
 */
#include "vm/vm.h"
#include "hypercall/standard.c"

#include "ktf.h"

static struct vm vm;
static struct vcpu vcpu;

/* --- the services --- */

static uint64_t pfr0;
static uint32_t psci_function, trng_function, pvtime_function;

uint64_t vid_read(const struct vm *of, uint32_t index)
{
    EXPECT_EQ(of, &vm);
    EXPECT_EQ(index, ID_INDEX(4, 0));
    return pfr0;
}

static int32_t firmware_says;
static uint32_t nr_firmware_calls;

int32_t predictor_features(uint32_t function)
{
    EXPECT_TRUE(function == STILE_SMCCC_ARCH_WORKAROUND_1 ||
                function == STILE_SMCCC_ARCH_WORKAROUND_3);
    return firmware_says;
}

void predictor_call(uint32_t function)
{
    (void)function;
    nr_firmware_calls++;
}

int64_t vpsci_call(struct vcpu *of, uint32_t function, struct vpsci_args args)
{
    EXPECT_EQ(of, &vcpu);
    EXPECT_EQ(args.x1, 0x11);
    EXPECT_EQ(args.x2, 0x22);
    EXPECT_EQ(args.x3, 0x33);
    psci_function = function;
    return -2;
}

struct vtrng_result vtrng_call(uint32_t function, uint64_t x1)
{
    EXPECT_EQ(x1, 0x11);
    trng_function = function;
    return (struct vtrng_result){0, 1, 2, 3};
}

int64_t pvtime_call(struct vcpu *of, uint32_t function, uint64_t x1)
{
    EXPECT_EQ(of, &vcpu);
    EXPECT_EQ(x1, 0x11);
    pvtime_function = function;
    return 0x0B010000;
}

static void setup(void)
{
    vcpu.vm = &vm;
    pfr0 = 0;
    firmware_says = -1;
    nr_firmware_calls = 0;
    psci_function = trng_function = pvtime_function = 0;
}

KTF_SUITE(standard, .setup = setup);

static struct hcall_result call_with(uint64_t fid, uint64_t x1)
{
    return hypercall_standard(&vcpu, x1, 0x22, 0x33, 0x44, 0x55, 0x66, fid);
}

/* A call that answers in x0 alone leaves x1 to x3 as they were. */
static int64_t call(uint64_t fid, uint64_t x1)
{
    struct hcall_result result = call_with(fid, x1);

    EXPECT_EQ(result.x1, x1);
    EXPECT_EQ(vcpu.regs.x[2], 0x22);
    EXPECT_EQ(vcpu.regs.x[3], 0x33);
    return result.status;
}

KTF_TEST(standard, smccc_is_version_1_2)
{
    EXPECT_EQ(call(STILE_SMCCC_VERSION, 0x11), 0x10002);
}

KTF_TEST(standard, tells_what_of_the_architecture_is_there)
{
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_VERSION), 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_FEATURES), 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_PV_TIME_FEATURES), 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, UINT64_C(0xFF00000000) | STILE_SMCCC_VERSION), 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_SOC_ID), -1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, 0x80000003), -1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_SOC_ID, 0), -1);
}

KTF_TEST(standard, the_firmwares_workarounds_are_forwarded)
{
    firmware_says = 0;
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_1), 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_2), -1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_3), 0);
    EXPECT_EQ(nr_firmware_calls, 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_WORKAROUND_1, 0x11), 0);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_WORKAROUND_3, 0x11), 0);
    EXPECT_EQ(nr_firmware_calls, 2);
    firmware_says = 1;
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_3), 1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_WORKAROUND_3, 0x11), 0); /* which does nothing */
    EXPECT_EQ(nr_firmware_calls, 2);
}

KTF_TEST(standard, without_firmware_no_workaround_is_needed)
{
    static const uint32_t workarounds[] = {STILE_SMCCC_ARCH_WORKAROUND_1,
                                           STILE_SMCCC_ARCH_WORKAROUND_2,
                                           STILE_SMCCC_ARCH_WORKAROUND_3};

    for (size_t i = 0; i < 3; i++) {
        EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, workarounds[i]), -1);
        EXPECT_EQ(call(workarounds[i], 0), -1);
    }
    pfr0 = UINT64_C(1) << 56;
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_1), 1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_2), -1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_FEATURES, STILE_SMCCC_ARCH_WORKAROUND_3), -1);
    EXPECT_EQ(call(STILE_SMCCC_ARCH_WORKAROUND_1, 0x11), 0);
}

KTF_TEST(standard, psci_has_its_numbers)
{
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 0x11), -2);
    EXPECT_EQ(psci_function, STILE_PSCI_CPU_ON_64);
    EXPECT_EQ(call(0x8400004F, 0x11), -2);
    EXPECT_EQ(psci_function, 0x8400004F);
    EXPECT_EQ(call(0x84000060, 0x11), -2);
    EXPECT_EQ(psci_function, 0x84000060);
    EXPECT_EQ(trng_function | pvtime_function, 0);
}

KTF_TEST(standard, trng_answers_in_four_registers)
{
    struct hcall_result result = call_with(STILE_TRNG_RND64, 0x11);

    EXPECT_EQ(trng_function, STILE_TRNG_RND64);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.x1, 1);
    EXPECT_EQ(vcpu.regs.x[2], 2);
    EXPECT_EQ(vcpu.regs.x[3], 3);
    (void)call_with(0x84000050, 0x11);
    EXPECT_EQ(trng_function, 0x84000050);
    (void)call_with(0x8400005F, 0x11);
    EXPECT_EQ(trng_function, 0x8400005F);
    EXPECT_EQ(psci_function | pvtime_function, 0);
}

KTF_TEST(standard, stolen_time_is_a_hypervisor_service)
{
    EXPECT_EQ(call(STILE_PV_TIME_ST, 0x11), 0x0B010000);
    EXPECT_EQ(pvtime_function, STILE_PV_TIME_ST);
    EXPECT_EQ(psci_function | trng_function, 0);
}

KTF_TEST(standard, the_service_says_who_it_is)
{
    struct hcall_result result = call_with(STILE_FID_UID, 0x11);

    EXPECT_EQ(result.status, STILE_UID_WORD0);
    EXPECT_EQ(result.x1, STILE_UID_WORD1);
    EXPECT_EQ(vcpu.regs.x[2], STILE_UID_WORD2);
    EXPECT_EQ(vcpu.regs.x[3], STILE_UID_WORD3);
}

KTF_TEST(standard, what_nobody_knows_is_minus_one)
{
    static const uint32_t ids[] = {0,
                                   0x04000000 /* a yielding call */,
                                   0x80000100,
                                   0x81000000 /* CPU service */,
                                   0x82000000 /* SiP */,
                                   0x83000000 /* OEM */,
                                   0x8600FF00,
                                   0xB2000000 /* Trusted OS */,
                                   0xBF00FF01,
                                   0xFFFFFFFF};

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        EXPECT_EQ(call(ids[i], 0x11), -1);
    EXPECT_EQ(psci_function | trng_function | pvtime_function, 0);
}
