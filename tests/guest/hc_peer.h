/* SPDX-License-Identifier: MIT */
/*
 * What hc_control.c and the VM that it steers, hc_peer.c, say to each other by the directory.
 */
#ifndef GUEST_HC_PEER_H
#define GUEST_HC_PEER_H

/* Keys: "beat", a number that grows while the peer runs; "order", what the steward wants. */
#define PEER_BEAT  0x74616562
#define PEER_ORDER 0x726564726F

/* Orders. */
#define PEER_NOTHING 0
#define PEER_SUSPEND 1
#define PEER_CRASH   2

/* How it crashes. */
#define PEER_LAST_WORDS "the peer was told to"
#define PEER_X20        0x5EED

#endif
