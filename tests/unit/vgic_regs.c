/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC's registers: what they are after reset, what can be written, widths, and what
 * they tell of vCPUs that run on other physical CPUs.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "vgic_guest.h"

KTF_SUITE(vgic_regs);

/* --- what a VM may ask for --- */

KTF_TEST(vgic_regs, a_vm_gets_what_the_machine_has)
{
    power_on(3, 4);
    vm.config.gic_version = 2;
    EXPECT_STREQ(vgic_init(&vm), "its GIC is not of the version the machine has");
    vm.config.gic_version = 3;
    vm.config.gicr[0].bytes -= 1;
    EXPECT_STREQ(vgic_init(&vm), "its GICv3 redistributors need 128 KiB for each vCPU");
    vm.config.gicr[1].bytes = GICR_BYTES;
    EXPECT_NULL(vgic_init(&vm));
    vm.config.gicr[1].bytes = 0;
    vm.config.gicr[0].bytes += 1;
    vm.config.gicd.bytes = 0x1000;
    EXPECT_STREQ(vgic_init(&vm), "its GICv3 distributor needs 64 KiB");

    power_on(2, 4);
    EXPECT_EQ(mapped_bytes, 0x1000u); /* the second page is emulated */
    EXPECT_EQ(gicr_ops, &vgicc_dir_ops);
    vm.config.gicc.bytes = 0x1000;
    EXPECT_NULL(vgic_init(&vm));
    EXPECT_EQ(mapped_bytes, 0x1000u);
    vm.config.gicc.base.ipa += 8;
    EXPECT_NOT_NULL(vgic_init(&vm));
}

/* --- GICv3 --- */

KTF_TEST(vgic_regs, a_gicv3_after_reset)
{
    power_on(3, 4);
    load(SELF, 0);
    EXPECT_EQ(gicd_read(SELF, GICD_CTLR, 4), GICD_CTLR_ARE | GICD_CTLR_DS);
    EXPECT_EQ(gicd_read(SELF, GICD_TYPER, 4) & 0x1F, 2u);
    EXPECT_EQ(gicd_read(SELF, GICV3_PIDR2, 4), 0x3Bu);
    EXPECT_EQ(gicd_read(SELF, GICD_ISENABLER + 4, 4), 0u);
    EXPECT_EQ(gicd_read(SELF, GICD_ISENABLER, 4), 0u);
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        uint32_t frame = i * GICR_BYTES;
        uint64_t last = i == NR_VCPUS - 1 ? GICR_TYPER_LAST : 0;
        EXPECT_EQ(gicr_read(SELF, frame + GICR_TYPER, 8), (uint64_t)i << 32 | i << 8 | last);
        EXPECT_EQ(gicr_read(SELF, frame + GICR_TYPER, 4), i << 8 | last);
        EXPECT_EQ(gicr_read(SELF, frame + GICR_TYPER + 4, 4), i);
        EXPECT_EQ(gicr_read(SELF, frame + GICV3_PIDR2, 4), 0x3Bu);
        EXPECT_EQ(gicr_read(SELF, frame + GICR_CTLR, 4), 0u);
        EXPECT_EQ(gicr_read(SELF, frame + GICR_SGI_FRAME + GICD_ICFGR, 4), 0xAAAAAAAAu);
    }
    EXPECT_EQ(gicr_read(SELF, NR_VCPUS * GICR_BYTES + GICR_TYPER, 8), 0u);
}

KTF_TEST(vgic_regs, a_redistributor_is_woken)
{
    power_on(3, 4);
    load(SELF, 0);
    EXPECT_EQ(gicr_read(SELF, GICR_WAKER, 4), 6u);
    gicr_write(SELF, GICR_WAKER, 4, 4);
    EXPECT_EQ(gicr_read(SELF, GICR_WAKER, 4), 0u);
    EXPECT_EQ(gicr_read(SELF, GICR_BYTES + GICR_WAKER, 4), 6u);
}

