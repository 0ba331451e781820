/* SPDX-License-Identifier: MIT */
/*
 * Calls that change something, and what others then say: memory, ports, the directory, interrupts.
 */
#include "both.h"
#include "stile/cpu.h"

#define PAGE STILE_PAGE_SIZE
#define ALL  (STILE_ACCESS_READ | STILE_ACCESS_WRITE | STILE_ACCESS_EXECUTE)

static uint64_t pages;

static void take_pages(void)
{
    pages = both_pages();
    if (pages == 0)
        SKIP("no pages side by side");
}

static void return_pages(void)
{
    if (pages != 0)
        both_return(pages);
}

KTF_SUITE(both_state, .suite_setup = both_need, .setup = take_pages, .teardown = return_pages);

static stile_vm_id_t self(void)
{
    return stile_vm_id((uint32_t)both_info(STILE_INFO_VM_ID));
}

/* --- memory --- */

static struct stile_result map(uint64_t page, uint64_t nr)
{
    return stile_memory_map(stile_ipa(pages + page * PAGE), stile_nr_pages(nr));
}

static struct stile_result unmap(uint64_t page, uint64_t nr)
{
    return stile_memory_unmap(stile_ipa(pages + page * PAGE), stile_nr_pages(nr));
}

KTF_TEST(both_state, a_range_is_done_in_part)
{
    both_expect(unmap(2, 1), 1);
    both_expect(unmap(0, 4), 2);
    EXPECT_EQ(unmap(0, 4).status, STILE_NOT_MAPPED);
    both_expect(map(0, 1), 1);
    both_expect(map(1, 3), 2);
    EXPECT_EQ(map(0, 4).status, STILE_ALREADY_MAPPED);
}

KTF_TEST(both_state, pages_come_back_empty)
{
    uint64_t *word = both_pointer(pages + PAGE);
    uint64_t owned = both_info(STILE_INFO_PAGES);

    *word = 1;
    both_expect(unmap(1, 1), 1);
    EXPECT_EQ(both_info(STILE_INFO_PAGES), owned - 1);
    both_expect(map(1, 1), 1);
    EXPECT_EQ(both_info(STILE_INFO_PAGES), owned);
    EXPECT_EQ(*word, 0);
}

KTF_TEST(both_state, discarded_pages_stay_and_are_empty)
{
    uint64_t *word = both_pointer(pages + PAGE);
    uint64_t owned = both_info(STILE_INFO_PAGES);

    *word = 1;
    both_expect(stile_memory_discard(stile_ipa(pages + PAGE), stile_nr_pages(1)), 1);
    EXPECT_EQ(both_info(STILE_INFO_PAGES), owned);
    EXPECT_EQ(*word, 0);
    both_expect(unmap(2, 1), 1);
    both_expect(stile_memory_discard(stile_ipa(pages), stile_nr_pages(4)), 2);
    both_expect(map(2, 1), 1);
}

KTF_TEST(both_state, the_quota_is_a_limit)
{
    stile_ipa_t beyond = stile_ipa(both_beyond());

    if (both_info(STILE_INFO_PAGES) == both_info(STILE_INFO_PAGES_MAX))
        EXPECT_EQ(stile_memory_map(beyond, stile_nr_pages(1)).status, STILE_NO_MEMORY);
    both_expect(unmap(0, 2), 2);
    both_expect(stile_memory_map(beyond, stile_nr_pages(1)), 1);
    both_expect(stile_memory_unmap(beyond, stile_nr_pages(1)), 1);
    both_expect(map(0, 2), 2);
}

/* A vCPU's entry has to be in the VM's memory, which need not be there yet. */
KTF_TEST(both_state, an_entry_may_be_in_a_page_that_was_given_back)
{
    both_expect(unmap(1, 1), 1);
    EXPECT_EQ(stile_vcpu_on(stile_vcpu_id(0), stile_ipa(pages + PAGE), 0).status, STILE_BUSY);
    both_expect(map(1, 1), 1);
}

