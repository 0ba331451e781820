/* SPDX-License-Identifier: MIT */
/*
 * Group vm. With "maker" on the command line this VM is privileged, and makes VMs; with "limited"
 * its privilege is a quota of 8 MiB, 3 vCPUs and 1024 KiB.
 */
#include <string.h>

#include "arch/cpu.h"
#include "event_rig.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "maker_rig.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

/* So often VMs come and go in one place. */
#define ROUNDS 100

static struct maker_image image __attribute__((aligned(4096)));
static struct made what;

static void need_maker(void)
{
    support_need_hypervisor();
    if (!machine_option("maker"))
        SKIP("this VM does not make others");
}

static void need_quota(void)
{
    support_need_hypervisor();
    if (!machine_option("limited"))
        SKIP("this VM has no quota");
}

static void begin(void)
{
    what = made_small;
    if (machine_option("limited"))
        what.name = "limited.made";
}

KTF_SUITE(hc_maker, .suite_setup = need_maker, .setup = begin);
KTF_SUITE(hc_limited, .suite_setup = need_quota, .setup = begin);

static struct stile_result create_at(uint64_t pa, uint64_t bytes)
{
    return stile_vm_create(stile_ipa(pa), stile_nr_bytes(bytes));
}

static void expect_bad(struct stile_result result, uint64_t argument)
{
    EXPECT_EQ(result.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(result.value[0], argument);
}

static void expect_gone(stile_vm_id_t vm)
{
    EXPECT_TRUE(maker_wait(vm, STILE_VM_ENDED));
    EXPECT_EQ(maker_info(vm).nr_pages, 0);
}

static void destroy(stile_vm_id_t vm)
{
    EXPECT_EQ(stile_control_destroy(vm).status, STILE_SUCCESS);
    expect_gone(vm);
}

/* Whether it runs: its word moves. */
static bool beats(stile_vm_id_t vm)
{
    uint64_t before = maker_words(vm).beat;

    return support_wait(maker_words(vm).beat != before, 20000);
}

static stile_vm_id_t start(void)
{
    stile_vm_id_t vm = maker_make(&what);

    EXPECT_EQ(stile_vm_start(vm).status, STILE_SUCCESS);
    EXPECT_TRUE(beats(vm));
    return vm;
}

static void expect_refused(const char *why)
{
    struct stile_result result = maker_create(&image, maker_write(&image, &what));
    stile_vm_id_t vm = stile_vm_create_vm(result);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    expect_gone(vm);
    EXPECT_STREQ(maker_reason(vm), why);
    EXPECT_EQ(stile_vm_start(vm).status, STILE_NOT_FOUND);
}

/* --- what is given -----------------------------------------------------------------------------
 */

KTF_TEST(hc_maker, a_range_that_is_none_is_refused)
{
    uint64_t pa = virt_to_phys(&image);

    (void)maker_write(&image, &what);
    expect_bad(create_at(pa, 0), 2);
    expect_bad(create_at(pa, sizeof(struct stile_vm_image)), 2);
    expect_bad(create_at(pa, STILE_VM_IMAGE_MAX + 1), 2);
    expect_bad(create_at(pa, UINT64_MAX), 2);
    expect_bad(create_at(UINT64_MAX - 500, 1000), 2);
    EXPECT_EQ(create_at(0, 1000).status, STILE_NOT_MAPPED);
    EXPECT_EQ(create_at(0x0B000000, 1000).status, STILE_NOT_MAPPED);
    EXPECT_EQ(create_at(support_beyond_memory(), 1000).status, STILE_NOT_MAPPED);
    EXPECT_EQ(create_at(support_beyond_memory() - 999, 1000).status, STILE_NOT_MAPPED);
}

KTF_TEST(hc_maker, an_image_that_is_none_is_refused)
{
    size_t bytes = maker_write(&image, &what);

    image.image.reserved[1] = 1;
    expect_bad(maker_create(&image, bytes), 1);
    image.image.reserved[1] = 0;
    image.image.kernel_bytes = 0;
    expect_bad(maker_create(&image, bytes), 1);
    image.image.kernel_bytes = 1;
    image.image.name[2] = ' ';
    expect_bad(maker_create(&image, bytes), 1);
    memset(image.image.name, 'x', sizeof(image.image.name));
    expect_bad(maker_create(&image, bytes), 1);
    memset(image.image.name, 0, sizeof(image.image.name));
    expect_bad(maker_create(&image, bytes), 1);
}

KTF_TEST(hc_maker, what_cannot_be_made_says_why)
{
    size_t bytes;

    what.mode = "fast";
    expect_refused("vm.dtb: stile,mode is not \"assisted\", \"trap\" or \"paravirtual\"");
    what = made_small;
    what.nr_vcpus = 0;
    expect_refused("vm.dtb: no CPUs");
    what = made_small;
    what.name = "maker";
    expect_refused("there is a VM of that name");
    what = made_small;
    what.initrd_bytes = UINT64_C(64) << 20;
    expect_refused("initrd: it does not fit into the VM's memory: 64 MiB, of 2 MiB");
    what = made_small;
    what.hv_kib = 4;
    bytes = maker_write(&image, &what);
    stile_vm_id_t vm = stile_vm_create_vm(maker_create(&image, bytes));
    expect_gone(vm);
    EXPECT_EQ(strncmp(maker_reason(vm), "it needs ", 9), 0);
    what = made_small;
    (void)maker_write(&image, &what);
    vm = stile_vm_create_vm(maker_create(&image, sizeof(image.image) + 100));
    expect_gone(vm);
    EXPECT_STREQ(maker_reason(vm), "vm.dtb: cut short");
}

/* Whatever its bytes: nothing but its end comes of it, or a VM that waits. */
KTF_TEST(hc_maker, a_tree_with_any_bytes_hurts_nobody)
{
    uint64_t random = 0x9E3779B97F4A7C15;

    for (int i = 0; i < ROUNDS; i++) {
        size_t bytes = maker_write(&image, &what);

        for (int j = 0; j < 1 + i % 4; j++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            image.tree[(random >> 33) % 700] ^= (char)(1 << (random >> 60 & 7));
        }
        struct stile_result result = maker_create(&image, bytes);
        ASSERT_EQ(result.status, STILE_SUCCESS);
        stile_vm_id_t vm = stile_vm_create_vm(result);
        EXPECT_TRUE(support_wait(maker_info(vm).state != STILE_VM_ENDING, 20000));
        if (maker_info(vm).state == STILE_VM_MADE)
            destroy(vm);
        else
            EXPECT_NE(maker_reason(vm)[0], '\0');
    }
}

/* What takes too long is refused, and nothing takes much longer than it is long. */
KTF_TEST(hc_maker, the_longest_trees_are_read_in_bounds)
{
    static struct maker_longest longest __attribute__((aligned(4096)));
    static const char *const reasons[MAKER_NR_SLOW] = {
        [MAKER_SLOW_NAMES] = "vm.dtb: a property's name is longer than 63 characters",
        [MAKER_SLOW_RANGES] = "vm.dtb: too many ranges",
    };

    for (enum maker_slow how = 0; how < MAKER_NR_SLOW; how++) {
        size_t bytes = maker_write_slow(&longest, &what, how);
        uint64_t before = cpu_ticks();
        struct stile_result result =
            stile_vm_create(stile_ipa(virt_to_phys(&longest)), stile_nr_bytes(bytes));

        ktf_log("tree %d: %lu us", how, time_ticks_to_us(cpu_ticks() - before));
        ASSERT_EQ(result.status, STILE_SUCCESS);
        stile_vm_id_t vm = stile_vm_create_vm(result);
        EXPECT_TRUE(support_wait(maker_info(vm).state != STILE_VM_ENDING, 20000));
        if (maker_info(vm).state == STILE_VM_MADE)
            destroy(vm);
        EXPECT_STREQ(maker_reason(vm), reasons[how] ? reasons[how] : "");
    }
}

/* It may take long, and so does the next one: whoever makes both goes on from there. */
KTF_TEST(hc_maker, a_multicall_ends_behind_one)
{
    uint64_t flags = irq_save(); /* on one CPU, whose mailbox it is */
    struct stile_mailbox *mailbox = support_mailbox();

    for (int i = 0; i < 2; i++)
        mailbox->calls[i] = (struct stile_call_entry){.nr = STILE_NR_vm_start, .status = 1};
    struct stile_result result = stile_core_multicall(0, 2, 0);
    irq_restore(flags);
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], 1);
    EXPECT_EQ(mailbox->calls[0].status, STILE_NOT_FOUND);
    EXPECT_EQ(mailbox->calls[1].status, 1);
}

