/* SPDX-License-Identifier: MIT */
/*
 * Commands of a guest's ITS (IHI 0069, 5.3). What one names is checked here; one that names what is
 * not there, or what two events would share, changes nothing.
 */
#include <string.h>

#include "arch/clamp.h"
#include "dev/its.h"
#include "dev/pcpu.h"
#include "vgic/vgic.h"
#include "vgic/vgic_internal.h"
#include "vm/vits_state.h"

#define NO_LPI VITS_NR_LPIS

/** What of a command's words most have. */
struct request {
    struct vcpu *vcpu; /* that carries it out */
    struct vm *vm;
    struct vits *its;
    uint32_t place; /* of the device it names, or VITS_NR_DEVICES */
    uint32_t id;    /* DeviceID */
    uint32_t event;
    uint32_t lpi;  /* of that event, or NO_LPI */
    uint64_t icid; /* collection */
    uint64_t word1;
    uint64_t word2;
};

static uint32_t find_place(const struct vits *its, uint32_t id)
{
    uint32_t place = 0;

    while (place < VITS_NR_DEVICES &&
           (its->devices[place].nr_events == 0 || its->devices[place].id != id))
        place++;
    return place;
}

static uint32_t find_free(const struct vits *its)
{
    uint32_t place = 0;

    while (place < VITS_NR_DEVICES && its->devices[place].nr_events != 0)
        place++;
    return place;
}

static struct request read_request(struct vcpu *vcpu, const uint64_t words[ITS_COMMAND_WORDS])
{
    struct vits *its = vits_of(vcpu->vm);
    struct request request = {
        .vcpu = vcpu,
        .vm = vcpu->vm,
        .its = its,
        .id = (uint32_t)(words[0] >> ITS_DEVICE_SHIFT),
        .event = (uint32_t)words[1],
        .lpi = NO_LPI,
        .icid = words[2] & 0xFFFF,
        .word1 = words[1],
        .word2 = words[2],
    };

    request.place = find_place(its, request.id);
    if (request.place < VITS_NR_DEVICES && request.event < ITS_NR_EVENTS) {
        uint32_t lpi = its->devices[request.place].lpi[clamp(request.event, ITS_NR_EVENTS)];

        request.lpi = lpi != 0 ? lpi - 1 : NO_LPI;
    }
    return request;
}

static bool has_collection(const struct request *request)
{
    return request->icid < VITS_NR_COLLECTIONS &&
           request->its->vcpu_of[clamp(request->icid, VITS_NR_COLLECTIONS)] != 0;
}

/* --- what the guest's table says of LPIs --------------------------------------------------- */

/* Reads some; those that are not in memory, or that the table does not have, are disabled. */
static void read_properties(struct vm *vm, uint32_t first, uint32_t nr, uint8_t *to)
{
    uint64_t base = vits_of(vm)->propbaser & GICR_PROPBASER_ADDRESS;
    uint32_t id_bits = (vits_of(vm)->propbaser & 31) + 1;
    size_t done = 0;

    if (id_bits > 13) /* as many as there are INTIDs below the first LPI, and more */
        done = vits_of(vm)->read(vm, to, ipa_make(base + first), nr);
    memset(to + done, 0, nr - done);
}

static void apply(struct vits *its, uint32_t lpi, uint8_t property)
{
    its->priority[lpi] = property & LPI_PRIORITY;
    its->enabled_lpis[lpi / 32] &= ~vgic_bit(lpi);
    its->enabled_lpis[lpi / 32] |= property & LPI_ENABLED ? vgic_bit(lpi) : 0;
}

/* Whoever has it in a list register, or is to have it, looks at it again. */
static void changed(struct vm *vm, uint32_t lpi)
{
    vlpi_refold(vm, lpi);
    vlpi_update(vm, lpi);
}

static void changed_all(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->config.nr_vcpus; i++)
        vgic_request_refill(vm->vcpus[i]);
}

/* --- devices and events -------------------------------------------------------------------- */

