/* SPDX-License-Identifier: MIT */
/*
 * core_reset: a kernel that is started by another one finds what it would after a start. Here one
 * kernel is both, twice.
 */
#include "both.h"

#define KEY    UINT64_C(0x6369786574) /* "texic" */
#define BUSY   1
#define NR_IPI 20 /* ports, more than are closed in one step */

static void need(void)
{
    both_need();
    if (both_info(STILE_INFO_CONTROLLER) != STILE_CONTROLLER_GIC)
        SKIP("the mailbox is this kernel's interrupt controller");
}

KTF_SUITE(both_reset, .suite_setup = need);

static stile_vm_id_t self(void)
{
    return stile_vm_id((uint32_t)both_info(STILE_INFO_VM_ID));
}

/* What the first kernel leaves behind: ports of each kind, some with their bit set, and words. */
static void use_everything(void)
{
    uint32_t ipi = 0;

    for (int i = 0; i < NR_IPI; i++)
        ipi = (uint32_t)stile_event_bind_ipi(stile_vcpu_id(0)).value[0];
    both_expect(stile_event_send(stile_port(ipi)), 0);
    uint64_t a = stile_event_alloc(self(), stile_vcpu_id(0)).value[0];
    EXPECT_EQ(stile_event_bind(self(), stile_port((uint32_t)a), stile_vcpu_id(0)).status,
              STILE_SUCCESS);
    int64_t status = stile_event_bind_virq(STILE_VIRQ_TIMER, stile_vcpu_id(0)).status;
    EXPECT_TRUE(status == STILE_SUCCESS || status == STILE_BUSY); /* the kernel may have it */
    EXPECT_EQ(stile_event_bind_virq(STILE_VIRQ_PEER, stile_vcpu_id(0)).status, STILE_SUCCESS);
    both_expect(stile_directory_publish(KEY, 0, 1), 0);
    __atomic_store_n(&both_mailbox()->busy, BUSY, __ATOMIC_SEQ_CST);
}

static void expect_no_version(void)
{
    EXPECT_EQ(stile_core_null().status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_core_info(STILE_INFO_VM_ID).status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_core_reset().status, STILE_NOT_SUPPORTED);
    EXPECT_EQ(stile_console_notify().status, STILE_NOT_SUPPORTED);
    both_expect(stile_core_features(STILE_NR_core_version / STILE_CALLS_PER_GROUP),
                1u << STILE_NR_core_version | 1u << STILE_NR_core_features);
    both_expect(stile_core_features(STILE_NR_event_send / STILE_CALLS_PER_GROUP), 0);
}

static void expect_nothing_is_left(void)
{
    const struct stile_mailbox *mailbox = both_mailbox();

    for (uint32_t port = STILE_PORT_FIRST; port < STILE_NR_PORTS; port++)
        EXPECT_EQ(stile_event_query(stile_port(port)).status, STILE_NOT_FOUND);
    for (uint32_t i = 0; i < STILE_PORT_WORDS; i++) {
        EXPECT_EQ(__atomic_load_n(&mailbox->words[i].pending, __ATOMIC_SEQ_CST), 0);
        EXPECT_EQ(__atomic_load_n(&mailbox->words[i].mask, __ATOMIC_SEQ_CST), UINT64_MAX);
    }
    EXPECT_EQ(__atomic_load_n(&mailbox->busy, __ATOMIC_SEQ_CST), 0);
    EXPECT_EQ(stile_directory_lookup(self(), KEY, 0).status, STILE_NOT_FOUND);
    EXPECT_EQ(stile_time_event(stile_ticks(0), stile_nr_ticks(0)).status, STILE_NOT_BOUND);
}

/* The mailbox is that of the vCPU that calls. */
static bool is_first_vcpu(void)
{
    return both_info(STILE_INFO_VCPU_ID) == 0;
}

KTF_TEST(both_reset, kexec_twice)
{
    if (!is_first_vcpu())
        SKIP("it runs on another vCPU");
    for (int i = 0; i < 2; i++) {
        uint32_t number = self().number;

        use_everything();
        both_end_output();
        both_expect(stile_core_reset(), 0);
        expect_no_version();
        both_start_anew();
        EXPECT_EQ(self().number, number);
        expect_nothing_is_left();
    }
}

KTF_TEST(both_reset, no_multicall_ends_what_the_vm_may_call)
{
    struct stile_call_entry *entry = &both_mailbox()->calls[0];

    if (!is_first_vcpu())
        SKIP("it runs on another vCPU");
    *entry = (struct stile_call_entry){.nr = STILE_NR_core_reset};
    both_expect(stile_core_multicall(0, 1, 0), 1);
    EXPECT_EQ(entry->status, STILE_NOT_SUPPORTED);
    *entry = (struct stile_call_entry){.nr = STILE_NR_core_version}; /* all zero */
    both_expect(stile_core_multicall(0, 1, 0), 1);
    EXPECT_EQ(entry->status, STILE_NOT_SUPPORTED);
    both_expect(stile_core_null(), 0);
}
