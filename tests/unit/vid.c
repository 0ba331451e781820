/* SPDX-License-Identifier: MIT */
/*
 * virt/vid.c: what is hidden, what is kept, what depends on the machine and on the VM.
 */
#include <stdio.h>

#include "dev/machine.h"
#include "arch/id.c"
#include "vm/baseline.c"
#include "virt/vid.c"

#include "ktf.h"

struct machine machine;

static struct vm vm;

/* Hardware that has everything: every field of every register is @nibble. */
static void init_with(uint64_t nibble, uint64_t pfr0)
{
    char name[] = "s3_0_c0_c0_0";
    static char names[ID_NR_REGISTERS][sizeof(name)];

    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++) {
        snprintf(names[i], sizeof(name), "s3_0_c0_c%u_%u", i / 8 + 1, i % 8);
        fake_sysreg_write(names[i], UINT64_C(0x1111111111111111) * nibble);
    }
    fake_sysreg_write("s3_0_c0_c4_0", pfr0);
    vid_init();
    vid_show(&vm);
}

static void setup(void)
{
    machine.gic_version = 2;
    vm.config.mode = VM_MODE_ASSISTED;
    vm.config.pmu = false;
    vm.config.pmu_el2 = false;
    vm.sve_bytes = 0;
    memset(vm.ids, 0xFF, sizeof(vm.ids));
}

KTF_SUITE(vid, .setup = setup);

static uint64_t read_field(uint32_t crm, uint32_t op2, uint32_t shift)
{
    vid_show(&vm);
    return vid_read(&vm, ID_INDEX(crm, op2)) >> shift & 0xF;
}

KTF_TEST(vid, pfr0_shows_el1_in_aarch64_only_and_no_el2)
{
    init_with(2, 0x1122111112111112);
    EXPECT_EQ(read_field(4, 0, 0), 2);
    EXPECT_EQ(read_field(4, 0, 4), 1);
    EXPECT_EQ(read_field(4, 0, 8), 0);
    EXPECT_EQ(read_field(4, 0, 12), 0);
    EXPECT_EQ(read_field(4, 0, 16), 1);
    EXPECT_EQ(read_field(4, 0, 28), 0); /* RAS */
    EXPECT_EQ(read_field(4, 0, 32), 0); /* SVE */
    EXPECT_EQ(read_field(4, 0, 40), 0); /* MPAM */
    EXPECT_EQ(read_field(4, 0, 44), 0); /* AMU */
    EXPECT_EQ(read_field(4, 0, 48), 2); /* DIT */
    EXPECT_EQ(read_field(4, 0, 56), 1); /* CSV2 */
}

KTF_TEST(vid, csv2_is_at_most_1)
{
    init_with(1, UINT64_C(0x0200000000000011));
    EXPECT_EQ(read_field(4, 0, 56), 1);
}

KTF_TEST(vid, the_gic_field_is_of_the_machine)
{
    init_with(1, 0x11);
    EXPECT_EQ(read_field(4, 0, 24), 0);
    machine.gic_version = 3;
    init_with(1, 0x11);
    EXPECT_EQ(read_field(4, 0, 24), 1);
}

KTF_TEST(vid, what_is_not_switched_is_hidden)
{
    init_with(5, 0x11);
    EXPECT_EQ(read_field(4, 1, 8), 0);  /* MTE */
    EXPECT_EQ(read_field(4, 1, 24), 0); /* SME */
    EXPECT_EQ(vid_read(&vm, ID_INDEX(4, 4)), 0);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(4, 5)), 0);
    EXPECT_EQ(read_field(6, 0, 24), 0); /* TME */
    EXPECT_EQ(read_field(6, 0, 20), 5); /* Atomic */
    EXPECT_EQ(read_field(7, 0, 0), 2);  /* PARange */
    EXPECT_EQ(read_field(7, 0, 60), 0); /* ECV */
    EXPECT_EQ(read_field(7, 1, 8), 0);  /* VH */
    EXPECT_EQ(read_field(7, 1, 20), 5); /* PAN */
    EXPECT_EQ(read_field(7, 2, 24), 0); /* NV */
}