KTF_TEST(vgic_regs, a_router_is_written_whole_or_by_halves)
{
    uint32_t router = GICD_IROUTER + 8 * 70;

    start(3, 4);
    gicd_write(SELF, router, 8, UINT64_C(0xFFFFFFFFFFFFFFFF));
    EXPECT_EQ(gicd_read(SELF, router, 8), UINT64_C(0xFF00FFFFFF));
    EXPECT_EQ(gicd_read(SELF, router + 4, 4), 0xFFu);
    gicd_write(SELF, router + 4, 4, 0);
    EXPECT_EQ(gicd_read(SELF, router, 8), 0xFFFFFFu);
    gicd_write(SELF, router, 4, 2);
    EXPECT_EQ(gicd_read(SELF, router, 4), 2u);
    EXPECT_EQ(vcpus[2].vgic.routed[1], 1u << 6);
    EXPECT_EQ(vcpus[0].vgic.routed[1], ~(1u << 6));
    gicd_write(SELF, router, 2, 0);
    EXPECT_EQ(gicd_read(SELF, router, 8), 2u);
    EXPECT_EQ(gicd_read(SELF, GICD_IROUTER, 8), 0u);
}

KTF_TEST(vgic_regs, sgi_registers_name_targets_and_groups)
{
    start(3, 4);
    vgic_write_sgi1r(SELF, 3 << 24 | 6);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 1u << 3);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 1u << 3);
    EXPECT_FALSE(vgic_has_pending(SELF));
    vgic_write_sgi1r(SELF, UINT64_C(1) << 40 | 4 << 24);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 3u << 3);
    EXPECT_FALSE(vgic_has_pending(SELF));
    vgic_write_sgi1r(SELF, 5 << 24 | 0xFFF8);
    vgic_write_sgi1r(SELF, 5 << 24 | 1 << 16 | 2);
    vgic_write_sgi1r(SELF, UINT64_C(1) << 48 | 5 << 24 | 2);
    vgic_write_sgi1r(SELF, UINT64_C(1) << 44 | 5 << 24 | 2);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 3u << 3);
    vgic_write_sgi0r(SELF, 6 << 24 | 2);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 3u << 3);
    gicr_write(SELF, GICR_BYTES + GICR_SGI_FRAME + GICD_IGROUPR, 4, ~(1u << 6));
    vgic_write_sgi0r(SELF, 6 << 24 | 2);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 3u << 3 | 1u << 6);
    vgic_write_sgi1r(SELF, 1);
    EXPECT_EQ(guest_ack(SELF), 0u);
}

/* The machine's vCPUs are 0.0.0.0, 0.1.0.3 and 7.0.2.15. */
static void start_clusters(void)
{
    static const uint64_t mpidrs[NR_VCPUS] = {0, 0x10003, UINT64_C(0x70000020F)};

    start(3, 4);
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        vm.config.mpidr[i] = vcpus[i].mpidr = mpidrs[i];
}

KTF_TEST(vgic_regs, affinities_need_not_count_from_zero)
{
    uint32_t router = GICD_IROUTER + 8 * 70;

    start_clusters();
    EXPECT_TRUE(gicd_read(SELF, GICD_TYPER, 4) & GICD_TYPER_A3V);
    EXPECT_EQ(gicr_read(SELF, GICR_BYTES + GICR_TYPER, 8), UINT64_C(0x10003) << 32 | 1 << 8);
    EXPECT_EQ(gicr_read(SELF, 2 * GICR_BYTES + GICR_TYPER + 4, 4), 0x0700020Fu);
    gicd_write(SELF, router, 8, 0x10003);
    EXPECT_EQ(vcpus[1].vgic.routed[1], 1u << 6);
    gicd_write(SELF, router, 8, UINT64_C(0x70000020F));
    EXPECT_EQ(vcpus[1].vgic.routed[1], 0u);
    EXPECT_EQ(vcpus[2].vgic.routed[1], 1u << 6);
    gicd_write(SELF, router, 8, 1); /* nobody's */
    EXPECT_EQ(vcpus[2].vgic.routed[1], 0u);
}

