/* SPDX-License-Identifier: MIT */
/*
 * A channel of libhypercall with this kernel's memory and time.
 */
#include "sensitive/channel.h"

#include "arch/cpu.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/sensitive.h"
#include "stile/channel.h"
#include "stile/directory.h"
#include "stile/hypercall.h"
#include "threads/thread.h"

#define KEY      "channel"
#define RETRY_MS 1

static struct stile_channel channel;
static uint64_t own_page; /* 0: the memory is the peer's */

static stile_ticks_t in_ms(uint64_t ms)
{
    return stile_ticks(cpu_ticks() + time_ms_to_ticks(ms));
}

/* A page of ours; or a place beyond all memory, where the peer's will be. */
static struct stile_channel_memory find_memory(bool is_owner)
{
    const struct range *last = &machine.memory[machine.nr_memory - 1];
    uint64_t beyond = (last->base + last->bytes) / BLOCK_SIZE * BLOCK_SIZE + BLOCK_SIZE;

    own_page = is_owner ? page_alloc() : 0;
    return (struct stile_channel_memory){
        .memory = is_owner ? phys_to_virt(own_page) : kernel_map_shared(beyond, PAGE_SIZE),
        .base = stile_ipa(is_owner ? own_page : beyond),
        .pages = stile_nr_pages(1),
        .message_bytes = CHANNEL_MESSAGE_BYTES,
    };
}

/* Neither VM knows which of them starts first: not to be found means not yet. */
static int64_t meet(const char *name, bool is_owner, const struct stile_channel_memory *memory,
                    struct stile_mailbox *mailbox)
{
    stile_vm_id_t peer;
    int64_t status = stile_directory_find(name, &peer);

    if (status != STILE_SUCCESS)
        return status;
    return is_owner ? stile_channel_offer(&channel, memory, KEY, peer, stile_vcpu_id(0), mailbox)
                    : stile_channel_join(&channel, memory, KEY, peer, stile_vcpu_id(0), mailbox);
}

bool channel_open(const char *peer, bool is_owner, uint64_t ms)
{
    uint64_t end = cpu_ticks() + time_ms_to_ticks(ms);

    if (!sensitive_is_paravirtual() || !stile_has_call(STILE_NR_vcpu_poll))
        return false;
    struct stile_mailbox *mailbox =
        kernel_map_shared(stile_core_info(STILE_INFO_MAILBOX).value[0], PAGE_SIZE);
    struct stile_channel_memory memory = find_memory(is_owner);
    int64_t status;
    while ((status = meet(peer, is_owner, &memory, mailbox)) == STILE_NOT_FOUND &&
           cpu_ticks() < end)
        thread_sleep_ms(RETRY_MS);
    return status == STILE_SUCCESS;
}

bool channel_send(const void *message, uint64_t ms)
{
    return stile_channel_send_wait(&channel, message, in_ms(ms)) == STILE_SUCCESS;
}

bool channel_receive(void *message, uint64_t ms)
{
    return stile_channel_receive_wait(&channel, message, in_ms(ms)) == STILE_SUCCESS;
}

void channel_close(void)
{
    if (own_page == 0) {
        (void)stile_channel_leave(&channel);
    } else if (stile_channel_withdraw(&channel, KEY) == STILE_SUCCESS) {
        page_free(own_page);
        own_page = 0;
    }
}
