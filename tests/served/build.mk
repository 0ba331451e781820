# SPDX-License-Identifier: MIT
# Disks that a driver VM serves to guests that boot from them, and their boot loader.

# Debian's U-Boot for QEMU's virt, as packaged.
u-boot := $(O)/deps/u-boot

$(u-boot)/.done: scripts/fetch-debian | $(O)/.deps-build
	@scripts/fetch-debian --only './usr/lib/u-boot/qemu_arm64/u-boot.bin' $(O)/deps/apt $(u-boot)/root u-boot-qemu
	@mv $(u-boot)/root/usr/lib/u-boot/qemu_arm64/u-boot.bin $(u-boot)
	@rm -r $(u-boot)/root
	@touch $@
# Its own time is that in Debian's package.
$(u-boot)/u-boot.bin: | $(u-boot)/.done ;

# What U-Boot finds by itself on a disk is a list of what there is to boot, extlinux.conf.
$(O)/served/guest.disk: $(O)/guest.img tests/served/guest.conf scripts/disk | $(O)/.deps-test
	$(call say,DISK,$@)
	@rm -rf $@.root && mkdir -p $@.root/extlinux
	@cp tests/served/guest.conf $@.root/extlinux/extlinux.conf
	@cp $(O)/guest.img $@.root
	@scripts/disk -o $@ --size 8 $@.root
	@rm -r $@.root
