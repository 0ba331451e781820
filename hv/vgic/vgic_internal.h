/* SPDX-License-Identifier: MIT */
/*
 * What the files of the virtual GIC share with each other and with nobody else.
 *
 * vgic.c       the life of the controller, and what the rest of the hypervisor asks of it
 * vgic_lr.c    from memory to list registers
 * vgic_fold.c  from list registers to memory
 * vgic_raise.c the short way into a list register
 * vgic_timer.c the virtual timer, whose interrupt is the hardware's
 * vgic_linked.c SPIs that are those of a device
 * vgic_sgi.c   software-generated interrupts
 * vgic_bank.c  registers with a field for each interrupt; vgic_call.c, those by a call
 * vgicd.c      the distributor's frame; vgicr.c the redistributors'
 * vits.c       an ITS, vits_command.c its commands, vlpi.c its interrupts
 *
 * To fold list registers is to read back what the guest has done and to bring memory up to date.
 */
#ifndef VGIC_VGIC_INTERNAL_H
#define VGIC_VGIC_INTERNAL_H

#include "arch/clamp.h"
#include "dev/gic_regs.h"
#include "dev/intid.h"
#include "dev/its.h"
#include "dev/its_regs.h"
#include "vm/irq_controller.h"
#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

#define VGIC_NO_LR    0xFF
#define VGIC_NO_INTID VGIC_NR_INTIDS

/* The bits of the SGIs and of the virtual timer in bank 0. */
#define VGIC_SGIS      0xFFFFu
#define VGIC_TIMER_BIT (1u << IRQ_VIRT_TIMER)

/* GICD_IIDR, GICR_IIDR: product 'S', implementer Arm. */
#define VGIC_IIDR  0x5300043Bu
#define VGIC_PIDR2 0x0Bu /* the architecture's revision is in bits 7:4 */

/* What identifies the interrupt in GICC_DIR, IHI 0048, 4.4.16; above it is the source of an SGI. */
#define GICC_DIR_INTID 0x3FFu

/** Whether an access to a register that has a byte for each interrupt may be this wide. */
static inline bool vgic_by_byte(uint32_t bytes)
{
    return bytes == 4 || bytes == 1;
}

static inline uint32_t vgic_lowest_bit(uint32_t bits)
{
    return (uint32_t)__builtin_ctz(bits);
}

static inline uint32_t vgic_bit(uint32_t intid)
{
    return 1u << (intid % 32);
}

/** The bank of an interrupt; for SGIs and PPIs, the vCPU's own. */
static inline struct vgic_bank *vgic_bank_of(struct vcpu *vcpu, uint32_t intid)
{
    return intid < 32 ? &vcpu->vgic.bank : &vcpu->vm->vgic.spi[intid / 32 - 1];
}

static inline bool vgic_is_v2(const struct vcpu *vcpu)
{
    return vcpu->vm->config.gic_version == 2;
}

/** Which interrupts of a bank are pending: GICD_ISPENDR, but for what is posted. */
static inline uint32_t vgic_pending(const struct vgic_bank *bank)
{
    return bank->latch | (bank->line & ~bank->edge);
}

/** Which interrupts of a bank the distributor forwards when they are pending. */
static inline uint32_t vgic_forwarded(const struct vgic *vgic, const struct vgic_bank *bank)
{
    uint32_t groups = 0;

    if (vgic->ctlr & GICD_CTLR_ENABLE_GROUP0)
        groups |= ~bank->group1;
    if (vgic->ctlr & GICD_CTLR_ENABLE_GROUP1)
        groups |= bank->group1;
    return bank->enabled & groups;
}

/** Not 0 if something in a bank may be pending or active. */
static inline uint64_t vgic_in_flight(const struct vgic_bank *bank)
{
    return bank->in_flight[0] | bank->in_flight[1];
}

