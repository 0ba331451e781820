/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <libfdt.h>

#include "vmfile.h"

#define MIB(n) ((uint64_t)(n) << 20)

#define MEMORY_BASE UINT64_C(0x40000000)
#define CPU_STRIDE  16 /* a GICv3 takes Aff0 below 16 (GICv3 and GICv4, ICC_SGI1R_EL1) */

/* What the hypervisor may add: a node that says where its pages are (docs/vms.md). */
#define NODE_BYTES 288

enum { GIC = 1, CLOCK, POOL }; /* phandles */

/* A tree that is being written. The first error stays. */
struct writer {
    void *tree;
    int error;
};

static void note(struct writer *writer, int error)
{
    if (writer->error == 0)
        writer->error = error;
}

static void begin(struct writer *writer, const char *name)
{
    note(writer, fdt_begin_node(writer->tree, name));
}

static void end(struct writer *writer)
{
    note(writer, fdt_end_node(writer->tree));
}

static void put_text(struct writer *writer, const char *name, const char *text)
{
    note(writer, fdt_property(writer->tree, name, text, (int)strlen(text) + 1));
}

static void put_empty(struct writer *writer, const char *name)
{
    note(writer, fdt_property(writer->tree, name, NULL, 0));
}

static void put_cells(struct writer *writer, const char *name, const uint32_t cells[], size_t nr)
{
    void *value;
    int error = fdt_property_placeholder(writer->tree, name, (int)(nr * sizeof(*cells)), &value);

    note(writer, error);
    for (size_t i = 0; error == 0 && i < nr; i++)
        fdt32_st((fdt32_t *)value + i, cells[i]);
}

