/* SPDX-License-Identifier: MIT */
/*
 * Group vm of the fake: VMs that another one makes, and what becomes of them.
 */
#include <string.h>

#include "ktf.h"
#include "stile/fake.h"
#include "stile/hypercall.h"

#define RAM        STILE_FAKE_MEMORY_BASE
#define IMAGE      (RAM + 0x8008)
#define TREE_BYTES 64

static uint32_t boss, limited;

static uint32_t start_maker(const struct stile_fake_config *config)
{
    uint32_t vm = stile_fake_start(config);

    stile_fake_become(vm, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    return vm;
}

static void start(void)
{
    struct stile_fake_config all = {.name = "boss", .privileged = true};
    struct stile_fake_config some = {.name = "limited", .quota_vcpus = 2};

    stile_fake_reset();
    limited = start_maker(&some);
    boss = start_maker(&all);
}

KTF_SUITE(vm, .setup = start);

/* Writes an image into the caller's memory. */
static struct stile_vm_image *put_image(const char *name)
{
    static const uint8_t header[] = {0xD0, 0x0D, 0xFE, 0xED, 0, 0, 0, TREE_BYTES};
    struct stile_vm_image image = {.kernel_bytes = 5000, .initrd_bytes = 10};
    char *at = stile_fake_pointer(stile_ipa(IMAGE));

    strncpy(image.name, name, sizeof(image.name));
    memcpy(at, &image, sizeof(image));
    memset(at + sizeof(image), 0, TREE_BYTES);
    memcpy(at + sizeof(image), header, sizeof(header));
    return (struct stile_vm_image *)at;
}

static struct stile_result create(uint64_t tree_bytes)
{
    return stile_vm_create(stile_ipa(IMAGE),
                           stile_nr_bytes(sizeof(struct stile_vm_image) + tree_bytes));
}

static struct stile_result create_named(const char *name)
{
    (void)put_image(name);
    return create(TREE_BYTES);
}

/* One that waits for its start. */
static uint32_t make(const char *name)
{
    struct stile_result result = create_named(name);

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return (uint32_t)result.value[0];
}

static struct stile_result start_vm(uint32_t vm)
{
    return stile_vm_start(stile_vm_id(vm));
}

static struct stile_vm_info info_of(uint32_t vm)
{
    struct stile_vm_info info = {.state = 99};

    if (stile_control_vm_info(stile_vm_id(vm), stile_ipa(RAM), stile_nr_bytes(sizeof(info)))
            .status == STILE_SUCCESS)
        memcpy(&info, stile_fake_pointer(stile_ipa(RAM)), sizeof(info));
    return info;
}

static uint64_t state(uint32_t vm)
{
    return info_of(vm).state;
}

/* --- vm_create ------------------------------------------------------------------------------ */

KTF_TEST(vm, a_vm_is_made_and_waits)
{
    uint32_t made = make("made");
    struct stile_vm_info info = info_of(made);

    EXPECT_EQ(info.state, STILE_VM_MADE);
    EXPECT_EQ(info.vm_id, made);
    EXPECT_EQ(info.nr_vcpus, 1);
    EXPECT_EQ(info.nr_pages, 256);
    EXPECT_STREQ(info.name, "made");
    EXPECT_EQ(info.kernel_ipa, RAM);
    EXPECT_EQ(info.initrd_ipa, RAM + 0x2000);
    EXPECT_EQ(info_of(boss).kernel_ipa, 0);
}

KTF_TEST(vm, an_images_length_is_checked)
{
    uint64_t most = STILE_VM_IMAGE_MAX - sizeof(struct stile_vm_image);

    EXPECT_EQ(create(0).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(create(0).value[0], 2);
    EXPECT_EQ(create(-sizeof(struct stile_vm_image)).value[0], 2);
    EXPECT_EQ(create(-UINT64_C(1)).value[0], 2);
    EXPECT_EQ(create(most + 1).value[0], 2);
    EXPECT_EQ(stile_vm_create(stile_ipa(UINT64_MAX - 127), stile_nr_bytes(129)).value[0], 2);
    EXPECT_EQ(stile_vm_create(stile_ipa(UINT64_MAX - 128), stile_nr_bytes(129)).status,
              STILE_NOT_MAPPED);
    (void)put_image("made");
    EXPECT_EQ(create(most).status, STILE_SUCCESS);
}

KTF_TEST(vm, an_image_is_memory_of_the_caller)
{
    stile_ipa_t last = stile_ipa(RAM + UINT64_C(256) * STILE_PAGE_SIZE - 129);

    EXPECT_EQ(stile_vm_create(last, stile_nr_bytes(130)).status, STILE_NOT_MAPPED);
    EXPECT_EQ(stile_vm_create(last, stile_nr_bytes(129)).value[0], 1); /* it has no name */
}

static void expect_bad_name(const char *name)
{
    EXPECT_EQ(create_named(name).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(create(TREE_BYTES).value[0], 1);
}

KTF_TEST(vm, a_name_is_one_that_can_be_found)
{
    expect_bad_name("");
    expect_bad_name("a/b");
    expect_bad_name("a b");
    expect_bad_name("a\x7F");
    expect_bad_name("an_image_has_32_bytes_for_a_name");
    put_image("made")->name[9] = 'x';
    EXPECT_EQ(create(TREE_BYTES).value[0], 1);
    (void)make("an_image_has_31_bytes_of_a_name");
}

KTF_TEST(vm, fields_of_an_image_are_checked)
{
    put_image("made")->kernel_bytes = 0;
    EXPECT_EQ(create(TREE_BYTES).value[0], 1);
    put_image("made")->reserved[0] = 1;
    EXPECT_EQ(create(TREE_BYTES).value[0], 1);
    put_image("made")->reserved[1] = 1;
    EXPECT_EQ(create(TREE_BYTES).value[0], 1);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(boss)).status, STILE_NOT_FOUND);
}

/* It has a number, never ran, and says why. */
static void expect_refused(struct stile_result result, const char *why)
{
    const struct stile_crash_info *crash = stile_fake_pointer(stile_ipa(RAM));
    uint32_t vm = (uint32_t)result.value[0];

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(state(vm), STILE_VM_ENDED);
    EXPECT_EQ(info_of(vm).nr_vcpus, 0);
    EXPECT_EQ(
        stile_control_crash_info(stile_vm_id(vm), stile_ipa(RAM), stile_nr_bytes(sizeof(*crash)))
            .value[0],
        sizeof(*crash));
    EXPECT_EQ(crash->length, strlen(why));
    EXPECT_EQ(memcmp(crash->message, why, strlen(why)), 0);
    EXPECT_EQ(start_vm(vm).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(vm)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_trace(stile_vm_id(vm), stile_vcpu_id(0), 0).value[0], 2);
}

KTF_TEST(vm, what_is_no_tree_is_refused)
{
    static const char why[] = "vm.dtb: not a flattened device tree, or cut short";

    (void)put_image("made");
    expect_refused(create(TREE_BYTES - 1), why);
    expect_refused(create(7), why);
    ((char *)put_image("made"))[sizeof(struct stile_vm_image)] ^= 1;
    expect_refused(create(TREE_BYTES), why);
    (void)make("made");
}

KTF_TEST(vm, a_name_is_one_vms)
{
    static const char why[] = "there is a VM of that name";

    expect_refused(create_named("boss"), why);
    uint32_t made = make("made");
    expect_refused(create_named("made"), why);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(made)).status, STILE_SUCCESS);
    EXPECT_NE(make("made"), made);
}

