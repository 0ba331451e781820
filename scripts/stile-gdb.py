# SPDX-License-Identifier: MIT
"""Commands for gdb-multiarch attached to QEMU ('make debug'):

stile-vms                 the VMs and their vCPUs
stile-vcpu [VM.VCPU]      a vCPU: registers, state, why it last left its guest
stile-exits [VM.VCPU]     its last exits, newest last (needs CONFIG_TRACE)
stile-stage2 IPA [VM]     the walk of a VM's stage-2 tables for an IPA

A vCPU is named by its VM and index, as in pv.0; without a name it is the one loaded on the selected
thread's CPU. All work wherever the CPU stopped, in the guest too: they read physical memory and walk
the hypervisor's own tables themselves. Layouts come from the debug information of stile.elf.
"""
import contextlib

import gdb

ENTRY_BYTES = 8
LEVELS = (1, 2, 3)  # 4 KiB granule, 39 bits: Arm ARM D5.2, for both stages
ADDRESS_MASK = 0x0000FFFFFFFFF000
VALID, TABLE = 1, 2

EXCEPTION_CLASSES = {
    0x00: "unknown", 0x01: "WFI or WFE", 0x07: "FP or SIMD", 0x16: "HVC", 0x17: "SMC",
    0x18: "MSR, MRS or system instruction", 0x20: "instruction abort", 0x24: "data abort",
}
KINDS = {0: "hypercall", 1: "trap", 2: "interrupt"}


@contextlib.contextmanager
def physical_memory():
    """While it holds, QEMU takes the addresses it is asked for as physical ones."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    gdb.execute("maintenance flush dcache", to_string=True)
    try:
        yield
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)


def read_physical(address, length):
    """Bytes of the machine's memory."""
    with physical_memory():
        return gdb.selected_inferior().read_memory(address, length).tobytes()


def register(name):
    """A register of the selected thread's CPU."""
    value = gdb.selected_frame().read_register(name)
    return int(value) & 0xFFFFFFFFFFFFFFFF


class Walk:
    """The walk of an address through the tables at a root: (level, entry address, entry)."""

    def __init__(self, root, address):
        self.steps = []
        self.output = None  # the physical address, if there is one
        table = root
        for level in LEVELS:
            shift = 39 - 9 * level
            at = table + (address >> shift & 511) * ENTRY_BYTES
            entry = int.from_bytes(read_physical(at, ENTRY_BYTES), "little")
            self.steps.append((level, at, entry))
            if not entry & VALID:
                return
            if level == LEVELS[-1] or not entry & TABLE:
                size = 1 << shift
                self.bytes = size
                self.output = entry & ADDRESS_MASK & ~(size - 1) | address & (size - 1)
                return
            table = entry & ADDRESS_MASK


def read_el2(address, length):
    """Bytes at a virtual address of EL2."""
    root = register("TTBR0_EL2") & ADDRESS_MASK
    data = b""
    while length > 0:
        part = min(length, 4096 - address % 4096)
        walk = Walk(root, address)
        if walk.output is None:
            raise gdb.GdbError(f"0x{address:x} is not mapped at EL2")
        data += read_physical(walk.output, part)
        address, length = address + part, length - part
    return data


def load(type_name, address):
    """A structure of the hypervisor's, read from its memory."""
    kind = gdb.lookup_type(type_name)
    return gdb.Value(read_el2(address, kind.sizeof), kind)


def pointer(value):
    """A pointer's number."""
    return int(value.cast(gdb.lookup_type("unsigned long")))


def loaded_vcpu():
    """The address of the vCPU loaded on the selected CPU, or None."""
    pcpu = register("TPIDR_EL2")
    if pcpu == 0:
        raise gdb.GdbError("this CPU does not run the hypervisor yet")
    return pointer(load("struct pcpu", pcpu)["current"]) or None


def all_vms():
    """The VMs there are: (address, struct vm)."""
    table = gdb.lookup_static_symbol("vms").type
    start = pointer(gdb.parse_and_eval("&vms"))
    first, last = table.range()
    size = table.target().sizeof
    for index in range(first, last + 1):
        address = start + index * size
        vm = load("struct vm", address)
        if str(vm["state"]) != "VM_OFF":
            yield address, vm


def vm_name(vm):
    """The VM's folder."""
    return vm["config"]["name"].string()


def vm_named(name):
    """The VM of that name."""
    for _, vm in all_vms():
        if vm_name(vm) == name:
            return vm
    raise gdb.GdbError(f"no VM {name!r}; stile-vms lists them")


def find_vcpu(name):
    """(address, struct vcpu): the one named, or the selected CPU's."""
    if name:
        vm, _, index = name.rpartition(".")
        if not index.isdigit():
            raise gdb.GdbError(f"{name!r} is not like pv.0")
        address = pointer(vm_named(vm)["vcpus"][int(index)])
    else:
        address = loaded_vcpu()
    if not address:
        raise gdb.GdbError("this CPU is idle; name a vCPU: stile-vms lists them")
    return address, load("struct vcpu", address)


def vm_of(vcpu):
    """The vCPU's VM."""
    return load("struct vm", pointer(vcpu["vm"]))


def describe_esr(esr):
    """An exception syndrome in words."""
    exception_class = esr >> 26 & 0x3F
    name = EXCEPTION_CLASSES.get(exception_class, f"class 0x{exception_class:02x}")
    return f"ESR 0x{esr:08x}: {name}, ISS 0x{esr & 0x1FFFFFF:07x}"


