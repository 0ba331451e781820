/* SPDX-License-Identifier: MIT */
/*
 * exits/mmio.c and what it has of instructions: widths, sign extension, order of bytes, the zero
 * register, and accesses that no device takes. Which instruction does what is compared with the CPU
 * itself by a guest (tests/guest/device_forms.c).
 */
#include <stdio.h>
#include <string.h>

#include "vm/vm.h"
#include "vm/vcpu.h"
#include "exits/mmio.c"
#include "exits/mmio_instruction.c"
#include "exits/transfer.c"
#include "vm/mmio_map.c"

#include "ktf.h"

#define BASE  UINT64_C(0x9000000)
#define BYTES UINT64_C(0x1000)

/* What a syndrome is made of. */
#define ISS(sas, rt)                                                                               \
    (ABORT_ISV | (uint64_t)(sas) << ESR_SAS_SHIFT | (uint64_t)(rt) << ESR_SRT_SHIFT)

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

/* --- what it calls --- */

#define CODE     UINT64_C(0x400000)
#define CODE_IPA UINT64_C(0x40400000)
#define RAM_IPA  UINT64_C(0x40500000) /* the page before the device, to the guest */
#define VA       UINT64_C(0x7000000)  /* where the guest sees the device */

static struct {
    uint32_t instruction;
    bool is_code_mapped, is_code_memory;
    uint8_t ram[PAGE_SIZE];
    bool fp_put;
} guest;

bool walk_translate(uint64_t va, bool write, bool el0, ipa_t *ipa)
{
    EXPECT_FALSE(el0);
    if (va == CODE) {
        EXPECT_FALSE(write);
        *ipa = ipa_make(CODE_IPA);
        return guest.is_code_mapped;
    }
    *ipa = ipa_make(RAM_IPA + (va & PAGE_MASK));
    return va - (VA - PAGE_SIZE) < PAGE_SIZE;
}

bool walk_data_order(void)
{
    return true;
}

static void set_big(bool big)
{
    fake_sysreg_write("sctlr_el1", big ? SCTLR_EE : 0);
}

size_t guest_read(struct vm *of, void *to, ipa_t from, size_t bytes)
{
    EXPECT_EQ(of, &vm);
    if (from.ipa == CODE_IPA) {
        memcpy(to, &guest.instruction, sizeof(guest.instruction));
        return guest.is_code_memory ? bytes : 0;
    }
    memcpy(to, guest.ram + (from.ipa - RAM_IPA), bytes);
    return bytes;
}

size_t guest_write(struct vm *of, ipa_t to, const void *from, size_t bytes)
{
    EXPECT_EQ(of, &vm);
    memcpy(guest.ram + (to.ipa - RAM_IPA), from, bytes);
    return bytes;
}

void *vsve_vector(struct vcpu *of, uint32_t n, uint32_t *bytes)
{
    *bytes = 16;
    return &of->fp.v[n];
}

void trap_control_put_fp(struct vcpu *of)
{
    of->has &= ~VCPU_HAS_FP;
    guest.fp_put = true;
}

static void setup(void)
{
    memset(&guest, 0, sizeof(guest));
    guest.is_code_mapped = guest.is_code_memory = true;
    fake_sysreg_write("elr_el2", CODE);
    fake_sysreg_write("spsr_el2", SPSR_M_EL1H);
    fake_sysreg_write("far_el2", VA);
    vcpu.has = VCPU_HAS_FP;
    set_big(false);
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
    ASSERT_EQ(mmio_emulate(&vcpu, BASE + 0x18, param->esr), MMIO_DONE);
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
        ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(sas, 7) | ABORT_WNR), MMIO_DONE);
        EXPECT_EQ(device.value, 0x8877665544332211 & masks[sas]);
        EXPECT_EQ(device.bytes, 1u << sas);
    }
    EXPECT_EQ(vcpu.regs.x[7], 0x8877665544332211);
}

