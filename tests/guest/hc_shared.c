/* SPDX-License-Identifier: MIT */
/*
 * The pages the hypervisor shares: where they are, what they say, and that they are read-only.
 */
#include <string.h>

#include "arch/cpu.h"
#include "dev/gic.h"
#include "ktf.h"
#include "machine/machine.h"
#include "machine/smp.h"
#include "mm/kernel_map.h"
#include "mm/map.h"
#include "mm/page.h"
#include "support.h"

static const volatile struct stile_vm_page *vm_page;
static const volatile struct stile_vcpu_page *vcpu_page; /* of the first vCPU */
static volatile struct stile_mailbox *mailbox;           /* its, too */

static uint64_t info(uint32_t item)
{
    return stile_core_info(item).value[0];
}

static void map_pages(void)
{
    support_need_hypervisor();
    if (!sensitive_is_paravirtual())
        return;
    if (!vm_page)
        vm_page = (const volatile void *)kernel_map_device(info(STILE_INFO_VM_PAGE), PAGE_SIZE);
    if (!vcpu_page)
        vcpu_page = (const volatile void *)kernel_map_device(info(STILE_INFO_VCPU_PAGE), PAGE_SIZE);
    if (!mailbox)
        mailbox = (volatile void *)kernel_map_device(info(STILE_INFO_MAILBOX), PAGE_SIZE);
}

KTF_SUITE(hc_shared, .suite_setup = map_pages);

KTF_TEST(hc_shared, the_vm_page_says_what_info_says)
{
    EXPECT_EQ(vm_page->magic, STILE_VM_PAGE_MAGIC);
    EXPECT_EQ(vm_page->version, STILE_VERSION_CURRENT);
    EXPECT_EQ(vm_page->vm_id, info(STILE_INFO_VM_ID));
    EXPECT_EQ(vm_page->nr_vcpus, machine.nr_cpus);
    EXPECT_EQ(vm_page->ticks_per_sec, read_sysreg(cntfrq_el0));
}

/* QEMU's machine has a clock, which is not set back. */
#define YEAR_2020_NS (UINT64_C(1577836800) * 1000000000)

KTF_TEST(hc_shared, the_vm_page_says_what_time_it_is)
{
    const volatile struct stile_clock *clock = &vm_page->clock;

    EXPECT_EQ(clock->generation % 2, 0);
    EXPECT_LE(clock->base_ticks, cpu_ticks());
    EXPECT_EQ(clock->multiplier, (UINT64_C(1000000000) << clock->shift) / read_sysreg(cntfrq_el0));
    EXPECT_GT(clock->wall_ns, YEAR_2020_NS);
}

KTF_TEST(hc_shared, the_vm_page_has_the_device_trees_memory)
{
    for (uint32_t i = 0; i < STILE_VM_NR_REGIONS; i++) {
        const volatile struct stile_memory_region *region = &vm_page->memory[i];
        EXPECT_EQ(region->bytes, i < machine.nr_memory ? machine.memory[i].bytes : 0);
        if (i < machine.nr_memory)
            EXPECT_EQ(region->base_ipa, machine.memory[i].base);
    }
}

KTF_TEST(hc_shared, the_vm_has_a_name)
{
    EXPECT_NE(vm_page->name[0], '\0');
    EXPECT_EQ(vm_page->name[STILE_VM_NAME_BYTES - 1], '\0');
}

KTF_TEST(hc_shared, reserved_space_is_zero)
{
    for (size_t i = 0; i < sizeof(vm_page->reserved); i++)
        ASSERT_EQ(vm_page->reserved[i], 0);
    for (size_t i = 0; i < sizeof(vcpu_page->reserved); i++)
        ASSERT_EQ(vcpu_page->reserved[i], 0);
}

