# SPDX-License-Identifier: MIT
"""Cases that run on the host: programs that write KTAP, and checks that end with a status."""
import subprocess

from . import children, ktap
from .machine import ROOT
from .result import FAIL, PASS, Result

# For what a killed process has written to be read.
LAST_WORDS_S = 5


def output_of(process, time_limit):
    """What a process writes until it ends, and whether it hung and had to be killed."""
    try:
        return process.communicate(timeout=time_limit)[0], False
    except subprocess.TimeoutExpired:
        children.kill(process)
    try:
        return process.communicate(timeout=LAST_WORDS_S)[0], True
    except subprocess.TimeoutExpired as hang:
        # Somebody in a session of its own still has the pipe.
        return hang.stdout or b"", True


def execute(case, build, start):
    """The outcome of the case's command: (status or None if it hung, output)."""
    command = [word.replace("{build}", str(build)) for word in case.command]
    try:
        process = start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.STDOUT, cwd=ROOT)
    except OSError as error:
        return 127, str(error)
    output, hung = output_of(process, case.time_limit)
    return None if hung else process.returncode, output.decode("utf-8", "replace")


def run(case, build, tee, start):
    """Run one case; returns its results and its output."""
    status, output = execute(case, build, start)
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
