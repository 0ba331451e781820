/* SPDX-License-Identifier: MIT */
/*
 * The map of EL2's virtual addresses: 39 bits, translation starts at level 1.
 *
 * Physical addresses below HV_IDENTITY_END appear one to one where they are mapped at all: the
 * hypervisor's pool, the page array, the bundle (read-only) and devices. Guest memory is not
 * mapped, except in a copy window while it is copied. Usable from assembly and the linker script.
 */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#define HV_VA_BITS 39

#define HV_IDENTITY_SHIFT 38
#define HV_IDENTITY_END   0x4000000000
#define HV_IMAGE_VA       0x4000000000 /* the image, where it is linked */
#define HV_WINDOW_VA      0x5000000000 /* copy windows, 2 MiB for each physical CPU */
#define HV_STACK_VA       0x5800000000 /* stacks, each between unmapped guard pages */

#define HV_STACK_BYTES 8192

#endif
