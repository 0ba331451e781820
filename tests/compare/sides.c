/* SPDX-License-Identifier: MIT */
/*
 * See sides.h.
 */
#include "sides.h"

#include <setjmp.h>
#include <string.h>

#include "console/serial.h"
#include "fuzz/machine.h"
#include "fuzz/world.h"
#include "ktf.h"
#include "memory/guest.h"
#include "stile/fake.h"
#include "stile/smccc.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* With an interface to the guest's GIC as the fake has it. */
#define GIC_VERSION 3

/* A vCPU waits for so many turns of others at most, each of so many ticks: many, as one of the
 * least weight is far behind. */
#define MOST_TURNS 20000
#define TURN_TICKS 100000

static void start_fakes(void)
{
    static const char *const names[WORLD_NR_VMS] = {"vm", "second", "third"};

    stile_fake_reset();
    for (uint32_t i = 0; i < WORLD_NR_VMS; i++) {
        struct stile_fake_config config = {
            .name = names[i],
            .nr_vcpus = WORLD_NR_VCPUS,
            .nr_pages = WORLD_RAM_BYTES / STILE_PAGE_SIZE,
            .controller = i == 2 ? STILE_CONTROLLER_MAILBOX : STILE_CONTROLLER_GIC,
            .privileged = i == 0,
            .quota_vcpus = i == 2 ? WORLD_QUOTA_VCPUS : 0,
        };

        EXPECT_EQ(stile_fake_start(&config), sides_vm_number(i));
    }
}

void sides_begin(void)
{
    world_begin(GIC_VERSION);
    start_fakes();
}

void sides_end(void)
{
    if (setjmp(fake.off) == 0)
        world_end();
    world_ended();
}

static struct vcpu *vcpu_of(uint32_t vm, uint32_t vcpu)
{
    return vm_slot(vm + 1)->vcpus[vcpu];
}

bool sides_have_vcpu(uint32_t vm, uint32_t vcpu)
{
    return vcpu_of(vm, vcpu)->state != VCPU_OFF;
}

uint32_t sides_vm_number(uint32_t place)
{
    return vm_slot(place + 1)->number;
}

/*
 * One that has had much of its physical CPU waits while others catch up: after their slices' end
 * those run that have had the least, and it is they who have the next turn.
 */
static void wait_for_turn(uint32_t vm, uint32_t vcpu)
{
    for (unsigned i = 0; world_bring(vm, vcpu) != vcpu_of(vm, vcpu); i++) {
        EXPECT_LE(i, MOST_TURNS);
        fake.now += TURN_TICKS;
        world_interrupts();
        fake.now += TURN_TICKS;
    }
}

static bool has_steps(void)
{
    for (uint32_t id = 1; id <= CONFIG_NR_VMS; id++)
        if (vm_slot(id)->state == VM_ENDING || vm_slot(id)->state == VM_UNREADY)
            return true;
    return false;
}

/* A VM ends by steps, in which others run, and is made by such. */
static void wait_for_steps(void)
{
    for (unsigned i = 0; has_steps(); i++) {
        EXPECT_LE(i, MOST_TURNS);
        fake.now += TURN_TICKS;
        for (fake.cpu = 0; fake.cpu < MACHINE_NR_CPUS; fake.cpu++)
            world_exit();
        fake.cpu = 0; /* whose turn it was does not matter */
        world_interrupts();
    }
}

/* What takes long has to be made again, and finds its number and arguments in place. */
static struct stile_result call_hv(uint32_t vm, uint32_t vcpu, uint32_t nr, const uint64_t x[6])
{
    struct stile_result result;

    fake.serial_room = SERIAL_BUFFER_BYTES;
    do {
        wait_for_turn(vm, vcpu);
        result = world_call(STILE_FID(nr), x);
        world_exit();
        world_interrupts();
        wait_for_steps();
    } while (result.status == STILE_FID(nr) && memcmp(result.value, x, sizeof(result.value)) == 0);
    return result;
}

struct stile_result sides_call(enum side side, uint32_t vm, uint32_t vcpu, uint32_t nr,
                               const uint64_t x[6])
{
    if (side == SIDE_HV)
        return call_hv(vm, vcpu, nr, x);
    stile_fake_become(sides_vm_number(vm), vcpu);
    return stile_fake_hvc(STILE_FID(nr), x[0], x[1], x[2], x[3], x[4], x[5]);
}

static bool is_own(enum side side, uint32_t vm, uint64_t ipa)
{
    const uint64_t what = STILE_MEMORY_MAPPED | STILE_ACCESS_READ | STILE_ACCESS_WRITE;
    const uint64_t x[6] = {ipa};
    struct stile_result result = sides_call(side, vm, 0, STILE_NR_memory_query, x);

    return result.status == STILE_SUCCESS && (result.value[0] & what) == what &&
           result.value[0] >> 32 == sides_vm_number(vm);
}

bool sides_put(enum side side, uint32_t vm, uint64_t ipa, const void *from, size_t bytes)
{
    uint64_t end = ipa + bytes;

    for (uint64_t page = ipa / STILE_PAGE_SIZE * STILE_PAGE_SIZE; page < end;
         page += STILE_PAGE_SIZE)
        if (!is_own(side, vm, page))
            return false;
    if (side == SIDE_HV)
        EXPECT_EQ(guest_write(vm_slot(vm + 1), stile_ipa(ipa), from, bytes), bytes);
    else
        memcpy(stile_fake_pointer(stile_ipa(ipa)), from, bytes);
    return true;
}

struct stile_mailbox *sides_mailbox(enum side side, uint32_t vm, uint32_t vcpu)
{
    return side == SIDE_HV ? vcpu_of(vm, vcpu)->mailbox
                           : stile_fake_mailbox(sides_vm_number(vm), vcpu);
}
