/* SPDX-License-Identifier: MIT */
/*
 * The device tree of a VM that is made: one that says what its file does, or one of its maker's
 * own. Both are flattened, as the hypervisor takes them.
 */
#ifndef STILECTL_TREE_H
#define STILECTL_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct vmfile;

/**
 * tree_make() - write the tree that a VM's file describes: a small QEMU virt
 * @file:   the VM; without a tree of its own
 * @gic_version: 2 or 3: the version of its interrupt controller
 * @buffer: where to, aligned to 8 bytes
 * @room:   how much there is
 *
 * Returns how many bytes it has, or 0: it needs more.
 */
size_t tree_make(const struct vmfile *file, unsigned gic_version, void *buffer, size_t room);

/**
 * tree_take() - have a tree of one's own say where the initrd is, and leave the hypervisor room
 * @given:      it, aligned to 8 bytes
 * @bytes:      how many are there
 * @has_initrd: the VM has one, whose place the hypervisor is to fill in
 *
 * What is no sound tree stays as it is: why that will not do, the hypervisor says.
 *
 * Returns how many bytes it has, or 0: it needs more than there is room for.
 */
size_t tree_take(const void *given, size_t bytes, bool has_initrd, void *buffer, size_t room);

#endif