KTF_TEST(both_state, query_says_what_protect_did)
{
    uint64_t owner = (uint64_t)self().number << 32;
    stile_ipa_t page = stile_ipa(pages + PAGE);

    both_expect(stile_memory_query(page), STILE_MEMORY_MAPPED | ALL | owner);
    both_expect(stile_memory_protect(page, stile_nr_pages(1), STILE_ACCESS_READ), 1);
    struct stile_result result = stile_memory_query(stile_ipa(page.ipa + 100));
    both_expect(result, STILE_MEMORY_MAPPED | STILE_ACCESS_READ | owner);
    EXPECT_EQ(result.value[1], page.ipa);
    EXPECT_EQ(result.value[2], PAGE);
    EXPECT_EQ(stile_console_read_buffer(page, stile_nr_bytes(1)).status, STILE_NOT_MAPPED);
    both_expect(stile_memory_protect(page, stile_nr_pages(1), ALL), 1);
    both_expect(stile_memory_query(page), STILE_MEMORY_MAPPED | ALL | owner);
    both_expect(stile_memory_clean(page, stile_nr_pages(1)), 1);
    both_expect(unmap(1, 1), 1);
    both_expect(stile_memory_query(page), 0);
    both_expect(map(1, 1), 1);
}

/* --- the shared pages --- */

#define GRANULE 0x10000 /* the largest that a kernel may have */

static bool share_a_granule(uint64_t one, uint64_t other)
{
    return one / GRANULE == other / GRANULE;
}

/* The pages of all vCPUs follow one another. Which of them calls may change meanwhile. */
KTF_TEST(both_state, what_the_vm_writes_and_what_it_only_reads_never_share_64_kib)
{
    uint64_t vm_page = both_info(STILE_INFO_VM_PAGE), ring = both_info(STILE_INFO_CONSOLE_RING);
    uint64_t nr_vcpus = both_info(STILE_INFO_NR_VCPUS), vcpu, vcpu_pages, mailboxes;

    do {
        vcpu = both_info(STILE_INFO_VCPU_ID);
        vcpu_pages = both_info(STILE_INFO_VCPU_PAGE) - vcpu * PAGE;
        mailboxes = both_info(STILE_INFO_MAILBOX) - vcpu * PAGE;
    } while (vcpu != both_info(STILE_INFO_VCPU_ID));
    EXPECT_FALSE(share_a_granule(vm_page, ring));
    for (uint64_t i = 0; i < nr_vcpus; i++) {
        EXPECT_FALSE(share_a_granule(vcpu_pages + i * PAGE, ring));
        EXPECT_FALSE(share_a_granule(vm_page, mailboxes + i * PAGE));
        for (uint64_t j = 0; j < nr_vcpus; j++)
            EXPECT_FALSE(share_a_granule(vcpu_pages + i * PAGE, mailboxes + j * PAGE));
    }
}

/* --- ports --- */

static uint32_t port_of(struct stile_result result)
{
    EXPECT_EQ(result.status, STILE_SUCCESS);
    EXPECT_GE(result.value[0], STILE_PORT_FIRST);
    EXPECT_LT(result.value[0], STILE_NR_PORTS);
    return (uint32_t)result.value[0];
}

static bool is_pending(uint32_t port)
{
    return (__atomic_load_n(&both_mailbox()->words[port / 64].pending, __ATOMIC_SEQ_CST) >>
                (port % 64) &
            1) != 0;
}

/* Whether it was set; it is clear then. */
static bool take(uint32_t port)
{
    uint64_t bit = UINT64_C(1) << (port % 64);

    return (__atomic_fetch_and(&both_mailbox()->words[port / 64].pending, ~bit, __ATOMIC_SEQ_CST) &
            bit) != 0;
}

static void expect_status(uint32_t port, uint64_t state, uint64_t x3)
{
    struct stile_result result = stile_event_query(stile_port(port));

    both_expect(result, state);
    EXPECT_EQ(result.value[1], 0); /* the vCPU */
    EXPECT_EQ(result.value[2], x3);
}

