/* SPDX-License-Identifier: MIT */
/*
 * The bounds of the hypervisor's image, from hv.lds: virtual addresses, each on a page.
 */
#ifndef ARCH_IMAGE_H
#define ARCH_IMAGE_H

#include <stdint.h>

extern char __image_start[];
extern char __text_end[];
extern char __rodata_start[];
extern char __rodata_end[];
extern char __data_start[];
extern char __image_end[];

#define IMAGE_START        ((uint64_t)(uintptr_t)__image_start)
#define IMAGE_TEXT_END     ((uint64_t)(uintptr_t)__text_end)
#define IMAGE_RODATA_START ((uint64_t)(uintptr_t)__rodata_start)
#define IMAGE_RODATA_END   ((uint64_t)(uintptr_t)__rodata_end)
#define IMAGE_DATA_START   ((uint64_t)(uintptr_t)__data_start)
#define IMAGE_END          ((uint64_t)(uintptr_t)__image_end)

#endif
