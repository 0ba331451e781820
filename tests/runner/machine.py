# SPDX-License-Identifier: MIT
"""One boot: QEMU started, its console read, what is typed at it, its end."""
import os
import pathlib
import selectors
import subprocess
import time

from .console import Console

ROOT = pathlib.Path(__file__).resolve().parents[2]
READ_BYTES = 65536


class Hang(Exception):
    """The time limit passed."""


class Machine:
    """A running QEMU. Leaves nothing running when used as a context manager.

    start is what starts it: Children.start() of a runner that may have to end it from outside.
    """

    def __init__(self, options, time_limit, tee=None, start=subprocess.Popen):
        self.console = Console()
        self.deadline = time.monotonic() + time_limit
        self.on_line = lambda stream, line: None
        self._tee = tee
        self._process = start([ROOT / "scripts/qemu", *map(str, options)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._said = ""  # by QEMU itself, and not yet among the console's lines
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._selector.register(self._process.stderr, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.stderr.close()
        self._selector.close()

    def send(self, text):
        """Type at the console; what QEMU has not taken yet waits in the pipe, which has 64 KiB."""
        data = text.encode()
        try:
            while data:
                data = data[os.write(self._process.stdin.fileno(), data):]
        except BrokenPipeError:
            pass  # the end of QEMU is seen, and judged, by what waits for the answer

    def read(self):
        """Wait for output and take it in. False at its end; Hang at the time limit."""
        left = self.deadline - time.monotonic()
        ready = self._selector.select(left) if left > 0 else []
        if not ready:
            raise Hang()
        for key, _ in ready:
            data = os.read(key.fd, READ_BYTES)
            text = data.decode("utf-8", "replace")
            if key.fileobj is self._process.stdout:
                self._take(text)
                if not data:
                    return self._end()
            elif data:
                self._said += text
            else:
                self._selector.unregister(key.fileobj)
        self._take_said()
        return True

    def _take(self, text):
        """Take in what is the console's."""
        if self._tee and text:
            self._tee(text)
        for stream, line in self.console.feed(text):
            self.on_line(stream, line)

    def _take_said(self):
        """Take in whole lines of QEMU's own, where they break into none of the console's."""
        whole, newline, self._said = self._said.rpartition("\n")
        if whole and self.console.is_at_line_start():
            self._take(whole + newline)
        else:
            self._said = whole + newline + self._said

    def _end(self):
        """Take in what is left. Returns False."""
        self._said += self._process.stderr.read().decode("utf-8", "replace")
        if self._said:
            self._take(("" if self.console.is_at_line_start() else "\n") + self._said)
        for stream, line in self.console.flush():
            self.on_line(stream, line)
        return False

    def run_to_end(self):
        """Read until QEMU ends; returns its exit status."""
        while self.read():
            pass
        return self._process.wait(max(0.1, self.deadline - time.monotonic()))
