/* SPDX-License-Identifier: MIT */
/*
 * A guest's ITS and its LPIs: from a device's write to its end, what moves and what is kept back,
 * and commands that name what is not there.
 */
#include "vits_guest.h"

KTF_SUITE(vits);

KTF_TEST_EACH(vits, an_lpi_comes_once_to_its_vcpu, uint32_t, kinds, name_kind)
{
    start_its(*param);
    map_some();
    for (unsigned i = 0; i < 3; i++) {
        write_doorbell(FIRST_OWN + 9, 1);
        on(1);
        EXPECT_TRUE(vgic_has_pending(&vcpus[1]));
        expect_lpi(1, 2);
        expect_none(1);
        expect_none(0);
        EXPECT_EQ(fake_lpis[2].pcpu, 1);
    }
}

/* Meanwhile it may come again: then it is taken again. */
KTF_TEST_EACH(vits, one_that_comes_again_is_not_lost, uint32_t, kinds, name_kind)
{
    start_its(*param);
    map_some();
    write_doorbell(FIRST_OWN + 1, 0);
    on(0);
    EXPECT_EQ(guest_ack(SELF), 8192);
    write_doorbell(FIRST_OWN + 1, 0);
    write_doorbell(FIRST_OWN + 1, 0);
    EXPECT_FALSE(fake_lpis[0].enabled && fake_lpis[0].pending);
    on(0);
    guest_eoi(SELF, 8192);
    expect_lpi(0, 0);
    EXPECT_TRUE(fake_lpis[0].enabled);
    deliver();
    expect_lpi(0, 0);
    expect_none(0);
}

/* What nobody acknowledges interrupts the machine twice, however often it comes. */
KTF_TEST(vits, a_storm_is_two_interrupts)
{
    start_its(true);
    map_some();
    for (unsigned i = 0; i < 100; i++) {
        write_doorbell(FIRST_OWN + 1, 0);
        EXPECT_EQ(fake_lpis[0].enabled, i == 0);
    }
    expect_lpi(0, 0);
}

KTF_TEST_EACH(vits, the_most_urgent_comes_first, uint32_t, kinds, name_kind)
{
    start_its(*param);
    map_some();
    set_property(1, 0x80 | LPI_ENABLED);
    set_property(0, 0xC0 | LPI_ENABLED);
    put_mapti(FIRST_OWN + 1, 5, 5, 0);
    put_command(ITS_INVALL, 0, 0);
    run(SELF);
    write_doorbell(FIRST_OWN + 1, 0);
    write_doorbell(FIRST_OWN + 1, 5);
    write_doorbell(FIRST_OWN + 9, 0);
    expect_lpi(0, 1);
    expect_lpi(0, 5);
    expect_lpi(0, 0);
    expect_none(0);
}

KTF_TEST(vits, one_that_is_disabled_waits)
{
    start_its(true);
    map_some();
    set_property(0, 0xA0);
    put_command(device(ITS_INV, FIRST_OWN + 1), 0, 0);
    run(SELF);
    write_doorbell(FIRST_OWN + 1, 0);
    expect_none(0);
    set_property(0, 0xA0 | LPI_ENABLED);
    put_command(device(ITS_INV, FIRST_OWN + 1), 0, 0);
    run(SELF);
    expect_lpi(0, 0);
}

/* From a list register of a vCPU that runs, and from one that does not. */
KTF_TEST_EACH(vits, it_moves_with_its_collection, uint32_t, kinds, name_kind)
{
    start_its(*param);
    map_some();
    write_doorbell(FIRST_OWN + 1, 0);
    on(0);
    enter(SELF);
    put_command(device(ITS_MOVI, FIRST_OWN + 1), 0, 2);
    run(SELF);
    expect_none(0);
    expect_lpi(2, 0);
    write_doorbell(FIRST_OWN + 1, 0);
    on(2);
    enter(&vcpus[2]);
    put(&vcpus[2]);
    EXPECT_TRUE(vgic_has_pending(&vcpus[2]));
    on(0);
    put_command(ITS_MAPC, 0, ITS_VALID | 1u << 16 | 2);
    run(SELF);
    expect_lpi(1, 0);
    EXPECT_FALSE(vgic_has_pending(&vcpus[2]));
}

KTF_TEST(vits, int_and_clear_are_as_a_device)
{
    start_its(true);
    map_some();
    put_command(device(ITS_INT, FIRST_OWN + 9), 0, 0);
    run(SELF);
    expect_lpi(0, 1);
    put_command(device(ITS_INT, FIRST_OWN + 9), 0, 0);
    put_command(device(ITS_INT, FIRST_OWN + 9), 0, 0);
    put_command(device(ITS_CLEAR, FIRST_OWN + 9), 0, 0);
    put_command(ITS_SYNC, 0, 0);
    on(0);
    run(SELF);
    expect_none(0);
    EXPECT_TRUE(fake_lpis[1].enabled);
}

