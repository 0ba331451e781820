/* SPDX-License-Identifier: MIT */
/*
 * Lines in the log about what a guest did wrong, of which no guest can cause many.
 */
#ifndef WATCH_COMPLAIN_H
#define WATCH_COMPLAIN_H

#include <stdint.h>

struct vcpu;

/**
 * complain_register() - a guest used a system register that it does not have
 * @vcpu: the loaded vCPU
 * @esr: the syndrome of the trap, class EC_SYS64
 */
void complain_register(struct vcpu *vcpu, uint64_t esr);

#endif
