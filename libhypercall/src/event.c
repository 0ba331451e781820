/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's side of its mailbox.
 */
#include "stile/cpu.h"
#include "stile/directory.h"
#include "stile/event.h"

#define NO_PORT (-1)

static uint64_t bit_of(uint32_t port)
{
    return UINT64_C(1) << (port % 64);
}

void stile_event_init(struct stile_event_loop *loop, struct stile_mailbox *mailbox,
                      const struct stile_event_handler *handlers)
{
    loop->mailbox = mailbox;
    loop->handlers = handlers;
    loop->last = STILE_NR_PORTS - 1;
    loop->nr_strays = 0;
    for (uint32_t word = 0; word < STILE_PORT_WORDS; word++)
        __atomic_store_n(&mailbox->words[word].mask, UINT64_MAX, __ATOMIC_SEQ_CST);
}

void stile_event_mask(struct stile_mailbox *mailbox, uint32_t port)
{
    (void)__atomic_fetch_or(&mailbox->words[port / 64].mask, bit_of(port), __ATOMIC_SEQ_CST);
}

bool stile_event_unmask(struct stile_mailbox *mailbox, uint32_t port)
{
    (void)__atomic_fetch_and(&mailbox->words[port / 64].mask, ~bit_of(port), __ATOMIC_SEQ_CST);
    return (__atomic_load_n(&mailbox->words[port / 64].pending, __ATOMIC_SEQ_CST) & bit_of(port)) !=
           0;
}

void stile_event_set_urgent(struct stile_mailbox *mailbox, uint32_t port, bool urgent)
{
    if (urgent)
        (void)__atomic_fetch_or(&mailbox->words[port / 64].urgent, bit_of(port), __ATOMIC_RELAXED);
    else
        (void)__atomic_fetch_and(&mailbox->words[port / 64].urgent, ~bit_of(port),
                                 __ATOMIC_RELAXED);
}

bool stile_event_clear(struct stile_mailbox *mailbox, uint32_t port)
{
    uint64_t bit = bit_of(port);

    /* Most often there is nothing: a load costs less than an exchange. */
    if ((__atomic_load_n(&mailbox->words[port / 64].pending, __ATOMIC_RELAXED) & bit) == 0)
        return false;
    return (__atomic_fetch_and(&mailbox->words[port / 64].pending, ~bit, __ATOMIC_ACQUIRE) & bit) !=
           0;
}

/* The bits of a word that are pending and not masked. */
static uint64_t ready(const struct stile_port_word *word)
{
    uint64_t pending = __atomic_load_n(&word->pending, __ATOMIC_ACQUIRE);

    if (pending == 0)
        return 0;
    return pending & ~stile_cpu_load64(&word->mask);
}

STILE_STATIC_ASSERT(STILE_PORT_WORDS == 4, "each is looked at");

/* Without a loop, whose counting would be half of it. */
static bool is_any_ready(const struct stile_mailbox *mailbox)
{
    const struct stile_port_word *words = mailbox->words;

    return (ready(&words[0]) | ready(&words[1]) | ready(&words[2]) | ready(&words[3])) != 0;
}

static uint32_t lowest(uint32_t word, uint64_t bits)
{
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

static int next_urgent(const struct stile_mailbox *mailbox)
{
    for (uint32_t word = 0; word < STILE_PORT_WORDS; word++) {
        uint64_t urgent = __atomic_load_n(&mailbox->words[word].urgent, __ATOMIC_RELAXED);
        uint64_t bits = urgent == 0 ? 0 : urgent & ready(&mailbox->words[word]);

        if (bits != 0)
            return (int)lowest(word, bits);
    }
    return NO_PORT;
}

/* Goes round from the port after the last one: its word is looked at first and, in full, again. */
static int next_in_turn(const struct stile_event_loop *loop)
{
    uint32_t first = (loop->last + 1) % STILE_NR_PORTS;
    uint64_t wanted = UINT64_MAX << (first % 64);

    for (uint32_t i = 0; i <= STILE_PORT_WORDS; i++, wanted = UINT64_MAX) {
        uint32_t word = (first / 64 + i) % STILE_PORT_WORDS;
        uint64_t bits = ready(&loop->mailbox->words[word]) & wanted;

        if (bits != 0)
            return (int)lowest(word, bits);
    }
    return NO_PORT;
}

int stile_event_take(struct stile_event_loop *loop)
{
    for (;;) {
        int port = next_urgent(loop->mailbox);

        if (port == NO_PORT) {
            port = next_in_turn(loop);
            if (port == NO_PORT)
                return NO_PORT;
            loop->last = (uint32_t)port;
        }
        /* The hypervisor may have cleared it, for a port that was closed or moved. */
        if (stile_event_clear(loop->mailbox, (uint32_t)port))
            return port;
    }
}

static void handle(struct stile_event_loop *loop, uint32_t port)
{
    const struct stile_event_handler *handler = &loop->handlers[port];

    if (handler->handle) {
        handler->handle(port, handler->context);
    } else {
        stile_event_mask(loop->mailbox, port);
        loop->nr_strays++;
    }
}

void stile_event_begin(struct stile_event_loop *loop)
{
    __atomic_store_n(&loop->mailbox->busy, 1, __ATOMIC_RELAXED);
}

bool stile_event_end(struct stile_event_loop *loop)
{
    __atomic_store_n(&loop->mailbox->busy, 0, __ATOMIC_RELEASE);
    stile_cpu_barrier();
    return is_any_ready(loop->mailbox);
}

void stile_event_dispatch(struct stile_event_loop *loop)
{
    int port;

    do {
        stile_event_begin(loop);
        while ((port = stile_event_take(loop)) != NO_PORT)
            handle(loop, (uint32_t)port);
    } while (stile_event_end(loop));
}

void stile_event_idle(struct stile_event_loop *loop)
{
    if (is_any_ready(loop->mailbox))
        stile_event_dispatch(loop);
    else
        (void)stile_vcpu_block();
}

int64_t stile_event_wait(struct stile_mailbox *mailbox, uint32_t port, stile_ticks_t deadline)
{
    while (!stile_event_clear(mailbox, port)) {
        if (stile_cpu_ticks() >= deadline.ticks)
            return STILE_BUSY;
        struct stile_result result = stile_vcpu_poll(port / 64, bit_of(port), deadline);
        if (result.status != STILE_SUCCESS)
            return result.status;
    }
    return STILE_SUCCESS;
}

int64_t stile_event_offer(const char *key, stile_vm_id_t peer, stile_vcpu_id_t target,
                          stile_port_t *port)
{
    struct stile_result result = stile_event_alloc(peer, target);

    if (result.status != STILE_SUCCESS)
        return result.status;
    *port = stile_event_alloc_port(result);
    int64_t status = stile_directory_set(key, port->port);
    if (status != STILE_SUCCESS)
        (void)stile_event_close(*port);
    return status;
}

int64_t stile_event_connect(stile_vm_id_t owner, const char *key, stile_vcpu_id_t target,
                            stile_port_t *port)
{
    uint64_t remote;
    int64_t status = stile_directory_get(owner, key, &remote);

    if (status != STILE_SUCCESS)
        return status;
    struct stile_result result = stile_event_bind(owner, stile_port((uint32_t)remote), target);
    *port = stile_event_bind_port(result);
    return result.status;
}
