# SPDX-License-Identifier: MIT
"""A strict reader of KTAP version 1.

The specification (Documentation/dev-tools/ktap.rst of Linux) lets much be missing. Here nothing may
be: a subtest needs its version line, its plan and exactly the results of the plan, and a parent may
not pass when a child failed. Lines that are no KTAP are a kernel's own messages, and ignored.
"""
import re

from .result import FAIL, PASS, SKIP, Result

INDENT = 4
VERSION = re.compile(r"KTAP version 1$")
PLAN = re.compile(r"1\.\.(\d+)( # SKIP.*)?$")
RESULT = re.compile(r"(ok|not ok) (\d+)(?: (?:- )?(.*))?$")
SUBTEST = re.compile(r"# Subtest: (.*)$")
DIAGNOSTIC = re.compile(r"# ?(.*)$")
LEVEL = re.compile(r"( *)(.*)$")


class _Block:
    """The tests of one level: a document or a subtest."""

    def __init__(self, depth):
        self.depth = depth
        self.name = ""
        self.plan = None
        self.number = 0
        self.any_failed = False


class Reader:
    """Takes lines one by one; results holds the leaf cases, and a failure for each broken rule."""

    def __init__(self):
        self.results = []
        self._blocks = []
        self._closed = None  # the subtest that waits for its own result line
        self._notes = []
        self.started = False
        self.finished = False

    def _wrong(self, text):
        self.results.append(Result("ktap", FAIL, text))

    def feed(self, line):
        """Read one line, without its end."""
        spaces, text = LEVEL.match(line.rstrip()).groups()
        depth, rest = divmod(len(spaces), INDENT)
        if VERSION.match(text) and not rest:
            self._open(depth)
        elif self._blocks and not rest and depth < len(self._blocks):
            self._feed_inside(depth, text)

    def _open(self, depth):
        if depth > len(self._blocks) or (depth == 0 and self.started):
            self._wrong(f"a version line where none belongs, at level {depth}")
            return
        while len(self._blocks) > depth:
            self._close()
        if self._closed:
            self._unclaimed()
        self.started = True
        self._blocks.append(_Block(depth))

    def _feed_inside(self, depth, text):
        plan, result, subtest = PLAN.match(text), RESULT.match(text), SUBTEST.match(text)
        if plan:
            while len(self._blocks) > depth + 1:
                self._close()
            self._planned(int(plan.group(1)))
        elif result:
            while len(self._blocks) > depth + 1:
                self._close()
            self._finish(*result.groups())
        elif subtest and depth == len(self._blocks) - 1:
            self._blocks[-1].name = subtest.group(1)
        elif DIAGNOSTIC.match(text):
            self._notes.append(DIAGNOSTIC.match(text).group(1))

    def _planned(self, plan):
        block = self._blocks[-1]
        if block.plan is not None or block.number:
            self._wrong("a plan in the wrong place")
        block.plan = plan
        if plan == 0:
            self._wrong("a plan of no tests")
        if plan == 0 and block.depth == 0:
            self.finished = True

    def _finish(self, verdict, number, rest):
        block = self._blocks[-1]
        name, _, directive = (rest or number).partition(" # ")
        block.number += 1
        if int(number) != block.number:
            self._wrong(f"{name}: result {number} where {block.number} was due")
            block.number = int(number)
        child, self._closed = self._closed, None
        notes, self._notes = "\n".join(self._notes), []
        failed = verdict != "ok"
        block.any_failed |= failed
        if child is None:
            status = FAIL if failed else SKIP if directive.startswith("SKIP") else PASS
            text = directive.removeprefix("SKIP").strip() if status == SKIP else notes
            self.results.append(Result(self._path(name), status, text))
        elif failed and not child.any_failed:
            self.results.append(Result(self._path(name), FAIL, notes or "failed as a whole"))
        elif child.any_failed and not failed:
            self._wrong(f"{name}: ok, though a part of it failed")
        if block.depth == 0 and block.number == block.plan:
            self.finished = True

    def _path(self, name):
        return ".".join([block.name for block in self._blocks[1:]] + [name])

    def _close(self):
        block = self._blocks.pop()
        if self._closed:
            self._unclaimed()
        self._check_plan(block)
        self._closed = block

    def _unclaimed(self):
        self._wrong("a subtest without a result of its own")
        self._closed = None

    def _check_plan(self, block):
        if block.plan is None:
            self._wrong(f"no plan at level {block.depth}")
        elif block.number != block.plan:
            self._wrong(f"{block.number} of {block.plan} planned results, at level {block.depth}")

    def end(self):
        """No more lines come."""
        if not self.started:
            self._wrong("no KTAP output")
        while self._blocks:
            self._close()
            self._closed = None
