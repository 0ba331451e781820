# SPDX-License-Identifier: MIT
"""What KCSAN has reported on a Linux kernel's console, and which of it concerns the series of patches.

A report concerns it if one of the two accesses is by a function that is compiled from one of the series' own
files, or by one that such a function called: a helper for bits or memory. Further down a stack the series is
wherever an interrupt came by one of its drivers, or a test slept. A name may be that of several functions, so
its size has to fit, too. A function that the compiler has put into its caller is not seen, but its caller is.
"""
import pathlib
import re
import subprocess

from .result import FAIL, PASS, SKIP, Result

SERIES = pathlib.Path(__file__).resolve().parents[2] / "guest-kernel/linux"
MADE = re.compile(r"^--- /dev/null\n\+\+\+ b/(\S+)\.c$", re.MULTILINE)
# What scripts/linux-tree adds to the tree.
LIBRARY = "drivers/virt/stile/lib"
REPORT = re.compile(r"BUG: KCSAN: (.+)\n((?:.*\n)*?)={20,}$", re.MULTILINE)
# Of an access, who made it and who called that.
ACCESS = re.compile(r" bytes by .*:\n((?:.*\+0x.*\n){1,2})")
FRAME = re.compile(r"([\w.]+)\+0x[0-9a-f]+/0x([0-9a-f]+)")
SYMBOL = re.compile(r"^[0-9a-f]+ ([0-9a-f]+) [tTwW] (\S+)$", re.MULTILINE)


def own_objects(build):
    """The objects of the series' own files, as far as this configuration has them."""
    names = {name for patch in SERIES.glob("**/*.patch")
             for name in MADE.findall(patch.read_text(encoding="utf-8"))}
    objects = [build / f"{name}.o" for name in sorted(names)]
    return [path for path in objects if path.exists()] + sorted((build / LIBRARY).glob("*.o"))


def own_functions(build):
    """Their functions: name and size."""
    objects = own_objects(build)
    if not objects:
        return set()
    text = subprocess.run(["aarch64-linux-gnu-nm", "-S", *objects], capture_output=True, text=True,
                          check=True).stdout
    return {(name, int(size, 16)) for size, name in SYMBOL.findall(text)}


def judge(text, own):
    """A result for each race that the console tells of, once: a failure if it is that of one of our own functions."""
    if not own:
        return [Result("races", FAIL, "the kernel has nothing that is compiled from the series")]
    results = {}
    for title, report in REPORT.findall(text):
        frames = {(name, int(size, 16)) for access in ACCESS.findall(report) for name, size in FRAME.findall(access)}
        status = FAIL if frames & own else SKIP
        note = f"KCSAN: {title}\n{report}" if status == FAIL else "a race, but not of the series"
        if results.get(title, Result("", SKIP)).status == SKIP:
            results[title] = Result(title, status, note)
    return list(results.values()) or [Result("races", PASS)]
