/* SPDX-License-Identifier: MIT */
/*
 * A disk, of another VM's by messages, or by registers: blocks are written and read again, as many
 * at a time as go, and what that took of the hypervisor is counted.
 */
#include <string.h>

#include "lib/printk.h"
#include "sensitive/sensitive.h"
#include "sensitive/virtio.h"
#include "stile/abi.h"
#include "test/disk.h"
#include "test/test.h"

#define NR_BLOCKS   2048u
#define NR_ONE      256u
#define BLOCK_WORDS (DISK_BLOCK_BYTES / sizeof(uint64_t))

#define SECTORS_OF_BLOCK (DISK_BLOCK_BYTES / 512)

/* --- by messages ----------------------------------------------------------------------------- */

static const char *open_by_messages(const char *vm, uint64_t *sectors)
{
    const char *fault = virtio_open(vm, TEST_IO_LIMIT_MS);

    if (fault)
        return fault;
    fault = virtio_disk_open(0, sectors);
    if (fault)
        virtio_close();
    return fault;
}

static const struct disk by_messages = {
    .open = open_by_messages,
    .close = virtio_close,
    .block = virtio_disk_block,
    .next_slot = virtio_disk_next_slot,
    .begin = virtio_disk_begin,
    .end = virtio_disk_end,
};
_Static_assert(DISK_BLOCK_BYTES == VIRTIO_BLOCK_BYTES && DISK_DEPTH == VIRTIO_DISK_DEPTH,
               "one size");

/* --- blocks ---------------------------------------------------------------------------------- */

static const struct disk *disk;
static uint32_t blocks[DISK_DEPTH]; /* which one each slot has */
static uint32_t slot;               /* of the request that was last done */

/* Which block is the nth: all of them, and no two neighbours. */
static uint32_t block_at(uint32_t n)
{
    return n * 691u % NR_BLOCKS;
}

static void fill(uint32_t of, uint32_t block)
{
    uint64_t *words = (uint64_t *)(void *)disk->block(of);

    for (uint32_t i = 0; i < BLOCK_WORDS; i++)
        words[i] = (uint64_t)block << 32 | i;
}

static bool is_right(uint32_t of, uint32_t block)
{
    const uint64_t *words = (const uint64_t *)(const void *)disk->block(of);

    for (uint32_t i = 0; i < BLOCK_WORDS; i++)
        if (words[i] != ((uint64_t)block << 32 | i))
            return false;
    return true;
}

/* Moves all blocks, as many at a time as go. */
static const char *move_all(bool is_write)
{
    uint32_t nr_begun = 0;

    for (uint32_t nr_done = 0; nr_done < NR_BLOCKS; nr_done++) {
        int next;

        while (nr_begun < NR_BLOCKS && (next = disk->next_slot()) >= 0) {
            blocks[next] = block_at(nr_begun++);
            if (is_write)
                fill((uint32_t)next, blocks[next]);
            (void)disk->begin(is_write, (uint64_t)blocks[next] * SECTORS_OF_BLOCK);
        }
        const char *fault = disk->end(&slot);
        if (fault)
            return fault;
        if (!is_write && !is_right(slot, blocks[slot]))
            return "a block holds something else";
    }
    return NULL;
}

static const char *move_one_by_one(bool is_write)
{
    const char *fault = NULL;

    for (uint32_t i = 0; i < NR_ONE && !fault; i++) {
        (void)disk->begin(is_write, (uint64_t)block_at(i) * SECTORS_OF_BLOCK);
        fault = disk->end(&slot);
        if (!fault && !is_right(slot, block_at(i)))
            fault = "a block holds something else";
    }
    return fault;
}

/* Counts what something takes; false: it went wrong. */
static bool count(const char *what, const char *(*run)(bool), bool is_write, uint32_t nr)
{
    uint64_t exits = 0, after = 0;

    (void)sensitive_counter(STILE_COUNTER_EXITS, &exits);
    test_mark();
    const char *fault = run(is_write);
    test_mark();
    (void)sensitive_counter(STILE_COUNTER_EXITS, &after);
    if (fault)
        printk("disk: %s: %s: BAD\n", what, fault);
    else
        printk("disk: %s: %u blocks, %lu exits\n", what, nr, after - exits);
    return !fault;
}

/* Opens the one that is meant, if it has all blocks. */
static const char *open_disk(const char *how)
{
    bool has_registers = strncmp(how, "registers", strlen("registers")) == 0;
    uint64_t sectors = 0;
    char vm[32];

    test_word(how, vm, sizeof(vm));
    disk = has_registers ? &disk_by_registers : &by_messages;
    const char *fault = disk->open(vm, &sectors);
    return !fault && sectors < NR_BLOCKS * SECTORS_OF_BLOCK ? "it is too small" : fault;
}

void disk_run(const char *how)
{
    const char *fault = open_disk(how);

    if (fault) {
        printk("disk: %s: BAD\n", fault);
        return;
    }
    bool is_good = count("written", move_all, true, NR_BLOCKS) &&
                   count("read", move_all, false, NR_BLOCKS) &&
                   count("read one by one", move_one_by_one, false, NR_ONE);
    disk->close();
    printk("disk: %s\n", is_good ? "good" : "BAD");
}

/* What is read is not looked at: the disk is to be what takes time. */
const char *disk_storm(const char *whose, bool waits)
{
    const char *fault = open_disk(whose);

    for (uint32_t n = 0; !fault; fault = disk->end(&slot))
        while (disk->next_slot() >= 0) {
            (void)disk->begin(false, (uint64_t)block_at(n++) * SECTORS_OF_BLOCK);
            if (waits)
                break;
        }
    return fault;
}
