/* SPDX-License-Identifier: MIT */
/*
 * The errors that the reference names, of calls that need nothing set up before.
 */
#include <stdio.h>

#include "both.h"

KTF_SUITE(both_errors, .suite_setup = both_need);

/* In place of an argument that is known only when the test runs. */
#define NOWHERE  UINT64_C(0xF00D000000100000) /* an IPA where there is nothing */
#define MEMORY   UINT64_C(0xF00D000000200000) /* the first of BOTH_PAGES pages of memory */
#define SHARED   UINT64_C(0xF00D000000300000) /* the VM page */
#define SELF     UINT64_C(0xF00D000000400000) /* the VM's own number */
#define NR_VCPUS UINT64_C(0xF00D000000500000) /* one more than the last vCPU */

#define END  (UINT64_C(1) << 39) /* of a VM's address space */
#define PAGE STILE_PAGE_SIZE
#define MANY (STILE_MEMORY_MAX_PAGES + 1)
#define RW   (STILE_ACCESS_READ | STILE_ACCESS_WRITE)
#define KEY  0x79656B /* "key" */

#define NO_VM 0x1FF /* a number whose place there is not */

#define BAD(argument) STILE_INVALID_ARGUMENT, argument
#define NONE(error)   STILE_##error, 0

struct row {
    const char *name;
    uint32_t nr;
    uint64_t x[6];
    int64_t status;
    uint64_t x1;
};

#define ROW(call, text, error, ...)                                                                \
    {                                                                                              \
#call ": " text, STILE_NR_##call, {__VA_ARGS__ }, error                                    \
    }

