/* SPDX-License-Identifier: MIT */
/*
 * The fake's group memory, as far as it is about pages of one's own; shares are in share.c.
 */
#include <string.h>

#include "handler.h"
#include "pool.h"
#include "share.h"
#include "space.h"

#define ACCESS_ALL (STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_ACCESS_EXECUTE)

typedef enum stile_error page_step(struct fake_vm *vm, struct fake_mapping *mapping,
                                   uint64_t number, uint8_t access);

/* One step for each page, up to the first that fails. */
static struct stile_result each(struct fake_vm *vm, stile_ipa_t base, stile_nr_pages_t count,
                                page_step *step, uint8_t access)
{
    enum stile_error error = STILE_SUCCESS;
    unsigned bad = fake_space_bad_range(base, count);
    uint64_t done = 0;

    if (bad)
        return fake_bad(bad);
    for (; done < count.pages; done++) {
        uint64_t number = base.ipa / STILE_PAGE_SIZE + done;

        error = step(vm, fake_space_at(vm, number * STILE_PAGE_SIZE), number, access);
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

/* Whether what a page holds may be lost. */
static enum stile_error may_lose(const struct fake_vm *vm, const struct fake_mapping *mapping,
                                 uint64_t number)
{
    if (fake_share_has(vm, number))
        return STILE_BUSY;
    return mapping && mapping->kind == FAKE_OWN ? STILE_SUCCESS : STILE_NOT_MAPPED;
}

static enum stile_error unmap_page(struct fake_vm *vm, struct fake_mapping *mapping,
                                   uint64_t number, uint8_t access)
{
    enum stile_error error = may_lose(vm, mapping, number);

    (void)access;
    if (error)
        return error;
    fake_pool_free(vm, number);
    vm->nr_pages--;
    return STILE_SUCCESS;
}

static enum stile_error discard_page(struct fake_vm *vm, struct fake_mapping *mapping,
                                     uint64_t number, uint8_t access)
{
    enum stile_error error = may_lose(vm, mapping, number);

    (void)access;
    if (error)
        return error;
    memset(fake_pool_pointer(mapping->page), 0, STILE_PAGE_SIZE);
    return STILE_SUCCESS;
}

static enum stile_error protect_page(struct fake_vm *vm, struct fake_mapping *mapping,
                                     uint64_t number, uint8_t access)
{
    if (fake_share_has(vm, number))
        return STILE_BUSY;
    if (!fake_space_is_memory(mapping))
        return STILE_NOT_MAPPED;
    if ((access & ~mapping->most) != 0)
        return STILE_DENIED;
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
    return mapping && mapping->kind == FAKE_OWN ? STILE_SUCCESS : STILE_NOT_MAPPED;
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

struct stile_result fake_memory_discard(struct fake_vcpu *vcpu, stile_ipa_t base,
                                        stile_nr_pages_t count)
{
    return each(vcpu->vm, base, count, discard_page, 0);
}

struct stile_result fake_memory_protect(struct fake_vcpu *vcpu, stile_ipa_t base,
                                        stile_nr_pages_t count, stile_u32_t access)
{
    unsigned bad = fake_space_bad_range(base, count);

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
    const struct fake_mapping *mapping = fake_space_at(vcpu->vm, address.ipa);

    if (address.ipa >= FAKE_IPA_END)
        return fake_bad(1);
    if (!mapping || mapping->kind == FAKE_NOTHING)
        return fake_values(vcpu, 0, first, STILE_PAGE_SIZE);
    uint64_t what = STILE_MEMORY_MAPPED | mapping->access;
    if (fake_space_is_memory(mapping))
        what |= (uint64_t)fake_pool_owner(mapping->page) << 32;
    if (mapping->kind == FAKE_BORROWED ||
        (mapping->kind == FAKE_OWN && fake_share_has(vcpu->vm, first / STILE_PAGE_SIZE)))
        what |= STILE_MEMORY_SHARED;
    return fake_values(vcpu, what, first, STILE_PAGE_SIZE);
}
