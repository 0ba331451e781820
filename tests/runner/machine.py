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
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
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
        if left <= 0 or not self._selector.select(left):
            raise Hang()
        data = os.read(self._process.stdout.fileno(), READ_BYTES)
        text = data.decode("utf-8", "replace")
        if self._tee and text:
            self._tee(text)
        for stream, line in self.console.feed(text) if data else self.console.flush():
            self.on_line(stream, line)
        return bool(data)

    def run_to_end(self):
        """Read until QEMU ends; returns its exit status."""
        while self.read():
            pass
        return self._process.wait(max(0.1, self.deadline - time.monotonic()))