/* How long each step takes is in the log, for docs/vms.md. */
KTF_TEST(hc_maker, the_steps_of_a_small_one)
{
    size_t bytes = maker_write(&image, &what);
    uint64_t begin = cpu_ticks();
    struct stile_result result = maker_create(&image, bytes);
    uint64_t created = cpu_ticks();
    stile_vm_id_t vm = stile_vm_create_vm(result);

    ASSERT_EQ(result.status, STILE_SUCCESS);
    EXPECT_TRUE(maker_wait(vm, STILE_VM_MADE));
    EXPECT_TRUE(maker_load(vm));
    uint64_t loaded = cpu_ticks();
    EXPECT_EQ(stile_vm_start(vm).status, STILE_SUCCESS);
    ktf_log("vm_create %lu us, vm_start %lu us", time_ticks_to_us(created - begin),
            time_ticks_to_us(cpu_ticks() - loaded));
    destroy(vm);
}

/* --- from there on -----------------------------------------------------------------------------
 */

KTF_TEST(hc_maker, a_vm_is_made_waits_and_runs)
{
    stile_vm_id_t vm = maker_make(&what);
    struct stile_vm_info info = maker_info(vm);

    EXPECT_EQ(info.state, STILE_VM_MADE);
    EXPECT_STREQ(info.name, "made");
    EXPECT_EQ(info.nr_vcpus, 1);
    EXPECT_EQ(info.nr_pages, 512);
    EXPECT_EQ(info.kernel_ipa, 0x40000000);
    thread_sleep_ms(20);
    EXPECT_EQ(maker_words(vm).beat, 0);
    EXPECT_EQ(stile_vm_start(vm).status, STILE_SUCCESS);
    EXPECT_TRUE(beats(vm));
    info = maker_info(vm);
    EXPECT_EQ(info.state, STILE_VM_RUNNING);
    EXPECT_EQ(info.kernel_ipa, 0);
    EXPECT_GT(maker_words(vm).dtb, 0x40000000);
    EXPECT_EQ(maker_words(vm).mpidr & 0xFFFFFF, 0);
    EXPECT_EQ(stile_vm_start(vm).status, STILE_NOT_FOUND);
    maker_order(vm, MADE_POWER_OFF);
    expect_gone(vm);
    EXPECT_STREQ(maker_reason(vm), "");
}

