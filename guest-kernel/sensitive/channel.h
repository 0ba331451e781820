/* SPDX-License-Identifier: MIT */
/*
 * Messages to another VM's kernel and back, through memory that both share: one channel, of which
 * one kernel offers the memory. In steady state a message costs no exit; who has nothing to do
 * sleeps until the other has sent something, or has read.
 *
 * For one thread, of a kernel with one CPU: its mailbox is where the peer's events come.
 */
#ifndef SENSITIVE_CHANNEL_H
#define SENSITIVE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#define CHANNEL_MESSAGE_BYTES 32

/**
 * channel_open() - meet another VM
 * @peer: its name
 * @is_owner: whether this kernel offers the memory; the other one does not
 * @ms: how long to wait for it
 *
 * Returns whether both are connected. Threads only.
 */
bool channel_open(const char *peer, bool is_owner, uint64_t ms);

/** channel_send() - send CHANNEL_MESSAGE_BYTES; waits up to @ms for room. Whether it could */
bool channel_send(const void *message, uint64_t ms);

/** channel_receive() - take the next message; waits up to @ms for one. Whether there was one */
bool channel_receive(void *message, uint64_t ms);

/** channel_close() - part from the other VM; the owner when nobody uses the memory any more */
void channel_close(void);

#endif
