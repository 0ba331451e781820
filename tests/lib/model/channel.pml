/* SPDX-License-Identifier: MIT */
/*
 * One end of a channel (libhypercall/src/channel.c), for spin: a thread that sends and one that
 * receives, each of which sleeps when it must, and a peer with two threads that never sleep. Rings
 * are counters here: message_ring.pml has what goes on in them. Checked: neither thread sleeps for
 * ever (no invalid end state). With -DONE_PORT both rings share one port, and the model must fail:
 * who waits for room then clears the bit that tells of a message, and the other way round.
 */
#define SLOTS    1
#define MESSAGES 3

#ifdef ONE_PORT
#define ROOM     0
#define MESSAGE  0
#else
#define ROOM     0
#define MESSAGE  1
#endif

byte out, in; /* messages in the rings */
bool producer_waits, consumer_waits;
bool pending[2]; /* the ports of this end */

/* stile_event_wait(): the bit is cleared, whatever it stood for. */
inline event_wait(port)
{
    atomic { pending[port] -> pending[port] = false }
}

/* The peer has moved a ring: tells the end if it sleeps, once. */
inline tell(waits, port)
{
    if
    :: atomic { waits -> waits = false };
        pending[port] = true
    :: else
    fi
}

active proctype send_wait()
{
    byte sent;

    do
    :: sent == MESSAGES -> break
    :: sent < MESSAGES && out < SLOTS -> atomic { out++; sent++ }
    :: sent < MESSAGES && out == SLOTS ->
        producer_waits = true;
        if
        :: out == SLOTS -> event_wait(ROOM)
        :: else -> producer_waits = false
        fi
    od
}

active proctype receive_wait()
{
    byte received;

    do
    :: received == MESSAGES -> break
    :: received < MESSAGES && in > 0 -> atomic { in--; received++ }
    :: received < MESSAGES && in == 0 ->
        consumer_waits = true;
        if
        :: in == 0 -> event_wait(MESSAGE)
        :: else -> consumer_waits = false
        fi
    od
}

active proctype peer_receives()
{
    byte received;

    do
    :: received == MESSAGES -> break
    :: received < MESSAGES && out > 0 ->
        atomic { out--; received++ };
        tell(producer_waits, ROOM)
    od
}

active proctype peer_sends()
{
    byte sent;

    do
    :: sent == MESSAGES -> break
    :: sent < MESSAGES && in < SLOTS ->
        atomic { in++; sent++ };
        tell(consumer_waits, MESSAGE)
    od
}
