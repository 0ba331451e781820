/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hv/arch/image.h on the host: an image of three parts where the hypervisor's is.
 */
#ifndef ARCH_IMAGE_H
#define ARCH_IMAGE_H

#include <stdint.h>

#include "mm/layout.h"

#define IMAGE_START        ((uint64_t)HV_IMAGE_VA)
#define IMAGE_TEXT_END     (IMAGE_START + 0x20000)
#define IMAGE_RODATA_START (IMAGE_START + 0x20000)
#define IMAGE_RODATA_END   (IMAGE_START + 0x30000)
#define IMAGE_DATA_START   (IMAGE_START + 0x30000)
#define IMAGE_END          (IMAGE_START + 0x60000)

#endif
