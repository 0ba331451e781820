/* SPDX-License-Identifier: MIT */
/*
 * virt/vpci.c and virt/sriov.c on a model of a physical function and its virtual ones: what their
 * owner, and who has one, may write at every offset, and what never comes of it.
 */
#include "fakes/config.h"

#include <stdlib.h>
#include <string.h>

#include "fakes/panic.h"

#include "virt/pci_space.c"
#include "virt/sriov.c"
#include "virt/vpci.c"
#include "vm/mmio_map.c"
#include "vm/refusal.c"

#include "ktf.h"

#define BRIDGE    UINT64_C(0x4010000000)
#define PHYSICAL  0x108u /* the second bus has it */
#define FIRST     2u
#define STRIDE    3u
#define NR        4u
#define ID(n)     (PHYSICAL + FIRST + (n)*STRIDE)
#define TO_BUS_1  0x20u /* a bridge */
#define CAP       0x120u
#define NR_PAGES  0x200u
#define AT_PCI    UINT64_C(0x30000000)
#define AT_PA     UINT64_C(0x5030000000)
#define BAR_BYTES 0x4000u
#define BAR2      0x1000u

#define WINDOW     UINT64_C(0x70000000)
#define WINDOW_PCI UINT64_C(0x20000000)

#define OWNER 1u
#define GUEST 2u

/* --- the model ----------------------------------------------------------------------------- */

static union {
    uint8_t bytes[PCI_FUNCTION_BYTES];
    uint32_t words[PCI_FUNCTION_BYTES / 4];
} pages[NR_PAGES];

static struct {
    bool ignores_bars; /* as while it is being reset */
    uint16_t stride;
    unsigned nr_lent;
    unsigned nr_attached;
    unsigned nr_mapped; /* pages */
    uint64_t ipa, pa;   /* of the last one */
    uint64_t mapped[64][3];
    unsigned nr_mappings;
    enum stile_error map_error;
} model;

static uint16_t get16(uint32_t id, uint32_t at)
{
    return (uint16_t)(pages[id].bytes[at] | pages[id].bytes[at + 1] << 8);
}

static void put16(uint32_t id, uint32_t at, uint32_t value)
{
    pages[id].bytes[at] = (uint8_t)value;
    pages[id].bytes[at + 1] = (uint8_t)(value >> 8);
}

static bool is_virtual(uint32_t id)
{
    return id >= ID(0) && (id - ID(0)) % STRIDE == 0 && (id - ID(0)) / STRIDE < NR;
}

static bool is_there(uint32_t id)
{
    if (is_virtual(id))
        return (get16(PHYSICAL, CAP + SRIOV_CONTROL) & SRIOV_ENABLE) &&
               (id - ID(0)) / STRIDE < get16(PHYSICAL, CAP + SRIOV_NUM_VFS);
    return id == PHYSICAL || id == PHYSICAL + 1 || id == TO_BUS_1;
}

void *window_map(pa_t page, enum window_memory memory)
{
    EXPECT_EQ(memory, WINDOW_DEVICE);
    EXPECT_TRUE(page.pa >= BRIDGE && page.pa < BRIDGE + NR_PAGES * PCI_FUNCTION_BYTES);
    return (void *)(uintptr_t)page.pa;
}

void window_unmap(void)
{
}

uint64_t fake_io_read(uintptr_t address, unsigned bytes)
{
    uint32_t id = (uint32_t)((address - BRIDGE) / PCI_FUNCTION_BYTES);
    uint64_t value = 0;

    EXPECT_EQ(address % bytes, 0);
    if (!is_there(id))
        return UINT64_MAX;
    memcpy(&value, pages[id].bytes + address % PCI_FUNCTION_BYTES, bytes);
    return value;
}

/* What a reset leaves of the function. */
static void reset_physical(void)
{
    put16(PHYSICAL, CAP + SRIOV_CONTROL, 0);
    put16(PHYSICAL, CAP + SRIOV_NUM_VFS, 0);
    pages[PHYSICAL].words[(CAP + SRIOV_PAGE_SIZE) / 4] = SRIOV_PAGE_4K;
    memset(pages[PHYSICAL].bytes + CAP + SRIOV_BARS, 0, 4 * PCI_NR_BARS);
    pages[PHYSICAL].bytes[CAP + SRIOV_BARS] = 0x4;
}

