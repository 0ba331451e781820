/* SPDX-License-Identifier: MIT */
/*
 * The trees that stilectl hands over: sound ones, of which the hypervisor reads what the file says.
 */
#include <stdlib.h>

#include "arch/tlb.h"

#include "fakes/memory.h"

#include "config/dt.c"
#include "vm/refusal.c"
#include "config/machine_device.c"
#include "config/vm_check.c"
#include "config/vm_device.c"
#ifdef CONFIG_ITS
#include "config/vm_its.c"
#endif
#include "config/vm_range.c"
#include "config/vm_sriov.c"
#include "config/vm_tree.c"
#include "config/vm_virtio.c"

#include "../../tools/stilectl/tree.c"

#include "stile/abi.h"

#include "ktf.h"

#define ROOM (STILE_VM_IMAGE_MAX - sizeof(struct stile_vm_image))

static struct pcpu self;
static uint64_t buffer[STILE_VM_IMAGE_MAX / 8];

static void setup(void)
{
    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    fake_memory();
    memset(buffer, 0xA5, sizeof(buffer));
}

KTF_SUITE(stilectl_tree, .setup = setup);

/* The hypervisor's view of a tree in the buffer. */
static const char *parse(size_t bytes, struct vm_config *config)
{
    *config = (struct vm_config){0};
    return vm_tree_parse(buffer, bytes, config);
}

static size_t make_and_parse(const struct vmfile *file, unsigned gic_version,
                             struct vm_config *config)
{
    size_t bytes = tree_make(file, gic_version, buffer, ROOM);

    EXPECT_GT(bytes, 0);
    EXPECT_EQ(fdt_check_full(buffer, bytes), 0);
    EXPECT_EQ(fdt_totalsize(buffer), bytes);
    EXPECT_STREQ(parse(bytes, config), NULL);
    return bytes;
}

static const char *text_at(const char *path, const char *name)
{
    return fdt_getprop(buffer, fdt_path_offset(buffer, path), name, NULL);
}

KTF_TEST(stilectl_tree, the_least_is_a_small_virt)
{
    const struct vmfile file = {.name = "vm", .memory_mib = 64, .uart = true};
    struct vm_config config;

    (void)make_and_parse(&file, 3, &config);
    EXPECT_EQ(config.mode, VM_MODE_ASSISTED);
    EXPECT_EQ(config.nr_vcpus, 1);
    ASSERT_EQ(config.nr_memory, 1);
    EXPECT_EQ(config.memory[0].base.ipa, 0x40000000);
    EXPECT_EQ(config.memory[0].bytes, 64 << 20);
    EXPECT_EQ(config.gic_version, 3);
    EXPECT_EQ(config.gicr[0].bytes, 0x20000);
    EXPECT_EQ(config.uart.base.ipa, 0x09000000);
    EXPECT_EQ(config.uart_intid, 33);
    EXPECT_EQ(config.rtc.base.ipa, 0x09010000);
    EXPECT_EQ(config.weight, VM_WEIGHT_DEFAULT);
    EXPECT_EQ(config.affinity, UINT64_MAX);
    EXPECT_EQ(config.hv_memory_kib, 0);
    EXPECT_FALSE(config.privileged);
    EXPECT_EQ(config.nr_virtio, 0);
    EXPECT_STREQ(text_at("/chosen", "stdout-path"), "/pl011@9000000");
    EXPECT_GE(fdt_path_offset(buffer, "/pl011@9000000"), 0);
    EXPECT_NULL(text_at("/chosen", "linux,initrd-start"));
    EXPECT_STREQ(text_at("/chosen", "bootargs"), "");
}

