/* SPDX-License-Identifier: MIT */
/*
 * The PV spin lock (libhypercall/src/spinlock.c), for spin: three vCPUs take it and give it up, one
 * of them for ever, and stop spinning whenever they like. Checked: one holds it at a time, no kick is lost (no
 * invalid end state), and who wants it gets it (the ltl formula, under weak fairness).
 *
 * All accesses that decide are sequentially consistent in the code, so each is one step here. With
 * -DNO_... something is left out, and the model must fail: see tests/lib/model/check.
 */
#define NR 3

byte holder; /* 0, or the holder's number plus 1 */
byte sleepers;
byte losers; /* who has slept in vain */
bool kicked[NR];
byte nr_holding;
bool wants; /* vCPU 0 */

/* The first of @set, which is not 0, after @self, going round. */
inline next_after(set, self, next)
{
    d_step {
        next = (self + 1) % NR;
        do
        :: (set >> next) & 1 -> break
        :: else -> next = (next + 1) % NR
        od
    }
}

inline kick(target)
{
    kicked[target] = true
}

inline lock(self)
{
    do
    :: atomic { holder == self + 1 -> break }
    :: atomic { holder == 0 -> holder = self + 1; break }
    :: true -> /* spun long enough, or the holder does not run */
        sleepers = sleepers | (1 << self);
#ifndef NO_RECHECK
        if
        :: atomic { holder == 0 -> holder = self + 1; break }
        :: atomic { holder == self + 1 -> break }
        :: atomic { holder != 0 && holder != self + 1 -> skip }
        fi;
#endif
        atomic { kicked[self] -> kicked[self] = false };
#ifndef NO_LOSERS
        losers = losers | (1 << self)
#endif
    od;
    losers = losers & ~(1 << self);
    sleepers = sleepers & ~(1 << self)
}

inline wake()
{
    atomic {
        if
        :: (sleepers >> next) & 1 ->
            sleepers = sleepers & ~(1 << next);
#ifndef NO_KICK
            kick(next)
#endif
        :: else
        fi
    }
}

inline unlock(self)
{
    seen = losers;
    seen = seen | sleepers;
    if
    :: seen != 0 ->
        next_after(seen, self, next);
        if
        :: (losers >> next) & 1 ->
            losers = losers & ~(1 << next);
            holder = next + 1
        :: else ->
            holder = 0
        fi;
        wake()
    :: else ->
        holder = 0;
#ifndef NO_SECOND_LOOK
        seen = sleepers;
        if
        :: seen != 0 ->
            next_after(seen, self, next);
            wake()
        :: else
        fi
#endif
    fi;
    seen = 0;
    next = 0
}

active [NR] proctype vcpu()
{
    byte self = _pid;
    byte next, seen;

    do
    :: self == 0 -> wants = true; lock(self); wants = false; goto holding
    :: self != 0 -> break
    :: self != 0 -> lock(self);
holding:
        nr_holding++;
        assert(nr_holding == 1);
        nr_holding--;
        unlock(self)
    od
}

ltl served { [] (wants -> <> !wants) }