/* A BAR of 64 bits and 16 KiB, and one of 32 bits and 4 KiB. */
static void settle(void)
{
    uint32_t *bars = &pages[PHYSICAL].words[(CAP + SRIOV_BARS) / 4];

    bars[0] = (bars[0] & ~(BAR_BYTES - 1)) | 0x4;
    bars[2] = bars[2] & ~(BAR2 - 1);
    bars[3] = bars[4] = bars[5] = 0;
    put16(PHYSICAL, CAP + SRIOV_TOTAL_VFS, NR);
    put16(PHYSICAL, CAP + SRIOV_FIRST_VF, FIRST);
    put16(PHYSICAL, CAP + SRIOV_STRIDE, model.stride);
    put16(PHYSICAL, CAP + SRIOV_DEVICE_ID, 0x1234);
    pages[PHYSICAL].words[CAP / 4] = 0x10000u | PCI_EXT_SRIOV;
}

void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes)
{
    uint32_t id = (uint32_t)((address - BRIDGE) / PCI_FUNCTION_BYTES);
    uint32_t at = address % PCI_FUNCTION_BYTES;

    EXPECT_EQ(address % bytes, 0);
    if (!is_there(id) || (id == PHYSICAL && model.ignores_bars && at - CAP - SRIOV_BARS < 24))
        return;
    /* PCI Express Base 9.3.3: what is not to be written while they are enabled. */
    if (id == PHYSICAL && at - CAP < SRIOV_BYTES && at != CAP + SRIOV_CONTROL)
        EXPECT_FALSE(get16(PHYSICAL, CAP + SRIOV_CONTROL) & SRIOV_ENABLE);
    memcpy(pages[id].bytes + at, &value, bytes);
    settle();
}

bool smmu_lend(uint32_t stream)
{
    EXPECT_TRUE(is_virtual(stream - 0x1000));
    model.nr_lent++;
    return true;
}

void smmu_attach_stream(uint32_t vm_id, uint32_t stream, void *context, pa_t root)
{
    (void)root;
    EXPECT_EQ(vm_id, GUEST);
    EXPECT_EQ(stream, 0x1000u + ID(1 + model.nr_attached));
    EXPECT_TRUE(context == &model);
    model.nr_attached++;
}

pa_t stage2_dma_root(const struct stage2 *stage2)
{
    (void)stage2;
    return pa_make(0);
}

/* Nothing but what is to be mapped, where there is nothing yet. */
enum stile_error stage2_map(struct stage2 *stage2, ipa_t ipa, pa_t pa, uint64_t bytes,
                            uint32_t attrs)
{
    (void)stage2;
    EXPECT_EQ(attrs, STAGE2_DEVICE | STAGE2_READ | STAGE2_WRITE);
    EXPECT_TRUE(is_aligned(ipa.ipa | pa.pa | bytes, PAGE_SIZE));
    EXPECT_TRUE(ipa.ipa >= WINDOW && ipa.ipa + bytes <= WINDOW + 0x100000);
    if (bytes == BAR_BYTES)
        EXPECT_TRUE(pa.pa == AT_PA + 1 * BAR_BYTES || pa.pa == AT_PA + 2 * BAR_BYTES);
    else
        EXPECT_TRUE(bytes == BAR2 && (pa.pa == AT_PA + NR * BAR_BYTES + 1 * BAR2 ||
                                      pa.pa == AT_PA + NR * BAR_BYTES + 2 * BAR2));
    for (unsigned i = 0; i < model.nr_mappings; i++)
        if (model.mapped[i][0] < ipa.ipa + bytes &&
            ipa.ipa < model.mapped[i][0] + model.mapped[i][2])
            return STILE_ALREADY_MAPPED;
    if (model.map_error != STILE_SUCCESS)
        return model.map_error;
    model.mapped[model.nr_mappings][0] = ipa.ipa;
    model.mapped[model.nr_mappings][1] = pa.pa;
    model.mapped[model.nr_mappings++][2] = bytes;
    return STILE_SUCCESS;
}

enum stile_error stage2_unmap(struct stage2 *stage2, ipa_t ipa, uint64_t bytes)
{
    (void)stage2;
    for (unsigned i = 0; i < model.nr_mappings; i++)
        if (model.mapped[i][0] == ipa.ipa) {
            EXPECT_EQ(model.mapped[i][2], bytes);
            memmove(model.mapped[i], model.mapped[i + 1],
                    (--model.nr_mappings - i) * sizeof(model.mapped[0]));
            return STILE_SUCCESS;
        }
    EXPECT_TRUE(false); /* it is not mapped */
    return STILE_NOT_MAPPED;
}

