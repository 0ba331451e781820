/* SPDX-License-Identifier: MIT */
/*
 * What there is one of: the machine and its lock; and, for each thread, which vCPU it is.
 */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

/* A number's lower bits are the place, from 0. */
#define PLACE_BITS 8

struct fake_machine fake = {.lock = PTHREAD_MUTEX_INITIALIZER};
_Thread_local struct fake_vcpu *fake_current;
_Thread_local jmp_buf *fake_leave_to;

void fake_lock(void)
{
    (void)pthread_mutex_lock(&fake.lock);
}

void fake_unlock(void)
{
    (void)pthread_mutex_unlock(&fake.lock);
}

void fake_wake(struct fake_vcpu *vcpu)
{
    (void)pthread_cond_broadcast(&vcpu->wake);
}

uint32_t fake_place(uint32_t number)
{
    return number & ((1u << PLACE_BITS) - 1);
}

void fake_give_number(struct fake_vm *vm)
{
    vm->nr_uses = vm->nr_uses % (UINT32_MAX >> PLACE_BITS) + 1;
    vm->number = vm->nr_uses << PLACE_BITS | (uint32_t)(vm - fake.vms);
}

struct fake_vm *fake_numbered_vm(uint32_t number)
{
    uint32_t place = fake_place(number);

    return number != 0 && place < FAKE_NR_VMS && fake.vms[place].number == number ? &fake.vms[place]
                                                                                  : NULL;
}

struct fake_vm *fake_known_vm(uint32_t number)
{
    struct fake_vm *vm = fake_numbered_vm(number);

    if (!vm) {
        (void)fprintf(stderr, "stile fake: there is no VM %u\n", number);
        abort();
    }
    return vm;
}

struct fake_vm *fake_running_vm(uint32_t number)
{
    struct fake_vm *vm = fake_numbered_vm(number);

    return vm && vm->state != STILE_VM_ENDED ? vm : NULL;
}

bool fake_may_steer(const struct fake_vm *by, const struct fake_vm *vm)
{
    return by->config.privileged || vm->maker == by->number || vm == by;
}

void fake_leave(enum stile_fake_end end)
{
    jmp_buf *to = fake_leave_to;

    fake_unlock();
    if (to)
        longjmp(*to, (int)end);
    (void)fprintf(stderr, "stile fake: a call that does not return, outside of stile_fake_run()\n");
    abort();
}
