# SPDX-License-Identifier: MIT
"""The machine's console, taken apart: each VM's output from its line prefix "[name] "."""
import re

PREFIX = re.compile(r"\[([A-Za-z0-9_.-]+)\] ?(.*)$", re.DOTALL)
# A carriage return before a prefix is where a line is begun anew.
NOISE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x18|\r(?!\[)")
CUT_NOISE = re.compile(r"(\x1b(\[[0-9;?]*)?|\r)\Z")


class Console:
    """Streams by name; "" is what has no prefix, "*" everything. The last line may be incomplete.

    The hypervisor ends the line the focused VM has begun when another line must come out, and
    writes what was begun again below. So a line is whole only when the next of its stream shows
    that it was no such beginning: lines come out of feed() one late.
    """

    def __init__(self):
        self.streams = {"*": ""}
        self._partial = ""
        self._cut = ""  # the beginning of an escape sequence
        self._pending = {}  # the last line of each stream
        self._last = None  # the stream of the last line

    def feed(self, text):
        """Take in what came; returns the lines known to be whole, as (stream, text)."""
        text = self._cut + text
        cut = CUT_NOISE.search(text)
        self._cut = cut.group(0) if cut else ""
        text = NOISE.sub("", text[:len(text) - len(self._cut)])
        self.streams["*"] += text
        *complete, self._partial = (self._partial + text).split("\n")
        lines = []
        for stream, line in map(self._split, complete):
            self.streams[stream] = self.streams.get(stream, "") + line + "\n"
            before, self._pending[stream] = self._pending.get(stream), line
            broken_into = self._last != stream and before and line.startswith(before)
            if before is not None and not broken_into:
                lines.append((stream, before))
            self._last = stream
        return lines

    def is_at_line_start(self):
        """Whether a line that is not the console's breaks into none of its own now."""
        return not self._partial and not self._cut

    def flush(self):
        """The lines that were held back, when no more comes."""
        lines = self.feed("\n") if self._partial else []
        lines += self._pending.items()
        self._pending = {}
        return lines

    def text(self, stream):
        """All of a stream so far, the incomplete line included."""
        text = self.streams.get(stream, "")
        if stream == "*" or not self._partial:
            return text
        name, line = self._split(self._partial)
        return text + line if name == stream else text

    @staticmethod
    def _split(line):
        line = line.rpartition("\r")[2]
        prefixed = PREFIX.match(line)
        return (prefixed.group(1), prefixed.group(2)) if prefixed else ("", line)