KTF_TEST(vm, files_have_to_fit)
{
    static const char why[] = "its kernel and its initrd do not fit into its memory";

    put_image("made")->initrd_bytes = UINT64_C(254) * STILE_PAGE_SIZE + 1;
    expect_refused(create(TREE_BYTES), why);
    put_image("made")->kernel_bytes = UINT64_MAX;
    expect_refused(create(TREE_BYTES), why);
    put_image("made")->initrd_bytes = UINT64_C(254) * STILE_PAGE_SIZE;
    EXPECT_EQ(state((uint32_t)create(TREE_BYTES).value[0]), STILE_VM_MADE);
}

KTF_TEST(vm, there_are_as_many_as_there_can_be)
{
    char name[] = "a";
    uint32_t last = 0;
    struct stile_result result;

    while ((result = create_named(name)).status == STILE_SUCCESS) {
        last = (uint32_t)result.value[0];
        name[0]++;
    }
    EXPECT_EQ(result.status, STILE_LIMIT);
    EXPECT_EQ(state(last), STILE_VM_MADE);
    put_image("made")->kernel_bytes = 0;
    EXPECT_EQ(create(TREE_BYTES).status, STILE_LIMIT);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(last)).status, STILE_SUCCESS);
    (void)make("made");
}

/* --- vm_start ------------------------------------------------------------------------------- */

static void says_hello(void *context)
{
    memcpy(context, stile_fake_pointer(stile_ipa(RAM)), 6);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    (void)stile_console_puts("hello", 5);
}

