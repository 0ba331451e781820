# SPDX-License-Identifier: MIT
"""How many instructions a machine has executed, at EL2 and elsewhere, at marks that its programs make."""
import pathlib
import re
import subprocess
import tempfile

CODE = re.compile(r"LOAD +\S+ +0x(\w+) +\S+ +\S+ +0x(\w+) +R E ")


class NoMark(Exception):
    """A mark that was not made."""


class Instructions:
    """What tests/bench/count counts in a machine, at each mark that is made there."""

    def __init__(self, build):
        self._file = tempfile.NamedTemporaryFile()
        program = subprocess.run(["readelf", "-lW", build / "stile.elf"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout
        first, length = (int(number, 16) for number in CODE.search(program).groups())
        self.options = ["-plugin", f"{build}/bench/count.so,counters={self._file.name},"
                                   f"el2={first:x}-{first + length - 1:x}"]

    def _words(self):
        return memoryview(pathlib.Path(self._file.name).read_bytes()).cast("Q").tolist()

    def nr_marks(self):
        """How many marks there were so far."""
        return self._words()[2]

    def at(self, nr):
        """How many there were at a mark, from 0: at EL2, and elsewhere."""
        words = self._words()
        if nr >= words[2]:
            raise NoMark(f"{words[2]} marks, where {nr + 1} were due")
        return words[3 + 2 * nr:5 + 2 * nr]

    def between(self, nr):
        """How many there were from one mark to the next."""
        return [after - before for before, after in zip(self.at(nr), self.at(nr + 1))]
