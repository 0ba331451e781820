/* SPDX-License-Identifier: MIT */
/*
 * The registers of an emulated PL011 (Arm DDI 0183, section 3.2).
 *
 * Where the real device's behaviour hangs on time or on levels of the FIFOs, this is one that is
 * allowed: a received character raises the receive and the timeout interrupt at once, one that is
 * left after a read the timeout interrupt again, and a sent one raises the transmit interrupt as
 * soon as it has left. Characters are sent whatever CR says, as if firmware had set up the UART;
 * that is what early consoles count on.
 */
#include "virt/vuart.h"

#include "arch/clamp.h"
#include "console/console_write.h"
#include "virt/vconsole.h"
#include "virt/vring.h"
#include "vm/irq_controller.h"
#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define DR    0x000
#define RSR   0x004
#define FR    0x018
#define ILPR  0x020
#define IBRD  0x024
#define FBRD  0x028
#define LCR_H 0x02C
#define CR    0x030
#define IFLS  0x034
#define IMSC  0x038
#define RIS   0x03C
#define MIS   0x040
#define ICR   0x044
#define DMACR 0x048
#define IDS   0xFE0 /* PeriphID0 to 3, CellID0 to 3 */

#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define FR_TXFE (1u << 7)

#define INT_RX  (1u << 4)
#define INT_TX  (1u << 5)
#define INT_RT  (1u << 6)
#define INT_ALL 0x7FFu

/* Values after reset, and the bits of a register that can be written. */
#define CR_RESET   0x0300u
#define CR_BITS    0xFF87u
#define IFLS_RESET 0x12u
#define IFLS_BITS  0x3Fu
#define LCR_H_BITS 0xFFu
#define ILPR_BITS  0xFFu
#define FBRD_BITS  0x3Fu
#define DMACR_BITS 0x7u

/* Part 0x011, designer Arm (0x41), revision r1p1; then the PrimeCell identification. */
static const uint8_t ids[8] = {0x11, 0x10, 0x14, 0x00, 0x0D, 0xF0, 0x05, 0xB1};

/* Drives the interrupt line. The lock keeps two CPUs from driving it in the wrong order. */
static void update_line(struct vm *vm)
{
    struct vuart *uart = &vm->vuart;
    bool level = (uart->ris & uart->imsc) != 0;

    if (level == uart->level)
        return;
    uart->level = level;
    vm->controller->set_level(vm, vm->config.uart_intid, level);
}

/* --- sending and receiving --- */

/* What was put in the ring comes before what is sent after. Whether it is written. */
static bool flush_ring(struct vm *vm)
{
    return !vring_has_output(&vm->console.ring, vm->ring) || vring_flush(vm, &CONSOLE_TURN);
}

static void transmit(struct vm *vm, char character)
{
    struct vuart *uart = &vm->vuart;

    if (flush_ring(vm) && uart->nr_waiting == 0 && console_write_one(vm, character)) {
        uart->ris |= INT_TX;
        return;
    }
    /* The console is full. The interrupt comes when it has taken what waits here. */
    uart->ris &= (uint16_t)~INT_TX;
    if (uart->nr_waiting < VUART_FIFO_BYTES)
        uart->waiting[uart->nr_waiting++] = character;
}

static uint32_t receive(struct vm *vm)
{
    char character;

    if (vconsole_read(vm, &character, 1) == 0)
        return 0;
    if (vconsole_pending(vm) == 0)
        vm->vuart.ris &= (uint16_t) ~(INT_RX | INT_RT);
    else
        vm->vuart.ris |= INT_RT; /* even if it was cleared before: nothing came for a while */
    return (uint8_t)character;
}

static uint32_t flags(struct vm *vm)
{
    uint32_t waiting = vm->vuart.nr_waiting;
    uint32_t value = vconsole_pending(vm) == 0 ? FR_RXFE : 0;

    if (waiting == 0)
        return value | FR_TXFE;
    return value | FR_BUSY | (waiting == VUART_FIFO_BYTES ? FR_TXFF : 0);
}

/* --- registers --- */

