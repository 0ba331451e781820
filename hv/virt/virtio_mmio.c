/* SPDX-License-Identifier: MIT */
/*
 * The register file of a virtio-mmio device: what the driver writes goes into the page that the
 * back end sees, and what it reads comes from there.
 */
#include "virt/virtio_mmio.h"

#include "arch/clamp.h"
#include "lib/guest_word.h"
#include "lib/is_enabled.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "virt/events.h"
#include "virt/virtio_backend.h"
#include "vm/mmio_map.h"
#include "vm/vcpu.h"
#include "vm/vm.h"

/* Virtio 1.2, 4.2.2: offsets of registers. */
#define MAGIC_VALUE         0x000
#define VERSION             0x004
#define DEVICE_ID           0x008
#define VENDOR_ID           0x00C
#define DEVICE_FEATURES     0x010
#define DEVICE_FEATURES_SEL 0x014
#define DRIVER_FEATURES     0x020
#define DRIVER_FEATURES_SEL 0x024
#define QUEUE_SEL           0x030
#define QUEUE_NUM_MAX       0x034
#define QUEUE_NUM           0x038
#define QUEUE_READY         0x044
#define QUEUE_NOTIFY        0x050
#define INTERRUPT_STATUS    0x060
#define INTERRUPT_ACK       0x064
#define STATUS              0x070
#define QUEUE_DESC_LOW      0x080
#define QUEUE_DESC_HIGH     0x084
#define QUEUE_DRIVER_LOW    0x090
#define QUEUE_DRIVER_HIGH   0x094
#define QUEUE_DEVICE_LOW    0x0A0
#define QUEUE_DEVICE_HIGH   0x0A4
#define SHM_LEN_LOW         0x0B0
#define SHM_BASE_HIGH       0x0BC
#define CONFIG_GENERATION   0x0FC
#define CONFIG              0x100

#define MAGIC      0x74726976u /* "virt", little-endian */
#define NOT_LEGACY 2u

/* 2.1 */
#define STATUS_FEATURES_OK 0x08u
#define STATUS_NEEDS_RESET 0x40u

/* The one whose register is at @offset of all of them; @offset becomes the register's. */
static struct virtio_device *device_at(struct vm *vm, uint32_t *offset)
{
    uint32_t index = *offset / vm->config.virtio_bytes;

    *offset %= vm->config.virtio_bytes;
    return virtio_device_of(vm, index);
}

/* The queue that is selected, or NULL. */
static struct stile_virtio_queue *queue_of(const struct virtio_device *device)
{
    uint32_t index = VIRTIO_LOAD(device->queue_sel);

    if (index >= STILE_VIRTIO_NR_QUEUES)
        return NULL;
    return &device->page->queues[clamp(index, STILE_VIRTIO_NR_QUEUES)];
}

static uint32_t half_of(uint64_t word, uint32_t sel)
{
    return sel < 2 ? (uint32_t)(word >> 32 * sel) : 0;
}

static uint64_t with_half(uint64_t word, uint32_t sel, uint32_t half)
{
    uint64_t mask = UINT64_C(0xFFFFFFFF) << 32 * sel;

    return (word & ~mask) | (uint64_t)half << 32 * sel;
}

/* --- what the driver does -------------------------------------------------------------------- */

static void tell_backend(struct vm *vm, const struct virtio_device *device)
{
    events_notify(vm, VIRTIO_LOAD(device->port)); /* if there is none, the next one looks */
}

/* Forgets all that the driver has set up. */
static void clear(struct virtio_device *device)
{
    struct stile_virtio_page *page = device->page;
    uint64_t before;

    device->device_features_sel = 0;
    device->driver_features_sel = 0;
    device->queue_sel = 0;
    for (uint32_t i = 0; i < STILE_VIRTIO_NR_QUEUES; i++) {
        VIRTIO_STORE(page->queues[i].ready, 0);
        VIRTIO_STORE(page->queues[i].num, 0);
        VIRTIO_STORE(page->queues[i].desc_ipa, 0);
        VIRTIO_STORE(page->queues[i].driver_ipa, 0);
        VIRTIO_STORE(page->queues[i].device_ipa, 0);
    }
    VIRTIO_STORE(page->driver_features, 0);
    VIRTIO_STORE(page->needs_reset, 0);
    (void)guest_word_change(&page->interrupt, EXCLUSIVE_CLEAR, UINT64_MAX, &before);
}