/** Whether it is plain that no interrupt wants a list register of this vCPU: mostly so. */
static inline bool vgic_is_quiet(const struct vcpu *vcpu)
{
    uint64_t any = vgic_in_flight(&vcpu->vgic.bank);

    for (uint32_t b = 0; b < VGIC_NR_SPI_BANKS; b++)
        any |= vgic_in_flight(&vcpu->vm->vgic.spi[b]);
    return any == 0;
}

/**
 * Whether others have changed something that the vCPU has not followed yet. What occurs meanwhile
 * is posted: it comes after those changes.
 */
static inline bool vgic_refill_requested(const struct vgic_vcpu *vgic)
{
    return __atomic_load_n(&vgic->requests, __ATOMIC_RELAXED) != 0;
}

/** The list registers of a vCPU have been read back: tells who waits for it. */
static inline void vgic_count_refill(struct vgic_vcpu *vgic)
{
    __atomic_store_n(&vgic->nr_refills, vgic->nr_refills + 1, __ATOMIC_RELEASE);
    cpu_send_event();
}

/* --- vgic.c --- */

/** Leaves word for a vCPU, loaded anywhere or not, that an SGI or PPI is pending. */
void vgic_post(struct vcpu *vcpu, uint32_t intid, uint32_t sources);

/** Has a vCPU call vgic_flush() soon, wherever it is. */
void vgic_prod(struct vcpu *vcpu);

/** Has a vCPU's list registers filled anew soon. The lock is held. */
void vgic_request_refill(struct vcpu *vcpu);

/** The same for every vCPU that has, or could take, an SPI, without a loaded one at hand. */
void vgic_request_refills(struct vm *vm, uint32_t intid);

/** The same, at once if @vcpu is @self, the loaded vCPU. The lock is held. */
void vgic_update(struct vcpu *self, struct vcpu *vcpu);

/** The same for every vCPU that has, or could take, one of the SPIs @spis of a bank. */
void vgic_update_spis(struct vcpu *self, uint32_t bank, uint32_t spis);

/** Whether a vCPU has yet to act on a change. */
bool vgic_refill_outstanding(const struct vcpu *vcpu);

/**
 * vgic_settle() - have memory say the truth about some interrupts
 * @self: the loaded vCPU
 * @owner: whose SGIs and PPIs bank 0 is
 * @bank: which interrupts
 *
 * The lock is held; it is dropped while another physical CPU folds its list registers.
 */
void vgic_settle(struct vcpu *self, struct vcpu *owner, uint32_t bank);

/* --- vgic_lr.c: all with the lock held --- */

/** The most urgent interrupt of a set, by bank, or VGIC_NO_INTID if that is empty. */
uint32_t vgic_most_urgent(struct vcpu *vcpu, const uint32_t set[VGIC_NR_BANKS]);

/** Folds the list registers of the vCPU loaded here and fills them anew. */
void vgic_lr_refill(struct vcpu *vcpu);

/** Fills the list registers, all empty, of a vCPU that becomes loaded here and is not quiet. */
void vgic_lr_load(struct vcpu *vcpu);

/** Folds and empties them, if there may be something in them: the vCPU is loaded no more. */
void vgic_lr_put(struct vcpu *vcpu);

/** What the list registers alone say about whether an interrupt is to end a WFI. */
enum vgic_look {
    VGIC_LOOK_NONE,    /* there is none */
    VGIC_LOOK_PENDING, /* there is one */
    VGIC_LOOK_UNCLEAR, /* they have to be read back first */
};

/** Looks at the list registers of the vCPU loaded here, and changes nothing. Needs no lock. */
enum vgic_look vgic_lr_look(const struct vcpu *vcpu);

/** Writes an interrupt to a list register. Without the lock if it is an SGI or PPI. */
void vgic_lr_assign(struct vcpu *vcpu, uint32_t n, uint32_t intid, uint64_t state);

/* --- vgic_fold.c: all with the lock held --- */

