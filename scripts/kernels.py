# SPDX-License-Identifier: MIT
"""From the kernel files that people have to what the hypervisor loads.

An arm64 Image is taken as it is. What is compressed, by itself or in an EFI zboot file, is unpacked
first; an ELF file becomes the bytes it would have in memory. A flat binary says nothing about
itself, so whoever packs it says where it goes.
"""
import bz2
import dataclasses
import gzip
import lzma
import struct
import subprocess
import zlib

# The header of an Image: Documentation/arm64/booting of Linux.
IMAGE = struct.Struct("<8x3Q24x4s4x")
IMAGE_MAGIC = b"ARM\x64"
IMAGE_BIG_ENDIAN = 1

# The header of an EFI zboot file: drivers/firmware/efi/libstub/zboot-header.S of Linux.
ZBOOT = struct.Struct("<2s2x4sII8x32s")

# An ELF file's header and program headers, of 64 bits and little-endian.
ELF = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM = struct.Struct("<IIQQQQQQ")
ELF_CLASS_64, ELF_LITTLE_ENDIAN = 2, 1
ET_EXEC, ET_DYN, EM_AARCH64, PT_LOAD = 2, 3, 183, 1

# What is larger is a mistake, or is meant to fill this machine's memory.
MAX_BYTES = 1 << 30
# A compressed kernel may be in a zboot file that is compressed; more is a mistake.
MAX_DEPTH = 3

MAGICS = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd",
          b"\x04\x22\x4d\x18": "lz4", b"\x02\x21\x4c\x18": "lz4", b"\x5d\0\0": "lzma",
          b"\x89LZO": "lzop"}
ZBOOT_TYPES = {"gzip": "gzip", "lzma": "lzma", "xz": "xz", "xz22": "xz", "xzkern": "xz",
               "zstd": "zstd", "zstd22": "zstd", "lz4": "lz4", "lzo": "lzop", "bzip2": "bzip2"}
LIBRARY = {"gzip": gzip.decompress, "xz": lzma.decompress, "lzma": lzma.decompress,
           "bzip2": bz2.decompress}


class KernelError(Exception):
    """The file cannot be booted."""


@dataclasses.dataclass
class Kernel:
    """What is packed, and what the VM's device tree has to say of it: None if nothing."""
    data: bytes
    address: int | None = None  # of its first byte
    nr_bytes: int | None = None  # that it needs from there
    entry: int | None = None


def is_image(data):
    """Whether there is the header of an arm64 Image."""
    return len(data) >= IMAGE.size and data[56:60] == IMAGE_MAGIC


def unpack(data, method):
    """What is compressed, by the library or the tool that everybody has."""
    try:
        if method in LIBRARY:
            return LIBRARY[method](data)
        done = subprocess.run([method, "-d", "-c", "-q"], input=data, capture_output=True,
                              check=False)
    except FileNotFoundError as error:
        raise KernelError(f"it is compressed, and {method} is not installed") from error
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise KernelError(f"it is compressed by {method}, and damaged: {error}") from error
    if done.returncode:
        raise KernelError(f"it is compressed by {method}, and damaged: "
                          f"{' '.join(done.stderr.decode(errors='replace').split())}")
    return done.stdout


def zboot_payload(data):
    """The compressed kernel in an EFI zboot file, and how it is compressed."""
    if len(data) < ZBOOT.size:
        raise KernelError("it is an EFI zboot file that is cut short")
    _, _, offset, nr_bytes, name = ZBOOT.unpack_from(data)
    name = name.split(b"\0")[0].decode(errors="replace")
    if name not in ZBOOT_TYPES:
        raise KernelError(f"it is an EFI zboot file, compressed by {name!r}, which is not one of "
                          f"{', '.join(sorted(ZBOOT_TYPES))}")
    if offset < ZBOOT.size or nr_bytes == 0 or offset + nr_bytes > len(data):
        raise KernelError("it is an EFI zboot file that is cut short")
    return data[offset:offset + nr_bytes], ZBOOT_TYPES[name]