#define PUT_CELLS(writer, name, ...)                                                               \
    put_cells(writer, name, (const uint32_t[]){__VA_ARGS__},                                       \
              sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* Of literals: the zeroes between the texts are in them. */
#define PUT_TEXTS(writer, name, texts)                                                             \
    note(writer, fdt_property((writer)->tree, name, texts, sizeof(texts)))

#define HIGH(n) ((uint32_t)((n) >> 32))
#define LOW(n)  ((uint32_t)(n))

/* --- the nodes: those of tests/vms/virt.dts -------------------------------------------------- */

static void put_root(struct writer *writer, const struct vmfile *file)
{
    put_text(writer, "compatible", "linux,dummy-virt");
    PUT_CELLS(writer, "#address-cells", 2);
    PUT_CELLS(writer, "#size-cells", 2);
    PUT_CELLS(writer, "interrupt-parent", GIC);
    put_text(writer, "stile,mode", file->mode ? file->mode : "assisted");
    if (file->privileged)
        put_empty(writer, "stile,privileged");
    if (file->weight > 0)
        PUT_CELLS(writer, "stile,weight", file->weight);
    if (file->hv_memory_kib > 0)
        PUT_CELLS(writer, "stile,hv-memory-kib", file->hv_memory_kib);
    if (file->cpus != 0)
        PUT_CELLS(writer, "stile,affinity", HIGH(file->cpus), LOW(file->cpus));
}

static void put_chosen(struct writer *writer, const struct vmfile *file)
{
    begin(writer, "chosen");
    put_text(writer, "bootargs", file->bootargs ? file->bootargs : "");
    if (file->uart)
        put_text(writer, "stdout-path", "/pl011@9000000");
    if (file->initrd) { /* the hypervisor fills these in */
        PUT_CELLS(writer, "linux,initrd-start", 0, 0);
        PUT_CELLS(writer, "linux,initrd-end", 0, 0);
    }
    end(writer);
}

static void put_memory(struct writer *writer, const struct vmfile *file)
{
    uint64_t bytes = MIB(file->memory_mib);

    begin(writer, "memory@40000000");
    put_text(writer, "device_type", "memory");
    PUT_CELLS(writer, "reg", HIGH(MEMORY_BASE), LOW(MEMORY_BASE), HIGH(bytes), LOW(bytes));
    end(writer);
}

static void put_cpus(struct writer *writer, uint32_t nr)
{
    char name[24];

    begin(writer, "cpus");
    PUT_CELLS(writer, "#address-cells", 1);
    PUT_CELLS(writer, "#size-cells", 0);
    for (uint32_t i = 0; i < nr; i++) {
        uint32_t affinity = i / CPU_STRIDE << 8 | i % CPU_STRIDE;

        (void)snprintf(name, sizeof(name), "cpu@%" PRIx32, affinity);
        begin(writer, name);
        put_text(writer, "device_type", "cpu");
        put_text(writer, "compatible", "arm,cortex-a72");
        PUT_CELLS(writer, "reg", affinity);
        put_text(writer, "enable-method", "psci");
        end(writer);
    }
    end(writer);
    begin(writer, "psci");
    PUT_TEXTS(writer, "compatible", "arm,psci-1.0\0arm,psci-0.2");
    put_text(writer, "method", "hvc");
    end(writer);
}

static void put_interrupts(struct writer *writer, unsigned gic_version, uint32_t nr_vcpus)
{
    begin(writer, "timer");
    put_text(writer, "compatible", "arm,armv8-timer");
    /* secure, non-secure, virtual, hypervisor: PPIs 13 14 11 10, level */
    PUT_CELLS(writer, "interrupts", 1, 13, 0xF04, 1, 14, 0xF04, 1, 11, 0xF04, 1, 10, 0xF04);
    end(writer);
    begin(writer, "interrupt-controller@8000000");
    put_text(writer, "compatible", gic_version == 2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
    PUT_CELLS(writer, "#interrupt-cells", 3);
    put_empty(writer, "interrupt-controller");
    if (gic_version == 2)
        PUT_CELLS(writer, "reg", 0, 0x08000000, 0, 0x10000, 0, 0x08010000, 0, 0x10000);
    else
        PUT_CELLS(writer, "reg", 0, 0x08000000, 0, 0x10000, 0, 0x080A0000, 0, nr_vcpus * 0x20000);
    PUT_CELLS(writer, "phandle", GIC);
    end(writer);
}

static void put_devices(struct writer *writer, const struct vmfile *file)
{
    if (file->uart) {
        begin(writer, "pl011@9000000");
        PUT_TEXTS(writer, "compatible", "arm,pl011\0arm,primecell");
        PUT_CELLS(writer, "reg", 0, 0x09000000, 0, 0x1000);
        PUT_CELLS(writer, "interrupts", 0, 1, 4);
        PUT_CELLS(writer, "clocks", CLOCK, CLOCK);
        PUT_TEXTS(writer, "clock-names", "uartclk\0apb_pclk");
        end(writer);
    }
    begin(writer, "rtc@9010000");
    PUT_TEXTS(writer, "compatible", "arm,pl031\0arm,primecell");
    PUT_CELLS(writer, "reg", 0, 0x09010000, 0, 0x1000);
    PUT_CELLS(writer, "interrupts", 0, 2, 4);
    PUT_CELLS(writer, "clocks", CLOCK);
    put_text(writer, "clock-names", "apb_pclk");
    end(writer);
    begin(writer, "clock");
    put_text(writer, "compatible", "fixed-clock");
    PUT_CELLS(writer, "#clock-cells", 0);
    PUT_CELLS(writer, "clock-frequency", 24000000);
    PUT_CELLS(writer, "phandle", CLOCK);
    end(writer);
}

/* The end of the memory is what back ends see, if they do not see all. */
static void put_pool(struct writer *writer, const struct vmfile *file)
{
    uint64_t bytes = MIB(file->pool_mib);
    uint64_t base = MEMORY_BASE + MIB(file->memory_mib) - bytes;
    char name[32];

    begin(writer, "reserved-memory");
    PUT_CELLS(writer, "#address-cells", 2);
    PUT_CELLS(writer, "#size-cells", 2);
    put_empty(writer, "ranges");
    (void)snprintf(name, sizeof(name), "pool@%" PRIx64, base);
    begin(writer, name);
    put_text(writer, "compatible", "restricted-dma-pool");
    PUT_CELLS(writer, "reg", HIGH(base), LOW(base), HIGH(bytes), LOW(bytes));
    PUT_CELLS(writer, "phandle", POOL);
    end(writer);
    end(writer);
}

static void put_served(struct writer *writer, const struct vmfile *file)
{
    char name[32];

    if (file->pool_mib > 0)
        put_pool(writer, file);
    for (uint32_t i = 0; i < file->nr_backends; i++) {
        uint32_t at = 0x0A004000 + i * 0x200;

        (void)snprintf(name, sizeof(name), "virtio_mmio@%" PRIx32, at);
        begin(writer, name);
        put_text(writer, "compatible", "virtio,mmio");
        PUT_CELLS(writer, "reg", 0, at, 0, 0x200);
        PUT_CELLS(writer, "interrupts", 0, 48 + i, 1);
        put_empty(writer, "dma-coherent");
        put_text(writer, "stile,backend", file->backends[i]);
        if (file->pool_mib > 0)
            PUT_CELLS(writer, "memory-region", POOL);
        end(writer);
    }
    if (!file->messages)
        return;
    begin(writer, "virtio-msg");
    put_text(writer, "compatible", "stile,virtio-msg");
    put_text(writer, "stile,peer", file->messages);
    if (file->pool_mib > 0)
        PUT_CELLS(writer, "memory-region", POOL);
    end(writer);
}

/* --- whole trees ----------------------------------------------------------------------------- */

/* Room behind the last block; where there is none, the VM's kernel does without the node. */
static size_t widen(void *tree, size_t room)
{
    size_t bytes = fdt_totalsize(tree);

    if (bytes + NODE_BYTES <= room) {
        memset((char *)tree + bytes, 0, NODE_BYTES);
        bytes += NODE_BYTES;
        fdt_set_totalsize(tree, (uint32_t)bytes);
    }
    return bytes;
}

size_t tree_make(const struct vmfile *file, unsigned gic_version, void *buffer, size_t room)
{
    uint32_t nr_vcpus = file->nr_vcpus > 0 ? file->nr_vcpus : 1;
    struct writer writer = {.tree = buffer};

    note(&writer, fdt_create(buffer, (int)room));
    note(&writer, fdt_finish_reservemap(buffer));
    begin(&writer, "");
    put_root(&writer, file);
    put_chosen(&writer, file);
    put_memory(&writer, file);
    put_cpus(&writer, nr_vcpus);
    put_interrupts(&writer, gic_version, nr_vcpus);
    put_devices(&writer, file);
    put_served(&writer, file);
    end(&writer);
    note(&writer, fdt_finish(buffer));
    return writer.error == 0 ? widen(buffer, room) : 0;
}

/* The places of an initrd, if the tree has none. Returns an error of libfdt's. */
static int add_initrd(void *tree)
{
    static const char *const names[] = {"linux,initrd-start", "linux,initrd-end"};
    int chosen = fdt_path_offset(tree, "/chosen"), error = 0;

    if (chosen == -FDT_ERR_NOTFOUND)
        chosen = fdt_add_subnode(tree, 0, "chosen");
    if (chosen < 0)
        return chosen;
    for (size_t i = 0; error == 0 && i < sizeof(names) / sizeof(names[0]); i++)
        if (!fdt_getprop(tree, chosen, names[i], NULL))
            error = fdt_setprop_u64(tree, chosen, names[i], 0);
    return error;
}

size_t tree_take(const void *given, size_t bytes, bool has_initrd, void *buffer, size_t room)
{
    if (bytes < sizeof(struct fdt_header) || fdt_check_full(given, bytes) != 0) {
        if (bytes == 0 || bytes > room)
            return 0;
        memcpy(buffer, given, bytes);
        return bytes;
    }
    if (fdt_open_into(given, buffer, (int)room) != 0 || (has_initrd && add_initrd(buffer) != 0) ||
        fdt_pack(buffer) != 0)
        return 0;
    return widen(buffer, room);
}
