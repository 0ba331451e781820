/* SPDX-License-Identifier: MIT */
/*
 * What each line of the call table costs where it succeeds, for the reference's pages. A call that
 * needs another to have been made before it, or leaves something behind, names that other one; only
 * the call itself is timed.
 */
#include "sensitive/measured/measured.h"

#include "arch/cpu.h"
#include "lib/printk.h"
#include "machine/machine.h"
#include "measure/counter.h"
#include "measure/measure.h"
#include "mm/kernel_map.h"
#include "mm/page.h"
#include "sensitive/ring.h"
#include "stile/hypercall.h"

#define CALL_ROUNDS 200

/* Where nothing else is. */
#define SCRATCH UINT64_C(0x2000000000)

/* Stands for what the call before, or else the call itself, has returned in x1. */
#define RESULT UINT64_C(0x526573756C742121)

#define KEY_TEST UINT64_C(0x74736574) /* "test" */

struct words {
    uint32_t nr;
    uint64_t x[6];
};

struct call_cost {
    struct words call;
    struct words before;
    struct words after;
};

#define CALL(name, ...)                                                                            \
    {                                                                                              \
        STILE_NR_##name,                                                                           \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define NOTHING CALL(core_null, 0)

/* A page that calls may read and write. BUFFER stands for its address in the table below. */
static char buffer[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
#define BUFFER UINT64_C(0x4275666665722121)

/* Stand for this VM's number and that of the other one, which sleeps. */
#define SELF  UINT64_C(0x53656C6621212121)
#define OTHER UINT64_C(0x4F74686572212121)

static stile_vm_id_t self, other;

static const struct call_cost costs[] = {
    {CALL(core_version, STILE_VERSION_CURRENT), NOTHING, NOTHING},
    {CALL(core_features, 0), NOTHING, NOTHING},
    {CALL(core_info, STILE_INFO_VM_ID), NOTHING, NOTHING},
    {CALL(core_null, 0), NOTHING, NOTHING},
    {CALL(core_multicall, 0, 1, 0), NOTHING, NOTHING},
    {CALL(console_write, 1, '\n'), NOTHING, NOTHING},
    {CALL(console_write_buffer, BUFFER, 64), NOTHING, NOTHING},
    {CALL(console_read, 8), NOTHING, NOTHING},
    {CALL(console_read_buffer, BUFFER, 8), NOTHING, NOTHING},
    {CALL(console_use_ring, 1), NOTHING, NOTHING},
    {CALL(console_notify, 0), NOTHING, NOTHING},
    {CALL(vcpu_yield, 0), NOTHING, NOTHING},
    {CALL(vcpu_block, 0), CALL(irq_ipi, 0, SGI_BENCH), NOTHING},
    {CALL(vcpu_counter, STILE_COUNTER_EXITS), NOTHING, NOTHING},
    {CALL(vcpu_query, 0), NOTHING, NOTHING},
    {CALL(vcpu_yield_to, 1), NOTHING, NOTHING},
    {CALL(vcpu_poll, 0, 0, 0), NOTHING, NOTHING},
    {CALL(vcpu_kick, 0), NOTHING, NOTHING},
    {CALL(time_oneshot, STILE_TIME_NEVER), NOTHING, NOTHING},
    {CALL(time_event, STILE_TIME_NEVER, 0), CALL(event_bind_virq, STILE_VIRQ_TIMER, 0),
     CALL(event_close, RESULT)},
    {CALL(irq_inject, 0, 40), NOTHING, NOTHING},
    {CALL(irq_ipi, 0, SGI_BENCH), NOTHING, NOTHING},
    {CALL(irq_ipi_set, 1, SGI_BENCH), NOTHING, NOTHING},
    {CALL(irq_mask, 0, 40), NOTHING, NOTHING},
    {CALL(irq_unmask, 0, 41), NOTHING, CALL(irq_mask, 0, 41)},
    {CALL(irq_set_priority, 0, 41, 0xA0), NOTHING, NOTHING},
    {CALL(irq_query, 0, 40), NOTHING, NOTHING},
    {CALL(memory_map, SCRATCH, 1), NOTHING, CALL(memory_unmap, SCRATCH, 1)},
    {CALL(memory_unmap, SCRATCH, 1), CALL(memory_map, SCRATCH, 1), NOTHING},
    {CALL(memory_protect, SCRATCH, 1, STILE_ACCESS_READ), CALL(memory_map, SCRATCH, 1),
     CALL(memory_unmap, SCRATCH, 1)},
    {CALL(memory_query, BUFFER), NOTHING, NOTHING},
    {CALL(memory_share, BUFFER, 1, OTHER, STILE_ACCESS_READ), NOTHING, CALL(memory_revoke, RESULT)},
    {CALL(memory_donate, BUFFER, 1, OTHER), NOTHING, CALL(memory_revoke, RESULT)},
    {CALL(memory_revoke, RESULT), CALL(memory_share, BUFFER, 1, OTHER, STILE_ACCESS_READ), NOTHING},
    {CALL(memory_next_shared, 0), CALL(memory_share, BUFFER, 1, OTHER, STILE_ACCESS_READ),
     CALL(memory_revoke, RESULT)},
    {CALL(memory_clean, BUFFER, 1), NOTHING, NOTHING},
    {CALL(memory_discard, BUFFER, 1), NOTHING, NOTHING},
    {CALL(event_alloc, SELF, 0), NOTHING, CALL(event_close, RESULT)},
    {CALL(event_bind_virq, STILE_VIRQ_PEER, 0), NOTHING, CALL(event_close, RESULT)},
    {CALL(event_bind_ipi, 0), NOTHING, CALL(event_close, RESULT)},
    {CALL(event_send, RESULT), CALL(event_bind_ipi, 0), CALL(event_close, RESULT)},
    {CALL(event_close, RESULT), CALL(event_bind_ipi, 0), NOTHING},
    {CALL(event_query, RESULT), CALL(event_bind_ipi, 0), CALL(event_close, RESULT)},
    {CALL(event_move, RESULT, 1), CALL(event_bind_ipi, 0), CALL(event_close, RESULT)},
    {CALL(directory_publish, KEY_TEST, 0, 1), NOTHING, CALL(directory_withdraw, KEY_TEST, 0)},
    {CALL(directory_withdraw, KEY_TEST, 0), CALL(directory_publish, KEY_TEST, 0, 1), NOTHING},
    {CALL(directory_lookup, SELF, KEY_TEST, 0), CALL(directory_publish, KEY_TEST, 0, 1), NOTHING},
    {CALL(directory_query, SELF, 0), NOTHING, NOTHING},
    {CALL(directory_find_vm, UINT64_C(0x68636E6562)), NOTHING, NOTHING}, /* "bench" */
    {CALL(control_next_vm, 0), NOTHING, NOTHING},
    {CALL(control_pause, OTHER), NOTHING, CALL(control_resume, OTHER)},
    {CALL(control_resume, OTHER), CALL(control_pause, OTHER), NOTHING},
    {CALL(control_inject, OTHER, 0, 40), NOTHING, NOTHING},
    {CALL(control_counter, OTHER, 0, STILE_COUNTER_EXITS), NOTHING, NOTHING},
    {CALL(control_trace, OTHER, 0, 0), NOTHING, NOTHING},
    {CALL(control_console_read, OTHER, 0, BUFFER, 64), NOTHING, NOTHING},
    {CALL(control_set_wall_clock, UINT64_C(1795132800000000000)), NOTHING, NOTHING},
    {CALL(control_vm_info, OTHER, BUFFER, sizeof(struct stile_vm_info)), NOTHING, NOTHING},
    {CALL(control_memory_read, OTHER, BUFFER, BUFFER, 64), NOTHING, NOTHING},
    {CALL(control_memory_write, OTHER, BUFFER, BUFFER, 64), NOTHING, NOTHING},
    {CALL(control_get, OTHER, STILE_SETTING_WEIGHT), NOTHING, NOTHING},
    {CALL(control_set, OTHER, STILE_SETTING_WEIGHT, 100), NOTHING, NOTHING},
    {CALL(core_reset, 0), NOTHING, CALL(core_version, STILE_VERSION_CURRENT)},
};

#define NR_COSTS (sizeof(costs) / sizeof(costs[0]))

/* Every other line of the call table is here, with the reason: scripts/abi-lines looks. */
#define NOT_MEASURED(name, why) _Static_assert(STILE_NR_##name >= 0, why);
NOT_MEASURED(vcpu_on, "only a vCPU that is off can be turned on")
NOT_MEASURED(vcpu_off, "does not return")
NOT_MEASURED(memory_accept, "a peer has to offer first")
NOT_MEASURED(memory_release, "a peer has to offer first")
NOT_MEASURED(memory_next_offered, "a peer has to offer first")
NOT_MEASURED(power_off, "does not return")
NOT_MEASURED(power_reboot, "does not return")
NOT_MEASURED(power_crash, "does not return")
NOT_MEASURED(power_suspend, "returns when somebody else resumes the VM")
NOT_MEASURED(event_bind, "a peer has to allocate first")
NOT_MEASURED(control_destroy, "a VM can be destroyed once")
NOT_MEASURED(control_crash_info, "no VM of the benchmark has crashed")
NOT_MEASURED(vm_create, "its device tree is what it costs, and making goes on behind it")
NOT_MEASURED(vm_start, "a VM waits for its start once")

static uint64_t word_of(uint64_t word, uint64_t result)
{
    switch (word) {
    case RESULT:
        return result;
    case BUFFER:
        return virt_to_phys(buffer);
    case SELF:
        return self.number;
    case OTHER:
        return other.number;
    default:
        return word;
    }
}

static void find_words(uint64_t words[4], const struct words *call, uint64_t result)
{
    for (int i = 0; i < 4; i++)
        words[i] = word_of(call->x[i], result);
}

static struct stile_result make(const struct words *call, uint64_t result)
{
    uint64_t x[4];

    find_words(x, call, result);
    return stile_hvc(STILE_FID(call->nr), x[0], x[1], x[2], x[3], call->x[4], call->x[5]);
}

/* Sums over all rounds. */
struct sums {
    uint64_t ticks;
    uint64_t el1;
};

/* One round; nothing but the call, or nothing at all, is timed. Returns whether all succeeded. */
static bool time_round(const struct call_cost *cost, bool for_nothing, struct sums *sums)
{
    struct stile_result result = make(&cost->before, 0);
    uint64_t fid = STILE_FID(cost->call.nr);
    uint64_t handle = result.value[0];
    bool good = result.status == STILE_SUCCESS;
    uint64_t x[4];
    find_words(x, &cost->call, handle);
    uint64_t start_el1 = counter_read_el1();
    uint64_t start = cpu_ticks();

    if (!for_nothing)
        result = stile_hvc((uint32_t)fid, x[0], x[1], x[2], x[3], 0, 0);
    sums->ticks += cpu_ticks() - start;
    sums->el1 += counter_read_el1() - start_el1;
    good = good && result.status == STILE_SUCCESS;
    if (for_nothing)
        result = make(&cost->call, handle);
    if (cost->before.nr == STILE_NR_core_null)
        handle = result.value[0];
    return make(&cost->after, handle).status == STILE_SUCCESS && good;
}

static uint64_t per_call(uint64_t whole, uint64_t overhead)
{
    return whole > overhead ? (whole - overhead + CALL_ROUNDS / 2) / CALL_ROUNDS : 0;
}

static void measure(const struct call_cost *cost)
{
    const char *name = stile_call_name(cost->call.nr);
    struct sums calls = {0, 0};
    struct sums nothing = {0, 0};
    bool good = true;

    for (uint32_t i = 0; i < CALL_ROUNDS; i++) {
        good = time_round(cost, false, &calls) && good;
        good = time_round(cost, true, &nothing) && good;
    }
    if (!good) {
        printk("\nbench: %s did not do what it should\n", name);
        return;
    }
    uint64_t total = per_call(counter_ticks_to_ns(calls.ticks), counter_ticks_to_ns(nothing.ticks));
    uint64_t el1 = per_call(calls.el1, nothing.el1);
    measure_print(name, "call", total, total > el1 ? total - el1 : 0, 1);
}

/* What core_multicall makes: an entry of zeros would be refused. */
static void fill_mailbox(void)
{
    uint64_t ipa = stile_core_info(STILE_INFO_MAILBOX).value[0];
    struct stile_mailbox *mailbox = (struct stile_mailbox *)kernel_map_device(ipa, PAGE_SIZE);

    mailbox->calls[0] = (struct stile_call_entry){.nr = STILE_NR_core_null};
}

void measured_run_table(void)
{
    const struct range *last = &machine.memory[machine.nr_memory - 1];

    /* So that the VM may have a page elsewhere. */
    (void)stile_memory_unmap(stile_ipa(last->base + last->bytes - PAGE_SIZE), stile_nr_pages(1));
    self = stile_vm_id((uint32_t)stile_core_info(STILE_INFO_VM_ID).value[0]);
    other = measured_neighbour();
    fill_mailbox();
    for (size_t i = 0; i < NR_COSTS; i++) {
        ring_settle();
        measure(&costs[i]);
    }
    printk("bench: %zu calls\n", NR_COSTS);
}
