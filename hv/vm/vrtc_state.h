/* SPDX-License-Identifier: MIT */
/*
 * The registers of a VM's emulated real-time clock (virt/vrtc.h). Each is read and written alone,
 * by any vCPU, atomically.
 */
#ifndef VM_VRTC_STATE_H
#define VM_VRTC_STATE_H

#include <stdint.h>

struct vrtc {
    uint32_t ahead_s; /* of the wall clock, modulo 2^32: RTCLR sets the VM's own time */
    uint32_t load;
    uint32_t match;
    uint32_t mask;
};

#endif
