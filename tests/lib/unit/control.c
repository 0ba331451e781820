/* SPDX-License-Identifier: MIT */
/*
 * Group control of the fake: what a privileged VM sees of another, and does to it.
 */
#include <string.h>

#include "ktf.h"
#include "stile/fake.h"
#include "stile/hypercall.h"

static uint32_t boss, other;

static void start(void)
{
    struct stile_fake_config privileged = {.name = "boss", .privileged = true};
    struct stile_fake_config plain = {.name = "other", .nr_vcpus = 2, .nr_pages = 64};

    stile_fake_reset();
    boss = stile_fake_start(&privileged);
    other = stile_fake_start(&plain);
    stile_fake_become(other, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    stile_fake_become(boss, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
}

KTF_SUITE(control, .setup = start);

static struct stile_vm_info info_of(uint32_t vm)
{
    stile_ipa_t at = stile_ipa(STILE_FAKE_MEMORY_BASE + 0x3000);
    struct stile_vm_info info;
    struct stile_result result =
        stile_control_vm_info(stile_vm_id(vm), at, stile_nr_bytes(sizeof(info)));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], sizeof(info));
    memcpy(&info, stile_fake_pointer(at), sizeof(info));
    return info;
}

static uint64_t state(void)
{
    return info_of(other).state;
}

KTF_TEST(control, a_vm_is_described)
{
    struct stile_vm_info info = info_of(other);
    stile_ipa_t at = stile_ipa(STILE_FAKE_MEMORY_BASE);

    EXPECT_EQ(info.vm_id, other);
    EXPECT_EQ(info.state, STILE_VM_RUNNING);
    EXPECT_EQ(info.nr_vcpus, 2);
    EXPECT_EQ(info.nr_pages, 64);
    EXPECT_STREQ(info.name, "other");
    EXPECT_EQ(stile_control_vm_info(stile_vm_id(0), at, stile_nr_bytes(8)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_vm_info(stile_vm_id(other + 1), at, stile_nr_bytes(8)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_vm_info(stile_vm_id(other), at, stile_nr_bytes(0)).value[0], 3);
    EXPECT_EQ(stile_control_vm_info(stile_vm_id(other), at, stile_nr_bytes(7)).value[0], 7);
}

KTF_TEST(control, vms_are_walked)
{
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(0)).value[0], boss);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(boss)).value[0], other);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(other)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(UINT32_MAX)).status, STILE_NOT_FOUND);
}

static void powers_off(void *context)
{
    (void)stile_power_off(*(const uint32_t *)context);
}

KTF_TEST(control, a_status_is_kept)
{
    uint32_t status = 7;

    EXPECT_EQ(stile_fake_run(other, 0, powers_off, &status), STILE_FAKE_OFF);
    EXPECT_EQ(info_of(other).status, 7);
    EXPECT_EQ(stile_fake_status(other), 7);
}

KTF_TEST(control, others_have_no_such_calls)
{
    stile_fake_become(other, 0);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(boss)).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_core_features(STILE_GROUP_CONTROL).value[0], 0);
}

KTF_TEST(control, a_buffer_may_end_where_addresses_do)
{
    stile_vm_id_t vm = stile_vm_id(other);

    EXPECT_EQ(stile_control_console_read(vm, 0, stile_ipa(UINT64_MAX), stile_nr_bytes(1)).status,
              STILE_NOT_MAPPED);
    EXPECT_EQ(stile_control_console_read(vm, 0, stile_ipa(UINT64_MAX), stile_nr_bytes(2)).status,
              STILE_INVALID_ARGUMENT);
}

static struct stile_result read_memory(uint64_t from, uint64_t buffer, uint64_t limit)
{
    return stile_control_memory_read(stile_vm_id(other), stile_ipa(from), stile_ipa(buffer),
                                     stile_nr_bytes(limit));
}

static struct stile_result write_memory(uint64_t to, uint64_t buffer, uint64_t limit)
{
    return stile_control_memory_write(stile_vm_id(other), stile_ipa(to), stile_ipa(buffer),
                                      stile_nr_bytes(limit));
}

