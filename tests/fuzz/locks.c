/* SPDX-License-Identifier: MIT */
/*
 * Who holds which lock, and that no two are ever taken in both orders: locks of one kind are one,
 * whichever VM's they are, and nest in the order of the VMs' places. What was seen is kept from
 * input to input.
 */
#include "locks.h"

#include <stdint.h>

#include "ktf.h"
#include "lib/printk.h"
#include "machine.h"
#include "vm/vm.h"

#define NR_KINDS  64
#define MOST_HELD 8

/* A kind of lock: where it is in a VM, or where it is. */
static uintptr_t kinds[NR_KINDS];
static uint64_t nests[NR_KINDS]; /* for each, which kinds were taken under it, or under those */

static const struct spinlock *held[MACHINE_NR_CPUS][MOST_HELD]; /* fake.nr_locks of each */

/* The place of the VM that a lock is part of, or 0. */
static uint32_t vm_of(const struct spinlock *lock)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++) {
        uintptr_t at = (uintptr_t)lock - (uintptr_t)vm_slot(id);

        if (at < sizeof(struct vm))
            return id;
    }
    return 0;
}

static unsigned kind_of(const struct spinlock *lock)
{
    uint32_t id = vm_of(lock);
    uintptr_t kind = (uintptr_t)lock - (id ? (uintptr_t)vm_slot(id) : 0);

    for (unsigned i = 0; i < NR_KINDS; i++) {
        if (kinds[i] == 0)
            kinds[i] = kind;
        if (kinds[i] == kind)
            return i;
    }
    panic("more than %u kinds of locks", NR_KINDS);
}

/* One lock is taken under another. */
static void nest(const struct spinlock *upper, const struct spinlock *lower)
{
    unsigned above = kind_of(upper), below = kind_of(lower);

    if (above == below) {
        if (vm_of(upper) >= vm_of(lower))
            panic("a lock at %p is taken under the other VM's, %p", (const void *)lower,
                  (const void *)upper);
        return;
    }
    if (nests[below] >> above & 1)
        panic("a lock at %p is taken under one at %p, which elsewhere is taken under it",
              (const void *)lower, (const void *)upper);
    for (unsigned i = 0; i < NR_KINDS; i++)
        if (i == above || (nests[i] >> above & 1))
            nests[i] |= UINT64_C(1) << below | nests[below];
}

void locks_take(const struct spinlock *lock, bool waits)
{
    uint32_t nr = fake.nr_locks[fake.cpu]++;

    EXPECT_LE(nr, MOST_HELD - 1);
    held[fake.cpu][nr] = lock;
    for (uint32_t i = 0; waits && i < nr; i++)
        nest(held[fake.cpu][i], lock);
}

uint32_t locks_give(const struct spinlock *lock)
{
    const struct spinlock **all = held[fake.cpu];
    uint32_t last = --fake.nr_locks[fake.cpu];

    EXPECT_LE(last, MOST_HELD - 1);
    for (uint32_t i = 0; i <= last; i++)
        if (all[i] == lock) {
            all[i] = all[last];
            return last;
        }
    panic("a lock at %p is given that the CPU does not hold", (const void *)lock);
}