/* Where in the VM a physical address is; 0: nowhere. */
static uint64_t seen_at(uint64_t pa)
{
    for (unsigned i = 0; i < model.nr_mappings; i++)
        if (model.mapped[i][1] == pa)
            return model.mapped[i][0];
    return 0;
}

/* --- the VMs ------------------------------------------------------------------------------- */

static struct vm owner, guest;
static struct vcpu owner_vcpu = {.vm = &owner}, guest_vcpu = {.vm = &guest};

/* Of a virtual function: MSI-X, then Express, then MSI of 64 bits with masks, then the vendor's. */
static void fill_virtual(uint32_t id)
{
    static const uint8_t capabilities[] = {PCI_CAP_MSIX, 0x50, 3, 0};

    for (uint32_t at = 0; at < PCI_FUNCTION_BYTES; at += 4)
        pages[id].words[at / 4] = 0x51000000u | id << 12 | at;
    memset(pages[id].bytes, 0xFF, 4);
    put16(id, PCI_COMMAND, 0);
    pages[id].bytes[PCI_CAPABILITIES] = 0x40;
    memcpy(pages[id].bytes + 0x40, capabilities, sizeof(capabilities));
    pages[id].words[0x50 / 4] = PCI_CAP_EXPRESS | 0x8000;
    pages[id].words[0x80 / 4] = PCI_CAP_MSI | 0xA000 | 0x01800000;
    pages[id].words[0xA0 / 4] = 0x09;
}

static void fill(void)
{
    for (uint32_t id = 0; id < NR_PAGES; id++)
        for (uint32_t at = 0; at < PCI_FUNCTION_BYTES; at += 4)
            pages[id].words[at / 4] = id << 12 | at;
    memset(&model, 0, sizeof(model));
    model.stride = STRIDE;
    memset(&pages[PHYSICAL].bytes[CAP], 0, SRIOV_BYTES);
    pages[PHYSICAL].words[0] = 0x00101B36;
    pages[PHYSICAL].words[PCI_EXT_FIRST / 4] = 0x000E | 0x10000u | CAP << 20;
    pages[TO_BUS_1].bytes[PCI_HEADER_TYPE] = 0x81;
    pages[PHYSICAL + 1].bytes[PCI_HEADER_TYPE] = 0;
    reset_physical();
    settle();
    for (uint32_t i = 0; i < NR; i++)
        fill_virtual(ID(i));
}

static void setup(void)
{
    static struct pcpu self;

    fake_sysreg_write("tpidr_el2", (uint64_t)(uintptr_t)&self);
    fill();
    nr_taken = 0;
    memset(taken, 0, sizeof(taken));
    owner = (struct vm){.id = OWNER};
    owner.config = (struct vm_config){
        .nr_devices = 1,
        .devices = {{.name = "pcie@1"}},
        .first_stream = 0x1000,
        .nr_streams = 0x200,
        .nr_device_ranges = 2,
        .device_ranges = {{.at = {ipa_make(0x60000000), 0x200000},
                           .pa = pa_make(BRIDGE),
                           .is_config = true},
                          {.at = {ipa_make(0x10000000), 0x1000000}, .pa = pa_make(0x5010000000)}},
        .nr_physical = 1,
        .physical = {{PHYSICAL, AT_PCI, pa_make(AT_PA), 0x100000}}};
    guest = (struct vm){.id = GUEST};
    guest.config = (struct vm_config){.nr_devices = 1,
                                      .devices = {{.name = "pcie@1"}},
                                      .first_stream = 0x1000,
                                      .virtuals = {.nr = 2,
                                                   .ids = {ID(1), ID(2)},
                                                   .machine = pa_make(BRIDGE),
                                                   .config = {ipa_make(0x60000000), 0x100000},
                                                   .window = {ipa_make(WINDOW), 0x100000},
                                                   .window_pci = WINDOW_PCI}};
}

KTF_SUITE(sriov, .setup = setup);

