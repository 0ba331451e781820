/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor has beneath it: see machine.h. Memory that nobody owns, or that its owner has
 * not been given scrubbed, is poisoned, so that a touch of it is a finding.
 */
#include "machine.h"

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/cpu.h"
#include "arch/io.h"
#include "arch/timer.h"
#include "arch/traps.h"
#include "core/irq.h"
#include "core/machine.h"
#include "core/monitor.h"
#include "core/pcpu.h"
#include "core/power.h"
#include "core/sched.h"
#include "core/serial.h"
#include "dev/gic.h"
#include "lib/printk.h"
#include "lib/spinlock.h"
#include "mm/el2map.h"
#include "mm/page.h"
#include "mm/scrub.h"
#include "mm/window.h"

/* Below what the sanitizers take for themselves, so that physical addresses are pointers. */
#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_BYTES UINT64_C(0x4000000)

#define TICKS_PER_SEC 62500000

#define UART_INTID 33
#define NONE       1023u

struct fake_machine fake;
bool machine_shows;
struct pcpu pcpus[CONFIG_NR_PCPUS];
uint32_t nr_pcpus = MACHINE_NR_CPUS;
struct machine machine;
const struct gic_ops *gic;
struct gic_limits gic_limits;

/* --- system registers ---------------------------------------------------------------------- */

#define NR_REGISTERS 256 /* a power of two, and more than there are */

static struct {
    char name[24];
    uint64_t value[MACHINE_NR_CPUS];
} registers[NR_REGISTERS];

/* As strcmp() would tell, but strcmp() is watched by the fuzzer. */
static bool is_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static uint64_t *find_register(const char *name)
{
    uint32_t at = 0;

    for (const char *character = name; *character; character++)
        at = at * 31 + (unsigned char)*character;
    while (registers[at % NR_REGISTERS].name[0] &&
           !is_same(registers[at % NR_REGISTERS].name, name))
        at++;
    if (!registers[at % NR_REGISTERS].name[0])
        snprintf(registers[at % NR_REGISTERS].name, sizeof(registers[0].name), "%s", name);
    return registers[at % NR_REGISTERS].value;
}

static bool timer_is_due(const char *control, const char *compare, uint32_t cpu)
{
    uint64_t enabled = find_register(control)[cpu] & (TIMER_ENABLE | TIMER_IMASK);

    return enabled == TIMER_ENABLE && fake.now >= find_register(compare)[cpu];
}

uint64_t fake_sysreg_read(const char *name)
{
    if (is_same(name, "tpidr_el2"))
        return (uint64_t)(uintptr_t)&pcpus[fake.cpu];
    if (is_same(name, "cntpct_el0"))
        return fake.now;
    if (is_same(name, "cntfrq_el0"))
        return TICKS_PER_SEC;
    if (is_same(name, "cntv_ctl_el0") && timer_is_due("cntv_ctl_el0", "cntv_cval_el0", fake.cpu))
        return find_register(name)[fake.cpu] | TIMER_ISTATUS;
    return find_register(name)[fake.cpu];
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    find_register(name)[fake.cpu] = value;
}

/* --- the GIC ------------------------------------------------------------------------------- */

static struct fake_gic {
    uint64_t pending; /* INTIDs below 64 */
    uint64_t lr[GIC_MAX_LRS];
    uint32_t ended; /* list registers that report an EOI */
    uint32_t hcr;
    struct gic_interface interface;
    bool timer_active; /* IRQ_VIRT_TIMER */
} gics[MACHINE_NR_CPUS];

static struct fake_gic *gic_now(void)
{
    return &gics[fake.cpu];
}

static uint64_t pending_on(uint32_t cpu)
{
    uint64_t pending = gics[cpu].pending;

    if (!gics[cpu].timer_active && timer_is_due("cntv_ctl_el0", "cntv_cval_el0", cpu))
        pending |= UINT64_C(1) << IRQ_VIRT_TIMER;
    if (timer_is_due("cnthp_ctl_el2", "cnthp_cval_el2", cpu))
        pending |= UINT64_C(1) << IRQ_HYP_TIMER;
    if (timer_is_due("cntp_ctl_el0", "cntp_cval_el0", cpu))
        pending |= UINT64_C(1) << IRQ_PHYS_TIMER;
    return pending;
}

