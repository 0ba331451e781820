/* SPDX-License-Identifier: MIT */
/*
 * The two controllers, and which one a VM gets.
 */
#include "vgic/controller.h"

#include "vgic/mailbox.h"
#include "vgic/vgic.h"
#include "vm/irq_controller.h"
#include "vm/vm.h"

static const struct controller gic_controller = {
    .inject = vgic_inject,
    .send_sgi = vgic_send_sgi,
    .send_sgi_set = vgic_send_sgi_set,
    .set_level = vgic_set_level,
    .set_ppi = vgic_set_ppi,
    .timer_fired = vgic_timer_fired,
    .set_enabled = vgic_set_enabled,
    .set_priority = vgic_set_priority,
    .query = vgic_query,
};

static const struct controller mailbox_controller = {
    .inject = mailbox_inject,
    .send_sgi = mailbox_send_sgi,
    .send_sgi_set = mailbox_send_sgi_set,
    .set_level = mailbox_set_level,
    .set_ppi = mailbox_set_ppi,
    .timer_fired = mailbox_timer_fired,
    .set_enabled = mailbox_set_enabled,
    .set_priority = mailbox_set_priority,
    .query = mailbox_query,
};

const char *controller_init(struct vm *vm)
{
    vm->controller = vm_config_has_gic(&vm->config) ? &gic_controller : &mailbox_controller;
    return vgic_init(vm);
}
