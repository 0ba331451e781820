/* SPDX-License-Identifier: MIT */
/*
 * What each CPU has of its own in the interrupt controller, and how interrupts reach the others.
 * A CPU is made to look by an SGI whose handler does it.
 */
#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/gicv3.h"
#include "dev/irq.h"
#include "gic_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "support.h"
#include "threads/thread.h"

#define LIMIT_MS 3000
#define SGI_CALL 10

#define SGI1R_TARGETS     UINT64_C(0xFFFF)
#define SGI1R_ALL_OTHERS  (UINT64_C(1) << 40)
#define SGI1R_INTID_SHIFT 24
#define SGIR_ALL_OTHERS   (1u << 24)
#define SGIR_TARGETS(n)   ((uint32_t)(n) << 16)
#define ACK_SOURCE(ack)   ((ack) >> 10 & 7)

/* --- having another CPU do something --- */

static struct {
    void (*function)(uint32_t cpu);
    uint32_t done; /* a bit for each CPU */
} call;

static void handle_call(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    call.function(smp_cpu()->index);
    __atomic_fetch_or(&call.done, 1u << smp_cpu()->index, __ATOMIC_RELEASE);
}

static void on_cpu(uint32_t cpu, void (*function)(uint32_t))
{
    call.function = function;
    __atomic_store_n(&call.done, 0, __ATOMIC_RELEASE);
    gic->send_sgi(cpu, SGI_CALL);
    EXPECT_TRUE(support_wait(__atomic_load_n(&call.done, __ATOMIC_ACQUIRE), LIMIT_MS));
    EXPECT_EQ(call.done, 1u << cpu);
}

static void on_each_cpu(void (*function)(uint32_t))
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        on_cpu(cpu, function);
}

/* --- counting what comes --- */

static uint32_t counts[NR_CPUS];

static void count(uint32_t intid, void *argument)
{
    (void)intid;
    (void)argument;
    __atomic_fetch_add(&counts[smp_cpu()->index], 1, __ATOMIC_RELEASE);
}

static uint32_t count_of(uint32_t cpu)
{
    return __atomic_load_n(&counts[cpu], __ATOMIC_ACQUIRE);
}

static uint32_t count_of_all(void)
{
    uint32_t sum = 0;

    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        sum += count_of(cpu);
    return sum;
}

static void forget_counts(void)
{
    for (uint32_t cpu = 0; cpu < NR_CPUS; cpu++)
        counts[cpu] = 0;
}

/* That the CPUs of a set, and no others, have seen one each. */
static void expect_counts(uint32_t set)
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        if (set >> cpu & 1)
            EXPECT_TRUE(support_wait(count_of(cpu) != 0, LIMIT_MS));
    }
    thread_sleep_ms(1);
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        EXPECT_EQ(count_of(cpu), set >> cpu & 1);
}

static bool pends_by_target;

static void setup(void)
{
    const struct gic_traits *traits = gic_rig_traits();

    pends_by_target = traits && traits->pends_by_target;
    if (smp_nr_online() == 1)
        SKIP("there is one CPU");
    forget_counts();
    irq_register(SGI_CALL, handle_call, NULL);
    irq_register(RIG_SGI, count, NULL);
    irq_register(RIG_SPI, count, NULL);
}

static void teardown(void)
{
    irq_register(SGI_CALL, NULL, NULL);
    irq_register(RIG_SGI, NULL, NULL);
    irq_unregister(RIG_SPI);
}

KTF_SUITE(gic_smp, .suite_setup = gic_rig_need_gic, .setup = setup, .teardown = teardown);

/* --- banked state --- */

static struct view {
    uint32_t targets;
    uint32_t enabled;
    uint32_t pending;
    uint32_t active;
    uint32_t priority;
} views[NR_CPUS];

static void look(uint32_t cpu)
{
    views[cpu] = (struct view){
        .targets = gic->version == 2 ? io_read32(gic_distributor() + GICD_ITARGETSR) : 0,
        .enabled = gic_rig_read_bit(GICD_ISENABLER, RIG_PPI),
        .pending = gic_rig_read_bit(GICD_ISPENDR, RIG_PPI),
        .active = gic_rig_read_bit(GICD_ISACTIVER, RIG_PPI),
        .priority = io_read32(gic_rig_priority(RIG_PPI)) & 0xFF,
    };
}