static void reset(struct vcpu *vcpu, struct virtio_device *device)
{
    struct vm *vm = vcpu->vm;

    spin_lock(&vm->virtio.lock);
    /* Whoever has seen the reset finds no driver there; who finds a queue cleared finds that, too.
     */
    VIRTIO_STORE(device->page->status, 0);
    __atomic_store_n(&device->page->resets, ++device->resets, __ATOMIC_RELEASE);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    clear(device);
    virtio_drive_interrupt(vm, device, true);
    if (!virtio_is_reset_done(device)) {
        device->awaiting |= UINT64_C(1) << vcpu->index;
        sched_set_paused(vcpu, VCPU_PAUSED_DEVICE, true);
    }
    spin_unlock(&vm->virtio.lock);
}

static void set_status(struct vcpu *vcpu, struct virtio_device *device, uint32_t status)
{
    struct stile_virtio_page *page = device->page;

    if ((VIRTIO_LOAD(page->driver_features) & ~VIRTIO_LOAD(page->device_features)) != 0)
        status &= ~STATUS_FEATURES_OK;
    if (status == 0)
        reset(vcpu, device);
    else
        __atomic_store_n(&page->status, status, __ATOMIC_RELEASE);
}

/* A back end that keeps writing to the word has its driver interrupted again. */
static void acknowledge(struct vm *vm, struct virtio_device *device, uint32_t bits)
{
    uint64_t before;

    spin_lock(&vm->virtio.lock);
    (void)guest_word_change(&device->page->interrupt, EXCLUSIVE_CLEAR, bits, &before);
    virtio_drive_interrupt(vm, device, true);
    spin_unlock(&vm->virtio.lock);
}

static void accept_features(struct virtio_device *device, uint32_t half)
{
    struct stile_virtio_page *page = device->page;
    uint32_t sel = VIRTIO_LOAD(device->driver_features_sel);

    if (sel < 2)
        VIRTIO_STORE(page->driver_features,
                     with_half(VIRTIO_LOAD(page->driver_features), sel, half));
}

static void set_queue(const struct virtio_device *device, uint32_t reg, uint32_t value)
{
    struct stile_virtio_queue *queue = queue_of(device);
    uint64_t *address;

    if (!queue)
        return;
    if (reg == QUEUE_NUM) {
        VIRTIO_STORE(queue->num, value);
    } else if (reg == QUEUE_READY) {
        VIRTIO_STORE(queue->ready, value & 1);
    } else {
        address = reg < QUEUE_DRIVER_LOW   ? &queue->desc_ipa
                  : reg < QUEUE_DEVICE_LOW ? &queue->driver_ipa
                                           : &queue->device_ipa;
        VIRTIO_STORE(*address, with_half(VIRTIO_LOAD(*address), reg % 8 / 4, value));
    }
}

/* Returns whether the back end is to look. */
static bool write_register(struct vcpu *vcpu, struct virtio_device *device, uint32_t reg,
                           uint32_t value)
{
    switch (reg) {
    case QUEUE_NOTIFY:
        return true;
    case INTERRUPT_ACK:
        acknowledge(vcpu->vm, device, value);
        return false;
    case STATUS:
        set_status(vcpu, device, value);
        return true;
    case DEVICE_FEATURES_SEL:
        VIRTIO_STORE(device->device_features_sel, value);
        return false;
    case DRIVER_FEATURES:
        accept_features(device, value);
        return false;
    case DRIVER_FEATURES_SEL:
        VIRTIO_STORE(device->driver_features_sel, value);
        return false;
    case QUEUE_SEL:
        VIRTIO_STORE(device->queue_sel, value);
        return false;
    case QUEUE_NUM:
    case QUEUE_READY:
    case QUEUE_DESC_LOW:
    case QUEUE_DESC_HIGH:
    case QUEUE_DRIVER_LOW:
    case QUEUE_DRIVER_HIGH:
    case QUEUE_DEVICE_LOW:
    case QUEUE_DEVICE_HIGH:
        set_queue(device, reg, value);
        return false;
    default:
        return false;
    }
}

/* Of the configuration: a byte at a time, as it may be read meanwhile. */
static void write_config(const struct virtio_device *device, uint32_t at, uint32_t bytes,
                         uint64_t value)
{
    for (uint32_t i = 0; i < bytes; i++)
        VIRTIO_STORE(device->page->config[clamp(at + i, STILE_VIRTIO_CONFIG_BYTES)],
                     (uint8_t)(value >> 8 * i));
}

static bool is_config(uint32_t reg, uint32_t bytes)
{
    return reg >= CONFIG && reg + bytes <= CONFIG + STILE_VIRTIO_CONFIG_BYTES;
}

