/* SPDX-License-Identifier: MIT */
/*
 * An NVMe controller (NVM Express Base 1.4) behind the PCI host bridge, for tests: no interrupts,
 * and one command at a time. It may come by and by, as virtual functions do.
 */
#ifndef GUEST_NVME_RIG_H
#define GUEST_NVME_RIG_H

#include <stdbool.h>
#include <stdint.h>

/** What a command ended with: its status field, 0 if it was carried out; or that it did not. */
#define NVME_LATE UINT32_MAX

/** How long that is waited for: on a loaded host, or if it is not to be. */
#define NVME_WAIT_MS    60000u
#define NVME_STOPPED_MS 2000u
extern uint32_t nvme_wait_ms;

/** nvme_map() - map what is needed of the bridge, if there is one; before the first suite */
void nvme_map(void);

/** nvme_find() - find the controller, put its registers into the window, make it a bus master */
bool nvme_find(void);

/** nvme_config() - where its configuration space is, and, as the next, that of all functions */
uint64_t nvme_config(void);
uint64_t nvme_config_of(uint32_t id);

/** nvme_window() - the window's first 2 MiB, of which the controller has the first 64 KiB */
uint64_t nvme_window(void);

/** nvme_reset_function() - reset the function, and find it again */
bool nvme_reset_function(void);

/**
 * nvme_start() - enable the controller
 * @admin: where its admin queues are to be; 0: in the rig's memory
 *
 * Returns whether it says that it is ready.
 */
bool nvme_start(uint64_t admin);

/** nvme_stop() - disable it */
void nvme_stop(void);

/** nvme_admin() - have an admin command carried out; @pa: of the page that it is about, or 0 */
uint32_t nvme_admin(uint32_t opcode, uint32_t nsid, uint64_t pa, uint32_t word10, uint32_t word11);

/** nvme_make_queue() - make queue 1; returns whether it can be used */
bool nvme_make_queue(void);

/** nvme_read() - read a block of 512 bytes by that queue */
uint32_t nvme_read(uint32_t nsid, uint64_t block, uint64_t pa);

#endif
