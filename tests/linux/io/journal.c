/* SPDX-License-Identifier: MIT */
/*
 * Writes to a disk for ever, and tells which of them the disk has acknowledged by a flush:
 * tests/runner/journal.py makes the same writes up, and looks for them on the disk.
 *
 *     journal DEVICE SEED
 *
 * Four writers have 8 MiB of the disk each. A writer's writes are numbered from 1; each is of 1 to
 * 32 sectors at a made-up place, and each sector is a struct sector. After every eighth the writer
 * has the disk flushed, tells, and only then goes on. Two write by the page cache, two past it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sequence.h"

#define SECTOR_BYTES  512u
#define NR_WRITERS    4u
#define AREA_SECTORS  16384u
#define WRITE_SECTORS 32u
#define BATCH_WRITES  8u

/** Little-endian. */
struct sector {
    uint64_t writer; /* from 0 */
    uint64_t write;
    uint64_t sector; /* of the disk */
    uint8_t data[SECTOR_BYTES - 3 * sizeof(uint64_t)];
};
_Static_assert(sizeof(struct sector) == SECTOR_BYTES, "a sector");

static struct sector sectors[WRITE_SECTORS] __attribute__((aligned(4096)));
static const char *device;
static uint64_t seed;

static _Noreturn void fail(uint64_t writer, const char *what)
{
    printf("journal: writer %u: BAD: %s: %s\n", (unsigned)writer, what, strerror(errno));
    exit(1);
}

static void make_sector(struct sector *sector, uint64_t writer, uint64_t write, uint64_t number)
{
    *sector = (struct sector){.writer = writer, .write = write, .sector = number};
    sequence_fill(sector->data, sizeof(sector->data), writer << 60 | write << 20 | number);
}

static void make_write(int file, uint64_t writer, uint64_t write)
{
    uint64_t choice = sequence_mix(seed << 40 | writer << 32 | write);
    uint64_t nr = choice % WRITE_SECTORS + 1;
    uint64_t first = writer * AREA_SECTORS + (choice >> 8) % (AREA_SECTORS - nr + 1);
    size_t bytes = nr * SECTOR_BYTES;

    for (uint64_t i = 0; i < nr; i++)
        make_sector(&sectors[i], writer, write, first + i);
    if (pwrite(file, sectors, bytes, (off_t)(first * SECTOR_BYTES)) != (ssize_t)bytes)
        fail(writer, "a write");
}

static _Noreturn void write_for_ever(uint64_t writer)
{
    int file = open(device, O_WRONLY | O_CLOEXEC | (writer % 2 == 0 ? 0 : O_DIRECT));

    if (file < 0)
        fail(writer, device);
    for (uint64_t write = 1;; write++) {
        make_write(file, writer, write);
        if (write % BATCH_WRITES != 0)
            continue;
        if (fsync(file) != 0)
            fail(writer, "a flush");
        printf("journal: writer %u: %u writes are flushed\n", (unsigned)writer, (unsigned)write);
    }
}

int main(int argc, char *argv[])
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        (void)fprintf(stderr, "usage: journal DEVICE SEED\n");
        return 2;
    }
    device = argv[1];
    seed = strtoul(argv[2], NULL, 10);
    printf("journal: seed %u\n", (unsigned)seed);
    for (unsigned writer = 0; writer < NR_WRITERS; writer++)
        if (fork() == 0)
            write_for_ever(writer);
    while (wait(NULL) > 0)
        ;
    return 1;
}