def at_el2():
    """Whether the selected CPU is at EL2."""
    return (register("cpsr") >> 2 & 3) == 2


class Command(gdb.Command):
    """A command named after its class attribute, with its method show() as what it does."""
    name = ""

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        """Called by gdb."""
        self.show(argument)


class ShowVms(Command):
    """stile-vms: list the VMs and their vCPUs."""
    name = "stile-vms"

    def show(self, _argument):
        """One line for a VM, one for each vCPU."""
        here = loaded_vcpu()
        for address, vm in all_vms():
            print(f"{vm_name(vm)}: VM {int(vm['id'])} at 0x{address:x}, {vm['state']}")
            for index in range(int(vm["config"]["nr_vcpus"])):
                at = pointer(vm["vcpus"][index])
                vcpu = load("struct vcpu", at)
                print(f"  {vm_name(vm)}.{index} at 0x{at:x}: {vcpu['state']}"
                      f"{', loaded on this CPU' if at == here else ''}")


class ShowVcpu(Command):
    """stile-vcpu [VM.VCPU]: print a vCPU's state and registers, and why it last left its guest."""
    name = "stile-vcpu"

    def show(self, argument):
        """Registers of a loaded vCPU are in memory only while EL2 runs."""
        address, vcpu = find_vcpu(argument)
        here = loaded_vcpu() == address
        print(f"{vm_name(vm_of(vcpu))}.{int(vcpu['index'])} at 0x{address:x}: {vcpu['state']}"
              f"{', loaded on this CPU' if here else ''}")
        if here and not at_el2():
            print("the guest runs: its registers are the CPU's; 'info registers' shows them")
        elif here:
            self.print_general(vcpu, register("ELR_EL2"), register("SPSR_EL2"))
        else:
            self.print_general(vcpu, int(vcpu["regs"]["elr"]), int(vcpu["regs"]["spsr"]))
        if here:
            print(f"last exit: {describe_esr(register('ESR_EL2'))}, FAR 0x{register('FAR_EL2'):x}, "
                  f"HPFAR 0x{register('HPFAR_EL2'):x}")

    @staticmethod
    def print_general(vcpu, elr, spsr):
        """x0 to x30, where it goes on, and in which state."""
        for number in range(31):
            print(f"  x{number:<2} 0x{int(vcpu['regs']['x'][number]):016x}",
                  end="\n" if number % 4 == 3 else "")
        print(f"\n  pc  0x{elr:016x}  pstate 0x{spsr:08x}")


class ShowExits(Command):
    """stile-exits [VM.VCPU]: print a vCPU's last exits, newest last."""
    name = "stile-exits"

    def show(self, argument):
        """From the ring that vm/trace.h keeps."""
        _, vcpu = find_vcpu(argument)
        trace = vcpu["trace"]
        size = trace["ring"].type.range()[1] + 1
        total = int(trace["next"])
        if total == 0:
            print("no exits are recorded (is CONFIG_TRACE set?)")
        for number in range(max(0, total - size), total):
            entry = trace["ring"][number % size]
            what, details = int(entry["what"]), [int(entry["detail"][i]) for i in range(3)]
            kind, low = KINDS.get(what >> 60, "?"), what & 0xFFFFFFFF
            if kind == "trap":
                text = f"{describe_esr(low)}, pc 0x{details[0]:x}"
            elif kind == "interrupt":
                text = f"INTID {low}"
            else:
                text = f"function 0x{low:08x}, x1 to x3 {' '.join(f'0x{x:x}' for x in details)}"
            print(f"  {number:>8}  {kind:<9}  {text}")


class ShowStage2(Command):
    """stile-stage2 IPA [VM]: print each step of the walk of a VM's stage 2, or the current one's."""
    name = "stile-stage2"

    def show(self, argument):
        """A table that is at fault shows as the last step."""
        words = argument.split()
        if len(words) not in (1, 2):
            raise gdb.GdbError("usage: stile-stage2 IPA [VM]")
        ipa = int(gdb.parse_and_eval(words[0]))
        vm = vm_named(words[1]) if len(words) == 2 else vm_of(find_vcpu("")[1])
        stage2 = vm["stage2"]
        walk = Walk(pointer(stage2["root"]), ipa)
        for level, at, entry in walk.steps:
            print(f"  level {level}: entry 0x{entry:016x} at 0x{at:x}{self.explain(level, entry)}")
        if walk.output is None:
            print(f"IPA 0x{ipa:x} is not mapped")
        else:
            print(f"IPA 0x{ipa:x} is PA 0x{walk.output:x}, in a {walk.bytes >> 10} KiB mapping")

    @staticmethod
    def explain(level, entry):
        """The attributes of a stage-2 entry: Arm ARM D5.3.3."""
        if not entry & VALID:
            return "  invalid"
        if level < LEVELS[-1] and entry & TABLE:
            return "  table"
        access = ("r" if entry >> 6 & 1 else "-") + ("w" if entry >> 7 & 1 else "-") + \
            ("-" if entry >> 54 & 1 else "x")
        return f"  {access}, MemAttr 0x{entry >> 2 & 15:x}, SH {entry >> 8 & 3}, AF {entry >> 10 & 1}"


for command in (ShowVms, ShowVcpu, ShowExits, ShowStage2):
    command()
