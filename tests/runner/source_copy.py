# SPDX-License-Identifier: MIT
"""A copy of the source tree, for tests that edit it and build it."""
import pathlib
import re
import shutil
import subprocess

from .emit import expect, run_suite

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A line in which make says what it makes.
SAYS = re.compile(r"^  [A-Z_]+ +(\S+)$", re.MULTILINE)
TAIL_LINES = 15


def copy(target, build):
    """The files git would commit, with their times; its build folder has what was fetched for build."""
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT,
                           capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, files):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    (target / "build/deps").mkdir(parents=True)
    if (build / "deps/libfdt").exists():
        shutil.copytree(build / "deps/libfdt", target / "build/deps/libfdt")
    for stamp in build.glob(".deps-*"):
        shutil.copy2(stamp, target / "build")


class Copy:
    """A copy in a folder of its own, which make is called in."""

    def __init__(self, folder, build):
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        copy(folder, build)

    def run(self, *words, **settings):
        """Call make; returns its status and output."""
        done = subprocess.run(["make", *words], cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, **settings)
        return done.returncode, done.stdout

    def make(self, *words, **settings):
        """Call make, which must succeed; returns its output."""
        status, output = self.run("-j2", *words, **settings)
        expect(status == 0, f"make {' '.join(words)}\n" + "\n".join(output.splitlines()[-TAIL_LINES:]))
        return output

    def makes(self, *words):
        """What make says it makes; it must succeed."""
        return SAYS.findall(self.make(*words))

    def edit(self, name, change):
        """Change a file's text."""
        path = self.folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    def run_suite(self, name, cases):
        """Run (name, function) pairs as one suite; the copy stays if one of them failed."""
        try:
            run_suite(name, cases)
        except SystemExit as end:
            if not end.code:
                shutil.rmtree(self.folder)
            raise