/* clang-format off */
static const struct row rows[] = {
    ROW(core_features, "no such group", BAD(1), STILE_NR_GROUPS),
    ROW(core_info, "no such item", BAD(1), STILE_INFO_DIRECTORY_ENTRIES + 1),
    ROW(core_null, "an argument", BAD(1), 1),
    ROW(core_null, "a last argument", BAD(6), 0, 0, 0, 0, 0, 1),
    ROW(core_multicall, "no such entry", BAD(1), STILE_MULTICALL_MAX, 1, 0),
    ROW(core_multicall, "no calls", BAD(2), 0, 0, 0),
    ROW(core_multicall, "more than there are", BAD(2), 1, STILE_MULTICALL_MAX, 0),
    ROW(core_multicall, "no such flag", BAD(3), 0, 1, 2),
    ROW(console_write, "no characters", BAD(1), 0, 0, 0, 0, 0),
    ROW(console_write, "too many", BAD(1), STILE_CONSOLE_WRITE_MAX + 1, 0, 0, 0, 0),
    ROW(console_write, "a byte past the count", BAD(2), 1, 0x4141, 0, 0, 0),
    ROW(console_write, "a word past the count", BAD(5), 24, 0x20, 0x20, 0x20, 1),
    ROW(console_write_buffer, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1),
    ROW(console_write_buffer, "no length", BAD(2), MEMORY, 0),
    ROW(console_write_buffer, "too long", BAD(2), MEMORY, STILE_CONSOLE_BUFFER_MAX + 1),
    ROW(console_write_buffer, "a range that wraps", BAD(2), UINT64_MAX, 2),
    ROW(console_write_buffer, "a range that ends at 2^64", NONE(NOT_MAPPED), UINT64_MAX - 1, 2),
    ROW(console_read, "no limit", BAD(1), 0),
    ROW(console_read, "too many", BAD(1), STILE_CONSOLE_READ_MAX + 1),
    ROW(console_read_buffer, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1),
    ROW(console_read_buffer, "a page that is read-only", NONE(NOT_MAPPED), SHARED, 1),
    ROW(console_read_buffer, "a range that ends at 2^64", NONE(NOT_MAPPED), UINT64_MAX, 1),
    ROW(console_read_buffer, "a range that wraps", BAD(2), UINT64_MAX, 2),
    ROW(console_use_ring, "neither 0 nor 1", BAD(1), 2),
    ROW(vcpu_counter, "no such counter", BAD(1), STILE_NR_COUNTERS),
    ROW(vcpu_on, "no such vCPU", BAD(1), NR_VCPUS, MEMORY, 0),
    ROW(vcpu_on, "an unaligned entry", BAD(2), 0, 2, 0),
    ROW(vcpu_on, "an entry in nothing", BAD(2), 0, NOWHERE, 0),
    ROW(vcpu_on, "it is on", NONE(BUSY), 0, MEMORY, 0),
    ROW(vcpu_yield_to, "no such vCPU", BAD(1), NR_VCPUS),
    ROW(vcpu_query, "no such vCPU", BAD(1), NR_VCPUS),
    ROW(vcpu_query, "an upper half", BAD(1), UINT64_C(1) << 32),
    ROW(vcpu_poll, "no such word", BAD(1), STILE_PORT_WORDS, 0, 0),
    ROW(vcpu_kick, "no such vCPU", BAD(1), NR_VCPUS),
    ROW(time_event, "too short a period", BAD(2), 0, 1),
    ROW(time_event, "a period without a deadline", BAD(2), STILE_TIME_NEVER, 1000000000),
    ROW(irq_inject, "no such vCPU", BAD(1), NR_VCPUS, 20),
    ROW(irq_inject, "an SGI", BAD(2), 0, 15),
    ROW(irq_inject, "an SPI of another vCPU", BAD(1), 1, 40),
    ROW(irq_inject, "hardware drives it", BAD(2), 0, 27),
    ROW(irq_ipi, "no such vCPU", BAD(1), NR_VCPUS, 0),
    ROW(irq_ipi, "no such SGI", BAD(2), 0, 16),
    ROW(irq_ipi_set, "no vCPU", BAD(1), 0, 0),
    ROW(irq_ipi_set, "one that is not there", BAD(1), UINT64_C(1) << 63, 0),
    ROW(irq_ipi_set, "no such SGI", BAD(2), 1, 16),
    ROW(irq_mask, "no such vCPU", BAD(1), NR_VCPUS, 3),
    ROW(irq_unmask, "no such interrupt", BAD(2), 0, 5000),
    ROW(irq_set_priority, "no such priority", BAD(3), 0, 40, 256),
    ROW(irq_query, "no such vCPU", BAD(1), NR_VCPUS, 3),
    ROW(memory_map, "unaligned", BAD(1), 1, 1),
    ROW(memory_map, "outside", BAD(1), END, 1),
    ROW(memory_map, "no pages", BAD(2), MEMORY, 0),
    ROW(memory_map, "too many pages", BAD(2), MEMORY, MANY),
    ROW(memory_map, "past the end", BAD(2), END - PAGE, 2),
    ROW(memory_map, "there is something", NONE(ALREADY_MAPPED), MEMORY, 1),
    ROW(memory_map, "a shared page", NONE(ALREADY_MAPPED), SHARED, 1),
    ROW(memory_unmap, "unaligned", BAD(1), MEMORY + 8, 1),
    ROW(memory_unmap, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1),
    ROW(memory_unmap, "a shared page", NONE(NOT_MAPPED), SHARED, 1),
    ROW(memory_protect, "no access", BAD(3), MEMORY, 1, 0),
    ROW(memory_protect, "write and not read", BAD(3), MEMORY, 1, STILE_ACCESS_WRITE),
    ROW(memory_protect, "no such access", BAD(3), MEMORY, 1, 9),
    ROW(memory_protect, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1, RW),
    ROW(memory_query, "outside", BAD(1), END),
    ROW(memory_share, "to oneself", BAD(3), MEMORY, 1, SELF, RW),
    ROW(memory_share, "to nobody", NONE(NOT_FOUND), MEMORY, 1, 0, RW),
    ROW(memory_share, "no such VM", NONE(NOT_FOUND), MEMORY, 1, NO_VM, RW),
    ROW(memory_share, "to execute", BAD(4), MEMORY, 1, 1, STILE_ACCESS_READ | STILE_ACCESS_EXECUTE),
    ROW(memory_share, "no pages", BAD(2), MEMORY, 0, 1, RW),
    ROW(memory_share, "past the end", BAD(2), MEMORY, END / PAGE, 1, RW),
    ROW(memory_donate, "too many pages", BAD(2), MEMORY, MANY, 1),
    ROW(memory_donate, "to oneself", BAD(3), MEMORY, 1, SELF),
    ROW(memory_accept, "no such share", NONE(NOT_FOUND), 1, NOWHERE, 1, RW),
    ROW(memory_accept, "unaligned", BAD(2), 1, 8, 1, RW),
    ROW(memory_accept, "no pages", BAD(3), 1, NOWHERE, 0, RW),
    ROW(memory_accept, "past the end", BAD(3), 1, END - PAGE, 2, RW),
    ROW(memory_accept, "no access", BAD(4), 1, NOWHERE, 1, 0),
    ROW(memory_accept, "write and not read", BAD(4), 1, NOWHERE, 1, STILE_ACCESS_WRITE),
    ROW(memory_accept, "no such access", BAD(4), 1, NOWHERE, 1, RW | STILE_SHARE_ENDED),
    ROW(memory_release, "no such share", NONE(NOT_FOUND), 0x100),
    ROW(memory_release, "no handle", NONE(NOT_FOUND), 0),
    ROW(memory_revoke, "no such share", NONE(NOT_FOUND), 0),
    ROW(memory_next_offered, "nothing is offered", NONE(NOT_FOUND), 0),
    ROW(memory_next_offered, "after all there can be", NONE(NOT_FOUND), UINT32_MAX),
    ROW(memory_next_shared, "nothing is shared", NONE(NOT_FOUND), 0),
    ROW(memory_clean, "a shared page", NONE(NOT_MAPPED), SHARED, 1),
    ROW(memory_clean, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1),
    ROW(memory_discard, "unaligned", BAD(1), MEMORY + 8, 1),
    ROW(memory_discard, "no pages", BAD(2), MEMORY, 0),
    ROW(memory_discard, "too many pages", BAD(2), MEMORY, MANY),
    ROW(memory_discard, "past the end", BAD(2), END - PAGE, 2),
    ROW(memory_discard, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1),
    ROW(memory_discard, "a shared page", NONE(NOT_MAPPED), SHARED, 1),
    ROW(power_crash, "too long", BAD(2), MEMORY, STILE_CRASH_MESSAGE_MAX + 1),
    ROW(power_crash, "a range that ends at 2^64", BAD(2), UINT64_MAX, 1),
    ROW(power_crash, "an address without a length", BAD(1), MEMORY, 0),
    ROW(power_crash, "nothing there", NONE(NOT_MAPPED), NOWHERE, 1),
    ROW(event_alloc, "no such VM", NONE(NOT_FOUND), 0, 0),
    ROW(event_alloc, "nor such a place", NONE(NOT_FOUND), NO_VM, 0),
    ROW(event_alloc, "no such vCPU", BAD(2), SELF, NR_VCPUS),
    ROW(event_bind, "no such vCPU", BAD(3), SELF, 200, NR_VCPUS),
    ROW(event_bind, "no such port", NONE(NOT_FOUND), SELF, 255, 0),
    ROW(event_bind, "no such VM", NONE(NOT_FOUND), NO_VM, 200, 0),
    ROW(event_bind_virq, "no such virq", BAD(1), STILE_NR_VIRQS, 0),
    ROW(event_bind_virq, "no such vCPU", BAD(2), 0, NR_VCPUS),
    ROW(event_bind_ipi, "no such vCPU", BAD(1), NR_VCPUS),
    ROW(event_send, "no such port", NONE(NOT_FOUND), 255),
    ROW(event_send, "an interrupt", NONE(NOT_FOUND), 3),
    ROW(event_close, "no such port", NONE(NOT_FOUND), 5000),
    ROW(event_query, "no such port", NONE(NOT_FOUND), STILE_NR_PORTS),
    ROW(event_move, "no such port", NONE(NOT_FOUND), 255, 0),
    ROW(directory_publish, "no key", BAD(1), 0, 0, 1),
    ROW(directory_publish, "a space in the key", BAD(1), 0x612061, 0, 1),
    ROW(directory_publish, "a gap in the key", BAD(2), KEY, KEY, 1),
    ROW(directory_withdraw, "not published", NONE(NOT_FOUND), KEY, 0),
    ROW(directory_lookup, "not published", NONE(NOT_FOUND), SELF, KEY, 0),
    ROW(directory_lookup, "no such VM", NONE(NOT_FOUND), 0, KEY, 0),
    ROW(directory_query, "no such VM", NONE(NOT_FOUND), NO_VM, 0),
    ROW(directory_lookup, "no key", BAD(2), SELF, 0, 0),
    ROW(directory_query, "out of range", BAD(2), SELF, STILE_DIRECTORY_ENTRIES),
    ROW(directory_find_vm, "no such name", NONE(NOT_FOUND), KEY, 0, 0, 0),
};
/* clang-format on */