KTF_TEST(vgic_regs, an_sgi_goes_to_a_cluster)
{
    start_clusters();
    vgic_write_sgi1r(SELF, 3 << 24 | 0xFFFE);
    EXPECT_EQ(vcpus[1].vgic.bank.posted | vcpus[2].vgic.bank.posted, 0u);
    vgic_write_sgi1r(SELF, UINT64_C(1) << 32 | 4 << 24 | 8);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 1u << 4);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 0u);
    vgic_write_sgi1r(SELF, UINT64_C(7) << 48 | 5 << 24 | 2 << 16 | 0x8000);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 1u << 5);
    vgic_write_sgi1r(SELF, UINT64_C(7) << 48 | 6 << 24 | 0x8000);
    vgic_write_sgi1r(SELF, UINT64_C(1) << 44 | UINT64_C(1) << 32 | 6 << 24 | 8);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 1u << 4);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 1u << 5);
    vgic_write_sgi1r(SELF, UINT64_C(1) << 40 | 7 << 24);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 1u << 4 | 1u << 7);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 1u << 5 | 1u << 7);
}

KTF_TEST(vgic_regs, redistributors_may_be_in_two_regions)
{
    struct vcpu *self = SELF;

    start(3, 4);
    vm.config.gicr[0].bytes = GICR_BYTES;
    vm.config.gicr[1] = (struct ipa_range){ipa_make(0x8200000), 3 * GICR_BYTES};
    EXPECT_EQ(vgicr_ops[0].read(self, GICR_TYPER, 8), GICR_TYPER_LAST);
    EXPECT_EQ(vgicr_ops[1].read(self, GICR_TYPER, 8), UINT64_C(1) << 32 | 1 << 8);
    EXPECT_EQ(vgicr_ops[1].read(self, GICR_BYTES + GICR_TYPER, 8),
              UINT64_C(2) << 32 | 2 << 8 | GICR_TYPER_LAST);
    EXPECT_EQ(vgicr_ops[1].read(self, 2 * GICR_BYTES + GICR_TYPER, 8), 0u);
    vgicr_ops[1].write(self, GICR_BYTES + GICR_WAKER, 4, 2);
    EXPECT_EQ(vcpus[2].vgic.waker, 6u);
    EXPECT_EQ(vcpus[0].vgic.waker, 0u);
}

KTF_TEST(vgic_regs, another_vcpus_redistributor)
{
    uint32_t frame = GICR_BYTES + GICR_SGI_FRAME;

    start(3, 4);
    gicr_write(SELF, frame + GICD_ISPENDR, 4, 1u << 9 | 1u << 20);
    EXPECT_EQ(gicr_read(SELF, frame + GICD_ISPENDR, 4), 1u << 9 | 1u << 20);
    gicr_write(SELF, frame + GICD_ICPENDR, 4, 1u << 9);
    gicr_write(SELF, frame + GICD_ISACTIVER, 4, 1u << 10);
    EXPECT_EQ(gicr_read(SELF, frame + GICD_ISPENDR, 4), 1u << 20);
    EXPECT_EQ(gicr_read(SELF, frame + GICD_ISACTIVER, 4), 1u << 10);
    gicr_write(SELF, frame + GICD_ICACTIVER, 4, 1u << 10);
    EXPECT_EQ(gicr_read(SELF, frame + GICD_ISACTIVER, 4), 0u);
    EXPECT_TRUE(vgic_has_pending(&vcpus[1]));
    load(&vcpus[1], 1);
    EXPECT_EQ(guest_ack(&vcpus[1]), 20u);
}

/* --- GICv2 --- */

KTF_TEST(vgic_regs, a_gicv2_after_reset)
{
    power_on(2, 4);
    load(&vcpus[1], 0);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_CTLR, 4), 0u);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_TYPER, 4), 2u | (NR_VCPUS - 1) << 5);
    EXPECT_EQ(gicd_read(&vcpus[1], GICV2_PIDR2, 4), 0x2Bu);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_ISENABLER, 4), 0xFFFFu);
    gicd_write(&vcpus[1], GICD_ICENABLER, 4, UINT32_MAX);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_ISENABLER, 4), 0xFFFFu);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_ITARGETSR, 4), 0x02020202u);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_ITARGETSR + 31, 1), 2u);
    EXPECT_EQ(gicd_read(&vcpus[1], GICD_IROUTER + 8 * 40, 8), 0u);
}

