/* SPDX-License-Identifier: MIT */
/*
 * Addresses of the fake's VMs, for the calls and for the test.
 */
#include "space.h"

#include <string.h>

#include "pool.h"

struct fake_mapping *fake_space_at(struct fake_vm *vm, uint64_t ipa)
{
    return ipa < STILE_FAKE_SPACE_BYTES ? &vm->map[ipa / STILE_PAGE_SIZE] : NULL;
}

bool fake_space_is_memory(const struct fake_mapping *mapping)
{
    return mapping && (mapping->kind == FAKE_OWN || mapping->kind == FAKE_BORROWED);
}

/* The part of a copy that is in one page; NULL if the VM does not own that, or has not this access.
 */
static uint8_t *piece(struct fake_vm *vm, uint64_t ipa, uint8_t access, size_t *length)
{
    struct fake_mapping *mapping = fake_space_at(vm, ipa);
    size_t offset = ipa % STILE_PAGE_SIZE;

    if (!mapping || mapping->kind != FAKE_OWN || (mapping->access & access) == 0)
        return NULL;
    if (*length > STILE_PAGE_SIZE - offset)
        *length = STILE_PAGE_SIZE - offset;
    return (uint8_t *)fake_pool_pointer(mapping->page) + offset;
}

size_t fake_space_read(struct fake_vm *vm, void *out, stile_ipa_t ipa, size_t length)
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

size_t fake_space_write(struct fake_vm *vm, stile_ipa_t ipa, const void *in, size_t length)
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

static unsigned bad_range(stile_ipa_t base, stile_nr_pages_t count, uint64_t most)
{
    if (base.ipa % STILE_PAGE_SIZE != 0 || base.ipa >= FAKE_IPA_END)
        return 1;
    if (count.pages == 0 || count.pages > most ||
        count.pages * STILE_PAGE_SIZE > FAKE_IPA_END - base.ipa)
        return 2;
    return 0;
}

unsigned fake_space_bad_range(stile_ipa_t base, stile_nr_pages_t count)
{
    return bad_range(base, count, STILE_MEMORY_MAX_PAGES);
}

unsigned fake_space_bad_large(stile_ipa_t base, stile_nr_pages_t count)
{
    return bad_range(base, count, FAKE_IPA_END / STILE_PAGE_SIZE);
}

void *stile_fake_pointer(stile_ipa_t ipa)
{
    struct fake_vm *vm = fake_current->vm;

    fake_lock();
    const struct fake_mapping *mapping = fake_space_at(vm, ipa.ipa);
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
    return fake_known_vm(vm)->window + ipa;
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