KTF_TEST(vid, pointer_authentication_is_shown)
{
    init_with(5, 0x11);
    EXPECT_EQ(read_field(6, 1, 4), 5);  /* APA */
    EXPECT_EQ(read_field(6, 1, 8), 5);  /* API */
    EXPECT_EQ(read_field(6, 1, 24), 5); /* GPA */
    EXPECT_EQ(read_field(6, 1, 28), 5); /* GPI */
    EXPECT_EQ(read_field(6, 2, 8), 5);  /* GPA3 */
    EXPECT_EQ(read_field(6, 2, 12), 5); /* APA3 */
    EXPECT_EQ(read_field(6, 2, 24), 5); /* PAC_frac */
    EXPECT_EQ(read_field(4, 1, 0), 5);  /* BT */
}

KTF_TEST(vid, vectors_are_shown_to_a_vm_that_has_them)
{
    init_with(5, UINT64_C(0x0000000300000011));
    EXPECT_EQ(read_field(4, 0, 32), 0);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(4, 4)), 0);
    vm.sve_bytes = 32;
    EXPECT_EQ(read_field(4, 0, 32), 1);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(4, 4)), UINT64_C(0x0550550505550055));
    EXPECT_EQ(read_field(4, 0, 4), 1);
    EXPECT_EQ(read_field(5, 0, 8), 0);
    vm.config.pmu = true;
    EXPECT_EQ(read_field(4, 0, 32), 1);
    EXPECT_EQ(read_field(5, 0, 8), 4);
    vm.config.mode = VM_MODE_TRAP;
    EXPECT_EQ(read_field(4, 0, 32), 1);
    EXPECT_EQ(read_field(6, 0, 56), 0);
}

KTF_TEST(vid, maintenance_of_tlb_ranges_shows_where_it_does_not_trap)
{
    init_with(2, 0x11);
    EXPECT_EQ(read_field(6, 0, 56), 2);
    vm.config.mode = VM_MODE_PARAVIRTUAL;
    EXPECT_EQ(read_field(6, 0, 56), 2);
    vm.config.mode = VM_MODE_TRAP;
    EXPECT_EQ(read_field(6, 0, 56), 0);
    EXPECT_EQ(read_field(6, 0, 60), 2); /* RNDR */
    vm.config.pmu = true;
    EXPECT_EQ(read_field(6, 0, 56), 0);
    EXPECT_EQ(read_field(5, 0, 8), 2);
}

KTF_TEST(vid, unallocated_registers_read_as_zero)
{
    init_with(7, 0x12);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(3, 7)), 0);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(4, 7)), 0);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(7, 7)), 0);
}

KTF_TEST(vid, debug_is_armv8_0s_with_the_points_of_the_cpu)
{
    init_with(6, 0x11);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(5, 0)), UINT64_C(0xF060606006));
}

KTF_TEST(vid, the_pmu_shows_to_its_vm_only)
{
    init_with(4, 0x11);
    EXPECT_EQ(read_field(5, 0, 8), 0);
    vm.config.pmu = true;
    EXPECT_EQ(read_field(5, 0, 8), 4);
    EXPECT_EQ(read_field(4, 0, 4), 1);
    vm.config.pmu = false;
    vm.config.pmu_el2 = true;
    EXPECT_EQ(read_field(5, 0, 8), 4);
    init_with(5, 0x11); /* newer than what is emulated */
    EXPECT_EQ(read_field(5, 0, 8), 4);
    init_with(0xF, 0x11);
    EXPECT_EQ(read_field(5, 0, 8), 0);
}

KTF_TEST(vid, aarch32_registers_show_only_if_el0_has_it)
{
    init_with(3, 0x12);
    EXPECT_EQ(vid_read(&vm, ID_INDEX(2, 0)), 0x33333333);
    EXPECT_EQ(read_field(1, 0, 0), 3);
    EXPECT_EQ(read_field(1, 1, 12), 0); /* Virtualization */
    init_with(3, 0x11);
    for (uint32_t i = 0; i < ID_INDEX(4, 0); i++)
        EXPECT_EQ(vid_read(&vm, i), 0);
}
