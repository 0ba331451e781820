/* SPDX-License-Identifier: MIT */
/*
 * life/pci.c on a bus whose functions the test makes up.
 */
#include <string.h>

#include "life/pci.c"

#include "vm/vm_config.h"

#include "ktf.h"

#define BUS                 UINT64_C(0x4010300000)
#define NR_FUNCTIONS_OF_BUS (NR_DEVICES * NR_FUNCTIONS)

/* What a function has; all 0: it is not there. */
static struct {
    uint16_t vendor;
    uint16_t command;
    uint8_t header_type;
    uint16_t sriov; /* where its capability is, behind another one; 0: nowhere */
    uint16_t control;
    unsigned nr_writes;
} functions[NR_FUNCTIONS_OF_BUS];

static unsigned mapped; /* index + 1 */
static unsigned nr_maps;

void *window_map(pa_t page, enum window_memory memory)
{
    EXPECT_EQ(memory, WINDOW_DEVICE);
    EXPECT_EQ(mapped, 0);
    EXPECT_TRUE(page.pa >= BUS && page.pa < BUS + PCI_BUS_BYTES);
    mapped = (unsigned)((page.pa - BUS) / PCI_FUNCTION_BYTES) + 1;
    nr_maps++;
    return (void *)(uintptr_t)page.pa;
}

void window_unmap(void)
{
    EXPECT_TRUE(mapped != 0);
    mapped = 0;
}

/* Two capabilities: another one, then SR-IOV's. */
static uint64_t read_extended(unsigned index, uint32_t at, unsigned bytes)
{
    uint32_t sriov = functions[index].sriov;

    if (sriov != 0 && at == sriov + SRIOV_CONTROL) {
        EXPECT_EQ(bytes, 2);
        return functions[index].control;
    }
    if (sriov != 0 && at == sriov + SRIOV_NUM_VFS) {
        EXPECT_EQ(bytes, 2);
        return 3;
    }
    EXPECT_EQ(bytes, 4);
    if (at == PCI_EXT_FIRST)
        return 0x10000u | 0x000E | sriov << 20;
    EXPECT_EQ(at, sriov);
    return 0x10000u | PCI_EXT_SRIOV;
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    unsigned index = mapped - 1;

    EXPECT_EQ((address - BUS) / PCI_FUNCTION_BYTES, index);
    if (address % PCI_FUNCTION_BYTES >= PCI_EXT_FIRST)
        return read_extended(index, address % PCI_FUNCTION_BYTES, bytes);
    switch (address % PCI_FUNCTION_BYTES) {
    case PCI_VENDOR_ID:
        EXPECT_EQ(bytes, 2);
        return functions[index].vendor ? functions[index].vendor : 0xFFFF;
    case PCI_COMMAND:
        EXPECT_EQ(bytes, 2);
        return functions[index].command;
    default:
        EXPECT_EQ(address % PCI_FUNCTION_BYTES, PCI_HEADER_TYPE);
        EXPECT_EQ(bytes, 1);
        return functions[index].header_type;
    }
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    unsigned index = mapped - 1;
    uint32_t sriov = functions[index].sriov;

    EXPECT_EQ(bytes, 2);
    if (sriov != 0 && address % PCI_FUNCTION_BYTES == sriov + SRIOV_CONTROL) {
        functions[index].control = (uint16_t)value;
        return;
    }
    EXPECT_EQ(address % PCI_FUNCTION_BYTES, PCI_COMMAND);
    functions[index].command = (uint16_t)value;
    functions[index].nr_writes++;
}

static void setup(void)
{
    memset(functions, 0, sizeof(functions));
    nr_maps = 0;
}

KTF_SUITE(pci, .setup = setup);

KTF_TEST(pci, an_empty_bus_is_quiet)
{
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), 0);
    EXPECT_EQ(nr_maps, NR_DEVICES);
}

KTF_TEST(pci, masters_are_told_and_others_left_alone)
{
    functions[0].vendor = functions[8 * 31].vendor = functions[8 * 5].vendor = 0x1AF4;
    functions[0].command = 0x0506;
    functions[8 * 5].command = 0x0002;
    functions[8 * 31].command = 0xFFFF;
    functions[8 * 5 + 1].vendor =
        0x1AF4; /* not there: its first function has no others beside it */
    functions[8 * 5 + 1].command = 4;
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), 2);
    EXPECT_EQ(functions[0].command, 0x0502);
    EXPECT_EQ(functions[8 * 5].nr_writes, 0);
    EXPECT_EQ(functions[8 * 31].command, 0xFFFB);
    EXPECT_EQ(functions[8 * 5 + 1].nr_writes, 0);
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), 0);
}

/* Of which some may be missing. */
KTF_TEST(pci, all_functions_of_a_device_are_told)
{
    for (unsigned i = 0; i < NR_FUNCTIONS; i++) {
        functions[8 * 3 + i].vendor = i == 4 ? 0 : 0x1B36;
        functions[8 * 3 + i].command = PCI_COMMAND_BUS_MASTER;
    }
    functions[8 * 3].header_type = PCI_HEADER_MULTI_FUNCTION;
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), NR_FUNCTIONS - 1);
    EXPECT_EQ(nr_maps, NR_DEVICES + NR_FUNCTIONS - 1);
    EXPECT_EQ(functions[8 * 3 + 7].command, 0);
    EXPECT_EQ(functions[8 * 3 + 4].nr_writes, 0);
}

/* Their configuration space need not be looked for. */
KTF_TEST(pci, virtual_functions_are_disabled)
{
    functions[8].vendor = functions[16].vendor = 0x1B36;
    functions[8].sriov = functions[16].sriov = 0x120;
    functions[8].control = 0x19;
    functions[8].command = 6;
    functions[16].control = 0x18;
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), 4);
    EXPECT_EQ(functions[8].control, 0x10);
    EXPECT_EQ(functions[8].command, 2);
    EXPECT_EQ(functions[16].control, 0x18);
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), 0);
}

/* A list of capabilities that goes round ends. */
KTF_TEST(pci, a_broken_list_ends)
{
    functions[8].vendor = 0x1B36;
    functions[8].sriov = 0x100; /* the first one, and the next, is this other one */
    EXPECT_EQ(pci_quiet_bus(pa_make(BUS)), 0);
}