static uint32_t owner_reads(uint32_t id, uint32_t at, uint32_t bytes)
{
    uint64_t value = owner_ops.read(&owner_vcpu, id * 0x1000 + at, bytes);

    return (uint32_t)(bytes >= 4 ? value : value & ((1u << 8 * bytes) - 1));
}

static void owner_writes(uint32_t id, uint32_t at, uint32_t bytes, uint64_t value)
{
    owner_ops.write(&owner_vcpu, id * 0x1000 + at, bytes, value);
}

static uint32_t guest_reads(uint32_t device, uint32_t at, uint32_t bytes)
{
    uint64_t value = virtual_ops.read(&guest_vcpu, device * 0x8000 + at, bytes);

    return (uint32_t)(bytes >= 4 ? value : value & ((1u << 8 * bytes) - 1));
}

static void guest_writes(uint32_t device, uint32_t at, uint32_t bytes, uint64_t value)
{
    virtual_ops.write(&guest_vcpu, device * 0x8000 + at, bytes, value);
}

static void begin(void)
{
    ASSERT_STREQ(sriov_check(&owner.config), NULL);
    ASSERT_STREQ(vpci_init(&owner), NULL);
    ASSERT_STREQ(sriov_check(&guest.config), NULL);
    ASSERT_STREQ(vpci_init(&guest), NULL);
}

static void enable(uint32_t nr)
{
    owner_writes(PHYSICAL, CAP + SRIOV_NUM_VFS, 2, nr);
    owner_writes(PHYSICAL, CAP + SRIOV_CONTROL, 2, SRIOV_ENABLE | SRIOV_MEMORY_ENABLE);
}

static bool are_enabled(void)
{
    return get16(PHYSICAL, CAP + SRIOV_CONTROL) & SRIOV_ENABLE;
}

/* If they are enabled, they are where they were put. */
static void expect_placed(void)
{
    const uint32_t *bars = &pages[PHYSICAL].words[(CAP + SRIOV_BARS) / 4];

    if (!are_enabled())
        return;
    EXPECT_EQ(bars[0], AT_PCI | 4);
    EXPECT_EQ(bars[1], 0);
    EXPECT_EQ(bars[2], AT_PCI + NR * BAR_BYTES);
    EXPECT_EQ(pages[PHYSICAL].words[(CAP + SRIOV_PAGE_SIZE) / 4], 1);
    EXPECT_TRUE(get16(PHYSICAL, CAP + SRIOV_NUM_VFS) <= NR);
    EXPECT_EQ(get16(PHYSICAL, CAP + SRIOV_CONTROL) & ~9, 0);
}

/* --- taking -------------------------------------------------------------------------------- */

KTF_TEST(sriov, all_of_them_are_taken)
{
    struct sriov_virtual found;

    put16(PHYSICAL, CAP + SRIOV_CONTROL, SRIOV_ENABLE); /* firmware's */
    begin();
    EXPECT_FALSE(are_enabled());
    EXPECT_EQ(model.nr_lent, NR);
    for (uint32_t id = 0; id < NR_PAGES; id++)
        EXPECT_EQ(sriov_find(pa_make(BRIDGE), id, &found), is_virtual(id));
    EXPECT_FALSE(sriov_find(pa_make(BRIDGE + 1), ID(0), &found));
    vpci_attach(&guest, &model);
    EXPECT_EQ(model.nr_attached, 2);
}

KTF_TEST(sriov, the_same_is_taken_again)
{
    begin();
    EXPECT_STREQ(sriov_check(&owner.config), NULL);
    EXPECT_STREQ(sriov_take(&owner.config), NULL);
    EXPECT_EQ(nr_taken, 1);
    owner.config.physical[0].pci += 0x1000;
    EXPECT_STREQ(sriov_check(&owner.config),
                 "vm.dtb: the machine's pcie@1 is given with 108 of stile,physical-functions at "
                 "30000000, as before, or not at all");
    owner.config.nr_physical = 0;
    EXPECT_TRUE(sriov_check(&owner.config) != NULL);
    owner.config.device_ranges[0].pa = pa_make(BRIDGE + 0x10000000);
    EXPECT_STREQ(sriov_check(&owner.config), NULL);
}

