/* SPDX-License-Identifier: MIT */
/*
 * hypercall/vpsci.c: every function's answers and errors (DEN 0022, section 5).
 */
#include <string.h>

#include "hypercall/vpsci.c"

#include "ktf.h"

#define MEMORY UINT64_C(0x40000000)
#define BYTES  UINT64_C(0x8000000)

static struct vcpu vcpus[2];
static struct vm vm;

/* --- what it calls --- */

static struct {
    struct vcpu *started, *stopped, *blocked, *reset;
    uint64_t entry, context;
    bool is_last;
    int end;
} seen;

enum vcpu_start_result vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t context)
{
    if (vcpu->state == VCPU_STARTING)
        return VCPU_ON_PENDING;
    if (vcpu->state != VCPU_OFF)
        return VCPU_ALREADY_ON;
    seen.started = vcpu;
    seen.entry = entry;
    seen.context = context;
    return VCPU_STARTED;
}

enum vcpu_power vcpu_power(struct vcpu *vcpu)
{
    if (vcpu->state == VCPU_STARTING)
        return VCPU_POWER_ON_PENDING;
    return vcpu->state == VCPU_OFF ? VCPU_POWER_OFF : VCPU_POWER_ON;
}

bool vcpu_stop_self(struct vcpu *vcpu)
{
    seen.stopped = vcpu;
    return seen.is_last;
}

void vcpu_reset_self(struct vcpu *vcpu, uint64_t entry)
{
    EXPECT_NULL(seen.blocked); /* the state is lost before it waits */
    seen.reset = vcpu;
    seen.entry = entry;
}

void sleep_block(struct vcpu *vcpu)
{
    seen.blocked = vcpu;
}

void vm_stop(struct vcpu *vcpu, enum vm_end end)
{
    seen.stopped = vcpu;
    seen.end = (int)end;
}

/* --- the cases --- */

static void setup(void)
{
    vm.config.nr_vcpus = 2;
    vm.config.nr_memory = 1;
    vm.config.memory[0] = (struct ipa_range){ipa_make(MEMORY), BYTES};
    for (uint32_t i = 0; i < 2; i++) {
        vm.vcpus[i] = &vcpus[i];
        vcpus[i].vm = &vm;
        vm.config.mpidr[i] = i;
        vcpus[i].state = i == 0 ? VCPU_READY : VCPU_OFF;
    }
    memset(&seen, 0, sizeof(seen));
    seen.end = -1;
}

KTF_SUITE(vpsci, .setup = setup);

static int64_t call(uint32_t function, uint64_t x1, uint64_t x2, uint64_t x3)
{
    return vpsci_call(&vcpus[0], function, (struct vpsci_args){x1, x2, x3});
}

KTF_TEST(vpsci, is_version_1_1_without_a_trusted_os)
{
    EXPECT_EQ(call(STILE_PSCI_VERSION, 0, 0, 0), 0x10001);
    EXPECT_EQ(call(STILE_PSCI_MIGRATE_INFO_TYPE, 0, 0, 0), 2);
}

KTF_TEST(vpsci, a_cpu_is_known_by_its_affinity)
{
    const uint64_t mpidr = UINT64_C(0x300020100);

    vm.config.mpidr[1] = mpidr;
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, mpidr, 0, 0), 1);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 1, 0, 0), STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_32, mpidr, 0, 0), STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, mpidr | UINT64_C(1) << 31, MEMORY, 0),
              STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, mpidr, MEMORY, 0), PSCI_SUCCESS);
    EXPECT_EQ(seen.started, &vcpus[1]);
    vm.config.mpidr[1] = 0x20100;
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_32, 0x20100, MEMORY, 0), PSCI_SUCCESS);
}

