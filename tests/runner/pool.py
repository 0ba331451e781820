# SPDX-License-Identifier: MIT
"""Running the chosen cases, several at a time, until all have ended or a signal says to stop."""
import concurrent.futures
import queue
import signal
import time
import traceback

from . import boot, host
from .result import FAIL, Result, RunResult

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK_S = 1


class Interrupted(Exception):
    """A signal came; its number is the argument."""


def on_signal(number, _frame):
    """The first signal ends what runs in good order, a second one ends the runner."""
    signal.signal(number, signal.SIG_DFL)
    raise Interrupted(number)


def lacks(case, build, unbuilt):
    """Why a case cannot be run, as results: what it needs was not built."""
    results = []
    for name in case.needs():
        if name in unbuilt:
            results.append(Result("build", FAIL, f"make could not build {build / name}"))
        elif not (build / name).exists():
            results.append(Result("build", FAIL, f"{build / name} is not there; 'make test T={case.name}' "
                                  "builds what the case needs"))
    return results


class Job:
    """What every case is run with."""

    def __init__(self, build, children, tee=None, unbuilt=()):
        self.build = build
        self.children = children
        self._tee = tee
        self._unbuilt = unbuilt

    def run(self, case):
        """Run one case and time it."""
        start = time.monotonic()
        results, console = lacks(case, self.build, self._unbuilt), ""
        if not results:
            runner = boot if case.kind == "qemu" else host
            try:
                results, console = runner.run(case, self.build, self._tee, self.children.start)
            except Exception:  # pylint: disable=broad-except # the others are run all the same
                results = [Result("runner", FAIL, traceback.format_exc())]
        return RunResult(case.name, results, time.monotonic() - start, console)


def run_all(chosen, job, jobs, screen):
    """Run cases; returns those that ended, in the order given, and the signal that came, or None."""
    events = queue.SimpleQueue()
    runs = {}
    came = None

    def work(case):
        events.put((screen.started, case.name))
        events.put((screen.finished, job.run(case)))

    def note():
        try:
            tell, what = events.get(timeout=TICK_S)
        except queue.Empty:
            screen.tick()
            return
        if isinstance(what, RunResult):
            runs[what.name] = what
        tell(what)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        try:
            for number in SIGNALS:
                # One that is ignored, by nohup for instance, stays so.
                if signal.getsignal(number) != signal.SIG_IGN:
                    signal.signal(number, on_signal)
            for case in chosen:
                pool.submit(work, case)
            while len(runs) < len(chosen):
                note()
        except Interrupted as interrupt:
            came = interrupt.args[0]
        finally:
            job.children.stop()
            pool.shutdown(wait=False, cancel_futures=True)
    screen.close()
    return [runs[case.name] for case in chosen if case.name in runs], came