KTF_TEST(stilectl_tree, all_that_a_file_says_is_in_it)
{
    const struct vmfile file = {
        .name = "vm",
        .bootargs = "console=\"hvc0\" \xE4",
        .mode = "paravirtual",
        .backends = {"io", "disks"},
        .nr_backends = 2,
        .messages = "net",
        .initrd = (char *)(uintptr_t) "initrd",
        .cpus = UINT64_C(0x8000000000000001),
        .memory_mib = 4096,
        .pool_mib = 16,
        .nr_vcpus = 4,
        .weight = 7,
        .hv_memory_kib = 2048,
        .privileged = true,
    };
    struct vm_config config;

    (void)make_and_parse(&file, 2, &config);
    EXPECT_EQ(config.mode, VM_MODE_PARAVIRTUAL);
    EXPECT_EQ(config.nr_vcpus, 4);
    EXPECT_EQ(config.memory[0].bytes, UINT64_C(4096) << 20);
    EXPECT_EQ(config.gic_version, 2);
    EXPECT_EQ(config.gicc.base.ipa, 0x08010000);
    EXPECT_EQ(config.uart.bytes, 0);
    EXPECT_EQ(config.weight, 7);
    EXPECT_EQ(config.affinity, UINT64_C(0x8000000000000001));
    EXPECT_EQ(config.hv_memory_kib, 2048);
    EXPECT_TRUE(config.privileged);
    ASSERT_EQ(config.nr_virtio, 2);
    EXPECT_STREQ(config.virtio[0].backend, "io");
    EXPECT_STREQ(config.virtio[1].backend, "disks");
    EXPECT_EQ(config.virtio[1].intid, 32 + 49);
    EXPECT_EQ(config.virtio[0].memory.base.ipa, UINT64_C(0x13F000000));
    EXPECT_EQ(config.virtio[0].memory.bytes, 16 << 20);
    EXPECT_STREQ(text_at("/virtio-msg", "stile,peer"), "net");
    EXPECT_STREQ(text_at("/chosen", "bootargs"), file.bootargs);
    EXPECT_NULL(text_at("/chosen", "stdout-path"));
    EXPECT_NOT_NULL(text_at("/chosen", "linux,initrd-start"));
    EXPECT_NOT_NULL(text_at("/chosen", "linux,initrd-end"));
}

KTF_TEST(stilectl_tree, eight_vcpus_are_seen_and_more_are_the_hypervisors_to_refuse)
{
    struct vmfile file = {.name = "vm", .memory_mib = 64, .nr_vcpus = 8};
    struct vm_config config;
    size_t bytes;

    (void)make_and_parse(&file, 3, &config);
    EXPECT_EQ(config.nr_vcpus, 8);
    EXPECT_EQ(config.mpidr[7], 7);
    EXPECT_EQ(config.gicr[0].bytes, 8 * 0x20000);
    file.nr_vcpus = 64;
    bytes = tree_make(&file, 3, buffer, ROOM);
    EXPECT_STREQ(parse(bytes, &config), "vm.dtb: 64 CPUs, of at most 8");
    EXPECT_GE(fdt_path_offset(buffer, "/cpus/cpu@30f"), 0);
}

KTF_TEST(stilectl_tree, the_hypervisor_has_room_for_its_node)
{
    const struct vmfile file = {.name = "vm", .memory_mib = 64, .uart = true};
    size_t bytes = tree_make(&file, 3, buffer, ROOM);
    size_t used = fdt_off_dt_strings(buffer) + fdt_size_dt_strings(buffer);

    EXPECT_EQ(bytes, used + NODE_BYTES);
    for (size_t i = used; i < bytes; i++)
        EXPECT_EQ(((unsigned char *)buffer)[i], 0);
    EXPECT_EQ(tree_make(&file, 3, buffer, used), used);
    EXPECT_EQ(tree_make(&file, 3, buffer, used - 8), 0);
    EXPECT_EQ(tree_make(&file, 3, buffer, 16), 0);
}

KTF_TEST(stilectl_tree, long_bootargs_do_not_fit)
{
    static char bootargs[STILE_VM_IMAGE_MAX];
    const struct vmfile file = {.name = "vm", .bootargs = bootargs, .memory_mib = 64};

    memset(bootargs, 'a', sizeof(bootargs) - 1);
    EXPECT_EQ(tree_make(&file, 3, buffer, ROOM), 0);
}