KTF_TEST(sriov, what_nobody_has_left_is_not_given)
{
    EXPECT_STREQ(sriov_check(&guest.config),
                 "vm.dtb: no VM has left virtual function 10d of the machine's pcie@1 to others: "
                 "by stile,physical-functions, and before");
    ASSERT_STREQ(vpci_init(&owner), NULL);
    guest.config.virtuals.ids[1] = ID(1) + 1;
    EXPECT_TRUE(sriov_check(&guest.config) != NULL);
    guest.config.virtuals.ids[1] = ID(NR);
    EXPECT_TRUE(sriov_check(&guest.config) != NULL);
}

static void nothing_there(void)
{
    owner.config.physical[0].id = 0x123;
}

static void no_capability(void)
{
    pages[PHYSICAL].words[PCI_EXT_FIRST / 4] = 0x000E | 0x10000u;
}

static void resizable(void)
{
    pages[PHYSICAL].words[PCI_EXT_FIRST / 4] = PCI_EXT_VF_RESIZABLE_BAR | 0x10000u | CAP << 20;
}

static void another_bus(void)
{
    model.stride = 0x60;
    settle();
}

static void no_room(void)
{
    owner.config.physical[0].bytes = NR * (BAR_BYTES + BAR2) - 1;
}

static void in_a_window(void)
{
    owner.config.device_ranges[1].pa = pa_make(AT_PA + NR * (BAR_BYTES + BAR2) - 0x1000);
}

static void above_4_gib(void)
{
    owner.config.physical[0].pci = UINT64_C(0x100000000);
}

static void other_than_it_was(void)
{
    ASSERT_STREQ(sriov_take(&owner.config), NULL);
    model.stride = STRIDE + 1;
    settle();
}

static const struct fault {
    const char *name;
    void (*make)(void);
    const char *text;
} faults[] = {
    {"no function", nothing_there, "123 of the machine's pcie@1 is no physical function"},
    {"no capability", no_capability, "108 of the machine's pcie@1 is no physical function"},
    {"BARs that can be resized", resizable,
     "108 of the machine's pcie@1 has VF BARs that can be resized"},
    {"another bus", another_bus,
     "108 of the machine's pcie@1 has virtual functions on other buses, or none"},
    {"no room", no_room,
     "108 of the machine's pcie@1 has VF BARs that are no memory of 4 KiB to 2 MiB, or have no "
     "room"},
    {"32 bits above 4 GiB", above_4_gib,
     "108 of the machine's pcie@1 has VF BARs that are no memory of 4 KiB to 2 MiB, or have no "
     "room"},
    {"a window", in_a_window,
     "108 of the machine's pcie@1 would have its VF BARs where something else is"},
    {"another stride", other_than_it_was, "108 of the machine's pcie@1 is not what it was"},
};

static void name_fault(const struct fault *fault, char *text, size_t size)
{
    snprintf(text, size, "%s", fault->name);
}

KTF_TEST_EACH(sriov, what_cannot_be_is_refused, struct fault, faults, name_fault)
{
    char text[200];

    param->make();
    snprintf(text, sizeof(text), "vm.dtb: of stile,physical-functions, %s", param->text);
    EXPECT_STREQ(sriov_take(&owner.config), text);
}

/* --- the owner ----------------------------------------------------------------------------- */

KTF_TEST(sriov, the_owner_sizes_vf_bars_and_places_nothing)
{
    begin();
    owner_writes(PHYSICAL, CAP + SRIOV_BARS, 4, UINT32_MAX);
    owner_writes(PHYSICAL, CAP + SRIOV_BARS + 4, 4, UINT32_MAX);
    owner_writes(PHYSICAL, CAP + SRIOV_BARS + 8, 8, UINT64_MAX);
    EXPECT_EQ(owner_reads(PHYSICAL, CAP + SRIOV_BARS, 4), ~(BAR_BYTES - 1) | 4);
    EXPECT_EQ(owner_reads(PHYSICAL, CAP + SRIOV_BARS + 4, 4), UINT32_MAX);
    EXPECT_EQ(owner_reads(PHYSICAL, CAP + SRIOV_BARS + 8, 4), ~(BAR2 - 1));
    EXPECT_EQ(owner_reads(PHYSICAL, CAP + SRIOV_BARS + 12, 4), 0);
    owner_writes(PHYSICAL, CAP + SRIOV_BARS + 1, 1, 0x67);
    EXPECT_EQ(owner_reads(PHYSICAL, CAP + SRIOV_BARS, 4), 0xFFFF4004);
    enable(3);
    EXPECT_TRUE(are_enabled());
    expect_placed();
    EXPECT_EQ(owner_reads(PHYSICAL, CAP + SRIOV_BARS, 4), 0xFFFF4004);
}

