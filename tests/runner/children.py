# SPDX-License-Identifier: MIT
"""The processes that cases start, so that all of them can be ended at once.

Each has a session of its own: Ctrl-C at the terminal reaches the runner and nobody else, and a kill
reaches what the process has started in its turn.
"""
import os
import signal
import subprocess
import threading


class Stopped(Exception):
    """No process is started any more."""


def kill(process):
    """End a process that was started here, and what it has started, unless it was waited for."""
    if process.returncode is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Children:
    """The processes that are running now; threads may share it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._running = []
        self.stopped = False

    def start(self, command, **settings):
        """Start a process, with the settings of subprocess.Popen; Stopped once stop() was called."""
        with self._lock:
            if self.stopped:
                raise Stopped()
            process = subprocess.Popen(command, start_new_session=True, **settings)
            self._running = [old for old in self._running if old.returncode is None] + [process]
            return process

    def stop(self):
        """End all of them; nothing is started from now on."""
        with self._lock:
            self.stopped = True
            for process in self._running:
                kill(process)
