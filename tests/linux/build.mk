# SPDX-License-Identifier: MIT
# The Linux guests: Debian's kernel, and three initramfs. Each has busybox, init, and the scripts and
# programs of this folder; a second one those of tools, with gdb, strace and perf; a third those of
# aarch32, with a busybox of 32 bits. A program brings its C library with it.

DEBIAN_KERNEL ?=

debian  := $(O)/deps/debian
tools   := $(O)/deps/debian-tools
aarch32 := $(O)/deps/debian-armhf
# Its packages, unpacked.
aarch32-root := $(aarch32)/root

$(debian)/.done: scripts/debian-guest scripts/fetch-debian $$(call changed,$(DEBIAN_KERNEL)) \
		| $(O)/.deps-build
	@scripts/debian-guest $(O)/deps/apt $(debian) $(DEBIAN_KERNEL)
	$(call keep,$(DEBIAN_KERNEL))
	@touch $@
# Their own times are those in Debian's packages.
$(debian)/kernel $(debian)/busybox: | $(debian)/.done ;

$(tools)/.done: scripts/debian-tools scripts/fetch-debian | $(O)/.deps-build
	@scripts/debian-tools $(O)/deps/apt $(tools)
	@touch $@

$(aarch32)/.done: scripts/debian-armhf scripts/fetch-debian | $(O)/.deps-build
	@scripts/debian-armhf $(O)/deps/apt-armhf $(aarch32)
	@touch $@

# $(call linux_scripts,folder) and $(call linux_programs,folder): what is in it, and built from it
linux_scripts  = $(filter-out %.c %.mk $(addprefix tests/linux/,init tools aarch32),$(wildcard tests/linux/$(1)*))
linux_programs = $(patsubst tests/linux/%.c,$(O)/linux/%,$(wildcard tests/linux/$(1)*.c))

linux-programs         := $(call linux_programs)
linux-tools-programs   := $(call linux_programs,tools/)
linux-aarch32-programs := $(call linux_programs,aarch32/)

# Those of tools keep their symbols, and are as a debugger likes them.
linux-source = $(@:$(O)/%=tests/%.c)
linux-flags = -std=c11 -D_GNU_SOURCE -static $(WARNINGS)
linux-compile = $(CROSS_COMPILE)gcc $(linux-flags) -O1 -s $(linux-source) -o $@
linux-tools-compile = $(CROSS_COMPILE)gcc $(linux-flags) -O0 -g -fdebug-prefix-map=$(CURDIR)=. $(linux-source) -o $@
# clang is there for the tests; a gcc for AArch32 would be another compiler to install.
linux-aarch32-compile = clang --target=arm-linux-gnueabihf -march=armv8-a+crc --sysroot=$(aarch32-root) \
	--gcc-toolchain=$(aarch32-root)/usr -fuse-ld=lld $(linux-flags) -O1 -s -pthread $(linux-source) -o $@

# $(call linux_compile_rule,kind): how linux-KINDprograms are made
define linux_compile_rule
$$(linux-$(1)programs): $(O)/linux/%: tests/linux/%.c $$$$(call changed,$$$$(linux-$(1)compile))
	$$(call say,LINUXCC,$$@)
	@mkdir -p $$(@D)
	$(Q)$$(linux-$(1)compile)
	$$(call keep,$$(linux-$(1)compile))
endef
$(eval $(call linux_compile_rule))
$(eval $(call linux_compile_rule,tools-))
$(eval $(call linux_compile_rule,aarch32-))
$(linux-programs) $(linux-tools-programs): | $(O)/.deps-build
$(linux-aarch32-programs): $(aarch32)/.done | $(O)/.deps-test

linux-tests         := $(call linux_scripts) $(linux-programs)
linux-tools-tests   := $(call linux_scripts,tools/) $(linux-tools-programs)
linux-aarch32-tests := $(call linux_scripts,aarch32/) $(linux-aarch32-programs)

linux-common = scripts/initramfs -o $@ --busybox $(debian)/busybox --init tests/linux/init
linux-pack         = $(linux-common) $(linux-tests)
linux-tools-pack   = $(linux-common) --tree $(tools)/tree $(linux-tests) $(linux-tools-tests)
linux-aarch32-pack = $(linux-common) $(linux-tests) $(linux-aarch32-tests) $(aarch32)/busybox-armhf

# $(call linux_pack_rule,initrd,kind): how an initramfs is packed by linux-KINDpack
define linux_pack_rule
$(O)/linux/$(1): tests/linux/init $(linux-tests) $$(linux-$(2)tests) $(debian)/.done scripts/initramfs \
		scripts/newc.py $$$$(call changed,$$$$(linux-$(2)pack))
	$$(call say,INITRD,$$@)
	@$$(linux-$(2)pack)
	$$(call keep,$$(linux-$(2)pack))
endef
$(eval $(call linux_pack_rule,initrd))
$(eval $(call linux_pack_rule,initrd-tools,tools-))
$(eval $(call linux_pack_rule,initrd-aarch32,aarch32-))
$(O)/linux/initrd-tools: $(tools)/.done
$(O)/linux/initrd-aarch32: $(aarch32)/.done