bool machine_has_interrupt(uint32_t cpu)
{
    return pending_on(cpu) != 0;
}

void machine_interrupt(uint32_t cpu, uint32_t intid)
{
    gics[cpu].pending |= UINT64_C(1) << intid;
}

/* Nothing is pending only for a CPU that sleeps: see world.c. */
static uint32_t ack(void)
{
    uint64_t pending = pending_on(fake.cpu);

    fake.now++;
    if (pending == 0)
        longjmp(fake.sleep, 1);
    uint32_t intid = (uint32_t)__builtin_ctzll(pending);
    gic_now()->pending &= ~(UINT64_C(1) << intid);
    if (intid == IRQ_VIRT_TIMER)
        gic_now()->timer_active = true;
    return intid;
}

static void ignore(uint32_t intid)
{
    (void)intid;
}

static void deactivate(uint32_t intid)
{
    if (intid == IRQ_VIRT_TIMER)
        gic_now()->timer_active = false;
}

static void set_active(uint32_t intid, bool active)
{
    if (intid == IRQ_VIRT_TIMER)
        gic_now()->timer_active = active;
}

static void send_sgi(uint32_t cpu, uint32_t sgi)
{
    machine_interrupt(cpu, sgi);
}

static void send_sgi_set(uint64_t cpus, uint32_t sgi)
{
    for (; cpus; cpus &= cpus - 1)
        machine_interrupt((uint32_t)__builtin_ctzll(cpus), sgi);
}

static uint64_t read_lr(uint32_t lr)
{
    return gic_now()->lr[lr];
}

static void write_lr(uint32_t lr, uint64_t value)
{
    if (lr >= gic_limits.nr_lrs)
        panic("list register %u is written, of %u", lr, gic_limits.nr_lrs);
    gic_now()->lr[lr] = value;
    gic_now()->ended &= ~(1u << lr);
}

static uint32_t read_empty_lrs(void)
{
    uint32_t empty = 0;

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++)
        empty |= (gic_now()->lr[i] & GIC_LR_STATE ? 0u : 1u) << i;
    return empty & ~gic_now()->ended;
}

static uint32_t read_hcr(void)
{
    return gic_now()->hcr;
}

static void write_hcr(uint32_t hcr)
{
    gic_now()->hcr = hcr;
}

static uint32_t read_vmcr(void)
{
    return gic_now()->interface.vmcr;
}

static void save_interface(struct gic_interface *state)
{
    *state = gic_now()->interface;
}

static void restore_interface(const struct gic_interface *state)
{
    gic_now()->interface = *state;
}

static const struct gic_ops ops = {
    .ack = ack,
    .eoi = ignore,
    .deactivate = deactivate,
    .enable = ignore,
    .disable = ignore,
    .set_active = set_active,
    .send_sgi = send_sgi,
    .send_sgi_set = send_sgi_set,
    .read_lr = read_lr,
    .write_lr = write_lr,
    .read_empty_lrs = read_empty_lrs,
    .read_hcr = read_hcr,
    .write_hcr = write_hcr,
    .read_vmcr = read_vmcr,
    .save_interface = save_interface,
    .restore_interface = restore_interface,
};

void machine_handle_interrupts(uint32_t cpu, uint32_t lrs)
{
    struct fake_gic *its = &gics[cpu];

    for (uint32_t i = 0; i < gic_limits.nr_lrs; i++) {
        if (!(lrs >> i & 1) || !(its->lr[i] & GIC_LR_STATE))
            continue;
        its->lr[i] &= ~GIC_LR_STATE;
        if (its->lr[i] & GIC_LR_HW)
            its->timer_active = false;
        else if (its->lr[i] & GIC_LR_EOI)
            its->ended |= 1u << i;
    }
    if (its->ended)
        machine_interrupt(cpu, IRQ_MAINTENANCE);
}

uint32_t *machine_vmcr(uint32_t cpu)
{
    return &gics[cpu].interface.vmcr;
}

/* --- memory -------------------------------------------------------------------------------- */

