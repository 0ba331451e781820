/* SPDX-License-Identifier: MIT */
/*
 * The version of the ABI these headers describe, and how a version is written in a register.
 *
 * Minor versions only add calls. The guest proposes with core_version; what the hypervisor
 * answers holds for the VM until somebody in it calls that again, or it starts anew.
 */
#ifndef STILE_VERSION_H
#define STILE_VERSION_H

#define STILE_VERSION_MAJOR 0
#define STILE_VERSION_MINOR 14

/* major in bits 31:16, minor in bits 15:0 */
#define STILE_VERSION(major, minor)      (((major) << 16) | (minor))
#define STILE_VERSION_GET_MAJOR(version) ((version) >> 16)
#define STILE_VERSION_GET_MINOR(version) ((version)&0xFFFF)
#define STILE_VERSION_CURRENT            STILE_VERSION(STILE_VERSION_MAJOR, STILE_VERSION_MINOR)

#endif
