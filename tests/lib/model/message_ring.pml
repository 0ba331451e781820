/* SPDX-License-Identifier: MIT */
/*
 * The message ring (libhypercall/src/message_ring.c), for spin: every interleaving of a producer and
 * a consumer that sleep whenever they may. Checked: messages arrive once and in order (assertions),
 * and nobody sleeps for ever (no invalid end state).
 *
 * Each function of the code is an inline of the same name, with the same accesses to the ring's
 * words in the same order, which tests/lib/model/check compares.
 *
 * A store goes into its CPU's buffer first, one for messages and one for indexes and flags, and
 * reaches memory some time later, the two in any order. Release waits until the messages have, and
 * a barrier until the CPU's own stores have. Each macro below can be defined away, with -DNO_...:
 * then the model must fail.
 */
#define SLOTS    2
#define MESSAGES 5

#define PRODUCER 0
#define CONSUMER 1

/* The ring's words in memory. */
#define produced       0
#define producer_waits 1
#define consumed       2
#define consumer_waits 3

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
#define cpu_barrier() skip
#else
#define cpu_barrier() empty(stores[self])
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

#define LOAD_ACQUIRE(word) words[word]
#define LOAD_RELAXED(word) words[word]

/* Behind RELEASE. */
inline STORE_RELEASE(word, value)
{
    stores[self] ! word, value
}

inline STORE_RELAXED(word, value)
{
    stores[self] ! word, value
}

inline EXCHANGE_RELAXED(word, value, was)
{
    atomic { was = words[word]; words[word] = value }
}

inline publish(index, peer_waits, tells)
{
    own++;
    STORE_RELEASE(index, own);
    if
    :: tells ->
        cpu_barrier();
        if
        :: LOAD_RELAXED(peer_waits) != 0 ->
            EXCHANGE_RELAXED(peer_waits, 0, waited);
            if
            :: waited -> event[1 - self] = true
            :: else
            fi
        :: else
        fi
    :: else
    fi
}

inline has_room(done)
{
    if
    :: own - peer < SLOTS
    :: else -> peer = LOAD_ACQUIRE(consumed)
    fi;
    done = (own - peer < SLOTS)
}

inline has_message(done)
{
    if
    :: peer != own
    :: else -> peer = LOAD_ACQUIRE(produced)
    fi;
    done = (peer != own)
}

inline send(done)
{
    has_room(done);
    if
    :: done ->
        messages ! own % SLOTS, own + 1;
        RELEASE;
        publish(produced, consumer_waits, true)
    :: else
    fi
}

inline receive(done)
{
#ifdef NO_ACQUIRE
    message = slots[own % SLOTS];
#endif
    has_message(done);
    if
    :: done ->
#ifndef NO_ACQUIRE
        message = slots[own % SLOTS];
#endif
        assert(message == own + 1);
        publish(consumed, producer_waits, peer - own <= SLOTS / 2)
    :: else
    fi
}

inline ready(done)
{
    if
    :: self == PRODUCER -> has_room(done)
    :: else -> has_message(done)
    fi
}

/* Whether the caller may sleep. */
inline may_wait(waits, done)
{
    STORE_RELAXED(waits, 1);
    cpu_barrier();
#ifndef NO_RECHECK
    ready(done);
#endif
    if
    :: done -> STORE_RELAXED(waits, 0)
    :: else
    fi;
    done = !done
}

inline wait_room(done)
{
    may_wait(producer_waits, done)
}

inline wait_message(done)
{
    may_wait(consumer_waits, done)
}

inline sleep()
{
    atomic { event[self] -> event[self] = false }
}

active proctype producer()
{
    byte self = PRODUCER, own, peer;
    bool done, waited;

    do
    :: own == MESSAGES -> break
    :: own < MESSAGES ->
        send(done);
        if
        :: done
        :: else ->
            wait_room(done);
            if
            :: done -> sleep()
            :: else
            fi
        fi
    od
}

active proctype consumer()
{
    byte self = CONSUMER, own, peer, message;
    bool done, waited;

    do
    :: own == MESSAGES -> break
    :: own < MESSAGES ->
        receive(done);
        if
        :: done
        :: else ->
            wait_message(done);
            if
            :: done -> sleep()
            :: else
            fi
        fi
    od
}
