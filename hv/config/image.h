/* SPDX-License-Identifier: MIT */
/*
 * What a kernel's Image begins with: Documentation/arm64/booting of Linux.
 */
#ifndef CONFIG_IMAGE_H
#define CONFIG_IMAGE_H

#include <stdint.h>

struct image_header {
    uint32_t code[2];
    uint64_t text_offset;
    uint64_t image_size;
    uint64_t flags;
    uint64_t reserved[3];
    uint32_t magic;
    uint32_t reserved2;
};

_Static_assert(sizeof(struct image_header) == 64, "Documentation/arm64/booting");

#define IMAGE_MAGIC           0x644D5241u /* "ARM\x64" */
#define IMAGE_FLAG_BIG_ENDIAN (UINT64_C(1) << 0)

#endif
