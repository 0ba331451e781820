# SPDX-License-Identifier: MIT
# The goals a person types. How the parts are built is in each part's build.mk.

.PHONY: all help deps clean install docs rust compile_commands.json

all: $(O)/stile.img $(O)/libhypercall.a $(O)/guest.img $(O)/compile_commands.json ## build the hypervisor, the library and the guest kernel

help: ## list these goals
	@echo 'Goals:'
	@sed -n 's/^\([a-z][a-z_.-]*\):.*## \(.*\)/  \1\t\2/p' Makefile scripts/*.mk */build.mk */*/build.mk | sort | \
		expand -t 24
	@echo 'Variables (value now):'
	@echo '  O=$(O)                the build folder; each file in it is a goal: make $(O)/guest.img'
	@echo '  LLVM=1                 build with clang and lld'
	@echo '  GIC=$(GIC)  PCPUS=$(PCPUS)         the machine of run and debug'
	@echo '  GUEST=debian  VCPUS=$(VCPUS)  run and debug: Debian in place of the guest kernel'
	@echo '  GUEST=linux  VGIC=off   run and debug: Linux with our patches; in a VM without a GIC'
	@echo "  LINUX='$(LINUX)' LINUX_VERSION=   the source to patch, the first that Debian offers, and its version"
	@echo '  BUNDLE=mixed           run and debug: two Debian VMs and a paravirtual one'
	@echo '  DEBIAN_KERNEL=package  the kernel to fetch for Debian; the newest if empty or gone'
	@echo "  T='abi/* unit/list'    the cases of test, test-linux and stress to run (tests/run --list lists them)"
	@echo '  DEBUG_PORT=$(DEBUG_PORT)        where debug waits for gdb'
	@echo '  PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)   where install installs'
	@echo '  CROSS_COMPILE=$(CROSS_COMPILE)  HOST_CC=$(HOST_CC)   the compilers'
	@echo '  V=1                    show the commands'

# --- packages --------------------------------------------------------------------------------

deps: ## install the Debian packages that are missing
	@scripts/deps build test debug

$(O)/.deps-%: scripts/deps
	@mkdir -p $(@D)
	@scripts/deps $*
	@touch $@

.PRECIOUS: $(O)/.deps-%

# The arm64 libfdt, to link into freestanding images.
$(O)/deps/libfdt/.done: scripts/fetch-debian | $(O)/.deps-build
	@scripts/fetch-debian $(O)/deps/apt $(O)/deps/root libfdt-dev
	@mkdir -p $(@D)/include
	@cp $(O)/deps/root/usr/include/fdt.h $(O)/deps/root/usr/include/libfdt*.h $(@D)/include
	@cp $(O)/deps/root/usr/lib/aarch64-linux-gnu/libfdt.a $(@D)
	@touch $@
$(O)/deps/libfdt/libfdt.a: | $(O)/deps/libfdt/.done ;

# --- running ---------------------------------------------------------------------------------

.PHONY: linux-guest
linux-guest: $(debian)/.done $(O)/linux/initrd ## fetch Debian's kernel and busybox, and pack its initramfs

GIC   ?= 3
PCPUS ?= 1
VCPUS ?= 4
VGIC  ?= on
DEBUG_PORT ?= 1234

# BUNDLE names what is run: a set of VMs below. GUEST names one VM that is run alone.
BUNDLE ?= $(or $(GUEST),guest)
linux-vm = kernel=$(debian)/kernel initrd=$(O)/linux/initrd memory=192 bootargs=console=ttyAMA0
pv-vm = --vm pv kernel=$(O)/guest.img mode=paravirtual

vms-guest = $(pv-vm) --vm trap kernel=$(O)/guest.img mode=trap bootargs=pv=off
vms-debian = --vm debian $(linux-vm) vcpus=$(VCPUS)
vms-linux = --vm linux kernel=$(linux-root)/pv/Image initrd=$(O)/linux/initrd memory=128 vcpus=$(VCPUS) \
	$(if $(filter off,$(VGIC)),gic=off mode=paravirtual) bootargs=console=hvc0
vms-mixed = --vm debian1 $(linux-vm) vcpus=$(VCPUS) --vm debian2 $(linux-vm) vcpus=$(VCPUS) $(pv-vm)
vms-io = --vm io kernel=$(linux-root)/io/Image initrd=$(O)/linux/initrd-driver memory=128 vcpus=2 mode=paravirtual \
	privileged=on dts=tests/vms/pci_smmu.dts "bootargs=console=hvc0 run=admin" \
	--vm debian kernel=$(debian)/kernel initrd=$(O)/linux/initrd-io memory=192 vcpus=$(VCPUS) backends=io,io \
	"bootargs=console=ttyAMA0 run=guest:10.0.2.81" \
	--vm linux kernel=$(linux-root)/io/Image initrd=$(O)/linux/initrd-io memory=128 vcpus=$(VCPUS) mode=paravirtual \
	messages=io pool=16 "bootargs=console=hvc0 run=guest:10.0.2.82"
about-guest = two VMs with the guest kernel
about-linux = patched Linux with $(VCPUS) vCPUs
about-debian = Debian with $(VCPUS) vCPUs
about-mixed = two Debian VMs with $(VCPUS) vCPUs each and a paravirtual one
about-io = a driver VM, and two with $(VCPUS) vCPUs each whose disks and network it serves,
memory-guest = 256
memory-debian = 512
memory-linux = 512
memory-mixed = 1024
memory-io = 768

# The disks stay what they have become.
io-disks = $(O)/io/debian.disk $(O)/io/linux.disk
$(io-disks):
	@mkdir -p $(@D)
	@truncate -s 256M $@
io-disk = -device virtio-blk-pci,disable-legacy=on,iommu_platform=on,drive=$(1) \
	-drive if=none,id=$(1),format=raw,file=$(O)/io/$(1).disk
options-io = smmu=on $(call io-disk,debian) $(call io-disk,linux) -netdev user,id=net \
	-device virtio-net-pci,disable-legacy=on,iommu_platform=on,netdev=net,romfile=

run-needs := $(O)/guest.img $(if $(filter guest,$(BUNDLE)),,$(debian)/.done $(O)/linux/initrd) \
	$(if $(filter linux,$(BUNDLE)),$(linux-root)/pv/Image) \
	$(if $(filter io,$(BUNDLE)),$(linux-root)/io/Image $(O)/linux/initrd-driver $(O)/linux/initrd-io)
run-bundle := $(O)/bundles/run-$(BUNDLE)-gic$(GIC).cpio
run-vms = $(or $(vms-$(BUNDLE)),$(error BUNDLE or GUEST is $(BUNDLE), but must be guest, linux, debian, mixed or io))
run-pack = scripts/bundle --gic $(GIC) -o $@ $(run-vms)
$(run-bundle): $(run-needs) $(wildcard tests/vms/*.dts) scripts/bundle scripts/newc.py \
		$$(call changed,$$(run-pack))
	$(call say,BUNDLE,$@)
	@$(run-pack)
	$(call keep,$(run-pack))

.PHONY: run debug
run-machine = scripts/qemu gic=$(GIC) pcpus=$(PCPUS) memory=$(memory-$(BUNDLE)) $(options-$(BUNDLE)) \
	-kernel $(O)/stile.img -initrd $(run-bundle)

run: $(O)/stile.img $(run-bundle) $(if $(filter io,$(BUNDLE)),$(io-disks)) ## boot VMs: the guest kernel twice, or GUEST=linux, GUEST=debian, BUNDLE=mixed, BUNDLE=io
	@echo '  RUN     $(about-$(BUNDLE)) on GICv$(GIC), $(PCPUS) CPU;' \
		'Ctrl-T moves the keyboard between the VMs, Ctrl-A X ends'
	@$(run-machine)

debug: $(O)/stile.img $(O)/stile.elf $(run-bundle) | $(O)/.deps-debug ## as run, but waiting for gdb-multiarch to attach
	@echo '  DEBUG   waiting; in another terminal:'
	@echo '    gdb-multiarch -x scripts/stile-gdb.py -ex "target remote :$(DEBUG_PORT)" $(O)/stile.elf'
	@$(run-machine) -S -gdb tcp::$(DEBUG_PORT)

# --- for editors, and for people -------------------------------------------------------------

# Every compile rule leaves its command as a line of JSON next to the object.
compile_commands.json: $(O)/compile_commands.json ## the compilation database, in the build folder
$(O)/compile_commands.json: $(hv-objs) $(hv-run-objs) $(lib-objs) $(fake-objs) $(rt-objs) $(guest-all-objs)
	@{ echo '['; cat $(database) | sed '$$s/,$$//'; echo ']'; } > $@
	$(call keep,$(database))
$(O)/compile_commands.json: $$(call changed,$$(database))
database = $(addsuffix .json,$(filter %.o,$^))

# The calls' examples are compiled too. Costs are those of the last 'make bench', if there was one.
docs: $(O)/docs/.done ## the reference and the guides: a site, and man pages
	@echo '  DOCS    $(O)/docs/html/index.html; man -l $(O)/docs/man2/stile_core_info.2'

docs-inputs := $(wildcard abi/stile/*.h abi/stile/calls/*.h libhypercall/include/stile/*.h docs/*.md \
	docs/*.svg docs/bindings/* README.md LICENSE scripts/reference/* $(O)/calls.json)
docs-make = scripts/abi-reference -o $(O)/docs $(patsubst %,--costs %,$(filter %.json,$(docs-inputs))) \
	-- $(TARGET_CC) $(lib-cflags)
docs-compile = $(TARGET_CC) $(lib-cflags) -Wno-unused-variable -Wno-unused-but-set-variable -fsyntax-only \
	$(O)/docs/examples.c
docs-commands = $(docs-inputs) $(docs-make) $(docs-compile)
$(O)/docs/.done: scripts/abi-reference $(docs-inputs) $$(call changed,$$(docs-commands)) | $(O)/.deps-docs
	$(call say,DOC,$(O)/docs)
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(Q)$(docs-make)
	$(Q)$(docs-compile)
	$(call keep,$(docs-commands))
	@touch $@

# The calls for kernels in Rust. It takes no Rust to write it.
rust: $(O)/rust/stile/.done ## write the Rust crate of the calls
	@echo '  RUST    $(O)/rust/stile'

rust-inputs := $(wildcard abi/stile/*.h abi/stile/calls/*.h libhypercall/include/stile/*.h \
	scripts/reference/*.py scripts/rust/*.py scripts/rust/crate/*)
rust-make = scripts/abi-rust -o $(O)/rust/stile -- $(TARGET_CC) $(lib-cflags)
rust-commands = $(rust-inputs) $(rust-make)
$(O)/rust/stile/.done: scripts/abi-rust $(rust-inputs) $$(call changed,$$(rust-commands)) | $(O)/.deps-build
	$(call say,RUST,$(@D))
	@rm -rf $(@D)
	@mkdir -p $(@D)
	$(Q)$(rust-make)
	$(call keep,$(rust-commands))
	@touch $@

# --- installing ------------------------------------------------------------------------------

PREFIX ?= /usr/local
DESTDIR ?=

install-root = $(DESTDIR)$(PREFIX)
install-files = install -m 644

# stile-bundle and stile-qemu are links: what they need is found beside what they lead to.
install: $(O)/stile.img $(O)/libhypercall.a $(O)/libhypercall-host.a $(O)/docs/.done $(O)/rust/stile/.done ## install headers, library, Rust crate, hypervisor, stile-bundle, stile-qemu, pages (DESTDIR, PREFIX)
	$(call say,INSTALL,$(install-root))
	@install -d $(addprefix $(install-root)/,bin include/stile/calls lib/pkgconfig share/stile/rust/src \
		share/doc/stile/html share/man/man2 share/man/man3 share/man/man7)
	@$(install-files) abi/stile/*.h libhypercall/include/stile/*.h $(install-root)/include/stile
	@$(install-files) abi/stile/calls/*.h $(install-root)/include/stile/calls
	@$(install-files) $(O)/libhypercall.a $(O)/libhypercall-host.a $(install-root)/lib
	@for name in libhypercall libhypercall-host; do \
		sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(abi-version)|' scripts/$$name.pc.in \
			> $(install-root)/lib/pkgconfig/$$name.pc || exit 1; \
	done
	@install scripts/bundle scripts/qemu $(install-root)/share/stile
	@$(install-files) scripts/kernels.py scripts/newc.py tests/vms/virt.dts $(O)/stile.img \
		$(install-root)/share/stile
	@$(install-files) $(O)/rust/stile/Cargo.toml $(install-root)/share/stile/rust
	@$(install-files) $(O)/rust/stile/src/* $(install-root)/share/stile/rust/src
	@ln -sf ../share/stile/bundle $(install-root)/bin/stile-bundle
	@ln -sf ../share/stile/qemu $(install-root)/bin/stile-qemu
	@for section in 2 3 7; do \
		$(install-files) $(O)/docs/man$$section/* $(install-root)/share/man/man$$section || exit 1; \
	done
	@$(install-files) $(O)/docs/html/* $(install-root)/share/doc/stile/html

abi-version = $(shell awk '/define STILE_VERSION_M(AJ|IN)OR/ {v = v s $$3; s = "."} END {print v}' \
	abi/stile/version.h)

clean: ## delete the build folder
	$(call say,CLEAN,$(O))
	@rm -rf $(O)
