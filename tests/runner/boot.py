# SPDX-License-Identifier: MIT
"""Cases that boot the machine: what is packed, what is expected of the consoles."""
import re
import struct
import subprocess

from . import journal, ktap, kunit, races, symbols, tree
from .cases import MODE_BOOTARGS, is_built
from .instructions import Instructions
from .machine import ROOT, Hang, Machine
from .result import FAIL, PASS, Result

# What the hypervisor says last: how many VMs failed.
STATUS = re.compile(r"\[hv\] .*: powering off, status (\d+)")
DISK_BYTES = 65536
BLANK_DISK_MIB = 64
PANIC = re.compile(r"\[hv\] (panic|PANIC|unexpected exception)")


class CaseFailed(Exception):
    """The case cannot go on; the text says why."""


def blank(build, mib):
    """A file of zeroes, for an initrd that is there to be loaded, and not read."""
    path = build / "bundles" / f"blank-{mib}MiB"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.truncate(mib << 20)
    return path


def disk_of(case, build):
    """The file that the case's disk is."""
    return bundle_of(case, build).with_suffix(".disk")


def disk_options(case, build):
    """Those for the case's disks; what is written to them goes with the machine."""
    options = ["-global", "virtio-mmio.force-legacy=false"]
    for device in case.devices:
        options += ["-device", device]
    if case.disk:
        path = disk_of(case, build)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(struct.pack("<Q", at) for at in range(0, DISK_BYTES, 8)))
        options += disk(case.disk, "disk", path)
    if case.journal_disk:
        options += journal_disk(case, build)
    for number, device in enumerate(case.blank_disks):
        options += disk(device, f"disk{number}", blank(build, BLANK_DISK_MIB))
    for number, entry in enumerate(case.file_disks, len(case.blank_disks)):
        options += disk(entry["device"], f"disk{number}", build / entry["file"])
    return options


def disk(device, name, path):
    """A disk whose content is a file's."""
    return ["-device", f"{device},drive={name}",
            "-drive", f"if=none,id={name},format=raw,snapshot=on,file={path}"]


def journal_files(case, build):
    """Where a case's journal_disk has its content, and the log of what was written to it."""
    return [bundle_of(case, build).with_suffix(suffix) for suffix in (".image", ".log")]


def journal_disk(case, build):
    """An empty disk that stays what it becomes, and a log of it."""
    image, log = journal_files(case, build)
    image.parent.mkdir(parents=True, exist_ok=True)
    for path, nr_bytes in (image, BLANK_DISK_MIB << 20), (log, 0):
        with open(path, "wb") as file:
            file.truncate(nr_bytes)
    return ["-device", f"{case.journal_disk},drive=journal",
            "-drive", f"if=none,id=journal,driver=blklogwrites,file.driver=file,file.filename={image},"
                      f"log.driver=file,log.filename={log},log-super-update-interval=1"]


def journal_results(case, build, text):
    """What came of a case's journal_disk, after the machine's end."""
    if not case.journal_disk:
        return []
    image, log = journal_files(case, build)
    fault = journal.fault_of(text, log.read_bytes(), image.read_bytes())
    return [Result("journal", FAIL if fault else PASS, fault or "")]


def instruction_results(case, instructions):
    """Whether there were as many instructions as a case is about."""
    if not instructions:
        return []
    nr_marks = instructions.nr_marks()
    done = sum(instructions.at(nr_marks - 1)) - sum(instructions.at(0)) if nr_marks else 0
    return [Result("instructions", PASS if done >= case.instructions else FAIL,
                   f"{done:,} from the first of {nr_marks} marks to the last")]


def net_options(case):
    """Those for the case's network card."""
    return ["-netdev", "user,id=net,restrict=on", "-device", f"{case.net},netdev=net,romfile="] if case.net else []