KTF_TEST(vpsci, features_tells_what_is_there)
{
    static const uint64_t there[] = {
        STILE_PSCI_VERSION,          STILE_PSCI_FEATURES,          STILE_PSCI_CPU_SUSPEND_32,
        STILE_PSCI_CPU_SUSPEND_64,   STILE_PSCI_CPU_ON_32,         STILE_PSCI_CPU_ON_64,
        STILE_PSCI_CPU_OFF,          STILE_PSCI_AFFINITY_INFO_32,  STILE_PSCI_AFFINITY_INFO_64,
        STILE_PSCI_SYSTEM_OFF,       STILE_PSCI_SYSTEM_RESET,      STILE_PSCI_SYSTEM_RESET2_32,
        STILE_PSCI_SYSTEM_RESET2_64, STILE_PSCI_MIGRATE_INFO_TYPE, STILE_SMCCC_VERSION};

    for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++) {
        EXPECT_EQ(call(STILE_PSCI_FEATURES, there[i], 0, 0), 0);
        EXPECT_EQ(call(STILE_PSCI_FEATURES, there[i] | UINT64_C(0xABCD00000000), 0, 0), 0);
    }
}

KTF_TEST(vpsci, what_is_not_there_is_not_supported)
{
    static const uint32_t missing[] = {
        0xC4000000, /* VERSION has no 64-bit form */
        0x84000005, /* MIGRATE */
        0x84000007, /* MIGRATE_INFO_UP_CPU */
        0x8400000B, /* CPU_FREEZE */
        0x8400000C, /* CPU_DEFAULT_SUSPEND */
        0x8400000D, /* NODE_HW_STATE */
        0xC400000E, /* SYSTEM_SUSPEND */
        0x8400000F, /* SET_SUSPEND_MODE */
        0x84000010, /* STAT_RESIDENCY */
        0x84000013, /* MEM_PROTECT */
        0x8400001F,
    };

    for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
        EXPECT_EQ(call(STILE_PSCI_FEATURES, missing[i], 0, 0), STILE_PSCI_NOT_SUPPORTED);
        EXPECT_EQ(call(missing[i], 0, 0, 0), STILE_PSCI_NOT_SUPPORTED);
    }
}

KTF_TEST(vpsci, cpu_on_starts_a_vcpu_that_is_off)
{
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY + 0x1000, 0x123456789A), 0);
    EXPECT_EQ(seen.started, &vcpus[1]);
    EXPECT_EQ(seen.entry, MEMORY + 0x1000);
    EXPECT_EQ(seen.context, 0x123456789A);
}

KTF_TEST(vpsci, cpu_on_of_32_bits_ignores_the_upper_halves)
{
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_32, UINT64_C(0x500000001), MEMORY | UINT64_C(0x700000000),
                   UINT64_C(0x900000007)),
              0);
    EXPECT_EQ(seen.started, &vcpus[1]);
    EXPECT_EQ(seen.entry, MEMORY);
    EXPECT_EQ(seen.context, 7);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, UINT64_C(0x500000001), MEMORY, 0),
              STILE_PSCI_INVALID_PARAMETERS);
}

KTF_TEST(vpsci, cpu_on_refuses_what_it_must)
{
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 0, MEMORY, 0), STILE_PSCI_ALREADY_ON);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 2, MEMORY, 0), STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 0x100, MEMORY, 0), STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, UINT64_MAX, MEMORY, 0), STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY - 4, 0), STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY + BYTES, 0), STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY + 2, 0), STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY | UINT64_C(1) << 63, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 2, 2, 0), STILE_PSCI_INVALID_PARAMETERS);
    vcpus[1].state = VCPU_STARTING;
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY, 0), STILE_PSCI_ON_PENDING);
    vcpus[1].state = VCPU_BLOCKED;
    EXPECT_EQ(call(STILE_PSCI_CPU_ON_64, 1, MEMORY, 0), STILE_PSCI_ALREADY_ON);
    EXPECT_NULL(seen.started);
}

KTF_TEST(vpsci, affinity_info_tells_on_from_off)
{
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 0, 0, 0), 0);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 1, 0, 0), 1);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_32, UINT64_C(0x100000001), 0, 0), 1);
    vcpus[1].state = VCPU_STARTING;
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 1, 0, 0), 2);
    vcpus[1].state = VCPU_BLOCKED;
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 1, 0, 0), 0);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 2, 0, 0), STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, UINT64_C(0x100000001), 0, 0),
              STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 1, 1, 0), STILE_PSCI_INVALID_PARAMETERS);
    /* The level has 32 bits in either form. */
    EXPECT_EQ(call(STILE_PSCI_AFFINITY_INFO_64, 1, UINT64_C(0x100000000), 0), 0);
}

