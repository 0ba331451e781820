# SPDX-License-Identifier: MIT
# The hypervisor: every source of its folders, less the drivers that Kconfig leaves out.
#
# Two images from the same objects: stile.img runs the VMs of a bundle (boot/run.c), and
# stile-test.img runs the hypervisor's own suites instead (tests/hv/).

# C leaves x11 to x15 and x18 alone, so that an exit need not move them: see exits/entry.S.
hv-fixed-regs := $(foreach n,11 12 13 14 15 18,-ffixed-x$(n))

# Scheduling before register allocation would spill on the fast path for want of those.
hv-fixed-regs += $(if $(filter 1,$(LLVM)),,-fno-schedule-insns)

# The way into a loop is not padded: what pads it is executed.
hv-unpadded := $(if $(filter 1,$(LLVM)),,-falign-loops=1 -falign-jumps=1)

# Everything is within 1 MiB of everything else: an address is one instruction, ADR.
hv-codegen := -mcmodel=tiny -ffunction-sections -fdata-sections $(hv-fixed-regs) $(hv-unpadded)

# gcc sees the hypervisor as a whole when it links. What a file is compiled for, it stays.
hv-lto := $(if $(filter 1,$(LLVM)),,-flto -fno-fat-lto-objects)

hv-size := $(if $(CONFIG_CC_OPTIMIZE_FOR_SIZE),-Os)

hv-cflags = $(TARGET_CFLAGS) $(hv-size) $(hv-codegen) $(hv-lto) -Ihv -I$(O)/hv-gen $(ABI_CFLAGS) \
	$(RT_CFLAGS) \
	$(if $(filter tests/%,$*),-Itests/ktf) \
	-isystem $(O)/deps/libfdt/include -include $(O)/config/autoconf.h
$(eval $(call compile_rules,hv,hv-cflags))

hv-skip := $(if $(CONFIG_GICV2),,%/gicv2.c) $(if $(CONFIG_GICV3),,%/gicv3.c)
hv-skip += $(if $(CONFIG_ITS),,%/its.c %/vits.c %/vits_command.c %/vlpi.c %/vm_its.c %/vm_msi.c)
hv-offsets := hv/exits/asm_offsets.c
hv-run := hv/boot/run.c
hv-srcs := $(filter-out $(hv-skip) $(hv-offsets) $(hv-run),$(wildcard hv/*/*.c hv/*/*.S))
hv-test-srcs := $(wildcard tests/hv/*.c) tests/ktf/ktf.c tests/ktf/ktf_check.c

# The C library subset is compiled anew, under the hypervisor's register rule.
hv-objs := $(call objects,hv,$(hv-srcs) $(wildcard libhypercall/rt/*.c))
hv-run-objs := $(call objects,hv,$(hv-run))
hv-test-objs := $(call objects,hv,$(hv-test-srcs))
hv-all-objs := $(hv-objs) $(hv-run-objs) $(hv-test-objs)

# Offsets that assembly uses: compiled to assembly, then picked out as #defines.
hv-no-lto := $(if $(hv-lto),-fno-lto)
hv-offsets-h := $(O)/hv-gen/asm_offsets.h
# Expanded here: an object's own flags hold for what it needs, too.
hv-offsets-cc := $(TARGET_CC) $(hv-cflags) $(hv-no-lto) -MD -MP -MF $(hv-offsets-h).d \
	-MT $(hv-offsets-h) -S $(hv-offsets) -o $(hv-offsets-h).s
$(hv-offsets-h): $(hv-offsets) $(O)/config/autoconf.h $$(call changed,$$(hv-offsets-cc)) \
		| $(O)/deps/libfdt/.done
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)$(hv-offsets-cc)
	$(Q)sed -n 's/^.*->\([A-Z0-9_]*\) \([0-9]*\).*/#define \1 \2/p' $@.s > $@
	$(call keep,$(hv-offsets-cc))
$(hv-all-objs): | $(hv-offsets-h) $(O)/deps/libfdt/.done

# The package's, compiled without the register rule: see arch/plain_abi.h.
hv-libfdt := $(O)/deps/libfdt/libfdt.a

# Cortex-A53's erratum 843419: an ADRP on its bad place becomes an ADR. Debian's default is a veneer,
# for which the linker pads .text by 4 KiB.
hv-erratum := $(if $(filter 1,$(LLVM)),,-Wl,--fix-cortex-a53-843419=adr)

hv-ldflags = $(if $(hv-lto),$(TARGET_CFLAGS) $(hv-codegen) $(hv-lto) -flto-partition=one) \
	-nostdlib -static -Wl,--build-id=none -Wl,-z,noexecstack -Wl,--gc-sections -Wl,-T,hv/boot/hv.lds \
	$(hv-erratum) $(TARGET_LDFLAGS)

hv-link = $(TARGET_CC) $(hv-ldflags) -o $@ $(filter %.o,$^) $(hv-libfdt)
$(O)/stile.elf: $(hv-run-objs)
$(O)/stile-test.elf: $(hv-test-objs)
$(O)/stile.elf $(O)/stile-test.elf: $(hv-objs) $(hv-libfdt) hv/boot/hv.lds
	$(call say,LD,$@)
	$(Q)$(hv-link)
	$(call keep,$(hv-link))
$(O)/stile.elf $(O)/stile-test.elf: $$(call changed,$$(hv-link))

$(O)/%.img: $(O)/%.elf
	$(call say,IMAGE,$@)
	$(Q)$(TARGET_OBJCOPY) -O binary $< $@

-include $(hv-offsets-h).d
