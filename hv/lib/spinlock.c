/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a lock: apart, because every lock is taken in many places and seldom held.
 */
#include "lib/spinlock.h"

#include "lib/cold.h"

COLD void spin_wait(const struct spinlock *lock, uint8_t ticket)
{
    cpu_wait_until(&lock->serving, ticket);
}
