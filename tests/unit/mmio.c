/* SPDX-License-Identifier: MIT */
/*
 * exits/mmio.c: widths, sign extension, the zero register, and accesses that no device takes.
 */
#include <stdio.h>

#include "vm/vm.h"
#include "vm/vcpu.h"
#include "exits/mmio.c"
#include "vm/mmio_map.c"

#include "ktf.h"

#define BASE  UINT64_C(0x9000000)
#define BYTES UINT64_C(0x1000)

/* What a syndrome is made of. */
#define ISS(sas, rt) (ESR_ISV | (uint64_t)(sas) << ESR_SAS_SHIFT | (uint64_t)(rt) << ESR_SRT_SHIFT)

static struct vm vm;
static struct vcpu vcpu;

static struct {
    int nr_reads, nr_writes;
    uint32_t offset, bytes;
    uint64_t value;
} device;

static uint64_t device_read(struct vcpu *reader, uint32_t offset, uint32_t bytes)
{
    EXPECT_EQ(reader, &vcpu);
    device.nr_reads++;
    device.offset = offset;
    device.bytes = bytes;
    return device.value;
}

static void device_write(struct vcpu *writer, uint32_t offset, uint32_t bytes, uint64_t value)
{
    EXPECT_EQ(writer, &vcpu);
    device.nr_writes++;
    device.offset = offset;
    device.bytes = bytes;
    device.value = value;
}

static const struct mmio_ops ops = {.read = device_read, .write = device_write};

static void setup(void)
{
    vm.mmio = (struct mmio_map){0};
    vcpu.vm = &vm;
    device.nr_reads = device.nr_writes = 0;
    for (uint64_t i = 0; i < 31; i++)
        vcpu.regs.x[i] = 0x1111111111111111 * (i % 15 + 1);
    mmio_add(&vm.mmio, ipa_make(0x8000000), 0x10000, &ops);
    mmio_add(&vm.mmio, ipa_make(BASE), BYTES, &ops);
}

KTF_SUITE(mmio, .setup = setup);

static const struct read_case {
    uint64_t esr;
    uint64_t device;
    uint64_t expected;
    uint32_t bytes;
} reads[] = {
    {ISS(0, 3), 0xFFFFFFFFFFFFFF80, 0x80, 1},
    {ISS(1, 3), 0xFFFFFFFFFFFF8000, 0x8000, 2},
    {ISS(2, 3), 0xFFFFFFFF80000000, 0x80000000, 4},
    {ISS(3, 3), 0x8000000000000001, 0x8000000000000001, 8},
    {ISS(0, 3) | ESR_SSE, 0x80, 0xFFFFFF80, 1},
    {ISS(0, 3) | ESR_SSE, 0x7F, 0x7F, 1},
    {ISS(0, 3) | ESR_SSE | ESR_SF, 0x80, 0xFFFFFFFFFFFFFF80, 1},
    {ISS(1, 3) | ESR_SSE | ESR_SF, 0x8000, 0xFFFFFFFFFFFF8000, 2},
    {ISS(2, 3) | ESR_SSE | ESR_SF, 0x80000000, 0xFFFFFFFF80000000, 4},
};

static void describe_read(const struct read_case *param, char *text, size_t size)
{
    snprintf(text, size, "esr 0x%lx", (unsigned long)param->esr);
}

KTF_TEST_EACH(mmio, reads_extend_as_the_instruction_does, struct read_case, reads, describe_read)
{
    device.value = param->device;
    ASSERT_TRUE(mmio_emulate(&vcpu, BASE + 0x18, param->esr));
    EXPECT_EQ(vcpu.regs.x[3], param->expected);
    EXPECT_EQ(device.offset, 0x18);
    EXPECT_EQ(device.bytes, param->bytes);
    EXPECT_EQ(vcpu.regs.x[2], 0x3333333333333333);
}

KTF_TEST(mmio, writes_pass_on_only_their_width)
{
    static const uint64_t masks[] = {0xFF, 0xFFFF, 0xFFFFFFFF, UINT64_MAX};

    vcpu.regs.x[7] = 0x8877665544332211;
    for (uint32_t sas = 0; sas < 4; sas++) {
        ASSERT_TRUE(mmio_emulate(&vcpu, BASE, ISS(sas, 7) | ESR_WNR));
        EXPECT_EQ(device.value, 0x8877665544332211 & masks[sas]);
        EXPECT_EQ(device.bytes, 1u << sas);
    }
    EXPECT_EQ(vcpu.regs.x[7], 0x8877665544332211);
}

KTF_TEST(mmio, register_31_is_zero)
{
    uint64_t before = vcpu.regs.elr;

    device.value = 0x55;
    ASSERT_TRUE(mmio_emulate(&vcpu, BASE, ISS(2, 31)));
    EXPECT_EQ(device.nr_reads, 1);
    EXPECT_EQ(vcpu.regs.elr, before);
    ASSERT_TRUE(mmio_emulate(&vcpu, BASE, ISS(3, 31) | ESR_WNR));
    EXPECT_EQ(device.value, 0);
}

KTF_TEST(mmio, nothing_happens_without_a_device_or_a_syndrome)
{
    EXPECT_FALSE(mmio_emulate(&vcpu, BASE - 4, ISS(2, 0)));
    EXPECT_FALSE(mmio_emulate(&vcpu, BASE + BYTES, ISS(2, 0)));
    EXPECT_FALSE(mmio_emulate(&vcpu, 0, ISS(2, 0)));
    EXPECT_FALSE(mmio_emulate(&vcpu, UINT64_MAX, ISS(0, 0)));
    EXPECT_FALSE(mmio_emulate(&vcpu, BASE, ISS(2, 0) & ~ESR_ISV));
    EXPECT_FALSE(mmio_emulate(&vcpu, BASE + 2, ISS(2, 0)));
    /* Would reach beyond the device's end. */
    EXPECT_FALSE(mmio_emulate(&vcpu, BASE + BYTES - 4, ISS(3, 0)));
    EXPECT_EQ(device.nr_reads, 0);
    EXPECT_EQ(vcpu.regs.x[0], 0x1111111111111111);
    EXPECT_TRUE(mmio_emulate(&vcpu, BASE + BYTES - 8, ISS(3, 0)));
}

KTF_TEST(mmio, a_gap_ends_at_the_first_byte_of_a_device)
{
    EXPECT_EQ(mmio_gap(&vm.mmio, ipa_make(BASE - 0x1000), 0x1000), 0x1000);
    EXPECT_EQ(mmio_gap(&vm.mmio, ipa_make(BASE - 0x1000), 0x1001), 0x1000);
    EXPECT_EQ(mmio_gap(&vm.mmio, ipa_make(BASE), 1), 0);
    EXPECT_EQ(mmio_gap(&vm.mmio, ipa_make(BASE + BYTES - 1), 1), 0);
    EXPECT_EQ(mmio_gap(&vm.mmio, ipa_make(BASE + BYTES), 0x1000), 0x1000);
    EXPECT_EQ(mmio_gap(&vm.mmio, ipa_make(BASE - 5), BYTES + 6), 5);
}
