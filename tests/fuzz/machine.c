/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor has beneath it, but for the CPUs: see machine.h. Memory that nobody owns, or
 * that has not been handed over to its owner, is poisoned, so that a touch of it is a finding.
 */
#include "machine.h"

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/cpu.h"
#include "arm64/io.h"
#include "dev/machine.h"
#include "dev/smmu.h"
#include "monitor/monitor.h"
#include "watch/power.h"
#include "console/serial.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "life/pci.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "mm/handover.h"
#include "mm/poison.h"
#include "mm/window.h"
#include "dev/predictor.h"
#include "vm/trap_control.h"

/* Below what the sanitizers take for themselves, so that physical addresses are pointers. */
#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES UINT64_C(0x4000000)

#define UART_INTID 33

struct fake_machine fake;
bool machine_shows;
static bool is_clean; /* all memory has been given back */
struct machine machine;

/* --- memory -------------------------------------------------------------------------------- */

void *window_map(pa_t page, enum window_memory memory)
{
    (void)memory;
    return page_va(page);
}

void window_unmap(void)
{
}

void *window_map_block(pa_t block, enum window_memory memory)
{
    (void)memory;
    return page_va(block);
}

void window_unmap_block(void)
{
}

void handover_to_el2(void *start, size_t bytes, bool stale)
{
    (void)stale;
    ASAN_UNPOISON_MEMORY_REGION(start, bytes);
    /* Much of a block is never touched: the host zeroes what is. */
    if (bytes < PAGE_PART_BYTES || madvise(start, bytes, MADV_DONTNEED) != 0)
        memset(start, 0, bytes);
}

void poison_pool(void *start, size_t bytes)
{
    ASAN_POISON_MEMORY_REGION(start, bytes);
}

void handover_zeroed(pa_t base, size_t bytes, bool stale)
{
    handover_to_el2(page_va(base), bytes, stale);
}

void handover_filled(pa_t base, size_t bytes, bool code)
{
    (void)base;
    (void)code;
    (void)bytes;
}

void handover_pool(const void *page)
{
    (void)page;
}

void poison_guest(pa_t base, unsigned order)
{
    ASAN_POISON_MEMORY_REGION(page_va(base), PAGE_SIZE << order);
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    panic("no device to write %lx, %u bytes, to at %lx", (unsigned long)value, bytes,
          (unsigned long)address);
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    panic("no device to read %u bytes from at %lx", bytes, (unsigned long)address);
}

static void map_memory(void)
{
    static bool is_mapped;

    if (!is_mapped && mmap((void *)RAM_BASE, RAM_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1,
                           0) != (void *)RAM_BASE)
        panic("the host has no room at %p", (void *)RAM_BASE);
    (void)madvise((void *)RAM_BASE, RAM_BYTES, MADV_NOHUGEPAGE);
    is_mapped = true;
}

/* --- the serial line ----------------------------------------------------------------------- */

size_t serial_room(void)
{
    return fake.serial_room;
}

bool serial_wait_for_room(size_t room)
{
    if (fake.serial_room < room && !fake.serial_stuck)
        fake.serial_room = SERIAL_BUFFER_BYTES;
    return fake.serial_room >= room;
}

void serial_write(const char *text, size_t length)
{
    /* Only a line that is stuck may be given more than it takes: that is lost. */
    if (length > fake.serial_room && !fake.serial_stuck)
        panic("%zu characters for %zu", length, fake.serial_room);
    fake.serial_room -= length < fake.serial_room ? length : fake.serial_room;
    if (machine_shows)
        fwrite(text, 1, length, stderr);
    /* All of it is read: a character out of bounds is found. */
    while (length > 0)
        fake.last_sent = text[--length];
}

bool serial_write_one(char character)
{
    bool sent = fake.serial_room > 0;

    fake.last_sent = character;
    fake.serial_room -= sent;
    return sent;
}

void serial_send(void)
{
}

size_t serial_receive(char *text, size_t limit)
{
    size_t length = fake.nr_typed < limit ? fake.nr_typed : limit;

    memcpy(text, fake.typed, length);
    fake.nr_typed = 0;
    return length;
}

void serial_hold_input(bool hold)
{
    (void)hold;
}

void serial_panic_write(const char *text, size_t length)
{
    (void)text;
    (void)length;
}

void serial_init(uintptr_t base)
{
    (void)base;
}

size_t monitor_input(const char *text, size_t length)
{
    (void)text;
    return length;
}

void monitor_run(void)
{
}

/* --- what is left of arch/ and of the machine's end ------------------------------------------ */