KTF_TEST(vm, a_vm_is_filled_and_started)
{
    stile_ipa_t here = stile_ipa(RAM + 0x1000);
    uint32_t made = make("made");
    char kernel[6] = "", text[8];

    memcpy(stile_fake_pointer(here), "image", 6);
    EXPECT_EQ(stile_control_memory_write(stile_vm_id(made), stile_ipa(info_of(made).kernel_ipa),
                                         here, stile_nr_bytes(6))
                  .value[0],
              6);
    EXPECT_EQ(start_vm(made).status, STILE_SUCCESS);
    EXPECT_EQ(state(made), STILE_VM_RUNNING);
    EXPECT_EQ(info_of(made).kernel_ipa, 0);
    EXPECT_EQ(start_vm(made).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_fake_run(made, 0, says_hello, kernel), STILE_FAKE_RETURNED);
    EXPECT_STREQ(kernel, "image");
    EXPECT_EQ(stile_fake_console(made, text, sizeof(text)), 5);
    EXPECT_STREQ(text, "hello");
}

KTF_TEST(vm, what_does_not_wait_is_not_started)
{
    EXPECT_EQ(start_vm(boss).status, STILE_NOT_FOUND);
    EXPECT_EQ(start_vm(limited).status, STILE_NOT_FOUND);
    EXPECT_EQ(start_vm(0).status, STILE_NOT_FOUND);
    EXPECT_EQ(start_vm(UINT32_MAX).status, STILE_NOT_FOUND);
    uint32_t made = make("made");
    EXPECT_EQ(stile_control_destroy(stile_vm_id(made)).status, STILE_SUCCESS);
    EXPECT_EQ(state(made), STILE_VM_ENDED);
    EXPECT_EQ(start_vm(made).status, STILE_NOT_FOUND);
}

KTF_TEST(vm, a_vm_may_be_paused_before_it_begins)
{
    uint32_t made = make("made");

    EXPECT_EQ(stile_control_pause(stile_vm_id(made)).status, STILE_SUCCESS);
    EXPECT_EQ(state(made), STILE_VM_MADE);
    EXPECT_EQ(start_vm(made).status, STILE_SUCCESS);
    EXPECT_EQ(state(made), STILE_VM_PAUSED);
    EXPECT_EQ(stile_control_resume(stile_vm_id(made)).status, STILE_SUCCESS);
    EXPECT_EQ(state(made), STILE_VM_RUNNING);
}

/* --- what becomes of them ------------------------------------------------------------------- */

static void reboots(void *context)
{
    (void)context;
    (void)stile_core_version(STILE_VERSION_CURRENT);
    (void)stile_power_reboot();
}

static void powers_off(void *context)
{
    (void)context;
    (void)stile_power_off(0);
}

KTF_TEST(vm, a_vm_that_starts_anew_waits_again)
{
    uint32_t made = make("made");

    EXPECT_EQ(start_vm(made).status, STILE_SUCCESS);
    memcpy(stile_fake_pointer(stile_ipa(RAM + 0x1000)), "image", 6);
    expect_refused(create_named("made"), "there is a VM of that name");
    EXPECT_EQ(stile_fake_run(made, 0, reboots, NULL), STILE_FAKE_REBOOTED);
    EXPECT_EQ(state(made), STILE_VM_MADE);
    EXPECT_EQ(start_vm(made).status, STILE_SUCCESS);
    EXPECT_EQ(state(made), STILE_VM_RUNNING);
}

KTF_TEST(vm, a_maker_that_starts_anew_finds_its_vms)
{
    uint32_t made = make("made");

    EXPECT_EQ(stile_fake_run(boss, 0, reboots, NULL), STILE_FAKE_REBOOTED);
    stile_fake_become(boss, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    EXPECT_EQ(state(made), STILE_VM_MADE);
    EXPECT_EQ(start_vm(made).status, STILE_SUCCESS);
}

KTF_TEST(vm, what_waits_ends_with_its_maker_and_what_runs_goes_on)
{
    stile_fake_become(limited, 0);
    uint32_t waits = make("limited.waits");
    uint32_t runs = make("limited.runs");
    EXPECT_EQ(start_vm(runs).status, STILE_SUCCESS);
    EXPECT_EQ(stile_fake_run(limited, 0, powers_off, NULL), STILE_FAKE_OFF);
    stile_fake_become(boss, 0);
    EXPECT_EQ(state(waits), STILE_VM_ENDED);
    EXPECT_EQ(state(runs), STILE_VM_RUNNING);
    EXPECT_EQ(stile_fake_run(runs, 0, reboots, NULL), STILE_FAKE_REBOOTED);
    EXPECT_EQ(state(runs), STILE_VM_ENDED);
}

KTF_TEST(vm, its_end_and_its_begin_are_told)
{
    uint32_t port = (uint32_t)stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(0)).value[0];
    struct stile_port_word *word = &stile_fake_mailbox(boss, 0)->words[port / 64];
    uint64_t bit = UINT64_C(1) << port % 64;

    word->pending = 0;
    (void)make("made");
    EXPECT_EQ(word->pending, bit);
    word->pending = 0;
    (void)create_named("made");
    EXPECT_EQ(word->pending, 0); /* it is known at once */
}

