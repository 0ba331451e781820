/* SPDX-License-Identifier: MIT */
/*
 * Group control. To most VMs it does not exist. With "steward" on the command line this one is
 * privileged, and has two others to try it on: "peer", which hc_peer.c makes do as it is told by
 * the directory, and "victim", which only waits at its shell.
 */
#include <string.h>

#include "arch/cpu.h"
#include "hc_peer.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

/* For a machine with other work. */
#define SOON_MS 10000

/* So long nothing must happen. */
#define QUIET_MS 50

static char page[PAGE_SIZE] __attribute__((aligned(4096)));
static stile_vm_id_t self, peer, victim;

static stile_vm_id_t find(const char *name)
{
    uint64_t words[4] = {0};

    memcpy(words, name, strlen(name));
    struct stile_result result = stile_directory_find_vm(words[0], words[1], words[2], words[3]);
    return stile_vm_id((uint32_t)result.value[0]);
}

static uint64_t beat(void)
{
    return stile_directory_lookup(peer, PEER_BEAT, 0).value[0];
}

static void find_all(void)
{
    support_need_hypervisor();
    if (!machine_option("steward"))
        SKIP("this VM is not privileged");
    self = stile_vm_id((uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0]);
    peer = find("peer");
    victim = find("victim");
    (void)support_wait(beat() > 0, SOON_MS);
}

KTF_SUITE(hc_control, .suite_setup = support_need_hypervisor);
KTF_SUITE(hc_steward, .suite_setup = find_all);

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

/* Beside what tests read into the page. */
static struct stile_vm_info info_of(stile_vm_id_t vm)
{
    static struct stile_vm_info info __attribute__((aligned(64)));
    struct stile_result result =
        stile_control_vm_info(vm, stile_ipa(virt_to_phys(&info)), stile_nr_bytes(sizeof(info)));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], sizeof(info));
    return info;
}

static uint64_t state_of(stile_vm_id_t vm)
{
    return info_of(vm).state;
}

static struct stile_result read_crash(stile_vm_id_t vm, uint64_t pa)
{
    return stile_control_crash_info(vm, stile_ipa(pa),
                                    stile_nr_bytes(sizeof(struct stile_crash_info)));
}

KTF_TEST(hc_control, does_not_exist_for_an_unprivileged_vm)
{
    const uint64_t words[6] = {1, 0, 0, 0, 0, 0};

    if (machine_option("steward"))
        SKIP("this VM is privileged");
    EXPECT_EQ(stile_core_features(STILE_GROUP_CONTROL).value[0], 0);
    EXPECT_EQ(stile_core_features(STILE_GROUP_VM).value[0], 0);
    for (uint32_t i = 0; i < 2 * STILE_CALLS_PER_GROUP; i++) {
        uint32_t nr = STILE_GROUP_CONTROL * STILE_CALLS_PER_GROUP + i;
        EXPECT_EQ(support_call(STILE_FID(nr), words).status, STILE_NOT_SUPPORTED);
    }
}

/* Numbers that no VM has: the hypervisor's, places, one that is long past or to come. */
static const uint32_t nobody[] = {0, 1, 2, 0x103, 0x110, 0x200, 0x1FF, UINT32_MAX};

KTF_TEST(hc_steward, tells_of_every_vm)
{
    struct stile_vm_info info = info_of(peer);

    EXPECT_EQ(info.vm_id, peer.number);
    EXPECT_EQ(info.state, STILE_VM_RUNNING);
    EXPECT_EQ(info.nr_vcpus, 1);
    EXPECT_EQ(info.status, 0);
    EXPECT_EQ(info.reserved, 0);
    EXPECT_GT(info.nr_pages, 1000);
    EXPECT_STREQ(info.name, "peer");
    EXPECT_EQ(state_of(self), STILE_VM_RUNNING);
}

