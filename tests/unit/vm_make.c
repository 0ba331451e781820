/* SPDX-License-Identifier: MIT */
/*
 * VMs made by another one, in life/vm_make.c and vm_rights.c: what is refused, in which words, and
 * what is left then; from the maker's files to a VM that waits for its start; and an end at any
 * step.
 */
#include "vm_rig.h"

#define MADE_BYTES  BLOCK_2M
#define MADE_KERNEL 0x23456
#define IMAGE_AT    (RAM + 0x800123) /* in the maker's memory; no multiple of anything */

static struct vm *maker = &slots[0];
static struct vm *made = &slots[1];
static struct tree described;

/* What the maker gives, as it has it. */
static struct {
    struct stile_vm_image image;
    uint64_t tree[TREE_BYTES / 8];
} given;
static size_t given_bytes;

/* With room for the node of the hypervisor's. */
static void write_tree(void)
{
    (void)tree_make(given.tree, &described);
    EXPECT_EQ(fdt_open_into(given.tree, given.tree, sizeof(given.tree)), 0);
    given_bytes = sizeof(given);
}

static void setup_maker(void)
{
    rig_setup();
    maker->config.privileged = true;
    memset(&given, 0, sizeof(given));
    strcpy(given.image.name, "made");
    given.image.kernel_bytes = MADE_KERNEL;
    given.image.initrd_bytes = 0x12345;
    memcpy(given.image.kernel_start, kernel, sizeof(given.image.kernel_start));
    described = tree_default;
    described.initrd = 1;
    described.nr_cpus = 1;
    described.nodes[0].reg[1] = MADE_BYTES;
    write_tree();
}

KTF_SUITE(vm_make, .setup = setup_maker);

static struct hcall_result create_of(uint64_t at, uint64_t bytes)
{
    return hcall_vm_create(maker->vcpus[0], ipa_make(at), stile_nr_bytes(bytes));
}

/* Puts what is given into the maker's memory, and calls. */
static struct hcall_result create(void)
{
    EXPECT_EQ(guest_write(maker, ipa_make(IMAGE_AT), &given, given_bytes), given_bytes);
    return create_of(IMAGE_AT, given_bytes);
}

/* The first of these that is not so, or that nothing has been made. */
static void expect_nothing(struct hcall_result result, int64_t status, uint64_t x1)
{
    EXPECT_EQ(result.status, status);
    EXPECT_EQ(result.x1, x1);
    EXPECT_EQ(made->state, VM_OFF);
    EXPECT_EQ(vm_end_nr_expected(), 2);
    EXPECT_EQ(world.nr_vcpus, maker->config.nr_vcpus);
    EXPECT_EQ(page_budget(2).nr_pages, 0);
}

static void expect_refused(const char *why)
{
    size_t nr_free = page_nr_free();

    log_clear();
    world.refused[0] = '\0';
    struct hcall_result result = create();
    expect_nothing(result, STILE_SUCCESS, made->number);
    EXPECT_NE(made->number, 0);
    EXPECT_STREQ(world.refused, why);
    EXPECT_TRUE(strstr(log_text, ": refused: ") != NULL);
    EXPECT_EQ(made->end, VM_END_CRASH);
    EXPECT_EQ(page_nr_free(), nr_free);
}

static unsigned step_made(unsigned most)
{
    return step_of(made, most);
}

static void make_it(void)
{
    ASSERT_EQ(create().status, STILE_SUCCESS);
    ASSERT_EQ(made->state, VM_UNREADY);
    EXPECT_LT(step_made(MANY), MANY);
}

static void expect_waits(void)
{
    EXPECT_EQ(made->state, VM_RUNNING);
    EXPECT_EQ(made->start, VM_START_WAITS);
    EXPECT_EQ(made->nr_holds, 0);
    EXPECT_EQ(made->stage2.nr_owned, MADE_BYTES >> PAGE_SHIFT);
    EXPECT_EQ(world.nr_attached, 2);
    EXPECT_EQ(vm_end_nr_expected(), 3);
}

