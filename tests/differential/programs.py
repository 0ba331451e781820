# SPDX-License-Identifier: MIT
"""Programs made up at random: a few instructions of EL0 or EL1, and the registers they begin with.

What a program does must be the same on every machine, so nothing here reads a clock. The layout is
tests/guest/program.h's, the record tests/guest/differential.c's.
"""
import random
import struct
from dataclasses import dataclass, field

PAGE = 0x1000
CODE = 0x400000
DATA = CODE + 2 * PAGE      # two pages
NOWHERE = CODE + 5 * PAGE   # a page that leads to no memory
KERNEL_CODE = CODE + 8 * PAGE
UNMAPPED = CODE + 0x100000
KERNEL = 0xFFFFFFC000000000

MAGIC = 0x50445453
MAX_WORDS = 16

NOP = 0xD503201F
SVC = 0xD4000001
A32_NOP = 0xE320F000
A32_SVC = 0xEF000000
T32_NOPS = 0xBF00BF00
T32_SVCS = 0xDF00DF00

EL0, EL1, A32, T32 = 0x340, 0x345, 0x150, 0x170  # interrupts are not masked: the timer ends loops
FPEN = 3 << 20

# Bits of SCTLR_EL1 that a kernel may choose: A, SA, SA0, DZE, UCT, nTWI, nTWE, SPAN, E0E, UCI.
SCTLR_BITS = [1, 3, 4, 14, 15, 16, 18, 23, 24, 26]


@dataclass
class Program:
    """One program; code is what is executed before the end that is put behind it."""
    pstate: int
    x: list
    code: list
    sctlr_flip: int = 0
    cntkctl: int = 0x303
    cpacr: int = FPEN
    interrupts: bool = False  # are taken when it has ended
    notes: set = field(default_factory=set)  # what known differences go by

    @property
    def state(self):
        """Which instruction set it is of."""
        return "a64" if not self.pstate & 0x10 else "t32" if self.pstate & 0x20 else "a32"

    @property
    def nop(self):
        """An instruction that does nothing, and those that end the program."""
        return {"a64": NOP, "a32": A32_NOP, "t32": T32_NOPS}[self.state]

    def words(self):
        """The code with its end."""
        end = {"a64": SVC, "a32": A32_SVC, "t32": T32_SVCS}[self.state]
        return self.code + [end, end]

    def record(self):
        """As the guest reads it."""
        words = self.words()
        padded = words + [0] * (MAX_WORDS - len(words))
        return struct.pack("<II3Q31QQ16I", len(words), self.pstate, self.sctlr_flip, self.cntkctl,
                           self.cpacr, *self.x, self.interrupts, *padded)


def pack(programs):
    """The file that a guest finds as its initrd."""
    return struct.pack("<II", MAGIC, len(programs)) + b"".join(p.record() for p in programs)


# --- registers -----------------------------------------------------------------------------------

def word(rng):
    """A value that makes a difference, or any."""
    return rng.choice([0, 1, 2, 3, 7, 8, 16, 63, 64, 0x7F, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
                       1 << 63, (1 << 64) - 1, rng.getrandbits(16), rng.getrandbits(32),
                       rng.getrandbits(64)])


def pointer(rng, el1):
    """Where a load or store may go."""
    where = rng.choice([DATA, DATA, DATA, DATA, DATA + PAGE, DATA + 2 * PAGE - 16, NOWHERE,
                        UNMAPPED, CODE] + ([KERNEL_CODE] if el1 else [KERNEL]))
    offset = rng.choice([0, 0, 8, 16, 32, 64, 128, rng.randrange(0, 512, 4), rng.randrange(512)])
    return where + offset


NR_POINTERS = 10


def registers(rng, el1):
    """x0 to x30: pointers first, then numbers."""
    return [pointer(rng, el1) for _ in range(NR_POINTERS)] + [word(rng) for _ in range(31 - NR_POINTERS)]


def any_pointer(rng):
    """The number of a register that holds one; sometimes SP."""
    return rng.randrange(NR_POINTERS) if rng.randrange(12) else 31


def any_register(rng):
    """The number of any register, 31 included."""
    return rng.randrange(32)


# --- A64 -----------------------------------------------------------------------------------------

