/* SPDX-License-Identifier: MIT */
/*
 * See vdebug.h.
 */
#include "virt/vdebug.h"

#include <stddef.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/esr.h"
#include "arch/id.h"
#include "arch/iss.h"
#include "virt/vid.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define NAME_OSDTRRX       NAME(2, 0, 0, 0, 2)
#define NAME_MDCCINT       NAME(2, 0, 0, 2, 0)
#define NAME_MDSCR         NAME(2, 0, 0, 2, 2)
#define NAME_OSDTRTX       NAME(2, 0, 0, 3, 2)
#define NAME_OSECCR        NAME(2, 0, 0, 6, 2)
#define NAME_MDRAR         NAME(2, 0, 1, 0, 0)
#define NAME_OSLAR         NAME(2, 0, 1, 0, 4)
#define NAME_OSLSR         NAME(2, 0, 1, 1, 4)
#define NAME_OSDLR         NAME(2, 0, 1, 3, 4)
#define NAME_DBGPRCR       NAME(2, 0, 1, 4, 4)
#define NAME_DBGCLAIMSET   NAME(2, 0, 7, 8, 6)
#define NAME_DBGCLAIMCLR   NAME(2, 0, 7, 9, 6)
#define NAME_DBGAUTHSTATUS NAME(2, 0, 7, 14, 6)
#define NAME_MDCCSR        NAME(2, 3, 0, 1, 0)
#define NAME_DBGDTR        NAME(2, 3, 0, 4, 0)
#define NAME_DBGDTRX       NAME(2, 3, 0, 5, 0) /* DBGDTRRX to read, DBGDTRTX to write */

/* Break- and watchpoint n, which is CRm: DBGBVRn_EL1, DBGBCRn_EL1, DBGWVRn_EL1, DBGWCRn_EL1. */
#define NAME_POINT_MASK (ISS_NAME_MASK & ~NAME(0, 0, 0, 0xF, 3))
#define NAME_POINT      NAME(2, 0, 0, 0, 4)
#define OP2_DBGBVR      4
#define OP2_DBGBCR      5
#define OP2_DBGWVR      6

/* What EL0 can reach is the channel to an external debugger, nothing else. */
#define NAME_EL0_MASK (ISS_NAME_MASK & ~NAME(0, 0, 0xF, 0xF, 7))
#define NAME_EL0      NAME(2, 3, 0, 0, 0)

/* The bits that are there (D17.3); the others are RES0. */
#define MDSCR_BITS    (MDSCR_SS | MDSCR_TDCC | MDSCR_KDE | MDSCR_MDE)
#define DBGBCR_BITS   UINT64_C(0x7FE1E7) /* of BT not bit 3: it is for guests with an EL2 */
#define DBGWCR_BITS   UINT64_C(0x1F1FFFFF)
#define DBGWVR_BITS   (~UINT64_C(3))
#define DBGCLAIM_BITS UINT64_C(0xFF)

#define DFR0_VERSION_SHIFT 0
#define DBGDIDR_RES1       (UINT64_C(1) << 15)

/* OSLSR_EL1: there is an OS lock; it is locked. OSLAR_EL1 has the lock in bit 0. */
#define OSLSR_OSLM UINT64_C(8)
#define OSLSR_OSLK UINT64_C(2)
#define OSLAR_OSLK UINT64_C(1)

void vdebug_reset(struct vcpu *vcpu)
{
    memset(&vcpu->debug, 0, sizeof(vcpu->debug));
    vcpu->debug.is_locked = true;
    vcpu->has &= ~VCPU_HAS_DEBUG;
}

uint32_t vdebug_didr(const struct vm *vm)
{
    uint64_t dfr0 = vid_read(vm, ID_AA64DFR0);

    return (uint32_t)(id_field(dfr0, DFR0_WRPS_SHIFT) << 28 |
                      id_field(dfr0, DFR0_BRPS_SHIFT) << 24 |
                      id_field(dfr0, DFR0_CTX_CMPS_SHIFT) << 20 |
                      id_field(dfr0, DFR0_VERSION_SHIFT) << 16 | DBGDIDR_RES1);
}

bool vdebug_is_denied(const struct vcpu *vcpu, uint64_t name)
{
    return (name & NAME_EL0_MASK) == NAME_EL0 && (vcpu->debug.mdscr & MDSCR_TDCC) &&
           spsr_is_el0(read_sysreg(spsr_el2));
}

