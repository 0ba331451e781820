# SPDX-License-Identifier: MIT
# Disks that a driver VM serves to guests that boot from them, and their boot loader.

# Debian's U-Boot for QEMU's virt, as packaged.
u-boot := $(O)/deps/u-boot

$(u-boot)/.done: scripts/fetch-debian | $(O)/.deps-build
	@scripts/fetch-debian --only './usr/lib/u-boot/qemu_arm64/u-boot.bin' $(O)/deps/apt $(u-boot)/files u-boot-qemu
	@mv $(u-boot)/files/usr/lib/u-boot/qemu_arm64/u-boot.bin $(u-boot)
	@rm -r $(u-boot)/files
	@touch $@
# Its own time is that in Debian's package.
$(u-boot)/u-boot.bin: | $(u-boot)/.done ;

# A small Debian, without a kernel.
debian-root := $(O)/deps/debian-root

$(debian-root)/.done: scripts/debian-root scripts/fetch-debian | $(O)/.deps-build
	@scripts/debian-root $(O)/deps/apt $(debian-root)/root
	@touch $@

# What U-Boot finds by itself on a disk is a list of what there is to boot, extlinux.conf.
$(O)/served/guest.disk: $(O)/guest.img tests/served/guest.conf scripts/disk | $(O)/.deps-test
	$(call say,DISK,$@)
	@rm -rf $@.root && mkdir -p $@.root/extlinux
	@cp tests/served/guest.conf $@.root/extlinux/extlinux.conf
	@cp $(O)/guest.img $@.root
	@scripts/disk -o $@ --size 8 $@.root
	@rm -r $@.root

$(O)/served/debian.disk: $(debian-root)/.done $(debian)/.done $(O)/linux/initrd-io tests/served/debian.conf \
		scripts/disk | $(O)/.deps-test
	$(call say,DISK,$@)
	@rm -rf $@.root && mkdir -p $(@D)
	@cp -a $(debian-root)/root $@.root && mkdir $@.root/boot/extlinux
	@cp tests/served/debian.conf $@.root/boot/extlinux/extlinux.conf
	@cp $(debian)/kernel $@.root/boot/vmlinuz
	@cp $(O)/linux/initrd-io $@.root/boot/initrd
	@scripts/disk -o $@ --size 128 $@.root
	@rm -r $@.root
