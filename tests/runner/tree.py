# SPDX-License-Identifier: MIT
"""Machines whose device tree a case changes: QEMU's own tree, edited, handed over by a shim, or by QEMU."""
import pathlib
import re
import subprocess

from .machine import ROOT

# As tests/machine/shim.S has it.
TREE_OFFSET = 0x1000
IMAGE_OFFSET = 0x200000


class TreeError(Exception):
    """The tree cannot be made; the text says why."""


def run(command, data=None):
    """The output of a tool that must succeed."""
    done = subprocess.run([str(word) for word in command], input=data, capture_output=True,
                          check=False, cwd=ROOT, timeout=60)
    if done.returncode:
        raise TreeError(f"{pathlib.Path(command[0]).name}: {done.stderr.decode().strip()}")
    return done.stdout


def edited(text, edits):
    """A tree's source after each edit, (regular expression, replacement); each must change it."""
    for pattern, replacement in edits:
        text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
        if count == 0:
            raise TreeError(f"QEMU's tree has nothing that fits {pattern!r}")
    return text


def machine_tree(options, edits, path):
    """The tree that QEMU would hand over, edited. No text left: no tree at all."""
    run([ROOT / "scripts/qemu", *options, "-machine", f"dumpdtb={path}"])
    text = edited(run(["dtc", "-q", "-I", "dtb", "-O", "dts", path]).decode(), edits)
    return run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-"], text.encode()) if text else b""


def with_tree(options, edits, build, name, has_shim=True):
    """The options of scripts/qemu, with an image that has the edited tree in it, or with the tree."""
    path = build / "bundles" / f"{name}.dtb"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not has_shim:
        path.write_bytes(machine_tree(options, edits, path))
        return options + ["-dtb", path]
    at = options.index("-kernel") + 1
    parts = [(build / "shim.img").read_bytes(), machine_tree(options, edits, path)]
    if len(parts[0]) > TREE_OFFSET or len(parts[1]) > IMAGE_OFFSET - TREE_OFFSET:
        raise TreeError("the shim or the tree is too large")
    image = parts[0].ljust(TREE_OFFSET, b"\0") + parts[1]
    image = image.ljust(IMAGE_OFFSET, b"\0") + pathlib.Path(options[at]).read_bytes()
    path.with_suffix(".img").write_bytes(image)
    return options[:at] + [path.with_suffix(".img")] + options[at + 1:]