def load_store_single(rng, _program):
    """LDR, STR and so on: size, V, opc; an offset of 12 or 9 bits, or a register."""
    base = rng.randrange(4) << 30 | 7 << 27 | rng.randrange(2) << 26 | rng.randrange(4) << 22
    form = rng.choice([1 << 24 | rng.randrange(8) << 10,                     # scaled
                       rng.randrange(512) << 12 | rng.randrange(4) << 10,    # 9 bits
                       1 << 21 | rng.randrange(32) << 16 | rng.randrange(16) << 12 | 2 << 10])
    return base | form | any_pointer(rng) << 5 | any_register(rng)


def load_store_pair(rng, _program):
    """LDP, STP, LDNP, STNP, LDPSW."""
    return (rng.randrange(3) << 30 | 5 << 27 | rng.randrange(2) << 26 | rng.randrange(4) << 23 |
            rng.randrange(2) << 22 | rng.randrange(128) << 15 | any_register(rng) << 10 |
            any_pointer(rng) << 5 | any_register(rng))


def load_literal(rng, _program):
    """LDR (literal): of the code itself, of data, of nothing."""
    offset = rng.choice([0, 1, 3, (DATA - CODE) // 4, (NOWHERE - CODE) // 4, (UNMAPPED - CODE) // 4])
    return rng.randrange(4) << 30 | 3 << 27 | rng.randrange(2) << 26 | offset << 5 | any_register(rng)


def load_store_exclusive(rng, _program):
    """LDXR to CASP, by all fields."""
    return (rng.randrange(4) << 30 | 0x08 << 24 | rng.randrange(8) << 21 | any_register(rng) << 16 |
            rng.randrange(2) << 15 | any_register(rng) << 10 | any_pointer(rng) << 5 |
            any_register(rng))


def load_store_simd(rng, _program):
    """LD1 to ST4, of whole registers or of one element, with write-back or without."""
    post = rng.randrange(2)
    return (rng.randrange(2) << 30 | 0x0C << 24 | rng.randrange(2) << 24 | post << 23 |
            rng.randrange(2) << 22 | (any_register(rng) << 16 if post else 0) |
            rng.randrange(16) << 12 | rng.randrange(4) << 10 | any_pointer(rng) << 5 |
            any_register(rng))


def arithmetic(rng, _program):
    """Data processing: of registers, of immediates, of SIMD registers."""
    return (rng.choice([0x0A, 0x0B, 0x1A, 0x1B, 0x11, 0x12, 0x13, 0x0E, 0x1E]) << 24 |
            rng.randrange(2) << 31 | rng.randrange(2) << 30 | rng.randrange(2) << 29 |
            rng.getrandbits(24))


def branch(rng, program):
    """A conditional branch a little forward; back only at EL0, which cannot mask the timer."""
    offset = rng.choice([1, 2, 3, 1 if program.pstate & 4 else -1 & 0x7FFFF])
    return rng.choice([0x54000000 | offset << 5 | rng.randrange(16),
                       0x34000000 | rng.randrange(2) << 31 | rng.randrange(2) << 24 | offset << 5 |
                       any_register(rng)])


def maintenance(rng, _program):
    """DC, IC, AT, TLBI and what is beside them: Op0 = 1."""
    named = [(3, 7, 4, 1), (3, 7, 5, 1), (3, 7, 10, 1), (3, 7, 11, 1), (3, 7, 14, 1), (0, 7, 6, 1),
             (0, 7, 1, 0), (0, 7, 5, 0), (0, 7, 8, 0), (0, 7, 8, 1), (0, 7, 8, 2), (0, 7, 8, 3),
             (0, 8, 7, 0), (0, 8, 7, 1), (0, 8, 3, 0), (0, 8, 3, 5)]
    op1, crn, crm, op2 = rng.choice(
        named + [(rng.randrange(8), rng.randrange(16), rng.randrange(16), rng.randrange(8))])
    return 0xD5080000 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | any_pointer(rng)


def hint(rng, _program):
    """NOP, YIELD, WFE, WFI, SEV, SEVL and all other hints; barriers."""
    return rng.choice([0xD503201F | rng.randrange(128) << 5,
                       0xD503301F | rng.randrange(16) << 8 | rng.randrange(8) << 5])


def read_register(rng, program):
    """MRS of any encoding."""
    op0, op1, crn, crm, op2 = (rng.choice([2, 3, 3]), rng.choice([0, 0, 3, 3, rng.randrange(8)]),
                               rng.randrange(16), rng.randrange(16), rng.randrange(8))
    program.notes.add(("mrs", op0, op1, crn, crm, op2))
    return (0xD5200000 | (op0 - 2) << 19 | 1 << 20 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 |
            rng.randrange(31))


# Registers of EL0 and EL1 that can be written and read again, the rig giving them back after.
WRITABLE = [(3, 3, 4, 2, 0), (3, 3, 4, 2, 1), (3, 3, 4, 4, 0), (3, 3, 4, 4, 1), (3, 0, 4, 0, 0),
            (3, 0, 4, 0, 1), (3, 0, 4, 1, 0), (3, 0, 5, 1, 0), (3, 0, 5, 1, 1), (3, 0, 5, 2, 0),
            (3, 0, 6, 0, 0), (3, 0, 7, 4, 0), (3, 2, 0, 0, 0), (3, 0, 13, 0, 1), (3, 3, 14, 2, 1),
            (3, 3, 14, 2, 2), (3, 0, 14, 1, 0)]


def write_register(rng, program):
    """MSR of what a program of either level may have, or MRS of the same."""
    op0, op1, crn, crm, op2 = rng.choice(WRITABLE)
    is_read = rng.randrange(2)
    program.notes.add(("msr", op0, op1, crn, crm, op2))
    return (0xD5000000 | is_read << 21 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 |
            rng.randrange(31))


def pstate_immediate(rng, _program):
    """MSR (immediate), CFINV and so on."""
    return 0xD500401F | rng.randrange(8) << 16 | rng.randrange(16) << 8 | rng.randrange(8) << 5


def exception(rng, _program):
    """SVC, HVC, SMC, BRK, HLT, DCPS; ERET."""
    return rng.choice([0xD4000001, 0xD4000001 | rng.getrandbits(16) << 5, 0xD4200000, 0xD4400000,
                       0xD4A00001, 0xD69F03E0, 0xD4000002 | rng.randrange(1, 99) << 5,
                       0xD4000003 | rng.randrange(1, 99) << 5])


def anything(rng, _program):
    """Any word at all."""
    return rng.getrandbits(32)


EL0_KINDS = [load_store_single, load_store_single, load_store_pair, load_store_pair, load_literal,
             load_store_exclusive, load_store_simd, arithmetic, arithmetic, branch, maintenance,
             hint, read_register, write_register, pstate_immediate, exception, anything, anything]
EL1_KINDS = [kind for kind in EL0_KINDS if kind is not anything]


def make_a64(rng, el1):
    """A program of AArch64."""
    flags = rng.randrange(16) << 28
    odd = rng.choice([0, 0, 0, 0, 0, 0, 1 << 20, 1 << 22, 1 << 24, 2 << 10])  # IL, PAN, DIT, BTYPE
    program = Program((EL1 if el1 else EL0) | flags | odd, registers(rng, el1), [])
    for _ in range(rng.randint(1, 6)):
        program.code.append(rng.choice(EL1_KINDS if el1 else EL0_KINDS)(rng, program))
    return program


# --- interrupts ----------------------------------------------------------------------------------

# SGIs, the CPU interface of a GICv3, the physical timer. IAR, EOIR, DIR, HPPIR, BPR, PMR, RPR, ...
INTERRUPT_REGISTERS = [(3, 0, 12, 11, 5), (3, 0, 12, 11, 5), (3, 0, 12, 12, 0), (3, 0, 12, 12, 1),
                       (3, 0, 12, 11, 1), (3, 0, 12, 12, 2), (3, 0, 12, 12, 3), (3, 0, 4, 6, 0),
                       (3, 0, 12, 11, 3), (3, 0, 12, 1, 0), (3, 3, 14, 2, 1), (3, 3, 14, 2, 2)]
SGI1R = (11, 5)
SGI_TO_ITSELF = [sgi << 24 | 1 for sgi in (3, 9, 15)]


def make_interrupts(rng):
    """A program of EL1 that makes interrupts pending, takes them, ends them or does not."""
    values = [rng.choice(SGI_TO_ITSELF) for _ in range(10)]
    values += [rng.choice([0, 1, 3, 9, 30, 0x60, 0xF0, rng.randrange(256)]) for _ in range(21)]
    program = Program(EL1 | 0x80, values, [], interrupts=True)
    for _ in range(rng.randint(1, 10)):
        op0, op1, crn, crm, op2 = rng.choice(INTERRUPT_REGISTERS)
        rt = rng.randrange(10) if (crm, op2) == SGI1R else rng.randrange(10, 31)
        program.code.append(0xD5000000 | rng.randrange(3) // 2 << 21 | op0 << 19 | op1 << 16 |
                            crn << 12 | crm << 8 | op2 << 5 | rt)
    return program


# --- firmware ------------------------------------------------------------------------------------

# What ends or stops the machine, or starts a CPU, is not called.
FATAL = {0x84000001, 0xC4000001, 0x84000002, 0x84000003, 0xC4000003, 0x84000008, 0x84000009,
         0x8400000C, 0xC400000C, 0x8400000E, 0xC400000E, 0x84000012, 0xC4000012}
NO_CPU = 0x00FF00FFFF00FF00


def make_call(rng):
    """A program of EL1 that calls its firmware once. Its x1 to x3 are lost (DEN 0028, 2.6)."""
    number = rng.choice([0x84000000 + rng.randrange(0x20), 0xC4000000 + rng.randrange(0x20),
                         0x80000000 + rng.randrange(4), 0x82000000 + rng.randrange(4),
                         rng.getrandbits(28), 0x84000003, 0xC4000003])
    arguments = [word(rng) for _ in range(30)]
    if number & 0xBFFFFFFF == 0x84000003:
        arguments[0] = NO_CPU & 0xFFFFFFFF if number < 0xC0000000 else NO_CPU
    elif number in FATAL:
        number = 0x8400000A
    return Program(EL1, [number] + arguments,
                   [0xD4000002, 0xD2800001, 0xD2800002, 0xD2800003])


# --- AArch32 -------------------------------------------------------------------------------------

def a32_coprocessor(rng):
    """MCR, MRC, MCRR, MRRC, LDC, STC of coprocessors 14 and 15."""
    cond = rng.choice([14, 14, 14, rng.randrange(15)]) << 28
    number = rng.choice([14, 15])
    crn = rng.choice([0, 1, 7, 9, 13, 14, rng.randrange(16)])
    if rng.randrange(4) == 0:
        return (cond | 0x0C400000 | rng.randrange(2) << 20 | rng.randrange(13) << 16 |
                rng.randrange(13) << 12 | number << 8 | rng.randrange(16) << 4 | crn)
    return (cond | 0x0E000010 | rng.randrange(8) << 21 | rng.randrange(2) << 20 | crn << 16 |
            rng.randrange(13) << 12 | number << 8 | rng.randrange(8) << 5 | rng.randrange(16))


def a32_load_store(rng):
    """LDR, STR, LDM, STM and so on, by pointers."""
    cond = rng.choice([14, 14, rng.randrange(15)]) << 28
    kind = rng.choice([0x04000000, 0x05000000, 0x08000000, 0x09000000, 0x00000090])
    return cond | kind | rng.randrange(8) << 21 | rng.randrange(2) << 20 | \
        rng.randrange(NR_POINTERS) << 16 | rng.getrandbits(16)


def make_aarch32(rng):
    """A program of AArch32, which is EL0's."""
    thumb = rng.randrange(2)
    low = [value & 0xFFFFFFFF for value in registers(rng, False)]
    program = Program((T32 if thumb else A32) | rng.randrange(16) << 28 | rng.choice([0, 0, 0x200]),
                      low, [])
    for _ in range(rng.randint(1, 6)):
        if thumb:
            halves = [rng.choice([0xBF00 | rng.randrange(256), rng.getrandbits(16),
                                  0x6800 | rng.getrandbits(11), 0x6000 | rng.getrandbits(11),
                                  0xEE10 | rng.getrandbits(4)]) for _ in range(2)]
            program.code.append(halves[0] | halves[1] << 16)
        else:
            program.code.append(rng.choice([a32_coprocessor, a32_load_store,
                                            lambda rng: rng.getrandbits(32)])(rng))
    return program


def make(seed):
    """The program of a seed."""
    rng = random.Random(seed)
    kind = rng.randrange(20)
    if kind < 2:
        return make_interrupts(rng) if kind == 0 else make_call(rng)
    program = make_aarch32(rng) if kind < 7 else make_a64(rng, el1=kind < 13)
    for bit in SCTLR_BITS:
        if rng.randrange(12) == 0:
            program.sctlr_flip |= 1 << bit
    if rng.randrange(4) == 0:
        program.cntkctl = rng.getrandbits(2) | rng.getrandbits(2) << 8
    if rng.randrange(8) == 0:
        program.cpacr = rng.randrange(4) << 20
    return program
