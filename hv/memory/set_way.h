/* SPDX-License-Identifier: MIT */
/*
 * Data cache maintenance by set and way (DC ISW, CSW, CISW), which a guest means for all that it
 * has in caches. EL2 does not carry it out: for a set, way or level that is not there the
 * architecture allows anything, and what it would reach are also other VMs' lines, on one CPU
 * alone. The VM's memory is cleaned and invalidated by address instead.
 */
#ifndef MEMORY_SET_WAY_H
#define MEMORY_SET_WAY_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/**
 * set_way_execute() - a guest's operation by set and way
 * @vcpu: the loaded vCPU
 * @operand: of the instruction; any value
 *
 * A guest loops over levels, sets and ways. The first operation of a loop over a level stands for
 * all of it, and the others do nothing. All of a VM's memory takes longer than EL2 may: each call
 * does a piece, and the guest executes the instruction again until the last is done.
 *
 * Returns whether that is so. Takes the stage-2 lock.
 */
bool set_way_execute(struct vcpu *vcpu, uint64_t operand);

#endif
