/* SPDX-License-Identifier: MIT */
/*
 * Programs as the linker made them: ELF files.
 */
#ifndef PROCESS_ELF_H
#define PROCESS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * elf_load() - load a static program into an address space
 * @file: @bytes: the ELF file, 8-byte aligned
 * @root: physical address of the address space's level 1 table
 * @entry: where to put the address to start at
 *
 * Returns false if the file is no such program, or without memory; the address space then holds
 * what was loaded, and is the caller's to free.
 */
bool elf_load(const void *file, size_t bytes, uint64_t root, uint64_t *entry);

#endif