KTF_TEST(hc_maker, only_one_that_waits_is_started)
{
    stile_vm_id_t self = stile_vm_id((uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0]);

    EXPECT_EQ(stile_vm_start(self).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_vm_start(stile_vm_id(0)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_vm_start(stile_vm_id(UINT32_MAX)).status, STILE_NOT_FOUND);
}

KTF_TEST(hc_maker, one_that_is_paused_begins_when_it_is_resumed)
{
    stile_vm_id_t vm = maker_make(&what);

    EXPECT_EQ(stile_control_pause(vm).status, STILE_SUCCESS);
    EXPECT_EQ(maker_info(vm).state, STILE_VM_MADE);
    EXPECT_EQ(stile_vm_start(vm).status, STILE_SUCCESS);
    EXPECT_EQ(maker_info(vm).state, STILE_VM_PAUSED);
    thread_sleep_ms(20);
    EXPECT_EQ(maker_words(vm).beat, 0);
    EXPECT_EQ(stile_control_resume(vm).status, STILE_SUCCESS);
    EXPECT_TRUE(beats(vm));
    destroy(vm);
}

/* It has its memory anew, and keeps its number. */
KTF_TEST(hc_maker, a_reboot_waits_for_the_maker)
{
    stile_vm_id_t vm = start();

    for (int i = 0; i < 3; i++) {
        maker_order(vm, MADE_REBOOT);
        ASSERT_TRUE(maker_wait(vm, STILE_VM_MADE));
        EXPECT_EQ(maker_words(vm).beat, 0);
        EXPECT_TRUE(maker_load(vm));
        EXPECT_EQ(stile_vm_start(vm).status, STILE_SUCCESS);
        EXPECT_TRUE(beats(vm));
    }
    destroy(vm);
}

KTF_TEST(hc_maker, every_mode_is_made)
{
    static const char *const modes[] = {"assisted", "trap", "paravirtual"};

    for (int i = 0; i < 3; i++) {
        what.mode = modes[i];
        what.nr_vcpus = (uint32_t)i + 1;
        destroy(start());
    }
}

/* Until there is no place left; then all of them go, and there is as much as before. */
KTF_TEST(hc_maker, as_many_as_there_is_room_for)
{
    stile_vm_id_t vms[64];
    char name[] = "made-00";

    what.name = name;
    for (int round = 0; round < 3; round++) {
        size_t nr = 0;

        for (;; nr++) {
            name[5] = (char)('0' + nr / 10);
            name[6] = (char)('0' + nr % 10);
            struct stile_result result = maker_create(&image, maker_write(&image, &what));
            if (result.status == STILE_LIMIT)
                break;
            ASSERT_EQ(result.status, STILE_SUCCESS);
            ASSERT_LT(nr, 64);
            vms[nr] = stile_vm_create_vm(result);
            EXPECT_TRUE(maker_wait(vms[nr], STILE_VM_MADE));
        }
        EXPECT_GT(nr, 1);
        for (size_t i = 0; i < nr; i++) {
            EXPECT_TRUE(maker_load(vms[i]));
            EXPECT_EQ(stile_vm_start(vms[i]).status, STILE_SUCCESS);
        }
        for (size_t i = 0; i < nr; i++)
            EXPECT_TRUE(beats(vms[i]));
        for (size_t i = 0; i < nr; i++)
            EXPECT_EQ(stile_control_destroy(vms[i]).status, STILE_SUCCESS);
        for (size_t i = 0; i < nr; i++)
            expect_gone(vms[i]);
    }
}

/* At whatever it is then. */
KTF_TEST(hc_maker, one_may_be_destroyed_at_any_moment)
{
    for (uint64_t i = 0; i < ROUNDS; i++) {
        struct stile_result result = maker_create(&image, maker_write(&image, &what));
        uint64_t until = cpu_ticks() + time_us_to_ticks(i * 5);

        ASSERT_EQ(result.status, STILE_SUCCESS);
        stile_vm_id_t vm = stile_vm_create_vm(result);
        while (cpu_ticks() < until)
            ;
        EXPECT_EQ(stile_control_destroy(vm).status, STILE_SUCCESS);
        expect_gone(vm);
    }
}

/* --- several at once ---------------------------------------------------------------------------
 */

static struct maker_image images[NR_CPUS] __attribute__((aligned(4096)));
static size_t image_bytes;
static uint32_t numbers[NR_CPUS];

/* What is being made by another vCPU at this moment is waited for. */
static void create_one(uint32_t cpu)
{
    struct stile_result result;

    do
        result = maker_create(&images[cpu], image_bytes);
    while (result.status == STILE_BUSY);
    numbers[cpu] = result.status == STILE_SUCCESS ? stile_vm_create_vm(result).number : 0;
}

KTF_TEST(hc_maker, vcpus_make_vms_at_once)
{
    char name[] = "made-0";
    uint32_t nr = machine.nr_cpus;

    what.name = name;
    for (uint32_t cpu = 0; cpu < nr; cpu++) {
        name[5] = (char)('0' + cpu);
        image_bytes = maker_write(&images[cpu], &what);
    }
    event_rig_on_each(create_one);
    for (uint32_t cpu = 0; cpu < nr; cpu++) {
        EXPECT_NE(numbers[cpu], 0);
        for (uint32_t other = 0; other < cpu; other++)
            EXPECT_NE(numbers[cpu], numbers[other]);
        EXPECT_TRUE(maker_wait(stile_vm_id(numbers[cpu]), STILE_VM_MADE));
    }
    for (uint32_t cpu = 0; cpu < nr; cpu++)
        destroy(stile_vm_id(numbers[cpu]));
}

/* --- within a quota ----------------------------------------------------------------------------
 */

KTF_TEST(hc_limited, what_is_beyond_the_quota_is_refused)
{
    what.name = "made";
    expect_refused("its name does not begin with limited., as those of its maker's VMs do");
    begin();
    what.mib = 9;
    expect_refused("its maker's VMs would have 9 MiB, of a quota of 8");
    begin();
    what.nr_vcpus = 4;
    expect_refused("its maker's VMs would have 4 vCPUs, of a quota of 3");
    begin();
    what.hv_kib = 1088;
    expect_refused("its maker's VMs would have 1088 KiB of the hypervisor's memory, of a quota of "
                   "1024");
    begin();
    what.weight = 101;
    expect_refused("its weight is 101, and its maker's 100");
    begin();
    what.privileged = true;
    expect_refused("its maker may give it no privileges");
}

/* What one has another one has not; what is gone may be had again. */
KTF_TEST(hc_limited, a_quota_is_of_all_together)
{
    what.mib = 6;
    what.nr_vcpus = 2;
    stile_vm_id_t first = start();

    what.name = "limited.second";
    expect_refused("its maker's VMs would have 12 MiB, of a quota of 8");
    what.mib = 2;
    expect_refused("its maker's VMs would have 4 vCPUs, of a quota of 3");
    what.nr_vcpus = 1;
    stile_vm_id_t second = start();
    destroy(first);
    what.name = "limited.third";
    what.mib = 6;
    what.nr_vcpus = 2;
    destroy(start());
    destroy(second);
}

static uint32_t number_of(const char *name)
{
    uint64_t words[4] = {0};

    memcpy(words, name, strlen(name));
    return (uint32_t)stile_directory_find_vm(words[0], words[1], words[2], words[3]).value[0];
}

/* Those that it did not make are none to it. */
KTF_TEST(hc_limited, sees_and_steers_its_own_alone)
{
    stile_vm_id_t other = stile_vm_id(number_of("other")), vm = start();
    stile_vm_id_t self = stile_vm_id((uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0]);
    uint64_t pa = virt_to_phys(&image);
    uint32_t nr = 0;

    EXPECT_NE(other.number, 0);
    EXPECT_EQ(maker_info(other).vm_id, 0);
    EXPECT_EQ(maker_info(self).state, STILE_VM_RUNNING);
    EXPECT_EQ(stile_control_pause(other).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_resume(other).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_destroy(other).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_inject(other, stile_vcpu_id(0), stile_intid(60)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_console_read(other, 0, stile_ipa(pa), stile_nr_bytes(1)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_counter(other, stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_trace(other, stile_vcpu_id(0), 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_crash_info(other, stile_ipa(pa), stile_nr_bytes(8)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(
        stile_control_memory_read(other, stile_ipa(0x40000000), stile_ipa(pa), stile_nr_bytes(8))
            .status,
        STILE_NOT_FOUND);
    EXPECT_EQ(
        stile_control_memory_write(other, stile_ipa(0x40000000), stile_ipa(pa), stile_nr_bytes(8))
            .status,
        STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_get(other, STILE_SETTING_WEIGHT).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_set(other, STILE_SETTING_WEIGHT, 1).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_vm_start(other).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_set_wall_clock(0).status, STILE_NOT_SUPPORTED);
    struct stile_result result = stile_control_next_vm(stile_vm_id(0));
    for (; result.status == STILE_SUCCESS && nr < 64; nr++) {
        EXPECT_NE(stile_control_next_vm_next(result).number, other.number);
        result = stile_control_next_vm(stile_control_next_vm_next(result));
    }
    EXPECT_GE(nr, 2);
    destroy(vm);
}

KTF_TEST(hc_limited, gives_no_more_than_it_has)
{
    stile_vm_id_t vm = start();

    EXPECT_EQ(stile_control_set(vm, STILE_SETTING_WEIGHT, 100).status, STILE_SUCCESS);
    expect_bad(stile_control_set(vm, STILE_SETTING_WEIGHT, 101), 3);
    expect_bad(stile_control_set(vm, STILE_SETTING_AFFINITY, 0), 3);
    EXPECT_EQ(stile_control_set(vm, STILE_SETTING_AFFINITY, 1).status, STILE_SUCCESS);
    EXPECT_TRUE(beats(vm));
    destroy(vm);
}

/* Last: it ends with this VM. The machine goes off when both are gone. */
KTF_TEST(hc_limited, one_that_waits_is_left)
{
    what.name = "limited.left";
    EXPECT_NE(maker_make(&what).number, 0);
}
