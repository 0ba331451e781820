/* SPDX-License-Identifier: MIT */
/*
 * A shared object in whose debug information abidw finds the ABI's layouts: a pointer to a function
 * of each call's type, and an object of each structure and enumeration. Never run.
 */
#include "stile/abi.h"

#define STILE_CALL(nr, since, group, name, args, rets, errs)                                       \
    struct stile_result (*stile_layout_##group##_##name)(STILE_PARAMS_##args);
#include "stile/calls.h"

struct stile_vm_page stile_layout_vm_page;
struct stile_vcpu_page stile_layout_vcpu_page;
struct stile_mailbox stile_layout_mailbox;
struct stile_console_ring stile_layout_console_ring;
struct stile_crash_info stile_layout_crash;
struct stile_vm_info stile_layout_vm_info;
struct stile_vm_image stile_layout_vm_image;
struct stile_message_ring stile_layout_message_ring;
struct stile_channel_header stile_layout_channel_header;
struct stile_virtio_page stile_layout_virtio_page;
struct stile_virtio_msg stile_layout_virtio_msg;
struct stile_virtio_msg_info stile_layout_virtio_msg_info;
struct stile_virtio_msg_features stile_layout_virtio_msg_features;
struct stile_virtio_msg_range stile_layout_virtio_msg_range;
struct stile_virtio_msg_config stile_layout_virtio_msg_config;
struct stile_virtio_msg_status stile_layout_virtio_msg_status;
struct stile_virtio_msg_vqueue stile_layout_virtio_msg_vqueue;
struct stile_virtio_msg_event stile_layout_virtio_msg_event;
struct stile_virtio_msg_devices stile_layout_virtio_msg_devices;
struct stile_virtio_msg_memory stile_layout_virtio_msg_memory;
struct stile_virtio_msg_port stile_layout_virtio_msg_port;
struct stile_virtio_msg_done stile_layout_virtio_msg_done;
enum stile_error stile_layout_error;
enum stile_nr stile_layout_nr;
enum stile_info stile_layout_info;
enum stile_counter stile_layout_counter;
enum stile_setting stile_layout_setting;
enum stile_controller stile_layout_controller;
enum stile_virq stile_layout_virq;
enum stile_port_state stile_layout_port_state;
enum stile_vcpu_state stile_layout_vcpu_states;
enum stile_vm_state stile_layout_vm_state;
