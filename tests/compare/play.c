/* SPDX-License-Identifier: MIT */
/*
 * See play.h.
 */
#include "play.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answers.h"
#include "calls/words.h"
#include "fuzz/world.h"
#include "ktf.h"
#include "sides.h"
#include "words.h"

/* What is in an entry of a mailbox where a call returns nothing. */
#define UNTOUCHED UINT64_C(0x5AFE5AFE5AFE5AFE)

FILE *play_log;

/* What is known of all sequences, by those that play them as by those that have them played. */
static struct play_record *record;

#define WRONG(...)                                                                                 \
    do {                                                                                           \
        (void)snprintf(record->fault, sizeof(record->fault), __VA_ARGS__);                         \
        return false;                                                                              \
    } while (0)

/* A call of one side's, and what came of it. */
struct call {
    enum side side;
    uint32_t vm;
    uint32_t vcpu;
    uint32_t line;
    uint64_t x[6];
    struct stile_result result;
};

/* --- making a call --------------------------------------------------------------------------- */

/* Whether a core_multicall is to stop at what it has made last. */
static bool is_stopped(const struct call *call, const uint64_t x[6])
{
    return call_lines[call->line].nr == STILE_NR_core_multicall &&
           (x[2] & STILE_MULTICALL_STOP) != 0 &&
           sides_mailbox(call->side, call->vm, call->vcpu)->calls[x[0] - 1].status < 0;
}

/* By an HVC; what is done in parts, to its end: x1 is then how much was done in all. */
static void make_directly(struct call *call)
{
    struct answers_part part = answers_part(call_lines[call->line].nr);
    uint64_t x[6], all = 0, done;

    memcpy(x, call->x, sizeof(x));
    do {
        call->result = sides_call(call->side, call->vm, call->vcpu, call_lines[call->line].nr, x);
        if (!part.is_one || call->result.status != STILE_SUCCESS)
            break;
        done = call->result.value[0];
        all += done;
        x[0] += done * part.stride;
        x[1] -= done;
    } while (done > 0 && x[1] > 0 && !is_stopped(call, x));
    if (all > 0)
        call->result.value[0] = all;
}

static struct stile_result result_of(const struct stile_call_entry *entry)
{
    return (struct stile_result){entry->status,
                                 {entry->value[0], entry->value[1], entry->value[2]}};
}

/* By an entry of the mailbox. */
static void make_by_entry(struct call *call, uint32_t i)
{
    struct stile_call_entry *entry =
        &sides_mailbox(call->side, call->vm, call->vcpu)->calls[i % STILE_MULTICALL_MAX];
    const uint64_t x[6] = {i % STILE_MULTICALL_MAX, 1};

    *entry = (struct stile_call_entry){.nr = call_lines[call->line].nr,
                                       .status = (int64_t)UNTOUCHED,
                                       .value = {UNTOUCHED, UNTOUCHED, UNTOUCHED}};
    memcpy(entry->x, call->x, sizeof(entry->x));
    call->result = sides_call(call->side, call->vm, call->vcpu, STILE_NR_core_multicall, x);
    if (call->result.status == STILE_SUCCESS)
        call->result = result_of(entry);
}

static void make(struct call *call, const struct action *action)
{
    if (action->entry == ACTION_DIRECT || !answers_fits_multicall(call->line, call->x))
        make_directly(call);
    else
        make_by_entry(call, action->entry);
}

/* What a call returned is an argument of later ones. */
static void note(const struct call *call)
{
    const uint64_t *x = call->x;
    struct words_thing thing = {.value = call->result.value[0], .owner = call->vm};

    if (call->result.status != STILE_SUCCESS)
        return;
    switch (call_lines[call->line].nr) {
    case STILE_NR_memory_share:
        thing.peer = x[2];
        thing.count = x[1];
        thing.access = x[3];
        words_note_share(call->side, &thing);
        break;
    case STILE_NR_memory_donate:
        thing.peer = x[2];
        thing.count = call->result.value[1];
        thing.access = STILE_SHARE_DONATED | STILE_ACCESS_READ | STILE_ACCESS_WRITE;
        words_note_share(call->side, &thing);
        break;
    case STILE_NR_event_alloc:
        thing.peer = x[0];
        words_note_port(call->side, &thing);
        break;
    case STILE_NR_event_bind:
    case STILE_NR_event_bind_virq:
    case STILE_NR_event_bind_ipi:
        words_note_port(call->side, &thing);
        break;
    }
}

/* --- comparing ------------------------------------------------------------------------------- */

