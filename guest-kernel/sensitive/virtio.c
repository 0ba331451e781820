/* SPDX-License-Identifier: MIT */
/*
 * A bus of libhypercall, and what is on it, in memory of this kernel's.
 */
#include "sensitive/virtio.h"

#include "arch/cpu.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/directory.h"
#include "stile/hypercall.h"
#include "stile/virtio_disk.h"
#include "stile/virtio_net.h"
#include "threads/thread.h"

#define NET_DEPTH 128
#define RETRY_MS  1

#define RINGS_BYTES 16384
#define NET_BYTES   401408

/** What the other VM sees of this one. */
struct shared {
    uint8_t channel[PAGE_SIZE];
    uint8_t blocks[VIRTIO_DISK_DEPTH][VIRTIO_BLOCK_BYTES];
    uint8_t disk[RINGS_BYTES];
    uint8_t net[NET_BYTES];
};

_Static_assert(sizeof(struct shared) % PAGE_SIZE == 0, "whole pages are shared");

/* The rest of it is shared once the channel is there. */
#define REST_BYTES (sizeof(struct shared) - PAGE_SIZE)

static struct shared *shared; /* NULL until it is wanted, then kept */

static struct stile_virtio_bus bus;
static struct stile_virtio_disk disk;
static struct stile_virtio_net net;
static uint64_t patience;               /* ticks */
static struct stile_mailbox *mailboxes; /* by CPU; NULL: not mapped yet */

static bool has_memory(void)
{
    uint64_t pa = shared ? 0 : page_alloc_run(sizeof(*shared) / PAGE_SIZE);

    if (pa != 0)
        shared = phys_to_virt(pa);
    return shared != NULL;
}

static stile_ipa_t ipa_of(const void *memory)
{
    return stile_ipa(virt_to_phys(memory));
}

static const char *in_words(int64_t status)
{
    switch (status) {
    case STILE_SUCCESS:
        return NULL;
    case STILE_BUSY:
        return "no answer in time";
    case STILE_NOT_BOUND:
        return "the other VM's back end is gone";
    case STILE_NOT_FOUND:
        return "there is none";
    case STILE_DENIED:
        return "it was refused";
    default:
        return "the hypervisor refuses";
    }
}

/* From now on a request may take as long as was said. */
static void set_deadline(void)
{
    bus.deadline = stile_ticks(cpu_ticks() + patience);
}

/* --- the bus --------------------------------------------------------------------------------- */

static int64_t offer(const char *peer)
{
    uint64_t end = cpu_ticks() + patience;
    stile_vm_id_t vm;
    int64_t status;

    while ((status = stile_directory_find(peer, &vm)) == STILE_NOT_FOUND && cpu_ticks() < end)
        thread_sleep_ms(RETRY_MS);
    if (status != STILE_SUCCESS)
        return status;
    if (!mailboxes)
        mailboxes = kernel_map_shared(stile_core_info(STILE_INFO_MAILBOX).value[0],
                                      machine.nr_cpus * sizeof(*mailboxes));
    uint32_t cpu = thread_stay(true);
    status = stile_virtio_bus_offer(&bus, shared->channel, ipa_of(shared->channel), 0, vm,
                                    stile_vcpu_id(cpu), &mailboxes[cpu]);
    if (status != STILE_SUCCESS)
        (void)thread_stay(false);
    return status;
}

const char *virtio_open(const char *peer, uint64_t ms)
{
    patience = time_ms_to_ticks(ms);
    if (!sensitive_is_paravirtual() || !stile_has_call(STILE_NR_vcpu_poll))
        return "this takes a hypervisor";
    if (!has_memory())
        return "there is too little memory";
    int64_t status = offer(peer);
    if (status != STILE_SUCCESS)
        return in_words(status);
    set_deadline();
    status = stile_virtio_bus_share(&bus, ipa_of(shared->blocks),
                                    stile_nr_pages(REST_BYTES / PAGE_SIZE));
    if (status != STILE_SUCCESS)
        virtio_close();
    return in_words(status);
}

