# SPDX-License-Identifier: MIT
"""tests/cases.toml: reading it, and multiplying its entries out."""
import fnmatch
import itertools
import pathlib
import tomllib
import zlib
from dataclasses import dataclass, field

# How one guest image is booted: through the hypervisor in one of its modes, or without it.
MODES = ("paravirtual", "trap", "assisted", "bare")
ROOT = pathlib.Path(__file__).resolve().parents[2]
# A word of a command that is a file of the build folder.
BUILT = "{build}/"
# Where a mode is about traps, the guest must not make calls.
MODE_BOOTARGS = {"trap": "pv=off", "assisted": "pv=off"}


# Not what a case may take, but when it hangs: no time of an overloaded host's comes near it.
TIME_LIMIT = 300


class CasesError(Exception):
    """cases.toml says something this runner does not know."""


@dataclass
class Case:
    """One boot, one program or one check."""
    name: str
    kind: str  # host, check, qemu
    groups: list = field(default_factory=list)
    time_limit: float = TIME_LIMIT
    # Of an entry that takes long: each value on its axes is run, but not each with each, unless a pattern asks for it.
    long: bool = False
    extra: bool = False  # one of those that a pattern must ask for; not for the file to say
    # host, check
    command: list = field(default_factory=list)
    # qemu
    image: str = "stile.img"
    vms: list = field(default_factory=list)
    mode: str = ""
    gic: int = 3
    pcpus: int = 1
    cpu: str = "cortex-a72"
    memory: int = 256
    icount: bool = False
    instructions: int = 0  # so many must be executed, at least, from the first mark of the programs to the last
    smmu: bool = False
    devices: list = field(default_factory=list)  # QEMU devices that disks may be part of
    disk: str = ""  # a QEMU device that is a disk of 64 KiB, each 8 bytes of which say where they are
    journal_disk: str = ""  # a QEMU device that is such a disk, on which nothing may be lost: runner/journal.py
    blank_disks: list = field(default_factory=list)  # QEMU devices that are empty disks of 64 MiB
    file_disks: list = field(default_factory=list)  # others, by device, and file of the build folder
    net: str = ""  # a QEMU device that is a card in a network of the machine's own
    cut: int = 0
    unchecked: bool = False  # whether kernels are packed whatever they are
    bootargs: str = ""
    ktap: list = field(default_factory=list)  # streams that must be whole KTAP documents
    kunit: list = field(default_factory=list)  # streams with the tests of a Linux kernel in them
    races: str = ""  # where a kernel was built whose reports of races are to be looked at
    steps: list = field(default_factory=list)
    reject: list = field(default_factory=list)
    ends: bool = True  # whether the machine must power itself off
    status: int = None  # what QEMU must end with, if not what the hypervisor says last
    # Whether what is booted is started at EL2. If it is not said, the hypervisor is, and a bare guest is not.
    el2: bool = None
    # Edits of the machine's device tree, each a regular expression and what replaces what fits it.
    # If no text is left, there is no tree.
    tree: list = field(default_factory=list)

    @property
    def bare(self):
        """Whether the guest runs without the hypervisor."""
        return self.mode == "bare"

    @property
    def starts_at_el2(self):
        """The same, said or not."""
        return not self.bare if self.el2 is None else self.el2

    def needs(self):
        """The files of the build folder that the case needs; make has goals of the same names.

        The first stands for the Debian packages: see scripts/deps.
        """
        if self.kind != "qemu":
            return [".deps-test"] + [word.removeprefix(BUILT) for word in self.command
                                     if word.startswith(BUILT)]
        shim = ["shim.img"] if self.tree and not self.bare else []
        count = ["bench/count.so"] if self.instructions else []
        return [".deps-build"] + ([] if self.bare else [self.image]) + shim + count + [
            vm[key] for vm in self.vms for key in ("kernel", "initrd")
            if key in vm and is_built(vm[key])] + [entry["file"] for entry in self.file_disks]


