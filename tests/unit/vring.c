/* SPDX-License-Identifier: MIT */
/*
 * virt/vring.c with virt/vconsole.c: both directions, going to sleep, and a guest that lies.
 */
#include <stdlib.h>
#include <string.h>

#include "vm/vm.h"
#include "lib/ring.c"
#include "virt/vconsole.c"
#include "virt/vtty.c"
#include "virt/vring.c"

#include "ktf.h"

static struct vm vms[2];
static struct stile_console_ring page; /* of the first */
static struct vm *const vm = &vms[0];
static struct pcpu pcpu;

/* --- what the ring uses --- */

static struct {
    char written[8192];
    size_t nr_written, room;
    int nr_interrupts;
    uint64_t now, deadline, ctl;
    void (*at_write)(void); /* what the guest does meanwhile */
} machine;

uint64_t fake_sysreg_read(const char *name)
{
    if (strcmp(name, "tpidr_el2") == 0)
        return (uint64_t)(uintptr_t)&pcpu;
    if (strcmp(name, "cntfrq_el0") == 0)
        return 1000000;
    return strcmp(name, "cntp_ctl_el0") == 0 ? machine.ctl : machine.now;
}

void fake_sysreg_write(const char *name, uint64_t value)
{
    if (strcmp(name, "cntp_ctl_el0") == 0)
        machine.ctl = value;
    else if (strcmp(name, "cntp_cval_el0") == 0)
        machine.deadline = value;
}

size_t console_write(struct vm *of, struct console_turn *turn, const char *text, size_t length)
{
    size_t taken = length < machine.room ? length : machine.room;

    taken = taken < turn->left ? taken : turn->left;
    turn->left -= (uint32_t)taken;

    EXPECT_EQ(of, vm);
    EXPECT_NE(vm->console.lock.next, vm->console.lock.serving);
    memcpy(machine.written + machine.nr_written, text, taken);
    machine.nr_written += taken;
    machine.room -= taken;
    if (machine.at_write)
        machine.at_write();
    return taken;
}

static void inject(struct vm *of, uint32_t vcpu_index, uint32_t intid)
{
    EXPECT_EQ(of, vm);
    EXPECT_EQ(vcpu_index, 0);
    EXPECT_EQ(intid, VCONSOLE_INTID);
    EXPECT_EQ(vm->console.lock.next, vm->console.lock.serving);
    machine.nr_interrupts++;
}

static const struct controller controller = {.inject = inject};

struct vm *vm_get(uint32_t index)
{
    if (index > 0)
        return NULL;
    vm_hold(vm);
    return vm;
}

void sched_release_last(struct vm *of)
{
    EXPECT_EQ(of, vm);
    EXPECT_TRUE(false); /* it is not ending */
}

void vuart_input(struct vm *of)
{
    EXPECT_EQ(of, vm);
}

void vuart_output_ready(struct vm *of, struct console_turn *turn)
{
    EXPECT_NE(turn->left, 0);
    EXPECT_EQ(of, vm);
}

/* --- the guest --- */

static void guest_write(const char *text)
{
    for (; *text != '\0'; text++)
        page.out[page.out_produced++ % STILE_CONSOLE_RING_OUT] = (uint8_t)*text;
}

static size_t guest_read(char *text)
{
    size_t length = 0;

    while (page.in_consumed != page.in_produced)
        text[length++] = (char)page.in[page.in_consumed++ % STILE_CONSOLE_RING_IN];
    text[length] = '\0';
    return length;
}

static const char *written(void)
{
    machine.written[machine.nr_written] = '\0';
    return machine.written;
}

/* The timer's interrupt, as the hardware raises it: level-triggered. */
static void look(void)
{
    EXPECT_EQ(machine.ctl, TIMER_ENABLE);
    machine.now = machine.deadline;
    vring_look(&CONSOLE_TURN);
    EXPECT_EQ(vm->nr_holds, 0);
}

static void setup(void)
{
    memset(&machine, 0, sizeof(machine));
    memset(&page, 0, sizeof(page));
    memset(vms, 0, sizeof(vms));
    machine.room = sizeof(machine.written) - 1;
    machine.now = 5000;
    vm->ring = &page;
    vm->controller = &controller;
    vm->agreed = true;
    pcpu.index = 1;
    vconsole_init(vm);
    vring_use(vm, true);
}

KTF_SUITE(vring, .setup = setup);

/* --- output --- */

static bool flush(void)
{
    return vring_flush(vm, &CONSOLE_TURN);
}

KTF_TEST(vring, an_unused_ring_is_not_read)
{
    vring_use(vm, false);
    guest_write("nothing");
    EXPECT_FALSE(vring_notify(vm));
    EXPECT_TRUE(flush());
    EXPECT_STREQ(written(), "");
    EXPECT_EQ(machine.ctl, 0);
    EXPECT_EQ(page.out_sleeps, 1);
}

