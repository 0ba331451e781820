/* SPDX-License-Identifier: MIT */
/*
 * The message ring (libhypercall/src/message_ring.c), for spin: every interleaving of a producer and
 * a consumer that sleep whenever they may. Checked: messages arrive once and in order (assertions),
 * and nobody sleeps for ever (no invalid end state).
 *
 * A store goes into its CPU's buffer first, one for messages and one for indexes and flags, and
 * reaches memory some time later, the two in any order. Release waits until the messages have, and
 * so does a sequentially consistent load for the CPU's own stores. Each macro below can be defined
 * away, with -DNO_...: then the model must fail, which tests/lib/model/check looks at.
 */
#define SLOTS    2
#define MESSAGES 5

#define PRODUCER 0
#define CONSUMER 1

/* What indexes and flags there are in memory: a side's two are at 2 * side and the next. */
#define INDEX(side) (2 * (side))
#define WAITS(side) (2 * (side) + 1)

byte words[4];
byte slots[SLOTS];
bool event[2]; /* a side has been notified */

chan messages = [2] of { byte, byte };
chan stores[2] = [2] of { byte, byte };

#ifdef NO_RELEASE
#define RELEASE skip
#else
#define RELEASE empty(messages)
#endif

#ifdef NO_ORDER
#define ORDER(side) skip
#else
#define ORDER(side) empty(stores[side])
#endif

/* Moves what is in the buffers to memory. */
active proctype memory()
{
    byte where, value;

end:
    do
    :: atomic { messages ? where, value -> slots[where] = value }
    :: atomic { stores[PRODUCER] ? where, value -> words[where] = value }
    :: atomic { stores[CONSUMER] ? where, value -> words[where] = value }
    od
}

/* publish(): the own index, then whether the peer sleeps. */
inline publish(self, index, tells)
{
    stores[self] ! INDEX(self), index;
    ORDER(self);
    if
    :: tells && words[WAITS(1 - self)] != 0 ->
        atomic {
            if
            :: words[WAITS(1 - self)] != 0 ->
                words[WAITS(1 - self)] = 0;
                event[1 - self] = true
            :: else
            fi
        }
    :: else
    fi
}

/* may_wait(), and the sleep; @ready of the peer's index, which is loaded again. */
inline wait(self, peer, ready)
{
    stores[self] ! WAITS(self), 1;
    ORDER(self);
#ifndef NO_RECHECK
    peer = words[INDEX(1 - self)];
#endif
    if
    :: ready -> stores[self] ! WAITS(self), 0
    :: else -> atomic { event[self] -> event[self] = false }
    fi
}

active proctype producer()
{
    byte own, peer;

    do
    :: own == MESSAGES -> break
    :: own < MESSAGES && own - peer < SLOTS ->
        messages ! own % SLOTS, own + 1;
        RELEASE;
        own++;
        publish(PRODUCER, own, true)
    :: own < MESSAGES && own - peer == SLOTS ->
        peer = words[INDEX(CONSUMER)];
        if
        :: own - peer == SLOTS -> wait(PRODUCER, peer, own - peer < SLOTS)
        :: else
        fi
    od
}

active proctype consumer()
{
    byte own, peer, message;

    do
    :: own == MESSAGES -> break
    :: own < MESSAGES && peer != own ->
        message = slots[own % SLOTS];
received:
        assert(message == own + 1);
        own++;
        publish(CONSUMER, own, peer - own <= SLOTS / 2)
    :: own < MESSAGES && peer == own ->
#ifdef NO_ACQUIRE
        message = slots[own % SLOTS];
        peer = words[INDEX(PRODUCER)];
        if
        :: peer != own -> goto received
        :: else
        fi;
#endif
        peer = words[INDEX(PRODUCER)];
        if
        :: peer == own -> wait(CONSUMER, peer, peer != own)
        :: else
        fi
    od
}
