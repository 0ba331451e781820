/* SPDX-License-Identifier: MIT */
/*
 * What libFuzzer calls: an input is the life of a machine, and a mutation changes a record of it.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "calls.h"
#include "calls/words.h"
#include "vm/vcpu.h"
#include "vm/vm.h"
#include "machine.h"
#include "record.h"
#include "world.h"

/* An input that is begun anew has so many records. */
#define NR_FIRST_RECORDS 192

/* One that is changed has so many at most. */
#define MAX_RECORDS 4096

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t limit, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t limit);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    machine_shows = getenv("FUZZ_LOG") != NULL;
    return atexit(calls_report);
}

/* --- an input ------------------------------------------------------------------------------ */

static void show(const struct record *record, const struct vcpu *vcpu)
{
    static const char *const kinds[] = {
        [RECORD_CALL] = "call",     [RECORD_ENTRY] = "entry", [RECORD_MAILBOX] = "mailbox",
        [RECORD_RING] = "ring",     [RECORD_TOUCH] = "touch", [RECORD_DEVICE] = "device",
        [RECORD_CPU] = "registers", [RECORD_TIME] = "time",   [RECORD_OUTSIDE] = "outside",
        [RECORD_IMAGE] = "image"};
    const char *kind = kinds[record->kind % RECORD_NR_KINDS];

    if (!machine_shows)
        return;
    fprintf(stderr, "-- %s %u", kind ? kind : kinds[RECORD_CALL], record->what);
    if (vcpu)
        fprintf(stderr, " by vm %u vcpu %u on cpu %u", vcpu->vm->id, vcpu->index, fake.cpu);
    fprintf(stderr, "\n");
}

/* The records that have not happened yet. */
static struct {
    const uint8_t *data;
    size_t size;
} rest;

static bool take_record(struct record *record)
{
    if (rest.size < sizeof(*record))
        return false;
    memcpy(record, rest.data, sizeof(*record));
    rest.data += sizeof(*record);
    rest.size -= sizeof(*record);
    return true;
}

/* A record that is about a guest happens to this one. */
static void happen(const struct record *record, struct vcpu *vcpu)
{
    show(record, vcpu);
    if (record->kind % RECORD_NR_KINDS >= RECORD_ENTRY) {
        record_happens(record, vcpu);
        return;
    }
    calls_make(record, vcpu);
    world_exit();
}

static bool is_outside(const struct record *record)
{
    unsigned kind = record->kind % RECORD_NR_KINDS;

    return kind == RECORD_TIME || kind == RECORD_OUTSIDE;
}

static void visit(struct vcpu *vcpu)
{
    struct record record;

    if (!take_record(&record))
        return;
    if (is_outside(&record))
        record_outside(&record);
    else
        happen(&record, vcpu);
}

static void play_between(void)
{
    calls_disturb();
    world_visit(visit);
    calls_disturb();
}

static void play(const struct record *record)
{
    if (!(record->who & RECORD_AT_ONCE))
        world_interrupts();
    if (is_outside(record)) {
        show(record, NULL);
        record_outside(record);
        return;
    }
    struct vcpu *vcpu = world_bring(RECORD_VM(record->who), RECORD_VCPU(record->who));
    if (!vcpu)
        return;
    if (record->kind % RECORD_NR_KINDS < RECORD_ENTRY)
        fake.countdown = RECORD_MEANWHILE(record->who);
    happen(record, vcpu);
    fake.countdown = 0;
}