/** Folds the list registers of the vCPU loaded here. Then memory says the truth, none is assigned.
 */
void vgic_fold(struct vcpu *vcpu);

/** Makes the changes that wait for an unloaded vCPU. */
void vgic_fold_unloaded(struct vcpu *vcpu);

/* --- vgic_timer.c --- */

/** Ends the timer's physical interrupt if the guest has no use for it any more. Lock held. */
void vgic_timer_settle(struct vgic_vcpu *vgic);

/** Makes it active, as it was before vgic_timer_put(). Lock held. */
void vgic_timer_load(struct vgic_vcpu *vgic);

/** Ends it because another vCPU comes. Lock held. */
void vgic_timer_put(struct vgic_vcpu *vgic);

/** The second half of what follows. */
void vgic_timer_begin_watch(struct vcpu *vcpu);

/** A list register has it pending: its level is looked at again, if need be. */
static inline void vgic_timer_watch(struct vcpu *vcpu)
{
    if (vcpu->vtimer.look_ticks == TIMER_NEVER)
        vgic_timer_begin_watch(vcpu);
}

/** The level of a vCPU's timer, which changes without our being told. vgic_settle() came first. */
bool vgic_timer_level(const struct vcpu *self, const struct vcpu *vcpu);

/* --- vgic_linked.c: all with the lock held --- */

/** Completes the list register of an SPI if there is a physical one, and that is active. */
void vgic_linked_complete(struct vcpu *vcpu, uint32_t n, uint32_t intid);

/** The guest's deactivation of one, by a list register, was that of the physical one as well. */
void vgic_linked_ended(struct vm *vm, uint32_t intid);

/** Ends physical SPIs that the guest has no use for any more. */
void vgic_linked_settle(struct vgic *vgic);

/*
 * --- vgic_raise.c ---
 *
 * Each makes something pending for the vCPU loaded here, needs no lock, and returns false if
 * vgic_lr_refill() must follow.
 */

/** An SGI or a PPI that is an edge; @sources are the vCPUs it comes from if it is a GICv2's SGI. */
bool vgic_raise(struct vcpu *vcpu, uint32_t intid, uint32_t sources);

/** VGIC_EVENT_INTID, the line of the mailbox. */
bool vgic_raise_event_line(struct vcpu *vcpu);

/** What was posted. */
bool vgic_raise_posted(struct vcpu *vcpu);

/** The timer, whose physical interrupt is active. */
bool vgic_raise_timer(struct vcpu *vcpu);

/** vgic_end_timer() - follow the guest's end of the timer, if that is all there is and simple */
bool vgic_end_timer(struct vcpu *vcpu);

/** vgic_refill() - fold and fill the list registers of the vCPU loaded here. Takes the VM's lock.
 */
void vgic_refill(struct vcpu *vcpu);

/*
 * --- vits.c, an ITS; without CONFIG_ITS nobody calls these, nor what follows of vits_command.c and
 * vlpi.c ---
 */

/** What the machine calls a device of the guest's; UINT32_MAX if that is none of its own. */
static inline uint32_t vits_phys_device(const struct vm_config *config, uint64_t id)
{
    uint64_t index = id - config->its_devices.first;
    uint64_t phys = config->its_devices.phys + index;

    if (index >= config->its_devices.nr)
        return UINT32_MAX;
    if (IS_ENABLED(CONFIG_SRIOV) && config->its_devices.is_virtual) {
        if (index % VM_VIRTUAL_STEP != 0)
            return UINT32_MAX;
        index = clamp(index / VM_VIRTUAL_STEP, VM_NR_VIRTUAL);
        phys = config->its_devices.phys + config->virtuals.ids[index];
    }
    return phys < its_nr_devices() ? (uint32_t)phys : UINT32_MAX;
}

/** Whether a DeviceID of the guest's is that of a device of its own. */
static inline bool vits_has_device(const struct vm_config *config, uint64_t id)
{
    return vits_phys_device(config, id) != UINT32_MAX;
}