/* Not enabled where it is pending, so that it never comes. */
static void change(uint32_t cpu)
{
    io_write8(gic_rig_priority(RIG_PPI), (uint8_t)(0x20 * (cpu + 1)));
    gic_rig_write_bit(cpu % 2 ? GICD_ISENABLER : GICD_ISPENDR, RIG_PPI);
    if (cpu == 1)
        gic_rig_write_bit(GICD_ISACTIVER, RIG_PPI);
}

static void change_back(uint32_t cpu)
{
    (void)cpu;
    gic_rig_write_bit(GICD_ICENABLER, RIG_PPI);
    gic_rig_write_bit(GICD_ICPENDR, RIG_PPI);
    gic_rig_write_bit(GICD_ICACTIVER, RIG_PPI);
    io_write8(gic_rig_priority(RIG_PPI), GIC_PRIORITY);
}

KTF_TEST(gic_smp, each_cpu_has_its_own_ppis)
{
    if (pends_by_target)
        SKIP("documented: here they are pending on all CPUs");
    on_each_cpu(change);
    on_each_cpu(look);
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        EXPECT_EQ(views[cpu].enabled, cpu % 2);
        EXPECT_EQ(views[cpu].pending, cpu % 2 == 0);
        EXPECT_EQ(views[cpu].active, cpu == 1);
        EXPECT_EQ(views[cpu].priority, 0x20 * (cpu + 1));
        if (gic->version == 2)
            EXPECT_EQ(views[cpu].targets, 0x01010101u << cpu);
    }
    on_each_cpu(change_back);
    on_each_cpu(look);
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++)
        EXPECT_EQ(views[cpu].enabled + views[cpu].pending + views[cpu].active, 0);
}

KTF_TEST(gic_smp, a_redistributor_can_be_reached_from_other_cpus)
{
    if (gic->version != 3)
        SKIP("a GICv2 has no redistributors");
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        uint64_t frame = gicv3_redistributor(cpu) + GICR_SGI_FRAME;
        io_write32(frame + GICD_ISPENDR, 1u << RIG_PPI);
        io_write8(frame + GICD_IPRIORITYR + RIG_PPI, 0x40);
        on_cpu(cpu, look);
        EXPECT_TRUE(views[cpu].pending);
        EXPECT_EQ(views[cpu].priority, 0x40);
        EXPECT_TRUE(io_read32(frame + GICD_ICPENDR) & 1u << RIG_PPI);
        io_write32(frame + GICD_ICPENDR, 1u << RIG_PPI);
        EXPECT_FALSE(io_read32(frame + GICD_ISPENDR) & 1u << RIG_PPI);
        on_cpu(cpu, look);
        EXPECT_FALSE(views[cpu].pending);
        on_cpu(cpu, change_back);
    }
}

/* --- SPIs --- */

KTF_TEST(gic_smp, an_spi_comes_to_the_cpu_it_is_routed_to)
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        forget_counts();
        gic_rig_route(RIG_SPI, cpu);
        gic_rig_pend(RIG_SPI);
        expect_counts(1u << cpu);
    }
}

KTF_TEST(gic_smp, a_pending_spi_can_be_routed_elsewhere)
{
    if (pends_by_target)
        SKIP("documented: here it stays pending where it was");
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        forget_counts();
        gic_rig_write_bit(GICD_ICENABLER, RIG_SPI);
        gic_rig_settle();
        gic_rig_route(RIG_SPI, (cpu + 1) % smp_nr_online());
        gic_rig_pend(RIG_SPI);
        gic_rig_route(RIG_SPI, cpu);
        gic_rig_write_bit(GICD_ISENABLER, RIG_SPI);
        expect_counts(1u << cpu);
    }
}

/* Which of its targets takes it is the controller's choice; one of them does, once. */
KTF_TEST(gic_smp, an_spi_with_several_targets_comes_once)
{
    if (gic->version != 2)
        SKIP("a GICv3's SPI has one target");
    if (pends_by_target)
        SKIP("documented: here it comes to each");
    io_write8(gic_distributor() + GICD_ITARGETSR + RIG_SPI, (uint8_t)((1u << smp_nr_online()) - 1));
    gic_rig_pend(RIG_SPI);
    EXPECT_TRUE(support_wait(count_of_all() != 0, LIMIT_MS));
    thread_sleep_ms(1);
    EXPECT_EQ(count_of_all(), 1);
}

