/* SPDX-License-Identifier: MIT */
/*
 * Records that are calls, and what is expected of any answer.
 */
#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "calls/words.h"
#include "image.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "ktf.h"
#include "machine.h"
#include "lib/addr.h"
#include "stile/smccc.h"
#include "world.h"

/* First arguments of standard services: CPU_SUSPEND (DEN 0022, section 5.4.2), TRNG_RND. */
#define POWER_DOWN (1u << 16)
#define TRNG_BITS  192

/* The last of the standard services below end their caller. */
#define NR_ENDS 4

static struct call_world words = {
    .scratch = WORLD_RAM,
    .scratch_bytes = WORLD_SCRATCH_BYTES,
    .device = 0x09000000,
    .nr_vcpus = WORLD_NR_VCPUS,
};

/* What calls have returned, as words.returned has it, and to which VM and about which. */
#define NR_HANDLES (sizeof(words.returned) / sizeof(words.returned[0]))
static struct handle {
    uint64_t value;
    uint64_t owner;
    uint64_t peer;
} handles[NR_HANDLES];

static uint64_t caller; /* the number of the VM that makes the call */

static struct {
    uint64_t made;
    uint64_t succeeded;
} counts[CALL_NR_LINES];

static bool is_disturbed; /* something else has happened since the call began */

void calls_disturb(void)
{
    is_disturbed = true;
}

void calls_begin(void)
{
    memset(words.returned, 0, sizeof(words.returned));
    words.nr_returned = 0;
    memset(handles, 0, sizeof(handles));
    caller = 0;
}

/* --- what a record says -------------------------------------------------------------------- */

/* One of the caller's own, or one that is meant for it. */
static uint64_t likely_handle(uint64_t choice)
{
    for (unsigned i = 0; i < NR_HANDLES; i++) {
        const struct handle *handle = &handles[(choice + i) % NR_HANDLES];

        if ((choice / NR_HANDLES % 2 ? handle->owner : handle->peer) == caller)
            return handle->value;
    }
    return words.returned[choice % NR_HANDLES];
}

/* A value of the kind that often fits others: few different ones, so that things meet. */
static uint64_t likely_value(enum call_kind kind, uint64_t choice)
{
    switch (kind) {
    case CALL_u64:
        return choice % 4 ? 0 : WORLD_NAME;
    case CALL_ipa:
        return WORLD_RAM + choice / 4 % 4 * BLOCK_2M + choice % 4 * STILE_PAGE_SIZE;
    case CALL_nr_pages:
        return choice % 16 == 0 ? STILE_MEMORY_MAX_PAGES : 1 + choice % 3;
    case CALL_nr_bytes:
    case CALL_vcpu_set:
        return 1 + choice % 3;
    case CALL_vm_id:
        return vm_slot(1 + choice / 4 % (choice % 4 ? WORLD_NR_VMS : CONFIG_NR_VMS))->number;
    case CALL_vcpu_id:
        return choice % WORLD_NR_VCPUS;
    case CALL_u32:
    case CALL_intid:
        return choice % 4;
    case CALL_port:
    case CALL_share:
        return likely_handle(choice);
    case CALL_ticks:
    case CALL_nr_ticks:
        return fake.now + choice;
    case CALL_NONE:
        break;
    }
    return 0;
}

/*
 * Three of four choices are likely values, so that calls of many arguments succeed at times. One
 * record in eight has an argument with a bit that it ought not to have.
 */
uint64_t record_word(const struct record *record, unsigned i, unsigned kind)
{
    static const uint8_t bits[] = {4, 32, 47, 63};
    uint64_t choice = record->choice[i];
    uint64_t bit = UINT32_MAX;

    if (record->flip % 8 == 7 && record->flip / 8 % 8 == i)
        bit = bits[record->flip / 64];
    else if (choice >> 14)
        return likely_value((enum call_kind)kind, choice);
    words.now = fake.now;
    return call_word(&words, (enum call_kind)kind, choice | bit << 32);
}

unsigned record_line(const struct record *record)
{
    return record->what % (CALL_NR_LINES + RECORD_NR_OTHER_CALLS);
}

/* --- what is expected ---------------------------------------------------------------------- */

static void expect_answer(const struct call_line *line, const struct stile_result *result)
{
    if (!call_is_answer(line, result))
        panic("%s: %ld with 0x%lx, 0x%lx, 0x%lx", line->name, (long)result->status,
              (unsigned long)result->value[0], (unsigned long)result->value[1],
              (unsigned long)result->value[2]);
}

/* What is about another VM or a vCPU, and returns more than a small number, returns a handle. */
static void note_handle(const struct call_line *line, const uint64_t arguments[6], uint64_t value)
{
    struct handle handle = {.value = value, .owner = caller};
    bool is_handle = false;

    for (unsigned i = 0; i < 6; i++) {
        is_handle |= line->kinds[i] == CALL_vm_id || line->kinds[i] == CALL_vcpu_id;
        if (line->kinds[i] == CALL_vm_id)
            handle.peer = arguments[i];
    }
    if (!is_handle || value < STILE_PORT_FIRST)
        return;
    handles[words.nr_returned % NR_HANDLES] = handle;
    call_note(&words, value);
}

static void note(const struct call_line *line, const uint64_t arguments[6],
                 const struct stile_result *result)
{
    size_t i = (size_t)(line - call_lines);

    counts[i].made++;
    expect_answer(line, result);
    if (result->status != STILE_SUCCESS)
        return;
    counts[i].succeeded++;
    note_handle(line, arguments, result->value[0]);
}

