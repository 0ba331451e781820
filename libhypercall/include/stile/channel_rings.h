/* SPDX-License-Identifier: MIT */
/*
 * The rings of a channel (struct stile_channel_header) that a peer has made, without a call: for
 * who has mapped it, and binds its ports, in his own way. stile/channel.h is for who has not.
 */
#ifndef STILE_CHANNEL_RINGS_H
#define STILE_CHANNEL_RINGS_H

#include "stile/message_ring.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * stile_channel_rings_join() - take those ends that the owner of a channel has not
 * @in:            of ring 0, to be filled in
 * @out:           of ring 1
 * @header:        mapped, STILE_RING_ALIGN aligned
 * @bytes:         how much is mapped there
 * @message_bytes: as agreed on with the owner
 * @ports:         where to put the owner's ports, of ring 0 and ring 1
 *
 * The owner may change all of it meanwhile: each word is read once. Returns STILE_SUCCESS;
 * STILE_BAD_VERSION if the owner speaks another version; STILE_DENIED if it is no channel, or one
 * of other sizes; STILE_BUSY if somebody has used these ends before.
 */
int64_t stile_channel_rings_join(struct stile_message_end *in, struct stile_message_end *out,
                                 const struct stile_channel_header *header, uint64_t bytes,
                                 uint32_t message_bytes, uint32_t ports[2]);

#ifdef __cplusplus
}
#endif

#endif