static void play_all(const uint8_t *data, size_t size)
{
    struct record record;

    rest.data = data;
    rest.size = size;
    fake.between = play_between;
    while (take_record(&record))
        play(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    world_begin(data[0] & RECORD_GICV2 ? 2 : 3);
    calls_begin();
    record_begin();
    if (setjmp(fake.abandon) != 0)
        return 0;
    if (setjmp(fake.off) == 0) {
        play_all(data + 1, size - 1);
        audit_memory();
        audit_ports();
        audit_makers();
        world_end();
    }
    world_ended();
    return 0;
}

/* --- mutations ----------------------------------------------------------------------------- */

/* The group of a record's call; if it is no call, that of the call it would be. */
static uint32_t record_group(const struct record *record)
{
    unsigned line = record_line(record);

    return line < CALL_NR_LINES ? call_lines[line].nr / STILE_CALLS_PER_GROUP : STILE_NR_GROUPS;
}

/* record->what of a call. */
static uint8_t line_of(uint32_t nr)
{
    uint8_t line = 0;

    while (call_lines[line].nr != nr)
        line++;
    return line;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Vigna's splitmix64: what one record is made of must not depend on itself. */
static uint32_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (uint32_t)(z >> 32);
}

static void draw_record(struct record *record, uint64_t *state)
{
    for (unsigned i = 0; i < sizeof(*record); i++)
        ((uint8_t *)record)[i] = (uint8_t)draw(state);
}

/* What is about VMs that others make: of who makes them, or of any. */
static void draw_about_makers(struct record *record, uint64_t *state)
{
    static const uint32_t calls[] = {STILE_NR_vm_create, STILE_NR_vm_start, STILE_NR_vm_start,
                                     STILE_NR_control_destroy, STILE_NR_control_memory_write};
    unsigned what = draw(state) % 12;

    draw_record(record, state);
    if (what < 3) {
        record->kind = RECORD_IMAGE;
        record->who = draw(state) % 2 ? 0 : 2;
    } else if (what < 8) {
        record->kind = RECORD_CALL;
        record->who = draw(state) % 2 ? 0 : 2;
        record->what = line_of(calls[what - 3]);
        record->flip &= 0xF0;
    } else if (what < 10) { /* PSCI, which needs no version: the last are ends */
        record->kind = RECORD_CALL;
        record->what = CALL_NR_LINES + 1;
        record->flip &= 0xF0;
    }
}

/* Every VM agrees on the version; then anything, much of it calls of one group. */
static size_t begin_anew(struct record *records, size_t limit, uint64_t *state)
{
    uint32_t group = call_lines[draw(state) % CALL_NR_LINES].nr / STILE_CALLS_PER_GROUP;
    size_t nr = least(limit, NR_FIRST_RECORDS);
    bool makes_vms = draw(state) % 8 == 0;

    for (size_t i = 0; i < nr; i++) {
        draw_record(&records[i], state);
        if (i < WORLD_NR_VMS)
            records[i] = (struct record){.who = (uint8_t)i, .what = CALL_NR_LINES};
        else if (makes_vms)
            draw_about_makers(&records[i], state);
        else if (draw(state) % 8)
            while (record_group(&records[i]) != group)
                records[i].what = (uint8_t)draw(state);
    }
    return nr;
}

/* The same happens, but to others, or with other values. */
static void change_values(struct record *records, size_t nr, uint64_t *state)
{
    for (size_t i = WORLD_NR_VMS; i < nr; i++) {
        struct record other;

        draw_record(&other, state);
        other.kind = records[i].kind;
        other.what = records[i].what;
        if (draw(state) % 2)
            other.who = records[i].who;
        if (draw(state) % 4 == 0)
            records[i] = other;
    }
}

/* Changes one thing. Returns how many records there are now. */
static size_t change(struct record *records, size_t nr, size_t limit, uint64_t *state)
{
    struct record *one = &records[draw(state) % nr];
    struct record *other = &records[draw(state) % nr];
    uint32_t what = draw(state);
    struct record copy = *other;

    if (what % 8 < 2 && nr < limit) { /* one more, of anything or again */
        if (what % 2)
            draw_record(&copy, state);
        memmove(one + 1, one, (size_t)(records + nr - one) * sizeof(*one));
        *one = copy;
        return nr + 1;
    }
    if (what % 8 == 2 && nr > 1) { /* one less */
        memmove(one, one + 1, (size_t)(records + nr - one - 1) * sizeof(*one));
        return nr - 1;
    }
    if (what % 8 == 3) { /* in another order */
        *other = *one;
        *one = copy;
    } else if (what % 8 == 4) { /* by somebody else */
        one->who = (uint8_t)draw(state);
    } else {
        LLVMFuzzerMutate((uint8_t *)one, sizeof(*one), sizeof(*one));
    }
    return nr;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t limit, unsigned seed)
{
    static struct record records[MAX_RECORDS];
    uint64_t state = seed;

    if (limit <= sizeof(records[0]))
        return LLVMFuzzerMutate(data, size, limit);
    size_t most = least((limit - 1) / sizeof(records[0]), MAX_RECORDS);
    size_t nr = size > 0 ? least((size - 1) / sizeof(records[0]), most) : 0;
    if (nr > 0)
        memcpy(records, data + 1, nr * sizeof(records[0]));
    uint32_t how = draw(&state) % 4;
    if (nr == 0 || how == 0) {
        nr = begin_anew(records, most, &state);
        data[0] = (uint8_t)draw(&state);
    } else if (how == 1) {
        change_values(records, nr, &state);
    } else {
        for (unsigned i = 0; i < 1 + seed % 8; i++)
            nr = change(records, nr, most, &state);
    }
    memcpy(data + 1, records, nr * sizeof(records[0]));
    return 1 + nr * sizeof(records[0]);
}