KTF_TEST(sriov, a_reset_is_made_good_when_they_are_enabled)
{
    begin();
    enable(2);
    reset_physical();
    EXPECT_FALSE(are_enabled());
    enable(4);
    EXPECT_TRUE(are_enabled());
    expect_placed();
    /* One at the same time. */
    reset_physical();
    model.ignores_bars = true;
    enable(4);
    EXPECT_FALSE(are_enabled());
}

KTF_TEST(sriov, ids_that_were_not_taken_are_not_enabled)
{
    begin();
    enable(NR + 1);
    EXPECT_FALSE(are_enabled());
    model.stride = STRIDE + 1;
    settle();
    enable(NR);
    EXPECT_FALSE(are_enabled());
    enable(1);
    EXPECT_TRUE(are_enabled());
}

/* Whatever is written: other functions are the owner's to write, virtual ones are not. */
static void write_as_owner(uint32_t id, uint32_t at, uint32_t bytes, uint64_t value)
{
    static uint8_t before[PCI_FUNCTION_BYTES];
    uint8_t expected[PCI_FUNCTION_BYTES];
    bool is_own =
        !is_virtual(id) && (id != PHYSICAL || at + bytes <= CAP || at >= CAP + SRIOV_BYTES);

    memcpy(before, pages[id].bytes, sizeof(before));
    memcpy(expected, before, sizeof(expected));
    if (is_own && is_there(id))
        memcpy(expected + at, &value, bytes);
    owner_writes(id, at, bytes, value);
    if (id == TO_BUS_1)
        EXPECT_TRUE(memcmp(before + PCI_BUS_NUMBERS, pages[id].bytes + PCI_BUS_NUMBERS, 4) == 0);
    else if (id != PHYSICAL || is_own)
        EXPECT_TRUE(memcmp(expected, pages[id].bytes, sizeof(expected)) == 0);
    expect_placed();
}

KTF_TEST(sriov, whatever_the_owner_writes)
{
    static const uint64_t values[] = {0, UINT64_MAX, 0x0019001900190019, 0xA5A5A5A5A5A5A5A5};
    static const uint32_t ids[] = {PHYSICAL, PHYSICAL + 1, PHYSICAL + 3, ID(0), ID(1), ID(3)};

    begin();
    enable(NR);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        for (uint32_t bytes = 1; bytes <= 8; bytes *= 2)
            for (uint32_t at = 0; at < PCI_FUNCTION_BYTES; at += bytes)
                for (size_t j = 0; j < sizeof(values) / sizeof(values[0]); j++)
                    write_as_owner(ids[i], at, bytes,
                                   bytes == 8 ? values[j]
                                              : values[j] & ((UINT64_C(1) << 8 * bytes) - 1));
}

/* But for the type of its header, which is not to be written. */
KTF_TEST(sriov, buses_keep_their_numbers)
{
    begin();
    for (uint32_t bytes = 1; bytes <= 8; bytes *= 2)
        for (uint32_t at = 0x10; at < 0x40; at += bytes)
            write_as_owner(TO_BUS_1, at, bytes, UINT64_MAX >> (64 - 8 * bytes));
    EXPECT_EQ(pages[TO_BUS_1].words[0x1C / 4], UINT32_MAX);
    write_as_owner(PHYSICAL + 1, PCI_BUS_NUMBERS, 4, UINT32_MAX);
    EXPECT_EQ(pages[PHYSICAL + 1].words[PCI_BUS_NUMBERS / 4], UINT32_MAX);
}

/* In any order, 10^6 of them. */
KTF_TEST(sriov, whatever_the_owner_writes_to_the_capability)
{
    unsigned nr_enabled = 0;

    begin();
    srand(1);
    for (unsigned i = 0; i < 1000000; i++) {
        uint32_t bytes = 1u << rand() % 4;
        uint32_t at = CAP + (uint32_t)rand() % (SRIOV_BYTES / bytes) * bytes;
        uint64_t value = (uint64_t)rand() << 32 | (uint64_t)rand();

        if (rand() % 8 == 0)
            reset_physical();
        if (rand() % 2)
            value &= 0x000F000F000F000F;
        owner_writes(PHYSICAL, at, bytes,
                     bytes == 8 ? value : value & ((UINT64_C(1) << 8 * bytes) - 1));
        expect_placed();
        nr_enabled += are_enabled();
    }
    EXPECT_TRUE(nr_enabled > 10000);
}

