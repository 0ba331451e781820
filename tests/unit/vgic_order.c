/* SPDX-License-Identifier: MIT */
/*
 * The virtual GIC with more interrupts than list registers: nothing is lost, and the most urgent
 * comes first.
 */
#include "vgic_guest.h"

KTF_SUITE(vgic_order);

KTF_TEST_EACH(vgic_order, the_most_urgent_comes_first, uint32_t, versions, name_version)
{
    for (uint32_t nr_lrs = 1; nr_lrs <= 4; nr_lrs++) {
        start(*param, nr_lrs);
        for (uint32_t i = 0; i < 8; i++)
            enable_spi(40 + i, 0, 0xC0 - 8 * i, true);
        for (uint32_t i = 0; i < 8; i++)
            vgic_inject(&vm, 0, 40 + i);
        for (uint32_t i = 8; i-- > 0;)
            handle(SELF, 40 + i);
        expect_silence(SELF);
    }
}

KTF_TEST_EACH(vgic_order, handlers_nest_deeper_than_there_are_list_registers, uint32_t, versions,
              name_version)
{
    for (uint32_t nr_lrs = 1; nr_lrs <= 4; nr_lrs++) {
        start(*param, nr_lrs);
        for (uint32_t i = 0; i < 8; i++)
            enable_spi(40 + i, 0, 0xC0 - 8 * i, true);
        for (uint32_t i = 0; i < 8; i++) {
            vgic_inject(&vm, 0, 40 + i);
            EXPECT_EQ(guest_ack(SELF), 40 + i);
            expect_silence(SELF);
        }
        for (uint32_t i = 8; i-- > 0;) {
            EXPECT_TRUE(gicd_bit(SELF, GICD_ISACTIVER, 40 + i));
            guest_eoi(SELF, 40 + i);
            EXPECT_FALSE(gicd_bit(SELF, GICD_ISACTIVER, 40 + i));
        }
        expect_silence(SELF);
    }
}

/*
 * Edges come at random, the guest acknowledges and ends, is preempted and moved. Against a model
 * that is only sets: what is acknowledged is always a most urgent pending interrupt.
 */
struct model {
    bool pending[VGIC_NR_INTIDS];
    bool active[VGIC_NR_INTIDS];
    uint32_t stack[32];
    uint32_t depth;
};

static uint32_t random_below(uint32_t limit)
{
    static uint32_t state = 12345;

    state = state * 1664525 + 1013904223;
    return (state >> 8) % limit;
}

static uint32_t priority_of(uint32_t intid)
{
    return vgic_bank_of(SELF, intid)->priority[intid % 32];
}

static uint32_t model_best(const struct model *model)
{
    uint32_t best = model->depth ? priority_of(model->stack[model->depth - 1]) : 0xFF;
    uint32_t found = NONE;

    for (uint32_t i = 0; i < VGIC_NR_INTIDS; i++) {
        if (model->pending[i] && !model->active[i] && priority_of(i) < best) {
            best = priority_of(i);
            found = i;
        }
    }
    return found;
}

static void model_ack(struct model *model)
{
    uint32_t wanted = model_best(model), found = guest_ack(SELF) & 0x3FF;

    if (wanted == NONE || found == NONE) {
        ASSERT_EQ(found, wanted);
        return;
    }
    ASSERT_TRUE(model->pending[found]);
    ASSERT_EQ(priority_of(found), priority_of(wanted));
    model->pending[found] = false;
    model->active[found] = true;
    model->stack[model->depth++] = found;
}

static void model_eoi(struct model *model)
{
    if (model->depth == 0)
        return;
    uint32_t intid = model->stack[--model->depth];

    model->active[intid] = false;
    guest_eoi(SELF, intid);
}

static void model_raise(struct model *model)
{
    uint32_t intid =
        random_below(4) ? GIC_FIRST_SPI + random_below(VGIC_NR_SPIS) : random_below(26);

    model->pending[intid] = true;
    if (intid >= GIC_NR_SGIS)
        vgic_inject(&vm, 0, intid);
    else
        vgic_send_sgi(SELF, SELF, intid);
}

KTF_TEST_EACH(vgic_order, nothing_is_lost_or_out_of_order, uint32_t, versions, name_version)
{
    for (uint32_t round = 0; round < 40; round++) {
        struct model model = {0};

        start(*param, 1 + round % 5);
        for (uint32_t i = GIC_FIRST_SPI; i < VGIC_NR_INTIDS; i++)
            enable_spi(i, 0, 8 * random_below(28), true);
        for (uint32_t i = 0; i < 32; i++)
            private_write(SELF, GICD_IPRIORITYR + i, 1, 8 * random_below(28));
        for (uint32_t step = 0; step < 1000; step++) {
            uint32_t choice = random_below(20);
            if (choice < 8)
                model_raise(&model);
            else if (choice < 14)
                model_ack(&model);
            else if (choice < 19)
                model_eoi(&model);
            else {
                put(SELF);
                load(SELF, 0);
            }
        }
        for (uint32_t i = 0; i < 2 * VGIC_NR_INTIDS; i++) {
            model_ack(&model);
            model_eoi(&model);
            model_eoi(&model);
        }
        EXPECT_EQ(model.depth, 0u);
        expect_silence(SELF);
    }
}
