/* SPDX-License-Identifier: MIT */
/*
 * The VMs' event ports, with the real table of them at hand.
 */
#include "virt/events.c"

#include "audit.h"
#include "ktf.h"

#include "fakes/ports.h"

void audit_ports(void)
{
    EXPECT_EQ(events_lock.next, events_lock.serving);
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        struct vm *vm = vm_slot(id);

        EXPECT_EQ(vm->events.lock.next, vm->events.lock.serving);
        for (uint32_t i = 0; i < EVENTS_NR_PORTS; i++)
            if (vm->events.ports[i].use != EVENT_FREE)
                ports_expect_sense(vm, STILE_PORT_FIRST + i, &vm->events.ports[i]);
    }
}

uint64_t audit_ports_sum(void)
{
    uint64_t sum = 0;

    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        if (vm_slot(id)->state != VM_OFF)
            sum = audit_add(sum, vm_slot(id)->events.ports, sizeof(vm_slot(id)->events.ports));
    return sum;
}
