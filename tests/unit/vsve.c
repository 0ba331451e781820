/* SPDX-License-Identifier: MIT */
/*
 * vm/vsve.c: how long a VM's vectors are, what room they take, and what is moved with them.
 */
#include <string.h>

#include "vm/vsve.c"

#include "ktf.h"

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus;

static struct vm vm;
static struct vcpu vcpu = {.vm = &vm};
static uint64_t here[4];
static uint64_t hardware_bytes;
static uint32_t nr_saved, nr_restored;

uint64_t sve_vector_bytes(void)
{
    uint64_t asked = (read_sysreg(s3_4_c1_c2_0) + 1) * SVE_UNIT;

    return asked < hardware_bytes ? asked : hardware_bytes;
}

void sve_save(void *state, struct fp_state *fp)
{
    EXPECT_EQ(state, here);
    EXPECT_EQ(fp, &vcpu.fp);
    nr_saved++;
}

void sve_restore(const void *state, const struct fp_state *fp)
{
    EXPECT_EQ(state, here);
    EXPECT_EQ(fp, &vcpu.fp);
    EXPECT_EQ(sve_vector_bytes(), vm.sve_bytes); /* ZCR_EL2 comes first */
    nr_restored++;
}

/* A machine of CPUs with such vectors. */
static void boot(const uint32_t bytes[], uint32_t nr)
{
    nr_pcpus = nr;
    for (uint32_t i = 0; i < nr; i++) {
        hardware_bytes = bytes[i];
        fake_sysreg_write("id_aa64pfr0_el1", bytes[i] > 0 ? UINT64_C(1) << 32 : 0);
        fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&pcpus[i]);
        pcpus[i].online = true;
        vsve_init_pcpu();
    }
}

static void setup(void)
{
    nr_saved = nr_restored = 0;
    vcpu.sve = here;
    vcpu.zcr = 0;
}

KTF_SUITE(vsve, .setup = setup);

#define BOOT(...)                                                                                  \
    do {                                                                                           \
        static const uint32_t bytes_[] = {__VA_ARGS__};                                            \
        boot(bytes_, sizeof(bytes_) / sizeof(bytes_[0]));                                          \
    } while (0)

static uint32_t bytes_with(uint32_t bits)
{
    const struct vm_config config = {.sve_bits = bits};

    return vsve_bytes(&config);
}

KTF_TEST(vsve, a_vm_has_the_machines_vectors_or_what_its_tree_says)
{
    BOOT(64, 64);
    EXPECT_EQ(bytes_with(VM_SVE_BITS_MAX), 64);
    EXPECT_EQ(bytes_with(512), 64);
    EXPECT_EQ(bytes_with(384), 48);
    EXPECT_EQ(bytes_with(0), 0);
}

KTF_TEST(vsve, no_cpu_has_shorter_ones)
{
    BOOT(256, 32, 64);
    EXPECT_EQ(bytes_with(VM_SVE_BITS_MAX), 32);
    pcpus[1].online = false; /* it was left out */
    EXPECT_EQ(bytes_with(VM_SVE_BITS_MAX), 64);
}

KTF_TEST(vsve, there_are_none_where_a_cpu_has_none)
{
    BOOT(256, 0);
    EXPECT_EQ(bytes_with(VM_SVE_BITS_MAX), 0);
}

KTF_TEST(vsve, an_old_cpu_is_not_asked)
{
    fake_sysreg_write("s3_4_c1_c2_0", 0x77);
    BOOT(0);
    EXPECT_EQ(read_sysreg(s3_4_c1_c2_0), 0x77);
}

KTF_TEST(vsve, pages_hold_all_registers)
{
    EXPECT_EQ(vsve_order(16), 0);
    EXPECT_EQ(vsve_order(112), 0);
    EXPECT_EQ(vsve_order(128), 1);
    EXPECT_EQ(vsve_order(240), 1);
    EXPECT_EQ(vsve_order(256), 2);
    for (uint32_t bytes = 16; bytes <= 256; bytes += 16)
        EXPECT_GE(PAGE_SIZE << vsve_order(bytes), 32 * bytes + 17 * bytes / 8);
}

KTF_TEST(vsve, the_length_the_guest_chose_moves_too)
{
    BOOT(256);
    vm.sve_bytes = 64;
    vcpu.zcr = 1;
    vsve_load(&vcpu);
    EXPECT_EQ(nr_restored, 1);
    EXPECT_EQ(read_sysreg(s3_0_c1_c2_0), 1);
    fake_sysreg_write("s3_0_c1_c2_0", 3);
    vsve_put(&vcpu);
    EXPECT_EQ(nr_saved, 1);
    EXPECT_EQ(vcpu.zcr, 3);
}

KTF_TEST(vsve, a_simd_register_is_the_lowest_part_of_its_vector)
{
    static uint8_t state[SVE_STATE_BYTES(64)];
    uint32_t bytes;

    vm.sve_bytes = 64;
    vcpu.sve = state;
    EXPECT_EQ(vsve_vector(&vcpu, 31, &bytes), state + 31 * 64);
    EXPECT_EQ(bytes, 64);
    vcpu.sve = NULL;
    EXPECT_EQ(vsve_vector(&vcpu, 31, &bytes), &vcpu.fp.v[31]);
    EXPECT_EQ(bytes, 16);
}