/* A SYNC waits for the list registers of a vCPU that runs elsewhere. */
KTF_TEST(vits, sync_waits_for_others)
{
    start_its(true);
    map_some();
    write_doorbell(FIRST_OWN + 9, 1);
    on(1);
    enter(&vcpus[1]);
    on(0);
    put_command(device(ITS_DISCARD, FIRST_OWN + 9), 1, 0);
    put_command(ITS_SYNC, 0, 1u << 16);
    its_write(SELF, GITS_CWRITER, 8, queue_at);
    EXPECT_NE(its_read(SELF, GITS_CREADR, 8), queue_at);
    EXPECT_EQ(its_read(SELF, GITS_CTLR, 4) & GITS_CTLR_QUIESCENT, 0);
    expect_none(1);
    on(0);
    EXPECT_EQ(its_read(SELF, GITS_CREADR, 8), queue_at);
    EXPECT_NE(its_read(SELF, GITS_CTLR, 4) & GITS_CTLR_QUIESCENT, 0);
}

/* Nobody need look: the rest is done by an interrupt to oneself. */
KTF_TEST(vits, a_long_queue_is_gone_through_by_and_by)
{
    start_its(true);
    memset(nr_sgis, 0, sizeof(nr_sgis));
    for (unsigned i = 0; i < 100; i++)
        put_command(ITS_MOVALL, 0, 0);
    its_write(SELF, GITS_CWRITER, 8, queue_at);
    EXPECT_EQ(nr_sgis[0], 1);
    for (unsigned i = 1; nr_sgis[0] == i; i++)
        vits_go_on(SELF);
    EXPECT_GE(nr_sgis[0], 100 / COMMANDS_A_TURN);
    EXPECT_EQ(its_state.reader, queue_at);

    /* Also if it was put before that. */
    for (unsigned i = 0; i < 10; i++)
        put_command(ITS_MOVALL, 0, 0);
    its_write(SELF, GITS_CWRITER, 8, queue_at);
    put(SELF);
    memset(nr_sgis, 0, sizeof(nr_sgis));
    load(SELF, 0);
    EXPECT_EQ(nr_sgis[0], 1);
}

/* --- what cannot be ------------------------------------------------------------------------ */

KTF_TEST(vits, a_device_of_others_cannot_be_mapped)
{
    start_its(true);
    put_mapd(FIRST_OWN - 1);
    put_mapd(FIRST_OWN + NR_OWN);
    put_mapd(0xFFFFFFFF);
    put_command(device(ITS_MAPD, FIRST_OWN), 5, ITS_VALID);
    run(SELF);
    for (uint32_t i = 0; i < FAKE_ITS_DEVICES; i++)
        EXPECT_NULL(fake_its[i].itt);
}

KTF_TEST(vits, of_virtual_functions_the_first_of_each_device_is_known)
{
    const struct vm_config config = {
        .virtuals = {.nr = 2, .ids = {9, 3}},
        .its_devices = {.first = 0x40, .nr = 16, .phys = FIRST_PHYS, .is_virtual = true},
    };

    for (uint64_t id = 0; id < 0x100; id++)
        EXPECT_EQ(vits_has_device(&config, id), id == 0x40 || id == 0x48);
    EXPECT_FALSE(vits_has_device(&config, UINT64_MAX));
    EXPECT_EQ(vits_phys_device(&config, 0x40), FIRST_PHYS + 9);
    EXPECT_EQ(vits_phys_device(&config, 0x48), FIRST_PHYS + 3);
}

KTF_TEST(vits, there_are_so_many_devices_and_events)
{
    start_its(true);
    for (uint32_t i = 0; i < 2 * VITS_NR_DEVICES; i++)
        put_mapd(FIRST_OWN + i);
    for (uint32_t i = 0; i < 2 * VITS_NR_DEVICES; i++)
        put_mapti(FIRST_OWN + i, i, i, 0);
    put_mapti(FIRST_OWN, 1, 0, 0);    /* an LPI that is another event's */
    put_mapti(FIRST_OWN, 0, 100, 0);  /* an event that is another LPI */
    put_mapti(FIRST_OWN, 32, 101, 0); /* none of its events */
    put_mapti(FIRST_OWN, 2, 256, 0);  /* no LPI */
    put_mapti(FIRST_OWN, 3, 102, 7);  /* no collection, as is the next */
    put_mapti(FIRST_OWN, 4, 103, 0xFFFF);
    run(SELF);
    EXPECT_EQ(nr_mapped(), VITS_NR_DEVICES);
}

KTF_TEST(vits, its_end_unmaps_all)
{
    start_its(true);
    map_some();
    write_doorbell(FIRST_OWN + 1, 0);
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        on(i);
        put(&vcpus[i]);
    }
    vits_unmap_all(&vm);
    vlpi_show(&vm, false);
    EXPECT_EQ(nr_mapped(), 0);
    vlpi_fired(GIC_FIRST_LPI); /* was on its way */
    for (uint32_t i = 0; i < sizeof(itts); i++)
        EXPECT_EQ(itts[i], 0);
}
