# SPDX-License-Identifier: MIT
# Stile: hypervisor, library, guest kernel, tests. 'make help' lists what can be made.

O ?= build
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

Q := $(if $(V),,@)
say = @printf '  %-7s %s\n' $(1) $(2)

include scripts/toolchain.mk
include scripts/config.mk

# --- compiling -----------------------------------------------------------------------------

# $(call objects,folder,sources): where the objects of sources go, under $(O)/folder
objects = $(patsubst %,$(O)/$(1)/%.o,$(2))

# $(call compile_rules,folder,flags variable): rules for C and assembly below $(O)/folder
define compile_rules
$(O)/$(1)/%.c.o: %.c $(O)/config/autoconf.h $(O)/$(1)/.flags
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(TARGET_CC) $$($(2)) -MMD -MP -c $$< -o $$@
	@echo '{"directory": "$$(CURDIR)", "file": "$$<", "output": "$$@",' \
		'"command": "$$(TARGET_CC) $$($(2)) -c $$< -o $$@"},' > $$@.json
$(O)/$(1)/%.S.o: %.S $(O)/config/autoconf.h $(O)/$(1)/.flags
	$$(call say,AS,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(TARGET_CC) $$($(2)) -MMD -MP -D__ASSEMBLY__ -c $$< -o $$@
	@: > $$@.json
# Rebuild when the flags change.
$(O)/$(1)/.flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(TARGET_CC) $$($(2))' | cmp -s - $$@ || echo '$$(TARGET_CC) $$($(2))' > $$@
endef

# $(call host_rules,folder,flags variable): rules for C of the host below $(O)/folder
define host_rules
$(O)/$(1)/%.o: %.c $(O)/config/autoconf.h $(O)/$(1)/.flags | $(O)/.deps-test
	$$(call say,HOSTCC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(HOST_CC) $$($(2)) -MMD -MP -c $$< -o $$@
	@echo '{"directory": "$$(CURDIR)", "file": "$$<", "output": "$$@",' \
		'"command": "$$(HOST_CC) $$($(2)) -c $$< -o $$@"},' > $$@.json
$(O)/$(1)/.flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(HOST_CC) $$($(2))' | cmp -s - $$@ || echo '$$(HOST_CC) $$($(2))' > $$@
endef
host_objects = $(patsubst %.c,$(O)/$(1)/%.o,$(2))

include libhypercall/build.mk
include hv/build.mk
include guest-kernel/build.mk
include tests/build.mk
include scripts/targets.mk
include scripts/lint.mk

.PHONY: FORCE
FORCE:
