/* SPDX-License-Identifier: MIT */
/*
 * Stands in for arm64/io.h on the host: device registers are whatever the test makes of them.
 */
#ifndef ARM64_IO_H
#define ARM64_IO_H

#include <stdint.h>

/* Defined by a test that drives a device; the default aborts. */
uint64_t fake_io_read(uintptr_t address, unsigned bytes);
void fake_io_write(uintptr_t address, uint64_t value, unsigned bytes);

static inline uint32_t io_read32(uintptr_t address)
{
    return (uint32_t)fake_io_read(address, 4);
}

static inline void io_write32(uintptr_t address, uint32_t value)
{
    fake_io_write(address, value, 4);
}

static inline uint64_t io_read64(uintptr_t address)
{
    return fake_io_read(address, 8);
}

static inline void io_write64(uintptr_t address, uint64_t value)
{
    fake_io_write(address, value, 8);
}

static inline uint16_t io_read16(uintptr_t address)
{
    return (uint16_t)fake_io_read(address, 2);
}

static inline void io_write16(uintptr_t address, uint16_t value)
{
    fake_io_write(address, value, 2);
}

static inline uint8_t io_read8(uintptr_t address)
{
    return (uint8_t)fake_io_read(address, 1);
}

static inline void io_write8(uintptr_t address, uint8_t value)
{
    fake_io_write(address, value, 1);
}

#endif
