# SPDX-License-Identifier: MIT
# Stile: hypervisor, library, guest kernel, tests. 'make help' lists what can be made.

O ?= build
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.SECONDEXPANSION:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# However the build folder was spelled, its files have one name: relative to the source if below it.
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
$(if $(filter 1,$(words $(O))),,$(error O must be one folder, in a path without blanks))
$(if $(wildcard $(O)/Makefile),$(error O=$(O) holds sources: it must be a folder of its own))

Q := $(if $(V),,@)
say = @printf '  %-7s %s\n' $(1) $(2)
# $(call quoted,text): the text as one word of the shell's
quoted = '$(subst ','\'',$(1))'

# --- making anew -----------------------------------------------------------------------------
#
# make goes by the files' times. It does not see that a source has left a list, or that a flag is
# another one. So the text that a product was made by, mostly its command with all inputs, is kept
# beside it in PRODUCT.made, and a product is made anew when its text is another one now:
#
#   product: inputs
#   	$(command)
#   	$(call keep,$(command))
#   product: $$(call changed,$$(command))
#
# The last line stands last because $^ in the command has the inputs of the lines above it only.
# No newline ends the text: $(file) of make 4.3 does not always take it off.

same = $(and $(findstring x$(1)x,x$(2)x),$(findstring x$(2)x,x$(1)x))
changed = $(if $(call same,$(1),$(file <$@.made)),,FORCE)
keep = @printf %s $(call quoted,$(1)) > $@.made

include scripts/toolchain.mk
include scripts/config.mk

# --- compiling -----------------------------------------------------------------------------

# $(call objects,folder,sources): where the objects of sources go, under $(O)/folder. What the
# compiler notes of the headers of each object that was ever named so is read at the end.
objects = $(call with_headers,$(patsubst %,$(O)/$(1)/%.o,$(2)))
host_objects = $(call with_headers,$(patsubst %.c,$(O)/$(1)/%.o,$(2)))
with_headers = $(eval all-objs += $(1))$(1)
all-objs :=

# $(call compile_X,flags variable): the command that makes $@
compile_c = $(TARGET_CC) $($(1)) -MD -MP -c $*.c -o $@
compile_S = $(TARGET_CC) $($(1)) -MD -MP -D__ASSEMBLY__ -c $*.S -o $@
compile_host = $($(2)) $($(1)) -MD -MP -c $*.c -o $@

# $(call compile_rules,folder,flags variable): rules for C and assembly below $(O)/folder
define compile_rules
$(O)/$(1)/%.c.o: %.c $(O)/config/autoconf.h $$$$(call changed,$$$$(call compile_c,$(2)))
	$$(call say,CC,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(call compile_c,$(2))
	$$(call keep_database,$$(call compile_c,$(2)))
	$$(call keep,$$(call compile_c,$(2)))
$(O)/$(1)/%.S.o: %.S $(O)/config/autoconf.h $$$$(call changed,$$$$(call compile_S,$(2)))
	$$(call say,AS,$$<)
	@mkdir -p $$(@D)
	$(Q)$$(call compile_S,$(2))
	@: > $$@.json
	$$(call keep,$$(call compile_S,$(2)))
endef

# $(call host_rules,folder,flags variable,compiler variable): rules for C of the host below $(O)/folder
define host_rules
$(O)/$(1)/%.o: %.c $(O)/config/autoconf.h $$$$(call changed,$$$$(call compile_host,$(2),$(3))) \
		| $(O)/.deps-test
	$$(call say,$(3),$$<)
	@mkdir -p $$(@D)
	$(Q)$$(call compile_host,$(2),$(3))
	$$(call keep_database,$$(call compile_host,$(2),$(3)))
	$$(call keep,$$(call compile_host,$(2),$(3)))
endef

# The object's line of the compilation database.
keep_database = @printf '{"directory": "%s", "file": "%s", "output": "%s", "command": "%s"},\n' \
	'$(CURDIR)' '$<' '$@' $(call quoted,$(1)) > $@.json

include libhypercall/build.mk
include hv/build.mk
include guest-kernel/build.mk
include guest-kernel/linux/build.mk
include tools/build.mk
include tests/build.mk
include scripts/targets.mk
include scripts/lint.mk

-include $(patsubst %.o,%.d,$(sort $(all-objs)))

.PHONY: FORCE
FORCE:
