/* SPDX-License-Identifier: MIT */
/*
 * What a VM's device tree asks for, read and checked once.
 */
#ifndef VM_VM_CONFIG_H
#define VM_VM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/is_enabled.h"
#include "stile/shared.h"

/*
 * Where a VM finds the pages shared with it: its own, then one for each vCPU; in 64 KiB of its own,
 * so that a guest may map it by itself whatever its granule, that of stolen times; then, in others
 * again (stile/shared.h), those that the guest writes, the console's ring and a mailbox for
 * each vCPU. No memory or device of its tree may lie here.
 */
#define VM_SHARED_IPA   UINT64_C(0x0B000000)
#define VM_STOLEN_IPA   (VM_SHARED_IPA + 0x10000)
#define VM_WRITTEN_IPA  (VM_SHARED_IPA + 0x20000)
#define VM_SHARED_BYTES UINT64_C(0x30000)

/*
 * Where a VM without a GIC finds the CPU interface's registers if the machine's is a GICv2. Kept
 * free in any case: its tree does not say on which machine it will run.
 */
#define VM_GICC_IPA UINT64_C(0x08010000)

/** The largest device tree a VM may have, in bytes. */
#define VM_DTB_MAX UINT64_C(0x10000)

/** How a VM's sensitive operations reach the hardware: stile,mode in its device tree. */
enum vm_mode {
    VM_MODE_ASSISTED,    /* "assisted": stage 2, virtual GIC and timer; few traps */
    VM_MODE_TRAP,        /* "trap": every sensitive operation traps and is emulated */
    VM_MODE_PARAVIRTUAL, /* "paravirtual": as assisted, for a guest that makes calls */
};

/** The weight of a VM whose device tree names none: stile,weight. */
#define VM_WEIGHT_DEFAULT 100u
#define VM_WEIGHT_MAX     10000u

/** The most that stile,hv-memory-kib may say. */
#define VM_HV_MEMORY_KIB_MAX (1u << 20)

/** The most that stile,sve may say: as long as a vector can be. */
#define VM_SVE_BITS_MAX 2048u

/** A range of IPAs. bytes is 0 if the VM has no such thing. */
struct ipa_range {
    ipa_t base;
    uint64_t bytes;
};

/**
 * The most pieces that a VM's virtio,mmio slots, and its flash, may be in. Neighbours are one
 * piece.
 */
#define VM_NR_SLOTS 4
#define VM_NR_FLASH 2

/**
 * The most devices of the machine's that a VM may have, and the most pieces that their registers
 * may be in, and SPIs they may have, MSIs included, together.
 */
#define VM_NR_DEVICES       4
#define VM_NR_DEVICE_RANGES 8
#define VM_NR_DEVICE_SPIS   24

/** How much configuration space a PCI bus takes (PCI Express Base 7.2.2). */
#define PCI_BUS_BYTES (UINT64_C(1) << 20)

/**
 * The most physical functions whose virtual functions a VM leaves to others, and the most virtual
 * ones that a VM may have.
 */
#define VM_NR_PHYSICAL 2
#define VM_NR_VIRTUAL  4

/** A physical function (PCI Express Base 9): what is behind the VM's bridge, but for a part. */
struct vm_physical {
    uint16_t id;    /* its routing ID */
    uint64_t pci;   /* where the registers of its virtual functions are to be, for PCI, */
    pa_t pa;        /* and for the CPUs */
    uint64_t bytes; /* as many as there can be */
};

/** Virtual functions. The VM finds each as the first one of a device of its own. */
#define VM_VIRTUAL_STEP 8u
struct vm_virtual {
    uint32_t nr;
    uint32_t device;             /* their bridge, of devices */
    uint16_t ids[VM_NR_VIRTUAL]; /* their routing IDs in the machine */
    pa_t machine;                /* the configuration space of the machine's bridge */
    struct ipa_range config;     /* that of the VM's, a bus, of which each is a device */
    struct ipa_range window;     /* where the VM puts their registers, */
    uint64_t window_pci;         /* and where that is for PCI */
};

/** A device of the machine's: a node of its tree. */
struct vm_device {
    const char *name; /* in the machine's tree, which stays where it is */
    bool has_clocks;  /* that tree names some, which are nobody's to change */
    bool has_dma;     /* stile,trusted-dma */
};

/** Registers of one, whole pages. */
struct vm_device_range {
    struct ipa_range at;
    pa_t pa;
    uint32_t device;  /* of which one */
    bool is_config;   /* PCI's configuration space, of whole buses */
    bool is_doorbell; /* devices write there for their MSIs */
    bool is_its;      /* the frames of an ITS, which is emulated; one at most */
    bool is_shown;    /* none of the machine's: there EL2 shows virtual functions, or maps theirs */
};