/* --- who has some -------------------------------------------------------------------------- */

KTF_TEST(sriov, one_that_is_not_enabled_is_not_there)
{
    begin();
    EXPECT_EQ(guest_reads(0, PCI_VENDOR_ID, 4), UINT32_MAX);
    guest_writes(0, PCI_COMMAND, 2, 6);
    EXPECT_EQ(model.nr_mappings, 0);
    enable(2);
    EXPECT_EQ(guest_reads(0, PCI_VENDOR_ID, 4), 0x12341B36);
    EXPECT_EQ(guest_reads(0, PCI_VENDOR_ID, 2), 0x1B36);
    EXPECT_EQ(guest_reads(0, 2, 2), 0x1234);
    EXPECT_EQ(guest_reads(1, PCI_VENDOR_ID, 4), UINT32_MAX); /* the third */
    owner_writes(PHYSICAL, CAP + SRIOV_CONTROL, 2, 0);
    EXPECT_EQ(guest_reads(0, PCI_VENDOR_ID, 4), UINT32_MAX);
}

KTF_TEST(sriov, there_is_nothing_else)
{
    begin();
    enable(NR);
    for (uint32_t function = 0; function < 256; function++)
        for (uint32_t at = 0; at < PCI_FUNCTION_BYTES; at += 4) {
            uint32_t value = (uint32_t)virtual_ops.read(&guest_vcpu, function * 0x1000 + at, 4);

            if (function != 0 && function != 8)
                ASSERT_EQ(value, UINT32_MAX);
            else if (at >= 8 && (at < PCI_BARS || at >= PCI_CAP_FIRST))
                ASSERT_EQ(value, pages[ID(1 + function / 8)].words[at / 4]);
        }
}

