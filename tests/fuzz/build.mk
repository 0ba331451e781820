# SPDX-License-Identifier: MIT
# The fuzzer of the hypercalls: the hypervisor's own files for the host, under libFuzzer, ASan and
# UBSan. What is here is left out of the hypervisor or stands in for it: see machine.h, world.h.

fuzz-dir := tests/fuzz

# Below the scheduler and the emulated devices: the machine, its boot and what people see of it.
fuzz-host := hv/arch/debug.c hv/arch/el1.c hv/arch/errata.c hv/arch/id.c
fuzz-skip := $(filter-out $(fuzz-host),$(wildcard hv/arch/*.c)) $(wildcard hv/boot/*.c) \
	$(filter-out hv/dev/intid.c hv/dev/ranges.c,$(wildcard hv/dev/*.c)) \
	hv/life/pci.c hv/monitor/monitor.c hv/monitor/monitor_commands.c \
	$(addprefix hv/exits/,asm_offsets.c coprocessor.c inject.c sysreg.c traps.c) hv/vm/trap_control.c \
	$(addprefix hv/config/,bundle.c machine_tree.c) hv/console/serial.c $(addprefix hv/watch/,panic.c power.c) \
	hv/lib/stack_guard.c $(addprefix hv/mm/,el2map.c handover.c poison.c window.c)
# These are included by files that check what is in their tables.
fuzz-included := hv/virt/events.c hv/memory/share.c

fuzz-hv-srcs := $(filter-out $(hv-skip) $(fuzz-skip) $(fuzz-included),$(wildcard hv/*/*.c)) \
	$(fuzz-dir)/audit_memory.c $(fuzz-dir)/audit_ports.c
fuzz-srcs := $(addprefix $(fuzz-dir)/,assembly.c audit_makers.c calls.c cpu.c fuzz.c guest.c image.c locks.c machine.c world.c) \
	tests/unit/fakes/no_its.c

# The hypervisor's data lies between that of begin.c and that of end.c: see edge.h.
fuzz-objs := $(call host_objects,fuzz/obj,$(fuzz-dir)/begin.c $(fuzz-hv-srcs) $(fuzz-dir)/end.c $(fuzz-srcs))

FUZZ_CC := clang
fuzz-sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all
# Coverage is the hypervisor's alone. Comparisons tell nothing: values are chosen by their kind.
fuzz-coverage := -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp
fuzz-cflags = -std=c11 -D_GNU_SOURCE -O1 -g -fno-omit-frame-pointer $(WARNINGS) $(fuzz-sanitize) \
	$(if $(filter hv/% $(fuzz-dir)/audit_%,$*),$(fuzz-coverage)) \
	-I$(fuzz-dir) -I$(O)/fuzz -Itests/unit/fakes -Ihv -Itests/unit -Itests $(LIB_CFLAGS) \
	-include $(O)/config/autoconf.h

$(eval $(call host_rules,fuzz/obj,fuzz-cflags,FUZZ_CC))

fuzz-link = $(FUZZ_CC) $(fuzz-sanitize) -fsanitize=fuzzer $(filter %.o,$^) -lfdt -o $@
$(O)/fuzz/hypercalls: $(fuzz-objs)
	$(call say,HOSTLD,$@)
	$(Q)$(fuzz-link)
	$(call keep,$(fuzz-link))
$(O)/fuzz/hypercalls: $$(call changed,$$(fuzz-link))
