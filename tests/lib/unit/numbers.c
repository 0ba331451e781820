/* SPDX-License-Identifier: MIT */
/*
 * VM numbers: a VM that gets the place of one that has ended is not taken for it.
 */
#include "ktf.h"
#include "stile/fake.h"
#include "stile/hypercall.h"

#define NR_PLACES 16
#define NR_VMS    100

static uint32_t owner, peer;

static uint32_t start_vm(const char *name)
{
    struct stile_fake_config config = {.name = name};
    uint32_t vm = stile_fake_start(&config);

    stile_fake_become(vm, 0);
    EXPECT_EQ(stile_core_version(STILE_VERSION_CURRENT).status, STILE_SUCCESS);
    return vm;
}

/* All places are taken, so that the next VM gets that of the one that ends. */
static void start(void)
{
    stile_fake_reset();
    owner = start_vm("owner");
    peer = start_vm("peer");
    for (int i = 2; i < NR_PLACES; i++)
        (void)start_vm("other");
    stile_fake_become(owner, 0);
}

KTF_SUITE(numbers, .setup = start);

static void ends(void *context)
{
    (void)context;
    (void)stile_power_off(0);
}

/* In the place of the peer. */
static uint32_t replace(void)
{
    EXPECT_EQ(stile_fake_run(peer, 0, ends, NULL), STILE_FAKE_OFF);
    return start_vm("stranger");
}

static struct stile_result share(uint32_t with)
{
    return stile_memory_share(stile_ipa(STILE_FAKE_MEMORY_BASE), stile_nr_pages(1),
                              stile_vm_id(with), STILE_ACCESS_READ);
}

KTF_TEST(numbers, are_not_zero_and_not_used_again)
{
    uint32_t seen[NR_VMS];

    seen[0] = peer;
    for (int i = 1; i < NR_VMS; i++) {
        peer = seen[i - 1];
        seen[i] = replace();
        EXPECT_NE(seen[i], 0);
        for (int j = 0; j < i; j++)
            EXPECT_NE(seen[i], seen[j]);
    }
}

KTF_TEST(numbers, a_stranger_binds_no_port_that_was_meant_for_the_vm_before)
{
    struct stile_result port = stile_event_alloc(stile_vm_id(peer), stile_vcpu_id(0));
    stile_port_t remote = stile_port((uint32_t)port.value[0]);

    EXPECT_EQ(port.status, STILE_SUCCESS);
    (void)replace();
    EXPECT_EQ(stile_event_bind(stile_vm_id(owner), remote, stile_vcpu_id(0)).status,
              STILE_NOT_FOUND);
    stile_fake_become(owner, 0);
    EXPECT_EQ(stile_event_query(remote).value[2], peer);
    EXPECT_EQ(stile_event_alloc(stile_vm_id(peer), stile_vcpu_id(0)).status, STILE_NOT_FOUND);
}

KTF_TEST(numbers, a_stranger_is_offered_no_share_that_was_meant_for_the_vm_before)
{
    struct stile_result before = share(peer);

    EXPECT_EQ(before.status, STILE_SUCCESS);
    uint32_t stranger = replace();
    EXPECT_EQ(stile_memory_accept(stile_share((uint32_t)before.value[0]),
                                  stile_ipa(STILE_FAKE_MEMORY_BASE + 0x10000000), stile_nr_pages(1),
                                  STILE_ACCESS_READ)
                  .status,
              STILE_NOT_FOUND);
    stile_fake_become(owner, 0);
    EXPECT_EQ(share(peer).status, STILE_NOT_FOUND);
    EXPECT_EQ(share(stranger).status, STILE_SUCCESS);
}

KTF_TEST(numbers, a_stranger_publishes_nothing_for_the_vm_before)
{
    (void)replace();
    EXPECT_EQ(stile_directory_publish(0x6B, 0, 1).status, STILE_SUCCESS);
    EXPECT_EQ(stile_directory_lookup(stile_vm_id(peer), 0x6B, 0).status, STILE_NOT_FOUND);
}

static void reboots(void *context)
{
    (void)context;
    (void)stile_power_reboot();
}

KTF_TEST(numbers, are_kept_over_a_reboot)
{
    EXPECT_EQ(stile_fake_run(peer, 0, reboots, NULL), STILE_FAKE_REBOOTED);
    stile_fake_become(peer, 0);
    EXPECT_EQ(stile_core_version(STILE_VERSION_CURRENT).status, STILE_SUCCESS);
    EXPECT_EQ(stile_core_info(STILE_INFO_VM_ID).value[0], peer);
}