KTF_TEST(vring, the_reader_reads_on_until_it_finds_nothing)
{
    EXPECT_EQ(page.out_sleeps, 1);
    guest_write("one ");
    EXPECT_TRUE(vring_notify(vm));
    EXPECT_STREQ(written(), "one ");
    EXPECT_EQ(page.out_consumed, 4);
    EXPECT_EQ(page.out_sleeps, 0);
    EXPECT_EQ(machine.deadline, 5000 + VRING_LOOK_US);
    guest_write("two ");
    look();
    guest_write("three");
    look();
    EXPECT_EQ(page.out_sleeps, 0);
    look();
    EXPECT_STREQ(written(), "one two three");
    EXPECT_EQ(page.out_sleeps, 1);
    EXPECT_EQ(machine.ctl, 0);
}

static void guest_writes_once_more(void)
{
    machine.at_write = NULL;
    guest_write("late");
}

/* Between the look that found nothing and the sleep there is nothing but a barrier here. */
KTF_TEST(vring, what_comes_while_it_reads_keeps_it_awake)
{
    guest_write("early ");
    machine.at_write = guest_writes_once_more;
    (void)vring_notify(vm);
    EXPECT_STREQ(written(), "early ");
    EXPECT_EQ(page.out_sleeps, 0);
    look();
    EXPECT_STREQ(written(), "early late");
}

KTF_TEST(vring, a_second_notification_does_not_put_the_look_off)
{
    guest_write("a");
    (void)vring_notify(vm);
    machine.now += VRING_LOOK_US / 2;
    vring_use(vm, true);
    guest_write("b");
    (void)vring_notify(vm);
    EXPECT_EQ(machine.deadline, 5000 + VRING_LOOK_US);
    EXPECT_STREQ(written(), "ab");
}

KTF_TEST(vring, another_cpu_looks_at_its_own_rings_only)
{
    guest_write("a");
    (void)vring_notify(vm);
    guest_write("b");
    pcpu.index = 0;
    vring_look(&CONSOLE_TURN);
    EXPECT_STREQ(written(), "a");
    EXPECT_EQ(machine.ctl, 0);
    EXPECT_EQ(page.out_sleeps, 0);
}

KTF_TEST(vring, a_full_console_is_not_waited_for)
{
    machine.room = 3;
    guest_write("abcdef");
    (void)vring_notify(vm);
    EXPECT_STREQ(written(), "abc");
    EXPECT_EQ(page.out_consumed, 3);
    look();
    EXPECT_EQ(page.out_sleeps, 0);
    machine.room = 2;
    vtty_output_ready(vm, &CONSOLE_TURN);
    machine.room = 100;
    look();
    EXPECT_STREQ(written(), "abcdef");
}

KTF_TEST(vring, at_the_end_it_is_told_when_all_is_written)
{
    machine.room = 2;
    guest_write("abcde");
    EXPECT_FALSE(flush());
    EXPECT_STREQ(written(), "ab");
    EXPECT_FALSE(flush());
    machine.room = 2;
    EXPECT_FALSE(flush());
    machine.room = 1;
    EXPECT_TRUE(flush());
    EXPECT_STREQ(written(), "abcde");
}

KTF_TEST(vring, text_goes_around_the_end)
{
    for (int i = 0; i < 1000; i++) {
        guest_write("0123456789abcdef_");
        EXPECT_TRUE(flush());
        EXPECT_STREQ(written(), "0123456789abcdef_");
        machine.nr_written = 0;
        machine.room = 100;
    }
}

KTF_TEST(vring, starting_anew_writes_what_is_there)
{
    guest_write("before");
    page.out_lost = 7;
    vring_use(vm, true);
    EXPECT_STREQ(written(), "before");
    EXPECT_EQ(page.out_produced, 0);
    EXPECT_EQ(page.out_consumed, 0);
    EXPECT_EQ(page.out_lost, 0);
    guest_write("after");
    EXPECT_TRUE(flush());
    EXPECT_STREQ(written(), "beforeafter");
}

/* --- a guest that lies --- */

static const uint32_t indexes[] = {1, 2047, 2048, 2049, 4096, 0x7FFFFFFF, 0x80000000, UINT32_MAX};

KTF_TEST(vring, any_index_garbles_only_one_ring_full)
{
    memset(page.out, 'x', sizeof(page.out));
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        uint32_t before = vm->console.ring.out_consumed;

        page.out_produced = indexes[i];
        page.out_consumed = page.out_sleeps = UINT32_MAX - (uint32_t)i;
        machine.nr_written = 0;
        machine.room = sizeof(machine.written) - 1;
        EXPECT_TRUE(vring_notify(vm));
        EXPECT_EQ(machine.nr_written, least(indexes[i] - before, (uint32_t)STILE_CONSOLE_RING_OUT));
        EXPECT_EQ(page.out_consumed, indexes[i]);
        EXPECT_EQ(page.out_sleeps, 0);
        EXPECT_FALSE(vring_has_output(&vm->console.ring, vm->ring));
    }
}

static void guest_moves_its_index(void)
{
    page.out_produced += 0x01234567;
}

