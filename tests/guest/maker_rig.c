/* SPDX-License-Identifier: MIT */
#include "maker_rig.h"

#include <libfdt.h>
#include <string.h>

#include "arch/cpu.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

/* A redistributor's registers (IHI 0069, 12.8). */
#define GICR_BYTES 0x20000u

/* For a machine with other work. */
#define SOON_MS 20000

const struct made made_small = {.name = "made", .mode = "paravirtual", .mib = 2, .nr_vcpus = 1};

/* --- its tree --------------------------------------------------------------------------------- */

static void put_string(void *tree, const char *name, const char *text)
{
    fdt_property(tree, name, text, (int)strlen(text) + 1);
}

static void put_root(void *tree, const struct made *made)
{
    fdt_property_u32(tree, "#address-cells", 2);
    fdt_property_u32(tree, "#size-cells", 2);
    put_string(tree, "stile,mode", made->mode);
    if (made->weight > 0)
        fdt_property_u32(tree, "stile,weight", made->weight);
    if (made->hv_kib > 0)
        fdt_property_u32(tree, "stile,hv-memory-kib", made->hv_kib);
    if (made->affinity > 0)
        fdt_property_u64(tree, "stile,affinity", made->affinity);
    if (made->privileged)
        fdt_property(tree, "stile,privileged", NULL, 0);
}

static void put_memory(void *tree, const struct made *made)
{
    const fdt64_t reg[2] = {cpu_to_fdt64(0x40000000), cpu_to_fdt64((uint64_t)made->mib << 20)};

    fdt_begin_node(tree, "memory@40000000");
    put_string(tree, "device_type", "memory");
    fdt_property(tree, "reg", reg, sizeof(reg));
    fdt_end_node(tree);
}

static void put_cpus(void *tree, const struct made *made)
{
    fdt_begin_node(tree, "cpus");
    fdt_property_u32(tree, "#address-cells", 1);
    fdt_property_u32(tree, "#size-cells", 0);
    for (uint32_t i = 0; i < made->nr_vcpus; i++) {
        char name[] = "cpu@00";

        name[4] = (char)('0' + i / 10);
        name[5] = (char)('0' + i % 10);
        fdt_begin_node(tree, name);
        put_string(tree, "device_type", "cpu");
        fdt_property_u32(tree, "reg", i);
        fdt_end_node(tree);
    }
    fdt_end_node(tree);
}

static void put_chosen(void *tree, const struct made *made)
{
    fdt_begin_node(tree, "chosen");
    if (made->initrd_bytes > 0) {
        fdt_property_u64(tree, "linux,initrd-start", 0);
        fdt_property_u64(tree, "linux,initrd-end", 0);
    }
    fdt_end_node(tree);
}

static void put_range(fdt64_t reg[2], const struct range *range)
{
    reg[0] = cpu_to_fdt64(range->base);
    reg[1] = cpu_to_fdt64(range->bytes);
}

/* As this VM has it. One that is paravirtual needs none: its interrupts come by mailboxes. */
static void put_gic(void *tree, const struct made *made)
{
    bool is_v3 = machine.gic_version == 3;
    fdt64_t reg[4];

    if (strcmp(made->mode, "paravirtual") == 0)
        return;
    put_range(&reg[0], &machine.gicd);
    put_range(&reg[2], is_v3 ? &machine.gicr : &machine.gicc);
    if (is_v3)
        reg[3] = cpu_to_fdt64((uint64_t)made->nr_vcpus * GICR_BYTES);
    fdt_begin_node(tree, "intc");
    put_string(tree, "compatible", is_v3 ? "arm,gic-v3" : "arm,cortex-a15-gic");
    fdt_property_u32(tree, "#interrupt-cells", 3);
    fdt_property(tree, "interrupt-controller", NULL, 0);
    fdt_property(tree, "reg", reg, sizeof(reg));
    fdt_end_node(tree);
}

static void put_tree(void *tree, size_t bytes, const struct made *made)
{
    fdt_create(tree, (int)bytes);
    fdt_finish_reservemap(tree);
    fdt_begin_node(tree, "");
    put_root(tree, made);
    put_chosen(tree, made);
    put_memory(tree, made);
    put_cpus(tree, made);
    put_gic(tree, made);
    fdt_end_node(tree);
    EXPECT_EQ(fdt_finish(tree), 0);
    EXPECT_EQ(fdt_open_into(tree, tree, (int)bytes), 0); /* room for the hypervisor's node */
}

/* --- trees that take long --------------------------------------------------------------------- */

/* What a name, or a value, is made of. */
static char long_text[6000];

static void put_nodes(void *tree)
{
    for (int i = 0; i < 1200; i++) {
        fdt_begin_node(tree, "a");
        fdt_end_node(tree);
    }
}

static void put_props(void *tree, const char *name, int nr)
{
    fdt_begin_node(tree, "props");
    for (int i = 0; i < nr; i++)
        fdt_property(tree, name, NULL, 0);
    fdt_end_node(tree);
}

static void put_names(void *tree)
{
    memset(long_text, 'n', sizeof(long_text) - 1);
    put_props(tree, long_text, 700);
}

static void put_strings(void *tree)
{
    for (size_t i = 0; i < sizeof(long_text); i++)
        long_text[i] = i % 2 == 0 ? 'a' : '\0';
    fdt_begin_node(tree, "strings");
    fdt_property(tree, "compatible", long_text, sizeof(long_text));
    fdt_end_node(tree);
}