/** An SPI of one, as the VM and as the machine number it. */
struct vm_device_spi {
    uint16_t phys;
    uint8_t intid;
    uint8_t device : 7; /* of which one */
    uint8_t edge : 1;
};

/** The most virtio devices that other VMs serve for a VM. */
#define VM_NR_VIRTIO 4

/** One of them: stile,backend. */
struct vm_virtio {
    char backend[STILE_VM_NAME_BYTES]; /* the name of the VM that serves it */
    uint32_t intid;
    struct ipa_range memory; /* what that may see of the VM's; bytes 0: all of it */
};

/** Where a VM's kernel and tree go if its tree does not say: where there is room. */
#define VM_ANYWHERE UINT64_MAX

/** The most regions that a GICv3's redistributors may lie in. */
#define VM_NR_GICR 2

/** How much the registers of a vCPU's redistributor take (IHI 0069, 12.8). */
#define VM_GICR_BYTES UINT64_C(0x20000)

/** What the VMs that a VM makes may have together: stile,privileged = <MiB vCPUs KiB>. */
struct vm_quota {
    bool is_there;
    uint32_t memory_mib;
    uint32_t nr_vcpus;
    uint32_t hv_memory_kib; /* of the hypervisor's memory: their budgets */
};

static inline uint64_t ipa_range_end(const struct ipa_range *range)
{
    return range->base.ipa + range->bytes;
}

struct vm_config {
    char name[STILE_VM_NAME_BYTES]; /* the VM's folder in the bundle */
    enum vm_mode mode;
    uint32_t nr_vcpus;
    uint64_t mpidr[CONFIG_NR_VCPUS]; /* the affinity fields of each, which ascend */
    uint32_t weight;   /* stile,weight: its vCPUs' share of a physical CPU; 100 if not said */
    uint64_t affinity; /* stile,affinity: physical CPUs they may use, a bit for each; all if not */
    uint32_t nr_memory;
    struct ipa_range memory[STILE_VM_NR_REGIONS]; /* in the order of the tree */
    uint32_t address_cells; /* of the root's children, 1 or 2, as is the next */
    uint32_t size_cells;
    uint32_t interrupt_cells; /* of theirs; 0 if it is not the GIC that takes their interrupts */
    bool has_node;            /* it has a node of the hypervisor's already */
    uint32_t gic_version;     /* 2 or 3; without a GIC, the machine's */
    struct ipa_range gicd;    /* bytes 0: it has no GIC, but mailboxes */
    struct ipa_range gicc;    /* of a GICv2, and of a VM without a GIC if the machine's is one */
    struct ipa_range gicr[VM_NR_GICR];   /* GICv3: redistributors, in the order of the vCPUs */
    struct ipa_range uart;               /* a PL011 or SBSA UART, or bytes 0 */
    uint32_t uart_intid;                 /* 0 if it has none, which needs that the VM has no GIC */
    struct ipa_range rtc;                /* a PL031, or bytes 0 */
    struct ipa_range slots[VM_NR_SLOTS]; /* of virtio,mmio, in which there are no devices */
    uint32_t slot_bytes;                 /* one slot; 0 if there are none */
    uint32_t nr_virtio;                  /* virtio,mmio devices, by their addresses */
    struct ipa_range virtio_at;          /* where they are, one behind the other */
    uint32_t virtio_bytes;               /* each */
    uint32_t nr_virtio_shares;           /* by which all of it is offered to back ends */
    struct vm_virtio virtio[VM_NR_VIRTIO];
    struct ipa_range flash[VM_NR_FLASH]; /* cfi-flash, which is erased */
    uint64_t kernel_address;             /* stile,kernel-address, or VM_ANYWHERE */
    uint64_t kernel_bytes; /* stile,kernel-bytes: what it needs from there; 0 if not said */
    uint64_t
        kernel_entry;     /* stile,kernel-entry: its first instruction, or VM_ANYWHERE: the first */
    uint64_t dtb_address; /* stile,dtb-address, or VM_ANYWHERE */
    uint32_t hv_memory_kib; /* stile,hv-memory-kib: of the hypervisor's memory; 0 if not said */
    uint32_t sve_bits;      /* stile,sve: the longest vector; VM_SVE_BITS_MAX if not said */
    uint32_t nr_devices;    /* stile,device: what it has of the machine's */
    uint32_t nr_device_ranges;
    uint32_t nr_device_spis;
    struct vm_device devices[VM_NR_DEVICES];
    struct vm_device_range device_ranges[VM_NR_DEVICE_RANGES];
    struct vm_device_spi device_spis[VM_NR_DEVICE_SPIS];
    uint32_t first_stream; /* those of its devices that the SMMU keeps to its memory */
    uint32_t nr_streams;   /* 0: it has no such devices, or virtual functions: each is one stream */
    uint32_t nr_physical;  /* stile,physical-functions */
    struct vm_physical physical[VM_NR_PHYSICAL];
    uint32_t physical_range;    /* their bridge's configuration space, of device_ranges */
    struct vm_virtual virtuals; /* stile,virtual-functions */
    struct {
        uint32_t first; /* DeviceIDs of what interrupts by its ITS */
        uint32_t nr;
        uint32_t phys; /* what the machine calls the first; of virtual functions, routing ID 0 */
        bool is_virtual;
    } its_devices;
    bool one_to_one; /* stile,trusted-dma: an IPA is the machine's address */
    bool pmu;        /* stile,pmu: its vCPUs have performance monitors */
    bool pmu_el2;    /* stile,pmu-el2: it has the CPU's, and may count EL2 */
    bool privileged; /* stile,privileged: it may make the calls of the groups control and vm, */
    struct vm_quota quota; /* or: for the VMs that it makes */
};

