/* SPDX-License-Identifier: MIT */
/*
 * SPIs of devices: a level or an edge of the machine's, from the physical interrupt to its end by
 * the guest, where the list register is linked to it and where it cannot be.
 */
#include "vgic_guest.h"

KTF_SUITE(vgic_linked);

#define INTID 52
#define PHYS  39

/** A kind of GIC. */
struct kind {
    uint32_t version;
    bool forgets_levels;
};

static const struct kind kinds[] = {{2, false}, {2, true}, {3, false}};

static void name_kind(const struct kind *kind, char *text, size_t size)
{
    snprintf(text, size, "GICv%u%s", kind->version, kind->forgets_levels ? " of QEMU's" : "");
}

static bool level; /* the device's output */
static unsigned nr_fired;

/* The physical interrupt comes, to some CPU, if it is there and not active. */
static void step(uint32_t cpu)
{
    uint32_t before = this_cpu;

    if (!level || !spi_enabled[PHYS - GIC_FIRST_SPI] || spi_active[PHYS - GIC_FIRST_SPI])
        return;
    spi_active[PHYS - GIC_FIRST_SPI] = true;
    this_cpu = cpu;
    EXPECT_TRUE(vgic_linked_fired(PHYS));
    nr_fired++;
    this_cpu = before;
}

static void raise_level(void)
{
    level = true;
    step(2);
}

/* The guest has one device, whose interrupt is enabled. */
static void begin(const struct kind *kind, uint32_t nr_lrs)
{
    memset(spi_enabled, 0, sizeof(spi_enabled));
    memset(spi_active, 0, sizeof(spi_active));
    level = false;
    nr_fired = 0;
    for (uint32_t i = 0; i < CONFIG_NR_PCPUS; i++)
        pcpus[i].index = i;
    start(kind->version, nr_lrs);
    gic_limits.forgets_levels = kind->forgets_levels;
    vgic_link(&vm, INTID, PHYS, false);
    enable_spi(INTID, 0, 0x80, false);
}

static void finish(void)
{
    vgic_unlink(&vm);
    EXPECT_FALSE(spi_enabled[PHYS - GIC_FIRST_SPI]);
    EXPECT_FALSE(spi_active[PHYS - GIC_FIRST_SPI]);
    EXPECT_FALSE(vgic_linked_fired(PHYS));
}

static bool is_active(void)
{
    return spi_active[PHYS - GIC_FIRST_SPI];
}

/* Takes it and deals with the device, so that nothing follows. */
static void deal_with(struct vcpu *vcpu)
{
    uint32_t iar = guest_ack(vcpu);

    EXPECT_EQ(iar, INTID);
    EXPECT_TRUE(is_active());
    level = false;
    if (iar != NONE)
        guest_eoi(vcpu, iar);
    EXPECT_FALSE(is_active());
    expect_silence(vcpu);
}

KTF_TEST_EACH(vgic_linked, it_comes_once_and_ends, struct kind, kinds, name_kind)
{
    begin(param, 4);
    for (int i = 0; i < 3; i++) {
        raise_level();
        deal_with(SELF);
    }
    EXPECT_EQ(nr_fired, 3);
    finish();
}

/* The end is not told where the list register is linked, and is found out when it comes again. */
KTF_TEST_EACH(vgic_linked, still_high_it_comes_again, struct kind, kinds, name_kind)
{
    begin(param, 4);
    raise_level();
    for (int i = 0; i < 5; i++) {
        uint32_t iar = guest_ack(SELF);
        ASSERT_EQ(iar, INTID);
        step(1);
        EXPECT_EQ(nr_fired, i + 1);
        guest_eoi(SELF, iar);
        step((uint32_t)i % 3);
        EXPECT_EQ(nr_fired, i + 2);
    }
    deal_with(SELF);
    finish();
}

