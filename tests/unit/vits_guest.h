/* SPDX-License-Identifier: MIT */
/*
 * A guest with an ITS, on the machine's as fakes/its.h has it. Included by one file of a test.
 */
#ifndef UNIT_VITS_GUEST_H
#define UNIT_VITS_GUEST_H

#include "fakes/config.h"

#include "vgic_guest.h"

#include "fakes/random.h"

#define RAM        UINT64_C(0x40000000)
#define QUEUE      RAM
#define PROPERTIES (RAM + 0x4000)

/* What the machine calls those of the VM's bridge, and the VM. */
#define FIRST_PHYS 16u
#define FIRST_OWN  0x100u
#define NR_OWN     40u

static uint8_t ram[0x8000];
static struct vits its_state;
static _Alignas(4096) char itts[4096];
static uint32_t queue_at; /* the guest's: where the next command goes */

static inline size_t read_ram(struct vm *vm_read, void *to, ipa_t from, size_t bytes)
{
    uint64_t at = from.ipa - RAM;

    EXPECT_EQ(vm_read, &vm);
    EXPECT_EQ(vm.vgic.lock.serving, vm.vgic.lock.next); /* a lock of stage 2 is taken */
    if (at >= sizeof(ram))
        return 0;
    if (bytes > sizeof(ram) - at)
        bytes = sizeof(ram) - at;
    memcpy(to, ram + at, bytes);
    return bytes;
}

/* --- the guest ----------------------------------------------------------------------------- */

static inline void its_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    its_ops_shown->write(vcpu, offset, bytes, value);
    enter(vcpu);
}

static inline uint64_t its_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    uint64_t value = its_ops_shown->read(vcpu, offset, bytes);

    enter(vcpu);
    return value;
}

static inline void put_command(uint64_t word0, uint64_t word1, uint64_t word2)
{
    uint64_t words[4] = {word0, word1, word2, 0};

    memcpy(ram + queue_at, words, sizeof(words));
    queue_at = (queue_at + 32) % 0x1000;
}

/* Has all that was put be done. */
static inline void run(struct vcpu *vcpu)
{
    its_write(vcpu, GITS_CWRITER, 8, queue_at);
    for (unsigned i = 0; its_read(vcpu, GITS_CREADR, 8) != queue_at; i++)
        ASSERT_LT(i, 1000);
}

static inline void set_property(uint32_t lpi, uint8_t property)
{
    ram[PROPERTIES - RAM + lpi] = property;
}

static inline uint64_t device(uint64_t code, uint32_t id)
{
    return code | (uint64_t)id << 32;
}

static inline void put_mapd(uint32_t id)
{
    put_command(device(ITS_MAPD, id), 4, ITS_VALID | 0x41000000);
}

static inline void put_mapti(uint32_t id, uint32_t event, uint32_t lpi, uint32_t collection)
{
    put_command(device(ITS_MAPTI, id), event | (uint64_t)(8192 + lpi) << 32, collection);
}

static inline void power_on_its(bool never_active)
{
    memset(fake_its, 0, sizeof(fake_its));
    memset(fake_lpis, 0, sizeof(fake_lpis));
    memset(&its_state, 0, sizeof(its_state));
    memset(itts, 0, sizeof(itts));
    memset(ram, 0, sizeof(ram));
    lpis_are_never_active = never_active;
    power_on(3, 3);
    gic_limits.lpi_lr = 3;
    for (uint32_t i = 0; i < CONFIG_NR_PCPUS; i++)
        pcpus[i].index = i;
    its_state.itts = itts;
    its_state.read = read_ram;
    vits_by_vm[vm.id - 1] = &its_state;
    vm.config.nr_device_ranges = 1;
    vm.config.device_ranges[0].at = (struct ipa_range){ipa_make(FAKE_ITS_IPA), GITS_BYTES};
    vm.config.device_ranges[0].is_its = true;
    vm.config.its_devices.first = FIRST_OWN;
    vm.config.its_devices.nr = NR_OWN;
    vm.config.its_devices.phys = FIRST_PHYS;
    EXPECT_NULL(vgic_init(&vm));
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        vcpus[i].vgic.interface.vmcr = VMCR_ON;
}