static void write_files(void)
{
    EXPECT_EQ(guest_write(made, made->kernel_at, kernel, MADE_KERNEL), MADE_KERNEL);
}

static void expect_made_gone(void)
{
    EXPECT_EQ(made->state, VM_OFF);
    EXPECT_EQ(page_budget(2).nr_pages, 0);
    EXPECT_EQ(world.nr_vcpus, maker->config.nr_vcpus);
    EXPECT_EQ(vm_end_nr_expected(), 2);
    EXPECT_EQ(page_nr_guest() - page_nr_free_guest(), RAM_BYTES >> PAGE_SHIFT);
    EXPECT_EQ(made->stage2.quota, 0);
    (void)page_audit();
}

/* Whatever it has begun. */
static void finish(void)
{
    while (made->state == VM_UNREADY)
        EXPECT_LT(step_made(MANY), MANY);
}

/* Ends it from outside, and takes all steps. */
static void destroy_made(void)
{
    struct vm *held = vm_get(1);

    ASSERT_TRUE(held == made);
    vm_destroy(held);
    sched_release(held);
    EXPECT_LT(step_made(MANY), MANY);
}

/* --- what is given -------------------------------------------------------------------------- */

KTF_TEST(vm_make, the_range_is_looked_at_first)
{
    expect_nothing(create_of(IMAGE_AT, 0), STILE_INVALID_ARGUMENT, 2);
    expect_nothing(create_of(IMAGE_AT, sizeof(given.image)), STILE_INVALID_ARGUMENT, 2);
    expect_nothing(create_of(IMAGE_AT, STILE_VM_IMAGE_MAX + 1), STILE_INVALID_ARGUMENT, 2);
    expect_nothing(create_of(IMAGE_AT, UINT64_MAX), STILE_INVALID_ARGUMENT, 2);
    expect_nothing(create_of(UINT64_MAX - 200, 300), STILE_INVALID_ARGUMENT, 2);
    expect_nothing(create_of(0, 300), STILE_NOT_MAPPED, 0);
    expect_nothing(create_of(RAM + RAM_BYTES - 299, 300), STILE_NOT_MAPPED, 0);
    EXPECT_EQ(made->number, 0);
}

KTF_TEST(vm_make, a_name_is_one)
{
    static const char *const bad[] = {"",     "a b",  "a/b",
                                      "a\tb", "\x7F", "0123456789012345678901234567890_"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(given.image.name, 0, sizeof(given.image.name));
        memcpy(given.image.name, bad[i], strlen(bad[i]));
        expect_nothing(create(), STILE_INVALID_ARGUMENT, 1);
    }
    strcpy(given.image.name, "made");
    given.image.name[6] = 'x';
    expect_nothing(create(), STILE_INVALID_ARGUMENT, 1);
    EXPECT_EQ(made->number, 0);
}

KTF_TEST(vm_make, the_rest_of_the_image_is_looked_at)
{
    given.image.kernel_bytes = 0;
    expect_nothing(create(), STILE_INVALID_ARGUMENT, 1);
    given.image.kernel_bytes = MADE_KERNEL;
    for (int i = 0; i < 2; i++) {
        given.image.reserved[i] = 1;
        expect_nothing(create(), STILE_INVALID_ARGUMENT, 1);
        given.image.reserved[i] = 0;
    }
    make_it();
    expect_waits();
}

KTF_TEST(vm_make, what_is_refused_has_a_number_and_a_reason)
{
    uint32_t first;

    memcpy(given.image.name, "vm\0", 4);
    world.refused[0] = '\0';
    EXPECT_EQ(create().status, STILE_SUCCESS);
    EXPECT_STREQ(world.refused, "there is a VM of that name");
    strcpy(given.image.name, "made");
    first = made->number;
    given.tree[0] = 0;
    expect_refused("vm.dtb: not a flattened device tree");
    EXPECT_NE(made->number, first);
    described.mode = "none";
    write_tree();
    expect_refused("vm.dtb: stile,mode is not \"assisted\", \"trap\" or \"paravirtual\"");
    described = tree_default;
    described.numbers[0] = (struct tree_number){"stile,kernel-bytes", 4096};
    write_tree();
    expect_refused("vm.dtb: stile,kernel-bytes and -entry need a stile,kernel-address");
}