KTF_TEST_EACH(vgic_linked, it_moves_with_its_vcpu, struct kind, kinds, name_kind)
{
    begin(param, 4);
    raise_level();
    enter(SELF);
    put(SELF);
    EXPECT_TRUE(is_active());
    EXPECT_TRUE(vgic_has_pending(SELF));
    load(SELF, 2);
    uint32_t iar = guest_ack(SELF);
    ASSERT_EQ(iar, INTID);
    nr_running[1] = nr_running[2];
    running[1][0] = running[2][0];
    put(SELF);
    load(SELF, 1);
    level = false;
    guest_eoi(SELF, iar);
    expect_silence(SELF);
    EXPECT_FALSE(is_active());
    put(SELF);
    load(SELF, 0);
    finish();
}

KTF_TEST_EACH(vgic_linked, it_goes_where_it_is_routed, struct kind, kinds, name_kind)
{
    begin(param, 4);
    load(&vcpus[1], 1);
    this_cpu = 0;
    enable_spi(INTID, 1, 0x80, false);
    raise_level();
    EXPECT_EQ(spi_route[PHYS - GIC_FIRST_SPI], 0);
    expect_silence(SELF);
    this_cpu = 1;
    deal_with(&vcpus[1]);
    EXPECT_FALSE(gicd_bit(&vcpus[1], GICD_ISACTIVER, INTID)); /* list registers are read back */
    EXPECT_EQ(spi_route[PHYS - GIC_FIRST_SPI], 1);
    finish();
}

/* On QEMU's GICv2 an edge that has come meanwhile would be left behind where it was routed to. */
KTF_TEST_EACH(vgic_linked, an_edge_that_might_be_left_behind_stays, struct kind, kinds, name_kind)
{
    begin(param, 4);
    vgic_unlink(&vm);
    vgic_link(&vm, INTID, PHYS, true);
    load(&vcpus[1], 1);
    this_cpu = 0;
    enable_spi(INTID, 1, 0x80, true);
    raise_level();
    this_cpu = 1;
    deal_with(&vcpus[1]);
    EXPECT_FALSE(gicd_bit(&vcpus[1], GICD_ISACTIVER, INTID));
    EXPECT_EQ(spi_route[PHYS - GIC_FIRST_SPI], param->forgets_levels ? 0 : 1);
    finish();
}

/* Who takes it back by writes has it come where it runs, wherever the interrupt is routed to. */
KTF_TEST_EACH(vgic_linked, a_storm_is_for_whoever_makes_it, struct kind, kinds, name_kind)
{
    begin(param, 4);
    load(&vcpus[1], 1);
    gicd_set_bit(&vcpus[1], GICD_ICENABLER, INTID);
    raise_level();
    for (int i = 0; i < 3; i++) {
        gicd_set_bit(&vcpus[1], GICD_ICPENDR, INTID);
        EXPECT_EQ(spi_route[PHYS - GIC_FIRST_SPI], 1);
        step(1);
        EXPECT_TRUE(is_active());
    }
    finish();
}

/* Routed elsewhere while it is active, what is pending goes there at its end. */
KTF_TEST_EACH(vgic_linked, made_pending_it_moves_at_its_end, struct kind, kinds, name_kind)
{
    begin(param, 4);
    load(&vcpus[1], 1);
    this_cpu = 0;
    raise_level();
    uint32_t iar = guest_ack(SELF);
    ASSERT_EQ(iar, INTID);
    enable_spi(INTID, 1, 0x80, false);
    gicd_set_bit(SELF, GICD_ISPENDR, INTID);
    level = false;
    guest_eoi(SELF, iar);
    this_cpu = 1;
    handle(&vcpus[1], INTID);
    expect_silence(&vcpus[1]);
    EXPECT_FALSE(is_active());
    finish();
}

KTF_TEST_EACH(vgic_linked, disabled_it_waits, struct kind, kinds, name_kind)
{
    begin(param, 4);
    gicd_set_bit(SELF, GICD_ICENABLER, INTID);
    raise_level();
    expect_silence(SELF);
    EXPECT_TRUE(gicd_bit(SELF, GICD_ISPENDR, INTID));
    gicd_set_bit(SELF, GICD_ISENABLER, INTID);
    deal_with(SELF);
    finish();
}

