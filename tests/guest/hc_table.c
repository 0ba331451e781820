/* SPDX-License-Identifier: MIT */
/*
 * What holds for every line of the call table, tried for each: registers that must be zero are
 * checked, registers that are not results are preserved, unknown numbers are -1.
 */
#include <stdio.h>

#include "ktf.h"
#include "support.h"

struct line {
    uint32_t nr;
    const char *name;
    uint64_t zero[6]; /* bits that must be zero in x1 to x6 */
};

static const struct line lines[] = {
#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    {nr, #group "_" #name, {STILE_RESERVED_##args}},
#include "stile/calls.h"
};

static void describe_line(const struct line *line, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", line->name);
}

KTF_SUITE(hc_table, .suite_setup = support_need_hypervisor);

/* The call with one register's value, and nothing in the others. */
static struct stile_result call_with(uint64_t x0, int index, uint64_t value)
{
    uint64_t words[6] = {0, 0, 0, 0, 0, 0};

    words[index] = value;
    return support_call(x0, words);
}

static void expect_refused(const struct line *line, int index, uint64_t value)
{
    struct stile_result result = call_with(STILE_FID(line->nr), index, value);

    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], index + 1);
    EXPECT_EQ(result.value[1], 0);
    EXPECT_EQ(result.value[2], 0);
}

/* To an unprivileged VM the privileged calls are as unknown as any other number. */
static bool is_for_others(const struct line *line)
{
    return line->nr / STILE_CALLS_PER_GROUP >= STILE_GROUP_CONTROL &&
           !stile_has_call((enum stile_nr)line->nr);
}

KTF_TEST_EACH(hc_table, reserved_bits_are_refused, struct line, lines, describe_line)
{
    if (is_for_others(param))
        SKIP("this VM is not privileged");
    for (int i = 0; i < 6; i++) {
        uint64_t bits = param->zero[i];
        if (bits == 0)
            continue;
        expect_refused(param, i, bits & (~bits + 1)); /* the lowest */
        expect_refused(param, i, UINT64_C(1) << 63);
        expect_refused(param, i, bits);
    }
}

KTF_TEST_EACH(hc_table, the_first_bad_register_is_named, struct line, lines, describe_line)
{
    uint64_t words[6];
    uint64_t first = 0;

    for (int i = 5; i >= 0; i--) {
        words[i] = param->zero[i] & (UINT64_C(1) << 63);
        if (words[i] != 0)
            first = (uint64_t)i + 1;
    }
    if (first == 0)
        SKIP("every bit of every register may be set");
    if (is_for_others(param))
        SKIP("this VM is not privileged");
    struct stile_result result = support_call(STILE_FID(param->nr), words);
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], first);
}

static uint64_t pattern(uint32_t nr, int i)
{
    return UINT64_C(0xA5A5000000000000) | (uint64_t)nr << 32 | (uint64_t)i;
}

/* x4 to x6 are arguments, all others are none of the call's business. */
static void expect_preserved(uint64_t x0, uint64_t x1, uint32_t nr)
{
    struct raw_registers registers = {.x = {x0, x1}};

    for (int i = 7; i <= 30; i++)
        registers.x[i] = pattern(nr, i);
    raw_hvc(&registers);
    for (int i = 4; i <= 6; i++)
        EXPECT_EQ(registers.x[i], 0);
    for (int i = 7; i <= 30; i++) {
        if (registers.x[i] != pattern(nr, i))
            EXPECT_FAIL("x%d is %lx and was %lx", i, registers.x[i], pattern(nr, i));
    }
}

/*
 * With all arguments zero; those that end the VM, stop the vCPU, change the console or what was
 * agreed on get one that is refused.
 */
KTF_TEST_EACH(hc_table, registers_are_preserved, struct line, lines, describe_line)
{
    bool ends = param->nr == STILE_NR_vcpu_off || param->nr == STILE_NR_console_use_ring ||
                param->nr == STILE_NR_core_version || param->nr == STILE_NR_core_reset ||
                param->nr / STILE_CALLS_PER_GROUP == STILE_NR_power_off / STILE_CALLS_PER_GROUP;

    expect_preserved(STILE_FID(param->nr), ends ? UINT64_MAX : 0, param->nr);
}

KTF_TEST_EACH(hc_table, registers_are_preserved_on_errors, struct line, lines, describe_line)
{
    expect_preserved(STILE_FID(param->nr) | 0x8000, 0, param->nr);
    expect_preserved(STILE_FID(param->nr) & ~UINT32_C(0x5300), 0, param->nr);
    expect_preserved(STILE_FID(param->nr) & ~UINT32_C(0x40000000), 0, param->nr);
}

KTF_TEST(hc_table, registers_are_preserved_by_standard_services)
{
    expect_preserved(STILE_SMCCC_VERSION, 0, 1);
    expect_preserved(STILE_PSCI_VERSION, 0, 2);
    expect_preserved(STILE_FID_UID, 0, 3);
    expect_preserved(0xDEADBEEF, 0, 4);
}

static bool is_in_table(uint32_t nr)
{
    return stile_call_name(nr) != NULL;
}

static void expect_unknown(uint64_t x0)
{
    struct stile_result result = call_with(x0, 0, 0);

    if (result.status != STILE_NOT_SUPPORTED)
        EXPECT_FAIL("0x%lx answers %ld", x0, (long)result.status);
}

KTF_TEST(hc_table, unknown_numbers_are_not_supported)
{
    for (uint32_t nr = 0; nr < 0x200; nr++) {
        if (!is_in_table(nr))
            expect_unknown(STILE_FID(nr));
    }
    for (uint32_t bit = 0x400; bit <= 0x8000; bit *= 2)
        expect_unknown(STILE_FID_BASE ^ bit);
    expect_unknown(STILE_FID(0xFFFF));
}

/* A number is known under one calling convention, owner and kind of call only. */
KTF_TEST(hc_table, other_conventions_are_not_supported)
{
    static const uint32_t bases[] = {
        0xC6000000, /* others' hypervisors */
        0x86005300, /* 32-bit */
        0x46005300, /* yielding, 64-bit */
        0x06005300, /* yielding, 32-bit */
        0xC5005300, /* standard hypervisor service */
        0xC3005300, /* OEM */
        0xC7005300, /* the next owner */
        0xC6015300, /* reserved bits of the number */
        0xC6805300,
    };

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        for (uint32_t nr = 0; nr < 0x40; nr++)
            expect_unknown(bases[i] + nr);
    }
}

KTF_TEST(hc_table, unknown_standard_functions_are_not_supported)
{
    expect_unknown(0x8000FFFF);
    expect_unknown(0x8400FF00);
    expect_unknown(0x8600FF02);
    expect_unknown(0xFFFFFFFF);
    expect_unknown(0);
}

/* SMCCC: the function id is w0; what the upper half of x0 holds does not matter. */
KTF_TEST(hc_table, the_upper_half_of_x0_is_ignored)
{
    EXPECT_EQ(call_with(STILE_FID(STILE_NR_core_null) | UINT64_C(1) << 32, 0, 0).status,
              STILE_SUCCESS);
    EXPECT_EQ(call_with(STILE_FID(STILE_NR_core_null) | UINT64_C(0xFFFFFFFF00000000), 0, 0).status,
              STILE_SUCCESS);
}

KTF_TEST(hc_table, an_unused_result_is_zero)
{
    struct stile_result result = stile_core_null();

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], 0);
    EXPECT_EQ(result.value[1], 0);
    EXPECT_EQ(result.value[2], 0);
}