/* --- who may -------------------------------------------------------------------------------- */

KTF_TEST(vm, others_have_no_such_calls)
{
    uint32_t made = make("made");

    EXPECT_EQ(start_vm(made).status, STILE_SUCCESS);
    stile_fake_become(made, 0);
    (void)stile_core_version(STILE_VERSION_CURRENT);
    EXPECT_EQ(stile_core_features(STILE_GROUP_VM).value[0], 0);
    EXPECT_EQ(start_vm(made).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(create_named("other").status, STILE_NOT_SUPPORTED);
}

KTF_TEST(vm, a_quota_is_for_vms_that_were_made)
{
    uint32_t others = make("others");

    stile_fake_become(limited, 0);
    uint32_t own = make("limited.own");
    EXPECT_EQ(stile_core_features(STILE_GROUP_VM).value[0], 3);
    EXPECT_EQ(stile_control_set_wall_clock(1).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(start_vm(others).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_vm_info(stile_vm_id(others), stile_ipa(RAM), stile_nr_bytes(8)).status,
              STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(boss)).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(0)).value[0], limited);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(limited)).value[0], own);
    EXPECT_EQ(stile_control_next_vm(stile_vm_id(own)).status, STILE_NOT_FOUND);
    stile_fake_become(boss, 0);
    EXPECT_EQ(start_vm(own).status, STILE_SUCCESS);
}

static const char not_own[] = "its name does not begin with its maker's and a dot";

KTF_TEST(vm, a_quota_is_for_names_that_begin_with_the_makers)
{
    stile_fake_become(limited, 0);
    expect_refused(create_named("own"), not_own);
    expect_refused(create_named("boss.own"), not_own);
    expect_refused(create_named("limite"), not_own);
    expect_refused(create_named("limited_own"), not_own);
    expect_refused(create_named("limited2.own"), not_own);
    expect_refused(create_named("Limited.own"), not_own);
    (void)make("limited.");
    (void)make("limited.own.own");
    stile_fake_become(boss, 0);
    (void)make("limited.others"); /* without a quota, any */
}

KTF_TEST(vm, a_name_is_looked_at_behind_the_tree_and_before_what_the_vm_may_have)
{
    static const char no_tree[] = "vm.dtb: not a flattened device tree, or cut short";

    stile_fake_become(limited, 0);
    expect_refused(create_named("boss"), "there is a VM of that name");
    expect_refused(create_named("limited"), "there is a VM of that name");
    (void)put_image("own");
    expect_refused(create(TREE_BYTES - 1), no_tree);
    (void)make("limited.first");
    (void)make("limited.second");
    expect_refused(create_named("own"), not_own); /* nor is there a vCPU left for it */
    put_image("own")->kernel_bytes = UINT64_MAX;
    expect_refused(create(TREE_BYTES), not_own);
    stile_fake_become(boss, 0);
    EXPECT_EQ(stile_control_set(stile_vm_id(limited), STILE_SETTING_WEIGHT, 99).status,
              STILE_SUCCESS);
    stile_fake_become(limited, 0);
    expect_refused(create_named("own"), not_own);
}

KTF_TEST(vm, a_quota_is_of_all_vms_of_a_maker_together)
{
    static const char why[] = "its maker's VMs would have more vCPUs than its quota";

    stile_fake_become(limited, 0);
    uint32_t first = make("limited.first");
    (void)make("limited.second");
    expect_refused(create_named("limited.third"), why);
    EXPECT_EQ(stile_control_destroy(stile_vm_id(first)).status, STILE_SUCCESS);
    (void)make("limited.third");
}

static struct stile_result set(uint32_t vm, uint32_t which, uint64_t value)
{
    return stile_control_set(stile_vm_id(vm), which, value);
}

KTF_TEST(vm, a_quota_gives_away_no_more_than_there_is)
{
    EXPECT_EQ(set(limited, STILE_SETTING_AFFINITY, 2).status, STILE_SUCCESS);
    stile_fake_become(limited, 0);
    uint32_t own = make("limited.own");
    EXPECT_EQ(stile_control_get(stile_vm_id(own), STILE_SETTING_AFFINITY).value[0], 2);
    EXPECT_EQ(set(own, STILE_SETTING_AFFINITY, 3).value[0], 3);
    EXPECT_EQ(set(own, STILE_SETTING_WEIGHT, 101).value[0], 3);
    EXPECT_EQ(set(own, STILE_SETTING_WEIGHT, 100).status, STILE_SUCCESS);
    EXPECT_EQ(set(limited, STILE_SETTING_WEIGHT, 99).status, STILE_SUCCESS);
    expect_refused(create_named("limited.heavy"), "its weight is more than its maker's");
}