def is_built(name):
    """Whether a file that a case names is in the build folder: there is none among the sources."""
    return not (ROOT / name).exists()


# Fields of which an entry may give a list; every combination is a case.
AXES = ("gic", "pcpus", "mode")


def load(path):
    """All cases, in the order of the file."""
    with open(path, "rb") as file:
        data = tomllib.load(file)
    cases = []
    for entry in data["case"]:
        if entry.get("kind") == "host" and "programs" in entry:
            cases += host_programs(entry)
        else:
            cases += [case for variant in variants(entry) for case in multiplied(variant)]
    names = [case.name for case in cases]
    for name in names:
        if names.count(name) > 1:
            raise CasesError(f"{path}: two cases are named {name}")
    return cases


def host_programs(entry):
    """One case for each source of a folder: a program that was not built is a failure."""
    folder = entry.get("folder", "unit")
    return [Case(f"{entry['name']}/{source.stem}", "host", entry.get("groups", []),
                 entry.get("time_limit", TIME_LIMIT), command=[f"{BUILT}{folder}/{source.stem}"])
            for source in sorted(ROOT.glob(entry["programs"]))]


def variants(entry):
    """An entry once for each of its variants: tables that add to a name, and replace other keys.

    first_vm adds a VM in front of the others, says a first line that the hypervisor must print.
    """
    entry = dict(entry)
    found = []
    for variant in entry.pop("variants", [{}]):
        merged = entry | variant
        if "name" in variant:
            merged["name"] = f"{entry['name']}/{variant['name']}"
        if "first_vm" in merged:
            merged["vms"] = [merged.pop("first_vm"), *entry.get("vms", [])]
        if "says" in merged:
            merged["steps"] = [{"vm": "hv", "line": merged.pop("says")}, *entry.get("steps", [])]
        found.append(merged)
    return found


def multiplied(entry):
    """The cases of an entry: one for each combination of its axes."""
    unknown = set(entry) - set(Case.__dataclass_fields__)
    if unknown:
        raise CasesError(f"case {entry.get('name')}: unknown key {', '.join(sorted(unknown))}")
    axes = [[(axis, value) for value in entry[axis]] for axis in AXES
            if isinstance(entry.get(axis), list)]
    found = list(itertools.product(*axes))
    enough = few(axes, entry["name"]) if entry.get("long") else found
    return [one(entry, dict(values) | {"extra": values not in enough}) for values in found]


def few(axes, name):
    """As many combinations as have each value on each axis. Which, is another matter for each name."""
    shift = zlib.crc32(name.encode())
    return [tuple(axis[(i + (shift >> n if n else 0)) % len(axis)] for n, axis in enumerate(axes))
            for i in range(max(map(len, axes), default=1))]


def one(entry, values):
    """One case, named after its values on the axes."""
    labels = [value if axis == "mode" else f"{axis}{value}" for axis, value in values.items()
              if axis in AXES]
    case = Case(**entry | values | {"name": "/".join([entry["name"], *labels])})
    if case.mode and case.mode not in MODES:
        raise CasesError(f"case {case.name}: no such mode: {case.mode}")
    return case


def fits(case, pattern):
    """Whether a pattern, a glob or the beginning of a name, chooses a case."""
    return fnmatch.fnmatchcase(case.name, pattern) or case.name.startswith(pattern)


def select(cases, patterns, groups):
    """The cases that fit one of the patterns, if any, and are in one of the groups; none may be idle."""
    cases = [case for case in cases if not groups or set(groups) & set(case.groups)]
    idle = [pattern for pattern in patterns if not any(fits(case, pattern) for case in cases)]
    if idle or not cases:
        raise CasesError(f"no case fits {' '.join(idle or groups)}; tests/run --list shows them")
    return [case for case in cases
            if (any(fits(case, pattern) for pattern in patterns) if patterns else not case.extra)]
