/* SPDX-License-Identifier: MIT */
/*
 * The shell's commands for what another VM serves: disks and networks.
 */
#ifndef SHELL_IO_H
#define SHELL_IO_H

/** io_disk() - VM [NUMBER [SECTOR [TEXT]]]: which devices there are, the size of a disk, the text
 * in a sector, or write it */
void io_disk(const char *argument);

/** io_net() - VM NUMBER OWN OTHER: ask, as the IPv4 address OWN, who has OTHER (RFC 826) */
void io_net(const char *argument);

#endif