static void virtio_write(struct vcpu *vcpu, uint32_t offset, uint32_t bytes, uint64_t value)
{
    struct virtio_device *device = device_at(vcpu->vm, &offset);
    bool tells = false;

    if (is_config(offset, bytes)) {
        write_config(device, offset - CONFIG, bytes, value);
        tells = true;
    } else if (bytes == 4) {
        tells = write_register(vcpu, device, offset, (uint32_t)value);
    }
    if (tells)
        tell_backend(vcpu->vm, device);
}

static uint32_t read_queue(const struct virtio_device *device, uint32_t reg)
{
    const struct stile_virtio_queue *queue = queue_of(device);

    if (!queue)
        return 0;
    return reg == QUEUE_NUM_MAX ? VIRTIO_LOAD(queue->num_max) : VIRTIO_LOAD(queue->ready);
}

static uint32_t read_register(const struct virtio_device *device, uint32_t reg)
{
    const struct stile_virtio_page *page = device->page;

    switch (reg) {
    case INTERRUPT_STATUS:
        return (uint32_t)VIRTIO_LOAD(page->interrupt);
    case STATUS:
        return VIRTIO_LOAD(page->status) |
               (VIRTIO_LOAD(page->needs_reset) ? STATUS_NEEDS_RESET : 0);
    case MAGIC_VALUE:
        return MAGIC;
    case VERSION:
        return NOT_LEGACY;
    case DEVICE_ID:
        return VIRTIO_LOAD(device->device_id);
    case VENDOR_ID:
        return VIRTIO_LOAD(page->vendor_id);
    case DEVICE_FEATURES:
        return half_of(VIRTIO_LOAD(page->device_features),
                       VIRTIO_LOAD(device->device_features_sel));
    case QUEUE_NUM_MAX:
    case QUEUE_READY:
        return read_queue(device, reg);
    case CONFIG_GENERATION:
        return VIRTIO_LOAD(page->config_generation);
    default: /* there is no shared memory, whose length is then all ones (4.2.2) */
        return reg >= SHM_LEN_LOW && reg <= SHM_BASE_HIGH ? UINT32_MAX : 0;
    }
}

static uint64_t read_config(const struct virtio_device *device, uint32_t at, uint32_t bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < bytes; i++)
        value |=
            (uint64_t)VIRTIO_LOAD(device->page->config[clamp(at + i, STILE_VIRTIO_CONFIG_BYTES)])
            << 8 * i;
    return value;
}

static uint64_t virtio_read(struct vcpu *vcpu, uint32_t offset, uint32_t bytes)
{
    const struct virtio_device *device = device_at(vcpu->vm, &offset);

    if (is_config(offset, bytes))
        return read_config(device, offset - CONFIG, bytes);
    return bytes == 4 ? read_register(device, offset) : 0;
}

static const struct mmio_ops virtio_ops = {virtio_read, virtio_write, EXIT_DEVICE};

/* --- the life of a VM ----------------------------------------------------------------------- */

bool virtio_alloc(struct vm *vm)
{
    for (uint32_t i = 0; IS_ENABLED(CONFIG_VIRTIO) && i < VM_NR_VIRTIO; i++)
        vm->virtio.devices[i] = (struct virtio_device){0};
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++) {
        vm->virtio.devices[i].page = page_alloc(vm->id, PAGE_ORDER_4K);
        if (!vm->virtio.devices[i].page)
            return false;
    }
    return true;
}

void virtio_free(struct vm *vm)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++) {
        if (vm->virtio.devices[i].page)
            page_free(vm->virtio.devices[i].page, PAGE_ORDER_4K);
        vm->virtio.devices[i].page = NULL;
    }
}

void virtio_init(struct vm *vm)
{
    for (uint32_t i = 0; i < vm_config_nr_virtio(&vm->config); i++) {
        struct stile_virtio_page *page = vm->virtio.devices[i].page;

        vm->virtio.devices[i] = (struct virtio_device){.page = page};
        *page = (struct stile_virtio_page){
            .magic = STILE_VIRTIO_MAGIC,
            .version = STILE_VIRTIO_VERSION,
            .vm_id = vm->number,
            .index = i,
            .flags = vm->config.virtio[i].memory.bytes > 0 ? STILE_VIRTIO_RESTRICTED : 0,
        };
    }
    if (vm_config_nr_virtio(&vm->config) > 0)
        mmio_add(&vm->mmio, vm->config.virtio_at.base, vm->config.virtio_at.bytes, &virtio_ops);
}

void virtio_start(struct vm *vm)
{
    spin_lock(&vm->virtio.lock);
    vm->virtio.starts = vm_config_nr_virtio(&vm->config) > 0;
    if (vm->virtio.starts)
        sched_set_paused(vm->vcpus[0], VCPU_PAUSED_DEVICE, true);
    spin_unlock(&vm->virtio.lock);
}