def unpacked(data):
    """The same without what it is wrapped in."""
    for _ in range(MAX_DEPTH):
        if is_image(data):
            return data
        if data[:2] == b"MZ" and data[4:8] == b"zimg":
            data = unpack(*zboot_payload(data))
            continue
        method = next((name for magic, name in MAGICS.items() if data.startswith(magic)), None)
        if not method:
            return data
        data = unpack(data, method)
    return data


def elf_segments(data):
    """The entry point and the loadable segments of an ELF file, checked."""
    if len(data) < ELF.size:
        raise KernelError("it is an ELF file that is cut short")
    header = ELF.unpack_from(data)
    ident, kind, machine, entry, at, size, nr = (header[i] for i in (0, 1, 2, 4, 5, 9, 10))
    if ident[4] != ELF_CLASS_64 or ident[5] != ELF_LITTLE_ENDIAN or machine != EM_AARCH64:
        raise KernelError("it is an ELF file, but not of little-endian AArch64")
    if kind not in (ET_EXEC, ET_DYN):
        raise KernelError("it is an ELF file that is not linked")
    if size < PROGRAM.size or at + nr * size > len(data):
        raise KernelError("it is an ELF file that is cut short")
    programs = [PROGRAM.unpack_from(data, at + i * size) for i in range(nr)]
    segments = [p for p in programs if p[0] == PT_LOAD and p[6] > 0]
    if not segments:
        raise KernelError("it is an ELF file with nothing to load")
    for _, _, offset, _, _, in_file, in_memory, _ in segments:
        if in_file > in_memory or offset + in_file > len(data):
            raise KernelError("it is an ELF file that is cut short")
    return kind, entry, segments


def elf_entry(entry, segments):
    """Where the first instruction is in memory: the header has its virtual address."""
    for _, _, _, virtual, physical, _, in_memory, _ in segments:
        if 0 <= entry - virtual < in_memory:
            return entry - virtual + physical
    raise KernelError(f"it is an ELF file whose entry point {entry:#x} is in none of its segments")


def from_elf(data, load):
    """An ELF file as it would be in memory."""
    kind, entry, segments = elf_segments(data)
    first = min(s[4] for s in segments)
    end = max(s[4] + s[6] for s in segments)
    end_in_file = max(s[4] + s[5] for s in segments)
    if end - first > MAX_BYTES:
        raise KernelError(f"it is an ELF file whose segments take {end - first >> 20} MiB")
    flat = bytearray(end_in_file - first)
    for _, _, offset, _, physical, in_file, _, _ in segments:
        flat[physical - first:physical - first + in_file] = data[offset:offset + in_file]
    if is_image(flat):
        return from_image(bytes(flat), load)
    if load is not None and load != first and kind != ET_DYN:
        raise KernelError(f"it is an ELF file linked for {first:#x}, and load={load:#x} was asked "
                          "for")
    moved = 0 if load is None else load - first
    return Kernel(bytes(flat), first + moved, end - first, elf_entry(entry, segments) + moved)


def from_image(data, load):
    """An Image, which says itself what it needs."""
    _, _, flags, _ = IMAGE.unpack_from(data)
    if flags & IMAGE_BIG_ENDIAN:
        raise KernelError("it is a big-endian Image")
    return Kernel(data, load)


def convert(data, load=None):
    """Make a kernel out of a file's content; @load is where it is to be, or None."""
    data = unpacked(data)
    if len(data) > MAX_BYTES:
        raise KernelError(f"it takes {len(data) >> 20} MiB")
    if is_image(data):
        return from_image(data, load)
    if data.startswith(b"\x7fELF"):
        return from_elf(data, load)
    if load is None:
        raise KernelError("it is no arm64 Image, no ELF file, and not compressed: "
                          "a flat binary needs load=ADDRESS")
    return Kernel(data, load)