/* --- trees of one's own ---------------------------------------------------------------------- */

/* A tree that was given, in as many bytes as it has: to be freed. */
static void *given_tree(bool has_initrd, size_t *bytes)
{
    struct vmfile file = {.name = "vm", .memory_mib = 64, .uart = true};
    void *given;

    file.initrd = has_initrd ? (char *)(uintptr_t) "initrd" : NULL;
    *bytes = tree_make(&file, 3, buffer, ROOM);
    given = malloc(*bytes);
    if (given)
        memcpy(given, buffer, *bytes);
    memset(buffer, 0xA5, sizeof(buffer));
    return given;
}

KTF_TEST(stilectl_tree, one_of_ones_own_gets_what_it_lacks)
{
    struct vm_config config;
    size_t bytes, taken;
    void *given = given_tree(false, &bytes);

    taken = tree_take(given, bytes, false, buffer, ROOM);
    EXPECT_STREQ(parse(taken, &config), NULL);
    EXPECT_NULL(text_at("/chosen", "linux,initrd-start"));
    taken = tree_take(given, bytes, true, buffer, ROOM);
    EXPECT_STREQ(parse(taken, &config), NULL);
    EXPECT_NOT_NULL(text_at("/chosen", "linux,initrd-start"));
    EXPECT_NOT_NULL(text_at("/chosen", "linux,initrd-end"));
    EXPECT_EQ(taken, fdt_off_dt_strings(buffer) + fdt_size_dt_strings(buffer) + NODE_BYTES);
    EXPECT_EQ(tree_take(given, bytes, true, buffer, bytes / 2), 0);
    free(given);
}

KTF_TEST(stilectl_tree, one_without_chosen_gets_that)
{
    char given[256];

    EXPECT_EQ(fdt_create_empty_tree(given, sizeof(given)), 0);
    EXPECT_GT(tree_take(given, sizeof(given), true, buffer, ROOM), 0);
    EXPECT_NOT_NULL(text_at("/chosen", "linux,initrd-end"));
}

KTF_TEST(stilectl_tree, what_is_no_tree_is_the_hypervisors_to_refuse)
{
    static const char text[] = "this is a text of more than forty characters, and no tree";
    struct vm_config config;

    EXPECT_EQ(tree_take(text, sizeof(text), true, buffer, ROOM), sizeof(text));
    EXPECT_STREQ(parse(sizeof(text), &config), "vm.dtb: not a flattened device tree");
    EXPECT_EQ(tree_take(text, 4, true, buffer, ROOM), 4);
    EXPECT_STREQ(parse(4, &config), "vm.dtb: cut short");
    EXPECT_EQ(tree_take(text, 0, true, buffer, ROOM), 0);
    EXPECT_EQ(tree_take(text, sizeof(text), true, buffer, 8), 0);
}

/* Whatever it is, what is handed over is a whole tree, or what was given, or nothing. */
KTF_TEST(stilectl_tree, no_tree_does_harm)
{
    size_t bytes, nr_sound = 0;
    unsigned char *given = given_tree(true, &bytes), *changed = malloc(bytes);
    struct vm_config config;

    srand(1);
    for (int i = 0; i < 10000; i++) {
        size_t length = rand() % 8 == 0 ? (size_t)rand() % bytes : bytes;

        memcpy(changed, given, bytes);
        for (int n = rand() % 4; n >= 0; n--)
            changed[(size_t)rand() % (rand() % 2 ? 40 : bytes)] = (unsigned char)rand();
        size_t taken = tree_take(changed, length, rand() % 2, buffer, ROOM);
        EXPECT_LE(taken, ROOM);
        nr_sound += taken > 0 && !parse(taken, &config);
    }
    EXPECT_GT(nr_sound, 0);
    free(given);
    free(changed);
}
