# SPDX-License-Identifier: MIT
"""Writing cpio archives in the format newc, the same bytes every time: no dates, no owners."""

FOLDER = 0o040755
FILE = 0o100644
PROGRAM = 0o100755
CHARACTER_DEVICE = 0o020600


def pad(data):
    """Zeroes up to a multiple of 4 bytes."""
    return data + bytes(-len(data) % 4)


def entry(name, mode, data=b"", device=(0, 0)):
    """One file, folder or device: header, name and data, each padded to 4 bytes."""
    encoded = name.encode() + b"\0"
    # inode, mode, owner, group, links, date, size, place of the file, device, length of the name
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return pad(header + encoded) + pad(data)


def end():
    """What ends an archive."""
    return entry("TRAILER!!!", 0)