KTF_TEST(vm_make, memory_is_there_or_it_is_refused)
{
    described.nodes[0].reg[1] = (page_nr_guest() + 512) << PAGE_SHIFT;
    write_tree();
    EXPECT_EQ(create().status, STILE_SUCCESS);
    EXPECT_TRUE(strncmp(world.refused, "not enough memory for it: ", 26) == 0);
    EXPECT_EQ(made->state, VM_OFF);
    world.refused[0] = '\0';
    described.nodes[0].reg[1] = (page_nr_free_guest() + 512) << PAGE_SHIFT;
    write_tree();
    make_it();
    EXPECT_TRUE(strncmp(world.refused, "not enough memory for it: ", 26) == 0);
    expect_made_gone();
}

/* libfdt looks for its end at each property. */
KTF_TEST(vm_make, a_propertys_name_has_an_end_soon)
{
    char name[DT_NAME_MAX + 2] = {0};

    memset(name, 'n', sizeof(name) - 1);
    EXPECT_EQ(fdt_setprop(given.tree, 0, name, NULL, 0), 0);
    expect_refused("vm.dtb: a property's name is longer than 63 characters");
    write_tree();
    EXPECT_EQ(fdt_setprop(given.tree, 0, name + 1, NULL, 0), 0);
    make_it();
    expect_waits();
    destroy_made();
    fdt_set_version(given.tree, 16); /* then the names have no end but the tree's */
    fdt_set_size_dt_strings(given.tree, 0);
    memset((char *)given.tree + sizeof(given.tree) - 100, 'n', 99);
    expect_refused("vm.dtb: a property's name is longer than 63 characters");
}

KTF_TEST(vm_make, a_kernel_that_is_none_is_refused)
{
    given.image.kernel_start[56] ^= 1;
    make_it();
    EXPECT_STREQ(world.refused, "kernel: not an arm64 Image: it has no magic");
    EXPECT_TRUE(strstr(log_text, "made: cannot be made: kernel: not") != NULL);
    expect_made_gone();
    EXPECT_EQ(outcome, 0); /* no VM went wrong */
}

KTF_TEST(vm_make, files_have_room_or_it_is_refused)
{
    given.image.initrd_bytes = UINT64_MAX;
    make_it();
    EXPECT_TRUE(strncmp(world.refused, "initrd: it does not fit", 23) == 0);
    expect_made_gone();
    given.image.initrd_bytes = 0;
    given.image.kernel_bytes = UINT64_MAX;
    make_it();
    EXPECT_TRUE(strncmp(world.refused, "kernel: it does not fit", 23) == 0);
    expect_made_gone();
}

KTF_TEST(vm_make, of_the_hypervisors_memory_nothing_is_left)
{
    void *first = NULL;

    while (page_nr_free() > 16) {
        void **page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K);

        *page = first;
        first = page;
    }
    EXPECT_EQ(create().status, STILE_SUCCESS);
    EXPECT_TRUE(strstr(world.refused, "of the hypervisor's memory, and") != NULL);
    while (page_nr_free() > 0) {
        void **page = page_alloc(PAGE_OWNER_HV, PAGE_ORDER_4K);

        *page = first;
        first = page;
    }
    EXPECT_EQ(create().status, STILE_NO_MEMORY);
    while (first)
        first = fake_give_one(first);
    make_it();
    expect_waits();
}

KTF_TEST(vm_make, one_at_a_time_and_no_more_than_there_is_room_for)
{
    make_it();
    EXPECT_EQ(create().status, STILE_LIMIT);
    destroy_made();
    expect_made_gone();
}