KTF_TEST(both_state, a_channel_within_the_vm)
{
    uint32_t a = port_of(stile_event_alloc(self(), stile_vcpu_id(0)));

    expect_status(a, STILE_PORT_WAITING, self().number);
    EXPECT_EQ(stile_event_send(stile_port(a)).status, STILE_NOT_BOUND);
    EXPECT_FALSE(is_pending(a));
    uint32_t b = port_of(stile_event_bind(self(), stile_port(a), stile_vcpu_id(0)));
    EXPECT_TRUE(take(a)); /* it is bound */
    EXPECT_FALSE(is_pending(b));
    expect_status(a, STILE_PORT_PEER, (uint64_t)b << 32 | self().number);
    expect_status(b, STILE_PORT_PEER, (uint64_t)a << 32 | self().number);
    EXPECT_EQ(stile_event_bind(self(), stile_port(a), stile_vcpu_id(0)).status, STILE_NOT_FOUND);

    both_expect(stile_event_send(stile_port(b)), 0);
    EXPECT_TRUE(take(a));
    EXPECT_FALSE(is_pending(b));
    both_expect(stile_event_close(stile_port(b)), 0);
    EXPECT_TRUE(is_pending(a)); /* its other end is gone */
    EXPECT_EQ(stile_event_send(stile_port(a)).status, STILE_NOT_BOUND);
    EXPECT_EQ(stile_event_send(stile_port(b)).status, STILE_NOT_FOUND);
    expect_status(a, STILE_PORT_WAITING, self().number);
    both_expect(stile_event_close(stile_port(a)), 0);
    EXPECT_FALSE(is_pending(a));
}

KTF_TEST(both_state, an_ipi_sets_its_own_bit)
{
    uint32_t port = port_of(stile_event_bind_ipi(stile_vcpu_id(0)));

    expect_status(port, STILE_PORT_IPI, 0);
    both_expect(stile_event_send(stile_port(port)), 0);
    EXPECT_TRUE(is_pending(port));
    both_expect(stile_event_move(stile_port(port), stile_vcpu_id(0)), 0);
    EXPECT_TRUE(is_pending(port));
    both_expect(stile_event_close(stile_port(port)), 0);
}

KTF_TEST(both_state, a_virq_has_one_port)
{
    uint32_t port = port_of(stile_event_bind_virq(STILE_VIRQ_SHARE, stile_vcpu_id(0)));

    expect_status(port, STILE_PORT_VIRQ, STILE_VIRQ_SHARE);
    EXPECT_EQ(stile_event_bind_virq(STILE_VIRQ_SHARE, stile_vcpu_id(0)).status, STILE_BUSY);
    EXPECT_EQ(stile_event_send(stile_port(port)).status, STILE_NOT_BOUND);
    both_expect(stile_event_close(stile_port(port)), 0);
    EXPECT_EQ(port_of(stile_event_bind_virq(STILE_VIRQ_SHARE, stile_vcpu_id(0))), port);
    both_expect(stile_event_close(stile_port(port)), 0);
}

KTF_TEST(both_state, a_timers_port_stays_where_it_is)
{
    struct stile_result result = stile_event_bind_virq(STILE_VIRQ_TIMER, stile_vcpu_id(0));

    if (result.status == STILE_BUSY)
        SKIP("the kernel has it");
    uint32_t port = port_of(result);
    EXPECT_EQ(stile_event_move(stile_port(port), stile_vcpu_id(0)).status, STILE_DENIED);
    both_expect(stile_event_close(stile_port(port)), 0);
}

/* Whatever ends the sleep must be there before, or nothing would. */
KTF_TEST(both_state, a_poll_ends_by_a_bit_a_kick_or_a_deadline)
{
    uint32_t port = port_of(stile_event_bind_ipi(stile_vcpu_id(0)));
    uint64_t bit = UINT64_C(1) << (port % 64);

    both_expect(stile_event_send(stile_port(port)), 0);
    both_expect(stile_vcpu_poll(port / 64, bit, stile_ticks(STILE_TIME_NEVER)), 0);
    EXPECT_TRUE(is_pending(port));
    both_expect(stile_event_close(stile_port(port)), 0);
    both_expect(stile_vcpu_kick(stile_vcpu_id((uint32_t)both_info(STILE_INFO_VCPU_ID))), 0);
    both_expect(stile_vcpu_poll(0, 0, stile_ticks(STILE_TIME_NEVER)), 0);
    both_expect(stile_vcpu_poll(0, 0, stile_ticks(0)), 0);
}