/* No firmware, and nobody speculates. */
int32_t predictor_features(uint32_t function)
{
    (void)function;
    return -1;
}

void predictor_call(uint32_t function)
{
    (void)function;
}

void predictor_clean(const struct pcpu *self)
{
    (void)self;
}

void trap_control_load(const struct pcpu *pcpu, const struct vcpu *vcpu, bool contended)
{
    (void)pcpu;
    (void)vcpu;
    (void)contended;
}

void trap_control_put_fp(struct vcpu *vcpu)
{
    (void)vcpu;
}

void trap_control_set_contended(const struct vcpu *vcpu, bool contended)
{
    (void)vcpu;
    (void)contended;
}

uint64_t trap_control_hcr(enum vm_mode mode)
{
    return mode;
}

void trap_control_release_caches(struct vm *vm)
{
    (void)vm;
}

uint64_t trap_control_mdcr(bool pmu_el2)
{
    return pmu_el2;
}

uint64_t rndr_read(void);

uint64_t rndr_read(void)
{
    return fake.now;
}

void power_off(uint32_t status)
{
    (void)status;
    longjmp(fake.off, 1);
}

/* --- CPUs that wait for each other ----------------------------------------------------------- */

void machine_unlocked(const struct spinlock *lock)
{
    if (locks_give(lock) == 0 && fake.countdown > 0 && --fake.countdown == 0)
        fake.between();
}

_Noreturn void machine_deadlock(void)
{
    if (fake.is_between)
        longjmp(fake.abandon, 1);
    panic("deadlock");
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "panic: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    abort();
}

/* --- power on ------------------------------------------------------------------------------ */

/* Makes all guest memory nobody's. */
static void clean(void)
{
    ASAN_UNPOISON_MEMORY_REGION((void *)RAM_BASE, RAM_BYTES);
    page_init();

    struct pa_range own = page_mapped_range();
    uint64_t end = own.base.pa + own.bytes;
    ASAN_POISON_MEMORY_REGION((void *)RAM_BASE, own.base.pa - RAM_BASE);
    ASAN_POISON_MEMORY_REGION((void *)end, RAM_BASE + RAM_BYTES - end);
}

void machine_reset(uint32_t gic_version)
{
    map_memory();
    fake = (struct fake_machine){.now = 1000, .serial_room = SERIAL_BUFFER_BYTES};
    machine = (struct machine){
        .nr_cpus = MACHINE_NR_CPUS,
        .memory = {1, {{pa_make(RAM_BASE), RAM_BYTES}}},
        .image = {pa_make(RAM_BASE + 0x200000), 0x60000},
        .gic_version = gic_version,
        .gicv = {pa_make(0x08040000), 0x2000},
        .uart_intid = UART_INTID,
    };
    if (is_clean)
        page_init();
    else
        clean();
    is_clean = false;
    machine_reset_cpus(gic_version);
}

void machine_is_clean(void)
{
    is_clean = true;
}

/* --- devices: the machine has none, behind no SMMU ------------------------------------------ */

bool smmu_is_there(void)
{
    return false;
}

bool smmu_has_stage2(void)
{
    return false;
}

uint32_t smmu_nr_streams(void)
{
    return 0;
}

bool smmu_is_irq(uint32_t intid)
{
    (void)intid;
    return false;
}

void smmu_attach(uint32_t vm_id, uint32_t first, uint32_t nr, const struct smmu_tables *tables,
                 pa_t root)
{
    panic("VM %u is given streams %x, %x, by %p and %lx", vm_id, first, nr, (const void *)tables,
          root.pa);
}

bool smmu_lend(uint32_t stream)
{
    panic("stream %x is lent", stream);
}

void smmu_attach_stream(uint32_t vm_id, uint32_t stream, void *context, pa_t root)
{
    panic("VM %u is given stream %x, by %p and %lx", vm_id, stream, context, root.pa);
}

void smmu_detach(uint32_t vm_id)
{
    panic("VM %u has streams", vm_id);
}

void smmu_flush(uint32_t vm_id)
{
    panic("the SMMU is told of VM %u", vm_id);
}

bool smmu_next_event(struct smmu_event *event)
{
    (void)event;
    return false;
}

bool smmu_end_stream(uint32_t stream)
{
    panic("stream %x is ended", stream);
}

void el2map_device(struct pa_range range)
{
    panic("registers at %lx are to be mapped", range.base.pa);
}

uint32_t pci_quiet_bus(pa_t config)
{
    panic("a PCI bus at %lx", config.pa);
}
