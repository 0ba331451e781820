# SPDX-License-Identifier: MIT
# The Linux guests: Debian's kernel, and a dozen initramfs. Each has busybox, init, and the scripts and
# programs of this folder; a second one those of tools, with gdb, strace and perf; a third those of
# aarch32, with a busybox of 32 bits; a fourth the selftests of our patches; a fifth what runs our Linux
# under KVM, of which Debian's kernel is the host; a sixth those of power, with a patched kernel to be
# started by another one; two those of long, with the kernel's own selftests and with stress-ng; two
# those of disk and of io, with modules of Debian's kernel; two are the driver VM's, with the back end of
# others' devices, one of them with io's programs and a kernel for VMs that it makes, the other with QEMU's for
# images. A program brings its C library with it.

DEBIAN_KERNEL ?=

debian  := $(O)/deps/debian
tools   := $(O)/deps/debian-tools
stress-ng := $(O)/deps/debian-stress-ng
qemu-utils := $(O)/deps/debian-qemu-utils
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

# $(call linux_tools_rule,folder,packages)
define linux_tools_rule
$(1)/.done: scripts/debian-tools scripts/fetch-debian | $(O)/.deps-build
	@scripts/debian-tools $(O)/deps/apt $(1) $(2)
	@touch $$@
endef
$(eval $(call linux_tools_rule,$(tools),gdb-minimal=gdb strace linux-perf=perf))
$(eval $(call linux_tools_rule,$(stress-ng),stress-ng))
$(eval $(call linux_tools_rule,$(qemu-utils),qemu-utils=qemu-img qemu-utils=qemu-nbd))

$(aarch32)/.done: scripts/debian-armhf scripts/fetch-debian | $(O)/.deps-build
	@scripts/debian-armhf $(O)/deps/apt-armhf $(aarch32)
	@touch $@

# $(call linux_scripts,folder) and $(call linux_programs,folder): what is in it, and built from it
linux_scripts  = $(filter-out %.c %.h %.mk $(addprefix tests/linux/,init series beside tools aarch32 kvm power long disk io sriov driver image),\
	$(wildcard tests/linux/$(1)*))
linux_programs = $(patsubst tests/linux/%.c,$(O)/linux/%,$(wildcard tests/linux/$(1)*.c))

linux-programs         := $(call linux_programs)
linux-tools-programs   := $(call linux_programs,tools/)
linux-aarch32-programs := $(call linux_programs,aarch32/)
linux-kvm-programs     := $(call linux_programs,kvm/)
linux-power-programs   := $(call linux_programs,power/)
linux-io-programs      := $(call linux_programs,io/)
linux-sriov-programs   := $(call linux_programs,sriov/)

# Those of tools keep their symbols, and are as a debugger likes them.
linux-source = $(@:$(O)/%=tests/%.c)
linux-flags = -std=c11 -D_GNU_SOURCE -static $(WARNINGS)
linux-compile = $(CROSS_COMPILE)gcc $(linux-flags) -O1 -s $(linux-source) -o $@
linux-power-compile = $(linux-compile)
linux-io-compile = $(linux-compile)
linux-sriov-compile = $(linux-compile)
linux-tools-compile = $(CROSS_COMPILE)gcc $(linux-flags) -O0 -g -fdebug-prefix-map=$(CURDIR)=. $(linux-source) -o $@
# clang is there for the tests; a gcc for AArch32 would be another compiler to install.
linux-aarch32-compile = clang --target=arm-linux-gnueabihf -march=armv8-a+crc --sysroot=$(aarch32-root) \
	--gcc-toolchain=$(aarch32-root)/usr -fuse-ld=lld $(linux-flags) -O1 -s -pthread $(linux-source) -o $@
