/* SPDX-License-Identifier: MIT */
/*
 * Runs a Linux guest under KVM: the kernel, the tree and the initrd in a folder, as scripts/bundle
 * packs a VM. What it writes to its UART is printed; nothing is typed. Ends as the guest powers
 * off.
 *
 *   vmm FOLDER
 */
#include <asm/kvm.h>
#include <err.h>
#include <fcntl.h>
#include <libfdt.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where tests/vms/virt.dts has the devices of a VM with so many vCPUs, and so much memory. */
#define NR_VCPUS  4
#define GICD      0x08000000
#define GICR      0x080A0000
#define UART      0x09000000
#define UART_FR   0x18
#define FR_EMPTY  0x90 /* in both directions: no waiting to write, nothing to read */
#define RAM       0x40000000
#define RAM_BYTES (128UL << 20)
/* Where in it what is loaded goes; the tree is at its start. */
#define KERNEL (2UL << 20)
#define INITRD (64UL << 20)

static uint8_t *ram;
static int vm, vcpus[NR_VCPUS];
static size_t run_bytes;

/* A step that has to succeed. */
static int must(int result, const char *what)
{
    if (result < 0)
        err(1, "%s", what);
    return result;
}

/* Reads a file whole into the guest's memory; where it ends there. */
static uint64_t load(const char *folder, const char *name, uint64_t offset)
{
    int at = must(open(folder, O_PATH), folder);
    int fd = must(openat(at, name, O_RDONLY), name);
    ssize_t nr;

    while ((nr = read(fd, ram + offset, RAM_BYTES - offset)) > 0)
        offset += (uint64_t)nr;
    must((int)nr, name);
    return RAM + offset;
}

static void set_register(int vcpu, uint64_t id, uint64_t value)
{
    struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

    must(ioctl(vcpu, KVM_SET_ONE_REG, &reg), "register");
}

/* The first vCPU is to start as Linux's boot protocol says. */
static void load_guest(const char *folder)
{
    const uint64_t core = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE;
    uint64_t initrd_end = load(folder, "initrd", INITRD);
    int chosen;

    load(folder, "kernel", KERNEL);
    load(folder, "vm.dtb", 0);
    chosen = fdt_path_offset(ram, "/chosen");
    if (fdt_setprop_inplace_u64(ram, chosen, "linux,initrd-start", RAM + INITRD) ||
        fdt_setprop_inplace_u64(ram, chosen, "linux,initrd-end", initrd_end))
        errx(1, "the tree has no place for the initrd");
    set_register(vcpus[0], core | KVM_REG_ARM_CORE_REG(regs.regs[0]), RAM);
    set_register(vcpus[0], core | KVM_REG_ARM_CORE_REG(regs.pc), RAM + KERNEL);
}

static void make_vcpus(void)
{
    struct kvm_vcpu_init init;

    must(ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init), "kind of CPU");
    for (int i = 0; i < NR_VCPUS; i++) {
        vcpus[i] = must(ioctl(vm, KVM_CREATE_VCPU, (long)i), "vCPU");
        init.features[0] = 1U << KVM_ARM_VCPU_PSCI_0_2 | (i ? 1U << KVM_ARM_VCPU_POWER_OFF : 0);
        must(ioctl(vcpus[i], KVM_ARM_VCPU_INIT, &init), "state of a vCPU");
    }
}

static void set_gic(int gic, uint32_t group, uint64_t what, uint64_t value)
{
    struct kvm_device_attr attr = {.group = group, .attr = what, .addr = (uintptr_t)&value};

    must(ioctl(gic, KVM_SET_DEVICE_ATTR, &attr), "state of the GIC");
}

static void make_gic(void)
{
    struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
    int gic;

    must(ioctl(vm, KVM_CREATE_DEVICE, &device), "GIC");
    gic = (int)device.fd;
    set_gic(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, GICD);
    set_gic(gic, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, GICR);
    set_gic(gic, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);
}

/* The UART, of which the data register is the first; nothing else is there. */
static void access_device(uint64_t address, uint8_t *data, bool is_write)
{
    if (address < UART || address >= UART + 0x1000)
        errx(1, "the guest accesses %#lx", address);
    if (!is_write)
        data[0] = address == UART + UART_FR ? FR_EMPTY : 0;
    else if (address == UART)
        must((int)write(STDOUT_FILENO, data, 1), "console");
}

static void *run_vcpu(void *argument)
{
    int vcpu = *(int *)argument;
    struct kvm_run *run = mmap(NULL, run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

    must(run == MAP_FAILED ? -1 : 0, "page of a vCPU");
    while (!must(ioctl(vcpu, KVM_RUN, NULL), "run") && run->exit_reason == KVM_EXIT_MMIO)
        access_device(run->mmio.phys_addr, run->mmio.data, run->mmio.is_write);
    if (run->exit_reason != KVM_EXIT_SYSTEM_EVENT ||
        run->system_event.type != KVM_SYSTEM_EVENT_SHUTDOWN)
        errx(1, "exit for reason %u", run->exit_reason);
    puts("vmm: the guest is off");
    exit(0);
}

int main(int argc, char *argv[])
{
    struct kvm_userspace_memory_region memory = {.guest_phys_addr = RAM, .memory_size = RAM_BYTES};
    pthread_t thread;
    int kvm = must(open("/dev/kvm", O_RDWR), "/dev/kvm");

    if (argc != 2)
        errx(2, "usage: vmm FOLDER");
    vm = must(ioctl(kvm, KVM_CREATE_VM, 0L), "VM");
    run_bytes = (size_t)must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0L), "size of a vCPU");
    ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(ram == MAP_FAILED ? -1 : 0, "memory");
    memory.userspace_addr = (uintptr_t)ram;
    must(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &memory), "memory");
    make_vcpus();
    make_gic();
    load_guest(argv[1]);
    for (int i = 1; i < NR_VCPUS; i++)
        must(-pthread_create(&thread, NULL, run_vcpu, &vcpus[i]), "thread");
    run_vcpu(&vcpus[0]);
}
