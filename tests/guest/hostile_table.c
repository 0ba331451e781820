/* SPDX-License-Identifier: MIT */
/*
 * The call table, walked by somebody who means harm: every call, with arguments made from their
 * kinds, many times over, by all vCPUs at once. Each has to answer as its line says. That
 * the hypervisor has lost no page is its own to say, when the last VM has ended.
 *
 * Leaves interrupts and memory as they came to be: runs alone, with "calls=N" on the command line.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/cpu.h"
#include "calls/words.h"
#include "dev/gic.h"
#include "machine/machine.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/balloon.h"
#include "support.h"
#include "threads/thread.h"

/* Far from everything else, so that no range that begins here reaches what the kernel needs. */
#define SCRATCH       UINT64_C(0x2000000000)
#define SCRATCH_PAGES 768

#define IPA_BITS 39 /* 512 GiB */

/* INTIDs from here on are none (IHI 0069, 2.2.1). */
#define FIRST_SPECIAL_INTID 1020

/* More than can be open at once. */
#define NR_SHARES (2 * STILE_SHARES_MAX)

/* A vCPU that blocks wakes after so long. */
#define SLEEP_TICKS 200

struct attacker {
    struct call_world world;
    struct stile_mailbox *mailbox; /* of some vCPU */
    uint64_t random;
    uint64_t nr_calls;
    uint32_t bad_nr; /* which call answered what there is not */
    int64_t bad_status;
    uint32_t shares[NR_SHARES]; /* the last that it made */
    uint32_t nr_shares;
};

static struct attacker attackers[NR_CPUS];
static uint32_t nr_done; /* atomic */

static void need_calls(void)
{
    support_need_hypervisor();
    if (!machine_option_value("calls="))
        SKIP("runs alone, with calls=N on the command line");
}

KTF_SUITE(hostile_table, .suite_setup = need_calls);

static uint64_t next_random(struct attacker *attacker)
{
    attacker->random ^= attacker->random << 13;
    attacker->random ^= attacker->random >> 7;
    attacker->random ^= attacker->random << 17;
    return attacker->random;
}

/*
 * What ends the VM, stops the vCPU, waits for somebody who is not there, or takes from the whole
 * kernel what it has agreed on.
 */
static bool is_final(const struct call_line *line)
{
    static const char *const names[] = {"power_off", "power_reboot", "power_suspend",
                                        "vcpu_off",  "core_version", "core_reset"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], line->name) == 0)
            return true;
    return false;
}

static const struct call_line *choose(struct attacker *attacker)
{
    const struct call_line *line;

    do
        line = &call_lines[next_random(attacker) % CALL_NR_LINES];
    while (is_final(line));
    return line;
}

static void make_words(struct attacker *attacker, const struct call_line *line, uint64_t words[6])
{
    for (int i = 0; i < 6; i++)
        words[i] = call_word(&attacker->world, line->kinds[i], next_random(attacker));
    /* These would write nonsense to the console or lose it, end the VM, or lose memory for good. */
    if (line->nr == STILE_NR_console_write)
        words[0] |= 2 * STILE_CONSOLE_WRITE_MAX;
    if (line->nr == STILE_NR_console_write_buffer || line->nr == STILE_NR_power_crash)
        words[1] |= UINT64_C(1) << 40;
    if (line->nr == STILE_NR_console_use_ring)
        words[0] |= 2;
    if (line->nr == STILE_NR_memory_donate)
        words[0] |= 1;
}

/* Something for core_multicall to find. */
static void fill_entry(struct attacker *attacker)
{
    uint64_t index = next_random(attacker) % STILE_MULTICALL_MAX;
    const struct call_line *line = choose(attacker);
    uint64_t words[6];

    if (line->nr == STILE_NR_memory_share)
        return; /* nobody would know to take it back */
    make_words(attacker, line, words);
    attacker->mailbox->calls[index].nr = 0;
    memcpy(attacker->mailbox->calls[index].x, words, sizeof(words));
    attacker->mailbox->calls[index].nr = line->nr;
}