KTF_TEST(vpsci, standby_waits_and_keeps_everything)
{
    EXPECT_EQ(call(STILE_PSCI_CPU_SUSPEND_64, 0, 0, 77), 0);
    EXPECT_EQ(seen.blocked, &vcpus[0]);
    EXPECT_NULL(seen.reset);
    seen.blocked = NULL;
    /* The entry point means nothing then, and a power state has 32 bits. */
    EXPECT_EQ(call(STILE_PSCI_CPU_SUSPEND_64, UINT64_C(0x100000000), 2, 77), 0);
    EXPECT_EQ(seen.blocked, &vcpus[0]);
}

KTF_TEST(vpsci, power_down_goes_on_at_its_entry_with_its_context)
{
    EXPECT_EQ(call(STILE_PSCI_CPU_SUSPEND_64, 0x10000, MEMORY + 0x40, 0x8000000000000077),
              (int64_t)0x8000000000000077);
    EXPECT_EQ(seen.reset, &vcpus[0]);
    EXPECT_EQ(seen.entry, MEMORY + 0x40);
    EXPECT_EQ(seen.blocked, &vcpus[0]);
    seen.blocked = NULL;
    EXPECT_EQ(
        call(STILE_PSCI_CPU_SUSPEND_32, 0x10000, MEMORY | UINT64_C(1) << 40, UINT64_C(1) << 32), 0);
    EXPECT_EQ(seen.entry, MEMORY);
}

KTF_TEST(vpsci, suspend_refuses_what_it_must)
{
    static const uint32_t states[] = {1, 0xFFFF, 1 << 17, 1 << 24, 3 << 24, 1u << 31, 0x1010000};

    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        EXPECT_EQ(call(STILE_PSCI_CPU_SUSPEND_64, states[i], MEMORY, 0),
                  STILE_PSCI_INVALID_PARAMETERS);
    EXPECT_EQ(call(STILE_PSCI_CPU_SUSPEND_64, 0x10000, MEMORY + 1, 0), STILE_PSCI_INVALID_ADDRESS);
    EXPECT_EQ(call(STILE_PSCI_CPU_SUSPEND_64, 0x10000, MEMORY + BYTES, 0),
              STILE_PSCI_INVALID_ADDRESS);
    EXPECT_NULL(seen.blocked);
    EXPECT_NULL(seen.reset);
}

KTF_TEST(vpsci, ending_stops_the_caller)
{
    call(STILE_PSCI_CPU_OFF, 0, 0, 0);
    EXPECT_EQ(seen.stopped, &vcpus[0]);
    EXPECT_EQ(seen.end, -1);
    call(STILE_PSCI_SYSTEM_OFF, 0, 0, 0);
    EXPECT_EQ(seen.end, VM_END_OFF);
    call(STILE_PSCI_SYSTEM_RESET, 0, 0, 0);
    EXPECT_EQ(seen.end, VM_END_REBOOT);
}

KTF_TEST(vpsci, the_last_vcpu_that_goes_off_ends_the_vm)
{
    seen.is_last = true;
    call(STILE_PSCI_CPU_OFF, 0, 0, 0);
    EXPECT_EQ(seen.end, VM_END_OFF);
}

KTF_TEST(vpsci, reset2_knows_the_warm_reset_alone)
{
    static const uint64_t types[] = {1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        EXPECT_EQ(call(STILE_PSCI_SYSTEM_RESET2_32, types[i], 0, 0), STILE_PSCI_INVALID_PARAMETERS);
        EXPECT_EQ(call(STILE_PSCI_SYSTEM_RESET2_64, types[i], 0, 0), STILE_PSCI_INVALID_PARAMETERS);
    }
    EXPECT_EQ(seen.end, -1);
    call(STILE_PSCI_SYSTEM_RESET2_64, UINT64_C(0x100000000), 0, 0);
    EXPECT_EQ(seen.end, VM_END_REBOOT);
    seen.end = -1;
    call(STILE_PSCI_SYSTEM_RESET2_32, 0, 0xFF, 0);
    EXPECT_EQ(seen.end, VM_END_REBOOT);
}
