/* SPDX-License-Identifier: MIT */
/*
 * Actions for people.
 */
#include <inttypes.h>

#include "dev/gic_regs.h"
#include "model.h"
#include "play.h"

static const char *file_name(uint32_t offset)
{
    static const struct {
        uint32_t end;
        const char *name;
    } files[] = {{GICD_IGROUPR, "CTLR"},
                 {GICD_ISENABLER, "IGROUPR"},
                 {GICD_ICENABLER, "ISENABLER"},
                 {GICD_ISPENDR, "ICENABLER"},
                 {GICD_ICPENDR, "ISPENDR"},
                 {GICD_ISACTIVER, "ICPENDR"},
                 {GICD_ICACTIVER, "ISACTIVER"},
                 {GICD_IPRIORITYR, "ICACTIVER"},
                 {GICD_ITARGETSR, "IPRIORITYR"},
                 {GICD_ICFGR, "ITARGETSR"},
                 {GICD_ICFGR_END, "ICFGR"},
                 {GICD_CPENDSGIR, "SGIR"},
                 {GICD_SPENDSGIR, "CPENDSGIR"},
                 {GICD_SGI_END, "SPENDSGIR"},
                 {GICD_IROUTER, "-"},
                 {UINT32_MAX, "IROUTER"}};
    uint32_t i = 0;

    while (offset >= files[i].end)
        i++;
    return files[i].name;
}

static void print_register(FILE *out, const struct action *action)
{
    if (action->frame == MODEL_DISTRIBUTOR)
        fprintf(out, "GICD_%s", file_name(action->offset));
    else
        fprintf(out, "GICR%u_%s", action->frame, file_name(action->offset));
    fprintf(out, " (offset 0x%x, %u bytes)", action->offset, action->bytes);
    if (action->kind == ACTION_WRITE)
        fprintf(out, " = 0x%" PRIx64, action->value);
}

void play_print(FILE *out, const struct action *action)
{
    static const char *const names[NR_ACTIONS] = {"is loaded on CPU",
                                                  "is put",
                                                  "reads",
                                                  "writes",
                                                  "writes an SGI",
                                                  "acknowledges",
                                                  "ends the last",
                                                  "deactivates the one of index",
                                                  "sets the mask to",
                                                  "has groups",
                                                  "has EOImode",
                                                  "gets a line, INTID",
                                                  "gets an edge, INTID",
                                                  "sets CNTV",
                                                  "waits",
                                                  "would sleep",
                                                  "exits",
                                                  "enables by a call, INTID"};
    bool has_intid = action->kind == ACTION_LINE || action->kind == ACTION_INJECT ||
                     action->kind == ACTION_ENABLE;

    fprintf(out, "vCPU %u%s %s ", action->cpu, action->early ? " early" : "", names[action->kind]);
    if (action->kind == ACTION_READ || action->kind == ACTION_WRITE)
        print_register(out, action);
    else if (has_intid)
        fprintf(out, "%u: %u", action->offset, (uint32_t)action->value);
    else if (action->kind == ACTION_TIMER)
        fprintf(out, "CTL = %u, due in %u", (uint32_t)action->value, action->offset);
    else
        fprintf(out, "0x%" PRIx64, action->value);
    fputc('\n', out);
}