KTF_TEST(vgic_regs, targets_by_byte_and_word)
{
    start(2, 4);
    gicd_write(SELF, GICD_ITARGETSR + 40, 4, 0xFF060401);
    EXPECT_EQ(gicd_read(SELF, GICD_ITARGETSR + 40, 4), 0x07060401u);
    gicd_write(SELF, GICD_ITARGETSR + 41, 1, 2);
    EXPECT_EQ(gicd_read(SELF, GICD_ITARGETSR + 40, 4), 0x07060201u);
    EXPECT_EQ(vcpus[0].vgic.routed[0], 1u << 8 | 1u << 11);
    EXPECT_EQ(vcpus[1].vgic.routed[0], 1u << 9 | 1u << 10);
    gicd_write(SELF, GICD_ITARGETSR, 4, UINT32_MAX);
    EXPECT_EQ(gicd_read(SELF, GICD_ITARGETSR, 4), 0x01010101u);
    gicd_write(SELF, GICD_ITARGETSR + VGIC_NR_INTIDS, 4, UINT32_MAX);
    EXPECT_EQ(gicd_read(SELF, GICD_ITARGETSR + VGIC_NR_INTIDS, 4), 0u);
}

KTF_TEST(vgic_regs, sgir_has_three_filters)
{
    start(2, 4);
    gicd_write(SELF, GICD_SGIR, 4, 0xFF << 16 | 3);
    EXPECT_EQ(vcpus[1].vgic.bank.posted, 1u << 3);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 1u << 3);
    EXPECT_EQ(guest_ack(SELF), 3u);
    guest_eoi(SELF, 3);
    gicd_write(SELF, GICD_SGIR, 4, 1 << 24 | 4);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 3u << 3);
    EXPECT_EQ(guest_ack(SELF), NONE);
    gicd_write(SELF, GICD_SGIR, 4, 2 << 24 | 5);
    EXPECT_EQ(vcpus[2].vgic.bank.posted, 3u << 3);
    EXPECT_EQ(guest_ack(SELF), 5u);
    guest_eoi(SELF, 5);
    gicd_write(SELF, GICD_SGIR, 4, 3u << 24 | 1 << 16 | 6);
    EXPECT_EQ(guest_ack(SELF), NONE);
}

KTF_TEST(vgic_regs, sgis_are_made_pending_by_source)
{
    start(2, 4);
    gicd_write(SELF, GICD_ISPENDR, 4, 1u << 6);
    EXPECT_EQ(gicd_read(SELF, GICD_ISPENDR, 4), 0u);
    gicd_write(SELF, GICD_SPENDSGIR + 6, 1, 0xFF);
    EXPECT_EQ(gicd_read(SELF, GICD_SPENDSGIR + 4, 4), 7u << 16);
    EXPECT_EQ(gicd_read(SELF, GICD_ISPENDR, 4), 1u << 6);
    gicd_write(SELF, GICD_CPENDSGIR + 4, 4, 5u << 16);
    EXPECT_EQ(guest_ack(SELF), 6u | 1u << 10);
    guest_eoi(SELF, 6u | 1u << 10);
    EXPECT_EQ(gicd_read(SELF, GICD_CPENDSGIR + 6, 1), 0u);
    EXPECT_EQ(guest_ack(SELF), NONE);
}

/* --- both --- */

