# SPDX-License-Identifier: MIT
"""A reader of what Linux's KUnit prints at boot, among the kernel's other messages.

It is nearly KTAP, but differs between kernels: 6.1 has no version line below the first. So what counts here
is this: "# Subtest: SUITE", the plan, a line for each test, and "ok N SUITE" at the end; none may be missing.
"""
import re

from .result import FAIL, PASS, SKIP, Result

SUITE = re.compile(r"    # Subtest: (\S+)$")
PLAN = re.compile(r"    1\.\.(\d+)$")
TEST = re.compile(r"    (ok|not ok) (\d+)(?: -)? (\S+)(?: # (SKIP).*)?$")
NOTE = re.compile(r"    # (\S.*)$")
END = re.compile(r"(ok|not ok) \d+(?: -)? (\S+)")


class Reader:
    """Takes lines one by one; results holds a result for each test, and a failure for what is missing."""

    def __init__(self):
        self.results = []
        self._suite, self._plan, self._number = None, None, 0
        self._notes = []

    def feed(self, line):
        """Read one line, without its end."""
        line = line.rstrip()
        if found := SUITE.match(line):
            self._finish()
            self._suite, self._plan, self._number = found.group(1), None, 0
        elif self._suite is None:
            return
        elif found := PLAN.match(line):
            self._plan = int(found.group(1))
        elif found := TEST.match(line):
            self._take(*found.groups())
        elif (found := END.match(line)) and found.group(2) == self._suite:
            self._finish()
        elif found := NOTE.match(line):
            self._notes.append(found.group(1))

    def _take(self, verdict, number, name, skip):
        self._number += 1
        if int(number) != self._number:
            self.results.append(Result(self._suite, FAIL, f"test {number} comes where {self._number} is due"))
        outcome = FAIL if verdict == "not ok" else SKIP if skip else PASS
        self.results.append(Result(f"{self._suite}/{name}", outcome, "\n".join(self._notes)))
        self._notes = []

    def _finish(self):
        if self._suite is not None and self._plan != self._number:
            self.results.append(Result(self._suite, FAIL, f"{self._number} results for a plan of {self._plan}"))
        self._suite = None

    def end(self):
        """The machine has ended."""
        self._finish()
        if not self.results:
            self.results.append(Result("kunit", FAIL, "no test ran"))
