/* SPDX-License-Identifier: MIT */
/*
 * The console's ring, if the hypervisor has one: what paravirtual.c prefers to calls.
 */
#ifndef SENSITIVE_RING_H
#define SENSITIVE_RING_H

#include <stdbool.h>
#include <stddef.h>

/** ring_init() - use the ring, unless the command line says "ring=off". After the handshake */
void ring_init(void);

/** ring_write() - write all of a text; false if there is no ring, and nothing was written */
bool ring_write(const char *text, size_t length);

/** ring_read() - take up to @limit typed characters; false if there is no ring to look into */
bool ring_read(char *text, size_t limit, size_t *count);

/** ring_settle() - wait until all that was written is taken: core_reset forgets what is not */
void ring_settle(void);

#endif