static uint32_t read_register(struct vm *vm, uint32_t offset)
{
    struct vuart *uart = &vm->vuart;

    switch (offset) {
    case DR:
        return receive(vm);
    case FR:
        return flags(vm);
    case ILPR:
        return uart->ilpr;
    case IBRD:
        return uart->ibrd;
    case FBRD:
        return uart->fbrd;
    case LCR_H:
        return uart->lcr_h;
    case CR:
        return uart->cr;
    case IFLS:
        return uart->ifls;
    case IMSC:
        return uart->imsc;
    case RIS:
        return uart->ris;
    case MIS:
        return uart->ris & uart->imsc;
    case DMACR:
        return uart->dmacr;
    default:
        /* RSR has no errors to show; ICR is write-only. */
        if (offset < IDS || offset >= IDS + 4 * sizeof(ids))
            return 0;
        return ids[clamp((offset - IDS) / 4, sizeof(ids) / sizeof(ids[0]))];
    }
}

static void write_register(struct vm *vm, uint32_t offset, uint16_t value)
{
    struct vuart *uart = &vm->vuart;

    switch (offset) {
    case ILPR:
        uart->ilpr = value & ILPR_BITS;
        break;
    case IBRD:
        uart->ibrd = value;
        break;
    case FBRD:
        uart->fbrd = value & FBRD_BITS;
        break;
    case LCR_H:
        uart->lcr_h = value & LCR_H_BITS;
        break;
    case CR:
        uart->cr = value & CR_BITS;
        break;
    case IFLS:
        uart->ifls = value & IFLS_BITS;
        break;
    case IMSC:
        uart->imsc = value & INT_ALL;
        break;
    case ICR:
        uart->ris &= (uint16_t)~value;
        break;
    case DMACR:
        uart->dmacr = value & DMACR_BITS;
        break;
    default:
        /* RSR clears errors, of which there are none; the others are read-only. */
        break;
    }
}

/*
 * A register is the low half of a word. Narrow accesses to its other bytes, and what a 64-bit
 * access has beyond the first word, read as zero and are ignored.
 */
static uint64_t vuart_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    struct vm *vm = vcpu->vm;

    (void)bytes;
    if (offset != DR)
        stats_reclassify(&vcpu->stats, EXIT_UART_DATA, EXIT_UART_OTHER);
    spin_lock(&vm->vuart.lock);
    uint32_t value = read_register(vm, offset);
    update_line(vm);
    spin_unlock(&vm->vuart.lock);
    return value;
}

static void vuart_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct vm *vm = vcpu->vm;

    (void)bytes;
    if (offset != DR)
        stats_reclassify(&vcpu->stats, EXIT_UART_DATA, EXIT_UART_OTHER);
    spin_lock(&vm->vuart.lock);
    if (offset == DR)
        transmit(vm, (char)value);
    else
        write_register(vm, offset, (uint16_t)value);
    update_line(vm);
    spin_unlock(&vm->vuart.lock);
}

static const struct mmio_ops vuart_ops = {vuart_read, vuart_write, EXIT_UART_DATA};

/* --- from the console --- */

void vuart_input(struct vm *vm)
{
    struct vuart *uart = &vm->vuart;

    if (vm->config.uart.bytes == 0)
        return;
    spin_lock(&uart->lock);
    if (vconsole_pending(vm) > 0)
        uart->ris |= INT_RX | INT_RT;
    update_line(vm);
    spin_unlock(&uart->lock);
}

void vuart_output_ready(struct vm *vm, struct console_turn *turn)
{
    struct vuart *uart = &vm->vuart;

    spin_lock(&uart->lock);
    uint32_t taken = (uint32_t)console_write(vm, turn, uart->waiting, uart->nr_waiting);
    for (uint32_t i = taken; i < uart->nr_waiting; i++)
        uart->waiting[i - taken] = uart->waiting[i];
    uart->nr_waiting -= taken;
    if (uart->nr_waiting > 0)
        vring_look_later(); /* the UART may be idle, and not ask for more */
    if (taken > 0 && uart->nr_waiting == 0)
        uart->ris |= INT_TX;
    update_line(vm);
    spin_unlock(&uart->lock);
}

void vuart_init(struct vm *vm)
{
    struct vuart *uart = &vm->vuart;

    spin_lock(&uart->lock);
    uart->ris = 0;
    uart->imsc = 0;
    uart->cr = CR_RESET;
    uart->lcr_h = 0;
    uart->ibrd = 0;
    uart->fbrd = 0;
    uart->ifls = IFLS_RESET;
    uart->ilpr = 0;
    uart->dmacr = 0;
    uart->nr_waiting = 0;
    uart->level = false;
    spin_unlock(&uart->lock);
    if (vm->config.uart.bytes != 0)
        mmio_add(&vm->mmio, vm->config.uart.base, vm->config.uart.bytes, &vuart_ops);
}
