/* SPDX-License-Identifier: MIT */
/*
 * The ELF loader: each PT_LOAD segment gets pages of its own, with its permissions.
 */
#include <elf.h>
#include <string.h>

#include "arch/cpu.h"
#include "mm/map.h"
#include "mm/page.h"
#include "process/elf.h"

static bool is_program(const Elf64_Ehdr *header, size_t bytes)
{
    return bytes >= sizeof(*header) && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == EM_AARCH64 &&
           header->e_type == ET_EXEC && header->e_phentsize == sizeof(Elf64_Phdr) &&
           header->e_phoff <= bytes &&
           header->e_phnum <= (bytes - header->e_phoff) / sizeof(Elf64_Phdr);
}

static bool is_sound(const Elf64_Phdr *segment, size_t bytes)
{
    return segment->p_vaddr % PAGE_SIZE == 0 && segment->p_vaddr >= USER_VA &&
           segment->p_vaddr < USER_VA_END && segment->p_memsz < USER_VA_END - segment->p_vaddr &&
           segment->p_filesz <= segment->p_memsz && segment->p_offset <= bytes &&
           segment->p_filesz <= bytes - segment->p_offset;
}

static enum map_kind kind_of(const Elf64_Phdr *segment)
{
    if (segment->p_flags & PF_X)
        return MAP_USER_TEXT;
    return segment->p_flags & PF_W ? MAP_USER_DATA : MAP_USER_RODATA;
}

/* A CPU that runs new code must not find old code in its caches (Arm ARM B2.4.4). */
static void make_executable(const void *page)
{
    for (uint64_t offset = 0; offset < PAGE_SIZE; offset += 16)
        __asm__ volatile("dc cvau, %0" : : "r"((uint64_t)page + offset) : "memory");
    dsb_ish();
    __asm__ volatile("ic ialluis" : : : "memory");
    dsb_ish();
}

static bool load_page(const Elf64_Phdr *segment, const char *file, uint64_t offset, uint64_t root)
{
    uint64_t pa = page_alloc_zeroed();
    if (pa == 0)
        return false;

    if (offset < segment->p_filesz) {
        uint64_t left = segment->p_filesz - offset;
        memcpy(phys_to_virt(pa), file + segment->p_offset + offset,
               left < PAGE_SIZE ? left : PAGE_SIZE);
    }
    if (segment->p_flags & PF_X)
        make_executable(phys_to_virt(pa));
    if (!map_range(root, segment->p_vaddr + offset, pa, PAGE_SIZE, kind_of(segment))) {
        page_free(pa);
        return false;
    }
    return true;
}

static bool load_segment(const Elf64_Phdr *segment, const char *file, uint64_t root)
{
    for (uint64_t offset = 0; offset < segment->p_memsz; offset += PAGE_SIZE) {
        if (!load_page(segment, file, offset, root))
            return false;
    }
    return true;
}

bool elf_load(const void *file, size_t bytes, uint64_t root, uint64_t *entry)
{
    const Elf64_Ehdr *header = file;
    if (!is_program(header, bytes))
        return false;

    const Elf64_Phdr *segments =
        (const Elf64_Phdr *)(const void *)((const char *)file + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *segment = &segments[i];
        if (segment->p_type == PT_LOAD && segment->p_memsz != 0 &&
            !(is_sound(segment, bytes) && load_segment(segment, file, root)))
            return false;
    }
    *entry = header->e_entry;
    return true;
}
