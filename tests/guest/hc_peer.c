/* SPDX-License-Identifier: MIT */
/*
 * With "peer" on the command line: a VM that shows that it runs, and does what the VM "steward"
 * orders.
 */
#include "hc_peer.h"

#include <string.h>

#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

KTF_SUITE(hc_peer, .suite_setup = support_need_hypervisor);

/* As stile_power_crash() does, with a register that is known in what it leaves. */
static void crash(void)
{
    static char words[] = PEER_LAST_WORDS;
    struct raw_registers registers = {.x = {[0] = STILE_FID(STILE_NR_power_crash),
                                            [1] = virt_to_phys(words),
                                            [2] = sizeof(words) - 1,
                                            [20] = PEER_X20}};

    raw_hvc(&registers);
}

KTF_TEST(hc_peer, does_as_it_is_told)
{
    if (!machine_option("peer"))
        SKIP("nobody gives orders");
    for (uint64_t beat = 1;; beat++) {
        uint64_t name = 0;

        memcpy(&name, "steward", 7);
        stile_vm_id_t steward =
            stile_vm_id((uint32_t)stile_directory_find_vm(name, 0, 0, 0).value[0]);
        uint64_t order = stile_directory_lookup(steward, PEER_ORDER, 0).value[0];
        if (order == PEER_CRASH)
            crash();
        else if (order == PEER_SUSPEND)
            (void)stile_power_suspend();
        ASSERT_EQ(stile_directory_publish(PEER_BEAT, 0, beat).status, STILE_SUCCESS);
        thread_sleep_ms(1);
    }
}
