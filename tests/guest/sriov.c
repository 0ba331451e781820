/* SPDX-License-Identifier: MIT */
/*
 * An NVMe device whose virtual functions are other VMs': what who has the physical function is
 * shown, and may do with them. The last test gives the first one to its VM, for tests/guest/vf.c.
 */
#include "arm64/io.h"
#include "ktf.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "nvme_rig.h"

/* PCI Express Base 9.3.3. */
#define EXTENDED         0x100
#define ID_SRIOV         0x10u
#define CONTROL          0x08
#define CONTROL_ENABLE   1u
#define CONTROL_MEMORY   8u
#define CONTROL_ARI      0x10u
#define NUM_VFS          0x10
#define FIRST_VF         0x14
#define VF_STRIDE        0x16
#define SYSTEM_PAGE_SIZE 0x20
#define VF_BAR           0x24
#define COMMAND          0x04
#define CLASS            0x08

/* NVM Express Base 1.4, 5.22 and 5.14; and which namespaces the machine has (tests/cases.toml). */
#define VIRTUALIZATION        0x1Cu
#define ATTACH                0x15u
#define RESOURCES(what)       ((what) << 8)
#define QUEUES                0u
#define INTERRUPTS            1u
#define OF_PRIMARY            1u
#define ASSIGN                8u
#define ONLINE                9u
#define OF_CONTROLLER(number) ((number) << 16)
#define OWN_NAMESPACE         1u
#define ITS_NAMESPACE         2u

/* Where it has the VF's registers put, as it sees it. */
#define VF_AT 0x100000u

static uint64_t capability;
static uint64_t page;

static void need_device(void)
{
    uint32_t at = EXTENDED;

    if (!nvme_find())
        SKIP("no NVMe device");
    while (at != 0 && (io_read32(nvme_config() + at) & 0xFFFF) != ID_SRIOV)
        at = io_read32(nvme_config() + at) >> 20;
    if (at == 0)
        SKIP("no physical function");
    capability = nvme_config() + at;
}

static void setup(void)
{
    page = page_alloc_zeroed();
    ASSERT_TRUE(page != 0);
}

static void teardown(void)
{
    page_free(page);
}

KTF_SUITE(sriov, .suite_setup = need_device, .setup = setup, .teardown = teardown);

KTF_TEST(sriov, vf_bars_hold_what_is_written)
{
    uint32_t wanted = (uint32_t)machine.pci.window_pci + VF_AT;
    uint32_t type, size;

    type = io_read32(capability + VF_BAR) & 0xF;
    io_write32(capability + VF_BAR, UINT32_MAX);
    size = ~(io_read32(capability + VF_BAR) & ~0xFu) + 1;
    EXPECT_TRUE(size >= PAGE_SIZE && (size & (size - 1)) == 0);
    io_write32(capability + VF_BAR, wanted | (size - 1));
    EXPECT_EQ(io_read32(capability + VF_BAR), wanted | type);
    io_write32(capability + VF_BAR + 4, 0);
    EXPECT_EQ(io_read32(capability + VF_BAR + 4), 0);
}

KTF_TEST(sriov, what_would_move_them_is_not_written)
{
    io_write32(capability + SYSTEM_PAGE_SIZE, 0x10);
    EXPECT_EQ(io_read32(capability + SYSTEM_PAGE_SIZE), 1);
    io_write16(capability + CONTROL, CONTROL_ARI);
    EXPECT_EQ(io_read16(capability + CONTROL), 0);
}

/* What it has for its virtual functions it gives up when it is reset. */
static void release(void)
{
    ASSERT_TRUE(nvme_start(0));
    ASSERT_EQ(nvme_admin(VIRTUALIZATION, 0, 0, OF_PRIMARY | RESOURCES(QUEUES), 0), 0);
    ASSERT_EQ(nvme_admin(VIRTUALIZATION, 0, 0, OF_PRIMARY | RESOURCES(INTERRUPTS), 0), 0);
    nvme_stop();
    ASSERT_TRUE(nvme_reset_function());
}

/* The second one is nobody's. */
KTF_TEST(sriov, a_virtual_function_is_seen_and_not_reached)
{
    uint64_t function;

    release();
    io_write16(capability + NUM_VFS, 2);
    io_write16(capability + CONTROL, CONTROL_ENABLE | CONTROL_MEMORY);
    ASSERT_EQ(io_read16(capability + CONTROL), CONTROL_ENABLE | CONTROL_MEMORY);
    io_write16(capability + NUM_VFS, 1);
    EXPECT_EQ(io_read16(capability + NUM_VFS), 2);
    function =
        nvme_config() +
        (io_read16(capability + FIRST_VF) + io_read16(capability + VF_STRIDE)) * UINT64_C(0x1000);
    EXPECT_EQ(io_read32(function + CLASS), io_read32(nvme_config() + CLASS));
    io_write16(function + COMMAND, 6);
    EXPECT_EQ(io_read16(function + COMMAND) & 6, 0);
    EXPECT_EQ(io_read32(nvme_window() + VF_AT), UINT32_MAX);
    EXPECT_TRUE(io_read32(nvme_window()) != UINT32_MAX);
}

static void use_own(void)
{
    ASSERT_TRUE(nvme_make_queue());
    EXPECT_EQ(nvme_read(OWN_NAMESPACE, 0, page), 0);
    EXPECT_EQ(((const uint64_t *)phys_to_virt(page))[1], 0);
    EXPECT_TRUE(nvme_read(ITS_NAMESPACE, 0, page) != 0);
}

KTF_TEST(sriov, a_virtual_function_is_given)
{
    const uint32_t first = OF_CONTROLLER(1);
    uint16_t *controllers = phys_to_virt(page);

    ASSERT_TRUE(nvme_start(0));
    ASSERT_EQ(nvme_admin(VIRTUALIZATION, 0, 0, first | RESOURCES(QUEUES) | ASSIGN, 2), 0);
    ASSERT_EQ(nvme_admin(VIRTUALIZATION, 0, 0, first | RESOURCES(INTERRUPTS) | ASSIGN, 1), 0);
    controllers[0] = controllers[1] = 1;
    ASSERT_EQ(nvme_admin(ATTACH, ITS_NAMESPACE, page, 0, 0), 0);
    use_own();
    ASSERT_EQ(nvme_admin(VIRTUALIZATION, 0, 0, first | ONLINE, 0), 0);
}