linux-kvm-compile = $(CROSS_COMPILE)gcc $(linux-flags) -isystem $(O)/deps/libfdt/include -O1 -s -pthread \
	$(linux-source) $(O)/deps/libfdt/libfdt.a -o $@

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
$(eval $(call linux_compile_rule,kvm-))
$(eval $(call linux_compile_rule,power-))
$(eval $(call linux_compile_rule,io-))
$(eval $(call linux_compile_rule,sriov-))
$(linux-programs) $(linux-tools-programs) $(linux-power-programs) $(linux-io-programs) $(linux-sriov-programs): | $(O)/.deps-build
$(linux-programs): tests/linux/mark.h
$(linux-io-programs): tests/linux/mark.h $(wildcard tests/linux/io/*.h)
$(linux-aarch32-programs): $(aarch32)/.done | $(O)/.deps-test
$(linux-kvm-programs): $(O)/deps/libfdt/.done

# The kernel's own tests of /dev/stile and of the balloon, as the patches have them.
selftests-source = $(linux-root)/source/tools/testing/selftests/stile
selftests-programs := $(addprefix $(O)/linux/selftests/,dev_test fuzz_test peer_test)
selftests-scripts := $(O)/linux/selftests/balloon.sh
selftests-uapi    := $(O)/linux/selftests/include/linux/stile.h
linux-stile-tests := $(selftests-programs) $(selftests-scripts)
selftests-compile = $(CROSS_COMPILE)gcc -O2 -Wall -static -I$(O)/linux/selftests/include $(selftests-source)/$(@F).c -o $@

$(selftests-uapi): $(linux-root)/.source
	@mkdir -p $(@D)
	@cp $(linux-root)/source/include/uapi/linux/stile.h $@
$(selftests-programs): $(linux-root)/.source $(selftests-uapi) $$(call changed,$$(selftests-compile))
	$(call say,LINUXCC,$@)
	$(Q)$(selftests-compile)
	$(call keep,$(selftests-compile))
$(selftests-scripts): $(linux-root)/.source
	@mkdir -p $(@D)
	@cp $(selftests-source)/$(@F) $@

# The guests under KVM, as folders: an archive that is the end of the initramfs.
linux-kvm-vm = kernel=$(linux-root)/pv/Image initrd=$(O)/linux/initrd memory=128 vcpus=4 uart=sbsa rtc=off \
	"bootargs=console=ttyAMA0 run=stress:1"
linux-kvm-guests = scripts/bundle -o $@.guests --vm guest $(linux-kvm-vm) \
	--vm promised $(linux-kvm-vm) dts=tests/vms/another-hypervisor.dts

# The kernel's own tests of what all kernels have: the source decides what comes of them.
kernel-selftests := $(O)/linux/kernel-selftests
$(kernel-selftests)/.done: $(linux-root)/.source scripts/linux-selftests | $(O)/.deps-build
	$(call say,LINUXCC,$(@D))
	@rm -rf $(@D)
	$(Q)scripts/linux-selftests $(linux-root)/source $(@D) $(CROSS_COMPILE)
	@touch $@

linux-tests         := $(call linux_scripts) $(linux-programs)
linux-tools-tests   := $(call linux_scripts,tools/) $(linux-tools-programs)
linux-aarch32-tests := $(call linux_scripts,aarch32/) $(linux-aarch32-programs)
linux-power-tests   := $(call linux_scripts,power/) $(linux-power-programs) $(linux-stile-tests) $(linux-root)/debug/Image
linux-long-tests    := $(call linux_scripts,long/)
linux-disk-tests    := $(call linux_scripts,disk/)
linux-io-tests      := $(call linux_scripts,io/) $(linux-io-programs)
linux-sriov-tests   := $(call linux_scripts,sriov/) $(linux-sriov-programs)
linux-driver-tests  := $(call linux_scripts,driver/) $(wildcard tools/io/*) $(backend) $(stilectl) $(linux-io-programs) \
	$(O)/guest.img
linux-image-tests   := $(call linux_scripts,image/) $(backend)

linux-common = scripts/initramfs -o $@ --busybox $(debian)/busybox --init tests/linux/init
linux-pack         = $(linux-common) $(linux-tests)
linux-tools-pack   = $(linux-common) --tree $(tools)/tree $(linux-tests) $(linux-tools-tests)
linux-aarch32-pack = $(linux-common) $(linux-tests) $(linux-aarch32-tests) $(aarch32)/busybox-armhf

linux-stile-pack   = $(linux-common) $(linux-tests) $(linux-stile-tests)
linux-kvm-pack     = $(linux-common) $(linux-kvm-programs) && $(linux-kvm-guests) && cat $@.guests >>$@ && rm $@.guests
linux-power-pack   = $(linux-common) $(linux-tests) $(linux-power-tests)
linux-selftests-pack = $(linux-common) $(linux-tests) $(linux-long-tests) $(kernel-selftests)/*
linux-disk-pack    = $(linux-common) $(linux-tests) $(linux-disk-tests) $(debian)/modules/*.ko
linux-io-pack      = $(linux-common) $(linux-tests) $(linux-io-tests) $(debian)/modules/*.ko
linux-sriov-pack   = $(linux-common) $(linux-tests) $(linux-sriov-tests) $(debian)/modules/*.ko
linux-driver-pack  = $(linux-common) $(linux-tests) $(linux-driver-tests)
linux-image-pack   = $(linux-common) --tree $(qemu-utils)/tree $(linux-tests) $(linux-image-tests)
linux-stress-ng-pack = $(linux-common) --tree $(stress-ng)/tree $(linux-tests) $(linux-long-tests)

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
$(eval $(call linux_pack_rule,initrd-stile,stile-))
$(eval $(call linux_pack_rule,initrd-kvm,kvm-))
$(eval $(call linux_pack_rule,initrd-power,power-))
$(eval $(call linux_pack_rule,initrd-disk,disk-))
$(eval $(call linux_pack_rule,initrd-io,io-))
$(eval $(call linux_pack_rule,initrd-sriov,sriov-))
$(eval $(call linux_pack_rule,initrd-driver,driver-))
$(eval $(call linux_pack_rule,initrd-image,image-))
$(eval $(call linux_pack_rule,initrd-selftests,selftests-))
$(eval $(call linux_pack_rule,initrd-stress-ng,stress-ng-))
$(O)/linux/initrd-selftests $(O)/linux/initrd-stress-ng: $(linux-long-tests)
$(O)/linux/initrd-tools: $(tools)/.done
$(O)/linux/initrd-selftests: $(kernel-selftests)/.done
$(O)/linux/initrd-stress-ng: $(stress-ng)/.done
$(O)/linux/initrd-image: $(qemu-utils)/.done
$(O)/linux/initrd-aarch32: $(aarch32)/.done
$(O)/linux/initrd-kvm: $(linux-kvm-programs) $(linux-root)/pv/Image $(O)/linux/initrd scripts/bundle scripts/kernels.py \
		tests/vms/virt.dts tests/vms/another-hypervisor.dts