/* --- the maker's quota ------------------------------------------------------------------------ */

/* Its maker's name and a dot go before. */
static void limit(uint32_t mib, uint32_t nr_vcpus, uint32_t kib)
{
    strcpy(given.image.name, "vm.made");
    maker->config.privileged = false;
    maker->config.quota = (struct vm_quota){true, mib, nr_vcpus, kib};
}

KTF_TEST(vm_make, a_quota_is_kept)
{
    limit(1, 1, 4096);
    expect_refused("its maker's VMs would have 2 MiB, of a quota of 1");
    limit(2, 0, 4096);
    expect_refused("its maker's VMs would have 1 vCPUs, of a quota of 0");
    limit(2, 1, 63);
    expect_refused(
        "its maker's VMs would have 256 KiB of the hypervisor's memory, of a quota of 63");
    limit(2, 1, 256);
    described.nodes[0].reg[1] += PAGE_SIZE; /* which is a MiB more, of a quota */
    write_tree();
    expect_refused("its maker's VMs would have 3 MiB, of a quota of 2");
    described.nodes[0].reg[1] = MADE_BYTES;
    write_tree();
    make_it();
    expect_waits();
    EXPECT_EQ(page_budget(2).nr_pages, 64);
    /* Which are used up until it is gone. */
    EXPECT_EQ(use_of(maker, NULL).nr_pages, 512);
    destroy_made();
    EXPECT_EQ(use_of(maker, NULL).nr_pages, 0);
    make_it();
    expect_waits();
}

/* Nor does it get more than its quota by having it donated, and making anew who did. */
KTF_TEST(vm_make, what_is_donated_counts)
{
    limit(2, 1, 4096);
    make_it();
    maker->stage2.kept += 300; /* as vmem_donate() does */
    destroy_made();
    expect_refused("its maker's VMs would have 4 MiB, of a quota of 2");
    maker->stage2.kept -= 300;
    make_it();
    expect_waits();
    made->stage2.kept += 512; /* of another one of its maker's, which has ended */
    EXPECT_EQ(use_of(maker, NULL).nr_pages, 1024);
    made->stage2.kept -= 512;
}

/* Others look for a VM by its name, and trust it then. */
KTF_TEST(vm_make, nobody_takes_a_name_that_others_look_for)
{
    static const char *const names[] = {"made", "vm", "vmade", "v.made", "io"};

    limit(64, 8, 4096);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        memset(given.image.name, 0, sizeof(given.image.name));
        strcpy(given.image.name, names[i]);
        EXPECT_EQ(create().status, STILE_SUCCESS);
        EXPECT_STREQ(world.refused,
                     strcmp(names[i], "vm") == 0
                         ? "there is a VM of that name"
                         : "its name does not begin with vm., as those of its maker's VMs do");
    }
    strcpy(given.image.name, "vm.");
    make_it();
    expect_waits();
}

/* Whoever makes it; the tree's words are the first to be looked at. */
KTF_TEST(vm_make, devices_of_the_machine_are_for_vms_of_the_bundle)
{
    made->config.nr_devices = 1;
    EXPECT_STREQ(vm_rights_check(maker, made),
                 "devices of the machine's are for VMs of the bundle");
    made->config = (struct vm_config){.one_to_one = true};
    EXPECT_STREQ(vm_rights_check(maker, made),
                 "devices of the machine's are for VMs of the bundle");
    made->config = (struct vm_config){.nr_vcpus = 1};
    EXPECT_NULL(vm_rights_check(maker, made));
}

