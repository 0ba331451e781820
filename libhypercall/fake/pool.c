/* SPDX-License-Identifier: MIT */
/*
 * The fake's memory: one pool of pages, a file without a name. The hypervisor sees all of it; a VM
 * sees, in its window, the pages its map says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool.h"

#define POOL_PAGES 16384
#define MAP_BYTES  (FAKE_SPACE_PAGES * sizeof(struct fake_mapping))
#define ACCESS_ALL (STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_ACCESS_EXECUTE)

static const struct fake_mapping nothing;

static int pool_file = -1;
static uint8_t *pool;
static uint8_t pool_owner[POOL_PAGES]; /* a VM's place, from 1; 0: free */

/* What a VM once had is kept for the next one of its place: addresses stay. */
static struct {
    uint8_t *window;
    struct fake_mapping *map;
} spaces[FAKE_NR_VMS];

static void *reserve(void *at, size_t bytes, int protection)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED : 0);
    void *where = mmap(at, bytes, protection, flags, -1, 0);

    if (where == MAP_FAILED) {
        perror("stile fake: mmap");
        abort();
    }
    return where;
}

static void open_pool(void)
{
    pool_file = memfd_create("stile-fake", MFD_CLOEXEC);
    if (pool_file < 0 || ftruncate(pool_file, (off_t)POOL_PAGES * STILE_PAGE_SIZE) != 0) {
        perror("stile fake: memfd");
        abort();
    }
    pool = mmap(NULL, (size_t)POOL_PAGES * STILE_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
                pool_file, 0);
    if (pool == MAP_FAILED) {
        perror("stile fake: mmap");
        abort();
    }
}

void fake_pool_reset(void)
{
    memset(pool_owner, 0, sizeof(pool_owner));
}

void *fake_pool_pointer(uint32_t page)
{
    return pool + (size_t)page * STILE_PAGE_SIZE;
}

/* What a VM is in pool_owner. */
static uint8_t owner_of(const struct fake_vm *vm)
{
    return (uint8_t)(fake_place(vm->number) + 1);
}

/* A zeroed page; whether there is one. */
static bool take_page(const struct fake_vm *vm, uint32_t *page)
{
    for (uint32_t i = 0; i < POOL_PAGES; i++) {
        if (pool_owner[i] != 0)
            continue;
        pool_owner[i] = owner_of(vm);
        memset(fake_pool_pointer(i), 0, STILE_PAGE_SIZE);
        *page = i;
        return true;
    }
    return false;
}

static int protection(uint8_t access)
{
    return ((access & STILE_ACCESS_READ) != 0 ? PROT_READ : 0) |
           ((access & STILE_ACCESS_WRITE) != 0 ? PROT_WRITE : 0);
}

void fake_pool_set(struct fake_vm *vm, uint64_t number, struct fake_mapping mapping)
{
    uint8_t *at = vm->window + number * STILE_PAGE_SIZE;

    vm->map[number] = mapping;
    if (mapping.kind == FAKE_NOTHING) {
        (void)reserve(at, STILE_PAGE_SIZE, PROT_NONE);
        return;
    }
    if (mmap(at, STILE_PAGE_SIZE, protection(mapping.access), MAP_SHARED | MAP_FIXED, pool_file,
             (off_t)mapping.page * STILE_PAGE_SIZE) == MAP_FAILED) {
        perror("stile fake: mmap");
        abort();
    }
}

bool fake_pool_populate(struct fake_vm *vm, uint64_t number, enum fake_kind kind, uint8_t access,
                        void **view)
{
    struct fake_mapping mapping = {.kind = (uint8_t)kind, .access = access, .most = access};

    if (!take_page(vm, &mapping.page))
        return false;
    fake_pool_set(vm, number, mapping);
    *view = fake_pool_pointer(mapping.page);
    return true;
}

bool fake_pool_scratch(struct fake_vm *vm)
{
    if (!vm->has_scratch)
        vm->has_scratch = take_page(vm, &vm->scratch);
    return vm->has_scratch;
}

static bool populate_shared(struct fake_vm *vm)
{
    const uint8_t read_write = STILE_ACCESS_READ | STILE_ACCESS_WRITE;
    void *view[2 + 2 * STILE_FAKE_VCPUS_MAX] = {NULL};
    bool good =
        fake_pool_populate(vm, FAKE_VM_PAGE_IPA / STILE_PAGE_SIZE, FAKE_SHARED, STILE_ACCESS_READ,
                           &view[0]) &&
        fake_pool_populate(vm, FAKE_RING_IPA / STILE_PAGE_SIZE, FAKE_SHARED, read_write, &view[1]);

    for (uint32_t i = 0; good && i < vm->config.nr_vcpus; i++) {
        good = fake_pool_populate(vm, FAKE_VCPU_PAGE_IPA / STILE_PAGE_SIZE + i, FAKE_SHARED,
                                  STILE_ACCESS_READ, &view[2 + 2 * i]) &&
               fake_pool_populate(vm, FAKE_MAILBOX_IPA / STILE_PAGE_SIZE + i, FAKE_SHARED,
                                  read_write, &view[3 + 2 * i]);
        vm->vcpus[i].page = view[2 + 2 * i];
        vm->vcpus[i].mailbox = view[3 + 2 * i];
    }
    vm->page = view[0];
    vm->ring = view[1];
    return good;
}

bool fake_pool_start(struct fake_vm *vm)
{
    uint32_t slot = fake_place(vm->number);
    void *view;

    if (pool_file < 0)
        open_pool();
    if (!spaces[slot].window) {
        spaces[slot].window = reserve(NULL, STILE_FAKE_SPACE_BYTES, PROT_NONE);
        spaces[slot].map = reserve(NULL, MAP_BYTES, PROT_READ | PROT_WRITE);
    }
    vm->window = spaces[slot].window;
    vm->map = spaces[slot].map;
    vm->nr_pages = 0;
    vm->quota = vm->config.nr_pages;
    for (; vm->nr_pages < vm->quota; vm->nr_pages++)
        if (!fake_pool_populate(vm, STILE_FAKE_MEMORY_BASE / STILE_PAGE_SIZE + vm->nr_pages,
                                FAKE_OWN, ACCESS_ALL, &view))
            return false;
    return populate_shared(vm);
}

void fake_pool_end(struct fake_vm *vm)
{
    for (uint32_t i = 0; i < POOL_PAGES; i++)
        if (pool_owner[i] == owner_of(vm))
            pool_owner[i] = 0;
    vm->has_scratch = false;
    (void)reserve(vm->window, STILE_FAKE_SPACE_BYTES, PROT_NONE);
    (void)reserve(vm->map, MAP_BYTES, PROT_READ | PROT_WRITE);
}

void fake_pool_free(struct fake_vm *vm, uint64_t number)
{
    pool_owner[vm->map[number].page] = 0;
    fake_pool_set(vm, number, nothing);
}

uint32_t fake_pool_owner(uint32_t page)
{
    return pool_owner[page] != 0 ? fake.vms[pool_owner[page] - 1].number : 0;
}

void fake_pool_give(struct fake_vm *from, uint64_t number, struct fake_vm *to, uint64_t at)
{
    struct fake_mapping mapping = from->map[number];

    mapping.access = ACCESS_ALL;
    mapping.most = ACCESS_ALL;
    pool_owner[mapping.page] = owner_of(to);
    fake_pool_set(from, number, nothing);
    fake_pool_set(to, at, mapping);
    from->nr_pages--;
    from->quota--;
    to->nr_pages++;
    to->quota++;
}