/** vits_init() - show a VM that has one its ITS, as after reset; it maps nothing */
void vits_init(struct vm *vm);

/* What of redistributors is about LPIs. */
bool vits_has_lpis_on(const struct vcpu *owner);
uint64_t vits_read_gicr(const struct vcpu *owner, uint32_t offset, uint32_t bytes);
void vits_write_gicr(struct vcpu *owner, uint32_t offset, uint32_t bytes, uint64_t value);

/* --- vits_command.c --- */

/** What a command has come to. */
enum vits_result {
    VITS_DONE,  /* also one that means nothing, which is skipped */
    VITS_LONG,  /* and it took long */
    VITS_LATER, /* it is to be tried again: what it waits for is on its way */
};

/** vits_command() - carry out a command. The lock of the VM's ITS is held, and no other. */
enum vits_result vits_command(struct vcpu *vcpu, const uint64_t words[ITS_COMMAND_WORDS]);

/* --- vlpi.c: with the VM's lock held --- */

/** The event that an LPI which is mapped comes from. */
struct its_event vlpi_event(const struct vm *vm, uint32_t lpi);

/** Makes one that is mapped pending. */
void vlpi_raise(struct vm *vm, uint32_t lpi);

/** The end of that. */
void vlpi_clear(struct vm *vm, uint32_t lpi);

/** Whoever has it in a list register looks at what became of it. */
void vlpi_refold(struct vm *vm, uint32_t lpi);

/** Something about it has changed: its vCPU looks at it, if it is pending. */
void vlpi_update(struct vm *vm, uint32_t lpi);

/** Puts one into the list register of the vCPU loaded here, if there is any. */
void vlpi_fill(struct vcpu *vcpu);

/** Takes it out again, if it is loaded. Returns whether the vCPU may have LPIs. */
bool vlpi_fold(struct vcpu *vcpu);

/** Whether one is to end a vCPU's WFI. */
bool vlpi_has_pending(struct vcpu *vcpu, uint32_t vmcr);

/* --- vgic_bank.c --- */

/** Which interrupts a frame of registers has. */
struct vgic_view {
    struct vcpu *self;  /* who accesses it: the loaded vCPU */
    struct vcpu *owner; /* whose SGIs and PPIs it shows */
    uint32_t first;     /* INTID */
    uint32_t end;       /* INTID after the last */
};

/** Offsets GICD_IGROUPR to GICD_ICFGR_END, but for GICD_ITARGETSR. Unknown ones read as zero. */
uint32_t vgic_bank_read(const struct vgic_view *view, uint32_t offset, uint32_t bytes);
void vgic_bank_write(const struct vgic_view *view, uint32_t offset, uint32_t bytes, uint32_t value);

/* --- vgic_sgi.c --- */

/** The loaded vCPU of a GICv2 guest wrote GICD_SGIR. */
void vgic_sgi_write_sgir(struct vcpu *vcpu, uint32_t value);

/** GICD_CPENDSGIR and GICD_SPENDSGIR, GICv2. */
uint32_t vgic_sgi_read_sources(struct vcpu *vcpu, uint32_t offset, uint32_t bytes);
void vgic_sgi_write_sources(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint32_t value);

/* --- the frames --- */

extern const struct mmio_ops vgicd_v2_ops;
extern const struct mmio_ops vgicd_v3_ops;
extern const struct mmio_ops vgicr_ops[VM_NR_GICR]; /* one for each region */

/** The second page of a GICv2's CPU interface. */
extern const struct mmio_ops vgicc_dir_ops;

/** Works out where an SPI goes from its ITARGETSR or IROUTER. The lock is held. */
void vgicd_route(struct vm *vm, uint32_t intid);

/** vgicd_init_typer() - GICD_TYPER of a GICv3 without LPIs */
void vgicd_init_typer(struct vm *vm);

#endif