KTF_TEST(hc_steward, gives_as_much_as_there_is_room_for)
{
    uint64_t pa = virt_to_phys(page);

    memset(page, 0x55, sizeof(page));
    EXPECT_EQ(stile_control_vm_info(peer, stile_ipa(pa), stile_nr_bytes(5)).value[0], 5);
    EXPECT_MEMEQ(page, &peer.number, 4);
    EXPECT_EQ(page[5], 0x55);
    EXPECT_EQ(stile_control_vm_info(peer, stile_ipa(pa), stile_nr_bytes(PAGE_SIZE)).value[0],
              sizeof(struct stile_vm_info));
    EXPECT_EQ(page[sizeof(struct stile_vm_info)], 0x55);
    EXPECT_EQ(stile_control_vm_info(peer, stile_ipa(pa + 4095), stile_nr_bytes(1)).value[0], 1);
    expect_bad(stile_control_vm_info(peer, stile_ipa(pa), stile_nr_bytes(0)), 3);
    expect_bad(stile_control_vm_info(peer, stile_ipa(pa + 4095), stile_nr_bytes(2)), 3);
    expect_bad(stile_control_vm_info(peer, stile_ipa(pa), stile_nr_bytes(UINT64_MAX)), 3);
    EXPECT_EQ(stile_control_vm_info(peer, stile_ipa(0), stile_nr_bytes(1)).status,
              STILE_NOT_MAPPED);
}

/* All three, each once, in whatever order; from any number on the walk ends. */
KTF_TEST(hc_steward, walks_the_vms)
{
    uint32_t seen[3] = {0};
    struct stile_result result = stile_control_next_vm(stile_vm_id(0));

    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(result.status, STILE_SUCCESS);
        seen[i] = (uint32_t)result.value[0];
        result = stile_control_next_vm(stile_vm_id(seen[i]));
    }
    EXPECT_EQ(result.status, STILE_NOT_FOUND);
    EXPECT_EQ(seen[0] ^ seen[1] ^ seen[2], self.number ^ peer.number ^ victim.number);
    EXPECT_TRUE(seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(UINT32_MAX)).status, STILE_NOT_FOUND);
}

