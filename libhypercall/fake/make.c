/* SPDX-License-Identifier: MIT */
/*
 * The fake's group vm. In place of a device tree's contents it looks at the tree's header, and
 * makes a VM of one vCPU and the default memory: see stile/fake.h.
 */
#include "make.h"

#include <stdio.h>
#include <string.h>

#include "handler.h"
#include "space.h"
#include "vm.h"

/* Devicetree Specification 5.2: the magic number, and the length behind it, in big-endian words. */
#define TREE_MAGIC        0xD00DFEED
#define TREE_HEADER_BYTES 40
#define TREE_LENGTH       4

/* What vm_create is given; under the machine's lock. */
static struct {
    struct stile_vm_image image;
    uint8_t tree[STILE_VM_IMAGE_MAX - sizeof(struct stile_vm_image)];
} given;

static uint32_t word_of_tree(uint32_t at)
{
    const uint8_t *bytes = &given.tree[at];

    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_tree(uint64_t bytes)
{
    return bytes >= TREE_HEADER_BYTES && word_of_tree(0) == TREE_MAGIC &&
           word_of_tree(TREE_LENGTH) >= TREE_HEADER_BYTES && word_of_tree(TREE_LENGTH) <= bytes;
}

static bool is_taken(const char name[STILE_VM_NAME_BYTES])
{
    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        if (fake.vms[i].state != STILE_VM_ENDED &&
            memcmp(fake.vms[i].name, name, STILE_VM_NAME_BYTES) == 0)
            return true;
    return false;
}

/* Whether one vCPU more is within a maker's quota. */
static bool is_in_quota(const struct fake_vm *maker)
{
    uint32_t nr = 1;

    for (uint32_t i = 0; i < FAKE_NR_VMS; i++)
        if (fake.vms[i].state != STILE_VM_ENDED && fake.vms[i].maker == maker->number)
            nr += fake.vms[i].config.nr_vcpus;
    return nr <= maker->config.quota_vcpus;
}

static uint64_t pages_of(uint64_t bytes)
{
    return bytes / STILE_PAGE_SIZE + (bytes % STILE_PAGE_SIZE != 0);
}

static bool is_room(const struct fake_vm *vm)
{
    uint64_t room = vm->config.nr_pages, kernel = pages_of(given.image.kernel_bytes);

    return kernel <= room && pages_of(given.image.initrd_bytes) <= room - kernel;
}

/* With a quota one gives no name that another VM might have. */
static bool is_own_name(const struct fake_vm *maker, const char *name)
{
    size_t length = strlen(maker->name);

    return strncmp(name, maker->name, length) == 0 && name[length] == '.';
}

/* What a maker with a quota may not give, or NULL. */
static const char *find_excess(const struct fake_vm *maker, const struct fake_vm *vm)
{
    if (maker->config.privileged)
        return NULL;
    if (!is_own_name(maker, vm->name))
        return "its name does not begin with its maker's and a dot";
    if (vm->weight > maker->weight)
        return "its weight is more than its maker's";
    if (!is_in_quota(maker))
        return "its maker's VMs would have more vCPUs than its quota";
    return NULL;
}

/* Why the VM is not made, or NULL. */
static const char *find_fault(const struct fake_vm *maker, const struct fake_vm *vm, uint64_t bytes)
{
    const char *excess = find_excess(maker, vm);

    if (is_taken(vm->name))
        return "there is a VM of that name";
    if (!is_tree(bytes))
        return "vm.dtb: not a flattened device tree, or cut short";
    if (excess)
        return excess;
    if (!is_room(vm))
        return "its kernel and its initrd do not fit into its memory";
    return NULL;
}

/* A VM that never ran. */
static void refuse(struct fake_vm *vm, const char *fault)
{
    (void)snprintf(vm->message, sizeof(vm->message), "%s", fault);
    vm->config.nr_vcpus = 0;
    vm->end = STILE_FAKE_CRASHED;
    fake_vm_off(vm);
}

static void make(const struct fake_vm *maker, struct fake_vm *vm, uint64_t bytes)
{
    static const struct stile_fake_config plain;
    const char *fault;

    fake_vm_furnish(vm, &plain, given.image.name);
    fault = find_fault(maker, vm, bytes);
    vm->maker = maker->number;
    if (!maker->config.privileged)
        vm->affinity = maker->affinity;
    vm->kernel_bytes = given.image.kernel_bytes;
    if (fault)
        refuse(vm, fault);
    else
        fake_vm_begin(vm);
}

/* As a directory's find_vm can ask for. */
static bool is_name(const char name[STILE_VM_NAME_BYTES])
{
    size_t length = 0;

    while (length < STILE_VM_NAME_BYTES && name[length] > ' ' && name[length] <= '~' &&
           name[length] != '/')
        length++;
    if (length == 0 || length == STILE_VM_NAME_BYTES)
        return false;
    while (length < STILE_VM_NAME_BYTES && name[length] == '\0')
        length++;
    return length == STILE_VM_NAME_BYTES;
}

struct stile_result fake_vm_create(struct fake_vcpu *vcpu, stile_ipa_t image,
                                   stile_nr_bytes_t length)
{
    uint64_t tree_bytes = length.bytes - sizeof(given.image);

    if (tree_bytes - 1 >= sizeof(given.tree) || image.ipa + (length.bytes - 1) < image.ipa)
        return fake_bad(2);
    struct fake_vm *vm = fake_vm_free_place(vcpu->vm->number);
    if (!vm)
        return fake_error(STILE_LIMIT);
    if (fake_space_read(vcpu->vm, &given, image, length.bytes) < length.bytes)
        return fake_error(STILE_NOT_MAPPED);
    if (!is_name(given.image.name) || given.image.kernel_bytes == 0 ||
        given.image.reserved[0] != 0 || given.image.reserved[1] != 0)
        return fake_bad(1);
    make(vcpu->vm, vm, tree_bytes);
    return fake_value(vm->number, 0, 0);
}

struct stile_result fake_vm_start(struct fake_vcpu *vcpu, stile_vm_id_t vm)
{
    struct fake_vm *found = fake_running_vm(vm.number);

    if (!found || !fake_may_steer(vcpu->vm, found) || !fake_vm_go(found))
        return fake_error(STILE_NOT_FOUND);
    return fake_ok();
}

void fake_make_places(const struct fake_vm *vm, struct stile_vm_info *info)
{
    info->kernel_ipa = STILE_FAKE_MEMORY_BASE;
    info->initrd_ipa = STILE_FAKE_MEMORY_BASE + pages_of(vm->kernel_bytes) * STILE_PAGE_SIZE;
}