KTF_TEST(vm_make, nobody_gives_what_he_has_not)
{
    limit(64, 8, 4096);
    described.privileged = 1;
    write_tree();
    expect_refused("its maker may give it no privileges");
    described.privileged = 0;
    described.pmu = 2;
    write_tree();
    expect_refused("its maker may give it no privileges");
    described.pmu = 0;
    described.has_sharing = 1;
    described.weight = maker->config.weight + 1;
    described.affinity = 1;
    described.affinity_bytes = 8;
    write_tree();
    expect_refused("its weight is 101, and its maker's 100");
    described.weight = 100;
    maker->config.affinity = 2;
    write_tree();
    expect_refused("its stile,affinity names CPUs that its maker may not use");
    described.has_sharing = 0;
    write_tree();
    make_it();
    EXPECT_EQ(made->config.affinity, 2); /* all that are to be had */
}

/* --- from there on ---------------------------------------------------------------------------- */

KTF_TEST(vm_make, a_vm_is_made_waits_and_starts)
{
    make_it();
    expect_waits();
    EXPECT_EQ(made->maker, maker->number);
    EXPECT_EQ(made->kernel_at.ipa, RAM);
    EXPECT_TRUE(made->initrd_at.ipa > made->kernel_at.ipa);
    EXPECT_NULL(strchr(world.done, 's'));
    write_files();
    EXPECT_EQ(hcall_vm_start(maker->vcpus[0], stile_vm_id(made->number)).status, STILE_SUCCESS);
    EXPECT_TRUE(strchr(world.done, 's') != NULL);
    EXPECT_EQ(made->start, VM_STARTED);
    EXPECT_EQ(hcall_vm_start(maker->vcpus[0], stile_vm_id(made->number)).status, STILE_NOT_FOUND);
    EXPECT_EQ(hcall_vm_start(maker->vcpus[0], stile_vm_id(maker->number)).status, STILE_NOT_FOUND);
    EXPECT_EQ(hcall_vm_start(maker->vcpus[0], stile_vm_id(0)).status, STILE_NOT_FOUND);
    destroy_made();
    expect_made_gone();
}

/* Its tree is the maker's, with what the hypervisor adds; the maker's own is not needed any more.
 */
KTF_TEST(vm_make, its_tree_is_kept)
{
    static uint64_t found[TREE_BYTES / 8];
    const struct vm_load *load = &builds[1].load;

    ASSERT_EQ(create().status, STILE_SUCCESS);
    EXPECT_EQ(guest_write(maker, ipa_make(IMAGE_AT), kernel, given_bytes), given_bytes);
    EXPECT_LT(step_made(MANY), MANY);
    expect_waits();
    ASSERT_EQ(guest_read(made, found, load->dtb.base, load->dtb.bytes), load->dtb.bytes);
    EXPECT_EQ(fdt_check_full(found, load->dtb.bytes), 0);
    EXPECT_GE(fdt_path_offset(found, "/hypervisor@b000000"), 0);
    const fdt64_t *start =
        fdt_getprop(found, fdt_path_offset(found, "/chosen"), "linux,initrd-start", NULL);
    ASSERT_TRUE(start != NULL);
    EXPECT_EQ(fdt64_ld(start), made->initrd_at.ipa);
}

KTF_TEST(vm_make, it_waits_again_when_it_starts_anew)
{
    make_it();
    for (unsigned i = 0; i < 3; i++) {
        write_files();
        ASSERT_EQ(hcall_vm_start(maker->vcpus[0], stile_vm_id(made->number)).status, STILE_SUCCESS);
        vm_hold(made);
        vm_stop(made->vcpus[0], VM_END_REBOOT);
        sched_release(made);
        EXPECT_LT(step_made(MANY), MANY);
        expect_waits();
    }
    destroy_made();
    expect_made_gone();
}

static void end_maker(void)
{
    end(VM_END_OFF);
    (void)step(MANY);
    EXPECT_EQ(maker->state, VM_OFF);
}

KTF_TEST(vm_make, what_waits_ends_with_its_maker)
{
    make_it();
    end_maker();
    EXPECT_EQ(made->state, VM_UNREADY);
    EXPECT_EQ(made->end, VM_END_DESTROYED);
    EXPECT_LT(step_made(MANY), MANY);
    EXPECT_EQ(made->state, VM_OFF);
    EXPECT_EQ(page_nr_guest(), page_nr_free_guest());
    EXPECT_EQ(page_audit(), 0);
}