static void expect_copied(struct stile_result result, uint64_t bytes)
{
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], bytes);
}

KTF_TEST(control, memory_of_another_vm_is_written_and_read)
{
    uint64_t there = STILE_FAKE_MEMORY_BASE + 0x1000, here = STILE_FAKE_MEMORY_BASE + 0x2000;
    char *text = stile_fake_pointer(stile_ipa(here));

    memcpy(text, "there", 6);
    expect_copied(write_memory(there + 7, here, 6), 6);
    memset(text, 0, 16);
    expect_copied(read_memory(there + 7, here + 1, 6), 6);
    EXPECT_EQ(memcmp(text, "\0there", 7), 0);
    expect_copied(read_memory(there + 4090, here, 4096), 6);
    expect_copied(read_memory(there, here + 4000, 4096), 96);
    expect_copied(write_memory(there, here, 4096), 4096);
    expect_copied(read_memory(UINT64_MAX - 9, here, 10), 0);
    expect_copied(write_memory(0, here, 10), 0);
}

KTF_TEST(control, memory_is_copied_from_and_to_what_there_is)
{
    uint64_t ram = STILE_FAKE_MEMORY_BASE;

    EXPECT_EQ(read_memory(ram, 0, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(write_memory(ram, 0, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(read_memory(ram, ram, 0).value[0], 4);
    EXPECT_EQ(read_memory(ram, ram, STILE_CONTROL_COPY_MAX + 1).value[0], 4);
    EXPECT_EQ(read_memory(UINT64_MAX, ram, 2).value[0], 4);
    EXPECT_EQ(write_memory(ram, UINT64_MAX, 2).value[0], 4);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(other)).status, STILE_SUCCESS);
    EXPECT_EQ(read_memory(ram, ram, 1).status, STILE_NOT_FOUND);
    EXPECT_EQ(write_memory(ram, ram, 1).status, STILE_NOT_FOUND);
}

static uint64_t setting(uint32_t which)
{
    return stile_control_get(stile_vm_id(other), which).value[0];
}

static struct stile_result set(uint32_t which, uint64_t value)
{
    return stile_control_set(stile_vm_id(other), which, value);
}

KTF_TEST(control, settings_are_changed)
{
    uint64_t cpus = setting(STILE_SETTING_AFFINITY);

    EXPECT_EQ(setting(STILE_SETTING_WEIGHT), 100);
    EXPECT_EQ(set(STILE_SETTING_WEIGHT, 10000).status, STILE_SUCCESS);
    EXPECT_EQ(setting(STILE_SETTING_WEIGHT), 10000);
    EXPECT_EQ(set(STILE_SETTING_AFFINITY, 2 | ~cpus).status, STILE_SUCCESS);
    EXPECT_EQ(setting(STILE_SETTING_AFFINITY), 2);
    EXPECT_EQ(set(STILE_SETTING_WEIGHT, 0).value[0], 3);
    EXPECT_EQ(set(STILE_SETTING_WEIGHT, 10001).value[0], 3);
    EXPECT_EQ(set(STILE_SETTING_AFFINITY, ~cpus).value[0], 3);
    EXPECT_EQ(set(STILE_NR_SETTINGS, 1).value[0], 2);
    EXPECT_EQ(stile_control_get(stile_vm_id(other), STILE_NR_SETTINGS).value[0], 2);
    EXPECT_EQ(setting(STILE_SETTING_WEIGHT), 10000);
    EXPECT_EQ(setting(STILE_SETTING_AFFINITY), 2);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(other)).status, STILE_SUCCESS);
    EXPECT_EQ(set(STILE_SETTING_WEIGHT, 1).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_get(stile_vm_id(other), 0).status, STILE_NOT_FOUND);
}

