/* SPDX-License-Identifier: MIT */
/*
 * The types that cross the hypercall boundary.
 *
 * Each argument kind of the call table (stile/calls.h) is one entry here: a C type, the
 * conversion to and from the 64-bit register that carries it, and the bits of that register that
 * must be zero. Kinds that are easy to confuse are one-member structs, so that swapping two of
 * them does not compile.
 */
#ifndef STILE_TYPES_H
#define STILE_TYPES_H

#include "stile/base.h"

/** An unsigned number of 32 bits; bits 63:32 of its register must be zero. */
typedef uint32_t stile_u32_t;

/** An unsigned number of 64 bits. */
typedef uint64_t stile_u64_t;

/** An intermediate physical address: what the guest calls a physical address. In bytes. */
typedef struct {
    uint64_t ipa;
} stile_ipa_t;

/** A length in bytes. */
typedef struct {
    uint64_t bytes;
} stile_nr_bytes_t;

/** A number of pages of PAGE_BYTES bytes (core_info). */
typedef struct {
    uint64_t pages;
} stile_nr_pages_t;

/** A point in time: a value of CNTVCT_EL0, in ticks of CNTFRQ_EL0 per second. */
typedef struct {
    uint64_t ticks;
} stile_ticks_t;

/**
 * A vCPU of the calling VM, counted from 0 in the order of their affinities (MPIDR_EL1), whatever
 * that of its device tree: 0 is the one that boots. 32 bits.
 */
typedef struct {
    uint32_t index;
} stile_vcpu_id_t;

/** An interrupt as the GIC numbers it: SGI 0-15, PPI 16-31, SPI from 32. 32 bits. */
typedef struct {
    uint32_t intid;
} stile_intid_t;

/** A length of time, in ticks of CNTFRQ_EL0 per second. */
typedef struct {
    uint64_t ticks;
} stile_nr_ticks_t;

/** vCPUs of the calling VM: bit n is vCPU n. */
typedef struct {
    uint64_t bits;
} stile_vcpu_set_t;

/**
 * A VM of the machine. A number says nothing about its VM, is kept when that starts anew, and is
 * not used again soon: what was meant for a VM that has ended does not get to another one. VMs find
 * each other by name (directory_find_vm). Never 0, which is the hypervisor. 32 bits.
 */
typedef struct {
    uint32_t number;
} stile_vm_id_t;

/** An event port: a bit of a mailbox, STILE_PORT_FIRST to STILE_NR_PORTS - 1. 32 bits. */
typedef struct {
    uint32_t port;
} stile_port_t;

/** Memory that one VM has offered to another. The same for both; not used twice soon. 32 bits. */
typedef struct {
    uint32_t handle;
} stile_share_t;

/* Register bits that must be zero, by kind. */
#define STILE_RESERVED_u32      0xFFFFFFFF00000000u
#define STILE_RESERVED_u64      UINT64_C(0)
#define STILE_RESERVED_ipa      UINT64_C(0)
#define STILE_RESERVED_nr_bytes UINT64_C(0)
#define STILE_RESERVED_nr_pages UINT64_C(0)
#define STILE_RESERVED_ticks    UINT64_C(0)
#define STILE_RESERVED_vcpu_id  STILE_RESERVED_u32
#define STILE_RESERVED_intid    STILE_RESERVED_u32
#define STILE_RESERVED_nr_ticks UINT64_C(0)
#define STILE_RESERVED_vcpu_set UINT64_C(0)
#define STILE_RESERVED_vm_id    STILE_RESERVED_u32
#define STILE_RESERVED_port     STILE_RESERVED_u32
#define STILE_RESERVED_share    STILE_RESERVED_u32

/* How wide an argument is, by kind: w, 32 bits, or x, 64; as registers are named. */
#define STILE_WIDTH_u32      w
#define STILE_WIDTH_u64      x
#define STILE_WIDTH_ipa      x
#define STILE_WIDTH_nr_bytes x
#define STILE_WIDTH_nr_pages x
#define STILE_WIDTH_ticks    x
#define STILE_WIDTH_vcpu_id  w
#define STILE_WIDTH_intid    w
#define STILE_WIDTH_nr_ticks x
#define STILE_WIDTH_vcpu_set x
#define STILE_WIDTH_vm_id    w
#define STILE_WIDTH_port     w
#define STILE_WIDTH_share    w

/*
 * Defines, for one kind, stile_<kind>_word() (value to register), stile_<kind>_from_word()
 * (register to value, once the reserved bits are known to be zero) and, for the struct kinds, the
 * named constructor stile_<kind>().
 */
#define STILE_PLAIN_KIND(kind)                                                                     \
    static inline uint64_t stile_##kind##_word(stile_##kind##_t value)                             \
    {                                                                                              \
        return value;                                                                              \
    }                                                                                              \
    static inline stile_##kind##_t stile_##kind##_from_word(uint64_t word)                         \
    {                                                                                              \
        return (stile_##kind##_t)word;                                                             \
    }

#define STILE_STRUCT_KIND(kind, type, member)                                                      \
    static inline stile_##kind##_t stile_##kind(type member)                                       \
    {                                                                                              \
        stile_##kind##_t value = {member};                                                         \
        return value;                                                                              \
    }                                                                                              \
    static inline uint64_t stile_##kind##_word(stile_##kind##_t value)                             \
    {                                                                                              \
        return value.member;                                                                       \
    }                                                                                              \
    static inline stile_##kind##_t stile_##kind##_from_word(uint64_t word)                         \
    {                                                                                              \
        stile_##kind##_t value = {(type)word};                                                     \
        return value;                                                                              \
    }

STILE_PLAIN_KIND(u32)
STILE_PLAIN_KIND(u64)
STILE_STRUCT_KIND(ipa, uint64_t, ipa)
STILE_STRUCT_KIND(nr_bytes, uint64_t, bytes)
STILE_STRUCT_KIND(nr_pages, uint64_t, pages)
STILE_STRUCT_KIND(ticks, uint64_t, ticks)
STILE_STRUCT_KIND(vcpu_id, uint32_t, index)
STILE_STRUCT_KIND(intid, uint32_t, intid)
STILE_STRUCT_KIND(nr_ticks, uint64_t, ticks)
STILE_STRUCT_KIND(vcpu_set, uint64_t, bits)
STILE_STRUCT_KIND(vm_id, uint32_t, number)
STILE_STRUCT_KIND(port, uint32_t, port)
STILE_STRUCT_KIND(share, uint32_t, handle)

/** What a call leaves in x0 to x3. */
struct stile_result {
    int64_t status;    /**< x0: 0, or one of the negative codes of stile/errors.h */
    uint64_t value[3]; /**< x1 to x3: as the call documents; 0 where it says nothing */
};

STILE_STATIC_ASSERT(sizeof(struct stile_result) == 32, "x0 to x3");

#endif