static void unmap_event(struct vm *vm, uint32_t lpi)
{
    const struct its_event event = vlpi_event(vm, lpi);
    struct vits *its = vits_of(vm);

    spin_lock(&vm->vgic.lock);
    vlpi_clear(vm, lpi);
    its->mapped[lpi / 32] &= ~vgic_bit(lpi);
    its->devices[its->place[lpi]].lpi[its->event[lpi]] = 0;
    spin_unlock(&vm->vgic.lock);
    its_unmap(&event);
}

static void *itt_of(const struct vits *its, uint32_t place)
{
    return (char *)its->itts + place * ITS_ITT_BYTES;
}

static void unmap_device(struct vm *vm, uint32_t place)
{
    struct vits_device *device = &vits_of(vm)->devices[place];

    for (uint32_t i = 0; i < ITS_NR_EVENTS; i++)
        if (device->lpi[i] != 0)
            unmap_event(vm, device->lpi[i] - 1u);
    its_unmap_device(vits_phys_device(&vm->config, device->id));
    memset(itt_of(vits_of(vm), place), 0, ITS_ITT_BYTES);
    spin_lock(&vm->vgic.lock);
    device->nr_events = 0;
    spin_unlock(&vm->vgic.lock);
}

void vits_unmap_all(struct vm *vm)
{
    for (uint32_t i = 0; i < VITS_NR_DEVICES; i++)
        if (vits_of(vm)->devices[i].nr_events != 0)
            unmap_device(vm, i);
}

static enum vits_result map_device(const struct request *request)
{
    uint32_t bits = (request->word1 & 31) + 1;
    uint32_t place = request->place;

    if ((request->word2 & ITS_VALID) &&
        (bits > ITS_NR_EVENTS_LOG2 || !vits_has_device(&request->vm->config, request->id)))
        return VITS_DONE;
    if (place < VITS_NR_DEVICES)
        unmap_device(request->vm, place);
    else
        place = find_free(request->its);
    if (!(request->word2 & ITS_VALID) || place == VITS_NR_DEVICES)
        return VITS_LONG;
    spin_lock(&request->vm->vgic.lock);
    request->its->devices[place] = (struct vits_device){.id = request->id, .nr_events = 1u << bits};
    spin_unlock(&request->vm->vgic.lock);
    its_map_device(vits_phys_device(&request->vm->config, request->id),
                   itt_of(request->its, place));
    return VITS_LONG;
}

static void map_event(const struct request *request)
{
    struct vits *its = request->its;
    uint64_t lpi = (request->word1 >> ITS_LPI_SHIFT) - GIC_FIRST_LPI;
    struct its_event event;
    uint8_t property;

    if (request->place == VITS_NR_DEVICES || request->lpi != NO_LPI || lpi >= VITS_NR_LPIS ||
        request->event >= its->devices[request->place].nr_events || !has_collection(request) ||
        (its->mapped[clamp(lpi, VITS_NR_LPIS) / 32] & vgic_bit((uint32_t)lpi)))
        return;
    lpi = clamp(lpi, VITS_NR_LPIS);
    read_properties(request->vm, (uint32_t)lpi, 1, &property);
    spin_lock(&request->vm->vgic.lock);
    its->devices[request->place].lpi[clamp(request->event, ITS_NR_EVENTS)] = (uint16_t)(lpi + 1);
    its->place[lpi] = (uint8_t)request->place;
    its->event[lpi] = (uint8_t)request->event;
    its->collection[lpi] = (uint8_t)request->icid;
    apply(its, (uint32_t)lpi, property);
    its->mapped[lpi / 32] |= vgic_bit((uint32_t)lpi);
    event = vlpi_event(request->vm, (uint32_t)lpi);
    spin_unlock(&request->vm->vgic.lock);
    its_map(&event, pcpu_self()->index);
}

/* --- collections --------------------------------------------------------------------------- */