KTF_TEST(mmio, register_31_is_zero)
{
    uint64_t before = vcpu.regs.elr;

    device.value = 0x55;
    ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(2, 31)), MMIO_DONE);
    EXPECT_EQ(device.nr_reads, 1);
    EXPECT_EQ(vcpu.regs.elr, before);
    ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(3, 31) | ABORT_WNR), MMIO_DONE);
    EXPECT_EQ(device.value, 0);
}

KTF_TEST(mmio, nothing_happens_without_a_device_or_a_syndrome)
{
    EXPECT_EQ(mmio_emulate(&vcpu, BASE - 4, ISS(2, 0)), MMIO_NONE);
    EXPECT_EQ(mmio_emulate(&vcpu, BASE + BYTES, ISS(2, 0)), MMIO_NONE);
    EXPECT_EQ(mmio_emulate(&vcpu, 0, ISS(2, 0)), MMIO_NONE);
    EXPECT_EQ(mmio_emulate(&vcpu, UINT64_MAX, ISS(0, 0)), MMIO_NONE);
    EXPECT_EQ(mmio_emulate(&vcpu, BASE + 2, ISS(2, 0)), MMIO_NONE);
    /* Would reach beyond the device's end. */
    EXPECT_EQ(mmio_emulate(&vcpu, BASE + BYTES - 4, ISS(3, 0)), MMIO_NONE);
    EXPECT_EQ(device.nr_reads, 0);
    EXPECT_EQ(vcpu.regs.x[0], 0x1111111111111111);
    EXPECT_EQ(mmio_emulate(&vcpu, BASE + BYTES - 8, ISS(3, 0)), MMIO_DONE);
}

KTF_TEST(mmio, big_endian_data_is_turned_around)
{
    set_big(true);
    device.value = 0x11223344;
    ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(2, 3)), MMIO_DONE);
    EXPECT_EQ(vcpu.regs.x[3], 0x44332211);
    device.value = 0x80FF;
    ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(1, 3) | ESR_SSE), MMIO_DONE);
    EXPECT_EQ(vcpu.regs.x[3], 0xFFFFFF80);
    vcpu.regs.x[3] = 0x1122334455667788;
    ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(1, 3) | ABORT_WNR), MMIO_DONE);
    EXPECT_EQ(device.value, 0x8877);
    ASSERT_EQ(mmio_emulate(&vcpu, BASE, ISS(3, 3) | ABORT_WNR), MMIO_DONE);
    EXPECT_EQ(device.value, 0x8877665544332211);
}

#define DC_CVAP_X0      0xD50B7C20
#define DC_ZVA_X0       0xD50B7420
#define LDR_W1_X0_POST4 0xB8404401
#define STP_X1_X2_X0    0xA9000801
#define LDP_X1_X2_X0    0xA9400801
#define STR_Q3_X0       0x3D800003
#define LDR_Q3_X0       0x3DC00003
#define LDXR_W1_X0      0x885F7C01
#define LD1_X0          0x4C407803
#define LDR_SP_PRE      0xB8404FE1 /* ldr w1, [sp, #4]! */

static enum mmio_result by_instruction(uint32_t instruction, uint64_t va)
{
    guest.instruction = instruction;
    vcpu.regs.x[0] = va;
    return mmio_emulate(&vcpu, BASE + (fake_sysreg_read("far_el2") & PAGE_MASK), 0);
}