/* --- SGIs --- */

/* What selects the cluster of a CPU: those of one differ in Aff0 alone. */
static uint64_t cluster_of(uint32_t cpu)
{
    return gicv3_sgi_word(cpu, RIG_SGI) & ~SGI1R_TARGETS;
}

/* Writes once for the cluster of a CPU. Some of the set may not exist, here or elsewhere. */
static void send_to_cluster(uint32_t first, uint32_t set)
{
    uint64_t word = cluster_of(first) | set >> machine.nr_cpus << machine.nr_cpus;

    for (uint32_t cpu = 0; cpu < machine.nr_cpus; cpu++)
        if (set >> cpu & 1 && cluster_of(cpu) == cluster_of(first))
            word |= gicv3_sgi_word(cpu, RIG_SGI);
    write_icc(ICC_SGI1R_EL1, word);
}

/* Sends to a set of CPUs, some of which may not exist. Clusters follow each other (machine.mpidr).
 */
static void send(uint32_t set)
{
    if (gic->version == 3) {
        for (uint32_t cpu = 0; cpu < machine.nr_cpus; cpu++)
            if (cpu == 0 || cluster_of(cpu) != cluster_of(cpu - 1))
                send_to_cluster(cpu, set);
        isb();
    } else {
        io_write32(gic_distributor() + GICD_SGIR, SGIR_TARGETS(set) | RIG_SGI);
    }
}

KTF_TEST(gic_smp, an_sgi_comes_to_the_cpus_of_its_list)
{
    uint32_t all = (1u << smp_nr_online()) - 1;

    for (uint32_t set = 0; set <= all; set++) {
        forget_counts();
        send(set | (0xFF & ~all));
        expect_counts(set);
    }
}

static uint32_t sender;

static void send_to_others(uint32_t cpu)
{
    sender = cpu;
    if (gic->version == 3)
        write_icc(ICC_SGI1R_EL1, SGI1R_ALL_OTHERS | (uint64_t)RIG_SGI << SGI1R_INTID_SHIFT);
    else
        io_write32(gic_distributor() + GICD_SGIR, SGIR_ALL_OTHERS | RIG_SGI);
}

KTF_TEST(gic_smp, an_sgi_to_all_others_comes_to_them)
{
    for (uint32_t cpu = 0; cpu < smp_nr_online(); cpu++) {
        forget_counts();
        on_cpu(cpu, send_to_others);
        EXPECT_EQ(sender, cpu);
        expect_counts(((1u << smp_nr_online()) - 1) & ~(1u << cpu));
    }
}

/* A GICv2 tells who sent an SGI: polled, with the interrupt more urgent than all others. */
static uint32_t sources;

static void send_to_first(uint32_t cpu)
{
    (void)cpu;
    gic->send_sgi(0, RIG_SGI);
}

static void gather_sources(uint32_t cpu)
{
    uint32_t ack;

    (void)cpu;
    sources = 0;
    while (gic_rig_take_source(&ack) == RIG_SGI) {
        EXPECT_EQ(sources & 1u << ACK_SOURCE(ack), 0);
        sources |= 1u << ACK_SOURCE(ack);
        gic_rig_end(ack);
    }
    io_write8(gic_rig_priority(RIG_SGI), GIC_PRIORITY);
    gic_rig_set_mask(GIC_PRIORITY_MASK);
}

/* Less urgent than the mask, it waits. */
static void hold_back(uint32_t cpu)
{
    (void)cpu;
    io_write8(gic_rig_priority(RIG_SGI), 0xF8);
}

static void let_go(uint32_t cpu)
{
    io_write8(gic_rig_priority(RIG_SGI), 0x40);
    gic_rig_set_mask(RIG_MASK);
    gather_sources(cpu);
}

KTF_TEST(gic_smp, an_sgi_from_each_cpu_comes_with_its_source)
{
    if (gic->version != 2)
        SKIP("a GICv3's SGIs have no sources");
    on_cpu(0, hold_back);
    on_each_cpu(send_to_first);
    on_cpu(0, let_go);
    EXPECT_EQ(sources, (1u << smp_nr_online()) - 1);
}
