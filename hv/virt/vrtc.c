/* SPDX-License-Identifier: MIT */
/*
 * The registers of an emulated PL031 (Arm DDI 0224, section 3.2).
 */
#include "virt/vrtc.h"

#include "arch/clamp.h"
#include "vm/clock.h"
#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define DR   0x000
#define MR   0x004
#define LR   0x008
#define CR   0x00C
#define IMSC 0x010
#define IDS  0xFE0 /* PeriphID0 to 3, CellID0 to 3 */

#define CR_STARTED 1u
#define IMSC_BITS  1u

/* Part 0x031, designer Arm (0x41), revision 1; then the PrimeCell identification. */
static const uint8_t ids[8] = {0x31, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

static uint32_t get(const uint32_t *reg)
{
    return __atomic_load_n(reg, __ATOMIC_RELAXED);
}

static void set(uint32_t *reg, uint32_t value)
{
    __atomic_store_n(reg, value, __ATOMIC_RELAXED);
}

static uint32_t now_s(const struct vrtc *rtc)
{
    return (uint32_t)clock_seconds() + get(&rtc->ahead_s);
}

static uint64_t vrtc_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    const struct vrtc *rtc = &vcpu->vm->rtc;

    (void)bytes;
    switch (offset) {
    case DR:
        return now_s(rtc);
    case MR:
        return get(&rtc->match);
    case LR:
        return get(&rtc->load);
    case CR:
        return CR_STARTED;
    case IMSC:
        return get(&rtc->mask);
    default:
        /* RTCRIS and RTCMIS: nothing has matched. */
        if (offset < IDS || offset >= IDS + 4 * sizeof(ids))
            return 0;
        return ids[clamp((offset - IDS) / 4, sizeof(ids) / sizeof(ids[0]))];
    }
}

static void vrtc_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct vrtc *rtc = &vcpu->vm->rtc;

    (void)bytes;
    switch (offset) {
    case MR:
        set(&rtc->match, (uint32_t)value);
        break;
    case LR:
        set(&rtc->load, (uint32_t)value);
        set(&rtc->ahead_s, (uint32_t)value - (uint32_t)clock_seconds());
        break;
    case IMSC:
        set(&rtc->mask, (uint32_t)value & IMSC_BITS);
        break;
    default:
        /* RTCCR: once started, it cannot be stopped. RTCICR: there is nothing to clear. */
        break;
    }
}

static const struct mmio_ops vrtc_ops = {vrtc_read, vrtc_write, EXIT_DEVICE};

void vrtc_init(struct vm *vm)
{
    vm->rtc = (struct vrtc){0};
    if (vm->config.rtc.bytes != 0)
        mmio_add(&vm->mmio, vm->config.rtc.base, vm->config.rtc.bytes, &vrtc_ops);
}