KTF_TEST(vring, an_index_that_moves_all_the_time_is_read_in_bounds)
{
    memset(page.out, 'x', sizeof(page.out));
    machine.at_write = guest_moves_its_index;
    guest_write("go");
    (void)vring_notify(vm);
    EXPECT_EQ(machine.nr_written, 2);
    machine.nr_written = 0;
    look();
    EXPECT_EQ(machine.nr_written, STILE_CONSOLE_RING_OUT);
    EXPECT_EQ(page.out_sleeps, 0);
}

KTF_TEST(vring, random_pages_are_survived)
{
    srand(4);
    for (int i = 0; i < 3000; i++) {
        uint8_t *bytes = (uint8_t *)&page;

        for (size_t j = 0; j < 32; j++)
            bytes[j] = (uint8_t)rand();
        machine.nr_written = 0;
        machine.room = (size_t)rand() % 4096;
        (void)vring_notify(vm);
        EXPECT_LE(machine.nr_written, STILE_CONSOLE_RING_OUT);
        (void)vtty_input(vm, "typed", (size_t)rand() % 6);
        if (machine.ctl == TIMER_ENABLE)
            look();
        machine.nr_written = 0;
        (void)flush();
    }
}

/* --- input --- */

KTF_TEST(vring, input_interrupts_a_guest_that_has_read_all)
{
    char text[16];

    (void)vtty_input(vm, "ab", 2);
    EXPECT_EQ(machine.nr_interrupts, 1);
    (void)vtty_input(vm, "cd", 2);
    EXPECT_EQ(machine.nr_interrupts, 1);
    EXPECT_EQ(guest_read(text), 4);
    EXPECT_STREQ(text, "abcd");
    EXPECT_EQ(vconsole_read(vm, text, 8), 0);
    EXPECT_EQ(vconsole_pending(vm), 0);
    (void)vtty_input(vm, "e", 1);
    EXPECT_EQ(machine.nr_interrupts, 2);
    EXPECT_EQ(guest_read(text), 1);
}

static void paste(const char *text, size_t length)
{
    EXPECT_EQ(vtty_input(vm, text, length), length);
}

KTF_TEST(vring, input_beyond_the_ring_waits_for_the_guest)
{
    static char text[2 * STILE_CONSOLE_RING_IN + 64], got[sizeof(text) + 1];
    size_t length = 0;

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('!' + i % 90);
    paste(text, STILE_CONSOLE_RING_IN - 1);
    EXPECT_EQ(machine.ctl, 0);
    paste(text + STILE_CONSOLE_RING_IN - 1, sizeof(text) - STILE_CONSOLE_RING_IN + 1);
    EXPECT_EQ(page.out_sleeps, 0);
    EXPECT_EQ(machine.nr_interrupts, 1);
    /* The guest reads, and reads on, but nobody is told: the ring is looked at. */
    for (int looks = 1; looks <= 3; looks++) {
        length += guest_read(got + length);
        look();
        EXPECT_EQ(machine.nr_interrupts, looks < 3 ? 1 + looks : 3);
    }
    EXPECT_EQ(length, sizeof(text));
    EXPECT_MEMEQ(got, text, sizeof(text));
    EXPECT_EQ(page.in_lost, 0);
    EXPECT_EQ(page.out_sleeps, 1);
    EXPECT_EQ(machine.ctl, 0);
}

KTF_TEST(vring, output_goes_on_while_input_waits)
{
    static char text[STILE_CONSOLE_RING_IN + 1];

    paste(text, sizeof(text));
    guest_write("out");
    look();
    EXPECT_STREQ(written(), "out");
    look();
    EXPECT_EQ(page.out_sleeps, 0);
}

KTF_TEST(vring, what_was_dropped_is_counted)
{
    vtty_lose(vm, 2);
    vtty_lose(vm, 3);
    EXPECT_EQ(page.in_lost, 5);
}

KTF_TEST(vring, what_was_typed_before_moves_into_the_ring)
{
    char text[16];

    vring_use(vm, false);
    (void)vtty_input(vm, "early", 5);
    machine.nr_interrupts = 0;
    vring_use(vm, true);
    EXPECT_EQ(machine.nr_interrupts, 1);
    EXPECT_EQ(vconsole_pending(vm), 0);
    EXPECT_EQ(guest_read(text), 5);
    EXPECT_STREQ(text, "early");
    vring_use(vm, true);
    EXPECT_EQ(machine.nr_interrupts, 1);
}

/* What the guest says it has read cannot lead out of the buffer, and holds no more than it back. */
KTF_TEST(vring, a_lie_about_what_was_read_garbles_input)
{
    for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        uint32_t before = vm->console.ring.in_produced;

        page.in_produced = 12345;
        page.in_consumed = before + indexes[i];
        (void)vtty_input(vm, "abc", 3);
        EXPECT_EQ(page.in_produced, vm->console.ring.in_produced);
        EXPECT_LE(vm->console.ring.in_produced - before, STILE_CONSOLE_RING_IN);
    }
}