/* A deadline that has passed is no sleep, which a kick could end. */
KTF_TEST(both_state, a_kick_waits_for_a_sleep)
{
    stile_vcpu_id_t vcpu = stile_vcpu_id((uint32_t)both_info(STILE_INFO_VCPU_ID));
    uint64_t later = stile_cpu_ticks() + 10 * both_info(STILE_INFO_TICKS_PER_SEC);

    both_expect(stile_vcpu_kick(vcpu), 0);
    both_expect(stile_vcpu_poll(0, 0, stile_ticks(0)), 0);
    both_expect(stile_vcpu_poll(0, 0, stile_ticks(later)), 0);
    EXPECT_LT(stile_cpu_ticks(), later);
}

/* As many as there are, and then a limit. */
KTF_TEST(both_state, ports_run_out)
{
    bool mine[STILE_NR_PORTS] = {false};
    struct stile_result result;

    while ((result = stile_event_bind_ipi(stile_vcpu_id(0))).status == STILE_SUCCESS)
        mine[port_of(result)] = true;
    EXPECT_EQ(result.status, STILE_LIMIT);
    EXPECT_EQ(stile_event_alloc(self(), stile_vcpu_id(0)).status, STILE_LIMIT);
    for (uint32_t port = STILE_PORT_FIRST; port < STILE_NR_PORTS; port++)
        if (mine[port])
            both_expect(stile_event_close(stile_port(port)), 0);
}

/* --- the directory --- */

KTF_TEST(both_state, what_is_published_is_found_changed_and_withdrawn)
{
    uint64_t key[2] = {0x3736353433323130, 0x66}; /* "01234567f" */

    both_expect(stile_directory_publish(key[0], key[1], 5), 0);
    both_expect(stile_directory_lookup(self(), key[0], key[1]), 5);
    both_expect(stile_directory_publish(key[0], key[1], UINT64_MAX), 0);
    both_expect(stile_directory_lookup(self(), key[0], key[1]), UINT64_MAX);
    EXPECT_EQ(stile_directory_lookup(self(), key[0], 0).status, STILE_NOT_FOUND);
    both_expect(stile_directory_withdraw(key[0], key[1]), 0);
    EXPECT_EQ(stile_directory_lookup(self(), key[0], key[1]).status, STILE_NOT_FOUND);
}

KTF_TEST(both_state, so_many_keys_and_no_more)
{
    const uint64_t first = 0x41;
    uint64_t nr = 0;

    while (stile_directory_publish(first + nr, 0, nr).status == STILE_SUCCESS)
        nr++;
    EXPECT_LE(nr, STILE_DIRECTORY_ENTRIES);
    EXPECT_EQ(stile_directory_publish(first + nr, 0, nr).status, STILE_LIMIT);
    both_expect(stile_directory_publish(first, 0, 77), 0); /* to change one is no more */
    for (uint64_t i = 0; i < nr; i++)
        both_expect(stile_directory_withdraw(first + i, 0), 0);
}

/* --- limits --- */