/* The calls of a core_multicall, as far as they were made. */
static void note_entries(const struct vcpu *vcpu, uint64_t first, uint64_t count)
{
    EXPECT_LE(first + count, STILE_MULTICALL_MAX);
    for (uint64_t i = first; i < first + count; i++) {
        const struct stile_call_entry *entry = &vcpu->mailbox->calls[i];
        struct stile_result result = {entry->status, {entry->value[0], 0, 0}};

        for (unsigned j = 0; j < CALL_NR_LINES; j++)
            if (call_lines[j].nr == entry->nr)
                note(&call_lines[j], entry->x, &result);
    }
}

/* --- making them --------------------------------------------------------------------------- */

/* What ends its caller is made seldom, so that VMs live for a while; but in the midst of calls. */
static bool is_time_to_end(const struct record *record)
{
    return record->flip % 16 == 0 || fake.is_between;
}

/* Mostly VMs are made of what a guest has written for that, and those are started. */
static void fit(const struct call_line *line, const struct record *record, uint64_t arguments[6])
{
    unsigned how = record->flip / 16 % 8;

    if (how == 0)
        return;
    if (line->nr == STILE_NR_vm_create && record_image_bytes() > 0) {
        memset(arguments, 0, 6 * sizeof(*arguments));
        arguments[0] = IMAGE_IPA;
        arguments[1] = record_image_bytes() - (how == 1);
    } else if (line->nr == STILE_NR_vm_start) {
        memset(arguments, 0, 6 * sizeof(*arguments));
        arguments[0] = vm_slot(1 + record->choice[0] % CONFIG_NR_VMS)->number;
    }
}

static bool is_end(const struct call_line *line)
{
    return line->nr / STILE_CALLS_PER_GROUP == STILE_NR_power_off / STILE_CALLS_PER_GROUP ||
           line->nr == STILE_NR_vcpu_off || line->nr == STILE_NR_control_destroy ||
           line->nr == STILE_NR_control_pause;
}

static void make_other_call(const struct record *record)
{
    static const uint32_t fids[] = {STILE_SMCCC_ARCH_FEATURES,
                                    STILE_PSCI_VERSION,
                                    STILE_PSCI_FEATURES,
                                    STILE_PSCI_CPU_SUSPEND_64,
                                    STILE_PSCI_CPU_ON_64,
                                    STILE_FID_UID,
                                    STILE_PSCI_AFFINITY_INFO_64,
                                    STILE_PV_TIME_FEATURES,
                                    STILE_PV_TIME_ST,
                                    STILE_TRNG_RND64,
                                    STILE_FID_BASE + 0xFF,
                                    STILE_PSCI_CPU_OFF,
                                    STILE_PSCI_SYSTEM_OFF,
                                    STILE_PSCI_SYSTEM_RESET,
                                    STILE_PSCI_SYSTEM_RESET2_64};
    unsigned nr_fids = sizeof(fids) / sizeof(fids[0]) - (is_time_to_end(record) ? 0 : NR_ENDS);
    static const uint32_t firsts[] = {0, 1, 2, STILE_PSCI_CPU_ON_64, POWER_DOWN, TRNG_BITS};
    uint64_t arguments[6] = {
        firsts[record->choice[0] % (sizeof(firsts) / sizeof(firsts[0]))],
        record_word(record, 1, CALL_ipa),
        record_word(record, 2, CALL_u64),
    };

    if (record_line(record) == CALL_NR_LINES) { /* so that much else is not answered for ever */
        memset(arguments, 0, sizeof(arguments));
        arguments[0] = STILE_VERSION_CURRENT;
        (void)world_call(STILE_FID(STILE_NR_core_version), arguments);
    } else {
        (void)world_call(fids[record->choice[5] % nr_fids], arguments);
    }
}

void calls_make(const struct record *record, const struct vcpu *vcpu)
{
    unsigned i = record_line(record);
    uint64_t arguments[6];

    caller = vcpu->vm->number;
    if (i >= CALL_NR_LINES) {
        make_other_call(record);
        return;
    }
    const struct call_line *line = &call_lines[i];
    if (is_end(line) && !is_time_to_end(record))
        return;
    for (unsigned j = 0; j < 6; j++)
        arguments[j] = record_word(record, j, line->kinds[j]);
    fit(line, record, arguments);

    if (machine_shows)
        fprintf(stderr, "%s(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx)\n", line->name, arguments[0],
                arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
    struct stile_result result;
    uint64_t sum;
    is_disturbed = false;
    do { /* what takes long has to be made again, and finds its number and arguments in place */
        sum = audit_sum();
        result = world_call(STILE_FID(line->nr), arguments);
    } while (result.status == STILE_FID(line->nr) &&
             memcmp(result.value, arguments, sizeof(result.value)) == 0);
    if (machine_shows)
        fprintf(stderr, "  %ld: 0x%lx, 0x%lx, 0x%lx\n", result.status, result.value[0],
                result.value[1], result.value[2]);
    note(line, arguments, &result);
    audit_quotas();
    audit_makers();
    if (is_disturbed)
        return;
    if (result.status == STILE_SUCCESS && line->nr == STILE_NR_core_multicall)
        note_entries(vcpu, arguments[0], result.value[0]);
    if (result.status != STILE_SUCCESS && audit_sum() != sum)
        panic("%s failed with %ld and has changed something", line->name, (long)result.status);
}

void calls_report(void)
{
    uint64_t nr_calls = 0;

    for (unsigned i = 0; i < CALL_NR_LINES; i++) {
        nr_calls += counts[i].made;
        if (counts[i].made == 0)
            fprintf(stderr, "never made: %s\n", call_lines[i].name);
        else if (counts[i].succeeded == 0)
            fprintf(stderr, "never succeeded: %s\n", call_lines[i].name);
    }
    fprintf(stderr, "%lu calls\n", (unsigned long)nr_calls);
}