static void make_call(struct attacker *attacker)
{
    const struct call_line *line = choose(attacker);
    uint64_t words[6];

    make_words(attacker, line, words);
    attacker->world.now = cpu_ticks();
    write_sysreg(cntv_cval_el0, attacker->world.now + SLEEP_TICKS);
    write_sysreg(cntv_ctl_el0, 1);

    struct stile_result result = support_call(STILE_FID(line->nr), words);
    if (!call_is_answer(line, &result)) {
        attacker->bad_nr = line->nr;
        attacker->bad_status = result.status;
    }
    if (result.status == STILE_SUCCESS)
        call_note(&attacker->world, result.value[0]);
    if (result.status == STILE_SUCCESS && line->nr == STILE_NR_memory_share)
        attacker->shares[attacker->nr_shares++ % NR_SHARES] = (uint32_t)result.value[0];
}

/* Has the interrupts that the kernel lives by come again, and ends, unseen, those pending now. */
static void drop_interrupts(void)
{
    uint32_t ack;

    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        for (uint32_t sgi = 0; sgi < 16; sgi++)
            (void)stile_irq_unmask(stile_vcpu_id(i), stile_intid(sgi));
        (void)stile_irq_unmask(stile_vcpu_id(i), stile_intid(machine.timer_intid));
    }
    while ((ack = gic->acknowledge(), (ack & GIC_ACK_INTID) < FIRST_SPECIAL_INTID))
        gic->end(ack);
}

/* Ends all sharing: what others have offered, and what was offered to them. */
static void end_shares(void)
{
    stile_share_t share = stile_share(0);
    struct stile_result offer;

    while ((offer = stile_memory_next_offered(share)).status == STILE_SUCCESS) {
        share = stile_share((uint32_t)offer.value[0]);
        (void)stile_memory_release(share);
    }
    for (uint32_t i = 0; i < machine.nr_cpus; i++)
        for (uint32_t j = 0; j < NR_SHARES; j++)
            (void)stile_memory_revoke(stile_share(attackers[i].shares[j]));
}

/* Gives back what calls have populated from @start on. */
static void empty(uint64_t start)
{
    for (uint64_t page = 0; page < 1 + SCRATCH_PAGES + STILE_MEMORY_MAX_PAGES; page++)
        (void)stile_memory_unmap(stile_ipa(start + page * PAGE_SIZE), stile_nr_pages(1));
}

/* With interrupts masked: those that become pending are nobody's. */
static void attack(void *argument)
{
    struct attacker *attacker = argument;
    uint64_t flags = irq_save();

    for (uint64_t i = 0; i < attacker->nr_calls; i++) {
        make_call(attacker);
        fill_entry(attacker);
    }
    __atomic_fetch_add(&nr_done, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&nr_done, __ATOMIC_ACQUIRE) < machine.nr_cpus)
        sensitive->yield();
    write_sysreg(cntv_ctl_el0, 0);
    drop_interrupts();
    irq_restore(flags);
}

KTF_TEST(hostile_table, every_call_answers_whatever_it_is_given)
{
    uint64_t nr_calls = strtoul(machine_option_value("calls="), NULL, 10);
    uint64_t mailbox = stile_core_info(STILE_INFO_MAILBOX).value[0];
    struct thread *threads[NR_CPUS];

    EXPECT_EQ(balloon_set(SCRATCH_PAGES), SCRATCH_PAGES);
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        attackers[i] = (struct attacker){
            .world =
                {SCRATCH, SCRATCH_PAGES * PAGE_SIZE, machine.gicd.base, 0, machine.nr_cpus, 0, {0}},
            .mailbox = (void *)kernel_map_device(mailbox, PAGE_SIZE),
            .random = 0x9E3779B97F4A7C15 * (i + stile_core_info(STILE_INFO_VM_ID).value[0]),
            .nr_calls = nr_calls,
        };
        threads[i] = thread_create("attacker", attack, &attackers[i], NULL);
        ASSERT_TRUE(threads[i] != NULL);
    }
    for (uint32_t i = 0; i < machine.nr_cpus; i++) {
        thread_join(threads[i]);
        EXPECT_EQ(attackers[i].bad_status, 0);
        EXPECT_EQ(attackers[i].bad_nr, 0);
    }
    end_shares();
    empty(SCRATCH - PAGE_SIZE);
    empty(0);
    empty((UINT64_C(1) << IPA_BITS) - PAGE_SIZE);
    EXPECT_EQ(balloon_set(0), 0);
}
