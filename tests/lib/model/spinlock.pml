/* SPDX-License-Identifier: MIT */
/*
 * The PV spin lock (libhypercall/src/spinlock.c), for spin: three vCPUs take it and give it up, one
 * of them for ever, and stop spinning whenever they like. Checked: one holds it at a time, no kick is
 * lost (no invalid end state), and who wants it gets it (the ltl formula, under weak fairness).
 *
 * Each function of the code is an inline of the same name, with the same accesses to the lock's words
 * and the same calls in the same order, which tests/lib/model/check compares. Each access is a step
 * of its own. All that decide are sequentially consistent in the code, or have a barrier between them;
 * another relaxed one may only be late, or is made by who holds the lock. With -DNO_... something is
 * left out, and the model must fail.
 */
#define NR 3

#define LOAD(word)                 word
#define LOAD_ACQUIRE(word)         word
#define LOAD_RELAXED(word)         word
#define STORE(word, value)         word = value
#define STORE_RELEASE(word, value) word = value
#define cpu_barrier()              skip
#define OR(word, bits)             word = word | (bits)
#define AND_RELAXED(word, bits)    word = word & (bits)

byte holder; /* 0, or the holder's number plus 1 */
byte sleepers;
byte losers; /* who has slept in vain */
bool kicked[NR];
byte nr_holding;
bool wants; /* vCPU 0 */

inline CAS(word, old, new, done)
{
    atomic {
        if
        :: word == old -> word = new; done = true
        :: else -> done = false
        fi
    }
}

inline AND(word, bits, was)
{
    atomic { was = word; word = word & (bits) }
}

inline vcpu_poll(self)
{
    atomic { kicked[self] -> kicked[self] = false }
}

inline vcpu_kick(target)
{
    kicked[target] = true
}

/* The first of @set after @self, going round. */
inline next_after(set, self, next)
{
    d_step {
        assert(set != 0); /* the code counts the zeroes below the lowest bit */
        next = (self + 1) % NR;
        do
        :: (set >> next) & 1 -> break
        :: else -> next = (next + 1) % NR
        od
    }
}

inline try(self, done)
{
    CAS(holder, 0, self + 1, done)
}

inline is_mine(self, done)
{
    done = (LOAD(holder) == self + 1)
}

/* One look stands for many: those that find the lock taken change nothing. */
inline spin(self, done)
{
    seen = LOAD_ACQUIRE(holder);
    if
    :: atomic { seen == self + 1 -> seen = 0; done = true }
    :: seen == 0 -> try(self, done)
    :: atomic { seen != 0 && seen != self + 1 -> seen = 0; done = false }
    fi
}

inline wait(self)
{
    do
    :: spin(self, done);
        if
        :: done -> break
        :: else
        fi;
        OR(sleepers, 1 << self);
#ifndef NO_RECHECK
        try(self, done);
        if
        :: done -> break
        :: else
        fi;
        is_mine(self, done);
        if
        :: done -> break
        :: else
        fi;
#endif
        vcpu_poll(self);
#ifndef NO_LOSERS
        OR(losers, 1 << self)
#endif
    od;
    AND_RELAXED(losers, ~(1 << self));
    AND_RELAXED(sleepers, ~(1 << self))
}

inline lock(self)
{
    try(self, done);
    if
    :: done
    :: else -> wait(self)
    fi
}

inline kick_sleeper(next)
{
    AND(sleepers, ~(1 << next), seen);
    if
    :: atomic { (seen >> next) & 1 -> seen = 0 };
#ifndef NO_KICK
        vcpu_kick(next)
#endif
    :: atomic { else -> seen = 0 }
    fi
}

inline wake(self)
{
    seen = LOAD(sleepers);
    if
    :: seen != 0 ->
        next_after(seen, self, next);
        kick_sleeper(next)
    :: else
    fi
}

inline drop(self)
{
    STORE_RELEASE(holder, 0);
    cpu_barrier();
#ifndef NO_SECOND_LOOK
    seen = LOAD_RELAXED(sleepers);
    if
    :: seen != 0 -> wake(self)
    :: else
    fi
#endif
}

inline pass(self)
{
    lost = LOAD(losers);
    seen = LOAD(sleepers) | lost;
    if
#ifndef NO_NOBODY
    :: seen == 0 -> drop(self)
    :: seen != 0 ->
#else
    :: true ->
#endif
        next_after(seen, self, next);
        lost = (lost >> next) & 1;
        if
        :: lost -> AND_RELAXED(losers, ~(1 << next)); seen = next + 1
        :: else -> seen = 0
        fi;
        STORE(holder, seen);
        kick_sleeper(next)
    fi
}

inline unlock(self)
{
    seen = LOAD_RELAXED(sleepers);
    lost = LOAD_RELAXED(losers);
    if
    :: (seen | lost) != 0 -> pass(self)
    :: else -> drop(self)
    fi;
    atomic { seen = 0; lost = 0; next = 0; done = false }
}

active [NR] proctype vcpu()
{
    byte self = _pid;
    byte next, seen, lost;
    bool done;

    do
    :: self == 0 -> wants = true; lock(self); goto holding
    :: self != 0 -> break
    :: self != 0 -> lock(self);
holding:
        atomic { nr_holding++; wants = wants && self != 0; seen = 0; done = false };
        atomic { assert(nr_holding == 1); nr_holding-- };
        unlock(self)
    od
}

ltl served { [] (wants -> <> !wants) }
