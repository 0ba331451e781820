/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's side of a mailbox. The guest may write anything to it at any time: a word is
 * read once, and decides about nothing but that guest's own interrupts.
 */
#include "virt/mailbox.h"

#include "core/vcpu.h"
#include "virt/vgic.h"

/*
 * Both sides write one word and then look at the other's: we set pending and look at mask and busy,
 * the guest clears mask or busy and looks at pending, each with a full barrier between. So at least
 * one of them sees what the other wrote, and no event is lost.
 */
void mailbox_raise(struct vcpu *vcpu, uint32_t port)
{
    struct stile_mailbox *mailbox = vcpu->mailbox;
    uint32_t word = port / 64;
    uint64_t bit = UINT64_C(1) << (port % 64);

    if (__atomic_fetch_or(&mailbox->pending[word], bit, __ATOMIC_RELEASE) & bit)
        return;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&mailbox->mask[word], __ATOMIC_RELAXED) & bit)
        return;
    if (__atomic_load_n(&mailbox->busy, __ATOMIC_RELAXED) == 0)
        vgic_raise_event(vcpu);
}