/** Whether a VM may make others. */
static inline bool vm_config_makes_vms(const struct vm_config *config)
{
    return config->privileged || config->quota.is_there;
}

/** Whether a VM has a GIC in its tree. Else its vCPUs' mailboxes bring it its interrupts. */
static inline bool vm_config_has_gic(const struct vm_config *config)
{
    return config->gicd.bytes != 0;
}

/** Whether an IPA is the machine's address, for devices that know no other. */
static inline bool vm_config_is_direct(const struct vm_config *config)
{
    return IS_ENABLED(CONFIG_DEVICES) && config->one_to_one;
}

/** Where it has an ITS, and where the machine has it; NULL: it has none. */
static inline const struct vm_device_range *vm_config_its(const struct vm_config *config)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_ITS) && i < config->nr_device_ranges; i++)
        if (config->device_ranges[i].is_its)
            return &config->device_ranges[i];
    return NULL;
}

/** How many virtual functions of the machine's devices it has. */
static inline uint32_t vm_config_nr_virtual(const struct vm_config *config)
{
    return IS_ENABLED(CONFIG_SRIOV) ? config->virtuals.nr : 0;
}

/** How many physical functions it has whose virtual ones are others'. */
static inline uint32_t vm_config_nr_physical(const struct vm_config *config)
{
    return IS_ENABLED(CONFIG_SRIOV) ? config->nr_physical : 0;
}

/** Whether it has devices that the SMMU keeps to its memory. */
static inline bool vm_config_has_streams(const struct vm_config *config)
{
    return IS_ENABLED(CONFIG_DEVICES) &&
           (config->nr_streams > 0 || vm_config_nr_virtual(config) > 0);
}

/** Either: its memory is all there from the beginning, and stays. */
static inline bool vm_config_has_dma(const struct vm_config *config)
{
    return vm_config_is_direct(config) || vm_config_has_streams(config);
}

/** How many virtio devices it has that other VMs serve. */
static inline uint32_t vm_config_nr_virtio(const struct vm_config *config)
{
    return IS_ENABLED(CONFIG_VIRTIO) ? config->nr_virtio : 0;
}

/** Whether its memory stays where it is: for DMA, or since a back end sees all of it. */
static inline bool vm_config_is_kept(const struct vm_config *config)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(config); i++)
        if (config->virtio[i].memory.bytes == 0)
            return true;
    return vm_config_has_dma(config);
}

/** vm_config_vcpu() - which vCPU has these affinity fields; nr_vcpus if none has */
static inline uint32_t vm_config_vcpu(const struct vm_config *config, uint64_t mpidr)
{
    uint32_t index = 0;

    while (index < config->nr_vcpus && config->mpidr[index] != mpidr)
        index++;
    return index;
}

/** vm_config_pages() - how many pages of memory its device tree gives a VM */
static inline uint64_t vm_config_pages(const struct vm_config *config)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < config->nr_memory; i++)
        bytes += config->memory[i].bytes;
    return bytes >> PAGE_SHIFT;
}

/** vm_config_is_entry() - whether a vCPU may be started at @ipa: aligned, and memory of the VM */
static inline bool vm_config_is_entry(const struct vm_config *config, uint64_t ipa)
{
    for (uint32_t i = 0; i < config->nr_memory && ipa % 4 == 0; i++)
        if (ipa - config->memory[i].base.ipa < config->memory[i].bytes)
            return true;
    return false;
}

#endif