static void map_collection(const struct request *request)
{
    uint64_t target = (request->word2 & ~ITS_VALID) >> ITS_RDBASE_SHIFT;
    bool is_valid = request->word2 & ITS_VALID;

    if (request->icid >= VITS_NR_COLLECTIONS ||
        (is_valid && target >= request->vm->config.nr_vcpus))
        return;
    spin_lock(&request->vm->vgic.lock);
    request->its->vcpu_of[clamp(request->icid, VITS_NR_COLLECTIONS)] =
        (uint8_t)(is_valid ? target + 1 : 0);
    changed_all(request->vm);
    spin_unlock(&request->vm->vgic.lock);
}

static void move(const struct request *request)
{
    if (request->lpi == NO_LPI || !has_collection(request))
        return;
    spin_lock(&request->vm->vgic.lock);
    request->its->collection[request->lpi] = (uint8_t)request->icid;
    changed(request->vm, request->lpi);
    spin_unlock(&request->vm->vgic.lock);
}

static void invalidate(const struct request *request)
{
    uint8_t property;

    if (request->lpi == NO_LPI)
        return;
    read_properties(request->vm, request->lpi, 1, &property);
    spin_lock(&request->vm->vgic.lock);
    apply(request->its, request->lpi, property);
    changed(request->vm, request->lpi);
    spin_unlock(&request->vm->vgic.lock);
}

static enum vits_result invalidate_all(const struct request *request)
{
    const struct vits *its = request->its;
    uint8_t properties[VITS_NR_LPIS];

    if (!has_collection(request))
        return VITS_DONE;
    read_properties(request->vm, 0, VITS_NR_LPIS, properties);
    spin_lock(&request->vm->vgic.lock);
    for (uint32_t lpi = 0; lpi < VITS_NR_LPIS; lpi++)
        if ((its->mapped[lpi / 32] & vgic_bit(lpi)) && its->collection[lpi] == request->icid)
            apply(request->its, lpi, properties[lpi]);
    changed_all(request->vm);
    spin_unlock(&request->vm->vgic.lock);
    return VITS_LONG;
}

/* --- the rest ------------------------------------------------------------------------------ */

static void change_pending(const struct request *request, bool pending)
{
    if (request->lpi == NO_LPI)
        return;
    spin_lock(&request->vm->vgic.lock);
    if (pending)
        vlpi_raise(request->vm, request->lpi);
    else
        vlpi_clear(request->vm, request->lpi);
    spin_unlock(&request->vm->vgic.lock);
}

/* All before it is done, but for list registers of vCPUs that run elsewhere. */
static enum vits_result synchronize(const struct request *request)
{
    uint64_t index = request->word2 >> ITS_RDBASE_SHIFT;
    struct vcpu *target;

    if (index >= request->vm->config.nr_vcpus)
        return VITS_DONE;
    target = vm_vcpu(request->vm, index);
    if (target == request->vcpu) {
        vgic_refill(target);
        return VITS_DONE;
    }
    return vgic_refill_outstanding(target) ? VITS_LATER : VITS_DONE;
}

/* There are no MAPI, whose INTID would be the EventID's; MOVALL follows from collections. */
enum vits_result vits_command(struct vcpu *vcpu, const uint64_t words[ITS_COMMAND_WORDS])
{
    const struct request request = read_request(vcpu, words);

    switch (words[0] & 0xFF) {
    case ITS_MAPD:
        return map_device(&request);
    case ITS_MAPTI:
        map_event(&request);
        break;
    case ITS_MAPC:
        map_collection(&request);
        break;
    case ITS_MOVI:
        move(&request);
        break;
    case ITS_DISCARD:
        if (request.lpi != NO_LPI)
            unmap_event(request.vm, request.lpi);
        break;
    case ITS_INV:
        invalidate(&request);
        break;
    case ITS_INVALL:
        return invalidate_all(&request);
    case ITS_INT:
    case ITS_CLEAR:
        change_pending(&request, (words[0] & 0xFF) == ITS_INT);
        break;
    case ITS_SYNC:
        return synchronize(&request);
    default:
        break;
    }
    return VITS_DONE;
}
