/* SPDX-License-Identifier: MIT */
/*
 * SErrors that come late. A bad access of a VM's may be reported when the CPU runs another one by
 * now. So a vCPU is not put before its CPU has been asked for what is outstanding, and its VM is
 * stopped for that.
 */
#ifndef LIFE_SERROR_H
#define LIFE_SERROR_H

#include <stdbool.h>

struct pcpu;
struct vcpu;

/**
 * serror_blame() - stop the VM of a vCPU that is being put, if it leaves an SError behind
 * @self: the calling CPU
 * @leaving: its registers are still in this CPU; its VM is held
 *
 * SErrors are masked at EL2. With FEAT_RAS an error synchronization barrier takes what is pending
 * (Arm ARM D19.2); without, the SError stays pending until the next vCPU runs here, and is noted.
 */
void serror_blame(struct pcpu *self, struct vcpu *leaving);

/**
 * serror_was_blamed() - an SError has been taken from a guest
 *
 * Returns whether it is the one that serror_blame() has stopped a VM for. Once for each.
 */
bool serror_was_blamed(void);

#endif
