/* SPDX-License-Identifier: MIT */
/*
 * A plugin for QEMU that counts executed instructions: the hypervisor's, and all others.
 *
 *     -plugin FOLDER/count.so,counters=PATH,el2=FIRST-LAST
 *
 * The hypervisor's are those at the virtual addresses of its code, which no guest's code has; the
 * few before it turns its MMU on are not among them. A guest marks a place in its instructions by
 * one that does nothing, "hint #112": the counters of that moment are kept.
 *
 * The file of counters is there already. Its words have 64 bits: the hypervisor's instructions, all
 * others, how many marks there were, and the two counters of each mark.
 *
 * Exact under icount, where one thread emulates all CPUs. An instruction that faults, and is
 * executed again afterwards, counts twice.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "qemu_plugin.h"

#define MARK      0xD5032E1Fu
#define MAX_MARKS 254

#define PUBLIC __attribute__((visibility("default")))

enum where { HYPERVISOR, ELSEWHERE, NR_WHERE };

/** The file. */
struct counters {
    uint64_t now[NR_WHERE];
    uint64_t nr_marks;
    uint64_t marks[MAX_MARKS][NR_WHERE];
};

PUBLIC int qemu_plugin_version = 1;

static struct counters *counters;
static uint64_t first_address, last_address;

static void note_mark(unsigned cpu, void *context)
{
    (void)cpu;
    (void)context;
    if (counters->nr_marks < MAX_MARKS)
        memcpy(counters->marks[counters->nr_marks], counters->now, sizeof(counters->now));
    counters->nr_marks++;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t nr = 0; nr < qemu_plugin_tb_n_insns(tb); nr++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, nr);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        enum where where =
            address >= first_address && address <= last_address ? HYPERVISOR : ELSEWHERE;
        uint32_t code;

        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &counters->now[where], 1);
        memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
        if (code == MARK)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, note_mark, QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
}

/* Returns NULL if it cannot be mapped. */
static void *map_file(const char *path)
{
    int file = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
    void *mapped = MAP_FAILED;

    if (file >= 0 && ftruncate(file, sizeof(struct counters)) == 0)
        mapped = mmap(NULL, sizeof(struct counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0)
        (void)close(file);
    return mapped == MAP_FAILED ? NULL : mapped;
}

PUBLIC int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
                               char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "counters=", 9) == 0)
            counters = map_file(argv[i] + 9);
        else
            (void)sscanf(argv[i], "el2=%" SCNx64 "-%" SCNx64, &first_address, &last_address);
    }
    if (!counters || last_address == 0) {
        (void)fprintf(stderr, "count: wants counters=PATH, a file, and el2=FIRST-LAST\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    return 0;
}
