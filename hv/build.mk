# SPDX-License-Identifier: MIT
# The hypervisor: every source of its folders, less the drivers that Kconfig leaves out.
#
# Two images from the same objects: stile.img runs the VMs of a bundle (core/run.c), and
# stile-test.img runs the hypervisor's own suites instead (tests/hv/).

# C leaves x11 to x15 and x18 alone, so that an exit need not move them: see arch/entry.S.
hv-fixed-regs := $(foreach n,11 12 13 14 15 18,-ffixed-x$(n))

# Scheduling before register allocation would spill on the fast path for want of those.
hv-fixed-regs += $(if $(filter 1,$(LLVM)),,-fno-schedule-insns)

# Small rather than aligned: what is not called is left out, and nothing is padded.
hv-small := -ffunction-sections -fdata-sections -falign-functions=4 \
	$(if $(filter 1,$(LLVM)),,-falign-jumps=1 -falign-loops=1 -falign-labels=1)

# Everything is within 1 MiB of everything else: an address is one instruction, ADR.
hv-codegen := -mcmodel=tiny $(hv-fixed-regs) $(hv-small)

# gcc sees the hypervisor as a whole when it links. What a file is compiled for, it stays.
hv-lto := $(if $(filter 1,$(LLVM)),,-flto -fno-fat-lto-objects)

hv-cflags = $(TARGET_CFLAGS) $(hv-codegen) $(hv-lto) -Ihv -I$(O)/hv-gen $(ABI_CFLAGS) $(RT_CFLAGS) \
	$(if $(filter tests/%,$<),-Itests/ktf) \
	-isystem $(O)/deps/libfdt/include -include $(O)/config/autoconf.h
$(eval $(call compile_rules,hv,hv-cflags))

hv-skip := $(if $(CONFIG_GICV2),,%/gicv2.c) $(if $(CONFIG_GICV3),,%/gicv3.c)
hv-offsets := hv/arch/asm_offsets.c
hv-run := hv/core/run.c
hv-srcs := $(filter-out $(hv-skip) $(hv-offsets) $(hv-run),$(wildcard hv/*/*.c hv/*/*.S))
hv-test-srcs := $(wildcard tests/hv/*.c) tests/ktf/ktf.c tests/ktf/ktf_check.c

# The C library subset is compiled anew, under the hypervisor's register rule.
hv-objs := $(call objects,hv,$(hv-srcs) $(wildcard libhypercall/rt/*.c))
hv-run-objs := $(call objects,hv,$(hv-run))
hv-test-objs := $(call objects,hv,$(hv-test-srcs))
hv-all-objs := $(hv-objs) $(hv-run-objs) $(hv-test-objs)

# What runs at boot, for a person or at a VM's end is made small rather than fast.
hv-cold := hv/core/advisor.c hv/core/bundle.c hv/core/clock.c hv/core/complain.c hv/core/console.c \
	hv/core/console_out.c hv/core/directory.c hv/core/dt.c hv/core/machine.c \
	hv/core/monitor.c hv/core/monitor_commands.c hv/core/names.c hv/core/panic.c \
	hv/core/pcpu.c hv/core/power.c hv/core/remains.c hv/core/run.c hv/core/trace.c hv/core/vm.c \
	hv/core/vm_config.c hv/core/vm_load.c hv/hypercall/control.c hv/hypercall/directory.c \
	hv/hypercall/memory.c hv/hypercall/power.c hv/hypercall/share.c hv/lib/escape.c \
	hv/lib/random.c hv/mm/carve.c hv/mm/el2map.c hv/mm/page.c hv/mm/share.c hv/mm/share_map.c \
	hv/mm/stage2_map.c hv/mm/vmem.c hv/mm/vmem_call.c hv/virt/controller.c hv/virt/vgic_bank.c \
	hv/virt/vgic_call.c hv/virt/vgicr.c hv/virt/vid.c hv/virt/vpsci.c hv/virt/vring.c \
	hv/virt/vtrng.c libhypercall/rt/format.c
$(call objects,hv,$(hv-cold)): hv-cflags += -Os

# So is what loses a handful of instructions by it and has them to spare: see tests/bench/budgets.csv.
hv-small-srcs := hv/arch/sysreg.c hv/arch/traps.c hv/core/irq.c hv/core/serial.c hv/core/vm_pages.c \
	hv/hypercall/console.c hv/hypercall/core.c hv/hypercall/irq.c hv/hypercall/standard.c \
	hv/hypercall/vcpu.c hv/mm/guest.c hv/virt/mmio.c hv/virt/vgic_raise.c hv/virt/vgicd.c \
	hv/virt/vring.c
$(call objects,hv,$(hv-small-srcs)): hv-cflags += -Os

# A function called once or twice is otherwise copied to there, which none of these gains by.
hv-plain-srcs := hv/dev/gicv2.c hv/dev/gicv3.c hv/dev/pl011.c hv/virt/mailbox.c hv/virt/vgic_sgi.c \
	hv/virt/vtimer.c hv/virt/vuart.c
$(call objects,hv,$(hv-plain-srcs)): hv-cflags += -fno-inline-functions

# Offsets that assembly uses: compiled to assembly, then picked out as #defines.
hv-no-lto := $(if $(hv-lto),-fno-lto)
$(O)/hv-gen/asm_offsets.h: $(hv-offsets) $(O)/config/autoconf.h $(O)/hv/.flags | $(O)/deps/libfdt/.done
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(TARGET_CC) $(hv-cflags) $(hv-no-lto) -MMD -MF $@.d -MT $@ -S $< -o $@.s
	$(Q)sed -n 's/^.*->\([A-Z0-9_]*\) \([0-9]*\).*/#define \1 \2/p' $@.s > $@
# The lists above change a file's command, and this is where they stand.
$(hv-all-objs): $(O)/hv-gen/asm_offsets.h hv/build.mk | $(O)/deps/libfdt/.done

# Cortex-A53's erratum 843419: an ADRP on its bad place becomes an ADR. Debian's default is a veneer,
# for which the linker pads .text by 4 KiB.
hv-erratum := $(if $(filter 1,$(LLVM)),,-Wl,--fix-cortex-a53-843419=adr)

hv-ldflags = $(if $(hv-lto),$(TARGET_CFLAGS) $(hv-codegen) $(hv-lto) -flto-partition=one) \
	-nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--gc-sections -Wl,-T,hv/arch/hv.lds \
	$(hv-erratum) $(TARGET_LDFLAGS)

$(O)/stile.elf: $(hv-run-objs)
$(O)/stile-test.elf: $(hv-test-objs)
$(O)/stile.elf $(O)/stile-test.elf: $(hv-objs) hv/arch/hv.lds
	$(call say,LD,$@)
	$(Q)$(TARGET_CC) $(hv-ldflags) -o $@ $(filter %.o,$^)

$(O)/%.img: $(O)/%.elf
	$(call say,IMAGE,$@)
	$(Q)$(TARGET_OBJCOPY) -O binary $< $@

-include $(hv-all-objs:.o=.d) $(O)/hv-gen/asm_offsets.h.d
