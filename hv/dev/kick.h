/* SPDX-License-Identifier: MIT */
/*
 * Kicks: IRQ_KICK, by which a physical CPU is made to look for work. One that is on its way serves
 * all that ask for one, so however many guests ask, a CPU takes one kick for each time it has
 * looked.
 *
 * The order that makes this safe: who kicks has written the work before, and looks whether a kick
 * is on its way; who is kicked says that none is, and then looks for work, each with a full barrier
 * between. Of the two at least one sees what the other has written. (STLR and LDAR would do, but
 * not under QEMU on an x86 host, which lets the load go first.)
 */
#ifndef DEV_KICK_H
#define DEV_KICK_H

#include <stdbool.h>

#include "dev/gic.h"
#include "dev/intid.h"
#include "dev/pcpu.h"

/**
 * kick_begin() - whether the caller is to send a CPU an IRQ_KICK, for none is on its way
 * @pcpu: another CPU; after this returns true it has to be sent one
 */
static inline bool kick_begin(struct pcpu *pcpu)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pcpu->kicked, __ATOMIC_RELAXED))
        return false;
    __atomic_store_n(&pcpu->kicked, 1, __ATOMIC_RELAXED);
    return true;
}

/** kick_send() - have another CPU look for work that was written before */
static inline void kick_send(struct pcpu *pcpu)
{
    if (kick_begin(pcpu))
        gic_send_sgi(pcpu->index, IRQ_KICK);
}

/** kick_taken() - this CPU has acknowledged IRQ_KICK, and looks for work afterwards */
static inline void kick_taken(void)
{
    __atomic_store_n(&pcpu_self()->kicked, 0, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