/* What a write makes neither pending nor active is over, and may come again. */
KTF_TEST_EACH(vgic_linked, writes_end_it_too, struct kind, kinds, name_kind)
{
    begin(param, 4);
    raise_level();
    enter(SELF);
    level = false;
    gicd_set_bit(SELF, GICD_ICPENDR, INTID);
    EXPECT_FALSE(is_active());
    expect_silence(SELF);

    gicd_set_bit(SELF, GICD_ICENABLER, INTID);
    raise_level();
    level = false;
    gicd_set_bit(SELF, GICD_ICPENDR, INTID);
    EXPECT_FALSE(is_active());
    gicd_set_bit(SELF, GICD_ISENABLER, INTID);
    expect_silence(SELF);

    raise_level();
    ASSERT_EQ(guest_ack(SELF), INTID);
    gicd_set_bit(SELF, GICD_ICACTIVER, INTID);
    EXPECT_FALSE(is_active());
    step(0);
    EXPECT_TRUE(is_active());
    EXPECT_TRUE(gicd_bit(SELF, GICD_ISPENDR, INTID));
    finish();
}

/* Made pending by a write while it is active, it cannot be linked to its end. */
KTF_TEST_EACH(vgic_linked, pending_and_active_its_end_is_told, struct kind, kinds, name_kind)
{
    begin(param, 4);
    raise_level();
    uint32_t iar = guest_ack(SELF);
    ASSERT_EQ(iar, INTID);
    gicd_set_bit(SELF, GICD_ISPENDR, INTID);
    level = false;
    guest_eoi(SELF, iar);
    deal_with(SELF);
    finish();
}

/* What finds no list register is ended all the same. */
KTF_TEST_EACH(vgic_linked, among_many_it_waits, struct kind, kinds, name_kind)
{
    begin(param, 2);
    raise_level();
    for (uint32_t i = 0; i < 6; i++) {
        enable_spi(60 + i, 0, 0x40, true);
        vgic_inject(&vm, 0, 60 + i);
    }
    for (uint32_t i = 0; i < 6; i++) {
        uint32_t iar = guest_ack(SELF);
        EXPECT_TRUE(iar >= 60 && iar < 66);
        guest_eoi(SELF, iar);
    }
    deal_with(SELF);
    finish();
}

/* Active and left out of the list registers, behind more urgent ones. */
KTF_TEST_EACH(vgic_linked, left_out_while_active_it_ends, struct kind, kinds, name_kind)
{
    uint32_t taken[3];

    begin(param, 2);
    raise_level();
    taken[0] = guest_ack(SELF);
    ASSERT_EQ(taken[0], INTID);
    for (uint32_t i = 0; i < 3; i++) {
        enable_spi(60 + i, 0, 0x60 - 0x20 * i, true);
        vgic_inject(&vm, 0, 60 + i);
        if (i < 2)
            taken[1 + i] = guest_ack(SELF);
    }
    EXPECT_EQ(taken[1], 60);
    EXPECT_EQ(taken[2], 61);
    handle(SELF, 62);
    level = false;
    for (int i = 2; i >= 0; i--)
        guest_eoi(SELF, taken[i]);
    expect_silence(SELF);
    gicd_set_bit(SELF, GICD_ICENABLER, 60); /* reads the list registers back */
    EXPECT_FALSE(is_active());
    raise_level();
    deal_with(SELF);
    finish();
}

KTF_TEST(vgic_linked, each_vm_has_its_own)
{
    static const struct kind v3 = {3, false};

    begin(&v3, 4);
    vgic_link(&vm, 60, 40, true);
    EXPECT_TRUE(spi_edge[40 - GIC_FIRST_SPI]);
    enable_spi(60, 0, 0x80, true);
    spi_active[40 - GIC_FIRST_SPI] = true;
    EXPECT_TRUE(vgic_linked_fired(40));
    EXPECT_FALSE(vgic_linked_fired(41));
    handle(SELF, 60);
    EXPECT_FALSE(spi_active[40 - GIC_FIRST_SPI]);
    finish();
    EXPECT_FALSE(spi_enabled[40 - GIC_FIRST_SPI]);
}
