/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzer's input says: a byte about the machine, then records, each a thing that happens.
 * Any bytes are a valid input.
 */
#ifndef FUZZ_RECORD_H
#define FUZZ_RECORD_H

#include <stdint.h>

struct vcpu;

/** What happens, by kind % RECORD_NR_KINDS. */
enum record_kind {
    RECORD_CALL,      /* first: half of all kinds mean it */
    RECORD_ENTRY = 8, /* a guest fills an entry of its mailbox for core_multicall */
    RECORD_MAILBOX,   /* a guest writes a word of its mailbox */
    RECORD_RING,      /* or of its console ring */
    RECORD_TOUCH,     /* a guest reads and writes memory */
    RECORD_DEVICE,    /* or an emulated device */
    RECORD_CPU,       /* or registers of its CPU */
    RECORD_TIME,      /* time passes */
    RECORD_OUTSIDE,   /* what people do, and the machine */
    RECORD_IMAGE,     /* a guest writes what a VM is to be made of */
    RECORD_NR_KINDS,
};

struct record {
    uint8_t kind;
    uint8_t who;        /* which vCPU, and when: RECORD_* below */
    uint8_t what;       /* which call, or which thing of the kind */
    uint8_t flip;       /* see record_word() */
    uint16_t choice[6]; /* for each argument, which value */
};

_Static_assert(sizeof(struct record) == 16, "as the input has it");

/*
 * record->who: which VM and vCPU. Of a call, bits 6:4 are not 0 if the next record
 * happens on another CPU meanwhile, when the caller's has let go of all locks so many times.
 */
#define RECORD_VM(who)        ((who) % 7u)
#define RECORD_VCPU(who)      ((who) / 4u % 2)
#define RECORD_MEANWHILE(who) (((who) / 16u % 8 + 1) / 2)
#define RECORD_AT_ONCE        0x80u /* no interrupt is taken before */

/* The lines of the call table are followed by these in record->what. */
#define RECORD_NR_OTHER_CALLS 4

/* The first byte of an input: the machine's GIC is a GICv2, else a GICv3. */
#define RECORD_GICV2 1u

/** record_happens() - the record, if it is no call, happens to a vCPU that runs (guest.c) */
void record_happens(const struct record *record, struct vcpu *vcpu);

/** record_begin() - a new input: forgets what guests have written (guest.c) */
void record_begin(void);

/** record_image_bytes() - how long the image is that a guest has written last (guest.c) */
uint64_t record_image_bytes(void);

/** record_outside() - a RECORD_TIME or RECORD_OUTSIDE happens (guest.c) */
void record_outside(const struct record *record);

/** record_word() - what the record has as argument @i, 0 to 5, of a kind of stile/types.h */
uint64_t record_word(const struct record *record, unsigned i, unsigned kind);

/** record_line() - the index of the line in calls/words.h, or more if it is a call of no line */
unsigned record_line(const struct record *record);

#endif
