/* SPDX-License-Identifier: MIT */
/*
 * The handshake, which decides between the tables; and the hypervisor's counters.
 */
#include "sensitive/sensitive.h"

#include "dev/pl011.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "sensitive/paravirtual.h"
#include "sensitive/ring.h"
#include "stile/hypercall.h"

static enum stile_conduit conduit(void)
{
    switch (machine.psci) {
    case PSCI_METHOD_HVC:
        return STILE_CONDUIT_HVC;
    case PSCI_METHOD_SMC:
        return STILE_CONDUIT_SMC;
    case PSCI_METHOD_NONE:
        break;
    }
    return STILE_CONDUIT_NONE;
}

void sensitive_init(void)
{
    uint32_t agreed = 0;

    (void)pl011_init();
    if (machine_option("pv=off") || stile_handshake(conduit(), &agreed) != STILE_SUCCESS)
        return;
    /* Calls and shared pages are in pages of the machine's size, and this kernel has one. */
    if (stile_core_info(STILE_INFO_PAGE_BYTES).value[0] != PAGE_SIZE)
        return;
    ring_init();
    sensitive = &sensitive_paravirtual;
}

bool sensitive_is_paravirtual(void)
{
    return sensitive == &sensitive_paravirtual;
}

bool sensitive_counter(uint32_t counter, uint64_t *value)
{
    if (!sensitive_is_paravirtual())
        return false;

    struct stile_result result = stile_vcpu_counter(counter);
    *value = result.value[0];
    return result.status == STILE_SUCCESS;
}

const char *sensitive_counter_name(uint32_t counter)
{
    static const char *const names[STILE_NR_COUNTERS] = {
        [STILE_COUNTER_EXITS] = "exits",
        [STILE_COUNTER_HYPERCALLS] = "hypercalls",
        [STILE_COUNTER_INTERRUPTS] = "interrupts",
        [STILE_COUNTER_SYSREG] = "system registers",
        [STILE_COUNTER_DATA_ABORTS] = "data aborts",
        [STILE_COUNTER_WAITS] = "waits",
        [STILE_COUNTER_OTHER] = "other",
        [STILE_COUNTER_SWITCHES] = "switches",
        [STILE_COUNTER_STOLEN_TICKS] = "stolen ticks",
    };

    return counter < STILE_NR_COUNTERS ? names[counter] : NULL;
}