void virtio_close(void)
{
    (void)stile_virtio_bus_withdraw(&bus);
    (void)thread_stay(false);
}

const char *virtio_next(uint32_t *number)
{
    set_deadline();
    return in_words(stile_virtio_bus_next(&bus, number));
}

/* --- a disk ---------------------------------------------------------------------------------- */

const char *virtio_disk_open(uint16_t number, uint64_t *sectors)
{
    if (stile_virtio_disk_bytes(VIRTIO_DISK_DEPTH) > sizeof(shared->disk))
        return "there is too little memory";
    set_deadline();
    int64_t status = stile_virtio_disk_open(&disk, &bus, number, shared->disk, ipa_of(shared->disk),
                                            VIRTIO_DISK_DEPTH);
    *sectors = disk.nr_sectors;
    return in_words(status);
}

uint8_t *virtio_disk_block(uint32_t slot)
{
    return shared->blocks[slot];
}

const char *virtio_disk_move(bool is_write, uint64_t sector, uint32_t nr_sectors)
{
    set_deadline();
    return in_words(
        stile_virtio_disk_do(&disk, is_write ? STILE_VIRTIO_DISK_WRITE : STILE_VIRTIO_DISK_READ,
                             sector, ipa_of(shared->blocks[0]), nr_sectors * VIRTIO_SECTOR_BYTES));
}

const char *virtio_disk_flush(void)
{
    set_deadline();
    return in_words(stile_virtio_disk_do(&disk, STILE_VIRTIO_DISK_FLUSH, 0, stile_ipa(0), 0));
}

int virtio_disk_next_slot(void)
{
    uint16_t slot = stile_virtqueue_next(&disk.queue);

    return slot == STILE_VIRTQUEUE_NONE ? -1 : slot;
}

int virtio_disk_begin(bool is_write, uint64_t sector)
{
    int slot = virtio_disk_next_slot();

    if (slot >= 0)
        (void)stile_virtio_disk_submit(&disk,
                                       is_write ? STILE_VIRTIO_DISK_WRITE : STILE_VIRTIO_DISK_READ,
                                       sector, ipa_of(shared->blocks[slot]), VIRTIO_BLOCK_BYTES);
    return slot;
}

const char *virtio_disk_end(uint32_t *slot)
{
    int64_t status = stile_virtio_disk_notify(&disk), result = STILE_SUCCESS;
    uint16_t done = STILE_VIRTQUEUE_NONE;

    set_deadline();
    while (status == STILE_SUCCESS &&
           (done = stile_virtio_disk_done(&disk, &result)) == STILE_VIRTQUEUE_NONE)
        status = stile_virtio_disk_wait(&disk);
    *slot = done;
    return in_words(status != STILE_SUCCESS ? status : result);
}

/* --- a network card -------------------------------------------------------------------------- */

const char *virtio_net_open(uint16_t number, uint8_t mac[6])
{
    if (stile_virtio_net_bytes(NET_DEPTH) > sizeof(shared->net))
        return "there is too little memory";
    set_deadline();
    int64_t status =
        stile_virtio_net_open(&net, &bus, number, shared->net, ipa_of(shared->net), NET_DEPTH);
    for (uint32_t i = 0; i < 6; i++)
        mac[i] = net.mac[i];
    return in_words(status);
}

const char *virtio_net_send(const void *packet, uint32_t bytes)
{
    int64_t status;

    set_deadline();
    while ((status = stile_virtio_net_send(&net, packet, bytes)) == STILE_BUSY) {
        status = stile_virtio_net_wait(&net, 1);
        if (status != STILE_SUCCESS)
            break;
    }
    return in_words(status);
}

const char *virtio_net_receive(void *packet, uint32_t *bytes, uint64_t ms)
{
    int64_t status;

    bus.deadline = stile_ticks(cpu_ticks() + time_ms_to_ticks(ms));
    while ((status = stile_virtio_net_receive(&net, packet, bytes)) == STILE_BUSY) {
        status = stile_virtio_net_wait(&net, 0);
        if (status != STILE_SUCCESS)
            break;
    }
    return in_words(status);
}
