# SPDX-License-Identifier: MIT
"""A disk that must not lose what it has acknowledged by a flush, though it may lose all else.

A guest writes by tests/linux/io/journal.c, and tells of each flush. QEMU logs what its disk is asked for
(blklogwrites, in the format of Linux's dm-log-writes). A writer goes on only after its flush. So before the log has
a first write of its next batch, it has a flush behind the last one's writes: what was before a flush is on the
disk even if power fails. And at the end what the guest was told last is there as well, and in the disk's image.
"""
import re
import struct

SECTOR_BYTES = 512
NR_WRITERS = 4
AREA_SECTORS = 16384
WRITE_SECTORS = 32
BATCH_WRITES = 8
MASK = (1 << 64) - 1
SEED = 0x9E3779B97F4A7C15
STEP = 0xD1342543DE82EF95
NR_WORDS = SECTOR_BYTES // 8 - 3

MAGIC = 0x6A736677736872
FLUSH, DISCARD = 1, 4
EMPTY = bytes(SECTOR_BYTES)
SAID_SEED = re.compile(r"journal: seed (\d+)")
SAID_FLUSHED = re.compile(r"journal: writer (\d+): (\d+) writes are flushed")


class Wrong(Exception):
    """What the log or the image shows to be lost, or made up."""


def mix(number):
    """sequence_mix() of tests/linux/io/sequence.h."""
    number = (number + SEED) * STEP & MASK
    number = (number ^ number >> 32) * SEED & MASK
    return number ^ number >> 29


def place_of(seed, writer, write):
    """The sectors that a write is of."""
    choice = mix(seed << 40 | writer << 32 | write)
    nr = choice % WRITE_SECTORS + 1
    first = writer * AREA_SECTORS + (choice >> 8) % (AREA_SECTORS - nr + 1)
    return range(first, first + nr)


def content_of(writer, write, sector):
    """What a sector has after a write."""
    word = mix(writer << 60 | write << 20 | sector)
    return struct.pack(f"<{3 + NR_WORDS}Q", writer, write, sector,
                       *((word + i * STEP) & MASK for i in range(NR_WORDS)))


def entries(log):
    """Of each entry of a log: its flags, its first sector, its data."""
    magic, version, nr, sector_bytes = struct.unpack_from("<QQQI", log)
    if (magic, version, sector_bytes) != (MAGIC, 1, SECTOR_BYTES):
        raise Wrong("it is no log of writes")
    at = SECTOR_BYTES
    for _ in range(nr):
        sector, nr_sectors, flags, _ = struct.unpack_from("<4Q", log, at)
        nr_bytes = 0 if flags & DISCARD else nr_sectors * SECTOR_BYTES
        at += SECTOR_BYTES
        yield flags, sector, log[at:at + nr_bytes]
        at += nr_bytes


class Writer:
    """What a writer has made so far: which write each of its sectors must have at least."""

    def __init__(self, seed, number):
        self.seed, self.number = seed, number
        self.due = {}
        self.nr_due = 0

    def expect(self, nr, found, what):
        """The first writes, so many, have to be found; or a later one in their place."""
        for write in range(self.nr_due + 1, nr + 1):
            self.due |= dict.fromkeys(place_of(self.seed, self.number, write), write)
        self.nr_due = max(self.nr_due, nr)
        for sector, write in self.due.items():
            if found.get(sector, 0) < write:
                raise Wrong(f"write {write} of writer {self.number} is acknowledged, and not {what}: "
                            f"sector {sector} has write {found.get(sector, 0)}")


class Disk:
    """Which write each sector has, and which one it has whatever happens."""

    def __init__(self, seed):
        self.seed = seed
        self.writers = [Writer(seed, number) for number in range(NR_WRITERS)]
        self.written, self.flushed = {}, {}

    def read(self, sector, data):
        """The write that a sector's data is of; 0: none."""
        if data == EMPTY:
            return 0
        writer, write, _ = struct.unpack_from("<3Q", data)
        if (writer >= NR_WRITERS or sector not in place_of(self.seed, writer, write)
                or data != content_of(writer, write, sector)):
            raise Wrong(f"sector {sector} has what nobody wrote there")
        return write

    def write(self, first, data):
        """Takes an entry of the log, which has whole pages: a sector of them may have been there before."""
        for at in range(0, len(data), SECTOR_BYTES):
            sector = first + at // SECTOR_BYTES
            write = self.read(sector, data[at:at + SECTOR_BYTES])
            if write < self.written.get(sector, 0):
                raise Wrong(f"sector {sector} goes back to write {write} from {self.written[sector]}")
            if write > 0:
                self.written[sector] = write
                nr_before = (write - 1) // BATCH_WRITES * BATCH_WRITES
                writer = self.writers[sector // AREA_SECTORS]
                if nr_before > writer.nr_due:
                    writer.expect(nr_before, self.flushed, "flushed when the next one begins")

    def flush(self):
        """What is written by now is there from now on."""
        self.flushed |= self.written


def fault_of(console, log, image):
    """What is wrong with a disk, its log and its image, after a run; None: nothing is."""
    said = SAID_SEED.search(console)
    last = {int(writer): int(nr) for writer, nr in SAID_FLUSHED.findall(console)}
    if not said or len(last) < NR_WRITERS:
        return "not all writers were told of a flush"
    disk = Disk(int(said.group(1)))
    try:
        for flags, sector, data in entries(log):
            disk.write(sector, data)
            if flags & FLUSH:
                disk.flush()
        found = {sector: disk.read(sector, image[sector * SECTOR_BYTES:(sector + 1) * SECTOR_BYTES])
                 for sector in range(NR_WRITERS * AREA_SECTORS)}
        for number, nr in last.items():
            disk.writers[number].expect(nr, disk.flushed, "flushed")
            disk.writers[number].expect(nr, found, "on the disk")
    except Wrong as wrong:
        return str(wrong)
    return None
