/* SPDX-License-Identifier: MIT */
/*
 * Memory of a kernel that has panicked, as the kernel finds it that was started by the panic.
 *
 *   vmcore mark     fill pages with what only this program writes, and keep them
 *   vmcore find     look for these pages in /proc/vmcore, and for the message of a panic by sysrq
 *
 * "find" must come upon every page, with every word as it was. It may do so twice: what is between
 * the ends of the kernel's image is in two segments.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define PAGE_WORDS (PAGE_BYTES / sizeof(uint64_t))
#define NR_MARKED  64
/* The first word of a marked page; the second is its number. */
#define MAGIC        UINT64_C(0x5741732070616765)
#define SEGMENTS_MAX 64

/* This program was in that memory, too, but there its first letter is not the message's. */
static char panic_text[] = "?ernel panic - not syncing: sysrq";

struct page {
    uint64_t words[PAGE_WORDS];
};

struct found {
    bool seen[NR_MARKED];
    unsigned int wrong; /* marked, but not as they were */
    uint64_t nr_pages;
    bool message;
};

/* Word i of page n: a mix of both. */
static uint64_t word(uint64_t n, uint64_t i)
{
    uint64_t x = (n * PAGE_WORDS + i) * UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 27;
}

static int mark(void)
{
    struct page *pages = mmap(NULL, NR_MARKED * PAGE_BYTES, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        return 1;
    for (uint64_t n = 0; n < NR_MARKED; n++) {
        pages[n].words[0] = MAGIC;
        pages[n].words[1] = n;
        for (uint64_t i = 2; i < PAGE_WORDS; i++)
            pages[n].words[i] = word(n, i);
    }
    puts("vmcore: marked");
    fflush(stdout);
    for (;;)
        pause();
}

static bool is_as_it_was(const struct page *page, uint64_t n)
{
    for (uint64_t i = 2; i < PAGE_WORDS; i++)
        if (page->words[i] != word(n, i))
            return false;
    return true;
}

/* A page and the one before it, in which a message may begin. */
static void look(struct found *found, const char *text)
{
    struct page page;
    uint64_t n;

    memcpy(&page, text + PAGE_BYTES, sizeof(page));
    n = page.words[1];
    found->nr_pages++;
    if (memmem(text, 2 * (size_t)PAGE_BYTES, panic_text, sizeof(panic_text) - 1))
        found->message = true;
    if (page.words[0] != MAGIC || n >= NR_MARKED)
        return;
    found->seen[n] = true;
    if (!is_as_it_was(&page, n))
        found->wrong++;
}

/* All pages of a segment; false if one could not be read. */
static bool look_through(struct found *found, int fd, const Elf64_Phdr *segment)
{
    static char text[2 * PAGE_BYTES];

    for (uint64_t at = 0; at < segment->p_filesz; at += PAGE_BYTES) {
        memcpy(text, text + PAGE_BYTES, PAGE_BYTES);
        if (pread(fd, text + PAGE_BYTES, PAGE_BYTES, (off_t)(segment->p_offset + at)) != PAGE_BYTES)
            return false;
        look(found, text);
    }
    return true;
}

static int report(const struct found *found)
{
    unsigned int seen = 0;

    for (unsigned int n = 0; n < NR_MARKED; n++)
        seen += found->seen[n];
    printf("vmcore: %llu MiB, %u of %u pages, %u wrong, %s\n",
           (unsigned long long)(found->nr_pages * PAGE_BYTES >> 20), seen, NR_MARKED, found->wrong,
           found->message ? "and the message" : "no message");
    return seen != NR_MARKED || found->wrong || !found->message;
}

static int find(void)
{
    Elf64_Phdr segments[SEGMENTS_MAX];
    struct found found = {0};
    Elf64_Ehdr header;
    size_t size;
    int fd = open("/proc/vmcore", O_RDONLY);

    panic_text[0] = 'K';
    if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header)) {
        perror("/proc/vmcore");
        return 1;
    }
    size = header.e_phnum * sizeof(segments[0]);
    if (header.e_phnum > SEGMENTS_MAX ||
        pread(fd, segments, size, (off_t)header.e_phoff) != (ssize_t)size) {
        puts("vmcore: its headers cannot be read");
        return 1;
    }
    for (unsigned int i = 0; i < header.e_phnum; i++)
        if (segments[i].p_type == PT_LOAD && !look_through(&found, fd, &segments[i])) {
            printf("vmcore: segment %u cannot be read\n", i);
            return 1;
        }
    return report(&found);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "mark"))
        return mark();
    if (argc == 2 && !strcmp(argv[1], "find"))
        return find();
    fprintf(stderr, "usage: vmcore mark|find\n");
    return 2;
}
