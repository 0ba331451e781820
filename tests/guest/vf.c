/* SPDX-License-Identifier: MIT */
/*
 * A virtual function of an NVMe device, once the VM that has the physical one has given it: it
 * reads its own blocks, and what is told to reach what is not its VM's does not.
 */
#include <string.h>

#include "arm64/io.h"
#include "ktf.h"
#include "lib/time.h"
#include "machine/machine.h"
#include "mm/page.h"
#include "nvme_rig.h"
#include "arch/cpu.h"
#include "support.h"
#include "threads/thread.h"

/* How long the other VM may take. */
#define GIVEN_MS 60000u

#define ITS_NAMESPACE 2u

/* As the machine counts, the hypervisor is there; or nothing. */
#define WILD 0x44000000u

#define IDENTIFY            0x06u
#define IDENTIFY_CONTROLLER 1u

#define COMMAND_BUS_MASTER 4u

static uint64_t page;

static void need_function(void)
{
    if (!machine_option("vf"))
        SKIP("no virtual function");
    ASSERT_TRUE(support_wait(nvme_find(), GIVEN_MS));
    ASSERT_TRUE(support_wait(nvme_start(0), GIVEN_MS));
    nvme_stop();
}

static void setup(void)
{
    page = page_alloc_zeroed();
    ASSERT_TRUE(page != 0);
}

static void teardown(void)
{
    nvme_stop();
    page_free(page);
}

KTF_SUITE(vf, .suite_setup = need_function, .setup = setup, .teardown = teardown);

/* The first one of its blocks: words that say where they are. */
static bool works(void)
{
    const uint64_t *words = phys_to_virt(page);

    memset(phys_to_virt(page), 0xA5, PAGE_SIZE);
    return nvme_start(0) && nvme_make_queue() && nvme_read(ITS_NAMESPACE, 0, page) == 0 &&
           words[0] == 0 && words[63] == 63 * sizeof(words[0]);
}

KTF_TEST(vf, it_is_alone_on_its_bus)
{
    for (uint32_t id = 1; id < 256; id++)
        EXPECT_EQ(io_read32(nvme_config_of(id)), UINT32_MAX);
}

KTF_TEST(vf, it_reads_its_own_blocks)
{
    EXPECT_TRUE(works());
    EXPECT_TRUE(nvme_read(1, 0, page) != 0);
}

KTF_TEST(vf, it_reaches_memory_as_bus_master_only)
{
    io_write16(nvme_config() + 4, 2);
    nvme_wait_ms = NVME_STOPPED_MS;
    EXPECT_FALSE(works());
    nvme_wait_ms = NVME_WAIT_MS;
    io_write16(nvme_config() + 4, 2 | COMMAND_BUS_MASTER);
    EXPECT_TRUE(works());
}

KTF_TEST(vf, its_registers_are_where_they_are_put)
{
    uint32_t version = io_read32(nvme_window() + 8);

    io_write32(nvme_config() + 0x10, (uint32_t)machine.pci.window_pci + 0x100000);
    EXPECT_EQ(io_read32(nvme_window() + 0x100008), version);
    io_write32(nvme_config() + 0x10, (uint32_t)machine.pci.window_pci);
    EXPECT_TRUE(works());
}

/* Its commands are to be where no memory is: they are not fetched. */
KTF_TEST(vf, wild_queues_are_refused)
{
    nvme_wait_ms = NVME_STOPPED_MS;
    if (nvme_start(WILD))
        EXPECT_EQ(nvme_admin(IDENTIFY, 0, page, IDENTIFY_CONTROLLER, 0), NVME_LATE);
    nvme_wait_ms = NVME_WAIT_MS;
    EXPECT_TRUE(works());
}

/* The commands are fetched, and what they are to read goes nowhere, whatever the device says of it.
 */
KTF_TEST(vf, wild_data_is_refused)
{
    ASSERT_TRUE(works());
    (void)nvme_read(ITS_NAMESPACE, 0, WILD);
    (void)nvme_read(ITS_NAMESPACE, 0, UINT64_C(1) << 39);
    EXPECT_TRUE(works());
}
