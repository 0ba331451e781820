/* SPDX-License-Identifier: MIT */
/*
 * Writes what of the ABI is no layout, a line each: version, identifiers, errors, kinds, constants
 * and calls. scripts/abi-check compares the lines with abi/golden/calls.txt.
 */
#include <stdio.h>

#include "stile/abi.h"

#define NUMBER(name) printf("constant %s %llu\n", #name, (unsigned long long)(name))
#define KIND(kind)                                                                                 \
    printf("kind %s: %u bytes, reserved bits 0x%llx\n", #kind, (unsigned)sizeof(stile_##kind##_t), \
           (unsigned long long)STILE_RESERVED_##kind)

int main(void)
{
    printf("version %d.%d\n", STILE_VERSION_MAJOR, STILE_VERSION_MINOR);

    printf("fid calls 0x%08x\n", STILE_FID_BASE);
    printf("fid uid 0x%08x\n", STILE_FID_UID);
    printf("fid revision 0x%08x\n", STILE_FID_REVISION);
    printf("uid %08x %08x %08x %08x\n", STILE_UID_WORD0, STILE_UID_WORD1, STILE_UID_WORD2,
           STILE_UID_WORD3);

    KIND(u32);
    KIND(u64);
    KIND(ipa);
    KIND(nr_bytes);
    KIND(nr_pages);
    KIND(ticks);
    KIND(vcpu_id);
    KIND(intid);
    KIND(nr_ticks);
    KIND(vcpu_set);
    KIND(vm_id);
    KIND(port);
    KIND(share);

    NUMBER(STILE_CALLS_PER_GROUP);
    NUMBER(STILE_PAGE_SIZE);
    NUMBER(STILE_TIME_NEVER);
    NUMBER(STILE_CONSOLE_WRITE_MAX);
    NUMBER(STILE_CONSOLE_READ_MAX);
    NUMBER(STILE_CONSOLE_BUFFER_MAX);
    NUMBER(STILE_CONTROL_COPY_MAX);
    NUMBER(STILE_MEMORY_MAX_PAGES);
    NUMBER(STILE_CRASH_MESSAGE_MAX);
    NUMBER(STILE_GROUP_CONTROL);
    NUMBER(STILE_GROUP_VM);
    NUMBER(STILE_VM_IMAGE_MAX);
    NUMBER(STILE_VM_KERNEL_START);
    NUMBER(STILE_NR_PORTS);
    NUMBER(STILE_PORT_FIRST);
    NUMBER(STILE_MULTICALL_MAX);
    NUMBER(STILE_MULTICALL_STOP);
    NUMBER(STILE_CONSOLE_RING_IN);
    NUMBER(STILE_CONSOLE_RING_OUT);
    NUMBER(STILE_CONSOLE_KEPT_BYTES);
    NUMBER(STILE_ACCESS_READ);
    NUMBER(STILE_ACCESS_WRITE);
    NUMBER(STILE_ACCESS_EXECUTE);
    NUMBER(STILE_MEMORY_MAPPED);
    NUMBER(STILE_MEMORY_DEVICE);
    NUMBER(STILE_MEMORY_SHARED);
    NUMBER(STILE_SHARE_DONATED);
    NUMBER(STILE_SHARE_ACCEPTED);
    NUMBER(STILE_SHARE_ENDED);
    NUMBER(STILE_SHARE_DEVICE);
    NUMBER(STILE_SHARES_MAX);
    NUMBER(STILE_SHARES_ACCEPTED_MAX);
    NUMBER(STILE_IRQ_ENABLED);
    NUMBER(STILE_IRQ_PENDING);
    NUMBER(STILE_IRQ_ACTIVE);
    NUMBER(STILE_PERIOD_MIN_US);
    NUMBER(STILE_DIRECTORY_ENTRIES);
    NUMBER(STILE_TRACE_ENTRIES);
    NUMBER(STILE_TRACE_HYPERCALL);
    NUMBER(STILE_TRACE_TRAP);
    NUMBER(STILE_TRACE_INTERRUPT);
    NUMBER(STILE_VM_NAME_BYTES);
    NUMBER(STILE_VM_NR_REGIONS);
    NUMBER(STILE_VM_PAGE_MAGIC);
    NUMBER(STILE_RING_MAGIC);
    NUMBER(STILE_RING_VERSION);
    NUMBER(STILE_RING_MESSAGE_MAX);
    NUMBER(STILE_RING_ALIGN);
    NUMBER(STILE_CHANNEL_MAGIC);
    NUMBER(STILE_CHANNEL_VERSION);
    NUMBER(STILE_VIRTIO_MAGIC);
    NUMBER(STILE_VIRTIO_VERSION);
    NUMBER(STILE_VIRTIO_NR_QUEUES);
    NUMBER(STILE_VIRTIO_CONFIG_BYTES);
    NUMBER(STILE_VIRTIO_USED_BUFFER);
    NUMBER(STILE_VIRTIO_CONFIG);
    NUMBER(STILE_VIRTIO_RESTRICTED);

#define ERROR(name, code, text) printf("error %s %d\n", #name, code);
    STILE_ERRORS(ERROR)

#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    printf("call 0x%02x %s_%s(%s) -> (%s) since %d\n", nr, #group, #name, STILE_TEXT_##args,       \
           STILE_TEXT_##rets, since);                                                              \
    printf("errors 0x%02x %s_%s: %s\n", nr, #group, #name, STILE_TEXT_##errs);
#include "stile/calls.h"
    return 0;
}
