/* SPDX-License-Identifier: MIT */
/*
 * What who has the physical function of an NVMe device does for its virtual ones (NVM Express Base
 * 1.4, 5.22 Virtualization Management and 5.12 Namespace Attachment).
 *
 *   nvme-give DEVICE release
 *       its queues and interrupts for others are to be others', once it is reset
 *   nvme-give DEVICE give CONTROLLER QUEUES INTERRUPTS NAMESPACE
 *       a virtual function's controller gets so many, and a namespace, and goes online
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/nvme_ioctl.h>

#define ATTACH         0x15
#define VIRTUALIZATION 0x1C
#define PRIMARY        1
#define ASSIGN         8
#define ONLINE         9
#define QUEUES         0
#define INTERRUPTS     1

static int device;

static void command(const char *what, struct nvme_admin_cmd *words)
{
    int status = ioctl(device, NVME_IOCTL_ADMIN_CMD, words);

    if (status == 0)
        return;
    if (status < 0)
        perror(what);
    else
        fprintf(stderr, "nvme-give: %s: status %x\n", what, (unsigned)status);
    exit(1);
}

static void manage(const char *what, unsigned controller, unsigned action, unsigned of, unsigned nr)
{
    command(what, &(struct nvme_admin_cmd){.opcode = VIRTUALIZATION,
                                           .cdw10 = controller << 16 | of << 8 | action,
                                           .cdw11 = nr});
}

static void attach(unsigned controller, unsigned namespace)
{
    static uint16_t controllers[2048]; /* how many, and then which */

    controllers[0] = 1;
    controllers[1] = (uint16_t)controller;
    command("attach", &(struct nvme_admin_cmd){.opcode = ATTACH,
                                               .nsid = namespace,
                                               .addr = (uintptr_t)controllers,
                                               .data_len = sizeof(controllers)});
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 0);
}

int main(int argc, char *argv[])
{
    device = argc > 1 ? open(argv[1], O_RDWR) : -1;
    if (device < 0) {
        perror("nvme-give: the device");
        return 1;
    }
    if (argc == 3 && strcmp(argv[2], "release") == 0) {
        manage("release of queues", 0, PRIMARY, QUEUES, 0);
        manage("release of interrupts", 0, PRIMARY, INTERRUPTS, 0);
    } else if (argc == 7 && strcmp(argv[2], "give") == 0) {
        manage("queues", number(argv[3]), ASSIGN, QUEUES, number(argv[4]));
        manage("interrupts", number(argv[3]), ASSIGN, INTERRUPTS, number(argv[5]));
        attach(number(argv[3]), number(argv[6]));
        manage("online", number(argv[3]), ONLINE, 0, 0);
    } else {
        fprintf(stderr, "nvme-give: it is release, or give and four numbers\n");
        return 1;
    }
    return 0;
}
