/* SPDX-License-Identifier: MIT */
/*
 * vm/baseline.h, vm/trap_control.c and virt/vid.c agree, for the identification registers of real
 * CPUs and for made-up ones: what a CPU has and a guest is not shown traps.
 */
#include <stdio.h>

#include "arch/debug.c"
#include "arch/errata.c"
#include "arch/id.c"
#include "dev/machine.h"
#include "vm/baseline.c"
#include "vm/trap_control.c"
#include "vm/vsve.c"

#include "virt/vid.c"

#include "cpu_models.h"
#include "ktf.h"

struct machine machine;

struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus;

static struct vm vm;
static struct pcpu self;
static uint64_t hardware[ID_NR_REGISTERS];

uint64_t stage2_vtcr(void)
{
    return 0;
}

void el1_forbid_walks(void)
{
}

void fp_save(struct fp_state *state)
{
    (void)state;
}

void fp_restore(const struct fp_state *state)
{
    (void)state;
}

static void describe(const struct cpu_model *model, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", model->name);
}

/* Boots on a CPU with these registers. */
static void boot(void)
{
    static char names[ID_NR_REGISTERS][sizeof("s3_0_c0_c0_0")];

    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++) {
        snprintf(names[i], sizeof(names[i]), "s3_0_c0_c%u_%u", i / 8 + 1, i % 8);
        fake_sysreg_write(names[i], hardware[i]);
    }
    fake_sysreg_write("s3_4_c1_c2_2", UINT64_MAX); /* HCRX_EL2, HFGRTR_EL2, MPAM2_EL2 */
    fake_sysreg_write("s3_4_c1_c1_4", UINT64_MAX);
    fake_sysreg_write("s3_4_c10_c5_0", 0);
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    machine.gic_version = 3;
    vid_init();
    vid_show(&vm);
    trap_control_init_pcpu();
}

static bool has(const uint64_t registers[], const struct baseline_class *class)
{
    return id_field(registers[class->id], class->shift) >= class->least;
}

/* What the trap register of a class holds while a guest runs; UINT64_MAX - 1 if there is none. */
static bool traps(const struct baseline_class *class, uint64_t hcr, uint64_t mdcr)
{
    uint64_t value = 0;

    switch (class->trap_register) {
    case BASELINE_HCR:
        value = hcr;
        break;
    case BASELINE_CPTR:
        value = read_sysreg(cptr_el2);
        break;
    case BASELINE_MDCR:
        value = mdcr;
        break;
    case BASELINE_HCRX:
        value = read_sysreg(s3_4_c1_c2_2);
        break;
    case BASELINE_FGT:
        value = read_sysreg(s3_4_c1_c1_4);
        break;
    default:
        value = read_sysreg(s3_4_c10_c5_0);
        break;
    }
    return (value & class->set) == class->set && (value & class->clear) == 0;
}

/* A class whose trap register the CPU has not cannot be there by the architecture. */
static bool is_possible(const struct baseline_class *class)
{
    if (class->trap_register == BASELINE_HCRX)
        return id_field(hardware[ID_AA64MMFR1], ID_HCX_SHIFT) != 0;
    if (class->trap_register == BASELINE_FGT)
        return id_field(hardware[ID_AA64MMFR0], ID_FGT_SHIFT) != 0;
    return true;
}

static void check_all(void)
{
    uint64_t shown_to_vm[ID_NR_REGISTERS];

    boot();
    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
        shown_to_vm[i] = vid_read(&vm, i);
    for (size_t i = 0; i < NR_CLASSES; i++) {
        const struct baseline_class *class = &classes[i];
        if (class->answer == BASELINE_UNDEFINED && has(shown_to_vm, class))
            EXPECT_FAIL("class %zu is shown", i);
        if (!has(hardware, class) || !is_possible(class))
            continue;
        for (int mode = VM_MODE_ASSISTED; mode <= VM_MODE_PARAVIRTUAL; mode++)
            if (!traps(class, trap_control_hcr((enum vm_mode)mode), trap_control_mdcr(false)))
                EXPECT_FAIL("class %zu does not trap in mode %d", i, mode);
    }
}

KTF_SUITE(baseline);

KTF_TEST_EACH(baseline, a_cpu_that_is, struct cpu_model, cpu_models, describe)
{
    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
        hardware[i] = 0;
    for (size_t i = 0; i < sizeof(param->registers) / sizeof(param->registers[0]); i++)
        hardware[param->registers[i].index] = param->registers[i].value;
    check_all();
}

KTF_TEST(baseline, a_cpu_that_has_everything)
{
    for (uint64_t nibble = 1; nibble <= 0xF; nibble++) {
        for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
            hardware[i] = UINT64_C(0x1111111111111111) * nibble;
        check_all();
    }
}