KTF_TEST(hc_steward, does_nothing_to_oneself_or_nobody)
{
    expect_bad(stile_control_pause(self), 1);
    expect_bad(stile_control_destroy(self), 1);
    EXPECT_EQ(stile_control_resume(self).status, STILE_SUCCESS);
    for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
        stile_vm_id_t vm = stile_vm_id(nobody[i]);
        EXPECT_EQ(stile_control_pause(vm).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_control_resume(vm).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_control_destroy(vm).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_control_inject(vm, stile_vcpu_id(0), stile_intid(40)).status,
                  STILE_NOT_FOUND);
        EXPECT_EQ(stile_control_counter(vm, stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_control_trace(vm, stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
        EXPECT_EQ(read_crash(vm, virt_to_phys(page)).status, STILE_NOT_FOUND);
        EXPECT_EQ(
            stile_control_vm_info(vm, stile_ipa(virt_to_phys(page)), stile_nr_bytes(8)).status,
            STILE_NOT_FOUND);
    }
}

static void expect_still(void)
{
    thread_sleep_ms(QUIET_MS); /* whatever it had begun */
    uint64_t before = beat();
    thread_sleep_ms(QUIET_MS);
    EXPECT_EQ(beat(), before);
    EXPECT_EQ(state_of(peer), STILE_VM_PAUSED);
}

static void expect_resumes(void)
{
    uint64_t before = beat();

    EXPECT_EQ(stile_control_resume(peer).status, STILE_SUCCESS);
    EXPECT_EQ(state_of(peer), STILE_VM_RUNNING);
    EXPECT_TRUE(support_wait(beat() > before + 1, SOON_MS));
}

KTF_TEST(hc_steward, pauses_and_resumes)
{
    ASSERT_TRUE(support_wait(beat() > 1, SOON_MS));
    EXPECT_EQ(stile_control_pause(peer).status, STILE_SUCCESS);
    EXPECT_EQ(stile_control_pause(peer).status, STILE_SUCCESS);
    expect_still();
    expect_resumes();
    expect_resumes();
}

KTF_TEST(hc_steward, resumes_a_vm_that_suspended_itself)
{
    EXPECT_EQ(stile_directory_publish(PEER_ORDER, 0, PEER_SUSPEND).status, STILE_SUCCESS);
    ASSERT_TRUE(support_wait(state_of(peer) == STILE_VM_PAUSED, SOON_MS));
    expect_still();
    EXPECT_EQ(stile_directory_publish(PEER_ORDER, 0, PEER_NOTHING).status, STILE_SUCCESS);
    expect_resumes();
}

KTF_TEST(hc_steward, injects)
{
    stile_vcpu_id_t first = stile_vcpu_id(0);

    EXPECT_EQ(stile_control_inject(peer, first, stile_intid(60)).status, STILE_SUCCESS);
    expect_bad(stile_control_inject(peer, stile_vcpu_id(1), stile_intid(60)), 2);
    expect_bad(stile_control_inject(peer, stile_vcpu_id(99), stile_intid(20)), 2);
    expect_bad(stile_control_inject(peer, first, stile_intid(0)), 3);
    expect_bad(stile_control_inject(peer, first, stile_intid(UINT32_MAX)), 3);
}

KTF_TEST(hc_steward, reads_counters_and_the_flight_recorder)
{
    stile_vcpu_id_t first = stile_vcpu_id(0);

    EXPECT_GT(stile_control_counter(peer, first, STILE_COUNTER_EXITS).value[0], 0);
    expect_bad(stile_control_counter(peer, stile_vcpu_id(1), 0), 2);
    struct stile_result switches = stile_control_counter(peer, first, STILE_COUNTER_SWITCHES);
    EXPECT_EQ(switches.status, STILE_SUCCESS);
    EXPECT_GT(switches.value[0], 0);
    EXPECT_EQ(stile_control_counter(peer, first, STILE_COUNTER_STOLEN_TICKS).status, STILE_SUCCESS);
    expect_bad(stile_control_counter(peer, first, STILE_NR_COUNTERS), 3);
    EXPECT_EQ(stile_control_trace(peer, first, 0).status, STILE_SUCCESS);
    EXPECT_EQ(stile_control_trace(peer, first, STILE_TRACE_ENTRIES - 1).status, STILE_SUCCESS);
    expect_bad(stile_control_trace(peer, stile_vcpu_id(1), 0), 2);
    expect_bad(stile_control_trace(peer, first, STILE_TRACE_ENTRIES), 3);
}

static struct stile_result read_console(uint64_t from, uint64_t pa, uint64_t limit)
{
    return stile_control_console_read(peer, from, stile_ipa(pa), stile_nr_bytes(limit));
}

KTF_TEST(hc_steward, reads_a_console)
{
    uint64_t pa = virt_to_phys(page);

    struct stile_result result = read_console(0, pa, 64);
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], 64);
    EXPECT_EQ(result.value[1], 0);
    EXPECT_MEMEQ(page, "guest: mode=paravirtual", 23);
    EXPECT_EQ(read_console(7, pa + 4090, 64).value[0], 6);
    EXPECT_MEMEQ(page + 4090, "mode=p", 6);
    result = read_console(UINT64_MAX, pa, 4096);
    EXPECT_EQ(result.value[0], 0);
    EXPECT_GT(result.value[1], 64);
    expect_bad(read_console(0, pa, 0), 4);
    expect_bad(read_console(0, pa, 4097), 4);
    expect_bad(read_console(0, UINT64_MAX - 9, 11), 4);
    EXPECT_EQ(read_console(0, support_beyond_memory(), 64).status, STILE_NOT_MAPPED);
    EXPECT_EQ(read_console(0, 0x0B000000, 64).status, STILE_NOT_MAPPED);
    for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++)
        EXPECT_EQ(
            stile_control_console_read(stile_vm_id(nobody[i]), 0, stile_ipa(pa), stile_nr_bytes(1))
                .status,
            STILE_NOT_FOUND);
}

static struct stile_result read_memory(stile_vm_id_t vm, uint64_t from, uint64_t pa, uint64_t limit)
{
    return stile_control_memory_read(vm, stile_ipa(from), stile_ipa(pa), stile_nr_bytes(limit));
}

static struct stile_result write_memory(stile_vm_id_t vm, uint64_t to, uint64_t pa, uint64_t limit)
{
    return stile_control_memory_write(vm, stile_ipa(to), stile_ipa(pa), stile_nr_bytes(limit));
}

static void expect_copied(struct stile_result result, uint64_t bytes)
{
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], bytes);
}

/* The peer has this kernel, too, at the same addresses. */
KTF_TEST(hc_steward, reads_memory)
{
    uint64_t pa = virt_to_phys(page);
    uint64_t code = virt_to_phys((const void *)(uintptr_t)find_all);

    expect_copied(read_memory(peer, code, pa + 1, 16), 16);
    EXPECT_MEMEQ(page + 1, (const void *)(uintptr_t)find_all, 16);
    expect_copied(read_memory(peer, (code | 4095) - 2, pa, 4096), 3);
    expect_copied(read_memory(peer, code & ~UINT64_C(4095), pa + 4090, 4096), 6);
    expect_copied(read_memory(peer, code & ~UINT64_C(4095), pa, 4096), 4096);
    expect_copied(read_memory(peer, support_beyond_memory(), pa, 64), 0);
    expect_copied(read_memory(peer, 0x0B000000, pa, 64), 0);
    expect_copied(read_memory(peer, UINT64_MAX, pa, 1), 0);
    expect_copied(write_memory(peer, UINT64_MAX, pa, 1), 0);
}