static void put_ranges(void *tree)
{
    const fdt64_t reg[2] = {cpu_to_fdt64(0x10), cpu_to_fdt64(8)};

    memset(long_text, 0, sizeof(long_text));
    fdt_begin_node(tree, "bus");
    fdt_property_u32(tree, "#address-cells", 2);
    fdt_property_u32(tree, "#size-cells", 2);
    fdt_property(tree, "ranges", long_text, sizeof(long_text));
    for (int i = 0; i < 120; i++) {
        fdt_begin_node(tree, "d");
        put_string(tree, "compatible", "cfi-flash");
        fdt_property(tree, "reg", reg, sizeof(reg));
        fdt_end_node(tree);
    }
    fdt_end_node(tree);
}

size_t maker_write_slow(struct maker_longest *to, const struct made *made, enum maker_slow how)
{
    static void (*const fillers[])(void *tree) = {
        [MAKER_SLOW_NODES] = put_nodes,
        [MAKER_SLOW_NAMES] = put_names,
        [MAKER_SLOW_STRINGS] = put_strings,
        [MAKER_SLOW_RANGES] = put_ranges,
    };
    static struct maker_image plain;

    (void)maker_write(&plain, made);
    to->image = plain.image;
    fdt_create(to->tree, sizeof(to->tree));
    fdt_finish_reservemap(to->tree);
    fdt_begin_node(to->tree, "");
    put_root(to->tree, made);
    put_memory(to->tree, made);
    put_cpus(to->tree, made);
    if (how == MAKER_SLOW_PROPS)
        put_props(to->tree, "stile,mode", 1200);
    else
        fillers[how](to->tree);
    fdt_end_node(to->tree);
    EXPECT_EQ(fdt_finish(to->tree), 0);
    return sizeof(*to);
}

/* --- from there to a VM that runs ------------------------------------------------------------- */

size_t maker_write(struct maker_image *to, const struct made *made)
{
    size_t length = (size_t)(made_image_end - made_image);

    memset(to, 0, sizeof(*to));
    memcpy(to->image.name, made->name, strlen(made->name));
    to->image.kernel_bytes = made->kernel_bytes > 0 ? made->kernel_bytes : length;
    to->image.initrd_bytes = made->initrd_bytes;
    memcpy(to->image.kernel_start, made_image, STILE_VM_KERNEL_START);
    put_tree(to->tree, sizeof(to->tree), made);
    return sizeof(*to);
}

struct stile_result maker_create(const struct maker_image *image, size_t bytes)
{
    return stile_vm_create(stile_ipa(virt_to_phys(image)), stile_nr_bytes(bytes));
}

struct stile_vm_info maker_info(stile_vm_id_t vm)
{
    static struct stile_vm_info info __attribute__((aligned(128)));

    info = (struct stile_vm_info){.state = STILE_VM_ENDED};
    (void)stile_control_vm_info(vm, stile_ipa(virt_to_phys(&info)), stile_nr_bytes(sizeof(info)));
    return info;
}

bool maker_wait(stile_vm_id_t vm, enum stile_vm_state state)
{
    return support_wait(maker_info(vm).state == state, SOON_MS);
}

/* What a page of either side has no more of is copied by the next call. */
static bool copy_to(stile_vm_id_t vm, uint64_t to, const void *from, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        size_t left = bytes - done;
        struct stile_result result = stile_control_memory_write(
            vm, stile_ipa(to + done), stile_ipa(virt_to_phys((const char *)from + done)),
            stile_nr_bytes(left < STILE_CONTROL_COPY_MAX ? left : STILE_CONTROL_COPY_MAX));

        if (result.status != STILE_SUCCESS || result.value[0] == 0)
            return false;
        done += result.value[0];
    }
    return true;
}

bool maker_load(stile_vm_id_t vm)
{
    return copy_to(vm, maker_info(vm).kernel_ipa, made_image,
                   (size_t)(made_image_end - made_image));
}

stile_vm_id_t maker_make(const struct made *made)
{
    static struct maker_image image;
    struct stile_result result = maker_create(&image, maker_write(&image, made));
    stile_vm_id_t vm = stile_vm_create_vm(result);

    if (result.status != STILE_SUCCESS || !maker_wait(vm, STILE_VM_MADE) || !maker_load(vm))
        return stile_vm_id(0);
    return vm;
}

/* Where its kernel's words are: it is where its tree's memory begins. */
static uint64_t words_ipa(void)
{
    return 0x40000000 + STILE_VM_KERNEL_START;
}

struct made_words maker_words(stile_vm_id_t vm)
{
    static struct made_words words __attribute__((aligned(64)));
    struct stile_result result = stile_control_memory_read(
        vm, stile_ipa(words_ipa()), stile_ipa(virt_to_phys(&words)), stile_nr_bytes(sizeof(words)));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_EQ(result.value[0], sizeof(words));
    return words;
}

void maker_order(stile_vm_id_t vm, enum made_order order)
{
    static uint64_t word __attribute__((aligned(8)));

    word = order;
    EXPECT_TRUE(copy_to(vm, words_ipa(), &word, sizeof(word)));
}

const char *maker_reason(stile_vm_id_t vm)
{
    static struct stile_crash_info crash __attribute__((aligned(1024)));
    struct stile_result result = stile_control_crash_info(vm, stile_ipa(virt_to_phys(&crash)),
                                                          stile_nr_bytes(sizeof(crash)));

    if (result.status != STILE_SUCCESS)
        return "";
    crash.message[crash.length < sizeof(crash.message) ? crash.length : 0] = '\0';
    return crash.message;
}