/* Any one field, whatever it says, alone. */
KTF_TEST(baseline, a_cpu_that_has_one_thing)
{
    for (uint32_t i = 0; i < ID_NR_REGISTERS * 16; i++) {
        for (uint64_t value = 1; value <= 0xF; value++) {
            for (uint32_t j = 0; j < ID_NR_REGISTERS; j++)
                hardware[j] = 0;
            hardware[i / 16] = value << i % 16 * 4;
            check_all();
        }
    }
}

/* Nothing is written to a trap register that an Armv8.0 CPU has not: it would be undefined. */
KTF_TEST(baseline, an_old_cpu_has_no_new_trap_registers)
{
    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
        hardware[i] = 0;
    boot();
    EXPECT_EQ(read_sysreg(s3_4_c1_c2_2), UINT64_MAX);
    EXPECT_EQ(read_sysreg(s3_4_c1_c1_4), UINT64_MAX);
    EXPECT_EQ(read_sysreg(s3_4_c10_c5_0), 0);
}

static void have_ras_and_sme(void)
{
    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
        hardware[i] = 0;
    hardware[ID_AA64PFR0] = UINT64_C(1) << 28;
    hardware[ID_AA64PFR1] = UINT64_C(1) << 24;
    boot();
}

KTF_TEST(baseline, what_does_not_trap_is_switched)
{
    struct baseline_state first = {0};
    const struct baseline_state second = {.vdisr = 0x22, .tpidr2 = 0x33};

    have_ras_and_sme();
    fake_sysreg_write("s3_4_c12_c1_1", 0x44);
    fake_sysreg_write("s3_3_c13_c0_5", 0x55);
    baseline_save(&first, self.switched);
    baseline_restore(&second, self.switched);
    EXPECT_EQ(first.vdisr, 0x44);
    EXPECT_EQ(first.tpidr2, 0x55);
    EXPECT_EQ(read_sysreg(s3_4_c12_c1_1), 0x22);
    EXPECT_EQ(read_sysreg(s3_3_c13_c0_5), 0x33);
}

/* Each of the algorithms, alone: its keys are switched, and neither they nor their use traps. */
KTF_TEST(baseline, keys_are_switched_where_the_cpu_has_them)
{
    static const struct {
        uint32_t id, shift;
    } algorithms[] = {{ID_AA64ISAR1, 4}, {ID_AA64ISAR1, 8}, {ID_AA64ISAR2, 12}};
    struct baseline_state state = {0};

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        for (uint32_t j = 0; j < ID_NR_REGISTERS; j++)
            hardware[j] = 0;
        hardware[algorithms[i].id] = UINT64_C(1) << algorithms[i].shift;
        fake_sysreg_write("id_aa64isar1_el1", hardware[ID_AA64ISAR1]);
        boot();
        fake_sysreg_write("s3_0_c2_c1_0", 0x11 + i);
        fake_sysreg_write("s3_0_c2_c3_1", 0x99);
        baseline_save(&state, self.switched);
        EXPECT_EQ(state.keys.ia_lo, 0x11 + i);
        EXPECT_EQ(state.keys.ga_hi, 0x99);
        state.keys.db_hi = 0x77;
        baseline_restore(&state, self.switched);
        EXPECT_EQ(read_sysreg(s3_0_c2_c2_3), 0x77);
        EXPECT_EQ(trap_control_hcr(VM_MODE_TRAP) & (HCR_APK | HCR_API), HCR_APK | HCR_API);
    }
    fake_sysreg_write("id_aa64isar1_el1", 0);
}

KTF_TEST(baseline, without_keys_their_use_traps)
{
    for (uint32_t i = 0; i < ID_NR_REGISTERS; i++)
        hardware[i] = 0;
    boot();
    EXPECT_EQ(self.switched, 0);
    EXPECT_EQ(trap_control_hcr(VM_MODE_ASSISTED) & (HCR_APK | HCR_API), 0);
}

KTF_TEST(baseline, an_old_cpu_switches_no_more_than_it_has)
{
    have_ras_and_sme();
    EXPECT_NE(self.switched, 0);
    hardware[ID_AA64PFR0] = hardware[ID_AA64PFR1] = 0;
    boot();
    EXPECT_EQ(self.switched, 0);
}

KTF_TEST(baseline, the_cpus_pmu_is_untrapped_for_who_may_count_el2)
{
    EXPECT_EQ(trap_control_mdcr(true) & BASELINE_MDCR_PMU, 0);
    EXPECT_EQ(trap_control_mdcr(true) | BASELINE_MDCR_PMU, trap_control_mdcr(false));
}

KTF_TEST(baseline, trap_registers_are_known_before_the_first_vm)
{
    boot();
    EXPECT_EQ(read_sysreg(hcr_el2), trap_control_hcr(VM_MODE_ASSISTED));
    EXPECT_EQ(read_sysreg(mdcr_el2), trap_control_mdcr(false));
    EXPECT_EQ(read_sysreg(mdscr_el1), 0);
}
