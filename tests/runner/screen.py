# SPDX-License-Identifier: MIT
"""What a person sees while cases run: a line for each that has ended and, on a terminal, lines at the
bottom that are rewritten in place: how far it is, what has failed so far, what runs now.
"""
import os
import sys
import time

from . import report

# Rows above the status for what has ended, and columns beside a name for how it ended.
ROOM_ABOVE = 4
ROOM_BESIDE = 44
# Columns beside a name for how long it runs.
ROOM_FOR_TIME = 18


def name_columns(columns):
    """How wide names are shown on a terminal."""
    return min(report.NAME_COLUMNS, max(20, columns - ROOM_BESIDE))


def is_terminal(out):
    """Whether lines can be rewritten there."""
    return out.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def cut(line, columns):
    """A line that does not wrap, even where the cursor stands behind it."""
    return line if len(line) < columns else line[:max(0, columns - 4)] + "..."


class Screen:
    """Told what begins and what ends; call tick() about once a second."""

    def __init__(self, total, verbose=False, out=None, now=time.monotonic):
        self._out = out or sys.stdout
        self._live = not verbose and is_terminal(self._out)
        self._verbose = verbose
        self._now = now
        self._start = now()
        self._total = total
        self._done = 0
        self._running = {}  # since when, by name
        self._failed = []
        self._shown = []

    @property
    def seconds(self):
        """Since when cases run."""
        return self._now() - self._start

    def started(self, name):
        """A case begins."""
        self._running[name] = self._now()
        self.tick()

    def finished(self, run):
        """A case has ended."""
        self._running.pop(run.name, None)
        self._done += 1
        if run.failed:
            self._failed.append(run.name)
        self.close()
        width = name_columns(self._size().columns) if self._live else report.NAME_COLUMNS
        self._out.write(report.progress(run, self._verbose, width))
        self._out.flush()
        self.tick()

    def tick(self):
        """Show how it is now."""
        if self._live:
            columns, rows = self._size()
            lines = self.status(columns, rows)
            self._out.write(self._erase(columns) + "\n".join(lines))
            self._out.flush()
            self._shown = lines

    def close(self):
        """Take the status away; what is written next stands in its place."""
        if self._shown:
            self._out.write(self._erase(self._size().columns))
            self._out.flush()
            self._shown = []

    def status(self, columns, rows):
        """The lines at the bottom, for a terminal of a size."""
        now = self._now()
        lines = [f"  {self._done} of {self._total} cases, {report.clock(now - self._start)}"]
        if self._failed:
            lines.append(f"  {len(self._failed)} failed: {' '.join(self._failed)}")
        room = max(1, rows - ROOM_ABOVE - len(lines))
        width = name_columns(columns)
        lines += [f"  RUN   {cut(name, columns - ROOM_FOR_TIME):<{width}} {now - since:6.0f} s"
                  for name, since in list(self._running.items())[:room]]
        if len(self._running) > room:
            lines.append(f"        and {len(self._running) - room} more")
        return [cut(line, columns) for line in lines]

    def _size(self):
        """The terminal's columns and rows; one that does not know them is taken for a common one."""
        columns, rows = os.get_terminal_size(self._out.fileno())
        return os.terminal_size((columns or 80, rows or 24))

    def _erase(self, columns):
        """What takes the cursor to where the status begins, and clears from there.

        A terminal that has become narrower has wrapped what was shown.
        """
        if not self._shown:
            return ""
        rows = sum(1 + max(0, len(line) - 1) // columns for line in self._shown)
        return "\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "") + "\x1b[J"
