# SPDX-License-Identifier: MIT
# The compilers and their flags. LLVM=1 builds with clang and lld in place of gcc and binutils.

CROSS_COMPILE ?= aarch64-linux-gnu-

ifeq ($(LLVM),1)
TARGET_CC      := clang --target=aarch64-linux-gnu
TARGET_LDFLAGS := -fuse-ld=lld
TARGET_AR      := llvm-ar
TARGET_OBJCOPY := llvm-objcopy
else
TARGET_CC      := $(CROSS_COMPILE)gcc
TARGET_LDFLAGS :=
TARGET_AR      := $(CROSS_COMPILE)ar
TARGET_OBJCOPY := $(CROSS_COMPILE)objcopy
endif

# What runs where it is built: unit tests, and the fake hypervisor.
HOST_CC ?= $(if $(filter 1,$(LLVM)),clang,gcc)

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror

# What every object for the machine is built with: freestanding, general registers only (EL2 and
# the guest's kernel never touch FP/SIMD by accident), frame pointers for backtraces.
TARGET_CFLAGS := -std=c11 -O2 -g -ffreestanding -mgeneral-regs-only -march=armv8-a \
	-fno-pic -fno-common -fno-omit-frame-pointer -momit-leaf-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-stack-protector -mno-outline-atomics \
	-fmacro-prefix-map=$(CURDIR)/= -ffile-prefix-map=$(CURDIR)/= $(WARNINGS)
