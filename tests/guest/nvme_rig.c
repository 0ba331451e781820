/* SPDX-License-Identifier: MIT */
#include "nvme_rig.h"

#include <string.h>

#include "arch/cpu.h"
#include "arch/layout.h"
#include "arm64/io.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "support.h"
#include "threads/thread.h"

/* Of bus 0. */
#define NR_FUNCTIONS   256u
#define BUS_BYTES      0x100000u
#define FUNCTION_BYTES 0x1000u
#define WINDOW_BYTES   0x200000u

/* PCI Local Bus 6.1 and 6.7, PCI Express Base 7.5.3. */
#define ID                 0x00
#define COMMAND            0x04
#define COMMAND_MEMORY     2u
#define COMMAND_BUS_MASTER 4u
#define CLASS              0x08
#define CLASS_NVME         0x010802u
#define BAR(n)             (0x10 + 4u * (n))
#define CAPABILITIES       0x34
#define CAP_NEXT           1
#define CAP_ID_EXPRESS     0x10
#define EXPRESS_CONTROL    8
#define EXPRESS_RESET      0x8000u
#define RESET_MS           100u

/* 3.1: registers. */
#define CAP           0x00
#define CAP_STRIDE(c) ((c) >> 32 & 15)
#define CC            0x14
#define CC_ENABLE     0x00460001u /* entries of 64 and 16 bytes, pages of 4 KiB */
#define CSTS          0x1C
#define CSTS_READY    1u
#define CSTS_FATAL    2u
#define AQA           0x24
#define ASQ           0x28
#define ACQ           0x30
#define DOORBELLS     0x1000

#define NR_ENTRIES  16u
#define PHASE       1u
#define STATUS(dw3) ((dw3) >> 17)

#define ADMIN_CREATE_SUBMISSION 0x01u
#define ADMIN_CREATE_COMPLETION 0x05u
#define IO_READ                 0x02u

struct command {
    uint32_t word0;
    uint32_t nsid;
    uint64_t reserved[2];
    uint64_t prp1;
    uint64_t prp2;
    uint32_t words[6]; /* 10 to 15 */
};

struct completion {
    uint32_t words[3];
    volatile uint32_t status;
};

/** A pair of queues, each a page. */
static struct pair {
    _Alignas(PAGE_SIZE) struct command commands[PAGE_SIZE / sizeof(struct command)];
    struct completion done[PAGE_SIZE / sizeof(struct completion)];
    uint32_t next;
    uint32_t nr_done;
} pairs[2]; /* of the admin queue, and of queue 1 */

uint32_t nvme_wait_ms = NVME_WAIT_MS;

static uint64_t config, window, function, registers;

void nvme_map(void)
{
    if (machine.pci.config.bytes < BUS_BYTES || machine.pci.window.bytes < WINDOW_BYTES)
        return;
    config = kernel_map_device(machine.pci.config.base, BUS_BYTES);
    window = kernel_map_device(machine.pci.window.base, WINDOW_BYTES);
}

bool nvme_find(void)
{
    for (uint32_t id = 0; id < NR_FUNCTIONS && config != 0; id++) {
        function = nvme_config_of(id);
        if (io_read32(function + ID) == UINT32_MAX ||
            io_read32(function + CLASS) >> 8 != CLASS_NVME)
            continue;
        io_write32(function + BAR(0), (uint32_t)machine.pci.window_pci);
        io_write32(function + BAR(1), (uint32_t)(machine.pci.window_pci >> 32));
        io_write16(function + COMMAND, COMMAND_MEMORY | COMMAND_BUS_MASTER);
        registers = window;
        return true;
    }
    return false;
}

uint64_t nvme_config(void)
{
    return function;
}

uint64_t nvme_config_of(uint32_t id)
{
    return config + id * FUNCTION_BYTES;
}

uint64_t nvme_window(void)
{
    return window;
}

bool nvme_reset_function(void)
{
    uint32_t cap = io_read8(function + CAPABILITIES);

    while (cap != 0 && io_read8(function + cap) != CAP_ID_EXPRESS)
        cap = io_read8(function + cap + CAP_NEXT);
    if (cap == 0)
        return false;
    io_write16(function + cap + EXPRESS_CONTROL, EXPRESS_RESET);
    (void)support_wait(false, RESET_MS);
    return nvme_find();
}

static uint32_t status(void)
{
    return io_read32(registers + CSTS);
}

static void write64(uint32_t at, uint64_t value)
{
    io_write32(registers + at, (uint32_t)value);
    io_write32(registers + at + 4, (uint32_t)(value >> 32));
}

bool nvme_start(uint64_t admin)
{
    nvme_stop();
    io_write32(registers + AQA, (NR_ENTRIES - 1) << 16 | (NR_ENTRIES - 1));
    write64(ASQ, admin ? admin : virt_to_phys(pairs[0].commands));
    write64(ACQ, admin ? admin : virt_to_phys(pairs[0].done));
    io_write32(registers + CC, CC_ENABLE);
    (void)support_wait(status() & (CSTS_READY | CSTS_FATAL), nvme_wait_ms);
    return (status() & (CSTS_READY | CSTS_FATAL)) == CSTS_READY;
}

void nvme_stop(void)
{
    io_write32(registers + CC, 0);
    (void)support_wait(!(status() & CSTS_READY), nvme_wait_ms);
    memset(pairs, 0, sizeof(pairs));
}

static void ring(uint32_t queue, uint32_t value)
{
    uint64_t stride = 4u << CAP_STRIDE(io_read32(registers + CAP) |
                                       (uint64_t)io_read32(registers + CAP + 4) << 32);

    io_write32(registers + DOORBELLS + queue * stride, value);
}

/* Entries go round, and each time their phase is another. */
static uint32_t carry_out(uint32_t index, const struct command *command)
{
    struct pair *pair = &pairs[index];
    const struct completion *done = &pair->done[pair->nr_done % NR_ENTRIES];
    uint32_t phase = pair->nr_done / NR_ENTRIES % 2 ? 0 : PHASE << 16;

    pair->commands[pair->next] = *command;
    pair->next = (pair->next + 1) % NR_ENTRIES;
    dsb_sy();
    ring(2 * index, pair->next);
    if (!support_wait((done->status & PHASE << 16) == phase, nvme_wait_ms))
        return NVME_LATE;
    pair->nr_done++;
    ring(2 * index + 1, pair->nr_done % NR_ENTRIES);
    return STATUS(done->status);
}

uint32_t nvme_admin(uint32_t opcode, uint32_t nsid, uint64_t pa, uint32_t word10, uint32_t word11)
{
    return carry_out(
        0, &(struct command){.word0 = opcode, .nsid = nsid, .prp1 = pa, .words = {word10, word11}});
}

bool nvme_make_queue(void)
{
    const uint32_t size = (NR_ENTRIES - 1) << 16 | 1;

    return nvme_admin(ADMIN_CREATE_COMPLETION, 0, virt_to_phys(pairs[1].done), size, 1) == 0 &&
           nvme_admin(ADMIN_CREATE_SUBMISSION, 0, virt_to_phys(pairs[1].commands), size,
                      1 << 16 | 1) == 0;
}

uint32_t nvme_read(uint32_t nsid, uint64_t block, uint64_t pa)
{
    return carry_out(1, &(struct command){.word0 = IO_READ,
                                          .nsid = nsid,
                                          .prp1 = pa,
                                          .words = {(uint32_t)block, (uint32_t)(block >> 32)}});
}
