# SPDX-License-Identifier: MIT
"""Cases that run on the host: programs that write KTAP, and checks that end with a status."""
import subprocess

from . import ktap
from .machine import ROOT
from .result import FAIL, PASS, Result


def execute(case, build):
    """The outcome of the case's command: (status or None if it hung, output)."""
    command = [word.replace("{build}", str(build)) for word in case.command]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
                              timeout=case.time_limit, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as hang:
        return None, (hang.stdout or b"").decode("utf-8", "replace")
    except OSError as error:
        return 127, str(error)


def run(case, build, tee):
    """Run one case; returns its results and its output."""
    status, output = execute(case, build)
    if tee:
        tee(output)
    results = []
    if case.kind == "host":
        reader = ktap.Reader()
        for line in output.splitlines():
            reader.feed(line)
        reader.end()
        results = reader.results
    elif status == 0:
        results = [Result("check", PASS)]
    if status is None:
        results.append(Result("time", FAIL, f"no end after {case.time_limit} s"))
    elif status != 0 and not any(result.status == FAIL for result in results):
        last = output.strip().splitlines()[-1:] or [""]
        results.append(Result("status", FAIL, f"ended with status {status}: {last[0]}"))
    return results, output