KTF_TEST(vm_make, what_runs_outlives_its_maker_but_does_not_start_anew)
{
    make_it();
    write_files();
    ASSERT_EQ(hcall_vm_start(maker->vcpus[0], stile_vm_id(made->number)).status, STILE_SUCCESS);
    end_maker();
    EXPECT_EQ(made->state, VM_RUNNING);
    vm_hold(made);
    vm_stop(made->vcpus[0], VM_END_REBOOT);
    sched_release(made);
    EXPECT_LT(step_made(MANY), MANY);
    EXPECT_EQ(made->state, VM_OFF);
    EXPECT_EQ(page_audit(), 0);
}

/* However far it is when its maker ends. */
KTF_TEST(vm_make, its_maker_may_end_at_any_step)
{
    for (unsigned at = 0;; at++) {
        setup_maker();
        ASSERT_EQ(create().status, STILE_SUCCESS);
        bool is_done = at > 0 && step_made(at) < at;
        end_maker();
        finish();
        EXPECT_EQ(made->state, VM_OFF);
        EXPECT_EQ(page_audit(), 0);
        if (is_done)
            break;
    }
}

KTF_TEST(vm_make, it_may_be_destroyed_at_any_step)
{
    for (unsigned at = 0;; at++) {
        setup_maker();
        ASSERT_EQ(create().status, STILE_SUCCESS);
        bool is_done = at > 0 && step_made(at) < at;
        if (made->state == VM_UNREADY)
            EXPECT_TRUE(vm_destroy_rebooting(made, made->number));
        else
            destroy_made();
        finish();
        expect_made_gone();
        if (is_done)
            break;
    }
}

KTF_TEST(vm_make, nothing_is_lost_in_ten_thousand)
{
    size_t nr_free = page_nr_free();

    for (unsigned i = 0; i < 10000; i++) {
        given.image.initrd_bytes = i % 7 == 0 ? UINT64_MAX : 0;
        given.tree[1] ^= i % 11 == 0;
        ASSERT_EQ(create().status, STILE_SUCCESS);
        given.tree[1] ^= i % 11 == 0;
        if (made->state == VM_UNREADY)
            (void)step_made(i % 13 == 0 ? 3 : MANY);
        if (made->state == VM_UNREADY) {
            (void)vm_destroy_rebooting(made, made->number);
            (void)step_made(MANY);
        } else if (made->state == VM_RUNNING) {
            destroy_made();
        }
        ASSERT_EQ(made->state, VM_OFF);
        ASSERT_EQ(page_nr_free(), nr_free);
        log_clear();
    }
    expect_made_gone();
}

/* Whoever had the place had nothing to do with whoever gets it. */
KTF_TEST(vm_make, another_vm_forgets_what_predictors_learnt)
{
    make_it();
    pcpus[0].trained_by = made;
    destroy_made();
    make_it();
    EXPECT_NULL(pcpus[0].trained_by);
}

/* What is left of others stays as long as there is another place. */
KTF_TEST(vm_make, places_are_taken_unused_ones_first_then_ones_own_then_the_oldest)
{
    for (uint32_t i = 0; i < 2; i++) {
        slots[i].state = VM_OFF;
        slots[i].number = 1;
        slots[i].maker = 7 + i;
        slots[i].ended = 10 + i;
    }
    EXPECT_EQ(find_free(0), 1);
    EXPECT_EQ(find_free(9), 1);
    EXPECT_EQ(find_free(7), 1);
    EXPECT_EQ(find_free(8), 2);
    slots[0].ended = 12;
    EXPECT_EQ(find_free(9), 2);
    slots[0].number = 0; /* nobody has had it */
    slots[1].maker = 9;
    EXPECT_EQ(find_free(9), 1);
    EXPECT_EQ(find_free(0), 1);
}