/* In the midst of the victim's memory, which its shell has no use for. */
KTF_TEST(hc_steward, writes_memory_of_a_vm_that_runs_and_of_one_that_is_paused)
{
    uint64_t pa = virt_to_phys(page);
    uint64_t there = 0x40000000 + info_of(victim).nr_pages / 2 * PAGE_SIZE;

    memset(page, 0x3C, sizeof(page));
    EXPECT_EQ(stile_control_pause(victim).status, STILE_SUCCESS);
    expect_copied(write_memory(victim, there + 5, pa, 300), 300);
    expect_copied(read_memory(victim, there, pa + 1000, 400), 400);
    EXPECT_EQ(page[1004], 0);
    EXPECT_MEMEQ(page + 1005, page, 300);
    EXPECT_EQ(page[1305], 0);
    EXPECT_EQ(stile_control_resume(victim).status, STILE_SUCCESS);
    expect_copied(write_memory(victim, there, pa, 4096), 4096);
    expect_copied(read_memory(victim, there + 4095, pa + 1305, 1), 1);
    EXPECT_EQ(page[1305], page[4095]);
    expect_copied(write_memory(victim, support_beyond_memory(), pa, 4096), 0);
    expect_copied(write_memory(victim, 0x08000000, pa, 64), 0);
}

KTF_TEST(hc_steward, copies_no_memory_that_is_not_there)
{
    uint64_t pa = virt_to_phys(page);

    expect_bad(read_memory(self, pa, pa + 2048, 64), 1);
    expect_bad(write_memory(self, pa, pa + 2048, 64), 1);
    expect_bad(read_memory(peer, pa, pa, 0), 4);
    expect_bad(read_memory(peer, pa, pa, STILE_CONTROL_COPY_MAX + 1), 4);
    expect_bad(read_memory(peer, UINT64_MAX, pa, 2), 4);
    expect_bad(write_memory(peer, pa, UINT64_MAX, 2), 4);
    EXPECT_EQ(read_memory(peer, pa, support_beyond_memory(), 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(read_memory(peer, pa, 0x0B000000, 1).status, STILE_NOT_MAPPED);
    EXPECT_EQ(write_memory(peer, pa, support_beyond_memory(), 1).status, STILE_NOT_MAPPED);
    for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
        EXPECT_EQ(read_memory(stile_vm_id(nobody[i]), pa, pa, 1).status, STILE_NOT_FOUND);
        EXPECT_EQ(write_memory(stile_vm_id(nobody[i]), pa, pa, 1).status, STILE_NOT_FOUND);
    }
}

static uint64_t setting(uint32_t which)
{
    struct stile_result result = stile_control_get(peer, which);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return result.value[0];
}

static struct stile_result set(uint32_t which, uint64_t value)
{
    return stile_control_set(peer, which, value);
}

KTF_TEST(hc_steward, changes_settings)
{
    uint64_t cpus = setting(STILE_SETTING_AFFINITY);

    EXPECT_EQ(setting(STILE_SETTING_WEIGHT), 100);
    EXPECT_EQ(set(STILE_SETTING_WEIGHT, 10000).status, STILE_SUCCESS);
    EXPECT_EQ(setting(STILE_SETTING_WEIGHT), 10000);
    expect_bad(set(STILE_SETTING_WEIGHT, 0), 3);
    expect_bad(set(STILE_SETTING_WEIGHT, 10001), 3);
    expect_bad(set(STILE_SETTING_AFFINITY, ~cpus), 3);
    expect_bad(set(STILE_NR_SETTINGS, 1), 2);
    expect_bad(stile_control_get(peer, STILE_NR_SETTINGS), 2);
    EXPECT_EQ(setting(STILE_SETTING_WEIGHT), 10000);
    EXPECT_EQ(setting(STILE_SETTING_AFFINITY), cpus);
    EXPECT_EQ(set(STILE_SETTING_WEIGHT, 100).status, STILE_SUCCESS);
    for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
        stile_vm_id_t vm = stile_vm_id(nobody[i]);

        EXPECT_EQ(stile_control_get(vm, STILE_SETTING_WEIGHT).status, STILE_NOT_FOUND);
        EXPECT_EQ(stile_control_set(vm, STILE_SETTING_WEIGHT, 1).status, STILE_NOT_FOUND);
    }
}