KTF_TEST(hc_shared, the_running_vcpu_is_not_preempted)
{
    uint64_t flags = irq_save();

    if (vcpu_page->vcpu_id == smp_cpu()->index)
        EXPECT_EQ(vcpu_page->preempted, 0);
    EXPECT_GT(vcpu_page->nr_switches, 0);
    irq_restore(flags);
}

KTF_TEST(hc_shared, counters_tell_of_switches_and_stolen_time)
{
    uint64_t flags = irq_save();
    uint64_t switches = vcpu_page->nr_switches, stolen = vcpu_page->stolen_ticks;

    if (vcpu_page->vcpu_id == smp_cpu()->index) {
        EXPECT_GE(stile_vcpu_counter(STILE_COUNTER_SWITCHES).value[0], switches);
        EXPECT_LE(stile_vcpu_counter(STILE_COUNTER_SWITCHES).value[0], vcpu_page->nr_switches);
        EXPECT_GE(stile_vcpu_counter(STILE_COUNTER_STOLEN_TICKS).value[0], stolen);
        EXPECT_LE(stile_vcpu_counter(STILE_COUNTER_STOLEN_TICKS).value[0], vcpu_page->stolen_ticks);
    }
    irq_restore(flags);
}

KTF_TEST(hc_shared, stolen_time_never_goes_back)
{
    uint64_t last = 0;

    for (int i = 0; i < 1000; i++) {
        uint64_t now = vcpu_page->stolen_ticks;
        ASSERT_GE(now, last);
        last = now;
    }
    EXPECT_LT(last, cpu_ticks());
}

KTF_TEST(hc_shared, the_mailbox_starts_masked_and_is_the_guests_to_write)
{
    /* Where it is the interrupt controller, the interrupts' words are in use. */
    size_t first = gic_distributor() ? 0 : STILE_PORT_FIRST / 64 + 1;

    for (size_t i = first; i < STILE_PORT_WORDS; i++) {
        EXPECT_EQ(mailbox->words[i].pending, 0);
        EXPECT_EQ(mailbox->words[i].mask, UINT64_MAX);
    }
    for (size_t i = STILE_PORT_WORDS; i < STILE_PORT_WORDS_MAX; i++)
        EXPECT_EQ(mailbox->words[i].pending | mailbox->words[i].mask, 0);
    mailbox->words[0].urgent = 0x1234;
    EXPECT_EQ(mailbox->words[0].urgent, 0x1234);
    mailbox->words[0].urgent = 0;
}

/* As a reader has to: again, while it is being changed. The clock is constant otherwise. */
KTF_TEST(hc_shared, the_clock_tells_nanoseconds)
{
    const volatile struct stile_clock *clock = &vm_page->clock;
    uint64_t ticks = UINT64_C(1) << 20;
    __extension__ unsigned __int128 product = (unsigned __int128)ticks * clock->multiplier;

    EXPECT_EQ(clock->generation % 2, 0);
    EXPECT_EQ((uintptr_t)clock % sizeof(*clock), 0);
    EXPECT_EQ((uint64_t)(product >> clock->shift), ticks * 1000000000 / vm_page->ticks_per_sec);
    EXPECT_LE(clock->base_ticks, cpu_ticks());
}

KTF_TEST(hc_shared, the_others_are_read_only)
{
    struct fault fault = {0, 0, 0};
    uint32_t magic = vm_page->magic;

    ASSERT_TRUE(support_touch(info(STILE_INFO_VM_PAGE), true, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_DATA);
    ASSERT_TRUE(support_touch(info(STILE_INFO_VCPU_PAGE), true, &fault));
    EXPECT_EQ(esr_class(fault.esr), EC_DATA);
    EXPECT_EQ(vm_page->magic, magic);
}

KTF_TEST(hc_shared, the_hypervisor_does_not_write_input_there)
{
    stile_ipa_t shared = stile_ipa(info(STILE_INFO_VM_PAGE));

    EXPECT_EQ(stile_console_read_buffer(shared, stile_nr_bytes(1)).status, STILE_NOT_MAPPED);
}