/* Each is a limit: up to it, and no further. */
KTF_TEST(both_state, limits_are_told)
{
    uint64_t end = UINT64_C(1) << both_info(STILE_INFO_IPA_BITS);
    uint64_t page = both_info(STILE_INFO_PAGE_BYTES);
    stile_nr_pages_t one = stile_nr_pages(1);

    EXPECT_EQ(page, PAGE);
    EXPECT_EQ(stile_memory_query(stile_ipa(end)).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_memory_query(stile_ipa(end - 1)).status, STILE_SUCCESS);
    EXPECT_EQ(stile_memory_unmap(stile_ipa(end - page / 2), one).status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(stile_memory_unmap(stile_ipa(end - page), one).status, STILE_NOT_MAPPED);
    EXPECT_EQ(
        stile_directory_query(self(), (uint32_t)both_info(STILE_INFO_DIRECTORY_ENTRIES)).value[0],
        2);
    EXPECT_GE(both_info(STILE_INFO_NR_PORTS), STILE_PORT_FIRST + 1);
    EXPECT_GE(both_info(STILE_INFO_SHARES_MAX), 1);
    EXPECT_GE(both_info(STILE_INFO_SHARE_PAGES_MAX), 1);
}

/* --- interrupts --- */

#define SPI 42

static uint64_t state_of(uint32_t intid)
{
    struct stile_result result = stile_irq_query(stile_vcpu_id(0), stile_intid(intid));

    EXPECT_EQ(result.status, STILE_SUCCESS);
    return result.value[0];
}

KTF_TEST(both_state, an_interrupt_is_masked_and_has_a_priority)
{
    uint64_t before = state_of(SPI);

    both_expect(stile_irq_mask(stile_vcpu_id(0), stile_intid(SPI)), 0);
    EXPECT_EQ(state_of(SPI) & STILE_IRQ_ENABLED, 0);
    both_expect(stile_irq_set_priority(stile_vcpu_id(0), stile_intid(SPI), 0x80), 0);
    EXPECT_EQ(stile_irq_query(stile_vcpu_id(0), stile_intid(SPI)).value[1], 0x80);
    if ((before & STILE_IRQ_ENABLED) != 0)
        both_expect(stile_irq_unmask(stile_vcpu_id(0), stile_intid(SPI)), 0);
}

/* --- many at once --- */

/* Makes one call by a multicall. Returns its entry as that left it; what it left is 99. */
static struct stile_call_entry entry_after(enum stile_nr nr, uint64_t x1)
{
    struct stile_call_entry *entry = &both_stay()->calls[0];
    struct stile_result result;

    *entry = (struct stile_call_entry){
        .nr = (uint64_t)nr, .x = {x1}, .status = 99, .value = {99, 99, 99}, .reserved = 99};
    result = stile_core_multicall(0, 1, 0);
    struct stile_call_entry after = *entry;
    both_go();
    both_expect(result, 1);
    return after;
}

/* A call that returns something in x2 or x3 writes both, and another leaves them. */
KTF_TEST(both_state, a_multicall_writes_what_its_calls_return)
{
    struct stile_call_entry entry = entry_after(STILE_NR_console_read, 1);

    EXPECT_EQ(entry.status, STILE_SUCCESS);
    EXPECT_EQ(entry.value[0], 0); /* nothing was typed */
    EXPECT_EQ(entry.value[1], 0);
    EXPECT_EQ(entry.value[2], 0);
    entry = entry_after(STILE_NR_core_null, 0);
    EXPECT_EQ(entry.status, STILE_SUCCESS);
    EXPECT_EQ(entry.value[0], 0);
    EXPECT_EQ(entry.value[1], 99);
    EXPECT_EQ(entry.value[2], 99);
    entry = entry_after(STILE_NR_console_read, 0);
    EXPECT_EQ(entry.status, STILE_INVALID_ARGUMENT);
    EXPECT_EQ(entry.value[0], 1);
    EXPECT_EQ(entry.value[1], 99);
    EXPECT_EQ(entry.reserved, 99);
}

KTF_TEST(both_state, features_are_the_table)
{
    for (uint32_t group = 0; group < STILE_GROUP_CONTROL; group++) {
        uint64_t word = stile_core_features(group).value[0];

        for (uint32_t i = 0; i < STILE_CALLS_PER_GROUP; i++)
            EXPECT_EQ(word >> i & 1, stile_call_name(group * STILE_CALLS_PER_GROUP + i) != NULL);
    }
}

KTF_TEST(both_state, the_version_is_what_was_proposed_last)
{
    uint32_t old = STILE_VERSION(STILE_VERSION_MAJOR, 1);

    both_expect(stile_core_version(old), old);
    both_expect(stile_core_null(), 0);
    EXPECT_FALSE(stile_has_call(STILE_NR_event_send));
    both_expect(stile_core_version(STILE_VERSION_CURRENT), STILE_VERSION_CURRENT);
    EXPECT_TRUE(stile_has_call(STILE_NR_event_send));
    struct stile_result result = stile_core_version(STILE_VERSION(STILE_VERSION_MAJOR + 1, 0));
    EXPECT_EQ(result.status, STILE_BAD_VERSION);
    EXPECT_EQ(result.value[0], STILE_VERSION_CURRENT);
}