static bool compare_results(const struct call calls[NR_SIDES])
{
    struct stile_result results[NR_SIDES];
    uint32_t line = calls[SIDE_HV].line;

    for (uint32_t side = 0; side < NR_SIDES; side++) {
        note(&calls[side]);
        results[side] = answers_normalise((enum side)side, call_lines[line].nr, calls[side].x,
                                          calls[side].result);
    }
    const struct stile_result *hv = &results[SIDE_HV], *fake = &results[SIDE_FAKE];
    record->nr_calls++;
    record->nr_successes[line] += hv->status == STILE_SUCCESS;
    if (memcmp(hv, fake, sizeof(*hv)) != 0)
        WRONG("%s: the hypervisor has %" PRId64 " with 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64
              ", the fake %" PRId64 " with 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64,
              call_lines[line].name, hv->status, hv->value[0], hv->value[1], hv->value[2],
              fake->status, fake->value[0], fake->value[1], fake->value[2]);
    return true;
}

/* The line of a call's number, or CALL_NR_LINES. */
static uint32_t line_of(uint64_t nr)
{
    uint32_t line = 0;

    while (line < CALL_NR_LINES && call_lines[line].nr != nr)
        line++;
    return line;
}

/* The calls that a core_multicall has made. */
static bool compare_entries(const struct call calls[NR_SIDES])
{
    uint64_t first = calls[SIDE_HV].x[0], nr = calls[SIDE_HV].result.value[0];

    for (uint64_t i = first; i < first + nr; i++) {
        struct call made[NR_SIDES] = {calls[0], calls[1]};

        for (uint32_t side = 0; side < NR_SIDES; side++) {
            const struct stile_call_entry *entry =
                &sides_mailbox((enum side)side, made[side].vm, made[side].vcpu)->calls[i];
            made[side].line = line_of(entry->nr);
            memcpy(made[side].x, entry->x, sizeof(entry->x));
            made[side].result = result_of(entry);
        }
        if (!compare_results(made))
            return false;
    }
    return true;
}

static bool compare_mailboxes(void)
{
    for (uint32_t i = 0; i < WORLD_NR_VMS * WORLD_NR_VCPUS * STILE_PORT_WORDS; i++) {
        uint32_t word = i % STILE_PORT_WORDS, vcpu = i / STILE_PORT_WORDS % WORLD_NR_VCPUS;
        uint32_t vm = i / STILE_PORT_WORDS / WORLD_NR_VCPUS;
        if (vm == SIDES_IDLE_VM)
            continue;
        const struct stile_port_word *hv = &sides_mailbox(SIDE_HV, vm, vcpu)->words[word];
        const struct stile_port_word *fake = &sides_mailbox(SIDE_FAKE, vm, vcpu)->words[word];

        if (memcmp(hv, fake, sizeof(*hv)) != 0)
            WRONG("VM %u's vCPU %u has in word %u: by the hypervisor 0x%" PRIx64
                  " pending, mask 0x%" PRIx64 ", urgent 0x%" PRIx64 ", by the fake 0x%" PRIx64
                  ", 0x%" PRIx64 ", 0x%" PRIx64,
                  vm, vcpu, word, hv->pending, hv->mask, hv->urgent, fake->pending, fake->mask,
                  fake->urgent);
    }
    return true;
}

/* A walk, by the numbers of the handles. */
struct walk {
    uint32_t nr;
    struct {
        uint32_t handle;
        uint64_t value[2];
    } shares[WORLD_NR_VMS * (STILE_SHARES_MAX + STILE_SHARES_ACCEPTED_MAX)];
};

static void walk_shares(const struct call *call, struct walk *walk)
{
    uint64_t x[6] = {0};
    struct stile_result next;

    walk->nr = 0;
    while ((next = sides_call(call->side, call->vm, call->vcpu, call_lines[call->line].nr, x))
               .status == STILE_SUCCESS) {
        uint32_t handle = words_handle(call->side, next.value[0]), at = walk->nr++;

        for (; at > 0 && walk->shares[at - 1].handle > handle; at--)
            walk->shares[at] = walk->shares[at - 1];
        walk->shares[at].handle = handle;
        walk->shares[at].value[0] = next.value[1];
        walk->shares[at].value[1] = next.value[2];
        x[0] = next.value[0];
    }
}