KTF_TEST_EACH(vgic_regs, fields_keep_what_they_have_bits_for, uint32_t, versions, name_version)
{
    start(*param, 4);
    gicd_write(SELF, GICD_IPRIORITYR + 64, 4, 0xFF7F0801);
    EXPECT_EQ(gicd_read(SELF, GICD_IPRIORITYR + 64, 4), 0xF8780800u);
    gicd_write(SELF, GICD_IPRIORITYR + 65, 1, 0xA5);
    EXPECT_EQ(gicd_read(SELF, GICD_IPRIORITYR + 65, 1), 0xA0u);
    EXPECT_EQ(gicd_read(SELF, GICD_IPRIORITYR + 64, 4), 0xF878A000u);
    gicd_write(SELF, GICD_ICFGR + 4 * 4, 4, 0x5555FFFF);
    EXPECT_EQ(gicd_read(SELF, GICD_ICFGR + 4 * 4, 4), 0x0000AAAAu);
    gicd_write(SELF, GICD_IGROUPR + 8, 4, 0x12345678);
    EXPECT_EQ(gicd_read(SELF, GICD_IGROUPR + 8, 4), 0x12345678u);
    private_write(SELF, GICD_ICFGR, 4, 0);
    private_write(SELF, GICD_ICFGR + 4, 4, UINT32_MAX);
    EXPECT_EQ(private_read(SELF, GICD_ICFGR, 4), 0xAAAAAAAAu);
    EXPECT_EQ(private_read(SELF, GICD_ICFGR + 4, 4), 0xAA2AAAAAu); /* but not the timer */
    /* Widths no such register has. */
    gicd_write(SELF, GICD_IGROUPR + 8, 1, 0);
    gicd_write(SELF, GICD_IGROUPR + 8, 8, 0);
    gicd_write(SELF, GICD_IPRIORITYR + 64, 2, 0);
    EXPECT_EQ(gicd_read(SELF, GICD_IGROUPR + 8, 8), 0u);
    EXPECT_EQ(gicd_read(SELF, GICD_IGROUPR + 8, 4), 0x12345678u);
    EXPECT_EQ(gicd_read(SELF, GICD_IPRIORITYR + 64, 4), 0xF878A000u);
}

KTF_TEST_EACH(vgic_regs, every_offset_can_be_touched, uint32_t, versions, name_version)
{
    start(*param, 4);
    for (uint32_t bytes = 1; bytes <= 8; bytes *= 2) {
        for (uint32_t offset = 0; offset < 0x10000; offset += bytes) {
            (void)gicd_read(SELF, offset, bytes);
            gicd_write(SELF, offset, bytes,
                       bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * bytes) - 1);
        }
        for (uint32_t offset = 0; *param == 3 && offset < NR_VCPUS * GICR_BYTES;
             offset += 4 * bytes) {
            (void)gicr_read(SELF, offset, bytes);
            gicr_write(SELF, offset, bytes,
                       bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * bytes) - 1);
        }
    }
    put(SELF);
}

KTF_TEST_EACH(vgic_regs, pending_and_active_by_hand, uint32_t, versions, name_version)
{
    start(*param, 4);
    enable_spi(80, 0, 0x80, true);
    gicd_set_bit(SELF, GICD_ISPENDR, 80);
    EXPECT_TRUE(gicd_bit(SELF, GICD_ICPENDR, 80));
    gicd_set_bit(SELF, GICD_ICPENDR, 80);
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISPENDR, 80));
    EXPECT_EQ(guest_ack(SELF), NONE);

    gicd_set_bit(SELF, GICD_ISACTIVER, 80);
    gicd_set_bit(SELF, GICD_ISPENDR, 80);
    EXPECT_TRUE(gicd_bit(SELF, GICD_ICACTIVER, 80));
    EXPECT_EQ(guest_ack(SELF), NONE);
    gicd_set_bit(SELF, GICD_ICACTIVER, 80);
    EXPECT_EQ(guest_ack(SELF), 80u);
    EXPECT_TRUE(gicd_bit(SELF, GICD_ISACTIVER, 80));
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISPENDR, 80));
    guest_eoi(SELF, 80);
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISACTIVER, 80));

    /* Of a level, only what was written can be cleared. */
    enable_spi(81, 0, 0x80, false);
    vgic_set_level(&vm, 81, true);
    gicd_set_bit(SELF, GICD_ICPENDR, 81);
    EXPECT_TRUE(gicd_bit(SELF, GICD_ISPENDR, 81));
    vgic_set_level(&vm, 81, false);
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISPENDR, 81));
    gicd_set_bit(SELF, GICD_ISPENDR, 81);
    EXPECT_EQ(guest_ack(SELF), 81u);
    guest_eoi(SELF, 81);
    EXPECT_EQ(guest_ack(SELF), NONE);
}

