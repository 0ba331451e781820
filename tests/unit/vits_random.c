/* SPDX-License-Identifier: MIT */
/*
 * A guest's ITS at random: commands and registers of a guest that means harm, and LPIs of one that
 * does.
 */
#include "vits_guest.h"

KTF_SUITE(vits_random);

#define NR_ROUNDS 1000000u

static uint32_t some(uint32_t nr)
{
    return (uint32_t)(fake_random() % nr);
}

static void random_command(void)
{
    static const uint8_t codes[] = {1, 3, 4, 5, 8, 8, 9, 10, 10, 10, 11, 12, 13, 14, 15};
    uint32_t id = FIRST_OWN + some(12), collection = some(5);
    uint64_t lpi = 8192 + some(24);
    uint64_t word1 = some(10) | (some(8) ? lpi << 32 : fake_random());
    uint64_t word2 = collection | (uint64_t)some(4) << 16 | (some(3) ? ITS_VALID : 0);

    if (some(20) == 0)
        id = (uint32_t)fake_random();
    if (some(30) == 0)
        word1 = fake_random();
    if (some(30) == 0)
        word2 = fake_random();
    put_command(device(some(40) ? codes[some(sizeof(codes))] : some(256), id), word1, word2);
}

static void random_register(struct vcpu *vcpu)
{
    static const uint32_t at[] = {GITS_CTLR,   GITS_CBASER,   GITS_CWRITER,
                                  GITS_CREADR, GITS_BASER,    GITS_TYPER,
                                  GITS_IIDR,   GITS_DOORBELL, GITS_DOORBELL + 0x40};
    uint32_t bytes = 1u << some(4), offset = at[some(9)] + (bytes < 8 ? 4 * some(2) : 0);

    switch (some(4)) {
    case 0:
        its_write(vcpu, offset, bytes, bytes < 8 ? some(1u << (8 * bytes - 1)) : fake_random());
        break;
    case 1:
        (void)its_read(vcpu, offset, bytes);
        break;
    case 2:
        gicr_write(vcpu,
                   some(3) * GICR_BYTES + (some(2) ? GICR_PROPBASER : GICR_PENDBASER) +
                       (bytes < 8 ? 4 * some(2) : 0),
                   bytes, bytes < 8 ? some(1u << (8 * bytes - 1)) : fake_random());
        break;
    default:
        (void)gicr_read(vcpu, some(3) * GICR_BYTES + GICR_PROPBASER, bytes);
    }
}

/* What went wrong with the queue is put right. */
static void set_right(struct vcpu *vcpu)
{
    its_write(vcpu, GITS_CTLR, 4, 0);
    its_write(vcpu, GITS_CBASER, 8, ITS_BASE_VALID | QUEUE);
    its_write(vcpu, GITS_CTLR, 4, GITS_CTLR_ENABLED);
    queue_at = 0;
    its_write(vcpu, GITS_CWRITER, 8, 0);
}

static void random_interrupt(struct vcpu *vcpu)
{
    uint32_t iar;

    if (nr_running[this_cpu] > 0)
        return;
    iar = guest_ack(vcpu);
    if (iar == NONE)
        return;
    if (some(2))
        deliver();
    guest_eoi(vcpu, iar);
}

static void random_step(void)
{
    uint32_t cpu = some(NR_VCPUS);
    struct vcpu *vcpu = &vcpus[cpu];

    on(cpu);
    if (!vcpu->vgic.loaded_on) {
        (void)vgic_has_pending(vcpu);
        load(vcpu, cpu);
        return;
    }
    enter(vcpu);
    switch (some(12)) {
    case 0:
        put(vcpu);
        break;
    case 1:
    case 2:
    case 3:
        random_command();
        its_write(vcpu, GITS_CWRITER, 8, queue_at);
        break;
    case 4:
        set_property(some(24), (uint8_t)fake_random());
        break;
    case 5:
    case 6:
        fake_its_write(FIRST_PHYS + some(12), some(10));
        deliver();
        break;
    case 7:
        if (some(8) == 0)
            random_register(vcpu);
        break;
    case 8:
        if (some(16) == 0)
            set_right(vcpu);
        break;
    case 9:
        vits_go_on(vcpu);
        break;
    case 10:
        (void)vgic_has_pending(vcpu);
        break;
    default:
        random_interrupt(vcpu);
    }
}