KTF_TEST(mmio, cache_maintenance_is_no_access)
{
    EXPECT_EQ(mmio_emulate(&vcpu, BASE + 3, ABORT_CM | ABORT_WNR), MMIO_DONE);
    EXPECT_EQ(by_instruction(DC_CVAP_X0, VA + 3), MMIO_DONE);
    EXPECT_EQ(by_instruction(DC_ZVA_X0, VA), MMIO_NONE);
    EXPECT_TRUE(mmio_is_maintenance(&vcpu, ABORT_CM));
    EXPECT_FALSE(mmio_is_maintenance(&vcpu, ABORT_ISV));
    EXPECT_FALSE(mmio_is_maintenance(&vcpu, 0)); /* DC ZVA */
    guest.instruction = DC_CVAP_X0;
    EXPECT_TRUE(mmio_is_maintenance(&vcpu, 0));
    guest.is_code_mapped = false;
    EXPECT_FALSE(mmio_is_maintenance(&vcpu, 0));
    EXPECT_EQ(device.nr_reads + device.nr_writes, 0);
}

/* What is refused counts as an access to nothing, which is not mmio.c's. */
KTF_TEST(mmio, what_is_carried_out_counts_once)
{
    uint64_t *nr = &vcpu.stats.exits[ops.exit];
    uint64_t before = *nr;

    (void)mmio_emulate(&vcpu, BASE, ISS(2, 0));
    EXPECT_EQ(*nr, before + 1);
    (void)mmio_emulate(&vcpu, BASE, ABORT_CM);
    EXPECT_EQ(*nr, before + 2);
    (void)mmio_emulate(&vcpu, BASE + 2, ISS(2, 0));
    EXPECT_EQ(*nr, before + 2);
}

/* --- by the instruction --- */

KTF_TEST(mmio, a_base_is_written_back_after_the_access)
{
    device.value = 0xFFFFFFFF12345678;
    ASSERT_EQ(by_instruction(LDR_W1_X0_POST4, VA), MMIO_DONE);
    EXPECT_EQ(vcpu.regs.x[1], 0x12345678);
    EXPECT_EQ(vcpu.regs.x[0], VA + 4);
    EXPECT_EQ(device.offset, 0);
}

KTF_TEST(mmio, the_stack_pointer_is_that_of_the_mode)
{
    fake_sysreg_write("far_el2", VA + 4);
    for (uint32_t i = 0; i < 2; i++) {
        fake_sysreg_write("spsr_el2", i == 0 ? SPSR_M_EL1H : SPSR_M_EL1T);
        fake_sysreg_write("sp_el1", i == 0 ? VA : 1);
        fake_sysreg_write("sp_el0", i == 0 ? 1 : VA);
        ASSERT_EQ(by_instruction(LDR_SP_PRE, 0), MMIO_DONE);
        EXPECT_EQ(fake_sysreg_read("sp_el1"), i == 0 ? VA + 4 : 1);
        EXPECT_EQ(fake_sysreg_read("sp_el0"), i == 0 ? 1 : VA + 4);
        EXPECT_EQ(device.offset, 4);
    }
}

KTF_TEST(mmio, a_pair_is_two_accesses_and_may_begin_in_memory)
{
    ASSERT_EQ(by_instruction(STP_X1_X2_X0, VA), MMIO_DONE);
    EXPECT_EQ(device.nr_writes, 2);
    EXPECT_EQ(device.offset, 8);
    EXPECT_EQ(device.value, vcpu.regs.x[2]);
    ASSERT_EQ(by_instruction(STP_X1_X2_X0, VA - 8), MMIO_DONE);
    EXPECT_EQ(device.nr_writes, 3);
    EXPECT_EQ(device.offset, 0);
    EXPECT_MEMEQ(guest.ram + PAGE_SIZE - 8, &vcpu.regs.x[1], 8);
    memset(guest.ram, 0x5A, sizeof(guest.ram));
    ASSERT_EQ(by_instruction(LDP_X1_X2_X0, VA - 8), MMIO_DONE);
    EXPECT_EQ(vcpu.regs.x[1], 0x5A5A5A5A5A5A5A5A);
    EXPECT_EQ(vcpu.regs.x[2], device.value);
}