KTF_TEST_EACH(vgic_regs, a_change_of_priority_counts_at_once, uint32_t, versions, name_version)
{
    start(*param, 1);
    enable_spi(80, 0, 0x80, true);
    enable_spi(81, 0, 0x90, true);
    gicd_write(SELF, GICD_ISPENDR + 8, 4, 3u << 16);
    gicd_write(SELF, GICD_IPRIORITYR + 81, 1, 0x70);
    EXPECT_EQ(guest_ack(SELF), 81u);
}

/* --- vCPUs on other physical CPUs --- */

static atomic_bool other_ready;
static atomic_bool stop_other;

/* A second physical CPU: its guest does nothing but be interrupted by whoever wants something. */
static void *run_other(void *argument)
{
    struct vcpu *vcpu = argument;

    load(vcpu, 1);
    if (vgic_has_pending(vcpu))
        EXPECT_EQ(guest_ack(vcpu), 60u);
    atomic_store(&other_ready, true);
    while (!atomic_load(&stop_other))
        enter(vcpu);
    put(vcpu);
    return NULL;
}

static pthread_t start_other(struct vcpu *vcpu)
{
    pthread_t thread;

    atomic_store(&other_ready, false);
    atomic_store(&stop_other, false);
    EXPECT_EQ(pthread_create(&thread, NULL, run_other, vcpu), 0);
    while (!atomic_load(&other_ready))
        ;
    return thread;
}

KTF_TEST_EACH(vgic_regs, what_another_cpu_holds_is_seen_and_changed, uint32_t, versions,
              name_version)
{
    start(*param, 4);
    enable_spi(60, 1, 0x80, true);
    vgic_inject(&vm, 0, 60);
    pthread_t other = start_other(&vcpus[1]);

    EXPECT_TRUE(gicd_bit(SELF, GICD_ISACTIVER, 60));
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISPENDR, 60));
    gicd_set_bit(SELF, GICD_ISPENDR, 60);
    EXPECT_TRUE(gicd_bit(SELF, GICD_ISPENDR, 60));
    gicd_set_bit(SELF, GICD_ICPENDR, 60);
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISPENDR, 60));
    gicd_set_bit(SELF, GICD_ICACTIVER, 60);
    EXPECT_FALSE(gicd_bit(SELF, GICD_ISACTIVER, 60));
    if (*param == 3) {
        uint32_t frame = GICR_BYTES + GICR_SGI_FRAME;
        gicr_write(SELF, frame + GICD_ISACTIVER, 4, 1u << 20);
        EXPECT_EQ(gicr_read(SELF, frame + GICD_ISACTIVER, 4), 1u << 20);
        gicr_write(SELF, frame + GICD_ICENABLER, 4, 1u << 20);
        while (gicr_read(SELF, GICR_BYTES + GICR_CTLR, 4) & GICR_CTLR_RWP)
            ;
        while (gicd_read(SELF, GICD_CTLR, 4) & GICD_CTLR_RWP)
            ;
    }
    atomic_store(&stop_other, true);
    pthread_join(other, NULL);
}

/* Both ask about what the other holds, at the same time. */
static void ask(struct vcpu *vcpu)
{
    for (int i = 0; i < 300; i++) {
        (void)gicd_read(vcpu, GICD_ISPENDR + 4, 4);
        gicd_write(vcpu, GICD_ISPENDR + 4, 4, 3u << 28);
        (void)gicd_read(vcpu, GICD_ISACTIVER + 4, 4);
        gicd_write(vcpu, GICD_ICPENDR + 4, 4, 3u << 28);
    }
}

static void *ask_on_other(void *argument)
{
    load(argument, 1);
    ask(argument);
    put(argument);
    return NULL;
}

KTF_TEST_EACH(vgic_regs, two_that_wait_for_each_other_go_on, uint32_t, versions, name_version)
{
    pthread_t other;

    start(*param, 4);
    enable_spi(60, 0, 0x80, true);
    enable_spi(61, 1, 0x80, true);
    ASSERT_EQ(pthread_create(&other, NULL, ask_on_other, &vcpus[1]), 0);
    ask(SELF);
    put(SELF);
    pthread_join(other, NULL);
}
