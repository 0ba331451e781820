/* SPDX-License-Identifier: MIT */
/*
 * Addresses of the fake's VMs, and the calls for pages of one's own.
 */
#include <string.h>

#include "fake.h"

#define ACCESS_ALL (STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_ACCESS_EXECUTE)

static struct fake_mapping *mapping_at(struct fake_vm *vm, uint64_t ipa)
{
    return ipa < STILE_FAKE_SPACE_BYTES ? &vm->map[ipa / STILE_PAGE_SIZE] : NULL;
}

static bool is_memory(const struct fake_mapping *mapping)
{
    return mapping && (mapping->kind == FAKE_OWN || mapping->kind == FAKE_BORROWED);
}

/* What of a copy is in one page; NULL if that page is not memory with this access. */
static uint8_t *piece(struct fake_vm *vm, uint64_t ipa, uint8_t access, size_t *length)
{
    struct fake_mapping *mapping = mapping_at(vm, ipa);
    size_t offset = ipa % STILE_PAGE_SIZE;

    if (!is_memory(mapping) || (mapping->access & access) == 0)
        return NULL;
    if (*length > STILE_PAGE_SIZE - offset)
        *length = STILE_PAGE_SIZE - offset;
    return (uint8_t *)fake_pool_pointer(mapping->page) + offset;
}

size_t fake_memory_read(struct fake_vm *vm, void *out, stile_ipa_t ipa, size_t length)
{
    size_t done = 0;

    while (done < length) {
        size_t count = length - done;
        const uint8_t *from = piece(vm, ipa.ipa + done, STILE_ACCESS_READ, &count);
        if (!from)
            break;
        memcpy((uint8_t *)out + done, from, count);
        done += count;
    }
    return done;
}

size_t fake_memory_write(struct fake_vm *vm, stile_ipa_t ipa, const void *in, size_t length)
{
    size_t done = 0;

    while (done < length) {
        size_t count = length - done;
        uint8_t *to = piece(vm, ipa.ipa + done, STILE_ACCESS_WRITE, &count);
        if (!to)
            break;
        memcpy(to, (const uint8_t *)in + done, count);
        done += count;
    }
    return done;
}

void *stile_fake_pointer(stile_ipa_t ipa)
{
    struct fake_vm *vm = fake_current->vm;

    fake_lock();
    const struct fake_mapping *mapping = mapping_at(vm, ipa.ipa);
    void *pointer = mapping && mapping->kind != FAKE_NOTHING ? vm->window + ipa.ipa : NULL;
    fake_unlock();
    return pointer;
}

stile_ipa_t stile_fake_ipa(const void *pointer)
{
    return stile_ipa((uint64_t)((const uint8_t *)pointer - fake_current->vm->window));
}

static void *shared(uint32_t vm, uint64_t ipa)
{
    return fake.vms[vm - 1].window + ipa;
}

struct stile_mailbox *stile_fake_mailbox(uint32_t vm, uint32_t vcpu)
{
    return shared(vm, FAKE_MAILBOX_IPA + (uint64_t)vcpu * STILE_PAGE_SIZE);
}

const struct stile_vm_page *stile_fake_vm_page(uint32_t vm)
{
    return shared(vm, FAKE_VM_PAGE_IPA);
}

const struct stile_vcpu_page *stile_fake_vcpu_pages(uint32_t vm)
{
    return shared(vm, FAKE_VCPU_PAGE_IPA);
}

struct stile_console_ring *stile_fake_console_ring(uint32_t vm)
{
    return shared(vm, FAKE_RING_IPA);
}

/* --- calls --- */

unsigned fake_memory_bad_range(stile_ipa_t base, stile_nr_pages_t count)
{
    if (base.ipa % STILE_PAGE_SIZE != 0 || base.ipa >= FAKE_IPA_END)
        return 1;
    if (count.pages == 0 || count.pages > STILE_MEMORY_MAX_PAGES ||
        count.pages * STILE_PAGE_SIZE > FAKE_IPA_END - base.ipa)
        return 2;
    return 0;
}

typedef enum stile_error page_step(struct fake_vm *vm, struct fake_mapping *mapping,
                                   uint64_t number, uint8_t access);

