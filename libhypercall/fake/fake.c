/* SPDX-License-Identifier: MIT */
/*
 * What there is one of: the machine and its lock; and, for each thread, which vCPU it is.
 */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

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

bool fake_is_vm_number(uint32_t number)
{
    return number - 1 < STILE_VMS_MAX;
}

struct fake_vm *fake_running_vm(uint32_t number)
{
    struct fake_vm *vm = fake_is_vm_number(number) ? &fake.vms[number - 1] : NULL;

    return vm && vm->state != STILE_VM_ENDED ? vm : NULL;
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