void *window_map(pa_t page)
{
    return page_va(page);
}

void window_unmap(void)
{
}

void *window_map_block(pa_t block)
{
    return page_va(block);
}

void window_unmap_block(void)
{
}

void scrub_pool(void *start, size_t bytes, bool stale)
{
    (void)stale;
    ASAN_UNPOISON_MEMORY_REGION(start, bytes);
    /* Much of a block is never touched: the host zeroes what is. */
    if (bytes < BLOCK_2M || madvise(start, bytes, MADV_DONTNEED) != 0)
        memset(start, 0, bytes);
}

void scrub_poison_pool(void *start, size_t bytes)
{
    ASAN_POISON_MEMORY_REGION(start, bytes);
}

void scrub_guest(pa_t base, unsigned order, bool stale)
{
    scrub_pool(page_va(base), PAGE_SIZE << order, stale);
}

void scrub_poison_guest(pa_t base, unsigned order)
{
    ASAN_POISON_MEMORY_REGION(page_va(base), PAGE_SIZE << order);
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    panic("no device to read %u bytes from at %lx", bytes, (unsigned long)address);
}

uintptr_t el2map_device(pa_t base, uint64_t bytes)
{
    panic("no device of %lu bytes at %lx", (unsigned long)bytes, (unsigned long)base.pa);
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

size_t serial_interrupt(char *text, size_t limit)
{
    size_t length = fake.nr_typed < limit ? fake.nr_typed : limit;

    memcpy(text, fake.typed, length);
    fake.nr_typed = 0;
    return length;
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

void monitor_input(const char *text, size_t length)
{
    (void)text;
    (void)length;
}

void monitor_run(void)
{
}

/* --- what is left of arch/ and of the machine's end ------------------------------------------ */

void trap_load(const struct vcpu *vcpu, bool contended)
{
    (void)vcpu;
    (void)contended;
}

void trap_put_fp(struct vcpu *vcpu)
{
    (void)vcpu;
}

void trap_set_contended(const struct vcpu *vcpu, bool contended)
{
    (void)vcpu;
    (void)contended;
}

uint64_t trap_hcr(enum vm_mode mode)
{
    return mode;
}

uint64_t trap_mdcr(bool pmu)
{
    return pmu;
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

void machine_locked(void)
{
    fake.nr_locks[fake.cpu]++;
}

void machine_unlocked(void)
{
    if (--fake.nr_locks[fake.cpu] == 0 && fake.countdown > 0 && --fake.countdown == 0)
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

void machine_reset(uint32_t gic_version)
{
    static char stacks[MACHINE_NR_CPUS][64] __attribute__((aligned(16)));

    map_memory();
    memset(registers, 0, sizeof(registers));
    memset(gics, 0, sizeof(gics));
    fake = (struct fake_machine){.now = 1000, .serial_room = SERIAL_BUFFER_BYTES};
    machine = (struct machine){
        .nr_cpus = MACHINE_NR_CPUS,
        .nr_memory = 1,
        .memory[0] = {pa_make(RAM_BASE), RAM_BYTES},
        .image = {pa_make(RAM_BASE + 0x200000), 0x60000},
        .gic_version = gic_version,
        .gicv = {pa_make(0x08040000), 0x2000},
        .uart_intid = UART_INTID,
    };
    gic = &ops;
    gic_limits = (struct gic_limits){
        .nr_lrs = 4,
        .nr_priority_bits = 5,
        .nr_aprs = 1,
        .hcr_tdir = gic_version == 3 ? GIC_HCR_TDIR : 0,
    };
    ASAN_UNPOISON_MEMORY_REGION((void *)RAM_BASE, RAM_BYTES);
    page_init();
    for (uint32_t i = 0; i < MACHINE_NR_CPUS; i++) {
        pcpus[i] = (struct pcpu){
            .index = i,
            .stack_top = (uint64_t)(uintptr_t)(stacks[i] + sizeof(stacks[i])),
            .mpidr = i,
            .online = true,
        };
        sched_init_pcpu(&pcpus[i]);
        fake.cpu = i;
        timer_init_pcpu();
    }
    fake.cpu = 0;
}