/* From CPU to CPU, while it sleeps, waits or runs, itself and another one; both go on. */
KTF_TEST(hc_steward, has_vms_use_one_cpu_after_another)
{
    uint64_t cpus = setting(STILE_SETTING_AFFINITY), at = 1;

    for (unsigned i = 0; i < 200; i++) {
        uint64_t before = beat();

        at = (cpus & at << 1) ? at << 1 : 1;
        EXPECT_EQ(set(STILE_SETTING_AFFINITY, at).status, STILE_SUCCESS);
        EXPECT_EQ(setting(STILE_SETTING_AFFINITY), at);
        if (i % 3 == 0)
            EXPECT_EQ(stile_control_set(self, STILE_SETTING_AFFINITY, at).status, STILE_SUCCESS);
        EXPECT_TRUE(support_wait(beat() > before, SOON_MS));
    }
    EXPECT_EQ(set(STILE_SETTING_AFFINITY, UINT64_MAX).status, STILE_SUCCESS);
    EXPECT_EQ(stile_control_set(self, STILE_SETTING_AFFINITY, cpus).status, STILE_SUCCESS);
}

KTF_TEST(hc_steward, sets_the_wall_clock)
{
    EXPECT_EQ(stile_control_set_wall_clock(UINT64_C(1795132800000000000)).status, STILE_SUCCESS);
    expect_bad(stile_control_set_wall_clock(UINT64_C(16725225600000000001)), 1);
    expect_bad(stile_control_set_wall_clock(UINT64_MAX), 1);
}

KTF_TEST(hc_steward, destroys)
{
    EXPECT_EQ(stile_control_destroy(victim).status, STILE_SUCCESS);
    EXPECT_TRUE(support_wait(state_of(victim) == STILE_VM_ENDED, SOON_MS));
    EXPECT_EQ(info_of(victim).nr_pages, 0);
    EXPECT_EQ(stile_control_destroy(victim).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_resume(victim).status, STILE_NOT_FOUND);
    EXPECT_EQ(find("victim").number, 0);
    EXPECT_EQ(read_crash(victim, virt_to_phys(page)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_trace(victim, stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
    struct stile_result result =
        stile_control_console_read(victim, 0, stile_ipa(virt_to_phys(page)), stile_nr_bytes(64));
    EXPECT_EQ(result.value[0], 64);
    EXPECT_MEMEQ(page, "guest: mode=", 12);
}

/* The last of this file: there is no peer after it. */
KTF_TEST(hc_steward, tells_why_a_vm_crashed)
{
    const struct stile_crash_info *crash =
        (const struct stile_crash_info *)(const void *)(page + 8);
    uint64_t buffer = virt_to_phys(crash);

    EXPECT_EQ(read_crash(peer, buffer).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_directory_publish(PEER_ORDER, 0, PEER_CRASH).status, STILE_SUCCESS);
    ASSERT_TRUE(support_wait(state_of(peer) == STILE_VM_ENDED, SOON_MS));

    ASSERT_EQ(read_crash(peer, buffer).status, STILE_SUCCESS);
    EXPECT_EQ(crash->vcpu_id, 0);
    EXPECT_EQ(crash->length, sizeof(PEER_LAST_WORDS) - 1);
    EXPECT_MEMEQ(crash->message, PEER_LAST_WORDS, sizeof(PEER_LAST_WORDS) - 1);
    EXPECT_EQ(crash->pstate & 0xF, 5); /* EL1h */
    EXPECT_EQ(crash->x[20], PEER_X20);
    expect_bad(read_crash(peer, virt_to_phys(page) + 3600), 3);
    EXPECT_EQ(
        stile_control_crash_info(peer, stile_ipa(virt_to_phys(page) + 3600), stile_nr_bytes(300))
            .value[0],
        300);
    EXPECT_EQ(read_crash(peer, 0).status, STILE_NOT_MAPPED);

    struct stile_result last = stile_control_trace(peer, stile_vcpu_id(0), 0);
    EXPECT_EQ(last.status, STILE_SUCCESS);
    EXPECT_EQ(last.value[0], STILE_FID(STILE_NR_power_crash));
    EXPECT_EQ(read_console(0, virt_to_phys(page), 64).value[0], 64);
    EXPECT_EQ(stile_directory_lookup(peer, PEER_BEAT, 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_pause(peer).status, STILE_NOT_FOUND);
}