/* The word that register @name of a break- or watchpoint is, or NULL if there are not so many. */
static uint64_t *find_point(struct vcpu *vcpu, uint64_t name)
{
    struct debug_points *points = &vcpu->debug.points;
    uint64_t dfr0 = vid_read(vcpu->vm, ID_AA64DFR0);
    uint32_t n = ISS_CRM(name), op2 = ISS_OP2(name);
    bool is_break = op2 < OP2_DBGWVR;
    struct debug_point *point = is_break ? &points->breaks[n] : &points->watches[n];

    if ((name & NAME_POINT_MASK) != NAME_POINT ||
        n > id_field(dfr0, is_break ? DFR0_BRPS_SHIFT : DFR0_WRPS_SHIFT))
        return NULL;
    return op2 == OP2_DBGBVR || op2 == OP2_DBGWVR ? &point->value : &point->control;
}

bool vdebug_read(struct vcpu *vcpu, uint64_t name, uint64_t *value)
{
    const struct vdebug *debug = &vcpu->debug;
    const uint64_t *point;

    switch (name) {
    case NAME_MDSCR:
        *value = debug->mdscr;
        return true;
    case NAME_OSLSR:
        *value = OSLSR_OSLM | (debug->is_locked ? OSLSR_OSLK : 0);
        return true;
    case NAME_DBGCLAIMSET:
        *value = DBGCLAIM_BITS;
        return true;
    case NAME_DBGCLAIMCLR:
        *value = debug->claims;
        return true;
    case NAME_OSDTRRX:
    case NAME_OSDTRTX:
    case NAME_MDCCINT:
    case NAME_OSECCR:
    case NAME_MDRAR:
    case NAME_OSDLR:
    case NAME_DBGPRCR:
    case NAME_DBGAUTHSTATUS:
        *value = 0;
        return true;
    case NAME_MDCCSR:
    case NAME_DBGDTR:
    case NAME_DBGDTRX:
        *value = 0;
        return !vdebug_is_denied(vcpu, name);
    default:
        point = find_point(vcpu, name);
        *value = point ? *point : 0;
        return point != NULL;
    }
}

static bool write_point(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    static const uint64_t bits[] = {UINT64_MAX, DBGBCR_BITS, DBGWVR_BITS, DBGWCR_BITS};
    uint64_t *point = find_point(vcpu, name);

    if (point)
        *point = value & bits[ISS_OP2(name) - OP2_DBGBVR];
    return point != NULL;
}

/* What was written takes effect (D2.5: when debug exceptions happen). */
static void apply(struct vcpu *vcpu)
{
    const struct vdebug *debug = &vcpu->debug;

    if (!debug->is_locked && (debug->mdscr & (MDSCR_SS | MDSCR_MDE))) {
        vcpu->has |= VCPU_HAS_DEBUG;
        vdebug_load(vcpu);
    } else if (vcpu->has & VCPU_HAS_DEBUG) {
        vcpu->has &= ~VCPU_HAS_DEBUG;
        vdebug_put();
    }
}

static bool write_register(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    struct vdebug *debug = &vcpu->debug;

    switch (name) {
    case NAME_MDSCR:
        debug->mdscr = (uint32_t)(value & MDSCR_BITS);
        return true;
    case NAME_OSLAR:
        debug->is_locked = value & OSLAR_OSLK;
        return true;
    case NAME_DBGCLAIMSET:
        debug->claims |= (uint8_t)value;
        return true;
    case NAME_DBGCLAIMCLR:
        debug->claims &= (uint8_t)~value;
        return true;
    case NAME_OSDTRRX:
    case NAME_OSDTRTX:
    case NAME_MDCCINT:
    case NAME_OSECCR:
    case NAME_OSDLR:
    case NAME_DBGPRCR:
        return true;
    case NAME_DBGDTR:
    case NAME_DBGDTRX:
        return !vdebug_is_denied(vcpu, name);
    default:
        return write_point(vcpu, name, value);
    }
}

bool vdebug_write(struct vcpu *vcpu, uint64_t name, uint64_t value)
{
    bool is_there = write_register(vcpu, name, value);

    if (is_there)
        apply(vcpu);
    return is_there;
}

void vdebug_load(const struct vcpu *vcpu)
{
    debug_load(&vcpu->debug.points);
    write_sysreg(mdscr_el1, vcpu->debug.mdscr);
}

void vdebug_put(void)
{
    write_sysreg(mdscr_el1, 0);
}
