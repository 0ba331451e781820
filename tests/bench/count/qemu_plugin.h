/* SPDX-License-Identifier: MIT */
/*
 * What tests/bench/count uses of QEMU's interface for TCG plugins, version 1: Debian has no package
 * with QEMU's own header.
 */
#ifndef COUNT_QEMU_PLUGIN_H
#define COUNT_QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t qemu_plugin_id_t;

struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

/** What the emulated code does with a counter. */
enum qemu_plugin_op {
    QEMU_PLUGIN_INLINE_ADD_U64,
};

/** Which registers a function that is called reads or writes. */
enum qemu_plugin_cb_flags {
    QEMU_PLUGIN_CB_NO_REGS,
};

/** Is called when an instruction is executed. */
typedef void qemu_plugin_executed_t(unsigned cpu, void *context);

/** Is told each block of code that is translated, before it is executed. */
typedef void qemu_plugin_translate_t(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

/* What a plugin has. */
extern int qemu_plugin_version;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

/* What QEMU has. */
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_translate_t *translate);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t nr);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            qemu_plugin_executed_t *executed,
                                            enum qemu_plugin_cb_flags flags, void *context);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
                                                enum qemu_plugin_op op, void *counter,
                                                uint64_t addend);

#endif