static void describe(const struct row *row, char *text, size_t size)
{
    (void)snprintf(text, size, "%s", row->name);
}

static uint64_t pages;

/* What an argument stands for; it may have something added to it. */
static uint64_t value_of(uint64_t word)
{
    if (word - MEMORY < PAGE)
        return pages + (word - MEMORY);
    switch (word) {
    case NOWHERE:
        return both_beyond();
    case SHARED:
        return both_info(STILE_INFO_VM_PAGE);
    case SELF:
        return both_info(STILE_INFO_VM_ID);
    case NR_VCPUS:
        return both_info(STILE_INFO_NR_VCPUS);
    default:
        return word;
    }
}

KTF_TEST_EACH(both_errors, are_what_the_reference_says, struct row, rows, describe)
{
    uint64_t x[6];

    pages = both_pages();
    if (pages == 0)
        SKIP("no pages side by side");
    for (int i = 0; i < 6; i++)
        x[i] = value_of(param->x[i]);
    struct stile_result result =
        stile_hvc(STILE_FID(param->nr), x[0], x[1], x[2], x[3], x[4], x[5]);
    both_return(pages);
    EXPECT_EQ(result.status, param->status);
    EXPECT_EQ(result.value[0], param->x1);
    EXPECT_EQ(result.value[1], 0);
    EXPECT_EQ(result.value[2], 0);
}