static bool compare_walks(const struct call calls[NR_SIDES])
{
    static struct walk walks[NR_SIDES];

    memset(walks, 0, sizeof(walks));
    for (uint32_t side = 0; side < NR_SIDES; side++)
        walk_shares(&calls[side], &walks[side]);
    for (uint32_t i = 0; i < walks[SIDE_HV].nr || i < walks[SIDE_FAKE].nr; i++)
        if (memcmp(&walks[SIDE_HV].shares[i], &walks[SIDE_FAKE].shares[i],
                   sizeof(walks[0].shares[i])) != 0)
            WRONG("%s: after %u shares the hypervisor has 0x%" PRIx64 ", 0x%" PRIx64
                  ", the fake 0x%" PRIx64 ", 0x%" PRIx64,
                  call_lines[calls[0].line].name, i, walks[SIDE_HV].shares[i].value[0],
                  walks[SIDE_HV].shares[i].value[1], walks[SIDE_FAKE].shares[i].value[0],
                  walks[SIDE_FAKE].shares[i].value[1]);
    return true;
}

static bool compare(const struct call calls[NR_SIDES])
{
    bool has_succeeded = calls[SIDE_HV].result.status == STILE_SUCCESS;
    uint32_t nr = call_lines[calls[SIDE_HV].line].nr;

    if (!compare_results(calls))
        return false;
    if (nr == STILE_NR_core_multicall && has_succeeded && !compare_entries(calls))
        return false;
    if ((nr == STILE_NR_memory_next_offered || nr == STILE_NR_memory_next_shared) &&
        !compare_walks(calls))
        return false;
    return compare_mailboxes();
}

/* --- playing --------------------------------------------------------------------------------- */

static void show_call(const struct call *call)
{
    const uint64_t *x = call->x;

    if (!play_log)
        return;
    fprintf(play_log,
            "VM %u, vCPU %u: %s(0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64
            ", 0x%" PRIx64 ", 0x%" PRIx64 ")\n",
            call->vm, call->vcpu, call_lines[call->line].name, x[0], x[1], x[2], x[3], x[4], x[5]);
    (void)fflush(play_log); /* the call may end the program */
}

static void show_result(const struct stile_result *result)
{
    if (play_log)
        fprintf(play_log, "    %" PRId64 ": 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 "\n",
                result->status, result->value[0], result->value[1], result->value[2]);
}

/* The guest clears pending bits, and masks or unmasks others. */
static void write_mailboxes(const struct action *action)
{
    const uint64_t *random = action->random;

    for (uint32_t side = 0; side < NR_SIDES; side++) {
        struct stile_mailbox *mailbox = sides_mailbox((enum side)side, action->vm, action->vcpu);
        struct stile_port_word *word = &mailbox->words[random[0] % STILE_PORT_WORDS];

        word->pending &= random[1];
        word->mask = random[2];
        mailbox->busy = random[3] % 2;
    }
    if (play_log)
        fprintf(play_log, "VM %u, vCPU %u: mailbox word %u, 0x%" PRIx64 ", mask 0x%" PRIx64 "\n",
                action->vm, action->vcpu, (uint32_t)(random[0] % STILE_PORT_WORDS), random[1],
                random[2]);
}

static bool act(const struct action *action)
{
    struct call calls[NR_SIDES];

    if (action->line >= CALL_NR_LINES) {
        write_mailboxes(action);
        return true;
    }
    uint32_t caller = sides_have_vcpu(action->vm, action->vcpu) ? action->vcpu : 0;
    for (uint32_t side = 0; side < NR_SIDES; side++) {
        struct call *call = &calls[side];

        call->side = (enum side)side;
        call->vm = action->vm;
        call->vcpu = caller;
        call->line = action->line;
        words_make(call->side, call->vm, action->line, action->random, call->x);
        if (side == SIDE_HV)
            show_call(call);
        make(call, action);
        if (side == SIDE_HV)
            show_result(&call->result);
    }
    return compare(calls);
}

static void play_all(const struct action *actions, uint32_t nr)
{
    sides_begin();
    words_begin();
    while (record->played < nr && act(&actions[record->played]))
        record->played++;
    sides_end();
}

const struct play_record *play(const struct action *actions, uint32_t nr)
{
    int status = 0;

    if (!record)
        record =
            mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT_TRUE(record != MAP_FAILED);
    record->played = 0;
    record->fault[0] = '\0';
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!play_log && !freopen("/dev/null", "w", stderr))
            _exit(1);
        play_all(actions, nr);
        (void)fflush(NULL);
        _exit(0);
    }
    EXPECT_TRUE(child > 0 && waitpid(child, &status, 0) == child);
    if (status != 0 && record->fault[0] == '\0')
        (void)snprintf(record->fault, sizeof(record->fault), "the program has ended");
    return record;
}