def vm_words(case, vm, build):
    """A VM of a case as words for scripts/bundle. blank_initrd is one of so many MiB."""
    settings = {key: value for key, value in vm.items() if key != "name"}
    if "blank_initrd" in settings:
        settings["initrd"] = blank(build, settings.pop("blank_initrd"))
    mode = settings.setdefault("mode", case.mode or "assisted")
    arguments = [MODE_BOOTARGS.get(mode, ""), case.bootargs, settings.get("bootargs", "")]
    settings["bootargs"] = " ".join(filter(None, arguments))
    for key in ("kernel", "initrd"):
        if key in settings and is_built(settings[key]):
            settings[key] = build / settings[key]
    return ["--vm", vm["name"]] + [f"{key}={value}" for key, value in settings.items()]


def bundle_of(case, build):
    """The file that the VMs of a case are packed in."""
    return build / "bundles" / (case.name.replace("/", "-") + ".cpio")


def make_bundle(case, build):
    """Pack the VMs of a case; returns the file."""
    path = bundle_of(case, build)
    words = [word for vm in case.vms for word in vm_words(case, vm, build)]
    done = subprocess.run([ROOT / "scripts/bundle", "-o", path, "--gic", str(case.gic),
                           "--cut", str(case.cut), *["--unchecked"] * case.unchecked, *words],
                          capture_output=True, text=True, check=False, cwd=ROOT,
                          start_new_session=True)
    if done.returncode:
        raise CaseFailed(done.stderr.strip())
    return path


def machine_options(case, build):
    """The words for scripts/qemu."""
    options = plain_options(case, build)
    if not case.tree:
        return options
    try:
        return tree.with_tree(options, case.tree, build, case.name.replace("/", "-"),
                              has_shim=not case.bare)
    except tree.TreeError as error:
        raise CaseFailed(str(error)) from error


def plain_options(case, build):
    """The same, with the tree that QEMU makes."""
    options = [f"gic={case.gic}", f"pcpus={case.pcpus}", f"cpu={case.cpu}", f"memory={case.memory}",
               f"icount={'on' if case.icount else 'off'}", f"el2={'on' if case.starts_at_el2 else 'off'}"]
    options += [f"smmu={'on' if case.smmu else 'off'}"]
    return options + what_runs(case, build) + disk_options(case, build) + net_options(case)


def what_runs(case, build):
    """Those for what is loaded into the machine."""
    if case.bare:
        arguments = " ".join(filter(None, [case.vms[0].get("bootargs", ""), case.bootargs]))
        options = ["-kernel", build / case.vms[0]["kernel"], "-append", arguments]
        return options + (["-initrd", build / case.vms[0]["initrd"]] if "initrd" in case.vms[0] else [])
    options = [f"semihosting={'on' if case.vms else 'off'}", "-kernel", build / case.image]
    if case.vms:
        return options + ["-initrd", make_bundle(case, build)]
    # Without VMs, the arguments are the hypervisor's own.
    return options + (["-append", case.bootargs] if case.bootargs else [])


def stream_of(case, name):
    """Where a VM's output is: only consoles that several share carry names."""
    shared = not case.bare and len(case.vms) > 1
    return name if shared or name in ("hv", "*") else ""


def numbered(step, key):
    """A step's "send" or "line", as often as it is meant: with {n} in it, the number's place. What is sent several
    times is answered by one line."""
    times = step.get("times", 1)
    if "{n}" not in step[key]:
        return [step[key]] * (1 if key == "line" and "send" in step else times)
    return [step[key].replace("{n}", str(n)) for n in range(1, times + 1)]


def wait_for(machine, stream, line, start):
    """Read until a line fits; where it ends, or None if the machine ended before."""
    pattern = re.compile(line, re.MULTILINE)
    while not (found := pattern.search(machine.console.text(stream), start)):
        if not machine.read():
            return None
    return found.end()