KTF_TEST(control, arguments_are_looked_at_before_the_trace)
{
    EXPECT_EQ(stile_control_destroy(stile_vm_id(other)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_control_trace(stile_vm_id(other), stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_trace(stile_vm_id(other), stile_vcpu_id(2), 0).status,
              STILE_INVALID_ARGUMENT);
}

KTF_TEST(control, a_vm_is_paused_and_resumed)
{
    EXPECT_EQ(stile_control_pause(stile_vm_id(other)).status, STILE_SUCCESS);
    EXPECT_EQ(state(), STILE_VM_PAUSED);
    EXPECT_EQ(stile_control_resume(stile_vm_id(other)).status, STILE_SUCCESS);
    EXPECT_EQ(state(), STILE_VM_RUNNING);
    EXPECT_EQ(stile_control_pause(stile_vm_id(boss)).status, STILE_INVALID_ARGUMENT);
}

KTF_TEST(control, a_vm_is_destroyed)
{
    EXPECT_EQ(stile_control_destroy(stile_vm_id(other)).status, STILE_SUCCESS);
    EXPECT_EQ(state(), STILE_VM_ENDED);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(other)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_trace(stile_vm_id(other), stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
}

static void writes_and_crashes(void *context)
{
    stile_ipa_t message = stile_ipa(STILE_FAKE_MEMORY_BASE);

    (void)stile_console_puts(context, strlen(context));
    memcpy(stile_fake_pointer(message), "broken", 6);
    (void)stile_power_crash(message, stile_nr_bytes(6));
}

KTF_TEST(control, what_a_crash_leaves_is_read)
{
    stile_ipa_t buffer = stile_ipa(STILE_FAKE_MEMORY_BASE + 0x2000);
    const struct stile_crash_info *crash = stile_fake_pointer(buffer);
    stile_nr_bytes_t size = stile_nr_bytes(sizeof(*crash));

    EXPECT_EQ(stile_control_crash_info(stile_vm_id(other), buffer, size).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_fake_run(other, 0, writes_and_crashes, "last words"), STILE_FAKE_CRASHED);
    EXPECT_EQ(stile_control_crash_info(stile_vm_id(other), buffer, size).value[0], size.bytes);
    EXPECT_EQ(crash->length, 6);
    EXPECT_EQ(memcmp(crash->message, "broken", 6), 0);

    struct stile_result result =
        stile_control_console_read(stile_vm_id(other), 5, buffer, stile_nr_bytes(100));
    EXPECT_EQ(result.value[0], 5);
    EXPECT_EQ(result.value[1], 5);
    EXPECT_EQ(memcmp(stile_fake_pointer(buffer), "words", 5), 0);
    EXPECT_EQ(
        stile_control_console_read(stile_vm_id(other), 99, buffer, stile_nr_bytes(1)).value[1], 10);
    EXPECT_EQ(stile_control_trace(stile_vm_id(other), stile_vcpu_id(0), 0).value[0],
              STILE_FID(STILE_NR_power_crash));
}

KTF_TEST(control, an_interrupt_is_raised_in_another_vm)
{
    EXPECT_EQ(stile_control_inject(stile_vm_id(other), stile_vcpu_id(0), stile_intid(40)).status,
              STILE_SUCCESS);
    struct stile_result bad =
        stile_control_inject(stile_vm_id(other), stile_vcpu_id(0), stile_intid(3));
    EXPECT_EQ(bad.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(bad.value[0], 3);
    stile_fake_become(other, 0);
    EXPECT_EQ(stile_irq_query(stile_vcpu_id(0), stile_intid(40)).value[0], STILE_IRQ_PENDING);
}

KTF_TEST(control, the_wall_clock_is_every_vms)
{
    stile_fake_set_ticks(STILE_FAKE_TICKS_PER_SEC);
    EXPECT_EQ(stile_control_set_wall_clock(UINT64_C(5000000000)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_fake_vm_page(other)->clock.wall_ns, 4000000000);
    EXPECT_EQ(stile_control_set_wall_clock(UINT64_MAX).status, STILE_INVALID_ARGUMENT);
}