KTF_TEST(sriov, bars_are_mapped_where_they_are_put)
{
    begin();
    enable(NR);
    guest_writes(0, PCI_BARS, 4, UINT32_MAX);
    EXPECT_EQ(guest_reads(0, PCI_BARS, 4), ~(BAR_BYTES - 1) | 4);
    guest_writes(0, PCI_BARS, 8, WINDOW_PCI + 0x8000);
    guest_writes(0, PCI_BARS + 8, 4, WINDOW_PCI);
    EXPECT_EQ(model.nr_mappings, 0);
    guest_writes(0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    EXPECT_EQ(guest_reads(0, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
    EXPECT_EQ(seen_at(AT_PA + BAR_BYTES), WINDOW + 0x8000);
    EXPECT_EQ(seen_at(AT_PA + NR * BAR_BYTES + BAR2), WINDOW);
    guest_writes(0, PCI_BARS, 4, WINDOW_PCI + 0x4000);
    EXPECT_EQ(seen_at(AT_PA + BAR_BYTES), WINDOW + 0x4000);
    guest_writes(0, PCI_BARS + 4, 4, 1); /* above 4 GiB there is no window */
    EXPECT_EQ(seen_at(AT_PA + BAR_BYTES), 0);
    guest_writes(0, PCI_BARS + 4, 4, 0);
    guest_writes(0, PCI_BARS + 8, 4, WINDOW_PCI + 0x5000); /* where the other one is */
    EXPECT_EQ(seen_at(AT_PA + NR * BAR_BYTES + BAR2), 0);
    guest_writes(0, PCI_COMMAND, 2, 0);
    EXPECT_EQ(model.nr_mappings, 0);
    model.map_error = STILE_NO_MEMORY;
    guest_writes(0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    guest_writes(0, PCI_COMMAND, 2, 0);
    EXPECT_EQ(model.nr_mappings, 0);
}

KTF_TEST(sriov, a_function_can_be_reset)
{
    begin();
    enable(NR);
    guest_writes(0, PCI_BARS, 4, WINDOW_PCI);
    guest_writes(0, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    EXPECT_TRUE(model.nr_mappings > 0);
    guest_writes(0, 0x58, 2, 0x7FFF);
    EXPECT_EQ(get16(ID(1), 0x58), (0x51000000u | ID(1) << 12 | 0x58) & 0xFFFF);
    guest_writes(0, 0x58, 2, 0xFFFF);
    EXPECT_EQ(get16(ID(1), 0x58), 0x8000);
    EXPECT_EQ(model.nr_mappings, 0);
    EXPECT_EQ(guest_reads(0, PCI_BARS, 4), 4);
}

KTF_TEST(sriov, masters_are_quieted)
{
    begin();
    EXPECT_EQ(vpci_quiet(&guest), 0);
    enable(NR);
    guest_writes(0, PCI_COMMAND, 2, PCI_COMMAND_BUS_MASTER | PCI_COMMAND_MEMORY);
    put16(ID(3), PCI_COMMAND, PCI_COMMAND_BUS_MASTER); /* another VM's */
    EXPECT_EQ(vpci_quiet(&guest), 1);
    EXPECT_EQ(get16(ID(1), PCI_COMMAND), PCI_COMMAND_MEMORY);
    EXPECT_EQ(get16(ID(3), PCI_COMMAND), PCI_COMMAND_BUS_MASTER);
    EXPECT_EQ(vpci_quiet(&owner), 0);
}

/* Whether a byte of its configuration space may be other than before. */
static bool may_change(uint32_t at)
{
    return at == PCI_COMMAND || at == 0x42 || at == 0x43 ||
           (at >= 0x82 && at < 0x80 + 10 + 4 + 10) || at == 0x58 || at == 0x59;
}

static void write_as_guest(uint32_t offset, uint32_t bytes, uint64_t value)
{
    static uint8_t before[sizeof(pages)];

    memcpy(before, pages, sizeof(before));
    virtual_ops.write(&guest_vcpu, offset, bytes, value);
    for (uint32_t id = 0; id < NR_PAGES; id++) {
        bool is_its = (id == ID(1) && offset < 0x1000) ||
                      (id == ID(2) && offset >= 0x8000 && offset < 0x9000);

        if (memcmp(before + id * 0x1000, pages[id].bytes, 0x1000) == 0)
            continue;
        EXPECT_TRUE(is_its);
        for (uint32_t at = 0; at < 0x1000; at++)
            EXPECT_TRUE(before[id * 0x1000 + at] == pages[id].bytes[at] || may_change(at));
        EXPECT_EQ(get16(id, PCI_COMMAND) & ~6, 0);
    }
}

KTF_TEST(sriov, whatever_its_vm_writes)
{
    static const uint64_t values[] = {UINT64_MAX, 0x7FFF0006A5A50006};

    begin();
    enable(NR);
    for (uint32_t bytes = 1; bytes <= 8; bytes *= 2)
        for (uint32_t at = 0; at < 0x1000; at += bytes)
            for (size_t j = 0; j < 2; j++) {
                uint64_t value =
                    bytes == 8 ? values[j] : values[j] & ((UINT64_C(1) << 8 * bytes) - 1);

                /* Of those behind the header few are told apart. */
                if (at < 0x140 || at % 0x100 == 0)
                    for (uint32_t function = 0; function < 9; function++)
                        write_as_guest(function * 0x1000 + at, bytes, value);
            }
}

/* stage2_map() of the model looks at what is mapped. */
KTF_TEST(sriov, whatever_its_vm_writes_to_bars)
{
    unsigned nr_mapped = 0;

    begin();
    enable(NR);
    srand(2);
    for (unsigned i = 0; i < 1000000; i++) {
        uint32_t bytes = 1u << rand() % 4;
        uint32_t at = (uint32_t)rand() % ((PCI_BARS + 24) / bytes) * bytes;
        uint64_t value = rand() % 2 ? (uint64_t)rand() << 33 | (uint64_t)rand()
                                    : WINDOW_PCI + (uint64_t)(rand() % 0x102) * 0x1000;

        if (rand() % 4 == 0)
            at = PCI_COMMAND + at % (bytes > 2 ? 1 : 2), value = (uint64_t)rand() & 7, bytes = 1;
        if (rand() % 64 == 0)
            enable(i % 128 == 0 ? NR : 2);
        guest_writes((uint32_t)rand() % 2, at, bytes,
                     bytes == 8 ? value : value & ((UINT64_C(1) << 8 * bytes) - 1));
        nr_mapped += model.nr_mappings > 0;
    }
    EXPECT_TRUE(nr_mapped > 10000);
}