def play(case, machine):
    """Go through the steps: type what one says, wait for the line it expects."""
    seen = {}
    for number, step in enumerate(case.steps, 1):
        stream = stream_of(case, step.get("vm", ""))
        if "send" in step:
            machine.send("".join(numbered(step, "send")))
        for line in numbered(step, "line"):
            due = f"step {number}: {line!r} from {stream or 'the console'}"
            try:
                end = wait_for(machine, stream, line, seen.get(stream, 0))
            except Hang as hang:
                raise Hang(f"; waited for {due}") from hang
            if end is None:
                raise CaseFailed(f"the machine ended before {due}")
            seen[stream] = end


def status_due(case, text):
    """What QEMU's exit status must be: the case's or the hypervisor's own, or 0 without one."""
    found = STATUS.search(text)
    if case.status is not None:
        return case.status
    return int(found.group(1)) if found else 0


def watch(case, machine, readers):
    """Boot to the end, with a KTAP reader for each stream that has tests."""
    def on_line(stream, line):
        if stream in readers:
            readers[stream].feed(line)

    machine.on_line = on_line
    play(case, machine)
    if case.ends:
        status = machine.run_to_end()
        if status != status_due(case, machine.console.text("*")):
            raise CaseFailed(f"QEMU ended with status {status}")


def tests_of(readers):
    """The results the streams gave, each with its stream's name."""
    results = []
    for stream, reader in readers.items():
        reader.end()
        for result in reader.results:
            result.name = f"{stream}:{result.name}" if stream else result.name
            results.append(result)
    return results


def faults(case, text):
    """What the console shows and must not."""
    expects_panic = any("panic" in step["line"] for step in case.steps)
    if PANIC.search(text) and not expects_panic:
        yield Result("hypervisor", FAIL, "the hypervisor panicked")
    for pattern in case.reject:
        found = re.search(f".*(?:{pattern}).*", text, re.MULTILINE)
        if found:
            yield Result("reject", FAIL, f"the console shows {found.group(0)!r}, for {pattern!r}")


def judge(case, console):
    """The results of what the console shows beside KTAP, at the end."""
    text = console.text("*")
    results = list(faults(case, text))
    expects_status = case.status is not None or any("crash" in step["line"] for step in case.steps)
    if status_due(case, text) and not expects_status:
        results.append(Result("status", FAIL, f"the machine ended with {status_due(case, text)}: VMs crashed, or said so"))
    if not results and (case.steps or not case.ktap):
        results = [Result("console", PASS)]
    return results


def run(case, build, tee, start):
    """Boot one case; returns its results and the console's text, backtraces named."""
    readers = {stream_of(case, name): ktap.Reader() for name in case.ktap}
    readers |= {stream_of(case, name): kunit.Reader() for name in case.kunit}
    text = ""
    failure = []
    try:
        instructions = Instructions(build) if case.instructions else None
        options = machine_options(case, build) + (instructions.options if instructions else [])
        with Machine(options, case.time_limit, tee, start) as machine:
            try:
                watch(case, machine, readers)
            except Hang as hang:
                failure = [Result("time", FAIL, f"no end after {case.time_limit} s{hang}")]
            except CaseFailed as error:
                failure = [Result("run", FAIL, str(error))]
            text = machine.console.text("*")
            if failure:  # what the console shows beside it may be why
                failure += faults(case, text)
            results = tests_of(readers) + (failure or judge(case, machine.console))
            if case.races:
                results += races.judge(text, races.own_functions(build / case.races))
        results += journal_results(case, build, text) + instruction_results(case, instructions)
    except (CaseFailed, subprocess.TimeoutExpired, OSError) as error:
        results = [Result("run", FAIL, str(error))]
    if all(result.status != FAIL for result in results):
        for file in (bundle_of(case, build), disk_of(case, build), *journal_files(case, build)):
            file.unlink(missing_ok=True)  # all cases' together are gigabytes
    return results, symbols.symbolise(text, (build / case.image).with_suffix(".elf"))
