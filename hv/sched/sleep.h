/* SPDX-License-Identifier: MIT */
/*
 * A vCPU that goes to sleep, by WFI, vcpu_block or vcpu_poll, and who rouses it.
 */
#ifndef SCHED_SLEEP_H
#define SCHED_SLEEP_H

#include <stdint.h>

struct vcpu;

/**
 * sleep_block() - sleep until an interrupt is pending for the vCPU
 * @vcpu: the loaded vCPU
 *
 * Does nothing if one is pending already.
 */
void sleep_block(struct vcpu *vcpu);

/**
 * sleep_poll() - sleep as sleep_block() does, or until bits of the mailbox are set
 * @vcpu: the loaded vCPU
 * @word: which word of its mailbox's bits
 * @ports: which bits of it, masked or not
 * @deadline: when to wake at the latest, or TIMER_NEVER
 *
 * Does nothing if one is set already. Who sets one later calls sleep_rouse().
 */
void sleep_poll(struct vcpu *vcpu, uint32_t word, uint64_t ports, uint64_t deadline);

/** sleep_rouse() - end a vCPU's sleep, if it does. Any physical CPU, sched_lock not held. */
void sleep_rouse(struct vcpu *vcpu);

/** sleep_kick() - the same; and if it does not sleep, its next one ends before it has begun */
void sleep_kick(struct vcpu *vcpu);

#endif