/* One step for each page, up to the first that fails. */
static struct stile_result each(struct fake_vm *vm, stile_ipa_t base, stile_nr_pages_t count,
                                page_step *step, uint8_t access)
{
    enum stile_error error = STILE_SUCCESS;
    unsigned bad = fake_memory_bad_range(base, count);
    uint64_t done = 0;

    if (bad)
        return fake_bad(bad);
    for (; done < count.pages; done++) {
        uint64_t number = base.ipa / STILE_PAGE_SIZE + done;

        error = step(vm, mapping_at(vm, number * STILE_PAGE_SIZE), number, access);
        if (error != STILE_SUCCESS)
            break;
    }
    return done > 0 ? fake_value(done, 0, 0) : fake_error(error);
}

static enum stile_error map_page(struct fake_vm *vm, struct fake_mapping *mapping, uint64_t number,
                                 uint8_t access)
{
    void *view;

    if (mapping && mapping->kind != FAKE_NOTHING)
        return STILE_ALREADY_MAPPED;
    if (!mapping || vm->nr_pages >= vm->quota ||
        !fake_pool_populate(vm, number, FAKE_OWN, access, &view))
        return STILE_NO_MEMORY;
    vm->nr_pages++;
    return STILE_SUCCESS;
}

static enum stile_error unmap_page(struct fake_vm *vm, struct fake_mapping *mapping,
                                   uint64_t number, uint8_t access)
{
    (void)access;
    if (!mapping || mapping->kind != FAKE_OWN)
        return STILE_NOT_MAPPED;
    if (fake_share_has(vm, number))
        return STILE_BUSY;
    fake_pool_free(vm, number);
    vm->nr_pages--;
    return STILE_SUCCESS;
}

static enum stile_error protect_page(struct fake_vm *vm, struct fake_mapping *mapping,
                                     uint64_t number, uint8_t access)
{
    if (!is_memory(mapping))
        return STILE_NOT_MAPPED;
    if ((access & ~mapping->most) != 0)
        return STILE_DENIED;
    if (mapping->kind == FAKE_OWN && fake_share_has(vm, number))
        return STILE_BUSY;
    struct fake_mapping changed = *mapping;
    changed.access = access;
    fake_pool_set(vm, number, changed);
    return STILE_SUCCESS;
}

static enum stile_error clean_page(struct fake_vm *vm, struct fake_mapping *mapping,
                                   uint64_t number, uint8_t access)
{
    (void)vm;
    (void)number;
    (void)access;
    return is_memory(mapping) ? STILE_SUCCESS : STILE_NOT_MAPPED;
}

struct stile_result fake_memory_map(struct fake_vcpu *vcpu, stile_ipa_t base,
                                    stile_nr_pages_t count)
{
    return each(vcpu->vm, base, count, map_page, ACCESS_ALL);
}

struct stile_result fake_memory_unmap(struct fake_vcpu *vcpu, stile_ipa_t base,
                                      stile_nr_pages_t count)
{
    return each(vcpu->vm, base, count, unmap_page, 0);
}

struct stile_result fake_memory_protect(struct fake_vcpu *vcpu, stile_ipa_t base,
                                        stile_nr_pages_t count, stile_u32_t access)
{
    unsigned bad = fake_memory_bad_range(base, count);

    if (!bad && ((access & STILE_ACCESS_READ) == 0 || (access & ~(uint32_t)ACCESS_ALL) != 0))
        bad = 3;
    return bad ? fake_bad(bad) : each(vcpu->vm, base, count, protect_page, (uint8_t)access);
}

struct stile_result fake_memory_clean(struct fake_vcpu *vcpu, stile_ipa_t base,
                                      stile_nr_pages_t count)
{
    return each(vcpu->vm, base, count, clean_page, 0);
}

struct stile_result fake_memory_query(struct fake_vcpu *vcpu, stile_ipa_t address)
{
    uint64_t first = address.ipa / STILE_PAGE_SIZE * STILE_PAGE_SIZE;
    const struct fake_mapping *mapping = mapping_at(vcpu->vm, address.ipa);

    if (address.ipa >= FAKE_IPA_END)
        return fake_bad(1);
    if (!mapping || mapping->kind == FAKE_NOTHING)
        return fake_value(0, first, STILE_PAGE_SIZE);
    uint64_t what = STILE_MEMORY_MAPPED | mapping->access;
    if (is_memory(mapping))
        what |= (uint64_t)fake_pool_owner(mapping->page) << 32;
    if (mapping->kind == FAKE_BORROWED ||
        (mapping->kind == FAKE_OWN && fake_share_has(vcpu->vm, first / STILE_PAGE_SIZE)))
        what |= STILE_MEMORY_SHARED;
    return fake_value(what, first, STILE_PAGE_SIZE);
}