/* Of both sides the same is mapped, and nothing beside the VM's own; what is kept back waits. */
static void check_both(void)
{
    unsigned nr = 0;

    for (uint32_t i = 0; i < FAKE_ITS_DEVICES; i++) {
        if (!fake_its[i].itt)
            continue;
        ASSERT_TRUE(i >= FIRST_PHYS && i < FIRST_PHYS + NR_OWN);
    }
    for (uint32_t lpi = 0; lpi < VITS_NR_LPIS; lpi++) {
        bool mapped = has(its_state.mapped, lpi);

        nr += mapped;
        ASSERT_EQ(fake_lpis[lpi].mapped, mapped);
        ASSERT_TRUE(mapped || !has(its_state.pending, lpi));
        ASSERT_TRUE(has(its_state.pending, lpi) || !has(its_state.again, lpi));
        if (mapped)
            ASSERT_EQ(fake_lpis[lpi].enabled, !has(its_state.again, lpi));
    }
    ASSERT_EQ(nr_mapped(), nr);
}

KTF_TEST_EACH(vits_random, any_commands_for_a_million_steps, uint32_t, kinds, name_kind)
{
    start_its(*param);
    for (unsigned i = 0; i < NR_ROUNDS; i++) {
        random_step();
        if (i % 16 == 0)
            check_both();
        if (i % 4096 == 0) {
            for (uint32_t cpu = 0; cpu < NR_VCPUS; cpu++) {
                on(cpu);
                if (vcpus[cpu].vgic.loaded_on)
                    put(&vcpus[cpu]);
            }
            vits_unmap_all(&vm);
            ASSERT_EQ(nr_mapped(), 0);
            start_its(*param);
        }
    }
}

/* A guest that means well: whatever comes is taken afterwards, wherever that is by then. */
KTF_TEST_EACH(vits_random, none_is_lost_at_random, uint32_t, kinds, name_kind)
{
    bool owed[8] = {false};

    start_its(*param);
    map_some();
    for (unsigned i = 0; i < NR_ROUNDS / 4; i++) {
        uint32_t cpu = some(NR_VCPUS), event = some(3);
        uint32_t iar = NONE;

        on(cpu);
        if (!vcpus[cpu].vgic.loaded_on)
            load(&vcpus[cpu], cpu);
        switch (some(5)) {
        case 0:
            owed[1 + event] = true;
            write_doorbell(FIRST_OWN + 9, event);
            break;
        case 1:
            put_command(device(ITS_MOVI, FIRST_OWN + 9), event, some(NR_VCPUS));
            its_write(&vcpus[cpu], GITS_CWRITER, 8, queue_at);
            break;
        case 2:
            put(&vcpus[cpu]);
            break;
        default:
            iar = guest_ack(&vcpus[cpu]);
            if (iar == NONE)
                break;
            ASSERT_TRUE(iar > 8192 && iar < 8192 + 4);
            owed[iar - 8192] = false;
            if (some(2)) {
                owed[1 + event] = true;
                write_doorbell(FIRST_OWN + 9, event);
                on(cpu);
            }
            guest_eoi(&vcpus[cpu], iar);
        }
        if (i % 64 != 0)
            continue;
        for (unsigned j = 0; j < 64; j++) {
            on(j % NR_VCPUS);
            deliver();
            if (!vcpus[j % NR_VCPUS].vgic.loaded_on)
                load(&vcpus[j % NR_VCPUS], j % NR_VCPUS);
            iar = guest_ack(&vcpus[j % NR_VCPUS]);
            if (iar == NONE)
                continue;
            owed[iar - 8192] = false;
            guest_eoi(&vcpus[j % NR_VCPUS], iar);
        }
        for (unsigned j = 0; j < 8; j++)
            ASSERT_FALSE(owed[j]);
    }
}
