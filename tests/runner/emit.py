# SPDX-License-Identifier: MIT
"""KTAP from a Python test: for checks of the build and the scripts, where ktf cannot run."""
import sys

MOST_LINES = 20


class Failed(Exception):
    """A case's expectation does not hold; the text says which."""


class Skipped(Exception):
    """A case cannot be run here; the text says why."""


def expect(condition, text):
    """Fail the case with the text unless the condition holds."""
    if not condition:
        raise Failed(text)


def run_suite(name, cases):
    """Run (name, function) pairs as one suite, print KTAP, exit with a status."""
    print(f"KTAP version 1\n1..1\n    KTAP version 1\n    # Subtest: {name}\n    1..{len(cases)}")
    failed = False
    for number, (case, function) in enumerate(cases, 1):
        note = ""
        try:
            function()
            verdict = "ok"
        except Skipped as reason:
            verdict, note = "ok", f" # SKIP {reason}"
        except Failed as problem:
            verdict, failed = "not ok", True
            print("".join(f"    # {line}\n" for line in str(problem).splitlines()[:MOST_LINES]), end="")
        print(f"    {verdict} {number} {case}{note}", flush=True)
    print(f"{'not ok' if failed else 'ok'} 1 {name}")
    sys.exit(failed)