KTF_TEST(mmio, the_second_of_a_pair_may_be_nowhere)
{
    fake_sysreg_write("far_el2", VA + BYTES - 8);
    EXPECT_EQ(by_instruction(LDP_X1_X2_X0, VA + BYTES - 8), MMIO_NONE);
    EXPECT_EQ(fake_sysreg_read("far_el2"), VA + BYTES);
}

KTF_TEST(mmio, simd_registers_are_taken_out_of_the_cpu)
{
    for (uint32_t big = 0; big < 2; big++) {
        set_big(big);
        vcpu.has = VCPU_HAS_FP;
        vcpu.fp.v[3] = (unsigned __int128)0x1122334455667788 << 64 | 0x99AABBCCDDEEFF00;
        ASSERT_EQ(by_instruction(STR_Q3_X0, VA), MMIO_DONE);
        EXPECT_TRUE(guest.fp_put);
        EXPECT_EQ(device.offset, 8);
        EXPECT_EQ(device.value, big ? 0x00FFEEDDCCBBAA99 : 0x1122334455667788);
        device.value = 0x0102030405060708;
        ASSERT_EQ(by_instruction(LDR_Q3_X0, VA), MMIO_DONE);
        EXPECT_EQ((uint64_t)vcpu.fp.v[3], big ? 0x0807060504030201 : 0x0102030405060708);
    }
}

KTF_TEST(mmio, an_instruction_that_changed_is_tried_again)
{
    EXPECT_EQ(by_instruction(LDR_W1_X0_POST4, VA + 4), MMIO_AGAIN);
    EXPECT_EQ(by_instruction(LDR_W1_X0_POST4, VA - 4), MMIO_AGAIN);
    guest.is_code_mapped = false;
    EXPECT_EQ(by_instruction(LDR_W1_X0_POST4, VA), MMIO_AGAIN);
    EXPECT_EQ(device.nr_reads, 0);
    EXPECT_EQ(vcpu.regs.x[0], VA);
}

KTF_TEST(mmio, what_is_not_decoded_is_no_access)
{
    EXPECT_EQ(by_instruction(LDXR_W1_X0, VA), MMIO_UNSUPPORTED);
    EXPECT_EQ(by_instruction(LD1_X0, VA), MMIO_NONE);
    EXPECT_EQ(by_instruction(0xD503201F, VA), MMIO_NONE);
    fake_sysreg_write("far_el2", VA + 4);
    EXPECT_EQ(by_instruction(LDP_X1_X2_X0, VA + 4), MMIO_NONE); /* unaligned */
    fake_sysreg_write("far_el2", VA);
    guest.is_code_memory = false;
    EXPECT_EQ(by_instruction(LDR_W1_X0_POST4, VA), MMIO_NONE);
    guest.is_code_memory = true;
    fake_sysreg_write("spsr_el2", SPSR_AARCH32);
    EXPECT_EQ(by_instruction(LDR_W1_X0_POST4, VA), MMIO_NONE);
    EXPECT_EQ(device.nr_reads + device.nr_writes, 0);
}

/* Whatever stands there: what is decoded is a load or store that can be carried out. */
KTF_TEST(mmio, at_random_what_is_decoded_makes_sense)
{
    uint64_t random = 88172645463325252;

    for (uint32_t i = 0; i < 4000000; i++) {
        struct transfer transfer = {0};

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if (transfer_decode((uint32_t)random, &transfer) != TRANSFER_PLAIN)
            continue;
        EXPECT_TRUE(transfer.nr == 1 || transfer.nr == 2);
        EXPECT_TRUE(transfer.bytes >= 1 && transfer.bytes <= (transfer.is_simd ? 16 : 8));
        EXPECT_EQ(transfer.bytes & (transfer.bytes - 1), 0);
        EXPECT_LE(transfer.rt[0] | transfer.rt[1] | transfer.rn | transfer.rm, 31);
        EXPECT_LE(transfer.shift, 4);
        EXPECT_FALSE(transfer.is_signed && (!transfer.is_load || transfer.is_simd));
    }
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
