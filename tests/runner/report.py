# SPDX-License-Identifier: MIT
"""Telling the outcome: a line for each run, JUnit XML, one KTAP document of all."""
from xml.etree import ElementTree

from .console import PREFIX
from .result import FAIL, PASS, SKIP

TAIL_LINES = 40
STREAM_LINES = 12
NAME_COLUMNS = 44


def tail(console):
    """The last lines of a console, and those of each stream of it that may have been silent for long."""
    lines = console.splitlines()
    shown, counts = [], {}
    for at in range(len(lines) - 1, -1, -1):
        prefixed = PREFIX.match(lines[at])
        stream = prefixed.group(1) if prefixed else ""
        counts[stream] = counts.get(stream, 0) + 1
        if len(lines) - at <= TAIL_LINES or counts[stream] <= STREAM_LINES:
            shown.append(lines[at])
        elif shown[-1] != "...":
            shown.append("...")
    return shown[::-1]


def progress(run, verbose, name_columns=NAME_COLUMNS):
    """The line of a finished run; if it failed, what failed and the end of its console."""
    verdict = "FAIL" if run.failed else "PASS"
    counts = f"{run.count(PASS)} passed"
    counts += f", {run.count(FAIL)} failed" if run.count(FAIL) else ""
    counts += f", {run.count(SKIP)} skipped" if run.count(SKIP) else ""
    lines = [f"  {verdict}  {run.name:<{name_columns}} {run.seconds:6.1f} s  {counts}"]
    if run.failed:
        lines += [f"        {result.name}: " + result.text.replace("\n", "\n            ")
                  for result in run.results if result.status == FAIL]
        if not verbose:
            lines += [f"      | {line}" for line in tail(run.console)]
    return "\n".join(lines) + "\n"


def clock(seconds):
    """A time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def printable(text):
    """Text without what XML cannot hold."""
    return "".join(c for c in text if c in "\n\t" or c >= " ")


def write_junit(path, runs):
    """All runs as JUnit XML."""
    root = ElementTree.Element("testsuites")
    for run in runs:
        suite = ElementTree.SubElement(
            root, "testsuite", name=run.name, tests=str(len(run.results)),
            failures=str(run.count(FAIL)), skipped=str(run.count(SKIP)), time=f"{run.seconds:.3f}")
        for result in run.results:
            case = ElementTree.SubElement(suite, "testcase", classname=run.name, name=result.name)
            if result.status == FAIL:
                ElementTree.SubElement(case, "failure").text = printable(result.text)
            elif result.status == SKIP:
                ElementTree.SubElement(case, "skipped", message=printable(result.text))
        if run.failed:
            ElementTree.SubElement(suite, "system-out").text = printable(run.console)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="unicode", xml_declaration=True)


def write_ktap(path, runs, planned):
    """All runs as one KTAP document, a subtest each; as many were planned."""
    lines = ["KTAP version 1", f"1..{planned}"]
    for number, run in enumerate(runs, 1):
        lines += ["    KTAP version 1", f"    # Subtest: {run.name}", f"    1..{len(run.results)}"]
        for index, result in enumerate(run.results, 1):
            if result.status == FAIL:
                lines += [f"    # {line}" for line in result.text.splitlines()]
            verdict = "not ok" if result.status == FAIL else "ok"
            reason = f" # SKIP {result.text}" if result.status == SKIP else ""
            lines.append(f"    {verdict} {index} {result.name.replace('#', '_')}{reason}")
        lines.append(f"{'not ok' if run.failed else 'ok'} {number} {run.name}")
    path.write_text("\n".join(lines) + "\n")


def summary(runs, planned, seconds):
    """The last lines: how long, what was not run, what failed, and the counts."""
    print(f"{len(runs)} case{'s' if len(runs) != 1 else ''} in {clock(seconds)}" +
          (f"; stopped, not run to their end: {planned - len(runs)}" if len(runs) < planned else ""))
    names = [run.name for run in runs if run.failed]
    if names:
        print(f"failed: {' '.join(names)}")
    passed = sum(run.count(PASS) for run in runs)
    failed = sum(max(run.count(FAIL), int(run.failed)) for run in runs)
    skipped = sum(run.count(SKIP) for run in runs)
    if skipped:
        print(f"{skipped} skipped")
    print(f"{passed} passed, {failed} failed")