/* As Linux sets one up: a collection for each vCPU, which is loaded on the CPU of its number. */
static inline void start_its(bool never_active)
{
    power_on_its(never_active);
    queue_at = 0;
    for (uint32_t i = 0; i < NR_VCPUS; i++)
        load(&vcpus[i], i);
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        uint32_t frame = i * GICR_BYTES;

        this_cpu = i;
        gicr_write(&vcpus[i], frame + GICR_PROPBASER, 8, PROPERTIES | 13);
        gicr_write(&vcpus[i], frame + GICR_PENDBASER, 8, RAM + 0x10000 * (1 + i));
        gicr_write(&vcpus[i], frame + GICR_CTLR, 4, GICR_CTLR_ENABLE_LPIS);
    }
    this_cpu = 0;
    gicd_write(SELF, GICD_CTLR, 4, 3);
    its_write(SELF, GITS_CBASER, 8, ITS_BASE_VALID | QUEUE);
    its_write(SELF, GITS_CTLR, 4, GITS_CTLR_ENABLED);
    for (uint32_t i = 0; i < NR_VCPUS; i++) {
        put_command(ITS_MAPC, 0, ITS_VALID | i << 16 | i);
        put_command(ITS_INVALL, 0, i);
    }
    run(SELF);
}

static inline void on(uint32_t cpu)
{
    this_cpu = cpu;
}

/* What the machine's ITS has pending comes to its CPU. */
static inline void deliver(void)
{
    uint32_t before = this_cpu;

    for (uint32_t lpi = 0; lpi < FAKE_ITS_LPIS; lpi++) {
        if (!fake_lpis[lpi].pending || !fake_lpis[lpi].enabled)
            continue;
        fake_lpis[lpi].pending = false;
        on(fake_lpis[lpi].pcpu);
        vlpi_fired(GIC_FIRST_LPI + lpi);
    }
    on(before);
}

static inline void write_doorbell(uint32_t id, uint32_t event)
{
    fake_its_write(id - FIRST_OWN + FIRST_PHYS, event);
    deliver();
}

static inline void expect_lpi(uint32_t cpu, uint32_t lpi)
{
    uint32_t iar;

    on(cpu);
    iar = guest_ack(&vcpus[cpu]);
    EXPECT_EQ(iar, 8192 + lpi);
    if (iar != NONE)
        guest_eoi(&vcpus[cpu], iar);
}

static inline void expect_none(uint32_t cpu)
{
    on(cpu);
    expect_silence(&vcpus[cpu]);
    EXPECT_FALSE(vgic_has_pending(&vcpus[cpu]));
}

/* Two devices; the second one's events go to the vCPUs in turn. */
static inline void map_some(void)
{
    for (uint32_t lpi = 0; lpi < 8; lpi++)
        set_property(lpi, 0xA0 | LPI_ENABLED);
    put_mapd(FIRST_OWN + 1);
    put_mapd(FIRST_OWN + 9);
    put_mapti(FIRST_OWN + 1, 0, 0, 0);
    for (uint32_t i = 0; i < 3; i++)
        put_mapti(FIRST_OWN + 9, i, 1 + i, i);
    on(0);
    run(SELF);
}

static const uint32_t kinds[] = {0, 1};

static inline void name_kind(const uint32_t *kind, char *text, size_t size)
{
    snprintf(text, size, "%s", *kind ? "never active" : "as QEMU has it");
}

static inline unsigned nr_mapped(void)
{
    unsigned nr = 0;

    for (uint32_t lpi = 0; lpi < FAKE_ITS_LPIS; lpi++)
        nr += fake_lpis[lpi].mapped;
    return nr;
}

#endif
